"""Use and pay: what is owed this month, what one licence comes to, the ledger, and statements to take along."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from flask import Response, request

from api.answers import file
from api.pages.administrators import ask_administrators
from api.pages.checked import checked
from api.pages.language import language
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for
from api.pages.uses import unit_called
from api.pages.wording import ENTRY_KINDS, PAYMENT_STATES
from api.pages.zones import time_zone, today
from api.paging import cursor_after
from api.schemas.ledger import EntryQuery, LicenceAccountOut
from api.schemas.pay_statements import StatementFormat, StatementQuery
from api.state import context, principal
from registry.domain.accounts import Role, Scope
from registry.domain.ids import IdPrefix
from registry.domain.pay_statements import PayStatement
from registry.domain.usage import units
from registry.errors import ForbiddenError
from registry.interchange.pay_statements import as_csv, as_html
from registry.services import ledger, licences, pay_statements, payments, people, usage_reports

MONEY: Final = "/money"
_LATEST: Final = 5
_LINES_AT_ONCE: Final = 100
MOST_TO_CHOOSE: Final = 200
_STUDIOS: Final = frozenset({Role.STUDIO_MEMBER, Role.STUDIO_ADMIN})


@personal.get(MONEY)
@stands_for("GET /v1/studios/{studio_id}/pay-statement", "GET /v1/payments", "GET /v1/usage-reports")
def show_money() -> Response:
    """Show what is due to date, where one is a studio, and the latest payments and reports of use.

    Raises:
        ForbiddenError: the reader is of a performer's side, which has pages of its own.
    """
    if principal().role not in _STUDIOS | {Role.OPERATOR}:
        raise ForbiddenError("a performer's side sees their pay on their own pages", role=principal().role.value)
    studio_id = principal().organisation_id if principal().role in _STUDIOS else None
    until = today()
    paid = payments.list_payments(context(), principal(), state=None, after=None, limit=_LATEST)
    reported = usage_reports.list_reports(context(), principal(), after=None, limit=_LATEST)
    return page_of(
        "studio/money",
        studio_id=studio_id,
        statement=None if studio_id is None else _statement(studio_id, until.replace(day=1), until),
        today=until,
        payments=paid,
        reports=reported,
        states=PAYMENT_STATES,
        kinds=ENTRY_KINDS,
        names=people.parties_named(context(), principal(), {each.performer_id for each in paid}),
        may_report=principal().role is Role.STUDIO_ADMIN,
        may_pay=Scope.LEDGER_WRITE in principal().scopes and principal().role in _STUDIOS,
        to_ask=ask_administrators(),
    )


def _statement(studio_id: str, first: date, last: date) -> PayStatement:
    """Answer what a studio's statement of some days comes to, without its lines."""
    query = checked(StatementQuery, starts_on=first, ends_on=last)
    period = query.period()
    return pay_statements.page_of_studio_statement(context(), principal(), studio_id, period, time_zone(), limit=0)[0]


def own_licences() -> Mapping[str, str] | None:
    """Answer the licences that one may name in a form, by id: whose voice it is, and the title.

    None of more than can be chosen from: whoever has as many types the number of one.
    """
    found = licences.list_licences(context(), principal(), state=None, after=None, limit=MOST_TO_CHOOSE + 1)
    begun = [each for each in found if each.activated_at is not None]
    names = people.parties_named(context(), principal(), {each.performer_id for each in begun})
    if len(found) > MOST_TO_CHOOSE:
        return None
    return {each.id: f"{names.get(each.performer_id, each.performer_id)} · {each.title}" for each in begun}


# --- the ledger ------------------------------------------------------------------------------------------------------


@personal.get(f"{MONEY}/entries")
@stands_for("GET /v1/ledger-entries", "GET /v1/licences")
def show_entries() -> Response:
    """Show the entries of the ledger, oldest first, of one licence where one is named."""
    query = asked(EntryQuery)
    found = ledger.list_entries(
        context(),
        principal(),
        licence_id=query.licence_id,
        after=query.after(IdPrefix.LEDGER_ENTRY),
        limit=query.limit + 1,
    )
    items, cursor = cut(found, query)
    return page_of(
        "studio/entries",
        items=items,
        cursor=cursor,
        licence_id=query.licence_id or "",
        licences=own_licences(),
        kinds=ENTRY_KINDS,
        titles=people.licences_titled(context(), {each.licence_id for each in items}),
        names=people.parties_named(context(), principal(), {each.performer_id for each in items}),
    )


@personal.get(f"{MONEY}/account/<id:licence_id>")
@stands_for("GET /v1/licences/{licence_id}/account")
def show_licence_account(licence_id: str) -> Response:
    """Show what a licence comes to: earned, paid, due and overdue, in each currency."""
    accounts = ledger.get_accounts(context(), principal(), licence_id)
    return page_of(
        "studio/licence_account",
        licence_id=licence_id,
        titles=people.licences_titled(context(), {licence_id}),
        accounts=[LicenceAccountOut.of(account) for account in accounts],
        may_pay=Scope.LEDGER_WRITE in principal().scopes and principal().role in _STUDIOS,
    )


# --- statements ------------------------------------------------------------------------------------------------------


@personal.get(f"{MONEY}/statements/<id:studio_id>")
@stands_for("GET /v1/studios/{studio_id}/pay-statement")
def show_statement(studio_id: str) -> Response:
    """Show what a studio used, paid and owes in a period; or answer it as a file, where the address asks for one."""
    query = _asked_period()
    if query.format in {StatementFormat.CSV, StatementFormat.HTML}:
        return _statement_file(studio_id, query)
    lines = checked(EntryQuery, **({"cursor": request.args["cursor"]} if request.args.get("cursor") else {}))
    statement, last = pay_statements.page_of_studio_statement(
        context(),
        principal(),
        studio_id,
        query.period(),
        query.zone(),
        after=lines.after(IdPrefix.LEDGER_ENTRY),
        limit=_LINES_AT_ONCE,
    )
    return page_of(
        "studio/statement",
        studio_id=studio_id,
        statement=statement,
        cursor=None if last is None else cursor_after(last),
        begun=bool(request.args.get("cursor")),
        starts_on=query.starts_on,
        ends_on=query.ends_on,
        kinds=ENTRY_KINDS,
        units_of=units,
        unit_called=unit_called,
    )


def _statement_file(studio_id: str, query: StatementQuery) -> Response:
    """Answer the whole statement, every line of it, as a file."""
    statement = pay_statements.studio_statement(context(), principal(), studio_id, query.period(), query.zone())
    name = f"pay-{studio_id}-{query.starts_on}-{query.ends_on}"
    if query.format is StatementFormat.CSV:
        return file(as_csv(statement).encode(), "text/csv", f"{name}.csv")
    return file(as_html(statement, language()).encode(), "text/html", f"{name}.html")


def _asked_period() -> StatementQuery:
    """Answer the period that the address asks for: where it says nothing, this month to date by the reader's clock."""
    until, named = today(), ("starts_on", "ends_on", "time_zone", "format")
    sent = {name: value for name in named if (value := request.args.get(name))}
    month = {"starts_on": until.replace(day=1), "ends_on": until, "time_zone": time_zone().key}
    return checked(StatementQuery, **(month | sent))
