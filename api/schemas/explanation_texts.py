"""Explanation texts: the exact words, their digest, and the questions that go with them."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas import examples
from api.schemas.base import Answer, Body, Language, Note, Page, Path, Prose, Query, omissible
from api.schemas.examples import Example
from registry.domain.consents import Modality
from registry.domain.explanations.texts import ExplanationText, Question
from registry.domain.explanations.topics import Topic

_QUESTION: Example = {
    "question": "What does the registry keep of your voice?",
    "options": ["The recordings that I send", "A locked list of numbers", "A copy of my voice"],
}
_NEW: Example = {
    "topic": "monitoring",
    "language": "en",
    "version": "northlight-1",
    "modalities": ["voice"],
    "text": "# Looking for your voice\n\nWe keep a list of numbers that says how your voice differs from others. …",
    "questions": [
        {**_QUESTION, "right": 2, "teaches": "It keeps a list of numbers; the recordings are deleted."},
        {
            "question": "Can a result be wrong?",
            "options": ["Yes", "No"],
            "right": 1,
            "teaches": "Every result is evidence, and evidence can be wrong.",
        },
        {
            "question": "How do you end it?",
            "options": ["I cannot", "With one action"],
            "right": 2,
            "teaches": "With one action, at any time.",
        },
    ],
}
_LISTED: Example = {
    "id": "monitoring.en.v1",
    "topic": "monitoring",
    "language": "en",
    "version": "v1",
    "modalities": ["voice"],
    "text_sha256": examples.DIGEST,
    "questions_sha256": examples.DIGEST,
    "reading_level": {"measure": "flesch_kincaid_grade", "value": 3.7},
    "shipped": True,
}
_EXAMPLE: Example = _LISTED | {"text": _NEW["text"], "questions": [{"number": 1, **_QUESTION}]}

TextId = Annotated[
    str,
    StringConstraints(max_length=120, pattern=r"^[a-z_]+\.[A-Za-z0-9-]+\.[a-z0-9-]+$"),
    Field(description="Name of a text: topic, language and version, such as `monitoring.ko.v1`."),
]


class TextPath(Path):
    """Which text."""

    text_id: str = Field(examples=["monitoring.en.v1"])


class ExplanationTextQuery(Query):
    """Which texts."""

    topic: Topic | None = omissible(description="Only those on this.")
    language: str | None = omissible(max_length=35, description="Only those in this language.", examples=["ko"])


class NewQuestion(Body):
    """One comprehension question."""

    question: Note
    options: list[Note] = Field(min_length=2, max_length=6)
    right: int = Field(ge=1, le=6, description="Number of the option that shows understanding, from 1.")
    teaches: Note = Field(description="What is said after any other answer.")

    def value(self) -> Question:
        """Answer the question as the rules take it."""
        return Question(self.question, tuple(self.options), self.right, self.teaches)


class NewText(Body):
    """A text of the operator's own. It is never changed: new words are a new version."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    topic: Topic
    language: Language
    version: str = Field(max_length=40, description="Yours to choose; `v1`, `v2`, … are those that are shipped.")
    modalities: list[Modality] = Field(min_length=1, max_length=2)
    text: Prose = Field(description="In Markdown.")
    questions: list[NewQuestion] = Field(max_length=10, description="Three or more.")

    def value(self) -> ExplanationText:
        """Answer the text as the rules take it."""
        return ExplanationText(
            topic=self.topic,
            language=self.language,
            version=self.version,
            modalities=frozenset(self.modalities),
            text=self.text,
            questions=tuple(question.value() for question in self.questions),
        )


class ReadingLevelOut(Answer):
    """How hard a text is to read, by a measure that is named."""

    measure: str = Field(description="`flesch_kincaid_grade`, `eojeol_per_sentence` or `not_measured`.")
    value: float | None


class QuestionOut(Answer):
    """A question as it is asked."""

    number: int = Field(ge=1)
    question: str
    options: list[str]

    @classmethod
    def all_of(cls, questions: tuple[Question, ...]) -> list[QuestionOut]:
        """Describe the questions of a text, without saying which option is right."""
        return [
            cls(number=number, question=asked.question, options=list(asked.options))
            for number, asked in enumerate(questions, 1)
        ]


class TextListed(Answer):
    """A text, without its words."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LISTED]})

    id: str
    topic: Topic
    language: str
    version: str
    modalities: list[Modality]
    text_sha256: str = Field(description="Of the words in UTF-8: of the very bytes of the copy.")
    questions_sha256: str
    reading_level: ReadingLevelOut
    shipped: bool = Field(description="Whether it came with the registry; otherwise an operator registered it.")

    @classmethod
    def of(cls, text: ExplanationText) -> TextListed:
        """Describe a text."""
        return cls(
            id=text.id,
            topic=text.topic,
            language=text.language,
            version=text.version,
            modalities=sorted(text.modalities),
            text_sha256=text.text_sha256,
            questions_sha256=text.questions_sha256,
            reading_level=ReadingLevelOut.model_validate(text.reading_level),
            shipped=text.is_shipped,
        )


class ExplanationTextOut(TextListed):
    """A text, word for word, with its questions."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    text: str
    questions: list[QuestionOut]

    @classmethod
    def of(cls, text: ExplanationText) -> ExplanationTextOut:
        """Describe a text with its words."""
        listed = TextListed.of(text).model_dump()
        return cls(**listed, text=text.text, questions=QuestionOut.all_of(text.questions))


class TextPage(Page):
    """Every text, by name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_LISTED], "next_cursor": None}]})

    items: list[TextListed]
