"""Gallery files: those that an organisation was issued, what is in them, sealed, and whether they may be searched."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, request
from werkzeug.wsgi import wrap_file

from api.answers import answer
from api.document import answers_only
from api.paging import PageQuery, page
from api.schemas.gallery_files import (
    FilesBatch,
    GalleryFileOut,
    GalleryFilePage,
    GalleryFilePath,
    GalleryStatusOut,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import gallery_offers, gallery_status

_MEDIA_TYPE = "application/octet-stream"
_READ_BYTES = 1 << 18

resource = new_resource(
    "gallery-files", "Sealed voiceprints without names, with which recordings are searched where they are."
)


@resource.get("/gallery-files", responses={200: GalleryFilePage})
def list_gallery_files(query: PageQuery) -> Response:
    """List gallery files, newest first: those issued to one's own organisation, or all of them for an operator."""
    after = query.after(IdPrefix.GALLERY_FILE)
    found = gallery_offers.list_gallery_files(context(), principal(), after=after, limit=query.limit + 1)
    return page(found, query, GalleryFilePage, GalleryFileOut.of)


@resource.get("/gallery-files/<id:gallery_file_id>", responses={200: GalleryFileOut})
def get_gallery_file(path: GalleryFilePath) -> Response:
    """Answer one gallery file, without what is in it."""
    return answer(GalleryFileOut.of(gallery_offers.get_gallery_file(context(), principal(), path.gallery_file_id)))


@resource.get("/gallery-files/<id:gallery_file_id>/content")
@answers_only(_MEDIA_TYPE)
def fetch_gallery_file(path: GalleryFilePath) -> Response:
    """Answer the file itself, to the organisation that it was issued to, as long as it `holds` and is on offer.

    It is sealed for the organisation's key. One that does not hold is answered with `gallery_file_replaced`.
    """
    content = gallery_offers.fetch_gallery_file(context(), principal(), path.gallery_file_id)
    body = wrap_file(request.environ, content.source, _READ_BYTES)
    response = Response(body, HTTPStatus.OK.value, mimetype=_MEDIA_TYPE, direct_passthrough=True)
    response.content_length = content.size
    response.headers["Content-Disposition"] = f'attachment; filename="{content.file_id}.gallery"'
    return response


@resource.post("/gallery-files/status", responses={200: GalleryStatusOut})
def ask_gallery_status(body: FilesBatch) -> Response:
    """Ask whether gallery files may still be searched. What is not `holds` must be deleted.

    Keep `signed`: a scan where the recordings are takes it as `--gallery-status`, for one status interval of the file.
    """
    return answer(GalleryStatusOut.of(gallery_status.ask_gallery_status(context(), principal(), body.gallery_file_ids)))
