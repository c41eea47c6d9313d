"""The verbs that write to the ledger, for a process that dies at every write of one: see `dying`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from dying import Subjects, Verb, print_table
from sqlalchemy import select

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "services"))

from paying import FEBRUARY, said_under
from steps import candidate, evidence_on

from registry.cli.operator import choose_operator
from registry.domain.usage import Period
from registry.services import assessments, corrections, payments, purge, usage_reports
from registry.services.context import Context
from registry.store.work import Lease, Work


def report(ctx: Context, ids: Subjects) -> None:
    """Report use of days on which there is no report."""
    day = Period(FEBRUARY.starts_on.replace(month=1), FEBRUARY.starts_on.replace(month=1))
    _report(ctx, ids, day, "5.5")


def amend(ctx: Context, ids: Subjects) -> None:
    """Amend a report that stands: what it has counted is taken back, and other use is posted."""
    _report(ctx, ids, FEBRUARY, "3.25", ids["report"])


def _report(ctx: Context, ids: Subjects, days: Period, quantity: str, amends_id: str | None = None) -> None:
    usage_reports.report_usage(
        ctx,
        choose_operator(ctx, None),
        studio_id=ids["studio"],
        period=days,
        items=[said_under(ids["licence"], quantity)],
        amends_id=amends_id,
    )


def confirm(ctx: Context, ids: Subjects) -> None:
    """Confirm a payment that was reported."""
    payments.confirm_payment(ctx, choose_operator(ctx, None), ids["payment"], evidence_sha256="e" * 64)


def reverse(ctx: Context, ids: Subjects) -> None:
    """Take use back."""
    corrections.reverse_entry(ctx, choose_operator(ctx, None), ids["entry"], reason="another voice")


def check(ctx: Context, ids: Subjects) -> None:
    """Complete a check in which a licensed voice is heard."""
    with ctx.database.read() as session:
        row = session.scalars(select(Work).where(Work.subject_id == ids["check"])).one()
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
    assessments.complete_check(ctx, held, evidence_on(candidate(ids["performer"])))


def destroy(ctx: Context, _: Subjects) -> None:
    """Purge what is past its time."""
    purge.purge(ctx, choose_operator(ctx, None))


VERBS: Mapping[str, Verb] = {
    "report": report,
    "amend": amend,
    "confirm": confirm,
    "reverse": reverse,
    "check": check,
    "destroy": destroy,
}


if __name__ == "__main__":
    print_table(VERBS)
