"""The same scan on Ray Data: numbers of shards go out, small rows come back, and this process alone writes.

    shard number ──Ray──▶ actor: manifest rows of it ──Scanner──▶ rows ──Ray──▶ OUT/heard/…  (as they come)
    OUT/heard/… ──in the order of the manifest──▶ duplicates are settled ──▶ `LocalScan`: Judge ──▶ OUT/shards/…

An actor has the engine and the gallery, loaded once, and knows of no other actor; so the same bytes in two shards are
heard twice, and only the first answer is used. What is not in ``OUT/shards`` is not done, whichever engine goes on;
shards that were heard and not settled yet are used again by this one, and left out of account by the other.

Nodes need this package, the inputs under the same paths or URLs, and nothing else: the manifest is read for them
where the command runs. Scheduling, retries and the restart of what died are Ray's.
"""

from __future__ import annotations

import io
import logging
import os
import signal
import socket
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from registry.engine import selftest
from registry.engine.calibration import load_calibration
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.errors import InputChangedError, RegistryError, ScanClusterError, ScanMismatchError
from registry.scanning.listening import DEFAULT_MEMORY_MIB, opened_listener
from registry.scanning.manifest import Choice, Manifest
from registry.scanning.pipeline import Owner, Scanner, nobody_before
from registry.scanning.places import Patience
from registry.scanning.plan import engine_json, require_same
from registry.scanning.results import HEARD, MANIFEST, InputRow, ResultRow, Status
from registry.scanning.tables import read_results, replacing, schema_of, sync_folder

CPUS: Final = 2
"""Cores of an actor, unless another number is asked for: what docs/performance.md was measured with."""
Answers = Generator[Mapping[str, Any], None, None]
Hear = Callable[[Sequence[int]], Answers]
_CLIENT: Final = "ray://"
_HERE: Final = "local"
_REACHED_S: Final = 10.0
_SHARD, _ROWS, _PROBLEM = "shard", "rows", "problem"


# --- what travels ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class EngineThere:
    """How an actor loads its engine. Of this machine's settings nothing else travels.

    Attributes:
        planned: `engine_json` of the engine that the plan was made with; an actor that would use another refuses.
        target_fpir: as planned.
        device: "cpu" or "cuda".
        threads: of the engine.
        calibration, calibration_sha256: in place of the shipped one, on a path that every node has.
        memory_mib: see `opened_listener`.
    """

    planned: Mapping[str, Any]
    target_fpir: float
    device: str = "cpu"
    threads: int = CPUS
    calibration: Path | None = None
    calibration_sha256: str | None = None
    memory_mib: int = DEFAULT_MEMORY_MIB

    def load(self) -> Engine:
        """Load it, and let it prove that it works.

        Raises:
            ScanMismatchError: it is another one than the plan says; the device may be.
            RegistryError: it cannot be loaded, or a known answer came out wrong.
        """
        given = (self.calibration, self.calibration_sha256) if self.calibration and self.calibration_sha256 else ()
        engine = Engine.load(
            device=self.device,
            threads=self.threads,
            target_fpir=self.target_fpir,
            calibration=load_calibration(*given),
        )
        selftest.run(engine)
        here = engine_json(engine, self.calibration_sha256) | {"device": self.planned.get("device")}
        require_same({"engine": self.planned}, {"engine": here})
        return engine


@dataclass(frozen=True, slots=True)
class Work:
    """What an actor needs, sent once.

    Attributes:
        engine: how to load it.
        performers: who is searched.
        means: of their voices, as `Gallery.add_many` takes them.
        choice: of rows.
        patience: with stores.
    """

    engine: EngineThere
    performers: tuple[str, ...]
    means: Mapping[str, NDArray[np.float32]]
    choice: Choice
    patience: Patience

    @classmethod
    def of(cls, engine: EngineThere, gallery: Gallery, choice: Choice, patience: Patience) -> Self:
        """Answer the work on a gallery that is enrolled here."""
        performers, means = gallery.means()
        return cls(engine, performers, means, choice, patience)


class Frozen:
    """The frozen manifest by numbers of rows, without reading what is before them.

    Args:
        out: the folder of the scan.
    """

    def __init__(self, out: Path) -> None:
        self._parts = sorted((out / MANIFEST).glob("*.parquet"))
        self._ends = list(accumulate(pq.read_metadata(part).num_rows for part in self._parts))

    def rows(self, first: int, end: int) -> list[InputRow]:
        """Answer rows ``first`` up to but not including ``end``, as far as there are such."""
        found: list[InputRow] = []
        while first < min(end, self._ends[-1]):
            number = bisect_right(self._ends, first)
            before = self._ends[number - 1] if number else 0
            last = min(end, self._ends[number])
            found += _rows_of(self._parts[number], first - before, last - before)
            first = last
        return found


def _rows_of(part: Path, first: int, end: int) -> list[InputRow]:
    """Answer some rows of one table; only the groups of rows that they are in are read."""
    with pq.ParquetFile(part) as table:
        sizes = [table.metadata.row_group(group).num_rows for group in range(table.num_row_groups)]
        ends = list(accumulate(sizes))
        groups = [group for group, size in enumerate(sizes) if ends[group] > first and ends[group] - size < end]
        read = table.read_row_groups(groups)
        before = ends[groups[0]] - sizes[groups[0]]
        return [InputRow(**record) for record in read.slice(first - before, end - first).to_pylist()]


class ShardsOf:
    """Answers the rows of shards.

    Args:
        out: the folder of the scan.
        shard_rows: of each.
    """

    def __init__(self, out: Path, shard_rows: int) -> None:
        self._frozen = Frozen(out)
        self._shard_rows = shard_rows

    def rows_of(self, shard: int) -> list[InputRow]:
        """Answer the rows of a shard."""
        return self._frozen.rows(shard * self._shard_rows, (shard + 1) * self._shard_rows)


# --- on the nodes ----------------------------------------------------------------------------------------------------


class Hearer:
    """An actor: hears the shards that it is given. What is wrong with it is answered, so that the scan can say it.

    Args:
        fetch: answers the `Work`.
        rows_of: answers the rows of a shard.
    """

    def __init__(self, fetch: Callable[[], Work], rows_of: Callable[[int], list[InputRow]]) -> None:
        self._rows_of = rows_of
        self._open = ExitStack()
        self._problem = ""
        try:
            self._scanner, self._choice = self._opened(fetch())
        except RegistryError as error:
            self._problem = _said(error)

    def _opened(self, work: Work) -> tuple[Scanner, Choice]:
        listener = self._open.enter_context(opened_listener(work.engine.load(), work.engine.memory_mib))
        gallery = listener.engine.new_gallery()
        gallery.add_many(work.performers, work.means)
        return Scanner(listener, gallery, work.patience), work.choice

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """Hear some shards: their numbers in, a table of rows for each out, or what is wrong."""
        answers = [self._heard(int(shard)) for shard in batch[_SHARD]]
        return {
            _SHARD: list(map(int, batch[_SHARD])),
            _ROWS: [rows for rows, _ in answers],
            _PROBLEM: [problem for _, problem in answers],
        }

    def _heard(self, shard: int) -> tuple[bytes, str]:
        if self._problem:
            return b"", self._problem
        try:
            chosen = [row for row in self._rows_of(shard) if not row.problem and not self._choice.reason_against(row)]
            return table_of(self._scanner.scan(chosen)), ""
        except RegistryError as error:
            return b"", _said(error)


def _said(error: RegistryError) -> str:
    return f"{error.slug}: {error.detail}"


def table_of(rows: Iterable[ResultRow]) -> bytes:
    """Answer rows as they travel: a table in Parquet."""
    written, schema = io.BytesIO(), schema_of(ResultRow)
    records = [row.as_record() for row in rows]
    pq.write_table(pa.Table.from_pylist(records, schema=schema), written, compression="zstd")
    return written.getvalue()


# --- here ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cluster:
    """A connection to Ray.

    Attributes:
        ray: the module.
        actors: how many hear side by side.
        cpus, gpus: of each.
    """

    ray: ModuleType
    actors: int
    cpus: int
    gpus: float

    def hear(self, out: Path, shard_rows: int, work: Work, shards: Sequence[int]) -> Answers:
        """Yield what `Hearer` answers for each shard, as it comes.

        Args:
            out: the folder of the scan; only this node need have it.
            shard_rows: of each.
            work: sent to every actor.
            shards: their numbers.
        """
        if not shards:
            return
        ray = self.ray
        sent, server = ray.put(work), self._server(out, shard_rows)  # kept: an actor that starts anew asks again
        blocks = [pa.table({_SHARD: [shard]}) for shard in shards]
        heard = ray.data.from_arrow(blocks).map_batches(
            Hearer,
            fn_constructor_args=(lambda: ray.get(sent), lambda shard: ray.get(server.rows_of.remote(shard))),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(self.actors, len(shards))),
            num_cpus=self.cpus,
            num_gpus=self.gpus or None,
        )
        with closing(iter(heard.iter_rows())) as rows:
            yield from rows

    def _server(self, out: Path, shard_rows: int) -> Any:
        """Start an actor on this node, where the manifest is, that answers the rows of shards."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(self.ray.get_runtime_context().get_node_id(), soft=False)
        kept = {"num_cpus": 0, "max_restarts": -1, "max_task_retries": -1, "scheduling_strategy": here}
        return self.ray.remote(ShardsOf).options(**kept).remote(out, shard_rows)


@contextmanager
def opened_cluster(
    address: str | None = None, *, actors: int | None = None, cpus: int = CPUS, gpus: float = 0
) -> Iterator[Cluster]:
    """Connect to a cluster, or start Ray on this machine, for the block.

    Started here, it can be reached from this machine only, and tells nobody that it runs.

    Args:
        address: of a cluster; by default what ``RAY_ADDRESS`` says, and a start on this machine where it says nothing.
        actors: that hear side by side; by default as many as the cluster has cores for when the scan begins.
        cpus, gpus: of each.

    Raises:
        ScanClusterError: Ray is not installed, or cannot be reached or started.
    """
    address = address or os.environ.get("RAY_ADDRESS")
    address = None if address == _HERE else address
    ray = _imported(address)
    try:
        _require_reached(address)
        with _own_signals():
            _init(ray, address, cpus)
    except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
        raise ScanClusterError(f"Ray at {address or 'this machine'} cannot be used: {error}") from error
    try:
        has = int(ray.cluster_resources().get("CPU", 0))
        yield Cluster(ray, actors or max(1, has // cpus), cpus, gpus)
    except ray.exceptions.RayError as error:
        raise ScanClusterError(f"the cluster gave out: {error}; the same command with --resume goes on") from error
    finally:
        ray.shutdown()


def _imported(address: str | None) -> Any:
    if address and address.startswith(_CLIENT):
        raise ScanClusterError(f"{address} is Ray Client: run this command on a node of the cluster, or as its job")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"  # its threads would start it anew where they outlive it
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # what concerns the scan comes as an exception
    if not address:
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # nodes bind to the loopback address, as they do there
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ScanClusterError(f"Ray is not installed (pip install 'likeness-registry[ray]'): {error}") from error
    return ray


def _require_reached(address: str | None) -> None:
    """Ask at the door, where the address says host and port: Ray itself asks for minutes.

    Raises:
        OSError: nobody answers.
    """
    host, _, port = (address or "").rpartition(":")
    if port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED_S).close()


def _init(ray: Any, address: str | None, cpus: int) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address:
        ray.init(address=address, **quiet)
    else:
        cores = max(cpus, len(os.sched_getaffinity(0)))
        mask = os.umask(0o077)
        try:
            ray.init(address=_HERE, num_cpus=cores, include_dashboard=False, **quiet)
        finally:
            os.umask(mask)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    ray.data.DataContext.get_current().enable_progress_bars = False


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handlers of signals, which Ray replaces as it starts."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class RayScanner:
    """Turns inputs into rows, as `registry.scanning.pipeline.Scanner` does, through others that hear whole shards.

    Args:
        manifest: frozen; shards are of its rows.
        shard_rows: of each.
        hear: yields what `Hearer` answers for each of these shards, in any order; see `Cluster.hear`.
    """

    def __init__(self, manifest: Manifest, shard_rows: int, hear: Hear) -> None:
        self._manifest = manifest
        self._shard_rows = shard_rows
        self._hear = hear
        self._folder = manifest.out / HEARD
        self._answers: Answers | None = None
        self._here: tuple[int, dict[int, ResultRow]] = (-1, {})

    def scan(self, inputs: Sequence[InputRow], owner: Owner = nobody_before) -> Iterator[ResultRow]:
        """Yield a row for each input, in order; each call goes on where the one before ended.

        A row whose bytes an earlier one had is ``duplicate`` and says of which; the answer is not in it.

        Args:
            inputs: in the order of the manifest, none with a problem.
            owner: of bytes that were scanned before, the rows that were yielded among them.

        Raises:
            ScanClusterError: an actor gives out.
            ScanStorageError: what was heard cannot be kept.
        """
        for row in inputs:
            yield _settled(self._heard(row.number), owner)

    def close(self) -> None:
        """Have nothing more heard; what came is kept."""
        if self._answers is not None:
            self._answers.close()

    def _heard(self, number: int) -> ResultRow:
        shard = number // self._shard_rows
        if self._here[0] != shard:
            self._path(self._here[0]).unlink(missing_ok=True)  # its rows are in a shard by now
            self._here = shard, {row.number: row for row in self._shard(shard)}
        return self._here[1][number]

    def _path(self, shard: int) -> Path:
        return self._folder / f"{shard:08d}.parquet"

    def _shard(self, shard: int) -> list[ResultRow]:
        if self._answers is None:
            self._answers = self._started(shard)
        while not self._path(shard).exists():
            if (answer := next(self._answers, None)) is None:
                raise ScanClusterError(f"the cluster ended without an answer for shard {shard}", shard=shard)
            if answer[_PROBLEM]:
                raise ScanClusterError(f"a machine of the cluster cannot go on: {answer[_PROBLEM]}")
            with replacing(self._path(answer[_SHARD])) as part:
                part.write_bytes(answer[_ROWS])
        return read_results(self._path(shard))

    def _started(self, first: int) -> Answers:
        """Begin to have shards heard: all from the first on, but those that were heard before."""
        self._folder.mkdir(exist_ok=True)
        sync_folder(self._manifest.out)
        shards = -(-self._manifest.counts.rows // self._shard_rows)
        wanted = [shard for shard in range(first, shards) if not self._path(shard).exists()]
        return self._hear(wanted)


def _settled(row: ResultRow, owner: Owner) -> ResultRow:
    """Answer a row as it is after all that come before it: with an answer of its own, or the duplicate of another.

    Raises:
        ScanMismatchError: it is the duplicate of one that has no answer.
    """
    known = row.sha256 and row.error != InputChangedError.slug
    earlier = owner(row.sha256) if known else None
    if earlier is not None:
        return ResultRow(
            number=row.number,
            name=row.name,
            locator=row.locator,
            status=Status.DUPLICATE,
            sha256=row.sha256,
            size=row.size,
            duplicate_of=earlier,
            declared_use=row.declared_use,
            project=row.project,
            licence=row.licence,
        )
    if row.status is Status.DUPLICATE:
        raise ScanMismatchError(f"row {row.number} was heard for one that has no answer", differs=["heard"])
    return row
