"""Counting in windows of time, in one process or in several; a store that fails neither opens nor closes the gate."""

from __future__ import annotations

import socket
from dataclasses import dataclass

import pytest
from house import House, assert_problem
from limits.storage import storage_from_string

from api import ApiSettings, create_app
from api.rates import Budget, Rate
from api.windows import OwnWindows, SharedWindows, Windows, windows_at
from registry.errors import SettingsError


@dataclass
class Seconds:
    """A clock that stands still until it is moved."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(params=["own", "shared"])
def windows(request: pytest.FixtureRequest) -> Windows:
    return OwnWindows() if request.param == "own" else SharedWindows(storage_from_string("memory://"), OwnWindows())


@pytest.fixture
def nobody_answers() -> str:
    """A URL at which there is no Redis."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"redis://user:secret@127.0.0.1:{port}/0"


def test_a_window_takes_what_fits_and_nothing_more(windows: Windows) -> None:
    taken = [windows.take("key", 5, 60, amount) for amount in (2, 4, 3, 1)]
    assert [(used.fits, used.left) for used in taken] == [(True, 3), (False, 3), (True, 0), (False, 0)]
    assert all(0 < used.ends_in_s <= 60 for used in taken)
    assert windows.take("another", 5, 60, 5).fits


def test_looking_takes_nothing(windows: Windows) -> None:
    assert windows.look("key", 1).fits
    assert windows.take("key", 1, 60, 1).fits
    assert [windows.look("key", 1).fits for _ in range(2)] == [False, False]


def test_a_window_ends_and_another_begins() -> None:
    clock = Seconds()
    windows = OwnWindows(clock)
    assert windows.take("key", 1, 60, 1).fits
    clock.now += 59.5
    assert windows.take("key", 1, 60, 1).ends_in_s == 0.5
    clock.now += 0.5
    assert windows.look("key", 1).fits
    assert windows.take("key", 1, 60, 1).fits


def test_a_flood_of_keys_does_not_fill_the_memory() -> None:
    clock = Seconds()
    windows = OwnWindows(clock, most=10)
    for number in range(1000):
        clock.now += 0.001
        windows.take(str(number), 1, 60, 1)
    assert len(windows._windows) <= 10
    assert not windows.look("999", 1).fits


def test_two_processes_count_together_in_a_shared_store() -> None:
    store = storage_from_string("memory://")
    first, second = SharedWindows(store, OwnWindows()), SharedWindows(store, OwnWindows())
    assert [each.take("key", 3, 60, 1).fits for each in (first, second, first, second)] == [True, True, True, False]
    assert not first.look("key", 3).fits


def test_a_process_counts_by_itself_while_the_store_does_not_answer(nobody_answers: str) -> None:
    windows = windows_at(nobody_answers)
    assert [windows.take("key", 2, 60, 1).fits for _ in range(3)] == [True, True, False]
    assert not windows.look("key", 2).fits


def test_a_store_that_failed_is_left_alone_for_a_while_and_then_used_again(nobody_answers: str) -> None:
    clock = Seconds()
    windows = windows_at(nobody_answers)
    assert isinstance(windows, SharedWindows)
    windows._clock = clock
    assert windows.take("key", 2, 60, 2).fits
    windows._store = storage_from_string("memory://")  # it is there again
    clock.now += 9
    assert not windows.take("key", 2, 60, 1).fits
    clock.now += 2
    assert [windows.take("key", 2, 60, 1).fits for _ in range(3)] == [True, True, False]


def test_requests_are_answered_and_limited_while_the_store_does_not_answer(house: House, nobody_answers: str) -> None:
    settings = ApiSettings(
        rates={Budget.READS: Rate(2, 3600), Budget.FAILED_TOKENS: Rate(1, 3600)}, rate_storage=nobody_answers
    )
    client = create_app(house.ctx, settings=settings).test_client()
    good, wrong = ({"Authorization": f"Bearer {token}"} for token in (house.operator.token, "wrong"))
    assert [client.get("/v1/me", headers=good).status_code for _ in range(3)] == [200, 200, 429]
    assert client.get("/v1/me", headers=wrong).status_code == 401
    assert_problem(client.get("/v1/me", headers=wrong), 429, "rate_limited", budget="failed_tokens")


@pytest.mark.parametrize("url", ["nonsense", "gopher://user:secret@127.0.0.1/0"])
def test_a_store_that_there_is_not_is_refused_at_start_without_its_secret(house: House, url: str) -> None:
    with pytest.raises(SettingsError, match="LIKENESS_RATE_STORAGE") as refused:
        create_app(house.ctx, settings=ApiSettings(rate_storage=url))
    assert "secret" not in refused.value.detail
    assert refused.value.__suppress_context__
