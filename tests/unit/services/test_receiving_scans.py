"""A report that a studio files: what is refused, whom it resolves, and what findings come of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from filing import TOLD, Filing, consenting, enrolled
from reporting import Scanned, filed, files_of, heard, unreadable
from sqlalchemy import func, select
from steps import TERMS, Registry, candidate

from registry.domain.accounts import Role, Scope
from registry.domain.approaches import ApproachOutcome, Priority
from registry.domain.consents import ConsentPurpose
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.gallery_files import FileState, SearchPurpose
from registry.domain.retention import RuleId
from registry.domain.reviews import Considered, Exclusion, ReviewAction
from registry.domain.scans import FindingBasis, ScanOrigin, ScanState
from registry.domain.scores import EvidenceOutcome
from registry.domain.terms import VolumeCap
from registry.domain.uses import UsageUnit, UseKind, UsePurpose
from registry.domain.verdicts import Verdict
from registry.errors import (
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    ScanOutOfTimeError,
    ScanReportError,
    SignatureInvalidError,
    UnknownGalleryFileError,
)
from registry.scanning.licensed import RegisteredLicences
from registry.scanning.receiving import MOST_FINDINGS, Received, receive_scan
from registry.scanning.recording import RuledRow, record_rows
from registry.scanning.results import FINDINGS, REPORT
from registry.scanning.signing import REPORT_TYPE, open_claims, scan_key, sign_claims
from registry.services import approaches, checks, consents, exports, forgetting, licence_course, purge, reviews, scans
from registry.services.unit import unit_of_work
from registry.store.base import Base
from registry.store.checks import Finding
from registry.store.gallery_files import GalleryFile
from registry.store.scans import Scan, ScanRow
from registry.store.usage import UsageLine

Change = Callable[[Any], object]


@pytest.fixture
def filing(registry: Registry, tmp_path: Path) -> Filing:
    return Filing(registry, tmp_path)


@pytest.fixture
def sqlite_filing(sqlite_registry: Registry, tmp_path: Path) -> Filing:
    return Filing(sqlite_registry, tmp_path)


def issued(filing: Filing, name: str = "one", **changes: object) -> Scanned:
    """A gallery file, an hour ago."""
    scan = Scanned(filing, filing.export(f"{name}.gallery", **changes).manifest)
    filing.registry.clock.move(hours=1)
    return scan


def one_match(filing: Filing, performer_id: str, name: str = "one") -> Path:
    """A folder with one recording that a performer is heard in, one with nobody, and one that cannot be read."""
    scan = issued(filing, name)
    rows = [heard(0, *scan.hear(candidate(performer_id))), heard(1), unreadable(2)]
    return scan.write(filing.folder / f"scan-{name}", rows)


def count(filing: Filing, table: type[Base]) -> int:
    with filing.registry.ctx.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def findings(filing: Filing, **which: Any) -> list[Finding]:
    asked = {"verdict": None, "performer_id": None, "after": None, "limit": 100} | which
    by = asked.pop("by", filing.studio)
    return list(checks.list_findings(filing.registry.ctx, by, **asked))


def resigned(filing: Filing, folder: Path, change: Change) -> None:
    """Change what the report signs, and sign it anew: a studio can sign whatever it likes."""
    held = json.loads((folder / REPORT).read_text())
    claims = json.loads(json.dumps(open_claims(held["jws"], typ=REPORT_TYPE).claims))
    change(claims)
    key = scan_key(filing.folder / "scan-key.json")
    (folder / REPORT).write_text(json.dumps({"jws": sign_claims(key, claims, typ=REPORT_TYPE), "report": claims}))


def rewritten(filing: Filing, folder: Path, change: Change) -> None:
    """Change the lines of the findings, and sign their hash."""
    lines = [json.loads(line) for line in (folder / FINDINGS).read_bytes().splitlines()]
    change(lines)
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    (folder / FINDINGS).write_bytes(content)
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    resigned(filing, folder, lambda claims: claims["files"].update({FINDINGS: facts}))


def refuses(filing: Filing, folder: Path, error: type[Exception]) -> bool:
    try:
        filed(filing, folder)
    except error:
        return True
    return False


def nothing_was_written(filing: Filing) -> bool:
    return count(filing, Scan) == count(filing, ScanRow) == count(filing, Finding) == 0


# --- who -------------------------------------------------------------------------------------------------------------


def test_only_an_organisation_that_scans_files_a_report(sqlite_filing: Filing) -> None:
    filing, registry = sqlite_filing, sqlite_filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    folder = one_match(filing, performer_id)
    unscoped = replace(filing.studio, scopes=filing.studio.scopes - {Scope.SCANS_WRITE})
    performer = registry.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    for principal in (registry.operator, unscoped, performer):
        with pytest.raises(ForbiddenError):
            filed(filing, folder, principal)
    assert nothing_was_written(filing)


def test_a_scan_is_there_for_its_organisation_and_the_operator_alone(sqlite_filing: Filing) -> None:
    filing, ctx = sqlite_filing, sqlite_filing.registry.ctx
    scan = filed(filing, one_match(filing, enrolled(filing.registry, "Ada Lind"))).scan
    other = filing.registry.studio("Southlight")
    for reader in (filing.studio, filing.registry.operator):
        assert scans.get_scan(ctx, reader, scan.id).id == scan.id
        assert [each.id for each in scans.list_scans(ctx, reader, after=None, limit=10)] == [scan.id]
    with pytest.raises(NotFoundError, match="there is no such scan"):
        scans.get_scan(ctx, other, scan.id)
    assert scans.list_scans(ctx, other, after=None, limit=10) == []
    assert findings(filing, by=other, scan_id=scan.id) == []


# --- what is not what was signed -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "report",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"no JSON",
        b"\xff",
        b"[" * 100_000,
        b'{"jws": "a.b.c", "report": {}}',
        b'{"jws": []}',
    ],
)
def test_what_is_no_report_is_refused(sqlite_filing: Filing, report: bytes) -> None:
    with pytest.raises(InvalidInputError):
        receive_scan(sqlite_filing.registry.ctx, sqlite_filing.studio, report=report, findings=b"")


def test_a_report_that_was_changed_after_it_was_signed_is_refused(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    folder = one_match(filing, enrolled(filing.registry, "Ada Lind"))
    sent = files_of(folder)
    held = json.loads(sent["report"])
    shown = json.dumps(held | {"report": held["report"] | {"finished_at": "2026-03-14T15:30:00+00:00"}}).encode()
    head, payload, signature = held["jws"].split(".")
    turned = ("A" if payload[40] != "A" else "B").join((payload[:40], payload[41:]))
    forged = json.dumps(held | {"jws": f"{head}.{turned}.{signature}"}).encode()
    for report, step in ((shown, "shown"), (forged, "signature")):
        with pytest.raises(SignatureInvalidError) as refused:
            receive_scan(filing.registry.ctx, filing.studio, report=report, findings=sent["findings"])
        assert refused.value.figures["step"] == step
    assert nothing_was_written(filing)


def test_findings_of_another_scan_are_refused(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    one = one_match(filing, enrolled(filing.registry, "Ada Lind"), "one")
    two = one_match(filing, enrolled(filing.registry, "Bo Falk"), "two")
    swapped = files_of(one) | {"findings": files_of(two)["findings"]}
    for findings_sent in (swapped["findings"], b"", swapped["findings"] + b"\n"):
        with pytest.raises(ScanReportError, match="not those that the report signs"):
            receive_scan(filing.registry.ctx, filing.studio, report=swapped["report"], findings=findings_sent)
    assert nothing_was_written(filing)


COUNTS: list[Change] = [
    lambda claims: claims["summary"].update(flagged=0),
    lambda claims: claims["summary"].update(rows=4),
    lambda claims: claims["summary"].update(for_review=1),
    lambda claims: claims["summary"]["statuses"].update(assessed=3),
    lambda claims: claims["summary"]["statuses"].update(unheard_of=0),
    lambda claims: claims["summary"]["outcomes"].update(match=0, no_match=2),
    lambda claims: claims["summary"]["errors"].clear(),
    lambda claims: claims["summary"]["performers"].clear(),
    lambda claims: claims["manifest"].update(rows=1),
    lambda claims: claims["results"].update(rows=5),
    lambda claims: claims["summary"].update(rows=True),
    lambda claims: claims["summary"].update(audio_s=-1),
    lambda claims: claims.update(ver=2),
    lambda claims: claims.update(started_at="2026-03-14T15:30:00"),
    lambda claims: claims["plan"].pop("gallery_file"),
    lambda claims: claims["plan"]["engine"].update(device="x" * 30_000),
    lambda claims: claims["plan"]["engine"].update(device="\x00"),
    lambda claims: claims.pop("summary"),
    lambda claims: claims["files"].pop(FINDINGS),
]


def test_counts_that_do_not_agree_are_refused_whoever_signed_them(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    folder = one_match(filing, enrolled(filing.registry, "Ada Lind"))
    signed = (folder / REPORT).read_bytes()

    def is_refused(change: Change) -> bool:
        (folder / REPORT).write_bytes(signed)
        resigned(filing, folder, change)
        return refuses(filing, folder, ScanReportError)

    assert [number for number, change in enumerate(COUNTS) if not is_refused(change)] == []
    assert nothing_was_written(filing)
    assert not is_refused(lambda claims: claims.update(one_more="that nobody reads"))


LINES: list[Change] = [
    lambda lines: lines.pop(),
    lambda lines: lines.append(lines[0]),
    lambda lines: lines[0].update(number=3),
    lambda lines: lines[0].update(number=-1),
    lambda lines: lines[0].update(number=0.0),
    lambda lines: lines[0].update(number=True),
    lambda lines: lines[0].update(outcome="no_match"),
    lambda lines: lines[0].update(outcome="sure"),
    lambda lines: lines[0].update(sha256="F" * 64),
    lambda lines: lines[0].update(size=-1),
    lambda lines: lines[0].update(duration_s="long"),
    lambda lines: lines[0].update(name="a\x00b"),
    lambda lines: lines[0].update(name="\ud800"),
    lambda lines: lines[0].update(project="p" * 1001),
    lambda lines: lines[0].update(locator="/studio/in/a.wav"),
    lambda lines: lines[0].pop("licence"),
    lambda lines: lines[0].update(candidates=[]),
    lambda lines: lines[0].update(candidates=lines[0]["candidates"] * 2),
    lambda lines: lines[0]["candidates"][0].update(performer="gent_" + "0" * 26),
    lambda lines: lines[0]["candidates"][0].update(performer="somebody with a name"),
    lambda lines: lines[0]["candidates"][0].update(outcome="no_match"),
    lambda lines: lines[0]["candidates"][0].update(log10_lr=1e9),
    lambda lines: lines[0]["candidates"][0].update(cohort_percentile=101),
    lambda lines: lines[0]["candidates"][0].update(verdict="licensed_use"),
    lambda lines: lines[0]["candidates"][0]["segments"][0].update(end_s=-1.0),
    lambda lines: lines[0]["candidates"][0].update(segments=[{"start_s": 3.0, "end_s": 2.0, "log10_lr": 1.0}]),
    lambda lines: lines[0]["candidates"][0]["reasons"][0].update(detail="d" * 1001),
    lambda lines: lines[0]["candidates"][0]["reasons"][0].update(figures={"a": {"b": 1}}),
    lambda lines: lines[0]["candidates"][0].update(reasons=lines[0]["candidates"][0]["reasons"] * 21),
    lambda lines: lines[0]["candidates"][0].update(engines={"x y": 1.0}),
]


def test_lines_that_are_not_what_they_promise_are_refused_whoever_signed_them(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    folder = one_match(filing, enrolled(filing.registry, "Ada Lind"))
    signed = {name: (folder / name).read_bytes() for name in (REPORT, FINDINGS)}

    def is_refused(change: Change) -> bool:
        for name, content in signed.items():
            (folder / name).write_bytes(content)
        rewritten(filing, folder, change)
        return refuses(filing, folder, InvalidInputError)

    assert [number for number, change in enumerate(LINES) if not is_refused(change)] == []
    assert nothing_was_written(filing)
    assert not is_refused(lambda lines: lines[0].update(name="another name"))


@pytest.mark.parametrize(
    "line", [b"{}\n", b"\n", b"null\n", b"{", b"[" * 90_000 + b"\n", b'{"number": NaN}\n', b"\xff\n"]
)
def test_what_is_no_line_is_refused_with_its_number(sqlite_filing: Filing, line: bytes) -> None:
    filing = sqlite_filing
    folder = one_match(filing, enrolled(filing.registry, "Ada Lind"))
    content = (folder / FINDINGS).read_bytes() + line
    (folder / FINDINGS).write_bytes(content)
    facts = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    resigned(filing, folder, lambda claims: claims["files"].update({FINDINGS: facts}))
    with pytest.raises(InvalidInputError, match="line 2") as refused:
        filed(filing, folder)
    assert refused.value.figures["line"] == 2


def test_more_findings_than_are_ruled_on_at_once_are_refused(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    enrolled(filing.registry, "Ada Lind")
    many = [candidate(f"gent_{number}", spans=()) for number in range(400)]
    folder = issued(filing).write(filing.folder / "scan", [heard(number, *many) for number in range(26)])
    with pytest.raises(ScanReportError) as refused:
        filed(filing, folder)
    assert refused.value.figures == {"findings": 26 * 400, "most": MOST_FINDINGS}


# --- with which file -------------------------------------------------------------------------------------------------


def test_a_scan_with_another_organisations_file_or_with_none_that_there_is_is_refused_alike(
    sqlite_filing: Filing,
) -> None:
    filing = sqlite_filing
    folder = one_match(filing, enrolled(filing.registry, "Ada Lind"))
    with pytest.raises(UnknownGalleryFileError) as foreign:
        filed(filing, folder, filing.registry.studio("Southlight"))
    file_id = foreign.value.figures["gallery_file_id"]
    with filing.registry.ctx.database.write() as session:
        session.get_one(GalleryFile, file_id).state = FileState.PREPARED
        session.commit()
    with pytest.raises(UnknownGalleryFileError):
        filed(filing, folder)
    resigned(filing, folder, lambda claims: claims["plan"]["gallery_file"].update(id="gal_" + "0" * 26))
    with pytest.raises(UnknownGalleryFileError) as unknown:
        filed(filing, folder)
    assert unknown.value.detail == foreign.value.detail.replace(str(file_id), "gal_" + "0" * 26)
    assert nothing_was_written(filing)


@pytest.mark.parametrize(
    "change",
    [
        lambda plan: plan.update(kind="training"),
        lambda plan: plan["gallery"].update(id="ab" * 32),
        lambda plan: plan["gallery_file"].update(registry="another"),
        lambda plan: plan["engine"].update(spaces=["another"]),
        lambda plan: plan["engine"].update(calibration="another"),
    ],
)
def test_a_scan_for_another_purpose_or_with_another_content_is_refused(sqlite_filing: Filing, change: Change) -> None:
    filing = sqlite_filing
    folder = one_match(filing, enrolled(filing.registry, "Ada Lind"))
    resigned(filing, folder, lambda claims: change(claims["plan"]))
    with pytest.raises(ScanReportError, match="was issued for catalogue"):
        filed(filing, folder)


@pytest.mark.parametrize(
    ("began", "ended"),
    [
        (timedelta(hours=-1, minutes=-6), timedelta(minutes=-1)),
        (timedelta(minutes=-2), timedelta(minutes=6)),
        (timedelta(minutes=2), timedelta(minutes=1)),
    ],
    ids=["before the issue", "in the future", "ends before it begins"],
)
def test_a_scan_out_of_time_is_refused(sqlite_filing: Filing, began: timedelta, ended: timedelta) -> None:
    filing = sqlite_filing
    performer_id = enrolled(filing.registry, "Ada Lind")
    scan = issued(filing)
    now = filing.registry.clock()
    scan = replace(scan, started_at=now + began, finished_at=now + ended)
    folder = scan.write(filing.folder / "scan", [heard(0, *scan.hear(candidate(performer_id)))])
    with pytest.raises(ScanOutOfTimeError) as refused:
        filed(filing, folder)
    assert refused.value.figures["started_at"] == (now + began).isoformat()


def test_a_scan_that_ended_with_its_file_is_filed_later_and_one_that_ran_on_is_not(sqlite_filing: Filing) -> None:
    filing = sqlite_filing
    performer_id = enrolled(filing.registry, "Ada Lind")
    expires = filing.registry.clock() + timedelta(hours=2)
    scan = issued(filing, expires_at=expires)
    filing.registry.clock.move(days=40)
    for name, ended in (("late", expires + timedelta(minutes=6)), ("in-time", expires)):
        one = replace(scan, started_at=expires - timedelta(minutes=30), finished_at=ended)
        folder = one.write(filing.folder / name, [heard(0, *one.hear(candidate(performer_id)))])
        if name == "late":
            with pytest.raises(ScanOutOfTimeError):
                filed(filing, folder)
        else:
            assert filed(filing, folder).scan.findings == 1


# --- what comes of it ------------------------------------------------------------------------------------------------


def test_a_report_becomes_a_scan_with_findings_that_say_what_they_rest_on(filing: Filing) -> None:
    performer_id = enrolled(filing.registry, "Ada Lind")
    folder = one_match(filing, performer_id)
    received = filed(filing, folder)
    scan = received.scan
    assert not received.again
    assert (scan.origin, scan.state, scan.kind) == (ScanOrigin.REPORTED, ScanState.DONE, SearchPurpose.CATALOGUE)
    assert (scan.rows, scan.rows_done, scan.failed, scan.flagged) == (3, 3, 1, 1)
    assert (scan.findings, scan.unresolved, scan.audio_s) == (1, 0, 24.0)
    assert scan.signed_by == scan_key(filing.folder / "scan-key.json").thumbprint
    (found,) = findings(filing)
    assert (found.performer_id, found.verdict, found.basis) == (
        performer_id,
        Verdict.UNLICENSED_MATCH,
        FindingBasis.REPORTED,
    )
    assert (found.check_id, found.scan_id, found.outcome) == (None, scan.id, EvidenceOutcome.MATCH)
    assert found.log10_lr == pytest.approx(3.0)
    assert found.scan_row is not None
    assert (found.scan_row.number, found.scan_row.name, found.scan_row.verdict) == (
        0,
        "reel/0.wav",
        Verdict.UNLICENSED_MATCH,
    )
    assert checks.get_finding(filing.registry.ctx, filing.studio, found.id).scan_id == scan.id
    assert filing.registry.journal()[-1] == "scan.received"
    assert count(filing, UsageLine) == 0
    kept = json.dumps({"summary": scan.summary, "engine": scan.engine})
    assert "/studio/in" not in kept
    assert "gent_" not in kept


def test_the_same_report_again_is_answered_with_the_same_scan(filing: Filing) -> None:
    folder = one_match(filing, enrolled(filing.registry, "Ada Lind"))
    first = filed(filing, folder)
    filing.registry.clock.move(days=1)
    held = json.loads((folder / REPORT).read_text())
    (folder / REPORT).write_text(json.dumps(held, indent=3))
    again = filed(filing, folder)
    assert (again.again, again.scan.id) == (True, first.scan.id)
    assert (count(filing, Scan), count(filing, ScanRow), count(filing, Finding)) == (1, 1, 1)
    assert filing.registry.journal().count("scan.received") == 1


def test_of_two_that_file_the_same_report_at_once_one_finds_the_others(filing: Filing) -> None:
    folder = one_match(filing, enrolled(filing.registry, "Ada Lind"))
    together = Barrier(4)

    def file_it(_: int) -> Received:
        together.wait()
        return filed(filing, folder)

    with ThreadPoolExecutor(4) as pool:
        received = list(pool.map(file_it, range(4)))
    assert len({each.scan.id for each in received}) == 1
    assert sum(not each.again for each in received) == 1
    assert (count(filing, Scan), count(filing, Finding)) == (1, 1)


def test_a_performer_reads_what_is_about_them_and_nobody_else_does(filing: Filing) -> None:
    registry = filing.registry
    ada, bo = enrolled(registry, "Ada Lind"), enrolled(registry, "Bo Falk")
    own = registry.principal(Role.PERFORMER, "Ada Lind", performer_id=ada)
    another = registry.principal(Role.PERFORMER, "Bo Falk", performer_id=bo)
    filed(filing, one_match(filing, ada))
    (found,) = findings(filing, by=own)
    assert found.performer_id == ada
    assert findings(filing, by=another) == []
    with pytest.raises(NotFoundError):
        checks.get_finding(registry.ctx, another, found.id)
    assert [each.id for each in findings(filing, by=registry.operator)] == [found.id]


def test_whoever_has_withdrawn_since_is_counted_and_nothing_is_said_of_them(filing: Filing) -> None:
    registry = filing.registry
    ada, bo = enrolled(registry, "Ada Lind"), enrolled(registry, "Bo Falk")
    scan = issued(filing)
    rows = [heard(0, *scan.hear(candidate(ada), candidate(bo, EvidenceOutcome.SOUND_ALIKE, 1.0)))]
    rows += [heard(1, *scan.hear(candidate(ada))), heard(2, *scan.hear(candidate(bo)))]
    folder = scan.write(filing.folder / "scan", rows)
    consents.withdraw_all(registry.ctx, registry.operator, ada)
    consenting(registry, ada, TOLD)  # another yes than the one that the file rests on
    received = filed(filing, folder).scan
    assert (received.unresolved, received.findings, received.flagged) == (2, 2, 1)
    found = findings(filing)
    assert {each.performer_id for each in found} == {bo}
    assert {each.scan_row.number for each in found if each.scan_row} == {0, 2}
    assert received.report is None, "it speaks of somebody of whom nothing may be said"
    with registry.ctx.database.read() as session:
        assert session.scalars(select(ScanRow.verdict).order_by(ScanRow.number)).all() == [
            Verdict.SOUND_ALIKE_REVIEW,
            Verdict.UNLICENSED_MATCH,
        ]


def test_whoever_was_forgotten_since_is_counted_and_nothing_is_said_of_them(filing: Filing) -> None:
    registry = filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    folder = one_match(filing, performer_id)
    text = shipped_texts()["forget_me.en.v1"]
    forgetting.forget_performer(
        registry.ctx,
        registry.operator,
        performer_id,
        text_id=text.id,
        text_sha256=text.text_sha256,
        signature_evidence_sha256="e" * 64,
    )
    scan = filed(filing, folder).scan
    assert (scan.findings, scan.flagged, scan.unresolved) == (0, 0, 1)
    assert (count(filing, ScanRow), count(filing, Finding)) == (0, 0)


def test_whoever_withdraws_while_a_report_is_ruled_on_is_left_out_of_it(sqlite_filing: Filing) -> None:
    filing, registry = sqlite_filing, sqlite_filing.registry
    ada, bo = enrolled(registry, "Ada Lind"), enrolled(registry, "Bo Falk")
    folder = one_match(filing, bo)
    scan = filed(filing, folder).scan
    licences = RegisteredLicences(registry.ctx, filing.organisation_id, UseKind.GENERATED, registry.clock())
    row = heard(7, candidate(ada), candidate(bo))
    with registry.ctx.database.read() as session:
        ruled = licences.rule(session, row, [candidate(ada), candidate(bo)])
    consents.withdraw_all(registry.ctx, registry.operator, ada)
    with unit_of_work(registry.ctx) as unit:
        kept = unit.session.get_one(Scan, scan.id)
        record_rows(unit, kept, [RuledRow(row, ruled)], licences.rule, basis=FindingBasis.HEARD)
        unit.session.flush()
        about = set(unit.session.scalars(select(Finding.performer_id)))
    assert (kept.findings, kept.unresolved, about) == (2, 1, {bo})


def test_a_use_that_a_licence_covered_when_the_scan_ended_is_covered_and_owes_nothing(filing: Filing) -> None:
    registry = filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(performer_id, filing.studio)
    folder = one_match(filing, performer_id)
    registry.clock.move(minutes=1)
    licence_course.revoke_licence(registry.ctx, registry.operator, licence.id)
    scan = filed(filing, folder).scan
    (found,) = findings(filing)
    assert (found.verdict, found.licence_id, scan.flagged) == (Verdict.LICENSED_USE, licence.id, 0)
    assert count(filing, UsageLine) == 0


def test_a_recording_that_was_counted_before_is_not_held_against_itself(sqlite_filing: Filing) -> None:
    filing, registry = sqlite_filing, sqlite_filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    registry.licence(performer_id, filing.studio, replace(TERMS, volume_caps=(VolumeCap(UsageUnit.SECOND, 20),)))
    counted = registry.checked(filing.studio, candidate(performer_id))  # ten seconds of the twenty
    scan = issued(filing)
    who = scan.hear(candidate(performer_id))
    rows = [heard(0, *who, sha256=counted.content_sha256), heard(1, *who)]
    filed(filing, scan.write(filing.folder / "scan", rows))
    found = {each.scan_row.number: each.verdict for each in findings(filing) if each.scan_row}
    assert found == {0: Verdict.LICENSED_USE, 1: Verdict.LICENSED_OUT_OF_SCOPE}


def test_what_is_declared_in_words_that_are_not_known_is_not_declared(sqlite_filing: Filing) -> None:
    filing, registry = sqlite_filing, sqlite_filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    registry.licence(performer_id, filing.studio)
    scan = issued(filing)
    rows = [heard(0, *scan.hear(candidate(performer_id)), use="a radio spot in Britain")]
    filed(filing, scan.write(filing.folder / "scan", rows))
    (found,) = findings(filing)
    assert found.verdict is Verdict.LICENSED_OUT_OF_SCOPE
    assert found.reasons[0]["code"] == "declared_use_unknown"


def test_what_cannot_be_told_is_a_finding_and_who_is_merely_near_is_none(sqlite_filing: Filing) -> None:
    filing, registry = sqlite_filing, sqlite_filing.registry
    ada, bo = enrolled(registry, "Ada Lind"), enrolled(registry, "Bo Falk")
    scan = issued(filing)
    unsure = candidate(ada, EvidenceOutcome.INCONCLUSIVE, 0.5)
    near = candidate(bo, EvidenceOutcome.NO_MATCH, -1.0)
    filed(filing, scan.write(filing.folder / "scan", [heard(0, *scan.hear(unsure, near)), heard(1, *scan.hear(near))]))
    (found,) = findings(filing)
    assert (found.performer_id, found.verdict) == (ada, Verdict.INCONCLUSIVE)


def test_a_finding_about_somebody_who_had_declined_comes_first(sqlite_filing: Filing) -> None:
    filing, registry = sqlite_filing, sqlite_filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    approaches.record_approach(
        registry.ctx,
        registry.operator,
        performer_id,
        studio_id=filing.organisation_id,
        studio_name=None,
        asked_on=date(2026, 3, 1),
        purposes=[UsePurpose.ADVERTISING],
        scope="a radio spot",
        outcome=ApproachOutcome.DECLINED,
    )
    filed(filing, one_match(filing, performer_id))
    (found,) = findings(filing, priority=Priority.ESCALATED)
    assert found.reasons[-1]["code"] == "approach_declined"


# --- what else knows findings ----------------------------------------------------------------------------------------


def test_a_performer_takes_findings_of_scans_along(sqlite_filing: Filing) -> None:
    filing, registry = sqlite_filing, sqlite_filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    scan = filed(filing, one_match(filing, performer_id)).scan
    tables = exports.export_performer(registry.ctx, registry.operator, performer_id).tables
    (found,), (row,) = tables["findings"], tables["scan_rows"]
    assert (found["check_id"], found["scan_row_id"], found["basis"]) == (None, row["id"], "reported")
    assert (row["scan_id"], row["number"], row["content_sha256"]) == (scan.id, 0, "0" * 64)


def test_a_scan_past_its_time_is_gone_with_its_rows_and_findings(filing: Filing) -> None:
    registry = filing.registry
    scan = filed(filing, one_match(filing, enrolled(registry, "Ada Lind"))).scan
    registry.clock.move(days=3 * 365 - 1)
    assert {each.rule: each.records for each in purge.what_is_due(registry.ctx, registry.operator)}[RuleId.SCAN] == 0
    registry.clock.move(days=2)
    made = {each.rule: each.records for each in purge.purge(registry.ctx, registry.operator)}
    assert made["scan"] == 3  # the scan, its row and its finding
    assert nothing_was_written(filing)
    with pytest.raises(NotFoundError):
        scans.get_scan(registry.ctx, filing.studio, scan.id)


def test_a_scan_that_a_case_was_opened_by_stays_and_keeps_no_other(filing: Filing) -> None:
    registry = filing.registry
    performer_id = enrolled(registry, "Ada Lind")
    disputed, other = (filed(filing, one_match(filing, performer_id, name)).scan for name in ("one", "two"))
    with registry.ctx.database.read() as session:
        of_the_first = select(ScanRow.id).where(ScanRow.scan_id == disputed.id)
        finding_id = session.scalars(select(Finding.id).where(Finding.scan_row_id.in_(of_the_first))).one()
    reviews.review_finding(
        registry.ctx,
        registry.operator,
        finding_id,
        ReviewAction.OPEN_CASE,
        reason="I have listened to it.",
        considered=[Considered(each, applies=False, reason="It is an advertisement.") for each in Exclusion],
    )
    registry.clock.move(days=3 * 365 + 1)
    assert {each.rule: each.records for each in purge.what_is_due(registry.ctx, registry.operator)}[RuleId.SCAN] == 1
    purge.purge(registry.ctx, registry.operator)
    assert scans.get_scan(registry.ctx, filing.studio, disputed.id).id == disputed.id
    with pytest.raises(NotFoundError):
        scans.get_scan(registry.ctx, filing.studio, other.id)
