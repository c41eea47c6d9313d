"""What ships beside the calibration: its card, and the curves of its validation. Data; nothing here loads an engine.

Both are found by the digest of the calibration that they are of, never by a name: of another calibration there is
nothing here, and nothing is said of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from registry.engine.error_rates import shipped_error_rates

_CARDS: Final = "calibration-"
_CURVES: Final = "validation-"

Curve = Sequence[tuple[float, float]]
"""Strengths in log10 LR, ascending, each with the share in [0, 1] of trials that reach it."""


@dataclass(frozen=True, slots=True)
class CalibrationCard:
    """What is known of one calibration.

    Attributes:
        sha256: of its bytes.
        made_on: the day.
        people: who it was fitted on, by what for.
        validated: of each figure of a recording, the range within which it was validated; None where a range is open.
        not_validated_for: ways of speaking that nobody measured it on.
        bounds: in log10 LR; nothing stronger is said either way.
        same_speaker, different_speakers: curves of its validation; empty where none were measured.
        trials: how many trials each curve is of, and of how many people: ``same``, ``different``.
    """

    sha256: str
    made_on: str
    people: Mapping[str, int]
    validated: Mapping[str, tuple[float | None, float | None]]
    not_validated_for: Sequence[str]
    bounds: tuple[float, float]
    same_speaker: Curve
    different_speakers: Curve
    trials: Mapping[str, tuple[int, int]]


def card_of(calibration_sha256: str | None) -> CalibrationCard | None:
    """Answer the card of a calibration; with None, of the one that ships. None where nothing ships of it."""
    return _cards().get(calibration_sha256 or shipped_error_rates().calibration_sha256)


@cache
def _cards() -> Mapping[str, CalibrationCard]:
    curves = {each["calibration_sha256"]: each for each in _read(_CURVES)}
    found = (_card(each, curves.get(each["sha256"])) for each in _read(_CARDS))
    return MappingProxyType({card.sha256: card for card in found})


def _read(prefix: str) -> list[dict[str, Any]]:
    folder = resources.files("registry.engine.artefacts")
    named = (file for file in folder.iterdir() if file.name.startswith(prefix) and file.name.endswith(".json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(named, key=lambda file: file.name)]


def _card(card: Mapping[str, Any], curves: Mapping[str, Any] | None) -> CalibrationCard:
    measured = curves or {"same_speaker": [], "different_speakers": [], "trials": {}, "people": {}}
    return CalibrationCard(
        sha256=card["sha256"],
        made_on=card["made_on"],
        people=dict(card["people"]),
        validated={name: (low, high) for name, (low, high) in card["validated"].items()},
        not_validated_for=tuple(card["not_validated_for"]),
        bounds=(card["bounds_log10_lr"][0], card["bounds_log10_lr"][1]),
        same_speaker=[(at, share) for at, share in measured["same_speaker"]],
        different_speakers=[(at, share) for at, share in measured["different_speakers"]],
        trials={
            kind: (measured["trials"][kind], measured["people"][kind])
            for kind in ("same", "different")
            if kind in measured["trials"]
        },
    )
