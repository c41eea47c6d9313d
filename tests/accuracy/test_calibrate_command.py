"""`likeness calibrate`, from folders of labelled recordings to a calibration that `identify` uses when it is told to.

The people are made by code from the example voices: higher and lower ones, as when a tape runs fast or slow.
"""

from __future__ import annotations

import json
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from likeness_commands import Commands

from benchmarks.augmentation import shifted
from registry.engine.calibration import load_calibration
from registry.errors import SettingsError, TooFewPeopleError, WeightsError
from registry.media.decode import Decoder

SEVERAL, SINGLE = 50, 22
"""The least that is enough; two recordings each of the first."""
SPEAKERS = ("slt", "awb", "rms")
RATE = 16_000
CLIP_S = 3.5


@dataclass(frozen=True)
class Ran:
    """What a run left."""

    out: Path
    printed: str
    code: int

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "report.json").read_text(encoding="utf-8"))
        return found

    @property
    def settings(self) -> dict[str, str]:
        """The two lines to set, whether they are printed as remarks or not."""
        lines = [line.removeprefix("# ") for line in self.printed.splitlines() if "LIKENESS_CALIBRATION" in line]
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIKENESS_CALIBRATION", "LIKENESS_CALIBRATION_SHA256"):
        monkeypatch.delenv(name, raising=False)


def speech_of(voices: Path) -> dict[str, list[np.ndarray]]:
    with Decoder(files_per_child=10) as decoder:
        return {
            name: [decoder.decode(voices / "enrolment" / f"{name}-{number}.flac").samples for number in (1, 2)]
            for name in SPEAKERS
        }


def clips(voices: Path) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the label and the samples of every recording."""
    speech = speech_of(voices)
    factors = np.geomspace(0.78, 1.28, -(-(SEVERAL + SINGLE) // len(SPEAKERS)))
    for number in range(SEVERAL + SINGLE):
        source, factor = speech[SPEAKERS[number % len(SPEAKERS)]], float(factors[number // len(SPEAKERS)])
        for take in range(2 if number < SEVERAL else 1):
            start = int((0.3 + (number % 5) * 0.4) * RATE)
            yield f"Person {number}", shifted(source[take][start : start + round(CLIP_S * factor * RATE)], factor)


@pytest.fixture(scope="module")
def labelled(voices: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    for person, samples in clips(voices):
        place = folder / person
        place.mkdir(exist_ok=True)
        with wave.open(str(place / f"{len(list(place.iterdir()))}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return folder


@pytest.fixture(scope="module")
def ran(likeness: Commands, labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    out = tmp_path_factory.mktemp("calibrated")
    result = likeness(
        *("calibrate", "--recordings", labelled, "--out", out, "--report-lang", "ko", "--device", "cpu"),
        *("--threads", "1"),
    )
    assert isinstance(result.exception, SystemExit | None), repr(result.exception)
    assert result.exit_code in {0, 1}, result.output
    return Ran(out, result.output, result.exit_code)


Identify = Callable[[], dict[str, Any]]


@pytest.fixture
def identify(likeness: Commands, voices: Path, tmp_path: Path) -> Identify:
    """Searches for one voice in a gallery of one, and answers the line; raises what the command would print."""
    performer, out = tmp_path / "gallery" / "somebody", tmp_path / "lines.jsonl"
    performer.mkdir(parents=True)
    (performer / "one.flac").symlink_to(voices / "enrolment" / "slt-1.flac")

    def run() -> dict[str, Any]:
        sound = voices / "submissions" / "slt-advert.flac"
        result = likeness("identify", "--gallery", tmp_path / "gallery", "--out", out, sound)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        line: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return line

    return run


def test_too_few_people_are_refused_with_numbers_before_anybody_listens(
    likeness: Commands, synthetic_gallery: Path, tmp_path: Path
) -> None:
    result = likeness("calibrate", "--recordings", synthetic_gallery, "--out", tmp_path / "out")
    assert isinstance(result.exception, TooFewPeopleError)
    assert "2 people to fit on (50 needed)" in result.exception.detail
    assert not (tmp_path / "out").exists()


def test_the_files_are_written_and_the_artefact_loads_by_the_pin_that_was_printed(ran: Ran) -> None:
    made, settings = ran.report["calibration"], ran.settings
    file = Path(settings["LIKENESS_CALIBRATION"])
    assert file == ran.out / f"calibration-{made['id']}.safetensors" == ran.out / made["file"]
    assert settings["LIKENESS_CALIBRATION_SHA256"] == made["sha256"]
    assert load_calibration(file, made["sha256"]).id == made["id"] != load_calibration().id
    assert {path.name for path in ran.out.iterdir()} == {
        file.name,
        file.with_suffix(".json").name,
        "report.json",
        "report.html",
    }


def test_the_cohort_is_the_shipped_one_and_the_weights_are_not(ran: Ran) -> None:
    made = load_calibration(Path(ran.settings["LIKENESS_CALIBRATION"]), ran.report["calibration"]["sha256"])
    shipped = load_calibration()
    assert made.card["cohort_of"] == shipped.id
    for encoder, cohort in shipped.cohorts.items():
        assert np.array_equal(made.cohorts[encoder].project.whitening, cohort.project.whitening)
        assert np.array_equal(made.cohorts[encoder].everybody.covariance, cohort.everybody.covariance)
        assert not np.array_equal(made.engines[encoder], shipped.engines[encoder])


def test_the_card_counts_people_and_names_nobody(ran: Ran, labelled: Path) -> None:
    card = json.loads(Path(ran.settings["LIKENESS_CALIBRATION"]).with_suffix(".json").read_text(encoding="utf-8"))
    assert card["people"]["calibration"] + card["people"]["held_out"] == SEVERAL + SINGLE
    assert card["data"]["recordings"] == 2 * SEVERAL + SINGLE
    assert {"labels_sha256", "recordings_sha256"} <= set(card["data"])
    assert {"seed", "command", "made_on", "cross_validated", "validated", "known_answers", "spaces"} <= set(card)
    assert "Person" not in json.dumps(card)
    assert str(labelled) not in json.dumps(card)


def test_the_report_is_of_people_held_out_before_and_after(ran: Ran) -> None:
    report = ran.report
    assert report["before"]["engine"]["calibration"] == load_calibration().id
    assert report["after"]["engine"]["calibration"] == report["calibration"]["id"]
    assert report["before"]["counts"] == report["after"]["counts"]
    held_out = report["after"]["counts"]["mated"]["people"] + report["after"]["counts"]["non_mated"]["people"]
    assert held_out == report["card"]["people"]["held_out"]
    assert "Person" not in json.dumps(report)


def test_what_is_advised_is_said_in_words_and_by_the_exit_code(ran: Ran) -> None:
    activate = ran.report["advice"]["activate"]
    assert ("Do not activate it." in ran.printed) is not activate
    assert ("\n# LIKENESS_CALIBRATION=" in ran.printed) is not activate
    assert ran.code == (0 if activate else 1)
    page = (ran.out / "report.html").read_text(encoding="utf-8")
    assert ("적용하지 말 것" in page) is not activate


def test_nothing_is_activated_by_making_it(identify: Identify, ran: Ran) -> None:
    assert ran.settings
    assert identify()["threshold_log10_lr"] == pytest.approx(load_calibration().tail.threshold(0.01, 1), abs=1e-3)


def test_identify_uses_it_once_both_settings_are_set(
    identify: Identify, ran: Ran, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in ran.settings.items():
        monkeypatch.setenv(name, value)
    made = load_calibration(Path(ran.settings["LIKENESS_CALIBRATION"]), ran.report["calibration"]["sha256"])
    assert identify()["threshold_log10_lr"] == pytest.approx(made.tail.threshold(0.01, 1), abs=1e-3)


@pytest.mark.parametrize("name", ["LIKENESS_CALIBRATION", "LIKENESS_CALIBRATION_SHA256"])
def test_one_setting_without_the_other_is_refused(
    identify: Identify, ran: Ran, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, ran.settings[name])
    with pytest.raises(SettingsError, match="set both"):
        identify()


@pytest.mark.parametrize("suffix", [".safetensors", ".json"])
def test_a_calibration_or_a_card_of_other_bytes_is_refused(
    identify: Identify, ran: Ran, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    file = Path(ran.settings["LIKENESS_CALIBRATION"])
    for kind in (".safetensors", ".json"):
        (tmp_path / f"own{kind}").write_bytes(file.with_suffix(kind).read_bytes())
    touched = tmp_path / f"own{suffix}"
    touched.write_bytes(touched.read_bytes().replace(b'"seed": 1', b'"seed": 2') if suffix == ".json" else b"x")
    monkeypatch.setenv("LIKENESS_CALIBRATION", str(tmp_path / "own.safetensors"))
    monkeypatch.setenv("LIKENESS_CALIBRATION_SHA256", ran.report["calibration"]["sha256"])
    with pytest.raises(WeightsError):
        identify()
