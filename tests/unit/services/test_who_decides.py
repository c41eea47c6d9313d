"""Who may decide for a performer: guardians for a minor, the estate for the dead, agents within their mandate."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from steps import Registry

from registry.domain.accounts import Principal, RepresentativeKind, Role, Scope
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
from registry.domain.explanations.topics import Topic
from registry.domain.licences import LicenceState
from registry.domain.performers import IdentityAssurance, adult_on, comparable_name, is_minor
from registry.errors import (
    ConflictError,
    EvidenceRequiredError,
    ExplanationIncompleteError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    RepresentativeRequiredError,
)
from registry.services import civil_status, consents, licences, performers, representatives, tokens
from registry.store.accounts import Account
from registry.store.consents import Consent
from registry.store.performers import Performer, PerformerKey, Representative

EVIDENCE = "e" * 64
BORN = date(2011, 5, 9)  # 14 at the moment of the tests
SCOPES = (Scope.PERFORMERS_READ, Scope.CONSENTS_WRITE)


def minor(registry: Registry, name: str = "Mina Seo") -> str:
    performer_id = registry.performer(name)
    civil_status.record_birth_date(registry.ctx, registry.operator, performer_id, birth_date=BORN)
    return performer_id


def dead(registry: Registry) -> str:
    performer_id = registry.performer("Old Master")
    civil_status.record_death(
        registry.ctx, registry.operator, performer_id, died_on=date(2026, 2, 1), evidence_sha256=EVIDENCE
    )
    return performer_id


def appoint(
    registry: Registry,
    performer_id: str,
    kind: RepresentativeKind,
    *,
    by: Principal | None = None,
    evidence: str | None = EVIDENCE,
    scopes: tuple[Scope, ...] = SCOPES,
    ends_at: datetime | None = None,
) -> tuple[Representative, Principal]:
    """Appoint somebody new, and answer the mandate with whoever now acts."""
    account_id = registry.principal(Role.REPRESENTATIVE, f"A {kind.value}").account_id
    mandate = representatives.appoint_representative(
        registry.ctx,
        by or registry.operator,
        performer_id,
        account_id=account_id,
        kind=kind,
        scopes=scopes,
        expires_at=ends_at or registry.clock() + timedelta(days=3650),
        evidence_sha256=evidence,
    )
    return mandate, signed_in(registry, account_id)


def signed_in(registry: Registry, account_id: str) -> Principal:
    issued = tokens.issue_token(
        registry.ctx, registry.operator, account_id=account_id, name="again", scopes=None, ttl=timedelta(days=300)
    )
    return tokens.authenticate(registry.ctx, issued.text)


def sign_as(
    registry: Registry,
    who: Principal,
    performer_id: str,
    decision: ConsentDecision = ConsentDecision.GIVEN,
    *,
    evidence: str | None = None,
    expires_at: datetime | None = None,
) -> Consent:
    told = [registry.explain(performer_id, topic) for topic in (Topic.MONITORING, Topic.WITHDRAWAL)]
    return consents.sign_consent(
        registry.ctx,
        who,
        performer_id,
        purpose=ConsentPurpose.MONITORING,
        modality=Modality.VOICE,
        decision=decision,
        explanation_ids=told if decision is ConsentDecision.GIVEN else (),
        signed_by="Whoever signs",
        signature_method="handwritten",
        signature_evidence_sha256=evidence,
        expires_at=expires_at,
    )


# --- minors ----------------------------------------------------------------------------------------------------------


def test_a_minor_does_not_say_yes_alone_and_says_no_alone(sqlite_registry: Registry) -> None:
    performer_id = minor(sqlite_registry)
    own = sqlite_registry.principal(Role.PERFORMER, "Mina Seo", performer_id=performer_id)
    own = signed_in(sqlite_registry, own.account_id)
    with pytest.raises(RepresentativeRequiredError) as caught:
        sign_as(sqlite_registry, own, performer_id)
    assert caught.value.figures == {"required": "guardian"}
    refused = sign_as(sqlite_registry, own, performer_id, ConsentDecision.REFUSED)
    assert refused.signed_as is SignedAs.PERFORMER


@pytest.mark.parametrize("kind", [RepresentativeKind.AGENT, RepresentativeKind.GUILD])
def test_an_agent_or_a_guild_does_not_say_yes_for_a_minor(sqlite_registry: Registry, kind: RepresentativeKind) -> None:
    performer_id = minor(sqlite_registry)
    _, agent = appoint(sqlite_registry, performer_id, kind)
    with pytest.raises(RepresentativeRequiredError):
        sign_as(sqlite_registry, agent, performer_id)


def test_a_guardian_without_evidence_is_none(sqlite_registry: Registry) -> None:
    performer_id = minor(sqlite_registry)
    with pytest.raises(EvidenceRequiredError):
        appoint(sqlite_registry, performer_id, RepresentativeKind.GUARDIAN, evidence=None)
    own = sqlite_registry.principal(Role.PERFORMER, "Mina Seo", performer_id=performer_id)
    with pytest.raises(ForbiddenError):
        appoint(
            sqlite_registry,
            performer_id,
            RepresentativeKind.GUARDIAN,
            by=signed_in(sqlite_registry, own.account_id),
        )


def test_nobody_is_guardian_of_somebody_who_is_not_known_to_be_a_minor(sqlite_registry: Registry) -> None:
    grown_up, unknown = sqlite_registry.performer("Grown Up"), sqlite_registry.performer("Unknown")
    civil_status.record_birth_date(sqlite_registry.ctx, sqlite_registry.operator, grown_up, birth_date=date(1980, 1, 1))
    for performer_id in (grown_up, unknown):
        with pytest.raises(ConflictError):
            appoint(sqlite_registry, performer_id, RepresentativeKind.GUARDIAN)


def test_what_a_guardian_says_yes_to_ends_when_the_minor_is_of_age(registry: Registry) -> None:
    performer_id = minor(registry)
    mandate, guardian = appoint(registry, performer_id, RepresentativeKind.GUARDIAN)
    of_age = datetime(2029, 5, 9, tzinfo=UTC)
    assert mandate.expires_at == of_age
    consent = sign_as(registry, guardian, performer_id)
    assert (consent.signed_as, consent.expires_at) == (SignedAs.GUARDIAN, of_age)
    shorter = sign_as(registry, guardian, performer_id, expires_at=datetime(2027, 1, 1, tzinfo=UTC))
    assert shorter.expires_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert consents.standing_of(registry.ctx, registry.operator, performer_id).minor
    registry.clock.now = of_age
    assert not consents.standing_of(registry.ctx, registry.operator, performer_id).minor
    listed = consents.list_consents(registry.ctx, registry.operator, performer_id)
    assert listed[-1].value().state_at(registry.clock()) is ConsentState.EXPIRED


def test_an_operator_writes_a_guardians_yes_down_only_with_a_mandate_and_evidence(sqlite_registry: Registry) -> None:
    performer_id = minor(sqlite_registry)
    with pytest.raises(RepresentativeRequiredError):
        sign_as(sqlite_registry, sqlite_registry.operator, performer_id, evidence=EVIDENCE)
    appoint(sqlite_registry, performer_id, RepresentativeKind.GUARDIAN)
    with pytest.raises(EvidenceRequiredError) as caught:
        sign_as(sqlite_registry, sqlite_registry.operator, performer_id)
    assert caught.value.figures == {"evidence": "signature_evidence_sha256"}
    assert sign_as(sqlite_registry, sqlite_registry.operator, performer_id, evidence=EVIDENCE).state.value == "active"


def test_a_birth_date_is_kept_as_a_digest_and_corrected_with_evidence_only(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    one, other = minor(registry), minor(registry, "Another Minor")
    own = registry.principal(Role.PERFORMER, "Mina Seo", performer_id=one)
    own = signed_in(registry, own.account_id)
    with registry.ctx.database.read() as session:
        first, second = session.get_one(Performer, one), session.get_one(Performer, other)
    assert first.birth_date_commitment != second.birth_date_commitment
    assert (first.adult_on, first.birth_evidence_sha256) == (date(2029, 5, 9), None)
    shown = civil_status.record_birth_date(
        registry.ctx, registry.operator, one, birth_date=BORN, evidence_sha256="f" * 64
    )
    again = civil_status.record_birth_date(registry.ctx, own, one, birth_date=BORN)  # the same, and still shown
    assert (again.version, again.birth_evidence_sha256) == (shown.version, "f" * 64)
    with pytest.raises(ForbiddenError):
        civil_status.record_birth_date(registry.ctx, own, one, birth_date=date(2000, 5, 9), evidence_sha256=EVIDENCE)
    with pytest.raises(ForbiddenError):
        civil_status.record_birth_date(registry.ctx, registry.operator, one, birth_date=date(2000, 5, 9))
    corrected = civil_status.record_birth_date(
        registry.ctx, registry.operator, one, birth_date=date(2000, 5, 9), evidence_sha256=EVIDENCE
    )
    assert corrected.adult_on is None


@pytest.mark.parametrize("birth_date", [date(1880, 1, 1), date(2030, 1, 1)])
def test_nobody_alive_was_born_then(sqlite_registry: Registry, birth_date: date) -> None:
    performer_id = sqlite_registry.performer()
    with pytest.raises(InvalidInputError):
        civil_status.record_birth_date(
            sqlite_registry.ctx, sqlite_registry.operator, performer_id, birth_date=birth_date
        )


def test_who_was_born_on_a_leap_day_is_of_age_on_the_first_of_march() -> None:
    assert adult_on(date(2008, 2, 29)) == date(2026, 3, 1)
    assert is_minor(date(2026, 3, 1), date(2026, 2, 28))
    assert not is_minor(date(2026, 3, 1), date(2026, 3, 1))
    assert not is_minor(None, date(2026, 3, 1))


# --- estates ---------------------------------------------------------------------------------------------------------


def test_for_the_dead_the_estate_decides_and_every_mandate_of_their_life_has_ended(registry: Registry) -> None:
    performer_id = registry.performer("Old Master")
    mandate, agent = appoint(registry, performer_id, RepresentativeKind.AGENT)
    civil_status.record_death(
        registry.ctx, registry.operator, performer_id, died_on=date(2026, 2, 1), evidence_sha256=EVIDENCE
    )
    listed = representatives.list_representatives(registry.ctx, registry.operator, performer_id)
    assert [each.dismissed_at for each in listed if each.id == mandate.id] == [registry.clock()]
    with pytest.raises(NotFoundError):
        sign_as(registry, signed_in(registry, agent.account_id), performer_id)
    with pytest.raises(RepresentativeRequiredError) as caught:
        sign_as(registry, registry.operator, performer_id, evidence=EVIDENCE)
    assert caught.value.figures == {"required": "estate"}
    with pytest.raises(ConflictError):
        appoint(registry, performer_id, RepresentativeKind.AGENT)
    _, estate = appoint(registry, performer_id, RepresentativeKind.ESTATE)
    assert sign_as(registry, estate, performer_id).signed_as is SignedAs.ESTATE


def test_an_estate_of_somebody_who_lives_or_without_evidence_is_none(sqlite_registry: Registry) -> None:
    with pytest.raises(ConflictError):
        appoint(sqlite_registry, sqlite_registry.performer(), RepresentativeKind.ESTATE)
    with pytest.raises(EvidenceRequiredError):
        appoint(sqlite_registry, dead(sqlite_registry), RepresentativeKind.ESTATE, evidence=None)


def test_a_death_is_recorded_once_not_in_the_future_and_by_an_operator(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    performer_id = dead(registry)
    with pytest.raises(ConflictError):
        civil_status.record_death(
            registry.ctx, registry.operator, performer_id, died_on=date(2026, 2, 2), evidence_sha256=EVIDENCE
        )
    alive = registry.performer("Alive")
    with pytest.raises(InvalidInputError):
        civil_status.record_death(
            registry.ctx, registry.operator, alive, died_on=date(2026, 3, 16), evidence_sha256=EVIDENCE
        )
    own = registry.principal(Role.PERFORMER, "Alive", performer_id=alive)
    with pytest.raises(ForbiddenError):
        civil_status.record_death(
            registry.ctx,
            signed_in(registry, own.account_id),
            alive,
            died_on=date(2026, 2, 1),
            evidence_sha256=EVIDENCE,
        )


def test_a_death_is_of_any_day_that_has_begun_somewhere(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    tomorrow = registry.clock().date() + timedelta(days=1)
    begins_first = datetime.combine(tomorrow, time(), UTC) - timedelta(hours=14)
    registry.clock.now = begins_first - timedelta(seconds=1)
    performer_id = registry.performer("Alive")
    day: Any = {"died_on": tomorrow, "evidence_sha256": EVIDENCE}
    with pytest.raises(InvalidInputError):
        civil_status.record_death(registry.ctx, registry.operator, performer_id, **day)
    registry.clock.now = begins_first
    assert civil_status.record_death(registry.ctx, registry.operator, performer_id, **day).died_on == tomorrow
    with pytest.raises(RepresentativeRequiredError):
        sign_as(registry, registry.operator, performer_id, evidence=EVIDENCE)


# --- agents ----------------------------------------------------------------------------------------------------------


def test_an_agent_decides_within_scope_and_term(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    performer_id = registry.performer()
    _, reader = appoint(registry, performer_id, RepresentativeKind.AGENT, scopes=(Scope.PERFORMERS_READ,))
    with pytest.raises(ForbiddenError):
        sign_as(registry, reader, performer_id)
    mandate, agent = appoint(
        registry, performer_id, RepresentativeKind.AGENT, ends_at=registry.clock() + timedelta(days=10)
    )
    assert (mandate.evidence_sha256, sign_as(registry, agent, performer_id).signed_as) == (EVIDENCE, SignedAs.AGENT)
    registry.clock.move(days=10)
    with pytest.raises(NotFoundError):
        sign_as(registry, signed_in(registry, agent.account_id), performer_id)


def test_a_mandate_that_ends_while_its_holder_is_signed_in_signs_nothing_more(sqlite_registry: Registry) -> None:
    registry, performer_id = sqlite_registry, sqlite_registry.performer()
    mandate, agent = appoint(registry, performer_id, RepresentativeKind.AGENT)
    representatives.dismiss_representative(registry.ctx, registry.operator, performer_id, mandate.id)
    with pytest.raises(ForbiddenError, match="has ended"):
        sign_as(registry, agent, performer_id)


def test_somebody_with_two_mandates_signs_under_the_stronger(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    performer_id = minor(registry)
    _, guardian = appoint(registry, performer_id, RepresentativeKind.GUARDIAN)
    representatives.appoint_representative(
        registry.ctx,
        registry.operator,
        performer_id,
        account_id=guardian.account_id,
        kind=RepresentativeKind.AGENT,
        scopes=SCOPES,
        expires_at=registry.clock() + timedelta(days=10),
        evidence_sha256=EVIDENCE,
    )
    assert sign_as(registry, signed_in(registry, guardian.account_id), performer_id).signed_as is SignedAs.GUARDIAN


@pytest.mark.parametrize("kind", [RepresentativeKind.AGENT, RepresentativeKind.GUILD])
def test_an_operator_appoints_nobody_without_evidence(sqlite_registry: Registry, kind: RepresentativeKind) -> None:
    with pytest.raises(EvidenceRequiredError):
        appoint(sqlite_registry, sqlite_registry.performer(), kind, evidence=None)


def test_whoever_registers_somebody_decides_nothing_for_them_without_a_mandate(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    account = registry.principal(Role.REPRESENTATIVE, "An agent")
    made = [
        performers.register_performer(
            registry.ctx,
            account,
            name=f"Performer {number}",
            identity_assurance=IdentityAssurance.REPRESENTATIVE_VOUCHED,
            mandate_evidence_sha256=evidence,
        ).id
        for number, evidence in enumerate((None, EVIDENCE))
    ]
    agent = signed_in(registry, account.account_id)
    with pytest.raises(ForbiddenError) as caught:
        sign_as(registry, agent, made[0])
    assert caught.value.figures["scope"] == "consents:write"
    assert sign_as(registry, agent, made[1]).signed_as is SignedAs.AGENT
    with pytest.raises(InvalidInputError):
        performers.register_performer(
            registry.ctx,
            registry.operator,
            name="Whoever",
            identity_assurance=IdentityAssurance.SELF_DECLARED,
            mandate_evidence_sha256=EVIDENCE,
        )


@pytest.mark.parametrize("kind", [RepresentativeKind.GUARDIAN, RepresentativeKind.ESTATE])
def test_nobody_gets_rid_of_their_guardian_or_estate_but_the_guardian_or_estate_may_go(
    sqlite_registry: Registry, kind: RepresentativeKind
) -> None:
    registry = sqlite_registry
    performer_id = minor(registry) if kind is RepresentativeKind.GUARDIAN else dead(registry)
    own = registry.principal(Role.PERFORMER, "Own account", performer_id=performer_id)
    mandate, representative = appoint(registry, performer_id, kind)  # its scopes do not cover performers:write
    with pytest.raises(ForbiddenError) as caught:
        representatives.dismiss_representative(
            registry.ctx, signed_in(registry, own.account_id), performer_id, mandate.id
        )
    assert caught.value.figures == {"kind": kind.value}
    ended = representatives.dismiss_representative(registry.ctx, representative, performer_id, mandate.id)
    assert ended.dismissed_at == registry.clock()
    with pytest.raises(NotFoundError):
        sign_as(registry, signed_in(registry, representative.account_id), performer_id)


def test_an_operator_writes_a_yes_down_only_with_evidence_and_a_no_without(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer()
    with pytest.raises(EvidenceRequiredError) as caught:
        sign_as(sqlite_registry, sqlite_registry.operator, performer_id)
    assert caught.value.figures == {"evidence": "signature_evidence_sha256"}
    refused = sign_as(sqlite_registry, sqlite_registry.operator, performer_id, ConsentDecision.REFUSED)
    assert refused.signature_evidence_sha256 is None
    assert sign_as(sqlite_registry, sqlite_registry.operator, performer_id, evidence=EVIDENCE).state.value == "active"


# --- what was decided before it was known ----------------------------------------------------------------------------


def test_what_a_minor_said_before_it_was_known_that_they_are_one_ends(registry: Registry) -> None:
    performer_id, studio = registry.enrolled("Mina Seo"), registry.studio()
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(performer_id, studio)
    own = registry.principal(Role.PERFORMER, "Mina Seo", performer_id=performer_id)
    civil_status.record_birth_date(registry.ctx, signed_in(registry, own.account_id), performer_id, birth_date=BORN)
    listed = consents.list_consents(registry.ctx, registry.operator, performer_id)
    assert [consent.state for consent in listed] == [ConsentState.WITHDRAWN, ConsentState.WITHDRAWN]
    with registry.ctx.database.read() as session:
        assert session.get(PerformerKey, (performer_id, "voice")) is None
    assert licences.get_licence(registry.ctx, studio, licence.id).state is LicenceState.SUSPENDED


def test_an_agent_does_not_end_consents_by_saying_that_the_performer_is_a_minor(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer("Grown Up")
    consent = sqlite_registry.sign(performer_id)
    _, agent = appoint(
        sqlite_registry, performer_id, RepresentativeKind.AGENT, scopes=(*SCOPES, Scope.PERFORMERS_WRITE)
    )
    with pytest.raises(ForbiddenError) as caught:
        civil_status.record_birth_date(sqlite_registry.ctx, agent, performer_id, birth_date=BORN)
    assert caught.value.figures["consents"] == [consent.id]
    assert not consents.standing_of(sqlite_registry.ctx, sqlite_registry.operator, performer_id).minor


def test_a_grown_up_who_was_taken_for_a_minor_decides_anew(sqlite_registry: Registry) -> None:
    registry, performer_id = sqlite_registry, minor(sqlite_registry)
    mandate, guardian = appoint(registry, performer_id, RepresentativeKind.GUARDIAN)
    consent = sign_as(registry, guardian, performer_id)
    civil_status.record_birth_date(
        registry.ctx, registry.operator, performer_id, birth_date=date(2000, 5, 9), evidence_sha256=EVIDENCE
    )
    (listed,) = consents.list_consents(registry.ctx, registry.operator, performer_id)
    assert (listed.id, listed.state) == (consent.id, ConsentState.WITHDRAWN)
    (ended,) = representatives.list_representatives(registry.ctx, registry.operator, performer_id)
    assert (ended.id, ended.dismissed_at) == (mandate.id, registry.clock())
    own = registry.principal(Role.PERFORMER, "Mina Seo", performer_id=performer_id)
    assert sign_as(registry, signed_in(registry, own.account_id), performer_id).expires_at is None


def test_an_earlier_day_of_age_shortens_what_a_guardian_said_and_a_later_one_lengthens_nothing(
    sqlite_registry: Registry,
) -> None:
    registry, performer_id = sqlite_registry, minor(sqlite_registry)
    _, guardian = appoint(registry, performer_id, RepresentativeKind.GUARDIAN)
    sign_as(registry, guardian, performer_id)
    for birth_date, ends_in in ((date(2010, 2, 1), 2028), (date(2013, 2, 1), 2028)):
        civil_status.record_birth_date(
            registry.ctx, registry.operator, performer_id, birth_date=birth_date, evidence_sha256=EVIDENCE
        )
        (consent,) = consents.list_consents(registry.ctx, registry.operator, performer_id)
        (mandate,) = representatives.list_representatives(registry.ctx, registry.operator, performer_id)
        end = datetime(ends_in, 2, 1, tzinfo=UTC)
        assert (consent.state, consent.expires_at, mandate.expires_at) == (ConsentState.ACTIVE, end, end)


def test_who_comes_of_age_is_told_everything_anew(sqlite_registry: Registry) -> None:
    registry, performer_id = sqlite_registry, minor(sqlite_registry)
    told = [registry.explain(performer_id, topic) for topic in (Topic.MONITORING, Topic.WITHDRAWAL)]
    registry.clock.now = datetime(2029, 5, 9, 12, tzinfo=UTC)
    with pytest.raises(ExplanationIncompleteError, match="explained anew"):
        consents.sign_consent(
            registry.ctx,
            registry.operator,
            performer_id,
            purpose=ConsentPurpose.MONITORING,
            modality=Modality.VOICE,
            decision=ConsentDecision.GIVEN,
            explanation_ids=told,
            signed_by="Mina Seo",
            signature_method="handwritten",
            signature_evidence_sha256=EVIDENCE,
        )
    assert registry.sign(performer_id).expires_at is None


# --- agents and guilds -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RepresentativeKind.AGENT, RepresentativeKind.GUILD])
def test_an_agent_or_a_guild_may_be_appointed_by_the_performer(
    sqlite_registry: Registry, kind: RepresentativeKind
) -> None:
    performer_id = sqlite_registry.performer()
    own = sqlite_registry.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    mandate, _ = appoint(
        sqlite_registry, performer_id, kind, by=signed_in(sqlite_registry, own.account_id), evidence=None
    )
    with sqlite_registry.ctx.database.read() as session:
        assert session.get_one(Account, mandate.account_id).role is Role.REPRESENTATIVE


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Marta Calder", "  marta   CALDER"),
        ("José Núñez", "Jose Nunez"),
        ("김 민 서", "김민서"),
        ("\uff21\uff24\uff21 \uff2c\uff49\uff4e\uff44", "Ada Lind"),  # full width
        ("O’Neill", "ONeill"),
    ],
)
def test_two_ways_of_writing_a_name_are_one_name(one: str, other: str) -> None:
    assert comparable_name(one) == comparable_name(other) != ""


@pytest.mark.parametrize(("one", "other"), [("김민서", "김민수"), ("Ada Lind", "Lind Ada"), ("Ann Lee", "Anna Lee")])
def test_two_names_stay_two(one: str, other: str) -> None:
    assert comparable_name(one) != comparable_name(other)
