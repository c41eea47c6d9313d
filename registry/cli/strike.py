"""``likeness strike``: the switch that lets every licence rest that a strike covers."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, note, one_line
from registry.cli.output import print_json, print_table, remark
from registry.cli.paging import every
from registry.domain.strikes import StrikeScope
from registry.services import strikes as verbs
from registry.store.strikes import Strike

app = Typer(help="Strikes: every licence that one covers rests until it is over.", no_args_is_help=True)

_HEADINGS = ("strike", "of", "name", "since", "lifted")


@app.command()
def declare(
    *,
    scope: Annotated[StrikeScope, Option(help="Of a collective agreement, or of a guild.")],
    name: Annotated[str, Option(parser=one_line, metavar="NAME", help="Of it, as the licences write it.")],
    reason: Annotated[
        str | None, Option(parser=note, metavar="TEXT", help="Both sides of each licence read it.")
    ] = None,
    acting: Acting = None,
) -> None:
    """Declare a strike, suspend every licence that it covers, and print its id."""
    with acting_operator(acting) as (ctx, principal):
        switched = verbs.declare_strike(ctx, principal, scope=scope, name=name, note=reason)
    remark(f"licences that rest: {len(switched.licences)}")
    echo(switched.strike.id)


@app.command()
def lift(strike_id: Annotated[str, Argument(metavar="STRIKE_ID")], *, acting: Acting = None) -> None:
    """Lift a strike; a licence that rests for another reason rests on."""
    with acting_operator(acting) as (ctx, principal):
        switched = verbs.lift_strike(ctx, principal, strike_id)
    let_go, resting = len(switched.licences), len(switched.still_suspended)
    echo(f"{switched.strike.id} is lifted; licences let go: {let_go}; of these, resting for another reason: {resting}")


@app.command("list")
def list_strikes(
    *,
    on: Annotated[bool | None, Option("--on/--over", help="Only those that are on, or are over.")] = None,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """List strikes, oldest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(every(lambda after, limit: verbs.list_strikes(ctx, principal, on=on, after=after, limit=limit)))
    if as_json:
        print_json([_facts(strike) for strike in found])
    else:
        rows = [(each.id, each.scope.value, each.name, each.declared_at, each.lifted_at) for each in found]
        print_table(_HEADINGS, rows)


def _facts(strike: Strike) -> dict[str, object]:
    return {
        "id": strike.id,
        "scope": strike.scope.value,
        "name": strike.name,
        "note": strike.note,
        "declared_by": strike.declared_by,
        "declared_at": strike.declared_at,
        "lifted_by": strike.lifted_by,
        "lifted_at": strike.lifted_at,
    }
