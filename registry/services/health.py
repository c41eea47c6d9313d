"""Whether the registry can answer, part by part."""

from __future__ import annotations

from dataclasses import dataclass

from registry.domain.checks import WorkKind
from registry.errors import RegistryError
from registry.services.context import Context
from registry.store import work, workers


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part: whether it works, and what to do if not."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Readiness:
    """The whole: ready when every part is."""

    ready: bool
    parts: tuple[PartHealth, ...]
    workers_live: int
    queue_depth: int


def readiness(ctx: Context) -> Readiness:
    """Ask every part that a request needs whether it works."""
    try:
        ctx.database.require_current_schema()
        with ctx.database.read() as session:
            live = workers.live_workers(session, now=ctx.clock(), within_s=ctx.thresholds.worker_lost_after_s)
            depth = sum(work.count_unfinished(session, kind) for kind in WorkKind)
    except RegistryError as error:
        return Readiness(
            ready=False, parts=(PartHealth("database", ok=False, detail=error.detail),), workers_live=0, queue_depth=0
        )
    ready_workers = sum(worker.ready for worker in live)
    parts = (
        PartHealth("database", ok=True, detail="reached, at a schema that serves this version"),
        _spool(ctx),
        PartHealth(
            "worker",
            ok=ready_workers > 0,
            detail=f"{ready_workers} ready" if ready_workers else "none is ready: start one with `likeness worker`",
        ),
    )
    return Readiness(all(part.ok for part in parts), parts, ready_workers, depth)


def _spool(ctx: Context) -> PartHealth:
    try:
        ctx.spool.keys()
    except RegistryError as error:
        return PartHealth("spool", ok=False, detail=error.detail)
    return PartHealth("spool", ok=True, detail="reached")
