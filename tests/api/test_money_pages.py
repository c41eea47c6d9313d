"""Use and pay on a studio's pages: what the pages say is what the ledger says, and nothing counts before it may."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from browser import Browser
from house import USE, Caller, House
from httpx import Response

from api.pages.studio import money

RATES = {"rates": [{"basis": "flat", "amount_minor": 450_000}, {"basis": "per_line", "amount_minor": 250}]}
TERMS: dict[str, Any] = {
    "pay": RATES | {"currency": "GBP", "due_within_days": 30},
    "approval": {"purposes": ["advertising"], "floor_minor": 40_000, "currency": "GBP"},
}


def signed_in(house: House, caller: Caller) -> Browser:
    browser = Browser(house)
    assert browser.use(house.operator.made(f"/v1/accounts/{caller.account_id}/sign-in-links", None)["url"])
    return browser


def follow(browser: Browser, answer: Response) -> Response:
    assert answer.status_code == 303, (answer.status_code, said(answer))
    return browser.get(answer.headers["Location"])


def said(page: Response) -> str:
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


class Agreed:
    """A studio in a browser, and a licence of theirs that is in force."""

    def __init__(self, house: House) -> None:
        self.studio = house.studio()
        self.performer, self.performer_id = house.performer()
        house.consent(self.performer, self.performer_id, "licensing")
        self.licence_id = str(house.licence(self.studio, self.performer_id, **TERMS)["id"])
        path = f"/v1/licences/{self.licence_id}"
        self.studio.post(f"{path}/offer")
        for caller in (self.studio, self.performer):
            assert caller.post(f"{path}/sign", {}).status_code == 200
        self.browser = signed_in(house, self.studio)


@pytest.fixture
def agreed(house: House) -> Agreed:
    return Agreed(house)


def test_what_is_due_is_shown_paid_and_counted_once_it_is_confirmed(agreed: Agreed) -> None:
    browser = agreed.browser
    account = browser.get(f"/money/account/{agreed.licence_id}")
    assert "Due now £4,500.00" in said(account)
    page = browser.get(f"/money/payments/new?licence_id={agreed.licence_id}&currency=GBP")
    too_much = browser.press(page, "/money/payments/new", **_paid(agreed, "4500.01"))
    assert too_much.status_code == 422
    assert "more than is due" in said(too_much)
    assert 'value="4500.01"' in too_much.text
    no_amount = browser.press(page, "/money/payments/new", **_paid(agreed, "4500.001"))
    assert no_amount.status_code == 422
    listed = follow(browser, browser.press(page, "/money/payments/new", **_paid(agreed, "4,500.00")))
    assert "£4,500.00" in said(listed)
    assert "not confirmed yet" in said(listed)
    assert "Due now £4,500.00" in said(browser.get(f"/money/account/{agreed.licence_id}"))
    (payment,) = agreed.performer.get("/v1/payments").get_json()["items"]
    assert agreed.performer.post(f"/v1/payments/{payment['id']}/confirm", {}).status_code == 200
    assert "Due now £0.00" in said(browser.get(f"/money/account/{agreed.licence_id}"))
    assert "Due now £0.00" in said(browser.get("/money"))
    korean = browser.get("/money/payments?lang=ko")
    assert "£4,500.00" in said(korean)


def _paid(agreed: Agreed, amount: str) -> dict[str, str]:
    return {"licence_id": agreed.licence_id, "amount": amount, "currency": "gbp", "paid_on": "2026-03-14"}


def test_use_is_reported_in_lines_and_from_a_spreadsheet_and_corrected(house: House, agreed: Agreed) -> None:
    house.clock.move(days=2)
    browser = signed_in(house, agreed.studio)
    days = {"starts_on": "2026-03-14", "ends_on": "2026-03-15"}
    page = browser.get("/money/reports/new")
    pasted = f"licence_id,unit,medium,quantity,use_mode,project\n{agreed.licence_id},line,radio,12.5,fixed,Spring"
    typed = {"licence_id-1": agreed.licence_id, "quantity-1": "3", "unit-1": "second", "medium-1": "radio"}
    wrong = browser.press(page, "/money/reports/new", **days, lines="one cell")
    assert wrong.status_code == 422
    assert "one cell</textarea>" in wrong.text
    report = follow(browser, browser.press(page, "/money/reports/new", **days, **typed, lines=pasted))
    assert "12.5" in said(report)
    again = browser.press(browser.get("/money/reports/new"), "/money/reports/new", **days, lines=pasted)
    assert again.status_code == 409
    correcting = browser.get(f"/money/reports/new?amends_id={report.url.path.rpartition('/')[2]}")
    lines = f"{agreed.licence_id};line;radio;20"
    corrected = follow(browser, browser.press(correcting, "/money/reports/new", **days, lines=lines))
    assert "Corrects" in said(corrected)
    assert "A correction has taken its place" in said(browser.get(str(report.url.path)))
    assert "£50.00" in said(browser.get("/money/entries"))


def test_a_statement_on_the_page_is_the_statement_of_the_api(agreed: Agreed) -> None:
    studio_id = str(agreed.studio.organisation_id)
    query = "starts_on=2026-03-01&ends_on=2026-03-31"
    page = agreed.browser.get(f"/money/statements/{studio_id}?{query}")
    assert "Due after £4,500.00" in said(page)
    as_csv = agreed.browser.get(f"/money/statements/{studio_id}?{query}&format=csv")
    assert as_csv.content == agreed.studio.get(f"/v1/studios/{studio_id}/pay-statement?{query}&format=csv").data


def test_a_statement_has_the_days_of_its_readers_clock_and_its_file_names_them(house: House, agreed: Agreed) -> None:
    studio_id = str(agreed.studio.organisation_id)
    at = f"/money/statements/{studio_id}"
    house.clock.now = datetime(2026, 3, 31, 23, 0, tzinfo=UTC)
    paid = {"amount_minor": 450_000, "currency": "GBP", "paid_on": "2026-03-31", "licence_id": agreed.licence_id}
    payment = agreed.studio.made("/v1/payments", paid)["id"]
    agreed.performer.made(f"/v1/payments/{payment}/confirm", {})
    browser = signed_in(house, agreed.studio)
    assert "Payment that arrived" in said(browser.get(at))
    seoul = browser.get(f"{at}?zone=Asia/Seoul")
    assert 'name="starts_on" value="2026-04-01"' in seoul.text
    assert 'name="ends_on" value="2026-04-01"' in seoul.text
    assert "Days begin and end by the clocks of Asia/Seoul." in said(seoul)
    assert "Due before £4,500.00 Payment that arrived" in said(seoul)
    assert "This month to date Due before £4,500.00 Payment that arrived" in said(browser.get("/money"))
    march = browser.get(f"{at}?starts_on=2026-03-01&ends_on=2026-03-31")
    assert "Due after £4,500.00" in said(march)
    as_csv = unescape(re.findall(r'href="(\?[^"]+format=csv)"', march.text)[0])
    assert ",Asia/Seoul" in browser.get(at + as_csv).text
    by_utc = browser.get(f"{at}?starts_on=2026-03-01&ends_on=2026-03-31&time_zone=UTC")
    assert "Due after £0.00" in said(by_utc)
    assert "첫날의 시작과 마지막 날의 끝은 Asia/Seoul 시각 기준이에요." in said(browser.get(f"{at}?lang=ko"))
    assert browser.get(f"{at}?time_zone=Mars/Olympus").status_code == 422
    mine = signed_in(house, agreed.performer).get(f"/performers/{agreed.performer_id}/earnings?zone=Asia/Seoul&lang=en")
    assert "Days begin and end by the clocks of Asia/Seoul." in said(mine)
    assert "1 April 2026" in said(mine)
    assert "time_zone=Asia/Seoul" in mine.text


def test_exact_words_are_asked_for_and_the_answer_is_shown(agreed: Agreed) -> None:
    browser = agreed.browser
    page = browser.get("/approvals/new")
    words = {"copy_text": "Come to the harbour.\r\nTonight.", "performer_id": agreed.performer_id, "unit": "line"}
    asked = {name: str(USE[name]) for name in ("kind", "purpose", "project", "medium", "territory", "language")}
    asked |= words | {"ai_disclosed": "yes", "use_mode": "fixed"}
    little = browser.press(page, "/approvals/new", **asked, fee="399.99", currency="GBP")
    assert little.status_code == 422
    assert "less than the licence lets be offered" in said(little)
    assert "Come to the harbour." in little.text
    shown = follow(browser, browser.press(page, "/approvals/new", **asked, fee="450", currency="GBP"))
    assert "Come to the harbour. Tonight." in said(shown)
    assert "£450.00" in said(shown)
    approval = f"/v1{shown.url.path}"
    assert agreed.performer.post(f"{approval}/refuse", {"reason": "Not for this."}).status_code == 200
    assert "Not for this." in said(browser.get(str(shown.url.path)))
    assert "refused" in said(browser.get("/approvals?state=refused"))


def test_a_licence_is_chosen_by_its_name_for_an_approval_and_in_the_ledger(house: House, agreed: Agreed) -> None:
    browser, title = agreed.browser, str(agreed.studio.get(f"/v1/licences/{agreed.licence_id}").get_json()["title"])
    choice = f'<option value="{agreed.licence_id}"'
    page = browser.get(f"/approvals/new?claimed_licence_ids={agreed.licence_id}&units-line=3")
    assert f"{choice} selected>Marta Calder · {title}</option>" in page.text
    assert 'value="3"' in page.text
    assert "lic_…" not in page.text
    entries = browser.get(f"/money/entries?licence_id={agreed.licence_id}")
    assert f"{choice} selected>Marta Calder · {title}</option>" in entries.text
    assert "£4,500.00" in said(entries)
    asked = {name: str(USE[name]) for name in ("kind", "purpose", "project", "medium", "territory", "language")}
    asked |= {"copy_text": "Come to the harbour.", "performer_id": agreed.performer_id, "ai_disclosed": "yes"}
    asked |= {"claimed_licence_ids": agreed.licence_id, "fee": "450", "currency": "GBP", "use_mode": "fixed"}
    shown = follow(browser, browser.press(page, "/approvals/new", **asked))
    assert "Come to the harbour." in said(browser.get("/approvals"))
    agreed.performer.post(f"/v1{shown.url.path}/refuse", {"reason": "Not for this."})
    again = unescape(re.findall(r'href="(/approvals/new\?[^"]+)"', browser.get(str(shown.url.path)).text)[0])
    assert "copy_sha256" not in again
    assert f"{choice} selected>" in browser.get(again).text
    nobody = signed_in(house, house.studio("Other"))
    for path in ("/approvals/new", "/money/entries", "/money/payments/new", "/money/reports/new"):
        assert "lic_…" not in nobody.get(path).text
    assert "no licence that was ever in force" in said(nobody.get("/money/payments/new"))


def test_who_has_no_licence_in_force_is_told_what_comes_before_an_approval(house: House) -> None:
    studio = house.studio("Other")
    _, performer_id = house.performer()
    browser = signed_in(house, studio)
    for path in ("/approvals/new", f"/approvals/new?performer_id={performer_id}"):
        page = browser.get(path)
        assert "no licence in force, so there is nothing to ask for yet" in said(page)
        assert '<a href="/licences">' in page.text.partition("<main")[2]
        assert 'action="/approvals/new"' not in page.text
    house.licence(studio, performer_id)
    assert "nothing to ask for yet" in said(browser.get("/approvals/new"))
    assert "부탁할 것이 없어요" in said(browser.get("/approvals/new?lang=ko"))


def test_today_is_the_readers_day_and_a_payment_of_it_is_taken(house: House, agreed: Agreed) -> None:
    house.clock.move(hours=17 - house.clock().hour)
    browser = signed_in(house, agreed.studio)
    utc, there = house.clock().date(), house.clock().date() + timedelta(days=1)
    assert f'max="{utc}"' in browser.get("/money/payments/new").text
    page = browser.get("/money/payments/new?zone=Asia/Seoul")
    assert f'value="{there}" max="{there}"' in page.text
    follow(browser, browser.press(page, "/money/payments/new", **(_paid(agreed, "1.00") | {"paid_on": str(there)})))
    later = _paid(agreed, "1.00") | {"paid_on": str(there + timedelta(days=1))}
    refused = browser.press(browser.get("/money/payments/new?lang=ko"), "/money/payments/new", **later)
    assert (refused.status_code, "살펴볼 곳: 보낸 날" in said(refused)) == (422, True)
    assert f'value="{there}"' in browser.get("/attestations/new").text


def test_an_entry_has_the_sign_with_which_it_changes_what_is_due(agreed: Agreed) -> None:
    paid = {"licence_id": agreed.licence_id, "amount_minor": 450_000, "currency": "GBP", "paid_on": "2026-03-14"}
    payment = agreed.studio.made("/v1/payments", paid)
    agreed.performer.post(f"/v1/payments/{payment['id']}/confirm", {})
    entries = said(agreed.browser.get("/money/entries"))
    assert "-£4,500.00" in entries.replace("\u2212", "-")
    assert "takes away from what is due" in entries


def test_a_payment_that_was_disputed_is_said_anew_as_it_was(agreed: Agreed) -> None:
    paid = {"licence_id": agreed.licence_id, "amount_minor": 450_000, "currency": "GBP", "paid_on": "2026-03-14"}
    payment = agreed.studio.made("/v1/payments", paid | {"reference": "INV 7"})
    listed = agreed.browser.get("/money/payments")
    assert "Say it anew" not in said(listed)
    agreed.performer.post(f"/v1/payments/{payment['id']}/dispute", {"reason": "Nothing has come."})
    listed = agreed.browser.get("/money/payments")
    assert "It settles nothing" in said(listed)
    again = f"/money/payments/new?again={payment['id']}"
    assert f'href="{again}"' in listed.text
    form = agreed.browser.get(again)
    for value in ("4500.00", "GBP", "2026-03-14", "INV 7", agreed.licence_id):
        assert f'value="{value}"' in form.text
    sent = _paid(agreed, "4500.00") | {"reference": "INV 7", "evidence_sha256": "ab" * 32}
    follow(agreed.browser, agreed.browser.press(form, "/money/payments/new", **sent))
    states = [each["state"] for each in agreed.performer.get("/v1/payments").get_json()["items"]]
    assert sorted(states) == ["disputed", "reported"]
    assert agreed.browser.get("/money/payments/new?again=pay_01m88x9vq2r4t6v8w0y2a4c6e8").status_code == 404


def test_a_statement_of_many_lines_goes_page_by_page_and_its_sums_are_of_all(
    house: House, agreed: Agreed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(money, "_LINES_AT_ONCE", 1)
    house.clock.move(days=2)
    line = {"licence_id": agreed.licence_id, "unit": "line", "medium": "radio", "use_mode": "fixed", "quantity": "10"}
    report = {"starts_on": "2026-03-14", "ends_on": "2026-03-15", "items": [line]}
    agreed.studio.made("/v1/usage-reports", report)
    browser = signed_in(house, agreed.studio)
    at = f"/money/statements/{agreed.studio.organisation_id}?starts_on=2026-03-01&ends_on=2026-03-31"
    first = browser.get(at)
    onward = unescape(re.findall(r'href="(\?[^"]*cursor=[^"]*)"', first.text)[0])
    second = browser.get(at.partition("?")[0] + onward)
    for page in (first, second):
        assert "Due after £4,525.00" in said(page)
        assert len(re.findall(r"<tr\b", page.text)) == len(["headings", "one line"])
    assert ("10 lines" in said(first), "10 lines" in said(second)) == (False, True)
    assert "Newer ones" not in said(second)
    assert browser.get(f"{at}&cursor=nothing").status_code in {404, 422}
