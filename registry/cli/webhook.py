"""``likeness webhook``: where organisations are told of what happens."""

from __future__ import annotations

import json
from typing import Annotated

from typer import Argument, BadParameter, Exit, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, one_line
from registry.cli.output import print_facts, print_json, print_table, remark, words
from registry.cli.paging import every
from registry.domain.webhooks import TYPES, DeliveryState
from registry.services import webhooks as verbs
from registry.services.webhooks import WebhookChange
from registry.store.webhooks import Webhook, WebhookDelivery

app = Typer(help="Webhooks: where organisations are told of what happens.", no_args_is_help=True)

_FLAGGED = 1
_NEWEST = 50
WebhookId = Annotated[str, Argument(metavar="WEBHOOK_ID")]
Events = Annotated[
    list[str] | None, Option("--event", metavar="TYPE", help="What it is told of; may be repeated. See `events`.")
]


@app.command()
def register(
    url: Annotated[str, Argument(metavar="URL", help="Where messages go: https://…")],
    *,
    organisation: Annotated[
        str | None, Option(metavar="ORG_ID", help="Whose it is; by default the operator's own.")
    ] = None,
    name: Annotated[str, Option(parser=one_line, metavar="NAME", help="What it is for.")] = "webhook",
    event: Events = None,
    acting: Acting = None,
) -> None:
    """Register a webhook, and print its id. Without --event it is told of everything."""
    with acting_operator(acting) as (ctx, principal):
        webhook = verbs.register_webhook(
            ctx, principal, name=name, url=url, events=event or None, organisation_id=organisation
        )
    remark(f"told of: {_told(webhook)}")
    echo(webhook.id)


@app.command()
def events() -> None:
    """Print every type of message, one on a line."""
    for each in TYPES:
        echo(each)


@app.command("list")
def list_webhooks(
    *,
    organisation: Annotated[str | None, Option(metavar="ORG_ID", help="Only those of one organisation.")] = None,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """List webhooks, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(
                lambda after, limit: verbs.list_webhooks(
                    ctx, principal, organisation_id=organisation, after=after, limit=limit
                )
            )
        )
    if as_json:
        print_json([_facts(webhook) for webhook in found])
        return
    rows = [(each.id, each.organisation_id, each.name, _state(each), _told(each), each.url) for each in found]
    print_table(("webhook", "of", "name", "state", "told of", "leads to"), rows, prose="told of")


@app.command()
def change(
    webhook_id: WebhookId,
    *,
    url: Annotated[str | None, Option(metavar="URL", help="Where messages go from now on.")] = None,
    name: Annotated[str | None, Option(parser=one_line, metavar="NAME", help="What it is for.")] = None,
    event: Events = None,
    every_event: Annotated[bool, Option("--every-event", help="Let it be told of everything.")] = False,
    acting: Acting = None,
) -> None:
    """Change where a webhook leads, what it is called, or what it is told of."""
    asked = WebhookChange(name=name, url=url, events=event or None, every_event=every_event)
    if asked == WebhookChange() or (event and every_event):
        raise BadParameter("say what is to be different: --url, --name, and --event or --every-event")
    with acting_operator(acting) as (ctx, principal):
        webhook = verbs.change_webhook(ctx, principal, webhook_id, asked)
    print_facts(_facts(webhook))


@app.command()
def disable(webhook_id: WebhookId, *, acting: Acting = None) -> None:
    """Send nothing to a webhook any more; what waits for it is listed as dead."""
    with acting_operator(acting) as (ctx, principal):
        webhook = verbs.disable_webhook(ctx, principal, webhook_id)
    echo(f"{webhook.id} is disabled")


@app.command()
def enable(webhook_id: WebhookId, *, acting: Acting = None) -> None:
    """Tell a disabled webhook of what happens from now on."""
    with acting_operator(acting) as (ctx, principal):
        webhook = verbs.enable_webhook(ctx, principal, webhook_id)
    echo(f"{webhook.id} is in service")


@app.command()
def remove(webhook_id: WebhookId, *, acting: Acting = None) -> None:
    """Forget a webhook, with its messages and their log."""
    with acting_operator(acting) as (ctx, principal):
        webhook = verbs.remove_webhook(ctx, principal, webhook_id)
    echo(f"{webhook.id} is removed")


@app.command("test")
def try_out(webhook_id: WebhookId, *, acting: Acting = None) -> None:
    """Send a message that tells of nothing, and print its id; `messages` says whether it arrived."""
    with acting_operator(acting) as (ctx, principal):
        delivery = verbs.send_test(ctx, principal, webhook_id)
    echo(delivery.id)


@app.command()
def messages(
    webhook_id: WebhookId,
    *,
    state: Annotated[DeliveryState | None, Option(help="Only those in this state.")] = None,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """List the fifty newest messages to a webhook, newest first; exit code 1 says that some of them are dead."""
    with acting_operator(acting) as (ctx, principal):
        found = verbs.list_deliveries(ctx, principal, webhook_id, state=state, after=None, limit=_NEWEST)
    if as_json:
        print_json([_message_facts(delivery) for delivery in found])
    else:
        rows = [
            (each.id, each.type, each.state.value, each.attempts, each.problem, each.created_at, each.next_attempt_at)
            for each in found
        ]
        print_table(("message", "type", "state", "attempts", "problem", "of", "next attempt"), rows)
    if any(each.state is DeliveryState.DEAD for each in found):
        raise Exit(_FLAGGED)


@app.command()
def resend(
    webhook_id: WebhookId, message_id: Annotated[str, Argument(metavar="MESSAGE_ID")], *, acting: Acting = None
) -> None:
    """Send a dead message again, under its old id."""
    with acting_operator(acting) as (ctx, principal):
        delivery = verbs.resend(ctx, principal, webhook_id, message_id)
    echo(f"{delivery.id} is sent again")


def _told(webhook: Webhook) -> str:
    return "everything" if webhook.events is None else ", ".join(webhook.events)


def _state(webhook: Webhook) -> str:
    if webhook.disabled_reason is not None:
        return f"disabled ({webhook.disabled_reason.value})"
    return "in service" if webhook.failing_since is None else f"failing since {words(webhook.failing_since)}"


def _facts(webhook: Webhook) -> dict[str, object]:
    return {
        "id": webhook.id,
        "organisation_id": webhook.organisation_id,
        "name": webhook.name,
        "url": webhook.url,
        "events": webhook.events,
        "created_by": webhook.created_by,
        "created_at": webhook.created_at,
        "failing_since": webhook.failing_since,
        "disabled_at": webhook.disabled_at,
        "disabled_reason": None if webhook.disabled_reason is None else webhook.disabled_reason.value,
        "version": webhook.version,
    }


def _message_facts(delivery: WebhookDelivery) -> dict[str, object]:
    return {
        "id": delivery.id,
        "type": delivery.type,
        "data": json.loads(delivery.body)["data"],
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "log": delivery.log,
        "problem": None if delivery.problem is None else delivery.problem.value,
        "next_attempt_at": delivery.next_attempt_at,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
    }
