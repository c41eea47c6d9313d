"""Whether two runs of a scan came to the same rows, but for the last digits, which batches move."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from registry.scanning.results import ResultRow

WITHIN = 1e-3


def same(one: Any, other: Any) -> bool:
    """Whether evidence is the same but for the last digits, which batches move."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float):
        return math.isclose(one, other, rel_tol=WITHIN, abs_tol=10 * WITHIN)
    return isinstance(one, str) or bool(one == other)


def assert_same_rows(rows: Sequence[ResultRow], others: Sequence[ResultRow]) -> None:
    assert len(rows) == len(others)
    for row, other in zip(rows, others, strict=True):
        assert bool(row.evidence) == bool(other.evidence)
        assert not row.evidence or same(json.loads(row.evidence), json.loads(other.evidence))
        assert_alike(row, other)


def assert_alike(row: ResultRow, other: ResultRow) -> None:
    """Hold a row against another, evidence apart."""
    for name in ("log10_lr", "duration_s", "speech_s"):
        assert getattr(row, name) == pytest.approx(getattr(other, name), abs=WITHIN, nan_ok=True)
    nothing = {"evidence": "", "log10_lr": 0.0, "duration_s": 0.0, "speech_s": 0.0}
    assert replace(row, **nothing) == replace(other, **nothing)
