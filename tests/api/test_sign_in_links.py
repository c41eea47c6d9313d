"""One-time links: they let one in, once, after a button was pressed, and nobody gets one for somebody out of reach."""

from __future__ import annotations

import re
from datetime import timedelta

from browser import SESSION, Browser
from house import CONTROLLER, Caller, House, assert_problem, second_operator
from sqlalchemy import select

from registry.domain.accounts import PERMISSIONS, Role, Scope
from registry.services import accounts, sign_in_links
from registry.store.accounts import Account
from registry.store.journal import JournalEntry


def link_for(house: House, account_id: str, caller: Caller | None = None) -> str:
    return str((caller or house.operator).made(f"/v1/accounts/{account_id}/sign-in-links", None)["url"])


def events(house: House) -> list[str]:
    with house.ctx.database.read() as session:
        return [entry.type for entry in session.scalars(select(JournalEntry).order_by(JournalEntry.seq))]


# --- who may have one ------------------------------------------------------------------------------------------------


def test_an_operator_has_no_link_for_another_operator(house: House) -> None:
    path = f"/v1/accounts/{second_operator(house).account_id}/sign-in-links"
    told = assert_problem(house.operator.post(path), 403, "forbidden")
    assert "--as" in told["detail"]


def test_the_other_operator_has_one_on_the_registrys_own_machine(house: House) -> None:
    with house.ctx.database.read() as session:
        second = session.get_one(Account, second_operator(house).account_id)
    issued = sign_in_links.issue_link(house.ctx, accounts.operator_principal(second), second.id)
    browser = Browser(house)
    browser.use(issued.url)
    assert browser.get("/v1/me").json()["account_id"] == second.id


def test_a_token_that_carries_less_than_the_role_gets_no_session_for_itself(house: House) -> None:
    studio = house.studio()
    narrow = studio.made("/v1/tokens", {"name": "narrow", "scopes": ["tokens:write"]})["token"]
    path = f"/v1/accounts/{studio.account_id}/sign-in-links"
    told = assert_problem(Caller(studio.client, studio.account_id, narrow).post(path), 403, "forbidden")
    assert told["scopes"] == sorted(PERMISSIONS[Role.STUDIO_ADMIN] - {Scope.TOKENS_WRITE})


def test_a_studio_has_links_for_its_own_people_alone(house: House) -> None:
    studio, other = house.studio(), house.studio("Southgate")
    member = studio.made("/v1/accounts", {"role": "studio_member", "name": "Member"})["id"]
    assert link_for(house, member, studio)
    assert_problem(other.post(f"/v1/accounts/{member}/sign-in-links"), 404, "not_found")


def test_a_disabled_account_gets_no_link_and_an_earlier_one_is_void(house: House) -> None:
    studio = house.studio()
    link = link_for(house, studio.account_id)
    house.operator.made(f"/v1/accounts/{studio.account_id}/disable", None)
    assert Browser(house).use(link).status_code == 401
    assert_problem(house.operator.post(f"/v1/accounts/{studio.account_id}/sign-in-links"), 409, "conflict")


# --- using one -------------------------------------------------------------------------------------------------------


def test_opening_a_link_uses_nothing_up_and_pressing_its_button_does(house: House) -> None:
    performer, _ = house.performer()
    link, before = link_for(house, performer.account_id), house.rows()
    browser = Browser(house)
    for _ in range(3):
        assert browser.get(link).status_code == 200
    assert (house.rows(), browser.session) == (before, None)
    assert browser.use(link).status_code == 303
    assert browser.get("/v1/me").json()["account_id"] == performer.account_id
    assert Browser(house).use(link).status_code == 401
    assert events(house)[-2:] == ["sign_in_link.issued", "sign_in_link.used"]


def test_a_link_that_is_not_whole_signs_nobody_in(house: House) -> None:
    link = link_for(house, house.performer()[0].account_id)
    browser = Browser(house)
    for spoilt in (
        link[:-1],
        link.replace("lrl_", "lrt_"),
        link.partition("?")[0],
        f"{link}%00",
        link.replace("t=lrl_0", "t=lrl_1"),
    ):
        assert browser.use(spoilt).status_code == 401, spoilt
        assert browser.session is None
    assert browser.use(link).status_code == 303


def test_a_link_is_good_for_as_long_as_it_says(house: House) -> None:
    performer, _ = house.performer()
    link = link_for(house, performer.account_id)
    house.clock.move(seconds=house.ctx.sign_in.link_life.total_seconds())
    assert Browser(house).use(link).status_code == 401
    house.clock.now -= timedelta(microseconds=1)
    assert Browser(house).use(link).status_code == 303


def test_a_new_link_makes_the_earlier_ones_void(house: House) -> None:
    performer, _ = house.performer()
    first, second = link_for(house, performer.account_id), link_for(house, performer.account_id)
    assert Browser(house).use(first).status_code == 401
    assert Browser(house).use(second).status_code == 303


FROM_ELSEWHERE: list[dict[str, str]] = [
    {"Origin": "https://elsewhere.example"},
    {"Origin": "null", "Sec-Fetch-Site": ""},
    {"Origin": "http://registry.example", "Sec-Fetch-Site": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "", "Sec-Fetch-Site": ""},
]


def test_another_site_signs_nobody_in_as_somebody_else(house: House) -> None:
    """What is called login CSRF: the victim would go on as the attacker, and put in what the attacker then reads."""
    link = link_for(house, house.performer()[0].account_id)
    browser, form = Browser(house), {"t": link.partition("t=")[2]}
    for headers in FROM_ELSEWHERE:
        assert browser.submit("/sign-in/link", form, **headers).status_code == 403, headers
        assert browser.session is None
    assert browser.submit("/sign-in/link", form).status_code == 303


def test_links_that_are_tried_out_count_as_tokens_that_are_not_valid(house: House) -> None:
    link, browser = link_for(house, house.performer()[0].account_id), Browser(house)
    for number in range(60):
        assert browser.submit("/sign-in/link", {"t": f"lrl_{number}"}).status_code == 401
    told = browser.use(link)
    assert told.status_code == 429
    assert int(told.headers["Retry-After"]) > 0
    assert_problem(house.client.get("/v1/me", headers={"Authorization": "Bearer x"}), 429, "rate_limited")


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_is_in_the_readers_language_and_runs_no_script(house: House) -> None:
    browser, link = Browser(house), link_for(house, house.performer()[0].account_id)
    for sent, shown in (("ko-KR,ko;q=0.9,en;q=0.5", "ko"), ("en-GB", "en"), ("fr", "en"), ("", "en")):
        page = browser.get(link, **{"Accept-Language": sent})
        assert f'<html lang="{shown}">' in page.text
        assert "<script" not in page.text
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; ")
        assert not {"script-src", "connect-src", "unsafe-inline"} & set(re.findall(r"[a-z-]+", policy))
        assert page.headers["Referrer-Policy"] == "strict-origin"
        assert page.headers["Cache-Control"] == "no-store"


def test_where_one_signs_in_it_says_who_runs_the_registry(house: House) -> None:
    for path in ("/", "/sign-in", "/sign-in?lang=ko"):
        page = Browser(house).get(path)
        assert f"<bdi>{CONTROLLER.name}</bdi> · <bdi>{CONTROLLER.contact}</bdi>" in page.text


def test_what_is_sent_to_the_page_stands_in_it_as_text(house: House) -> None:
    page = Browser(house).get('/sign-in/link?t="><script>alert(1)</script>&lang=<b>')
    assert page.status_code == 200
    assert "<script" not in page.text
    assert '<html lang="en">' in page.text


def test_a_refusal_is_a_page_with_what_names_it_in_the_logs_and_without_the_link(house: House) -> None:
    link = link_for(house, house.performer()[0].account_id)
    browser = Browser(house)
    browser.use(link)
    told = browser.use(f"{link}&lang=ko")
    assert told.status_code == 401
    assert told.headers["X-Request-Id"] in told.text
    assert '<html lang="ko">' in told.text
    assert link.partition("t=")[2] not in told.text


def test_the_cookie_is_of_this_host_alone_and_no_script_reads_it(house: House) -> None:
    browser = Browser(house)
    cookie = browser.use(link_for(house, house.performer()[0].account_id)).headers["Set-Cookie"]
    assert cookie.startswith(f"{SESSION}=lrs_")
    said = {part.strip() for part in cookie.split(";")[1:]}
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} <= said
    assert not any(part.startswith("Domain") for part in said)
