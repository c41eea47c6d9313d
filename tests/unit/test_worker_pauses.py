"""How long an idle worker waits: never long, and hardly at all when work has just come."""

from __future__ import annotations

from itertools import pairwise

from registry.worker import Pauses


def test_no_pause_is_longer_than_the_longest_however_long_nothing_comes() -> None:
    pauses = Pauses()
    found = [pauses.next_s() for _ in range(1000)]
    assert max(found) == Pauses.LONGEST_S
    assert all(first <= second for first, second in pairwise(found))


def test_after_work_the_next_look_is_soon_for_a_while() -> None:
    pauses = Pauses()
    for _ in range(100):
        pauses.next_s()
    pauses.worked()
    assert {pauses.next_s() for _ in range(100)} == {Pauses.SHORTEST_S}
