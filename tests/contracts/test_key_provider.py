"""What every source of the house's keys keeps to. A new one is added to `PROVIDERS`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from registry.domain.ids import RandomBytes
from registry.errors import KeyringError, SealBrokenError
from registry.vault.keys import FileKeyring, KeyProvider, Purpose, WrappedKey, new_data_key

Maker = Callable[[Path, datetime, RandomBytes], KeyProvider]


def _created(folder: Path, now: datetime, random_bytes: RandomBytes) -> KeyProvider:
    return FileKeyring.create(folder / "keyring.json", now, random_bytes)


def _loaded(folder: Path, now: datetime, random_bytes: RandomBytes) -> KeyProvider:
    FileKeyring.create(folder / "keyring.json", now, random_bytes)
    return FileKeyring.load(folder / "keyring.json")


def _rotated(folder: Path, now: datetime, random_bytes: RandomBytes) -> KeyProvider:
    path = folder / "keyring.json"
    keyring = FileKeyring.create(path, now, random_bytes)
    for purpose in Purpose:
        keyring = keyring.rotate(path, purpose, now, random_bytes)
    return FileKeyring.load(path)


PROVIDERS: list[Maker] = [_created, _loaded, _rotated]


@pytest.fixture(params=PROVIDERS)
def keys(request: pytest.FixtureRequest, tmp_path: Path, now: datetime, random_bytes: RandomBytes) -> KeyProvider:
    provider: KeyProvider = request.param(tmp_path, now, random_bytes)
    return provider


def test_an_unknown_wrapping_key_is_named(keys: KeyProvider) -> None:
    with pytest.raises(KeyringError, match="wrapping-99"):
        keys.unwrap(WrappedKey("wrapping-99", bytes(40)))


def test_a_key_of_another_purpose_does_not_unwrap(keys: KeyProvider) -> None:
    with pytest.raises(KeyringError):
        keys.unwrap(WrappedKey("signing-1", bytes(40)))


def test_bytes_that_do_not_authenticate_are_refused(keys: KeyProvider) -> None:
    wrapped = keys.wrap(bytes(32))
    with pytest.raises(SealBrokenError):
        keys.unwrap(WrappedKey(wrapped.master_key_id, wrapped.wrapped[::-1]))


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
    signature = keys.signing_key().sign(b"checkpoint")
    keys.signing_key().public_key().verify(signature, b"checkpoint")
