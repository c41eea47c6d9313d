"""How often: what a token, an address and an organisation may ask in a window of time.

A window begins with the first request and ends when its time is over; what was refused is not counted. Where a shared
counter does not answer, this process counts by itself until it does: neither does the gate open, nor the house close.
"""

from __future__ import annotations

import hashlib
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPMethod
from ipaddress import IPv6Address, ip_address
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, current_app, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from api.rates import Budget, Rate, Rates
from api.state import principal
from api.windows import Used, Windows
from registry.errors import RateLimitedError, RegistryError, UnauthenticatedError

_EXTENSION = "likeness_rate_limits"
_KNOWN_TOKENS = 10_000
_NETWORK_OF_ONE_CALLER = 64
"""Bits of an IPv6 address that one caller has no choice in; the rest they can change at will."""

Arguments = ParamSpec("Arguments")
Known = TypeVar("Known")


_OF: Mapping[Budget, str] = {
    Budget.READS: "requests that read, with this token",
    Budget.WRITES: "requests that change or ask something, with this token",
    Budget.ANONYMOUS: "requests without a token from this address",
    Budget.FAILED_TOKENS: "tokens from this address that are not valid",
    Budget.CHECKS: "checks by this organisation",
    Budget.SCANS: "scans by this organisation",
    Budget.CLEARANCES: "questions for clearance or approval by this organisation",
    Budget.NAMES: "names of performers tried by this account",
    Budget.REPORTS: "reports by this organisation",
    Budget.VERIFICATIONS: "files to be verified from this address",
}


class RateLimits:
    """The limits of one application.

    Args:
        rates: by budget.
        windows: counts.
    """

    def __init__(self, rates: Rates, windows: Windows) -> None:
        self._rates, self._windows = rates, windows
        self._known: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def spend(self, budget: Budget, whose: str, amount: int = 1) -> None:
        """Count something that is about to be done, or refuse it.

        Raises:
            RateLimitedError: more than is allowed was asked for in this window.
        """
        rate = self._rates.get(budget)
        if rate is None:
            return
        used = self._windows.take(f"{budget}/{whose}", rate.limit, rate.window_s, amount)
        _note(budget, rate, used)
        if not used.fits:
            raise _refusal(budget, rate, used, amount)

    def require_trust(self, address: str, token: str) -> None:
        """Refuse to look at a token from an address that sent too many wrong ones, unless it was good here before.

        So nobody tries out tokens, and whoever shares an address with somebody who does goes on with theirs.

        Raises:
            RateLimitedError: as many tokens as are allowed were not valid.
        """
        rate = self._rates.get(Budget.FAILED_TOKENS)
        if rate is None or token in self._known:
            return
        used = self._windows.look(f"{Budget.FAILED_TOKENS}/{address}", rate.limit)
        if not used.fits:
            raise _refusal(Budget.FAILED_TOKENS, rate, used, 1)

    def failed(self, address: str, token: str) -> None:
        """Count a token that is not valid."""
        with self._lock:
            self._known.pop(token, None)
        rate = self._rates.get(Budget.FAILED_TOKENS)
        if rate is not None:
            self._windows.take(f"{Budget.FAILED_TOKENS}/{address}", rate.limit, rate.window_s, 1)

    def succeeded(self, token: str) -> None:
        """Remember that a token was good, among the last so many."""
        with self._lock:
            self._known[token] = None
            self._known.move_to_end(token)
            if len(self._known) > _KNOWN_TOKENS:
                self._known.popitem(last=False)


def _refusal(budget: Budget, rate: Rate, used: Used, amount: int) -> RateLimitedError:
    wait_s = max(1, math.ceil(used.ends_in_s))
    if amount > rate.limit:
        said = f"{amount} at once are more than the {rate.limit} that are allowed in {rate.window_s} s"
    else:
        said = f"{rate.limit} in {rate.window_s} s are allowed, try again in {wait_s} s"
    return RateLimitedError(
        f"too many {_OF[budget]}: {said}",
        budget=budget.value,
        limit=rate.limit,
        window_s=rate.window_s,
        retry_after_s=wait_s,
    )


# --- in a request ----------------------------------------------------------------------------------------------------


def install(app: Flask, rates: Rates, windows: Windows, trusted_proxies: int) -> None:
    """Give an application its limits, and every answer the fields that tell of them.

    Args:
        app: the application.
        rates: by budget.
        windows: counts.
        trusted_proxies: how many proxies stand before this process and say from where they were asked; what anybody
            else says of that is not believed.
    """
    app.extensions[_EXTENSION] = RateLimits(rates, windows)
    if trusted_proxies:
        behind = ProxyFix(app.wsgi_app, x_for=trusted_proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0)
        app.wsgi_app = behind  # type: ignore[method-assign]  # Flask's documented way
    app.after_request(_tell)


def of_app() -> RateLimits:
    """Answer the limits of the application that is asked."""
    limits: RateLimits = current_app.extensions[_EXTENSION]
    return limits


def address() -> str:
    """Answer from where a request comes: an IPv4 address, or the network of an IPv6 address."""
    try:
        sent_from = ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if not isinstance(sent_from, IPv6Address):
        return str(sent_from)
    if sent_from.ipv4_mapped is not None:
        return str(sent_from.ipv4_mapped)
    return f"{IPv6Address(int(sent_from) >> _NETWORK_OF_ONE_CALLER << _NETWORK_OF_ONE_CALLER)}/{_NETWORK_OF_ONE_CALLER}"


def spend_anonymously(*budgets: Budget) -> None:
    """Count a request without a token, and against budgets of its own where it has any."""
    for budget in (Budget.ANONYMOUS, *budgets):
        of_app().spend(budget, address())


def checked_token(
    text: str, authenticate: Callable[[str], Known], refusal: type[RegistryError] = UnauthenticatedError
) -> Known:
    """Tell who holds a token, a session or a link, and count the request.

    1. The address has not sent too many tokens that are not valid.
    2. The token is valid; one that is not counts against the address.
    3. It has not been used too often.

    Raises:
        RateLimitedError: 1 or 3 fails.
        UnauthenticatedError: 2 fails; or ``refusal``, which is counted like it.
    """
    limits, digest = of_app(), hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
    limits.require_trust(address(), digest)
    try:
        found = authenticate(text)
    except refusal:
        limits.failed(address(), digest)
        raise
    limits.succeeded(digest)
    limits.spend(Budget.READS if request.method in _READING else Budget.WRITES, digest)
    return found


_READING = frozenset({HTTPMethod.GET, HTTPMethod.HEAD, HTTPMethod.OPTIONS})


def _one(_arguments: Mapping[str, Any]) -> int:
    return 1


def spends(
    budget: Budget, amount: Callable[[Mapping[str, Any]], int] = _one
) -> Callable[[Callable[Arguments, Response]], Callable[Arguments, Response]]:
    """Count an operation against what its caller's organisation may ask, or their account where they have none.

    Tokens and accounts can be made at will, organisations cannot. A request that is sent again under its idempotency
    key counts again.

    Args:
        budget: that it is counted against.
        amount: how much of it, by the operation's arguments; 0 where this one is not counted.
    """

    def decorate(view: Callable[Arguments, Response]) -> Callable[Arguments, Response]:
        @wraps(view)
        def counted(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Response:
            whose = principal().organisation_id or principal().account_id
            if asked := amount(kwargs):
                of_app().spend(budget, whose, asked)
            return view(*args, **kwargs)

        return counted

    return decorate


def _note(budget: Budget, rate: Rate, used: Used) -> None:
    g.setdefault("rates", []).append((budget, rate, used))


def _tell(response: Response) -> Response:
    """Say what is left, in the fields of draft-ietf-httpapi-ratelimit-headers."""
    noted: list[tuple[Budget, Rate, Used]] = g.get("rates", [])
    if noted:
        response.headers["RateLimit-Policy"] = ", ".join(
            f'"{b}";q={rate.limit};w={rate.window_s}' for b, rate, _ in noted
        )
        response.headers["RateLimit"] = ", ".join(
            f'"{budget}";r={used.left};t={math.ceil(used.ends_in_s)}' for budget, _, used in noted
        )
    return response
