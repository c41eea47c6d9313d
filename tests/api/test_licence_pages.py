"""A studio's way from a draft to a licence in force on pages, as a browser without scripts goes it."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from house import Caller, House
from httpx import Response

from api.pages.citations import cited
from api.pages.studio.drafting import PARTS
from api.pages.studio.licence_forms import SLOT_OF_FACT, SLOTS, document_of, fields_of
from api.schemas.terms import Terms
from registry.domain.rules.catalogue import FACTS
from registry.domain.rules.shipped import shipped_packs
from registry.domain.terms_document import terms_json

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "licences").glob("*.json"))
TERMS = json.loads((Path(__file__).parents[2] / "examples" / "licences" / "game-character.json").read_text())["terms"]


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


def form(**changes: Any) -> dict[str, Any]:
    """The fields of the example's terms, with a title and words; those that are None are left out."""
    fields: dict[str, Any] = dict(fields_of(TERMS).lists())
    fields |= {"title": "Aurora", "intended_use": "The smith in the game Aurora, eight hundred lines."}
    fields |= {"starts_on": "2026-03-14", "ends_on": "2029-03-13"} | changes
    return {name: value for name, value in fields.items() if value is not None}


def ask_the_rules(browser: Browser, page: Response, fields: dict[str, Any]) -> Response:
    """Press the other button of the form, which sends all of it to the rules."""
    hidden = dict(re.findall(r'<input type="hidden" name="(csrf_token|form_key)" value="([^"]*)"', page.text))
    return browser.submit("/licences/check", hidden | fields)


def drafted(browser: Browser, performer_id: str) -> Response:
    new = browser.get("/licences/new")
    return follow(browser, browser.press(new, "/licences/new", **form(performer_id=performer_id)))


@pytest.fixture
def sides(house: House) -> tuple[Browser, Caller, str, Caller]:
    studio = house.studio()
    performer, performer_id = house.performer()
    return signed_in(house, studio), studio, performer_id, performer


def test_what_is_read_into_the_form_is_sent_as_it_was() -> None:
    assert EXAMPLES
    for example in EXAMPLES:
        document = terms_json(Terms.model_validate(json.loads(example.read_text())["terms"]).value())
        assert terms_json(Terms.model_validate(document_of(fields_of(document))).value()) == document


def test_every_fact_of_the_rules_has_a_place_in_the_form() -> None:
    assert sorted(SLOT_OF_FACT) == sorted(FACTS)
    assert sorted(SLOTS) == sorted(PARTS)


def test_the_registrys_practice_and_the_laws_of_korea_are_cited_in_the_readers_language(house: House) -> None:
    of_ours = [each for each in shipped_packs() if each.id.startswith(("kr_", "registry_practice"))]
    with house.app.test_request_context("/?lang=ko"):
        assert all(re.search("[가-힣]", cited(rule.citation)) for pack in of_ours for rule in pack.rules)
        assert cited("AI Act art. 50(4)") == "AI Act art. 50(4)"
    with house.app.test_request_context("/?lang=en"):
        assert all(cited(rule.citation) == rule.citation for pack in shipped_packs() for rule in pack.rules)


def test_a_draft_is_held_to_the_rules_mended_offered_and_signed_by_both(
    house: House, sides: tuple[Browser, Caller, str, Caller]
) -> None:
    browser, studio, performer_id, performer = sides
    fields = form(performer_id=performer_id, cba_addresses_replicas=None)
    page = browser.get("/licences/new")
    checked = ask_the_rules(browser, page, fields)
    assert checked.status_code == 200
    assert "would keep these terms from coming into force" in said(checked)
    assert "What helps:" in said(checked)
    assert studio.get("/v1/licences").get_json()["items"] == []
    mended = fields | {"cba_addresses_replicas": "1", "cba_name": "Game Voices Agreement"}
    assert "No rule would keep these terms" in said(ask_the_rules(browser, page, mended))

    page = follow(browser, browser.press(page, "/licences/new", **mended))
    licence = str(page.url.path)
    assert "being drafted" in said(page)
    page = follow(browser, browser.press(page, f"{licence}/offer"))
    text = browser.get(f"{licence}/text")
    page = follow(browser, browser.press(text, f"{licence}/sign"))
    assert "Your side has signed" in said(page)
    house.consent(performer, performer_id, "licensing")
    assert performer.post(f"/v1{licence}/sign", {}).get_json()["state"] == "active"
    page = browser.get(licence)
    assert "Version 1 came into force" in said(page)
    assert "The performer's side signed version 1" in said(page)


def test_a_form_that_is_not_taken_comes_back_with_what_was_typed_and_where_it_is_wrong(
    sides: tuple[Browser, Caller, str, Caller],
) -> None:
    browser, studio, performer_id, _ = sides
    wrong = form(performer_id=performer_id, territories="Korea", rate_per_line="much")
    told = browser.press(browser.get("/licences/new"), "/licences/new", **wrong)
    assert told.status_code == 422
    assert 'value="KOREA"' in told.text or 'value="Korea"' in told.text
    assert 'href="#part-territories"' in told.text
    assert 'href="#part-pay"' in told.text
    assert 'value="much"' in told.text
    assert studio.get("/v1/licences").get_json()["items"] == []


def test_who_comes_second_is_told_who_did_what_and_nothing_is_done(
    sides: tuple[Browser, Caller, str, Caller],
) -> None:
    browser, studio, performer_id, _ = sides
    page = follow(
        browser, browser.press(browser.get("/licences/new"), "/licences/new", **form(performer_id=performer_id))
    )
    licence = str(page.url.path)
    editing = browser.get(f"{licence}/edit")
    studio.patch(f"/v1{licence}", {"title": "Aurora II"})
    told = browser.press(page, f"{licence}/offer")
    assert told.status_code == 412
    assert "Somebody has changed this since you opened the page" in said(told)
    assert "Aurora II" in said(told)
    assert studio.get(f"/v1{licence}").get_json()["state"] == "draft"
    told = browser.press(editing, f"{licence}/edit", **form(title="Mine"))
    assert told.status_code == 412
    assert 'value="Mine"' in told.text
    assert studio.get(f"/v1{licence}").get_json()["title"] == "Aurora II"


def test_a_text_that_was_not_read_is_not_signed(sides: tuple[Browser, Caller, str, Caller]) -> None:
    browser, studio, performer_id, _ = sides
    page = follow(
        browser, browser.press(browser.get("/licences/new"), "/licences/new", **form(performer_id=performer_id))
    )
    licence = str(page.url.path)
    follow(browser, browser.press(page, f"{licence}/offer"))
    told = browser.press(browser.get(f"{licence}/text"), f"{licence}/sign", agreement_sha256="0" * 64)
    assert told.status_code == 422
    assert studio.get(f"/v1{licence}").get_json()["studio_signed_at"] is None


def test_versions_say_what_changed_and_give_what_the_api_gives(
    house: House, sides: tuple[Browser, Caller, str, Caller]
) -> None:
    browser, studio, performer_id, performer = sides
    house.consent(performer, performer_id, "licensing")
    licence = f"/licences/{house.licence(studio, performer_id)['id']}"
    for caller, step in ((studio, "offer"), (studio, "sign"), (performer, "sign")):
        assert caller.post(f"/v1{licence}/{step}", {} if step == "sign" else None).status_code == 200
    editing = browser.get(f"{licence}/edit")
    follow(browser, browser.press(editing, f"{licence}/amend", **form(title="Next")))
    page = browser.get(f"{licence}/versions")
    assert "What it says otherwise than version 1" in said(page)
    for name, member in (("odrl", "odrl"), ("agreement", "agreement")):
        told = browser.get(f"{licence}/versions/1/{name}")
        assert told.json() == studio.get(f"/v1{licence}/versions/1/{name}").get_json()[member]
    assert "." in browser.get(f"{licence}/versions/1/signed").text
    policy = browser.get(f"{licence}/versions/1/odrl").text
    told = browser.press(browser.get("/licences/new"), "/licences/odrl", policy=policy)
    assert "The terms of the policy are in the form now." in said(told)
    for policy in ("{", "[" * 3000, '{"uid": "\\ud800"}', "1e999"):
        assert browser.press(browser.get("/licences/new"), "/licences/odrl", policy=policy).status_code == 422


def test_a_member_reads_licences_and_writes_none(house: House, sides: tuple[Browser, Caller, str, Caller]) -> None:
    _, studio, performer_id, _ = sides
    licence = f"/licences/{house.licence(studio, performer_id)['id']}"
    account = studio.made("/v1/accounts", {"role": "studio_member", "name": "Member"})
    member = Browser(house)
    member.use(studio.made(f"/v1/accounts/{account['id']}/sign-in-links", None)["url"])
    for page in (licence, "/licences", "/money", "/attestations", "/account"):
        assert "An administrator of your studio" in said(member.get(page))
        assert "Ask an administrator of your studio: Northlight Games, administrator" in said(member.get(page))
    assert "제작사의 관리자에게 물어보세요: Northlight Games, administrator" in said(member.get("/licences?lang=ko"))
    member.get("/licences?lang=en")
    refused = member.get("/licences/new")
    assert refused.status_code == 403
    assert "Ask an administrator of your studio: Northlight Games, administrator" in said(refused)
    assert member.get(f"{licence}/edit").status_code == 403


def test_a_studio_without_an_administrator_says_whom_to_ask(
    house: House, sides: tuple[Browser, Caller, str, Caller]
) -> None:
    _, studio, _, _ = sides
    account = studio.made("/v1/accounts", {"role": "studio_member", "name": "Member"})
    member = Browser(house)
    member.use(studio.made(f"/v1/accounts/{account['id']}/sign-in-links", None)["url"])
    admin = house.operator.get(f"/v1/accounts/{studio.account_id}")
    headers = {"If-Match": admin.headers["ETag"]}
    assert house.operator.post(f"/v1/accounts/{studio.account_id}/disable", headers=headers).status_code == 200
    assert "Your studio has no administrator at the moment" in said(member.get("/licences"))


def test_nobody_is_named_to_whoever_was_not_told_their_name(
    house: House, sides: tuple[Browser, Caller, str, Caller]
) -> None:
    browser, _, performer_id, performer = sides
    _, other_id = house.performer("Bea Holm")
    assert "Bea Holm" not in browser.get(f"/licences/new?performer_id={other_id}").text
    assert "Bea Holm" not in signed_in(house, performer).get(f"/licences/new?performer_id={other_id}").text
    drafted = browser.press(
        browser.get("/licences/new"), "/licences/new", **form(performer_id="", another=performer_id)
    )
    assert drafted.status_code == 303


def test_the_next_version_waits_for_a_signature_where_a_studio_begins(
    house: House, sides: tuple[Browser, Caller, str, Caller]
) -> None:
    browser, studio, performer_id, performer = sides
    house.consent(performer, performer_id, "licensing")
    licence = f"/licences/{house.licence(studio, performer_id)['id']}"
    studio.made(f"/v1{licence}/offer", None)
    assert "waits for your signature" in said(browser.get("/home"))
    for caller in (studio, performer):
        caller.made(f"/v1{licence}/sign", {})
    assert "waits for your signature" not in said(browser.get("/home"))
    whole = studio.get(f"/v1{licence}")
    headers = {"If-Match": whole.headers["ETag"]}
    assert studio.post(f"/v1{licence}/amend", {"title": "Another"}, headers=headers).status_code in {200, 201}
    studio.made(f"/v1{licence}/offer", None)
    assert "Another : version 2 waits for your signature" in said(browser.get("/home"))
    assert "Version 2 is offered, and waits for your signature." in said(browser.get(licence))
