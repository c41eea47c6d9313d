"""The course of an explanation: begun, read, answered, delivered, complete. Nothing of it can be left out.

::

    read ──▶ answer ──▶ deliver ──▶ complete ──▶ (done)
      ⟳ any number of times     ⟳ until each question was understood

A person can stop anywhere and come back: the record says what comes next.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from registry.domain.choices import LicensingChoices
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.explanations.texts import Question
from registry.domain.explanations.topics import Topic, required_topics
from registry.errors import ConflictError, ExplanationIncompleteError, InvalidInputError

LONGEST_READING = timedelta(hours=1)
"""What one sitting counts for at most: a page left open overnight was not read all night."""


class Channel(StrEnum):
    """How something is explained."""

    IN_PERSON = "in_person"
    VIDEO_CALL = "video_call"
    TELEPHONE = "telephone"
    SELF_SERVICE = "self_service"  # the performer reads alone, and the registry counts the time


class CopyMethod(StrEnum):
    """How the performer got a copy of the text."""

    DOWNLOAD = "download"
    EMAIL = "email"
    POST = "post"
    BY_HAND = "by_hand"


class Step(StrEnum):
    """What comes next."""

    READ = "read"
    ANSWER = "answer"
    DELIVER = "deliver"
    COMPLETE = "complete"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One answer to one question. Every attempt is kept.

    Attributes:
        number: of the question, from 1; None in records of before there were numbered texts.
        question, answer: in words.
        understood: whether the answer showed understanding.
        at: when, or None in old records.
    """

    number: int | None
    question: str
    answer: str
    understood: bool
    at: datetime | None

    def as_json(self) -> dict[str, object]:
        """Answer the attempt as it is stored."""
        return {
            "number": self.number,
            "question": self.question,
            "answer": self.answer,
            "understood": self.understood,
            "at": None if self.at is None else self.at.isoformat(),
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Attempt:
        """Read what `as_json` wrote, or an old record without number and moment."""
        at = stored.get("at")
        return cls(
            stored.get("number"),
            str(stored["question"]),
            str(stored["answer"]),
            bool(stored["understood"]),
            None if at is None else datetime.fromisoformat(at),
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a performer was told before deciding, and how far that has come.

    Attributes:
        id: of the record.
        topic: what was explained; None in records of before there were topics, which carry no new consent.
        modality: of voice and face, what it was about.
        text_id: which text, in which language and version; None as `topic`.
        questions: of the text.
        duration_s: time spent on reading.
        attempts: every answer, in order.
        read_at: when reading was finished, or None.
        copy_delivered_at: when the performer got a copy, or None.
        completed_at: when it was complete, or None.
        read_alone_by: the account that read the text and answered by itself; None where somebody explained it.
    """

    id: str
    topic: Topic | None
    modality: Modality
    text_id: str | None
    questions: Sequence[Question]
    duration_s: float
    attempts: Sequence[Attempt]
    read_at: datetime | None
    copy_delivered_at: datetime | None
    completed_at: datetime | None
    read_alone_by: str | None = None

    @property
    def not_understood(self) -> list[int]:
        """Numbers of the questions that no answer has shown to be understood yet."""
        understood = {attempt.number for attempt in self.attempts if attempt.understood}
        return [number for number in range(1, len(self.questions) + 1) if number not in understood]

    @property
    def next_step(self) -> Step:
        """What comes next."""
        if self.completed_at is not None:
            return Step.DONE
        if self.read_at is None:
            return Step.READ
        if self.not_understood:
            return Step.ANSWER
        return Step.DELIVER if self.copy_delivered_at is None else Step.COMPLETE


def answer_question(explanation: Explanation, number: int, option: int, now: datetime) -> tuple[Attempt, str | None]:
    """Judge an answer to a question.

    Args:
        explanation: whose text has been read.
        number: of the question, from 1.
        option: that was chosen, from 1.
        now: the moment.

    Returns:
        The attempt to keep, and what teaches when it did not show understanding.

    Raises:
        ConflictError: the text has not been read, or the explanation is complete; figure ``next_step``.
        InvalidInputError: there is no such question or option.
    """
    require_open(explanation)
    if explanation.read_at is None:
        raise ConflictError("the text comes first, then the questions", next_step=Step.READ.value)
    if not 1 <= number <= len(explanation.questions):
        raise InvalidInputError(f"there is no question {number}", question=number, questions=len(explanation.questions))
    asked = explanation.questions[number - 1]
    if not 1 <= option <= len(asked.options):
        raise InvalidInputError(
            f"question {number} has {len(asked.options)} options, not {option}",
            option=option,
            options=len(asked.options),
        )
    understood = option == asked.right
    attempt = Attempt(number, asked.question, asked.options[option - 1], understood, now)
    return attempt, None if understood else asked.teaches


def require_open(explanation: Explanation) -> None:
    """Refuse to change an explanation that is complete.

    Raises:
        ConflictError: figure ``next_step``.
    """
    if explanation.completed_at is not None or explanation.text_id is None:
        raise ConflictError("the explanation is complete; it is never changed", next_step=Step.DONE.value)


def require_complete(explanation: Explanation) -> None:
    """Refuse to call an explanation complete that lacks something.

    Raises:
        ExplanationIncompleteError: figure ``missing`` names everything it lacks.
    """
    if missing := list(lacks(explanation)):
        raise ExplanationIncompleteError(
            f"the explanation {explanation.id} lacks something: {'; '.join(missing)}", missing=missing
        )


def lacks(explanation: Explanation) -> Iterator[str]:
    """Name everything an explanation lacks before a consent can rest on it, but for being called complete."""
    if explanation.topic is None or explanation.text_id is None:
        yield "no registered text is named"
    if explanation.read_at is None:
        yield "the text was not read"
    if explanation.duration_s <= 0:
        yield "no time was spent on it"
    for number in explanation.not_understood:
        yield f"question {number} was not answered with understanding"
    if explanation.copy_delivered_at is None:
        yield "no copy was delivered"


@dataclass(frozen=True, slots=True)
class Rest:
    """What a consent is to rest on explanations for, and which of them can carry it.

    Attributes:
        purpose, modality: of the consent.
        choices: of a consent to licensing.
        signer: the account that signs with what it has understood itself; None where what somebody else has signed is
            written down.
        anew_since: when everything was last to be explained anew: at the latest withdrawal of such a consent, at being
            forgotten, on coming of age; None when never.
    """

    purpose: ConsentPurpose
    modality: Modality
    choices: LicensingChoices
    signer: str | None = None
    anew_since: datetime | None = None

    def problems(self, explanation: Explanation) -> Iterator[str]:
        """Name why an explanation cannot carry the consent; nothing when it can."""
        if explanation.modality is not self.modality:
            yield f"{explanation.id} was about the {explanation.modality.value}, not the {self.modality.value}"
        elif explanation.completed_at is None:
            yield from (f"{explanation.id}: {lack}" for lack in list(lacks(explanation)) or ["it was not completed"])
        elif explanation.read_alone_by is not None and self.signer not in {None, explanation.read_alone_by}:
            yield f"{explanation.id} was read and answered by somebody else than who signs"
        elif self.anew_since is not None and explanation.completed_at < self.anew_since:
            yield (
                f"{explanation.id} was completed on {explanation.completed_at.isoformat()}; what changed on "
                f"{self.anew_since.isoformat()} asks for everything to be explained anew"
            )


def require_explained(explanations: Iterable[Explanation], rest: Rest) -> None:
    """Refuse a consent that does not rest on everything it needs to have been explained.

    Args:
        explanations: those the consent is to rest on.
        rest: what for, and which can carry it.

    Raises:
        ExplanationIncompleteError: figure ``missing`` names everything that is missing, and ``topics`` what is to be
            explained.
    """
    found = {each.id: (each, list(rest.problems(each))) for each in explanations}
    understood = {each.topic for each, problems in found.values() if not problems}
    topics = sorted(required_topics(rest.purpose, rest.choices) - understood)
    missing = [problem for _, problems in found.values() for problem in problems]
    missing += [f"{topic.value} was not explained" for topic in topics]
    if topics:
        raise ExplanationIncompleteError(
            f"this consent cannot rest on what was explained: {'; '.join(missing)}",
            missing=missing,
            topics=[topic.value for topic in topics],
        )
