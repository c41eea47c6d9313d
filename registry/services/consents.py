"""Consents: signing them, and withdrawing them so that nothing is left to use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain import consents as rules
from registry.domain.accounts import Principal, Scope
from registry.domain.choices import NOTHING, LicensingChoices
from registry.domain.consents import (
    ConsentDecision,
    ConsentPurpose,
    ConsentState,
    Modality,
    require_transition,
)
from registry.domain.events import EventType
from registry.domain.explanations.course import Rest, require_explained
from registry.domain.ids import IdPrefix
from registry.domain.performers import end_of_minority, is_minor
from registry.domain.standing import Standing, standing
from registry.errors import ConflictError, EvidenceRequiredError, InvalidInputError, NotFoundError
from registry.services.context import Context
from registry.services.explanations import explanation_of
from registry.services.gallery_offers import end_offers_of
from registry.services.holders import Holder, gallery_holders_of, holders_of
from registry.services.performers import performer_to_change, visible_performer
from registry.services.signers import require_may_decide, signing_as
from registry.services.unit import Unit, require_version, unit_of_work
from registry.services.withdrawal import Withdrawal, already_withdrawn, await_workers, undo_what_rested_on, withdraw
from registry.store import consents
from registry.store.consents import Consent
from registry.store.performers import Performer, tombstones_of

# --- signing ---------------------------------------------------------------------------------------------------------


def sign_consent(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    purpose: ConsentPurpose,
    modality: Modality,
    decision: ConsentDecision,
    signed_by: str,
    signature_method: str,
    explanation_ids: Sequence[str] = (),
    choices: LicensingChoices = NOTHING,
    signature_evidence_sha256: str | None = None,
    expires_at: datetime | None = None,
) -> Consent:
    """Record a performer's signed yes or no, and let it take the place of the decision before it.

    A yes rests on explanations: one of the purpose, one of how a yes is taken back, and for licensing one for each use
    it is open to. Who signs has understood them: what an account has read alone carries no signature of another. After
    a withdrawal of the same, after being forgotten, and on coming of age, everything is explained anew.

    A no needs none; a *no* to monitoring, or to licensing, has every effect of a withdrawal. What was said yes to for a
    minor ends when they come of age.

    Args:
        performer_id: who decides.
        purpose, modality: about what.
        decision: yes or no.
        signed_by: the name under the signature.
        signature_method: how it was signed.
        explanation_ids: of what was explained.
        choices: for a yes to licensing, what is said to each use; unset is never.
        signature_evidence_sha256: digest of the signed document.
        expires_at: when it ends by itself.

    Raises:
        NotFoundError, ForbiddenError: no such performer or explanation, or not allowed to act for them.
        RepresentativeRequiredError: a minor, or somebody who has died, and another than guardian or estate signs.
        EvidenceRequiredError: an operator writes down what somebody else has signed, and shows nothing of it.
        ExplanationIncompleteError: what it rests on lacks something; figures ``missing`` and ``topics``.
        ConflictError: the performer has asked to be forgotten.
        InvalidInputError: the consent would have ended before it began, or its choices do not fit it.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        signed_as = signing_as(unit.session, principal, performer, unit.now)
        require_may_decide(
            unit.session, performer, signed_as, decision, evidence_sha256=signature_evidence_sha256, now=unit.now
        )
        _require_fitting_choices(purpose, decision, choices)
        if decision is ConsentDecision.GIVEN:
            _require_known(performer)
            rested_on = [explanation_of(unit.session, performer, each).value() for each in explanation_ids]
            signer = None if principal.is_operator else principal.account_id
            anew = _explained_anew_since(unit, performer, purpose, modality)
            require_explained(rested_on, Rest(purpose, modality, choices, signer, anew))
            _require_shown(principal, signature_evidence_sha256)
        consent = Consent(
            id=unit.new_id(IdPrefix.CONSENT),
            performer_id=performer.id,
            explanation_ids=sorted(set(explanation_ids)),
            purpose=purpose,
            modality=modality,
            decision=decision,
            state=ConsentState.ACTIVE,
            choices=choices.as_json() if _is_licensing_yes(purpose, decision) else None,
            signed_by=signed_by,
            signed_as=signed_as,
            signature_method=signature_method,
            signature_evidence_sha256=signature_evidence_sha256,
            signed_at=unit.now,
            expires_at=_ends_at(performer, decision, expires_at, unit.now),
            withdrawn_at=None,
            superseded_by=None,
            recorded_by=principal.account_id,
            recorded_at=unit.now,
            version=1,
        )
        put_in_force(unit, consent, principal.account_id)
        unit.commit()
    if decision is ConsentDecision.REFUSED:
        ctx.database.scrub()  # of what rested on a yes
    await_workers(ctx, unit.gallery_seq)
    return consent


def put_in_force(unit: Unit, consent: Consent, actor_id: str) -> None:
    """Let a decision take the place of the one before it, with everything that follows from a no."""
    _supersede(unit, consent, actor_id)
    unit.session.add(consent)
    unit.record(
        EventType.CONSENT_SIGNED,
        consent.id,
        actor_id,
        performer_id=consent.performer_id,
        explanation_ids=" ".join(consent.explanation_ids),
        purpose=consent.purpose.value,
        modality=consent.modality.value,
        decision=consent.decision.value,
        choices=" ".join(f"{use}={said}" for use, said in (consent.choices or {}).items()),
        signed_as=consent.signed_as.value,
    )
    if consent.decision is ConsentDecision.REFUSED:
        undo_what_rested_on(unit, consent, actor_id)


def _require_shown(principal: Principal, evidence_sha256: str | None) -> None:
    """Refuse a yes that only an operator says was given: a yes is provable (GDPR Art. 7(1)); a no must be easy."""
    if principal.is_operator and evidence_sha256 is None:
        raise EvidenceRequiredError(
            "an operator writes down a yes only with the digest of the document that was signed",
            evidence="signature_evidence_sha256",
        )


def _is_licensing_yes(purpose: ConsentPurpose, decision: ConsentDecision) -> bool:
    return purpose is ConsentPurpose.LICENSING and decision is ConsentDecision.GIVEN


def _require_fitting_choices(purpose: ConsentPurpose, decision: ConsentDecision, choices: LicensingChoices) -> None:
    if _is_licensing_yes(purpose, decision):
        if not choices.open_to:
            raise InvalidInputError(
                "a yes to licensing says for at least one use “ask” or “allow”: what is not said is never",
                purpose=purpose.value,
            )
    elif choices.open_to:
        raise InvalidInputError("only a yes to licensing has choices", purpose=purpose.value, decision=decision.value)


def _require_known(performer: Performer) -> None:
    if performer.forgotten_at is not None:
        raise ConflictError("the performer has asked to be forgotten; lift that first", state="forgotten")


def _explained_anew_since(
    unit: Unit, performer: Performer, purpose: ConsentPurpose, modality: Modality
) -> datetime | None:
    """Answer the last moment that asks for everything to be explained anew; None when there was none."""
    signed = consents.consents_of(unit.session, [performer.id])
    moments = [c.withdrawn_at for c in signed if (c.purpose, c.modality) == (purpose, modality)]
    moments += [tombstone.asked_at for tombstone in tombstones_of(unit.session, performer.id)]
    if performer.adult_on is not None and not is_minor(performer.adult_on, unit.now.date()):
        moments.append(end_of_minority(performer.adult_on))
    return max((moment for moment in moments if moment is not None), default=None)


def _ends_at(
    performer: Performer, decision: ConsentDecision, wanted: datetime | None, now: datetime
) -> datetime | None:
    """Answer when a consent ends by itself: at the latest when a minor comes of age, who then decides anew."""
    if wanted is not None and wanted <= now:
        raise InvalidInputError(f"the consent would have ended at {wanted.isoformat()}, before it began")
    if (
        decision is ConsentDecision.REFUSED
        or performer.adult_on is None
        or not is_minor(performer.adult_on, now.date())
    ):
        return wanted
    of_age = end_of_minority(performer.adult_on)
    return of_age if wanted is None else min(wanted, of_age)


def _supersede(unit: Unit, by: Consent, actor_id: str) -> None:
    before = consents.active_consent(unit.session, by.performer_id, by.purpose, by.modality)
    if before is None:
        return
    if (by.purpose, by.modality) == (ConsentPurpose.MONITORING, Modality.VOICE):
        end_offers_of(unit, by.performer_id, actor_id)
    before.state = ConsentState.SUPERSEDED
    before.version += 1
    unit.session.flush()  # only one consent may be active: the old one steps back before the new one is written
    unit.session.add(by)
    unit.session.flush()
    before.superseded_by = by.id
    unit.record(
        EventType.CONSENT_SUPERSEDED,
        before.id,
        actor_id,
        performer_id=by.performer_id,
        purpose=by.purpose.value,
        modality=by.modality.value,
        superseded_by=by.id,
    )


def list_consents(ctx: Context, principal: Principal, performer_id: str) -> Sequence[Consent]:
    """Answer every consent of a performer.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        return consents.consents_of(session, [visible_performer(session, principal, performer_id).id])


def get_consent(ctx: Context, principal: Principal, performer_id: str, consent_id: str) -> Consent:
    """Answer one consent.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        return consent_of(session, visible_performer(session, principal, performer_id), consent_id)


def consent_of(session: Session, performer: Performer, consent_id: str) -> Consent:
    """Answer a consent of a performer.

    Raises:
        NotFoundError: there is none of this id.
    """
    consent = session.get(Consent, consent_id)
    if consent is None or consent.performer_id != performer.id:
        raise NotFoundError("there is no such consent")
    return consent


# --- withdrawing -----------------------------------------------------------------------------------------------------


def withdraw_consent(
    ctx: Context, principal: Principal, performer_id: str, consent_id: str, *, if_version: int | None = None
) -> Withdrawal:
    """Withdraw one consent. As easy as giving it, and done when this returns; doing it again changes nothing.

    Raises:
        NotFoundError, ForbiddenError: no such performer or consent, or not allowed to act for them.
        ConflictError: the consent is neither active nor withdrawn; figure ``state``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        consent = consent_of(unit.session, performer, consent_id)
        unit.session.refresh(consent)
        if consent.state is ConsentState.WITHDRAWN:
            return already_withdrawn(unit.session, [consent], unit.now)
        require_version(consent.version, if_version)
        require_transition(consent.state, ConsentState.WITHDRAWN)
        return withdraw(unit, ctx, [consent], principal.account_id)


def withdraw_all(
    ctx: Context, principal: Principal, performer_id: str, *, modality: Modality | None = None
) -> Withdrawal:
    """Withdraw every consent of a performer, or every one for a modality, in one call; again, it changes nothing.

    Raises:
        NotFoundError, ForbiddenError: no such performer, or not allowed to act for them.
        ConflictError: there is no active consent to withdraw, and none was ever withdrawn.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        given = [
            consent
            for consent in consents.consents_of(unit.session, [performer.id])
            if consent.decision is ConsentDecision.GIVEN and modality in {None, consent.modality}
        ]
        if active := [consent for consent in given if consent.state is ConsentState.ACTIVE]:
            return withdraw(unit, ctx, active, principal.account_id)
        if ended := [consent for consent in given if consent.state is ConsentState.WITHDRAWN]:
            return already_withdrawn(unit.session, ended, unit.now)
    raise ConflictError("there is no active consent to withdraw", state="none")


@dataclass(frozen=True, slots=True)
class WhoMayUse:
    """Who may use a performer's voice, or search for it with a gallery file, or had to stop.

    Attributes:
        ended_at: when consent to licensing the voice last ended; None while it is in force or was never given.
        holders: while what they rest on is in force, who holds something and by when each would have to stop if it
            ended now; once it has ended, who had to stop, and by when.
    """

    ended_at: datetime | None
    holders: Sequence[Holder]


def who_may_use(ctx: Context, principal: Principal, performer_id: str) -> WhoMayUse:
    """Answer who may use a performer's voice at this moment, or had to stop, however consent to it has ended.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    now = ctx.clock()
    with ctx.database.read() as session:
        performer = visible_performer(session, principal, performer_id)
        held = [consent.value() for consent in consents.consents_of(session, [performer.id])]
        licensing = rules.latest_decision(held, ConsentPurpose.LICENSING, Modality.VOICE)
        monitoring = rules.latest_decision(held, ConsentPurpose.MONITORING, Modality.VOICE)
        found: list[Holder] = []
        ended_at = None
        if licensing is not None:
            ended_at = _ended_at(licensing, now)
            found += holders_of(session, performer.id, now, stopped_at=ended_at)
        if monitoring is not None:
            found += gallery_holders_of(session, performer.id, _ended_at(monitoring, now) or now)
        return WhoMayUse(ended_at, sorted(found, key=lambda holder: (holder.stop_by, holder.id)))


def _ended_at(decision: rules.Consent, now: datetime) -> datetime | None:
    """Answer when a decision stopped permitting anything, or None while it permits."""
    if decision.permits(now):
        return None
    return decision.expires_at if decision.state_at(now) is ConsentState.EXPIRED else decision.decided_at


def in_force(
    session: Session, performer_ids: Collection[str], purpose: ConsentPurpose, modality: Modality, now: datetime
) -> frozenset[str]:
    """Answer which of some performers have an active *yes* for a purpose and modality at ``now``."""
    signed: dict[str, list[rules.Consent]] = {}
    for consent in consents.consents_of(session, performer_ids):
        signed.setdefault(consent.performer_id, []).append(consent.value())
    return frozenset(
        performer_id for performer_id, own in signed.items() if rules.consent_in_force(own, purpose, modality, now)
    )


@dataclass(frozen=True, slots=True)
class PerformerStanding:
    """What a performer permits at this moment.

    Attributes:
        minor: whether they are one.
        modalities: how they stand for the voice and for the face.
    """

    minor: bool
    modalities: Sequence[Standing]


def standing_of(ctx: Context, principal: Principal, performer_id: str) -> PerformerStanding:
    """Answer what a performer permits at this moment.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    now = ctx.clock()
    with ctx.database.read() as session:
        performer = visible_performer(session, principal, performer_id)
        held = [consent.value() for consent in consents.consents_of(session, [performer.id])]
    forgotten = performer.forgotten_at is not None
    return PerformerStanding(
        minor=is_minor(performer.adult_on, now.date()),
        modalities=[standing(held, modality, now, forgotten=forgotten) for modality in Modality],
    )
