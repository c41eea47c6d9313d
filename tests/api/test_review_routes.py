"""The review queue over HTTP: gravest first, and nothing leaves the registry that a person has not thought through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from bench import assess, evidence, heard
from house import USE, Caller, House, assert_problem, recording
from on_record import TERMS, OnRecord

from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.domain.approaches import Priority
from registry.domain.consents import ConsentPurpose
from registry.domain.reviews import HARM_OF, LEAVES, Exclusion, Harm, ReviewAction, harm_of
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import PERMITTED, Verdict

NOTHING_APPLIES = [
    {"exclusion": each.value, "applies": False, "reason": "It is an advertisement for a drink."} for each in Exclusion
]
ONE_APPLIES = [each | {"applies": each["exclusion"] == "news"} for each in NOTHING_APPLIES]


@dataclass
class Heard:
    """A performer who was heard in a studio's recording."""

    house: House
    studio: Caller
    performer: Caller
    performer_id: str

    def finding(self, project: str = "Spring", outcome: EvidenceOutcome = EvidenceOutcome.MATCH) -> str:
        """Submit a recording in which the performer is heard; answer the finding's id."""
        self.house.clock.move(minutes=1)
        use = USE | {"project": project, "file": recording("submissions/slt-advert.flac")}
        sent = self.studio.send("/v1/checks", use, headers={"Prefer": "wait=0"})
        assert sent.status_code == 202, sent.text
        assess(self.house.ctx, evidence(heard(self.performer_id, outcome=outcome).candidates, outcome))
        (finding,) = self.studio.get(f"/v1/checks/{sent.get_json()['id']}").get_json()["findings"]
        return str(finding["id"])

    def queue(self, query: str = "") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.house.operator.get(f"/v1/review-queue{query}").get_json()["items"]
        return items

    def decide(self, finding_id: str, action: str, **more: Any) -> Any:
        body = {"action": action, "reason": "I have listened to it."} | more
        return self.house.operator.post(f"/v1/findings/{finding_id}/reviews", body)

    def licensed(self) -> str:
        role, studio = Role.STUDIO_ADMIN, self.studio
        principal = Principal(studio.account_id, role, PERMISSIONS[role], studio.organisation_id, {})
        record = OnRecord(self.house.ctx, self.house.operator.account_id)
        return record.ready(self.performer_id, principal, TERMS)[1]


@pytest.fixture
def there(house: House) -> Heard:
    studio, (performer, performer_id) = house.studio(), house.performer()
    OnRecord(house.ctx, house.operator.account_id).consent(performer_id, purpose=ConsentPurpose.MONITORING)
    return Heard(house, studio, performer, performer_id)


def test_every_verdict_either_needs_a_person_or_is_settled() -> None:
    settled = PERMITTED | {Verdict.NO_MATCH, Verdict.EXPLAINED_BY_DECLARED_SOURCE}
    settled |= {Verdict.INCONCLUSIVE, Verdict.NOT_ASSESSED}
    assert settled.isdisjoint(HARM_OF)
    assert settled | HARM_OF.keys() == set(Verdict)
    assert harm_of(Verdict.SOUND_ALIKE_REVIEW, Priority.ESCALATED) is Harm.URGENT
    assert harm_of(Verdict.LICENSED_USE, Priority.ESCALATED) is None


def test_the_queue_is_an_operator_s(there: Heard) -> None:
    for caller in (there.studio, there.performer):
        assert_problem(caller.get("/v1/review-queue"), 403, "forbidden", scope="reviews:write")


def test_the_gravest_is_first_and_of_these_the_oldest(there: Heard) -> None:
    alike = there.finding(outcome=EvidenceOutcome.SOUND_ALIKE)
    first, second = there.finding(), there.finding()
    asked = {"asked_on": "2026-01-10", "purposes": ["advertising"], "scope": "A spot.", "outcome": "declined"}
    body = asked | {"studio_id": there.studio.organisation_id}
    there.performer.made(f"/v1/performers/{there.performer_id}/approaches", body)
    declined = there.finding()
    waiting = there.queue()
    assert [each["finding"]["id"] for each in waiting] == [declined, first, second, alike]
    assert [each["harm"] for each in waiting] == ["urgent", "grave", "grave", "unclear"]
    assert all(each["due_at"] > each["finding"]["created_at"] for each in waiting)
    seen, query = [], "?limit=1"
    while query:
        answered = there.house.operator.get(f"/v1/review-queue{query}").get_json()
        seen += [each["finding"]["id"] for each in answered["items"]]
        query = f"?limit=1&cursor={answered['next_cursor']}" if answered["next_cursor"] else ""
    assert seen == [declined, first, second, alike]


def test_what_is_licensed_waits_for_nobody(there: Heard) -> None:
    there.licensed()
    finding_id = there.finding()
    assert there.queue() == []
    assert_problem(there.decide(finding_id, "archive"), 409, "conflict", verdict="licensed_use")


def test_what_was_decided_leaves_the_queue_and_both_sides_read_it(there: Heard) -> None:
    finding_id = there.finding()
    decided = there.decide(finding_id, "archive").get_json()
    assert there.queue() == []
    for caller in (there.studio, there.performer, there.house.operator):
        (shown,) = caller.get(f"/v1/findings/{finding_id}/reviews").get_json()["items"]
        assert shown == decided
    stranger, _ = there.house.performer("Ines Duarte")
    assert_problem(stranger.get(f"/v1/findings/{finding_id}/reviews"), 404, "not_found")
    assert_problem(there.studio.post(f"/v1/findings/{finding_id}/reviews", decided), 422, "validation_failed")


@pytest.mark.parametrize("action", sorted(LEAVES))
def test_nothing_leaves_before_every_exclusion_was_considered(there: Heard, action: ReviewAction) -> None:
    finding_id = there.finding()
    missing = assert_problem(there.decide(finding_id, action, considered=NOTHING_APPLIES[1:]), 422, "invalid_input")
    assert missing["missing"] == "news"
    twice = [*NOTHING_APPLIES[1:], NOTHING_APPLIES[1]]
    assert_problem(there.decide(finding_id, action, considered=twice), 422, "invalid_input")
    assert_problem(there.decide(finding_id, action, considered=ONE_APPLIES), 409, "conflict", applies="news")
    assert len(there.queue()) == 1
    assert there.house.rows()["cases"] == 0
    form = {"pack_id": "kr_pipa_stop"} if action is ReviewAction.PREPARE_NOTICE else {}
    assert there.decide(finding_id, action, considered=NOTHING_APPLIES, **form).status_code == 201


def test_a_case_is_opened_with_the_decision(there: Heard) -> None:
    finding_id = there.finding("Sky")
    decided = there.decide(finding_id, "open_case", considered=NOTHING_APPLIES).get_json()
    case = there.performer.get(f"/v1/cases/{decided['case_id']}").get_json()
    assert (case["product"], case["finding_ids"], case["opened_for"]) == ("Sky", [finding_id], "registry")
    assert case["claim"] == "I have listened to it."


def test_a_use_is_accepted_under_a_licence_of_the_two_alone(there: Heard) -> None:
    finding_id = there.finding()
    assert_problem(there.decide(finding_id, "accept_as_licensed"), 422, "invalid_input")
    assert_problem(there.decide(finding_id, "archive", licence_id="lic_" + "0" * 26), 422, "invalid_input")
    foreign = there.house.licence(there.studio, there.house.performer("Ines Duarte")[1])["id"]
    draft = there.house.licence(there.studio, there.performer_id)["id"]
    for licence_id in (foreign, draft, "lic_" + "0" * 26):
        refused = there.decide(finding_id, "accept_as_licensed", licence_id=licence_id)
        assert_problem(refused, 404, "not_found")
    accepted = there.decide(finding_id, "accept_as_licensed", licence_id=there.licensed())
    assert accepted.status_code == 201, accepted.text


def test_the_second_who_decides_is_told_who_was_first(there: Heard) -> None:
    finding_id = there.finding()
    first = there.decide(finding_id, "archive").get_json()
    second = assert_problem(there.decide(finding_id, "archive"), 409, "conflict")
    assert (second["review_id"], second["decided_by"]) == (first["id"], there.house.operator.account_id)
    unknown = there.decide(there.finding(), "archive", replaces_id="rev_" + "0" * 26)
    assert_problem(unknown, 404, "not_found")
    again = there.decide(finding_id, "ask_for_payment", considered=NOTHING_APPLIES, replaces_id=first["id"])
    assert again.status_code == 201, again.text
    stale = there.decide(finding_id, "archive", replaces_id=first["id"])
    assert_problem(stale, 409, "conflict", action="ask_for_payment")
