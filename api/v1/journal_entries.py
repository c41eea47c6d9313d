"""Leaves of the journal, for those who may know what they are about."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.paging import NumberedQuery, numbered_page
from api.schemas.journal import LeafOut, LeafPage, OpenedLeafOut, OpenedLeafPage, SubjectPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import journal, journal_openings

resource = new_resource("journal entries", "Leaves of the journal, for those who may know what they are about.")


@resource.get("/journal/entries", responses={200: LeafPage})
def list_entries(query: NumberedQuery) -> Response:
    """List leaves, in their order, without what opens them: to operators."""
    found = journal.list_entries(context(), principal(), after=query.after(first=1), limit=query.limit + 1)
    last = found[: query.limit][-1].seq if found else 0
    return numbered_page(found, query, LeafPage, LeafOut.of, last=last)


@resource.get("/journal/records/<id:subject_id>", responses={200: OpenedLeafPage})
def list_opened_leaves(path: SubjectPath) -> Response:
    """List the leaves about one record with what opens them: to those who may read the record."""
    found = journal_openings.opened_leaves(context(), principal(), path.subject_id)
    return answer(OpenedLeafPage(items=[OpenedLeafOut.of(each) for each in found], next_cursor=None))
