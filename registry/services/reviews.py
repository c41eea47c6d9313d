"""Reviews: the queue of findings that wait for a person, and what the person decides."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseSide
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.reviews import Considered, ReviewAction, require_decidable
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services.cases import write_case
from registry.services.checks import get_finding
from registry.services.context import Context
from registry.services.notice_drafts import Draft, write_notice
from registry.services.unit import Unit, unit_of_work
from registry.store import reviews
from registry.store.cases import Case, case_about
from registry.store.checks import Finding
from registry.store.licences import Licence
from registry.store.performers import Performer
from registry.store.reviews import Review


def review_queue(ctx: Context, principal: Principal, *, after: str | None, limit: int) -> Sequence[Finding]:
    """Answer a page of findings that wait for a person: gravest first, and of these the oldest.

    Raises:
        ForbiddenError: the caller is no operator.
    """
    principal.require(Scope.REVIEWS_WRITE)
    with ctx.database.read() as session:
        return reviews.page_of_queue(session, after=after, limit=limit)


def review_finding(
    ctx: Context,
    principal: Principal,
    finding_id: str,
    action: ReviewAction,
    *,
    reason: str,
    considered: Sequence[Considered] = (),
    licence_id: str | None = None,
    pack_id: str | None = None,
    language: str = "en",
    replaces_id: str | None = None,
) -> Review:
    """Decide about a finding, as an operator. Both sides read what was decided, by whom, and why.

    1. It is a decision: `registry.domain.reviews.require_decidable`.
    2. Nobody decided before, or what they decided is named as what this takes the place of.
    3. A case is opened in the same transaction, where that is what was decided; for a notice, the one that there is
       about this project is taken, or one is opened, and the notice is drafted in it.

    Args:
        finding_id: of the finding.
        action: what is decided.
        reason: in words.
        considered: exclusions that were considered; all of them before anything leaves the registry.
        licence_id: of these two, under which the use is accepted.
        pack_id: of the form that the notice follows, where one is prepared.
        language: that the notice is in.
        replaces_id: the decision that this one takes the place of.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such finding, no such licence of these two, or no such notice pack.
        ConflictError: somebody decided before, it needs nobody's decision, or an exclusion applies; figures say which.
        InvalidInputError: exclusions were not considered, or a licence or a pack is missing or too much.
    """
    principal.require(Scope.REVIEWS_WRITE)
    with unit_of_work(ctx) as unit:
        finding, performer = _finding(unit.session, finding_id)
        require_decidable(finding.verdict, action, considered, licence_id)
        if (action is ReviewAction.PREPARE_NOTICE) != (pack_id is not None):
            raise InvalidInputError("whoever prepares a notice names its pack, and nobody else names one")
        _require_current(unit.session, finding, replaces_id)
        if licence_id is not None:
            _require_licence(unit.session, finding, licence_id)
        review = Review(
            id=unit.new_id(IdPrefix.REVIEW),
            finding_id=finding.id,
            action=action,
            reason=reason,
            considered=[
                {"exclusion": each.exclusion.value, "applies": each.applies, "reason": each.reason}
                for each in considered
            ],
            licence_id=licence_id,
            replaces_id=replaces_id,
            decided_by=principal.account_id,
            decided_at=unit.now,
        )
        if action is ReviewAction.OPEN_CASE:
            review.case_id = _open(unit, principal, finding, performer, reason).id
        if pack_id is not None:
            draft = Draft(considered=considered)
            case = _case_for_notice(unit, principal, finding, performer, reason)
            notice = write_notice(
                unit, principal, case, CaseSide.REGISTRY, pack_id=pack_id, language=language, draft=draft
            )
            review.case_id, review.notice_id = case.id, notice.id
        finding.reviewed_at = unit.now
        unit.session.add(review)
        _record(unit, review, finding, principal)
        unit.commit()
    return review


def list_reviews(ctx: Context, principal: Principal, finding_id: str) -> Sequence[Review]:
    """Answer what was decided about a finding, oldest first, to whoever may read the finding.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    finding = get_finding(ctx, principal, finding_id)
    with ctx.database.read() as session:
        return reviews.reviews_of(session, finding.id)


def _finding(session: Session, finding_id: str) -> tuple[Finding, Performer]:
    """Answer a finding and its performer, both locked: performers first, as everywhere."""
    finding = session.get(Finding, finding_id)
    if finding is None:
        raise NotFoundError("there is no such finding")
    performer = session.get_one(Performer, finding.performer_id, with_for_update=True)
    session.refresh(finding, ["reviewed_at"], with_for_update=True)
    return finding, performer


def _require_current(session: Session, finding: Finding, replaces_id: str | None) -> None:
    """Refuse a decision by somebody who has not seen the one that stands."""
    decided = reviews.reviews_of(session, finding.id)
    stands = _standing(decided)
    if (stands.id if stands else None) == replaces_id:
        return
    if stands is None:
        raise NotFoundError("there is no such decision about this finding")
    raise ConflictError(
        f"{stands.decided_by} decided on {stands.action.value} at {stands.decided_at.isoformat()}: read why, and name "
        f"that decision in replaces_id if yours takes its place",
        review_id=stands.id,
        decided_by=stands.decided_by,
        action=stands.action.value,
    )


def _standing(decided: Sequence[Review]) -> Review | None:
    """Answer the decision that none takes the place of, or None where nothing was decided."""
    replaced = {each.replaces_id for each in decided}
    return next((each for each in decided if each.id not in replaced), None)


def _require_licence(session: Session, finding: Finding, licence_id: str) -> None:
    licence = session.get(Licence, licence_id)
    two = (finding.performer_id, finding.organisation_id)
    if licence is None or (licence.performer_id, licence.studio_id) != two or licence.activated_at is None:
        raise NotFoundError("there is no licence of these two that was ever in force with this id")


def _case_for_notice(unit: Unit, principal: Principal, finding: Finding, performer: Performer, reason: str) -> Case:
    """Answer the case about the project of a finding, locked; it is opened where there is none."""
    case = case_about(unit.session, performer.id, finding.organisation_id, _product_of(finding))
    if case is None:
        return _open(unit, principal, finding, performer, reason)
    unit.session.refresh(case, with_for_update=True)
    if finding.id not in case.finding_ids:
        case.finding_ids = [*case.finding_ids, finding.id]
        case.version += 1
    return case


def _product_of(finding: Finding) -> str:
    project = (finding.check and finding.check.project) or (finding.scan_row and finding.scan_row.project)
    return project or f"recording {finding.id}"


def _open(unit: Unit, principal: Principal, finding: Finding, performer: Performer, reason: str) -> Case:
    case = write_case(
        unit,
        principal,
        performer,
        studio_id=finding.organisation_id,
        product=_product_of(finding),
        claim=reason,
        finding_ids=[finding.id],
    )
    unit.session.flush()
    return case


def _record(unit: Unit, review: Review, finding: Finding, principal: Principal) -> None:
    unit.record(
        EventType.FINDING_REVIEWED,
        review.id,
        principal.account_id,
        finding_id=finding.id,
        organisation_id=finding.organisation_id,
        performer_id=finding.performer_id,
        action=review.action.value,
        case_id=review.case_id,
        notice_id=review.notice_id,
        licence_id=review.licence_id,
        replaces_id=review.replaces_id,
    )
