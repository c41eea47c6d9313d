"""Webhooks."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import page
from api.schemas.webhooks import (
    ChangedWebhook,
    MessagePath,
    MessageQuery,
    NewWebhook,
    WebhookMessageOut,
    WebhookMessagePage,
    WebhookOut,
    WebhookPage,
    WebhookPath,
    WebhookQuery,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import webhooks
from registry.store.webhooks import Webhook, WebhookDelivery

resource = new_resource("webhooks", "Where an organisation is told of what happens: signed messages that hold ids.")


@resource.post("/webhooks", responses={201: WebhookOut})
@idempotent()
def register_webhook(body: NewWebhook) -> Response:
    """Register where an organisation wants to be told of what happens from now on. Nothing is connected to yet."""
    webhook = webhooks.register_webhook(
        context(),
        principal(),
        name=body.name,
        url=body.url,
        events=body.events,
        organisation_id=body.organisation_id,
    )
    return created(WebhookOut.of(webhook), f"/v1/webhooks/{webhook.id}", tag=entity_tag(webhook.version))


@resource.get("/webhooks", responses={200: WebhookPage})
def list_webhooks(query: WebhookQuery) -> Response:
    """List the webhooks of one's own organisation; to an operator, all, or those of one organisation."""
    found = webhooks.list_webhooks(
        context(),
        principal(),
        organisation_id=query.organisation_id,
        after=query.after(IdPrefix.WEBHOOK),
        limit=query.limit + 1,
    )
    return page(found, query, WebhookPage, WebhookOut.of)


@resource.get("/webhooks/<id:webhook_id>", responses={200: WebhookOut})
def get_webhook(path: WebhookPath) -> Response:
    """Answer one webhook, and whether messages arrive."""
    webhook = webhooks.get_webhook(context(), principal(), path.webhook_id)
    failing = None if webhook.failing_since is None else "failing"
    return answer(WebhookOut.of(webhook), tag=entity_tag(webhook.version, failing))


@resource.patch("/webhooks/<id:webhook_id>", responses={200: WebhookOut})
@idempotent()
def change_webhook(path: WebhookPath, header: ChangeHeaders, body: ChangedWebhook) -> Response:
    """Change what a webhook is called, where it leads, or what it is told of."""
    return _changed(
        webhooks.change_webhook(context(), principal(), path.webhook_id, body.change(), if_version=header.version())
    )


@resource.post("/webhooks/<id:webhook_id>/disable", responses={200: WebhookOut})
@idempotent()
def disable_webhook(path: WebhookPath, header: ChangeHeaders) -> Response:
    """Send nothing to a webhook any more. What waits for it dies; of what happens meanwhile it is not told."""
    return _changed(webhooks.disable_webhook(context(), principal(), path.webhook_id, if_version=header.version()))


@resource.post("/webhooks/<id:webhook_id>/enable", responses={200: WebhookOut})
@idempotent()
def enable_webhook(path: WebhookPath, header: ChangeHeaders) -> Response:
    """Tell a disabled webhook of what happens from now on."""
    return _changed(webhooks.enable_webhook(context(), principal(), path.webhook_id, if_version=header.version()))


@resource.post("/webhooks/<id:webhook_id>/remove", responses={200: WebhookOut})
@idempotent()
def remove_webhook(path: WebhookPath, header: ChangeHeaders) -> Response:
    """Forget a webhook, with its messages and their log, and answer it as it was."""
    webhook = webhooks.remove_webhook(context(), principal(), path.webhook_id, if_version=header.version())
    return answer(WebhookOut.of(webhook))


@resource.post("/webhooks/<id:webhook_id>/test", responses={202: WebhookMessageOut})
@idempotent()
def test_webhook(path: WebhookPath) -> Response:
    """Send a message of the type `webhook.test`, which tells of nothing; its log says whether it arrived."""
    message = webhooks.send_test(context(), principal(), path.webhook_id)
    return _sent(message)


@resource.get("/webhooks/<id:webhook_id>/messages", responses={200: WebhookMessagePage})
def list_webhook_messages(path: WebhookPath, query: MessageQuery) -> Response:
    """List the messages to a webhook of the last thirty days, with the log of each."""
    found = webhooks.list_deliveries(
        context(),
        principal(),
        path.webhook_id,
        state=query.state,
        after=query.after(IdPrefix.WEBHOOK_MESSAGE),
        limit=query.limit + 1,
    )
    return page(found, query, WebhookMessagePage, WebhookMessageOut.of)


@resource.post("/webhooks/<id:webhook_id>/messages/<id:message_id>/resend", responses={202: WebhookMessageOut})
@idempotent()
def resend_webhook_message(path: MessagePath) -> Response:
    """Send a message again that was given up, under its old id."""
    message = webhooks.resend(context(), principal(), path.webhook_id, path.message_id)
    return _sent(message)


def _sent(message: WebhookDelivery) -> Response:
    """Answer a message that is on its way, and where its log is to be found."""
    location = f"/v1/webhooks/{message.webhook_id}/messages"
    return answer(WebhookMessageOut.of(message), HTTPStatus.ACCEPTED, location=location)


def _changed(webhook: Webhook) -> Response:
    return answer(WebhookOut.of(webhook), tag=entity_tag(webhook.version))
