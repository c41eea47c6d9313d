"""Writing down outside of the database what has ended: a copy of the journal's leaves that say so.

A backup brings back what it was made of. Whoever withdrew since, every token that was revoked since, has to end again,
and the database that knew of it is lost by then. So the list of endings (`registry.journal.endings`) lies elsewhere,
and is made of the journal: after the commit, by the process that committed, and by every worker as it keeps house. What
a crash, or a disk that was full, kept out of it, the next of these writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.domain.events import EventType
from registry.errors import EndingsDamagedError, KeyringError, RegistryError
from registry.journal.endings import Ending, Head
from registry.services.context import Context
from registry.services.journal_names import first_origin, history_in, journal_keys_in, origin_in
from registry.store import journal, journal_checkpoints
from registry.store.consents import Consent
from registry.store.journal import JournalEntry, JournalOpening
from registry.store.performers import RefusedName, Tombstone

log = structlog.get_logger()

LISTED: Final[Mapping[EventType, Sequence[str]]] = {
    EventType.CONSENT_WITHDRAWN: ("performer_id",),
    EventType.CONSENT_EXPIRED: ("performer_id",),
    EventType.CONSENT_SUPERSEDED: ("performer_id", "purpose", "superseded_by"),
    EventType.VOICEPRINT_KEY_DESTROYED: ("performer_id", "modality", "commitment"),
    EventType.COHORT_AGREEMENT_ENDED: ("performer_id",),
    EventType.PERFORMER_FORGOTTEN: ("performer_id",),
    EventType.PERFORMER_DELETED: (),
    EventType.TOKEN_REVOKED: ("account_id",),
    EventType.TOKEN_ROTATED: ("account_id", "ends_at"),
    EventType.IDENTITY_DISCONNECTED: ("account_id",),
    EventType.ACCOUNT_DISABLED: (),
    EventType.REPRESENTATIVE_DISMISSED: ("performer_id",),
    EventType.WEBHOOK_DISABLED: (),
    EventType.WEBHOOK_REMOVED: (),
    EventType.LICENCE_AMENDED: ("performer_id", "studio_id"),
    EventType.LICENCE_REVOKED: ("performer_id", "studio_id"),
    EventType.LICENCE_SUSPENDED: ("performer_id", "studio_id"),
    EventType.STRIKE_DECLARED: (),
    EventType.SIGNING_KEY_RETIRED: ("account_id",),
    EventType.GALLERY_FILE_VOIDED: (),
    EventType.STAY_DOWN_ENDED: ("notice_id", "ending"),
    EventType.SOUND_ENDED: ("finding_id", "ending"),
}
"""What is written down, and which details of it: ids and digests that it takes to let it end again."""


def write_endings(ctx: Context) -> int:
    """Write down what has ended since this was last done; answer how many lines that were.

    1. Nobody else writes the list meanwhile, on this host.
    2. How far it has come is read from it.
    3. Leaves behind that are read from the journal, in one snapshot, with the newest checkpoint.
    4. Lines are written and flushed, then the head that counts them: the commit point of the list.
    5. Last the checkpoint, so that none is ever beside a list that does not reach as far.

    Raises:
        EndingsDamagedError: the list is not what was written.
        KeyringError: there is no key to sign with.
        OSError: the folder cannot be written to.
    """
    book = ctx.endings
    if book is None:
        return 0
    with book.locked(), ctx.database.read() as session:
        head = book.head(journal_keys_in(ctx, session))
        covered, size = _covered(ctx, session, head), journal.size_of_journal(session)
        if size < covered:
            raise EndingsDamagedError(
                f"the list of endings goes up to leaf {covered} of the journal, which has {size}: the database is "
                "older than the list; a backup is put back with `likeness restore`",
                covered=covered,
                size=size,
            )
        history, _ = history_in(ctx, session)
        found: Sequence[Ending] = ()
        if size != covered or head.history != history:
            origin = origin_in(ctx, session)
            found = _after(session, origin, history, covered)
            key, name = ctx.keys.signing_key(), first_origin(ctx)
            book.add(head, found, origin=origin, history=history, covered=size, key=key, name=name)
        newest = journal_checkpoints.last_checkpoint(session)
        if newest is not None:
            book.keep_checkpoint(newest.note)
    return len(found)


def _covered(ctx: Context, session: Session, head: Head) -> int:
    """Answer up to which leaf of this journal a list has come.

    In a journal that was restored, what comes before is in the list already: it was restored with it.
    """
    history, since = history_in(ctx, session)
    if head.history == history:
        return head.covered
    return since if head.lines else 0


def keep_endings(ctx: Context) -> None:
    """Do as `write_endings`, after a commit that cannot be taken back: what fails is logged, and done later."""
    try:
        write_endings(ctx)
    except (RegistryError, OSError) as error:
        slug = error.slug if isinstance(error, RegistryError) else type(error).__name__
        log.error("endings not written", slug=slug)  # noqa: TRY400  (a trace says nothing more)


def endings_behind(ctx: Context) -> int:
    """Answer how many leaves of the journal the list has not been brought up to.

    Raises:
        EndingsDamagedError, KeyringError, OSError: as `write_endings`.
    """
    book = ctx.endings
    if book is None:
        raise KeyringError("no list of endings is kept")
    with book.locked(), ctx.database.read() as session:
        head = book.head(journal_keys_in(ctx, session))
        return journal.size_of_journal(session) - _covered(ctx, session, head)


def _after(session: Session, origin: str, history: str, covered: int) -> Sequence[Ending]:
    """Answer what ended behind a leaf, in the order of the leaves."""
    query = (
        select(JournalEntry.seq, JournalEntry.type, JournalEntry.leaf, JournalEntry.subject_id, JournalOpening.details)
        .outerjoin(JournalOpening, JournalOpening.seq == JournalEntry.seq)
        .where(JournalEntry.seq > covered, JournalEntry.type.in_([each.value for each in LISTED]))
        .order_by(JournalEntry.seq)
    )
    return [
        Ending.of_leaf(origin, history, seq, leaf.decode(), _about(session, EventType(kind), subject_id, details or {}))
        for seq, kind, leaf, subject_id, details in session.execute(query)
    ]


def _about(session: Session, kind: EventType, subject_id: str, details: Mapping[str, Any]) -> dict[str, Any]:
    """Answer what it takes to let something end again, from the opening of its leaf and the record itself."""
    about = {name: details[name] for name in LISTED[kind] if name in details}
    if kind is EventType.PERFORMER_FORGOTTEN:
        about |= _tombstone(session, subject_id)
    elif kind is EventType.CONSENT_SUPERSEDED and "superseded_by" in about:
        after = session.get(Consent, about["superseded_by"])
        about["by_decision"] = None if after is None else after.decision.value
    return about


def _tombstone(session: Session, tombstone_id: str) -> dict[str, Any]:
    """Answer what a wish to be forgotten rests on, and the keyed digests of the names that it refuses."""
    tombstone = session.get(Tombstone, tombstone_id)
    if tombstone is None:
        return {}
    names = session.scalars(select(RefusedName.name_digest).where(RefusedName.tombstone_id == tombstone_id))
    return {
        "text_id": tombstone.text_id,
        "text_sha256": tombstone.text_sha256,
        "asked_by": tombstone.asked_by,
        "name_digests": sorted(names),
    }
