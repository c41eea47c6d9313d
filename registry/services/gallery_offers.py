"""Gallery files on offer: a sealed copy that the registry keeps for the organisation it is for, until it ends.

Nobody here can open it. What ends the file ends the offer in the same transaction, and the copy is deleted after the
commit; what a crash leaves of it, nobody is given, and a sweep of the spool finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.gallery_files import FileStanding, judged
from registry.domain.scores import Reason
from registry.errors import ForbiddenError, GalleryFileReplacedError, NotFoundError
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import gallery_files
from registry.store.gallery_files import GalleryFile

_SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class IssuedFile:
    """A file that was issued.

    Attributes:
        file: on record.
        standing: of it now.
        reason: why.
    """

    file: GalleryFile
    standing: FileStanding
    reason: Reason

    @property
    def id(self) -> str:
        """Id of the file."""
        return self.file.id

    @property
    def is_offered(self) -> bool:
        """Whether its organisation can fetch it now."""
        return self.file.offered_bytes is not None and self.standing is FileStanding.HOLDS


@dataclass(frozen=True, slots=True)
class Content:
    """A file that is being fetched.

    Attributes:
        file_id: of it.
        size: in bytes.
        source: to read from, and to close.
    """

    file_id: str
    size: int
    source: IO[bytes]


def list_gallery_files(ctx: Context, principal: Principal, *, after: str | None, limit: int) -> Sequence[IssuedFile]:
    """Answer the files that were issued to the caller's organisation, newest first, and for an operator all of them.

    Raises:
        ForbiddenError: the caller has no such files.
    """
    whose = _holder(principal)
    now = ctx.clock()
    with ctx.database.read() as session:
        files = gallery_files.page_of_files(session, organisation_id=whose, after=after, limit=limit)
        return _judged(session, files, now)


def get_gallery_file(ctx: Context, principal: Principal, file_id: str) -> IssuedFile:
    """Answer one file.

    Raises:
        ForbiddenError: the caller has no such files.
        NotFoundError: none that the caller may know of.
    """
    whose = _holder(principal)
    now = ctx.clock()
    with ctx.database.read() as session:
        return _one(session, file_id, whose, now)


def fetch_gallery_file(ctx: Context, principal: Principal, file_id: str) -> Content:
    """Answer what is in a file, to the organisation that it was issued to; the journal says when they first had it.

    1. It is theirs.
    2. It holds at this moment, on a record that is locked: whoever withdraws waits for the answer, or this does.
    3. A copy of it is kept.

    Raises:
        ForbiddenError: the caller has no such files, or runs the registry.
        NotFoundError: none that the caller may know of; or no copy of it is kept.
        GalleryFileReplacedError: it must not be searched any more; figure ``standing``.
        BlobStoreError: the copy cannot be read at the moment.
    """
    whose = _holder(principal)
    if whose is None:
        raise ForbiddenError("only whoever a gallery file was issued to fetches it", role=principal.role.value)
    with unit_of_work(ctx) as unit:
        gallery_files.lock_file(unit.session, file_id)
        issued = _one(unit.session, file_id, whose, unit.now)
        if issued.standing is not FileStanding.HOLDS:
            raise GalleryFileReplacedError(issued.reason.detail, standing=issued.standing.value)
        size = issued.file.offered_bytes
        if size is None:
            raise NotFoundError("the registry keeps no copy of this file: it was handed over, or ask for another")
        content = Content(file_id, size, _opened(ctx, file_id))
        if issued.file.fetched_at is None:
            _note_fetched(unit, issued.file, principal.account_id, content)
    return content


def _opened(ctx: Context, file_id: str) -> IO[bytes]:
    try:
        return ctx.spool.open(file_id)
    except NotFoundError as error:
        raise NotFoundError("the registry's copy of this file is not there any more: ask for another") from error


def _note_fetched(unit: Unit, file: GalleryFile, actor_id: str, content: Content) -> None:
    file.fetched_at = unit.now
    unit.record(EventType.GALLERY_FILE_FETCHED, file.id, actor_id, organisation_id=file.organisation_id)
    try:
        unit.commit()
    except BaseException:
        content.source.close()
        raise


def _holder(principal: Principal) -> str | None:
    """Answer whose files the caller may know of: None for everybody's.

    Raises:
        ForbiddenError: nobody's.
    """
    principal.require(Scope.CHECKS_READ)
    if principal.is_operator:
        return None
    if principal.organisation_id is None:
        raise ForbiddenError("only whoever gallery files were issued to asks for them", role=principal.role.value)
    return principal.organisation_id


def _one(session: Session, file_id: str, whose: str | None, now: datetime) -> IssuedFile:
    found = _judged(session, gallery_files.files_named(session, [file_id], whose), now)
    if not found:
        raise NotFoundError("there is no such gallery file")
    return found[0]


def _judged(session: Session, files: Sequence[GalleryFile], now: datetime) -> Sequence[IssuedFile]:
    dropped = gallery_files.dropped_from(session, [file.id for file in files], now)
    return [IssuedFile(file, *judged(file.state, file.expires_at, dropped.get(file.id, 0), now)) for file in files]


# --- the end of an offer ---------------------------------------------------------------------------------------------


def end_offers_of(unit: Unit, performer_id: str, actor_id: str) -> None:
    """End the offer of every file with a performer, in the caller's unit: what they said yes to has ended."""
    for file in gallery_files.offers_with(unit.session, performer_id):
        end_offer(unit, file, actor_id)


def end_offer(unit: Unit, file: GalleryFile, actor_id: str) -> None:
    """End the offer of a file, in the caller's unit; the copy is deleted once that has committed."""
    file.offered_bytes = None
    unit.upload_used(file.id)
    unit.record(EventType.GALLERY_FILE_OFFER_ENDED, file.id, actor_id, organisation_id=file.organisation_id)


def end_late_offers(ctx: Context) -> Sequence[str]:
    """End the offers of files whose term is over. Answer their ids."""
    with unit_of_work(ctx) as unit:
        late = gallery_files.offers_past(unit.session, unit.now)
        for file in late:
            end_offer(unit, file, _SYSTEM)
        if late:
            unit.commit()
    return [file.id for file in late]
