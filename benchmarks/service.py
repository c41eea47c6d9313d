"""How long a check takes, and how much memory the registry, against a gallery of 1,000: the real server, over HTTP.

    python -m benchmarks.service [--performers 1000] [--requests 50] [--seconds 10]

The gallery is made of voiceprints drawn from the cohort distribution that ships with the engine: nobody's voice, but as
hard to search as real ones. They are sealed, stored and loaded as every enrolment is. Beside it stands what one would
write instead with Resemblyzer: embed the file, compare with 1,000 mean vectors, take the nearest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.gallery import fill_gallery

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

from server import Server, running_server  # noqa: E402  (a script beside the package, not part of it)

_USE = {
    "kind": "generated",
    "purpose": "advertising",
    "project": "benchmark",
    "medium": "radio",
    "territory": "GB",
    "language": "en",
}
_MIB = 2**20


@dataclass(frozen=True)
class Measured:
    """What was seen of one way to do it."""

    name: str
    seconds: Sequence[float]
    memory_mib: float
    start_s: float


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    clip = cut_clip(arguments.seconds)
    rows = [
        measure_registry(arguments.performers, arguments.requests, clip),
        measure_plain_loop(arguments.performers, min(arguments.requests, 20), clip),
    ]
    print_table(rows, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--performers", type=int, default=1000)
    parser.add_argument("--requests", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=10.0)
    return parser.parse_args()


def cut_clip(seconds: float) -> bytes:
    """Answer a WAV file with that many seconds of the demo's voices."""
    import av
    import numpy as np

    with av.open(str(ROOT / "examples/voices/submissions/slt-advert.flac")) as container:
        samples = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
    samples = np.resize(samples.astype(np.int16), int(seconds * 16_000))
    return wav(samples.tobytes())


def wav(audio: bytes) -> bytes:
    """Answer 16-bit mono audio at 16 kHz as a WAV file."""
    import io
    import wave

    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(audio)
    return buffer.getvalue()


def measure_registry(performers: int, requests: int, clip: bytes) -> Measured:
    """Start the server on a full gallery, warm it up, and send the clip again and again."""
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as folder:
        home = Path(folder)
        with running_server(home, before_start=lambda: fill_gallery(home, performers)) as server:
            studio = _studio(server)
            _submit(studio, clip)
            _submit(studio, clip)
            seconds = [_submit(studio, clip) for _ in range(requests)]
            return Measured(
                f"likeness serve, {performers} performers", seconds, _resident_mib(server.pid), server.ready_s
            )


def _studio(server: Server) -> httpx.Client:
    operator = httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {server.operator_token}"}, trust_env=False
    )
    account = operator.post(
        "/v1/accounts", json={"role": "studio_admin", "name": "bench", "organisation_name": "Bench"}
    ).json()
    token = operator.post("/v1/tokens", json={"account_id": account["id"], "name": "bench"}).json()["token"]
    return httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {token}"}, timeout=60, trust_env=False)


def _submit(studio: httpx.Client, clip: bytes) -> float:
    started = time.perf_counter()
    response = studio.post(
        "/v1/checks", files={"file": ("clip.wav", clip, "audio/wav")}, data=_USE, headers={"Prefer": "wait=30"}
    )
    seconds = time.perf_counter() - started
    if response.status_code != 201:  # noqa: PLR2004  (created, and finished)
        raise SystemExit(f"{response.status_code}: {response.text}")
    return seconds


def _resident_mib(pid: int) -> float:
    parent = psutil.Process(pid)
    return sum(p.memory_info().rss for p in [parent, *parent.children(recursive=True)]) / _MIB


def measure_plain_loop(performers: int, requests: int, clip: bytes) -> Measured:
    """Run the loop one would write with Resemblyzer in a process of its own, warmed up as well."""
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
    start_s, memory_mib, *seconds = (float(word) for word in done.stdout.split())
    return Measured("Resemblyzer and numpy, in process, no server", seconds, memory_mib, start_s)


def print_table(rows: Sequence[Measured], arguments: argparse.Namespace) -> None:
    """Print what was measured, side by side."""
    table = Table(
        title=f"a {arguments.seconds:g} s clip against {arguments.performers} performers, {os.cpu_count()} cores"
    )
    for heading in ("", "median", "p95", "worst", "requests", "resident", "start to ready"):
        table.add_column(heading, justify="left" if not heading else "right")
    for row in rows:
        ordered = sorted(row.seconds)
        table.add_row(
            row.name,
            f"{statistics.median(ordered):.3f} s",
            f"{ordered[int(0.95 * (len(ordered) - 1))]:.3f} s",
            f"{ordered[-1]:.3f} s",
            str(len(ordered)),
            f"{row.memory_mib:.0f} MiB",
            f"{row.start_s:.1f} s",
        )
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
