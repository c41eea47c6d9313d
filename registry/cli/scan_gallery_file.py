"""What `likeness scan` searches when it is given a gallery file: sealed voiceprints without names, and no licences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from registry.cli.reading import content_of, signed_text
from registry.cli.scan_galleries import Opened
from registry.clock import Clock, utc_now
from registry.domain.gallery_files import SearchPurpose
from registry.errors import InvalidInputError
from registry.interchange.gallery_files import GalleryManifest
from registry.scanning.gallery_file import Opening, open_gallery_file, read_manifest
from registry.scanning.listening import Listener
from registry.scanning.places import shown
from registry.scanning.results import InputRow
from registry.scanning.sealed import SealedJudge
from registry.vault.gallery_seal import read_studio_key
from registry.vault.signing import PublicKeys, read_jwks

_LARGEST = 64_000_000


@dataclass(frozen=True)
class FileOpens:
    """The options that open a gallery file.

    Attributes:
        key: file of the organisation's private key.
        registry_keys: file of the registry's public keys.
        status: answers of the registry about the file.
    """

    key: Path | None
    registry_keys: Path | None
    status: tuple[Path, ...]

    @property
    def is_asked(self) -> bool:
        """Whether any of them was given."""
        return bool(self.key or self.registry_keys or self.status)

    @property
    def is_whole(self) -> bool:
        """Whether all were given that it takes."""
        return self.key is not None and self.registry_keys is not None

    def gallery(self, file: Path, purpose: SearchPurpose) -> SealedGallery:
        """Answer the gallery in a file, which was not opened yet.

        Raises:
            InvalidInputError: an option is missing.
        """
        if self.key is None or self.registry_keys is None:
            raise InvalidInputError("a gallery file is opened with --gallery-key and --registry-keys")
        return SealedGallery(file, self.key, self.registry_keys, self.status, purpose)


@dataclass(frozen=True)
class SealedGallery:
    """A gallery file; see `registry.cli.scan_galleries.Galleries`.

    Attributes:
        file: of it.
        key: file of the organisation's private key.
        registry_keys: file of the registry's public keys, as ``GET /v1/keys`` answers them.
        status: answers of the registry about the file.
        purpose: what is searched for.
        clock: answers now.
    """

    file: Path
    key: Path
    registry_keys: Path
    status: Sequence[Path]
    purpose: SearchPurpose
    clock: Clock = utc_now

    def told(self) -> tuple[str, int]:
        """Answer the file, and how many performers it says are in it."""
        return shown(str(self.file)), read_manifest(self.file, self._trusted()).performers

    def readable(self, rows: Iterable[InputRow]) -> Iterable[InputRow]:
        """Pass inputs on as they are: what they declare is the registry's to judge."""
        return rows

    @contextmanager
    def opened(self, listener: Listener, planned: Mapping[str, Any] | None, console: Console) -> Iterator[Opened]:
        """Open the file, for as long as the registry's last word about it counts.

        Raises:
            GalleryFileError: it must not be searched; the subclass says why.
        """
        del planned, console
        found = open_gallery_file(
            self.file,
            listener.engine,
            Opening(
                key=read_studio_key(self.key),
                trusted=self._trusted(),
                purpose=self.purpose,
                now=self.clock(),
                status=[signed_text(path, "signed", _LARGEST) for path in self.status],
            ),
        )
        yield Opened(found.searched, SealedJudge(found.require_fresh, self.clock), plan_of(found.manifest))

    def coverage(
        self, performer_ids: Collection[str], plan: Mapping[str, Any]
    ) -> Mapping[str, list[dict[str, Any]]] | None:
        """Answer None: the registry is not asked."""
        del performer_ids, plan
        return None

    def _trusted(self) -> PublicKeys:
        return read_jwks(content_of(self.registry_keys, _LARGEST))


def plan_of(manifest: GalleryManifest) -> dict[str, Any]:
    """Answer what a plan says of the gallery file that is searched."""
    said = {
        "id": manifest.file_id,
        "registry": manifest.registry_id,
        "organisation": manifest.organisation_id,
        "purpose": manifest.purpose.value,
        "expires_at": manifest.expires_at.isoformat(),
    }
    return {"gallery_file": said}
