#!/usr/bin/env python3
"""Make the demo's recordings again, or check that the committed ones are those of the manifest.

Every voice is synthesised, every sentence was written for this project. Needs Debian's ``flite``, ``festival`` and
``festvox-us-slt-hts`` to make, and nothing but Python to check:

    python examples/voices/make.py            # writes the recordings and MANIFEST.csv beside this file
    python examples/voices/make.py --check    # exit 1 and one line per difference
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import subprocess
import sys
import tempfile
import wave
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import texts
from texts import Turn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float64]
    """``(n_samples,) float64``, mono at 16 kHz, full scale ±1."""

SAMPLE_RATE_HZ = 16_000
SPEECH_LEVEL_DBFS = -22.0
GRID_BITS = 11  # rounding stays 49 dB below the speech, and FLAC leaves the five unused bits of each sample out
PAUSE_S = 0.45
SLOT_S = 1.0  # of one digit in a recording of digits, in the middle of silence
EDGE_S = 0.15
MANIFEST = "MANIFEST.csv"
FIELDS = ("path", "seconds", "sha256", "voices", "engine")


@dataclass(frozen=True, slots=True)
class Clip:
    """One recording to make.

    Attributes:
        path: relative to this folder.
        turns: who says what, in order; empty where nobody speaks.
        treat: what happens to the speech afterwards, from samples to samples.
        lay: how the turns follow one another; `conversation` unless said.
    """

    path: str
    turns: tuple[Turn, ...]
    treat: Callable[[Samples], Samples]
    lay: Callable[[Sequence[Turn]], Samples] | None = None


@dataclass(frozen=True, slots=True)
class Booth:
    """Where, and with what, a voice is recorded: each has its own.

    Without it every voice would come through one spotless channel, which encoders take for a trait that all of them
    share; people do not record like that.

    Attributes:
        noise_dbfs: RMS level of the noise that never stops.
        noise_tilt: how fast it falls with frequency, see `noise`.
        colour_db: what the microphone adds per octave above 1 kHz, and takes below.
    """

    noise_dbfs: float
    noise_tilt: float
    colour_db: float


BOOTHS = {
    "slt": Booth(noise_dbfs=-57.0, noise_tilt=0.5, colour_db=1.0),
    "rms": Booth(noise_dbfs=-52.0, noise_tilt=1.0, colour_db=-1.5),
    "awb": Booth(noise_dbfs=-60.0, noise_tilt=0.0, colour_db=0.0),
    "slt-hts": Booth(noise_dbfs=-57.0, noise_tilt=0.5, colour_db=0.0),
    "kal16": Booth(noise_dbfs=-54.0, noise_tilt=0.8, colour_db=0.0),
}


# ---------------------------------------------------------------- voices


def flite(voice: str, text: str, wav: Path) -> None:
    """Speak with one of flite's built-in voices."""
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(wav)], check=True)


def festival(text: str, wav: Path) -> None:
    """Speak with festival's HMM voice of the actor whom flite calls slt."""
    command = ["text2wave", "-eval", "(voice_cmu_us_slt_arctic_hts)", "-o", str(wav)]
    subprocess.run(command, input=text.encode(), check=True)


def engine_of(voice: str) -> str:
    """The synthesiser that a voice belongs to."""
    return "festival" if voice == "slt-hts" else "flite"


def read_wav(wav: Path) -> Samples:
    """Read a 16-bit mono WAV file of either synthesiser and bring it to 16 kHz."""
    import numpy as np
    import soxr

    with wave.open(str(wav), "rb") as source:
        rate_hz = source.getframerate()
        samples = np.frombuffer(source.readframes(source.getnframes()), dtype="<i2") / 32768.0
    resampled: Samples = soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ, quality="VHQ")
    return resampled


def speak(turn: Turn) -> Samples:
    """One turn at the speech level, without the silence around it."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "turn.wav"
        if engine_of(turn.voice) == "festival":
            festival(turn.text, wav)
        else:
            flite(turn.voice, turn.text, wav)
        return levelled(coloured(trimmed(read_wav(wav)), BOOTHS[turn.voice].colour_db))


def conversation(turns: Sequence[Turn]) -> Samples:
    """The turns one after another in a quiet room, with a pause between them and a little at both ends."""
    import numpy as np

    parts = [silence(EDGE_S)]
    for turn in turns:
        parts += [speak(turn), silence(PAUSE_S)]
    return in_booth(np.concatenate([*parts[:-1], silence(EDGE_S)]), turns[0])


def in_slots(turns: Sequence[Turn]) -> Samples:
    """The turns one after another, each in the middle of a slot of its own, so that a program can put them together."""
    import numpy as np

    slots = []
    for word in map(speak, turns):
        before = round(SLOT_S * SAMPLE_RATE_HZ - word.size) // 2
        after = round(SLOT_S * SAMPLE_RATE_HZ) - word.size - before
        slots.append(np.concatenate([np.zeros(before), word, np.zeros(after)]))
    return in_booth(np.concatenate(slots), turns[0])


def in_booth(spoken: Samples, first: Turn) -> Samples:
    """Speech with the noise of its voice's booth, which the first turn's text draws."""
    booth = BOOTHS[first.voice]
    seed = zlib.crc32(first.text.encode())
    return spoken + noise(spoken.size, seed, booth.noise_tilt) * 10 ** (booth.noise_dbfs / 20)


# ---------------------------------------------------------------- treatments


def silence(seconds: float) -> Samples:
    """Digital silence."""
    import numpy as np

    return np.zeros(round(seconds * SAMPLE_RATE_HZ))


def coloured(samples: Samples, decibels: float) -> Samples:
    """Tilt the spectrum by so many decibels an octave around 1 kHz, between 125 Hz and 8 kHz."""
    import numpy as np

    hz = np.fft.rfftfreq(samples.size, 1 / SAMPLE_RATE_HZ)
    gain = 10 ** (decibels * np.log2(np.maximum(hz, 125.0) / 1000.0) / 20)
    tilted: Samples = np.fft.irfft(np.fft.rfft(samples) * gain, samples.size)
    return tilted


def noise(n_samples: int, seed: int, tilt: float) -> Samples:
    """``(n_samples,)`` of noise with an RMS of one, whose amplitude falls as frequency ** ``tilt`` above 100 Hz."""
    import numpy as np

    white = np.random.default_rng(seed).standard_normal(n_samples)
    hz = np.fft.rfftfreq(n_samples, 1 / SAMPLE_RATE_HZ)
    tilted = np.fft.irfft(np.fft.rfft(white) / np.maximum(hz, 100.0) ** tilt, n_samples)
    rms = float(np.sqrt(np.mean(tilted**2)))
    return tilted / rms


def trimmed(samples: Samples) -> Samples:
    """Cut off both ends as far as they stay under 1 % of the peak."""
    import numpy as np

    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    first, last = int(loud[0]), int(loud[-1])
    return samples[first : last + 1]


def levelled(samples: Samples) -> Samples:
    """Bring the RMS level to ``SPEECH_LEVEL_DBFS``, or to less where the peak would pass -0.5 dBFS."""
    import numpy as np

    by_level = 10 ** (SPEECH_LEVEL_DBFS / 20) / np.sqrt(np.mean(samples**2))
    by_peak = 10 ** (-0.5 / 20) / np.abs(samples).max()
    gain = float(min(by_level, by_peak))
    return samples * gain


def untouched(samples: Samples) -> Samples:
    """Leave the speech as it is."""
    return samples


def almost_nothing(samples: Samples) -> Samples:
    """Keep 0.4 s of the speech, faded out over 20 ms, in 3 s of silence."""
    import numpy as np

    start, length, fade = (round(s * SAMPLE_RATE_HZ) for s in (EDGE_S, 0.4, 0.02))
    word = samples[start : start + length].copy()
    word[-fade:] *= np.linspace(1, 0, fade)
    return np.concatenate([silence(1.2), word, silence(1.4)])


def overdriven(samples: Samples) -> Samples:
    """Amplify until one sample in twelve hits full scale, and cut off there."""
    import numpy as np

    ceiling = float(np.quantile(np.abs(samples), 11 / 12))
    return np.clip(samples / ceiling, -1.0, 1.0)


def drowned(speech: Samples) -> Samples:
    """Add noise as strong as the speech, from a second before it to a second after.

    The noise's spectrum falls by 6 dB an octave above 100 Hz, as a motor's does.
    """
    import numpy as np

    samples = np.concatenate([silence(1.0), speech, silence(1.0)])
    mixed = samples / np.sqrt(np.mean(speech**2)) + noise(samples.size, seed=16_000, tilt=1.0)
    return levelled(mixed)


def music(_: Samples) -> Samples:
    """Ten seconds of struck chords: five harmonics a note, each dying away."""
    import numpy as np

    chords_hz = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (130.8, 164.8, 196.0), (196.0, 246.9, 293.7))
    t = np.arange(round(1.25 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    strike = np.minimum(t / 0.01, 1) * np.exp(-2.2 * t)
    struck = [
        strike * sum(np.sin(2 * np.pi * hz * k * t) / k**2 for hz in chord for k in range(1, 6)) for chord in chords_hz
    ]
    return levelled(np.concatenate(struck * 2))


# ---------------------------------------------------------------- the recordings


def one(path: str, voice: str, text: str) -> Clip:
    """A recording in which one voice says one text."""
    return Clip(path, (Turn(voice, text),), untouched)


def digits(voice: str) -> Clip:
    """A recording in which one voice says the ten digits, from zero, each in its slot."""
    return Clip(f"digits/{voice}.flac", tuple(Turn(voice, f"{word}.") for word in texts.DIGITS), untouched, in_slots)


def clips() -> list[Clip]:
    """Every recording of this folder."""
    return [
        *(one(f"enrolment/{name}.flac", name[:3], text) for name, text in texts.ENROLMENT.items()),
        one("submissions/slt-advert.flac", "slt", texts.ADVERT),
        one("submissions/slt-game.flac", "slt", texts.GAME),
        one("submissions/rms-story.flac", "rms", texts.STORY),
        *(digits(voice) for voice in ("slt", "rms")),
        Clip("submissions/dialogue-slt-awb.flac", texts.DIALOGUE, untouched),
        one("submissions/slt-hts.flac", "slt-hts", texts.HTS),
        one("submissions/kal16-stranger.flac", "kal16", texts.STRANGER),
        Clip("problems/music.flac", (), music),
        Clip("problems/silence.flac", (), lambda _: silence(5.0)),
        replace(one("problems/short.flac", "slt", "Good morning to you all."), treat=almost_nothing),
        one("problems/too-short-enrolment.flac", "slt", texts.TOO_SHORT),
        Clip("problems/two-speakers-enrolment.flac", texts.TWO_SPEAKERS, untouched),
        replace(one("problems/clipped.flac", "slt", texts.LONG_SLT), treat=overdriven),
        replace(one("problems/noisy.flac", "rms", texts.LONG_RMS), treat=drowned),
    ]


def on_grid(samples: Samples) -> NDArray[np.int16]:
    """Round to ``GRID_BITS`` bits and return ``(n_samples,) int16``; full scale stays full scale."""
    import numpy as np

    step = 2 ** (16 - GRID_BITS)
    top = 2 ** (GRID_BITS - 1)
    rounded: NDArray[np.int16] = (np.clip(np.round(samples * top), -top, top - 1) * step).astype(np.int16)
    return rounded


def write_flac(path: Path, samples: NDArray[np.int16]) -> None:
    """Write mono 16 kHz 16-bit FLAC whose bytes depend on the samples and the encoder alone."""
    import av
    from av.codec.context import Flags

    path.parent.mkdir(parents=True, exist_ok=True)
    plain = {"fflags": "+bitexact", "metadata_header_padding": "0"}
    with av.open(str(path), "w", format="flac", options=plain) as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE_HZ, options={"compression_level": "8"})
        stream.codec_context.layout = "mono"
        stream.codec_context.format = "s16"
        stream.codec_context.flags |= Flags.bitexact
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def make(clip: Clip, folder: Path) -> dict[str, str]:
    """Write one recording and return its line of the manifest."""
    lay = clip.lay or conversation
    samples = on_grid(clip.treat(lay(clip.turns) if clip.turns else silence(0)))
    write_flac(folder / clip.path, samples)
    voices = sorted({turn.voice for turn in clip.turns})
    return {
        "path": clip.path,
        "seconds": f"{samples.size / SAMPLE_RATE_HZ:.2f}",
        "sha256": sha256_of(folder / clip.path),
        "voices": "+".join(voices) or "none",
        "engine": "+".join(sorted({engine_of(voice) for voice in voices})) or "numpy",
    }


def make_all(folder: Path) -> None:
    """Write every recording and the manifest."""
    rows = [make(clip, folder) for clip in clips()]
    with (folder / MANIFEST).open("w", newline="", encoding="utf-8") as sheet:
        writer = csv.DictWriter(sheet, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"{len(rows)} recordings, {sum(float(row['seconds']) for row in rows):.0f} s, in {folder}")


# ---------------------------------------------------------------- check


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differences(folder: Path) -> list[str]:
    """What the folder holds otherwise than its manifest says; empty when they agree."""
    with (folder / MANIFEST).open(newline="", encoding="utf-8") as sheet:
        promised = {row["path"]: row["sha256"] for row in csv.DictReader(sheet)}
    present = {path.relative_to(folder).as_posix(): sha256_of(path) for path in folder.rglob("*.flac")}
    missing = [f"{path}: missing" for path in sorted(promised.keys() - present.keys())]
    unknown = [f"{path}: not in {MANIFEST}" for path in sorted(present.keys() - promised.keys())]
    changed = [
        f"{path}: sha256 is {present[path]}, {MANIFEST} says {promised[path]}"
        for path in sorted(promised.keys() & present.keys())
        if present[path] != promised[path]
    ]
    return missing + unknown + changed


def check(folder: Path) -> int:
    """Print every difference and return the exit status."""
    found = differences(folder)
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"every recording in {folder} is the one {MANIFEST} names")
    return 1 if found else 0


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Make the demo's recordings, or check the committed ones.")
    parser.add_argument("--check", action="store_true", help="compare with the manifest, write nothing")
    parser.add_argument("--into", type=Path, default=Path(__file__).resolve().parent, metavar="DIR", help="the folder")
    arguments = parser.parse_args()
    if arguments.check:
        return check(arguments.into)
    make_all(arguments.into)
    return 0


if __name__ == "__main__":
    sys.exit(main())
