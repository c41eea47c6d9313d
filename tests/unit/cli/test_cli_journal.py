"""``likeness journal``: what is exported is checked by anybody, with nothing of the registry at hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import CommandLine
from sqlalchemy import create_engine, text

from registry.cli import parts
from registry.cli.operator import choose_operator, opened_registry
from registry.domain.performers import IdentityAssurance
from registry.errors import DuplicateError, InvalidInputError, JournalDamagedError
from registry.services import performers
from registry.settings import Settings

pytestmark = pytest.mark.usefixtures("operator")
STRANGER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


@pytest.fixture
def exported(likeness: CommandLine, tmp_path: Path) -> Path:
    folder = tmp_path / "exported"
    likeness.out("journal", "export", str(folder))
    return folder


@pytest.fixture
def key(likeness: CommandLine) -> str:
    return likeness.out("journal", "keys")


def register(name: str = "Bo Berg") -> None:
    with opened_registry() as ctx:
        performers.register_performer(
            ctx, choose_operator(ctx, None), name=name, identity_assurance=IdentityAssurance.UNION_VOUCHED
        )


def test_a_folder_is_checked_without_registry_settings_database_or_torch(exported: Path, key: str) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "registry.cli.main"]
    done = subprocess.run(  # noqa: S603  (our own program)
        [*command, "journal", "verify", str(exported), "--key", key, "--json"],
        env={"LIKENESS_HOME": "/nowhere", "LIKENESS_KEYRING": "/nowhere/keys"},
        cwd=exported,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["holds"]
    assert found["leaves"] == found["signed"] == 2
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "registry.journal.verify" in loaded
    assert not loaded & {"torch", "pyarrow", "psycopg"}


def test_a_folder_of_which_a_leaf_was_changed_is_refused_with_exit_code_1(
    likeness: CommandLine, exported: Path, key: str
) -> None:
    leaves = exported / "leaves.jsonl"
    leaves.write_text(leaves.read_text().replace("account.created", "account.changed"))
    result = likeness.run("journal", "verify", str(exported), "--key", key)
    assert result.exit_code == 1
    assert "leaf_changed: leaf 2 has not the hash that is kept with it" in result.stdout
    found = json.loads(likeness.run("journal", "verify", str(exported), "--key", key, "--json").stdout)
    assert {flaw["kind"] for flaw in found["flaws"]} == {"leaf_changed", "not_as_signed"}


def test_a_folder_is_checked_by_a_key_that_is_given_and_by_no_other(
    likeness: CommandLine, exported: Path, key: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(f"{key}\n")
    assert likeness.run("journal", "verify", str(exported), "--key", str(keys)).exit_code == 0
    result = likeness.run("journal", "verify", str(exported), "--key", STRANGER)
    assert result.exit_code == 1
    assert "checkpoint_invalid" in result.stdout
    assert "--key" in likeness.usage("journal", "verify", str(exported))
    assert "verifier key" in likeness.usage("journal", "verify", str(exported), "--key", "a+b+c")
    assert isinstance(likeness.error("journal", "verify", str(exported), "--key", "nowhere"), InvalidInputError)


def test_an_earlier_checkpoint_or_export_tells_a_journal_that_was_cut(
    likeness: CommandLine, exported: Path, key: str, tmp_path: Path
) -> None:
    register()
    earlier = tmp_path / "checkpoint"
    earlier.write_text(likeness.out("journal", "checkpoint") + "\n")
    assert likeness.run("journal", "verify", "--since", str(earlier), "--since", str(exported)).exit_code == 0
    result = likeness.run("journal", "verify", str(exported), "--key", key, "--since", str(earlier))
    assert result.exit_code == 1
    assert "truncated: there are 2 leaves, and 3 were signed" in result.stdout


def test_leaves_behind_the_last_checkpoint_are_told(likeness: CommandLine) -> None:
    likeness.out("journal", "checkpoint")
    register()
    result = likeness.run("journal", "verify")
    assert result.exit_code == 0
    assert "1 leaves came after the last checkpoint" in result.stderr


def test_the_same_journal_is_signed_once(likeness: CommandLine) -> None:
    assert likeness.out("journal", "checkpoint") == likeness.out("journal", "checkpoint")


def test_an_export_is_never_put_over_anything(likeness: CommandLine, exported: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    assert isinstance(likeness.error("journal", "export", str(exported)), DuplicateError)
    assert isinstance(likeness.error("journal", "export", str(tmp_path / "no" / "where")), InvalidInputError)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_doctor_looks_at_the_journal(likeness: CommandLine, migrated: Path) -> None:
    likeness.out("journal", "checkpoint")
    part = parts.journal(Settings(home=migrated))
    assert part.ok
    assert part.detail == "2 leaves are those of their tree; 2 of them are signed"


def test_doctor_names_what_was_done_to_the_journal(likeness: CommandLine, migrated: Path) -> None:
    engine = create_engine(f"sqlite:///{migrated / 'registry.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER journal_nodes_kept_at_update"))
        connection.execute(text("UPDATE journal_nodes SET sha256 = 'ab' WHERE position = 2"))
    engine.dispose()
    part = parts.journal(Settings(home=migrated))
    assert not part.ok
    assert "tree_changed: node 2 of the tree is not that of the leaves" in part.detail
    assert "journal verify" in part.remedy
    register()
    assert likeness.run("journal", "verify").exit_code == 1


def test_a_journal_that_was_changed_after_it_was_signed_is_signed_no_more(
    likeness: CommandLine, migrated: Path
) -> None:
    likeness.out("journal", "checkpoint")
    engine = create_engine(f"sqlite:///{migrated / 'registry.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("DROP TRIGGER journal_nodes_kept_at_update"))
        connection.execute(text("UPDATE journal_nodes SET sha256 = :digest WHERE position = 2"), {"digest": "ab" * 32})
    engine.dispose()
    assert isinstance(likeness.error("journal", "checkpoint"), JournalDamagedError)
