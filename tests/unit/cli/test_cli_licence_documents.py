"""Licences as files at the command line: drafts, amendments, texts, ODRL, and the proof that needs no registry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import CommandLine

from registry.cli.operator import choose_operator, opened_registry
from registry.domain.terms_document import terms_json
from registry.errors import ConflictError, InvalidInputError, KeyringError, SignatureInvalidError, TermsContradictError
from registry.services import licences
from registry.vault.signing import public_jwks

EVIDENCE = "b" * 64


@pytest.fixture
def terms_file(licence: str, tmp_path: Path) -> Path:
    """The terms of the licence in force, in a file."""
    with opened_registry() as ctx:
        terms = licences.get_licence(ctx, choose_operator(ctx, None), licence).terms()
    path = tmp_path / "terms.json"
    path.write_text(json.dumps(terms_json(terms)), encoding="utf-8")
    return path


@pytest.fixture
def keys_file(licence: str, tmp_path: Path) -> Path:
    """The registry's public keys, in a file."""
    assert licence
    path = tmp_path / "keys.json"
    with opened_registry() as ctx:
        path.write_text(json.dumps(public_jwks(ctx.keys)), encoding="utf-8")
    return path


def changed(path: Path, **members: object) -> str:
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | members), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"territories": ["XX"]}, TermsContradictError),
        ({"teritories": ["GB"]}, InvalidInputError),
        ({"version": 3}, InvalidInputError),
        ({"ends_on": "2020-01-01"}, InvalidInputError),
    ],
)
def test_a_file_with_terms_that_make_no_sense_amends_nothing(
    licence: str, terms_file: Path, likeness: CommandLine, members: dict[str, object], error: type[Exception]
) -> None:
    assert isinstance(likeness.error("licence", "amend", licence, changed(terms_file, **members)), error)
    assert len(likeness.json("licence", "versions", licence)) == 1


def test_a_signature_on_paper_names_its_paper(licence: str, likeness: CommandLine) -> None:
    assert "--evidence" in likeness.usage("licence", "sign", licence, "--side", "studio")
    assert "--evidence" in likeness.usage("licence", "sign", licence, "--side", "studio", "--evidence", "paper")


def test_an_amendment_goes_from_a_file_to_being_in_force(licence: str, terms_file: Path, likeness: CommandLine) -> None:
    assert likeness.out("licence", "amend", licence, changed(terms_file, media=["podcast", "radio"])) == "2"
    assert isinstance(likeness.error("licence", "amend", licence, str(terms_file)), ConflictError)
    assert likeness.out("licence", "offer", licence) == f"{licence} version 2 is offered"
    for side in ("studio", "performer"):
        likeness.out("licence", "sign", licence, "--side", side, "--evidence", EVIDENCE)
    shown = likeness.json("licence", "show", licence)
    assert (shown["number"], shown["terms"]["media"]) == (2, ["podcast", "radio"])
    assert "Permitted media: radio, podcasts\n" in likeness.out("licence", "text", licence)
    assert "Permitted media: radio\n" in likeness.out("licence", "text", licence, "--version", "1")
    assert "팟캐스트" in likeness.out("licence", "text", licence, "--lang", "ko")


def test_a_draft_from_a_file_is_a_licence_of_its_own(licence: str, terms_file: Path, likeness: CommandLine) -> None:
    shown = likeness.json("licence", "show", licence)
    parties = ("--performer", shown["performer_id"], "--studio", shown["studio_id"], "--title", "Autumn")
    assert isinstance(likeness.error("licence", "draft", str(terms_file), *parties), InvalidInputError)
    path = changed(terms_file, intended_uses=["Two spots for an autumn sale."])
    drafted = likeness.out("licence", "draft", path, *parties)
    assert likeness.json("licence", "show", drafted)["intended_use"] == "Two spots for an autumn sale."
    assert likeness.json("licence", "show", drafted)["state"] == "draft"


def test_terms_go_out_as_odrl_and_come_back_unchanged(
    licence: str, terms_file: Path, tmp_path: Path, likeness: CommandLine
) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(likeness.out("licence", "odrl", "export", licence), encoding="utf-8")
    back = json.loads(likeness.out("licence", "odrl", "import", str(policy)))
    assert back == json.loads(terms_file.read_text(encoding="utf-8"))
    policy.write_text("{}", encoding="utf-8")
    assert isinstance(likeness.error("licence", "odrl", "import", str(policy)), InvalidInputError)


def test_paper_verifies_as_the_word_of_the_registry_and_is_flagged(
    licence: str, keys_file: Path, tmp_path: Path, likeness: CommandLine
) -> None:
    signed = tmp_path / "licence.jws"
    signed.write_text(likeness.out("licence", "export", licence), encoding="utf-8")
    result = likeness.run("licence", "verify", str(signed), "--keys", str(keys_file), "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["licence"], found["by_word"], found["proven"]) == (licence, ["performer", "studio"], False)
    head, body, tail = signed.read_text(encoding="utf-8").split(".")
    signed.write_text(f"{head}.{body[:-2]}AA.{tail}", encoding="utf-8")
    error = likeness.error("licence", "verify", str(signed), "--keys", str(keys_file))
    assert isinstance(error, SignatureInvalidError)


def test_a_key_of_ones_own_is_made_once_and_signs_the_bytes_of_a_file(
    licence: str, tmp_path: Path, likeness: CommandLine
) -> None:
    key, agreement = tmp_path / "key.pem", tmp_path / "agreement.json"
    made = json.loads(likeness.out("signing-key", "create", str(key), "--account", "acc_x"))
    assert sorted(made) == ["proof", "public_key"]
    assert key.stat().st_mode & 0o077 == 0
    assert isinstance(likeness.error("signing-key", "create", str(key), "--account", "acc_x"), KeyringError)
    agreement.write_text(likeness.out("licence", "agreement", licence), encoding="utf-8")
    signed = json.loads(likeness.out("signing-key", "sign", str(key), str(agreement)))
    assert sorted(signed) == ["agreement_sha256", "signature"]
    assert isinstance(
        likeness.error("signing-key", "sign", str(tmp_path / "none.pem"), str(agreement)), InvalidInputError
    )


def test_a_strike_is_declared_listed_and_lifted(licence: str, likeness: CommandLine) -> None:
    declared = likeness.out("strike", "declare", "--scope", "guild", "--name", "Voice Guild")
    assert likeness.json("licence", "show", licence)["state"] == "active"
    assert [each["id"] for each in likeness.json("strike", "list", "--on")] == [declared]
    assert likeness.out("strike", "lift", declared).startswith(f"{declared} is lifted; licences let go: 0;")
    assert likeness.json("strike", "list", "--on") == []
    assert isinstance(likeness.error("strike", "lift", declared), ConflictError)
