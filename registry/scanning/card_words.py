"""What the report of a scan calls what stands in a calibration's card: what it was measured of, and in which unit.

They are the words of the registry's own page of the calibration; what has no word here is called as the card has it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from registry.scanning.words import Language

_Told = Mapping[Language, str]

_PERCENT: Final = 100
_SHARES: Final = frozenset({"clipped_share", "voiced_share"})

_FIGURES: Final[Mapping[str, _Told]] = {
    "speech_s": {Language.EN: "speech of the voice", Language.KO: "그 목소리가 말한 시간"},
    "snr_db": {Language.EN: "speech above the noise", Language.KO: "소음보다 큰 정도"},
    "bandwidth_hz": {Language.EN: "bandwidth", Language.KO: "대역폭"},
    "clipped_share": {Language.EN: "share that is cut off for being too loud", Language.KO: "너무 커서 잘린 비율"},
    "voiced_share": {
        Language.EN: "share of the louder speech that is voiced",
        Language.KO: "큰 소리 가운데 유성음의 비율",
    },
    "decay_db_per_s": {Language.EN: "how fast the room falls silent", Language.KO: "방의 울림이 사라지는 빠르기"},
}
_UNITS: Final[Mapping[str, _Told]] = {
    "speech_s": {Language.EN: "{value} s", Language.KO: "{value}초"},
    "snr_db": {Language.EN: "{value} dB", Language.KO: "{value} dB"},
    "bandwidth_hz": {Language.EN: "{value} Hz", Language.KO: "{value} Hz"},
    "decay_db_per_s": {Language.EN: "{value} dB per second", Language.KO: "초당 {value} dB"},
}
_NOT_VALIDATED: Final[Mapping[str, _Told]] = {
    "singing": {Language.EN: "singing", Language.KO: "노래"},
    "whisper": {Language.EN: "whispering", Language.KO: "속삭임"},
    "children": {Language.EN: "children", Language.KO: "어린이"},
    "voices changed on purpose": {Language.EN: "voices changed on purpose", Language.KO: "일부러 바꾼 목소리"},
    "overlapped speech": {
        Language.EN: "several people who speak at once",
        Language.KO: "여러 사람이 한꺼번에 말하는 것",
    },
}
_PEOPLE: Final[Mapping[str, _Told]] = {
    "cohort": {Language.EN: "cohort", Language.KO: "비교군"},
    "calibration": {Language.EN: "calibration", Language.KO: "보정"},
}


def figure_called(name: str, language: Language) -> str:
    """Answer what a figure of a recording is called."""
    return _said(_FIGURES, name, language)


def measured(name: str, value: float, language: Language) -> str:
    """Answer a figure's value with its unit; a share is told in percent."""
    if name in _SHARES:
        return f"{value * _PERCENT:g} %"
    units = _UNITS.get(name)
    return f"{value:,g}" if units is None else units[language].format(value=f"{value:,g}")


def not_validated_called(names: Iterable[str], language: Language) -> str:
    """Answer what a calibration was not validated for, one after the other."""
    return ", ".join(_said(_NOT_VALIDATED, name, language) for name in names)


def people_called(counts: Mapping[str, int], language: Language) -> str:
    """Answer how many people each part of a calibration was fitted on."""
    return ", ".join(f"{_said(_PEOPLE, name, language)} {count}" for name, count in counts.items())


def _said(words: Mapping[str, _Told], name: str, language: Language) -> str:
    return words[name][language] if name in words else name
