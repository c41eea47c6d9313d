"""A scan for an organisation, as a worker has it: what was asked for, behind the fence of its root, and its plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from registry.domain.scan_requests import ScanRequest
from registry.domain.uses import UseKind
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.errors import InvalidInputError, ScanInterruptedError, ScanMismatchError, SourceError
from registry.scanning.declared import with_readable_uses
from registry.scanning.estimate import Estimate, estimate
from registry.scanning.fences import FolderFence, StoreFence
from registry.scanning.galleries import gallery_id
from registry.scanning.licensed import moment_of
from registry.scanning.manifest import Choice, Manifest, discard, draw, freeze, taken_up
from registry.scanning.plan import engine_json, said, versions, working_json
from registry.scanning.recompute import Setting
from registry.scanning.results import LAYOUT_VERSION, MANIFEST, PLAN, InputRow
from registry.scanning.rooted import source_of, told_source
from registry.scanning.serving import use_kind
from registry.scanning.sources import Asked, inputs
from registry.scanning.tables import write_json
from registry.services import scan_work
from registry.services.context import Context
from registry.store import enrolments
from registry.store.scans import Scan

SOURCE: Final = "the registry, as performers come and go"
MOST_SHARD_ROWS: Final = 32
_SHARD_S: Final = 240.0
"""Of recordings in a shard, about: whoever waits for a scan to let go waits for one."""
_USUAL_SHARD_ROWS: Final = 8


@dataclass(frozen=True, slots=True)
class Served:
    """A scan as it was asked for.

    Attributes:
        scan: its record, as it was when a worker took it.
        out: its folder.
        asked: its source.
        fence: around the root.
        request: all that was asked for.
    """

    scan: Scan
    out: Path
    asked: Asked
    fence: FolderFence | StoreFence
    request: ScanRequest

    @classmethod
    def of(cls, ctx: Context, scan: Scan) -> Self:
        """Read what was asked for.

        Raises:
            NotFoundError: its root is none of this worker's.
            SourceError: its store cannot be read here.
        """
        stored = scan.request or {}
        request = ScanRequest.of_json(stored, kind=scan.kind, organisation_id=scan.organisation_id)
        asked, fence = source_of(ctx.scan_places, request)
        return cls(scan, scan_work.folder_of(ctx, scan), asked, fence, request)

    @property
    def use_kind(self) -> UseKind:
        """What the recordings are, where a row does not say."""
        return use_kind(self.request.kind)

    @property
    def source(self) -> str:
        """The source as people are told of it."""
        return told_source(self.request)

    def inputs(self) -> Iterable[InputRow]:
        """Answer the inputs, in the order of the source.

        Raises:
            SourceError: it is neither a file nor a folder; a pipe would be waited for.
        """
        place = Path(self.asked.source)
        if self.fence.is_inside(str(place)) and place.exists() and not (place.is_dir() or place.is_file()):
            raise SourceError(f"{self.source} is neither a file nor a folder", source=self.source)
        return with_readable_uses(inputs(self.asked), self.use_kind)

    def choice(self, manifest: Manifest) -> Choice:
        """Answer which rows are scanned."""
        request = self.request
        return Choice(request.limit) if request.sample is None else draw(manifest, request.sample, request.seed)


# --- planned ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hearing:
    """What a scan is heard with.

    Attributes:
        engine: of the worker.
        gallery: that is searched, and changes.
        calibration_sha256: of a calibration in place of the shipped one.
    """

    engine: Engine
    gallery: Gallery
    calibration_sha256: str | None

    def at(self, target_fpir: float | None) -> Hearing:
        """Answer the same engine at another rate of chance matches; None for the one that it works at."""
        if target_fpir is None or target_fpir == self.engine.target_fpir:
            return self
        other = Engine(
            self.engine.encoders,
            self.engine.calibration,
            target_fpir=target_fpir,
            device=self.engine.identity.device,
            segmenter=self.engine.segmenter,
        )
        return replace(self, engine=other)

    def engine_json(self) -> dict[str, Any]:
        """Answer what makes the evidence."""
        return engine_json(self.engine, self.calibration_sha256)

    def require_planned(self, plan: Mapping[str, Any]) -> None:
        """Refuse to go on with another engine than a scan began with; where it computes is of no consequence.

        Raises:
            ScanMismatchError: figure ``differs``.
        """
        planned = Setting.of_plan(plan)
        planned.require_engine(self.engine_json())
        if planned.target_fpir != self.engine.target_fpir:
            raise ScanMismatchError(
                f"the scan began for a false-positive rate of {planned.target_fpir:g}, and this worker works at "
                f"{self.engine.target_fpir:g}",
                differs=["target_fpir"],
            )


def plan_scan(ctx: Context, served: Served, hearing: Hearing, stopping: Callable[[], bool]) -> None:
    """Freeze the manifest of a scan, and write its plan: the moment from which there is something to go on with.

    Raises:
        InvalidInputError: the source cannot be used, or there is nobody to be looked for.
        ScanInterruptedError: it was to stop; nothing is left of it.
        ScanStorageError: something cannot be written.
    """
    now = ctx.clock()
    with ctx.database.read() as session:
        seq = enrolments.gallery_seq(session)
    performers = hearing.gallery.performers()
    if not performers:
        raise InvalidInputError("nobody who is enrolled in this registry can be searched")
    discard(served.out / MANIFEST)
    manifest = freeze(_interruptible(served.inputs(), stopping), served.out)
    engine = hearing.engine
    estimated = estimate(
        manifest, served.choice(manifest), engine.identity.device, served.asked.patience, None, fence=served.fence
    )
    write_json(
        served.out / PLAN,
        {
            "layout": LAYOUT_VERSION,
            "kind": served.request.kind.value,
            "source": served.source,
            "options": _options(served, engine.target_fpir, shard_rows(estimated)),
            "engine": hearing.engine_json(),
            "gallery": {
                "id": gallery_id(engine.spaces, [(name, [str(seq)]) for name in performers]),
                "source": SOURCE,
                "performers": len(performers),
                "seq": seq,
                "warnings": [],
                "lost": [],
            },
            "licences": {
                "organisation": served.scan.organisation_id,
                "as_of": said(moment_of(served.request.as_of, now)),
                "schema": ctx.database.current_revision(),
            },
            "scan": served.scan.id,
            "started_at": said(now),
            "manifest": manifest.as_json(),
            "versions": versions(),
        }
        | working_json(engine, engine.target_fpir, len(performers), estimated),
    )


def _options(served: Served, target_fpir: float, rows: int) -> dict[str, Any]:
    asked = {name: value for name, value in served.request.as_json().items() if name not in {"root", "path"}}
    return asked | {"organisation": served.scan.organisation_id, "target_fpir": target_fpir, "shard_rows": rows}


def shard_rows(estimated: Estimate) -> int:
    """Answer how many rows a shard has: fewer, the longer recordings are."""
    if not estimated.hours or not estimated.files:
        return _USUAL_SHARD_ROWS
    mean_s = estimated.hours * 3600 / estimated.files
    return max(1, min(MOST_SHARD_ROWS, math.floor(_SHARD_S / mean_s)))


def _interruptible(rows: Iterable[InputRow], stopping: Callable[[], bool]) -> Iterator[InputRow]:
    for row in rows:
        if stopping():
            raise ScanInterruptedError("stopped while the source was listed", rows_done=0, rows=row.number)
        yield row


# --- taken up --------------------------------------------------------------------------------------------------------


def manifest_of(served: Served, plan: Mapping[str, Any]) -> Manifest:
    """Answer the manifest that a plan was made for.

    Raises:
        ScanMismatchError: it is another.
    """
    try:
        return taken_up(served.out, str(plan["manifest"]["sha256"]))
    except (KeyError, TypeError) as error:
        raise ScanMismatchError("the plan in the folder of the scan is not whole", differs=["plan"]) from error
