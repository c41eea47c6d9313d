"""Licences of a performer: those that are offered, in force and ended; and one, in short, word by word, and judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.language import language
from api.pages.lists import asked, cut
from api.pages.performer.addressing import is_theirs
from api.pages.performer.held import use_said
from api.pages.performer.mandates import covers, require_cover
from api.pages.performer.prose import sections
from api.pages.personal import page_about, performer_of, personal, stands_for
from api.pages.terms import Change, changed, places, tongues, use_cards
from api.pages.wording import LICENCE_STATES, SUSPENSIONS
from api.schemas.licences import LicenceQuery
from api.schemas.linting import LintOut
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.clearances import Decision
from registry.domain.ids import IdPrefix
from registry.domain.licences import LicenceState, Side
from registry.domain.signatures import Custody
from registry.errors import NotFoundError
from registry.services import clearances, ledger, licence_versions, licences, linting, people, signing_keys, waiting
from registry.store.clearances import Clearance
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence
from registry.store.performers import Performer
from registry.vault.signing import canonical

ALL: Final = "/performers/<id:performer_id>/licences"
ONE: Final = f"{ALL}/<id:licence_id>"
_MOST_SHOWN: Final = 50
_FIRST: Final = (LicenceState.OFFERED, LicenceState.ACTIVE, LicenceState.SUSPENDED, LicenceState.DRAFT)
"""In which order licences are shown: what waits for somebody, what is used, and what is over last."""


@personal.get(ALL)
@stands_for("GET /v1/licences", "GET /v1/performers/{performer_id}")
def list_licences(performer_id: str) -> Response:
    """Show a performer's licences: of each page of the list, what waits for them first and what is over last."""
    performer = performer_of(performer_id)
    require_cover(performer_id, Scope.LICENCES_READ)
    query = asked(LicenceQuery, performer_id=performer_id, limit=_MOST_SHOWN)
    found = licences.list_licences(
        context(),
        principal(),
        state=query.state,
        performer_id=performer_id,
        after=query.after(IdPrefix.LICENCE),
        limit=query.limit + 1,
    )
    shown, older = cut(found, query)
    return page_about(
        performer,
        "performer/licences",
        found=sorted(shown, key=_place),
        older=older,
        state=query.state,
        state_words=LICENCE_STATES,
        state_of=state_of,
        waits=waits_for_performer,
        studios=people.organisations_named(context(), {each.studio_id for each in shown}),
    )


def state_of(licence: Licence) -> LicenceState:
    """Answer the state of a licence at this moment."""
    return licence.value().state_at(context().clock())


def _place(licence: Licence) -> tuple[bool, int, str]:
    state = state_of(licence)
    return not waits_for_performer(licence), _FIRST.index(state) if state in _FIRST else len(_FIRST), licence.id


def waits_for_performer(licence: Licence) -> bool:
    """Whether it waits at this moment for the performer's side to sign or to decline."""
    return waiting.waits_for_performer(licence, context().clock())


# --- one licence -----------------------------------------------------------------------------------------------------


@personal.get(ONE)
@stands_for(
    "GET /v1/licences/{licence_id}",
    "GET /v1/performers/{performer_id}",
    "GET /v1/licences/{licence_id}/versions",
    "GET /v1/licences/{licence_id}/versions/{number}/text",
    "GET /v1/licences/{licence_id}/versions/{number}/agreement",
    "POST /v1/licences/{licence_id}/lint",
    "GET /v1/licences/{licence_id}/account",
    "GET /v1/clearances",
)
def show_licence(performer_id: str, licence_id: str) -> Response:
    """Show one licence: its state, its uses, its exact words, what rules find in it, and what can be done with it."""
    return licence_page(performer_of(performer_id), licence_id)


def licence_page(
    performer: Performer,
    licence_id: str,
    status: HTTPStatus = HTTPStatus.OK,
    problem: tuple[str, str] | None = None,
) -> Response:
    """Answer the page of one licence, as it stands now.

    Args:
        performer: whose it is.
        licence_id: of it.
        status, problem: of what was refused just now, with what helps; None where nothing was.

    Raises:
        NotFoundError: none of this performer that the caller may know of.
    """
    licence = licence_of(performer, licence_id)
    number = request.args.get("number", type=int) or _counts(licence)
    version = licence_versions.get_version(context(), principal(), licence_id, number)
    texts = licence_versions.texts_of_version(context(), version)
    agreement = canonical(licence_versions.agreement_with_texts(version, texts))
    report = linting.lint_licence(context(), principal(), licence_id)
    return page_about(
        performer,
        "performer/licence",
        status,
        problem=problem,
        licence=licence,
        state=state_of(licence),
        version=version,
        terms=version.terms(),
        uses=use_cards(version.terms(), theirs=is_theirs()),
        places=places,
        tongues=tongues,
        text=sections(texts[language()]),
        changes=_changes(licence, version, texts),
        agreement_sha256=sha256(agreement).hexdigest(),
        signatures={side.value: version.signature_of(side) for side in Side},
        may_sign=_may_sign(performer, licence, version),
        own_key=_signs_with_own_key(),
        may_change=covers(performer.id, Scope.LICENCES_WRITE),
        report=LintOut.of(report, language()) if version.number == _counts(licence) else None,
        named=_named(licence),
        held=_held(performer, licence),
        use_said=use_said,
        accounts=ledger.get_accounts(context(), principal(), licence_id)
        if covers(performer.id, Scope.LEDGER_READ)
        else [],
        typed=request.form,
        state_words=LICENCE_STATES,
        suspension_words=SUSPENSIONS,
        today=context().clock().date(),
    )


def licence_of(performer: Performer, licence_id: str) -> Licence:
    """Answer a licence of this very performer.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    licence = licences.get_licence(context(), principal(), licence_id)
    if licence.performer_id != performer.id:
        raise NotFoundError("there is no such licence")
    return licence


def _counts(licence: Licence) -> int:
    """Answer which version is looked at first: the newest that may still come into force, or the one that is."""
    return licence.newest.number if licence.newest.is_open else licence.number


def _may_sign(performer: Performer, licence: Licence, version: LicenceVersion) -> bool:
    is_offered = version.number == licence.newest.number and waits_for_performer(licence)
    return is_offered and covers(performer.id, Scope.LICENCES_WRITE) and not principal().is_operator


def _signs_with_own_key() -> bool:
    """Whether the account has registered a key of its own: then the registry does not sign for it."""
    keys = signing_keys.list_keys(context(), principal())
    return any(key.custody is Custody.ACCOUNT and key.retired_at is None for key in keys)


def _changes(licence: Licence, version: LicenceVersion, texts: dict[str, str]) -> Sequence[Change]:
    """Answer what a version says otherwise than the last one that was in force before it."""
    before = [each for each in licence.versions if each.in_force_at is not None and each.number < version.number]
    if not before:
        return []
    earlier = licence_versions.texts_of_version(context(), before[-1])
    return changed(earlier[language()], texts[language()])


@dataclass(frozen=True, slots=True)
class _Named:
    """What those are called who stand in a licence, by id."""

    organisations: dict[str, str]
    accounts: dict[str, str]


def _named(licence: Licence) -> _Named:
    signers = {each.signed_by for version in licence.versions for each in version.signatures}
    return _Named(
        dict(people.organisations_named(context(), {licence.studio_id})),
        dict(people.accounts_named(context(), signers | {licence.created_by})),
    )


@dataclass(frozen=True, slots=True)
class _Held:
    """Permissions that rest on a licence and have not ended by themselves; ``more`` where not all are shown."""

    shown: Sequence[Clearance]
    more: bool


def _held(performer: Performer, licence: Licence) -> _Held | None:
    """Answer who holds a permission under a licence now; None where the mandate does not cover that."""
    if not covers(performer.id, Scope.CLEARANCES_READ):
        return None
    found = clearances.list_clearances(
        context(),
        principal(),
        decision=Decision.PERMITTED,
        performer_id=performer.id,
        licence_id=licence.id,
        after=None,
        limit=_MOST_SHOWN + 1,
    )
    now = context().clock()
    return _Held(
        [each for each in found[:_MOST_SHOWN] if each.expires_at is not None and each.expires_at > now],
        len(found) > _MOST_SHOWN,
    )
