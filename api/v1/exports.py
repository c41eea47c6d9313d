"""Exports."""

from __future__ import annotations

from flask import Response

from api.answers import answer, file
from api.document import also_answers
from api.schemas.exports import ExportFormat, ExportOut, ExportQuery
from api.schemas.performers import PerformerPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.interchange.performer_export import as_json, as_zip
from registry.services import exports

resource = new_resource("exports", "Everything about one performer, to take along.")


@resource.get("/performers/<id:performer_id>/export", responses={200: ExportOut})
@also_answers("application/zip")
def export_performer(path: PerformerPath, query: ExportQuery) -> Response:
    """Answer everything about one performer, to the performer's side or an operator; the journal says that it was."""
    export = exports.export_performer(context(), principal(), path.performer_id)
    if query.format is ExportFormat.ZIP:
        return file(as_zip(export), "application/zip", f"{export.performer_id}.zip")
    return answer(ExportOut.model_validate(as_json(export)))
