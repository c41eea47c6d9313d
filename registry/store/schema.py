"""Which code a schema serves: what each migration said of older code, and what follows for a process.

A migration serves the code of a revision when everything that this code reads and writes goes on working after it.
The schema as a whole serves it when every migration since does. What a migration says is kept in the database, where
code that is older than the migration can read it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CheckConstraint, String, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.store.base import Base
from registry.store.types import UtcDateTime

FIRST_TO_SAY = "0012"
"""The first migration that says which code it serves; code of earlier ones goes on with no schema but its own."""


class SchemaRevision(Base):
    """A migration as it was applied to this database."""

    __tablename__ = "schema_revisions"
    __table_args__ = (CheckConstraint("serves_code_from <= revision", name="serves_code_of_no_later"),)

    revision: Mapped[str] = mapped_column(String(40), primary_key=True)
    serves_code_from: Mapped[str] = mapped_column(String(40))
    applied_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a database's schema stands to this code.

    Attributes:
        current: the schema's revision; None when it was never migrated.
        needed: the revision that this code was written for.
        newer: whether the schema is of a revision that this code does not know.
        serves_code_from: the oldest revision whose code it serves, as far as the database says.
    """

    current: str | None
    needed: str
    newer: bool
    serves_code_from: str | None

    @property
    def served(self) -> bool:
        """Whether this code may go on: the schema is its own, or a newer one that says that it serves it."""
        if self.current == self.needed:
            return True
        return self.newer and self.serves_code_from is not None and self.serves_code_from <= self.needed

    @property
    def refusal(self) -> str:
        """What to say where this code may not go on."""
        if self.newer:
            oldest = self.serves_code_from or "none but its own"
            return (
                f"the schema is {self.current}, made by a newer version; it serves code from {oldest} on, "
                f"and this is code of {self.needed}: start the newer version"
            )
        return f"the schema is {self.current or 'none'}, this version needs {self.needed}: run `likeness db upgrade`"


def serves_code_from(session: Session, needed: str) -> str | None:
    """Answer the oldest revision whose code the schema serves; None when it has not come by way of ``needed``."""
    if session.get(SchemaRevision, needed) is None:
        return None
    return session.scalar(select(func.max(SchemaRevision.serves_code_from)))
