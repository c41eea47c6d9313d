"""Explanation texts: those that come with the registry, and those that an operator has registered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.consents import Modality
from registry.domain.events import EventType
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.explanations.texts import ExplanationText, require_own_version
from registry.domain.explanations.topics import Topic
from registry.errors import DuplicateError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services.context import Context
from registry.services.unit import unit_of_work
from registry.store import consents
from registry.store.consents import OwnText


def list_texts(
    ctx: Context, principal: Principal, *, topic: Topic | None = None, language: str | None = None
) -> Sequence[ExplanationText]:
    """Answer every text, shipped and own, by id; only those on a topic or in a language where one is named.

    Raises:
        ForbiddenError: the token does not carry the scope.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        found = [*shipped_texts().values(), *(own.value() for own in consents.own_texts(session))]
    wanted = [text for text in found if topic in {None, text.topic} and language in {None, text.language}]
    return sorted(wanted, key=lambda text: text.id)


def get_text(ctx: Context, principal: Principal, text_id: str) -> ExplanationText:
    """Answer one text.

    Raises:
        NotFoundError: there is none of this id.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        found = find_text(session, text_id)
    if found is None:
        raise NotFoundError("there is no such text")
    return found


def register_text(ctx: Context, principal: Principal, text: ExplanationText) -> ExplanationText:
    """Register a text of the operator's own. It is never changed afterwards: new words are a new version.

    Raises:
        ForbiddenError: not an operator.
        InvalidInputError: the version is one of those that are shipped.
        DuplicateError: there is a text of this id already.
    """
    principal.require(Scope.CONSENTS_WRITE)
    if not principal.is_operator:
        raise ForbiddenError("only an operator registers texts", role=principal.role.value)
    require_own_version(text.version)
    with unit_of_work(ctx) as unit:
        if unit.session.get(OwnText, text.id, with_for_update=True) is not None:
            raise DuplicateError(f"{text.id} is registered, and never changes: give the new words a new version")
        unit.session.add(
            OwnText(
                id=text.id,
                topic=text.topic,
                language=text.language,
                version=text.version,
                modalities=sorted(modality.value for modality in text.modalities),
                text=text.text,
                text_sha256=text.text_sha256,
                questions=[question.as_json() for question in text.questions],
                questions_sha256=text.questions_sha256,
                registered_by=principal.account_id,
                registered_at=unit.now,
            )
        )
        unit.record(
            EventType.EXPLANATION_TEXT_REGISTERED,
            principal.account_id,  # a text has a name in place of an id
            principal.account_id,
            text_id=text.id,
            text_sha256=text.text_sha256,
            questions_sha256=text.questions_sha256,
        )
        unit.commit()
    return text


def find_text(session: Session, text_id: str) -> ExplanationText | None:
    """Find a text by its id, shipped or own."""
    if text_id in shipped_texts():
        return shipped_texts()[text_id]
    own = session.get(OwnText, text_id)
    return None if own is None else own.value()


def choose_text(
    session: Session, *, topic: Topic, language: str, modality: Modality, text_id: str | None
) -> ExplanationText:
    """Answer the text that is named, or the newest shipped one that fits.

    Args:
        session: to look in.
        topic, language, modality: what it must be about and in. ``ko-KR`` is served by ``ko``.
        text_id: of the text to take, or None.

    Raises:
        InvalidInputError: there is none that fits; figure ``languages`` says in which there is one.
    """
    if text_id is not None:
        found = find_text(session, text_id)
        if found is None or found.topic is not topic or modality not in found.modalities:
            raise InvalidInputError(
                f"{text_id} is no text on {topic.value} of the {modality.value}", text_id=text_id, topic=topic.value
            )
        return found
    fitting = [text for text in shipped_texts().values() if text.topic is topic and modality in text.modalities]
    for wanted in (language.lower(), language.lower().split("-")[0]):
        of_language = [text for text in fitting if text.language.lower() == wanted]
        if of_language:
            return max(of_language, key=lambda text: int(text.version[1:]))
    raise InvalidInputError(
        f"there is no text on {topic.value} of the {modality.value} in {language}; name one of your own with text_id",
        topic=topic.value,
        modality=modality.value,
        languages=sorted({text.language for text in fitting}),
    )
