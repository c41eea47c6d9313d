"""Which licences of other studios cannot be active beside an exclusive one, by ordinary examples."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from agreements import LICENCE, NOW, TERMS

from registry.domain.exclusivity import conflicting_exclusives
from registry.domain.terms import Exclusivity, LicenceTerms
from registry.domain.uses import Medium, UsePurpose

EXCLUSIVE = replace(TERMS, exclusivity=Exclusivity.EXCLUSIVE)


def _conflict(ours: LicenceTerms, theirs: LicenceTerms) -> set[bool]:
    """What either side is told: one answer, since conflict is mutual."""
    left = replace(LICENCE, terms=ours)
    right = replace(LICENCE, id="lic_2", studio_id="org_2", terms=theirs)
    return {bool(conflicting_exclusives(left, [right], NOW)), bool(conflicting_exclusives(right, [left], NOW))}


@pytest.mark.parametrize(
    "apart",
    [
        {"purposes": frozenset({UsePurpose.NARRATION})},
        {"media": frozenset({Medium.RADIO})},
        {"territories": frozenset({"US"})},
        {"languages": frozenset({"en"})},
        {"languages": frozenset({"kok"})},
        {"starts_on": date(2027, 1, 1), "ends_on": date(2027, 12, 31)},
    ],
)
def test_an_exclusive_licence_leaves_alone_what_it_does_not_permit(apart: dict[str, object]) -> None:
    assert _conflict(EXCLUSIVE, replace(TERMS, **apart)) == {False}  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["purposes", "media", "territories", "languages"])
def test_terms_that_permit_nothing_conflict_with_nothing_not_even_with_terms_that_permit_everything(name: str) -> None:
    wide = replace(EXCLUSIVE, territories=frozenset({"WORLD"}), languages=frozenset({"*"}))
    assert _conflict(wide, TERMS) == {True}
    assert _conflict(wide, replace(TERMS, **{name: frozenset()})) == {False}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "shared",
    [
        {},
        {"territories": frozenset({"WORLD"})},
        {"languages": frozenset({"*"})},
        {"languages": frozenset({"ko-KR"})},
        {"projects": frozenset({"Meridian"})},
        {"starts_on": date(2026, 12, 31), "ends_on": date(2027, 12, 31)},
    ],
)
def test_an_exclusive_licence_stands_against_whoever_would_share_a_use(shared: dict[str, object]) -> None:
    assert _conflict(EXCLUSIVE, replace(TERMS, **shared)) == {True}  # type: ignore[arg-type]
