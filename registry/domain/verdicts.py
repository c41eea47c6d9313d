"""Verdicts: was this use covered? Each carries its reasons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from registry.domain.scores import Reason


class Verdict(StrEnum):
    """What policy says of one performer in one recording. The list only grows."""

    NO_MATCH = "no_match"
    LICENSED_USE = "licensed_use"
    LICENSED_OUT_OF_SCOPE = "licensed_out_of_scope"
    LICENSED_UNPAID = "licensed_unpaid"
    LICENCE_SUSPENDED = "licence_suspended"
    LICENCE_EXPIRED = "licence_expired"
    EXPIRED_LEGACY_USE = "expired_legacy_use"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    OPTED_OUT_MATCH = "opted_out_match"
    UNLICENSED_MATCH = "unlicensed_match"
    EXPLAINED_BY_DECLARED_SOURCE = "explained_by_declared_source"
    SOUND_ALIKE_REVIEW = "sound_alike_review"
    INCONCLUSIVE = "inconclusive"
    NOT_ASSESSED = "not_assessed"


PERMITTED = frozenset({Verdict.LICENSED_USE, Verdict.EXPIRED_LEGACY_USE})
"""The only two verdicts that say a match was covered."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict with its reasons.

    Attributes:
        verdict: what policy says.
        reasons: why, most important first; never empty.
        licence_id: the licence it rests on, or None.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    licence_id: str | None = None

    def __post_init__(self) -> None:
        if not self.reasons:
            raise ValueError("a ruling has reasons")


_GRAVEST_FIRST = (
    Verdict.OPTED_OUT_MATCH,
    Verdict.CONSENT_WITHDRAWN,
    Verdict.UNLICENSED_MATCH,
    Verdict.LICENCE_SUSPENDED,
    Verdict.LICENCE_EXPIRED,
    Verdict.LICENSED_OUT_OF_SCOPE,
    Verdict.LICENSED_UNPAID,
    Verdict.SOUND_ALIKE_REVIEW,
    Verdict.INCONCLUSIVE,
    Verdict.NOT_ASSESSED,
    Verdict.EXPLAINED_BY_DECLARED_SOURCE,
    Verdict.EXPIRED_LEGACY_USE,
    Verdict.LICENSED_USE,
    Verdict.NO_MATCH,
)


def gravest(verdicts: Iterable[Verdict]) -> Verdict:
    """Answer the verdict that a whole recording is known by: the gravest of its findings'.

    Raises:
        ValueError: there are none. Nothing found is ``no_match`` only where somebody has looked; the caller knows.
    """
    return min(verdicts, key=_GRAVEST_FIRST.index)
