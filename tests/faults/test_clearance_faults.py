"""The fault table of clearances: two rows for each write of each verb, it failed and it persisted.

| what fails | what is found | what asking again does |
|---|---|---|
| any write before the commit, or the commit itself | everything as it was | does it |
| the answer, after the commit | everything done | clears nothing twice, answers nothing twice; what may be said |
| | | twice (a refusal, an attestation, a reading) is said again, and both are on record |

There is no state in between: no approval is used up without the clearance that used it, no source without a name has no
attestation, and nothing was read that the journal does not know of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from dying import COMMIT, DIED, Subjects, deaths, new_registry
from dying_at_clearing import VERBS
from on_record import COPY, WITH_APPROVAL, OnRecord, asked
from sqlalchemy import select
from steps import Clock, Registry

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.accounts import Principal, Role
from registry.domain.approaches import ApproachOutcome
from registry.domain.attestations import Attested, SealedIdentity, SourceRecording
from registry.errors import ConflictError
from registry.services import accounts, approaches, approvals, attestations, unsealing
from registry.services.approvals import Offer
from registry.services.context import Context
from registry.settings import Settings
from registry.store.approaches import Approach
from registry.store.approvals import Approval
from registry.store.attestations import SourceAttestation
from registry.store.clearances import Clearance
from registry.store.journal import JournalEntry
from registry.store.performers import Performer
from registry.store.proposals import Proposal

SAID_ONCE = {"answer", "approach", "unseal"}
"""What is refused when it is asked for again."""


def found_in(ctx: Context) -> dict[str, Counter[tuple[object, ...]]]:
    """Answer what is in a registry, as far as these verbs touch it, whatever its ids."""
    with ctx.database.read() as session:
        return {
            "clearances": Counter((x.decision, x.terms_sha256) for x in session.scalars(select(Clearance))),
            "approvals": Counter(
                (x.state, x.copy_sha256, x.clearance_id is None) for x in session.scalars(select(Approval))
            ),
            "approaches": Counter((x.outcome, x.amends_id is None) for x in session.scalars(select(Approach))),
            "attestations": Counter((x.product, x.sealed) for x in session.scalars(select(SourceAttestation))),
            "unsealings": Counter((x.answered_by is None,) for x in session.scalars(select(Proposal))),
            "performers": Counter((x.name,) for x in session.scalars(select(Performer))),
            "journal": Counter((x.type,) for x in session.scalars(select(JournalEntry))),
        }


@dataclass
class House:
    """A registry in a folder that nobody has open, in which every verb has something to do."""

    home: Path
    subjects: Subjects


@pytest.fixture
def house(tmp_path: Path) -> House:
    settings = new_registry(tmp_path)
    with build_context(settings) as ctx:
        subjects = _prepare(Registry(ctx, Clock(utc_now())))
        ctx.database.scrub()
    return House(settings.home, subjects)


def _prepare(registry: Registry) -> Subjects:
    studio, performer_id = registry.studio(), registry.performer()
    performer = registry.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    record = OnRecord(registry.ctx, registry.operator.account_id)
    today = registry.clock().date()
    record.ready(performer_id, studio, replace(WITH_APPROVAL, starts_on=today, ends_on=today + timedelta(days=90)))
    approved, waiting = (
        approvals.request_approval(
            registry.ctx, studio, asked(performer_id, copy_sha256=copy), Offer(record.soon(days=7), 40_000, "GBP")
        ).id
        for copy in (COPY, "e" * 64)
    )
    approvals.approve(registry.ctx, performer, approved)
    entry = approaches.record_approach(
        registry.ctx,
        performer,
        performer_id,
        studio_id=studio.organisation_id,
        studio_name=None,
        asked_on=today,
        purposes=(),
        scope="My voice.",
        outcome=ApproachOutcome.UNANSWERED,
    )
    said = Attested("Voice 2", today, [SourceRecording("a" * 64, today)])
    attestation = attestations.attest_source(registry.ctx, studio, said, SealedIdentity("Rosa Keel", "an agent"))
    return {
        "performer": performer_id,
        "performer_account": performer.account_id,
        "studio": str(studio.organisation_id),
        "studio_account": studio.account_id,
        "waiting": waiting,
        "entry": entry.id,
        "attestation": attestation.id,
        **_unsealed(registry, attestation.id),
    }


def _unsealed(registry: Registry, attestation_id: str) -> Subjects:
    first, belongs = registry.operator, registry.operator.organisation_id
    account = accounts.create_account(registry.ctx, first, role=Role.OPERATOR, name="Second", organisation_id=belongs)
    second: Principal = accounts.operator_principal(account)
    asking, open_now = (
        unsealing.request_unsealing(registry.ctx, first, attestation_id, reason="a dispute").id for _ in range(2)
    )
    unsealing.approve_unsealing(registry.ctx, second, attestation_id, open_now, reason="the court asks")
    return {"first": first.account_id, "second": second.account_id, "unsealing": asking, "unsealed": open_now}


def ask(ctx: Context, verb: str, subjects: Subjects) -> bool:
    """Do what was asked for; answer whether it was taken."""
    try:
        VERBS[verb](ctx, subjects)
    except ConflictError:
        return False
    return True


@pytest.mark.parametrize("verb", VERBS)
def test_a_crash_at_any_write_leaves_all_of_it_or_nothing(house: House, verb: str) -> None:
    rows = deaths("dying_at_clearing.py", house.home, verb, house.subjects)
    assert {row.exit_code for row in rows} == {DIED}
    assert rows[-1].what == COMMIT
    assert len(rows) >= 6
    with build_context(Settings(home=house.home)) as ctx:
        before = found_in(ctx)
        assert ask(ctx, verb, house.subjects)
        after = found_in(ctx)
        taken_again = ask(ctx, verb, house.subjects)
        twice = found_in(ctx)
    assert before != after
    assert taken_again is (verb not in SAID_ONCE)
    assert twice["approvals"] == after["approvals"]  # nothing is used up twice
    for row in rows:
        committed = (row.what, row.when) == (COMMIT, "after")
        with build_context(Settings(home=Path(row.home))) as ctx:
            assert found_in(ctx) == (after if committed else before), row
            ask(ctx, verb, house.subjects)
            assert found_in(ctx) == (twice if committed else after), row
