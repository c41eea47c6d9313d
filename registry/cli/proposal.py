"""``likeness proposal``: what takes two operators, each at the command line or over HTTP."""

from __future__ import annotations

import json
from typing import Annotated

from typer import Argument, BadParameter, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson, note
from registry.cli.output import print_facts, print_json, print_table, remark, words
from registry.cli.paging import every
from registry.domain.engine_settings import SHIPPED
from registry.domain.proposals import (
    DeletionGround,
    EngineChange,
    NoticePutBack,
    NoticeService,
    PerformerDeletion,
    ProposalKind,
    Purging,
)
from registry.domain.retention import schedule_sha256
from registry.services import engine_settings, notices, performers
from registry.services import proposals as verbs
from registry.store.proposals import Proposal

app = Typer(help="What takes two operators: one proposes, another approves.", no_args_is_help=True)

ProposalId = Annotated[str, Argument(metavar="PROPOSAL_ID")]
NoticeId = Annotated[str, Argument(metavar="NOTICE_ID")]
Why = Annotated[str, Option("--reason", parser=note, metavar="TEXT", help="Why; it stays on record. Name nobody.")]


def _sha256(text: str) -> str:
    if len(text) != 64 or set(text) - set("0123456789abcdef"):  # noqa: PLR2004  (digits of a SHA-256)
        raise BadParameter(f"{text} is no SHA-256 in lower-case hex")
    return text


# --- proposing -------------------------------------------------------------------------------------------------------


@app.command()
def engine(
    *,
    target_fpir: Annotated[
        float, Option(help="Wanted chance that a recording of nobody enrolled brings up a match.")
    ] = SHIPPED.target_fpir,
    calibration_sha256: Annotated[
        str | None,
        Option(parser=_sha256, metavar="SHA256", help="Of a calibration of your own; otherwise the shipped."),
    ] = None,
    reason: Why,
    acting: Acting = None,
) -> None:
    """Propose that workers decide by other engine settings, and print the proposal's id."""
    with acting_operator(acting) as (ctx, principal):
        number, now = engine_settings.get_engine_settings(ctx, principal)
        made = verbs.propose(ctx, principal, EngineChange(target_fpir, calibration_sha256, number), reason=reason)
    remark(f"in force: {now.in_words()}")
    _print_made(made)


@app.command("delete-performer")
def delete_performer(
    performer_id: Annotated[str, Argument(metavar="PERFORMER_ID")],
    *,
    ground: Annotated[DeletionGround, Option(help="Why they are deleted without having asked for it.")],
    evidence_sha256: Annotated[str, Option(parser=_sha256, metavar="SHA256", help="Of the document that shows it.")],
    reason: Why,
    acting: Acting = None,
) -> None:
    """Propose that a performer be deleted who has not asked for it, and print the proposal's id."""
    with acting_operator(acting) as (ctx, principal):
        seen = performers.get_performer(ctx, principal, performer_id)
        content = PerformerDeletion(seen.id, seen.version, ground, evidence_sha256)
        made = verbs.propose(ctx, principal, content, reason=reason)
    _print_made(made)


@app.command("notice-service")
def notice_service(
    notice_id: NoticeId,
    *,
    document_sha256: Annotated[
        str, Option(parser=_sha256, metavar="SHA256", help="Of what you have read, as `notice read` has written it.")
    ],
    reason: Why,
    acting: Acting = None,
) -> None:
    """Propose that a notice may be served, where two have to read it, and print the proposal's id."""
    with acting_operator(acting) as (ctx, principal):
        content = NoticeService(notice_id, document_sha256)
        made = verbs.propose(ctx, principal, content, reason=reason)
    _print_made(made)


@app.command("notice-put-back")
def notice_put_back(notice_id: NoticeId, *, reason: Why, acting: Acting = None) -> None:
    """Propose that what a notice took down may be shown again, where it takes two, and print the proposal's id."""
    with acting_operator(acting) as (ctx, principal):
        seen = notices.get_notice(ctx, principal, notice_id).notice
        made = verbs.propose(ctx, principal, NoticePutBack(seen.id, seen.version), reason=reason)
    _print_made(made)


@app.command()
def purge(*, reason: Why, acting: Acting = None) -> None:
    """Propose that a worker destroy what is past its time now, and print the proposal's id.

    For one operator, on this machine, there is `likeness purge`.
    """
    with acting_operator(acting) as (ctx, principal):
        content = Purging(ctx.clock().isoformat(), schedule_sha256(), {})
        made = verbs.propose(ctx, principal, content, reason=reason)
    counted = made.proposed()
    if isinstance(counted, Purging):
        remark(", ".join(f"{rule}: {records}" for rule, records in counted.due.items()))
    _print_made(made)


def _print_made(made: Proposal) -> None:
    remark(f"another operator approves {made.content_sha256[:12]}… before {words(made.expires_at)}, or it lapses")
    echo(made.id)


# --- answering -------------------------------------------------------------------------------------------------------


@app.command()
def approve(
    proposal_id: ProposalId,
    *,
    sha256: Annotated[
        str, Option(parser=_sha256, metavar="SHA256", help="Of the content, as `show` printed it to you.")
    ],
    reason: Why,
    acting: Acting = None,
) -> None:
    """Approve, as another operator, what was proposed. It is done when this ends."""
    with acting_operator(acting) as (ctx, principal):
        done = verbs.approve_proposal(ctx, principal, proposal_id, content_sha256=sha256, reason=reason)
    echo(f"{done.id} is approved, and done")


@app.command()
def refuse(proposal_id: ProposalId, *, reason: Why, acting: Acting = None) -> None:
    """Refuse, as another operator, what was proposed."""
    with acting_operator(acting) as (ctx, principal):
        verbs.refuse_proposal(ctx, principal, proposal_id, reason=reason)
    echo(f"{proposal_id} is refused")


@app.command()
def withdraw(proposal_id: ProposalId, *, reason: Why, acting: Acting = None) -> None:
    """Take your own proposal back."""
    with acting_operator(acting) as (ctx, principal):
        verbs.withdraw_proposal(ctx, principal, proposal_id, reason=reason)
    echo(f"{proposal_id} is withdrawn")


# --- looking ---------------------------------------------------------------------------------------------------------


@app.command("list")
def list_proposals(
    *,
    kind: Annotated[ProposalKind | None, Option(help="Only those of this kind.")] = None,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """List proposals, newest first."""
    with acting_operator(acting) as (ctx, principal):
        found = list(
            every(lambda after, limit: verbs.list_proposals(ctx, principal, kind=kind, after=after, limit=limit))
        )
        now = ctx.clock()
    if as_json:
        print_json([_facts(each) | {"state": each.value().state_at(now)} for each in found])
        return
    rows = [(p.id, p.kind, p.value().state_at(now), p.proposed_by, p.answered_by, p.proposed_at) for p in found]
    print_table(("proposal", "kind", "state", "proposed by", "answered by", "proposed"), rows)


@app.command()
def show(proposal_id: ProposalId, *, as_json: AsJson = False, acting: Acting = None) -> None:
    """Show what exactly is proposed, and the digest by which it is approved."""
    with acting_operator(acting) as (ctx, principal):
        found = verbs.get_proposal(ctx, principal, proposal_id)
        facts = _facts(found) | {"state": found.value().state_at(ctx.clock())}
    if as_json:
        print_json(facts)
    else:
        print_facts(facts | {"content": found.content})


def _facts(proposal: Proposal) -> dict[str, object]:
    return {
        "id": proposal.id,
        "kind": proposal.kind.value,
        "state": proposal.state.value,
        "content": json.loads(proposal.content),
        "content_sha256": proposal.content_sha256,
        "reason": proposal.reason,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "expires_at": proposal.expires_at,
        "answered_by": proposal.answered_by,
        "answered_at": proposal.answered_at,
        "answer_reason": proposal.answer_reason,
    }
