"""Analyses over HTTP: asked for by the registry, read by both sides alike, and a source under seal stays there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pytest
from bench import compare_case
from crowded import zipped
from house import Caller, House, Sound, assert_problem, recording

from registry.domain.cohorts.texts import cohort_texts

FOUND = b'{"format":"likeness-comparison","reading":{"conclusion":"inconclusive"},"version":1}\n'
PEOPLE = Sound(zipped(("one/a.flac", b"one"), ("two/b.flac", b"two")), "cohort.zip")


@dataclass
class Heard:
    """A case that is analysed, with recordings of the two voices that it is about."""

    house: House
    performer: Caller
    performer_id: str
    studio: Caller
    path: str
    archive: str = ""

    def files(self, caller: Caller, name: str, **more: Any) -> Any:
        form = {"kind": "recording", "title": "A recording", "file": recording(name)} | more
        return caller.send(f"{self.path}/documents", form)

    def ask(self, caller: Caller, **more: Any) -> Any:
        cohort = {"paper_id": self.archive, "criteria": "English, made by code"}
        return caller.post(f"{self.path}/analyses", {"reason": "Both have filed.", "cohort": cohort} | more)

    def asked(self) -> str:
        response = self.ask(self.house.operator)
        assert response.status_code == 202, response.text
        location: str = response.headers["Location"]
        return location


@pytest.fixture
def heard(house: House) -> Heard:
    studio = house.studio()
    performer, performer_id = house.performer()
    said = {"performer_id": performer_id, "studio_id": studio.organisation_id, "product": "Sky", "claim": "It is mine."}
    path = f"/v1/cases/{performer.made('/v1/cases', said)['id']}"
    heard = Heard(house, performer, performer_id, studio, path)
    house.operator.made(f"{path}/steps", {"step": "take_up", "reason": "It is time."})
    assert heard.files(performer, "submissions/slt-game.flac", voice="questioned").status_code == 201
    assert heard.files(performer, "enrolment/rms-1.flac", voice="performer").status_code == 201
    assert heard.files(studio, "enrolment/slt-1.flac", voice="source", under_seal="true").status_code == 201
    form = {"kind": "technical", "title": "A cohort", "file": PEOPLE}
    heard.archive = studio.send(f"{path}/documents", form).get_json()["id"]
    house.operator.made(f"{path}/steps", {"step": "analyse", "reason": "It is time."})
    return heard


def test_an_analysis_is_asked_for_by_the_registry_and_read_by_both_sides_alike(heard: Heard) -> None:
    for side in (heard.performer, heard.studio):
        assert_problem(heard.ask(side), 403, "forbidden", by="registry")
    place = heard.asked()
    waiting = heard.performer.get(place).get_json()
    assert (waiting["state"], waiting["comparison"], waiting["readings"]) == ("waiting", None, [])
    assert_problem(heard.performer.get(f"{place}/comparison"), 404, "not_found")
    assert {voice: len(each["paper_ids"]) for voice, each in waiting["voices"].items()} == {
        "questioned": 1,
        "performer": 1,
        "source": 1,
    }
    assert assert_problem(heard.ask(heard.house.operator), 409, "conflict")["analysis_id"] == waiting["id"]
    compare_case(heard.house.ctx, FOUND)
    first = heard.performer.get(place).get_json()
    assert (first["comparison"], first["conclusion"]) == (json.loads(FOUND), "inconclusive")
    file = heard.studio.get(f"{place}/comparison")
    assert (file.data, hashlib.sha256(file.data).hexdigest()) == (FOUND, first["content_sha256"])
    assert [each["side"] for each in heard.studio.get(place).get_json()["readings"]] == ["complainant", "respondent"]
    (listed,) = heard.studio.get(f"{heard.path}/analyses").get_json()["items"]
    assert listed == {name: value for name, value in first.items() if name not in {"comparison", "readings"}}
    stranger = heard.house.studio("Southgate Sound")
    for path in ("/analyses", "/cohorts"):
        assert_problem(stranger.get(heard.path + path), 404, "not_found")
    assert_problem(stranger.get(place), 404, "not_found")


def test_what_lies_under_seal_is_heard_by_nobody_but_the_side_that_filed_it(heard: Heard) -> None:
    papers = heard.performer.get(f"{heard.path}/papers").get_json()["items"]
    own = heard.studio.get(f"{heard.path}/papers").get_json()["items"]
    assert papers == [each | {"salt": None} for each in own]
    assert papers == heard.house.operator.get(f"{heard.path}/papers").get_json()["items"]
    (sealed,) = [each for each in papers if each["under_seal"]]
    plain = hashlib.sha256(recording("enrolment/slt-1.flac").data).digest()
    (salt,) = (bytes.fromhex(each["salt"]) for each in own if each["salt"])
    assert sealed["sha256"] == hashlib.sha256(salt + plain).hexdigest()
    assert (sealed["held"], sealed["voice"], sealed["side"]) == (True, "source", "respondent")
    place = f"{heard.path}/papers/{sealed['id']}/content"
    for caller in (heard.performer, heard.house.operator):
        assert_problem(caller.get(place), 403, "forbidden")
    assert heard.studio.get(place).data == recording("enrolment/slt-1.flac").data
    said = {each["voice"]: each["id"] for each in papers}
    assert heard.studio.get(f"{heard.path}/papers/{said['questioned']}/content").status_code == 200


def test_each_side_vouches_for_its_own_voice_with_a_recording_that_can_be_heard(heard: Heard) -> None:
    refused = heard.files(heard.studio, "enrolment/rms-2.flac", voice="performer")
    assert_problem(refused, 403, "forbidden", side="respondent", voice="performer")
    assert_problem(heard.files(heard.performer, "enrolment/rms-2.flac", voice="source"), 403, "forbidden")
    assert_problem(heard.files(heard.performer, "enrolment/rms-2.flac", under_seal="true"), 422, "invalid_input")
    sealed = heard.files(heard.performer, "enrolment/rms-2.flac", voice="performer", under_seal="true")
    assert_problem(sealed, 422, "invalid_input")
    no_recording = heard.files(heard.performer, "enrolment/rms-2.flac", voice="performer", file=PEOPLE)
    assert_problem(no_recording, 422, "media_not_recognised")
    a_contract = heard.files(heard.performer, "enrolment/rms-2.flac", voice="performer", kind="contract")
    assert_problem(a_contract, 422, "invalid_input")


def test_a_cohort_is_an_archive_or_people_who_agreed_to_it_and_never_both_or_neither(heard: Heard) -> None:
    place = f"{heard.path}/cohorts"
    for wrong in ({}, {"paper_id": heard.archive, "among": {}}, {"paper_id": heard.archive}):
        assert_problem(heard.studio.post(place, wrong), 422, "invalid_input")
    few = assert_problem(heard.studio.post(place, {"among": {"sex": "female"}}), 422, "invalid_input", required=20)
    assert "people" not in few
    asked = heard.ask(heard.house.operator, cohort={"among": {"sex": "female"}})
    assert "people" not in assert_problem(asked, 422, "invalid_input", required=20), "not the registry either"
    proposed = heard.studio.made(place, {"paper_id": heard.archive, "criteria": "whom we found"})
    again = heard.studio.post(place, {"paper_id": heard.archive, "criteria": "others"})
    assert_problem(again, 409, "duplicate", cohort_id=proposed["id"])
    assert_problem(heard.house.operator.post(place, {"among": {}}), 403, "forbidden")
    assert heard.performer.get(place).get_json()["items"] == [proposed]
    shown = heard.performer.get(heard.asked()).get_json()
    assert [each["name"] for each in shown["cohorts"]] == ["stated", "alternative of the respondent"]


def test_a_proposal_shows_the_analysis_that_it_rests_on_by_id_and_digest(heard: Heard) -> None:
    analysis = heard.asked().rpartition("/")[2]
    compare_case(heard.house.ctx, FOUND)
    said = {"conclusion": "supports_p", "grounds": "As was heard.", "would_change": "More.", "analysis_id": analysis}
    proposals = f"{heard.path}/proposals"
    other = assert_problem(heard.house.operator.post(proposals, said), 409, "conflict")
    assert (other["conclusion"], other["analysis_conclusion"]) == ("supports_p", "inconclusive")
    made = heard.house.operator.made(proposals, said | {"conclusion": "inconclusive"})
    digest = hashlib.sha256(FOUND).hexdigest()
    assert (made["rests_on"], made["analysis_id"], made["analysis_sha256"]) == ("recordings", analysis, digest)
    assert heard.studio.get(proposals).get_json()["items"] == [made]


def test_a_performer_agrees_to_be_one_of_many_after_the_text_and_ends_it(house: House) -> None:
    performer, performer_id = house.performer()
    texts = performer.get("/v1/cohort-texts").get_json()["items"]
    assert [each["id"] for each in texts] == ["cohort.en.v1", "cohort.ko.v1"]
    place = f"/v1/performers/{performer_id}/cohort-agreements"
    text = cohort_texts()["cohort.en.v1"]
    agreed = {"text_id": text.id, "text_sha256": texts[0]["text_sha256"], "answers": [2, 3, 1]}
    assert_problem(performer.post(place, agreed), 409, "consent_missing")
    house.consent(performer, performer_id)
    wrong = assert_problem(performer.post(place, agreed | {"answers": [1, 3, 1]}), 422, "not_understood")
    assert wrong["teaches"] == [text.questions[0].teaches]
    said = {"language": "ko", "sex": "female", "age_band": "30_to_44"}
    made = performer.made(place, agreed | {"description": said})
    assert made["description"] == said | {"accent": None}
    ended = performer.made(f"{place}/end", None)
    assert (ended["id"], ended["description"], ended["ended_at"] is None) == (made["id"], None, False)
    assert performer.get(place).get_json()["items"] == [ended]
    assert_problem(performer.post(f"{place}/end"), 409, "conflict")
