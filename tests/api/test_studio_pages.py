"""A studio's way on pages: recordings sent in and what was found, asking first, and sources; as without scripts."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from bench import assess, evidence, heard, nobody
from browser import Browser
from house import USE, VOICES, Caller, House
from httpx import Response
from on_record import TERMS, WITH_APPROVAL, OnRecord

from api.pages.studio.ways import owed_called
from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.domain.scores import EvidenceOutcome, Log10LR, Reason, SegmentEvidence, Span
from registry.errors import SpeechTooShortError

ADVERT = VOICES / "submissions" / "slt-advert.flac"
GAME = VOICES / "submissions" / "slt-game.flac"


def signed_in(house: House, account_id: str) -> Browser:
    browser = Browser(house)
    url = str(house.operator.made(f"/v1/accounts/{account_id}/sign-in-links", None)["url"])
    assert browser.use(url).headers["Location"] == "/home"
    return browser


def said(page: Response) -> str:
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def follow(browser: Browser, answer: Response) -> Response:
    assert answer.status_code == 303, (answer.status_code, said(answer))
    return browser.get(answer.headers["Location"])


@pytest.fixture
def studio(house: House) -> Caller:
    return house.studio()


@pytest.fixture
def browser(house: House, studio: Caller) -> Browser:
    return signed_in(house, studio.account_id)


def licensed(house: House, studio: Caller, performer_id: str, terms: Any = TERMS) -> str:
    role = Role.STUDIO_ADMIN
    principal = Principal(studio.account_id, role, PERMISSIONS[role], studio.organisation_id, {})
    return OnRecord(house.ctx, house.operator.account_id).ready(performer_id, principal, terms)[1]


def fields_of(page: Response, action: str) -> dict[str, str]:
    (form,) = re.findall(rf'<form method="post" action="{action}"[^>]*>(.*?)</form>', page.text, re.DOTALL)
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}


def send(browser: Browser, *files: tuple[str, bytes], fields: dict[str, str] | None = None, **more: Any) -> Response:
    """Send recordings as the form does, for the ordinary use."""
    hidden = fields or fields_of(browser.get("/checks/new"), "/checks/new")
    sent = [("file", (name, io.BytesIO(data), "application/octet-stream")) for name, data in files]
    headers = {"Origin": "https://registry.example", "Sec-Fetch-Site": "same-origin"} | more.pop("headers", {})
    return browser.client.post("/checks/new", data=hidden | USE | more, files=sent, headers=headers)


# --- checks ----------------------------------------------------------------------------------------------------------


def test_a_recording_is_sent_in_and_its_verdict_read(house: House, studio: Caller, browser: Browser) -> None:
    caller, performer_id = house.performer()
    house.consent(caller, performer_id, "monitoring")
    licence_id = licensed(house, studio, performer_id)
    sent = send(browser, ("advert.flac", ADVERT.read_bytes()))
    waiting = follow(browser, sent)
    assert "The recording is being listened to." in said(waiting)
    assess(house.ctx, heard(performer_id))
    page = browser.get(sent.headers["Location"])
    assert "A licence covers this use." in said(page)
    assert "Marta Calder" in said(page)
    assert "strong support (likelihood ratio of 1,000 to 10,000)" in said(page)
    assert "Of 1,000 comparable voices, about 1 are as close." in said(page)
    assert f'href="/licences/{licence_id}"' in page.text
    assert 'data-start="0.5" data-end="11.5"' in page.text
    assert "What would make it permitted" not in said(page)
    report = re.findall(r'href="(/v1/checks/[^"]+format=json[^"]*)"', page.text)[0]
    assert browser.get(unescape(report)).json()["report"]["kind"] == "check"


def test_a_no_says_what_would_change_it_and_where_the_way_goes_on(
    house: House, studio: Caller, browser: Browser
) -> None:
    caller, performer_id = house.performer()
    house.consent(caller, performer_id, "monitoring")
    licensed(house, studio, performer_id)
    check = send(browser, ("line.flac", GAME.read_bytes()), medium="game").headers["Location"]
    assess(house.ctx, heard(performer_id))
    page = browser.get(check)
    assert "There is a licence, and it does not cover this use." in said(page)
    assert "Where it is heard: you want Games, and the licence permits Radio." in said(page)
    again = re.findall(r'href="(/checks/new\?like=[^"]+)"', page.text)[0]
    form = browser.get(again).text
    assert 'name="project" required maxlength="200" value="Spring"' in form
    assert '<option value="game" selected>' in form


def test_without_a_licence_the_way_is_a_licence_and_a_withdrawal_is_the_performers_alone(
    house: House, studio: Caller, browser: Browser
) -> None:
    caller, performer_id = house.performer()
    house.consent(caller, performer_id, "monitoring")
    check = send(browser, ("line.flac", ADVERT.read_bytes())).headers["Location"]
    assess(house.ctx, heard(performer_id))
    page = browser.get(check)
    assert "A licence that covers this use, signed by the performer and by you." in said(page)
    assert f"/licences/new?performer_id={performer_id}" in page.text
    drafting = browser.get(unescape(re.findall(r'href="(/licences/new[^"]+)"', page.text)[0]))
    assert f'name="media" value="{USE["medium"]}" checked' in drafting.text
    assert 'name="purposes" value="voice_clone" checked' in drafting.text
    assert f'name="territories" value="{USE["territory"]}"' in drafting.text
    assert f'<option value="{performer_id}" selected>Marta Calder</option>' in drafting.text
    member = signed_in(house, studio.made("/v1/accounts", {"role": "studio_member", "name": "Member"})["id"])
    assert "by you. Ask an administrator of your studio: Northlight Games, administrator" in said(member.get(check))
    house.consent(caller, performer_id, "licensing", decision="refused")
    check = send(browser, ("other.flac", GAME.read_bytes())).headers["Location"]
    assess(house.ctx, heard(performer_id))
    assert "Only the performer can change this, and owes nobody a reason." in said(browser.get(check))


def test_who_else_is_supported_in_the_same_places_is_named_to_the_studio_and_to_whoever_reviews(
    house: House, studio: Caller, browser: Browser
) -> None:
    marta, other, elsewhere, alike = (
        person(house, name) for name in ("Marta Calder", "Ada Lind", "Angus Weir", "Rosa Keel")
    )
    check = send(browser, ("scene.flac", ADVERT.read_bytes())).headers["Location"]
    places = {marta: (0.5, 6.0), other: (3.0, 8.0), elsewhere: (8.0, 11.5), alike: (0.5, 6.0)}
    found = [
        replace(
            heard(each, EvidenceOutcome.SOUND_ALIKE if each == alike else EvidenceOutcome.MATCH).candidates[0],
            segments=(SegmentEvidence(Span(*span), Log10LR(3.0)),),
            reasons=(Reason("sound_alike" if each == alike else "same_speaker_supported", "as it is", {}),),
        )
        for each, span in places.items()
    ]
    assess(house.ctx, evidence(found, EvidenceOutcome.MATCH))
    page = said(browser.get(check))
    assert page.count("In the same places the same voice is supported for") == 2
    for name in ("Ada Lind", "Marta Calder"):
        assert f"is supported for {name} too. If several people do not speak at once there, it is one voice" in page
    assert "The same voice is supported." not in page  # it is the heading of the evidence already
    finding = next(
        each["id"] for each in studio.get(f"/v1{check}").get_json()["findings"] if each["performer"]["id"] == marta
    )
    operator = signed_in(house, house.operator.account_id)
    assert "is supported for Ada Lind too." in said(operator.get(f"/reviews/{finding}"))


def person(house: House, name: str) -> str:
    """Let a performer in who is looked for; answer their id."""
    caller, performer_id = house.performer(name)
    house.consent(caller, performer_id, "monitoring")
    return performer_id


def test_what_cannot_be_told_says_why_and_which_conditions_were_not_validated(house: House, browser: Browser) -> None:
    caller, performer_id = house.performer()
    house.consent(caller, performer_id, "monitoring")
    figures: dict[str, str | int | float | bool | None] = {"snr_db": 3.1, "validated_snr_db": 7.5}
    figures |= {"clipped_share": 0.25, "validated_clipped_share": 0.01}
    figures["conditions"] = "snr_db, clipped_share"
    why = Reason("not_validated_for", "the engine was not validated for this", figures)
    found = heard(performer_id, EvidenceOutcome.INCONCLUSIVE).candidates[0]
    check = send(browser, ("noisy.flac", ADVERT.read_bytes())).headers["Location"]
    changed = type(found)(**{name: getattr(found, name) for name in found.__slots__} | {"reasons": (why,)})
    assess(house.ctx, evidence([changed], EvidenceOutcome.INCONCLUSIVE))
    page = said(browser.get(check))
    assert "The recording does not allow an answer." in page
    assert "Speech above the noise, dB 3.1 7.5 or more" in page
    assert "Samples that are cut off 25% 1% or less" in page
    assert "Another recording may allow an answer" in page


def test_several_files_in_one_form_are_a_check_each_and_a_bad_one_is_named_with_its_numbers(
    studio: Caller, browser: Browser
) -> None:
    silence = (VOICES / "problems" / "silence.flac").read_bytes()
    fields = fields_of(browser.get("/checks/new"), "/checks/new")
    files = (("one.flac", ADVERT.read_bytes()), ("silent.flac", silence), ("empty.wav", b""))
    told = send(browser, *files, fields=fields)
    assert told.status_code == 422
    page = said(told)
    assert "Not all of it could be taken." in page
    assert re.search(r"silent\.flac .* The recording is silent: its level is \d+ dB below full scale\.", page)
    assert re.search(r"empty\.wav .* The file is empty: it has 0 bytes\.", page)
    assert len(studio.get("/v1/checks").get_json()["items"]) == 1
    again = send(browser, *files, fields=fields)
    assert again.status_code == 422
    assert len(studio.get("/v1/checks").get_json()["items"]) == 1, "what was taken is not done twice"
    both = send(browser, ("one.flac", ADVERT.read_bytes()), ("two.flac", GAME.read_bytes()))
    assert both.headers["Location"] == "/checks?done=sent"
    assert len(studio.get("/v1/checks").get_json()["items"]) == 3


def test_a_script_sends_them_one_by_one_and_the_same_key_makes_one_check(
    house: House, studio: Caller, browser: Browser
) -> None:
    fields = fields_of(browser.get("/checks/new"), "/checks/new") | {"form_key": "k" * 24}
    told = [
        send(browser, ("one.flac", ADVERT.read_bytes()), fields=fields, headers={"HX-Request": "true"})
        for _ in range(2)
    ]
    assert [each.status_code for each in told] == [200, 200]
    assert "<html" not in told[0].text
    (check,) = studio.get("/v1/checks").get_json()["items"]
    assert all(f'hx-get="/checks/{check["id"]}/state"' in each.text for each in told)
    assess(house.ctx, nobody())
    state = browser.get(f"/checks/{check['id']}/state").text
    assert "hx-get" not in state
    assert "Nobody who is looked for was heard in it." in state
    bad = send(browser, ("x.wav", b"no sound"), fields=fields | {"form_key": "b" * 24}, headers={"HX-Request": "true"})
    assert bad.status_code == 422
    assert 'class="sent"' in bad.text
    other = send(browser, ("one.flac", GAME.read_bytes()), fields=fields, headers={"HX-Request": "true"})
    assert other.status_code == 422, "the key is of another file"


def test_what_is_left_out_or_wrong_in_the_use_is_named_and_what_was_typed_stays(house: House, browser: Browser) -> None:
    told = send(browser, ("one.flac", ADVERT.read_bytes()), territory="", project="<b>Herbst</b> 가을")
    assert told.status_code == 422
    assert "Look at: Territory" in said(told)
    assert 'value="&lt;b&gt;Herbst&lt;/b&gt; 가을"' in told.text
    told = send(browser, ("one.flac", ADVERT.read_bytes()), claimed_licence_ids="lic_" + "0" * 26)
    assert told.status_code == 422
    assert "The licence that you name is none of yours." in said(told)
    assert house.spooled() == []


def test_a_check_that_failed_says_so_and_is_sent_again_with_the_same_use(house: House, browser: Browser) -> None:
    check = send(browser, ("one.flac", ADVERT.read_bytes())).headers["Location"]
    assess(house.ctx, SpeechTooShortError("0.2 s", speech_s=0.2, required_s=0.5))
    page = browser.get(check)
    assert "There are 0.2 seconds of speech in it, and it takes 0.5." in said(page)
    assert f"/checks/new?like={check.rpartition('/')[2]}" in page.text


def test_the_list_is_filtered_and_another_studios_check_is_as_one_that_there_is_not(
    house: House, studio: Caller, browser: Browser
) -> None:
    ids = [send(browser, (f"{name}.flac", ADVERT.read_bytes())).headers["Location"] for name in ("a", "b")]
    assess(house.ctx, nobody())
    assert "a.flac" in said(browser.get("/checks?verdict=no_match"))
    waiting = said(browser.get("/checks?state=queued"))
    assert "b.flac" in waiting
    assert "a.flac" not in waiting
    assert "None of that kind." in said(browser.get("/checks?verdict=licensed_use"))
    assert browser.get("/checks?verdict=everything").status_code == 422
    stranger = signed_in(house, house.studio("Southgate Sound").account_id)
    for path in (ids[0], f"{ids[0]}/state", f"/checks/new?like={ids[0].rpartition('/')[2]}"):
        assert stranger.get(path).status_code == 404
    assert studio.get("/v1/checks?state=done").get_json()["items"][0]["file"]["name"] == "a.flac"


# --- clearances ------------------------------------------------------------------------------------------------------


def ask(browser: Browser, performer_id: str, **use: str) -> Response:
    page = browser.get("/clearances/new")
    return browser.press(page, "/clearances/new", another=performer_id, **(USE | use))


def test_a_permission_says_what_it_rests_on_and_how_it_stands(house: House, studio: Caller, browser: Browser) -> None:
    _, performer_id = house.performer()
    licensed(house, studio, performer_id)
    assert '<option value="' + performer_id + '">Marta Calder</option>' in browser.get("/clearances/new").text
    page = follow(browser, ask(browser, performer_id))
    assert "Permitted" in said(page)
    assert "What it rests on still permits the use." in said(page)
    assert "holds" in said(page)
    prefilled = re.findall(r'href="(/checks/new\?clearance=[^"]+)"', page.text)[0]
    assert '<option value="radio" selected>' in browser.get(prefilled).text
    listed = said(browser.get("/clearances"))
    assert "Marta Calder" in listed
    assert "holds" in listed


def test_a_no_names_the_term_and_leads_to_the_same_question_changed(
    house: House, studio: Caller, browser: Browser
) -> None:
    _, performer_id = house.performer()
    licensed(house, studio, performer_id)
    page = follow(browser, ask(browser, performer_id, territory="KR", language=""))
    assert "Not permitted" in said(page)
    assert "Territory: you want South Korea, and the licence permits United Kingdom." in said(page)
    assert "Say which language is spoken." in said(page)
    again = re.findall(r'href="(/clearances/new\?like=[^"]+)"', page.text)[0]
    form = browser.get(again)
    assert f'<option value="{performer_id}" selected>' in form.text
    mended = browser.press(form, "/clearances/new", performer_id=performer_id, **USE)
    assert "Permitted" in said(follow(browser, mended))


def test_a_marking_that_is_owed_is_called_as_people_call_it(house: House) -> None:
    with house.app.test_request_context("/?lang=ko"):
        assert (owed_called("watermark"), owed_called("label (ko)")) == ("워터마크", "표시 문구: 한국어")
        assert owed_called("something new") == "something new"
    with house.app.test_request_context("/?lang=en"):
        assert owed_called("label (ko)") == "label: Korean"


def test_what_asks_the_performer_leads_to_asking_them(house: House, studio: Caller, browser: Browser) -> None:
    _, performer_id = house.performer()
    licensed(house, studio, performer_id, WITH_APPROVAL)
    page = follow(browser, ask(browser, performer_id, copy_text="Buy one,\r\nget one."))
    assert "The performer is to be asked" in said(page)
    assert "The performer’s yes to the exact words, for this once." in said(page)
    asked = unescape(re.findall(r'href="(/approvals/new\?[^"]+)"', page.text)[0])
    form = browser.get(asked).text
    assert f'value="{performer_id}"' in form
    digest = hashlib.sha256(b"Buy one,\nget one.").hexdigest()
    assert f'value="{digest}"' in form
    (kept,) = studio.get("/v1/clearances").get_json()["items"]
    assert kept["use"]["copy_sha256"] == digest


def test_of_somebody_with_whom_there_is_no_licence_no_name_is_told(
    house: House, studio: Caller, browser: Browser
) -> None:
    _, performer_id = house.performer()
    house.licence(studio, performer_id)
    nobodys = f"perf_{'0' * 26}"
    for path in ("/licences/new", "/clearances/new", "/approvals/new"):
        for typed in (performer_id, nobodys, "%00", "%F0%9F%8E%99", "a" * 3000):
            page = browser.get(f"{path}?performer_id={typed}")
            assert page.status_code == (404 if typed == "%00" else 200)
            assert "Marta" not in page.text
    told = [said(follow(browser, ask(browser, each))).replace(each, "<whom>") for each in (performer_id, nobodys)]
    assert "Marta" not in told[0]
    one, other = (re.sub(r"clr_\w+", "clr", each) for each in told)
    assert one == other
    assert "Marta" not in said(browser.get("/clearances"))
    wrong = ask(browser, "Marta")
    assert wrong.status_code == 422
    assert "Look at: Performer" in said(wrong)


# --- sources ---------------------------------------------------------------------------------------------------------

SEALED = {
    "product": "Harbour assistant, voice 2",
    "made_on": "2026-03-01",
    "recorded_on": "2026-02-03",
    "recordings": f"{'a' * 64}  take-1.wav\n{'b' * 64} 2026-02-01",
    "source": "sealed",
    "name": "Rosa Keel",
    "contact": "through her agent",
}


def attest(browser: Browser, **fields: str) -> Response:
    return browser.press(browser.get("/attestations/new"), "/attestations/new", **fields)


def test_a_declared_source_is_chosen_by_name_and_typed_where_there_is_none_to_choose(
    house: House, studio: Caller, browser: Browser
) -> None:
    typed = '<input name="declared_source_id"'
    assert typed in browser.get("/checks/new").text
    _, performer_id = house.performer()
    licensed(house, studio, performer_id)
    attest(browser, **SEALED)
    attest(browser, **SEALED | {"product": "Second <voice>", "source": "performer_id", "performer_id": performer_id})
    first, second = (each["id"] for each in studio.get("/v1/attestations").get_json()["items"])
    form = browser.get("/checks/new").text
    assert typed not in form
    listed = form.partition('<select name="declared_source_id"')[2].partition("</select>")[0]
    named = dict(re.findall(r'<option value="(\w*)">([^<]*)</option>', listed))
    assert list(named) == ["", second, first, performer_id]
    assert named[second] == "Second &lt;voice&gt; · Marta Calder · 1 March 2026"
    assert named[performer_id] == "Marta Calder"
    assert "Rosa" not in form
    sent = send(browser, ("line.flac", GAME.read_bytes()), declared_source_id=second)
    made = studio.get(f"/v1{sent.headers['Location']}").get_json()
    assert made["use"]["declared_source_id"] == second
    page = browser.get(sent.headers["Location"])
    assert f"Declared source Second <voice> · Marta Calder · 1 March 2026 {second}" in said(page)
    told = send(browser, ("line.flac", GAME.read_bytes()), declared_source_id=performer_id, project="Autumn")
    assert f"Declared source Marta Calder {performer_id}" in said(browser.get(told.headers["Location"]))
    hidden = send(browser, ("line.flac", GAME.read_bytes()), declared_source_id=first, project="Winter")
    page = browser.get(hidden.headers["Location"])
    assert f"Declared source {SEALED['product']} · under seal · 1 March 2026 {first}" in said(page)
    assert "Rosa" not in page.text
    operator = signed_in(house, house.operator.account_id)
    for sent, called in ((told, f"Marta Calder {performer_id}"), (hidden, f"under seal · 1 March 2026 {first}")):
        assert called in said(operator.get(sent.headers["Location"]))
    elsewhere = signed_in(house, house.studio("Other").account_id).get("/checks/new").text
    assert first not in elsewhere


def test_a_source_is_sealed_and_its_name_is_nowhere_on_the_page(house: House, studio: Caller, browser: Browser) -> None:
    notes = {"direction_sha256": "c" * 64, "names_nobody": "1"}
    page = follow(browser, attest(browser, **SEALED, **notes))
    assert "It is attested, and cannot be changed any more." in said(page)
    assert "under seal" in said(page)
    assert "Rosa" not in page.text
    assert re.search(r"Journal, leaf [\d,]+", said(page))
    (kept,) = studio.get("/v1/attestations").get_json()["items"]
    assert [each["recorded_on"] for each in kept["recordings"]] == ["2026-02-03", "2026-02-01"]
    assert kept["mentions"] == []
    assert "Rosa" not in browser.get("/attestations").text
    form = browser.get(f"/checks/new?declared_source_id={kept['id']}").text
    assert f'<option value="{kept["id"]}" selected>{SEALED["product"]} · under seal · 1 March 2026</option>' in form
    house.clock.move(seconds=1)
    again = SEALED | {"source": "attestation_id", "attestation_id": kept["id"], "product": "Voice 3"}
    follow(browser, attest(browser, **again))
    assert len({each["performer_id"] for each in studio.get("/v1/attestations").get_json()["items"]}) == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"recordings": "no digest"}, "Recordings that it was made from"),
        ({"recordings": ""}, "Recordings that it was made from"),
        ({"made_on": "2027-01-01"}, "The day it was made"),
        ({"recorded_on": "2026-03-02"}, "The day they were recorded"),
        ({"source": ""}, ""),
        ({"source": "performer_id", "performer_id": f"perf_{'0' * 26}"}, "Whose voice it is"),
    ],
    ids=["no digest", "none", "to come", "later than the voice", "no source", "a stranger"],
)
def test_what_cannot_be_attested_is_named_and_nothing_is_kept(
    house: House, browser: Browser, changes: dict[str, str], named: str
) -> None:
    before = house.rows()
    told = attest(browser, **(SEALED | changes))
    assert told.status_code == 422
    assert named in said(told)
    assert 'value="Harbour assistant, voice 2"' in told.text
    assert house.rows() == before


def test_a_member_of_the_studio_reads_sources_and_attests_none(house: House, studio: Caller) -> None:
    member = studio.made("/v1/accounts", {"role": "studio_member", "name": "Member"})
    browser = signed_in(house, member["id"])
    assert "Attest a source" not in said(browser.get("/attestations"))
    assert browser.get("/attestations/new").status_code == 403


# --- where a studio begins -------------------------------------------------------------------------------------------


def test_the_first_page_says_what_waits_and_names_nobody_by_a_number(house: House, browser: Browser) -> None:
    empty = said(browser.get("/home"))
    assert "Northlight Games" in browser.get("/home").text
    assert "Nothing at the moment." in empty
    caller, performer_id = house.performer()
    house.consent(caller, performer_id, "monitoring")
    check = send(browser, ("line.flac", ADVERT.read_bytes())).headers["Location"]
    assert "Being listened to line.flac" in said(browser.get("/home"))
    assess(house.ctx, heard(performer_id))
    page = browser.get("/home")
    assert "line.flac" in said(page).partition("Checked last")[2]
    assert "Marta Calder" in said(page)
    assert f'href="{check}"' in page.text


def test_what_a_studio_writes_by_itself_tells_it_no_name(house: House, studio: Caller, browser: Browser) -> None:
    _caller, performer_id = house.performer()
    licence = house.licence(studio, performer_id)
    studio.made(f"/v1/licences/{licence['id']}/offer", None)
    home = browser.get("/home")
    assert licence["title"] in said(home)
    for path in ("/home", "/licences", f"/licences/{licence['id']}", f"/licences/{licence['id']}/versions"):
        assert "Marta Calder" not in browser.get(path).text
