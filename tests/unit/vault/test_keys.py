"""The keyring file: refused when open to others, never overwritten, whole after a crash, and good for rotation."""

from __future__ import annotations

import json
import stat
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from registry.domain.ids import RandomBytes
from registry.errors import KeyringError, SealBrokenError
from registry.vault.keys import FileKeyring, Purpose, WrappedKey


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keyring.json"


@pytest.fixture
def keyring(path: Path, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
    return FileKeyring.create(path, now, random_bytes)


def test_an_absent_keyring_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(KeyringError, match="likeness keys init"):
        FileKeyring.load(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
@pytest.mark.usefixtures("keyring")
def test_a_keyring_open_to_others_is_refused_and_says_chmod(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(KeyringError, match="chmod 600") as caught:
        FileKeyring.load(path)
    assert caught.value.figures == {"mode": f"{mode:04o}"}


def test_a_keyring_is_never_overwritten(
    path: Path, keyring: FileKeyring, now: datetime, random_bytes: RandomBytes
) -> None:
    with pytest.raises(KeyringError, match="never overwritten"):
        FileKeyring.create(path, now, random_bytes)
    assert FileKeyring.load(path) == keyring
    assert [file.name for file in path.parent.iterdir()] == ["keyring.json"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": "likeness-keyring", "version": 3, "keys": []}',
        '{"format": "likeness-keyring", "version": 1, "keys": [{}]}',
        '{"format": "likeness-keyring", "version": 1, "keys": []}',
    ],
)
def test_what_is_no_keyring_is_refused(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(KeyringError):
        FileKeyring.load(path)


def test_a_key_of_another_length_is_refused(path: Path, keyring: FileKeyring) -> None:
    document = json.loads(path.read_text())
    document["keys"][0]["key"] = "c2hvcnQ="
    path.write_text(json.dumps(document))
    with pytest.raises(KeyringError):
        FileKeyring.load(path)
    with pytest.raises(KeyringError, match="32 bytes, not 5"):
        keyring.wrap(b"short")


def test_a_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyringError):
        FileKeyring.load(tmp_path)


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, now: datetime, random_bytes: RandomBytes) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    with pytest.raises(KeyringError):
        FileKeyring.create(tmp_path / "file" / "keyring.json", now, random_bytes)


def test_no_secret_shows_when_a_keyring_is_printed(keyring: FileKeyring) -> None:
    shown = f"{keyring!r} {keyring.keys!r}"
    assert all(repr(key.key) not in shown and key.key.hex() not in shown for key in keyring.keys)


def test_a_new_keyring_is_its_owners_alone_and_has_a_key_for_each_purpose(path: Path, keyring: FileKeyring) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert FileKeyring.load(path) == keyring
    assert [key.id for key in keyring.keys] == ["wrapping-1", "signing-1", "protection-1"]
    assert len({key.key for key in keyring.keys}) == len(keyring.keys)


def test_after_a_rotation_new_keys_are_wrapped_by_the_new_one_and_old_ones_still_open(
    keyring: FileKeyring, now: datetime, random_bytes: RandomBytes
) -> None:
    secret = random_bytes(32)
    old = keyring.wrap(secret)
    rotated = keyring.rotated(Purpose.WRAPPING, now, random_bytes)
    assert rotated.wrap(secret).master_key_id == "wrapping-2"
    assert rotated.unwrap(old) == secret
    with pytest.raises(KeyringError, match="wrapping-2"):
        keyring.unwrap(rotated.wrap(secret))


def test_a_new_epoch_leaves_the_seed_of_the_old_one(
    keyring: FileKeyring, now: datetime, random_bytes: RandomBytes
) -> None:
    rotated = keyring.rotated(Purpose.PROTECTION, now, random_bytes)
    assert (keyring.current_epoch(), rotated.current_epoch()) == (1, 2)
    assert rotated.epoch_seed(1) == keyring.epoch_seed(1) != rotated.epoch_seed(2)


def test_wrapping_is_that_of_rfc_3394(keyring: FileKeyring) -> None:
    """RFC 3394, section 4.6, checks the primitive; a wrapped key is its output and nothing else."""
    master = bytes.fromhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
    data = bytes.fromhex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f")
    expected = "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21"
    assert aes_key_wrap(master, data).hex() == expected
    assert keyring.wrap(data) == WrappedKey("wrapping-1", aes_key_wrap(keyring.keys[0].key, data))


def test_a_wrapped_key_that_was_tampered_with_does_not_open(keyring: FileKeyring) -> None:
    wrapped = keyring.wrap(bytes(32))
    for damaged in (b"", wrapped.wrapped[:-1], bytes(40)):
        with pytest.raises(SealBrokenError):
            keyring.unwrap(WrappedKey(wrapped.master_key_id, damaged))
