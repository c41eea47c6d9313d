"""The ledger: its one writer, what a licence comes to, and what is overdue."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Role, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.ledger import Arrears, Balances, EntryKind, LedgerAccount, arrears, movement, recoupment
from registry.domain.terms import PayBasis, PayTerms
from registry.errors import ConflictError, NotFoundError
from registry.services.context import Context
from registry.services.unit import Unit
from registry.store import ledger
from registry.store.ledger import LedgerEntry
from registry.store.licences import Licence
from registry.store.performers import Performer

SYSTEM = "system"

# --- reading ---------------------------------------------------------------------------------------------------------


def reach(principal: Principal) -> tuple[str | None, Collection[str] | None]:
    """Answer whose accounts the caller reads: a studio's, some performers'; None stands for everybody's.

    Raises:
        ForbiddenError: the token does not carry the scope to read any.
    """
    principal.require(Scope.LEDGER_READ)
    return _whose(principal)


def _whose(principal: Principal) -> tuple[str | None, Collection[str] | None]:
    if principal.is_operator:
        return None, None
    if principal.role in {Role.PERFORMER, Role.REPRESENTATIVE}:
        return None, [p for p in principal.performer_ids if principal.may_act_for(p, Scope.LEDGER_READ)]
    return principal.organisation_id or "", None


def is_party(principal: Principal, studio_id: str, performer_id: str) -> bool:
    """Whether what is between a studio and a performer is the caller's to know; the verb says which scope it takes."""
    own_studio, own_performers = _whose(principal)
    if own_studio is not None and own_studio != studio_id:
        return False
    return own_performers is None or performer_id in own_performers


def licence_of_party(session: Session, principal: Principal, licence_id: str) -> Licence:
    """Answer a licence whose accounts are the caller's to know.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    licence = session.get(Licence, licence_id)
    if licence is None or not is_party(principal, licence.studio_id, licence.performer_id):
        raise NotFoundError("there is no such licence")
    return licence


def get_entry(ctx: Context, principal: Principal, entry_id: str) -> LedgerEntry:
    """Answer one entry of a licence that the caller is a party to, or any to an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.LEDGER_READ)
    with ctx.database.read() as session:
        entry = session.get(LedgerEntry, entry_id)
        if entry is None or not is_party(principal, entry.studio_id, entry.performer_id):
            raise NotFoundError("there is no such entry")
        return entry


def list_entries(
    ctx: Context, principal: Principal, *, licence_id: str | None, after: str | None, limit: int
) -> Sequence[LedgerEntry]:
    """Answer a page of the entries that the caller may read, oldest first."""
    studio_id, performer_ids = reach(principal)
    with ctx.database.read() as session:
        return ledger.page_of_entries(
            session,
            studio_id=studio_id,
            performer_ids=performer_ids,
            licence_id=licence_id,
            after=after,
            limit=limit,
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What a licence comes to in one currency.

    Attributes:
        currency: ISO 4217 code.
        balances: debits less credits of each account.
        arrears: what should have been paid, or None.
    """

    currency: str
    balances: Balances
    arrears: Arrears | None


def get_accounts(ctx: Context, principal: Principal, licence_id: str) -> Sequence[Account]:
    """Answer what a licence comes to, by currency, to either side or an operator.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.LEDGER_READ)
    with ctx.database.read() as session:
        licence = licence_of_party(session, principal, licence_id)
        return accounts_of(session, licence.id, ctx.clock())


def accounts_of(session: Session, licence_id: str, now: datetime) -> list[Account]:
    """Answer what a licence comes to, by currency."""
    return [
        Account(currency, sums, arrears(ledger.debts_of(session, licence_id, currency), now.date()))
        for currency, sums in sorted(ledger.balances_of(session, licence_id).items())
    ]


def overdue_since(
    session: Session, licence_ids: Collection[str], now: datetime, *, until: datetime | None = None
) -> Mapping[str, date]:
    """Answer, for each licence that is behind, the day by which the oldest unpaid amount was to be paid.

    Payments settle what was due first. A licence that is not among the keys owes nothing that is past its day.
    With ``until``, what was written after that moment is left out.
    """
    today = now.date()
    since: dict[str, date] = {}
    for behind in ledger.past_due(session, licence_ids, today, until=until):
        found = arrears(ledger.debts_of(session, behind.licence_id, behind.currency, until=until), today)
        if found is not None:
            since[behind.licence_id] = min(found.since, since.get(behind.licence_id, found.since))
    return since


# --- writing ---------------------------------------------------------------------------------------------------------


def licence_to_post(unit: Unit, licence_id: str) -> Licence:
    """Answer a licence to post for, its performer locked first: entries of one licence are written one after another.

    Raises:
        NotFoundError: there is none.
    """
    licence = unit.session.get(Licence, licence_id)
    if licence is None:
        raise NotFoundError("there is no such licence")
    unit.session.get_one(Performer, licence.performer_id, with_for_update=True)
    unit.session.refresh(licence, with_for_update=True)
    return licence


def post(
    unit: Unit,
    licence: Licence,
    kind: EntryKind,
    amount_minor: int,
    *,
    key: str,
    currency: str,
    actor_id: str,
    due_on: date | None = None,
    reason: str | None = None,
) -> LedgerEntry:
    """Write one entry in the caller's unit; one that was posted under this key before is answered as it is.

    Args:
        unit: whose transaction holds the lock on the licence's performer.
        licence: that it belongs to.
        kind: what happened; reversals are made by `take_back`.
        amount_minor: not 0; negative goes the other way.
        key: names what is posted, so that it is posted once.
        currency: ISO 4217 code.
        actor_id: who is behind it.
        due_on: last day to pay what it adds to what is due.
        reason: in words, or None.

    Raises:
        InvalidInputError: the amount is 0 or too large.
    """
    known = ledger.entry_with_key(unit.session, key)
    if known is not None:
        return known
    moved = movement(kind, amount_minor)
    entry = LedgerEntry(
        id=unit.new_id(IdPrefix.LEDGER_ENTRY),
        key=key,
        kind=kind,
        debit=moved.debit,
        credit=moved.credit,
        amount_minor=moved.amount_minor,
        currency=currency,
        licence_id=licence.id,
        performer_id=licence.performer_id,
        studio_id=licence.studio_id,
        due_on=due_on if moved.of_due > 0 else None,
        reason=reason,
        recorded_by=actor_id,
        recorded_at=unit.now,
    )
    _write(unit, entry)
    return entry


def take_back(unit: Unit, entry: LedgerEntry, *, reason: str, actor_id: str) -> LedgerEntry:
    """Write the entry that takes another back, in the caller's unit.

    Raises:
        ConflictError: it was taken back already, or is itself one that takes back.
    """
    if entry.kind is EntryKind.REVERSAL or ledger.reversal_of(unit.session, entry.id) is not None:
        raise ConflictError("the entry was taken back already, or takes another back", kind=entry.kind.value)
    moved = entry.movement().reversed()
    reversal = LedgerEntry(
        id=unit.new_id(IdPrefix.LEDGER_ENTRY),
        key=f"reversal:{entry.id}",
        kind=EntryKind.REVERSAL,
        debit=moved.debit,
        credit=moved.credit,
        amount_minor=moved.amount_minor,
        currency=entry.currency,
        licence_id=entry.licence_id,
        performer_id=entry.performer_id,
        studio_id=entry.studio_id,
        due_on=None,
        reverses_id=entry.id,
        reason=reason,
        recorded_by=actor_id,
        recorded_at=unit.now,
    )
    _write(unit, reversal)
    return reversal


def _write(unit: Unit, entry: LedgerEntry) -> None:
    unit.session.add(entry)
    unit.session.flush()
    unit.record(
        EventType.LEDGER_POSTED,
        entry.id,
        entry.recorded_by,
        licence_id=entry.licence_id,
        performer_id=entry.performer_id,
        studio_id=entry.studio_id,
        kind=entry.kind.value,
        debit=entry.debit.value,
        credit=entry.credit.value,
        amount_minor=entry.amount_minor,
        currency=entry.currency,
        reverses_id=entry.reverses_id,
    )


def settle_guarantee(unit: Unit, licence: Licence, cause: LedgerEntry) -> None:
    """Take use off the guarantee, or give it back, so that only use beyond the guarantee is owed.

    Args:
        unit: whose transaction has written ``cause``.
        licence: that it belongs to.
        cause: the entry that changed use or guarantee.
    """
    balances = ledger.balances_of(unit.session, licence.id)[cause.currency]
    amount = recoupment(balances)
    if amount:
        post(
            unit,
            licence,
            EntryKind.RECOUPMENT,
            amount,
            key=f"recoupment:{cause.id}",
            currency=cause.currency,
            actor_id=cause.recorded_by,
            due_on=due_day(licence.terms().pay, unit.now),
        )


def due_day(pay: PayTerms, since: datetime) -> date:
    """Answer the last day to pay what has come to be owed at a moment."""
    return (since + timedelta(days=pay.due_within_days)).date()


def note_whether_paid(unit: Unit, licence: Licence) -> None:
    """Write on the licence since when all that was owed from coming into force has arrived, or that it has not.

    What has arrived settles what was owed at first before anything else.
    """
    owed = arrived = False
    flat = ledger.standing_entries(unit.session, licence.id, [EntryKind.FLAT_FEE])
    for currency, balances in ledger.balances_of(unit.session, licence.id).items():
        fees = sum(entry.amount_minor for entry in flat if entry.currency == currency)
        opening = fees - balances[LedgerAccount.GUARANTEE]
        if opening > 0:
            owed, arrived = True, balances[LedgerAccount.PAID] >= opening
    since = (licence.paid_at or unit.now) if owed and arrived else None
    if since != licence.paid_at:
        licence.paid_at = since
        licence.version += 1


def post_opening(unit: Unit, licence: Licence, actor_id: str) -> None:
    """Post what a licence owes from coming into force: its flat fee, and its minimum guarantee in advance.

    Call it whenever terms come into force. Where amended terms say another amount, the old entry is taken back.
    """
    pay = licence.terms().pay
    flat = pay.rate(PayBasis.FLAT)
    for kind, amount in (
        (EntryKind.FLAT_FEE, flat.amount_minor if flat else 0),
        (EntryKind.GUARANTEE, pay.minimum_guarantee_minor),
    ):
        _bring_opening_to(unit, licence, kind, amount, actor_id)
    note_whether_paid(unit, licence)


def _bring_opening_to(unit: Unit, licence: Licence, kind: EntryKind, amount: int, actor_id: str) -> None:
    pay = licence.terms().pay
    standing = ledger.standing_entries(unit.session, licence.id, [kind])
    if [(entry.amount_minor, entry.currency) for entry in standing] == ([(amount, pay.currency)] if amount else []):
        return
    changed = [take_back(unit, entry, reason="the terms were amended", actor_id=actor_id) for entry in standing]
    if amount and pay.currency is not None:
        since = unit.now if standing else licence.activated_at or unit.now
        changed.append(
            post(
                unit,
                licence,
                kind,
                amount,
                key=f"{kind.value}:{licence.id}:{unit.new_id(IdPrefix.LEDGER_ENTRY)}",
                currency=pay.currency,
                actor_id=actor_id,
                due_on=due_day(pay, since),
            )
        )
    for entry in changed:
        settle_guarantee(unit, licence, entry)
