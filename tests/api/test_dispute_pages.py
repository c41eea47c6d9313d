"""Disputes on pages: what a page does is what the verbs let it do, and nobody decides over somebody else's head."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
from bench import compare_case
from browser import HERE, SESSION, Browser
from house import Caller, House, Sound, recording
from httpx import Response
from noticing import Noticed
from test_case_analysis_routes import Heard as Compared
from test_case_analysis_routes import heard as compared  # noqa: F401  (a fixture)
from test_performer_pages import follow, said
from written_reports import comparison_document

from api import ApiSettings, create_app
from api.rates import Budget, Rate
from registry.domain.cases import CaseSide, CaseState, Standing, waits_for
from registry.domain.reviews import Exclusion
from registry.domain.verdicts import Verdict
from registry.services.case_cohorts import MOST_REFUSED, REFUSALS_COUNT_FOR
from registry.store.checks import Finding
from registry.vault.signing import canonical
from registry.vault.tokens import csrf_token

NOT_EXCLUDED = {f"applies-{each.value}": "no" for each in Exclusion} | {
    f"why-{each.value}": "It is a product that people buy." for each in Exclusion
}


@pytest.fixture
def noticed(house: House) -> Noticed:
    return Noticed(house)


def of(noticed: Noticed, caller: Caller) -> Browser:
    return seated(noticed.house, caller)


def seated(house: House, caller: Caller) -> Browser:
    """A browser that has a session of somebody's: an operator's link is made by nobody but themselves."""
    browser = Browser(house)
    browser.client.cookies.set(SESSION, house.opened(caller).text, domain="registry.example", path="/")
    return browser


def at(noticed: Noticed) -> str:
    return noticed.case.removeprefix("/v1")


def test_an_address_with_a_zero_byte_names_nothing(noticed: Noticed) -> None:
    performer = of(noticed, noticed.performer)
    for path in ("/cases/new?finding=a%00b", f"{at(noticed)}?x=%00", "/cases?cursor=%00"):
        assert performer.get(path).status_code == 404


def test_recordings_to_be_told_again_are_counted_as_checks_are(noticed: Noticed) -> None:
    rates = {Budget.CHECKS: Rate(1, 3600)}
    browser = Browser(noticed.house, app=create_app(noticed.house.ctx, settings=ApiSettings(rates=rates)))
    session = noticed.house.opened(noticed.performer).text
    browser.client.cookies.set(SESSION, session, domain="registry.example", path="/")
    form, path = {"csrf_token": csrf_token(session)}, f"/notices/{noticed.draft()['id']}/stay-down"
    said = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    answers = [
        browser.client.post(path, data=form | {"form_key": each * 16}, files={"other": b"x"}, headers=said)
        for each in "ab"
    ]
    assert [each.status_code for each in answers] == [422, 429]


# --- the review queue ------------------------------------------------------------------------------------------------


def test_the_second_of_two_who_decide_is_told_who_decided_what_and_loses_nothing(noticed: Noticed) -> None:
    first, second = of(noticed, noticed.house.operator), of(noticed, noticed.second)
    path = f"/reviews/{noticed.finding_id}"
    seen = second.get(path)
    archived = first.press(first.get(path), path, action="archive", reason="A rehearsal, not published.")
    assert "Decided. Both sides can read it" in said(follow(first, archived))
    told = second.press(seen, path, action="open_case", reason="She is heard in it.", **NOT_EXCLUDED)
    assert told.status_code == 409
    for words in ("Somebody else has decided this", "archived", "A rehearsal, not published.", "What you typed is"):
        assert words in said(told)
    assert "She is heard in it." in told.text
    assert 'value="open_case" required checked' in re.sub(r"\s+", " ", told.text)
    decided = noticed.house.operator.get(f"/v1/findings/{noticed.finding_id}/reviews").get_json()["items"]
    assert [each["action"] for each in decided] == ["archive"]
    again = second.press(told, path, action="archive", reason="Listened to it again: it is one.")
    assert again.status_code == 303
    decided = noticed.house.operator.get(f"/v1/findings/{noticed.finding_id}/reviews").get_json()["items"]
    assert decided[1]["replaces_id"] == decided[0]["id"]


def test_nothing_leaves_the_registry_before_every_exclusion_was_considered(noticed: Noticed) -> None:
    operator, path = of(noticed, noticed.house.operator), f"/reviews/{noticed.finding_id}"
    page, before = operator.get(path), noticed.house.rows()
    told = operator.press(page, path, action="ask_for_fix", reason="Take it out.")
    assert (told.status_code, "each of these has to be considered: news" in said(told)) == (422, True)
    applies = NOT_EXCLUDED | {"applies-news": "yes"}
    told = operator.press(told, path, action="ask_for_fix", reason="Take it out.", **applies)
    assert (told.status_code, "needs nobody's leave" in said(told)) == (409, True)
    assert noticed.house.rows() == before


def test_a_finding_waits_in_the_queue_by_names_with_its_evidence_beside_its_licence(noticed: Noticed) -> None:
    operator = of(noticed, noticed.house.operator)
    queue = said(operator.get("/reviews"))
    for words in ("Marta Calder", "Northlight", "grave: heard without ever having agreed", "days left", ".flac"):
        assert words in queue
    page = said(operator.get(f"/reviews/{noticed.finding_id}"))
    for words in ("Whose voice it is", "Of 1,000 comparable voices", "Whether it was covered", "no licence"):
        assert words in page
    assert "log10" not in page
    assert "The one before" not in page
    home = said(operator.get("/home"))
    assert "What waits for you" in home
    assert "Sky" in home


def test_of_a_finding_that_needs_no_person_it_says_so_and_not_that_it_may_be_somebody_else(noticed: Noticed) -> None:
    with noticed.house.ctx.database.write() as session:
        session.get_one(Finding, noticed.finding_id).verdict = Verdict.LICENSED_USE
        session.commit()
    page = said(of(noticed, noticed.house.operator).get(f"/reviews/{noticed.finding_id}"))
    assert "no person has to look at it" in page
    assert "it may be somebody else" not in page
    assert "days left" not in page


# --- cases -----------------------------------------------------------------------------------------------------------


def test_whose_turn_it_is_is_led_to_what_they_do_next_and_nobody_else_is(noticed: Noticed) -> None:
    operator, performer = of(noticed, noticed.house.operator), of(noticed, noticed.performer)
    assert 'It is your turn. <a href="#step">' in operator.get(at(noticed)).text
    assert "It is your turn." not in performer.get(at(noticed)).text
    noticed.step("take_up")
    assert "It is your turn." not in operator.get(at(noticed)).text
    assert '<a href="#statement">' in performer.get(at(noticed)).text


def test_what_lies_under_seal_does_not_wait_to_be_read_by_whoever_cannot_read_it(noticed: Noticed) -> None:
    noticed.step("take_up")
    sealed = {"kind": "recording", "title": "Takes", "voice": "source", "under_seal": "true"}
    sent = noticed.studio.send(f"{noticed.case}/documents", sealed | {"file": recording("enrolment/rms-1.flac")})
    assert sent.status_code == 201, sent.text
    for caller in (noticed.performer, noticed.house.operator):
        page = said(of(noticed, caller).get(at(noticed)))
        assert "under seal" in page
        assert "not read yet" not in page


def test_a_case_goes_its_way_on_pages_of_both_sides_and_of_the_registry(noticed: Noticed) -> None:
    operator, studio, performer = (
        of(noticed, each) for each in (noticed.house.operator, noticed.studio, noticed.performer)
    )
    path = at(noticed)
    assert "Sky" in said(operator.get("/cases?waits_for=me"))
    assert "Sky" not in said(studio.get("/cases?waits_for=me"))
    step(operator, path, "take_up")
    assert "Sky" in said(studio.get("/cases?waits_for=me"))
    too_early = operator.press(operator.get(path), f"{path}/steps", step="analyse", reason="Now.")
    assert too_early.status_code == 409
    assert "still the turn of: the performer’s side" in said(too_early)
    for browser, text in ((performer, "I declined in spring."), (studio, "We hired somebody else.")):
        filed = browser.press(browser.get(path), f"{path}/statements", title="Ours", text=text)
        assert "Filed. The other side sees that it is there" in said(follow(browser, filed))
    assert "Sky" not in said(studio.get("/cases?waits_for=me"))
    step(operator, path, "analyse")
    grounds = {"conclusion": "supports_p", "grounds": "The session is hers.", "would_change": "Another session."}
    proposed = operator.press(operator.get(path), f"{path}/proposals", **grounds)
    assert "the evidence supports that it is the performer" in said(follow(operator, proposed))
    for browser, text in ((performer, "So it is."), (studio, "We see it otherwise.")):
        follow(browser, browser.press(browser.get(path), f"{path}/statements", title="On it", text=text))
    step(operator, path, "decide")
    assert noticed.case_state() == "decided"


def step(operator: Browser, path: str, which: str) -> None:
    """Take a step on the page of a case, and insist that it was taken."""
    taken = operator.press(operator.get(path), f"{path}/steps", step=which, reason="It is time.")
    assert "The course of the case has it" in said(follow(operator, taken))


def test_what_the_list_says_of_whose_turn_it_is_is_what_the_rules_say(noticed: Noticed) -> None:
    """The filter is SQL; it is held against the rules in every state that a case comes through."""

    def agree() -> None:
        case = noticed.house.operator.get(noticed.case).get_json()
        steps = len(noticed.house.operator.get(f"{noticed.case}/steps").get_json()["items"])
        papers = noticed.house.operator.get(f"{noticed.case}/papers").get_json()["items"]
        spoken = {CaseSide(each["side"]) for each in papers[filed[0] :]}
        assert steps == filed[1]
        due_at = noticed.house.clock().fromisoformat(case["due_at"]) if case["due_at"] else None
        wanted = waits_for(Standing(CaseState(case["state"]), due_at, spoken), noticed.house.clock())
        for side in CaseSide:
            found = noticed.house.operator.get(f"/v1/cases?waits_for={side.value}").get_json()["items"]
            assert (case["id"] in {each["id"] for each in found}) is (side in wanted), (case["state"], side, spoken)

    filed = [0, 0]

    def moved(which: str, **more: str) -> None:
        filed[0] = len(noticed.house.operator.get(f"{noticed.case}/papers").get_json()["items"])
        filed[1] += 1
        if which == "propose":
            noticed.house.clock.move(seconds=1)
            grounds = {"conclusion": "inconclusive", "grounds": "Little.", "would_change": "More."}
            noticed.house.operator.made(f"{noticed.case}/proposals", grounds)
        else:
            noticed.step(which, **more)
        agree()

    def files(caller: Caller) -> str:
        paper = caller.made(f"{noticed.case}/statements", {"title": "Ours", "text": f"{caller.account_id} {filed}"})
        agree()
        return str(paper["id"])

    agree()
    moved("take_up")
    files(noticed.house.operator)
    files(noticed.studio)
    files(noticed.performer)
    moved("analyse")
    moved("propose")
    noticed.house.clock.move(days=11)
    agree()
    moved("decide")
    moved("reopen", paper_id=files(noticed.studio))
    noticed.house.clock.move(days=15)
    agree()
    moved("settle")
    files(noticed.performer)


def test_what_somebody_changed_meanwhile_is_not_changed_over_their_head(noticed: Noticed) -> None:
    operator, other, path = of(noticed, noticed.house.operator), of(noticed, noticed.second), at(noticed)
    seen = other.get(path)
    step(operator, path, "take_up")
    told = other.press(seen, f"{path}/steps", step="do_not_take_up", reason="There is nothing to it.")
    assert told.status_code == 412
    assert "This has changed since you opened the page" in said(told)
    assert "There is nothing to it." in told.text
    assert "taken up" in said(told)
    assert noticed.case_state() == "evidence"


def test_the_page_of_a_case_reads_no_paper_and_opening_one_is_on_record(noticed: Noticed) -> None:
    noticed.step("take_up")
    paper = noticed.performer.made(f"{noticed.case}/statements", {"title": "Ours", "text": "It is <b>mine</b>."})
    studio, path = of(noticed, noticed.studio), at(noticed)
    assert "not read yet" in said(studio.get(path))
    assert readers(noticed) == {noticed.performer.account_id}
    page = studio.get(f"{path}/papers/{paper['id']}")
    assert "It is <b>mine</b>." in said(page)
    assert "<b>mine</b>" not in page.text
    assert readers(noticed) == {noticed.performer.account_id, noticed.studio.account_id}
    operator = of(noticed, noticed.house.operator)
    assert "It is <b>mine</b>." in said(operator.get(f"{path}/statements"))
    assert readers(noticed) == {each.account_id for each in (noticed.performer, noticed.studio, noticed.house.operator)}
    assert "Marta Calder" in said(operator.get(f"{path}/readings"))


def readers(noticed: Noticed) -> set[str]:
    log = noticed.house.operator.get(f"{noticed.case}/readings").get_json()["items"]
    return {each["account_id"] for each in log}


def test_a_finding_leads_to_a_case_whom_a_mandate_lets_open_one_and_nobody_else(noticed: Noticed) -> None:
    house, at_finding = noticed.house, f"/performers/{noticed.performer_id}/findings/{noticed.finding_id}"
    agent, new = house.admit("representative", "Jo Arden", None), f"/cases/new?finding={noticed.finding_id}"
    named = {"account_id": agent.account_id, "kind": "agent", "evidence_sha256": "e" * 64}
    named |= {"scopes": ["performers:read", "findings:read", "ledger:read"], "expires_at": "2030-01-01T00:00:00Z"}
    house.operator.made(f"/v1/performers/{noticed.performer_id}/representatives", named)
    page = said(seated(house, agent).get(at_finding))
    assert "Your mandate does not cover opening a case about it." in page
    assert "See whether it was paid" not in page, "no licence covers it, so nothing was to be paid"
    assert seated(house, agent).get(new).status_code == 403
    theirs = of(noticed, noticed.performer)
    assert new in theirs.get(at_finding).text
    assert "does not cover opening a case" not in said(theirs.get(at_finding))
    assert theirs.get(new).status_code == 200
    assert 'class="badge grave"' in theirs.get(at_finding).text, "to the performer as to the studio"


def test_the_studio_of_a_new_case_is_chosen_by_name_or_named_by_its_id(noticed: Noticed) -> None:
    performer, studio_id = of(noticed, noticed.performer), noticed.studio.organisation_id
    page = performer.get("/cases/new")
    assert f'<option value="{studio_id}">' in page.text
    told = {"performer_id": noticed.performer_id, "product": "Tide", "claim": "I declined."}
    chosen = performer.press(page, "/cases/new", **told, studio_id=str(studio_id), another="")
    assert chosen.headers["Location"].startswith("/cases/case_")
    neither = performer.press(performer.get("/cases/new"), "/cases/new", **told, studio_id="", another="")
    assert neither.status_code == 422
    assert "I declined." in neither.text
    other = noticed.house.studio("Other Tide").organisation_id
    typed = performer.press(
        performer.get("/cases/new"), "/cases/new", **told, studio_id=str(studio_id), another=str(other)
    )
    opened = noticed.performer.get(f"/v1{urlsplit(typed.headers['Location']).path}").get_json()
    assert opened["studio_id"] == other


def test_a_side_is_offered_its_own_steps_and_refused_those_of_another(noticed: Noticed) -> None:
    noticed.step("take_up")
    studio, path = of(noticed, noticed.studio), at(noticed)
    page, before = studio.get(path), noticed.house.rows()
    assert f'action="{path}/statements"' in page.text
    for another in ("steps", "proposals", "analyses", "withdraw", "notices"):
        assert f'action="{path}/{another}"' not in page.text
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        assert studio.submit(f"{path}/{another}", fields | {"reason": "Why not."}).status_code == 403
    assert noticed.house.rows() == before


def test_a_party_reads_its_own_people_and_the_registry_s_by_name_and_of_the_other_side_which_it_is(
    noticed: Noticed,
) -> None:
    path, house = at(noticed), noticed.house
    agent = house.admit("representative", "Jo Arden, agent")
    mandate = {"account_id": agent.account_id, "kind": "agent", "scopes": ["cases:read", "cases:write"]}
    until = (house.clock() + timedelta(days=90)).isoformat()
    mandate |= {"evidence_sha256": "c" * 64, "expires_at": until}
    house.operator.made(f"/v1/performers/{noticed.performer_id}/representatives", mandate)
    noticed.step("take_up")
    for caller, text in ((agent, "She declined."), (noticed.studio, "We hired somebody else.")):
        caller.made(f"{noticed.case}/statements", {"title": "Ours", "text": text})
    papers = house.operator.get(f"{noticed.case}/papers").get_json()["items"]
    for caller in (agent, noticed.studio):
        for paper in papers:
            caller.get(f"{noticed.case}/papers/{paper['id']}")
    names = {"agent": "Jo Arden, agent", "studio": "Northlight Games, administrator", "registry": "Trust office"}
    for caller, known in (
        (noticed.studio, {"studio", "registry"}),
        (agent, {"agent", "registry"}),
        (noticed.performer, {"agent", "registry"}),
        (house.operator, {"agent", "studio", "registry"}),
    ):
        browser = of(noticed, caller)
        pages = [path, f"{path}/readings", f"{path}/statements", *(f"{path}/papers/{each['id']}" for each in papers)]
        shown = "".join(main_of(browser.get(each)) for each in pages)
        assert {each for each, name in names.items() if name in shown} == known, caller.account_id
        assert "acc_" not in shown
    assert "the studio" in said(of(noticed, agent).get(path))


def main_of(page: Response) -> str:
    """What stands on a page, without its head and its menu, where whoever is signed in is named."""
    return unescape(page.text.partition("<main")[2])


def test_a_party_that_is_refused_too_often_reads_from_when_it_may_choose_people_again(noticed: Noticed) -> None:
    noticed.step("take_up")
    studio, path = of(noticed, noticed.studio), f"{at(noticed)}/cohorts"
    page = studio.get(at(noticed))
    for _ in range(MOST_REFUSED):
        page = studio.press(page, path, language="en")
        assert (page.status_code, "each could be told from the others" in said(page)) == (422, True)
    page = studio.press(page, path, language="en")
    frees_at = noticed.house.clock() + REFUSALS_COUNT_FOR
    assert page.status_code == 409
    assert f"Too few people were chosen {MOST_REFUSED} times within a year" in said(page)
    assert f"{frees_at:%Y-%m-%dT%H:%M:%S}" in page.text
    assert "등록소에 있는 사람은" in said(studio.press(studio.get(f"{at(noticed)}?lang=ko"), path, language="en"))


def test_an_analysis_is_read_in_words_in_numbers_and_as_drawings_with_their_tables(
    compared: Compared,  # noqa: F811  (the fixture)
) -> None:
    path = compared.path.removeprefix("/v1")
    operator = seated(compared.house, compared.house.operator)
    cohort = {"cohort_paper_id": compared.archive, "criteria": "who was there"}
    asked = operator.press(operator.get(path), f"{path}/analyses", reason="Now.", **cohort)
    page = follow(operator, asked)
    assert "The voices are being compared." in said(page)
    compare_case(compared.house.ctx, canonical(comparison_document()) + b"\n")
    page = operator.get(urlsplit(str(page.url)).path)
    for words in ("How strongly", "In numbers", "What would change it", "Tippett", "Turns of"):
        assert words in said(page)
    assert page.text.count('class="plot"') == page.text.count("As a table") >= 2
    korean = operator.get(f"{urlsplit(str(page.url)).path}?lang=ko")
    assert "얼마나 강한지" in said(korean)


# --- notices ---------------------------------------------------------------------------------------------------------


def test_a_notice_is_drafted_read_by_somebody_else_served_and_answered_on_pages(noticed: Noticed) -> None:
    noticed.propose()
    noticed.say_no_public_figure()
    performer, reviewer, studio = (of(noticed, each) for each in (noticed.performer, noticed.second, noticed.studio))
    case = at(noticed)
    form = {"pack_id": "us_no_fakes_2025", "language": "en"}
    page = follow(performer, performer.press(performer.get(case), f"{case}/notices", **form))
    path = urlsplit(str(page.url)).path
    assert "What is missing" in said(page)
    told = performer.press(page, f"{path}/complete", reason="Let it go.")
    assert (told.status_code, "does not say all that it has to" in said(told)) == (409, True)
    written = {
        "element-signature": "Marta Calder",
        "element-contact": "desk@agency.example",
        "element-links": "There are none.",
        "what-1": "The advertisement",
        "location-1": "https://northlight.example/sky",
        "sha256-1": noticed.sha256,
    }
    kept = submit(performer, told, path, written | NOT_EXCLUDED, affirmed=("good_faith", "authority"))
    page = follow(performer, kept)
    assert "Nothing is missing." in said(page)
    assert "The advertisement" not in said(studio.get(path))
    page = follow(performer, performer.press(page, f"{path}/complete", reason="It is all there."))
    assert "complete" in said(page)
    own = performer.submit(f"{path}/review", hidden(page))
    assert own.status_code == 403
    seen = {"evidence_seen": "Both statements.", "reason": "It says what the case shows."}
    page = follow(reviewer, reviewer.press(reviewer.get(path), f"{path}/review", **seen))
    assert "reviewed: it may be served" in said(page)
    noticed.house.clock.move(minutes=5)
    served = {
        "served_to": "Legal department",
        "served_by": "email",
        "served_at": f"{noticed.house.clock() + timedelta(hours=9):%Y-%m-%dT%H:%M}",
        "served_in": "Asia/Seoul",
        "sent_sha256": noticed.house.operator.get(f"/v1{path}").get_json()["document_sha256"],
        "reason": "Receipt confirmed.",
    }
    for local, wrong in (
        ("2026-03-08T02:30", "they never showed it"),
        ("2025-11-02T01:30", "they showed this time twice"),
    ):
        other = served | {"served_at": local, "served_in": "America/Los_Angeles"}
        refused = performer.press(performer.get(path), f"{path}/serve", **other)
        assert refused.status_code == 422
        assert wrong in said(refused)
        assert '<option value="America/Los_Angeles" selected>' in refused.text  # what was typed is still there
    page = follow(performer, performer.press(performer.get(path), f"{path}/serve", **served))
    assert "Legal department" in said(page)
    assert noticed.sha256 in page.text
    page = studio.get(path)
    assert "The advertisement" in said(page)
    page = follow(studio, studio.press(page, f"{path}/counter", text="It is our own actor's."))
    assert "answered by a counter-statement" in said(page)
    assert noticed.case_state() == "evidence"


def hidden(page: Response) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return {name: unescape(value) for name, value in found}


def submit(
    browser: Browser, page: Response, path: str, fields: dict[str, str], *, affirmed: tuple[str, ...]
) -> Response:
    """Send the form of a draft; of its boxes more than one can be ticked, which one value for each name cannot say."""
    form = re.findall(rf'<form method="post" action="{path}" id="change">(.*?)</form>', page.text, re.DOTALL)[0]
    known = {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}
    known |= {name: unescape(text) for name, text in re.findall(r'<textarea[^>]* name="([\w-]+)"[^>]*>(.*?)<', form)}
    return browser.submit(path, known | fields | {"affirmed": list(affirmed)})  # type: ignore[dict-item]


def test_what_two_have_to_read_is_proposed_by_one_on_the_page_of_the_notice(noticed: Noticed) -> None:
    noticed.propose()
    noticed.complete()
    reviewer, path = of(noticed, noticed.second), noticed.path.removeprefix("/v1")
    page = reviewer.get(path)
    assert "nobody has said that the performer is no public figure" in said(page)
    assert f'action="{path}/review"' not in page.text
    page = follow(reviewer, reviewer.press(page, f"{path}/propose-service", reason="I have read both statements."))
    assert "Another operator approves it within three days" in said(page)
    (proposed,) = noticed.house.operator.get("/v1/proposals?kind=notice_service").get_json()["items"]
    assert proposed["proposed_by"] == noticed.second.account_id
    for reader in (reviewer, of(noticed, noticed.house.operator)):
        page = reader.get(path)
        assert "and waits for another operator." in said(page)
        assert f'href="/proposals/{proposed["id"]}"' in page.text
        assert f'action="{path}/propose-service"' not in page.text
    assert "waits for another operator" not in said(of(noticed, noticed.performer).get(path))
    noticed.house.clock.move(days=4)  # nobody has answered: it has lapsed
    again = seated(noticed.house, noticed.second).get(path)
    assert f'action="{path}/propose-service"' in again.text


def test_a_strike_is_contested_by_its_side_and_answered_by_another_operator(noticed: Noticed) -> None:
    noticed.step("do_not_take_up")
    operator, other, performer = (
        of(noticed, each) for each in (noticed.house.operator, noticed.second, noticed.performer)
    )
    case_id = noticed.case.rpartition("/")[2]
    known = {"ground": "claim_refused", "case_id": case_id, "reason": "It was plain from the page."}
    assert f'href="/misuse?case={case_id}#strike"' in operator.get(at(noticed)).text
    assert 'id="strike" open' in operator.get(f"/misuse?case={case_id}").text
    assert 'id="strike" open' not in operator.get("/misuse").text
    page = follow(operator, operator.press(operator.get("/misuse"), "/misuse/strikes", **known))
    assert "A claim was not taken up." in said(page)
    (strike,) = noticed.house.operator.get("/v1/misuse-strikes").get_json()["items"]
    path = f"/misuse/strikes/{strike['id']}"
    assert of(noticed, noticed.studio).get("/misuse").text.count(strike["id"]) == 0
    follow(performer, performer.press(performer.get("/misuse"), f"{path}/contest", reason="The page had our product."))
    assert f'action="{path}/answer"' not in operator.get("/misuse").text
    page = follow(other, other.press(other.get("/misuse"), f"{path}/answer", answer="lifted", reason="It shows it."))
    assert "It is lifted." in said(page)


def test_a_document_is_filed_under_its_digest_alone_or_whole_and_read_byte_for_byte(noticed: Noticed) -> None:
    noticed.step("take_up")
    studio, path = of(noticed, noticed.studio), at(noticed)
    page = studio.get(path)
    form = hidden(page) | {"kind": "contract", "title": "Contract"}
    told = files(studio, f"{path}/documents", form)
    assert (told.status_code, "Look at what you filled in" in said(told)) == (422, True)
    kept = files(studio, f"{path}/documents", hidden(told) | form | {"sha256": "a" * 64})
    assert kept.status_code == 303, said(kept)
    held = noticed.studio.get(f"{noticed.case}/papers").get_json()["items"]
    assert [(each["sha256"], each["held"]) for each in held] == [("a" * 64, False)]
    sent = noticed.studio.send(
        f"{noticed.case}/documents", {"kind": "other", "title": "Notes", "file": Sound(b"notes", "notes.txt")}
    )
    paper = f"{path}/papers/{sent.get_json()['id']}"
    performer = of(noticed, noticed.performer)
    assert "When you open it, that is on record" in said(performer.get(paper))
    assert performer.get(f"{paper}/content").content == b"notes"
    assert noticed.performer.account_id in readers(noticed)


def files(browser: Browser, path: str, form: dict[str, str]) -> Response:
    """Send the form of a document without a file, as a browser does where none was chosen."""
    said_from = {"Origin": HERE, "Sec-Fetch-Site": "same-origin"}
    none = {"file": ("", b"", "application/octet-stream")}
    return browser.client.post(path, data=form, files=none, headers=said_from)
