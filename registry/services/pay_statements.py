"""Pay statements, read off the ledger for a performer or a studio."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.domain.accounts import OrganisationKind, Principal, Scope
from registry.domain.pay_statements import (
    PartyKind,
    PayStatement,
    Section,
    StatementLine,
    UseSold,
    sections,
    summed_sections,
)
from registry.domain.time_zones import DEFAULT, start_of_day
from registry.domain.usage import Period
from registry.errors import ForbiddenError, InvalidInputError, NotFoundError
from registry.services.context import Context
from registry.services.performers import visible_performer
from registry.store import ledger, usage
from registry.store.accounts import Organisation
from registry.store.ledger import LedgerEntry
from registry.store.licences import Licence
from registry.store.parts import in_parts
from registry.store.performers import Performer
from registry.store.usage import UsageLine

BY_UTC: Final = ZoneInfo(DEFAULT)
"""By whose clocks days begin and end where nobody says."""

STILL_BEING_WRITTEN = timedelta(hours=1)
"""What began on a day is committed well within this after it; only then is a statement of that day final."""


def performer_statement(
    ctx: Context, principal: Principal, performer_id: str, period: Period, zone: ZoneInfo = BY_UTC
) -> PayStatement:
    """Answer what a performer earned, got and is owed: to the performer's side or an operator.

    Args:
        performer_id: whose statement it is.
        period: days.
        zone: by whose clocks they begin and end.

    Raises:
        InvalidInputError: the calendar ends within these days.
        NotFoundError: no such performer that the caller may know of.
        ForbiddenError: the caller's mandate does not cover the ledger.
    """
    principal.require(Scope.LEDGER_READ)
    with ctx.database.read() as session:
        performer = visible_performer(session, principal, performer_id)
        if not principal.may_act_for(performer.id, Scope.LEDGER_READ):
            raise ForbiddenError(
                f"the mandate for this performer does not cover {Scope.LEDGER_READ.value}",
                scope=Scope.LEDGER_READ.value,
            )
        return _draw(session, PartyKind.PERFORMER, performer.id, _Days(period, zone), ctx.clock())


def studio_statement(
    ctx: Context, principal: Principal, studio_id: str, period: Period, zone: ZoneInfo = BY_UTC
) -> PayStatement:
    """Answer what a studio used, paid and owes: to the studio or an operator.

    Args:
        studio_id: whose statement it is.
        period: days.
        zone: by whose clocks they begin and end.

    Raises:
        InvalidInputError: the calendar ends within these days.
        NotFoundError: no such studio that the caller may know of.
    """
    principal.require(Scope.LEDGER_READ)
    with ctx.database.read() as session:
        studio = _visible_studio(session, principal, studio_id)
        return _draw(session, PartyKind.STUDIO, studio.id, _Days(period, zone), ctx.clock())


def page_of_studio_statement(
    ctx: Context,
    principal: Principal,
    studio_id: str,
    period: Period,
    zone: ZoneInfo = BY_UTC,
    *,
    after: str | None = None,
    limit: int,
) -> tuple[PayStatement, str | None]:
    """Answer a studio's statement with all of its sums and some of its lines, and the last of them where more follow.

    Args:
        studio_id: whose statement it is.
        period: days.
        zone: by whose clocks they begin and end.
        after: id of the entry after which the lines begin, or None for the first.
        limit: how many lines at most.

    Raises:
        InvalidInputError: the calendar ends within these days.
        NotFoundError: no such studio that the caller may know of.
    """
    principal.require(Scope.LEDGER_READ)
    days = _Days(period, zone)
    begin, end = days.moments()
    with ctx.database.read() as session:
        of_party = LedgerEntry.studio_id == _visible_studio(session, principal, studio_id).id
        found = ledger.entries_between(session, of_party, begin, end, after=after, limit=limit + 1) if limit else []
        lines = _lines(session, PartyKind.STUDIO, found[:limit])
        by_currency: dict[str, list[StatementLine]] = {}
        for line in lines:
            by_currency.setdefault(line.currency, []).append(line)
        opening = ledger.due_before(session, of_party, begin)
        drawn = summed_sections(opening, ledger.due_between(session, of_party, begin, end), by_currency)
        statement = _statement(session, PartyKind.STUDIO, studio_id, days, ctx.clock(), lines=lines, drawn=drawn)
    return statement, lines[-1].entry_id if len(found) > limit else None


def _visible_studio(session: Session, principal: Principal, studio_id: str) -> Organisation:
    studio = session.get(Organisation, studio_id)
    known = studio is not None and studio.kind is OrganisationKind.STUDIO
    if studio is None or not known or not principal.may_see_organisation(studio.id):
        raise NotFoundError("there is no such studio")
    return studio


@dataclass(frozen=True, slots=True)
class _Days:
    """Days of a period, and by whose clocks they begin and end."""

    period: Period
    zone: ZoneInfo

    def moments(self) -> tuple[datetime, datetime]:
        """Answer when the first of them begins, and when the last is over."""
        try:
            after = self.period.ends_on + timedelta(days=1)
        except OverflowError as error:
            raise InvalidInputError("the calendar ends at this day", ends_on=self.period.ends_on.isoformat()) from error
        return start_of_day(self.period.starts_on, self.zone), start_of_day(after, self.zone)


def _draw(session: Session, party: PartyKind, party_id: str, days: _Days, now: datetime) -> PayStatement:
    begin, end = days.moments()
    of_party = LedgerEntry.performer_id if party is PartyKind.PERFORMER else LedgerEntry.studio_id
    lines = _lines(session, party, ledger.entries_between(session, of_party == party_id, begin, end))
    drawn = sections(ledger.due_before(session, of_party == party_id, begin), lines)
    return _statement(session, party, party_id, days, now, lines=lines, drawn=drawn)


def _lines(session: Session, party: PartyKind, entries: Sequence[LedgerEntry]) -> list[StatementLine]:
    used = _lines_behind(session, entries)
    return [_line(entry, party, used.get(entry.id)) for entry in entries]


def _statement(
    session: Session,
    party: PartyKind,
    party_id: str,
    days: _Days,
    now: datetime,
    *,
    lines: Sequence[StatementLine],
    drawn: Sequence[Section],
) -> PayStatement:
    return PayStatement(
        party=party,
        party_id=party_id,
        period=days.period,
        zone=days.zone,
        drawn_at=now,
        is_final=days.moments()[1] <= now - STILL_BEING_WRITTEN,
        sections=drawn,
        titles=_titles(session, {line.licence_id for line in lines}),
        names=_names(session, {party_id, *(line.counterpart_id for line in lines)}),
    )


def _lines_behind(session: Session, entries: Sequence[LedgerEntry]) -> dict[str, UsageLine]:
    found: dict[str, UsageLine] = {}
    for part in in_parts([entry.id for entry in entries]):
        found |= usage.lines_of_entries(session, part)
    return found


def _line(entry: LedgerEntry, party: PartyKind, used: UsageLine | None) -> StatementLine:
    return StatementLine(
        entry_id=entry.id,
        posted_at=entry.recorded_at,
        kind=entry.kind,
        licence_id=entry.licence_id,
        counterpart_id=entry.studio_id if party is PartyKind.PERFORMER else entry.performer_id,
        currency=entry.currency,
        of_due=entry.movement().of_due,
        due_on=entry.due_on,
        use=None if used is None else _use(used),
        reverses_id=entry.reverses_id,
        reason=entry.reason,
    )


def _use(line: UsageLine) -> UseSold:
    return UseSold(
        kind=line.usage().kind,
        thousandths=line.thousandths,
        days=Period(line.used_from, line.used_to),
        exact_minor=Fraction(line.exact_minor or 0),
        source_id=str(line.finding_id or line.report_id),
    )


def _titles(session: Session, licence_ids: Collection[str]) -> Mapping[str, str]:
    titles: dict[str, str] = {}
    for part in in_parts(sorted(licence_ids)):
        named = session.execute(select(Licence.id, Licence.title).where(Licence.id.in_(part)))
        titles.update((licence_id, title) for licence_id, title in named)
    return titles


def _names(session: Session, party_ids: Collection[str]) -> Mapping[str, str]:
    """Answer the names of both sides of licences that they have with each other."""
    names: dict[str, str] = {}
    for part in in_parts(sorted(party_ids)):
        for table in (Performer, Organisation):
            named = session.execute(select(table.id, table.name).where(table.id.in_(part)))
            names.update((party_id, name) for party_id, name in named)
    return names
