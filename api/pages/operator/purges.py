"""Destroying what is past its time: what is due, proposing that it be destroyed, and how far each such purge is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.forms import once
from api.pages.language import language
from api.pages.lists import asked, cut
from api.pages.operator.proposals import proposed
from api.pages.operator.words import PURGE_REFUSALS, PURGE_STATES, REFUSALS
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import told
from api.paging import PageQuery
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.ids import IdPrefix
from registry.domain.retention import RULES
from registry.errors import RegistryError
from registry.services import people, purge, purges

DUE: Final = "/house/retention/due"
AT: Final = "/house/retention/purges"
_OPERATION: Final = "/v1/purges/{purge_id}"


@personal.get(DUE)
@stands_for("GET /v1/retention-due")
def show_due() -> Response:
    """Count what the next purge destroys, up to a bound."""
    return _due()


def _due(error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, {**REFUSALS, **PURGE_REFUSALS})
    now = context().clock()
    return page_of(
        "operator/due",
        status,
        due=purge.what_is_due(context(), principal(), as_of=now, most=purge.COUNTED_AT_MOST),
        as_of=now,
        may_propose=Scope.PROPOSALS_WRITE in principal().scopes,
        called=_called(),
        typed=request.form,
        problem=problem,
    )


def _called() -> dict[str, str]:
    """Answer what each rule is about, in the reader's language."""
    return {rule.value: RULES[rule].what.in_language(language()) for rule in RULES}


@personal.get(AT)
@stands_for("GET /v1/purges")
def list_purges() -> Response:
    """Show purges that two agreed on, newest first."""
    query = asked(PageQuery)
    found = purges.list_purges(context(), principal(), after=query.after(IdPrefix.PURGE), limit=query.limit + 1)
    items, cursor = cut(found, query)
    return page_of("operator/purges", items=items, cursor=cursor, state_words=PURGE_STATES)


@personal.post(AT)
@stands_for("POST /v1/proposals", "GET /v1/retention-due")
@once
def propose_purge() -> Response:
    """Propose that what was past its time when the page was shown be destroyed. Another operator has to approve it."""
    principal().require(Scope.RETENTION_WRITE)
    try:
        return proposed({"kind": "purge", "as_of": request.form.get("as_of", "")})
    except RegistryError as error:
        return _due(error)


@personal.get(f"{AT}/<id:purge_id>")
@stands_for(f"GET {_OPERATION}")
def show_purge(purge_id: str) -> Response:
    """Show how far a purge is, and let it be stopped."""
    return _purge(purge_id)


def _purge(purge_id: str, error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    found = purges.get_purge(context(), principal(), purge_id)
    return page_of(
        "operator/purge",
        status,
        purge=found,
        who=people.accounts_named(context(), {found.approved_by, found.stopped_by}),
        state_words=PURGE_STATES,
        called=_called(),
        problem=problem,
    )


@personal.post(f"{AT}/<id:purge_id>/stop")
@stands_for(f"POST {_OPERATION}/stop")
@once
def stop_purge(purge_id: str) -> Response:
    """Stop a purge, however far it is: how many parts were done meanwhile makes no difference to that."""
    try:
        purges.stop_purge(context(), principal(), purge_id)
    except RegistryError as error:
        return _purge(purge_id, error)
    return went_on(f"{AT}/{purge_id}", done="stopped")
