"""Misuse over HTTP: strikes are of what the records show, for either side alike, and never act by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from house import Caller, House, assert_problem
from noticing import Noticed
from sqlalchemy import select, update

from registry.store.misuse import MisuseStrike


@pytest.fixture
def noticed(house: House) -> Noticed:
    return Noticed(house)


def strike(noticed: Noticed, ground: str, *, by: Caller | None = None, **about: str) -> Any:
    named = about or {"notice_id": noticed.path.rpartition("/")[2]}
    caller = by or noticed.house.operator
    return caller.post("/v1/misuse-strikes", {"ground": ground, "reason": "It was plain."} | named)


def mistaken(noticed: Noticed) -> None:
    """Let a served notice be taken back as a mistake."""
    noticed.serve()
    noticed.done(noticed.performer, "withdraw", {"ground": "mistaken", "reason": "Another product."})


ALL = ("withdrawn_as_mistaken", "misrepresentation", "put_back_as_mistake", "no_answer", "unfounded_counter")


def test_what_the_records_do_not_show_is_no_strike(noticed: Noticed) -> None:
    noticed.serve()
    for ground in ALL:
        assert_problem(strike(noticed, ground), 409, "conflict", ground=ground, state="served")
    case_id = noticed.case.rpartition("/")[2]
    assert_problem(strike(noticed, "claim_refused", case_id=case_id), 409, "conflict", ground="claim_refused")
    assert_problem(strike(noticed, "claim_refused"), 422, "invalid_input", needs="a case")
    assert_problem(strike(noticed, "no_answer", case_id=case_id), 422, "invalid_input", needs="a notice")
    for caller in (noticed.performer, noticed.studio):
        assert_problem(strike(noticed, "no_answer", by=caller), 403, "forbidden")
    assert noticed.house.rows()["misuse_strikes"] == 0


def test_a_notice_that_was_taken_back_as_mistaken_counts_once_against_the_claimant(noticed: Noticed) -> None:
    mistaken(noticed)
    made = strike(noticed, "withdrawn_as_mistaken").get_json()
    assert (made["side"], made["performer_id"], made["organisation_id"]) == ("complainant", noticed.performer_id, None)
    again = strike(noticed, "withdrawn_as_mistaken", by=noticed.second)
    assert assert_problem(again, 409, "duplicate")["strike_id"] == made["id"]
    assert [each["id"] for each in noticed.performer.get("/v1/misuse-strikes").get_json()["items"]] == [made["id"]]
    assert noticed.studio.get("/v1/misuse-strikes").get_json()["items"] == []


def test_who_does_not_answer_in_time_is_counted_alike(noticed: Noticed) -> None:
    noticed.serve()
    noticed.house.clock.move(days=14)
    made = strike(noticed, "no_answer").get_json()
    assert (made["side"], made["organisation_id"]) == ("respondent", noticed.studio.organisation_id)
    assert [each["id"] for each in noticed.studio.get("/v1/misuse-strikes").get_json()["items"]] == [made["id"]]


def test_who_has_filed_something_in_that_time_has_answered(noticed: Noticed) -> None:
    noticed.serve()
    noticed.studio.made(f"{noticed.case}/statements", {"title": "Ours", "text": "It is our own actor's."})
    noticed.house.clock.move(days=14)
    assert_problem(strike(noticed, "no_answer"), 409, "conflict", ground="no_answer", state="served")


@pytest.mark.parametrize("step", ["withdraw", "settle"])
def test_nobody_is_silent_in_a_case_that_was_let_go(noticed: Noticed, step: str) -> None:
    noticed.serve()
    by = noticed.performer if step == "withdraw" else noticed.house.operator
    by.made(f"{noticed.case}/steps", {"step": step, "reason": "Agreed."})
    noticed.house.clock.move(days=14)
    assert noticed.case_state() == "closed"
    assert_problem(strike(noticed, "no_answer"), 409, "conflict", ground="no_answer", state="served")


def test_nobody_is_late_because_somebody_says_that_they_were_served_long_ago(noticed: Noticed) -> None:
    noticed.propose()
    noticed.review()
    served_at = noticed.house.clock.now.isoformat()
    noticed.house.clock.move(days=20)
    noticed.done(noticed.performer, "serve", noticed.service(served_at=served_at))
    assert_problem(strike(noticed, "no_answer"), 409, "conflict", ground="no_answer", state="served")
    noticed.house.clock.move(days=14)
    assert strike(noticed, "no_answer").status_code == 201


def test_what_the_registry_has_completed_counts_against_no_claimant(noticed: Noticed) -> None:
    operator = noticed.house.operator
    noticed.propose()
    noticed.draft(by=operator)
    noticed.done(operator, "complete", {"reason": "It is all there."})
    sent_back = {"ground": "misrepresentation", "reason": "The date is false."}
    noticed.done(noticed.second, "send-back", sent_back)
    assert_problem(strike(noticed, "misrepresentation"), 409, "conflict", ground="misrepresentation")
    noticed.done(noticed.performer, "complete", {"reason": "I stand by it."})
    noticed.done(noticed.second, "send-back", sent_back)
    assert strike(noticed, "misrepresentation").status_code == 201


def test_a_reviewer_s_word_of_misrepresentation_and_a_claim_refused_are_shown(noticed: Noticed) -> None:
    noticed.propose()
    noticed.complete()
    noticed.done(noticed.second, "send-back", {"ground": "misrepresentation", "reason": "The date is false."})
    assert strike(noticed, "misrepresentation").status_code == 201
    said = {"performer_id": noticed.performer_id, "studio_id": noticed.studio.organisation_id, "product": "Breeze"}
    case = noticed.performer.made("/v1/cases", said | {"claim": "It is mine."})
    refused = {"step": "do_not_take_up", "reason": "There is nothing that it could be told by."}
    noticed.house.operator.made(f"/v1/cases/{case['id']}/steps", refused)
    assert strike(noticed, "claim_refused", case_id=case["id"]).status_code == 201
    noticed.done(noticed.performer, "withdraw", {"ground": "mistaken", "reason": "Never served."})
    assert_problem(strike(noticed, "withdrawn_as_mistaken"), 409, "conflict")


def test_whom_it_counts_against_contests_it_and_another_operator_answers(noticed: Noticed) -> None:
    mistaken(noticed)
    path = f"/v1/misuse-strikes/{strike(noticed, 'withdrawn_as_mistaken').get_json()['id']}"
    lifted = {"answer": "lifted", "reason": "The page had named the product until then."}
    assert_problem(noticed.second.post(f"{path}/answer", lifted), 409, "conflict", state="not_contested")
    for caller in (noticed.studio, noticed.second):
        assert_problem(caller.post(f"{path}/contest", {"reason": "No."}), 404, "not_found")
    noticed.performer.made(f"{path}/contest", {"reason": "The page named it."})
    assert_problem(noticed.performer.post(f"{path}/contest", {"reason": "Again."}), 409, "conflict")
    own = noticed.house.operator.post(f"{path}/answer", lifted)
    assert_problem(own, 403, "second_person_needed", first=noticed.house.operator.account_id)
    assert noticed.second.made(f"{path}/answer", lifted)["answer"] == "lifted"
    assert_problem(noticed.second.post(f"{path}/answer", lifted), 409, "conflict")


def struck(noticed: Noticed, count: int, *, against: str) -> None:
    """Write so many strikes against a side, as its records would have shown them: copies of one that they do show."""
    with noticed.house.ctx.database.write() as session:
        first = session.scalars(select(MisuseStrike)).one()
        row = {name: getattr(first, name) for name in MisuseStrike.__table__.columns.keys()}  # noqa: SIM118  (columns)
        for number in range(1, count):
            session.add(MisuseStrike(**row | {"id": f"{first.id[:-1]}{number}"}))
        session.commit()
    assert first.side.value == against


def test_nobody_is_limited_but_by_a_person_after_three_strikes(noticed: Noticed) -> None:
    mistaken(noticed)
    strike(noticed, "withdrawn_as_mistaken")
    wanted = {"performer_id": noticed.performer_id, "reason": "Three times."}
    few = noticed.house.operator.post("/v1/misuse-limits", wanted)
    assert_problem(few, 409, "conflict", strikes=1, required=3)
    struck(noticed, 3, against="complainant")
    assert noticed.house.rows()["misuse_limits"] == 0  # nothing follows by itself
    limit = noticed.house.operator.made("/v1/misuse-limits", wanted)
    assert_problem(noticed.second.post("/v1/misuse-limits", wanted), 409, "conflict", limit_id=limit["id"])
    both = wanted | {"organisation_id": noticed.studio.organisation_id}
    assert_problem(noticed.second.post("/v1/misuse-limits", both), 422, "invalid_input")
    noticed.complete()
    noticed.say_no_public_figure()
    refused = noticed.ask(noticed.second, "review", noticed.review_body())
    assert_problem(refused, 409, "conflict", why="limited")
    noticed.house.operator.made(f"/v1/misuse-limits/{limit['id']}/lift", {"reason": "Explained."})
    assert noticed.done(noticed.second, "review", noticed.review_body())["state"] == "reviewed"


def test_strikes_expire(noticed: Noticed) -> None:
    mistaken(noticed)
    strike(noticed, "withdrawn_as_mistaken")
    struck(noticed, 3, against="complainant")
    with noticed.house.ctx.database.write() as session:
        session.execute(update(MisuseStrike).values(expires_at=noticed.house.clock.now))
        session.commit()
    refused = noticed.house.operator.post("/v1/misuse-limits", {"performer_id": noticed.performer_id, "reason": "No."})
    assert_problem(refused, 409, "conflict", strikes=0)


def test_what_a_limited_respondent_has_put_back_takes_two_operators(noticed: Noticed) -> None:
    noticed.serve()
    noticed.house.clock.move(days=14)
    strike(noticed, "no_answer")
    struck(noticed, 3, against="respondent")
    noticed.house.operator.made(
        "/v1/misuse-limits", {"organisation_id": noticed.studio.organisation_id, "reason": "Three."}
    )
    noticed.counter()
    noticed.house.clock.move(days=14)
    over = {"ground": "term_over", "reason": "Nobody has filed an action."}
    refused = assert_problem(noticed.ask(noticed.second, "put-back", over), 409, "conflict", kind="notice_put_back")
    content = {"kind": "notice_put_back", "notice_id": noticed.path.rpartition("/")[2], "version": refused["version"]}
    made = noticed.second.made("/v1/proposals", {"proposal": content, "reason": "The term is over."})
    approval = {"content_sha256": made["content_sha256"], "reason": "It is."}
    own = noticed.second.post(f"/v1/proposals/{made['id']}/approve", approval)
    assert_problem(own, 403, "second_person_needed")
    noticed.house.operator.made(f"/v1/proposals/{made['id']}/approve", approval)
    assert noticed.shown()["state"] == "put_back"
