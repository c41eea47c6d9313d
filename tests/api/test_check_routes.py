"""The main job over HTTP: a recording and its declared use go in, evidence and a verdict come out."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from bench import assess, at_work, heard, nobody
from house import USE, Caller, House, assert_problem, recording
from werkzeug.test import TestResponse

from api.idempotency import HEADER, REPLAYED
from registry.domain.scores import EvidenceOutcome, Reason
from registry.errors import SpeechTooShortError

NOBODYS = "chk_00000000000000000000000000"


@pytest.fixture
def studio(house: House) -> Caller:
    return house.studio()


@pytest.fixture
def performer(house: House) -> tuple[Caller, str]:
    """A performer who may be looked for and licensed."""
    caller, performer_id = house.performer()
    house.consent(caller, performer_id, "monitoring")
    house.consent(caller, performer_id, "licensing")
    return caller, performer_id


def submit(studio: Caller, *, headers: dict[str, str] | None = None, **changes: Any) -> TestResponse:
    form = USE | {"file": recording("submissions/slt-advert.flac")} | changes
    return studio.send("/v1/checks", form, headers=headers)


def test_a_check_that_is_not_waited_for_says_where_to_look(studio: Caller) -> None:
    response = submit(studio)
    answer = response.get_json()
    assert response.status_code == 202
    assert response.headers["Location"] == f"/v1/checks/{answer['id']}"
    assert "Preference-Applied" not in response.headers
    assert (answer["state"], answer["verdict"], answer["findings"], answer["engine"]) == ("queued", None, [], None)
    undeclared = ("fixed_on", "declared_source_id", "use_mode", "copy_sha256", "ai_disclosed")
    listed = {"claimed_licence_ids": [], "quantities": [{"unit": "second", "amount": 13}]}  # as long as the recording
    assert answer["use"] == USE | dict.fromkeys(undeclared) | listed
    assert answer["file"]["duration_s"] == pytest.approx(12.6, abs=0.1)


def test_a_wait_that_is_too_short_is_a_202_that_says_what_was_applied(studio: Caller) -> None:
    started = time.monotonic()
    response = submit(studio, headers={"Prefer": "wait=1"})
    assert (response.status_code, response.headers["Preference-Applied"]) == (202, "wait=1")
    assert time.monotonic() - started > 0.9


def test_a_check_that_is_waited_for_is_answered_whole(house: House, studio: Caller) -> None:
    with at_work(house.ctx, nobody()):
        response = submit(studio, headers={"Prefer": "wait=5"})
    answer = response.get_json()
    assert (response.status_code, response.headers["Preference-Applied"]) == (201, "wait=5")
    assert (answer["state"], answer["verdict"], answer["outcome"]) == ("done", "no_match", "no_match")
    assert answer["reasons"][0]["code"] == "nobody_enrolled_heard"
    assert answer["file"]["speech_s"] == 11.0
    assert response.headers["ETag"] == '"v2"'
    assert studio.get(response.headers["Location"]).get_json() == answer


def test_nobody_heard_in_a_recording_outside_what_was_validated_says_both(house: House, studio: Caller) -> None:
    why = Reason("not_validated_for", "the speech is 0.5 dB above the noise", {"snr_db": 0.5})
    path = submit(studio).headers["Location"]
    assess(house.ctx, replace(nobody(), reasons=(why,)))
    answer = studio.get(path).get_json()
    assert answer["verdict"] == "no_match"
    assert [reason["code"] for reason in answer["reasons"]] == ["nobody_enrolled_heard", "not_validated_for"]
    assert answer["reasons"][1]["figures"] == {"snr_db": 0.5}


def test_evidence_and_authorisation_stand_apart(house: House, studio: Caller, performer: tuple[Caller, str]) -> None:
    _, performer_id = performer
    path = submit(studio).headers["Location"]
    assess(house.ctx, heard(performer_id))
    answer = studio.get(path).get_json()
    (finding,) = answer["findings"]
    assert answer["verdict"] == finding["verdict"] == "unlicensed_match"
    assert finding["reasons"][0]["code"] == "no_licence"
    assert finding["performer"] == {"id": performer_id, "name": "Marta Calder"}
    assert finding["evidence"] == {
        "outcome": "match",
        "log10_lr": 3.0,
        "engines": {"ge2e": 1.2, "campplus": 3.0},
        "cohort_percentile": 99.9,
        "segments": [{"start_s": 0.5, "end_s": 11.5, "log10_lr": 3.0}],
        "reasons": [
            {"code": "above_threshold", "detail": "the same voice is supported", "figures": {"threshold": 2.0}}
        ],
    }
    assert "cosine" not in studio.get(path).text
    assert answer["engine"]["gallery_size"] == 2


def test_a_recording_that_a_worker_refuses_is_a_problem_and_is_not_kept(house: House, studio: Caller) -> None:
    before = house.rows()
    refusal = SpeechTooShortError("0.3 s of speech, 0.5 s are needed", speech_s=0.3, required_s=0.5)
    with at_work(house.ctx, refusal):
        response = submit(studio, headers={"Prefer": "wait=5", HEADER: "k"})
    assert_problem(response, 422, "speech_too_short", speech_s=0.3, required_s=0.5)
    assert house.spooled() == []
    assert house.rows()["checks"] == before["checks"]
    again = submit(studio, headers={"Prefer": "wait=5", HEADER: "k"})
    assert (again.status_code, again.headers[REPLAYED]) == (422, "true")


def test_a_refusal_that_nobody_waited_for_is_kept_with_the_check(house: House, studio: Caller) -> None:
    path = submit(studio).headers["Location"]
    assess(house.ctx, SpeechTooShortError("0.3 s of speech, 0.5 s are needed", speech_s=0.3, required_s=0.5))
    answer = studio.get(path).get_json()
    assert (answer["state"], answer["verdict"]) == ("refused", None)
    assert answer["problem"] == {
        "code": "speech_too_short",
        "detail": "0.3 s of speech, 0.5 s are needed",
        "figures": {"speech_s": 0.3, "required_s": 0.5},
    }


def test_a_retry_under_the_same_key_answers_how_the_check_stands_now(house: House, studio: Caller) -> None:
    key = {HEADER: "k"}
    first = submit(studio, headers=key)
    assert (first.status_code, first.get_json()["state"]) == (202, "queued")
    assess(house.ctx, nobody())
    again = submit(studio, headers=key | {"Prefer": "wait=5"})
    assert (again.status_code, again.get_json()["state"], again.headers[REPLAYED]) == (201, "done", "true")
    assert again.get_json()["id"] == first.get_json()["id"]
    assert house.rows()["checks"] == 1


def test_lists_show_checks_newest_first_without_their_findings(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    made = []
    for _ in range(3):
        made.append(submit(studio).get_json()["id"])
        assess(house.ctx, heard(performer[1]))
        house.clock.move(seconds=1)
    first = studio.get("/v1/checks?limit=2")
    second = studio.get(first.headers["Link"].partition(">")[0].removeprefix("<"))
    shown = first.get_json()["items"] + second.get_json()["items"]
    assert [each["id"] for each in shown] == made[::-1]
    assert "findings" not in shown[0]
    assert shown[0]["verdict"] == "unlicensed_match"


# --- who sees what ---------------------------------------------------------------------------------------------------


def test_what_is_not_ones_own_is_not_there(house: House, studio: Caller, performer: tuple[Caller, str]) -> None:
    stranger = house.studio("Another Studio")
    other_performer, _ = house.performer("Somebody Else")
    path = submit(studio).headers["Location"]
    assess(house.ctx, heard(performer[1]))
    finding_id = studio.get(path).get_json()["findings"][0]["id"]
    unknown = assert_problem(stranger.get(f"/v1/checks/{NOBODYS}"), 404, "not_found")
    theirs = assert_problem(stranger.get(path), 404, "not_found")
    assert theirs["detail"] == unknown["detail"], "an answer does not tell what exists"
    for caller in (stranger, other_performer):
        assert_problem(caller.get(f"/v1/findings/{finding_id}"), 404, "not_found")
        assert caller.get("/v1/findings").get_json()["items"] == []
    assert stranger.get("/v1/checks").get_json()["items"] == []


def test_a_performer_sees_findings_about_them_but_no_check(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    caller, performer_id = performer
    path = submit(studio).headers["Location"]
    assess(house.ctx, heard(performer_id))
    (finding,) = caller.get("/v1/findings").get_json()["items"]
    assert finding["organisation_id"] == studio.organisation_id
    assert caller.get(f"/v1/findings/{finding['id']}").get_json() == finding
    assert_problem(caller.get(path), 403, "forbidden", scope="checks:read")


def test_an_operator_sees_all(house: House, studio: Caller, performer: tuple[Caller, str]) -> None:
    path = submit(studio).headers["Location"]
    assess(house.ctx, heard(performer[1]))
    assert house.operator.get(path).status_code == 200
    assert len(house.operator.get("/v1/findings").get_json()["items"]) == 1


def test_findings_can_be_asked_for_by_verdict_and_performer(
    house: House, studio: Caller, performer: tuple[Caller, str]
) -> None:
    _, performer_id = performer
    submit(studio)
    assess(house.ctx, heard(performer_id))
    submit(studio)
    assess(house.ctx, heard(performer_id, EvidenceOutcome.SOUND_ALIKE, 0.5))
    for query, verdicts in {
        "": ["sound_alike_review", "unlicensed_match"],
        "?verdict=unlicensed_match": ["unlicensed_match"],
        "?verdict=licensed_use": [],
        f"?performer_id={performer_id}&limit=1": ["sound_alike_review"],
        "?performer_id=perf_00000000000000000000000000": [],
    }.items():
        items = studio.get(f"/v1/findings{query}").get_json()["items"]
        assert sorted(item["verdict"] for item in items) == verdicts
    assert_problem(studio.get("/v1/findings?verdict=guilty"), 422, "validation_failed")


def test_a_licensed_use_is_one_from_draft_to_verdict(
    either_house: House,
) -> None:
    house = either_house
    studio = house.studio()
    caller, performer_id = house.performer()
    house.consent(caller, performer_id, "monitoring")
    house.consent(caller, performer_id, "licensing")
    licence = house.licence(studio, performer_id)
    path = f"/v1/licences/{licence['id']}"
    studio.made(f"{path}/offer", None)
    studio.made(f"{path}/sign", {})
    caller.made(f"{path}/sign", {})
    for use, verdict in {"advertising": "licensed_use", "character": "licensed_out_of_scope"}.items():
        check = submit(studio, purpose=use, claimed_licence_ids=licence["id"]).headers["Location"]
        assess(house.ctx, heard(performer_id))
        answer = studio.get(check).get_json()
        assert (answer["verdict"], answer["findings"][0]["licence_id"]) == (verdict, licence["id"])
    done = caller.made(f"/v1/performers/{performer_id}/consents/withdraw", {"modality": "voice"})
    assert {consent["state"] for consent in done["consents"]} == {"withdrawn"}
    assert done["licences_suspended"] == [licence["id"]]
    check = submit(studio).headers["Location"]
    assess(house.ctx, heard(performer_id))
    assert studio.get(check).get_json()["findings"] == [], "who withdrew is not found any more"
