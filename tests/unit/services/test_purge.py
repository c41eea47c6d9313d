"""Purging: what is past its time goes, with a certificate; what is not, or what pay rests on, stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from paying import PER_SECOND, heard, licensed, paid_by
from sqlalchemy import func, select
from steps import Registry, candidate

from registry.domain.accounts import RepresentativeKind, Role, Scope
from registry.domain.retention import RULES, SCHEDULE, DestroyedBy, RuleId
from registry.domain.reviews import Considered, Exclusion, ReviewAction
from registry.errors import ForbiddenError, NotFoundError, SpeechTooShortError
from registry.services import assessments, checks, consents, enrolment_work, purge, representatives, reviews
from registry.store import retention
from registry.store.base import Base
from registry.store.checks import Check, Finding
from registry.store.enrolments import Enrolment, SealedVoiceprint
from registry.store.journal import JournalEntry, JournalOpening
from registry.store.performers import PerformerKey
from registry.store.retention import DestructionCertificate
from registry.store.reviews import Review
from registry.store.work import Work

PAST_THREE_YEARS = {"days": 3 * 365, "seconds": 1}


def count(registry: Registry, table: type[Base]) -> int:
    with registry.ctx.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def due(registry: Registry) -> dict[RuleId, int]:
    return {each.rule: each.records for each in purge.what_is_due(registry.ctx, registry.operator) if each.records}


def purged(registry: Registry) -> dict[str, int]:
    return {each.rule: each.records for each in purge.purge(registry.ctx, registry.operator)}


def test_only_who_runs_the_registry_purges(sqlite_registry: Registry) -> None:
    for principal in (sqlite_registry.studio(), sqlite_registry.principal(Role.AUDITOR, "Ear", "Open Ear")):
        for verb in (purge.purge, purge.what_is_due):
            with pytest.raises(ForbiddenError):
                verb(sqlite_registry.ctx, principal)


def test_nothing_is_destroyed_before_its_time_and_no_certificate_is_made_of_nothing(registry: Registry) -> None:
    studio, performer_id = registry.studio(), registry.enrolled()
    registry.checked(studio, candidate(performer_id))
    registry.clock.move(days=3 * 365 - 1)
    assert due(registry).keys() <= {RuleId.ENDED_TOKEN}
    assert purged(registry).keys() <= {"ended_token"}
    assert count(registry, Check) == count(registry, Finding) == count(registry, PerformerKey) == 1


def test_a_check_past_its_time_is_gone_with_its_findings_and_what_opens_its_leaves(registry: Registry) -> None:
    studio, performer_id = registry.studio(), registry.enrolled()
    done = registry.checked(studio, candidate(performer_id))
    registry.clock.move(**PAST_THREE_YEARS)
    registry.sign(performer_id)  # somebody is there: the voiceprint stays
    assert due(registry)[RuleId.CHECK] == 1
    assert purged(registry)["check"] == 2  # the check and its finding
    with pytest.raises(NotFoundError):
        checks.get_check(registry.ctx, studio, done.id)
    with registry.ctx.database.read() as session:
        leaves = session.scalars(select(JournalEntry.seq).where(JournalEntry.subject_id == done.id)).all()
        assert len(leaves) == 2  # that it was submitted and done is remembered, without saying what it was
        assert session.scalars(select(JournalOpening).where(JournalOpening.seq.in_(leaves))).all() == []
        assert session.scalars(select(Work).where(Work.subject_id == done.id)).all() == []
    assert (count(registry, Finding), count(registry, PerformerKey)) == (0, 1)


def _decided(registry: Registry, *actions: ReviewAction) -> None:
    """Decide about the one finding, each time in the place of the decision before."""
    considered = [Considered(each, applies=False, reason="It is an advertisement.") for each in Exclusion]
    with registry.ctx.database.read() as session:
        finding_id = session.scalars(select(Finding.id)).one()
    last = None
    for action in actions:
        last = reviews.review_finding(
            registry.ctx,
            registry.operator,
            finding_id,
            action,
            reason="I have listened to it.",
            considered=considered,
            replaces_id=last.id if last else None,
        )


def test_what_was_decided_about_a_finding_goes_with_it(registry: Registry) -> None:
    registry.checked(registry.studio(), candidate(registry.enrolled()))
    _decided(registry, ReviewAction.ARCHIVE, ReviewAction.ASK_FOR_FIX, ReviewAction.ARCHIVE)
    registry.clock.move(**PAST_THREE_YEARS)
    assert purged(registry)["check"] == 5  # the check, its finding, three decisions
    assert count(registry, Review) == count(registry, Finding) == 0


def test_a_check_that_a_case_was_opened_by_stays(sqlite_registry: Registry) -> None:
    sqlite_registry.checked(sqlite_registry.studio(), candidate(sqlite_registry.enrolled()))
    _decided(sqlite_registry, ReviewAction.OPEN_CASE, ReviewAction.ARCHIVE)
    sqlite_registry.clock.move(**PAST_THREE_YEARS)
    assert RuleId.CHECK not in due(sqlite_registry)
    assert "check" not in purged(sqlite_registry)
    assert (count(sqlite_registry, Finding), count(sqlite_registry, Review)) == (1, 2)


def test_a_check_that_pay_rests_on_stays(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND))
    heard(sqlite_registry, studio, licence)
    sqlite_registry.clock.move(**PAST_THREE_YEARS)
    assert RuleId.CHECK not in due(sqlite_registry)
    assert "check" not in purged(sqlite_registry)
    assert count(sqlite_registry, Finding) == 1


def test_a_refused_check_and_a_refused_enrolment_go_after_ninety_days(registry: Registry) -> None:
    registry.submit(registry.studio())
    assessments.refuse_check(registry.ctx, registry.lease(), SpeechTooShortError("too short", speech_s=0.4))
    performer_id = registry.performer()
    registry.sign(performer_id)
    registry.offer_recordings(performer_id)
    enrolment_work.refuse_enrolment(registry.ctx, registry.lease(), SpeechTooShortError("too short", speech_s=0.4))
    registry.clock.move(days=90)
    assert due(registry) == {}
    registry.clock.move(seconds=1)
    assert due(registry) == {RuleId.REFUSED_CHECK: 1, RuleId.REFUSED_ENROLMENT: 1}
    assert purged(registry) == {"refused_check": 1, "refused_enrolment": 1}
    assert count(registry, Check) == count(registry, Enrolment) == 0
    assert purged(registry) == {}


# --- voiceprints of people nobody has heard of -----------------------------------------------------------------------


def test_three_years_without_a_sign_destroy_the_key_and_every_copy_of_the_voiceprints(registry: Registry) -> None:
    performer_id = registry.enrolled()
    registry.clock.move(**PAST_THREE_YEARS)
    assert due(registry)[RuleId.IDLE_VOICEPRINT] == 1
    assert purged(registry)["idle_voiceprint"] == 3  # a key and two voiceprints
    assert count(registry, PerformerKey) == count(registry, SealedVoiceprint) == 0
    (consent,) = consents.list_consents(registry.ctx, registry.operator, performer_id)
    assert consent.state.value == "expired"
    assert {"consent.expired", "voiceprint_key.destroyed", "records.destroyed"} <= set(registry.journal())
    assert RuleId.IDLE_VOICEPRINT not in due(registry)


@pytest.mark.parametrize("sign", ["token", "representative", "consent"])
def test_a_sign_of_the_performer_or_of_who_acts_for_them_keeps_the_voiceprints(
    sqlite_registry: Registry, sign: str
) -> None:
    registry = sqlite_registry
    performer_id = registry.enrolled()
    registry.clock.move(days=3 * 365 - 10)
    if sign == "token":
        registry.principal(Role.PERFORMER, "Ada", performer_id=performer_id)
    elif sign == "representative":
        _let_a_representative_in(registry, performer_id)
    else:
        registry.sign(performer_id)
    registry.clock.move(days=20)
    assert RuleId.IDLE_VOICEPRINT not in due(registry)


def test_a_token_that_is_the_last_sign_of_a_performer_stays_and_keeps_the_voiceprints(
    sqlite_registry: Registry,
) -> None:
    registry = sqlite_registry
    performer_id = registry.enrolled()
    registry.clock.move(days=1000)
    registry.principal(Role.PERFORMER, "Ada", performer_id=performer_id)
    registry.clock.move(days=700)  # the token has ended 400 days ago
    purged(registry)
    assert count(registry, PerformerKey) == 1
    registry.clock.move(days=400)
    assert purged(registry).keys() >= {"idle_voiceprint", "ended_token"}


def _let_a_representative_in(registry: Registry, performer_id: str) -> None:
    principal = registry.principal(Role.REPRESENTATIVE, "An agent")
    representatives.appoint_representative(
        registry.ctx,
        registry.operator,
        performer_id,
        account_id=principal.account_id,
        kind=RepresentativeKind.AGENT,
        scopes=[Scope.PERFORMERS_READ],
        evidence_sha256="a" * 64,
        expires_at=registry.clock() + timedelta(days=300),
    )


# --- certificates ----------------------------------------------------------------------------------------------------


def test_a_certificate_commits_to_what_was_destroyed_and_the_journal_has_it(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    studio, performer_id = registry.studio(), registry.enrolled()
    done = registry.checked(studio, candidate(performer_id))
    with registry.ctx.database.read() as session:
        held = {
            done.id: retention.digest_of_row(session.get_one(Check, done.id)),
            done.findings[0].id: retention.digest_of_row(session.get_one(Finding, done.findings[0].id)),
        }
    registry.clock.move(**PAST_THREE_YEARS)
    (certificate,) = [each for each in purge.purge(registry.ctx, registry.operator) if each.rule == "check"]
    assert certificate.commitment == purge.commitment_to(certificate.salt, RuleId.CHECK, held)
    assert certificate.cutoff == RULES[RuleId.CHECK].cutoff(registry.clock())
    with registry.ctx.database.read() as session:
        leaf = session.scalars(select(JournalEntry).where(JournalEntry.subject_id == certificate.id)).one()
        opening = session.get_one(JournalOpening, leaf.seq)
    assert (leaf.type, opening.details["commitment"]) == ("records.destroyed", certificate.commitment)


def test_two_purges_at_once_destroy_everything_once(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "AT_ONCE", 2)
    studio = registry.studio()
    for _ in range(5):
        registry.submit(studio)
        assessments.refuse_check(registry.ctx, registry.lease(), SpeechTooShortError("too short", speech_s=0.4))
    registry.clock.move(days=91)
    together = Barrier(2)

    def run(_: int) -> int:
        together.wait()
        return sum(each.records for each in purge.purge(registry.ctx, registry.operator))

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(run, range(2))) == 5
    assert count(registry, Check) == 0
    with registry.ctx.database.read() as session:
        assert session.scalar(select(func.sum(DestructionCertificate.records))) == 5


# --- the schedule ----------------------------------------------------------------------------------------------------


def test_every_rule_that_purge_carries_out_has_a_time_and_records(sqlite_registry: Registry) -> None:
    carried = [rule for rule in SCHEDULE if rule.destroyed_by is DestroyedBy.PURGE]
    assert [rule.id for rule in carried] == list(purge.PURGED)
    for rule in carried:
        assert rule.kept_for is not None
        retention.past_its_time(rule.id, rule.cutoff(sqlite_registry.clock()))
    for rule in set(SCHEDULE) - set(carried):
        with pytest.raises(KeyError):
            retention.past_its_time(rule.id, sqlite_registry.clock())
    assert sorted(RULES) == sorted(RuleId)
