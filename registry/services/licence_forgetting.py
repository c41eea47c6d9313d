"""What becomes of licences that somebody who is forgotten or deleted has not signed.

A licence that the performer signed keeps its text: it is the other side's paper too. One that they did not sign is no
one's paper. It comes into force no more, and the text that it was offered with, which names them, is gone.
"""

from __future__ import annotations

from registry.domain.events import EventType
from registry.domain.licences import LicenceState, Side
from registry.services.licences import is_amendment, move
from registry.services.unit import Unit
from registry.store import licences
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence
from registry.store.performers import Performer

_BEFORE_FORCE = frozenset({LicenceState.DRAFT, LicenceState.OFFERED})


def end_offers_to(unit: Unit, performer: Performer, account_id: str) -> int:
    """End what was drafted or offered to a performer and empty what they did not sign; answer how many texts went.

    What is in force rests, as after every withdrawal; an amendment of it that is open goes.

    Args:
        unit: whose transaction it is; it holds the performer's lock.
        performer: locked.
        account_id: under which it is written down.
    """
    emptied = 0
    ids = [licence.id for licence in licences.licences_of_performer(unit.session, performer.id)]
    for licence in licences.lock_licences(unit.session, ids):
        ended = _end(unit, licence, account_id)
        unsigned = [version for version in licence.versions if version.texts and not _is_signed(version)]
        for version in unsigned:
            version.texts = {}
        emptied += len(unsigned)
        licence.version += int(ended or bool(unsigned))
    return emptied


def _end(unit: Unit, licence: Licence, account_id: str) -> bool:
    newest = licence.newest
    if licence.value().state_at(unit.now) in _BEFORE_FORCE:
        move(licence, LicenceState.REVOKED, unit.now)
        licence.ended_at = unit.now
        event = EventType.LICENCE_REVOKED
    elif is_amendment(licence):
        event = EventType.LICENCE_AMENDMENT_WITHDRAWN
    else:
        return False
    if newest.is_open:
        newest.withdrawn_at = unit.now
    unit.record(
        event,
        licence.id,
        account_id,
        performer_id=licence.performer_id,
        studio_id=licence.studio_id,
        number=newest.number,
    )
    return True


def _is_signed(version: LicenceVersion) -> bool:
    return version.in_force_at is not None or version.signature_of(Side.PERFORMER) is not None
