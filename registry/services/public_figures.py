"""Public figures: what an operator has said of whether a performer is one, and why. Until then two read each notice."""

from __future__ import annotations

from collections.abc import Sequence

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.errors import NotFoundError
from registry.services.context import Context
from registry.services.unit import unit_of_work
from registry.store import notices
from registry.store.notices import PublicFigure
from registry.store.performers import Performer


def state_public_figure(
    ctx: Context, principal: Principal, performer_id: str, *, is_public_figure: bool, reason: str
) -> PublicFigure:
    """Say, as an operator, whether a performer is a public figure, and why. The last one stands.

    Raises:
        ForbiddenError: the caller is no operator.
        NotFoundError: no such performer.
    """
    principal.require(Scope.REVIEWS_WRITE)
    with unit_of_work(ctx) as unit:
        performer = unit.session.get(Performer, performer_id)
        if performer is None:
            raise NotFoundError("there is no such performer")
        unit.session.refresh(performer, with_for_update=True)
        said = PublicFigure(
            id=unit.new_id(IdPrefix.PUBLIC_FIGURE),
            performer_id=performer.id,
            is_public_figure=is_public_figure,
            reason=reason,
            said_by=principal.account_id,
            said_at=unit.now,
        )
        unit.session.add(said)
        unit.record(
            EventType.PUBLIC_FIGURE_STATED,
            said.id,
            principal.account_id,
            performer_id=performer.id,
            is_public_figure=is_public_figure,
        )
        unit.commit()
    return said


def list_public_figure(ctx: Context, principal: Principal, performer_id: str) -> Sequence[PublicFigure]:
    """Answer what was said of whether a performer is a public figure, oldest first, to their side and to operators.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        performer = session.get(Performer, performer_id)
        if performer is None or not principal.may_act_for(performer_id, Scope.PERFORMERS_READ):
            raise NotFoundError("there is no such performer")
        return notices.public_figures_of(session, performer_id)
