"""The catalogue of facts: everything a rule can ask about a licence and its parties, and how it is read from them.

Names are those of the terms' own JSON where there is one, and say what they are where a fact is derived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from registry.domain.rules.durations import Period
from registry.domain.rules.facts import UNKNOWN, FactDefinition, FactKind, Facts, Value
from registry.domain.terms import (
    Circumstances,
    Exclusivity,
    LicenceTerms,
    Marking,
    PayBasis,
    Permission,
    ReplicaClass,
    RepresentationKind,
)
from registry.domain.uses import Medium, UsageUnit, UseMode, UsePurpose


@dataclass(frozen=True, slots=True)
class Parties:
    """What is known of the performer beside what both sides have signed. None is unknown.

    Attributes:
        minor: whether the performer was a minor when the licence was made.
        adult_on: the day on which a minor comes of age.
        deceased: whether the performer was dead, so that an estate licenses.
    """

    minor: bool | None = None
    adult_on: date | None = None
    deceased: bool | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """What rules are asked about.

    Attributes:
        terms: of the licence.
        parties: what is known of them.
        description: the licence's own words on what the voice will be used for, beside the terms'; empty for none.
    """

    terms: LicenceTerms
    parties: Parties = Parties()
    description: str = ""


Reader = Callable[[Contract], Value]


def facts_of(contract: Contract) -> Facts:
    """Answer every fact of an contract; what nobody has stated is unknown."""
    return Facts({name: read(contract) for name, (_, read) in _CATALOGUE.items()})


# --- reading those that are derived ----------------------------------------------------------------------------------


def _words(values: Iterable[StrEnum]) -> Value:
    return frozenset(value.value for value in values)


def _term(contract: Contract) -> Value:
    return Period(contract.terms.starts_on, contract.terms.ends_on)


def _replica_class(contract: Contract) -> Value:
    replica_class = contract.terms.replica_class
    return None if replica_class is None else replica_class.value


def _cba_addresses_replicas(contract: Contract) -> Value:
    cba = contract.terms.circumstances.cba
    return None if cba is None else cba.addresses_replicas


def _descriptions(contract: Contract) -> Value:
    own = (contract.description,) if contract.description else ()
    return (*contract.terms.intended_uses, *own)


def _minor(contract: Contract) -> Value:
    """A minor by the record or by the terms is one: both sides sign the day of age, or that there is none to come."""
    return contract.parties.minor is True or contract.terms.circumstances.of_age_on is not None


def _outlasts_minority(contract: Contract) -> Value:
    of_age_on = contract.parties.adult_on or contract.terms.circumstances.of_age_on
    if of_age_on is None:
        return UNKNOWN if contract.parties.minor else False
    return contract.terms.ends_on >= of_age_on


def _deceased(contract: Contract) -> Value:
    return UNKNOWN if contract.parties.deceased is None else contract.parties.deceased


def _represented_purposes(contract: Contract) -> Value:
    told = contract.terms.circumstances.purpose_represented_at_recording
    return UNKNOWN if told is None else _words(told)


def _purposes_not_represented(contract: Contract) -> Value:
    told = contract.terms.circumstances.purpose_represented_at_recording
    return UNKNOWN if told is None else _words(contract.terms.purposes - told)


def _real_time_factor(contract: Contract) -> Value:
    """The factor that real-time use is paid at; 1 where none was agreed."""
    factors = [each.factor for each in contract.terms.pay.multipliers if each.applies_to is UseMode.REAL_TIME]
    return factors[0] if factors else Decimal(1)


def _label_languages(contract: Contract) -> Value:
    return frozenset(label.language.lower().split("-")[0] for label in contract.terms.disclosure.labels)


def _approved_purposes(contract: Contract) -> Value:
    approval = contract.terms.approval
    return frozenset() if approval is None else _words(approval.purposes)


def _governing_law(contract: Contract) -> Value:
    return contract.terms.circumstances.governing_law or UNKNOWN


# --- the catalogue ---------------------------------------------------------------------------------------------------


def _flag(read: Reader) -> tuple[FactDefinition, Reader]:
    return FactDefinition(FactKind.FLAG), read


def _choice(vocabulary: type[StrEnum], read: Reader) -> tuple[FactDefinition, Reader]:
    return FactDefinition(FactKind.CHOICE, frozenset(vocabulary)), read


def _choices(vocabulary: type[StrEnum], read: Reader) -> tuple[FactDefinition, Reader]:
    return FactDefinition(FactKind.CHOICES, frozenset(vocabulary)), read


def _of(kind: FactKind, read: Reader) -> tuple[FactDefinition, Reader]:
    return FactDefinition(kind), read


def _circumstance(read: Callable[[Circumstances], Value]) -> Reader:
    return lambda contract: read(contract.terms.circumstances)


def _term_of(read: Callable[[LicenceTerms], Value]) -> Reader:
    return lambda contract: read(contract.terms)


_TERMS: Mapping[str, tuple[FactDefinition, Reader]] = {
    "purposes": _choices(UsePurpose, _term_of(lambda terms: _words(terms.purposes))),
    "media": _choices(Medium, _term_of(lambda terms: _words(terms.media))),
    "use_modes": _choices(UseMode, _term_of(lambda terms: _words(terms.use_modes))),
    "territories": _of(FactKind.TERRITORIES, _term_of(lambda terms: terms.territories)),
    "languages": _of(FactKind.CHOICES, _term_of(lambda terms: terms.languages)),
    "term": _of(FactKind.PERIOD, _term),
    "projects": _of(FactKind.CHOICES, _term_of(lambda terms: terms.projects)),
    "exclusivity": _choice(Exclusivity, _term_of(lambda terms: terms.exclusivity.value)),
    "replica_class": _choice(ReplicaClass, _replica_class),
    "intended_uses": _of(FactKind.TEXTS, _descriptions),
    "volume_caps.unit": _choices(UsageUnit, _term_of(lambda terms: _words(cap.unit for cap in terms.volume_caps))),
    "approval.purposes": _choices(UsePurpose, _approved_purposes),
    "sublicensing": _choice(Permission, _term_of(lambda terms: terms.sublicensing.value)),
    "derived_voices": _choice(Permission, _term_of(lambda terms: terms.derived_voices.value)),
    "improves_models": _flag(_term_of(lambda terms: terms.improves_models)),
    "pay.rates.basis": _choices(PayBasis, _term_of(lambda terms: _words(rate.basis for rate in terms.pay.rates))),
    "pay.is_unpaid": _flag(_term_of(lambda terms: terms.pay.is_unpaid)),
    "pay.real_time_factor": _of(FactKind.NUMBER, _real_time_factor),
    "disclosure.markings": _choices(Marking, _term_of(lambda terms: _words(terms.disclosure.markings))),
    "disclosure.labels.language": _of(FactKind.CHOICES, _label_languages),
}

_CIRCUMSTANCES: Mapping[str, tuple[FactDefinition, Reader]] = {
    "replaces_in_person_work": _flag(_circumstance(lambda facts: facts.replaces_in_person_work)),
    "representation.kind": _choice(RepresentationKind, _circumstance(lambda facts: facts.representation.kind.value)),
    "cba.name": _of(FactKind.TEXT, _circumstance(lambda facts: None if facts.cba is None else facts.cba.name)),
    "cba.version": _of(FactKind.TEXT, _circumstance(lambda facts: None if facts.cba is None else facts.cba.version)),
    "cba.addresses_replicas": _flag(_cba_addresses_replicas),
    "minor_court_approval_ref": _of(FactKind.TEXT, _circumstance(lambda facts: facts.minor_court_approval_ref)),
    "clear_and_conspicuous": _flag(_circumstance(lambda facts: facts.clear_and_conspicuous)),
    "separately_signed": _flag(_circumstance(lambda facts: facts.separately_signed)),
    "security_controls": _of(FactKind.TEXT, _circumstance(lambda facts: facts.security_controls)),
    "raw_audio_retention_days": _of(FactKind.NUMBER, _circumstance(lambda facts: facts.raw_audio_retention_days)),
    "training_sublicence_notice": _flag(_circumstance(lambda facts: facts.training_sublicence_notice)),
    "purpose_represented_at_recording": _choices(UsePurpose, _represented_purposes),
    "governing_law": _of(FactKind.PLACE, _governing_law),
}

_DERIVED: Mapping[str, tuple[FactDefinition, Reader]] = {
    "performer.minor": _flag(_minor),
    "performer.deceased": _flag(_deceased),
    "term_outlasts_minority": _flag(_outlasts_minority),
    "purposes_not_represented": _choices(UsePurpose, _purposes_not_represented),
}

_CATALOGUE: Mapping[str, tuple[FactDefinition, Reader]] = {
    **_TERMS,
    **{f"circumstances.{name}": entry for name, entry in _CIRCUMSTANCES.items()},
    **_DERIVED,
}

FACTS: Mapping[str, FactDefinition] = MappingProxyType({name: entry for name, (entry, _) in _CATALOGUE.items()})
"""Every fact that a condition may be about, by its name."""
