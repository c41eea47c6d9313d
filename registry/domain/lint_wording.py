"""Findings in words: what a finding says to a person, in English or in Korean, with what makes it less than certain."""

from __future__ import annotations

from collections.abc import Iterator

from registry.domain.fact_words import fact_in_words
from registry.domain.linting import Finding, Outcome
from registry.domain.rules.packs import Standing
from registry.domain.rules.texts import Text

_CANNOT_TELL = Text(
    en="It cannot be told whether this rule is kept, because nobody has stated {missing}.",
    ko="다음을 밝히지 않아 이 규칙을 지켰는지 알 수 없습니다: {missing}.",
)
_IF_SO = Text(
    en="It is not kept where this holds: {why}",
    ko="다음과 같다면 지키지 않은 것입니다: {why}",
)
_LATER = Text(
    en="The rule takes effect on {day}, within the term.",
    ko="이 규칙은 계약 기간 중인 {day}부터 적용됩니다.",
)
_BILL = Text(en="This is a bill, not law.", ko="아직 법률이 아니라 법안입니다.")
_UNCHECKED = Text(
    en="No day is on record on which this rule was checked against its source: verify it before relying on it.",
    ko="이 규칙을 원문과 대조한 날이 기록되어 있지 않습니다. 의존하기 전에 확인하십시오.",
)


def why_in_words(finding: Finding, language: str) -> str:
    """Answer what is wrong, and everything that makes the finding less than a certain breach of law.

    Args:
        finding: to be told.
        language: BCP 47 tag; English where there is no text in that language.
    """
    return " ".join(_sentences(finding, language))


def _sentences(finding: Finding, language: str) -> Iterator[str]:
    if finding.outcome is Outcome.CANNOT_TELL:
        missing = [fact_in_words(name, language) for name in finding.missing]
        yield _CANNOT_TELL.in_language(language).format(missing=", ".join(missing))
        yield _IF_SO.in_language(language).format(why=finding.why.in_language(language))
    else:
        yield finding.why.in_language(language)
    if finding.applies_from is not None:
        yield _LATER.in_language(language).format(day=finding.applies_from.isoformat())
    elif finding.standing is Standing.PENDING:
        yield _BILL.in_language(language)
    if finding.checked_on is None:
        yield _UNCHECKED.in_language(language)
