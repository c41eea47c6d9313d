"""Signing in by an identity provider: a real one, in a process of its own, that does as it should and then does not."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import structlog
from browser import FLOW, SESSION, Browser
from house import Clock, House, SlowParts, assert_problem, build_house, second_operator
from identity_provider import CLIENT_ID, CLIENT_SECRET, IdentityProvider, running, with_query
from sqlalchemy import select

from api import create_app
from registry.clock import utc_now
from registry.domain.sign_in import SignInFlow, read_origin
from registry.errors import ProviderUnavailableError
from registry.services import identities
from registry.services.provider import CLOCKS_DIFFER_S, Client, Provider
from registry.services.provider_http import ProviderHttp
from registry.store import models
from registry.store.database import Database
from registry.store.journal import JournalEntry

SUBJECT = "248289761001"


@pytest.fixture(scope="module")
def idp() -> Iterator[IdentityProvider]:
    with running() as provider:
        yield provider


@pytest.fixture
def house(sqlite_database: Database, slow_parts: SlowParts, tmp_path: Path, idp: IdentityProvider) -> House:
    """A registry whose clock shows what the provider's shows."""
    idp.behave()
    clock = Clock(utc_now().replace(microsecond=0))
    return build_house(
        sqlite_database, slow_parts, clock, os.urandom, tmp_path, provider=provider_at(idp.issuer, clock)
    )


def provider_at(issuer: str, clock: Clock, **http: Any) -> Provider:
    client = Client(issuer, CLIENT_ID, CLIENT_SECRET)
    return Provider(client, ProviderHttp(frozenset({read_origin(issuer)}), **http), clock)


def begun(browser: Browser) -> str:
    """Begin to sign in, and answer where the provider is to be asked."""
    gone = browser.get("/sign-in/provider")
    assert gone.status_code == HTTPStatus.SEE_OTHER, gone.text
    return gone.headers["Location"]


def came_back(browser: Browser, idp: IdentityProvider, subject: str = SUBJECT) -> httpx.Response:
    """Sign in at the provider, and come back."""
    return browser.get(idp.let_in(begun(browser), subject))


def by_link(house: House, account_id: str) -> Browser:
    browser = Browser(house)
    browser.use(house.operator.made(f"/v1/accounts/{account_id}/sign-in-links", None)["url"])
    return browser


def connected(house: House, idp: IdentityProvider, account_id: str, subject: str = SUBJECT) -> Browser:
    """Sign in by a link, and connect an identity as one does."""
    browser = by_link(house, account_id)
    page = browser.press(browser.get("/account"), "/account/connect")
    (url,) = re.findall(r'<a class="button" href="([^"]+)"', page.text)
    assert browser.get(idp.let_in(unescape(url), subject)).status_code == HTTPStatus.OK
    return browser


def assert_refused(browser: Browser, told: httpx.Response, words: str, status: int = 403) -> None:
    assert (told.status_code, browser.session) == (status, None), told.text
    assert words in told.text
    assert browser.client.cookies.get(FLOW) is None


# --- as it should be -------------------------------------------------------------------------------------------------


def test_who_is_connected_to_no_account_is_refused_in_words_and_nothing_is_kept(
    house: House, idp: IdentityProvider
) -> None:
    before, browser = house.rows(), Browser(house)
    with structlog.testing.capture_logs() as lines:
        told = came_back(browser, idp, "somebody@example.org")
    assert_refused(browser, told, "connected to no account here")
    assert house.rows() == before
    assert "somebody" not in json.dumps(lines, default=str) + told.text


def test_who_connected_their_identity_signs_in_by_it(house: House, idp: IdentityProvider) -> None:
    studio = house.studio()
    connected(house, idp, studio.account_id)
    house.clock.move(seconds=1)  # what was made at one moment has no order
    browser = Browser(house)
    assert came_back(browser, idp).headers["Location"] == "/home"
    assert browser.get("/v1/me").json()["account_id"] == studio.account_id
    (identity,) = browser.get("/v1/identities").json()["items"]
    assert (identity["issuer"], identity["connected_by"]) == (idp.issuer, studio.account_id)
    assert [each["method"] for each in browser.get("/v1/sessions").json()["items"]] == ["link", "provider"]
    assert_refused(other := Browser(house), came_back(other, idp, f"{SUBJECT}0"), "connected to no account")


def test_a_performer_whose_name_or_address_is_that_of_an_account_is_still_nobody(
    house: House, idp: IdentityProvider
) -> None:
    """The provider's word for an address or a name finds no account: only what was connected does."""
    house.performer("Marta Calder")
    idp.order(claims={"email": "marta@example.org", "email_verified": True, "name": "Marta Calder"})
    browser = Browser(house)
    assert_refused(browser, came_back(browser, idp, "Marta Calder"), "connected to no account")


def test_what_is_asked_of_the_provider(house: House) -> None:
    first, second = (
        {name: values[0] for name, values in parse_qs(urlsplit(begun(Browser(house))).query).items()} for _ in range(2)
    )
    assert first["scope"] == "openid"
    assert (first["response_type"], first["code_challenge_method"]) == ("code", "S256")
    assert first["redirect_uri"] == "https://registry.example/sign-in/provider/callback"
    assert first["client_id"] == CLIENT_ID
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]


def test_of_who_somebody_is_there_a_keyed_digest_is_kept_and_nothing_else(house: House, idp: IdentityProvider) -> None:
    connected(house, idp, house.studio().account_id, "kim-0001")
    with house.ctx.database.read() as session:
        for table in models.metadata.tables.values():
            assert "kim-0001" not in str(session.execute(select(table)).all()), table.name
        types = list(session.scalars(select(JournalEntry.type).order_by(JournalEntry.seq)))
    assert types[-1] == "identity.connected"


# --- binding ---------------------------------------------------------------------------------------------------------


def test_one_identity_is_one_account(house: House, idp: IdentityProvider) -> None:
    first, second = house.studio(), house.studio("Southgate")
    connected(house, idp, first.account_id)
    browser = by_link(house, second.account_id)
    page = browser.press(browser.get("/account"), "/account/connect")
    (url,) = re.findall(r'<a class="button" href="([^"]+)"', page.text)
    told = browser.get(idp.let_in(unescape(url), SUBJECT))
    assert told.status_code == HTTPStatus.CONFLICT
    assert first.account_id not in told.text
    told = house.operator.post(f"/v1/accounts/{second.account_id}/identities", {"subject": SUBJECT})
    assert first.account_id not in str(assert_problem(told, 409, "duplicate"))


def test_an_operator_connects_anybody_but_another_operator(house: House, idp: IdentityProvider) -> None:
    studio, body = house.studio(), {"subject": SUBJECT}
    second = second_operator(house)
    assert_problem(house.operator.post(f"/v1/accounts/{second.account_id}/identities", body), 403, "forbidden")
    assert_problem(studio.post(f"/v1/accounts/{studio.account_id}/identities", body), 403, "forbidden")
    house.operator.made(f"/v1/accounts/{studio.account_id}/identities", body)
    browser = Browser(house)
    assert came_back(browser, idp).status_code == HTTPStatus.SEE_OTHER
    assert browser.get("/v1/me").json()["account_id"] == studio.account_id


def test_a_disconnected_identity_signs_nobody_in_and_its_sessions_end(house: House, idp: IdentityProvider) -> None:
    studio = house.studio()
    by_hand = connected(house, idp, studio.account_id)
    came_back(browser := Browser(house), idp)
    (identity,) = studio.get("/v1/identities").get_json()["items"]
    assert_problem(house.studio("Other").post(f"/v1/identities/{identity['id']}/disconnect"), 404, "not_found")
    studio.made(f"/v1/identities/{identity['id']}/disconnect", None)
    assert browser.get("/v1/me").status_code == HTTPStatus.UNAUTHORIZED
    assert by_hand.get("/v1/me").status_code == HTTPStatus.OK
    assert_refused(again := Browser(house), came_back(again, idp), "connected to no account")


def test_a_disabled_account_is_not_signed_in(house: House, idp: IdentityProvider) -> None:
    studio = house.studio()
    connected(house, idp, studio.account_id)
    house.operator.made(f"/v1/accounts/{studio.account_id}/disable", None)
    assert_refused(browser := Browser(house), came_back(browser, idp), "connected to no account")


def test_nobody_is_made_to_connect_an_identity(house: House, idp: IdentityProvider) -> None:
    """Another site could sign the victim in at the provider as the attacker, and let them connect that."""
    victim = by_link(house, house.studio().account_id)
    page = victim.get("/account")
    assert victim.submit("/account/connect", {"lang": "en"}).status_code == HTTPStatus.FORBIDDEN
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    (token,) = set(re.findall(r'name="csrf_token" value="([^"]+)"', page.text))
    assert victim.submit("/account/connect", {"csrf_token": token}, **elsewhere).status_code == HTTPStatus.FORBIDDEN
    assert victim.get("/account/connect").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    back = idp.let_in(begun(victim), SUBJECT)  # begun to sign in: it connects nothing
    assert victim.get(back).status_code == HTTPStatus.FORBIDDEN
    assert victim.get("/v1/identities").json()["items"] == []


def test_a_flow_to_connect_is_good_in_the_session_that_began_it_alone(house: House, idp: IdentityProvider) -> None:
    browser = by_link(house, house.studio().account_id)
    page = browser.press(browser.get("/account"), "/account/connect")
    (url,) = re.findall(r'<a class="button" href="([^"]+)"', page.text)
    back = idp.let_in(unescape(url), SUBJECT)
    flow = browser.client.cookies.get(FLOW)
    attacker = by_link(house, house.studio("Attackers").account_id)
    attacker.client.cookies.set(FLOW, str(flow), domain="registry.example")
    assert attacker.get(back).status_code == HTTPStatus.FORBIDDEN
    browser.client.cookies.delete(SESSION)
    assert browser.get(back).status_code == HTTPStatus.FORBIDDEN


# --- replayed, mixed up, too late ------------------------------------------------------------------------------------


def test_what_came_back_counts_once_and_in_the_browser_that_asked(house: House, idp: IdentityProvider) -> None:
    connected(house, idp, house.studio().account_id)
    browser = Browser(house)
    back = idp.let_in(begun(browser), SUBJECT)
    flow = str(browser.client.cookies.get(FLOW))
    assert_refused(stranger := Browser(house), stranger.get(back), "begun in another browser")
    begun(other := Browser(house))
    assert_refused(other, other.get(back), "begun in another browser")
    assert browser.get(back).status_code == HTTPStatus.SEE_OTHER
    replaying = Browser(house)
    replaying.client.cookies.set(FLOW, flow, domain="registry.example")
    assert_refused(replaying, replaying.get(back), "used already")


def test_a_code_is_taken_once_by_the_provider_too(house: House, idp: IdentityProvider) -> None:
    connected(house, idp, house.studio().account_id)
    back = idp.let_in(begun(first := Browser(house)), SUBJECT)
    assert first.get(back).status_code == HTTPStatus.SEE_OTHER
    begun_url = begun(second := Browser(house))
    state = parse_qs(urlsplit(begun_url).query)["state"][0]
    assert_refused(second, second.get(with_query(back, state=state)), "cannot be relied on")


def test_a_code_that_was_made_for_another_flow_is_worth_nothing(house: House, idp: IdentityProvider) -> None:
    """A stolen code, put into the thief's own flow: the verifier does not fit (RFC 7636)."""
    connected(house, idp, house.studio().account_id)
    stolen = parse_qs(urlsplit(idp.let_in(begun(Browser(house)), SUBJECT)).query)["code"][0]
    thief = Browser(house)
    back = idp.let_in(begun(thief), "thief")
    assert_refused(thief, thief.get(with_query(back, code=stolen)), "cannot be relied on")


def test_a_flow_that_took_too_long_or_was_altered_is_over(house: House, idp: IdentityProvider) -> None:
    back = idp.let_in(begun(browser := Browser(house)), SUBJECT)
    house.clock.move(seconds=identities.FLOW_LIVES.total_seconds())
    assert_refused(browser, browser.get(back), "took too long")
    back = idp.let_in(begun(browser), SUBJECT)
    flow = str(browser.client.cookies.get(FLOW))
    for altered in (f"{flow[:-6]}AAAA==", "", "x", f"é{flow}"):
        browser.client.cookies.delete(FLOW)
        told = browser.get(back, Cookie=f"{FLOW}={altered.encode('ascii', 'ignore').decode()}")
        if altered.isascii():
            assert_refused(browser, told, "begun in another browser")


NO_ANSWER: list[tuple[dict[str, str | None], str]] = [
    ({"code": None, "error": "access_denied"}, "did not let you in"),
    ({"error": "<script>"}, "did not let you in"),
    ({"code": None}, "did not let you in"),
    ({"state": None}, "begun in another browser"),
    ({"state": "0" * 64}, "begun in another browser"),
    ({"iss": "https://another.example"}, "cannot be relied on"),
]


def test_an_answer_that_is_none_signs_nobody_in(house: House, idp: IdentityProvider) -> None:
    for changes, words in NO_ANSWER:
        back = idp.let_in(begun(browser := Browser(house)), SUBJECT)
        told = browser.get(with_query(back, **changes))
        assert_refused(browser, told, words)
        assert "<script" not in told.text


# --- the provider's token --------------------------------------------------------------------------------------------

HOLDS: list[dict[str, Any]] = [
    {},
    {"claims": {"aud": [CLIENT_ID]}},
    {"claims": {"azp": CLIENT_ID}},
    {"later": {"iat": CLOCKS_DIFFER_S - 10, "exp": CLOCKS_DIFFER_S - 10}},
    {"signed_by": "new key"},
]
"""What is as it may be; the last is by a key that was not there when the keys were read."""

DOES_NOT: list[tuple[dict[str, Any], str]] = [
    ({"claims": {"nonce": "0" * 64}}, "InvalidClaimError nonce"),
    ({"claims": {"nonce": None}}, "MissingClaimError nonce"),
    ({"claims": {"iss": "https://another.example"}}, "InvalidClaimError iss"),
    ({"claims": {"iss": None}}, "MissingClaimError iss"),
    ({"claims": {"aud": "another client"}}, "InvalidClaimError aud"),
    ({"claims": {"aud": None}}, "MissingClaimError aud"),
    ({"claims": {"aud": [CLIENT_ID, "another"], "azp": "another"}}, "InvalidClaimError azp"),
    ({"claims": {"azp": "another"}}, "InvalidClaimError azp"),
    ({"claims": {"sub": ""}}, "sub"),
    ({"claims": {"sub": None}}, "MissingClaimError sub"),
    ({"claims": {"sub": 248289761001}}, "sub"),
    ({"claims": {"sub": "é"}}, "names no subject"),
    ({"claims": {"sub": "x" * 256}}, "names no subject"),
    ({"claims": {"exp": "soon"}}, "exp"),
    ({"claims": {"exp": None}}, "MissingClaimError exp"),
    ({"later": {"exp": -3600 - 2 * CLOCKS_DIFFER_S}}, "ExpiredTokenError exp"),
    ({"later": {"iat": 4 * CLOCKS_DIFFER_S}}, "InvalidClaimError iat"),
    ({"claims": {"at_hash": "AAAA"}}, "InvalidClaimError at_hash"),
    ({"signed_by": "nobody"}, "UnsupportedAlgorithmError"),
    ({"signed_by": "secret"}, "UnsupportedAlgorithmError"),
    ({"signed_by": "stranger"}, "BadSignatureError"),
    ({"id_token": None}, "there is none"),
    ({"id_token": "x" * 20_000}, "there is none, or one too long"),
    ({"id_token": "a.b"}, "Error"),
    ({"id_token": "a.b.c"}, "Error"),
]


def test_a_token_that_does_not_hold_signs_nobody_in(house: House, idp: IdentityProvider) -> None:
    connected(house, idp, house.studio().account_id)
    idp.order(claims={"nonce": None})
    house.clock.move(seconds=31)  # so that keys may be read again
    for order, why in DOES_NOT:
        idp.order(**order)
        browser = Browser(house)
        with structlog.testing.capture_logs() as lines:
            assert_refused(browser, came_back(browser, idp), "cannot be relied on")
        (line,) = [each for each in lines if each["event"] == "sign-in refused"]
        assert why in line["detail"], order
        assert line["reason"] == "token"
    for order in HOLDS:
        house.clock.move(seconds=31 if "signed_by" in order else 0)
        idp.order(**(order or {"claims": {}}))
        browser = Browser(house)
        told = came_back(browser, idp)
        assert told.status_code == HTTPStatus.SEE_OTHER, (order, told.text)


# --- a provider that is not there, or not itself ----------------------------------------------------------------------


def test_a_provider_that_does_not_answer_is_told_as_such_and_all_else_goes_on(
    house: House, idp: IdentityProvider
) -> None:
    described = "/.well-known/openid-configuration"
    for path, order in (
        (described, {"status": 500}),
        (described, {"status": 302}),
        (described, {"status": 200, "bytes": 300_000}),
        (described, {"status": 200, "bytes": 5}),
        (described, {"described": {"issuer": "https://another.example"}}),
        (described, {"described": {"token_endpoint": "http://127.0.0.1:9/token"}}),
        (described, {"described": {"jwks_uri": "file:///etc/passwd"}}),
        (described, {"described": {"authorization_endpoint": "https://evil.example/"}}),
        ("/oauth2/token", {"status": 503}),
        ("/oauth2/token", {"status": 200, "bytes": 5}),
        ("/jwks", {"status": 404}),
    ):
        house.clock.move(hours=1)  # so that nothing is known of the provider any more
        browser = Browser(house)
        if path == described:
            idp.order(path, **order)
            told = browser.get("/sign-in/provider")
        else:
            idp.behave()
            back = idp.let_in(begun(browser), SUBJECT)
            idp.order(path, **order)
            told = browser.get(back)
        assert (told.status_code, told.headers.get("Retry-After")) == (503, "5"), (order, told.text)
        assert "does not answer at the moment" in told.text
        assert browser.get("/sign-in").status_code == HTTPStatus.OK


def test_a_provider_that_was_silent_is_asked_again_after_a_moment(house: House, idp: IdentityProvider) -> None:
    idp.order("/.well-known/openid-configuration", status=500)
    browser = Browser(house)
    assert browser.get("/sign-in/provider").status_code == HTTPStatus.SERVICE_UNAVAILABLE
    idp.behave()
    assert browser.get("/sign-in/provider").status_code == HTTPStatus.SERVICE_UNAVAILABLE
    house.clock.move(seconds=5)
    assert browser.get("/sign-in/provider").status_code == HTTPStatus.SEE_OTHER


def test_a_provider_that_is_slow_is_not_waited_for_and_by_others_not_at_all(idp: IdentityProvider) -> None:
    idp.order("/.well-known/openid-configuration", trickle=3.0)
    slow = provider_at(idp.issuer, Clock(utc_now()), within_s=2.0)
    flow, told = SignInFlow("s", "n", "v" * 43, utc_now(), None), list[str]()

    def ask() -> None:
        with pytest.raises(ProviderUnavailableError) as caught:
            slow.authorization_url(flow, "https://registry.example/back")
        told.append(caught.value.detail)

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for each in asking:
        each.start()
    for each in asking:
        each.join(10)
    assert told[:3] == ["the identity provider is being asked, and has not answered yet"] * 3
    assert told[3:] == ["the identity provider does not answer: ReadTimeout"]


def test_without_a_provider_none_is_offered(house: House) -> None:
    browser = Browser(house, app=create_app(replace(house.ctx, provider=None)))
    assert "Sign in with" not in browser.get("/sign-in").text
    assert browser.get("/sign-in/provider").status_code == HTTPStatus.CONFLICT
    told = browser.client.get("/sign-in/provider/callback?state=x&code=y")
    assert told.status_code == HTTPStatus.FORBIDDEN
