"""Consent receipts: what a performer decided, as a record by ISO/IEC TS 27560:2023, signed by the registry.

The record has the sections of the specification: a header, the processing of personal data, the parties, and the
events. Its field names are the specification's in snake case, as the W3C's guide to it lists them. A receipt is a full
copy of the record, and beside it carries whose receipt it is and when it was written: it says how the decision stood
then, and nothing of later. Which fields are mandatory is taken from that guide (consent-27560, table of terms of ISO
27560, GDPR and DPV; read on 2026-11-25): the specification itself is not free to read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.domain.consents import Consent, ConsentDecision, ConsentPurpose, ConsentState, SignedAs
from registry.domain.controllers import Controller
from registry.errors import ControllerUnnamedError, InvalidInputError
from registry.interchange.receipt_words import words_for

RECEIPT_TYPE = "likeness-receipt+jwt"
VERSION = 1
SCHEMA = "ISO/IEC TS 27560:2023"
CONTROLLER = "controller"
"""Id of the registry's own party within a receipt."""

_NOT_EXPLAINED = "und"  # BCP 47: of no language, because nothing was read

_HEADER = ("schema_version", "record_id", "pii_principal_id")
_PROCESSING = (
    "privacy_notice",
    "language",
    "purposes",
    "pii_information",
    "pii_controllers",
    "storage_locations",
    "retention_period",
    "jurisdiction",
    "recipient_third_parties",
    "withdrawal_method",
)
_PARTY = ("party_id", "party_type", "party_name", "party_address", "party_contact")
_EVENT = ("event_time", "validity_duration", "entity_id", "event_type", "event_state")

_EXPLICIT = "explicit_consent"
"""Type of every consent here (GDPR Art. 9(2)(a)): it is asked for and signed, and never inferred."""

_UNTIL_WITHDRAWN = "until_withdrawn"
_UNTIL_DECIDED_ANEW = "until_decided_anew"
_OVER = "PT0S"  # ISO 8601: nothing is valid from here on


@dataclass(frozen=True, slots=True)
class Notice:
    """What the performer was told, and how.

    Attributes:
        explanation_id: of the record.
        text_id, topic: of the text; None in records of before there were registered texts.
        language: of the text.
        text_sha256: of its words in UTF-8: of the very bytes of the copy that was delivered.
        explained_by, channel, duration_s: who explained it, how, and for how long.
        attempts: answers given to its questions.
        copy_delivered_at: when the performer got the copy, or None.
    """

    explanation_id: str
    text_id: str | None
    topic: str | None
    language: str
    text_sha256: str
    explained_by: str
    channel: str
    duration_s: float
    attempts: int
    copy_delivered_at: datetime | None

    def as_json(self) -> dict[str, Any]:
        """Answer the notice as a receipt carries it."""
        return {
            "explanation_id": self.explanation_id,
            "text_id": self.text_id,
            "topic": self.topic,
            "language": self.language,
            "text_sha256": self.text_sha256,
            "explained_by": self.explained_by,
            "channel": self.channel,
            "duration_s": round(self.duration_s, 3),
            "answers": self.attempts,
            "copy_delivered_at": _text_of(self.copy_delivered_at),
        }


@dataclass(frozen=True, slots=True)
class Receipt:
    """One decision as a receipt tells it.

    Attributes:
        consent: the decision.
        version: of its record.
        superseded_by, superseded_at: the decision that took its place, and when it was signed; or None.
        signed_by, signed_as, signature_method, evidence_sha256: the signature.
        notices: what was explained before it.
        controller: who answers for the registry.
        issued_at: when the receipt is written.
    """

    consent: Consent
    version: int
    superseded_by: str | None
    superseded_at: datetime | None
    signed_by: str
    signed_as: SignedAs
    signature_method: str
    evidence_sha256: str | None
    notices: Sequence[Notice]
    controller: Controller
    issued_at: datetime

    def claims(self) -> dict[str, Any]:
        """Answer what is signed.

        Raises:
            ControllerUnnamedError: it is not known who answers for the registry; figure ``settings``.
        """
        if unnamed := self.controller.unnamed:
            names = [f"LIKENESS_CONTROLLER_{each.upper()}" for each in unnamed]
            raise ControllerUnnamedError(
                f"a receipt names who answers for the registry: set {', '.join(names)}", settings=names
            )
        return {
            "ver": VERSION,
            "schema_version": SCHEMA,
            "receipt_id": f"{self.consent.id}.v{self.version}",
            "receipt_issued_at": self.issued_at.isoformat(),
            "state": self.consent.state_at(self.issued_at).value,
            "record": self._record(),
        }

    def _record(self) -> dict[str, Any]:
        return {
            "schema_version": SCHEMA,
            "record_id": self.consent.id,
            "pii_principal_id": self.consent.performer_id,
            "pii_processing": self._processing(),
            "party_identification": [self._controller()],
            "events": list(self._events()),
        }

    @property
    def _language(self) -> str:
        return self.notices[0].language if self.notices else _NOT_EXPLAINED

    def _processing(self) -> dict[str, Any]:
        words = words_for(self.consent.purpose, self._language)
        return {
            "privacy_notice": [notice.as_json() for notice in self.notices],
            "language": self._language,
            "purposes": [self._purpose(words.purpose)],
            "pii_information": [
                {"pii_type": kind, "sensitive_pii_category": sensitive, "description": description}
                for kind, sensitive, description in words.held
            ],
            "pii_controllers": [CONTROLLER],
            "collection_method": words.collected,
            "storage_locations": [self.controller.storage_location],
            "retention_period": words.retention,
            "jurisdiction": [self.controller.jurisdiction],
            "recipient_third_parties": list(words.recipients),
            "withdrawal_method": words.withdrawal,
            "privacy_rights": words.rights,
        }

    def _purpose(self, description: str) -> dict[str, Any]:
        is_choice = self.consent.purpose is ConsentPurpose.LICENSING and self.consent.decision is ConsentDecision.GIVEN
        return {
            "purpose": self.consent.purpose.value,
            "modality": self.consent.modality.value,
            "decision": self.consent.decision.value,
            "description": description,
            "lawful_basis": "consent",
            "choices": self.consent.choices.as_json() if is_choice else None,
        }

    def _controller(self) -> dict[str, Any]:
        return {
            "party_id": CONTROLLER,
            "party_role": "pii_controller",
            "party_type": "organisation",
            "party_name": self.controller.name,
            "party_address": self.controller.address,
            "party_contact": self.controller.contact,
        }

    def _events(self) -> Iterator[dict[str, Any]]:
        consent = self.consent
        given = consent.decision is ConsentDecision.GIVEN
        yield self._event("consent_given" if given else "consent_refused", consent.signed_at, self._valid_for()) | {
            "valid_until": _text_of(consent.expires_at),
            "signed_by": self.signed_by,
            "signed_as": self.signed_as.value,
            "signature_method": self.signature_method,
            "signature_evidence_sha256": self.evidence_sha256,
        }
        state = consent.state_at(self.issued_at)
        if state is ConsentState.WITHDRAWN:
            yield self._event("consent_withdrawn", consent.withdrawn_at, _OVER)
        if state is ConsentState.EXPIRED:
            yield self._event("consent_expired", consent.expires_at, _OVER) | {"entity_id": CONTROLLER}
        if state is ConsentState.SUPERSEDED:
            ended = self._event("consent_superseded", self.superseded_at, _OVER)
            yield ended | {"superseded_by": self.superseded_by}

    def _event(self, state: str, at: datetime | None, valid_for: str) -> dict[str, Any]:
        return {
            "event_time": _text_of(at),
            "validity_duration": valid_for,
            "entity_id": self.consent.performer_id,
            "event_type": _EXPLICIT,
            "event_state": state,
        }

    def _valid_for(self) -> str:
        """Answer for how long the decision was to hold: an ISO 8601 duration, or what ends it."""
        consent = self.consent
        if consent.expires_at is not None and consent.signed_at is not None:
            return f"PT{int((consent.expires_at - consent.signed_at).total_seconds())}S"
        return _UNTIL_WITHDRAWN if consent.decision is ConsentDecision.GIVEN else _UNTIL_DECIDED_ANEW


@dataclass(frozen=True, slots=True)
class ReadReceipt:
    """What a receipt says, once its signature was checked.

    Attributes:
        receipt_id, record_id, principal_id: whose it is.
        issued_at, state: when it was written, and how the decision stood then.
        purpose: the one purpose, with decision, modality and choices.
        notices: what was explained.
        controller: who answers for the registry, and how to reach them.
        events: what happened, in order.
    """

    receipt_id: str
    record_id: str
    principal_id: str
    issued_at: str
    state: str
    purpose: Mapping[str, Any]
    notices: Sequence[Mapping[str, Any]]
    controller: Mapping[str, Any]
    events: Sequence[Mapping[str, Any]]

    def has_text(self, text_sha256: str) -> bool:
        """Whether a text of this digest is among what was explained."""
        return any(notice.get("text_sha256") == text_sha256 for notice in self.notices)


def read_receipt(claims: Mapping[str, Any]) -> ReadReceipt:
    """Read claims whose signature was checked, and refuse those that lack what the specification makes mandatory.

    Raises:
        InvalidInputError: of a newer version, or something mandatory is missing; figure ``missing``.
    """
    if claims.get("ver") != VERSION:
        raise InvalidInputError(
            f"this receipt is of version {claims.get('ver')}; version {VERSION} is read here",
            version=str(claims.get("ver")),
        )
    if missing := list(_missing(claims)):
        raise InvalidInputError(f"this receipt lacks {', '.join(missing)}", missing=missing)
    record = claims["record"]
    processing = record["pii_processing"]
    return ReadReceipt(
        receipt_id=claims["receipt_id"],
        record_id=record["record_id"],
        principal_id=record["pii_principal_id"],
        issued_at=claims["receipt_issued_at"],
        state=claims["state"],
        purpose=processing["purposes"][0],
        notices=processing["privacy_notice"],
        controller=record["party_identification"][0],
        events=record["events"],
    )


def _missing(claims: Mapping[str, Any]) -> Iterator[str]:
    """Name every mandatory field that is not there."""
    yield from _lacking(claims, ("schema_version", "receipt_id", "receipt_issued_at", "state", "record"), "receipt")
    record = _object(claims.get("record"))
    yield from _lacking(record, (*_HEADER, "pii_processing", "party_identification", "events"), "record")
    processing = _object(record.get("pii_processing"))
    yield from _lacking(processing, _PROCESSING, "pii_processing", may_be_empty=("privacy_notice",))
    for section, names, of in (
        ("purposes", ("purpose", "modality", "decision"), processing),
        ("pii_information", ("pii_type",), processing),
        ("party_identification", _PARTY, record),
        ("events", _EVENT, record),
    ):
        for entry in _list(of.get(section)):
            yield from _lacking(_object(entry), names, section)


def _lacking(
    holder: Mapping[str, Any], names: Sequence[str], where: str, *, may_be_empty: Sequence[str] = ()
) -> Iterator[str]:
    for name in names:
        value = holder.get(name)
        if value is None or (value in ("", [], {}) and name not in may_be_empty):
            yield f"{where}.{name}"


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []


def _text_of(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
