"""Spoken statements: a performer says, in the voice that is enrolled, what was agreed and a one-time number."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response

from api.answers import answer, created
from api.headers import Wait, WaitHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import whole
from api.schemas.consents import ConsentPath
from api.schemas.spoken_statements import (
    NewSpokenStatement,
    SpokenStatementOut,
    SpokenStatementPage,
    SpokenStatementPath,
    StatementRecording,
)
from api.state import context, principal, settings
from api.uploads import upload_of
from api.v1.resource import new_resource
from registry.domain.spoken_statements import SpokenStatementState
from registry.errors import NotFoundError
from registry.services import spoken_statements
from registry.store.spoken_statements import SpokenStatement

resource = new_resource("spoken statements", "A consent, said aloud in the enrolled voice, with a one-time number.")
_ROOT = "/performers/<id:performer_id>/consents/<id:consent_id>/spoken-statements"


@resource.post(_ROOT, responses={201: SpokenStatementOut})
@idempotent()
def begin_spoken_statement(path: ConsentPath, body: NewSpokenStatement) -> Response:
    """Ask for the words to read about a consent in force, and a number that holds once, for ten minutes.

    One that was begun before and not spoken is expired by it. At most ten of a performer are begun in 24 hours.
    """
    statement = spoken_statements.begin_statement(
        context(), principal(), path.performer_id, path.consent_id, language=body.language
    )
    shown = _shown(statement)
    return created(shown, _location(statement), tag=_tag(statement, shown))


@resource.get(_ROOT, responses={200: SpokenStatementPage})
def list_spoken_statements(path: ConsentPath) -> Response:
    """List every attempt to make a statement about a consent, whatever became of it."""
    found = spoken_statements.list_statements(context(), principal(), path.performer_id, path.consent_id)
    return whole(found, SpokenStatementPage, _shown)


@resource.get(f"{_ROOT}/<id:statement_id>", responses={200: SpokenStatementOut})
def get_spoken_statement(path: SpokenStatementPath) -> Response:
    """Answer one attempt."""
    statement = spoken_statements.get_statement(
        context(), principal(), path.performer_id, path.consent_id, path.statement_id
    )
    shown = _shown(statement)
    return answer(shown, tag=_tag(statement, shown))


def _replay(arguments: Mapping[str, Any], kept: Mapping[str, Any]) -> Response | None:
    """Answer how the statement of the first request stands now; None when nothing was made, or it is gone."""
    if "id" not in kept:
        return None
    try:
        return _awaited(arguments["path"], _wait(arguments["header"]))
    except NotFoundError:
        return None


@resource.post(f"{_ROOT}/<id:statement_id>/recording", responses={201: SpokenStatementOut, 202: SpokenStatementOut})
@idempotent(_replay)
def answer_spoken_statement(path: SpokenStatementPath, header: WaitHeaders, form: StatementRecording) -> Response:
    """Send the one recording that answers a statement. Its number is spent by it, whatever comes out.

    Answers 201 when it was listened to in time (30 seconds unless `Prefer: wait` says otherwise), else 202 and where to
    look. `state` says what became of it: `accepted`, `unverified` (all but the number, which nobody could listen for),
    `refused` or `expired`, with the reasons. A file that is no recording is refused, and the number holds.
    """
    spoken_statements.answer_statement(
        context(),
        principal(),
        path.performer_id,
        path.consent_id,
        path.statement_id,
        upload=upload_of(form.file),
    )
    return _awaited(path, _wait(header))


def _wait(header: WaitHeaders) -> Wait:
    return header.wait(default_s=settings().enrolment_wait_s, max_s=settings().max_wait_s)


def _awaited(path: SpokenStatementPath, wait: Wait) -> Response:
    statement = spoken_statements.await_statement(
        context(), principal(), path.performer_id, path.consent_id, path.statement_id, wait_s=wait.seconds
    )
    queued = statement.state is SpokenStatementState.QUEUED
    shown = _shown(statement)
    return answer(
        shown,
        HTTPStatus.ACCEPTED if queued else HTTPStatus.CREATED,
        tag=_tag(statement, shown),
        location=_location(statement),
        headers=wait.headers(),
    )


def _shown(statement: SpokenStatement) -> SpokenStatementOut:
    return SpokenStatementOut.of(statement, context().clock())


def _location(statement: SpokenStatement) -> str:
    root = f"/v1/performers/{statement.performer_id}/consents/{statement.consent_id}"
    return f"{root}/spoken-statements/{statement.id}"


def _tag(statement: SpokenStatement, shown: SpokenStatementOut) -> str:
    """Answer the entity tag; time alone ends a statement, and then what is shown changes though the record did not."""
    return entity_tag(statement.version, None if shown.state is statement.state else shown.state.value)
