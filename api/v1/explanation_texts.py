"""Explanation texts."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import whole
from api.schemas.explanation_texts import (
    ExplanationTextOut,
    ExplanationTextQuery,
    NewText,
    TextListed,
    TextPage,
    TextPath,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import explanation_texts

resource = new_resource("explanation-texts", "The exact words that performers are told before they decide.")


@resource.get("/explanation-texts", responses={200: TextPage})
def list_texts(query: ExplanationTextQuery) -> Response:
    """List every text, shipped and registered, without its words."""
    found = explanation_texts.list_texts(context(), principal(), topic=query.topic, language=query.language)
    return whole(found, TextPage, TextListed.of)


@resource.get("/explanation-texts/<text:text_id>", responses={200: ExplanationTextOut})
def get_text(path: TextPath) -> Response:
    """Answer one text, word for word, with its questions."""
    return answer(ExplanationTextOut.of(explanation_texts.get_text(context(), principal(), path.text_id)))


@resource.post("/explanation-texts", responses={201: ExplanationTextOut})
@idempotent()
def register_text(body: NewText) -> Response:
    """Register a text of the operator's own. It is never changed: new words are a new version."""
    text = explanation_texts.register_text(context(), principal(), body.value())
    return created(ExplanationTextOut.of(text), f"/v1/explanation-texts/{text.id}")
