"""A report that contradicts itself is told from one that adds up, however well it is signed, and it is said where."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from written_reports import case_report, check_report, comparison_document, file_of, jwks

from registry.errors import InvalidInputError
from registry.reports import verify
from registry.reports.consistency import contradictions
from registry.reports.model import document_of, read_report
from registry.reports.verify import FlawKind
from registry.vault.signing import canonical, read_jwks

CASE = document_of(case_report(comparison=comparison_document()))
CHECK = document_of(check_report())


def put(*path: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    def change(held: Any) -> None:
        for part in path[:-1]:
            held = held[part]
        held[path[-1]] = value

    return change


WRONG = {
    "as of another moment": (CASE, put("as_of", value="2026-03-19T09:30:00.000000Z"), "#/as_of"),
    "a verdict without a reason": (CASE, put("findings", 0, "reasons", value=[]), "#/findings/0/reasons"),
    "a match under its threshold": (CASE, put("findings", 0, "log10_lr", value=1.0), "#/findings/0/log10_lr"),
    "a stretch that ends first": (CASE, put("findings", 0, "segments", 0, "end_s", value=0.1), "#/findings/0/segments"),
    "a step that is left out": (CASE, lambda held: held["course"].pop(1), "#/course/1/number"),
    "a step that leads elsewhere": (CASE, put("course", 1, "state", value="decided"), "#/course/1/step"),
    "a step of another side": (CASE, put("course", 0, "side", value="respondent"), "#/course/0/side"),
    "a state that no step led to": (CASE, put("case", "state", value="open"), "#/case/state"),
    "an ending that no step made": (CASE, put("case", "ending", value="settled"), "#/case/state"),
    "a paper that is not there": (CASE, put("course", 0, "paper_id", value="cpap_9"), "#/course/0/paper_id"),
    "a proposal that is not there": (CASE, put("proposals", value=[]), "#/course/2/proposal_id"),
    "a statement with other words": (CASE, put("papers", 0, "text", value="We hired nobody."), "#/papers/0/sha256"),
    "a statement without words": (CASE, put("papers", 0, "text", value=None), "#/papers/0/text"),
    "a document with words": (CASE, put("papers", 1, "text", value="words"), "#/papers/1/text"),
    "another comparison": (
        CASE,
        put("analyses", 0, "comparison", "packages", value={"torch": "1.0"}),
        "#/analyses/0/comparison_sha256",
    ),
    "a number that gives another conclusion": (
        CASE,
        put("analyses", 0, "comparison", "cohorts", 0, "performer", "log10_lr", value=3.3),
        "#/analyses/0/comparison/reading",
    ),
    "a number within a sentence": (
        CASE,
        put("analyses", 0, "comparison", "reading", "reasons", 1, "detail", value="log10 LR 9.99"),
        "#/analyses/0/comparison/reading",
    ),
    "a conclusion that is not the file's": (
        CASE,
        put("analyses", 0, "conclusion", value="supports_p"),
        "#/analyses/0/conclusion",
    ),
    "a comparison that cannot be read": (
        CASE,
        lambda held: held["analyses"][0]["comparison"].pop("marks"),
        "#/analyses/0/comparison",
    ),
    "a check with no verdict": (CHECK, put("check", "verdict", value=None), "#/check/verdict"),
    "a milder verdict than the findings'": (CHECK, put("check", "verdict", value="licensed_use"), "#/check/verdict"),
    "more speech than recording": (CHECK, put("check", "speech_s", value=14.0), "#/check/speech_s"),
    "a finding of another check": (CHECK, put("findings", 0, "check_id", value="chk_2"), "#/findings/0/check_id"),
    "a finding of another recording": (
        CHECK,
        put("findings", 0, "recording_sha256", value="00" * 32),
        "#/findings/0/recording_sha256",
    ),
    "a licence that is not there": (CHECK, put("findings", 0, "licence_id", value="lic_9"), "#/findings/0/licence_id"),
}


@pytest.mark.parametrize("wrong", list(WRONG))
def test_what_does_not_add_up_is_named_though_the_signature_holds(wrong: str) -> None:
    held, change, where = WRONG[wrong]
    changed = deepcopy(held)
    change(changed)
    found = verify.check_report(file_of(changed), read_jwks(canonical(jwks())))
    assert (FlawKind.INCONSISTENT, where) in {(flaw.kind, flaw.where) for flaw in found.flaws}
    assert {flaw.kind for flaw in found.flaws} == {FlawKind.INCONSISTENT}


@pytest.mark.parametrize("steps", range(5))
def test_a_case_adds_up_wherever_it_stands(steps: int) -> None:
    assert list(contradictions(case_report(steps=steps, comparison=comparison_document()))) == []


def test_a_check_adds_up() -> None:
    assert list(contradictions(check_report())) == []


# --- reading ---------------------------------------------------------------------------------------------------------


def test_a_report_is_read_back_as_it_was_and_members_of_later_versions_are_passed_over() -> None:
    report = case_report(comparison=comparison_document())
    written = json.loads(canonical(document_of(report)))
    assert read_report(written) == report
    written["later"] = {"more": 1}
    written["case"]["later"] = 1
    assert read_report(written) == report


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (put("case", "state", value="gone"), "/case/state"),
        (put("case", "opened_at", value="yesterday"), "/case/opened_at"),
        (put("course", 0, "number", value="1"), "/course/0/number"),
        (lambda held: held["case"].pop("claim"), "/case/claim"),
        (put("findings", 0, "cohort_percentile", value=101), "/findings/0/cohort_percentile"),
    ],
)
def test_what_is_no_report_is_refused_with_where(change: Callable[[dict[str, Any]], None], pointer: str) -> None:
    held = deepcopy(CASE)
    change(held)
    with pytest.raises(InvalidInputError) as refused:
        read_report(held)
    assert refused.value.figures["pointer"] == pointer


@pytest.mark.parametrize(
    "held", [None, [], {}, {"format": "likeness-report", "version": 2}, CASE | {"format": "other"}]
)
def test_another_format_or_version_is_refused(held: object) -> None:
    with pytest.raises(InvalidInputError, match=r"no likeness-report|no report"):
        read_report(held)
