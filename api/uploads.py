"""Uploads: from a field of a form to what a verb takes. An upload lives in a file without a name, see `api.limits`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask_openapi.models.file import FileStorage
from werkzeug.datastructures import FileStorage as AnyFile

from registry.services.intake import Upload

_LONGEST_NAME = 255


class File(FileStorage):
    """A file in a form. A text field of the same name is refused."""

    @classmethod
    def validate(cls, value: Any, *_args: Any, **_kwargs: Any) -> AnyFile:
        """Let only files pass."""
        if not isinstance(value, AnyFile):
            raise ValueError("this field takes a file: send it with a filename")  # noqa: TRY004  (pydantic's protocol)
        return value


def upload_of(file: AnyFile) -> Upload:
    """Answer an upload that can be read for as long as the request lives."""
    file.stream.flush()
    # The file has no name of its own; this one leads to it, for this process alone.
    return Upload(path=Path(f"/proc/self/fd/{file.stream.fileno()}"), filename=clean_name(file.filename))


def uploads_of(files: Sequence[AnyFile]) -> list[Upload]:
    """Answer the uploads of a field that takes several files, in the order in which they were sent."""
    return [upload_of(file) for file in files]


def clean_name(name: str | None) -> str:
    """Answer the last part of a client's name for a file, printable and at most 255 characters long.

    The end is kept, where the extension is. The name is only ever shown; no file is called by it.
    """
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    printable = "".join(c for c in last if c.isprintable()).strip()
    return printable[-_LONGEST_NAME:] or "unnamed"
