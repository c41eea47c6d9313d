"""The figures of `docs/accuracy.md`: how often the engine misses, accuses and is deceived, with intervals over people.

    python ../shared/speech/layout.py FOLDER --part both
    python -m benchmarks.accuracy --speech FOLDER [--cache DIR] [--doubtful FILE.csv] [--out docs/accuracy]

Everything is searched once, as `likeness evaluate` does it. Figures are given for all searches, for both splits of
people, and for both parts of the speech; everybody stays enrolled in each of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.bars import Part, bars, costs
from benchmarks.laid_out import SUBSETS, LaidOut, analyses, hear, read_arguments
from benchmarks.strangers import impostors, sexes_of
from benchmarks.tables import Table, made_with, write_tables
from registry.cli.evaluation.charts import charts, percent
from registry.cli.evaluation.labels import read_groups
from registry.cli.evaluation.tables import Sheet, sheets
from registry.cli.evaluation.words import WORDS, Language
from registry.engine.evaluation import FPIRS, Group, SearchKind, SearchResult, evaluate
from registry.engine.evaluation.measures import Measures
from registry.engine.evaluation.searches import Searches

GROUPS = Path(__file__).with_name("groups.json")
SEED = 1
TARGET_FPIR = 0.01
_SHEETS = {
    "recordings": "recordings",
    "decisions": "decisions",
    "named_groups": "groups",
    "by_speech": "speech",
    "by_corpus": "corpora",
    "by_language": "languages",
    "by_sex": "sexes",
    "by_band": "bands",
    "imitations": "imitations",
    "corpora": "false-alarms",
    "strangers": "strangers",
}
"""Tables of `likeness evaluate` that the page shows, by the key of their title, and what they are called there."""

Report = Mapping[str, Any]


def main() -> None:
    """Measure, print and write."""
    arguments = read_arguments(__doc__)
    with analyses(arguments.cache, arguments.threads) as source:
        laid_out = hear(source, arguments.speech, arguments.doubtful)
    found = laid_out.results()
    groups = read_groups(GROUPS)
    subsets = {name: [result for file, result in found if has(file)] for name, has in SUBSETS.items()}
    sexes = sexes_of(subsets["all"])
    reports = {name: _report(results, groups, sexes) for name, results in subsets.items()}
    tables = {
        "bars": bars(reports),
        "rates": rates({name: subsets[name] for name in ("all", "development", "reporting")}),
        "calibration": costs(reports),
        **dict(_shown(reports["all"], "")),
        **dict(_shown(reports["reporting"], "reporting-")),
    }
    failed = {name: sum(has(file) for file, _ in laid_out.failed) for name, has in SUBSETS.items()}
    content = {
        **made_with(laid_out.engine),
        "gallery": len(laid_out.enrolled.gallery),
        "failed": failed,
        "doubtful_pairs": len(laid_out.doubts.pairs),
        "tables": tables,
        "figures": {name: _kept(report) for name, report in reports.items()},
    }
    write_tables(arguments.out / "accuracy.json", content)
    _draw(reports["all"], arguments.out, "")
    _draw(reports["reporting"], arguments.out, "reporting-")
    _print(laid_out, tables)


def _report(results: Sequence[SearchResult], groups: Sequence[Group], sexes: Mapping[int, str]) -> Report:
    return {
        "target_fpir": TARGET_FPIR,
        **evaluate(results, np.random.default_rng(SEED), groups),
        "impostors": impostors(results, sexes, np.random.default_rng(SEED)),
    }


def _kept(report: Report) -> Report:
    """Leave out what only drawings need, and what the tables hold."""
    return {name: value for name, value in report.items() if name not in {"curves", "by", "by_speech", "groups"}}


# Thresholds: by three kinds of searches that have no right answer.


def rates(subsets: Mapping[str, Sequence[SearchResult]]) -> Table:
    """Answer misses and clones found at each rate, with the threshold set by three kinds of searches."""
    rows = []
    for name, chosen in DEFINITIONS.items():
        measured = [_measures(chosen(results)) for results in subsets.values()]
        pools = ", ".join(str(len(measures.searches.without_mate)) for measures in measured)
        for place, fpir in enumerate(FPIRS):
            shown = [cell for measures in measured for cell in _rate(measures, place)]
            rows.append([f"{name} ({pools})", f"{100 * fpir:g} %", *shown])
    headings = ["threshold set by (searches)", "FPIR"]
    headings += [heading for name in subsets for heading in (f"{name}: FNIR", "clones found")]
    note = "Of a rate marked * the searches that set the threshold are too few for one false alarm: it is not resolved."
    return {"headings": headings, "rows": rows, "note": note}


def _measures(results: Sequence[SearchResult]) -> Measures:
    return Measures.of(Searches.of(results), np.random.default_rng(SEED))


def strict(results: Sequence[SearchResult]) -> list[SearchResult]:
    """Strangers, and mated recordings with their speaker left out of the gallery."""
    return list(results)


def strangers_alone(results: Sequence[SearchResult]) -> list[SearchResult]:
    """Strangers only."""
    return [result for result in results if result.kind is not SearchKind.LEFT_OUT]


def in_use(results: Sequence[SearchResult]) -> list[SearchResult]:
    """Strangers, and in mated searches the other performers, while the speaker is enrolled."""
    others = [_others(result) for result in results if result.kind is SearchKind.MATED]
    return strangers_alone(results) + [other for other in others if not np.isnan(other.log10_lr).all()]


def _others(mated: SearchResult) -> SearchResult:
    scores = mated.log10_lr.copy()
    scores[mated.own] = np.nan
    return replace(mated, kind=SearchKind.LEFT_OUT, log10_lr=scores, own=None, called=mated.accused)


DEFINITIONS = {
    "strangers + speakers left out": strict,
    "strangers + others in mated searches": in_use,
    "strangers alone": strangers_alone,
}


def _rate(measures: Measures, place: int) -> tuple[str, str]:
    row = measures.fnir()[place]
    clones = measures.imitations(SearchKind.CLONE)["all"]
    missed = Part(row["misses"], row["mated"], row["ci95"]).shown()
    found = percent(clones["rates"][place]["share"]) if clones["searches"] else "–"
    return missed if row["resolvable"] else f"{missed} *", found


# The tables of `likeness evaluate`, and the plots.


def _shown(report: Report, prefix: str) -> Iterator[tuple[str, Table]]:
    words = WORDS[Language.EN]
    titles = {words[key].format(rate=f"{100 * TARGET_FPIR:g} %"): name for key, name in _SHEETS.items()}
    for sheet in sheets(report, words):
        if sheet.title in titles:
            yield prefix + titles[sheet.title], _table(sheet)


def _table(sheet: Sheet) -> Table:
    return {"headings": list(sheet.headings), "rows": [list(row) for row in sheet.rows], "note": sheet.note}


def _draw(report: Report, out: Path, prefix: str) -> None:
    for name, drawing in charts(report, WORDS[Language.EN]).items():
        (out / f"{prefix}{name}.svg").write_text(drawing + "\n", encoding="utf-8")


def _print(laid_out: LaidOut, tables: Mapping[str, Table]) -> None:
    print(f"{len(laid_out.heard)} recordings searched, {len(laid_out.failed)} failed")
    for name in ("bars", "rates", "calibration", "groups"):
        for row in tables[name]["rows"]:
            print(" | ".join(row))


if __name__ == "__main__":
    main()
