"""How surely a recording is told again by its fingerprint, and how seldom another one passes for it.

    python ../shared/speech/layout.py FOLDER --part both
    python -m benchmarks.stay_down --speech FOLDER [--most 240] [--recordings 60] [--out FILE]

Recordings of the folder that are long enough to be compared are read, in a seeded order. A sample of them is written
again in every way of `WAYS` and compared with itself as it was. And all of them are compared with each other: of the
same person, of the same person and often the same words made by a system that speaks, and of others.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from benchmarks.machine import described
from benchmarks.reencoding import Samples, compressed, in_bits
from benchmarks.tables import ROOT, Table, filled
from registry.domain.stay_down import MOST_BIT_ERRORS
from registry.errors import InvalidInputError
from registry.media.decode import Decoder
from registry.media.fingerprints import (
    ALGORITHM,
    HASH_S,
    LEAST_BLOCK,
    LONGEST_S,
    MOST_CANDIDATES,
    Fingerprint,
    candidates,
    fingerprint_of,
    nearness,
)
from registry.media.recording import SAMPLE_RATE_HZ, Recording

SEED = 20261126
PAGE = ROOT / "docs" / "notices.md"
FIGURES = ROOT / "benchmarks" / "stay_down.json"
_CUT_S, _LONG_S = 8.0, 10.0
_TELEPHONE_HZ = 8_000
_ENTRIES = 1000


@dataclass(frozen=True)
class Held:
    """One recording of the folder: where it is, whose it is, who made it, and what it sounds like."""

    path: Path
    person: str
    system: str
    recording: Recording
    print: Fingerprint


Writer = tuple[str, Callable[[Samples, Path], None]]


def cut(samples: Samples, path: Path) -> None:
    """Write eight seconds from the middle, at a place that no frame of the whole begins at."""
    middle, half = samples.size // 2 + 777, round(_CUT_S * SAMPLE_RATE_HZ / 2)
    in_bits(samples[middle - half : middle + half], path, bits=16)


def cut_and_compressed(samples: Samples, path: Path) -> None:
    """Write eight seconds from the middle as MP3."""
    middle, half = samples.size // 2 + 777, round(_CUT_S * SAMPLE_RATE_HZ / 2)
    compressed(samples[middle - half : middle + half], path, codec="libmp3lame", bit_rate=64_000)


def as_telephone(samples: Samples, path: Path) -> None:
    """Write it through 8 kHz and back."""
    narrow = soxr.resample(samples, SAMPLE_RATE_HZ, _TELEPHONE_HZ)
    in_bits(soxr.resample(narrow, _TELEPHONE_HZ, SAMPLE_RATE_HZ), path, bits=16)


def faster(samples: Samples, path: Path) -> None:
    """Write it 3 % faster, and as much higher."""
    in_bits(soxr.resample(samples, SAMPLE_RATE_HZ, SAMPLE_RATE_HZ / 1.03), path, bits=16)


def with_noise(samples: Samples, path: Path) -> None:
    """Write it with white noise 20 dB below."""
    noise = np.random.default_rng(SEED).standard_normal(samples.size).astype(np.float32)
    level = np.sqrt(np.mean(np.square(samples)) / 100)
    in_bits(samples + noise * np.float32(level), path, bits=16)


WAYS: Mapping[str, Writer] = {
    "MP3, 64 kbit/s": (".mp3", partial(compressed, codec="libmp3lame", bit_rate=64_000)),
    "MP3, 32 kbit/s": (".mp3", partial(compressed, codec="libmp3lame", bit_rate=32_000)),
    "AAC, 48 kbit/s": (".m4a", partial(compressed, codec="aac", bit_rate=48_000)),
    "Opus, 24 kbit/s": (".ogg", partial(compressed, codec="libopus", bit_rate=24_000)),
    "12 dB softer": (".wav", partial(in_bits, bits=16, gain_db=-12.0)),
    "6 dB louder, clipped": (".wav", partial(in_bits, bits=16, gain_db=6.0)),
    "8 kHz and back": (".wav", as_telephone),
    "noise 20 dB below": (".wav", with_noise),
    "8 s of the middle": (".wav", cut),
    "8 s of the middle, MP3, 64 kbit/s": (".mp3", cut_and_compressed),
    "3 % faster and higher": (".wav", faster),
}
"""By name: suffix of the file, and how it is written. The last one is not expected to be found."""
_NEEDS_LENGTH = {name for name in WAYS if name.startswith("8 s")}


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    with Decoder(files_per_child=500) as decoder:
        held = list(islice(_held(decoder, arguments.speech), arguments.most))
        same = same_table(decoder, held, arguments.recordings)
    content: dict[str, Any] = {
        "seed": SEED,
        "algorithm": ALGORITHM,
        "machine": described(),
        "tables": {"stay_down_same": same, "stay_down_other": other_table(held), "stay_down_cost": cost_table(held)},
    }
    written = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    arguments.out.write_text(f"{written}\n", encoding="utf-8")
    if arguments.out.resolve() == FIGURES:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), content["tables"]), encoding="utf-8")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--most", type=int, default=240, help="recordings that are compared with each other")
    parser.add_argument("--recordings", type=int, default=60, help="of these, that are written again in every way")
    parser.add_argument("--out", type=Path, default=FIGURES)
    return parser.parse_args()


def _held(decoder: Decoder, folder: Path) -> Iterator[Held]:
    """Yield recordings that are long enough to be compared, in a seeded order; one that lies there twice once."""
    seen: set[bytes] = set()
    paths = sorted(each for each in folder.rglob("*") if each.suffix in {".ogg", ".flac", ".wav", ".mp3"})
    for number in np.random.default_rng(SEED).permutation(len(paths)).tolist():
        path = paths[number]
        parts = path.relative_to(folder).parts
        try:
            recording = decoder.decode(path)
        except InvalidInputError:
            continue
        print_of = fingerprint_of(recording)
        if print_of.hashes.size < LEAST_BLOCK or nearness(print_of, print_of) is None:
            continue
        if print_of.to_bytes() in seen:
            continue
        seen.add(print_of.to_bytes())
        yield Held(path, parts[-2], parts[1] if parts[0] == "clones" else "", recording, print_of)


# --- the same recording ----------------------------------------------------------------------------------------------


def same_table(decoder: Decoder, held: Sequence[Held], count: int) -> Table:
    """Answer a row for each way in which recordings are written again."""
    order = np.random.default_rng(SEED).permutation(len(held))[:count]
    chosen = [held[number] for number in sorted(order.tolist())]
    rows = [_same_row(decoder, name, writer, chosen) for name, writer in WAYS.items()]
    note = (
        f"A seeded sample of {len(chosen)} of the {len(held)} recordings that are long enough; told again is a bit "
        f"error rate of at most {MOST_BIT_ERRORS:.2f}; what the index does not find has a rate of 1. Cuts are "
        "of recordings of ten seconds and more."
    )
    headings = ["written again as", "recordings", "told again", "bit error rate: median", "95 %", "largest"]
    return {"headings": headings, "rows": rows, "note": note}


def _same_row(decoder: Decoder, name: str, writer: Writer, chosen: Sequence[Held]) -> list[str]:
    suffix, write = writer
    long_enough = [one for one in chosen if name not in _NEEDS_LENGTH or one.recording.duration_s >= _LONG_S]
    rates = []
    with tempfile.TemporaryDirectory() as folder:
        for one in long_enough:
            copy = Path(folder) / f"copy{suffix}"
            write(one.recording.samples, copy)
            made = fingerprint_of(decoder.decode(copy))
            near = nearness(made, one.print) if candidates(made, [one.print]) else None
            rates.append(1.0 if near is None else near.bit_error_rate)
    told = sum(rate <= MOST_BIT_ERRORS for rate in rates)
    middle, most = np.quantile(rates, 0.5), np.quantile(rates, 0.95)
    figures = [f"{value:.3f}" for value in (middle, most, max(rates))]
    return [name, str(len(rates)), f"{told} ({100 * told / len(rates):.1f} %)", *figures]


# --- other recordings ------------------------------------------------------------------------------------------------


def other_table(held: Sequence[Held]) -> Table:
    """Answer a row for each kind of pair of recordings."""
    kinds: dict[str, list[float]] = {_OTHERS: [], _SAME_PERSON: [], _MADE: [], _SAME_RECORDING: []}
    nearest: list[tuple[float, str, str]] = []
    for one, other in combinations(held, 2):
        near = nearness(one.print, other.print)
        if near is not None:
            kinds[_kind(one, other)].append(near.bit_error_rate)
            nearest.append((near.bit_error_rate, str(one.path), str(other.path)))
    for rate, first, second in sorted(nearest)[:15]:
        print(f"nearest: {rate:.3f} {first} {second}")
    rows = [_other_row(name, rates) for name, rates in kinds.items() if rates]
    note = (
        f"All pairs of {len(held)} recordings; passed for the other is a bit error rate of at most "
        f"{MOST_BIT_ERRORS:.2f}. Systems that copy a recording sound by sound make the same one again."
    )
    headings = ["pairs", "how many", "passed for the other", "bit error rate: least", "0.1 %", "median"]
    return {"headings": headings, "rows": rows, "note": note}


_OTHERS, _SAME_PERSON = "of others", "of the same person"
_MADE = "made of the same person by a system"
_SAME_RECORDING = "of the same recording, encoded elsewhere or copied by a system"


def _kind(one: Held, other: Held) -> str:
    if one.person != other.person:
        return _OTHERS
    if one.path.stem.rpartition("_")[2] == other.path.stem.rpartition("_")[2]:
        return _SAME_RECORDING
    return _MADE if one.system or other.system else _SAME_PERSON


def _other_row(name: str, rates: Sequence[float]) -> list[str]:
    passed = sum(rate <= MOST_BIT_ERRORS for rate in rates)
    low, middle = np.quantile(rates, 0.001), np.quantile(rates, 0.5)
    share = f"{passed} (under {3e6 / len(rates):.0f} in a million)" if not passed else f"{passed} of {len(rates)}"
    return [name, str(len(rates)), share, f"{min(rates):.3f}", f"{low:.3f}", f"{middle:.3f}"]


# --- what it costs ---------------------------------------------------------------------------------------------------


def cost_table(held: Sequence[Held]) -> Table:
    """Answer what looking one submission up among so many entries costs, in seconds of one process.

    First as recordings are; then at worst: everything is as long as it can be, and has much in common, since it is put
    together of the same recordings.
    """
    rows = _cost_rows(held[0].recording, [held[number % len(held)].print for number in range(_ENTRIES)])
    draw = np.random.default_rng(SEED)
    long = np.concatenate([held[number].recording.samples for number in draw.permutation(len(held))])
    longest = replace(held[0].recording, samples=long[: round(LONGEST_S * SAMPLE_RATE_HZ)])
    rows += _cost_rows(longest, [_put_together(held, draw) for _ in range(_ENTRIES)])
    note = f"Of the entries, the {MOST_CANDIDATES} likeliest are compared. The last two rows are the worst."
    return {"headings": ["what", "processor time"], "rows": rows, "note": note}


def _put_together(held: Sequence[Held], draw: np.random.Generator) -> Fingerprint:
    """Answer a fingerprint as long as one can be, of recordings in a drawn order."""
    hashes = np.concatenate([held[number].print.hashes for number in draw.permutation(len(held))])
    return Fingerprint(hashes[: int(LONGEST_S / HASH_S)])


def _cost_rows(asked: Recording, entries: Sequence[Fingerprint]) -> list[list[str]]:
    started = time.process_time()
    made = fingerprint_of(asked)
    made_s = time.process_time() - started
    started = time.process_time()
    for place in candidates(made, entries):
        nearness(made, entries[place])
    compared_s = time.process_time() - started
    length = sum(each.duration_s for each in entries) / len(entries)
    return [
        [f"the fingerprint of {asked.duration_s:.0f} s", f"{1000 * made_s:.0f} ms"],
        [f"looking it up among {len(entries)} entries of {length:.0f} s", f"{1000 * compared_s:.0f} ms"],
    ]


if __name__ == "__main__":
    main()
