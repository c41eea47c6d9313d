"""A worker that is killed in the middle of a check loses nothing and doubles nothing: real processes, real audio."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

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

VOICES = Path(__file__).parents[2] / "examples" / "voices"
LONG_S = 240.0
"""Long enough that a worker takes seconds for it, on any machine."""
PATIENCE_S = 120.0


@dataclass
class Registry:
    """A registry with a studio in it, for workers that are processes of their own."""

    settings: Settings
    ctx: Context
    studio: Principal

    def work(self) -> Work | None:
        with self.ctx.database.read() as session:
            return session.scalars(select(Work)).one_or_none()

    def await_work(self, state: WorkState) -> Work:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = self.work()
            if found is not None and found.state is state:
                return found
            time.sleep(0.01)
        raise AssertionError(f"the work did not become {state.value} within {PATIENCE_S} s, it is {self.work()}")


@contextmanager
def _worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "LIKENESS_HOME": str(settings.home),
        "LIKENESS_DATABASE_URL": settings.resolved_database_url,
        "LIKENESS_LEASE_S": "2",
        "LIKENESS_ENGINE_THREADS": "1",
        "LIKENESS_LOG_LEVEL": "error",
    }
    process = subprocess.Popen([sys.executable, "-m", "registry.worker"], env=environment)
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


def _long_recording(ctx: Context, path: Path) -> Path:
    voice = ctx.decoder.decode(VOICES / "submissions" / "slt-advert.flac").samples
    samples = np.resize((voice * 32767).astype("<i2"), int(LONG_S * 16_000))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return path


@pytest.mark.xdist_group("engine")
def test_a_check_whose_worker_is_killed_is_done_once_by_another(registry: Registry, tmp_path: Path) -> None:
    path = _long_recording(registry.ctx, tmp_path / "long.wav")
    use = DeclaredUse(UseKind.GENERATED, UsePurpose.NARRATION, "Spring", Medium.RADIO, "GB", "en")
    check = checks.submit_check(registry.ctx, registry.studio, upload=Upload(path, path.name), use=use)

    with _worker(registry.settings) as first:
        taken = registry.await_work(WorkState.LEASED)
        time.sleep(0.3)  # well into the work, which takes seconds
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
    left = registry.work()
    assert left is not None
    assert left.state is WorkState.LEASED, "the work was done before the worker could be killed: make it longer"
    assert checks.get_check(registry.ctx, registry.studio, check.id).state is CheckState.QUEUED

    with _worker(registry.settings):
        finished = registry.await_work(WorkState.DONE)
    done = checks.get_check(registry.ctx, registry.studio, check.id)
    assert done.state is CheckState.DONE
    assert (finished.attempts, finished.lease_token) == (2, taken.lease_token + 1)
    with registry.ctx.database.read() as session:
        count = select(func.count()).where(JournalEntry.type == "check.completed")
        assert session.scalar(count) == 1
    assert registry.ctx.spool.keys() == []
