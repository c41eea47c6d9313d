"""Approaches: a performer's record of who asked, and what they answered; and what it does to a later finding."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from registry.domain import approaches as rules
from registry.domain.accounts import OrganisationKind, Principal, Scope
from registry.domain.approaches import ApproachOutcome, Escalation, escalation, folded
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.time_zones import still_to_come
from registry.domain.uses import UsePurpose
from registry.domain.verdicts import Verdict
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services.context import Context
from registry.services.performers import performer_to_change, visible_performer
from registry.services.unit import Unit, unit_of_work
from registry.store import approaches
from registry.store.accounts import Organisation, organisations_of_kind
from registry.store.approaches import Approach
from registry.store.parts import in_parts
from registry.store.performers import Performer


def record_approach(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    studio_id: str | None,
    studio_name: str | None,
    asked_on: date,
    purposes: Collection[UsePurpose],
    scope: str,
    outcome: ApproachOutcome,
    evidence_sha256: str | None = None,
    amends_id: str | None = None,
) -> Approach:
    """Record that a studio asked a performer, and what they answered. What is recorded is never changed.

    Args:
        performer_id: who was asked.
        studio_id: who asked, where the performer knows the id.
        studio_name: who asked, by name; exactly one of the two.
        asked_on: the day.
        purposes: what for, as far as it was said.
        scope: what for, in words.
        outcome: what the performer answered.
        evidence_sha256: digest of what shows it, such as the letter.
        amends_id: the entry that this one puts right.

    Raises:
        NotFoundError, ForbiddenError: no such performer, studio or entry, or not allowed to act for them.
        InvalidInputError: neither or both of id and name, a day that has begun nowhere yet, or a retraction of nothing.
        ConflictError: the entry was amended before; figure ``amended_by``.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.APPROACHES_WRITE)
        if still_to_come(asked_on, unit.now):
            raise InvalidInputError(
                f"nobody can have asked on {asked_on}, in the future", asked_on=asked_on.isoformat()
            )
        if outcome is ApproachOutcome.RETRACTED and amends_id is None:
            raise InvalidInputError("only an entry that is there can be retracted: name it in amends_id")
        _require_amendable(unit.session, performer, amends_id)
        known, name = _studio(unit.session, studio_id, studio_name)
        approach = Approach(
            id=unit.new_id(IdPrefix.APPROACH),
            performer_id=performer.id,
            studio_id=known,
            studio_name=name,
            asked_on=asked_on,
            purposes=sorted(purpose.value for purpose in set(purposes)),
            scope=scope,
            outcome=outcome,
            evidence_sha256=evidence_sha256,
            amends_id=amends_id,
            recorded_by=principal.account_id,
            recorded_at=unit.now,
        )
        unit.session.add(approach)
        _record(unit, approach, principal)
        unit.commit()
    return approach


def _record(unit: Unit, approach: Approach, principal: Principal) -> None:
    unit.record(
        EventType.APPROACH_RECORDED,
        approach.id,
        principal.account_id,
        performer_id=approach.performer_id,
        studio_id=approach.studio_id,
        outcome=approach.outcome.value,
        evidence_sha256=approach.evidence_sha256,
        amends_id=approach.amends_id,
    )


def _require_amendable(session: Session, performer: Performer, amends_id: str | None) -> None:
    if amends_id is None:
        return
    amended = session.get(Approach, amends_id)
    if amended is None or amended.performer_id != performer.id:
        raise NotFoundError("there is no such entry")
    if (later := approaches.amendment_of(session, amends_id)) is not None:
        raise ConflictError(f"the entry was amended already, by {later.id}: amend that one", amended_by=later.id)


def _studio(session: Session, studio_id: str | None, studio_name: str | None) -> tuple[str | None, str]:
    """Answer the id, where the registry knows the studio, and the name of who asked.

    A name that means exactly one studio of the registry is tied to it now. Any other is kept as it is, and compared
    with the names of studios whose recordings are checked later.
    """
    if (studio_id is None) == (studio_name is None):
        raise InvalidInputError("say who asked: by studio_id or by studio_name, not both")
    if studio_name is not None:
        studios = organisations_of_kind(session, OrganisationKind.STUDIO)
        same = [studio for studio in studios if folded(studio.name) == folded(studio_name)]
        return (same[0].id if len(same) == 1 else None), studio_name
    studio = session.get(Organisation, studio_id)
    if studio is None or studio.kind is not OrganisationKind.STUDIO:
        raise NotFoundError("there is no such studio")
    return studio.id, studio.name


def list_approaches(
    ctx: Context, principal: Principal, performer_id: str, *, after: str | None, limit: int
) -> Sequence[Approach]:
    """Answer a page of a performer's entries, oldest first, with those that were amended: the performer's side only.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        performer = visible_performer(session, principal, performer_id)
        return approaches.page_of_approaches(session, performer.id, after=after, limit=limit)


def get_approach(ctx: Context, principal: Principal, performer_id: str, approach_id: str) -> Approach:
    """Answer one entry.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        performer = visible_performer(session, principal, performer_id)
        approach = session.get(Approach, approach_id)
        if approach is None or approach.performer_id != performer.id:
            raise NotFoundError("there is no such entry")
        return approach


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """What performers have recorded of who asked them, for findings on recordings of one organisation.

    Attributes:
        organisation_id, organisation_name: whose recordings they are.
        entries: by performer; of who is missing, none.
    """

    organisation_id: str
    organisation_name: str
    entries: Mapping[str, Sequence[rules.Approach]]

    def escalation(self, performer_id: str, verdict: Verdict, submitted_at: datetime) -> Escalation:
        """Say how one finding is put before people.

        Args:
            performer_id: whom it is about.
            verdict: of policy.
            submitted_at: when the recording was submitted.
        """
        return escalation(
            verdict,
            self.entries.get(performer_id, ()),
            studio_id=self.organisation_id,
            studio_name=self.organisation_name,
            submitted_at=submitted_at,
        )


def asked_before(session: Session, organisation_id: str, performer_ids: Sequence[str]) -> AskedBefore:
    """Answer what some performers have recorded, for findings on an organisation's recordings."""
    name = session.get_one(Organisation, organisation_id).name
    entries: dict[str, list[rules.Approach]] = {}
    for part in in_parts(performer_ids):
        for row in approaches.approaches_to(session, part):
            entries.setdefault(row.performer_id, []).append(row.value())
    return AskedBefore(organisation_id, name, entries)


def escalations(
    session: Session, organisation_id: str, verdicts: Mapping[str, Verdict], *, submitted_at: datetime
) -> Mapping[str, Escalation]:
    """Say how findings of one recording are put before people, given what each performer had recorded.

    Args:
        session: to read in.
        organisation_id: whose recording it is.
        verdicts: of policy, by performer.
        submitted_at: when the recording was submitted.
    """
    asked = asked_before(session, organisation_id, list(verdicts))
    return {
        performer_id: asked.escalation(performer_id, verdict, submitted_at)
        for performer_id, verdict in verdicts.items()
    }
