"""The figures of an evaluation as tables of words, for a terminal and for a page alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from registry.cli.evaluation.charts import percent
from registry.cli.evaluation.words import Words

MIDDLE = 1
"""Place of the rate that tables with room for one rate show: FPIR 1 %."""
STRANGERS_SHOWN = 20
_DIMENSIONS = ("corpus", "language", "sex", "condition", "band")

Report = Mapping[str, Any]
Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table.

    Attributes:
        title: above it.
        headings: of the columns.
        rows: a text for each column.
        note: what its words mean, or empty.
    """

    title: str
    headings: Row
    rows: Sequence[Row]
    note: str = ""


def sheets(report: Report, words: Words) -> list[Sheet]:
    """Answer all tables that have rows, the most important first."""
    found = [
        _main(report, words),
        _recordings(report, words),
        _decisions(report, words),
        _groups(words["named_groups"], report["groups"], report, words),
        _noted(_groups(words["by_speech"], report["by_speech"], report, words, _speech_name), words["group_note"]),
        *(
            _groups(words[f"by_{name}"], report["by"][name], report, words)
            for name in _DIMENSIONS
            if name in report["by"]
        ),
        _imitations(report, words),
        _corpora(report, words),
        _strangers(report, words),
    ]
    return [sheet for sheet in found if sheet.rows]


def _main(report: Report, words: Words) -> Sheet:
    rows = [*_fnir_rows(report, words), (words["rank1"], _share(report["rank1"]["value"]), _range(report["rank1"]))]
    intervals = report["intervals"]
    rows.append((words["eer"], _share(report["eer"]), _range({"ci95": intervals["eer"]})))
    costs = ("min_dcf", "cllr", "cllr_min", "cllr_gap")
    rows += [(words[name], f"{report[name]:.3f}", _plain_range(intervals[name])) for name in costs]
    return Sheet(words["main"], (words["measure"], words["value"], words["interval"]), rows)


def _fnir_rows(report: Report, words: Words) -> Iterator[Row]:
    for row in report["fnir"]:
        name = words["fnir_at"].format(rate=_rate(row["fpir"]))
        name = name if row["resolvable"] else words["unresolved"].format(name=name)
        yield name, words["of"].format(share=_share(row["value"]), part=row["misses"], whole=row["mated"]), _range(row)


def _recordings(report: Report, words: Words) -> Sheet:
    rates = [row["fpir"] for row in report["fnir"]]
    headings = [words["kind"], words["searches"], words["people"], words["failed"]]
    headings += [words["alarms_at"].format(rate=_rate(rate)) for rate in rates]
    rows = []
    for kind, count in report["counts"].items():
        alarms = [row["false_alarms"].get(kind) for row in report["fnir"]]
        shown = [words["alarms_by"].format(**one) if one else "" for one in alarms]
        failed = str(count.get("failed", 0) or "")
        rows.append((words[kind], str(count["searches"]), str(count["people"]), failed, *shown))
    return Sheet(words["recordings"], headings, rows)


def _decisions(report: Report, words: Words) -> Sheet:
    title = words["decisions"].format(rate=_rate(report["target_fpir"]))
    headings = (words["kind"], words["searches"], words["own_matched"], words["others_matched"])
    rows = []
    for kind, row in report["operating_point"].items():
        if row["searches"]:
            own = "" if kind in {"non_mated", "left_out", "without_mate"} else _decided(row, "own_matched")
            rows.append((words[kind], str(row["searches"]), own, _decided(row, "others_matched")))
    imitated = any(row["searches"] for kind, row in report["operating_point"].items() if kind in {"clone", "decoy"})
    return Sheet(title, headings, rows, words["decisions_note"] if imitated else "")


def _decided(row: Report, name: str) -> str:
    return f"{_share(row[f'{name}_share'])} ({row[name]}) {_brackets(row[f'{name}_ci95'])}".strip()


def _group_name(row: Report, words: Words) -> str:
    name = str(row["name"])
    return words.get(name, name) if name else words["unlabelled"]


def _speech_name(row: Report, words: Words) -> str:
    low, high = row["speech_s"]
    shown = words["seconds_more"] if high is None else words["seconds"]
    return shown.format(low=f"{low:g}", high="" if high is None else f"{high:g}")


def _groups(
    title: str,
    groups: Sequence[Report],
    report: Report,
    words: Words,
    name: Callable[[Report, Words], str] = _group_name,
) -> Sheet:
    headings = [words["group"], words["group_counts"]]
    headings += [words["group_fnir"].format(rate=_rate(row["fpir"])) for row in report["fnir"][MIDDLE:]]
    headings += [words["group_alarms"], words["eer"], words["group_imitations"]]
    headings += [words["group_own"], words["group_others"]]
    rows = [(name(row, words), *_group_row(row, words)) for row in groups]
    return Sheet(title, headings, rows)


def _group_row(row: Report, words: Words) -> Row:
    middle, decided = row["rates"][MIDDLE], row["operating_point"]
    imitations, searched = row["clone"] + row["decoy"], row["non_mated"] + row["left_out"]
    alarms = f"{middle['false_alarms']} + {middle['false_alarms_left_out']}"
    reached = middle["imitations"]
    shown = words["of"].format(share=_share(reached["share"]), part=reached["reached"], whole=imitations)
    return (
        f"{row['mated']} / {row['non_mated']}" if row["mated"] or row["non_mated"] else "",
        *(f"{_share(rate['fnir'])} {_brackets(rate['ci95'])}".strip() for rate in row["rates"][MIDDLE:]),
        alarms if searched else "",
        _share(row["eer"]["value"]),
        shown if imitations else "",
        _share(decided["mated"]["own_matched_share"]),
        _share(decided["non_mated"]["others_matched_share"]),
    )


def _noted(sheet: Sheet, note: str) -> Sheet:
    return replace(sheet, note=note)


def _imitations(report: Report, words: Words) -> Sheet:
    headings = [words["system"], words["searches"], words["people"]]
    headings += [words["reached_at"].format(rate=_rate(row["fpir"])) for row in report["fnir"]]
    found = {words["clone"]: report["clones"]["all"], words["decoy"]: report["decoys"]["all"]}
    found |= {f"– {system}": row for system, row in report["clones"].get("systems", {}).items()}
    rows = [
        (name, str(row["searches"]), str(row["people"]), *map(_reached, row["rates"]), _decided_own(row["called"]))
        for name, row in found.items()
        if row["searches"]
    ]
    return Sheet(words["imitations"], (*headings, words["called"]), rows)


def _reached(rate: Report) -> str:
    return f"{_share(rate['share'])} {_brackets(rate['ci95'])}".strip()


def _decided_own(row: Report) -> str:
    return f"{_share(row['own_matched_share'])} ({row['own_matched']})"


def _corpora(report: Report, words: Words) -> Sheet:
    rows = [(row["corpus"] or words["unlabelled"], *_alarm_counts(row)) for row in report["false_alarms"]["by_corpus"]]
    return Sheet(words["corpora"], (words["corpus"], *_alarm_headings(report, words)), rows)


def _strangers(report: Report, words: Words) -> Sheet:
    rows = [
        (row["stranger"], words[row["kind"]], row["corpus"] or words["unlabelled"], *_alarm_counts(row))
        for row in report["false_alarms"]["by_stranger"][:STRANGERS_SHOWN]
    ]
    headings = (words["stranger"], words["kind"], words["corpus"], *_alarm_headings(report, words))
    note = words["stranger_note"].format(rate=_rate(report["fnir"][-1]["fpir"]))
    return Sheet(words["strangers"], headings, rows, note)


def _alarm_headings(report: Report, words: Words) -> Row:
    rates = [words["reached_at"].format(rate=_rate(row["fpir"])) for row in report["fnir"]]
    return (words["searches"], *rates, words["called"])


def _alarm_counts(row: Report) -> Row:
    return (str(row["searches"]), *(str(rate["alarms"]) for rate in row["rates"]), str(row["called"]))


def _rate(share: float) -> str:
    return f"{100 * share:g} %"


def _share(share: float | None) -> str:
    return "" if share is None else percent(share)


def _range(row: Report) -> str:
    return "" if row["ci95"] is None else f"{100 * row['ci95'][0]:.1f} – {100 * row['ci95'][1]:.1f} %"


def _plain_range(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f"{interval[0]:.3f} – {interval[1]:.3f}"


def _brackets(interval: Sequence[float] | None) -> str:
    return "" if interval is None else f"[{100 * interval[0]:.1f} – {100 * interval[1]:.1f}]"
