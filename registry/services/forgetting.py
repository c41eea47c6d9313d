"""Forgetting: no template, no name, and a refusal of both from then on; a tombstone says that it was asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import product

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
from registry.domain.events import EventType
from registry.domain.explanations.topics import Topic
from registry.domain.ids import IdPrefix
from registry.domain.performers import FORGOTTEN_NAME, comparable_name
from registry.errors import ConflictError, EvidenceRequiredError, ExplanationIncompleteError, InvalidInputError
from registry.services.consents import put_in_force
from registry.services.context import Context
from registry.services.explanation_texts import find_text
from registry.services.licence_forgetting import end_offers_to
from registry.services.notice_forgetting import NoticesLeft, end_notices_of
from registry.services.performers import performer_to_change, require_name_free
from registry.services.signers import require_may_decide, signing_as
from registry.services.spoken_statement_work import erase_statements
from registry.services.unit import Unit, unit_of_work
from registry.services.withdrawal import Withdrawal, withdraw
from registry.store import cases, consents, enrolments, idempotency, performers
from registry.store.accounts import Account
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment
from registry.store.performers import Performer, RefusedName, Tombstone
from registry.vault.commitments import name_digest

_METHOD = "electronic"
_PROBLEM_TAKEN_OUT = "what was wrong with the recordings is not kept of somebody who was forgotten"
_NOTICE_WITHDRAWN = "whoever it was for is not in the record any more, and nobody had been served"
_THEIR_OWN = frozenset({SignedAs.PERFORMER, SignedAs.OPERATOR, SignedAs.UNRECORDED})
"""Capacities in which the name under a signature is the performer's own."""
_REFUSED = (ConsentPurpose.MONITORING, ConsentPurpose.LICENSING)


def forget_performer(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    text_id: str,
    text_sha256: str,
    also_known_as: Sequence[str] = (),
    signature_evidence_sha256: str | None = None,
) -> Withdrawal:
    """Forget a performer: the explicit choice opposite to being monitored.

    1. The text that says what this means has been shown: its id and digest are given back.
    2. Every yes ends, with all that follows from a withdrawal, and a signed no to monitoring and licensing takes its
       place, for the voice and the face.
    3. The name and further names leave the record, and spoken statements, which say it, are deleted; keyed digests of
       the names refuse a later registration or enrolment. Notices that were never served are withdrawn and emptied;
       those that were keep what was served. What was offered and not signed ends, and its text is emptied.
    4. A tombstone says that it was asked for, when, and after which text.
    5. One commit of all of it.

    Args:
        performer_id: who asks.
        text_id, text_sha256: of the text on being forgotten that was shown.
        also_known_as: further names to refuse, such as stage names.
        signature_evidence_sha256: digest of the signed wish, where an operator writes it down.

    Raises:
        NotFoundError, ForbiddenError: no such performer, or not allowed to act for them.
        RepresentativeRequiredError: for somebody who has died, the estate decides.
        EvidenceRequiredError: an operator writes that down, and shows nothing of it.
        ExplanationIncompleteError: another text than the one on being forgotten, or other words.
        InvalidInputError: a further name has neither letters nor digits.
        ConflictError: it has been asked for already.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        signed_as = signing_as(unit.session, principal, performer, unit.now)
        require_may_decide(
            unit.session,
            performer,
            signed_as,
            ConsentDecision.REFUSED,
            evidence_sha256=signature_evidence_sha256,
            now=unit.now,
        )
        if signed_as is SignedAs.OPERATOR and signature_evidence_sha256 is None:
            raise EvidenceRequiredError(
                "an operator writes down a wish to be forgotten only with the digest of what was signed; without one, "
                "another operator has to approve that they be deleted",
                evidence="signature_evidence_sha256",
            )
        if performer.forgotten_at is not None:
            raise ConflictError("the performer has been forgotten already", state="forgotten")
        _require_told(unit.session, text_id, text_sha256)
        cases.lock_cases_of(unit.session, performer.id)  # before their analyses, which end with the consents
        names = [performer.name, *also_known_as]
        given = [
            consent
            for consent in consents.consents_of(unit.session, [performer.id])
            if consent.state is ConsentState.ACTIVE and consent.decision is ConsentDecision.GIVEN
        ]

        left: list[NoticesLeft] = []

        def bury() -> None:
            left.append(_bury(ctx, unit, performer, principal, text_id=text_id, text_sha256=text_sha256, names=names))
            for purpose, modality in product(_REFUSED, Modality):
                refusal = _refusal(unit, performer, principal, purpose=purpose, modality=modality)
                refusal.signed_as = signed_as
                refusal.signature_evidence_sha256 = signature_evidence_sha256
                put_in_force(unit, refusal, principal.account_id)

        done = withdraw(unit, ctx, given, principal.account_id, also=bury)
    return replace(done, notices=left[0])


def _require_told(session: Session, text_id: str, text_sha256: str) -> None:
    """Refuse to forget somebody who was not told that they cannot be found any more."""
    text = find_text(session, text_id)
    if text is None or text.topic is not Topic.FORGET_ME or text.text_sha256 != text_sha256:
        raise ExplanationIncompleteError(
            "show the text on being forgotten first, and give its id and its digest back",
            missing=["the text on being forgotten was not shown"],
            topics=[Topic.FORGET_ME.value],
        )


def _bury(
    ctx: Context,
    unit: Unit,
    performer: Performer,
    principal: Principal,
    *,
    text_id: str,
    text_sha256: str,
    names: Sequence[str],
) -> NoticesLeft:
    """Put a tombstone in the place of a name."""
    if nameless := [name for name in names if not comparable_name(name)]:
        raise InvalidInputError("a name to be refused has letters or digits", names=nameless)
    digests = {name_digest(ctx.keys, name) for name in names}
    tombstone = Tombstone(
        id=unit.new_id(IdPrefix.TOMBSTONE),
        performer_id=performer.id,
        text_id=text_id,
        text_sha256=text_sha256,
        names=len(digests),
        asked_by=principal.account_id,
        asked_at=unit.now,
    )
    return put_tombstone(unit, performer, tombstone, digests, principal.account_id)


def put_tombstone(
    unit: Unit, performer: Performer, tombstone: Tombstone, name_digests: Collection[str], actor_id: str
) -> NoticesLeft:
    """Put a tombstone in the place of a name, in the caller's unit; answer what became of the notices."""
    unit.session.add(tombstone)
    unit.session.flush()
    unit.session.add_all(RefusedName(tombstone_id=tombstone.id, name_digest=digest) for digest in sorted(name_digests))
    left = take_out_the_name(unit, performer, instead=FORGOTTEN_NAME, account_id=tombstone.asked_by)
    statements = erase_statements(unit, performer.id)
    performer.forgotten_at = tombstone.asked_at
    performer.version += 1
    unit.record(
        EventType.PERFORMER_FORGOTTEN,
        tombstone.id,
        actor_id,
        performer_id=performer.id,
        names=len(name_digests),
        text_sha256=tombstone.text_sha256,
        spoken_statements=statements,
    )
    return left


def take_out_the_name(unit: Unit, performer: Performer, *, instead: str, account_id: str) -> NoticesLeft:
    """Take the name out of the record, wherever it may stand in it.

    1. It is the name of the performer, and of their own account.
    2. It is under what they signed. Who signed for them, such as a guardian, keeps theirs: it is another person's, and
       their proof.
    3. What recordings were called, and how they were labelled, often is or has the name.
    4. Answers that are kept for a request sent twice say the name; the request sent again is then done again, and
       refused.
    5. Notices that nobody was served with are withdrawn, and say nothing any more; `end_notices_of`.
    6. Licences that they did not sign end, and keep no text; `end_offers_to`.

    Args:
        instead: what stands in its place from now on, but under signatures, which the database lets change to one
            thing only: `FORGOTTEN_NAME`.
        account_id: under which the withdrawal of notices is written down.
    """
    performer.name = instead
    _name_account(unit, performer, instead)
    for consent in consents.consents_of(unit.session, [performer.id]):
        if consent.signed_as in _THEIR_OWN and consent.signed_by != FORGOTTEN_NAME:
            consent.signed_by = FORGOTTEN_NAME
            consent.version += 1
    for enrolment in enrolments.enrolments_of(unit.session, performer.id):
        _take_out_of_recordings(enrolment)
    idempotency.forget_about(unit.session, [each for each in (performer.id, performer.account_id) if each is not None])
    left = end_notices_of(unit, performer, account_id, reason=_NOTICE_WITHDRAWN)
    end_offers_to(unit, performer, account_id)
    return left


def _take_out_of_recordings(enrolment: Enrolment) -> None:
    """Number recordings in place of naming them; their digests and figures stay, and so does why they were refused."""
    enrolment.recordings = [
        recording | {"filename": f"recording {number}", "label": f"recording {number}"}
        for number, recording in enumerate(enrolment.recordings, 1)
    ]
    if enrolment.problem is not None:
        enrolment.problem = {"slug": enrolment.problem["slug"], "detail": _PROBLEM_TAKEN_OUT, "figures": {}}
    enrolment.version += 1


def _name_account(unit: Unit, performer: Performer, name: str) -> None:
    """Give the performer's own account a name, if there is one."""
    account = None if performer.account_id is None else unit.session.get(Account, performer.account_id)
    if account is not None and account.name != name:
        account.name = name
        account.version += 1


def _refusal(
    unit: Unit, performer: Performer, principal: Principal, *, purpose: ConsentPurpose, modality: Modality
) -> Consent:
    return Consent(
        id=unit.new_id(IdPrefix.CONSENT),
        performer_id=performer.id,
        explanation_ids=[],
        purpose=purpose,
        modality=modality,
        decision=ConsentDecision.REFUSED,
        state=ConsentState.ACTIVE,
        choices=None,
        signed_by=FORGOTTEN_NAME,
        signature_method=_METHOD,
        signed_at=unit.now,
        recorded_by=principal.account_id,
        recorded_at=unit.now,
        version=1,
    )


def remember_performer(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    name: str,
    signature_evidence_sha256: str | None = None,
) -> Performer:
    """Lift the wish to be forgotten. Nothing comes back by it: every consent and every recording is asked for anew.

    It lets the name be used again, so it is decided as a yes is: for a minor by the guardian, for the dead by the
    estate.

    Args:
        performer_id: who has changed their mind.
        name: as they are to be known.
        signature_evidence_sha256: digest of the signed wish, where an operator writes down a guardian's or an estate's.

    Raises:
        NotFoundError, ForbiddenError: no such performer, or not allowed to act for them.
        RepresentativeRequiredError, EvidenceRequiredError: somebody else decides it for this performer.
        ConflictError: the performer has not asked to be forgotten.
        NameRefusedError: somebody else of that name has asked to be forgotten.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        signed_as = signing_as(unit.session, principal, performer, unit.now)
        require_may_decide(
            unit.session,
            performer,
            signed_as,
            ConsentDecision.GIVEN,
            evidence_sha256=signature_evidence_sha256,
            now=unit.now,
        )
        tombstone = performers.tombstone_of(unit.session, performer.id)
        if tombstone is None:
            raise ConflictError("the performer has not asked to be forgotten", state="known")
        tombstone.lifted_at = unit.now
        unit.session.flush()
        if performer.namesake_evidence_sha256 is None:
            require_name_free(ctx, unit.session, name)
        performer.name, performer.forgotten_at = name, None
        _name_account(unit, performer, name)
        performer.version += 1
        unit.record(EventType.PERFORMER_REMEMBERED, tombstone.id, principal.account_id, performer_id=performer.id)
        unit.commit()
    return performer
