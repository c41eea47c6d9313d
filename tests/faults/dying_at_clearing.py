"""The verbs about clearances, for a process that dies at every write of one: see `dying`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from dying import Subjects, Verb, print_table

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "services"))

from on_record import COPY, asked

from registry.cli.operator import choose_operator
from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.domain.approaches import ApproachOutcome
from registry.domain.attestations import Attested, SealedIdentity, SourceRecording
from registry.services import approaches, approvals, attestations, clearances, unsealing
from registry.services.accounts import operator_principal
from registry.services.context import Context
from registry.store.accounts import Account


def studio_of(ids: Subjects) -> Principal:
    """Answer the studio's administrator."""
    role = Role.STUDIO_ADMIN
    return Principal(ids["studio_account"], role, PERMISSIONS[role], ids["studio"], {})


def performer_of(ids: Subjects) -> Principal:
    """Answer the performer's own account."""
    scopes = PERMISSIONS[Role.PERFORMER]
    return Principal(ids["performer_account"], Role.PERFORMER, scopes, None, {ids["performer"]: scopes})


def clear(ctx: Context, ids: Subjects) -> None:
    """Give a clearance that uses an approval up, and one that is refused."""
    wanted = [asked(ids["performer"], copy_sha256=COPY), asked(ids["performer"], copy_sha256="f" * 64)]
    clearances.ask_clearances(ctx, studio_of(ids), wanted)


def answer(ctx: Context, ids: Subjects) -> None:
    """Approve another copy."""
    approvals.approve(ctx, performer_of(ids), ids["waiting"])


def approach(ctx: Context, ids: Subjects) -> None:
    """Record that a studio asked."""
    approaches.record_approach(
        ctx,
        performer_of(ids),
        ids["performer"],
        studio_id=ids["studio"],
        studio_name=None,
        asked_on=ctx.clock().date(),
        purposes=(),
        scope="My voice.",
        outcome=ApproachOutcome.DECLINED,
        amends_id=ids["entry"],
    )


def attest(ctx: Context, ids: Subjects) -> None:
    """Attest a source under seal: a performer record, an envelope and an attestation."""
    today = ctx.clock().date()
    said = Attested("Voice 3", today, [SourceRecording("a" * 64, today - timedelta(days=1))])
    attestations.attest_source(ctx, studio_of(ids), said, SealedIdentity("Tom Reed", "himself"))


def unseal(ctx: Context, ids: Subjects) -> None:
    """Approve, as the second operator, that a source be read."""
    with ctx.database.read() as session:
        second = operator_principal(session.get_one(Account, ids["second"]))
    unsealing.approve_unsealing(ctx, second, ids["attestation"], ids["unsealing"], reason="the court asks")


def reveal(ctx: Context, ids: Subjects) -> None:
    """Read a source that two operators have unsealed."""
    unsealing.reveal_source(ctx, choose_operator(ctx, ids["first"]), ids["attestation"], ids["unsealed"])


VERBS: Mapping[str, Verb] = {
    "clear": clear,
    "answer": answer,
    "approach": approach,
    "attest": attest,
    "unseal": unseal,
    "reveal": reveal,
}


if __name__ == "__main__":
    print_table(VERBS)
