"""``likeness approach``: who asked a performer, and what they answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from typer import Argument, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, note, one_line
from registry.cli.output import print_json, print_table, remark
from registry.cli.paging import every
from registry.domain.approaches import ApproachOutcome
from registry.domain.uses import UsePurpose
from registry.services import approaches
from registry.store.approaches import Approach

app = Typer(help="Approaches: who asked a performer for their voice, and what they answered.", no_args_is_help=True)

PerformerId = Annotated[str, Argument(metavar="PERFORMER_ID")]
_HEADINGS = ("approach", "asked", "studio", "answer", "recorded", "amends", "scope")


@app.command()
def record(
    performer_id: PerformerId,
    *,
    studio: Annotated[str | None, Option(parser=one_line, metavar="NAME", help="Who asked, by name.")] = None,
    studio_id: Annotated[str | None, Option(metavar="ORG_ID", help="Who asked, by id; one of the two.")] = None,
    asked_on: Annotated[datetime, Option(formats=["%Y-%m-%d"], metavar="DAY", help="The day, as 2026-02-20.")],
    scope: Annotated[str, Option(parser=note, metavar="TEXT", help="What for, in the performer's words.")],
    outcome: Annotated[ApproachOutcome, Option(help="What the performer answered.")] = ApproachOutcome.DECLINED,
    purpose: Annotated[list[UsePurpose] | None, Option(help="What for; repeat for several.")] = None,
    evidence: Annotated[str | None, Option(metavar="SHA256", help="Digest of what shows it.")] = None,
    amends: Annotated[str | None, Option(metavar="APPROACH_ID", help="The entry that this one puts right.")] = None,
    acting: Acting = None,
) -> None:
    """Record what a performer says of a studio that asked, and print the entry's id. It is never changed."""
    with acting_operator(acting) as (ctx, principal):
        entry = approaches.record_approach(
            ctx,
            principal,
            performer_id,
            studio_id=studio_id,
            studio_name=studio,
            asked_on=asked_on.date(),
            purposes=purpose or (),
            scope=scope,
            outcome=outcome,
            evidence_sha256=evidence,
            amends_id=amends,
        )
    known = "a studio of the registry" if entry.studio_id else "no studio of the registry, kept by its name"
    remark(f"recorded: {entry.studio_name}, {known}")
    echo(entry.id)


@app.command("list")
def list_approaches(performer_id: PerformerId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """List a performer's entries, oldest first, with those that were amended."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(
                lambda after, limit: approaches.list_approaches(ctx, principal, performer_id, after=after, limit=limit)
            )
        )
    if as_json:
        print_json([_facts(entry) for entry in found])
        return
    rows = [(e.id, e.asked_on, e.studio_name, e.outcome, e.recorded_at, e.amends_id, e.scope) for e in found]
    print_table(_HEADINGS, rows, prose="scope")


def _facts(entry: Approach) -> dict[str, object]:
    return {
        "id": entry.id,
        "performer_id": entry.performer_id,
        "studio_id": entry.studio_id,
        "studio_name": entry.studio_name,
        "asked_on": entry.asked_on,
        "purposes": list(entry.purposes),
        "scope": entry.scope,
        "outcome": entry.outcome.value,
        "evidence_sha256": entry.evidence_sha256,
        "amends_id": entry.amends_id,
        "recorded_by": entry.recorded_by,
        "recorded_at": entry.recorded_at,
    }
