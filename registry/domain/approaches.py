"""Approaches: a performer's own record that a studio asked, for what, and what they answered.

An entry is never changed. Who wants to put one right writes another that amends it, and the last of such a chain is
what stands. What is recorded here is one side's word, dated by the registry: it never changes what evidence supports,
nor the verdict. It decides who looks first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from registry.domain.scores import Reason
from registry.domain.verdicts import PERMITTED, Verdict

_NOBODY_HEARD = frozenset({Verdict.NO_MATCH, Verdict.INCONCLUSIVE, Verdict.NOT_ASSESSED})


class ApproachOutcome(StrEnum):
    """What the performer answered."""

    DECLINED = "declined"
    UNANSWERED = "unanswered"
    ACCEPTED = "accepted"
    RETRACTED = "retracted"  # of an amendment only: the entry before it was a mistake


class Priority(StrEnum):
    """Who looks at a finding first."""

    NORMAL = "normal"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Approach:
    """One entry.

    Attributes:
        id: of the entry.
        performer_id: whose record it is.
        studio_id: who asked, or None where the registry does not know the studio by id.
        studio_name: who asked, by name.
        asked_on: the day, as the performer says.
        outcome: what they answered.
        recorded_at: when the registry was told.
        amends_id: the entry that this one takes the place of, or None.
    """

    id: str
    performer_id: str
    studio_id: str | None
    studio_name: str
    asked_on: date
    outcome: ApproachOutcome
    recorded_at: datetime
    amends_id: str | None = None

    def is_by(self, studio_id: str, studio_name: str) -> bool:
        """Whether it was this studio that asked: by id where the entry has one, else by the folded name."""
        if self.studio_id is not None:
            return self.studio_id == studio_id
        return folded(self.studio_name) == folded(studio_name)


@dataclass(frozen=True, slots=True)
class Escalation:
    """How a finding is put before people, and the reason that is added to it (None: nothing is)."""

    priority: Priority
    reason: Reason | None = None


def folded(name: str) -> str:
    """Answer a name as names are compared: NFKC, without case, single spaces (Unicode 15, section 3.13)."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def standing(entries: Iterable[Approach]) -> list[Approach]:
    """Answer the entries that stand: the last of each chain of amendments, and of these none that was retracted."""
    every = list(entries)
    amended = {entry.amends_id for entry in every}
    return [e for e in every if e.id not in amended and e.outcome is not ApproachOutcome.RETRACTED]


def escalation(
    verdict: Verdict, entries: Iterable[Approach], *, studio_id: str, studio_name: str, submitted_at: datetime
) -> Escalation:
    """Say how a finding by a studio is put before people, given what the performer has recorded about that studio.

    A finding is escalated when the studio had asked, the performer had declined and said so to the registry before
    the recording was submitted, the performer is heard or resembled all the same, and no licence covers the use.
    A licence that came later is an answer of its own, so a covered use is not escalated.

    Args:
        verdict: of policy; it is not touched.
        entries: every entry of the performer.
        studio_id, studio_name: of the studio whose recording it is.
        submitted_at: when the recording was submitted.
    """
    if verdict in PERMITTED or verdict in _NOBODY_HEARD:
        return Escalation(Priority.NORMAL)
    known = [e for e in entries if e.recorded_at <= submitted_at]
    asked = [e for e in standing(known) if e.is_by(studio_id, studio_name)]
    if not any(e.outcome is ApproachOutcome.DECLINED for e in asked):
        return Escalation(Priority.NORMAL)
    return Escalation(Priority.ESCALATED, _declined(sorted(asked, key=lambda e: (e.asked_on, e.id))))


def _declined(asked: Sequence[Approach]) -> Reason:
    """Say how often the studio asked, and when the performer declined; the first ``declined`` is named."""
    declined = [e for e in asked if e.outcome is ApproachOutcome.DECLINED]
    first = declined[0]
    again = len(asked) - 1
    times = (
        "" if again == 0 else f"; it asked {again} more time{'s' if again > 1 else ''}, last on {asked[-1].asked_on}"
    )
    return Reason(
        "approach_declined",
        f"the performer had recorded that this studio asked on {first.asked_on} and was declined{times}",
        {
            "approach_id": first.id,
            "approaches": len(asked),
            "declined": len(declined),
            "declined_on": first.asked_on.isoformat(),
            "last_asked_on": asked[-1].asked_on.isoformat(),
            "recorded_on": first.recorded_at.date().isoformat(),
        },
    )
