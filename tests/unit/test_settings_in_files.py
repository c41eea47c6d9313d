"""What should not stand in the environment may stand in files, and a folder that is not there is no reason to go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.errors import SettingsError
from registry.settings import SECRETS, load_settings

URL = "postgresql://likeness:hunter2@db/likeness"


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(SECRETS, str(tmp_path))
    monkeypatch.delenv("LIKENESS_DATABASE_URL", raising=False)
    return tmp_path


def test_a_folder_that_is_not_there_is_refused(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRETS, str(secrets / "none"))
    with pytest.raises(SettingsError, match="no folder"):
        load_settings()


def test_a_value_that_cannot_be_used_is_refused_by_the_variable_it_stands_for(secrets: Path) -> None:
    (secrets / "likeness_port").write_text("99999", encoding="utf-8")
    with pytest.raises(SettingsError, match="LIKENESS_PORT"):
        load_settings()


def test_a_file_stands_in_for_its_variable_and_a_variable_goes_first(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "likeness_database_url").write_text(f"{URL}\n", encoding="utf-8")
    (secrets / "another_program").write_text("not ours", encoding="utf-8")
    assert load_settings().database_url == URL
    monkeypatch.setenv("LIKENESS_DATABASE_URL", "sqlite:///here.sqlite3")
    assert load_settings().database_url == "sqlite:///here.sqlite3"
