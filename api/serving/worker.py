"""A worker for gunicorn that slow clients cannot stop: no thread is theirs until they have sent a whole head.

One thread watches every connection that has no request yet, or is only waiting for its end; none of it blocks. A whole
head goes to a thread, which takes a turn (`api.serving.turns`), and waits for the rest of the client's bytes on the
client's own account (`api.serving.wire`). Where there is no room left, whoever is idle, late or slow makes room first.

It builds on what gunicorn documents for workers (`gunicorn.workers.base.Worker`), and on its parser of HTTP/1.1.
"""

from __future__ import annotations

import contextlib
import errno
import os
import queue
import re
import resource
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from gunicorn.http import RequestParser, wsgi
from gunicorn.http.errors import InvalidHeader, NoMoreData
from gunicorn.workers.base import Worker
from werkzeug.exceptions import HTTPException

from api.serving.patience import Patience
from api.serving.refusals import FULL, HEAD_BYTES, TOO_LARGE, TOO_LATE, answer_bytes, refusal_of
from api.serving.turns import Turns
from api.serving.wire import Input, Wire
from registry import memory
from registry.settings import load_settings

THREADS_FOR_EACH_TURN = 16
"""So many requests may wait, for their clients or for a worker, for each one that is worked on."""

_LINE = re.compile(rb"[^\n]* HTTP/[0-9]\.[0-9]\r\n")
_AT_ONCE = 64
_PIECE = 2**16
_DRAINED_BYTES = 2**16
_LEFT_BYTES = 2**20
_LINGER_S = 2.0
_CROWDED_S = 1.0
_TICK_S = 0.25

_log = structlog.get_logger()


class _State(Enum):
    """What a connection that has no thread is doing."""

    IDLE = auto()  # its last request is answered, the next has not begun
    HEAD = auto()  # a head is awaited, or half of it is here
    LEAVING = auto()  # nothing more is answered; what still comes is thrown away


class _Client:
    """One connection."""

    def __init__(self, connection: socket.socket, address: Any, until: float) -> None:
        connection.settimeout(0)
        self.connection = connection
        self.address = address
        self.local = connection.getsockname()
        self.state = _State.HEAD
        self.until = until
        self.received = bytearray()
        self.thrown_away = 0
        self.wire: Wire | None = None

    def has_head(self, new: int) -> bool:
        """Whether a whole head is here, or something that can never become one, with so many bytes that are new."""
        line_ends = self.received.find(b"\n")
        if line_ends < 0:
            return False
        start = max(0, len(self.received) - new - 3)
        return (
            not _LINE.match(self.received)
            or self.received.find(b"\r\n\r\n", start) >= 0
            or self.received.find(b"\n\n", start) >= 0
        )


class _Answer(wsgi.Response):  # type: ignore[misc]  # gunicorn has no annotations
    """An answer that does not say what made it, and says where the connection ends with it."""

    def default_headers(self) -> list[str]:
        if self.sock.is_last:  # asked once: what this head says of the connection holds, whatever begins meanwhile
            self.force_close()
        return [line for line in super().default_headers() if not line.startswith("Server:")]

    def should_close(self) -> bool:
        reader = self.req.body.reader
        rest: int = getattr(reader, "length", 0)
        return self.sock.is_spoilt or self.sock.owes_continue or rest > _DRAINED_BYTES or super().should_close()


class PatientWorker(Worker):  # type: ignore[misc]  # gunicorn has no annotations
    """See the module.

    Settings of gunicorn that count: ``threads`` (turns), ``worker_connections``, ``keepalive``, ``graceful_timeout``.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.turns = Turns(self.cfg.threads)
        self._most_busy = self.cfg.threads * THREADS_FOR_EACH_TURN
        self._waiting: dict[_Client, None] = {}  # without a thread; those that have been so for longest come first
        self._busy: set[_Client] = set()
        self._done: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._look_at = self._crowded_since = self._give_back_at = time.monotonic()

    # --- the loop: one thread, and nothing in it blocks ---------------------------------------------------------------

    def init_process(self) -> None:
        """Start; the last thing that this does is `run`."""
        _allow_descriptors()
        settings = load_settings()
        self.patience = Patience(
            settings.http_head_s, settings.http_stall_s, least_bytes_per_s=settings.http_least_bytes_per_s
        )
        self._poller = selectors.DefaultSelector()
        self._pool = ThreadPoolExecutor(self._most_busy, "request")
        super().init_process()

    def run(self) -> None:
        """Serve until a signal says to stop; then answer what has begun, and end."""
        self._poller.register(self.PIPE[0], selectors.EVENT_READ, self._woken)
        for listener in self.sockets:
            listener.settimeout(0)
            self._poller.register(listener, selectors.EVENT_READ, partial(self._arrive, listener))
        while self.alive and self.ppid == os.getppid():
            self._turn_around()
        self._stop()

    def _turn_around(self) -> None:
        self.notify()
        for key, _ in self._poller.select(_TICK_S):
            key.data()
        while not self._done.empty():
            self._done.get()()
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _TICK_S
            self._end_overdue(now)
            self._cut_slowest(now)
        if now >= self._give_back_at:
            self._give_back_at = now + memory.GIVE_BACK_EVERY_S
            memory.give_back()
        self._make_room(len(self._waiting) + len(self._busy) - self.cfg.worker_connections)

    def _stop(self) -> None:
        """Take what the kernel has accepted already, answer what comes within moments, wait for what has begun."""
        for listener in self.sockets:
            self._arrive(listener)
            self._poller.unregister(listener)
        for wire in (client.wire for client in self._busy):
            if wire is not None:
                wire.is_last = True
        now = time.monotonic()
        for client in self._waiting:
            client.until = min(client.until, now + _LINGER_S)
        while (self._waiting or self._busy) and time.monotonic() < now + self.cfg.graceful_timeout:
            self._turn_around()
        for client in [*self._waiting, *self._busy]:
            with contextlib.suppress(OSError):  # gone already
                client.connection.shutdown(socket.SHUT_RDWR)
        self._pool.shutdown(wait=False)

    def _woken(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.read(self.PIPE[0], 4096)

    def _arrive(self, listener: socket.socket) -> None:
        """Take new connections."""
        for _ in range(_AT_ONCE):
            try:
                connection, address = listener.accept()
            except OSError as error:  # nobody else, or somebody who is gone already
                if error.errno in {errno.EMFILE, errno.ENFILE}:
                    self._make_room(_AT_ONCE)
                return
            client = _Client(connection, address, time.monotonic() + self.patience.head_s)
            self._watch(client)
            self._hear(client)

    def _watch(self, client: _Client) -> None:
        self._waiting[client] = None
        self._poller.register(client.connection, selectors.EVENT_READ, partial(self._hear, client))

    def _unwatch(self, client: _Client) -> None:
        if client in self._waiting:
            del self._waiting[client]
            self._poller.unregister(client.connection)

    def _hear(self, client: _Client) -> None:
        """Take what has come on a connection that has no thread."""
        try:
            data = client.connection.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._end(client)
        elif client.state is _State.LEAVING:
            client.thrown_away += len(data)
            if client.thrown_away > _LEFT_BYTES:
                self._end(client)
        else:
            self._take(client, data)

    def _take(self, client: _Client, data: bytes) -> None:
        """Take bytes of a head; once it is whole, give it to a thread."""
        if client.state is _State.IDLE:
            client.state = _State.HEAD
            client.until = time.monotonic() + self.patience.head_s
        client.received += data if client.received else data.lstrip(b"\r\n")  # RFC 9112, section 2.2
        if client.has_head(len(data)):
            self._hand_over(client)
        elif len(client.received) > HEAD_BYTES:
            self._refuse(client, *TOO_LARGE)

    def _hand_over(self, client: _Client) -> None:
        """Give a request to a thread, unless there is no end of those that wait for one."""
        if len(self._busy) >= self.cfg.worker_connections:
            self._refuse(client, *FULL)
            return
        self._unwatch(client)
        self._busy.add(client)
        self._pool.submit(self._answer, client)

    def _refuse(self, client: _Client, status: HTTPStatus, detail: str) -> None:
        """Answer a problem to who has no thread, and take nothing more from them."""
        with contextlib.suppress(OSError):  # they read nothing either: then they are not told
            client.connection.send(answer_bytes(status, detail.format(head_s=self.patience.head_s)))
        self._leave(client)

    def _leave(self, client: _Client) -> None:
        """End a connection so that what was answered last arrives (RFC 9112, section 9.6)."""
        self._unwatch(client)
        try:
            client.connection.shutdown(socket.SHUT_WR)
        except OSError:
            client.connection.close()
            return
        client.state = _State.LEAVING
        client.until = time.monotonic() + self.patience.leaving_s
        self._watch(client)

    def _end(self, client: _Client) -> None:
        self._unwatch(client)
        client.connection.close()

    def _end_overdue(self, now: float) -> None:
        for client in [each for each in self._waiting if each.until <= now]:
            if client.state is _State.HEAD and client.received:
                self._refuse(client, *TOO_LATE)
            else:
                self._end(client)

    def _make_room(self, count: int) -> None:
        """End so many connections that have no request: first who is leaving, then who is idle, then who is late."""
        if count > 0:
            by_worth = (_State.LEAVING, _State.IDLE, _State.HEAD)
            for client in sorted(self._waiting, key=lambda each: by_worth.index(each.state))[:count]:
                self._end(client)

    def _cut_slowest(self, now: float) -> None:
        """Where requests have waited for a thread for a while, end those whose clients hold one and are slowest."""
        too_many = len(self._busy) - self._most_busy
        if too_many <= 0:
            self._crowded_since = now
        if now - self._crowded_since < _CROWDED_S:
            return
        wires = [each.wire for each in self._busy if each.wire is not None]
        slow = [wire for wire in wires if not wire.is_spoilt and wire.allowance.waiting_s(now) > 0]
        for wire in sorted(slow, key=lambda each: each.allowance.rate(now))[:too_many]:
            wire.cut()

    # --- a request: in a thread of its own ----------------------------------------------------------------------------

    def _answer(self, client: _Client) -> None:
        """Answer one request, and give its connection back to the loop."""
        keep = False
        try:
            with self.turns.taken():
                keep = self._answered(client)
        except BaseException as error:  # noqa: BLE001  (whatever it was, the connection goes back)
            _log.error("connection ended", exc_info=error)
        finally:
            self._done.put(partial(self._take_back, client, keep=keep))
            with contextlib.suppress(BlockingIOError):  # full: it is awake
                os.write(self.PIPE[1], b"\0")

    def _answered(self, client: _Client) -> bool:
        """Read, do and answer a request; answer whether the connection can carry another."""
        client.wire = wire = Wire(client.connection, self.patience)
        parser = RequestParser(self.cfg, wire, client.address)
        parser.unreader.unread(bytes(client.received))
        client.received.clear()
        try:
            request = _checked(next(parser))
            wire.owes_continue = request._expected_100_continue  # noqa: SLF001  (gunicorn would send it at once)
            request._expected_100_continue = False  # noqa: SLF001
            keep = self._ran(request, client, wire) and parser.finish_body(deadline=time.monotonic() + _LINGER_S)
        except (HTTPException, NoMoreData):  # gone, or too slow to be told
            return False
        except Exception as error:  # noqa: BLE001  (of the parser, or of the application)
            self._tell(wire, error)
            return False
        client.received += parser.unreader.take_buffered()
        return bool(keep)

    def _ran(self, request: Any, client: _Client, wire: Wire) -> bool:
        """Let the application answer."""
        answer, environ = wsgi.create(request, wire, client.address, client.local, self.cfg, response_class=_Answer)
        environ |= {"wsgi.multithread": True, "wsgi.input": Input(request.body)}
        if not self.alive:
            answer.force_close()
        parts: Iterable[bytes] = self.wsgi(environ, answer.start_response)
        try:
            wire.begin_answer()
            for part in parts:
                answer.write(part)
            answer.close()
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return not answer.should_close()

    def _tell(self, wire: Wire, error: Exception) -> None:
        """Answer what could not be read as a request, or what the application could not answer."""
        refused = refusal_of(error)
        if refused is None:
            _log.error("request failed", exc_info=error)
            refused = HTTPStatus.INTERNAL_SERVER_ERROR, "something went wrong inside the registry"
        with contextlib.suppress(HTTPException):
            wire.sendall(answer_bytes(*refused))

    def _take_back(self, client: _Client, *, keep: bool) -> None:
        """Watch a connection again whose request is answered."""
        self._busy.discard(client)
        client.wire = None
        if client.connection.fileno() < 0:
            return
        if not keep:
            self._leave(client)
            return
        client.state = _State.IDLE
        client.until = time.monotonic() + (self.cfg.keepalive if self.alive else _LINGER_S)
        self._watch(client)
        if client.received:  # sent before the last was answered
            data = bytes(client.received)
            client.received.clear()
            self._take(client, data)


def _checked(request: Any) -> Any:
    """Refuse what gunicorn lets through and RFC 9112 section 3.2 does not: HTTP/1.1 without a Host."""
    if request.version >= (1, 1) and not any(name == "HOST" for name, _ in request.headers):
        raise InvalidHeader("HOST", req=request)
    return request


def _allow_descriptors() -> None:
    """Let this process have as many connections as the machine lets it, where the shell allowed fewer."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
