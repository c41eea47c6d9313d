"""What the project asks of the engine, beside what it reaches: a row for each figure, a column for each subset."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.tables import Table
from registry.cli.evaluation.charts import percent

Report = Mapping[str, Any]
_CLEAN = "read or spontaneous, wide band, 6 s and more"
_CURRENT = "clones of zero-shot systems since 2024"
_GAP = "Cllr less Cllr min"


@dataclass(frozen=True, slots=True)
class Part:
    """So many of so many, and an interval over people."""

    count: int
    whole: int
    ci95: Sequence[float] | None

    def shown(self) -> str:
        """Write the share with its counts and interval; a dash where there is nothing."""
        if not self.whole:
            return "–"
        return f"{percent(self.count / self.whole)} ({self.count}/{self.whole}){_brackets(self.ci95)}"


def bars(reports: Mapping[str, Report]) -> Table:
    """Answer the bars.

    Args:
        reports: by name of the subset: what `registry.engine.evaluation` answers.
    """
    rows = [[name, bar, *(measure(report) for report in reports.values())] for name, bar, measure in ASKED]
    note = "Share (count of recordings) and 95 % interval over people; thresholds of strangers and left-out searches."
    return {"headings": ["measure", "bar", *reports], "rows": rows, "note": note}


def costs(reports: Mapping[str, Report]) -> Table:
    """Answer how well comparisons of two voices are told apart, and what calibration loses."""
    names = {"cllr": "Cllr", "cllr_min": "Cllr min", "cllr_gap": _GAP, "min_dcf": "minDCF, prior 0.01"}
    equal = [percent(report["eer"]) + _brackets(report["intervals"]["eer"]) for report in reports.values()]
    rows = [["EER", *equal]]
    rows += [[title, *(_cost(report, name) for report in reports.values())] for name, title in names.items()]
    trials = [report["trials"] for report in reports.values()]
    rows.append(["comparisons of one voice / of two", *(f"{row['target']} / {row['non_target']}" for row in trials)])
    return {"headings": ["measure", *reports], "rows": rows, "note": ""}


def _missed(report: Report, rate: int = 1) -> str:
    row = report["fnir"][rate]
    return Part(row["misses"], row["mated"], row["ci95"]).shown()


def _group(report: Report, name: str) -> Report:
    found: Report = next(group for group in report["groups"] if group["name"] == name)
    return found


def _missed_in(name: str) -> Callable[[Report], str]:
    def shown(report: Report) -> str:
        group = _group(report, name)
        return Part(group["rates"][1]["misses"], group["mated"], group["rates"][1]["ci95"]).shown()

    return shown


def _current(report: Report) -> str:
    group = _group(report, _CURRENT)
    reached = group["rates"][1]["imitations"]
    return Part(reached["reached"], group["clone"], reached["ci95"]).shown()


def _clones(report: Report) -> str:
    found = report["clones"]["all"]
    if not found["searches"]:
        return Part(0, 0, None).shown()
    return Part(found["rates"][1]["reached"], found["searches"], found["rates"][1]["ci95"]).shown()


def _first(report: Report) -> str:
    share, mated = report["rank1"], report["counts"]["mated"]["searches"]
    return Part(round(share["value"] * mated), mated, share["ci95"]).shown()


def _decided(kind: str, sort: str) -> Callable[[Report], str]:
    def shown(report: Report) -> str:
        row = report["operating_point"][kind]
        return Part(row[sort], row["searches"], row[f"{sort}_ci95"]).shown()

    return shown


def _impostors(name: str) -> Callable[[Report], str]:
    def shown(report: Report) -> str:
        found = report["impostors"][name]
        return Part(found["called"], found["recordings"], found["ci95"]).shown()

    return shown


def _cost(report: Report, name: str) -> str:
    ends = report["intervals"][name]
    return f"{report[name]:.3f}" + (f" [{ends[0]:.3f} – {ends[1]:.3f}]" if ends else "")


def _brackets(ci95: Sequence[float] | None) -> str:
    return f" [{100 * ci95[0]:.1f} – {100 * ci95[1]:.1f}]" if ci95 else ""


ASKED: Sequence[tuple[str, str, Callable[[Report], str]]] = (
    ("FNIR at FPIR 1 %, all conditions", "≤ 10 %", _missed),
    ("FNIR at FPIR 5 %, all conditions", "", lambda report: _missed(report, rate=2)),
    (f"FNIR at FPIR 1 %: {_CLEAN}", "≤ 2 %", _missed_in(_CLEAN)),
    ("FNIR at FPIR 1 %: telephone", "≤ 15 %", _missed_in("telephone")),
    ("FNIR at FPIR 1 %: acted emotion", "≤ 40 %", _missed_in("acted emotion")),
    ("clones found at FPIR 1 %: all systems", "≥ 65 %", _clones),
    ("clones found at FPIR 1 %: zero-shot systems since 2024", "≥ 95 %", _current),
    ("rank-1, no threshold", "≥ 96 %", _first),
    (_GAP, "≤ 0.03", lambda report: _cost(report, "cllr_gap")),
    ("strangers called a match, by the engine's own decision", "≤ 1.5 %", _decided("non_mated", "others_matched")),
    ("the same, with speakers who were left out of the gallery", "", _decided("without_mate", "others_matched")),
    ("enrolled speakers called a match", "", _decided("mated", "own_matched")),
    ("somebody else than the enrolled speaker called a match", "", _decided("mated", "others_matched")),
    ("clones called a match", "", _decided("clone", "own_matched")),
    ("decoys called a match for whom they imitate", "≤ 1 %", _decided("decoy", "own_matched")),
    ("nearest stranger of the same sex called a match for the performer", "≤ 1 %", _impostors("nearest_1")),
    ("decoys and nearest strangers together", "≤ 1 %", _impostors("decoys_and_nearest_1")),
    ("five nearest strangers of the same sex called a match for the performer", "", _impostors("nearest_5")),
)
"""Name, bar where one was set, and how it is read from a report."""
