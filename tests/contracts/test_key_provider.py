"""What every source of the house's keys keeps to. A new one is added to `PROVIDERS`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from kms_server import REGION, kms_server, new_key
from vault_server import VaultServer, vault_server

from registry.domain.ids import RandomBytes
from registry.errors import KeyringError, SealBrokenError
from registry.vault.keyring_file import KeyringFile, WatchedKeyring
from registry.vault.keys import FileKeyring, KeyProvider, Purpose, WrappedKey, new_data_key
from registry.vault.kms import Kms, KmsPlace, sealed_by
from registry.vault.transit import Transit, VaultPlace
from registry.vault.vault_keys import VaultHouse, VaultKeys, sealed_file


@dataclass(frozen=True)
class Elsewhere:
    """Services that hold keys: a Vault, and a KMS with a key in it."""

    vault: VaultServer
    kms: KmsPlace


@pytest.fixture(scope="module")
def kms_place() -> Iterator[KmsPlace]:
    with pytest.MonkeyPatch.context() as patch, kms_server() as url:
        patch.setenv("AWS_ACCESS_KEY_ID", "somebody")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "something")
        yield KmsPlace(new_key(url), REGION, url)


@pytest.fixture
def elsewhere(kms_place: KmsPlace) -> Iterator[Elsewhere]:
    with vault_server() as serving:
        yield Elsewhere(serving, kms_place)


def vault_keys(
    folder: Path, now: datetime, random_bytes: RandomBytes, vault: VaultServer
) -> tuple[VaultKeys, VaultHouse]:
    token = folder / "token"
    token.write_text("good")
    token.chmod(0o600)
    transit = Transit(VaultPlace(vault.url, "transit", "likeness", token_file=token), sleep=lambda _: None)
    file = sealed_file(folder / "keyring.json", transit)
    file.create(now, random_bytes)
    return VaultKeys(transit, file), VaultHouse(transit, file)


def _created(folder: Path, now: datetime, random_bytes: RandomBytes, _: Elsewhere) -> KeyProvider:
    return FileKeyring.create(folder / "keyring.json", now, random_bytes)


def _loaded(folder: Path, now: datetime, random_bytes: RandomBytes, _: Elsewhere) -> KeyProvider:
    FileKeyring.create(folder / "keyring.json", now, random_bytes)
    return FileKeyring.load(folder / "keyring.json")


def _rotated(folder: Path, now: datetime, random_bytes: RandomBytes, _: Elsewhere) -> KeyProvider:
    return _turned(KeyringFile(folder / "keyring.json"), now, random_bytes)


def _sealed_by_kms(folder: Path, now: datetime, random_bytes: RandomBytes, elsewhere: Elsewhere) -> KeyProvider:
    return _turned(sealed_by(folder / "keyring.json", Kms(elsewhere.kms)), now, random_bytes)


def _turned(file: KeyringFile, now: datetime, random_bytes: RandomBytes) -> KeyProvider:
    file.create(now, random_bytes)
    for purpose in Purpose:
        file.stage(purpose, now, random_bytes)
        file.put_in_use(purpose, now)
    return WatchedKeyring(file)


def _in_vault(folder: Path, now: datetime, random_bytes: RandomBytes, elsewhere: Elsewhere) -> KeyProvider:
    return vault_keys(folder, now, random_bytes, elsewhere.vault)[0]


def _rotated_in_vault(folder: Path, now: datetime, random_bytes: RandomBytes, elsewhere: Elsewhere) -> KeyProvider:
    keys, house = vault_keys(folder, now, random_bytes, elsewhere.vault)
    for purpose in Purpose:
        house.stage(purpose, now, random_bytes)
        house.put_in_use(purpose, now)
    return keys


PROVIDERS = [_created, _loaded, _rotated, _sealed_by_kms, _in_vault, _rotated_in_vault]


@pytest.fixture(params=PROVIDERS)
def keys(
    request: pytest.FixtureRequest, tmp_path: Path, now: datetime, random_bytes: RandomBytes, elsewhere: Elsewhere
) -> KeyProvider:
    provider: KeyProvider = request.param(tmp_path, now, random_bytes, elsewhere)
    return provider


def test_an_unknown_wrapping_key_is_named(keys: KeyProvider) -> None:
    with pytest.raises(KeyringError, match="wrapping-99"):
        keys.unwrap(WrappedKey("wrapping-99", bytes(40)))


def test_a_key_of_another_purpose_does_not_unwrap(keys: KeyProvider) -> None:
    with pytest.raises(KeyringError):
        keys.unwrap(WrappedKey("signing-1", bytes(40)))


def test_bytes_that_do_not_authenticate_are_refused(keys: KeyProvider) -> None:
    wrapped = keys.wrap(bytes(32))
    tail = wrapped.wrapped[-8:]
    for damaged in (wrapped.wrapped[::-1], b"", wrapped.wrapped[:-8] + tail[::-1], bytes(40)):
        with pytest.raises(SealBrokenError):
            keys.unwrap(WrappedKey(wrapped.master_key_id, damaged))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_what_is_not_a_key_is_not_wrapped(keys: KeyProvider, length: int) -> None:
    with pytest.raises(KeyringError, match=f"32 bytes, not {length}"):
        keys.wrap(bytes(length))


def test_of_many_who_cannot_be_opened_keeps_nobody_else(keys: KeyProvider) -> None:
    good, other = keys.wrap(bytes(32)), keys.wrap(b"k" * 32)
    broken = WrappedKey(good.master_key_id, other.wrapped[:-8] + good.wrapped[-8:])
    missing = WrappedKey("wrapping-99", bytes(40))
    for found in (keys.unwrap_many([good, broken, missing, other]), keys.rewrap_many([good, broken, missing, other])):
        assert [type(each) for each in found[1:3]] == [SealBrokenError, KeyringError]
    assert keys.unwrap_many([good, other]) == [bytes(32), b"k" * 32]
    assert keys.unwrap_many([]) == keys.rewrap_many([]) == []


def test_what_is_wrapped_anew_is_under_the_current_key_and_opens(keys: KeyProvider) -> None:
    again = keys.rewrap_many([keys.wrap(b"k" * 32)])[0]
    assert isinstance(again, WrappedKey)
    assert again.master_key_id == keys.wrapping_key_id() == keys.wrap(bytes(32)).master_key_id
    assert keys.unwrap(again) == b"k" * 32


@pytest.mark.parametrize("epoch", [0, 99, -1])
def test_an_unknown_epoch_is_refused(keys: KeyProvider, epoch: int) -> None:
    with pytest.raises(KeyringError, match=f"protection-{epoch}"):
        keys.epoch_seed(epoch)


def test_what_was_wrapped_unwraps(keys: KeyProvider, random_bytes: RandomBytes) -> None:
    key, wrapped = new_data_key(keys, random_bytes)
    assert len(key) == 32
    assert key not in wrapped.wrapped
    assert keys.unwrap(wrapped) == key


def test_seeds_have_32_bytes_and_stay_what_they_are(keys: KeyProvider) -> None:
    seeds = [keys.epoch_seed(epoch) for epoch in range(1, keys.current_epoch() + 1)]
    assert {len(seed) for seed in seeds} == {32}
    assert seeds == [keys.epoch_seed(epoch) for epoch in range(1, keys.current_epoch() + 1)]


def test_what_it_signs_verifies(keys: KeyProvider) -> None:
    key_id, private = keys.signer()
    dict(keys.signing_keys())[key_id].verify(private.sign(b"checkpoint"), b"checkpoint")
    assert keys.validity()[key_id].until is None
    signature = keys.signing_key().sign(b"checkpoint")
    keys.signing_key().public_key().verify(signature, b"checkpoint")
