"""What a completed check holds: who was heard, what policy says, and nothing about anybody else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from steps import USE, Registry, candidate, evidence_on

from registry.domain.accounts import Role
from registry.domain.checks import CheckState
from registry.domain.consents import ConsentPurpose
from registry.domain.scores import EvidenceOutcome
from registry.domain.uses import UsePurpose
from registry.domain.verdicts import Verdict
from registry.errors import ForbiddenError, LeaseLostError, NotFoundError, UnknownLicenceError, UnknownSourceError
from registry.services import assessments, checks


def test_an_operator_submits_nothing(registry: Registry) -> None:
    with pytest.raises(ForbiddenError):
        registry.submit(registry.operator)


def test_a_claimed_licence_of_somebody_else_is_as_unknown_as_one_that_does_not_exist(registry: Registry) -> None:
    performer_id, one, other = registry.enrolled(), registry.studio("One"), registry.studio("Other")
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(performer_id, one)
    told = set()
    for licence_id in (licence.id, licence.id[:-4] + "0000"):
        with pytest.raises(UnknownLicenceError) as error:
            registry.submit(other, replace(USE, claimed_licence_ids=(licence_id,)))
        told.add(error.value.detail.replace(licence_id, "…"))
    assert len(told) == 1
    assert registry.ctx.spool.keys() == []


def test_a_declared_source_without_a_licence_is_refused(registry: Registry) -> None:
    performer_id = registry.enrolled()
    with pytest.raises(UnknownSourceError):
        registry.submit(registry.studio(), replace(USE, declared_source_id=performer_id))


def test_an_empty_gallery_is_not_assessed_rather_than_no_match(registry: Registry) -> None:
    studio = registry.studio()
    check = registry.submit(studio)
    assessments.complete_check(registry.ctx, registry.lease(), None)
    done = checks.get_check(registry.ctx, studio, check.id)
    assert (done.state, done.verdict) == (CheckState.DONE, Verdict.NOT_ASSESSED)


def test_the_nearest_names_of_a_stranger_are_not_stored(registry: Registry) -> None:
    performer_id, studio = registry.enrolled(), registry.studio()
    far = candidate(performer_id, EvidenceOutcome.NO_MATCH, -2.0)
    done = registry.checked(studio, far)
    assert (done.verdict, done.findings) == (Verdict.NO_MATCH, [])
    assert performer_id not in str(done.reasons)


def test_the_gravest_verdict_names_the_recording(registry: Registry) -> None:
    ada, angus, studio = registry.enrolled("Ada"), registry.enrolled("Angus"), registry.studio()
    registry.sign(ada, ConsentPurpose.LICENSING)
    licence = registry.licence(ada, studio)
    done = registry.checked(studio, candidate(ada, spans=((0, 4),)), candidate(angus, spans=((5, 9),), log10_lr=2.5))
    assert {f.performer_id: f.verdict for f in done.findings} == {
        ada: Verdict.LICENSED_USE,
        angus: Verdict.UNLICENSED_MATCH,
    }
    assert done.verdict is Verdict.UNLICENSED_MATCH
    assert done.findings[0].licence_id == licence.id


def test_a_sound_alike_is_explained_by_the_declared_licensed_source(registry: Registry) -> None:
    source, famous, studio = registry.enrolled("Source"), registry.enrolled("Famous"), registry.studio()
    registry.sign(source, ConsentPurpose.LICENSING)
    registry.licence(source, studio)
    done = registry.checked(
        studio,
        candidate(source),
        candidate(famous, EvidenceOutcome.SOUND_ALIKE, 0.8),
        use=replace(USE, declared_source_id=source),
    )
    verdicts = {f.performer_id: f.verdict for f in done.findings}
    assert verdicts == {source: Verdict.LICENSED_USE, famous: Verdict.EXPLAINED_BY_DECLARED_SOURCE}


def test_a_use_outside_the_licence_names_the_term_that_refused(registry: Registry) -> None:
    performer_id, studio = registry.enrolled(), registry.studio()
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    registry.licence(performer_id, studio)
    done = registry.checked(studio, candidate(performer_id), use=replace(USE, purpose=UsePurpose.CHARACTER))
    assert done.verdict is Verdict.LICENSED_OUT_OF_SCOPE
    assert done.reasons is not None
    assert done.reasons[0]["figures"]["term"] == "purposes"


def test_a_worker_whose_lease_was_taken_over_stores_nothing(registry: Registry) -> None:
    performer_id, studio = registry.enrolled(), registry.studio()
    check = registry.submit(studio)
    late = registry.lease("wkr_late")
    registry.clock.move(minutes=2)
    second = registry.lease("wkr_second")
    assessments.complete_check(registry.ctx, second, evidence_on(candidate(performer_id)))
    with pytest.raises(LeaseLostError):
        assessments.complete_check(registry.ctx, late, evidence_on())
    done = checks.get_check(registry.ctx, studio, check.id)
    assert [f.performer_id for f in done.findings] == [performer_id]
    assert registry.journal().count("check.completed") == 1


def test_the_upload_and_its_key_are_gone_once_the_check_is_done(registry: Registry) -> None:
    done = registry.checked(registry.studio())
    assert done.spool_key is None
    assert registry.ctx.spool.keys() == []


def test_a_studio_sees_its_own_checks_and_nothing_else(registry: Registry) -> None:
    performer_id, one, other = registry.enrolled(), registry.studio("One"), registry.studio("Other")
    done = registry.checked(one, candidate(performer_id))
    with pytest.raises(NotFoundError):
        checks.get_check(registry.ctx, other, done.id)
    with pytest.raises(NotFoundError):
        checks.get_finding(registry.ctx, other, done.findings[0].id)
    assert list(checks.list_checks(registry.ctx, other, after=None, limit=10)) == []
    found = checks.list_findings(registry.ctx, other, verdict=None, performer_id=performer_id, after=None, limit=10)
    assert list(found) == []


def test_a_performer_sees_findings_about_them_and_no_others(registry: Registry) -> None:
    ada, angus, studio = registry.enrolled("Ada"), registry.enrolled("Angus"), registry.studio()
    own = registry.principal(Role.PERFORMER, "Ada", performer_id=ada)
    registry.checked(studio, candidate(ada), candidate(angus, log10_lr=2.0))
    found = checks.list_findings(registry.ctx, own, verdict=None, performer_id=None, after=None, limit=10)
    assert [f.performer_id for f in found] == [ada]
