"""``findings.jsonl``: the rows of a scan in which somebody is heard, resembled or not told apart, one line for each.

It is what a registry needs to turn rows into findings, and no more: no place that a recording was read from, no text
that came with it, nobody who is merely among the nearest, and no verdict. A line is canonical JSON (RFC 8785).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from registry.domain.reading import parse_json
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
_LARGEST: Final = 2**53
_LARGEST_LR: Final = 100.0
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
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
    candidates = json.loads(row.evidence)["candidates"]
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
        except (ValueError, KeyError, TypeError) as error:
            said = f"line {number} of the findings cannot be used: {_said(error)}"
            raise InvalidInputError(said, line=number) from error
        least = heard.row.number + 1
        yield heard


def _said(error: Exception) -> str:
    text = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _read(line: bytes, least: int, rows: int) -> HeardRow:
    if len(line) > LONGEST_LINE or not line.endswith(b"\n"):
        raise ValueError(f"it has {len(line)} bytes, or no end; at most {LONGEST_LINE} are read")
    said = parse_json(line)
    _require_members(said, (*_OF_A_ROW, *_DECLARED, "candidates"))
    if not least <= _whole(said["number"], "number") < rows:
        raise ValueError(f"number {said['number']} is not from {least} to {rows - 1}, of the {rows} rows there are")
    row = ResultRow(
        number=said["number"],
        name=_text(said["name"], "name"),
        locator="",
        status=Status.ASSESSED,
        sha256=_matching(_SHA256, said["sha256"], "sha256"),
        size=_whole(said["size"], "size"),
        duration_s=_figure(said["duration_s"], "duration_s", 0, _LARGEST),
        speech_s=_figure(said["speech_s"], "speech_s", 0, _LARGEST),
        outcome=EvidenceOutcome(said["outcome"]).value,
        declared_use=_text(said["declared_use"], "declared_use"),
        project=_text(said["project"], "project"),
        licence=_text(said["licence"], "licence"),
    )
    heard = tuple(_candidate(one) for one in _list(said["candidates"], "candidates", _MOST_CANDIDATES))
    if len({one.performer_id for one in heard}) != len(heard) or len(worth_a_finding(heard)) != len(heard) or not heard:
        raise ValueError("its candidates are not one or more, each once, who are heard, resembled or cannot be told")
    return HeardRow(row, heard)


def _candidate(said: object) -> PerformerEvidence:
    if not isinstance(said, dict):
        raise TypeError("a candidate is an object")
    _require_members(said, _OF_A_CANDIDATE)
    _matching(_WORD, said["performer"], "performer")
    _figure(said["log10_lr"], "log10_lr", -_LARGEST_LR, _LARGEST_LR)
    _figure(said["cohort_percentile"], "cohort_percentile", 0, 100)
    for encoder, value in _object(said["engines"], "engines").items():
        _matching(_WORD, encoder, "engines")
        _figure(value, "engines", -_LARGEST_LR, _LARGEST_LR)
    for segment in _list(said["segments"], "segments", _MOST_SEGMENTS):
        _require_members(_object(segment, "segments"), ("start_s", "end_s", "log10_lr"))
        for name in ("start_s", "end_s"):
            _figure(segment[name], name, 0, _LARGEST)
        _figure(segment["log10_lr"], "log10_lr", -_LARGEST_LR, _LARGEST_LR)
    for reason in _list(said["reasons"], "reasons", _MOST_REASONS):
        _require_reason(_object(reason, "reasons"))
    return candidate_of(said)


def _require_reason(said: Mapping[str, Any]) -> None:
    _require_members(said, ("code", "detail", "figures"))
    _matching(_WORD, said["code"], "code")
    _text(said["detail"], "detail")
    for name, value in _object(said["figures"], "figures").items():
        _matching(_WORD, name, "figures")
        if isinstance(value, str):
            _text(value, name)
        elif value is not None and not isinstance(value, bool):
            _figure(value, name, -_LARGEST, _LARGEST)


# --- values ----------------------------------------------------------------------------------------------------------


def _require_members(said: Mapping[str, Any], names: tuple[str, ...]) -> None:
    if not isinstance(said, dict) or set(said) != set(names):
        raise ValueError(f"it does not have exactly the members {', '.join(names)}")


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or len(value) > _MOST_REASONS:
        raise TypeError(f"{name} is no object of at most {_MOST_REASONS} members")
    return value


def _list(value: Any, name: str, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise TypeError(f"{name} is no list of at most {most}")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT or "\x00" in value:
        raise TypeError(f"{name} is no text of at most {_LONGEST_TEXT} characters without zero bytes")
    value.encode()  # a lone surrogate is a ValueError: no database keeps it
    return value


def _matching(form: re.Pattern[str], value: Any, name: str) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError(f"{name} has not the form {form.pattern}")
    return value


def _whole(value: Any, name: str) -> int:
    if type(value) is not int or not 0 <= value <= _LARGEST:
        raise ValueError(f"{name} is no whole number from 0 to {_LARGEST}")
    return value


def _figure(value: Any, name: str, least: float, largest: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{name} is no number")
    if not least <= value <= largest:
        raise ValueError(f"{name} is not from {least} to {largest}")
    return float(value)
