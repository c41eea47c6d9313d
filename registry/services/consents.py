"""Explanations and consents: recording them, and withdrawing them so that nothing is left to use."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from registry.domain import consents as rules
from registry.domain.accounts import Principal, Scope
from registry.domain.consents import (
    Answer,
    ConsentDecision,
    ConsentPurpose,
    ConsentState,
    Modality,
    require_complete,
    require_transition,
)
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services.context import Context
from registry.services.performers import performer_to_change, visible_performer
from registry.services.unit import Unit, require_version, unit_of_work
from registry.services.withdrawal import Withdrawal, await_workers, undo_what_rested_on, withdraw
from registry.store import consents
from registry.store.consents import Consent, Explanation
from registry.store.performers import Performer

# --- explanations ----------------------------------------------------------------------------------------------------


def record_explanation(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    purpose: ConsentPurpose,
    modality: Modality,
    language: str,
    text: str,
    explained_by: str,
    channel: str,
    duration_s: float,
    answers: Sequence[Answer],
    copy_delivered_at: datetime | None,
) -> Explanation:
    """Record what a performer was told: the exact text, and what they answered. It is never changed afterwards.

    Raises:
        NotFoundError, ForbiddenError: no such performer, or not allowed to act for them.
        InvalidInputError: the copy is said to be delivered in the future.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        if copy_delivered_at is not None and copy_delivered_at > unit.now + timedelta(minutes=5):
            raise InvalidInputError(
                f"a copy cannot have been delivered at {copy_delivered_at.isoformat()}, in the future"
            )
        explanation = Explanation(
            id=unit.new_id(IdPrefix.EXPLANATION),
            performer_id=performer.id,
            purpose=purpose,
            modality=modality,
            language=language,
            text=text,
            text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            explained_by=explained_by,
            channel=channel,
            duration_s=duration_s,
            answers=[asdict(answer) for answer in answers],
            copy_delivered_at=copy_delivered_at,
            recorded_by=principal.account_id,
            recorded_at=unit.now,
        )
        unit.session.add(explanation)
        unit.record(
            EventType.EXPLANATION_RECORDED,
            explanation.id,
            principal.account_id,
            performer_id=performer.id,
            purpose=purpose.value,
            modality=modality.value,
            language=language,
            text_sha256=explanation.text_sha256,
        )
        unit.commit()
    return explanation


def list_explanations(ctx: Context, principal: Principal, performer_id: str) -> Sequence[Explanation]:
    """Answer every explanation given to a performer.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        return consents.explanations_of(session, visible_performer(session, principal, performer_id).id)


def get_explanation(ctx: Context, principal: Principal, performer_id: str, explanation_id: str) -> Explanation:
    """Answer one explanation.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        return _explanation(session, visible_performer(session, principal, performer_id), explanation_id)


def _explanation(session: Session, performer: Performer, explanation_id: str) -> Explanation:
    explanation = session.get(Explanation, explanation_id)
    if explanation is None or explanation.performer_id != performer.id:
        raise NotFoundError("there is no such explanation")
    return explanation


# --- consents --------------------------------------------------------------------------------------------------------


def sign_consent(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    purpose: ConsentPurpose,
    modality: Modality,
    decision: ConsentDecision,
    explanation_id: str,
    signed_by: str,
    signature_method: str,
    signature_evidence_sha256: str | None = None,
    expires_at: datetime | None = None,
) -> Consent:
    """Record a performer's signed yes or no, and let it take the place of the decision before it.

    A *no* to monitoring, or to licensing, has every effect of a withdrawal.

    Raises:
        NotFoundError, ForbiddenError: no such performer or explanation, or not allowed to act for them.
        ExplanationIncompleteError: the explanation lacks something; figure ``missing``.
        InvalidInputError: the consent would have ended before it began.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        explanation = _explanation(unit.session, performer, explanation_id)
        require_complete(explanation.value(), purpose, modality)
        if expires_at is not None and expires_at <= unit.now:
            raise InvalidInputError(f"the consent would have ended at {expires_at.isoformat()}, before it began")
        consent = Consent(
            id=unit.new_id(IdPrefix.CONSENT),
            performer_id=performer.id,
            explanation_id=explanation.id,
            purpose=purpose,
            modality=modality,
            decision=decision,
            state=ConsentState.ACTIVE,
            signed_by=signed_by,
            signature_method=signature_method,
            signature_evidence_sha256=signature_evidence_sha256,
            signed_at=unit.now,
            expires_at=expires_at,
            withdrawn_at=None,
            superseded_by=None,
            recorded_by=principal.account_id,
            recorded_at=unit.now,
            version=1,
        )
        _supersede(unit, performer, consent, principal.account_id)
        unit.session.add(consent)
        unit.record(
            EventType.CONSENT_SIGNED,
            consent.id,
            principal.account_id,
            performer_id=performer.id,
            explanation_id=explanation.id,
            purpose=purpose.value,
            modality=modality.value,
            decision=decision.value,
        )
        if decision is ConsentDecision.REFUSED:
            undo_what_rested_on(unit, consent, principal.account_id)
        unit.commit()
    await_workers(ctx, unit.gallery_seq)
    return consent


def _supersede(unit: Unit, performer: Performer, by: Consent, actor_id: str) -> None:
    before = consents.active_consent(unit.session, performer.id, by.purpose, by.modality)
    if before is None:
        return
    before.state = ConsentState.SUPERSEDED
    before.version += 1
    unit.session.flush()  # only one consent may be active: the old one steps back before the new one is written
    unit.session.add(by)
    unit.session.flush()
    before.superseded_by = by.id
    unit.record(EventType.CONSENT_SUPERSEDED, before.id, actor_id, performer_id=performer.id, superseded_by=by.id)


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
        return _consent(session, visible_performer(session, principal, performer_id), consent_id)


def _consent(session: Session, performer: Performer, consent_id: str) -> Consent:
    consent = session.get(Consent, consent_id)
    if consent is None or consent.performer_id != performer.id:
        raise NotFoundError("there is no such consent")
    return consent


def withdraw_consent(
    ctx: Context, principal: Principal, performer_id: str, consent_id: str, *, if_version: int | None = None
) -> Withdrawal:
    """Withdraw one consent. As easy as giving it, and done when this returns.

    Raises:
        NotFoundError, ForbiddenError: no such performer or consent, or not allowed to act for them.
        ConflictError: the consent is not active; figure ``state``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        consent = _consent(unit.session, performer, consent_id)
        require_version(consent.version, if_version)
        require_transition(consent.state, ConsentState.WITHDRAWN)
        return withdraw(unit, ctx, [consent], principal.account_id)


def withdraw_all(
    ctx: Context, principal: Principal, performer_id: str, *, modality: Modality | None = None
) -> Withdrawal:
    """Withdraw every consent of a performer, or every one for a modality, in one call.

    Raises:
        NotFoundError, ForbiddenError: no such performer, or not allowed to act for them.
        ConflictError: there is no active consent to withdraw.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        active = [
            consent
            for consent in consents.consents_of(unit.session, [performer.id])
            if consent.state is ConsentState.ACTIVE
            and consent.decision is ConsentDecision.GIVEN
            and modality in {None, consent.modality}
        ]
        if not active:
            raise ConflictError("there is no active consent to withdraw", state="none")
        return withdraw(unit, ctx, active, principal.account_id)


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
