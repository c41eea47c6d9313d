"""What becomes of a spoken statement: whatever is not shown is not accepted, and the reason says what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import Consent, ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.scores import EvidenceOutcome, Reason
from registry.domain.spoken_statements import (
    LIVES,
    Challenge,
    DigitsOutcome,
    Heard,
    SpokenStatementState,
    can_hear_digits,
    not_listened,
    rule_on,
    scope_sha256,
    too_narrow,
    too_noisy,
)
from registry.domain.spoken_words import language_of, words_to_read
from registry.domain.uses import UsePurpose
from registry.errors import InvalidInputError

ASKED = datetime(2026, 3, 14, 15, 0, tzinfo=UTC)
IN_TIME = ASKED + timedelta(minutes=3)
CHALLENGE = Challenge("407193", "en", ASKED, ASKED + LIVES)
GOOD = Heard(EvidenceOutcome.MATCH, 3.2, 1, ("119407", "407193"), None, 1.4)
CONSENT = Consent(
    id="cons_1",
    performer_id="perf_1",
    purpose=ConsentPurpose.LICENSING,
    modality=Modality.VOICE,
    decision=ConsentDecision.GIVEN,
    state=ConsentState.ACTIVE,
    signed_at=ASKED,
    expires_at=None,
    withdrawn_at=None,
    choices=LicensingChoices.of({UsePurpose.DUBBING: Disposition.ALLOW, UsePurpose.ADVERTISING: Disposition.ASK}),
)


@pytest.mark.parametrize(
    ("heard", "code", "digits"),
    [
        (replace(GOOD, voices=2), "several_voices", None),
        (replace(GOOD, outcome=None, log10_lr=None), "foreign_voice", None),
        (replace(GOOD, outcome=EvidenceOutcome.NO_MATCH, log10_lr=-2.0), "foreign_voice", None),
        (replace(GOOD, outcome=EvidenceOutcome.SOUND_ALIKE, log10_lr=0.9), "foreign_voice", None),
        (replace(GOOD, outcome=EvidenceOutcome.INCONCLUSIVE, log10_lr=0.4), "voice_not_settled", None),
        (replace(GOOD, readings=("407198",)), "wrong_digits", DigitsOutcome.DIFFERENT),
        (replace(GOOD, readings=()), "wrong_digits", DigitsOutcome.DIFFERENT),
        (replace(GOOD, number_log10_lr=-0.3), "number_in_another_voice", DigitsOutcome.VERIFIED),
    ],
)
def test_whatever_is_not_shown_is_refused_for_its_own_reason(
    heard: Heard, code: str, digits: DigitsOutcome | None
) -> None:
    ruling = rule_on(CHALLENGE, IN_TIME, heard)
    assert (ruling.state, ruling.digits) == (SpokenStatementState.REFUSED, digits)
    assert [reason.code for reason in ruling.reasons] == [code]


@pytest.mark.parametrize("late", [LIVES, LIVES + timedelta(hours=1), timedelta(seconds=-1)])
def test_a_number_holds_for_ten_minutes_and_not_before_it_was_given(late: timedelta) -> None:
    ruling = rule_on(CHALLENGE, ASKED + late, GOOD)
    assert ruling.state is SpokenStatementState.REFUSED
    (reason,) = ruling.reasons
    assert (reason.code, reason.figures["age_s"], reason.figures["allowed_s"]) == (
        "statement_too_old",
        late.total_seconds(),
        600,
    )


def test_in_the_last_moment_it_still_holds() -> None:
    assert rule_on(CHALLENGE, ASKED + LIVES - timedelta(microseconds=1), GOOD).state is SpokenStatementState.ACCEPTED


def test_the_enrolled_voice_in_time_with_the_number_is_accepted_and_its_strength_is_told() -> None:
    ruling = rule_on(CHALLENGE, IN_TIME, GOOD)
    assert (ruling.state, ruling.digits) == (SpokenStatementState.ACCEPTED, DigitsOutcome.VERIFIED)
    assert [reason.code for reason in ruling.reasons] == ["enrolled_voice", "number_heard"]
    assert ruling.reasons[0].figures == {"log10_lr": 3.2}


def test_a_passage_too_short_to_tell_whose_it_is_is_not_held_against_the_performer() -> None:
    assert rule_on(CHALLENGE, IN_TIME, replace(GOOD, number_log10_lr=None)).state is SpokenStatementState.ACCEPTED


@pytest.mark.parametrize(
    ("challenge", "deaf", "code"),
    [
        (replace(CHALLENGE, language="ko"), None, "digits_not_recognised_in_language"),
        (CHALLENGE, too_narrow(3390.0, 5000.0), "digits_not_recognised_in_narrow_sound"),
        (CHALLENGE, too_noisy(18.0, 30.0), "digits_not_recognised_in_noise"),
    ],
)
def test_where_nobody_can_listen_for_the_number_it_is_kept_and_says_so(
    challenge: Challenge, deaf: Reason | None, code: str
) -> None:
    heard = replace(GOOD, readings=("000000",), deaf=deaf or not_listened(challenge), number_log10_lr=None)
    ruling = rule_on(challenge, IN_TIME, heard)
    assert (ruling.state, ruling.digits) == (SpokenStatementState.UNVERIFIED, DigitsOutcome.NOT_VERIFIED)
    assert [reason.code for reason in ruling.reasons] == ["enrolled_voice", code]
    assert "digits not verified" in ruling.reasons[1].detail


def test_a_number_that_was_heard_in_noise_was_heard() -> None:
    ruling = rule_on(CHALLENGE, IN_TIME, replace(GOOD, deaf=too_noisy(18.0, 30.0)))
    assert (ruling.state, ruling.digits) == (SpokenStatementState.ACCEPTED, DigitsOutcome.VERIFIED)


def test_digits_are_recognised_in_english_of_whatever_country_and_nothing_else() -> None:
    heard = [tag for tag in ("en", "en-GB", "EN-us", "ko", "ko-KR", "end", "de") if can_hear_digits(tag)]
    assert heard == ["en", "en-GB", "EN-us"]


# --- the words -------------------------------------------------------------------------------------------------------


def words(language: str, consent: Consent = CONSENT) -> str:
    return words_to_read(consent, name="서민아", registry="Voice Registry", number="407193", language=language)


@pytest.mark.parametrize("language", ["en", "ko"])
def test_the_words_name_the_performer_the_registry_and_the_scope_and_end_with_the_number(language: str) -> None:
    said = words(language)
    assert "서민아" in said
    assert "Voice Registry" in said
    assert said.endswith("\n4 0 7 1 9 3")
    dubbing, advertising, training = {
        "en": ("dubbing", "advertising", "training"),
        "ko": ("더빙", "광고", "학습"),
    }[language]
    assert dubbing in said
    assert advertising in said
    assert training not in said


def test_no_other_figure_is_in_the_words_for_which_the_number_could_be_taken() -> None:
    for purpose in ConsentPurpose:
        for modality in Modality:
            said = words("en", replace(CONSENT, purpose=purpose, modality=modality))
            assert [c for c in said if c.isdigit()] == list("407193")


def test_there_are_no_words_in_a_language_that_nobody_has_written_them_in() -> None:
    with pytest.raises(InvalidInputError) as refused:
        language_of("fr-CA")
    assert refused.value.figures == {"language": "fr-CA", "languages": ["en", "ko"]}


def test_the_scope_has_another_digest_when_a_choice_is_another() -> None:
    other = replace(CONSENT, choices=LicensingChoices.of({UsePurpose.DUBBING: Disposition.ASK}))
    assert scope_sha256(CONSENT) != scope_sha256(other)
    assert scope_sha256(CONSENT) == scope_sha256(replace(CONSENT, signed_at=IN_TIME))
