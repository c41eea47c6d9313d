"""Misuse of notices, of claimants and respondents alike: strikes, what is said against one, and limits."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request

from api.pages.checked import checked
from api.pages.disputes.access import may_change, names_told, own_side
from api.pages.disputes.trying import Failed, filled, sent, trying
from api.pages.disputes.wording import CONTEST, MISUSE, wording
from api.pages.forms import once
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import seen_version
from api.paging import PageQuery, cursor_after
from api.schemas.misuse import Contest, ContestAnswerIn, Lifting, NewMisuseLimit, NewMisuseStrike
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.cases import CaseSide
from registry.domain.ids import IdPrefix
from registry.errors import ForbiddenError
from registry.services import misuse
from registry.store.misuse import MisuseStrike

_AT_ONCE = 50
_PAGE = "/misuse"


@personal.get(_PAGE)
@stands_for("GET /v1/misuse-strikes", "GET /v1/misuse-limits")
def list_misuse() -> Response:
    """Show strikes and limits, newest first: one's own, or everybody's to operators."""
    return _page()


def _page(failed: Failed | None = None) -> Response:
    query = checked(PageQuery, limit=_AT_ONCE, cursor=request.args.get("cursor"))
    after = query.after(IdPrefix.MISUSE_STRIKE)
    found = misuse.list_strikes(context(), principal(), after=after, limit=query.limit + 1)
    shown = found[: query.limit]
    limits = misuse.list_limits(context(), principal(), after=None, limit=_AT_ONCE)
    accounts = {each.recorded_by for each in shown} | {each.answered_by for each in shown}
    now = context().clock()
    return page_of(
        "disputes/misuse",
        HTTPStatus.OK if failed is None else failed.status,
        failed=failed,
        strikes=shown,
        limits=limits,
        holds=[each.id for each in limits if each.holds(now)],
        counts=[each.id for each in shown if each.counts(now)],
        older=cursor_after(shown[-1].id) if len(found) > query.limit else None,
        names=names_told(
            performers={each.performer_id for each in shown} | {each.performer_id for each in limits},
            organisations={each.organisation_id for each in shown} | {each.organisation_id for each in limits},
            accounts=accounts | {each.decided_by for each in limits},
        ),
        may_decide=Scope.REVIEWS_WRITE in principal().scopes,
        may_contest=[each.id for each in shown if _may_contest(each)],
        me=principal().account_id,
        misuse_words=MISUSE,
        contest_words=CONTEST,
        **wording(),
    )


def _may_contest(strike: MisuseStrike) -> bool:
    is_own = not principal().is_operator and strike.contested_at is None
    return is_own and may_change(strike.performer_id or "", own_side())


def _shown_again(failed: Failed) -> Response:
    return _page(failed)


@personal.post(f"{_PAGE}/strikes")
@stands_for("POST /v1/misuse-strikes")
@once
def record_misuse_strike() -> Response:
    """Write a strike down, for what the records show."""
    principal().require(Scope.REVIEWS_WRITE)

    def record() -> Response:
        body = checked(NewMisuseStrike, **sent("ground", "reason"), **filled("notice_id", "case_id"))
        misuse.record_strike(context(), principal(), **body.model_dump())
        return went_on(_PAGE, done="struck")

    return trying("strike", record, _shown_again)


@personal.post(f"{_PAGE}/strikes/<id:misuse_strike_id>/contest")
@stands_for("POST /v1/misuse-strikes/{misuse_strike_id}/contest")
@once
def contest_misuse_strike(misuse_strike_id: str) -> Response:
    """Say why a strike should not count, as the side that it counts against."""
    principal().require(Scope.CASES_WRITE)
    if own_side() is CaseSide.REGISTRY:
        raise ForbiddenError("a strike is contested by the side that it counts against", side="registry")
    misuse.require_own_strike(context(), principal(), misuse_strike_id)

    def contest() -> Response:
        body = checked(Contest, **sent("reason"))
        misuse.contest_strike(context(), principal(), misuse_strike_id, reason=body.reason, if_version=seen_version())
        return went_on(_PAGE, done="contested")

    return trying(misuse_strike_id, contest, _shown_again)


@personal.post(f"{_PAGE}/strikes/<id:misuse_strike_id>/answer")
@stands_for("POST /v1/misuse-strikes/{misuse_strike_id}/answer")
@once
def answer_misuse_contest(misuse_strike_id: str) -> Response:
    """Answer what a side says against a strike, as another operator than the one who wrote it down."""
    principal().require(Scope.REVIEWS_WRITE)

    def answer() -> Response:
        body = checked(ContestAnswerIn, **sent("answer", "reason"))
        misuse.answer_contest(
            context(), principal(), misuse_strike_id, body.answer, reason=body.reason, if_version=seen_version()
        )
        return went_on(_PAGE, done="answered")

    return trying(misuse_strike_id, answer, _shown_again)


@personal.post(f"{_PAGE}/limits")
@stands_for("POST /v1/misuse-limits")
@once
def limit_misuse() -> Response:
    """Decide that what a side asks for takes two operators for a time."""
    principal().require(Scope.REVIEWS_WRITE)

    def limit() -> Response:
        body = checked(NewMisuseLimit, **sent("reason"), **filled("performer_id", "organisation_id"))
        misuse.limit_party(context(), principal(), **body.model_dump())
        return went_on(_PAGE, done="limited")

    return trying("limit", limit, _shown_again)


@personal.post(f"{_PAGE}/limits/<id:misuse_limit_id>/lift")
@stands_for("POST /v1/misuse-limits/{misuse_limit_id}/lift")
@once
def lift_misuse_limit(misuse_limit_id: str) -> Response:
    """Lift a limit before its time."""
    principal().require(Scope.REVIEWS_WRITE)

    def lift() -> Response:
        body = checked(Lifting, **sent("reason"))
        misuse.lift_limit(context(), principal(), misuse_limit_id, reason=body.reason, if_version=seen_version())
        return went_on(_PAGE, done="lifted")

    return trying(misuse_limit_id, lift, _shown_again)
