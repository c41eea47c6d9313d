from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

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


def test_means_make_the_same_gallery_elsewhere() -> None:
    gallery, elsewhere = filled(), Gallery(SPACES, cohorts())
    performers, means = gallery.means()
    elsewhere.add_many(performers, means)
    assert elsewhere.performers() == performers == ("p0", "p1", "p2", "p3")
    for name, scores in elsewhere.score(voices(9)).encoders.items():
        assert (scores == gallery.score(voices(9)).encoders[name]).all()
        means[name][:] = 0  # a copy
        assert (scores == gallery.score(voices(9)).encoders[name]).all()
    nobody, none = Gallery(SPACES, cohorts()).means()
    assert nobody == ()
    assert {name: rows.shape for name, rows in none.items()} == {"a": (0, 8), "b": (0, 6)}


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
    held = [(slab, slab.exact[2].clone()) for rows in gallery._rows.values() for slab in rows.slabs]
    gallery.remove("p2")
    for slab, voice in held:
        assert voice.any()
        assert not (slab.exact == voice).all(dim=1).any()
        assert not slab.exact[3:].any()
        near = (slab.coarse.levels[:3] * slab.coarse.scale[:3, None]) @ voice
        assert (near < 0.99).all()
        assert not slab.coarse.levels[3:].any()


def means(seed: int, count: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {name: unit(random.normal(size=(count, space.dimension))) for name, space in SPACES.items()}


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda given: {"a": given["a"]},
        lambda given: given | {"c": given["a"]},
        lambda given: given | {"b": given["b"][:2]},
        lambda given: given | {"b": given["b"][:, :3]},
        lambda given: given | {"b": given["b"].astype(np.float64)},
        lambda given: given | {"b": 2 * given["b"]},
        lambda given: given | {"b": given["b"] * np.float32(np.nan)},
    ],
)
def test_means_that_are_not_as_they_must_be_are_refused_and_nobody_is_added(
    spoilt: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]],
) -> None:
    gallery = filled()
    before = gallery.score(voices(1))
    with pytest.raises(InvalidInputError):
        gallery.add_many(["p1", "q1", "q2"], spoilt(means(5, 3)))
    after = gallery.score(voices(1))
    assert before.performers == after.performers
    assert all(np.array_equal(before.encoders[name], after.encoders[name]) for name in SPACES)


def test_nobody_is_added_twice_at_once() -> None:
    gallery = filled()
    with pytest.raises(InvalidInputError, match="twice"):
        gallery.add_many(["q1", "q2", "q1"], means(5, 3))
    assert len(gallery) == 4


def test_many_are_added_as_one_by_one_and_replaced_where_they_are() -> None:
    many, single = filled(), filled()
    given = means(5, 3)
    for rows in given.values():
        rows.flags.writeable = False
    many.add_many(["q1", "p1", "q2"], given)
    for number, name in enumerate(["q1", "p1", "q2"]):
        single.add_many([name], {encoder: rows[number : number + 1] for encoder, rows in given.items()})
    assert many.performers() == single.performers() == ("p0", "p1", "p2", "p3", "q1", "q2")
    for encoder in SPACES:
        ours, theirs = many.score(voices(1)).encoders[encoder], single.score(voices(1)).encoders[encoder]
        assert np.array_equal(ours, theirs)
        assert np.allclose(ours[:, [4, 1, 5]], voices(1)[encoder] @ given[encoder].T, atol=1e-6)


def test_means_are_copied() -> None:
    gallery, given = Gallery(SPACES, cohorts()), means(5, 3)
    gallery.add_many(["p0", "p1", "p2"], given)
    before = gallery.score(voices(1))
    for rows in given.values():
        rows[:] = 0
    assert all(np.array_equal(before.encoders[name], gallery.score(voices(1)).encoders[name]) for name in SPACES)


def test_a_large_gallery_and_its_search_take_no_more_memory_than_promised() -> None:
    script = Path(__file__).with_name("large_gallery.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)  # noqa: S603
    taken = json.loads(done.stdout)
    assert taken["gallery"] < 2 * taken["means"]
    assert taken["search"] < 0.25 * taken["all_scores"]


@pytest.mark.parametrize("without", [(), ("p1", "p3"), ("nobody", "p0")])
def test_the_nearest_are_those_of_all_scores(without: tuple[str, ...]) -> None:
    gallery = filled(60)
    whole = gallery.score(voices(2)).without(without)
    together = 2 * whole.encoders["a"] + 3 * whole.encoders["b"]
    found = gallery.nearest(voices(2), {"a": 2.0, "b": 3.0}, 7, 4, without)
    assert found.gallery_size == len(whole.performers)
    columns = [whole.performers.index(name) for name in found.performers]
    assert columns == sorted(columns)
    for name in SPACES:
        assert np.allclose(found.scores[name], whole.encoders[name][:, columns], atol=1e-6)
        assert np.allclose(found.nearest[name], -np.sort(-whole.encoders[name])[:, :4], atol=1e-6)
        assert set(np.argsort(-whole.encoders[name])[:, :4].ravel()) <= set(columns)
    listed = np.argsort(-together)[:, :7]
    assert set(listed.ravel()) <= set(columns)
    assert found.last is not None
    assert [columns[column] for column in found.last] == listed[:, -1].tolist()


def test_who_lists_everybody_has_no_last() -> None:
    assert filled(5).nearest(voices(2), {"a": 1.0, "b": 1.0}, 5, 6).last is None


def test_scores_of_some_are_in_the_order_asked_for() -> None:
    gallery = filled(20)
    whole = gallery.score(voices(2))
    found = gallery.scores_of(voices(2), ["p7", "p2"], 3, without=["p5"])
    assert found.performers == ("p7", "p2")
    for name in SPACES:
        assert np.allclose(found.scores[name], whole.encoders[name][:, [7, 2]], atol=1e-6)
        kept = np.delete(whole.encoders[name], 5, axis=1)
        assert np.allclose(found.nearest[name], -np.sort(-kept)[:, :3], atol=1e-6)


@pytest.mark.parametrize("names", [["nobody"], ["p1", "p2"]])
def test_scores_of_who_is_not_searched_are_refused(names: list[str]) -> None:
    with pytest.raises(InvalidInputError, match="not searched"):
        filled().scores_of(voices(2), names, 3, without=["p2"])


def test_nothing_changes_while_a_gallery_is_held() -> None:
    gallery, begun = filled(), threading.Event()

    def removing() -> None:
        begun.set()
        gallery.remove("p2")

    thread = threading.Thread(target=removing)
    with gallery.held():
        thread.start()
        begun.wait()
        assert "p2" in gallery.performers()
    thread.join()
    assert "p2" not in gallery.performers()


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
