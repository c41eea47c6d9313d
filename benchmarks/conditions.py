"""What the engine says of recordings outside what it was validated for, and what it would say without the rule.

    python ../shared/speech/layout.py FOLDER --part both
    python -m benchmarks.conditions --speech FOLDER [--cache DIR] [--recordings 60] [--out docs/accuracy]

A seeded sample of recordings of enrolled speakers, whispered by code (their own vocal tract, driven by noise) and put
in white noise as loud as their speech. No real whispering was at hand.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.laid_out import HeardFile, LaidOut, Source, analyses, hear
from benchmarks.reencoding import in_bits, sample
from benchmarks.tables import Table, made_with, write_tables
from benchmarks.whispering import whispered
from registry.domain.scores import EvidenceOutcome
from registry.engine.evaluation import SearchKind
from registry.engine.validity import NOT_VALIDATED_FOR
from registry.errors import InvalidInputError

SEED = 20260101

Samples = NDArray[np.float32]
Changing = Callable[[Samples, np.random.Generator], Samples]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--doubtful", type=Path)
    parser.add_argument("--recordings", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("docs/accuracy"))
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    with analyses(arguments.cache, arguments.threads) as source:
        laid_out = hear(source, arguments.speech, arguments.doubtful, lambda file: file.kind is SearchKind.MATED)
        chosen = sample(laid_out.heard, arguments.recordings)
        rows = [[name, str(len(chosen)), *_cells(source, laid_out, chosen, way)] for name, way in WAYS.items()]
    headings = ["recordings of enrolled speakers", "recordings", "too little speech", "inconclusive, for it"]
    headings += [
        "other outcomes",
        "matched",
        "without the rule: the speaker reaches the threshold",
        "somebody else does",
    ]
    table: Table = {"headings": headings, "rows": rows, "note": ""}
    for row in rows:
        print(" | ".join(row))
    write_tables(arguments.out / "conditions.json", {**made_with(laid_out.engine), "tables": {"conditions": table}})


def as_it_is(samples: Samples, _: np.random.Generator) -> Samples:
    """Leave samples as they are."""
    return samples


def in_noise(samples: Samples, random: np.random.Generator) -> Samples:
    """Add white noise as loud as ``(n,)`` samples are on the whole."""
    loudness = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return samples + np.float32(loudness) * random.standard_normal(samples.size).astype(np.float32)


WAYS: Mapping[str, Changing] = {
    "as they are": as_it_is,
    "whispered by code": whispered,
    "in white noise as loud as the speech": in_noise,
}


def _cells(source: Source, laid_out: LaidOut, chosen: Sequence[HeardFile], way: Changing) -> list[str]:
    """Answer how the changed recordings came out."""
    random = np.random.default_rng(SEED)
    with tempfile.TemporaryDirectory() as folder:
        copies = [Path(folder) / f"{number}.wav" for number in range(len(chosen))]
        for one, copy in zip(chosen, copies, strict=True):
            samples = way(source.listener.decoder.decode(one.file.path).samples, random)
            in_bits(samples / max(1.0, float(np.abs(samples).max())), copy, bits=16)
        heard = [found for _, found in source.of(copies)]
    counts: Counter[str] = Counter()
    for one, found in zip(chosen, heard, strict=True):
        if isinstance(found, InvalidInputError):
            counts["too little speech"] += 1
            continue
        evidence = laid_out.engine.evidence(found, laid_out.enrolled.gallery)
        outside = any(reason.code == NOT_VALIDATED_FOR for reason in evidence.reasons)
        for_it = outside and evidence.outcome is EvidenceOutcome.INCONCLUSIVE
        counts["for it" if for_it else evidence.outcome.value] += 1
        for candidate in evidence.candidates:
            if candidate.log10_lr >= evidence.operating_point.threshold_log10_lr:
                counts["own reaches" if candidate.performer_id == one.file.person else "other reaches"] += 1
    others = sum(counts[outcome.value] for outcome in EvidenceOutcome if outcome is not EvidenceOutcome.MATCH)
    shown = (
        counts["too little speech"],
        counts["for it"],
        others,
        counts[EvidenceOutcome.MATCH.value],
        counts["own reaches"],
        counts["other reaches"],
    )
    return [str(count) for count in shown]


if __name__ == "__main__":
    main()
