"""Laws of spoken statements: nothing is accepted without every one of its conditions, whatever else is true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from registry.domain.scores import EvidenceOutcome, Reason
from registry.domain.spoken_statements import (
    LIVES,
    Challenge,
    DigitsOutcome,
    Heard,
    SpokenStatementState,
    rule_on,
)

ASKED = datetime(2026, 3, 14, 15, 0, tzinfo=UTC)
NUMBERS = st.integers(0, 3).map(lambda n: f"00000{n}")
RATIOS = st.one_of(st.none(), st.floats(-6, 6))
LATE = st.floats(-5, 1200).map(lambda s: timedelta(seconds=s))
HEARD = st.builds(
    Heard,
    outcome=st.one_of(st.none(), st.sampled_from(EvidenceOutcome)),
    log10_lr=RATIOS,
    voices=st.integers(1, 3),
    readings=st.lists(NUMBERS, max_size=3).map(tuple),
    deaf=st.one_of(st.none(), st.just(Reason("deaf", "nobody could listen"))),
    number_log10_lr=RATIOS,
)


@given(HEARD, NUMBERS, LATE)
def test_a_statement_is_accepted_exactly_when_every_condition_is_shown(
    heard: Heard, number: str, late: timedelta
) -> None:
    challenge = Challenge(number, "en", ASKED, ASKED + LIVES)
    ruling = rule_on(challenge, ASKED + late, heard)
    its_voice = heard.voices == 1 and heard.outcome is EvidenceOutcome.MATCH and heard.log10_lr is not None
    in_time = timedelta(0) <= late < LIVES
    said = number in heard.readings
    not_opposed = heard.number_log10_lr is None or heard.number_log10_lr >= 0
    assert (ruling.state is SpokenStatementState.ACCEPTED) == (its_voice and in_time and said and not_opposed)
    assert (ruling.state is SpokenStatementState.UNVERIFIED) == (
        its_voice and in_time and not said and heard.deaf is not None
    )
    assert ruling.reasons


@given(HEARD, NUMBERS, LATE)
def test_verified_is_only_said_of_a_number_that_was_heard(heard: Heard, number: str, late: timedelta) -> None:
    ruling = rule_on(Challenge(number, "en", ASKED, ASKED + LIVES), ASKED + late, heard)
    if ruling.digits is DigitsOutcome.VERIFIED:
        assert number in heard.readings
