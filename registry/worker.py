"""The worker: holds the engine and the gallery, and does what waits in the queue.

One loop. Checks that wait are taken together, as many as a share holds; anything else is done by itself::

    look → follow the gallery → lease → work (a second thread keeps the leases alive) → one commit for each → again

A scan is done a slice at a time, in a thread beside which the loop goes on with whatever else waits.

Killing it at any moment loses nothing: work is finished in the transaction that stores its result, and a lease that
nobody renews is taken over by another worker.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from types import FrameType

import structlog

from registry import memory, starting
from registry.bootstrap import PARENT_VARIABLE, build_context, build_engine
from registry.domain.checks import WorkKind
from registry.domain.engine_settings import EngineSettings, require_in_force
from registry.domain.ids import IdPrefix
from registry.domain.scores import RecordingEvidence
from registry.domain.spoken_statements import DIGITS
from registry.engine.analysis import Analysis
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.engine.voiceprint import Voiceprint
from registry.errors import (
    ConflictError,
    ConsentMissingError,
    DatabaseUnavailableError,
    EngineMismatchError,
    InvalidInputError,
    KeyringError,
    KeysUnavailableError,
    RegistryError,
    SealBrokenError,
)
from registry.hardening import leave_no_core
from registry.logs import configure_logs
from registry.media.digits import DigitReader
from registry.scanning.case_hearing import CaseHearing
from registry.scanning.comparing import written
from registry.scanning.served import Hearing
from registry.scanning.slices import SLICE_S, ScanDesk
from registry.services import (
    case_analysis_work,
    enrolment_work,
    gallery,
    housekeeping,
    purge_work,
    spoken_listening,
    spoken_statement_work,
)
from registry.services.check_work import DONE, Task, do_checks
from registry.services.context import Context
from registry.services.engine_settings import settings_in_force
from registry.services.holding import RETRY_S, Due, Hold
from registry.services.webhook_delivery import Sending
from registry.services.webhook_posting import Poster
from registry.settings import load_settings
from registry.stopping import Stop
from registry.store import work, workers
from registry.store.database import Database
from registry.store.work import Lease, Share

BEAT_S = 2.0
HOUSE_S = 30.0
PROGRESS_S = 5.0
_COMPARED_AT_MOST = 3
"""Times that a case is compared anew because people of a cohort have left it meanwhile."""
SHARE = Share(8, 120.0)
"""By default; see the settings `checks_at_once` and `checks_at_once_s`."""
_REFUSED = 4

log = structlog.get_logger()


class Pauses:
    """How long an idle worker waits until it looks again: hardly after work, when more may come; then ever longer.

    The longest is what a check that comes alone may wait for the worker; the shorter, the more an idle worker costs.
    """

    SHORTEST_S = 0.01
    LONGEST_S = 0.05
    _AWAKE_S = 2.0
    _GROWTH = 1.2

    def __init__(self) -> None:
        self._pause_s = self.SHORTEST_S
        self._awake_until = 0.0

    def worked(self) -> None:
        """Begin anew: there was work."""
        self._pause_s = self.SHORTEST_S
        self._awake_until = time.monotonic() + self._AWAKE_S

    def next_s(self) -> float:
        """Answer how long to wait now."""
        if time.monotonic() >= self._awake_until:
            self._pause_s = min(self._pause_s * self._GROWTH, self.LONGEST_S)
        return self._pause_s


class Worker:
    """One worker. Several may share a database, on one host or on many.

    Args:
        ctx: what verbs work with.
        engine: loaded, and past its self-test.
        lease_s: how long a lease holds without being renewed.
        share: how many checks are taken together, and how much of recordings.
        calibration_sha256: of a calibration in place of the shipped one, for the record.
        slice_s: how long it goes on with a scan, about, until another has its turn.

    Raises:
        WeightsError: the model of spoken digits is missing, or is not the pinned one.
    """

    def __init__(
        self,
        ctx: Context,
        engine: Engine,
        *,
        lease_s: float = 30.0,
        share: Share = SHARE,
        calibration_sha256: str | None = None,
        slice_s: float = SLICE_S,
    ) -> None:
        self._ctx = ctx
        self._engine = engine
        self._lease_s = lease_s
        self._share = share
        self._reader = DigitReader(DIGITS)
        self._gallery = engine.new_gallery()
        self._searched_in = gallery.SearchedIn(engine.spaces, engine.calibration.cohorts)
        self._settings = EngineSettings(engine.target_fpir, calibration_sha256)
        self._settings_number: int | None = None
        self._seq = 0
        self._locked_out: set[str] = set()  # by a keyring that lacks their key: it may come yet
        self._following = threading.RLock()  # held while the gallery changes, or is searched
        self._beat, self._house, self._give_back = Due(BEAT_S), Due(HOUSE_S), Due(memory.GIVE_BACK_EVERY_S)
        self._pauses = Pauses()
        self._stopping = Stop()
        self._kinds = [kind for kind in WorkKind if kind is not WorkKind.SCAN or ctx.scan_places.takes_scans]
        self._cases = CaseHearing(engine, ctx.decoder, ctx.detector, calibration_sha256)
        self._scans = ScanDesk(ctx, Hearing(engine, self._gallery, calibration_sha256), slice_s=slice_s)
        self.id = ctx.ids.new(IdPrefix.WORKER, ctx.clock())

    def run(self) -> None:
        """Work until `stop` is called; then finish what is in hand, and sign off.

        Raises:
            EngineMismatchError: an older worker runs another engine; which of the two answers must not be chance.
            EngineNotInForceError: the engine's settings are not those in force, or not any more.
        """
        try:
            if self._load():
                gc.collect()  # what the networks were made of
                memory.give_back()
                device = self._engine.identity.device
                log.info("worker ready", worker=self.id, device=device, performers=len(self._gallery))
            while not self._stopping.is_asked():
                self._run_guarded()
        finally:
            self._scans.close()
            self._sign_off()
            log.info("worker gone", worker=self.id)

    def stop(self) -> None:
        """Ask the loop to end after the work in hand."""
        self._stopping.ask()

    def _load(self) -> bool:
        """Take the whole gallery, once database and keys are there. The first beat is in it: nothing was leased before.

        Returns:
            False when the worker was asked to stop meanwhile.
        """
        while not self._stopping.is_asked():
            try:
                self.take_whole_gallery()
            except (DatabaseUnavailableError, KeysUnavailableError) as error:
                log.warning("worker waits", worker=self.id, slug=error.slug, detail=error.detail)
                self._stopping.wait(RETRY_S)
            else:
                return True
        return False

    def _sign_off(self) -> None:
        """Strike this worker off the list. As best effort: where the database is away, its last report grows old."""
        try:
            with self._ctx.database.write() as session:
                workers.depart(session, self.id)
                session.commit()
        except RegistryError as error:
            log.warning("worker not signed off", worker=self.id, slug=error.slug)

    def _run_guarded(self) -> None:
        """Do one round; a database that does not answer is waited for, not died of.

        Raises:
            EngineMismatchError: see `run`.
        """
        try:
            if self.run_once():
                self._pauses.worked()
            else:
                self._stopping.wait(self._pauses.next_s())
        except EngineMismatchError:
            raise
        except RegistryError as error:
            log.warning("worker waits", worker=self.id, slug=error.slug, detail=error.detail)
            self._stopping.wait(RETRY_S)

    def run_once(self) -> bool:
        """Look up, then follow the gallery, keep house, or do some work. Answer whether there was any."""
        return self._run_once(self._kinds)

    def _run_once(self, kinds: Sequence[WorkKind]) -> bool:
        with self._ctx.database.read() as session:
            outlook = workers.look(session, self._ctx.clock(), kinds)
        if outlook.engine_settings != self._settings_number:
            self._require_in_force()
        if outlook.gallery_seq != self._seq or self._beat.has_come:
            self.follow_gallery()
        if self._house.has_come:
            self._ctx.database.require_current_schema()  # as long as it raises, no work is taken
        if self._house.now():
            self._keep_house()
        leases = self._lease(kinds) if outlook.waiting else []
        if leases:
            self._do(leases)
        if self._give_back.now():
            memory.give_back()
        return bool(leases)

    def _keep_house(self) -> None:
        """Keep house. A fault in that is logged, and holds up no check.

        Raises:
            RegistryError: the database does not answer, for one.
        """
        try:
            housekeeping.keep_house(self._ctx)
            self._scans.rest()
        except RegistryError:
            raise
        except Exception:
            log.exception("housekeeping failed", worker=self.id)

    def _require_in_force(self) -> None:
        """Refuse to begin anything with other engine settings than those in force; what is in hand has ended.

        Raises:
            EngineNotInForceError: these are others.
        """
        self._settings_number, in_force = settings_in_force(self._ctx)
        require_in_force(self._settings, in_force)

    # --- the gallery -------------------------------------------------------------------------------------------------

    @property
    def searched(self) -> Gallery:
        """What this worker searches, as it was when the gallery was last followed."""
        return self._gallery

    def take_whole_gallery(self) -> None:
        """Open everybody in the gallery, say so, and say who had to be left out.

        Raises:
            KeyringError: nobody at all could be opened: this is another keyring than theirs.
            EngineNotInForceError: the engine's settings are not those in force.
        """
        self._require_in_force()
        started, progress = time.monotonic(), Due(PROGRESS_S, at=time.monotonic() + PROGRESS_S)
        left_out: dict[str, RegistryError] = {}
        with gallery.whole_gallery(self._ctx, self._searched_in) as whole:
            for shelves in whole.shelves:
                self._gallery.add_many(shelves.performer_ids, shelves.means)
                left_out |= shelves.left_out
                if progress.now():
                    self._say_loaded("gallery loading", started, of=whole.performers)
        self._seq = whole.seq
        self._note_left_out(left_out)
        self._say_loaded("gallery loaded", started, left_out=len(left_out))
        self._say_alive()

    def _say_loaded(self, how: str, started: float, **figures: int) -> None:
        seconds = round(time.monotonic() - started, 3)
        log.info(how, worker=self.id, performers=len(self._gallery), seconds=seconds, **figures)

    def follow_gallery(self) -> None:
        """Apply every step of the gallery since the last; say so at once when there were any."""
        with self._following:
            steps = gallery.steps_after(self._ctx, self._seq, self._searched_in)
            moved = steps.seq != self._seq
            self._apply(steps)
            beating = self._beat.now()
            if beating and self._locked_out:
                self._shelve(gallery.opened_anew(self._ctx, sorted(self._locked_out), self._searched_in))
        if moved or beating:
            self._say_alive()

    def _apply(self, steps: gallery.Steps) -> None:
        for performer_id in steps.gone:
            self._gallery.remove(performer_id)
        self._locked_out.difference_update(steps.gone)
        self._shelve(steps.shelves)
        self._seq = steps.seq

    def _shelve(self, those: Sequence[gallery.Shelves]) -> None:
        for shelves in those:
            self._gallery.add_many(shelves.performer_ids, shelves.means)
            self._locked_out.difference_update(shelves.performer_ids)
            self._note_left_out(shelves.left_out)

    def _note_left_out(self, left_out: Mapping[str, RegistryError]) -> None:
        """Warn of everybody who is enrolled and not searched; for whom only a key is wanting is tried again."""
        locked_out = {name for name, why in left_out.items() if isinstance(why, KeyringError)}
        _say_left_out({name: why for name, why in left_out.items() if name not in self._locked_out})
        self._locked_out |= locked_out

    def _say_alive(self) -> None:
        identity, now = self._engine.identity, self._ctx.clock()
        engine_version = f"{identity.version}+{identity.calibration}"
        within_s = self._ctx.thresholds.worker_lost_after_s
        with self._ctx.database.write() as session:
            workers.require_same_engine(
                session, worker_id=self.id, engine_version=engine_version, now=now, within_s=within_s
            )
            workers.beat(
                session,
                worker_id=self.id,
                pid=os.getpid(),
                device=identity.device,
                engine_version=engine_version,
                ready=True,
                gallery_seq=self._seq,
                now=now,
            )
            live = workers.live_workers(session, now=now, within_s=within_s)
            session.commit()
        self._share = replace(self._share, workers=sum(worker.ready for worker in live))

    # --- the work ----------------------------------------------------------------------------------------------------

    def _lease(self, kinds: Sequence[WorkKind]) -> list[Lease]:
        with self._ctx.database.write() as session:
            leases = work.lease_together(
                session,
                worker_id=self.id,
                now=self._ctx.clock(),
                lease_s=self._lease_s,
                kinds=kinds,
                share=self._share,
            )
            if leases:
                session.commit()
        return leases

    def _do(self, leases: Sequence[Lease]) -> None:
        """Do what was leased: some checks, or one piece of another kind.

        Raises:
            RegistryError: the database does not answer; the leases will expire and the work be done again.
        """
        started = time.monotonic()
        with Hold(self._ctx, leases, lease_s=self._lease_s, meanwhile=self.follow_gallery) as hold:
            if leases[0].kind is WorkKind.CHECK:
                for task in do_checks(self._ctx, self._engine, self._search, leases, hold):
                    _say_done(task, started, len(leases))
            elif leases[0].kind is WorkKind.SCAN:
                _say_done(self._scan(leases[0], hold), started, 1)
            else:
                _say_done(self._do_alone(leases[0], hold), started, 1)

    def _do_alone(self, held: Lease, hold: Hold) -> Task:
        do = {
            WorkKind.ENROLMENT: self._enrol,
            WorkKind.SPOKEN_STATEMENT: self._listen,
            WorkKind.CASE_ANALYSIS: self._analyse_case,
            WorkKind.PURGE: self._purge,
        }[held.kind]
        return Task(held, hold.attempt(held, lambda: do(held)) or DONE)

    def _scan(self, held: Lease, hold: Hold) -> Task:
        """Go on with a scan for a while, and with everything but scans beside it."""
        task = Task(held)

        def go_on() -> None:
            task.outcome = self._scans.run_slice(held, hold, self._do_beside, self._stopping.is_asked)

        task.outcome = hold.attempt(held, go_on) or task.outcome
        return task

    def _do_beside(self) -> bool:
        return self._run_once([kind for kind in self._kinds if kind is not WorkKind.SCAN])

    def _search(self, analysis: Analysis) -> RecordingEvidence | None:
        """Answer the evidence on everybody who is enrolled now: what another worker has added or dropped is seen."""
        with self._following:
            self.follow_gallery()
            return self._engine.evidence(analysis, self._gallery) if len(self._gallery) else None

    def _purge(self, held: Lease) -> None:
        """Go on with a purge for a while, and leave what is left of it for after whatever waits."""
        purge_work.run_purge(self._ctx, held, is_asked_to_stop=self._stopping.is_asked)

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

    def _analyse_case(self, held: Lease) -> None:
        """Compare the voices of a case; what cannot be compared ends it, with why."""
        wanted = case_analysis_work.begin_analysis(self._ctx, held)
        try:
            self._compare_case(held, wanted)
        except (InvalidInputError, ConsentMissingError, SealBrokenError) as error:
            case_analysis_work.refuse_analysis(self._ctx, held, error)

    def _compare_case(self, held: Lease, wanted: case_analysis_work.Wanted) -> None:
        """Hear, which takes its time; then open voices, compare and write, while nobody leaves the gallery.

        Raises:
            InvalidInputError, ConsentMissingError, SealBrokenError: it cannot be compared.
            ConflictError: people left its cohorts each time; it is begun anew.
        """
        archives = {
            name: case_analysis_work.open_archive(self._ctx, wanted, paper) for name, paper in wanted.archives()
        }
        heard = self._cases.hear(wanted, lambda paper: case_analysis_work.read_recording(self._ctx, paper), archives)
        for _ in range(_COMPARED_AT_MOST):
            with self._following:
                self.follow_gallery()
                voices = case_analysis_work.open_voices(self._ctx, wanted, self._searched_in)
                outcome = self._cases.compare(wanted, heard, voices)
                members = {name: people.performer_ids for name, people in voices.members.items()}
                found = case_analysis_work.Found(written(outcome.document), outcome.reading.conclusion, members)
                if case_analysis_work.complete_analysis(self._ctx, held, wanted, found):
                    return
        raise ConflictError("people left the cohorts of this analysis while it was made", analysis=wanted.analysis_id)


def _say_left_out(left_out: Mapping[str, RegistryError]) -> None:
    """Warn of everybody who is enrolled and not searched: nobody will be found by these voiceprints."""
    for performer_id, why in left_out.items():
        log.warning("performer left out of the gallery", performer=performer_id, slug=why.slug, detail=why.detail)


def _say_done(task: Task, started: float, batch: int) -> None:
    """Log what became of a piece of work, and where its time went."""
    log.info(
        "work done",
        worker=task.held.worker_id,
        kind=task.held.kind.value,
        subject=task.held.subject_id,
        outcome=task.outcome,
        batch=batch,
        waited_s=round(task.held.waited_s, 4),
        seconds=round(time.monotonic() - started, 3),
        **task.laps.figures(),
    )


def main() -> int:
    """Run one worker until it is asked to stop; answer the exit code: 0, or 4 when it refuses to serve."""
    leave_no_core()
    memory.bound_arenas()
    settings = load_settings()
    configure_logs(settings.log_level)
    try:
        with build_context(settings, hears=True) as ctx:
            _await_schema(ctx.database)
            share = Share(settings.checks_at_once, settings.checks_at_once_s)
            worker = Worker(
                ctx,
                build_engine(settings),
                lease_s=settings.lease_s,
                share=share,
                calibration_sha256=settings.calibration_sha256,
            )
            starting.loaded()
            _stop_on_signals(worker.stop)
            _stop_with_parent(worker.stop)
            with Sending(ctx, Poster(ctx.webhooks)) if settings.webhook_sending else nullcontext():
                worker.run()
    except RegistryError as error:
        log.error("worker refuses to serve", slug=error.slug, detail=error.detail)  # noqa: TRY400  (its words suffice)
        return _REFUSED
    return 0


def _await_schema(database: Database) -> None:
    """Wait for a database that is away; a worker that ended for it would have to be started again by somebody.

    Raises:
        DatabaseNotReadyError: it is there, with a schema that does not serve this version.
        SystemExit: the server that this worker belongs to has gone meanwhile.
    """
    while True:
        try:
            return database.require_current_schema()
        except DatabaseUnavailableError as error:
            log.warning("worker waits for the database", detail=error.detail)
        if _is_orphan():
            raise SystemExit(0)
        time.sleep(RETRY_S)


def _stop_on_signals(stop: Callable[[], None]) -> None:
    """Let SIGTERM and SIGINT end a worker in good order."""

    def handle(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001  (signature)
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def _stop_with_parent(stop: Callable[[], None]) -> None:
    """End an embedded worker whose server is gone, however it went: an orphan would hold the gallery for nobody."""
    if PARENT_VARIABLE not in os.environ:
        return

    def watch() -> None:
        while not _is_orphan():
            time.sleep(1)
        stop()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def _is_orphan() -> bool:
    parent = os.environ.get(PARENT_VARIABLE)
    return parent is not None and os.getppid() != int(parent)


if __name__ == "__main__":
    sys.exit(main())
