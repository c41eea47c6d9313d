"""Webhooks: where an organisation is told of what happens, whether messages arrive, and those that did not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Response, request

from api.pages.account.deliveries import PROBLEMS, STATES, told_of
from api.pages.account.disabling import DISABLED
from api.pages.account.refusals import refused
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import seen_version
from api.schemas.webhooks import ChangedWebhook, MessageQuery, NewWebhook, WebhookMessageOut, WebhookQuery
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.ids import IdPrefix
from registry.domain.webhooks import TYPES
from registry.errors import RegistryError
from registry.services import people, webhooks

WEBHOOKS: Final = "/account/webhooks"
_ONE: Final = f"{WEBHOOKS}/<id:webhook_id>"
_OPERATION: Final = "/v1/webhooks/{webhook_id}"


@personal.get(WEBHOOKS)
@stands_for("GET /v1/webhooks")
def show_webhooks() -> Response:
    """Show the webhooks of one's organisation, or all to an operator, and the form for another."""
    return _page()


def _page(error: RegistryError | None = None) -> Response:
    status, why = refused(error)
    query = asked(WebhookQuery)
    found = webhooks.list_webhooks(
        context(),
        principal(),
        organisation_id=query.organisation_id,
        after=query.after(IdPrefix.WEBHOOK),
        limit=query.limit + 1,
    )
    items, cursor = cut(found, query)
    return page_of(
        "account/webhooks",
        status,
        items=items,
        cursor=cursor,
        names=people.organisations_named(context(), {each.organisation_id for each in items}),
        may_write=Scope.WEBHOOKS_WRITE in principal().scopes,
        is_operator=principal().is_operator,
        types=TYPES,
        told_of=told_of,
        disabled_words=DISABLED,
        typed=request.form,
        **why,
    )


@personal.post(WEBHOOKS)
@stands_for("POST /v1/webhooks")
@once
def register_webhook() -> Response:
    """Register where one's organisation wants to be told of what happens from now on."""
    principal().require(Scope.WEBHOOKS_WRITE)
    try:
        body = checked(NewWebhook, **_sent(), organisation_id=request.form.get("organisation_id", "").strip() or None)
        webhook = webhooks.register_webhook(
            context(),
            principal(),
            name=body.name,
            url=body.url,
            events=body.events,
            organisation_id=body.organisation_id,
        )
    except RegistryError as error:
        return _page(error)
    return went_on(f"{WEBHOOKS}/{webhook.id}", done="registered")


def _sent() -> dict[str, Any]:
    form = request.form
    return {
        "name": form.get("name", ""),
        "url": form.get("url", "").strip(),
        "events": None if form.get("told") == "everything" else form.getlist("events"),
    }


@personal.get(_ONE)
@stands_for(f"GET {_OPERATION}", f"GET {_OPERATION}/messages")
def show_webhook(webhook_id: str) -> Response:
    """Show one webhook, whether messages arrive, and the messages of the last thirty days with the log of each."""
    return _one(webhook_id)


def _one(webhook_id: str, error: RegistryError | None = None) -> Response:
    status, why = refused(error)
    webhook = webhooks.get_webhook(context(), principal(), webhook_id)
    query = asked(MessageQuery)
    found = webhooks.list_deliveries(
        context(),
        principal(),
        webhook_id,
        state=query.state,
        after=query.after(IdPrefix.WEBHOOK_MESSAGE),
        limit=query.limit + 1,
    )
    items, cursor = cut(found, query)
    return page_of(
        "account/webhook",
        status,
        scripts=True,
        webhook=webhook,
        names=people.organisations_named(context(), {webhook.organisation_id}),
        people=people.accounts_named(context(), {webhook.created_by}),
        messages=[WebhookMessageOut.of(each) for each in items],
        cursor=cursor,
        state=query.state,
        states=STATES,
        problems=PROBLEMS,
        disabled_words=DISABLED,
        types=TYPES,
        told_of=told_of,
        may_write=Scope.WEBHOOKS_WRITE in principal().scopes,
        typed=request.form,
        **why,
    )


@personal.get(f"{_ONE}/messages")
@stands_for(f"GET {_OPERATION}/messages")
def show_messages(webhook_id: str) -> Response:
    """Show the messages alone, for a page that shows them as they go."""
    query = asked(MessageQuery)
    found = webhooks.list_deliveries(
        context(),
        principal(),
        webhook_id,
        state=query.state,
        after=query.after(IdPrefix.WEBHOOK_MESSAGE),
        limit=query.limit + 1,
    )
    items, cursor = cut(found, query)
    return page_of(
        "account/messages",
        webhook_id=webhook_id,
        messages=[WebhookMessageOut.of(each) for each in items],
        cursor=cursor,
        states=STATES,
        problems=PROBLEMS,
        told_of=told_of,
        may_write=Scope.WEBHOOKS_WRITE in principal().scopes,
    )


def _stepped(webhook_id: str, step: Callable[[], object], done: str) -> Response:
    """Take a step; where it cannot be taken, show the webhook as it stands now."""
    try:
        step()
    except RegistryError as error:
        return _one(webhook_id, error)
    return went_on(f"{WEBHOOKS}/{webhook_id}", done=done)


@personal.post(f"{_ONE}/change")
@stands_for(f"PATCH {_OPERATION}")
@once
def change_webhook(webhook_id: str) -> Response:
    """Change what a webhook is called, where it leads, or what it is told of."""
    principal().require(Scope.WEBHOOKS_WRITE)
    if_version = seen_version()

    def change() -> object:
        changed = checked(ChangedWebhook, **_sent()).change()
        return webhooks.change_webhook(context(), principal(), webhook_id, changed, if_version=if_version)

    return _stepped(webhook_id, change, "changed")


@personal.post(f"{_ONE}/disable")
@stands_for(f"POST {_OPERATION}/disable")
@once
def disable_webhook(webhook_id: str) -> Response:
    """Send nothing to a webhook any more."""
    return _stepped(
        webhook_id,
        lambda: webhooks.disable_webhook(context(), principal(), webhook_id, if_version=seen_version()),
        "disabled",
    )


@personal.post(f"{_ONE}/enable")
@stands_for(f"POST {_OPERATION}/enable")
@once
def enable_webhook(webhook_id: str) -> Response:
    """Tell a disabled webhook of what happens from now on."""
    return _stepped(
        webhook_id,
        lambda: webhooks.enable_webhook(context(), principal(), webhook_id, if_version=seen_version()),
        "enabled",
    )


@personal.post(f"{_ONE}/remove")
@stands_for(f"POST {_OPERATION}/remove")
@once
def remove_webhook(webhook_id: str) -> Response:
    """Forget a webhook, with its messages and their log."""
    try:
        webhooks.remove_webhook(context(), principal(), webhook_id, if_version=seen_version())
    except RegistryError as error:
        return _one(webhook_id, error)
    return went_on(WEBHOOKS, done="removed")


@personal.post(f"{_ONE}/test")
@stands_for(f"POST {_OPERATION}/test")
@once
def test_webhook(webhook_id: str) -> Response:
    """Send a message that tells of nothing; its log says whether it arrived."""
    return _stepped(webhook_id, lambda: webhooks.send_test(context(), principal(), webhook_id), "tested")


@personal.post(f"{_ONE}/messages/<id:message_id>/resend")
@stands_for(f"POST {_OPERATION}/messages/{{message_id}}/resend")
@once
def resend_message(webhook_id: str, message_id: str) -> Response:
    """Send a message again that was given up, under its old id."""
    return _stepped(webhook_id, lambda: webhooks.resend(context(), principal(), webhook_id, message_id), "resent")
