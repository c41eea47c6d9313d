"""Enrolment over HTTP: finished in time, still waiting, or refused with what to mend."""

from __future__ import annotations

import pytest
from bench import assess, at_work
from house import Caller, House, assert_problem, recording
from werkzeug.test import TestResponse

from registry.errors import SeveralSpeakersError

Enrolling = tuple[Caller, str]


@pytest.fixture
def enrolling(house: House) -> Enrolling:
    performer, performer_id = house.performer()
    house.consent(performer, performer_id)
    return performer, f"/v1/performers/{performer_id}/enrolments"


def enrol(enrolling: Enrolling, *, wait: str = "wait=0", **more: object) -> TestResponse:
    caller, path = enrolling
    form = {"recordings": [recording(f"enrolment/slt-{n}.flac") for n in (1, 2, 3)]}
    return caller.send(path, form | more, headers={"Prefer": wait})


def test_another_number_of_labels_than_of_recordings_is_refused(house: House, enrolling: Enrolling) -> None:
    assert_problem(enrol(enrolling, labels=["reading", "shouting"]), 422, "invalid_input", labels=2, recordings=3)
    assert house.rows()["enrolments"] == 0


def test_a_face_is_not_taken_in_yet(enrolling: Enrolling) -> None:
    assert enrol(enrolling, modality="face").status_code in {409, 422}
    assert_problem(enrol(enrolling, modality="smell"), 422, "validation_failed")


def test_an_enrolment_without_recordings_is_refused_at_its_field(enrolling: Enrolling) -> None:
    caller, path = enrolling
    for form in ({"modality": "voice"}, {"recordings": "text", "modality": "voice"}):
        answer = assert_problem(caller.send(path, form), 422, "validation_failed")
        assert answer["errors"][0]["pointer"].startswith("#/recordings")


def test_what_is_not_finished_in_time_is_a_202_that_says_where_to_look(enrolling: Enrolling) -> None:
    response = enrol(enrolling, labels=["reading", "telling", "asking"])
    answer = response.get_json()
    assert (response.status_code, answer["state"]) == (202, "queued")
    assert response.headers["Location"].endswith(f"/enrolments/{answer['id']}")
    assert [each["label"] for each in answer["recordings"]] == ["reading", "telling", "asking"]
    assert answer["quality"]["speech_s"] > 20
    seen = enrolling[0].get(response.headers["Location"])
    assert (seen.status_code, seen.get_json()) == (200, answer)
    assert [item["id"] for item in enrolling[0].get(enrolling[1]).get_json()["items"]] == [answer["id"]]


def test_what_a_worker_refuses_while_it_is_waited_for_is_a_problem_and_not_kept(
    house: House, enrolling: Enrolling
) -> None:
    refusal = SeveralSpeakersError("two voices speak in slt-2.flac", filename="slt-2.flac", speakers=2)
    with at_work(house.ctx, refusal):
        response = enrol(enrolling, wait="wait=5")
    assert_problem(response, 422, "enrolment_several_speakers", filename="slt-2.flac", speakers=2)
    assert (house.rows()["enrolments"], house.spooled()) == (0, [])


def test_what_is_refused_later_keeps_the_reason(house: House, enrolling: Enrolling) -> None:
    path = enrol(enrolling).headers["Location"]
    assess(house.ctx, SeveralSpeakersError("two voices speak in slt-2.flac", filename="slt-2.flac", speakers=2))
    answer = enrolling[0].get(path).get_json()
    assert (answer["state"], answer["problem"]["code"]) == ("refused", "enrolment_several_speakers")


def test_withdrawal_ends_what_still_waits(house: House, enrolling: Enrolling) -> None:
    caller, path = enrolling
    waiting = enrol(enrolling).headers["Location"]
    caller.made(f"{path.removesuffix('/enrolments')}/consents/withdraw", {})
    assert caller.get(waiting).get_json()["state"] == "erased"
    assert house.spooled() == []
