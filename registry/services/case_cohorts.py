"""Cohorts of a case: who else it might be. Each side may propose one, and the registry states one with an analysis.

People of the registry are in one only if they agreed to exactly that, and consent to be looked for, without which there
is no voiceprint. Nobody who has to do with the case is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session, undefer

from registry.domain.accounts import Principal, Scope
from registry.domain.case_analyses import CohortAsked, require_cohorts_open
from registry.domain.cases import CaseSide
from registry.domain.cohorts import TENS, Criteria, require_enough
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.errors import ConflictError, DuplicateError, ForbiddenError, InvalidInputError, NotFoundError
from registry.interchange.cohort_archives import CohortArchive
from registry.services.case_access import Acting, acting, visible_case
from registry.services.case_papers import opened_content
from registry.services.consents import in_force
from registry.services.context import Context
from registry.services.unit import unit_of_work
from registry.store import case_analyses, cohort_agreements, performers
from registry.store.case_analyses import CaseCohort, CaseCohortRefusal
from registry.store.cases import Case, CasePaper
from registry.store.parts import in_parts
from registry.vault.commitments import cohort_key, cohort_offset
from registry.vault.signing import canonical

MOST_REFUSED = 5
"""Cohorts of one party, or of one account, over all of its cases, within `REFUSALS_COUNT_FOR`."""
REFUSALS_COUNT_FOR = timedelta(days=365)


def propose_cohort(ctx: Context, principal: Principal, case_id: str, cohort: CohortAsked) -> CaseCohort:
    """Propose, as a side, another cohort than the one that the registry states: one, which is never changed.

    Every analysis runs under it as well. Criteria that select too few people are refused, and a party is refused
    `MOST_REFUSED` times within a year, over all of its cases: whoever could go on asking would learn by it who is in
    the registry. So is an account, for whomever it acts.

    Raises:
        NotFoundError: no such case that the caller may know of, or no such paper in it.
        ForbiddenError: the caller is on neither side.
        DuplicateError: this side has proposed one; figure ``cohort_id``.
        ConflictError: in this state none is proposed, or the party or the account was refused too often; figures
            ``refused``, ``most`` and ``frees_at``, from when it may ask again.
        InvalidInputError: it is no archive of recordings, or the criteria select too few people to hide any of them.
    """
    require_archive(ctx, principal, case_id, cohort, _require_may_propose)
    with unit_of_work(ctx) as unit:
        by = acting(unit, principal, case_id)
        _require_may_propose(unit.session, by.case, by.side)
        _require_hidden(ctx, by, cohort)
        proposed = CaseCohort(
            id=unit.new_id(IdPrefix.CASE_COHORT),
            case_id=by.case.id,
            side=by.side,
            asked=cohort.as_json(),
            criteria=cohort.criteria,
            proposed_by=principal.account_id,
            proposed_at=unit.now,
        )
        unit.session.add(proposed)
        by.case.version += 1
        by.record(EventType.CASE_COHORT_PROPOSED, cohort_id=proposed.id, side=by.side.value, paper_id=cohort.paper_id)
        unit.commit()
    return proposed


def _require_hidden(ctx: Context, by: Acting, cohort: CohortAsked) -> None:
    """Refuse criteria that select too few people, and write down that they were refused: not which they were.

    Who asks for one party, or by one account, asks one after the other, in whatever cases: none is answered before the
    one before it is counted.
    """
    unit, case = by.unit, by.case
    if cohort.among is None:
        return
    case_analyses.lock_who_asks(unit.session, case, by.side, by.principal.account_id)
    _require_not_too_often(by)
    people = len(people_for(unit.session, case, cohort.among, unit.now))
    asked = canonical(cohort.among.as_json()).decode()
    try:
        require_enough(people, beyond=cohort_offset(cohort_key(ctx.keys, case.id), asked, TENS))
    except InvalidInputError:
        refusal = CaseCohortRefusal(
            case_id=case.id,
            side=by.side,
            number=case_analyses.cohorts_refused(unit.session, case.id, by.side) + 1,
            account_id=by.principal.account_id,
            refused_at=unit.now,
        )
        unit.session.add(refusal)
        by.record(EventType.CASE_COHORT_REFUSED, side=by.side.value, number=refusal.number)
        unit.commit()
        raise


def _require_not_too_often(by: Acting) -> None:
    since = by.unit.now - REFUSALS_COUNT_FOR
    refused = case_analyses.cohorts_refused_since(
        by.unit.session, by.case, by.side, by.principal.account_id, since=since
    )
    if len(refused) < MOST_REFUSED:
        return
    frees_at = refused[-MOST_REFUSED] + REFUSALS_COUNT_FOR
    raise ConflictError(
        f"cohorts of this {by.side.value} or by this account were refused {len(refused)} times within a year, in "
        f"whatever cases, as often as they can be: file an archive of recordings, or ask from {frees_at:%Y-%m-%d} on",
        refused=len(refused),
        most=MOST_REFUSED,
        frees_at=frees_at.isoformat(),
    )


def _require_may_propose(session: Session, case: Case, side: CaseSide) -> None:
    require_cohorts_open(case.state, side)
    for other in case_analyses.cohorts_of(session, case.id):
        if other.side is side:
            raise DuplicateError(f"the {side.value} has proposed a cohort: {other.id}", cohort_id=other.id)


def list_cohorts(ctx: Context, principal: Principal, case_id: str) -> Sequence[CaseCohort]:
    """Answer the cohorts that sides have proposed in a case, oldest first, to whoever may see the case.

    Raises:
        NotFoundError: no such case that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return case_analyses.cohorts_of(session, visible_case(session, principal, case_id)[0].id)


def require_archive(
    ctx: Context,
    principal: Principal,
    case_id: str,
    cohort: CohortAsked,
    require_may: Callable[[Session, Case, CaseSide], None],
) -> None:
    """Refuse a cohort that is to be an archive of recordings and is none.

    It is read through before any transaction is open that writes, since a stranger made it and it unpacks to much more
    than was filed; and only for somebody who may use it. What was filed is never changed.

    Args:
        ctx: what verbs work with.
        principal: who wants it.
        case_id: of the case that it is for.
        cohort: that is wanted.
        require_may: refuses whoever may not use it, or not now.

    Raises:
        NotFoundError: no such case that the caller may know of, no such paper in it, or its digest alone.
        InvalidInputError: it is no archive of recordings.
        RegistryError: as ``require_may``.
    """
    if cohort.paper_id is None:
        return
    principal.require(Scope.CASES_WRITE)
    with ctx.database.read() as session:
        case, side = visible_case(session, principal, case_id)
        require_may(session, case, side)
        content = _content(ctx, session, case.id, cohort.paper_id)
    CohortArchive(content)


def require_people(session: Session, case: Case, cohort: CohortAsked, now: datetime) -> None:
    """Refuse criteria that select too few people of the registry to hide any of them.

    Raises:
        InvalidInputError: as `registry.domain.cohorts.require_enough`.
    """
    if cohort.among is not None:
        require_enough(len(people_for(session, case, cohort.among, now)))


def open_cohort_key(ctx: Context, principal: Principal, case_id: str, *, reason: str) -> str:
    """Open, as an operator, the key of a case's lists of cohorts, for a court or an expert whom it has named.

    Whoever has it, and a list of voiceprints' ids, can tell whether that is the list of an analysis. It is journalled
    before it is answered, and the reason with it, as a digest.

    Raises:
        NotFoundError: no such case.
        ForbiddenError: the caller does not run the registry.
    """
    with unit_of_work(ctx) as unit:
        by = acting(unit, principal, case_id)
        if by.side is not CaseSide.REGISTRY:
            raise ForbiddenError("the key of a case's cohorts is opened by the registry", by="registry")
        key = cohort_key(ctx.keys, by.case.id)
        by.record(EventType.CASE_COHORT_OPENED, reason_sha256=hashlib.sha256(reason.encode()).hexdigest())
        unit.commit()
    return key.hex()


def opened_archive(ctx: Context, session: Session, case_id: str, paper_id: str) -> CohortArchive:
    """Answer an archive that was filed in a case.

    Raises:
        NotFoundError: no such paper in the case, or the registry holds its digest only.
        InvalidInputError: it is no archive of recordings.
    """
    return CohortArchive(_content(ctx, session, case_id, paper_id))


def _content(ctx: Context, session: Session, case_id: str, paper_id: str) -> bytes:
    paper = session.get(CasePaper, paper_id, options=[undefer(CasePaper.content)])
    if paper is None or paper.case_id != case_id:
        raise NotFoundError("there is no such paper in this case")
    return opened_content(ctx, paper)


def people_for(session: Session, case: Case, criteria: Criteria, now: datetime) -> list[str]:
    """Answer who of the registry is in a cohort of a case by some criteria, sorted by id.

    1. They agreed to it, and describe themselves as it is asked for.
    2. They have nothing to do with the case.
    3. They consent to be looked for, and there is a key that opens their voiceprints.
    """
    agreed = cohort_agreements.selected(session, criteria, now)
    found: list[str] = []
    for part in in_parts(sorted(agreed - case_analyses.performers_around(session, case))):
        consenting = in_force(session, part, ConsentPurpose.MONITORING, Modality.VOICE, now)
        found += performers.keys_of(session, sorted(consenting), Modality.VOICE)
    return sorted(found)
