"""How often each performer was found in a scan that workers ran, beside what chance alone may bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain.accounts import Principal
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.scanning.served_files import plan_and_summary
from registry.scanning.tally import COVERED
from registry.services.context import Context


@dataclass(frozen=True, slots=True)
class Covered:
    """One performer in one scan.

    Attributes:
        performer_id: who.
        matched_files: recordings in which the same speaker is supported.
        matched_s: seconds of these in which they are heard.
        flagged_files: of these recordings, those that nothing covers.
        resembled_files: recordings in which the voice is like theirs, and more is not supported.
        strongest_log10_lr: of the performer, over all of them.
        expected_false_hits: recordings of somebody else that chance alone may have brought up as theirs, were every
            recording of somebody who is not enrolled, and everybody enrolled as likely as another.
    """

    performer_id: str
    matched_files: int
    matched_s: float
    flagged_files: int
    resembled_files: int
    strongest_log10_lr: float
    expected_false_hits: float


def coverage_of(ctx: Context, principal: Principal, scan_id: str) -> Sequence[Covered]:
    """Answer everybody who was found in a scan, who is matched in most recordings first.

    Raises:
        NotFoundError, ConflictError: see `registry.scanning.served_files.page_of`.
    """
    plan, summary = plan_and_summary(ctx, principal, scan_id)
    each = plan["expected_false_hits"] / max(1, plan["gallery"]["performers"])
    found = [_covered(performer, said, each) for performer, said in summary["performers"].items()]
    return sorted(found, key=lambda one: (-one.matched_files, -one.resembled_files, one.performer_id))


def _covered(performer_id: str, said: Sequence[Mapping[str, Any]], expected: float) -> Covered:
    matched = [one for one in said if one["outcome"] == EvidenceOutcome.MATCH]
    return Covered(
        performer_id=performer_id,
        matched_files=sum(one["files"] for one in matched),
        matched_s=round(sum(one["seconds"] for one in matched), 3),
        flagged_files=sum(one["files"] for one in matched if Verdict(one["verdict"]) not in COVERED),
        resembled_files=sum(one["files"] for one in said if one["outcome"] == EvidenceOutcome.SOUND_ALIKE),
        strongest_log10_lr=max(one["strongest_log10_lr"] for one in said),
        expected_false_hits=round(expected, 4),
    )
