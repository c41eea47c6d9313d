"""Every place where a key lies that a wrapping key has wrapped: counted, and wrapped anew a part at a time.

A model with such a key is listed here, or its rows would be left behind by a rotation; a test looks for those that are
not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, bindparam, cast, func, select, tuple_, update
from sqlalchemy.orm import Session

from registry.store.attestations import SourceAttestation
from registry.store.base import Base
from registry.store.case_analyses import CaseRecording
from registry.store.cases import CasePaper
from registry.store.checks import Check
from registry.store.enrolments import Enrolment
from registry.store.performers import PerformerKey
from registry.store.shared_sounds import SharedSound
from registry.store.signing_keys import SigningKey
from registry.store.spoken_statements import SpokenStatement
from registry.store.types import Bytes

PrimaryKey = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WrappedColumns:
    """Where one kind of wrapped key lies.

    Attributes:
        model: of the table.
        wrapped: column of what was wrapped.
        master: column of the id of the wrapping key.
    """

    model: type[Base]
    wrapped: str
    master: str

    @property
    def table(self) -> str:
        """Name of the table."""
        return str(self.model.__tablename__)


@dataclass(frozen=True, slots=True, repr=False)
class StoredKey:
    """One wrapped key, as it is stored.

    Attributes:
        row: primary key of the row that it is in.
        master_key_id: which wrapping key opens it.
        wrapped: what was wrapped.
    """

    row: PrimaryKey
    master_key_id: str
    wrapped: bytes


EVERYWHERE: Sequence[WrappedColumns] = (
    WrappedColumns(PerformerKey, "wrapped_key", "master_key_id"),
    WrappedColumns(SigningKey, "wrapped_key", "master_key_id"),
    WrappedColumns(SourceAttestation, "identity_key", "identity_master_key_id"),
    WrappedColumns(CasePaper, "content_key", "content_master_key_id"),
    WrappedColumns(CaseRecording, "content_key", "content_master_key_id"),
    WrappedColumns(SharedSound, "content_key", "content_master_key_id"),
    WrappedColumns(Check, "spool_key", "spool_master_key_id"),
    WrappedColumns(Enrolment, "spool_key", "spool_master_key_id"),
    WrappedColumns(SpokenStatement, "spool_key", "spool_master_key_id"),
)


def count_by_master(session: Session, where: WrappedColumns) -> Mapping[str, int]:
    """Answer how many keys of a place lie under each wrapping key, by its id."""
    master = where.model.__table__.c[where.master]
    query = select(master, func.count()).where(master.is_not(None)).group_by(master)
    return {str(master_key_id): count for master_key_id, count in session.execute(query)}


def page_under_others(
    session: Session, where: WrappedColumns, master_key_id: str, *, after: PrimaryKey | None, limit: int
) -> Sequence[StoredKey]:
    """Answer keys of a place that lie under another wrapping key than this one, by their rows, behind a row."""
    columns = where.model.__table__.c
    own = list(where.model.__table__.primary_key)
    query = select(*own, columns[where.master], cast(columns[where.wrapped], Bytes)).where(
        columns[where.master] != master_key_id
    )
    if after is not None:
        query = query.where(
            tuple_(*own)
            > tuple_(*(bindparam(None, value, column.type) for value, column in zip(after, own, strict=True)))
        )
    rows = session.execute(query.order_by(*own).limit(limit))
    return [StoredKey(tuple(row[:-2]), row[-2], row[-1]) for row in rows]


def replace_wrapped(session: Session, where: WrappedColumns, pairs: Sequence[tuple[StoredKey, StoredKey]]) -> int:
    """Put newly wrapped keys in the place of the old ones, where those still are; answer how many were.

    A row that is gone by now, or holds another key, is left as it is: what somebody else has done meanwhile counts.
    """
    if not pairs:
        return 0
    table = where.model.__table__
    own = list(table.primary_key)
    here: list[ColumnElement[bool]] = [column == bindparam(f"at_{column.name}") for column in own]
    statement = (
        update(table)  # type: ignore[arg-type]  # every table of ours is a `Table`
        .where(*here, table.c[where.master] == bindparam("old_master"), table.c[where.wrapped] == bindparam("old_key"))
        .values({where.master: bindparam("new_master"), where.wrapped: bindparam("new_key")})
    )
    rows = [
        {f"at_{column.name}": value for column, value in zip(own, old.row, strict=True)}
        | {"old_master": old.master_key_id, "old_key": old.wrapped}
        | {"new_master": new.master_key_id, "new_key": new.wrapped}
        for old, new in pairs
    ]
    return int(session.connection().execute(statement, rows).rowcount)
