"""How much there is of each kind, for the metrics. Counts only: whose it is is nobody's business here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from registry.domain.checks import CheckState
from registry.domain.verdicts import Verdict
from registry.domain.webhooks import DeliveryState
from registry.services.context import Context
from registry.store.checks import Check
from registry.store.webhooks import messages_undelivered


@dataclass(frozen=True, slots=True)
class Tally:
    """How many checks are in a state with a verdict."""

    state: CheckState
    verdict: Verdict | None
    checks: int


def checks_by_state(ctx: Context) -> Sequence[Tally]:
    """Count the checks by state and verdict."""
    query = select(Check.state, Check.verdict, func.count()).group_by(Check.state, Check.verdict)
    with ctx.database.read() as session:
        return [Tally(state, verdict, checks) for state, verdict, checks in session.execute(query)]


def undelivered(ctx: Context) -> Mapping[DeliveryState, int]:
    """Count the messages of webhooks that have not arrived: those that wait, and those that were given up."""
    with ctx.database.read() as session:
        return messages_undelivered(session)
