"""Who acts at the command line: an operator in service, named or the only one; what is missing is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import CommandLine
from sqlalchemy import select

from registry.cli.operator import opened_registry
from registry.clock import utc_now
from registry.errors import (
    ConflictError,
    DatabaseNotReadyError,
    ForbiddenError,
    KeyringError,
    NotFoundError,
    SettingsError,
)
from registry.store.journal import JournalEntry
from registry.vault.keys import FileKeyring


def test_a_setting_that_cannot_be_used_is_named(
    home: Path, likeness: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIKENESS_PORT", "ninety")
    error = likeness.error("account", "list")
    assert isinstance(error, SettingsError)
    assert "LIKENESS_PORT" in error.detail
    assert list(home.iterdir()) == []


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("name", "value"), [("LIKENESS_CALIBRATION", "own.safetensors"), ("LIKENESS_CALIBRATION_SHA256", "a" * 64)]
)
def test_a_calibration_without_its_pin_is_refused_and_so_is_a_pin_without_a_calibration(
    likeness: CommandLine, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    error = likeness.error("account", "list")
    assert isinstance(error, SettingsError)
    assert "LIKENESS_CALIBRATION and LIKENESS_CALIBRATION_SHA256" in error.detail


@pytest.mark.usefixtures("home")
def test_a_pin_that_is_no_sha256_is_refused(likeness: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIKENESS_CALIBRATION", "own.safetensors")
    monkeypatch.setenv("LIKENESS_CALIBRATION_SHA256", "abc")
    assert "LIKENESS_CALIBRATION_SHA256" in likeness.error("account", "list").detail


@pytest.mark.usefixtures("home")
def test_without_a_keyring_it_says_how_to_make_one(likeness: CommandLine) -> None:
    error = likeness.error("account", "list")
    assert isinstance(error, KeyringError)
    assert "likeness keys init" in error.detail


def test_without_a_schema_it_says_how_to_make_one(home: Path, likeness: CommandLine) -> None:
    FileKeyring.create(home / "keyring.json", utc_now(), os.urandom)
    error = likeness.error("account", "list")
    assert isinstance(error, DatabaseNotReadyError)
    assert "likeness db upgrade" in error.detail


@pytest.mark.usefixtures("migrated")
def test_without_an_operator_it_says_how_to_make_one(likeness: CommandLine) -> None:
    error = likeness.error("performer", "list")
    assert isinstance(error, NotFoundError)
    assert "likeness account create --role operator" in error.detail


def test_of_several_operators_one_must_be_named_and_all_are_listed(operator: str, likeness: CommandLine) -> None:
    second = likeness.out("account", "create", "--role", "operator", "--name", "Night desk")
    error = likeness.error("performer", "register", "--name", "Nora Calder")
    assert isinstance(error, ConflictError)
    assert error.figures["operators"] == [operator, second]
    assert "--as" in error.detail
    assert operator in error.detail
    assert second in error.detail
    assert likeness.json("performer", "list", "--as", second) == []


@pytest.mark.usefixtures("operator")
def test_an_account_that_does_not_exist_cannot_act(likeness: CommandLine) -> None:
    error = likeness.error("account", "list", "--as", "acc_nobody")
    assert isinstance(error, NotFoundError)
    assert "acc_nobody" in error.detail


@pytest.mark.usefixtures("operator")
def test_only_an_operators_account_can_act(likeness: CommandLine) -> None:
    auditor = likeness.out("account", "create", "--role", "auditor", "--name", "A", "--organisation", "Audits")
    assert isinstance(likeness.error("account", "list", "--as", auditor), ForbiddenError)


def test_a_disabled_operator_cannot_act_and_needs_not_be_told_apart(operator: str, likeness: CommandLine) -> None:
    second = likeness.out("account", "create", "--role", "operator", "--name", "Night desk")
    likeness.out("account", "disable", second, "--as", operator)
    assert isinstance(likeness.error("account", "list", "--as", second), ForbiddenError)
    assert len(likeness.json("account", "list")) == 2


def test_what_an_operator_does_is_journalled_under_their_account(operator: str, likeness: CommandLine) -> None:
    performer = likeness.out("performer", "register", "--name", "Nora Calder")
    with opened_registry() as ctx, ctx.database.read() as session:
        entries = session.scalars(select(JournalEntry).where(JournalEntry.subject_id == performer)).all()
    assert [entry.type for entry in entries] == ["performer.registered"]
    assert operator.encode() in entries[0].leaf
