"""The status of gallery files: whether each may still be searched, in one signed answer. It needs no engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.consents import Consent
from registry.domain.gallery_files import FileStanding, FileStands, stands
from registry.domain.scores import Reason
from registry.errors import ForbiddenError
from registry.interchange.gallery_files import STATUS_TYPE, GalleryStatus
from registry.services.context import Context
from registry.store import enrolments, gallery_files
from registry.store.gallery_files import GalleryFile
from registry.store.parts import in_parts
from registry.vault.signing import sign


@dataclass(frozen=True, slots=True)
class GalleryStatusAnswer:
    """What is said of some files, in the order in which they were asked about, and the same signed.

    Attributes:
        told: id and standing of each.
        at: when.
        signed: a compact JWS that names every file, for whoever checks without asking.
    """

    told: Sequence[tuple[str, FileStands]]
    at: datetime
    signed: str


def ask_gallery_status(
    ctx: Context, principal: Principal, file_ids: Sequence[str], *, organisation_id: str | None = None
) -> GalleryStatusAnswer:
    """Say of an organisation's files how each stands, signed. Nothing is written.

    Args:
        file_ids: asked about. Whether there is a file for somebody else is not said.
        organisation_id: whose files, where an operator asks; of others it is their own.

    Raises:
        ForbiddenError: the caller has no such files.
    """
    principal.require(Scope.CHECKS_READ)
    holder = organisation_id or principal.organisation_id
    if holder is None or not principal.may_see_organisation(holder):
        raise ForbiddenError("whoever gallery files were issued to asks for their status", role=principal.role.value)
    now = ctx.clock()
    with ctx.database.read() as session:
        files = gallery_files.files_named(session, file_ids, holder)
        standing = {file.id: _standing_of(session, file, now) for file in files}
    told = [(file_id, standing.get(file_id, _UNKNOWN)) for file_id in file_ids]
    signed = sign(ctx.keys, GalleryStatus(holder, now, dict(told)).claims(), typ=STATUS_TYPE)
    return GalleryStatusAnswer(told, now, signed)


def _standing_of(session: Session, file: GalleryFile, now: datetime) -> FileStands:
    entries = gallery_files.entries_of(session, file.id)
    signed: dict[str, Sequence[Consent]] = {}
    for some in in_parts([entry.performer_id for entry in entries]):
        signed |= enrolments.monitoring_decisions(session, some)
    return stands(file.state, file.expires_at, entries, signed, now)


_UNKNOWN = FileStands(
    FileStanding.UNKNOWN, Reason("gallery_file_unknown", "the registry has issued no such file to your organisation")
)
