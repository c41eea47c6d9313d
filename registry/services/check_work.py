"""What a worker does with checks that wait: several are listened to and analysed together, each is decided alone.

Opened and listened to side by side → analysed in one batch → for each by itself, the oldest first: searched, decided,
committed. Nothing is shared by two checks but the batch, and an answer does not depend on what else is in that. A check
that cannot be assessed, was lost to another worker, or fails, ends alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

import structlog

from registry.domain.scores import RecordingEvidence, Span
from registry.engine.analysis import Analysis
from registry.engine.identify import Engine
from registry.errors import InvalidInputError, SealBrokenError
from registry.media.recording import Recording
from registry.services import assessments
from registry.services.context import Context
from registry.services.holding import Hold
from registry.services.laps import Laps
from registry.store.work import Lease

DONE = "done"

T = TypeVar("T")
P = ParamSpec("P")
Item = tuple[Recording, Sequence[Span]]

Search = Callable[[Analysis], RecordingEvidence | None]
"""Answers the evidence on everybody enrolled at the moment of the call; None when that is nobody."""

log = structlog.get_logger()


@dataclass(slots=True)
class Task:
    """One check on its way.

    Attributes:
        held: the lease on its work.
        outcome: what became of it, in words for the log; None while it goes on.
        laps: seconds of each stage; a batch that several are analysed in counts whole for each.
    """

    held: Lease
    outcome: str | None = None
    laps: Laps = field(default_factory=Laps)


def do_checks(ctx: Context, engine: Engine, search: Search, leases: Sequence[Lease], hold: Hold) -> Iterator[Task]:
    """Do some checks, and yield each when it is over: first what could not be analysed, then in their order.

    Args:
        ctx: what verbs work with.
        engine: that analyses.
        search: asked for each check just before it is decided.
        leases: on the checks, those that have waited longest first.
        hold: keeps the leases alive.

    Raises:
        RegistryError: the database does not answer; the leases will expire and the work be done again.
    """
    doing = _Doing(ctx, engine, search, hold)
    tasks = [Task(held) for held in leases]
    opened = doing.open_all(tasks)
    analysed = doing.analyse_all(opened)
    yield from (task for task in tasks if task.outcome is not None)
    for task, analysis in analysed:
        doing.finish(task, analysis)
        yield task


class _Doing:
    """The steps. Each ends the checks that it fails for, and no other."""

    def __init__(self, ctx: Context, engine: Engine, search: Search, hold: Hold) -> None:
        self._ctx = ctx
        self._engine = engine
        self._search = search
        self._hold = hold

    def open_all(self, tasks: Sequence[Task]) -> list[tuple[Task, Item]]:
        """Open the uploads and find the speech in them, side by side: most of it happens outside of Python."""
        if len(tasks) == 1:
            return _going_on(tasks, [self._step(tasks[0], self._open)])
        with ThreadPoolExecutor(min(len(tasks), len(os.sched_getaffinity(0)))) as pool:
            return _going_on(tasks, list(pool.map(lambda task: self._step(task, self._open), tasks)))

    def analyse_all(self, opened: Sequence[tuple[Task, Item]]) -> list[tuple[Task, Analysis]]:
        """Analyse all in one batch; where that fails, one by one, so that it fails for the right one alone."""
        if len(opened) > 1:
            try:
                return self._analyse_together(opened)
            except Exception as error:  # noqa: BLE001  (whatever it is, it comes again for the one that it is about)
                log.info("batch taken apart", checks=len(opened), error=type(error).__name__)
        alone = [self._step(task, self._analyse, item) for task, item in opened]
        return _going_on([task for task, _ in opened], alone)

    def finish(self, task: Task, analysis: Analysis) -> None:
        """Search for everybody in the recording, decide, and commit."""
        self._step(task, self._complete, analysis)

    def _step(self, task: Task, do: Callable[Concatenate[Task, P], T], *more: P.args, **named: P.kwargs) -> T | None:
        """Take one step for one task; None when the task is over with it."""
        values: list[T] = []

        def step() -> None:
            try:
                values.append(do(task, *more, **named))
            except (InvalidInputError, SealBrokenError) as error:
                assessments.refuse_check(self._ctx, task.held, error)
                self._over(task, f"refused: {error.slug}")

        ended = self._hold.attempt(task.held, step)
        task.outcome = ended or task.outcome
        return values[0] if values and task.outcome is None else None

    def _over(self, task: Task, outcome: str) -> None:
        task.outcome = outcome
        self._hold.over(task.held)

    def _open(self, task: Task) -> Item:
        with task.laps.lap("open_s"):
            recording = assessments.open_check(self._ctx, task.held.subject_id)
        with task.laps.lap("listen_s"):
            return recording, self._ctx.detector.spans(recording)

    def _analyse_together(self, opened: Sequence[tuple[Task, Item]]) -> list[tuple[Task, Analysis]]:
        together = Laps()
        with together.lap("analyse_s"):
            analyses = self._engine.analyse_many([item for _, item in opened])
        for task, _ in opened:
            task.laps.seconds |= together.seconds
        return [(task, analysis) for (task, _), analysis in zip(opened, analyses, strict=True)]

    def _analyse(self, task: Task, item: Item) -> Analysis:
        with task.laps.lap("analyse_s"):
            return self._engine.analyse(*item)

    def _complete(self, task: Task, analysis: Analysis) -> None:
        with task.laps.lap("search_s"):
            evidence = self._search(analysis)
        with task.laps.lap("commit_s"):
            assessments.complete_check(self._ctx, task.held, evidence)
        self._over(task, DONE)


def _going_on(tasks: Sequence[Task], values: Sequence[T | None]) -> list[tuple[Task, T]]:
    """Answer the tasks that are not over, with what their step gave."""
    return [(task, value) for task, value in zip(tasks, values, strict=True) if value is not None]
