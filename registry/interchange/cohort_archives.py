"""An archive of a cohort: a zip with one folder for each person, and their recordings in it.

A stranger made it, so that everything in it is counted before it is read: what lies in it is never written to a disk,
and no name in it is used as a path, or shown.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from registry.errors import InvalidInputError

LEAST_PEOPLE: Final = 2
MOST_FILES: Final = 2000
MOST_BYTES: Final = 512 * 2**20
"""Of all recordings together, unpacked."""
LARGEST_FILE: Final = 32 * 2**20
MOST_ENTRIES: Final = 5 * MOST_FILES
"""Of any kind, as a zip lists them: folders, and what systems put beside files, are more than the recordings."""
_LISTED: Final = b"PK\x01\x02"
"""With what each entry of a zip's list begins."""
_BLOCK: Final = 2**20
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(NotImplementedError, RuntimeError, EOFError, OSError, ValueError, LookupError, OverflowError),
)
"""What the reader of zips raises on one that is damaged, encrypted, or packed as nobody here unpacks."""


@dataclass(frozen=True, slots=True)
class ArchivedRecording:
    """One recording in an archive.

    Attributes:
        member: a pseudonym of the person whom it is of.
        sha256: of its bytes.
        entry: where it lies in the archive.
    """

    member: str
    sha256: str
    entry: str


class CohortArchive:
    """An archive that was read through once.

    Args:
        content: of the zip.

    Raises:
        InvalidInputError: it is no zip, or damaged, encrypted, too large, or without people; figures say what.
    """

    def __init__(self, content: bytes) -> None:
        _require_few_entries(content)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
            entries = _entries(self._zip)
            digests = {entry.filename: _digest(self._zip, entry) for entry in entries}
        except _BROKEN as error:
            raise _unreadable() from error
        people: dict[str, list[str]] = defaultdict(list)
        for name in digests:
            people[name.rpartition("/")[0]].append(name)
        if len(people) < LEAST_PEOPLE:
            raise InvalidInputError(
                f"there are recordings of {len(people)} people in the archive; put those of each into a folder of "
                f"their own, of at least {LEAST_PEOPLE} people",
                people=len(people),
                required=LEAST_PEOPLE,
            )
        self.people = len(people)
        self.recordings = tuple(_pseudonymous(people, digests))

    def read(self, recording: ArchivedRecording) -> bytes:
        """Answer the bytes of one recording.

        Raises:
            InvalidInputError: they cannot be unpacked.
        """
        try:
            return self._zip.read(recording.entry)
        except _BROKEN as error:
            raise _unreadable() from error


def _require_few_entries(content: bytes) -> None:
    """Refuse a list of very many entries before any of it is read: it takes far more memory than its bytes."""
    entries = content.count(_LISTED)
    if entries > MOST_ENTRIES:
        raise InvalidInputError(
            f"the archive lists {entries} entries, recordings and others; {MOST_ENTRIES} are taken",
            entries=entries,
            most_entries=MOST_ENTRIES,
        )


def _unreadable() -> InvalidInputError:
    return InvalidInputError("the archive of the cohort cannot be read: it has to be a zip that is whole and open")


def _entries(archive: zipfile.ZipFile) -> Sequence[zipfile.ZipInfo]:
    """Answer the recordings of an archive, once it is known that there are neither too many nor too large ones."""
    found = [entry for entry in archive.infolist() if _is_recording(entry)]
    names = {entry.filename for entry in found}
    size = sum(entry.file_size for entry in found)
    largest = max((entry.file_size for entry in found), default=0)
    if len(found) > MOST_FILES or size > MOST_BYTES or largest > LARGEST_FILE:
        raise InvalidInputError(
            f"the archive has {len(found)} recordings of {size} bytes, the largest of {largest}; {MOST_FILES} of "
            f"{MOST_BYTES} bytes, and {LARGEST_FILE} each, are taken",
            files=len(found),
            bytes=size,
            largest=largest,
            most_files=MOST_FILES,
            most_bytes=MOST_BYTES,
        )
    if len(names) < len(found):
        raise InvalidInputError("a name is in the archive twice", files=len(found), names=len(names))
    if outside := sum("/" not in name for name in names):
        raise InvalidInputError(f"{outside} files of the archive lie in no folder of a person", files=outside)
    return found


def _is_recording(entry: zipfile.ZipInfo) -> bool:
    """Whether an entry is one: folders, and what systems put beside files of their own accord, are not."""
    parts = entry.filename.split("/")
    return not entry.is_dir() and not any(part.startswith((".", "__MACOSX")) for part in parts)


def _digest(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    """Answer the hash of an entry, which may not unpack to more than it says."""
    digest, read = hashlib.sha256(), 0
    with archive.open(entry) as file:
        while block := file.read(_BLOCK):
            read += len(block)
            if read > entry.file_size:
                raise _unreadable()
            digest.update(block)
    return digest.hexdigest()


def _pseudonymous(people: Mapping[str, Sequence[str]], digests: Mapping[str, str]) -> Iterator[ArchivedRecording]:
    """Number people by the hashes of what they said: neither folder nor file says who they are."""
    ordered = sorted(people.values(), key=lambda names: sorted(digests[name] for name in names))
    width = len(str(len(ordered)))
    for number, names in enumerate(ordered, start=1):
        for name in sorted(names, key=digests.__getitem__):
            yield ArchivedRecording(f"voice {number:0{width}}", digests[name], name)
