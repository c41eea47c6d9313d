"""Speech for a benchmark is as long as asked for, and never the same to the byte twice: a scan would hear it once."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.speech_set import flac_set, pieces, write

RATE = 16_000


def noise(folder: Path, count: int) -> Path:
    source = np.random.default_rng(1)
    for number in range(count):
        write(source.uniform(-0.5, 0.5, 2 * RATE).astype(np.float32), folder / f"{number}.flac")
    return folder


def test_what_comes_again_is_another_file(tmp_path: Path) -> None:
    with flac_set(noise(tmp_path, 2), 9, 60) as (folder, seconds):
        written = [path.read_bytes() for path in sorted(folder.iterdir())]
    assert len(written) == len(set(written)) == 5
    assert seconds == 9


def test_what_comes_again_begins_a_sample_later(tmp_path: Path) -> None:
    first, again = pieces(noise(tmp_path, 1), 4, 60)
    assert np.array_equal(first[1:], again[: first.size - 1])


def test_recordings_are_cut_at_the_longest(tmp_path: Path) -> None:
    assert [piece.size / RATE for piece in pieces(noise(tmp_path, 2), 4, 1)] == [1.0] * 4
