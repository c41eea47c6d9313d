"""A signed document says exactly what was signed, of exactly one kind, by exactly one key."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.ids import RandomBytes
from registry.errors import InvalidInputError, SignatureInvalidError
from registry.vault.keys import FileKeyring, Purpose
from registry.vault.signing import canonical, public_jwks, raw_public_key, read_jwks, sign, verify

TYP = "likeness-test+jwt"

# RFC 8037, appendix A: key, header, payload and signature of an example (its header says EdDSA, the older name).
_RFC8037_X = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keyring.json"


@pytest.fixture
def keyring(path: Path, now: datetime, random_bytes: RandomBytes) -> FileKeyring:
    return FileKeyring.create(path, now, random_bytes)


@pytest.fixture
def trusted(keyring: FileKeyring) -> dict[str, Ed25519PublicKey]:
    return dict(keyring.signing_keys())


def _refused(token: str, trusted: dict[str, Ed25519PublicKey], typ: str = TYP) -> str:
    with pytest.raises(SignatureInvalidError) as refused:
        verify(token, trusted, typ=typ)
    return str(refused.value.figures["step"])


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "a.b.c.d", "é.b.c", "." * 3, "a" * 32_000_001])
def test_what_has_not_the_form_of_a_token_is_refused(token: str, trusted: dict[str, Ed25519PublicKey]) -> None:
    assert _refused(token, trusted) == "form"


def test_a_key_that_is_not_trusted_is_refused(keyring: FileKeyring) -> None:
    assert _refused(sign(keyring, {"a": 1}, typ=TYP), {}) == "key"


def test_another_key_of_the_same_name_is_refused(
    keyring: FileKeyring, tmp_path: Path, now: datetime, random_bytes: RandomBytes
) -> None:
    other = FileKeyring.create(tmp_path / "other.json", now, random_bytes)
    assert _refused(sign(keyring, {"a": 1}, typ=TYP), dict(other.signing_keys())) == "signature"


def test_a_document_of_another_type_is_refused(keyring: FileKeyring, trusted: dict[str, Ed25519PublicKey]) -> None:
    assert _refused(sign(keyring, {"a": 1}, typ="likeness-other+jwt"), trusted) == "type"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "EdDSA"])
def test_a_token_does_not_choose_its_algorithm(
    keyring: FileKeyring, trusted: dict[str, Ed25519PublicKey], algorithm: str
) -> None:
    header, claims, signature = sign(keyring, {"a": 1}, typ=TYP).split(".")
    forged = json.loads(_bytes(header)) | {"alg": algorithm}
    changed = base64.urlsafe_b64encode(json.dumps(forged).encode()).decode().rstrip("=")
    assert _refused(f"{changed}.{claims}.{signature}", trusted) == "signature"


@given(at=st.integers(min_value=0), bit=st.integers(min_value=0, max_value=7))
def test_no_bit_can_be_turned(at: int, bit: int) -> None:
    keyring, trusted = _KEYRING, dict(_KEYRING.signing_keys())
    token = sign(keyring, {"a": 1, "b": ["x"]}, typ=TYP)
    parts = [_bytes(part) for part in token.split(".")]
    lengths = [len(part) for part in parts]
    where = at % sum(lengths)
    part = 0 if where < lengths[0] else 1 if where < sum(lengths[:2]) else 2
    turned = bytearray(parts[part])
    turned[where - sum(lengths[:part])] ^= 1 << bit
    parts[part] = bytes(turned)
    changed = ".".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in parts)
    with pytest.raises(SignatureInvalidError):
        verify(changed, trusted, typ=TYP)


@pytest.mark.parametrize("value", [float("nan"), 2**60, {1: "a"}, object(), "\ud800", {"\ud800": 1}])
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(InvalidInputError):
        canonical(value)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kid": "a", "crv": "Ed25519"}]}'])
def test_what_is_no_key_set_is_refused(content: str) -> None:
    with pytest.raises(InvalidInputError):
        read_jwks(content)


def test_what_was_signed_is_read_back(keyring: FileKeyring, trusted: dict[str, Ed25519PublicKey]) -> None:
    assert verify(sign(keyring, {"name": "한글", "n": 3}, typ=TYP), trusted, typ=TYP) == {"name": "한글", "n": 3}


def test_the_signature_is_plain_ed25519_over_header_and_claims(
    keyring: FileKeyring, trusted: dict[str, Ed25519PublicKey]
) -> None:
    header, claims, signature = sign(keyring, {"b": 1, "a": 2}, typ=TYP).split(".")
    trusted["signing-1"].verify(_bytes(signature), f"{header}.{claims}".encode())
    assert _bytes(claims) == b'{"a":2,"b":1}'


def test_a_rotated_key_signs_and_the_old_one_still_verifies(
    keyring: FileKeyring, now: datetime, random_bytes: RandomBytes
) -> None:
    before = sign(keyring, {"a": 1}, typ=TYP)
    rotated = keyring.rotated(Purpose.SIGNING, now, random_bytes)
    trusted = read_jwks(json.dumps(public_jwks(rotated)))
    assert list(trusted) == ["signing-1", "signing-2"]
    assert verify(before, trusted, typ=TYP) == verify(sign(rotated, {"a": 1}, typ=TYP), trusted, typ=TYP)
    assert json.loads(_bytes(sign(rotated, {}, typ=TYP).split(".")[0]))["kid"] == "signing-2"


def test_a_key_set_is_written_as_rfc_8037_writes_it() -> None:
    key = read_jwks(json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": _RFC8037_X, "kid": "a"}]}))["a"]
    assert raw_public_key(key) == _bytes(_RFC8037_X)


def _random(count: int) -> bytes:
    return bytes(range(count))


_KEYRING: FileKeyring


@pytest.fixture(scope="module", autouse=True)
def _one_keyring(tmp_path_factory: pytest.TempPathFactory) -> None:
    global _KEYRING  # noqa: PLW0603  (hypothesis takes no fixture of a single test)
    moment = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    _KEYRING = FileKeyring.create(tmp_path_factory.mktemp("keys") / "keyring.json", moment, _random)
