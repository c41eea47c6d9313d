"""``likeness backup`` and ``restore``: from one folder of a registry to another, with the keyring alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_line import CommandLine

from registry.cli import parts
from registry.cli.operator import choose_operator, opened_registry
from registry.domain.performers import IdentityAssurance
from registry.errors import BackupForeignError, RestoreRefusedError
from registry.services import performers
from registry.settings import Settings


def register(name: str) -> None:
    with opened_registry() as ctx:
        performers.register_performer(
            ctx, choose_operator(ctx, None), name=name, identity_assurance=IdentityAssurance.UNION_VOUCHED
        )


@pytest.fixture
def lost(likeness: CommandLine, operator: str, migrated: Path, tmp_path: Path) -> Path:
    """The only backup of a registry whose database is gone."""
    assert operator
    register("Ada Lind")
    likeness.out("backup", str(tmp_path / "backups"))
    register("Bo Berg")
    (tmp_path / "checkpoint").write_text(likeness.out("journal", "checkpoint") + "\n")
    for path in migrated.glob("registry.sqlite3*"):
        path.unlink()
    [backup] = (tmp_path / "backups").glob("bak_*")
    return backup


def test_what_was_backed_up_is_verified_without_a_database_and_restored(
    likeness: CommandLine, lost: Path, migrated: Path, tmp_path: Path
) -> None:
    (migrated / "keyring.json").rename(tmp_path / "keyring.json")
    likeness.out("keys", "init")
    assert isinstance(likeness.error("restore", str(lost)), BackupForeignError)
    assert not list(migrated.glob("registry.sqlite3*"))
    (tmp_path / "keyring.json").replace(migrated / "keyring.json")
    told = likeness.json("backup", "verify", str(lost))
    assert (told["whole"], told["keys"]) == (True, 0)
    done = likeness.json("restore", str(lost))
    assert done["rows"] == told["rows"]
    assert done["known_before"] == told["journal_size"] + 2, "the leaf of the backup, and that of Bo"
    assert [each["name"] for each in likeness.json("performer", "list")] == ["Ada Lind"]
    assert "restored: leaf" in likeness.out("journal", "verify")
    later = likeness.run("journal", "verify", "--since", str(tmp_path / "checkpoint"))
    assert later.exit_code == 1
    assert "lost_in_restoration: the leaves" in later.stdout
    assert isinstance(likeness.error("restore", str(lost)), RestoreRefusedError)


def test_a_list_that_is_behind_is_seen_by_the_doctor(likeness: CommandLine, operator: str, migrated: Path) -> None:
    assert operator
    likeness.out("journal", "checkpoint")
    assert parts.endings(Settings()).ok
    shutil.rmtree(migrated / "endings")
    (migrated / "endings").write_text("in the way")
    assert not parts.endings(Settings()).ok
