"""Being asked to stop never hangs, whatever a signal interrupts or holds up; and everybody who waits is woken."""

from __future__ import annotations

import subprocess
import sys
import threading

from registry.stopping import Stop

LONG_S = 60.0
INTERRUPTED = """
import signal
from registry.stopping import Stop

stop = Stop()
signal.signal(signal.SIGALRM, lambda *_: stop.ask())
for number in range(4000):
    stop = Stop()
    signal.setitimer(signal.ITIMER_REAL, 0.00002 + number % 50 * 0.00001)
    while not stop.wait(0.00005):
        pass
"""
"""A signal at each moment of waiting; where an Event is set by it, this waits for itself after some dozen of them."""


HELD_UP = """
from registry.stopping import Stop

for _ in range(20_000):
    assert not Stop().wait(0.000002)
"""
"""The time is over before the waiting has begun, as where a process is held up; SimpleQueue.get then has no end."""


def test_a_signal_that_comes_while_somebody_wakes_is_heard_and_hangs_nobody() -> None:
    subprocess.run([sys.executable, "-c", INTERRUPTED], timeout=LONG_S, check=True)  # noqa: S603  (our own words)


def test_a_wait_whose_time_is_over_before_it_begins_ends() -> None:
    subprocess.run([sys.executable, "-c", HELD_UP], timeout=LONG_S, check=True)  # noqa: S603  (our own words)


def test_who_waits_is_woken_and_who_comes_later_does_not_wait() -> None:
    stop = Stop()
    waiting = [threading.Thread(target=stop.wait, args=(LONG_S,)) for _ in range(3)]
    for each in waiting:
        each.start()
    assert not stop.is_asked()
    stop.ask()
    for each in waiting:
        each.join(LONG_S / 2)
        assert not each.is_alive()
    assert stop.wait(LONG_S)
    assert stop.is_asked()


def test_asking_again_is_no_error() -> None:
    stop = Stop()
    for _ in range(2):
        stop.ask()
        assert stop.wait(LONG_S)


def test_nobody_asks_nobody_stops() -> None:
    assert not Stop().wait(0.0)
