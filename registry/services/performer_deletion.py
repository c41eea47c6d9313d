"""Deleting a performer who has not asked for it: two operators do, on a ground, with evidence.

A performer's own wish needs no second person: they withdraw, or ask to be forgotten.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, RepresentativeKind
from registry.domain.consents import ConsentDecision, ConsentState
from registry.domain.events import EventType
from registry.domain.performers import DELETED_NAME
from registry.domain.proposals import DeletionGround, PerformerDeletion
from registry.errors import ConflictError, NotFoundError, RepresentativeRequiredError
from registry.services.civil_status import end_mandates
from registry.services.context import Context
from registry.services.forgetting import take_out_the_name
from registry.services.spoken_statement_work import erase_statements
from registry.services.unit import Unit, require_version
from registry.services.withdrawal import withdraw
from registry.store import cases, consents, performers
from registry.store.accounts import Account
from registry.store.performers import Performer


def require_deletable(session: Session, content: PerformerDeletion, now: datetime) -> Performer:
    """Answer a performer who may be deleted as proposed; locked where the transaction writes.

    Raises:
        NotFoundError: there is none.
        ConflictError: deleted before, or nobody has recorded the death that is the ground; figure ``state``.
        StaleVersionError: the record has changed since it was looked at.
        RepresentativeRequiredError: there is an estate, which decides.
    """
    performer = session.get(Performer, content.performer_id)
    if performer is None:
        raise NotFoundError("there is no such performer")
    session.refresh(performer, with_for_update=True)
    if performer.deleted_at is not None:
        raise ConflictError("the performer was deleted already", state="deleted")
    require_version(performer.version, content.version)
    if content.ground is DeletionGround.DIED_WITHOUT_ESTATE:
        _require_nobody_decides(session, performer, now)
    return performer


def _require_nobody_decides(session: Session, performer: Performer, now: datetime) -> None:
    if performer.died_on is None:
        raise ConflictError("no death of this performer is recorded, so that it is no ground", state="alive")
    if performers.mandates_for(session, performer.id, RepresentativeKind.ESTATE, now):
        raise RepresentativeRequiredError(
            "an estate acts for the performer: it decides whether they are forgotten",
            required=RepresentativeKind.ESTATE.value,
        )


def delete_performer(
    ctx: Context, unit: Unit, principal: Principal, content: PerformerDeletion, *, proposal_id: str
) -> None:
    """Delete a performer, and commit the caller's unit.

    1. It is possible as things are now.
    2. Every yes ends, with all that follows from a withdrawal: key and voiceprints are gone, licences rest.
    3. Whoever acts for the performer does so no more, and their own account is disabled.
    4. The name leaves the record, the account and what it signed; spoken statements, which say it, are deleted;
       notices that were never served are withdrawn and emptied, and so is what was offered and not signed.
    5. One commit, with the approval. What stays: the records of what was agreed and found, by ids, the texts of
       licences that they signed, and why this was done. The name is not refused: another person, or the right
       one, may be registered under it.

    Raises:
        NotFoundError, ConflictError, StaleVersionError, RepresentativeRequiredError: as `require_deletable`.
    """
    performer = require_deletable(unit.session, content, unit.now)
    cases.lock_cases_of(unit.session, performer.id)  # before their analyses, which end with the consents
    given = [
        consent
        for consent in consents.consents_of(unit.session, [performer.id])
        if consent.state is ConsentState.ACTIVE and consent.decision is ConsentDecision.GIVEN
    ]

    def delete() -> None:
        end_mandates(unit, performer, principal.account_id)
        _disable_account(unit, performer, principal.account_id)
        take_out_the_name(unit, performer, instead=DELETED_NAME, account_id=principal.account_id)
        statements = erase_statements(unit, performer.id)
        performer.deleted_at = unit.now
        performer.version += 1
        unit.record(
            EventType.PERFORMER_DELETED,
            performer.id,
            principal.account_id,
            proposal_id=proposal_id,
            ground=content.ground.value,
            evidence=content.evidence_sha256,
            spoken_statements=statements,
        )

    withdraw(unit, ctx, given, principal.account_id, also=delete)


def _disable_account(unit: Unit, performer: Performer, actor_id: str) -> None:
    account = None if performer.account_id is None else unit.session.get(Account, performer.account_id)
    if account is None or account.disabled_at is not None:
        return
    account.disabled_at = unit.now
    account.version += 1
    unit.record(EventType.ACCOUNT_DISABLED, account.id, actor_id)
