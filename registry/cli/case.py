"""``likeness case``: a dispute about whose voice a product has, over HTTP, with the token of a side or an operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from typer import Argument, Option, Typer, echo

from registry.cli import case_analyses, case_papers, case_pauses
from registry.cli.asking import Asked, asked, moment, row
from registry.cli.options import AsJson, CaFile, Registry, TokenFile
from registry.cli.output import print_facts, print_json, print_table, remark
from registry.domain.cases import CaseState, CaseStep
from registry.domain.conclusions import Conclusion

app = Typer(help="Cases: a dispute about whose voice a product has.", no_args_is_help=True)

CaseId = Annotated[str, Argument(metavar="CASE_ID")]
Why = Annotated[str, Option("--reason", metavar="TEXT", help="Why; both sides read it.")]
Seen = Annotated[
    int | None,
    Option(
        "--version", min=1, metavar="N", help="The version you have seen: if it has changed since, nothing is done."
    ),
]
_HEADINGS = ("case", "state", "due", "product", "performer", "studio", "opened", "ending")
_ROW = ("id", "state", "due_at", "product", "performer_id", "studio_id", "opened_at", "ending")


@app.command("open")
def open_case(
    *,
    performer: Annotated[str, Option(metavar="PERFORMER_ID", help="Whose voice it is said to be.")],
    studio: Annotated[str, Option(metavar="ORG_ID", help="Whose product it is.")],
    product: Annotated[str, Option(metavar="NAME", help="Of it, as the studio or the public calls it.")],
    claim: Annotated[str, Option(metavar="TEXT", help="What is said to have happened; the studio reads it.")],
    finding: Annotated[
        list[str] | None, Option(metavar="FINDING_ID", help="About this performer in a recording of this studio.")
    ] = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Open a case, as the performer's side or as an operator, and print its id."""
    body = {"performer_id": performer, "studio_id": studio, "product": product, "claim": claim}
    with asked(registry, token_file, ca_file) as there:
        made = there.change("/v1/cases", body | {"finding_ids": finding or []})
    remark(_stands(made))
    echo(made.get("id"))


@app.command("list")
def list_cases(
    *,
    state: Annotated[CaseState | None, Option(help="Only those in this state.")] = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """List cases, newest first: those that you are a side of, or all of them for an operator."""
    with asked(registry, token_file, ca_file) as there:
        found = there.every("/v1/cases", **({} if state is None else {"state": state.value}))
    if as_json:
        print_json(found)
    else:
        print_table(_HEADINGS, [row(each, *_ROW) for each in found])


# --- one case --------------------------------------------------------------------------------------------------------


@app.command()
def show(
    case_id: CaseId,
    *,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Show a case, with its steps, papers, proposals, pauses, cohorts and analyses. Nothing of it counts as read."""
    with asked(registry, token_file, ca_file) as there:
        case, parts = _whole(there, case_id)
    if as_json:
        print_json({"case": case, **parts})
        return
    print_facts(_facts(case))
    for name, (headings, members, prose) in _PARTS.items():
        if parts[name]:
            rows = [row(each, *members) for each in parts[name]]
            print_table(headings, rows, title=f"\n{name.capitalize()}", prose=prose)


_PARTS: Mapping[str, tuple[Sequence[str], Sequence[str], str | None]] = {
    "steps": (
        ("number", "step", "by", "led to", "at", "reason"),
        ("number", "step", "side", "state", "taken_at", "reason"),
        "reason",
    ),
    "papers": (
        ("paper", "kind", "by", "dated", "filed", "bytes", "title"),
        ("id", "kind", "side", "dated_on", "filed_at", "size_bytes", "title"),
        "title",
    ),
    "proposals": (
        ("proposal", "conclusion", "at", "grounds"),
        ("id", "conclusion", "proposed_at", "grounds"),
        "grounds",
    ),
    "pauses": (
        ("pause", "licence", "since", "reviewed", "ended", "reason"),
        ("id", "licence_id", "placed_at", "review_at", "ended_at", "reason"),
        "reason",
    ),
    "cohorts": (("cohort", "by", "chosen by"), ("id", "side", "criteria"), "chosen by"),
    "analyses": (
        ("analysis", "number", "state", "asked", "ended", "conclusion", "cohort"),
        ("id", "number", "state", "asked_at", "ended_at", "conclusion", "cohort_criteria"),
        "cohort",
    ),
}
"""What belongs to a case, at the address of that name: headings, members, and which of them is prose."""


def _whole(there: Asked, case_id: str) -> tuple[Mapping[str, Any], Mapping[str, list[Mapping[str, Any]]]]:
    path = f"/v1/cases/{case_id}"
    return there.record(path), {name: there.whole(f"{path}/{name}") for name in _PARTS}


def _facts(case: Mapping[str, Any]) -> Mapping[str, object]:
    shown = {name: moment(said) if name.endswith(("_at", "_since")) else said for name, said in case.items()}
    source = case.get("source")
    if isinstance(source, dict):
        hidden = "under seal" if source.get("sealed") else "not under seal"
        shown["source"] = f"{source.get('attestation_id')}, made on {source.get('made_on')}, {hidden}"
    return shown


def _stands(case: Mapping[str, Any]) -> str:
    due = case.get("due_at")
    until = f", until {moment(due)}" if due else ""
    return f"{case.get('product')}: {case.get('state')}{until}"


# --- its course ------------------------------------------------------------------------------------------------------


@app.command()
def step(
    case_id: CaseId,
    step: Annotated[CaseStep, Argument(help="Of the registry's; `propose` and `withdraw` are commands of their own.")],
    *,
    reason: Why,
    paper: Annotated[
        str | None, Option(metavar="PAPER_ID", help="The new evidence, where a case is opened again.")
    ] = None,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Take a step, as an operator, and print the state that it leads to."""
    body = {"step": step.value, "reason": reason, "paper_id": paper}
    with asked(registry, token_file, ca_file) as there:
        moved = there.change(f"/v1/cases/{case_id}/steps", body, version)
    remark(_stands(moved))
    echo(moved.get("state"))


@app.command()
def withdraw(
    case_id: CaseId,
    *,
    reason: Why,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Withdraw a case before it is decided, as who complained. What was paused for it goes on."""
    with asked(registry, token_file, ca_file) as there:
        moved = there.change(f"/v1/cases/{case_id}/withdraw", {"reason": reason}, version)
    echo(moved.get("state"))


@app.command()
def source(
    case_id: CaseId,
    attestation_id: Annotated[str, Argument(metavar="ATTESTATION_ID")],
    *,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Name, as the studio, the attestation of the source. The other side learns that there is one, not who."""
    with asked(registry, token_file, ca_file) as there:
        named = there.change(f"/v1/cases/{case_id}/source", {"attestation_id": attestation_id}, version)
    echo(_facts(named)["source"])


@app.command()
def propose(
    case_id: CaseId,
    conclusion: Annotated[Conclusion, Argument(help="What the evidence supports.")],
    *,
    grounds: Annotated[str, Option(metavar="TEXT", help="Why, with the analyses and papers that it rests on.")],
    would_change: Annotated[str, Option(metavar="TEXT", help="What would change it.")],
    dissent: Annotated[str | None, Option(metavar="TEXT", help="What somebody sees otherwise.")] = None,
    analysis: Annotated[
        str | None, Option(metavar="ANALYSIS_ID", help="The analysis that it rests on, where it rests on one.")
    ] = None,
    version: Seen = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Propose what a case comes to, as an operator, and print the proposal's id. Both sides may answer."""
    body = {"conclusion": conclusion.value, "grounds": grounds, "would_change": would_change, "dissent": dissent}
    if analysis is not None:
        body["analysis_id"] = analysis
    with asked(registry, token_file, ca_file) as there:
        made = there.change(f"/v1/cases/{case_id}/proposals", body, version)
    echo(made.get("id"))


for part in (case_papers, case_analyses, case_pauses):
    part.add_to(app)
