"""Performers at the command line: registered, shown, enrolled, and withdrawn only when that was confirmed."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from command_line import CommandLine

from registry.cli.operator import opened_registry
from registry.domain.checks import WorkKind
from registry.domain.consents import ConsentPurpose
from registry.domain.ids import IdFactory, IdPrefix
from registry.errors import (
    ConflictError,
    ConsentMissingError,
    DifferentVoicesError,
    EngineUnavailableError,
    EnrolmentQualityError,
    InvalidInputError,
    NotFoundError,
    NotMediaError,
    SpeechTooShortError,
)
from registry.services import enrolment_work
from registry.store import work

ROOT = Path(__file__).resolve().parents[3]
VOICES = ROOT / "examples" / "voices" / "enrolment"
RECORDINGS = tuple(str(VOICES / f"slt-{number}.flac") for number in (1, 2, 3))


# --- registering and showing -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("operator")
def test_a_performer_that_does_not_exist_is_refused(likeness: CommandLine) -> None:
    for command in (("show", "perf_none"), ("withdraw", "perf_none", "--yes"), ("enrol", "perf_none", RECORDINGS[0])):
        assert isinstance(likeness.error("performer", *command), NotFoundError)


def test_only_a_performers_account_can_be_a_performers_own(operator: str, likeness: CommandLine) -> None:
    error = likeness.error("performer", "register", "--name", "Nora Calder", "--account", operator)
    assert isinstance(error, InvalidInputError)
    assert likeness.json("performer", "list") == []


@pytest.mark.usefixtures("operator")
def test_a_performer_is_self_declared_unless_said_otherwise(likeness: CommandLine) -> None:
    account = likeness.out("account", "create", "--role", "performer", "--name", "Nora Calder")
    own = likeness.out("performer", "register", "--name", "Nora Calder", "--account", account)
    vouched = likeness.out("performer", "register", "--name", "Tom Ash", "--assurance", "union_vouched")
    first, second = likeness.json("performer", "list")
    assert (first["id"], first["account_id"], first["identity_assurance"]) == (own, account, "self_declared")
    assert (second["id"], second["account_id"], second["identity_assurance"]) == (vouched, None, "union_vouched")
    table = likeness.out("performer", "list")
    assert own in table
    assert vouched in table


def test_a_performer_is_shown_with_consents_and_licences(performer: str, licence: str, likeness: CommandLine) -> None:
    shown = likeness.json("performer", "show", performer)
    assert [(one["purpose"], one["state"]) for one in shown["consents"]] == [("licensing", "active")]
    assert [one["id"] for one in shown["licences"]] == [licence]
    assert shown["enrolments"] == []
    page = likeness.out("performer", "show", performer)
    assert licence in page
    assert shown["consents"][0]["id"] in page
    assert "Enrolments" not in page


# --- withdrawing -----------------------------------------------------------------------------------------------------


def test_where_there_is_no_terminal_to_ask_on_nothing_is_withdrawn(
    performer: str, licence: str, likeness: CommandLine
) -> None:
    assert "--yes" in likeness.usage("performer", "withdraw", performer)
    assert likeness.json("licence", "show", licence)["state"] == "active"


def test_what_was_never_consented_to_cannot_be_withdrawn(performer: str, likeness: CommandLine) -> None:
    assert isinstance(likeness.error("performer", "withdraw", performer, "--yes"), ConflictError)


def test_a_withdrawal_can_be_of_one_modality(performer: str, licence: str, likeness: CommandLine) -> None:
    error = likeness.error("performer", "withdraw", performer, "--modality", "face", "--yes")
    assert isinstance(error, ConflictError)
    assert likeness.json("licence", "show", licence)["state"] == "active"


def test_a_withdrawal_says_what_it_ended(performer: str, licence: str, likeness: CommandLine) -> None:
    said = likeness.out("performer", "withdraw", performer, "--modality", "voice", "--yes")
    assert "licensing of the voice" in said
    assert f"licences suspended: {licence}" in said
    assert "voiceprints destroyed: 0" in said
    assert "0 of 0" in said
    shown = likeness.json("performer", "show", performer)
    assert [one["state"] for one in shown["consents"]] == ["withdrawn"]
    assert [one["state"] for one in shown["licences"]] == ["suspended"]


def on_a_terminal(typed: bytes, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process whose standard input is a terminal on which somebody types."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed)
        command = [sys.executable, "-m", "registry.cli.main", *arguments]
        return subprocess.run(  # noqa: S603  (our own program)
            command, cwd=ROOT, stdin=theirs, capture_output=True, text=True, check=False
        )
    finally:
        os.close(ours)
        os.close(theirs)


def test_on_a_terminal_it_is_asked_and_only_a_yes_withdraws(
    performer: str, licence: str, likeness: CommandLine
) -> None:
    refused = on_a_terminal(b"n\n", "performer", "withdraw", performer)
    assert refused.returncode == 4
    assert "Nora Calder has consented to: licensing of the voice?" in refused.stderr
    assert "nothing was withdrawn" in refused.stderr
    assert likeness.json("licence", "show", licence)["state"] == "active"
    confirmed = on_a_terminal(b"y\n", "performer", "withdraw", performer)
    assert confirmed.returncode == 0
    assert "withdrawn: licensing of the voice" in confirmed.stdout
    assert likeness.json("licence", "show", licence)["state"] == "suspended"


# --- enrolling -------------------------------------------------------------------------------------------------------


def test_without_files_or_with_a_file_that_is_not_there_it_is_a_usage_error(
    performer: str, likeness: CommandLine, tmp_path: Path
) -> None:
    likeness.usage("performer", "enrol", performer)
    likeness.usage("performer", "enrol", performer, str(tmp_path / "absent.wav"))
    likeness.usage("performer", "enrol", performer, str(tmp_path))


def test_without_consent_nothing_is_enrolled(performer: str, likeness: CommandLine) -> None:
    error = likeness.error("performer", "enrol", performer, *RECORDINGS)
    assert isinstance(error, ConsentMissingError)
    assert likeness.json("performer", "show", performer)["enrolments"] == []


@pytest.fixture
def consenting(performer: str, consent: object) -> str:
    """The id of a performer who has consented to monitoring."""
    assert callable(consent)
    consent(ConsentPurpose.MONITORING)
    return performer


def test_a_recording_that_does_not_pass_is_refused_with_the_numbers_and_nothing_is_kept(
    consenting: str, migrated: Path, likeness: CommandLine, tmp_path: Path
) -> None:
    error = likeness.error("performer", "enrol", consenting, RECORDINGS[0])
    assert isinstance(error, SpeechTooShortError)
    assert error.figures["required_s"] == 20.0
    (tmp_path / "notes.wav").write_text("not a recording")
    assert isinstance(likeness.error("performer", "enrol", consenting, str(tmp_path / "notes.wav")), NotMediaError)
    too_few_labels = ("performer", "enrol", consenting, *RECORDINGS, "--label", "reading")
    assert isinstance(likeness.error(*too_few_labels), InvalidInputError)
    assert likeness.json("performer", "show", consenting)["enrolments"] == []
    assert [path for path in (migrated / "spool").rglob("*") if path.is_file()] == []


def test_an_enrolment_that_no_worker_takes_up_is_not_called_done(consenting: str, likeness: CommandLine) -> None:
    error = likeness.error("performer", "enrol", consenting, *RECORDINGS, "--wait", "0.1")
    assert isinstance(error, EngineUnavailableError)
    assert "is a worker running?" in error.detail
    (enrolment,) = likeness.json("performer", "show", consenting)["enrolments"]
    assert (enrolment["state"], enrolment["id"]) == ("queued", error.figures["enrolment_id"])


def test_an_enrolment_that_the_worker_refuses_is_an_error_with_the_workers_own_words(
    consenting: str, likeness: CommandLine
) -> None:
    worker = threading.Thread(target=_refuse_the_next)
    worker.start()
    error = likeness.error("performer", "enrol", consenting, *RECORDINGS, "--wait", "60")
    worker.join()
    assert isinstance(error, EnrolmentQualityError)
    assert "slt-2.flac is another voice" in error.detail
    assert "another voice" in likeness.out("performer", "show", consenting)


def _refuse_the_next() -> None:
    """Do as a worker does that finds two voices."""
    with opened_registry() as ctx:
        worker_id = IdFactory(os.urandom).new(IdPrefix.WORKER, ctx.clock())
        held, deadline = None, time.monotonic() + 60
        while held is None and time.monotonic() < deadline:
            with ctx.database.write() as session:
                held = work.lease(session, worker_id=worker_id, now=ctx.clock(), lease_s=30, kinds=[WorkKind.ENROLMENT])
                session.commit()
            time.sleep(0.05)
        assert held is not None
        enrolment_work.refuse_enrolment(ctx, held, DifferentVoicesError("slt-2.flac is another voice"))


def test_the_id_alone_goes_to_standard_output_and_labels_name_the_recordings(
    consenting: str, likeness: CommandLine
) -> None:
    labels = ("--label", "reading", "--label", "calm", "--label", "fast")
    result = likeness.run("performer", "enrol", consenting, *RECORDINGS, *labels)
    assert result.exit_code == 0, result.exception
    assert "warning: " in result.stderr
    (enrolment,) = likeness.json("performer", "show", consenting)["enrolments"]
    assert result.stdout == f"{enrolment['id']}\n"
    assert [one["label"] for one in enrolment["recordings"]] == ["reading", "calm", "fast"]
    assert [one["filename"] for one in enrolment["recordings"]] == [Path(path).name for path in RECORDINGS]
