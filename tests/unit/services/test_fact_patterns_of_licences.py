"""What has happened to people, replayed: each case is named for what was done, and says what the registry says now."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from steps import ALL_ALLOWED, TERMS, USE, Registry, candidate

from registry.domain.accounts import Principal, RepresentativeKind, Role, Scope
from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality, SignedAs
from registry.domain.explanations.topics import required_topics
from registry.domain.licences import LicenceState, Side
from registry.domain.performers import end_of_minority
from registry.domain.strikes import StrikeScope
from registry.domain.terms import (
    Circumstances,
    CollectiveAgreement,
    LicenceTerms,
    Representation,
    RepresentationKind,
)
from registry.domain.uses import DeclaredUse, Medium, UseKind, UsePurpose
from registry.errors import ChoiceRefusedError, RepresentativeRequiredError
from registry.services import (
    checks,
    civil_status,
    consents,
    licence_signing,
    licences,
    linting,
    representatives,
    strikes,
    tokens,
)
from registry.store.checks import Check, Finding
from registry.store.consents import Consent

PAPER = "d" * 64


def verdict(registry: Registry, studio: Principal, performer_id: str, use: DeclaredUse = USE) -> str:
    """Submit a recording in which the performer is heard, and answer what the registry says of it."""
    return only_finding(registry, heard(registry, studio, performer_id, use)).verdict.value


def heard(registry: Registry, studio: Principal, performer_id: str, use: DeclaredUse = USE) -> Check:
    return registry.checked(studio, candidate(performer_id), use=use)


def only_finding(registry: Registry, check: Check) -> Finding:
    (finding,) = checks.get_check(registry.ctx, registry.operator, check.id).findings
    return finding


def codes(finding: Finding) -> set[str]:
    return {str(reason["code"]) for reason in finding.reasons}


def findings_of_the_linter(registry: Registry, licence_id: str, on: date | None = None) -> dict[str, str]:
    report = linting.lint_licence(registry.ctx, registry.operator, licence_id, on=on)
    return {f"{finding.pack}/{finding.rule}": finding.severity.value for finding in report.findings}


def acting_for(registry: Registry, performer_id: str, kind: RepresentativeKind) -> Principal:
    """Let somebody in who acts for a performer."""
    account = registry.principal(Role.REPRESENTATIVE, f"{kind.value} of the performer")
    representatives.appoint_representative(
        registry.ctx,
        registry.operator,
        performer_id,
        account_id=account.account_id,
        kind=kind,
        scopes=[Scope.LICENCES_READ, Scope.LICENCES_WRITE, Scope.CONSENTS_WRITE],
        expires_at=registry.clock() + timedelta(days=200),
        evidence_sha256=PAPER,
    )
    issued = tokens.issue_token(
        registry.ctx,
        registry.operator,
        account_id=account.account_id,
        name="mandate",
        scopes=None,
        ttl=timedelta(days=200),
    )
    return tokens.authenticate(registry.ctx, issued.text)


def drafted(registry: Registry, performer_id: str, studio: Principal, terms: LicenceTerms) -> str:
    """Let a studio draft, offer and sign a licence; the performer's side has yet to."""
    licence = licences.draft_licence(
        registry.ctx,
        studio,
        performer_id=performer_id,
        studio_id=None,
        title="Spring",
        intended_use="One radio spot.",
        terms=terms,
    )
    licences.offer_licence(registry.ctx, studio, licence.id)
    licence_signing.sign_licence(registry.ctx, studio, licence.id)
    return licence.id


# --- told “research only”, used commercially -------------------------------------------------------------------------

RESEARCH = replace(
    TERMS,
    purposes=frozenset({UsePurpose.RESEARCH, UsePurpose.TRAINING}),
    media=frozenset({Medium.INTERNAL}),
    circumstances=Circumstances(purpose_represented_at_recording=frozenset({UsePurpose.RESEARCH})),
)


def test_told_research_only_used_commercially_is_out_of_scope_and_names_both_purposes(
    sqlite_registry: Registry,
) -> None:
    performer_id = sqlite_registry.enrolled()
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING)
    studio = sqlite_registry.studio()
    sqlite_registry.licence(performer_id, studio, RESEARCH)
    study = DeclaredUse(UseKind.TRAINING, UsePurpose.RESEARCH, "Prosody", Medium.INTERNAL, "GB", "en")
    assert verdict(sqlite_registry, studio, performer_id, study) == "licensed_use"
    finding = only_finding(sqlite_registry, heard(sqlite_registry, studio, performer_id))
    assert finding.verdict.value == "licensed_out_of_scope"
    refused = {reason["figures"]["wanted"] for reason in finding.reasons if reason["code"] == "purposes_not_permitted"}
    assert refused == {"advertising", "voice_clone"}


def test_told_research_only_a_commercial_licence_of_those_recordings_is_a_finding(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer()
    told = replace(TERMS, circumstances=RESEARCH.circumstances)
    licence_id = drafted(sqlite_registry, performer_id, sqlite_registry.studio(), told)
    found = findings_of_the_linter(sqlite_registry, licence_id)
    assert found["registry_practice/recorded_for_other_purposes"] == "warning"


def test_told_research_only_a_consent_to_research_carries_no_commercial_licence(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer()
    choices = LicensingChoices.of(dict.fromkeys(RESEARCH.purposes, Disposition.ALLOW))
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING, choices=choices)
    with pytest.raises(ChoiceRefusedError):
        sqlite_registry.licence(performer_id, sqlite_registry.studio())


def test_a_licence_no_longer_permits_what_the_performer_says_never_to_since(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.enrolled()
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING)
    studio = sqlite_registry.studio()
    sqlite_registry.licence(performer_id, studio)
    assert verdict(sqlite_registry, studio, performer_id) == "licensed_use"
    sqlite_registry.clock.move(days=1)
    narrower = LicensingChoices.of({UsePurpose.VOICE_CLONE: Disposition.ALLOW, UsePurpose.DUBBING: Disposition.ALLOW})
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING, choices=narrower)
    finding = only_finding(sqlite_registry, heard(sqlite_registry, studio, performer_id))
    assert (finding.verdict.value, codes(finding)) == ("consent_withdrawn", {"use_not_consented_to"})


def test_a_licence_alone_does_not_permit_what_the_performer_wants_to_be_asked_about(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.enrolled()
    asks = LicensingChoices.of(dict.fromkeys(UsePurpose, Disposition.ALLOW) | {USE.purpose: Disposition.ASK})
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING, choices=asks)
    studio = sqlite_registry.studio()
    sqlite_registry.licence(performer_id, studio)
    finding = only_finding(sqlite_registry, heard(sqlite_registry, studio, performer_id))
    assert (finding.verdict.value, codes(finding)) == ("licensed_out_of_scope", {"copy_not_declared"})


def said_for(registry: Registry, representative: Principal, performer_id: str) -> Consent:
    """Let somebody who acts for a performer say yes to licences, with everything that they need to know explained."""
    topics = required_topics(ConsentPurpose.LICENSING, ALL_ALLOWED)
    return consents.sign_consent(
        registry.ctx,
        representative,
        performer_id,
        purpose=ConsentPurpose.LICENSING,
        modality=Modality.VOICE,
        decision=ConsentDecision.GIVEN,
        explanation_ids=[registry.explain(performer_id, topic) for topic in sorted(topics)],
        choices=ALL_ALLOWED,
        signed_by="Who acts for the performer",
        signature_method="electronic",
    )


# --- a minor's licence past five years -------------------------------------------------------------------------------


def test_a_minors_licence_past_five_years_is_warned_of_and_ends_with_the_minority(sqlite_registry: Registry) -> None:
    today = sqlite_registry.clock().date()
    birth, of_age = today.replace(year=today.year - 11), today.replace(year=today.year + 7)
    performer_id = sqlite_registry.performer("Mina Kay")
    civil_status.record_birth_date(
        sqlite_registry.ctx, sqlite_registry.operator, performer_id, birth_date=birth, evidence_sha256=PAPER
    )
    guardian = acting_for(sqlite_registry, performer_id, RepresentativeKind.GUARDIAN)
    terms = replace(
        TERMS,
        territories=frozenset({"US"}),
        ends_on=date(2040, 12, 31),
        circumstances=Circumstances(
            of_age_on=of_age, representation=Representation(RepresentationKind.UNION, "Voice Guild")
        ),
    )
    licence_id = drafted(sqlite_registry, performer_id, sqlite_registry.studio(), terms)
    found = findings_of_the_linter(sqlite_registry, licence_id)
    assert found["no_fakes_2025/minor_term_over_five_years"] == "warning"
    minor = sqlite_registry.principal(Role.PERFORMER, "Mina Kay", performer_id=performer_id)
    with pytest.raises(RepresentativeRequiredError):
        licence_signing.sign_licence(sqlite_registry.ctx, minor, licence_id)
    licence = licences.get_licence(sqlite_registry.ctx, guardian, licence_id)
    assert licence.terms().last_day == of_age - timedelta(days=1)
    yes = said_for(sqlite_registry, guardian, performer_id)
    signed = licence_signing.sign_licence(sqlite_registry.ctx, guardian, licence_id)
    assert (signed.state, yes.signed_as, yes.expires_at) == (
        LicenceState.ACTIVE,
        SignedAs.GUARDIAN,
        end_of_minority(of_age),
    )
    sqlite_registry.clock.now = end_of_minority(of_age) - timedelta(seconds=1)
    assert signed.value().state_at(sqlite_registry.clock()) is LicenceState.ACTIVE
    sqlite_registry.clock.move(seconds=1)
    assert signed.value().state_at(sqlite_registry.clock()) is LicenceState.EXPIRED
    standing = consents.standing_of(sqlite_registry.ctx, sqlite_registry.operator, performer_id)
    assert standing.modalities[0].in_force == []


# --- a strike --------------------------------------------------------------------------------------------------------


def test_a_strike_suspends_every_covered_licence_and_its_end_restores_them(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.enrolled()
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING)
    studio = sqlite_registry.studio()
    covered = replace(
        TERMS,
        circumstances=Circumstances(
            representation=Representation(RepresentationKind.UNION, "Voice Guild"),
            cba=CollectiveAgreement("Interactive Agreement", addresses_replicas=True),
        ),
    )
    sqlite_registry.licence(performer_id, studio, covered)
    assert verdict(sqlite_registry, studio, performer_id) == "licensed_use"
    on = strikes.declare_strike(
        sqlite_registry.ctx, sqlite_registry.operator, scope=StrikeScope.GUILD, name="Voice Guild", note="on strike"
    )
    finding = only_finding(sqlite_registry, heard(sqlite_registry, studio, performer_id))
    assert finding.verdict.value == "licence_suspended"
    assert finding.reasons[0]["figures"]["cause"] == "strike"
    strikes.lift_strike(sqlite_registry.ctx, sqlite_registry.operator, on.strike.id)
    assert verdict(sqlite_registry, studio, performer_id) == "licensed_use"


def test_a_strike_that_is_over_does_not_cover_what_was_made_while_it_lasted(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.enrolled()
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING)
    studio = sqlite_registry.studio()
    covered = Circumstances(representation=Representation(RepresentationKind.UNION, "Voice Guild"))
    sqlite_registry.licence(performer_id, studio, replace(TERMS, circumstances=covered))
    ctx, operator, began = sqlite_registry.ctx, sqlite_registry.operator, sqlite_registry.clock().date()
    on = strikes.declare_strike(ctx, operator, scope=StrikeScope.GUILD, name="Voice Guild")
    sqlite_registry.clock.move(days=20)
    strikes.lift_strike(ctx, operator, on.strike.id)
    made_then = replace(USE, fixed_on=began + timedelta(days=7))
    finding = only_finding(sqlite_registry, heard(sqlite_registry, studio, performer_id, made_then))
    assert (finding.verdict.value, finding.reasons[0]["figures"]["cause"]) == ("licence_suspended", "strike")
    made_after = replace(USE, fixed_on=began + timedelta(days=20))
    assert verdict(sqlite_registry, studio, performer_id, made_after) == "licensed_use"


# --- an estate -------------------------------------------------------------------------------------------------------


def test_an_estate_signs_for_who_has_died_and_nobody_else_does(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer("Iris Vale")
    alive = sqlite_registry.principal(Role.PERFORMER, "Iris Vale", performer_id=performer_id)
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING)
    civil_status.record_death(
        sqlite_registry.ctx,
        sqlite_registry.operator,
        performer_id,
        died_on=sqlite_registry.clock().date(),
        evidence_sha256=PAPER,
    )
    licence_id = drafted(sqlite_registry, performer_id, sqlite_registry.studio(), TERMS)
    with pytest.raises(RepresentativeRequiredError):
        licence_signing.sign_licence(sqlite_registry.ctx, alive, licence_id)
    with pytest.raises(RepresentativeRequiredError):
        licence_signing.sign_licence(
            sqlite_registry.ctx, sqlite_registry.operator, licence_id, side=Side.PERFORMER, evidence_sha256=PAPER
        )
    estate = acting_for(sqlite_registry, performer_id, RepresentativeKind.ESTATE)
    assert said_for(sqlite_registry, estate, performer_id).signed_as is SignedAs.ESTATE
    signed = licence_signing.sign_licence(sqlite_registry.ctx, estate, licence_id)
    assert (signed.state, signed.performer_signed_by) == (LicenceState.ACTIVE, estate.account_id)
    ended = consents.withdraw_all(sqlite_registry.ctx, estate, performer_id)
    assert ended.licences_suspended == [licence_id]


# --- a licence expired with already-released work --------------------------------------------------------------------


def test_a_work_released_before_the_licence_expired_stays_up_by_the_studios_word(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.enrolled()
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING)
    studio = sqlite_registry.studio()
    sqlite_registry.licence(performer_id, studio, replace(TERMS, ends_on=date(2026, 3, 31)))
    sqlite_registry.clock.move(days=60)
    released = replace(USE, fixed_on=date(2026, 3, 20))
    finding = only_finding(sqlite_registry, heard(sqlite_registry, studio, performer_id, released))
    assert finding.verdict.value == "expired_legacy_use"
    assert finding.reasons[0]["figures"]["attested"] is False
    for fixed_on in (None, date(2026, 4, 1)):
        assert verdict(sqlite_registry, studio, performer_id, replace(USE, fixed_on=fixed_on)) == "licence_expired"


def test_a_work_released_under_an_amended_licence_stays_up_once_it_has_expired(sqlite_registry: Registry) -> None:
    """The last day is that of the newest terms, and the use is judged by those of the day on which it was finished."""
    performer_id = sqlite_registry.enrolled()
    sqlite_registry.sign(performer_id, ConsentPurpose.LICENSING)
    studio, ctx = sqlite_registry.studio(), sqlite_registry.ctx
    licence = sqlite_registry.licence(performer_id, studio, replace(TERMS, ends_on=date(2026, 3, 31)))
    sqlite_registry.clock.move(days=10)
    longer = replace(TERMS, media=frozenset({Medium.PODCAST}), ends_on=date(2026, 4, 30))
    licences.amend_licence(ctx, studio, licence.id, terms=longer)
    licences.offer_licence(ctx, studio, licence.id)
    licence_signing.sign_licence(ctx, studio, licence.id)
    licence_signing.sign_licence(ctx, sqlite_registry.operator, licence.id, side=Side.PERFORMER, evidence_sha256=PAPER)
    sqlite_registry.clock.move(days=90)
    for use, said in (
        (replace(USE, fixed_on=licence.created_at.date()), "expired_legacy_use"),
        (replace(USE, medium=Medium.PODCAST, fixed_on=date(2026, 4, 30)), "expired_legacy_use"),
        (replace(USE, fixed_on=date(2026, 4, 30)), "licence_expired"),
        (replace(USE, medium=Medium.PODCAST, fixed_on=date(2026, 5, 1)), "licence_expired"),
    ):
        assert verdict(sqlite_registry, studio, performer_id, use) == said, use
