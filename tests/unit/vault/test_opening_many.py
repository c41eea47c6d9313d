"""Many performers' voiceprints are opened together: as one by one, and none keeps another from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from registry.errors import KeyringError, SealBrokenError
from registry.vault.keys import FileKeyring, Purpose, WrappedKey
from registry.vault.voiceprints import Holding, SealedVoiceprint, VoiceprintVault

SPACES = {"ge2e:a:mel40-1:24": 24, "campplus:b:fbank80-1:16": 16}


@pytest.fixture(scope="module")
def epochs(tmp_path_factory: pytest.TempPathFactory) -> list[VoiceprintVault]:
    """Vaults of one house: in its first epoch, and, once all of its keys were rotated, in its second."""
    return _epochs(tmp_path_factory.mktemp("keys") / "keyring.json", datetime.fromisoformat("2026-03-14T15:09:26Z"))


def _epochs(path: Path, now: datetime) -> list[VoiceprintVault]:
    drawn = np.random.default_rng(1)
    keyring = FileKeyring.create(path, now, drawn.bytes)
    first = VoiceprintVault(keyring, drawn.bytes)
    for purpose in Purpose:
        keyring = keyring.rotated(purpose, now, drawn.bytes)
    return [first, VoiceprintVault(keyring, drawn.bytes)]


def vector(dimension: int, seed: int) -> NDArray[np.float32]:
    drawn = np.random.default_rng(seed).standard_normal(dimension)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def holding(vault: VoiceprintVault, seed: int, counts: tuple[int, ...] = (1, 1)) -> Holding:
    """Answer a performer with so many voiceprints in each space, sealed in the epoch of a vault."""
    key = vault.new_performer_key()
    return Holding(
        key,
        [
            vault.seal(
                vector(dimension, 100 * seed + number),
                voiceprint_id=f"vp_{seed}_{dimension}_{number}",
                space_id=space_id,
                performer_key=key,
            )
            for (space_id, dimension), count in zip(SPACES.items(), counts, strict=True)
            for number in range(count)
        ],
    )


def with_first(held: Holding, **moved: object) -> Holding:
    first, *rest = held.voiceprints
    return replace(held, voiceprints=[replace(first, **moved), *rest])  # type: ignore[arg-type]


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (lambda held: with_first(held, data=flipped(held.voiceprints[0].data)), SealBrokenError),
        (lambda held: with_first(held, data=b""), SealBrokenError),
        (lambda held: with_first(held, voiceprint_id="vp_of_another"), SealBrokenError),
        (lambda held: with_first(held, epoch=2), SealBrokenError),
        (lambda held: with_first(held, epoch=77), SealBrokenError),
        (lambda held: with_first(held, dimension=10**9), SealBrokenError),
        (lambda held: replace(held, key=WrappedKey(held.key.master_key_id, bytes(40))), SealBrokenError),
        (lambda held: replace(held, key=WrappedKey(held.key.master_key_id, b"")), SealBrokenError),
        (lambda held: replace(held, key=WrappedKey("wrapping-99", held.key.wrapped)), KeyringError),
    ],
)
def test_who_cannot_be_opened_is_named_and_keeps_nobody_else_from_it(
    epochs: list[VoiceprintVault], broken: object, error: type[Exception]
) -> None:
    vault = epochs[0]
    opened = vault.open_many([holding(vault, 0), broken(holding(vault, 1)), holding(vault, 2)])  # type: ignore[operator]
    assert {number: type(why) for number, why in opened.broken.items()} == {1: error}
    for space in opened.spaces.values():
        assert space.holdings.tolist() == [0, 2]


def test_of_a_holding_of_which_one_seal_is_broken_nothing_is_opened(epochs: list[VoiceprintVault]) -> None:
    held = holding(epochs[0], 1, (3, 3))
    *rest, last = held.voiceprints
    opened = epochs[0].open_many([replace(held, voiceprints=[*rest, replace(last, data=flipped(last.data))])])
    assert (list(opened.broken), opened.spaces) == ([0], {})


def test_an_epoch_whose_seed_is_lost_is_named(tmp_path: Path, now: datetime) -> None:
    first, second = _epochs(tmp_path / "keyring.json", now)
    key = first.new_performer_key()
    space_id, dimension = next(iter(SPACES.items()))
    sealed = second.seal(vector(dimension, 1), voiceprint_id="vp_1", space_id=space_id, performer_key=key)
    (why,) = first.open_many([Holding(key, [sealed])]).broken.values()
    assert "protection-2" in why.detail


def test_what_is_said_of_a_broken_seal_holds_no_key(epochs: list[VoiceprintVault]) -> None:
    """An error's frames hold the key that was tried, for as long as the error is kept."""
    held = holding(epochs[0], 1)
    (why,) = epochs[0].open_many([with_first(held, data=flipped(held.voiceprints[0].data))]).broken.values()
    assert (why.__traceback__, why.__cause__, why.__context__) == (None, None, None)


def test_nothing_is_opened_of_nobody(epochs: list[VoiceprintVault]) -> None:
    opened = epochs[0].open_many([])
    assert (opened.spaces, opened.broken) == ({}, {})


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 3), st.integers(0, 3)), max_size=8))
@settings(max_examples=60)
def test_together_they_are_opened_as_one_by_one(
    epochs: list[VoiceprintVault], drawn: list[tuple[int, int, int]]
) -> None:
    """Of every epoch and any number of voiceprints in each space; to float32 rounding."""
    latest = epochs[-1]
    held = [holding(epochs[epoch], seed, counts) for seed, (epoch, *counts) in enumerate(drawn)]  # type: ignore[arg-type]
    opened = latest.open_many(held)
    assert not opened.broken
    for space_id in SPACES:
        of_space = [
            (number, sealed)
            for number, each in enumerate(held)
            for sealed in each.voiceprints
            if sealed.space_id == space_id
        ]
        assert (space_id in opened.spaces) == bool(of_space)
        if of_space:
            space = opened.spaces[space_id]
            assert space.holdings.tolist() == [number for number, _ in of_space]
            assert space.vectors.dtype == np.float32
            alone = np.stack([latest.open(sealed, held[number].key) for number, sealed in of_space])
            plain = np.stack([_plain(number, sealed) for number, sealed in of_space])
            np.testing.assert_allclose(space.vectors, alone, atol=1e-6, rtol=0)
            np.testing.assert_allclose(space.vectors, plain, atol=1e-6, rtol=0)


def _plain(seed: int, sealed: SealedVoiceprint) -> NDArray[np.float32]:
    return vector(sealed.dimension, 100 * seed + int(sealed.voiceprint_id.rpartition("_")[2]))
