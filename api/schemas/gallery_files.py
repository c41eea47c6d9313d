"""Gallery files: whether those that an organisation has may still be searched."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, GalleryFileId, Moment, ReasonOut
from api.schemas.examples import Example
from registry.domain.gallery_files import FileStanding, FileStands
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
