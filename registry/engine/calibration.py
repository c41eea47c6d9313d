"""The calibration artefact: from features to log10 likelihood ratios, with the bounds that its validation supports.

An artefact is a safetensors file and a JSON card beside it. It is loaded by pinned hash: other numbers would be another
engine. `benchmarks/train_calibration.py` makes the one that ships; an operator makes their own with
`likeness calibrate`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from registry.engine.cohort import Cohort, Projection, Spread
from registry.engine.matching import POOL, EngineFeatures, log_speech, stack
from registry.errors import WeightsError

CALIBRATION_SHA256 = "b7498288225805e81d9370fa03fb90b910763d5af21b9686640e9af6b29e6eec"
ARTEFACT = "calibration-5"
ENCODERS = ("ge2e", "campplus")
KNOWN = "known."
"""What the names of tensors with known answers begin with."""
CARD_SHA256 = "card_sha256"
"""Name of the tensor that pins the card, whose ranges and spaces decide as much as the weights do."""
CARD_HEAD = ("artefact", "sha256", "made_on")
"""What the pinned card leaves out: it follows from the artefact's bytes, or from the day."""

Array = NDArray[np.float64]
_LN10 = float(np.log(10))


@dataclass(frozen=True, slots=True)
class Tail:
    """How often the best of many strangers reaches a strength: ``ln FPIR = offset + growth ln(gallery) - decay t``.

    An exponential tail, as extreme-value theory expects of the largest of many; `t` is a log10 LR. It grows with the
    gallery up to `matching.POOL` performers only: beyond, every further performer also brings the rivals nearer that
    the margin is taken over. With synthetic voices the rate falls slowly from there to 10,000 performers
    (``benchmarks/gallery_size.py``), so that holding it is on the safe side.
    """

    offset: float
    growth: float
    decay: float

    def threshold(self, target_fpir: float, gallery_size: int) -> float:
        """Answer the log10 LR that strangers reach at that rate in a gallery of that many performers."""
        size = min(max(gallery_size, 1), POOL)
        return float((self.offset + self.growth * np.log(size) - np.log(target_fpir)) / self.decay)


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
        groups: what the cohort's groups are called, and how many people each was fitted on.
        correlation: between the two engines' scores of the same cohort voice, in deviations.
        engines: by encoder id ``(3,)``: weights of margin and log speech, and the bias; natural logarithm.
        fusion: ``(4,)``: weights of both engines' natural log LR (in the order of ``engines``), of log speech, bias.
        lower: log10 LR below which validation says nothing.
        upper: log10 LR above which validation says nothing.
        disagreement: difference between the engines' log10 LR that fewer than one in a hundred true voices reach.
        tail: of the best stranger.
        known: what `selftest` must find under this calibration: by voice ``(n_voices,)``, fused log10 LR.
        card: what made it.
    """

    id: str
    cohorts: Mapping[str, Cohort]
    groups: tuple[tuple[str, int], ...]
    correlation: float
    engines: Mapping[str, Array]
    fusion: Array
    lower: float
    upper: float
    disagreement: float
    tail: Tail
    known: Mapping[str, Array]
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


def load_calibration(file: Path | None = None, sha256: str = CALIBRATION_SHA256) -> Calibration:
    """Load an artefact: the shipped one unless ``file`` names another.

    Args:
        file: a ``.safetensors`` file whose card lies beside it with the suffix ``.json``.
        sha256: what its bytes must hash to.

    Raises:
        WeightsError: absent, not the pinned bytes, or without its card.
    """
    source = file or Path(str(files("registry.engine.artefacts") / f"{ARTEFACT}.safetensors"))
    try:
        data = source.read_bytes()
        card = json.loads(source.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"the calibration {source.name} cannot be read: {error}", file=source.name) from error
    actual = hashlib.sha256(data).hexdigest()
    if actual != sha256:
        raise WeightsError(
            f"the calibration {source.name} has SHA-256 {actual[:12]}…, but {sha256[:12]}… is pinned",
            file=source.name,
            actual=actual,
            expected=sha256,
        )
    return parse_calibration(data, card)


def parse_calibration(data: bytes, card: Mapping[str, Any]) -> Calibration:
    """Read an artefact's bytes; the card is kept as it is.

    Raises:
        WeightsError: tensors are missing, or the card does not name the groups, or is not the one that was pinned.
    """
    try:
        tensors = load(data)
        calibration = _calibration(data, tensors, card)
    except (KeyError, ValueError, SafetensorError) as error:
        raise WeightsError(f"the calibration artefact lacks something: {error}", file=ARTEFACT) from error
    if CARD_SHA256 in tensors and tensors[CARD_SHA256].tobytes() != card_digest(card):
        raise WeightsError(f"the card of calibration {calibration.id} is not the one that it was made with")
    return calibration


def card_digest(card: Mapping[str, Any]) -> bytes:
    """Answer the SHA-256 of what a card says, without its `CARD_HEAD`."""
    body = {name: said for name, said in card.items() if name not in CARD_HEAD}
    return hashlib.sha256(json.dumps(body, sort_keys=True, separators=(",", ":")).encode()).digest()


def _calibration(data: bytes, tensors: Mapping[str, NDArray[Any]], card: Mapping[str, Any]) -> Calibration:
    offset, growth, decay = tensors["tail"].tolist()
    lower, upper, disagreement = tensors["bounds"].tolist()
    return Calibration(
        id=hashlib.sha256(data).hexdigest()[:12],
        cohorts={encoder: _cohort(tensors, encoder) for encoder in ENCODERS},
        groups=tuple(zip(card["groups"], tensors["group_sizes"].tolist(), strict=True)),
        correlation=float(tensors["correlation"][0]),
        engines={encoder: tensors[f"{encoder}.weights"] for encoder in ENCODERS},
        fusion=tensors["fusion"],
        lower=lower,
        upper=upper,
        disagreement=disagreement,
        tail=Tail(offset, growth, decay),
        known={name.removeprefix(KNOWN): found for name, found in tensors.items() if name.startswith(KNOWN)},
        card=card,
    )


def cohort_tensors(encoder: str, cohort: Cohort) -> dict[str, NDArray[Any]]:
    """Answer what an artefact keeps of a cohort, by tensor name."""
    return {
        f"{encoder}.centre": cohort.project.centre,
        f"{encoder}.whitening": cohort.project.whitening,
        f"{encoder}.mean": cohort.everybody.mean,
        f"{encoder}.covariance": cohort.everybody.covariance,
        f"{encoder}.groups.mean": np.stack([group.mean for group in cohort.groups]),
        f"{encoder}.groups.covariance": np.stack([group.covariance for group in cohort.groups]),
    }


def _cohort(tensors: Mapping[str, NDArray[Any]], encoder: str) -> Cohort:
    means, covariances = tensors[f"{encoder}.groups.mean"], tensors[f"{encoder}.groups.covariance"]
    return Cohort(
        Projection(tensors[f"{encoder}.centre"], tensors[f"{encoder}.whitening"]),
        Spread(tensors[f"{encoder}.mean"], tensors[f"{encoder}.covariance"]),
        tuple(Spread(mean, covariance) for mean, covariance in zip(means, covariances, strict=True)),
    )
