"""Clearances: a studio asks before it uses a voice. Asking again later is `registry.services.clearance_status`."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Role, Scope
from registry.domain.approvals import ApprovalState, Beyond
from registry.domain.clearances import Clearing, Decision, WantedUse, consent_rested_on, decide_clearance
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.ledger import EntryKind
from registry.domain.licences import Licence
from registry.domain.policy import PerformerRecord
from registry.domain.uses_document import use_json, use_of_json
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.interchange.clearances import TOKEN_TYPE, ClearanceToken
from registry.services.context import Context, Thresholds
from registry.services.ledger import due_day, post
from registry.services.performers import narrowed
from registry.services.records import records_between
from registry.services.unit import Unit, unit_of_work
from registry.store import approvals, clearances, performers
from registry.store.approvals import Approval
from registry.store.clearances import Clearance
from registry.store.licences import Licence as LicenceRow
from registry.vault.signing import plain, signer

_ATTEMPTS = 5
"""How often a request is decided anew when what it rests on changes meanwhile."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One clearance as it was written down, and its token where it permits something."""

    clearance: Clearance
    token: str | None


def ask_clearances(ctx: Context, principal: Principal, wanted: Sequence[WantedUse]) -> Sequence[Answered]:
    """Decide each of some uses, write the answers down, and answer them in their order.

    1. What is known of every performer is read once, in one snapshot.
    2. The approvals of the copies that are named are locked, after the performers who are owed a fee for them: whoever
       else wants one of them comes afterwards.
    3. Each use is decided, in order; an approval serves the first that needs it, and no other.
    4. What a permission rests on is locked and looked at again; where a withdrawal or a change came first, all of it
       begins anew.
    5. All answers, the approvals that they use up, what is owed for those, and the journal's entry: one commit.
    6. What was permitted is signed. A crash before this loses nothing: a token can be had again from its clearance.

    Raises:
        ForbiddenError: the caller is no studio.
        InvalidInputError: nothing was asked.
        ConflictError: what the permissions rest on changes faster than they can be given; nothing was written.
    """
    studio_id = asking_studio(principal)
    if not wanted:
        raise InvalidInputError("nothing was asked: name at least one use", uses=0)
    for _ in range(_ATTEMPTS):
        given = _try_to_answer(ctx, principal, studio_id, wanted)
        if given is not None:
            decided, used_up = given
            return [Answered(*each) for each in zip(decided, tokens_of(ctx, decided, used_up), strict=True)]
    raise ConflictError("licences or consents were changed each time while this was decided; ask again")


def _try_to_answer(
    ctx: Context, principal: Principal, studio_id: str, wanted: Sequence[WantedUse]
) -> tuple[Sequence[Clearance], Mapping[str, str]] | None:
    """Answer the clearances and the approvals that they used up; None when something changed, and nothing was kept."""
    with ctx.database.read() as session:
        asked_about = {each.performer_id for each in wanted}
        records = records_between(session, studio_id, asked_about, now=ctx.clock())
    with unit_of_work(ctx) as unit:
        asked = _Asked(unit, ctx.thresholds, principal.account_id, studio_id, _lock_approvals(unit, studio_id, wanted))
        decided = [asked.decide(each, records[each.performer_id]) for each in wanted]
        if not _settle(unit, decided):
            return None
        clearances.add_clearances(unit.session, [_row(clearance) for clearance in decided])
        asked.use_up()
        _record(unit, principal, studio_id, decided)
        unit.commit()
    return decided, asked.used_up()


def _settle(unit: Unit, decided: Iterable[Clearance]) -> bool:
    """Keep every consent and licence that permissions rest on as it is until commit, and name the exact terms.

    Answers whether all of them are still as they were read; where one is not, nothing may be permitted on what was.
    """
    given = [clearance for clearance in decided if clearance.decision is Decision.PERMITTED]
    signed = {clearance.consent_id for clearance in given if clearance.consent_id is not None}
    if not clearances.lock_consents_in_force(unit.session, signed) >= signed:
        return False
    held = clearances.lock_licences_in_force(unit.session, {str(clearance.licence_id) for clearance in given})
    for clearance in given:
        terms = held.get(str(clearance.licence_id))
        if terms is None or terms.number != clearance.licence_version:
            return False
        clearance.terms_sha256 = terms.sha256
    return True


def asking_studio(principal: Principal) -> str:
    """Answer the studio that asks.

    Raises:
        ForbiddenError: the caller is no studio, or their token does not carry the scope.
    """
    principal.require(Scope.CLEARANCES_WRITE)
    if principal.role not in {Role.STUDIO_MEMBER, Role.STUDIO_ADMIN} or principal.organisation_id is None:
        raise ForbiddenError("a clearance is asked for by a studio", role=principal.role.value)
    return principal.organisation_id


Locked = Mapping[str, Sequence[Approval]]
"""Approvals by performer, locked until the transaction ends."""


def _lock_approvals(unit: Unit, studio_id: str, wanted: Sequence[WantedUse]) -> Locked:
    found: dict[str, list[Approval]] = defaultdict(list)
    copies = {each.use.copy_sha256 for each in wanted if each.use.copy_sha256 is not None}
    performers.lock_performers(unit.session, approvals.performers_owed_for(unit.session, studio_id, copies))
    for approval in approvals.lock_copies(unit.session, studio_id, copies):
        found[approval.performer_id].append(approval)
    return found


@dataclass(slots=True)
class _Asked:
    """One request, while it is being answered.

    Attributes:
        used: of the approvals that answers given so far rest on, the clearance that each was used up by.
    """

    unit: Unit
    thresholds: Thresholds
    account_id: str
    studio_id: str
    locked: Locked
    used: dict[str, str] = field(default_factory=dict)

    def decide(self, wanted: WantedUse, record: PerformerRecord) -> Clearance:
        """Decide one use; an approval that it rests on serves no other from now on."""
        free = [a.value() for a in self.locked.get(wanted.performer_id, ()) if a.id not in self.used]
        clearing = decide_clearance(wanted, record, free, now=self.unit.now)
        clearance = Clearance(
            id=self.unit.new_id(IdPrefix.CLEARANCE),
            studio_id=self.studio_id,
            performer_id=wanted.performer_id,
            project=wanted.use.project,
            use=use_json(wanted.use),
            beyond=sorted(each.value for each in wanted.beyond),
            decision=clearing.decision,
            reasons=[reason.as_json() for reason in clearing.reasons],
            licence_id=clearing.licence_id,
            decided_by=self.account_id,
            decided_at=self.unit.now,
        )
        if clearing.decision is Decision.PERMITTED:
            _rest_on(clearance, clearing, record, self.thresholds)
        if clearing.approval_id is not None:
            self.used[clearing.approval_id] = clearance.id
        return clearance

    def use_up(self) -> None:
        """Mark the approvals as used, and post their fees, once the clearances that they are used by are written."""
        for approval in (each for held in self.locked.values() for each in held):
            if approval.id in self.used:
                approval.state, approval.clearance_id = ApprovalState.USED, self.used[approval.id]
                approval.version += 1
                self.unit.record(
                    EventType.APPROVAL_USED, approval.id, self.account_id, clearance_id=approval.clearance_id
                )
                self._owe(approval)

    def _owe(self, approval: Approval) -> None:
        """Post the fee that was named when the performer was asked; an approval without one is paid by the terms."""
        if not approval.fee_minor or approval.currency is None:
            return
        licence = self.unit.session.get_one(LicenceRow, approval.licence_id)
        post(
            self.unit,
            licence,
            EntryKind.APPROVAL_FEE,
            approval.fee_minor,
            key=f"approval_fee:{approval.id}",
            currency=approval.currency,
            actor_id=self.account_id,
            due_on=due_day(licence.terms().pay, self.unit.now),
        )

    def used_up(self) -> Mapping[str, str]:
        """Answer the approval that each clearance has used up."""
        return {clearance_id: approval_id for approval_id, clearance_id in self.used.items()}


def _rest_on(clearance: Clearance, clearing: Clearing, record: PerformerRecord, thresholds: Thresholds) -> None:
    """Write what a permission rests on, and until when it holds."""
    (licence,) = [each for each in record.licences if each.id == clearing.licence_id]
    consent = consent_rested_on(record.consents)
    clearance.licence_version = licence.versions[-1].number if licence.versions else 1
    clearance.consent_id = None if consent is None else consent.id
    clearance.status_interval_s = thresholds.clearance_interval_s
    ends = [clearance.decided_at + timedelta(seconds=thresholds.clearance_lifetime_s), _end_of_term(licence)]
    if consent is not None and consent.expires_at is not None:
        ends.append(consent.expires_at)
    clearance.expires_at = min(ends)


def _end_of_term(licence: Licence) -> datetime:
    """Answer the midnight that ends a licence's last day, in UTC, as policy counts days."""
    return datetime.combine(licence.terms.last_day, time(), tzinfo=UTC) + timedelta(days=1)


_COLUMNS = tuple(column.key for column in Clearance.__table__.columns)


def _row(clearance: Clearance) -> dict[str, Any]:
    return {name: getattr(clearance, name) for name in _COLUMNS}


def _record(unit: Unit, principal: Principal, studio_id: str, decided: Sequence[Clearance]) -> None:
    """Journal what was asked and answered: one entry for all of it, with a digest that fixes each answer."""
    counted = Counter(clearance.decision for clearance in decided)
    unit.record(
        EventType.CLEARANCES_DECIDED,
        decided[0].id,
        principal.account_id,
        studio_id=studio_id,
        content_sha256=content_digest(decided),
        **{decision.value: counted[decision] for decision in Decision},
    )


def content_digest(decided: Iterable[Clearance]) -> str:
    """SHA-256 over the canonical JSON of some answers: ids, decisions, licences and uses, in their order."""
    content = [[c.id, c.performer_id, c.decision.value, c.licence_id, c.use, c.beyond] for c in decided]
    return hashlib.sha256(plain(content)).hexdigest()


# --- tokens ----------------------------------------------------------------------------------------------------------


def tokens_of(ctx: Context, given: Iterable[Clearance], used_up: Mapping[str, str]) -> list[str | None]:
    """Answer the token of each clearance, or None where it permits nothing.

    Args:
        ctx: what verbs work with.
        given: clearances.
        used_up: the approval that each of them has used up, by the clearance's id.
    """
    sign = signer(ctx.keys, typ=TOKEN_TYPE, write=plain)
    return [
        sign(token_of(each, used_up.get(each.id)).claims()) if each.decision is Decision.PERMITTED else None
        for each in given
    ]


def token_of(clearance: Clearance, approval_id: str | None) -> ClearanceToken:
    """Answer what the token of a permission says.

    Raises:
        NotFoundError: it permits nothing.
    """
    licence_id, version, digest = clearance.licence_id, clearance.licence_version, clearance.terms_sha256
    ends, interval = clearance.expires_at, clearance.status_interval_s
    if licence_id is None or version is None or digest is None or ends is None or interval is None:
        raise NotFoundError("there is no token: nothing was permitted")
    return ClearanceToken(
        clearance_id=clearance.id,
        studio_id=clearance.studio_id,
        wanted=wanted_of(clearance),
        licence_id=licence_id,
        licence_version=version,
        terms_sha256=digest,
        given_at=clearance.decided_at,
        expires_at=ends,
        status_interval=timedelta(seconds=interval),
        approval_id=approval_id,
    )


def wanted_of(clearance: Clearance) -> WantedUse:
    """Answer what a clearance is about, as the rules take it."""
    beyond = frozenset(Beyond(each) for each in clearance.beyond)
    return WantedUse(clearance.performer_id, use_of_json(clearance.use), beyond)


# --- reading ---------------------------------------------------------------------------------------------------------


def get_clearance(ctx: Context, principal: Principal, clearance_id: str) -> Answered:
    """Answer a clearance: to the studio that asked with its token, to the performer's side or an operator without.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    with ctx.database.read() as session:
        clearance = readable_clearance(session, principal, clearance_id)
        used_up = {str(a.clearance_id): a.id for a in approvals.approvals_used_by(session, [clearance.id])}
    if clearance.studio_id != principal.organisation_id:
        return Answered(clearance, None)
    (token,) = tokens_of(ctx, [clearance], used_up)
    return Answered(clearance, token)


def readable_clearance(session: Session, principal: Principal, clearance_id: str) -> Clearance:
    """Answer a clearance that the caller may read.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.CLEARANCES_READ)
    clearance = session.get(Clearance, clearance_id)
    if clearance is None or not _may_see(principal, clearance):
        raise NotFoundError("there is no such clearance")
    return clearance


def _may_see(principal: Principal, clearance: Clearance) -> bool:
    of_studio = principal.may_see_organisation(clearance.studio_id)
    return of_studio or principal.may_act_for(clearance.performer_id, Scope.CLEARANCES_READ)


def list_clearances(
    ctx: Context,
    principal: Principal,
    *,
    decision: Decision | None,
    performer_id: str | None = None,
    licence_id: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Clearance]:
    """Answer a page of clearances, newest first: of one's own studio, about oneself, or all to an operator."""
    principal.require(Scope.CLEARANCES_READ)
    studio_id, performer_ids = reach(principal)
    performer_ids = narrowed(performer_ids, performer_id)
    with ctx.database.read() as session:
        return clearances.page_of_clearances(
            session,
            studio_id=studio_id,
            performer_ids=performer_ids,
            decision=decision,
            licence_id=licence_id,
            after=after,
            limit=limit,
        )


def clearances_told(ctx: Context, principal: Principal, clearance_ids: Collection[str]) -> Mapping[str, Clearance]:
    """Answer those of some clearances that the caller may read, by id; none to whoever may read none."""
    if Scope.CLEARANCES_READ not in principal.scopes or not clearance_ids:
        return {}
    studio_id, performer_ids = reach(principal)
    with ctx.database.read() as session:
        found = clearances.clearances_named(session, sorted(clearance_ids))
    return {
        each.id: each
        for each in found
        if studio_id in {None, each.studio_id} and (performer_ids is None or each.performer_id in performer_ids)
    }


def reach(principal: Principal) -> tuple[str | None, Collection[str] | None]:
    """Answer whose clearances and approvals, and about whom, the caller reads; None stands for everybody's."""
    if principal.is_operator:
        return None, None
    if principal.role in {Role.PERFORMER, Role.REPRESENTATIVE}:
        return None, [p for p in principal.performer_ids if principal.may_act_for(p, Scope.CLEARANCES_READ)]
    return principal.organisation_id or "", None
