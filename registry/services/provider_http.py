"""Asking an identity provider: only the hosts that were configured, over TLS, in little time, for few bytes."""

from __future__ import annotations

import ssl
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpcore

from registry import __version__
from registry.domain.reading import parse_json
from registry.domain.sign_in import Origin, read_origin
from registry.errors import InvalidInputError, ProviderUnavailableError
from registry.services.timely import TimelyStream, earlier

WITHIN_S = 5.0
"""From connecting to the last byte of the answer."""

MOST_BYTES = 256 * 1024
"""Of an answer: a provider's description, its keys, or a token."""


@dataclass(frozen=True, slots=True)
class ProviderHttp:
    """Asks a provider.

    Attributes:
        origins: that may be asked; no other is, whatever the provider's own description names.
        tls: how they prove who they are.
        within_s: how long one question may take, all in all.
        most_bytes: that are read of an answer.
    """

    origins: Collection[Origin]
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    within_s: float = WITHIN_S
    most_bytes: int = MOST_BYTES

    def require_allowed(self, url: str) -> None:
        """Refuse an address at a host that was not configured.

        Raises:
            ProviderUnavailableError: figure ``host``.
        """
        parts = urlsplit(url)
        try:
            origin = read_origin(f"{parts.scheme}://{parts.netloc}")
        except InvalidInputError as error:
            raise ProviderUnavailableError("the identity provider names an address that is none") from error
        if origin not in self.origins:
            raise ProviderUnavailableError(
                f"the identity provider leads to {origin}, which LIKENESS_OIDC_HOSTS does not name", host=origin.host
            )

    def get(self, url: str) -> Mapping[str, Any]:
        """Answer the JSON object at an address.

        Raises:
            ProviderUnavailableError: there is none.
        """
        status, content = self.ask("GET", url, {"accept": "application/json"})
        if status != 200:  # noqa: PLR2004
            raise ProviderUnavailableError(f"the identity provider answers {status}", answered=status)
        return json_object(content)

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Ask once, and answer the status and what was said. No redirect is followed, no proxy used, no cookie kept.

        Raises:
            ProviderUnavailableError: the address is not allowed, or there was no answer, or one too long, in time.
        """
        self.require_allowed(url)
        sent = {"host": urlsplit(url).netloc, "user-agent": f"likeness-registry/{__version__}", **headers}
        network = _TimelyNetwork(time.monotonic() + self.within_s)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self.tls, network_backend=network, http2=False) as pool,
                pool.stream(method, url, headers=[*sent.items()], content=body) as response,
            ):
                return int(response.status), self._content(response.iter_stream())
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise ProviderUnavailableError(f"the identity provider does not answer: {type(error).__name__}") from error

    def _content(self, parts: Iterable[bytes]) -> bytes:
        content = b""
        for part in parts:
            content += part
            if len(content) > self.most_bytes:
                raise ProviderUnavailableError(
                    f"the identity provider answers more than {self.most_bytes} bytes", max_bytes=self.most_bytes
                )
        return content


def json_object(content: bytes) -> Mapping[str, Any]:
    """Read a provider's answer.

    Raises:
        ProviderUnavailableError: it is not a JSON object.
    """
    try:
        read = parse_json(content)
    except ValueError as error:
        raise ProviderUnavailableError("the identity provider answers something that is not JSON") from error
    if not isinstance(read, dict):
        raise ProviderUnavailableError("the identity provider answers JSON that is no object")
    return read


class _TimelyNetwork(httpcore.NetworkBackend):
    """A network on which everything is over at one moment."""

    def __init__(self, until: float) -> None:
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
        """Connect, as long as there is time."""
        stream = self._sockets.connect_tcp(host, port, earlier(timeout, self._until), local_address, socket_options)
        return TimelyStream(stream, self._until)
