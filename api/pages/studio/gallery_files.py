"""Gallery files that an organisation holds: which there are, whether they may still be searched, and the files."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Response, request
from werkzeug.wsgi import wrap_file

from api.answers import file
from api.pages.checked import checked
from api.pages.language import N_
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for
from api.paging import PageQuery
from api.schemas.gallery_files import FilesBatch, GalleryFileOut, GalleryStatusOut
from api.state import context, principal
from registry.domain.gallery_files import FileStanding
from registry.domain.ids import IdPrefix
from registry.services import gallery_offers, gallery_status, people

_ALL: Final = "/gallery-files"
_READ_BYTES: Final = 1 << 18

STANDINGS: Final = {
    FileStanding.HOLDS: (N_("may be searched"), N_("Everybody in it may still be searched.")),
    FileStanding.REPLACED: (
        N_("must not be searched any more"),
        N_("Somebody in it may not be searched any more. Delete the file and what was found with it; fetch another."),
    ),
    FileStanding.ENDED: (N_("past its term"), N_("Delete the file, and fetch another.")),
    FileStanding.VOID: (N_("void"), N_("It was never delivered. Delete what you have of it.")),
    FileStanding.UNKNOWN: (N_("not issued to you"), N_("Do not search it.")),
}
"""How a file stands: in a few words, and what to do."""


@personal.get(_ALL)
@stands_for("GET /v1/gallery-files")
def show_gallery_files() -> Response:
    """Show the gallery files that were issued to one's organisation, newest first, and how each stands."""
    query = asked(PageQuery)
    found = gallery_offers.list_gallery_files(
        context(), principal(), after=query.after(IdPrefix.GALLERY_FILE), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    return page_of(
        "studio/gallery_files",
        items=[GalleryFileOut.of(each) for each in items],
        cursor=cursor,
        standings=STANDINGS,
        names=people.organisations_named(context(), {each.file.organisation_id for each in items}),
        is_own=not principal().is_operator,
    )


@personal.get(f"{_ALL}/<id:gallery_file_id>")
@stands_for("GET /v1/gallery-files/{gallery_file_id}")
def show_gallery_file(gallery_file_id: str) -> Response:
    """Show one gallery file, without what is in it."""
    issued = gallery_offers.get_gallery_file(context(), principal(), gallery_file_id)
    return page_of(
        "studio/gallery_file",
        each=GalleryFileOut.of(issued),
        standings=STANDINGS,
        names=people.organisations_named(context(), {issued.file.organisation_id}),
        is_own=not principal().is_operator,
    )


@personal.get(f"{_ALL}/<id:gallery_file_id>/content")
@stands_for("GET /v1/gallery-files/{gallery_file_id}/content")
def fetch_gallery_file(gallery_file_id: str) -> Response:
    """Answer the file itself, to the organisation that it was issued to, as long as it holds and is on offer."""
    content = gallery_offers.fetch_gallery_file(context(), principal(), gallery_file_id)
    body = wrap_file(request.environ, content.source, _READ_BYTES)
    response = Response(body, HTTPStatus.OK.value, mimetype="application/octet-stream", direct_passthrough=True)
    response.content_length = content.size
    response.headers["Content-Disposition"] = f'attachment; filename="{content.file_id}.gallery"'
    return response


@personal.get(f"{_ALL}/<id:gallery_file_id>/status")
@stands_for("POST /v1/gallery-files/status", "GET /v1/gallery-files/{gallery_file_id}")
def get_gallery_status(gallery_file_id: str) -> Response:
    """Answer how a file stands, signed, to be kept for a scan where the recordings are. Nothing is changed by it."""
    issued = gallery_offers.get_gallery_file(context(), principal(), gallery_file_id)
    body = checked(FilesBatch, gallery_file_ids=[issued.id])
    answer = gallery_status.ask_gallery_status(context(), principal(), body.gallery_file_ids)
    told = GalleryStatusOut.of(answer).model_dump_json(indent=2)
    return file(f"{told}\n".encode(), "application/json", f"{issued.id}.status.json")
