"""The performer's way on pages, from a sign-in link to a withdrawal, as a browser without scripts goes it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from browser import HERE, Browser
from house import VOICES, House
from httpx import Response

from registry.domain.explanations.shipped import shipped_texts
from registry.domain.explanations.topics import Topic

MONITORING = "purpose=monitoring&modality=voice"


def signed_in(house: House, account_id: str) -> Browser:
    browser = Browser(house)
    url = house.operator.made(f"/v1/accounts/{account_id}/sign-in-links", None)["url"]
    assert browser.use(url).headers["Location"] == "/home"
    return browser


def performer_at(house: House, name: str = "Marta Calder") -> tuple[Browser, str]:
    caller, performer_id = house.performer(name)
    return signed_in(house, caller.account_id), f"/performers/{performer_id}"


def follow(browser: Browser, answer: Response) -> Response:
    assert answer.status_code == 303, (answer.status_code, said(answer))
    return browser.get(answer.headers["Location"])


def said(page: Response) -> str:
    """What a page says, without its marks."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def understand(house: House, browser: Browser, me: str, topic: Topic, query: str) -> Response:
    """Read a text to its end, answer wrong once, then right, and take the copy; answer the page of the journey."""
    text = shipped_texts()[f"{topic.value}.en.v1"]
    journey = browser.get(f"{me}/consents/new?{query}")
    form = re.findall(rf'<form method="post" action="{me}/explanations">.*?</form>', journey.text, re.DOTALL)
    (mine,) = [each for each in form if f'name="topic" value="{topic.value}"' in each]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', mine))
    page = follow(browser, browser.submit(f"{me}/explanations", fields))
    path = page.url.path
    while f'action="{path}/read' not in page.text:
        ways = re.findall(rf'href="({path}\?[^"]*section=(\d+)[^"]*)"', page.text)
        page = browser.get(unescape(max(ways, key=lambda each: int(each[1]))[0]))
    house.clock.move(seconds=60)
    page = follow(browser, browser.press(page, f"{path}/read?{query}"))
    right = [question.right for question in text.questions]
    wrong = [1 + question.right % len(question.options) for question in text.questions]
    for chosen in (wrong, right):
        options = {f"option-{number}": str(option) for number, option in enumerate(chosen, 1)}
        page = follow(browser, browser.press(page, f"{path}/answers?{query}", **options))
        assert all((question.teaches in said(page)) is (chosen == wrong) for question in text.questions)
    copy = browser.get(f"{path}/copy")
    assert copy.text == text.text
    assert copy.headers["Content-Disposition"].startswith("attachment")
    return follow(browser, browser.press(page, f"{path}/deliver?{query}"))


def say_yes(house: House, browser: Browser, me: str, query: str, *topics: Topic) -> Response:
    for topic in topics:
        page = understand(house, browser, me, topic, query)
    signed = browser.press(page, f"{me}/consents/new?{query}", signed_by="Marta Calder", decision="given")
    return follow(browser, signed)


def monitored(house: House) -> tuple[Browser, str]:
    """Somebody who has said yes to being looked for, elsewhere."""
    caller, performer_id = house.performer()
    house.consent(caller, performer_id)
    return signed_in(house, caller.account_id), f"/performers/{performer_id}"


# --- who gets in -----------------------------------------------------------------------------------------------------


def test_a_page_about_somebody_leads_whoever_is_not_signed_in_to_where_one_signs_in(house: House) -> None:
    _, me = performer_at(house)
    for path in ("/home", me, f"{me}/findings"):
        assert Browser(house).get(path).headers["Location"] == "/sign-in"


def test_a_token_opens_no_page(house: House) -> None:
    caller, performer_id = house.performer()
    assert caller.get(f"/performers/{performer_id}").status_code == 303


def test_anothers_page_is_as_one_that_there_is_not(house: House) -> None:
    _, theirs = performer_at(house, "Ines Duarte")
    browser, me = performer_at(house)
    nobodys = f"{me[: -len('0' * 26)]}{'0' * 26}"
    for page in ("", "/consents", "/enrolments", "/findings", "/withdraw", "/export", "/forget"):
        told = [browser.get(f"{whose}{page}") for whose in (theirs, nobodys)]
        assert {each.status_code for each in told} == {404} or page == "/findings"
        assert said(told[0]).partition("Reference")[0] == said(told[1]).partition("Reference")[0]
        assert "Ines" not in told[0].text


def test_a_form_that_another_site_sends_does_nothing(house: House) -> None:
    browser, me = performer_at(house)
    page, before = browser.get(f"{me}/consents/refuse?{MONITORING}"), house.rows()
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    fields |= {"signed_by": "x", "decision": "refused"}
    for headers in (
        {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "", "Sec-Fetch-Site": ""},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert browser.submit(f"{me}/consents/new?{MONITORING}", fields, **headers).status_code == 403
        assert house.rows() == before
    without = fields | {"csrf_token": "0" * 64}
    told = browser.submit(f"{me}/consents/new?{MONITORING}", without)
    assert (told.status_code, house.rows()) == (403, before)


# --- a yes -----------------------------------------------------------------------------------------------------------


def test_a_yes_is_signed_on_what_was_read_and_understood_and_its_receipt_taken_along(house: House) -> None:
    browser, me = performer_at(house)
    page = say_yes(house, browser, me, MONITORING, Topic.MONITORING, Topic.WITHDRAWAL)
    assert "Signed. It is in force from now on." in said(page)
    (receipt,) = re.findall(rf'href="({me}/consents/\w+/receipt)"', page.text)
    claims = browser.get(receipt).json()["claims"]
    assert claims["state"] == "active"
    assert "Record my voice" in said(browser.get(me))


def signatures(house: House, me: str) -> list[str]:
    items = house.operator.get(f"/v1{me}/consents").get_json()["items"]
    return [each["signed_by"] for each in items]


@pytest.mark.parametrize("name", ["marta  calder", "Calder, Marta", "Márta Calder"])
def test_a_name_that_is_written_in_another_way_is_the_same(house: House, name: str) -> None:
    browser, me = performer_at(house)
    understand(house, browser, me, Topic.MONITORING, MONITORING)
    page = understand(house, browser, me, Topic.WITHDRAWAL, MONITORING)
    follow(browser, browser.press(page, f"{me}/consents/new?{MONITORING}", signed_by=name, decision="given"))


def test_another_name_under_a_yes_is_asked_about_once_and_taken_if_it_is_meant(house: House) -> None:
    browser, me = performer_at(house)
    path = f"{me}/consents/new?{MONITORING}"
    understand(house, browser, me, Topic.MONITORING, MONITORING)
    page = understand(house, browser, me, Topic.WITHDRAWAL, MONITORING)
    asked = browser.press(page, path, signed_by="Marta Clader", decision="given")
    assert asked.status_code == 422
    assert "Nothing is signed yet: the registry knows you as Marta Calder , and you typed Marta Clader ." in said(asked)
    assert signatures(house, me) == []
    confirmed = {"signed_by": "M. Novak", "also_called": "Marta Clader", "decision": "given"}
    anew = browser.press(asked, path, **confirmed)
    assert (anew.status_code, signatures(house, me)) == (422, []), "another one than was confirmed is asked about too"
    follow(browser, browser.press(anew, path, **(confirmed | {"also_called": "M. Novak"})))
    assert signatures(house, me) == ["M. Novak"]


def test_no_name_is_asked_about_under_a_no(house: House) -> None:
    browser, me = performer_at(house)
    page = browser.get(f"{me}/consents/refuse?{MONITORING}")
    follow(browser, browser.press(page, f"{me}/consents/new?{MONITORING}", signed_by="M. Novak", decision="refused"))


def test_who_acts_for_somebody_signs_with_their_own_name(house: House) -> None:
    _, performer_id = house.performer()
    agent = house.admit("representative", "Jo Arden")
    body = {"account_id": agent.account_id, "kind": "agent", "scopes": ["performers:read", "consents:write"]}
    body |= {"expires_at": "2030-01-01T00:00:00Z", "evidence_sha256": "e" * 64}
    house.operator.made(f"/v1/performers/{performer_id}/representatives", body)
    browser, me = signed_in(house, agent.account_id), f"/performers/{performer_id}"
    path = f"{me}/consents/new?{MONITORING}"
    understand(house, browser, me, Topic.MONITORING, MONITORING)
    page = understand(house, browser, me, Topic.WITHDRAWAL, MONITORING)
    theirs = browser.press(page, path, signed_by="Marta Calder", decision="given")
    assert theirs.status_code == 422
    assert "Sign with your own name" in said(theirs)
    follow(browser, browser.press(theirs, path, signed_by="Jo Arden", decision="given"))
    assert signatures(house, me) == ["Jo Arden"]


def test_nothing_can_be_signed_before_all_is_understood(house: House) -> None:
    browser, me = performer_at(house)
    page = understand(house, browser, me, Topic.MONITORING, MONITORING)
    assert "Yes, I sign" not in said(page)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    forged = fields | {"signed_by": "Marta Calder", "decision": "given"}
    told = browser.submit(f"{me}/consents/new?{MONITORING}", forged)
    assert told.status_code == 422
    assert "was not read and understood yet" in said(told)


def test_no_choice_is_made_beforehand_and_what_is_left_open_is_never(house: House) -> None:
    browser, me = performer_at(house)
    page = browser.get(f"{me}/consents/choose?purpose=licensing&modality=voice")
    assert page.text.count('type="radio"') == 36
    assert "checked" not in page.text
    led = browser.get(f"{me}/consents/new?purpose=licensing&modality=voice")
    assert led.headers["Location"].startswith(f"{me}/consents/choose")
    query = "purpose=licensing&modality=voice&advertising=ask&dubbing=allow"
    topics = (Topic.LICENSING_DUBBING, Topic.LICENSING_PRODUCTIONS, Topic.WITHDRAWAL)
    journey = browser.get(f"{me}/consents/new?{query}")
    assert re.findall(r'name="topic" value="(\w+)"', journey.text) == list(topics)
    signed = say_yes(house, browser, me, query, *topics)
    assert "Advertising: Ask me each time" in said(signed)
    assert "Training" not in said(signed)


def test_the_read_back_says_in_one_sentence_what_is_signed(house: House) -> None:
    browser, me = performer_at(house)
    understand(house, browser, me, Topic.MONITORING, MONITORING)
    page = understand(house, browser, me, Topic.WITHDRAWAL, MONITORING)
    assert "I, Marta Calder, let the registry keep a locked voiceprint of me" in said(page)


def test_a_no_takes_one_page_and_no_reading(house: House) -> None:
    browser, me = performer_at(house)
    path = f"{me}/consents/new?{MONITORING}"
    page = browser.get(f"{me}/consents/refuse?{MONITORING}")
    told = follow(browser, browser.press(page, path, signed_by="Marta Calder", decision="refused"))
    assert "Your no is on record." in said(told)
    assert "You said no." in said(browser.get(f"{me}/consents"))


# --- forms -----------------------------------------------------------------------------------------------------------


def test_a_form_that_is_sent_twice_is_done_once_and_leads_to_the_same(either_house: House) -> None:
    house = either_house
    browser, me = performer_at(house)
    page = browser.get(f"{me}/consents/refuse?{MONITORING}")
    press = {"signed_by": "Marta Calder", "decision": "refused"}
    first, second = (browser.press(page, f"{me}/consents/new?{MONITORING}", **press) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert house.rows()["consents"] == 1
    other = browser.press(page, f"{me}/consents/new?{MONITORING}", **(press | {"signed_by": "M. C."}))
    assert other.status_code == 422
    assert house.rows()["consents"] == 1


def test_a_form_without_its_key_does_nothing(house: House) -> None:
    browser, me = performer_at(house)
    page, before = browser.get(f"{me}/consents/refuse?{MONITORING}"), house.rows()
    told = browser.press(page, f"{me}/consents/new?{MONITORING}", form_key="", signed_by="x", decision="refused")
    assert (told.status_code, house.rows()) == (422, before)


def test_what_was_typed_survives_a_session_that_ended_meanwhile(house: House) -> None:
    caller, performer_id = house.performer()
    browser, me = signed_in(house, caller.account_id), f"/performers/{performer_id}"
    path = f"{me}/consents/new?{MONITORING}"
    form = browser.get(f"{me}/consents/refuse?{MONITORING}")
    house.clock.move(hours=13)
    over = browser.press(form, path, signed_by="Marta “M” Calder", decision="refused")
    assert over.status_code == 401
    assert "Marta “M” Calder" in said(over)
    assert "<bdi>refused</bdi>" not in over.text, "which button it was is no word that somebody typed"
    browser.use(house.operator.made(f"/v1/accounts/{caller.account_id}/sign-in-links", None)["url"])
    again = browser.press(over, path)
    assert again.status_code == 403
    assert "Marta “M” Calder" in said(again)
    assert house.rows()["consents"] == 0
    done = follow(browser, browser.press(again, path))
    assert "Your no is on record." in said(done)


def test_what_another_site_typed_is_not_kept(house: House) -> None:
    _, me = performer_at(house)
    elsewhere = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    told = Browser(house).submit(f"{me}/consents/new?{MONITORING}", {"signed_by": "planted"}, **elsewhere)
    assert told.status_code == 403
    assert "planted" not in told.text


# --- the voice, and taking it back -----------------------------------------------------------------------------------


def files_of(page: Response, *names: tuple[str, str]) -> dict[str, Any]:
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    opened = [(field, ((VOICES / name).name, (VOICES / name).read_bytes())) for field, name in names]
    return {"data": hidden, "files": opened, "headers": {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}}


def test_what_is_wrong_with_a_recording_is_said_with_the_sentence_to_repeat(house: House) -> None:
    browser, me = monitored(house)
    page, before = browser.get(f"{me}/enrolments"), house.rows()
    sent = files_of(page, ("sentence-2", "enrolment/slt-1.flac"))
    short = browser.client.post(f"{me}/enrolments", **sent)
    assert short.status_code == 422
    assert "seconds of speech in it, and it takes 20." in said(short)
    sent["files"] = [("sentence-4", ("mine.wav", b"no recording at all"))]
    unreadable = browser.client.post(f"{me}/enrolments", **files_of(short) | {"files": sent["files"]})
    assert "Please read sentence 4 again." in said(unreadable)
    assert "cannot be read as sound" in said(unreadable)
    assert house.rows() == before
    assert house.spooled() == []


def test_recordings_are_taken_in_and_shown_as_they_stand(house: House) -> None:
    browser, me = monitored(house)
    names = [(f"sentence-{n}", f"enrolment/slt-{n}.flac") for n in (1, 2, 3)]
    sent = browser.client.post(f"{me}/enrolments", **files_of(browser.get(f"{me}/enrolments"), *names))
    page = follow(browser, sent)
    assert "being listened to" in said(page)
    assert "slt-2.flac" in said(page)
    assert "being listened to" in said(browser.get(me))


def test_without_a_yes_no_recording_is_taken(house: House) -> None:
    browser, me = performer_at(house)
    page = browser.get(f"{me}/enrolments")
    assert 'type="file"' not in page.text
    form = browser.get(f"{me}/consents/refuse?{MONITORING}")
    told = browser.client.post(f"{me}/enrolments", **files_of(form, ("recordings", "enrolment/slt-1.flac")))
    assert told.status_code == 409
    assert "nothing of a voice is kept" in said(told)


def test_a_withdrawal_says_first_what_will_happen_and_then_that_it_has(either_house: House) -> None:
    house = either_house
    browser, me = monitored(house)
    house.clock.move(seconds=1)
    before = browser.get(f"{me}/withdraw")
    assert "The key to your voiceprint is destroyed at once." in said(before)
    done = browser.press(before, f"{me}/withdraw")
    assert "It is done." in said(done)
    assert "Ended: Looking for my voice" in said(done)
    again = browser.press(before, f"{me}/withdraw")
    assert "It had been withdrawn before." in said(again)
    assert "There is no yes in force" in said(browser.get(f"{me}/withdraw"))
    assert "Yes, I sign" not in said(browser.get(f"{me}/consents/new?{MONITORING}")), "all is explained anew"


def test_somebody_who_is_forgotten_is_told_first_and_is_nameless_then(house: House) -> None:
    browser, me = monitored(house)
    page = browser.get(f"{me}/forget?lang=ko")
    assert shipped_texts()["forget_me.ko.v2"].text_sha256 in page.text
    browser.press(page, f"{me}/forget", also_known_as="M. Calder\n")
    assert "Marta" not in browser.get(me).text
    assert house.client.get("/v1/keys").status_code == 200


def test_everything_is_taken_along_in_one_file(house: House) -> None:
    browser, me = monitored(house)
    told = browser.press(browser.get(f"{me}/export"), f"{me}/export")
    assert told.headers["Content-Type"] == "application/zip"
    assert told.content.startswith(b"PK")


def test_both_sides_of_a_case_see_the_same_page_of_it(house: House) -> None:
    caller, performer_id = house.performer()
    studio = house.studio()
    claim = "It is my voice. <script>alert(1)</script>"
    body = {"performer_id": performer_id, "studio_id": studio.organisation_id, "product": "Harbour", "claim": claim}
    case_id = caller.made("/v1/cases", body)["id"]
    seen = []
    for side in (caller, studio):
        browser = signed_in(house, side.account_id)
        assert "Harbour" in said(browser.get("/cases"))
        page = browser.get(f"/cases/{case_id}")
        assert claim in unescape(page.text)
        assert "<script>" not in page.text
        assert "waits for the registry to take it up" in said(page)
        told, named = re.subn(r"(the performer’s side), <bdi>Marta Calder</bdi>", r"\1", page.text)
        assert bool(named) == (side is caller), "one's own people by name, of the other side's the side alone"
        seen.append((re.findall(r"<dl>.*?</dl>", told, re.DOTALL)[0], re.findall(r"<ol.*?</ol>", told, re.DOTALL)))
    assert seen[0] == seen[1], "how it stands and what was done; what each side may do differs"
    stranger, _ = performer_at(house, "Ines Duarte")
    assert stranger.get(f"/cases/{case_id}").status_code == 404
    assert "There is no case." in said(stranger.get("/cases"))


# --- names and languages ---------------------------------------------------------------------------------------------

NAMES = ["<script>alert(1)</script>&\"'", "مريم ‎العلي", "서민아 🎙️", "N" * 200]


@pytest.mark.parametrize("name", NAMES, ids=["markup", "right to left", "hangul", "long"])
def test_a_name_stands_on_every_page_as_what_it_is(house: House, name: str) -> None:
    browser = signed_in(house, house.admit("performer", "Account").account_id)
    form = browser.get("/performers/new")
    page = follow(browser, browser.press(form, "/performers/new", name=name))
    me = page.url.path
    for each in ("", "/consents", "/enrolments", "/findings", "/withdraw", "/export", "/forget"):
        shown = browser.get(f"{me}{each}")
        assert shown.status_code == 200
        assert name in [unescape(found) for found in re.findall(r"<bdi>(.*?)</bdi>", shown.text)]
        assert "<script>alert" not in shown.text


def test_a_language_that_was_chosen_is_kept(house: House) -> None:
    browser, me = performer_at(house)
    assert '<html lang="en">' in browser.get(me).text
    assert '<html lang="ko">' in browser.get(f"{me}?lang=ko").text
    assert '<html lang="ko">' in browser.get(f"{me}/findings").text
    assert '<html lang="en">' in browser.get(f"{me}/findings?lang=en").text


def test_a_representative_sees_at_all_times_for_whom_they_act(house: House) -> None:
    _, performer_id = house.performer()
    agent = house.admit("representative", "Jo Arden")
    body = {"account_id": agent.account_id, "kind": "agent", "scopes": ["performers:read", "consents:write"]}
    body |= {"expires_at": "2030-01-01T00:00:00Z", "evidence_sha256": "e" * 64}
    house.operator.made(f"/v1/performers/{performer_id}/representatives", body)
    browser, me = signed_in(house, agent.account_id), f"/performers/{performer_id}"
    assert "Marta Calder" in said(browser.get("/home"))
    for page in ("", "/consents", "/withdraw"):
        assert "You act for" in browser.get(f"{me}{page}").text
    for page in ("", "/consents", "/withdraw", "/export", "/holders"):
        told = said(browser.get(f"{me}{page}")).lower()
        assert not re.search(r"\b(your|my) (voice|voiceprint|recordings|yes|no)\b", told), (page, told)
    assert "looking for the voice" in said(browser.get(f"{me}/consents")).lower()
    assert browser.get(f"{me}/findings").status_code == 403
    assert browser.press(browser.get(f"{me}/export"), f"{me}/export").status_code == 200


def test_an_address_that_there_is_not_is_a_page_to_a_browser_and_a_problem_to_others(house: House) -> None:
    told = Browser(house).get("/nowhere", Accept="text/html,application/xhtml+xml,*/*;q=0.8")
    assert (told.status_code, told.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert house.client.get("/nowhere").mimetype == "application/problem+json"
    api = house.client.get("/v1/nowhere", headers={"Accept": "text/html"})
    assert api.mimetype == "application/problem+json"


def test_where_there_is_nothing_whoever_is_not_signed_in_is_led_to_pages_that_are_theirs(house: House) -> None:
    caller, performer_id = house.performer()
    browser, accept = Browser(house), {"Accept": "text/html"}
    for path, words in (("/nowhere", "To the front page Sign in"), ("/nowhere?lang=ko", "첫 페이지로 로그인")):
        page = browser.get(path, **accept)
        assert page.status_code == 404
        assert words in said(page)
        assert led_to(page) == ["/", "/sign-in"]
    sent_by = {"Origin": "https://other.example", "Sec-Fetch-Site": "cross-site"}
    another_site = browser.client.post("/verify?lang=en", files={"file": b"{}"}, headers=sent_by)
    assert another_site.status_code == 403
    assert "came from another page than the registry's own" in said(another_site)
    assert led_to(another_site) == ["/", "/sign-in"]
    browser = signed_in(house, caller.account_id)
    for path in ("/nowhere", f"/performers/{performer_id}/findings/fnd_{'0' * 26}"):
        assert led_to(browser.get(path, **accept)) == ["/home"]


def led_to(page: Response) -> list[str]:
    """Answer where the buttons of a page lead."""
    return re.findall(r'<a class="button[^"]*" href="([^"]+)"', page.text.partition("<main")[2])
