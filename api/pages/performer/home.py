"""Where a performer begins: at their own record; and whoever acts for some, at a list of them."""

from __future__ import annotations

from flask import Response

from api.pages.personal import page_of, went_on
from api.state import context, principal
from registry.domain.accounts import Role
from registry.services import performers
from registry.services.waiting import what_waits

_MOST = 200


def home() -> Response:
    """Lead a performer to their record, or to where they register; show a representative for whom what waits."""
    mine = performers.list_performers(context(), principal(), after=None, limit=_MOST)
    if principal().role is Role.PERFORMER and len(mine) == 1:
        return went_on(f"/performers/{mine[0].id}")
    may_register = principal().role is Role.PERFORMER and not mine
    waits = what_waits(context(), principal(), [each.id for each in mine], limit=_MOST)
    return page_of(
        "pages/home",
        performers=mine,
        waits=[(each, waits[each.id]) for each in mine if each.id in waits],
        may_register=may_register,
    )
