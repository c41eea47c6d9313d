"""What takes two people is done by two or not at all: those very bytes, in time, once, in the approval's commit."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from steps import Registry

from registry.domain.accounts import PERMISSIONS, Principal, RepresentativeKind, Role, Scope
from registry.domain.checks import EnrolmentState
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.engine_settings import SHIPPED, EngineSettings
from registry.domain.proposals import (
    Content,
    DeletionGround,
    EngineChange,
    PerformerDeletion,
    ProposalState,
    Unsealing,
    content_json,
    content_of_json,
)
from registry.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    ProposalChangedError,
    RegistryError,
    RepresentativeRequiredError,
    SecondPersonNeededError,
    StaleVersionError,
    UnauthenticatedError,
)
from registry.services import accounts, civil_status, consents, performers, proposals, representatives, tokens
from registry.services.engine_settings import settings_in_force
from registry.store import models
from registry.store.enrolments import enrolments_of, voiceprints_of
from registry.store.performers import Performer, PerformerKey
from registry.store.proposals import Proposal

STRICTER = EngineChange(0.005, None, replaces=0)


def operator(registry: Registry, name: str = "Second officer") -> Principal:
    belongs = registry.operator.organisation_id
    account = accounts.create_account(
        registry.ctx, registry.operator, role=Role.OPERATOR, name=name, organisation_id=belongs
    )
    return accounts.operator_principal(account)


def proposed(registry: Registry, content: Content = STRICTER) -> Proposal:
    return proposals.propose(registry.ctx, registry.operator, content, reason="we measured it")


def approved(registry: Registry, second: Principal, proposal: Proposal) -> Proposal:
    return proposals.approve_proposal(
        registry.ctx, second, proposal.id, content_sha256=proposal.content_sha256, reason="I have read it"
    )


def kept(registry: Registry, proposal: Proposal) -> Proposal:
    return proposals.get_proposal(registry.ctx, registry.operator, proposal.id)


# --- two people ------------------------------------------------------------------------------------------------------


def test_nobody_approves_their_own_proposal_and_nothing_is_done(sqlite_registry: Registry) -> None:
    operator(sqlite_registry)
    proposal = proposed(sqlite_registry)
    with pytest.raises(SecondPersonNeededError) as refused:
        approved(sqlite_registry, sqlite_registry.operator, proposal)
    assert refused.value.figures["first"] == sqlite_registry.operator.account_id
    assert kept(sqlite_registry, proposal).state is ProposalState.PROPOSED
    assert settings_in_force(sqlite_registry.ctx) == (0, SHIPPED)


def test_an_account_made_after_the_proposal_is_no_second_person(sqlite_registry: Registry) -> None:
    operator(sqlite_registry)
    proposal = proposed(sqlite_registry)
    sqlite_registry.clock.move(seconds=1)
    with pytest.raises(SecondPersonNeededError) as refused:
        approved(sqlite_registry, operator(sqlite_registry, "Made for this"), proposal)
    assert refused.value.figures["account_created_at"] > refused.value.figures["proposed_at"]
    assert kept(sqlite_registry, proposal).state is ProposalState.PROPOSED


def test_where_one_operator_is_in_service_nothing_is_proposed_and_the_words_say_what_is_missing(
    sqlite_registry: Registry,
) -> None:
    with pytest.raises(SecondPersonNeededError, match="create an account for another person") as alone:
        proposed(sqlite_registry)
    assert (alone.value.figures["operators"], alone.value.figures["required"]) == (1, 2)
    second = operator(sqlite_registry)
    accounts.disable_account(sqlite_registry.ctx, sqlite_registry.operator, second.account_id)
    with pytest.raises(SecondPersonNeededError):
        proposed(sqlite_registry)
    assert "proposal.made" not in sqlite_registry.journal()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_nobody_but_an_operator_proposes_answers_or_reads(sqlite_registry: Registry, role: Role) -> None:
    registry, second = sqlite_registry, operator(sqlite_registry)
    proposal = proposed(registry)
    anybody = Principal("acc_x", role, frozenset(Scope), None, {})
    unscoped = replace(second, scopes=PERMISSIONS[Role.OPERATOR] - {Scope.PROPOSALS_READ, Scope.PROPOSALS_WRITE})
    ctx = registry.ctx
    for caller in (anybody, unscoped):
        asking: list[Callable[[], object]] = [
            lambda: proposals.propose(ctx, caller, STRICTER, reason="x"),  # noqa: B023  (called at once)
            lambda: approved(registry, caller, proposal),  # noqa: B023
            lambda: proposals.refuse_proposal(ctx, caller, proposal.id, reason="x"),  # noqa: B023
            lambda: proposals.withdraw_proposal(ctx, caller, proposal.id, reason="x"),  # noqa: B023
            lambda: proposals.get_proposal(ctx, caller, proposal.id),  # noqa: B023
            lambda: proposals.list_proposals(ctx, caller, after=None, limit=5),  # noqa: B023
        ]
        for ask in asking:
            with pytest.raises(ForbiddenError):
                ask()


def test_one_who_proposed_withdraws_and_others_refuse(sqlite_registry: Registry) -> None:
    registry, second = sqlite_registry, operator(sqlite_registry)
    ctx, first = registry.ctx, registry.operator
    one, other = proposed(registry), proposed(registry)
    with pytest.raises(ForbiddenError):
        proposals.refuse_proposal(ctx, first, one.id, reason="x")
    with pytest.raises(ForbiddenError):
        proposals.withdraw_proposal(ctx, second, one.id, reason="x")
    assert proposals.withdraw_proposal(ctx, first, one.id, reason="a slip").state is ProposalState.WITHDRAWN
    assert proposals.refuse_proposal(ctx, second, other.id, reason="too few").state is ProposalState.REFUSED
    for ended in (one, other):
        with pytest.raises(ConflictError) as late:
            approved(registry, second, ended)
        assert late.value.figures["state"] == kept(registry, ended).state.value
    assert settings_in_force(ctx) == (0, SHIPPED)


# --- those bytes, in time, once --------------------------------------------------------------------------------------


def test_other_bytes_than_were_proposed_are_not_approved(sqlite_registry: Registry) -> None:
    second, proposal = operator(sqlite_registry), proposed(sqlite_registry)
    other = proposals.digest_of(EngineChange(0.1, None, replaces=0))
    with pytest.raises(ProposalChangedError) as refused:
        proposals.approve_proposal(sqlite_registry.ctx, second, proposal.id, content_sha256=other, reason="x")
    assert refused.value.figures["content_sha256"] == proposal.content_sha256 == proposals.digest_of(STRICTER)
    assert settings_in_force(sqlite_registry.ctx) == (0, SHIPPED)


@pytest.mark.parametrize(
    "change", ["content = '{}'", "content_sha256 = 'b'", "proposed_by = answered_by", "expires_at = NULL"]
)
def test_the_database_itself_keeps_what_was_proposed(registry: Registry, change: str) -> None:
    operator(registry)
    proposed(registry)
    with registry.ctx.database.write() as session, pytest.raises(DBAPIError):
        session.execute(text(f"UPDATE proposals SET {change}"))  # noqa: S608  (our own words)


def test_the_database_itself_keeps_an_answer(registry: Registry) -> None:
    second, proposal = operator(registry), proposed(registry)
    approved(registry, second, proposal)
    with registry.ctx.database.write() as session, pytest.raises(DBAPIError, match="as it was made"):
        session.execute(text("UPDATE proposals SET state = 'refused'"))
    with registry.ctx.database.write() as session, pytest.raises(DBAPIError):
        session.execute(text("UPDATE engine_settings SET target_fpir = 0.4"))


def test_a_proposal_that_nobody_answers_in_three_days_lapses(sqlite_registry: Registry) -> None:
    second, proposal = operator(sqlite_registry), proposed(sqlite_registry)
    sqlite_registry.clock.move(hours=72)
    with pytest.raises(ConflictError) as late:
        approved(sqlite_registry, second, proposal)
    assert late.value.figures["state"] == ProposalState.LAPSED.value
    assert settings_in_force(sqlite_registry.ctx) == (0, SHIPPED)


def test_of_two_who_approve_at_once_one_does_and_it_is_done_once(registry: Registry) -> None:
    second, third = operator(registry), operator(registry, "Third officer")
    proposal, outcomes = proposed(registry), list[object]()
    ready = threading.Barrier(2)

    def answer(who: Principal) -> None:
        ready.wait()
        try:
            outcomes.append(approved(registry, who, proposal).state)
        except RegistryError as error:
            outcomes.append(type(error))

    together = [threading.Thread(target=answer, args=(who,)) for who in (second, third)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    assert sorted(map(str, outcomes)) == sorted(map(str, [ProposalState.APPROVED, ConflictError]))
    assert registry.journal().count("engine.changed") == 1


@pytest.mark.parametrize(
    "content",
    [
        Unsealing("att_1"),
        PerformerDeletion("perf_1", 3, DeletionGround.ORDERED, "e" * 64),
        EngineChange(0.001, "c" * 64, replaces=2),
    ],
)
def test_what_is_written_down_says_all_of_what_is_proposed(content: Content) -> None:
    assert content_of_json(json.loads(json.dumps(content_json(content)))) == content


# --- the engine's settings -------------------------------------------------------------------------------------------


def test_settings_are_in_force_from_the_approval_on_and_both_names_are_in_the_journal(registry: Registry) -> None:
    second = operator(registry)
    own = EngineChange(0.002, "c" * 64, replaces=0)
    done = approved(registry, second, proposed(registry, own))
    assert settings_in_force(registry.ctx) == (1, EngineSettings(0.002, "c" * 64))
    assert (done.proposed_by, done.answered_by) == (registry.operator.account_id, second.account_id)
    assert registry.journal()[-3:] == ["proposal.made", "proposal.approved", "engine.changed"]


def test_settings_that_came_between_are_not_overwritten(sqlite_registry: Registry) -> None:
    second = operator(sqlite_registry)
    early, late = proposed(sqlite_registry), proposed(sqlite_registry, EngineChange(0.05, None, replaces=0))
    approved(sqlite_registry, second, early)
    with pytest.raises(ConflictError, match="propose anew"):
        approved(sqlite_registry, second, late)
    assert kept(sqlite_registry, late).state is ProposalState.PROPOSED
    assert settings_in_force(sqlite_registry.ctx) == (1, STRICTER.settings)
    for useless in (STRICTER, replace(STRICTER, replaces=1)):
        with pytest.raises(ConflictError):
            proposed(sqlite_registry, useless)


@pytest.mark.parametrize("rate", [0.0, -0.1, 0.5, 1.0])
def test_a_rate_that_is_no_operating_point_is_refused(sqlite_registry: Registry, rate: float) -> None:
    operator(sqlite_registry)
    with pytest.raises(InvalidInputError):
        proposed(sqlite_registry, EngineChange(rate, None, replaces=0))


# --- deleting a performer --------------------------------------------------------------------------------------------


def deletion(
    registry: Registry, performer_id: str, ground: DeletionGround = DeletionGround.REGISTERED_BY_FRAUD
) -> PerformerDeletion:
    version = performers.get_performer(registry.ctx, registry.operator, performer_id).version
    return PerformerDeletion(performer_id, version, ground, "e" * 64)


def test_a_performer_whom_two_operators_delete_is_heard_of_no_more(registry: Registry) -> None:
    second, performer_id = operator(registry), registry.enrolled("Quentin Vale")
    own = registry.principal(Role.PERFORMER, "Quentin Vale", performer_id=performer_id)
    studio = registry.studio()
    registry.sign(performer_id, ConsentPurpose.LICENSING, signed_by="Quentin Vale")
    licence = registry.licence(performer_id, studio)
    mine = tokens.issue_token(
        registry.ctx, own, account_id=own.account_id, name="own", scopes=None, ttl=tokens.LONGEST_TOKEN_LIFE
    )
    approved(registry, second, proposed(registry, deletion(registry, performer_id)))
    with registry.ctx.database.read() as session:
        performer = session.get_one(Performer, performer_id)
        assert (performer.name, performer.deleted_at) == ("(deleted)", registry.clock())
        assert not voiceprints_of(session, performer_id)
        assert not session.scalars(select(PerformerKey)).all()
        assert {each.state for each in enrolments_of(session, performer_id)} == {EnrolmentState.ERASED}
        for table in models.metadata.tables.keys() - {"licence_versions"}:  # what both sides have signed stays
            for row in session.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608  (our own tables)
                assert "Quentin" not in repr(tuple(row)), table
    with pytest.raises(UnauthenticatedError):
        tokens.authenticate(registry.ctx, mine.text)
    happened = registry.journal()
    assert {"performer.deleted", "account.disabled", "voiceprint_key.destroyed", "licence.suspended"} <= set(happened)
    assert licence.id
    again = registry.performer("Quentin Vale")
    assert again != performer_id


def test_a_performer_who_was_deleted_is_not_changed_any_more(sqlite_registry: Registry) -> None:
    second, performer_id = operator(sqlite_registry), sqlite_registry.performer()
    approved(sqlite_registry, second, proposed(sqlite_registry, deletion(sqlite_registry, performer_id)))
    ctx, first = sqlite_registry.ctx, sqlite_registry.operator
    deeds: list[Callable[[], object]] = [
        lambda: performers.change_performer(ctx, first, performer_id, name="Back again"),
        lambda: sqlite_registry.sign(performer_id),
        lambda: consents.withdraw_all(ctx, first, performer_id, modality=Modality.VOICE),
        lambda: proposed(sqlite_registry, deletion(sqlite_registry, performer_id)),
    ]
    for deed in deeds:
        with pytest.raises(ConflictError) as refused:
            deed()
        assert refused.value.figures["state"] == "deleted"


def test_a_performer_is_not_deleted_as_somebody_else_than_was_looked_at(sqlite_registry: Registry) -> None:
    second, performer_id = operator(sqlite_registry), sqlite_registry.performer()
    proposal = proposed(sqlite_registry, deletion(sqlite_registry, performer_id))
    performers.change_performer(sqlite_registry.ctx, sqlite_registry.operator, performer_id, name="Another")
    with pytest.raises(StaleVersionError):
        approved(sqlite_registry, second, proposal)
    with pytest.raises(NotFoundError):
        proposed(sqlite_registry, PerformerDeletion("perf_none", 1, DeletionGround.ORDERED, "e" * 64))
    assert "performer.deleted" not in sqlite_registry.journal()


def test_who_has_died_is_deleted_where_the_death_is_recorded_and_no_estate_decides(sqlite_registry: Registry) -> None:
    registry, second = sqlite_registry, operator(sqlite_registry)
    performer_id, ground = registry.performer(), DeletionGround.DIED_WITHOUT_ESTATE
    with pytest.raises(ConflictError) as alive:
        proposed(registry, deletion(registry, performer_id, ground))
    assert alive.value.figures["state"] == "alive"
    civil_status.record_death(
        registry.ctx, registry.operator, performer_id, died_on=date(2026, 1, 2), evidence_sha256="d" * 64
    )
    proposal = proposed(registry, deletion(registry, performer_id, ground))
    heir = registry.principal(Role.REPRESENTATIVE, "Heir")
    mandate: dict[str, Any] = {"kind": RepresentativeKind.ESTATE, "evidence_sha256": "f" * 64}
    representatives.appoint_representative(
        registry.ctx,
        registry.operator,
        performer_id,
        account_id=heir.account_id,
        scopes=[Scope.CONSENTS_WRITE],
        expires_at=registry.clock().replace(year=2027),
        **mandate,
    )
    with pytest.raises(RepresentativeRequiredError):
        approved(registry, second, proposal)
    assert "performer.deleted" not in registry.journal()
