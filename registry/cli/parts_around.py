"""What is around the registry, as `likeness doctor` looks at it: room, clocks, messages that do not arrive, backups."""

from __future__ import annotations

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from registry.cli.parts import Found, Part, look_at
from registry.clock import utc_now
from registry.errors import RegistryError, SettingsError
from registry.settings import Settings

LEAST_FREE = 0.05
"""Share of a disk below which it is called full: databases and their logs need some to be able to shrink."""
LARGEST_SKEW_S = 5.0
"""Between this host and its database: leases and tokens are counted in tens of seconds."""
OLDEST_BACKUP_H = 26.0
_GIB = 2**30


def room(settings: Settings) -> Part:
    """The disks that the registry writes to: for uploads, as many of the largest as are taken at once fit."""
    uploads = settings.max_upload_bytes * settings.http_threads

    def look() -> Found:
        folders = {
            "home": settings.home,
            "spool": _local(settings.resolved_spool_url),
            "scans": settings.resolved_scans,
        }
        found = [_require_room(name, folder) for name, folder in folders.items() if folder is not None]
        temporary = shutil.disk_usage(tempfile.gettempdir())
        if temporary.free < settings.max_upload_bytes:
            largest = settings.max_upload_bytes / _GIB
            raise RegistryError(f"TMPDIR has {temporary.free / _GIB:.1f} GiB free, one upload may have {largest:.1f}")
        enough = "as much as" if temporary.free >= uploads else "less than"
        told = f"TMPDIR {temporary.free / _GIB:.1f} GiB, {enough} {settings.http_threads} of the largest uploads take"
        return Found(None, "; ".join([*found, told]))

    return look_at("room", look, remedy="make room, or lower LIKENESS_MAX_UPLOAD_BYTES or LIKENESS_HTTP_THREADS")


def _local(url: str) -> Path | None:
    """Answer the folder that a spool is, or None when it is somewhere else."""
    return Path(url.removeprefix("file://")) if urlsplit(url).scheme in {"", "file"} else None


def _require_room(name: str, folder: Path) -> str:
    there = next(each for each in (folder, *folder.absolute().parents) if each.exists())
    disk = shutil.disk_usage(there)
    if disk.free < LEAST_FREE * disk.total:
        raise RegistryError(
            f"{name}: {disk.free / _GIB:.1f} GiB of {disk.total / _GIB:.0f} are free on the disk of {folder}"
        )
    return f"{name} {disk.free / _GIB:.1f} GiB free"


def clocks(settings: Settings) -> Part:
    """This host's clock beside the database's: whoever leases work, and whoever looks, must agree on the time."""
    from sqlalchemy import text

    from registry.bootstrap import build_database

    def look() -> Found:
        opened = build_database(settings)
        try:
            if opened.is_sqlite:
                return Found(None, "the database is on this host, and has its clock")
            with opened.read() as session:
                before = utc_now()
                theirs = session.scalar(text("SELECT clock_timestamp()"))
        finally:
            opened.dispose()
        apart_s = _apart_s(before, theirs, utc_now())
        if apart_s > LARGEST_SKEW_S:
            raise RegistryError(f"this host and its database are {apart_s:.1f} s apart")
        return Found(None, f"{apart_s:.1f} s from the database's")

    return look_at("clock", look, remedy="let both hosts take the time from one source, such as chrony")


def _apart_s(before: datetime, theirs: object, after: datetime) -> float:
    """Answer how far another clock is from ours, as far as the time that asking took allows to say."""
    if not isinstance(theirs, datetime):
        raise SettingsError(f"the database answers {theirs!r} for the time")
    moment = theirs.astimezone(UTC)
    return max((before - moment).total_seconds(), (moment - after).total_seconds(), 0.0)


def webhooks(settings: Settings) -> Part:
    """Messages to webhooks: how many wait, and how many were given up."""
    from registry.bootstrap import build_database
    from registry.domain.webhooks import DeliveryState
    from registry.store.webhooks import messages_undelivered

    def look() -> Found:
        opened = build_database(settings)
        try:
            opened.require_current_schema()
            with opened.read() as session:
                counted = messages_undelivered(session)
        finally:
            opened.dispose()
        if dead := counted[DeliveryState.DEAD]:
            raise RegistryError(f"{dead} messages were given up, {counted[DeliveryState.WAITING]} wait")
        return Found(None, f"{counted[DeliveryState.WAITING]} messages wait, none was given up")

    return look_at("webhooks", look, remedy="likeness webhook list shows which, and why", required=False)


def backups(settings: Settings) -> Part:
    """When the last backup was made, as far as the journal knows."""
    from registry.bootstrap import build_database
    from registry.domain.events import EventType
    from registry.store.journal import last_moment_of

    def look() -> Found:
        opened = build_database(settings)
        try:
            opened.require_current_schema()
            with opened.read() as session:
                made = last_moment_of(session, EventType.BACKUP_MADE)
        finally:
            opened.dispose()
        if made is None:
            raise RegistryError("none was ever made")
        hours = (utc_now() - made).total_seconds() / 3600
        if hours > OLDEST_BACKUP_H:
            raise RegistryError(f"the last was made {hours:.0f} hours ago")
        return Found(None, f"the last was made {hours:.0f} hours ago")

    return look_at("backups", look, remedy="likeness backup FOLDER, every night", required=False)
