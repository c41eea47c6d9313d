"""Work is counted as textbooks count it, and a stage is never said to be allowed more than the slower floor gives."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from benchmarks.floors import Core, Work, flop_of, works
from registry.engine.encoders.ge2e import SHAPE, WINDOW_FRAMES, Ge2eNetwork
from registry.media.recording import SAMPLE_RATE_HZ


def test_a_layer_costs_two_operations_for_each_weight_that_a_row_meets() -> None:
    layer = nn.Linear(30, 50)
    assert flop_of(lambda: layer(torch.zeros(7, 30))) == 2 * 7 * 30 * 50


def test_layers_that_one_operator_runs_are_counted_too() -> None:
    lstm = nn.LSTM(40, 256, batch_first=True)
    a_frame = 2 * 4 * 256 * (40 + 256)
    assert flop_of(lambda: lstm(torch.zeros(1, 10, 40))) == 10 * a_frame


def test_a_second_of_ge2e_costs_what_its_layers_cost() -> None:
    windows_a_second = SAMPLE_RATE_HZ / SHAPE.samples
    network = flop_of(lambda: Ge2eNetwork()(torch.zeros(1, WINDOW_FRAMES, 40)))
    found = works()["ge2e, windows of one voice"].flop
    assert windows_a_second * network < found < 1.02 * windows_a_second * network  # and its filter bank


def test_windows_that_overlap_by_half_cost_twice() -> None:
    found = works()
    assert found["campplus, all windows"].flop == 2 * found["campplus, windows of one voice"].flop


def test_what_a_core_allows_follows_from_work_and_speed() -> None:
    core = Core(flop_per_s=100e9, read_bytes_per_s=10e9)
    assert core.times_real_time(Work(flop=1e9, read_bytes=1e6)) == pytest.approx((100.0, 10_000.0))


def test_a_core_is_measured_and_the_threads_stay_what_they_were() -> None:
    before = torch.get_num_threads()
    core = Core.measured(rounds=1)
    assert core.flop_per_s > 1e8
    assert core.read_bytes_per_s > 1e7
    assert torch.get_num_threads() == before
