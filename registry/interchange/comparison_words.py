"""The sentences of a comparison in other languages.

A comparison is written in English, once: its file says the same to everybody. Each sentence there was made from one of
the forms below. Who shows it in another language finds the form again, and fills in the same figures; a test holds
every sentence that a reading can have against this list. A sentence that is not known stays English, and is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from registry.catalogues import SOURCE_LANGUAGE, translations

LOCALE: Final = Path(__file__).parent / "locale"
_LONGEST: Final = 2000  # of what is looked up; a sentence of ours is a tenth of that

Say = Callable[[str], str]


def said(text: str, language: str) -> str:
    """Answer a sentence, or a part of one, of a comparison in a language.

    Args:
        text: ``detail`` of a reason, ``sentence`` of a rank, ``not_said``, or the name of a cohort.
        language: ``en``, or one that there are words for; InvalidInputError for another.
    """
    say = translations(LOCALE, language).gettext
    return text if language == SOURCE_LANGUAGE or len(text) > _LONGEST else _said(text, say)


def is_known(text: str) -> bool:
    """Whether a sentence was made from one of the forms."""
    return _found(text, str) is not None


def N_(text: str) -> str:  # noqa: N802  (what gettext's tools look for)
    """Mark words that are translated where they are used."""
    return text


_PHRASES: Final = frozenset(
    {
        # roles, pairs, cohorts
        N_("questioned"),
        N_("performer"),
        N_("source"),
        N_("questioned and performer"),
        N_("questioned and source"),
        N_("performer and source"),
        N_("stated"),
        N_("reference"),
        N_("alternative of the complainant"),
        N_("alternative of the respondent"),
        # conclusions
        N_("supports_p"),
        N_("explained_by_s"),
        N_("sound_alike"),
        N_("unknown_source"),
        N_("inconclusive"),
        # what nobody validated
        N_("singing"),
        N_("whisper"),
        N_("children"),
        N_("voices changed on purpose"),
        N_("overlapped speech"),
        # why
        N_("the recordings support that the questioned voice is the performer's, or was made from it"),
        N_("the recordings support that the questioned voice is the declared source's, and far less the performer's"),
        N_("the questioned voice is like the performer's, and recordings alone do not say why: documents decide"),
        N_("the recordings oppose everybody who was named; a poor clone may lose the voice that it was made from"),
        N_("the strengths do not reach what any conclusion needs"),
        N_("nobody is declared whose voice it would be instead"),
        N_("is supported"),
        N_("is not supported, but the voice resembles theirs more than nearly everybody's"),
        N_("is neither supported nor opposed"),
        N_("is opposed"),
        # what would change it
        N_("a cohort that both sides accept, nearer to the voices in question"),
        N_("more speech of the voices that are undecided, in the questioned style"),
        N_("casting call, contract, session recordings, direction notes and their dates, disclosed to both sides"),
        N_("a declared source whose recordings support the questioned voice"),
        N_("recordings of the performer in the language, style and channel of the questioned ones"),
        N_("recordings of the source in the language, style and channel of the questioned ones"),
        N_("the questioned voice before it was processed, or what it was made from"),
        N_("recordings that are vouched for, of one person each"),
        N_("recordings of a kind that validation covers"),
        # what would resolve a condition that nobody validated
        N_("more speech of the same voice"),
        N_("a recording with less noise"),
        N_("an original with more bandwidth"),
        N_("an original that is not overdriven"),
        N_("speech in the speaker's usual voice, not whispered"),
        N_("a recording with less echo"),
        N_(
            "This says what recordings support. It is no proof of identity, and it does not say whether a use was "
            "allowed."
        ),
    }
)

_FORMS: Final = (
    N_("{number} or more"),
    N_("{number} or less"),
    N_("alternative {number}"),
    N_("the recordings hold {kind}, which nobody validated"),
    N_("no recording of the {role} voice is of a kind that was validated"),
    N_("there are {number} s of speech of the {role} voice; {least} s are needed"),
    N_(
        "the {role} recordings do not support being of one voice: one of them has a log10 LR of {number} with the "
        "others, {least} is needed"
    ),
    N_("one questioned recording supports the {role} (log10 LR {number}), another opposes them ({least})"),
    N_("the engines disagree on {pair} beyond what calibration allows (log10 LR: {engines}; cohort: {cohort})"),
    N_("that it is the {role} {standing}: log10 LR {number} (supported from {least}, opposed from {most})"),
    N_("that it is the {role} {standing}: log10 LR {number} (supported from {least}, opposed from {most}); {rank}"),
    N_("closer than {share} % of {voices}; about {number} voices at least as close, 95 % interval {least} to {most}"),
    N_("performer and source are alike (log10 LR {number}): what supports one does not exclude the other"),
    N_("neither is likelier than the other by a log10 LR of {least}: it is {number}"),
    N_("the answer depends on the cohort ({by_cohort})"),
    N_("{least} s of questioned speech, not {number} s"),
    N_("{least} recordings of the {role} from different days, not {number}"),
    N_("a cohort of {least} voices, not {number}"),
    N_("a cohort of {least} voices; this one is too small to tell a rank"),
    N_("several voices speak; the one that speaks most counts ({number} s), the others do not ({least} s)"),
    N_("the engine was not validated for this: {conditions}; {remedies} may decide it"),
    N_("the engine was not validated for this, which is under seal; {remedies} may decide it"),
    N_("the voice speaks for {number} s (validated: {least} s or more)"),
    N_("the speech is {number} dB above the noise (validated: {least} dB or more)"),
    N_("the sound ends at {number} Hz (validated: {least} Hz or more)"),
    N_("{number} of the samples are clipped (validated: {least} or less)"),
    N_(
        "{number} of the louder half of the speech is voiced, which sounds whispered or drowned in noise (validated: "
        "{least} or more)"
    ),
    N_("the sound dies away by {number} dB/s, as with a strong echo (validated: {least} dB/s or more)"),
    N_(
        "single recordings of {number} people of whom the calibration learned nothing, and of {least} people with "
        "{most} others than themselves, searched for among {share}; measured on {day} with the calibration {digest}"
    ),
)
"""What sentences are made from; one that holds another form in a field comes after it where both would fit."""

_NUMBER: Final = r"-?\d[\d.,]*%?(?: or more| or less)?"
_WORDS: Final = r".+?"
_CONDITIONS: Final = r".+"  # as far as it goes: what separates them also comes after the last
_OF_WORDS: Final = frozenset(
    {
        *("kind", "role", "pair", "engines", "cohort", "standing", "rank", "by_cohort", "conditions", "remedies"),
        *("day", "digest"),
    }
)
_SEPARATORS: Final[Mapping[str, str]] = MappingProxyType(
    {"engines": ", ", "by_cohort": ", ", "conditions": "; ", "remedies": ", and "}
)
_ENGINE: Final = re.compile(rf"(\w+) ({_NUMBER})")
_LABELLED: Final = re.compile(r"(.+?): (\w+)")


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Answer every form with what finds it again."""
    return tuple((form, _pattern(form)) for form in _FORMS)


def _pattern(form: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", form)
    found = [re.escape(part) if number % 2 == 0 else _field(part) for number, part in enumerate(parts)]
    return re.compile("".join(found))


def _field(name: str) -> str:
    words = _CONDITIONS if name == "conditions" else _WORDS
    return f"(?P<{name}>{words if name in _OF_WORDS else _NUMBER})"


def _said(text: str, say: Say) -> str:
    found = _found(text, say)
    return text if found is None else found


def _found(text: str, say: Say) -> str | None:
    """Answer a sentence in other words; None where it is not known."""
    if text in _PHRASES:
        return say(text)
    for form, pattern in _patterns():
        if match := pattern.fullmatch(text):
            return say(form).format(**{name: _value(name, value, say) for name, value in match.groupdict().items()})
    return _of_a_recording(text, say)


def _of_a_recording(text: str, say: Say) -> str | None:
    """Answer a sentence that the name of a recording stands before; the name stays as it is."""
    for match in re.finditer(": ", text):
        if (found := _found(text[match.end() :], say)) is not None:
            return f"{text[: match.start()]}: {found}"
    return None


def _value(name: str, value: str, say: Say) -> str:
    """Answer what stands in a field."""
    if name not in _SEPARATORS:
        return _said(value, say)
    separator = _SEPARATORS[name]
    return (", " if name == "remedies" else separator).join(_item(item, say) for item in value.split(separator))


def _item(item: str, say: Say) -> str:
    if match := _ENGINE.fullmatch(item):
        return f"{match[1]} {_said(match[2], say)}"
    if match := _LABELLED.fullmatch(item):
        return f"{_said(match[1], say)}: {_said(match[2], say)}"
    return _said(item, say)
