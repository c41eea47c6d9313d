"""Opening a gallery file where the recordings are: no registry is asked, and nothing leaves the machine."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

from joserfc.jwk import OKPKey

from registry.domain.clearance_status import CLOCK_SKEW
from registry.domain.gallery_files import FileStanding, SearchPurpose
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.errors import (
    GalleryFileForeignError,
    GalleryFileMismatchError,
    GalleryFileReplacedError,
    GalleryFileStaleError,
    GalleryFileTamperedError,
    InvalidInputError,
    SignatureInvalidError,
)
from registry.interchange.gallery_files import (
    FORM,
    MANIFEST_TYPE,
    STATUS_TYPE,
    GalleryManifest,
    GalleryStatus,
    last_word,
)
from registry.scanning.galleries import Searched
from registry.scanning.places import shown
from registry.vault.gallery_seal import open_rows
from registry.vault.signing import PublicKeys, verify

_LONGEST_LINE = 100_000


@dataclass(frozen=True, slots=True)
class Opening:
    """What a gallery file is opened with.

    Attributes:
        key: the organisation's private key.
        trusted: public keys of the registry.
        purpose: what is searched for.
        now: the moment.
        status: the registry's last words about the file, as they were signed.
        skew: how far this clock may be behind the registry's.
    """

    key: OKPKey
    trusted: PublicKeys
    purpose: SearchPurpose
    now: datetime
    status: Sequence[str] = ()
    skew: timedelta = CLOCK_SKEW


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A gallery file that was opened.

    Attributes:
        searched: the gallery; its performers have opaque names.
        manifest: what the file says of itself.
        fresh_until: from when on it must not be searched any more, unless another word of the registry is brought.
    """

    searched: Searched
    manifest: GalleryManifest
    fresh_until: datetime

    def require_fresh(self, now: datetime) -> None:
        """Refuse to go on with a gallery whose last word does not count any more.

        Raises:
            GalleryFileStaleError: figure ``fresh_until``.
        """
        if now >= self.fresh_until:
            until = self.fresh_until.isoformat()
            raise GalleryFileStaleError(
                f"the registry's last word about the gallery file counted until {until}: ask for its status, and go on "
                "with that",
                fresh_until=until,
            )


def open_gallery_file(path: Path, engine: Engine, opening: Opening) -> OpenedFile:
    """Answer the gallery in a file. Its vectors are plain in memory only.

    1. The file has the form of one, and its manifest is signed by a key that is trusted.
    2. It was issued for this key, and for this purpose.
    3. It was made for the spaces and the calibration of this engine.
    4. It has begun, and has not ended.
    5. The last that the registry has said of it, by the issue or the newest status, is fresh, and says that it holds.
    6. Every chunk opens, for this file and at its place, and the last is the last.
    7. What was opened has the digest and the number of performers of the manifest.

    Raises:
        InvalidInputError: there is no such file, or it is no gallery file.
        GalleryFileForeignError: 1, a key that is not trusted; 2.
        GalleryFileTamperedError: 1, a signature that does not hold; 6; 7.
        GalleryFileMismatchError: 3.
        GalleryFileStaleError: 4; 5, not fresh.
        GalleryFileReplacedError: 5, it does not hold.
    """
    try:
        with path.open("rb") as source:
            manifest = _manifest(source, path, opening.trusted)
            _require_ours(manifest, opening)
            _require_same_engine(manifest, engine)
            fresh_until = _require_in_force(manifest, opening)
            gallery = _gallery(source, manifest, engine, opening.key)
            return OpenedFile(_searched(manifest, gallery), manifest, fresh_until)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error


def heard_again(opened: OpenedFile, opening: Opening) -> OpenedFile:
    """Answer a file that was opened with what the registry has said of it since, which may end it.

    Args:
        opened: before.
        opening: with the moment, and with what the registry has said.

    Raises:
        GalleryFileTamperedError: the status is not signed by a key that is trusted.
        GalleryFileStaleError, GalleryFileReplacedError: it must not be searched any more.
    """
    return replace(opened, fresh_until=_require_in_force(opened.manifest, opening))


def read_manifest(path: Path, trusted: PublicKeys) -> GalleryManifest:
    """Answer what a file says of itself, once the signature over that holds; raises as `open_gallery_file`."""
    try:
        with path.open("rb") as source:
            return _manifest(source, path, trusted)
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error


def _manifest(source: IO[bytes], path: Path, trusted: PublicKeys) -> GalleryManifest:
    if source.readline(len(FORM)) != FORM:
        raise InvalidInputError(f"{path} is no gallery file of a form that is read here", path=str(path))
    token = source.readline(_LONGEST_LINE).decode("ascii", errors="replace").strip()
    try:
        return GalleryManifest.of_claims(verify(token, trusted, typ=MANIFEST_TYPE))
    except SignatureInvalidError as error:
        if error.figures.get("step") == "key":
            raise GalleryFileForeignError(
                f"{path} is not of the registry whose keys were given: {error.detail}", part="manifest"
            ) from error
        raise GalleryFileTamperedError(f"the manifest of {path}: {error.detail}", part="manifest") from error


def _require_ours(manifest: GalleryManifest, opening: Opening) -> None:
    thumbprint = opening.key.thumbprint()
    if manifest.key_thumbprint != thumbprint:
        raise GalleryFileForeignError(
            f"the file was issued to {manifest.organisation_id} for the key {manifest.key_thumbprint}, not for the one "
            f"that was given, {thumbprint}",
            key_thumbprint=manifest.key_thumbprint,
            given_thumbprint=thumbprint,
        )
    if manifest.purpose is not opening.purpose:
        raise GalleryFileForeignError(
            f"the file was issued for {manifest.purpose.value}; it must not be searched for {opening.purpose.value}",
            purpose=manifest.purpose.value,
            wanted=opening.purpose.value,
        )


def _require_same_engine(manifest: GalleryManifest, engine: Engine) -> None:
    here = {space.id: space.dimension for space in engine.spaces.values()}
    if dict(manifest.dimensions) != here:
        raise GalleryFileMismatchError(
            f"the file is of {', '.join(manifest.dimensions)}; this engine has {', '.join(here)}",
            spaces=list(manifest.dimensions),
            required=list(here),
        )
    if manifest.calibration != engine.calibration.id:
        raise GalleryFileMismatchError(
            f"the file is for the calibration {manifest.calibration}; this engine has {engine.calibration.id}",
            calibration=manifest.calibration,
            required_calibration=engine.calibration.id,
        )


def _require_in_force(manifest: GalleryManifest, opening: Opening) -> datetime:
    """Answer until when it is, at the latest."""
    if opening.now >= manifest.expires_at:
        at = manifest.expires_at.isoformat()
        raise GalleryFileStaleError(f"the file ended at {at}; ask the registry for another", expired_at=at)
    statuses = [_status(signed, opening.trusted) for signed in opening.status]
    last = last_word(manifest, statuses, now=opening.now, skew=opening.skew)
    if not last.fresh:
        raise GalleryFileStaleError(
            f"{last.reason.detail}; a word about this file counts for {manifest.status_interval.total_seconds():.0f} s",
            heard_at=last.heard_at.isoformat(),
            status_interval_s=manifest.status_interval.total_seconds(),
        )
    if last.stands is not None and last.stands.standing is not FileStanding.HOLDS:
        raise GalleryFileReplacedError(
            f"the registry says that it must not be searched: {last.stands.reason.detail}",
            standing=last.stands.standing.value,
            dropped=list(last.stands.dropped),
        )
    return min(manifest.expires_at, last.heard_at + manifest.status_interval)


def _status(signed: str, trusted: PublicKeys) -> GalleryStatus:
    try:
        return GalleryStatus.of_claims(verify(signed, trusted, typ=STATUS_TYPE))
    except SignatureInvalidError as error:
        raise GalleryFileTamperedError(f"the status: {error.detail}", part="status") from error


def _gallery(source: IO[bytes], manifest: GalleryManifest, engine: Engine, key: OKPKey) -> Gallery:
    encoders = {space.id: encoder for encoder, space in engine.spaces.items()}
    gallery, digest = engine.new_gallery(), hashlib.sha256()
    try:
        for rows in open_rows(source, manifest.file_id, manifest.dimensions, key, digest.update):
            gallery.add_many(rows.ids, {encoders[space]: means for space, means in rows.means.items()})
    except InvalidInputError as error:
        raise GalleryFileTamperedError(f"what was sealed cannot be searched: {error.detail}", part="sealed") from error
    if digest.hexdigest() != manifest.sealed_sha256:
        raise GalleryFileTamperedError(
            "what is sealed in the file is not what the registry signed",
            part="sealed",
            sealed_sha256=digest.hexdigest(),
            signed_sha256=manifest.sealed_sha256,
        )
    if len(gallery) != manifest.performers:
        raise GalleryFileTamperedError(
            f"the file holds {len(gallery)} performers, not {manifest.performers}", part="sealed"
        )
    return gallery


def _searched(manifest: GalleryManifest, gallery: Gallery) -> Searched:
    """Answer what a plan says of it: the id is that of the sealed part, which is of this file alone."""
    return Searched(
        gallery=gallery,
        id=manifest.sealed_sha256,
        source=f"gallery file {manifest.file_id} of {shown(manifest.organisation_id)}, for {manifest.purpose.value}",
        voiceprints=len(gallery),
    )
