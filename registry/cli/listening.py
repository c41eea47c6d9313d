"""Listens to files for the commands that need no database: decode in children, analyse in batches, one answer each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from registry.domain.scores import Span
from registry.engine.analyser import REQUIRED_SPEECH_S
from registry.engine.analysis import Analysis
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.voiceprint import Voiceprint
from registry.errors import InvalidInputError
from registry.media.decode import Decoder
from registry.media.recording import Recording
from registry.media.speech import SpeechDetector

BATCH_FILES = 16
RECOMMENDED_ENROLMENT_S = 20.0
"""What the registry's own enrolment asks for; a folder with less is used, and named in a warning."""

Heard = Analysis | InvalidInputError
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listener:
    """Everything that turns a path into an analysis.

    Attributes:
        engine: loaded.
        decoder: of media files; it outlives the listener.
        detector: of speech.
        threads: files decoded at the same time.
    """

    engine: Engine
    decoder: Decoder
    detector: SpeechDetector
    threads: int = 2

    def listen(self, paths: Sequence[Path]) -> Iterator[tuple[Path, Heard]]:
        """Yield each path, in order, with its analysis or with the error that says why there is none."""
        return ((path, heard) for path, heard, _ in self.listen_and_measure(paths, lambda *_: None))

    def listen_and_measure(
        self, paths: Sequence[Path], measure: Callable[[Recording, Sequence[Span]], T]
    ) -> Iterator[tuple[Path, Heard, T | None]]:
        """Yield each path as `listen` does, with what was measured on the recording; None when it could not be read."""
        with ThreadPoolExecutor(self.threads) as pool:
            waiting = iter(paths)
            ahead = [(path, pool.submit(self._read, path)) for path in islice(waiting, BATCH_FILES)]
            while ahead:
                batch, ahead = ahead, []
                ahead = [(path, pool.submit(self._read, path)) for path in islice(waiting, BATCH_FILES)]
                yield from self._analysed(batch, measure)

    def _analysed(
        self, batch: Sequence[tuple[Path, Future[Read]]], measure: Callable[[Recording, Sequence[Span]], T]
    ) -> Iterator[tuple[Path, Heard, T | None]]:
        read = [(path, future.result()) for path, future in batch]
        good = [found for _, found in read if not isinstance(found, InvalidInputError)]
        analyses = iter(self.engine.analyse_many(good) if good else [])
        for path, found in read:
            if isinstance(found, InvalidInputError):
                yield path, found, None
            else:
                yield path, next(analyses), measure(*found)

    def _read(self, path: Path) -> Read:
        try:
            recording = self.decoder.decode(path)
            return recording, self.detector.require_speech(recording, required_s=REQUIRED_SPEECH_S)
        except InvalidInputError as error:
            return error


Read = tuple[Recording, tuple[Span, ...]] | InvalidInputError


def files_under(paths: Sequence[Path]) -> list[Path]:
    """Answer every file named, and every file in every folder named, each once; symbolic links are followed."""
    found: dict[Path, None] = {}
    for path in paths:
        found.update(dict.fromkeys(_walk(path) if path.is_dir() else [path]))
    return list(found)


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, sorted; a folder that links back to one above it is not entered again."""
    entered: set[str] = set()
    for parent, folders, names in os.walk(folder, followlinks=True):
        entered.add(str(Path(parent).resolve()))
        folders[:] = sorted(name for name in folders if str(Path(parent, name).resolve()) not in entered)
        yield from (Path(parent, name) for name in sorted(names))


@dataclass(frozen=True, slots=True)
class FolderGallery:
    """A gallery made of folders.

    Attributes:
        gallery: to be searched.
        warnings: what somebody should know about it, in sentences.
        lost: performers of whom no recording could be used.
    """

    gallery: Gallery
    warnings: tuple[str, ...]
    lost: tuple[str, ...]


def performers_in(folder: Path) -> dict[str, list[Path]]:
    """Answer the recordings of each performer: one folder each."""
    return {child.name: files_under([child]) for child in sorted(folder.iterdir()) if child.is_dir()}


def enrol_folder(listener: Listener, folder: Path, heard: Iterator[tuple[Path, Heard]] | None = None) -> FolderGallery:
    """Enrol every performer of a folder as they are.

    Args:
        listener: to listen with.
        folder: one folder per performer.
        heard: the recordings, when the caller listens to them already (for its progress), in `performers_in` order.

    Raises:
        InvalidInputError: not one performer could be enrolled.
    """
    performers = performers_in(folder)
    owners = [(name, path) for name, paths in performers.items() for path in paths]
    heard = heard or listener.listen([path for _, path in owners])
    voiceprints: dict[str, list[Voiceprint]] = {name: [] for name in performers}
    warnings = []
    for (name, path), (_, found) in zip(owners, heard, strict=True):
        if isinstance(found, InvalidInputError):
            warnings.append(f"{name}: {path.name} is left out: {found.detail}")
            continue
        voiceprints[name] += listener.engine.prototypes(found, path.name)
        if len(listener.engine.voices_in(found)) > 1:
            warnings.append(f"{name}: several voices speak in {path.name}; the one that speaks most is enrolled")
    return _filled(listener.engine, voiceprints, warnings)


def _filled(engine: Engine, voiceprints: dict[str, list[Voiceprint]], warnings: list[str]) -> FolderGallery:
    gallery = engine.new_gallery()
    for name, prints in voiceprints.items():
        if not prints:
            warnings.append(f"{name}: nothing could be enrolled, this performer is not searched")
            continue
        gallery.add(name, prints)
        speech_s = sum(voiceprint.speech_s for voiceprint in prints) / len(engine.spaces)
        if speech_s < RECOMMENDED_ENROLMENT_S:
            warnings.append(f"{name}: {speech_s:.1f} s of speech enrolled, {RECOMMENDED_ENROLMENT_S:.0f} s are better")
    if not len(gallery):
        raise InvalidInputError("no performer of the gallery could be enrolled", performers=len(voiceprints))
    lost = tuple(name for name, prints in voiceprints.items() if not prints)
    return FolderGallery(gallery, tuple(warnings), lost)
