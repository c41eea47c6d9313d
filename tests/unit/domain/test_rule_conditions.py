"""The language of rule packs: what it cannot read it refuses, and what is unknown it never takes for a yes or a no."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from registry.domain.reading import Node
from registry.domain.rules.catalogue import FACTS
from registry.domain.rules.conditions import condition_of
from registry.domain.rules.durations import Period, duration_of
from registry.domain.rules.facts import UNKNOWN, Facts, Value
from registry.domain.rules.places import lies_in, place_of
from registry.domain.rules.truth import Judgement, Truth
from registry.domain.rules.wording import is_specific, lacks_specifics
from registry.errors import InvalidInputError

LAW = "circumstances.governing_law"
TEN_YEARS = Period(date(2026, 1, 1), date(2035, 12, 31))


def judged(raw: dict[str, Any], **values: Value) -> Judgement:
    facts = Facts({name.replace("__", "."): value for name, value in values.items()})
    return condition_of(Node(raw), FACTS).judge(facts)


# --- what is refused when a pack is read -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        ({}, "#"),
        ("always", "#"),
        ({"none": [{"fact": "term", "known": True}]}, "#"),
        ({"all": []}, "#/all"),
        ({"any": {"fact": "term", "known": True}}, "#/any"),
        ({"not": [{"fact": "term", "known": True}]}, "#/not"),
        ({"all": [{"fact": "term", "known": True}], "any": []}, "#"),
        ({"fact": "moon_phase", "known": True}, "#"),
        ({"fact": "term"}, "#"),
        ({"fact": "term", "longer_than": "10 years", "known": True}, "#"),
        ({"fact": "term", "shorter_than": "10 years"}, "#"),
        ({"fact": "term", "longer_than": "ten years"}, "#/longer_than"),
        ({"fact": "term", "longer_than": 10}, "#/longer_than"),
        ({"fact": "term", "includes_any": ["training"]}, "#/includes_any"),
        ({"fact": "term", "known": "yes"}, "#/known"),
        ({"fact": "purposes", "includes_any": ["schooling"]}, "#/includes_any"),
        ({"fact": "purposes", "includes_any": []}, "#/includes_any"),
        ({"fact": "sublicensing", "one_of": ["sometimes"]}, "#/one_of"),
        ({"fact": "improves_models", "is": "true"}, "#/is"),
        ({"fact": "pay.real_time_factor", "below": "much"}, "#/below"),
        ({"fact": "territories", "reaches": ["Europe"]}, "#/reaches/0"),
        ({"fact": "territories", "reaches": ["EUR"]}, "#/reaches/0"),
        ({"fact": LAW, "lies_in": "california"}, "#/lies_in"),
    ],
)
def test_what_is_no_condition_is_refused_and_where_is_said(raw: Any, pointer: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        condition_of(Node(raw), FACTS)
    assert caught.value.figures["pointer"] == pointer


# --- tests of one fact -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "value", "holds"),
    [
        ({"fact": "improves_models", "is": True}, True, Truth.YES),
        ({"fact": "improves_models", "is": True}, False, Truth.NO),
        ({"fact": "circumstances.cba.addresses_replicas", "is": False}, None, Truth.NO),
        ({"fact": "sublicensing", "one_of": ["permitted"]}, "permitted", Truth.YES),
        ({"fact": "replica_class", "one_of": ["background"]}, None, Truth.NO),
        ({"fact": "purposes", "includes_any": ["training", "dubbing"]}, frozenset({"dubbing"}), Truth.YES),
        ({"fact": "purposes", "includes_all": ["training", "dubbing"]}, frozenset({"dubbing"}), Truth.NO),
        ({"fact": "purposes", "includes_any": ["training"]}, frozenset(), Truth.NO),
        ({"fact": "circumstances.cba.name", "mentions": ["sag-aftra"]}, "SAG-AFTRA Commercials", Truth.YES),
        ({"fact": "circumstances.cba.name", "mentions": ["sag-aftra"]}, "ACTRA", Truth.NO),
        ({"fact": "circumstances.raw_audio_retention_days", "above": 1095}, Decimal(1096), Truth.YES),
        ({"fact": "circumstances.raw_audio_retention_days", "above": 1095}, 1095, Truth.NO),
        ({"fact": "circumstances.raw_audio_retention_days", "above": 1095}, None, Truth.NO),
        ({"fact": "pay.real_time_factor", "below": "7.5"}, Decimal("7.49"), Truth.YES),
        ({"fact": "pay.real_time_factor", "below": "7.5"}, Decimal("7.50"), Truth.NO),
        ({"fact": "territories", "reaches": ["EU"]}, frozenset({"IE"}), Truth.YES),
        ({"fact": "territories", "reaches": ["EU"]}, frozenset({"NO", "GB"}), Truth.NO),
        ({"fact": "territories", "reaches": ["EEA"]}, frozenset({"NO", "GB"}), Truth.YES),
        ({"fact": "territories", "reaches": ["US"]}, frozenset({"WORLD"}), Truth.YES),
        ({"fact": "territories", "reaches_everywhere": True}, frozenset({"US", "KR"}), Truth.NO),
        ({"fact": "intended_uses", "lacks_specifics": True}, (), Truth.YES),
        ({"fact": "term", "longer_than": "10 years"}, TEN_YEARS, Truth.NO),
        ({"fact": "term", "longer_than": "9 years"}, TEN_YEARS, Truth.YES),
        ({"fact": "projects", "stated": False}, None, Truth.YES),
        ({"fact": "projects", "stated": True}, frozenset({"Aurora"}), Truth.YES),
        ({"fact": "disclosure.markings", "stated": False}, frozenset(), Truth.YES),
        ({"fact": "circumstances.raw_audio_retention_days", "stated": True}, 0, Truth.YES),
        ({"fact": LAW, "known": True}, "KR", Truth.YES),
        ({"fact": LAW, "known": True}, UNKNOWN, Truth.NO),
        ({"fact": LAW, "known": False}, UNKNOWN, Truth.YES),
    ],
)
def test_each_test_holds_when_it_says_so(raw: dict[str, Any], value: Value, holds: Truth) -> None:
    judgement = condition_of(Node(raw), FACTS).judge(Facts({raw["fact"]: value}))
    assert judgement.truth is holds
    assert judgement.rests_on == {raw["fact"]}
    assert judgement.missing == frozenset()


# --- what is unknown -------------------------------------------------------------------------------------------------


def test_an_unknown_fact_is_neither_yes_nor_no_and_is_named() -> None:
    raw = {"all": [{"fact": "improves_models", "is": True}, {"fact": LAW, "lies_in": "US-CA"}]}
    assert judged(raw, improves_models=True) == Judgement(
        Truth.UNKNOWN, frozenset({"improves_models", LAW}), frozenset({LAW})
    )


def test_a_fact_that_decides_alone_leaves_nothing_unknown() -> None:
    raw = {"all": [{"fact": "improves_models", "is": True}, {"fact": LAW, "lies_in": "US-CA"}]}
    assert judged(raw, improves_models=False) == Judgement(Truth.NO, frozenset({"improves_models"}))
    either = {"any": [{"fact": "improves_models", "is": True}, {"fact": LAW, "lies_in": "US-CA"}]}
    assert judged(either, improves_models=True) == Judgement(Truth.YES, frozenset({"improves_models"}))


def test_not_leaves_the_unknown_unknown() -> None:
    assert judged({"not": {"fact": "improves_models", "is": True}}).truth is Truth.UNKNOWN


# --- places, durations, wording --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "wanted", "answer"),
    [
        ("US-CA", "US-CA", Truth.YES),
        ("US-CA", "US", Truth.YES),
        ("US-NY", "US-CA", Truth.NO),
        ("US", "US-CA", Truth.UNKNOWN),
        ("DE", "EU", Truth.YES),
        ("DE-BY", "EEA", Truth.YES),
        ("GB", "EEA", Truth.NO),
        ("U", "US", Truth.NO),
    ],
)
def test_a_law_is_of_a_place_or_not_or_one_cannot_tell(place: str, wanted: str, answer: Truth) -> None:
    assert lies_in(place, wanted) is answer


@pytest.mark.parametrize("text", ["", "us", "USA", "US-", "US-CALI", "E", "WORLD"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not the code"):
        place_of(text)


@pytest.mark.parametrize("text", ["", "10", "years", "0 years", "-1 days", "10 Years", "1.5 years", "10 weeks"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        duration_of(text)


@pytest.mark.parametrize(
    ("first", "duration", "after"),
    [
        (date(2026, 1, 1), "10 years", date(2036, 1, 1)),
        (date(2024, 2, 29), "10 years", date(2034, 3, 1)),
        (date(2024, 2, 29), "4 years", date(2028, 2, 29)),
        (date(2026, 1, 31), "1 month", date(2026, 3, 1)),
        (date(2026, 12, 31), "2 months", date(2027, 3, 1)),
        (date(2026, 12, 30), "3 days", date(2027, 1, 2)),
    ],
)
def test_a_duration_ends_where_the_calendar_says(first: date, duration: str, after: date) -> None:
    assert duration_of(duration).after(first) == after


def test_a_duration_past_the_last_day_of_the_calendar_outlasts_every_term() -> None:
    assert not Period(date(9990, 1, 1), date.max).is_longer_than(duration_of("10 years"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "all uses",
        "Any and all uses in all media, now known or hereafter devised, throughout the universe, in perpetuity.",
        "commercial use of the voice on any platform",
        "AI training",
        "현재 알려졌거나 향후 개발될 모든 매체에서 영구적으로 제한 없이 이용",
        "모든 용도",
        "광고",
    ],
)
def test_what_permits_everything_is_no_description(text: str) -> None:
    assert not is_specific(text)


@pytest.mark.parametrize(
    "text",
    [
        "Two radio spots for a spring sale.",
        "The Korean voice of Inspector Lund in season two of a Danish series.",
        "One radio spot.",
        "봄 세일을 위한 라디오 광고 두 편",
        "게임 오로라의 대장장이 역할 대사 팔백 줄",
    ],
)
def test_what_says_what_will_be_done_is_a_description(text: str) -> None:
    assert is_specific(text)


def test_one_description_among_broad_ones_is_enough_and_none_is_not() -> None:
    assert not lacks_specifics(("all uses", "Two radio spots for a spring sale."))
    assert lacks_specifics(("all uses", "any media"))
    assert lacks_specifics(())
