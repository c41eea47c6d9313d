"""The wire: one client's connection as gunicorn's parser and answers see it, with an allowance instead of for ever."""

from __future__ import annotations

import select
import socket
from collections.abc import Callable, Iterator
from typing import Any

from gunicorn.http.errors import ParseException
from werkzeug.exceptions import BadRequest, ClientDisconnected, RequestTimeout

from api.serving.patience import Allowance, Patience
from api.serving.turns import aside

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PIECE = 2**18


class Input:
    """A body as the application reads it (``wsgi.input``): what is wrong with its framing is the client's fault.

    Args:
        body: as gunicorn's parser reads it.
    """

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        """Answer so many bytes, or fewer where the body ends; all of them below 0.

        Raises:
            BadRequest: the chunks cannot be read.
        """
        return self._told(self._body.read, size)

    def readline(self, size: int = -1) -> bytes:
        """Answer the next line, or so much of it."""
        return self._told(self._body.readline, size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    @staticmethod
    def _told(read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return read(size)
        except ParseException as error:
            raise BadRequest("the chunks of the body cannot be read") from error


class Wire:
    """A connection while one request on it is read and answered.

    It waits only while the client has allowance left, and lays its thread's turn aside meanwhile. What it raises is
    what Flask answers as a problem where there is still somebody to answer.

    Args:
        connection: which must not block.
        patience: what the client is given.

    Attributes:
        allowance: what is left of it.
        owes_continue: whether the client waits for ``100 Continue`` before it sends its body.
        is_spoilt: whether the connection can carry nothing after this request.
        is_last: whether its answer, where its head is not on its way yet, says that the connection ends with it.
    """

    def __init__(self, connection: socket.socket, patience: Patience) -> None:
        self._connection = connection
        self._patience = patience
        self.allowance = Allowance(patience)
        self.owes_continue = False
        self.is_spoilt = False
        self.is_last = False

    def recv(self, size: int) -> bytes:
        """Answer the next bytes of a body, at least one.

        Raises:
            RequestTimeout: the client was too slow.
            ClientDisconnected: it is gone, and its request was not whole.
        """
        if self.owes_continue:
            self.owes_continue = False
            self.sendall(_CONTINUE)
        while True:
            try:
                data = self._connection.recv(size)
            except BlockingIOError:
                self._await(select.POLLIN)
                continue
            except OSError as error:
                raise self._gone() from error
            if not data:
                raise self._gone()
            self.allowance.earn(len(data))
            return data

    def sendall(self, data: bytes) -> None:
        """Send all of it.

        Raises:
            RequestTimeout: the client reads too slowly.
            ClientDisconnected: it is gone.
        """
        rest = memoryview(data)
        while rest:
            try:
                sent = self._connection.send(rest[:_PIECE])
            except BlockingIOError:
                self._await(select.POLLOUT)
                continue
            except OSError as error:
                raise self._gone() from error
            self.allowance.earn(sent)
            rest = rest[sent:]

    def begin_answer(self) -> None:
        """Give the client a new allowance: reading is counted for itself, and so a late body has its answer."""
        self.allowance = Allowance(self._patience)

    def cut(self) -> None:
        """End the connection from another thread; whoever waits for the client is told that it is gone."""
        self.is_spoilt = True
        try:
            self._connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # the client was faster
            return

    def _await(self, event: int) -> None:
        left_s = self.allowance.left_s
        if left_s <= 0:
            raise self._too_slow()
        poll = select.poll()
        poll.register(self._connection, event)
        with aside():
            self.allowance.begin()
            ready = poll.poll(left_s * 1000)
            self.allowance.end()  # what follows is waiting for a turn, which is not the client's doing
        if not ready:
            raise self._too_slow()

    def _too_slow(self) -> RequestTimeout:
        self.is_spoilt = True
        return RequestTimeout(
            f"the request came at less than {self._patience.least_bytes_per_s:.0f} bytes a second "
            f"for {self._patience.stall_s:.0f} s"
        )

    def _gone(self) -> ClientDisconnected:
        self.is_spoilt = True
        return ClientDisconnected("the connection ended before the request was whole")
