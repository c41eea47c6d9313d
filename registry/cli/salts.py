"""Salts of digests: read from what a registry tells the side that filed recordings under seal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from typer import Option

from registry.cli.reading import json_of
from registry.domain.salting import SALT_BYTES
from registry.errors import InvalidInputError

Salts = Annotated[
    Path | None,
    Option(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="With --recompute: salts of recordings under seal, as GET /v1/cases/{case_id}/papers answers them to the "
        "side that filed them.",
    ),
]


def salts_in(path: Path | None) -> Sequence[bytes]:
    """Answer the salts in a file: the papers of a case as the registry lists them, or a list of salts as hex.

    Raises:
        InvalidInputError: the file holds neither.
    """
    if path is None:
        return ()
    content = json_of(path)
    listed = content.get("items") if isinstance(content, Mapping) else content
    if not isinstance(listed, list):
        raise InvalidInputError(f"{path} holds no papers of a case, and no list of salts", path=str(path))
    return tuple(_read(_said(listed), path))


def _said(listed: Iterable[object]) -> Iterable[object]:
    """Yield what stands for a salt: of papers that have none, nothing."""
    for each in listed:
        found = each.get("salt") if isinstance(each, Mapping) else each
        if found is not None:
            yield found


def _read(said: Iterable[object], path: Path) -> Iterable[bytes]:
    for each in said:
        try:
            salt = bytes.fromhex(str(each))
        except ValueError:
            salt = b""
        if len(salt) != SALT_BYTES:
            raise InvalidInputError(f"{path} holds what is no salt: {SALT_BYTES} bytes, as hex", path=str(path))
        yield salt
