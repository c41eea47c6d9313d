"""The worker: holds the engine and the gallery, and does what waits in the queue.

One loop, one piece of work at a time::

    follow the gallery → lease → work (a second thread keeps the lease alive) → one commit → again

Killing it at any moment loses nothing: work is finished in the transaction that stores its result, and a lease that
nobody renews is taken over by another worker.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

import structlog

from registry.bootstrap import PARENT_VARIABLE, build_context, build_engine
from registry.domain.checks import WorkKind
from registry.domain.ids import IdPrefix
from registry.domain.spoken_statements import DIGITS
from registry.engine.identify import Engine
from registry.engine.voiceprint import Voiceprint
from registry.errors import (
    EngineMismatchError,
    InvalidInputError,
    LeaseLostError,
    NotFoundError,
    RegistryError,
    SealBrokenError,
)
from registry.logs import configure_logs
from registry.media.digits import DigitReader
from registry.services import (
    assessments,
    enrolment_work,
    gallery,
    housekeeping,
    spoken_listening,
    spoken_statement_work,
)
from registry.services.context import Context
from registry.settings import load_settings
from registry.store import work
from registry.store.work import Lease

IDLE_S = 0.02
FOLLOW_S = 0.25
BEAT_S = 2.0
HOUSE_S = 30.0
RETRY_S = 2.0
_REFUSED = 4

log = structlog.get_logger()


@dataclass(slots=True)
class _Due:
    """When something regular is to happen next, by the monotonic clock."""

    every_s: float
    at: float = 0.0

    def now(self) -> bool:
        if time.monotonic() < self.at:
            return False
        self.at = time.monotonic() + self.every_s
        return True


class Worker:
    """One worker. Several may share a database, on one host or on many.

    Args:
        ctx: what verbs work with.
        engine: loaded, and past its self-test.
        lease_s: how long a lease holds without being renewed.

    Raises:
        WeightsError: the model of spoken digits is missing, or is not the pinned one.
    """

    def __init__(self, ctx: Context, engine: Engine, *, lease_s: float = 30.0) -> None:
        self._ctx = ctx
        self._engine = engine
        self._lease_s = lease_s
        self._reader = DigitReader(DIGITS)
        self._gallery = engine.new_gallery()
        self._seq = 0
        self._following = threading.RLock()  # held while the gallery changes, or is searched
        self._beat, self._house = _Due(BEAT_S), _Due(HOUSE_S)
        self._stopping = threading.Event()
        self.id = ctx.ids.new(IdPrefix.WORKER, ctx.clock())

    def run(self) -> None:
        """Work until `stop` is called; then finish what is in hand, and sign off.

        Raises:
            EngineMismatchError: an older worker runs another engine; which of the two answers must not be chance.
        """
        self._take_whole_gallery()  # the first beat is in it: nothing was leased before
        log.info("worker ready", worker=self.id, device=self._engine.identity.device, performers=len(self._gallery))
        try:
            while not self._stopping.is_set():
                self._run_guarded()
        finally:
            with self._ctx.database.write() as session:
                work.depart(session, self.id)
                session.commit()
            log.info("worker gone", worker=self.id)

    def stop(self) -> None:
        """Ask the loop to end after the work in hand."""
        self._stopping.set()

    def _run_guarded(self) -> None:
        """Do one round; a database that does not answer is waited for, not died of.

        Raises:
            EngineMismatchError: see `run`.
        """
        try:
            if not self.run_once():
                self._stopping.wait(IDLE_S)
        except EngineMismatchError:
            raise
        except RegistryError as error:
            log.warning("worker waits", worker=self.id, slug=error.slug, detail=error.detail)
            self._stopping.wait(RETRY_S)

    def run_once(self) -> bool:
        """Follow the gallery, then do one piece of work. Answer whether there was any."""
        self.follow_gallery()
        if self._house.now():
            housekeeping.keep_house(self._ctx)
        held = self._lease()
        if held is None:
            return False
        started = time.monotonic()
        outcome = self._do(held)
        log.info(
            "work done",
            worker=self.id,
            kind=held.kind.value,
            subject=held.subject_id,
            outcome=outcome,
            seconds=round(time.monotonic() - started, 3),
        )
        return True

    # --- the gallery -------------------------------------------------------------------------------------------------

    def _take_whole_gallery(self) -> None:
        self._apply(gallery.whole_gallery(self._ctx))
        self._say_alive()

    def follow_gallery(self) -> None:
        """Apply every step of the gallery since the last; say so at once when there were any."""
        with self._following:
            steps = gallery.steps_after(self._ctx, self._seq)
            moved = steps.seq != self._seq
            self._apply(steps)
        if moved or self._beat.now():
            self._say_alive()

    def _apply(self, steps: gallery.Steps) -> None:
        for shelf in steps.shelves:
            usable = [v for v in shelf.voiceprints if self._engine.spaces.get(v.space.encoder) == v.space]
            if {v.space.encoder for v in usable} == set(self._engine.spaces):
                self._gallery.add(shelf.performer_id, usable)
            else:
                self._gallery.remove(shelf.performer_id)
                if shelf.voiceprints:
                    log.warning("voiceprints of another space", performer=shelf.performer_id)
        self._seq = steps.seq

    def _say_alive(self) -> None:
        identity, now = self._engine.identity, self._ctx.clock()
        engine_version = f"{identity.version}+{identity.calibration}"
        within_s = self._ctx.thresholds.worker_lost_after_s
        with self._ctx.database.write() as session:
            work.require_same_engine(
                session, worker_id=self.id, engine_version=engine_version, now=now, within_s=within_s
            )
            work.beat(
                session,
                worker_id=self.id,
                pid=os.getpid(),
                device=identity.device,
                engine_version=engine_version,
                ready=True,
                gallery_seq=self._seq,
                now=now,
            )
            session.commit()

    # --- the work ----------------------------------------------------------------------------------------------------

    def _lease(self) -> Lease | None:
        with self._ctx.database.write() as session:
            held = work.lease(
                session,
                worker_id=self.id,
                now=self._ctx.clock(),
                lease_s=self._lease_s,
                kinds=list(WorkKind),
            )
            if held is not None:
                session.commit()
        return held

    def _do(self, held: Lease) -> str:
        """Do the work, and answer what became of it, for the log.

        Raises:
            RegistryError: the database does not answer; the lease will expire and the work be done again.
        """
        do = {
            WorkKind.CHECK: self._check,
            WorkKind.ENROLMENT: self._enrol,
            WorkKind.SPOKEN_STATEMENT: self._listen,
        }[held.kind]
        try:
            with self._kept_alive(held):
                do(held)
        except LeaseLostError:
            return "lease lost"
        except NotFoundError as error:
            return self._release(held, error.detail)
        except Exception as error:
            log.exception("work failed", worker=self.id, subject=held.subject_id)
            return self._release(held, type(error).__name__)
        return "done"

    def _release(self, held: Lease, error: str) -> str:
        with contextlib.suppress(LeaseLostError), self._ctx.database.write() as session:
            retry_at = self._ctx.clock() + timedelta(seconds=RETRY_S)
            work.release(session, held, retry_at=retry_at, error=error)
            session.commit()
        return "failed, to be tried again"

    def _check(self, held: Lease) -> None:
        try:
            recording = assessments.open_check(self._ctx, held.subject_id)
            analysis = self._engine.analyse(recording, self._ctx.detector.spans(recording))
            with self._following:
                evidence = self._engine.evidence(analysis, self._gallery) if len(self._gallery) else None
        except (InvalidInputError, SealBrokenError) as error:
            assessments.refuse_check(self._ctx, held, error)
        else:
            assessments.complete_check(self._ctx, held, evidence)

    def _enrol(self, held: Lease) -> None:
        try:
            voiceprints = self._voiceprints(held)
        except (InvalidInputError, SealBrokenError) as error:
            enrolment_work.refuse_enrolment(self._ctx, held, error)
        else:
            enrolment_work.complete_enrolment(self._ctx, held, voiceprints)

    def _voiceprints(self, held: Lease) -> list[Voiceprint]:
        enrolment, recordings = enrolment_work.open_enrolment(self._ctx, held.subject_id)
        analyses = self._engine.analyse_many([(r, self._ctx.detector.spans(r)) for r in recordings])
        labels = [str(entry["label"]) for entry in enrolment.recordings]
        self._engine.require_one_voice(analyses, labels)
        return [
            voiceprint
            for analysis, label in zip(analyses, labels, strict=True)
            for voiceprint in self._engine.prototypes(analysis, label)
        ]

    def _listen(self, held: Lease) -> None:
        try:
            waiting = spoken_statement_work.open_statement(self._ctx, held)
        except SealBrokenError:
            spoken_statement_work.refuse_tampered(self._ctx, held)
            return
        spans = self._ctx.detector.spans(waiting.recording)
        analysed = spoken_listening.analyse_statement(self._engine, self._reader, waiting, spans)
        with self._following:
            heard = spoken_listening.listen(self._engine, self._gallery, waiting, analysed)
        spoken_statement_work.complete_statement(self._ctx, held, heard)

    @contextlib.contextmanager
    def _kept_alive(self, held: Lease) -> Iterator[None]:
        """Renew the lease, and follow the gallery, from a second thread for as long as the work takes.

        A withdrawal does not wait for a long recording: its voiceprints leave this memory while the work goes on.
        """
        done = threading.Event()
        thread = threading.Thread(target=self._keep_alive, args=(held, done), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _keep_alive(self, held: Lease, done: threading.Event) -> None:
        renewal = _Due(self._lease_s / 3, at=time.monotonic() + self._lease_s / 3)
        while not done.wait(FOLLOW_S):
            try:
                self.follow_gallery()
                if renewal.now():
                    self._renew(held)
            except RegistryError as error:
                log.warning("lease not renewed", worker=self.id, slug=error.slug)
                if isinstance(error, LeaseLostError):
                    return

    def _renew(self, held: Lease) -> None:
        with self._ctx.database.write() as session:
            work.extend(session, held, now=self._ctx.clock(), lease_s=self._lease_s)
            session.commit()


def main() -> int:
    """Run one worker until it is asked to stop; answer the exit code: 0, or 4 when it refuses to serve."""
    settings = load_settings()
    configure_logs(settings.log_level)
    try:
        with build_context(settings) as ctx:
            ctx.database.require_current_schema()
            worker = Worker(ctx, build_engine(settings), lease_s=settings.lease_s)
            _stop_on_signals(worker.stop)
            _stop_with_parent(worker.stop)
            worker.run()
    except RegistryError as error:
        log.error("worker refuses to serve", slug=error.slug, detail=error.detail)  # noqa: TRY400  (its words suffice)
        return _REFUSED
    return 0


def _stop_on_signals(stop: Callable[[], None]) -> None:
    """Let SIGTERM and SIGINT end a worker in good order."""

    def handle(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001  (signature)
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def _stop_with_parent(stop: Callable[[], None]) -> None:
    """End an embedded worker whose server is gone, however it went: an orphan would hold the gallery for nobody."""
    parent = os.environ.get(PARENT_VARIABLE)
    if parent is None:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(1)
        stop()

    threading.Thread(target=watch, name="parent", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
