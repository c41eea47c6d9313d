"""How often anybody may ask: by token, by address, by organisation; and nobody finds a token by trying."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from house import USE, Caller, House, Sound, assert_problem

from api import ApiSettings, create_app
from api.rates import Budget, Rate
from registry.settings import Settings

HOUR = 3600
JUNK = {**USE, "file": Sound(b"no recording", "junk.wav")}
HERE, ELSEWHERE = {"REMOTE_ADDR": "192.0.2.1"}, {"REMOTE_ADDR": "192.0.2.2"}


def limited(house: House, caller: Caller, *, proxies: int = 0, **rates: int) -> Caller:
    """Answer somebody at an application with a limit for an hour on some things, and none on the others."""
    told = {Budget(name): Rate(limit, HOUR) for name, limit in rates.items()}
    app = create_app(house.ctx, settings=ApiSettings(rates=told, trusted_proxies=proxies))
    return replace(caller, client=app.test_client())


def again(caller: Caller, house: House) -> Caller:
    """Answer somebody with another token of theirs."""
    token = house.operator.made("/v1/tokens", {"account_id": caller.account_id, "name": "another"})["token"]
    return replace(caller, token=token)


def wrong_token(house: House) -> str:
    token = house.operator.token
    return token[:-1] + ("a" if token[-1] != "a" else "b")


def unknown_token(house: House) -> str:
    """A token of the right form, with the right checksum, that is not valid any more."""
    spare = house.operator.made("/v1/tokens", {"name": "spare"})
    house.operator.made(f"/v1/tokens/{spare['id']}/revoke", {})
    return str(spare["token"])


def asked(caller: Caller, token: str, **sent_from: Any) -> Any:
    return caller.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}, **sent_from)


# --- tokens ----------------------------------------------------------------------------------------------------------


def test_a_token_that_reads_too_often_is_told_when_to_go_on(house: House) -> None:
    studio = limited(house, house.studio(), reads=2)
    left = [studio.get("/v1/checks").headers["RateLimit"] for _ in range(2)]
    assert [each.partition(";t=")[0] for each in left] == ['"reads";r=1', '"reads";r=0']
    refused = studio.get("/v1/checks")
    body = assert_problem(refused, 429, "rate_limited", budget="reads", limit=2, window_s=HOUR)
    assert 0 < body["retry_after_s"] <= HOUR
    assert refused.headers["Retry-After"] == str(body["retry_after_s"])
    assert refused.headers["RateLimit-Policy"] == '"reads";q=2;w=3600'


def test_each_token_has_its_own_reads_and_its_own_writes(house: House) -> None:
    studio = limited(house, house.studio(), reads=1, writes=1)
    assert studio.get("/v1/checks").status_code == 200
    assert_problem(studio.get("/v1/checks"), 429, "rate_limited", budget="reads")
    assert studio.post("/v1/tokens", {"name": "spare"}).status_code == 201
    assert_problem(studio.post("/v1/tokens", {"name": "spare"}), 429, "rate_limited", budget="writes")
    assert again(studio, house).get("/v1/checks").status_code == 200


def test_a_request_that_is_sent_again_under_its_key_counts_again(house: House) -> None:
    studio = limited(house, house.studio(), writes=2)
    body, key = {"role": "studio_member", "name": "Member"}, {"Idempotency-Key": "one"}
    assert [studio.post("/v1/accounts", body, headers=key).status_code for _ in range(3)] == [201, 201, 429]


# --- questions about people ------------------------------------------------------------------------------------------


def test_checks_count_for_an_organisation_however_many_tokens_and_accounts_it_has(house: House) -> None:
    first = limited(house, house.studio(), checks=2)
    member = house.admit("studio_member", "Member", "Northlight Games")
    second = replace(member, client=first.client)
    assert [each.send("/v1/checks", JUNK).status_code for each in (first, second)] == [422, 422]
    for each in (first, second, again(first, house)):
        assert_problem(each.send("/v1/checks", JUNK), 429, "rate_limited", budget="checks", limit=2)
    assert first.get("/v1/checks").status_code == 200
    other = replace(house.studio("Southgate Sound"), client=first.client)
    assert other.send("/v1/checks", JUNK).status_code == 422


def test_scans_count_whether_filed_or_asked_for(house: House) -> None:
    studio = limited(house, house.studio(), scans=1)
    wanted = {"root": "media", "path": "trailers", "kind": "catalogue"}
    assert_problem(studio.send("/v1/scans", wanted), 404, "not_found")
    filed = {"report": Sound(b"{}", "report.json"), "findings": Sound(b"", "findings.jsonl")}
    assert_problem(studio.send("/v1/scans", filed), 429, "rate_limited", budget="scans")


def test_every_question_of_a_batch_counts_and_what_does_not_fit_takes_no_room(house: House) -> None:
    studio = limited(house, house.studio(), clearances=3)
    _, performer_id = house.performer()
    question = {"performer_id": performer_id, "use": USE}
    too_many = studio.post("/v1/clearances/batch", {"items": [question] * 4})
    assert "4 at once are more than the 3" in assert_problem(too_many, 429, "rate_limited", limit=3)["detail"]
    assert studio.post("/v1/clearances/batch", {"items": [question] * 2}).status_code == 200
    assert_problem(studio.post("/v1/clearances/batch", {"items": [question] * 2}), 429, "rate_limited")
    assert studio.post("/v1/clearances", question).status_code == 201
    approval = question | {"use": USE | {"copy_sha256": "a" * 64}, "fee_minor": 45_000, "currency": "GBP"}
    assert_problem(studio.post("/v1/approvals", approval), 429, "rate_limited", budget="clearances")


def test_a_refusal_is_not_kept_under_an_idempotency_key(house: House) -> None:
    studio, (_, performer_id) = house.studio(), house.performer()
    turned_away = limited(house, studio, clearances=1)
    question, key = {"performer_id": performer_id, "use": USE}, {"Idempotency-Key": "one"}
    assert turned_away.post("/v1/clearances", question).status_code == 201
    assert_problem(turned_away.post("/v1/clearances", question, headers=key), 429, "rate_limited")
    later = studio.post("/v1/clearances", question, headers=key)
    assert later.status_code == 201
    assert "Idempotency-Replayed" not in later.headers


# --- addresses -------------------------------------------------------------------------------------------------------


def test_requests_without_a_token_count_by_address(house: House) -> None:
    studio = limited(house, house.studio(), anonymous=3)
    client = studio.client
    paths = ("/v1/keys", "/v1/me", "/nowhere", "/v1/keys")
    assert [client.get(path, environ_base=HERE).status_code for path in paths] == [200, 401, 404, 429]
    assert_problem(client.get("/v1/me", environ_base=HERE), 429, "rate_limited", budget="anonymous")
    assert client.get("/v1/keys", environ_base=ELSEWHERE).status_code == 200
    assert asked(studio, studio.token, environ_base=HERE).status_code == 200


def test_what_watches_over_the_registry_is_never_turned_away(house: House) -> None:
    client = limited(house, house.operator, anonymous=1).client
    assert [client.get("/healthz").status_code for _ in range(3)] == [200] * 3
    assert [client.get("/metrics").status_code for _ in range(3)] == [200] * 3


def test_an_address_is_not_what_a_caller_says_it_is(house: House) -> None:
    client = limited(house, house.operator, anonymous=1).client
    said = [{"X-Forwarded-For": f"203.0.113.{n}", "Forwarded": f"for=203.0.113.{n}"} for n in range(3)]
    assert [client.get("/v1/keys", headers=each, environ_base=HERE).status_code for each in said] == [200, 429, 429]


def test_behind_a_proxy_that_address_counts_which_the_proxy_added(house: House) -> None:
    client = limited(house, house.operator, proxies=1, anonymous=1).client

    def status(forwarded: str) -> int:
        return client.get("/v1/keys", headers={"X-Forwarded-For": forwarded}, environ_base=HERE).status_code

    assert [status("203.0.113.1"), status("203.0.113.2")] == [200, 200]
    assert [status("198.51.100.7, 203.0.113.1"), status("198.51.100.8, 203.0.113.1")] == [429, 429]


def test_the_addresses_of_one_ipv6_network_are_one_caller(house: House) -> None:
    client = limited(house, house.operator, anonymous=1).client

    def status(address: str) -> int:
        return client.get("/v1/keys", environ_base={"REMOTE_ADDR": address}).status_code

    assert [status("2001:db8:1:2::1"), status("2001:db8:1:2:ffff::9"), status("2001:db8:1:3::1")] == [200, 429, 200]
    assert [status("192.0.2.9"), status("::ffff:192.0.2.9")] == [200, 429]


# --- tokens that are tried out ---------------------------------------------------------------------------------------


def test_who_tries_tokens_is_not_told_which_one_is_good(house: House) -> None:
    good = again(house.studio(), house).token
    studio = limited(house, house.studio("Southgate Sound"), failed_tokens=2)
    wrong = [wrong_token(house), unknown_token(house)]
    assert [asked(studio, each, environ_base=HERE).status_code for each in wrong] == [401, 401]
    refusals = [asked(studio, each, environ_base=HERE) for each in (wrong[0], good)]
    told = [assert_problem(each, 429, "rate_limited", budget="failed_tokens", limit=2) for each in refusals]
    assert told[0].keys() == told[1].keys()
    assert asked(studio, good, environ_base=ELSEWHERE).status_code == 200


def test_whoever_shares_an_address_with_somebody_who_tries_tokens_goes_on_with_theirs(house: House) -> None:
    studio = limited(house, house.studio(), failed_tokens=1)
    assert asked(studio, studio.token, environ_base=HERE).status_code == 200
    assert asked(studio, wrong_token(house), environ_base=HERE).status_code == 401
    assert asked(studio, wrong_token(house), environ_base=HERE).status_code == 429
    assert asked(studio, studio.token, environ_base=HERE).status_code == 200


def test_a_token_that_was_good_and_is_not_any_more_is_one_that_failed(house: House) -> None:
    spare = house.operator.made("/v1/tokens", {"name": "spare"})
    operator = limited(house, house.operator, failed_tokens=1)
    assert asked(operator, spare["token"], environ_base=HERE).status_code == 200
    house.operator.made(f"/v1/tokens/{spare['id']}/revoke", {})
    assert [asked(operator, spare["token"], environ_base=HERE).status_code for _ in range(2)] == [401, 429]


# --- settings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "rates"),
    [("off", {}), ("7/second", {Budget.READS: Rate(7, 1)}), ("2/day", {Budget.READS: Rate(2, 86_400)})],
)
def test_a_setting_says_how_often(said: str, rates: Mapping[Budget, Rate]) -> None:
    from api.wsgi import api_settings

    read = api_settings(Settings(rate_reads=said)).rates
    assert {budget: rate for budget, rate in read.items() if budget is Budget.READS} == rates
    assert set(Budget) - read.keys() == ({Budget.READS} if not rates else set())


@pytest.mark.parametrize("said", ["", "0/minute", "10", "10/fortnight", "-1/minute", "10/minute;5/hour", "1e3/minute"])
def test_what_is_no_rate_is_refused_at_start(said: str) -> None:
    with pytest.raises(ValueError, match="rate_reads"):
        Settings(rate_reads=said)


# --- files that anybody brings ---------------------------------------------------------------------------------------


def verified(client: Any, path: str = "/v1/verifications", **sent_from: Any) -> Any:
    file = (io.BytesIO(b"no file of ours"), "file")
    return client.post(path, data={"file": file}, headers={"Sec-Fetch-Site": "same-origin"}, **sent_from)


def test_files_to_be_verified_are_counted_for_an_address_over_http_and_on_the_page_together(house: House) -> None:
    client = limited(house, house.operator, verifications=2).client
    for path in ("/v1/verifications", "/verify"):
        assert verified(client, path, environ_base=HERE).status_code == 200
    refused = verified(client, environ_base=HERE)
    assert_problem(refused, 429, "rate_limited", budget="verifications", limit=2)
    page = verified(client, "/verify", environ_base=HERE)
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert 0 < int(page.headers["Retry-After"]) <= HOUR
    assert "That was too often" in page.text
    assert client.get("/verify", environ_base=HERE).status_code == 200, "looking at the form is not counted"
    assert verified(client, environ_base=ELSEWHERE).status_code == 200


def test_a_file_beyond_the_budget_is_refused_before_it_is_read(house: House) -> None:
    client = limited(house, house.operator, verifications=1).client
    verified(client)
    unread = client.post("/v1/verifications", data=b"not even a form", content_type="text/plain")
    assert_problem(unread, 429, "rate_limited", budget="verifications")
