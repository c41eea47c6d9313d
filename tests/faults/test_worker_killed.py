"""A worker that is killed in the middle of its work loses nothing and doubles nothing: real processes, real audio."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import wave
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.accounts import Principal, Role
from registry.domain.checks import CheckState
from registry.domain.uses import DeclaredUse, Medium, UseKind, UsePurpose
from registry.services import accounts, checks, tokens
from registry.services.context import Context
from registry.services.intake import Upload
from registry.settings import Settings
from registry.store.database import Database
from registry.store.journal import JournalEntry
from registry.store.work import Work, WorkState
from registry.vault.keys import FileKeyring

ROOT = Path(__file__).resolve().parents[2]
VOICES = ROOT / "examples" / "voices"
USE = DeclaredUse(UseKind.GENERATED, UsePurpose.NARRATION, "Spring", Medium.RADIO, "GB", "en")
LONG_S = 120.0
"""Long enough that a worker takes seconds for it, on any machine."""
PATIENCE_S = 600.0
TOGETHER = 4
WORKER = [sys.executable, "-m", "registry.starting", "registry.worker"]
KILLED_AT = Path(__file__).with_name("worker_killed_at.py")


@dataclass
class Registry:
    """A registry with a studio in it, for workers that are processes of their own."""

    settings: Settings
    ctx: Context
    studio: Principal

    def work(self) -> Sequence[Work]:
        """Answer all the work there is, the oldest first."""
        with self.ctx.database.read() as session:
            return session.scalars(select(Work).order_by(Work.id)).all()

    def await_work(self, state: WorkState) -> Sequence[Work]:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = self.work()
            if {each.state for each in found} == {state}:
                return found
            time.sleep(0.05)
        states = [each.state.value for each in self.work()]
        raise AssertionError(f"the work did not become {state.value} within {PATIENCE_S} s, it is {states}")

    def submit(self, path: Path) -> str:
        upload = Upload(path, path.name)
        return checks.submit_check(self.ctx, self.studio, upload=upload, use=USE).id

    def completed(self) -> Counter[str]:
        """Answer how often the journal says of each check that it was completed."""
        with self.ctx.database.read() as session:
            query = select(JournalEntry.subject_id).where(JournalEntry.type == "check.completed")
            return Counter(session.scalars(query))


@contextmanager
def _worker(settings: Settings, command: Sequence[str] = WORKER) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "LIKENESS_HOME": str(settings.home),
        "LIKENESS_DATABASE_URL": settings.resolved_database_url,
        "LIKENESS_LEASE_S": "2",
        "LIKENESS_ENGINE_THREADS": "1",
        "LIKENESS_LOG_LEVEL": "error",
    }
    process = subprocess.Popen(command, env=environment, cwd=ROOT)  # noqa: S603  (our own program)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def registry(database: Database, tmp_path: Path) -> Iterator[Registry]:
    settings = Settings(home=tmp_path / "home", database_url=database.url)
    settings.home.mkdir()
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    with build_context(settings) as ctx:
        operator = accounts.operator_principal(accounts.create_first_operator(ctx, name="Trust office"))
        account = accounts.create_account(
            ctx, operator, role=Role.STUDIO_MEMBER, name="Clearances", organisation_name="Northlight"
        )
        issued = tokens.issue_token(
            ctx, operator, account_id=account.id, name="test", scopes=None, ttl=timedelta(days=1)
        )
        yield Registry(settings, ctx, tokens.authenticate(ctx, issued.text))


def _recording(ctx: Context, path: Path, seconds: float) -> Path:
    voice = ctx.decoder.decode(VOICES / "submissions" / "slt-advert.flac").samples
    samples = np.resize((voice * 32767).astype("<i2"), int(seconds * 16_000))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return path


def test_a_check_whose_worker_is_killed_is_done_once_by_another(registry: Registry, tmp_path: Path) -> None:
    check_id = registry.submit(_recording(registry.ctx, tmp_path / "long.wav", LONG_S))

    with _worker(registry.settings) as first:
        (taken,) = registry.await_work(WorkState.LEASED)
        time.sleep(0.3)  # well into the work, which takes seconds
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    (left,) = registry.work()
    assert left.state is WorkState.LEASED, "the work was done before the worker could be killed: make it longer"
    assert checks.get_check(registry.ctx, registry.studio, check_id).state is CheckState.QUEUED

    with _worker(registry.settings):
        (finished,) = registry.await_work(WorkState.DONE)
    assert checks.get_check(registry.ctx, registry.studio, check_id).state is CheckState.DONE
    assert (finished.attempts, finished.lease_token) == (2, taken.lease_token + 1)
    assert registry.completed() == {check_id: 1}
    assert registry.ctx.spool.keys() == []


@pytest.mark.parametrize(("when", "done"), [("before", 1), ("after", 2)])
def test_of_checks_done_together_a_kill_undoes_none_and_each_is_done_once(
    registry: Registry, tmp_path: Path, when: str, done: int
) -> None:
    """The worker dies at the commit of the second of four verdicts: what was committed stays, the rest is done anew."""
    path = _recording(registry.ctx, tmp_path / "short.wav", 5.0)
    submitted = [registry.submit(path) for _ in range(TOGETHER)]

    with _worker(registry.settings, [sys.executable, str(KILLED_AT), "2", when]) as first:
        assert first.wait(PATIENCE_S) == -signal.SIGKILL
    left = registry.work()
    assert [each.state for each in left] == [WorkState.DONE] * done + [WorkState.LEASED] * (TOGETHER - done)
    assert [each.attempts for each in left] == [1] * TOGETHER, "they were not done together"
    assert registry.completed() == dict.fromkeys(submitted[:done], 1)

    with _worker(registry.settings):
        finished = registry.await_work(WorkState.DONE)
    assert [each.attempts for each in finished] == [1] * done + [2] * (TOGETHER - done)
    assert registry.completed() == dict.fromkeys(submitted, 1)
    left_to_the_sweep = [submitted[1]] if when == "after" else []  # it died before it could delete the upload
    assert registry.ctx.spool.keys() == left_to_the_sweep
