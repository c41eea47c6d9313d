"""How strongly one voice and two voices came out where it is known which: what a page draws a case's strengths into.

    python ../shared/speech/layout.py FOLDER --part both
    python -m benchmarks.validation_curves --speech FOLDER [--cache DIR] [--doubtful FILE.csv]

Trials are those of `docs/accuracy.md`, of people of the reporting split alone: who speaks and who is asked about fitted
nothing of the calibration. The gallery that is searched holds everybody. Shares are kept at set strengths, capped as
any strength is, and nothing of a person. The file lies beside the calibration's card and is loaded by its SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.laid_out import LaidOut, analyses, hear, read_arguments
from benchmarks.tables import Table, made_with, write_tables
from registry.cli.evaluation.searches import LabelledFile
from registry.engine.calibration import Calibration
from registry.engine.evaluation import SearchKind, SearchResult, Split
from registry.engine.validation_curves import FORMAT, SHIPPED, VERSION

STEP = 0.1
"""Between the strengths at which shares are kept, in log10 LR."""
SPLIT = Split.REPORTING
_WITHOUT_MATE = frozenset({SearchKind.NON_MATED, SearchKind.LEFT_OUT})
_SHARE_DECIMALS = 5
_SHOWN = (-1.5, -1.0, 0.0, 1.0, 2.0, 3.0)

Array = NDArray[np.float64]


def main() -> None:
    """Search, count and write."""
    arguments = read_arguments(__doc__)
    with analyses(arguments.cache, arguments.threads) as source:
        laid_out = hear(source, arguments.speech, arguments.doubtful, _counts)
    found = [result for _, result in laid_out.results()]
    by_split = {split: curves(laid_out, found, split) for split in (Split.DEVELOPMENT, SPLIT)}
    content = {
        "format": FORMAT,
        "version": VERSION,
        **made_with(laid_out.engine),
        "made_on": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.validation_curves",
        "split": SPLIT.value,
        "gallery": len(laid_out.enrolled.gallery),
        "unusable": sum(SPLIT.has(file.person) for file, _ in laid_out.failed),
        **by_split[SPLIT],
    }
    written = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    Path(str(SHIPPED)).write_text(written, encoding="utf-8")
    print(f"SHA256 = {hashlib.sha256(written.encode()).hexdigest()!r}")
    tables = {"validation-curves": shown(by_split)}
    write_tables(arguments.out / "validation-curves.json", {**made_with(laid_out.engine), "tables": tables})


def _counts(file: LabelledFile) -> bool:
    return file.kind in {SearchKind.MATED, SearchKind.NON_MATED}


def curves(laid_out: LaidOut, found: Sequence[SearchResult], split: Split) -> dict[str, Any]:
    """Answer both curves of a split with the trials and the people that they are of."""
    columns = [number for number, name in enumerate(laid_out.enrolled.gallery.performers()) if split.has(name)]
    mated = [result for result in found if result.kind is SearchKind.MATED and split.has(result.person)]
    others = [result for result in found if result.kind in _WITHOUT_MATE and split.has(result.person)]
    same = np.array([result.own_lr for result in mated])
    different = np.concatenate([result.log10_lr[columns] for result in others])
    different = different[~np.isnan(different)]
    calibration = laid_out.engine.calibration
    return {
        "trials": {"same": same.size, "different": different.size},
        "people": {"same": _people(mated), "different": _people(others), "asked_about": len(columns)},
        "same_speaker": reaching(same, calibration),
        "different_speakers": reaching(different, calibration),
    }


def shown(by_split: Mapping[Split, Mapping[str, Any]]) -> Table:
    """Answer the shares at some strengths as a table."""
    rows = []
    for split, found in by_split.items():
        for name, kind in (("same_speaker", "same"), ("different_speakers", "different")):
            share = dict(map(tuple, found[name]))
            counts = f"{found['trials'][kind]} of {found['people'][kind]} people"
            rows.append([split.value, name.replace("_", " "), counts, *(f"{100 * share[at]:.4g} %" for at in _SHOWN)])
    headings = ["split", "trials of", "trials", *(f"{at:g} or more" for at in _SHOWN)]
    return {"headings": headings, "rows": rows, "note": ""}


def _people(results: Sequence[SearchResult]) -> int:
    return len({result.person for result in results})


def reaching(log10_lr: Array, calibration: Calibration) -> list[list[float]]:
    """Answer strengths from one bound of validation to the other, each with the share of trials that reach it.

    Args:
        log10_lr: ``(n_trials,)``, not capped.
        calibration: whose bounds cap them: what lies beyond one counts as lying at it.
    """
    lower, upper = round(calibration.lower, 3), round(calibration.upper, 3)
    capped = np.sort(np.clip(log10_lr, lower, upper))
    steps = np.arange(np.floor(lower / STEP) + 1, np.ceil(upper / STEP)) * STEP
    at = [lower, *steps.round(1).tolist(), upper]
    share = 1 - np.searchsorted(capped, at, "left") / capped.size
    return [[one, round(float(two), _SHARE_DECIMALS) + 0.0] for one, two in zip(at, share, strict=True)]


if __name__ == "__main__":
    main()
