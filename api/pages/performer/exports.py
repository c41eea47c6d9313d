"""Everything that is kept about a performer, to take along."""

from __future__ import annotations

from flask import Response

from api.answers import file
from api.pages.personal import page_about, performer_of, personal, stands_for
from api.state import context, principal
from registry.interchange.performer_export import as_zip
from registry.services import exports

_ONE = "/performers/<id:performer_id>/export"
_OPERATION = "GET /v1/performers/{performer_id}/export"


@personal.get(_ONE)
@stands_for(_OPERATION)
def show_export(performer_id: str) -> Response:
    """Say what the file holds."""
    return page_about(performer_of(performer_id), "performer/export")


@personal.post(_ONE)
@stands_for(_OPERATION)
def export_performer(performer_id: str) -> Response:
    """Answer everything about one performer in one file; the journal says that it was so, hence the button."""
    export = exports.export_performer(context(), principal(), performer_id)
    return file(as_zip(export), "application/zip", f"{export.performer_id}.zip")
