"""Webhooks, and the messages that went to them."""

from __future__ import annotations

import json
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import Answer, Body, Line, Moment, OrganisationId, Page, Path, Version, omissible
from api.schemas.examples import Example
from registry.domain.webhook_addresses import LONGEST_URL
from registry.domain.webhooks import TYPES, DeliveryProblem, DeliveryState, DisabledReason
from registry.services.webhooks import WebhookChange
from registry.store.webhooks import Webhook, WebhookDelivery

_EXAMPLE: Example = {
    "id": examples.WEBHOOK,
    "organisation_id": examples.ORGANISATION,
    "name": "asset pipeline",
    "url": "https://hooks.northlight.example/likeness",
    "events": ["findings.recorded", "licence.suspended"],
    "created_by": examples.ACCOUNT,
    "created_at": examples.NOW,
    "failing_since": None,
    "disabled_at": None,
    "disabled_reason": None,
    "version": 1,
}
_MESSAGE: Example = {
    "id": examples.WEBHOOK_MESSAGE,
    "type": "findings.recorded",
    "data": {"organisation_id": examples.ORGANISATION, "check_id": examples.CHECK},
    "state": "waiting",
    "attempts": 1,
    "log": [{"number": 1, "at": examples.LATER, "status": 503, "problem": "status", "seconds": 0.214}],
    "problem": "status",
    "next_attempt_at": examples.NEXT_DAY,
    "created_at": examples.NOW,
    "finished_at": None,
}

EventName = Annotated[
    str,
    StringConstraints(max_length=60, pattern=r"^[a-z_]+\.[a-z_]+$"),
    Field(json_schema_extra={"enum": list(TYPES)}),
]
Url = Annotated[
    str,
    StringConstraints(min_length=8, max_length=LONGEST_URL),
    Field(description="`https://…`, without user, password or fragment; it must lead into the public internet."),
]
_EVENTS = "What it is told of; null for everything, whatever comes to be told later as well."


class WebhookPath(Path):
    """Which webhook."""

    webhook_id: str = Field(examples=[examples.WEBHOOK])


class MessagePath(WebhookPath):
    """Which message."""

    message_id: str = Field(examples=[examples.WEBHOOK_MESSAGE])


class WebhookQuery(PageQuery):
    """Which webhooks."""

    organisation_id: OrganisationId | None = omissible(description="Whose; for an operator, who reads all.")


class MessageQuery(PageQuery):
    """Which messages."""

    state: DeliveryState | None = omissible(description="Only those in this state, such as `dead`.")


class NewWebhook(Body):
    """Where an organisation wants to be told of what happens from now on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "asset pipeline",
                    "url": "https://hooks.northlight.example/likeness",
                    "events": ["findings.recorded", "licence.suspended"],
                }
            ]
        }
    )

    name: Line = Field(description="What it is for.")
    url: Url
    events: list[EventName] | None = Field(default=None, min_length=1, max_length=len(TYPES), description=_EVENTS)
    organisation_id: OrganisationId | None = Field(
        default=None, description="Whose; one's own when left out. Only an operator names another."
    )


class ChangedWebhook(Body):
    """What is to be different about a webhook. A member that is left out stays as it is."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"events": None}]})

    name: Line | None = Field(default=None, description="What it is for.")
    url: Url | None = Field(default=None, description="Where it leads from now on, what waits for it included.")
    events: list[EventName] | None = Field(default=None, min_length=1, max_length=len(TYPES), description=_EVENTS)

    @model_validator(mode="after")
    def _change_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say what is to be different: name, url or events")
        return self

    def change(self) -> WebhookChange:
        """Answer the change as the verb takes it."""
        every = "events" in self.model_fields_set and self.events is None
        return WebhookChange(name=self.name, url=self.url, events=self.events, every_event=every)


class WebhookOut(Answer):
    """A webhook: where an organisation is told of what happens."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    organisation_id: str
    name: str
    url: str
    events: list[str] | None = Field(description=_EVENTS)
    created_by: str
    created_at: Moment
    failing_since: Moment | None = Field(description="Since when nothing has arrived; null when the last message did.")
    disabled_at: Moment | None
    disabled_reason: DisabledReason | None = Field(
        description="`by_hand`; `gone`: the receiver answered 410; `failing`: nothing arrived for seven days."
    )
    version: Version

    @classmethod
    def of(cls, webhook: Webhook) -> WebhookOut:
        """Describe a webhook."""
        return cls.model_validate(webhook)


class WebhookPage(Page):
    """Webhooks, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[WebhookOut]


class WebhookAttemptOut(Answer):
    """One attempt to send a message."""

    number: int = Field(description="Counted from 1; begins anew when a message is sent again by hand.")
    at: Moment
    status: int | None = Field(description="Of the answer; null when there was none.")
    problem: DeliveryProblem | None = Field(description="Why it came to nothing; null when the message was taken.")
    seconds: float


class WebhookMessageOut(Answer):
    """A message, and the log of the attempts to send it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MESSAGE]})

    id: str = Field(description="The same in every attempt, as `webhook-id`: a receiver knows by it what it has had.")
    type: str
    data: dict[str, str] = Field(description="Ids of what it tells of.")
    state: DeliveryState
    attempts: int
    log: list[WebhookAttemptOut] = Field(description="Oldest first; the last thirty.")
    problem: DeliveryProblem | None = Field(description="Why the last attempt came to nothing.")
    next_attempt_at: Moment | None = Field(description="Null once it has arrived, or was given up.")
    created_at: Moment
    finished_at: Moment | None

    @classmethod
    def of(cls, delivery: WebhookDelivery) -> WebhookMessageOut:
        """Describe a message."""
        body: dict[str, Any] = json.loads(delivery.body)
        return cls(
            id=delivery.id,
            type=delivery.type,
            data=body["data"],
            state=delivery.state,
            attempts=delivery.attempts,
            log=[WebhookAttemptOut.model_validate(entry) for entry in delivery.log],
            problem=delivery.problem,
            next_attempt_at=delivery.next_attempt_at,
            created_at=delivery.created_at,
            finished_at=delivery.finished_at,
        )


class WebhookMessagePage(Page):
    """Messages, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_MESSAGE], "next_cursor": None}]})

    items: list[WebhookMessageOut]
