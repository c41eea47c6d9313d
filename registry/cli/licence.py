"""``likeness licence``: agreements, and what an operator may do to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from typer import Argument, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, note
from registry.cli.output import print_facts, print_json, print_table
from registry.cli.paging import every
from registry.domain.licences import LicenceState
from registry.services import licence_course
from registry.services import licences as verbs
from registry.store.licences import Licence

app = Typer(help="Licences: what was agreed, and what became of it.", no_args_is_help=True)

LicenceId = Annotated[str, Argument(metavar="LICENCE_ID")]
HEADINGS = ("licence", "state", "title", "performer", "studio", "from", "to")


@app.command("list")
def list_licences(
    *,
    state: Annotated[LicenceState | None, Option(help="Only those in this state, as written down.")] = None,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """List licences, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(lambda after, limit: verbs.list_licences(ctx, principal, state=state, after=after, limit=limit))
        )
        now = ctx.clock()
    if as_json:
        print_json([licence_facts(licence, now) for licence in found])
    else:
        print_table(HEADINGS, [licence_row(licence, now) for licence in found])


@app.command()
def show(licence_id: LicenceId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """Show one licence, with its terms."""
    with acting_operator(acting) as (ctx, principal):
        licence = verbs.get_licence(ctx, principal, licence_id)
        now = ctx.clock()
    facts = licence_facts(licence, now)
    if as_json:
        print_json(facts)
        return
    facts.pop("terms")
    print_facts(facts | _terms_in_words(licence))


@app.command()
def suspend(
    licence_id: LicenceId,
    *,
    reason: Annotated[str, Option(parser=note, metavar="TEXT", help="Why; both sides can read it.")],
    acting: Acting = None,
) -> None:
    """Suspend a licence in force."""
    with acting_operator(acting) as (ctx, principal):
        _say(licence_course.suspend_licence(ctx, principal, licence_id, reason=reason))


@app.command()
def resume(licence_id: LicenceId, *, acting: Acting = None) -> None:
    """Lift a suspension."""
    with acting_operator(acting) as (ctx, principal):
        _say(licence_course.resume_licence(ctx, principal, licence_id))


@app.command()
def revoke(licence_id: LicenceId, *, acting: Acting = None) -> None:
    """End a licence for good."""
    with acting_operator(acting) as (ctx, principal):
        _say(licence_course.revoke_licence(ctx, principal, licence_id))


@app.command()
def paid(licence_id: LicenceId, *, acting: Acting = None) -> None:
    """Confirm that the first payment has arrived."""
    with acting_operator(acting) as (ctx, principal):
        licence = licence_course.confirm_payment(ctx, principal, licence_id)
    echo(f"{licence.id} is paid")


def _say(licence: Licence) -> None:
    echo(f"{licence.id} is {licence.state.value}")


def licence_row(licence: Licence, now: datetime) -> tuple[object, ...]:
    """Answer a licence as a row under `HEADINGS`, its state as it is at ``now``."""
    return (
        licence.id,
        licence.value().state_at(now),
        licence.title,
        licence.performer_id,
        licence.studio_id,
        licence.starts_on,
        licence.ends_on,
    )


def licence_facts(licence: Licence, now: datetime) -> dict[str, object]:
    """Answer a licence as JSON shows it, here and over HTTP; its state is that at ``now``."""
    return {
        "id": licence.id,
        "performer_id": licence.performer_id,
        "studio_id": licence.studio_id,
        "state": licence.value().state_at(now).value,
        "title": licence.title,
        "intended_use": licence.intended_use,
        "terms": _terms(licence),
        "created_by": licence.created_by,
        "created_at": licence.created_at,
        "offered_at": licence.offered_at,
        "performer_signed_at": licence.performer_signed_at,
        "studio_signed_at": licence.studio_signed_at,
        "activated_at": licence.activated_at,
        "suspended_at": licence.suspended_at,
        "suspension_reason": licence.suspension_reason,
        "ended_at": licence.ended_at,
        "paid_at": licence.paid_at,
        "version": licence.version,
    }


def _terms(licence: Licence) -> dict[str, object]:
    return {
        "purposes": list(licence.purposes),
        "media": list(licence.media),
        "territories": list(licence.territories),
        "languages": list(licence.languages),
        "projects": None if licence.projects is None else list(licence.projects),
        "starts_on": licence.starts_on,
        "ends_on": licence.ends_on,
        "exclusivity": licence.exclusivity.value,
        "pay": {
            "basis": licence.pay_basis.value,
            "amount_minor": licence.pay_amount_minor,
            "currency": licence.pay_currency,
            "due_within_days": licence.pay_due_within_days,
        },
    }


def _terms_in_words(licence: Licence) -> dict[str, object]:
    terms = _terms(licence)
    terms["projects"] = "every project" if licence.projects is None else terms["projects"]
    terms["pay"] = licence.pay_basis.value
    if licence.pay_currency is not None:
        amount = f"{licence.pay_amount_minor} minor units of {licence.pay_currency}"
        terms["pay"] = f"{amount}, {licence.pay_basis.value}, due within {licence.pay_due_within_days} days"
    return terms
