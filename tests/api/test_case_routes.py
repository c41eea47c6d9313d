"""Cases over HTTP: both sides are shown the same and asked the same, and nothing happens that no person has decided."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from house import USE, Caller, House, Sound, assert_problem
from on_record import TERMS, OnRecord
from sqlalchemy import select

from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.domain.cases import CaseStep, PaperKind
from registry.errors import InvalidInputError
from registry.services import case_papers
from registry.services.case_papers import LARGEST_DOCUMENT
from registry.store.cases import CasePaper

CASTING = Sound(b"We look for warm voices, 25 to 45. Nobody is to sound like anybody.", "casting.txt")
ATTESTED = {
    "product": "Voice 2",
    "made_on": "2026-03-01",
    "recordings": [{"sha256": "a" * 64, "recorded_on": "2026-02-01"}],
    "source": {"sealed": {"name": "Rosa Keel", "contact": "through her agent"}},
}
PROPOSAL = {
    "conclusion": "explained_by_s",
    "grounds": "The source was heard, and it is she.",
    "would_change": "Recordings of the performer among those that the voice was made from.",
}


@dataclass
class Dispute:
    """A performer, a studio, and the case between them."""

    house: House
    performer: Caller
    performer_id: str
    studio: Caller
    path: str

    def step(self, caller: Caller, step: str, **more: Any) -> Any:
        return caller.post(f"{self.path}/steps", {"step": step, "reason": "It is time."} | more)

    def withdraw(self, caller: Caller) -> Any:
        return caller.post(f"{self.path}/withdraw", {"reason": "We have agreed."})

    def taken(self, step: str, **more: Any) -> dict[str, Any]:
        response = self.step(self.house.operator, step, **more)
        assert response.status_code == 200, response.text
        answered: dict[str, Any] = response.get_json()
        return answered

    def says(self, caller: Caller, text: str) -> dict[str, Any]:
        return caller.made(f"{self.path}/statements", {"title": "A statement", "text": text})

    def both_speak(self, about: str) -> None:
        for caller in (self.performer, self.studio):
            self.says(caller, f"{caller.account_id} on {about}")

    def to_proposed(self) -> None:
        self.taken("take_up")
        self.both_speak("evidence")
        self.taken("analyse")
        self.house.operator.made(f"{self.path}/proposals", PROPOSAL)

    def state(self) -> str:
        return str(self.house.operator.get(self.path).get_json()["state"])


@pytest.fixture
def dispute(house: House) -> Dispute:
    studio = house.studio()
    performer, performer_id = house.performer()
    opened = performer.made("/v1/cases", complaint(performer_id, studio))
    return Dispute(house, performer, performer_id, studio, f"/v1/cases/{opened['id']}")


def complaint(performer_id: str, studio: Caller, **changes: Any) -> dict[str, Any]:
    said = {"performer_id": performer_id, "studio_id": studio.organisation_id, "product": "Sky"}
    return said | {"claim": "I declined in September. In May it was there."} | changes


# --- opening ---------------------------------------------------------------------------------------------------------


def test_a_case_is_opened_by_the_performer_s_side_or_the_registry_alone(house: House) -> None:
    studio, performer_id = house.studio(), house.performer()[1]
    stranger, _ = house.performer("Ines Duarte")
    said = complaint(performer_id, studio)
    assert_problem(stranger.post("/v1/cases", said), 404, "not_found")
    assert_problem(studio.post("/v1/cases", said), 404, "not_found")
    assert house.rows()["cases"] == 0
    opened = house.operator.made("/v1/cases", said)
    assert (opened["opened_for"], opened["state"], opened["source"]) == ("registry", "open", None)
    assert opened["due_at"] > opened["opened_at"]


def test_whom_and_what_a_case_is_about_has_to_be_there(house: House) -> None:
    studio, (performer, performer_id) = house.studio(), house.performer()
    auditor = house.admit("auditor", "Auditor", "Clear Ear")
    nobody = complaint(performer_id, studio, studio_id="org_" + "0" * 26)
    assert_problem(performer.post("/v1/cases", nobody), 404, "not_found")
    assert_problem(performer.post("/v1/cases", complaint(performer_id, auditor)), 404, "not_found")
    unheard = complaint(performer_id, studio, finding_ids=["find_" + "0" * 26])
    assert_problem(performer.post("/v1/cases", unheard), 404, "not_found")
    assert_problem(performer.post("/v1/cases", complaint(performer_id, studio, claim=" ")), 422, "validation_failed")
    assert house.rows()["cases"] == 0


def test_there_is_one_case_of_two_about_one_product_at_a_time(dispute: Dispute) -> None:
    again = dispute.performer.post("/v1/cases", complaint(dispute.performer_id, dispute.studio))
    assert assert_problem(again, 409, "conflict")["case_id"] == dispute.path.rpartition("/")[2]
    other = complaint(dispute.performer_id, dispute.studio, product="Breeze")
    assert dispute.performer.post("/v1/cases", other).status_code == 201
    dispute.withdraw(dispute.performer)
    assert dispute.performer.post("/v1/cases", complaint(dispute.performer_id, dispute.studio)).status_code == 201


def test_others_do_not_learn_that_there_is_a_case(dispute: Dispute) -> None:
    stranger, _ = dispute.house.performer("Ines Duarte")
    for caller in (stranger, dispute.house.studio("Southgate Sound")):
        for path in ("", "/papers", "/steps", "/readings", "/proposals", "/pauses"):
            assert_problem(caller.get(dispute.path + path), 404, "not_found")
        assert caller.get("/v1/cases").get_json()["items"] == []
    for caller in (dispute.performer, dispute.studio, dispute.house.operator):
        assert len(caller.get("/v1/cases").get_json()["items"]) == 1
    assert dispute.studio.get("/v1/cases?state=closed").get_json()["items"] == []


# --- steps -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [each for each in CaseStep if each not in {CaseStep.WITHDRAW, CaseStep.COUNTER}])
def test_no_side_takes_a_step_of_the_registry(dispute: Dispute, step: CaseStep) -> None:
    for caller in (dispute.performer, dispute.studio):
        assert_problem(dispute.step(caller, step.value), 403, "forbidden", by="registry")
    assert dispute.state() == "open"


def test_only_who_complains_withdraws(dispute: Dispute) -> None:
    assert_problem(dispute.withdraw(dispute.studio), 403, "forbidden", by="complainant")
    assert_problem(dispute.withdraw(dispute.house.operator), 403, "forbidden", by="complainant")
    withdrawn = dispute.withdraw(dispute.performer).get_json()
    assert (withdrawn["state"], withdrawn["ending"], withdrawn["due_at"]) == ("closed", "withdrawn", None)


def test_nothing_is_analysed_before_both_have_spoken_or_their_time_is_over(dispute: Dispute) -> None:
    dispute.taken("take_up")
    dispute.says(dispute.performer, "They asked me twice.")
    early = assert_problem(dispute.step(dispute.house.operator, "analyse"), 409, "conflict")
    assert (early["waits_for"], early["state"]) == ("respondent", "evidence")
    dispute.house.clock.move(days=14)
    assert dispute.taken("analyse")["state"] == "analysis"


def test_what_was_said_before_does_not_count_for_the_next_round(dispute: Dispute) -> None:
    dispute.to_proposed()
    assert_problem(dispute.step(dispute.house.operator, "decide"), 409, "conflict", waits_for="complainant")
    dispute.both_speak("the proposal")
    assert dispute.taken("decide")["state"] == "decided"


def test_a_proposal_says_why_and_what_would_change_it_and_is_the_registry_s(dispute: Dispute) -> None:
    proposals = f"{dispute.path}/proposals"
    assert_problem(dispute.house.operator.post(proposals, PROPOSAL), 409, "conflict", state="open")
    dispute.taken("take_up")
    dispute.both_speak("evidence")
    dispute.taken("analyse")
    assert_problem(dispute.studio.post(proposals, PROPOSAL), 403, "forbidden")
    for missing in ("grounds", "would_change"):
        assert_problem(dispute.house.operator.post(proposals, PROPOSAL | {missing: ""}), 422, "validation_failed")
    assert_problem(
        dispute.house.operator.post(proposals, PROPOSAL | {"conclusion": "infringes"}), 422, "validation_failed"
    )
    assert_problem(dispute.step(dispute.house.operator, "propose"), 409, "conflict", needs="proposal")
    dispute.house.operator.made(proposals, PROPOSAL)
    (shown,) = dispute.performer.get(proposals).get_json()["items"]
    assert shown["conclusion"] == "explained_by_s"
    assert dispute.studio.get(proposals).get_json() == dispute.performer.get(proposals).get_json()
    assert dispute.state() == "proposed"


def test_a_closed_case_is_opened_again_on_new_evidence_and_on_nothing_else(dispute: Dispute) -> None:
    dispute.to_proposed()
    old = dispute.says(dispute.performer, "This is not so.")
    dispute.says(dispute.studio, "It is so.")
    dispute.taken("decide")
    dispute.house.clock.move(days=30)
    assert dispute.taken("close")["ending"] == "decided"
    assert_problem(dispute.step(dispute.house.operator, "reopen"), 409, "conflict", needs="new_paper")
    stale = dispute.step(dispute.house.operator, "reopen", paper_id=old["id"])
    assert_problem(stale, 409, "conflict", needs="new_paper")
    elsewhere = dispute.step(dispute.house.operator, "reopen", paper_id="cpap_" + "0" * 26)
    assert_problem(elsewhere, 404, "not_found")
    new = dispute.says(dispute.performer, "Here is the session of 3 March.")
    again = dispute.taken("reopen", paper_id=new["id"])
    assert (again["state"], again["ending"]) == ("evidence", None)
    steps = dispute.performer.get(f"{dispute.path}/steps").get_json()["items"]
    assert [each["number"] for each in steps] == list(range(1, len(steps) + 1))
    assert steps[-1]["paper_id"] == new["id"]


def test_two_who_take_a_step_at_once_take_it_once(dispute: Dispute) -> None:
    seen = dispute.house.operator.get(dispute.path).headers["ETag"]
    body = {"step": "take_up", "reason": "It is time."}
    headers = {"If-Match": seen}
    assert dispute.house.operator.post(f"{dispute.path}/steps", body, headers=headers).status_code == 200
    again = dispute.house.operator.post(f"{dispute.path}/steps", body, headers=headers)
    assert_problem(again, 412, "stale_version")


# --- papers ----------------------------------------------------------------------------------------------------------


def test_what_one_side_files_the_other_reads_and_the_log_says_so(dispute: Dispute) -> None:
    filed = dispute.says(dispute.studio, "We hired somebody else in May.")
    paper = f"{dispute.path}/papers/{filed['id']}"
    dispute.house.clock.move(minutes=5)
    listed = dispute.performer.get(f"{dispute.path}/papers").get_json()["items"]
    assert [(each["id"], each["side"]) for each in listed] == [(filed["id"], "respondent")]
    assert "text" not in listed[0]
    for _ in range(2):
        assert dispute.performer.get(paper).get_json()["text"] == "We hired somebody else in May."
    log = dispute.studio.get(f"{dispute.path}/readings").get_json()["items"]
    assert [each["side"] for each in log] == ["respondent", "complainant"]
    assert log == dispute.performer.get(f"{dispute.path}/readings").get_json()["items"]


def test_a_document_lies_sealed_and_comes_back_byte_for_byte(dispute: Dispute) -> None:
    form = {"kind": "casting_call", "title": "Casting call", "dated_on": "2025-05-12", "file": CASTING}
    filed = dispute.studio.send(f"{dispute.path}/documents", form).get_json()
    assert (filed["sha256"], filed["held"]) == (hashlib.sha256(CASTING.data).hexdigest(), True)
    with dispute.house.ctx.database.read() as session:
        (content,) = session.scalars(select(CasePaper.content))
    assert content is not None
    assert CASTING.data not in content
    paper = f"{dispute.path}/papers/{filed['id']}"
    assert dispute.performer.get(paper).get_json()["text"] is None
    assert len(dispute.studio.get(f"{dispute.path}/readings").get_json()["items"]) == 1  # who sees it has not read it
    assert dispute.performer.get(f"{paper}/content").data == CASTING.data
    assert len(dispute.studio.get(f"{dispute.path}/readings").get_json()["items"]) == 2
    again = dispute.studio.send(f"{dispute.path}/documents", form)
    assert_problem(again, 409, "duplicate", paper_id=filed["id"])


def test_a_document_may_stay_where_it_is(dispute: Dispute) -> None:
    form = {"kind": "recording", "title": "Sessions", "sha256": "d" * 64}
    filed = dispute.studio.send(f"{dispute.path}/documents", form).get_json()
    assert (filed["held"], filed["size_bytes"]) == (False, 0)
    assert_problem(dispute.performer.get(f"{dispute.path}/papers/{filed['id']}/content"), 404, "not_found")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, "invalid_input"),
        ({"file": CASTING, "sha256": "d" * 64}, "invalid_input"),
        ({"file": Sound(b"", "empty")}, "invalid_input"),
        ({"file": CASTING, "dated_on": "2999-01-01"}, "invalid_input"),
        ({"file": CASTING, "kind": "statement"}, "invalid_input"),
        ({"file": CASTING, "kind": "rumour"}, "validation_failed"),
        ({"sha256": "xyz"}, "validation_failed"),
    ],
)
def test_what_is_no_document_is_refused(dispute: Dispute, change: dict[str, Any], code: str) -> None:
    form = {"kind": "contract", "title": "Contract"} | change
    assert_problem(dispute.studio.send(f"{dispute.path}/documents", form), 422, code)
    assert dispute.house.rows()["case_papers"] == 0


def test_a_document_may_bear_the_day_that_it_is_where_its_sender_lives(dispute: Dispute) -> None:
    clock = dispute.house.clock
    clock.move(hours=17 - clock.now.hour)
    here, there = clock.now.date(), clock.now.date() + timedelta(days=1)
    form = {"kind": "contract", "title": "Contract", "file": CASTING}
    filed = dispute.studio.send(f"{dispute.path}/documents", form | {"dated_on": there.isoformat()})
    assert filed.get_json()["dated_on"] == there.isoformat()
    later = dispute.studio.send(
        f"{dispute.path}/documents", form | {"dated_on": (here + timedelta(days=2)).isoformat()}
    )
    assert_problem(later, 422, "invalid_input")


def test_a_document_that_is_too_large_is_told_how_large_one_may_be(dispute: Dispute) -> None:
    with pytest.raises(InvalidInputError, match=f"from 1 to {LARGEST_DOCUMENT}") as refused:
        case_papers.file_document(
            dispute.house.ctx,
            Principal(dispute.performer.account_id, Role.PERFORMER, PERMISSIONS[Role.PERFORMER], None, {}),
            dispute.path.rpartition("/")[2],
            kind=PaperKind.OTHER,
            title="Everything",
            dated_on=None,
            content=bytes(LARGEST_DOCUMENT + 1),
        )
    assert refused.value.figures["bytes"] == LARGEST_DOCUMENT + 1


def test_a_member_of_the_studio_reads_and_does_not_file(dispute: Dispute) -> None:
    account = dispute.studio.made("/v1/accounts", {"role": "studio_member", "name": "Member"})
    token = dispute.studio.made("/v1/tokens", {"account_id": account["id"], "name": "test"})["token"]
    member = Caller(dispute.house.client, account["id"], token, dispute.studio.organisation_id)
    assert member.get(dispute.path).status_code == 200
    said = {"title": "Mine", "text": "I was there."}
    assert_problem(member.post(f"{dispute.path}/statements", said), 403, "forbidden", scope="cases:write")


# --- the source, and pausing -----------------------------------------------------------------------------------------


def test_a_sealed_source_is_named_and_nobody_learns_who(dispute: Dispute) -> None:
    attested = dispute.studio.made("/v1/attestations", ATTESTED)
    other = dispute.house.studio("Southgate Sound").made("/v1/attestations", ATTESTED)
    source = f"{dispute.path}/source"
    assert_problem(dispute.performer.post(source, {"attestation_id": attested["id"]}), 403, "forbidden")
    assert_problem(dispute.studio.post(source, {"attestation_id": other["id"]}), 404, "not_found")
    dispute.studio.made(source, {"attestation_id": attested["id"]})
    shown = dispute.performer.get(dispute.path)
    assert shown.get_json()["source"]["sealed"] is True
    assert "Rosa" not in shown.text
    assert attested["performer_id"] not in shown.text
    assert_problem(dispute.performer.get(f"/v1/attestations/{attested['id']}"), 403, "forbidden")


def licensed(dispute: Dispute) -> str:
    """Put a consent and a licence on record; answer the licence's id."""
    role, studio = Role.STUDIO_ADMIN, dispute.studio
    principal = Principal(studio.account_id, role, PERMISSIONS[role], studio.organisation_id, {})
    record = OnRecord(dispute.house.ctx, dispute.house.operator.account_id)
    return record.ready(dispute.performer_id, principal, TERMS)[1]


def test_a_pause_withdraws_clearances_until_it_ends(dispute: Dispute) -> None:
    licence_id = licensed(dispute)
    clearance = dispute.studio.made("/v1/clearances", {"performer_id": dispute.performer_id, "use": USE})
    cleared = f"/v1/clearances/{clearance['id']}"
    body = {"licence_ids": [licence_id], "reason": "We admit nothing by it."}
    (paused,) = dispute.studio.made(f"{dispute.path}/pauses", body)["items"]
    assert dispute.studio.get(cleared).get_json()["stands"]["standing"] == "withdrawn"
    assert_problem(dispute.studio.post(f"{dispute.path}/pauses", body), 409, "conflict", licence_id=licence_id)
    pause = f"{dispute.path}/pauses/{paused['id']}"
    end = {"reason": "The source was heard."}
    assert_problem(dispute.performer.post(f"{pause}/end", end), 403, "forbidden", placed_by="studio")
    assert dispute.studio.made(f"{pause}/end", end)["end_reason"] == end["reason"]
    assert dispute.studio.get(cleared).get_json()["stands"]["standing"] == "holds"
    assert_problem(dispute.studio.post(f"{pause}/end", end), 409, "conflict")


def test_what_the_registry_paused_the_studio_does_not_end_and_the_end_of_the_case_does(dispute: Dispute) -> None:
    licence_id = licensed(dispute)
    body = {"licence_ids": [licence_id], "reason": "Until both were heard."}
    (paused,) = dispute.house.operator.made(f"{dispute.path}/pauses", body)["items"]
    end = f"{dispute.path}/pauses/{paused['id']}/end"
    assert_problem(dispute.studio.post(end, {"reason": "No."}), 403, "forbidden", placed_by="operator")
    dispute.withdraw(dispute.performer)
    (shown,) = dispute.studio.get(f"{dispute.path}/pauses").get_json()["items"]
    assert "withdrawn" in shown["end_reason"]
    assert dispute.studio.get(f"/v1/licences/{licence_id}").get_json()["state"] == "active"
    assert_problem(dispute.studio.post(f"{dispute.path}/pauses", body), 409, "conflict", state="closed")


@pytest.mark.parametrize("moved", [{"days": -1}, {"days": 31}])
def test_a_pause_has_a_review_that_comes_in_time(dispute: Dispute, moved: dict[str, int]) -> None:
    licence_id = licensed(dispute)
    now = dispute.house.clock.now
    dispute.house.clock.move(**moved)
    wrong = dispute.house.clock.now.isoformat()
    dispute.house.clock.now = now
    body = {"licence_ids": [licence_id], "reason": "For now.", "review_at": wrong}
    assert_problem(dispute.studio.post(f"{dispute.path}/pauses", body), 422, "invalid_input")
    assert dispute.house.rows()["case_pauses"] == 0


def test_a_pause_goes_on_with_a_reason_and_another_day(dispute: Dispute) -> None:
    body = {"licence_ids": [licensed(dispute)], "reason": "For now."}
    (paused,) = dispute.studio.made(f"{dispute.path}/pauses", body)["items"]
    dispute.house.clock.move(days=20)
    path = f"{dispute.path}/pauses/{paused['id']}/continue"
    again = dispute.studio.made(path, {"reason": "The recordings are on their way."})
    assert again["review_at"] > paused["review_at"]


def test_only_licences_of_the_two_rest_for_a_case(dispute: Dispute) -> None:
    _, other = dispute.house.performer("Ines Duarte")
    foreign = dispute.house.licence(dispute.studio, other)["id"]
    for licence_id in (foreign, "lic_" + "0" * 26):
        body = {"licence_ids": [licence_id], "reason": "For now."}
        assert_problem(dispute.studio.post(f"{dispute.path}/pauses", body), 404, "not_found")
    assert_problem(
        dispute.performer.post(f"{dispute.path}/pauses", {"licence_ids": [foreign], "reason": "Stop."}),
        403,
        "forbidden",
    )
