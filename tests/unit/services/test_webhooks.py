"""Webhooks: who may have one, and which messages follow from what happens."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filing import Filing, enrolled
from sqlalchemy import event, select
from steps import Registry, candidate

from registry.domain.accounts import Principal, Role
from registry.domain.consents import ConsentDecision, ConsentPurpose
from registry.domain.retention import RuleId
from registry.domain.webhook_addresses import WebhookRules
from registry.domain.webhooks import DeliveryProblem, DeliveryState, DisabledReason
from registry.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    StaleVersionError,
)
from registry.services import assessments, consents, licence_course, purge, webhooks
from registry.services.webhooks import WebhookChange
from registry.store.journal import JournalOpening
from registry.store.webhooks import Webhook, WebhookDelivery

URL = "https://hooks.northlight.example/likeness?token=abc"


def listen(registry: Registry, principal: Principal, *events: str, **changes: Any) -> Webhook:
    return webhooks.register_webhook(
        registry.ctx, principal, **{"name": "pipeline", "url": URL, "events": events or None, **changes}
    )


def messages(registry: Registry, webhook: Webhook) -> list[dict[str, Any]]:
    """Answer the bodies of all messages to a webhook."""
    with registry.ctx.database.read() as session:
        query = select(WebhookDelivery.body).where(WebhookDelivery.webhook_id == webhook.id)
        return [json.loads(body) for body in session.scalars(query)]


def told(registry: Registry, webhook: Webhook) -> list[tuple[str, dict[str, str]]]:
    """Answer type and ids of all messages to a webhook, sorted: those of one moment have no order."""
    found = [(body["type"], body["data"]) for body in messages(registry, webhook)]
    return sorted(found, key=lambda each: (each[0], sorted(each[1].items())))


@contextmanager
def statements(registry: Registry) -> Iterator[list[str]]:
    found: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(registry.ctx.database.engine, "before_cursor_execute", note)
    yield found
    event.remove(registry.ctx.database.engine, "before_cursor_execute", note)


# --- who may have one ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.PERFORMER, Role.REPRESENTATIVE, Role.STUDIO_MEMBER])
def test_performers_and_members_have_no_webhooks(sqlite_registry: Registry, role: Role) -> None:
    registry = sqlite_registry
    caller = registry.principal(role, "Somebody", "Northlight" if role is Role.STUDIO_MEMBER else None)
    with pytest.raises(ForbiddenError):
        listen(registry, caller)
    with pytest.raises(ForbiddenError):
        webhooks.list_webhooks(registry.ctx, caller, after=None, limit=10)


def test_another_organisations_webhook_is_not_there(registry: Registry) -> None:
    mine, other = registry.studio("Northlight"), registry.studio("Longshot")
    webhook = listen(registry, mine)
    message = webhooks.send_test(registry.ctx, mine, webhook.id)
    asked = (
        lambda: webhooks.get_webhook(registry.ctx, other, webhook.id),
        lambda: webhooks.change_webhook(registry.ctx, other, webhook.id, WebhookChange(name="mine now")),
        lambda: webhooks.disable_webhook(registry.ctx, other, webhook.id),
        lambda: webhooks.enable_webhook(registry.ctx, other, webhook.id),
        lambda: webhooks.remove_webhook(registry.ctx, other, webhook.id),
        lambda: webhooks.send_test(registry.ctx, other, webhook.id),
        lambda: webhooks.resend(registry.ctx, other, webhook.id, message.id),
        lambda: webhooks.resend(registry.ctx, other, listen(registry, other).id, message.id),
        lambda: webhooks.list_deliveries(registry.ctx, other, webhook.id, state=None, after=None, limit=9),
        lambda: listen(registry, other, organisation_id=mine.organisation_id),
        lambda: webhooks.list_webhooks(registry.ctx, other, organisation_id=mine.organisation_id, after=None, limit=9),
    )
    for ask in asked:
        with pytest.raises(NotFoundError, match="no such"):
            ask()
    assert webhooks.get_webhook(registry.ctx, mine, webhook.id).name == "pipeline"


def test_an_operator_registers_for_an_organisation_and_reads_all(registry: Registry) -> None:
    studio = registry.studio()
    webhook = listen(registry, registry.operator, organisation_id=studio.organisation_id)
    own = listen(registry, registry.operator)
    assert webhook.organisation_id == studio.organisation_id
    assert [each.id for each in webhooks.list_webhooks(registry.ctx, studio, after=None, limit=9)] == [webhook.id]
    read = webhooks.list_webhooks(registry.ctx, registry.operator, after=None, limit=9)
    assert [each.id for each in read] == [webhook.id, own.id]
    with pytest.raises(NotFoundError):
        listen(registry, registry.operator, organisation_id="org_nobody")


@pytest.mark.parametrize(
    "changes", [{"url": "http://hooks.example/"}, {"url": "https://10.0.0.1/"}, {"events": ["check.done"]}]
)
def test_a_webhook_that_could_never_be_told_anything_is_refused(
    sqlite_registry: Registry, changes: dict[str, Any]
) -> None:
    studio = sqlite_registry.studio()
    with pytest.raises(InvalidInputError):
        listen(sqlite_registry, studio, **changes)
    webhook = listen(sqlite_registry, studio)
    with pytest.raises(InvalidInputError):
        webhooks.change_webhook(sqlite_registry.ctx, studio, webhook.id, WebhookChange(**changes))
    assert webhooks.get_webhook(sqlite_registry.ctx, studio, webhook.id).version == 1


def test_an_organisation_has_so_many_and_no_more_also_when_several_are_registered_at_once(registry: Registry) -> None:
    registry.ctx = replace(registry.ctx, webhooks=WebhookRules(most=3))
    studio = registry.studio()

    def register(_: int) -> bool:
        try:
            listen(registry, studio)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(register, range(6))) == 3
    with pytest.raises(ConflictError) as refused:
        listen(registry, studio)
    assert refused.value.figures == {"webhooks": 3, "allowed": 3}
    listen(registry, registry.studio("Longshot"))


def test_a_webhook_changes_only_as_the_version_that_was_read(registry: Registry) -> None:
    studio = registry.studio()
    webhook = listen(registry, studio, "check.completed")
    changed = webhooks.change_webhook(
        registry.ctx, studio, webhook.id, WebhookChange(name="new", events=["check.failed", "check.completed"])
    )
    assert (changed.name, changed.events, changed.version) == ("new", ["check.completed", "check.failed"], 2)
    with pytest.raises(StaleVersionError):
        webhooks.disable_webhook(registry.ctx, studio, webhook.id, if_version=1)
    everything = webhooks.change_webhook(registry.ctx, studio, webhook.id, WebhookChange(every_event=True))
    assert everything.events is None


def test_what_is_done_to_a_webhook_is_journalled_without_where_it_leads(registry: Registry) -> None:
    studio = registry.studio()
    webhook = listen(registry, studio)
    webhooks.change_webhook(registry.ctx, studio, webhook.id, WebhookChange(name="new"))
    webhooks.disable_webhook(registry.ctx, studio, webhook.id)
    webhooks.enable_webhook(registry.ctx, studio, webhook.id)
    webhooks.remove_webhook(registry.ctx, studio, webhook.id)
    assert registry.journal()[-5:] == [
        f"webhook.{done}" for done in ("registered", "changed", "disabled", "enabled", "removed")
    ]
    with registry.ctx.database.read() as session:
        details = [opening.details for opening in session.scalars(select(JournalOpening))]
    assert "northlight" not in json.dumps(details)


# --- what follows from what happens ----------------------------------------------------------------------------------


def test_a_check_is_told_to_whose_it_is_with_ids_alone(registry: Registry) -> None:
    studio, other = registry.studio("Northlight"), registry.studio("Longshot")
    mine, others, trust = (listen(registry, each) for each in (studio, other, registry.operator))
    performer_id = registry.enrolled()
    check = registry.checked(studio, candidate(performer_id))
    data = {"organisation_id": studio.organisation_id, "check_id": check.id}
    expected = [("check.completed", data), ("findings.recorded", data)]
    assert told(registry, mine) == expected
    assert told(registry, others) == []
    assert [each for each in told(registry, trust) if each[0] in {"check.completed", "findings.recorded"}] == expected
    assert performer_id not in json.dumps(messages(registry, mine))
    nothing = registry.checked(studio)
    new = [each for each in told(registry, mine) if each not in expected]
    assert new == [("check.completed", data | {"check_id": nothing.id})]


def test_only_what_was_subscribed_to_is_told(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    webhook = listen(sqlite_registry, studio, "findings.recorded")
    sqlite_registry.checked(studio)
    assert told(sqlite_registry, webhook) == []
    sqlite_registry.checked(studio, candidate(sqlite_registry.enrolled()))
    assert [each for each, _ in told(sqlite_registry, webhook)] == ["findings.recorded"]


def test_a_licence_is_told_to_its_studio_from_draft_to_revocation(registry: Registry) -> None:
    studio, other = registry.studio("Northlight"), registry.studio("Longshot")
    mine, others = listen(registry, studio), listen(registry, other)
    performer_id = registry.performer()
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(performer_id, studio)
    licence_course.suspend_licence(registry.ctx, registry.operator, licence.id, reason="in confidence")
    licence_course.resume_licence(registry.ctx, registry.operator, licence.id)
    licence_course.revoke_licence(registry.ctx, registry.operator, licence.id)
    data = {"organisation_id": studio.organisation_id, "licence_id": licence.id, "performer_id": performer_id}
    steps = ("drafted", "offered", "signed", "signed", "activated", "suspended", "resumed", "revoked")
    assert told(registry, mine) == [(f"licence.{step}", data) for step in sorted(steps)]
    assert "confidence" not in json.dumps(messages(registry, mine))
    assert told(registry, others) == []


@pytest.mark.parametrize("how", ["withdrawn", "superseded"])
def test_who_holds_a_licence_is_told_that_consent_ended_and_not_by_which(registry: Registry, how: str) -> None:
    studio, other = registry.studio("Northlight"), registry.studio("Longshot")
    mine, others, trust = (listen(registry, each) for each in (studio, other, registry.operator))
    performer_id = registry.performer()
    consent = registry.sign(performer_id, ConsentPurpose.LICENSING)
    registry.licence(performer_id, studio)
    registry.clock.move(minutes=1)
    if how == "withdrawn":
        consents.withdraw_all(registry.ctx, registry.operator, performer_id)
    else:
        registry.sign(performer_id, ConsentPurpose.LICENSING, ConsentDecision.REFUSED)
    data = {"organisation_id": studio.organisation_id, "performer_id": performer_id}
    assert (f"consent.{how}", data) in told(registry, mine)
    assert consent.id not in json.dumps(messages(registry, mine))
    assert told(registry, others) == []
    assert (f"consent.{how}", {"consent_id": consent.id, "performer_id": performer_id}) in told(registry, trust)


def test_who_has_a_gallery_file_is_told_that_it_is_replaced_and_not_because_of_whom(
    registry: Registry, tmp_path: Path
) -> None:
    filing = Filing(registry, tmp_path)
    ada = enrolled(registry, "Ada")
    mine, others = listen(registry, filing.studio), listen(registry, registry.studio("Longshot"))
    file_id = filing.export().manifest.file_id
    registry.clock.move(hours=1)
    consents.withdraw_all(registry.ctx, registry.operator, ada)
    data = {"organisation_id": filing.organisation_id, "gallery_file_id": file_id}
    assert told(registry, mine) == [("gallery_file.issued", data), ("gallery_file.replaced", data)]
    assert ada not in json.dumps(messages(registry, mine))
    assert told(registry, others) == []


def test_what_is_rolled_back_is_told_to_nobody(registry: Registry) -> None:
    studio = registry.studio()
    webhook = listen(registry, studio)
    performer_id = registry.performer()
    licence = registry.licence(performer_id, studio) if registry.sign(performer_id, ConsentPurpose.LICENSING) else None
    assert licence is not None
    before = told(registry, webhook)
    with pytest.raises(ConflictError):
        licence_course.resume_licence(registry.ctx, registry.operator, licence.id)
    assert told(registry, webhook) == before


def test_however_many_webhooks_there_are_an_event_costs_two_statements_and_without_any_one(
    registry: Registry,
) -> None:
    studio = registry.studio()
    counts = []
    for more in (0, 1, 8):
        for _ in range(more):
            listen(registry, studio)
        registry.submit(studio)
        held = registry.lease()
        with statements(registry) as sent:
            assessments.complete_check(registry.ctx, held, None)
        counts.append(sum("webhook" in statement for statement in sent))
    assert counts == [1, 2, 2]


def test_an_event_that_is_told_to_nobody_asks_for_no_webhook(sqlite_registry: Registry) -> None:
    listen(sqlite_registry, sqlite_registry.operator)
    with statements(sqlite_registry) as sent:
        sqlite_registry.performer()
    assert not [statement for statement in sent if "webhook" in statement]


# --- off, on, away ---------------------------------------------------------------------------------------------------


def test_what_waits_for_a_disabled_webhook_dies_and_can_be_sent_again_once_it_is_enabled(registry: Registry) -> None:
    studio = registry.studio()
    webhook = listen(registry, studio)
    message = webhooks.send_test(registry.ctx, studio, webhook.id)
    with pytest.raises(ConflictError, match="waiting"):
        webhooks.resend(registry.ctx, studio, webhook.id, message.id)
    disabled = webhooks.disable_webhook(registry.ctx, studio, webhook.id)
    assert disabled.disabled_reason is DisabledReason.BY_HAND
    for refused in (
        lambda: webhooks.disable_webhook(registry.ctx, studio, webhook.id),
        lambda: webhooks.send_test(registry.ctx, studio, webhook.id),
        lambda: webhooks.resend(registry.ctx, studio, webhook.id, message.id),
    ):
        with pytest.raises(ConflictError, match="disabled"):
            refused()
    registry.checked(studio)
    (dead,) = webhooks.list_deliveries(registry.ctx, studio, webhook.id, state=DeliveryState.DEAD, after=None, limit=9)
    assert (dead.id, dead.problem) == (message.id, DeliveryProblem.DISABLED)
    webhooks.enable_webhook(registry.ctx, studio, webhook.id)
    again = webhooks.resend(registry.ctx, studio, webhook.id, message.id)
    assert (again.state, again.id) == (DeliveryState.WAITING, message.id)
    assert [each for each, _ in told(registry, webhook)] == ["webhook.test"]


def test_a_webhook_that_was_removed_takes_its_messages_along(registry: Registry) -> None:
    studio = registry.studio()
    webhook, kept = listen(registry, studio), listen(registry, studio)
    registry.checked(studio)
    webhooks.remove_webhook(registry.ctx, studio, webhook.id)
    assert told(registry, webhook) == []
    assert [each for each, _ in told(registry, kept)] == ["check.completed"]
    with pytest.raises(NotFoundError):
        webhooks.get_webhook(registry.ctx, studio, webhook.id)


def test_a_check_that_is_completed_while_its_webhook_is_removed_is_completed(registry: Registry) -> None:
    studio = registry.studio()
    hooks = [listen(registry, studio) for _ in range(4)]
    held = []
    for _ in range(4):
        registry.submit(studio)
        held.append(registry.lease())

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(assessments.complete_check, registry.ctx, each, None) for each in held]
        gone = [pool.submit(webhooks.remove_webhook, registry.ctx, studio, each.id) for each in hooks]
        for each in (*done, *gone):
            each.result()
    assert registry.journal().count("check.completed") == 4


# --- how long messages are kept --------------------------------------------------------------------------------------


def test_messages_go_thirty_days_after_they_arrived_or_were_given_up_and_not_before(registry: Registry) -> None:
    studio = registry.studio()
    webhook, kept = listen(registry, studio), listen(registry, studio)
    dead = webhooks.send_test(registry.ctx, studio, webhook.id)
    webhooks.disable_webhook(registry.ctx, studio, webhook.id)
    waiting = webhooks.send_test(registry.ctx, studio, kept.id)
    registry.clock.move(days=30)
    assert purge.purge(registry.ctx, registry.operator) == []
    registry.clock.move(seconds=1)
    (certificate,) = purge.purge(registry.ctx, registry.operator)
    assert (certificate.rule, certificate.records) == (RuleId.WEBHOOK_MESSAGE.value, 1)
    with registry.ctx.database.read() as session:
        assert session.get(WebhookDelivery, dead.id) is None
        assert session.get(WebhookDelivery, waiting.id) is not None
