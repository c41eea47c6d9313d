"""Holders: who may use or search for a performer at this moment, and by when they must stop after a withdrawal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy.orm import Session

from registry.domain.licences import LicenceState
from registry.store import clearances, gallery_files, licences
from registry.store.accounts import organisation_names

STOP_WITHIN = timedelta(hours=24)
"""What a holder of a licence has to stop in: the longest that any permission stays fresh."""


class HeldKind(StrEnum):
    """What is held. The list only grows."""

    LICENCE = "licence"
    CLEARANCE = "clearance"
    GALLERY_FILE = "gallery_file"


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who must stop.

    Attributes:
        kind: of what they hold.
        id: of it.
        organisation_id, organisation_name: who they are.
        stop_by: when they must have stopped.
    """

    kind: HeldKind
    id: str
    organisation_id: str
    organisation_name: str
    stop_by: datetime


def holders_of(
    session: Session, performer_id: str, now: datetime, *, stopped_at: datetime | None = None
) -> Sequence[Holder]:
    """Answer everybody who may use a performer at ``now``, or might until consent ended at ``stopped_at``.

    Args:
        session: to look in.
        performer_id: whose voice or face.
        now: the moment.
        stopped_at: when consent had ended already; what was suspended for that reason then counts as held.
    """
    held = [*_licences(session, performer_id, now, stopped_at), *_clearances(session, performer_id, stopped_at or now)]
    return _named(session, held)


def gallery_holders_of(session: Session, performer_id: str, since: datetime) -> Sequence[Holder]:
    """Answer everybody who has a gallery file with a performer's voiceprint that could be searched at ``since``.

    What they heard last about it counts for one status interval more, and no longer: then their scans refuse it.
    """
    held = [
        _Held(
            HeldKind.GALLERY_FILE,
            file.id,
            file.organisation_id,
            min(file.expires_at, since + timedelta(seconds=file.status_interval_s)),
        )
        for file in gallery_files.files_with(session, performer_id, since)
    ]
    return _named(session, held)


def _named(session: Session, held: Sequence[_Held]) -> Sequence[Holder]:
    """Answer who must stop, with their names, the first to stop first."""
    names = organisation_names(session, {each.studio_id for each in held})
    return [
        Holder(each.kind, each.id, each.studio_id, names[each.studio_id], each.stop_by)
        for each in sorted(held, key=lambda each: (each.stop_by, each.id))
    ]


class _Held(NamedTuple):
    """What is held, whose name is not known yet."""

    kind: HeldKind
    id: str
    studio_id: str
    stop_by: datetime


def _licences(session: Session, performer_id: str, now: datetime, stopped_at: datetime | None) -> Iterator[_Held]:
    for licence in licences.licences_of_performer(session, performer_id):
        held = licence.value().state_at(now) is LicenceState.ACTIVE
        stopped = stopped_at is not None and licence.suspended_at is not None and licence.suspended_at >= stopped_at
        if held or stopped:
            stop_by = (stopped_at or now) + STOP_WITHIN
            yield _Held(HeldKind.LICENCE, licence.id, licence.studio_id, stop_by)


def _clearances(session: Session, performer_id: str, since: datetime) -> Iterator[_Held]:
    """Answer who holds a permission: what they heard last counts for one status interval more, and no longer.

    A permission that was given after ``since`` rests on a later consent and is left out.
    """
    for given in clearances.clearances_in_time(session, performer_id, since):
        if given.decided_at > since or given.status_interval_s is None or given.expires_at is None:
            continue
        stop_by = min(given.expires_at, since + timedelta(seconds=given.status_interval_s))
        yield _Held(HeldKind.CLEARANCE, given.id, given.studio_id, stop_by)
