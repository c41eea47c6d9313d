"""How fast the engine reads, beside the loop one would write with Resemblyzer, in one run on the same recordings.

    python -m benchmarks.engine [--seconds 600]

Speech is the demo's voices, repeated; × real time counts seconds of recording for each second of work. The search is
timed against galleries of growing size, beside a plain numpy product.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.gallery import draw
from registry.domain.scores import Span
from registry.engine.calibration import load_calibration
from registry.engine.identify import Engine
from registry.engine.voiceprint import Voiceprint
from registry.media.decode import Decoder
from registry.media.recording import SAMPLE_RATE_HZ, Recording
from registry.media.speech import SpeechDetector

VOICES = Path(__file__).resolve().parents[1] / "examples" / "voices"
_PIECE_S = 60.0
_GALLERIES = (100, 1_000, 10_000)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0)
    seconds = parser.parse_args().seconds
    recordings = repeated_speech(seconds)
    console = Console(width=120)
    console.print(reading_table(recordings))
    console.print(searching_table(recordings[0]))


def repeated_speech(seconds: float) -> list[Recording]:
    """Answer recordings of a minute each, made of the demo's voices."""
    with Decoder(files_per_child=100) as decoder:
        voices = [decoder.decode(path) for path in sorted((VOICES / "enrolment").glob("*.flac"))]
    audio = np.concatenate([voice.samples for voice in voices])
    pieces = np.resize(audio, (max(1, round(seconds / _PIECE_S)), int(_PIECE_S * SAMPLE_RATE_HZ)))
    return [Recording(piece, voices[0].content_sha256, voices[0].source) for piece in pieces]


def reading_table(recordings: Sequence[Recording]) -> Table:
    """Time every part of reading."""
    seconds = sum(recording.duration_s for recording in recordings)
    table = Table(title=f"reading {seconds:.0f} s of speech, {torch.get_num_threads()} threads")
    for heading in ("", "seconds", "× real time"):
        table.add_column(heading, justify="left" if not heading else "right")
    detector, engine = SpeechDetector(), Engine.load(device="auto")
    spans: list[tuple[Span, ...]] = []

    def listen() -> None:
        spans.extend(detector.spans(recording) for recording in recordings)

    def analyse() -> None:
        engine.analyse_many(list(zip(recordings, spans, strict=True)))

    engine.analyse(recordings[0], detector.spans(recordings[0]))
    rows = {
        "voice activity": timed(listen),
        f"both encoders, windows and voices ({engine.identity.device})": timed(analyse),
        "Resemblyzer's embed_utterance, one encoder (cpu)": timed(resemblyzer_loop(recordings)),
    }
    for name, took in rows.items():
        table.add_row(name, f"{took:.2f}", f"{seconds / took:.0f}")
    return table


def resemblyzer_loop(recordings: Sequence[Recording]) -> Callable[[], None]:
    """Answer the loop one would write, warmed up."""
    from resemblyzer import VoiceEncoder

    encoder = VoiceEncoder("cpu", verbose=False)
    encoder.embed_utterance(recordings[0].samples)

    def loop() -> None:
        for recording in recordings:
            encoder.embed_utterance(recording.samples)

    return loop


def searching_table(recording: Recording) -> Table:
    """Time one search, from analysed recording to evidence, in galleries of growing size."""
    table = Table(title="one search, three prototypes a performer")
    for heading in ("performers", "evidence, both encoders", "numpy product alone, one encoder"):
        table.add_column(heading, justify="right")
    engine, cohorts = Engine.load(device="cpu"), load_calibration().cohorts
    analysis = engine.analyse(recording, SpeechDetector().spans(recording))
    random = np.random.default_rng(0)
    for size in _GALLERIES:
        gallery = engine.new_gallery()
        drawn = {name: draw(cohorts[name], size, random) for name in engine.spaces}
        for number in range(size):
            gallery.add(
                f"nobody-{number}",
                [Voiceprint(engine.spaces[n], v, "drawn", 20.0) for n in engine.spaces for v in drawn[n][number]],
            )
        flat = drawn["campplus"].reshape(-1, drawn["campplus"].shape[-1])
        probe = analysis.voices[0].vectors["campplus"]
        engine.evidence(analysis, gallery)
        ours = timed(lambda gallery=gallery: engine.evidence(analysis, gallery), times=10)  # type: ignore[misc]
        plain = timed(lambda flat=flat, probe=probe: (flat @ probe).argmax(), times=10)  # type: ignore[misc]
        table.add_row(f"{size:,}", f"{1000 * ours:.1f} ms", f"{1000 * plain:.2f} ms")
    return table


def timed(work: Callable[[], object], times: int = 1) -> float:
    """Answer the median seconds that ``work`` takes."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return float(np.median(took))


if __name__ == "__main__":
    main()
