"""Keys at the command line: how they stand, what is refused, and the page's commands on a registry of one's own."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from command_line import CommandLine

from registry.cli import parts
from registry.cli.keys import app as keys_app
from registry.cli.operator import opened_registry
from registry.clock import utc_now
from registry.errors import ConflictError, KeyringError
from registry.settings import Settings
from registry.store.performers import PerformerKey


@pytest.fixture
def sealed(performer: str) -> str:
    """A performer with a key."""
    with opened_registry() as ctx:
        wrapped = ctx.vault.new_performer_key()
        with ctx.database.write() as session:
            session.add(
                PerformerKey(
                    performer_id=performer,
                    modality="voice",
                    master_key_id=wrapped.master_key_id,
                    wrapped_key=wrapped.wrapped,
                    created_at=utc_now(),
                )
            )
            session.commit()
    return performer


@pytest.mark.usefixtures("operator")
def test_a_purpose_that_there_is_not_is_a_usage_error(likeness: CommandLine) -> None:
    likeness.usage("keys", "rotate", "everything")
    likeness.usage("keys", "retire")


@pytest.mark.usefixtures("sealed")
def test_a_key_in_use_and_one_just_replaced_are_not_retired(likeness: CommandLine, tmp_path: Path) -> None:
    to = str(tmp_path / "old")
    assert isinstance(likeness.error("keys", "retire", "wrapping-1", "--to", to), ConflictError)
    likeness.out("keys", "rotate")
    refused = likeness.error("keys", "retire", "wrapping-1", "--to", to)
    assert "less than an hour" in refused.detail
    assert isinstance(likeness.error("keys", "put-back", to), KeyringError)
    assert not Path(to).exists()


@pytest.mark.usefixtures("sealed")
def test_rotating_says_what_moved_and_status_what_is_under_which_key(likeness: CommandLine) -> None:
    assert "nothing had to move" in likeness.out("keys", "rotate", "signing")
    done = {each["key"]: each for each in likeness.json("keys", "rotate")}
    assert done["wrapping-2"]["moved"] == {"performer_keys": 1}
    assert done["protection-2"] == {
        "purpose": "protection",
        "key": "protection-2",
        "staged": False,
        "resumed": False,
        "moved": {},
        "left": [],
    }
    found = {key["id"]: (key["state"], key["records"]) for key in likeness.json("keys", "status")}
    assert found["wrapping-1"] == ("old", 0)
    assert found["wrapping-2"] == ("in_use", 1)
    assert found["signing-1"] == ("old", 0)
    published = json.loads(likeness.out("keys", "public"))["keys"]
    assert [key["kid"] for key in published] == ["signing-1", "signing-2"]
    assert published[0]["in_use_until"] == published[1]["in_use_from"]


@pytest.mark.usefixtures("sealed")
def test_keys_that_wait_are_said_to_and_are_put_in_use_by_the_next_rotation(likeness: CommandLine) -> None:
    assert "wrapping-2 waits: bring the keyring to every host" in likeness.out("keys", "rotate", "--stage")
    assert {key["id"]: key["state"] for key in likeness.json("keys", "status")}["wrapping-2"] == "staged"
    assert likeness.json("keys", "rotate", "wrapping")[0]["key"] == "wrapping-2"


@pytest.mark.usefixtures("sealed")
def test_a_key_that_is_missing_is_flagged_by_status_and_doctor(migrated: Path, likeness: CommandLine) -> None:
    """The keyring of before the rotation: a copy that was put back, or a host that was forgotten."""
    copy = (migrated / "keyring.json").read_bytes()
    settings = Settings(home=migrated)
    assert parts.keys(settings).ok
    likeness.out("keys", "rotate", "wrapping")
    assert "none has to move" in parts.keys(settings).detail
    (migrated / "keyring.json").write_bytes(copy)
    flagged = likeness.run("keys", "status")
    assert flagged.exit_code == 1
    assert "wrapping-2 is not in this keyring" in flagged.stdout
    found = parts.keys(settings)
    assert not found.ok
    assert "wrapping-2 (1 records)" in found.detail
    assert "put-back" in found.remedy


def test_core_dumps_are_looked_at() -> None:
    assert parts.core_dumps().ok


@pytest.mark.usefixtures("sealed")
def test_every_command_of_the_page_on_keys_does_what_it_says(likeness: CommandLine) -> None:
    page = (Path(__file__).parents[3] / "docs" / "operating.md").read_text(encoding="utf-8")
    section = page.split("\n## Keys\n", 1)[1].split("\n## ", 1)[0]
    shown = [line.partition("#")[0] for line in section.splitlines() if line.startswith("likeness keys ")]
    assert len(shown) >= 4
    for line in shown:
        command, may_fail, _ = line.partition("||")
        done = likeness.run(*shlex.split(command)[1:])
        if may_fail:
            assert isinstance(done.exception, ConflictError)
        else:
            assert done.exit_code == 0, (line, done.stdout, done.exception)
    named = set(re.findall(r"`likeness keys ([a-z-]+)", section))
    assert named <= {str(each.name or each.callback.__name__) for each in keys_app.registered_commands if each.callback}
