"""Linting on a day: what a rule weighs then, what is unknown, and that a report is what it says it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from contracts import ON, SOUND, changed

from registry.domain.linting import Finding, LintReport, Outcome, lint
from registry.domain.rules.catalogue import FACTS, Contract, Parties
from registry.domain.rules.packs import Pack, Severity, Standing, pack_of
from registry.domain.rules.shipped import shipped_packs
from registry.domain.rules.truth import Truth
from registry.domain.terms import UNPAID, Disclosure
from registry.domain.terms_document import terms_sha256
from registry.domain.uses import UsePurpose

UNPAID_CONTRACT = changed(SOUND, pay=UNPAID)


def pack(
    *, status: str = "in_force", first: str = "2026-01-01", last: str = "2027-12-31", broken: str = ""
) -> tuple[Pack, ...]:
    condition = broken or '{ fact = "pay.is_unpaid", is = true }'
    content = f"""
    type = "rule_pack"
    version = 1
    id = "example"
    title = {{ en = "An example", ko = "예시" }}
    jurisdiction = "anywhere"
    status = "{status}"
    effective_from = "{first}"
    effective_to = "{last}"
    source = "an example"
    [[rules]]
    id = "unpaid"
    severity = "error"
    citation = "art. 1"
    broken_when = {condition}
    why = {{ en = "Nothing is paid.", ko = "대가가 없습니다." }}
    fix = {{ en = "Pay.", ko = "대가를 정하십시오." }}
    """
    return (pack_of(content, FACTS, name="example.toml"),)


def only(report: LintReport) -> Finding:
    (finding,) = report.findings
    return finding


def by_the_bill(contract: Contract) -> list[Finding]:
    found = lint(contract, on=ON, packs=shipped_packs()).findings
    return [each for each in found if each.pack == "no_fakes_2025"]


# --- what a rule weighs ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["pending", "guidance"])
def test_what_does_not_bind_never_blocks(status: str) -> None:
    report = lint(UNPAID_CONTRACT, on=ON, packs=pack(status=status))
    assert only(report).severity is Severity.WARNING
    assert not report.blocks


@pytest.mark.parametrize("status", ["in_force", "contract"])
def test_what_binds_blocks(status: str) -> None:
    report = lint(UNPAID_CONTRACT, on=ON, packs=pack(status=status))
    assert only(report).severity is Severity.ERROR
    assert report.blocks
    assert report.count(Severity.ERROR) == 1


@pytest.mark.parametrize(
    ("on", "severity"),
    [
        (date(2025, 12, 31), Severity.WARNING),  # takes effect within the term
        (date(2026, 1, 1), Severity.ERROR),
        (date(2027, 12, 31), Severity.ERROR),
        (date(2028, 1, 1), None),  # no longer
    ],
)
def test_a_rule_weighs_what_it_weighed_on_that_day(on: date, severity: Severity | None) -> None:
    report = lint(changed(UNPAID_CONTRACT, starts_on=date(2025, 1, 1)), on=on, packs=pack())
    assert [finding.severity for finding in report.findings] == ([severity] if severity else [])
    assert [each.pack for each in report.considered] == (["example"] if severity else [])


def test_law_that_takes_effect_within_the_term_is_told_with_its_day() -> None:
    finding = only(lint(UNPAID_CONTRACT, on=date(2025, 12, 31), packs=pack()))
    assert (finding.standing, finding.applies_from) == (Standing.PENDING, date(2026, 1, 1))


def test_law_that_takes_effect_after_the_term_is_not_asked() -> None:
    short = changed(UNPAID_CONTRACT, starts_on=date(2025, 1, 1), ends_on=date(2025, 12, 31))
    report = lint(short, on=date(2025, 6, 1), packs=pack())
    assert (report.findings, report.considered) == ((), ())


def test_the_same_licence_was_valid_before_the_law_and_is_not_after() -> None:
    hidden = changed(SOUND, starts_on=date(2026, 1, 1), disclosure=Disclosure())
    name = ("kr_ai_basic_act", "generated_output_not_labelled")

    def severity_on(day: date) -> Severity:
        report = lint(hidden, on=day, packs=shipped_packs())
        return next(each.severity for each in report.findings if (each.pack, each.rule) == name)

    assert severity_on(date(2026, 1, 21)) is Severity.WARNING
    assert severity_on(date(2026, 1, 22)) is Severity.ERROR


# --- what is unknown -------------------------------------------------------------------------------------------------


def test_what_cannot_be_told_is_a_warning_that_names_what_is_missing() -> None:
    broken = '{ fact = "circumstances.governing_law", lies_in = "KR" }'
    report = lint(changed(SOUND, governing_law=None), on=ON, packs=pack(broken=broken))
    finding = only(report)
    assert finding.outcome is Outcome.CANNOT_TELL
    assert finding.severity is Severity.WARNING
    assert finding.missing == ("circumstances.governing_law",)
    assert finding.facts == {"circumstances.governing_law": None}
    assert not report.blocks


def test_a_performer_of_whom_nothing_is_known_is_not_taken_to_be_alive() -> None:
    report = lint(replace(SOUND, parties=Parties()), on=ON, packs=shipped_packs())
    finding = only(report)
    assert (finding.rule, finding.missing) == ("post_mortem_right_registered", ("performer.deceased",))


def test_a_minor_by_the_record_is_one_whatever_the_terms_say() -> None:
    contract = changed(SOUND, minor=True, adult_on=date(2028, 6, 1))
    found = {
        each.rule for each in lint(contract, on=ON, packs=shipped_packs()).findings if each.pack == "no_fakes_2025"
    }
    assert found == {"minor_without_court_approval", "minor_term_beyond_eighteen"}


def test_when_a_minor_comes_of_age_may_be_unknown() -> None:
    contract = changed(SOUND, minor=True, minor_court_approval_ref="2026-114")
    unknown = [each for each in lint(contract, on=ON, packs=shipped_packs()).findings if each.missing]
    assert [(each.rule, each.missing) for each in unknown] == [
        ("minor_term_beyond_eighteen", ("term_outlasts_minority",))
    ]


# --- fact patterns ---------------------------------------------------------------------------------------------------


def test_a_minors_licence_past_five_years() -> None:
    contract = changed(SOUND, of_age_on=date(2035, 3, 1), minor_court_approval_ref="2026-114", ends_on=date(2033, 1, 1))
    (finding,) = [
        each for each in lint(contract, on=ON, packs=shipped_packs()).findings if each.pack == "no_fakes_2025"
    ]
    assert finding.rule == "minor_term_over_five_years"
    assert (finding.severity, finding.standing) == (Severity.WARNING, Standing.PENDING)  # it is a bill
    assert finding.facts["term"] == "2027-01-01 to 2033-01-01"
    assert "five years" in finding.why.in_language("en")
    assert "5년" in finding.why.in_language("ko-KR")


def test_told_research_only_used_commercially() -> None:
    contract = changed(
        SOUND,
        purposes=frozenset({UsePurpose.VOICE_CLONE, UsePurpose.GENERATION}),
        purpose_represented_at_recording=frozenset({UsePurpose.RESEARCH}),
        governing_law="US-NY",
    )
    report = lint(contract, on=ON, packs=shipped_packs())
    named = {(each.pack, each.rule): each for each in report.findings}
    assert named.keys() == {
        ("new_york_civil_rights_50_51", "commercial_use_not_told_of"),
        ("eu_gdpr", "purposes_not_told_of"),
        ("registry_practice", "recorded_for_other_purposes"),
    }
    law = named["new_york_civil_rights_50_51", "commercial_use_not_told_of"]
    assert law.facts["purposes_not_represented"] == ["generation", "voice_clone"]
    assert report.blocks


def test_of_whom_no_record_says_what_they_were_told_one_cannot_tell() -> None:
    report = lint(changed(SOUND, purpose_represented_at_recording=None), on=ON, packs=shipped_packs())
    assert {each.pack for each in report.findings} == {"eu_gdpr", "registry_practice"}
    assert {each.missing for each in report.findings} == {("purposes_not_represented",)}


# --- the report ------------------------------------------------------------------------------------------------------


def test_the_gravest_finding_comes_first() -> None:
    contract = changed(SOUND, purposes=frozenset(UsePurpose), disclosure=Disclosure(), pay=UNPAID)
    severities = [each.severity for each in lint(contract, on=ON, packs=shipped_packs()).findings]
    assert severities == sorted(severities, key=list(Severity).index)
    assert set(severities) == set(Severity)


def test_a_report_names_the_packs_by_what_they_said_and_the_terms_by_theirs() -> None:
    report = lint(SOUND, on=ON, packs=shipped_packs())
    assert report.terms_sha256 == terms_sha256(SOUND.terms)
    shas = {each.id: each.sha256 for each in shipped_packs()}
    assert {each.pack: each.sha256 for each in report.considered}.items() <= shas.items()
    applies = {each.pack: each.applies for each in report.considered}
    assert (applies["california_labor_927"], applies["new_york_gol_5_302"]) == (Truth.YES, Truth.NO)
    assert "sag_aftra_tv_theatrical_2023" not in applies


@pytest.mark.parametrize(
    ("contract", "on"), [(UNPAID_CONTRACT, ON), (SOUND, date(2027, 1, 16)), (replace(SOUND, parties=Parties()), ON)]
)
def test_the_digest_of_a_report_changes_with_what_it_says(contract: Contract, on: date) -> None:
    report = lint(SOUND, on=ON, packs=shipped_packs())
    assert lint(SOUND, on=ON, packs=shipped_packs()).sha256() == report.sha256()
    assert lint(contract, on=on, packs=shipped_packs()).sha256() != report.sha256()
