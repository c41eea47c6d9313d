"""Gallery files: which an organisation was issued, and whether they may still be searched."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, GalleryFileId, Moment, Page, Path, ReasonOut, Sha256
from api.schemas.examples import Example
from registry.domain.gallery_files import FileStanding, FileStands, SearchPurpose
from registry.services.gallery_offers import IssuedFile
from registry.services.gallery_status import GalleryStatusAnswer

MOST_FILES = 100
"""Files that one request may ask about."""

_SIGNED = "eyJhbGciOiJFZDI1NTE5In0.eyJhdWQiOiJvcmdfMDFqZDh4MHpxMnI0dDZ2OHcweTJhNGM2ZTgifQ.c2lnbmF0dXJl"
_REPLACED: Example = {
    "gallery_file_id": examples.GALLERY_FILE,
    "standing": "replaced",
    "reason": {
        "code": "gallery_file_replaced",
        "detail": "1 of those in the file may not be searched any more: delete it, and fetch another",
        "figures": {"dropped": 1},
    },
    "drop": [examples.GALLERY_ENTRY],
}


_HOLDS: Example = {
    "id": examples.GALLERY_FILE,
    "organisation_id": examples.ORGANISATION,
    "purpose": "catalogue",
    "issued_at": examples.NOW,
    "expires_at": examples.NEXT_DAY,
    "status_interval_s": 86_400,
    "performers": 412,
    "key_thumbprint": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
    "spaces": ["ge2e/39a1f5c3/5/1", "campplus/9286f0f6/5/1"],
    "calibration": "8a98fee6aaf1",
    "sealed_sha256": "5f" * 32,
    "standing": "holds",
    "reason": {
        "code": "gallery_file_holds",
        "detail": "everybody in the file may still be searched",
        "figures": {},
    },
    "offered_bytes": 738_513,
    "fetched_at": None,
}


class GalleryFilePath(Path):
    """One gallery file."""

    gallery_file_id: GalleryFileId


class GalleryFileOut(Answer):
    """A gallery file that was issued, without what is in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_HOLDS]})

    id: GalleryFileId
    organisation_id: str = Field(description="To whom it was issued.")
    purpose: SearchPurpose
    issued_at: Moment
    expires_at: Moment
    status_interval_s: int = Field(description="For how long a word about it counts, in seconds.")
    performers: int = Field(description="How many are in it.")
    key_thumbprint: str = Field(description="RFC 7638, of the public key that it is sealed for.")
    spaces: list[str]
    calibration: str
    sealed_sha256: Sha256
    standing: FileStanding
    reason: ReasonOut
    offered_bytes: int | None = Field(description="Its size, where it can be fetched now; null where it cannot.")
    fetched_at: Moment | None = Field(description="When its organisation first fetched it.")

    @classmethod
    def of(cls, issued: IssuedFile) -> GalleryFileOut:
        """Describe a file."""
        file = issued.file
        return cls(
            id=file.id,
            organisation_id=file.organisation_id,
            purpose=file.purpose,
            issued_at=file.issued_at,
            expires_at=file.expires_at,
            status_interval_s=file.status_interval_s,
            performers=file.performers,
            key_thumbprint=file.key_thumbprint,
            spaces=file.spaces,
            calibration=file.calibration,
            sealed_sha256=file.sealed_sha256,
            standing=issued.standing,
            reason=ReasonOut.model_validate(issued.reason),
            offered_bytes=file.offered_bytes if issued.is_offered else None,
            fetched_at=file.fetched_at,
        )


class GalleryFilePage(Page):
    """A page of gallery files, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_HOLDS], "next_cursor": None}]})

    items: list[GalleryFileOut]


class FilesBatch(Body):
    """Gallery files."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"gallery_file_ids": [examples.GALLERY_FILE]}]})

    gallery_file_ids: list[GalleryFileId] = Field(min_length=1, max_length=MOST_FILES)


class FileStandsOut(Answer):
    """How one gallery file stands. Only `holds` may be searched."""

    gallery_file_id: str
    standing: FileStanding
    reason: ReasonOut
    drop: list[Annotated[str, Field(description="An opaque id of the file.")]] = Field(
        description="Who in it may not be searched any more: whatever was found under these ids is to be deleted."
    )

    @classmethod
    def of(cls, file_id: str, stands: FileStands) -> FileStandsOut:
        """Describe how a file stands."""
        return cls(
            gallery_file_id=file_id,
            standing=stands.standing,
            reason=ReasonOut.model_validate(stands.reason),
            drop=list(stands.dropped),
        )


class GalleryStatusOut(Answer):
    """How each of some gallery files stands, in their order."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [_REPLACED], "at": examples.NEXT_DAY, "signed": _SIGNED}]}
    )

    items: list[FileStandsOut]
    at: Moment
    signed: str = Field(description="The same, signed (JWS), for `likeness scan --gallery-status`.")

    @classmethod
    def of(cls, answer: GalleryStatusAnswer) -> GalleryStatusOut:
        """Describe an answer about files."""
        return cls(items=[FileStandsOut.of(*told) for told in answer.told], at=answer.at, signed=answer.signed)
