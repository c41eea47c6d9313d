"""What a calibration is made from: voices with a label, each under a condition, each with a part to play."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from registry.media.quality import SignalQuality


class Part(StrEnum):
    """What an example may be used for. The people of the cohort serve nothing else."""

    COHORT = "cohort"
    ENROL = "enrol"  # enrolled in simulated galleries
    PROBE = "probe"  # searched for while its person is enrolled or not; no sample of it was enrolled
    STRANGER = "stranger"  # searched for only while its person is not enrolled: it holds samples that were


@dataclass(frozen=True, slots=True)
class Example:
    """One voice under one condition.

    Attributes:
        person: who speaks.
        part: what it may be used for.
        session: which recording it comes from.
        same_session: whether another part of the same recording is among this person's enrolment.
        condition: name of the channel.
        group: which group of comparable voices the person belongs to; empty where it does not matter.
        speech_s: net speech.
        vectors: by encoder id ``(d,) float32``, unit length.
        quality: of the signal.
    """

    person: str
    part: Part
    session: str
    same_session: bool
    condition: str
    group: str
    speech_s: float
    vectors: Mapping[str, NDArray[np.float32]]
    quality: SignalQuality


def digest_number(text: str) -> int:
    """Answer a stable number for a name."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
