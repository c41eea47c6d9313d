"""Who acts for a performer: their side sees it, appoints, and ends it where the rules let them; operators as well."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from browser import Browser
from house import Caller, House
from httpx import Response

EVIDENCE = "e" * 64


def seated(house: House, caller: Caller) -> Browser:
    browser = Browser(house)
    url = house.operator.made(f"/v1/accounts/{caller.account_id}/sign-in-links", None)["url"]
    assert browser.use(url).status_code == 303
    return browser


def said(page: Response) -> str:
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def follow(browser: Browser, answer: Response) -> Response:
    assert answer.status_code == 303, (answer.status_code, said(answer))
    return browser.get(answer.headers["Location"])


def filled_in(agent: Caller, **changes: Any) -> dict[str, Any]:
    return {
        "account_id": agent.account_id,
        "kind": "agent",
        "scopes": ["performers:read", "licences:read"],
        "last_day": "2027-01-31",
        "day_in": "UTC",
        "evidence_sha256": "",
    } | changes


@pytest.fixture
def agent(house: House) -> Caller:
    return house.admit("representative", "Jo Arden", None)


def mandates(house: House, performer_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = house.operator.get(f"/v1/performers/{performer_id}/representatives").get_json()[
        "items"
    ]
    return items


def test_a_performer_lets_an_agent_act_and_ends_it(house: House, agent: Caller) -> None:
    caller, performer_id = house.performer()
    own, at = seated(house, caller), f"/performers/{performer_id}/mandates"
    empty = own.get(at)
    assert "Nobody acts for you" in said(empty)
    assert "guardian" not in empty.text, "the law gives a guardian, and no form of theirs"
    acting = follow(own, own.press(empty, at, **filled_in(agent)))
    assert "Jo Arden" in said(acting)
    (mandate,) = mandates(house, performer_id)
    assert (mandate["kind"], mandate["scopes"]) == ("agent", ["licences:read", "performers:read"])
    assert mandate["expires_at"] == "2027-01-31T23:59:59Z"
    ended = follow(own, own.press(acting, f"{at}/{mandate['id']}/end"))
    assert "It has ended" in said(ended)
    assert mandates(house, performer_id)[0]["dismissed_at"] is not None
    again = own.submit(f"{at}/{mandate['id']}/end", _carried(acting))
    assert again.status_code == 409


def test_who_gives_the_same_twice_is_led_to_what_stands(house: House, agent: Caller) -> None:
    caller, performer_id = house.performer()
    own, at = seated(house, caller), f"/performers/{performer_id}/mandates"
    follow(own, own.press(own.get(at), at, **filled_in(agent)))
    again = own.press(own.get(at), at, **filled_in(agent))
    assert again.status_code == 409
    assert "They act in all of this already" in said(again)
    (mandate,) = mandates(house, performer_id)
    assert f'href="#{mandate["id"]}"' in again.text
    assert f'id="{mandate["id"]}"' in again.text
    assert f'value="{agent.account_id}"' in again.text, "what was typed stays"
    follow(own, own.press(again, f"{at}/{mandate['id']}/end"))
    follow(own, own.press(own.get(at), at, **filled_in(agent)))


def _carried(page: Response) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)) | {"form_key": "e" * 16}


@pytest.mark.parametrize(
    "changes",
    [
        {"account_id": "acc_nobody"},
        {"account_id": ""},
        {"kind": "king"},
        {"scopes": []},
        {"scopes": ["accounts:write"]},
        {"last_day": "2020-01-01"},
        {"last_day": "0001-01-01"},
        {"last_day": "soon"},
        {"last_day": ""},
        {"evidence_sha256": "short"},
    ],
)
def test_what_is_not_filled_in_as_it_is_taken_comes_back(house: House, agent: Caller, changes: dict[str, Any]) -> None:
    caller, performer_id = house.performer()
    own, at = seated(house, caller), f"/performers/{performer_id}/mandates"
    refused = own.press(own.get(at), at, **filled_in(agent, **changes))
    assert refused.status_code == 422, said(refused)
    assert mandates(house, performer_id) == []


def test_an_operator_shows_by_what_right_somebody_acts(house: House, agent: Caller) -> None:
    _, performer_id = house.performer()
    desk, at = seated(house, house.operator), f"/performers/{performer_id}/mandates"
    refused = desk.press(desk.get(at), at, **filled_in(agent))
    assert refused.status_code == 422
    assert "By what right they act has to be shown" in said(refused)
    adult = desk.press(desk.get(at), at, **filled_in(agent, kind="guardian", evidence_sha256=EVIDENCE))
    assert adult.status_code == 409
    assert "who is of age has no guardian" in said(adult)
    shown = follow(desk, desk.press(desk.get(at), at, **filled_in(agent, evidence_sha256=EVIDENCE)))
    assert EVIDENCE in said(shown)
    assert at in desk.get(f"/people/performers/{performer_id}").text


def test_a_representative_sees_who_acts_and_ends_their_own_alone(house: House, agent: Caller) -> None:
    caller, performer_id = house.performer()
    other = house.admit("representative", "Another", None)
    own, at = seated(house, caller), f"/performers/{performer_id}/mandates"
    for each in (agent, other):
        follow(own, own.press(own.get(at), at, **filled_in(each)))
    theirs = seated(house, agent)
    page = theirs.get(at)
    ids = {each["account_id"]: each["id"] for each in mandates(house, performer_id)}
    assert f"{at}/{ids[agent.account_id]}/end" in page.text
    assert f"{at}/{ids[other.account_id]}/end" not in page.text
    assert 'name="account_id"' not in page.text, "a representative appoints nobody"
    assert theirs.submit(at, {**_carried(page), **filled_in(other)}).status_code == 403
    assert theirs.submit(f"{at}/{ids[other.account_id]}/end", _carried(page)).status_code == 403
    assert theirs.press(page, f"{at}/{ids[agent.account_id]}/end").headers["Location"].startswith("/home")
    assert theirs.get(at).status_code == 404


def test_a_guardian_is_seen_by_the_minor_and_not_ended_by_them(house: House, agent: Caller) -> None:
    caller, performer_id = house.performer()
    house.operator.made(f"/v1/performers/{performer_id}/birth-date", {"birth_date": "2012-05-01"})
    desk, at = seated(house, house.operator), f"/performers/{performer_id}/mandates"
    follow(desk, desk.press(desk.get(at), at, **filled_in(agent, kind="guardian", evidence_sha256=EVIDENCE)))
    page = seated(house, caller).get(at)
    assert "The law gives this one" in said(page)
    assert f"{at}/{mandates(house, performer_id)[0]['id']}/end" not in page.text


def test_nobody_elses_mandates_are_seen(house: House) -> None:
    caller, _ = house.performer()
    _, other_id = house.performer("Jonas Brandt")
    assert seated(house, caller).get(f"/performers/{other_id}/mandates").status_code == 404
    assert seated(house, house.studio()).get(f"/performers/{other_id}/mandates").status_code == 403
