"""Texts: the exact words of an explanation, its questions, and the digests that hold both to what they were.

A text is named ``topic.language.version``, such as ``monitoring.ko.v1``. Versions ``v1``, ``v2``, … are shipped with
the registry; any other is an operator's own. What a name stands for never changes: new words are a new version.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from registry.domain.consents import Modality
from registry.domain.explanations.reading import ReadingLevel, reading_level
from registry.domain.explanations.topics import Topic
from registry.errors import InvalidInputError

REQUIRED_QUESTIONS = 3
"""Comprehension questions of every text but that of `Topic.FORGET_ME`, which has none."""

_LEAST_OPTIONS = 2
_SHIPPED = re.compile(r"v[1-9][0-9]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_OWN = re.compile(r"(?!v[0-9])[a-z0-9](-?[a-z0-9]){0,29}")


@dataclass(frozen=True, slots=True)
class Question:
    """One comprehension question.

    Attributes:
        question: as it is asked.
        options: what may be answered, two or more.
        right: number of the option that shows understanding, from 1.
        teaches: what is said after any other answer.
    """

    question: str
    options: tuple[str, ...]
    right: int
    teaches: str

    def __post_init__(self) -> None:
        if len(self.options) < _LEAST_OPTIONS or len(set(self.options)) < len(self.options):
            raise InvalidInputError(
                f"“{self.question}” needs {_LEAST_OPTIONS} options or more, all different", options=len(self.options)
            )
        if not 1 <= self.right <= len(self.options):
            raise InvalidInputError(
                f"“{self.question}” has {len(self.options)} options; the right one cannot be {self.right}",
                options=len(self.options),
                right=self.right,
            )
        if not all(part.strip() for part in (self.question, self.teaches, *self.options)):
            raise InvalidInputError("a question, its options and what it teaches are never empty")

    def as_json(self) -> dict[str, object]:
        """Answer the question as it is stored."""
        return {
            "question": self.question,
            "options": list(self.options),
            "right": self.right,
            "teaches": self.teaches,
        }

    @classmethod
    def of_json(cls, stored: Mapping[str, Any]) -> Question:
        """Read what `as_json` wrote."""
        return cls(str(stored["question"]), tuple(map(str, stored["options"])), int(stored["right"]), stored["teaches"])


@dataclass(frozen=True, slots=True)
class ExplanationText:
    """The exact words of one explanation.

    Attributes:
        topic: what it explains.
        language: BCP 47 tag.
        version: ``v1``, ``v2``, … when shipped; otherwise a name that the operator gave it.
        modalities: what it speaks of: the voice, the face, or both.
        text: in Markdown.
        questions: three or more; none for `Topic.FORGET_ME`.
    """

    topic: Topic
    language: str
    version: str
    modalities: frozenset[Modality]
    text: str
    questions: tuple[Question, ...]

    def __post_init__(self) -> None:
        if not self.text.strip() or not self.modalities:
            raise InvalidInputError("a text has words, and speaks of the voice, the face or both")
        if not _LANGUAGE.fullmatch(self.language):
            raise InvalidInputError(f"{self.language} is not a BCP 47 tag, such as ko or en-GB", language=self.language)
        wanted = 0 if self.topic is Topic.FORGET_ME else REQUIRED_QUESTIONS
        if len(self.questions) < wanted or (not wanted and self.questions):
            raise InvalidInputError(
                f"a text on {self.topic.value} has {wanted} questions{' or more' if wanted else ''}, "
                f"not {len(self.questions)}",
                questions=len(self.questions),
                required=wanted,
            )

    @property
    def id(self) -> str:
        """The name that never stands for other words."""
        return f"{self.topic.value}.{self.language}.{self.version}"

    @property
    def is_shipped(self) -> bool:
        """Whether it came with the registry."""
        return _SHIPPED.fullmatch(self.version) is not None

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text in UTF-8: of exactly the bytes that the performer gets as a copy."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def questions_sha256(self) -> str:
        """SHA-256 of the questions and modalities, as `questions_json` writes them."""
        return hashlib.sha256(questions_json(self.modalities, self.questions).encode()).hexdigest()

    @property
    def reading_level(self) -> ReadingLevel:
        """How hard it is to read."""
        return reading_level(self.text, self.language)


def require_own_version(version: str) -> None:
    """Refuse a version that an operator may not give to a text of their own.

    Raises:
        InvalidInputError: it is of another form, or one of those that are shipped.
    """
    if not _OWN.fullmatch(version):
        raise InvalidInputError(
            f"“{version}” cannot name a text of your own: it takes 1 to 30 lower-case letters, digits and single "
            "hyphens between them, and v with a number is for texts that come with the registry",
            version=version,
        )


def questions_json(modalities: frozenset[Modality], questions: Sequence[Question]) -> str:
    """Write questions in the one way that their digest is taken of."""
    document = {
        "modalities": sorted(modality.value for modality in modalities),
        "questions": [question.as_json() for question in questions],
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
