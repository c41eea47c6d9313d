"""Clearances while others act: an approval is used up once, and nothing is permitted after a withdrawal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest
from on_record import COPY, WITH_APPROVAL, OnRecord, asked
from steps import Registry

from registry.domain.accounts import Principal, Role
from registry.domain.clearances import Decision
from registry.domain.consents import ConsentState
from registry.errors import ConflictError
from registry.services import approvals, clearances, ledger
from registry.services import clearances as clearing
from registry.services.approvals import Offer
from registry.services.records import records_between
from registry.store.consents import Consent

TOGETHER = 4


@dataclass
class Case:
    """A performer with a licence of a studio, and what was written of it."""

    registry: Registry
    studio: Principal
    performer_id: str
    record: OnRecord
    consent_id: str
    licence_id: str

    def ask(self) -> Decision:
        wanted = asked(self.performer_id, copy_sha256=COPY)
        (answered,) = clearances.ask_clearances(self.registry.ctx, self.studio, [wanted])
        return answered.clearance.decision


@pytest.fixture
def case(registry: Registry) -> Case:
    record = OnRecord(registry.ctx, registry.operator.account_id)
    studio, performer_id = registry.studio(), registry.performer()
    return Case(registry, studio, performer_id, record, *record.ready(performer_id, studio, WITH_APPROVAL))


def approve(case: Case) -> None:
    performer = case.registry.principal(Role.PERFORMER, "Ada Lind", performer_id=case.performer_id)
    offer = Offer(case.record.soon(days=7), 40_000, "GBP")
    waiting = approvals.request_approval(
        case.registry.ctx, case.studio, asked(case.performer_id, copy_sha256=COPY), offer
    )
    approvals.approve(case.registry.ctx, performer, waiting.id)


def test_an_approval_wanted_by_several_at_once_serves_one(case: Case) -> None:
    approve(case)
    together = Barrier(TOGETHER)

    def ask() -> Decision:
        together.wait()
        return case.ask()

    with ThreadPoolExecutor(TOGETHER) as pool:
        answers = [each.result() for each in [pool.submit(ask) for _ in range(TOGETHER)]]
    assert sorted(answers) == [Decision.ASK] * (TOGETHER - 1) + [Decision.PERMITTED]
    owed = ledger.list_entries(case.registry.ctx, case.studio, licence_id=case.licence_id, after=None, limit=9)
    assert [entry.amount_minor for entry in owed] == [40_000], "its fee is owed once"


def test_an_approval_answered_twice_at_once_has_one_answer(case: Case) -> None:
    performer = case.registry.principal(Role.PERFORMER, "Ada Lind", performer_id=case.performer_id)
    wanted = asked(case.performer_id, copy_sha256=COPY)
    offer = Offer(case.record.soon(days=7), 40_000, "GBP")
    waiting = approvals.request_approval(case.registry.ctx, case.studio, wanted, offer)
    together = Barrier(2)

    def answer(*, yes: bool) -> str:
        together.wait()
        try:
            if yes:
                return approvals.approve(case.registry.ctx, performer, waiting.id).state.value
            return approvals.refuse(case.registry.ctx, performer, waiting.id, reason="not this").state.value
        except ConflictError as error:
            return error.slug

    with ThreadPoolExecutor(2) as pool:
        answers = [each.result() for each in [pool.submit(answer, yes=yes) for yes in (True, False)]]
    assert sorted(answers) in [["approved", "conflict"], ["conflict", "refused"]]


@pytest.mark.parametrize("what", ["consent", "licence", "terms"])
def test_what_is_withdrawn_or_changed_while_it_is_decided_is_not_permitted_on_what_was_read_before(
    case: Case, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    approve(case)
    changed: list[str] = []

    def read_then_change(*arguments: Any, **named: Any) -> Any:
        """Read what is on record, and let somebody change it before it is decided by."""
        records = records_between(*arguments, **named)
        if not changed:
            changed.append(what)
            with ThreadPoolExecutor(1) as somebody:
                somebody.submit(change, case, what).result()
        return records

    monkeypatch.setattr(clearing, "records_between", read_then_change)
    decision = case.ask()
    expected = {"consent": Decision.REFUSED, "licence": Decision.REFUSED, "terms": Decision.PERMITTED}
    assert changed == [what]
    assert decision is expected[what]
    if what == "terms":
        (given,) = clearances.list_clearances(
            case.registry.ctx, case.studio, decision=Decision.PERMITTED, after=None, limit=5
        )
        assert given.licence_version == 2


def change(case: Case, what: str) -> None:
    if what == "consent":
        case.record.withdraw(case.consent_id)
    elif what == "licence":
        case.record.suspend(case.licence_id)
    else:
        case.record.amend(case.licence_id, WITH_APPROVAL)


def test_of_a_clearance_and_a_withdrawal_at_once_the_clearance_never_comes_second(case: Case) -> None:
    approve(case)
    together = Barrier(2)

    def withdraw() -> None:
        together.wait()
        with case.registry.ctx.database.write() as session:
            consent = session.get_one(Consent, case.consent_id, with_for_update=True)
            consent.state, consent.withdrawn_at = ConsentState.WITHDRAWN, case.registry.clock()
            session.commit()

    def ask() -> Decision:
        together.wait()
        return case.ask()

    with ThreadPoolExecutor(2) as pool:
        asking, withdrawing = pool.submit(ask), pool.submit(withdraw)
        withdrawing.result()
        decision = asking.result()
    assert decision in {Decision.PERMITTED, Decision.REFUSED}
    assert case.ask() is Decision.REFUSED
