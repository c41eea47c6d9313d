"""How often a number that was asked for is heard, and how often another is taken for it.

Synthesisers read the words of a statement, pause for a second, and read a number of six digits, drawn at random, the
same ones in every run. The recording goes through voice activity and the reader as a worker does it. Counted are

- the numbers that are among the readings, and
- of the 54 numbers that differ from the spoken one in one digit, the nearest there are, those that are.

Where a folder of people saying zero to nine is named (the Free Spoken Digit Dataset, 8 kHz), each of its recordings is
read as one number of ten digits. Registries keep statements in so narrow a sound as not verified; the figures say why.

    python -m benchmarks.spoken_digits --out digits.json [--people DIR]

Needs Debian's flite, espeak-ng, festival and festvox-us-slt-hts.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from registry.media.decode import Decoder
from registry.media.digits import DigitReader
from registry.media.quality import measure
from registry.media.recording import SAMPLE_RATE_HZ, Recording
from registry.media.speech import SpeechDetector

DIGITS = 6
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
STATEMENT = (
    "My name is Ada Lind. I am speaking to the voice registry, for its record. I agree that the registry keeps a print "
    "of my voice, and looks for it in recordings sent to it. I was told what this means. Nobody has forced me, and I "
    "can take it back at any time. My number is."
)
VOICES: dict[str, Callable[[str, str], list[str]]] = {
    **{
        f"flite {v}": lambda text, wav, v=v: ["flite", "-voice", v, "-t", text, "-o", wav]  # type: ignore[misc]
        for v in ("slt", "rms", "awb", "kal16")
    },
    "festival slt-hts": lambda text, wav: _festival("cmu_us_slt_arctic_hts", text, wav),
    "festival kal": lambda text, wav: _festival("kal_diphone", text, wav),
    **{
        f"espeak-ng {v}": lambda text, wav, v=v: ["espeak-ng", "-v", v, "-w", wav, text]  # type: ignore[misc]
        for v in ("en-us", "en-gb", "en-gb-scotland")
    },
}
ROOMS = {"quiet": 60.0, "30 dB": 30.0, "20 dB": 20.0}
"""Noise that falls by 3 dB an octave, so far under the speech."""


@dataclass
class Count:
    """What was counted of one voice, read one way, in one noise.

    Attributes:
        voice, reading, noise: which.
        numbers: that were spoken.
        heard: of these, those among the readings.
        nearest: other numbers that were held against a recording.
        taken: of these, those that were among its readings.
    """

    voice: str
    reading: str
    noise: str
    numbers: int = 0
    heard: int = 0
    nearest: int = 0
    taken: int = 0


def _festival(voice: str, text: str, wav: str) -> list[str]:
    quoted = text.replace('"', "")
    return ["bash", "-c", f'echo "{quoted}" | text2wave -eval "(voice_{voice})" -o {wav}']


def neighbours(number: str) -> Iterator[str]:
    """Yield the numbers that differ from one in one digit."""
    for place, own in enumerate(number):
        for digit in "0123456789":
            if digit != own:
                yield number[:place] + digit + number[place + 1 :]


class Bench:
    """Speaks and listens.

    Args:
        numbers: how many each voice says, each way.
        decoder: reads what synthesisers write.
    """

    def __init__(self, numbers: int, decoder: Decoder) -> None:
        self._numbers = numbers
        self._decoder = decoder
        self._detector = SpeechDetector()
        self._reader = DigitReader(DIGITS)

    def counts(self) -> Iterator[Count]:
        """Yield what was counted of every voice, read both ways, in every noise."""
        for voice, command in VOICES.items():
            statement = self._said(command, STATEMENT)
            for reading, pause in (("one by one", ", "), ("in one go", " ")):
                found = {noise: Count(voice, reading, noise) for noise in ROOMS}
                draw = random.Random(f"{voice} {reading}")  # noqa: S311  (the same numbers in every run)
                for _ in range(self._numbers):
                    number = "".join(draw.choice("0123456789") for _ in range(DIGITS))
                    said = self._said(command, f"{pause.join(WORDS[int(d)] for d in number)}.")
                    for noise, snr_db in ROOMS.items():
                        self._count(found[noise], number, self._together(statement, said, snr_db))
                yield from found.values()

    def _count(self, count: Count, number: str, recording: Recording) -> None:
        readings = {each.number for each in self._reader.readings(recording, self._detector.spans(recording))}
        nearest = list(neighbours(number))
        count.numbers += 1
        count.heard += number in readings
        count.nearest += len(nearest)
        count.taken += sum(each in readings for each in nearest)

    def _said(self, command: Callable[[str, str], list[str]], text: str) -> Recording:
        with tempfile.TemporaryDirectory() as folder:
            wav = Path(folder) / "said.wav"
            subprocess.run(command(text, str(wav)), check=True, stderr=subprocess.DEVNULL)
            return self._decoder.decode(wav)

    @staticmethod
    def _together(statement: Recording, said: Recording, snr_db: float) -> Recording:
        pause = np.zeros(SAMPLE_RATE_HZ, np.float32)
        samples = np.concatenate([statement.samples, pause, said.samples, pause[: SAMPLE_RATE_HZ // 2]])
        spectrum = np.fft.rfft(np.random.default_rng(samples.size).standard_normal(samples.size))
        hz = np.fft.rfftfreq(samples.size, 1 / SAMPLE_RATE_HZ)
        noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(hz, 100.0)), samples.size)
        level = np.sqrt(np.mean(statement.samples**2) / np.mean(noise**2)) * 10 ** (-snr_db / 20)
        return Recording((samples + level * noise).astype(np.float32), statement.content_sha256, statement.source)


def people(folder: Path, decoder: Decoder) -> dict[str, float]:
    """Count what is heard of people who say zero to nine, in order, at 8 kHz."""
    reader, detector = DigitReader(len(WORDS)), SpeechDetector()
    asked = "0123456789"
    recordings = digits = whole = 0
    bandwidths = []
    for path in sorted(folder.glob("fsdd_*/*.ogg")):
        recording = decoder.decode(path)
        spans = detector.spans(recording)
        readings = [each.number for each in reader.readings(recording, spans)]
        best = max((sum(a == b for a, b in zip(each, asked, strict=True)) for each in readings), default=0)
        recordings, digits, whole = recordings + 1, digits + best, whole + (asked in readings)
        bandwidths.append(measure(recording, spans).bandwidth_hz)
    return {
        "recordings": recordings,
        "whole_numbers": whole,
        "digits": digits,
        "digits_spoken": recordings * len(asked),
        "bandwidth_hz": round(float(np.median(bandwidths))),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--numbers", type=int, default=10, help="each voice says, each way")
    parser.add_argument("--people", type=Path, metavar="DIR", help="holds fsdd_NAME/*.ogg")
    arguments = parser.parse_args()
    with Decoder(files_per_child=1000) as decoder:
        counts = []
        for count in Bench(arguments.numbers, decoder).counts():
            print(
                f"{count.voice:26} {count.reading:12} {count.noise:6} {count.heard}/{count.numbers} {count.taken}",
                flush=True,
            )
            counts.append(count)
        found: dict[str, object] = {"synthesised": [asdict(count) for count in counts]}
        if arguments.people is not None:
            found["people_8_khz"] = people(arguments.people, decoder)
            print(found["people_8_khz"])
    arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
