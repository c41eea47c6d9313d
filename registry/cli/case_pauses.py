"""``likeness case``: letting licences rest while a case lasts, without admission of anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from typer import Argument, Option, Typer, echo

from registry.cli.asking import asked, moment
from registry.cli.options import CaFile, Registry, TokenFile
from registry.cli.output import remark

CaseId = Annotated[str, Argument(metavar="CASE_ID")]
PauseId = Annotated[str, Argument(metavar="PAUSE_ID")]
Why = Annotated[str, Option("--reason", metavar="TEXT", help="Why; both sides read it.")]
ReviewOn = Annotated[
    datetime | None,
    Option(formats=["%Y-%m-%d"], metavar="DAY", help="When it is looked at again (UTC); 30 days on at the latest."),
]


def add_to(app: Typer) -> None:
    """Add the commands about pauses to the group of cases."""
    app.command()(pause)
    app.command("continue")(continue_pause)
    app.command("resume")(end_pause)


def pause(
    case_id: CaseId,
    licence_id: Annotated[list[str], Argument(metavar="LICENCE_ID…")],
    *,
    reason: Why,
    review_on: ReviewOn = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Let licences rest while the case lasts, as the studio or an operator, and print a pause's id for each.

    It is no admission. Clearances under them are withdrawn.
    """
    body = {"licence_ids": licence_id, "reason": reason, "review_at": _at(review_on)}
    with asked(registry, token_file, ca_file) as there:
        made = there.change(f"/v1/cases/{case_id}/pauses", body)
    for each in made.get("items", ()):
        remark(f"{each.get('licence_id')} rests; it is looked at again by {moment(each.get('review_at'))}")
        echo(each.get("id"))


def continue_pause(
    case_id: CaseId,
    pause_id: PauseId,
    *,
    reason: Why,
    review_on: ReviewOn = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Review a pause, and let it go on until another day."""
    body = {"reason": reason, "review_at": _at(review_on)}
    with asked(registry, token_file, ca_file) as there:
        found = there.change(f"/v1/cases/{case_id}/pauses/{pause_id}/continue", body)
    echo(f"{found.get('licence_id')} rests; it is looked at again by {moment(found.get('review_at'))}")


def end_pause(
    case_id: CaseId,
    pause_id: PauseId,
    *,
    reason: Why,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """End a pause. The licence goes on, unless something else holds it."""
    with asked(registry, token_file, ca_file) as there:
        found = there.change(f"/v1/cases/{case_id}/pauses/{pause_id}/end", {"reason": reason})
    echo(f"{found.get('licence_id')} is paused for this case no longer")


def _at(day: datetime | None) -> str | None:
    return None if day is None else day.replace(tzinfo=UTC).isoformat()
