"""Unset is never permission, and nothing outlives a withdrawal: laws over every record the types allow."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies_domain import (
    NOW,
    PERFORMER,
    TODAY,
    CoveredCase,
    any_licences,
    consent_lists,
    consents,
    covered_cases,
    evidences,
    records,
    standings,
    uses,
)

from registry.domain.consents import (
    Consent,
    ConsentDecision,
    ConsentPurpose,
    ConsentState,
    Modality,
    consent_in_force,
    latest_decision,
)
from registry.domain.judging import judge_licence
from registry.domain.licences import Licence, LicenceState
from registry.domain.policy import PerformerRecord, SourceStanding, decide, decide_match
from registry.domain.scores import EvidenceOutcome, PerformerEvidence
from registry.domain.uses import DeclaredUse, UseKind, UsePurpose
from registry.domain.verdicts import PERMITTED, Verdict

LAST = NOW + timedelta(minutes=1)
LICENSING_VOICE = (ConsentPurpose.LICENSING, Modality.VOICE)


@given(uses, records, standings)
def test_no_evidence_is_not_assessed_whatever_the_record_says(
    use: DeclaredUse, record: PerformerRecord, source: SourceStanding | None
) -> None:
    assert decide(None, use, record, now=NOW, source=source).verdict is Verdict.NOT_ASSESSED


@given(uses, consent_lists)
def test_no_licence_permits_nothing(use: DeclaredUse, consents: list[Consent]) -> None:
    record = PerformerRecord(PERFORMER, consents, ())
    assert decide_match(use, record, now=NOW).verdict not in PERMITTED


@given(uses, st.lists(any_licences, max_size=3))
def test_no_consent_permits_nothing(use: DeclaredUse, licences: list[Licence]) -> None:
    record = PerformerRecord(PERFORMER, (), licences)
    assert decide_match(use, record, now=NOW).verdict not in PERMITTED


@given(uses, records)
def test_without_any_yes_to_licensing_this_modality_nothing_is_permitted(
    use: DeclaredUse, record: PerformerRecord
) -> None:
    yes = [
        c for c in record.consents if (c.purpose, c.modality) == LICENSING_VOICE and c.decision is ConsentDecision.GIVEN
    ]
    others = replace(record, consents=[c for c in record.consents if c not in yes])
    assert decide_match(use, others, now=NOW).verdict not in PERMITTED


@given(uses, any_licences, consent_lists)
def test_a_draft_and_an_offer_are_no_licence(use: DeclaredUse, licence: Licence, consents: list[Consent]) -> None:
    for state in (LicenceState.DRAFT, LicenceState.OFFERED):
        assert judge_licence(replace(licence, state=state), use, consents, now=NOW) is None


@given(covered_cases(), st.sampled_from(("territories", "media", "purposes", "languages", "projects")))
def test_an_empty_term_permits_nothing(case: CoveredCase, term: str) -> None:
    empty = replace(case.licence, terms=replace(case.licence.terms, **{term: frozenset()}))
    ruling = decide_match(case.use, replace(case.record, licences=(empty,)), now=NOW)
    assert ruling.verdict not in PERMITTED
    assert term in {reason.figures.get("term") for reason in ruling.reasons}


@given(covered_cases())
def test_an_undeclared_language_is_refused_unless_every_language_is_permitted_in_writing(case: CoveredCase) -> None:
    languages = case.licence.terms.languages - {"*"}
    silent = replace(case.use, language=None)
    without = replace(case.licence, terms=replace(case.licence.terms, languages=languages))
    with_star = replace(case.licence, terms=replace(case.licence.terms, languages=languages | {"*"}))
    assert decide_match(silent, replace(case.record, licences=(without,)), now=NOW).verdict not in PERMITTED
    assert decide_match(silent, replace(case.record, licences=(with_star,)), now=NOW).verdict in PERMITTED


@given(covered_cases())
def test_teaching_a_machine_needs_the_training_purpose_beside_the_declared_one(case: CoveredCase) -> None:
    assume(case.use.purpose is not UsePurpose.TRAINING)
    terms = replace(case.licence.terms, purposes=case.licence.terms.purposes - {UsePurpose.TRAINING})
    record = replace(case.record, licences=(replace(case.licence, terms=terms),))
    training = decide_match(replace(case.use, kind=UseKind.TRAINING), record, now=NOW)
    assert training.verdict not in PERMITTED
    assert "training" in {reason.figures.get("wanted") for reason in training.reasons}


@given(covered_cases(), st.integers(0, 40), st.integers(0, 40))
def test_after_a_withdrawal_no_use_is_permitted_even_by_a_yes_signed_meanwhile(
    case: CoveredCase, signed_hours: int, withdrawn_hours: int
) -> None:
    assume(signed_hours < withdrawn_hours)
    meanwhile = replace(case.consent, id="cons_8", signed_at=NOW - timedelta(days=60) + timedelta(hours=signed_hours))
    withdrawn = replace(
        case.consent,
        id="cons_9",
        state=ConsentState.WITHDRAWN,
        signed_at=NOW - timedelta(days=90),
        withdrawn_at=NOW - timedelta(days=60) + timedelta(hours=withdrawn_hours),
    )
    record = replace(case.record, consents=(meanwhile, withdrawn))
    assert decide_match(case.use, record, now=NOW).verdict is Verdict.CONSENT_WITHDRAWN
    assert judge_licence(case.licence, case.use, record.consents, now=NOW).verdict not in PERMITTED  # type: ignore[union-attr]


def _with_last_word(record: PerformerRecord, last: Consent) -> PerformerRecord:
    latest = replace(last, id="cons_last", purpose=ConsentPurpose.LICENSING, modality=Modality.VOICE, signed_at=LAST)
    return replace(record, consents=(latest, *record.consents))


@given(uses, records, consents)
def test_when_the_last_word_was_a_withdrawal_the_verdict_says_so_whatever_licences_there_are(
    use: DeclaredUse, record: PerformerRecord, last: Consent
) -> None:
    withdrawn = replace(
        last, decision=ConsentDecision.GIVEN, state=ConsentState.WITHDRAWN, withdrawn_at=LAST + timedelta(minutes=1)
    )
    ruling = decide_match(use, _with_last_word(record, withdrawn), now=NOW)
    assert ruling.verdict is Verdict.CONSENT_WITHDRAWN


@given(uses, records, consents)
def test_when_the_last_word_is_a_no_the_verdict_is_opted_out(
    use: DeclaredUse, record: PerformerRecord, last: Consent
) -> None:
    refused = replace(
        last, decision=ConsentDecision.REFUSED, state=ConsentState.ACTIVE, expires_at=None, withdrawn_at=None
    )
    assert decide_match(use, _with_last_word(record, refused), now=NOW).verdict is Verdict.OPTED_OUT_MATCH


@given(uses, records, consents, st.sampled_from(ConsentState))
def test_when_the_last_word_is_not_a_yes_nothing_is_permitted_whatever_became_of_it(
    use: DeclaredUse, record: PerformerRecord, last: Consent, state: ConsentState
) -> None:
    refused = replace(last, decision=ConsentDecision.REFUSED, state=state, withdrawn_at=None)
    assert decide_match(use, _with_last_word(record, refused), now=NOW).verdict not in PERMITTED


@given(covered_cases())
def test_consent_for_the_voice_permits_no_face_and_the_other_way_round(case: CoveredCase) -> None:
    face = replace(case.record, consents=(replace(case.consent, modality=Modality.FACE),))
    assert decide_match(case.use, case.record, now=NOW, modality=Modality.FACE).verdict not in PERMITTED
    assert decide_match(case.use, face, now=NOW).verdict not in PERMITTED


@given(covered_cases(), st.sampled_from([p for p in ConsentPurpose if p is not ConsentPurpose.LICENSING]))
def test_consent_to_anything_but_licensing_permits_no_use(case: CoveredCase, purpose: ConsentPurpose) -> None:
    record = replace(case.record, consents=(replace(case.consent, purpose=purpose),))
    assert decide_match(case.use, record, now=NOW).verdict not in PERMITTED


def _scope_permits(licence: Licence, use: DeclaredUse) -> bool:
    terms = licence.terms
    wanted = {use.purpose, UsePurpose.TRAINING} if use.kind is UseKind.TRAINING else {use.purpose}
    primary = (use.language or "").partition("-")[0]
    return (
        wanted <= terms.purposes
        and use.medium in terms.media
        and bool({use.territory, "WORLD"} & terms.territories)
        and ("*" in terms.languages or bool({use.language, primary} & terms.languages))
        and (terms.projects is None or use.project in terms.projects)
        and min(use.fixed_on or TODAY, TODAY) >= terms.starts_on
    )


def _unpaid(licence: Licence) -> bool:
    pay = licence.terms.pay
    if not pay.is_owed_at_once or licence.paid_at is not None or licence.activated_at is None:
        return False
    return (licence.activated_at + timedelta(days=pay.due_within_days)).date() < TODAY


def _outlived_by(licence: Licence, use: DeclaredUse, consent: Consent) -> bool:
    """Whether the work was finished within the licence's term and that of the consent."""
    if use.fixed_on is None or use.fixed_on > licence.terms.ends_on:
        return False
    expired = consent.state_at(NOW) is ConsentState.EXPIRED
    return consent.state_at(NOW) is ConsentState.ACTIVE or (
        expired and consent.expires_at is not None and use.fixed_on < consent.expires_at.date()
    )


def _permits(licence: Licence, use: DeclaredUse, consents: list[Consent]) -> bool:
    """The whole of the permission side once more, as one plain condition, to hold the rules against."""
    last = latest_decision(consents, *LICENSING_VOICE)
    if last is None or last.decision is ConsentDecision.REFUSED or licence.activated_at is None:
        return False
    if not _scope_permits(licence, use) or _unpaid(licence):
        return False
    if licence.state is LicenceState.ACTIVE and licence.terms.ends_on >= TODAY:
        return consent_in_force(consents, *LICENSING_VOICE, NOW) is not None
    return licence.state in {LicenceState.ACTIVE, LicenceState.EXPIRED} and _outlived_by(licence, use, last)


@given(uses, records)
def test_an_arbitrary_use_is_permitted_exactly_when_one_licence_permits_it_in_every_term(
    use: DeclaredUse, record: PerformerRecord
) -> None:
    permitted = any(_permits(licence, use, list(record.consents)) for licence in record.licences)
    assert (decide_match(use, record, now=NOW).verdict in PERMITTED) is permitted


@given(covered_cases(), records)
def test_a_use_in_every_term_is_permitted_and_both_statements_of_the_rules_agree(
    case: CoveredCase, others: PerformerRecord
) -> None:
    assert _permits(case.licence, case.use, [case.consent])
    assert decide_match(case.use, case.record, now=NOW).verdict in PERMITTED
    mixed = replace(others, consents=(*others.consents, case.consent), licences=(*others.licences, case.licence))
    permitted = any(_permits(licence, case.use, list(mixed.consents)) for licence in mixed.licences)
    assert (decide_match(case.use, mixed, now=NOW).verdict in PERMITTED) is permitted


@given(evidences(), uses, records, standings)
def test_every_verdict_has_reasons_with_a_code_and_a_sentence(
    evidence: PerformerEvidence, use: DeclaredUse, record: PerformerRecord, source: SourceStanding | None
) -> None:
    ruling = decide(evidence, use, record, now=NOW, source=source)
    assert ruling.reasons
    for reason in ruling.reasons:
        assert reason.code
        assert reason.code == reason.code.lower().replace(" ", "_")
        assert reason.detail


@given(evidences(EvidenceOutcome.MATCH), uses, records)
def test_only_the_two_permitting_verdicts_and_refusals_by_a_licence_name_a_licence(
    evidence: PerformerEvidence, use: DeclaredUse, record: PerformerRecord
) -> None:
    ruling = decide(evidence, use, record, now=NOW)
    held = {licence.id for licence in record.licences if licence.activated_at is not None}
    assert ruling.licence_id is None or ruling.licence_id in held
    if ruling.verdict in PERMITTED:
        assert ruling.licence_id is not None


def test_a_record_that_mixes_two_performers_is_not_accepted() -> None:
    foreign = Consent(
        id="cons_x",
        performer_id="perf_b",
        purpose=ConsentPurpose.LICENSING,
        modality=Modality.VOICE,
        decision=ConsentDecision.GIVEN,
        state=ConsentState.ACTIVE,
        signed_at=NOW,
        expires_at=None,
        withdrawn_at=None,
    )
    with pytest.raises(ValueError, match="somebody else"):
        PerformerRecord(PERFORMER, (foreign,), ())
