"""A scan on the registry's own gallery keeps up with it: who may not be searched any more leaves its memory at once.

It says that it lives as workers do, and how far it has followed, so that a withdrawal waits for it as for any of them.
It is never ready for checks, and takes none. Who comes into the gallery meanwhile is not searched: what a scan searches
only shrinks.
"""

from __future__ import annotations

import contextlib
import os
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Final, Self

import structlog

from registry.domain.ids import IdPrefix
from registry.engine.gallery import Gallery
from registry.errors import RegistryError
from registry.services.context import Context
from registry.services.holding import LOOK_S, RETRY_S, Due
from registry.store import enrolments, workers
from registry.store.enrolments import GalleryChange, GalleryChangeKind

BEAT_S: Final = 2.0

log = structlog.get_logger()


class Following:
    """Keeps a gallery in step with the database, for a block.

    Args:
        ctx: what verbs work with.
        gallery: that is searched; performers are only ever taken out of it.
        seq: the step of the gallery that it was.
        device, engine_version: to be told of the process.

    Attributes:
        gone: how many were taken out.
    """

    def __init__(
        self,
        ctx: Context,
        gallery: Gallery,
        seq: int,
        *,
        device: str,
        engine_version: str,
    ) -> None:
        self._ctx = ctx
        self._gallery = gallery
        self._seq = seq
        self._told = {"device": device, "engine_version": engine_version}
        self._id = ctx.ids.new(IdPrefix.WORKER, ctx.clock())
        self._beat = Due(BEAT_S)
        self._lock = Lock()
        self._done = Event()
        self._thread = Thread(target=self._run, name="gallery", daemon=True)
        self.gone = 0

    def __enter__(self) -> Self:
        """Begin: first say so, then catch up with what happened since the gallery was read.

        Raises:
            RegistryError: the database does not answer, or cannot be written to.
        """
        self._say_alive()
        self.follow()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        with contextlib.suppress(RegistryError), self._ctx.database.write() as session:
            workers.depart(session, self._id)
            session.commit()

    def follow(self) -> None:
        """Take out whose voiceprints were destroyed since the last look, and say so; else say now and then: alive."""
        with self._lock:
            with self._ctx.database.read() as session:
                steps = enrolments.changes_after(session, self._seq)
            for step in steps:
                self._apply(step)
            if steps or self._beat.now():
                self._say_alive()

    def _apply(self, step: GalleryChange) -> None:
        if step.kind is GalleryChangeKind.REMOVED:
            before = len(self._gallery)
            self._gallery.remove(step.performer_id)
            self.gone += before - len(self._gallery)
        self._seq = step.seq

    def _say_alive(self) -> None:
        with self._ctx.database.write() as session:
            workers.beat(
                session,
                worker_id=self._id,
                pid=os.getpid(),
                ready=False,
                gallery_seq=self._seq,
                now=self._ctx.clock(),
                **self._told,
            )
            session.commit()

    def _run(self) -> None:
        pause_s = LOOK_S
        while not self._done.wait(pause_s):
            try:
                self.follow()
                pause_s = LOOK_S
            except RegistryError as error:
                log.warning("the gallery is not followed", slug=error.slug, detail=error.detail)
                pause_s = RETRY_S
