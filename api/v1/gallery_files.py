"""Gallery files: an organisation asks whether those that it was issued may still be searched."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.schemas.gallery_files import FilesBatch, GalleryStatusOut
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import gallery_status

resource = new_resource(
    "gallery-files", "Sealed voiceprints without names, with which recordings are searched where they are."
)


@resource.post("/gallery-files/status", responses={200: GalleryStatusOut})
def ask_gallery_status(body: FilesBatch) -> Response:
    """Ask whether gallery files may still be searched. What is not `holds` must be deleted.

    Keep `signed`: a scan where the recordings are takes it as `--gallery-status`, for one status interval of the file.
    """
    return answer(GalleryStatusOut.of(gallery_status.ask_gallery_status(context(), principal(), body.gallery_file_ids)))
