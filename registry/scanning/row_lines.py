"""Rows of a scan as its report signs them, one line of JSON each, read by somebody who did not write them.

A line is what `registry.scanning.digest.line_of` makes of a row, or what ``results.jsonl`` has. Of whatever a line
holds, a row keeps what is looked at here; evidence is made anew from that.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from registry.domain.reading import MAX_INTEGER, parse_json
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict, gravest
from registry.errors import ScanReportError
from registry.scanning.evidence_lines import columns_of
from registry.scanning.finding_lines import LONGEST_LINE, finding_line
from registry.scanning.judging import LICENCES_NOT_ASKED, joined
from registry.scanning.results import ResultRow, Status
from registry.store.checks import Finding
from registry.store.scans import LONGEST_TEXT

LARGEST_PART: Final = 16_000_000
"""Bytes of lines that are sent together, unpacked."""

_NUMBERS: Final = ("number", "size", "duplicate_of")
_FIGURES: Final = ("duration_s", "speech_s", "log10_lr")
_TEXTS: Final = tuple(name for name in ResultRow.__dataclass_fields__ if name not in {*_NUMBERS, *_FIGURES})
_FIELDS: Final = frozenset(ResultRow.__dataclass_fields__)
_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "sha256": re.compile(r"(?:[0-9a-f]{64})?"),
    "performer": re.compile(r"[A-Za-z0-9_.:-]{0,80}"),
    "reasons": re.compile(r"[a-z0-9_ ]{0,1000}"),
    "error": re.compile(r"[a-z_]{0,60}"),
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_HEARD: Final = frozenset({Status.ASSESSED, Status.DUPLICATE})
_SHOWN: Final = frozenset({EvidenceOutcome.MATCH.value, EvidenceOutcome.SOUND_ALIKE.value})
_MOST_REASONS: Final = 20
_OF_A_CANDIDATE: Final = ("outcome", "log10_lr", "engines", "cohort_percentile", "segments", "reasons")
GZIP: Final = b"\x1f\x8b"
"""What something packed by gzip begins with (RFC 1952)."""
_OF_GZIP: Final = 31


def unpacked(content: bytes) -> bytes:
    """Answer lines that were sent, packed by gzip or not; never more of them than are taken.

    Raises:
        ScanReportError: there are more, or the packing is damaged.
    """
    if not content.startswith(GZIP):
        lines = content
    else:
        stream = zlib.decompressobj(_OF_GZIP)
        try:
            lines = stream.decompress(content, LARGEST_PART + 1)
        except zlib.error as error:
            raise ScanReportError(f"the rows cannot be unpacked: {error}") from error
        if len(lines) <= LARGEST_PART and (not stream.eof or stream.unused_data):
            raise ScanReportError("the rows cannot be unpacked: they are cut off, or something follows")
    if len(lines) > LARGEST_PART:
        raise ScanReportError(
            f"the rows have more than {LARGEST_PART} bytes: send fewer of them at once", most=LARGEST_PART
        )
    return lines


def read_rows(lines: Sequence[bytes], first: int) -> Iterator[ResultRow]:
    """Read rows, the first of which has this number.

    Raises:
        ScanReportError: a line is no row of a scan; figure ``row``.
    """
    for number, line in enumerate(lines, start=first):
        try:
            yield _read(line, number)
        except (ValueError, TypeError, KeyError) as error:
            raise ScanReportError(f"row {number} cannot be used: {str(error)[:LONGEST_TEXT]}", row=number) from error


def _read(line: bytes, number: int) -> ResultRow:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"it has {len(line)} bytes, {LONGEST_LINE} are read")
    said = parse_json(line)
    if not isinstance(said, dict) or said.keys() != _FIELDS:
        raise ValueError("it has not the members of a row, or has others")
    if any(type(said[name]) is not int or not -1 <= said[name] <= MAX_INTEGER for name in _NUMBERS):
        raise ValueError(f"{', '.join(_NUMBERS)} are whole numbers")
    if any(not isinstance(said[name], str) or _SURROGATE.search(said[name]) for name in _TEXTS):
        raise ValueError("a member that is text is something else")
    if bad := [name for name, form in _FORMS.items() if not form.fullmatch(said[name])]:
        raise ValueError(f"{', '.join(bad)} has not the form that it should have")
    figures = {name: _figure(said[name]) for name in _FIGURES}
    row = ResultRow(**{**said, **figures, "status": Status(said["status"])})
    _require_one_end(row, number)
    return row


def _figure(value: object) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= MAX_INTEGER:
        raise ValueError("a figure is none")
    return float(value)


def _require_one_end(row: ResultRow, number: int) -> None:
    """Refuse a row that is of another number, or has not ended in one way."""
    if row.number != number:
        raise ValueError(f"it is row {row.number}")
    heard = row.status in _HEARD
    if heard != bool(row.outcome) or heard != bool(row.evidence) or heard == math.isnan(row.duration_s):
        raise ValueError("it was heard and says nothing, or was not and says something")
    if row.outcome:
        EvidenceOutcome(row.outcome)
    if (row.status is Status.FAILED) != bool(row.error):
        raise ValueError("a row that failed says what went wrong, and no other does")
    if (row.status is Status.DUPLICATE) != (row.duplicate_of >= 0) or row.duplicate_of >= number:
        raise ValueError("a duplicate is one of an earlier row, and nothing else is")
    if not row.size >= 0 or row.duration_s < 0 or row.speech_s < 0:
        raise ValueError("a measure is below zero")


# --- as the registry has them ----------------------------------------------------------------------------------------


def line_of_finding(row: ResultRow) -> Mapping[str, Any] | None:
    """Answer the line of ``findings.jsonl`` that a row has, or None where nobody in it is worth a finding.

    Raises:
        ScanReportError: its evidence cannot be read; figure ``row``.
    """
    try:
        return finding_line(row)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ScanReportError(f"row {row.number} cannot be used: its evidence is none", row=row.number) from error


def as_known_here(row: ResultRow, line: Mapping[str, Any] | None, findings: Sequence[Finding]) -> ResultRow:
    """Answer a row as the registry keeps it: performers by its own ids, and its own verdicts.

    Where a recording was read from is left out, and so is what was said of whoever has no finding.

    Args:
        row: as it was sent.
        line: of its findings; see `line_of_finding`.
        findings: that are on record of it, in their order.
    """
    row = replace(
        row,
        locator="",
        name=_kept(row.name),
        error_detail=_kept(row.error_detail),
        declared_use=_kept(row.declared_use),
        project=_kept(row.project),
        licence=_kept(row.licence),
    )
    if row.status not in _HEARD:
        return replace(row, performer="", log10_lr=math.nan, verdict="")
    known = _known(line["candidates"] if line else (), findings)
    codes = {str(reason["code"]) for finding in findings for reason in finding.reasons} if known else set()
    without = " ".join(code for code in row.reasons.split() if code != LICENCES_NOT_ASKED)
    evidence = {
        "duration_s": row.duration_s,
        "speech_s": row.speech_s,
        "outcome": row.outcome,
        "reasons": _reasons(row),
        "candidates": known,
    }
    told = columns_of(evidence) | {"reasons": joined(without, codes)}
    return replace(row, verdict=_verdict(row, findings), **told)


def _known(candidates: Sequence[Mapping[str, Any]], findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Answer candidates with the ids and verdicts of their findings, which are in the same order; or nobody."""
    if len(candidates) != len(findings):
        return []
    return [
        {
            **{name: said[name] for name in _OF_A_CANDIDATE},
            "performer": finding.performer_id,
            "verdict": finding.verdict.value,
            "verdict_reasons": list(finding.reasons),
            "licence_id": finding.licence_id,
        }
        for said, finding in zip(candidates, findings, strict=True)
        if said["outcome"] == finding.outcome.value
    ]


def _verdict(row: ResultRow, findings: Sequence[Finding]) -> str:
    if findings:
        return gravest(finding.verdict for finding in findings).value
    return Verdict.NOT_ASSESSED.value if row.outcome in _SHOWN else Verdict(row.outcome).value


def _reasons(row: ResultRow) -> list[dict[str, Any]]:
    """Answer why the evidence of a row is what it is, as far as it is said in a form that is known."""
    said = json.loads(row.evidence)
    reasons = said.get("reasons") if isinstance(said, dict) else None
    if not isinstance(reasons, list):
        return []
    return [_reason(each) for each in reasons[:_MOST_REASONS] if isinstance(each, dict) and _is_code(each.get("code"))]


def _reason(said: Mapping[str, Any]) -> dict[str, Any]:
    figures = said.get("figures")
    plain = figures if isinstance(figures, dict) and len(figures) <= _MOST_REASONS else {}
    return {
        "code": said["code"],
        "detail": _kept(str(said.get("detail", ""))),
        "figures": {_kept(name): _kept_figure(value) for name, value in plain.items() if _is_figure(value)},
    }


def _is_figure(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | str) or (isinstance(value, int) and abs(value) <= MAX_INTEGER)


def _kept_figure(value: Any) -> Any:
    return _kept(value) if isinstance(value, str) else value


def _is_code(said: object) -> bool:
    return isinstance(said, str) and bool(said) and bool(_FORMS["reasons"].fullmatch(said)) and " " not in said


def _kept(text: str) -> str:
    """Answer text as tables keep it: cut where it is very long, and without zero bytes and lone surrogates."""
    return _SURROGATE.sub("\ufffd", text.replace("\x00", "\ufffd"))[:LONGEST_TEXT]
