"""A keyring that KMS seals: what lies on disk is worth nothing alone, and what goes wrong is said, never permitted."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from botocore.session import Session
from kms_server import REGION, kms_server, new_key
from typer.testing import CliRunner

from registry.bootstrap import build_key_house, build_keyring, create_keys
from registry.cli.main import app
from registry.domain.house_keys import Purpose
from registry.domain.ids import RandomBytes
from registry.errors import KeyringError, KeysUnavailableError, SealBrokenError
from registry.settings import Settings
from registry.vault.keyring_file import KeyringFile
from registry.vault.keyring_text import plain_text
from registry.vault.kms import CONTEXT, Kms, KmsPlace, sealed_by


@pytest.fixture(scope="module")
def place() -> Iterator[KmsPlace]:
    with pytest.MonkeyPatch.context() as patch, kms_server() as url:
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "something")
        yield KmsPlace(new_key(url), REGION, url)


@pytest.fixture
def file(place: KmsPlace, tmp_path: Path, now: datetime, random_bytes: RandomBytes) -> KeyringFile:
    made = sealed_by(tmp_path / "keyring.json", Kms(place))
    made.create(now, random_bytes)
    return made


def entries(path: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(path.read_bytes())["keys"]
    return found


def with_key(path: Path, text: str) -> None:
    document = json.loads(path.read_bytes())
    document["keys"][0]["key"] = text
    path.write_text(json.dumps(document))


def test_no_key_stands_in_the_file(file: KeyringFile) -> None:
    content = file.path.read_bytes()
    for key in file.read().keys:
        for form in (key.key, b64encode(key.key), urlsafe_b64encode(key.key), key.key.hex().encode()):
            assert form not in content
    assert all(entry["key"].startswith("aws-kms:") for entry in entries(file.path))


def test_what_was_changed_is_refused(file: KeyringFile) -> None:
    sealed = bytearray(b64decode(entries(file.path)[0]["key"].removeprefix("aws-kms:")))
    sealed[-1] ^= 1
    for text in (b64encode(bytes(sealed)).decode(), "", "no base64!"):
        with_key(file.path, f"aws-kms:{text}")
        with pytest.raises(SealBrokenError):
            file.read()


def test_a_ciphertext_that_was_made_for_something_else_is_refused(file: KeyringFile, place: KmsPlace) -> None:
    client = Session().create_client("kms", region_name=place.region, endpoint_url=place.url)
    for context in ({}, {**CONTEXT, "what": "backup"}):
        other = client.encrypt(KeyId=place.key, Plaintext=bytes(32), EncryptionContext=context)["CiphertextBlob"]
        with_key(file.path, "aws-kms:" + b64encode(other).decode())
        with pytest.raises(SealBrokenError):
            file.read()


def test_the_key_of_another_is_refused(file: KeyringFile, place: KmsPlace) -> None:
    assert place.url is not None
    stranger = sealed_by(file.path, Kms(KmsPlace(new_key(place.url), place.region, place.url)))
    with pytest.raises((SealBrokenError, KeyringError)):
        stranger.read()


def test_a_key_that_is_not_there_is_refused_with_what_kms_says(place: KmsPlace) -> None:
    with pytest.raises(KeyringError, match="NotFound") as refused:
        Kms(KmsPlace("alias/nobody", place.region, place.url)).encrypt(bytes(32))
    assert refused.value.figures["code"] == "NotFoundException"


def test_away_is_told_as_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "something")
    with pytest.raises(KeysUnavailableError) as away:
        Kms(KmsPlace("alias/likeness", REGION, "http://127.0.0.1:9")).encrypt(bytes(32))
    assert away.value.figures == {"tries": 3}
    assert "something" not in away.value.detail


def test_without_credentials_nobody_is_asked(monkeypatch: pytest.MonkeyPatch, place: KmsPlace) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", "/nonexistent")
    with pytest.raises(KeysUnavailableError, match="NoCredentialsError"):
        Kms(place).encrypt(bytes(32))


def test_a_keyring_from_before_is_read_and_sealed_by_one_command(
    place: KmsPlace, tmp_path: Path, now: datetime, random_bytes: RandomBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_keys(Settings(home=tmp_path), now, random_bytes)
    before = KeyringFile(tmp_path / "keyring.json").read().keys
    for name, value in {
        "HOME": str(tmp_path),
        "KEY_PROVIDER": "kms",
        "KMS_KEY": place.key,
        "KMS_REGION": place.region,
        "KMS_URL": str(place.url),
    }.items():
        monkeypatch.setenv(f"LIKENESS_{name}", value)
    done = CliRunner().invoke(app, ["keys", "seal"])
    assert done.exit_code == 0, done.output
    content = (tmp_path / "keyring.json").read_text()
    assert not any(plain_text(key.key) in content for key in before)
    settings = Settings()
    assert build_keyring(settings).epoch_seed(1) == next(k.key for k in before if k.purpose is Purpose.PROTECTION)
    assert {each.check_value for each in build_key_house(settings).described()} == {key.check_value for key in before}


@pytest.mark.parametrize("named", [{}, {"kms_key": "alias/likeness"}, {"kms_region": REGION}])
def test_half_of_what_names_a_key_is_refused(named: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="LIKENESS_KMS_KEY and LIKENESS_KMS_REGION"):
        Settings.model_validate({"key_provider": "kms", **named})
