"""Source attestations: a studio says whose voice a product was made from, on the day it is made."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.attestations import SEALED_NAME, Attested, SealedIdentity
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.performers import IdentityAssurance
from registry.domain.time_zones import latest_day
from registry.errors import ConflictError, ForbiddenError, NotFoundError, UnknownAttestationError, UnknownSourceError
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import attestations, licences
from registry.store.attestations import SourceAttestation
from registry.store.performers import Performer
from registry.vault.identities import SealedBytes, open_identity, seal_identity
from registry.vault.keys import WrappedKey
from registry.vault.signing import canonical


@dataclass(frozen=True, slots=True)
class RegisteredSource:
    """A performer of the registry with whom the studio has, or had, a licence in force."""

    performer_id: str


@dataclass(frozen=True, slots=True)
class SameSource:
    """The sealed source of an earlier attestation of the studio."""

    attestation_id: str


Source = RegisteredSource | SameSource | SealedIdentity


def attest_source(ctx: Context, principal: Principal, attested: Attested, source: Source) -> SourceAttestation:
    """Record what a studio attests. It is never changed; the journal says when it was made.

    A source under seal gets a performer record without a name. The studio and the operator know it by its id: it is
    what the source consents, enrols and licenses as, and what the voiceprint is compared under. Nobody else is shown
    it.

    Raises:
        ForbiddenError: the caller is no studio.
        InvalidInputError: what is attested contradicts itself.
        UnknownSourceError, UnknownAttestationError: the source is not the studio's to name.
    """
    studio_id = attesting_studio(principal)
    with unit_of_work(ctx) as unit:
        attested.require_sound(latest_day(unit.now))
        attestation = SourceAttestation(
            id=unit.new_id(IdPrefix.ATTESTATION),
            studio_id=studio_id,
            product=attested.product,
            made_on=attested.made_on,
            recordings=[{"sha256": r.sha256, "recorded_on": r.recorded_on.isoformat()} for r in attested.recordings],
            casting_sha256=list(attested.casting_sha256),
            direction_sha256=attested.direction_sha256,
            mentions=None if attested.mentions is None else list(attested.mentions),
            recorded_by=principal.account_id,
            recorded_at=unit.now,
        )
        _set_source(ctx, unit, attestation, source, principal)
        attestation.content_sha256 = _digest(attestation)
        unit.session.add(attestation)
        _record(unit, attestation, principal)
        unit.commit()
    return attestation


def attesting_studio(principal: Principal) -> str:
    """Answer the studio that attests."""
    principal.require(Scope.ATTESTATIONS_WRITE)
    if principal.is_operator or principal.organisation_id is None:
        raise ForbiddenError("a source is attested by the studio that made the voice", role=principal.role.value)
    return principal.organisation_id


def _set_source(ctx: Context, unit: Unit, attestation: SourceAttestation, source: Source, principal: Principal) -> None:
    if isinstance(source, RegisteredSource):
        attestation.performer_id = _licensed(unit.session, attestation.studio_id, source.performer_id)
        attestation.sealed = False
        return
    if isinstance(source, SameSource):
        earlier = own_attestation(unit.session, attestation.studio_id, source.attestation_id)
        identity = opened_identity(ctx, earlier)
        attestation.performer_id = earlier.performer_id
    else:
        identity = source
        attestation.performer_id = _nameless(unit, principal).id
    sealed = seal_identity(identity, attestation.id, ctx.keys, unit.random_bytes)
    attestation.sealed = True
    attestation.identity = sealed.data
    attestation.identity_key, attestation.identity_master_key_id = sealed.key.wrapped, sealed.key.master_key_id


def _licensed(session: Session, studio_id: str, performer_id: str) -> str:
    """Answer the performer; a draft does not do, because the studio writes one alone, about whomever it likes."""
    agreed = licences.licences_between(session, studio_id, [performer_id])
    if not any(licence.activated_at is not None for licence in agreed):
        raise UnknownSourceError(
            f"no licence of this organisation with the source {performer_id} was ever in force: sign one first, "
            f"or give the source under seal",
            performer_id=performer_id,
        )
    return performer_id


def own_attestation(session: Session, studio_id: str, attestation_id: str) -> SourceAttestation:
    """Answer an attestation of a studio.

    Raises:
        UnknownAttestationError: there is none, or it is another studio's.
    """
    attestation = session.get(SourceAttestation, attestation_id)
    if attestation is None or attestation.studio_id != studio_id:
        raise UnknownAttestationError(
            f"there is no attestation {attestation_id} of this organisation", attestation_id=attestation_id
        )
    return attestation


def require_sealed(session: Session, attestation_id: str) -> SourceAttestation:
    """Answer an attestation whose source is under seal.

    Raises:
        NotFoundError: no such attestation.
        ConflictError: its source is not under seal.
    """
    attestation = session.get(SourceAttestation, attestation_id)
    if attestation is None:
        raise NotFoundError("there is no such attestation")
    if not attestation.sealed:
        raise ConflictError("the source of this attestation is not under seal", state="open")
    return attestation


def opened_identity(ctx: Context, attestation: SourceAttestation) -> SealedIdentity:
    """Open an identity, to seal it again for another attestation or to show it to those who have unsealed it."""
    if attestation.identity is None or attestation.identity_key is None or attestation.identity_master_key_id is None:
        raise UnknownAttestationError(
            f"the source of {attestation.id} is not under seal: name the performer", attestation_id=attestation.id
        )
    key = WrappedKey(attestation.identity_master_key_id, attestation.identity_key)
    return open_identity(SealedBytes(attestation.identity, key), attestation.id, ctx.keys)


def _nameless(unit: Unit, principal: Principal) -> Performer:
    """Make the performer record of a source under seal."""
    performer = Performer(
        id=unit.new_id(IdPrefix.PERFORMER),
        name=SEALED_NAME,
        identity_assurance=IdentityAssurance.SELF_DECLARED,
        account_id=None,
        created_by=principal.account_id,
        created_at=unit.now,
        version=1,
    )
    unit.session.add(performer)
    unit.session.flush()
    unit.record(
        EventType.PERFORMER_REGISTERED,
        performer.id,
        principal.account_id,
        identity_assurance=performer.identity_assurance.value,
    )
    return performer


def _digest(attestation: SourceAttestation) -> str:
    """SHA-256 over all that is attested, as canonical JSON; of a sealed identity, the digest of its envelope."""
    identity = attestation.identity
    content = {
        "type": "source_attestation",
        "version": 1,
        "id": attestation.id,
        "studio_id": attestation.studio_id,
        "performer_id": attestation.performer_id,
        "product": attestation.product,
        "made_on": attestation.made_on.isoformat(),
        "recordings": attestation.recordings,
        "casting_sha256": attestation.casting_sha256,
        "direction_sha256": attestation.direction_sha256,
        "mentions": attestation.mentions,
        "identity_sha256": None if identity is None else hashlib.sha256(identity).hexdigest(),
    }
    return hashlib.sha256(canonical(content)).hexdigest()


def _record(unit: Unit, attestation: SourceAttestation, principal: Principal) -> None:
    unit.record(
        EventType.SOURCE_ATTESTED,
        attestation.id,
        principal.account_id,
        studio_id=attestation.studio_id,
        made_on=attestation.made_on.isoformat(),
        sealed=attestation.sealed,
        content_sha256=attestation.content_sha256,
    )


# --- reading ---------------------------------------------------------------------------------------------------------


def get_attestation(ctx: Context, principal: Principal, attestation_id: str) -> SourceAttestation:
    """Answer an attestation of one's own studio, or any to an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.ATTESTATIONS_READ)
    with ctx.database.read() as session:
        return visible_attestation(session, principal, attestation_id)


def visible_attestation(session: Session, principal: Principal, attestation_id: str) -> SourceAttestation:
    """Answer an attestation that the caller may see.

    Raises:
        NotFoundError: there is none that the caller may know of.
    """
    attestation = session.get(SourceAttestation, attestation_id)
    if attestation is None or not principal.may_see_organisation(attestation.studio_id):
        raise NotFoundError("there is no such attestation")
    return attestation


def list_attestations(
    ctx: Context, principal: Principal, *, after: str | None, limit: int
) -> Sequence[SourceAttestation]:
    """Answer a page of attestations, oldest first: those of one's own studio, or all to an operator."""
    principal.require(Scope.ATTESTATIONS_READ)
    studio_id = None if principal.is_operator else principal.organisation_id or ""
    with ctx.database.read() as session:
        return attestations.page_of_attestations(session, studio_id=studio_id, after=after, limit=limit)


def shown_as(ctx: Context, principal: Principal, performer_ids: Collection[str]) -> Mapping[str, str]:
    """Answer, of some performers, who is to be shown as an attestation because they are a source under seal.

    To the performer themselves, whoever acts for them, and operators, they are the record that they are.
    """
    if principal.is_operator:
        return {}
    with ctx.database.read() as session:
        sealed = attestations.sealed_sources(session, performer_ids)
    return {performer: shown for performer, shown in sealed.items() if performer not in principal.performer_ids}
