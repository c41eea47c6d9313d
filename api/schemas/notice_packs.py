"""Forms of notices: what each has to contain, and its terms."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import (
    Answer,
    Page,
)
from api.schemas.examples import Example
from registry.domain.rules.notice_packs import (
    Element,
    ElementKind,
    KnownFrom,
    NoticePack,
    NoticeTerm,
    TakenFrom,
    Term,
)
from registry.domain.rules.packs import Standing
from registry.domain.rules.texts import Text

_TEXT: Example = {"en": "Signature", "ko": "서명"}
_PACK: Example = {
    "id": "us_no_fakes_2025",
    "edition": 1,
    "title": _TEXT,
    "jurisdiction": "US",
    "standing": "pending",
    "effective_from": "2025-04-09",
    "source": "H.R. 2794, 119th Congress, as introduced on 9 April 2025",
    "remark": _TEXT,
    "counter_notarised": "secondary_text",
    "terms": [{"id": "put_back", "days": 14, "meaning": _TEXT, "citation": "H.R. 2794", "known_from": "primary_text"}],
    "elements": [
        {
            "key": "signature",
            "kind": "signature",
            "label": _TEXT,
            "asked": _TEXT,
            "words": None,
            "taken_from": None,
            "citation": "H.R. 2794, notice (A)",
            "known_from": "primary_text",
        }
    ],
    "sha256": examples.DIGEST,
}


class TextOut(Answer):
    """One text in both languages."""

    en: str
    ko: str

    @classmethod
    def of(cls, text: Text) -> TextOut:
        """Describe a text."""
        return cls(en=text.en, ko=text.ko)


class ElementOut(Answer):
    """One thing that a notice has to contain, and who asks for it."""

    key: str
    kind: ElementKind
    label: TextOut
    asked: TextOut
    words: TextOut | None = Field(description="The statement itself, for one.")
    taken_from: TakenFrom | None = Field(description="What of the case it is first filled in from.")
    citation: str
    known_from: KnownFrom = Field(description="How it is known that this is asked; `memory` is to be verified.")

    @classmethod
    def of(cls, element: Element) -> ElementOut:
        """Describe an element."""
        return cls(
            key=element.key,
            kind=element.kind,
            label=TextOut.of(element.label),
            asked=TextOut.of(element.asked),
            words=None if element.words is None else TextOut.of(element.words),
            taken_from=element.taken_from,
            citation=element.source.citation,
            known_from=element.source.known_from,
        )


class NoticeTermOut(Answer):
    """A time that a law sets."""

    id: Term
    days: int
    meaning: TextOut
    citation: str
    known_from: KnownFrom

    @classmethod
    def of(cls, term: NoticeTerm) -> NoticeTermOut:
        """Describe a term."""
        return cls(
            id=term.id,
            days=term.days,
            meaning=TextOut.of(term.meaning),
            citation=term.source.citation,
            known_from=term.source.known_from,
        )


class NoticePackOut(Answer):
    """A form that notices follow, as one law has it."""

    id: str
    edition: int
    title: TextOut
    jurisdiction: str
    standing: Standing
    effective_from: date
    source: str
    remark: TextOut
    counter_notarised: KnownFrom | None = Field(
        description="How it is known that a counter-statement has to be notarised; null where nothing says so."
    )
    terms: list[NoticeTermOut]
    elements: list[ElementOut]
    sha256: str

    @classmethod
    def of(cls, pack: NoticePack) -> NoticePackOut:
        """Describe a pack."""
        return cls(
            id=pack.id,
            edition=pack.edition,
            title=TextOut.of(pack.title),
            jurisdiction=pack.jurisdiction,
            standing=pack.standing,
            effective_from=pack.effective_from,
            source=pack.source,
            remark=TextOut.of(pack.remark),
            counter_notarised=pack.counter_notarised,
            terms=[NoticeTermOut.of(each) for each in pack.terms],
            elements=[ElementOut.of(each) for each in pack.elements],
            sha256=pack.sha256,
        )


class NoticePackPage(Page):
    """Every form that a notice can follow."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_PACK], "next_cursor": None}]})

    items: list[NoticePackOut]
