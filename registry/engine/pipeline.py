"""Recordings in, analyses out, each stage beside the others, and never more samples in memory than there is room for.

    paths ── readers: decode in a child, find speech ──▶ room ── encoder: batches ──▶ answers ── caller

Readers read ahead for as long as there is room for samples; then they wait, and so do the children that decode for
them. The encoder takes what was read, the oldest first, in batches of so many seconds: hundreds of short recordings
together, a long one by itself. The caller gets answers in order, or as they come.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch

from registry import memory
from registry.domain.scores import Span
from registry.engine.analysis import Analysis
from registry.errors import InvalidInputError
from registry.media.process import Room
from registry.media.recording import SAMPLE_RATE_HZ, Recording

MIB = 2**20
_SAMPLE_BYTES = 4
_THREAD = "pipeline"

S = TypeVar("S")
T = TypeVar("T")
Heard = Analysis | InvalidInputError
Item = tuple[Recording, Sequence[Span]]

Read = Callable[[S, Room], Item]
"""Reads what one source names, asking for room as samples come; raises InvalidInputError where it cannot be used."""

Analyse = Callable[[Sequence[Item]], Sequence[Analysis]]
"""Analyses recordings together, from several threads; raises InvalidInputError where one of them cannot be."""

Measure = Callable[[Recording, Sequence[Span]], T]


def processors() -> int:
    """Answer how many processors this process may use."""
    return len(os.sched_getaffinity(0))


def batch_seconds(device: str) -> float:
    """Answer how much is worth analysing together on ``cpu`` or ``cuda``: more gains nothing but waiting."""
    return 1200.0 if device == "cuda" else 120.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is done and held at once.

    Attributes:
        readers: recordings read at the same time.
        encoders: batches analysed at the same time: while one does what needs one processor, or leaves a GPU idle,
            another uses the rest.
        memory_bytes: of float32 samples held by all recordings in hand, from the first sample until the recording is
            analysed. The oldest recording in hand may go beyond it, so that one longer than this is analysed too. While
            a batch is analysed its speech is copied; that comes on top.
        batch_s: seconds of audio analysed together; a recording that is longer is analysed alone.
        ahead: recordings that may be in hand or answered before the caller has taken the answer.
    """

    readers: int = field(default_factory=lambda: max(2, processors()))
    encoders: int = 2
    memory_bytes: int = 256 * MIB
    batch_s: float = 120.0
    ahead: int = 2048

    def __post_init__(self) -> None:
        if min(self.readers, self.encoders, self.ahead, self.batch_s, self.memory_bytes) < 1:
            raise ValueError(f"each bound is at least 1: {self}")


@dataclass(slots=True)
class Totals:
    """What a pipeline has done so far.

    Attributes:
        files: answered, in whatever way.
        audio_s: of those that could be analysed.
        batches: analysed.
        encoding_s: spent on batches, of all encoders together.
        held_bytes: samples held at once, at most.
    """

    files: int = 0
    audio_s: float = 0.0
    batches: int = 0
    encoding_s: float = 0.0
    held_bytes: int = 0


def peak_resident_mib() -> float:
    """Answer how much memory this process has had resident at most, without its children; NaN where Linux says nothing.

    What ``getrusage`` calls the same begins, after a fork, with the peak of the parent.
    """
    with suppress(OSError), Path("/proc/self/status").open(encoding="ascii", errors="replace") as status:
        return next((int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:")), math.nan)
    return math.nan


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What came of one file.

    Attributes:
        number: of the source, from 0.
        heard: its analysis, or why there is none.
        measured: what the caller's function answered; None where the file could not be analysed.
    """

    number: int
    heard: Heard
    measured: T | None


class Pipeline(Generic[S]):
    """Reads and analyses files; see the module. One run at a time. What a source is, `read` knows: a path, for one.

    Args:
        read: safe to call from several threads.
        analyse: the same.
        bounds: on work and memory.

    Attributes:
        totals: of all runs.
    """

    def __init__(self, read: Read[S], analyse: Analyse, bounds: Bounds | None = None) -> None:
        self.read = read
        self.analyse = analyse
        self.bounds = bounds or Bounds()
        self.totals = Totals()

    def run(self, sources: Sequence[S], measure: Measure[T], *, in_order: bool = True) -> Iterator[Answer[T]]:
        """Yield one answer for each source.

        What is not an InvalidInputError ends the run and is raised here. An iterator that is given up ends its threads
        once the batch in hand is done.

        Args:
            sources: of the files; one may come twice.
            measure: called for each recording after its analysis; what it keeps of the samples counts no more.
            in_order: of the sources; otherwise as they come.
        """
        return _Run(self, sources, measure).answers(in_order=in_order)


class _Stopped(Exception):  # noqa: N818  (no error: the run is over)
    """The run ended while somebody waited."""


class _Run(Generic[S, T]):
    """One run. Everything below `_changed` is read and written under it."""

    def __init__(self, pipeline: Pipeline[S], sources: Sequence[S], measure: Measure[T]) -> None:
        self._read = pipeline.read
        self._analyse = pipeline.analyse
        self._bounds = pipeline.bounds
        self._batch_samples = int(pipeline.bounds.batch_s * SAMPLE_RATE_HZ)
        self._totals = pipeline.totals
        self._measure = measure
        self._sources = sources
        self._threads_inside = torch.get_num_threads()
        self._changed = threading.Condition()
        self._active = pipeline.bounds.readers
        """Readers that neither wait nor have ended."""
        self._started = 0
        self._given = 0
        self._held: dict[int, int] = {}
        """Samples of each recording in hand, by its number, the oldest first."""
        self._held_samples = 0
        self._ready: dict[int, Item] = {}
        """Recordings that were read and wait for the encoder."""
        self._ready_samples = 0
        self._answered: dict[int, Answer[T]] = {}
        self._failure: BaseException | None = None
        self._stopping = False

    def answers(self, *, in_order: bool) -> Iterator[Answer[T]]:
        """Start the threads, yield what they answer, and end them."""
        work = [self._read_all] * self._bounds.readers + [self._encode_all] * self._bounds.encoders
        threads = [threading.Thread(target=self._guarded, args=(each,), name=_THREAD, daemon=True) for each in work]
        for thread in threads:
            thread.start()
        try:
            for _ in self._sources:
                yield self._next_answer(in_order=in_order)
        finally:
            self._stop()
            for thread in threads:
                thread.join()

    def _next_answer(self, *, in_order: bool) -> Answer[T]:
        with self._changed:
            self._changed.wait_for(
                lambda: self._failure or (self._given in self._answered if in_order else self._answered)
            )
            if self._failure:
                raise self._failure
            number = self._given if in_order else next(iter(self._answered))
            self._given += 1
            self._totals.files += 1
            self._changed.notify_all()
            return self._answered.pop(number)

    def _stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Do a thread's work; whatever it raises is the caller's to see."""
        try:
            work()
        except _Stopped:
            return
        except BaseException as error:  # noqa: BLE001  (it is raised again, in the caller's thread)
            with self._changed:
                self._failure = error
                self._changed.notify_all()

    # --- readers -----------------------------------------------------------------------------------------------------

    def _read_all(self) -> None:
        try:
            while (number := self._start()) is not None:
                self._read_one(number)
        finally:
            with self._changed:
                self._active -= 1
                self._changed.notify_all()

    def _start(self) -> int | None:
        """Answer the number of the next source to read; None when there is none left."""
        with self._changed:
            self._wait(lambda: self._started - self._given < self._bounds.ahead or self._started == len(self._sources))
            if self._started == len(self._sources):
                return None
            number, self._started = self._started, self._started + 1
            self._held[number] = 0
            return number

    def _read_one(self, number: int) -> None:
        try:
            item = self._read(self._sources[number], partial(self._make_room, number))
        except InvalidInputError as error:
            self._answer(Answer(number, _without_frames(error), None))
        else:
            with self._changed:
                self._ready[number] = item
                self._ready_samples += item[0].samples.size
                self._changed.notify_all()

    def _make_room(self, number: int, samples: int) -> None:
        """Wait until there is room for a recording to have this many samples, unless it is the oldest in hand."""
        most = self._bounds.memory_bytes // _SAMPLE_BYTES
        with self._changed:
            more = samples - self._held[number]
            self._wait(lambda: self._held_samples + more <= most or number == next(iter(self._held)))
            self._held[number] = samples
            self._held_samples += more
            self._totals.held_bytes = max(self._totals.held_bytes, self._held_samples * _SAMPLE_BYTES)

    def _wait(self, until: Callable[[], bool]) -> None:
        """Have a reader wait; the encoder is told, for then it need not wait for more to be read."""
        if not until() and not self._stopping:
            self._active -= 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._stopping or until())
            self._active += 1
        if self._stopping:
            raise _Stopped

    # --- encoder -----------------------------------------------------------------------------------------------------

    def _encode_all(self) -> None:
        torch.set_num_threads(self._threads_inside)  # torch keeps this for each thread
        while self._encode_batch():
            pass

    def _encode_batch(self) -> bool:
        """Analyse one batch; answer whether there was one."""
        batch = self._take_batch()
        began = time.perf_counter()
        answers = dict(zip(batch, self._analysed(list(batch.values())), strict=True))
        for number, heard in answers.items():
            item = batch.pop(number)  # whose samples go when their room does
            if isinstance(heard, InvalidInputError):
                self._answer(Answer(number, _without_frames(heard), None))
            else:
                self._answer(Answer(number, heard, self._measure(*item)))
        memory.give_back()  # or a thousand short recordings leave 200 MiB more resident than a hundred
        with self._changed:
            self._totals.batches += bool(answers)
            self._totals.encoding_s += time.perf_counter() - began
        return bool(answers)

    def _take_batch(self) -> dict[int, Item]:
        """Take the oldest that were read, once that is worth it; nothing when there is nothing left."""
        with self._changed:
            self._changed.wait_for(self._worth_a_batch)
            if self._stopping:
                raise _Stopped
            batch: dict[int, Item] = {}
            room = self._batch_samples
            for number in sorted(self._ready):
                samples = self._ready[number][0].samples.size
                if batch and samples > room:
                    break
                batch[number] = self._ready.pop(number)
                room -= samples
                self._ready_samples -= samples
            return batch

    def _worth_a_batch(self) -> bool:
        """Whether enough was read, or some reader waits or has ended, so that more may not come for long."""
        if not self._ready:
            return self._stopping or (self._started == len(self._sources) and not self._held)
        return self._stopping or self._ready_samples >= self._batch_samples or self._active < self._bounds.readers

    def _analysed(self, items: Sequence[Item]) -> Sequence[Heard]:
        """Analyse together; where one of them cannot be, each by itself, so that the others can."""
        try:
            return self._analyse(items) if items else ()
        except InvalidInputError as error:
            if len(items) == 1:
                return [error]
            return list(chain.from_iterable(self._analysed([item]) for item in items))

    def _answer(self, answer: Answer[Any]) -> None:
        """Give an answer, and the room that the recording took."""
        with self._changed:
            self._totals.audio_s += answer.heard.duration_s if isinstance(answer.heard, Analysis) else 0.0
            self._answered[answer.number] = answer
            self._held_samples -= self._held.pop(answer.number)
            self._changed.notify_all()


def _without_frames(error: InvalidInputError) -> InvalidInputError:
    """Take off where the error came from: those frames hold the samples, and answers may wait long."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
