"""Licence terms as a JSON document, written in one way and hashed by its canonical bytes (RFC 8785).

The document carries ``"type": "licence_terms"`` and a version. `registry.domain.terms_reading` reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from hashlib import sha256

import rfc8785

from registry.domain.reading import decimal_text
from registry.domain.terms import (
    ApprovalTerms,
    Circumstances,
    Disclosure,
    LicenceTerms,
    Multiplier,
    PayTerms,
)
from registry.domain.uses import UseMode
from registry.errors import InvalidInputError

TYPE = "licence_terms"
VERSION = 2

Json = dict[str, object]


def terms_json(terms: LicenceTerms) -> Json:
    """Write terms as a document of the current version. The same terms, the same document."""
    return {
        "type": TYPE,
        "version": VERSION,
        "purposes": sorted(purpose.value for purpose in terms.purposes),
        "media": sorted(medium.value for medium in terms.media),
        "territories": sorted(terms.territories),
        "languages": sorted(terms.languages),
        "projects": None if terms.projects is None else sorted(terms.projects),
        "starts_on": terms.starts_on.isoformat(),
        "ends_on": terms.ends_on.isoformat(),
        "exclusivity": terms.exclusivity.value,
        "pay": pay_json(terms.pay),
        "replica_class": None if terms.replica_class is None else terms.replica_class.value,
        "use_modes": sorted(mode.value for mode in terms.use_modes),
        "intended_uses": list(terms.intended_uses),
        "volume_caps": [{"unit": cap.unit.value, "limit": cap.limit} for cap in terms.volume_caps],
        "approval": None if terms.approval is None else _approval_json(terms.approval),
        "attribution": None if terms.attribution is None else {"credit_line": terms.attribution.credit_line},
        "sublicensing": terms.sublicensing.value,
        "derived_voices": terms.derived_voices.value,
        "improves_models": terms.improves_models,
        "disclosure": _disclosure_json(terms.disclosure),
        "circumstances": circumstances_json(terms.circumstances),
    }


def pay_json(pay: PayTerms) -> Json:
    """Write the terms on pay."""
    return {
        "rates": [{"basis": rate.basis.value, "amount_minor": rate.amount_minor} for rate in pay.rates],
        "currency": pay.currency,
        "minimum_guarantee_minor": pay.minimum_guarantee_minor,
        "multipliers": [_multiplier_json(multiplier) for multiplier in pay.multipliers],
        "due_within_days": pay.due_within_days,
    }


def _multiplier_json(multiplier: Multiplier) -> Json:
    kind = "use_mode" if isinstance(multiplier.applies_to, UseMode) else "medium"
    return {kind: multiplier.applies_to.value, "factor": decimal_text(multiplier.factor)}


def _approval_json(approval: ApprovalTerms) -> Json:
    return {
        "purposes": sorted(purpose.value for purpose in approval.purposes),
        "floor_minor": approval.floor_minor,
        "currency": approval.currency,
    }


def _disclosure_json(disclosure: Disclosure) -> Json:
    return {
        "markings": sorted(marking.value for marking in disclosure.markings),
        "labels": [{"language": label.language, "text": label.text} for label in disclosure.labels],
        "artistic_exception": disclosure.artistic_exception,
    }


def circumstances_json(circumstances: Circumstances) -> Json:
    """Write the circumstances of a licence."""
    told, cba, of_age_on = (
        circumstances.purpose_represented_at_recording,
        circumstances.cba,
        circumstances.of_age_on,
    )
    return {
        "replaces_in_person_work": circumstances.replaces_in_person_work,
        "representation": {
            "kind": circumstances.representation.kind.value,
            "name": circumstances.representation.name,
        },
        "cba": None if cba is None else {field.name: getattr(cba, field.name) for field in fields(cba)},
        "of_age_on": None if of_age_on is None else of_age_on.isoformat(),
        "minor_court_approval_ref": circumstances.minor_court_approval_ref,
        "clear_and_conspicuous": circumstances.clear_and_conspicuous,
        "separately_signed": circumstances.separately_signed,
        "security_controls": circumstances.security_controls,
        "raw_audio_retention_days": circumstances.raw_audio_retention_days,
        "training_sublicence_notice": circumstances.training_sublicence_notice,
        "purpose_represented_at_recording": None if told is None else sorted(purpose.value for purpose in told),
        "governing_law": circumstances.governing_law,
    }


def document_sha256(document: Mapping[str, object]) -> str:
    """Answer the SHA-256, in hex, of a document's canonical bytes: what a signature on it stands for.

    Raises:
        InvalidInputError: it holds something that has no canonical form.
    """
    try:
        return sha256(rfc8785.dumps(dict(document))).hexdigest()  # type: ignore[arg-type]  # what it cannot write, it refuses
    except rfc8785.CanonicalizationError as error:
        raise InvalidInputError(f"this cannot be written as canonical JSON: {error}") from error


def terms_sha256(terms: LicenceTerms) -> str:
    """Answer the SHA-256, in hex, of terms written in the current version."""
    return document_sha256(terms_json(terms))
