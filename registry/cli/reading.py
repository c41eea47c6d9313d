"""Files that somebody else made, read whole as long as they are not too large."""

from __future__ import annotations

from pathlib import Path

from registry.errors import InvalidInputError


def content_of(path: Path, largest: int) -> bytes:
    """Answer the bytes of a file.

    Raises:
        InvalidInputError: it cannot be read, or has more than ``largest`` bytes.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{path} cannot be read: {error.strerror}", path=str(path)) from error
    if len(content) > largest:
        raise InvalidInputError(f"{path} has {len(content)} bytes; at most {largest} are read", path=str(path))
    return content
