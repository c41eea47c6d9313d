"""Explanations: what a performer was told, in which words, and what they understood of it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, Language, Line, Moment, Note, Page, Prose
from api.schemas.examples import Example
from api.schemas.performers import PerformerPath
from registry.domain import consents
from registry.domain.consents import ConsentPurpose, Modality

_ANSWERS: list[Example] = [
    {"question": "What is kept of your voice?", "answer": "Numbers, sealed; not the recordings.", "understood": True},
    {"question": "Who is told that it was found?", "answer": "Whoever asked, and I am.", "understood": True},
    {"question": "How do you end it?", "answer": "I withdraw, and it is gone at once.", "understood": True},
]
_GIVEN: Example = {
    "purpose": "monitoring",
    "modality": "voice",
    "language": "en",
    "text": "We keep a template of your voice and look for it in recordings that studios submit. …",
    "explained_by": "Jo Arden, trust officer",
    "channel": "video_call",
    "duration_s": 780.0,
    "answers": _ANSWERS,
    "copy_delivered_at": examples.NOW,
}
_EXAMPLE: Example = {
    "id": examples.EXPLANATION,
    "performer_id": examples.PERFORMER,
    **_GIVEN,
    "text_sha256": examples.DIGEST,
    "recorded_by": examples.ACCOUNT,
    "recorded_at": examples.NOW,
}


class Channel(StrEnum):
    """How something was explained."""

    IN_PERSON = "in_person"
    VIDEO_CALL = "video_call"
    TELEPHONE = "telephone"
    SELF_SERVICE = "self_service"


class ExplanationPath(PerformerPath):
    """Which explanation to which performer."""

    explanation_id: str = Field(examples=[examples.EXPLANATION])


class GivenAnswer(Body):
    """One comprehension question, and what the performer answered."""

    question: Note
    answer: Note
    understood: bool = Field(description="Whether the answer showed understanding.")

    def value(self) -> consents.Answer:
        """Answer it as the rules take it."""
        return consents.Answer(self.question, self.answer, self.understood)


class NewExplanation(Body):
    """An explanation that was given."""

    model_config = ConfigDict(json_schema_extra={"examples": [_GIVEN]})

    purpose: ConsentPurpose
    modality: Modality
    language: Language
    text: Prose = Field(description="The exact words.")
    explained_by: Line
    channel: Channel
    duration_s: float = Field(ge=0, le=86_400, description="Seconds spent on it.")
    answers: list[GivenAnswer] = Field(max_length=50)
    copy_delivered_at: Moment | None = Field(default=None, description="When the performer got a copy.")


class AnswerOut(Answer):
    """One comprehension question, and what the performer answered."""

    question: str
    answer: str
    understood: bool


class ExplanationOut(Answer):
    """An explanation, as it was given. It is never changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    purpose: ConsentPurpose
    modality: Modality
    language: str
    text: str
    text_sha256: str
    explained_by: str
    channel: Channel
    duration_s: float
    answers: list[AnswerOut]
    copy_delivered_at: Moment | None
    recorded_by: str
    recorded_at: Moment


class ExplanationPage(Page):
    """Every explanation given to the performer, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[ExplanationOut]
