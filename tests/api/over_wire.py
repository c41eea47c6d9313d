"""A registry that is served as an operator serves it, without a worker, and what it is asked over a plain socket."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.accounts import Role
from registry.services import accounts, tokens
from registry.settings import Settings
from registry.vault.keys import FileKeyring

ROOT = Path(__file__).resolve().parents[2]


def furnish(home: Path, database_url: str) -> Settings:
    """Give a registry on a migrated database its folder and its keys."""
    settings = Settings(home=home, database_url=database_url)
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


@dataclass(frozen=True)
class People:
    """Who asks: tokens of an operator and of a studio's member."""

    operator: str
    studio: str


def let_in(settings: Settings) -> People:
    """Let an operator and a studio in."""
    with build_context(settings) as ctx:
        first = accounts.create_first_operator(ctx, name="Trust office")
        operator = accounts.operator_principal(first)
        member = accounts.create_account(
            ctx, operator, role=Role.STUDIO_MEMBER, name="Clearances", organisation_name="Northlight"
        )
        issued = [
            tokens.issue_token(ctx, operator, account_id=each.id, name="test", scopes=None, ttl=timedelta(days=1))
            for each in (first, member)
        ]
    return People(issued[0].text, issued[1].text)


@dataclass(frozen=True)
class Served:
    """A running server."""

    settings: Settings
    process: subprocess.Popen[str]
    port: int
    people: People

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self, timeout_s: float = 120.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=timeout_s)

    def await_ready(self) -> None:
        """Return once it answers; until then connections wait to be accepted."""
        assert self.say(self.head("GET", "/healthz", "Connection: close")).startswith(b"HTTP/1.1 200")

    def say(self, data: bytes) -> bytes:
        """Send bytes on a connection of their own, and answer all that comes until the other side ends it."""
        with self.connect() as connection:
            connection.sendall(data)
            return everything(connection)

    def head(self, method: str = "GET", path: str = "/v1/me", *fields: str, token: str | None = None) -> bytes:
        """Answer the head of a request with a token."""
        lines = [f"{method} {path} HTTP/1.1", "Host: registry.example", *fields]
        lines.append(f"Authorization: Bearer {token or self.people.operator}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def everything(connection: socket.socket) -> bytes:
    """Answer what comes until the other side ends the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@dataclass(frozen=True)
class Told:
    """One answer, taken apart."""

    status: int
    fields: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def answers(data: bytes) -> list[Told]:
    """Take apart what one connection was told, answer by answer."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(fields.get("content-length", 0))
        found.append(Told(int(first.split()[1]), fields, rest[:length]))
        data = rest[length:]
    return found


@contextmanager
def serving(settings: Settings, people: People | None = None, /, **more: str) -> Iterator[Served]:
    """Run the real server without a worker; variables are given without their prefix, in small letters."""
    command = [sys.executable, "-m", "registry.cli.main", "serve"]
    variables = environment(settings) | {f"LIKENESS_{name.upper()}": value for name, value in more.items()}
    with subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  (our own program)
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+:(\d+)", process.stderr.readline())
            assert found is not None
            yield Served(settings, process, int(found[1]), people or People("", ""))
        finally:
            process.terminate()
            process.communicate(timeout=120)
