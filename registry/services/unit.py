"""A unit of work: one writing transaction that remembers what it did and journals it as it commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from registry.domain.events import Detail, Event, EventType
from registry.domain.ids import IdPrefix
from registry.errors import RegistryError, RequestInProgressError, StaleVersionError
from registry.services.context import Context
from registry.services.endings import LISTED, keep_endings
from registry.services.journal_append import append_events
from registry.services.webhook_outbox import write_outbox
from registry.store import enrolments
from registry.store.enrolments import GalleryChangeKind
from registry.store.idempotency import note_deed
from registry.store.sequence import take_turn

log = structlog.get_logger()


class Unit:
    """One transaction. Nothing of it stays unless `commit` is reached.

    Write order: the records first (their row locks with them), then the note under the request's idempotency key, then
    the messages of webhooks, then the turn of appending, then the steps of the gallery and the leaves of the journal,
    then the commit, which is the one commit point of all of them together. What ended is then written down outside of
    the database (`registry.services.endings` says what becomes of a crash in between). Last, as best effort, uploads
    that nobody waits for any more are deleted; what a crash leaves of them, a sweep finds.

    Attributes:
        session: of the transaction.
        now: the moment that the whole unit happens at.
        gallery_seq: the last step of the gallery written by `commit`, or None.
    """

    def __init__(self, ctx: Context, session: Session) -> None:
        self._ctx = ctx
        self._events: list[Event] = []
        self._steps: list[tuple[str, GalleryChangeKind]] = []
        self._uploads: list[str] = []
        self.session = session
        self.now: datetime = ctx.clock()
        self.gallery_seq: int | None = None

    def random_bytes(self, count: int) -> bytes:
        """Answer that many random bytes."""
        return self._ctx.random_bytes(count)

    def new_id(self, prefix: IdPrefix) -> str:
        """Answer a new id for this moment."""
        return self._ctx.ids.new(prefix, self.now)

    def record(self, event_type: EventType, subject_id: str, actor_id: str, **details: Detail) -> None:
        """Remember that something happened; it is journalled if and when the unit commits."""
        self._events.append(Event(event_type, subject_id, actor_id, self.now, details))

    def gallery_changed(self, performer_id: str, kind: GalleryChangeKind) -> None:
        """Remember that a performer's voiceprints came or went; workers follow once the unit commits."""
        self._steps.append((performer_id, kind))

    def upload_used(self, record_id: str) -> None:
        """Remember that the upload of a record is not needed any more; it is deleted once the unit has committed."""
        self._uploads.append(record_id)

    def commit(self) -> None:
        """Write what was remembered, and commit all of it at once.

        Raises:
            RequestInProgressError: the request took so long that its idempotency key was given to another.
        """
        self.session.flush()
        self._note_deed()
        write_outbox(self.session, self._events, lambda: self.new_id(IdPrefix.WEBHOOK_MESSAGE))
        if self._events or self._steps:
            take_turn(self.session)
        for performer_id, kind in self._steps:
            self.gallery_seq = enrolments.record_change(self.session, performer_id, kind, self.now)
        if self._events:
            append_events(self.session, self._events, self.random_bytes)
        self.session.commit()
        if any(event.type in LISTED for event in self._events):
            keep_endings(self._ctx)
        for record_id in self._uploads:
            self._delete_upload(record_id)

    def _note_deed(self) -> None:
        """Note under the request's idempotency key, where it has one, what is done here."""
        deed = self._ctx.deed
        if deed is None or not self._events:
            return
        if not note_deed(self.session, deed, [event.subject_id for event in self._events], self.now):
            raise RequestInProgressError(
                "this request took so long that its idempotency key was given to another; nothing of it was done"
            )

    def _delete_upload(self, record_id: str) -> None:
        try:
            self._ctx.spool.delete(record_id)
        except RegistryError as error:
            log.warning("upload left to the sweep", record=record_id, slug=error.slug)


@contextmanager
def unit_of_work(ctx: Context) -> Iterator[Unit]:
    """Open a unit of work; whatever is not committed is rolled back at the end."""
    with ctx.database.write() as session:
        yield Unit(ctx, session)


def require_version(current: int, wanted: int | None) -> None:
    """Refuse to change a record that is not the version the caller has seen.

    Raises:
        StaleVersionError: figures ``version`` and ``current_version``.
    """
    if wanted is not None and wanted != current:
        raise StaleVersionError(
            f"version {wanted} was to be changed, but the current one is {current}",
            version=wanted,
            current_version=current,
        )
