"""A stored voiceprint opens with its performer's key, and with nothing once that is destroyed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from registry.domain.ids import RandomBytes
from registry.errors import KeyDestroyedError, KeyringError, SealBrokenError
from registry.vault.keys import FileKeyring, Purpose, WrappedKey
from registry.vault.voiceprints import SealedVoiceprint, VoiceprintVault

SPACE = "campplus:0123456789ab:fbank80-cmn-1:192"


@pytest.fixture
def keyring(tmp_path: Path, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
    return FileKeyring.create(tmp_path / "keyring.json", now, random_bytes)


@pytest.fixture
def vault(keyring: FileKeyring, random_bytes: RandomBytes) -> VoiceprintVault:
    return VoiceprintVault(keyring, random_bytes)


@pytest.fixture
def key(vault: VoiceprintVault) -> WrappedKey:
    return vault.new_performer_key()


@pytest.fixture
def vector() -> NDArray[np.float32]:
    vector = np.random.default_rng(3).standard_normal(192)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@pytest.fixture
def sealed(vault: VoiceprintVault, key: WrappedKey, vector: NDArray[np.float32]) -> SealedVoiceprint:
    return vault.seal(vector, voiceprint_id="vp_1", space_id=SPACE, performer_key=key)


def test_without_the_key_nothing_opens_and_nothing_is_sealed(
    vault: VoiceprintVault, sealed: SealedVoiceprint, vector: NDArray[np.float32]
) -> None:
    with pytest.raises(KeyDestroyedError, match="vp_1"):
        vault.open(sealed, None)
    with pytest.raises(KeyDestroyedError, match="vp_2"):
        vault.seal(vector, voiceprint_id="vp_2", space_id=SPACE, performer_key=None)


def test_a_new_key_does_not_open_what_a_destroyed_one_sealed(vault: VoiceprintVault, sealed: SealedVoiceprint) -> None:
    with pytest.raises(SealBrokenError):
        vault.open(sealed, vault.new_performer_key())


@pytest.mark.parametrize("moved", [{"voiceprint_id": "vp_2"}, {"space_id": "ge2e"}, {"epoch": 2}, {"dimension": 191}])
def test_a_ciphertext_does_not_open_in_another_record(
    vault: VoiceprintVault, sealed: SealedVoiceprint, key: WrappedKey, moved: dict[str, object]
) -> None:
    with pytest.raises(SealBrokenError):
        vault.open(replace(sealed, **moved), key)  # type: ignore[arg-type]


def test_another_registrys_keyring_opens_nothing(
    sealed: SealedVoiceprint, key: WrappedKey, tmp_path: Path, now: datetime, random_bytes: RandomBytes
) -> None:
    other = FileKeyring.create(tmp_path / "other.json", now, random_bytes)
    with pytest.raises(SealBrokenError):
        VoiceprintVault(other, random_bytes).open(sealed, key)


def test_a_voiceprint_of_an_epoch_whose_seed_is_lost_is_refused(
    keyring: FileKeyring, now: datetime, random_bytes: RandomBytes
) -> None:
    later = keyring.rotated(Purpose.PROTECTION, now, random_bytes)
    key = VoiceprintVault(later, random_bytes).new_performer_key()
    sealed = VoiceprintVault(later, random_bytes).seal(
        np.ones(192, np.float32), voiceprint_id="vp_1", space_id=SPACE, performer_key=key
    )
    with pytest.raises(KeyringError, match="protection-2"):
        VoiceprintVault(keyring, random_bytes).open(sealed, key)


def test_the_vector_comes_back(
    vault: VoiceprintVault, sealed: SealedVoiceprint, key: WrappedKey, vector: NDArray[np.float32]
) -> None:
    opened = vault.open(sealed, key)
    assert opened.dtype == np.float32
    np.testing.assert_allclose(opened, vector, atol=3e-7, rtol=0)


def test_it_opens_after_every_key_was_rotated(
    *,
    keyring: FileKeyring,
    sealed: SealedVoiceprint,
    key: WrappedKey,
    vector: NDArray[np.float32],
    now: datetime,
    random_bytes: RandomBytes,
) -> None:
    for purpose in Purpose:
        keyring = keyring.rotated(purpose, now, random_bytes)
    np.testing.assert_allclose(VoiceprintVault(keyring, random_bytes).open(sealed, key), vector, atol=3e-7, rtol=0)


def test_neither_the_vector_nor_the_key_is_in_what_is_stored(
    keyring: FileKeyring, sealed: SealedVoiceprint, key: WrappedKey, vector: NDArray[np.float32]
) -> None:
    assert vector.tobytes() not in sealed.data
    assert keyring.unwrap(key) not in sealed.data + key.wrapped
