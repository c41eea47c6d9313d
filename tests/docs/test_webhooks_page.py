"""The page on webhooks works as it says: its receiver takes what a real registry sends, and refuses everything else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import typer
from pages import ROOT, blocks
from shell import run_bash

from registry.cli.webhook import app
from registry.clock import utc_now
from registry.domain.webhooks import LONGEST_SILENCE, MOST_ATTEMPTS, TYPES, WAITS, DeliveryProblem, DisabledReason
from registry.services.webhook_posting import WITHIN_S, signed_headers
from registry.vault.keys import FileKeyring
from registry.vault.signing import public_jwks

if TYPE_CHECKING:
    from server import Server

PAGES = {"en": ROOT / "docs" / "webhooks.md", "ko": ROOT / "docs" / "ko" / "webhooks.md"}
ENGLISH = PAGES["en"].read_text(encoding="utf-8")
NOW = datetime(2026, 3, 14, tzinfo=UTC)
BODY = json.dumps({"id": "msg_1", "type": "check.completed", "data": {}}).encode()
ON_THIS_MACHINE = {"LIKENESS_WEBHOOK_HTTP": "true", "LIKENESS_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8"}


def code(language: str, kind: str) -> str:
    (found,) = [block for block in blocks(PAGES[language].read_text(encoding="utf-8")) if block.language == kind]
    return found.text


def first_column(heading: str, page: str = ENGLISH) -> set[str]:
    table = page.split(f"| {heading} |", 1)[1].split("\n\n", 1)[0]
    rows = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


# --- the receiver ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def receiver() -> ModuleType:
    module = ModuleType("receiver")
    exec(compile(code("en", "python"), "receiver.py", "exec"), module.__dict__)  # noqa: S102  (our own page)
    return module


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> FileKeyring:
    counter = iter(range(1, 1000))
    path = tmp_path_factory.mktemp("keys") / "keyring.json"
    return FileKeyring.create(path, utc_now(), lambda count: next(counter).to_bytes(count, "big"))


def sent(keys: FileKeyring, **changes: str) -> dict[str, str]:
    return signed_headers(keys, "msg_1", BODY, NOW) | {name.replace("_", "-"): value for name, value in changes.items()}


def test_the_receiver_takes_what_the_registry_has_signed_within_five_minutes(
    receiver: ModuleType, keys: FileKeyring
) -> None:
    published = receiver.read_keys(public_jwks(keys))
    for late_s in (-300, 0, 300):
        assert receiver.verified(sent(keys), BODY, published, NOW.timestamp() + late_s)["id"] == "msg_1"


@pytest.mark.parametrize(
    ("changes", "body", "late_s"),
    [
        ({}, BODY, 301),
        ({}, BODY, -301),
        ({}, BODY + b" ", 0),
        ({"webhook_id": "msg_2"}, BODY, 0),
        ({"webhook_timestamp": str(int(NOW.timestamp()) + 1)}, BODY, 0),
        ({"webhook_key_id": "signing-9"}, BODY, 0),
        ({"webhook_signature": "v1," + "A" * 88}, BODY, 0),
        ({"webhook_signature": "v1a," + "A" * 86 + "=="}, BODY, 0),
        ({"webhook_signature": ""}, BODY, 0),
    ],
)
def test_the_receiver_refuses_what_is_old_changed_or_signed_by_another(
    receiver: ModuleType, keys: FileKeyring, changes: dict[str, str], body: bytes, late_s: float
) -> None:
    published = receiver.read_keys(public_jwks(keys))
    with pytest.raises(ValueError, match=r".+"):
        receiver.verified(sent(keys, **changes), body, published, NOW.timestamp() + late_s)


# --- the page --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[Server]:
    """A registry that may send to receivers on this machine, in place of the one that other pages share."""
    from server import running_server

    with running_server(home, ON_THIS_MACHINE) as running:
        yield running


@pytest.mark.usefixtures("curl")
def test_followed_as_it_stands_a_message_arrives_and_is_verified(
    server: Server, tmp_path: Path, free_port: int
) -> None:
    (tmp_path / "receiver.py").write_text(code("en", "python"), encoding="utf-8")
    script = code("en", "bash").replace("http://127.0.0.1:8080", server.url).replace("9009", str(free_port))
    settings = {"TOKEN": server.operator_token}
    ran = run_bash(f"{script}\nkill %1\n", cwd=tmp_path, settings=settings)
    assert ran.code == 0, ran
    ((kind, data),) = [line.split(" ", 1) for line in (tmp_path / "received.txt").read_text().splitlines()]
    assert kind == "webhook.test"
    assert sorted(json.loads(data)) == ["organisation_id", "webhook_id"]


def test_both_pages_have_the_same_programs_and_the_same_tables() -> None:
    korean = PAGES["ko"].read_text(encoding="utf-8")
    for kind in ("python", "bash", "json"):
        assert code("en", kind) == code("ko", kind)
    for english, other in (("type", "종류"), ("problem", "문제"), ("header", "헤더")):
        assert first_column(english) == first_column(other, korean)


def test_every_type_and_every_problem_is_told_and_no_other() -> None:
    assert first_column("type") == set(TYPES)
    assert first_column("problem") == {problem.value for problem in DeliveryProblem}
    for reason in DisabledReason:
        assert f"`{reason.value}`" in ENGLISH


def test_every_command_is_named() -> None:
    named = first_column("command") | {f"likeness webhook {name}" for name in first_column("command")}
    for name in typer.main.get_command(app).commands:  # type: ignore[attr-defined]
        assert any(each.startswith(f"likeness webhook {name}") for each in named), name


def test_the_figures_are_those_of_the_rules() -> None:
    figures: dict[str, Any] = {
        f"tried {MOST_ATTEMPTS} times over some three days": WAITS[-1].total_seconds() == 12 * 3600,
        "over after ten seconds": WITHIN_S == 10,
        "nothing has arrived for seven days": LONGEST_SILENCE.days == 7,
        "10 seconds, 1 minute, 10 minutes, 1 hour,\n4 hours, 8 hours, and then every 12 hours": [
            int(wait.total_seconds()) for wait in WAITS[:6]
        ]
        == [10, 60, 600, 3600, 4 * 3600, 8 * 3600],
    }
    for words, holds in figures.items():
        assert words in ENGLISH
        assert holds, words
