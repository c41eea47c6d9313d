"""From nothing to a consent over HTTP: explained, answered, delivered, signed; the receipt of it, and its end."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from house import Caller, House, assert_problem

from registry.domain.controllers import UNNAMED
from registry.domain.explanations.shipped import shipped_texts
from registry.interchange.receipts import RECEIPT_TYPE, read_receipt
from registry.vault.signing import read_jwks, verify

RIGHT = {text.id: [asked.right for asked in text.questions] for text in shipped_texts().values()}


def begin(caller: Caller, performer_id: str, topic: str = "monitoring", **changes: Any) -> dict[str, Any]:
    body = {"topic": topic, "modality": "voice", "language": "ko", "channel": "self_service"}
    return caller.made(f"/v1/performers/{performer_id}/explanations", body | changes)


def path_of(explanation: dict[str, Any]) -> str:
    return f"/v1/performers/{explanation['performer_id']}/explanations/{explanation['id']}"


def understand(house: House, caller: Caller, explanation: dict[str, Any]) -> dict[str, Any]:
    """Read a text alone, answer every question, take the copy, and complete it."""
    path = path_of(explanation)
    house.clock.move(minutes=4)
    caller.made(f"{path}/read", {})
    for number, option in enumerate(RIGHT[explanation["text_id"]], 1):
        caller.made(f"{path}/answers", {"question": number, "option": option})
    caller.made(f"{path}/deliver", {"method": "download"})
    return caller.made(f"{path}/complete", None)


# --- what cannot be left out -----------------------------------------------------------------------------------------


def test_a_consent_without_any_explanation_is_refused_and_says_what_to_explain(house: House) -> None:
    performer, performer_id = house.performer()
    body = {
        "purpose": "licensing",
        "modality": "voice",
        "decision": "given",
        "choices": {"dubbing": "allow", "advertising": "ask", "training": "never"},
        "signed_by": "Marta Calder",
        "signature_method": "electronic",
    }
    answer = assert_problem(
        performer.post(f"/v1/performers/{performer_id}/consents", body),
        422,
        "explanation_incomplete",
        topics=["licensing_dubbing", "licensing_productions", "withdrawal"],
    )
    assert len(answer["missing"]) == 3
    assert house.rows()["consents"] == 0


def test_a_consent_does_not_rest_on_what_was_left_off_in_the_middle(house: House) -> None:
    performer, performer_id = house.performer()
    begun = begin(performer, performer_id)
    body = house.signature(performer_id) | {
        "explanation_ids": [begun["id"], house.explain(performer_id, "withdrawal")["id"]]
    }
    answer = assert_problem(
        performer.post(f"/v1/performers/{performer_id}/consents", body), 422, "explanation_incomplete"
    )
    assert answer["topics"] == ["monitoring"]
    assert f"{begun['id']}: the text was not read" in answer["missing"]
    assert house.rows()["consents"] == 0


def test_no_step_can_be_left_out(house: House) -> None:
    performer, performer_id = house.performer()
    begun = begin(performer, performer_id)
    path = path_of(begun)
    assert_problem(performer.post(f"{path}/answers", {"question": 1, "option": 1}), 409, "conflict", next_step="read")
    answer = assert_problem(performer.post(f"{path}/complete"), 422, "explanation_incomplete")
    assert len(answer["missing"]) == 6
    house.clock.move(minutes=2)
    performer.made(f"{path}/read", {})
    performer.made(f"{path}/deliver", {"method": "download"})
    answer = assert_problem(performer.post(f"{path}/complete"), 422, "explanation_incomplete")
    assert answer["missing"] == [f"question {n} was not answered with understanding" for n in (1, 2, 3)]


def test_a_wrong_answer_teaches_and_is_kept(house: House) -> None:
    performer, performer_id = house.performer()
    begun = begin(performer, performer_id)
    house.clock.move(minutes=2)
    performer.made(f"{path_of(begun)}/read", {})
    wrong = 1 if RIGHT[begun["text_id"]][0] != 1 else 2
    given = performer.made(f"{path_of(begun)}/answers", {"question": 1, "option": wrong})
    assert not given["understood"]
    assert given["teaches"] == shipped_texts()[begun["text_id"]].questions[0].teaches
    right = performer.made(f"{path_of(begun)}/answers", {"question": 1, "option": RIGHT[begun["text_id"]][0]})
    assert (right["understood"], right["teaches"]) == (True, None)
    assert [kept["understood"] for kept in right["explanation"]["answers"]] == [False, True]


def test_which_option_is_right_is_not_told_beforehand(house: House) -> None:
    performer, performer_id = house.performer()
    begun = begin(performer, performer_id)
    shown = performer.get(f"/v1/explanation-texts/{begun['text_id']}").get_json()
    for asked in (*begun["questions"], *shown["questions"]):
        assert asked.keys() == {"number", "question", "options"}


def test_an_answer_given_elsewhere_that_shows_no_understanding_is_not_written_down(house: House) -> None:
    _, performer_id = house.performer()
    body = {
        "text_id": "monitoring.en.v1",
        "modality": "voice",
        "explained_by": "Jo Arden",
        "channel": "in_person",
        "duration_s": 600,
        "answers": [right % 3 + 1 for right in RIGHT["monitoring.en.v1"]],
        "copy_delivered_at": house.clock.now.isoformat(),
        "copy_method": "by_hand",
    }
    path = f"/v1/performers/{performer_id}/explanations/import"
    answer = assert_problem(house.operator.post(path, body), 422, "not_understood", questions=["1", "2", "3"])
    assert len(answer["teaches"]) == 3
    for changed in ({"answers": [1]}, {"channel": "self_service"}, {"copy_delivered_at": "2031-01-01T00:00:00Z"}):
        assert_problem(house.operator.post(path, body | changed), 422, "invalid_input")
    assert_problem(house.operator.post(path, body | {"text_id": "monitoring.en.v9"}), 422, "invalid_input")
    assert house.rows()["explanations"] == 0


def test_a_performer_reads_alone_and_nobody_reads_in_their_name(house: House) -> None:
    performer, performer_id = house.performer()
    path = f"/v1/performers/{performer_id}/explanations"
    body = {"topic": "monitoring", "modality": "voice", "language": "en"}
    assert_problem(house.operator.post(path, body | {"channel": "self_service"}), 403, "forbidden")
    assert_problem(performer.post(path, body | {"channel": "in_person", "explained_by": "Jo Arden"}), 403, "forbidden")
    assert_problem(house.operator.post(path, body | {"channel": "in_person"}), 422, "invalid_input")
    assert_problem(performer.post(f"{path}/import", {}), 422, "validation_failed")


def agent_of(house: House, performer: Caller, performer_id: str) -> Caller:
    agent = house.admit("representative", "Agent")
    body = {
        "account_id": agent.account_id,
        "kind": "agent",
        "scopes": ["performers:read", "consents:write"],
        "expires_at": "2026-12-31T00:00:00Z",
        "evidence_sha256": "e" * 64,
    }
    performer.made(f"/v1/performers/{performer_id}/representatives", body)
    return agent


def test_what_somebody_reads_alone_nobody_reads_answers_or_takes_for_them(house: House) -> None:
    performer, performer_id = house.performer()
    agent = agent_of(house, performer, performer_id)
    begun = begin(performer, performer_id)
    house.clock.move(minutes=2)
    for other in (house.operator, agent):
        for step, body in (
            ("read", {}),
            ("resume", None),
            ("answers", {"question": 1, "option": 1}),
            ("deliver", {"method": "download"}),
            ("complete", None),
        ):
            assert_problem(other.post(f"{path_of(begun)}/{step}", body), 403, "forbidden")
    assert performer.get(path_of(begun)).get_json() == begun
    understand(house, performer, begun)


def test_who_signs_has_understood_it_themselves(house: House) -> None:
    performer, performer_id = house.performer()
    agent = agent_of(house, performer, performer_id)
    told = [understand(house, performer, begin(performer, performer_id, each)) for each in ("monitoring", "withdrawal")]
    body = house.signature(performer_id) | {"explanation_ids": [each["id"] for each in told], "signed_by": "Agent"}
    path = f"/v1/performers/{performer_id}/consents"
    answer = assert_problem(agent.post(path, body), 422, "explanation_incomplete", topics=["monitoring", "withdrawal"])
    assert answer["missing"][0].endswith("was read and answered by somebody else than who signs")
    assert performer.made(path, body)["signed_as"] == "performer"


def test_how_long_somebody_explained_is_not_for_the_performer_to_say(house: House) -> None:
    performer, performer_id = house.performer()
    path = f"/v1/performers/{performer_id}/explanations"
    body = {"topic": "monitoring", "modality": "voice", "language": "en", "channel": "telephone"}
    begun = house.operator.made(path, body | {"explained_by": "Jo Arden"})
    assert_problem(performer.post(f"{path_of(begun)}/read", {"duration_s": 1800}), 403, "forbidden")
    assert house.operator.made(f"{path_of(begun)}/read", {"duration_s": 600})["duration_s"] == 600
    performer.made(f"{path_of(begun)}/answers", {"question": 1, "option": 1})  # the answers are their own to give


def test_after_a_withdrawal_a_new_yes_is_explained_anew(house: House) -> None:
    performer, performer_id = house.performer()
    body = house.signature(performer_id)
    path = f"/v1/performers/{performer_id}/consents"
    house.clock.move(minutes=1)
    performer.made(f"{path}/{performer.made(path, body)['id']}/withdraw", None)
    answer = assert_problem(
        performer.post(path, body), 422, "explanation_incomplete", topics=["monitoring", "withdrawal"]
    )
    assert "explained anew" in answer["missing"][0]
    house.clock.move(minutes=1)
    assert performer.made(path, house.signature(performer_id))["state"] == "active"


def test_a_topic_without_a_text_in_the_language_says_in_which_there_is_one(house: House) -> None:
    performer, performer_id = house.performer()
    body = {"topic": "monitoring", "modality": "voice", "language": "fr", "channel": "self_service"}
    path = f"/v1/performers/{performer_id}/explanations"
    assert_problem(performer.post(path, body), 422, "invalid_input", languages=["en", "ko"])
    assert begin(performer, performer_id, language="ko-KR")["text_id"] == "monitoring.ko.v1"


def test_what_was_explained_in_words_of_before_counts_and_whoever_begins_reads_the_newest(house: House) -> None:
    performer, performer_id = house.performer()
    choices = {"dubbing": "ask"}
    signed = house.signature(performer_id, "licensing", choices=choices)
    told = [f"{topic}.ko.v1" for topic in ("licensing_dubbing", "withdrawal")]
    signed["explanation_ids"] = [
        house.explain(performer_id, text_id=text_id, answers=RIGHT[text_id])["id"] for text_id in told
    ]
    assert {"licensing_dubbing.ko.v2", "withdrawal.ko.v2"} <= RIGHT.keys()
    assert performer.made(f"/v1/performers/{performer_id}/consents", signed)["state"] == "active"
    other, other_id = house.performer("Mina Seo")
    assert begin(other, other_id, "licensing_dubbing", language="ko")["text_id"] == "licensing_dubbing.ko.v2"


def test_somebody_else_sees_and_continues_nothing(house: House) -> None:
    performer, performer_id = house.performer()
    other, _ = house.performer("Somebody Else")
    begun = begin(performer, performer_id)
    assert_problem(other.get(path_of(begun)), 404, "not_found")
    assert_problem(other.post(f"{path_of(begun)}/read", {}), 404, "not_found")
    assert_problem(house.studio().get(path_of(begun)), 403, "forbidden")


# --- the way ---------------------------------------------------------------------------------------------------------


def test_from_nothing_to_a_consent_in_korean_with_a_pause_in_between(house: House) -> None:
    performer, performer_id = house.performer()
    begun = begin(performer, performer_id)
    path = path_of(begun)
    assert (begun["next_step"], begun["text_sha256"]) == ("read", sha256(begun["text"].encode()).hexdigest())
    house.clock.move(minutes=3)
    assert performer.made(f"{path}/read", {})["duration_s"] == 180
    house.clock.move(days=2)
    assert performer.get(path).get_json()["next_step"] == "answer"
    performer.made(f"{path}/resume", None)
    house.clock.move(minutes=1)
    assert performer.made(f"{path}/read", {})["duration_s"] == 240
    assert performer.get(path).get_json()["next_step"] == "answer"
    for number, option in enumerate(RIGHT[begun["text_id"]], 1):
        performer.made(f"{path}/answers", {"question": number, "option": option})
    assert performer.made(f"{path}/deliver", {"method": "download"})["next_step"] == "complete"
    done = performer.made(f"{path}/complete", None)
    assert (done["next_step"], done["explained_by"], done["channel"]) == ("done", "the registry", "self_service")
    assert_problem(performer.post(f"{path}/read", {}), 409, "conflict", next_step="done")

    withdrawal = understand(house, performer, begin(performer, performer_id, "withdrawal"))
    body = {
        "purpose": "monitoring",
        "modality": "voice",
        "decision": "given",
        "explanation_ids": [done["id"], withdrawal["id"]],
        "signed_by": "마르타 칼더",
        "signature_method": "electronic",
    }
    consent = performer.made(f"/v1/performers/{performer_id}/consents", body)
    assert (consent["state"], consent["signed_as"]) == ("active", "performer")
    standing = performer.get(f"/v1/performers/{performer_id}/standing").get_json()
    voice, face = standing["modalities"]
    assert (voice["presence"], voice["in_force"]) == ("monitor_me", ["monitoring"])
    assert (face["presence"], face["in_force"]) == ("unset", [])
    assert set(voice["choices"].values()) == {"never"}


def test_a_page_left_open_overnight_was_not_read_all_night(house: House) -> None:
    performer, performer_id = house.performer()
    begun = begin(performer, performer_id)
    house.clock.move(hours=9)
    assert performer.made(f"{path_of(begun)}/read", {})["duration_s"] == 3600


def test_an_explanation_is_kept_word_for_word(house: House) -> None:
    performer, performer_id = house.performer()
    explained = house.explain(performer_id)
    text = performer.get("/v1/explanation-texts/monitoring.en.v1").get_json()
    assert (explained["text"], explained["text_sha256"]) == (text["text"], text["text_sha256"])
    assert performer.get(path_of(explained)).get_json() == explained
    listed = performer.get(f"/v1/performers/{performer_id}/explanations").get_json()
    assert listed == {"items": [explained], "next_cursor": None}


def test_choices_are_said_for_each_use_and_a_yes_that_says_none_is_refused(house: House) -> None:
    performer, performer_id = house.performer()
    body = house.signature(performer_id, "licensing", choices={"dubbing": "allow", "advertising": "ask"})
    consent = performer.made(f"/v1/performers/{performer_id}/consents", body)
    assert consent["choices"] == {"advertising": "ask", "dubbing": "allow"}
    voice = performer.get(f"/v1/performers/{performer_id}/standing").get_json()["modalities"][0]
    assert (voice["choices"]["dubbing"], voice["choices"]["training"]) == ("allow", "never")
    path = f"/v1/performers/{performer_id}/consents"
    for changed in ({"choices": {}}, {"choices": {"dubbing": "never"}}, {"purpose": "monitoring"}):
        assert_problem(performer.post(path, body | changed), 422, "invalid_input")
    for choices in ({"singing": "allow"}, {"dubbing": "perhaps"}):
        assert_problem(performer.post(path, body | {"choices": choices}), 422, "validation_failed")


# --- texts -----------------------------------------------------------------------------------------------------------


def own_text(**changes: Any) -> dict[str, Any]:
    text = shipped_texts()["monitoring.en.v1"]
    body = {
        "topic": "monitoring",
        "language": "en",
        "version": "northlight-1",
        "modalities": ["voice"],
        "text": text.text + "\n\nAnd what this registry adds.",
        "questions": [asked.as_json() for asked in text.questions],
    }
    return body | changes


def test_an_operators_text_never_changes_once_it_is_registered(house: House) -> None:
    made = house.operator.made("/v1/explanation-texts", own_text())
    assert (made["id"], made["shipped"]) == ("monitoring.en.northlight-1", False)
    assert_problem(house.operator.post("/v1/explanation-texts", own_text(text="Other words.")), 409, "duplicate")
    performer, performer_id = house.performer()
    begun = begin(performer, performer_id, language="en", text_id=made["id"])
    assert begun["text"] == made["text"] == own_text()["text"]


@pytest.mark.parametrize(
    "changes", [{"version": "v2"}, {"version": "Two words"}, {"questions": []}, {"topic": "forget_me"}]
)
def test_a_text_that_could_not_be_told_is_not_registered(house: House, changes: dict[str, Any]) -> None:
    assert_problem(house.operator.post("/v1/explanation-texts", own_text(**changes)), 422, "invalid_input")


def test_only_an_operator_registers_a_text(house: House) -> None:
    performer, _ = house.performer()
    assert_problem(performer.post("/v1/explanation-texts", own_text()), 403, "forbidden")
    assert_problem(performer.get("/v1/explanation-texts/monitoring.en.nothing"), 404, "not_found")


def test_texts_are_listed_by_topic_and_language_with_their_reading_level(house: House) -> None:
    performer, _ = house.performer()
    listed = performer.get("/v1/explanation-texts?topic=withdrawal&language=ko").get_json()["items"]
    assert [each["id"] for each in listed] == ["withdrawal.ko.v1", "withdrawal.ko.v2"]
    assert listed[0]["reading_level"]["measure"] == "eojeol_per_sentence"
    assert len(performer.get("/v1/explanation-texts").get_json()["items"]) == len(shipped_texts())


# --- receipts --------------------------------------------------------------------------------------------------------


def test_a_receipt_is_checked_with_nothing_but_the_public_keys(house: House) -> None:
    performer, performer_id = house.performer()
    consent = house.consent(performer, performer_id, "licensing", choices={"dubbing": "ask"})
    path = f"/v1/performers/{performer_id}/consents/{consent['id']}"
    answer = performer.get(f"{path}/receipt").get_json()
    keys = read_jwks(house.client.get("/v1/keys").data)
    receipt = read_receipt(verify(answer["jws"], keys, typ=RECEIPT_TYPE))
    assert (receipt.record_id, receipt.principal_id, receipt.state) == (consent["id"], performer_id, "active")
    assert receipt.purpose["choices"] == {"dubbing": "ask"}
    for explanation_id in consent["explanation_ids"]:
        told = performer.get(f"/v1/performers/{performer_id}/explanations/{explanation_id}").get_json()
        assert receipt.has_text(sha256(told["text"].encode()).hexdigest())
    performer.made(f"{path}/withdraw", None)
    ended = performer.get(f"{path}/receipt").get_json()["claims"]
    assert (ended["state"], ended["record"]["events"][-1]["event_state"]) == ("withdrawn", "consent_withdrawn")


def test_nobody_else_gets_a_receipt(house: House) -> None:
    performer, performer_id = house.performer()
    other, _ = house.performer("Somebody Else")
    consent = house.consent(performer, performer_id)
    path = f"/v1/performers/{performer_id}/consents/{consent['id']}/receipt"
    assert_problem(other.get(path), 404, "not_found")
    assert_problem(house.studio().get(path), 403, "forbidden")
    assert_problem(performer.get(path.replace(consent["id"], "cons_" + "0" * 26)), 404, "not_found")


def test_a_registry_that_nobody_answers_for_gives_no_receipt(house: House) -> None:
    performer, performer_id = house.performer()
    consent = house.consent(performer, performer_id)
    object.__setattr__(house.ctx, "controller", UNNAMED)
    response = performer.get(f"/v1/performers/{performer_id}/consents/{consent['id']}/receipt")
    answer = assert_problem(response, 409, "controller_unnamed")
    assert "LIKENESS_CONTROLLER_NAME" in answer["settings"]


# --- decisions -------------------------------------------------------------------------------------------------------


def test_a_decision_takes_the_place_of_the_one_before(house: House) -> None:
    performer, performer_id = house.performer()
    first = house.consent(performer, performer_id, "licensing")
    house.clock.move(minutes=1)
    second = house.consent(performer, performer_id, "licensing", decision="refused")
    listed = performer.get(f"/v1/performers/{performer_id}/consents").get_json()["items"]
    assert [(item["id"], item["state"], item["superseded_by"]) for item in listed] == [
        (first["id"], "superseded", second["id"]),
        (second["id"], "active", None),
    ]
    claims = performer.get(f"/v1/performers/{performer_id}/consents/{first['id']}/receipt").get_json()["claims"]
    given, superseded = claims["record"]["events"]
    assert (given["event_state"], given["validity_duration"]) == ("consent_given", "until_withdrawn")
    assert superseded["event_state"] == "consent_superseded"
    assert datetime.fromisoformat(superseded["event_time"]) == datetime.fromisoformat(second["signed_at"])


def test_one_consent_is_withdrawn_at_the_version_that_was_seen_and_a_second_time_is_the_same(house: House) -> None:
    performer, performer_id = house.performer()
    consent = house.consent(performer, performer_id)
    path = f"/v1/performers/{performer_id}/consents/{consent['id']}"
    assert_problem(performer.post(f"{path}/withdraw", headers={"If-Match": '"v9"'}), 412, "stale_version")
    done = performer.made(f"{path}/withdraw", None)
    assert [(c["id"], c["state"]) for c in done["consents"]] == [(consent["id"], "withdrawn")]
    assert (done["workers_live"], done["workers_confirmed"]) == (0, 0)
    again = performer.made(f"{path}/withdraw", None)
    assert (done["already"], again["already"]) == (False, True)
    assert again["consents"] == done["consents"]
    assert performer.get(path).get_json()["state"] == "withdrawn"


def test_nobody_else_reads_or_ends_a_consent(house: House) -> None:
    performer, performer_id = house.performer()
    other, other_id = house.performer("Somebody Else")
    consent = house.consent(performer, performer_id)
    for path in (
        f"/v1/performers/{performer_id}/consents/{consent['id']}",
        f"/v1/performers/{other_id}/consents/{consent['id']}",
    ):
        assert_problem(other.get(path), 404, "not_found")
        assert_problem(other.post(f"{path}/withdraw"), 404, "not_found")
    assert performer.get(f"/v1/performers/{performer_id}/consents").get_json()["items"][0]["state"] == "active"


def test_a_consent_past_its_term_is_shown_as_expired(house: House) -> None:
    performer, performer_id = house.performer()
    consent = house.consent(performer, performer_id, expires_at="2026-04-01T00:00:00Z")
    path = f"/v1/performers/{performer_id}/consents/{consent['id']}"
    house.clock.move(days=30)
    response = performer.get(path)
    assert (response.get_json()["state"], response.headers["ETag"]) == ("expired", '"v1-expired"')


# --- who must stop ---------------------------------------------------------------------------------------------------


def in_force(house: House, performer: Caller, performer_id: str) -> tuple[dict[str, Any], Caller]:
    """Let a studio have a licence that is in force."""
    studio = house.studio()
    licence = house.licence(studio, performer_id)
    studio.made(f"/v1/licences/{licence['id']}/offer", None)
    studio.made(f"/v1/licences/{licence['id']}/sign", {})
    return performer.made(f"/v1/licences/{licence['id']}/sign", {}), studio


def test_who_may_use_a_voice_is_for_the_performer_to_see_before_anything_ends(house: House) -> None:
    performer, performer_id = house.performer()
    path = f"/v1/performers/{performer_id}/holders"
    assert performer.get(path).get_json() == {"ended_at": None, "holders": []}
    house.consent(performer, performer_id, "licensing")
    licence, studio = in_force(house, performer, performer_id)
    found = performer.get(path).get_json()
    (holder,) = found["holders"]
    assert (found["ended_at"], holder["kind"], holder["id"]) == (None, "licence", licence["id"])
    assert_problem(studio.get(path), 403, "forbidden")
    other, _ = house.performer("Somebody Else")
    assert_problem(other.get(path), 404, "not_found")


@pytest.mark.parametrize("how", ["withdrawn", "refused", "expired"])
def test_who_had_to_stop_is_said_however_consent_has_ended(house: House, how: str) -> None:
    performer, performer_id = house.performer()
    path = f"/v1/performers/{performer_id}"
    ends_at = house.clock.now + timedelta(days=3)
    consent = house.consent(performer, performer_id, "licensing", expires_at=ends_at.isoformat())
    licence, _ = in_force(house, performer, performer_id)
    house.clock.move(days=1)
    ended_at = ends_at if how == "expired" else house.clock.now
    match how:
        case "withdrawn":
            performer.made(f"{path}/consents/{consent['id']}/withdraw", None)
        case "refused":
            house.consent(performer, performer_id, "licensing", decision="refused")
    for days in (5, 1):
        house.clock.move(days=days)
        found = performer.get(f"{path}/holders").get_json()
        assert datetime.fromisoformat(found["ended_at"]) == ended_at
        (holder,) = found["holders"]
        assert holder["id"] == licence["id"]
        assert datetime.fromisoformat(holder["stop_by"]) == ended_at + timedelta(hours=24)
