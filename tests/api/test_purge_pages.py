"""A purge on pages and over HTTP: two agree on what was counted, a worker does it, and a page says how far it is."""

from __future__ import annotations

import re
from html import unescape

import pytest
from bench import take
from browser import Browser
from house import Caller, House, assert_problem, second_operator
from httpx import Response

from registry.services import purge_work

DUE, PURGES = "/house/retention/due", "/house/retention/purges"
WHY = "it did not run by night"


@pytest.fixture
def second(house: House) -> Caller:
    """The second operator, in a house in which the digests of two tokens are past their time."""
    other = second_operator(house)
    for _ in range(2):
        spare = house.operator.made("/v1/tokens", {"name": "spare"})
        house.operator.made(f"/v1/tokens/{spare['id']}/revoke", {})
    house.clock.move(days=91)
    return other


def seated(house: House, caller: Caller) -> Browser:
    browser = Browser(house)
    assert browser.use(caller.made(f"/v1/accounts/{caller.account_id}/sign-in-links", None)["url"]).status_code == 303
    return browser


def said(page: Response) -> str:
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def follow(browser: Browser, answer: Response) -> Response:
    assert answer.status_code == 303, (answer.status_code, said(answer))
    return browser.get(answer.headers["Location"])


def approved(browser: Browser, page: Response) -> Response:
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    return browser.submit(f"{page.url.path}/approve", {**fields, "reason": "I have counted as well"})


def made(house: House, other: Caller) -> dict[str, object]:
    wanted = {"kind": "purge", "as_of": house.clock().isoformat()}
    proposal = house.operator.made("/v1/proposals", {"proposal": wanted, "reason": WHY})
    yes = {"content_sha256": proposal["content_sha256"], "reason": "I have counted as well"}
    other.made(f"/v1/proposals/{proposal['id']}/approve", yes)
    (found,) = house.operator.get("/v1/purges").get_json()["items"]
    assert found["proposal_id"] == proposal["id"]
    return dict(found)


def work_on(house: House) -> None:
    held = take(house.ctx)
    assert held is not None
    purge_work.run_purge(house.ctx, held)


def test_two_agree_on_what_was_counted_and_see_it_go(house: House, second: Caller) -> None:
    one, other = seated(house, house.operator), seated(house, second)
    mine = follow(one, one.press(one.get(DUE), PURGES, reason=WHY))
    assert "Digests of tokens that have expired or were revoked. 2" in said(mine)
    done = follow(other, approved(other, other.get(mine.url.path)))
    assert "a worker begins with it" in said(done)
    (at,) = re.findall(rf'"({PURGES}/[^"]+)"', done.text)
    waiting = one.get(at)
    assert "It waits for a worker" in said(waiting)
    assert "hx-trigger" in waiting.text
    work_on(house)
    gone = one.get(at)
    assert "done" in said(gone)
    assert "hx-trigger" not in gone.text
    assert f"{PURGES}/" in one.get(PURGES).text
    (certificate,) = house.client.get("/v1/destruction-certificates").get_json()["items"]
    assert (certificate["rule"], certificate["records"]) == ("ended_token", 2)


@pytest.mark.parametrize("moment", ["", "now", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-03-14", "1" * 300])
def test_a_form_with_another_moment_proposes_nothing_and_comes_back(house: House, second: Caller, moment: str) -> None:
    one = seated(house, second)
    refused = one.press(one.get(DUE), PURGES, reason=WHY, as_of=moment)
    assert refused.status_code == 422, said(refused)
    assert WHY in refused.text, "what was typed is still there"
    assert house.operator.get("/v1/proposals").get_json()["items"] == []


def test_a_purge_is_stopped_by_one_and_destroys_no_more(house: House, second: Caller) -> None:
    running = made(house, second)
    path = f"/v1/purges/{running['id']}"
    beside = {"proposal": {"kind": "purge", "as_of": house.clock().isoformat()}, "reason": WHY}
    assert_problem(house.operator.post("/v1/proposals", beside), 409, "conflict", state="running")
    stale = house.operator.post(f"{path}/stop", headers={"If-Match": '"v9"'})
    assert_problem(stale, 412, "stale_version")
    one = seated(house, house.operator)
    at = f"{PURGES}/{running['id']}"
    stopped = follow(one, one.press(one.get(at), f"{at}/stop"))
    assert "You stopped it" in said(stopped)
    assert "Registry desk" in said(stopped) or "stopped" in said(stopped)
    assert take(house.ctx) is None
    assert_problem(house.operator.post(f"{path}/stop"), 409, "conflict", state="stopped")
    again = one.submit(f"{at}/stop", _carried(one.get("/house/engine")))
    assert again.status_code == 409, "the page comes back as it stands"
    assert {each["rule"]: each["records"] for each in _due(house)}["ended_token"] == 2


def _carried(page: Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)) | {"form_key": "s" * 16}


def _due(house: House) -> list[dict[str, object]]:
    items: list[dict[str, object]] = house.operator.get("/v1/retention-due").get_json()["items"]
    return items


def test_a_purge_says_how_far_it_is(house: House, second: Caller) -> None:
    running = made(house, second)
    assert running["state"] == "running"
    assert (running["due"], running["destroyed"]) == ({"ended_token": 2}, {})
    work_on(house)
    done = house.operator.get(f"/v1/purges/{running['id']}").get_json()
    assert (done["state"], done["destroyed"], done["certificates"]) == ("done", {"ended_token": 2}, 1)
    assert_problem(house.studio().get(f"/v1/purges/{running['id']}"), 403, "forbidden")
    assert_problem(house.operator.get("/v1/purges/purg_00000000000000000000000000"), 404, "not_found")


def test_no_more_than_a_bound_is_counted_to_look_at_it(
    house: House, second: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("registry.services.purge.COUNTED_AT_MOST", 1)
    (tokens,) = [each for each in _due(house) if each["records"]]
    assert (tokens["records"], tokens["more"]) == (1, True)
    assert "more than 1" in said(seated(house, second).get(DUE))
    assert made(house, second)["due"] == {"ended_token": 2}, "what is proposed has every record counted"
