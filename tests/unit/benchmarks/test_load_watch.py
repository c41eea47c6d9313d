"""Whether a process grows is told by a test: one that leaks is found, one that is merely noisy or young is not."""

from __future__ import annotations

import random

import pytest

from benchmarks.load_watch import GROWTH_MIB_PER_MIN, Sample, slope_of, students_t


def samples(minutes: float, *, growth: float, noise: float = 3.0, caches: float = 0.0) -> list[Sample]:
    """Answer what is seen every five seconds of a process of 200 MiB that grows, with caches that fill in a minute."""
    drawn = random.Random(7)  # noqa: S311  (for tests)
    times = [5.0 * n for n in range(int(minutes * 12))]
    return [
        Sample(at, 200 + growth * at / 60 + caches * min(1.0, at / 60) + drawn.uniform(-noise, noise), 10, 5)
        for at in times
    ]


@pytest.mark.parametrize("growth", [1.0, 2.0, 20.0])
def test_a_leak_is_found(growth: float) -> None:
    slope = slope_of(samples(20, growth=growth))
    assert slope is not None
    assert slope.grows
    assert slope.mib_per_min == pytest.approx(growth, abs=0.3)


@pytest.mark.parametrize("growth", [0.0, 0.2, -3.0])
def test_noise_is_no_leak_nor_is_memory_that_is_given_back(growth: float) -> None:
    slope = slope_of(samples(20, growth=growth))
    assert slope is not None
    assert not slope.grows
    assert slope.low < GROWTH_MIB_PER_MIN


def test_caches_that_fill_at_the_start_are_no_leak() -> None:
    slope = slope_of(samples(20, growth=0.0, caches=300.0))
    assert slope is not None
    assert not slope.grows


def test_nothing_is_said_of_a_process_that_ran_for_too_short_a_time() -> None:
    assert slope_of(samples(4, growth=50.0)) is None


@pytest.mark.parametrize(("freedom", "quantile"), [(3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (120, 1.980)])
def test_the_quantile_is_that_of_the_tables(freedom: int, quantile: float) -> None:
    """The values are those of table 26.10 of Abramowitz and Stegun."""
    assert students_t(freedom) == pytest.approx(quantile, rel=0.005)
