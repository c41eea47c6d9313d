"""Secrets of signing in: one kind never passes for another, and what a browser keeps, it cannot read or change."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from itertools import permutations, product
from pathlib import Path

import pytest

from registry.domain.ids import IdFactory, RandomBytes
from registry.domain.sign_in import SignInFlow
from registry.errors import InvalidInputError, SealBrokenError, UnauthenticatedError
from registry.vault.commitments import identity_digest
from registry.vault.flows import open_flow, seal_flow
from registry.vault.keys import FileKeyring
from registry.vault.tokens import API_TOKEN, SESSION, SIGN_IN_LINK, csrf_token, new_token, parse

FORMS = (API_TOKEN, SESSION, SIGN_IN_LINK)
FLOW = SignInFlow("the state", "the nonce", "the verifier", datetime(2026, 3, 14, tzinfo=UTC), "ses_1")


@pytest.fixture
def keys(tmp_path: Path, random_bytes: RandomBytes) -> FileKeyring:
    return FileKeyring.create(tmp_path / "keyring.json", datetime(2026, 1, 1, tzinfo=UTC), random_bytes)


def test_one_kind_of_secret_never_passes_for_another(ids: IdFactory, random_bytes: RandomBytes, now: datetime) -> None:
    made = {form: new_token(ids.new(form.record, now), random_bytes, form)[0] for form in FORMS}
    for form, text in made.items():
        assert text.startswith(f"{form.prefix}_")
        parse(text, form)
    for form, other in permutations(FORMS, 2):
        with pytest.raises(UnauthenticatedError):
            parse(made[other], form)
        with pytest.raises(UnauthenticatedError):  # its prefix changed: the checksum is over that, too
            parse(made[other].replace(other.prefix, form.prefix, 1), form)
        with pytest.raises(InvalidInputError):
            new_token(ids.new(other.record, now), random_bytes, form)


def test_what_a_page_sends_along_says_nothing_of_the_session_and_is_of_it_alone(
    ids: IdFactory, random_bytes: RandomBytes, now: datetime
) -> None:
    texts = [new_token(ids.new(SESSION.record, now), random_bytes, SESSION)[0] for _ in range(50)]
    made = [csrf_token(text) for text in texts]
    assert len(set(made)) == 50
    assert {len(each) for each in made} == {43}
    assert not any(part in each for each, text in product(made[:3], texts[:3]) for part in text.split("_")[1:])
    assert csrf_token(texts[0]) == made[0]


def test_a_sealed_flow_opens_as_it_was_and_shows_nothing(keys: FileKeyring, random_bytes: RandomBytes) -> None:
    kept = seal_flow(FLOW, keys, random_bytes)
    assert open_flow(kept, keys) == FLOW
    assert len(kept) < 1000
    assert not any(word.encode() in urlsafe_b64decode(kept) for word in ("state", "nonce", "verifier", "ses_1"))


def test_a_sealed_flow_that_was_changed_or_sealed_elsewhere_does_not_open(
    keys: FileKeyring, random_bytes: RandomBytes, tmp_path: Path
) -> None:
    kept = seal_flow(FLOW, keys, random_bytes)
    sealed = urlsafe_b64decode(kept)
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    for text in ["", "A", "é", "A" * 100_000, kept[:-4], *(urlsafe_b64encode(each).decode() for each in changed)]:
        with pytest.raises(SealBrokenError):
            open_flow(text, keys)
    other = FileKeyring.create(tmp_path / "other.json", datetime(2026, 1, 1, tzinfo=UTC), random_bytes)
    with pytest.raises(SealBrokenError):
        open_flow(seal_flow(FLOW, other, random_bytes), keys)


def test_somebody_at_two_providers_or_two_registries_cannot_be_linked(
    keys: FileKeyring, random_bytes: RandomBytes, tmp_path: Path
) -> None:
    other = FileKeyring.create(tmp_path / "other.json", datetime(2026, 1, 1, tzinfo=UTC), random_bytes)
    digests = {
        identity_digest(keys, "https://a.example", "1"),
        identity_digest(keys, "https://b.example", "1"),
        identity_digest(keys, "https://a.example", "2"),
        identity_digest(keys, "https://a.example1", ""),
        identity_digest(other, "https://a.example", "1"),
    }
    assert len(digests) == 5
    assert identity_digest(keys, "https://a.example", "1") in digests
