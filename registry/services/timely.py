"""Connections on which everything is over at one moment, however slowly bytes trickle in."""

from __future__ import annotations

import ssl
import time
from typing import Any, Final

import httpcore

_LEAST_S: Final = 0.001


class TlsError(httpcore.ConnectError):
    """TLS could not be begun: the certificate is not the name's, or the other side speaks none."""


class TimelyStream(httpcore.NetworkStream):
    """A connection on which everything is over at one moment, however slowly bytes trickle in."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream = stream
        self._until = until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what is there, as long as there is time."""
        return self._stream.read(max_bytes, earlier(timeout, self._until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write everything, as long as there is time."""
        self._stream.write(buffer, earlier(timeout, self._until))

    def close(self) -> None:
        """Close it."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Begin TLS with a receiver who proves to be the one that was named."""
        try:
            secured = self._stream.start_tls(ssl_context, server_hostname, earlier(timeout, self._until))
        except httpcore.ConnectError as error:
            raise TlsError(str(error)) from error
        return TimelyStream(secured, self._until)

    def get_extra_info(self, info: str) -> Any:
        """Answer what is known of the connection."""
        return self._stream.get_extra_info(info)


def earlier(timeout: float | None, until: float) -> float:
    """Answer the seconds that are left.

    Raises:
        httpcore.ReadTimeout: none are.
    """
    left = until - time.monotonic()
    if left < _LEAST_S:
        raise httpcore.ReadTimeout("the time of the attempt is over")
    return left if timeout is None else min(timeout, left)
