"""How people sign in: from which address the registry is used, for how long, and by what.

Durations follow NIST SP 800-63B-4, section 2.2.3 (AAL2): at most an hour without a sign of life, a day altogether.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from registry.errors import InvalidInputError

_USUAL_PORTS = {"https": 443, "http": 80}


class SignInMethod(StrEnum):
    """By what somebody signed in."""

    LINK = "link"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a server is reached: scheme, host and port, as RFC 6454 has it.

    Attributes:
        scheme: ``https`` or ``http``.
        host: in lower case; an IPv6 address without brackets.
        port: as a number.
    """

    scheme: str
    host: str
    port: int

    @property
    def is_secure(self) -> bool:
        """Whether nobody on the way can read along."""
        return self.scheme == "https"

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == _USUAL_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{host}{port}"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself, whatever a name server says."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_origin(url: str) -> Origin:
    """Read an address that secrets are sent to.

    1. It has a scheme, a host and at most a port, and nothing else.
    2. It is ``https``; or ``http``, where the host is this machine.

    Raises:
        InvalidInputError: one of these does not hold; figure ``step``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInputError("the address cannot be read", step="form") from error
    host = (parts.hostname or "").lower()
    rest = (parts.path.strip("/"), parts.query, parts.fragment, parts.username, parts.password)
    if parts.scheme not in _USUAL_PORTS or not host or any(rest) or not url.isascii():
        raise InvalidInputError("the address is https://host, with a port where it needs one, and no more", step="form")
    if parts.scheme == "http" and not is_loopback(host):
        raise InvalidInputError("the address is https://…; http:// leads to this machine alone", step="scheme")
    return Origin(parts.scheme, host, _USUAL_PORTS[parts.scheme] if port is None else port)


@dataclass(frozen=True, slots=True)
class SignInRules:
    """How people sign in.

    Attributes:
        origin: where browsers reach the registry; None where that was not said, and nobody can sign in.
        link_life: how long a one-time link can be used.
        session_idle: how long a session goes on without a request.
        session_life: how long a session goes on at most.
    """

    origin: Origin | None = None
    link_life: timedelta = timedelta(minutes=15)
    session_idle: timedelta = timedelta(hours=1)
    session_life: timedelta = timedelta(hours=12)


NOBODY_SIGNS_IN = SignInRules()
"""Where nobody said at which address the registry is used."""


@dataclass(frozen=True, slots=True, repr=False)
class SignInFlow:
    """One way through a provider, from the click to the answer. It is kept, sealed, by the browser that began it.

    Attributes:
        state: comes back with the answer, and shows that it is one to this flow.
        nonce: comes back in the identity token, and shows that it was made for this flow.
        verifier: shows the provider that who hands in the code is who asked for it (RFC 7636).
        begun_at: when.
        session_id: of whoever is signed in and wants to connect an identity; None to sign in.
    """

    state: str
    nonce: str
    verifier: str
    begun_at: datetime
    session_id: str | None


@dataclass(frozen=True, slots=True, repr=False)
class ProviderAnswer:
    """What a provider sent a browser back with: a code, or an error; and who it says that it is (RFC 9207)."""

    state: str
    code: str | None
    error: str | None
    issuer: str | None
