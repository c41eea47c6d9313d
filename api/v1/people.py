"""How performers are shown in what was found: a source under seal as its attestation, anybody else by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from api.schemas.findings import PerformerName
from api.state import context, principal
from registry.services import attestations, checks


def shown_people(performer_ids: Collection[str]) -> Mapping[str, PerformerName]:
    """Answer how each of some performers is shown to whoever asks, by id."""
    names = checks.names_of(context(), performer_ids)
    sealed = attestations.shown_as(context(), principal(), performer_ids)
    return {
        each: PerformerName(id=sealed.get(each, each), name=None if each in sealed else names.get(each))
        for each in performer_ids
    }
