"""Who may see a case, for which side they speak, and how what happens to it is journalled.

Locks are taken in one order, by every verb: performers by their ids, then the case, then its notice or its analysis,
then licences and work, and the turn of the journal last. Whoever may need one that comes earlier takes it beforehand:
two verbs that took them in two orders would wait for each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Role, Scope
from registry.domain.cases import CaseSide
from registry.domain.events import EventType
from registry.errors import ConflictError, ForbiddenError, NotFoundError
from registry.services.unit import Unit, require_version
from registry.store import cases
from registry.store.cases import Case
from registry.store.performers import lock_performers


def visible_case(session: Session, principal: Principal, case_id: str) -> tuple[Case, CaseSide]:
    """Answer a case, and for which side of it the caller speaks.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    case = session.get(Case, case_id)
    side = None if case is None else _side(principal, case)
    if case is None or side is None:
        raise NotFoundError("there is no such case")
    return case, side


@dataclass(frozen=True, slots=True)
class Acting:
    """Somebody who changes a case.

    Attributes:
        unit: whose transaction it is.
        principal: who it is.
        case: locked until the transaction ends.
        side: for which they speak.
    """

    unit: Unit
    principal: Principal
    case: Case
    side: CaseSide

    def record(self, event: EventType, **details: str | int | None) -> None:
        """Journal what happened to the case: ids, states and figures."""
        journal(self.unit, event, self.case, self.principal, **details)


def acting(unit: Unit, principal: Principal, case_id: str, if_version: int | None = None) -> Acting:
    """Answer a case as `visible_case` does, locked until the transaction ends, to whoever may change it.

    Whose records the case may change is locked before it: closing it, for one, lets licences go on.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the token does not carry the scope, or the mandate does not cover it.
        ConflictError: another source was named in it at this very moment.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.CASES_WRITE)
    case, side = visible_case(unit.session, principal, case_id)
    if side is CaseSide.COMPLAINANT and not principal.may_act_for(case.performer_id, Scope.CASES_WRITE):
        raise ForbiddenError("the mandate for this performer does not cover cases", scope=Scope.CASES_WRITE.value)
    lock_case(unit.session, case)
    require_version(case.version, if_version)
    return Acting(unit, principal, case, side)


def lock_case(session: Session, case: Case) -> None:
    """Lock a case until the transaction ends, and before it whose records it may change.

    Raises:
        ConflictError: somebody else's records are among them by now; figure ``case_id``.
    """
    people = cases.performers_in(session, case.id)
    lock_performers(session, sorted(people))
    session.refresh(case, with_for_update=True)
    if not cases.performers_in(session, case.id) <= people:
        raise ConflictError("the case was changed at this very moment: read it again", case_id=case.id)


def _side(principal: Principal, case: Case) -> CaseSide | None:
    if principal.is_operator:
        return CaseSide.REGISTRY
    if principal.role in {Role.PERFORMER, Role.REPRESENTATIVE}:
        reads = principal.may_act_for(case.performer_id, Scope.CASES_READ)
        return CaseSide.COMPLAINANT if reads else None
    return CaseSide.RESPONDENT if principal.organisation_id == case.studio_id else None


def journal(unit: Unit, event: EventType, case: Case, principal: Principal, **details: str | int | None) -> None:
    """Journal what happened to a case: ids, states and figures."""
    unit.record(
        event,
        case.id,
        principal.account_id,
        performer_id=case.performer_id,
        studio_id=case.studio_id,
        state=case.state.value,
        **details,
    )
