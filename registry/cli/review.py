"""``likeness review``: findings that wait for a person, and what the person decides, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from typer import Argument, BadParameter, Exit, Option, Typer, echo

from registry.cli.asking import asked, moment, row
from registry.cli.options import AsJson, CaFile, Registry, TokenFile
from registry.cli.output import print_json, print_table, remark
from registry.domain.reviews import Exclusion, ReviewAction

app = Typer(help="Reviews: findings that wait for a person, and what was decided.", no_args_is_help=True)

FLAGGED = 1
FindingId = Annotated[str, Argument(metavar="FINDING_ID")]
_HEADINGS = ("finding", "harm", "due", "verdict", "performer", "studio", "file")
_DECIDED = ("id", "action", "decided_by", "decided_at", "case_id", "licence_id", "replaces_id", "reason")


@app.command("list")
def list_reviews(
    *, registry: Registry, token_file: TokenFile = None, ca_file: CaFile = None, as_json: AsJson = False
) -> None:
    """List the findings that wait for a person, gravest first. Exit code 1: some wait."""
    with asked(registry, token_file, ca_file) as there:
        waiting = there.every("/v1/review-queue")
    if as_json:
        print_json(waiting)
    else:
        print_table(_HEADINGS, [_waiting(each) for each in waiting])
    raise Exit(FLAGGED if waiting else 0)


def _waiting(each: Mapping[str, Any]) -> tuple[object, ...]:
    finding: Mapping[str, Any] = each.get("finding") or {}
    performer: Mapping[str, Any] = finding.get("performer") or {}
    named = (finding.get(name) for name in ("verdict", "organisation_id", "filename"))
    verdict, studio, file = named
    return (
        finding.get("id"),
        each.get("harm"),
        moment(each.get("due_at")),
        verdict,
        performer.get("name"),
        studio,
        file,
    )


@app.command()
def show(
    finding_id: FindingId,
    *,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Show what was decided about a finding, by whom, and why: to both sides of it. The last is what stands."""
    with asked(registry, token_file, ca_file) as there:
        decided = there.whole(f"/v1/findings/{finding_id}/reviews")
    if as_json:
        print_json(decided)
    else:
        headings = ("review", "action", "by", "at", "case", "licence", "in place of", "reason")
        print_table(headings, [row(each, *_DECIDED) for each in decided], prose="reason")


def _considered(text: str) -> tuple[Exclusion, str]:
    name, separator, why = text.partition("=")
    if name not in {each.value for each in Exclusion} or not separator or not why.strip():
        raise BadParameter(f"it is NAME=WHY, where NAME is one of {', '.join(each.value for each in Exclusion)}")
    return Exclusion(name), why.strip()


Considered = Annotated[
    list[Any] | None,
    Option(parser=_considered, metavar="NAME=WHY", help="An exclusion that was considered; once for each."),
]


@app.command()
def decide(
    finding_id: FindingId,
    action: Annotated[ReviewAction, Argument(help="What is decided.")],
    *,
    reason: Annotated[str, Option(metavar="TEXT", help="Why; both sides read it.")],
    not_excluded: Considered = None,
    excluded: Considered = None,
    licence: Annotated[
        str | None, Option(metavar="LICENCE_ID", help="Under which the use is accepted as licensed.")
    ] = None,
    replaces: Annotated[
        str | None, Option(metavar="REVIEW_ID", help="The decision that this one takes the place of.")
    ] = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Decide about a finding, and print the id of the decision, and after it that of the case that it opens.

    Before a studio is asked for anything, or has to answer in a case, every exclusion is considered: each is named with
    --not-excluded and why it does not apply, or with --excluded and why it does.
    """
    considered = [(each, False) for each in not_excluded or ()] + [(each, True) for each in excluded or ()]
    body = {
        "action": action.value,
        "reason": reason,
        "considered": [
            {"exclusion": name.value, "applies": applies, "reason": why} for (name, why), applies in considered
        ],
        "licence_id": licence,
        "replaces_id": replaces,
    }
    with asked(registry, token_file, ca_file) as there:
        made = there.change(f"/v1/findings/{finding_id}/reviews", body)
    remark(f"decided: {made.get('action')}")
    echo(" ".join(str(made[name]) for name in ("id", "case_id") if made.get(name)))
