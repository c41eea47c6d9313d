"""Texts that come with the registry: files of the package, pinned by their digests in ``texts/index.json``.

They are part of the program, as its code is: a text whose bytes are not the pinned ones is not used, and whoever
changes the words makes a new version.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from registry.domain.consents import Modality
from registry.domain.explanations.texts import ExplanationText, Question
from registry.domain.explanations.topics import Topic
from registry.errors import ExplanationTextChangedError

_TEXTS = files("registry.domain.explanations") / "texts"


@cache
def shipped_texts() -> Mapping[str, ExplanationText]:
    """Answer every text that comes with the registry, by its id.

    Raises:
        ExplanationTextChangedError: a text or its questions are not those that the index pins; figure ``text_id``.
    """
    index = json.loads((_TEXTS / "index.json").read_text(encoding="utf-8"))
    return MappingProxyType({text.id: text for text in map(_pinned, index["texts"])})


def _pinned(entry: Mapping[str, str]) -> ExplanationText:
    text = read_text(entry["id"])
    if (text.text_sha256, text.questions_sha256) != (entry["text_sha256"], entry["questions_sha256"]):
        raise ExplanationTextChangedError(
            f"the text {text.id} is not the one that was shipped under this name", text_id=text.id
        )
    return text


def read_text(text_id: str) -> ExplanationText:
    """Read the files of a text, whatever the index says of them."""
    topic, language, version = text_id.split(".")
    asked = json.loads((_TEXTS / f"{text_id}.json").read_text(encoding="utf-8"))
    return ExplanationText(
        topic=Topic(topic),
        language=language,
        version=version,
        modalities=frozenset(Modality(each) for each in asked["modalities"]),
        text=(_TEXTS / f"{text_id}.md").read_bytes().decode("utf-8"),
        questions=tuple(Question.of_json(each) for each in asked["questions"]),
    )


def names_of_files() -> Iterator[str]:
    """Answer the id of every text whose file is there, pinned or not."""
    return (entry.name.removesuffix(".md") for entry in _TEXTS.iterdir() if entry.name.endswith(".md"))
