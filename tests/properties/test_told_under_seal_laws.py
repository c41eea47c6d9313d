"""What is told of a voice under seal: never better than it is, and what is concluded from it is what was measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies_comparison import comparisons, log10_lrs

from registry.domain.comparison import Comparison, Material, Role
from registry.domain.conclusions import LEAST_SPEECH_S, SAME_VOICE_LOG10_LR, read
from registry.domain.scores import Reason
from registry.engine.calibration import load_calibration
from registry.engine.under_seal import STEPS, told_in_steps
from registry.engine.validity import CONDITIONS, ValidatedRanges
from registry.interchange.comparison_words import is_known
from registry.interchange.comparisons import comparison_json, comparison_of, read_again
from registry.media.quality import SignalQuality
from registry.scanning.compared_again import differences

_NEAR_LEAST = [LEAST_SPEECH_S + step for step in (-0.01, 0.0, 0.01, 0.49, 0.5)]
figures = st.floats(0.0, 9000.0).map(lambda value: round(value, 3))
materials = st.builds(
    Material,
    recordings=st.sampled_from([0, 1, 3, 8]),
    speech_s=st.sampled_from(_NEAR_LEAST) | figures.map(lambda value: round(value, 2)),
    consistency=st.none() | log10_lrs,
    sealed=st.sampled_from([True]),
    conditions=st.dictionaries(st.sampled_from([each.figure for each in CONDITIONS]), figures),
)


@given(comparisons(source=True), materials)
def test_what_is_told_in_steps_concludes_what_was_measured(comparison: Comparison, material: Material) -> None:
    compared = {**comparison.materials, Role.SOURCE: material}
    measurable = all(each.recordings for each in compared.values())
    assume(comparison.cohorts or not measurable)  # whoever is measured is measured beside others
    exact = replace(comparison, materials=compared, cohorts=comparison.cohorts if measurable else ())
    told = replace(exact, materials={**exact.materials, Role.SOURCE: told_in_steps(material)})
    assert read(told).conclusion is read(exact).conclusion
    assert [each.code for each in read(told).reasons] == [each.code for each in read(exact).reasons]
    document = {"format": "likeness-comparison", "version": 1, **comparison_json(told, read(told))}
    assert comparison_of(document) == told
    assert read_again(document) == (read(told), True)


@given(materials)
def test_no_figure_is_told_better_than_it_is_and_each_is_within_its_step(material: Material) -> None:
    told = told_in_steps(material)
    assert told.coarse
    assert told_in_steps(told) == told
    assert material.speech_s - 1.0 < told.speech_s <= material.speech_s
    assert (told.consistency is None) is (material.consistency is None)
    if material.consistency is not None and told.consistency is not None:
        assert material.consistency - 0.1 - 1e-9 < told.consistency <= material.consistency
        assert (told.consistency >= SAME_VOICE_LOG10_LR) is (material.consistency >= SAME_VOICE_LOG10_LR)
    for condition in CONDITIONS:
        if condition.figure in material.conditions:
            better = material.conditions[condition.figure] - told.conditions[condition.figure]
            better = better if condition.closed_below else -better
            assert -1e-6 <= better <= STEPS[condition.figure]


@given(materials, figures)
def test_two_recordings_of_one_step_are_told_alike(material: Material, seconds: float) -> None:
    other = replace(material, speech_s=float(int(material.speech_s)) + seconds % 1)
    if min(material.speech_s, other.speech_s) >= 2:
        assert told_in_steps(material) == told_in_steps(other)


def test_of_a_recording_that_does_not_count_nothing_is_told_but_what_would() -> None:
    ranges = ValidatedRanges.of_card(load_calibration().card)
    reason = ranges.outside(SignalQuality(-50.0, 3.4567, 0.0, 1000.0, 0.1, 1.0), 0.5)
    assert reason
    left_out = Reason(reason.code, f"source 1: {reason.detail}", {**reason.figures, "recording": "source 1"})
    (told,) = told_in_steps(Material(0, 0.0, left_out=(left_out,), sealed=True)).left_out
    assert set(told.figures) == {"recording", "conditions"}
    assert not any(letter.isdigit() for letter in told.detail.removeprefix("source 1"))
    assert "more speech of the same voice" in told.detail
    assert is_known(told.detail)


def test_other_voices_in_a_recording_are_told_in_whole_seconds() -> None:
    detail = "source 1: several voices speak; the one that speaks most counts (12.3 s), the others do not (4.6 s)"
    note = Reason("several_voices", detail, {"recording": "source 1", "speech_s": 12.34, "others_s": 4.56})
    (told,) = told_in_steps(Material(1, 12.34, notes=(note,), sealed=True)).notes
    assert told.figures == {"recording": "source 1", "speech_s": 12.0, "others_s": 4.0}
    assert "12.0 s" in told.detail
    assert is_known(told.detail)


@pytest.mark.parametrize(("speech_s", "same"), [(13.0, True), (11.0, True), (14.0, False)])
def test_a_figure_that_another_processor_carries_over_a_step_is_no_difference(speech_s: float, *, same: bool) -> None:
    source = {"speech_s": 12.0, "coarse": True, "conditions": {"snr_db": 35.0}, "notes": []}
    before = {"materials": {"source": source}}
    now = {"materials": {"source": {**source, "speech_s": speech_s, "conditions": {"snr_db": 30.0}}}}
    assert (differences(before, now) == []) is same
    exact = {"materials": {"source": {**source, "coarse": False}}}
    assert differences(exact, {"materials": {"source": {**source, "coarse": False, "speech_s": 12.5}}})
