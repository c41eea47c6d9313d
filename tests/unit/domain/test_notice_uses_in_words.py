"""Uses that were considered stand on a page in words, and in the document of a notice by their keys, as before."""

from __future__ import annotations

import pytest

from registry.domain.conclusions import Conclusion
from registry.domain.notice_document import NoticeContent, Part, considered_in_words, documents_of, parts_of
from registry.domain.notice_reading import read_notice
from registry.domain.reviews import Considered, Exclusion
from registry.domain.rules.notice_packs import notice_packs

CONTENT = NoticeContent(
    notice_id="ntc_1",
    case_id="case_1",
    pack=notice_packs()[0],
    language="en",
    recipient="Northlight Games",
    product="Sky",
    elements={},
    affirmed=[],
    materials=[],
    considered=[
        Considered(Exclusion.NEWS, applies=False, reason="It is a game.\nnews: nowhere in it."),
        Considered(Exclusion.FLEETING, applies=False, reason="fleeting: it speaks for hours."),
    ],
    conclusion=Conclusion.SUPPORTS_P,
    rests_on="both",
    grounds="news: so it is.",
)
REASONS = "news: It is a game.\nnews: nowhere in it.\nfleeting: fleeting: it speaks for hours."


def quoted(parts: tuple[Part, ...]) -> list[str]:
    return [part.quoted.strip() for part in parts if part.quoted]


def test_the_document_keeps_the_keys_and_a_page_says_them_in_words() -> None:
    read = read_notice(documents_of(CONTENT).text, "en")
    assert read is not None
    assert REASONS in quoted(tuple(read.parts))
    shown = quoted(considered_in_words(read.parts, "en"))
    assert shown[-1] == (
        "News, public affairs or sport: It is a game.\nnews: nowhere in it.\nFleeting: fleeting: it speaks for hours."
    )


@pytest.mark.parametrize(("language", "word"), [("en", "Fleeting: "), ("ko", "순간적인 이용: ")])
def test_each_use_is_called_as_the_registry_calls_it_in_that_language(language: str, word: str) -> None:
    shown = quoted(considered_in_words(parts_of(CONTENT, language)[1], language))
    assert word in shown[-1]
    assert shown[:-1] == quoted(parts_of(CONTENT, language)[1])[:-1]
