"""Checkpoints are signed by the journal's own key, in one form only; witnesses sign what they saw, and when."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.errors import SignatureInvalidError
from registry.journal.checkpoint import (
    MOST_AHEAD,
    Checkpoint,
    cosign,
    open_checkpoint,
    sign_checkpoint,
    verify_cosignatures,
)
from registry.journal.note import KeyKind, Note, NoteSignature, VerifierKey, read_note, sign_note

ORIGIN = "likeness-registry/example"
ROOT = "f+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0="
TEXT = f"{ORIGIN}\n123\n{ROOT}\n"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
OWN = VerifierKey(ORIGIN, KeyKind.NOTE, KEY.public_key().public_bytes_raw())
WITNESS = VerifierKey("witness.example/w1", KeyKind.COSIGNATURE, WITNESS_KEY.public_key().public_bytes_raw())
AT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def signed(text: str = TEXT, name: str = ORIGIN, key: Ed25519PrivateKey = KEY) -> Note:
    return Note(text, (sign_note(text, name, key),))


def cosigned(line: NoteSignature) -> Note:
    return Note(TEXT, (*signed().signatures, line))


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n123\n",
        f"\n123\n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n123\n{ROOT}",
        f"{ORIGIN}\n123\n{ROOT}\n\n",
        f"{ORIGIN}\n123\n{ROOT}\n\nmore\n",
        f"{ORIGIN}\n0123\n{ROOT}\n",
        f"{ORIGIN}\n+123\n{ROOT}\n",
        f"{ORIGIN}\n-1\n{ROOT}\n",
        f"{ORIGIN}\n1e2\n{ROOT}\n",
        f"{ORIGIN}\n\u0661\u0662\n{ROOT}\n",
        f"{ORIGIN}\n {ROOT}\n123\n",
        f"{ORIGIN}\n{2**63}\n{ROOT}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ROOT}\n",
        f"{ORIGIN}\n123\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n123\n{ROOT.replace('/', '_')}\n",
        f"{ORIGIN}\n123\n{ROOT[:-2]}1=\n",  # another way of writing the same bytes
        f"{ORIGIN}\n123\n{ROOT}=\n",
        f"{ORIGIN}\n123\nAAAA\n",
    ],
)
def test_what_is_not_quite_a_checkpoint_is_refused_even_when_it_is_signed(text: str) -> None:
    with pytest.raises(SignatureInvalidError) as caught:
        open_checkpoint(signed(text), [OWN])
    assert caught.value.figures["step"] == "form"


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    checkpoint = open_checkpoint(read_note(str(signed())), [OWN])
    assert checkpoint == Checkpoint(ORIGIN, 123, b64decode(ROOT))
    assert checkpoint.text == TEXT
    assert str(sign_checkpoint(checkpoint, KEY)) == str(signed())


def test_further_lines_belong_to_what_is_signed() -> None:
    text = f"{TEXT}more\n"
    checkpoint = open_checkpoint(signed(text), [OWN])
    assert (checkpoint.extensions, checkpoint.text) == (("more",), text)
    with pytest.raises(SignatureInvalidError):
        open_checkpoint(Note(f"{TEXT}less\n", signed(text).signatures), [OWN])


def test_a_trusted_key_of_another_journal_does_not_speak_for_this_one() -> None:
    other = VerifierKey("other.example", KeyKind.NOTE, WITNESS_KEY.public_key().public_bytes_raw())
    with pytest.raises(SignatureInvalidError) as caught:
        open_checkpoint(signed(name="other.example", key=WITNESS_KEY), [OWN, other])
    assert caught.value.figures["step"] == "origin"


def test_a_cosignature_is_made_as_it_is_specified() -> None:
    """Put together by hand, as c2sp.org/tlog-cosignature has it."""
    seconds = int(AT.timestamp())
    content = f"cosignature/v1\ntime {seconds}\n{TEXT}".encode()
    key_id = sha256(b"witness.example/w1\n\x04" + WITNESS.public).digest()[:4]
    line = cosign(TEXT, WITNESS.name, WITNESS_KEY, AT)
    assert line.key_id == key_id
    assert line.signature == seconds.to_bytes(8, "big") + WITNESS_KEY.sign(content)
    (found,) = verify_cosignatures(read_note(str(cosigned(line))), [WITNESS], AT)
    assert (found.witness, found.at) == (WITNESS, AT)


def test_a_cosignature_of_nobody_who_is_known_counts_for_nothing() -> None:
    line = cosign(TEXT, WITNESS.name, WITNESS_KEY, AT)
    assert verify_cosignatures(cosigned(line), [], AT) == []
    assert verify_cosignatures(signed(), [WITNESS], AT) == []
    as_note = VerifierKey(WITNESS.name, KeyKind.NOTE, WITNESS.public)
    assert verify_cosignatures(cosigned(line), [as_note], AT) == []
    with pytest.raises(SignatureInvalidError):
        open_checkpoint(Note(TEXT, (line,)), [OWN, as_note])


@pytest.mark.parametrize(
    "line",
    [
        cosign(TEXT.replace("123", "124"), WITNESS.name, WITNESS_KEY, AT),
        NoteSignature(WITNESS.name, WITNESS.id, WITNESS_KEY.sign(TEXT.encode())),
        NoteSignature(WITNESS.name, WITNESS.id, bytes(8) + cosign(TEXT, WITNESS.name, WITNESS_KEY, AT).signature[8:]),
        NoteSignature(WITNESS.name, WITNESS.id, cosign(TEXT, WITNESS.name, WITNESS_KEY, AT).signature + b"x"),
        NoteSignature(WITNESS.name, WITNESS.id, b"x"),
    ],
    ids=["of another size", "of the bare text", "of another moment", "with more behind it", "too short"],
)
def test_a_cosignature_that_does_not_hold_is_refused(line: NoteSignature) -> None:
    with pytest.raises(SignatureInvalidError, match=r"witness\.example"):
        verify_cosignatures(cosigned(line), [WITNESS], AT)


def test_a_cosignature_of_the_future_is_refused_where_there_is_a_clock() -> None:
    line = cosign(TEXT, WITNESS.name, WITNESS_KEY, AT + MOST_AHEAD + timedelta(seconds=1))
    with pytest.raises(SignatureInvalidError) as caught:
        verify_cosignatures(cosigned(line), [WITNESS], AT)
    assert caught.value.figures == {"step": "moment", "ahead_s": 301.0}
    assert verify_cosignatures(cosigned(line), [WITNESS])
    beyond = (2**62).to_bytes(8, "big")
    signature = WITNESS_KEY.sign(f"cosignature/v1\ntime {2**62}\n{TEXT}".encode())
    with pytest.raises(SignatureInvalidError, match="no moment"):
        verify_cosignatures(cosigned(NoteSignature(WITNESS.name, WITNESS.id, beyond + signature)), [WITNESS])


def test_of_a_witness_that_signed_twice_one_counts() -> None:
    lines = [cosign(TEXT, WITNESS.name, WITNESS_KEY, AT + timedelta(seconds=n)) for n in (0, 1)]
    (found,) = verify_cosignatures(Note(TEXT, (*signed().signatures, *lines)), [WITNESS], AT)
    assert found.at == AT
