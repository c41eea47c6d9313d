"""A new version takes over from the old one while both serve one database, and nobody who asks is turned away."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "store"))
sys.path.insert(0, str(Path(__file__).parents[1] / "docs"))

from next_release import ROOT, NextRelease
from pages import blocks

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.services import accounts, tokens
from registry.settings import Settings
from registry.store.database import Database
from registry.vault.keys import FileKeyring

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
_PAUSE_S = 0.05


class Asking:
    """Somebody who makes and reads accounts, one after the other, until told to stop."""

    def __init__(self, url: str, token: str) -> None:
        self.made: list[str] = []
        self.answers: list[int] = []
        self._stop = threading.Event()
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=60
        )
        self._thread = threading.Thread(target=self._ask)
        self._thread.start()

    def _ask(self) -> None:
        with self._client as client:
            while not self._stop.wait(_PAUSE_S):
                body = {"role": "studio_admin", "name": "Desk", "organisation_name": f"House {len(self.made)}"}
                made = client.post("/v1/accounts", json=body)
                self.answers.append(made.status_code)
                if made.is_success:
                    self.made.append(made.json()["id"])
                    self.answers.append(client.get(f"/v1/accounts/{self.made[-1]}").status_code)

    def wait(self, answers: int) -> None:
        """Wait until so many more were answered, well or not."""
        enough = len(self.answers) + answers
        while len(self.answers) < enough and self._thread.is_alive():
            self._thread.join(0.02)

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(60)


@pytest.fixture
def settings(postgres_database: Database, tmp_path: Path) -> Settings:
    url = postgres_database.engine.url.render_as_string(hide_password=False)
    settings = Settings(home=tmp_path / "home", database_url=url)
    settings.home.mkdir()
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    return settings


def operators_token(settings: Settings) -> str:
    with build_context(settings) as ctx:
        account = accounts.create_first_operator(ctx, name="Trust office")
        principal = accounts.operator_principal(account)
        life = timedelta(days=1)
        issued = tokens.issue_token(ctx, principal, account_id=account.id, name="test", scopes=None, ttl=life)
    return issued.text


def environment(code: Path, settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
    return kept | {
        "LIKENESS_HOME": str(settings.home),
        "LIKENESS_DATABASE_URL": settings.resolved_database_url,
        "LIKENESS_PORT": "0",
        "LIKENESS_EMBEDDED_WORKER": "false",
        "LIKENESS_LOG_LEVEL": "error",
        "PYTHONPATH": str(code),
    }


@contextmanager
def serving(code: Path, settings: Settings) -> Iterator[str]:
    """Run ``likeness serve`` of a release, without a worker; end it in good order."""
    command = [sys.executable, "-m", "registry.cli.main", "serve"]
    named = environment(code, settings)
    with subprocess.Popen(command, cwd=code, env=named, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  (our own program)
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+", process.stderr.readline())
            assert found is not None
            yield found[0]
        finally:
            process.terminate()
            process.communicate(timeout=120)


def assert_steps_of_the_page_work(new: Path, settings: Settings) -> None:
    """Run what the operating page says, each command with the version that it says."""
    (steps,) = [block.text for block in blocks(PAGE) if block.mark == "test: rolling upgrade"]
    for line in steps.splitlines():
        command, _, whose = line.partition("#")
        code = new if "of the new version" in whose else ROOT
        assert command.split()[0] == "likeness"
        done = subprocess.run(  # noqa: S603  (our own program)
            [sys.executable, "-m", "registry.cli.main", *command.split()[1:]],
            cwd=code,
            env=environment(code, settings),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done
    assert "made by a newer version; it serves code from" in done.stdout


def test_a_new_version_takes_over_while_everybody_goes_on_asking(
    settings: Settings, postgres_database: Database, tmp_path: Path
) -> None:
    ours, token = postgres_database.head_revision(), operators_token(settings)
    following = NextRelease(tmp_path)
    following.add('op.add_column("organisations", sa.Column("motto", sa.String(40), nullable=True))', serves=ours)
    newest = following.add('index_online("ix_organisations_name", "organisations", ["name"])', serves=ours)

    with ExitStack() as stack:
        old = stack.enter_context(ExitStack())
        before = Asking(old.enter_context(serving(ROOT, settings)), token)
        stack.callback(before.stop)
        before.wait(4)
        assert_steps_of_the_page_work(following.folder, settings)
        assert postgres_database.current_revision() == newest
        before.wait(8)
        after = Asking(stack.enter_context(serving(following.folder, settings)), token)
        stack.callback(after.stop)
        after.wait(8)
        before.wait(2)
        before.stop()
        old.close()  # the old version ends, the new one goes on
        after.wait(4)
        after.stop()
    assert set(before.answers) == {200, 201}
    assert set(after.answers) == {200, 201}
    assert len(set(before.made + after.made)) == len(before.made) + len(after.made) >= 8
