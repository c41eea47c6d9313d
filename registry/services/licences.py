"""Licences: drafting, offering, and signing by each side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import OrganisationKind, Principal, Role, Scope
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.licences import (
    LicenceState,
    LicenceTerms,
    Side,
    conflicting_exclusives,
    require_transition,
)
from registry.errors import ConflictError, ConsentMissingError, ForbiddenError, NotFoundError
from registry.services.consents import in_force
from registry.services.context import Context
from registry.services.performers import visible_performer
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import licences
from registry.store.accounts import Organisation
from registry.store.licences import Licence
from registry.store.performers import Performer

# --- reading ---------------------------------------------------------------------------------------------------------


def get_licence(ctx: Context, principal: Principal, licence_id: str) -> Licence:
    """Answer a licence that the caller is a party to, or any to an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.LICENCES_READ)
    with ctx.database.read() as session:
        return _visible(session, principal, licence_id)


def list_licences(
    ctx: Context, principal: Principal, *, state: LicenceState | None, after: str | None, limit: int
) -> Sequence[Licence]:
    """Answer a page of the licences that the caller is a party to, or of all to an operator."""
    principal.require(Scope.LICENCES_READ)
    studio_id, performer_ids = _reach(principal)
    with ctx.database.read() as session:
        return licences.page_of_licences(
            session, studio_id=studio_id, performer_ids=performer_ids, state=state, after=after, limit=limit
        )


def list_licences_of_performer(ctx: Context, principal: Principal, performer_id: str) -> Sequence[Licence]:
    """Answer every licence of a performer, in any state, oldest first: to the performer's side or an operator.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.LICENCES_READ)
    with ctx.database.read() as session:
        return licences.licences_of_performer(session, visible_performer(session, principal, performer_id).id)


def _reach(principal: Principal) -> tuple[str | None, Sequence[str] | None]:
    if principal.is_operator:
        return None, None
    if principal.role in {Role.PERFORMER, Role.REPRESENTATIVE}:
        return None, list(principal.performer_ids)
    return principal.organisation_id or "", None


def _visible(session: Session, principal: Principal, licence_id: str) -> Licence:
    licence = session.get(Licence, licence_id)
    if licence is None or not _is_party(principal, licence):
        raise NotFoundError("there is no such licence")
    return licence


def _is_party(principal: Principal, licence: Licence) -> bool:
    return principal.may_see_organisation(licence.studio_id) or principal.may_see_performer(licence.performer_id)


def side_of(principal: Principal, licence: Licence) -> Side | None:
    """Answer the side that the caller acts for; None for an operator, who is on neither."""
    if principal.is_operator:
        return None
    if principal.may_act_for(licence.performer_id, Scope.LICENCES_WRITE):
        return Side.PERFORMER
    if principal.organisation_id == licence.studio_id:
        return Side.STUDIO
    raise ForbiddenError("the mandate for this performer does not cover licences", scope=Scope.LICENCES_WRITE.value)


# --- drafting and offering -------------------------------------------------------------------------------------------


def draft_licence(
    ctx: Context,
    principal: Principal,
    *,
    performer_id: str,
    studio_id: str | None,
    title: str,
    intended_use: str,
    terms: LicenceTerms,
) -> Licence:
    """Draft a licence between a performer and a studio: either side, or an operator for both.

    Args:
        performer_id: whose voice it is about.
        studio_id: the studio; None for the caller's own.
        title: a name for people.
        intended_use: in words, reasonably specific: what the voice will be used for.
        terms: what a machine decides by.

    Raises:
        NotFoundError: no such performer or studio.
        ForbiddenError: the caller belongs to neither side.
    """
    principal.require(Scope.LICENCES_WRITE)
    with unit_of_work(ctx) as unit:
        performer = unit.session.get(Performer, performer_id)
        studio = unit.session.get(Organisation, studio_id or principal.organisation_id or "")
        if performer is None:
            raise NotFoundError("there is no such performer")
        if studio is None or studio.kind is not OrganisationKind.STUDIO:
            raise NotFoundError("there is no such studio")
        licence = Licence(
            id=unit.new_id(IdPrefix.LICENCE),
            performer_id=performer.id,
            studio_id=studio.id,
            state=LicenceState.DRAFT,
            title=title,
            intended_use=intended_use,
            created_by=principal.account_id,
            created_at=unit.now,
            version=1,
        )
        if not _is_party(principal, licence):
            raise ForbiddenError("a licence is drafted by one of its two sides", role=principal.role.value)
        side_of(principal, licence)
        _write_terms(licence, terms)
        unit.session.add(licence)
        unit.record(
            EventType.LICENCE_DRAFTED,
            licence.id,
            principal.account_id,
            performer_id=performer.id,
            studio_id=studio.id,
        )
        unit.commit()
    return licence


def _write_terms(licence: Licence, terms: LicenceTerms) -> None:
    licence.purposes = sorted(p.value for p in terms.purposes)
    licence.media = sorted(m.value for m in terms.media)
    licence.territories = sorted(terms.territories)
    licence.languages = sorted(terms.languages)
    licence.projects = None if terms.projects is None else sorted(terms.projects)
    licence.starts_on, licence.ends_on = terms.starts_on, terms.ends_on
    licence.exclusivity = terms.exclusivity
    licence.pay_basis, licence.pay_amount_minor = terms.pay.basis, terms.pay.amount_minor
    licence.pay_currency, licence.pay_due_within_days = terms.pay.currency, terms.pay.due_within_days


def change_draft(
    ctx: Context,
    principal: Principal,
    licence_id: str,
    *,
    title: str,
    intended_use: str,
    terms: LicenceTerms,
    if_version: int | None = None,
) -> Licence:
    """Change a licence that has not been offered yet. What was offered is never changed: revoke it, and draft anew.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: it is no draft any more; figure ``state``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        if licence.state is not LicenceState.DRAFT:
            raise ConflictError(f"a licence that is {licence.state.value} cannot be changed", state=licence.state.value)
        licence.title, licence.intended_use = title, intended_use
        _write_terms(licence, terms)
        record(unit, EventType.LICENCE_CHANGED, licence, principal)
        unit.commit()
    return licence


def offer_licence(ctx: Context, principal: Principal, licence_id: str, *, if_version: int | None = None) -> Licence:
    """Offer a draft to be signed. From now on its terms stand.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: it is no draft; figure ``state``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        move(licence, LicenceState.OFFERED, unit.now)
        licence.offered_at = unit.now
        record(unit, EventType.LICENCE_OFFERED, licence, principal)
        unit.commit()
    return licence


def licence_to_change(unit: Unit, principal: Principal, licence_id: str, if_version: int | None) -> Licence:
    """Answer a licence that the caller may change, its version already raised.

    The performer is locked first, then the licence, as in every verb: see `registry.services.performers`. Two exclusive
    licences of one performer cannot pass each other.
    """
    principal.require(Scope.LICENCES_WRITE)
    licence = _visible(unit.session, principal, licence_id)
    unit.session.get_one(Performer, licence.performer_id, with_for_update=True)
    unit.session.refresh(licence, with_for_update=True)
    side_of(principal, licence)
    require_version(licence.version, if_version)
    licence.version += 1
    return licence


def move(licence: Licence, wanted: LicenceState, now: datetime) -> None:
    """Change the state, from what it is at this moment: a licence past its term moves nowhere."""
    require_transition(licence.value().state_at(now), wanted)
    licence.state = wanted


def record(unit: Unit, event_type: EventType, licence: Licence, principal: Principal, **details: str | None) -> None:
    """Remember what happened to a licence, with its two parties."""
    unit.record(
        event_type,
        licence.id,
        principal.account_id,
        performer_id=licence.performer_id,
        studio_id=licence.studio_id,
        **details,
    )


# --- signing ---------------------------------------------------------------------------------------------------------


def sign_licence(
    ctx: Context,
    principal: Principal,
    licence_id: str,
    *,
    side: Side | None = None,
    evidence_sha256: str | None = None,
    if_version: int | None = None,
) -> Licence:
    """Sign an offered licence for one side; when both have signed, it is active.

    Args:
        licence_id: of the licence.
        side: for an operator who records a signature given on paper; a party signs for its own side only.
        evidence_sha256: digest of the signed paper, without which an operator records nothing.
        if_version: the version the caller has read.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: signing for the other side, or an operator without evidence.
        ConflictError: not offered, signed already, its term is over, or an exclusive licence stands against it.
        ConsentMissingError: the performer has no consent in force to license the voice.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        signing = _signing_side(principal, licence, side, evidence_sha256)
        if licence.state is not LicenceState.OFFERED:
            raise ConflictError(f"a licence that is {licence.state.value} cannot be signed", state=licence.state.value)
        _write_signature(licence, signing, principal, unit.now)
        record(unit, EventType.LICENCE_SIGNED, licence, principal, side=signing.value, evidence_sha256=evidence_sha256)
        if licence.performer_signed_at is not None and licence.studio_signed_at is not None:
            _activate(unit, licence, principal)
        unit.commit()
    return licence


def _signing_side(principal: Principal, licence: Licence, side: Side | None, evidence: str | None) -> Side:
    own = side_of(principal, licence)
    if own is None:
        if side is None or evidence is None:
            raise ForbiddenError(
                "an operator signs for nobody; to record a signature on paper, name its side and its evidence"
            )
        return side
    if side not in {None, own}:
        raise ForbiddenError(f"the {own.value} does not sign for the other side", side=own.value)
    return own


def _write_signature(licence: Licence, side: Side, principal: Principal, now: datetime) -> None:
    signed_at = licence.performer_signed_at if side is Side.PERFORMER else licence.studio_signed_at
    if signed_at is not None:
        raise ConflictError(f"the {side.value} has signed already", side=side.value)
    if side is Side.PERFORMER:
        licence.performer_signed_at, licence.performer_signed_by = now, principal.account_id
    else:
        licence.studio_signed_at, licence.studio_signed_by = now, principal.account_id


def _activate(unit: Unit, licence: Licence, principal: Principal) -> None:
    """Put a licence in force."""
    require_consent(unit, licence)
    if unit.now.date() > licence.ends_on:
        raise ConflictError(
            f"the licence's term ended on {licence.ends_on.isoformat()}", ends_on=licence.ends_on.isoformat()
        )
    others = [other.value() for other in licences.licences_of_performer(unit.session, licence.performer_id)]
    if conflicts := conflicting_exclusives(licence.value(), others, unit.now):
        raise ConflictError(
            "an exclusive licence and this one would permit the same use to two studios",
            conflicting_terms=[f"{c.terms.starts_on} to {c.terms.ends_on}" for c in conflicts],
        )
    move(licence, LicenceState.ACTIVE, unit.now)
    licence.activated_at = unit.now
    record(unit, EventType.LICENCE_ACTIVATED, licence, principal)


def require_consent(unit: Unit, licence: Licence) -> None:
    """Refuse unless the performer's consent to license the voice is in force.

    Raises:
        ConsentMissingError: it is not.
    """
    if not in_force(unit.session, [licence.performer_id], ConsentPurpose.LICENSING, Modality.VOICE, unit.now):
        raise ConsentMissingError(
            "the performer has no consent in force to license the voice",
            purpose=ConsentPurpose.LICENSING.value,
            modality=Modality.VOICE.value,
        )
