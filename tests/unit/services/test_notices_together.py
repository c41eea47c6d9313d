"""Notices on both databases: of two at once the second is told, and what fails at the commit leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session
from steps import Registry

from registry.domain.accounts import Principal, Role
from registry.domain.cases import CaseState, CaseStep, PaperKind
from registry.domain.conclusions import Conclusion
from registry.domain.notice_document import Material
from registry.domain.notices import NoticeState, PutBackGround, ServedBy
from registry.domain.proposals import NoticeService
from registry.domain.reviews import Considered, Exclusion
from registry.errors import DuplicateError, RegistryError
from registry.services import (
    accounts,
    case_papers,
    cases,
    exports,
    notice_course,
    notice_reviews,
    notices,
    proposals,
    public_figures,
    purge,
    stay_down,
)
from registry.services.notice_course import Service
from registry.services.notice_drafts import Draft
from registry.store.notices import Notice
from registry.store.proposals import Proposal

RECORDING = "5" * 64
DRAFT = Draft(
    elements={"signature": "Ada Lind", "contact": "ada@lind.example", "links": "None."},
    affirmed=["good_faith", "authority"],
    materials=[Material("The voice", "https://studio.example", RECORDING)],
    considered=[Considered(each, applies=False, reason="A product.") for each in Exclusion],
)


@dataclass
class Claim:
    """A performer's claim against a studio, that the registry supports, and two operators."""

    registry: Registry
    performer: Principal
    studio: Principal
    second: Principal
    case_id: str

    @classmethod
    def of(cls, registry: Registry) -> Claim:
        performer_id = registry.performer()
        performer = registry.principal(Role.PERFORMER, "Ada", performer_id=performer_id)
        studio = registry.studio()
        case = cases.open_case(
            registry.ctx,
            performer,
            performer_id=performer_id,
            studio_id=str(studio.organisation_id),
            product="Sky",
            claim="It is mine.",
        )
        claim = cls(registry, performer, studio, another_operator(registry, "Second officer"), case.id)
        claim.propose()
        return claim

    def propose(self) -> None:
        ctx, operator = self.registry.ctx, self.registry.operator
        cases.take_step(ctx, operator, self.case_id, CaseStep.TAKE_UP, reason="Yes.")
        case_papers.file_document(
            ctx,
            self.performer,
            self.case_id,
            kind=PaperKind.RECORDING,
            title="The voice",
            dated_on=None,
            content=None,
            sha256=RECORDING,
        )
        case_papers.file_statement(ctx, self.studio, self.case_id, title="Ours", text="No.")
        cases.take_step(ctx, operator, self.case_id, CaseStep.ANALYSE, reason="Both have spoken.")
        cases.propose(
            ctx, operator, self.case_id, conclusion=Conclusion.SUPPORTS_P, grounds="So it is.", would_change="More."
        )

    def complete(self) -> Notice:
        ctx, performer_id = self.registry.ctx, next(iter(self.performer.performer_ids))
        drafted = notices.draft_notice(
            ctx, self.performer, self.case_id, pack_id="us_no_fakes_2025", language="en", draft=DRAFT
        )
        public_figures.state_public_figure(
            ctx, self.registry.operator, performer_id, is_public_figure=False, reason="Known to the trade alone."
        )
        return notices.complete_notice(ctx, self.performer, drafted.id, reason="All there.")

    def review(self, notice: Notice) -> Notice:
        return notice_reviews.review_notice(
            self.registry.ctx,
            self.second,
            notice.id,
            document_sha256=str(notice.document_sha256),
            evidence_seen="All.",
            reason="Yes.",
        )

    def serve(self, notice: Notice) -> Notice:
        now = self.registry.ctx.clock()
        service = Service("Them", ServedBy.EMAIL, now, str(notice.document_sha256), "By hand.")
        return notice_course.serve_notice(self.registry.ctx, self.performer, notice.id, service)

    def counter(self, notice: Notice) -> Notice:
        return notice_course.counter_notice(self.registry.ctx, self.studio, notice.id, text="It is our own.")

    def put_back(self, notice: Notice) -> Notice:
        return notice_course.put_back_notice(
            self.registry.ctx, self.second, notice.id, ground=PutBackGround.MISTAKE, reason="Another product."
        )

    def steps(self, notice: Notice) -> list[str]:
        found = notices.list_notice_steps(self.registry.ctx, self.registry.operator, notice.id)
        return [each.step for each in found]


def another_operator(registry: Registry, name: str) -> Principal:
    account = accounts.create_account(
        registry.ctx,
        registry.operator,
        role=Role.OPERATOR,
        name=name,
        organisation_id=registry.operator.organisation_id,
    )
    return accounts.operator_principal(account)


def both(*does: Callable[[], Notice | Proposal]) -> list[str]:
    """Do things at the same moment, and answer what became of each."""
    together = Barrier(len(does))

    def one(do: Callable[[], Notice | Proposal]) -> str:
        together.wait()
        try:
            return do().state.value
        except RegistryError as error:
            return error.slug

    with ThreadPoolExecutor(len(does)) as pool:
        return sorted(pool.map(one, does))


def test_of_two_who_do_the_same_at_once_one_does(registry: Registry) -> None:
    claim = Claim.of(registry)
    notice = claim.complete()
    assert both(lambda: claim.review(notice), lambda: claim.review(notice)) == ["conflict", "reviewed"]
    assert both(lambda: claim.serve(notice), lambda: claim.serve(notice)) == ["conflict", "served"]
    assert len(stay_down.list_entries(registry.ctx, registry.operator, notice.id)) == 1
    assert both(lambda: claim.counter(notice), lambda: claim.put_back(notice)) in (
        ["conflict", "put_back"],
        ["countered", "put_back"],
    )
    assert claim.steps(notice)[-1] == "put_back"
    assert registry.journal().count("stay_down.ended") == 1


def test_of_two_who_propose_the_same_of_a_notice_at_once_one_is_told_of_the_other(registry: Registry) -> None:
    claim = Claim.of(registry)
    notice = claim.complete()
    third = another_operator(registry, "Third officer")
    content = NoticeService(notice.id, str(notice.document_sha256))

    def proposed(by: Principal) -> Callable[[], Proposal]:
        return lambda: proposals.propose(registry.ctx, by, content, reason="I have read it.")

    assert both(proposed(claim.second), proposed(third), proposed(claim.second)) == [
        *("duplicate", "duplicate", "proposed")
    ]
    (waiting,) = proposals.list_proposals(registry.ctx, third, kind=None, state=None, after=None, limit=9)
    assert registry.journal().count("proposal.made") == 1
    with pytest.raises(DuplicateError) as told:
        proposed(third)()
    assert told.value.figures["proposal_id"] == waiting.id


class PowerCutError(Exception):
    """The machine stops."""


def cut_at_the_commit(do: Callable[[], Notice]) -> None:
    def at_commit(_session: Session) -> None:
        raise PowerCutError("commit")

    event.listen(Session, "before_commit", at_commit)
    try:
        with pytest.raises(PowerCutError):
            do()
    finally:
        event.remove(Session, "before_commit", at_commit)


def test_what_is_cut_off_at_the_commit_was_not_done_at_all(registry: Registry) -> None:
    claim = Claim.of(registry)
    notice = claim.review(claim.complete())
    before = registry.journal()
    cut_at_the_commit(lambda: claim.serve(notice))
    assert notices.get_notice(registry.ctx, registry.operator, notice.id).notice.state is NoticeState.REVIEWED
    assert stay_down.list_entries(registry.ctx, registry.operator, notice.id) == []
    served = claim.serve(notice)
    cut_at_the_commit(lambda: claim.counter(served))
    assert cases.get_case(registry.ctx, registry.operator, claim.case_id).state is CaseState.PROPOSED
    assert len(case_papers.list_papers(registry.ctx, registry.operator, claim.case_id)) == 2
    (entry,) = stay_down.list_entries(registry.ctx, registry.operator, notice.id)
    assert entry.ended_at is None
    assert registry.journal()[len(before) :] == ["stay_down.listed", "notice.moved"]
    assert claim.counter(served).state is NoticeState.COUNTERED


def test_a_notice_goes_along_with_its_performer_and_what_has_ended_is_purged(registry: Registry) -> None:
    claim = Claim.of(registry)
    notice = claim.serve(claim.review(claim.complete()))
    claim.put_back(notice)
    export = exports.export_performer(registry.ctx, registry.operator, notice.performer_id)
    (told,) = export.tables["notices"]
    assert (told["id"], told["state"]) == (notice.id, "put_back")
    assert "Ada Lind" in str(told["elements"])
    assert [each["step"] for each in export.tables["notice_steps"]] == ["complete", "review", "serve", "put_back"]
    (said,) = export.tables["public_figures"]
    assert said["is_public_figure"] is False
    registry.clock.move(days=29)
    assert {each.rule for each in purge.purge(registry.ctx, registry.operator)} <= {"webhook_message"}
    registry.clock.move(days=2)
    assert "stay_down_entry" in {each.rule for each in purge.purge(registry.ctx, registry.operator)}
    assert stay_down.list_entries(registry.ctx, registry.operator, notice.id) == []
