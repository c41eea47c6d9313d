"""For which side somebody looks at a case, and whether they may change it: a page asks before it reads a form."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.cases import PARTIES, CaseSide
from registry.errors import ForbiddenError
from registry.services import cases
from registry.services.people import colleagues_named, names_of
from registry.store.cases import Case

EVERYBODY = frozenset(CaseSide)
BOTH = PARTIES
CLAIM = frozenset({CaseSide.COMPLAINANT, CaseSide.REGISTRY})
ANSWER = frozenset({CaseSide.RESPONDENT, CaseSide.REGISTRY})
REGISTRY = frozenset({CaseSide.REGISTRY})
COMPLAINANT = frozenset({CaseSide.COMPLAINANT})
RESPONDENT = frozenset({CaseSide.RESPONDENT})


def side_of(studio_id: str) -> CaseSide:
    """Answer for which side of a case whoever is signed in looks at it; that they may see it is known."""
    if principal().is_operator:
        return CaseSide.REGISTRY
    return CaseSide.RESPONDENT if principal().organisation_id == studio_id else CaseSide.COMPLAINANT


def own_side() -> CaseSide:
    """Answer which side whoever is signed in would be on in a case."""
    if principal().is_operator:
        return CaseSide.REGISTRY
    return CaseSide.COMPLAINANT if principal().organisation_id is None else CaseSide.RESPONDENT


def may_change(performer_id: str, side: CaseSide) -> bool:
    """Whether whoever is signed in may file and take steps for their side; the verbs ask again."""
    mandate = side is not CaseSide.COMPLAINANT or principal().may_act_for(performer_id, Scope.CASES_WRITE)
    return mandate and Scope.CASES_WRITE in principal().scopes


def names_told(
    *,
    performers: Collection[str | None],
    organisations: Collection[str | None],
    accounts: Collection[str | None],
) -> Mapping[str, str]:
    """Answer the names of parties, and of those people who are of the side of whoever is signed in, or the registry's.

    What a page says of somebody of the other side is which side that is.
    """
    parties = names_of(context(), performers=performers, organisations=organisations)
    return {**parties, **colleagues_named(context(), principal(), accounts)}


def may_open() -> bool:
    """Whether there is a performer for whom whoever is signed in could open a case."""
    if Scope.CASES_WRITE not in principal().scopes or own_side() is CaseSide.RESPONDENT:
        return False
    covered = principal().performer_ids.values()
    return principal().is_operator or any(Scope.CASES_WRITE in scopes for scopes in covered)


def require_opening(performer_id: str | None = None) -> None:
    """Refuse to open a case to whoever is on no side that could, or whose mandates cover it for nobody.

    Args:
        performer_id: for whom, where that is known already.

    Raises:
        ForbiddenError: they may not change cases, could only answer in one, or act for nobody in this.
    """
    principal().require(Scope.CASES_WRITE)
    if own_side() is CaseSide.RESPONDENT:
        raise ForbiddenError("a case is opened by the performer's side, or by the registry", side=own_side().value)
    if not (may_open() if performer_id is None else principal().may_act_for(performer_id, Scope.CASES_WRITE)):
        raise ForbiddenError("the mandate does not cover this", scope=Scope.CASES_WRITE.value)


def acting_in(case_id: str, sides: frozenset[CaseSide] = EVERYBODY) -> Case:
    """Answer a case to whoever may take a step of these sides in it, before what they sent is looked at.

    Raises:
        ForbiddenError: they may not change cases, or it is another side's step.
        NotFoundError: no such case that they may know of.
    """
    principal().require(Scope.CASES_WRITE)
    case = cases.get_case(context(), principal(), case_id)
    side = side_of(case.studio_id)
    if side not in sides or not may_change(case.performer_id, side):
        raise ForbiddenError("that is for another side of the case", side=side.value)
    return case
