"""The error rates that ship are those of the tables, and of the calibration that ships."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks.error_rates import SHIPPED, SOURCE, written
from registry.engine.calibration import CALIBRATION_SHA256
from registry.engine.error_rates import shipped_error_rates


@pytest.fixture
def measured() -> Any:
    return json.loads(SOURCE.read_text(encoding="utf-8"))


def test_what_ships_is_what_was_measured(measured: Any) -> None:
    assert SHIPPED.read_text(encoding="utf-8") == written(measured)
    assert shipped_error_rates().calibration_sha256 == CALIBRATION_SHA256


def test_every_share_is_its_count_of_its_searches(measured: Any) -> None:
    (everybody,) = [
        each for each in shipped_error_rates().rates if (each.by, each.people) == ("everybody", "reporting")
    ]
    assert everybody.missed is not None
    assert (everybody.missed.count, everybody.missed.searches) == (11, 182)
    assert everybody.missed.share == pytest.approx(measured["figures"]["reporting"]["fnir"][1]["value"])


@pytest.mark.parametrize("cell", ["some", "12.5 % (1 of 3)", "50.0 %"])
def test_a_cell_that_is_no_share_of_its_searches_is_refused(measured: Any, cell: str) -> None:
    row = measured["tables"]["sexes"]["rows"][0]
    row[measured["tables"]["sexes"]["headings"].index("FNIR at 1 %")] = cell
    with pytest.raises(ValueError, match=r"is no share of"):
        written(measured)
