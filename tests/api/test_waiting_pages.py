"""What waits for an answer: on a performer's page, and on that of somebody who acts for several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Any

from browser import Browser
from house import Caller, House, assert_problem
from httpx import Response

MAY = ("performers:read", "licences:read", "licences:write", "cases:read", "cases:write")


def said(page: Response) -> str:
    """What a page says, without its marks."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def seated(house: House, caller: Caller) -> Browser:
    browser = Browser(house)
    assert browser.use(house.operator.made(f"/v1/accounts/{caller.account_id}/sign-in-links", None)["url"]).status_code
    return browser


def agent_of(house: House, *performer_ids: str, may: Sequence[str] = MAY) -> Caller:
    agent = house.admit("representative", "Jo Arden")
    body: dict[str, Any] = {"account_id": agent.account_id, "kind": "agent", "scopes": list(may)}
    body |= {"expires_at": "2030-01-01T00:00:00Z", "evidence_sha256": "e" * 64}
    for performer_id in performer_ids:
        house.operator.made(f"/v1/performers/{performer_id}/representatives", body)
    return agent


def offered(house: House, studio: Caller, performer_id: str) -> str:
    licence_id = str(house.licence(studio, performer_id)["id"])
    studio.made(f"/v1/licences/{licence_id}/offer", None)
    return licence_id


def disputed(house: House, studio: Caller, performer_id: str) -> str:
    case = {"performer_id": performer_id, "studio_id": studio.organisation_id, "product": "An app", "claim": "Hers."}
    return str(house.operator.made("/v1/cases", case)["id"])


def open_to_licences(house: House, name: str = "Marta Calder") -> tuple[Caller, str]:
    caller, performer_id = house.performer(name)
    house.consent(caller, performer_id, "licensing")
    return caller, performer_id


def test_who_acts_for_several_sees_for_whom_something_waits(house: House) -> None:
    (_, idle), (caller, busy), studio = house.performer("Ines Duarte"), open_to_licences(house), house.studio()
    agent = seated(house, agent_of(house, idle, busy))
    assert "Nothing waits for an answer at the moment." in said(agent.get("/home"))
    licence_id = offered(house, studio, busy)
    waits, parted, everybody = agent.get("/home").text.partition("Everybody for whom you act")
    assert parted
    assert f"/performers/{busy}/licences/{licence_id}" in waits
    assert idle not in waits.partition("<main")[2]
    assert all(each in everybody for each in (idle, busy))
    caller.made(f"/v1/licences/{licence_id}/sign", {})
    assert "Nothing waits for an answer at the moment." in said(agent.get("/home"))


def test_what_a_mandate_does_not_let_one_answer_is_not_said_to_wait(house: House) -> None:
    _, performer_id = open_to_licences(house)
    offered(house, house.studio(), performer_id)
    reader = seated(house, agent_of(house, performer_id, may=("performers:read", "licences:read", "cases:write")))
    assert "Nothing waits for an answer at the moment." in said(reader.get("/home"))
    assert "Spring campaign" not in said(reader.get(f"/performers/{performer_id}"))


def test_nothing_is_offered_that_a_mandate_does_not_let_one_do(house: House) -> None:
    caller, performer_id = open_to_licences(house)
    house.consent(caller, performer_id)
    me, reader = f"/performers/{performer_id}", seated(house, agent_of(house, performer_id, may=("performers:read",)))
    (consent_id,) = {each["id"] for each in consents_of(house, performer_id) if each["purpose"] == "monitoring"}
    for page in ("/consents", f"/consents/{consent_id}", "/withdraw", "/forget", "/enrolments", "/approaches"):
        assert '<form method="post"' not in reader.get(f"{me}{page}").text, page
        assert "Say no" not in said(reader.get(f"{me}{page}")), page
    for page in ("/withdraw", "/forget", "/enrolments"):
        assert "Your mandate does not cover" in said(reader.get(f"{me}{page}")), page
        assert '<form method="post"' in seated(house, caller).get(f"{me}{page}").text, page


def test_licences_are_read_as_far_as_a_mandate_covers_them(house: House) -> None:
    _, performer_id = open_to_licences(house)
    licence_id = offered(house, house.studio(), performer_id)
    other, reader = (agent_of(house, performer_id, may=may) for may in (("performers:read",), MAY))
    assert [each["id"] for each in reader.get("/v1/licences").get_json()["items"]] == [licence_id]
    assert reader.get(f"/v1/licences/{licence_id}").status_code == 200
    assert other.get("/v1/licences").get_json()["items"] == []
    for path in ("", "/versions"):
        assert_problem(other.get(f"/v1/licences/{licence_id}{path}"), 404, "not_found")
    browser = seated(house, other)
    assert browser.get(f"/performers/{performer_id}/licences").status_code == 403
    assert browser.get(f"/performers/{performer_id}/licences/{licence_id}").status_code == 404
    assert f'href="/performers/{performer_id}/licences"' not in browser.get(f"/performers/{performer_id}").text


def consents_of(house: House, performer_id: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = house.operator.get(f"/v1/performers/{performer_id}/consents").get_json()["items"]
    return items


def test_a_case_waits_for_the_performers_side_until_it_has_said_something(house: House) -> None:
    (caller, performer_id), studio = open_to_licences(house), house.studio()
    case_id = disputed(house, studio, performer_id)
    own, agent = seated(house, caller), seated(house, agent_of(house, performer_id))
    pages = (own, f"/performers/{performer_id}"), (agent, f"/performers/{performer_id}"), (agent, "/home")
    assert not any(case_id in browser.get(page).text for browser, page in pages), "it waits for the registry"
    house.operator.made(f"/v1/cases/{case_id}/steps", {"step": "take_up", "reason": "It is time."})
    assert all(f'href="/cases/{case_id}"' in browser.get(page).text for browser, page in pages)
    caller.made(f"/v1/cases/{case_id}/statements", {"title": "Mine", "text": "I was never asked."})
    assert not any(case_id in browser.get(page).text for browser, page in pages)
