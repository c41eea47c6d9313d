"""Who may see a case, for which side they speak, and how what happens to it is journalled."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Role, Scope
from registry.domain.cases import CaseSide
from registry.domain.events import EventType
from registry.errors import ForbiddenError, NotFoundError
from registry.services.unit import Unit, require_version
from registry.store.cases import Case


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

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: the token does not carry the scope, or the mandate does not cover it.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.CASES_WRITE)
    case, side = visible_case(unit.session, principal, case_id)
    if side is CaseSide.COMPLAINANT and not principal.may_act_for(case.performer_id, Scope.CASES_WRITE):
        raise ForbiddenError("the mandate for this performer does not cover cases", scope=Scope.CASES_WRITE.value)
    unit.session.refresh(case, with_for_update=True)
    require_version(case.version, if_version)
    return Acting(unit, principal, case, side)


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
