"""The small values of the domain refuse what they cannot mean; what is public and stored only grows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from agreements import CONSENT, LICENCE, NOW, TERMS, USE

from registry.domain.events import EVENT_VERSION, Event, EventType
from registry.domain.ids import IdFactory, IdPrefix, is_id
from registry.domain.scores import Span
from registry.domain.terms import UNPAID
from registry.domain.uses import UseKind, UsePurpose
from registry.domain.verdicts import Verdict


@pytest.mark.parametrize(("start_s", "end_s"), [(-0.1, 1.0), (1.0, 1.0), (2.0, 1.0), (float("nan"), 1.0)])
def test_a_stretch_of_time_that_is_none_is_refused(start_s: float, end_s: float) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start_s, end_s)


def test_a_span_knows_its_length() -> None:
    assert Span(1.5, 4.0).duration_s == 2.5


@pytest.mark.parametrize("text", ["", "perf", "perf_", "perf_01", "chk_00000000000000000000000000", "PERF_" + "0" * 26])
def test_what_is_not_the_id_of_a_performer_is_not_taken_for_one(text: str) -> None:
    assert not is_id(text, IdPrefix.PERFORMER)


def test_an_id_follows_the_ulid_specification() -> None:
    # The moment of the specification's own example, 01ARYZ6S41…: 1469918176385 ms.
    moment = datetime(2016, 7, 30, 22, 36, 16, 385_000, tzinfo=UTC)
    assert IdFactory(bytes).new(IdPrefix.CHECK, moment) == "chk_01aryz6s41" + "0" * 16
    assert IdFactory(lambda n: b"\xff" * n).new(IdPrefix.CHECK, moment) == "chk_01aryz6s41" + "z" * 16


def test_prefixes_are_all_different_and_hold_no_underscore() -> None:
    values = [prefix.value for prefix in IdPrefix]
    assert len(set(values)) == len(values)
    assert not any("_" in value for value in values)


def test_nothing_is_owed_for_an_unpaid_licence_or_before_it_is_active() -> None:
    unpaid = replace(LICENCE, terms=replace(TERMS, pay=UNPAID), paid_at=None)
    assert unpaid.payment_due_at() is None
    assert not unpaid.is_overdue(NOW)
    assert replace(LICENCE, activated_at=None).payment_due_at() is None


def test_the_moment_of_a_decision_is_its_withdrawal_else_its_signature_else_none() -> None:
    assert replace(CONSENT, signed_at=None).decided_at is None
    assert CONSENT.decided_at == CONSENT.signed_at
    assert replace(CONSENT, withdrawn_at=NOW).decided_at == NOW


def test_what_a_machine_makes_or_learns_from_needs_a_purpose_of_its_own_on_top_of_the_declared_one() -> None:
    required = {kind: replace(USE, kind=kind).required_purposes for kind in UseKind}
    assert required == {
        UseKind.REFERENCE: {UsePurpose.DUBBING},
        UseKind.GENERATED: {UsePurpose.DUBBING, UsePurpose.VOICE_CLONE},
        UseKind.TRAINING: {UsePurpose.DUBBING, UsePurpose.TRAINING},
    }


def test_an_event_carries_the_version_of_its_shape() -> None:
    event = Event(EventType.CHECK_COMPLETED, subject_id="chk_1", actor_id="wkr_1", at=NOW)
    assert event.version == EVENT_VERSION
    assert dict(event.details) == {}


def test_the_list_of_verdicts_is_the_public_one() -> None:
    assert {verdict.value for verdict in Verdict} >= {
        "no_match",
        "licensed_use",
        "licensed_out_of_scope",
        "licensed_unpaid",
        "licence_suspended",
        "licence_expired",
        "expired_legacy_use",
        "consent_withdrawn",
        "opted_out_match",
        "unlicensed_match",
        "explained_by_declared_source",
        "sound_alike_review",
        "inconclusive",
        "not_assessed",
    }
