"""The report as people read it: in two languages, safe whatever files are called, and bounded."""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import re
import string
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from scanned import ASKED, candidate, card, copy_of, failed, heard, left_out, plan_of, scanned

from registry.domain.comparison import NEITHER, SCALE, strength_word
from registry.domain.ids import RandomBytes
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import Verdict
from registry.engine.validity import NOT_VALIDATED_FOR
from registry.errors import ScanStorageError
from registry.scanning.card_words import not_validated_called
from registry.scanning.findings import MOST_EXAMPLES, MOST_FINDINGS, Finding, Findings, Strongest
from registry.scanning.folder import PAGES
from registry.scanning.judging import LICENCES_NOT_ASKED
from registry.scanning.page_parts import visible
from registry.scanning.reason_words import as_html, sentence_of
from registry.scanning.report import write_report
from registry.scanning.results import ResultRow, Status
from registry.scanning.signing import scan_key
from registry.scanning.verify import verify_scan
from registry.scanning.words import WORDS, Language

REGISTRY = Path(__file__).parents[3] / "registry"
sys.path.append(str(REGISTRY.parent / "tests" / "docs"))
from reason_codes import Source  # noqa: E402  (what reads codes out of the code belongs to the tests of the docs)

HOSTILE = "<script src=//x>alert(1)</script>\u202egpj.\u2066'\"&amp;.wav"
NAMES = ("<img src=x onerror=alert(1)>", "ok\u200bname", "</title><svg onload=alert(1)>")
VOID = {"meta", "br", "rect"}


class Reader(HTMLParser):
    """Reads a page as a browser would; refuses tags that close otherwise than they opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    assert reader.open == []
    return reader


def reported(tmp_path: Path, random_bytes: RandomBytes, rows: list[ResultRow], **plan: Any) -> dict[Language, str]:
    out = scanned(tmp_path / "out", rows, **plan)
    write_report(out, scan_key(tmp_path / "scan-key.json", random_bytes))
    return {language: (out / PAGES[language]).read_text(encoding="utf-8") for language in Language}


def some_rows() -> list[ResultRow]:
    first = heard(
        0,
        HOSTILE,
        candidate(NAMES[0], 3.488, segments=((1, 3, 3.1), (4.25, 6, 0.1)), verdict="unlicensed_match"),
        candidate("서민아", 2.2, verdict="licensed_use", licence_id="lic_1"),
    )
    return [
        first,
        copy_of(1, "copy.wav", first),
        heard(2, "alike.wav", candidate(NAMES[1], 0.9, "sound_alike", (), verdict="sound_alike_review")),
        failed(3, HOSTILE, detail=HOSTILE),
        left_out(4, "later.wav"),
        left_out(5, "elsewhere.wav", "not_sampled"),
        heard(6, "unsure.wav", candidate("p", 1.0, "inconclusive"), reasons="engines_disagree"),
        heard(7, "nobody.wav"),
    ]


@pytest.mark.parametrize("language", Language)
def test_nothing_in_a_name_is_markup_and_nothing_turns_the_writing(
    tmp_path: Path, random_bytes: RandomBytes, language: Language
) -> None:
    warnings = [f"{NAMES[2]}: nothing"]
    gallery = plan_of()["gallery"] | {"warnings": warnings}
    page = reported(tmp_path, random_bytes, some_rows(), source=f"s3://{NAMES[2]}", gallery=gallery)[language]
    reader = read(page)
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "img", "iframe", "link", "object", "a", "form", "base"}
    assert not {name for _, attributes in reader.tags for name in attributes if name.startswith("on")}
    assert not set("\u202e\u2066\u200b") & set(page)
    assert HOSTILE.replace("\u202e", "\\u202e").replace("\u2066", "\\u2066") in reader.text
    for name in NAMES:
        assert visible(name) in reader.text


@pytest.mark.parametrize("language", Language)
def test_the_page_fetches_nothing_and_says_so_to_the_browser(
    tmp_path: Path, random_bytes: RandomBytes, language: Language
) -> None:
    page = reported(tmp_path, random_bytes, some_rows())[language]
    reader = read(page)
    assert not [name for _, attributes in reader.tags for name in attributes if name in {"src", "href", "style"}]
    (policy,) = [a["content"] or "" for tag, a in reader.tags if a.get("http-equiv") == "Content-Security-Policy"]
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert not re.search(r"@import|url\(", style)
    assert f'<html lang="{language}">' in page


@pytest.mark.parametrize("language", Language)
def test_the_page_tells_everything_that_was_found(
    tmp_path: Path, random_bytes: RandomBytes, language: Language
) -> None:
    text = read(reported(tmp_path, random_bytes, some_rows())[language]).text
    words = WORDS[language]
    said = [words["notice"], words["unlicensed_match"], words["licensed_use"], "lic_1", words["beyond_limit"]]
    said += [words["not_sampled"], "media_empty", "engines_disagree", "copy.wav", "alike.wav", card()["sha256"]]
    said += [
        words["reconciled"].format(parts="4 + 1 + 1 + 2", rows=8),
        "3.49",
        "0:01.0–0:03.0",
        "0:04.2–0:06.0",
        "39" * 32,
    ]
    said += [words["weights"].format(encoder=engine) for engine in ("GE2E", "CAM++")]
    said += [f"{name} ({space})" for name, space in zip(("GE2E", "CAM++"), card()["spaces"], strict=True)]
    said += [
        not_validated_called(["singing"], language),
        words["lr_or_more"].format(value="3.49"),
        words["not_located"],
    ]
    for one in said:
        assert one in text, one


def test_no_raw_similarity_is_told(tmp_path: Path, random_bytes: RandomBytes) -> None:
    for page in reported(tmp_path, random_bytes, some_rows()).values():
        assert not re.search(r"cosine|similarity|코사인", page, re.IGNORECASE)


def test_a_timeline_is_drawn_to_scale_and_told_in_words(tmp_path: Path, random_bytes: RandomBytes) -> None:
    row = heard(0, "a.wav", candidate("p", segments=((2.5, 5.0, 2.4), (9.0, 9.001, 0.5))), duration_s=10.0)
    reader = read(reported(tmp_path, random_bytes, [row])[Language.EN])
    bars = [attributes for tag, attributes in reader.tags if tag == "rect"]
    assert [(bar["class"], bar["x"], bar["width"]) for bar in bars] == [
        ("all", "0", "1000"),
        ("much", "250.0", "250.0"),
        ("some", "900.0", "3.0"),
    ]
    (drawing,) = [attributes for tag, attributes in reader.tags if tag == "svg"]
    assert drawing["role"] == "img"
    assert "0:02.5–0:05.0: moderately strong support (log10 LR 2.40)" in (drawing["aria-label"] or "")


def test_the_page_says_whether_licences_were_asked_and_as_of_when(tmp_path: Path, random_bytes: RandomBytes) -> None:
    (tmp_path / "asked").mkdir()
    without = reported(tmp_path, random_bytes, some_rows())
    asked = reported(tmp_path / "asked", random_bytes, [heard(0, "nobody.wav")], licences=ASKED)
    for language, words in WORDS.items():
        assert words["no_licences_asked"] in read(without[language]).text
        assert words["no_licences_asked"] not in read(asked[language]).text
        said = words["licences_asked"].format(as_of="2026-11-25 09:00", organisation="org_1")
        assert said in read(asked[language]).text


def test_an_empty_scan_has_a_report(tmp_path: Path, random_bytes: RandomBytes) -> None:
    text = read(reported(tmp_path, random_bytes, [])[Language.EN]).text
    for key in ("nobody", "flagged_none", "errors_none", "left_out_none"):
        assert WORDS[Language.EN][key] in text


def test_a_large_scan_lists_the_strongest_and_says_where_all_are(tmp_path: Path, random_bytes: RandomBytes) -> None:
    rows = [heard(number, f"{number:05}.wav", candidate("p", round(2.05 + number / 1000, 4))) for number in range(1000)]
    rows += [failed(1000 + number, f"{number}.bad") for number in range(500)]
    page = reported(tmp_path, random_bytes, rows)[Language.EN]
    text = read(page).text
    assert len(page) < 400_000
    assert "The strongest 200 of 1,000 are listed here; results.parquet has all." in text
    assert f"{MOST_EXAMPLES} of 500 are listed here; results.parquet has all." in text
    assert "00999.wav" in text
    assert "00799.wav" not in text
    assert text.index("00999.wav") < text.index("00998.wav")


def test_findings_that_are_let_go_take_their_copies_with_them() -> None:
    strongest = Strongest(most=1)
    rows = [heard(number, f"{number}.wav", candidate("p", ratio)) for number, ratio in ((0, 2.1), (1, 3.0), (2, 2.5))]
    findings = Findings()
    findings.flagged = strongest
    for row in rows:
        findings.add(row)
    for number, original in ((3, rows[0]), (4, rows[1])):
        findings.add(copy_of(number, f"copy of {original.name}", original))
    (kept,) = list(strongest)
    assert isinstance(kept, Finding)
    assert (kept.row.name, kept.copies.names, strongest.count) == ("1.wav", ["copy of 1.wav"], 3)


def test_of_equally_strong_findings_the_earlier_is_listed_first() -> None:
    findings = Findings()
    for number in range(MOST_FINDINGS + 10):
        findings.add(heard(number, f"{number}.wav", candidate("p", 3.488)))
    assert [finding.row.number for finding in findings.flagged] == list(range(MOST_FINDINGS))


@pytest.mark.parametrize(
    ("log10_lr", "words"),
    [(0.3, "neither"), (0.302, "weak"), (-0.5, "weak"), (1, "moderate"), (2, "moderately_strong"), (3, "strong")],
)
def test_words_of_strength_are_those_of_the_guideline(log10_lr: float, words: str) -> None:
    assert strength_word(log10_lr) == words


def test_both_languages_say_everything_with_the_same_figures() -> None:
    def fields(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, korean = WORDS[Language.EN], WORDS[Language.KO]
    assert set(english) == set(korean)
    assert {key for key in english if fields(english[key]) != fields(korean[key])} == set()


@pytest.mark.parametrize("words", WORDS.values())
def test_there_are_words_for_whatever_a_row_may_say(words: dict[str, str]) -> None:
    assert {*Verdict, *EvidenceOutcome, *Status} <= set(words)
    assert {NEITHER, *(name for _, name in SCALE)} <= set(words)


def test_reasons_are_told_in_words_with_their_codes_in_small(tmp_path: Path, random_bytes: RandomBytes) -> None:
    pages = reported(tmp_path, random_bytes, some_rows())
    for language, said in (
        (Language.EN, "The two engines disagree further than calibration allows."),
        (Language.KO, "두 엔진의 결과가 보정이 허용하는 것보다 더 어긋난다."),
    ):
        html = re.sub(r"<style>.*?</style>", "", pages[language])
        assert f'<span class="words">{said}</span> <code class="code">engines_disagree</code>' in html
        alone = re.findall(r'(?<!</span> )<code class="code">(\w+)</code>', html)
        assert alone == []


def test_there_is_a_sentence_for_every_reason_that_a_row_may_say() -> None:
    heard_as = [REGISTRY / "domain" / "policy.py", REGISTRY / "engine" / "decisions.py"]
    modules = {
        ".".join(path.relative_to(REGISTRY.parent).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
        for path in [*heard_as, *sorted((REGISTRY / "scanning").glob("*.py"))]
    }
    codes = Source(modules).reason_codes() | {LICENCES_NOT_ASKED, NOT_VALIDATED_FOR}
    assert len(codes) > 20
    for language in Language:
        assert {code for code in codes if sentence_of(code, language) is None} == set()
    korean = {sentence_of(code, Language.KO) for code in codes}
    assert not {said for said in korean if said and said.isascii()}


def test_a_code_without_a_sentence_is_shown_as_text() -> None:
    assert as_html("<b>new", Language.EN) == '<code class="code">&lt;b&gt;new</code>'


def test_a_report_that_is_written_again_is_the_same(tmp_path: Path, random_bytes: RandomBytes) -> None:
    pages = reported(tmp_path, random_bytes, some_rows())
    before = (tmp_path / "out" / "report.json").read_bytes()
    write_report(tmp_path / "out", scan_key(tmp_path / "scan-key.json", random_bytes))
    assert (tmp_path / "out" / "report.json").read_bytes() == before
    assert (tmp_path / "out" / PAGES["en"]).read_text(encoding="utf-8") == pages[Language.EN]


def test_the_signed_statement_names_what_made_the_answers(tmp_path: Path, random_bytes: RandomBytes) -> None:
    reported(tmp_path, random_bytes, some_rows())
    told = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["report"]
    assert told["plan"]["gallery"]["id"] == "ab" * 32
    assert told["plan"]["engine"]["calibration_sha256"] == card()["sha256"]
    assert told["manifest"]["rows"] == told["results"]["rows"] == 8
    pages = {"report.html", "report.ko.html"}
    assert set(told["files"]) == {"plan.json", "results.parquet", "summary.json", "findings.jsonl", *pages}
    for name, facts in told["files"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == facts["sha256"]


def test_no_name_is_too_long_for_the_page(tmp_path: Path, random_bytes: RandomBytes) -> None:
    row = heard(0, "x" * 5000, candidate("p"))
    text = read(reported(tmp_path, random_bytes, [row])[Language.EN]).text
    assert "x" * 299 + "…" in text
    assert "x" * 301 not in text


def test_a_report_that_cannot_be_written_leaves_nothing_half_done(tmp_path: Path, random_bytes: RandomBytes) -> None:
    """What stands where a page should go makes writing it fail, as a full disk would."""
    out = scanned(tmp_path / "out", some_rows())
    (out / PAGES["ko"]).mkdir()
    with pytest.raises(ScanStorageError, match=r"report\.ko\.html cannot be written"):
        write_report(out, scan_key(tmp_path / "scan-key.json", random_bytes))
    assert not (out / "report.json").exists()
    assert not [path for path in out.iterdir() if path.name.startswith(".")]
    (out / PAGES["ko"]).rmdir()
    write_report(out, scan_key(tmp_path / "scan-key.json", random_bytes))
    assert verify_scan(out).holds
