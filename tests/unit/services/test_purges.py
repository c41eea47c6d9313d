"""A purge takes two operators; workers carry it out in parts, once, and only of what was past its time by then."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from steps import Registry, candidate

from registry.domain.accounts import Principal, Role
from registry.domain.proposals import Purging
from registry.domain.purges import PurgeState
from registry.domain.retention import schedule_sha256
from registry.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    LeaseLostError,
    NotFoundError,
    SpeechTooShortError,
    StaleVersionError,
)
from registry.services import accounts, assessments, housekeeping, proposals, purge, purge_work, purges
from registry.services.unit import unit_of_work
from registry.store.base import Base
from registry.store.checks import Check
from registry.store.proposals import Proposal
from registry.store.purges import Purge
from registry.store.retention import DestructionCertificate
from registry.store.work import MAX_ATTEMPTS, Work

REFUSED = 5


def second(registry: Registry) -> Principal:
    belongs = registry.operator.organisation_id
    return accounts.operator_principal(
        accounts.create_account(
            registry.ctx, registry.operator, role=Role.OPERATOR, name="Second officer", organisation_id=belongs
        )
    )


def count(registry: Registry, table: type[Base]) -> int:
    with registry.ctx.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def refused_checks(registry: Registry, number: int = REFUSED) -> None:
    studio = registry.studio()
    for _ in range(number):
        registry.submit(studio)
        assessments.refuse_check(registry.ctx, registry.lease(), SpeechTooShortError("too short", speech_s=0.4))


def proposed(registry: Registry, **changes: str) -> Proposal:
    content = Purging(**{"as_of": registry.clock().isoformat(), "schedule_sha256": "", "due": {}} | changes)
    return proposals.propose(registry.ctx, registry.operator, content, reason="the night's purge did not run")


def approved(registry: Registry, other: Principal, proposal: Proposal) -> Purge:
    proposals.approve_proposal(
        registry.ctx, other, proposal.id, content_sha256=proposal.content_sha256, reason="I have counted as well"
    )
    found = purges.purge_of_proposal(registry.ctx, other, proposal.id)
    assert found is not None
    return found


def begun(registry: Registry) -> Purge:
    """Let some checks be past their time, and two operators agree on their destruction."""
    other = second(registry)
    refused_checks(registry)
    registry.clock.move(days=91)
    return approved(registry, other, proposed(registry))


def kept(registry: Registry, purge_id: str) -> Purge:
    return purges.get_purge(registry.ctx, registry.operator, purge_id)


def leaves(registry: Registry, *kinds: str) -> list[str]:
    return [each for each in registry.journal() if each in kinds]


# --- two people ------------------------------------------------------------------------------------------------------


def test_what_is_proposed_says_how_much_by_which_schedule_whatever_the_proposer_says(registry: Registry) -> None:
    second(registry)
    refused_checks(registry)
    registry.clock.move(days=91)
    proposal = proposed(registry, schedule_sha256="a" * 64)
    content = proposal.proposed()
    assert isinstance(content, Purging)
    assert (content.schedule_sha256, content.due) == (schedule_sha256(), {"refused_check": REFUSED})
    assert count(registry, Check) == REFUSED
    with pytest.raises(NotFoundError):
        purges.get_purge(registry.ctx, registry.operator, "purg_00000000000000000000000000")


def test_nothing_is_proposed_of_nothing_nor_of_a_moment_that_says_nothing(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    second(registry)
    with pytest.raises(ConflictError, match="nothing was past its time"):
        proposed(registry)
    for moment in ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"):
        with pytest.raises(InvalidInputError):
            proposed(registry, as_of=moment)
    for away in (timedelta(seconds=1), timedelta(days=-1, seconds=-1)):
        with pytest.raises(InvalidInputError):
            proposed(registry, as_of=(registry.clock() + away).isoformat())


def test_who_may_not_destroy_neither_proposes_nor_approves_it(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    other = second(registry)
    refused_checks(registry)
    registry.clock.move(days=91)
    proposal = proposed(registry)
    narrowed = replace(other, scopes=frozenset(each for each in other.scopes if each.value != "retention:write"))
    with pytest.raises(ForbiddenError):
        approved(registry, narrowed, proposal)
    for verb in (
        lambda: purges.list_purges(registry.ctx, narrowed, after=None, limit=5),
        lambda: purges.counted(registry.ctx, narrowed, Purging(registry.clock().isoformat(), "", {})),
    ):
        with pytest.raises(ForbiddenError):
            verb()
    assert count(registry, Purge) == 0


def test_of_two_approved_at_once_one_begins(registry: Registry) -> None:
    other = second(registry)
    refused_checks(registry)
    registry.clock.move(days=91)
    both = [proposed(registry), proposed(registry)]
    together = Barrier(2)

    def approve(proposal: Proposal) -> str:
        together.wait()
        try:
            approved(registry, other, proposal)
        except ConflictError as error:
            return str(error.figures["state"])
        return "begun"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(approve, both)) == ["begun", "running"]
    assert count(registry, Purge) == 1
    assert len(leaves(registry, "proposal.approved")) == len(leaves(registry, "purge.begun")) == 1


# --- destroying ------------------------------------------------------------------------------------------------------


def test_a_purge_leaves_certificates_and_says_what_it_did(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 2)
    made = begun(registry)
    purge_work.run_purge(registry.ctx, registry.lease())
    done = kept(registry, made.id)
    assert (done.state, done.records, done.certificates) == (PurgeState.DONE, REFUSED, 3)
    assert done.destroyed == done.due == {"refused_check": REFUSED}
    assert count(registry, Check) == 0
    with registry.ctx.database.read() as session:
        certificates = session.scalars(select(DestructionCertificate)).all()
        assert session.scalars(select(Work.state).where(Work.subject_id == made.id)).all() == ["done"]
    assert {each.destroyed_by for each in certificates} == {made.approved_by}
    assert leaves(registry, "purge.begun", "records.destroyed", "purge.finished") == [
        "purge.begun",
        *["records.destroyed"] * 3,
        "purge.finished",
    ]


def test_what_is_past_its_time_later_is_not_destroyed_under_it(registry: Registry) -> None:
    other = second(registry)
    refused_checks(registry)
    registry.clock.move(days=50)
    refused_checks(registry, 2)
    registry.clock.move(days=41)
    made = approved(registry, other, proposed(registry))
    registry.clock.move(days=50)  # it is left for so long
    purge_work.run_purge(registry.ctx, registry.lease())
    assert kept(registry, made.id).records == REFUSED
    assert count(registry, Check) == 2


def test_a_performer_who_gives_a_sign_after_the_approval_keeps_their_voiceprints(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    other, performer_id = second(registry), registry.enrolled()
    registry.checked(registry.studio(), candidate(performer_id))
    registry.clock.move(days=3 * 365, seconds=1)
    made = approved(registry, other, proposed(registry))
    assert made.due["idle_voiceprint"] == 1
    registry.sign(performer_id)
    purge_work.run_purge(registry.ctx, registry.lease())
    assert "idle_voiceprint" not in kept(registry, made.id).destroyed
    assert kept(registry, made.id).destroyed["check"] == 1


def test_a_purge_is_done_in_slices_and_lets_others_have_their_turn(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 2)
    made = begun(registry)
    for number in (1, 2, 3):
        purge_work.run_purge(registry.ctx, registry.lease(f"wkr_{number}"), slice_s=0)
        assert kept(registry, made.id).certificates == number
    assert kept(registry, made.id).state is PurgeState.RUNNING
    purge_work.run_purge(registry.ctx, registry.lease(), slice_s=0)
    assert kept(registry, made.id).state is PurgeState.DONE


# --- what goes wrong -------------------------------------------------------------------------------------------------


def test_who_comes_back_late_destroys_nothing_and_the_other_goes_on(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 2)
    made, late = begun(registry), registry.lease("wkr_late")
    registry.clock.move(seconds=31)
    purge_work.run_purge(registry.ctx, registry.lease("wkr_other"), slice_s=0)
    with pytest.raises(LeaseLostError):
        purge_work.run_purge(registry.ctx, late)
    assert (count(registry, Check), kept(registry, made.id).certificates) == (REFUSED - 2, 1)


@pytest.mark.parametrize("dies_before", ["progressed", "commit"])
def test_a_crash_in_a_part_leaves_whole_parts_and_another_worker_goes_on(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, dies_before: str
) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 2)
    made = begun(registry)
    purge_work.run_purge(registry.ctx, registry.lease("wkr_dies"), slice_s=0)
    _die_at(monkeypatch, dies_before)
    with pytest.raises(KeyboardInterrupt):
        purge_work.run_purge(registry.ctx, registry.lease("wkr_dies"))
    monkeypatch.undo()
    assert (count(registry, Check), kept(registry, made.id).records) == (REFUSED - 2, 2)
    registry.clock.move(seconds=31)
    purge_work.run_purge(registry.ctx, registry.lease("wkr_other"))
    assert (count(registry, Check), kept(registry, made.id).records) == (0, REFUSED)
    with registry.ctx.database.read() as session:
        assert session.scalar(select(func.sum(DestructionCertificate.records))) == REFUSED


def _die_at(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    if place == "progressed":
        monkeypatch.setattr(purge_work.work, "progressed", die)
    else:
        monkeypatch.setattr("registry.services.unit.append_events", die)


def test_a_purge_that_is_stopped_destroys_no_more(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 2)
    made = begun(registry)
    purge_work.run_purge(registry.ctx, registry.lease(), slice_s=0)
    held = registry.lease()
    with pytest.raises(StaleVersionError):
        purges.stop_purge(registry.ctx, registry.operator, made.id, if_version=made.version)
    stopped = purges.stop_purge(registry.ctx, registry.operator, made.id)
    assert (stopped.state, stopped.stopped_by) == (PurgeState.STOPPED, registry.operator.account_id)
    with pytest.raises(NotFoundError):
        purge_work.run_purge(registry.ctx, held)
    with pytest.raises(ConflictError):
        purges.stop_purge(registry.ctx, registry.operator, made.id)
    assert count(registry, Check) == REFUSED - 2
    assert leaves(registry, "purge.stopped", "purge.finished") == ["purge.stopped"]
    other = approved(registry, second(registry), _later(registry, lambda: proposed(registry)))
    assert other.due == {"refused_check": REFUSED - 2}


def _later(registry: Registry, do: Callable[[], Proposal]) -> Proposal:
    registry.clock.move(seconds=1)
    return do()


def test_a_purge_that_was_tried_too_often_has_failed_and_another_may_begin(registry: Registry) -> None:
    made = begun(registry)
    for _ in range(MAX_ATTEMPTS):
        registry.lease()
        registry.clock.move(seconds=31)
    while housekeeping.give_up_one(registry.ctx):
        pass
    failed = kept(registry, made.id)
    assert failed.state is PurgeState.FAILED
    assert failed.problem is not None
    assert failed.problem["figures"] == {"attempts": MAX_ATTEMPTS, "certificates": 0}
    assert leaves(registry, "purge.failed") == ["purge.failed"]
    assert count(registry, Check) == REFUSED


def test_a_schedule_that_has_changed_since_is_not_gone_by(
    sqlite_registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = sqlite_registry
    other = second(registry)
    refused_checks(registry)
    registry.clock.move(days=91)
    proposal = proposed(registry)
    monkeypatch.setattr(purges, "schedule_sha256", lambda: "b" * 64)
    with pytest.raises(ConflictError, match="schedule"):
        approved(registry, other, proposal)
    assert proposals.get_proposal(registry.ctx, other, proposal.id).state.value == "proposed"


def test_a_purge_whose_records_are_gone_already_ends(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    made = begun(registry)
    purge.purge(registry.ctx, registry.operator)  # the night's, from the command line
    purge_work.run_purge(registry.ctx, registry.lease())
    done = kept(registry, made.id)
    assert (done.state, done.records, done.destroyed) == (PurgeState.DONE, 0, {})
    with unit_of_work(registry.ctx) as unit:
        assert unit.session.get_one(Purge, made.id).started_at is not None
