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

from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import (
    Consent,
    ConsentDecision,
    ConsentPurpose,
    ConsentState,
    Modality,
    choice_for,
    consent_in_force,
    latest_decision,
    refused_uses,
    require_transition,
)
from registry.domain.uses import UsePurpose
from registry.errors import ConflictError, InvalidInputError

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


# --- choices ---------------------------------------------------------------------------------------------------------

dispositions = st.dictionaries(st.sampled_from(UsePurpose), st.sampled_from(Disposition))


@given(dispositions, st.sampled_from(UsePurpose))
def test_a_use_of_which_nothing_was_said_is_never(said: dict[UsePurpose, Disposition], use: UsePurpose) -> None:
    choices = LicensingChoices.of(said)
    assert choices.to(use) is said.get(use, Disposition.NEVER)
    assert (use in choices.open_to) == (choices.to(use) is not Disposition.NEVER)


@given(dispositions)
def test_choices_are_read_back_as_they_were_stored(said: dict[UsePurpose, Disposition]) -> None:
    choices = LicensingChoices.of(said)
    assert LicensingChoices.of_json(choices.as_json()) == choices


@pytest.mark.parametrize("stored", [{"singing": "allow"}, {"dubbing": "perhaps"}])
def test_choices_that_cannot_be_read_permit_nothing(stored: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is not a valid"):
        LicensingChoices.of_json(stored)


def test_a_use_is_not_two_things_at_once() -> None:
    with pytest.raises(InvalidInputError):
        LicensingChoices(frozenset({UsePurpose.DUBBING}), frozenset({UsePurpose.DUBBING}))


@given(consent_lists, st.sampled_from(UsePurpose), modalities)
def test_without_a_yes_to_licensing_in_force_every_use_is_never(
    held: list[Consent], use: UsePurpose, modality: Modality
) -> None:
    if consent_in_force(held, ConsentPurpose.LICENSING, modality, NOW) is None:
        assert choice_for(held, use, modality, NOW) is Disposition.NEVER
        assert refused_uses(held, UsePurpose, modality, NOW) == sorted(UsePurpose)


@given(consents, dispositions, st.sampled_from(UsePurpose))
def test_what_is_said_of_the_voice_says_nothing_of_the_face(
    consent: Consent, said: dict[UsePurpose, Disposition], use: UsePurpose
) -> None:
    given = replace(
        consent,
        purpose=ConsentPurpose.LICENSING,
        modality=Modality.VOICE,
        decision=ConsentDecision.GIVEN,
        state=ConsentState.ACTIVE,
        signed_at=NOW,
        withdrawn_at=None,
        expires_at=None,
        choices=LicensingChoices.of(said),
    )
    assert choice_for([given], use, Modality.VOICE, NOW) is LicensingChoices.of(said).to(use)
    assert choice_for([given], use, Modality.FACE, NOW) is Disposition.NEVER
