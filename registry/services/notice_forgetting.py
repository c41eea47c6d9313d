"""What becomes of the notices of somebody who is forgotten or deleted.

A notice that was never served is theirs alone: it is withdrawn, and emptied. One that was served keeps what was served,
which the other side has as well; what was listed because of any of them is looked for no more.
"""

from __future__ import annotations

from dataclasses import dataclass

from registry.domain.cases import CaseSide
from registry.domain.events import EventType
from registry.domain.notices import BEFORE_SERVICE, NoticeStep, WithdrawalGround
from registry.domain.stay_down import EntryEnding
from registry.services import stay_down
from registry.services.notice_access import Taker, journal_notice, take_notice_step
from registry.services.unit import Unit
from registry.store import cases, notices
from registry.store.notices import Notice
from registry.store.performers import Performer


@dataclass(frozen=True, slots=True)
class NoticesLeft:
    """What became of somebody's notices.

    Attributes:
        emptied: how many were never served, and say nothing any more.
        kept: how many were served, and still say what was served.
    """

    emptied: int = 0
    kept: int = 0


def end_notices_of(unit: Unit, performer: Performer, account_id: str, *, reason: str) -> NoticesLeft:
    """End what is left of a performer's notices, in the caller's unit, which holds the performer's lock.

    Their cases are locked after it, as everywhere: see `registry.services.case_access`. A notice that is drafted or
    listed meanwhile is in it, or finds the name gone.

    Args:
        unit: whose transaction it is.
        performer: locked.
        account_id: under which it is written down.
        reason: that stands with each notice that is withdrawn; nobody's name is in it.
    """
    cases.lock_cases_of(unit.session, performer.id)
    left = NoticesLeft()
    for notice in notices.lock_notices_of(unit.session, performer.id):
        stay_down.end_of_notice(unit, notice.id, EntryEnding.WITHDRAWN, account_id)
        if notice.served_at is not None:
            left = NoticesLeft(left.emptied, left.kept + 1)
            continue
        _withdraw(unit, notice, account_id, reason)
        left = NoticesLeft(left.emptied + 1, left.kept)
    return left


def _withdraw(unit: Unit, notice: Notice, account_id: str, reason: str) -> None:
    """Withdraw a notice that was never served, unless it has been, and take out of it whatever anybody wrote."""
    notice.elements, notice.affirmed, notice.materials, notice.considered = {}, [], [], []
    if notice.state in BEFORE_SERVICE:
        notice.ground, notice.due_at = WithdrawalGround.OTHER.value, None
        taker = Taker(CaseSide.COMPLAINANT, account_id)
        details = {"ground": WithdrawalGround.OTHER.value}
        take_notice_step(unit, notice, NoticeStep.WITHDRAW, taker, reason=reason, details=details)
    else:
        notice.version += 1
        journal_notice(unit, EventType.NOTICE_CHANGED, notice, account_id, version=notice.version)
    notice.document = notice.document_sha256 = notice.page = notice.page_sha256 = None
