"""The curves of validation: pinned, whole, of this calibration, and nobody's."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from benchmarks.validation_curves import reaching
from registry.engine.calibration import Calibration, load_calibration
from registry.engine.validation_curves import SHIPPED, curves_of, load_curves
from registry.errors import WeightsError

CURVES = ("same_speaker", "different_speakers")


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return load_calibration()


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    (file := tmp_path / "curves.json").write_bytes(SHIPPED.read_bytes().replace(b"reporting", b"reported!"))
    with pytest.raises(WeightsError, match="is pinned"):
        load_curves(file)
    with pytest.raises(WeightsError, match="cannot be read"):
        load_curves(tmp_path / "absent.json")


def test_curves_of_another_calibration_are_refused(tmp_path: Path) -> None:
    content = json.loads(SHIPPED.read_bytes()) | {"calibration_sha256": "0" * 64}
    (file := tmp_path / "curves.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(WeightsError, match="another calibration"):
        load_curves(file, sha256(file.read_bytes()).hexdigest())


def test_a_calibration_of_ones_own_has_none_and_says_so(calibration: Calibration) -> None:
    own = curves_of(replace(calibration, id="0123456789ab"))
    assert [own[name] for name in CURVES] == [[], []]
    assert "0123456789ab is not the one" in own["from"]
    assert own["trials"] == {"same": 0, "different": 0}


@pytest.mark.parametrize("name", CURVES)
def test_shares_fall_from_one_over_all_that_validation_supports(calibration: Calibration, name: str) -> None:
    curve = curves_of(calibration)[name]
    strengths, shares = zip(*curve, strict=True)
    assert (strengths[0], strengths[-1]) == (round(calibration.lower, 3), round(calibration.upper, 3))
    assert all(one < other for one, other in pairwise(strengths))
    assert shares[0] == 1.0
    assert all(one >= other for one, other in pairwise(shares))


def test_they_are_of_people_who_are_told_apart(calibration: Calibration) -> None:
    curves = curves_of(calibration)
    same, different = (dict(map(tuple, curves[name])) for name in CURVES)
    assert all(same[strength] >= different[strength] for strength in same)
    assert same[2.0] > 0.8
    assert different[2.0] < 0.001


def test_the_file_holds_shares_and_counts_and_nothing_of_anybody() -> None:
    content = json.loads(SHIPPED.read_bytes())
    assert set(content) == {
        *("format", "version", "artefact", "calibration_sha256", "engine", "made_on", "command", "split", "gallery"),
        *("unusable", "trials", "people", "same_speaker", "different_speakers"),
    }
    assert content["split"] == "reporting"
    for name, kind in zip(CURVES, ("same", "different"), strict=True):
        trials = content["trials"][kind]
        counts = np.array([share for _, share in content[name]]) * trials
        assert np.abs(counts - counts.round()).max() < 1e-5 * trials  # shares of so many, to five places


def test_a_share_is_of_trials_that_reach_a_strength_capped_as_any_strength(calibration: Calibration) -> None:
    log10_lr = np.random.default_rng(5).normal(0.5, 3.0, size=400)
    capped = np.array([round(calibration.capped(value), 9) for value in log10_lr])
    for strength, share in reaching(log10_lr, calibration)[1:-1]:
        assert share == pytest.approx(float((capped >= strength).mean()), abs=1e-5)
    assert reaching(log10_lr, calibration)[0][1] == 1.0
    assert reaching(log10_lr, calibration)[-1][1] == pytest.approx(
        float((log10_lr >= calibration.upper).mean()), abs=5e-3
    )
