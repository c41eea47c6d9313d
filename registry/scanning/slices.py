"""A scan in a worker, a slice at a time: some shards, then it is given back, and any worker goes on from there.

    lease → claim the folder → plan, or take up → shards, each durable and then on record → give back
                                              └─ all there → results → report → findings and end, in one commit

What is done is what is in shards, as of any scan. The engine stays the same from first to last. The gallery does not:
it is the worker's own, which follows who comes and goes, so that whoever withdraws is not looked for from the next
recording on. A slice has a thread of its own, beside which the worker goes on with checks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from threading import Event
from typing import Any, Final

import torch

from registry.domain.scan_requests import SCAN_KEY
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RegistryError,
    ScanBusyError,
    ScanInterruptedError,
    ScanStorageError,
)
from registry.scanning.folder import read_json
from registry.scanning.listening import opened_listener
from registry.scanning.local import LocalScan, Running, claimed
from registry.scanning.pipeline import Owner, Scanner
from registry.scanning.results import PLAN, InputRow, ResultRow, Status
from registry.scanning.seen import Seen
from registry.scanning.served import Hearing, Served, manifest_of, plan_scan
from registry.scanning.served_end import conclude_scan, judge_of, told_problem
from registry.scanning.signing import ScanKey, scan_key
from registry.scanning.tables import unwritable
from registry.scanning.tally import is_flagged
from registry.services import scan_work
from registry.services.context import Context
from registry.services.holding import Due, Hold
from registry.services.scan_work import Begun, Figures
from registry.store.work import Lease

SLICE_S: Final = 20.0
"""A slice ends with the first shard that is done after this, so that other scans have their turn."""
MEMORY_MIB: Final = 32
"""Of samples that are read ahead: what is read when a slice ends is read again."""
LOOK_S: Final = 0.05
"""While a slice goes on and nobody else waits, this often is looked whether somebody does."""
REST_S: Final = 60.0
"""A scan that is at hand and was not gone on with for so long is let go."""

_SAID_BEFORE: Final = ("operating_point", "expected_false_hits")
"""Of a plan, what is shown with the engine from the moment that a scan begins."""

GIVEN_BACK: Final = "given back"
LEFT_TO_ANOTHER: Final = "another worker is still at it"
DONE: Final = "done"

Meanwhile = Callable[[], bool]
"""Does something else that waits; answers whether there was any."""


class ScanDesk:
    """Runs slices of scans, one at a time, and keeps the one at hand taken up, as long as no other worker had it.

    Args:
        ctx: what verbs work with.
        hearing: what is heard with.
        slice_s: how long a slice goes on, about.
    """

    def __init__(self, ctx: Context, hearing: Hearing, *, slice_s: float = SLICE_S) -> None:
        self._ctx = ctx
        self._hearing = hearing
        self._slice_s = slice_s
        self._open: _OpenScan | None = None
        self._ended_at: float | None = None
        threads_inside = torch.get_num_threads()  # torch keeps this for each thread
        self._thread = ThreadPoolExecutor(1, "scan", lambda: torch.set_num_threads(threads_inside))

    def run_slice(self, held: Lease, hold: Hold, meanwhile: Meanwhile, stopping: Callable[[], bool]) -> str:
        """Go on with a scan, and do what else waits meanwhile; then the scan takes its turn behind whatever waits.

        Args:
            held: the lease on the scan's work.
            hold: keeps it alive.
            meanwhile: see `Meanwhile`.
            stopping: whether to end as soon as what is done is kept.

        Returns:
            What became of the slice, in words for the log.

        Raises:
            LeaseLostError: another worker has taken over, or the scan was cancelled.
            RegistryError: the database does not answer, or this machine cannot go on; what is in shards stays.
        """
        due, give_way = Due(self._slice_s), Event()
        due.now()
        self._ended_at = None

        def halts() -> bool:
            return stopping() or not hold.holds(held)

        def ends() -> bool:
            return give_way.is_set() or due.has_come or halts()

        slice_ = self._thread.submit(self._slice, held, ends, halts)
        try:
            while not slice_.done():
                if meanwhile():
                    give_way.set()
                else:
                    wait([slice_], timeout=LOOK_S)
        finally:
            give_way.set()
            wait([slice_])
            self._ended_at = time.monotonic()
        return slice_.result()

    def rest(self) -> None:
        """Let go of a scan that was not gone on with for a while: it was cancelled, or another worker has it.

        While a slice goes on, it is left alone.
        """
        if self._ended_at is not None and time.monotonic() - self._ended_at > REST_S:
            self._ended_at = None
            self._thread.submit(self._let_go).result()

    def close(self) -> None:
        """Let go of the scan at hand. Doing it twice is no error."""
        if self._open is not None:
            self._thread.submit(self._let_go).result()
        self._thread.shutdown()

    # --- in the thread of slices -------------------------------------------------------------------------------------

    def _slice(self, held: Lease, ends: Callable[[], bool], halts: Callable[[], bool]) -> str:
        """Do a slice: a source is listed in one, however long that takes, as it would have to be begun anew."""
        scan = scan_work.open_scan(self._ctx, held)
        served: Served | None = None
        try:
            served = Served.of(self._ctx, scan)
            _make_private(served.out.parent)
            with claimed(served.out, resume=True):
                opened = self._taken_up(held, served, halts)
                opened.go_on(held, ends)
                conclude_scan(self._ctx, held, served, opened.manifest, self._key(served.out))
        except ScanInterruptedError:
            scan_work.hand_back(self._ctx, held)
            return GIVEN_BACK
        except ScanBusyError:
            self._let_go()
            scan_work.leave_to_another(self._ctx, held)
            return LEFT_TO_ANOTHER
        except RegistryError as error:
            self._let_go()
            if not _ends_the_scan(error, held):
                raise
            problem = told_problem(error, served, self._ctx.scan_places.folder)
            scan_work.fail_scan(self._ctx, held, problem)
            return f"failed: {error.slug}"
        except BaseException:
            self._let_go()
            raise
        self._let_go()
        return DONE

    def _taken_up(self, held: Lease, served: Served, halts: Callable[[], bool]) -> _OpenScan:
        """Answer the scan as it stands in its folder; one that nobody else had since is at hand already."""
        if self._open is not None and self._open.is_still(held):
            return self._open
        self._let_go()
        hearing = self._hearing.at(served.request.target_fpir)
        if not (served.out / PLAN).exists():
            plan_scan(self._ctx, served, hearing, halts)
        plan = read_json(served.out / PLAN)
        hearing.require_planned(plan)
        self._open = _OpenScan(self._ctx, hearing, held, served, plan)
        return self._open

    def _let_go(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None

    def _key(self, out: Path) -> ScanKey:
        return scan_key(self._ctx.scan_places.key or out.parent / SCAN_KEY)


def _make_private(folder: Path) -> None:
    """Make the folder of an organisation's scans, and that of all, open to nobody else on this machine.

    Raises:
        ScanStorageError, StorageFullError: they cannot be made.
    """
    try:
        for each in (folder.parent, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(f"{folder} cannot be made", error, folder) from error


def _ends_the_scan(error: RegistryError, held: Lease) -> bool:
    """Whether a scan cannot go on for a reason that another attempt will not mend, or has had its last one."""
    if isinstance(error, ScanStorageError):
        return held.attempt >= held.max_attempts
    return isinstance(error, InvalidInputError | ConflictError | NotFoundError)


class _OpenScan:
    """A scan that was taken up: what is in its shards is known, and what is left goes on.

    It is told of its own progress, see `registry.scanning.local.Progress`.

    Attributes:
        manifest: of the scan.
    """

    def __init__(self, ctx: Context, hearing: Hearing, held: Lease, served: Served, plan: Mapping[str, Any]) -> None:
        self._ctx = ctx
        self._held = held
        self._ends: Callable[[], bool] = lambda: False
        self._figures = Figures()
        self.manifest = manifest_of(served, plan)
        begun = Begun(
            datetime.fromisoformat(plan["started_at"]),
            self.manifest.counts.rows,
            self.manifest.sha256,
            plan["engine"] | {name: plan[name] for name in _SAID_BEFORE},
        )
        with ExitStack() as stack:
            listener = stack.enter_context(opened_listener(hearing.engine, MEMORY_MIB))
            self._rows = _Rows(Scanner(listener, hearing.gallery, served.asked.patience, served.fence))
            scan = LocalScan(
                manifest=self.manifest,
                choice=served.choice(self.manifest),
                scanner=self._rows,
                judge=judge_of(ctx, served, plan),
                shard_rows=int(plan["options"]["shard_rows"]),
                progress=self,
                stopping=self._is_to_end,
            )
            self._running = Running(scan, stack.enter_context(Seen()))
            scan_work.begin_scan(ctx, held, begun, self._figures)
            self._stack = stack.pop_all()

    def is_still(self, held: Lease) -> bool:
        """Whether a lease is the one after that of the last slice, so that nobody else had the scan between them."""
        return (held.work_id, held.token) == (self._held.work_id, self._held.token + 1)

    def go_on(self, held: Lease, ends: Callable[[], bool]) -> None:
        """Scan what is left, until a shard is done and the slice ends.

        Raises:
            ScanInterruptedError: the slice has ended before the scan.
            LeaseLostError: another worker has taken over, or the scan was cancelled.
        """
        self._held, self._ends = held, ends
        try:
            self._running.go_on()
        finally:
            self._rows.close()

    def close(self) -> None:
        """End what listens."""
        self._stack.close()

    def _is_to_end(self) -> bool:
        return self._ends()

    # --- progress ----------------------------------------------------------------------------------------------------

    def begin(self, files: int, done: Sequence[ResultRow]) -> None:
        """Count the rows of a shard that is there from before."""
        del files
        self._count(done)

    def ended(self, row: ResultRow) -> None:
        """Leave a row be until it is durable."""

    def committed(self, rows: Sequence[ResultRow]) -> None:
        """Count the rows of a shard that is durable, and put them on record.

        Raises:
            LeaseLostError: another worker has taken over, or the scan was cancelled.
        """
        self._count(rows)
        scan_work.note_progress(self._ctx, self._held, self._figures)

    def _count(self, rows: Sequence[ResultRow]) -> None:
        figures = self._figures
        figures.rows_done += len(rows)
        figures.audio_s += sum(row.duration_s for row in rows if row.status is Status.ASSESSED)
        figures.flagged += sum(map(is_flagged, rows))
        figures.failed += sum(row.status is Status.FAILED for row in rows)


class _Rows:
    """Turns inputs into rows, and can be told to end what is read ahead."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner
        self._answers: Generator[ResultRow] | None = None

    def scan(self, inputs: Sequence[InputRow], owner: Owner) -> Iterator[ResultRow]:
        """Answer rows; see `registry.scanning.local.Scans`."""
        self._answers = self._answered(inputs, owner)
        return self._answers

    def _answered(self, inputs: Sequence[InputRow], owner: Owner) -> Generator[ResultRow]:
        yield from self._scanner.scan(inputs, owner)

    def close(self) -> None:
        """End the threads that read ahead, once the batch in hand is done."""
        if self._answers is not None:
            self._answers.close()
