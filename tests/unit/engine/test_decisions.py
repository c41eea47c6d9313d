from __future__ import annotations

import re

import pytest

from registry.domain.scores import EvidenceOutcome, Log10LR, PerformerEvidence, Reason
from registry.engine.decisions import OPPOSED, SHORT_SPEECH_S, Limits, Strength, decide, decide_recording
from registry.reports.engine_names import as_read

LIMITS = Limits(match=2.0, sound_alike=1.3, disagreement=2.5, target_fpir=0.01, gallery_size=50, lower=-1.7, upper=3.5)


UNVALIDATED = Reason("not_validated_for", "the speech is 1.0 dB above the noise", {"snr_db": 1.0})


def strength(
    fused: float,
    ge2e: float | None = None,
    percentile: float = 99.9,
    speech_s: float = 8.0,
    unvalidated: Reason | None = None,
) -> Strength:
    engines = {"ge2e": fused if ge2e is None else ge2e, "campplus": fused}
    return Strength(fused, engines, percentile, speech_s, unvalidated)


@pytest.mark.parametrize("fused", [OPPOSED + 0.01, 0.0, 1.5, 2.0, 3.4, 9.0])
@pytest.mark.parametrize("ge2e", [None, -3.0])
@pytest.mark.parametrize("speech_s", [0.8, 8.0])
def test_nothing_is_supported_outside_what_was_validated(fused: float, ge2e: float | None, speech_s: float) -> None:
    outcome, reason = decide(strength(fused, ge2e, speech_s=speech_s, unvalidated=UNVALIDATED), LIMITS)
    assert outcome is EvidenceOutcome.INCONCLUSIVE
    assert reason is UNVALIDATED


@pytest.mark.parametrize("fused", [OPPOSED, -5.0])
def test_only_what_is_clearly_opposed_stays_no_match_outside_what_was_validated(fused: float) -> None:
    outcome, reason = decide(strength(fused, unvalidated=UNVALIDATED), LIMITS)
    assert outcome is EvidenceOutcome.NO_MATCH
    assert reason.code == "same_speaker_not_supported"


@pytest.mark.parametrize(
    ("measured", "outcome", "code"),
    [
        (strength(-1.0), EvidenceOutcome.NO_MATCH, "same_speaker_not_supported"),
        (strength(1.99, percentile=50.0), EvidenceOutcome.NO_MATCH, "same_speaker_not_supported"),
        (strength(2.0), EvidenceOutcome.MATCH, "same_speaker_supported"),
        (strength(1.5), EvidenceOutcome.SOUND_ALIKE, "sound_alike"),
        (strength(2.2, ge2e=-1.0), EvidenceOutcome.INCONCLUSIVE, "engines_disagree"),
        (strength(2.2, ge2e=-0.1), EvidenceOutcome.MATCH, "same_speaker_supported"),
        (strength(2.2, speech_s=1.0), EvidenceOutcome.INCONCLUSIVE, "speech_too_short"),
        (strength(3.2, speech_s=1.0), EvidenceOutcome.MATCH, "same_speaker_supported"),
        (strength(0.0, percentile=80.0, speech_s=1.0), EvidenceOutcome.INCONCLUSIVE, "speech_too_short"),
        (strength(-1.2, percentile=80.0, speech_s=1.0), EvidenceOutcome.NO_MATCH, "same_speaker_not_supported"),
    ],
)
def test_rules_apply_in_their_order(measured: Strength, outcome: EvidenceOutcome, code: str) -> None:
    found, reason = decide(measured, LIMITS)
    assert found is outcome
    assert reason.code == code


def test_every_reason_has_the_figures_of_its_sentence() -> None:
    for measured in (strength(-1.0), strength(2.5), strength(1.5), strength(2.2, speech_s=1.0), strength(2.2, -1.0)):
        _, reason = decide(measured, LIMITS)
        assert reason.figures
        assert reason.detail


@pytest.mark.parametrize(
    "measured",
    [strength(0.0), strength(1.5), strength(2.2, speech_s=1.0), strength(2.2, -1.0)],
)
def test_a_reason_that_leaves_the_question_open_says_what_may_resolve_it(measured: Strength) -> None:
    _, reason = decide(measured, LIMITS)
    assert "decide" in reason.detail


@pytest.mark.parametrize(
    "measured",
    [strength(-1.0), strength(0.0), strength(1.5), strength(2.5), strength(2.2, speech_s=1.0), strength(2.2, -1.0)],
)
def test_what_is_supported_is_the_same_voice_as_pages_say(measured: Strength) -> None:
    outcome, reason = decide(measured, LIMITS)
    found = PerformerEvidence("p", outcome, Log10LR(0.0), {}, 50.0, (), (reason,))
    _, reasons = decide_recording((found,), LIMITS, None)
    for detail in (reason.detail, *(each.detail for each in reasons)):
        assert "speaker" not in detail
        assert re.sub("GE2E|CAM\\+\\+", "", as_read(detail)) == re.sub("ge2e|campplus", "", detail)


def test_what_is_clearly_opposed_is_not_left_open() -> None:
    _, reason = decide(strength(OPPOSED), LIMITS)
    assert "decide" not in reason.detail


def test_too_short_says_how_much_would_do() -> None:
    _, reason = decide(strength(2.1, speech_s=1.0), LIMITS)
    assert reason.figures["required_s"] == SHORT_SPEECH_S


def evidence(outcome: EvidenceOutcome) -> PerformerEvidence:
    return PerformerEvidence("p", outcome, Log10LR(0.0), {}, 50.0, (), (Reason(outcome.value, "because"),))


def test_a_recording_without_candidates_of_note_is_no_match() -> None:
    outcome, (reason,) = decide_recording((evidence(EvidenceOutcome.NO_MATCH),), LIMITS, None)
    assert outcome is EvidenceOutcome.NO_MATCH
    assert reason.figures["gallery_size"] == 50


def test_the_strongest_candidate_decides_the_recording() -> None:
    order = [EvidenceOutcome.NO_MATCH, EvidenceOutcome.SOUND_ALIKE, EvidenceOutcome.INCONCLUSIVE, EvidenceOutcome.MATCH]
    for count in range(1, len(order) + 1):
        outcome, _ = decide_recording(tuple(evidence(found) for found in order[:count]), LIMITS, None)
        assert outcome is order[count - 1]


@pytest.mark.parametrize("found", list(EvidenceOutcome))
def test_a_recording_outside_what_was_validated_says_so_whatever_its_outcome(found: EvidenceOutcome) -> None:
    outcome, reasons = decide_recording((evidence(found),), LIMITS, UNVALIDATED)
    assert outcome is found
    assert reasons[-1] is UNVALIDATED
    assert len(reasons) == 2


def test_a_recording_says_it_once() -> None:
    candidate = PerformerEvidence("p", EvidenceOutcome.INCONCLUSIVE, Log10LR(2.5), {}, 99.0, (), (UNVALIDATED,))
    assert decide_recording((candidate,), LIMITS, UNVALIDATED) == (EvidenceOutcome.INCONCLUSIVE, (UNVALIDATED,))


def test_no_reason_says_more_than_validation_supports() -> None:
    for far, word in ((9.4, "3.50 or more"), (-9.4, "-1.70 or less")):
        _, reason = decide(strength(far), LIMITS)
        assert word in reason.detail
        assert "9.4" not in reason.detail
        assert abs(float(reason.figures["log10_lr"] or 0)) <= 3.5
    _, apart = decide(strength(9.4, ge2e=-9.4), LIMITS)
    assert apart.code == "engines_disagree"
    assert "9.4" not in apart.detail
    assert max(abs(float(value or 0)) for value in apart.figures.values()) <= 3.5
