"""What a row of a scan costs beside the listening, and whether memory stays flat however many there are.

    python -m benchmarks.scan_rows [--rows 100000] [--volume 20000] [--out FILE]

The first table is one whole scan: a manifest of so many rows is frozen, scanned with the real engine, and put together.
Half of the rows name files that are not there, the others a few short recordings again and again, so that almost none
is listened to, and what is left is what every row takes. Memory is that of this process; the children that decode are
idle.

The second table is of rows as a large catalogue makes them, all of them assessed and none like another: evidence of the
demo's recordings with other numbers in it, written, read, remembered and hashed as a scan does it, per row; and what it
takes to lead a scan on Ray from here, whoever hears. Shards are of 4,096 rows there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.machine import described, in_words
from benchmarks.speech_set import DEMO
from registry.engine.identify import Engine
from registry.scanning.digest import RowsDigest
from registry.scanning.folder import input_rows, rows_of
from registry.scanning.galleries import enrol_gallery
from registry.scanning.judging import WithoutLicences
from registry.scanning.listening import opened_listener
from registry.scanning.local import LocalScan, conclude
from registry.scanning.manifest import Choice, Manifest, freeze
from registry.scanning.pipeline import Scanner
from registry.scanning.ray_data import RayScanner, table_of
from registry.scanning.results import RESULTS, InputRow, ResultRow, Status
from registry.scanning.seen import Seen
from registry.scanning.tables import write_rows
from registry.scanning.tally import Tally

T = TypeVar("T")

SHARD_ROWS = 256
LARGE_SHARD = 4096
_MIB = 2**20
_STEPS = 10
_LEAST_FILES = 6
MOST_GROWN_MIB = 64.0
"""Over nine tenths of the rows; the first tenth fills what is bounded."""


def main() -> int:
    """Measure, print, and write where asked; 1 where memory grew with the rows."""
    arguments = _arguments()
    console, machine = Console(width=120), described(("pyarrow", "torch"))
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as folder:
        whole, examples = _whole_scan(Path(folder) / "out", arguments.rows)
        volume = _volume(Path(folder), examples, arguments.volume)
    report = {"benchmark": "scan_rows", "machine": machine, "rows": arguments.rows, **whole, "volume": volume}
    console.print(in_words(machine), highlight=False)
    console.print(_table_of_scan(report))
    console.print(_table_of_volume(volume, arguments.volume))
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    grown = report["grown_mib"]
    console.print(
        f"memory grew by {grown:.0f} MiB over the last nine tenths of the rows (at most: {MOST_GROWN_MIB:.0f})"
    )
    return int(grown > MOST_GROWN_MIB)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000, help="of the manifest that is scanned")
    parser.add_argument("--volume", type=int, default=20_000, help="rows of the second table")
    parser.add_argument("--out", type=Path, help="where to write the figures, as JSON")
    return parser.parse_args()


# --- one scan --------------------------------------------------------------------------------------------------------


def rows_that_end_quickly(count: int) -> Iterator[InputRow]:
    """Yield rows of which every other names a file that is not there, and the rest the demo's recordings in turn."""
    here = sorted((DEMO / "submissions").glob("*.flac"), key=lambda path: path.stat().st_size)[:_LEAST_FILES]
    for number in range(count):
        path = here[number // 2 % len(here)] if number % 2 else DEMO / f"nowhere-{number:09d}.flac"
        yield InputRow(number, f"folder-{number // 1000:06d}/{number:09d}.flac", str(path))


@dataclass
class _Watch:
    """Notes memory and time as shards are finished."""

    rows: int
    began: float = field(default_factory=time.perf_counter)
    done: int = 0
    points: list[dict[str, float]] = field(default_factory=list)

    def begin(self, files: int, done: Sequence[ResultRow]) -> None:
        """Nothing is there from before."""

    def ended(self, row: ResultRow) -> None:
        """Rows are counted as they are finished."""

    def committed(self, rows: Sequence[ResultRow]) -> None:
        """Note a point for each tenth."""
        self.done += len(rows)
        if self.done >= self.rows * (len(self.points) + 1) / _STEPS:
            seconds = time.perf_counter() - self.began
            self.points.append({"rows": self.done, "seconds": round(seconds, 2), "resident_mib": _resident_mib()})


def _resident_mib() -> float:
    return round(psutil.Process().memory_info().rss / _MIB, 1)


def _whole_scan(out: Path, rows: int) -> tuple[dict[str, Any], list[ResultRow]]:
    """Answer the figures of one scan, and the rows in it that were listened to."""
    out.mkdir()
    manifest, freezing_s = _timed(lambda: freeze(rows_that_end_quickly(rows), out))
    watch = _Watch(rows)
    with opened_listener(Engine.load(device="cpu")) as listener:
        gallery = enrol_gallery(listener, _gallery(out.parent)).gallery
        watch.began = time.perf_counter()
        LocalScan(
            manifest, Choice(), Scanner(listener, gallery), WithoutLicences(), SHARD_ROWS, watch, lambda: False
        ).run()
    tally, concluding_s = _timed(lambda: conclude(manifest, "", jsonl=False, as_csv=False))
    heard = [row for row in rows_of(ResultRow, [out / RESULTS]) if row.status is Status.ASSESSED]
    figures = {
        "statuses": tally.as_json()["statuses"],
        "points": watch.points,
        "grown_mib": round(watch.points[-1]["resident_mib"] - watch.points[0]["resident_mib"], 1),
        "freezing_us_a_row": _us(freezing_s, rows),
        "scanning_us_a_row": _us(watch.points[-1]["seconds"], rows),
        "concluding_us_a_row": _us(concluding_s, rows),
        "resident_after_concluding_mib": _resident_mib(),
    }
    return figures, heard


def _gallery(folder: Path) -> Path:
    """Lay out the demo's performers."""
    for recording in (DEMO / "enrolment").glob("*-1.flac"):
        performer = folder / "gallery" / recording.name.partition("-")[0]
        performer.mkdir(parents=True)
        (performer / recording.name).symlink_to(recording)
    return folder / "gallery"


def _timed(do: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return do(), time.perf_counter() - began


def _us(seconds: float, rows: int) -> float:
    return round(1e6 * seconds / rows, 1)


# --- rows as they are in a large scan --------------------------------------------------------------------------------


def unlike(examples: Sequence[ResultRow], count: int, random: Random) -> Iterator[ResultRow]:
    """Yield rows with evidence like that of the examples, each with other numbers, and bytes of its own."""
    for number in range(count):
        example = examples[number % len(examples)]
        line = _jittered(json.loads(example.evidence), random)
        yield replace(
            example,
            number=number,
            name=f"folder-{number // 1000:06d}/{number:09d}.flac",
            locator=f"s3://bucket/folder-{number // 1000:06d}/{number:09d}.flac",
            sha256=random.randbytes(32).hex(),
            evidence=json.dumps(line, ensure_ascii=False, separators=(",", ":")),
        )


def _jittered(said: Any, random: Random) -> Any:
    """Answer the same with other last digits in every fraction."""
    if isinstance(said, dict):
        return {name: _jittered(value, random) for name, value in said.items()}
    if isinstance(said, list):
        return [_jittered(value, random) for value in said]
    return round(said + random.uniform(-0.5, 0.5), 4) if isinstance(said, float) else said


def _volume(folder: Path, examples: Sequence[ResultRow], count: int) -> dict[str, Any]:
    """Answer what such rows take, each: bytes on disk, and microseconds of what is done to all of them here."""
    rows = list(unlike(examples, count, Random(6)))  # noqa: S311  (no secret)
    out = folder / "volume"
    out.mkdir()
    inputs = [InputRow(row.number, row.name, row.locator, row.number) for row in rows]
    manifest, freezing_s = _timed(lambda: freeze(inputs, out))
    shard, results = out / "shard.parquet", out / RESULTS
    _, shard_s = _timed(lambda: write_rows(shard, ResultRow, rows[:LARGE_SHARD]))
    _, writing_s = _timed(lambda: write_rows(results, ResultRow, rows))
    _, reading_s = _timed(lambda: [None for _ in rows_of(ResultRow, [results])])
    seen, seeing_s = _seen_bytes(rows)
    leading_s = _led(manifest, rows)
    return {
        "evidence_bytes": round(sum(len(row.evidence) for row in rows) / count),
        "manifest_bytes": round(_size_of(manifest) / count, 1),
        "shard_bytes": round(shard.stat().st_size / LARGE_SHARD),
        "results_bytes": round(results.stat().st_size / count),
        "seen_bytes": round(seen / count, 1),
        "freezing_us": _us(freezing_s, count),
        "reading_the_manifest_us": _us(_timed(lambda: [None for _ in input_rows(out)])[1], count),
        "writing_a_shard_us": _us(shard_s, LARGE_SHARD),
        "writing_results_us": _us(writing_s, count),
        "reading_us": _us(reading_s, count),
        "judging_us": _us(_timed(lambda: WithoutLicences().judge(rows))[1], count),
        "counting_us": _us(_timed(lambda: _counted(rows))[1], count),
        "hashing_us": _us(_timed(lambda: _digest(rows))[1], count),
        "remembering_us": _us(seeing_s, count),
        "leading_a_scan_on_ray_us": _us(leading_s, count),
    }


def _led(manifest: Manifest, rows: Sequence[ResultRow]) -> float:
    """Answer the seconds in which a scan on Ray is led here, were all its shards heard at once."""
    tables = [table_of(iter(rows[first : first + LARGE_SHARD])) for first in range(0, len(rows), LARGE_SHARD)]
    answers = [{"shard": shard, "rows": table, "problem": ""} for shard, table in enumerate(tables)]
    scanner = RayScanner(manifest, LARGE_SHARD, lambda _: (answer for answer in answers))
    scan = LocalScan(manifest, Choice(), scanner, WithoutLicences(), LARGE_SHARD, _Watch(len(rows)), lambda: False)
    return _timed(scan.run)[1]


def _size_of(manifest: Manifest) -> int:
    return sum(path.stat().st_size for path in (manifest.out / "manifest").iterdir())


def _counted(rows: Sequence[ResultRow]) -> Tally:
    tally = Tally()
    for row in rows:
        tally.add(row)
    return tally


def _digest(rows: Sequence[ResultRow]) -> str:
    digest = RowsDigest()
    for row in rows:
        digest.add(asdict(row))
    return digest.hexdigest()


def _seen_bytes(rows: Sequence[ResultRow]) -> tuple[int, float]:
    """Answer how much disk the memory of content hashes takes, by its pages, and the seconds that it took to fill."""
    with Seen() as seen:
        _, seconds = _timed(lambda: [seen.number_of(row.sha256, row.number) for row in rows])
        asked = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        return int(seen._connection.execute(asked).fetchone()[0]), seconds  # noqa: SLF001  (its file has no name)


# --- tables ----------------------------------------------------------------------------------------------------------


def _table_of_scan(report: Mapping[str, Any]) -> Table:
    said = ", ".join(f"{count:,} {status}" for status, count in report["statuses"].items() if count)
    table = Table("rows", "seconds", "MiB resident", title=f"{report['rows']:,} rows: {said}")
    for point in report["points"]:
        table.add_row(f"{point['rows']:,}", f"{point['seconds']:.1f}", f"{point['resident_mib']:.0f}")
    table.add_section()
    for name in ("freezing", "scanning", "concluding"):
        table.add_row(f"{name}, µs a row", f"{report[f'{name}_us_a_row']:.0f}", "")
    table.add_row("after concluding", "", f"{report['resident_after_concluding_mib']:.0f}")
    return table


def _table_of_volume(volume: Mapping[str, float], count: int) -> Table:
    table = Table("", "a row", title=f"{count:,} rows, all assessed and none like another")
    for name, value in volume.items():
        table.add_row(name.replace("_", " ").removesuffix(" us").removesuffix(" bytes"), _with_unit(name, value))
    return table


def _with_unit(name: str, value: float) -> str:
    return f"{value:,.0f} µs" if name.endswith("_us") else f"{value:,.0f} bytes"


if __name__ == "__main__":
    sys.exit(main())
