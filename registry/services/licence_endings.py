"""That the term of a licence is over: told once. Nothing waits for it to refuse a use."""

from __future__ import annotations

from registry.domain.events import EventType
from registry.domain.licences import LicenceState
from registry.services.context import Context
from registry.services.unit import unit_of_work
from registry.store import licences, performers

AT_ONCE = 200
"""Licences whose end is told in one transaction."""


def tell_ended(ctx: Context) -> int:
    """Write down, and tell whoever listens, that the terms of licences in force are over. Answer how many are.

    1. Licences that may have ended are found; their performers are locked, then they, as by every verb.
    2. Of each it is asked again whether it has, and whether that was told: a licence may have been amended meanwhile,
       and another worker may be about the same.
    3. Note, leaf and messages are one commit, so that each end is told once.
    """
    told = 0
    with unit_of_work(ctx) as unit:
        wanted = licences.ids_past_their_term(unit.session, unit.now.date(), limit=AT_ONCE)
        performers.lock_performers(unit.session, licences.performers_of(unit.session, wanted))
        for licence in licences.lock_licences(unit.session, wanted):
            if licence.end_told_at is None and licence.value().state_at(unit.now) is LicenceState.EXPIRED:
                licence.end_told_at = unit.now
                told += 1
                unit.record(
                    EventType.LICENCE_ENDED,
                    licence.id,
                    "system",
                    performer_id=licence.performer_id,
                    studio_id=licence.studio_id,
                    ended_on=licence.terms().last_day.isoformat(),
                )
        if told:
            unit.commit()
    return told
