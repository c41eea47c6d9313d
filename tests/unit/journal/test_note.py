"""Signed notes are those of other people's tools, and nothing that merely resembles one is taken."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from registry.errors import SignatureInvalidError
from registry.journal.note import (
    MOST_BYTES,
    MOST_SIGNATURES,
    KeyKind,
    Note,
    VerifierKey,
    read_note,
    sign_note,
    verify_note,
)

# the example of golang.org/x/mod/sumdb/note
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n{LINE}\n"
# a witness's key of the tests of github.com/transparency-dev/formats
WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def own_key(name: str = "registry.example") -> VerifierKey:
    return VerifierKey(name, KeyKind.NOTE, KEY.public_key().public_bytes_raw())


def own_note(text: str = TEXT, name: str = "registry.example") -> Note:
    return Note(text, (sign_note(text, name, KEY),))


@pytest.mark.parametrize(
    "key",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a3+",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "peterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq_LDE4izWy10TW",
        "PeterNeumann+c74f20a3+AhpbkA==",
        "rekor.sigstore.dev+12345678+AwEB",
        "P" * 251 + PETER.removeprefix("PeterNeumann"),
        PETER + "\n",
        PETER + " ",
    ],
)
def test_what_is_not_a_key_is_refused(key: str) -> None:
    with pytest.raises(SignatureInvalidError):
        VerifierKey.read(key)


@pytest.mark.parametrize("key", [PETER, WITNESS])
def test_keys_of_other_tools_are_read_and_written_as_they_were(key: str) -> None:
    assert str(VerifierKey.read(key)) == key


def test_a_note_of_another_tool_is_verified_and_written_as_it_was() -> None:
    note = read_note(NOTE)
    assert note.text == TEXT
    assert verify_note(note, [own_key(), VerifierKey.read(PETER)]) == [VerifierKey.read(PETER)]
    assert str(note) == NOTE


@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n",
        TEXT,
        f"{TEXT}\n",
        f"{TEXT}{LINE}\n",  # no empty line
        f"{TEXT}\n{LINE}",  # no line end
        f"{TEXT}\n{LINE}\n\n",
        f"{TEXT}\n{LINE}\r\n",
        f"{TEXT}\n{LINE} \n",
        f"{TEXT}\n - PeterNeumann x08go/ZJ\n",
        f"{TEXT}\n{LINE.replace('—', '-')}\n",
        f"{TEXT}\n{LINE.replace('PeterNeumann', 'Peter+Neumann')}\n",
        f"{TEXT}\n{LINE.replace('PeterNeumann', '')}\n",
        f"{TEXT}\n{LINE[:-1]}\n",  # base 64 without its end
        f"{TEXT}\n{LINE[:-2]}N=\n",  # another way of writing the same bytes
        f"{TEXT}\n— PeterNeumann x08goA==\n",  # an id and no signature
        f"{TEXT}\t\n{LINE}\n",
        f"{TEXT}\x00\n{LINE}\n",
        NOTE.encode().replace(b"\n", b"\xff\n", 1),
        NOTE + LINE + "\n" + "x" * MOST_BYTES + "\n",
        f"{TEXT}\n" + f"{LINE}\n" * (MOST_SIGNATURES + 1),
    ],
)
def test_what_is_not_quite_a_note_is_refused(content: str | bytes) -> None:
    with pytest.raises(SignatureInvalidError) as caught:
        read_note(content)
    assert caught.value.figures["step"] == "form"


def test_a_note_of_nobody_who_is_trusted_is_refused() -> None:
    with pytest.raises(SignatureInvalidError, match="none of the keys") as caught:
        verify_note(read_note(NOTE), [own_key()])
    assert caught.value.figures["step"] == "key"
    with pytest.raises(SignatureInvalidError):
        verify_note(read_note(NOTE), [])


def test_a_key_of_the_same_name_or_of_another_kind_is_another_key() -> None:
    note = read_note(str(own_note()))
    same_name = VerifierKey("registry.example", KeyKind.NOTE, bytes(32))
    same_key = VerifierKey("registry.example", KeyKind.COSIGNATURE, own_key().public)
    for stranger in (same_name, same_key, own_key("other.example")):
        with pytest.raises(SignatureInvalidError):
            verify_note(note, [stranger])


def test_a_signature_by_a_known_key_that_does_not_hold_refuses_the_whole_note() -> None:
    good = own_note()
    forged = sign_note("something else\n", "second.example", KEY)
    note = Note(good.text, (*good.signatures, forged))
    verify_note(note, [own_key()])
    with pytest.raises(SignatureInvalidError, match="does not hold"):
        verify_note(note, [own_key(), own_key("second.example")])


def test_signatures_of_strangers_are_passed_over() -> None:
    note = Note(TEXT, (*read_note(NOTE).signatures, *own_note().signatures))
    assert verify_note(read_note(str(note)), [own_key()]) == [own_key()]


@given(st.integers(0, len(TEXT.encode()) - 1), st.integers(1, 255))
def test_no_byte_of_the_text_can_be_changed(at: int, change: int) -> None:
    data = bytearray(NOTE.encode())
    data[at] ^= change
    with pytest.raises(SignatureInvalidError):
        verify_note(read_note(bytes(data)), [VerifierKey.read(PETER)])


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_anything_at_all_is_a_note_or_refused(content: bytes | str) -> None:
    try:
        note = read_note(content)
    except SignatureInvalidError:
        return
    assert str(note).encode() == (content.encode() if isinstance(content, str) else content)
