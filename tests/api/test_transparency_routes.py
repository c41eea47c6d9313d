"""Figures for the public over HTTP: anybody reads the same, for an hour at most, and of nobody."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from house import House

from registry.domain.transparency import LEAST, Measure
from registry.engine.error_rates import shipped_error_rates

PATH = "/v1/transparency"


def test_anybody_reads_the_figures_and_whoever_has_a_token_reads_no_more(house: House) -> None:
    performer, _ = house.performer()
    anonymous = house.client.get(PATH)
    assert anonymous.status_code == 200
    for caller in (performer, house.studio(), house.operator):
        assert caller.get(PATH).get_json() == anonymous.get_json()


def test_a_copy_may_be_kept_for_an_hour_and_not_over_the_end_of_a_quarter(house: House) -> None:
    ends = datetime(2026, 4, 1, tzinfo=UTC)
    for left, kept_s in ((timedelta(days=2), 3600), (timedelta(minutes=5), 300), (timedelta(seconds=1), 1)):
        house.clock.now = ends - left
        answered = house.client.get(PATH)
        assert answered.headers["Cache-Control"] == f"public, max-age={kept_s}"
        assert answered.get_json()["next_at"] == "2026-04-01T00:00:00Z"


def test_what_is_fewer_than_five_is_told_as_that_and_why(house: House) -> None:
    house.clock.now = datetime(2026, 4, 2, tzinfo=UTC)
    (performer, performer_id), studio = house.performer(), house.studio()
    for number in range(7):
        if number == LEAST - 1:
            house.clock.now = datetime(2026, 7, 2, tzinfo=UTC)
        said = {"performer_id": performer_id, "studio_id": studio.organisation_id, "product": f"Voice {number}"}
        performer.made("/v1/cases", said | {"claim": "It is mine."})

    def claims() -> tuple[list[tuple[str, str, int | None, list[str]]], int, bool]:
        counts = {each["measure"]: each for each in house.client.get(PATH).get_json()["counts"]}
        assert list(counts) == [measure.value for measure in Measure]
        told = counts["claims_by_performers"]
        rows = [
            (each["first"], each["last"], each["count"], [why["code"] for why in each["reasons"]])
            for each in told["periods"]
        ]
        return rows, told["total"], told["total_is_whole"]

    fewer = ("2026-Q2", "2026-Q2", None, ["fewer_than_five"])
    assert claims() == ([("2026-Q1", "2026-Q1", 0, []), fewer], 0, False)
    house.clock.now = datetime(2026, 10, 1, tzinfo=UTC)
    assert claims() == ([("2026-Q1", "2026-Q1", 0, []), ("2026-Q2", "2026-Q3", 7, [])], 7, True)


def test_no_answer_has_an_id_or_a_name(house: House) -> None:
    house.performer("Mina Seo")
    text = house.client.get(PATH).get_data(as_text=True)
    assert not re.search(r"[a-z]{2,4}_[0-9a-z]{26}|Mina|Northlight", text)


def test_the_error_rates_are_those_that_ship_and_what_was_not_measured_says_so(house: House) -> None:
    told = house.client.get(PATH).get_json()["error_rates"]
    assert [each["group"] for each in told["rates"]] == [each.group for each in shipped_error_rates().rates]
    for each in told["rates"]:
        unmeasured = [name for name in ("missed", "accused", "clones_found") if each[name] is None]
        assert [why["code"] for why in each["reasons"]] == (["not_measured"] if unmeasured else [])
    assert {each["by"] for each in told["rates"]} == {"everybody", "way of speaking", "sex", "language", "band"}
