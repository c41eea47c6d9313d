"""What lies outside validation is named with its figures; a card that does not say what was validated is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.engine.calibration import load_calibration
from registry.engine.validity import CONDITIONS, LEAST_PEOPLE, ValidatedRanges, never_validated, ranges_of
from registry.errors import WeightsError
from registry.media.quality import SignalQuality

GOOD = SignalQuality(
    level_dbfs=-22.0, clipped_share=0.0, snr_db=35.0, bandwidth_hz=7000.0, voiced_share=0.95, decay_db_per_s=380.0
)
CARD: dict[str, Any] = {
    "validated": {
        "speech_s": [1.0, None],
        "snr_db": [4.0, None],
        "bandwidth_hz": [3200.0, None],
        "clipped_share": [None, 0.002],
        "voiced_share": [0.45, None],
        "decay_db_per_s": [95.0, None],
    }
}
RANGES = ValidatedRanges.of_card(CARD)


def without(figure: str) -> dict[str, Any]:
    return {"validated": {name: ends for name, ends in CARD["validated"].items() if name != figure}}


@pytest.mark.parametrize(
    "card",
    [
        {},
        {"validated": None},
        {"validated": []},
        {"validated": {}},
        without("snr_db"),
        {"validated": {**CARD["validated"], "loudness": [1.0, None]}},
        {"validated": {**CARD["validated"], "snr_db": [None, 4.0]}},
        {"validated": {**CARD["validated"], "snr_db": [4.0]}},
        {"validated": {**CARD["validated"], "snr_db": "4"}},
        {"validated": {**CARD["validated"], "snr_db": ["4", None]}},
        {"validated": {**CARD["validated"], "snr_db": [True, None]}},
        {"validated": {**CARD["validated"], "snr_db": [float("nan"), None]}},
    ],
)
def test_a_card_that_does_not_say_what_was_validated_is_refused(card: dict[str, Any]) -> None:
    with pytest.raises(WeightsError, match="card"):
        ValidatedRanges.of_card(card)


@pytest.mark.parametrize("card", [{}, {"not_validated_for": []}, {"not_validated_for": "singing"}])
def test_a_card_that_does_not_say_what_was_not_validated_is_refused(card: dict[str, Any]) -> None:
    with pytest.raises(WeightsError, match="not_validated_for"):
        never_validated(card)


@pytest.mark.parametrize(
    ("figure", "value", "said"),
    [
        ("speech_s", 0.8, ("0.80 s", "1.00 s or more", "more speech")),
        ("snr_db", 1.24, ("1.2 dB", "4.0 dB or more", "less noise")),
        ("bandwidth_hz", 2500.0, ("2500 Hz", "3200 Hz or more", "more bandwidth")),
        ("clipped_share", 0.03, ("3.0%", "0.2% or less", "not overdriven")),
        ("voiced_share", 0.12, ("12%", "45% or more", "not whispered")),
        ("decay_db_per_s", 60.0, ("60 dB/s", "95 dB/s or more", "less echo")),
    ],
)
def test_each_condition_is_named_with_what_was_measured_what_was_validated_and_what_would_resolve_it(
    figure: str, value: float, said: tuple[str, ...]
) -> None:
    reason = RANGES.outside(GOOD, value) if figure == "speech_s" else RANGES.outside(with_(figure, value), 8.0)
    assert reason is not None
    assert reason.code == "not_validated_for"
    assert all(part in reason.detail for part in said)
    assert reason.figures == {"conditions": figure, figure: value, f"validated_{figure}": RANGES.bounds[figure]}


def with_(figure: str, value: float) -> SignalQuality:
    return replace(GOOD, **{figure: value})


def test_several_conditions_make_one_reason_that_names_all() -> None:
    reason = RANGES.outside(replace(GOOD, snr_db=0.0, voiced_share=0.2), 8.0)
    assert reason is not None
    assert reason.figures["conditions"] == "snr_db, voiced_share"
    assert "less noise" in reason.detail
    assert "not whispered" in reason.detail


def test_a_condition_at_the_end_of_its_range_is_inside() -> None:
    edge = SignalQuality(-22.0, 0.002, 4.0, 3200.0, 0.45, 95.0)
    assert RANGES.outside(edge, 1.0) is None


def test_more_of_what_helps_is_never_outside() -> None:
    best = SignalQuality(0.0, 0.0, 60.0, 8000.0, 1.0, 10_000.0)
    assert RANGES.outside(best, 36_000.0) is None


def test_what_could_not_be_measured_is_not_judged() -> None:
    assert RANGES.outside(replace(GOOD, decay_db_per_s=None), 8.0) is None


def ranges_from(qualities: Sequence[SignalQuality], people: int = 100) -> dict[str, list[float | None]]:
    """Of so many people, who speak in turn, for 8 s each time."""
    return ranges_of(qualities, [8.0] * len(qualities), [str(number % people) for number in range(len(qualities))])


def test_ranges_need_something_to_come_from() -> None:
    for qualities, speech, people in (
        ([], [], []),
        ([GOOD], [], ["a"]),
        ([GOOD], [1.0], []),
        ([GOOD], [1.0, 2.0], "ab"),
    ):
        with pytest.raises(ValueError, match="one net speech and one person for each"):
            ranges_of(qualities, speech, people)
    with pytest.raises(ValueError, match="decay"):
        ranges_from([replace(GOOD, decay_db_per_s=None)])


def test_one_person_however_often_heard_moves_no_end() -> None:
    """Of twenty people one is heard in noise and clipped, a hundred times."""
    bad = replace(GOOD, snr_db=0.0, clipped_share=0.5)
    usual = [replace(GOOD, snr_db=20.0 + number) for number in range(19)]
    people = [*(str(number) for number in range(19)), *["one"] * 100]
    ranges = ranges_of([*usual, *[bad] * 100], [8.0] * 119, people)
    assert ranges["snr_db"] == [20.0 + LEAST_PEOPLE - 2, None]  # the one is the outermost
    assert ranges["clipped_share"] == [None, 0.002]


@pytest.mark.parametrize("people", [1, LEAST_PEOPLE])
def test_of_few_people_everybody_reaches_the_end(people: int) -> None:
    assert ranges_from([replace(GOOD, snr_db=30.0 + number) for number in range(people)], people)["snr_db"] == [
        30.0 + people - 1,
        None,
    ]


def test_ranges_leave_half_a_percent_out_at_the_closed_end() -> None:
    qualities = [replace(GOOD, snr_db=number / 25) for number in range(1000)]
    ranges = ranges_from(qualities)
    assert ranges["snr_db"] == [0.0, None]  # the quantile is 0.2 dB; ends are multiples of half a decibel
    assert ranges["speech_s"] == [8.0, None]
    worse = [replace(GOOD, clipped_share=0.05 if number < 10 else 0.0) for number in range(1000)]
    assert ranges_from(worse)["clipped_share"] == [None, 0.05]


def test_a_trace_of_clipping_is_no_other_condition() -> None:
    ranges = ValidatedRanges.of_card({"validated": ranges_from([GOOD] * 5)})
    assert ranges.outside(replace(GOOD, clipped_share=0.0015), 8.0) is None
    assert ranges.outside(replace(GOOD, clipped_share=0.01), 8.0) is not None


qualities = st.builds(
    SignalQuality,
    level_dbfs=st.floats(-60, 0),
    clipped_share=st.floats(0, 1),
    snr_db=st.floats(0, 60),
    bandwidth_hz=st.floats(0, 8000),
    voiced_share=st.floats(0, 1),
    decay_db_per_s=st.floats(1, 1000),
)


@given(st.lists(st.tuples(qualities, st.floats(0.5, 100)), min_size=1, max_size=150))
def test_nearly_all_of_what_ranges_come_from_is_inside_them_also_after_a_card(
    pairs: list[tuple[SignalQuality, float]],
) -> None:
    people = [str(number) for number in range(len(pairs))]
    made = ranges_of([quality for quality, _ in pairs], [speech_s for _, speech_s in pairs], people)
    ranges = ValidatedRanges.of_card(json.loads(json.dumps({"validated": made})))
    out = [reason for quality, speech_s in pairs if (reason := ranges.outside(quality, speech_s))]
    assert len(out) < LEAST_PEOPLE * len(CONDITIONS)  # fewer for each than have to reach its end


def test_the_shipped_calibration_says_what_it_was_and_was_not_validated_for() -> None:
    card = load_calibration().card
    assert ValidatedRanges.of_card(card).outside(GOOD, 8.0) is None
    assert {"singing", "whisper", "children"} <= set(never_validated(card))
