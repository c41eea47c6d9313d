"""``likeness licence decline``: a side says no to what it was offered, over HTTP."""

from __future__ import annotations

from typing import Annotated

from typer import Argument, Option, Typer, echo

from registry.cli.asking import asked
from registry.cli.options import CaFile, Registry, TokenFile, note
from registry.cli.output import remark


def add_to(app: Typer) -> None:
    """Add the command."""
    app.command()(decline)


def decline(
    licence_id: Annotated[str, Argument(metavar="LICENCE_ID")],
    *,
    reason: Annotated[str, Option(parser=note, metavar="TEXT", help="Why; both sides read it.")],
    version: Annotated[
        int | None,
        Option(
            "--version", min=1, metavar="N", help="The version you have seen: if it has changed since, nothing is done."
        ),
    ] = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Decline what was offered, as a side that has not signed it. What is in force stays."""
    with asked(registry, token_file, ca_file) as there:
        licence = there.change(f"/v1/licences/{licence_id}/decline", {"reason": reason}, version)
    if licence.get("activated_at"):
        remark("the amendment is declined; what was in force before stays")
    echo(f"{licence.get('id')} is {licence.get('state')}")
