"""Uses in words: what a recording is, what the voice is used for, where, in which language. As licences say them.

The phrases for purposes, media, ways and units are those of the licence's own text
(`registry.domain.licence_text`), so that a page and what was signed call the same thing the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from babel import Locale

from api.pages.language import N_, _, day, language, number
from api.pages.terms import places, tongues
from registry.domain.approvals import Beyond
from registry.domain.licence_text.writing import LANGUAGES
from registry.domain.terms import WORLD
from registry.domain.uses import DeclaredUse, Medium, Quantity, UsageUnit, UseKind, UseMode, UsePurpose

KINDS: Final[Mapping[UseKind, str]] = {
    UseKind.GENERATED: N_("A machine made it"),
    UseKind.TRAINING: N_("A machine is to be taught with it"),
    UseKind.REFERENCE: N_("It is a recording of a person"),
}

BEYOND: Final[Mapping[Beyond, str]] = {
    Beyond.SUBLICENCE: N_("Somebody else uses what you were permitted"),
    Beyond.DERIVED_VOICE: N_("The voice is mixed or changed into a new one"),
    Beyond.MODEL_IMPROVEMENT: N_("Models that serve others are made better with it"),
}

MARKED: Final[Mapping[bool | None, str]] = {
    None: N_("not said"),
    True: N_("yes"),
    False: N_("no"),
}
"""Whether what a machine made is marked and labelled as was agreed."""


def kind_called(kind: UseKind) -> str:
    """Say what a recording is."""
    return _(KINDS[kind])


def purpose_called(purpose: UsePurpose) -> str:
    """Say what a voice is used for."""
    return _first(LANGUAGES[language()].purposes[purpose])


def medium_called(medium: Medium) -> str:
    """Say where it is heard."""
    return _first(LANGUAGES[language()].media[medium])


def mode_called(mode: UseMode) -> str:
    """Say whether it is fixed beforehand, or made while people listen."""
    return _first(LANGUAGES[language()].modes[mode])


def unit_called(unit: UsageUnit) -> str:
    """Say what use is counted in."""
    return _first(LANGUAGES[language()].units[unit])


def territory_called(code: str) -> str:
    """Say a territory: a country by its name, or everywhere."""
    return _first(places([code]))


def spoken_called(tag: str | None) -> str:
    """Say what is spoken, by its BCP 47 tag; that it was not said is said."""
    return _("not said") if tag is None else _first(tongues([tag]))


TERMS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "purposes": (N_("Used for"), lambda code: purpose_called(UsePurpose(code))),
    "use_modes": (N_("How it is made"), lambda code: mode_called(UseMode(code))),
    "media": (N_("Where it is heard"), lambda code: medium_called(Medium(code))),
    "territories": (N_("Territory"), territory_called),
    "languages": (N_("Language"), spoken_called),
    "projects": (N_("Project"), str),
}
"""Terms of a licence that list what they permit: what each is called, and what says one of its values."""


def listed_of(term: str, codes: object) -> str:
    """Say the values of a term, as a reason lists them; what is in no list of ours stands as it is."""
    if codes == "nothing":
        return _("nothing")
    if codes == "not declared":
        return _("not said")
    return ", ".join(_value_of(term, code) for code in str(codes).split(", "))


def _value_of(term: str, code: str) -> str:
    try:
        return TERMS[term][1](code)
    except (KeyError, ValueError):
        return code


def quantities_called(quantities: Iterable[Quantity]) -> str:
    """Say how much of what."""
    return " · ".join(
        _("%(amount)s %(unit)s") % {"amount": number(each.amount), "unit": unit_called(each.unit).lower()}
        for each in quantities
    )


def territories() -> list[tuple[str, str]]:
    """Answer every territory that can be chosen, with its name, in the order of names; the whole world first."""
    named = Locale.parse(language()).territories.items()
    countries = [(code, str(name)) for code, name in named if _COUNTRY.fullmatch(code) and code not in _NO_COUNTRY]
    return [(WORLD, territory_called(WORLD)), *sorted(countries, key=lambda each: each[1])]


_COUNTRY: Final = re.compile("[A-Z]{2}")
_NO_COUNTRY: Final = frozenset({"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "TA", "UN", "XA", "XB", "XK", "ZZ"})
"""Codes of two letters that are no countries of ISO 3166-1."""


def wording_of_uses() -> dict[str, Any]:
    """Answer what a template says uses with."""
    return {
        "kind_called": kind_called,
        "purpose_called": purpose_called,
        "medium_called": medium_called,
        "mode_called": mode_called,
        "unit_called": unit_called,
        "territory_called": territory_called,
        "spoken_called": spoken_called,
        "quantities_called": quantities_called,
        "marked_words": MARKED,
        "beyond_words": BEYOND,
    }


class UseLine(NamedTuple):
    """One line of a declared use.

    Attributes:
        name: what is said of it.
        said: what was said.
        id: of what was named, to be shown beside what it is called; None where nothing was, or it is told by its id.
    """

    name: str
    said: str
    id: str | None = None


def lines_of(
    use: DeclaredUse,
    titles: Mapping[str, str] = MappingProxyType({}),
    sources: Mapping[str, str] = MappingProxyType({}),
) -> list[UseLine]:
    """Answer a declared use as lines of a name and what was said; what was not said is among them where it counts.

    Args:
        use: that was declared.
        titles: of licences, by id, for those that were named; one that is not among them is told by its id.
        sources: what sources are called, by id; one that is not among them is told by its id.
    """
    said = [
        (_("What it is"), kind_called(use.kind)),
        (_("Used for"), purpose_called(use.purpose)),
        (_("Project"), use.project),
        (_("Where it is heard"), medium_called(use.medium)),
        (_("Territory"), territory_called(use.territory)),
        (_("Language"), spoken_called(use.language)),
        (_("How it is made"), mode_called(use.mode)),
        (_("Marked as made by a machine"), _(MARKED[use.ai_disclosed])),
    ]
    if use.quantities:
        said.append((_("How much"), quantities_called(use.quantities)))
    if use.fixed_on is not None:
        said.append((_("Finished on"), day(use.fixed_on)))
    if use.copy_sha256 is not None:
        said.append((_("SHA-256 of the exact words"), use.copy_sha256))
    if use.claimed_licence_ids:
        said.append((_("Under the licence"), ", ".join(titles.get(each, each) for each in use.claimed_licence_ids)))
    lines = [UseLine(*each) for each in said]
    if use.declared_source_id is not None:
        source, called = use.declared_source_id, sources.get(use.declared_source_id)
        lines.append(UseLine(_("Declared source"), called or source, source if called else None))
    return lines


def _first(words: str) -> str:
    return words[:1].upper() + words[1:]
