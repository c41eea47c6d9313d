"""Answers: a model, its status, and the headers that belong to it."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, request
from pydantic import BaseModel


def answer(
    model: BaseModel,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    tag: str | None = None,
    location: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer a model as JSON.

    Args:
        model: the body.
        status: of the answer.
        tag: entity tag, where the thing has a version; a reading request that has seen it gets 304 and no body.
        location: where the thing is to be found.
        headers: further headers.
    """
    response = Response(model.model_dump_json(), status.value, mimetype="application/json")
    response.headers.update(headers or {})
    if location is not None:
        response.headers["Location"] = location
    if tag is not None:
        response.set_etag(tag)
        if status is HTTPStatus.OK:
            response.make_conditional(request)
    return response


def created(model: BaseModel, location: str, *, tag: str | None = None) -> Response:
    """Answer something new, and say where it is."""
    return answer(model, HTTPStatus.CREATED, tag=tag, location=location)


def file(content: bytes, media_type: str, name: str) -> Response:
    """Answer bytes that are no JSON, to be saved under a name of plain ASCII."""
    response = Response(content, HTTPStatus.OK.value, mimetype=media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
