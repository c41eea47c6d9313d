"""How a registry holds under load: mixed traffic at rising rates, for long, and while its parts are killed.

    python -m benchmarks.load [--postgresql] [--servers 2] [--workers 3] [--rates 2 4 8 16 32] [--seconds 30]
    python -m benchmarks.load --soak 20m [--rate 2] [--kill-worker-every 10] [--restart-database 60] [--postgresql]

Real processes of ``likeness serve`` and ``likeness worker`` on loopback, on one database; checks of real recordings,
reads, clearances, enrolments and withdrawals, in proportions that are options. Arrivals do not wait for answers. After
it, what was answered is compared with what is there: every request answered as done has its effect exactly once, every
check ended once, the journal verifies, and nobody was found in a check that ended after their withdrawal was answered.
Anything else ends the benchmark with an error, and so does a process that died unasked or, in a soak, one that grows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from benchmarks.load_house import House, running_house
from benchmarks.load_reconciled import await_queue, reconcile
from benchmarks.load_traffic import PROPORTIONS, Asked, Traffic
from benchmarks.load_watch import GROWTH_MIB_PER_MIN, Watch, slope_of, watching
from benchmarks.machine import described, in_words
from registry.store.checks import Check

SATURATED = 0.5
"""Where p95 of a check, from submission to its end, is more than this share of the seconds of a step, it is saturated:
what waits grows for as long as the step lasts."""

_AWAY_S = 5.0
_FAILED = "trouble could not be made: "
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours"}


def main() -> None:
    """Load, reconcile, print, write."""
    asked_for = arguments()
    machine = described(("sqlalchemy", "psycopg", "torch", "gunicorn"))
    with running_house(postgresql=asked_for.postgresql, servers=asked_for.servers, workers=asked_for.workers) as house:
        report = measure(house, asked_for)
    report |= {
        "machine": machine,
        "database": "PostgreSQL" if asked_for.postgresql else "SQLite",
        "servers": asked_for.servers,
        "workers": asked_for.workers,
        "proportions": asked_for.proportions,
        "seed": asked_for.seed,
    }
    print_report(report)
    if asked_for.out is not None:
        asked_for.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if report["wrong"]:
        raise SystemExit("\n".join(["NOT AS ANSWERED:", *report["wrong"]]))


def arguments() -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own; SQLite by default")
    parser.add_argument("--servers", type=int, default=2)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--rates", type=float, nargs="+", default=[2, 4, 8, 16, 32], help="arrivals a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each rate")
    parser.add_argument("--soak", type=_seconds, help="one rate for as long as this, such as 20m")
    parser.add_argument("--rate", type=float, default=2.0, help="of a soak, arrivals a second")
    parser.add_argument("--kill-worker-every", type=float, metavar="S", help="kill -9 one worker after the other")
    parser.add_argument("--restart-database", type=float, metavar="S", help="crash PostgreSQL, every so many seconds")
    parser.add_argument("--proportions", type=_proportions, default=dict(PROPORTIONS), help="check=0.4,read=0.4,…")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, help="write the figures to this file, as JSON")
    given = parser.parse_args()
    if given.restart_database and not given.postgresql:
        parser.error("--restart-database goes with --postgresql: SQLite has no server")
    return given


def _seconds(text: str) -> float:
    return timedelta(**{_UNITS[text[-1]]: float(text[:-1])}).total_seconds()


def _proportions(text: str) -> dict[str, float]:
    given = {name: float(share) for name, share in (each.split("=") for each in text.split(","))}
    if unknown := given.keys() - PROPORTIONS.keys():
        raise argparse.ArgumentTypeError(f"no such kind of traffic: {', '.join(sorted(unknown))}")
    return given


def measure(house: House, asked_for: argparse.Namespace) -> dict[str, Any]:
    """Load a house that runs, and answer every figure."""
    traffic = Traffic(house, asked_for.seed, asked_for.proportions)
    traffic.prepare()
    house.keep_checkpoint()
    steps = [(asked_for.rate, asked_for.soak)] if asked_for.soak else [(r, asked_for.seconds) for r in asked_for.rates]
    rows = []
    with watching(house) as watch, _troubled(house, asked_for) as troubles:
        for rate, seconds in steps:
            asked = traffic.send(rate, seconds)
            drained_s = await_queue(house)
            rows.append(_row(house, rate, seconds, asked) | {"drained_s": round(drained_s, 1)})
            if _is_saturated(rows[-1], seconds) and not asked_for.soak:
                break
    await_queue(house)
    found = reconcile(house, traffic.told)
    traffic.close()
    return {
        "rows": rows,
        "troubles": dict(troubles),
        "unclear": _unclear(traffic.told.asked),
        "watch": _watched(watch),
        "reconciled": found.figures,
        "wrong": [
            *found.wrong,
            *(each for each in troubles if each.startswith(_FAILED)),
            *(_grown(watch) if asked_for.soak else []),
        ],
    }


# --- trouble ---------------------------------------------------------------------------------------------------------


@contextmanager
def _troubled(house: House, asked_for: argparse.Namespace) -> Iterator[Counter[str]]:
    """Kill what is to be killed, at its intervals, for a block."""
    done, counted = threading.Event(), Counter[str]()
    plans: list[tuple[float | None, Callable[[], None]]] = [
        (asked_for.kill_worker_every, lambda: _kill_next(house, counted)),
        (asked_for.restart_database, lambda: _crash_database(house, counted)),
    ]
    threads = [
        threading.Thread(target=_every, args=(seconds, done, do, counted), name="trouble", daemon=True)
        for seconds, do in plans
        if seconds
    ]
    for thread in threads:
        thread.start()
    try:
        yield counted
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _every(seconds: float, done: threading.Event, do: Callable[[], None], counted: Counter[str]) -> None:
    while not done.wait(seconds):
        try:
            do()
        except Exception as error:  # noqa: BLE001  (a run without its troubles has shown nothing: it is told, and fails)
            counted[f"{_FAILED}{type(error).__name__}: {error}"] += 1


def _kill_next(house: House, counted: Counter[str]) -> None:
    """Kill the ready worker that has been killed least; one that is still starting is left to do so."""
    names = house.ready_workers()
    if names:
        house.kill_worker(min(names, key=lambda name: house.parts[name].kills))
    counted["workers_killed" if names else "kills_without_anybody_ready"] += 1


def _crash_database(house: House, counted: Counter[str]) -> None:
    if house.postgres is not None:
        house.postgres.crash()
        time.sleep(_AWAY_S)
        house.postgres.start_again()
        counted["database_crashes"] += 1


# --- figures ---------------------------------------------------------------------------------------------------------


def _row(house: House, rate: float, seconds: float, asked: Sequence[Asked]) -> dict[str, Any]:
    """Answer the figures of one rate; seconds of answers count those that were answered as done."""
    done = [each for each in asked if each.ok]
    marks = {each.mark for each in done if each.kind == "check"}
    with house.context() as ctx, ctx.database.read() as session:
        ended = session.execute(select(Check.project, Check.created_at, Check.finished_at)).all()
    took = [(end - begin).total_seconds() for mark, begin, end in ended if mark in marks and end is not None]
    statuses = Counter(str(each.status or "no answer") for each in asked if not each.ok)
    return {
        "rate": rate,
        "seconds": seconds,
        "requests": len(asked),
        "answered": len(done),
        "turned_away": sum(each.turned_away for each in asked),
        "errors": sum(not each.ok and not each.turned_away for each in asked),
        "statuses": dict(statuses),
        "answer_s": _spread([each.latency_s for each in done]),
        "answer_s_of": {
            kind: _spread([each.latency_s for each in done if each.kind == kind])
            for kind in sorted({each.kind for each in done})
        },
        "check_s": _spread(took),
    }


def _spread(seconds: Sequence[float]) -> dict[str, float | int]:
    ordered = sorted(seconds)
    if not ordered:
        return {"times": 0}

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 3)

    return {"times": len(ordered), "p50": round(statistics.median(ordered), 3), "p95": at(0.95), "p99": at(0.99)}


def _is_saturated(row: Mapping[str, Any], seconds: float) -> bool:
    return bool(max(row["check_s"].get("p95", 0.0), row["answer_s"].get("p95", 0.0)) > SATURATED * seconds)


def _unclear(asked: Sequence[Asked]) -> dict[str, int]:
    """Count what was told with 503 in other words than those of a registry that waits for a part of itself."""
    away = [each for each in asked if each.status == 503]  # noqa: PLR2004  (service unavailable)
    return {
        "told_503": len(away),
        "without_retry_after": sum(not each.retry_after for each in away),
        "without_code": sum(each.code is None for each in away),
        **{f"code_{code}": count for code, count in Counter(each.code for each in away).items()},
    }


def _watched(watch: Watch) -> dict[str, Any]:
    processes = {}
    for (name, pid), samples in watch.processes.items():
        slope = slope_of(samples)
        processes[f"{name} ({pid})"] = {
            "watched_s": round(samples[-1].at_s - samples[0].at_s),
            "rss_mib": [round(samples[0].rss_mib), round(samples[-1].rss_mib), round(max(s.rss_mib for s in samples))],
            "files": [samples[0].files, max(each.files for each in samples), samples[-1].files],
            "threads": [samples[0].threads, max(each.threads for each in samples), samples[-1].threads],
            "slope": None if slope is None else [round(n, 3) for n in (slope.mib_per_min, slope.low, slope.high)],
        }
    return {
        "processes": processes,
        "queue_most": watch.longest_queue(),
        "wal_mib_most": round(max(watch.wal_mib, default=0.0), 1),
        "spool_most": max(watch.spool, default=0),
    }


def _grown(watch: Watch) -> list[str]:
    slopes = {name: slope_of(samples) for name, samples in watch.processes.items()}
    return [
        f"{name} (process {pid}) grows by {slope.low:.2f} to {slope.high:.2f} MiB a minute"
        for (name, pid), slope in slopes.items()
        if slope is not None and slope.grows
    ]


# --- printing --------------------------------------------------------------------------------------------------------


def print_report(report: Mapping[str, Any]) -> None:
    """Print what was measured."""
    console = Console(width=150)
    console.print(in_words(report["machine"]))
    console.print(_rates(report))
    if any(each["slope"] for each in report["watch"]["processes"].values()):
        console.print(_processes(report["watch"]["processes"]))
    watch = report["watch"]
    console.print(
        f"longest queue {watch['queue_most']}, most files in the spool {watch['spool_most']}, largest write-ahead log "
        f"{watch['wal_mib_most']} MiB; troubles: {report['troubles'] or 'none'}; told 503: {report['unclear']}"
    )
    console.print_json(json.dumps(report["reconciled"]))
    console.print("everything is as was answered" if not report["wrong"] else "NOT everything is as was answered")


def _rates(report: Mapping[str, Any]) -> Table:
    where = f"{report['database']}, {report['servers']} servers, {report['workers']} workers"
    table = Table(title=f"{where}; seconds from the moment that a request was due")
    headings = ("arrivals a second", "requests", "answered", "429, 503", "errors", "p50", "p95", "p99")
    for heading in (*headings, "check p50", "p95", "p99", "queue empty after"):
        table.add_column(heading, justify="right")
    for row in report["rows"]:
        counts = [str(row[name]) for name in ("requests", "answered", "turned_away", "errors")]
        seconds = [
            f"{row[what][name]:.2f}" if name in row[what] else "–"
            for what in ("answer_s", "check_s")
            for name in ("p50", "p95", "p99")
        ]
        table.add_row(f"{row['rate']:g}", *counts, *seconds, f"{row['drained_s']} s")
    return table


def _processes(processes: Mapping[str, Any]) -> Table:
    table = Table(title=f"a process grows when its whole interval is above {GROWTH_MIB_PER_MIN} MiB a minute")
    for heading in ("process", "watched", "RSS MiB: first, last, most", "files", "threads", "MiB a minute (95 %)"):
        table.add_column(heading, justify="left" if heading == "process" else "right")
    for name, each in processes.items():
        slope = "–" if each["slope"] is None else "{:+.3f} ({:+.3f} to {:+.3f})".format(*each["slope"])
        counts = [", ".join(map(str, each[what])) for what in ("rss_mib", "files", "threads")]
        table.add_row(name, f"{each['watched_s']} s", *counts, slope)
    return table


if __name__ == "__main__":
    main()
