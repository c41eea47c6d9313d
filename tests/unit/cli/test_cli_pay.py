"""Pay at the command line: what is owed, what was paid, statements in every form; and purge and export."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from command_line import CommandLine

from registry.cli.operator import choose_operator, opened_registry
from registry.clock import utc_now
from registry.errors import ConflictError, CurrencyMismatchError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services import licences

EVIDENCE = "a" * 64


@pytest.fixture
def days() -> tuple[str, str]:
    today = utc_now().date()
    return (str(today - timedelta(days=1)), str(today + timedelta(days=1)))


@pytest.fixture
def studio(licence: str) -> str:
    """The id of the studio of the licence."""
    with opened_registry() as ctx:
        return licences.get_licence(ctx, choose_operator(ctx, None), licence).studio_id


@pytest.mark.usefixtures("operator")
def test_what_does_not_exist_is_refused(likeness: CommandLine) -> None:
    for command in (("account", "lic_none"), ("confirm", "pay_none"), ("reverse", "ent_none", "--reason", "x")):
        assert isinstance(likeness.error("pay", *command), NotFoundError)
    assert "--performer" in likeness.usage("pay", "statement", "--from", "2026-01-01", "--to", "2026-12-31")


def test_the_account_of_a_licence_is_shown_in_words_and_to_machines(licence: str, likeness: CommandLine) -> None:
    (account,) = likeness.json("pay", "account", licence)
    assert (account["currency"], account["due_minor"], account["overdue_since"]) == ("GBP", 450_000, None)
    assert "4500.00" in likeness.out("pay", "account", licence)
    assert licence in likeness.out("pay", "entries")
    assert [entry["kind"] for entry in likeness.json("pay", "entries", "--licence", licence)] == ["flat_fee"]


def test_a_payment_is_recorded_and_confirmed_by_evidence(licence: str, likeness: CommandLine) -> None:
    sent = str(utc_now().date())
    told = ("--amount-minor", "450000", "--on", sent)
    refused = likeness.error("pay", "record", licence, *told, "--currency", "EUR")
    assert isinstance(refused, CurrencyMismatchError)
    payment = likeness.out("pay", "record", licence, *told, "--currency", "GBP", "--reference", "INV-1").split()[0]
    assert isinstance(likeness.error("pay", "confirm", payment), ForbiddenError)
    assert likeness.out("pay", "confirm", payment, "--evidence", EVIDENCE) == f"{payment} is confirmed"
    assert isinstance(likeness.error("pay", "dispute", payment, "--reason", "no"), ConflictError)
    assert [each["id"] for each in likeness.json("pay", "list", "--state", "confirmed")] == [payment]
    assert likeness.json("pay", "account", licence)[0]["due_minor"] == 0
    entry = next(each["id"] for each in likeness.json("pay", "entries") if each["kind"] == "payment")
    assert entry in likeness.out("pay", "reverse", entry, "--reason", "it bounced")
    assert likeness.json("pay", "account", licence)[0]["due_minor"] == 450_000


def test_a_statement_says_the_same_in_every_form(
    performer: str, studio: str, days: tuple[str, str], likeness: CommandLine, tmp_path: Path
) -> None:
    period = ("--from", days[0], "--to", days[1])
    written = json.loads(likeness.out("pay", "statement", "--performer", performer, *period, "--format", "json"))
    assert [section["closing_minor"] for section in written["sections"]] == [450_000]
    table = likeness.out("pay", "statement", "--studio", studio, *period, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["amount_minor"] for row in rows] == ["0", "450000", "450000"]
    assert "4500.00" in likeness.out("pay", "statement", "--studio", studio, *period)
    assert "(Asia/Seoul)" in likeness.out("pay", "statement", "--studio", studio, *period, "--time-zone", "Asia/Seoul")
    nowhere = likeness.usage("pay", "statement", "--studio", studio, *period, "--time-zone", "Seoul/Asia")
    assert "no such time zone" in nowhere
    page = tmp_path / "statement.html"
    command = ("pay", "statement", "--performer", performer, *period, "--format", "html", "--language", "ko")
    likeness.out(*command, "--out", str(page))
    assert "Nora Calder 님 보수 정산서" in page.read_text(encoding="utf-8")


def test_a_report_in_a_file_is_recorded_once(licence: str, studio: str, likeness: CommandLine, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("{", encoding="utf-8")
    assert isinstance(likeness.error("pay", "report", str(path), "--studio", studio), InvalidInputError)
    today = str(utc_now().date())
    item = {"licence_id": licence, "unit": "line", "medium": "radio", "quantity": "3"}
    path.write_text(json.dumps({"starts_on": today, "ends_on": today, "items": [item]}), encoding="utf-8")
    assert "once its days are over" in likeness.error("pay", "report", str(path), "--studio", studio).detail


# --- purge and export ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("licence")
def test_a_purge_without_yes_destroys_nothing_and_says_what_is_due(likeness: CommandLine) -> None:
    assert {each["records"] for each in likeness.json("purge")} == {0}
    assert "idle_voiceprint" in likeness.out("purge")
    assert likeness.out("purge", "--yes") == "nothing is past its time"


def test_an_export_is_a_zip_that_is_never_written_over_another(
    performer: str, likeness: CommandLine, tmp_path: Path
) -> None:
    path = tmp_path / "nora.zip"
    assert performer in likeness.out("export", performer, "--out", str(path))
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("export.json"))["performer_id"] == performer
    assert "--out" in likeness.usage("export", performer, "--out", str(path))
    assert isinstance(likeness.error("export", "perf_none", "--out", str(tmp_path / "x.zip")), NotFoundError)
