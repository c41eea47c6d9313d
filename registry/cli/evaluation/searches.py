"""From labelled files to searches: who is searched for, and against whom."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from registry.domain.scores import EvidenceOutcome
from registry.engine.analysis import Analysis
from registry.engine.evaluation import DoubtfulPair, Labels, SearchKind, SearchResult, doubtful_with
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.scanning.listening import files_under


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """One recording and what its folder says about it.

    Attributes:
        path: of the file.
        folder: ``probes``, ``clones`` or ``decoys``, that it lies in.
        kind: of the search; a speaker who is not enrolled is a stranger.
        person: who speaks, or is imitated.
        system: what generated it, for clones.
    """

    path: Path
    folder: Path
    kind: SearchKind
    person: str
    system: str = ""

    @property
    def label_path(self) -> str:
        """The path that labels know it by."""
        return self.path.relative_to(self.folder.parent).as_posix()


@dataclass(frozen=True, slots=True)
class Doubts:
    """Which labels may be one person under two names.

    Attributes:
        pairs: of patterns.
    """

    pairs: Sequence[DoubtfulPair] = ()

    def about(self, person: str, performers: Collection[str]) -> frozenset[str]:
        """Answer the performers who may be this person under another label."""
        return doubtful_with(person, performers, self.pairs)

    def scores(self, results: Collection[SearchResult]) -> int:
        """Answer how many scores do not count because of doubts."""
        left_out = sum(int(np.isnan(result.log10_lr).sum()) for result in results)
        return left_out - sum(result.kind is SearchKind.LEFT_OUT for result in results)


def labelled_files(probes: Path, clones: Path | None, decoys: Path | None, enrolled: set[str]) -> list[LabelledFile]:
    """Answer every recording with its label; imitations of nobody enrolled are left out."""
    found = []
    for person, path in _by_folder(probes):
        kind = SearchKind.MATED if person in enrolled else SearchKind.NON_MATED
        found.append(LabelledFile(path, probes, kind, person))
    for system in sorted(clones.iterdir()) if clones else ():
        found += [
            LabelledFile(path, clones, SearchKind.CLONE, person, system.name)
            for person, path in _by_folder(system)
            if clones and person in enrolled
        ]
    for person, path in _by_folder(decoys) if decoys else ():
        if decoys and person in enrolled:
            found.append(LabelledFile(path, decoys, SearchKind.DECOY, person))
    return found


def _by_folder(folder: Path) -> Iterator[tuple[str, Path]]:
    for child in sorted(folder.iterdir()) if folder.is_dir() else ():
        if child.is_dir():
            yield from ((child.name, path) for path in files_under([child]))


@dataclass(frozen=True, slots=True)
class Search:
    """One recording and everything it is searched with.

    Attributes:
        engine: to search with.
        gallery: everybody enrolled.
        file: what is known of it from its folder.
        analysis: of it.
        labels: what else is known about it.
    """

    engine: Engine
    gallery: Gallery
    file: LabelledFile
    analysis: Analysis
    labels: Labels

    def results(self, doubts: Doubts) -> list[SearchResult]:
        """Search the gallery; for a mated recording a second time, with its speaker left out.

        A search without a mate leaves out whoever may be the speaker under another label; in other searches they stay,
        as rivals, and only their scores do not count. A search in which nobody is left is not made.
        """
        kind, person = self.file.kind, self.file.person
        doubtful = doubts.about(person, self.gallery.performers())
        if kind is SearchKind.NON_MATED:
            return self._made(kind, without=doubtful)
        searches = self._made(kind, uncounted=doubtful)
        if kind is SearchKind.MATED:
            searches += self._made(SearchKind.LEFT_OUT, without=doubtful | {person})
        return searches

    def _made(
        self, kind: SearchKind, *, without: Collection[str] = (), uncounted: Collection[str] = ()
    ) -> list[SearchResult]:
        """Answer the search, unless it leaves everybody out.

        Args:
            kind: of it.
            without: performers who are not searched.
            uncounted: performers who are searched, but whose scores do not count.
        """
        column = {performer: number for number, performer in enumerate(self.gallery.performers())}
        if not set(column) - {*without}:
            return []
        search = self.engine.search(self.analysis, self.gallery, without)
        evidence = self.engine.evidence(self.analysis, self.gallery, without)
        scores = np.full(len(column), np.nan)
        scores[[column[performer] for performer in search.performers]] = search.ratios.fused.max(axis=0)
        scores[[column[performer] for performer in uncounted]] = np.nan
        called = {one.performer_id for one in evidence.candidates if one.outcome is EvidenceOutcome.MATCH}
        alone = kind in {SearchKind.NON_MATED, SearchKind.LEFT_OUT}
        result = SearchResult(
            kind=kind,
            person=self.file.person,
            system=self.file.system,
            speech_s=self.analysis.speech_s,
            log10_lr=scores,
            own=None if alone else column[self.file.person],
            called=frozenset(column[performer] for performer in called.difference(uncounted)),
            labels=self.labels,
        )
        return [result]
