"""Changes to a valid file: of its bytes, or, where it is JSON, of its members, which goes deeper."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**53, 2**70, -(10**30), 1e308, float("nan"), float("inf"), -0.0),
    *("", " ", "x", "x" * 5000, "\0", "\ud800", "٣", "2026-13-45", "2026-02-30", "9999-12-31", "1e5", "NaN", "#"),
    *([], {}, [[]], [None], {"": None}, [0] * 2000),
)


def mutated(data: bytes, random: Random) -> bytes:
    """Answer a file that is like this one, and not it."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return _with_other_bytes(data, random)
    if random.random() < 0.2 or not isinstance(value, dict | list):
        return _with_other_bytes(data, random)
    for _ in range(random.choice((1, 1, 2, 5))):
        _change_a_member(value, random)
    return json.dumps(value).encode() + (b"\n" if data.endswith(b"\n") else b"")


def _change_a_member(value: Any, random: Random) -> None:
    places = list(_places(value))
    if not places:
        return
    holder, name = random.choice(places)
    way = random.randrange(4)
    if way == 0:
        holder[name] = deepcopy(random.choice(STRANGE))
    elif way == 1:
        del holder[name]
    elif way == 2:
        other, key = random.choice(places)
        holder[name] = deepcopy(other[key])
    elif isinstance(holder, dict):
        holder[f"{name}_more"] = deepcopy(random.choice(STRANGE))
    else:
        holder.append(deepcopy(random.choice(STRANGE)))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every member, as what holds it and by which name or number."""
    names = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for name in names:
        yield value, name
        yield from _places(value[name])


def _with_other_bytes(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 8))):
        at = random.randrange(len(changed) + 1)
        way = random.randrange(3)
        if way == 0:
            changed[at : at + random.choice((1, 4, 100))] = b""
        elif way == 1:
            changed[at:at] = random.randbytes(random.choice((1, 4, 100)))
        elif at < len(changed):
            changed[at] ^= 1 << random.randrange(8)
    return bytes(changed)
