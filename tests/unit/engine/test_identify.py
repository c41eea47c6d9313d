from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from registry.domain.scores import EvidenceOutcome, Span
from registry.engine.analysis import Analysis
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.reporting import SEVERAL_VOICES_SHARE
from registry.engine.selftest import VOICES, voice_like
from registry.errors import (
    DifferentVoicesError,
    InvalidInputError,
    SettingsError,
    SeveralSpeakersError,
    SpeechTooShortError,
)
from registry.media.decode import Decoder
from registry.media.recording import Recording
from registry.media.speech import SpeechDetector

EXAMPLES = Path(__file__).parents[3] / "examples" / "voices" / "enrolment"


def recorded(name: str, seconds: float, seed: int) -> tuple[Recording, list[Span]]:
    return voice_like(*VOICES[name], seconds, seed), [Span(0.0, seconds)]


def with_a_pause(name: str, seconds: float, seed: int) -> tuple[Recording, list[Span]]:
    """A voice and a second of its noise alone: without a pause noise cannot be told from speech, and is overstated."""
    recording, spans = recorded(name, seconds, seed)
    pause = np.random.default_rng(seed).normal(0, 2e-4, 16_000).astype(np.float32)
    return replace(recording, samples=np.concatenate([recording.samples, pause])), spans


@pytest.fixture(scope="module")
def gallery(engine: Engine) -> Gallery:
    gallery = engine.new_gallery()
    for seed, name in enumerate(("low", "high")):
        gallery.add(name, engine.prototypes(engine.analyse(*recorded(name, 6.0, seed)), "enrolled"))
    return gallery


def test_too_little_speech_is_refused_with_the_seconds(engine: Engine) -> None:
    recording, _ = recorded("low", 3.0, 1)
    for spans in ([], [Span(1.0, 1.4)]):
        with pytest.raises(SpeechTooShortError) as caught:
            engine.analyse(recording, spans)
        assert caught.value.figures["required_s"] == 0.5
        assert caught.value.figures["speech_s"] == pytest.approx(sum(span.duration_s for span in spans))


def test_an_empty_gallery_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidInputError, match="empty"):
        engine.evidence(engine.analyse(*recorded("low", 3.0, 1)), engine.new_gallery())


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1])
def test_an_impossible_target_rate_is_refused(rate: float) -> None:
    with pytest.raises(InvalidInputError):
        Engine.load(device="cpu", target_fpir=rate)


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(SettingsError):
        Engine.load(device="abacus")


def test_an_enrolled_voice_is_found_in_another_recording(engine: Engine, gallery: Gallery) -> None:
    evidence = engine.evidence(engine.analyse(*with_a_pause("high", 5.0, 9)), gallery)
    assert evidence.outcome is EvidenceOutcome.MATCH
    assert evidence.candidates[0].performer_id == "high"
    assert evidence.candidates[0].segments[0].span.start_s == 0.0
    assert evidence.candidates[0].segments[-1].span.end_s == pytest.approx(5.0, abs=0.6)


def test_a_match_is_withheld_where_noise_as_loud_was_never_validated(engine: Engine, gallery: Gallery) -> None:
    analysis = engine.analyse(*with_a_pause("high", 5.0, 9))
    noisy = replace(analysis, quality=replace(analysis.quality, snr_db=1.0))
    evidence = engine.evidence(noisy, gallery)
    assert evidence.outcome is EvidenceOutcome.INCONCLUSIVE
    assert evidence.reasons[0].code == "not_validated_for"
    assert evidence.reasons[0].figures["snr_db"] == 1.0
    assert evidence.reasons[0].figures["validated_snr_db"] == engine.calibration.card["validated"]["snr_db"][0]


def test_everything_reported_is_capped_and_no_cosine(engine: Engine, gallery: Gallery) -> None:
    evidence = engine.evidence(engine.analyse(*recorded("low", 5.0, 9)), gallery)
    lower, upper = engine.calibration.lower, engine.calibration.upper
    for candidate in evidence.candidates:
        assert set(candidate.engines) == {"ge2e", "campplus"}
        for value in (candidate.log10_lr, *candidate.engines.values(), *(s.log10_lr for s in candidate.segments)):
            assert lower <= value <= upper
        assert 0 <= candidate.cohort_percentile <= 100
        assert candidate.reasons


def test_candidates_come_best_first_and_all_are_shown_in_a_small_gallery(engine: Engine, gallery: Gallery) -> None:
    evidence = engine.evidence(engine.analyse(*recorded("middle", 5.0, 9)), gallery)
    ratios = [candidate.log10_lr for candidate in evidence.candidates]
    assert len(ratios) == 2
    assert ratios == sorted(ratios, reverse=True)


def test_evidence_names_what_made_it(engine: Engine, gallery: Gallery) -> None:
    evidence = engine.evidence(engine.analyse(*recorded("low", 5.0, 9)), gallery)
    assert evidence.engine == engine.identity
    assert evidence.engine.spaces == tuple(space.id for space in engine.spaces.values())
    assert evidence.operating_point.gallery_size == 2
    assert evidence.operating_point.target_fpir == 0.01


def test_evidence_does_not_depend_on_batch_or_order(engine: Engine, gallery: Gallery) -> None:
    items = [
        recorded(name, seconds, 20 + n)
        for n, (name, seconds) in enumerate([("low", 0.8), ("high", 4.3), ("middle", 2.0), ("low", 7.1)])
    ]
    alone = [engine.search(engine.analyse(*item), gallery).ratios for item in items]
    together = [engine.search(found, gallery).ratios for found in engine.analyse_many(items)]
    reverse = [engine.search(found, gallery).ratios for found in engine.analyse_many(items[::-1])][::-1]
    for one, other, third in zip(alone, together, reverse, strict=True):
        assert np.abs(one.fused - other.fused).max() < 1e-3
        assert np.abs(one.fused - third.fused).max() < 1e-3


def test_an_analysis_pickles(engine: Engine, gallery: Gallery) -> None:
    analysis = engine.analyse(*recorded("low", 3.0, 1))
    copy: Analysis = pickle.loads(pickle.dumps(analysis))  # noqa: S301  (our own bytes)
    assert engine.evidence(copy, gallery) == engine.evidence(analysis, gallery)


def test_a_single_voice_stays_one_voice(engine: Engine) -> None:
    for seed, name in enumerate(VOICES):
        assert len(engine.voices_in(engine.analyse(*recorded(name, 12.0, seed)))) == 1


def test_prototypes_are_one_for_each_space_and_labelled(engine: Engine) -> None:
    prototypes = engine.prototypes(engine.analyse(*recorded("low", 4.0, 1)), "studio, March")
    assert [prototype.space for prototype in prototypes] == list(engine.spaces.values())
    assert {prototype.label for prototype in prototypes} == {"studio, March"}
    assert all(np.linalg.norm(prototype.vector) == pytest.approx(1, abs=1e-5) for prototype in prototypes)
    assert all(prototype.speech_s == pytest.approx(4.0, abs=0.6) for prototype in prototypes)


def test_one_voice_may_be_enrolled_from_several_recordings(engine: Engine) -> None:
    analyses = engine.analyse_many([recorded("low", 6.0, 1), recorded("low", 6.0, 2)])
    engine.require_one_voice(analyses, ["first", "second"])


@pytest.fixture(scope="module")
def spoken(engine: Engine) -> dict[str, Analysis]:
    """Some of the example voices, analysed."""
    detector = SpeechDetector()
    with Decoder(files_per_child=10) as decoder:
        recordings = {name: decoder.decode(EXAMPLES / f"{name}.flac") for name in ("slt-1", "slt-2", "awb-1")}
    return {name: engine.analyse(recording, detector.spans(recording)) for name, recording in recordings.items()}


@pytest.mark.parametrize(
    "names", [("awb-1", "slt-1", "slt-2"), ("slt-1", "awb-1", "slt-2"), ("slt-1", "slt-2", "awb-1")]
)
def test_the_recording_of_another_voice_is_refused_by_name_wherever_it_stands(
    engine: Engine, spoken: dict[str, Analysis], names: tuple[str, ...]
) -> None:
    with pytest.raises(DifferentVoicesError, match="awb-1") as caught:
        engine.require_one_voice([spoken[name] for name in names], names)
    assert caught.value.figures["recording"] == "awb-1"


def test_two_voices_in_one_enrolment_recording_are_refused_by_name(engine: Engine) -> None:
    one, other = engine.analyse(*recorded("low", 6.0, 1)), engine.analyse(*recorded("high", 6.0, 2))
    mixed = replace(one, voices=(one.voices[0], other.voices[0]))
    with pytest.raises(SeveralSpeakersError, match="duet") as caught:
        engine.require_one_voice([one, mixed], ["solo", "duet"])
    assert caught.value.figures["voices"] == 2


def test_voices_of_one_recording_share_what_may_go_wrong(engine: Engine, gallery: Gallery) -> None:
    one = engine.analyse(*recorded("low", 5.0, 9))
    thresholds = [
        engine.evidence(replace(one, voices=one.voices * count), gallery).operating_point.threshold_log10_lr
        for count in (1, 4, 5, 8)
    ]
    assert thresholds[0] == thresholds[1] < thresholds[2] < thresholds[3]
    decay = engine.calibration.tail.decay
    assert thresholds[3] - thresholds[0] == pytest.approx(np.log(8 / SEVERAL_VOICES_SHARE) / decay)


def test_overlapped_speech_is_marked_and_said(engine: Engine, gallery: Gallery) -> None:
    alone = engine.analyse(*recorded("low", 5.0, 9))
    spans = (Span(1.0, 1.5), Span(3.0, 4.0))
    evidence = engine.evidence(replace(alone, overlaps=spans), gallery)
    assert evidence.overlaps == spans
    (said,) = [reason for reason in evidence.reasons if reason.code == "overlapped_speech"]
    assert said.figures == {"overlap_s": 1.5, "places": 2}
    clean = engine.evidence(replace(alone, overlaps=()), gallery)
    assert clean.overlaps == ()
    assert "overlapped_speech" not in {reason.code for reason in clean.reasons}


def test_each_candidate_says_how_it_stands_among_comparable_voices(engine: Engine, gallery: Gallery) -> None:
    for candidate in engine.evidence(engine.analyse(*recorded("low", 5.0, 9)), gallery).candidates:
        position = candidate.cohort
        assert position is not None
        low, high = position.interval
        assert 0 <= low <= position.at_least_as_close <= high <= position.size
        nearer = 100 * (1 - position.at_least_as_close / position.size)
        assert nearer == pytest.approx(candidate.cohort_percentile)
        (said,) = [reason for reason in candidate.reasons if reason.code == "cohort_position"]
        assert said.figures["voices"] == position.size
        assert position.group in said.detail
