"""Language: which one a reader gets, and its words. English is the source; every other one lies in ``locale/``."""

from __future__ import annotations

import gettext
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from flask import Response, g, request
from markupsafe import Markup, escape

from api import cookies
from api.pages.zones import exactly, from_utc, in_zone
from registry.catalogues import SOURCE_LANGUAGE, languages, translations
from registry.domain.money import in_major_units

PAGES: Final = Path(__file__).parent
ROOMS: Final = ("performer", "studio", "auditor", "operator", "disputes", "account")
"""Folders of pages, by who reads them; each has its own templates and words. What all of them share lies above."""

LOCALE: Final = PAGES / "locale"
NAMES: Final = {"en": "English", "ko": "한국어"}
"""What each language is called in itself."""
PARAMETER: Final = "lang"
_COOKIE: Final = "likeness-language"
_KEPT: Final = timedelta(days=365)


def language() -> str:
    """Answer the reader's language: as chosen on the page, as chosen before in this browser, or as it asks for."""
    found: str | None = g.get("language")
    if found is None:
        found = g.language = _wanted_language()
    return found


def _wanted_language() -> str:
    known = languages(LOCALE)
    for chosen in (request.args.get(PARAMETER), cookies.sent(_COOKIE)):
        if chosen in known:
            return str(chosen)
    return request.accept_languages.best_match(known, SOURCE_LANGUAGE) or SOURCE_LANGUAGE


def keep_choice(response: Response) -> None:
    """Let a browser keep the language that was chosen on the page."""
    chosen = request.args.get(PARAMETER)
    if chosen in languages(LOCALE):
        cookies.give(response, _COOKIE, str(chosen), _KEPT)


def catalogue() -> gettext.NullTranslations:
    """Answer the words of the reader's language."""
    found: gettext.NullTranslations | None = g.get("words")
    if found is None:
        found = g.words = words_of(language())
    return found


def words_of(language: str) -> gettext.NullTranslations:
    """Answer the words of a language, of all pages."""
    return translations(LOCALE, language, *(PAGES / room / "locale" for room in ROOMS))


def _(text: str) -> str:
    """Say a sentence in the reader's language."""
    return catalogue().gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    """Say a sentence that has a number in it."""
    return catalogue().ngettext(one, many, number)


def N_(text: str) -> str:  # noqa: N802  (the name that is read out of the source, as elsewhere)
    """Mark a sentence that is said later."""
    return text


def locale() -> str:
    """Answer by whose habits days and numbers are written; English is British here."""
    here = language()
    return "en_GB" if here == SOURCE_LANGUAGE else here


def bdi(name: str) -> Markup:
    """Set a name apart, so that the sentence around it reads in its own direction whatever the name is written in."""
    return Markup("<bdi>{}</bdi>").format(name)


def day(when: date) -> str:
    """Write a day as one writes it; of a moment, the day that it is then where the reader is."""
    return format_date(in_zone(when) if isinstance(when, datetime) else when, "long", locale=locale())


def moment(at: datetime) -> str:
    """Write a moment to the minute, by the reader's clock, and how far that is from UTC."""
    here = in_zone(at)
    return f"{format_date(here, 'long', locale=locale())} {here:%H:%M} {from_utc(here)}"


def shown_day(when: date) -> str:
    """Write a day for a page; one that tells of a moment is marked with that moment."""
    return _marked(when, day(when)) if isinstance(when, datetime) else day(when)


def shown_moment(at: datetime) -> Markup:
    """Write a moment for a page, marked as one."""
    return _marked(at, moment(at))


def _marked(at: datetime, words: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(exactly(at), words)


def filled_in(sentence: str, **values: object) -> Markup:
    """Fill what a sentence of ours says in, for a page; moments are marked, and all else is text.

    Args:
        sentence: in the reader's language, with ``%(name)s`` for each value.
        values: what is filled in.
    """
    return escape(sentence) % {k: shown_moment(v) if isinstance(v, datetime) else v for k, v in values.items()}


def number(value: float, digits: int = 0) -> str:
    """Write a number with so many decimals."""
    return str(format_decimal(value, format=f"#,##0.{'0' * digits}" if digits else "#,##0", locale=locale()))


def money(amount_minor: int, currency: str) -> str:
    """Write an amount as one writes it: exact, with as many decimals as the currency has.

    Args:
        amount_minor: in the minor unit of the currency; negative amounts keep their sign.
        currency: ISO 4217 code.
    """
    exact = Decimal(in_major_units(amount_minor, currency))
    return str(format_currency(exact, currency, locale=locale()))


def percent(share: float) -> str:
    """Write a share in [0, 1]."""
    return str(format_percent(share, format="#,##0.#%", locale=locale()))
