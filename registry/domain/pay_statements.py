"""Pay statements: what became due and was settled between a party and its counterparts in a period.

A statement is read off the ledger and never written: opening + lines = closing, in each currency. Its days begin and
end by the clocks of one zone, which it names. The performers' statements of a period and the studios' add up to the
same by the same clocks, because both read the same account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from zoneinfo import ZoneInfo

from registry.domain.ledger import EntryKind
from registry.domain.usage import Period, UsageKind


class PartyKind(StrEnum):
    """Whose statement it is."""

    PERFORMER = "performer"
    STUDIO = "studio"


@dataclass(frozen=True, slots=True)
class UseSold:
    """The use behind a line.

    Attributes:
        kind: what was counted.
        thousandths: how much.
        days: on which.
        exact_minor: its exact price; the line has it rounded, with what earlier rounding had left over.
        source_id: the finding that measured it, or the report that told of it.
    """

    kind: UsageKind
    thousandths: int
    days: Period
    exact_minor: Fraction
    source_id: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One entry of the ledger, as it changes what is due.

    Attributes:
        entry_id: of the entry.
        posted_at: when it was written; its day decides which statement it is in.
        kind: what happened.
        licence_id: under which licence.
        counterpart_id: the studio for a performer, the performer for a studio.
        currency: ISO 4217 code.
        of_due: what it adds to what is due, in the minor unit; negative takes away.
        due_on: last day to pay, or None.
        use: behind a line of use, or None.
        reverses_id: the entry that it takes back, or None.
        reason: in words, or None.
    """

    entry_id: str
    posted_at: datetime
    kind: EntryKind
    licence_id: str
    counterpart_id: str
    currency: str
    of_due: int
    due_on: date | None
    use: UseSold | None
    reverses_id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Section:
    """A statement in one currency.

    Attributes:
        currency: ISO 4217 code.
        opening_minor: due before the first day.
        lines: in the order in which they were written; on a page of a statement, those of that page.
        totals: what the lines of each kind add up to; kinds without a line are left out.
        closing_minor: due after the last day.
    """

    currency: str
    opening_minor: int
    lines: Sequence[StatementLine]
    totals: Mapping[EntryKind, int]
    closing_minor: int


@dataclass(frozen=True, slots=True)
class PayStatement:
    """What became due and was settled in a period.

    Attributes:
        party: whose it is.
        party_id: performer or studio.
        period: days.
        zone: by whose clocks the days begin and end.
        drawn_at: when it was read off the ledger.
        is_final: whether its days are over, so that it will never read otherwise.
        sections: one for each currency in which there is something to tell, by its code.
        titles: of the licences named, by id.
        names: of the party and its counterparts, by id.
    """

    party: PartyKind
    party_id: str
    period: Period
    zone: ZoneInfo
    drawn_at: datetime
    is_final: bool
    sections: Sequence[Section]
    titles: Mapping[str, str]
    names: Mapping[str, str]

    def day_of(self, line: StatementLine) -> date:
        """Answer on which of its days a line was written."""
        return line.posted_at.astimezone(self.zone).date()


def sections(opening: Mapping[str, int], lines: Iterable[StatementLine]) -> list[Section]:
    """Answer a section for each currency that was due at the beginning or has a line.

    Args:
        opening: what was due before, by currency.
        lines: of the period, in any order.
    """
    by_currency: dict[str, list[StatementLine]] = {}
    for line in sorted(lines, key=lambda line: (line.posted_at, line.entry_id)):
        by_currency.setdefault(line.currency, []).append(line)
    totals: dict[str, Counter[EntryKind]] = {}
    for currency, written in by_currency.items():
        sums = totals.setdefault(currency, Counter())
        for line in written:
            sums[line.kind] += line.of_due
    return summed_sections(opening, totals, by_currency)


def summed_sections(
    opening: Mapping[str, int],
    totals: Mapping[str, Mapping[EntryKind, int]],
    lines: Mapping[str, Sequence[StatementLine]],
) -> list[Section]:
    """Answer a section for each currency that was due at the beginning or has a line, of sums that are known.

    Args:
        opening: what was due before, by currency.
        totals: what the lines of each kind add up to, by currency.
        lines: by currency: all of them, or those that are shown.
    """
    told = sorted(totals.keys() | {currency for currency, due in opening.items() if due})
    return [_section(each, opening.get(each, 0), totals.get(each, {}), lines.get(each, [])) for each in told]


def _section(
    currency: str, opening_minor: int, totals: Mapping[EntryKind, int], lines: Sequence[StatementLine]
) -> Section:
    return Section(currency, opening_minor, lines, dict(totals), opening_minor + sum(totals.values()))
