"""What witnesses say of the journal: cosignatures of its checkpoints, which are all that it takes to hand one in."""

from __future__ import annotations

from collections.abc import Sequence

from registry.domain.ids import IdPrefix
from registry.errors import DuplicateError, SignatureInvalidError
from registry.journal.checkpoint import Checkpoint, Cosignature, open_checkpoint, verify_cosignatures
from registry.journal.note import VerifierKey, read_note
from registry.services.context import Context
from registry.services.journal import SignedCheckpoint, as_signed, journal_keys
from registry.store import journal_checkpoints
from registry.store.journal_checkpoints import JournalCosignature


def add_cosignatures(ctx: Context, sent: str) -> SignedCheckpoint:
    """Keep what witnesses say of a checkpoint, and answer the checkpoint with all that is kept.

    1. It is a signed note, signed by this registry, of this journal.
    2. It is a checkpoint that is kept, word for word.
    3. Every signature by a witness that the settings name holds, and there is one.
    4. Of each witness the first that came is kept.

    Raises:
        SignatureInvalidError: one of these does not hold; figure ``step``.
    """
    note = read_note(sent)
    checkpoint = open_checkpoint(note, journal_keys(ctx))
    cosigned = verify_cosignatures(note, ctx.journal.witnesses, ctx.clock())
    if not cosigned:
        raise SignatureInvalidError("no witness that this registry knows has signed it", step="witness")
    try:
        return _keep_cosignatures(ctx, checkpoint, cosigned)
    except DuplicateError:  # they came twice at the same time: what came first is kept
        return _keep_cosignatures(ctx, checkpoint, cosigned)


def _keep_cosignatures(ctx: Context, checkpoint: Checkpoint, cosigned: Sequence[Cosignature]) -> SignedCheckpoint:
    now = ctx.clock()
    with ctx.database.write() as session:
        kept = journal_checkpoints.checkpoint_at(session, checkpoint.size)
        if kept is None or read_note(kept.note).text != checkpoint.text:
            raise SignatureInvalidError(
                f"this checkpoint of {checkpoint.size} leaves is not one that is kept here", step="checkpoint"
            )
        known = {each.witness for each in journal_checkpoints.cosignatures_of(session, [kept.size]).get(kept.size, ())}
        new = [
            JournalCosignature(
                id=ctx.ids.new(IdPrefix.COSIGNATURE, now),
                size=kept.size,
                witness=_witness(each.witness),
                line=str(each.line),
                at=each.at,
                received_at=now,
            )
            for each in cosigned
            if _witness(each.witness) not in known
        ]
        journal_checkpoints.keep_cosignatures(session, new)
        signed = as_signed(session, [kept])[0]
        session.commit()
    return signed


def _witness(key: VerifierKey) -> str:
    return f"{key.name}+{key.id.hex()}"
