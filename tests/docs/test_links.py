"""Links in the pages lead somewhere, and the pages speak of the project alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pages import ROOT, anchors, every_page, links

PAGES = every_page()
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:")
FORBIDDEN = re.compile(r"issue #|(?<![\w.}~:])/(?:work|home|tmp|root|Users)/", re.IGNORECASE)
"""Numbers that only a tracker knows, and places on somebody's own machine."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_and_anchor_of_a_page_resolves(page: Path) -> None:
    broken = [link for link in links(page.read_text(encoding="utf-8")) if not leads_somewhere(page, link)]
    assert broken == []


def leads_somewhere(page: Path, link: str) -> bool:
    if ELSEWHERE.match(link):
        return True
    place, _, anchor = link.partition("#")
    target = (page.parent / place).resolve() if place else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors(target.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_speaks_of_a_machine_or_a_tracker(page: Path) -> None:
    assert FORBIDDEN.findall(page.read_text(encoding="utf-8")) == []


def test_a_link_to_a_heading_that_is_not_there_is_found() -> None:
    assert not leads_somewhere(ROOT / "README.md", "docs/api.md#no-such-heading")
    assert not leads_somewhere(ROOT / "README.md", "docs/no-such-page.md")
    assert leads_somewhere(ROOT / "README.md", "docs/api.md#sending-a-request-twice")
