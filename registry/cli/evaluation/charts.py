"""The four charts of an evaluation: DET, open-set search, Tippett and reliability."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from registry.cli.evaluation.plots import Axis, Band, Chart, Line, Mark, probit
from registry.cli.evaluation.words import Words

_PROBIT_TICKS = (0.0001, 0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6)
_STATED_LIMIT = 8.0


def charts(report: Mapping[str, Any], words: Words) -> dict[str, str]:
    """Answer SVG documents by name."""
    curves = report["curves"]
    return {
        "det": _det(curves["det"], report["eer"], words),
        "open-set": _open_set(curves["open_set"], report["fnir"], words),
        "tippett": _tippett(curves["tippett"], words),
        "reliability": _reliability(curves["reliability"], words),
    }


def percent(share: float) -> str:
    """Write a share so that small ones keep two digits: 0.55 %, 13.2 %."""
    shown = 100 * share
    return f"{shown:.2f} %" if 0 < shown < 1 else f"{shown:.1f} %"


def _probit_axis(title: str, low: float, high: float) -> Axis:
    ticks = [(value, f"{100 * value:g} %") for value in _PROBIT_TICKS if low <= value <= high]
    return Axis(title, low, high, ticks, probit)


def _det(points: Sequence[tuple[float, float]], eer: float, words: Words) -> str:
    low, high = 0.0005, 0.5
    return Chart(
        "det",
        words["det_title"],
        words["det_text"],
        _probit_axis(words["false_alarm_rate"], low, high),
        _probit_axis(words["miss_rate"], low, high),
        [
            Line([(low, low), (high, high)], "help"),
            Line([(x, y) for x, y in points if x >= low and y >= low], "one", words["det_line"]),
            Mark(eer, eer, "one", words["equal_line"].format(rate=percent(eer))),
        ],
    ).svg()


def _open_set(
    points: Sequence[tuple[float, float, float | None, float | None]], rates: Sequence[Mapping[str, Any]], words: Words
) -> str:
    low, high = 0.0005, 0.6
    band = [(x, lower, upper) for x, _, lower, upper in points if lower is not None and upper is not None]
    marks = [Mark(rate["fpir"], rate["value"], "one", percent(rate["value"])) for rate in rates if rate["resolvable"]]
    return Chart(
        "open-set",
        words["open_title"],
        words["open_text"],
        _probit_axis(words["fpir_axis"], low, 0.5),
        _probit_axis(words["fnir_axis"], 0.001, high),
        [
            Band(band, "one", words["band_label"]),
            Line([(x, y) for x, y, _, _ in points], "one", words["open_line"]),
            *marks,
        ],
    ).svg()


def _tippett(points: Mapping[str, Sequence[tuple[float, float]]], words: Words) -> str:
    reached = [x for line in points.values() for x, _ in line]
    low, high = _whole(min(reached), math.floor), _whole(max(reached), math.ceil)
    across = Axis(words["tippett_axis"], low, high, _evenly(low, high))
    up = Axis(words["share_axis"], 0, 1, [(share / 5, f"{20 * share} %") for share in range(6)])
    return Chart(
        "tippett",
        words["tippett_title"],
        words["tippett_text"],
        across,
        up,
        [
            Line([(0, 0), (0, 1)], "help"),
            Line([(x, y) for x, y in points["target"]], "one", words["same"]),
            Line([(x, y) for x, y in points["non_target"]], "two", words["different"], dashed=True),
        ],
    ).svg()


def _reliability(rows: Sequence[Mapping[str, Any]], words: Words) -> str:
    ends = [value for row in rows for value in (row["stated"], row["observed"], *(row["ci95"] or ()))] or [-1.0, 1.0]
    low, high = _whole(min(*ends, 0.0), math.floor), _whole(max(*ends, 1.0), math.ceil)
    marks = [
        Mark(row["stated"], row["observed"], "one", error=tuple(row["ci95"]) if row["ci95"] else None) for row in rows
    ]
    return Chart(
        "reliability",
        words["reliability_title"],
        words["reliability_text"],
        Axis(words["stated_axis"], low, high, _evenly(low, high)),
        Axis(words["observed_axis"], low, high, _evenly(low, high)),
        [
            Line([(low, low), (high, high)], "help"),
            Line([(row["stated"], row["observed"]) for row in rows], "one", words["observed_line"]),
            *marks,
        ],
    ).svg()


def _whole(value: float, rounding: Any) -> float:
    """Round an end of an axis to a whole number, within what is worth drawing."""
    return float(min(max(rounding(value), -_STATED_LIMIT), _STATED_LIMIT))


def _evenly(low: float, high: float) -> list[tuple[float, str]]:
    step = 1 if high - low <= 10 else 2  # noqa: PLR2004  (as many labels as fit)
    return [(float(value), f"{value:+d}" if value else "0") for value in range(int(low), int(high) + 1, step)]
