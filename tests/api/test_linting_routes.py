"""The linter over HTTP: what is found, on which day, by whom it is read, and in which language."""

from __future__ import annotations

import pytest
from house import TERMS, Caller, House, assert_problem

MEMBERS = {"pack", "rule", "severity", "citation", "why", "fix"}
IN_KOREA = {"territories": ["KR"], "languages": ["ko"]}


@pytest.fixture
def studio(house: House) -> Caller:
    return house.studio()


@pytest.fixture
def path(house: House, studio: Caller) -> str:
    """A draft under which a copy of a voice is heard in Korea, unlabelled."""
    _, performer_id = house.performer()
    return f"/v1/licences/{house.licence(studio, performer_id, **IN_KOREA)['id']}"


def errors(report: dict[str, object]) -> set[str]:
    found = report["findings"]
    assert isinstance(found, list)
    return {f"{each['pack']}/{each['rule']}" for each in found if each["severity"] == "error"}


def test_each_finding_says_which_rule_how_grave_where_it_stands_why_and_what_to_do(studio: Caller, path: str) -> None:
    report = studio.post(f"{path}/lint?on=2026-03-14").get_json()
    assert report["blocks"] is True
    assert "kr_ai_basic_act/generated_output_not_labelled" in errors(report)
    for finding in report["findings"]:
        assert all(finding[name] for name in MEMBERS), finding
        if finding["checked_on"] is None:
            assert "verify it before relying on it" in finding["why"]


def test_the_same_terms_were_valid_before_the_law_and_are_not_after(studio: Caller, path: str) -> None:
    labelled = "kr_ai_basic_act/generated_output_not_labelled"
    assert labelled not in errors(studio.post(f"{path}/lint?on=2026-01-21").get_json())
    assert labelled in errors(studio.post(f"{path}/lint?on=2026-01-22").get_json())
    before = {each["rule"]: each for each in studio.post(f"{path}/lint?on=2026-01-21").get_json()["findings"]}
    told = before["generated_output_not_labelled"]
    assert (told["severity"], told["status"], told["applies_from"]) == ("warning", "pending", "2026-01-22")


def test_findings_are_told_in_korean_too(studio: Caller, path: str) -> None:
    english, korean = (
        studio.post(f"{path}/lint?on=2026-03-14&language={language}").get_json() for language in ("en", "ko")
    )
    assert errors(english) == errors(korean)
    assert english["findings"][0]["why"] != korean["findings"][0]["why"]


def test_a_licence_is_linted_by_its_parties_only_and_nothing_is_changed(
    house: House, studio: Caller, path: str
) -> None:
    before = house.rows()
    studio.post(f"{path}/lint")
    assert house.rows() == before
    assert_problem(house.studio("Eastlight").post(f"{path}/lint"), 404, "not_found")
    assert_problem(studio.post(f"{path}/lint?on=2026-02-30"), 422, "validation_failed")


def test_a_contract_is_linted_before_there_is_a_licence(studio: Caller) -> None:
    body = {"description": "Two radio spots for a spring sale.", "terms": TERMS | IN_KOREA}
    report = studio.made("/v1/lint?on=2026-03-14", body)
    assert "kr_pipa/no_separate_consent_to_sensitive_data" in errors(report)
    apart = {"separately_signed": True, "clear_and_conspicuous": True, "raw_audio_retention_days": 30}
    label = {"markings": ["c2pa"], "labels": [{"language": "ko", "text": "인공지능이 만든 음성입니다."}]}
    sound = body | {"terms": TERMS | IN_KOREA | {"circumstances": apart, "disclosure": label}}
    assert errors(studio.made("/v1/lint?on=2026-03-14", sound)) == set()


@pytest.mark.parametrize(("language", "marked"), [("en", "voice"), ("ko", "목소리")])
def test_every_word_of_the_terms_is_explained_with_an_example(studio: Caller, language: str, marked: str) -> None:
    items = studio.get(f"/v1/use-categories?language={language}").get_json()["items"]
    assert all(item["example"] for item in items)
    assert any(marked in str(item) for item in items)
