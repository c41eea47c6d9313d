from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.engine.cohort import Cohort, fit_projection, fit_spread
from registry.engine.gallery import Gallery
from registry.engine.voiceprint import Space, Voiceprint
from registry.errors import InvalidInputError, SpaceMismatchError

SPACES = {"a": Space("a", "0" * 64, "x-1", 8), "b": Space("b", "1" * 64, "y-1", 6)}


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def cohorts() -> dict[str, Cohort]:
    random = np.random.default_rng(0)
    answer = {}
    for name, space in SPACES.items():
        vectors = unit(random.normal(size=(50, space.dimension)) + 0.3)
        project = fit_projection(vectors, [str(number // 2) for number in range(50)], ridge=0.5)
        spread = fit_spread(project(vectors), 0.1)
        answer[name] = Cohort(project, spread, (spread,))
    return answer


def prints(seed: int, count: int = 2) -> list[Voiceprint]:
    random = np.random.default_rng(seed)
    return [
        Voiceprint(space, unit(random.normal(size=space.dimension)), f"r{n}", 10.0)
        for space in SPACES.values()
        for n in range(count)
    ]


def voices(seed: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {name: unit(random.normal(size=(2, space.dimension))) for name, space in SPACES.items()}


def filled(count: int = 4) -> Gallery:
    gallery = Gallery(SPACES, cohorts())
    for number in range(count):
        gallery.add(f"p{number}", prints(number, 1 + number % 3))
    return gallery


def test_an_empty_gallery_cannot_be_searched() -> None:
    with pytest.raises(InvalidInputError, match="empty"):
        Gallery(SPACES, cohorts()).score(voices(0))


@pytest.mark.parametrize(
    "other",
    [Space("a", "2" * 64, "x-1", 8), Space("a", "0" * 64, "x-2", 8), Space("c", "0" * 64, "x-1", 8)],
)
def test_voiceprints_of_another_space_are_an_error_not_a_low_score(other: Space) -> None:
    stranger = Voiceprint(other, np.ones(8, dtype=np.float32), "r", 1.0)
    with pytest.raises(SpaceMismatchError):
        filled().add("p9", [*prints(9), stranger])


def test_a_performer_without_voiceprints_in_every_space_is_refused_and_not_half_added() -> None:
    gallery = filled()
    with pytest.raises(InvalidInputError, match="no voiceprint for b"):
        gallery.add("p9", [print_ for print_ in prints(9) if print_.space.encoder == "a"])
    assert "p9" not in gallery.performers()


def test_scores_are_those_of_brute_force() -> None:
    gallery, found = filled(), voices(7)
    scores = gallery.score(found)
    for name, space in SPACES.items():
        for column, performer in enumerate(scores.performers):
            number = int(performer[1:])
            own = [p.vector for p in prints(number, 1 + number % 3) if p.space == space]
            mean = unit(cohorts()[name].project(np.stack(own)).mean(axis=0))
            assert np.allclose(scores.encoders[name][:, column], found[name] @ mean, atol=1e-5)


def test_adding_again_replaces() -> None:
    gallery = filled()
    gallery.add("p1", prints(33))
    fresh = Gallery(SPACES, cohorts())
    fresh.add("p1", prints(33))
    assert len(gallery) == 4
    column = gallery.score(voices(1)).performers.index("p1")
    again = gallery.score(voices(1)).encoders["a"][:, column]
    assert np.allclose(again, fresh.score(voices(1)).encoders["a"][:, 0])


def test_who_is_removed_is_never_scored_again() -> None:
    gallery = filled()
    gallery.score(voices(1))
    gallery.remove("p2")
    assert gallery.performers() == ("p0", "p1", "p3")
    assert gallery.score(voices(1)).performers == ("p0", "p1", "p3")
    assert len(gallery) == 3


def test_no_array_holds_a_removed_voice() -> None:
    gallery = filled()
    held = [array for shelf in gallery._shelves.values() for array in (shelf.rows, shelf.rows[2].copy())]
    gallery.remove("p2")
    for rows, voice in zip(held[::2], held[1::2], strict=True):
        assert voice.any()
        assert not (rows == voice).all(axis=1).any()
        assert not rows[3:].any()


def test_arrays_outgrown_are_overwritten() -> None:
    gallery = filled()
    outgrown = [shelf.rows for shelf in gallery._shelves.values()]
    for number in range(len(outgrown[0])):
        gallery.add(f"q{number}", prints(number))
    assert not any(rows.any() for rows in outgrown)
    assert len(gallery) == len(outgrown[0]) + 4


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 7), st.integers(0, 3)), max_size=40))
@settings(max_examples=60)
def test_any_order_of_adding_and_removing_scores_as_a_fresh_gallery(steps: list[tuple[bool, int, int]]) -> None:
    gallery, held = Gallery(SPACES, cohorts()), dict[str, int]()
    for adding, number, seed in steps:
        name = f"p{number}"
        if adding:
            gallery.add(name, prints(seed))
            held[name] = seed
        else:
            gallery.remove(name)
            held.pop(name, None)
    assert sorted(gallery.performers()) == sorted(held)
    fresh = Gallery(SPACES, cohorts())
    for name, seed in held.items():
        fresh.add(name, prints(seed))
    if held:
        ours, theirs = gallery.score(voices(1)), fresh.score(voices(1))
        for encoder in SPACES:
            columns = [ours.performers.index(name) for name in theirs.performers]
            assert np.allclose(ours.encoders[encoder][:, columns], theirs.encoders[encoder], atol=1e-6)


def test_removing_who_is_not_there_is_fine() -> None:
    gallery = filled()
    gallery.remove("nobody")
    assert len(gallery) == 4


def test_the_last_performer_can_be_removed() -> None:
    gallery = filled(1)
    gallery.score(voices(1))
    gallery.remove("p0")
    assert len(gallery) == 0
    with pytest.raises(InvalidInputError):
        gallery.score(voices(1))
