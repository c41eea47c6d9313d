"""The ledger's rows: entries that are written once, and what rounding carries between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    and_,
    case,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from registry.domain import ledger as rules
from registry.domain.ledger import LARGEST_AMOUNT, Balances, Debt, EntryKind, LedgerAccount
from registry.store.base import Base
from registry.store.types import Id, UtcDateTime, text_enum

Currency = String(3)
FRACTION = 120
"""Characters of an exact amount, written ``numerator/denominator``."""


class LedgerEntry(Base):
    """One amount, moved from one account of a licence to another. Written once; the database refuses to change it."""

    __tablename__ = "ledger_entries"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[EntryKind] = mapped_column(text_enum(EntryKind))
    debit: Mapped[LedgerAccount] = mapped_column(text_enum(LedgerAccount, name="debit"))
    credit: Mapped[LedgerAccount] = mapped_column(text_enum(LedgerAccount, name="credit"))
    amount_minor: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(Currency)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id"))
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"))
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    due_on: Mapped[date | None]
    reverses_id: Mapped[str | None] = mapped_column(ForeignKey("ledger_entries.id"), unique=True)
    reason: Mapped[str | None] = mapped_column(String(500))
    recorded_by: Mapped[str] = mapped_column(Id)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint(f"amount_minor BETWEEN 1 AND {LARGEST_AMOUNT}", name="amount_in_range"),
        CheckConstraint("debit <> credit", name="between_two_accounts"),
        CheckConstraint("debit = 'due' OR credit = 'due'", name="one_side_is_due"),
        CheckConstraint("(kind = 'reversal') = (reverses_id IS NOT NULL)", name="reversal_names_its_entry"),
        CheckConstraint("debit <> 'due' OR due_on IS NOT NULL OR kind = 'reversal'", name="debt_has_a_day"),
        Index(None, "licence_id", "currency"),
        Index(None, "performer_id", "recorded_at"),
        Index(None, "studio_id", "recorded_at"),
    )

    def movement(self) -> rules.Movement:
        """Answer the entry as the rules take it."""
        return rules.Movement(self.debit, self.credit, self.amount_minor)


class PayRemainder(Base):
    """What rounding has left over of a licence's use so far, in one currency; carried to its next use."""

    __tablename__ = "pay_remainders"

    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(Currency, primary_key=True)
    remainder: Mapped[str] = mapped_column(String(FRACTION))


# --- entries ---------------------------------------------------------------------------------------------------------


def entry_with_key(session: Session, key: str) -> LedgerEntry | None:
    """Find the entry that was posted under a key."""
    return session.scalars(select(LedgerEntry).where(LedgerEntry.key == key)).one_or_none()


def reversal_of(session: Session, entry_id: str) -> LedgerEntry | None:
    """Find the entry that takes another back."""
    return session.scalars(select(LedgerEntry).where(LedgerEntry.reverses_id == entry_id)).one_or_none()


def standing_entries(session: Session, licence_id: str, kinds: Collection[EntryKind]) -> Sequence[LedgerEntry]:
    """Answer a licence's entries of some kinds that were not taken back, oldest first."""
    query = select(LedgerEntry).where(LedgerEntry.licence_id == licence_id, LedgerEntry.kind.in_(kinds), _stands())
    return session.scalars(query.order_by(LedgerEntry.id)).all()


def _stands(until: datetime | None = None) -> ColumnElement[bool]:
    """Whether an entry neither takes another back nor was taken back: by now, or as it was at a moment."""
    taking_back = aliased(LedgerEntry)
    taken_back = select(taking_back.id).where(taking_back.reverses_id == LedgerEntry.id)
    if until is None:
        return and_(LedgerEntry.reverses_id.is_(None), ~taken_back.exists())
    by_then = taken_back.where(taking_back.recorded_at <= until)
    return and_(LedgerEntry.reverses_id.is_(None), LedgerEntry.recorded_at <= until, ~by_then.exists())


def page_of_entries(
    session: Session,
    *,
    studio_id: str | None,
    performer_ids: Collection[str] | None,
    licence_id: str | None,
    after: str | None,
    limit: int,
) -> Sequence[LedgerEntry]:
    """Answer up to ``limit`` entries after an id, oldest first, within what is given."""
    query = select(LedgerEntry).order_by(LedgerEntry.id).limit(limit)
    if studio_id is not None:
        query = query.where(LedgerEntry.studio_id == studio_id)
    if performer_ids is not None:
        query = query.where(LedgerEntry.performer_id.in_(performer_ids))
    if licence_id is not None:
        query = query.where(LedgerEntry.licence_id == licence_id)
    if after is not None:
        query = query.where(LedgerEntry.id > after)
    return session.scalars(query).all()


def entries_between(
    session: Session,
    of_party: ColumnElement[bool],
    begin: datetime,
    end: datetime,
    *,
    after: str | None = None,
    limit: int | None = None,
) -> Sequence[LedgerEntry]:
    """Answer the entries of a party that were written from ``begin`` on and before ``end``, in that order.

    Args:
        session: to read with.
        of_party: whose.
        begin, end: between which moments.
        after: id of the entry after which to begin; of one that is not there, nothing follows.
        limit: how many at most; None for all.
    """
    query = select(LedgerEntry).where(of_party, LedgerEntry.recorded_at >= begin, LedgerEntry.recorded_at < end)
    if after is not None:
        last = aliased(LedgerEntry)
        written = select(last.recorded_at).where(last.id == after).scalar_subquery()
        later = or_(LedgerEntry.recorded_at > written, LedgerEntry.id > after)
        query = query.where(LedgerEntry.recorded_at >= written, later)
    return session.scalars(query.order_by(LedgerEntry.recorded_at, LedgerEntry.id).limit(limit)).all()


_OF_DUE = case((LedgerEntry.debit == LedgerAccount.DUE, LedgerEntry.amount_minor), else_=-LedgerEntry.amount_minor)
"""What an entry adds to what is due; negative takes away."""


def due_between(
    session: Session, of_party: ColumnElement[bool], begin: datetime, end: datetime
) -> dict[str, dict[EntryKind, int]]:
    """Answer what the entries of a party between two moments add to what is due, by currency and kind."""
    query = (
        select(LedgerEntry.currency, LedgerEntry.kind, func.sum(_OF_DUE))
        .where(of_party, LedgerEntry.recorded_at >= begin, LedgerEntry.recorded_at < end)
        .group_by(LedgerEntry.currency, LedgerEntry.kind)
        .order_by(LedgerEntry.currency, LedgerEntry.kind)
    )
    found: dict[str, dict[EntryKind, int]] = {}
    for currency, kind, amount in session.execute(query):
        found.setdefault(currency, {})[kind] = int(amount)
    return found


def due_before(session: Session, of_party: ColumnElement[bool], begin: datetime) -> dict[str, int]:
    """Answer what was due to or from a party before a moment, by currency."""
    query = (
        select(LedgerEntry.currency, func.sum(_OF_DUE))
        .where(of_party, LedgerEntry.recorded_at < begin)
        .group_by(LedgerEntry.currency)
    )
    return {currency: int(amount) for currency, amount in session.execute(query)}


# --- balances --------------------------------------------------------------------------------------------------------


def balances_of(session: Session, licence_id: str) -> dict[str, Balances]:
    """Answer the balance of every account of a licence, by currency."""
    sums: dict[str, Counter[LedgerAccount]] = {}
    for side, sign in ((LedgerEntry.debit, 1), (LedgerEntry.credit, -1)):
        query = (
            select(LedgerEntry.currency, side, func.sum(LedgerEntry.amount_minor))
            .where(LedgerEntry.licence_id == licence_id)
            .group_by(LedgerEntry.currency, side)
        )
        for currency, account, amount in session.execute(query):
            empty = Counter(dict.fromkeys(LedgerAccount, 0))
            sums.setdefault(currency, empty)[account] += sign * int(amount)
    return dict(sums)


@dataclass(frozen=True, slots=True)
class PastDue:
    """What a licence's entries come to on one day, in one currency."""

    licence_id: str
    currency: str
    amount_minor: int


def past_due(
    session: Session, licence_ids: Iterable[str], today: date, *, until: datetime | None = None
) -> Sequence[PastDue]:
    """Answer, for each licence and currency that is behind, what was due before ``today`` and was not settled.

    With ``until``, entries that were written after that moment are left out.
    """
    owed = case((and_(LedgerEntry.debit == LedgerAccount.DUE, LedgerEntry.due_on < today), LedgerEntry.amount_minor))
    paid = case((LedgerEntry.credit == LedgerAccount.DUE, LedgerEntry.amount_minor))
    behind = func.coalesce(func.sum(owed), 0) - func.coalesce(func.sum(paid), 0)
    query = (
        select(LedgerEntry.licence_id, LedgerEntry.currency, behind)
        .where(LedgerEntry.licence_id.in_(list(licence_ids)), _stands(until))
        .group_by(LedgerEntry.licence_id, LedgerEntry.currency)
        .having(behind > 0)
        .order_by(LedgerEntry.licence_id, LedgerEntry.currency)
    )
    return [PastDue(licence_id, currency, int(amount)) for licence_id, currency, amount in session.execute(query)]


def debts_of(session: Session, licence_id: str, currency: str, *, until: datetime | None = None) -> list[Debt]:
    """Answer what became due, and what was taken off it, of entries that were not taken back; see `past_due`."""
    wanted = (LedgerEntry.licence_id == licence_id, LedgerEntry.currency == currency, _stands(until))
    query = select(LedgerEntry).where(*wanted)
    return [Debt(entry.movement().of_due, entry.due_on) for entry in session.scalars(query)]


# --- what is carried -------------------------------------------------------------------------------------------------


def remainder_of(session: Session, licence_id: str, currency: str) -> Fraction:
    """Answer what is carried to a licence's next use; 0 before the first."""
    row = session.get(PayRemainder, (licence_id, currency))
    return Fraction(0) if row is None else Fraction(row.remainder)


def keep_remainder(session: Session, licence_id: str, currency: str, remainder: Fraction) -> None:
    """Write down what is carried; the caller holds the lock on the licence's performer."""
    row = session.get(PayRemainder, (licence_id, currency))
    if row is None:
        session.add(PayRemainder(licence_id=licence_id, currency=currency, remainder=str(remainder)))
    else:
        row.remainder = str(remainder)
