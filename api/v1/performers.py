"""Performers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import PageQuery, page
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.performers import (
    BirthDate,
    Death,
    NewPerformer,
    PerformerChange,
    PerformerOut,
    PerformerPage,
    PerformerPath,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import civil_status, performers
from registry.store.performers import Performer

resource = new_resource("performers", "People whose voices and faces are protected.")


def names_tried(arguments: Mapping[str, Any]) -> int:
    """Count a name that is given: whether it is refused is an answer. Operators know anyway."""
    return int(not principal().is_operator and arguments["body"].name is not None)


@resource.post("/performers", responses={201: PerformerOut})
@spends(Budget.NAMES, names_tried)
@idempotent()
def register_performer(body: NewPerformer) -> Response:
    """Register a performer."""
    performer = performers.register_performer(context(), principal(), **body.model_dump())
    return created(_out(performer), f"/v1/performers/{performer.id}", tag=entity_tag(performer.version))


@resource.get("/performers", responses={200: PerformerPage})
def list_performers(query: PageQuery) -> Response:
    """List performers: every one for an operator, oneself or those one acts for otherwise."""
    after = query.after(IdPrefix.PERFORMER)
    found = performers.list_performers(context(), principal(), after=after, limit=query.limit + 1)
    return page(found, query, PerformerPage, _out)


@resource.get("/performers/<id:performer_id>", responses={200: PerformerOut})
def get_performer(path: PerformerPath) -> Response:
    """Answer one performer."""
    return _answer(performers.get_performer(context(), principal(), path.performer_id))


@resource.patch("/performers/<id:performer_id>", responses={200: PerformerOut})
@spends(Budget.NAMES, names_tried)
def change_performer(path: PerformerPath, header: ChangeHeaders, body: PerformerChange) -> Response:
    """Change a performer's name, assurance or account; what is left out stays."""
    performer = performers.change_performer(
        context(), principal(), path.performer_id, **body.model_dump(), if_version=header.version()
    )
    return _answer(performer)


@resource.post("/performers/<id:performer_id>/birth-date", responses={200: PerformerOut})
@idempotent()
def record_birth_date(path: PerformerPath, header: ChangeHeaders, body: BirthDate) -> Response:
    """Record when the performer was born. The date is not kept, but for a minor the day of age is."""
    performer = civil_status.record_birth_date(
        context(), principal(), path.performer_id, **body.model_dump(), if_version=header.version()
    )
    return _answer(performer)


@resource.post("/performers/<id:performer_id>/death", responses={200: PerformerOut})
@idempotent()
def record_death(path: PerformerPath, header: ChangeHeaders, body: Death) -> Response:
    """Record that the performer has died: from now on the estate decides, and every other mandate has ended."""
    performer = civil_status.record_death(
        context(), principal(), path.performer_id, **body.model_dump(), if_version=header.version()
    )
    return _answer(performer)


def _answer(performer: Performer) -> Response:
    return answer(_out(performer), tag=entity_tag(performer.version))


def _out(performer: Performer) -> PerformerOut:
    return PerformerOut.model_validate(performer)
