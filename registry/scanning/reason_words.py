"""What the report of a scan says of a reason or an error: a sentence, with its code in small beside it.

Sentences are those of other reports; what only a scan says has its own here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from registry.reports.reason_words import SENTENCES
from registry.reports.words import Language as ReportLanguage
from registry.reports.words import Words
from registry.scanning.page_parts import told
from registry.scanning.words import Language

_OF_SCANS: Final[Mapping[str, Mapping[Language, str]]] = {
    "licences_not_asked": {
        Language.EN: "No licences were asked in this scan.",
        Language.KO: "이 일괄 검사에서는 이용 허락을 묻지 않았다.",
    },
    "not_validated_for": {
        Language.EN: "The recording lies outside the conditions that the engine was validated under.",
        Language.KO: "녹음이 엔진을 검증한 조건을 벗어난다.",
    },
    "use_not_declared": {
        Language.EN: "Something of the use was not declared; this is the gravest of all that it may be.",
        Language.KO: "사용에 대해 신고되지 않은 것이 있다. 있을 수 있는 것 가운데 가장 무거운 판정이다.",
    },
    "declared_use_unknown": {
        Language.EN: "The use was declared in words that are not known here.",
        Language.KO: "사용을 신고한 말이 여기서는 알 수 없는 말이다.",
    },
}


def sentence_of(code: str, language: Language) -> str | None:
    """Answer what a code says, in a language; None where there is no sentence for it."""
    own = _OF_SCANS.get(code)
    if own is not None:
        return own[language]
    known = SENTENCES.get(code)
    return None if known is None else Words(ReportLanguage(language.value)).catalogue.gettext(known)


def as_html(code: str, language: Language) -> str:
    """Answer what a code says as HTML, with the code in small; one without a sentence is shown by itself."""
    said = sentence_of(code, language)
    marked = f'<code class="code">{told(code)}</code>'
    return marked if said is None else f'<span class="words">{told(said)}</span> {marked}'
