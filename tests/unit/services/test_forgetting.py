"""Being forgotten: no template, no name, a refusal of both from then on, and a way back that starts from nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from steps import Registry

from registry.domain.accounts import Role
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.licences import LicenceState
from registry.domain.performers import FORGOTTEN_NAME, IdentityAssurance
from registry.domain.standing import Presence
from registry.errors import (
    ConflictError,
    ConsentMissingError,
    EvidenceRequiredError,
    ExplanationIncompleteError,
    ForbiddenError,
    InvalidInputError,
    NameRefusedError,
)
from registry.services import consents, forgetting, licence_course, licence_versions, licences, performers
from registry.services.withdrawal import Withdrawal
from registry.store.enrolments import voiceprints_of
from registry.store.performers import Performer, PerformerKey, RefusedName, Tombstone

TEXT = shipped_texts()["forget_me.en.v1"]
SIGNED = "5" * 64
"""Digest of what a performer has signed."""


def forget(registry: Registry, performer_id: str, *also_known_as: str) -> Withdrawal:
    return forgetting.forget_performer(
        registry.ctx,
        registry.operator,
        performer_id,
        text_id=TEXT.id,
        text_sha256=TEXT.text_sha256,
        also_known_as=also_known_as,
        signature_evidence_sha256=SIGNED,
    )


def register(registry: Registry, name: str, evidence: str | None = None) -> Performer:
    return performers.register_performer(
        registry.ctx,
        registry.operator,
        name=name,
        identity_assurance=IdentityAssurance.DOCUMENT_CHECKED,
        namesake_evidence_sha256=evidence,
    )


# --- refused ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text_id", "text_sha256"),
    [
        (TEXT.id, "0" * 64),
        ("forget_me.en.v9", TEXT.text_sha256),
        ("withdrawal.en.v1", shipped_texts()["withdrawal.en.v1"].text_sha256),
    ],
)
def test_nobody_is_forgotten_who_was_not_told_what_it_means(
    sqlite_registry: Registry, text_id: str, text_sha256: str
) -> None:
    performer_id = sqlite_registry.enrolled()
    with pytest.raises(ExplanationIncompleteError):
        forgetting.forget_performer(
            sqlite_registry.ctx,
            sqlite_registry.operator,
            performer_id,
            text_id=text_id,
            text_sha256=text_sha256,
            signature_evidence_sha256=SIGNED,
        )
    with sqlite_registry.ctx.database.read() as session:
        assert voiceprints_of(session, performer_id)
        assert session.scalars(select(Tombstone)).all() == []


def test_an_operator_forgets_nobody_without_what_they_have_signed(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.enrolled()
    with pytest.raises(EvidenceRequiredError) as refused:
        forgetting.forget_performer(
            sqlite_registry.ctx,
            sqlite_registry.operator,
            performer_id,
            text_id=TEXT.id,
            text_sha256=TEXT.text_sha256,
        )
    assert refused.value.figures["evidence"] == "signature_evidence_sha256"
    with sqlite_registry.ctx.database.read() as session:
        assert voiceprints_of(session, performer_id)


def test_a_further_name_without_letters_is_refused_and_nothing_has_happened(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.enrolled()
    with pytest.raises(InvalidInputError):
        forget(sqlite_registry, performer_id, "Ada", " - ")
    with sqlite_registry.ctx.database.read() as session:
        assert session.get_one(Performer, performer_id).name == "Ada Lind"
        assert voiceprints_of(session, performer_id)


def test_it_is_asked_for_once(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer()
    forget(sqlite_registry, performer_id)
    with pytest.raises(ConflictError):
        forget(sqlite_registry, performer_id)


def test_somebody_who_was_never_forgotten_is_not_remembered(sqlite_registry: Registry) -> None:
    with pytest.raises(ConflictError):
        forgetting.remember_performer(
            sqlite_registry.ctx, sqlite_registry.operator, sqlite_registry.performer(), name="Ada Lind"
        )


# --- forgotten -------------------------------------------------------------------------------------------------------


def test_nothing_is_left_by_which_a_forgotten_performer_could_be_found(registry: Registry) -> None:
    performer_id, studio = registry.enrolled(), registry.studio()
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(performer_id, studio)
    done = forget(registry, performer_id, "A. Lind")
    assert (done.keys_destroyed, done.voiceprints_erased, list(done.licences_suspended)) == (1, 2, [licence.id])
    assert [holder.id for holder in done.holders] == [licence.id]
    with registry.ctx.database.read() as session:
        assert session.get(PerformerKey, (performer_id, "voice")) is None
        assert list(voiceprints_of(session, performer_id)) == []
        performer = session.get_one(Performer, performer_id)
        tombstone = session.scalars(select(Tombstone)).one()
        digests = session.scalars(select(RefusedName.name_digest)).all()
    assert (performer.name, performer.forgotten_at) == (FORGOTTEN_NAME, registry.clock())
    assert (tombstone.performer_id, tombstone.names, tombstone.text_sha256) == (performer_id, 2, TEXT.text_sha256)
    assert len(set(digests)) == 2
    assert licences.get_licence(registry.ctx, studio, licence.id).state.value == "suspended"


def test_the_name_is_nowhere_in_the_files_of_the_database(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    performer_id = registry.performer("Zwynthia Oberquell")
    registry.principal(Role.PERFORMER, "Zwynthia Oberquell", performer_id=performer_id)
    registry.sign(performer_id, signed_by="Zwynthia Oberquell")
    path = registry.ctx.database.url.removeprefix("sqlite:///")
    assert any(b"Zwynthia" in content for content in _files(path))
    forget(registry, performer_id)
    assert not any(b"Zwynthia" in content for content in _files(path))


def test_what_was_offered_and_not_signed_ends_and_names_nobody(registry: Registry) -> None:
    performer_id, studio = registry.performer("Zwynthia Oberquell"), registry.studio()
    registry.sign(performer_id, signed_by="Zwynthia Oberquell")
    registry.sign(performer_id, ConsentPurpose.LICENSING, signed_by="Zwynthia Oberquell")
    signed = registry.licence(performer_id, studio)
    offered, declined = registry.offer(performer_id, studio), registry.offer(performer_id, studio)
    licence_course.decline_offer(registry.ctx, studio, declined.id, reason="no")
    drafted = registry.draft(performer_id, studio)
    forget(registry, performer_id)

    def told(licence_id: str) -> str:
        version = licence_versions.get_version(registry.ctx, studio, licence_id, 1)
        return str(licence_versions.texts_of_version(registry.ctx, version))

    for licence in (offered, declined, drafted):
        assert licences.get_licence(registry.ctx, studio, licence.id).state is LicenceState.REVOKED
        assert "Zwynthia" not in told(licence.id)
        assert FORGOTTEN_NAME in told(licence.id)
    assert "Zwynthia" in told(signed.id)
    with pytest.raises(ConflictError):
        licences.offer_licence(registry.ctx, studio, drafted.id)


def _files(path: str) -> list[bytes]:
    found = []
    for suffix in ("", "-wal"):
        try:
            with open(path + suffix, "rb") as file:  # noqa: PTH123  (a suffix, not a path of its own)
                found.append(file.read())
        except FileNotFoundError:
            continue
    return found


def test_a_signed_no_stands_for_every_modality(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.enrolled()
    forget(sqlite_registry, performer_id)
    now = sqlite_registry.clock()
    with sqlite_registry.ctx.database.read() as session:
        stored = consents.consents.consents_of(session, [performer_id])
        active = {(c.purpose, c.modality, c.decision) for c in stored if c.value().state_at(now).value == "active"}
    assert active == {
        (purpose, modality, ConsentDecision.REFUSED)
        for purpose in (ConsentPurpose.MONITORING, ConsentPurpose.LICENSING)
        for modality in Modality
    }
    standing = consents.standing_of(sqlite_registry.ctx, sqlite_registry.operator, performer_id)
    assert {each.presence for each in standing.modalities} == {Presence.FORGET_ME}


def test_a_forgotten_performer_consents_and_enrols_to_nothing(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer()
    forget(sqlite_registry, performer_id)
    with pytest.raises(ConflictError):
        sqlite_registry.sign(performer_id)
    with pytest.raises((ConsentMissingError, NameRefusedError)):
        sqlite_registry.offer_recordings(performer_id)


@pytest.mark.parametrize("name", ["Ada Lind", "ada  LIND", "Åda Lind", "Ada-Lind.", "Nightingale"])
def test_nobody_is_registered_under_a_refused_name_however_it_is_written(sqlite_registry: Registry, name: str) -> None:
    forget(sqlite_registry, sqlite_registry.performer(), "Nightingale")
    with pytest.raises(NameRefusedError):
        register(sqlite_registry, name)


def test_nobody_takes_a_refused_name_afterwards_nor_enrols_under_one_from_before(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    namesake, other = registry.performer(), registry.performer("Olga Brandt")
    registry.sign(namesake)
    forget(registry, registry.performer("Ada Lind"))
    with pytest.raises(NameRefusedError):
        performers.change_performer(registry.ctx, registry.operator, other, name="Ada Lind")
    with pytest.raises(NameRefusedError):
        registry.offer_recordings(namesake)


def test_a_namesake_is_let_in_by_an_operator_with_evidence_only(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    forget(registry, registry.performer())
    namesake = registry.principal(Role.PERFORMER, "Ada Lind")
    with pytest.raises(ForbiddenError):
        performers.register_performer(
            registry.ctx,
            namesake,
            name="Ada Lind",
            identity_assurance=IdentityAssurance.SELF_DECLARED,
            namesake_evidence_sha256="e" * 64,
        )
    let_in = register(registry, "Ada Lind", "e" * 64)
    registry.sign(let_in.id)
    assert registry.offer_recordings(let_in.id).performer_id == let_in.id


# --- the way back ----------------------------------------------------------------------------------------------------


def test_coming_back_starts_from_nothing(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    performer_id = registry.enrolled()
    forget(registry, performer_id, "Nightingale")
    registry.clock.move(days=30)
    performer = forgetting.remember_performer(registry.ctx, registry.operator, performer_id, name="Ada Lind")
    assert (performer.name, performer.forgotten_at) == ("Ada Lind", None)
    with pytest.raises(ConsentMissingError):
        registry.offer_recordings(performer_id)
    assert register(registry, "Nightingale").name == "Nightingale"
    registry.sign(performer_id)
    registry.offer_recordings(performer_id)


def test_the_journal_says_that_it_happened_and_not_to_whom(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    performer_id = registry.performer()
    before = len(registry.journal())
    forget(registry, performer_id)
    forgetting.remember_performer(registry.ctx, registry.operator, performer_id, name="Ada Lind")
    said = registry.journal()[before:]
    assert (said.count("performer.forgotten"), said.count("performer.remembered")) == (1, 1)
    assert said.count("consent.signed") == 4
