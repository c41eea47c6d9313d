"""Listening to files: the same answers in whatever company, and memory that stays flat, for real files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from soundfiles import VOICES, encoded, noise

from registry.engine.analysis import Analysis
from registry.engine.identify import Engine
from registry.engine.pipeline import Bounds
from registry.errors import NoSpeechError, NotMediaError, UnreadableMediaError
from registry.scanning.listening import Heard, Listener, opened_listener

ROOT = Path(__file__).resolve().parents[3]
SHORT_FILES = 1_000
HOUR_MIB = 3_600 * 16_000 * 4 / 2**20
SLACK_MIB = 64
"""What the interpreter and the allocator may take beside the samples."""


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine.load(device="cpu")


@pytest.fixture(scope="module")
def listener(engine: Engine) -> Iterator[Listener]:
    with opened_listener(engine) as listener:
        yield listener


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Files of one and of two voices, with errors between them."""
    folder = tmp_path_factory.mktemp("mixed")
    (folder / "words.flac").write_text("these are words")
    (folder / "noise.flac").write_bytes(encoded("flac", "flac", noise(3)))
    voices = sorted((VOICES / "submissions").glob("*.flac"))
    return [folder / "absent.flac", voices[0], folder / "words.flac", *voices[1:], folder / "noise.flac"]


def test_each_file_is_answered_in_its_place(listener: Listener, mixed: list[Path]) -> None:
    answers = list(listener.listen(mixed))
    assert [path for path, _ in answers] == mixed
    assert isinstance(answers[0][1], UnreadableMediaError)
    assert isinstance(answers[2][1], NotMediaError)
    assert isinstance(answers[-1][1], NoSpeechError)
    assert all(isinstance(heard, Analysis) for _, heard in answers[3:-1])
    as_they_come = dict(listener.listen(mixed, in_order=False))
    assert {path: type(heard) for path, heard in as_they_come.items()} == {p: type(h) for p, h in answers}


def test_decisions_do_not_depend_on_the_company_a_recording_is_in(
    engine: Engine, listener: Listener, mixed: list[Path]
) -> None:
    gallery = engine.new_gallery()
    for name in ("slt", "awb", "rms"):
        enrolled = listener.listen(sorted((VOICES / "enrolment").glob(f"{name}-*.flac")))
        gallery.add(name, [v for _, heard in enrolled for v in engine.prototypes(analysed(heard), "enrolled")])
    usable = [path for path in mixed if path.parent.name == "submissions"]
    alone = {path: analysed(heard) for path in usable for _, heard in listener.listen([path])}
    for order, batch_s in ((usable, 5.0), (usable[::-1], 15.0), (sorted(usable, key=hash), 1_000.0)):
        bounds = Bounds(batch_s=batch_s)
        for path, heard in Listener(engine, listener.decoder, listener.detector, bounds).listen(order):
            one, other = engine.evidence(alone[path], gallery), engine.evidence(analysed(heard), gallery)
            assert other.outcome is one.outcome
            assert [candidate.outcome for candidate in other.candidates] == [c.outcome for c in one.candidates]
            assert [candidate.performer_id for candidate in other.candidates] == [
                candidate.performer_id for candidate in one.candidates
            ]
            for mine, theirs in zip(one.candidates, other.candidates, strict=True):
                assert theirs.log10_lr == pytest.approx(mine.log10_lr, abs=1e-3)


def analysed(heard: Heard) -> Analysis:
    assert isinstance(heard, Analysis)
    return heard


# --- memory ----------------------------------------------------------------------------------------------------------

READING = """
import json, sys
from pathlib import Path
from registry.engine.analysis import Analysis
from registry.engine.pipeline import MIB, Bounds, Pipeline, peak_resident_mib
from registry.media.decode import Decoder
from registry.media.quality import SignalQuality
from registry.media.speech import SpeechDetector

QUALITY = SignalQuality(-20.0, 0.0, 40.0, 7_000.0, 0.8, None)
detector = SpeechDetector()
with Decoder(files_per_child=512) as decoder:
    def read(path, room):
        recording = decoder.decode(path, room)
        return recording, detector.require_speech(recording, required_s=0.5)

    def analyse(items):
        return [Analysis(recording.duration_s, 1.0, (), QUALITY) for recording, _ in items]

    pipeline = Pipeline(read, analyse, Bounds(readers=2, memory_bytes=16 * MIB))
    for folder in sys.argv[1:]:
        before = peak_resident_mib()
        heard = [answer.heard for answer in pipeline.run(sorted(Path(folder).iterdir()), lambda *_: None)]
        usable = [one for one in heard if isinstance(one, Analysis)]
        print(json.dumps({
            "files": len(heard), "usable": len(usable), "audio_s": sum(one.duration_s for one in usable),
            "grew_mib": peak_resident_mib() - before, "held_mib": pipeline.totals.held_bytes / MIB,
        }))
"""


def test_a_thousand_short_files_and_one_of_an_hour_are_read_in_flat_memory(tmp_path: Path) -> None:
    speech = demo_speech()
    for folder, count in (("first", 50), ("thousand", SHORT_FILES)):
        (tmp_path / folder).mkdir()
        for number in range(count):
            at = 8_000 * number % (len(speech) - 16_000)
            data = encoded("flac", "flac", speech[at : at + 16_000])
            (tmp_path / folder / f"{number:04}.flac").write_bytes(data)
    (tmp_path / "hour").mkdir()
    hour = np.resize(speech[:, 0], 3_600 * 16_000)[:, None]
    (tmp_path / "hour" / "hour.flac").write_bytes(encoded("flac", "flac", hour))
    command = [sys.executable, "-c", READING, *(str(tmp_path / name) for name in ("first", "thousand", "hour"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  (our own code)
    assert done.returncode == 0, done.stderr
    _, thousand, hour_long = map(json.loads, done.stdout.splitlines())
    assert thousand["files"] == SHORT_FILES
    assert thousand["usable"] > SHORT_FILES / 2
    assert thousand["held_mib"] <= 17
    assert thousand["grew_mib"] <= SLACK_MIB
    assert hour_long["audio_s"] == pytest.approx(3_600)
    assert hour_long["held_mib"] <= HOUR_MIB + 1
    assert hour_long["grew_mib"] <= HOUR_MIB + SLACK_MIB


def demo_speech() -> np.ndarray:
    """``(n, 1) int16`` of the demo's voices, one after the other."""
    import av

    parts = []
    for path in sorted((VOICES / "enrolment").glob("*.flac")):
        with av.open(str(path)) as container:
            parts += [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
    return np.concatenate(parts).astype(np.int16)[:, None]
