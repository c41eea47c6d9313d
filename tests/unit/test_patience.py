"""How long a client is waited for, and that who waits takes nobody's turn."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import ClientDisconnected, RequestTimeout

from api.serving import patience
from api.serving.patience import Allowance, Patience
from api.serving.turns import Turns, aside
from api.serving.wire import Wire

PATIENCE = Patience(stall_s=30.0, least_bytes_per_s=1000.0)


class Moments:
    """A clock that goes as far as it is told."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    clock = Moments()
    monkeypatch.setattr(patience, "time", clock)
    return clock


def wait(allowance: Allowance, moments: Moments, seconds: float) -> None:
    allowance.begin()
    moments.now += seconds
    allowance.end()


def test_silence_uses_up_the_allowance(moments: Moments) -> None:
    allowance = Allowance(PATIENCE)
    wait(allowance, moments, 29.0)
    assert allowance.left_s == pytest.approx(1.0)
    wait(allowance, moments, 1.0)
    assert allowance.left_s <= 0


def test_what_was_sent_fast_buys_no_longer_silence_than_the_first(moments: Moments) -> None:
    allowance = Allowance(PATIENCE)
    allowance.earn(500_000_000)
    wait(allowance, moments, 30.0)
    assert allowance.left_s <= 0


@pytest.mark.parametrize(("bytes_per_s", "held"), [(999, False), (500, False), (1000, True), (125_000, True)])
def test_below_the_least_rate_is_too_slow_and_at_it_is_not(moments: Moments, bytes_per_s: int, held: bool) -> None:  # noqa: FBT001  (a row of the table)
    allowance = Allowance(PATIENCE)
    for _ in range(100_000):
        wait(allowance, moments, 1.0)
        allowance.earn(bytes_per_s)
        if allowance.left_s <= 0:
            break
    assert (allowance.left_s > 0) is held


@given(st.lists(st.tuples(st.integers(1, 10**9), st.floats(0, 29))))
def test_the_allowance_is_never_more_than_in_the_beginning(steps: list[tuple[int, float]]) -> None:
    allowance = Allowance(PATIENCE)
    for count, _ in steps:
        allowance.earn(count)
        assert allowance.left_s <= PATIENCE.stall_s


# --- turns ------------------------------------------------------------------------------------------------------------


def test_no_more_than_there_are_turns_work_at_once_and_any_number_waits() -> None:
    turns, working, most = Turns(2), set[int](), list[int]()
    lock, all_wait = threading.Lock(), threading.Barrier(12)

    def answer(number: int) -> None:
        with turns.taken():
            with aside():
                all_wait.wait(30)  # reached only if all twelve have laid their turns aside
            with lock:
                working.add(number)
                most.append(len(working))
            with lock:
                working.discard(number)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(answer, range(12)))
    assert max(most) <= 2


def test_a_turn_comes_back_from_an_error_and_from_an_error_while_it_lay_aside() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="inside"), turns.taken(), aside():
            raise ValueError("inside")
    with turns.taken():
        pass


def test_who_has_no_turn_just_waits() -> None:
    with aside():
        pass


# --- the wire ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(0)
    with ours, theirs:
        yield ours, theirs


def test_who_sends_nothing_is_too_slow_and_who_is_gone_is_gone(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    wire = Wire(ours, Patience(stall_s=0.05))
    with pytest.raises(RequestTimeout):
        wire.recv(10)
    assert wire.is_spoilt
    theirs.close()
    with pytest.raises(ClientDisconnected):
        wire.recv(10)


def test_who_does_not_read_is_too_slow_and_who_reads_gets_all_of_it(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, _ = ends
    data = bytes(range(256)) * 20_000
    with pytest.raises(RequestTimeout):
        Wire(ours, Patience(stall_s=0.05)).sendall(data)
    fresh, other = socket.socketpair()
    fresh.settimeout(0)
    with fresh, other, ThreadPoolExecutor(1) as pool:
        sent = pool.submit(Wire(fresh, Patience()).sendall, data)
        received = bytearray()
        while len(received) < len(data):
            received += other.recv(65536)
        sent.result()
    assert bytes(received) == data


def test_another_thread_can_cut_off_who_is_waited_for(ends: tuple[socket.socket, socket.socket]) -> None:
    wire = Wire(ends[0], Patience(stall_s=30.0))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(wire.recv, 10)
        wire.cut()
        with pytest.raises(ClientDisconnected):
            waiting.result(timeout=30)
