"""Holding work while it is done: leases renewed from a second thread, and what becomes of a piece that goes wrong."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self

import structlog

from registry.errors import (
    DatabaseUnavailableError,
    KeyringError,
    KeysUnavailableError,
    LeaseLostError,
    NotFoundError,
    RegistryError,
    StorageFullError,
)
from registry.services.context import Context
from registry.store import work
from registry.store.work import Lease

RETRY_S = 2.0
"""After a failure the work waits this long before it is tried again."""
LOOK_S = 0.25
"""While work goes on, this often something else is looked at."""

log = structlog.get_logger()


@dataclass(slots=True)
class Due:
    """When something regular is to happen next, by the monotonic clock."""

    every_s: float
    at: float = 0.0

    @property
    def has_come(self) -> bool:
        """Whether it is time; asking changes nothing."""
        return time.monotonic() >= self.at

    def now(self) -> bool:
        """Answer whether it is time, and wait for the next time if it is."""
        if not self.has_come:
            return False
        self.at = time.monotonic() + self.every_s
        return True


class Hold:
    """Some work in one worker's hands, for a block.

    Each piece has a lease of its own. All are renewed, each by itself, until the piece is over or the block ends: a
    piece that was lost, refused or finished takes no other with it.

    Args:
        ctx: what verbs work with.
        leases: of the pieces.
        lease_s: for how long each is renewed.
        meanwhile: called every `LOOK_S` seconds while the work goes on.
    """

    def __init__(self, ctx: Context, leases: Sequence[Lease], *, lease_s: float, meanwhile: Callable[[], None]) -> None:
        self._ctx = ctx
        self._lease_s = lease_s
        self._meanwhile = meanwhile
        self._held = {held.work_id: held for held in leases}
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep_alive, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def attempt(self, held: Lease, do: Callable[[], None]) -> str | None:
        """Do a step of a piece of work.

        Returns:
            None when it was done; else what became of the piece, in words for the log: it is over then.

        Raises:
            RegistryError: the database does not answer; the lease will expire and the work be done again.
        """
        try:
            do()
        except LeaseLostError:
            self.over(held)
            return "lease lost"
        except NotFoundError as error:
            return self._let_go(held, error.detail)
        except (DatabaseUnavailableError, StorageFullError, KeysUnavailableError, KeyringError) as error:
            self._give_back(held)
            return f"given back: {error.slug}"
        except Exception as error:
            log.exception("work failed", worker=held.worker_id, subject=held.subject_id)
            return self._let_go(held, type(error).__name__)
        return None

    def holds(self, held: Lease) -> bool:
        """Whether a piece is still held, as far as its last renewal told."""
        with self._lock:
            return held.work_id in self._held

    def over(self, held: Lease) -> None:
        """Hold on to a piece no longer: it is finished, or somebody else's."""
        with self._lock:
            self._held.pop(held.work_id, None)

    def _give_back(self, held: Lease) -> None:
        """Give a piece back that could not be done for want of database, room or key: no attempt at it has failed."""
        self.over(held)
        with contextlib.suppress(LeaseLostError), self._ctx.database.write() as session:
            later = self._ctx.clock() + timedelta(seconds=RETRY_S)
            work.give_back(session, held, available_at=later, attempts=held.attempt - 1)
            session.commit()

    def _let_go(self, held: Lease, error: str) -> str:
        """Give a piece back, to be tried again in a while."""
        self.over(held)
        with contextlib.suppress(LeaseLostError), self._ctx.database.write() as session:
            retry_at = self._ctx.clock() + timedelta(seconds=RETRY_S)
            work.release(session, held, retry_at=retry_at, error=error)
            session.commit()
        return "failed, to be tried again"

    def _keep_alive(self) -> None:
        renewal = Due(self._lease_s / 3, at=time.monotonic() + self._lease_s / 3)
        while not self._done.wait(LOOK_S):
            try:
                self._meanwhile()
                if renewal.now():
                    self._renew_all()
            except RegistryError as error:
                log.warning("leases not renewed", slug=error.slug)

    def _renew_all(self) -> None:
        with self._lock:
            held = list(self._held.values())
        for each in held:
            try:
                self._renew(each)
            except LeaseLostError:
                log.warning("lease lost", worker=each.worker_id, subject=each.subject_id)
                self.over(each)

    def _renew(self, held: Lease) -> None:
        with self._ctx.database.write() as session:
            work.extend(session, held, now=self._ctx.clock(), lease_s=self._lease_s)
            session.commit()
