"""A check's report held against its recording: what can be heard again is, and nothing else passes for it."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from written_reports import check_report

from registry.engine.analysis import Analysis
from registry.errors import ScanMismatchError
from registry.reports.model import CheckReport
from registry.scanning.checked_again import check_again, recording_of
from registry.scanning.listening import Listener

VOICES = Path(__file__).parents[3] / "examples" / "voices"
RECORDING = VOICES / "submissions" / "slt-advert.flac"


@pytest.fixture(scope="module")
def report(listener: Listener) -> CheckReport:
    """A report whose recording is the advert, by the engine that is here."""
    ((_, heard),) = listener.listen([RECORDING])
    assert isinstance(heard, Analysis)
    shown: dict[str, Any] = {
        "content_sha256": sha256(RECORDING.read_bytes()).hexdigest(),
        "duration_s": round(heard.duration_s, 3),
        "speech_s": round(heard.speech_s, 3),
        "engine": asdict(listener.engine.identity) | {"gallery_size": 40},
        "problem": None,
    }
    found = check_report()
    return found.model_copy(update={"check": found.check.model_copy(update=shown)})


def changed(report: CheckReport, **shown: object) -> CheckReport:
    return report.model_copy(update={"check": report.check.model_copy(update=shown)})


def test_another_recording_is_not_taken_for_it(report: CheckReport, listener: Listener) -> None:
    assert recording_of(report, [VOICES / "submissions" / "slt-game.flac"]) is None
    assert recording_of(report, [VOICES / "submissions" / "slt-game.flac", RECORDING]) == RECORDING
    nothing = check_again(report, None, listener)
    assert (nothing.found, nothing.differences, nothing.beside) == (False, (), ())


def test_what_was_heard_is_heard_again_and_what_was_not_is_a_difference(
    report: CheckReport, listener: Listener
) -> None:
    assert report.check.speech_s is not None
    assert check_again(report, RECORDING, listener).differences == ()
    longer = check_again(changed(report, speech_s=report.check.speech_s + 0.5), RECORDING, listener)
    assert [each.partition(":")[0] for each in longer.differences] == ["#/check/speech_s"]
    refused = check_again(changed(report, problem={"slug": "no_speech"}), RECORDING, listener)
    assert refused.differences == ("the report says no_speech, and here it was heard",)


def test_another_engine_is_refused(report: CheckReport, listener: Listener) -> None:
    other = changed(report, engine=dict(report.check.engine or {}) | {"calibration": "another"})
    with pytest.raises(ScanMismatchError) as refused:
        check_again(other, RECORDING, listener)
    assert refused.value.figures == {"differs": ["calibration"]}


def test_what_recordings_of_a_performer_give_is_put_beside_what_the_report_says(
    report: CheckReport, listener: Listener, tmp_path: Path
) -> None:
    (finding, *_) = report.findings
    for performer, voice in ((finding.performer.id, "slt"), ("somebody", "rms")):
        (tmp_path / performer).mkdir()
        shutil.copy(VOICES / "enrolment" / f"{voice}-1.flac", tmp_path / performer)
    found = check_again(report, RECORDING, listener, tmp_path)
    (beside,) = found.beside
    assert (beside.performer, beside.searched, beside.enrolled) == (finding.performer.id, 2, 40)
    assert beside.reported == (finding.outcome.value, finding.log10_lr)
    assert beside.here is not None
    assert beside.here[1] > 1
