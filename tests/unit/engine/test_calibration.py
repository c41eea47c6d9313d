from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from registry.engine.calibration import ARTEFACT, CALIBRATION_SHA256, Tail, load_calibration, parse_calibration
from registry.engine.identify import Engine
from registry.engine.matching import EngineFeatures
from registry.errors import SpaceMismatchError, WeightsError


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


def written(folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> tuple[Path, str]:
    """A copy of the shipped artefact, its card changed; and the SHA-256 of its bytes."""
    source = Path(str(files("registry.engine.artefacts") / f"{ARTEFACT}.safetensors"))
    card = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    change(card)
    file = folder / "copy.safetensors"
    file.write_bytes(source.read_bytes())
    file.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    return file, CALIBRATION_SHA256


def test_tampered_bytes_are_refused_with_both_hashes(tmp_path: Path) -> None:
    file, sha256 = written(tmp_path)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(WeightsError, match="pinned") as caught:
        load_calibration(file, sha256)
    assert caught.value.figures["expected"] == sha256 != caught.value.figures["actual"]


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        load_calibration(tmp_path / "absent.safetensors", CALIBRATION_SHA256)


def test_an_artefact_without_its_card_is_refused(tmp_path: Path) -> None:
    file, sha256 = written(tmp_path)
    file.with_suffix(".json").unlink()
    with pytest.raises(WeightsError, match="cannot be read"):
        load_calibration(file, sha256)


@pytest.mark.parametrize("name", ["validated", "spaces", "not_validated_for", "groups"])
def test_a_card_that_was_changed_is_refused(tmp_path: Path, name: str) -> None:
    """The card decides too: what was validated, and for which encoders."""

    def change(card: dict[str, Any]) -> None:
        card[name] = list(card[name])[:-1] + ["other"]  # noqa: RUF005  (of a list or of an object's names)

    with pytest.raises(WeightsError, match="not the one that it was made with"):
        load_calibration(*written(tmp_path, change))


def test_the_day_and_the_name_on_a_card_are_free(tmp_path: Path) -> None:
    """So that the same data, seed and machine give the same bytes on another day."""
    file, sha256 = written(tmp_path, lambda card: card.update(made_on="2001-01-01", artefact="other"))
    assert load_calibration(file, sha256).id == CALIBRATION_SHA256[:12]


@pytest.mark.parametrize("spaces", [None, ["ge2e:000000000000:mel40-power-1:256"]])
def test_a_calibration_for_other_encoders_is_refused(engine: Engine, spaces: list[str] | None) -> None:
    card = {name: said for name, said in engine.calibration.card.items() if name != "spaces"}
    other = dataclasses.replace(engine.calibration, card=card | ({"spaces": spaces} if spaces else {}))
    with pytest.raises(SpaceMismatchError, match="make the calibration again"):
        Engine(engine.encoders, other, target_fpir=0.01, device="cpu")


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
