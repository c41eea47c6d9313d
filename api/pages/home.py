"""Where somebody begins after signing in: their own record, those they act for, or what their account is."""

from __future__ import annotations

from flask import Response

from api.pages.language import _
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.wording import ROLES
from api.state import context, principal
from registry.domain.accounts import Role, Scope
from registry.services import performers

_MOST = 200


@personal.get("/home")
@stands_for("GET /v1/me")
def show_home() -> Response:
    """Lead a performer to their record; show a representative for whom they act, and everybody else their account."""
    role = principal().role
    if role not in {Role.PERFORMER, Role.REPRESENTATIVE} or Scope.PERFORMERS_READ not in principal().scopes:
        return page_of("home_of_others", role_word=_(ROLES[role]))
    mine = performers.list_performers(context(), principal(), after=None, limit=_MOST)
    if role is Role.PERFORMER and len(mine) == 1:
        return went_on(f"/performers/{mine[0].id}")
    return page_of("home", performers=mine, may_register=role is Role.PERFORMER and not mine)
