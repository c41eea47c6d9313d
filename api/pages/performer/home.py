"""Where a performer begins: at their own record; and whoever acts for some, at a list of them."""

from __future__ import annotations

from flask import Response

from api.pages.personal import page_of, went_on
from api.state import context, principal
from registry.domain.accounts import Role
from registry.services import performers

_MOST = 200


def home() -> Response:
    """Lead a performer to their record, or to where they register; show a representative for whom they act."""
    mine = performers.list_performers(context(), principal(), after=None, limit=_MOST)
    if principal().role is Role.PERFORMER and len(mine) == 1:
        return went_on(f"/performers/{mine[0].id}")
    may_register = principal().role is Role.PERFORMER and not mine
    return page_of("pages/home", performers=mine, may_register=may_register)
