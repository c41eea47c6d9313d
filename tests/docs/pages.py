"""Reading the project's pages: fenced blocks, links, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- (.+) -->\n\Z")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]\n]*(?:\n[^\]\n]*)?\]\(([^)\s]+)\)")
_SKIPPED = frozenset({".venv", "node_modules", "build", "dist"})


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: as written behind the fence.
        text: between the fences.
        mark: text of the HTML comment on the line before, or empty.
        line: number of the line of the opening fence.
    """

    language: str
    text: str
    mark: str
    line: int


def blocks(page: str) -> list[Block]:
    """Answer every fenced block of a page, in order."""
    found = []
    for fence in _FENCE.finditer(page):
        mark = _MARK.search(page[: fence.start()])
        line = page.count("\n", 0, fence.start()) + 1
        found.append(Block(fence[1], fence[2], mark[1] if mark else "", line))
    return found


def every_page() -> list[Path]:
    """Answer every Markdown file of the project."""
    pages = (path for path in ROOT.rglob("*.md") if not _SKIPPED & set(path.relative_to(ROOT).parts))
    return sorted(path for path in pages if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))


def links(page: str) -> Iterator[str]:
    """Answer the target of every link outside of code."""
    return (link[1] for link in _LINK.finditer(_without_code(page)))


def anchors(page: str) -> set[str]:
    """Answer the anchors that headings make, as GitHub makes them."""
    return {_anchor(heading[1]) for heading in _HEADING.finditer(_FENCE.sub("", page))}


def between(page: str, name: str) -> str:
    """Answer what stands between ``<!-- name:begin -->`` and ``<!-- name:end -->``."""
    inner = page.split(f"<!-- {name}:begin -->\n", 1)[1]
    return inner.split(f"<!-- {name}:end -->", 1)[0]


def _without_code(page: str) -> str:
    return re.sub(r"`[^`\n]+`(?!\])", "", _FENCE.sub("", page))


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).replace(" ", "-")
