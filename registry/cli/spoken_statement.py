"""``likeness spoken-statement``: a performer says in the enrolled voice what was agreed, with a one-time number."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer, echo

from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_json, print_table, remark, words
from registry.domain.spoken_statements import KEPT, SpokenStatementState
from registry.domain.spoken_words import HOW, language_of
from registry.errors import EngineUnavailableError
from registry.services import spoken_statements as verbs
from registry.services.intake import Upload
from registry.store.spoken_statements import SpokenStatement

app = Typer(help="Spoken statements: a consent, said aloud in the enrolled voice.", no_args_is_help=True)

PerformerId = Annotated[str, Argument(metavar="PERFORMER_ID")]
ConsentId = Annotated[str, Argument(metavar="CONSENT_ID")]
_LISTED = ("statement", "attempt", "state", "language", "begun", "log10 LR", "number", "reasons")
_NOT_KEPT = 1


@app.command()
def begin(
    performer_id: PerformerId,
    consent_id: ConsentId,
    *,
    language: Annotated[str, Option(metavar="TAG", help="Of the words: en or ko. In ko the number is not verified.")],
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Print the words that the performer reads about a consent, the number last, and then the statement's id.

    The number holds once, for ten minutes. Whatever was begun before about this consent, and not spoken, is expired.
    """
    with acting_operator(acting) as (ctx, principal):
        statement = verbs.begin_statement(ctx, principal, performer_id, consent_id, language=language)
    if as_json:
        print_json(_facts(statement, statement.state))
        return
    remark(HOW.in_language(language_of(statement.language)))
    remark(f"{statement.text}\n")
    remark(f"the number holds until {words(statement.expires_at)}")
    echo(statement.id)


@app.command()
def answer(
    performer_id: PerformerId,
    consent_id: ConsentId,
    statement_id: Annotated[str, Argument(metavar="STATEMENT_ID")],
    file: Annotated[Path, Argument(metavar="FILE", exists=True, dir_okay=False, readable=True)],
    *,
    wait: Annotated[float, Option(metavar="SECONDS", min=0, help="Wait so long for a worker to listen.")] = 30,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Send the recording that answers a statement, and say what became of it. Its number is spent by it.

    Exit code 0: it is kept; 1: it is refused or expired, for the reasons printed; 4: no worker has listened in time.
    """
    with acting_operator(acting) as (ctx, principal):
        verbs.answer_statement(ctx, principal, performer_id, consent_id, statement_id, upload=Upload(file, file.name))
        done = verbs.await_statement(ctx, principal, performer_id, consent_id, statement_id, wait_s=wait)
    if as_json:
        print_json(_facts(done, done.state))
    else:
        echo(f"{done.id} is {done.state.value}")
        for reason in done.reasons:
            echo(f"{reason['code']}: {reason['detail']}")
    if done.state in {SpokenStatementState.QUEUED, SpokenStatementState.FAILED}:
        raise EngineUnavailableError(
            f"{done.id} is {done.state.value} after {wait:g} s: is a worker running?", statement_id=done.id
        )
    if done.state not in KEPT:
        raise Exit(_NOT_KEPT)


@app.command("list")
def list_statements(
    performer_id: PerformerId, consent_id: ConsentId, *, as_json: AsJson = False, acting: Acting = None
) -> None:
    """List every attempt to make a statement about a consent, whatever became of it."""
    with acting_operator(acting) as (ctx, principal):
        found = verbs.list_statements(ctx, principal, performer_id, consent_id)
        now = ctx.clock()
    if as_json:
        print_json([_facts(each, each.state_at(now)) for each in found])
        return
    rows = [
        (
            each.id,
            each.attempt,
            each.state_at(now),
            each.language,
            each.issued_at,
            each.log10_lr,
            each.digits,
            [str(reason["code"]) for reason in each.reasons],
        )
        for each in found
    ]
    print_table(_LISTED, rows)


def _facts(statement: SpokenStatement, state: SpokenStatementState) -> dict[str, object]:
    """Answer a statement as JSON shows it."""
    return {
        "id": statement.id,
        "consent_id": statement.consent_id,
        "attempt": statement.attempt,
        "state": state.value,
        "language": statement.language,
        "text": statement.text,
        "number": statement.number,
        "issued_at": statement.issued_at,
        "expires_at": statement.expires_at,
        "received_at": statement.received_at,
        "content_sha256": statement.content_sha256,
        "outcome": None if statement.outcome is None else statement.outcome.value,
        "log10_lr": statement.log10_lr,
        "number_log10_lr": statement.number_log10_lr,
        "digits": None if statement.digits is None else statement.digits.value,
        "reasons": list(statement.reasons),
        "finished_at": statement.finished_at,
        "version": statement.version,
    }
