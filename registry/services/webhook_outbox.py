"""The outbox: what webhooks are told of events is written in the transaction that the events happen in.

So a message is sent if, and only if, what it tells of was committed; and nobody who records an event has to think of
webhooks. A registry without any pays one look for them, and only where an event is told at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy.orm import Session

from registry.domain.consents import ConsentPurpose
from registry.domain.events import Event
from registry.domain.webhooks import (
    CONSENTS,
    REPLACED,
    Message,
    body_of,
    consents_ended,
    is_told,
    messages_of,
    told_of_file,
    told_to_holder,
)
from registry.services.holders import holders_of
from registry.store import gallery_files, webhooks
from registry.store.webhooks import Listening
from registry.vault.signing import canonical


def write_outbox(session: Session, events: Sequence[Event], new_id: Callable[[], str]) -> None:
    """Write a message for each event and each webhook that is told of it, in the caller's transaction.

    The number of statements does not grow with events or webhooks, but for performers whose consent ended.

    Args:
        session: a writing one, in which everything else has been written.
        events: what happened.
        new_id: makes the ids of messages.
    """
    told = [event for event in events if is_told(event.type)]
    if not told:
        return
    messages = [message for event in told for message in messages_of(event)]
    anybody = any(event.type in CONSENTS for event in told)
    about = {message.to for message in messages if message.to is not None}
    hooks = webhooks.listening(session, None if anybody else about)
    if not hooks:
        return
    messages += _told_to_holders(session, told, hooks)
    rows = [_row(hook, message, new_id()) for message in messages for hook in hooks if _is_for(hook, message)]
    if rows:
        webhooks.add_deliveries(session, rows)


def _told_to_holders(session: Session, told: Sequence[Event], hooks: Sequence[Listening]) -> Iterator[Message]:
    """Yield what is told to whoever holds something that a consent ended for, as far as somebody listens for it."""
    at = told[-1].at
    wanted = {
        name for hook in hooks if not hook.of_operator for name in (*CONSENTS.values(), REPLACED) if hook.wants(name)
    }
    if wanted & set(CONSENTS.values()):
        for performer_id, kind in consents_ended(told, ConsentPurpose.LICENSING).items():
            holders = holders_of(session, performer_id, at, stopped_at=at)
            for organisation_id in sorted({holder.organisation_id for holder in holders}):
                yield told_to_holder(kind, at, performer_id, organisation_id)
    if REPLACED in wanted:
        files = (
            file
            for performer_id in consents_ended(told, ConsentPurpose.MONITORING)
            for file in gallery_files.files_with(session, performer_id, at)
        )
        for file_id, organisation_id in sorted({(file.id, file.organisation_id) for file in files}):
            yield told_of_file(at, file_id, organisation_id)


def _is_for(hook: Listening, message: Message) -> bool:
    """Whether a webhook is told: its organisation is the one that the message is about, or runs the registry."""
    return hook.wants(message.type) and (hook.of_operator or hook.organisation_id == message.to)


def _row(hook: Listening, message: Message, message_id: str) -> dict[str, object]:
    return {
        "id": message_id,
        "webhook_id": hook.id,
        "type": message.type,
        "body": canonical(body_of(message_id, message)).decode(),
        "log": [],
        "next_attempt_at": message.occurred_at,
        "created_at": message.occurred_at,
    }
