"""Explaining, signing, receipts and being forgotten at the command line: nothing is left out, and it can be stopped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import CommandLine
from conftest import Consenting

from registry.cli.main import app
from registry.domain.consents import ConsentPurpose
from registry.domain.explanations.shipped import shipped_texts
from registry.errors import (
    ConflictError,
    ControllerUnnamedError,
    EvidenceRequiredError,
    ExplanationIncompleteError,
    InvalidInputError,
    NameRefusedError,
    NotFoundError,
)

TEXT = shipped_texts()["monitoring.ko.v1"]
RIGHT = [asked.right for asked in TEXT.questions]


CONTROLLER = {
    "LIKENESS_CONTROLLER_NAME": "House of Voices",
    "LIKENESS_CONTROLLER_ADDRESS": "1 Main Street, Seoul",
    "LIKENESS_CONTROLLER_CONTACT": "desk@voices.example",
    "LIKENESS_CONTROLLER_JURISDICTION": "KR",
    "LIKENESS_CONTROLLER_STORAGE_LOCATION": "Seoul, KR",
}


def begin(likeness: CommandLine, performer: str) -> str:
    return likeness.out(
        *("explanation", "begin", performer, "--topic", "monitoring", "--language", "ko"),
        *("--explained-by", "Registry desk"),
    )


# --- explaining ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("operator")
def test_a_text_is_printed_word_for_word_and_one_that_is_not_there_is_refused(likeness: CommandLine) -> None:
    assert likeness.runner.invoke(app, ["explanation", "text", TEXT.id]).stdout == TEXT.text
    assert isinstance(likeness.error("explanation", "text", "monitoring.ko.v9"), NotFoundError)
    listed = likeness.json("explanation", "texts", "--topic", "monitoring")
    assert {each["id"]: each["text_sha256"] for each in listed}[TEXT.id] == TEXT.text_sha256
    assert TEXT.text_sha256 in likeness.out("explanation", "texts")


def test_an_explanation_is_completed_step_by_step_and_no_step_is_left_out(
    performer: str, likeness: CommandLine
) -> None:
    told = begin(likeness, performer)
    where = (performer, told)
    assert isinstance(likeness.error("explanation", "complete", *where), ExplanationIncompleteError)
    assert isinstance(
        likeness.error("explanation", "answer", *where, "--question", "1", "--option", "1"), ConflictError
    )
    likeness.out("explanation", "read", *where, "--seconds", "240")
    wrong = RIGHT[0] % 3 + 1
    taught = likeness.out("explanation", "answer", *where, "--question", "1", "--option", str(wrong))
    assert TEXT.questions[0].teaches in taught
    for number, option in enumerate(RIGHT, 1):
        said = likeness.out("explanation", "answer", *where, "--question", str(number), "--option", str(option))
        assert said.splitlines()[0] == "understood"
    likeness.out("explanation", "deliver", *where, "--method", "by_hand")
    likeness.out("explanation", "complete", *where)
    shown = likeness.json("explanation", "show", *where)
    assert (shown["next_step"], shown["answers"], shown["duration_s"]) == ("done", 4, 240.0)
    assert told in likeness.out("explanation", "list", performer)
    assert TEXT.id in likeness.out("explanation", "show", *where)
    assert isinstance(likeness.error("explanation", "read", *where, "--seconds", "9"), ConflictError)


def test_it_can_be_stopped_in_the_middle_and_goes_on_from_there(performer: str, likeness: CommandLine) -> None:
    told = begin(likeness, performer)
    command = ["explanation", "go-on", performer, told]
    stopped = likeness.runner.invoke(app, command, input=f"\n{RIGHT[0]}\n")
    assert stopped.exit_code != 0
    assert TEXT.text in stopped.stdout
    assert likeness.json("explanation", "show", performer, told)["not_understood"] == [2, 3]
    wrong = RIGHT[1] % 3 + 1
    went_on = likeness.runner.invoke(app, command, input=f"{wrong}\n7\n{RIGHT[1]}\n{RIGHT[2]}\npigeon\nemail\n")
    assert went_on.exit_code == 0, went_on.output
    assert TEXT.text not in went_on.stdout
    assert TEXT.questions[1].teaches in went_on.stdout
    assert likeness.json("explanation", "show", performer, told)["next_step"] == "done"


# --- signing ---------------------------------------------------------------------------------------------------------


def test_a_yes_without_what_it_rests_on_is_refused(performer: str, likeness: CommandLine) -> None:
    signing = ("consent", "sign", performer, "--signed-by", "Nora Calder", "--purpose")
    assert isinstance(likeness.error(*signing, "monitoring"), ExplanationIncompleteError)
    assert isinstance(likeness.error(*signing, "licensing"), InvalidInputError)
    for choice in ("dubbing", "singing=allow", "dubbing=perhaps"):
        assert "USE=never|ask|allow" in likeness.usage(*signing, "licensing", "--choice", choice)
    assert likeness.json("consent", "list", performer) == []


def test_a_no_rests_on_nothing(performer: str, likeness: CommandLine) -> None:
    signing = ("consent", "sign", performer, "--signed-by", "Nora Calder", "--purpose", "monitoring")
    signed = likeness.out(*signing, "--decision", "refused")
    (listed,) = likeness.json("consent", "list", performer)
    assert (listed["id"], listed["decision"], listed["signed_as"]) == (signed, "refused", "operator")


def test_choices_are_written_down_and_what_was_not_said_is_never(
    performer: str, consent: Consenting, likeness: CommandLine
) -> None:
    consent(ConsentPurpose.LICENSING)
    told = likeness.json("consent", "list", performer)[0]["explanation_ids"]
    signing = ["consent", "sign", performer, "--signed-by", "Nora Calder", "--purpose", "licensing"]
    for each in told:
        signing += ["--explanation", each]
    signing += ["--choice", "dubbing=allow", "--choice", "advertising=ask"]
    assert isinstance(likeness.error(*signing), EvidenceRequiredError)
    signed = likeness.out(*signing, "--evidence-sha256", "c" * 64)
    voice, face = likeness.json("consent", "standing", performer)["modalities"]
    assert {use: said for use, said in voice["choices"].items() if said != "never"} == {
        "dubbing": "allow",
        "advertising": "ask",
    }
    assert set(face["choices"].values()) == {"never"}
    assert "dubbing: allow" in likeness.out("consent", "standing", performer)
    assert signed in likeness.out("consent", "list", performer)


def test_a_second_withdrawal_says_that_nothing_was_left_to_do(
    performer: str, licence: str, likeness: CommandLine
) -> None:
    given = likeness.json("consent", "list", performer)[0]["id"]
    first = likeness.out("consent", "withdraw", performer, given)
    assert "Northlight Games must stop by" in first
    assert licence in first
    again = likeness.out("consent", "withdraw", performer, given)
    assert again.startswith("it had been withdrawn before")
    assert licence in again


# --- receipts --------------------------------------------------------------------------------------------------------


def test_a_registry_that_nobody_answers_for_writes_no_receipt(
    performer: str, consent: Consenting, likeness: CommandLine
) -> None:
    signed = consent(ConsentPurpose.MONITORING)
    error = likeness.error("consent", "receipt", performer, signed)
    assert isinstance(error, ControllerUnnamedError)
    assert "LIKENESS_CONTROLLER_NAME" in error.detail


@pytest.fixture
def receipt(
    performer: str, consent: Consenting, likeness: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A receipt in a file, beside the registry's public keys."""
    for name, value in CONTROLLER.items():
        monkeypatch.setenv(name, value)
    signed = consent(ConsentPurpose.MONITORING)
    path = tmp_path / "receipt.jws"
    likeness.out("consent", "receipt", performer, signed, "--out", str(path))
    (tmp_path / "keys.json").write_text(likeness.out("keys", "public"), encoding="utf-8")
    return path


def verify(likeness: CommandLine, receipt: Path, *more: str) -> tuple[int, str]:
    done = likeness.runner.invoke(
        app, ["receipt", "verify", str(receipt), "--keys", str(receipt.with_name("keys.json")), *more]
    )
    return done.exit_code, done.stdout


def test_a_receipt_is_verified_where_there_is_no_registry(
    receipt: Path, likeness: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIKENESS_HOME", str(tmp_path / "nothing here"))
    copy = tmp_path / "copy.md"
    copy.write_text(shipped_texts()["monitoring.en.v1"].text, encoding="utf-8")
    code, said = verify(likeness, receipt, "--text", str(copy))
    assert (code, "given: monitoring of the voice" in said) == (0, True)
    code, printed = verify(likeness, receipt, "--json")
    claims = json.loads(printed)
    assert (code, claims["valid"], claims["state"]) == (0, True, "active")
    wrapped = tmp_path / "answer.json"
    wrapped.write_text(json.dumps({"jws": receipt.read_text(encoding="ascii").strip(), "claims": {}}), encoding="utf-8")
    assert verify(likeness, wrapped)[0] == 0
    assert not (tmp_path / "nothing here").exists()


def test_a_receipt_that_does_not_hold_ends_with_1(receipt: Path, likeness: CommandLine, tmp_path: Path) -> None:
    whole = receipt.read_text(encoding="ascii").strip()
    header, claims, signature = whole.split(".")
    other = json.loads(likeness.out("keys", "public"))
    other["keys"][0]["kid"] = "signing-9"
    for forged in (
        f"{header}.{claims[:-4]}AAAA.{signature}",
        f"{header}.{claims}.{signature[:-6]}AAAAAA",
        f"{header}.{claims}",
        "not a receipt",
        "{}",
        "[]",
        "",
    ):
        receipt.write_text(forged, encoding="ascii")
        code, said = verify(likeness, receipt)
        assert (code, said[:10]) == (1, "NOT VALID:"), forged
        code, printed = verify(likeness, receipt, "--json")
        assert (code, json.loads(printed)["valid"]) == (1, False)
    receipt.write_text(whole, encoding="ascii")
    (tmp_path / "keys.json").write_text(json.dumps(other), encoding="utf-8")
    assert verify(likeness, receipt)[0] == 1


def test_a_text_that_was_not_explained_word_for_word_ends_with_1(
    receipt: Path, likeness: CommandLine, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.md"
    copy.write_text(shipped_texts()["monitoring.en.v1"].text + " ", encoding="utf-8")
    code, said = verify(likeness, receipt, "--text", str(copy))
    assert (code, "word for word" in said) == (1, True)


def test_what_cannot_be_read_is_an_error_and_not_a_verdict(
    receipt: Path, likeness: CommandLine, tmp_path: Path
) -> None:
    keys = str(tmp_path / "keys.json")
    missing = likeness.error("receipt", "verify", str(tmp_path / "missing"), "--keys", keys)
    assert isinstance(missing, InvalidInputError)
    (tmp_path / "keys.json").write_text('{"keys": []}', encoding="utf-8")
    assert isinstance(likeness.error("receipt", "verify", str(receipt), "--keys", keys), InvalidInputError)


# --- being forgotten -------------------------------------------------------------------------------------------------


def test_being_forgotten_needs_the_text_and_refuses_the_name_until_it_is_lifted(
    performer: str, likeness: CommandLine
) -> None:
    text = shipped_texts()["forget_me.ko.v1"]
    signed = ("--evidence-sha256", "5" * 64)
    forgetting = ("consent", "forget", performer, *signed, "--text-id", text.id, "--text-sha256")
    assert isinstance(likeness.error(*forgetting, "0" * 64), ExplanationIncompleteError)
    said = likeness.out(*forgetting, text.text_sha256, "--also-known-as", "N. Calder")
    assert "nobody is registered or enrolled" in said
    shown = likeness.json("performer", "show", performer)
    assert (shown["name"], shown["forgotten_at"] is not None) == ("(forgotten)", True)
    for name in ("Nora Calder", "n calder"):
        assert isinstance(likeness.error("performer", "register", "--name", name), NameRefusedError)
    likeness.out("consent", "remember", performer, "--name", "Nora Calder")
    assert likeness.json("performer", "show", performer)["name"] == "Nora Calder"
