"""What one would write with Resemblyzer: embed a file, compare with mean vectors, take the nearest.

python -m benchmarks.plain_loop CLIP.wav PERFORMERS REQUESTS
prints: seconds from start to the first answer, resident MiB, then seconds for each request
"""

from __future__ import annotations

import sys
import time

import numpy as np
import psutil

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
    started_s = time.perf_counter() - _STARTED
    seconds = []
    for _ in range(requests):
        begun = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - begun)
    memory_mib = psutil.Process().memory_info().rss / 2**20
    print(started_s, memory_mib, *seconds)


if __name__ == "__main__":
    main()
