"""What one would write with Resemblyzer: embed a file, compare with mean vectors, take the nearest.

python -m benchmarks.plain_loop CLIP.wav PERFORMERS REQUESTS
prints, as JSON: seconds from start to the first answer, resident MiB, processor seconds, and seconds for each request
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
_STARTED = time.perf_counter()


def main() -> None:
    """Run the loop and print what it took."""
    from resemblyzer import VoiceEncoder, preprocess_wav

    path, performers, requests = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    encoder = VoiceEncoder("cpu", verbose=False)
    gallery = np.abs(np.random.default_rng(0).normal(size=(performers, 256))).astype(np.float32)
    gallery /= np.linalg.norm(gallery, axis=1, keepdims=True)

    def ask() -> int:
        return int((gallery @ encoder.embed_utterance(preprocess_wav(path))).argmax())

    ask()
    start_s = time.perf_counter() - _STARTED
    seconds, cpu_s = [], time.process_time()
    for _ in range(requests):
        begun = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - begun)
    cpu_s = time.process_time() - cpu_s
    memory_mib = psutil.Process().memory_info().rss / 2**20
    print(json.dumps({"start_s": start_s, "memory_mib": memory_mib, "cpu_s": cpu_s, "seconds": seconds}))


def measured_apart(
    clip: bytes, performers: int, requests: int, spread: Callable[[Sequence[float]], Mapping[str, float | int]]
) -> dict[str, Any]:
    """Run the loop in a process of its own, warmed up; answer its figures, its seconds summed up by ``spread``."""
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as folder:
        path = Path(folder) / "clip.wav"
        path.write_bytes(clip)
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.plain_loop", str(path), str(performers), str(requests)],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=os.environ | {"PYTHONWARNINGS": "ignore"},
        )
    said = json.loads(done.stdout)
    return {
        **spread(said["seconds"]),
        "mean_s": round(statistics.fmean(said["seconds"]), 4),
        "cpu_s_each": round(said["cpu_s"] / requests, 4),
        "memory_mib": round(said["memory_mib"]),
        "start_s": round(said["start_s"], 1),
    }


if __name__ == "__main__":
    main()
