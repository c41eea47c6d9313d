"""``likeness licence``: agreements, and what an operator may do to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from typer import Argument, BadParameter, Option, Typer, echo

from registry.cli import licence_declining, licence_documents, licence_drafts
from registry.cli.linting import lint
from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, note
from registry.cli.output import print_facts, print_json, print_table
from registry.cli.paging import every
from registry.domain.licences import LicenceState, Side, SuspensionReason
from registry.domain.terms import LicenceTerms
from registry.domain.terms_document import terms_json
from registry.services import licence_course, licence_signing
from registry.services import licence_versions as versions
from registry.services import licences as verbs
from registry.store.licences import Licence, LicenceHold

app = Typer(help="Licences: what was agreed, and what became of it.", no_args_is_help=True)
app.command()(lint)
licence_drafts.add_to(app)
licence_documents.add_to(app)
licence_declining.add_to(app)

LicenceId = Annotated[str, Argument(metavar="LICENCE_ID")]
HEADINGS = ("licence", "state", "title", "performer", "studio", "from", "to")
_DIGEST_LENGTH = 64


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
    """Show one licence, with its terms in words."""
    with acting_operator(acting) as (ctx, principal):
        licence = verbs.get_licence(ctx, principal, licence_id)
        _, text = versions.text_of(ctx, principal, licence_id, language="en")
        now = ctx.clock()
    facts = licence_facts(licence, now)
    if as_json:
        print_json(facts)
        return
    facts.pop("terms")
    facts["holds"] = [hold.reason.value for hold in licence.open_holds]
    print_facts(facts)
    echo(f"\n{text}", nl=False)


def _digest(text: str) -> str:
    if len(text) != _DIGEST_LENGTH or any(character not in "0123456789abcdef" for character in text):
        raise BadParameter("it is a SHA-256 in lower-case hex, of the signed paper")
    return text


@app.command()
def sign(
    licence_id: LicenceId,
    *,
    side: Annotated[Side, Option(help="Who has signed.")],
    evidence: Annotated[str, Option(parser=_digest, metavar="SHA256", help="Digest of the signed paper.")],
    acting: Acting = None,
) -> None:
    """Record a signature that a side has given on paper; with the second, the licence is in force."""
    with acting_operator(acting) as (ctx, principal):
        _say(licence_signing.sign_licence(ctx, principal, licence_id, side=side, evidence_sha256=evidence))


@app.command()
def suspend(
    licence_id: LicenceId,
    *,
    reason: Annotated[str, Option(parser=note, metavar="TEXT", help="Why; both sides can read it.")],
    cause: Annotated[
        SuspensionReason, Option(help="What kind of reason; a strike is declared with `likeness strike declare`.")
    ] = SuspensionReason.PAUSE_WITHOUT_ADMISSION,
    acting: Acting = None,
) -> None:
    """Suspend a licence in force."""
    with acting_operator(acting) as (ctx, principal):
        _say(licence_course.suspend_licence(ctx, principal, licence_id, reason=reason, cause=cause))


@app.command()
def resume(
    licence_id: LicenceId,
    *,
    cause: Annotated[SuspensionReason | None, Option(help="Lift only what holds it for this.")] = None,
    acting: Acting = None,
) -> None:
    """Lift a suspension; only the end of a strike lifts what a strike holds."""
    with acting_operator(acting) as (ctx, principal):
        _say(licence_course.resume_licence(ctx, principal, licence_id, cause=cause))


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
        "terms": terms_facts(licence.terms()),
        "number": licence.number,
        "open_number": licence.newest.number if licence.newest.is_open else None,
        "created_by": licence.created_by,
        "created_at": licence.created_at,
        "offered_at": licence.offered_at,
        "performer_signed_at": licence.performer_signed_at,
        "studio_signed_at": licence.studio_signed_at,
        "activated_at": licence.activated_at,
        "suspended_at": licence.suspended_at,
        "suspension_reason": licence.suspension_reason,
        "holds": [hold_facts(hold) for hold in licence.open_holds],
        "ended_at": licence.ended_at,
        "paid_at": licence.paid_at,
        "version": licence.version,
    }


def hold_facts(hold: LicenceHold) -> dict[str, object]:
    """Answer one reason why a licence rests, as JSON shows it."""
    return {
        "id": hold.id,
        "cause": hold.reason.value,
        "reason": hold.note,
        "placed_by": hold.placed_by,
        "placed_at": hold.placed_at,
        "strike_id": hold.strike_id,
    }


def terms_facts(terms: LicenceTerms) -> dict[str, object]:
    """Answer terms as JSON shows them, here and over HTTP: the document, the first rate repeated beside the rates."""
    document: dict[str, Any] = terms_json(terms)
    return document | {"pay": {**document["pay"], **document["pay"]["rates"][0]}}
