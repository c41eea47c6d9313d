"""A seal opens for its key and its record, and for nothing else."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from hypothesis import given
from hypothesis import strategies as st

from registry.domain.ids import RandomBytes
from registry.errors import SealBrokenError
from registry.vault.sealing import KEY_BYTES, bind, open_sealed, seal

KEY = bytes(range(32))
BINDING = bind("vp_1", "ge2e:abc", "1")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(27)])
def test_too_few_bytes_do_not_open(sealed: bytes) -> None:
    with pytest.raises(SealBrokenError, match=f"{len(sealed)} bytes"):
        open_sealed(sealed, KEY, BINDING)


def test_an_unknown_version_does_not_open(random_bytes: RandomBytes) -> None:
    sealed = seal(b"secret", KEY, BINDING, random_bytes)
    with pytest.raises(SealBrokenError, match="version 2"):
        open_sealed(b"\x02" + sealed[1:], KEY, BINDING)


def test_another_key_does_not_open(random_bytes: RandomBytes) -> None:
    with pytest.raises(SealBrokenError):
        open_sealed(seal(b"secret", KEY, BINDING, random_bytes), bytes(32), BINDING)


@pytest.mark.parametrize(
    "moved",
    [("vp_2", "ge2e:abc", "1"), ("vp_1", "campplus", "1"), ("vp_1", "ge2e:abc", "2"), ("vp_1g", "e2e:abc", "1")],
)
def test_a_seal_moved_to_another_record_space_or_epoch_does_not_open(
    random_bytes: RandomBytes, moved: tuple[str, ...]
) -> None:
    with pytest.raises(SealBrokenError):
        open_sealed(seal(b"secret", KEY, BINDING, random_bytes), KEY, bind(*moved))


@given(st.data())
def test_no_changed_bit_goes_unnoticed(data: st.DataObject) -> None:
    sealed = bytearray(seal(b"secret", KEY, BINDING, bytes))
    position = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[position // 8] ^= 1 << position % 8
    with pytest.raises(SealBrokenError):
        open_sealed(bytes(sealed), KEY, BINDING)


@given(st.binary(max_size=3000), st.binary(min_size=KEY_BYTES, max_size=KEY_BYTES), st.binary(max_size=60))
def test_what_was_sealed_comes_back(data: bytes, key: bytes, binding: bytes) -> None:
    assert open_sealed(seal(data, key, binding, bytes), key, binding) == data


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_different_parts_never_bind_alike(left: list[str], right: list[str]) -> None:
    assert (bind(*left) == bind(*right)) == (left == right)


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_parts_bound_one_after_the_other_are_bound_as_together(left: list[str], right: list[str]) -> None:
    assert bind(*left) + bind(*right) == bind(*left, *right)


def test_the_same_data_sealed_twice_looks_different(random_bytes: RandomBytes) -> None:
    assert seal(b"secret", KEY, BINDING, random_bytes) != seal(b"secret", KEY, BINDING, random_bytes)


def test_the_cipher_is_that_of_rfc_8452() -> None:
    """RFC 8452, appendix C.2: the vector with a plaintext of 8 bytes and no associated data."""
    key, nonce = bytes.fromhex("01" + "00" * 31), bytes.fromhex("03" + "00" * 11)
    expected = bytes.fromhex("c2ef328e5c71c83b843122130f7364b761e0b97427e3df28")
    assert AESGCMSIV(key).encrypt(nonce, bytes.fromhex("0100000000000000"), None) == expected


def test_the_envelope_is_version_nonce_and_ciphertext() -> None:
    sealed = seal(b"secret", KEY, BINDING, lambda length: b"n" * length)
    assert sealed == b"\x01" + b"n" * 12 + AESGCMSIV(KEY).encrypt(b"n" * 12, b"secret", b"\x01" + BINDING)
