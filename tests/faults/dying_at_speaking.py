"""The verbs of spoken statements, for a process that dies at every write of one: see `dying`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from dying import Subjects, Verb, print_table
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "services"))

from steps import candidate, evidence_on

from registry.cli.operator import choose_operator
from registry.domain.scores import EvidenceOutcome
from registry.domain.spoken_statements import Heard
from registry.services import consents, spoken_statement_work, spoken_statements
from registry.services.context import Context
from registry.services.intake import Upload
from registry.services.spoken_statement_work import Listening
from registry.store.spoken_statements import SpokenStatement
from registry.store.work import Lease, Work


def begin(ctx: Context, ids: Subjects) -> None:
    """Begin a statement in place of one that was not spoken."""
    spoken_statements.begin_statement(
        ctx, choose_operator(ctx, None), ids["performer"], ids["begun_about"], language="en"
    )


def answer(ctx: Context, ids: Subjects) -> None:
    """Send the recording that answers a statement."""
    path = Path(ids["recording"])
    spoken_statements.answer_statement(
        ctx,
        choose_operator(ctx, None),
        ids["performer"],
        ids["begun_about"],
        ids["begun"],
        upload=Upload(path, path.name),
    )


def listen(ctx: Context, ids: Subjects) -> None:
    """Accept a statement that waits, as a worker does that holds the lease."""
    with ctx.database.read() as session:
        row = session.scalars(select(Work).where(Work.subject_id == ids["waiting"])).one()
        number = session.get_one(SpokenStatement, ids["waiting"]).number
    if row.lease_expires_at is None:
        return  # it is finished
    held = Lease(
        work_id=row.id,
        kind=row.kind,
        subject_id=row.subject_id,
        attempt=row.attempts,
        max_attempts=row.max_attempts,
        worker_id="wkr_one",
        token=row.lease_token,
        expires_at=row.lease_expires_at,
    )
    heard = Heard(EvidenceOutcome.MATCH, 3.0, 1, (number,), None, 1.0)
    spoken_statement_work.complete_statement(ctx, held, Listening(heard, evidence_on(candidate(ids["performer"]))))


def withdraw(ctx: Context, ids: Subjects) -> None:
    """Withdraw everything while one statement is begun and another waits."""
    consents.withdraw_all(ctx, choose_operator(ctx, None), ids["performer"])


VERBS: Mapping[str, Verb] = {
    "begin": begin,
    "answer": answer,
    "listen": listen,
    "withdraw": withdraw,
}


if __name__ == "__main__":
    print_table(VERBS)
