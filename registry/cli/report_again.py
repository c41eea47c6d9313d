"""The analyses of a report, made again from their recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from registry.bootstrap import build_engine
from registry.engine.identify import Engine
from registry.reports.model import CaseReport, CheckReport, Report
from registry.scanning.checked_again import CheckedAgain, check_again, recording_of
from registry.scanning.compared_again import differences, require_engine, wanted_by
from registry.scanning.compared_inputs import Inputs
from registry.scanning.comparing import compare_files, written
from registry.scanning.listening import files_under, opened_listener
from registry.scanning.plan import engine_json
from registry.settings import load_settings


@dataclass(frozen=True, slots=True)
class Again:
    """What making one analysis again came to.

    Attributes:
        number: of the analysis in its case.
        total: recordings that it names.
        missing: those that are not at hand; then nothing was computed.
        differences: where it came out otherwise.
    """

    number: int
    total: int
    missing: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


def computed_again(
    report: Report, folders: Sequence[Path], threads: int | None, *, salts: Sequence[bytes] = ()
) -> list[Again]:
    """Hear the recordings of every analysis of a report again, where all of them are at hand.

    Args:
        report: that holds.
        folders: files, and folders of files, in which recordings are looked for.
        threads: of the processor.
        salts: of digests that are salted.

    Raises:
        InvalidInputError: an analysis does not say what its inputs were, or a file cannot be read.
        ScanMismatchError: the engine that is installed is not that of an analysis; figure ``differs``.
    """
    if not isinstance(report, CaseReport):
        return []
    files, engine = files_under(folders), cache(lambda: build_engine(load_settings(), threads=threads))
    return list(_each(report, files, salts, engine))


def heard_again(
    report: CheckReport, folders: Sequence[Path], threads: int | None, *, voices: Path | None = None
) -> CheckedAgain:
    """Hear the recording of a check's report again, where it is at hand; takes and raises what `check_again` does."""
    recording = recording_of(report, files_under(folders))
    if recording is None:
        return CheckedAgain(found=False)
    settings = load_settings()
    with opened_listener(build_engine(settings, threads=threads), settings.listening_memory_mib) as listener:
        return check_again(report, recording, listener, voices)


def _each(report: CaseReport, files: Sequence[Path], salts: Sequence[bytes], engine: Any) -> Iterator[Again]:
    for analysis in report.analyses:
        document = analysis.comparison
        if document is None:
            continue
        wanted = wanted_by(document, files, salts)
        if wanted.inputs is None:
            kept = (f"{name}: kept in a registry" for name in wanted.kept)
            yield Again(analysis.number, wanted.total, (*wanted.missing, *kept))
        else:
            found = differences(document, _measured(document, wanted.inputs, engine()))
            yield Again(analysis.number, wanted.total, differences=tuple(found))


def _measured(document: Mapping[str, Any], inputs: Inputs, engine: Engine) -> Mapping[str, Any]:
    settings = load_settings()
    require_engine(document, engine_json(engine, settings.calibration_sha256))
    with opened_listener(engine, settings.listening_memory_mib) as listener:
        outcome = compare_files(listener, inputs, settings.calibration_sha256)
    measured: Mapping[str, Any] = json.loads(written(outcome.document))
    return measured
