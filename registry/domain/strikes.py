"""Strikes: which licences rest while one is on.

A replica does not cross a picket line: a licence that is covered by the agreement under strike, or by the guild that
strikes, permits nothing until the strike is over.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from enum import StrEnum

from registry.domain.terms import LicenceTerms, RepresentationKind


class StrikeScope(StrEnum):
    """What a strike is declared for."""

    AGREEMENT = "agreement"  # every licence under a collective agreement, by its name
    GUILD = "guild"  # every licence of a performer whom a guild represented, by its name


def name_key(name: str) -> str:
    """Answer what a name is compared by: compatibility forms, letter case and runs of spaces do not part names."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def covers(scope: StrikeScope, name: str, terms: LicenceTerms) -> bool:
    """Whether a strike for this agreement or guild covers a licence with these terms."""
    return (scope, name_key(name)) in covering(terms)


def covering(terms: LicenceTerms) -> Collection[tuple[StrikeScope, str]]:
    """Answer every scope and compared name by which a strike would cover a licence with these terms."""
    found = []
    cba, advised_by = terms.circumstances.cba, terms.circumstances.representation
    if cba is not None:
        found.append((StrikeScope.AGREEMENT, name_key(cba.name)))
    if advised_by.kind is RepresentationKind.UNION and advised_by.name is not None:
        found.append((StrikeScope.GUILD, name_key(advised_by.name)))
    return found
