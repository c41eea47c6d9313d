"""The form of a licence: what its fields say as terms of the API, terms as fields, and which field a fact stands in.

Every term that a licence can have is in the form, so that what was read into it and sent again is what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from registry.domain.iso import CURRENCIES
from registry.domain.money import in_major_units
from registry.domain.terms import PayBasis
from registry.domain.uses import UsageUnit, UseMode

Fields = MultiDict[str, str]

LISTS: Final = ("purposes", "media", "use_modes")
"""Fields of which several values are chosen, each called as the term is."""
CIRCUMSTANCES: Final = ("minor_court_approval_ref", "security_controls", "governing_law", "of_age_on")
TERM_OF_USE: Final[Mapping[str, str]] = {
    "purpose": "purposes",
    "medium": "media",
    "use_mode": "use_modes",
    "territory": "territories",
    "language": "languages",
    "project": "projects",
}
"""The field that would permit a part of a use, by the name of that part."""
FLAGS: Final = ("clear_and_conspicuous", "separately_signed", "training_sublicence_notice", "replaces_in_person_work")

SLOT_OF_FACT: Final[Mapping[str, str]] = {
    "disclosure.markings": "disclosure",
    "disclosure.labels.language": "disclosure",
    "pay.rates.basis": "pay",
    "pay.is_unpaid": "pay",
    "pay.real_time_factor": "pay",
    "volume_caps.unit": "volume_caps",
    "approval.purposes": "approval",
    "sublicensing": "sublicensing",
    "derived_voices": "sublicensing",
    "improves_models": "sublicensing",
    "intended_uses": "intended_uses",
    "circumstances.representation.kind": "representation",
    "circumstances.cba.name": "agreement",
    "circumstances.cba.version": "agreement",
    "circumstances.cba.addresses_replicas": "agreement",
    "circumstances.minor_court_approval_ref": "minor",
    "performer.minor": "minor",
    "term_outlasts_minority": "minor",
    "circumstances.clear_and_conspicuous": "signing",
    "circumstances.separately_signed": "signing",
    "circumstances.security_controls": "recordings",
    "circumstances.raw_audio_retention_days": "recordings",
    "circumstances.training_sublicence_notice": "recordings",
    "circumstances.purpose_represented_at_recording": "recordings",
    "purposes_not_represented": "recordings",
    "circumstances.governing_law": "governing_law",
    "replica_class": "replica_class",
    "exclusivity": "exclusivity",
    "projects": "projects",
    "circumstances.replaces_in_person_work": "signing",
    "performer.deceased": "minor",
    "languages": "territories",
    "use_modes": "media",
    "term": "term",
    "territories": "territories",
    "media": "media",
    "purposes": "purposes",
}
"""In which part of the form a fact of a rule is mended; what rules rest on but rarely want changed comes last."""

SLOTS: Final = tuple(dict.fromkeys(SLOT_OF_FACT.values()))
_RANK: Final = {fact: rank for rank, fact in enumerate(SLOT_OF_FACT)}


def slot_of(facts: Iterable[str], missing: Sequence[str]) -> str:
    """Answer the part of the form in which a finding is to be mended: what is missing first, then what weighs least."""
    named = missing or sorted(facts, key=lambda fact: _RANK.get(fact, len(_RANK)))
    return next((SLOT_OF_FACT[fact] for fact in named if fact in SLOT_OF_FACT), SLOTS[-1])


# --- from fields to terms --------------------------------------------------------------------------------------------


def document_of(fields: Fields) -> dict[str, Any]:
    """Answer what a form says as terms of the API. What is wrong in it stays as it was sent, for the model."""
    currency = (_text(fields, "currency") or "").upper() or None
    return {
        **{name: fields.getlist(name) for name in LISTS},
        "territories": [word.upper() for word in _words(fields, "territories")],
        "languages": _words(fields, "languages"),
        "projects": None if fields.get("every_project") else _lines(fields, "projects"),
        "starts_on": _text(fields, "starts_on"),
        "ends_on": _text(fields, "ends_on"),
        "exclusivity": fields.get("exclusivity", ""),
        "pay": _pay(fields, currency),
        "replica_class": _text(fields, "replica_class"),
        "intended_uses": [text for sent in fields.getlist("intended_uses") if (text := _clean(sent))],
        "volume_caps": [
            {"unit": unit.value, "limit": cap} for unit in UsageUnit if (cap := _text(fields, f"cap_{unit.value}"))
        ],
        "approval": _approval(fields, currency),
        "attribution": {"credit_line": line} if (line := _text(fields, "credit_line")) else None,
        "sublicensing": fields.get("sublicensing", "refused"),
        "derived_voices": fields.get("derived_voices", "refused"),
        "improves_models": bool(fields.get("improves_models")),
        "disclosure": {
            "markings": fields.getlist("markings"),
            "labels": _labels(fields),
            "artistic_exception": bool(fields.get("artistic_exception")),
        },
        "circumstances": _circumstances(fields),
    }


def _pay(fields: Fields, currency: str | None) -> dict[str, Any]:
    unpaid: list[dict[str, Any]] = [{"basis": PayBasis.NONE.value, "amount_minor": 0}] if fields.get("unpaid") else []
    rates = unpaid + [
        {"basis": basis.value, "amount_minor": minor_of(amount, currency)}
        for basis in PayBasis
        if basis is not PayBasis.NONE and (amount := _text(fields, f"rate_{basis.value}"))
    ]
    guarantee = _text(fields, "minimum_guarantee")
    return {
        "rates": rates or None,
        "currency": currency,
        "minimum_guarantee_minor": 0 if guarantee is None else minor_of(guarantee, currency),
        "multipliers": [_multiplier(line) for line in _lines(fields, "multipliers")],
        "due_within_days": _text(fields, "due_within_days") or 30,
    }


def minor_of(amount: str, currency: str | None) -> int | str:
    """Answer an amount in the minor unit of its currency; one that cannot be written so stays as it was sent."""
    try:
        exact = Decimal(amount.replace(",", "")).scaleb(CURRENCIES.get(currency or "", 0))
    except InvalidOperation:
        return amount
    return int(exact) if exact.is_finite() and exact == exact.to_integral_value() and exact >= 0 else amount


def _multiplier(line: str) -> dict[str, str]:
    word, _, factor = line.replace("×", " ").rpartition(" ")
    kind = "use_mode" if word.strip() in list(UseMode) else "medium"
    return {kind: word.strip(), "factor": factor.strip()}


def _approval(fields: Fields, currency: str | None) -> dict[str, Any] | None:
    purposes, floor = fields.getlist("approval_purposes"), _text(fields, "floor")
    if not purposes and floor is None:
        return None
    of = (_text(fields, "floor_currency") or currency or "").upper() or None
    minor = 0 if floor is None else minor_of(floor, of)
    return {"purposes": purposes, "floor_minor": minor, "currency": of if minor else None}


def _labels(fields: Fields) -> list[dict[str, str]]:
    both = zip(fields.getlist("label_language"), fields.getlist("label_text"), strict=False)
    said = [(language.strip(), _clean(text)) for language, text in both]
    return [{"language": language, "text": text} for language, text in said if language or text]


def _circumstances(fields: Fields) -> dict[str, Any]:
    told = fields.getlist("told_at_recording")
    agreement = {name: _text(fields, f"cba_{name}") for name in ("name", "section", "version")}
    return {
        **{name: _text(fields, name) for name in (*CIRCUMSTANCES, "raw_audio_retention_days")},
        **{name: bool(fields.get(name)) for name in FLAGS},
        "representation": {
            "kind": fields.get("representation", "none"),
            "name": _text(fields, "representative_name"),
        },
        "cba": agreement | {"addresses_replicas": bool(fields.get("cba_addresses_replicas"))}
        if any(agreement.values())
        else None,
        "purpose_represented_at_recording": told if told or fields.get("told_nothing") else None,
    }


def _text(fields: Fields, name: str) -> str | None:
    return fields.get(name, "").strip() or None


def _words(fields: Fields, name: str) -> list[str]:
    return fields.get(name, "").replace(",", " ").split()


def _lines(fields: Fields, name: str) -> list[str]:
    return [line.strip() for line in fields.get(name, "").splitlines() if line.strip()]


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


# --- from terms to fields --------------------------------------------------------------------------------------------


def fields_of(terms: Mapping[str, Any]) -> Fields:
    """Answer the fields of terms, written as the document of the API has them."""
    pay, told = terms["pay"], terms["circumstances"]
    currency = pay["currency"] or ""
    fields = Fields()
    for name in LISTS:
        fields.setlist(name, list(terms[name]))
    approval, disclosure = terms["approval"], terms["disclosure"]
    fields.setlist("approval_purposes", approval["purposes"] if approval else [])
    fields.setlist("markings", disclosure["markings"])
    fields.setlist("told_at_recording", told["purpose_represented_at_recording"] or [])
    fields.setlist("intended_uses", terms["intended_uses"])
    for label in disclosure["labels"]:
        fields.add("label_language", label["language"])
        fields.add("label_text", label["text"])
    written = {
        "territories": " ".join(terms["territories"]),
        "languages": " ".join(terms["languages"]),
        "projects": "\n".join(terms["projects"] or []),
        "every_project": terms["projects"] is None,
        **{name: terms[name] for name in ("starts_on", "ends_on", "exclusivity", "replica_class", "improves_models")},
        **{name: terms[name] for name in ("sublicensing", "derived_voices")},
        **{f"cap_{cap['unit']}": cap["limit"] for cap in terms["volume_caps"]},
        "credit_line": (terms["attribution"] or {}).get("credit_line"),
        **_fields_of_floor(approval),
        "artistic_exception": disclosure["artistic_exception"],
        **_fields_of_pay(pay, currency),
        **_fields_of_circumstances(told),
    }
    for name, value in written.items():
        if value:
            fields[name] = "1" if value is True else str(value)
    return fields


def _fields_of_floor(approval: Mapping[str, Any] | None) -> dict[str, Any]:
    if approval is None or not approval["floor_minor"]:
        return {}
    currency = approval["currency"]
    return {"floor": in_major_units(approval["floor_minor"], currency), "floor_currency": currency}


def _fields_of_pay(pay: Mapping[str, Any], currency: str) -> dict[str, Any]:
    rates = {rate["basis"]: rate["amount_minor"] for rate in pay["rates"]}
    multipliers = (f"{each.get('use_mode') or each.get('medium')} {each['factor']}" for each in pay["multipliers"])
    return {
        "unpaid": PayBasis.NONE.value in rates,
        **{f"rate_{basis}": in_major_units(of, currency) for basis, of in rates.items() if basis != PayBasis.NONE},
        "currency": currency,
        "minimum_guarantee": in_major_units(pay["minimum_guarantee_minor"], currency)
        if pay["minimum_guarantee_minor"]
        else None,
        "multipliers": "\n".join(multipliers),
        "due_within_days": str(pay["due_within_days"]),
    }


def _fields_of_circumstances(told: Mapping[str, Any]) -> dict[str, Any]:
    cba, kept = told["cba"] or {}, told["raw_audio_retention_days"]
    return {
        "told_nothing": told["purpose_represented_at_recording"] == [],
        **{name: told[name] for name in (*CIRCUMSTANCES, *FLAGS)},
        "raw_audio_retention_days": None if kept is None else str(kept),
        "representation": told["representation"]["kind"],
        "representative_name": told["representation"]["name"],
        **{f"cba_{name}": cba.get(name) for name in ("name", "section", "version", "addresses_replicas")},
    }
