"""Delivering a gallery file that is on record: into its place, and to where its organisation can fetch it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

from registry.domain.events import EventType
from registry.domain.gallery_files import FileState
from registry.errors import RegistryError
from registry.services.context import Context
from registry.services.gallery_offers import end_offer
from registry.services.unit import Unit, unit_of_work
from registry.store import gallery_files
from registry.store.gallery_files import GalleryFile

_SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Whole:
    """All of a file.

    Attributes:
        file_id: of it.
        head: form and manifest.
        sealed: the sealed part, in a file without a name.
        sealed_bytes: size of that.
    """

    file_id: str
    head: bytes
    sealed: IO[bytes]
    sealed_bytes: int

    @property
    def size(self) -> int:
        """Size of the file, in bytes."""
        return len(self.head) + self.sealed_bytes


def deliver(ctx: Context, actor_id: str, whole: Whole, out: Path | None, *, offer: bool) -> bool:
    """Put a file that is on record where it is wanted, and say so; one that cannot be is void at once.

    1. Where it is on offer, a copy lies whole and durable under its id; nobody is given it yet.
    2. Where it is wanted at a place, it gets its name there.
    3. It is written down as delivered: from here on it can be fetched. Who was in it may have withdrawn meanwhile; then
       the offer has ended, and the copy is deleted.

    Returns:
        Whether it is on offer.

    Raises:
        OSError, RegistryError: it cannot be put there.
    """
    try:
        with _written(whole, out) as part:
            if offer:
                ctx.spool.put_file(whole.file_id, part)
            if out is not None:
                os.link(part, out)  # unlike a rename, a link refuses to replace
                _sync_folder(out.parent)
    except (OSError, RegistryError):
        with suppress(RegistryError):
            _void(ctx, whole.file_id, actor_id)
        raise
    with unit_of_work(ctx) as unit:
        file = unit.session.get_one(GalleryFile, whole.file_id, with_for_update=True)
        file.state = FileState.DELIVERED
        offered = file.offered_bytes is not None
        if offer and not offered:
            unit.upload_used(file.id)
        unit.commit()
    return offered


@contextmanager
def _written(whole: Whole, out: Path | None) -> Iterator[Path]:
    """Write head and sealed part under a temporary name, durable, for as long as the block takes."""
    folder, name = (None, "gallery") if out is None else (out.parent, out.name)
    with NamedTemporaryFile(dir=folder, prefix=f".{name}.", suffix=".part") as part:
        part.write(whole.head)
        whole.sealed.seek(0)
        shutil.copyfileobj(whole.sealed, part)
        part.flush()
        os.fsync(part.fileno())
        yield Path(part.name)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _void(ctx: Context, file_id: str, actor_id: str) -> None:
    with unit_of_work(ctx) as unit:
        _make_void(unit, unit.session.get_one(GalleryFile, file_id, with_for_update=True), actor_id)
        unit.commit()


def _make_void(unit: Unit, file: GalleryFile, actor_id: str) -> None:
    """Let a file stand for nothing, and forget who was in it."""
    file.state = FileState.VOID
    if file.offered_bytes is not None:
        end_offer(unit, file, actor_id)
    entries = gallery_files.erase_entries(unit.session, file.id)
    unit.record(EventType.GALLERY_FILE_VOIDED, file.id, actor_id, performers=entries)


def void_undelivered(ctx: Context) -> Sequence[str]:
    """Make files void that were never said to be in place, once nobody may search with them any more. Answer their ids.

    Until then such a file may be there, as the crash was perhaps right after it got its name; its organisation counts
    as a holder for as long.
    """
    with unit_of_work(ctx) as unit:
        late = [
            file
            for file in gallery_files.files_in_preparation(unit.session)
            if file.issued_at + timedelta(seconds=file.status_interval_s) <= unit.now
        ]
        for file in late:
            _make_void(unit, file, _SYSTEM)
        if late:
            unit.commit()
    return [file.id for file in late]
