"""Files that pages load: read once, served under an address that has their digest in it, so that browsers keep them.

Nothing else is served: what is not in the folder when the process starts has no address.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, request
from werkzeug.exceptions import NotFound

FOLDER: Final = Path(__file__).parent / "static"
PATH: Final = "/static"
_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_DIGITS: Final = 16

files = Blueprint("files", __name__)


@dataclass(frozen=True, slots=True)
class StaticFile:
    """One file.

    Attributes:
        address: from the root of the registry.
        integrity: its digest, as a browser checks it (W3C Subresource Integrity).
        content: its bytes.
        media_type: as it is served.
    """

    address: str
    integrity: str
    content: bytes
    media_type: str


@cache
def static_files() -> dict[str, StaticFile]:
    """Answer every file, by its name below the folder."""
    found = (path for path in sorted(FOLDER.rglob("*")) if path.suffix in _TYPES)
    return {path.relative_to(FOLDER).as_posix(): _read(path) for path in found}


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:_DIGITS]
    integrity = f"sha384-{b64encode(hashlib.sha384(content).digest()).decode('ascii')}"
    return StaticFile(f"{PATH}/{digest}/{path.name}", integrity, content, _TYPES[path.suffix])


@cache
def _by_address() -> dict[str, StaticFile]:
    return {file.address: file for file in static_files().values()}


@files.get(f"{PATH}/<digest>/<name>")
def get_file(digest: str, name: str) -> Response:
    """Answer a file, to be kept for good: other bytes have another address."""
    file = _by_address().get(f"{PATH}/{digest}/{name}")
    if file is None:
        raise NotFound
    response = Response(file.content, mimetype=file.media_type)
    response.headers["Cache-Control"] = _FOR_GOOD
    response.set_etag(digest)
    response.make_conditional(request)
    return response
