"""Spoken statements at the command line: begun, answered, listed, and the exit code says whether it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import CommandLine
from speaking import VOICES, spoken, wav
from steps import Clock, Registry

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.errors import EngineUnavailableError, StatementSpentError
from registry.settings import load_settings


@pytest.fixture
def consenting(migrated: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The ids of a performer who is enrolled, and of their consent to monitoring."""
    assert migrated.is_dir()
    monkeypatch.setenv("LIKENESS_CONTROLLER_NAME", "Voice Registry")
    clock = Clock(utc_now())
    with build_context(load_settings(), clock=clock) as ctx:
        registry = Registry(ctx, clock)
        performer_id = registry.enrolled()
        return performer_id, registry.sign(performer_id).id


def test_the_id_alone_goes_to_standard_output_and_the_words_to_whoever_reads(
    consenting: tuple[str, str], likeness: CommandLine
) -> None:
    result = likeness.run("spoken-statement", "begin", *consenting, "--language", "en")
    assert result.exit_code == 0, result.exception
    (listed,) = likeness.json("spoken-statement", "list", *consenting)
    assert result.stdout == f"{listed['id']}\n"
    assert listed["text"] in result.stderr
    assert "Pause for a second" in result.stderr
    assert " ".join(listed["number"]) in listed["text"]
    assert listed["id"] in likeness.out("spoken-statement", "list", *consenting)


def test_what_is_refused_ends_with_one_and_its_reason_and_the_number_is_spent(
    consenting: tuple[str, str], likeness: CommandLine
) -> None:
    begun = likeness.json("spoken-statement", "begin", *consenting, "--language", "ko")
    replayed = str(VOICES / "enrolment" / "slt-1.flac")
    result = likeness.run("spoken-statement", "answer", *consenting, begun["id"], replayed)
    assert result.exit_code == 1
    assert f"{begun['id']} is refused" in result.stdout
    assert "recording_replayed: " in result.stdout
    error = likeness.error("spoken-statement", "answer", *consenting, begun["id"], replayed)
    assert isinstance(error, StatementSpentError)


def test_without_a_worker_it_is_said_to_wait_and_is_not_called_done(
    consenting: tuple[str, str], likeness: CommandLine, tmp_path: Path
) -> None:
    begun = likeness.json("spoken-statement", "begin", *consenting, "--language", "en")
    path = tmp_path / "statement.wav"
    path.write_bytes(wav(spoken(begun["number"])))
    result = likeness.run("spoken-statement", "answer", *consenting, begun["id"], str(path), "--wait", "0")
    assert isinstance(result.exception, EngineUnavailableError)
    assert f"{begun['id']} is queued" in result.stdout
