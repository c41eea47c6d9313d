"""Figures for the public."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.schemas.transparency import TransparencyOut
from api.state import context
from api.v1.resource import new_resource
from registry.services.transparency import published_figures

_FRESH_S = 3600

resource = new_resource("transparency", "How disputes went, and how often the engine is wrong.", public=True)


@resource.get("/transparency", responses={200: TransparencyOut})
def get_transparency() -> Response:
    """Say how disputes went, by quarter, and how often the engine is wrong, by group; no token is needed.

    A quarter is counted when it is over. No figure counts fewer than five, but for none.
    """
    published = published_figures(context())
    left_s = int((published.next_at - context().clock()).total_seconds())
    fresh = {"Cache-Control": f"public, max-age={min(_FRESH_S, max(0, left_s))}"}
    return answer(TransparencyOut.of(published), headers=fresh)
