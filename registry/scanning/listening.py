"""Listens to files for the commands that need no database: reads and analyses side by side, one answer each."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from registry.engine.analyser import REQUIRED_SPEECH_S
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.pipeline import (
    MIB,
    Bounds,
    Heard,
    Item,
    Measure,
    Pipeline,
    Totals,
    batch_seconds,
    peak_resident_mib,
)
from registry.engine.voiceprint import Voiceprint
from registry.errors import InvalidInputError
from registry.media.decode import Decoder
from registry.media.limits import MediaLimits
from registry.media.process import Room
from registry.media.speech import SpeechDetector
from registry.scanning.unpacking import Streams
from registry.settings import Settings

__all__ = ["FolderGallery", "Heard", "Listener", "enrol_folder", "files_under", "opened_listener", "performers_in"]

RECOMMENDED_ENROLMENT_S = 20.0
"""What the registry's own enrolment asks for; a folder with less is used, and named in a warning."""

DEFAULT_MEMORY_MIB: int = Settings.model_fields["listening_memory_mib"].default
_FILES_PER_CHILD = 512  # the files are the caller's own, so that a child may read many; starting one takes 0.15 s

T = TypeVar("T")


class Listener:
    """Everything that turns a path into an analysis.

    Args:
        engine: loaded.
        decoder: of media files; it outlives the listener.
        detector: of speech.
        bounds: of the pipeline; by default what suits the engine's device.

    Attributes:
        engine, decoder, detector: as given.
        bounds: of its pipeline.
        streams: of compressed archives that were heard from; whoever hears from them closes them at the end.
    """

    def __init__(
        self, engine: Engine, decoder: Decoder, detector: SpeechDetector, bounds: Bounds | None = None
    ) -> None:
        self.engine = engine
        self.decoder = decoder
        self.detector = detector
        self.bounds = bounds or Bounds(batch_s=batch_seconds(engine.identity.device))
        self.streams = Streams()
        self._pipeline = Pipeline(self._read, engine.analyse_many, self.bounds)

    @property
    def totals(self) -> Totals:
        """What has been listened to so far."""
        return self._pipeline.totals

    def listen(self, paths: Sequence[Path], *, in_order: bool = True) -> Iterator[tuple[Path, Heard]]:
        """Yield each path with its analysis or with the error that says why there is none.

        Args:
            paths: of files.
            in_order: of the paths; otherwise as they come.
        """
        answers = self._pipeline.run(paths, lambda *_: None, in_order=in_order)
        return ((paths[answer.number], answer.heard) for answer in answers)

    def listen_and_measure(self, paths: Sequence[Path], measure: Measure[T]) -> Iterator[tuple[Path, Heard, T | None]]:
        """Yield each path as `listen` does, with what was measured on the recording; None when it could not be read."""
        answers = self._pipeline.run(paths, measure)
        return ((paths[answer.number], answer.heard, answer.measured) for answer in answers)

    def _read(self, path: Path, room: Room) -> Item:
        recording = self.decoder.decode(path, room)
        return recording, self.detector.require_speech(recording, required_s=REQUIRED_SPEECH_S)


@contextmanager
def opened_listener(engine: Engine, memory_mib: int = DEFAULT_MEMORY_MIB) -> Iterator[Listener]:
    """Open what listens to the caller's own files, with as many decoding children as the pipeline has readers.

    Args:
        engine: to analyse with.
        memory_mib: what the samples of all recordings in hand may take together; see `Bounds`.
    """
    bounds = Bounds(batch_s=batch_seconds(engine.identity.device), memory_bytes=memory_mib * MIB)
    with Decoder(MediaLimits(), files_per_child=_FILES_PER_CHILD, at_once=bounds.readers) as decoder:
        listener = Listener(engine, decoder, SpeechDetector(), bounds)
        with closing(listener.streams):
            yield listener


def summary(totals: Totals, seconds: float) -> str:
    """Say in one sentence how much was listened to in so many seconds, and how much memory that took."""
    return (
        f"{totals.audio_s:.0f} s of audio in {seconds:.0f} s ({totals.audio_s / max(seconds, 1e-9):.0f} × real time), "
        f"{peak_resident_mib():.0f} MiB resident at most"
    )


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
        voiceprints: how many were enrolled.
    """

    gallery: Gallery
    warnings: tuple[str, ...]
    lost: tuple[str, ...]
    voiceprints: int


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
    return FolderGallery(gallery, tuple(warnings), lost, sum(map(len, voiceprints.values())))
