"""Options that several commands have in common."""

from __future__ import annotations

from typing import Annotated

from typer import BadParameter, Option

LONGEST_LINE = 200
LONGEST_NOTE = 500

Acting = Annotated[
    str | None,
    Option("--as", metavar="ACCOUNT_ID", help="The operator who acts; by default the only one in service."),
]

AsJson = Annotated[bool, Option("--json", help="Print JSON, for machines.")]


def one_line(text: str) -> str:
    """Read a name or a title: one line of 1 to 200 printable characters.

    Raises:
        BadParameter: it is none.
    """
    return _printable(text, LONGEST_LINE)


def note(text: str) -> str:
    """Read a remark: 1 to 500 printable characters.

    Raises:
        BadParameter: it is none.
    """
    return _printable(text, LONGEST_NOTE)


def _printable(text: str, longest: int) -> str:
    stripped = text.strip()
    if not 1 <= len(stripped) <= longest:
        raise BadParameter(f"it must have 1 to {longest} characters, not {len(stripped)}")
    if not stripped.isprintable():
        raise BadParameter("it must be one line of printable characters")
    return stripped
