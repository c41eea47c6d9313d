"""Who plays whom: real voices and real clones, chosen by a rule and by nobody.

1. *The voice* is the person of the development split of whom there is most cloned speech.
2. *The other* is the first person of that split, in alphabetical order, of the same sex, who reads English books as the
   voice does (LibriSpeech).
3. *The product* of the first two acts are clones of the voice by the first system in alphabetical order of which there
   are 60 s; that of the third by the first such system that is zero-shot, without what a variant of it made that was
   tuned to the voice. Of each the first recordings in alphabetical order, until there are 60 s.
4. *The cohort* are the first forty strangers of that split and sex in alphabetical order; the studio's alternative is
   everybody after them.

Nobody who plays here had a part in the figures of the reporting split (docs/accuracy.md).
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from registry.engine.evaluation.splits import Split, split_of

ROOT = Path(__file__).resolve().parents[2]
READS_BOOKS = "librispeech"
WANTED_S = 60.0
STATED = 40
TUNED = "finetuned"
"""What the names of recordings say that a zero-shot system made after it was tuned to the voice."""
MOST_KNOWN = 6
"""Recordings of each person that are filed in a case."""


@dataclass(frozen=True)
class Person:
    """Somebody's recordings: those that they enrol with, of which the first are filed in a case."""

    label: str
    recordings: Sequence[Path]


@dataclass(frozen=True)
class Cast:
    """Whoever plays.

    Attributes:
        voice: of whom the product is a clone, in every act.
        other: whom the product has nothing to do with.
        trained, zero_shot: the systems.
        products: recordings by system.
        cohort, alternative: strangers, with their recordings.
    """

    voice: Person
    other: Person
    trained: str
    zero_shot: str
    products: Mapping[str, Sequence[Path]]
    cohort: Sequence[Person]
    alternative: Sequence[Person]


@dataclass(frozen=True)
class Row:
    """One recording that is no enrolment."""

    path: Path
    person: str
    kind: str
    corpus: str
    system: str
    seconds: float
    gender: str


def laid_out(speech: Path, into: Path) -> Path:
    """Answer a folder with ``gallery``, ``clones`` and ``probes``: the one that is given, or one made from it."""
    if (speech / "gallery").is_dir() and (speech / "trials.csv").is_file():
        return speech
    layout = speech / "layout.py"
    if not layout.is_file():
        sys.stderr.write(
            f"make sky needs recordings of people and of their clones, and none are at {speech}.\n"
            "Name their folder: make sky SPEECH=FOLDER. It has gallery/PERSON/, probes/PERSON/, clones/SYSTEM/PERSON/\n"
            "and trials.csv, or a layout.py that makes these: examples/sky/README.md says more.\n"
        )
        raise SystemExit(2)
    subprocess.run([sys.executable, str(layout), str(into), "--part", "both"], check=True, stdout=subprocess.DEVNULL)
    return into


def chosen(folder: Path) -> Cast:
    """Choose by the rule."""
    rows = [row for row in _rows(folder) if split_of(row.person) is Split.DEVELOPMENT]
    cloned = _cloned_s(rows)
    voice = max(
        sorted({person for _, person in cloned}), key=lambda one: sum(s for (_, p), s in cloned.items() if p == one)
    )
    (gender,) = {row.gender for row in rows if row.person == voice and row.gender}
    systems = sorted(system for (system, person), seconds in cloned.items() if person == voice and seconds >= WANTED_S)
    zero_shot = next(system for system in systems if system in _zero_shot_systems())
    readers = sorted({row.person for row in rows if row.corpus == READS_BOOKS and row.gender == gender})
    other = next(person for person in readers if person != voice and (folder / "gallery" / person).is_dir())
    strangers = sorted({row.person for row in rows if row.kind == "non_mated" and row.person in readers})
    of = {person: Person(person, _of(rows, person, "non_mated")) for person in strangers}
    return Cast(
        voice=_enrolled(folder, rows, voice),
        other=_enrolled(folder, rows, other),
        trained=systems[0],
        zero_shot=zero_shot,
        products={system: _product(rows, system, voice) for system in {systems[0], zero_shot}},
        cohort=[of[person] for person in strangers[:STATED]],
        alternative=[of[person] for person in strangers[STATED:]],
    )


def _rows(folder: Path) -> Iterable[Row]:
    with (folder / "trials.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            path, seconds = folder / row["path"], float(row["seconds"] or 0)
            yield Row(path, row["person"], row["kind"], row["corpus"], row["system"], seconds, row["gender"])


def _cloned_s(rows: Iterable[Row]) -> Mapping[tuple[str, str], float]:
    """Answer how much cloned speech there is, by system and person."""
    found: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        if row.kind == "clone":
            found[row.system, row.person] += row.seconds
    return found


def _zero_shot_systems() -> set[str]:
    groups = json.loads((ROOT / "benchmarks" / "groups.json").read_text(encoding="utf-8"))["groups"]
    return {system for name, group in groups.items() if "zero-shot" in name for system in group["system"]}


def _product(rows: Iterable[Row], system: str, person: str) -> list[Path]:
    found, seconds = [], 0.0
    made = [row for row in rows if (row.kind, row.system, row.person) == ("clone", system, person)]
    for row in sorted((row for row in made if TUNED not in row.path.name), key=_by_path):
        if seconds < WANTED_S:
            found.append(row.path)
            seconds += row.seconds
    return found


def _by_path(row: Row) -> str:
    return str(row.path)


def _of(rows: Iterable[Row], person: str, kind: str) -> list[Path]:
    return sorted(row.path for row in rows if (row.person, row.kind) == (person, kind))


def _enrolled(folder: Path, rows: Iterable[Row], person: str) -> Person:
    """Answer somebody's recordings: those to enrol, and others until there are as many as are filed in a case."""
    enrol = sorted(path for path in (folder / "gallery" / person).iterdir() if path.is_file())
    by_digest = {sha256(path.read_bytes()).hexdigest(): path for path in reversed(enrol + _of(rows, person, "mated"))}
    return Person(person, sorted(by_digest.values())[:MOST_KNOWN])
