"""Turns at writing what has one order for everybody: the journal and the steps of the gallery.

PostgreSQL hands out sequence numbers before a transaction commits, so a reader could see step 5 before step 4 exists
and never look back. Whoever appends therefore waits for its turn and keeps it to the end of its transaction; SQLite
has one writer at a time anyway. Take the turn last, after every row lock, so that nobody waits for a row while holding
it.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

_TURN = 0x6C6F6731  # the PostgreSQL advisory lock of appending


def take_turn(session: Session) -> None:
    """Wait until no other transaction is appending, and keep the turn until this one ends."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
