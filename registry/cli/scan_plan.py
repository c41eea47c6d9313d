"""Telling a person what a scan is about to do."""

from __future__ import annotations

from collections.abc import Mapping

from registry.cli.output import print_facts
from registry.cli.scan_progress import duration
from registry.engine.calibration import Calibration
from registry.scanning.estimate import Estimate, expected_false_hits
from registry.scanning.manifest import Manifest

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB")


def print_plan(
    *,
    source: str,
    manifest: Manifest,
    estimate: Estimate,
    gallery: str,
    performers: int,
    calibration: Calibration,
    target_fpir: float,
) -> None:
    """Print what a scan will do, before it does it.

    Args:
        source, manifest, estimate: of the scan.
        gallery: where it comes from.
        performers: in it, before anybody was enrolled.
        calibration: the active one.
        target_fpir: wanted chance that a recording of nobody in the gallery brings up a match.
    """
    threshold = calibration.tail.threshold(target_fpir, performers)
    hits = expected_false_hits(target_fpir, estimate.files)
    facts: Mapping[str, object] = {
        "source": source,
        "inputs": f"{manifest.counts.rows:,}, of which {manifest.counts.problems:,} cannot be read by their rows",
        "to_be_scanned": f"{estimate.files:,} files, {_bytes(estimate)}",
        "audio": _audio(estimate),
        "gallery": f"{performers:,} performers ({gallery})",
        "operating_point": f"log10 LR {threshold:.2f}, for a rate of {100 * target_fpir:g} %",
        "expected_false_hits": f"{hits:g} (that rate × files): so many matches chance alone may bring",
        "time": _time(estimate),
    }
    print_facts(facts)


def _bytes(estimate: Estimate) -> str:
    size, unit = float(estimate.bytes), 0
    while size >= 1024 and unit < len(_UNITS) - 1:  # noqa: PLR2004  (what the units are of)
        size, unit = size / 1024, unit + 1
    known = "" if estimate.sized == estimate.files else f" in the {estimate.sized:,} whose size is known"
    return f"{size:.1f} {_UNITS[unit]}{known}" if unit else f"{estimate.bytes} bytes{known}"


def _audio(estimate: Estimate) -> str:
    if estimate.hours is None:
        return "not estimated: no header could be read cheaply"
    return f"about {estimate.hours:.2f} hours, by the headers of {estimate.from_headers_of:,} files"


def _time(estimate: Estimate) -> str:
    if estimate.seconds is None:
        return "not estimated"
    low, high = estimate.seconds
    return (
        f"{duration(low)} to {duration(high)} on {estimate.cores} cores, at the speeds of docs/performance.md "
        "(not measured here); enrolling the gallery comes on top"
    )
