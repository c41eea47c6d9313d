"""Where somebody begins after signing in: the first page of their room, which says what waits for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from flask import Response

from api.pages.auditor import scans as auditor_home
from api.pages.operator import home as operator_home
from api.pages.performer import home as performer_home
from api.pages.personal import personal, stands_for
from api.pages.studio import home as studio_home
from api.state import principal
from registry.domain.accounts import Role

_HOMES: Final[Mapping[Role, Callable[[], Response]]] = {
    Role.PERFORMER: performer_home.home,
    Role.REPRESENTATIVE: performer_home.home,
    Role.STUDIO_MEMBER: studio_home.home,
    Role.STUDIO_ADMIN: studio_home.home,
    Role.AUDITOR: auditor_home.home,
    Role.OPERATOR: operator_home.home,
}
"""Of every role, what its room begins with."""


@personal.get("/home")
@stands_for("GET /v1/me")
def show_home() -> Response:
    """Show whoever is signed in the first page of their room."""
    return _HOMES[principal().role]()
