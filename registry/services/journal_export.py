"""The journal as it lies in the database: exported for whoever is to check it, and checked here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.events import Detail
from registry.journal.files import write_folder
from registry.journal.kept import KeptLeaf, KeptOpening
from registry.journal.leaf import rfc3339
from registry.journal.note import VerifierKey
from registry.journal.verify import Verified, verify
from registry.services.context import Context
from registry.services.journal import SignedCheckpoint, journal_keys, origin_of, sign_current, signed_in
from registry.store import journal, journal_restorations


@dataclass(frozen=True, slots=True)
class ExportedJournal:
    """A journal that was written to a folder, and the checkpoint that it ends with."""

    leaves: int
    checkpoint: SignedCheckpoint


def export_journal(ctx: Context, principal: Principal, folder: Path, *, with_openings: bool) -> ExportedJournal:
    """Sign the journal as it is now, and write all of it to a new folder.

    Args:
        folder: of which there is none yet.
        with_openings: whether what opens the leaves is written as well; a copy that no erasure reaches.

    Raises:
        ForbiddenError: the caller does not run the registry.
        DuplicateError, InvalidInputError: the folder is there, or cannot be written.
        JournalDamagedError: the journal is not what was signed before; nothing is written.
    """
    principal.require(Scope.JOURNAL_READ)
    checkpoint = sign_current(ctx)
    with ctx.database.read() as session:
        kept = DatabaseJournal(session, up_to=checkpoint.size)
        leaves = write_folder(
            folder,
            origin=origin_of(ctx),
            checkpoints=((each.size, each.note) for each in signed_in(session, up_to=checkpoint.size)),
            leaves=kept.leaves(),
            openings=kept.openings() if with_openings else None,
            restorations=kept.restorations(),
            timestamps=list(kept.timestamps()),
        )
    return ExportedJournal(leaves, checkpoint)


def verify_database(
    ctx: Context,
    *,
    keys: Sequence[VerifierKey] = (),
    earlier: Sequence[str] = (),
    witnesses: Sequence[VerifierKey] = (),
    tree_only: bool = False,
    timestamp_roots: bytes | None = None,
) -> Verified:
    """Look at the journal as it lies in the database, in one snapshot, as `registry.journal.verify` says.

    Args:
        keys: that are trusted; by default those of this registry's keyring.
        earlier: checkpoints that were kept elsewhere.
        witnesses: whose cosignatures count; by default those of the settings.
        tree_only: leave out the openings.
        timestamp_roots: certificates that time stamps must lead to; by default those of the settings, if any.
    """
    with ctx.database.read() as session:
        kept = DatabaseJournal(session, without_openings=tree_only)
        trusted, seen_by = keys or journal_keys(ctx), witnesses or ctx.journal.witnesses
        if timestamp_roots is None and ctx.timestamps is not None and not tree_only:
            timestamp_roots = ctx.timestamps.roots
        return verify(kept, trusted, earlier=earlier, witnesses=seen_by, timestamp_roots=timestamp_roots)


class DatabaseJournal:
    """The journal of a database, as `registry.journal.kept.Kept`.

    Args:
        session: that reads it, in one snapshot.
        up_to: the last leaf that is shown; None for all.
        without_openings: show none of them.
    """

    def __init__(self, session: Session, *, up_to: int | None = None, without_openings: bool = False) -> None:
        self._session, self._up_to, self._without_openings = session, up_to, without_openings

    def leaves(self) -> Iterator[KeptLeaf]:
        """Answer the leaves, by number."""
        for entry in journal.every_entry(self._session, up_to=self._up_to):
            said = {"type": entry.type, "subject": entry.subject_id, "at": rfc3339(entry.at)}
            yield KeptLeaf(entry.seq, entry.leaf, entry.leaf_sha256, said)

    def nodes(self) -> Iterator[tuple[int, str]]:
        """Answer the nodes of the tree, by position."""
        return journal.every_node(self._session)

    def openings(self) -> Iterator[KeptOpening]:
        """Answer what is left of the openings, by number."""
        if self._without_openings:
            return
        for seq, salt, details in journal.every_opening(self._session, up_to=self._up_to):
            yield KeptOpening(seq, salt, cast("dict[str, Detail]", details))

    def restorations(self) -> Iterator[KeptOpening]:
        """Answer what opens the leaves that say that the journal was restored."""
        for seq, salt, details in journal_restorations.statements(self._session):
            yield KeptOpening(seq, salt, cast("dict[str, Detail]", details))

    def timestamps(self) -> Iterator[tuple[int, bytes]]:
        """Answer the time stamps of checkpoints, by size."""
        return iter(journal_restorations.every_timestamp(self._session))

    def checkpoints(self) -> Iterator[str]:
        """Answer the notes of all checkpoints, by size."""
        return (each.note for each in signed_in(self._session))
