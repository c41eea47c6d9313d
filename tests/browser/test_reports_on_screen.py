"""Signed reports as pages: read on a telephone without moving them sideways, in both languages, and clean by axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import injected, violations
from playwright.sync_api import Browser
from written_reports import case_report, check_report, comparison_document, notice, signed

from registry.domain.notices import NoticeState
from registry.reports.pages import page_of
from registry.reports.words import Language

LONG = "The assistant, voice two, in its second edition"
REPORTS = {
    "check": check_report(),
    "case": case_report(comparison=comparison_document(), notices=[notice(NoticeState.SERVED)], product=LONG),
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("kind", ["check", "case"])
def test_a_report_is_as_wide_as_the_screen_and_its_tables_scroll_inside_themselves(
    browser: Browser, tmp_path: Path, kind: str, language: Language
) -> None:
    drawn = tmp_path / "report.html"
    drawn.write_text(page_of(signed(REPORTS[kind]), language).html, encoding="utf-8")
    with injected(browser.new_context(bypass_csp=True)) as context:
        page = context.new_page()
        page.goto(drawn.as_uri())
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert violations(page) == []
