"""What somebody is told before they agree to be one of many: files of the package, pinned by their digests.

They are part of the program, as its code is. Whoever changes the words makes a new version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from registry.domain.explanations.reading import ReadingLevel, reading_level
from registry.domain.explanations.texts import Question
from registry.errors import AnswerNotUnderstoodError, ExplanationIncompleteError, ExplanationTextChangedError

_TEXTS: Final = files("registry.domain.cohorts") / "texts"
_PINNED: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "cohort.en.v1": (
            "c9b5f8a423e53716f984fa87a2a9196e67f6073ed24855164bbc4c19363340dc",
            "d1f5116926a729215b153776ac2317f48d8acefc9c2fef165375ea68ff80e5fb",
        ),
        "cohort.ko.v1": (
            "1b786891fd2653125f839341800de8e42703d0fc9e0770a1e703c427ca28915a",
            "395309aa6e8ae4e78b7be0c4896e3829dcac0fe0551f5306edde7c54d5d461d8",
        ),
    }
)
"""SHA-256 of the words and of the questions, by the name of the text."""


@dataclass(frozen=True, slots=True)
class CohortText:
    """One text, with its questions.

    Attributes:
        id: the name that never stands for other words.
        language: BCP 47 tag.
        text: in Markdown.
        questions: that show whether it was understood.
    """

    id: str
    language: str
    text: str
    questions: tuple[Question, ...]

    @property
    def text_sha256(self) -> str:
        """SHA-256 of the text in UTF-8: of exactly the bytes that somebody gets as a copy."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def reading_level(self) -> ReadingLevel:
        """How hard it is to read."""
        return reading_level(self.text, self.language)


@cache
def cohort_texts() -> Mapping[str, CohortText]:
    """Answer every text, by its name.

    Raises:
        ExplanationTextChangedError: one is not the text that was shipped; figure ``text_id``.
    """
    return MappingProxyType({name: _read(name, pinned) for name, pinned in _PINNED.items()})


def _read(name: str, pinned: tuple[str, str]) -> CohortText:
    words, asked = ((_TEXTS / f"{name}.{kind}").read_bytes() for kind in ("md", "json"))
    if (hashlib.sha256(words).hexdigest(), hashlib.sha256(asked).hexdigest()) != pinned:
        raise ExplanationTextChangedError(
            f"the text {name} is not the one that was shipped under this name", text_id=name
        )
    questions = tuple(Question.of_json(each) for each in json.loads(asked)["questions"])
    return CohortText(name, name.split(".")[1], words.decode("utf-8"), questions)


def require_understood(text_id: str, text_sha256: str, answers: Sequence[int]) -> None:
    """Refuse an agreement of somebody who was not shown a text, or has not understood it.

    Raises:
        ExplanationIncompleteError: another text, other words, or not every question was answered.
        AnswerNotUnderstoodError: an answer does not show understanding; figures ``questions`` and ``teaches``.
    """
    text = cohort_texts().get(text_id)
    if text is None or text.text_sha256 != text_sha256 or len(answers) != len(text.questions):
        raise ExplanationIncompleteError(
            "show the text on being one of many first, ask its questions, and give its id, its digest and the answers "
            "back",
            missing=["the text on being one of many was not shown"],
            topics=["cohort"],
        )
    wrong = [n for n, (asked, given) in enumerate(zip(text.questions, answers, strict=True), 1) if given != asked.right]
    if wrong:
        raise AnswerNotUnderstoodError(
            f"the answer to question {wrong[0]} does not show that the text was understood",
            questions=[f"{number}" for number in wrong],
            teaches=[text.questions[number - 1].teaches for number in wrong],
        )
