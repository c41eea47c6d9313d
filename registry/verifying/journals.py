"""Checkpoints, and whether what a file shows of a journal is in this registry's journal."""

from __future__ import annotations

from registry.errors import InvalidInputError, ProofInvalidError, SignatureInvalidError
from registry.journal.checkpoint import Checkpoint, open_checkpoint, verify_cosignatures
from registry.journal.merkle import verify_inclusion
from registry.journal.note import read_note
from registry.services.context import Context
from registry.services.journal import describe_journal
from registry.services.journal_append import tree_at
from registry.store import journal
from registry.verifying.answers import Fact, FileKind, InJournal, Looked, SignatureStanding, SigningKey


def look_at_checkpoint(ctx: Context, note: str) -> Looked:
    """Say whether a checkpoint is this journal's, who cosigned it, and whether the journal still begins with it."""
    kind = FileKind.CHECKPOINT
    try:
        read = read_note(note)
        said = Checkpoint.read(read.text)
    except SignatureInvalidError as error:
        return Looked(kind, SignatureStanding.UNREADABLE, flaws=(error.detail,))
    facts = ((Fact.REGISTRY, said.origin), (Fact.LEAVES, str(said.size)), (Fact.SHA256, said.root.hex()))
    known = describe_journal(ctx)
    try:
        checkpoint = open_checkpoint(read, known.keys)
        witnesses = verify_cosignatures(read, known.witnesses, ctx.clock())
    except SignatureInvalidError as error:
        is_other = error.figures.get("step") == "key"
        standing = SignatureStanding.OTHER_KEY if is_other else SignatureStanding.DOES_NOT_HOLD
        return Looked(kind, standing, journal=_elsewhere(is_other=is_other), facts=facts, flaws=(error.detail,))
    named = ", ".join(each.witness.name for each in witnesses)
    return Looked(
        kind,
        SignatureStanding.HOLDS,
        journal=is_ours(ctx, checkpoint),
        key=SigningKey(checkpoint.origin),
        facts=(*facts, *(((Fact.WITNESSES, named),) if named else ())),
    )


def _elsewhere(*, is_other: bool) -> InJournal:
    return InJournal.ELSEWHERE if is_other else InJournal.NOT_SHOWN


def is_ours(ctx: Context, checkpoint: Checkpoint) -> InJournal:
    """Say whether this registry's journal begins with what a checkpoint says."""
    with ctx.database.read() as session:
        if checkpoint.size > journal.size_of_journal(session):
            return InJournal.NOT_SHOWN
        return InJournal.SHOWN if tree_at(session, checkpoint.size).root == checkpoint.root else InJournal.NOT_SHOWN


def look_at_inclusion(ctx: Context, leaf_sha256: str, index: int, path: list[str], note: str) -> Looked:
    """Say whether a leaf is under a checkpoint, by the hashes up to its root, and whether both are this journal's.

    Args:
        ctx: what verbs work with.
        leaf_sha256: hash of the leaf, in hex.
        index: of the leaf, from 0.
        path: hashes from the leaf upwards, in hex.
        note: the checkpoint, whole.
    """
    found = look_at_checkpoint(ctx, note)
    flaws = list(found.flaws)
    try:
        checkpoint = Checkpoint.read(read_note(note).text)
        hashes = [bytes.fromhex(each) for each in path]
        verify_inclusion(bytes.fromhex(leaf_sha256), index, checkpoint.size, hashes, checkpoint.root)
    except (ProofInvalidError, SignatureInvalidError, InvalidInputError, ValueError, TypeError) as error:
        flaws.append(f"the leaf is not shown to be under the checkpoint: {error}")
    standing = SignatureStanding.DOES_NOT_HOLD if len(flaws) > len(found.flaws) else found.standing
    in_journal = InJournal.NOT_SHOWN if standing is SignatureStanding.DOES_NOT_HOLD else found.journal
    facts = (*found.facts, (Fact.ABOUT, leaf_sha256))
    return Looked(FileKind.INCLUSION, standing, journal=in_journal, key=found.key, facts=facts, flaws=tuple(flaws))
