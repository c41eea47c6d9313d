"""Time in policy: a term, a due date and the end of a consent, on the day before, the day and the day after."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st
from strategies_domain import NOW, TODAY, CoveredCase, covered_cases, days

from registry.domain.consents import Consent
from registry.domain.licences import Licence
from registry.domain.policy import decide_match
from registry.domain.terms import PayBasis, PayTerms, Rate
from registry.domain.verdicts import PERMITTED, Verdict

SOME_PAY = PayTerms((Rate(PayBasis.FLAT, 250),), "EUR", due_within_days=7)


def _at(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, tzinfo=UTC)


def _verdict(
    case: CoveredCase, now: datetime, *, licence: Licence | None = None, consent: Consent | None = None
) -> Verdict:
    record = replace(case.record, licences=(licence or case.licence,), consents=(consent or case.consent,))
    return decide_match(case.use, record, now=now).verdict


def _for_ever(consent: Consent) -> Consent:
    return replace(consent, expires_at=None)


@given(covered_cases(ended=False), st.times())
def test_on_its_last_day_a_licence_still_permits_and_on_the_next_it_does_not(case: CoveredCase, hour: time) -> None:
    unfinished = replace(case, use=replace(case.use, fixed_on=None), consent=_for_ever(case.consent))
    last = case.licence.terms.ends_on
    assert _verdict(unfinished, _at(last, hour)) is Verdict.LICENSED_USE
    assert _verdict(unfinished, _at(last + timedelta(days=1), hour)) is Verdict.LICENCE_EXPIRED


@given(covered_cases(ended=False), st.times())
def test_before_its_first_day_a_licence_permits_nothing_and_names_the_day(case: CoveredCase, hour: time) -> None:
    use = replace(case.use, fixed_on=None)
    first = case.licence.terms.starts_on
    early = decide_match(use, case.record, now=_at(first - timedelta(days=1), hour))
    assert early.verdict is Verdict.LICENSED_OUT_OF_SCOPE
    assert {"term": "starts_on", "starts_on": first.isoformat()}.items() <= dict(early.reasons[0].figures).items()
    assert decide_match(use, case.record, now=_at(first, hour)).verdict is Verdict.LICENSED_USE


@given(covered_cases(ended=True), days(-40, 20))
def test_only_a_work_finished_within_the_term_outlives_it(case: CoveredCase, fixed_on: date) -> None:
    terms = case.licence.terms
    verdict = _verdict(replace(case, use=replace(case.use, fixed_on=fixed_on)), NOW)
    within = terms.starts_on <= fixed_on <= terms.ends_on
    assert verdict is (Verdict.EXPIRED_LEGACY_USE if within else Verdict.LICENCE_EXPIRED)


@given(covered_cases(ended=True))
def test_a_work_whose_day_was_not_declared_does_not_outlive_the_term(case: CoveredCase) -> None:
    assert _verdict(replace(case, use=replace(case.use, fixed_on=None)), NOW) is Verdict.LICENCE_EXPIRED


@given(covered_cases(ended=True), st.sampled_from(("media", "purposes", "territories", "languages")))
def test_a_finished_work_out_of_scope_is_expired_and_says_both(case: CoveredCase, name: str) -> None:
    terms = replace(case.licence.terms, **{name: frozenset()})
    record = replace(case.record, licences=(replace(case.licence, terms=terms),))
    ruling = decide_match(case.use, record, now=NOW)
    assert ruling.verdict is Verdict.LICENCE_EXPIRED
    assert {"ends_on", name} <= {reason.figures.get("term") for reason in ruling.reasons}


@given(covered_cases(ended=True))
def test_a_finished_work_that_was_never_paid_for_is_unpaid(case: CoveredCase) -> None:
    terms = replace(case.licence.terms, pay=SOME_PAY)
    owed = replace(case.licence, terms=terms, paid_at=None, activated_at=NOW - timedelta(days=8))
    assert _verdict(case, NOW, licence=owed) is Verdict.LICENSED_UNPAID


@given(covered_cases(ended=True), days(-40, 0))
def test_a_finished_work_outlives_the_end_of_consent_only_where_it_was_finished_before(
    case: CoveredCase, ends: date
) -> None:
    assert case.use.fixed_on is not None
    consent = replace(case.consent, expires_at=_at(ends, time(12)))
    assert (_verdict(case, NOW, consent=consent) in PERMITTED) is (case.use.fixed_on < ends)


@given(covered_cases(ended=False), st.integers(1, 10**6))
def test_a_consent_ends_at_its_very_moment(case: CoveredCase, earlier_us: int) -> None:
    at_once = replace(case.consent, expires_at=NOW)
    not_yet = replace(case.consent, expires_at=NOW + timedelta(microseconds=earlier_us))
    running = replace(case, use=replace(case.use, fixed_on=None))  # nothing finished that could outlive it
    assert _verdict(running, NOW, consent=at_once) is Verdict.CONSENT_WITHDRAWN
    assert _verdict(running, NOW, consent=not_yet) is Verdict.LICENSED_USE


@given(covered_cases(ended=False), st.integers(0, 30), st.times(), st.times())
def test_payment_is_overdue_after_the_day_it_is_due_and_not_on_it(
    case: CoveredCase, within_days: int, signed: time, asked: time
) -> None:
    pay = replace(SOME_PAY, due_within_days=within_days)
    terms = replace(case.licence.terms, pay=pay, ends_on=TODAY + timedelta(days=60))
    owed = replace(case.licence, terms=terms, paid_at=None, activated_at=_at(TODAY, signed))
    forever = replace(case, consent=_for_ever(case.consent))
    due = TODAY + timedelta(days=within_days)
    assert _verdict(forever, _at(due, asked), licence=owed) is Verdict.LICENSED_USE
    assert _verdict(forever, _at(due + timedelta(days=1), asked), licence=owed) is Verdict.LICENSED_UNPAID
    paid = replace(owed, paid_at=_at(due, asked))
    assert _verdict(forever, _at(due + timedelta(days=1), asked), licence=paid) is Verdict.LICENSED_USE


@given(covered_cases(), st.integers(0, 400))
def test_time_alone_never_turns_a_refusal_for_the_end_of_a_term_into_a_permission(
    case: CoveredCase, later: int
) -> None:
    past_end = _at(case.licence.terms.ends_on + timedelta(days=1), time(0))
    assume(_verdict(case, past_end) not in PERMITTED)
    assert _verdict(case, past_end + timedelta(days=later)) not in PERMITTED
