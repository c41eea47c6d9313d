"""Sessions: as good as a token of the whole role, from this browser and these pages alone, and not for long."""

from __future__ import annotations

import json
from datetime import timedelta
from http import HTTPStatus

import httpx
import structlog
from browser import HERE, SESSION, Browser
from house import Caller, House, assert_problem, second_operator
from sqlalchemy import select

from registry.domain.accounts import PERMISSIONS, Role
from registry.store.journal import JournalEntry
from registry.store.sessions import SignInSession

ACCOUNT = {"role": "performer", "name": "Ines Duarte"}


def signed_in(house: House, caller: Caller | None = None) -> Browser:
    """Let somebody sign in by a link."""
    account_id = (caller or house.operator).account_id
    asking = house.operator if caller is None or caller.account_id == account_id else caller
    browser = Browser(house)
    url = asking.made(f"/v1/accounts/{account_id}/sign-in-links", None)["url"]
    assert browser.use(url).status_code == HTTPStatus.SEE_OTHER
    return browser


def csrf(browser: Browser) -> dict[str, str]:
    """Answer the headers of a page's own request."""
    token = browser.get("/v1/me").json()["session"]["csrf_token"]
    return {"X-CSRF-Token": token, "Origin": HERE, "Sec-Fetch-Site": "same-origin"}


def assert_told(response: httpx.Response, status: int, code: str, **figures: object) -> None:
    body = response.json()
    assert (response.status_code, body["code"]) == (status, code), body
    assert {name: body[name] for name in figures} == figures


# --- what counts ------------------------------------------------------------------------------------------------------


def test_a_session_may_all_that_its_role_may(house: House) -> None:
    studio = house.studio()
    me = signed_in(house, studio).get("/v1/me").json()
    assert me["scopes"] == sorted(PERMISSIONS[Role.STUDIO_ADMIN])
    assert me["account_id"] == studio.account_id
    assert studio.get("/v1/me").get_json()["session"] is None


def test_a_token_that_was_sent_decides_right_or_wrong_whatever_session_comes_along(house: House) -> None:
    studio = house.studio()
    browser = signed_in(house)
    with_token = browser.get("/v1/me", Authorization=f"Bearer {studio.token}").json()
    assert (with_token["account_id"], with_token["session"]) == (studio.account_id, None)
    made = browser.client.post("/v1/webhooks/hook_/test", headers={"Authorization": f"Bearer {studio.token}"})
    assert made.status_code == HTTPStatus.NOT_FOUND  # and nobody has asked for a token against other sites
    for wrong in ("Bearer lrt_x", "Basic eDp5", "Bearer", "", f"Bearer {browser.session}"):
        assert_told(browser.get("/v1/me", Authorization=wrong), 401, "unauthenticated")


def test_a_token_is_no_session_and_a_session_no_token(house: House) -> None:
    browser = Browser(house)
    browser.client.cookies.set(SESSION, house.operator.token, domain="registry.example")
    assert_told(browser.get("/v1/me"), 401, "unauthenticated")


def test_without_the_hosts_own_name_a_cookie_is_not_looked_at(house: House) -> None:
    """A neighbour under the same domain can set a cookie, but none of this name."""
    browser, other = signed_in(house), Browser(house)
    other.client.cookies.set("likeness-session", str(browser.session), domain=".example")
    assert_told(other.get("/v1/me"), 401, "unauthenticated")


# --- other sites ------------------------------------------------------------------------------------------------------


def test_a_change_needs_what_only_a_page_of_this_session_knows(house: House) -> None:
    browser, other = signed_in(house), signed_in(house)
    own, others = csrf(browser), csrf(other)
    before = house.rows()
    for headers, step in (
        (own | {"X-CSRF-Token": ""}, "csrf_token"),
        (own | {"X-CSRF-Token": others["X-CSRF-Token"]}, "csrf_token"),
        (own | {"X-CSRF-Token": f"{own['X-CSRF-Token']}x"}, "csrf_token"),
        (own | {"Origin": "https://elsewhere.example"}, "origin"),
        (own | {"Origin": "null"}, "origin"),
        (own | {"Sec-Fetch-Site": "cross-site"}, "sec_fetch_site"),
        (own | {"Sec-Fetch-Site": "same-site"}, "sec_fetch_site"),
    ):
        told = browser.client.post("/v1/accounts", json=ACCOUNT, headers=headers)
        assert_told(told, 403, "cross_site_request", step=step)
    bare = browser.client.post("/v1/accounts", json=ACCOUNT)
    assert_told(bare, 403, "cross_site_request", step="csrf_token")
    assert house.rows() == before
    assert browser.client.post("/v1/accounts", json=ACCOUNT, headers=own).status_code == HTTPStatus.CREATED
    without = {"X-CSRF-Token": own["X-CSRF-Token"]}  # a program that says nothing of pages
    assert browser.client.post("/v1/accounts", json=ACCOUNT, headers=without).status_code == HTTPStatus.CREATED


# --- how long ---------------------------------------------------------------------------------------------------------


def test_a_session_that_nothing_is_asked_with_is_over(house: House) -> None:
    browser, idle = signed_in(house), house.ctx.sign_in.session_idle
    for _ in range(3):
        house.clock.move(seconds=idle.total_seconds() - 1)
        assert browser.get("/v1/me").status_code == HTTPStatus.OK
    house.clock.move(seconds=idle.total_seconds())
    assert_told(browser.get("/v1/me"), 401, "session_ended", reason="idle")


def test_a_session_that_is_used_all_day_is_over_in_the_end(house: House) -> None:
    browser = signed_in(house)
    until = house.clock.now + house.ctx.sign_in.session_life
    while house.clock.now + timedelta(minutes=50) < until:
        house.clock.move(minutes=50)
        assert browser.get("/v1/me").json()["session"]["idle_at"] <= until.isoformat().replace("+00:00", "Z")
    house.clock.now = until
    assert_told(browser.get("/v1/me"), 401, "session_ended", reason="expired")


def test_a_disabled_accounts_session_is_over_at_once(house: House) -> None:
    studio = house.studio()
    browser = signed_in(house, studio)
    house.operator.made(f"/v1/accounts/{studio.account_id}/disable", None)
    assert_told(browser.get("/v1/me"), 401, "session_ended", reason="ended")


def test_the_scopes_are_those_that_the_role_has_now_and_a_mandate_that_ends_is_gone(house: House) -> None:
    agent = house.admit("representative", "Agent")
    _, performer_id = house.performer()
    body = {"account_id": agent.account_id, "kind": "agent", "scopes": ["performers:read"]}
    body |= {"expires_at": (house.clock.now + timedelta(minutes=30)).isoformat(), "evidence_sha256": "e" * 64}
    house.operator.made(f"/v1/performers/{performer_id}/representatives", body)
    browser = signed_in(house, agent)
    assert [each["performer_id"] for each in browser.get("/v1/me").json()["performers"]] == [performer_id]
    house.clock.move(minutes=31)
    assert browser.get("/v1/me").json()["performers"] == []


# --- a new one at every sign-in ---------------------------------------------------------------------------------------


def test_signing_in_gives_a_new_session_and_ends_the_one_that_the_browser_had(house: House) -> None:
    studio = house.studio()
    browser = signed_in(house, studio)
    before = str(browser.session)
    browser.use(house.operator.made(f"/v1/accounts/{studio.account_id}/sign-in-links", None)["url"])
    assert browser.session not in {None, before}
    old = Browser(house)
    old.client.cookies.set(SESSION, before, domain="registry.example")
    assert_told(old.get("/v1/me"), 401, "session_ended", reason="ended")


def test_a_session_that_somebody_else_put_into_the_browser_is_not_taken_on(house: House) -> None:
    attacker, victim = signed_in(house, house.studio("Attackers")), Browser(house)
    victim.client.cookies.set(SESSION, str(attacker.session), domain="registry.example")
    studio = house.studio("Victims")
    victim.use(house.operator.made(f"/v1/accounts/{studio.account_id}/sign-in-links", None)["url"])
    assert victim.get("/v1/me").json()["account_id"] == studio.account_id
    assert_told(attacker.get("/v1/me"), 401, "session_ended", reason="ended")


# --- signing out, and being signed out --------------------------------------------------------------------------------


def test_signing_out_ends_the_session_and_not_only_the_cookie(house: House) -> None:
    browser = signed_in(house)
    text, account = str(browser.session), browser.get("/account")
    assert browser.submit("/sign-out", {"csrf_token": "x"}).status_code == HTTPStatus.FORBIDDEN
    assert browser.press(account, "/sign-out", csrf_token="").status_code == HTTPStatus.FORBIDDEN
    assert browser.press(account, "/sign-out").status_code == HTTPStatus.OK
    assert browser.session is None
    copied = Browser(house)
    copied.client.cookies.set(SESSION, text, domain="registry.example")
    assert_told(copied.get("/v1/me"), 401, "session_ended", reason="ended")
    assert browser.press(account, "/sign-out").status_code == HTTPStatus.OK  # again: it is what was wanted
    there = browser.get("/account")
    assert (there.status_code, there.headers["Location"]) == (HTTPStatus.SEE_OTHER, "/sign-in")


def test_one_sees_ones_sessions_and_ends_one_of_them(house: House) -> None:
    studio = house.studio()
    here, elsewhere = signed_in(house, studio), signed_in(house, studio)
    items = here.get("/v1/sessions").json()["items"]
    assert [each["method"] for each in items] == ["link", "link"]
    other = elsewhere.get("/v1/me").json()["session"]["id"]
    ended = here.client.post(f"/v1/sessions/{other}/end", headers=csrf(here))
    assert ended.json()["ended_at"] is not None
    assert "Set-Cookie" not in ended.headers
    assert_told(elsewhere.get("/v1/me"), 401, "session_ended", reason="ended")
    own = here.get("/v1/me").json()["session"]["id"]
    assert here.client.post(f"/v1/sessions/{own}/end", headers=csrf(here)).status_code == HTTPStatus.OK
    assert here.session is None


def test_whose_sessions_are_out_of_reach_are_not_there(house: House) -> None:
    studio, other = house.studio(), house.studio("Southgate")
    session_id = signed_in(house, studio).get("/v1/me").json()["session"]["id"]
    assert_problem(other.post(f"/v1/sessions/{session_id}/end"), 404, "not_found")
    assert_problem(other.get(f"/v1/sessions?account_id={studio.account_id}"), 404, "not_found")
    assert_problem(other.post(f"/v1/accounts/{studio.account_id}/sessions/end"), 404, "not_found")


def test_an_operator_ends_every_session_of_an_account_and_its_link_too(house: House) -> None:
    studio = house.studio()
    browsers = [signed_in(house, studio) for _ in range(2)]
    link = house.operator.made(f"/v1/accounts/{studio.account_id}/sign-in-links", None)["url"]
    path = f"/v1/accounts/{studio.account_id}/sessions/end"
    assert house.operator.made(path, None) == {"account_id": studio.account_id, "ended": 2}
    assert house.operator.made(path, None)["ended"] == 0
    assert [each.get("/v1/me").status_code for each in browsers] == [401, 401]
    assert Browser(house).use(link).status_code == HTTPStatus.UNAUTHORIZED


def test_an_operator_also_ends_another_operators_sessions_which_lets_nobody_in(house: House) -> None:
    second = second_operator(house)
    house.operator.made(f"/v1/accounts/{second.account_id}/sessions/end", None)
    with house.ctx.database.read() as session:
        last = session.scalars(select(JournalEntry).order_by(JournalEntry.seq.desc())).first()
    assert last is not None
    assert (last.type, last.subject_id) == ("sessions.ended", second.account_id)


# --- what stays -------------------------------------------------------------------------------------------------------


def test_neither_the_secret_nor_who_comes_and_goes_is_kept(house: House) -> None:
    studio = house.studio()
    with structlog.testing.capture_logs() as lines:
        browser = signed_in(house, studio)
        text = str(browser.session)
        browser.get("/v1/me")
        browser.press(browser.get("/account"), "/sign-out")
    assert text not in json.dumps(lines, default=str)
    with house.ctx.database.read() as session:
        kept = [repr(vars(row)) for row in session.scalars(select(SignInSession))]
        types = [entry.type for entry in session.scalars(select(JournalEntry))]
    assert len(kept) == 1
    assert text.split("_")[2] not in kept[0]
    assert {"session.opened", "session.ended"}.isdisjoint(types)
