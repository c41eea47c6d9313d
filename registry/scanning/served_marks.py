"""What persons say of rows that they heard: each mark is kept, and error rates follow from the marks on record.

A list comes as the page of a sample gives it, filled in: ``number`` names the row, ``heard_by_a_person`` says whether
what was found is right. What was found is kept with the sample, whatever the list says of it. A mark is never changed:
a later one by the same person takes its place, and the earlier one stays on record. A sample names no performer.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.domain.accounts import Principal
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.scan_samples import (
    MOST_PEOPLE,
    Agreement,
    HeardOf,
    Mark,
    Marks,
    agreements,
    heard_of,
    together,
)
from registry.errors import ConflictError, ForbiddenError, InvalidInputError
from registry.scanning.served_files import done_scan
from registry.scanning.served_sample import SampleWanted, sample_of
from registry.services.context import Context
from registry.services.scans import who_changes
from registry.services.unit import Unit, unit_of_work
from registry.store import scan_marks
from registry.store.scan_marks import ScanMark, ScanSample
from registry.vault.signing import canonical

NUMBER: Final = "number"
HEARD: Final = "heard_by_a_person"
LARGEST: Final = 1_000_000
"""Bytes of a list."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The rows of a sample.

    Attributes:
        id: of the sample; None as long as nobody has marked a row of it.
        wanted: how it is drawn.
        strata: name, how many rows it has, how many of them were drawn.
        rows: number, stratum, what was found; in the order of the source.
    """

    id: str | None
    wanted: SampleWanted
    strata: Sequence[tuple[str, int, int]]
    rows: Sequence[tuple[int, str, str]]

    @property
    def outcomes(self) -> Mapping[int, str]:
        """What was found, by the number of the row."""
        return {number: outcome for number, _, outcome in self.rows}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a sample stands.

    Attributes:
        sample: its rows.
        marks: every mark, in the order in which they were made.
        reader: who asks, by account.
    """

    sample: Drawn
    marks: Sequence[ScanMark]
    reader: str

    @property
    def said(self) -> Mapping[str, Marks]:
        """What each person says now, in the order in which they first marked a row."""
        said: dict[str, dict[int, Mark]] = {}
        for each in self.marks:
            said.setdefault(each.marked_by, {})[each.number] = each.mark
        return said

    @property
    def last_at(self) -> Mapping[str, datetime]:
        """When each person last marked a row."""
        return {each.marked_by: each.marked_at for each in self.marks}

    @property
    def own(self) -> Marks:
        """What the reader says."""
        return self.said.get(self.reader, {})

    @property
    def left(self) -> int:
        """How many rows the reader has not marked."""
        return len(self.sample.rows) - len(self.own)

    @property
    def found(self) -> Sequence[HeardOf]:
        """Error rates by what was found, by what all persons say together."""
        return heard_of(self.sample.outcomes, together(self.said.values()))

    @property
    def agreement(self) -> Sequence[Agreement]:
        """How far each two persons say the same."""
        return agreements(self.said)


def standing_of(ctx: Context, principal: Principal, scan_id: str, wanted: SampleWanted) -> Standing:
    """Say how a sample stands: of one that nobody has marked, which rows it has.

    Raises:
        NotFoundError, ConflictError: see `registry.scanning.served_files.page_of`.
    """
    done_scan(ctx, principal, scan_id)
    with ctx.database.read() as session:
        sample = scan_marks.find_sample(session, scan_id, size=wanted.size, seed=wanted.seed, by=wanted.by)
        if sample is not None:
            return Standing(_kept(sample), scan_marks.marks_of(session, sample.id), principal.account_id)
    return Standing(_drawn(ctx, principal, scan_id, wanted), (), principal.account_id)


def samples_of(
    ctx: Context, principal: Principal, scan_id: str, *, after: str | None, limit: int
) -> Sequence[ScanSample]:
    """Answer a page of the samples of a scan of which somebody has marked a row, newest first.

    Raises:
        NotFoundError, ConflictError: see `registry.scanning.served_files.page_of`.
    """
    done_scan(ctx, principal, scan_id)
    with ctx.database.read() as session:
        return scan_marks.page_of_samples(session, scan_id, after=after, limit=limit)


def mark_rows(
    ctx: Context, principal: Principal, scan_id: str, wanted: SampleWanted, marks: Mapping[int, Mark]
) -> Standing:
    """Keep what the caller says of rows of a sample, and say how it stands then.

    1. The caller is of the organisation whose scan it is, and may write about it (`who_marks`); the sample is the one
       on record, or is drawn.
    2. Every row is one of the sample.
    3. What says the same as the caller's last mark on the row is no mark anew. At most `MOST_PEOPLE` mark one sample.
    4. Sample, marks and the journal's leaf are one commit. Of two who mark the first row of a sample at once, one finds
       the other's sample.

    Raises:
        NotFoundError, ConflictError: see `registry.scanning.served_files.page_of`; or too many persons have marked it.
        ForbiddenError: the caller may not.
        InvalidInputError: a row is not of the sample; figure ``number``.
    """
    principal = who_marks(principal)
    before = standing_of(ctx, principal, scan_id, wanted)
    if unknown := sorted(marks.keys() - before.sample.outcomes.keys()):
        raise InvalidInputError(f"number {unknown[0]} is no row of this sample", number=unknown[0])
    if not marks:
        return before
    try:
        return _mark(ctx, principal, scan_id, before.sample, marks)
    except IntegrityError:
        return _mark(ctx, principal, scan_id, before.sample, marks)


def who_marks(principal: Principal) -> Principal:
    """Answer somebody who may mark rows as one who may see what they mark.

    Marks say how often the registry's engine is wrong: whoever runs it adds none to another's.

    Raises:
        ForbiddenError: they may not write about scans, or are an operator.
    """
    if principal.is_operator:
        raise ForbiddenError("rows are marked by the organisation whose scan it is", role=principal.role.value)
    return who_changes(principal)


def mark_list(ctx: Context, principal: Principal, scan_id: str, wanted: SampleWanted, content: bytes) -> Standing:
    """Keep what the caller says of rows of a sample by a list; see `mark_rows` and `read_marks`."""
    done_scan(ctx, who_marks(principal), scan_id)
    return mark_rows(ctx, principal, scan_id, wanted, read_marks(content))


def _mark(ctx: Context, principal: Principal, scan_id: str, drawn: Drawn, marks: Mapping[int, Mark]) -> Standing:
    with unit_of_work(ctx) as unit:
        sample = _sample_to_mark(unit, principal, scan_id, drawn)
        before = scan_marks.marks_of(unit.session, sample.id)
        standing = Standing(_kept(sample), before, principal.account_id)
        new = {number: mark for number, mark in sorted(marks.items()) if standing.own.get(number) is not mark}
        if not new:
            return standing
        if principal.account_id not in standing.said and len(standing.said) >= MOST_PEOPLE:
            raise ConflictError(f"{MOST_PEOPLE} persons have marked this sample: draw another", people=MOST_PEOPLE)
        sample.turns += 1
        made = [
            ScanMark(
                id=unit.new_id(IdPrefix.SCAN_MARK),
                sample_id=sample.id,
                turn=sample.turns,
                number=number,
                mark=mark,
                marked_by=principal.account_id,
                marked_at=unit.now,
            )
            for number, mark in new.items()
        ]
        unit.session.add_all(made)
        unit.record(
            EventType.SCAN_MARKED,
            scan_id,
            principal.account_id,
            sample_id=sample.id,
            turn=sample.turns,
            rows=len(made),
            marks_sha256=_digest(new),
        )
        unit.commit()
    return Standing(standing.sample, [*before, *made], principal.account_id)


def _digest(marks: Marks) -> str:
    return hashlib.sha256(canonical({str(number): mark.value for number, mark in marks.items()})).hexdigest()


def _sample_to_mark(unit: Unit, principal: Principal, scan_id: str, drawn: Drawn) -> ScanSample:
    """Answer the sample, locked; it is put on record with its first mark."""
    if (found := _locked(unit.session, scan_id, drawn.wanted)) is not None:
        return found
    sample = ScanSample(
        id=unit.new_id(IdPrefix.SCAN_SAMPLE),
        scan_id=scan_id,
        size=drawn.wanted.size,
        seed=drawn.wanted.seed,
        by=drawn.wanted.by,
        strata=[list(each) for each in drawn.strata],
        drawn=[list(each) for each in drawn.rows],
        turns=0,
        created_by=principal.account_id,
        created_at=unit.now,
    )
    unit.session.add(sample)
    unit.session.flush()
    return sample


def _locked(session: Session, scan_id: str, wanted: SampleWanted) -> ScanSample | None:
    return scan_marks.find_sample(session, scan_id, size=wanted.size, seed=wanted.seed, by=wanted.by, lock=True)


def _kept(sample: ScanSample) -> Drawn:
    return Drawn(
        sample.id,
        SampleWanted(sample.size, sample.seed, sample.by),
        [(str(name), int(rows), int(taken)) for name, rows, taken in sample.strata],
        [(int(number), str(stratum), str(outcome)) for number, stratum, outcome in sample.drawn],
    )


def _drawn(ctx: Context, principal: Principal, scan_id: str, wanted: SampleWanted) -> Drawn:
    made = sample_of(ctx, principal, scan_id, wanted)
    return Drawn(None, wanted, made.strata, [(row.number, stratum, row.outcome) for stratum, row in made.rows])


# --- lists -----------------------------------------------------------------------------------------------------------


def read_marks(content: bytes) -> Mapping[int, Mark]:
    """Read a list that was filled in. Rows that are not marked are none.

    Args:
        content: CSV in UTF-8.

    Raises:
        InvalidInputError: it is no such list; the sentence names the line, and figure ``line``.
    """
    return dict(_marks(content))


def _marks(content: bytes) -> Iterator[tuple[int, Mark]]:
    if len(content) > LARGEST:
        raise InvalidInputError(f"a list has {LARGEST} bytes at most", most=LARGEST)
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        if not {NUMBER, HEARD} <= set(lines.fieldnames or ()):
            raise InvalidInputError(f"a list has the columns {NUMBER} and {HEARD}", line=1)
        seen = set[int]()
        for line in lines:
            if said := (line[HEARD] or "").strip().casefold():
                number = _number(line[NUMBER], lines.line_num)
                if said not in set(Mark) or number in seen:
                    raise InvalidInputError(
                        f"line {lines.line_num}: each row is marked once, as {', '.join(Mark)}", line=lines.line_num
                    )
                seen.add(number)
                yield number, Mark(said)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInputError(f"this is no list as CSV in UTF-8: {error}") from error


def _number(written: str | None, line: int) -> int:
    text = (written or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < len("10000000000")):
        raise InvalidInputError(f"line {line}: {NUMBER} is the number of a row, from 0", line=line)
    return int(text)


# --- to show ---------------------------------------------------------------------------------------------------------

FORMAT: Final = "likeness-scan-marks"
VERSION: Final = 1
TYPE: Final = "likeness-scan-marks+jwt"


def document_of(ctx: Context, principal: Principal, scan_id: str, wanted: SampleWanted) -> dict[str, Any]:
    """Answer everything that is on record of a sample, as it is signed. The same records make the same document.

    Raises:
        NotFoundError, ConflictError: see `registry.scanning.served_files.page_of`; or nobody has marked a row of it.
    """
    scan, standing = done_scan(ctx, principal, scan_id), standing_of(ctx, principal, scan_id, wanted)
    if not standing.marks:
        raise ConflictError("nobody has marked a row of this sample yet", marks=0)
    sample = standing.sample
    return {
        "format": FORMAT,
        "version": VERSION,
        "as_of": standing.marks[-1].marked_at.isoformat(),
        "scan": {
            "id": scan.id,
            "organisation_id": scan.organisation_id,
            "origin": scan.origin.value,
            "results_sha256": scan.results_sha256,
        },
        "sample": {"id": sample.id, "size": wanted.size, "seed": wanted.seed, "by": wanted.by.value},
        "strata": [{"stratum": name, "rows": rows, "drawn": taken} for name, rows, taken in sample.strata],
        "rows": [{"number": number, "stratum": stratum, "outcome": found} for number, stratum, found in sample.rows],
        "marks": [
            {
                "turn": each.turn,
                "number": each.number,
                "mark": each.mark.value,
                "marked_by": each.marked_by,
                "marked_at": each.marked_at.isoformat(),
            }
            for each in standing.marks
        ],
        "found": [_plain(each) for each in standing.found],
        "agreement": [_plain(each) for each in standing.agreement],
        "methods": {"interval": "Wilson 1927, 95 %", "kappa": "Cohen 1960"},
    }


def _plain(each: HeardOf | Agreement) -> dict[str, Any]:
    return {name: getattr(each, name) for name in type(each).__dataclass_fields__}
