"""Running a scan as it was asked for: saying what will be done, doing it, and saying what came of it."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

import typer
from rich.console import Console

from registry.bootstrap import build_calibration, build_engine
from registry.cli.scan_asked import TRAINING, AskedScan
from registry.cli.scan_engines import Hearing, opened_scanner
from registry.cli.scan_galleries import Galleries, Opened, moment
from registry.cli.scan_plan import print_plan
from registry.cli.scan_progress import shown_progress
from registry.domain.scan_requests import SCAN_KEY
from registry.engine.devices import choose_device
from registry.engine.identify import Engine
from registry.scanning.estimate import Estimate, estimate
from registry.scanning.folder import read_json
from registry.scanning.listening import opened_listener
from registry.scanning.local import LocalScan, conclude
from registry.scanning.manifest import Choice, Manifest, discard, freeze, reopen
from registry.scanning.names import read_names
from registry.scanning.places import shown
from registry.scanning.plan import engine_json, require_same, versions, working_json
from registry.scanning.report import write_report
from registry.scanning.results import MANIFEST, PLAN, SUMMARY
from registry.scanning.signing import ScanKey, scan_key
from registry.scanning.tables import write_json
from registry.scanning.tally import Tally
from registry.scanning.training import write_training
from registry.settings import Settings
from registry.stopping import Stop

FLAGGED: Final = 1
SOME_FAILED: Final = 3


def tell(wanted: AskedScan, settings: Settings) -> None:
    """Say what would be done, and leave nothing behind."""
    with wanted.galleries(settings) as galleries, tempfile.TemporaryDirectory() as folder:
        told = galleries.told()
        manifest = freeze(wanted.inputs(galleries), Path(folder))
        _print(wanted, settings, told, manifest, _estimate(wanted, manifest, wanted.choice(manifest)))


def _estimate(wanted: AskedScan, manifest: Manifest, choice: Choice) -> Estimate:
    device = choose_device(wanted.device).type
    return estimate(manifest, choice, device, wanted.asked.patience, wanted.threads)


def _print(
    wanted: AskedScan, settings: Settings, told: tuple[str, int], manifest: Manifest, estimated: Estimate
) -> None:
    gallery, performers = told
    print_plan(
        source=shown(wanted.asked.source),
        manifest=manifest,
        estimate=estimated,
        gallery=gallery,
        performers=performers,
        calibration=build_calibration(settings),
        target_fpir=wanted.target_fpir,
    )


# --- doing it --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Prepared:
    """What is known before anything is heard; of a scan that goes on its plan, of a new one an estimate."""

    manifest: Manifest
    choice: Choice
    planned: dict[str, Any] | None
    estimated: Estimate | None


def run(wanted: AskedScan, settings: Settings, key: ScanKey | None) -> tuple[Tally, bool]:
    """Scan, or go on with a scan. Answer the counts, and whether some performers could not be searched."""
    with wanted.galleries(settings) as galleries:
        return _run(wanted, settings, galleries, key)


def _run(wanted: AskedScan, settings: Settings, galleries: Galleries, key: ScanKey | None) -> tuple[Tally, bool]:
    console = Console(stderr=True)
    names = read_names(wanted.names) if wanted.names else None
    going_on = (wanted.out / PLAN).exists()
    prepared = _taken_up(wanted, galleries) if going_on else _begun(wanted, settings, galleries)
    engine = build_engine(settings, device=wanted.device, threads=wanted.threads, target_fpir=wanted.target_fpir)
    with (
        opened_listener(engine, settings.listening_memory_mib) as listener,
        galleries.opened(listener, prepared.planned, console) as opened,
    ):
        _warn(opened.searched.warnings, console)
        _keep_plan(wanted, settings, prepared, engine, opened)
        hearing = Hearing(
            listener,
            opened.searched.gallery,
            prepared.manifest,
            prepared.choice,
            wanted.shard_rows,
            wanted.asked.patience,
            wanted.target_fpir,
        )
        with (
            shown_progress(console) as progress,
            _stopping_on_signals() as stopping,
            opened_scanner(wanted.where, hearing, settings) as scanner,
        ):
            LocalScan(
                prepared.manifest, prepared.choice, scanner, opened.judge, wanted.shard_rows, progress, stopping
            ).run()
    gone = opened.gone()
    if gone:
        _warn(
            [f"{gone} performers left the gallery while it was searched, and were not looked for from then on"], console
        )
    more = {"gone_from_the_gallery": gone} if gone else {}
    tally = conclude(prepared.manifest, moment(), jsonl=wanted.jsonl, as_csv=wanted.csv, more=more)
    if wanted.kind == TRAINING:
        found = read_json(wanted.out / SUMMARY)["performers"]
        write_training(wanted.out, names, galleries.coverage(list(found), read_json(wanted.out / PLAN)))
    write_report(wanted.out, key or scan_key(settings.home / SCAN_KEY))
    _say_done(tally, wanted.out, console)
    return tally, bool(opened.searched.lost or gone)


def _taken_up(wanted: AskedScan, galleries: Galleries) -> _Prepared:
    """Go on with the scan in the folder.

    Raises:
        ScanMismatchError: something is not as it was; the sentence names it.
    """
    planned = read_json(wanted.out / PLAN)
    require_same(planned, wanted.given)
    manifest = reopen(wanted.out, wanted.inputs(galleries), planned["manifest"]["sha256"])
    return _Prepared(manifest, wanted.choice(manifest), planned, None)


def _begun(wanted: AskedScan, settings: Settings, galleries: Galleries) -> _Prepared:
    """Freeze the manifest, say what will be done, and ask, unless that was answered on the command line.

    Raises:
        Abort: the answer was no; nothing is left in the folder.
    """
    told = galleries.told()
    discard(wanted.out / MANIFEST)
    manifest = freeze(wanted.inputs(galleries), wanted.out)
    choice = wanted.choice(manifest)
    estimated = _estimate(wanted, manifest, choice)
    _print(wanted, settings, told, manifest, estimated)
    if not wanted.yes and not typer.confirm("Go on?", err=True):
        discard(wanted.out / MANIFEST)
        raise typer.Abort
    return _Prepared(manifest, choice, None, estimated)


def _warn(warnings: Iterable[str], console: Console) -> None:
    for warning in warnings:
        console.print(f"warning: {warning}", highlight=False, markup=False, soft_wrap=True)


def _keep_plan(wanted: AskedScan, settings: Settings, prepared: _Prepared, engine: Engine, opened: Opened) -> None:
    """Write the plan, or refuse to go on by another one than began.

    Raises:
        ScanMismatchError: it names what differs.
    """
    searched = opened.searched
    made_by = {"engine": engine_json(engine, settings.calibration_sha256), "gallery": searched.as_json()}
    if prepared.planned is not None:
        require_same(prepared.planned, made_by)
    elif prepared.estimated is not None:
        write_json(
            wanted.out / PLAN,
            wanted.given
            | made_by
            | dict(opened.plan)
            | {"started_at": moment(), "manifest": prepared.manifest.as_json(), "versions": versions()}
            | working_json(engine, wanted.target_fpir, len(searched.gallery), prepared.estimated),
        )


@contextmanager
def _stopping_on_signals() -> Iterator[Callable[[], bool]]:
    """Answer whether SIGINT or SIGTERM has come; the second one ends the process as usual."""
    asked = Stop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  (signature)
        asked.ask()
        put_back()
        typer.echo("stopping after the shard in hand; once more to stop at once", err=True)

    for number in before:
        signal.signal(number, handle)
    try:
        yield asked.is_asked
    finally:
        put_back()


def _say_done(tally: Tally, out: Path, console: Console) -> None:
    said = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in tally.statuses.items() if count)
    console.print(
        f"{tally.rows} inputs: {said or 'none'}; {tally.flagged} flagged, {tally.for_review} for review → {out}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


def exit_code(tally: Tally, *, lost: bool) -> int:
    """Answer the exit code for what came of a scan; ``lost``, where some performers could not be searched."""
    if tally.failed or lost:
        return SOME_FAILED
    return FLAGGED if tally.flagged else 0
