"""``findings.jsonl``: the rows of a scan in which somebody is heard, resembled or not told apart, one line for each.

It is what a registry needs to turn rows into findings, and no more: no place that a recording was read from, no text
that came with it, nobody who is merely among the nearest, and no verdict. A line is canonical JSON (RFC 8785).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from registry.domain.reading import MAX_INTEGER, Node, parse_json
from registry.domain.scores import EvidenceOutcome, PerformerEvidence
from registry.errors import InvalidInputError
from registry.scanning.evidence_lines import candidate_of
from registry.scanning.results import ResultRow, Status
from registry.services.assessments import worth_a_finding

LONGEST_LINE: Final = 1_000_000
"""Bytes of one line."""

_OF_A_ROW: Final = ("number", "name", "sha256", "size", "duration_s", "speech_s", "outcome")
_DECLARED: Final = ("declared_use", "project", "licence")
_OF_A_CANDIDATE: Final = (*("performer", "outcome", "log10_lr", "engines", "cohort_percentile", "segments", "reasons"),)
_MOST_CANDIDATES: Final = 500
_MOST_SEGMENTS: Final = 5_000
_MOST_REASONS: Final = 20
_LONGEST_TEXT: Final = 1_000
_MOST_MEMBERS: Final = 20
_LARGEST_LR: Final = 100.0
_WORD: Final = re.compile(r"[A-Za-z0-9_.:-]{1,80}")


@dataclass(frozen=True, slots=True)
class HeardRow:
    """A row, and everybody in it who is worth a finding, in the engine's order.

    Attributes:
        row: without where it was read from, and without its evidence as text.
        heard: by the ids that the gallery had.
    """

    row: ResultRow
    heard: tuple[PerformerEvidence, ...]


def finding_line(row: ResultRow) -> dict[str, Any] | None:
    """Answer the line of a row, or None where nobody in it is worth a finding.

    Raises:
        ValueError, KeyError, TypeError: its evidence cannot be read.
    """
    if not row.evidence:
        return None
    candidates = parse_json(row.evidence)["candidates"]
    heard = {each.performer_id for each in worth_a_finding(map(candidate_of, candidates))}
    if not heard:
        return None
    record = row.as_record()
    line = {name: record[name] for name in (*_OF_A_ROW, *_DECLARED)}
    told = [{name: one[name] for name in _OF_A_CANDIDATE} for one in candidates if one["performer"] in heard]
    return line | {"candidates": told}


def heard_rows(content: bytes, rows: int) -> Iterator[HeardRow]:
    """Read lines that somebody else wrote: each is looked at for all that a line promises.

    Args:
        content: of the file.
        rows: of the scan.

    Raises:
        InvalidInputError: figure ``line`` (from 1), and the sentence says what is wrong with it.
    """
    least = 0
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        try:
            heard = _read(line, least, rows)
        except (ValueError, InvalidInputError) as error:
            said = str(error)[:_LONGEST_TEXT]
            raise InvalidInputError(f"line {number} of the findings cannot be used: {said}", line=number) from error
        least = heard.row.number + 1
        yield heard


def _read(line: bytes, least: int, rows: int) -> HeardRow:
    if len(line) > LONGEST_LINE or not line.endswith(b"\n"):
        raise ValueError(f"it has {len(line)} bytes, or no end; at most {LONGEST_LINE} are read")
    said = Node(parse_json(line)).exactly(*_OF_A_ROW, *_DECLARED, "candidates")
    row = ResultRow(
        number=said.member("number").count(rows - 1, least=least),
        name=said.member("name").storable_text(_LONGEST_TEXT),
        locator="",
        status=Status.ASSESSED,
        sha256=said.member("sha256").sha256(),
        size=said.member("size").count(),
        duration_s=said.member("duration_s").figure(0, MAX_INTEGER),
        speech_s=said.member("speech_s").figure(0, MAX_INTEGER),
        outcome=said.member("outcome").one_of(EvidenceOutcome).value,
        declared_use=said.member("declared_use").storable_text(_LONGEST_TEXT),
        project=said.member("project").storable_text(_LONGEST_TEXT),
        licence=said.member("licence").storable_text(_LONGEST_TEXT),
    )
    heard = said.member("candidates").each(_candidate, _MOST_CANDIDATES)
    if len({one.performer_id for one in heard}) != len(heard) or len(worth_a_finding(heard)) != len(heard) or not heard:
        raise ValueError("its candidates are not one or more, each once, who are heard, resembled or cannot be told")
    return HeardRow(row, heard)


def _candidate(said: Node) -> PerformerEvidence:
    said.exactly(*_OF_A_CANDIDATE)
    said.member("performer").matching(_WORD)
    said.member("outcome").one_of(EvidenceOutcome)
    _log10_lr(said.member("log10_lr"))
    said.member("cohort_percentile").figure(0, 100)
    for encoder, value in said.member("engines").members(_MOST_MEMBERS):
        Node(encoder, value.pointer).matching(_WORD)
        _log10_lr(value)
    said.member("segments").each(_segment, _MOST_SEGMENTS)
    said.member("reasons").each(_reason, _MOST_REASONS)
    return candidate_of({name: each.value for name, each in said.members(len(_OF_A_CANDIDATE))})


def _log10_lr(said: Node) -> float:
    return said.figure(-_LARGEST_LR, _LARGEST_LR)


def _segment(said: Node) -> None:
    said.exactly("start_s", "end_s", "log10_lr")
    for name in ("start_s", "end_s"):
        said.member(name).figure(0, MAX_INTEGER)
    _log10_lr(said.member("log10_lr"))


def _reason(said: Node) -> None:
    said.exactly("code", "detail", "figures")
    said.member("code").matching(_WORD)
    said.member("detail").storable_text(_LONGEST_TEXT)
    for name, figure in said.member("figures").members(_MOST_MEMBERS):
        Node(name, figure.pointer).matching(_WORD)
        if isinstance(figure.value, str):
            figure.storable_text(_LONGEST_TEXT)
        elif figure.value is not None and not isinstance(figure.value, bool):
            figure.figure(-MAX_INTEGER, MAX_INTEGER)
