from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest
from safetensors.numpy import load, save

from registry.engine.calibration import ARTEFACT, CALIBRATION_SHA256, Tail, load_calibration, parse_calibration
from registry.engine.matching import EngineFeatures
from registry.errors import WeightsError


def artefact() -> bytes:
    return (files("registry.engine.artefacts") / f"{ARTEFACT}.safetensors").read_bytes()


def features(margin: float) -> dict[str, EngineFeatures]:
    found = EngineFeatures(np.full((1, 1), margin), np.zeros((1, 1)))
    return {"ge2e": found, "campplus": found}


def test_an_artefact_that_lacks_something_is_refused() -> None:
    tensors = load(artefact())
    del tensors["fusion"]
    with pytest.raises(WeightsError, match="lacks"):
        parse_calibration(save(tensors), {})


def test_bytes_that_are_no_artefact_are_refused() -> None:
    with pytest.raises(WeightsError):
        parse_calibration(b"nothing", {})


def test_the_card_tells_what_made_the_artefact() -> None:
    card = load_calibration().card
    assert card["sha256"] == CALIBRATION_SHA256
    assert {"seed", "command", "made_on", "data", "bounds_log10_lr", "cross_validated", "not_validated_for"} <= set(
        card
    )
    assert json.dumps(card)


def test_more_margin_never_means_a_lower_ratio_in_any_engine() -> None:
    calibration = load_calibration()
    margins = np.linspace(-1, 1, 41)
    ratios = [calibration.ratios(features(margin), np.array([5.0])) for margin in margins]
    for values in (
        [r.fused[0, 0] for r in ratios],
        *([r.engines[e][0, 0] for r in ratios] for e in ("ge2e", "campplus")),
    ):
        assert (np.diff(values) > 0).all()


def test_ratios_are_capped_at_what_validation_supports() -> None:
    calibration = load_calibration()
    assert calibration.capped(50.0) == calibration.upper
    assert calibration.capped(-50.0) == calibration.lower
    assert calibration.capped(0.3) == 0.3
    assert calibration.lower < 0 < calibration.upper


@pytest.mark.parametrize("size", [1, 3, 24, 117, 1000, 10_000])
def test_a_larger_gallery_or_a_stricter_target_never_lowers_the_threshold(size: int) -> None:
    tail = load_calibration().tail
    assert tail.threshold(0.01, size + 1) >= tail.threshold(0.01, size)
    assert tail.threshold(0.001, size) > tail.threshold(0.01, size)


def test_the_threshold_inverts_the_tail() -> None:
    tail = Tail(offset=-1.0, growth=0.5, decay=2.0)
    threshold = tail.threshold(0.02, 50)
    assert np.exp(-1.0 + 0.5 * np.log(50) - 2.0 * threshold) == pytest.approx(0.02)


def test_matches_stay_possible_at_the_default_target_in_large_galleries() -> None:
    calibration = load_calibration()
    assert calibration.tail.threshold(0.01, 10_000) < calibration.upper
