"""Agreeing to be one of many that a voice in dispute is compared with, and ending that: a yes apart from every other.

The text that says what it means is shown first, and its questions are asked. The yes ends with the consent to be looked
for, without which there is no voiceprint, and on coming of age. What somebody said of their voice is deleted with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.cohorts import Description
from registry.domain.cohorts.texts import CohortText, cohort_texts, require_understood
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality, SignedAs
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.performers import end_of_minority, is_minor
from registry.errors import ConflictError, ConsentMissingError, EvidenceRequiredError
from registry.services.context import Context
from registry.services.performers import performer_to_change, visible_performer
from registry.services.signers import require_may_decide, signing_as
from registry.services.unit import Unit, unit_of_work
from registry.store import cohort_agreements, consents
from registry.store.cohort_agreements import CohortAgreement
from registry.store.consents import Consent
from registry.store.performers import Performer

SYSTEM = "system"


def list_texts(principal: Principal) -> Sequence[CohortText]:
    """Answer what is said to somebody before they agree, in the order of the names of the texts.

    Raises:
        ForbiddenError: the caller's token does not carry the scope.
    """
    principal.require(Scope.PERFORMERS_READ)
    return [text for _, text in sorted(cohort_texts().items())]


def agree_to_cohorts(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    text_id: str,
    text_sha256: str,
    answers: Sequence[int],
    description: Description,
    signature_evidence_sha256: str | None = None,
) -> CohortAgreement:
    """Write that a performer agrees to be one of many. It takes the place of an agreement that has not ended.

    Args:
        performer_id: who agrees.
        text_id, text_sha256: of the text that was shown.
        answers: to its questions, each by the number of the option.
        description: what they say of their voice, as much of it as they like.
        signature_evidence_sha256: digest of the signed document, where an operator writes it down.

    Raises:
        NotFoundError, ForbiddenError: no such performer, or not allowed to act for them.
        RepresentativeRequiredError, EvidenceRequiredError: somebody else decides it, or nothing shows that they did.
        ExplanationIncompleteError, AnswerNotUnderstoodError: the text was not shown, or not understood.
        ConsentMissingError: they do not consent to be looked for, so that there is no voiceprint.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        require_understood(text_id, text_sha256, answers)
        signed_as = signing_as(unit.session, principal, performer, unit.now)
        require_may_decide(
            unit.session,
            performer,
            signed_as,
            ConsentDecision.GIVEN,
            evidence_sha256=signature_evidence_sha256,
            now=unit.now,
        )
        if signed_as is SignedAs.OPERATOR and signature_evidence_sha256 is None:
            raise EvidenceRequiredError(
                "an operator writes down what somebody else has signed only with the digest of that document",
                evidence="signature_evidence_sha256",
            )
        _require_monitored(unit.session, performer, unit.now)
        _end(unit, performer.id, principal.account_id)
        agreement = CohortAgreement(
            id=unit.new_id(IdPrefix.COHORT_AGREEMENT),
            performer_id=performer.id,
            text_id=text_id,
            text_sha256=text_sha256,
            answers=list(answers),
            description=description.as_json(),
            signed_as=signed_as,
            signature_evidence_sha256=signature_evidence_sha256,
            agreed_by=principal.account_id,
            agreed_at=unit.now,
            expires_at=_of_age(performer, unit.now),
        )
        unit.session.add(agreement)
        unit.record(
            EventType.COHORT_AGREED,
            agreement.id,
            principal.account_id,
            performer_id=performer.id,
            text_sha256=text_sha256,
            signed_as=signed_as.value,
        )
        unit.commit()
    return agreement


def _require_monitored(session: Session, performer: Performer, now: datetime) -> None:
    consent = consents.active_consent(session, performer.id, ConsentPurpose.MONITORING, Modality.VOICE)
    if consent is None or not consent.value().permits(now):
        raise ConsentMissingError(
            "the performer does not consent to be looked for, so that there is no voiceprint to compare with",
            purpose=ConsentPurpose.MONITORING.value,
            modality=Modality.VOICE.value,
        )


def _of_age(performer: Performer, now: datetime) -> datetime | None:
    """Answer when what was agreed for a minor ends; None for anybody else."""
    if performer.adult_on is None or not is_minor(performer.adult_on, now.date()):
        return None
    return end_of_minority(performer.adult_on)


def end_cohort_agreement(ctx: Context, principal: Principal, performer_id: str) -> CohortAgreement:
    """End it, with one action. From now on the performer is in no cohort; what is finished stays as it is.

    Raises:
        NotFoundError, ForbiddenError: no such performer, or not allowed to act for them.
        ConflictError: there is none that has not ended.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        ended = _end(unit, performer.id, principal.account_id)
        if ended is None:
            raise ConflictError("the performer has not agreed to it, or has ended it", state="ended")
        unit.commit()
    return ended


def end_agreement_with(unit: Unit, consent: Consent) -> None:
    """End it with the consent to be looked for, in the caller's unit."""
    if (consent.purpose, consent.modality) == (ConsentPurpose.MONITORING, Modality.VOICE):
        _end(unit, consent.performer_id, SYSTEM)


def list_cohort_agreements(ctx: Context, principal: Principal, performer_id: str) -> Sequence[CohortAgreement]:
    """Answer every agreement of a performer, the ended ones too, oldest first.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        performer = visible_performer(session, principal, performer_id)
        return cohort_agreements.agreements_of(session, performer.id)


def _end(unit: Unit, performer_id: str, actor_id: str) -> CohortAgreement | None:
    agreement = cohort_agreements.not_ended(unit.session, performer_id)
    if agreement is None:
        return None
    agreement.ended_at, agreement.description = unit.now, None
    unit.session.flush()
    unit.record(EventType.COHORT_AGREEMENT_ENDED, agreement.id, actor_id, performer_id=performer_id)
    return agreement
