"""The fault table of the ledger: two rows for each write of each verb that posts, it failed and it persisted.

| what fails | what is found | what asking again does |
|---|---|---|
| any write before the commit, or the commit itself | everything as it was | does it |
| the answer, after the commit | everything done | changes nothing: it is known, or refused as done |

There is no state in between, so nothing is left for a start to mend: an entry without its line of use, a payment
confirmed and not posted, or a certificate beside the records that it says are gone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from dying import COMMIT, DIED, Subjects, deaths, new_registry
from dying_at_pay import VERBS
from paying import FEBRUARY, licensed, paid_by, report, said
from sqlalchemy import select
from steps import Clock, Registry

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.terms import PayBasis, PayTerms, Rate
from registry.domain.usage import Period
from registry.errors import ConflictError, SpeechTooShortError
from registry.services import assessments, payments
from registry.services.context import Context
from registry.services.payments import Paid
from registry.settings import Settings
from registry.store.checks import Check, Finding
from registry.store.journal import JournalEntry
from registry.store.ledger import LedgerEntry, PayRemainder
from registry.store.licences import Licence
from registry.store.payments import Payment
from registry.store.retention import DestructionCertificate
from registry.store.usage import UsageLine, UsageReport

PAY = PayTerms((Rate(PayBasis.PER_SECOND, 31), Rate(PayBasis.FLAT, 700)), "GBP", minimum_guarantee_minor=90)


def found_in(ctx: Context) -> dict[str, Counter[tuple[object, ...]]]:
    """Answer what is in a registry, as far as pay touches it, whatever its ids."""
    with ctx.database.read() as session:
        return {
            "entries": Counter(
                (e.kind, e.debit, e.credit, e.amount_minor) for e in session.scalars(select(LedgerEntry))
            ),
            "lines": Counter(
                (x.unit, x.thousandths, x.exact_minor, x.entry_id is None, x.voided_at is None)
                for x in session.scalars(select(UsageLine))
            ),
            "carried": Counter((x.currency, x.remainder) for x in session.scalars(select(PayRemainder))),
            "payments": Counter(
                (x.state, x.amount_minor, x.entry_id is None) for x in session.scalars(select(Payment))
            ),
            "reports": Counter(
                (x.starts_on, x.superseded_at is None, len(x.items)) for x in session.scalars(select(UsageReport))
            ),
            "licences": Counter((x.state, x.paid_at is None) for x in session.scalars(select(Licence))),
            "checks": Counter((x.state, x.verdict) for x in session.scalars(select(Check))),
            "findings": Counter((x.verdict,) for x in session.scalars(select(Finding))),
            "certificates": Counter((x.rule, x.records) for x in session.scalars(select(DestructionCertificate))),
            "journal": Counter((x.type,) for x in session.scalars(select(JournalEntry))),
        }


@dataclass
class House:
    """A registry in a folder that nobody has open, in which every verb that posts has something to do."""

    home: Path
    subjects: Subjects


@pytest.fixture
def house(tmp_path: Path) -> House:
    settings = new_registry(tmp_path)
    clock = Clock(utc_now() - timedelta(days=95))
    with build_context(settings, clock=clock) as ctx:
        registry = Registry(ctx, clock)
        registry.submit(registry.studio("Silent"))
        assessments.refuse_check(ctx, registry.lease(), SpeechTooShortError("too short", speech_s=0.1))
        clock.move(days=94)
        subjects = _agree(registry)
        ctx.database.scrub()
    return House(settings.home, subjects)


def _agree(registry: Registry) -> Subjects:
    today = registry.clock().date()
    studio = registry.studio()
    term = {"starts_on": today.replace(month=1, day=1), "ends_on": today + timedelta(days=300)}
    licence = licensed(registry, studio, replace(paid_by(PAY), **term))
    month = Period(FEBRUARY.starts_on, FEBRUARY.ends_on)
    stands = report(registry, studio, said(licence, "7.3"), period=month)
    payment = payments.report_payment(registry.ctx, studio, licence.id, Paid(600, "GBP", today))
    with registry.ctx.database.read() as session:
        line = session.scalars(select(UsageLine)).one()
    check = registry.submit(studio)
    registry.lease()
    return {
        "performer": licence.performer_id,
        "studio": licence.studio_id,
        "licence": licence.id,
        "report": stands.id,
        "payment": payment.id,
        "entry": str(line.entry_id),
        "check": check.id,
    }


def ask(ctx: Context, verb: str, subjects: Subjects) -> bool:
    """Do what was asked for; answer whether it was taken."""
    try:
        VERBS[verb](ctx, subjects)
    except ConflictError:
        return False
    return True


@pytest.mark.parametrize("verb", VERBS)
def test_a_crash_at_any_write_leaves_all_of_it_or_nothing_and_asking_again_leaves_all_of_it_once(
    house: House, verb: str
) -> None:
    rows = deaths("dying_at_pay.py", house.home, verb, house.subjects)
    assert {row.exit_code for row in rows} == {DIED}
    assert rows[-1].what == COMMIT
    assert len(rows) > 5
    with build_context(Settings(home=house.home)) as ctx:
        before = found_in(ctx)
        assert ask(ctx, verb, house.subjects)
        after = found_in(ctx)
    assert before != after
    for row in rows:
        committed = (row.what, row.when) == (COMMIT, "after")
        with build_context(Settings(home=Path(row.home))) as ctx:
            assert found_in(ctx) == (after if committed else before), row
            ask(ctx, verb, house.subjects)
            assert found_in(ctx) == after, row
