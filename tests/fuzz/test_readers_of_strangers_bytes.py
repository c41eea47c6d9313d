"""No reader of a stranger's bytes fails in any way but its own. `fuzz.py` looks for longer, guided by coverage."""

from __future__ import annotations

from random import Random

import pytest
from mutating import mutated
from targets import Target, targets

ALL = targets()
ROUNDS = 150


@pytest.fixture(params=ALL)
def target(request: pytest.FixtureRequest) -> Target:
    return ALL[request.param]


def test_what_is_valid_and_what_is_nothing_is_read(target: Target) -> None:
    for data in (*target.seeds, b"", b"\0", b"{}", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b"1" * 5000):
        target.read(data)


def test_what_was_changed_is_read_or_refused(target: Target) -> None:
    random = Random(0)  # noqa: S311  (it must be repeatable)
    for seed in target.seeds:
        for _ in range(ROUNDS):
            target.read(mutated(seed, random))
            target.read(mutated(mutated(seed, random), random))
