"""Webhooks of an organisation: registering, changing, switching off and on, trying out, and sending again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.webhook_addresses import read_target
from registry.domain.webhooks import (
    TEST,
    DeliveryState,
    DisabledReason,
    Message,
    body_of,
    require_known_types,
)
from registry.errors import ConflictError, ForbiddenError, NotFoundError
from registry.services.context import Context
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import webhooks
from registry.store.accounts import Organisation
from registry.store.webhooks import Webhook, WebhookDelivery
from registry.vault.signing import canonical


@dataclass(frozen=True, slots=True)
class WebhookChange:
    """What is to be different about a webhook. A member that is None stays as it is.

    Attributes:
        name: what it is for.
        url: where it leads.
        events: what it is told of.
        every_event: whether it is told of everything, whatever comes to be told later as well.
    """

    name: str | None = None
    url: str | None = None
    events: Collection[str] | None = None
    every_event: bool = False


def register_webhook(
    ctx: Context,
    principal: Principal,
    *,
    name: str,
    url: str,
    events: Collection[str] | None = None,
    organisation_id: str | None = None,
) -> Webhook:
    """Register where an organisation wants to be told of what happens from now on. Nothing is connected to yet.

    Args:
        name: what it is for.
        url: where it leads.
        events: what it is told of; None for everything, whatever comes to be told later as well.
        organisation_id: whose it is; the caller's own when None. Only an operator names another.

    Raises:
        ForbiddenError: the caller belongs to no organisation.
        NotFoundError: there is no such organisation that the caller may act for.
        InvalidInputError: the address may not be reached, or there is no such event.
        ConflictError: the organisation has as many as it may have; figures ``webhooks`` and ``allowed``.
    """
    principal.require(Scope.WEBHOOKS_WRITE)
    owner_id = organisation_id or principal.organisation_id
    if owner_id is None:
        raise ForbiddenError("a webhook belongs to an organisation", role=principal.role.value)
    read_target(url, ctx.webhooks)
    wanted = require_known_types(events)
    with unit_of_work(ctx) as unit:
        _require_room(unit.session, principal, owner_id, ctx.webhooks.most)
        webhook = Webhook(
            id=unit.new_id(IdPrefix.WEBHOOK),
            organisation_id=owner_id,
            name=name,
            url=url,
            events=None if wanted is None else list(wanted),
            created_by=principal.account_id,
            created_at=unit.now,
            version=1,
        )
        unit.session.add(webhook)
        _record(unit, EventType.WEBHOOK_REGISTERED, webhook, principal.account_id)
        unit.commit()
    return webhook


def _require_room(session: Session, principal: Principal, organisation_id: str, most: int) -> None:
    """Refuse an organisation that is not the caller's, or has enough; whoever registers for it goes one by one."""
    query = select(Organisation.id).where(Organisation.id == organisation_id).with_for_update(key_share=True)
    if not principal.may_see_organisation(organisation_id) or session.scalar(query) is None:
        raise NotFoundError("there is no such organisation")
    count = webhooks.count_of(session, organisation_id)
    if count >= most:
        raise ConflictError(
            f"an organisation has {most} webhooks at most, and this one has {count}: remove one first",
            webhooks=count,
            allowed=most,
        )


def change_webhook(
    ctx: Context, principal: Principal, webhook_id: str, change: WebhookChange, *, if_version: int | None = None
) -> Webhook:
    """Change what a webhook is called, where it leads, or what it is told of. What waits goes where it leads now.

    Raises:
        NotFoundError: none that the caller may know of.
        InvalidInputError: the address may not be reached, or there is no such event.
        StaleVersionError: it has changed since.
    """
    if change.url is not None:
        read_target(change.url, ctx.webhooks)
    with unit_of_work(ctx) as unit:
        webhook = _to_change(unit, principal, webhook_id, if_version)
        if change.name is not None:
            webhook.name = change.name
        if change.url is not None:
            webhook.url, webhook.failing_since = change.url, None
        if change.every_event:
            webhook.events = None
        elif (wanted := require_known_types(change.events)) is not None:
            webhook.events = list(wanted)
        _record(unit, EventType.WEBHOOK_CHANGED, webhook, principal.account_id)
        unit.commit()
    return webhook


def disable_webhook(ctx: Context, principal: Principal, webhook_id: str, *, if_version: int | None = None) -> Webhook:
    """Send nothing to a webhook any more. What waits for it dies, and can be sent again once it is enabled.

    Of what happens meanwhile it is not told, not later either.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: it is disabled already; figure ``reason``.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        webhook = _to_change(unit, principal, webhook_id, if_version)
        if webhook.disabled_reason is not None:
            raise ConflictError("the webhook is disabled already", reason=webhook.disabled_reason.value)
        disable(unit, webhook, DisabledReason.BY_HAND, principal.account_id)
        unit.commit()
    return webhook


def disable(unit: Unit, webhook: Webhook, reason: DisabledReason, actor_id: str) -> None:
    """Disable a locked webhook in the caller's unit; what waits for it dies."""
    webhook.disabled_at, webhook.disabled_reason = unit.now, reason
    dead = webhooks.give_up_waiting(unit.session, webhook.id, unit.now)
    _record(unit, EventType.WEBHOOK_DISABLED, webhook, actor_id, reason=reason.value, messages=dead)


def enable_webhook(ctx: Context, principal: Principal, webhook_id: str, *, if_version: int | None = None) -> Webhook:
    """Tell a disabled webhook of what happens from now on.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: it is in service.
        InvalidInputError: where it leads may not be reached any more.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        webhook = _to_change(unit, principal, webhook_id, if_version)
        if webhook.disabled_at is None:
            raise ConflictError("the webhook is in service")
        read_target(webhook.url, ctx.webhooks)
        webhook.disabled_at = webhook.disabled_reason = webhook.failing_since = None
        _record(unit, EventType.WEBHOOK_ENABLED, webhook, principal.account_id)
        unit.commit()
    return webhook


def remove_webhook(ctx: Context, principal: Principal, webhook_id: str, *, if_version: int | None = None) -> Webhook:
    """Forget a webhook, with its messages and their log, and answer it as it was.

    What is being sent at this moment may still arrive.

    Raises:
        NotFoundError: none that the caller may know of.
        StaleVersionError: it has changed since.
    """
    principal.require(Scope.WEBHOOKS_WRITE)
    with unit_of_work(ctx) as unit:
        webhook = unit.session.get(Webhook, webhook_id, with_for_update=True)
        if webhook is None or not principal.may_see_organisation(webhook.organisation_id):
            raise NotFoundError("there is no such webhook")
        require_version(webhook.version, if_version)
        gone = webhooks.remove_deliveries(unit.session, webhook.id)
        unit.session.delete(webhook)
        unit.record(
            EventType.WEBHOOK_REMOVED,
            webhook.id,
            principal.account_id,
            organisation_id=webhook.organisation_id,
            messages=gone,
        )
        unit.commit()
    return webhook


def _to_change(unit: Unit, principal: Principal, webhook_id: str, if_version: int | None) -> Webhook:
    """Answer a webhook that the caller may change, locked, as its next version."""
    principal.require(Scope.WEBHOOKS_WRITE)
    webhook = webhooks.lock_webhook(unit.session, webhook_id)
    if webhook is None or not principal.may_see_organisation(webhook.organisation_id):
        raise NotFoundError("there is no such webhook")
    require_version(webhook.version, if_version)
    webhook.version += 1
    return webhook


def _record(unit: Unit, kind: EventType, webhook: Webhook, actor_id: str, **details: str | int) -> None:
    """Remember what happened to a webhook; not where it leads, which may be a secret in itself."""
    events = "*" if webhook.events is None else " ".join(webhook.events)
    unit.record(kind, webhook.id, actor_id, organisation_id=webhook.organisation_id, events=events, **details)


# --- messages --------------------------------------------------------------------------------------------------------


def send_test(ctx: Context, principal: Principal, webhook_id: str) -> WebhookDelivery:
    """Send a message that tells of nothing, to see whether messages arrive; a worker sends it within a second or so.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: the webhook is disabled; figure ``reason``.
    """
    principal.require(Scope.WEBHOOKS_WRITE)
    with unit_of_work(ctx) as unit:
        webhook = _visible(unit.session, principal, webhook_id, locked=True)
        _require_in_service(webhook)
        message_id = unit.new_id(IdPrefix.WEBHOOK_MESSAGE)
        message = Message(TEST, unit.now, {"organisation_id": webhook.organisation_id, "webhook_id": webhook.id})
        delivery = WebhookDelivery(
            id=message_id,
            webhook_id=webhook.id,
            type=TEST,
            body=canonical(body_of(message_id, message)).decode(),
            state=DeliveryState.WAITING,
            attempts=0,
            log=[],
            next_attempt_at=unit.now,
            created_at=unit.now,
        )
        unit.session.add(delivery)
        unit.commit()
    return delivery


def resend(ctx: Context, principal: Principal, webhook_id: str, message_id: str) -> WebhookDelivery:
    """Send a message again that was given up, from its first attempt on, under its old id.

    Raises:
        NotFoundError: none that the caller may know of.
        ConflictError: it is not dead, or the webhook is disabled; figures ``state`` or ``reason``.
    """
    principal.require(Scope.WEBHOOKS_WRITE)
    with unit_of_work(ctx) as unit:
        webhook = _visible(unit.session, principal, webhook_id, locked=True)
        _require_in_service(webhook)
        delivery = unit.session.get(WebhookDelivery, message_id, with_for_update=True)
        if delivery is None or delivery.webhook_id != webhook.id:
            raise NotFoundError("there is no such message")
        if delivery.state is not DeliveryState.DEAD:
            raise ConflictError(
                f"a message that is {delivery.state.value} is not sent again", state=delivery.state.value
            )
        delivery.state, delivery.attempts = DeliveryState.WAITING, 0
        delivery.next_attempt_at, delivery.finished_at = unit.now, None
        unit.commit()
    return delivery


def _require_in_service(webhook: Webhook) -> None:
    if webhook.disabled_reason is not None:
        raise ConflictError("the webhook is disabled; enable it first", reason=webhook.disabled_reason.value)


# --- reading ---------------------------------------------------------------------------------------------------------


def _visible(session: Session, principal: Principal, webhook_id: str, *, locked: bool = False) -> Webhook:
    webhook = webhooks.lock_webhook(session, webhook_id) if locked else session.get(Webhook, webhook_id)
    if webhook is None or not principal.may_see_organisation(webhook.organisation_id):
        raise NotFoundError("there is no such webhook")
    return webhook


def get_webhook(ctx: Context, principal: Principal, webhook_id: str) -> Webhook:
    """Answer a webhook of one's own organisation, or any to an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.WEBHOOKS_READ)
    with ctx.database.read() as session:
        return _visible(session, principal, webhook_id)


def list_webhooks(
    ctx: Context, principal: Principal, *, organisation_id: str | None = None, after: str | None, limit: int
) -> Sequence[Webhook]:
    """Answer a page of the webhooks of one's own organisation, or of all or of one to an operator, oldest first.

    Raises:
        NotFoundError: there is no such organisation that the caller may know of.
    """
    principal.require(Scope.WEBHOOKS_READ)
    if organisation_id is not None and not principal.may_see_organisation(organisation_id):
        raise NotFoundError("there is no such organisation")
    whose = organisation_id if principal.is_operator else principal.organisation_id or ""
    with ctx.database.read() as session:
        return webhooks.page_of_webhooks(session, organisation_id=whose, after=after, limit=limit)


def list_deliveries(
    ctx: Context,
    principal: Principal,
    webhook_id: str,
    *,
    state: DeliveryState | None,
    after: str | None,
    limit: int,
) -> Sequence[WebhookDelivery]:
    """Answer a page of the messages of a webhook with their log, newest first; in one state when given.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.WEBHOOKS_READ)
    with ctx.database.read() as session:
        webhook = _visible(session, principal, webhook_id)
        return webhooks.page_of_deliveries(session, webhook.id, state=state, after=after, limit=limit)
