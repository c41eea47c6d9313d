"""Source attestations: said once, sealed, compared by voice; and read by two operators or by nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from on_record import OnRecord
from sqlalchemy import select, text
from steps import TERMS, USE, Registry, candidate, drawn_voiceprints

from registry.domain.accounts import Principal, Role
from registry.domain.attestations import SEALED_NAME, Attested, SealedIdentity, SourceRecording, UnsealingState
from registry.domain.consents import ConsentPurpose
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    SecondPersonNeededError,
    UnknownAttestationError,
    UnknownSourceError,
)
from registry.services import accounts, attestations, checks, enrolment_work, licences, unsealing
from registry.services.attestations import RegisteredSource, SameSource, Source
from registry.store import models
from registry.store.attestations import SourceAttestation
from registry.store.checks import Check
from registry.store.journal import JournalEntry, JournalOpening
from registry.store.performers import Performer

ROSA = SealedIdentity("Rosa Keel", "through Ivo Lang, agent", "contract 2026-117")


@pytest.fixture
def house(sqlite_registry: Registry) -> Registry:
    return sqlite_registry


@pytest.fixture
def studio(house: Registry) -> Principal:
    return house.studio()


def attest(house: Registry, studio: Principal, source: Source = ROSA, **changes: Any) -> SourceAttestation:
    today = house.clock().date()
    said = Attested(
        product="Voice 2",
        made_on=today,
        recordings=[SourceRecording("a" * 64, today - timedelta(days=20))],
        casting_sha256=["b" * 64],
        direction_sha256="c" * 64,
        mentions=[],
    )
    return attestations.attest_source(house.ctx, studio, replace(said, **changes), source)


def operator(house: Registry, name: str) -> Principal:
    """Let another operator in."""
    belongs = house.operator.organisation_id
    account = accounts.create_account(house.ctx, house.operator, role=Role.OPERATOR, name=name, organisation_id=belongs)
    return accounts.operator_principal(account)


def second(house: Registry) -> Principal:
    return operator(house, "Second officer")


def enrol(house: Registry, performer_id: str) -> None:
    """Let a source be found by voice."""
    house.sign(performer_id, ConsentPurpose.MONITORING)
    house.offer_recordings(performer_id)
    enrolment_work.complete_enrolment(house.ctx, house.lease(), drawn_voiceprints(performer_id))


# --- attesting -------------------------------------------------------------------------------------------------------


def test_what_contradicts_itself_is_refused_and_nothing_is_kept(house: Registry, studio: Principal) -> None:
    today = house.clock().date()
    late = SourceRecording("a" * 64, today + timedelta(days=1))
    wrong: list[dict[str, Any]] = [
        {"made_on": today + timedelta(days=2)},
        {"recordings": []},
        {"recordings": [SourceRecording("a" * 64, today)] * 2},
        {"recordings": [late]},
        {"casting_sha256": ["b" * 64] * 2},
        {"direction_sha256": None},
    ]
    for changes in wrong:
        with pytest.raises(InvalidInputError):
            attest(house, studio, **changes)
    assert not attestations.list_attestations(house.ctx, studio, after=None, limit=10)
    assert "source.attested" not in house.journal()


def test_only_a_studio_attests_and_only_of_its_own_sources(house: Registry, studio: Principal) -> None:
    with pytest.raises(ForbiddenError):
        attest(house, house.operator)
    with pytest.raises(UnknownSourceError):
        attest(house, studio, RegisteredSource(house.performer()))
    sealed = attest(house, studio)
    with pytest.raises(UnknownAttestationError):
        attest(house, house.studio("Southlight"), SameSource(sealed.id))
    with pytest.raises(NotFoundError):
        attestations.get_attestation(house.ctx, house.studio("Eastlight"), sealed.id)


def test_a_draft_that_the_studio_wrote_alone_makes_nobody_a_source(house: Registry, studio: Principal) -> None:
    performer_id = house.performer()
    licences.draft_licence(
        house.ctx, studio, performer_id=performer_id, studio_id=None, title="x", intended_use="x", terms=TERMS
    )
    with pytest.raises(UnknownSourceError) as refused:
        attest(house, studio, RegisteredSource(performer_id))
    assert refused.value.figures["performer_id"] == performer_id
    assert "source.attested" not in house.journal()


def test_a_registered_source_is_not_under_seal(house: Registry, studio: Principal) -> None:
    performer_id = house.performer()
    OnRecord(house.ctx, house.operator.account_id).ready(performer_id, studio)
    attestation = attest(house, studio, RegisteredSource(performer_id))
    assert (attestation.sealed, attestation.performer_id, attestation.identity) == (False, performer_id, None)
    with pytest.raises(ConflictError):
        unsealing.request_unsealing(house.ctx, house.operator, attestation.id, reason="a dispute")


def test_who_a_sealed_source_is_stands_nowhere_in_the_database(house: Registry, studio: Principal) -> None:
    attest(house, studio)
    with house.ctx.database.read() as session:
        for table in models.metadata.tables:
            for row in session.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608  (our own tables)
                written = json.dumps([repr(value) for value in row])
                assert "Rosa" not in written, table
                assert "Ivo Lang" not in written, table


def test_two_voices_of_one_sealed_source_have_one_voiceprint_and_two_seals(house: Registry, studio: Principal) -> None:
    first = attest(house, studio)
    again = attest(house, studio, SameSource(first.id), product="Voice 3")
    assert again.performer_id == first.performer_id
    assert again.identity != first.identity
    assert again.content_sha256 != first.content_sha256
    with house.ctx.database.read() as session:
        assert session.get_one(Performer, first.performer_id).name == SEALED_NAME


def test_the_digest_of_an_attestation_is_in_the_journal(house: Registry, studio: Principal) -> None:
    attestation = attest(house, studio)
    with house.ctx.database.read() as session:
        entry = session.scalars(select(JournalEntry).where(JournalEntry.type == "source.attested")).one()
        details = session.get_one(JournalOpening, entry.seq).details
    assert details["content_sha256"] == attestation.content_sha256


# --- unsealing -------------------------------------------------------------------------------------------------------


def test_nobody_reads_a_sealed_source_alone(house: Registry, studio: Principal) -> None:
    attestation = attest(house, studio)
    with pytest.raises(SecondPersonNeededError) as alone:
        unsealing.request_unsealing(house.ctx, house.operator, attestation.id, reason="a dispute")
    assert (alone.value.figures["operators"], alone.value.figures["required"]) == (1, 2)
    second(house)
    asked = unsealing.request_unsealing(house.ctx, house.operator, attestation.id, reason="a dispute")
    with pytest.raises(ConflictError):
        unsealing.reveal_source(house.ctx, house.operator, attestation.id, asked.id)
    with pytest.raises(SecondPersonNeededError):
        unsealing.approve_unsealing(house.ctx, house.operator, attestation.id, asked.id, reason="I agree with myself")
    with pytest.raises(ForbiddenError):
        unsealing.request_unsealing(house.ctx, studio, attestation.id, reason="we want to know")
    assert "source.revealed" not in house.journal()


def test_two_operators_read_it_a_third_does_not_and_every_reading_is_journalled(
    house: Registry, studio: Principal
) -> None:
    attestation = attest(house, studio)
    other, third = second(house), operator(house, "Third officer")
    asked = unsealing.request_unsealing(house.ctx, house.operator, attestation.id, reason="a dispute")
    unsealing.approve_unsealing(house.ctx, other, attestation.id, asked.id, reason="the court asks")
    assert unsealing.reveal_source(house.ctx, house.operator, attestation.id, asked.id) == ROSA
    assert unsealing.reveal_source(house.ctx, other, attestation.id, asked.id) == ROSA
    with pytest.raises(SecondPersonNeededError):
        unsealing.reveal_source(house.ctx, third, attestation.id, asked.id)
    assert house.journal().count("source.revealed") == 2


def test_a_request_lapses_and_an_approval_closes(house: Registry, studio: Principal) -> None:
    attestation, other = attest(house, studio), second(house)
    lapsing = unsealing.request_unsealing(house.ctx, house.operator, attestation.id, reason="a dispute")
    house.clock.move(hours=72)
    with pytest.raises(ConflictError) as late:
        unsealing.approve_unsealing(house.ctx, other, attestation.id, lapsing.id, reason="too late")
    assert late.value.figures["state"] == UnsealingState.LAPSED.value
    asked = unsealing.request_unsealing(house.ctx, house.operator, attestation.id, reason="a dispute")
    unsealing.approve_unsealing(house.ctx, other, attestation.id, asked.id, reason="the court asks")
    house.clock.move(hours=24)
    with pytest.raises(ConflictError) as closed:
        unsealing.reveal_source(house.ctx, other, attestation.id, asked.id)
    assert closed.value.figures["state"] == UnsealingState.CLOSED.value


def test_a_request_opens_no_other_attestation(house: Registry, studio: Principal) -> None:
    first, other = attest(house, studio), attest(house, studio, SealedIdentity("Tom Reed", "himself"))
    agreeing = second(house)
    asked = unsealing.request_unsealing(house.ctx, house.operator, first.id, reason="a dispute")
    with pytest.raises(NotFoundError):
        unsealing.approve_unsealing(house.ctx, agreeing, other.id, asked.id, reason="the court asks")
    unsealing.approve_unsealing(house.ctx, agreeing, first.id, asked.id, reason="the court asks")
    with pytest.raises(NotFoundError):
        unsealing.reveal_source(house.ctx, house.operator, other.id, asked.id)


# --- comparing -------------------------------------------------------------------------------------------------------


def sound_alike_of(house: Registry, studio: Principal, source: SourceAttestation, performer_id: str) -> Check:
    return house.checked(
        studio,
        candidate(source.performer_id, EvidenceOutcome.MATCH),
        candidate(performer_id, EvidenceOutcome.SOUND_ALIKE, 0.5),
        use=replace(USE, declared_source_id=source.id),
    )


def test_a_sealed_source_who_is_heard_and_licensed_explains_a_sound_alike_and_stays_hidden(
    house: Registry, studio: Principal
) -> None:
    complaining, source = house.enrolled(), attest(house, studio)
    enrol(house, source.performer_id)
    OnRecord(house.ctx, house.operator.account_id).ready(source.performer_id, studio)
    check = sound_alike_of(house, studio, source, complaining)
    finding = next(each for each in check.findings if each.performer_id == complaining)
    assert finding.verdict is Verdict.EXPLAINED_BY_DECLARED_SOURCE
    shown = json.dumps(finding.reasons)
    assert source.id in shown
    assert source.performer_id not in shown
    assert "Rosa" not in shown
    assert check.use().declared_source_id == source.id
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=complaining)
    assert attestations.shown_as(house.ctx, performer, [source.performer_id]) == {source.performer_id: source.id}


def test_a_sealed_source_without_a_licence_explains_nothing(house: Registry, studio: Principal) -> None:
    complaining, source = house.enrolled(), attest(house, studio)
    enrol(house, source.performer_id)
    check = sound_alike_of(house, studio, source, complaining)
    finding = next(each for each in check.findings if each.performer_id == complaining)
    assert finding.verdict is Verdict.SOUND_ALIKE_REVIEW


def test_an_attestation_of_another_studio_cannot_be_declared(house: Registry, studio: Principal) -> None:
    source, thief = attest(house, studio), house.studio("Southlight")
    for named in (source.id, "att_" + "0" * 26):
        with pytest.raises(UnknownAttestationError):
            house.submit(thief, replace(USE, declared_source_id=named))
    assert not checks.list_checks(house.ctx, thief, after=None, limit=10)
