"""Checks: the main job. A recording and its declared use go in; evidence, findings and a verdict come out."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response

from api.answers import answer
from api.headers import Wait, WaitHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import page
from api.problems import from_refusal
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.checks import CheckOut, CheckPage, CheckPath, CheckQuery, NewCheck, check_of, summary_of
from api.state import context, principal, settings
from api.uploads import upload_of
from api.v1.people import shown_people
from api.v1.resource import new_resource
from registry.domain.checks import CheckState
from registry.domain.ids import IdPrefix
from registry.errors import NotFoundError
from registry.services import checks, stay_down
from registry.store.checks import Check

resource = new_resource("checks", "A recording and its declared use: whose voice is in it, and was that use covered?")


def _replay(arguments: Mapping[str, Any], kept: Mapping[str, Any]) -> Response | None:
    """Answer how the check that the first request made stands now; None when nothing was made, or it is gone."""
    if "id" not in kept:
        return None
    wait = _wait(arguments["header"])
    try:
        check = checks.await_check(context(), principal(), str(kept["id"]), wait_s=wait.seconds)
    except NotFoundError:
        return None
    return _result(check, wait)


@resource.post("/checks", responses={201: CheckOut, 202: CheckOut})
@spends(Budget.CHECKS)
@idempotent(_replay)
def submit_check(header: WaitHeaders, form: NewCheck) -> Response:
    """Check one recording.

    With `Prefer: wait=10` the answer is 201 and the finished check when it is done within 10 seconds; otherwise it is
    202, and `Location` says where to look. A recording that cannot be assessed is refused with the reason in numbers,
    and nothing of it is kept.
    """
    wait = _wait(header)
    check = checks.submit_check(context(), principal(), upload=upload_of(form.file), use=form.use())
    finished = checks.await_check(context(), principal(), check.id, wait_s=wait.seconds)
    response = _result(finished, wait)
    if finished.state is CheckState.REFUSED:
        checks.discard_refused(context(), principal(), check.id)
    return response


@resource.get("/checks", responses={200: CheckPage})
def list_checks(query: CheckQuery) -> Response:
    """List checks, newest first: those of one's own organisation, or all of them for an operator."""
    after = query.after(IdPrefix.CHECK)
    found = checks.list_checks(
        context(), principal(), state=query.state, verdict=query.verdict, after=after, limit=query.limit + 1
    )
    return page(found, query, CheckPage, summary_of)


@resource.get("/checks/<id:check_id>", responses={200: CheckOut})
def get_check(path: CheckPath) -> Response:
    """Answer one check, with its findings."""
    check = checks.get_check(context(), principal(), path.check_id)
    return answer(_out(check), tag=entity_tag(check.version))


def _wait(header: WaitHeaders) -> Wait:
    return header.wait(default_s=0.0, max_s=settings().max_wait_s)


def _result(check: Check, wait: Wait) -> Response:
    """Answer a check that was waited for, by what became of it."""
    if check.problem is not None:
        failed = check.state is CheckState.FAILED
        return from_refusal(check.problem, status=HTTPStatus.INTERNAL_SERVER_ERROR if failed else None)
    return answer(
        _out(check),
        HTTPStatus.ACCEPTED if check.state is CheckState.QUEUED else HTTPStatus.CREATED,
        tag=entity_tag(check.version),
        location=f"/v1/checks/{check.id}",
        headers=wait.headers(),
    )


def _out(check: Check) -> CheckOut:
    named = {str(each["notice_id"]) for each in check.stay_down or ()}
    own = stay_down.own_notices(context(), principal(), named)
    return check_of(check, shown_people({finding.performer_id for finding in check.findings}), own)
