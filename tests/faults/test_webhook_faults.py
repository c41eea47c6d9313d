"""A sender that is killed loses no message: it is sent again under its id, or known to have arrived.

| killed | the receiver has it | the database knows | what follows |
|---|---|---|---|
| while the receiver thinks | perhaps | no | its lease expires, it is sent again |
| answered, the commit failed | yes | no | its lease expires, it is sent again |
| answered, the commit persisted | yes | yes | nothing |
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from receiving import LOOPBACK, Receiver, listening, with_status

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.accounts import Principal
from registry.domain.webhooks import DeliveryState
from registry.services import accounts, webhooks
from registry.services.context import Context
from registry.services.webhook_delivery import LEASE_S, deliver, lease_some
from registry.services.webhook_posting import Poster
from registry.settings import Settings
from registry.store.database import Database
from registry.store.webhooks import WebhookDelivery
from registry.vault.keys import FileKeyring

SENDER = Path(__file__).with_name("dying_at_sending.py")
PATIENCE_S = 120.0


@dataclass
class House:
    """A registry with an operator, for senders that are processes of their own."""

    settings: Settings
    ctx: Context
    operator: Principal

    def message_to(self, receiver: Receiver) -> str:
        webhook = webhooks.register_webhook(self.ctx, self.operator, name="desk", url=receiver.url)
        return webhooks.send_test(self.ctx, self.operator, webhook.id).id

    def message(self, message_id: str) -> WebhookDelivery:
        with self.ctx.database.read() as session:
            return session.get_one(WebhookDelivery, message_id)

    def send_later(self) -> int:
        """Send whatever is due once every lease has expired; answer how many that were."""
        later = replace(self.ctx, clock=lambda: utc_now() + timedelta(seconds=LEASE_S))
        held = lease_some(later)
        for each in held:
            deliver(later, Poster(LOOPBACK), each)
        return len(held)


@pytest.fixture
def house(database: Database, tmp_path: Path) -> Iterator[House]:
    settings = Settings(
        home=tmp_path / "home",
        database_url=database.url,
        webhook_http=True,
        webhook_allowed_networks="127.0.0.0/8",
    )
    settings.home.mkdir()
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    with build_context(settings) as ctx:
        operator = accounts.operator_principal(accounts.create_first_operator(ctx, name="Trust office"))
        yield House(settings, ctx, operator)


@contextmanager
def sender(house: House, when: str) -> Iterator[subprocess.Popen[bytes]]:
    environment = os.environ | {
        "LIKENESS_HOME": str(house.settings.home),
        "LIKENESS_DATABASE_URL": house.settings.resolved_database_url,
        "LIKENESS_WEBHOOK_HTTP": "true",
        "LIKENESS_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "LIKENESS_LOG_LEVEL": "error",
    }
    process = subprocess.Popen([sys.executable, str(SENDER), when], env=environment)  # noqa: S603  (our own program)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_message_whose_sender_is_killed_while_it_sends_is_sent_again_under_its_id(house: House) -> None:
    processes: list[subprocess.Popen[bytes]] = []

    def kill(_: BaseHTTPRequestHandler) -> None:
        os.kill(processes[0].pid, signal.SIGKILL)

    with listening(kill) as receiver:
        message_id = house.message_to(receiver)
        with sender(house, "never") as process:
            processes.append(process)
            receiver.await_messages(1, PATIENCE_S)
            assert process.wait(PATIENCE_S) == -signal.SIGKILL
        assert house.message(message_id).state is DeliveryState.WAITING
        receiver.answer = with_status(200)
        assert house.send_later() == 1
    assert [received.id for received in receiver.got] == [message_id] * 2
    sent = house.message(message_id)
    assert (sent.state, sent.attempts) == (DeliveryState.DELIVERED, 2)


@pytest.mark.parametrize(("when", "received"), [("before", 2), ("after", 1)])
def test_a_sender_that_dies_as_it_writes_the_outcome_down_has_it_sent_again_only_where_it_is_not_written(
    house: House, when: str, received: int
) -> None:
    with listening() as receiver:
        message_id = house.message_to(receiver)
        with sender(house, when) as process:
            assert process.wait(PATIENCE_S) == -signal.SIGKILL
        house.send_later()
    assert [each.id for each in receiver.got] == [message_id] * received
    assert house.message(message_id).state is DeliveryState.DELIVERED
