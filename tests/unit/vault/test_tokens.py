"""Tokens: what is not one is refused without asking the database."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.ids import RandomBytes
from registry.errors import InvalidInputError, UnauthenticatedError
from registry.vault.tokens import new_token, parse, same_digest

TOKEN_ID = "tok_01jqaw8k5m0000000000000000"


@pytest.fixture
def token(random_bytes: RandomBytes) -> str:
    return new_token(TOKEN_ID, random_bytes)[0]


@pytest.mark.parametrize("token_id", ["", "tok_", "acc_01jqaw8k5m0000000000000000", TOKEN_ID.upper(), TOKEN_ID + "0"])
def test_a_token_needs_the_id_of_a_token(token_id: str, random_bytes: RandomBytes) -> None:
    with pytest.raises(InvalidInputError):
        new_token(token_id, random_bytes)


@given(st.text())
def test_other_text_is_no_token_and_is_not_repeated(text: str) -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        parse(text)
    assert len(text) < 4 or text not in caught.value.detail


def test_a_token_cut_or_with_something_around_it_is_refused(token: str) -> None:
    for changed in (token[:-1], token[1:], f" {token}", f"{token}\n", f"{token}x", token.upper(), f"Bearer {token}"):
        with pytest.raises(UnauthenticatedError):
            parse(changed)


@given(st.integers(0, 80), st.sampled_from("0123456789abcdefABCDEFxyzXYZ_-"))
def test_no_mistyped_character_goes_unnoticed(position: int, character: str) -> None:
    token, _ = new_token(TOKEN_ID, bytes)
    mistyped = token[:position] + character + token[position + 1 :]
    if mistyped != token:
        with pytest.raises(UnauthenticatedError):
            parse(mistyped)


@given(st.binary(min_size=32, max_size=32))
def test_a_token_leads_to_its_record_and_digest(secret: bytes) -> None:
    text, digest = new_token(TOKEN_ID, lambda _: secret)
    assert parse(text) == (TOKEN_ID, digest)


def test_the_form_is_the_one_that_secret_scanners_look_for(token: str) -> None:
    assert re.fullmatch(r"lrt_[0-9a-z]{26}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", token)


def test_the_form_never_changes() -> None:
    """Written down when it was made: tokens in use must still parse in later versions."""
    text, digest = new_token(TOKEN_ID, lambda length: b"\xff" * length)
    assert text == "lrt_01jqaw8k5m0000000000000000_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1_3kZOPd"
    assert digest == "3b0167f1f41de3789d5785086c07b95c2926ebaf91e83d23d3e405cba9d478df"


def test_two_tokens_have_two_digests(random_bytes: RandomBytes) -> None:
    left, right = new_token(TOKEN_ID, random_bytes)[1], new_token(TOKEN_ID, random_bytes)[1]
    assert same_digest(left, left)
    assert not same_digest(left, right)
    assert not same_digest(left, "")
    assert not same_digest(left, "é")
