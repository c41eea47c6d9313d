"""Webhooks at the command line."""

from __future__ import annotations

import pytest
from command_line import CommandLine

from registry.cli.operator import choose_operator, opened_registry
from registry.domain.webhooks import TYPES
from registry.errors import ConflictError, InvalidInputError, NotFoundError
from registry.services import webhooks

URL = "https://hooks.northlight.example/likeness"

pytestmark = pytest.mark.usefixtures("operator")


@pytest.mark.parametrize("url", ["http://hooks.example/", "https://127.0.0.1/", "https://u:p@hooks.example/", "x"])
def test_an_address_that_may_not_be_reached_is_refused(likeness: CommandLine, url: str) -> None:
    assert isinstance(likeness.error("webhook", "register", url), InvalidInputError)
    assert likeness.json("webhook", "list") == []


def test_an_event_or_an_organisation_that_does_not_exist_is_refused(likeness: CommandLine) -> None:
    error = likeness.error("webhook", "register", URL, "--event", "check.done")
    assert "check.completed" in error.detail
    assert isinstance(likeness.error("webhook", "register", URL, "--organisation", "org_nobody"), NotFoundError)
    for verb in ("disable", "enable", "remove", "test", "messages"):
        assert isinstance(likeness.error("webhook", verb, "hook_none"), NotFoundError)


def test_a_change_of_nothing_and_one_of_two_minds_are_usage_errors(likeness: CommandLine) -> None:
    webhook_id = likeness.out("webhook", "register", URL)
    likeness.usage("webhook", "change", webhook_id)
    likeness.usage("webhook", "change", webhook_id, "--every-event", "--event", "check.completed")
    (shown,) = likeness.json("webhook", "list")
    assert shown["version"] == 1


def test_every_event_is_printed(likeness: CommandLine) -> None:
    assert likeness.out("webhook", "events").splitlines() == list(TYPES)


def test_a_webhook_is_registered_for_a_studio_changed_tried_out_and_removed(likeness: CommandLine) -> None:
    likeness.out("account", "create", "--role", "studio_admin", "--name", "Mira", "--organisation", "Northlight")
    accounts = likeness.json("account", "list")
    (organisation,) = [each["organisation"]["id"] for each in accounts if each["role"] == "studio_admin"]
    webhook_id = likeness.out(
        "webhook", "register", URL, "--organisation", organisation, "--event", "licence.paid", "--name", "books"
    )
    (shown,) = likeness.json("webhook", "list", "--organisation", organisation)
    assert (shown["id"], shown["events"], shown["name"]) == (webhook_id, ["licence.paid"], "books")
    likeness.out("webhook", "change", webhook_id, "--every-event", "--url", f"{URL}/2")
    message_id = likeness.out("webhook", "test", webhook_id)
    (message,) = likeness.json("webhook", "messages", webhook_id)
    assert (message["id"], message["state"], message["type"]) == (message_id, "waiting", "webhook.test")
    likeness.out("webhook", "disable", webhook_id)
    dead = likeness.run("webhook", "messages", webhook_id, "--state", "dead")
    assert dead.exit_code == 1, "a dead message flags"
    assert message_id in dead.stdout
    assert isinstance(likeness.error("webhook", "resend", webhook_id, message_id), ConflictError)
    likeness.out("webhook", "enable", webhook_id)
    likeness.out("webhook", "resend", webhook_id, message_id)
    (listed,) = likeness.json("webhook", "list")
    assert (listed["events"], listed["url"]) == (None, f"{URL}/2")
    likeness.out("webhook", "remove", webhook_id)
    with opened_registry() as ctx:
        assert webhooks.list_webhooks(ctx, choose_operator(ctx, None), after=None, limit=9) == []
