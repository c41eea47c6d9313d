"""Spoken digits: a number, heard at the end of a recording, offline. English digits, and nothing else.

A small grammar over a general acoustic model (CMU Sphinx, whose files are in the pocketsphinx wheel): exactly as many
digit words as the number has, with pauses between them or none. Whatever is said comes out as that many digits, so that
a reading proves nothing by itself. It counts only where it is the number that was asked for.

Where the number begins is not known, only that somebody pauses before it; people pause within it as well. So one
reading is made from each of the last pauses on, `PASSAGES` at most: chance finds a number of six digits among them
`PASSAGES` times in a million.

The model was trained on sound up to 6.8 kHz, and hears nothing of use in what ends at 3.4 kHz.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from registry.domain.scores import Span
from registry.errors import WeightsError
from registry.media.activity import net_speech_s
from registry.media.recording import SAMPLE_RATE_HZ, Recording

LEAST_BANDWIDTH_HZ: Final = 5000.0
"""Of speech in which digits can be heard; see `registry.media.quality.SignalQuality`."""

LEAST_SNR_DB: Final = 30.0
"""Below it a number that was spoken is missed too often to be held against anybody; docs/consent.md has figures."""

PASSAGES: Final = 6
"""A number of six digits has five places to pause at, and one before it."""

MODEL_SHA256: Final = "ed38e711379ea7b431e0a03c1a97629c633068c64524d4fcc9bdadcf4b08d5f3"
"""Of the names and contents of the model's files in the pocketsphinx wheel, version 5.1.1, in the order of names."""

_PAUSE_S: Final = 0.25
_MARGIN_S: Final = 0.2
_LEAST_DIGIT_S: Final = 0.12
_MOST_DIGIT_S: Final = 2.5
_FULL_SCALE: Final = 32768.0
_GRAMMAR: Final = "digits"

_SOUNDS: Final = (  # of the CMU Pronouncing Dictionary
    ("zero", "Z IH R OW", "0"),
    ("zero(2)", "Z IY R OW", "0"),
    ("oh", "OW", "0"),
    ("one", "W AH N", "1"),
    ("two", "T UW", "2"),
    ("three", "TH R IY", "3"),
    ("four", "F AO R", "4"),
    ("five", "F AY V", "5"),
    ("six", "S IH K S", "6"),
    ("seven", "S EH V AH N", "7"),
    ("eight", "EY T", "8"),
    ("nine", "N AY N", "9"),
)
_DIGITS: Final = {word: digit for word, _, digit in _SOUNDS if "(" not in word}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one passage would be, if it were nothing but the digits.

    Attributes:
        number: as many digits as were asked for.
        start_s: where the passage begins; it ends with the speech.
    """

    number: str
    start_s: float


class DigitReader:
    """Hears numbers. Holds one decoder, which is used by one thread at a time.

    Args:
        count: digits of the numbers that it is to hear.
        model: folder of the acoustic model; that of the installed pocketsphinx wheel by default.

    Raises:
        WeightsError: the model is not there, or is not the one this code was tested with.
    """

    def __init__(self, count: int, *, model: Path | None = None) -> None:
        self._count = count
        self._decoder = _decoder(_verified(model or _installed_model()), count)

    def readings(self, recording: Recording, spans: Sequence[Span]) -> list[Reading]:
        """Answer what the end of a recording would be as a number, from each of its last pauses on, the last one last.

        Args:
            recording: decoded.
            spans: where speech is in it, in time order.

        Returns:
            Empty when no passage is as long as a number of that many digits is, or nothing could be made of any.
        """
        passages = [passage for passage in _passages(spans) if self._is_as_long_as_a_number(passage)]
        found = ((self._heard(_cut(recording, passage)), passage[0].start_s) for passage in passages[-PASSAGES:])
        return [Reading(number, start_s) for number, start_s in found if number is not None]

    def _is_as_long_as_a_number(self, passage: Sequence[Span]) -> bool:
        return self._count * _LEAST_DIGIT_S <= net_speech_s(passage) <= self._count * _MOST_DIGIT_S

    def _heard(self, samples: NDArray[np.float32]) -> str | None:
        """Answer the digits; None when the grammar was not gone through to its end."""
        self._decoder.start_utt()
        self._decoder.process_raw((samples * _FULL_SCALE).round().astype("<i2").tobytes(), full_utt=True)
        self._decoder.end_utt()
        heard = self._decoder.hyp()
        words = heard.hypstr.split() if heard is not None else []
        return "".join(_DIGITS[word] for word in words) if len(words) == self._count else None


def _passages(spans: Sequence[Span]) -> Iterator[Sequence[Span]]:
    """Yield the speech after each pause, and the whole."""
    yield spans
    for number, (before, after) in enumerate(pairwise(spans), start=1):
        if after.start_s - before.end_s >= _PAUSE_S:
            yield spans[number:]


def _cut(recording: Recording, passage: Sequence[Span]) -> NDArray[np.float32]:
    start, end = passage[0].start_s - _MARGIN_S, passage[-1].end_s + _MARGIN_S
    return recording.samples[max(0, round(start * SAMPLE_RATE_HZ)) : round(end * SAMPLE_RATE_HZ)]


def _decoder(model: Path, count: int) -> Any:
    from pocketsphinx import Decoder

    decoder = Decoder(hmm=str(model), dict=None, lm=None, samprate=SAMPLE_RATE_HZ, loglevel="FATAL")
    for word, phones, _ in _SOUNDS:
        decoder.add_word(word, phones, False)  # noqa: FBT003  (its only form)
    decoder.add_jsgf_string(_GRAMMAR, _grammar(count))
    decoder.activate_search(_GRAMMAR)
    return decoder


def _grammar(count: int) -> str:
    number = " ".join(["<digit>"] * count)
    return f"#JSGF V1.0;\ngrammar {_GRAMMAR};\n<digit> = {' | '.join(_DIGITS)};\npublic <number> = {number};\n"


def _installed_model() -> Path:
    try:
        from pocketsphinx import get_model_path
    except ImportError as error:
        raise WeightsError(
            "pocketsphinx is not installed; install pocketsphinx>=5.1.1,<6", package="pocketsphinx"
        ) from error
    return Path(get_model_path("en-us/en-us"))


def _verified(model: Path) -> Path:
    """Refuse any files other than the pinned ones."""
    digest = hashlib.sha256()
    try:
        for path in sorted(model.iterdir()):
            digest.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    except OSError as error:
        raise WeightsError(f"the model of spoken digits cannot be read: {error}", file=model.name) from error
    if digest.hexdigest() != MODEL_SHA256:
        raise WeightsError(
            f"the model of spoken digits has SHA-256 {digest.hexdigest()}, not {MODEL_SHA256}",
            file=model.name,
            found_sha256=digest.hexdigest(),
            expected_sha256=MODEL_SHA256,
        )
    return model
