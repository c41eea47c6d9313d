"""Figures for the public: what is counted, by quarter, and what is held back so that no count tells of somebody.

1. A quarter is counted when it is over. So two answers differ only across the end of a quarter, and never by one case.
2. Each figure counts at least `LEAST` events, or none. A quarter with fewer is counted together with those after it,
   until there are as many; until then it is said that there are fewer (`counted`).
3. Conclusions are counted one by one where each of them is none, or at least `LEAST`; else in the finest of the
   `GROUPINGS` of which that is true (`decided`). Which are counted together is said.
4. No two figures of one measure count the same event, and a total is the sum of what was given. So nothing can be
   taken away from anything to find what was held back.

The second and third rule merge small cells in place of leaving them out, as statistics offices do (Hundepool et al.,
*Statistical Disclosure Control*, 2012, chapter 5). Tests try on every small table that none can be worked out, by
somebody who knows the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from statistics import median
from typing import Final, TypeVar

from registry.domain.conclusions import Conclusion

LEAST: Final = 5
"""Events under which a figure could point at somebody."""

_MONTHS: Final = 3
_QUARTERS: Final = 4


class Measure(StrEnum):
    """What is counted, besides conclusions. Both sides of a dispute are counted alike. The list only grows."""

    CLAIMS_BY_PERFORMERS = "claims_by_performers"
    CASES_FROM_FINDINGS = "cases_from_findings"
    CLAIMS_REFUSED = "claims_refused"
    CLAIMS_WITHDRAWN = "claims_withdrawn"
    CASES_SETTLED = "cases_settled"
    CASES_REOPENED = "cases_reopened"
    PAUSES = "pauses"
    NOTICES_SERVED = "notices_served"
    NOTICES_COUNTERED = "notices_countered"
    NOTICES_PUT_BACK = "notices_put_back"
    NOTICES_UPHELD = "notices_upheld"
    NOTICES_WITHDRAWN = "notices_withdrawn"
    MISUSE_BY_CLAIMANTS = "misuse_by_claimants"
    MISUSE_BY_RESPONDENTS = "misuse_by_respondents"
    MISUSE_LIFTED = "misuse_lifted"
    CONSENTS_WITHDRAWN = "consents_withdrawn"
    PEOPLE_FORGOTTEN = "people_forgotten"


MEANING: Final[Mapping[Measure, str]] = {
    Measure.CLAIMS_BY_PERFORMERS: "Cases that a performer's side opened.",
    Measure.CASES_FROM_FINDINGS: "Cases that the registry opened because of a finding.",
    Measure.CLAIMS_REFUSED: "Cases that the registry did not take up.",
    Measure.CLAIMS_WITHDRAWN: "Cases that who complained withdrew before they were decided.",
    Measure.CASES_SETTLED: "Cases in which the sides agreed before they were decided.",
    Measure.CASES_REOPENED: "Cases that were opened again on something new.",
    Measure.PAUSES: "Licences that were suspended for a case, without admission of anything.",
    Measure.NOTICES_SERVED: "Notices of which a person stated that they were served.",
    Measure.NOTICES_COUNTERED: "Counter-statements to notices.",
    Measure.NOTICES_PUT_BACK: "Notices after which what they were about was put back.",
    Measure.NOTICES_UPHELD: "Notices that stood after a counter-statement, once the case was decided anew.",
    Measure.NOTICES_WITHDRAWN: "Notices that were withdrawn.",
    Measure.MISUSE_BY_CLAIMANTS: "Strikes for misuse against who complains, as a person wrote down.",
    Measure.MISUSE_BY_RESPONDENTS: "Strikes for misuse against who answers, as a person wrote down.",
    Measure.MISUSE_LIFTED: "Strikes of either side that were contested, and lifted.",
    Measure.CONSENTS_WITHDRAWN: "Consents that were withdrawn; each was done when it was asked for.",
    Measure.PEOPLE_FORGOTTEN: "People who asked to be forgotten, and were.",
}


# --- quarters --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three months of the calendar, in UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, moment: datetime) -> Quarter:
        """Answer the quarter that a moment is in."""
        day = moment.astimezone(UTC)
        return cls(day.year, (day.month - 1) // _MONTHS + 1)

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"

    @property
    def next(self) -> Quarter:
        """The quarter after it."""
        return Quarter(self.year + 1, 1) if self.number == _QUARTERS else Quarter(self.year, self.number + 1)

    @property
    def begins_at(self) -> datetime:
        """Its first moment."""
        return datetime(self.year, (self.number - 1) * _MONTHS + 1, 1, tzinfo=UTC)


def quarters_over(first: datetime, now: datetime) -> tuple[Quarter, ...]:
    """Answer every quarter from that of a moment to the last one that is over."""
    found, quarter, last = [], Quarter.of(first), Quarter.of(now)
    while quarter < last:
        found.append(quarter)
        quarter = quarter.next
    return tuple(found)


# --- counting --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Counted:
    """How many events there were in some quarters; None says that there were some, and fewer than five."""

    first: Quarter
    last: Quarter
    count: int | None


def counted(moments: Iterable[datetime], quarters: Sequence[Quarter]) -> tuple[Counted, ...]:
    """Count events by quarter, those of a quarter with too few together with the ones after it.

    Args:
        moments: of the events; those in other quarters are left out.
        quarters: one after the other.
    """
    of = _by_quarter(((moment, None) for moment in moments), quarters)
    found: list[Counted] = []
    since, so_far = None, 0
    for quarter in quarters:
        so_far += len(of[quarter])
        first = since or quarter
        if so_far == 0 or so_far >= LEAST:
            found.append(Counted(first, quarter, so_far))
            since, so_far = None, 0
        else:
            since = first
    if since is not None:
        found.append(Counted(since, quarters[-1], None))
    return tuple(found)


V = TypeVar("V")


def _by_quarter(events: Iterable[tuple[datetime, V]], quarters: Sequence[Quarter]) -> Mapping[Quarter, list[V]]:
    found: dict[Quarter, list[V]] = {quarter: [] for quarter in quarters}
    for moment, said in events:
        quarter = Quarter.of(moment)
        if quarter in found:
            found[quarter].append(said)
    return found


# --- decisions -------------------------------------------------------------------------------------------------------

_P, _S = (Conclusion.SUPPORTS_P,), (Conclusion.EXPLAINED_BY_S,)
_OPEN = (Conclusion.SOUND_ALIKE, Conclusion.UNKNOWN_SOURCE, Conclusion.INCONCLUSIVE)

GROUPINGS: Final[Sequence[Sequence[Sequence[Conclusion]]]] = (
    tuple((each,) for each in Conclusion),
    (_P, _S, _OPEN),
    (_P, _S + _OPEN),
    (_P + _S + _OPEN,),
)
"""How conclusions are counted together, from the finest. They are fixed, and so tell nothing but that it had to be."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One case was decided: when, as what, and how many days after it was opened, or opened again."""

    at: datetime
    conclusion: Conclusion
    days: float


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided in some quarters.

    Attributes:
        first, last: quarters.
        groups: conclusions that are counted together, and how many decisions they were; empty where there are fewer
            than five in all.
        median_days: from opening to deciding, of all these decisions; None where there is none, or fewer than five.
    """

    first: Quarter
    last: Quarter
    groups: Sequence[tuple[Sequence[Conclusion], int]] = ()
    median_days: int | None = None

    @property
    def count(self) -> int | None:
        """How many decisions there were; None says that there were some, and fewer than five."""
        return sum(count for _, count in self.groups) if self.groups else None


def decided(decisions: Iterable[Decision], quarters: Sequence[Quarter]) -> tuple[Decided, ...]:
    """Count decisions by quarter and conclusion, so that none of fewer than five can be worked out.

    Args:
        decisions: all that there were; those in other quarters are left out.
        quarters: one after the other.
    """
    of = _by_quarter(((each.at, each) for each in decisions), quarters)
    found: list[Decided] = []
    since, so_far = None, list[Decision]()
    for quarter in quarters:
        so_far += of[quarter]
        first = since or quarter
        groups = _grouped(Counter(each.conclusion for each in so_far))
        if groups is None:
            since = first
            continue
        days = round(median(each.days for each in so_far)) if so_far else None
        found.append(Decided(first, quarter, groups, days))
        since, so_far = None, []
    if since is not None:
        found.append(Decided(since, quarters[-1]))
    return tuple(found)


def _grouped(counts: Mapping[Conclusion, int]) -> Sequence[tuple[Sequence[Conclusion], int]] | None:
    """Answer the finest grouping in which no group has from one to four; None where even all together have."""
    for grouping in GROUPINGS:
        groups = [(group, sum(counts.get(kind, 0) for kind in group)) for group in grouping]
        if all(count == 0 or count >= LEAST for _, count in groups):
            return groups
    return None
