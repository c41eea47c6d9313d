"""Where somebody stopped on the way to a yes: kept in their own browser, and nowhere else, until it is signed.

What was chosen before a signature decides nothing, so the registry keeps none of it: a draft of a consent could be
taken for one. The browser keeps the address of the journey, in a cookie that no script reads, so that the overview can
lead back to it. It says nothing that is not read back, word by word, before the signature; whoever changes it changes
their own choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl

from flask import Response

from api import cookies
from api.pages.performer.journey import Journey
from registry.errors import InvalidInputError

_COOKIE: Final = "likeness-journey"
_KEPT: Final = timedelta(days=30)
_LONGEST: Final = 1_000


def keep_journey(response: Response, performer_id: str, journey: Journey) -> Response:
    """Let the browser keep where somebody is on the way to a yes."""
    cookies.give(response, _COOKIE, f"{performer_id}?{journey.query}", _KEPT)
    return response


def forget_journey(response: Response, performer_id: str) -> Response:
    """Let the browser forget the way of a performer, once it is decided."""
    if _kept(performer_id) is not None:
        cookies.take_back(response, _COOKIE)
    return response


def stopped_at(performer_id: str) -> Journey | None:
    """Answer where somebody stopped, in this browser, for this performer; None where nowhere."""
    kept = _kept(performer_id)
    if kept is None:
        return None
    fields: Mapping[str, str] = dict(parse_qsl(kept))
    try:
        return Journey.of(fields)
    except InvalidInputError:  # of another release, or made by hand
        return None


def _kept(performer_id: str) -> str | None:
    text = cookies.sent(_COOKIE) or ""
    whose, _, query = text.partition("?")
    return query if whose == performer_id and len(text) <= _LONGEST else None
