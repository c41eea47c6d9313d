"""A file that crashes, hangs or takes over its decoder costs one answer and nothing else."""

import io
import os
import signal
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest

from registry.errors import DecoderFailedError, DecoderUnavailableError, MediaError, NotMediaError
from registry.media.cage import Cage
from registry.media.decode import Decoder, MediaLimits

CHILD = (sys.executable, "-I", str(Path(__file__).parent / "misbehaving_child.py"))
LIMITS = MediaLimits(max_duration_s=60, memory_bytes=700 * 2**20, cpu_s=1, wall_s=60)


def sound(seconds: float = 1.0) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.arange(int(seconds * 16_000), dtype="<i2").tobytes())
    return data.getvalue()


def order(word: str) -> bytes:
    return word.ljust(8).encode()


Children = Callable[[], list[psutil.Process]]


@pytest.fixture
def children() -> Iterator[Children]:
    """The processes started since the test began; at its end none of them may be left."""
    others = set(psutil.Process().children(recursive=True))

    def started() -> list[psutil.Process]:
        return [child for child in psutil.Process().children(recursive=True) if child not in others]

    yield started
    assert not started(), "nothing is left behind"


@pytest.fixture
def decoder(children: Children) -> Iterator[Decoder]:
    with Decoder(LIMITS, command=CHILD) as decoder:
        assert len(children()) == 1
        yield decoder


@pytest.mark.parametrize(
    ("word", "figures"),
    [
        ("crash", {"signal": "SIGSEGV"}),
        ("leave", {"exit_status": 7}),
        ("blurt", {"exit_status": 1}),
        ("spin", {"limit": "cpu_s", "cpu_s": 1}),
        ("eat", {"limit": "memory_bytes", "memory_bytes": 700 * 2**20}),
        ("flood", {}),
        ("lie", {}),
        ("babble", {}),
        ("promise", {}),
    ],
)
def test_a_fault_is_named_and_the_next_file_is_read(decoder: Decoder, word: str, figures: dict[str, object]) -> None:
    with pytest.raises(DecoderFailedError) as caught:
        decoder.decode_bytes(order(word))
    assert figures.items() <= caught.value.figures.items()
    assert decoder.decode_bytes(sound()).duration_s == 1.0


def test_a_hang_ends_with_the_time_allowed_for_it() -> None:
    with Decoder(MediaLimits(wall_s=1), command=CHILD) as decoder:
        with pytest.raises(DecoderFailedError) as caught:
            decoder.decode_bytes(order("hang"))
        assert caught.value.figures["limit"] == "wall_s"
        assert decoder.decode_bytes(sound()).duration_s == 1.0


class Clock:
    """Seconds that pass only when somebody says so."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def recording_file(folder: Path, seconds: float) -> Path:
    path = folder / "sound.wav"
    path.write_bytes(sound(seconds))
    return path


def test_time_in_which_the_child_waits_for_room_is_not_its_own(tmp_path: Path) -> None:
    clock, asked = Clock(), []

    def room(samples: int) -> None:
        asked.append(samples)
        clock.now_s += 3_600

    path = recording_file(tmp_path, 5)
    with Decoder(LIMITS, monotonic=clock) as decoder:
        assert decoder.decode(path, room).samples.size == 80_000
    assert asked == sorted(asked)
    assert asked[-1] == 80_000


def test_who_will_not_wait_for_room_ends_the_decode_and_the_child(tmp_path: Path, children: Children) -> None:
    def no_room(samples: int) -> None:
        raise InterruptedError(f"{samples} samples are too many")

    path = recording_file(tmp_path, 5)
    with Decoder(LIMITS, files_per_child=50) as decoder:
        (waiting,) = children()
        with pytest.raises(InterruptedError):
            decoder.decode(path, no_room)
        assert decoder.decode(path).duration_s == 5.0
        assert waiting.pid not in {child.pid for child in children()}


def test_a_child_can_open_nothing_and_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIKENESS_SECRET", "hush")
    with Decoder(LIMITS, command=CHILD) as decoder, pytest.raises(NotMediaError) as caught:
        decoder.decode_bytes(order("reach"))
    assert {"file", "socket", "descriptor"}.isdisjoint(caught.value.figures["reached"])
    assert "LIKENESS_SECRET" not in caught.value.figures["environment"]


@pytest.mark.skipif(not Path("/proc/sys/kernel/seccomp").exists(), reason="this kernel filters no system calls")
def test_system_calls_that_reading_does_not_take_are_refused() -> None:
    with Decoder(LIMITS, command=CHILD) as decoder, pytest.raises(NotMediaError) as caught:
        decoder.decode_bytes(order("reach"))
    assert decoder.filtered
    refused = caught.value.figures["refused"]
    never = ("file", "socket", "process", "program", "name", "removal", "signal", "code", "limit")
    assert {name: refused[name] for name in never} == dict.fromkeys(never, "EPERM")


def test_where_the_library_is_missing_nothing_is_filtered_and_that_is_said() -> None:
    assert Cage("libnothing.so.0").close() is False


def test_one_child_reads_one_file(children: Children) -> None:
    with Decoder(LIMITS) as decoder:
        seen = set()
        for _ in range(3):
            (waiting,) = children()
            seen.add(waiting.pid)
            decoder.decode_bytes(sound())
        assert len(seen) == 3


def test_a_child_may_read_several_files_and_survives_refusals(children: Children) -> None:
    with Decoder(LIMITS, files_per_child=3) as decoder:
        (waiting,) = children()
        decoder.decode_bytes(sound())
        with pytest.raises(NotMediaError):
            decoder.decode_bytes(b"not media at all")
        assert [child.pid for child in children()] == [waiting.pid]
        decoder.decode_bytes(sound())
        assert [child.pid for child in children()] != [waiting.pid]


def test_a_fault_ends_a_child_that_had_files_left() -> None:
    with Decoder(LIMITS, files_per_child=50, command=CHILD) as decoder:
        with pytest.raises(DecoderFailedError):
            decoder.decode_bytes(order("lie"))
        assert decoder.decode_bytes(sound(2)).duration_s == 2.0


def test_a_child_that_died_while_it_waited_is_replaced(children: Children) -> None:
    with Decoder(LIMITS, warm=2) as decoder:
        waiting = children()
        assert len(waiting) == 2
        for child in waiting:
            child.kill()
        while any(child.status() != psutil.STATUS_ZOMBIE for child in waiting):
            time.sleep(0.01)
        assert decoder.decode_bytes(sound()).duration_s == 1.0


def test_a_child_that_does_not_start_is_the_machines_fault_and_not_the_files() -> None:
    for command in ((sys.executable, "-c", "raise SystemExit(5)"), ("/no/such/program",)):
        with pytest.raises(DecoderUnavailableError), Decoder(LIMITS, command=command) as decoder:
            decoder.decode_bytes(sound())
    assert not issubclass(DecoderUnavailableError, MediaError)


def test_a_closed_decoder_says_so(children: Children) -> None:
    decoder = Decoder(LIMITS)
    decoder.close()
    assert not children()
    with pytest.raises(DecoderUnavailableError):
        decoder.decode_bytes(sound())


def test_threads_get_each_their_own_answer_among_faults(decoder: Decoder) -> None:
    def ask(number: int) -> float | None:
        try:
            return decoder.decode_bytes(order("crash") if number % 3 == 0 else sound(number)).duration_s
        except DecoderFailedError:
            return None

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(ask, range(1, 13)))
    assert answers == [None if number % 3 == 0 else float(number) for number in range(1, 13)]


def test_a_child_ends_when_its_parent_is_killed() -> None:
    script = (
        "import time\nfrom registry.media.decode import Decoder\n"
        "decoder = Decoder()\nprint('up', flush=True)\ntime.sleep(600)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE) as parent:  # noqa: S603  (our own interpreter)
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"up\n"
        orphans = psutil.Process(parent.pid).children()
        assert len(orphans) == 1
        time.sleep(0.2)
        os.kill(parent.pid, signal.SIGKILL)
        _gone, alive = psutil.wait_procs(orphans, timeout=10)
    assert not alive
