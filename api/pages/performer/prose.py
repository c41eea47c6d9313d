"""Prose: a text in Markdown, section by section, as HTML that holds nothing but its words and their marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup

_RENDERED: Final = ("paragraph", "list", "emphasis", "newline", "escape", "entity", "backticks", "blockquote")
_SECTION: Final = re.compile(r"^## +(.+)$", re.MULTILINE)
_TITLE: Final = re.compile(r"\A# +(.+)\n+")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a text.

    Attributes:
        title: its heading; of the first, that of the text.
        html: what stands under it.
    """

    title: str
    html: Markup


@cache
def _renderer() -> MarkdownIt:
    """No HTML of a text's own, no links, no pictures: a registered text may be anybody's who runs the registry."""
    return MarkdownIt("zero").enable(_RENDERED)


def sections(text: str) -> Sequence[Section]:
    """Answer the sections of a text: what comes before the first heading of the second rank, then one for each."""
    titled = _TITLE.match(text)
    title, body = (titled[1].strip(), text[titled.end() :]) if titled else ("", text)
    first, *rest = _SECTION.split(body)
    found = [Section(title, _html(first))] if title or first.strip() else []
    found += [Section(name.strip(), _html(words)) for name, words in zip(rest[::2], rest[1::2], strict=True)]
    return found


def _html(words: str) -> Markup:
    return Markup(_renderer().render(words))  # noqa: S704  (it renders no HTML of the text's own)
