from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from registry.engine.identify import Engine
from registry.engine.selftest import VOICES, compare, compute, known_answers, run, voice_like
from registry.errors import SelfTestFailedError


def test_the_shipped_engine_passes(engine: Engine) -> None:
    run(engine)


def test_a_missing_answer_fails() -> None:
    known = known_answers()
    answers = dict(known)
    del answers["ge2e.low"]
    with pytest.raises(SelfTestFailedError) as caught:
        compare(answers, known)
    assert caught.value.figures["failed"] == ["ge2e.low"]


@pytest.mark.parametrize("name", ["campplus.high", "log10_lr.middle"])
def test_a_wrong_answer_is_named(name: str) -> None:
    known = known_answers()
    wrong = known | {name: known[name] + 0.05 * np.arange(known[name].size)}
    with pytest.raises(SelfTestFailedError, match=name):
        compare(wrong, known)


def test_numbers_that_are_no_numbers_fail() -> None:
    known = known_answers()
    with pytest.raises(SelfTestFailedError):
        compare(known | {"log10_lr.low": known["log10_lr.low"] * np.nan}, known)


def test_an_engine_with_another_calibration_fails(engine: Engine) -> None:
    other = dataclasses.replace(engine._calibration, fusion=engine._calibration.fusion * 1.05)
    with pytest.raises(SelfTestFailedError, match="log10_lr"):
        run(Engine(engine.encoders, other, target_fpir=0.01, device="cpu"))


def test_answers_cover_both_encoders_and_the_pipeline(engine: Engine) -> None:
    expected = {f"{kind}.{voice}" for kind in ("ge2e", "campplus", "log10_lr") for voice in VOICES}
    assert set(compute(engine)) == set(known_answers()) == expected


def test_the_sound_is_the_same_every_time() -> None:
    first, second = (voice_like(110.0, 1.0, 0.5, seed=3).samples for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, voice_like(110.0, 1.0, 0.5, seed=4).samples)
