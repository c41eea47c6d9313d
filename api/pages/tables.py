"""Tables that can be read on a telephone: each cell says what its column is called, and what it is in the table.

There a row is shown as a card (``registry.css``). A browser may then forget that it was a table, so the roles are
written out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

_TAG: Final = re.compile(r"<(/?)(thead|tbody|tfoot|tr|th|td)\b([^<>]*)>")
_HEADING: Final = re.compile(r"<th\b[^<>]*>(.*?)</th>", re.DOTALL)
_SPAN: Final = re.compile(r"\bcolspan=\"(\d+)\"")
_GROUP: Final = ' role="rowgroup"'


def labelled(table: Markup) -> Markup:
    """Answer what stands in a table: each cell has its column's heading as ``data-label``, every part its role.

    Args:
        table: its rows as a template wrote them, the headings in ``<thead>``; whatever was put in is escaped already.
    """
    head, end, body = str(table).partition("</thead>")
    if not end:
        return table
    headings = [Markup(each).striptags() for each in _HEADING.findall(head)]  # noqa: S704 - only to be read as text
    column, parts, at = 0, [], 0
    text = head + end + body
    for found in _TAG.finditer(text):
        closes, name, rest = found.groups()
        parts.append(text[at : found.start()])
        at = found.end()
        if name == "tr" and not closes:
            column = 0
        in_head = found.start() < len(head)
        parts.append(found[0] if closes else f"<{name}{rest}{_said(name, rest, headings, column, in_head=in_head)}>")
        if name in {"th", "td"} and not closes:
            span = _SPAN.search(rest)
            column += int(span[1]) if span else 1
    return Markup("".join([*parts, text[at:]]))  # noqa: S704 - the parts are the template's, what is added is escaped


def _said(name: str, rest: str, headings: Sequence[str], column: int, *, in_head: bool) -> str:
    """Answer what is added to one tag."""
    if name in {"thead", "tbody", "tfoot"}:
        return _GROUP
    if name == "tr":
        return ' role="row"'
    if in_head:
        return ' role="columnheader"'
    role = ' role="rowheader"' if name == "th" else ' role="cell"'
    heading = headings[column] if column < len(headings) and "colspan" not in rest else ""
    return f'{role} data-label="{escape(heading)}"' if heading and (column or name == "td") else role
