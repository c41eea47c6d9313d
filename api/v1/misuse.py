"""Misuse of notices, of claimants and respondents alike: strikes, what is said against them, and limits."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import PageQuery, page
from api.schemas.misuse import (
    Contest,
    ContestAnswerIn,
    Lifting,
    MisuseLimitOut,
    MisuseLimitPage,
    MisuseLimitPath,
    MisuseStrikeOut,
    MisuseStrikePage,
    MisuseStrikePath,
    NewMisuseLimit,
    NewMisuseStrike,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import misuse
from registry.store.misuse import MisuseLimit, MisuseStrike

resource = new_resource("misuse", "What counts against who misuses notices, on either side, and what a person decides.")


@resource.get("/misuse-strikes", responses={200: MisuseStrikePage})
def list_misuse_strikes(query: PageQuery) -> Response:
    """List strikes, newest first: those against whom one speaks for, or all of them for an operator."""
    after = query.after(IdPrefix.MISUSE_STRIKE)
    found = misuse.list_strikes(context(), principal(), after=after, limit=query.limit + 1)
    return page(found, query, MisuseStrikePage, MisuseStrikeOut.model_validate)


@resource.post("/misuse-strikes", responses={201: MisuseStrikeOut})
@idempotent()
def record_misuse_strike(body: NewMisuseStrike) -> Response:
    """Write a strike down, as an operator, for what the records of a notice or a case show."""
    strike = misuse.record_strike(
        context(),
        principal(),
        ground=body.ground,
        notice_id=body.notice_id,
        case_id=body.case_id,
        reason=body.reason,
    )
    return created(MisuseStrikeOut.model_validate(strike), "/v1/misuse-strikes", tag=entity_tag(strike.version))


@resource.post("/misuse-strikes/<id:misuse_strike_id>/contest", responses={200: MisuseStrikeOut})
@idempotent()
def contest_misuse_strike(path: MisuseStrikePath, header: ChangeHeaders, body: Contest) -> Response:
    """Say, as the side that it counts against, why it should not."""
    contested = misuse.contest_strike(
        context(), principal(), path.misuse_strike_id, reason=body.reason, if_version=header.version()
    )
    return _strike(contested)


@resource.post("/misuse-strikes/<id:misuse_strike_id>/answer", responses={200: MisuseStrikeOut})
@idempotent()
def answer_misuse_contest(path: MisuseStrikePath, header: ChangeHeaders, body: ContestAnswerIn) -> Response:
    """Answer what a side says against a strike, as another operator than the one who wrote it down."""
    answered = misuse.answer_contest(
        context(), principal(), path.misuse_strike_id, body.answer, reason=body.reason, if_version=header.version()
    )
    return _strike(answered)


@resource.get("/misuse-limits", responses={200: MisuseLimitPage})
def list_misuse_limits(query: PageQuery) -> Response:
    """List limits, newest first: those of whom one speaks for, or all of them for an operator."""
    after = query.after(IdPrefix.MISUSE_LIMIT)
    found = misuse.list_limits(context(), principal(), after=after, limit=query.limit + 1)
    return page(found, query, MisuseLimitPage, MisuseLimitOut.model_validate)


@resource.post("/misuse-limits", responses={201: MisuseLimitOut})
@idempotent()
def limit_misuse(body: NewMisuseLimit) -> Response:
    """Decide, as an operator, that what a side asks for takes two operators for a time."""
    limit = misuse.limit_party(
        context(),
        principal(),
        performer_id=body.performer_id,
        organisation_id=body.organisation_id,
        reason=body.reason,
    )
    return created(MisuseLimitOut.model_validate(limit), "/v1/misuse-limits", tag=entity_tag(limit.version))


@resource.post("/misuse-limits/<id:misuse_limit_id>/lift", responses={200: MisuseLimitOut})
@idempotent()
def lift_misuse_limit(path: MisuseLimitPath, header: ChangeHeaders, body: Lifting) -> Response:
    """Lift a limit before its time, as an operator."""
    lifted = misuse.lift_limit(
        context(), principal(), path.misuse_limit_id, reason=body.reason, if_version=header.version()
    )
    return _limit(lifted)


def _strike(strike: MisuseStrike) -> Response:
    return answer(MisuseStrikeOut.model_validate(strike), tag=entity_tag(strike.version))


def _limit(limit: MisuseLimit) -> Response:
    return answer(MisuseLimitOut.model_validate(limit), tag=entity_tag(limit.version))
