from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from registry.engine.coarse import bound, coarse, level_products, multiplies_int8, products_in_float, products_in_int8
from registry.engine.index import Hits, Wanted, products, search, top_k
from registry.engine.rows import Rows, exact_scores

WHOLE = st.booleans()
SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int, n: int, dimension: int, *, whole: bool = False) -> torch.Tensor:
    """Vectors whose products are exact and often equal, or vectors of very different lengths and shapes."""
    random = np.random.default_rng(seed)
    if whole:
        return torch.from_numpy(random.integers(-2, 3, size=(n, dimension))).float()
    spread = random.standard_t(1.5, size=(n, dimension)) * 10.0 ** random.integers(-3, 3, size=(n, 1))
    return torch.from_numpy(spread).float()


def table(vectors: torch.Tensor, slab_rows: int) -> Rows:
    rows = Rows(vectors.shape[1], slab_rows=slab_rows)
    rows.append(vectors)
    return rows


def by_brute_force(scores: np.ndarray, k: int, excluded: set[int]) -> tuple[np.ndarray, np.ndarray]:
    """The best of every row of scores, of equals the first."""
    counted = [column for column in range(scores.shape[1]) if column not in excluded]
    order = np.array([sorted(counted, key=lambda column: (-row[column], column))[:k] for row in scores], dtype=np.int64)
    return np.take_along_axis(scores, order, axis=1), order


def exactly(probes: torch.Tensor, rows: torch.Tensor) -> np.ndarray:
    return (probes.double() @ rows.double().T).numpy()


def assert_nearest(found: Hits, scores: np.ndarray, k: int, excluded: set[int], *, whole: bool) -> None:
    best, order = by_brute_force(scores, k, excluded)
    assert found.rows.shape == order.shape
    if whole:  # nothing is rounded, and ties are real
        assert np.array_equal(found.rows, order)
        assert np.array_equal(found.scores, best)
    scale = np.abs(scores).max() + 1e-30
    assert np.allclose(found.scores / scale, best / scale, atol=1e-12)
    assert np.allclose(found.scores / scale, np.take_along_axis(scores, found.rows, axis=1) / scale, atol=1e-12)
    assert not excluded & set(found.rows.ravel().tolist())
    assert all(len(set(row)) == len(row) for row in found.rows.tolist())


@given(
    seed=SEEDS,
    probes=st.integers(1, 4),
    rows=st.integers(1, 40),
    dimension=st.integers(1, 8),
    block=st.integers(1, 50),
)
def test_products_are_those_of_brute_force_whatever_the_block(
    seed: int, probes: int, rows: int, dimension: int, block: int
) -> None:
    random = np.random.default_rng(seed)
    left, right = random.normal(size=(probes, dimension)), random.normal(size=(rows, dimension))
    found = products(torch.from_numpy(left).float(), torch.from_numpy(right).float(), block).numpy()
    assert found.shape == (probes, rows)
    for probe in range(probes):
        for row in range(rows):
            assert np.isclose(found[probe, row], sum(left[probe] * right[row]), atol=1e-4)


@given(
    seed=SEEDS,
    whole=WHOLE,
    probes=st.integers(1, 20),
    count=st.integers(1, 400),
    dimension=st.integers(1, 40),
    k=st.integers(1, 30),
    slab_rows=st.sampled_from([1, 7, 64, 150, 1000]),
    data=st.data(),
)
def test_the_nearest_are_those_of_brute_force_and_of_equals_the_lower_row(  # noqa: PLR0917
    seed: int,
    whole: bool,  # noqa: FBT001
    probes: int,
    count: int,
    dimension: int,
    k: int,
    slab_rows: int,
    data: st.DataObject,
) -> None:
    threads = data.draw(st.integers(1, 3))
    excluded = data.draw(st.sets(st.integers(0, count - 1), max_size=min(10, count - 1)))
    asked, vectors = drawn(seed, probes, dimension, whole=whole), drawn(seed + 1, count, dimension, whole=whole)
    found = top_k(asked, table(vectors, slab_rows), k, excluded=excluded, threads=threads)
    assert_nearest(found, exactly(asked, vectors), k, excluded, whole=whole)


@given(
    seed=SEEDS,
    whole=WHOLE,
    count=st.integers(1, 300),
    block=st.sampled_from([1, 500, 2**20]),
    weights=st.tuples(st.integers(-3, 3), st.integers(-3, 3)),
)
def test_several_lists_of_one_search_are_each_those_of_brute_force(
    seed: int,
    whole: bool,  # noqa: FBT001
    count: int,
    block: int,
    weights: tuple[int, int],
) -> None:
    asked = [drawn(seed + n, 3, dimension, whole=whole) for n, dimension in enumerate((12, 5))]
    vectors = [drawn(seed + 10 + n, count, dimension, whole=whole) for n, dimension in enumerate((12, 5))]
    wanted = [Wanted((1.0, 0.0), 6), Wanted((0.0, 1.0), 6), Wanted((float(weights[0]), float(weights[1])), 9)]
    lists = search(asked, [table(some, 90) for some in vectors], wanted, threads=2, block_products=block)
    apart = [exactly(probes, rows) for probes, rows in zip(asked, vectors, strict=True)]
    for found, one in zip(lists, wanted, strict=True):
        together = one.weights[0] * apart[0] + one.weights[1] * apart[1]
        scale = max(abs(weight) * np.abs(scores).max() for weight, scores in zip(one.weights, apart, strict=True))
        if scale:
            assert_nearest(found, together, one.count, set(), whole=whole)


@given(seed=SEEDS, copies=st.integers(1, 500), k=st.integers(1, 12))
def test_of_voices_that_are_all_the_same_the_first_are_named(seed: int, copies: int, k: int) -> None:
    one = drawn(seed, 1, 16)
    found = top_k(drawn(seed + 1, 5, 16), table(one.expand(copies, 16), 64), k, threads=2)
    assert (found.rows == np.arange(min(k, copies))).all()


@pytest.mark.parametrize("block", [1, 1_000, 100_000])
def test_more_rows_in_doubt_than_may_wait_are_settled_on_the_way(block: int) -> None:
    asked, vectors = drawn(1, 4, 8, whole=True), drawn(2, 2_000, 8, whole=True)
    found = search([asked], [table(vectors, 1_000)], [Wanted((1.0,), 7)], threads=2, block_products=block)[0]
    assert_nearest(found, exactly(asked, vectors), 7, set(), whole=True)


@given(seed=SEEDS, probes=st.integers(1, 40), rows=st.integers(1, 60), dimension=st.integers(1, 64))
def test_no_score_by_levels_is_further_off_than_the_bound(seed: int, probes: int, rows: int, dimension: int) -> None:
    asked, vectors = drawn(seed, probes, dimension), drawn(seed + 1, rows, dimension)
    short, long = coarse(asked, one_scale=True), coarse(vectors)
    scores = level_products(long, short) * (long.scale * short.scale[0])[:, None]
    off = np.abs(scores.T.double().numpy() - exactly(asked, vectors))
    assert (off <= bound(long, short).double().numpy()[:, None]).all()


@pytest.mark.skipif(not multiplies_int8(), reason="no exact product of int8 on this processor")
@given(seed=SEEDS, probes=st.integers(1, 40), rows=st.integers(1, 300), dimension=st.integers(16, 512))
def test_products_of_levels_are_whole_numbers_either_way(seed: int, probes: int, rows: int, dimension: int) -> None:
    random = np.random.default_rng(seed)
    left, right = (
        torch.from_numpy(random.choice([-127, -126, 0, 127], size=(n, dimension)).astype(np.int8))
        for n in (rows, probes)
    )
    truth = left.long() @ right.long().T
    assert torch.equal(products_in_int8(left, right).long(), truth)
    assert torch.equal(products_in_float(left, right).long(), truth)


def test_vectors_too_long_for_exact_products_are_refused() -> None:
    Rows(1_040)
    with pytest.raises(ValueError, match="1041 dimensions"):
        Rows(1_041)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_probes_that_are_no_numbers_are_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        top_k(torch.tensor([[0.0, wrong]]), Rows.of(torch.eye(2)), 1)


def test_a_search_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="one at least"):
        top_k(torch.zeros(0, 2), Rows.of(torch.eye(2)), 1)


@pytest.mark.parametrize(("rows", "excluded"), [(Rows(2), ()), (Rows.of(torch.eye(2)), (0, 1))])
def test_where_nobody_is_left_nobody_is_found(rows: Rows, excluded: tuple[int, ...]) -> None:
    found = top_k(torch.eye(2), rows, 3, excluded=excluded)
    assert found.rows.shape == found.scores.shape == (2, 0)


def test_tables_that_do_not_belong_together_are_refused() -> None:
    tables = [Rows.of(torch.eye(3)), Rows.of(torch.eye(3)[:2])]
    with pytest.raises(ValueError, match="as many"):
        search([torch.eye(3)] * 2, tables, [Wanted((1.0, 1.0), 1)])


@given(
    seed=SEEDS,
    steps=st.lists(st.tuples(st.sampled_from(["append", "replace", "take out"]), st.integers(0, 50)), max_size=30),
)
def test_rows_that_change_are_searched_as_they_are(seed: int, steps: list[tuple[str, int]]) -> None:
    rows, held = Rows(6, slab_rows=4), list[torch.Tensor]()
    for number, (step, at) in enumerate(steps):
        vectors = drawn(seed + number, 1 + at % 7, 6, whole=True)
        if step == "append":
            rows.append(vectors)
            held += list(vectors)
        elif held and step == "replace":
            rows.replace(at % len(held), vectors[0])
            held[at % len(held)] = vectors[0]
        elif held:
            rows.take_out(at % len(held))
            held[at % len(held)] = held[-1]
            held.pop()
    assert len(rows) == len(held)
    assert len(rows.slabs) <= len(held) // 4 + 1
    if held:
        probes, vectors = drawn(seed, 2, 6, whole=True), torch.stack(held)
        assert_nearest(top_k(probes, rows, 5), exactly(probes, vectors), 5, set(), whole=True)
        picked = torch.tensor([len(held) - 1, 0])
        assert np.array_equal(exact_scores(probes, rows, picked), exactly(probes, vectors)[:, picked])


def test_what_is_taken_out_or_replaced_is_in_no_array() -> None:
    rows = Rows(6, slab_rows=4)
    rows.append(torch.arange(1.0, 61.0).reshape(10, 6))
    slabs, gone = list(rows.slabs), [rows[5].clone(), rows[1].clone()]
    rows.take_out(5)
    rows.replace(1, torch.ones(6))
    for slab in slabs:
        for vector in gone:
            assert not (slab.exact == vector).all(dim=1).any()
            assert not (slab.coarse.levels * slab.coarse.scale[:, None] - vector).norm(dim=1).lt(1e-1).any()
    assert not slabs[2].exact[1:].any()
    assert not slabs[2].coarse.levels[1:].any()


@pytest.mark.parametrize("budget_bytes", [0, 1_500, 10**9])
def test_a_table_larger_than_the_budget_of_its_device_is_searched_all_the_same(budget_bytes: int) -> None:
    device = torch.device("cpu")
    vectors, probes = drawn(3, 300, 12, whole=True), drawn(4, 3, 12, whole=True)
    rows = Rows(12, device=device, budget_bytes=budget_bytes, slab_rows=32)
    rows.append(vectors)
    assert_nearest(top_k(probes, rows, 5), exactly(probes, vectors), 5, set(), whole=True)


def test_what_exceeds_the_budget_of_a_device_lies_in_memory() -> None:
    slab_bytes = 32 * (12 + 12)
    rows = Rows(12, device=torch.device("meta"), budget_bytes=2 * slab_bytes, slab_rows=32)
    rows.append(drawn(3, 100, 12))
    assert [slab.coarse.levels.device.type for slab in rows.slabs] == ["meta", "meta", "cpu", "cpu"]
    assert {slab.exact.device.type for slab in rows.slabs} == {"cpu"}


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("budget_bytes", [None, 0, 40_000])
def test_a_graphics_card_finds_what_a_processor_finds(budget_bytes: int | None) -> None:
    vectors, probes = drawn(3, 5_000, 64, whole=True), drawn(4, 40, 64, whole=True)
    rows = Rows(64, device=torch.device("cuda"), budget_bytes=budget_bytes, slab_rows=500)
    rows.append(vectors)
    assert_nearest(top_k(probes, rows, 10), exactly(probes, vectors), 10, set(), whole=True)
