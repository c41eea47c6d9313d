"""Reading level: how hard a text is to read, by a measure that is named with it.

English has a formula with decades of use behind it. For Korean there is none that is as settled, so a plain count is
given in its place, under a name that says what it counts; it is no school grade. Other languages are not measured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARKUP = re.compile(r"^#+ .*$|[*_`>]|^- ", re.MULTILINE)
_SENTENCE_END = re.compile(r"[.!?:]+(?:\s|$|[”\"’)])|\n\s*\n")
_WORD = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*")
_VOWELS = re.compile(r"[aeiouy]+")
_EOJEOL = re.compile(r"[^\s.,!?“”\"():;]+")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")


@dataclass(frozen=True, slots=True)
class ReadingLevel:
    """How hard a text is to read.

    Attributes:
        measure: ``flesch_kincaid_grade`` (a US school grade), ``eojeol_per_sentence`` (Korean: words between spaces in
            a sentence, on average), or ``not_measured``.
        value: rounded to one decimal; None when not measured.
    """

    measure: str
    value: float | None


def reading_level(text: str, language: str) -> ReadingLevel:
    """Measure a text in Markdown; headings are left out.

    Args:
        text: in Markdown.
        language: BCP 47 tag; only its first part counts.
    """
    plain = _MARKUP.sub(" ", text)
    sentences = [part for part in _SENTENCE_END.split(plain) if part.strip()]
    match language.lower().split("-")[0]:
        case "en":
            return ReadingLevel("flesch_kincaid_grade", _flesch_kincaid(sentences))
        case "ko":
            return ReadingLevel("eojeol_per_sentence", _eojeol_per_sentence(sentences))
    return ReadingLevel("not_measured", None)


def _flesch_kincaid(sentences: list[str]) -> float | None:
    """Kincaid et al. 1975: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    counted = [words for sentence in sentences if (words := _WORD.findall(sentence))]
    words = [word for sentence in counted for word in sentence]
    if not words:
        return None
    syllables = sum(_syllables(word) for word in words)
    return round(0.39 * len(words) / len(counted) + 11.8 * syllables / len(words) - 15.59, 1)


def _syllables(word: str) -> int:
    """Count groups of vowels; a silent final e is none. Right for most words, off by one for some."""
    lowered = word.lower()
    count = len(_VOWELS.findall(lowered))
    silent = lowered.endswith("e") and not lowered.endswith(("le", "ee"))
    return max(1, count - silent)


def _eojeol_per_sentence(sentences: list[str]) -> float | None:
    counted = [
        len(words)
        for sentence in sentences
        if (words := [word for word in _EOJEOL.findall(sentence) if _HANGUL.search(word)])
    ]
    return round(sum(counted) / len(counted), 1) if counted else None
