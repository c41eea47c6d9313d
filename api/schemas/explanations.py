"""Explanations: what a performer was told, in which words, and how far it has come."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, Language, Line, Moment, Page, Version
from api.schemas.examples import Example
from api.schemas.explanation_texts import QuestionOut, TextId
from api.schemas.performers import PerformerPath
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.explanations.course import Channel, CopyMethod, Step
from registry.domain.explanations.topics import Topic
from registry.store.consents import Explanation

_BEGUN: Example = {"topic": "monitoring", "modality": "voice", "language": "ko", "channel": "self_service"}
_TOLD: Example = {
    "text_id": "monitoring.en.v1",
    "modality": "voice",
    "explained_by": "Jo Arden, trust officer",
    "channel": "video_call",
    "duration_s": 780.0,
    "answers": [2, 1, 3],
    "copy_delivered_at": examples.NOW,
    "copy_method": "email",
}
_ATTEMPT: Example = {
    "number": 1,
    "question": "What does the registry keep of your voice?",
    "answer": "A locked list of numbers; the recordings are deleted",
    "understood": True,
    "at": examples.NOW,
}
_EXAMPLE: Example = {
    "id": examples.EXPLANATION,
    "performer_id": examples.PERFORMER,
    "topic": "monitoring",
    "purpose": "monitoring",
    "modality": "voice",
    "language": "en",
    "text_id": "monitoring.en.v1",
    "text": "# Looking for your voice\n\nYou are being asked whether this registry may look for your voice. …",
    "text_sha256": examples.DIGEST,
    "questions": [
        {
            "number": 1,
            "question": "What does the registry keep of your voice?",
            "options": ["The recordings that I send", "A locked list of numbers; the recordings are deleted"],
        }
    ],
    "explained_by": "Jo Arden, trust officer",
    "channel": "video_call",
    "duration_s": 780.0,
    "answers": [_ATTEMPT],
    "read_at": examples.NOW,
    "copy_delivered_at": examples.NOW,
    "copy_method": "email",
    "completed_at": examples.NOW,
    "next_step": "done",
    "recorded_by": examples.ACCOUNT,
    "recorded_at": examples.NOW,
    "version": 5,
}


class ExplanationPath(PerformerPath):
    """Which explanation to which performer."""

    explanation_id: str = Field(examples=[examples.EXPLANATION])


class NewExplanation(Body):
    """An explanation that begins now."""

    model_config = ConfigDict(json_schema_extra={"examples": [_BEGUN]})

    topic: Topic
    modality: Modality
    language: Language
    channel: Channel = Field(description="With `self_service` the performer reads alone, and the time is counted.")
    explained_by: Line | None = Field(default=None, description="Who explains; left out with `self_service`.")
    text_id: TextId | None = Field(default=None, description="The newest shipped text when left out.")


class Told(Body):
    """An explanation that was given elsewhere, such as on paper, with a registered text."""

    model_config = ConfigDict(json_schema_extra={"examples": [_TOLD]})

    text_id: TextId
    modality: Modality
    explained_by: Line
    channel: Channel
    duration_s: float = Field(gt=0, le=86_400, description="Seconds spent on it.")
    answers: list[int] = Field(max_length=10, description="The chosen option of each question, in order, from 1.")
    copy_delivered_at: Moment
    copy_method: CopyMethod


class Reading(Body):
    """That the text has been read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"duration_s": 780.0}]})

    duration_s: float | None = Field(
        default=None,
        gt=0,
        le=86_400,
        description="Seconds spent, as stated by whoever explained; left out with `self_service`.",
    )


class GivenAnswer(Body):
    """The answer to one comprehension question."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"question": 1, "option": 2}]})

    question: int = Field(ge=1, le=100, description="Number of the question.")
    option: int = Field(ge=1, le=100, description="Number of the chosen option, from 1.")


class Delivery(Body):
    """That the performer has got a copy."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"method": "download"}]})

    method: CopyMethod


class AttemptOut(Answer):
    """One answer to one question. Every attempt is kept."""

    number: int | None = Field(description="Of the question; null in records of before texts had numbered questions.")
    question: str
    answer: str
    understood: bool
    at: Moment | None


class ExplanationOut(Answer):
    """An explanation, and how far it has come. Once complete it is never changed."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    topic: Topic | None = Field(description="Null in records of before there were registered texts.")
    purpose: ConsentPurpose | None = Field(description="That the topic is about; null when about every one.")
    modality: Modality
    language: str
    text_id: str | None
    text: str
    text_sha256: str
    questions: list[QuestionOut]
    explained_by: str
    channel: Channel
    duration_s: float
    answers: list[AttemptOut] = Field(description="Every attempt, in order.")
    read_at: Moment | None
    copy_delivered_at: Moment | None
    copy_method: CopyMethod | None
    completed_at: Moment | None
    next_step: Step
    recorded_by: str
    recorded_at: Moment
    version: Version

    @classmethod
    def of(cls, explanation: Explanation) -> ExplanationOut:
        """Describe an explanation."""
        value = explanation.value()
        return cls(
            id=explanation.id,
            performer_id=explanation.performer_id,
            topic=explanation.topic,
            purpose=explanation.purpose,
            modality=explanation.modality,
            language=explanation.language,
            text_id=explanation.text_id,
            text=explanation.text,
            text_sha256=explanation.text_sha256,
            questions=QuestionOut.all_of(tuple(value.questions)),
            explained_by=explanation.explained_by,
            channel=Channel(explanation.channel),
            duration_s=explanation.duration_s,
            answers=[AttemptOut.model_validate(attempt) for attempt in value.attempts],
            read_at=explanation.read_at,
            copy_delivered_at=explanation.copy_delivered_at,
            copy_method=explanation.copy_method,
            completed_at=explanation.completed_at,
            next_step=value.next_step,
            recorded_by=explanation.recorded_by,
            recorded_at=explanation.recorded_at,
            version=explanation.version,
        )


class AnswerResult(Answer):
    """What became of an answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"understood": True, "teaches": None, "answer": _ATTEMPT, "explanation": _EXAMPLE}]
        }
    )

    understood: bool
    teaches: str | None = Field(description="What to know, when the answer did not show understanding.")
    answer: AttemptOut
    explanation: ExplanationOut


class ExplanationPage(Page):
    """Every explanation given to the performer, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[ExplanationOut]
