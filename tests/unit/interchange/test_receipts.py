"""Receipts: every mandatory field of ISO/IEC TS 27560, or none at all; and what is read back is what was written."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import Consent, ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
from registry.domain.controllers import UNNAMED, Controller
from registry.domain.uses import UsePurpose
from registry.errors import ControllerUnnamedError, InvalidInputError
from registry.interchange.receipt_words import words_for
from registry.interchange.receipts import Notice, Receipt, read_receipt
from registry.vault.signing import canonical

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
LATER = datetime(2026, 6, 1, tzinfo=UTC)
CONSENT = Consent(
    id="cons_1",
    performer_id="perf_1",
    purpose=ConsentPurpose.LICENSING,
    modality=Modality.VOICE,
    decision=ConsentDecision.GIVEN,
    state=ConsentState.ACTIVE,
    signed_at=NOW,
    expires_at=None,
    withdrawn_at=None,
    choices=LicensingChoices.of({UsePurpose.DUBBING: Disposition.ALLOW, UsePurpose.ADVERTISING: Disposition.ASK}),
)
NOTICE = Notice(
    explanation_id="expl_1",
    text_id="licensing_dubbing.ko.v1",
    topic="licensing_dubbing",
    language="ko",
    text_sha256="a" * 64,
    explained_by="the registry",
    channel="self_service",
    duration_s=412.0004,
    attempts=4,
    copy_delivered_at=NOW,
)
CONTROLLER = Controller("House of Voices", "1 Main Street, Seoul", "desk@voices.example", "KR", "Seoul, KR")
RECEIPT = Receipt(
    consent=CONSENT,
    version=1,
    superseded_by=None,
    superseded_at=None,
    signed_by="Marta Calder",
    signed_as=SignedAs.PERFORMER,
    signature_method="electronic",
    evidence_sha256=None,
    notices=(NOTICE,),
    controller=CONTROLLER,
    issued_at=LATER,
)

MANDATORY = [
    ("schema_version",),
    ("receipt_id",),
    ("record", "schema_version"),
    ("record", "record_id"),
    ("record", "pii_principal_id"),
    *(
        ("record", "pii_processing", name)
        for name in (
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
    ),
    ("record", "pii_processing", "purposes", 0, "purpose"),
    ("record", "pii_processing", "pii_information", 0, "pii_type"),
    *(
        ("record", "party_identification", 0, name)
        for name in ("party_id", "party_type", "party_name", "party_address", "party_contact")
    ),
    ("record", "events"),
    *(
        ("record", "events", 0, name)
        for name in ("event_time", "validity_duration", "entity_id", "event_type", "event_state")
    ),
]
"""The mandatory fields of ISO/IEC TS 27560:2023, by the table of the W3C's guide (2024-08-01)."""


def _without(claims: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    changed = deepcopy(claims)
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    del holder[path[-1]]
    return changed


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", MANDATORY, ids=lambda path: ".".join(map(str, path)))
def test_a_receipt_without_a_mandatory_field_is_refused(path: tuple[str | int, ...]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read_receipt(_without(RECEIPT.claims(), path))
    missing = caught.value.figures["missing"]
    assert isinstance(missing, list)
    assert any(each.endswith(f".{path[-1]}") for each in missing)


@pytest.mark.parametrize("ver", [None, 0, 2, "1"])
def test_a_receipt_of_another_version_is_refused(ver: object) -> None:
    with pytest.raises(InvalidInputError):
        read_receipt(RECEIPT.claims() | {"ver": ver})


@pytest.mark.parametrize("record", [None, [], "x", {"events": 3, "pii_processing": [], "party_identification": {}}])
def test_a_receipt_that_is_no_record_at_all_is_refused(record: object) -> None:
    with pytest.raises(InvalidInputError):
        read_receipt(RECEIPT.claims() | {"record": record})


@pytest.mark.parametrize("name", ["name", "address", "contact", "jurisdiction", "storage_location"])
@pytest.mark.parametrize("value", [None, ""])
def test_without_somebody_who_answers_for_it_there_is_no_receipt(name: str, value: str | None) -> None:
    with pytest.raises(ControllerUnnamedError) as caught:
        replace(RECEIPT, controller=replace(CONTROLLER, **{name: value})).claims()
    assert caught.value.figures == {"settings": [f"LIKENESS_CONTROLLER_{name.upper()}"]}


def test_an_unset_registry_is_told_every_setting() -> None:
    with pytest.raises(ControllerUnnamedError) as caught:
        replace(RECEIPT, controller=UNNAMED).claims()
    assert len(str(caught.value.figures["settings"]).split(",")) == 5


# --- written ---------------------------------------------------------------------------------------------------------


def test_what_is_written_is_read_back() -> None:
    read = read_receipt(json.loads(canonical(RECEIPT.claims())))
    assert (read.receipt_id, read.record_id, read.principal_id) == ("cons_1.v1", "cons_1", "perf_1")
    assert (read.state, read.issued_at) == ("active", LATER.isoformat())
    assert read.purpose["choices"] == {"advertising": "ask", "dubbing": "allow"}
    assert read.controller["party_name"] == "House of Voices"
    assert read.has_text("a" * 64)
    assert not read.has_text("b" * 64)


def test_time_spent_who_explained_and_the_copy_are_in_it() -> None:
    (notice,) = read_receipt(RECEIPT.claims()).notices
    assert notice["duration_s"] == 412.0
    assert (notice["explained_by"], notice["channel"], notice["answers"]) == ("the registry", "self_service", 4)
    assert notice["copy_delivered_at"] == NOW.isoformat()


def test_a_withdrawal_is_an_event_of_the_same_record() -> None:
    ended = replace(CONSENT, state=ConsentState.WITHDRAWN, withdrawn_at=LATER)
    claims = replace(RECEIPT, consent=ended, version=2).claims()
    assert [event["event_state"] for event in claims["record"]["events"]] == ["consent_given", "consent_withdrawn"]
    assert (claims["state"], claims["receipt_id"]) == ("withdrawn", "cons_1.v2")


def test_a_consent_past_its_term_is_expired_in_it_whoever_wrote_that_down() -> None:
    claims = replace(RECEIPT, consent=replace(CONSENT, expires_at=datetime(2026, 5, 1, tzinfo=UTC))).claims()
    assert claims["state"] == "expired"
    assert claims["record"]["events"][-1]["event_state"] == "consent_expired"


def test_a_superseded_consent_names_what_took_its_place() -> None:
    superseded = replace(CONSENT, state=ConsentState.SUPERSEDED)
    claims = replace(RECEIPT, consent=superseded, superseded_by="cons_2", superseded_at=LATER).claims()
    event = claims["record"]["events"][-1]
    assert (event["superseded_by"], event["event_time"]) == ("cons_2", LATER.isoformat())
    assert read_receipt(claims).state == "superseded"


def test_every_event_says_for_how_long_the_decision_was_to_hold_and_whose_it_is() -> None:
    a_year = replace(CONSENT, expires_at=datetime(2027, 3, 14, 9, tzinfo=UTC))
    refused = replace(CONSENT, decision=ConsentDecision.REFUSED, choices=LicensingChoices())
    ended = replace(CONSENT, state=ConsentState.WITHDRAWN, withdrawn_at=LATER)
    said = [
        [
            (event["validity_duration"], event["entity_id"])
            for event in replace(RECEIPT, consent=each).claims()["record"]["events"]
        ]
        for each in (CONSENT, a_year, refused, ended)
    ]
    assert said == [
        [("until_withdrawn", "perf_1")],
        [(f"PT{365 * 86_400}S", "perf_1")],
        [("until_decided_anew", "perf_1")],
        [("until_withdrawn", "perf_1"), ("PT0S", "perf_1")],
    ]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_it_says_what_else_the_performer_may_ask_for(language: str) -> None:
    claims = replace(RECEIPT, notices=(replace(NOTICE, language=language),)).claims()
    rights = claims["record"]["pii_processing"]["privacy_rights"]
    assert rights == words_for(ConsentPurpose.LICENSING, language).rights
    assert len(rights) > 50


def test_a_no_has_a_receipt_too_without_any_notice() -> None:
    refused = replace(CONSENT, decision=ConsentDecision.REFUSED, choices=LicensingChoices())
    read = read_receipt(replace(RECEIPT, consent=refused, notices=()).claims())
    assert (read.purpose["decision"], read.purpose["choices"]) == ("refused", None)
    assert read.events[0]["event_state"] == "consent_refused"
    assert not read.has_text("a" * 64)


@pytest.mark.parametrize("purpose", ConsentPurpose)
def test_the_words_are_in_the_language_of_what_was_explained(purpose: ConsentPurpose) -> None:
    korean, english, other = (words_for(purpose, language) for language in ("ko-KR", "en", "fr"))
    assert korean != english == other
    assert [kind for kind, _, _ in korean.held] == [kind for kind, _, _ in english.held]
    claims = replace(RECEIPT, consent=replace(CONSENT, purpose=purpose)).claims()
    assert claims["record"]["pii_processing"]["withdrawal_method"] == korean.withdrawal
