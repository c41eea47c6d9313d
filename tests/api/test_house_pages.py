"""The operator's house on pages: what takes two is read and answered by two, and each page says how things stand."""

from __future__ import annotations

import re
from html import unescape

import pytest
from browser import Browser
from house import House, assert_problem, second_operator
from httpx import Response

STRICTER = {"percent": "0.5", "calibration_sha256": "", "reason": "half as many false matches"}


def signed_in(house: House, account_id: str) -> Browser:
    browser = Browser(house)
    url = house.operator.made(f"/v1/accounts/{account_id}/sign-in-links", None)["url"]
    assert browser.use(url).headers["Location"] == "/home"
    return browser


@pytest.fixture
def first(house: House) -> Browser:
    return signed_in(house, house.operator.account_id)


@pytest.fixture
def second(house: House) -> Browser:
    browser = Browser(house)
    other = second_operator(house)
    browser.use(other.made(f"/v1/accounts/{other.account_id}/sign-in-links", None)["url"])
    return browser


def follow(browser: Browser, answer: Response) -> Response:
    assert answer.status_code == 303, (answer.status_code, said(answer))
    return browser.get(answer.headers["Location"])


def said(page: Response) -> str:
    """What a page says, without its marks."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def answered(browser: Browser, page: Response, answer: str, **changes: str) -> Response:
    """Send the form under a proposal to one of its answers, with what stands in it."""
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return browser.submit(f"{page.url.path}/{answer}", {**dict(fields), "reason": "I have read it", **changes})


def operating_point(house: House) -> float:
    return float(house.operator.get("/v1/engine").get_json()["settings"]["target_fpir"])


# --- two people ------------------------------------------------------------------------------------------------------


def test_who_asks_cannot_approve_and_who_reads_something_else_approves_nothing(
    house: House, first: Browser, second: Browser
) -> None:
    mine = follow(first, first.press(first.get("/house/engine"), "/house/engine", **STRICTER))
    assert "0.5%" in said(mine)
    assert "formaction" not in mine.text, "whoever asks is shown no button to approve"
    alone = answered(first, mine, "approve")
    assert alone.status_code == 403, said(alone)
    theirs = second.get(mine.url.path)
    other = answered(second, theirs, "approve", content_sha256="f" * 64)
    assert other.status_code == 409
    assert "two digests differ" in said(other)
    assert "I have read it" in other.text, "what was typed is still there"
    stale = answered(second, theirs, "approve", version="7")
    assert stale.status_code == 412
    assert operating_point(house) == 0.01


def test_one_asks_another_approves_and_the_next_to_answer_is_told_who_did(
    house: House, first: Browser, second: Browser
) -> None:
    mine = follow(first, first.press(first.get("/house/engine"), "/house/engine", **STRICTER))
    seen = second.get(mine.url.path)
    done = follow(second, answered(second, seen, "approve"))
    assert "You approved it, and it is done." in said(done)
    assert operating_point(house) == 0.005
    again = answered(second, seen, "refuse", form_key="k" * 16)
    assert again.status_code in {409, 412}
    assert "Second desk" in said(again)
    assert "approved, and done" in said(again)
    assert "Second desk" in said(first.get("/proposals")), "whoever asked sees who answered"


def test_what_was_put_forward_is_taken_back_by_who_did(first: Browser, second: Browser) -> None:
    mine = follow(first, first.press(first.get("/house/engine"), "/house/engine", **STRICTER))
    assert answered(second, mine, "withdraw").status_code == 403
    assert "You took it back" in said(follow(first, answered(first, mine, "withdraw")))
    assert said(second.get("/proposals?state=proposed")).count("taken back") == 1, "in the filter alone"


def test_a_share_that_is_no_number_changes_nothing_and_stays_in_the_form(first: Browser, second: Browser) -> None:
    refused = first.press(first.get("/house/engine"), "/house/engine", **STRICTER | {"percent": "half"})
    assert refused.status_code == 422
    assert 'value="half"' in refused.text
    assert "half as many false matches" in refused.text
    assert "Nothing here" in said(second.get("/proposals"))


def test_deleting_somebody_takes_two_and_names_the_record_that_was_read(
    house: House, first: Browser, second: Browser
) -> None:
    _, performer_id = house.performer("Ines Duarte")
    at = f"/people/performers/{performer_id}"
    form = {"ground": "registered_in_error", "evidence_sha256": "e" * 64, "reason": "twice on record"}
    mine = follow(first, first.press(first.get(at), f"{at}/delete", **form))
    assert "Ines Duarte" in said(mine)
    house.operator.patch(f"/v1/performers/{performer_id}", {"name": "Ines Duarte Vaz"})
    late = answered(second, second.get(mine.url.path), "approve")
    assert late.status_code == 412, "the record has changed since it was read"
    assert house.operator.get(f"/v1/performers/{performer_id}").status_code == 200


# --- the house -------------------------------------------------------------------------------------------------------


def test_the_engine_says_what_does_not_work(house: House, first: Browser) -> None:
    page = said(first.get("/house/engine"))
    assert "No worker was heard of within a day" in page
    assert "Something does not work" in said(first.get("/house"))
    assert [part for part in house.operator.get("/v1/engine").get_json()["parts"] if not part["ok"]]


def test_of_the_calibration_that_ships_ranges_curves_and_error_rates_are_shown(house: House, first: Browser) -> None:
    told = house.operator.get("/v1/engine/calibration").get_json()
    assert told["is_shipped"]
    page = first.get("/house/calibration")
    assert told["calibration_sha256"] in page.text
    for each in ("singing", "whispering", "speech above the noise"):
        assert each in said(page)
    if told["card"]["curves"] is not None:
        shares = [share for _, share in told["card"]["curves"]["same_speaker"]]
        assert shares == sorted(shares, reverse=True), "the share that reaches a strength never rises with it"
        assert page.text.count("data-plot") == 2


def test_a_calibration_of_ones_own_is_one_of_which_nothing_is_said(first: Browser, second: Browser) -> None:
    own = STRICTER | {"calibration_sha256": "a" * 64}
    mine = follow(first, first.press(first.get("/house/engine"), "/house/engine", **own))
    follow(second, answered(second, second.get(mine.url.path), "approve"))
    page = said(first.get("/house/calibration"))
    assert "Nothing is known of it here" in page
    assert "nothing was measured that could be published" in page


def test_the_journal_is_looked_up_by_record_and_proven_to_continue(house: House, first: Browser) -> None:
    checkpoint = house.client.get("/v1/journal/checkpoint", headers={"Accept": "application/json"}).get_json()
    _, performer_id = house.performer()
    led = first.get(f"/house/journal/records?id={performer_id}")
    record = said(follow(first, led))
    assert "Performer registered" in record
    assert "performer.registered" in record
    assert "How identity was shown: self_declared identity_assurance" in record
    assert "신원 확인 방법: self_declared" in said(first.get(f"{led.headers['Location']}?lang=ko"))
    first.get("/house/journal?lang=en")
    assert "not the form of an id" in said(first.get("/house/journal/records?id=Marta"))
    account = said(first.get(f"/house/journal/records/{house.operator.account_id}"))
    assert "Role: operator role: operator" in account
    assert "역할: 운영자 role: operator" in said(
        first.get(f"/house/journal/records/{house.operator.account_id}?lang=ko")
    )
    first.get("/house/journal?lang=en")
    house.clock.move(minutes=5)
    assert "A proof over" in said(first.get(f"/house/journal/consistency?first={checkpoint['size']}"))
    assert "ever signed" in said(first.get("/house/journal/consistency?first=4711"))
    journal = said(first.get("/house/journal"))
    assert "Account opened" in journal
    assert "account.created" in journal
    assert "계정이 만들어짐" in said(first.get("/house/journal?lang=ko"))


def test_a_strike_is_declared_once_and_lifted_once(first: Browser) -> None:
    form = {"scope": "agreement", "name": "Interactive Media Agreement", "note": ""}
    on = follow(first, first.press(first.get("/strikes"), "/strikes", **form))
    assert "The strike is on. 0 licences are suspended" in said(on)
    twice = first.press(first.get("/strikes"), "/strikes", **form)
    assert (twice.status_code, "There is one already." in said(twice)) == (409, True)
    page = first.get("/strikes")
    (action,) = re.findall(r'action="(/strikes/[^"]+/lift)"', page.text)
    assert "The strike is lifted" in said(follow(first, first.press(page, action)))
    late = first.press(page, action, form_key="k" * 16)
    assert late.status_code in {409, 412}


def test_somebody_is_let_in_by_a_link_that_is_shown_once(house: House, first: Browser) -> None:
    new = {"name": "Jo Arden", "role": "representative", "organisation_name": ""}
    account = follow(first, first.press(first.get("/people"), "/people", **new))
    shown = first.press(account, f"{account.url.path}/link")
    assert shown.status_code == 201
    assert shown.headers["Cache-Control"] == "no-store"
    (link,) = re.findall(r"https://registry\.example/sign-in/link\?t=[^<]+", shown.text)
    assert link not in first.get(shown.headers["Location"]).text
    theirs = Browser(house)
    assert theirs.use(unescape(link)).headers["Location"] == "/home"
    follow(first, first.press(account, f"{account.url.path}/close"))
    assert theirs.get("/home").headers["Location"] == "/sign-in", "what is closed is over at once"


def test_what_is_due_and_what_was_destroyed_is_for_operators_alone(house: House) -> None:
    studio = house.studio()
    for path in ("/v1/retention-due", "/v1/house-keys", "/v1/engine", "/v1/misuse-figures?side=respondent"):
        assert_problem(studio.get(path), 403, "forbidden")
    refused = house.operator.get("/v1/misuse-figures?side=registry")
    assert_problem(refused, 422, "validation_failed")
    due = house.operator.get("/v1/retention-due").get_json()["items"]
    assert {each["records"] for each in due} == {0}
