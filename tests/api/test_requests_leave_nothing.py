"""A request leaves nothing in the memory of the process that answered it, whatever became of it."""

from __future__ import annotations

import gc
import sys
from itertools import pairwise

from house import USE, Caller, House, recording

ROUNDS = 20
LEFT_AT_MOST = 100
"""Blocks of Python's own allocator, after all rounds: a single one kept of each request would be nearly twice that."""


def ask(caller: Caller, stranger: Caller, performer_id: str) -> None:
    """Ask what is asked most, and what is refused in several ways."""
    sound = recording("submissions/slt-advert.flac")
    sent = caller.send("/v1/checks", USE | {"file": sound}, headers={"Prefer": "wait=0"})
    made = sent.get_json()["id"]
    caller.get(f"/v1/checks/{made}")
    caller.get("/v1/findings?limit=20")
    caller.get("/v1/journal/checkpoint")
    caller.post("/v1/clearances", {"performer_id": performer_id, "use": USE})
    caller.post("/v1/clearances", {"performer_id": performer_id})
    caller.get("/v1/checks/chk_00000000000000000000000000")
    stranger.get(f"/v1/checks/{made}")
    caller.get("/v1/nowhere")


def blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()


def test_a_request_leaves_nothing_behind(house: House) -> None:
    studio, stranger, (_, performer_id) = house.studio(), house.studio("Another"), house.performer()
    counts = []
    for _ in range(3):
        for _ in range(ROUNDS):
            ask(studio, stranger, performer_id)
        counts.append(blocks())
    grown = [after - before for before, after in pairwise(counts)]
    assert min(grown) < LEFT_AT_MOST, grown  # some things are made late, but once
