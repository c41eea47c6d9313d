"""Words that people chose, as they stand in a page: none of it is markup, invisible, or turns what is around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

if TYPE_CHECKING:
    from registry.reports.model import PersonPart

LONGEST_NAME: Final = 300
LONGEST_IN_A_SENTENCE: Final = 60
"""Characters of a name within a sentence of the first page, which is one page; the second part has all of it."""
_PIECES: Final = re.compile(r"(<[^>]*>|\s+)")
_LONGEST_UNBROKEN: Final = 12


def visible(text: str) -> str:
    """Answer text in which nothing is invisible, and nothing turns the direction of writing: such marks are named."""
    return "".join(each if each.isprintable() or each == "\n" else f"\\u{ord(each):04x}" for each in text)


def named(text: str, longest: int = LONGEST_NAME) -> Markup:
    """Answer a name or a title as HTML, apart from the direction of the words around it; a very long one is cut."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return Markup('<bdi class="name">%s</bdi>') % visible(cut.replace("\n", " "))


def name_of(person: PersonPart, longest: int = LONGEST_NAME) -> Markup:
    """Answer what somebody is called: by their id where there is no name to show."""
    return named(person.name if person.name is not None else person.id, longest)


def prose(text: str) -> Markup:
    """Answer what somebody wrote, in its lines, each in its own direction of writing."""
    lines = visible(text.replace("\r\n", "\n")).split("\n")
    return Markup("").join(Markup('<p dir="auto">%s</p>') % line for line in lines if line.strip())


def unbroken(text: Markup) -> Markup:
    """Answer Korean words of ours so that a printed line ends between words, as `word-break: keep-all` has it.

    Very long ones, such as names without spaces, may still be broken.
    """
    pieces = _PIECES.split(str(text))
    return Markup("").join(  # the pieces are of markup that is safe already
        Markup(each if not _is_word(each) else f'<span class="word">{each}</span>')  # noqa: S704
        for each in pieces
    )


def whole(text: str) -> Markup:
    """Answer a figure or a short sign that no line is broken in."""
    return Markup('<span class="word">%s</span>') % text


def _is_word(piece: str) -> bool:
    return 1 < len(piece) <= _LONGEST_UNBROKEN and not piece.startswith("<") and not piece.isspace()
