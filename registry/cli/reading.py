"""Files that somebody else made, read whole as long as they are not too large."""

from __future__ import annotations

from pathlib import Path

from registry.domain.reading import parse_json
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


def json_of(path: Path) -> object:
    """Answer what a JSON file holds.

    Raises:
        InvalidInputError: it cannot be read as JSON.
    """
    try:
        return parse_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"{path} cannot be read as JSON: {error}", path=str(path)) from error


def signed_text(path: Path, member: str, largest: int) -> str:
    """Answer the signed text in a file: all of it, or a member of the answer over HTTP that it came in.

    Raises:
        InvalidInputError: it cannot be read, or has more than ``largest`` bytes.
    """
    held = content_of(path, largest).decode("utf-8", errors="replace").strip()
    try:
        answered = parse_json(held)
    except ValueError:
        return held
    return str(answered.get(member, "")) if isinstance(answered, dict) else held
