"""The verbs that write the journal, for a process that dies at every write of one: see `dying`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from dying import Subjects, Verb, print_table

from registry.cli.operator import choose_operator
from registry.journal.checkpoint import cosign
from registry.journal.note import KeyKind, Note, VerifierKey, read_note
from registry.services import journal, journal_witnesses, performers
from registry.services.context import Context, JournalRules

WITNESS_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = VerifierKey("witness.example/w1", KeyKind.COSIGNATURE, WITNESS_KEY.public_key().public_bytes_raw())
SEEN = datetime(2026, 3, 14, tzinfo=UTC)


def append(ctx: Context, ids: Subjects) -> None:
    """Do something that is journalled."""
    performers.change_performer(ctx, choose_operator(ctx, None), ids["performer"], name="Another Name")


def sign(ctx: Context, _: Subjects) -> None:
    """Sign a checkpoint."""
    journal.sign_current(ctx)


def witness(ctx: Context, ids: Subjects) -> None:
    """Hand in a cosignature."""
    note = read_note(ids["checkpoint"])
    seen = Note(note.text, (*note.signatures, cosign(note.text, WITNESS.name, WITNESS_KEY, SEEN)))
    journal_witnesses.add_cosignatures(replace(ctx, journal=JournalRules(witnesses=(WITNESS,))), str(seen))


VERBS: Mapping[str, Verb] = {"append": append, "sign": sign, "witness": witness}


if __name__ == "__main__":
    print_table(VERBS)
