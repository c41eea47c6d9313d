"""What waits for an answer of a performer's side: offers, questions about exact words, payments and cases."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.approvals import ApprovalState
from registry.domain.cases import CaseSide
from registry.domain.licences import IN_FORCE, LicenceState, Side
from registry.domain.payments import PaymentState
from registry.services.context import Context
from registry.store import approvals, cases, licences, payments
from registry.store.approvals import Approval
from registry.store.cases import Case
from registry.store.licences import Licence
from registry.store.payments import Payment

_LICENCES: Final = (Scope.LICENCES_READ, Scope.LICENCES_WRITE)
_CLEARANCES: Final = (Scope.CLEARANCES_READ, Scope.CLEARANCES_WRITE)
_LEDGER: Final = (Scope.LEDGER_READ, Scope.LEDGER_WRITE)
_CASES: Final = (Scope.CASES_READ, Scope.CASES_WRITE)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for an answer of one performer's side, as far as the caller may give it.

    Attributes:
        offers: licences of which a version was offered, and that this side has not signed.
        approvals: questions about exact words that can still be answered.
        payments: that studios say they have made.
        cases: in which this side is to go on.
    """

    offers: Sequence[Licence] = ()
    approvals: Sequence[Approval] = ()
    payments: Sequence[Payment] = ()
    cases: Sequence[Case] = ()

    def __bool__(self) -> bool:
        return bool(self.offers or self.approvals or self.payments or self.cases)


def what_waits(
    ctx: Context, principal: Principal, performer_ids: Collection[str], *, limit: int
) -> Mapping[str, Waiting]:
    """Answer what waits for each of some performers; who has nothing waiting is not in it.

    A statement for each kind, however many performers there are. What a mandate does not let the caller both read and
    answer is left out, and so is everything of performers whom they do not act for.

    Args:
        ctx: how things are done.
        principal: who asks.
        performer_ids: whose.
        limit: of each kind, at most so many of all performers together.
    """
    now = ctx.clock()
    with ctx.database.read() as session:
        offers = _offers(session, _whom(principal, performer_ids, _LICENCES), now, limit)
        asked = _approvals(session, _whom(principal, performer_ids, _CLEARANCES), now, limit)
        paid = _payments(session, _whom(principal, performer_ids, _LEDGER), limit)
        disputed = _cases(session, _whom(principal, performer_ids, _CASES), now, limit)
    whose = {each.performer_id for found in (offers, asked, paid, disputed) for each in found}
    return {
        performer_id: Waiting(
            offers=[each for each in offers if each.performer_id == performer_id],
            approvals=[each for each in asked if each.performer_id == performer_id],
            payments=[each for each in paid if each.performer_id == performer_id],
            cases=[each for each in disputed if each.performer_id == performer_id],
        )
        for performer_id in whose
    }


def waits_for_performer(licence: Licence, now: datetime) -> bool:
    """Whether a version of a licence was offered that can come into force, and that the performer has not signed."""
    return _waits_for(Side.PERFORMER, licence, now)


def offers_to_sign(ctx: Context, principal: Principal, *, limit: int) -> Sequence[Licence]:
    """Answer up to ``limit`` licences of the caller's studio with an offered version that it has not signed.

    The oldest come first; a licence in force of which the next version waits is one of them.
    """
    principal.require(Scope.LICENCES_READ)
    if principal.organisation_id is None:
        return []
    now = ctx.clock()
    with ctx.database.read() as session:
        found = licences.licences_to_sign(session, principal.organisation_id, limit=limit)
        return [each for each in found if _waits_for(Side.STUDIO, each, now)]


def _waits_for(side: Side, licence: Licence, now: datetime) -> bool:
    version, state = licence.newest, licence.value().state_at(now)
    could_be = state is LicenceState.OFFERED or (licence.activated_at is not None and state in IN_FORCE)
    offered = version.is_open and version.offered_at is not None
    return could_be and offered and version.signature_of(side) is None


def _whom(principal: Principal, performer_ids: Collection[str], scopes: Collection[Scope]) -> list[str]:
    """Answer for whom the caller may do all of this."""
    if not set(scopes) <= principal.scopes:
        return []
    return [each for each in performer_ids if all(principal.may_act_for(each, scope) for scope in scopes)]


def _offers(session: Session, whose: Collection[str], now: datetime, limit: int) -> Sequence[Licence]:
    if not whose:
        return []
    found = licences.licences_to_answer(session, whose, limit=limit)
    return [each for each in found if waits_for_performer(each, now)]


def _approvals(session: Session, whose: Collection[str], now: datetime, limit: int) -> Sequence[Approval]:
    if not whose:
        return []
    found = approvals.page_of_approvals(
        session, studio_id=None, performer_ids=whose, state=ApprovalState.REQUESTED, after=None, limit=limit
    )
    return [each for each in found if each.value().state_at(now) is ApprovalState.REQUESTED]


def _payments(session: Session, whose: Collection[str], limit: int) -> Sequence[Payment]:
    if not whose:
        return []
    return payments.page_of_payments(
        session, studio_id=None, performer_ids=whose, state=PaymentState.REPORTED, after=None, limit=limit
    )


def _cases(session: Session, whose: Collection[str], now: datetime, limit: int) -> Sequence[Case]:
    if not whose:
        return []
    waiting = CaseSide.COMPLAINANT, now
    return cases.page_of_cases(
        session, performer_ids=whose, studio_id=None, state=None, waiting=waiting, after=None, limit=limit
    )
