"""``likeness export``: everything about one performer, to take along."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Option, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting
from registry.interchange.performer_export import as_zip
from registry.services.exports import export_performer


def export(
    performer_id: Annotated[str, Argument(metavar="PERFORMER_ID")],
    *,
    out: Annotated[Path, Option(metavar="FILE.zip", help="Where to write it; a file that is there is not replaced.")],
    acting: Acting = None,
) -> None:
    """Write everything about one performer into a zip: a JSON document, a CSV of each table, and digests of all."""
    if out.exists():
        raise BadParameter(f"{out} is there already", param_hint="--out")
    with acting_operator(acting) as (ctx, principal):
        export = export_performer(ctx, principal, performer_id)
    out.write_bytes(as_zip(export))
    echo(f"{sum(map(len, export.tables.values()))} records of {export.performer_id} in {out}")
