"""A receiver of webhooks on this machine: keeps what it is sent, and answers as it is told to."""

from __future__ import annotations

import ssl
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from registry.domain.webhook_addresses import WebhookRules

LOOPBACK = WebhookRules(http=True, networks=(ip_network("127.0.0.0/8"),))
"""What tests allow: receivers on this machine, without TLS."""

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Received:
    """One request that came in."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def require_signed_by(self, key: Ed25519PublicKey) -> None:
        """Check the signature as Standard Webhooks describes it, with nothing of the registry's own code."""
        version, signature = self.headers["webhook-signature"].split(",")
        assert version == "v1a"
        signed = b".".join((self.id.encode(), self.headers["webhook-timestamp"].encode(), self.body))
        key.verify(b64decode(signature, validate=True), signed)


@dataclass
class Receiver:
    """A receiver that listens."""

    port: int
    answer: Answer
    got: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?token=abc"

    def await_messages(self, count: int, within_s: float = 60.0) -> list[Received]:
        deadline = time.monotonic() + within_s
        while len(self.got) < count:
            assert time.monotonic() < deadline, f"{len(self.got)} of {count} messages came"
            time.sleep(0.01)
        return self.got


def with_status(status: int, **headers: str) -> Answer:
    """Answer every request with a status and no body."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@contextmanager
def listening(answer: Answer | None = None, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Let a receiver listen on this machine, for a block; with TLS where a context is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.got.append(Received(self.path, headers, body))
            try:
                receiver.answer(self)
            except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (http.server's name)
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of a client that went away: that is what tests are about."""

    server = Server(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server.server_address[1], answer or with_status(204))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
