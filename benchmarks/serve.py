"""How long a check takes over HTTP, and how many are done, with 1, 4 and 16 clients: the real server, one command.

    python -m benchmarks.serve [--performers 100000] [--requests 64] [--clients 1 4 16] [--seconds 10] [--out FILE]

Each client keeps one connection and sends the next recording when it has the verdict on the last. The gallery is made
of voiceprints drawn from the cohort distribution that ships with the engine: nobody's voice, but as hard to search as
real ones; they are sealed, stored and loaded as every enrolment is. Where the time of a check goes is read from the
registry's own log. Beside it stands what one would write with Resemblyzer: embed the file, compare with as many mean
vectors, take the nearest; in process, one after the other, without a server.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
from rich.console import Console
from rich.table import Table

from benchmarks.gallery import fill_gallery
from benchmarks.machine import described, in_words
from benchmarks.plain_loop import measured_apart
from benchmarks.sounds import cut_clip

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "examples"))

from server import Server, running_server  # noqa: E402  (a script beside the package, not part of it)

READY_WITHIN_S = 900.0
BAR_P50_S, BAR_P95_S = 0.4, 0.9
"""For one client, a recording of 10 s, and 100,000 performers, on two cores."""
_PEER_REQUESTS = 20
_WARM_UP = 4
_MIB = 2**20
_USE = {
    "kind": "generated",
    "purpose": "advertising",
    "project": "benchmark",
    "medium": "radio",
    "territory": "GB",
    "language": "en",
}
_SUBMITTED = {"decode_s": "decode", "admit_s": "enough speech?", "store_s": "seal, store, queue"}
_DONE = {
    "waited_s": "wait for the worker",
    "open_s": "open the upload",
    "listen_s": "voice activity",
    "analyse_s": "encode, tell voices apart",
    "search_s": "search",
    "commit_s": "decide, commit",
}
_BESIDE = "others of the same batch"
_REST = "HTTP, form, token, answer"
_STAGES = [*_SUBMITTED.values(), *_DONE.values(), _BESIDE, _REST]


@dataclass(frozen=True)
class Answered:
    """One check, as its client saw it."""

    check_id: str
    seconds: float


@dataclass(frozen=True)
class Load:
    """What a number of clients saw together, and what it cost the server's processes."""

    clients: int
    answered: Sequence[Answered]
    wall_s: float
    cpu_s: Mapping[str, float]

    def figures(self, stages: Mapping[str, float]) -> dict[str, Any]:
        """Answer the figures that are kept."""
        seconds = [each.seconds for each in self.answered]
        return {
            "clients": self.clients,
            **spread(seconds),
            "per_s": round(len(seconds) / self.wall_s, 3),
            "cores_busy": round(sum(self.cpu_s.values()) / self.wall_s, 2),
            "cpu_s_each": round(sum(self.cpu_s.values()) / len(seconds), 4),
            "cpu_s_each_of": {kind: round(used / len(seconds), 4) for kind, used in self.cpu_s.items()},
            "stages_s": {name: round(value, 4) for name, value in stages.items()},
        }


def spread(seconds: Sequence[float]) -> dict[str, float | int]:
    """Answer median, 95th percentile and maximum."""
    ordered = sorted(seconds)
    return {
        "requests": len(ordered),
        "p50_s": round(statistics.median(ordered), 4),
        "p95_s": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 4),
        "max_s": round(ordered[-1], 4),
    }


class Log:
    """What the server says: its JSON lines are kept, anything else is passed on."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def add(self, line: str) -> None:
        """Take one line."""
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            sys.stderr.write(line)
            return
        self.entries.append(entry)
        if entry.get("level") in {"warning", "error", "critical"}:
            sys.stderr.write(line)

    def stages(self, answered: Iterable[Answered]) -> dict[str, float]:
        """Answer the median seconds of each stage of some checks; none that the log does not tell of."""
        total = {each.check_id: each.seconds for each in answered}
        parts: dict[str, dict[str, float]] = {check_id: {} for check_id in total}
        for entry in self.entries:
            if (own := parts.get(entry.get("subject", ""))) is None:
                continue
            stages = {name: entry[key] for key, name in (_SUBMITTED | _DONE).items() if key in entry}
            if "batch" in entry:
                stages[_BESIDE] = entry["seconds"] - sum(stages.values()) + entry["waited_s"]
            own.update(stages)
        for check_id, own in parts.items():
            own[_REST] = total[check_id] - sum(own.values())
        names = [name for name in _STAGES if any(name in own for own in parts.values())]
        return {name: statistics.median([own.get(name, 0.0) for own in parts.values()]) for name in names}

    def batches(self, answered: Iterable[Answered]) -> dict[int, int]:
        """Answer how many of some checks were done in batches of each size."""
        wanted = {each.check_id for each in answered}
        sizes = [entry["batch"] for entry in self.entries if entry.get("subject") in wanted and "batch" in entry]
        return dict(sorted(Counter(sizes).items()))


class Processes:
    """The processes of a running server, by what they are."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)

    def all(self) -> list[psutil.Process]:
        """Answer those that run now."""
        return [self._root, *self._root.children(recursive=True)]

    def cpu_s(self) -> dict[str, float]:
        """Answer the processor seconds of each kind so far; a child that has ended counts for what started it."""
        found: dict[str, float] = {}
        for process in self.all():
            found[_kind(process)] = found.get(_kind(process), 0.0) + _cpu_s(process)
        return found

    def memory_mib(self) -> dict[str, int]:
        """Answer resident memory by kind of process; what processes share is counted in each."""
        found: Counter[str] = Counter()
        for process in self.all():
            found[_kind(process)] += round(process.memory_info().rss / _MIB)
        return dict(found) | {"together": sum(found.values())}

    def idle_percent(self, seconds: float) -> dict[str, float]:
        """Answer how much of one core each kind takes while nothing is asked."""
        before, started = self.cpu_s(), time.monotonic()
        time.sleep(seconds)
        took_s = time.monotonic() - started
        return {kind: round(100 * used / took_s, 2) for kind, used in _since(before, self.cpu_s()).items()}


def _since(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {kind: seconds - before.get(kind, 0.0) for kind, seconds in after.items()}


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def _kind(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    named = {"registry.worker": "worker", "gunicorn": "http", "registry.media.child": "decoders"}
    return next((kind for part, kind in named.items() if part in command), "supervisor")


def main() -> None:
    """Measure, print and write."""
    arguments = _arguments()
    machine = described(("torch", "numpy", "onnxruntime", "openvino", "sqlalchemy", "resemblyzer"))
    clip = cut_clip(arguments.seconds)
    report = measure_registry(arguments, clip)
    report["peer"] = measured_apart(clip, arguments.performers, min(arguments.requests, _PEER_REQUESTS), spread)
    report |= {"machine": machine, "performers": arguments.performers, "clip_s": arguments.seconds}
    print_tables(report)
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    _require_bars(report["loads"])


def _require_bars(loads: Sequence[Mapping[str, Any]]) -> None:
    """End with an error where a client alone waits longer than the bars allow."""
    for alone in (each for each in loads if each["clients"] == 1):
        if alone["p50_s"] > BAR_P50_S or alone["p95_s"] > BAR_P95_S:
            raise SystemExit(
                f"half of the checks took {alone['p50_s']:.2f} s or more, one in twenty {alone['p95_s']:.2f} s: "
                f"more than {BAR_P50_S:g} s and {BAR_P95_S:g} s"
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--performers", type=int, default=100_000)
    parser.add_argument("--prototypes", type=int, default=1, help="of each performer")
    parser.add_argument("--requests", type=int, default=64, help="for each number of clients")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the recording")
    parser.add_argument("--idle", type=float, default=30.0, help="seconds to watch the idle server")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="settings of the server")
    parser.add_argument("--out", type=Path, help="write the figures to this file, as JSON")
    return parser.parse_args()


def measure_registry(arguments: argparse.Namespace, clip: bytes) -> dict[str, Any]:
    """Start the server on a full gallery, warm it up, load it, and watch it do nothing."""
    log = Log()
    settings = {"LIKENESS_LOG_LEVEL": "info"} | dict(each.split("=", 1) for each in arguments.set)
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as folder:
        home = Path(folder)

        def fill() -> None:
            fill_gallery(home, arguments.performers, prototypes=arguments.prototypes)

        with running_server(home, settings, fill, READY_WITHIN_S, log.add) as server:
            token, processes = studio_token(server), Processes(server.pid)
            load(server, token, clip, clients=2, requests=_WARM_UP, processes=processes)
            loads = [
                load(
                    server, token, clip, clients=clients, requests=max(arguments.requests, clients), processes=processes
                )
                for clients in arguments.clients
            ]
            return {
                "ready_s": round(server.ready_s, 1),
                "memory_mib": processes.memory_mib(),
                "idle_percent": processes.idle_percent(arguments.idle),
                "loads": [
                    each.figures(log.stages(each.answered)) | {"batches": log.batches(each.answered)} for each in loads
                ],
            }


def studio_token(server: Server) -> str:
    """Let a studio in, and answer its token."""
    with _client(server, server.operator_token) as operator:
        body = {"role": "studio_admin", "name": "bench", "organisation_name": "Bench"}
        account = operator.post("/v1/accounts", json=body).json()
        issued = operator.post("/v1/tokens", json={"account_id": account["id"], "name": "bench"}).json()
    return str(issued["token"])


def _client(server: Server, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=120, trust_env=False)


def load(server: Server, token: str, clip: bytes, *, clients: int, requests: int, processes: Processes) -> Load:
    """Have a number of clients send the clip again and again, each over one connection of its own."""
    shares = [requests // clients + (number < requests % clients) for number in range(clients)]

    def one(share: int) -> list[Answered]:
        with _client(server, token) as client:
            return [submit(client, clip) for _ in range(share)]

    cpu_s, started = processes.cpu_s(), time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        answered = [each for part in pool.map(one, shares) for each in part]
    return Load(clients, answered, time.perf_counter() - started, _since(cpu_s, processes.cpu_s()))


def submit(client: httpx.Client, clip: bytes) -> Answered:
    """Send the clip and wait for the verdict."""
    started = time.perf_counter()
    files = {"file": ("clip.wav", clip, "audio/wav")}
    response = client.post("/v1/checks", files=files, data=_USE, headers={"Prefer": "wait=60"})
    seconds = time.perf_counter() - started
    if response.status_code != httpx.codes.CREATED:
        raise SystemExit(f"{response.status_code}: {response.text}")
    return Answered(response.json()["id"], seconds)


def print_tables(report: Mapping[str, Any]) -> None:
    """Print what was measured."""
    console = Console(width=140)
    console.print(in_words(report["machine"]))
    console.print(_latencies(report))
    console.print(_stages(report))
    console.print(_costs(report))
    console.print(f"start to ready: {report['ready_s']} s")


def _latencies(report: Mapping[str, Any]) -> Table:
    peer = report["peer"]
    table = Table(
        title=f"a check of {report['clip_s']:g} s against {report['performers']:,} performers, to its verdict"
    )
    for heading in (
        "",
        "p50",
        "p95",
        "max",
        "requests",
        "checks a second",
        "cores busy",
        "CPU s each",
        "× the plain p50",
    ):
        table.add_column(heading, justify="left" if not heading else "right")
    for each in report["loads"]:
        table.add_row(
            f"likeness serve, {_clients(each)}",
            *_spread_cells(each),
            f"{each['per_s']:.2f}",
            f"{each['cores_busy']:.2f}",
            f"{each['cpu_s_each']:.3f}",
            f"{each['p50_s'] / peer['p50_s']:.1f}",
        )
    one_by_one = f"{1 / peer['mean_s']:.2f}"
    table.add_row(
        "Resemblyzer and numpy, no server", *_spread_cells(peer), one_by_one, f"{peer['cpu_s_each']:.3f}", "1"
    )
    return table


def _clients(figures: Mapping[str, Any]) -> str:
    return f"{figures['clients']} client{'s' if figures['clients'] > 1 else ''}"


def _spread_cells(figures: Mapping[str, Any]) -> list[str]:
    return [*(f"{figures[name]:.3f} s" for name in ("p50_s", "p95_s", "max_s")), str(figures["requests"])]


def _stages(report: Mapping[str, Any]) -> Table:
    loads = report["loads"]
    table = Table(title="where the time of a check goes: medians in milliseconds")
    table.add_column("stage")
    for each in loads:
        table.add_column(_clients(each), justify="right")
    for name in _STAGES:
        if any(name in each["stages_s"] for each in loads):
            table.add_row(name, *(f"{1000 * each['stages_s'].get(name, 0):.1f}" for each in loads))
    table.add_row("checks by size of batch", *(_counts(each["batches"]) for each in loads))
    return table


def _counts(batches: Mapping[int, int]) -> str:
    return " ".join(f"{size}:{count}" for size, count in batches.items())


def _costs(report: Mapping[str, Any]) -> Table:
    table = Table(title="what the processes take")
    loads = report["loads"]
    busy = [f"CPU ms a check, {_clients(each)}" for each in loads]
    for heading in ("process", "resident MiB", "idle, % of a core", *busy):
        table.add_column(heading, justify="left" if heading == "process" else "right")
    for kind, mib in report["memory_mib"].items():
        idle = report["idle_percent"].get(kind)
        of_kind = [each["cpu_s_each_of"].get(kind) for each in loads]
        cells = ["" if idle is None else f"{idle:.2f}", *("" if s is None else f"{1000 * s:.0f}" for s in of_kind)]
        table.add_row(kind, str(mib), *cells)
    table.add_row("Resemblyzer and numpy, no server", f"{report['peer']['memory_mib']:.0f}")
    return table


if __name__ == "__main__":
    main()
