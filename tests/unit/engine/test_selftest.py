from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from registry.engine.calibration import load_calibration
from registry.engine.identify import Engine
from registry.engine.selftest import (
    VOICES,
    compare,
    compute,
    known_answers,
    ratios_in,
    run,
    voice_like,
    without_ratios,
)
from registry.errors import SelfTestFailedError, WeightsError


def test_the_shipped_engine_passes(engine: Engine) -> None:
    run(engine)


def test_a_missing_answer_fails() -> None:
    known = known_answers(load_calibration())
    answers = dict(known)
    del answers["ge2e.low"]
    with pytest.raises(SelfTestFailedError) as caught:
        compare(answers, known)
    assert caught.value.figures["failed"] == ["ge2e.low"]


@pytest.mark.parametrize("name", ["campplus.high", "log10_lr.middle", "segmentation"])
def test_a_wrong_answer_is_named(name: str) -> None:
    known = known_answers(load_calibration())
    wrong = known | {name: known[name] + 0.05 * np.arange(known[name].size)}
    with pytest.raises(SelfTestFailedError, match=name):
        compare(wrong, known)


def test_numbers_that_are_no_numbers_fail() -> None:
    known = known_answers(load_calibration())
    with pytest.raises(SelfTestFailedError):
        compare(known | {"log10_lr.low": known["log10_lr.low"] * np.nan}, known)


def with_calibration(engine: Engine, **changes: Any) -> Engine:
    other = dataclasses.replace(engine.calibration, **changes)
    return Engine(engine.encoders, other, target_fpir=0.01, device="cpu", segmenter=engine.segmenter)


def test_an_engine_whose_calibration_was_changed_fails(engine: Engine) -> None:
    with pytest.raises(SelfTestFailedError, match="log10_lr"):
        run(with_calibration(engine, fusion=engine.calibration.fusion * 1.05))


def test_a_calibration_without_known_answers_of_its_own_is_refused(engine: Engine) -> None:
    with pytest.raises(WeightsError, match="known answers"):
        run(with_calibration(engine, known={}))


def test_another_calibration_is_tested_by_its_own_answers(engine: Engine) -> None:
    changed = with_calibration(engine, fusion=engine.calibration.fusion * 1.05)
    run(with_calibration(changed, known=ratios_in(compute(changed))))


def test_what_every_calibration_has_in_common_ships_without_ratios(engine: Engine) -> None:
    common = without_ratios(compute(engine))
    shipped = known_answers(dataclasses.replace(engine.calibration, known=dict.fromkeys(VOICES, np.zeros(3))))
    assert {name for name in shipped if not shipped[name].any()} == {f"log10_lr.{voice}" for voice in VOICES}
    compare(common, without_ratios(shipped))


def test_answers_cover_both_encoders_the_segmentation_and_the_pipeline(engine: Engine) -> None:
    expected = {f"{kind}.{voice}" for kind in ("ge2e", "campplus", "log10_lr") for voice in VOICES}
    assert set(compute(engine)) == set(known_answers(load_calibration())) == expected | {"segmentation"}


def test_the_sound_is_the_same_every_time() -> None:
    first, second = (voice_like(110.0, 1.0, 0.5, seed=3).samples for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, voice_like(110.0, 1.0, 0.5, seed=4).samples)
