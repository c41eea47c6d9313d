"""Pay: what a licence owes, how use comes to be owed once, and what payment settles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier

import pytest
from paying import FLAT, PER_SECOND, balance, entries, heard, licensed, lines, paid_by, report, said
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError
from steps import Registry, candidate, evidence_on

from registry.domain.accounts import Principal, Role
from registry.domain.ledger import EntryKind, LedgerAccount
from registry.domain.licences import Side
from registry.domain.payments import PaymentState
from registry.domain.terms import PayBasis, PayTerms, Rate, VolumeCap
from registry.domain.usage import Period
from registry.domain.uses import UsageUnit
from registry.domain.verdicts import Verdict
from registry.errors import (
    ConflictError,
    CurrencyMismatchError,
    ForbiddenError,
    InvalidInputError,
    LeaseLostError,
    NotFoundError,
    PaymentExceedsDueError,
    StaleVersionError,
    UnknownLicenceError,
    UsageOverlapsError,
)
from registry.services import (
    assessments,
    corrections,
    ledger,
    licence_course,
    licence_signing,
    licences,
    payments,
    usage_reports,
)
from registry.services.payments import Paid
from registry.store.ledger import LedgerEntry
from registry.store.licences import Licence

EVIDENCE = "e" * 64
SENT = date(2026, 3, 14)
BOTH = PayTerms((Rate(PayBasis.PER_SECOND, 30),), "GBP", minimum_guarantee_minor=200)


# --- the book --------------------------------------------------------------------------------------------------------


def test_the_database_itself_refuses_to_change_an_entry(registry: Registry) -> None:
    licensed(registry, registry.studio(), paid_by(FLAT))
    for statement in (update(LedgerEntry).values(amount_minor=1), delete(LedgerEntry)):
        with registry.ctx.database.write() as session, pytest.raises(DBAPIError, match="reverse it"):
            session.execute(statement)
    assert [entry.amount_minor for entry in entries(registry)] == [450_000]


def test_nor_to_empty_the_book_or_to_put_another_entry_in_the_place_of_one(registry: Registry) -> None:
    licensed(registry, registry.studio(), paid_by(FLAT))
    columns = ", ".join("1" if c.name == "amount_minor" else c.name for c in LedgerEntry.__table__.columns)
    statements = {
        "sqlite": f"INSERT OR REPLACE INTO ledger_entries SELECT {columns} FROM ledger_entries",  # noqa: S608
        "postgresql": "TRUNCATE ledger_entries CASCADE",
    }
    with registry.ctx.database.write() as session, pytest.raises(DBAPIError, match="reverse it"):
        session.execute(text(statements[session.get_bind().dialect.name]))
    assert [entry.amount_minor for entry in entries(registry)] == [450_000]


def test_a_flat_fee_is_owed_from_coming_into_force_once_and_by_its_day(registry: Registry) -> None:
    licence = licensed(registry, registry.studio(), paid_by(FLAT))
    (entry,) = entries(registry)
    assert (entry.kind, entry.amount_minor, entry.due_on) == (EntryKind.FLAT_FEE, 450_000, date(2026, 4, 13))
    assert balance(registry, licence) == 450_000
    assert registry.journal().count("ledger.posted") == 1


def test_use_within_the_guarantee_is_not_owed_again(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    licence = licensed(registry, studio, paid_by(BOTH))
    assert balance(registry, licence) == 200
    report(registry, studio, said(licence, "5"))  # 150 of the 200
    assert balance(registry, licence) == 200
    report(registry, studio, said(licence, "4"), period=Period(date(2026, 3, 1), date(2026, 3, 1)))
    assert balance(registry, licence) == 270
    assert balance(registry, licence, LedgerAccount.RECOUPED) == 200


def amended(registry: Registry, studio: Principal, licence: Licence, pay: PayTerms) -> None:
    licences.amend_licence(registry.ctx, studio, licence.id, terms=replace(licence.terms(), pay=pay))
    licences.offer_licence(registry.ctx, studio, licence.id)
    licence_signing.sign_licence(registry.ctx, studio, licence.id)
    licence_signing.sign_licence(
        registry.ctx, registry.operator, licence.id, side=Side.PERFORMER, evidence_sha256=EVIDENCE
    )


def test_an_amended_fee_takes_the_place_of_the_old_one_and_is_due_from_then(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    licence = licensed(registry, studio, paid_by(FLAT))
    licence_course.confirm_payment(registry.ctx, registry.operator, licence.id)
    registry.clock.move(days=60)
    amended(registry, studio, licence, PayTerms((Rate(PayBasis.FLAT, 500_000),), "GBP", due_within_days=30))
    assert balance(registry, licence) == 50_000
    assert licences.get_licence(registry.ctx, studio, licence.id).paid_at is None
    assert heard(registry, studio, licence).verdict is Verdict.LICENSED_USE
    registry.clock.move(days=31)
    assert heard(registry, studio, licence).verdict is Verdict.LICENSED_UNPAID
    licence_course.confirm_payment(registry.ctx, registry.operator, licence.id)
    assert heard(registry, studio, licence).verdict is Verdict.LICENSED_USE


def test_terms_amended_in_something_else_owe_no_second_fee(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    amended(sqlite_registry, studio, licence, replace(FLAT, due_within_days=60))
    assert len(entries(sqlite_registry)) == 1


def test_use_is_priced_by_the_terms_of_its_day(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND))
    amended(sqlite_registry, studio, licence, PayTerms((Rate(PayBasis.PER_SECOND, 50),), "GBP"))
    report(sqlite_registry, studio, said(licence, "1"))
    assert balance(sqlite_registry, licence) == 30
    sqlite_registry.clock.move(days=2)
    day = sqlite_registry.clock().date() - timedelta(days=1)
    report(sqlite_registry, studio, said(licence, "1"), period=Period(day, day))
    assert balance(sqlite_registry, licence) == 80


# --- use that checks measure -----------------------------------------------------------------------------------------


def test_a_use_that_no_licence_covers_is_not_counted(sqlite_registry: Registry) -> None:
    studio, other = sqlite_registry.studio(), sqlite_registry.studio("Other")
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND))
    heard(sqlite_registry, other, licence)
    heard(sqlite_registry, studio, licence, territory="FR")
    assert lines(sqlite_registry) == []


def test_a_licensed_use_is_counted_as_heard_and_posted_in_the_checks_own_commit(registry: Registry) -> None:
    studio = registry.studio()
    licence = licensed(registry, studio, paid_by(PER_SECOND))
    done = heard(registry, studio, licence, 2.51)
    (line,), (entry,) = lines(registry), entries(registry)
    assert (line.thousandths, line.measured, line.exact_minor) == (2510, 2510, "753/10")
    assert (line.finding_id, line.entry_id) == (done.findings[0].id, entry.id)
    assert (entry.kind, entry.amount_minor, entry.due_on) == (EntryKind.USAGE, 75, date(2026, 4, 13))
    assert balance(registry, licence) == 75


def test_the_same_recording_is_counted_once_however_often_it_is_checked(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND))
    first = heard(sqlite_registry, studio, licence)
    again = heard(sqlite_registry, studio, licence)
    assert (first.verdict, again.verdict) == (Verdict.LICENSED_USE, Verdict.LICENSED_USE)
    assert len(lines(sqlite_registry)) == 1


def test_a_worker_that_comes_back_late_counts_nothing(registry: Registry) -> None:
    studio = registry.studio()
    licence = licensed(registry, studio, paid_by(PER_SECOND))
    registry.submit(studio)
    late = registry.lease("wkr_late")
    registry.clock.move(minutes=2)
    evidence = evidence_on(candidate(licence.performer_id))
    assessments.complete_check(registry.ctx, registry.lease("wkr_second"), evidence)
    with pytest.raises(LeaseLostError):
        assessments.complete_check(registry.ctx, late, evidence)
    assert len(lines(registry)) == len(entries(registry)) == 1


def test_what_was_used_counts_against_the_cap_and_a_second_look_at_it_does_not(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    cap = VolumeCap(UsageUnit.SECOND, 20)
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND, volume_caps=(cap,)))
    assert heard(sqlite_registry, studio, licence).verdict is Verdict.LICENSED_USE
    assert heard(sqlite_registry, studio, licence).verdict is Verdict.LICENSED_USE
    report(sqlite_registry, studio, said(licence, "15"))
    assert heard(sqlite_registry, studio, licence).verdict is Verdict.LICENSED_OUT_OF_SCOPE


# --- use that studios report -----------------------------------------------------------------------------------------


def test_a_report_on_days_that_are_not_over_is_refused(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND))
    with pytest.raises(InvalidInputError):
        report(sqlite_registry, studio, said(licence, "5"), period=Period(date(2026, 3, 1), date(2026, 3, 14)))
    assert lines(sqlite_registry) == []


def test_a_report_under_a_licence_of_another_studio_is_refused(sqlite_registry: Registry) -> None:
    licence = licensed(sqlite_registry, sqlite_registry.studio(), paid_by(PER_SECOND))
    with pytest.raises(UnknownLicenceError):
        report(sqlite_registry, sqlite_registry.studio("Other"), said(licence, "5"))


def test_a_performer_reports_no_use(sqlite_registry: Registry) -> None:
    licence = licensed(sqlite_registry, sqlite_registry.studio(), paid_by(PER_SECOND))
    own = sqlite_registry.principal(Role.PERFORMER, "Ada", performer_id=licence.performer_id)
    with pytest.raises(NotFoundError):
        report(sqlite_registry, own, said(licence, "5"))


def test_two_reports_on_one_day_of_a_licence_are_refused_and_an_amendment_is_not(registry: Registry) -> None:
    studio = registry.studio()
    licence = licensed(registry, studio, paid_by(PER_SECOND))
    first = report(registry, studio, said(licence, "5"))
    with pytest.raises(UsageOverlapsError) as refused:
        report(registry, studio, said(licence, "6"))
    assert refused.value.figures["report_id"] == first.id
    assert balance(registry, licence) == 150
    report(registry, studio, said(licence, "6"), amends=first.id)
    assert balance(registry, licence) == 180
    with pytest.raises(ConflictError):
        report(registry, studio, said(licence, "7"), amends=first.id)


def test_the_same_report_twice_is_one_report(registry: Registry) -> None:
    studio = registry.studio()
    licence = licensed(registry, studio, paid_by(PER_SECOND))
    first = report(registry, studio, said(licence, "5"))
    assert report(registry, studio, said(licence, "5")).id == first.id
    assert len(entries(registry)) == 1


def test_the_same_report_sent_four_times_at_once_is_one_report(registry: Registry) -> None:
    studio = registry.studio()
    licence = licensed(registry, studio, paid_by(PER_SECOND))
    together = Barrier(4)

    def send(_: int) -> str:
        together.wait()
        return report(registry, studio, said(licence, "5")).id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(send, range(4)))) == 1
    assert len(entries(registry)) == len(lines(registry)) == 1


def test_a_report_adds_only_what_checks_had_not_measured(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND))
    heard(sqlite_registry, studio, licence, 4.0, fixed_on=date(2026, 2, 10))
    report(sqlite_registry, studio, said(licence, "10"))
    assert [line.thousandths for line in lines(sqlite_registry)] == [4000, 6000]
    assert balance(sqlite_registry, licence) == 300


def test_use_that_costs_less_than_a_minor_unit_is_not_lost(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    pay = PayTerms((Rate(PayBasis.PER_THOUSAND_INFERENCES, 1),), "KRW")
    licence = licensed(sqlite_registry, studio, paid_by(pay))
    for day in range(1, 11):
        item = said(licence, "0.3", UsageUnit.THOUSAND_INFERENCES)
        report(sqlite_registry, studio, item, period=Period(date(2026, 2, day), date(2026, 2, day)))
    assert balance(sqlite_registry, licence) == 3
    assert len(lines(sqlite_registry)) == 10


# --- payments --------------------------------------------------------------------------------------------------------


def pay(registry: Registry, licence_id: str, principal: object, amount: int = 450_000, currency: str = "GBP") -> str:
    paid = Paid(amount, currency, SENT, "INV-1")
    return payments.report_payment(registry.ctx, principal, licence_id, paid).id  # type: ignore[arg-type]


def test_a_payment_in_another_currency_is_a_clear_problem(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    with pytest.raises(CurrencyMismatchError) as refused:
        pay(sqlite_registry, licence.id, studio, currency="EUR")
    assert refused.value.figures == {"currency": "EUR", "agreed_currency": "GBP"}


def test_what_is_owed_from_before_an_amendment_is_paid_in_the_currency_it_is_owed_in(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    licence = licensed(registry, studio, paid_by(PER_SECOND))
    heard(registry, studio, licence)
    registry.clock.move(days=1)
    amended(registry, studio, licence, replace(PER_SECOND, currency="EUR"))
    registry.clock.move(days=31)
    assert heard(registry, studio, licence).verdict is Verdict.LICENSED_UNPAID
    with pytest.raises(CurrencyMismatchError) as refused:
        pay(registry, licence.id, studio, 1, currency="USD")
    assert refused.value.figures["agreed_currency"] == "EUR"
    payment_id = pay(registry, licence.id, studio, 300, currency="GBP")
    payments.confirm_payment(registry.ctx, registry.operator, payment_id, evidence_sha256=EVIDENCE)
    assert heard(registry, studio, licence).verdict is Verdict.LICENSED_USE
    with pytest.raises(CurrencyMismatchError):
        pay(registry, licence.id, studio, 1, currency="GBP")


def test_more_than_is_due_and_not_yet_reported_is_refused(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    pay(sqlite_registry, licence.id, studio, 400_000)
    with pytest.raises(PaymentExceedsDueError) as refused:
        pay(sqlite_registry, licence.id, studio, 50_001)
    assert refused.value.figures["due_minor"] == 50_000


def test_a_payment_of_a_day_that_has_begun_nowhere_yet_is_refused(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    for day in (date(2026, 3, 16), date.max):
        with pytest.raises(InvalidInputError):
            payments.report_payment(sqlite_registry.ctx, studio, licence.id, Paid(1, "GBP", day))
    begun = payments.report_payment(sqlite_registry.ctx, studio, licence.id, Paid(1, "GBP", date(2026, 3, 15)))
    assert begun.paid_on == date(2026, 3, 15)


def test_nobody_reads_or_pays_what_is_between_others(sqlite_registry: Registry) -> None:
    studio, other = sqlite_registry.studio(), sqlite_registry.studio("Other")
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    payment = pay(sqlite_registry, licence.id, studio)
    with pytest.raises(NotFoundError):
        pay(sqlite_registry, licence.id, other)
    with pytest.raises(NotFoundError):
        payments.get_payment(sqlite_registry.ctx, other, payment)
    assert list(payments.list_payments(sqlite_registry.ctx, other, state=None, after=None, limit=9)) == []
    assert list(ledger.list_entries(sqlite_registry.ctx, other, licence_id=None, after=None, limit=9)) == []


def test_the_studio_does_not_confirm_its_own_payment_nor_an_operator_without_evidence(registry: Registry) -> None:
    studio = registry.studio()
    licence = licensed(registry, studio, paid_by(FLAT))
    payment = pay(registry, licence.id, studio)
    for principal in (studio, registry.operator):
        with pytest.raises(ForbiddenError):
            payments.confirm_payment(registry.ctx, principal, payment)
    assert balance(registry, licence) == 450_000


def test_a_payment_is_posted_when_the_performer_confirms_it_and_once(registry: Registry) -> None:
    studio = registry.studio()
    licence = licensed(registry, studio, paid_by(FLAT))
    own = registry.principal(Role.PERFORMER, "Ada", performer_id=licence.performer_id)
    payment = pay(registry, licence.id, studio)
    with pytest.raises(StaleVersionError):
        payments.confirm_payment(registry.ctx, own, payment, if_version=7)
    together = Barrier(3)

    def confirm(_: int) -> str:
        together.wait()
        try:
            return payments.confirm_payment(registry.ctx, own, payment).state.value
        except ConflictError as error:
            return error.slug

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(confirm, range(3))) == ["confirmed", "conflict", "conflict"]
    assert balance(registry, licence) == 0
    assert sorted(entry.kind for entry in entries(registry)) == [EntryKind.FLAT_FEE, EntryKind.PAYMENT]
    assert licences.get_licence(registry.ctx, own, licence.id).paid_at == registry.clock()


def test_a_disputed_payment_settles_nothing_and_is_not_confirmed_later(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    payment = pay(sqlite_registry, licence.id, studio)
    disputed = payments.dispute_payment(
        sqlite_registry.ctx, sqlite_registry.operator, payment, reason="nothing has arrived"
    )
    assert (disputed.state, disputed.reason) == (PaymentState.DISPUTED, "nothing has arrived")
    with pytest.raises(ConflictError):
        payments.confirm_payment(sqlite_registry.ctx, sqlite_registry.operator, payment, evidence_sha256=EVIDENCE)
    assert balance(sqlite_registry, licence) == 450_000


def test_confirming_all_that_is_due_confirms_what_was_reported_and_records_the_rest(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    pay(sqlite_registry, licence.id, studio, 50_000)
    settled = licence_course.confirm_payment(sqlite_registry.ctx, sqlite_registry.operator, licence.id)
    assert settled.paid_at == sqlite_registry.clock()
    assert balance(sqlite_registry, licence) == 0
    with pytest.raises(ConflictError):
        licence_course.confirm_payment(sqlite_registry.ctx, sqlite_registry.operator, licence.id)


# --- what is not paid ------------------------------------------------------------------------------------------------


def test_a_fee_past_its_day_turns_the_verdict_and_payment_turns_it_back(registry: Registry) -> None:
    studio = registry.studio()
    licence = licensed(registry, studio, paid_by(FLAT))
    registry.clock.move(days=30)
    assert heard(registry, studio, licence).verdict is Verdict.LICENSED_USE  # the last day to pay
    registry.clock.move(days=1)
    unpaid = heard(registry, studio, licence)
    assert unpaid.verdict is Verdict.LICENSED_UNPAID
    assert unpaid.reasons is not None
    assert unpaid.reasons[0]["figures"]["due_on"] == "2026-04-13"  # type: ignore[index]
    licence_course.confirm_payment(registry.ctx, registry.operator, licence.id)
    assert heard(registry, studio, licence).verdict is Verdict.LICENSED_USE


def test_use_that_is_not_paid_by_its_day_turns_the_verdict(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND))
    report(sqlite_registry, studio, said(licence, "5"))
    sqlite_registry.clock.move(days=31)
    assert heard(sqlite_registry, studio, licence).verdict is Verdict.LICENSED_UNPAID
    payment = payments.report_payment(
        sqlite_registry.ctx, studio, licence.id, Paid(149, "GBP", sqlite_registry.clock().date())
    )
    payments.confirm_payment(sqlite_registry.ctx, sqlite_registry.operator, payment.id, evidence_sha256=EVIDENCE)
    assert heard(sqlite_registry, studio, licence).verdict is Verdict.LICENSED_UNPAID  # one penny is still due
    rest = payments.report_payment(
        sqlite_registry.ctx, studio, licence.id, Paid(1, "GBP", sqlite_registry.clock().date())
    )
    payments.confirm_payment(sqlite_registry.ctx, sqlite_registry.operator, rest.id, evidence_sha256=EVIDENCE)
    assert heard(sqlite_registry, studio, licence).verdict is Verdict.LICENSED_USE


# --- corrections -----------------------------------------------------------------------------------------------------


def test_only_an_operator_takes_an_entry_back_and_only_once(registry: Registry) -> None:
    studio = registry.studio()
    licence = licensed(registry, studio, paid_by(FLAT))
    (entry,) = entries(registry)
    with pytest.raises(ForbiddenError):
        corrections.reverse_entry(registry.ctx, studio, entry.id, reason="too much")
    reversal = corrections.reverse_entry(registry.ctx, registry.operator, entry.id, reason="agreed orally")
    for entry_id in (entry.id, reversal.id):
        with pytest.raises(ConflictError):
            corrections.reverse_entry(registry.ctx, registry.operator, entry_id, reason="again")
    assert balance(registry, licence) == 0


def test_a_payment_that_bounced_is_due_again_from_its_first_day(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(FLAT))
    licence_course.confirm_payment(sqlite_registry.ctx, sqlite_registry.operator, licence.id)
    sqlite_registry.clock.move(days=31)
    assert heard(sqlite_registry, studio, licence).verdict is Verdict.LICENSED_USE
    (payment,) = [entry for entry in entries(sqlite_registry) if entry.kind is EntryKind.PAYMENT]
    corrections.reverse_entry(sqlite_registry.ctx, sqlite_registry.operator, payment.id, reason="the cheque bounced")
    assert heard(sqlite_registry, studio, licence).verdict is Verdict.LICENSED_UNPAID


def test_use_that_is_taken_back_counts_no_more_and_a_report_makes_up_for_it(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND))
    heard(sqlite_registry, studio, licence, 4.0, fixed_on=date(2026, 2, 10))
    report(sqlite_registry, studio, said(licence, "10"))
    measured = next(line for line in lines(sqlite_registry) if line.finding_id is not None)
    corrections.reverse_entry(
        sqlite_registry.ctx, sqlite_registry.operator, str(measured.entry_id), reason="another voice"
    )
    assert balance(sqlite_registry, licence) == 300  # the report still says 10 seconds
    assert sum(line.thousandths for line in lines(sqlite_registry) if line.voided_at is None) == 10_000


def test_no_report_of_others_is_read(sqlite_registry: Registry) -> None:
    studio, other = sqlite_registry.studio(), sqlite_registry.studio("Other")
    licence = licensed(sqlite_registry, studio, paid_by(PER_SECOND))
    made = report(sqlite_registry, studio, said(licence, "5"))
    own = sqlite_registry.principal(Role.PERFORMER, "Ada", performer_id=licence.performer_id)
    for principal in (other, own):
        with pytest.raises(NotFoundError):
            usage_reports.get_report(sqlite_registry.ctx, principal, made.id)
        assert list(usage_reports.list_reports(sqlite_registry.ctx, principal, after=None, limit=9)) == []
    assert usage_reports.get_report(sqlite_registry.ctx, studio, made.id).items[0].thousandths == 5000
