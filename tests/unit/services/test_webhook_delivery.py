"""Sending messages to real receivers on this machine: signed, again and again until taken, and nowhere else."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from receiving import LOOPBACK, Receiver, listening, with_status
from steps import Registry

from registry.domain.accounts import Principal
from registry.domain.webhook_addresses import PUBLIC_HTTPS, WebhookRules
from registry.domain.webhooks import (
    LONGEST_SILENCE,
    MOST_ATTEMPTS,
    WAITS,
    Attempt,
    DeliveryProblem,
    DeliveryState,
    DisabledReason,
)
from registry.services import webhooks
from registry.services.webhook_delivery import AT_ONCE, EACH, LEASE_S, Sending, deliver, lease_some
from registry.services.webhook_posting import Poster, resolve, signed_headers
from registry.services.webhooks import WebhookChange
from registry.store.webhooks import Webhook, WebhookDelivery

POSTER = Poster(LOOPBACK)


@pytest.fixture
def local(registry: Registry) -> Registry:
    """A registry that may send to receivers on this machine; once on SQLite, once on PostgreSQL."""
    registry.ctx = replace(registry.ctx, webhooks=LOOPBACK)
    return registry


@pytest.fixture
def on_sqlite(sqlite_registry: Registry) -> Registry:
    """The same, on SQLite."""
    sqlite_registry.ctx = replace(sqlite_registry.ctx, webhooks=LOOPBACK)
    return sqlite_registry


def waiting(registry: Registry, receiver: Receiver, count: int = 1) -> tuple[Principal, Webhook, list[str]]:
    """Register a webhook that leads to a receiver, with messages that wait; answer the ids of these."""
    studio = registry.studio(f"Studio at {receiver.port}")
    webhook = webhooks.register_webhook(registry.ctx, studio, name="pipeline", url=receiver.url)
    return studio, webhook, [webhooks.send_test(registry.ctx, studio, webhook.id).id for _ in range(count)]


def send_all(registry: Registry, poster: Poster = POSTER) -> list[Attempt]:
    """Make one attempt at whatever is due at this moment."""
    return [deliver(registry.ctx, poster, held) for held in lease_some(registry.ctx)]


def message(registry: Registry, message_id: str) -> WebhookDelivery:
    with registry.ctx.database.read() as session:
        return session.get_one(WebhookDelivery, message_id)


def hook(registry: Registry, webhook: Webhook) -> Webhook:
    with registry.ctx.database.read() as session:
        return session.get_one(Webhook, webhook.id)


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_a_message_arrives_signed_by_the_key_that_the_registry_publishes(local: Registry) -> None:
    with listening() as receiver:
        studio, webhook, (message_id,) = waiting(local, receiver)
        (attempt,) = send_all(local)
        (received,) = receiver.got
    assert (attempt.problem, attempt.status) == (None, 204)
    ((key_id, key),) = local.ctx.keys.signing_keys()
    received.require_signed_by(key)
    assert received.headers["webhook-key-id"] == key_id
    assert int(received.headers["webhook-timestamp"]) == int(local.clock().timestamp())
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.path == "/hooks?token=abc"
    assert received.id == message_id
    assert json.loads(received.body) == {
        "id": message_id,
        "type": "webhook.test",
        "version": 1,
        "occurred_at": local.clock().isoformat().replace("+00:00", "Z"),
        "data": {"organisation_id": studio.organisation_id, "webhook_id": webhook.id},
    }
    sent = message(local, message_id)
    assert (sent.state, sent.attempts, sent.problem) == (DeliveryState.DELIVERED, 1, None)
    assert [(entry["number"], entry["status"]) for entry in sent.log] == [(1, 204)]
    assert send_all(local) == []


@pytest.mark.parametrize("part", ["id", "moment", "body", "key"])
def test_a_signature_is_over_id_moment_and_body_and_by_this_key(on_sqlite: Registry, part: str) -> None:
    with listening() as receiver:
        waiting(on_sqlite, receiver)
        send_all(on_sqlite)
        (received,) = receiver.got
    ((_, key),) = on_sqlite.ctx.keys.signing_keys()
    headers = dict(received.headers)
    body = received.body
    if part == "id":
        headers["webhook-id"] += "0"
    elif part == "moment":
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 301)
    elif part == "body":
        body = body.replace(b"webhook.test", b"webhook.tost")
    else:
        key = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(InvalidSignature):
        replace(received, headers=headers, body=body).require_signed_by(key)


def test_each_attempt_is_signed_anew_and_the_id_and_the_body_stay(local: Registry) -> None:
    with listening(with_status(503)) as receiver:
        _, _, (message_id,) = waiting(local, receiver)
        send_all(local)
        local.clock.move(minutes=10)
        receiver.answer = with_status(200)
        send_all(local)
        first, second = receiver.got
    ((_, key),) = local.ctx.keys.signing_keys()
    second.require_signed_by(key)
    assert first.id == second.id == message_id
    assert first.body == second.body
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 600
    assert [entry["status"] for entry in message(local, message_id).log] == [503, 200]


# --- a receiver that is not there, or says no ------------------------------------------------------------------------


def test_a_receiver_that_is_down_and_comes_back_gets_everything(local: Registry) -> None:
    with listening() as receiver:
        _, webhook, ids = waiting(local, receiver, 2)
    assert [attempt.problem for attempt in send_all(local)] == [DeliveryProblem.UNREACHABLE] * 2
    assert hook(local, webhook).failing_since == local.clock()
    assert send_all(local) == [], "it is tried again only after a while"
    local.clock.move(seconds=WAITS[0].total_seconds() * 1.25)
    with listening(port=receiver.port) as back:
        assert [attempt.problem for attempt in send_all(local)] == [None] * 2
    assert sorted(received.id for received in back.got) == sorted(ids)
    assert hook(local, webhook).failing_since is None


def test_after_three_days_of_attempts_a_message_is_dead_is_listed_and_can_be_sent_again(local: Registry) -> None:
    with listening(with_status(500)) as receiver:
        studio, webhook, (message_id,) = waiting(local, receiver)
        began = local.clock()
        for number in range(1, MOST_ATTEMPTS + 1):
            (attempt,) = send_all(local)
            assert attempt.status == 500
            after = message(local, message_id)
            assert after.attempts == number
            if after.next_attempt_at is not None:
                wait = after.next_attempt_at - local.clock()
                assert WAITS[number - 1] <= wait <= WAITS[number - 1] * 1.25
                local.clock.move(seconds=wait.total_seconds() - 1)
                assert send_all(local) == [], "not before its time"
                local.clock.move(seconds=1)
        assert timedelta(days=3) < local.clock() - began < timedelta(days=4)
        (dead,) = webhooks.list_deliveries(local.ctx, studio, webhook.id, state=DeliveryState.DEAD, after=None, limit=9)
        assert (dead.id, dead.problem, len(dead.log)) == (message_id, DeliveryProblem.STATUS, MOST_ATTEMPTS)
        assert hook(local, webhook).disabled_at is None, "a week has not passed"
        receiver.answer = with_status(200)
        webhooks.resend(local.ctx, studio, webhook.id, message_id)
        send_all(local)
    assert message(local, message_id).state is DeliveryState.DELIVERED
    assert {received.id for received in receiver.got} == {message_id}


def test_a_webhook_at_which_nothing_arrives_for_a_week_is_disabled_and_says_why(local: Registry) -> None:
    with listening(with_status(500)) as receiver:
        studio, webhook, _ = waiting(local, receiver)
        send_all(local)
        local.clock.move(seconds=LONGEST_SILENCE.total_seconds())
        later = webhooks.send_test(local.ctx, studio, webhook.id)
        for _ in range(MOST_ATTEMPTS):
            send_all(local)
            if hook(local, webhook).disabled_at is not None:
                break
            local.clock.move(hours=15)
    disabled = hook(local, webhook)
    assert disabled.disabled_reason is DisabledReason.FAILING
    assert message(local, later.id).state is DeliveryState.DEAD
    assert local.journal()[-1] == "webhook.disabled"
    enabled = webhooks.enable_webhook(local.ctx, studio, webhook.id)
    assert enabled.failing_since is None


def test_a_receiver_that_says_gone_is_sent_nothing_any_more(local: Registry) -> None:
    with listening(with_status(410)) as receiver:
        _, webhook, ids = waiting(local, receiver, 3)
        held = lease_some(local.ctx)
        assert deliver(local.ctx, POSTER, held[0]).problem is DeliveryProblem.GONE
        assert deliver(local.ctx, POSTER, held[1]).problem is DeliveryProblem.GONE  # it had been taken before
        assert send_all(local) == []
    assert hook(local, webhook).disabled_reason is DisabledReason.GONE
    assert {message(local, each).state for each in ids} == {DeliveryState.DEAD}
    assert local.journal().count("webhook.disabled") == 1


def test_what_was_taken_before_its_webhook_was_disabled_or_removed_changes_nothing(local: Registry) -> None:
    with listening() as receiver:
        studio, webhook, (message_id, *_) = waiting(local, receiver)
        (held,) = lease_some(local.ctx)
        webhooks.disable_webhook(local.ctx, studio, webhook.id)
        deliver(local.ctx, POSTER, held)
        assert message(local, message_id).problem is DeliveryProblem.DISABLED
        _, removed, _ = waiting(local, receiver)
        (held,) = lease_some(local.ctx)
        webhooks.remove_webhook(local.ctx, local.operator, removed.id)
        deliver(local.ctx, POSTER, held)
    assert send_all(local) == []


def test_what_waits_goes_where_its_webhook_leads_now(on_sqlite: Registry) -> None:
    with listening() as old, listening() as new:
        studio, webhook, (message_id,) = waiting(on_sqlite, old)
        webhooks.change_webhook(on_sqlite.ctx, studio, webhook.id, WebhookChange(url=new.url))
        send_all(on_sqlite)
        assert old.got == []
        assert [received.id for received in new.got] == [message_id]


# --- receivers that mean harm ----------------------------------------------------------------------------------------


def headers(registry: Registry) -> dict[str, str]:
    return signed_headers(registry.ctx.keys, "msg_1", b"{}", registry.clock())


def test_a_redirect_is_not_followed(on_sqlite: Registry) -> None:
    with listening() as elsewhere, listening(with_status(307, Location=elsewhere.url)) as receiver:
        attempt = POSTER.post(receiver.url, headers(on_sqlite), b"{}")
        assert (attempt.problem, attempt.status) == (DeliveryProblem.REDIRECT, 307)
        assert elsewhere.got == []


def test_a_name_that_leads_into_a_private_network_is_not_connected_to(on_sqlite: Registry) -> None:
    with listening() as receiver:
        url = f"http://hooks.example:{receiver.port}/"
        for leads_to in ("127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1", "::1", "0.0.0.0"):  # noqa: S104
            poster = Poster(WebhookRules(http=True), resolve=lambda *_, to=leads_to: [to])
            assert poster.post(url, headers(on_sqlite), b"{}").problem is DeliveryProblem.ADDRESS
        assert receiver.got == []


def test_a_name_is_looked_up_once_and_the_very_address_is_connected_to(on_sqlite: Registry) -> None:
    """A name that leads to a good address when it is looked at, and to a bad one right after, is of no use."""
    asked: list[str] = []
    with listening() as allowed, listening() as forbidden:

        def rebinding(host: str, port: int) -> list[str]:
            asked.append(f"{host}:{port}")
            return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

        poster = Poster(LOOPBACK, resolve=rebinding)
        attempt = poster.post(f"http://hooks.example:{allowed.port}/", headers(on_sqlite), b"{}")
        assert attempt.problem is None
        assert asked == [f"hooks.example:{allowed.port}"]
        assert allowed.got[0].headers["host"] == f"hooks.example:{allowed.port}"
        assert forbidden.got == []


def test_of_the_addresses_of_a_name_only_those_allowed_are_tried(on_sqlite: Registry) -> None:
    with listening() as receiver:
        poster = Poster(LOOPBACK, resolve=lambda *_: ["10.255.255.1", "::1", "127.0.0.1"])
        assert poster.post(f"http://hooks.example:{receiver.port}/", headers(on_sqlite), b"{}").problem is None


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost"])
def test_another_way_of_writing_this_machine_leads_nowhere(on_sqlite: Registry, host: str) -> None:
    with listening() as receiver:
        attempt = Poster(WebhookRules(http=True)).post(f"http://{host}:{receiver.port}/", headers(on_sqlite), b"{}")
        assert attempt.problem in {DeliveryProblem.ADDRESS, DeliveryProblem.NAME}
        assert receiver.got == []


def test_rules_that_became_stricter_hold_for_webhooks_that_are_there_already(local: Registry) -> None:
    with listening() as receiver:
        waiting(local, receiver)
        (attempt,) = send_all(local, Poster(PUBLIC_HTTPS))
        assert attempt.problem is DeliveryProblem.ADDRESS
        assert receiver.got == []


def test_a_name_that_leads_nowhere_and_one_that_is_looked_up_for_ever(on_sqlite: Registry) -> None:
    released = threading.Event()

    def patient(_host: str, _port: int) -> list[str]:
        released.wait(60)
        return []

    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    for look_up, problem in ((unknown, DeliveryProblem.NAME), (patient, DeliveryProblem.TIMEOUT)):
        poster = Poster(LOOPBACK, resolve=look_up, within_s=0.3)
        assert poster.post("http://hooks.example/", headers(on_sqlite), b"{}").problem is problem
    released.set()


@pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nX-Long: ", b""])
def test_a_receiver_that_drips_is_left_when_the_time_of_the_attempt_is_over(on_sqlite: Registry, drip: bytes) -> None:
    """Each byte comes in time by itself; the answer as a whole never would."""
    over = threading.Event()

    def dripping(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(drip)
        while not over.wait(0.05):
            handler.wfile.write(b"x" if drip else b"")

    with listening(dripping) as receiver:
        started = time.monotonic()
        attempt = Poster(LOOPBACK, within_s=1.0).post(receiver.url, headers(on_sqlite), b"{}")
        waited_s = time.monotonic() - started
        over.set()
    assert attempt.problem is DeliveryProblem.TIMEOUT
    assert waited_s < 30, "it waited for as long as the receiver liked"


def test_what_a_receiver_answers_beside_its_status_is_not_read(on_sqlite: Registry) -> None:
    """A body without end: whoever read it would never come back."""
    over = threading.Event()

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not over.is_set():
            handler.wfile.write(b"x" * 65_536)

    with listening(endless) as receiver:
        _, _, (message_id,) = waiting(on_sqlite, receiver)
        (attempt,) = send_all(on_sqlite, Poster(LOOPBACK, within_s=60))
        over.set()
    assert (attempt.problem, attempt.status) == (None, 200)
    assert attempt.seconds < 60
    assert "xxx" not in json.dumps(message(on_sqlite, message_id).log)


@pytest.mark.parametrize(
    "said",
    [b"220 mail.example ESMTP\r\n", b"\x00" * 64, b"HTTP/1.1 " + b"9" * 40 + b" OK\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"],
)
def test_what_is_not_http_is_a_protocol_problem(on_sqlite: Registry, said: bytes) -> None:
    with listening(lambda handler: handler.wfile.write(said) and None) as receiver:
        attempt = Poster(LOOPBACK, within_s=20).post(receiver.url, headers(on_sqlite), b"{}")
    assert attempt.problem is DeliveryProblem.PROTOCOL


# --- TLS -------------------------------------------------------------------------------------------------------------


@contextmanager
def with_tls(folder: Path, name: str) -> Iterator[tuple[int, ssl.SSLContext]]:
    """Let a receiver listen with a certificate for a name; answer its port, and who trusts that certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "receiver.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(pem)
    with listening(tls=serving) as receiver:
        yield receiver.port, ssl.create_default_context(cafile=str(pem))


def post_with_tls(registry: Registry, port: int, host: str, tls: ssl.SSLContext | None) -> Attempt:
    rules = WebhookRules(networks=LOOPBACK.networks)
    trusted = {} if tls is None else {"tls": tls}
    poster = Poster(rules, resolve=lambda *_: ["127.0.0.1"], **trusted)
    return poster.post(f"https://{host}:{port}/", headers(registry), b"{}")


def test_with_tls_the_certificate_must_be_trusted_and_that_of_the_name(on_sqlite: Registry, tmp_path: Path) -> None:
    with with_tls(tmp_path, "hooks.example") as (port, trusting):
        assert post_with_tls(on_sqlite, port, "hooks.example", trusting).problem is None
        assert post_with_tls(on_sqlite, port, "other.example", trusting).problem is DeliveryProblem.TLS
        assert post_with_tls(on_sqlite, port, "hooks.example", None).problem is DeliveryProblem.TLS


def test_a_receiver_without_tls_gets_nothing_that_was_meant_for_one_with_it(on_sqlite: Registry) -> None:
    with listening() as receiver:
        attempt = post_with_tls(on_sqlite, receiver.port, "hooks.example", None)
        assert attempt.problem is not None
        assert receiver.got == []


# --- several senders -------------------------------------------------------------------------------------------------


def test_two_senders_at_once_never_hold_the_same_message(local: Registry) -> None:
    with listening() as receiver:
        hooks = [waiting(local, receiver) for _ in range(4)]
        barrier, taken = threading.Barrier(2), []

        def take() -> None:
            barrier.wait()
            taken.extend(held.id for held in lease_some(local.ctx, most=3))

        threads = [threading.Thread(target=take) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    ids = [message_id for _, _, (message_id,) in hooks]
    assert len(taken) == len(set(taken))
    assert set(taken) <= set(ids)
    assert len(taken) + len(lease_some(local.ctx)) == 4


def test_a_sender_that_died_after_it_had_sent_has_the_message_sent_again_under_its_id(local: Registry) -> None:
    with listening() as receiver:
        _, _, (message_id,) = waiting(local, receiver)
        (held,) = lease_some(local.ctx)
        body = held.body.encode()
        POSTER.post(held.url, signed_headers(local.ctx.keys, held.id, body, local.clock()), body)  # and no more
        assert send_all(local) == [], "its lease holds"
        local.clock.move(seconds=LEASE_S)
        send_all(local)
        assert [received.id for received in receiver.got] == [message_id] * 2
        deliver(local.ctx, POSTER, held)  # the first was not dead, only late: its word does not count any more
    sent = message(local, message_id)
    assert (sent.state, sent.attempts, len(sent.log)) == (DeliveryState.DELIVERED, 2, 1)


def test_a_message_that_takes_its_senders_down_is_given_up_like_any_other(local: Registry) -> None:
    with listening() as receiver:
        _, _, (message_id,) = waiting(local, receiver)
        for _ in range(MOST_ATTEMPTS):
            assert len(lease_some(local.ctx)) == 1
            local.clock.move(seconds=LEASE_S)
        send_all(local)
        assert receiver.got == []
    dead = message(local, message_id)
    assert (dead.state, dead.problem) == (DeliveryState.DEAD, DeliveryProblem.SENDER_DIED)


def test_of_one_webhook_only_a_few_messages_are_taken_so_that_others_are_not_held_up(local: Registry) -> None:
    with listening() as one, listening() as other:
        _, crowded, _ = waiting(local, one, AT_ONCE)
        _, _, (message_id,) = waiting(local, other)
        held = lease_some(local.ctx)
        assert sum(each.webhook_id == crowded.id for each in held) == EACH
        assert message_id in {each.id for each in held}
        assert lease_some(local.ctx, busy=[crowded.id]) == []


def test_a_receiver_that_hangs_does_not_hold_up_another_and_at_the_end_all_is_written_down(local: Registry) -> None:
    released = threading.Event()

    def hanging(handler: BaseHTTPRequestHandler) -> None:
        released.wait(60)
        with_status(200)(handler)

    with listening(hanging) as stuck, listening() as quick:
        _, _, held_up = waiting(local, stuck, 3)
        _, _, through = waiting(local, quick, 20)
        with Sending(local.ctx, Poster(LOOPBACK, within_s=120)):
            assert {received.id for received in quick.await_messages(20)} == set(through)
            assert len(stuck.got) <= EACH
            released.set()
            stuck.await_messages(3)
    assert {message(local, each).state for each in (*held_up, *through)} == {DeliveryState.DELIVERED}
    assert len(quick.got) == 20


def test_the_system_looks_up_this_machine() -> None:
    assert all(ip_address(each).is_loopback for each in resolve("127.0.0.1", 80))
