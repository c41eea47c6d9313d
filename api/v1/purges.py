"""Purges that take two operators: how far each is, and stopping one."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import PageQuery, page
from api.schemas.purges import PurgeOut, PurgePage, PurgePath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import purges
from registry.store.purges import Purge

resource = new_resource("purges", "Destroying what is past its time, as two operators agreed.")


@resource.get("/purges", responses={200: PurgePage})
def list_purges(query: PageQuery) -> Response:
    """List purges that two operators agreed on, newest first."""
    found = purges.list_purges(context(), principal(), after=query.after(IdPrefix.PURGE), limit=query.limit + 1)
    return page(found, query, PurgePage, PurgeOut.of)


@resource.get("/purges/<id:purge_id>", responses={200: PurgeOut})
def get_purge(path: PurgePath) -> Response:
    """Answer one purge, and how far it is."""
    return _answer(purges.get_purge(context(), principal(), path.purge_id))


@resource.post("/purges/<id:purge_id>/stop", responses={200: PurgeOut})
@idempotent()
def stop_purge(path: PurgePath, header: ChangeHeaders) -> Response:
    """Stop it. What it has not destroyed stays. One operator may, since it destroys nothing."""
    return _answer(purges.stop_purge(context(), principal(), path.purge_id, if_version=header.version()))


def _answer(purge: Purge) -> Response:
    return answer(PurgeOut.of(purge), tag=entity_tag(purge.version))
