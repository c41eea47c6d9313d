"""Every verdict once, by an ordinary example, with the words a person reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from agreements import CONSENT, LICENCE, MATCH, NOW, TERMS, USE

from registry.domain.choices import Disposition, LicensingChoices
from registry.domain.consents import Consent, ConsentDecision, ConsentState
from registry.domain.licence_facts import AttestedWork, LicenceFacts
from registry.domain.licences import Hold, Licence, LicenceState, SuspensionReason, TermsInForce
from registry.domain.policy import PerformerRecord, SourceStanding, decide, standing_of_source
from registry.domain.scores import EvidenceOutcome, PerformerEvidence, Reason
from registry.domain.terms import ApprovalTerms
from registry.domain.uses import DeclaredUse, Medium, UsePurpose
from registry.domain.verdicts import PERMITTED, Ruling, Verdict

REFUSAL = replace(CONSENT, decision=ConsentDecision.REFUSED)
WITHDRAWN = replace(CONSENT, state=ConsentState.WITHDRAWN, withdrawn_at=datetime(2026, 5, 2, 8, 0, tzinfo=UTC))


def _decide(
    use: DeclaredUse = USE,
    *licences: Licence,
    consents: tuple[Consent, ...] = (CONSENT,),
    evidence: PerformerEvidence | None = MATCH,
) -> Ruling:
    return decide(evidence, use, PerformerRecord("perf_1", consents, licences), now=NOW)


def test_a_ruling_without_a_reason_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="reasons"):
        Ruling(Verdict.LICENSED_USE, ())


def test_without_a_licence_a_match_is_unlicensed() -> None:
    ruling = _decide(USE)
    assert ruling.verdict is Verdict.UNLICENSED_MATCH
    assert [reason.code for reason in ruling.reasons] == ["no_licence"]


def test_an_offer_that_the_studio_never_signed_is_no_licence() -> None:
    offered = replace(LICENCE, state=LicenceState.OFFERED, activated_at=None)
    assert _decide(USE, offered).verdict is Verdict.UNLICENSED_MATCH


def test_a_licence_marked_offered_again_after_it_was_active_is_no_licence() -> None:
    assert _decide(USE, replace(LICENCE, state=LicenceState.OFFERED)).verdict is Verdict.UNLICENSED_MATCH


def test_a_licence_marked_active_that_was_never_activated_is_no_licence() -> None:
    assert _decide(USE, replace(LICENCE, activated_at=None)).verdict is Verdict.UNLICENSED_MATCH


def test_a_revoked_licence_says_that_it_was_revoked() -> None:
    ruling = _decide(USE, replace(LICENCE, state=LicenceState.REVOKED, ended_at=NOW))
    assert ruling.verdict is Verdict.UNLICENSED_MATCH
    assert (ruling.reasons[0].code, ruling.licence_id) == ("licence_revoked", "lic_1")


def test_withdrawn_consent_says_on_which_day() -> None:
    ruling = _decide(USE, LICENCE, consents=(WITHDRAWN,))
    assert ruling.verdict is Verdict.CONSENT_WITHDRAWN
    assert "2026-05-02" in ruling.reasons[0].detail


def test_a_withdrawal_beats_a_yes_signed_before_it_and_never_marked_as_superseded() -> None:
    later = replace(CONSENT, id="cons_2", signed_at=datetime(2026, 4, 1, tzinfo=UTC))
    assert _decide(USE, LICENCE, consents=(WITHDRAWN, later)).verdict is Verdict.CONSENT_WITHDRAWN


def test_a_yes_signed_after_a_withdrawal_is_a_new_decision() -> None:
    anew = replace(CONSENT, id="cons_2", signed_at=datetime(2026, 5, 3, tzinfo=UTC))
    assert _decide(USE, LICENCE, consents=(WITHDRAWN, anew)).verdict is Verdict.LICENSED_USE


def test_a_withdrawn_refusal_is_not_called_withdrawn_consent_and_permits_nothing() -> None:
    taken_back = replace(WITHDRAWN, decision=ConsentDecision.REFUSED)
    assert _decide(USE, consents=(taken_back,)).verdict is Verdict.UNLICENSED_MATCH
    assert _decide(USE, LICENCE, consents=(taken_back,)).reasons[0].code == "licensing_consent_not_in_force"


def test_a_performer_who_refuses_all_licences_has_opted_out() -> None:
    assert _decide(USE, LICENCE, consents=(REFUSAL,)).verdict is Verdict.OPTED_OUT_MATCH


def test_a_suspended_licence_says_why() -> None:
    ruling = _decide(USE, replace(LICENCE, state=LicenceState.SUSPENDED, suspension_reason="strike"))
    assert ruling.verdict is Verdict.LICENCE_SUSPENDED
    assert "strike" in ruling.reasons[0].detail


@pytest.mark.parametrize(
    ("changes", "term", "wanted"),
    [
        ({"purpose": UsePurpose.ADVERTISING}, "purposes", "advertising"),
        ({"medium": Medium.GAME}, "media", "game"),
        ({"territory": "US"}, "territories", "US"),
        ({"territory": "WORLD"}, "territories", "WORLD"),
        ({"language": "en"}, "languages", "en"),
        ({"language": None}, "languages", "not declared"),
    ],
)
def test_a_use_out_of_scope_is_told_which_term_refused_and_what_it_permits(
    changes: dict[str, object], term: str, wanted: str
) -> None:
    ruling = _decide(replace(USE, **changes), LICENCE)  # type: ignore[arg-type]
    assert ruling.verdict is Verdict.LICENSED_OUT_OF_SCOPE
    assert len(ruling.reasons) == 1
    assert ruling.reasons[0].code == f"{term}_not_permitted"
    assert (ruling.reasons[0].figures["term"], ruling.reasons[0].figures["wanted"]) == (term, wanted)


def test_a_use_out_of_scope_in_several_terms_hears_of_every_one() -> None:
    elsewhere = replace(USE, medium=Medium.GAME, territory="US", language=None)
    assert [reason.figures["term"] for reason in _decide(elsewhere, LICENCE).reasons] == [
        "media",
        "territories",
        "languages",
    ]


def test_another_project_than_the_licensed_one_is_out_of_scope() -> None:
    bound = replace(LICENCE, terms=replace(TERMS, projects=frozenset({"Meridian"})))
    assert _decide(USE, bound).reasons[0].figures["permitted"] == "Meridian"


def test_a_licence_that_ended_says_when() -> None:
    ended = replace(LICENCE, terms=replace(TERMS, ends_on=date(2026, 6, 14)))
    ruling = _decide(USE, ended)
    assert ruling.verdict is Verdict.LICENCE_EXPIRED
    assert ruling.reasons[0].figures["ends_on"] == "2026-06-14"


def test_a_work_finished_within_a_term_that_ended_is_a_legacy_use() -> None:
    ended = replace(LICENCE, terms=replace(TERMS, ends_on=date(2026, 6, 14)))
    assert _decide(replace(USE, fixed_on=date(2026, 6, 14)), ended).verdict is Verdict.EXPIRED_LEGACY_USE


@pytest.mark.parametrize("consents", [(), (replace(CONSENT, state=ConsentState.DRAFT, signed_at=None),)])
def test_not_even_a_finished_work_is_covered_where_consent_was_never_given(consents: tuple[Consent, ...]) -> None:
    ended = replace(LICENCE, terms=replace(TERMS, ends_on=date(2026, 6, 14)))
    ruling = _decide(replace(USE, fixed_on=date(2026, 6, 1)), ended, consents=consents)
    assert ruling.verdict is Verdict.CONSENT_WITHDRAWN
    assert ruling.reasons[0].code == "licensing_consent_not_in_force"


def test_an_overdue_licence_says_since_when() -> None:
    ruling = _decide(USE, replace(LICENCE, paid_at=None))
    assert ruling.verdict is Verdict.LICENSED_UNPAID
    assert ruling.reasons[0].figures == {"term": "pay", "due_on": "2026-01-31"}


def test_a_use_in_every_term_is_licensed() -> None:
    ruling = _decide(USE, LICENCE)
    assert (ruling.verdict, ruling.licence_id) == (Verdict.LICENSED_USE, "lic_1")


def test_the_nearest_of_several_licences_is_named() -> None:
    suspended = replace(LICENCE, id="lic_0", state=LicenceState.SUSPENDED)
    unpaid = replace(LICENCE, id="lic_2", paid_at=None)
    assert _decide(USE, suspended, unpaid).licence_id == "lic_2"
    assert _decide(USE, suspended, unpaid, LICENCE).licence_id == "lic_1"


def test_a_studio_that_claims_another_licence_is_told_which_one_decides() -> None:
    ruling = _decide(replace(USE, claimed_licence_ids=("lic_9",)), LICENCE)
    assert ruling.verdict is Verdict.LICENSED_USE
    assert ruling.reasons[-1].code == "not_the_claimed_licence"
    assert ruling.reasons[-1].figures == {"claimed": "lic_9", "decides": "lic_1"}


def test_no_evidence_is_not_assessed() -> None:
    assert _decide(USE, LICENCE, evidence=None).verdict is Verdict.NOT_ASSESSED


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (EvidenceOutcome.NO_MATCH, Verdict.NO_MATCH),
        (EvidenceOutcome.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        (EvidenceOutcome.SOUND_ALIKE, Verdict.SOUND_ALIKE_REVIEW),
    ],
)
def test_the_engines_own_reasons_are_passed_on_and_there_is_always_one(
    outcome: EvidenceOutcome, verdict: Verdict
) -> None:
    why = Reason("too_short", "1.1 s of speech; 2.0 s are needed", {"speech_s": 1.1})
    told = _decide(USE, LICENCE, evidence=replace(MATCH, outcome=outcome, reasons=(why,)))
    untold = _decide(USE, LICENCE, evidence=replace(MATCH, outcome=outcome))
    assert told == Ruling(verdict, (why,))
    assert untold.verdict is verdict
    assert untold.reasons[0].code


def test_a_declared_source_without_a_licence_explains_nothing() -> None:
    alike = replace(MATCH, performer_id="perf_2", outcome=EvidenceOutcome.SOUND_ALIKE)
    standing = standing_of_source(MATCH, _decide(USE), alike)
    assert standing == SourceStanding("perf_1", heard=True, covered=False)
    ruling = decide(alike, USE, PerformerRecord("perf_2", (), ()), now=NOW, source=standing)
    assert ruling.verdict is Verdict.SOUND_ALIKE_REVIEW


def test_a_licensed_source_that_is_heard_explains_a_voice_that_sounds_alike() -> None:
    alike = replace(MATCH, performer_id="perf_2", outcome=EvidenceOutcome.SOUND_ALIKE)
    standing = standing_of_source(MATCH, _decide(USE, LICENCE), alike)
    ruling = decide(alike, USE, PerformerRecord("perf_2", (), ()), now=NOW, source=standing)
    assert ruling.verdict is Verdict.EXPLAINED_BY_DECLARED_SOURCE


def test_only_two_verdicts_permit() -> None:
    assert {Verdict.LICENSED_USE, Verdict.EXPIRED_LEGACY_USE} == PERMITTED


def test_a_work_dated_in_the_future_does_not_bring_the_term_forward() -> None:
    later = replace(LICENCE, terms=replace(TERMS, starts_on=date(2026, 7, 1)))
    ruling = _decide(replace(USE, fixed_on=date(2026, 7, 10)), later)
    assert ruling.verdict is Verdict.LICENSED_OUT_OF_SCOPE
    assert ruling.reasons[0].figures == {"term": "starts_on", "starts_on": "2026-07-01", "used_on": "2026-06-15"}


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [(1, Verdict.CONSENT_WITHDRAWN), (2, Verdict.CONSENT_WITHDRAWN), (3, Verdict.EXPIRED_LEGACY_USE)],
)
def test_a_work_finished_on_the_day_consent_ended_does_not_outlive_it(ends: int, verdict: Verdict) -> None:
    ended = replace(LICENCE, terms=replace(TERMS, ends_on=date(2026, 6, 14)))
    consent = replace(CONSENT, expires_at=datetime(2026, 6, ends, 12, 0, tzinfo=UTC))
    assert _decide(replace(USE, fixed_on=date(2026, 6, 2)), ended, consents=(consent,)).verdict is verdict


# --- what happened on the day the work was finished -------------------------------------------------------------------

STRIKE = Hold(
    SuspensionReason.STRIKE,
    "since midnight",
    datetime(2026, 4, 1, 9, tzinfo=UTC),
    until=datetime(2026, 4, 20, 9, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        (date(2026, 3, 31), Verdict.LICENSED_USE),
        (date(2026, 4, 1), Verdict.LICENCE_SUSPENDED),
        (date(2026, 4, 19), Verdict.LICENCE_SUSPENDED),
        (date(2026, 4, 20), Verdict.LICENSED_USE),
        (None, Verdict.LICENSED_USE),
    ],
)
def test_a_work_finished_while_the_licence_rested_is_not_covered_once_that_was_lifted(
    day: date | None, verdict: Verdict
) -> None:
    assert _decide(replace(USE, fixed_on=day), replace(LICENCE, lifted=(STRIKE,))).verdict is verdict


def test_of_a_rest_that_is_over_cause_and_days_are_said() -> None:
    (reason,) = _decide(replace(USE, fixed_on=date(2026, 4, 10)), replace(LICENCE, lifted=(STRIKE,))).reasons
    assert (reason.code, reason.figures["cause"]) == ("licence_suspended", "strike")
    assert (reason.figures["since"], reason.figures["until"]) == (STRIKE.since.isoformat(), "2026-04-20T09:00:00+00:00")
    assert "2026-04-01 to 2026-04-20" in reason.detail


def test_not_even_the_end_of_the_term_makes_a_work_of_a_rest_a_legacy_use() -> None:
    ended = replace(LICENCE, terms=replace(TERMS, ends_on=date(2026, 6, 14)), lifted=(STRIKE,))
    assert _decide(replace(USE, fixed_on=date(2026, 4, 10)), ended).verdict is Verdict.LICENCE_SUSPENDED
    assert _decide(replace(USE, fixed_on=date(2026, 5, 10)), ended).verdict is Verdict.EXPIRED_LEGACY_USE


NARROWED = replace(
    LICENCE,
    terms=replace(TERMS, territories=frozenset({"JP"})),
    versions=(
        TermsInForce(1, TERMS, datetime(2026, 1, 1, 9, tzinfo=UTC)),
        TermsInForce(2, replace(TERMS, territories=frozenset({"JP"})), datetime(2026, 5, 1, 9, tzinfo=UTC)),
    ),
)


def test_a_work_judged_by_terms_that_were_amended_since_says_so_and_by_whose_word() -> None:
    assert _decide(USE, NARROWED).verdict is Verdict.LICENSED_OUT_OF_SCOPE
    told = _decide(replace(USE, fixed_on=date(2026, 4, 30)), NARROWED)
    assert told.verdict is Verdict.LICENSED_USE
    assert [reason.code for reason in told.reasons] == ["licence_covers_use", "earlier_terms"]
    figures = told.reasons[1].figures
    assert (figures["replaced_by"], figures["replaced_on"], figures["attested"]) == (2, "2026-05-01", False)
    assert "by the studio's word" in told.reasons[1].detail
    assert _decide(replace(USE, fixed_on=date(2026, 5, 1)), NARROWED).verdict is Verdict.LICENSED_OUT_OF_SCOPE


@pytest.mark.parametrize(
    ("recorded_on", "attested"),
    [(date(2026, 4, 29), False), (date(2026, 4, 30), True), (date(2026, 5, 1), False)],
)
def test_only_a_record_from_the_work_to_the_amendment_attests_a_work_of_the_terms_before(
    recorded_on: date, *, attested: bool
) -> None:
    facts = {"lic_1": LicenceFacts(used={}, attested=frozenset({AttestedWork("Aurora", recorded_on)}))}
    use = replace(USE, fixed_on=date(2026, 4, 30))
    ruling = decide(MATCH, use, PerformerRecord("perf_1", (CONSENT,), (NARROWED,), facts), now=NOW)
    assert ruling.reasons[1].figures["attested"] is attested


# --- exact copy -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Verdict.LICENSED_USE),
        ({"fixed_on": date(2026, 6, 1), "ai_disclosed": True}, Verdict.LICENSED_USE),
        ({"copy_sha256": "b" * 64}, Verdict.LICENSED_OUT_OF_SCOPE),
        ({"project": "Meridian"}, Verdict.LICENSED_OUT_OF_SCOPE),
        ({"territory": "JP"}, Verdict.LICENSED_OUT_OF_SCOPE),
        ({"copy_sha256": None}, Verdict.LICENSED_OUT_OF_SCOPE),
    ],
)
def test_copy_that_was_approved_is_approved_for_the_use_that_was_shown(
    changes: dict[str, object], verdict: Verdict
) -> None:
    shown = replace(USE, copy_sha256="a" * 64)
    assert shown.copy_use is not None
    licence = replace(LICENCE, terms=replace(TERMS, approval=ApprovalTerms(frozenset({UsePurpose.DUBBING}))))
    facts = {"lic_1": LicenceFacts(used={}, approved_copies=frozenset({shown.copy_use}))}
    record = PerformerRecord("perf_1", (CONSENT,), (licence,), facts)
    assert decide(MATCH, replace(shown, **changes), record, now=NOW).verdict is verdict  # type: ignore[arg-type]


def test_a_performer_who_wants_to_be_asked_each_time_is_not_asked_by_a_licence_alone() -> None:
    asks = replace(CONSENT, choices=LicensingChoices.of(dict.fromkeys(USE.required_purposes, Disposition.ASK)))
    named = replace(USE, copy_sha256="a" * 64)
    assert named.copy_use is not None
    facts = {"lic_1": LicenceFacts(used={}, approved_copies=frozenset({named.copy_use}))}
    for use, known, said in (
        (USE, {}, "copy_not_declared"),
        (named, {}, "copy_not_approved"),
        (named, facts, "licence_covers_use"),
        (replace(named, copy_sha256="b" * 64), facts, "copy_not_approved"),
    ):
        ruling = decide(MATCH, use, PerformerRecord("perf_1", (asks,), (LICENCE,), known), now=NOW)
        assert [reason.code for reason in ruling.reasons] == [said]
        assert (ruling.verdict in PERMITTED) is (said == "licence_covers_use")
