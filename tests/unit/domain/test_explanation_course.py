"""The course of an explanation: nothing of it can be left out, whatever is tried in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.choices import NOTHING, Disposition, LicensingChoices
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.explanations.course import (
    Attempt,
    Explanation,
    Rest,
    Step,
    answer_question,
    lacks,
    require_complete,
    require_explained,
    require_open,
)
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.explanations.topics import Topic, required_topics
from registry.domain.uses import UsePurpose
from registry.errors import ConflictError, ExplanationIncompleteError, InvalidInputError

NOW = datetime(2026, 3, 14, tzinfo=UTC)
TEXT = shipped_texts()["monitoring.en.v1"]
UNDERSTOOD = tuple(
    Attempt(number, asked.question, asked.options[asked.right - 1], understood=True, at=NOW)
    for number, asked in enumerate(TEXT.questions, 1)
)


def explained(topic: Topic = Topic.MONITORING, modality: Modality = Modality.VOICE) -> Explanation:
    """Answer an explanation that lacks nothing."""
    return Explanation(
        id=f"expl_{topic.value}",
        topic=topic,
        modality=modality,
        text_id=f"{topic.value}.en.v1",
        questions=TEXT.questions,
        duration_s=300.0,
        attempts=UNDERSTOOD,
        read_at=NOW,
        copy_delivered_at=NOW,
        completed_at=NOW,
    )


OPEN = replace(explained(), completed_at=None)

# --- what is missing -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "lack"),
    [
        ({"read_at": None}, "the text was not read"),
        ({"duration_s": 0.0}, "no time was spent on it"),
        ({"attempts": UNDERSTOOD[:2]}, "question 3 was not answered with understanding"),
        ({"copy_delivered_at": None}, "no copy was delivered"),
        ({"text_id": None, "topic": None}, "no registered text is named"),
    ],
)
def test_an_explanation_that_lacks_anything_is_not_completed(changed: dict[str, object], lack: str) -> None:
    lacking = replace(OPEN, **changed)  # type: ignore[arg-type]
    with pytest.raises(ExplanationIncompleteError) as caught:
        require_complete(lacking)
    assert caught.value.figures["missing"] == [lack]


def test_an_answer_without_understanding_does_not_count_and_a_later_one_does() -> None:
    wrong = replace(UNDERSTOOD[0], understood=False)
    assert replace(OPEN, attempts=(wrong, *UNDERSTOOD[1:])).not_understood == [1]
    assert replace(OPEN, attempts=(wrong, *UNDERSTOOD)).not_understood == []


@given(
    read=st.booleans(),
    duration_s=st.floats(0, 600),
    answered=st.sets(st.sampled_from([0, 1, 2])),
    delivered=st.booleans(),
)
def test_it_is_complete_exactly_when_nothing_is_missing(
    *, read: bool, duration_s: float, answered: set[int], delivered: bool
) -> None:
    built = replace(
        OPEN,
        read_at=NOW if read else None,
        duration_s=duration_s,
        attempts=tuple(UNDERSTOOD[n] for n in sorted(answered)),
        copy_delivered_at=NOW if delivered else None,
    )
    whole = read and duration_s > 0 and len(answered) == 3 and delivered
    assert (not list(lacks(built))) == whole
    assert (built.next_step is Step.COMPLETE) <= (whole or duration_s == 0)


# --- one step after the other ----------------------------------------------------------------------------------------


def test_the_next_step_is_always_said() -> None:
    begun = replace(OPEN, read_at=None, duration_s=0.0, attempts=(), copy_delivered_at=None)
    read = replace(begun, read_at=NOW, duration_s=60.0)
    answered = replace(read, attempts=UNDERSTOOD)
    delivered = replace(answered, copy_delivered_at=NOW)
    done = replace(delivered, completed_at=NOW)
    assert [each.next_step for each in (begun, read, answered, delivered, done)] == list(Step)


def test_questions_come_after_the_text() -> None:
    with pytest.raises(ConflictError) as caught:
        answer_question(replace(OPEN, read_at=None), 1, 1, NOW)
    assert caught.value.figures == {"next_step": "read"}


@pytest.mark.parametrize(("number", "option"), [(0, 1), (4, 1), (1, 0), (1, 4)])
def test_there_is_no_such_question_or_option(number: int, option: int) -> None:
    with pytest.raises(InvalidInputError):
        answer_question(OPEN, number, option, NOW)


@given(st.integers(1, 3), st.integers(1, 3))
def test_a_wrong_answer_teaches_and_is_kept_like_a_right_one(number: int, option: int) -> None:
    asked = TEXT.questions[number - 1]
    attempt, teaches = answer_question(OPEN, number, option, NOW)
    assert (attempt.number, attempt.answer, attempt.at) == (number, asked.options[option - 1], NOW)
    assert attempt.understood == (option == asked.right)
    assert teaches == (None if attempt.understood else asked.teaches)
    assert Attempt.of_json(attempt.as_json()) == attempt


def test_a_complete_explanation_is_never_changed() -> None:
    for each in (explained(), replace(OPEN, text_id=None)):
        with pytest.raises(ConflictError):
            require_open(each)
        with pytest.raises(ConflictError):
            answer_question(each, 1, 1, NOW)


# --- what a consent rests on -----------------------------------------------------------------------------------------

MONITORING = Rest(ConsentPurpose.MONITORING, Modality.VOICE, NOTHING)
choices = st.dictionaries(st.sampled_from(UsePurpose), st.sampled_from(Disposition)).map(LicensingChoices.of)


@given(st.sampled_from(ConsentPurpose), choices, st.data())
def test_a_consent_needs_every_topic_explained_for_its_modality(
    purpose: ConsentPurpose, wanted: LicensingChoices, data: st.DataObject
) -> None:
    needed = required_topics(purpose, wanted)
    whole = [explained(topic) for topic in needed]
    require_explained(whole, Rest(purpose, Modality.VOICE, wanted))
    left_out = data.draw(st.sampled_from(sorted(needed)))
    fewer = [each for each in whole if each.topic is not left_out]
    with pytest.raises(ExplanationIncompleteError) as caught:
        require_explained(fewer, Rest(purpose, Modality.VOICE, wanted))
    assert caught.value.figures["topics"] == [left_out.value]


@pytest.mark.parametrize(
    "instead",
    [
        explained(modality=Modality.FACE),
        replace(explained(), completed_at=None),
        replace(explained(), topic=None, text_id=None),
        explained(Topic.ENGINE_IMPROVEMENT),
    ],
    ids=["of the face", "not complete", "of before there were texts", "of something else"],
)
def test_an_explanation_of_something_else_carries_no_consent(instead: Explanation) -> None:
    with pytest.raises(ExplanationIncompleteError) as caught:
        require_explained([instead, explained(Topic.WITHDRAWAL)], MONITORING)
    assert caught.value.figures["topics"] == ["monitoring"]


def test_an_explanation_that_was_never_called_complete_says_so() -> None:
    with pytest.raises(ExplanationIncompleteError) as caught:
        require_explained([OPEN, explained(Topic.WITHDRAWAL)], MONITORING)
    assert caught.value.figures["missing"] == [
        "expl_monitoring: it was not completed",
        "monitoring was not explained",
    ]


def test_what_one_account_has_read_alone_carries_no_signature_of_another() -> None:
    told = [replace(explained(), read_alone_by="acc_1"), explained(Topic.WITHDRAWAL)]
    require_explained(told, replace(MONITORING, signer="acc_1"))
    require_explained(told, MONITORING)  # what somebody has signed on paper is written down by an operator
    with pytest.raises(ExplanationIncompleteError, match="somebody else than who signs"):
        require_explained(told, replace(MONITORING, signer="acc_2"))


def test_what_was_explained_before_a_withdrawal_carries_no_yes_after_it() -> None:
    told = [explained(), explained(Topic.WITHDRAWAL)]
    require_explained(told, replace(MONITORING, anew_since=NOW))
    later = replace(MONITORING, anew_since=NOW + timedelta(microseconds=1))
    with pytest.raises(ExplanationIncompleteError, match="explained anew") as caught:
        require_explained(told, later)
    assert caught.value.figures["topics"] == ["monitoring", "withdrawal"]


def test_an_old_answer_without_number_and_moment_is_still_read() -> None:
    attempt = Attempt.of_json({"question": "May it be sold?", "answer": "no", "understood": True})
    assert (attempt.number, attempt.at) == (None, None)


def test_an_explanation_may_take_several_days() -> None:
    later = replace(explained(), read_at=NOW + timedelta(days=9), completed_at=NOW + timedelta(days=10))
    require_complete(replace(later, completed_at=None))
