"""Webhooks, and the messages on their way to them.

A message is written in the transaction of what it tells. Whoever sends it leases it first, as a worker leases work: one
that dies lets its lease expire, and another sends the message again, under the same id. An attempt counts when it is
leased, so that a message that takes senders down is given up like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.accounts import OrganisationKind
from registry.domain.webhooks import DeliveryProblem, DeliveryState, DisabledReason
from registry.store.accounts import Organisation
from registry.store.base import Base
from registry.store.types import Id, Json, UtcDateTime, text_enum

ATTEMPTS_KEPT = 30
"""Of the log of one message: more than it takes to give it up twice."""


class Webhook(Base):
    """Where an organisation wants to be told of what happens."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(200))
    url: Mapped[str] = mapped_column(String(2000))
    events: Mapped[list[str] | None] = mapped_column(Json)
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_reason: Mapped[DisabledReason | None] = mapped_column(text_enum(DisabledReason))
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("(disabled_at IS NULL) = (disabled_reason IS NULL)", name="disabled_for_a_reason"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "organisation_id", "id"),
    )


class WebhookDelivery(Base):
    """One message to one webhook, and the log of its attempts. Its id is what the receiver knows it by."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhooks.id"))
    type: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[DeliveryState] = mapped_column(text_enum(DeliveryState), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    log: Mapped[list[dict[str, object]]] = mapped_column(Json)
    problem: Mapped[DeliveryProblem | None] = mapped_column(text_enum(DeliveryProblem))
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[int] = mapped_column(default=0)
    lease_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts_counted"),
        CheckConstraint("(state = 'waiting') = (finished_at IS NULL)", name="finished_unless_waiting"),
        CheckConstraint("(state = 'waiting') = (next_attempt_at IS NOT NULL)", name="waiting_for_a_moment"),
        CheckConstraint("state <> 'dead' OR problem IS NOT NULL", name="dead_for_a_reason"),
        CheckConstraint("state = 'waiting' OR lease_expires_at IS NULL", name="leased_only_while_waiting"),
        Index(None, "state", "next_attempt_at"),
        Index(None, "webhook_id", "id"),
    )


# --- webhooks --------------------------------------------------------------------------------------------------------


def page_of_webhooks(
    session: Session, *, organisation_id: str | None, after: str | None, limit: int
) -> Sequence[Webhook]:
    """Answer up to ``limit`` webhooks after an id, oldest first; of one organisation when given."""
    query = select(Webhook).order_by(Webhook.id).limit(limit)
    if organisation_id is not None:
        query = query.where(Webhook.organisation_id == organisation_id)
    if after is not None:
        query = query.where(Webhook.id > after)
    return session.scalars(query).all()


def count_of(session: Session, organisation_id: str) -> int:
    """Answer how many webhooks an organisation has, disabled ones included."""
    return session.scalar(select(func.count()).where(Webhook.organisation_id == organisation_id)) or 0


@dataclass(frozen=True, slots=True)
class Listening:
    """A webhook in service: whose it is, whether they run the registry, and what it is told of (None: everything)."""

    id: str
    organisation_id: str
    of_operator: bool
    events: Collection[str] | None

    def wants(self, message_type: str) -> bool:
        """Whether it is told of messages of a type."""
        return self.events is None or message_type in self.events


def listening(session: Session, organisation_ids: Collection[str] | None) -> Sequence[Listening]:
    """Answer the webhooks in service of some organisations, or of all (None), and of the operators, oldest first.

    They are kept from being removed until the transaction ends, though not from anything else.
    """
    query = (
        select(Webhook.id, Webhook.organisation_id, Organisation.kind, Webhook.events)
        .join(Organisation, Organisation.id == Webhook.organisation_id)
        .where(Webhook.disabled_at.is_(None))
        .order_by(Webhook.id)
        .with_for_update(read=True, key_share=True, of=Webhook)
    )
    if organisation_ids is not None:
        operators = Organisation.kind == OrganisationKind.OPERATOR
        query = query.where(or_(Webhook.organisation_id.in_(organisation_ids), operators))
    return [
        Listening(each.id, each.organisation_id, each.kind is OrganisationKind.OPERATOR, each.events)
        for each in session.execute(query)
    ]


# --- messages --------------------------------------------------------------------------------------------------------


def add_deliveries(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write messages that are to be sent at once, in the caller's transaction: one statement for all of them."""
    session.execute(insert(WebhookDelivery), [*rows])


def page_of_deliveries(
    session: Session, webhook_id: str, *, state: DeliveryState | None, after: str | None, limit: int
) -> Sequence[WebhookDelivery]:
    """Answer up to ``limit`` messages of a webhook before an id, newest first; in one state when given."""
    query = (
        select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook_id)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(WebhookDelivery.state == state)
    if after is not None:
        query = query.where(WebhookDelivery.id < after)
    return session.scalars(query).all()


def messages_undelivered(session: Session) -> Mapping[DeliveryState, int]:
    """Answer how many messages wait, and how many were given up."""
    counted = dict.fromkeys((DeliveryState.WAITING, DeliveryState.DEAD), 0)
    query = select(WebhookDelivery.state, func.count()).group_by(WebhookDelivery.state)
    for state, count in session.execute(query.where(WebhookDelivery.state.in_(counted))):
        counted[state] = count
    return counted


def remove_deliveries(session: Session, webhook_id: str) -> int:
    """Delete every message of a webhook, and answer how many there were."""
    gone = session.scalars(
        delete(WebhookDelivery).where(WebhookDelivery.webhook_id == webhook_id).returning(WebhookDelivery.id)
    )
    return len(gone.all())


def give_up_waiting(session: Session, webhook_id: str, now: datetime) -> int:
    """Let every message die that waits for a webhook which was disabled, and answer how many they are."""
    dead = session.scalars(
        update(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook_id, WebhookDelivery.state == DeliveryState.WAITING)
        .values(_dead(DeliveryProblem.DISABLED, now))
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    return len(dead.all())


def _dead(problem: DeliveryProblem, now: datetime) -> dict[str, Any]:
    return {
        "state": DeliveryState.DEAD,
        "problem": problem,
        "next_attempt_at": None,
        "lease_expires_at": None,
        "finished_at": now,
    }


# --- sending ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LeasedDelivery:
    """One sender's hold on one message.

    Attributes:
        id: of the message.
        webhook_id: whom it is for.
        url: where that is.
        body: what is sent.
        attempt: which attempt this is, from 1.
        token: rises with each lease of this message.
        disabled: whether its webhook is, so that it is not to be sent.
    """

    id: str
    webhook_id: str
    url: str
    body: str
    attempt: int
    token: int
    disabled: bool


def is_any_due(session: Session, now: datetime) -> bool:
    """Whether there is a message to be sent."""
    return session.scalar(select(WebhookDelivery.id).where(_is_due(now)).limit(1)) is not None


def lease_due(
    session: Session, *, now: datetime, lease_s: float, most: int, each: int, busy: Collection[str] = ()
) -> list[LeasedDelivery]:
    """Take up to ``most`` messages that are due, the longest due first, of no webhook more than ``each``.

    The caller commits before it sends. Two senders never get the same lease: on PostgreSQL messages that another is
    just taking are skipped, on SQLite writers take turns.

    Args:
        now: the moment.
        lease_s: how long the lease holds.
        most: messages together.
        each: of one webhook: one that does not answer does not hold up the others.
        busy: webhooks of which none is taken.
    """
    place = func.row_number().over(
        partition_by=WebhookDelivery.webhook_id, order_by=(WebhookDelivery.next_attempt_at, WebhookDelivery.id)
    )
    due = select(WebhookDelivery.id, place.label("place")).where(_is_due(now), WebhookDelivery.webhook_id.not_in(busy))
    first = due.subquery()
    query = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.id.in_(select(first.c.id).where(first.c.place <= each)), _is_due(now))
        .order_by(WebhookDelivery.next_attempt_at, WebhookDelivery.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    chosen = session.scalars(query).all()
    if not chosen:
        return []
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(chosen))
        .values(
            attempts=WebhookDelivery.attempts + 1,
            lease_token=WebhookDelivery.lease_token + 1,
            lease_expires_at=now + timedelta(seconds=lease_s),
        )
        .execution_options(synchronize_session=False)
    )
    return _leased(session, chosen)


def _leased(session: Session, chosen: Sequence[str]) -> list[LeasedDelivery]:
    query = (
        select(
            WebhookDelivery.id,
            WebhookDelivery.webhook_id,
            Webhook.url,
            WebhookDelivery.body,
            WebhookDelivery.attempts,
            WebhookDelivery.lease_token,
            Webhook.disabled_at.is_not(None),
        )
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .where(WebhookDelivery.id.in_(chosen))
    )
    held = {row[0]: LeasedDelivery(*row) for row in session.execute(query)}
    return [held[each] for each in chosen]


def _is_due(now: datetime) -> ColumnElement[bool]:
    free = or_(WebhookDelivery.lease_expires_at.is_(None), WebhookDelivery.lease_expires_at <= now)
    return (WebhookDelivery.state == DeliveryState.WAITING) & (WebhookDelivery.next_attempt_at <= now) & free


def held_delivery(session: Session, held: LeasedDelivery) -> WebhookDelivery | None:
    """Answer a message, locked, if this lease still holds it; None when it was taken over, removed or given up."""
    return session.scalars(
        select(WebhookDelivery)
        .where(
            WebhookDelivery.id == held.id,
            WebhookDelivery.state == DeliveryState.WAITING,
            WebhookDelivery.lease_token == held.token,
        )
        .with_for_update()
    ).one_or_none()


def lock_webhook(session: Session, webhook_id: str) -> Webhook | None:
    """Answer a webhook, locked against other changes, though not against messages that are written for it meanwhile."""
    return session.get(Webhook, webhook_id, with_for_update={"key_share": True}, populate_existing=True)
