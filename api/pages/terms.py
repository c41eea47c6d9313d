"""Terms of a licence in a few words, use by use, and what one version says otherwise than another.

The words for a purpose, a medium or a rate are those of the licence's own human text (`registry.domain.licence_text`),
so that what is short and what is binding never call a thing by two names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from babel import Locale, UnknownLocaleError

from api.pages.language import language, money
from registry.domain.iso import CURRENCIES
from registry.domain.licence_text.words import Words
from registry.domain.licence_text.writing import LANGUAGES
from registry.domain.rules.categories import Category, shipped_categories
from registry.domain.rules.texts import Text
from registry.domain.terms import ANY_LANGUAGE, WORLD, LicenceTerms, PayTerms
from registry.domain.uses import UsePurpose

_PURPOSES: Final = "purposes"


@dataclass(frozen=True, slots=True)
class UseCard:
    """What a licence says of one use.

    Attributes:
        name, meaning, example: of the use, for people.
        where: media, then places.
        until: the last day on which it is permitted.
        fees: what is paid, a phrase each.
        is_asked: whether the exact words are approved before each use.
        floor: the least fee for one approval, written out; None where none is agreed.
    """

    name: str
    meaning: str
    example: str
    where: str
    until: date
    fees: Sequence[str]
    is_asked: bool
    floor: str | None


def use_cards(terms: LicenceTerms, *, theirs: bool = False) -> list[UseCard]:
    """Answer what terms say of each use that they permit, in the order of the vocabulary.

    Args:
        terms: of a licence.
        theirs: whether the performer reads it, of their own voice.
    """
    words, meanings = _words(), {each.word: each for each in _categories(_PURPOSES)}
    media = words.listed([words.media[each] for each in words.media if each in terms.media])
    where = f"{media} · {places(terms.territories)}"
    return [
        _card(terms, purpose, _told(meanings[purpose.value], theirs=theirs), where)
        for purpose in UsePurpose
        if purpose in terms.purposes
    ]


def _told(of: Category, *, theirs: bool) -> tuple[Text, Text, Text]:
    """Answer a use's name, meaning and example, as whoever reads is told them."""
    return (of.name, of.meaning, of.example) if theirs else (of.name, of.meaning_of_them, of.example_of_them)


def _card(terms: LicenceTerms, purpose: UsePurpose, told: tuple[Text, Text, Text], where: str) -> UseCard:
    here, approval = language(), terms.approval
    name, meaning, example = told
    asked = approval is not None and purpose in approval.purposes
    floor = None
    if asked and approval is not None and approval.currency is not None:
        floor = amount(approval.floor_minor, approval.currency)
    return UseCard(
        name=name.in_language(here),
        meaning=meaning.in_language(here),
        example=example.in_language(here),
        where=where,
        until=terms.last_day,
        fees=fees(terms.pay),
        is_asked=asked,
        floor=floor,
    )


def _words() -> Words:
    return LANGUAGES[language()]


def _categories(term: str) -> Iterable[Category]:
    return (each for each in shipped_categories() if each.term == term)


def amount(amount_minor: int, currency: str) -> str:
    """Write an amount; of a currency that nobody knows the decimals of, in its minor unit, which is said."""
    if currency in CURRENCIES:
        return money(amount_minor, currency)
    return _words().say("minor_units", amount=f"{amount_minor:,}", currency=currency)


def fees(pay: PayTerms) -> list[str]:
    """Answer what is paid, a phrase for each rate, then the guarantee, where there is one."""
    words, currency = _words(), pay.currency or ""
    said = [words.bases[rate.basis].format(amount=amount(rate.amount_minor, currency)) for rate in pay.rates]
    if pay.minimum_guarantee_minor:
        said.append(words.say("guarantee", amount=amount(pay.minimum_guarantee_minor, currency)))
    return said


def places(codes: Collection[str]) -> str:
    """Answer the names of countries by their ISO 3166-1 codes; a part of one (``US-CA``) stands as it is."""
    words, names = _words(), Locale.parse(language()).territories
    if WORLD in codes:
        return words.say("everywhere")
    return words.listed([str(names.get(code, code)) for code in sorted(codes)])


def tongues(tags: Collection[str]) -> str:
    """Answer the names of languages by their BCP 47 tags."""
    words = _words()
    if ANY_LANGUAGE in tags:
        return words.say("every_language")
    return words.listed([_tongue(tag) for tag in sorted(tags)])


def _tongue(tag: str) -> str:
    try:
        return Locale.parse(tag, sep="-").get_display_name(language()) or tag
    except (UnknownLocaleError, ValueError):
        return tag


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that two versions say differently; ``before`` or ``after`` is None where one says nothing of it."""

    about: str
    before: str | None
    after: str | None


def changed(before: str, after: str) -> list[Change]:
    """Answer what a human text of a licence says otherwise than an earlier one, in the order of the later.

    Lines are compared by what they are about: what stands before the colon. Of what is said several times, such as
    rates, all are told together.
    """
    earlier, later = _said(before), _said(after)
    about = [*later, *(each for each in earlier if each not in later)]
    return [Change(each, earlier.get(each), later.get(each)) for each in about if earlier.get(each) != later.get(each)]


def _said(text: str) -> dict[str, str]:
    """Answer what a human text says, by what it is about."""
    said: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("- ") and ": " in line:
            about, _, words = line.removeprefix("- ").partition(": ")
            said.setdefault(about, []).append(words)
        elif line.startswith("> "):
            said.setdefault("", []).append(line.removeprefix("> "))
    return {about: "; ".join(words) for about, words in said.items()}
