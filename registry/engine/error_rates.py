"""How often the shipped engine misses and accuses, by group of people, as it was measured: data, and nothing computed.

The file is made from the tables of ``docs/accuracy.md`` by ``python -m benchmarks.error_rates``. It holds for the
calibration that ships; of another one nothing is known here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

FILE: Final = "error-rates.json"


@dataclass(frozen=True, slots=True)
class Share:
    """A measured share.

    Attributes:
        share: in [0, 1].
        ci95: its 95 % interval over people; None where none was computed.
        count: recordings that it counts.
        searches: recordings that it is a share of.
    """

    share: float
    ci95: tuple[float, float] | None
    count: int
    searches: int


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """What was measured of one group.

    Attributes:
        by: what the group is one of, such as ``sex``.
        group: of people or recordings.
        people: ``reporting``, who taught the engine nothing, or ``all``.
        missed: share of recordings of enrolled people who stay under the threshold of the target rate of false alarms.
        accused: share of recordings of strangers that the engine called a match for anybody.
        clones_found: share of clones of enrolled people that exceed the same threshold, for the person imitated.
            None, of each: it was not measured.
    """

    by: str
    group: str
    people: str
    missed: Share | None
    accused: Share | None
    clones_found: Share | None


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """All that was measured, and with which calibration.

    Attributes:
        calibration_sha256: of the calibration.
        target_fpir: rate of false alarms at which ``missed`` was measured.
        rates: by group.
    """

    calibration_sha256: str
    target_fpir: float
    rates: tuple[ErrorRate, ...]


@cache
def shipped_error_rates() -> ErrorRates:
    """Read what ships."""
    found = json.loads((resources.files("registry.engine.artefacts") / FILE).read_text(encoding="utf-8"))
    return ErrorRates(
        found["calibration_sha256"],
        found["target_fpir"],
        tuple(_rate(each) for each in found["rates"]),
    )


def _rate(said: Any) -> ErrorRate:
    shares = (_share(said[name]) for name in ("missed", "accused", "clones_found"))
    return ErrorRate(said["by"], said["group"], said["people"], *shares)


def _share(said: Any) -> Share | None:
    if said is None:
        return None
    interval = None if said["ci95"] is None else (said["ci95"][0], said["ci95"][1])
    return Share(said["share"], interval, said["count"], said["searches"])
