"""Enrolments."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response

from api.answers import answer
from api.headers import Wait, WaitHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import whole
from api.problems import from_refusal
from api.schemas.enrolments import EnrolmentOut, EnrolmentPage, EnrolmentPath, NewEnrolment
from api.schemas.performers import PerformerPath
from api.state import context, principal, settings
from api.uploads import uploads_of
from api.v1.resource import new_resource
from registry.domain.checks import EnrolmentState
from registry.domain.consents import Modality
from registry.errors import NotFoundError
from registry.services import enrolments
from registry.store.enrolments import Enrolment

resource = new_resource("enrolments", "Recordings of a performer, from which sealed voiceprints are made.")


def _replay(arguments: Mapping[str, Any], kept: Mapping[str, Any]) -> Response | None:
    """Answer how the enrolment that the first request made stands now; None when nothing was made, or it is gone."""
    if "id" not in kept:
        return None
    wait = _wait(arguments["header"])
    performer_id = arguments["path"].performer_id
    try:
        enrolment = enrolments.await_enrolment(
            context(), principal(), performer_id, str(kept["id"]), wait_s=wait.seconds
        )
    except NotFoundError:
        return None
    return _result(enrolment, wait)


@resource.post(
    "/performers/<id:performer_id>/enrolments",
    responses={201: EnrolmentOut, 202: EnrolmentOut},
)
@idempotent(_replay)
def submit_enrolment(path: PerformerPath, header: WaitHeaders, form: NewEnrolment) -> Response:
    """Enrol a performer's voice from recordings of them, alone, with at least 20 seconds of speech in all.

    Answers 201 when the voiceprints are made in time (30 seconds unless `Prefer: wait` says otherwise), else 202 and
    where to look. Recordings that do not pass the quality gate are refused with what to put right, and not kept.
    """
    wait = _wait(header)
    enrolment = enrolments.submit_enrolment(
        context(),
        principal(),
        path.performer_id,
        modality=form.modality or Modality.VOICE,
        uploads=uploads_of(form.recordings),
        labels=form.labels or None,
    )
    finished = enrolments.await_enrolment(context(), principal(), path.performer_id, enrolment.id, wait_s=wait.seconds)
    response = _result(finished, wait)
    if finished.state is EnrolmentState.REFUSED:
        enrolments.discard_refused(context(), principal(), path.performer_id, enrolment.id)
    return response


@resource.get("/performers/<id:performer_id>/enrolments", responses={200: EnrolmentPage})
def list_enrolments(path: PerformerPath) -> Response:
    """List every enrolment of the performer."""
    found = enrolments.list_enrolments(context(), principal(), path.performer_id)
    return whole(found, EnrolmentPage, EnrolmentOut.of)


@resource.get("/performers/<id:performer_id>/enrolments/<id:enrolment_id>", responses={200: EnrolmentOut})
def get_enrolment(path: EnrolmentPath) -> Response:
    """Answer one enrolment."""
    enrolment = enrolments.get_enrolment(context(), principal(), path.performer_id, path.enrolment_id)
    return answer(EnrolmentOut.of(enrolment), tag=entity_tag(enrolment.version))


def _wait(header: WaitHeaders) -> Wait:
    return header.wait(default_s=settings().enrolment_wait_s, max_s=settings().max_wait_s)


def _result(enrolment: Enrolment, wait: Wait) -> Response:
    """Answer an enrolment that was waited for, by what became of it."""
    if enrolment.problem is not None:
        failed = enrolment.state is EnrolmentState.FAILED
        return from_refusal(enrolment.problem, status=HTTPStatus.INTERNAL_SERVER_ERROR if failed else None)
    status = HTTPStatus.ACCEPTED if enrolment.state is EnrolmentState.QUEUED else HTTPStatus.CREATED
    return answer(
        EnrolmentOut.of(enrolment),
        status,
        tag=entity_tag(enrolment.version),
        location=f"/v1/performers/{enrolment.performer_id}/enrolments/{enrolment.id}",
        headers=wait.headers(),
    )
