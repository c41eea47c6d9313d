"""What each step of the engine's scoring is worth, and what was tried and does not pay.

    python ../shared/speech/layout.py FOLDER --part both
    python -m benchmarks.ablation --speech FOLDER [--cache DIR] [--doubtful FILE.csv] [--out docs/accuracy]

Every row is measured on the same analyses, with the same searches and by the same functions as `benchmarks.accuracy`;
thresholds are those of strangers and left-out searches, of each split by itself. A recording's score is the best over
its voices. Nothing is fitted here: the projection and the calibration are those that ship.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench import Bench
from benchmarks.covariates import SETS, Covariates
from benchmarks.laid_out import SUBSETS, HeardFile, analyses, hear, read_arguments
from benchmarks.scoring import Way, Ways
from benchmarks.tables import Table, made_with, write_tables
from registry.cli.evaluation.charts import percent
from registry.engine.evaluation import SearchKind, SearchResult
from registry.engine.evaluation.measures import Measures
from registry.engine.evaluation.searches import Searches
from registry.engine.metrics import threshold_at

SEED = 1
SPLITS = ("development", "reporting")
GALLERY_SIZES = (8, 20, 50)
DRAWS = 10
ENGINE = "+ length of speech and calibration: the engine"

Row = Sequence[str]


def main() -> None:
    """Measure, print and write."""
    arguments = read_arguments(__doc__)
    with analyses(arguments.cache, arguments.threads) as source:
        laid_out = hear(source, arguments.speech, arguments.doubtful)
    bench = Bench(laid_out)
    ways = Ways(laid_out.engine.calibration.cohorts, bench.enrolled, np.random.default_rng(SEED))
    steps = {way.name: _by_split(bench.search(way)) for way in ways.steps()}
    steps[ENGINE] = _by_split((one, result) for one in laid_out.heard for _, result in laid_out.results_of(one))
    tried = {way.name: _by_split(bench.search(way)) for way in ways.tried()}
    covariates = Covariates(bench, ways.with_virtual_voices()[-1])
    seen = {name: _by_split(covariates.search(figures)) for name, figures in SETS.items()}
    tables = {
        "ablation": _table(steps),
        "tried": _table(tried),
        "covariates": _covariates_table(seen),
        "oracle": oracles({name: steps[name] for name in (*list(steps)[2:4], *list(steps)[-2:])}),
        "small-galleries": small_galleries(bench, ways.with_virtual_voices()),
    }
    for name, table in tables.items():
        print(name, *(" | ".join(row) for row in [table["headings"], *table["rows"]]), "", sep="\n")
    write_tables(arguments.out / "ablation.json", {**made_with(laid_out.engine), "seed": SEED, "tables": tables})


BySplit = Mapping[str, Sequence[SearchResult]]


def _by_split(found: Iterator[tuple[HeardFile, SearchResult]]) -> BySplit:
    listed = list(found)
    return {name: [result for heard, result in listed if SUBSETS[name](heard.file)] for name in SPLITS}


def _table(ways: Mapping[str, BySplit]) -> Table:
    headings = ["scoring"]
    for name in SPLITS:
        headings += [f"{name}: FNIR at 1 % (5 %)", "clones at 1 % (5 %)", "rank-1"]
    rows = [[name, *(cell for split in SPLITS for cell in _cells(found[split]))] for name, found in ways.items()]
    return {"headings": headings, "rows": rows, "note": ""}


def _covariates_table(sets: Mapping[str, BySplit]) -> Table:
    headings = ["what a calibration sees besides the margins"]
    for name in SPLITS:
        headings += [f"{name}: Cllr", "FNIR at 1 % (5 %)", "clones at 1 % (5 %)"]
    rows = [
        [name, *(cell for split in SPLITS for cell in (_cost(found[split]), *_cells(found[split])[:2]))]
        for name, found in sets.items()
    ]
    note = "Fitted to searches of the development split, which is scored in folds of people: benchmarks/covariates.py."
    return {"headings": headings, "rows": rows, "note": note}


def _cost(results: Sequence[SearchResult]) -> str:
    measures = Measures.of(Searches.of(results), np.random.default_rng(SEED))
    return f"{measures.verification()['cllr']:.3f}"


def _cells(results: Sequence[SearchResult]) -> Row:
    measures = Measures.of(Searches.of(results), np.random.default_rng(SEED))
    _, one, five = measures.fnir()
    clones = measures.imitations(SearchKind.CLONE)["all"]["rates"]
    first = measures.rank1(measures.searches.mated)
    return (
        f"{percent(one['value'])} ({percent(five['value'])})",
        f"{percent(clones[1]['share'])} ({percent(clones[2]['share'])})",
        percent(first["value"]),
    )


def oracles(ways: Mapping[str, BySplit]) -> Table:
    """Answer what a threshold for each corpus would reach, set with the very searches that it is tried on."""
    headings = ["scoring", *(f"{name}: FNIR, one threshold a corpus (FPIR reached)" for name in SPLITS)]
    rows = [[name, *(_oracle(found[split]) for split in SPLITS)] for name, found in ways.items()]
    note = "Each corpus may have one false alarm in 100 searches, rounded down. No engine could know such thresholds."
    return {"headings": headings, "rows": rows, "note": note}


def _oracle(results: Sequence[SearchResult]) -> str:
    searches = Searches.of(results)
    misses = alarms = 0
    for corpus in {search.labels.corpus for search in searches.mated}:
        best = np.array([search.best for search in searches.without_mate if search.labels.corpus == corpus])
        threshold = threshold_at(best, 0.01)
        misses += sum(search.own_lr <= threshold for search in searches.mated if search.labels.corpus == corpus)
        alarms += int((best > threshold).sum())
    mated = len(searches.mated)
    return f"{percent(misses / mated)} ({misses}/{mated}; {percent(alarms / len(searches.without_mate))})"


def small_galleries(bench: Bench, ways: Sequence[Way]) -> Table:
    """Answer what virtual voices are worth where few are enrolled: means over galleries drawn from all performers."""
    random = np.random.default_rng(SEED)
    everybody = len(bench.enrolled.performers)
    limits = {way.name: threshold_at(_best(_searches(bench, way)), 0.01) for way in ways}
    rows = []
    for size in GALLERY_SIZES:
        drawn = [np.sort(random.permutation(everybody)[:size]) for _ in range(DRAWS)]
        for way in ways:
            found = [_plain_figures(_searches(bench, way, columns), limits[way.name]) for columns in drawn]
            rows.append([str(size), way.name, *(percent(float(figure)) for figure in np.mean(found, axis=0))])
    note = f"Means over {DRAWS} galleries drawn from the {everybody} performers; everybody else is a stranger."
    headings = ["performers", "others", "FNIR at FPIR 1 %", "FNIR at FPIR 5 %"]
    headings += [f"FPIR at the threshold that gives 1 % among {everybody}", "FNIR there"]
    return {"headings": headings, "rows": rows, "note": note}


def _searches(bench: Bench, way: Way, columns: NDArray[np.intp] | None = None) -> Searches:
    return Searches.of(result for _, result in bench.search(way, columns))


def _best(searches: Searches) -> NDArray[np.float64]:
    return np.array([search.best for search in searches.without_mate])


def _plain_figures(searches: Searches, limit: float) -> tuple[float, float, float, float]:
    best, own = _best(searches), np.array([search.own_lr for search in searches.mated])
    one, five = (float((own <= threshold_at(best, rate)).mean()) for rate in (0.01, 0.05))
    return one, five, float((best > limit).mean()), float((own <= limit).mean())


if __name__ == "__main__":
    main()
