"""Posting one message to one receiver: signed, to an address that was looked at, and over in ten seconds.

The format is that of Standard Webhooks (https://www.standardwebhooks.com): the headers ``webhook-id``,
``webhook-timestamp`` and ``webhook-signature``, and a signature ``v1a,`` by Ed25519 over ``id.timestamp.body``. The key
is the one that the registry signs with, whose public half `GET /v1/keys` answers: no secret is shared with anybody.
What else is signed with it cannot be mistaken for a message: a compact JWS has one dot and no braces, and a checkpoint
of the journal begins with a name and a line end.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import httpcore

from registry import __version__
from registry.domain.webhook_addresses import Address, Target, WebhookRules, read_target
from registry.domain.webhooks import Attempt, DeliveryProblem, judge_status
from registry.errors import InvalidInputError
from registry.services.timely import TimelyStream, TlsError, earlier
from registry.vault.keys import KeyProvider

WITHIN_S = 10.0
"""From looking up the name to the status of the answer."""

_ADDRESSES_TRIED = 3

Resolve = Callable[[str, int], Sequence[str]]
"""Answers the addresses that a name and a port lead to; raises OSError where there are none."""


def signed_headers(keys: KeyProvider, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Answer the headers of one attempt to send a message, signed for this moment.

    Raises:
        KeyringError: the provider has no signing key.
    """
    key_id, private = keys.signer()
    moment = str(int(now.timestamp()))
    signature = private.sign(f"{message_id}.{moment}.".encode() + body)
    return {
        "content-type": "application/json",
        "user-agent": f"likeness-registry/{__version__}",
        "webhook-id": message_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1a,{b64encode(signature).decode()}",
        "webhook-key-id": key_id,
    }


def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the system for the addresses of a name."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class Poster:
    """Posts messages.

    Attributes:
        rules: where they may go.
        tls: how receivers prove who they are.
        resolve: looks up names.
        within_s: how long one attempt may take, all in all.
    """

    rules: WebhookRules
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    resolve: Resolve = resolve
    within_s: float = WITHIN_S

    def post(self, url: str, headers: dict[str, str], body: bytes) -> Attempt:
        """Post a body once and say what came of it. Nothing is raised for what a receiver does, or is not.

        1. The address is read, by the rules of now, not of when it was registered.
        2. Its name is looked up once; of what it leads to, what may not be reached is left out.
        3. The connection is made to one of those very addresses; with TLS, the certificate must be the name's.
        4. The message is sent. No redirect is followed, no proxy used, no cookie kept.
        5. The status decides. What else is answered is not read.
        """
        started = time.monotonic()
        try:
            target = read_target(url, self.rules)
            status = self._exchange(target, headers, body, started + self.within_s)
        except InvalidInputError:
            return Attempt(DeliveryProblem.ADDRESS, None, _since(started))
        except _NotReachedError as error:
            return Attempt(error.problem, None, _since(started))
        return judge_status(status, _since(started))

    def _exchange(self, target: Target, headers: dict[str, str], body: bytes, until: float) -> int:
        url = httpcore.URL(
            scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=target.path.encode()
        )
        sent = {"host": _host_header(target), "connection": "close", **headers}
        network = _CheckedNetwork(self.rules, self.resolve, until)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self.tls, network_backend=network, http2=False) as pool,
                pool.stream("POST", url, headers=[*sent.items()], content=body) as response,
            ):
                return int(response.status)
        except httpcore.TimeoutException as error:
            raise _NotReachedError(DeliveryProblem.TIMEOUT) from error
        except TlsError as error:
            raise _NotReachedError(DeliveryProblem.TLS) from error
        except (httpcore.ProtocolError, UnicodeError) as error:
            raise _NotReachedError(DeliveryProblem.PROTOCOL) from error
        except (httpcore.NetworkError, OSError) as error:
            raise _NotReachedError(DeliveryProblem.UNREACHABLE) from error


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)


def _host_header(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = {"https": 443, "http": 80}[target.scheme]
    return host if target.port == usual else f"{host}:{target.port}"


class _NotReachedError(Exception):
    """There was no answer; ``problem`` says why."""

    def __init__(self, problem: DeliveryProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


class _CheckedNetwork(httpcore.NetworkBackend):
    """A network in which a name leads to checked addresses only, and everything is over at one moment.

    Args:
        rules: which addresses may be reached.
        resolve: looks up names.
        until: when everything is over, by the monotonic clock.
    """

    def __init__(self, rules: WebhookRules, resolve: Resolve, until: float) -> None:
        self._rules = rules
        self._resolve = resolve
        self._until = until
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to one of the addresses of a name that may be reached, in the order of the answer."""
        allowed = [each for each in self._addresses(host, port) if self._rules.may_reach(each)]
        if not allowed:
            raise _NotReachedError(DeliveryProblem.ADDRESS)
        refused = httpcore.ConnectError("no address was tried")
        for address in allowed[:_ADDRESSES_TRIED]:
            try:
                stream = self._sockets.connect_tcp(
                    str(address), port, earlier(timeout, self._until), local_address, socket_options
                )
            except httpcore.ConnectError as error:
                refused = error
            else:
                return TimelyStream(stream, self._until)
        raise refused

    def _addresses(self, host: str, port: int) -> Sequence[Address]:
        with suppress(ValueError):
            return [ip_address(host)]
        return [ip_address(each) for each in _looked_up(self._resolve, host, port, self._until)]


def _looked_up(resolve: Resolve, host: str, port: int, until: float) -> Sequence[str]:
    """Look up a name in time: the system's own patience may be longer, and cannot be cut short."""
    found: list[Sequence[str]] = []

    def look() -> None:
        with suppress(OSError, UnicodeError):
            found.append(resolve(host, port))

    asking = threading.Thread(target=look, name="look-up", daemon=True)
    asking.start()
    asking.join(max(0.0, until - time.monotonic()))
    if asking.is_alive():
        raise _NotReachedError(DeliveryProblem.TIMEOUT)
    if not found or not found[0]:
        raise _NotReachedError(DeliveryProblem.NAME)
    return found[0]
