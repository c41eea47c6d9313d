"""How many decisions stay the same when a recording is encoded again, as happens on its way through the web.

    python ../shared/speech/layout.py FOLDER --part both
    python -m benchmarks.reencoding --speech FOLDER [--cache DIR] [--recordings 300] [--out docs/accuracy]

A seeded sample of recordings of enrolled speakers, strangers and clones, in the shares in which they are there. Each is
written as a file again in every way of `WAYS` and `BESIDE`, and read, analysed and searched like any other file. A
decision is the outcome and the performers called a match.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import wave
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from benchmarks.analyses import Analyses
from benchmarks.laid_out import HeardFile, LaidOut, analyses, hear
from benchmarks.tables import Table, made_with, write_tables
from registry.cli.evaluation.charts import percent
from registry.domain.scores import EvidenceOutcome, RecordingEvidence
from registry.engine.evaluation import SearchKind
from registry.engine.metrics import wilson_interval
from registry.errors import InvalidInputError
from registry.media.recording import SAMPLE_RATE_HZ

SEED = 20260101

Samples = NDArray[np.float32]
Decision = tuple[str, frozenset[str]]
Changes = Mapping[str, Sequence[tuple[Decision, Decision]]]
"""By way: of each recording the decision about it and about its copy."""


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    with analyses(arguments.cache, arguments.threads) as source:
        laid_out = hear(source, arguments.speech, arguments.doubtful)
        chosen = sample(laid_out.heard, arguments.recordings)
        asked, beside = (
            {name: _changes(source, laid_out, chosen, write) for name, write in ways.items()} for ways in (WAYS, BESIDE)
        )
    table = table_of(chosen, asked, beside)
    content = {**made_with(laid_out.engine), "seed": SEED, "tables": {"reencoding": table}}
    print(json.dumps(content["tables"]["reencoding"], indent=2))
    write_tables(arguments.out / "reencoding.json", content)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--doubtful", type=Path)
    parser.add_argument("--recordings", type=int, default=300)
    parser.add_argument("--out", type=Path, default=Path("docs/accuracy"))
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def sample(heard: Sequence[HeardFile], count: int) -> list[HeardFile]:
    """Answer so many recordings, drawn without replacement; decoys are left out."""
    wanted = [one for one in heard if one.file.kind is not SearchKind.DECOY]
    order = np.random.default_rng(SEED).permutation(len(wanted))[:count]
    return [wanted[number] for number in sorted(order.tolist())]


def compressed(samples: Samples, path: Path, *, codec: str, bit_rate: int) -> None:
    """Write ``(n,)`` samples at 16 kHz through a lossy codec of FFmpeg; the container follows from the name."""
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as output:
        stream = output.add_stream(codec, rate=SAMPLE_RATE_HZ, layout="mono", bit_rate=bit_rate)
        if not isinstance(stream, av.AudioStream):
            raise TypeError(f"{codec} is no codec for sound")
        frame = av.AudioFrame.from_ndarray(_whole(samples, 32768)[None].astype(np.int16), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=SAMPLE_RATE_HZ)
        for ready in [*resampler.resample(frame), *resampler.resample(None)]:
            output.mux(stream.encode(ready))
        output.mux(stream.encode(None))


def in_bits(samples: Samples, path: Path, *, bits: int, gain_db: float = 0.0) -> None:
    """Write ``(n,)`` samples at 16 kHz as WAV of 8 or 16 bits, louder by so many decibels, what is too loud clipped."""
    scaled = _whole(samples * np.float32(10 ** (gain_db / 20)), 2 ** (bits - 1))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(bits // 8)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(_CODED[bits](scaled))


_CODED: Mapping[int, Callable[[Samples], bytes]] = {
    8: lambda whole: (whole + 128).astype(np.uint8).tobytes(),
    16: lambda whole: whole.astype("<i2").tobytes(),
}
"""How a WAV writes whole numbers of so many bits."""


def _whole(samples: Samples, scale: int) -> Samples:
    rounded: Samples = np.clip(np.round(samples * scale), -scale, scale - 1)
    return rounded


Writer = tuple[str, Callable[[Samples, Path], None]]

WAYS: Mapping[str, Writer] = {
    "MP3, 64 kbit/s": (".mp3", partial(compressed, codec="libmp3lame", bit_rate=64_000)),
    "Opus, 24 kbit/s": (".ogg", partial(compressed, codec="libopus", bit_rate=24_000)),
    "8 bits, 12 dB softer": (".wav", partial(in_bits, bits=8, gain_db=-12.0)),
    "8 bits, 6 dB louder": (".wav", partial(in_bits, bits=8, gain_db=6.0)),
}
"""By name: suffix of the file, and how it is written. A bar was set for these together."""

BESIDE: Mapping[str, Writer] = {
    "8 bits, as loud": (".wav", partial(in_bits, bits=8)),
    "16 bits, 12 dB softer": (".wav", partial(in_bits, bits=16, gain_db=-12.0)),
    "16 bits, 6 dB louder": (".wav", partial(in_bits, bits=16, gain_db=6.0)),
}
"""What tells apart what a gain does and what rounding does."""


def _changes(
    source: Analyses, laid_out: LaidOut, chosen: Sequence[HeardFile], writer: Writer
) -> list[tuple[Decision, Decision]]:
    """Answer, for each recording, the decision about it and about its copy."""
    suffix, write = writer
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / f"{number}{suffix}" for number in range(len(chosen))]
        for one, copy in zip(chosen, copies, strict=True):
            write(source.listener.decoder.decode(one.file.path).samples, copy)
        found = [heard for _, heard in source.of(copies)]
    pairs = []
    for one, heard in zip(chosen, found, strict=True):
        before = decision(laid_out.engine.evidence(one.analysis, laid_out.enrolled.gallery))
        if isinstance(heard, InvalidInputError):
            pairs.append((before, (heard.slug, frozenset[str]())))
        else:
            pairs.append((before, decision(laid_out.engine.evidence(heard, laid_out.enrolled.gallery))))
    return pairs


def decision(evidence: RecordingEvidence) -> Decision:
    """Answer the outcome of a recording and who is called a match."""
    matched = {one.performer_id for one in evidence.candidates if one.outcome is EvidenceOutcome.MATCH}
    return evidence.outcome.value, frozenset(matched)


def table_of(chosen: Sequence[HeardFile], asked: Changes, beside: Changes) -> Table:
    """Answer a row for each way, and one for all that a bar was set for."""
    together = [pair for pairs in asked.values() for pair in pairs]
    rows = [_row(name, pairs) for name, pairs in {**asked, f"these {len(asked)}": together, **beside}.items()]
    kinds = Counter(one.file.kind.value for one in chosen)
    note = f"{len(chosen)} recordings: " + ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    headings = [
        "encoded again as",
        "recordings",
        "same decision (95 % interval)",
        "same matches",
        "matches lost (now inconclusive)",
        "matches gained",
    ]
    headings += ["matched to somebody else", "other outcome, no match either way"]
    return {"headings": headings, "rows": rows, "note": note}


def _row(name: str, pairs: Sequence[tuple[Decision, Decision]]) -> list[str]:
    kinds: Mapping[str, int] = Counter(_change(*pair) for pair in pairs)
    same, size = kinds.get("same", 0), len(pairs)
    low, high = wilson_interval(same, size)
    share = f"{100 * same / size:.1f} % ({same}) [{100 * low:.1f} – {100 * high:.1f}]"
    matches = percent(sum(before[1] == after[1] for before, after in pairs) / max(size, 1))
    unsure = sum(_change(*pair) == "lost" and pair[1][0] == EvidenceOutcome.INCONCLUSIVE.value for pair in pairs)
    rest = (str(kinds.get(kind, 0)) for kind in ("gained", "moved", "other"))
    return [name, str(size), share, matches, f"{kinds.get('lost', 0)} ({unsure})", *rest]


def _change(before: Decision, after: Decision) -> str:
    if before == after:
        return "same"
    if not before[1] and not after[1]:
        return "other"
    if before[1] > after[1]:
        return "lost"
    return "gained" if before[1] <= after[1] else "moved"


if __name__ == "__main__":
    main()
