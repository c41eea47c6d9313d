"""What everybody in a gallery has in common counts for nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.engine.cohort import VOICES_BESIDE, Cohort, Projection, Spread, middle
from registry.engine.gallery import Gallery
from registry.engine.voiceprint import Space
from registry.errors import InvalidInputError

DIMENSION = 8
SPACES = {"a": Space("a", "0" * 64, "x-1", DIMENSION)}
PLAIN = Spread(np.zeros(DIMENSION, dtype=np.float32), np.eye(DIMENSION, dtype=np.float32) / DIMENSION)
COHORTS = {
    "a": Cohort(Projection(np.zeros(DIMENSION, np.float32), np.eye(DIMENSION, dtype=np.float32)), PLAIN, (PLAIN,))
}


def rows(count: int, seed: int = 0) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(count, DIMENSION)) + 0.5
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def names(count: int) -> list[str]:
    return [f"p{number}" for number in range(count)]


def test_an_empty_gallery_has_no_middle() -> None:
    with pytest.raises(InvalidInputError):
        Gallery(SPACES, COHORTS).middles()


def test_where_everybody_is_left_out_there_is_no_middle() -> None:
    gallery = Gallery(SPACES, COHORTS)
    gallery.add_many(names(2), {"a": rows(2)})
    with pytest.raises(InvalidInputError):
        gallery.middles(["p0", "p1"])


def test_few_performers_hardly_have_one() -> None:
    assert np.linalg.norm(middle(rows(1)[0].astype(np.float64), 1)) == pytest.approx(1 / (VOICES_BESIDE + 1), rel=1e-5)


@given(st.integers(1, 30), st.data())
def test_the_middle_is_that_of_those_who_are_there(count: int, data: st.DataObject) -> None:
    gallery, drawn = Gallery(SPACES, COHORTS), rows(count)
    gallery.add_many(names(count), {"a": drawn})
    replaced = data.draw(st.sets(st.integers(0, count - 1)))
    other = rows(count, seed=1)
    for number in sorted(replaced):
        gallery.add_many([f"p{number}"], {"a": other[number : number + 1]})
        drawn[number] = other[number]
    gone = data.draw(st.sets(st.integers(0, count - 1), max_size=count - 1))
    for number in sorted(gone):
        gallery.remove(f"p{number}")
    here = [number for number in range(count) if number not in gone]
    without = data.draw(st.sets(st.sampled_from(here), max_size=len(here) - 1))
    kept = [number for number in here if number not in without]
    expected = drawn[kept].sum(axis=0, dtype=np.float64) / (len(kept) + VOICES_BESIDE)
    found = gallery.middles([f"p{number}" for number in without])["a"]
    assert np.allclose(found, expected, atol=1e-6)


def test_when_the_last_one_is_gone_nothing_is_left_of_anybody() -> None:
    gallery = Gallery(SPACES, COHORTS)
    gallery.add_many(names(3), {"a": rows(3)})
    for name in names(3):
        gallery.remove(name)
    gallery.add_many(["p9"], {"a": rows(1, seed=2)})
    assert np.array_equal(gallery.middles()["a"], middle(rows(1, seed=2)[0].astype(np.float64), 1))
