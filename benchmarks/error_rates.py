"""Takes the engine's error rates by group out of the measured tables, for the figures that a registry publishes.

    python -m benchmarks.error_rates

Reads ``docs/accuracy/accuracy.json`` and writes the file that ships beside the calibration. Nothing is computed here:
a share, its interval and its counts are those of the tables, and what a table leaves empty was not measured. A test
compares both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from benchmarks.tables import FIGURES

SOURCE = FIGURES / "accuracy.json"
SHIPPED = Path(str(resources.files("registry.engine.artefacts"))) / "error-rates.json"

_TABLES: Final[Mapping[str, str]] = {
    "groups": "way of speaking",
    "sexes": "sex",
    "languages": "language",
    "bands": "band",
}
_PREFIXES: Final[Mapping[str, str]] = {"all": "", "reporting": "reporting-"}
_SHARE: Final = re.compile(
    r"(?P<share>[\d.]+) %(?: \[(?P<low>[\d.]+) – (?P<high>[\d.]+)\])?(?: \(\d+ of (?P<of>\d+)\))?"
)
_FPIR: Final = 0.01
_DECIMALS: Final = 5
_ROUNDED: Final = 0.0006
"""By how much a share of a table may be off: it has three figures at most."""


def main() -> None:
    """Write the file that ships."""
    SHIPPED.write_text(written(json.loads(SOURCE.read_text(encoding="utf-8"))), encoding="utf-8")


def written(measured: Mapping[str, Any]) -> str:
    """Answer the file for what was measured."""
    content = {
        "format": "likeness-error-rates",
        "version": 1,
        "artefact": measured["artefact"],
        "calibration_sha256": measured["calibration_sha256"],
        "target_fpir": _FPIR,
        "rates": [rate for people in _PREFIXES for rate in _rates(measured, people)],
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _rates(measured: Mapping[str, Any], people: str) -> Iterator[dict[str, Any]]:
    figures = measured["figures"][people]
    (at_target,) = [each for each in figures["fnir"] if each["fpir"] == _FPIR]
    (clones,) = [each for each in figures["clones"]["all"]["rates"] if each["fpir"] == _FPIR]
    strangers = figures["operating_point"]["non_mated"]
    yield {
        "by": "everybody",
        "group": "everybody",
        "people": people,
        "missed": _share(at_target["value"], at_target["ci95"], at_target["mated"]),
        "accused": _share(strangers["others_matched_share"], strangers["others_matched_ci95"], strangers["searches"]),
        "clones_found": _share(clones["share"], clones["ci95"], figures["clones"]["all"]["searches"]),
    }
    for table, by in _TABLES.items():
        found = measured["tables"][f"{_PREFIXES[people]}{table}"]
        for row in found["rows"]:
            yield _row(dict(zip(found["headings"], row, strict=True)), by, people)


def _row(row: Mapping[str, str], by: str, people: str) -> dict[str, Any]:
    mated, _, strangers = row["recordings"].partition(" / ")
    return {
        "by": by,
        "group": row["group"],
        "people": people,
        "missed": _read(row["FNIR at 1 %"], mated),
        "accused": _read(row["accused"], strangers),
        "clones_found": _read(row["imitations"], ""),
    }


def _read(cell: str, searches: str) -> dict[str, Any] | None:
    """Read a share as the tables write it, in percent, with its interval where it has one."""
    found = _SHARE.fullmatch(cell)
    if found is None:
        if cell:
            raise ValueError(f"{cell!r} is no share of a table")
        return None
    interval = None if found["low"] is None else [float(found[end]) / 100 for end in ("low", "high")]
    return _share(float(found["share"]) / 100, interval, int(found["of"] or searches))


def _share(share: float, ci95: list[float] | None, searches: int) -> dict[str, Any]:
    count = round(share * searches)
    if abs(count / searches - share) > _ROUNDED:
        raise ValueError(f"{share} is no share of {searches}")
    interval = None if ci95 is None else [round(each, _DECIMALS) for each in ci95]
    return {"share": round(share, _DECIMALS), "ci95": interval, "count": count, "searches": searches}


if __name__ == "__main__":
    main()
