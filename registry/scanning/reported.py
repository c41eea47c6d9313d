"""Reading a signed report that somebody else made: each figure that is used is looked at, and the rest left alone."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from registry.domain.gallery_files import SearchPurpose
from registry.domain.reading import MAX_INTEGER, Node, parse_json
from registry.domain.scores import EvidenceOutcome
from registry.errors import InvalidInputError, ScanReportError, SignatureInvalidError
from registry.scanning.finding_lines import HeardRow
from registry.scanning.results import FINDINGS, LAYOUT_VERSION, Status
from registry.scanning.signing import REPORT_TYPE, open_claims
from registry.scanning.tally import HEARD

LARGEST_REPORT: Final = 32_000_000
"""Bytes of ``report.json``."""

_MOST: Final = 2**31 - 1
_MOST_KINDS: Final = 500
_MOST_PERFORMERS: Final = 1_000_000
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
        held = Node(parse_json(content))
        jws, shown = held.member("jws").text(), held.member("report").value
    except (ValueError, InvalidInputError) as error:
        raise ScanReportError(f"this is no report of a scan: {error}") from error
    opened = open_claims(jws, typ=REPORT_TYPE)
    if shown != opened.claims:
        raise SignatureInvalidError("what the report shows beside the signature is not what is signed", step="shown")
    try:
        found = _read(jws, opened.thumbprint, Node(opened.claims))
    except ScanReportError:
        raise
    except (ValueError, InvalidInputError) as error:
        raise ScanReportError(f"the report lacks something, or has it in another form: {error}") from error
    _require_counts(found)
    return found


def _read(jws: str, thumbprint: str, claims: Node) -> ScanReport:
    if claims.member("ver").value != LAYOUT_VERSION:
        raise ScanReportError(f"the report is not of version {LAYOUT_VERSION}, which is read here")
    plan, summary, files = claims.member("plan"), claims.member("summary"), claims.member("files")
    if (file := plan.maybe("gallery_file")) is None:
        raise ScanReportError("the scan was not made with a gallery file: the registry knows nobody in its report")
    engine, findings, payload = plan.member("engine"), files.member(FINDINGS), jws.split(".")[1]
    return ScanReport(
        jws=jws,
        sha256=hashlib.sha256(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).hexdigest(),
        signed_by=thumbprint,
        kind=plan.member("kind").one_of(SearchPurpose),
        file_id=_text(file.member("id")),
        registry_id=_text(file.member("registry")),
        gallery_id=_text(plan.member("gallery").member("id")),
        spaces=engine.member("spaces").each(_text, _MOST_KINDS),
        calibration=_text(engine.member("calibration")),
        engine=_kept(_engine(engine, plan.member("operating_point"))),
        started_at=claims.member("started_at").moment(),
        finished_at=claims.member("finished_at").moment(),
        rows=_count(claims.member("manifest").member("rows")),
        manifest_sha256=claims.member("manifest").member("sha256").sha256(),
        results_sha256=claims.member("results").member("sha256").sha256(),
        findings_size=findings.member("size").count(),
        findings_sha256=findings.member("sha256").sha256(),
        counts=_counts(summary, claims.member("results").member("rows")),
        performers=_performers(summary.member("performers")),
    )


def _engine(engine: Node, operating_point: Node) -> dict[str, Any]:
    told = {name: engine.maybe(name) for name in _ENGINE}
    return {name: each and each.value for name, each in told.items()} | {"operating_point": operating_point.value}


def _counts(summary: Node, results: Node) -> dict[str, Any]:
    return {
        "results": _count(results),
        **{name: _count(summary.member(name)) for name in ("rows", "flagged", "for_review")},
        "bytes": summary.member("bytes").count(),
        **{name: _by_kind(summary.member(name)) for name in ("statuses", "outcomes", "errors", "not_scanned")},
        **{name: summary.member(name).figure(0, MAX_INTEGER) for name in ("audio_s", "speech_s")},
    }


def _performers(said: Node) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for name, each in said.members(_MOST_PERFORMERS):
        for one in each.items():
            outcome = one.member("outcome").one_of(EvidenceOutcome).value
            found[_text(Node(name, each.pointer)), outcome] += _count(one.member("files"))
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


def _text(said: Node) -> str:
    return said.storable_text(_MOST_KINDS, shortest=1)


def _count(said: Node) -> int:
    return said.count(_MOST)


def _by_kind(said: Node) -> dict[str, int]:
    return {_text(Node(name, count.pointer)): _count(count) for name, count in said.members(_MOST_KINDS)}


def _kept(value: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a member that is kept as it is, as long as a database and a reader can take it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if len(text.encode()) > _LONGEST_MEMBER or "\\u0000" in text:
        raise ValueError(f"what made the evidence is described in {len(text)} characters, or with zero bytes")
    return dict(value)
