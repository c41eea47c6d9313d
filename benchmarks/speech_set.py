"""Speech for benchmarks: any folder of recordings, or the demo's voices, as FLAC files of 16 kHz and known length."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from registry.errors import InvalidInputError
from registry.media.decode import Decoder
from registry.media.recording import SAMPLE_RATE_HZ, Recording

DEMO = Path(__file__).resolve().parents[1] / "examples" / "voices"
CODECS = {"flac": "flac", "mp3": "libmp3lame", "opus": "libopus"}
"""By the ending of a file's name."""

_ENDINGS = frozenset({".flac", ".wav", ".ogg", ".opus", ".mp3", ".m4a", ".aac", ".amr", ".webm"})
_SHORTEST_S = 1.0
_FRAME = 4096

Samples = NDArray[np.float32]


def recordings_in(folder: Path | None) -> list[Path]:
    """Answer the sound files of a folder and of those in it, sorted; None stands for the demo's voices.

    Raises:
        SystemExit: there are none.
    """
    folders = [DEMO / "enrolment", DEMO / "submissions"] if folder is None else [folder]
    found = sorted(path for each in folders for path in each.rglob("*") if path.suffix.lower() in _ENDINGS)
    if not found:
        raise SystemExit(f"no sound files below {folder}")
    return found


def pieces(folder: Path | None, seconds: float, longest_s: float) -> Iterator[Samples]:
    """Yield speech, together as long as asked for: recordings one after the other, and from the first again.

    What comes again begins a sample later each time: a scan hears what is the same to the byte once, however often it
    comes.

    Args:
        folder: see `recordings_in`.
        seconds: of all together.
        longest_s: of each; what is longer is cut into several, and what is left of under a second is left out.
    """
    left, longest = round(seconds * SAMPLE_RATE_HZ), round(longest_s * SAMPLE_RATE_HZ)
    shortest = round(_SHORTEST_S * SAMPLE_RATE_HZ)
    with Decoder(files_per_child=512) as decoder:
        for later, path in ((later, path) for later in itertools.count() for path in recordings_in(folder)):
            for samples in _cut(_decoded(decoder, path)[later:], longest):
                if samples.size >= shortest:
                    yield samples[:left]
                    left -= samples.size
                if left < shortest:
                    return


def _decoded(decoder: Decoder, path: Path) -> Samples:
    try:
        return decoder.decode(path).samples
    except InvalidInputError:
        return np.zeros(0, dtype=np.float32)


def _cut(samples: Samples, longest: int) -> Iterator[Samples]:
    yield from (samples[first : first + longest] for first in range(0, samples.size, longest))


def write(samples: Samples, path: Path) -> None:
    """Write ``(n,)`` samples at 16 kHz through the codec that the name's ending stands for, see `CODECS`."""
    grid = np.clip(np.rint(samples * 32768), -32768, 32767).astype(np.int16)
    with av.open(str(path), "w") as output:
        stream = output.add_stream(CODECS[path.suffix[1:]], rate=SAMPLE_RATE_HZ, layout="mono")
        for first in range(0, grid.size, _FRAME):
            frame = av.AudioFrame.from_ndarray(grid[None, first : first + _FRAME], format="s16", layout="mono")
            frame.rate, frame.pts = SAMPLE_RATE_HZ, first
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def write_set(sounds: Sequence[Samples], folder: Path, ending: str = "flac") -> list[Path]:
    """Write one file for each, and answer their paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:05}.{ending}" for number in range(len(sounds))]
    for samples, path in zip(sounds, paths, strict=True):
        write(samples, path)
    return paths


@contextmanager
def flac_set(folder: Path | None, seconds: float, longest_s: float) -> Iterator[tuple[Path, float]]:
    """Make a folder of FLAC files of speech, and answer it with the seconds of audio in it; it goes in the end."""
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as made:
        sounds = list(pieces(folder, seconds, longest_s))
        write_set(sounds, Path(made))
        yield Path(made), sum(samples.size for samples in sounds) / SAMPLE_RATE_HZ


def load_set(folder: Path) -> list[Recording]:
    """Decode the files of a folder, in order of their names."""
    with Decoder(files_per_child=512) as decoder:
        return [decoder.decode(path) for path in sorted(folder.iterdir())]
