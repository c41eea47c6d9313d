"""What is told of the recordings of a voice under seal: figures in steps, so that nobody knows a recording by them.

A conclusion is read from what is told. It never gets stronger by it: speech and consistency are told as less than they
are, and steps end where the reading table asks whether there is enough (`registry.domain.conclusions`); no conclusion
rests on the conditions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from registry.domain.comparison import Material, several_voices
from registry.domain.scores import Log10LR, Reason
from registry.engine.validity import CONDITIONS, NOT_VALIDATED_FOR, Condition

STEPS: Final[Mapping[str, float]] = MappingProxyType(
    {condition.figure: 10 * condition.step for condition in CONDITIONS} | {"others_s": 1.0, "consistency_log10_lr": 0.1}
)
"""By figure of a material: ten of the steps that validation tells conditions apart by; seconds; tenths."""

_WHOLE_FROM_S: Final = 2.0
"""Speech of less is told in half seconds: whether there are 1.5 s of it is asked."""


def told_in_steps(material: Material) -> Material:
    """Answer what is told of the recordings of a voice, none of them better than it is."""
    read = {condition.figure: condition for condition in CONDITIONS}
    return replace(
        material,
        speech_s=_speech(material.speech_s),
        left_out=tuple(map(_left_out, material.left_out)),
        notes=tuple(map(_note, material.notes)),
        consistency=None if material.consistency is None else _tenth(material.consistency),
        conditions={
            figure: _worse(read[figure], value) for figure, value in material.conditions.items() if figure in read
        },
        coarse=True,
    )


def _speech(seconds: float) -> float:
    return _down(seconds, 1.0 if seconds >= _WHOLE_FROM_S else 0.5)


def _down(value: float, step: float) -> float:
    return round(math.floor(round(value / step, 6)) * step, 6) + 0.0  # JSON has no minus zero


def _tenth(log10_lr: Log10LR) -> Log10LR:
    return Log10LR(_down(log10_lr, STEPS["consistency_log10_lr"]))


def _worse(condition: Condition, value: float) -> float:
    """Answer a figure as the end of its step that lies nearer to what validation does not cover."""
    step = STEPS[condition.figure]
    return _down(value, step) if condition.closed_below else -_down(-value, step) + 0.0


def _left_out(reason: Reason) -> Reason:
    """Say that a recording does not count, and what would; of what is known of its sound, nothing."""
    name = str(reason.figures.get("recording", ""))
    named = str(reason.figures.get("conditions", "")).split(", ")
    remedies = ", and ".join(condition.remedy for condition in CONDITIONS if condition.figure in named)
    detail = f"{name}: the engine was not validated for this, which is under seal; {remedies} may decide it"
    return Reason(NOT_VALIDATED_FOR, detail, {"recording": name, "conditions": ", ".join(named)})


def _note(reason: Reason) -> Reason:
    """Say that others are heard in a recording, in whole seconds."""
    name = str(reason.figures.get("recording", ""))
    told = {key: _down(float(str(reason.figures.get(key, 0.0))), 1.0) for key in ("speech_s", "others_s")}
    return several_voices(name, **told)
