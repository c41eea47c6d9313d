"""Exclusivity: licences of one performer that cannot be in force beside one another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from registry.domain.licences import Licence, LicenceState
from registry.domain.terms import ANY_LANGUAGE, WORLD, Exclusivity, LicenceTerms

T = TypeVar("T")


def conflicting_exclusives(licence: Licence, others: Iterable[Licence], now: datetime) -> list[Licence]:
    """Answer the licences of other studios that this one cannot be active beside.

    Two licences of one performer conflict when at least one of them is exclusive and there is a use that both permit.
    Projects do not part them: each studio names its own, so that no project of one is ever a project of the other.
    """
    return [
        other
        for other in others
        if other.id != licence.id
        and other.studio_id != licence.studio_id
        and other.performer_id == licence.performer_id
        and other.state_at(now) in {LicenceState.ACTIVE, LicenceState.SUSPENDED}
        and Exclusivity.EXCLUSIVE in {licence.terms.exclusivity, other.terms.exclusivity}
        and _share_a_use(licence.terms, other.terms)
    ]


def _share_a_use(left: LicenceTerms, right: LicenceTerms) -> bool:
    return bool(
        left.purposes & right.purposes
        and left.media & right.media
        and _overlap(left.territories, right.territories, WORLD)
        and _languages_overlap(left.languages, right.languages)
        and left.starts_on <= right.last_day
        and right.starts_on <= left.last_day
    )


def _overlap(left: frozenset[T], right: frozenset[T], everything: T) -> bool:
    if not left or not right:
        return False
    return everything in left or everything in right or bool(left & right)


def _languages_overlap(left: frozenset[str], right: frozenset[str]) -> bool:
    if not left or not right:
        return False
    if ANY_LANGUAGE in left or ANY_LANGUAGE in right:
        return True
    tags = [(a.lower().split("-"), b.lower().split("-")) for a in left for b in right]
    return any(a[: len(b)] == b or b[: len(a)] == a for a, b in tags)
