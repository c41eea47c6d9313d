"""What pages say in other languages is whole, and what they load is what was pinned."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from api.pages.language import ROOMS
from api.pages.operator.event_words import EVENTS
from api.pages.reasons import _SENTENCES
from api.pages.wording import MEASURES
from registry.catalogues import languages, problems_of, read_catalogue
from registry.domain.events import EventType
from registry.domain.remedies import _MENDS
from registry.domain.transparency import MEANING

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "api" / "pages"
sys.path.insert(0, str(ROOT))

from supply import vendor  # noqa: E402  (beside the registry, not installed with it)

HOMES = [PAGES, *(PAGES / room for room in ROOMS)]


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.name)
def test_every_sentence_of_a_page_is_there_in_every_language(home: Path) -> None:
    assert languages(home / "locale") == ("en", "ko")
    assert problems_of(home / "locale", "ko", [home]) == []


def test_a_sentence_that_two_rooms_say_is_one_sentence() -> None:
    said: dict[object, dict[object, str]] = {}
    for home in HOMES:
        for message in read_catalogue(home / "locale" / "ko.po"):
            said.setdefault((message.id, message.context), {}).setdefault(message.string, home.name)
    assert {key: words for key, words in said.items() if len(words) > 1} == {}


def test_no_sentence_leaves_it_to_the_reader_which_particle_is_right() -> None:
    left = re.compile(r"[은는이가을를과와]\([은는이가을를과와]\)|\(으\)로|\(이\)")
    catalogues = [path for top in ("api", "registry") for path in sorted((ROOT / top).rglob("locale/ko.po"))]
    assert len(catalogues) > len(HOMES)
    assert [
        str(each.string) for path in catalogues for each in read_catalogue(path) if left.search(str(each.string))
    ] == []


@pytest.mark.parametrize("template", sorted(PAGES.rglob("*.html")), ids=lambda path: path.stem)
def test_no_page_has_a_script_a_style_or_a_handler_in_it(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]* src=)|\|\s*safe", text) == []
    assert re.findall(r"(?:src|href|action)=\"(?:https?:)?//", text) == []


@pytest.mark.parametrize("home", [vendor.FOR_PAGES, vendor.FOR_TESTS], ids=["pages", "tests"])
def test_what_others_made_is_what_was_pinned(home: Path) -> None:
    kept = (home / vendor.MANIFEST).read_text(encoding="utf-8")
    assert kept == vendor.manifest(home)
    named = {name for package in json.loads(kept) for name in package["files"]}
    assert {path.name for path in home.iterdir()} == named | {vendor.MANIFEST}


def test_what_others_made_is_named_with_its_licence() -> None:
    page = (ROOT / "docs" / "third-party.md").read_text(encoding="utf-8")
    listed = page.partition("<!-- vendored:begin -->")[2].partition("<!-- vendored:end -->")[0]
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")][:3] for line in listed.strip().splitlines()[2:]]
    assert rows == [[each.name, each.version, each.licence] for each in vendor.PACKAGES]


def test_every_reason_that_stands_for_or_against_a_use_is_said_in_a_sentence_of_its_own() -> None:
    assert sorted(set(_MENDS) - set(_SENTENCES) - {"cohort_position"}) == []


def test_what_is_counted_is_called_as_the_figures_call_it() -> None:
    assert dict(MEASURES) == dict(MEANING)


def test_every_event_of_the_journal_has_words() -> None:
    assert set(EventType) - set(EVENTS) == set()
    assert len(set(EVENTS.values())) == len(EVENTS)
