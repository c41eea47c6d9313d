"""Laws of ids: they sort by time, say what they name, and are never confused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.ids import IdFactory, IdPrefix, is_id

moments = st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  (hypothesis wants naive bounds, and adds the zone)
entropy = st.binary(min_size=10, max_size=10)
prefixes = st.sampled_from(IdPrefix)


def _new(prefix: IdPrefix, now: datetime, random: bytes) -> str:
    return IdFactory(lambda _: random).new(prefix, now)


@given(prefixes, moments.map(lambda moment: moment.replace(tzinfo=None)), entropy)
def test_a_moment_without_a_zone_makes_no_id(prefix: IdPrefix, naive: datetime, random: bytes) -> None:
    with pytest.raises(TypeError):
        _new(prefix, naive, random)


@given(prefixes, prefixes, moments, entropy)
def test_an_id_is_one_of_its_own_kind_and_of_no_other(
    one: IdPrefix, other: IdPrefix, now: datetime, random: bytes
) -> None:
    assert is_id(_new(one, now, random), other) is (one is other)


@given(st.text(max_size=40), prefixes)
def test_a_text_that_is_not_a_prefix_and_26_characters_is_no_id(text: str, prefix: IdPrefix) -> None:
    head, _, body = text.partition("_")
    assert not is_id(text, prefix) or (head == prefix.value and len(body) == 26)


@given(prefixes, moments, entropy, st.integers(0, 25), st.sampled_from("ILOUilou_-. \n٣"))
def test_a_character_outside_the_alphabet_spoils_an_id(
    prefix: IdPrefix, now: datetime, random: bytes, position: int, wrong: str
) -> None:
    made = _new(prefix, now, random)
    at = len(prefix.value) + 1 + position
    assert not is_id(made[:at] + wrong + made[at + 1 :], prefix)
    assert not is_id(made + wrong, prefix)
    assert not is_id(made[:-1], prefix)
    assert not is_id(made.upper(), prefix)


@given(prefixes, moments, st.integers(1, 10**9), entropy, entropy)
def test_an_id_made_later_sorts_later_whatever_the_randomness(
    prefix: IdPrefix, now: datetime, later_ms: int, one: bytes, other: bytes
) -> None:
    assert _new(prefix, now, one) < _new(prefix, now + timedelta(milliseconds=later_ms), other)


@given(prefixes, moments, entropy, entropy)
def test_two_ids_of_one_moment_are_equal_only_where_the_randomness_is(
    prefix: IdPrefix, now: datetime, one: bytes, other: bytes
) -> None:
    assert (_new(prefix, now, one) == _new(prefix, now, other)) is (one == other)


@given(prefixes, moments, entropy)
def test_the_moment_can_be_read_back_from_an_id_to_the_millisecond(
    prefix: IdPrefix, now: datetime, random: bytes
) -> None:
    body = _new(prefix, now, random).removeprefix(f"{prefix.value}_")
    value = 0
    for character in body:
        value = value * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(character)
    assert value & (2**80 - 1) == int.from_bytes(random, "big")
    assert value >> 80 == (now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
