"""What stands in the menu of whoever is signed in: of each room, the pages at which one begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from api.pages.language import N_
from registry.domain.accounts import Principal, Role, Scope

_SIDES: Final = frozenset(Role) - {Role.AUDITOR}
_STUDIO: Final = frozenset({Role.STUDIO_MEMBER, Role.STUDIO_ADMIN})


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu.

    Attributes:
        path: of the page.
        words: what it is called.
        scope: without which it would be refused, and is not shown.
        roles: who finds something there.
        below: other paths, each with a slash at its end, whose pages one comes to from there.
    """

    path: str
    words: str
    scope: Scope
    roles: frozenset[Role]
    below: tuple[str, ...] = ()


MENU: Final = (
    Entry("/scans", N_("Scans"), Scope.SCANS_READ, frozenset({Role.AUDITOR})),
    Entry("/checks", N_("Checks"), Scope.CHECKS_READ, _STUDIO | {Role.AUDITOR}),
    Entry("/verify", N_("Verify a file"), Scope.SCANS_READ, frozenset({Role.AUDITOR})),
    Entry("/clearances", N_("Clearances"), Scope.CLEARANCES_READ, _STUDIO),
    Entry("/licences", N_("Licences"), Scope.LICENCES_READ, _STUDIO, ("/approvals/",)),
    Entry("/attestations", N_("Sources"), Scope.ATTESTATIONS_READ, _STUDIO),
    Entry("/money", N_("Use and pay"), Scope.LEDGER_READ, _STUDIO),
    Entry("/reviews", N_("Queue"), Scope.REVIEWS_WRITE, frozenset({Role.OPERATOR})),
    Entry("/cases", N_("Cases"), Scope.CASES_READ, _SIDES, ("/notices/", "/misuse/")),
    Entry("/proposals", N_("Proposals"), Scope.PROPOSALS_READ, frozenset({Role.OPERATOR})),
    Entry("/house", N_("House"), Scope.PROPOSALS_READ, frozenset({Role.OPERATOR}), ("/strikes/",)),
    Entry("/people", N_("People"), Scope.ACCOUNTS_READ, frozenset({Role.OPERATOR})),
)


def menu_of(principal: Principal) -> list[Entry]:
    """Answer what is shown to somebody, in the order of the menu."""
    return [entry for entry in MENU if principal.role in entry.roles and entry.scope in principal.scopes]
