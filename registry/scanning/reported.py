"""Reading a signed report that somebody else made: each figure that is used is looked at, and the rest left alone."""

from __future__ import annotations

import hashlib
import json
import math
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from registry.domain.gallery_files import SearchPurpose
from registry.domain.reading import parse_json
from registry.domain.scores import EvidenceOutcome
from registry.errors import ScanReportError, SignatureInvalidError
from registry.scanning.finding_lines import HeardRow
from registry.scanning.results import FINDINGS, LAYOUT_VERSION, Status
from registry.scanning.signing import REPORT_TYPE, open_claims
from registry.scanning.tally import HEARD

LARGEST_REPORT: Final = 32_000_000
"""Bytes of ``report.json``."""

_MOST: Final = 2**31 - 1
_MOST_KINDS: Final = 500
_LONGEST_MEMBER: Final = 20_000
_ENGINE: Final = ("version", "spaces", "calibration", "device", "calibration_sha256", "weights")


@dataclass(frozen=True, slots=True)
class ScanReport:
    """What a report says, once its signature holds.

    Attributes:
        jws: as it was signed.
        sha256: of what is signed, byte for byte: the payload of the JWS.
        signed_by: thumbprint (RFC 7638) of the key that the report carries.
        kind: what the inputs are.
        file_id, registry_id, gallery_id: of the gallery file that was searched, its registry, and its sealed part.
        spaces, calibration: that it was searched in.
        engine: what made the evidence, with the operating point.
        started_at, finished_at: of the scan.
        rows: of manifest, results and counts.
        manifest_sha256, results_sha256: of their rows.
        findings_size, findings_sha256: of ``findings.jsonl``.
        counts: the figures of the summary over all rows, without those by performer.
        performers: how many rows each performer is matched, or resembled, in.
    """

    jws: str
    sha256: str
    signed_by: str
    kind: SearchPurpose
    file_id: str
    registry_id: str
    gallery_id: str
    spaces: Sequence[str]
    calibration: str
    engine: Mapping[str, Any]
    started_at: datetime
    finished_at: datetime
    rows: int
    manifest_sha256: str
    results_sha256: str
    findings_size: int
    findings_sha256: str
    counts: Mapping[str, Any]
    performers: Mapping[tuple[str, str], int]


def read_report(content: bytes) -> ScanReport:
    """Read ``report.json``.

    1. It is not larger than is read here, and JSON.
    2. It is signed, by the key that it carries, and what it shows beside the signature is what is signed.
    3. It is of a layout that is read here, and of a scan with a gallery file.
    4. Every figure that is used has the form that it should have.
    5. The counts agree with one another: every row of the manifest has ended in one way.

    Raises:
        SignatureInvalidError: 2; figure ``step``.
        ScanReportError: any other.
    """
    if len(content) > LARGEST_REPORT:
        raise ScanReportError(
            f"the report has {len(content)} bytes, {LARGEST_REPORT} are read", bytes=len(content), most=LARGEST_REPORT
        )
    try:
        held = parse_json(content)
        jws, shown = str(held["jws"]), held["report"]
        opened = open_claims(jws, typ=REPORT_TYPE)
    except (ValueError, KeyError, TypeError) as error:
        raise ScanReportError(f"this is no report of a scan: {error}") from error
    if shown != opened.claims:
        raise SignatureInvalidError("what the report shows beside the signature is not what is signed", step="shown")
    try:
        found = _read(jws, opened.thumbprint, opened.claims)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ScanReportError(f"the report lacks something, or has it in another form: {error}") from error
    _require_counts(found)
    return found


def _read(jws: str, thumbprint: str, claims: Mapping[str, Any]) -> ScanReport:
    if claims["ver"] != LAYOUT_VERSION:
        raise ScanReportError(f"the report is of version {claims['ver']}; version {LAYOUT_VERSION} is read here")
    plan, summary = claims["plan"], claims["summary"]
    if "gallery_file" not in plan:
        raise ScanReportError("the scan was not made with a gallery file: the registry knows nobody in its report")
    file, findings = plan["gallery_file"], claims["files"][FINDINGS]
    payload = jws.split(".")[1]
    engine = {name: plan["engine"].get(name) for name in _ENGINE} | {"operating_point": plan["operating_point"]}
    return ScanReport(
        jws=jws,
        sha256=hashlib.sha256(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).hexdigest(),
        signed_by=thumbprint,
        kind=SearchPurpose(plan["kind"]),
        file_id=_text(file["id"]),
        registry_id=_text(file["registry"]),
        gallery_id=_text(plan["gallery"]["id"]),
        spaces=[_text(each) for each in plan["engine"]["spaces"]],
        calibration=_text(plan["engine"]["calibration"]),
        engine=_kept(engine),
        started_at=_moment(claims["started_at"]),
        finished_at=_moment(claims["finished_at"]),
        rows=_count(claims["manifest"]["rows"]),
        manifest_sha256=_sha256(claims["manifest"]["sha256"]),
        results_sha256=_sha256(claims["results"]["sha256"]),
        findings_size=int(findings["size"]),
        findings_sha256=_sha256(findings["sha256"]),
        counts=_counts(summary, _count(claims["results"]["rows"])),
        performers=_performers(summary["performers"]),
    )


def _counts(summary: Mapping[str, Any], results: int) -> dict[str, Any]:
    return {
        "results": results,
        **{name: _count(summary[name]) for name in ("rows", "flagged", "for_review")},
        **{name: _by_kind(summary[name]) for name in ("statuses", "outcomes", "errors", "not_scanned")},
        **{name: _figure(summary[name]) for name in ("bytes", "audio_s", "speech_s")},
    }


def _performers(said: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for name, each in said.items():
        for one in each:
            found[_text(name), EvidenceOutcome(one["outcome"]).value] += _count(one["files"])
    return dict(found)


# --- agreement -------------------------------------------------------------------------------------------------------


def _require_counts(report: ScanReport) -> None:
    """Refuse counts of which not every row has ended in exactly one way."""
    counts, statuses = report.counts, Counter(report.counts["statuses"])
    _require_same("rows", report.rows, counts["results"], counts["rows"], sum(statuses.values()))
    unknown = sorted(set(statuses) - set(Status))
    if unknown:
        raise ScanReportError(f"rows do not end as {', '.join(unknown)}", statuses=unknown)
    heard = statuses[Status.ASSESSED] + statuses[Status.DUPLICATE]
    _require_same("rows that were heard", heard, sum(counts["outcomes"].values()))
    _require_same("rows that failed", statuses[Status.FAILED], sum(counts["errors"].values()))
    _require_same("rows that were left out", statuses[Status.NOT_SCANNED], sum(counts["not_scanned"].values()))


def require_agreement(report: ScanReport, rows: Sequence[HeardRow]) -> None:
    """Refuse lines that are not those from which the report's counts follow.

    Raises:
        ScanReportError: figures ``report`` and ``lines``.
    """
    lines = Counter(heard.row.outcome for heard in rows)
    counts = Counter(report.counts["outcomes"])
    for outcome in EvidenceOutcome:
        if outcome in HEARD or lines[outcome] > counts[outcome]:
            _require_same(f"rows with {outcome.value}", counts[outcome], lines[outcome])
    heard = [{one.outcome for one in each.heard} for each in rows if each.row.outcome in HEARD]
    matched = sum(EvidenceOutcome.MATCH in outcomes for outcomes in heard)
    _require_same("flagged rows", report.counts["flagged"], matched)
    alike = sum(EvidenceOutcome.SOUND_ALIKE in each and EvidenceOutcome.MATCH not in each for each in heard)
    _require_same("rows for review", report.counts["for_review"], alike)
    by_performer = Counter(
        (one.performer_id, one.outcome.value)
        for each in rows
        if each.row.outcome in HEARD
        for one in each.heard
        if one.outcome in HEARD
    )
    if by_performer != Counter(report.performers):
        raise ScanReportError("the findings are of other performers, or in other rows, than the report counts")


def _require_same(what: str, signed: int, *others: int) -> None:
    for counted in others:
        if counted != signed:
            raise ScanReportError(
                f"the counts do not agree: {signed} {what} by the report, {counted} by what they follow from",
                report=signed,
                lines=counted,
            )


# --- values ----------------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _MOST_KINDS or "\x00" in value:
        raise TypeError(f"{str(value)[:80]!r} is no text of 1 to {_MOST_KINDS} characters")
    value.encode()
    return value


def _sha256(value: Any) -> str:
    if len(bytes.fromhex(value)) != hashlib.sha256().digest_size or value != value.lower():
        raise ValueError(f"{str(value)[:80]!r} is no SHA-256 in lower-case hex")
    return str(value)


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST:
        raise ValueError(f"{str(value)[:80]} is no count up to {_MOST}")
    return value


def _figure(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise TypeError(f"{str(value)[:80]} is no figure from 0")
    return value


def _by_kind(value: Mapping[str, Any]) -> dict[str, int]:
    if len(value) > _MOST_KINDS:
        raise ValueError(f"there are {len(value)} kinds, {_MOST_KINDS} are read")
    return {_text(name): _count(count) for name, count in value.items()}


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return moment.astimezone(UTC)


def _kept(value: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a member that is kept as it is, as long as a database and a reader can take it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(text.encode()) > _LONGEST_MEMBER or "\\u0000" in text:
        raise ValueError(f"what made the evidence is described in {len(text)} characters, or with zero bytes")
    return dict(value)
