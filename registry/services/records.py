"""What policy needs to know of performers, read once for many of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.as_of import consents_as_of, licence_as_of
from registry.domain.consents import Consent
from registry.domain.licence_facts import LicenceFacts
from registry.domain.licences import Licence
from registry.domain.policy import PerformerRecord
from registry.services.licence_facts import facts_of
from registry.store import consents, licences
from registry.store.parts import in_parts


def records_between(
    session: Session,
    studio_id: str,
    performer_ids: Collection[str],
    *,
    now: datetime,
    projects: Collection[str] = (),
    apart_from: str | None = None,
    as_of: datetime | None = None,
) -> Mapping[str, PerformerRecord]:
    """Answer the consents of some performers, their licences with one studio, and what has happened under these.

    Everybody asked for has a record; who is not known to the registry has an empty one, as has who never signed
    anything. A handful of statements for each 500 performers and licences, however much they have signed.

    Args:
        session: to read in.
        studio_id: of the studio that asks.
        performer_ids: of whom.
        now: the moment of the question.
        projects: of which it is to be known when clearances were given, because work may have outlived its licence.
        apart_from: SHA-256 of a recording that is checked again: what it has used itself is not held against it.
        as_of: an earlier moment, as the records stood at which they are answered; None for as they stand.
    """
    wanted = sorted(set(performer_ids))
    signed: dict[str, list[Consent]] = defaultdict(list)
    agreed: dict[str, list[Licence]] = defaultdict(list)
    for part in in_parts(wanted):
        for consent in consents.consents_of(session, part):
            signed[consent.performer_id].append(consent.value())
        for licence in licences.licences_between(session, studio_id, part):
            agreed[licence.performer_id].append(licence.value())
    if as_of is not None:
        signed = defaultdict(list, {who: consents_as_of(own, as_of) for who, own in signed.items()})
        agreed = defaultdict(list, {who: _in_force_by(own, as_of) for who, own in agreed.items()})
    facts: dict[str, LicenceFacts] = {}
    for part in in_parts([licence.id for held in agreed.values() for licence in held]):
        facts |= facts_of(session, part, now=now, projects=projects, apart_from=apart_from, as_of=as_of)
    return {
        each: PerformerRecord(each, signed[each], agreed[each], {x.id: facts[x.id] for x in agreed[each]})
        for each in wanted
    }


def _in_force_by(agreed: Iterable[Licence], as_of: datetime) -> list[Licence]:
    return [then for licence in agreed if (then := licence_as_of(licence, as_of)) is not None]
