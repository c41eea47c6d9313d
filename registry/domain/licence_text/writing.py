"""Writing the human text of a licence: every term is said, and of every list also what is not on it.

The text is made from the terms alone, so that two licences with different terms never read the same. It is Markdown,
and what people have written into the terms is taken word for word, with line breaks turned into spaces. The words on
the use stand in a quotation, so that they never pass for a heading or a term.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from registry.domain.iso import CURRENCIES
from registry.domain.licence_text.english import ENGLISH
from registry.domain.licence_text.korean import KOREAN
from registry.domain.licence_text.words import Words
from registry.domain.reading import decimal_text
from registry.domain.terms import (
    ANY_LANGUAGE,
    WORLD,
    Circumstances,
    CollectiveAgreement,
    LicenceTerms,
    PayTerms,
    Rate,
)
from registry.domain.uses import UseMode
from registry.errors import InvalidInputError

LANGUAGES: Mapping[str, Words] = {"en": ENGLISH, "ko": KOREAN}
"""The languages that a human text is written in."""

E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Named:
    """What the text says of a licence beside its terms.

    Attributes:
        licence_id, number: which licence, and which version of it.
        performer_id, performer: id and name of the performer.
        studio_id, studio: id and name of the studio.
        title: a name for people.
        intended_use: in words: what the voice will be used for.
    """

    licence_id: str
    number: int
    performer_id: str
    performer: str
    studio_id: str
    studio: str
    title: str
    intended_use: str


def texts_of(named: Named, terms: LicenceTerms) -> dict[str, str]:
    """Answer the human text in every language, by its BCP 47 tag."""
    return {language: licence_text(named, terms, language) for language in LANGUAGES}


def licence_text(named: Named, terms: LicenceTerms, language: str) -> str:
    """Write the human text in one language.

    Raises:
        InvalidInputError: no text is written in that language; figure ``languages``.
    """
    words = LANGUAGES.get(language)
    if words is None:
        raise InvalidInputError(f"there is no text in {language}", languages=sorted(LANGUAGES))
    return "\n".join(_lines(words, named, terms)) + "\n"


def _lines(words: Words, named: Named, terms: LicenceTerms) -> Iterator[str]:
    yield f"# {words.say('title', title=_plain(named.title))}"
    yield ""
    yield words.say(
        "parties",
        licence_id=named.licence_id,
        number=named.number,
        performer=_plain(named.performer),
        performer_id=named.performer_id,
        studio=_plain(named.studio),
        studio_id=named.studio_id,
    )
    yield ""
    yield words.say("rule")
    sections = {
        "what_for": [f"> {_plain(named.intended_use)}", *_intended(words, terms)],
        "permits": list(_permits(words, terms)),
        "limits": list(_limits(words, terms)),
        "duties": list(_duties(words, terms)),
        "pay": list(_pay(words, terms.pay)),
        "circumstances": list(_circumstances(words, terms.circumstances)),
    }
    for name, lines in sections.items():
        yield from ("", f"## {words.labels[name]}", "", *lines)


def _line(words: Words, label: str, value: str) -> str:
    return f"- {words.labels[label]}: {value}"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _intended(words: Words, terms: LicenceTerms) -> Iterator[str]:
    uses = [f"{number}) {_plain(use)}" for number, use in enumerate(terms.intended_uses, 1)]
    yield ""
    yield _line(words, "intended_uses", words.listed(uses))


def _permits(words: Words, terms: LicenceTerms) -> Iterator[str]:
    yield from _both(words, "purposes", words.purposes, terms.purposes)
    yield from _both(words, "use_modes", words.modes, terms.use_modes)
    yield from _both(words, "media", words.media, terms.media)
    yield _line(words, "territories", _places(words, terms.territories))
    yield _line(words, "languages", _tags(words, terms.languages))
    yield _line(words, "projects", _projects(words, terms.projects))
    yield _line(words, "term", words.say("term", first=terms.starts_on, last=terms.ends_on))
    replica = words.say("not_agreed") if terms.replica_class is None else words.replica_classes[terms.replica_class]
    yield _line(words, "replica_class", replica)


def _both(words: Words, label: str, phrases: Mapping[E, str], permitted: frozenset[E]) -> Iterator[str]:
    """Say what is on a list, and what is not."""
    yield _line(words, label, words.listed([phrase for value, phrase in phrases.items() if value in permitted]))
    left_out = [phrase for value, phrase in phrases.items() if value not in permitted]
    yield _line(words, f"{label}_not", words.listed(left_out))


def _places(words: Words, territories: frozenset[str]) -> str:
    codes = sorted(territories - {WORLD})
    if WORLD in territories:
        return words.listed([words.say("everywhere"), *codes])
    return words.say("countries", codes=words.listed(codes)) if codes else words.say("no_country")


def _tags(words: Words, languages: frozenset[str]) -> str:
    tags = sorted(languages - {ANY_LANGUAGE})
    if ANY_LANGUAGE in languages:
        return words.listed([words.say("every_language"), *tags])
    return words.say("languages", tags=words.listed(tags)) if tags else words.say("no_language")


def _projects(words: Words, projects: frozenset[str] | None) -> str:
    if projects is None:
        return words.say("every_project")
    names = [f"“{_plain(name)}”" for name in sorted(projects)]
    return words.say("projects", names=words.listed(names)) if names else words.say("no_project")


def _limits(words: Words, terms: LicenceTerms) -> Iterator[str]:
    yield _line(words, "exclusivity", words.exclusivities[terms.exclusivity])
    caps = [words.say("cap", limit=f"{cap.limit:,}", unit=words.units[cap.unit]) for cap in terms.volume_caps]
    yield _line(words, "volume_caps", words.listed(caps) if caps else words.say("no_cap"))
    yield _line(words, "approval", _approval(words, terms))
    yield _line(words, "sublicensing", words.permissions[terms.sublicensing])
    yield _line(words, "derived_voices", words.permissions[terms.derived_voices])
    yield _line(words, "improves_models", words.say("improves" if terms.improves_models else "improves_not"))


def _approval(words: Words, terms: LicenceTerms) -> str:
    if terms.approval is None:
        return words.say("no_approval")
    asked = [phrase for purpose, phrase in words.purposes.items() if purpose in terms.approval.purposes]
    said = words.say("approval", purposes=words.listed(asked))
    if terms.approval.currency is None:
        return said
    return said + words.say("approval_floor", amount=_money(words, terms.approval.floor_minor, terms.approval.currency))


def _duties(words: Words, terms: LicenceTerms) -> Iterator[str]:
    credit = terms.attribution
    line = words.say("no_credit") if credit is None else words.say("credit", line=_plain(credit.credit_line))
    yield _line(words, "attribution", line)
    owed = [phrase for marking, phrase in words.markings.items() if marking in terms.disclosure.markings]
    yield _line(
        words, "markings", words.say("marked", markings=words.listed(owed)) if owed else words.say("no_marking")
    )
    for label in terms.disclosure.labels:
        yield _line(words, "labels", words.say("label", language=label.language, text=_plain(label.text)))
    if not terms.disclosure.labels:
        yield _line(words, "labels", words.say("no_label"))
    exception = "artistic" if terms.disclosure.artistic_exception else "artistic_not"
    yield _line(words, "artistic_exception", words.say(exception))


def _pay(words: Words, pay: PayTerms) -> Iterator[str]:
    for rate in pay.rates:
        yield _line(words, "rates", _rate(words, rate, pay.currency))
    yield _line(words, "currency", pay.currency or words.say("none"))
    least = pay.minimum_guarantee_minor
    promised = words.say("guarantee", amount=_money(words, least, pay.currency)) if least else words.say("no_guarantee")
    yield _line(words, "guarantee", promised)
    factors = []
    for multiplier in pay.multipliers:
        applies_to = multiplier.applies_to
        what = words.modes[applies_to] if isinstance(applies_to, UseMode) else words.media[applies_to]
        factors.append(words.say("factor", factor=decimal_text(multiplier.factor), what=what))
    yield _line(words, "multipliers", words.listed(factors))
    yield _line(words, "due", words.say("no_due" if pay.is_unpaid else "due", days=pay.due_within_days))


def _rate(words: Words, rate: Rate, currency: str | None) -> str:
    return words.bases[rate.basis].format(amount=_money(words, rate.amount_minor, currency))


def _money(words: Words, amount_minor: int, currency: str | None) -> str:
    """Write an amount with as many digits as the currency's minor unit has."""
    digits = CURRENCIES.get(currency or "")
    if digits is None:
        return words.say("minor_units", amount=f"{amount_minor:,}", currency=currency or "–")
    return f"{Decimal(amount_minor).scaleb(-digits):,.{digits}f} {currency}"


def _circumstances(words: Words, facts: Circumstances) -> Iterator[str]:
    def yes_or_no(label: str, *, answer: bool) -> str:
        return _line(words, label, words.say("yes" if answer else "no"))

    yield yes_or_no("replaces", answer=facts.replaces_in_person_work)
    advised = facts.representation
    yield _line(words, "representation", words.representations[advised.kind].format(name=_plain(advised.name or "")))
    yield _line(words, "cba", words.say("none") if facts.cba is None else _agreement(words, facts.cba))
    age = words.say("adult") if facts.of_age_on is None else words.say("of_age", day=facts.of_age_on)
    yield _line(words, "age", age)
    court = facts.minor_court_approval_ref
    yield _line(words, "court", words.say("no_court") if court is None else words.say("court", reference=_plain(court)))
    yield yes_or_no("conspicuous", answer=facts.clear_and_conspicuous)
    yield yes_or_no("separate", answer=facts.separately_signed)
    yield _line(words, "security", _or_not_agreed(words, facts.security_controls))
    kept = facts.raw_audio_retention_days
    yield _line(words, "retention", words.say("not_agreed") if kept is None else words.say("kept_days", days=kept))
    yield yes_or_no("notice", answer=facts.training_sublicence_notice)
    told = facts.purpose_represented_at_recording
    purposes = [phrase for purpose, phrase in words.purposes.items() if purpose in (told or ())]
    yield _line(words, "told", words.say("not_agreed") if told is None else words.listed(purposes))
    yield _line(words, "law", _or_not_agreed(words, facts.governing_law))


def _or_not_agreed(words: Words, said: str | None) -> str:
    return words.say("not_agreed") if said is None else f"“{_plain(said)}”"


def _agreement(words: Words, cba: CollectiveAgreement) -> str:
    said = words.say("cba", name=f"“{_plain(cba.name)}”")
    if cba.section is not None:
        said += words.say("cba_section", section=f"“{_plain(cba.section)}”")
    if cba.version is not None:
        said += words.say("cba_version", version=f"“{_plain(cba.version)}”")
    return said + words.say("cba_replicas" if cba.addresses_replicas else "cba_no_replicas")
