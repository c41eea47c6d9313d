"""Figures for the public: what happened in quarters that are over, counted by the records and the journal."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from steps import Registry
from test_notices_together import Claim

from registry.domain.accounts import Principal, Role
from registry.domain.cases import CaseStep
from registry.domain.conclusions import Conclusion
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.misuse import MisuseGround
from registry.domain.notices import WithdrawalGround
from registry.domain.proposals import EngineChange
from registry.domain.transparency import Counted, Measure, Quarter
from registry.services import accounts, case_papers, cases, consents, misuse, notices, proposals
from registry.services.transparency import Transparency, published_figures
from registry.store.cases import Case

Q1, Q2, Q3 = Quarter(2026, 1), Quarter(2026, 2), Quarter(2026, 3)


@dataclass
class Town:
    """A performer, a studio, and as many disputes between them as are wanted, from the second quarter on."""

    registry: Registry
    studio: Principal = field(init=False)
    performer_id: str = field(init=False)
    cases: int = 0

    def __post_init__(self) -> None:
        self.studio, self.performer_id = self.registry.studio(), self.registry.performer()
        self.registry.clock.now = Q2.begins_at

    def opened(self, by: Principal | None = None) -> Case:
        self.cases += 1
        return cases.open_case(
            self.registry.ctx,
            by or self.registry.operator,
            performer_id=self.performer_id,
            studio_id=str(self.studio.organisation_id),
            product=f"Voice {self.cases}",
            claim="It is mine.",
        )

    def step(self, case: Case, step: CaseStep, **more: Any) -> None:
        cases.take_step(self.registry.ctx, self.registry.operator, case.id, step, reason="It is time.", **more)

    def decide(self, together: list[Case], conclusion: Conclusion) -> None:
        """Let cases go on to their decision, as late as both sides let them."""
        ctx, operator, clock = self.registry.ctx, self.registry.operator, self.registry.clock
        clock.move(days=14)
        for case in together:
            self.step(case, CaseStep.ANALYSE)
            cases.propose(
                ctx, operator, case.id, conclusion=conclusion, grounds="By the papers.", would_change="Others."
            )
        clock.move(days=10)
        for case in together:
            self.step(case, CaseStep.DECIDE)

    def figures(self, at: datetime) -> Transparency:
        self.registry.clock.now = at
        return published_figures(self.registry.ctx)


@pytest.fixture
def town(registry: Registry) -> Town:
    return Town(registry)


def test_before_the_first_quarter_is_over_there_are_no_figures(town: Town) -> None:
    for _ in range(9):
        town.opened()
    told = town.figures(datetime(2026, 3, 31, 23, 59, tzinfo=UTC))
    assert (told.quarters, told.decisions, told.next_at) == ((), (), Q2.begins_at)
    assert all(periods == () for periods in told.counts.values())


def test_what_happens_in_a_quarter_is_not_told_while_it_lasts(town: Town) -> None:
    before = town.figures(Q2.begins_at)
    town.decide(_taken_up(town, 6), Conclusion.SUPPORTS_P)
    while_it_lasts = town.figures(datetime(2026, 6, 30, tzinfo=UTC))
    assert while_it_lasts == before
    after = town.figures(Q3.begins_at)
    assert after.counts[Measure.CASES_FROM_FINDINGS] == (Counted(Q1, Q1, 0), Counted(Q2, Q2, 6))


def test_who_opened_a_case_and_how_it_ended_are_counted_apart(town: Town) -> None:
    performer = town.registry.principal(Role.PERFORMER, "Ada Lind", performer_id=town.performer_id)
    for step, count in ((CaseStep.DO_NOT_TAKE_UP, 5), (CaseStep.SETTLE, 6), (CaseStep.WITHDRAW, 7)):
        for _ in range(count):
            case = town.opened(performer)
            by = performer if step is CaseStep.WITHDRAW else town.registry.operator
            cases.take_step(town.registry.ctx, by, case.id, step, reason="It is time.")
    town.opened()
    told = town.figures(Q3.begins_at)
    given = {measure: [each.count for each in periods] for measure, periods in told.counts.items()}
    assert given[Measure.CLAIMS_BY_PERFORMERS] == [0, 18]
    assert given[Measure.CASES_FROM_FINDINGS] == [0, None]
    assert given[Measure.CLAIMS_REFUSED] == [0, 5]
    assert given[Measure.CASES_SETTLED] == [0, 6]
    assert given[Measure.CLAIMS_WITHDRAWN] == [0, 7]
    assert [each.groups for each in told.decisions][1] == [((each,), 0) for each in Conclusion]


def test_a_decision_is_what_was_proposed_last_and_is_timed_from_the_last_opening(town: Town) -> None:
    together = _taken_up(town, 5)
    town.decide(together, Conclusion.INCONCLUSIVE)
    for case in together:
        paper = case_papers.file_statement(
            town.registry.ctx, town.studio, case.id, title="New", text=f"Something new about {case.id}."
        )
        town.step(case, CaseStep.REOPEN, paper_id=paper.id)
    town.decide(together, Conclusion.EXPLAINED_BY_S)
    told = town.figures(Q3.begins_at)
    (decided,) = [each for each in told.decisions if each.first == Q2]
    counts = {kind: count for (kind,), count in decided.groups}
    assert counts[Conclusion.INCONCLUSIVE] == counts[Conclusion.EXPLAINED_BY_S] == 5
    assert (decided.count, decided.median_days) == (10, 24)
    assert [each.count for each in told.counts[Measure.CASES_REOPENED]] == [0, 5]


def test_consents_that_were_withdrawn_are_counted_by_the_journal(town: Town) -> None:
    registry = town.registry
    for number in range(5):
        performer_id = registry.performer(f"Person {number}")
        registry.sign(performer_id, ConsentPurpose.MONITORING)
        consents.withdraw_all(registry.ctx, registry.operator, performer_id, modality=Modality.VOICE)
    told = town.figures(Q3.begins_at)
    assert [each.count for each in told.counts[Measure.CONSENTS_WITHDRAWN]] == [0, 5]


def test_notices_and_misuse_are_counted_and_each_side_by_the_same_rule(registry: Registry) -> None:
    registry.clock.now = Q2.begins_at
    claim = Claim.of(registry)
    for _ in range(5):
        served = claim.serve(claim.review(claim.complete()))
        notices.withdraw_notice(
            registry.ctx, claim.performer, served.id, ground=WithdrawalGround.MISTAKEN, reason="It was another voice."
        )
        misuse.record_strike(
            registry.ctx,
            registry.operator,
            ground=MisuseGround.WITHDRAWN_AS_MISTAKEN,
            notice_id=served.id,
            reason="It was served, and taken back as a mistake.",
        )
    registry.clock.now = Q3.begins_at
    told = {measure: periods[-1].count for measure, periods in published_figures(registry.ctx).counts.items()}
    assert (told[Measure.NOTICES_SERVED], told[Measure.NOTICES_WITHDRAWN], told[Measure.NOTICES_COUNTERED]) == (5, 5, 0)
    assert (told[Measure.MISUSE_BY_CLAIMANTS], told[Measure.MISUSE_BY_RESPONDENTS]) == (5, 0)


def test_of_another_calibration_than_the_shipped_one_no_rates_are_told(town: Town) -> None:
    assert town.figures(Q2.begins_at).error_rates is not None
    registry = town.registry
    account = accounts.create_account(
        registry.ctx,
        registry.operator,
        role=Role.OPERATOR,
        name="Second operator",
        organisation_id=registry.operator.organisation_id,
    )
    second = accounts.operator_principal(account)
    proposal = proposals.propose(
        registry.ctx,
        registry.operator,
        EngineChange(0.01, "c" * 64, replaces=0),
        reason="Fitted to our own recordings.",
    )
    proposals.approve_proposal(
        registry.ctx, second, proposal.id, content_sha256=proposal.content_sha256, reason="I have read it."
    )
    assert town.figures(Q2.begins_at).error_rates is None


def _taken_up(town: Town, count: int) -> list[Case]:
    found = [town.opened() for _ in range(count)]
    for case in found:
        town.step(case, CaseStep.TAKE_UP)
    return found
