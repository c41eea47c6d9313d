"""Gallery files that a registry offers over HTTP: which there are, how they stand, and fetching one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from registry.cli.reading import content_of
from registry.cli.remote import RemoteRegistry
from registry.domain.gallery_files import FileStanding, SearchPurpose
from registry.errors import (
    GalleryFileForeignError,
    GalleryFileReplacedError,
    GalleryFileTamperedError,
    NotFoundError,
    RegistryError,
)
from registry.scanning.gallery_file import read_manifest
from registry.scanning.tables import replacing
from registry.vault.signing import PublicKeys, raw_public_key, read_jwks

_FILES: Final = "/v1/gallery-files"
_MOST_LISTED: Final = 200
_MOST_PAGES: Final = 1_000
_LARGEST_KEYS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Listed:
    """A gallery file as the registry lists it.

    Attributes:
        id: of it.
        purpose: what it may be searched for.
        key_thumbprint: of the key that opens it.
        standing: of it now.
        reason: why, in one sentence.
        performers: how many are in it.
        size: in bytes, where it can be fetched.
    """

    id: str
    purpose: str
    key_thumbprint: str
    standing: str
    reason: str
    performers: int
    size: int | None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Listed:
        """Read what the registry says; raises `KeyError` or `TypeError` where something is missing."""
        size = said["offered_bytes"]
        return cls(
            id=str(said["id"]),
            purpose=str(said["purpose"]),
            key_thumbprint=str(said["key_thumbprint"]),
            standing=str(said["standing"]),
            reason=str(said["reason"]["detail"]),
            performers=int(said["performers"]),
            size=None if size is None else int(size),
        )


class RemoteFiles:
    """The gallery files of one organisation, at a registry that is asked over HTTP.

    Args:
        registry: that is asked.
    """

    def __init__(self, registry: RemoteRegistry) -> None:
        self._registry = registry

    def keys(self, pinned: Path | None) -> PublicKeys:
        """Answer the registry's keys to trust: those in a file, or else those that it answers.

        Raises:
            GalleryFileForeignError: it does not have, or has not any more, a key that is in the file.
            RegistryError: it does not answer, or answers no keys.
        """
        fetched = read_jwks(json.dumps(self._registry.get("/v1/keys")))
        if pinned is None:
            return fetched
        trusted = read_jwks(content_of(pinned, _LARGEST_KEYS))
        theirs = {key_id: raw_public_key(key) for key_id, key in fetched.items()}
        if other := [key_id for key_id, key in trusted.items() if theirs.get(key_id) != raw_public_key(key)]:
            raise GalleryFileForeignError(
                f"the registry at {self._registry.url} is not the one whose keys were given: its key is another, or "
                f"there is none, for {', '.join(other)}",
                part="keys",
            )
        return trusted

    def one(self, file_id: str) -> Listed:
        """Answer a file that can be fetched.

        Raises:
            GalleryFileReplacedError: it must not be searched any more; figure ``standing``.
            NotFoundError: there is none, or no copy is kept of it.
        """
        listed = self._read(self._registry.get(f"{_FILES}/{file_id}"))
        if listed.standing != FileStanding.HOLDS.value:
            raise GalleryFileReplacedError(
                f"the registry says that {listed.id} must not be searched: {listed.reason}", standing=listed.standing
            )
        if listed.size is None:
            raise NotFoundError(f"the registry keeps no copy of {listed.id} to fetch: ask for another")
        return listed

    def newest(self, purpose: SearchPurpose, thumbprint: str) -> Listed:
        """Answer the newest file that holds and can be fetched, for a purpose and a key.

        Raises:
            NotFoundError: there is none; figures say what there is instead.
        """
        passed_over = {"other_purpose": 0, "other_key": 0, "not_offered": 0}
        for listed in self._all():
            why = _why_not(listed, purpose, thumbprint)
            if why is None:
                return listed
            passed_over[why] += 1
        raise NotFoundError(
            f"the registry at {self._registry.url} offers you no gallery file to search for {purpose.value} with this "
            f"key: {passed_over['other_purpose']} are for another purpose, {passed_over['other_key']} for another key, "
            f"{passed_over['not_offered']} do not hold or are not on offer",
            **passed_over,
        )

    def status(self, file_id: str, *, attempts: int | None = None) -> str:
        """Answer what the registry says of a file now, signed."""
        answered = self._registry.ask(f"{_FILES}/status", {"gallery_file_ids": [file_id]}, attempts=attempts)
        try:
            return str(answered["signed"])
        except (KeyError, TypeError) as error:
            self._no_registry(error)

    def fetch(self, file_id: str, to: Path, trusted: PublicKeys) -> None:
        """Bring a file to a place, of mode 0600, whole or not at all; one that lies there already is not fetched again.

        Raises:
            GalleryFileReplacedError, NotFoundError: see `one`.
            GalleryFileTamperedError: what was sent is another file.
            RegistryError: the registry says no, or does not answer.
            ScanStorageError: it cannot be written.
        """
        with suppress(RegistryError):
            if read_manifest(to, trusted).file_id == file_id:
                return
        size = self.one(file_id).size or 0
        with replacing(to) as part:
            part.touch(mode=0o600)
            with part.open("wb") as out:
                self._registry.download(f"{_FILES}/{file_id}/content", out, size)
            if read_manifest(part, trusted).file_id != file_id:
                raise GalleryFileTamperedError("the file that the registry sent is another one", part="manifest")

    def _all(self) -> Iterator[Listed]:
        query: dict[str, str | int] = {"limit": _MOST_LISTED}
        for _ in range(_MOST_PAGES):
            page = self._registry.get(_FILES, **query)
            try:
                items, cursor = page["items"], page["next_cursor"]
            except (KeyError, TypeError) as error:
                self._no_registry(error)
            yield from (self._read(each) for each in items)
            if cursor is None:
                return
            query["cursor"] = str(cursor)

    def _read(self, said: Any) -> Listed:
        try:
            return Listed.of(said)
        except (KeyError, TypeError, ValueError) as error:
            self._no_registry(error)

    def _no_registry(self, error: Exception) -> NoReturn:
        raise self._registry.unreachable("answered something that a registry would not say") from error


def _why_not(listed: Listed, purpose: SearchPurpose, thumbprint: str) -> str | None:
    """Answer why a file is not the one to search; None where it is."""
    if listed.purpose != purpose.value:
        return "other_purpose"
    if listed.key_thumbprint != thumbprint:
        return "other_key"
    if listed.standing != FileStanding.HOLDS.value or listed.size is None:
        return "not_offered"
    return None
