"""Tokens, sessions, webhooks and accounts on pages: a secret is shown once, and what was sent twice is done once."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from browser import Browser
from house import Caller, House
from httpx import Response

from api.pages.account.deliveries import PROBLEMS, STATES, told_of
from api.pages.account.disabling import DISABLED
from api.pages.account.scopes import SCOPES
from registry.domain.accounts import Scope
from registry.domain.webhooks import TEST, TYPES, DeliveryProblem, DeliveryState, DisabledReason

HOOK = {"name": "pipeline", "url": "https://hooks.northlight.example/likeness", "told": "everything"}


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


def secret(page: Response) -> str:
    (text,) = re.findall(r'<textarea[^>]* class="secret"[^>]*>([^<]*)</textarea>', page.text)
    return unescape(text)


def test_every_scope_state_and_problem_has_words() -> None:
    assert set(SCOPES) == set(Scope)
    assert set(STATES) == set(DeliveryState)
    assert set(PROBLEMS) == set(DeliveryProblem)
    assert set(DISABLED) == set(DisabledReason)


def test_a_token_is_shown_once_works_for_what_it_carries_and_a_reload_makes_no_other(house: House) -> None:
    studio = house.studio()
    browser = signed_in(house, studio)
    page = browser.get("/account/tokens")
    fields: dict[str, Any] = {"name": "render farm", "scopes": ["checks:read"], "expires_in_days": "30"}
    form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)[-2:]) | fields
    shown = browser.submit("/account/tokens", form)
    assert shown.status_code == 201
    assert shown.headers["Cache-Control"] == "no-store"
    caller = Caller(studio.client, studio.account_id, secret(shown))
    assert caller.get("/v1/checks").status_code == 200
    assert caller.get("/v1/licences").status_code == 403
    again = browser.submit("/account/tokens", form)
    assert (again.status_code, again.headers["Location"]) == (303, "/account/tokens")
    assert secret(shown) not in again.text
    listed = browser.get("/account/tokens")
    assert listed.text.count("render farm</bdi>") == 1
    token_id = re.findall(r"/account/tokens/(tok_\w+)/revoke", listed.text)[-1]
    page = follow(browser, browser.press(listed, f"/account/tokens/{token_id}/revoke"))
    assert "Revoked. From now on it does not work." in said(page)
    assert caller.get("/v1/checks").status_code == 401


def test_a_token_without_a_scope_is_not_made_and_what_was_typed_stays(house: House) -> None:
    browser = signed_in(house, house.studio())
    before = house.rows()
    told = browser.press(browser.get("/account/tokens"), "/account/tokens", name="nothing", expires_in_days="7")
    assert told.status_code == 422
    assert 'value="nothing"' in told.text
    assert "Look at: What it may do" in said(told)
    assert house.rows() == before


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://hooks.northlight.example", "주소가 https://로 시작하지 않아요."),
        ("https://127.0.0.1/", "공개 인터넷의 주소가 아니에요."),
        ("https://me:secret@hooks.northlight.example/", "주소에 사용자, 비밀번호, #이 들어 있어요."),
        ("https://hooks.northlight.example:22/", "이 포트로는 보내지 않아요."),
    ],
)
def test_why_an_address_is_not_taken_is_said_in_the_readers_language(house: House, url: str, why: str) -> None:
    browser = signed_in(house, house.studio())
    page = browser.get("/account/webhooks?lang=ko")
    told = browser.press(page, "/account/webhooks", **(HOOK | {"url": url}))
    assert told.status_code == 422
    assert f"{why} " in f"{said(told)} "
    assert "살펴볼 곳: 주소" in said(told)
    assert 'lang="en">' not in told.text.partition("<main")[2]
    assert f'value="{url}"' in told.text


def test_every_type_of_message_has_words(house: House) -> None:
    with house.app.test_request_context("/?lang=ko"):
        for kind in (*TYPES, TEST):
            assert told_of(kind) != kind
            assert re.search("[가-힣]", told_of(kind))
        assert told_of("something.new") == "something.new"


def test_where_one_is_signed_in_is_shown_and_ended(house: House) -> None:
    studio = house.studio()
    here, there = signed_in(house, studio), signed_in(house, studio)
    page = here.get("/account/sessions")
    assert said(page).count("this browser") == 1
    ends = [re.findall(r"/account/sessions/(ses_\w+)/end", each) for each in page.text.split("<article>")]
    (mine,) = [each[0] for each, text in zip(ends, page.text.split("<article>"), strict=True) if "this browser" in text]
    (other,) = [each[0] for each in ends if each and each[0] != mine]
    page = follow(here, here.press(page, f"/account/sessions/{other}/end"))
    assert "That session is over." in said(page)
    assert there.get("/account/sessions").headers["Location"] == "/sign-in"
    here.press(page, f"/account/sessions/{mine}/end")
    assert here.get("/account/sessions").headers["Location"] == "/sign-in"


def test_a_webhook_is_added_tested_changed_disabled_and_removed_as_it_was_seen(house: House) -> None:
    studio = house.studio()
    browser = signed_in(house, studio)
    page = follow(browser, browser.press(browser.get("/account/webhooks"), "/account/webhooks", **HOOK))
    hook = str(page.url.path)
    page = follow(browser, browser.press(page, f"{hook}/test"))
    assert "webhook.test" in said(page)
    assert "on its way" in said(page)
    assert f'hx-get="{hook}/messages' in page.text
    studio.patch(hook.replace("/account", "/v1"), {"name": "another"})
    told = browser.press(page, f"{hook}/disable")
    assert told.status_code == 412
    assert "Somebody has changed this since" in said(told)
    page = follow(browser, browser.press(told, f"{hook}/disable"))
    assert "disabled by hand" in said(page)
    assert "the webhook was disabled while it waited" in said(page)
    resend = re.findall(rf'action="({hook}/messages/\w+/resend)"', page.text)
    assert browser.press(page, resend[0]).status_code == 409
    page = follow(browser, browser.press(page, f"{hook}/enable"))
    page = follow(browser, browser.press(page, resend[0]))
    assert "The message is on its way again" in said(page)
    wrong = browser.press(page, f"{hook}/change", name="x", url="ftp://x.example/", told="everything")
    assert wrong.status_code == 422
    assert 'value="ftp://x.example/"' in wrong.text
    page = follow(browser, browser.press(wrong, f"{hook}/remove"))
    assert "There is none yet." in said(page)


def test_an_auditor_has_tokens_and_webhooks_too_and_a_member_no_webhooks(house: House) -> None:
    auditor = signed_in(house, house.admit("auditor", "Auditor", "Clear Ear"))
    assert [auditor.get(path).status_code for path in ("/account/tokens", "/account/webhooks")] == [200, 200]
    studio = house.studio()
    account = studio.made("/v1/accounts", {"role": "studio_member", "name": "Member"})
    member = signed_in(house, Caller(studio.client, account["id"], ""))
    assert member.get("/account/webhooks").status_code == 403
    assert "/account/webhooks" not in member.get("/account").text


def test_an_administrator_adds_a_member_lets_them_in_and_disables_them(house: House) -> None:
    studio = house.studio()
    browser = signed_in(house, studio)
    page = follow(browser, browser.press(browser.get("/account/team"), "/account/team", name="Jo Park"))
    (member,) = set(re.findall(r"/account/(acc_\w+)/disable", page.text))
    link = browser.press(page, f"/account/{member}/link")
    assert link.status_code == 201
    theirs = Browser(house)
    theirs.use(secret(link))
    assert theirs.get("/account/tokens").status_code == 200
    page = follow(browser, browser.press(page, f"/account/{member}/disable"))
    assert "disabled on" in said(page)
    assert theirs.get("/account/tokens").headers["Location"] == "/sign-in"
