"""Where a scan is heard: in this process, or by actors on Ray Data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

from registry.engine.gallery import Gallery
from registry.scanning.listening import Listener
from registry.scanning.local import Scans
from registry.scanning.manifest import Choice, Manifest, discard
from registry.scanning.pipeline import Scanner
from registry.scanning.places import Patience
from registry.scanning.plan import engine_json
from registry.scanning.results import HEARD
from registry.settings import Settings

LOCAL: Final = "local"
RAY: Final = "ray"
ENGINES: Final = (LOCAL, RAY)


@dataclass(frozen=True, slots=True)
class Where:
    """Where a scan is heard; of no consequence for its rows.

    Attributes:
        engine: one of `ENGINES`.
        address: of a cluster; None for ``RAY_ADDRESS``, or else this machine.
        actors: side by side; None for as many as there are cores for.
        cpus, gpus: of each.
    """

    engine: str
    address: str | None
    actors: int | None
    cpus: int
    gpus: float


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is heard, whoever does it.

    Attributes:
        listener: of this process.
        gallery: that is searched.
        manifest, choice, shard_rows: of the scan.
        patience: with stores.
        target_fpir: as planned.
    """

    listener: Listener
    gallery: Gallery
    manifest: Manifest
    choice: Choice
    shard_rows: int
    patience: Patience
    target_fpir: float


@contextmanager
def opened_scanner(where: Where, hearing: Hearing, settings: Settings) -> Iterator[Scans]:
    """Open what turns the inputs of a scan into rows.

    Raises:
        ScanClusterError: Ray is not installed, or cannot be reached or started, or gives out.
    """
    with ExitStack() as stack:
        if where.engine == LOCAL:
            yield Scanner(hearing.listener, hearing.gallery, hearing.patience)
        else:
            yield stack.enter_context(_on_ray(where, hearing, settings))
    discard(hearing.manifest.out / HEARD)  # all of it is in shards by now


@contextmanager
def _on_ray(where: Where, hearing: Hearing, settings: Settings) -> Iterator[Scans]:
    from registry.scanning.ray_data import EngineThere, RayScanner, Work, opened_cluster

    engine = EngineThere(
        planned=engine_json(hearing.listener.engine, settings.calibration_sha256),
        target_fpir=hearing.target_fpir,
        device="cuda" if where.gpus else "cpu",
        threads=where.cpus,
        calibration=settings.calibration,
        calibration_sha256=settings.calibration_sha256,
        memory_mib=settings.listening_memory_mib,
    )
    work = Work.of(engine, hearing.gallery, hearing.choice, hearing.patience)
    with opened_cluster(where.address, actors=where.actors, cpus=where.cpus, gpus=where.gpus) as cluster:
        hear = partial(cluster.hear, hearing.manifest.out, hearing.shard_rows, work)
        with closing(RayScanner(hearing.manifest, hearing.shard_rows, hear)) as scanner:
            yield scanner
