"""A training set in which it is known what is planted: is every planted thing found, named, or at least accounted for?

    python -m benchmarks.planted --speech FOLDER [--files 2000] [--planted 37] [--broken 20] [--duplicates 15]
                                 [--seed 6] [--into DIR] [--out FILE]

FOLDER is laid out for trials: ``gallery/PERSON``, ``probes/PERSON``, ``clones/SYSTEM/PERSON``. Who is in the gallery
is registered; the other probes are everybody else. Of the files, ``--planted`` have a registered voice in them: a
third say nothing else, a third have five seconds of it within minutes of others, a third are clones. Broken files are
empty, cut off, silent, or no recordings at all. Duplicates are copies under other names.

``likeness scan`` is then run on it as anybody would run it, and its results are held against the key, which lies beside
the set and not in it. The exit code is 1 when something is not accounted for: a file without a row, a broken file that
is not a named error, a duplicate that is not one. Who is not found is listed, and is no reason for an exit code: what
an engine hears is measured elsewhere.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.machine import described, in_words
from benchmarks.speech_set import write
from registry.errors import InvalidInputError
from registry.media.decode import Decoder
from registry.media.recording import SAMPLE_RATE_HZ
from registry.scanning.folder import result_rows
from registry.scanning.listening import performers_in
from registry.scanning.results import ResultRow, Status

Samples = NDArray[np.float32]

ALONE, AMONG, CLONE = "alone", "among_others", "clone"
STRANGER, BROKEN, DUPLICATE = "stranger", "broken", "duplicate"
PLANTED = (ALONE, AMONG, CLONE)
KEY = "key.csv"

PIECE_S = 5.0
AMONG_S = (90.0, 180.0)
STRANGER_S = (4.0, 15.0)
_PAUSE_S = 0.4
_SHORTEST_PART = 0.8
_LEAST_S = 3.0


@dataclass(frozen=True, slots=True)
class Material:
    """Recordings that a set is made of.

    Attributes:
        registered: by performer: what they say, none of it enrolled.
        clones: by performer: what systems say in their voices.
        others: what people say who are not registered.
    """

    registered: Mapping[str, Sequence[Path]]
    clones: Mapping[str, Sequence[Path]]
    others: Sequence[Path]


@dataclass(frozen=True, slots=True)
class Planted:
    """One file of a set.

    Attributes:
        name: of it.
        kind: what it is.
        performer: whose voice is in it; empty for nobody's who is registered.
        of: what it is a copy of, or what is broken about it.
        at_s: where the voice begins; 0 where it is all there is.
    """

    name: str
    kind: str
    performer: str = ""
    of: str = ""
    at_s: float = 0.0


@dataclass(slots=True)
class Account:
    """What became of every file.

    Attributes:
        ends: by kind: how many ended in which way.
        unaccounted: what is not as the key says, in sentences.
        not_found: planted voices that are no match, in sentences.
        mistaken: strangers that are a match, in sentences.
    """

    ends: dict[str, Counter[str]] = field(default_factory=dict)
    unaccounted: list[str] = field(default_factory=list)
    not_found: list[str] = field(default_factory=list)
    mistaken: list[str] = field(default_factory=list)


# --- making it -------------------------------------------------------------------------------------------------------


def plant(
    material: Material, folder: Path, *, files: int, planted: int, broken: int, duplicates: int, seed: int
) -> list[Planted]:
    """Make a set of so many files in a new folder; answer the key, in the order of the files' names."""
    random = Random(seed)  # noqa: S311  (it must be repeatable)
    folder.mkdir(parents=True)
    kinds = [
        *(PLANTED[number % len(PLANTED)] for number in range(planted)),
        *[BROKEN] * broken,
        *[STRANGER] * (files - planted - broken - duplicates),
    ]
    random.shuffle(kinds)
    numbers = sorted(random.sample(range(files), len(kinds)))
    with Decoder(files_per_child=512) as decoder:
        maker = _Maker(material, folder, random, decoder)
        made = [maker.make(f"{number:06d}", kind) for number, kind in zip(numbers, kinds, strict=True)]
    originals = random.sample([one for one in made if one.kind != BROKEN], duplicates)
    free = sorted(set(range(files)) - set(numbers))
    copies = [_copied(folder, original, f"{number:06d}") for original, number in zip(originals, free, strict=True)]
    return sorted([*made, *copies], key=lambda one: one.name)


def _copied(folder: Path, original: Planted, stem: str) -> Planted:
    name = f"{stem}.flac"
    shutil.copyfile(folder / original.name, folder / name)
    return Planted(name, DUPLICATE, original.performer, original.name)


class _Maker:
    """Makes files, taking recordings in turn."""

    def __init__(self, material: Material, folder: Path, random: Random, decoder: Decoder) -> None:
        self._folder = folder
        self._random = random
        self._decoder = decoder
        self._registered = _in_turn(material.registered, random)
        self._clones = _in_turn(material.clones, random)
        self._others = cycle(random.sample(material.others, len(material.others)))
        self._breaking = cycle(BROKEN_AS.items())

    def make(self, stem: str, kind: str) -> Planted:
        name = f"{stem}.flac"
        path = self._folder / name
        if kind == BROKEN:
            how, content = next(self._breaking)
            path.write_bytes(content(self._somebody))
            return Planted(name, kind, of=how)
        if kind == STRANGER:
            write(self._cut(self._somebody(), self._random.uniform(*STRANGER_S)), path)
            return Planted(name, kind)
        performer, recording = next(self._clones if kind == CLONE else self._registered)
        said = self._decoder.decode(recording).samples
        if kind != AMONG:
            write(said, path)
            return Planted(name, kind, performer)
        whole, at_s = self._among_others(_loudest(said, PIECE_S))
        write(whole, path)
        return Planted(name, kind, performer, at_s=round(at_s, 2))

    def _somebody(self) -> Samples:
        """Answer what the next of the others says that can be read and is long enough."""
        for recording in self._others:
            try:
                samples = self._decoder.decode(recording).samples
            except InvalidInputError:
                continue
            if samples.size >= _LEAST_S * SAMPLE_RATE_HZ:
                return samples
        raise AssertionError  # a cycle does not end

    def _cut(self, samples: Samples, seconds: float) -> Samples:
        """Answer a stretch of so many seconds, or most of what is shorter: no two of one recording are the same."""
        most = round(samples.size * self._random.uniform(_SHORTEST_PART, 1))
        length = min(most, round(seconds * SAMPLE_RATE_HZ))
        first = self._random.randrange(samples.size - length + 1)
        return samples[first : first + length]

    def _among_others(self, piece: Samples) -> tuple[Samples, float]:
        """Answer minutes of others with a piece in the middle half of it, as loud as they are, and where it begins."""
        total = round(self._random.uniform(*AMONG_S) * SAMPLE_RATE_HZ)
        at = round(total * self._random.uniform(0.25, 0.75))
        pause = np.zeros(round(_PAUSE_S * SAMPLE_RATE_HZ), np.float32)
        parts: list[Samples] = []
        begins = 0
        while sum(part.size for part in parts) < total:
            if not begins and sum(part.size for part in parts) >= at:
                begins = sum(part.size for part in parts)
                parts += [piece * (_level(parts[0]) / max(_level(piece), 1e-6)), pause]
            parts += [self._cut(self._somebody(), 15.0), pause]
        return np.clip(np.concatenate(parts), -1, 1), begins / SAMPLE_RATE_HZ


def _in_turn(people: Mapping[str, Sequence[Path]], random: Random) -> Iterator[tuple[str, Path]]:
    """Yield each person with a recording, everybody once before anybody comes again."""
    order = random.sample(sorted(people), len(people))
    recordings = {name: cycle(random.sample(list(people[name]), len(people[name]))) for name in order}
    return ((name, next(recordings[name])) for name in cycle(order))


def _loudest(samples: Samples, seconds: float) -> Samples:
    """Answer the stretch of so many seconds with most energy."""
    length = min(samples.size, round(seconds * SAMPLE_RATE_HZ))
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    first = int(np.argmax(energy[length:] - energy[: energy.size - length]))
    return samples[first : first + length]


def _level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


def _flac_of(samples: Samples) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write(samples, Path(folder) / "a.flac")
        return (Path(folder) / "a.flac").read_bytes()


def _cut_off(somebody: Callable[[], Samples]) -> bytes:
    whole = _flac_of(somebody())
    return whole[: len(whole) // 3]


def _silence(_: Callable[[], Samples]) -> bytes:
    return _flac_of(np.zeros(round(PIECE_S * SAMPLE_RATE_HZ), np.float32))


def _nothing_said(somebody: Callable[[], Samples]) -> bytes:
    """Answer noise that is as long as a recording, and another each time."""
    length = somebody().size
    return _flac_of(np.random.default_rng(length).normal(0, 0.02, length).astype(np.float32))


def _words(somebody: Callable[[], Samples]) -> bytes:
    return f"<html><body>404, {somebody().size}</body></html>".encode()


def _noise_bytes(somebody: Callable[[], Samples]) -> bytes:
    return Random(somebody().size).randbytes(20_000)  # noqa: S311  (no secret)


BROKEN_AS: Mapping[str, Callable[[Callable[[], Samples]], bytes]] = {
    "empty": lambda _: b"",
    "cut off": _cut_off,
    "silent": _silence,
    "a web page": _words,
    "random bytes": _noise_bytes,
    "noise": _nothing_said,
}


# --- scanning it -----------------------------------------------------------------------------------------------------


def scan(source: Path, gallery: Path, out: Path, *more: str) -> int:
    """Run ``likeness scan`` on a set; answer its exit code."""
    command = ["scan", str(source), "--gallery", str(gallery), "--out", str(out), "--yes", *more]
    return subprocess.run([sys.executable, "-m", "registry.cli.main", *command], check=False).returncode


def account(key: Sequence[Planted], rows: Sequence[ResultRow], folder: Path) -> Account:
    """Hold the rows of a scan against the key.

    Args:
        key: of the set.
        rows: of the scan, in order.
        folder: where the set is.
    """
    found = Account()
    by_name = {row.name: row for row in rows}
    if len(by_name) != len(rows) or by_name.keys() != {one.name for one in key}:
        odd = sorted(by_name.keys() ^ {one.name for one in key})
        found.unaccounted.append(f"{len(rows)} rows for {len(key)} files; only on one side: {', '.join(odd) or 'none'}")
    first: dict[str, int] = {}
    for one in key:
        if (row := by_name.get(one.name)) is None:
            continue
        owner = first.setdefault(hashlib.sha256((folder / one.name).read_bytes()).hexdigest(), row.number)
        _enter(found, one, row, owner)
    return found


def _enter(found: Account, one: Planted, row: ResultRow, owner: int) -> None:
    """Enter one file: how it ended, and what is odd about that.

    Args:
        found: so far.
        one: the file.
        row: of it.
        owner: number of the first row with its bytes.
    """
    ended = row.error or (row.outcome if row.status in {Status.ASSESSED, Status.DUPLICATE} else row.status.value)
    found.ends.setdefault(one.kind, Counter())[ended] += 1
    if (one.kind == BROKEN) != (row.status is Status.FAILED):
        found.unaccounted.append(f"{one.name}, {one.kind} {one.of}: {row.status.value} {ended}")
    if row.duplicate_of != (owner if owner != row.number else -1):
        found.unaccounted.append(f"{one.name}: the bytes of row {owner}, reported as those of {row.duplicate_of}")
    matched = _matched(row)
    if one.performer and one.performer not in matched:
        found.not_found.append(f"{one.name}: {one.kind}, {one.performer}, is {ended}")
    if others := matched - {one.performer}:
        found.mistaken.append(f"{one.name}: {one.kind}, {one.performer or 'nobody'}, is a match of {', '.join(others)}")


def _matched(row: ResultRow) -> set[str]:
    line: dict[str, Any] = json.loads(row.evidence) if row.evidence else {"candidates": []}
    return {one["performer"] for one in line["candidates"] if one["outcome"] == "match"}


# --- the command -----------------------------------------------------------------------------------------------------


def laid_out(folder: Path) -> Material:
    """Answer what a folder that is laid out for trials has."""
    registered = performers_in(folder / "gallery")
    probes = performers_in(folder / "probes")
    clones: dict[str, list[Path]] = {}
    for system in sorted((folder / "clones").iterdir()):
        for name, recordings in performers_in(system).items():
            clones.setdefault(name, []).extend(recordings)
    return Material(
        registered={name: probes[name] for name in registered if probes.get(name)},
        clones={name: clones[name] for name in registered if clones.get(name)},
        others=[path for name, paths in probes.items() if name not in registered for path in paths],
    )


def main() -> int:
    """Make a set, scan it, and print what became of it."""
    arguments = _arguments()
    console, machine = Console(width=120), described()
    with ExitStack() as stack:
        into = arguments.into or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="likeness-planted-")))
        key = plant(
            laid_out(arguments.speech),
            into / "set",
            files=arguments.files,
            planted=arguments.planted,
            broken=arguments.broken,
            duplicates=arguments.duplicates,
            seed=arguments.seed,
        )
        _write_key(key, into / KEY)
        code = scan(into / "set", arguments.speech / "gallery", into / "out", "--kind", "training")
        found = account(key, list(result_rows(into / "out")), into / "set")
    console.print(in_words(machine), highlight=False)
    console.print(f"likeness scan ended with {code}")
    print_account(console, found)
    if arguments.out:
        said = {"benchmark": "planted", "machine": machine, "files": arguments.files, "seed": arguments.seed}
        said |= {"ends": found.ends, "unaccounted": found.unaccounted}
        said |= {"not_found": found.not_found, "mistaken": found.mistaken}
        arguments.out.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return int(bool(found.unaccounted))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True, help="laid out for trials")
    parser.add_argument("--files", type=int, default=2000, help="of the set")
    parser.add_argument("--planted", type=int, default=37, help="of them, with a registered voice")
    parser.add_argument("--broken", type=int, default=20)
    parser.add_argument("--duplicates", type=int, default=15)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--into", type=Path, help="a new folder for set, key and scan, which then stay")
    parser.add_argument("--out", type=Path, help="where to write the figures, as JSON")
    return parser.parse_args()


def _write_key(key: Sequence[Planted], path: Path) -> None:
    names = [column.name for column in fields(Planted)]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        writer.writerows([getattr(one, name) for name in names] for one in key)


def print_account(console: Console, found: Account) -> None:
    """Print how every kind of file ended, and what is odd, not found or mistaken."""
    table = Table("planted as", "files", "ended as")
    for kind, ends in sorted(found.ends.items()):
        table.add_row(kind, f"{ends.total():,}", ", ".join(f"{count:,} {how}" for how, count in ends.most_common()))
    console.print(table)
    for heading, lines in (
        ("not accounted for", found.unaccounted),
        ("planted and not a match", found.not_found),
        ("a match of somebody who is not in it", found.mistaken),
    ):
        console.print(f"{heading}: {len(lines) or 'none'}", highlight=False)
        for line in lines:
            console.print(f"  {line}", highlight=False, markup=False)


if __name__ == "__main__":
    sys.exit(main())
