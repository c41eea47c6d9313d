"""What people read of a report: the outcome first, evidence and authorisation apart, and in words that hold."""

from __future__ import annotations

import ast
import re
import sys
from base64 import b64decode
from html.parser import HTMLParser
from pathlib import Path

import pytest
from written_reports import (
    at,
    case_report,
    check_report,
    comparison_document,
    document,
    finding,
    notice,
    person,
    signed,
    statement,
)

from registry.catalogues import problems_of
from registry.domain.cases import CaseEnding, CaseSide, CaseState, CaseStep, PaperKind
from registry.domain.conclusions import Conclusion
from registry.domain.notices import BEFORE_SERVICE, NoticeState
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.engine.calibration import load_calibration
from registry.engine.validation_curves import curves_of
from registry.engine.validity import NOT_VALIDATED_FOR
from registry.reports import pages
from registry.reports.model import CaseReport, Report
from registry.reports.pages import LONGEST_TEXT, page_of
from registry.reports.reason_words import SENTENCES
from registry.reports.words import LABELS, LOCALE, Language, Words

ROOM = Path(pages.__file__).parent
sys.path.append(str(ROOM.parents[1] / "tests" / "docs"))
from reason_codes import Source  # noqa: E402  (what reads codes out of the code belongs to the tests of the docs)

LANGUAGES = tuple(Language)


def page(report: Report, language: Language = Language.EN) -> str:
    return page_of(signed(report), language).html


def text_of(html: str) -> str:
    """Answer what is read, without markup, each space one."""
    found: list[str] = []

    class Reader(HTMLParser):
        def handle_data(self, data: str) -> None:
            found.append(data)

    Reader(convert_charrefs=True).feed(re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL))
    return " ".join(" ".join(found).split())


def first_part(html: str) -> str:
    return text_of(html.partition('<section id="part-2">')[0])


# --- words -----------------------------------------------------------------------------------------------------------


def test_every_word_is_translated_and_none_is_left_over() -> None:
    assert problems_of(LOCALE, "ko", [ROOM]) == []


def test_every_code_that_a_report_shows_has_a_name() -> None:
    shown = {
        "side": CaseSide,
        "state": CaseState,
        "ending": CaseEnding,
        "step": CaseStep,
        "paper": PaperKind,
        "conclusion": Conclusion,
        "outcome": EvidenceOutcome,
        "verdict": Verdict,
    }
    missing = [f"{kind}.{code}" for kind, codes in shown.items() for code in codes if f"{kind}.{code}" not in LABELS]
    assert missing == []


NOT_OF_A_RECORDING = (
    *("clearance", "copy_approved", "copy_needs", "beyond", "approval", "gallery_file", "digits", "number"),
    *("statement", "recording_", "wrong_digits", "enrolled_voice", "foreign_voice", "voice_not", "nobody_enrolled"),
    *("licence_replaced", "terms_replaced", "consent_", "performer_asks_first", "signature", "use_not_declared"),
    *("declared_use",),
)
"""Of clearances, gallery files and spoken statements: no report holds these."""

OF_A_COMPARISON = {"domain/comparison.py", "domain/conclusions.py", "domain/spoken_statements.py", "engine/threeway.py"}
"""Where reasons are made that have words of their own (`test_comparison_words.py` holds them), or are in no report."""


def test_every_reason_that_a_report_can_hold_has_a_korean_sentence() -> None:
    registry = ROOM.parent
    modules = {
        ".".join(path.relative_to(registry.parent).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
        for folder in ("domain", "engine")
        for path in sorted((registry / folder).rglob("*.py"))
        if path.relative_to(registry).as_posix() not in OF_A_COMPARISON
    }
    codes = {code for code in Source(modules).reason_codes() if not code.startswith(NOT_OF_A_RECORDING)}
    assert sorted(codes - set(SENTENCES) - {NOT_VALIDATED_FOR}) == []


# --- the first page --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("conclusion", list(Conclusion))
def test_a_case_begins_with_what_came_of_it_and_with_what_that_does_not_mean(conclusion: Conclusion) -> None:
    report = case_report(conclusion=conclusion)
    told = {language: first_part(page(report, language)) for language in LANGUAGES}
    assert "It is no proof of identity." in told[Language.EN]
    assert "that is for a court" in told[Language.EN]
    assert "누구인지를 증명하는 것은 아니에요." in told[Language.KO]
    assert all("Marta Calder" in each for each in told.values())


def test_what_is_only_proposed_or_still_open_says_so() -> None:
    assert "a conclusion is proposed" in first_part(page(case_report(steps=3)))
    for steps in (0, 1, 2):
        told = first_part(page(case_report(steps=steps)))
        assert "Nothing has been concluded." in told
        assert "support" not in told


def test_a_case_that_was_withdrawn_concludes_nothing_whatever_was_proposed_before() -> None:
    report = case_report(steps=3)
    ended = report.case.model_copy(update={"state": CaseState.CLOSED, "ending": CaseEnding.WITHDRAWN, "due_at": None})
    told = first_part(page(report.model_copy(update={"case": ended})))
    assert "was withdrawn by who opened it. Nothing was decided." in told
    assert "far less" not in told


@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_check_says_who_is_heard_and_whether_it_was_covered(verdict: Verdict) -> None:
    for language in LANGUAGES:
        told = first_part(page(check_report(verdict), language))
        named = verdict not in {Verdict.NO_MATCH, Verdict.INCONCLUSIVE, Verdict.NOT_ASSESSED}
        assert ("Marta Calder" in told) is named


def test_no_page_says_that_something_infringes() -> None:
    for report in (case_report(comparison=comparison_document()), check_report()):
        told = text_of(page(report)).replace("does not say that anything infringes", "")
        assert "infring" not in told
        assert "violat" not in told


# --- notices on the first page ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [each for each in NoticeState if each in BEFORE_SERVICE])
def test_until_a_notice_is_served_the_page_says_that_there_is_one_and_not_what_it_asks(state: NoticeState) -> None:
    told = first_part(page(case_report(notices=[notice(state)])))
    assert "notice" in told
    assert "was served" not in told
    assert "Voice 1" not in told


def test_a_notice_that_was_served_is_on_the_first_page_with_what_it_asks_and_until_when() -> None:
    report = case_report(notices=[notice(NoticeState.SERVED)])
    told = first_part(page(report))
    for part in ("21 March 2026", "Notice as the NO FAKES bill would have it", "ntc_1", "Voice 1", "Voice 2", "1 more"):
        assert part in told, part
    assert "The studio can do what the notice asks, or say otherwise by a counter-statement 30 March 2026" in told
    korean = first_part(page(report, Language.KO))
    for part in ("NO FAKES 법안이 정하려는 통지", "Voice 1", "2026년 3월 30일", "송달"):
        assert part in korean, part


def test_after_a_counter_statement_the_page_has_the_day_from_which_it_may_be_shown_again() -> None:
    held = notice(NoticeState.COUNTERED, put_back_at=at(31))
    assert "may be shown again 31 March 2026" in first_part(page(case_report(notices=[held])))
    filed = held.model_copy(update={"court_action_on": "2026-03-25"})
    told = first_part(page(case_report(notices=[filed])))
    assert "filed an action on 25 March 2026" in told
    assert "may be shown again" not in told


@pytest.mark.parametrize("state", [NoticeState.PUT_BACK, NoticeState.WITHDRAWN])
def test_what_nothing_can_come_of_any_more_is_told_in_the_second_part_alone(state: NoticeState) -> None:
    html = page(case_report(notices=[notice(state)]))
    assert "ntc_1" not in first_part(html)
    assert "ntc_1" in text_of(html)


def test_of_many_notices_the_first_page_has_the_newest() -> None:
    many = [notice(NoticeState.SERVED, id=f"ntc_{number}") for number in range(9)]
    told = first_part(page(case_report(notices=many)))
    assert [number for number in range(9) if f"ntc_{number}" in told] == [7, 8]
    assert told.count("can do what the notice asks") == 1  # by the same day


# --- the other parts -------------------------------------------------------------------------------------------------


def test_evidence_and_authorisation_stand_apart() -> None:
    told = text_of(page(check_report()))
    finding = told.partition("Performers Marta Calder")[2]
    evidence, _, authorisation = finding.partition("Authorisation: whether it was covered")
    assert "the same voice is supported ; log10 LR 3.10" in evidence
    assert "no licence" not in evidence
    assert authorisation.strip().startswith("no licence")


def test_every_drawing_has_a_table_and_what_is_not_drawn_is_said() -> None:
    whole = page(case_report(comparison=comparison_document()))
    assert whole.count("<img ") == 4  # validation, two cohorts, the turns of one recording
    assert all("The table below says the same." in image for image in re.findall(r"<img [^>]*>", whole))
    bare = comparison_document()
    del bare["validation_curves"]
    for cohort in bare["cohorts"]:
        cohort["distribution"] = None
    told = text_of(page(case_report(comparison=bare)))
    assert "does not hold the curves of the validation" in told
    assert "the file holds no distribution of it" in told


def test_turns_are_drawn_where_there_are_two_and_elsewhere_it_is_said_that_they_are_not() -> None:
    held = comparison_document()
    (recording,) = held["recordings"]
    held["recordings"] = [recording, recording | {"name": "short.wav", "turns": recording["turns"][:1]}]
    html = page(case_report(comparison=held))
    assert "Turns of spot.wav over time" in text_of(html)
    assert "Turns of short.wav over time" not in text_of(html)
    assert "fewer than two turns: short.wav." in text_of(html)


def test_a_number_that_is_a_bound_is_shown_as_one_for_each_engine_too() -> None:
    told = text_of(page(case_report(comparison=comparison_document(performer=-1.7, source=4.2))))
    assert "CAM++ ≥ 3.49" in told
    assert "GE2E ≤ -1.61 , " not in told.replace("CAM++ ≤ -1.61 , GE2E ≤ -1.61", "")
    assert "CAM++ 3.49" not in told


def test_a_bound_that_a_finding_s_reason_tells_is_one_in_its_figures() -> None:
    (held,) = check_report().findings
    reason = held.evidence_reasons[0].model_copy(update={"detail": "log10 LR 3.10 or more reaches the threshold"})
    bound = held.model_copy(update={"evidence_reasons": (reason,), "engines": {"ge2e": 1.4, "campplus": 3.1}})
    report = check_report().model_copy(update={"findings": (bound,)})
    assert "log10 LR ≥ 3.10" in text_of(page(report))
    assert "CAM++ ≥ 3.10" in text_of(page(report))
    assert "GE2E 1.40" in text_of(page(report))
    assert "log10 LR ≥ 3.10" in text_of(page(report, Language.KO))


def test_a_check_that_was_refused_says_why_in_the_language_of_the_page() -> None:
    check = check_report().check.model_copy(
        update={"problem": {"slug": "media_truncated", "detail": "it ends at 3 s", "figures": {}}}
    )
    report = check_report(found=False).model_copy(update={"check": check})
    assert "It ends at 3 s. media_truncated" in text_of(page(report))
    assert "파일이 중간에서 끊겨 있다. media_truncated" in text_of(page(report, Language.KO))


def test_no_sentence_of_ours_is_english_on_a_korean_page() -> None:
    """Names, codes, units and hashes stay as they are; what people wrote here is Korean, so what is left is ours."""
    held = comparison_document()
    held["cohorts"].insert(1, {**held["cohorts"][0], "name": "alternative of the respondent"})
    held["inputs"]["cohorts"].append({**held["inputs"]["cohorts"][0], "name": "alternative of the respondent"})
    held["validation_curves"]["from"] = curves_of(load_calibration())["from"]
    held["said_to_hold"] = ["singing"]
    held["inputs"]["cohorts"][0]["criteria"] = "영어"
    countered = statement(9, CaseSide.RESPONDENT, "그런 적이 없습니다.", "Counter-statement to ntc_1")
    papers = [statement(1, CaseSide.COMPLAINANT, "제 목소리입니다.", "진술"), countered]
    notices = [notice(state, id=f"ntc_{number}") for number, state in enumerate(NoticeState)]
    report = korean_only(case_report(comparison=held, papers=papers, notices=notices))
    html = page(report, Language.KO)
    shown = text_of(re.sub(r"<pre>.*?</pre>", "", html, flags=re.DOTALL)) + " ".join(drawings_of(html))
    assert ENGLISH.findall(KNOWN_NAMES.sub(" ", shown)) == []


def drawings_of(html: str) -> list[str]:
    """Answer what is read in the drawings of a page, and in place of them."""
    inside = [b64decode(each).decode() for each in re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', html)]
    assert inside
    return [*map(text_of, inside), *re.findall(r' alt="([^"]*)"', html)]


ENGLISH = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,})+")
"""Two words in a row: one alone is a code, a unit, or a name."""

KNOWN_NAMES = re.compile(
    r"Marta Calder|Northlight Games|Jo Arden|Registry of the Test|desk@registry\.example|NO FAKES|log10 LR|SHA-256|"
    r"Voice \d|https?://\S+|RFC \d+|[0-9a-f]{64}|\w+\.wav"
)


def korean_only(report: CaseReport) -> CaseReport:
    """Answer a report in which people have written Korean."""
    said = "한국어로 쓴 글입니다."
    considered = tuple(
        each.model_copy(update={"reason": said}) for each in finding(person("Marta Calder")).reviews[0].considered
    )
    (found,) = report.findings
    review = found.reviews[0].model_copy(update={"reason": said, "considered": considered})
    return report.model_copy(
        update={
            "case": report.case.model_copy(update={"claim": said}),
            "course": tuple(
                each.model_copy(update={"reason": "the notice ntc_1 was countered" if each.number == 1 else said})
                for each in report.course
            ),
            "pauses": tuple(
                each.model_copy(update={"reason": said, "end_reason": "the case was closed: settled"})
                for each in report.pauses
            ),
            "proposals": tuple(
                each.model_copy(update={"grounds": said, "would_change": said, "dissent": said})
                for each in report.proposals
            ),
            "analyses": tuple(
                each.model_copy(update={"reason": said, "cohort_criteria": said}) for each in report.analyses
            ),
            "findings": (found.model_copy(update={"reviews": (review,)}),),
        }
    )


def test_an_analysis_is_told_with_its_numbers_hashes_and_command() -> None:
    told = text_of(page(case_report(comparison=comparison_document())))
    for part in ("Q – P", "Q – S", "P – S", "ab" * 32, "ef" * 32, "cd" * 32, "torch", "--recompute --inputs DIR"):
        assert part in told


def test_an_analysis_that_cannot_be_read_does_not_keep_the_page_away() -> None:
    broken = comparison_document()
    report = case_report(comparison=broken)
    held = report.analyses[0].model_copy(update={"comparison": {"format": "other"}})
    told = text_of(page(report.model_copy(update={"analyses": (held,)})))
    assert "It holds no numbers" in told


def test_what_people_write_is_never_markup_and_turns_nothing() -> None:
    evil = '<script>alert(1)</script>\u202e"onmouseover="x'
    report = case_report(
        performer=evil, studio=evil, product=evil, papers=[statement(1, CaseSide.RESPONDENT, evil, evil)]
    )
    for language in LANGUAGES:
        html = page(report, language)
        assert "<script" not in html
        assert "\u202e" not in html
        assert r"\u202e" in html


def test_long_texts_are_shortened_and_say_so() -> None:
    long = "What was said then. " * 1000
    html = page(case_report(papers=[statement(1, CaseSide.RESPONDENT, long)]))
    assert "Shortened here" in html
    assert html.count("What was said then.") < LONGEST_TEXT // 20 + 2


def test_five_hundred_papers_make_a_page_that_is_bounded() -> None:
    papers = [statement(number, CaseSide.RESPONDENT, "x" * 19_000 + str(number)) for number in range(300)]
    html = page(case_report(papers=[*papers, *(document(number) for number in range(300, 500))]))
    assert len(html) < 2_000_000


def test_a_page_fetches_and_runs_nothing() -> None:
    made = page_of(signed(case_report(comparison=comparison_document())), Language.EN)
    assert "default-src 'none'" in made.policy
    assert not re.search(r"(src|href)=\"(?!data:image/svg)", made.html)
    assert "@font-face" not in made.html


def test_names_are_told_whole_in_the_second_part_and_cut_in_a_sentence() -> None:
    html = page(case_report(performer="김" * 300))
    assert "김" * 300 in html.partition('<section id="part-2">')[2]
    assert "김" * 61 not in html.partition('<section id="part-2">')[0]


def test_words_of_a_language_are_those_of_its_catalogue() -> None:
    assert Words(Language.KO).day("2026-03-01T00:00:00.000000Z") == "2026년 3월 1일"
    assert Words(Language.EN).moment("2026-03-01T09:30:00.000000Z") == "1 March 2026 09:30 UTC"
    assert Words(Language.EN).label("verdict", "of_later") == "of_later"


def test_the_page_shows_the_digest_of_the_very_document() -> None:
    made = signed(case_report())
    assert str(made.proof.details["report_sha256"]) in page_of(made, Language.EN).html


def test_a_source_under_seal_is_told_as_its_attestation() -> None:
    assert "an attested person, under seal" in text_of(page(case_report()))


# --- one word for one thing ------------------------------------------------------------------------------------------


def test_engines_and_voices_are_called_as_on_pages_and_the_signed_document_keeps_its_keys() -> None:
    (held,) = check_report().findings
    disagree = "the engines disagree beyond what calibration allows (log10 LR: ge2e 0.12, campplus ≥ 3.10)"
    details = ("the same speaker is supported for 1 performer", disagree)
    reasons = tuple(held.evidence_reasons[0].model_copy(update={"detail": each}) for each in details)
    shown = check_report().model_copy(update={"findings": (held.model_copy(update={"evidence_reasons": reasons}),)})
    for report in (shown, case_report(comparison=comparison_document(performer=-1.7, source=4.2))):
        for language in Language:
            told = text_of(page(report, language))
            assert "GE2E" in told
            assert "CAM++" in told
            assert not re.search(r"\b(ge2e|campplus)\b|[Ss]ame[ -]speaker|화자", told)
    told = text_of(page(shown))
    assert "The same voice is supported for 1 performer." in told
    assert "GE2E 0.12, CAM++ ≥ 3.10" in told


def test_a_recording_that_is_called_as_an_engine_keeps_its_name() -> None:
    (held,) = check_report().findings
    detail = "ge2e 3.wav: the same speaker is supported (ge2e 1.20)"
    reason = held.evidence_reasons[0].model_copy(update={"detail": detail, "figures": {"recording": "ge2e 3.wav"}})
    report = check_report().model_copy(update={"findings": (held.model_copy(update={"evidence_reasons": (reason,)}),)})
    assert "ge2e 3.wav: the same voice is supported (GE2E 1.20)" in text_of(page(report))
