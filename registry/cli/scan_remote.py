"""What `likeness scan --registry` searches: a gallery file that a registry offers, and how it stands until the end."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from registry.cli.remote import RemoteRegistry, read_access
from registry.cli.remote_files import Listed, RemoteFiles
from registry.cli.scan_galleries import Opened
from registry.cli.scan_gallery_file import plan_of
from registry.clock import Clock, utc_now
from registry.domain.gallery_files import SearchPurpose
from registry.errors import (
    BlobStoreError,
    DatabaseNotReadyError,
    EngineUnavailableError,
    GalleryFileError,
    GalleryFileStaleError,
    RegistryError,
    RegistryUnreachableError,
    ScanMismatchError,
)
from registry.scanning.gallery_file import OpenedFile, Opening, heard_again, open_gallery_file
from registry.scanning.listening import Listener
from registry.scanning.results import InputRow
from registry.scanning.sealed import SealedJudge
from registry.scanning.tables import PART
from registry.vault.gallery_seal import read_studio_key

COPY: Final = f"{PART}gallery"
"""Name of the fetched file in the folder of the scan, where it lies until the scan has ended."""

_AWAY: Final = (RegistryUnreachableError, DatabaseNotReadyError, BlobStoreError, EngineUnavailableError)
"""What a registry is met with that cannot answer at the moment: its last word still counts for a while."""


@dataclass(frozen=True)
class RemoteOptions:
    """The options of a command that asks a registry over HTTP.

    Attributes:
        url: of the registry; None where none is asked.
        token_file: with the caller's token; None for the environment.
        ca_file: with certificates to trust in place of the usual ones.
        gallery_file: id of the gallery file to search; None for the newest that holds.
        submit: whether the report is filed when the scan is done.
    """

    url: str | None
    token_file: Path | None
    ca_file: Path | None
    gallery_file: str | None = None
    submit: bool = False

    @property
    def has_more(self) -> bool:
        """Whether anything but the address was given."""
        return bool(self.token_file or self.ca_file or self.gallery_file or self.submit)

    def registry(self) -> RemoteRegistry:
        """Answer the registry, which is not asked yet; raises as `registry.cli.remote.read_access`."""
        return RemoteRegistry(read_access(self.url or "", self.token_file, self.ca_file))


class RemoteGallery:
    """A gallery file of a registry that is asked over HTTP; see `registry.cli.scan_galleries.Galleries`.

    Args:
        registry: that is asked.
        purpose: what is searched for.
        folder: of the scan.
        key: file of the organisation's private key.
        pinned: file of the registry's public keys, where the caller has them by another way.
        file_id: of the file to search; None for the newest that holds.
        clock: answers now.
    """

    def __init__(
        self,
        registry: RemoteRegistry,
        purpose: SearchPurpose,
        folder: Path,
        *,
        key: Path,
        pinned: Path | None = None,
        file_id: str | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._registry, self._files = registry, RemoteFiles(registry)
        self._key_file, self._pinned = key, pinned
        self._file_id = file_id
        self._purpose = purpose
        self._copy = folder / COPY
        self._clock = clock

    def told(self) -> tuple[str, int]:
        """Answer which file it will be, and how many performers the registry says are in it.

        Raises:
            RegistryError: the registry says no, or does not answer, or offers no such file.
        """
        listed = self._chosen()
        self._file_id = listed.id
        return f"gallery file {listed.id} of {self._registry.url}", listed.performers

    def readable(self, rows: Iterable[InputRow]) -> Iterable[InputRow]:
        """Pass inputs on as they are: what they declare is the registry's to judge."""
        return rows

    @contextmanager
    def opened(self, listener: Listener, planned: Mapping[str, Any] | None, console: Console) -> Iterator[Opened]:
        """Fetch the file and open it, and ask about it before each shard, for as long as the block takes.

        1. The registry's public keys are fetched; where the caller has them, they must be the same.
        2. The file is fetched, unless it lies there from before; a scan that goes on takes the one that it began with.
        3. The registry is asked how it stands.
        4. It is opened as any gallery file, by keys, file and answer.
        5. What was fetched is removed when the block ends, or when the file must not be searched; a scan that was
           interrupted, or heard nothing for too long, keeps it, sealed, to go on with.

        Raises:
            GalleryFileError: it must not be searched; the subclass says why.
            ScanMismatchError: the scan that goes on searched something else.
            RegistryError: the registry says no, or does not answer.
        """
        with self._registry, self._removing():
            trusted = self._files.keys(self._pinned)
            file_id = self._wanted(planned)
            self._files.fetch(file_id, self._copy, trusted)
            opening = Opening(
                key=read_studio_key(self._key_file),
                trusted=trusted,
                purpose=self._purpose,
                now=self._clock(),
                status=[self._files.status(file_id)],
            )
            file = open_gallery_file(self._copy, listener.engine, opening)
            asked = _Asked(self._files, file, opening, console)
            yield Opened(file.searched, SealedJudge(asked.require_fresh, self._clock), plan_of(file.manifest))
        self._copy.unlink(missing_ok=True)

    def coverage(
        self, performer_ids: Collection[str], plan: Mapping[str, Any]
    ) -> Mapping[str, list[dict[str, Any]]] | None:
        """Answer None: the registry says how performers stand once the report is filed."""
        del performer_ids, plan
        return None

    def _chosen(self) -> Listed:
        if self._file_id is not None:
            return self._files.one(self._file_id)
        return self._files.newest(self._purpose, read_studio_key(self._key_file).thumbprint())

    def _wanted(self, planned: Mapping[str, Any] | None) -> str:
        """Answer which file to search: that of the plan, or else the one that was chosen.

        Raises:
            ScanMismatchError: the plan has none, or another than was asked for.
        """
        if planned is None:
            return self._file_id or self._chosen().id
        then = (planned.get("gallery_file") or {}).get("id")
        if not isinstance(then, str) or (self._file_id is not None and self._file_id != then):
            raise ScanMismatchError(
                f"the scan cannot go on as it began: it searched {then or 'no gallery file'}", differs=["gallery"]
            )
        return then

    @contextmanager
    def _removing(self) -> Iterator[None]:
        """Remove the copy where the block finds that it must not be searched."""
        try:
            yield
        except GalleryFileStaleError:
            raise
        except GalleryFileError:
            self._copy.unlink(missing_ok=True)
            raise


class _Asked:
    """A file that was opened, and what the registry last said of it."""

    def __init__(self, files: RemoteFiles, file: OpenedFile, opening: Opening, console: Console) -> None:
        self._files, self._file, self._opening, self._console = files, file, opening, console
        self._is_away = False

    def require_fresh(self, now: datetime) -> None:
        """Ask about the file, and refuse to go on where it does not hold.

        A registry that cannot answer at the moment is not waited for: its last word counts until it is stale.

        Raises:
            GalleryFileStaleError, GalleryFileReplacedError: it must not be searched any more.
            RegistryError: the registry says no.
        """
        try:
            said = self._files.status(self._file.manifest.file_id, attempts=1)
        except _AWAY as error:
            self._warn(error)
        else:
            self._is_away = False
            self._file = heard_again(self._file, replace(self._opening, now=now, status=[said]))
        self._file.require_fresh(now)

    def _warn(self, error: RegistryError) -> None:
        """Say once that the registry is away, and until when the scan can go on."""
        if not self._is_away:
            until = self._file.fresh_until.isoformat(timespec="seconds")
            said = f"warning: {error.detail}; what it said last counts until {until}"
            self._console.print(said, highlight=False, markup=False, soft_wrap=True)
        self._is_away = True
