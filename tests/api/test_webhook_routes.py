"""Over HTTP: registering webhooks, changing them, and looking at what became of messages."""

from __future__ import annotations

from typing import Any

import pytest
from house import House, assert_problem

from registry.domain.webhooks import TYPES

HOOK = {"name": "pipeline", "url": "https://hooks.northlight.example/likeness", "events": ["findings.recorded"]}


@pytest.mark.parametrize(
    ("changes", "figures"),
    [
        ({"url": "http://hooks.example/x"}, {"step": "scheme"}),
        ({"url": "https://169.254.169.254/latest"}, {"step": "address"}),
        ({"url": "https://me:secret@hooks.example/"}, {"step": "credentials"}),
        ({"url": "https://hooks.example:22/"}, {"step": "port"}),
        ({"events": ["check.done"]}, {"unknown": ["check.done"], "known": list(TYPES)}),
    ],
)
def test_a_webhook_that_may_not_be_is_refused_with_what_is_wrong(
    house: House, changes: dict[str, Any], figures: dict[str, Any]
) -> None:
    assert_problem(house.studio().post("/v1/webhooks", HOOK | changes), 422, "invalid_input", **figures)


@pytest.mark.parametrize("changes", [{"events": []}, {"name": ""}, {"url": "x" * 2001}, {"secret": "abc"}])
def test_a_webhook_of_another_shape_is_refused(house: House, changes: dict[str, Any]) -> None:
    assert_problem(house.studio().post("/v1/webhooks", HOOK | changes), 422, "validation_failed")


def test_only_who_runs_an_organisation_has_webhooks(house: House) -> None:
    performer, _ = house.performer()
    house.studio("Northlight")
    for caller in (performer, house.admit("studio_member", "A member", "Longshot")):
        assert_problem(caller.post("/v1/webhooks", HOOK), 403, "forbidden", scope="webhooks:write")
        assert_problem(caller.get("/v1/webhooks"), 403, "forbidden", scope="webhooks:read")
    auditor = house.admit("auditor", "An auditor", "Plain Sight")
    assert auditor.made("/v1/webhooks", HOOK)["organisation_id"] == auditor.organisation_id


def test_another_studios_webhook_is_not_there(house: House) -> None:
    mine, other = house.studio("Northlight"), house.studio("Longshot")
    path = f"/v1/webhooks/{mine.made('/v1/webhooks', HOOK)['id']}"
    message = mine.post(f"{path}/test").get_json()
    for asked in (
        other.get(path),
        other.patch(path, {"name": "mine now"}),
        other.post(f"{path}/disable"),
        other.post(f"{path}/enable"),
        other.post(f"{path}/remove"),
        other.post(f"{path}/test"),
        other.get(f"{path}/messages"),
        other.post(f"{path}/messages/{message['id']}/resend"),
        other.post("/v1/webhooks", HOOK | {"organisation_id": mine.organisation_id}),
        other.get(f"/v1/webhooks?organisation_id={mine.organisation_id}"),
    ):
        assert_problem(asked, 404, "not_found")
    assert other.get("/v1/webhooks").get_json()["items"] == []
    assert [each["id"] for each in house.operator.get("/v1/webhooks").get_json()["items"]] == [path[-31:]]


def test_a_webhook_is_changed_as_the_version_that_was_read_and_left_alone_otherwise(house: House) -> None:
    studio = house.studio()
    made = studio.post("/v1/webhooks", HOOK)
    path = made.headers["Location"]
    assert made.headers["ETag"] == '"v1"'
    assert_problem(studio.patch(path, {}), 422, "validation_failed")
    changed = studio.patch(path, {"events": None}, headers={"If-Match": '"v1"'})
    assert changed.get_json()["events"] is None
    assert changed.get_json()["name"] == "pipeline"
    stale = studio.patch(path, {"name": "other"}, headers={"If-Match": '"v1"'})
    assert_problem(stale, 412, "stale_version", version=1, current_version=2)
    assert studio.get(path, headers={"If-None-Match": '"v2"'}).status_code == 304


def test_messages_have_a_log_that_can_be_read_and_are_sent_again_only_when_dead(house: House) -> None:
    studio = house.studio()
    path = studio.post("/v1/webhooks", HOOK | {"events": ["check.refused"]}).headers["Location"]
    tested = studio.post(f"{path}/test")
    assert (tested.status_code, tested.headers["Location"]) == (202, f"{path}/messages")
    message = tested.get_json()
    assert (message["state"], message["attempts"], message["log"]) == ("waiting", 0, [])
    assert message["data"] == {"organisation_id": studio.organisation_id, "webhook_id": path.rsplit("/", 1)[1]}
    resend = f"{path}/messages/{message['id']}/resend"
    assert_problem(studio.post(resend), 409, "conflict", state="waiting")
    disabled = studio.post(f"{path}/disable").get_json()
    assert disabled["disabled_reason"] == "by_hand"
    (dead,) = studio.get(f"{path}/messages?state=dead").get_json()["items"]
    assert (dead["id"], dead["problem"]) == (message["id"], "disabled")
    assert_problem(studio.post(resend), 409, "conflict", reason="by_hand")
    assert_problem(studio.post(f"{path}/test"), 409, "conflict", reason="by_hand")
    studio.post(f"{path}/enable")
    assert studio.post(resend).get_json()["state"] == "waiting"
    removed = studio.post(f"{path}/remove")
    assert removed.get_json()["id"] == disabled["id"]
    assert_problem(studio.get(path), 404, "not_found")


def test_a_repeated_request_registers_one_webhook(house: House) -> None:
    studio = house.studio()
    answers = [studio.post("/v1/webhooks", HOOK, headers={"Idempotency-Key": "one"}) for _ in range(2)]
    assert answers[0].get_json() == answers[1].get_json()
    assert len(studio.get("/v1/webhooks").get_json()["items"]) == 1


def test_an_organisation_has_ten_webhooks_at_most(house: House) -> None:
    studio = house.studio()
    for number in range(10):
        studio.made("/v1/webhooks", HOOK | {"name": f"{number}"})
    assert_problem(studio.post("/v1/webhooks", HOOK), 409, "conflict", webhooks=10, allowed=10)


def test_what_a_message_names_can_be_read_by_whoever_gets_it(house: House) -> None:
    studio = house.studio()
    performer, performer_id = house.performer()
    path = studio.post("/v1/webhooks", HOOK | {"events": None}).headers["Location"]
    house.consent(performer, performer_id, "licensing")
    licence = house.licence(studio, performer_id)
    items = studio.get(f"{path}/messages").get_json()["items"]
    assert [each["type"] for each in items] == ["licence.drafted"]
    assert items[0]["data"]["licence_id"] == licence["id"]
    assert studio.get(f"/v1/licences/{items[0]['data']['licence_id']}").status_code == 200


def test_metrics_count_what_has_not_arrived(house: House) -> None:
    assert 'likeness_webhook_messages{state="dead"} 0.0' in house.client.get("/metrics").text
    studio = house.studio()
    first, second = (studio.post("/v1/webhooks", HOOK).headers["Location"] for _ in range(2))
    for path in (first, first, second):
        studio.post(f"{path}/test")
    studio.post(f"{first}/disable")
    shown = house.client.get("/metrics").text
    assert 'likeness_webhook_messages{state="dead"} 2.0' in shown
    assert 'likeness_webhook_messages{state="waiting"} 1.0' in shown
