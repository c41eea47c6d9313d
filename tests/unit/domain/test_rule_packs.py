"""The packs that are shipped: every rule finds what it is for, and nothing else; a file with a mistake is not read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from contracts import ON, SOUND, changed

from registry.domain.linting import Finding, lint
from registry.domain.rules.catalogue import FACTS, Contract
from registry.domain.rules.packs import Pack, Rule, Severity, Standing, pack_of
from registry.domain.rules.shipped import shipped_packs
from registry.domain.terms import (
    UNPAID,
    CollectiveAgreement,
    Disclosure,
    Label,
    Permission,
    ReplicaClass,
    Representation,
    RepresentationKind,
)
from registry.domain.uses import Medium, UseMode, UsePurpose
from registry.errors import RulePackError

VOICE = frozenset({UsePurpose.VOICE_CLONE, UsePurpose.CHARACTER})
TRAINED = VOICE | {UsePurpose.TRAINING}
BROAD = ("Any and all uses in all media, now known or hereafter devised, in perpetuity.",)
PUBLISHED = frozenset(Medium) - {Medium.INTERNAL}


def bound_by(name: str) -> CollectiveAgreement:
    return CollectiveAgreement(name, addresses_replicas=True)


@dataclass(frozen=True)
class Case:
    """How to break one rule.

    Attributes:
        broken: what to change so that it is.
        given: what to change beside, under which it is asked but kept.
        on: the day.
    """

    broken: dict[str, Any]
    given: dict[str, Any] = field(default_factory=dict)
    on: date = ON


THEATRICAL = {"cba": bound_by("SAG-AFTRA TV/Theatrical")}
EARLIER = {"starts_on": date(2024, 1, 1), "ends_on": date(2025, 12, 31)}
INTERACTIVE = {"cba": bound_by("SAG-AFTRA Interactive Media")}
COMMERCIALS = {"cba": bound_by("SAG-AFTRA Commercials")}
ILLINOIS = {"governing_law": "US-IL"}
NEW_YORK = {"governing_law": "US-NY"}
CHILD = {"minor": True, "of_age_on": date(2029, 1, 1), "minor_court_approval_ref": "2026-114"}
NO_COUNSEL = {"representation": Representation(), "intended_uses": BROAD}
TEN_YEARS, TOO_LONG = {"ends_on": date(2036, 12, 31)}, {"ends_on": date(2037, 1, 1)}
NOT_APART = {"separately_signed": False, "clear_and_conspicuous": False}

CASES: dict[tuple[str, str], Case] = {
    ("no_fakes_2025", "adult_term_over_ten_years"): Case(
        {"ends_on": date(2037, 1, 1)}, {"ends_on": date(2036, 12, 31)}
    ),
    ("no_fakes_2025", "minor_term_over_five_years"): Case(
        {"ends_on": date(2032, 1, 1)}, CHILD | {"of_age_on": date(2040, 1, 1), "ends_on": date(2031, 12, 31)}
    ),
    ("no_fakes_2025", "minor_term_beyond_eighteen"): Case({"of_age_on": date(2028, 12, 31)}, CHILD),
    ("no_fakes_2025", "minor_without_court_approval"): Case({"minor_court_approval_ref": None}, CHILD),
    ("no_fakes_2025", "uses_not_described"): Case({"intended_uses": BROAD}),
    ("no_fakes_2025", "post_mortem_right_registered"): Case({"deceased": True}),
    ("california_labor_927", "unspecific_replacement_without_representation"): Case(NO_COUNSEL),
    ("new_york_gol_5_302", "unspecific_replacement_without_representation"): Case(NO_COUNSEL, NEW_YORK),
    ("new_york_civil_rights_50_51", "commercial_use_not_told_of"): Case(
        {"purpose_represented_at_recording": frozenset({UsePurpose.RESEARCH})}, NEW_YORK
    ),
    ("illinois_bipa", "purpose_not_told_in_writing"): Case({"intended_uses": ()}, ILLINOIS),
    ("illinois_bipa", "released_without_own_signature"): Case(NOT_APART, ILLINOIS),
    ("illinois_bipa", "retention_not_agreed"): Case({"raw_audio_retention_days": None}, ILLINOIS),
    ("illinois_bipa", "kept_longer_than_three_years"): Case(
        {"raw_audio_retention_days": 1096}, ILLINOIS | {"raw_audio_retention_days": 1095}
    ),
    ("illinois_bipa", "passed_on_or_sold"): Case({"sublicensing": Permission.PERMITTED}, ILLINOIS),
    ("sag_aftra_tv_theatrical_2023", "replica_class_not_said"): Case(
        {"replica_class": None}, THEATRICAL | EARLIER, date(2024, 6, 1)
    ),
    ("sag_aftra_tv_theatrical_2023", "consent_not_conspicuous"): Case(
        {"separately_signed": False}, THEATRICAL | EARLIER, date(2024, 6, 1)
    ),
    ("sag_aftra_tv_theatrical_2023", "consent_not_for_one_project"): Case(
        {"projects": None}, THEATRICAL | EARLIER, date(2024, 6, 1)
    ),
    ("sag_aftra_tv_theatrical_2023", "uses_not_described"): Case(
        {"intended_uses": BROAD}, THEATRICAL | EARLIER, date(2024, 6, 1)
    ),
    ("sag_aftra_tv_theatrical_2026", "replica_class_not_said"): Case({"replica_class": None}, THEATRICAL),
    ("sag_aftra_tv_theatrical_2026", "consent_not_conspicuous"): Case({"clear_and_conspicuous": False}, THEATRICAL),
    ("sag_aftra_tv_theatrical_2026", "consent_not_for_one_project"): Case({"projects": None}, THEATRICAL),
    ("sag_aftra_tv_theatrical_2026", "uses_not_described"): Case({"intended_uses": BROAD}, THEATRICAL),
    ("sag_aftra_tv_theatrical_2026", "security_not_agreed"): Case({"security_controls": None}, THEATRICAL),
    ("sag_aftra_tv_theatrical_2026", "training_by_others_without_notice"): Case(
        {"training_sublicence_notice": False},
        THEATRICAL | {"purposes": TRAINED, "sublicensing": Permission.WITH_APPROVAL},
    ),
    ("sag_aftra_tv_theatrical_2026", "synthetic_performer_needs_reason"): Case(
        {"replica_class": ReplicaClass.SYNTHETIC_PERFORMER}, THEATRICAL
    ),
    ("sag_aftra_tv_theatrical_2026", "replica_of_a_minor"): Case(CHILD, THEATRICAL),
    ("sag_aftra_interactive_2025", "consent_not_conspicuous"): Case({"separately_signed": False}, INTERACTIVE),
    ("sag_aftra_interactive_2025", "uses_not_described"): Case({"intended_uses": BROAD}, INTERACTIVE),
    ("sag_aftra_interactive_2025", "real_time_paid_below_seven_and_a_half"): Case(
        {"use_modes": frozenset({UseMode.FIXED, UseMode.REAL_TIME})}, INTERACTIVE
    ),
    ("sag_aftra_interactive_2025", "independently_created_unpaid"): Case(
        {"pay": UNPAID}, INTERACTIVE | {"replica_class": ReplicaClass.INDEPENDENTLY_CREATED}
    ),
    ("sag_aftra_commercials_2025", "consent_without_rider"): Case({"separately_signed": False}, COMMERCIALS),
    ("sag_aftra_commercials_2025", "uses_not_described"): Case({"intended_uses": BROAD}, COMMERCIALS),
    ("eu_gdpr", "consent_hidden_in_other_terms"): Case(NOT_APART),
    ("eu_gdpr", "purpose_not_specified"): Case({"intended_uses": BROAD}),
    ("eu_gdpr", "purposes_not_told_of"): Case({"purpose_represented_at_recording": frozenset({UsePurpose.RESEARCH})}),
    ("eu_ai_act", "no_machine_readable_marking_yet"): Case(
        {"disclosure": Disclosure(labels=(Label("en", "made by a machine"),))},
        {"starts_on": date(2026, 8, 2), "ends_on": date(2026, 12, 1)},
        date(2026, 9, 1),
    ),
    ("eu_ai_act", "no_machine_readable_marking"): Case(
        {"disclosure": Disclosure(labels=(Label("en", "made by a machine"),))}
    ),
    ("eu_ai_act", "deep_fake_not_disclosed"): Case({"disclosure": Disclosure()}),
    ("eu_ai_act", "training_summary_owed"): Case({"purposes": TRAINED}),
    ("kr_pipa", "no_separate_consent_to_sensitive_data"): Case({"separately_signed": False}),
    ("kr_pipa", "originals_without_own_period"): Case({"raw_audio_retention_days": None}),
    ("kr_ai_basic_act", "generated_output_not_labelled"): Case({"disclosure": Disclosure()}),
    ("kr_ai_basic_act", "no_label_in_korean"): Case(
        {"disclosure": Disclosure(labels=(Label("en-GB", "made by a machine"),))}
    ),
    ("nava", "training_without_limits"): Case({"purposes": TRAINED}),
    ("nava", "models_of_others_improved"): Case({"improves_models": True}),
    ("nava", "voice_mixed_freely"): Case({"derived_voices": Permission.PERMITTED}),
    ("nava", "unpaid"): Case({"pay": UNPAID}),
    ("nava", "storage_not_agreed"): Case({"security_controls": None}),
    ("nava", "passed_on_freely"): Case({"sublicensing": Permission.PERMITTED}),
    ("registry_practice", "recorded_for_other_purposes"): Case(
        {"purpose_represented_at_recording": frozenset({UsePurpose.RESEARCH})}
    ),
    ("registry_practice", "everything_everywhere"): Case(
        {"territories": frozenset({"WORLD"}), "projects": None, "media": PUBLISHED}
    ),
    ("registry_practice", "no_practical_end"): Case(TOO_LONG, TEN_YEARS),
    ("registry_practice", "training_is_not_undone"): Case({"purposes": TRAINED}),
}


def found(contract: Contract, on: date) -> dict[tuple[str, str], Finding]:
    report = lint(contract, on=on, packs=shipped_packs())
    return {(finding.pack, finding.rule): finding for finding in report.findings}


def rules() -> list[tuple[Pack, Rule]]:
    return [(pack, rule) for pack in shipped_packs() for rule in pack.rules]


# --- every rule ------------------------------------------------------------------------------------------------------


def test_nothing_is_found_in_an_agreement_that_keeps_every_rule() -> None:
    assert found(SOUND, ON) == {}


def test_every_rule_that_is_shipped_has_a_case_and_no_other() -> None:
    assert CASES.keys() == {(pack.id, rule.id) for pack, rule in rules()}


@pytest.mark.parametrize("name", CASES, ids="-".join)
def test_a_rule_finds_what_it_is_for_and_is_silent_where_it_is_kept(name: tuple[str, str]) -> None:
    case = CASES[name]
    kept = changed(SOUND, **case.given)
    assert name not in found(kept, case.on)
    broken = found(changed(kept, **case.broken), case.on)
    assert name in broken, sorted(broken)
    assert broken[name].facts
    assert broken[name].missing == ()


@pytest.mark.parametrize(
    ("representation", "cba", "holds"),
    [
        (Representation(RepresentationKind.COUNSEL, "Ada Lind"), None, True),
        (Representation(RepresentationKind.UNION, "a union"), bound_by("a union's agreement"), True),
        (Representation(RepresentationKind.UNION, "a union"), CollectiveAgreement("an older agreement"), False),
        (Representation(RepresentationKind.UNION, "a union"), None, False),
        (Representation(), bound_by("a union's agreement"), False),
    ],
)
def test_californias_rule_asks_how_the_performer_was_represented(
    representation: Representation, cba: CollectiveAgreement | None, *, holds: bool
) -> None:
    name = ("california_labor_927", "unspecific_replacement_without_representation")
    contract = changed(SOUND, representation=representation, cba=cba, intended_uses=BROAD)
    assert (name not in found(contract, ON)) is holds
    assert name not in found(changed(contract, replaces_in_person_work=False), ON)
    hidden = changed(contract, clear_and_conspicuous=False)
    assert (name in found(hidden, ON)) is (not holds or representation.kind is RepresentationKind.COUNSEL)


def test_the_licences_own_words_count_as_a_description() -> None:
    broad = changed(SOUND, intended_uses=())
    assert ("no_fakes_2025", "uses_not_described") in found(broad, ON)
    told = changed(broad, description="Eight hundred lines of the smith in the game Aurora.")
    assert ("no_fakes_2025", "uses_not_described") not in found(told, ON)


def test_a_collective_agreement_on_replicas_switches_the_bills_rules_off() -> None:
    longer = changed(SOUND, ends_on=date(2050, 1, 1))
    bill = {name for name in found(longer, ON) if name[0] == "no_fakes_2025"}
    assert bill == {("no_fakes_2025", "adult_term_over_ten_years")}
    agreed = changed(longer, cba=CollectiveAgreement("an agreement", addresses_replicas=True))
    assert {name for name in found(agreed, ON) if name[0] == "no_fakes_2025"} == set()


def test_a_law_that_is_not_stated_is_missed_only_where_it_could_matter() -> None:
    broken = changed(SOUND, governing_law=None, **NO_COUNSEL)
    american = found(broken, ON)
    for pack in ("california_labor_927", "new_york_gol_5_302"):
        finding = american[pack, "unspecific_replacement_without_representation"]
        assert finding.missing == ("circumstances.governing_law",)
        assert finding.severity is Severity.WARNING
    elsewhere = found(changed(broken, territories=frozenset({"GB"})), ON)
    assert {pack for pack, _ in elsewhere} <= {"nava", "registry_practice"}


# --- what is written in them -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pack", "rule"), rules(), ids=lambda each: each.id)
def test_every_text_is_there_in_both_languages(pack: Pack, rule: Rule) -> None:
    for text in (pack.title, rule.why, rule.fix):
        assert not re.search(r"[가-힣]", text.en)
    assert re.search(r"[가-힣]", rule.why.ko)
    assert re.search(r"[가-힣]", rule.fix.ko)
    assert rule.citation
    assert rule.source


def test_a_rule_is_dated_exactly_where_its_source_was_read() -> None:
    for pack, rule in rules():
        was_read = "read at" in rule.source or "read in" in rule.source or pack.id == "registry_practice"
        assert (rule.checked_on is not None) is was_read, (pack.id, rule.id)
    undated = {pack.id for pack, rule in rules() if rule.checked_on is None}
    assert {"kr_pipa", "kr_ai_basic_act", "eu_ai_act", "no_fakes_2025"} <= undated


def test_a_bill_is_pending_and_agreements_are_contracts() -> None:
    standings = {pack.id: pack.standing for pack in shipped_packs()}
    assert standings["no_fakes_2025"] is Standing.PENDING
    assert {standings[each] for each in standings if each.startswith("sag_aftra")} == {Standing.CONTRACT}
    assert standings["nava"] is Standing.GUIDANCE


# --- reading one -----------------------------------------------------------------------------------------------------

WRITTEN = """
type = "rule_pack"
version = 1
id = "example"
title = { en = "An example", ko = "예시" }
jurisdiction = "KR"
status = "in_force"
effective_from = "2026-01-01"
source = "a statute"
checked_on = "2026-02-01"
applies_when = { fact = "territories", reaches = ["KR"] }

[[rules]]
id = "unpaid"
severity = "error"
citation = "art. 1"
broken_when = { fact = "pay.is_unpaid", is = true }
why = { en = "Nothing is paid.", ko = "대가가 없습니다." }
fix = { en = "Pay.", ko = "대가를 정하십시오." }
"""


def test_a_rule_has_what_its_pack_says_unless_it_says_otherwise() -> None:
    (rule,) = pack_of(WRITTEN, FACTS, name="example.toml").rules
    assert (rule.standing, rule.source, rule.checked_on) == (Standing.IN_FORCE, "a statute", date(2026, 2, 1))
    (other,) = pack_of(
        WRITTEN + 'source = "a note"\nstatus = "guidance"\neffective_to = "2027-01-01"\n', FACTS, name="example.toml"
    ).rules
    assert (other.standing, other.source, other.checked_on) == (Standing.GUIDANCE, "a note", None)
    assert (other.dates.first, other.dates.last) == (date(2026, 1, 1), date(2027, 1, 1))


@pytest.mark.parametrize(
    ("written", "instead", "where"),
    [
        ('type = "rule_pack"', 'type = "rules"', "example.toml#/type"),
        ("version = 1", "version = 2", "example.toml#/version"),
        ('status = "in_force"', 'status = "law"', "example.toml#/status"),
        ('jurisdiction = "KR"', "", "example.toml#"),
        ('jurisdiction = "KR"', 'jurisdiction = "KR"\njurisdicton = "KR"', "example.toml#"),
        ('"2026-01-01"', '"1 January 2026"', "example.toml#/effective_from"),
        ('severity = "error"', 'severity = "fatal"', "example.toml#/rules/0/severity"),
        ('ko = "대가가 없습니다."', 'ko = " "', "example.toml#/rules/0/why/ko"),
        (', ko = "예시"', "", "example.toml#/title"),
        ("pay.is_unpaid", "pay.unpaid", "example.toml#/rules/0/broken_when"),
        ("is = true", "equals = true", "example.toml#/rules/0/broken_when"),
        ('reaches = ["KR"]', "reaches = []", "example.toml#/applies_when/reaches"),
        ("[[rules]]", "[[rules", "example.toml"),
    ],
)
def test_a_pack_with_a_mistake_is_not_read_and_where_is_said(written: str, instead: str, where: str) -> None:
    assert written in WRITTEN
    with pytest.raises(RulePackError) as caught:
        pack_of(WRITTEN.replace(written, instead, 1), FACTS, name="example.toml")
    assert caught.value.figures["where"] == where


def test_two_rules_of_one_name_are_refused() -> None:
    twice = WRITTEN + WRITTEN[WRITTEN.index("[[rules]]") :]
    with pytest.raises(RulePackError) as caught:
        pack_of(twice, FACTS, name="example.toml")
    assert caught.value.figures["where"] == "example.toml#/rules"
