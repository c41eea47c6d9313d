"""A worker takes the gallery and follows it: whatever became of one record, the others are searched."""

from __future__ import annotations

import ctypes
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from keyed import Keyed
from sqlalchemy import select, text, update
from steps import Registry
from structlog.testing import capture_logs

from registry.bootstrap import build_engine
from registry.domain.house_keys import Purpose
from registry.engine.identify import Engine
from registry.engine.voiceprint import Voiceprint
from registry.errors import DatabaseNotReadyError, KeyringError
from registry.services import consents, enrolment_work
from registry.settings import Settings
from registry.store import workers
from registry.store.enrolments import SealedVoiceprint, voiceprints_of
from registry.store.schema import SchemaRevision
from registry.store.work import Work
from registry.vault.keyring_file import KeyringFile, WatchedKeyring
from registry.vault.keys import FileKeyring
from registry.vault.voiceprints import VoiceprintVault
from registry.worker import Worker

Enrol = Callable[[str], str]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine(Settings(device="cpu"))


@pytest.fixture
def enrol(sqlite_registry: Registry, engine: Engine) -> Enrol:
    """Answer what enrols a performer of a name, in the spaces of the engine."""
    registry = sqlite_registry

    def enrolled(name: str) -> str:
        performer_id = registry.performer(name)
        registry.sign(performer_id)
        registry.offer_recordings(performer_id)
        enrolment_work.complete_enrolment(registry.ctx, registry.lease(), drawn(engine, performer_id))
        return performer_id

    return enrolled


def drawn(engine: Engine, seed: str) -> Sequence[Voiceprint]:
    random = np.random.default_rng(list(seed.encode()))
    vectors = [random.normal(size=space.dimension).astype(np.float32) for space in engine.spaces.values()]
    return [
        Voiceprint(space, vector / np.float32(np.linalg.norm(vector)), "one", 12.0)
        for space, vector in zip(engine.spaces.values(), vectors, strict=True)
    ]


def tamper(registry: Registry, performer_id: str) -> None:
    with registry.ctx.database.write() as session:
        first = voiceprints_of(session, performer_id)[0]
        broken = first.sealed[:-1] + bytes([first.sealed[-1] ^ 1])
        session.execute(update(SealedVoiceprint).where(SealedVoiceprint.id == first.id).values(sealed=broken))
        session.commit()


def test_one_tampered_record_is_warned_of_and_the_others_are_searched(
    sqlite_registry: Registry, engine: Engine, enrol: Enrol
) -> None:
    one, other = enrol("One"), enrol("Other")
    tamper(sqlite_registry, one)
    worker = Worker(sqlite_registry.ctx, engine)
    with capture_logs() as log:
        worker.take_whole_gallery()
    assert worker.searched.performers() == (other,)
    (warning,) = (entry for entry in log if entry["log_level"] == "warning")
    assert (warning["performer"], warning["slug"]) == (one, "seal_broken")
    (loaded,) = (entry for entry in log if entry["event"] == "gallery loaded")
    assert (loaded["performers"], loaded["left_out"]) == (1, 1)
    assert loaded["seconds"] >= 0


def test_a_tampered_record_in_a_step_takes_its_performer_out_and_stops_nothing(
    sqlite_registry: Registry, engine: Engine, enrol: Enrol
) -> None:
    one = enrol("One")
    worker = Worker(sqlite_registry.ctx, engine)
    worker.take_whole_gallery()
    sqlite_registry.offer_recordings(one)
    enrolment_work.complete_enrolment(sqlite_registry.ctx, sqlite_registry.lease(), drawn(engine, "again"))
    tamper(sqlite_registry, one)
    other = enrol("Other")
    with capture_logs() as log:
        worker.follow_gallery()
    assert worker.searched.performers() == (other,)
    assert [entry["performer"] for entry in log if entry["log_level"] == "warning"] == [one]


def test_a_worker_with_another_keyring_does_not_become_ready(
    sqlite_registry: Registry, engine: Engine, enrol: Enrol, tmp_path: Path
) -> None:
    enrol("One")
    ctx = sqlite_registry.ctx
    keys = FileKeyring.create(tmp_path / "other.json", ctx.clock(), np.random.default_rng(0).bytes)
    worker = Worker(replace(ctx, keys=keys, vault=VoiceprintVault(keys, ctx.random_bytes)), engine)
    with pytest.raises(KeyringError, match="none opens"):
        worker.run()
    with ctx.database.read() as session:
        assert workers.live_workers(session, now=ctx.clock(), within_s=60.0) == []


def test_who_comes_and_who_withdraws_is_followed_and_confirmed(
    sqlite_registry: Registry, engine: Engine, enrol: Enrol
) -> None:
    registry = sqlite_registry
    there = enrol("There before")
    worker = Worker(registry.ctx, engine)
    worker.take_whole_gallery()
    came = enrol("Came")
    worker.follow_gallery()
    assert set(worker.searched.performers()) == {there, came}
    done = consents.withdraw_all(registry.ctx, registry.operator, there)
    assert (done.workers_live, done.workers_confirmed) == (1, 0)
    worker.follow_gallery()
    assert worker.searched.performers() == (came,)
    with registry.ctx.database.read() as session:
        (beat,) = workers.live_workers(session, now=registry.ctx.clock(), within_s=60.0)
    assert beat.gallery_seq == 3


def test_a_voice_under_a_key_that_this_host_lacks_is_searched_once_the_keyring_comes(
    sqlite_registry: Registry, engine: Engine, enrol: Enrol, tmp_path: Path
) -> None:
    """It is warned of, and nobody has to start the worker again."""
    keyed, there = Keyed(sqlite_registry, tmp_path / "keyring.json"), enrol("There before")
    other = tmp_path / "other host" / "keyring.json"
    other.parent.mkdir()
    shutil.copy(keyed.path, other)
    keys = WatchedKeyring(KeyringFile(other))
    worker = Worker(replace(keyed.ctx, keys=keys, vault=VoiceprintVault(keys, keyed.ctx.random_bytes)), engine)
    worker.take_whole_gallery()
    keyed.rotate(Purpose.WRAPPING)
    came = enrol("Came")
    with capture_logs() as log:
        worker.follow_gallery()
    assert worker.searched.performers() == (there,)
    assert [entry["slug"] for entry in log if entry["log_level"] == "warning"] == ["keyring"]
    shutil.copy(keyed.path, other)
    deadline = time.monotonic() + 10
    while len(worker.searched) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)
        worker.follow_gallery()
    assert set(worker.searched.performers()) == {there, came}
    consents.withdraw_all(keyed.ctx, keyed.registry.operator, came)
    worker.follow_gallery()
    assert worker.searched.performers() == (there,)


def test_a_worker_takes_no_work_while_the_schema_does_not_serve_it(sqlite_registry: Registry, engine: Engine) -> None:
    registry = sqlite_registry
    performer_id = registry.performer("Marta Calder")
    registry.sign(performer_id)
    registry.offer_recordings(performer_id)
    worker = Worker(registry.ctx, engine)
    worker.take_whole_gallery()
    ours = registry.ctx.database.head_revision()
    move_schema(registry, "9999")
    for _ in range(3):
        with pytest.raises(DatabaseNotReadyError, match="start the newer version"):
            worker.run_once()
    with registry.ctx.database.read() as session:
        assert session.scalars(select(Work.attempts)).all() == [0]
    move_schema(registry, ours)
    assert worker._run_once([]) is False  # it goes on; there is nothing of no kind to do


def move_schema(registry: Registry, revision: str) -> None:
    with registry.ctx.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        if revision == "9999":
            row = {"revision": revision, "serves_code_from": revision, "applied_at": registry.ctx.clock()}
            session.add(SchemaRevision(**row))
        session.commit()


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "malloc_trim"), reason="this allocator keeps what it likes")
def test_a_worker_gives_back_what_it_has_freed(sqlite_registry: Registry, engine: Engine) -> None:
    worker = Worker(sqlite_registry.ctx, engine)
    worker.take_whole_gallery()
    pieces = [bytearray(b"x" * 2**15) for _ in range(2**11)]  # 64 MiB
    kept = pieces[::32]  # one in each MiB, so that the heap cannot shrink from its end
    pieces.clear()
    before = resident_mib()
    worker.run_once()
    assert before - resident_mib() > len(kept) / 2


def resident_mib() -> float:
    """Answer how much of this process is in memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
