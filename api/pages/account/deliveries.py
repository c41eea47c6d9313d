"""Deliveries in words: where a message is on its way, and why an attempt came to nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.pages.language import N_, _
from api.pages.operator.event_words import happened
from registry.domain.webhooks import REPLACED, TEST, DeliveryProblem, DeliveryState

STATES: Final[Mapping[DeliveryState, str]] = {
    DeliveryState.WAITING: N_("on its way"),
    DeliveryState.DELIVERED: N_("arrived"),
    DeliveryState.DEAD: N_("given up"),
}

PROBLEMS: Final[Mapping[DeliveryProblem, str]] = {
    DeliveryProblem.STATUS: N_("the receiver answered, but not that it took it"),
    DeliveryProblem.REDIRECT: N_("it points elsewhere, and redirects are not followed"),
    DeliveryProblem.GONE: N_("the receiver wants no more messages"),
    DeliveryProblem.TIMEOUT: N_("ten seconds were over"),
    DeliveryProblem.NAME: N_("its name leads nowhere"),
    DeliveryProblem.ADDRESS: N_("its name leads into a network that is not to be reached"),
    DeliveryProblem.UNREACHABLE: N_("no connection, or it broke off"),
    DeliveryProblem.TLS: N_("its certificate is not trusted, or not that of the name"),
    DeliveryProblem.PROTOCOL: N_("what it answered is not HTTP"),
    DeliveryProblem.SENDER_DIED: N_("our own sender died at the last attempt: perhaps it arrived"),
    DeliveryProblem.DISABLED: N_("the webhook was disabled while it waited"),
}

_OF_WEBHOOKS: Final[Mapping[str, str]] = {
    "findings.recorded": N_("Somebody found in a recording"),
    REPLACED: N_("Gallery file not to be searched any more"),
    TEST: N_("Test: nothing happened"),
}
"""What is told of under a name of its own; all else is called as in the journal."""


def told_of(kind: str) -> str:
    """Answer what a type of message tells of, in words; the type itself where it has none.

    Args:
        kind: as the message has it, such as ``licence.suspended``.
    """
    return _(_OF_WEBHOOKS[kind]) if kind in _OF_WEBHOOKS else happened(kind) or kind
