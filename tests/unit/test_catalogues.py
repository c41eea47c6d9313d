"""Catalogues of translated words: a language is there or refused, and what a file lacks is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from registry.catalogues import languages, problems_of, translations, update
from registry.errors import InvalidInputError

SOURCE = 'say(_("Hello %(name)s"), ngettext("%(n)d voice", "%(n)d voices", n), N_("Later"))\n'
PAGE = "<p>{{ _('From a page') }}</p>{% trans name=x %}Dear\n {{ name }}{% endtrans %}\n"


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "said.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    update(tmp_path / "locale" / "ko.po", [tmp_path])
    return tmp_path


def replaced(room: Path, before: str, after: str) -> None:
    path = room / "locale" / "ko.po"
    held = path.read_text(encoding="utf-8")
    assert before in held
    path.write_text(held.replace(before, after), encoding="utf-8")


def problems(room: Path) -> list[str]:
    return problems_of(room / "locale", "ko", [room])


def test_a_language_that_is_not_there_is_refused(room: Path) -> None:
    with pytest.raises(InvalidInputError) as refused:
        translations(room / "locale", "fr")
    assert refused.value.figures["languages"] == ["en", "ko"]
    assert languages(room / "locale") == ("en", "ko")
    assert problems_of(room / "locale", "fr", [room]) == ["there is no fr.po"]


def test_english_is_what_the_source_says(room: Path) -> None:
    assert translations(room / "locale", "en").gettext("Hello %(name)s") == "Hello %(name)s"


def test_what_is_not_translated_is_named_and_stays_english(room: Path) -> None:
    words = ["Dear %(name)s", "From a page", "Hello %(name)s", "Later", "%(n)d voice"]
    assert sorted(problems(room)) == sorted(f"untranslated: {each}" for each in words)
    assert translations(room / "locale", "ko").gettext("Later") == "Later"


def test_a_translation_is_used_and_a_guess_is_not(room: Path) -> None:
    replaced(room, 'msgid "Later"\nmsgstr ""', 'msgid "Later"\nmsgstr "나중에"')
    replaced(room, 'msgid "From a page"\nmsgstr ""', '#, fuzzy\nmsgid "From a page"\nmsgstr "쪽에서"')
    replaced(room, 'msgstr[0] ""', 'msgstr[0] "목소리 %(n)d"')
    words = translations(room / "locale", "ko")
    assert (words.gettext("Later"), words.gettext("From a page")) == ("나중에", "From a page")
    assert words.ngettext("%(n)d voice", "%(n)d voices", 3) == "목소리 %(n)d"
    assert "fuzzy: From a page" in problems(room)


def test_placeholders_that_differ_are_named(room: Path) -> None:
    replaced(room, 'msgid "Hello %(name)s"\nmsgstr ""', 'msgid "Hello %(name)s"\nmsgstr "%(title)s 안녕"')
    assert "placeholders differ: Hello %(name)s" in problems(room)


def test_what_is_gone_or_new_in_the_source_is_named_until_it_is_brought_up(room: Path) -> None:
    replaced(room, 'msgid "Later"\nmsgstr ""', 'msgid "Later"\nmsgstr "나중에"')
    (room / "said.py").write_text(SOURCE.replace("Later", "Sooner"), encoding="utf-8")
    assert {"missing: Sooner", "obsolete: Later"} <= set(problems(room))
    update(room / "locale" / "ko.po", [room])
    assert "untranslated: Sooner" in problems(room)
    assert not [each for each in problems(room) if "Later" in each]


def test_a_room_inside_a_room_says_its_own(room: Path) -> None:
    inner = room / "inner"
    (inner / "locale").mkdir(parents=True)
    (inner / "said.py").write_text('say(_("From inside"), _("Later"))\n', encoding="utf-8")
    update(inner / "locale" / "ko.po", [inner])
    assert "missing: From inside" not in problems(room)
    assert "untranslated: From inside" in problems_of(inner / "locale", "ko", [inner])
    path = inner / "locale" / "ko.po"
    text = path.read_text(encoding="utf-8")
    text = text.replace('msgid "From inside"\nmsgstr ""', 'msgid "From inside"\nmsgstr "안에서"')
    path.write_text(text.replace('msgid "Later"\nmsgstr ""', 'msgid "Later"\nmsgstr "다음에"'), encoding="utf-8")
    replaced(room, 'msgid "Later"\nmsgstr ""', 'msgid "Later"\nmsgstr "나중에"')
    words = translations(room / "locale", "ko", inner / "locale")
    assert (words.gettext("From inside"), words.gettext("Later")) == ("안에서", "나중에")
