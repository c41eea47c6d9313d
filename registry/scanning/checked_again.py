"""What of a report about a check can be held against the recording, without the registry.

A check was searched among everybody who was enrolled, by voiceprints that never leave the registry: its strengths
cannot be computed again by anybody else. What can: that this is the recording, how long it is and how much of it is
speech, or why it could not be heard; all by the engine that the report names. And whoever has recordings of the
performers whom a report names, as a performer has their own, has them enrolled from these and searched alone: what
comes out is put beside what the report says, and passes for no check of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from registry.domain.scores import EngineIdentity, RecordingEvidence
from registry.engine.analysis import Analysis
from registry.errors import ScanMismatchError
from registry.reports.model import CheckReport
from registry.scanning.compared_inputs import sha256_of
from registry.scanning.listening import Heard, Listener, enrol_folder, performers_in

SECONDS: Final = 0.01
"""Of a length that is measured again: it is written with two or three decimals."""

_SAME_ENGINE: Final = ("version", "spaces", "calibration")


@dataclass(frozen=True, slots=True)
class Beside:
    """What a report says of a performer, and what comes out with recordings that somebody has brought.

    Attributes:
        performer: the id, as the report has it.
        reported: outcome and log10 LR in the report, among everybody who was enrolled.
        here: the same among the performers of whom there are recordings; None where they are nowhere among these.
        searched: how many these are.
        enrolled: how many there were in the registry; None where the report does not say so.
    """

    performer: str
    reported: tuple[str, float]
    here: tuple[str, float] | None
    searched: int
    enrolled: int | None


@dataclass(frozen=True, slots=True)
class CheckedAgain:
    """What holding a report against its recording came to.

    Attributes:
        found: whether the recording is at hand; else nothing was heard.
        differences: where it came out otherwise.
        beside: of performers whom the report names and of whom somebody has brought recordings.
        warnings: what somebody should know of those recordings.
    """

    found: bool
    differences: tuple[str, ...] = ()
    beside: tuple[Beside, ...] = ()
    warnings: tuple[str, ...] = ()


def recording_of(report: CheckReport, files: Sequence[Path]) -> Path | None:
    """Answer the recording of a report among files, by its bytes; None where it is not there.

    Raises:
        InvalidInputError: a file cannot be read.
    """
    return next((path for path in files if sha256_of(path) == report.check.content_sha256), None)


def check_again(
    report: CheckReport, recording: Path | None, listener: Listener, voices: Path | None = None
) -> CheckedAgain:
    """Hear the recording of a report again, and search it for whom there are recordings of.

    Args:
        report: that holds.
        recording: as `recording_of` finds it.
        listener: with the engine.
        voices: a folder with one folder for each performer, which is called by their id in the report.

    Raises:
        ScanMismatchError: the engine that is installed is not that of the report; figure ``differs``.
        InvalidInputError: of ``voices`` not one performer could be enrolled.
    """
    if recording is None:
        return CheckedAgain(found=False)
    _require_engine(report, listener.engine.identity)
    ((_, heard),) = listener.listen([recording])
    differences = tuple(_differences(report, heard))
    if voices is None or not isinstance(heard, Analysis):
        return CheckedAgain(found=True, differences=differences)
    gallery = enrol_folder(listener, voices)
    evidence = listener.engine.evidence(heard, gallery.gallery)
    beside = tuple(_beside(report, evidence, performers_in(voices), len(gallery.gallery)))
    return CheckedAgain(found=True, differences=differences, beside=beside, warnings=gallery.warnings)


def _require_engine(report: CheckReport, installed: EngineIdentity) -> None:
    engine = report.check.engine
    if engine is None:
        return
    here = {"version": installed.version, "spaces": list(installed.spaces), "calibration": installed.calibration}
    differs = [name for name in _SAME_ENGINE if _plain(engine.get(name)) != here[name]]
    if differs:
        raise ScanMismatchError(
            f"the engine that is installed is not the one of the report: {', '.join(differs)}", differs=differs
        )


def _plain(said: object) -> object:
    return list(said) if isinstance(said, list | tuple) else said


def _differences(report: CheckReport, heard: Heard) -> Iterator[str]:
    """Yield where a recording is heard otherwise than the report says."""
    check = report.check
    failed = None if check.problem is None else str(check.problem.get("slug"))
    if not isinstance(heard, Analysis):
        if failed != heard.slug:
            yield f"the report says {failed or 'that it was heard'}, and here it cannot be heard: {heard.slug}"
        return
    if failed is not None:
        yield f"the report says {failed}, and here it was heard"
        return
    if abs(heard.duration_s - check.duration_s) > SECONDS:
        yield f"#/check/duration_s: it was {check.duration_s}, and now is {heard.duration_s:.3f}"
    if check.speech_s is not None and abs(heard.speech_s - check.speech_s) > SECONDS:
        yield f"#/check/speech_s: it was {check.speech_s}, and now is {heard.speech_s:.3f}"


def _beside(
    report: CheckReport, evidence: RecordingEvidence, brought: Mapping[str, Sequence[Path]], searched: int
) -> Iterator[Beside]:
    enrolled = (report.check.engine or {}).get("gallery_size")
    here = {each.performer_id: (each.outcome.value, round(float(each.log10_lr), 3)) for each in evidence.candidates}
    for finding in report.findings:
        if finding.performer.id in brought:
            reported = (finding.outcome.value, finding.log10_lr)
            size = enrolled if isinstance(enrolled, int) else None
            yield Beside(finding.performer.id, reported, here.get(finding.performer.id), searched, size)
