"""A leaf commits to its event's details and does not hold them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.events import Event, EventType
from registry.errors import InvalidInputError, OpeningMismatchError
from registry.journal.leaf import SALT_BYTES, Opening, encode, leaf_hash, verify_opening

AT = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
SALT = bytes(range(SALT_BYTES))
DETAILS = {"purpose": "monitoring", "voiceprints": 3, "speech_s": 41.5, "legacy": False, "licence_id": None}
EVENT = Event(EventType.CONSENT_WITHDRAWN, "cons_1", "acc_1", AT, DETAILS)

details = st.dictionaries(
    st.text(max_size=10),
    st.none() | st.booleans() | st.text(max_size=10) | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-1e9, 1e9),
    max_size=5,
)
salts = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(InvalidInputError, match=f"not {length}"):
        encode(EVENT, bytes(length))
    with pytest.raises(InvalidInputError):
        verify_opening(encode(EVENT, SALT)[0], Opening(bytes(length), DETAILS))


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="time zone"):
        encode(replace(EVENT, at=AT.replace(tzinfo=None)), SALT)


@pytest.mark.parametrize("value", [2**53, float("nan"), float("inf")])
def test_a_detail_that_has_no_canonical_form_is_refused(value: float) -> None:
    with pytest.raises(InvalidInputError):
        encode(replace(EVENT, details={"value": value}), SALT)


@pytest.mark.parametrize("leaf", [b"", b"{}", b"[]", b"\xff", b'{"details_sha256": 7}'])
def test_what_is_no_leaf_opens_with_nothing(leaf: bytes) -> None:
    with pytest.raises(OpeningMismatchError):
        verify_opening(leaf, Opening(SALT, DETAILS))


@given(details, details, salts, salts)
def test_only_its_own_opening_opens_a_leaf(
    left: dict[str, object], right: dict[str, object], salt: bytes, other_salt: bytes
) -> None:
    leaf, opening = encode(replace(EVENT, details=left), salt)
    other_leaf, other = encode(replace(EVENT, details=right), other_salt)
    verify_opening(leaf, opening)
    if leaf != other_leaf:
        with pytest.raises(OpeningMismatchError):
            verify_opening(leaf, other)


@given(details, salts)
def test_the_leaf_has_a_fixed_shape_whatever_the_details(values: dict[str, object], salt: bytes) -> None:
    leaf, _ = encode(replace(EVENT, details=values), salt)
    assert len(leaf) == len(encode(EVENT, SALT)[0])
    assert set(json.loads(leaf)) == {"version", "type", "subject", "actor", "at", "details_sha256"}


def test_the_bytes_of_a_leaf_never_change() -> None:
    """The commitment was computed apart: sha256 of the salt and of the canonical details written out by hand."""
    written_out = b'{"legacy":false,"licence_id":null,"purpose":"monitoring","speech_s":41.5,"voiceprints":3}'
    commitment = sha256(SALT + written_out).hexdigest()
    leaf, opening = encode(EVENT, SALT)
    assert leaf.decode() == (
        f'{{"actor":"acc_1","at":"2026-03-14T15:09:26.535897Z","details_sha256":"{commitment}",'
        '"subject":"cons_1","type":"consent.withdrawn","version":1}'
    )
    assert opening == Opening(SALT, DETAILS)


def test_a_moment_means_the_same_in_every_time_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=9)))
    assert encode(replace(EVENT, at=elsewhere), SALT)[0] == encode(EVENT, SALT)[0]


def test_a_whole_second_is_written_with_its_microseconds() -> None:
    leaf, _ = encode(replace(EVENT, at=AT.replace(microsecond=0)), SALT)
    assert json.loads(leaf)["at"] == "2026-03-14T15:09:26.000000Z"


def test_leaves_are_hashed_as_in_rfc_6962() -> None:
    """The hash of an empty leaf, as in the tests of Certificate Transparency: sha256 of one zero byte."""
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
