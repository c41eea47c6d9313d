"""Searches of everybody enrolled that no check and no scan of the registry stands for: they are journalled as well."""

from __future__ import annotations

from registry.domain.events import EventType
from registry.services.context import Context
from registry.services.unit import unit_of_work

COMMAND_LINE = "command_line"
"""Who acts where nobody signed in: whoever has the database and the keyring on the machine."""


def note_search(ctx: Context, *, organisation_id: str, purpose: str, performers: int) -> None:
    """Journal that the gallery is opened for a search, before anything is searched.

    Args:
        organisation_id: for whom; whose licences are asked.
        purpose: what the recordings are, as it was stated.
        performers: how many are looked for.
    """
    with unit_of_work(ctx) as unit:
        unit.record(EventType.GALLERY_SEARCHED, organisation_id, COMMAND_LINE, purpose=purpose, performers=performers)
        unit.commit()
