"""How fast the exact search is, beside faiss's exact index and a plain product, on the same vectors in one run.

    pip install --target FOLDER --no-deps faiss-cpu
    PYTHONPATH=FOLDER python -m benchmarks.search [--rows 10000 100000 1000000] [--out FILE]

Vectors are drawn as the cohort's voices are spread in the ge2e space; half of the probes are near to somebody enrolled,
half to nobody. All contenders use the same number of threads, take turns, and answer the ten nearest; the medians are
shown. One read of the matrix, a plain sum of it, is what a search of one probe that looks at every number once would
take at least. Without faiss the rest is measured.

With ``--device cuda`` rows in eight bits lie on the device, and so do those of the plain product.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.gallery import draw
from benchmarks.machine import described, in_words
from registry.domain.scores import Span
from registry.engine.analysis import Analysis, Turn, Voice
from registry.engine.calibration import Calibration, load_calibration
from registry.engine.cohort import Cohort, Spread, unit
from registry.engine.gallery import Gallery
from registry.engine.index import top_k
from registry.engine.rows import Rows, exact_scores
from registry.engine.searching import Searcher
from registry.engine.voiceprint import Space
from registry.media.quality import SignalQuality

K = 10
_DRAWN_AT_ONCE = 50_000
_ENTRIES_AT_ONCE = 2**24
"""Products of the plain way at a time, so that it fits in memory."""
_SAME = 1e-6
"""Scores this near are the same to float32, so that either row may be named."""
_REST_S = 0.05
"""Between contenders: threads of one may wait for work by spinning for a while."""

Array = NDArray[np.float32]
Answer = tuple[NDArray[np.int64], NDArray[np.float32] | NDArray[np.float64]]
"""Rows and scores, ``(n_probes, K)`` each."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Median milliseconds of one search, for each contender; ``different`` counts other rows with other scores."""

    rows: int
    probes: int
    ours_ms: float
    plain_ms: float
    faiss_ms: float | None
    read_ms: float
    different: int
    equal_by_rounding: int

    @property
    def of_faiss(self) -> float | None:
        """How many times faster than faiss."""
        return None if self.faiss_ms is None else self.faiss_ms / self.ours_ms


@dataclass(frozen=True, slots=True)
class GalleryFigures:
    """What a gallery of both spaces costs; times are medians in milliseconds."""

    performers: int
    means_mb: float
    gallery_mb: float
    load_s: float
    one_voice_ms: float
    five_voices_ms: float
    hundred_turns_ms: float
    add_ms: float
    remove_ms: float


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--probes", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    machine, console = described(["torch", "numpy", "faiss-cpu"]), Console(width=150)
    torch.set_num_threads(given.threads)
    random, calibration = np.random.default_rng(given.seed), load_calibration()
    timings = [timing for count in given.rows for timing in measured(count, calibration, given, random)]
    galleries = [gallery_figures(count, calibration, given, random) for count in given.rows]
    console.print(in_words(machine))
    console.print(timing_table(timings, given.threads, given.device))
    console.print(gallery_table(galleries))
    if faiss_module() is None:
        console.print("faiss is not there: pip install --target FOLDER --no-deps faiss-cpu, and PYTHONPATH=FOLDER")
    if given.out:
        found = {
            "machine": machine,
            "threads": given.threads,
            "device": given.device,
            "searches": [asdict(one) | {"times_faster_than_faiss": one.of_faiss} for one in timings],
            "galleries": [asdict(one) for one in galleries],
        }
        given.out.write_text(json.dumps(found, indent=2), encoding="utf-8")


def faiss_module() -> Any:
    """Answer faiss, or None where it is not installed."""
    try:
        return importlib.import_module("faiss")
    except ImportError:
        return None


def drawn(spread: Spread, count: int, random: np.random.Generator) -> Array:
    """Answer ``(count, d)`` projected unit vectors, some at a time."""
    root = np.linalg.cholesky(spread.covariance.astype(np.float64) + 1e-6 * np.eye(len(spread.mean)))
    root32, found = root.T.astype(np.float32), np.empty((count, len(spread.mean)), dtype=np.float32)
    for at in range(0, count, _DRAWN_AT_ONCE):
        some = found[at : at + _DRAWN_AT_ONCE]
        some[:] = unit(spread.mean + random.standard_normal(some.shape, dtype=np.float32) @ root32)
    return found


def asked_for(vectors: Array, spread: Spread, count: int, random: np.random.Generator) -> Array:
    """Answer probes, half of them near to a row."""
    probes = drawn(spread, count, random)
    near = vectors[random.integers(len(vectors), size=len(probes[::2]))]
    probes[::2] = unit(near + probes[::2])
    return probes


def measured(
    count: int, calibration: Calibration, given: argparse.Namespace, random: np.random.Generator
) -> Iterator[Timing]:
    """Yield the timings of searching so many rows."""
    device, threads = torch.device(given.device), given.threads
    spread = calibration.cohorts["ge2e"].everybody
    vectors = drawn(spread, count, random)
    ours, plain, peer = Rows.of(torch.from_numpy(vectors), device=device), torch.from_numpy(vectors), None
    placed = plain.to(device)
    if (faiss := faiss_module()) is not None:
        faiss.omp_set_num_threads(threads)
        peer = faiss.IndexFlatIP(vectors.shape[1])
        peer.add(vectors)
    for number in given.probes:
        asked = asked_for(vectors, spread, number, random)
        contenders: dict[str, Callable[[], object]] = {
            "ours": lambda asked=asked: top_k(torch.from_numpy(asked), ours, K, threads=threads),  # type: ignore[misc]
            "plain": lambda asked=asked: plain_top(torch.from_numpy(asked).to(device), placed),  # type: ignore[misc]
            "read": lambda: float(placed.sum()),
        }
        if peer is not None:
            contenders["faiss"] = lambda asked=asked: peer.search(asked, K)  # type: ignore[misc]
        took = timed(contenders, given.repeats)
        different, equal = (0, 0) if peer is None else disagreement(ours, asked, peer.search(asked, K)[1], threads)
        yield Timing(count, number, took["ours"], took["plain"], took.get("faiss"), took["read"], different, equal)


def plain_top(probes: torch.Tensor, rows: torch.Tensor) -> Answer:
    """Answer the nearest by a product in float32 and torch's own selection, a block at a time."""
    step = max(1, _ENTRIES_AT_ONCE // len(probes))
    scores, numbers = [], []
    for at in range(0, len(rows), step):
        best = (probes @ rows[at : at + step].T).topk(min(K, len(rows) - at), dim=1)
        scores.append(best.values)
        numbers.append(best.indices + at)
    best = torch.cat(scores, dim=1).topk(K, dim=1)
    return torch.cat(numbers, dim=1).gather(1, best.indices).cpu().numpy(), best.values.cpu().numpy()


def disagreement(ours: Rows, asked: Array, theirs: NDArray[np.int64], threads: int) -> tuple[int, int]:
    """Answer how many of their rows are not ours by a score that float32 can tell apart, and by one it cannot."""
    hits = top_k(torch.from_numpy(asked), ours, K, threads=threads)
    different = equal = 0
    for probe, place in zip(*np.nonzero(hits.rows != theirs), strict=True):
        one = exact_scores(torch.from_numpy(asked[probe : probe + 1]), ours, torch.tensor([theirs[probe, place]]))
        apart = abs(float(one[0, 0]) - float(hits.scores[probe, place])) > _SAME
        different, equal = different + apart, equal + (not apart)
    return different, equal


def timed(contenders: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Answer the median milliseconds of each, who take turns, warmed up."""
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, work in contenders.items():
            time.sleep(_REST_S)
            started = time.perf_counter()
            work()
            if turn:
                took[name].append(1000 * (time.perf_counter() - started))
    return {name: float(np.median(times)) for name, times in took.items()}


def gallery_figures(
    count: int, calibration: Calibration, given: argparse.Namespace, random: np.random.Generator
) -> GalleryFigures:
    """Measure a gallery of nobody, in both spaces."""
    spaces = {name: Space(name, "0" * 64, "", len(one.everybody.mean)) for name, one in calibration.cohorts.items()}
    means = {name: drawn(cohort.everybody, count, random) for name, cohort in calibration.cohorts.items()}
    names = [f"nobody-{number}" for number in range(count)]
    before, started = resident_mb(), time.perf_counter()
    gallery = Gallery(spaces, calibration.cohorts, threads=given.threads)
    gallery.add_many(names, means)
    load_s, gallery_mb = time.perf_counter() - started, resident_mb() - before
    searcher = Searcher(calibration)
    one, five = recording_of(calibration.cohorts, 1, 1, random), recording_of(calibration.cohorts, 5, 1, random)
    talk = recording_of(calibration.cohorts, 1, 100, random)
    first = {name: rows[:1] for name, rows in means.items()}
    took = timed(
        {
            "one": lambda: searcher.nearest(one, gallery, 1.5),
            "five": lambda: searcher.nearest(five, gallery, 1.5),
            "turns": lambda: searcher.turns(talk, 0, gallery, names[:10]),
            "add": lambda: gallery.add_many(["somebody"], first),
            "remove": lambda: gallery.remove("somebody"),
        },
        given.repeats,
    )
    return GalleryFigures(
        performers=count,
        means_mb=sum(rows.nbytes for rows in means.values()) / 2**20,
        gallery_mb=gallery_mb,
        load_s=load_s,
        one_voice_ms=took["one"],
        five_voices_ms=took["five"],
        hundred_turns_ms=took["turns"],
        add_ms=took["add"],
        remove_ms=took["remove"],
    )


def recording_of(cohorts: Mapping[str, Cohort], voices: int, turns: int, random: np.random.Generator) -> Analysis:
    """Answer the analysis of a recording of nobody."""
    vectors = {name: draw(cohort, voices, random, turns + 1) for name, cohort in cohorts.items()}
    heard = []
    for voice in range(voices):
        own = [{name: drawn[voice, number] for name, drawn in vectors.items()} for number in range(turns + 1)]
        said = tuple(Turn(Span(2.0 * n, 2.0 * n + 1), 1.0, turn) for n, turn in enumerate(own[1:]))
        heard.append(Voice(said, float(turns), own[0]))
    return Analysis(2.0 * turns, 1.0 * turns, tuple(heard), SignalQuality(-20.0, 0.0, 40.0, 8000.0, 0.9, None))


def resident_mb() -> float:
    """Answer what this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20


def timing_table(timings: Sequence[Timing], threads: int, device: str) -> Table:
    """Answer what is printed of searches."""
    table = Table(title=f"the {K} nearest of rows × 256, {threads} threads, {device}; median ms")
    for heading in ("rows", "probes", "ours", "plain product", "faiss flat", "one read", "faiss / ours", "ours / read"):
        table.add_column(heading, justify="right")
    table.add_column("other rows than faiss", justify="right")
    for one in timings:
        table.add_row(
            f"{one.rows:,}",
            str(one.probes),
            f"{one.ours_ms:.1f}",
            f"{one.plain_ms:.1f}",
            "–" if one.faiss_ms is None else f"{one.faiss_ms:.1f}",
            f"{one.read_ms:.1f}",
            "–" if one.of_faiss is None else f"{one.of_faiss:.1f}",
            f"{one.ours_ms / one.read_ms:.2f}",
            "–" if one.faiss_ms is None else f"{one.different}, and {one.equal_by_rounding} equal in float32",
        )
    return table


def gallery_table(galleries: Sequence[GalleryFigures]) -> Table:
    """Answer what is printed of galleries."""
    table = Table(title="a gallery in both spaces; median ms")
    for heading in ("performers", "means, MiB", "gallery, MiB", "filled in s", "one voice", "five voices"):
        table.add_column(heading, justify="right")
    for heading in ("100 turns", "add one", "remove one"):
        table.add_column(heading, justify="right")
    for one in galleries:
        table.add_row(
            f"{one.performers:,}",
            f"{one.means_mb:.0f}",
            f"{one.gallery_mb:.0f}",
            f"{one.load_s:.2f}",
            f"{one.one_voice_ms:.1f}",
            f"{one.five_voices_ms:.1f}",
            f"{one.hundred_turns_ms:.1f}",
            f"{one.add_ms:.3f}",
            f"{one.remove_ms:.3f}",
        )
    return table


if __name__ == "__main__":
    main()
