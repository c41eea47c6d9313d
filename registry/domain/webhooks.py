"""Webhooks: which events are told to whom, in which words, and when a message that did not arrive is sent again.

A message names what happened and the ids of what it happened to, nothing else: whoever receives it asks the API, which
decides what they may see. Nobody is told of anything that they could not read there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.events import Event, EventType
from registry.errors import InvalidInputError

BODY_VERSION = 1
TEST = "webhook.test"
"""Sent when somebody asks for it, to see whether messages arrive. Nobody subscribes to it."""

LONGEST_SILENCE = timedelta(days=7)
"""A webhook that fails for so long, without anything arriving in between, is disabled."""


class DeliveryState(StrEnum):
    """Where a message is on its way."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"  # given up; it can be sent again by hand


class DisabledReason(StrEnum):
    """Why nothing is sent to a webhook. The list only grows."""

    BY_HAND = "by_hand"
    GONE = "gone"  # the receiver answered 410
    FAILING = "failing"  # nothing arrived for `LONGEST_SILENCE`


class DeliveryProblem(StrEnum):
    """Why an attempt came to nothing. The list only grows."""

    STATUS = "status"  # the receiver answered, but not that it took the message
    REDIRECT = "redirect"  # it points elsewhere, where nobody goes
    GONE = "gone"  # it wants no more messages
    TIMEOUT = "timeout"
    NAME = "name_not_resolved"
    ADDRESS = "address_not_allowed"  # its name leads into a network that is not to be reached
    UNREACHABLE = "unreachable"
    TLS = "tls"
    PROTOCOL = "protocol"  # what it answered is not HTTP
    SENDER_DIED = "sender_died"  # nobody knows whether the last attempt arrived
    DISABLED = "disabled"  # the webhook was disabled before it could be sent


# --- what is told ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Telling:
    """How one kind of event is told to the organisation that it is about.

    Attributes:
        type: by which the message goes.
        of: the event.
        subject: name of the member that has the id of the event's subject.
        to: the detail of the event that names the organisation.
        ids: details that are told as well.
        only_with: a detail that must be there, and not be zero; None where it is always told.
    """

    type: str
    of: EventType
    subject: str
    to: str
    ids: tuple[str, ...] = ()
    only_with: str | None = None


_ORGANISATION, _STUDIO, _PERFORMER = "organisation_id", "studio_id", ("performer_id",)
_PAUSE = (*_PERFORMER, "pause_id", "licence_id")
_NOTICE = (*_PERFORMER, "case_id")
_ANALYSIS = (*_PERFORMER, "analysis_id")

TOLD = (
    Telling("check.completed", EventType.CHECK_COMPLETED, "check_id", _ORGANISATION),
    Telling("check.refused", EventType.CHECK_REFUSED, "check_id", _ORGANISATION),
    Telling("check.failed", EventType.CHECK_FAILED, "check_id", _ORGANISATION),
    Telling("findings.recorded", EventType.CHECK_COMPLETED, "check_id", _ORGANISATION, only_with="findings"),
    Telling("findings.recorded", EventType.SCAN_RECEIVED, "scan_id", _ORGANISATION, only_with="findings"),
    Telling("findings.recorded", EventType.SCAN_FINISHED, "scan_id", _ORGANISATION, only_with="findings"),
    Telling("scan.received", EventType.SCAN_RECEIVED, "scan_id", _ORGANISATION),
    Telling("scan.finished", EventType.SCAN_FINISHED, "scan_id", _ORGANISATION),
    Telling("scan.failed", EventType.SCAN_FAILED, "scan_id", _ORGANISATION),
    Telling("scan.cancelled", EventType.SCAN_CANCELLED, "scan_id", _ORGANISATION),
    Telling("licence.drafted", EventType.LICENCE_DRAFTED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.changed", EventType.LICENCE_CHANGED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.offered", EventType.LICENCE_OFFERED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.signed", EventType.LICENCE_SIGNED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.activated", EventType.LICENCE_ACTIVATED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.suspended", EventType.LICENCE_SUSPENDED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.resumed", EventType.LICENCE_RESUMED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.revoked", EventType.LICENCE_REVOKED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.ended", EventType.LICENCE_ENDED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.paid", EventType.LICENCE_PAID, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.amended", EventType.LICENCE_AMENDED, "licence_id", _STUDIO, _PERFORMER),
    Telling("licence.amendment_withdrawn", EventType.LICENCE_AMENDMENT_WITHDRAWN, "licence_id", _STUDIO, _PERFORMER),
    Telling("approval.given", EventType.APPROVAL_GIVEN, "approval_id", _STUDIO, _PERFORMER),
    Telling("approval.refused", EventType.APPROVAL_REFUSED, "approval_id", _STUDIO, _PERFORMER),
    Telling("finding.reviewed", EventType.FINDING_REVIEWED, "review_id", _ORGANISATION, ("finding_id", "case_id")),
    Telling("case.opened", EventType.CASE_OPENED, "case_id", _STUDIO, _PERFORMER),
    Telling("case.moved", EventType.CASE_MOVED, "case_id", _STUDIO, _PERFORMER),
    Telling("case.paper_filed", EventType.CASE_PAPER_FILED, "case_id", _STUDIO, (*_PERFORMER, "paper_id")),
    Telling("case.analysis_finished", EventType.CASE_ANALYSIS_FINISHED, "case_id", _STUDIO, _ANALYSIS),
    Telling("case.analysis_failed", EventType.CASE_ANALYSIS_FAILED, "case_id", _STUDIO, _ANALYSIS),
    Telling("case.paused", EventType.CASE_PAUSED, "case_id", _STUDIO, _PAUSE),
    Telling("case.pause_ended", EventType.CASE_PAUSE_ENDED, "case_id", _STUDIO, _PAUSE),
    Telling("notice.drafted", EventType.NOTICE_DRAFTED, "notice_id", _STUDIO, _NOTICE),
    Telling("notice.moved", EventType.NOTICE_MOVED, "notice_id", _STUDIO, _NOTICE),
    Telling("gallery_file.issued", EventType.GALLERY_FILE_ISSUED, "gallery_file_id", _ORGANISATION),
)
"""What is told to the organisation that an event is about. A new type is one more line here."""

CONSENTS = MappingProxyType(
    {
        EventType.CONSENT_WITHDRAWN: "consent.withdrawn",
        EventType.CONSENT_EXPIRED: "consent.expired",
        EventType.CONSENT_SUPERSEDED: "consent.superseded",
    }
)
"""What is told to whoever holds something that rests on a performer's consent to licensing."""

REPLACED = "gallery_file.replaced"
"""What is told to whoever has a gallery file with somebody whose consent to monitoring is another now: not who."""

TYPES = tuple(sorted({each.type for each in TOLD} | set(CONSENTS.values()) | {REPLACED}))
"""Everything that can be subscribed to."""

_BY_EVENT: Mapping[EventType, tuple[Telling, ...]] = MappingProxyType(
    {kind: tuple(each for each in TOLD if each.of is kind) for kind in {each.of for each in TOLD}}
)


def is_told(kind: EventType) -> bool:
    """Whether events of a kind are told to anybody."""
    return kind in _BY_EVENT or kind in CONSENTS


@dataclass(frozen=True, slots=True)
class Message:
    """What is told of one event.

    Attributes:
        type: of the message.
        occurred_at: when it happened.
        ids: of what it happened to.
        to: the organisation it is about, who is told beside the operators; None: the operators alone.
    """

    type: str
    occurred_at: datetime
    ids: Mapping[str, str] = field(default_factory=dict)
    to: str | None = None


def messages_of(event: Event) -> Iterator[Message]:
    """Yield what is told of an event to the organisation that it is about, and to the operators."""
    for telling in _BY_EVENT.get(event.type, ()):
        organisation_id = event.details.get(telling.to)
        if not isinstance(organisation_id, str) or (telling.only_with and not event.details.get(telling.only_with)):
            continue
        named = {name: event.details.get(name) for name in telling.ids}
        ids = {name: value for name, value in named.items() if isinstance(value, str)}
        yield Message(
            telling.type,
            event.at,
            {"organisation_id": organisation_id, telling.subject: event.subject_id, **ids},
            organisation_id,
        )
    if event.type in CONSENTS:
        ids = {"consent_id": event.subject_id, "performer_id": str(event.details["performer_id"])}
        yield Message(CONSENTS[event.type], event.at, ids)


def consents_ended(events: Iterable[Event], purpose: ConsentPurpose) -> Mapping[str, EventType]:
    """Answer the performers whose consent about their voice, for a purpose, is another now; and by which event."""
    return {
        str(event.details["performer_id"]): event.type
        for event in events
        if event.type in CONSENTS
        and event.details.get("purpose") == purpose.value
        and event.details.get("modality") == Modality.VOICE.value
    }


def told_to_holder(kind: EventType, at: datetime, performer_id: str, organisation_id: str) -> Message:
    """Answer what is told to who holds a licence or a clearance of a performer: not by which consent."""
    ids = {"organisation_id": organisation_id, "performer_id": performer_id}
    return Message(CONSENTS[kind], at, ids, organisation_id)


def told_of_file(at: datetime, file_id: str, organisation_id: str) -> Message:
    """Answer what is told to who has a gallery file that may not be searched any more."""
    ids = {"organisation_id": organisation_id, "gallery_file_id": file_id}
    return Message(REPLACED, at, ids, organisation_id)


def body_of(message_id: str, message: Message) -> dict[str, object]:
    """Answer the body of a message, to be written as canonical JSON."""
    return {
        "id": message_id,
        "type": message.type,
        "version": BODY_VERSION,
        "occurred_at": message.occurred_at.isoformat().replace("+00:00", "Z"),
        "data": dict(message.ids),
    }


def require_known_types(types: Collection[str] | None) -> tuple[str, ...] | None:
    """Answer what is subscribed to, sorted; None stands for everything, whatever comes to be told later as well.

    Raises:
        InvalidInputError: a type does not exist, or none is named; figures ``unknown`` and ``known``.
    """
    if types is None:
        return None
    if unknown := sorted(set(types) - set(TYPES)):
        raise InvalidInputError(
            f"there is no event {', '.join(unknown)}; there are {', '.join(TYPES)}", unknown=unknown, known=list(TYPES)
        )
    if not types:
        raise InvalidInputError("a webhook is told of at least one event", known=list(TYPES))
    return tuple(sorted(set(types)))


# --- when it is sent again -------------------------------------------------------------------------------------------

WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=8),
    *(timedelta(hours=12),) * 5,
)
"""How long is waited after each attempt that came to nothing: 12 attempts over three days."""

MOST_ATTEMPTS = len(WAITS) + 1
_SPREAD = 0.25


def next_attempt(attempts: int, now: datetime, spread: float) -> datetime | None:
    """Answer when a message is sent again; None when it has been tried often enough.

    Args:
        attempts: how often it was tried, at least once.
        now: the end of the last attempt.
        spread: drawn from [0, 1): a wait is up to a quarter longer, so that not all are sent again at once.
    """
    if attempts > len(WAITS):
        return None
    return now + WAITS[attempts - 1] * (1 + _SPREAD * spread)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt.

    Attributes:
        problem: why it came to nothing; None when the message was taken.
        status: of the answer, if there was one.
        seconds: that it took.
    """

    problem: DeliveryProblem | None
    status: int | None = None
    seconds: float = 0.0


_OK, _REDIRECT, _GONE = range(200, 300), range(300, 400), 410


def judge_status(status: int, seconds: float) -> Attempt:
    """Say what an answer means: 2xx is taken, 410 is no more, and nothing is followed anywhere."""
    if status in _OK:
        return Attempt(None, status, seconds)
    if status == _GONE:
        return Attempt(DeliveryProblem.GONE, status, seconds)
    problem = DeliveryProblem.REDIRECT if status in _REDIRECT else DeliveryProblem.STATUS
    return Attempt(problem, status, seconds)


def reason_to_disable(
    attempt: Attempt, failing_since: datetime | None, now: datetime, *, dead: bool
) -> DisabledReason | None:
    """Say whether a webhook is to be disabled after an attempt, and why.

    Args:
        attempt: the last one.
        failing_since: since when nothing has arrived there; None when the one before did.
        now: the end of the attempt.
        dead: whether the message was given up by it.
    """
    if attempt.problem is DeliveryProblem.GONE:
        return DisabledReason.GONE
    if dead and failing_since is not None and now - failing_since >= LONGEST_SILENCE:
        return DisabledReason.FAILING
    return None
