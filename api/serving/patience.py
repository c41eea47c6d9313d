"""How long a client is waited for: a few seconds for the head of a request, then as long as bytes keep coming."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """What clients are given.

    Attributes:
        head_s: from the first byte of a request to the end of its head; a new connection has as long for both.
        stall_s: how long a client may be silent while its body or our answer is under way, in one go or together.
        least_bytes_per_s: what makes up for waiting: a client that is faster than this is never cut off.
        leaving_s: how long what a client still sends is thrown away after the last answer.
    """

    head_s: float = 10.0
    stall_s: float = 30.0
    least_bytes_per_s: float = 4096.0
    leaving_s: float = 2.0


class Allowance:
    """The seconds for which one client may still be waited for: a bucket that waiting empties and bytes fill.

    It begins full, with `Patience.stall_s`, and never holds more. So whoever has sent much cannot be silent for long on
    the strength of it, and a client is cut off once its mean rate has been below the least for that long.

    Attributes:
        moved: bytes so far.
        waited_s: seconds so far.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._left_s = patience.stall_s
        self._since: float | None = None
        self.moved = 0
        self.waited_s = 0.0

    @property
    def left_s(self) -> float:
        """How long the client may be waited for now; 0 or less: no longer."""
        return self._left_s

    def earn(self, count: int) -> None:
        """Count bytes that have come or gone."""
        self.moved += count
        self._left_s = min(self._patience.stall_s, self._left_s + count / self._patience.least_bytes_per_s)

    def begin(self) -> None:
        """Begin to wait."""
        self._since = time.monotonic()

    def end(self) -> None:
        """Count what was waited since `begin`."""
        if self._since is not None:
            waited_s = time.monotonic() - self._since
            self._since = None
            self._left_s -= waited_s
            self.waited_s += waited_s

    def waiting_s(self, now: float) -> float:
        """Answer for how long the client is being waited for; 0 when it is not."""
        since = self._since
        return 0.0 if since is None else now - since

    def rate(self, now: float) -> float:
        """Answer the bytes for each second of waiting, those of the wait that goes on included."""
        waited_s = self.waited_s + self.waiting_s(now)
        return self.moved / waited_s if waited_s else float("inf")
