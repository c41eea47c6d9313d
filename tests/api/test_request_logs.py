"""A request is found again in the logs, from the answer to the work that it led to, and nobody's data with it."""

from __future__ import annotations

from house import USE, House, recording
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.testing import capture_logs


def test_every_line_of_a_request_has_its_id_and_the_answer_names_what_was_made(house: House) -> None:
    studio = house.studio("Northlight Games")
    with capture_logs(processors=[merge_contextvars]) as lines:
        sent = studio.send(
            "/v1/checks",
            USE | {"file": recording("submissions/slt-advert.flac")},
            headers={"X-Request-Id": "asked-by-the-test-0001"},
        )
    check_id = sent.headers["Location"].rpartition("/")[2]
    assert [(line["event"], line["request_id"], line["subject"]) for line in lines] == [
        ("check submitted", "asked-by-the-test-0001", check_id),
        ("request answered", "asked-by-the-test-0001", check_id),
    ]
    assert sent.headers["X-Request-Id"] == "asked-by-the-test-0001"
    assert (lines[1]["route"], lines[1]["status"]) == ("/v1/checks", 202)
    assert "request_id" not in get_contextvars()


def test_what_was_asked_for_is_logged_by_its_route_and_not_by_its_address(house: House) -> None:
    studio = house.studio("Northlight Games")
    with capture_logs(processors=[merge_contextvars]) as lines:
        studio.get("/v1/performers?name=Marta%20Calder")
        house.client.get("/v1/Marta-Calder")
        house.client.get("/healthz")
        house.client.get("/metrics")
    assert [line["route"] for line in lines] == ["/v1/performers", "unmatched"]
    assert "Marta" not in str(lines)
    assert "lrt_" not in str(lines)
