"""Contradictions: terms that cannot all be meant, or that name what does not exist or is beyond what terms hold.

Only what is certain is one: terms that are merely unwise, or that a law frowns on, are for the linter. Terms are held
against this when they are drafted, changed, offered or imported, and not when they are read back: what two parties have
signed stays readable.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from registry.domain.iso import COUNTRIES, CURRENCIES
from registry.domain.terms import ANY_LANGUAGE, WORLD, LicenceTerms
from registry.domain.terms_limits import LANGUAGE, LONGEST_LANGUAGE, beyond_limits
from registry.domain.uses import UsageUnit, UseMode, UsePurpose
from registry.errors import TermsContradictError

_GOVERNING = re.compile(r"(?P<country>[A-Z]{2})(-[A-Z0-9]{1,3})?", re.ASCII)
_TAG = re.compile(LANGUAGE, re.ASCII)

H = TypeVar("H")


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Something that cannot be meant.

    Attributes:
        term: the name of the term that it is about.
        detail: one sentence, with the figures in it.
        figures: the same, for a machine.
    """

    term: str
    detail: str
    figures: dict[str, str | int] = field(default_factory=dict)


def require_consistent(terms: LicenceTerms) -> None:
    """Refuse terms that contradict themselves.

    Raises:
        TermsContradictError: figure ``contradictions`` lists every one, each with its term, sentence and figures.
    """
    found = list(contradictions(terms))
    if found:
        listed: list[dict[str, object]] = [{"term": c.term, "detail": c.detail, **c.figures} for c in found]
        raise TermsContradictError("; ".join(c.detail for c in found), contradictions=listed)


def contradictions(terms: LicenceTerms) -> Iterator[Contradiction]:
    """Name every contradiction: empty when there is none."""
    yield from _unknown_places(terms)
    yield from _unknown_languages(terms)
    yield from _wrong_money(terms)
    yield from _said_twice(terms)
    yield from _without_object(terms)
    yield from _never_in_force(terms)
    yield from (Contradiction(*found) for found in beyond_limits(terms))


def is_language(tag: str) -> bool:
    """Whether a tag is well formed by RFC 5646, all its parts are in IANA's registry, and it begins with a language.

    Tags for private use only (``x-…``), and those of before RFC 4646 that begin with ``i-``, name none.
    """
    if len(tag) > LONGEST_LANGUAGE or not _TAG.fullmatch(tag):
        return False
    import langcodes

    return langcodes.tag_is_valid(tag)


def is_place(code: str) -> bool:
    """Whether a code is a country's (ISO 3166-1), or has the form of a part of one (ISO 3166-2)."""
    found = _GOVERNING.fullmatch(code)
    return found is not None and found["country"] in COUNTRIES


def _unknown_places(terms: LicenceTerms) -> Iterator[Contradiction]:
    for code in sorted(terms.territories - COUNTRIES - {WORLD}):
        yield Contradiction("territories", f"{code} is no country of ISO 3166-1", {"territory": code})
    law = terms.circumstances.governing_law
    if law is not None and not is_place(law):
        yield Contradiction(
            "circumstances", f"{law} is no country of ISO 3166-1 or a part of one", {"governing_law": law}
        )


def _unknown_languages(terms: LicenceTerms) -> Iterator[Contradiction]:
    for tag in sorted(terms.languages - {ANY_LANGUAGE}):
        if not is_language(tag):
            yield Contradiction("languages", f"{tag} is no language tag of BCP 47", {"language": tag})
    for label in terms.disclosure.labels:
        if not is_language(label.language):
            tag = label.language
            yield Contradiction("disclosure", f"{tag} is no language tag of BCP 47", {"language": tag})


def _wrong_money(terms: LicenceTerms) -> Iterator[Contradiction]:
    of_pay, of_floor = terms.pay.currency, terms.approval.currency if terms.approval else None
    for term, code in (("pay", of_pay), ("approval", of_floor)):
        if code is not None and code not in CURRENCIES:
            yield Contradiction(term, f"{code} is no currency of ISO 4217", {"currency": code})
    if of_pay is not None and of_floor is not None and of_pay != of_floor:
        detail = f"the licence is paid in {of_pay}, and the least fee for an approval is in {of_floor}"
        yield Contradiction("approval", detail, {"currency": of_floor, "pay_currency": of_pay})


def _said_twice(terms: LicenceTerms) -> Iterator[Contradiction]:
    for basis in _repeated(rate.basis for rate in terms.pay.rates):
        yield Contradiction("pay", f"two rates are given for {basis.value}", {"basis": basis.value})
    for multiplied in _repeated(multiplier.applies_to for multiplier in terms.pay.multipliers):
        detail = f"two multipliers are given for {multiplied.value}"
        yield Contradiction("pay", detail, {"applies_to": multiplied.value})
    for unit in _repeated(cap.unit for cap in terms.volume_caps):
        yield Contradiction("volume_caps", f"two caps are given for {unit.value}", {"unit": unit.value})
    for tag in _repeated(label.language.lower() for label in terms.disclosure.labels):
        yield Contradiction("disclosure", f"two labels are given for {tag}", {"language": tag})


def _repeated(values: Iterable[H]) -> list[H]:
    return [value for value, count in Counter(values).items() if count > 1]


def _without_object(terms: LicenceTerms) -> Iterator[Contradiction]:
    """Name what speaks of a use that the terms do not permit at all."""
    for rate in terms.pay.rates:
        if rate.basis.unit is not None and not _is_possible(terms, rate.basis.unit):
            detail = f"a rate {rate.basis.value} is given, and no such use is permitted"
            yield Contradiction("pay", detail, {"basis": rate.basis.value})
    for cap in terms.volume_caps:
        if not _is_possible(terms, cap.unit):
            detail = f"a cap on {cap.unit.value} is given, and no such use is permitted"
            yield Contradiction("volume_caps", detail, {"unit": cap.unit.value})
    for multiplied in (multiplier.applies_to for multiplier in terms.pay.multipliers):
        if multiplied not in (terms.use_modes if isinstance(multiplied, UseMode) else terms.media):
            detail = f"a multiplier is given for {multiplied.value}, which is not permitted"
            yield Contradiction("pay", detail, {"applies_to": multiplied.value})
    for purpose in sorted((terms.approval.purposes if terms.approval else frozenset()) - terms.purposes):
        detail = f"approval is asked for {purpose.value}, which is not permitted"
        yield Contradiction("approval", detail, {"purpose": purpose.value})
    if terms.improves_models and UsePurpose.TRAINING not in terms.purposes:
        yield Contradiction("improves_models", "models may be improved, and training is not permitted")


def _is_possible(terms: LicenceTerms, unit: UsageUnit) -> bool:
    if unit is UsageUnit.TRAINING_RUN:
        return UsePurpose.TRAINING in terms.purposes
    if unit is UsageUnit.REAL_TIME_HOUR:
        return UseMode.REAL_TIME in terms.use_modes
    return True


def _never_in_force(terms: LicenceTerms) -> Iterator[Contradiction]:
    if terms.last_day < terms.starts_on:
        of_age_on, starts_on = terms.circumstances.of_age_on, terms.starts_on.isoformat()
        yield Contradiction(
            "circumstances",
            f"the performer is of age on {of_age_on}, and the term of a minor's licence would start on {starts_on}",
            {"of_age_on": str(of_age_on), "starts_on": starts_on},
        )
