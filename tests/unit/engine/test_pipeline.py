"""The pipeline answers every file once, holds no more samples than it may, and leaves no thread behind."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.domain.scores import Span
from registry.engine.analysis import Analysis
from registry.engine.pipeline import Answer, Bounds, Heard, Item, Pipeline
from registry.errors import DecoderUnavailableError, InvalidInputError, NoSpeechError, SpeechTooShortError
from registry.media.process import Room
from registry.media.quality import SignalQuality
from registry.media.recording import SAMPLE_RATE_HZ, Recording, SourceFacts

SOURCE = SourceFacts("wav", "pcm_s16le", SAMPLE_RATE_HZ, 1, 0)
QUALITY = SignalQuality(-20.0, 0.0, 40.0, 7_000.0, 0.8, None)
SAMPLE_BYTES = 4


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    assert not [thread for thread in threading.enumerate() if thread.name == "pipeline"]


def path_of(samples: int, number: int = 0) -> Path:
    """A file that is not there: its name says how long it is."""
    return Path(f"{number}-{samples}")


def read(path: Path, room: Room) -> Item:
    """Make the recording that a name describes, a quarter second at a time as a child sends them."""
    samples = int(path.name.split("-")[1])
    for end in range(4_000, samples, 4_000):
        room(end)
    room(samples)
    return Recording(np.zeros(samples, dtype=np.float32), path.name, SOURCE), (Span(0.0, samples / SAMPLE_RATE_HZ),)


def analyse(items: Sequence[Item]) -> list[Analysis]:
    return [Analysis(recording.duration_s, recording.duration_s, (), QUALITY) for recording, _ in items]


def name_of(recording: Recording, _spans: Sequence[Span]) -> str:
    return recording.content_sha256


def heard_s(answers: Sequence[Answer[str]]) -> list[float]:
    return [answer.heard.duration_s for answer in answers if isinstance(answer.heard, Analysis)]


# --- what is refused, and what fails ---------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", ["readers", "encoders", "memory_bytes", "batch_s", "ahead"])
def test_bounds_of_nothing_are_refused(bound: str) -> None:
    with pytest.raises(ValueError, match=bound):
        Bounds(**{bound: 0})


def test_nothing_in_is_nothing_out() -> None:
    assert not list(Pipeline(read, analyse).run([], name_of))


@pytest.mark.parametrize("in_order", [True, False])
def test_a_machine_that_cannot_decode_ends_the_run(in_order: bool) -> None:  # noqa: FBT001  (a parameter of the test)
    def broken(path: Path, room: Room) -> Item:
        if path.name.startswith("7-"):
            raise DecoderUnavailableError("no process can be started")
        return read(path, room)

    answers = Pipeline(broken, analyse).run([path_of(8_000, n) for n in range(50)], name_of, in_order=in_order)
    with pytest.raises(DecoderUnavailableError):
        list(answers)


def test_an_engine_that_breaks_ends_the_run() -> None:
    def broken(_items: Sequence[Item]) -> list[Analysis]:
        raise MemoryError

    with pytest.raises(MemoryError):
        list(Pipeline(read, broken).run([path_of(8_000, n) for n in range(5)], name_of))


def test_a_measure_that_breaks_ends_the_run() -> None:
    def broken(_recording: Recording, _spans: Sequence[Span]) -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(Pipeline(read, analyse).run([path_of(8_000, n) for n in range(5)], broken))


def test_a_file_that_cannot_be_used_is_answered_in_its_place() -> None:
    def choosy(path: Path, room: Room) -> Item:
        if int(path.name.split("-")[0]) % 3 == 1:
            raise NoSpeechError("nobody speaks")
        return read(path, room)

    answers = list(Pipeline(choosy, analyse).run([path_of(8_000 + n, n) for n in range(20)], name_of))
    assert [answer.number for answer in answers] == list(range(20))
    for answer in answers:
        assert isinstance(answer.heard, NoSpeechError) == (answer.number % 3 == 1)
        assert answer.measured == (None if answer.number % 3 == 1 else f"{answer.number}-{8_000 + answer.number}")


def test_one_that_cannot_be_analysed_does_not_take_its_batch_along() -> None:
    def choosy(items: Sequence[Item]) -> list[Analysis]:
        if any(recording.content_sha256.startswith("3-") for recording, _ in items):
            raise SpeechTooShortError("too short")
        return analyse(items)

    bounds = Bounds(readers=2, encoders=1)
    answers = list(Pipeline(read, choosy, bounds).run([path_of(8_000, n) for n in range(9)], name_of))
    assert [answer.number for answer in answers if isinstance(answer.heard, InvalidInputError)] == [3]


# --- order -----------------------------------------------------------------------------------------------------------


def test_the_caller_chooses_the_order() -> None:
    slow_is_out = threading.Event()

    def first_is_slow(path: Path, room: Room) -> Item:
        if path.name.startswith("0-"):
            slow_is_out.wait(60)
        return read(path, room)

    paths = [path_of(8_000, n) for n in range(6)]
    seen = []
    for answer in Pipeline(first_is_slow, analyse, Bounds(readers=2)).run(paths, name_of, in_order=False):
        seen.append(answer.number)
        if len(seen) == 5:
            slow_is_out.set()
    assert sorted(seen) == list(range(6))
    assert seen[-1] == 0
    in_order = Pipeline(first_is_slow, analyse, Bounds(readers=2)).run(paths, name_of)
    assert [answer.number for answer in in_order] == list(range(6))


def test_the_first_answer_is_there_before_the_last_file_is_read() -> None:
    taken = threading.Event()

    def last_waits(path: Path, room: Room) -> Item:
        if path.name.startswith("9-"):
            assert taken.wait(60)
        return read(path, room)

    for _ in Pipeline(last_waits, analyse, Bounds(readers=2)).run([path_of(8_000, n) for n in range(10)], name_of):
        taken.set()


# --- batches ---------------------------------------------------------------------------------------------------------


def test_short_recordings_are_analysed_in_hundreds_and_a_long_one_alone() -> None:
    batches: list[list[float]] = []
    everything_read = threading.Event()
    lengths = [16_000] * 150 + [16_000 * 600] + [16_000] * 150
    left = [len(lengths)]

    def counted(path: Path, room: Room) -> Item:
        item = read(path, room)
        left[0] -= 1
        if not left[0]:
            everything_read.set()
        return item

    def noted(items: Sequence[Item]) -> list[Analysis]:
        everything_read.wait(0.2 if not batches else 60)
        batches.append([recording.duration_s for recording, _ in items])
        return analyse(items)

    bounds = Bounds(readers=1, encoders=1, batch_s=120)
    list(Pipeline(counted, noted, bounds).run([path_of(n) for n in lengths], name_of))
    assert [600.0] in batches
    assert all(sum(batch) <= 120 for batch in batches if len(batch) > 1)
    assert max(len(batch) for batch in batches) == 120
    assert sum(len(batch) for batch in batches) == len(lengths)


# --- memory ----------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    lengths=st.lists(st.integers(1, 60_000), max_size=40),
    memory=st.integers(1, 40_000),
    readers=st.integers(1, 4),
    encoders=st.integers(1, 2),
    batch_s=st.floats(1, 5),
    ahead=st.integers(1, 50),
    in_order=st.booleans(),
)
def test_every_file_is_answered_once_and_no_more_is_held_than_may_be(  # noqa: PLR0917  (drawn)
    lengths: list[int],
    memory: int,
    readers: int,
    encoders: int,
    batch_s: float,
    ahead: int,
    in_order: bool,  # noqa: FBT001
) -> None:
    bounds = Bounds(readers, encoders, SAMPLE_BYTES * memory, batch_s, ahead)
    pipeline = Pipeline(read, analyse, bounds)
    paths = [path_of(length, number) for number, length in enumerate(lengths)]
    answers = list(pipeline.run(paths, name_of, in_order=in_order))
    assert [answer.number for answer in answers] == list(range(len(lengths))) or not in_order
    assert {answer.number: answer.measured for answer in answers} == {n: p.name for n, p in enumerate(paths)}
    assert len(answers) == len(lengths)
    assert pipeline.totals.files == len(lengths)
    assert pipeline.totals.audio_s == pytest.approx(sum(lengths) / SAMPLE_RATE_HZ)
    assert pipeline.totals.held_bytes <= SAMPLE_BYTES * (memory + max(lengths, default=0))


def test_readers_wait_while_the_encoder_is_busy() -> None:
    busy, go_on = threading.Event(), threading.Event()
    read_so_far: list[str] = []

    def noted(path: Path, room: Room) -> Item:
        item = read(path, room)
        read_so_far.append(path.name)
        return item

    def slow(items: Sequence[Item]) -> list[Analysis]:
        busy.set()
        assert go_on.wait(60)
        return analyse(items)

    bounds = Bounds(readers=3, encoders=1, memory_bytes=SAMPLE_BYTES * 10 * SAMPLE_RATE_HZ, batch_s=2)
    pipeline = Pipeline(noted, slow, bounds)
    answers = pipeline.run([path_of(SAMPLE_RATE_HZ, n) for n in range(100)], name_of)
    first = threading.Thread(target=lambda: next(answers))
    first.start()
    assert busy.wait(60)
    first.join(0.3)
    assert len(read_so_far) <= 11  # ten fit, and the oldest in hand never waits
    go_on.set()
    first.join()
    assert len(list(answers)) == 99
    assert pipeline.totals.held_bytes <= SAMPLE_BYTES * 11 * SAMPLE_RATE_HZ


def test_a_caller_who_takes_no_answers_stops_the_readers() -> None:
    started: list[str] = []

    def noted(path: Path, room: Room) -> Item:
        started.append(path.name)
        return read(path, room)

    answers = Pipeline(noted, analyse, Bounds(ahead=5)).run([path_of(8_000, n) for n in range(50)], name_of)
    next(answers)
    threading.Event().wait(0.2)
    assert len(started) <= 6
    assert len(list(answers)) == 49


def test_samples_are_let_go_before_the_answer_is_taken() -> None:
    alive: list[weakref.ref[np.ndarray]] = []

    def noted(path: Path, room: Room) -> Item:
        item = read(path, room)
        alive.append(weakref.ref(item[0].samples))
        if path.name.startswith("1-"):
            raise NoSpeechError("nobody speaks")
        return item

    answers = Pipeline(noted, analyse).run([path_of(8_000, n) for n in range(4)], name_of)
    kept: list[Heard] = [answer.heard for answer in answers]
    gc.collect()
    assert len(kept) == len(alive) == 4
    assert not [reference for reference in alive if reference() is not None]


# --- giving up -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [0, 1, 3])
def test_a_run_that_is_given_up_ends_its_threads(taken: int) -> None:
    bounds = Bounds(readers=3, memory_bytes=SAMPLE_BYTES * SAMPLE_RATE_HZ, ahead=10)
    answers = Pipeline(read, analyse, bounds).run([path_of(12_000, n) for n in range(100)], name_of)
    for _ in range(taken):
        next(answers)
    closing: Callable[[], None] = answers.close  # type: ignore[attr-defined]
    closing()


def test_a_second_run_begins_where_the_first_ended() -> None:
    pipeline = Pipeline(read, analyse)
    paths = [path_of(8_000, n) for n in range(5)]
    assert heard_s(list(pipeline.run(paths, name_of))) == heard_s(list(pipeline.run(paths, name_of))) == [0.5] * 5
    assert pipeline.totals.files == 10
