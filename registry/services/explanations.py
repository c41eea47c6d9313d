"""Explanations: one given step by step, or one that was given elsewhere and is written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Role, Scope
from registry.domain.consents import Modality
from registry.domain.events import EventType
from registry.domain.explanations.course import (
    LONGEST_READING,
    Attempt,
    Channel,
    CopyMethod,
    answer_question,
    require_complete,
    require_open,
)
from registry.domain.explanations.texts import ExplanationText
from registry.domain.explanations.topics import Topic
from registry.domain.ids import IdPrefix
from registry.errors import AnswerNotUnderstoodError, ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services.context import Context
from registry.services.explanation_texts import choose_text
from registry.services.performers import performer_to_change, visible_performer
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import consents
from registry.store.consents import Explanation
from registry.store.performers import Performer

BY_ITSELF = "the registry"
"""Who explained, where the performer read alone."""

_CLOCKS_APART = timedelta(minutes=5)

# --- reading records -------------------------------------------------------------------------------------------------


def list_explanations(ctx: Context, principal: Principal, performer_id: str) -> Sequence[Explanation]:
    """Answer every explanation given to a performer.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        return consents.explanations_of(session, visible_performer(session, principal, performer_id).id)


def get_explanation(ctx: Context, principal: Principal, performer_id: str, explanation_id: str) -> Explanation:
    """Answer one explanation.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        return explanation_of(session, visible_performer(session, principal, performer_id), explanation_id)


def explanation_of(session: Session, performer: Performer, explanation_id: str) -> Explanation:
    """Answer an explanation that was given to a performer.

    Raises:
        NotFoundError: there is none of this id.
    """
    explanation = session.get(Explanation, explanation_id)
    if explanation is None or explanation.performer_id != performer.id:
        raise NotFoundError("there is no such explanation")
    return explanation


# --- step by step ----------------------------------------------------------------------------------------------------


def begin_explanation(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    topic: Topic,
    modality: Modality,
    language: str,
    channel: Channel,
    explained_by: str | None = None,
    text_id: str | None = None,
) -> Explanation:
    """Begin to explain a topic: from now on the text is read, and where the performer reads alone the time is counted.

    Args:
        topic, modality: what is explained.
        language: of the text.
        channel: how.
        explained_by: who explains; None where the performer reads alone.
        text_id: of a text to use in place of the newest one that comes with the registry.

    Raises:
        NotFoundError, ForbiddenError: no such performer, or not allowed to act for them.
        InvalidInputError: there is no such text, or nobody, or somebody too many, explains it.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        by = _who_explains(principal, channel, explained_by)
        text = choose_text(unit.session, topic=topic, language=language, modality=modality, text_id=text_id)
        explanation = _new(unit, principal, performer, text, modality=modality, channel=channel, explained_by=by)
        explanation.sitting_since = unit.now if channel is Channel.SELF_SERVICE else None
        unit.session.add(explanation)
        _record(unit, EventType.EXPLANATION_BEGUN, explanation, principal)
        unit.commit()
    return explanation


def _who_explains(principal: Principal, channel: Channel, explained_by: str | None) -> str:
    """Answer who explains. Only somebody else than the performer says that a person has, and for how long."""
    if channel is Channel.SELF_SERVICE:
        if principal.is_operator:
            raise ForbiddenError(
                "nobody reads by themselves in somebody else's name: say how it was explained, and by whom",
                role=principal.role.value,
            )
        if explained_by is not None:
            raise InvalidInputError("where the performer reads alone, nobody explains", channel=channel.value)
        return BY_ITSELF
    if principal.role is Role.PERFORMER:
        raise ForbiddenError(
            "a performer reads by themselves; that somebody explained is for the one who did to say",
            role=principal.role.value,
        )
    if explained_by is None:
        raise InvalidInputError("say who explains", channel=channel.value)
    return explained_by


def _new(
    unit: Unit,
    principal: Principal,
    performer: Performer,
    text: ExplanationText,
    *,
    modality: Modality,
    channel: Channel,
    explained_by: str,
) -> Explanation:
    return Explanation(
        id=unit.new_id(IdPrefix.EXPLANATION),
        performer_id=performer.id,
        purpose=text.topic.purpose,
        topic=text.topic,
        modality=modality,
        language=text.language,
        text_id=text.id,
        text=text.text,
        text_sha256=text.text_sha256,
        questions=[question.as_json() for question in text.questions],
        explained_by=explained_by,
        channel=channel.value,
        duration_s=0.0,
        answers=[],
        recorded_by=principal.account_id,
        recorded_at=unit.now,
        version=1,
    )


def resume_reading(
    ctx: Context, principal: Principal, performer_id: str, explanation_id: str, *, if_version: int | None = None
) -> Explanation:
    """Come back to a text that the performer reads alone: the time is counted again.

    Raises:
        NotFoundError, ForbiddenError: no such explanation, or not allowed to act for the performer.
        ConflictError: it is complete, or somebody explains it, who says how long it took.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        explanation = _to_go_on(unit, principal, performer_id, explanation_id, if_version)
        if explanation.channel != Channel.SELF_SERVICE:
            raise ConflictError("whoever explains says how long it took", channel=explanation.channel)
        if explanation.sitting_since is None:
            explanation.sitting_since = unit.now
            _record(unit, EventType.EXPLANATION_RESUMED, explanation, principal)
            unit.commit()
    return explanation


def finish_reading(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    explanation_id: str,
    *,
    duration_s: float | None = None,
    if_version: int | None = None,
) -> Explanation:
    """Say that the text has been read, or put it aside until later; the time of this sitting is added.

    Args:
        performer_id, explanation_id: which explanation.
        duration_s: seconds spent, as stated by whoever explained; None where the registry counts.
        if_version: the version the caller has read.

    Raises:
        NotFoundError, ForbiddenError: no such explanation, or not allowed to act for the performer.
        ConflictError: it is complete, or nobody is reading.
        InvalidInputError: the time is to be stated and is not, or the other way round.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        explanation = _to_go_on(unit, principal, performer_id, explanation_id, if_version)
        _require_explainer(principal, explanation)
        explanation.duration_s += _time_spent(explanation, duration_s, unit.now)
        explanation.sitting_since = None
        explanation.read_at = unit.now
        _record(unit, EventType.EXPLANATION_READ, explanation, principal)
        unit.commit()
    return explanation


def _require_explainer(principal: Principal, explanation: Explanation) -> None:
    """Refuse to let the performer say how long somebody else has explained: that is for the one who did."""
    if explanation.channel != Channel.SELF_SERVICE and principal.role is Role.PERFORMER:
        raise ForbiddenError(
            f"how long {explanation.explained_by} explained is for the one who did to say", role=principal.role.value
        )


def _time_spent(explanation: Explanation, stated_s: float | None, now: datetime) -> float:
    if explanation.channel != Channel.SELF_SERVICE:
        if not stated_s or stated_s < 0:
            raise InvalidInputError("say how many seconds were spent", duration_s=stated_s)
        return stated_s
    if stated_s is not None:
        raise InvalidInputError("where the performer reads alone, the registry counts the time", duration_s=stated_s)
    if explanation.sitting_since is None:
        raise ConflictError("nobody is reading: resume first", next_step=explanation.value().next_step.value)
    return min(now - explanation.sitting_since, LONGEST_READING).total_seconds()


def answer(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    explanation_id: str,
    *,
    question: int,
    option: int,
    if_version: int | None = None,
) -> tuple[Explanation, Attempt, str | None]:
    """Answer a comprehension question; every attempt is kept.

    Args:
        performer_id, explanation_id: which explanation.
        question: its number, from 1.
        option: the chosen one's number, from 1.
        if_version: the version the caller has read.

    Returns:
        The explanation, the attempt, and what teaches when it did not show understanding.

    Raises:
        NotFoundError, ForbiddenError: no such explanation, or not allowed to act for the performer.
        ConflictError: the text has not been read, or the explanation is complete; figure ``next_step``.
        InvalidInputError: there is no such question or option.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        explanation = _to_go_on(unit, principal, performer_id, explanation_id, if_version)
        attempt, teaches = answer_question(explanation.value(), question, option, unit.now)
        explanation.answers = [*explanation.answers, attempt.as_json()]
        _record(unit, EventType.EXPLANATION_ANSWERED, explanation, principal)
        unit.commit()
    return explanation, attempt, teaches


def deliver_copy(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    explanation_id: str,
    *,
    method: CopyMethod,
    if_version: int | None = None,
) -> Explanation:
    """Say that the performer has got a copy of the exact text, and how.

    Raises:
        NotFoundError, ForbiddenError: no such explanation, or not allowed to act for the performer.
        ConflictError: it is complete.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        explanation = _to_go_on(unit, principal, performer_id, explanation_id, if_version)
        explanation.copy_delivered_at, explanation.copy_method = unit.now, method
        _record(unit, EventType.EXPLANATION_COPY_DELIVERED, explanation, principal)
        unit.commit()
    return explanation


def complete_explanation(
    ctx: Context, principal: Principal, performer_id: str, explanation_id: str, *, if_version: int | None = None
) -> Explanation:
    """Complete an explanation: read, understood, delivered. From now on consents may rest on it, and it never changes.

    Raises:
        NotFoundError, ForbiddenError: no such explanation, or not allowed to act for the performer.
        ConflictError: it is complete already.
        ExplanationIncompleteError: something is missing; figure ``missing``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        explanation = _to_go_on(unit, principal, performer_id, explanation_id, if_version)
        require_complete(explanation.value())
        explanation.completed_at = unit.now
        explanation.sitting_since = None
        _record(unit, EventType.EXPLANATION_COMPLETED, explanation, principal)
        unit.commit()
    return explanation


def _to_go_on(
    unit: Unit, principal: Principal, performer_id: str, explanation_id: str, if_version: int | None
) -> Explanation:
    """Answer an explanation that may still change, its version already raised.

    What somebody reads alone, nobody else reads or answers for them: whoever has begun it goes on with it.
    """
    performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
    explanation = explanation_of(unit.session, performer, explanation_id)
    unit.session.refresh(explanation)  # as it is now that the performer is locked
    if explanation.channel == Channel.SELF_SERVICE and explanation.recorded_by != principal.account_id:
        raise ForbiddenError(
            "this is read and answered alone, by whoever has begun it; begin an explanation of your own",
            role=principal.role.value,
        )
    require_version(explanation.version, if_version)
    require_open(explanation.value())
    explanation.version += 1
    return explanation


# --- given elsewhere -------------------------------------------------------------------------------------------------


def import_explanation(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    text_id: str,
    modality: Modality,
    explained_by: str,
    channel: Channel,
    duration_s: float,
    answers: Sequence[int],
    copy_delivered_at: datetime,
    copy_method: CopyMethod,
) -> Explanation:
    """Write down an explanation that was given elsewhere, such as on paper: a registered text, and what was answered.

    Whether an answer shows understanding is for the text to say, not for whoever writes it down.

    Args:
        text_id: which text was used, word for word.
        modality: what it was about.
        explained_by, channel, duration_s: who explained it, how, and for how many seconds.
        answers: the chosen option of each question, in order, from 1.
        copy_delivered_at, copy_method: when the performer got a copy, and how.

    Raises:
        ForbiddenError: not an operator.
        NotFoundError: no such performer.
        InvalidInputError: no such text, an answer is missing, or the copy is said to be delivered in the future.
        AnswerNotUnderstoodError: an answer does not show understanding; figures ``questions`` and ``teaches``.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.CONSENTS_WRITE)
        if not principal.is_operator:
            raise ForbiddenError(
                "what was explained elsewhere is written down by an operator", role=principal.role.value
            )
        _require_given(channel, duration_s, copy_delivered_at, unit.now)
        text = choose_text(unit.session, topic=_topic_of(text_id), language="", modality=modality, text_id=text_id)
        explanation = _new(
            unit, principal, performer, text, modality=modality, channel=channel, explained_by=explained_by
        )
        explanation.duration_s = duration_s
        explanation.answers = [attempt.as_json() for attempt in _understood(text, answers, copy_delivered_at)]
        explanation.read_at = explanation.completed_at = unit.now
        explanation.copy_delivered_at, explanation.copy_method = copy_delivered_at, copy_method
        require_complete(explanation.value())
        unit.session.add(explanation)
        _record(unit, EventType.EXPLANATION_RECORDED, explanation, principal)
        unit.commit()
    return explanation


def _topic_of(text_id: str) -> Topic:
    try:
        return Topic(text_id.partition(".")[0])
    except ValueError as error:
        raise InvalidInputError(f"{text_id} is not the name of a text", text_id=text_id) from error


def _require_given(channel: Channel, duration_s: float, copy_delivered_at: datetime, now: datetime) -> None:
    if channel is Channel.SELF_SERVICE:
        raise InvalidInputError("what a performer reads alone is not written down by others", channel=channel.value)
    if duration_s <= 0:
        raise InvalidInputError("say how many seconds were spent", duration_s=duration_s)
    if copy_delivered_at > now + _CLOCKS_APART:
        raise InvalidInputError(f"a copy cannot have been delivered at {copy_delivered_at.isoformat()}, in the future")


def _understood(text: ExplanationText, answers: Sequence[int], at: datetime) -> list[Attempt]:
    if len(answers) != len(text.questions):
        raise InvalidInputError(
            f"{text.id} has {len(text.questions)} questions; {len(answers)} are answered",
            questions=len(text.questions),
            answered=len(answers),
        )
    wrong = [number for number, given in enumerate(answers, 1) if given != text.questions[number - 1].right]
    if wrong:
        raise AnswerNotUnderstoodError(
            f"the answers to {', '.join(f'question {number}' for number in wrong)} do not show understanding: explain "
            "it again, and ask again",
            questions=[f"{number}" for number in wrong],
            teaches=[text.questions[number - 1].teaches for number in wrong],
        )
    return [
        Attempt(number, asked.question, asked.options[asked.right - 1], understood=True, at=at)
        for number, asked in enumerate(text.questions, 1)
    ]


def _record(unit: Unit, event_type: EventType, explanation: Explanation, principal: Principal) -> None:
    unit.record(
        event_type,
        explanation.id,
        principal.account_id,
        performer_id=explanation.performer_id,
        text_id=explanation.text_id,
        text_sha256=explanation.text_sha256,
        modality=explanation.modality.value,
        channel=explanation.channel,
        duration_s=round(explanation.duration_s, 3),
        attempts=len(explanation.answers),
    )
