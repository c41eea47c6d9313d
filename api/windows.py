"""Counting in windows of time: in this process, or shared by all of them through a store."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import structlog

from registry.errors import SettingsError

_MOST_WINDOWS = 100_000
_ANSWERS_WITHIN_S = 0.5
_ASKED_AGAIN_S = 10.0
_PREFIX = "likeness/"

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Used:
    """How a window stands.

    Attributes:
        fits: whether there was room for what was asked.
        left: how much room is left.
        ends_in_s: seconds until the window ends.
    """

    fits: bool
    left: int
    ends_in_s: float


class Windows(Protocol):
    """Counts by key. What does not fit is not counted. Both may be called from any thread, and never raise."""

    def take(self, key: str, limit: int, window_s: int, amount: int) -> Used:
        """Count an amount in the window of a key, which begins now where there is none, if it fits into the limit."""

    def look(self, key: str, limit: int) -> Used:
        """Answer how the window of a key stands, and whether one more would fit; nothing is counted."""


@dataclass(slots=True)
class _Window:
    ends: float
    used: int


class OwnWindows:
    """Windows in the memory of this process.

    Args:
        clock: answers seconds, which never go back.
        most: windows that are kept; when more are needed, those that end first are given up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = _MOST_WINDOWS) -> None:
        self._clock, self._most = clock, most
        self._lock = threading.Lock()
        self._windows: dict[str, _Window] = {}

    def take(self, key: str, limit: int, window_s: int, amount: int) -> Used:
        """See `Windows`."""
        now = self._clock()
        with self._lock:
            window = self._windows.get(key)
            if window is None or now >= window.ends:
                self._make_room(now)
                window = self._windows[key] = _Window(now + window_s, 0)
            fits = window.used + amount <= limit
            if fits:
                window.used += amount
            return Used(fits, max(0, limit - window.used), window.ends - now)

    def look(self, key: str, limit: int) -> Used:
        """See `Windows`."""
        now = self._clock()
        with self._lock:
            window = self._windows.get(key)
            if window is None or now >= window.ends:
                return Used(limit > 0, limit, 0.0)
            return Used(window.used < limit, max(0, limit - window.used), window.ends - now)

    def _make_room(self, now: float) -> None:
        if len(self._windows) < self._most:
            return
        last = sorted(self._windows.items(), key=lambda each: each[1].ends)[self._most // 2 :]
        self._windows = {key: window for key, window in last if window.ends > now}


class Store(Protocol):
    """What is asked of a store of the `limits` library."""

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter, which ends so many seconds after it began; answer how it stands."""

    def get(self, key: str) -> int:
        """Answer how a counter stands; 0 where there is none."""

    def get_expiry(self, key: str) -> float:
        """Answer when a counter ends, in seconds since 1970."""


class SharedWindows:
    """Windows that every process counts in; where the store does not answer, each process counts in its own.

    A store that failed is left alone for ten seconds, so that requests do not wait for it one after the other.

    Args:
        store: that is shared.
        own: what is counted in meanwhile.
        clock: answers seconds, which never go back.
    """

    def __init__(self, store: Store, own: Windows, clock: Callable[[], float] = time.monotonic) -> None:
        self._store, self._own, self._clock = store, own, clock
        self._left_alone_until = 0.0
        self._failed = False

    def take(self, key: str, limit: int, window_s: int, amount: int) -> Used:
        """See `Windows`."""
        shared = self._asked(lambda: self._taken(_PREFIX + key, limit, window_s, amount))
        return self._own.take(key, limit, window_s, amount) if shared is None else shared

    def look(self, key: str, limit: int) -> Used:
        """See `Windows`."""
        shared = self._asked(lambda: self._standing(_PREFIX + key, limit))
        return self._own.look(key, limit) if shared is None else shared

    def _taken(self, key: str, limit: int, window_s: int, amount: int) -> Used:
        if amount > 1 and self._store.get(key) + amount > limit:  # a large amount that is refused spoils no window
            return self._standing(key, limit, fits=False)
        count = self._store.incr(key, window_s, amount)
        return Used(count <= limit, max(0, limit - count), self._ends_in_s(key))

    def _standing(self, key: str, limit: int, *, fits: bool | None = None) -> Used:
        count = self._store.get(key)
        return Used(count < limit if fits is None else fits, max(0, limit - count), self._ends_in_s(key))

    def _ends_in_s(self, key: str) -> float:
        return max(0.0, self._store.get_expiry(key) - time.time())

    def _asked(self, ask: Callable[[], Used]) -> Used | None:
        """Ask the store; None where it does not answer, or did not a moment ago."""
        now = self._clock()
        if self._failed and now < self._left_alone_until:
            return None
        self._left_alone_until = now + _ASKED_AGAIN_S  # of many threads, one finds out whether it is there again
        try:
            answered = ask()
        except Exception as error:  # noqa: BLE001  (each driver has errors of its own, and none may pass)
            if not self._failed:
                _log.error("rate limits are counted in this process alone", kind=type(error).__name__)
            self._failed = True
            return None
        if self._failed:
            _log.info("rate limits are shared again")
        self._failed = False
        return answered


def windows_at(url: str | None) -> Windows:
    """Answer where to count: a store by its URL, such as ``redis://…``, or this process.

    Raises:
        SettingsError: there is no such kind of store, or what it takes is not installed.
    """
    if url is None:
        return OwnWindows()
    try:
        from limits.errors import ConfigurationError
        from limits.storage import storage_from_string
    except ImportError as error:
        raise _unusable(url, "install the extra `redis`") from error
    try:
        return SharedWindows(cast("Store", storage_from_string(url, **_options(url))), OwnWindows())
    except (ConfigurationError, ImportError, ValueError):
        why = "there is no such kind of store, or what it takes is not installed"
        raise _unusable(url, why) from None  # its sentence has the address in it


def _options(url: str) -> dict[str, Any]:
    """Answer how a store is asked: once, and not for long; what others than Redis take is left as it is."""
    if not urlsplit(url).scheme.startswith("redis"):
        return {}
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    waits = {"socket_timeout": _ANSWERS_WITHIN_S, "socket_connect_timeout": _ANSWERS_WITHIN_S}
    return {**waits, "retry": Retry(NoBackoff(), 0)}


def _unusable(url: str, why: str) -> SettingsError:
    """Say why a store cannot be used; its address may hold a password, and is not said."""
    scheme = urlsplit(url).scheme
    return SettingsError(f"LIKENESS_RATE_STORAGE cannot be used ({scheme}://…): {why}", setting="LIKENESS_RATE_STORAGE")
