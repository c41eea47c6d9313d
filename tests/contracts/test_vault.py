"""Vault as it behaves on bad days: away, sealed, throttled, slow, with tokens that end and versions that are gone.

Nothing is ever permitted for that: what cannot be opened is an error that says so, and is asked for again later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from vault_server import ROLE_ID, SECRET_ID, VaultServer, vault_server

from registry.domain.house_keys import Purpose
from registry.domain.ids import RandomBytes
from registry.errors import ConflictError, KeyringError, KeysUnavailableError, SealBrokenError
from registry.vault.keyring_file import KeyringFile
from registry.vault.keyring_text import plain_text
from registry.vault.keys import FileKeyring, WrappedKey
from registry.vault.transit import MOST_AT_ONCE, TRIES, Transit, VaultPlace
from registry.vault.vault_keys import VaultHouse, VaultKeys, sealed_file

KEY = b"k" * 32


@pytest.fixture
def vault() -> Iterator[VaultServer]:
    with vault_server() as serving:
        yield serving


@pytest.fixture
def secret(tmp_path: Path) -> Callable[[str, str], Path]:
    """Answer what writes a secret to a file of mode 0600."""

    def written(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content)
        path.chmod(0o600)
        return path

    return written


@pytest.fixture
def transit(vault: VaultServer, secret: Callable[[str, str], Path]) -> Transit:
    return Transit(VaultPlace(vault.url, "transit", "likeness", token_file=secret("token", "good\n")), lambda _: None)


@pytest.fixture
def file(transit: Transit, tmp_path: Path, now: datetime, random_bytes: RandomBytes) -> KeyringFile:
    made = sealed_file(tmp_path / "keyring.json", transit)
    made.create(now, random_bytes)
    return made


@pytest.fixture
def keys(transit: Transit, file: KeyringFile) -> VaultKeys:
    return VaultKeys(transit, file)


# --- away ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [412, 429, 500, 502, 503, 504])
def test_a_server_that_is_sealed_throttled_or_broken_is_unavailable_and_nothing_else(
    keys: VaultKeys, vault: VaultServer, status: int
) -> None:
    wrapped = keys.wrap(KEY)
    vault.seen.clear()
    vault.away(status)
    for ask in (lambda: keys.unwrap_many([wrapped]), lambda: keys.wrap(KEY), lambda: keys.rewrap_many([wrapped])):
        with pytest.raises(KeysUnavailableError, match=f"status {status}"):
            ask()
    with pytest.raises(KeysUnavailableError):
        keys.wrapping_key_id()
    assert len(vault.seen) == 4 * TRIES
    vault.away(status, times=TRIES - 1)
    assert keys.unwrap(wrapped) == KEY  # it was away for a moment only


def test_a_server_that_cannot_be_reached_is_unavailable_and_signing_goes_on(
    keys: VaultKeys, secret: Callable[[str, str], Path]
) -> None:
    """What signs and turns is in memory; what opens keys is not, and a withdrawn one is nowhere."""
    nowhere = Transit(VaultPlace("http://127.0.0.1:9", "transit", "likeness", token_file=secret("t", "good")), print)
    gone = VaultKeys.__new__(VaultKeys)
    gone.__dict__.update(keys.__dict__ | {"_transit": nowhere})
    with pytest.raises(KeysUnavailableError, match="ConnectError"):
        gone.wrap(KEY)
    assert gone.signer()[0] == "signing-1"
    assert len(gone.epoch_seed(1)) == 32


def test_a_server_that_does_not_answer_in_time_is_unavailable(
    vault: VaultServer, secret: Callable[[str, str], Path]
) -> None:
    place = VaultPlace(vault.url, "transit", "likeness", token_file=secret("token", "good"))
    hasty = Transit(place, lambda _: None, httpx.Timeout(0.05))
    vault.hang_s = 0.2
    with pytest.raises(KeysUnavailableError, match="ReadTimeout"):
        hasty.encrypt([KEY])


def test_a_keyring_that_vault_has_sealed_is_not_read_without_it(file: KeyringFile, vault: VaultServer) -> None:
    vault.away(503)
    with pytest.raises(KeysUnavailableError):
        file.read()


# --- who asks --------------------------------------------------------------------------------------------------------


def test_a_token_that_is_not_good_is_refused_with_vaults_own_words(
    vault: VaultServer, secret: Callable[[str, str], Path]
) -> None:
    other = Transit(VaultPlace(vault.url, "transit", "likeness", token_file=secret("bad", "stolen")), print)
    with pytest.raises(KeyringError, match="403: permission denied") as refused:
        other.encrypt([KEY])
    assert "stolen" not in str(refused.value)


def test_a_token_that_was_replaced_in_its_file_is_read_again(
    transit: Transit, vault: VaultServer, secret: Callable[[str, str], Path]
) -> None:
    transit.encrypt([KEY])
    vault.tokens = {"renewed"}
    secret("token", "renewed")
    assert transit.encrypt([KEY])


def test_a_token_file_open_to_others_is_refused(vault: VaultServer, tmp_path: Path) -> None:
    token = tmp_path / "open"
    token.write_text("good")
    token.chmod(0o644)
    with pytest.raises(KeyringError, match=r"Vault token .* is open to others"):
        Transit(VaultPlace(vault.url, "transit", "likeness", token_file=token)).encrypt([KEY])


def test_an_app_role_logs_in_once_and_again_when_its_token_has_ended(
    vault: VaultServer, secret: Callable[[str, str], Path]
) -> None:
    place = VaultPlace(
        vault.url, "transit", "likeness", role_id=ROLE_ID, secret_id_file=secret("secret-id", f"{SECRET_ID}\n")
    )
    asked = Transit(place)
    (ciphertext,) = asked.encrypt([KEY])
    assert asked.decrypt([ciphertext]) == [KEY]
    assert vault.logins == 1
    vault.tokens.clear()
    assert asked.decrypt([ciphertext]) == [KEY]
    assert vault.logins == 2


def test_a_role_that_vault_does_not_know_is_refused(vault: VaultServer, secret: Callable[[str, str], Path]) -> None:
    place = VaultPlace(vault.url, "transit", "likeness", role_id="other", secret_id_file=secret("s", SECRET_ID))
    with pytest.raises(KeyringError, match="400: invalid role or secret ID") as refused:
        Transit(place).encrypt([KEY])
    assert SECRET_ID not in str(refused.value)


def test_a_key_or_mount_that_is_not_there_is_refused(vault: VaultServer, secret: Callable[[str, str], Path]) -> None:
    for mount, key in (("transit", "other"), ("elsewhere", "likeness")):
        asked = Transit(VaultPlace(vault.url, mount, key, token_file=secret("t", "good")))
        with pytest.raises(KeyringError, match="404"):
            asked.encrypt([KEY])


# --- what is asked ---------------------------------------------------------------------------------------------------


def test_many_keys_are_opened_by_few_requests(keys: VaultKeys, vault: VaultServer) -> None:
    wrapped = [keys.wrap(bytes([number % 256]) * 32) for number in range(20)]
    many = (wrapped * (2 * MOST_AT_ONCE // 20 + 1))[: 2 * MOST_AT_ONCE + 1]
    vault.seen.clear()
    opened = keys.unwrap_many(many)
    assert len(vault.seen) == 3
    assert opened == [bytes([number % 20]) * 32 for number in range(len(many))]


def test_a_key_never_comes_here_to_be_wrapped_anew(keys: VaultKeys, vault: VaultServer) -> None:
    wrapped = keys.wrap(KEY)
    vault.keys["likeness"].rotate()
    vault.seen.clear()
    (again,) = keys.rewrap_many([wrapped])
    assert isinstance(again, WrappedKey)
    assert again.master_key_id == "vault-likeness-2"
    assert [path for path, _ in vault.seen] == ["/v1/transit/rewrap/likeness"]
    assert keys.unwrap(again) == KEY


def test_a_record_that_names_another_version_than_made_it_does_not_open(keys: VaultKeys) -> None:
    wrapped = keys.wrap(KEY)
    with pytest.raises(SealBrokenError, match="vault-likeness-2"):
        keys.unwrap(WrappedKey("vault-likeness-2", wrapped.wrapped))


def test_no_secret_of_the_house_lies_in_the_file_in_the_clear(keys: VaultKeys, file: KeyringFile) -> None:
    text = file.path.read_text()
    assert text.count("vault:v1:") == 2
    for secret in (keys.epoch_seed(1), keys.signing_key().private_bytes_raw()):
        assert secret.hex() not in text
        assert plain_text(secret) not in text
    with pytest.raises(KeyringError):
        FileKeyring.load(file.path)


# --- rotating and moving ---------------------------------------------------------------------------------------------


def test_rotating_makes_a_version_and_seals_the_file_by_it(
    transit: Transit, file: KeyringFile, keys: VaultKeys, now: datetime, random_bytes: RandomBytes
) -> None:
    house, before = VaultHouse(transit, file), keys.wrap(KEY)
    assert house.stage(Purpose.WRAPPING, now, random_bytes) == "vault-likeness-2"
    house.put_in_use(Purpose.WRAPPING, now)
    assert [(key.id, key.current) for key in house.described()] == [
        ("vault-likeness-1", False),
        ("vault-likeness-2", True),
        ("signing-1", True),
        ("protection-1", True),
    ]
    assert "vault:v1:" not in file.path.read_text()
    assert keys.unwrap(before) == KEY
    house.take_out("vault-likeness-1")
    with pytest.raises(KeyringError, match="too old"):
        keys.unwrap(before)
    assert len(file.read().epoch_seed(1)) == 32


def test_vault_retires_the_oldest_version_first(transit: Transit, file: KeyringFile, now: datetime) -> None:
    house = VaultHouse(transit, file)
    for _ in range(2):
        house.put_in_use(Purpose.WRAPPING, now)
    with pytest.raises(ConflictError, match="vault-likeness-1"):
        house.take_out("vault-likeness-2")


def test_a_house_moves_from_a_keyring_to_vault_without_losing_a_key(
    transit: Transit, tmp_path: Path, now: datetime, random_bytes: RandomBytes
) -> None:
    plain = FileKeyring.create(tmp_path / "keyring.json", now, random_bytes)
    before = plain.wrap(KEY)
    file = sealed_file(tmp_path / "keyring.json", transit)
    moved = VaultKeys(transit, file)
    assert moved.unwrap(before) == KEY
    file.rewrite()
    assert (tmp_path / "keyring.json").read_text().count("vault:v1:") == 3
    (again,) = moved.rewrap_many([before])
    assert isinstance(again, WrappedKey)
    assert again.master_key_id == "vault-likeness-1"
    assert moved.unwrap(again) == KEY
    states = {key.id: key.current for key in VaultHouse(transit, file).described()}
    assert states == {"vault-likeness-1": True, "wrapping-1": False, "signing-1": True, "protection-1": True}
