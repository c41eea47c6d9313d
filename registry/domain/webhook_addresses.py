"""Where webhooks may lead: addresses of the public internet, by HTTPS, unless the operator says otherwise.

Who registers a webhook makes the registry's own machine connect somewhere. It must not be talked into its neighbours:
the check is made on the very address that is connected to, not on the name (which can lead elsewhere a moment later).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from registry.errors import InvalidInputError

LONGEST_URL = 2000
HTTPS_PORT, HTTP_PORT = 443, 80
_FIRST_FREE_PORT = 1024
_PRINTABLE_ASCII = re.compile(r"[\x21-\x5b\x5d-\x7e]+")  # no blank, no control, no backslash
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*")
_LONGEST_HOST = 253

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_TRANSLATED = IPv6Network("64:ff9b::/96")  # NAT64, RFC 6052
_SITE_LOCAL = IPv6Network("fec0::/10")  # RFC 3879: withdrawn, and still routed here and there


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """What the operator allows.

    Attributes:
        http: whether messages may go without TLS.
        networks: that may be reached although they are not of the public internet.
        most: webhooks that one organisation may have; 0 lets nobody register one.
    """

    http: bool = False
    networks: Sequence[Network] = ()
    most: int = 10

    def may_reach(self, address: Address) -> bool:
        """Whether an address may be connected to."""
        inner = _inside(address)
        listed = any(inner in network for network in self.networks if network.version == inner.version)
        return listed or _is_public(inner)


PUBLIC_HTTPS = WebhookRules()
"""By default."""


def _inside(address: Address) -> Address:
    """Answer the IPv4 address that an IPv6 address leads to, where it is one of those."""
    if not isinstance(address, IPv6Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None) or address


def _is_public(address: Address) -> bool:
    kept = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    return address.is_global and not kept and not address.is_link_local and address not in _SITE_LOCAL


@dataclass(frozen=True, slots=True)
class Target:
    """Where a webhook leads.

    Attributes:
        scheme: ``https`` or ``http``.
        host: name or address, in lower case; an IPv6 address without brackets.
        port: as a number.
        path: with the query; what is sent after the verb.
    """

    scheme: str
    host: str
    port: int
    path: str


def read_target(url: str, rules: WebhookRules) -> Target:
    """Read where a webhook is to lead.

    1. It is printable ASCII, and not too long.
    2. It is ``https``, or ``http`` where that is allowed.
    3. It carries no credentials and no fragment.
    4. It names a host; where that is an address, one that may be reached.
    5. Its port is the usual one, or no port of the system.

    Raises:
        InvalidInputError: any of these does not hold; figure ``step``.
    """
    if len(url) > LONGEST_URL or not _PRINTABLE_ASCII.fullmatch(url):
        raise InvalidInputError(
            f"the address of a webhook has up to {LONGEST_URL} printable ASCII characters and no blanks; write a name "
            "of another script as xn--…, and what else is not ASCII as %…",
            step="form",
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidInputError("the address of a webhook cannot be read", step="form") from error
    _require_scheme(parts.scheme, rules)
    if "@" in parts.netloc or "#" in url:
        raise InvalidInputError(
            "the address of a webhook carries no user, password or fragment: messages are signed", step="credentials"
        )
    host = (parts.hostname or "").lower().removesuffix(".")
    _require_host(host, rules)
    usual = HTTPS_PORT if parts.scheme == "https" else HTTP_PORT
    port = usual if port is None else port
    if port not in {HTTP_PORT, HTTPS_PORT} and port < _FIRST_FREE_PORT:
        raise InvalidInputError(
            f"a webhook is at port {HTTPS_PORT}, {HTTP_PORT}, or from {_FIRST_FREE_PORT} on, not at {port}",
            step="port",
            port=port,
        )
    return Target(parts.scheme, host, port, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")


def _require_scheme(scheme: str, rules: WebhookRules) -> None:
    allowed = {"https", "http"} if rules.http else {"https"}
    if scheme not in allowed:
        raise InvalidInputError(
            f"the address of a webhook begins with {' or '.join(f'{each}://' for each in sorted(allowed))}",
            step="scheme",
            scheme=scheme,
        )


def _require_host(host: str, rules: WebhookRules) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host):
            raise InvalidInputError("the address of a webhook names a host", step="host") from None
        return
    if not rules.may_reach(address):
        raise InvalidInputError(
            f"{address} is no address of the public internet; the registry connects to no other", step="address"
        )
