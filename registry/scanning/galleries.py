"""What is searched: a gallery with an id by which it can be known again, and no voice in that id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from registry.engine.gallery import Gallery
from registry.engine.voiceprint import Space
from registry.errors import InvalidInputError
from registry.scanning.listening import Heard, Listener, enrol_folder, performers_in
from registry.scanning.places import shown
from registry.vault.signing import canonical


@dataclass(frozen=True, slots=True)
class Searched:
    """A gallery, and what a plan says of it.

    Attributes:
        gallery: to be searched.
        id: SHA-256 over who is in it, by which recordings or records, in which spaces.
        source: where it came from, in words.
        voiceprints: in it; several recordings of a performer make several.
        warnings: what somebody should know about it, in sentences.
        lost: who should be in it and cannot be.
    """

    gallery: Gallery
    id: str
    source: str
    voiceprints: int
    warnings: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Answer what a plan says of it."""
        return {
            "id": self.id,
            "source": self.source,
            "performers": len(self.gallery),
            "voiceprints": self.voiceprints,
            "warnings": list(self.warnings),
            "lost": list(self.lost),
        }


def gallery_id(spaces: Mapping[str, Space], members: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Answer the id of a gallery.

    Args:
        spaces: that it is searched in.
        members: who is in it, with what their voiceprints were made of: hashes of recordings, or ids of records. The
            voiceprints themselves differ in their last digits each time that they are made.
    """
    said = {
        "spaces": [space.id for space in spaces.values()],
        "performers": [[name, list(parts)] for name, parts in sorted(members)],
    }
    return hashlib.sha256(canonical(said)).hexdigest()


def recordings_in(folder: Path) -> list[Path]:
    """Answer the recordings of a folder gallery, in the order in which they are heard."""
    return [path for paths in performers_in(folder).values() for path in paths]


def enrol_gallery(listener: Listener, folder: Path, heard: Iterator[tuple[Path, Heard]] | None = None) -> Searched:
    """Enrol a folder of performers, as ``likeness identify`` does.

    Args:
        listener: to listen with.
        folder: one folder for each performer.
        heard: the recordings, when the caller listens to them already (for its progress), in `recordings_in` order.

    Raises:
        InvalidInputError: nobody could be enrolled, or the name of a folder is no text.
    """
    for name in performers_in(folder):
        if shown(name) != name:
            raise InvalidInputError(f"the name of a performer's folder is no Unicode: {shown(name)}")
    enrolled = enrol_folder(listener, folder, heard)
    spaces = listener.engine.spaces
    members = [
        (name, [_sha256(path) for path in paths])
        for name, paths in performers_in(folder).items()
        if name not in enrolled.lost
    ]
    return Searched(
        gallery=enrolled.gallery,
        id=gallery_id(spaces, members),
        source=shown(str(folder)),
        voiceprints=enrolled.voiceprints,
        warnings=tuple(map(shown, enrolled.warnings)),
        lost=enrolled.lost,
    )


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
