"""A turn keeps what comparing needs and gives away nothing between epochs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from registry.errors import SpaceMismatchError
from registry.vault.protection import Protection

SEED = bytes(range(32))
DIMENSIONS = [192, 256]


def voices(count: int, dimension: int, seed: int = 7) -> NDArray[np.float32]:
    """Unit vectors, none negative in any place: like those of the rectified encoder, all in one corner of the space."""
    vectors = np.abs(np.random.default_rng(seed).standard_normal((count, dimension)))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("dimension", [1, 191, 193])
def test_vectors_of_another_length_are_refused(dimension: int) -> None:
    protection = Protection.derive(SEED, 1, "campplus", 192)
    for turn in (protection.protect, protection.expose):
        with pytest.raises(SpaceMismatchError) as caught:
            turn(voices(2, dimension))
        assert caught.value.figures == {"dimension": dimension, "required_dimension": 192}


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize(
    "other", [(SEED, 2, "space"), (SEED, 1, "another space"), (SEED[::-1], 1, "space")], ids=["epoch", "space", "seed"]
)
def test_the_same_voice_is_unlinkable_across_epochs_spaces_and_registries(
    dimension: int, other: tuple[bytes, int, str]
) -> None:
    """Cosines are those of random vectors: mean 0, standard deviation 1/sqrt(dimension), over 400 voices."""
    plain = voices(400, dimension)
    here, there = Protection.derive(SEED, 1, "space", dimension), Protection.derive(*other, dimension)
    cosines = np.sum(here.protect(plain) * there.protect(plain), axis=1)
    assert np.abs(cosines).max() < 6 / np.sqrt(dimension)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_protected_vector_does_not_resemble_the_plain_one(dimension: int) -> None:
    plain = voices(400, dimension)
    cosines = np.sum(Protection.derive(SEED, 1, "space", dimension).protect(plain) * plain, axis=1)
    assert np.abs(cosines).max() < 6 / np.sqrt(dimension)


@given(st.integers(2, 300), st.integers(0, 1000))
@settings(max_examples=15)
def test_every_cosine_is_kept(dimension: int, seed: int) -> None:
    plain = voices(20, dimension, seed)
    protected = Protection.derive(SEED, 1, "space", dimension).protect(plain)
    assert protected.dtype == np.float32
    exact = plain.astype(np.float64) @ plain.T.astype(np.float64)
    np.testing.assert_allclose(protected.astype(np.float64) @ protected.T.astype(np.float64), exact, atol=1e-6)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_what_was_protected_is_exposed_to_float32_rounding(dimension: int) -> None:
    protection, plain = Protection.derive(SEED, 1, "space", dimension), voices(50, dimension)
    np.testing.assert_allclose(protection.expose(protection.protect(plain)), plain, atol=3e-7, rtol=0)


def test_one_vector_turns_as_it_does_among_others() -> None:
    protection, plain = Protection.derive(SEED, 1, "space", 192), voices(5, 192)
    np.testing.assert_allclose(protection.protect(plain[0]), protection.protect(plain)[0], atol=1e-7)


@pytest.mark.parametrize("dimension", [1, 2, 3, *DIMENSIONS])
def test_the_matrix_is_orthogonal(dimension: int) -> None:
    matrix = Protection.derive(SEED, 1, "space", dimension).matrix
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(dimension), atol=1e-12)


def test_the_turn_of_a_seed_is_the_same_for_ever() -> None:
    """These numbers were written down when the derivation was; if they change, no stored voiceprint can be read."""
    matrix = Protection.derive(SEED, 1, "ge2e:0123456789ab:mel40-1:256", 256).matrix
    np.testing.assert_allclose(
        [matrix[0, 0], matrix[0, 255], matrix[128, 77], matrix[255, 255]],
        [0.03523685335785154, -0.07945839472957032, 0.07357595246049085, -0.14549738409808377],
        atol=1e-12,
    )


def test_entries_are_spread_as_those_of_a_uniform_orthogonal_matrix() -> None:
    """Mean 0 and variance 1/n; without the sign fix the diagonal would be biased."""
    matrices = np.stack([Protection.derive(bytes([n]) * 32, 1, "space", 64).matrix for n in range(100)])
    assert abs(matrices.mean()) < 0.002
    assert abs(matrices.var() - 1 / 64) < 0.001
    assert abs(np.diagonal(matrices, axis1=1, axis2=2).mean()) < 0.01
