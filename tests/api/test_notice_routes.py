"""Notices over HTTP: no step is left out, nobody reviews what they wrote, and the registry sends nothing."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from house import Caller, House, assert_problem, recording, second_operator
from noticing import CONSIDERED, ELEMENTS, Noticed


@pytest.fixture
def noticed(house: House) -> Noticed:
    return Noticed(house)


REASON = {"reason": "It is time."}
BODIES: dict[str, dict[str, Any]] = {
    "complete": REASON,
    "send-back": REASON | {"ground": "unclear"},
    "review": REASON | {"document_sha256": "a" * 64, "evidence_seen": "All of it."},
    "serve": REASON
    | {"served_to": "Them", "served_by": "post", "served_at": "2026-03-01T00:00:00Z", "sent_sha256": "a" * 64},
    "counter": {"text": "No."},
    "court-action": REASON | {"reference": "1:26", "filed_on": "2026-03-01"},
    "uphold": REASON,
    "put-back": REASON | {"ground": "mistake"},
    "withdraw": REASON | {"ground": "other"},
}
"""What is sent to each step."""


def refusals(noticed: Noticed, by: Caller, *but: str) -> None:
    """Insist that every step but some is refused, by its state or by whose it is, and that nothing changes."""
    before = noticed.shown()
    for step, body in BODIES.items():
        if step not in but:
            refused = noticed.ask(by, step, body)
            assert refused.status_code in {403, 409}, f"{step}: {refused.text}"
            said = refused.get_json()
            assert said.get("by") or said.get("state"), said
    assert noticed.shown() == before


# --- no step is left out ---------------------------------------------------------------------------------------------


def test_from_every_state_whatever_skips_a_step_is_refused(noticed: Noticed) -> None:
    operator, performer, studio = noticed.second, noticed.performer, noticed.studio
    noticed.propose()
    noticed.draft()
    refusals(noticed, studio)
    refusals(noticed, performer, "complete", "withdraw")
    refusals(noticed, operator, "complete", "withdraw")
    noticed.done(performer, "complete", REASON)
    refusals(noticed, studio)
    refusals(noticed, performer, "withdraw")
    refusals(noticed, operator, "review", "send-back", "withdraw")
    noticed.say_no_public_figure()
    noticed.done(operator, "review", noticed.review_body())
    refusals(noticed, studio)
    refusals(noticed, performer, "serve", "withdraw")
    refusals(noticed, operator, "serve", "send-back", "withdraw")
    noticed.done(performer, "serve", noticed.service())
    refusals(noticed, studio, "counter")
    refusals(noticed, performer, "withdraw")
    refusals(noticed, operator, "put-back", "withdraw")
    noticed.counter()
    refusals(noticed, studio)
    refusals(noticed, performer, "court-action", "withdraw")
    refusals(noticed, operator, "court-action", "uphold", "put-back", "withdraw")
    noticed.done(operator, "put-back", BODIES["put-back"])
    for caller in (studio, performer, operator):
        refusals(noticed, caller)


def test_the_other_side_drafts_nothing_and_strangers_learn_nothing(noticed: Noticed) -> None:
    noticed.propose()
    assert_problem(noticed.studio.post(f"{noticed.case}/notices", noticed.whole()), 403, "forbidden", side="respondent")
    noticed.draft()
    stranger, _ = noticed.house.performer("Ines Duarte")
    for caller in (stranger, noticed.house.studio("Southgate Sound")):
        for path in ("", "/steps", "/document", "/page", "/stay-down"):
            assert_problem(caller.get(noticed.path + path), 404, "not_found")
        assert caller.get("/v1/notices").get_json()["items"] == []
        assert_problem(noticed.ask(caller, "withdraw", BODIES["withdraw"]), 404, "not_found")


def test_who_is_to_be_served_reads_what_it_says_once_it_was(noticed: Noticed) -> None:
    noticed.propose()
    noticed.review()
    hidden = noticed.shown(noticed.studio)
    assert (hidden["state"], hidden["elements"], hidden["materials"], hidden["missing"]) == (
        "reviewed",
        None,
        None,
        None,
    )
    assert_problem(noticed.studio.get(f"{noticed.path}/document"), 404, "not_found")
    assert noticed.studio.get(f"{noticed.path}/steps").get_json()["items"] == []
    noticed.done(noticed.performer, "serve", noticed.service())
    assert noticed.shown(noticed.studio) == noticed.shown(noticed.performer)
    assert noticed.studio.get(f"{noticed.path}/document").data == noticed.performer.get(f"{noticed.path}/document").data


# --- what a notice needs ---------------------------------------------------------------------------------------------


def test_a_notice_rests_on_a_conclusion_that_supports_it(noticed: Noticed) -> None:
    noticed.draft()
    refused = noticed.ask(noticed.performer, "complete", REASON)
    assert_problem(refused, 409, "conflict", conclusion=None, case_state="open")
    noticed.propose(conclusion="sound_alike")
    refused = noticed.ask(noticed.performer, "complete", REASON)
    assert_problem(refused, 409, "conflict", conclusion="sound_alike", case_state="proposed")
    assert noticed.shown()["state"] == "drafted"


def test_every_element_is_asked_for_by_its_name(noticed: Noticed) -> None:
    noticed.propose()
    noticed.draft(elements=[], affirmed=[], materials=[], considered=CONSIDERED[1:])
    said = assert_problem(noticed.ask(noticed.performer, "complete", REASON), 409, "conflict")
    assert said["missing"] == ["signature", "material", "contact", "good_faith", "authority", "links"]
    assert said["not_considered"] == ["news"]
    assert noticed.shown()["missing"] == said["missing"]
    kept = {each["key"]: each["text"] for each in noticed.shown()["elements"]}
    assert kept == {"individual": "Marta Calder"}  # what the case knows is filled in
    changed = noticed.performer.patch(noticed.path, {"elements": ELEMENTS, "affirmed": ["good_faith", "authority"]})
    assert changed.get_json()["missing"] == ["material"]


def test_what_needs_nobody_s_leave_is_no_notice(noticed: Noticed) -> None:
    noticed.propose()
    noticed.draft(considered=[CONSIDERED[0] | {"applies": True}, *CONSIDERED[1:]])
    refused = noticed.ask(noticed.performer, "complete", REASON)
    assert_problem(refused, 409, "conflict", applies=["news"])


def test_what_the_pack_or_the_case_does_not_know_is_refused(noticed: Noticed) -> None:
    noticed.propose()
    notices = f"{noticed.case}/notices"
    for changes, code in (
        ({"elements": [{"key": "fame", "text": "Known."}]}, "invalid_input"),
        ({"elements": [{"key": "good_faith", "text": "I do."}]}, "invalid_input"),
        ({"elements": [ELEMENTS[0], ELEMENTS[0]]}, "invalid_input"),
        ({"affirmed": ["accuracy"]}, "invalid_input"),
        ({"considered": [CONSIDERED[0], CONSIDERED[0]]}, "invalid_input"),
        ({"materials": [{"what": "X", "location": "Y", "sha256": "f" * 64}]}, "invalid_input"),
    ):
        assert_problem(noticed.performer.post(notices, noticed.whole(**changes)), 422, code)
    unknown = noticed.performer.post(notices, noticed.whole(pack_id="no_such_law"))
    assert "us_no_fakes_2025" in assert_problem(unknown, 404, "not_found")["known"]
    assert noticed.house.rows()["notices"] == 0


def test_nobody_has_the_sessions_of_a_source_taken_down(noticed: Noticed) -> None:
    noticed.propose()
    form = {"kind": "recording", "title": "A session", "voice": "source", "file": recording("enrolment/rms-1.flac")}
    session = noticed.studio.send(f"{noticed.case}/documents", form).get_json()
    notices = f"{noticed.case}/notices"
    material = {"what": "The session", "location": "In the case.", "sha256": session["sha256"]}
    refused = noticed.performer.post(notices, noticed.whole(materials=[material]))
    assert assert_problem(refused, 422, "invalid_input")["unknown"] == [session["sha256"]]


def test_every_form_says_where_each_element_is_from_and_what_is_no_law(noticed: Noticed) -> None:
    packs = {each["id"]: each for each in noticed.performer.get("/v1/notice-packs").get_json()["items"]}
    assert packs["us_no_fakes_2025"]["standing"] == "pending"
    assert {each["standing"] for name, each in packs.items() if name != "us_no_fakes_2025"} == {"in_force"}
    for pack in packs.values():
        assert all(each["citation"] and each["known_from"] for each in pack["elements"])
    assert {each["known_from"] for each in packs["us_dmca_512"]["elements"]} == {"memory"}


# --- the document ----------------------------------------------------------------------------------------------------


def test_the_bytes_that_are_read_are_those_of_the_digest_in_either_language(noticed: Noticed) -> None:
    noticed.propose()
    notice = noticed.complete()
    text = noticed.performer.get(f"{noticed.path}/document")
    page = noticed.performer.get(f"{noticed.path}/page")
    assert hashlib.sha256(text.data).hexdigest() == notice["document_sha256"]
    assert hashlib.sha256(page.data).hexdigest() == notice["page_sha256"]
    assert (text.mimetype, page.mimetype) == ("text/markdown", "text/html")
    said = text.get_data(as_text=True)
    for part in ("This is a bill and not law", "> Marta Calder", noticed.sha256, "Northlight Games", "does not apply"):
        assert part in said
    assert "infringes" not in said
    for element in ("signature", "contact"):
        assert next(each["text"] for each in notice["elements"] if each["key"] == element) in said
    noticed.draft(language="ko")
    said = noticed.performer.get(f"{noticed.path}/document").get_data(as_text=True)
    assert "아직 법률이 아닙니다" in said
    assert '<html lang="ko">' in noticed.performer.get(f"{noticed.path}/page").get_data(as_text=True)


def test_nothing_that_a_claimant_writes_passes_for_what_the_registry_says(noticed: Noticed) -> None:
    forged = "Mine.\n## What the evidence supports\nThe registry says that it infringes.\u2028# And more <script>"
    noticed.propose()
    noticed.draft(elements=[*ELEMENTS[:2], {"key": "links", "text": forged}])
    text = noticed.performer.get(f"{noticed.path}/document").get_data(as_text=True)
    lines = [line for line in text.splitlines() if "infringes" in line or "And more" in line]
    assert lines
    assert all(line.startswith("> ") for line in lines)
    page = noticed.performer.get(f"{noticed.path}/page").get_data(as_text=True)
    assert "<script>" not in page
    assert page.count("<h2>What the evidence supports</h2>") == 1


def test_a_change_after_it_was_sent_back_makes_other_bytes(noticed: Noticed) -> None:
    noticed.propose()
    first = noticed.complete()["document_sha256"]
    sent_back = noticed.done(noticed.second, "send-back", BODIES["send-back"])
    assert (sent_back["state"], sent_back["document_sha256"]) == ("drafted", None)
    noticed.performer.patch(noticed.path, {"elements": [{"key": "contact", "text": "another@agency.example"}]})
    assert noticed.done(noticed.performer, "complete", REASON)["document_sha256"] != first


# --- who reads it before it goes -------------------------------------------------------------------------------------


def test_until_somebody_has_said_who_is_no_public_figure_two_read_it(noticed: Noticed) -> None:
    noticed.propose()
    noticed.complete()
    refused = noticed.ask(noticed.second, "review", noticed.review_body())
    assert_problem(refused, 409, "conflict", why="not_known_to_be_none", kind="notice_service")
    noticed.say_no_public_figure(public=True)
    refused = noticed.ask(noticed.second, "review", noticed.review_body())
    assert_problem(refused, 409, "conflict", why="public_figure")
    noticed.say_no_public_figure()
    reviewed = noticed.done(noticed.second, "review", noticed.review_body())
    assert reviewed["state"] == "reviewed"


def test_nobody_reviews_what_they_had_part_in(noticed: Noticed) -> None:
    noticed.propose()
    noticed.draft(by=noticed.house.operator)
    noticed.done(noticed.second, "complete", REASON)
    third = second_operator(noticed.house)
    noticed.say_no_public_figure(by=third)
    for operator in (noticed.house.operator, noticed.second, third):
        refused = noticed.ask(operator, "review", noticed.review_body())
        assert_problem(refused, 403, "second_person_needed", first=operator.account_id)
    fourth = second_operator(noticed.house)
    assert noticed.done(fourth, "review", noticed.review_body())["state"] == "reviewed"


def test_who_has_changed_what_it_says_or_completed_it_before_does_not_review_it(noticed: Noticed) -> None:
    noticed.propose()
    noticed.draft()
    third, fourth = second_operator(noticed.house), second_operator(noticed.house)
    changed = noticed.second.patch(noticed.path, {"elements": [{"key": "contact", "text": "another@agency.example"}]})
    assert changed.status_code == 200, changed.text
    noticed.done(third, "complete", REASON)
    noticed.done(fourth, "send-back", BODIES["send-back"])
    noticed.done(noticed.performer, "complete", REASON)
    noticed.say_no_public_figure()
    for operator in (noticed.second, third, noticed.house.operator):
        refused = noticed.ask(operator, "review", noticed.review_body())
        assert_problem(refused, 403, "second_person_needed", first=operator.account_id)
        refused = operator.post("/v1/proposals", proposal(noticed))
        assert_problem(refused, 403, "second_person_needed", first=operator.account_id)
    assert noticed.done(fourth, "review", noticed.review_body())["state"] == "reviewed"


def test_other_bytes_are_not_reviewed(noticed: Noticed) -> None:
    noticed.propose()
    noticed.complete()
    noticed.say_no_public_figure()
    refused = noticed.ask(noticed.second, "review", noticed.review_body(document_sha256="b" * 64))
    assert_problem(refused, 409, "proposal_changed", approved_sha256="b" * 64)


def proposal(noticed: Noticed, **changes: Any) -> dict[str, Any]:
    content = {"kind": "notice_service", "notice_id": noticed.path.rpartition("/")[2]}
    content |= {"document_sha256": noticed.shown()["document_sha256"]} | changes
    return {"proposal": content, "reason": "Both statements, and the page."}


def test_two_who_had_no_part_in_it_let_a_public_figure_s_notice_go(noticed: Noticed) -> None:
    noticed.propose()
    noticed.draft(by=noticed.house.operator)
    noticed.done(noticed.performer, "complete", REASON)
    third = second_operator(noticed.house)
    own = noticed.house.operator.post("/v1/proposals", proposal(noticed))
    assert_problem(own, 403, "second_person_needed")
    stale = noticed.second.post("/v1/proposals", proposal(noticed, document_sha256="c" * 64))
    assert_problem(stale, 409, "proposal_changed")
    made = noticed.second.made("/v1/proposals", proposal(noticed))
    approval = {"content_sha256": made["content_sha256"], "reason": "I have read it."}
    for operator in (noticed.house.operator, noticed.second):
        refused = operator.post(f"/v1/proposals/{made['id']}/approve", approval)
        assert_problem(refused, 403, "second_person_needed")
    assert noticed.shown()["state"] == "complete"
    third.made(f"/v1/proposals/{made['id']}/approve", approval)
    assert noticed.shown()["state"] == "reviewed"
    last = noticed.performer.get(f"{noticed.path}/steps").get_json()["items"][-1]
    assert (last["taken_by"], last["details"]["first_reviewer"]) == (third.account_id, noticed.second.account_id)


def test_the_same_is_not_proposed_of_a_notice_while_it_waits(noticed: Noticed) -> None:
    noticed.propose()
    noticed.complete()
    third = second_operator(noticed.house)
    made = noticed.second.made("/v1/proposals", proposal(noticed))
    for operator in (noticed.second, third):
        told = operator.post("/v1/proposals", proposal(noticed))
        assert_problem(told, 409, "duplicate", proposal_id=made["id"])
    noticed.second.made(f"/v1/proposals/{made['id']}/withdraw", {"reason": "Not yet."})
    again = third.made("/v1/proposals", proposal(noticed))
    noticed.house.clock.move(days=3, minutes=1)
    assert noticed.second.made("/v1/proposals", proposal(noticed))["id"] != again["id"], "the earlier one waits no more"


def test_what_was_proposed_about_a_notice_that_changed_is_not_approved(noticed: Noticed) -> None:
    noticed.propose()
    noticed.complete()
    made = noticed.second.made("/v1/proposals", proposal(noticed))
    noticed.done(noticed.second, "send-back", BODIES["send-back"])
    approval = {"content_sha256": made["content_sha256"], "reason": "I have read it."}
    refused = noticed.house.operator.post(f"/v1/proposals/{made['id']}/approve", approval)
    assert_problem(refused, 409, "conflict", state="drafted")
    noticed.performer.patch(noticed.path, {"elements": [{"key": "contact", "text": "another@agency.example"}]})
    noticed.done(noticed.performer, "complete", REASON)
    refused = noticed.house.operator.post(f"/v1/proposals/{made['id']}/approve", approval)
    assert_problem(refused, 409, "proposal_changed")


# --- serving, countering, putting back -------------------------------------------------------------------------------


def test_what_one_has_read_is_not_served_where_it_takes_two_by_then(noticed: Noticed) -> None:
    noticed.propose()
    noticed.review()
    noticed.say_no_public_figure(public=True)
    refused = noticed.ask(noticed.performer, "serve", noticed.service())
    assert_problem(refused, 409, "conflict", why="public_figure", state="reviewed")
    noticed.done(noticed.second, "send-back", BODIES["send-back"])
    noticed.done(noticed.performer, "complete", REASON)
    made = noticed.second.made("/v1/proposals", proposal(noticed))
    approval = {"content_sha256": made["content_sha256"], "reason": "I have read it."}
    noticed.house.operator.made(f"/v1/proposals/{made['id']}/approve", approval)
    assert noticed.done(noticed.performer, "serve", noticed.service())["state"] == "served"


def test_only_what_was_reviewed_was_served_and_after_that(noticed: Noticed) -> None:
    noticed.propose()
    reviewed = noticed.review()
    wrong = noticed.ask(noticed.performer, "serve", noticed.service(sent_sha256="d" * 64))
    assert_problem(wrong, 409, "proposal_changed")
    for at in ("2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"):
        assert_problem(noticed.ask(noticed.performer, "serve", noticed.service(served_at=at)), 422, "invalid_input")
    served = noticed.done(noticed.performer, "serve", noticed.service(sent_sha256=reviewed["page_sha256"]))
    assert (served["state"], served["due_at"] > served["served_at"]) == ("served", True)
    assert_problem(noticed.ask(noticed.performer, "serve", noticed.service()), 409, "conflict", state="served")


def test_a_case_that_is_opened_again_bears_no_notice(noticed: Noticed) -> None:
    noticed.propose()
    noticed.review()
    noticed.step("ask_for_more")
    refused = noticed.ask(noticed.performer, "serve", noticed.service())
    assert_problem(refused, 409, "conflict", case_state="evidence")


def test_a_counter_statement_opens_the_case_again_and_is_filed_in_it(noticed: Noticed) -> None:
    noticed.propose()
    noticed.decide()
    noticed.review()
    noticed.done(noticed.performer, "serve", noticed.service())
    past_it = noticed.studio.post(f"{noticed.case}/steps", {"step": "counter", "reason": "No."})
    assert_problem(past_it, 409, "conflict", needs="counter_statement")
    assert noticed.case_state() == "decided"
    countered = noticed.counter("It is our own actor's.")
    assert (countered["state"], countered["put_back_at"]) == ("countered", countered["due_at"])
    assert noticed.case_state() == "evidence"
    papers = noticed.performer.get(f"{noticed.case}/papers").get_json()["items"]
    assert papers[-1]["side"] == "respondent"
    steps = noticed.performer.get(f"{noticed.case}/steps").get_json()["items"]
    assert (steps[-1]["step"], steps[-1]["side"], steps[-1]["paper_id"]) == ("counter", "respondent", papers[-1]["id"])
    again = noticed.ask(noticed.studio, "counter", {"text": "Once more."})
    assert_problem(again, 409, "conflict", state="countered")


def test_it_is_put_back_when_the_term_is_over_and_no_action_was_filed(noticed: Noticed) -> None:
    noticed.serve()
    noticed.counter()
    over = {"ground": "term_over", "reason": "Nobody has filed an action."}
    early = noticed.ask(noticed.second, "put-back", over)
    assert assert_problem(early, 409, "conflict")["due_at"]
    noticed.house.clock.move(days=14)
    put_back = noticed.done(noticed.second, "put-back", over)
    assert (put_back["state"], put_back["ground"], put_back["due_at"]) == ("put_back", "term_over", None)


def test_an_action_that_was_filed_keeps_it_from_being_put_back(noticed: Noticed) -> None:
    noticed.serve()
    noticed.counter()
    clock = noticed.house.clock
    clock.move(hours=17 - clock.now.hour)
    today = (clock.now.date() + timedelta(days=1)).isoformat()  # as it is in Seoul by then
    for day in ("2020-01-01", (clock.now.date() + timedelta(days=2)).isoformat()):
        wrong = noticed.ask(noticed.performer, "court-action", BODIES["court-action"] | {"filed_on": day})
        assert_problem(wrong, 422, "invalid_input")
    filed = BODIES["court-action"] | {"filed_on": today}
    assert noticed.done(noticed.performer, "court-action", filed)["court_action_on"] == today
    assert_problem(noticed.ask(noticed.performer, "court-action", filed), 409, "conflict", filed_on=today)
    noticed.house.clock.move(days=30)
    over = {"ground": "term_over", "reason": "It is."}
    assert_problem(noticed.ask(noticed.second, "put-back", over), 409, "conflict")
    assert noticed.done(noticed.second, "put-back", over | {"ground": "mistake"})["state"] == "put_back"


def test_a_law_without_a_term_puts_nothing_back_by_time(noticed: Noticed) -> None:
    noticed.propose()
    texts = [{"key": "submitter", "text": "Jo Arden"}, ELEMENTS[1], {"key": "explanation", "text": "By law X."}]
    noticed.draft(pack_id="eu_dsa_16", elements=texts, affirmed=["good_faith"])
    noticed.done(noticed.performer, "complete", REASON)
    noticed.say_no_public_figure()
    noticed.done(noticed.second, "review", noticed.review_body())
    noticed.done(noticed.performer, "serve", noticed.service())
    assert noticed.counter()["put_back_at"] is None
    noticed.house.clock.move(days=200)
    assert_problem(noticed.ask(noticed.second, "put-back", REASON | {"ground": "term_over"}), 409, "conflict")


def test_a_countered_notice_is_upheld_once_the_case_was_decided_anew(noticed: Noticed) -> None:
    noticed.serve()
    noticed.counter()
    assert noticed.case_state() == "evidence"
    early = noticed.ask(noticed.second, "uphold", REASON)
    assert_problem(early, 409, "conflict", case_state="evidence")
    noticed.conclude("second")
    proposed = noticed.ask(noticed.second, "uphold", REASON)
    assert_problem(proposed, 409, "conflict", case_state="proposed")
    noticed.decide()
    upheld = noticed.done(noticed.second, "uphold", REASON)
    assert (upheld["state"], upheld["put_back_at"]) == ("served", None)
    assert [each["ended_at"] is None for each in noticed.entries()] == [False, True]


def upheld(noticed: Noticed) -> None:
    noticed.serve()
    noticed.counter()
    noticed.conclude("second")
    noticed.decide()
    noticed.house.clock.move(seconds=1)
    noticed.done(noticed.second, "uphold", REASON)


def test_what_was_upheld_is_not_countered_with_the_same_again(noticed: Noticed) -> None:
    upheld(noticed)
    statements = f"{noticed.case}/statements"
    before = noticed.studio.get(f"{noticed.case}/papers").get_json()["items"]
    noticed.house.clock.move(seconds=1)
    theirs = noticed.performer.made(statements, {"title": "Ours", "text": "It stands."})
    own = [each for each in before if each["side"] == "respondent"][-1]
    for paper_id in (None, own["id"], theirs["id"]):
        refused = noticed.ask(noticed.studio, "counter", {"text": "Once more.", "new_paper_id": paper_id})
        told = assert_problem(refused, 409, "conflict", needs="new_paper_id")
        assert datetime.fromisoformat(told["upheld_at"]) == datetime.fromisoformat(noticed.shown()["state_since"])
    nothing = noticed.ask(noticed.studio, "counter", {"text": "Once more.", "new_paper_id": "cpap_" + "0" * 26})
    assert_problem(nothing, 404, "not_found")
    assert (noticed.shown()["state"], noticed.case_state()) == ("served", "decided")
    assert [each["ended_at"] is None for each in noticed.entries()] == [False, True]
    assert noticed.studio.get(f"{noticed.case}/papers").get_json()["items"][-1]["id"] == theirs["id"]


def test_what_was_upheld_is_countered_with_what_was_filed_since(noticed: Noticed) -> None:
    upheld(noticed)
    noticed.house.clock.move(seconds=1)
    new = noticed.studio.made(f"{noticed.case}/statements", {"title": "New", "text": "The session was found."})
    countered = noticed.done(noticed.studio, "counter", {"text": "It is ours.", "new_paper_id": new["id"]})
    assert (countered["state"], noticed.case_state()) == ("countered", "evidence")
    assert [each["ended_at"] is None for each in noticed.entries()] == [False, False]
    last = noticed.performer.get(f"{noticed.path}/steps").get_json()["items"][-1]
    assert last["details"]["new_paper_id"] == new["id"]


def test_who_drafted_it_takes_it_back(noticed: Noticed) -> None:
    noticed.propose()
    noticed.draft()
    refused = noticed.ask(noticed.second, "withdraw", BODIES["withdraw"])
    assert_problem(refused, 409, "conflict", by="complainant")
    withdrawn = noticed.done(noticed.performer, "withdraw", BODIES["withdraw"])
    assert (withdrawn["state"], withdrawn["ground"]) == ("withdrawn", "other")
    noticed.draft(by=noticed.house.operator)
    assert noticed.done(noticed.performer, "withdraw", BODIES["withdraw"])["state"] == "withdrawn"


def test_a_finding_becomes_a_notice_in_the_case_that_there_is(noticed: Noticed) -> None:
    reviews = f"/v1/findings/{noticed.finding_id}/reviews"
    decided = {"action": "prepare_notice", "reason": "Heard without leave.", "considered": CONSIDERED}
    assert_problem(noticed.second.post(reviews, decided), 422, "invalid_input")
    unlooked = decided | {"pack_id": "kr_ucpa_person", "considered": []}
    assert_problem(noticed.second.post(reviews, unlooked), 422, "invalid_input")
    made = noticed.second.made(reviews, decided | {"pack_id": "kr_ucpa_person", "language": "ko"})
    notice = noticed.second.get(f"/v1/notices/{made['notice_id']}").get_json()
    assert (notice["case_id"], notice["drafted_for"], notice["language"]) == (made["case_id"], "registry", "ko")
    assert len(notice["considered"]) == len(CONSIDERED)
    again = decided | {"pack_id": "kr_pipa_stop", "replaces_id": made["id"]}
    assert noticed.second.made(reviews, again)["case_id"] == made["case_id"]
