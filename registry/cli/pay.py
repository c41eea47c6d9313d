"""``likeness pay``: what is owed, what was used, what was paid, and statements of it."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, note, one_line
from registry.cli.output import print_facts, print_json, print_table
from registry.cli.paging import every
from registry.cli.reading import json_of
from registry.domain.ledger import LedgerAccount
from registry.domain.money import in_major_units
from registry.domain.pay_statements import PayStatement
from registry.domain.payments import PaymentState
from registry.domain.time_zones import DEFAULT, zone_called
from registry.domain.usage import Period
from registry.domain.usage_report_document import report_of_json
from registry.interchange.pay_statements import as_csv, as_html, as_json
from registry.services import corrections, ledger, pay_statements, payments, usage_reports
from registry.services.ledger import Account
from registry.services.payments import Paid
from registry.store.ledger import LedgerEntry
from registry.store.payments import Payment

app = Typer(help="Pay: what is owed, used and paid, and statements of it.", no_args_is_help=True)

LicenceId = Annotated[str, Argument(metavar="LICENCE_ID")]
PaymentId = Annotated[str, Argument(metavar="PAYMENT_ID")]
Evidence = Annotated[str | None, Option(metavar="SHA256", help="Of a paper that shows it.")]
Reason = Annotated[str, Option(parser=note, metavar="TEXT", help="Why; both sides can read it.")]


class Form(StrEnum):
    """How a statement is written down."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    HTML = "html"


class Language(StrEnum):
    """Languages of the HTML."""

    EN = "en"
    KO = "ko"


# --- what is owed ----------------------------------------------------------------------------------------------------


@app.command()
def account(licence_id: LicenceId, *, as_json_: AsJson = False, acting: Acting = None) -> None:
    """Say what a licence comes to: earned, paid, due, overdue, in each currency."""
    with acting_operator(acting) as (ctx, principal):
        found = ledger.get_accounts(ctx, principal, licence_id)
    if as_json_:
        print_json([account_facts(each) for each in found])
        return
    for each in found:
        facts = account_facts(each)
        echo(each.currency)
        amounts = {name: value for name, value in facts.items() if name.endswith("_minor") and isinstance(value, int)}
        said: dict[str, object] = {
            name.removesuffix("_minor"): in_major_units(value, each.currency) for name, value in amounts.items()
        }
        print_facts(said | {"overdue since": facts["overdue_since"]})


def account_facts(account: Account) -> dict[str, object]:
    """Answer an account as JSON shows it, here and over HTTP."""
    balances, arrears = account.balances, account.arrears
    return {
        "currency": account.currency,
        "due_minor": balances[LedgerAccount.DUE],
        "fees_minor": -balances[LedgerAccount.FEES],
        "use_minor": -balances[LedgerAccount.USE],
        "guarantee_minor": -balances[LedgerAccount.GUARANTEE],
        "recouped_minor": balances[LedgerAccount.RECOUPED],
        "paid_minor": balances[LedgerAccount.PAID],
        "overdue_since": None if arrears is None else arrears.since,
        "overdue_minor": 0 if arrears is None else arrears.amount_minor,
    }


@app.command()
def entries(
    *,
    licence: Annotated[str | None, Option(metavar="LICENCE_ID", help="Only those of this licence.")] = None,
    as_json_: AsJson = False,
    acting: Acting = None,
) -> None:
    """List the entries of the ledger, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(
                lambda after, limit: ledger.list_entries(ctx, principal, licence_id=licence, after=after, limit=limit)
            )
        )
    if as_json_:
        print_json([entry_facts(entry) for entry in found])
        return
    headings = ("entry", "day", "what", "debit", "credit", "amount", "currency", "pay by", "licence")
    print_table(headings, [_entry_row(entry) for entry in found])


def _entry_row(entry: LedgerEntry) -> tuple[object, ...]:
    amount = in_major_units(entry.amount_minor, entry.currency)
    legs = (entry.debit.value, entry.credit.value)
    day = entry.recorded_at.date()
    return (entry.id, day, entry.kind.value, *legs, amount, entry.currency, entry.due_on, entry.licence_id)


def entry_facts(entry: LedgerEntry) -> dict[str, object]:
    """Answer an entry as JSON shows it, here and over HTTP."""
    names = (
        *("id", "kind", "debit", "credit", "amount_minor", "currency", "licence_id", "performer_id", "studio_id"),
        *("due_on", "reverses_id", "reason", "recorded_by", "recorded_at"),
    )
    return {name: getattr(entry, name) for name in names}


@app.command()
def reverse(entry_id: Annotated[str, Argument(metavar="ENTRY_ID")], *, reason: Reason, acting: Acting = None) -> None:
    """Take an entry back by another, with the use or the payment that it stands for. Both stay."""
    with acting_operator(acting) as (ctx, principal):
        reversal = corrections.reverse_entry(ctx, principal, entry_id, reason=reason)
    echo(f"{entry_id} is taken back by {reversal.id}")


# --- statements ------------------------------------------------------------------------------------------------------


@app.command()
def statement(
    *,
    from_: Annotated[datetime, Option("--from", metavar="DATE", formats=["%Y-%m-%d"], help="First day.")],
    to: Annotated[datetime, Option(metavar="DATE", formats=["%Y-%m-%d"], help="Last day, included.")],
    performer: Annotated[str | None, Option(metavar="PERFORMER_ID", help="What the performer earned.")] = None,
    studio: Annotated[str | None, Option(metavar="STUDIO_ID", help="What the studio owes.")] = None,
    time_zone: Annotated[
        str, Option(metavar="ZONE", help="By whose clocks days begin and end, such as Asia/Seoul.")
    ] = DEFAULT,
    form: Annotated[Form, Option("--format", help="How to write it down.")] = Form.TABLE,
    language: Annotated[Language, Option(help="Of the HTML.")] = Language.EN,
    out: Annotated[Path | None, Option(metavar="FILE", help="Where to write it; by default it is printed.")] = None,
    acting: Acting = None,
) -> None:
    """Say what became due and was settled in a period, for a performer or for a studio."""
    if (performer is None) == (studio is None):
        raise BadParameter("name a performer or a studio", param_hint="--performer / --studio")
    zone = zone_called(time_zone)
    if zone is None:
        raise BadParameter("there is no such time zone", param_hint="--time-zone")
    period = Period(from_.date(), to.date())
    with acting_operator(acting) as (ctx, principal):
        if performer is not None:
            drawn = pay_statements.performer_statement(ctx, principal, performer, period, zone)
        else:
            drawn = pay_statements.studio_statement(ctx, principal, studio or "", period, zone)
    _tell(drawn, form, language, out)


def _tell(drawn: PayStatement, form: Form, language: Language, out: Path | None) -> None:
    if form is Form.TABLE:
        _print_statement(drawn)
        return
    if form is Form.JSON:
        text = json.dumps(as_json(drawn), ensure_ascii=False, indent=2) + "\n"
    else:
        text = as_csv(drawn) if form is Form.CSV else as_html(drawn, language.value)
    if out is None:
        echo(text, nl=False)
    else:
        out.write_bytes(text.encode())


def _print_statement(drawn: PayStatement) -> None:
    name = drawn.names.get(drawn.party_id, drawn.party_id)
    days = f"{drawn.period.starts_on} to {drawn.period.ends_on} ({drawn.zone.key})"
    echo(f"{name}, {days}" + ("" if drawn.is_final else ", not over yet"))
    for section in drawn.sections:
        rows: list[tuple[object, ...]] = [("", "due before", "", "", _money(section.opening_minor, section.currency))]
        for line in section.lines:
            title = drawn.titles.get(line.licence_id, line.licence_id)
            amount = _money(line.of_due, section.currency)
            rows.append((drawn.day_of(line), line.kind.value, title, line.due_on, amount))
        rows.append(("", "due after", "", "", _money(section.closing_minor, section.currency)))
        print_table(("day", "what", "licence", "pay by", section.currency), rows)


def _money(amount_minor: int, currency: str) -> str:
    return in_major_units(amount_minor, currency)


# --- use -------------------------------------------------------------------------------------------------------------


@app.command()
def report(
    path: Annotated[Path, Argument(metavar="FILE.json", help="As sent to POST /v1/usage-reports.")],
    *,
    studio: Annotated[str, Option(metavar="STUDIO_ID", help="Whose use it is.")],
    acting: Acting = None,
) -> None:
    """Record what a studio says it used on days that are over. Said again, it is the same report."""
    document = report_of_json(json_of(path))
    with acting_operator(acting) as (ctx, principal):
        made = usage_reports.report_usage(
            ctx,
            principal,
            studio_id=studio,
            period=document.period,
            items=document.items,
            note=document.note,
            amends_id=document.amends_id,
        )
    echo(f"{made.id} stands for {made.starts_on} to {made.ends_on}")


# --- payments --------------------------------------------------------------------------------------------------------


@app.command("list")
def list_payments(
    *,
    state: Annotated[PaymentState | None, Option(help="Only those in this state.")] = None,
    as_json_: AsJson = False,
    acting: Acting = None,
) -> None:
    """List payments, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(every(lambda a, n: payments.list_payments(ctx, principal, state=state, after=a, limit=n)))
    if as_json_:
        print_json([payment_facts(payment) for payment in found])
        return
    headings = ("payment", "state", "paid on", "amount", "currency", "reference", "licence")
    print_table(headings, [_payment_row(payment) for payment in found])


def _payment_row(payment: Payment) -> tuple[object, ...]:
    amount = in_major_units(payment.amount_minor, payment.currency)
    said = (payment.paid_on, amount, payment.currency, payment.reference)
    return (payment.id, payment.state.value, *said, payment.licence_id)


def payment_facts(payment: Payment) -> dict[str, object]:
    """Answer a payment as JSON shows it, here and over HTTP."""
    names = (
        *("id", "licence_id", "performer_id", "studio_id", "amount_minor", "currency", "paid_on", "reference"),
        *("evidence_sha256", "state", "reported_by", "reported_at", "decided_by", "decided_at", "reason", "entry_id"),
        "version",
    )
    return {name: getattr(payment, name) for name in names}


@app.command()
def record(
    licence_id: LicenceId,
    *,
    amount_minor: Annotated[int, Option(min=1, help="In the minor unit of the currency: cents, won.")],
    currency: Annotated[str, Option(metavar="CODE", help="ISO 4217.")],
    on: Annotated[datetime, Option(metavar="DATE", formats=["%Y-%m-%d"], help="The day on which it was sent.")],
    reference: Annotated[str | None, Option(parser=one_line, metavar="TEXT", help="To find it by.")] = None,
    evidence: Evidence = None,
    acting: Acting = None,
) -> None:
    """Record that a studio has paid. Nothing is settled by it until it is confirmed."""
    paid = Paid(amount_minor, currency, on.date(), reference, evidence)
    with acting_operator(acting) as (ctx, principal):
        _say(payments.report_payment(ctx, principal, licence_id, paid))


@app.command()
def confirm(payment_id: PaymentId, *, evidence: Evidence = None, acting: Acting = None) -> None:
    """Confirm, by evidence, that a payment has arrived, and post it."""
    with acting_operator(acting) as (ctx, principal):
        _say(payments.confirm_payment(ctx, principal, payment_id, evidence_sha256=evidence))


@app.command()
def dispute(payment_id: PaymentId, *, reason: Reason, acting: Acting = None) -> None:
    """Say that a payment has not arrived. What is due stays due."""
    with acting_operator(acting) as (ctx, principal):
        _say(payments.dispute_payment(ctx, principal, payment_id, reason=reason))


def _say(payment: Payment) -> None:
    echo(f"{payment.id} is {payment.state.value}")
