"""Civil status: a performer's birth date, kept as a commitment, and their death. Both decide who may decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from registry.domain.accounts import Principal, RepresentativeKind, Role, Scope
from registry.domain.consents import ConsentDecision, ConsentState
from registry.domain.events import EventType
from registry.domain.performers import adult_on, end_of_minority, is_minor, require_birth_date
from registry.domain.time_zones import still_to_come
from registry.errors import ConflictError, ForbiddenError, InvalidInputError
from registry.services.context import Context
from registry.services.performers import performer_to_change
from registry.services.unit import Unit, require_version, unit_of_work
from registry.services.withdrawal import withdraw
from registry.store import consents, performers
from registry.store.consents import Consent
from registry.store.performers import Performer, Representative
from registry.vault.commitments import birth_date_commitment


def record_birth_date(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    birth_date: date,
    evidence_sha256: str | None = None,
    if_version: int | None = None,
) -> Performer:
    """Record when a performer was born. The date itself is not kept: a keyed digest is, and for a minor the day of age.

    Whoever acts for the performer says it once, and saying the same again changes nothing; what has been said is
    corrected by an operator, with evidence.

    Where it turns out that somebody is a minor who was not known to be one, or is none who was taken for one, every yes
    in force was given by somebody who could not give it: it ends here, with all that follows from a withdrawal. Where a
    minor comes of age earlier than was thought, what a guardian said and the guardian's mandate end earlier too.

    Raises:
        NotFoundError, ForbiddenError: no such performer, not allowed to act for them, a correction by somebody else, or
            a representative says it and consents would end by it.
        InvalidInputError: nobody alive was born on that day.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.PERFORMERS_WRITE)
        require_version(performer.version, if_version)
        require_birth_date(birth_date, unit.now.date())
        commitment = birth_date_commitment(ctx.keys, performer.id, birth_date)
        if performer.birth_date_commitment == commitment and evidence_sha256 in {None, performer.birth_evidence_sha256}:
            return performer  # said again, it is the same, and what showed it still does
        if performer.birth_date_commitment not in {None, commitment} and not (
            principal.is_operator and evidence_sha256
        ):
            raise ForbiddenError("a birth date is corrected by an operator, with evidence", role=principal.role.value)
        was_minor = is_minor(performer.adult_on, unit.now.date())
        of_age = adult_on(birth_date)
        performer.birth_date_commitment = commitment
        performer.birth_evidence_sha256 = evidence_sha256
        performer.adult_on = of_age if is_minor(of_age, unit.now.date()) else None
        performer.version += 1
        ending = _given_by_nobody_who_could(unit, performer, principal, was_minor=was_minor)
        unit.record(
            EventType.PERFORMER_BIRTH_DATE_RECORDED,
            performer.id,
            principal.account_id,
            commitment=commitment,
            minor=performer.adult_on is not None,
        )
        _shorten_mandates(unit, performer, principal.account_id)
        if ending:
            withdraw(unit, ctx, ending, principal.account_id)
        else:
            _shorten_consents(unit, performer)
            unit.commit()
    return performer


def _given_by_nobody_who_could(
    unit: Unit, performer: Performer, principal: Principal, *, was_minor: bool
) -> Sequence[Consent]:
    """Answer every yes in force that was given before it was known whether the performer is a minor."""
    if was_minor == (performer.adult_on is not None):
        return ()
    ending = _given(unit, performer)
    if ending and principal.role is Role.REPRESENTATIVE:
        raise ForbiddenError(
            f"{len(ending)} consents would end by this: the performer says it, or an operator, with evidence",
            role=principal.role.value,
            consents=[consent.id for consent in ending],
        )
    return ending


def _given(unit: Unit, performer: Performer) -> Sequence[Consent]:
    return [
        consent
        for consent in consents.consents_of(unit.session, [performer.id])
        if consent.state is ConsentState.ACTIVE and consent.decision is ConsentDecision.GIVEN
    ]


def _shorten_mandates(unit: Unit, performer: Performer, actor_id: str) -> None:
    """Let guardians act no longer than until the day of age that is known now; at once no more for who is of age."""
    for mandate in performers.mandates_for(unit.session, performer.id, RepresentativeKind.GUARDIAN, unit.now):
        if performer.adult_on is None:
            _end_mandate(unit, mandate, performer, actor_id)
        else:
            mandate.expires_at = min(mandate.expires_at, end_of_minority(performer.adult_on))


def _shorten_consents(unit: Unit, performer: Performer) -> None:
    """Let what was said yes to for a minor end when they come of age by the date that is known now, never later."""
    if performer.adult_on is None:
        return
    end = end_of_minority(performer.adult_on)
    for consent in _given(unit, performer):
        if consent.expires_at is None or consent.expires_at > end:
            consent.expires_at = end
            consent.version += 1


def record_death(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    died_on: date,
    evidence_sha256: str,
    if_version: int | None = None,
) -> Performer:
    """Record that a performer has died: from now on the estate decides, and every other mandate has ended.

    What was consented to in life stays as it was; nothing new is consented to before there is an estate.

    Raises:
        NotFoundError: no such performer.
        ForbiddenError: not an operator.
        InvalidInputError: the day has begun nowhere yet.
        ConflictError: a death is recorded already.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.PERFORMERS_WRITE)
        if not principal.is_operator:
            raise ForbiddenError("a death is recorded by an operator, with evidence", role=principal.role.value)
        require_version(performer.version, if_version)
        if performer.died_on is not None:
            raise ConflictError("a death is recorded already", died_on=performer.died_on.isoformat())
        if still_to_come(died_on, unit.now):
            raise InvalidInputError(f"{died_on} is in the future", died_on=died_on.isoformat())
        performer.died_on, performer.death_evidence_sha256 = died_on, evidence_sha256
        performer.version += 1
        unit.record(EventType.PERFORMER_DEATH_RECORDED, performer.id, principal.account_id, evidence=evidence_sha256)
        end_mandates(unit, performer, principal.account_id)
        unit.commit()
    return performer


def end_mandates(unit: Unit, performer: Performer, actor_id: str) -> None:
    """End every mandate to act for a performer that is held now."""
    for kind in RepresentativeKind:
        for mandate in performers.mandates_for(unit.session, performer.id, kind, unit.now):
            _end_mandate(unit, mandate, performer, actor_id)


def _end_mandate(unit: Unit, mandate: Representative, performer: Performer, actor_id: str) -> None:
    mandate.dismissed_at = unit.now
    unit.record(EventType.REPRESENTATIVE_DISMISSED, mandate.id, actor_id, performer_id=performer.id)
