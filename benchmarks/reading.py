"""How often each conclusion of a three-way comparison comes out when a voice was cloned from P, from S, from neither.

    python ../shared/speech/layout.py FOLDER --part both
    python -m benchmarks.reading --speech FOLDER [--cache DIR] [--doubtful FILE.csv] [--out docs/accuracy]

A questioned voice is everything that one system made of one person. The other parties are enrolled people of the same
split, and the cohort its strangers: nobody of one split has a part in figures of the other. Two kinds of others are
tried: drawn, and the nearest to the person by the engine's own score, which is harder than chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.laid_out import LaidOut, analyses, hear, read_arguments
from benchmarks.tables import Table, made_with, write_tables
from registry.domain.conclusions import Conclusion, read
from registry.engine.analysis import Analysis, Voice
from registry.engine.evaluation import SearchKind, Split
from registry.engine.gallery import Gallery
from registry.engine.metrics import wilson_interval
from registry.engine.threeway import Party, Population, Sample, ThreeWay, pooled

SEED = 20260101
RECORDINGS = "recordings, no clones"
OTHERS = ("drawn", "nearest")
TRUTHS = ("P", "S", "neither", "P, nobody declared", "not P, nobody declared")

_RIGHT: Mapping[str, Conclusion] = {
    "P": Conclusion.SUPPORTS_P,
    "S": Conclusion.EXPLAINED_BY_S,
    "neither": Conclusion.UNKNOWN_SOURCE,
    "P, nobody declared": Conclusion.SUPPORTS_P,
    "not P, nobody declared": Conclusion.UNKNOWN_SOURCE,
}
_OPEN = frozenset({Conclusion.SOUND_ALIKE, Conclusion.INCONCLUSIVE})
"""What leaves it to documents, and so is never wrong."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One comparison of which the truth is known.

    Attributes:
        split: of everybody in it.
        system: that made the questioned voice.
        person: whose voice that was made from.
        truth: who that person is in the comparison; see `TRUTHS`.
        others: how the other parties were chosen; see `OTHERS`.
        conclusion: that came out.
    """

    split: str
    system: str
    person: str
    truth: str
    others: str
    conclusion: Conclusion

    @property
    def is_right(self) -> bool:
        """Whether it names who it was, or that it was nobody who was named."""
        return self.conclusion is _RIGHT[self.truth]

    @property
    def is_wrong(self) -> bool:
        """Whether it says what is not so."""
        return not self.is_right and self.conclusion not in _OPEN


def main() -> None:
    """Compare, count and write."""
    arguments = read_arguments(__doc__)
    with analyses(arguments.cache, arguments.threads) as source:
        laid_out = hear(source, arguments.speech, arguments.doubtful)
    trials = [trial for split in (Split.DEVELOPMENT, Split.REPORTING) for trial in Trials(laid_out, split).all()]
    clones = [trial for trial in trials if trial.system != RECORDINGS]
    recordings = [trial for trial in trials if trial.system == RECORDINGS]
    tables = {
        "reading": summary(clones),
        "reading-recordings": summary(recordings),
        "reading-systems": by_system(trials),
    }
    for table in tables.values():
        for row in table["rows"]:
            print(" | ".join(row))
    marks = ThreeWay(laid_out.engine).marks
    content = {
        **made_with(laid_out.engine),
        "seed": SEED,
        "marks": {"supported": marks.supported, "resembles": marks.resembles, "opposed": marks.opposed},
        "tables": tables,
    }
    write_tables(arguments.out / "reading.json", content)


class Trials:
    """Every comparison of one split.

    Args:
        laid_out: everybody, heard.
        split: whose.
    """

    def __init__(self, laid_out: LaidOut, split: Split) -> None:
        self._laid_out = laid_out
        self._split = split
        self._three_way = ThreeWay(laid_out.engine)
        self._known = {person: found for person, found in laid_out.enrolment.items() if split.has(person)}
        self._population = Population("stated", self._strangers())

    def all(self) -> Iterator[Trial]:
        """Yield them; who is drawn follows from `SEED`."""
        random = np.random.default_rng(SEED)
        for (system, person), found in sorted(self._questioned().items()):
            allowed = self._allowed(person)
            drawn = random.permutation(allowed)[:2].tolist()
            for others, (one, other) in zip(OTHERS, (drawn, self._nearest(person, allowed)), strict=True):
                for truth, conclusion in self._concluded(found, person, one, other):
                    yield Trial(self._split.value, system, person, truth, others, conclusion)

    def _questioned(self) -> Mapping[tuple[str, str], Sequence[Analysis]]:
        """Answer everything that one system made of one person, and what the person said themselves."""
        found: dict[tuple[str, str], list[Analysis]] = defaultdict(list)
        for heard in self._laid_out.heard:
            file = heard.file
            if file.person in self._known and file.kind in {SearchKind.CLONE, SearchKind.MATED}:
                found[file.system or RECORDINGS, file.person].append(heard.analysis)
        return found

    def _concluded(
        self, questioned: Sequence[Analysis], person: str, one: str, other: str
    ) -> Iterator[tuple[str, Conclusion]]:
        sides = {
            "P": (person, one),
            "S": (one, person),
            "neither": (one, other),
            "P, nobody declared": (person, None),
            "not P, nobody declared": (one, None),
        }
        for truth, (performer, source) in sides.items():
            found = self._three_way.compare(
                _party(questioned),
                _party(self._known[performer]),
                None if source is None else _party(self._known[source]),
                [self._population],
            )
            yield truth, read(found).conclusion

    def _allowed(self, person: str) -> list[str]:
        """Answer who may stand beside a person: everybody of the split who is surely somebody else."""
        doubtful = self._laid_out.doubts.about(person, self._known.keys())
        return sorted(self._known.keys() - doubtful - {person})

    def _nearest(self, person: str, allowed: Sequence[str]) -> list[str]:
        """Answer the two who are nearest to a person by the fused log10 LR of the person's enrolment."""
        voice = pooled([analysis.voices[0] for analysis in self._known[person]])
        first = self._known[person][0]
        probe = Analysis(first.duration_s, voice.speech_s, (Voice((), voice.speech_s, voice.vectors),), first.quality)
        gallery = self._gallery({name: self._known[name] for name in allowed})
        search = self._laid_out.engine.search(probe, gallery)
        order = np.argsort(-search.ratios.fused[0], kind="stable")[:2].tolist()
        return [search.performers[column] for column in order]

    def _strangers(self) -> Gallery:
        found: dict[str, list[Analysis]] = defaultdict(list)
        for heard in self._laid_out.heard:
            if heard.file.kind is SearchKind.NON_MATED and self._split.has(heard.file.person):
                found[heard.file.person].append(heard.analysis)
        return self._gallery(found)

    def _gallery(self, people: Mapping[str, Sequence[Analysis]]) -> Gallery:
        engine = self._laid_out.engine
        gallery = engine.new_gallery()
        for person, found in people.items():
            gallery.add(person, [print_ for analysis in found for print_ in engine.prototypes(analysis, person)])
        return gallery


def _party(found: Sequence[Analysis]) -> Party:
    return Party([Sample.of(str(number), analysis) for number, analysis in enumerate(found)])


# Tables.


def summary(trials: Sequence[Trial]) -> Table:
    """Answer how often each conclusion came out, by split, by truth, and by how the others were chosen."""
    groups: dict[tuple[str, str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.split, trial.truth, trial.others].append(trial)
    rows = []
    for split in (Split.DEVELOPMENT, Split.REPORTING):
        for truth in TRUTHS:
            for others in OTHERS:
                found = groups[split.value, truth, others]
                counts = [str(sum(trial.conclusion is one for trial in found)) for one in Conclusion]
                rows.append([split.value, truth, others, str(len(found)), *counts, _wrong(found)])
    headings = ["split", "made from", "others", "voices", *(one.value for one in Conclusion)]
    note = (
        "Wrong: a conclusion that is neither right nor left to documents. In brackets: people of whom any was wrong, "
        "and 95 % interval of their share."
    )
    return {"headings": [*headings, "wrong"], "rows": rows, "note": note}


def by_system(trials: Sequence[Trial]) -> Table:
    """Answer the same by system, where the others are the nearest: right, left open, wrong."""
    groups: dict[tuple[str, str, str], list[Trial]] = defaultdict(list)
    for trial in trials:
        if trial.others == "nearest":
            groups[trial.system, trial.split, trial.truth].append(trial)
    systems = sorted({trial.system for trial in trials}, key=lambda name: (name == RECORDINGS, name))
    rows = []
    for system in systems:
        for split in (Split.DEVELOPMENT, Split.REPORTING):
            found = [groups[system, split.value, truth] for truth in TRUTHS]
            if found[0]:
                rows.append([system, split.value, str(len(found[0])), *map(_shares, found)])
    headings = ["made by", "split", "voices", *(f"from {truth}" for truth in TRUTHS)]
    note = "Right / left open (sound-alike or inconclusive) / wrong, of so many voices; others: the nearest."
    return {"headings": headings, "rows": rows, "note": note}


def _shares(found: Sequence[Trial]) -> str:
    right, wrong = sum(trial.is_right for trial in found), sum(trial.is_wrong for trial in found)
    return f"{right} / {len(found) - right - wrong} / {wrong}"


def _wrong(found: Sequence[Trial]) -> str:
    people = {trial.person for trial in found}
    misled = {trial.person for trial in found if trial.is_wrong}
    if not people:
        return "–"
    low, high = wilson_interval(len(misled), len(people))
    count = sum(trial.is_wrong for trial in found)
    return f"{count} ({len(misled)} of {len(people)} people, {100 * low:.0f} – {100 * high:.0f} %)"


if __name__ == "__main__":
    main()
