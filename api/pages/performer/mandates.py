"""What whoever is signed in may do for a performer: a mandate may leave something out, and a page says so."""

from __future__ import annotations

from api.state import principal
from registry.domain.accounts import Scope
from registry.errors import ForbiddenError


def covers(performer_id: str, scope: Scope) -> bool:
    """Whether whoever is signed in may do this kind of thing for a performer."""
    return scope in principal().scopes and principal().may_act_for(performer_id, scope)


def require_cover(performer_id: str, scope: Scope) -> None:
    """Refuse to show an empty list to somebody whose mandate does not cover it: it would say that there is nothing.

    Raises:
        ForbiddenError: figure ``scope``.
    """
    if not covers(performer_id, scope):
        raise ForbiddenError("the mandate does not cover this", scope=scope.value)
