"""Conditions that the calibration was validated under, and what to say of a recording that lies outside.

A likelihood ratio is worth what its validation covers. Of each condition one end is open, where more can only help: a
recording is never outside for being too quiet around the voice, or too long. The ranges stand on the calibration's card
as ``validated``; training writes them with `ranges_of`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from registry.domain.scores import Reason
from registry.errors import WeightsError
from registry.media.quality import SignalQuality

NOT_VALIDATED_FOR: Final = "not_validated_for"
"""Code of the reason; also the card's key of what no figure here can tell."""

CARD_KEY: Final = "validated"
_TAIL: Final = 0.005
"""Share of what was trained and validated on that lies outside the range at its closed end."""
LEAST_PEOPLE: Final = 5
"""Of so many people at least a recording lies at the closed end or beyond it: one recording in which voice activity
misheard the pauses, put under a dozen conditions, must not set what counts as noise."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One figure that validation has a range for.

    Attributes:
        figure: its name on the card.
        closed_below: whether the lower end of the range is the closed one, and the upper open.
        step: differences smaller than this are no other condition; ranges end on multiples of it.
        read: the figure of a recording and the net speech of a voice; None where it could not be measured.
        said: the figure in words; after it comes what validation covered.
        number: how to write it.
        remedy: what would resolve it.
    """

    figure: str
    closed_below: bool
    step: float
    read: Callable[[SignalQuality, float], float | None]
    said: str
    number: str
    remedy: str

    def outside(self, value: float, bound: float) -> bool:
        """Whether a value lies beyond the closed end."""
        return value < bound if self.closed_below else value > bound

    def describe(self, value: float, bound: float) -> str:
        """Say what was measured and what validation covered."""
        covered = f"{self.number.format(bound)} or {'more' if self.closed_below else 'less'}"
        return f"{self.said.format(self.number.format(value))} (validated: {covered})"


CONDITIONS: Final = (
    Condition(
        "speech_s",
        closed_below=True,
        step=0.1,
        read=lambda _, speech_s: speech_s,
        said="the voice speaks for {}",
        number="{:.2f} s",
        remedy="more speech of the same voice",
    ),
    Condition(
        "snr_db",
        closed_below=True,
        step=0.5,
        read=lambda quality, _: quality.snr_db,
        said="the speech is {} above the noise",
        number="{:.1f} dB",
        remedy="a recording with less noise",
    ),
    Condition(
        "bandwidth_hz",
        closed_below=True,
        step=50.0,
        read=lambda quality, _: quality.bandwidth_hz,
        said="the sound ends at {}",
        number="{:.0f} Hz",
        remedy="an original with more bandwidth",
    ),
    Condition(
        "clipped_share",
        closed_below=False,
        step=0.002,
        read=lambda quality, _: quality.clipped_share,
        said="{} of the samples are clipped",
        number="{:.1%}",
        remedy="an original that is not overdriven",
    ),
    Condition(
        "voiced_share",
        closed_below=True,
        step=0.01,
        read=lambda quality, _: quality.voiced_share,
        said="{} of the louder half of the speech is voiced, which sounds whispered or drowned in noise",
        number="{:.0%}",
        remedy="speech in the speaker's usual voice, not whispered",
    ),
    Condition(
        "decay_db_per_s",
        closed_below=True,
        step=5.0,
        read=lambda quality, _: quality.decay_db_per_s,
        said="the sound dies away by {}, as with a strong echo",
        number="{:.0f} dB/s",
        remedy="a recording with less echo",
    ),
)


@dataclass(frozen=True, slots=True)
class ValidatedRanges:
    """The closed ends of what validation covers.

    Attributes:
        bounds: of every condition, by its figure.
    """

    bounds: Mapping[str, float]

    @classmethod
    def of_card(cls, card: Mapping[str, Any]) -> ValidatedRanges:
        """Read a calibration's card, whose key ``validated`` has ``[low, high]`` for each figure, open ends null.

        Raises:
            WeightsError: a range is missing, unknown, or no number at its closed end. What was validated for nobody
                knows what must not decide anything.
        """
        ranges = card.get(CARD_KEY)
        figures = {condition.figure for condition in CONDITIONS}
        if not isinstance(ranges, Mapping) or set(ranges) != figures:
            raise WeightsError(
                f"the calibration's card must say under {CARD_KEY!r} what range of {', '.join(sorted(figures))} was "
                "validated, and of nothing else: make the calibration again",
                found=", ".join(sorted(ranges)) if isinstance(ranges, Mapping) else None,
            )
        return cls({condition.figure: _bound(condition, ranges[condition.figure]) for condition in CONDITIONS})

    def outside(self, quality: SignalQuality, speech_s: float) -> Reason | None:
        """Answer why a condition is outside what was validated; None when it is inside.

        What could not be measured is not judged: only the decay can be missing, of speech of about a second.

        Args:
            quality: of the recording.
            speech_s: net speech of the voice.
        """
        beyond = []
        for condition in CONDITIONS:
            value, bound = condition.read(quality, speech_s), self.bounds[condition.figure]
            if value is not None and condition.outside(value, bound):
                beyond.append((condition, value, bound))
        return _reason(beyond) if beyond else None


def ranges_of(
    qualities: Sequence[SignalQuality], speech_s: Sequence[float], people: Sequence[str]
) -> dict[str, list[float | None]]:
    """Answer the ranges for a card: all but the outer half percent, as far as `LEAST_PEOPLE` people reach.

    Args:
        qualities: of every recording, each measured with all of its speech: speech that is left out of the spans
            would count as noise.
        speech_s: net speech of each voice.
        people: who speaks.

    Raises:
        ValueError: there are none, or not one for each.
    """
    if not len(qualities) == len(speech_s) == len(people) > 0:
        raise ValueError(
            f"ranges need one net speech and one person for each quality, not {len(speech_s)} and {len(people)} for "
            f"{len(qualities)}"
        )
    ranges: dict[str, list[float | None]] = {}
    for condition in CONDITIONS:
        read = [condition.read(quality, seconds) for quality, seconds in zip(qualities, speech_s, strict=True)]
        values = [(person, value) for person, value in zip(people, read, strict=True) if value is not None]
        if not values:
            raise ValueError(f"{condition.figure} could not be measured on any of {len(read)} recordings")
        bound = _rounded_outwards(condition, _closed_end(values, inwards=1 if condition.closed_below else -1))
        ranges[condition.figure] = [bound, None] if condition.closed_below else [None, bound]
    return ranges


def _closed_end(values: Sequence[tuple[str, float]], inwards: int) -> float:
    """Answer where a range ends whose values grow inwards by that sign, given who each value is of."""
    outermost: dict[str, float] = {}
    for person, value in values:
        outermost[person] = min(outermost.get(person, math.inf), inwards * value)
    reached = sorted(outermost.values())[:LEAST_PEOPLE][-1]
    return inwards * max(float(np.quantile([inwards * value for _, value in values], _TAIL)), reached)


def never_validated(card: Mapping[str, Any]) -> tuple[str, ...]:
    """Answer what a card says that nobody validated, such as ``singing``, in words.

    Raises:
        WeightsError: it does not say.
    """
    named = card.get(NOT_VALIDATED_FOR)
    if not isinstance(named, list) or not named or not all(isinstance(name, str) for name in named):
        raise WeightsError(f"the calibration's card must list under {NOT_VALIDATED_FOR!r} what it was not tried on")
    return tuple(named)


def _rounded_outwards(condition: Condition, value: float) -> float:
    """Answer the next multiple of the step that lies outside; at least one step above nothing at all."""
    if condition.closed_below:
        return round(math.floor(value / condition.step) * condition.step, 6)
    return round(max(math.ceil(value / condition.step), 1) * condition.step, 6)


def _bound(condition: Condition, ends: object) -> float:
    """Answer the closed end of a range."""
    match ends:
        case [low, high]:
            bound = low if condition.closed_below else high
        case _:
            bound = None
    if isinstance(bound, bool) or not isinstance(bound, int | float) or not math.isfinite(bound):
        raise WeightsError(
            f"the range of {condition.figure} on the calibration's card is not [low, high] with a number at its closed "
            "end",
            figure=condition.figure,
        )
    return float(bound)


def _reason(beyond: Sequence[tuple[Condition, float, float]]) -> Reason:
    said = "; ".join(condition.describe(value, bound) for condition, value, bound in beyond)
    remedies = ", and ".join(condition.remedy for condition, _, _ in beyond)
    figures: dict[str, str | int | float | bool | None] = {
        "conditions": ", ".join(condition.figure for condition, _, _ in beyond)
    }
    for condition, value, bound in beyond:
        figures[condition.figure] = round(value, 4)
        figures[f"validated_{condition.figure}"] = bound
    detail = f"the engine was not validated for this: {said}; {remedies} may decide it"
    return Reason(NOT_VALIDATED_FOR, detail, figures)
