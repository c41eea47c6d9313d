"""Numbers by key, on disk: millions of keys take no memory to speak of."""

from __future__ import annotations

import hashlib
import sqlite3
from threading import Lock
from types import TracebackType
from typing import Self


class Seen:
    """Remembers the first number of each key, in a private file that is gone when this is closed or the process dies.

    Safe to use from several threads.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for setting in ("synchronous = OFF", "journal_mode = OFF", "cache_size = -8192"):
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("CREATE TABLE seen (key BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def number_of(self, key: str, number: int) -> int:
        """Answer the number under which a key was first seen, which is ``number`` where it is new."""
        digest = _digest(key)
        with self._lock:
            self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (digest, number))
            return int(self._connection.execute("SELECT number FROM seen WHERE key = ?", (digest,)).fetchone()[0])

    def known(self, key: str) -> int | None:
        """Answer the number under which a key was first seen; None where it never was."""
        with self._lock:
            found = self._connection.execute("SELECT number FROM seen WHERE key = ?", (_digest(key),)).fetchone()
        return None if found is None else int(found[0])


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()[:16]
