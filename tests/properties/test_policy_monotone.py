"""Less written permission never means more is allowed, and a licence never spoils another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from strategies_domain import (
    NOW,
    PROJECTS,
    CoveredCase,
    any_licences,
    covered_cases,
    records,
    subsets,
    uses,
)

from registry.domain.consents import ConsentState
from registry.domain.judging import judge_licence
from registry.domain.licences import Licence, LicenceState
from registry.domain.policy import PerformerRecord, decide_match
from registry.domain.terms import LicenceTerms, PayBasis, PayTerms, Rate
from registry.domain.uses import DeclaredUse
from registry.domain.verdicts import PERMITTED, Verdict

SETS = ("purposes", "media", "territories", "languages")


def _is_permitted(licence: Licence, use: DeclaredUse, record: PerformerRecord) -> bool:
    return decide_match(use, replace(record, licences=(licence,)), now=NOW).verdict in PERMITTED


def _with_terms(licence: Licence, **changes: object) -> Licence:
    terms: LicenceTerms = replace(licence.terms, **changes)  # type: ignore[arg-type]
    return replace(licence, terms=terms)


@given(
    covered_cases() | st.builds(CoveredCase, uses, any_licences, covered_cases().map(lambda c: c.consent)), st.data()
)
def test_taking_anything_out_of_a_permitted_set_never_turns_a_refusal_into_a_permission(
    case: CoveredCase, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(SETS))
    held: frozenset[str] = getattr(case.licence.terms, name)
    kept = data.draw(subsets(tuple(sorted(held)))) if held else held
    narrower = _with_terms(case.licence, **{name: kept})
    if not _is_permitted(case.licence, case.use, case.record):
        assert not _is_permitted(narrower, case.use, case.record)


@given(covered_cases(), st.sampled_from(SETS))
def test_taking_out_what_a_use_needs_refuses_it_and_names_that_term(case: CoveredCase, name: str) -> None:
    needed = {
        "purposes": set(case.use.required_purposes),
        "media": {case.use.medium},
        "territories": {case.use.territory, "WORLD"},
        "languages": {"*", case.use.language, (case.use.language or "").partition("-")[0]},
    }[name]
    narrower = _with_terms(case.licence, **{name: getattr(case.licence.terms, name) - needed})
    ruling = decide_match(case.use, replace(case.record, licences=(narrower,)), now=NOW)
    assert ruling.verdict in {Verdict.LICENSED_OUT_OF_SCOPE, Verdict.LICENCE_EXPIRED}
    named = [reason.figures for reason in ruling.reasons if reason.figures.get("term") == name]
    assert named
    assert all(figures["wanted"] and figures["permitted"] for figures in named)


@given(covered_cases(), subsets(PROJECTS))
def test_binding_a_licence_to_projects_never_permits_more(case: CoveredCase, projects: frozenset[str]) -> None:
    bound = _with_terms(case.licence, projects=projects)
    assert _is_permitted(bound, case.use, case.record) is (case.use.project in projects)


@given(uses, any_licences, covered_cases(), st.integers(0, 10), st.integers(0, 10))
def test_shortening_a_term_never_permits_more(
    use: DeclaredUse, licence: Licence, case: CoveredCase, later: int, earlier: int
) -> None:
    starts_on = licence.terms.starts_on + timedelta(days=later)
    ends_on = licence.terms.ends_on - timedelta(days=earlier)
    if starts_on <= ends_on and not _is_permitted(licence, use, case.record):
        assert not _is_permitted(_with_terms(licence, starts_on=starts_on, ends_on=ends_on), use, case.record)


@given(covered_cases(ended=False))
def test_putting_an_overdue_price_on_a_covered_use_makes_it_unpaid(case: CoveredCase) -> None:
    pay = PayTerms((Rate(PayBasis.FLAT, 1),), "EUR", due_within_days=0)
    owed = replace(_with_terms(case.licence, pay=pay), paid_at=None, activated_at=NOW - timedelta(days=1))
    ruling = decide_match(case.use, replace(case.record, licences=(owed,)), now=NOW)
    assert ruling.verdict is Verdict.LICENSED_UNPAID
    assert "pay" in {reason.figures.get("term") for reason in ruling.reasons}


@given(covered_cases(), st.sampled_from((LicenceState.SUSPENDED, LicenceState.REVOKED)))
def test_suspending_or_revoking_the_only_licence_ends_the_permission(case: CoveredCase, state: LicenceState) -> None:
    expected = {
        LicenceState.SUSPENDED: Verdict.LICENCE_SUSPENDED,
        LicenceState.REVOKED: Verdict.UNLICENSED_MATCH,
    }[state]
    record = replace(case.record, licences=(replace(case.licence, state=state),))
    assert decide_match(case.use, record, now=NOW).verdict is expected


@given(covered_cases(), st.sampled_from([s for s in ConsentState if s is not ConsentState.ACTIVE]))
def test_a_consent_that_is_not_active_never_carries_a_running_licence(case: CoveredCase, state: ConsentState) -> None:
    record = replace(case.record, consents=(replace(case.consent, state=state, expires_at=None),))
    assert decide_match(case.use, record, now=NOW).verdict not in PERMITTED


@given(covered_cases(), st.lists(any_licences, max_size=3))
def test_other_licences_never_make_a_covered_use_uncovered(case: CoveredCase, others: list[Licence]) -> None:
    numbered = [replace(other, id=f"lic_other_{number}") for number, other in enumerate(others)]
    record = replace(case.record, licences=(*numbered, case.licence))
    assert decide_match(case.use, record, now=NOW).verdict in PERMITTED


@given(uses, records)
def test_the_verdict_is_no_worse_than_that_of_any_single_licence(use: DeclaredUse, record: PerformerRecord) -> None:
    alone = [decide_match(use, replace(record, licences=(licence,)), now=NOW).verdict for licence in record.licences]
    together = decide_match(use, record, now=NOW).verdict
    assert (together in PERMITTED) is any(verdict in PERMITTED for verdict in alone)
    assert not alone or together in alone


@given(uses, records, st.randoms(use_true_random=False))
def test_the_order_of_licences_and_consents_does_not_matter(
    use: DeclaredUse, record: PerformerRecord, random: st.RandomType
) -> None:
    consents = [replace(consent, id=f"cons_{number}") for number, consent in enumerate(record.consents)]
    first = replace(record, consents=consents)
    shuffled = replace(
        record,
        consents=random.sample(consents, len(consents)),
        licences=random.sample(list(record.licences), len(record.licences)),
    )
    assert decide_match(use, shuffled, now=NOW) == decide_match(use, first, now=NOW)


@given(uses, records)
def test_what_a_studio_claims_never_changes_the_verdict(use: DeclaredUse, record: PerformerRecord) -> None:
    unclaimed = decide_match(replace(use, claimed_licence_ids=()), record, now=NOW)
    claimed = decide_match(use, record, now=NOW)
    assert (claimed.verdict, claimed.licence_id) == (unclaimed.verdict, unclaimed.licence_id)
    assert claimed.reasons[: len(unclaimed.reasons)] == unclaimed.reasons


@given(any_licences, uses, records)
def test_the_most_restrictive_rule_of_a_licence_decides(
    licence: Licence, use: DeclaredUse, record: PerformerRecord
) -> None:
    ruling = judge_licence(licence, use, record.consents, now=NOW)
    if ruling is None:
        return
    if licence.state is LicenceState.REVOKED:
        assert ruling.verdict is Verdict.UNLICENSED_MATCH
    elif licence.state is LicenceState.SUSPENDED:
        assert ruling.verdict is Verdict.LICENCE_SUSPENDED
    elif licence.state_at(NOW) is LicenceState.EXPIRED:
        assert ruling.verdict not in {Verdict.LICENSED_USE, Verdict.LICENSED_OUT_OF_SCOPE}
    elif licence.is_overdue(NOW):
        assert ruling.verdict is not Verdict.LICENSED_USE
