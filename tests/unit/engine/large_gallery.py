"""Print what a gallery of 100,000 performers takes in bytes, and at most a search of it for 1,000 turns, as JSON.

A process of its own, since the most memory that a process has ever had never goes down.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

import numpy as np

from registry.engine.cohort import Cohort, Projection, Spread
from registry.engine.gallery import Gallery
from registry.engine.voiceprint import Space

PERFORMERS, TURNS = 100_000, 1_000
DIMENSIONS = {"a": 96, "b": 64}


def resident() -> int:
    """Answer the bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def drawn(random: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    """Answer unit vectors in both spaces."""
    found = {}
    for name, dimension in DIMENSIONS.items():
        rows = random.normal(size=(count, dimension)).astype(np.float32)
        found[name] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return found


def main() -> None:
    """Measure and print."""
    random = np.random.default_rng(0)
    spaces = {name: Space(name, "0" * 64, "x-1", dimension) for name, dimension in DIMENSIONS.items()}
    cohorts = {}
    for name, dimension in DIMENSIONS.items():
        middle, sphere = np.zeros(dimension, dtype=np.float32), np.eye(dimension, dtype=np.float32)
        cohorts[name] = Cohort(Projection(middle, sphere), Spread(middle, sphere), ())
    given, voices = drawn(random, PERFORMERS), drawn(random, TURNS)
    names = [f"p{number}" for number in range(PERFORMERS)]
    warm = Gallery(spaces, cohorts, threads=2)
    warm.add_many(names[:3], {name: rows[:3] for name, rows in given.items()})
    warm.scores_of(voices, names[:3], 6)
    before = resident()
    gallery = Gallery(spaces, cohorts, threads=2)
    gallery.add_many(names, given)
    loaded = resident()
    Path("/proc/self/clear_refs").write_text("5")  # the most there has been is what there is
    gallery.nearest({name: rows[:10] for name, rows in voices.items()}, {"a": 1.0, "b": 1.0}, 32, 6)
    gallery.scores_of(voices, names[:50], 6)
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    taken = {
        "means": sum(rows.nbytes for rows in given.values()),
        "gallery": loaded - before,
        "search": int(peak.split()[1]) * 1024 - loaded,
        "all_scores": TURNS * PERFORMERS * 8,
    }
    sys.stdout.write(json.dumps(taken))


if __name__ == "__main__":
    main()
