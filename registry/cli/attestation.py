"""``likeness attestation``: whose voice a product was made from, and the two operators who unseal a hidden source."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, note
from registry.cli.output import print_facts, print_json, print_table, remark
from registry.cli.paging import every
from registry.domain.attestations import open_until, unsealing_state
from registry.services import attestations, unsealing
from registry.store.attestations import SourceAttestation

app = Typer(help="Source attestations: whose voice a synthetic voice was made from.", no_args_is_help=True)

AttestationId = Annotated[str, Argument(metavar="ATTESTATION_ID")]
UnsealingId = Annotated[str, Argument(metavar="UNSEALING_ID")]
Why = Annotated[str, Option("--reason", parser=note, metavar="TEXT", help="Why; it stays on record.")]


@app.command("list")
def list_attestations(*, as_json: AsJson = False, acting: Acting = None) -> None:
    """List what studios have attested, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(lambda after, limit: attestations.list_attestations(ctx, principal, after=after, limit=limit))
        )
    if as_json:
        print_json([_facts(each) for each in found])
        return
    rows = [(a.id, a.studio_id, a.product, a.made_on, a.sealed, a.performer_id, a.recorded_at) for a in found]
    print_table(("attestation", "studio", "product", "made", "sealed", "source", "recorded"), rows)


@app.command()
def show(attestation_id: AttestationId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """Show one attestation, and who asked to unseal it. A sealed source is shown by its nameless record."""
    with acting_operator(acting) as (ctx, principal):
        attestation = attestations.get_attestation(ctx, principal, attestation_id)
        requests = unsealing.list_unsealings(ctx, principal, attestation_id)
        now = ctx.clock()
    if as_json:
        asked = [
            {
                "id": r.id,
                "state": unsealing_state(r.value(), now).value,
                "requested_by": r.proposed_by,
                "reason": r.reason,
            }
            for r in requests
        ]
        print_json(_facts(attestation) | {"unsealings": asked})
        return
    facts = _facts(attestation)
    facts["recordings"] = [f"{each['recorded_on']} {each['sha256']}" for each in attestation.recordings]
    facts["mentions"] = _mentions(attestation)
    print_facts(facts)
    if requests:
        rows = [(r.id, unsealing_state(r.value(), now), r.proposed_by, r.answered_by, r.reason) for r in requests]
        headings = ("unsealing", "state", "asked by", "answered by", "reason")
        print_table(headings, rows, title="\nUnsealings", prose="reason")


def _mentions(attestation: SourceAttestation) -> str:
    if attestation.mentions is None:
        return "nobody has looked"
    return ", ".join(attestation.mentions) or "nobody"


@app.command()
def unseal(attestation_id: AttestationId, *, reason: Why, acting: Acting = None) -> None:
    """Ask to read who a sealed source is, and print the request's id. Another operator must approve it."""
    with acting_operator(acting) as (ctx, principal):
        request = unsealing.request_unsealing(ctx, principal, attestation_id, reason=reason)
    remark(f"another operator approves it before {open_until(request.value()):%Y-%m-%d %H:%M} UTC, or it lapses")
    echo(request.id)


@app.command()
def approve(attestation_id: AttestationId, unsealing_id: UnsealingId, *, reason: Why, acting: Acting = None) -> None:
    """Approve, as another operator, that a sealed source be read by the two of you."""
    with acting_operator(acting) as (ctx, principal):
        request = unsealing.approve_unsealing(ctx, principal, attestation_id, unsealing_id, reason=reason)
    echo(f"{request.id} is approved until {open_until(request.value()):%Y-%m-%d %H:%M} UTC")


@app.command()
def reveal(
    attestation_id: AttestationId, unsealing_id: UnsealingId, *, as_json: AsJson = False, acting: Acting = None
) -> None:
    """Show who a sealed source is, to one of the two operators. That it was shown is journalled."""
    with acting_operator(acting) as (ctx, principal):
        identity = unsealing.reveal_source(ctx, principal, attestation_id, unsealing_id)
    facts = {"name": identity.name, "contact": identity.contact, "note": identity.note}
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


def _facts(attestation: SourceAttestation) -> dict[str, object]:
    return {
        "id": attestation.id,
        "studio_id": attestation.studio_id,
        "performer_id": attestation.performer_id,
        "sealed": attestation.sealed,
        "product": attestation.product,
        "made_on": attestation.made_on,
        "recordings": list(attestation.recordings),
        "casting_sha256": list(attestation.casting_sha256),
        "direction_sha256": attestation.direction_sha256,
        "mentions": attestation.mentions,
        "content_sha256": attestation.content_sha256,
        "recorded_by": attestation.recorded_by,
        "recorded_at": attestation.recorded_at,
    }
