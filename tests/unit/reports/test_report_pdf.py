"""Reports as PDF: tagged, in a font of their own, bounded, and made without asking anybody for anything."""

from __future__ import annotations

import re
import threading
import zlib
from collections.abc import Mapping

import pytest
from weasyprint.urls import FatalURLFetchingError
from written_reports import case_report, comparison_document, document, signed, statement

from registry.domain.cases import CaseSide
from registry.errors import PrintingUnavailableError
from registry.reports import pdf
from registry.reports.pdf import held_at, pdf_of, printed
from registry.reports.words import Language


def streams(content: bytes) -> bytes:
    """Answer everything in a PDF, its compressed streams opened."""
    opened = [content]
    for found in re.finditer(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        try:
            opened.append(zlib.decompress(found[1].strip(b"\r\n")))
        except zlib.error:
            continue
    return b"\n".join(opened)


ELSEWHERE = (
    "https://evil.example/font.woff2",
    "http://127.0.0.1:8080/v1/keys",
    "file:///etc/passwd",
    "ftp://evil.example/x",
    "data:text/html,<p>",
    "likeness-font:../../settings.py",
    "likeness-font:Italic",
)


def test_nothing_is_fetched() -> None:
    for url in ELSEWHERE:
        with pytest.raises(ValueError, match="fetches nothing"):
            held_at(url)
    wanted = "".join(f'<img src="{url}" alt="x"><link rel="attachment" href="{url}">' for url in ELSEWHERE)
    styles = "".join(f"@import url({url}); p {{ background: url({url}) }}" for url in ELSEWHERE)
    html = f'<html lang="en"><title>x</title><style>{styles}</style><p>Hello</p>{wanted}</html>'
    with pytest.raises(FatalURLFetchingError):
        printed({"html": html, "attachment": "{}", "identifier": "00" * 32})


def test_a_report_is_a_tagged_document_in_its_language_with_the_signed_file_inside() -> None:
    report = case_report(performer="김하늘", comparison=comparison_document())
    content = pdf_of(signed(report), Language.KO)
    everything = streams(content)
    assert content.startswith(b"%PDF")
    for part in (b"/StructTreeRoot", b"/MarkInfo", b"/Lang", b"pdfuaid", b"/EmbeddedFiles", b"report.json", b"/Alt"):
        assert part in everything, part
    assert b"Pretendard" in everything
    assert b"/CIDFontType2" in everything
    assert b"/CIDFontType0" not in everything, "some readers would show no digits"


def test_two_hundred_papers_are_printed() -> None:
    papers = [statement(number, CaseSide.RESPONDENT, f"What was said then, {number}. " * 9) for number in range(100)]
    content = pdf_of(signed(case_report(papers=[*papers, *map(document, range(100, 200))])), Language.EN)
    assert content.startswith(b"%PDF")


def test_where_nothing_prints_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_spec", lambda _name: None)
    with pytest.raises(PrintingUnavailableError, match="reports"):
        pdf_of(signed(case_report()), Language.EN)


def test_what_takes_too_long_is_given_up() -> None:
    with pytest.raises(PrintingUnavailableError) as refused:
        pdf_of(signed(case_report()), Language.EN, timeout_s=0.01)
    figures: Mapping[str, object] = refused.value.figures
    assert figures["timeout_s"] == 0.01


def test_more_than_may_be_printed_at_once_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_printers", threading.BoundedSemaphore(1))
    assert pdf._printers.acquire()
    with pytest.raises(PrintingUnavailableError) as refused:
        pdf_of(signed(case_report()), Language.EN, timeout_s=0.1)
    assert refused.value.figures == {"timeout_s": 0.1, "at_once": pdf.AT_ONCE}
