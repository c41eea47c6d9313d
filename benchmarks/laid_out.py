"""Speech laid out for trials (``gallery/ probes/ clones/ decoys/ trials.csv``), enrolled and heard once.

``python ../shared/speech/layout.py FOLDER --part both`` makes such a folder. A file's name says which part it is of.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from rich.console import Console

from benchmarks.analyses import Analyses
from registry.cli.evaluation.labels import default_labels, labels_of, read_doubtful, read_labels
from registry.cli.evaluation.searches import Doubts, LabelledFile, Search, labelled_files
from registry.engine.analysis import Analysis
from registry.engine.evaluation import Labels, SearchResult, Split
from registry.engine.identify import Engine
from registry.errors import InvalidInputError
from registry.media.decode import Decoder, MediaLimits
from registry.media.speech import SpeechDetector
from registry.scanning.listening import FolderGallery, Heard, Listener, enrol_folder, performers_in

_FILES_PER_CHILD = 64
_NAMED_AFTER_PEOPLE = ("youtube_fakes",)

SUBSETS: Mapping[str, Callable[[LabelledFile], bool]] = {
    "all": lambda _: True,
    "development": lambda file: Split.DEVELOPMENT.has(file.person),
    "reporting": lambda file: Split.REPORTING.has(file.person),
    "open part": lambda file: file.path.name.startswith("open_"),
    "local part": lambda file: file.path.name.startswith("local_"),
}
"""Whose searches count, by name. The gallery is the same for all."""


class Source(Protocol):
    """Answers analyses of files, and knows the engine that makes them."""

    @property
    def listener(self) -> Listener:
        """With the engine."""

    def of(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Heard]]:
        """Yield each path, in order, with its analysis or with the error that says why there is none."""


@dataclass(frozen=True, slots=True)
class HeardFile:
    """One recording to search for.

    Attributes:
        file: what its folder says.
        analysis: of it.
        labels: what else is known.
    """

    file: LabelledFile
    analysis: Analysis
    labels: Labels


@dataclass(frozen=True, slots=True)
class LaidOut:
    """Everything in the folder, heard.

    Attributes:
        engine: that heard it.
        enrolled: the gallery.
        enrolment: by performer, the analyses of their enrolment recordings that could be used.
        heard: the recordings to search for.
        failed: those that could not be used, with why.
        doubts: labels that may be one person.
    """

    engine: Engine
    enrolled: FolderGallery
    enrolment: Mapping[str, Sequence[Analysis]]
    heard: Sequence[HeardFile]
    failed: Sequence[tuple[LabelledFile, str]]
    doubts: Doubts

    def results(self) -> list[tuple[LabelledFile, SearchResult]]:
        """Search the gallery for everything."""
        return [found for one in self.heard for found in self.results_of(one)]

    def results_of(self, one: HeardFile) -> list[tuple[LabelledFile, SearchResult]]:
        """Search the gallery for one recording, once or twice, as `likeness evaluate` does it."""
        search = Search(self.engine, self.enrolled.gallery, one.file, one.analysis, one.labels)
        return [(one.file, result) for result in search.results(self.doubts)]


def read_arguments(description: str | None) -> argparse.Namespace:
    """Read what every benchmark of laid-out speech is asked with."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--doubtful", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/accuracy"))
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def without_names(label: str) -> str:
    """Answer a label of a system or a corpus without the name of the person whom it imitates."""
    return next((known for known in _NAMED_AFTER_PEOPLE if label.startswith(known)), label)


@contextmanager
def analyses(cache: Path | None, threads: int) -> Iterator[Analyses]:
    """Open what analyses recordings, with the shipped engine."""
    console = Console(stderr=True)
    with Decoder(MediaLimits(), files_per_child=_FILES_PER_CHILD) as decoder:
        listener = Listener(Engine.load(device="cpu", threads=threads), decoder, SpeechDetector())
        yield Analyses(listener, cache, console.print)


def hear(
    source: Source, speech: Path, doubtful: Path | None, chosen: Callable[[LabelledFile], bool] = SUBSETS["all"]
) -> LaidOut:
    """Enrol everybody in a folder, and hear what is to be searched for.

    Args:
        source: of analyses.
        speech: the folder.
        doubtful: CSV of pairs of patterns of labels that may be one person, as `likeness evaluate` reads it.
        chosen: what is to be searched for; nothing else is heard, but the enrolment of everybody.
    """
    owners = [(name, path) for name, paths in performers_in(speech / "gallery").items() for path in paths]
    found = list(source.of([path for _, path in owners]))
    enrolled = enrol_folder(source.listener, speech / "gallery", iter(found))
    enrolment: dict[str, list[Analysis]] = {}
    for (name, _), (_, one) in zip(owners, found, strict=True):
        if not isinstance(one, InvalidInputError):
            enrolment.setdefault(name, []).append(one)
    performers = set(enrolled.gallery.performers())
    every = labelled_files(speech / "probes", speech / "clones", speech / "decoys", performers)
    files = [file for file in every if chosen(file)]
    labels = read_labels(listed) if (listed := default_labels(speech / "probes")) else {}
    heard, failed = [], []
    for file, (_, one) in zip(files, source.of([file.path for file in files]), strict=True):
        if isinstance(one, InvalidInputError):
            failed.append((file, one.slug))
        else:
            known = labels_of(labels, file.label_path, one.quality.bandwidth_hz)
            known = replace(known, corpus=without_names(known.corpus))
            heard.append(HeardFile(replace(file, system=without_names(file.system)), one, known))
    doubts = Doubts(read_doubtful(doubtful) if doubtful else ())
    return LaidOut(source.listener.engine, enrolled, enrolment, heard, failed, doubts)
