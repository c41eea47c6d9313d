"""Explanation texts: pinned word for word, in Korean and English, three questions each, no harder than they must be."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from hashlib import sha256

import pytest

from registry.domain.choices import NOTHING, Disposition, LicensingChoices
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.explanations import shipped
from registry.domain.explanations.reading import reading_level
from registry.domain.explanations.shipped import names_of_files, read_text, shipped_texts
from registry.domain.explanations.texts import ExplanationText, Question, require_own_version
from registry.domain.explanations.topics import TOPIC_OF_USE, Topic, required_topics
from registry.domain.uses import UsePurpose
from registry.errors import ExplanationTextChangedError, InvalidInputError

LANGUAGES = ("en", "ko")
EASIEST_FOR_MOST = 6.0
"""US school grade; plain-language advice for the public is 7 to 9."""
LONGEST_KOREAN_SENTENCE = 8.0  # eojeol, on average


@pytest.fixture
def text() -> ExplanationText:
    return shipped_texts()["monitoring.en.v1"]


# --- what is shipped -------------------------------------------------------------------------------------------------


def test_every_topic_is_explained_in_korean_and_in_english() -> None:
    there = {(text.topic, text.language) for text in shipped_texts().values()}
    assert there >= {(topic, language) for topic in Topic for language in LANGUAGES}


def test_every_file_is_pinned() -> None:
    assert sorted(names_of_files()) == sorted(shipped_texts())


@pytest.mark.parametrize("entry", [{"text_sha256": "0" * 64}, {"questions_sha256": "0" * 64}])
def test_a_text_that_is_not_the_pinned_one_is_not_used(entry: dict[str, str], text: ExplanationText) -> None:
    pinned = {"id": text.id, "text_sha256": text.text_sha256, "questions_sha256": text.questions_sha256}
    with pytest.raises(ExplanationTextChangedError) as caught:
        shipped._pinned(pinned | entry)
    assert caught.value.figures == {"text_id": text.id}


@pytest.mark.parametrize("text_id", sorted(shipped_texts()))
def test_a_text_is_as_easy_to_read_as_it_can_be(text_id: str) -> None:
    text = shipped_texts()[text_id]
    level = text.reading_level
    assert level.value is not None
    match text.language:
        case "en":
            assert (level.measure, level.value <= EASIEST_FOR_MOST) == ("flesch_kincaid_grade", True), level
        case "ko":
            assert (level.measure, level.value <= LONGEST_KOREAN_SENTENCE) == ("eojeol_per_sentence", True), level


def test_what_somebody_may_have_signed_on_is_never_changed() -> None:
    index = json.loads((shipped._TEXTS / "index.json").read_text(encoding="utf-8"))["texts"]
    first = sorted((e["id"], e["text_sha256"], e["questions_sha256"]) for e in index if e["id"].endswith(".v1"))
    assert len(first) == len(Topic) * len(LANGUAGES)
    digest = sha256(json.dumps(first).encode()).hexdigest()
    assert digest == "81a03339c161fe72ac7260f709984a2a9308ade718ea0d8fedcd425efaaaad8e"


@pytest.mark.parametrize("text_id", sorted(each for each in shipped_texts() if ".ko." in each))
def test_the_newest_korean_words_are_those_of_the_pages(text_id: str) -> None:
    text = shipped_texts()[text_id]
    newer = text_id.removesuffix(text.version) + f"v{int(text.version[1:]) + 1}"
    said = text.text + json.dumps([each.as_json() for each in text.questions], ensure_ascii=False)
    assert newer in shipped_texts() or not [each for each in ("허락서", "문안", "먼저 물어보기") if each in said]


@pytest.mark.parametrize("korean", [each for each in shipped_texts().values() if each.language == "ko"])
def test_the_two_languages_say_the_same_in_as_many_sections_and_questions(korean: ExplanationText) -> None:
    english = shipped_texts()[f"{korean.topic.value}.en.v1"]
    assert Counter(line.partition(" ")[0] for line in english.text.splitlines() if line.startswith("#")) == Counter(
        line.partition(" ")[0] for line in korean.text.splitlines() if line.startswith("#")
    )
    assert english.modalities == korean.modalities
    assert [(asked.right, len(asked.options)) for asked in english.questions] == [
        (asked.right, len(asked.options)) for asked in korean.questions
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_option_is_right_more_often_than_somebody_who_reads_nothing_could_use(language: str) -> None:
    rights = Counter(
        asked.right for text in shipped_texts().values() if text.language == language for asked in text.questions
    )
    asked = sum(rights.values())
    assert max(rights.values()) <= asked / 2, rights


def test_being_forgotten_has_no_questions_since_a_no_must_be_easy() -> None:
    for language in LANGUAGES:
        texts = [each for each in shipped_texts().values() if each.topic is Topic.FORGET_ME]
        assert [each.questions for each in texts if each.language == language] == [()] * (1 + (language == "ko"))


# --- what a text is --------------------------------------------------------------------------------------------------


def test_other_words_are_another_digest(text: ExplanationText) -> None:
    assert replace(text, text=text.text + " ").text_sha256 != text.text_sha256
    question = replace(text.questions[0], right=1 if text.questions[0].right != 1 else 2)
    changed = replace(text, questions=(question, *text.questions[1:]))
    assert changed.questions_sha256 != text.questions_sha256


def test_a_text_without_three_questions_is_none(text: ExplanationText) -> None:
    with pytest.raises(InvalidInputError) as caught:
        replace(text, questions=text.questions[:2])
    assert caught.value.figures == {"questions": 2, "required": 3}


@pytest.mark.parametrize(
    "changed", [{"text": "  "}, {"modalities": frozenset()}, {"language": "Korean language"}, {"language": ""}]
)
def test_a_text_without_words_subject_or_language_is_none(text: ExplanationText, changed: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        replace(text, **changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "right"),
    [(("Yes",), 1), (("Yes", "Yes"), 1), (("Yes", "No"), 0), (("Yes", "No"), 3), (("Yes", " "), 1)],
)
def test_a_question_that_cannot_be_answered_is_none(options: tuple[str, ...], right: int) -> None:
    with pytest.raises(InvalidInputError):
        Question("May it be sold?", options, right, "It is never sold.")


@pytest.mark.parametrize("version", ["v1", "v2", "v10", "", "North light", "north--light", "-a", "a" * 31])
def test_an_operator_cannot_take_a_name_that_is_shipped_or_none(version: str) -> None:
    with pytest.raises(InvalidInputError):
        require_own_version(version)


@pytest.mark.parametrize("version", ["northlight-1", "2026", "version2", "a"])
def test_an_operators_own_name_is_taken(version: str) -> None:
    require_own_version(version)


def test_a_text_is_read_back_from_its_questions_as_stored(text: ExplanationText) -> None:
    stored = json.loads(json.dumps([question.as_json() for question in text.questions]))
    assert tuple(Question.of_json(each) for each in stored) == text.questions
    assert read_text(text.id) == text


# --- topics ----------------------------------------------------------------------------------------------------------


def test_every_use_has_a_topic_of_licensing() -> None:
    assert set(TOPIC_OF_USE) == set(UsePurpose)
    assert {topic.purpose for topic in TOPIC_OF_USE.values()} == {ConsentPurpose.LICENSING}


@pytest.mark.parametrize("purpose", ConsentPurpose)
def test_how_a_yes_is_taken_back_is_explained_before_every_yes(purpose: ConsentPurpose) -> None:
    assert Topic.WITHDRAWAL in required_topics(purpose, NOTHING)


@pytest.mark.parametrize("said", [Disposition.ASK, Disposition.ALLOW])
@pytest.mark.parametrize("use", UsePurpose)
def test_each_use_that_is_not_never_is_explained_first(use: UsePurpose, said: Disposition) -> None:
    needed = required_topics(ConsentPurpose.LICENSING, LicensingChoices.of({use: said}))
    assert needed == {Topic.WITHDRAWAL, TOPIC_OF_USE[use]}


# --- reading level ---------------------------------------------------------------------------------------------------


def test_reading_level_follows_the_published_formula() -> None:
    """Kincaid et al. 1975, by hand: 10 words, 2 sentences, 14 syllables."""
    level = reading_level("The little dog ran home. It was a happy animal.", "en-GB")
    assert level.value == round(0.39 * 10 / 2 + 11.8 * 14 / 10 - 15.59, 1)


def test_korean_is_measured_in_words_between_spaces() -> None:
    assert reading_level("나는 집에 간다. 너도 간다.", "ko").value == 2.5


def test_a_language_without_a_measure_says_so() -> None:
    level = reading_level("Tout va bien.", "fr")
    assert (level.measure, level.value) == ("not_measured", None)


def test_no_words_have_no_level() -> None:
    assert reading_level("# Heading only", "en").value is None


def test_every_modality_but_looking_for_a_face_is_explained() -> None:
    """The registry cannot look for faces yet, so nobody is asked whether it may."""
    for text in shipped_texts().values():
        wanted = {Modality.VOICE} if text.topic is Topic.MONITORING else set(Modality)
        assert text.modalities == wanted
