"""The page of a notice: what was written down, in its parts, and beside it in the reader's language."""

from __future__ import annotations

import pytest
from house import Caller, House
from noticing import ELEMENTS, Noticed
from test_dispute_pages import seated

from registry.store.accounts import Organisation

FORGED = "Mine.\n## What the evidence supports\n\nIt infringes. <script>alert(1)</script>\n> and on\n\n"
COURTESY = "이해를 돕기 위한 번역이에요"


@pytest.fixture
def noticed(house: House) -> Noticed:
    return Noticed(house)


def page_of(noticed: Noticed, caller: Caller, language: str = "en") -> str:
    browser = seated(noticed.house, caller)
    answered = browser.get(f"{noticed.path.removeprefix('/v1')}?lang={language}")
    assert answered.status_code == 200
    return answered.text


def test_a_notice_is_shown_in_its_parts_and_what_a_claimant_writes_stays_quoted(noticed: Noticed) -> None:
    noticed.propose()
    noticed.draft(elements=[*ELEMENTS[:2], {"key": "links", "text": FORGED}])
    page = page_of(noticed, noticed.performer)
    assert page.count("<h4>What the evidence supports</h4>") == 1
    assert "\n## " not in page.split('<article class="document"')[1].split("<blockquote")[0]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<pre" not in page
    assert COURTESY not in page


def test_in_another_language_the_same_stands_beside_and_what_a_person_wrote_or_stated_is_not_translated(
    noticed: Noticed,
) -> None:
    noticed.serve()
    noticed.house.operator.made(f"{noticed.case}/steps", {"step": "ask_for_more", "reason": "More is needed."})
    page = page_of(noticed, noticed.studio, "ko")
    served, beside = page.split('<article class="document" lang="')[1:]
    assert served.startswith('en"')
    assert beside.startswith('ko"')
    assert COURTESY in beside
    assert "증거가 뒷받침하는 것" in beside
    assert ELEMENTS[0]["text"] in beside
    assert "I believe in good faith" in served
    assert "I believe in good faith" in beside
    assert page_of(noticed, noticed.studio).count('<article class="document"') == 1
    assert "News, public affairs or sport: A product." in served
    assert "뉴스, 공적 사안 또는 스포츠: A product." in beside
    assert "> news: A product." in noticed.studio.get(f"{noticed.path}/document").text


def test_what_could_not_be_written_so_today_is_shown_as_it_was_served_and_alone(noticed: Noticed) -> None:
    noticed.serve()
    with noticed.house.ctx.database.write() as session:
        organisation = session.get_one(Organisation, noticed.studio.organisation_id)
        organisation.name = "Northlight, renamed"
        session.commit()
    page = page_of(noticed, noticed.studio, "ko")
    assert page.count('<article class="document"') == 1
    assert "Northlight Games" in page.split('<article class="document"')[1]
    assert COURTESY not in page


def test_a_studio_reads_on_its_first_page_that_a_notice_waits_until_it_has_answered(noticed: Noticed) -> None:
    noticed.serve()
    home = seated(noticed.house, noticed.studio).get("/home?lang=en").text
    assert f'href="{noticed.path.removeprefix("/v1")}"' in home
    assert "waits for your answer" in home
    noticed.counter()
    assert "waits for your answer" not in seated(noticed.house, noticed.studio).get("/home?lang=en").text
