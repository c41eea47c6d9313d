"""Who the caller is."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.schemas.me import Me
from api.state import principal
from api.v1.resource import new_resource

resource = new_resource("me", "Who you are, and what your token may do.")


@resource.get("/me", responses={200: Me})
def get_me() -> Response:
    """Answer who you are, and what your token may do."""
    return answer(Me.of(principal()))
