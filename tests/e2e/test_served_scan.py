"""Scans that workers run for a studio, with the real engine and real recordings, in slices and beside checks."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from same_rows import assert_same_rows
from served import ROOT, ServedHouse, copied, fill, served_house
from small_disk import filled, small_disk
from soundfiles import VOICES
from sqlalchemy import select, update

from registry.bootstrap import build_engine
from registry.domain.accounts import Role
from registry.domain.checks import CheckState, WorkKind
from registry.domain.gallery_files import SearchPurpose
from registry.domain.proposals import EngineChange
from registry.domain.scans import FindingBasis, ScanState
from registry.engine.identify import Engine
from registry.errors import ConflictError
from registry.scanning.folder import PAGES, read_json
from registry.scanning.results import PLAN, SUMMARY, ResultRow, Status, shard_path
from registry.scanning.serving import cancel_scan
from registry.scanning.verify import verify_scan
from registry.services import accounts, checks, consents, proposals, scan_work
from registry.settings import Settings
from registry.store.checks import Finding
from registry.store.database import Database
from registry.store.scans import Scan
from registry.store.work import MAX_ATTEMPTS, Work, WorkState
from registry.worker import Worker

WITHIN_S = 120.0


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine(Settings(device="cpu"))


@pytest.fixture
def postgres_house(tmp_path: Path, postgres_database: Database, engine: Engine) -> Iterator[ServedHouse]:
    with served_house(tmp_path, postgres_database, engine) as house:
        yield house


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory, engine: Engine) -> Iterator[ServedHouse]:
    """A registry to copy."""
    with served_house(tmp_path_factory.mktemp("template"), None, engine) as house:
        yield house


@pytest.fixture
def sqlite_house(tmp_path: Path, template: ServedHouse) -> Iterator[ServedHouse]:
    with copied(template, tmp_path) as house:
        yield house


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest) -> ServedHouse:
    name = {"sqlite": "sqlite_house", "postgresql": "postgres_house"}[request.param]
    found: ServedHouse = request.getfixturevalue(name)
    return found


def work_off(worker: Worker) -> int:
    """Work until nothing waits; answer how many rounds that took."""
    rounds = 0
    while worker.run_once():
        rounds += 1
    return rounds


def findings_of(house: ServedHouse, scan_id: str) -> list[Finding]:
    with house.registry.ctx.database.read() as session:
        found = session.scalars(select(Finding).order_by(Finding.id)).all()
        return [one for one in found if one.scan_id == scan_id]


def work_on(house: ServedHouse, scan: Scan) -> Work:
    with house.registry.ctx.database.read() as session:
        return session.scalars(select(Work).where(Work.kind == WorkKind.SCAN, Work.subject_id == scan.id)).one()


def by_recording(rows: list[ResultRow]) -> dict[str, ResultRow]:
    return {row.name.split("-", 2)[-1].removesuffix(".flac"): row for row in rows}


def test_a_scan_is_run_to_its_end(house: ServedHouse, engine: Engine) -> None:
    fill(house.media / "in", whole=True)
    asked = house.ask("in", project="Spring", target_fpir=0.009)
    assert asked.state is ScanState.QUEUED
    work_off(house.worker(engine))
    scan, folder = house.scan(asked.id), house.folder(asked.id)
    assert (scan.state, scan.problem, scan.rows, scan.rows_done, scan.failed) == (ScanState.DONE, None, 14, 14, 4)
    rows = by_recording(house.rows(asked.id))
    verdicts = {"slt-advert": "licensed_use", "rms-story": "unlicensed_match", "kal16-stranger": "no_match"}
    assert {name: rows[name].verdict for name in verdicts} == verdicts
    assert (rows["music"].status, rows["music"].error) == (Status.FAILED, "no_speech")
    assert rows["slt-advert"].locator == f"{ROOT}/in/00-03-slt-advert.flac"

    plan, summary = read_json(folder / PLAN), read_json(folder / SUMMARY)
    assert (plan["source"], plan["gallery"]["performers"]) == (f"{ROOT}/in", 3)
    assert (plan["operating_point"]["target_fpir"], plan["expected_false_hits"]) == (0.009, 0.13)
    assert scan.engine is not None
    assert {name: scan.engine[name] for name in ("operating_point", "expected_false_hits")} == {
        name: plan[name] for name in ("operating_point", "expected_false_hits")
    }
    assert summary["gallery_changes"] == {"came": 0, "gone": 0}
    assert scan.flagged == summary["flagged"] > 0
    verification = verify_scan(folder)
    assert verification.holds, verification.problems
    assert (scan.signed_by, scan.results_sha256) == (
        verification.thumbprint,
        verification.claims["results"]["sha256"],
    )
    for written in folder.rglob("*"):
        if written.suffix in {".json", ".jsonl", ".html"}:
            assert str(house.media) not in written.read_text(), written.name

    found = findings_of(house, asked.id)
    assert len(found) == scan.findings > 0
    assert {one.basis for one in found} == {FindingBasis.HEARD}
    assert {one.performer_id for one in found} == set(house.performers.values())
    assert house.registry.journal()[-1] == "scan.finished"
    assert work_on(house, asked).state is WorkState.DONE


def test_training_data_is_asked_for_as_such(sqlite_house: ServedHouse, engine: Engine) -> None:
    house = sqlite_house
    fill(house.media / "in")
    listed = house.media / "in" / "list.csv"
    listed.write_text(
        "file,use\n00-03-slt-advert.flac,training\n00-02-rms-story.flac,singing\n../../home/keyring.json,\n"
    )
    columns = {"path": "file", "declared_use": "use"}
    asked = house.ask("in/list.csv", kind=SearchPurpose.TRAINING, declared_use="", columns=columns)
    work_off(house.worker(engine))
    assert house.scan(asked.id).state is ScanState.DONE
    rows = house.rows(asked.id)
    assert [row.error for row in rows] == ["", "declared_use_unknown", "input_outside"]
    assert rows[0].verdict == "licensed_out_of_scope"
    assert (house.folder(asked.id) / "training-summary.json").is_file()


def test_slices_of_two_workers_come_to_what_one_run_comes_to(house: ServedHouse, engine: Engine) -> None:
    fill(house.media / "in", copies=4, whole=True)
    whole = house.ask("in")
    work_off(house.worker(engine))
    sliced = house.ask("in")
    ends_at_once = [house.worker(engine, slice_s=0.0) for _ in range(2)]
    rounds = 0
    while house.scan(sliced.id).state is not ScanState.DONE:
        assert ends_at_once[rounds % 3 == 2].run_once()
        rounds += 1
        assert work_on(house, sliced).attempts == 0
    assert rounds == house.shards(sliced.id) > 2
    assert_same_rows(house.rows(sliced.id), house.rows(whole.id))
    first, second = house.scan(whole.id), house.scan(sliced.id)
    for figure in ("rows", "rows_done", "failed", "flagged", "findings", "unresolved", "manifest_sha256"):
        assert getattr(first, figure) == getattr(second, figure), figure
    assert second.audio_s == pytest.approx(first.audio_s)
    for worker in ends_at_once:
        worker.stop()
        worker.run()


def test_progress_is_on_record_shard_by_shard(sqlite_house: ServedHouse, engine: Engine) -> None:
    house = sqlite_house
    fill(house.media / "in", copies=3)
    asked = house.ask("in")
    worker, seen = house.worker(engine, slice_s=0.0), []
    while house.scan(asked.id).state is not ScanState.DONE:
        assert worker.run_once()
        scan = house.scan(asked.id)
        seen.append((scan.rows_done, scan.audio_s, scan.failed))
        assert scan.rows == 40
        assert scan.started_at is not None
    assert seen == sorted(seen)
    assert [rows for rows, _, _ in seen][:1] == [read_json(house.folder(asked.id) / PLAN)["options"]["shard_rows"]]
    assert seen[-1][0] == 40


def test_a_check_does_not_wait_for_a_scan(sqlite_house: ServedHouse, engine: Engine) -> None:
    house = sqlite_house
    fill(house.media / "in", copies=12, distinct=True, whole=True)
    asked = house.ask()
    worker = house.worker(engine)
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        _wait_until(lambda: house.scan(asked.id).rows_done > 0)
        check = house.registry.submit(house.studio)
        done = checks.await_check(house.registry.ctx, house.studio, check.id, wait_s=WITHIN_S)
        assert done.state is CheckState.DONE
        assert house.scan(asked.id).state is ScanState.RUNNING
    finally:
        worker.stop()
        thread.join()
    scan = house.scan(asked.id)
    assert 0 < scan.rows_done < scan.rows
    left = work_on(house, asked)
    assert (left.state, left.attempts) == (WorkState.QUEUED, 0), "a worker that ends in good order gives the scan back"


def test_who_withdraws_meanwhile_is_not_looked_for_from_then_on(house: ServedHouse, engine: Engine) -> None:
    ctx, rms = house.registry.ctx, house.performers["rms"]
    fill(house.media / "in", copies=3, whole=True)
    shutil.copy(VOICES / "enrolment" / "rms-1.flac", house.media / "in" / "99-later.flac")
    asked = house.ask("in")
    worker = house.worker(engine, slice_s=0.0)
    assert worker.run_once()
    assert house.shards(asked.id) == 1
    before = read_json(house.folder(asked.id) / PLAN)["options"]["shard_rows"]
    consents.withdraw_all(ctx, house.registry.operator, rms)
    work_off(worker)
    scan, rows = house.scan(asked.id), house.rows(asked.id)
    assert scan.state is ScanState.DONE, scan.problem
    assert any(rms in row.evidence for row in rows[:before])
    assert not any(rms in row.evidence for row in rows[before:])
    again = next(row for row in rows[before:] if "rms-story" in row.name)
    assert (again.status, again.verdict) == (Status.DUPLICATE, "no_match")
    assert rms not in {one.performer_id for one in findings_of(house, asked.id)}
    assert scan.unresolved == sum(rms in row.evidence for row in rows)
    assert read_json(house.folder(asked.id) / SUMMARY)["gallery_changes"] == {"came": 0, "gone": 1}
    assert "0 performers came into it and were looked for from then on, 1 left it" in page_of(house, asked.id)


def test_a_scan_that_is_cancelled_stops_and_its_folder_goes_with_its_record(
    sqlite_house: ServedHouse, engine: Engine
) -> None:
    house = sqlite_house
    ctx = house.registry.ctx
    fill(house.media / "in", copies=3, whole=True)
    asked = house.ask("in")
    worker = house.worker(engine, slice_s=0.0)
    assert worker.run_once()
    cancelled = cancel_scan(ctx, house.studio, asked.id)
    assert (cancelled.state, cancelled.rows_done > 0) == (ScanState.CANCELLED, True)
    assert not worker.run_once()
    with pytest.raises(ConflictError, match="cancelled"):
        cancel_scan(ctx, house.studio, asked.id)
    assert house.shards(asked.id) == 1
    assert scan_work.sweep_folders(ctx) == 0
    with ctx.database.write() as session:
        session.delete(session.get_one(Scan, asked.id))
        session.commit()
    stranger = house.settings.resolved_scans / "org_01jd8x0zq2r4t6v8w0y2a4c6e8" / asked.id
    stranger.mkdir(parents=True)
    assert scan_work.sweep_folders(ctx) == 1
    assert not house.folder(asked.id).exists()
    assert stranger.exists(), "what another registry keeps in the same folder is not ours to remove"


def test_a_scan_that_is_cancelled_while_it_runs_ends_with_the_rows_in_hand(
    sqlite_house: ServedHouse, engine: Engine
) -> None:
    house = sqlite_house
    fill(house.media / "in", copies=3, whole=True)
    asked = house.ask("in")
    worker = house.worker(engine)
    begun = scan_work.note_progress

    def cancelling(*given: object) -> None:
        begun(*given)  # type: ignore[arg-type]
        if house.scan(asked.id).state is ScanState.RUNNING and house.scan(asked.id).rows_done:
            cancel_scan(house.registry.ctx, house.studio, asked.id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scan_work, "note_progress", cancelling)
        work_off(worker)
    scan = house.scan(asked.id)
    assert (scan.state, scan.rows_done < scan.rows) == (ScanState.CANCELLED, True)
    assert findings_of(house, asked.id) == []
    assert not (house.folder(asked.id) / SUMMARY).exists()


@pytest.mark.parametrize(
    ("path", "code", "says"),
    [
        ("nothing", "source_unusable", f"there is nothing at {ROOT}/nothing"),
        ("link", "source_unusable", f"there is nothing at {ROOT}/link"),
        ("in/list.csv", "source_unusable", "the list has no column path; it has a"),
        ("in/broken.csv", "source_unusable", "the list is not UTF-8"),
        ("pipe", "source_unusable", "neither a file nor a folder"),
    ],
)
def test_a_source_that_cannot_be_used_fails_the_scan_and_says_why(
    sqlite_house: ServedHouse, engine: Engine, path: str, code: str, says: str
) -> None:
    house = sqlite_house
    fill(house.media / "in")
    (house.media / "in" / "list.csv").write_text("a\n1\n")
    (house.media / "in" / "broken.csv").write_bytes(b"path\n\xff\n")
    (house.media / "link").symlink_to("/etc")
    os.mkfifo(house.media / "pipe")
    asked = house.ask(path)
    work_off(house.worker(engine))
    scan = house.scan(asked.id)
    assert scan.state is ScanState.FAILED
    assert scan.problem is not None
    assert scan.problem["slug"] == code
    assert says in scan.problem["detail"]
    assert str(house.media) not in str(scan.problem)
    assert house.registry.journal()[-1] == "scan.failed"
    assert work_on(house, asked).state is WorkState.DONE


def put_in_force(house: ServedHouse, target_fpir: float) -> None:
    """Let two operators put another operating point in force."""
    registry = house.registry
    account = accounts.create_account(
        registry.ctx,
        registry.operator,
        role=Role.OPERATOR,
        name="Second officer",
        organisation_id=registry.operator.organisation_id,
    )
    change = EngineChange(target_fpir, None, replaces=0)
    proposal = proposals.propose(registry.ctx, registry.operator, change, reason="we measured it")
    proposals.approve_proposal(
        registry.ctx,
        accounts.operator_principal(account),
        proposal.id,
        content_sha256=proposal.content_sha256,
        reason="I have read it",
    )


def test_another_engine_does_not_go_on_with_a_scan(sqlite_house: ServedHouse, engine: Engine) -> None:
    house = sqlite_house
    fill(house.media / "in", copies=3, whole=True)
    asked = house.ask("in")
    assert house.worker(engine, slice_s=0.0).run_once()
    put_in_force(house, 0.02)
    other = Engine(engine.encoders, engine.calibration, target_fpir=0.02, device="cpu", segmenter=engine.segmenter)
    work_off(house.worker(other))
    scan = house.scan(asked.id)
    assert scan.state is ScanState.FAILED
    assert scan.problem is not None
    assert (scan.problem["slug"], scan.problem["figures"]) == ("scan_mismatch", {"differs": ["target_fpir"]})


def test_rows_that_cannot_be_written_are_tried_again_and_in_the_end_named(
    sqlite_house: ServedHouse, engine: Engine
) -> None:
    house = sqlite_house
    fill(house.media / "in", copies=3, whole=True)
    asked = house.ask("in")
    worker = house.worker(engine, slice_s=0.0)
    assert worker.run_once()
    second = shard_path(house.folder(asked.id), 1)
    in_the_way = second.with_name(f".part-{second.name}~")
    in_the_way.mkdir()
    assert worker.run_once()
    left = work_on(house, asked)
    assert (left.state, left.attempts) == (WorkState.QUEUED, 1)
    in_the_way.rmdir()
    _hurry(house)
    assert worker.run_once()
    assert (work_on(house, asked).attempts, second.exists()) == (0, True)
    third = shard_path(house.folder(asked.id), 2)
    third.with_name(f".part-{third.name}~").mkdir()
    for _ in range(10):
        _hurry(house)
        worker.run_once()
    scan = house.scan(asked.id)
    assert scan.state is ScanState.FAILED
    assert scan.problem is not None
    assert scan.problem["slug"] == "scan_storage"
    assert str(house.settings.home) not in str(scan.problem)


def test_a_full_disk_costs_a_scan_no_attempt_and_with_room_it_goes_on(
    sqlite_house: ServedHouse, engine: Engine
) -> None:
    house = sqlite_house
    (house.media / "in").mkdir()
    shutil.copy(VOICES / "submissions" / "slt-advert.flac", house.media / "in")
    asked = house.ask("in")
    with small_disk(house.settings.resolved_scans) as disk:
        worker = house.worker(engine)
        with filled(disk, but=8 * 1024):
            for _ in range(MAX_ATTEMPTS + 1):
                _hurry(house)
                assert worker.run_once()
            left = work_on(house, asked)
            assert (left.state, left.attempts) == (WorkState.QUEUED, 0)
            assert house.scan(asked.id).problem is None
            assert [path.name for path in house.folder(asked.id).rglob(".*")] == []
        _hurry(house)
        work_off(worker)
        assert house.scan(asked.id).state is ScanState.DONE
        assert verify_scan(house.folder(asked.id)).holds
        house.close()


def test_a_folder_that_another_process_holds_is_left_to_it(sqlite_house: ServedHouse, engine: Engine) -> None:
    house = sqlite_house
    fill(house.media / "in")
    asked = house.ask("in")
    house.folder(asked.id).mkdir(parents=True)
    holder = os.open(house.folder(asked.id), os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    worker = house.worker(engine)
    assert worker.run_once()
    left = work_on(house, asked)
    assert (left.state, left.attempts) == (WorkState.QUEUED, 0)
    os.close(holder)
    _hurry(house)
    work_off(worker)
    assert house.scan(asked.id).state is ScanState.DONE


def test_a_worker_that_takes_no_scans_leaves_them(sqlite_house: ServedHouse, engine: Engine) -> None:
    house = sqlite_house
    fill(house.media / "in")
    asked = house.ask("in")
    places = house.registry.ctx.scan_places
    object.__setattr__(places, "takes_scans", False)
    worker = house.worker(engine)
    check = house.registry.submit(house.studio)
    assert work_off(worker) == 1
    assert checks.get_check(house.registry.ctx, house.studio, check.id).state is CheckState.DONE
    assert house.scan(asked.id).state is ScanState.QUEUED


def _hurry(house: ServedHouse) -> None:
    """Let what is to be tried again be tried now."""
    with house.registry.ctx.database.write() as session:
        session.execute(update(Work).values(available_at=house.registry.ctx.clock()))
        session.commit()


def _wait_until(happens: object) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not happens():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def page_of(house: ServedHouse, scan_id: str) -> str:
    return (house.folder(scan_id) / PAGES["en"]).read_text(encoding="utf-8")
