"""Laws of consent: unset is none, only the latest decision counts, and a withdrawal is a decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from strategies_domain import NOW, consent_lists, consents

from registry.domain.consents import (
    REQUIRED_ANSWERS,
    Answer,
    Consent,
    ConsentDecision,
    ConsentPurpose,
    ConsentState,
    Explanation,
    Modality,
    consent_in_force,
    latest_decision,
    require_complete,
    require_transition,
)
from registry.errors import ConflictError, ExplanationIncompleteError

DOCUMENTED = {("draft", "active"), ("active", "withdrawn"), ("active", "superseded"), ("active", "expired")}
ENDED = (ConsentState.WITHDRAWN, ConsentState.SUPERSEDED, ConsentState.EXPIRED)

purposes = st.sampled_from(ConsentPurpose)
modalities = st.sampled_from(Modality)


@given(purposes, modalities)
def test_no_consent_at_all_is_none_in_force_and_no_decision(purpose: ConsentPurpose, modality: Modality) -> None:
    assert consent_in_force([], purpose, modality, NOW) is None
    assert latest_decision([], purpose, modality) is None


@given(consent_lists, purposes, modalities)
def test_a_draft_a_no_and_an_ended_consent_are_never_in_force(
    held: list[Consent], purpose: ConsentPurpose, modality: Modality
) -> None:
    found = consent_in_force(held, purpose, modality, NOW)
    if found is not None:
        assert (found.purpose, found.modality) == (purpose, modality)
        assert found.decision is ConsentDecision.GIVEN
        assert found.state_at(NOW) is ConsentState.ACTIVE
        assert found.signed_at is not None


@given(consent_lists, purposes, modalities, consents)
def test_a_consent_for_something_else_changes_nothing(
    held: list[Consent], purpose: ConsentPurpose, modality: Modality, other: Consent
) -> None:
    if (other.purpose, other.modality) != (purpose, modality):
        assert consent_in_force([other, *held], purpose, modality, NOW) == consent_in_force(
            held, purpose, modality, NOW
        )


@given(consent_lists, consents)
def test_whatever_was_decided_before_a_withdrawal_is_not_in_force_after_it(
    held: list[Consent], consent: Consent
) -> None:
    last = replace(
        consent,
        state=ConsentState.WITHDRAWN,
        signed_at=NOW - timedelta(days=100),
        withdrawn_at=NOW + timedelta(hours=1),
    )
    assert consent_in_force([*held, last], consent.purpose, consent.modality, NOW + timedelta(hours=2)) is None


@given(consent_lists, consents)
def test_a_yes_signed_after_a_withdrawal_is_in_force_again(held: list[Consent], consent: Consent) -> None:
    anew = replace(
        consent,
        decision=ConsentDecision.GIVEN,
        state=ConsentState.ACTIVE,
        signed_at=NOW + timedelta(hours=1),
        expires_at=None,
        withdrawn_at=None,
    )
    assert consent_in_force([*held, anew], consent.purpose, consent.modality, NOW + timedelta(hours=1)) == anew


@given(consents, st.integers(1, 10**9))
def test_an_active_consent_ends_at_its_moment_and_not_before(consent: Consent, microseconds: int) -> None:
    active = replace(consent, state=ConsentState.ACTIVE, expires_at=NOW)
    assert active.state_at(NOW - timedelta(microseconds=microseconds)) is ConsentState.ACTIVE
    assert active.state_at(NOW) is ConsentState.EXPIRED
    assert active.state_at(NOW + timedelta(microseconds=microseconds)) is ConsentState.EXPIRED


@given(consents, st.sampled_from((ConsentState.DRAFT, *ENDED)))
def test_time_changes_no_state_but_an_active_one(consent: Consent, state: ConsentState) -> None:
    assert replace(consent, state=state).state_at(NOW + timedelta(days=10_000)) is state


@given(consent_lists, purposes, modalities, st.randoms(use_true_random=False))
def test_the_order_of_consents_does_not_matter(
    held: list[Consent], purpose: ConsentPurpose, modality: Modality, random: st.RandomType
) -> None:
    numbered = [replace(consent, id=f"cons_{number}") for number, consent in enumerate(held)]
    shuffled = random.sample(numbered, len(numbered))
    assert latest_decision(shuffled, purpose, modality) == latest_decision(numbered, purpose, modality)


@pytest.mark.parametrize(("current", "wanted"), list(product(ConsentState, ConsentState)))
def test_only_the_documented_changes_of_state_are_possible(current: ConsentState, wanted: ConsentState) -> None:
    if (current.value, wanted.value) in DOCUMENTED:
        require_transition(current, wanted)
    else:
        with pytest.raises(ConflictError) as caught:
            require_transition(current, wanted)
        assert caught.value.figures == {"state": current.value, "wanted": wanted.value}


class ConsentLife(RuleBasedStateMachine):
    """Try any change at any time, as callers will."""

    def __init__(self) -> None:
        super().__init__()
        self.states = [ConsentState.DRAFT]

    @rule(wanted=st.sampled_from(ConsentState))
    def change(self, wanted: ConsentState) -> None:
        try:
            require_transition(self.states[-1], wanted)
        except ConflictError:
            return
        self.states.append(wanted)

    @invariant()
    def a_consent_is_signed_once_and_ends_once(self) -> None:
        assert self.states == [ConsentState.DRAFT, ConsentState.ACTIVE, *self.states[2:]][: len(self.states)]
        assert len(self.states) <= 3
        assert all(state in ENDED for state in self.states[2:])


TestConsentLife = ConsentLife.TestCase


answers = st.builds(
    Answer, question=st.just("What may a studio do?"), answer=st.text(max_size=5), understood=st.booleans()
)
explanations = st.builds(
    Explanation,
    id=st.just("expl_0"),
    purpose=purposes,
    modality=modalities,
    language=st.just("ko"),
    text_sha256=st.just("0" * 64),
    explained_by=st.just("agent"),
    channel=st.just("in_person"),
    duration_s=st.floats(-1, 600),
    answers=st.lists(answers, max_size=REQUIRED_ANSWERS + 1),
    copy_delivered_at=st.none() | st.just(NOW),
)


@given(explanations, purposes, modalities)
def test_an_explanation_carries_a_consent_exactly_when_nothing_is_missing(
    explanation: Explanation, purpose: ConsentPurpose, modality: Modality
) -> None:
    lacks = [
        explanation.purpose is not purpose,
        explanation.modality is not modality,
        len(explanation.answers) < REQUIRED_ANSWERS,
        *(True for answer in explanation.answers if not answer.understood),
        explanation.copy_delivered_at is None,
        explanation.duration_s <= 0,
    ]
    if any(lacks):
        with pytest.raises(ExplanationIncompleteError) as caught:
            require_complete(explanation, purpose, modality)
        missing = caught.value.figures["missing"]
        assert isinstance(missing, list)
        assert len(missing) == sum(lacks)
    else:
        require_complete(explanation, purpose, modality)
