"""Delivering messages: leased, posted, and the outcome written down; again and again until taken or given up.

Write order of one attempt: the lease and the count of the attempt, committed; the post; the outcome, committed. A
sender that dies after the post and before the second commit has sent a message that nobody wrote down: its lease
expires, and it is sent again under the same id, by which the receiver knows it. So each message arrives at least once,
or is listed as dead.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

import structlog

from registry.domain.webhooks import (
    MOST_ATTEMPTS,
    Attempt,
    DeliveryProblem,
    DeliveryState,
    next_attempt,
    reason_to_disable,
)
from registry.errors import RegistryError
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.services.webhook_posting import WITHIN_S, Poster, signed_headers
from registry.services.webhooks import disable
from registry.store import webhooks
from registry.store.webhooks import ATTEMPTS_KEPT, LeasedDelivery, Webhook, WebhookDelivery

AT_ONCE = 8
"""Messages that one worker sends at the same time."""

EACH = 2
"""Of these, for one webhook: a receiver that does not answer holds up its own messages, not those of others."""

LEASE_S = 6 * WITHIN_S
PAUSE_S = 1.0
RETRY_S = 5.0
_SYSTEM = "system"
_FINAL = frozenset({DeliveryProblem.GONE, DeliveryProblem.DISABLED, DeliveryProblem.SENDER_DIED})
"""After these a message is not tried again by itself."""

log = structlog.get_logger()


def lease_some(ctx: Context, *, most: int = AT_ONCE, busy: Collection[str] = ()) -> list[LeasedDelivery]:
    """Take messages that are due, and commit that they are taken. Where there are none, nothing is written.

    Args:
        most: messages together.
        busy: webhooks that enough is being sent to at this moment.
    """
    with ctx.database.read() as session:
        if not webhooks.is_any_due(session, ctx.clock()):
            return []
    with ctx.database.write() as session:
        held = webhooks.lease_due(session, now=ctx.clock(), lease_s=LEASE_S, most=most, each=EACH, busy=busy)
        session.commit()
    return held


def deliver(ctx: Context, poster: Poster, held: LeasedDelivery) -> Attempt:
    """Make one attempt at a leased message, and write down what came of it."""
    attempt = _attempt(ctx, poster, held)
    _write_down(ctx, held, attempt)
    return attempt


def _attempt(ctx: Context, poster: Poster, held: LeasedDelivery) -> Attempt:
    if held.disabled:
        return Attempt(DeliveryProblem.DISABLED)
    if held.attempt > MOST_ATTEMPTS:
        return Attempt(DeliveryProblem.SENDER_DIED)
    body = held.body.encode()
    return poster.post(held.url, signed_headers(ctx.keys, held.id, body, ctx.clock()), body)


def _write_down(ctx: Context, held: LeasedDelivery, attempt: Attempt) -> None:
    """Write down what came of an attempt, if the lease still holds: the webhook is locked first, as by every verb."""
    with unit_of_work(ctx) as unit:
        webhook = webhooks.lock_webhook(unit.session, held.webhook_id)
        delivery = webhooks.held_delivery(unit.session, held)
        if webhook is None or delivery is None:
            log.info("webhook message no longer held", message=held.id, webhook=held.webhook_id)
            return
        _note(unit, delivery, attempt)
        if attempt.problem is None:
            _delivered(unit, webhook, delivery)
        else:
            _failed(unit, webhook, delivery, attempt)
        unit.commit()
    log.info(
        "webhook attempt",
        message=held.id,
        webhook=held.webhook_id,
        attempt=held.attempt,
        problem=None if attempt.problem is None else attempt.problem.value,
        status=attempt.status,
        seconds=attempt.seconds,
    )


def _note(unit: Unit, delivery: WebhookDelivery, attempt: Attempt) -> None:
    entry: dict[str, object] = {
        "number": delivery.attempts,
        "at": unit.now.isoformat(),
        "status": attempt.status,
        "problem": None if attempt.problem is None else attempt.problem.value,
        "seconds": attempt.seconds,
    }
    delivery.log = [*delivery.log, entry][-ATTEMPTS_KEPT:]
    delivery.problem = attempt.problem
    delivery.lease_expires_at = None


def _delivered(unit: Unit, webhook: Webhook, delivery: WebhookDelivery) -> None:
    delivery.state, delivery.finished_at, delivery.next_attempt_at = DeliveryState.DELIVERED, unit.now, None
    webhook.failing_since = None


def _failed(unit: Unit, webhook: Webhook, delivery: WebhookDelivery, attempt: Attempt) -> None:
    """Let a message wait for its next attempt, or give it up; disable the webhook where that is due."""
    webhook.failing_since = webhook.failing_since or unit.now
    again = None if attempt.problem in _FINAL else next_attempt(delivery.attempts, unit.now, _spread(unit))
    delivery.next_attempt_at = again
    if again is None:
        delivery.state, delivery.finished_at = DeliveryState.DEAD, unit.now
    unit.session.flush()
    reason = reason_to_disable(attempt, webhook.failing_since, unit.now, dead=again is None)
    if reason is not None and webhook.disabled_at is None:
        webhook.version += 1
        disable(unit, webhook, reason, _SYSTEM)


def _spread(unit: Unit) -> float:
    return int.from_bytes(unit.random_bytes(4), "big") / 2**32


class Sending:
    """Sends messages for a block, in threads of its own, so that nothing else waits for a receiver.

    At the end no more are taken, and what is being sent is waited for: some ten seconds at most.

    Args:
        ctx: what verbs work with.
        poster: posts messages.
    """

    def __init__(self, ctx: Context, poster: Poster) -> None:
        self._ctx = ctx
        self._poster = poster
        self._stopping = threading.Event()
        self._in_hand: dict[Future[None], str] = {}
        self._thread = threading.Thread(target=self._run, name="webhooks")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        with ThreadPoolExecutor(AT_ONCE, "webhook") as senders:
            while not self._stopping.is_set():
                try:
                    taken = self._take(senders)
                except RegistryError as error:
                    log.warning("webhooks wait", slug=error.slug, detail=error.detail)
                    self._stopping.wait(RETRY_S)
                except Exception:
                    log.exception("webhooks wait")
                    self._stopping.wait(RETRY_S)
                else:
                    self._rest(taken)

    def _take(self, senders: ThreadPoolExecutor) -> int:
        """Take as many messages as there is room for, and let them be sent; answer how many."""
        sending = Counter(self._in_hand.values())
        busy = [webhook_id for webhook_id, count in sending.items() if count >= EACH]
        room = AT_ONCE - len(self._in_hand)
        held = lease_some(self._ctx, most=room, busy=busy) if room else []
        for each in held:
            self._in_hand[senders.submit(self._deliver, each)] = each.webhook_id
        return len(held)

    def _deliver(self, held: LeasedDelivery) -> None:
        try:
            deliver(self._ctx, self._poster, held)
        except Exception:
            log.exception("webhook attempt not written down", message=held.id, webhook=held.webhook_id)

    def _rest(self, taken: int) -> None:
        """Wait until a message is through or it is time to look again: at once, when more may be due."""
        if not self._in_hand:
            self._stopping.wait(PAUSE_S)
            return
        pause_s = 0.0 if taken and len(self._in_hand) < AT_ONCE else PAUSE_S
        done, _ = wait(self._in_hand, timeout=pause_s, return_when=FIRST_COMPLETED)
        for each in done:
            del self._in_hand[each]
