"""The calibration artefact: from features to log10 likelihood ratios, with the bounds that its validation supports.

An artefact is a safetensors file and a JSON card beside it. It is loaded by pinned hash: other numbers would be another
engine. `benchmarks/train_calibration.py` makes it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from registry.engine.cohort import Cohort
from registry.engine.matching import EngineFeatures, log_speech, stack
from registry.errors import WeightsError

CALIBRATION_SHA256 = "8a98fee6aaf1ef055a6242194a89c525ad75fef59bf0be71de28809e5b2f2b6e"
ARTEFACT = "calibration-1"

Array = NDArray[np.float64]
_LN10 = float(np.log(10))


@dataclass(frozen=True, slots=True)
class Tail:
    """How often the best of many strangers reaches a strength: ``ln FPIR = offset + growth ln(gallery) - decay t``.

    An exponential tail, as extreme-value theory expects of the largest of many; `t` is a log10 LR.
    """

    offset: float
    growth: float
    decay: float

    def threshold(self, target_fpir: float, gallery_size: int) -> float:
        """Answer the log10 LR that strangers reach at that rate in a gallery of that many performers."""
        return float((self.offset + self.growth * np.log(max(gallery_size, 1)) - np.log(target_fpir)) / self.decay)


@dataclass(frozen=True, slots=True)
class LogLikelihoodRatios:
    """What calibration makes of features, each ``(n_voices, n_performers)``, log10, not yet capped."""

    engines: Mapping[str, Array]
    fused: Array


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted calibration.

    Attributes:
        id: SHA-256 prefix of the artefact.
        cohorts: by encoder id.
        engines: by encoder id ``(3,)``: weights of margin and log speech, and the bias; natural logarithm.
        fusion: ``(4,)``: weights of both engines' natural log LR (in the order of ``engines``), of log speech, bias.
        lower: log10 LR below which validation says nothing.
        upper: log10 LR above which validation says nothing.
        disagreement: difference between the engines' log10 LR that fewer than one in a hundred true voices reach.
        tail: of the best stranger.
        card: what made it.
    """

    id: str
    cohorts: Mapping[str, Cohort]
    engines: Mapping[str, Array]
    fusion: Array
    lower: float
    upper: float
    disagreement: float
    tail: Tail
    card: Mapping[str, Any]

    def ratios(self, features: Mapping[str, EngineFeatures], speech_s: Array) -> LogLikelihoodRatios:
        """Answer the log10 LR of every voice and performer, per engine and fused.

        Args:
            features: by encoder id.
            speech_s: ``(n_voices,)``: net speech of each voice.
        """
        natural = {
            encoder: stack(features[encoder], speech_s) @ weights[:-1] + weights[-1]
            for encoder, weights in self.engines.items()
        }
        speech = np.broadcast_to(log_speech(speech_s)[:, None], next(iter(natural.values())).shape)
        fused = np.stack([*natural.values(), speech], axis=-1) @ self.fusion[:-1] + self.fusion[-1]
        return LogLikelihoodRatios({encoder: lr / _LN10 for encoder, lr in natural.items()}, fused / _LN10)

    def capped(self, log10_lr: float) -> float:
        """Bring a log10 LR within what validation supports."""
        return float(min(max(log10_lr, self.lower), self.upper))


def load_calibration() -> Calibration:
    """Load the shipped artefact.

    Raises:
        WeightsError: absent, not the pinned bytes, or without its card.
    """
    folder = files("registry.engine.artefacts")
    try:
        data = (folder / f"{ARTEFACT}.safetensors").read_bytes()
        card = json.loads((folder / f"{ARTEFACT}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"the calibration artefact {ARTEFACT} cannot be read: {error}", file=ARTEFACT) from error
    actual = hashlib.sha256(data).hexdigest()
    if actual != CALIBRATION_SHA256:
        raise WeightsError(
            f"the calibration artefact {ARTEFACT} is not the pinned one: reinstall the package",
            file=ARTEFACT,
            actual=actual,
            expected=CALIBRATION_SHA256,
        )
    return parse_calibration(data, card)


def parse_calibration(data: bytes, card: Mapping[str, Any]) -> Calibration:
    """Read an artefact's bytes; the card is kept as it is.

    Raises:
        WeightsError: tensors are missing.
    """
    try:
        tensors = load(data)
        encoders = ("ge2e", "campplus")
        offset, growth, decay = tensors["tail"].tolist()
        lower, upper, disagreement = tensors["bounds"].tolist()
        return Calibration(
            id=hashlib.sha256(data).hexdigest()[:12],
            cohorts={encoder: _cohort(tensors, encoder) for encoder in encoders},
            engines={encoder: tensors[f"{encoder}.weights"] for encoder in encoders},
            fusion=tensors["fusion"],
            lower=lower,
            upper=upper,
            disagreement=disagreement,
            tail=Tail(offset, growth, decay),
            card=card,
        )
    except (KeyError, SafetensorError) as error:
        raise WeightsError(f"the calibration artefact lacks something: {error}", file=ARTEFACT) from error


def _cohort(tensors: Mapping[str, NDArray[Any]], encoder: str) -> Cohort:
    names = ("centre", "mean", "covariance")
    centre, mean, covariance = (tensors[f"{encoder}.{name}"] for name in names)
    return Cohort(centre, mean, covariance, int(tensors["cohort_size"][0]))
