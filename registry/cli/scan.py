"""`likeness scan`: an accountable scan of a training set or a catalogue, one row for every input."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated, Any, Final

import typer
from rich.console import Console

from registry.bootstrap import build_calibration, build_engine
from registry.cli import scan_report
from registry.cli.scan_engines import ENGINES, LOCAL, RAY, Hearing, Where, opened_scanner
from registry.cli.scan_galleries import FolderGallery, Galleries, Opened, RegistryGallery, moment
from registry.cli.scan_gallery_file import FileOpens
from registry.cli.scan_plan import print_plan
from registry.cli.scan_progress import shown_progress
from registry.domain.gallery_files import SearchPurpose
from registry.domain.uses import UseKind
from registry.engine.devices import choose_device
from registry.engine.identify import Engine
from registry.errors import DeclaredUseUnknownError
from registry.scanning.compare import compare as compared
from registry.scanning.declared import declared_use as read_declared_use
from registry.scanning.estimate import Estimate, estimate
from registry.scanning.folder import read_json
from registry.scanning.listening import opened_listener
from registry.scanning.lists import FIELDS, Columns
from registry.scanning.local import LocalScan, claimed, conclude
from registry.scanning.manifest import Choice, Manifest, discard, draw, freeze, reopen
from registry.scanning.names import read_names
from registry.scanning.places import shown
from registry.scanning.plan import engine_json, require_same, versions, working_json
from registry.scanning.report import write_report
from registry.scanning.results import LAYOUT_VERSION, MANIFEST, PLAN, SUMMARY, InputRow
from registry.scanning.signing import SCAN_KEY, ScanKey, read_scan_key, scan_key
from registry.scanning.sources import Asked, folder_here, inputs
from registry.scanning.tables import write_json
from registry.scanning.tally import Tally
from registry.scanning.training import write_training
from registry.settings import Settings, load_settings

app = typer.Typer(
    cls=scan_report.SourceOrCommand,
    help="Scan a training set or a catalogue, `likeness scan SOURCE --out DIR`; check and compare what came of it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
)
app.command("verify")(scan_report.verify)
app.command("compare")(scan_report.compare)

FLAGGED: Final = 1
SOME_FAILED: Final = 3
CATALOGUE: Final = "catalogue"
TRAINING: Final = "training"
KINDS: Final = (CATALOGUE, TRAINING)


@dataclass(frozen=True)
class _Scan:
    """A scan as it was asked for."""

    asked: Asked
    out: Path
    gallery: Path | None
    opens: FileOpens
    organisation: str | None
    as_of: date | None
    kind: str
    limit: int | None
    sample: int | None
    seed: int
    target_fpir: float
    device: str
    where: Where
    threads: int | None
    shard_rows: int
    resume: bool
    dry_run: bool
    yes: bool
    names: Path | None
    jsonl: bool
    csv: bool

    @property
    def options(self) -> dict[str, Any]:
        """What decides the rows, as a plan holds it."""
        return {
            "columns": dict(self.asked.columns.named),
            "declared_use": self.asked.declared_use,
            "project": self.asked.project,
            "organisation": self.organisation,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "limit": self.limit,
            "sample": self.sample,
            "stratify": self.asked.columns.stratify or None,
            "seed": self.seed,
            "target_fpir": self.target_fpir,
            "shard_rows": self.shard_rows,
        }

    @property
    def given(self) -> dict[str, Any]:
        """What a plan must have in common with this, as far as is known without the engine."""
        source = shown(self.asked.source)
        return {"layout": LAYOUT_VERSION, "kind": self.kind, "source": source, "options": self.options}

    @property
    def use_kind(self) -> UseKind:
        """What the inputs are, where a row does not say."""
        return UseKind.TRAINING if self.kind == TRAINING else UseKind.GENERATED

    def galleries(self, settings: Settings) -> Galleries:
        """Answer what is searched."""
        if self.gallery is not None and self.gallery.is_file():
            return self.opens.gallery(self.gallery, SearchPurpose(self.kind))
        if self.gallery is not None:
            return FolderGallery(self.gallery)
        return RegistryGallery(settings, self.organisation or "", self.as_of, self.use_kind)

    def inputs(self, galleries: Galleries) -> Iterable[InputRow]:
        """Answer the inputs, in the order of the source."""
        return galleries.readable(inputs(self.asked))

    def choice(self, manifest: Manifest) -> Choice:
        """Answer which rows are scanned."""
        return Choice(self.limit) if self.sample is None else draw(manifest, self.sample, self.seed)


@app.command(scan_report.SOURCE_COMMAND)
def scan(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A folder, a pattern, a list (.csv, .tsv, .jsonl, .parquet), a .tar, or a URL of any store.",
        ),
    ],
    out: Annotated[Path, typer.Option(help="A new folder for what comes of it.", file_okay=False)],
    *,
    gallery: Annotated[
        Path | None,
        typer.Option(
            help="One folder per performer, with their recordings, or a gallery file; by default, everybody in the "
            "registry.",
            exists=True,
        ),
    ] = None,
    gallery_key: Annotated[
        Path | None, typer.Option(help="Your private key, to open a gallery file with.", exists=True, dir_okay=False)
    ] = None,
    registry_keys: Annotated[
        Path | None,
        typer.Option(
            metavar="JWKS.json", help="Keys of the registry that issued the gallery file.", exists=True, dir_okay=False
        ),
    ] = None,
    gallery_status: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="What the registry last said of the gallery file.", dir_okay=False),
    ] = None,
    organisation: Annotated[
        str | None,
        typer.Option(metavar="ORG_ID", help="Who uses the inputs, and under whose licences; without --gallery."),
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            help="Ask consents and licences as they stood at the end of that day (UTC); without --gallery.",
        ),
    ] = None,
    declared_use: Annotated[str, typer.Option(help="What inputs that declare no use are used for.")] = "",
    project: Annotated[str, typer.Option(help="The production of inputs that name none.")] = "",
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=COLUMN", help=f"Which column of a list stands for what: {', '.join(FIELDS)}."),
    ] = None,
    stratify: Annotated[
        str, typer.Option(metavar="COLUMN", help="Draw from each value of it; 'folder' where the source is no list.")
    ] = "",
    limit: Annotated[int | None, typer.Option(help="Scan the first so many inputs only.", min=1)] = None,
    sample: Annotated[int | None, typer.Option(help="Scan so many inputs only, drawn at random.", min=1)] = None,
    seed: Annotated[int, typer.Option(help="Of the draw.", min=0)] = 0,
    kind: Annotated[str, typer.Option(help=f"What the inputs are: {' or '.join(KINDS)}.")] = CATALOGUE,
    target_fpir: Annotated[
        float, typer.Option(help="Wanted chance that a stranger's recording brings up a match.", min=1e-6, max=0.5)
    ] = 0.01,
    engine: Annotated[str, typer.Option(help=f"Where it is heard: {' or '.join(ENGINES)}.")] = LOCAL,
    ray_address: Annotated[
        str | None, typer.Option(help="Of a cluster; without it RAY_ADDRESS, or else Ray starts on this machine.")
    ] = None,
    ray_actors: Annotated[
        int | None, typer.Option(help="Engines side by side; without it, as many as there are cores for.", min=1)
    ] = None,
    ray_cpus: Annotated[int, typer.Option(help="Cores of each.", min=1)] = 2,
    ray_gpus: Annotated[float, typer.Option(help="GPUs of each.", min=0)] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Processor threads to use.", min=1)] = None,
    shard_rows: Annotated[int, typer.Option(help="Rows that are made durable together.", min=1, max=65_536)] = 256,
    names: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="Names and aliases to look for in texts, with --kind training.", dir_okay=False
        ),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="OLD", help="Say what changed since the scan there.", exists=True, file_okay=False),
    ] = None,
    signing_key: Annotated[
        Path | None, typer.Option(help="A private JWK to sign the report with.", exists=True, dir_okay=False)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the scan in the folder.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and stop.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Write the results as JSON lines too.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Write the results as CSV too.")] = False,
) -> None:
    """Scan a training set or a catalogue: one row for every input, a verdict or a named error.

    Exit code 0: nothing was flagged; 1: something was; 3: some inputs, or some performers, could not be used; 4: the
    scan failed, or was stopped.
    """
    asked = Asked(source, _columns(column or [], stratify), declared_use, project)
    wanted = _Scan(
        asked=asked,
        out=out,
        gallery=gallery,
        opens=FileOpens(gallery_key, registry_keys, tuple(gallery_status or ())),
        organisation=organisation,
        as_of=as_of.date() if as_of else None,
        kind=kind,
        limit=limit,
        sample=sample,
        seed=seed,
        target_fpir=target_fpir,
        device=device,
        where=Where(engine, ray_address, ray_actors, ray_cpus, ray_gpus),
        threads=threads,
        shard_rows=shard_rows,
        resume=resume,
        dry_run=dry_run,
        yes=yes,
        names=names,
        jsonl=jsonl,
        csv=csv,
    )
    _refuse_wrong_use(wanted)
    settings = load_settings()
    if dry_run:
        _tell(wanted, settings)
        return
    key = read_scan_key(signing_key) if signing_key else None
    with claimed(out, resume=resume):
        tally, lost = _run(wanted, settings, key)
    if compare is not None:
        scan_report.print_comparison(compared(compare, out), as_json=False)
    raise typer.Exit(_exit_code(tally, lost=lost))


def _columns(given: list[str], stratify: str) -> Columns:
    """Read ``FIELD=COLUMN``.

    Raises:
        BadParameter: it is none, or the field is unknown, or named twice.
    """
    named: dict[str, str] = {}
    for each in given:
        field, mark, column = each.partition("=")
        if not mark or field not in FIELDS or not column or field in named:
            raise typer.BadParameter(f"{each!r} is not FIELD=COLUMN with a FIELD of {', '.join(FIELDS)}, each once")
        named[field] = column
    return Columns(named, stratify)


def _refuse_wrong_use(wanted: _Scan) -> None:
    """Refuse options that do not go together.

    Raises:
        BadParameter: it says which.
    """
    if wanted.kind not in KINDS:
        raise typer.BadParameter(f"--kind is {' or '.join(KINDS)}, not {wanted.kind}")
    if wanted.where.engine not in ENGINES:
        raise typer.BadParameter(f"--engine is {' or '.join(ENGINES)}, not {wanted.where.engine}")
    if wanted.where.address is not None and wanted.where.engine != RAY:
        raise typer.BadParameter("--ray-address goes with --engine ray")
    if wanted.names is not None and wanted.kind != TRAINING:
        raise typer.BadParameter("--names goes with --kind training")
    if wanted.limit is not None and wanted.sample is not None:
        raise typer.BadParameter("--limit and --sample do not go together")
    if wanted.asked.columns.stratify and wanted.sample is None:
        raise typer.BadParameter("--stratify says how --sample draws: give both")
    _refuse_wrong_asking(wanted)
    folder = folder_here(wanted.asked.source)
    if folder is not None and wanted.out.resolve().is_relative_to(Path(folder).resolve()):
        raise typer.BadParameter("--out lies in the source: the scan would read what it writes")
    if not (wanted.yes or wanted.dry_run or (sys.stdin.isatty() and sys.stderr.isatty())):
        raise typer.BadParameter("there is no terminal to ask on: give --yes, or --dry-run to see what would be done")


def _refuse_wrong_asking(wanted: _Scan) -> None:
    """Refuse to ask licences of nobody, for a use that they do not know, or where a withdrawal does not reach.

    Raises:
        BadParameter: it says which.
    """
    of_a_file = wanted.gallery is not None and wanted.gallery.is_file()
    if of_a_file and wanted.where.engine == RAY:
        raise typer.BadParameter("a gallery file is opened in this process alone: not with --engine ray")
    if of_a_file is not wanted.opens.is_whole or (wanted.opens.is_asked and not of_a_file):
        raise typer.BadParameter(
            "--gallery FILE goes with --gallery-key and --registry-keys; they and --gallery-status go with nothing else"
        )
    if wanted.gallery is not None:
        if wanted.organisation is not None or wanted.as_of is not None:
            raise typer.BadParameter("--organisation and --as-of ask the registry's licences: not with --gallery")
        return
    if not wanted.organisation:
        raise typer.BadParameter(
            "give --gallery FOLDER, or --organisation ORG_ID: who uses the inputs, to search the registry's database"
        )
    if wanted.where.engine == RAY:
        raise typer.BadParameter("--engine ray searches a gallery that is given: --gallery")
    try:
        read_declared_use(wanted.asked.declared_use, wanted.use_kind)
    except DeclaredUseUnknownError as error:
        raise typer.BadParameter(f"--declared-use: {error.detail}") from error


# --- saying what will be done ----------------------------------------------------------------------------------------


def _tell(wanted: _Scan, settings: Settings) -> None:
    """Say what would be done, and leave nothing behind."""
    galleries = wanted.galleries(settings)
    told = galleries.told()
    with tempfile.TemporaryDirectory() as folder:
        manifest = freeze(wanted.inputs(galleries), Path(folder))
        _print(wanted, settings, told, manifest, _estimate(wanted, manifest, wanted.choice(manifest)))


def _estimate(wanted: _Scan, manifest: Manifest, choice: Choice) -> Estimate:
    device = choose_device(wanted.device).type
    return estimate(manifest, choice, device, wanted.asked.patience, wanted.threads)


def _print(wanted: _Scan, settings: Settings, told: tuple[str, int], manifest: Manifest, estimated: Estimate) -> None:
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


def _run(wanted: _Scan, settings: Settings, key: ScanKey | None) -> tuple[Tally, bool]:
    """Scan, or go on with a scan. Answer the counts, and whether some performers could not be searched."""
    console = Console(stderr=True)
    names = read_names(wanted.names) if wanted.names else None
    galleries = wanted.galleries(settings)
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


def _taken_up(wanted: _Scan, galleries: Galleries) -> _Prepared:
    """Go on with the scan in the folder.

    Raises:
        ScanMismatchError: something is not as it was; the sentence names it.
    """
    planned = read_json(wanted.out / PLAN)
    require_same(planned, wanted.given)
    manifest = reopen(wanted.out, wanted.inputs(galleries), planned["manifest"]["sha256"])
    return _Prepared(manifest, wanted.choice(manifest), planned, None)


def _begun(wanted: _Scan, settings: Settings, galleries: Galleries) -> _Prepared:
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


def _keep_plan(wanted: _Scan, settings: Settings, prepared: _Prepared, engine: Engine, opened: Opened) -> None:
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
    asked = Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  (signature)
        asked.set()
        put_back()
        typer.echo("stopping after the shard in hand; once more to stop at once", err=True)

    for number in before:
        signal.signal(number, handle)
    try:
        yield asked.is_set
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


def _exit_code(tally: Tally, *, lost: bool) -> int:
    if tally.failed or lost:
        return SOME_FAILED
    return FLAGGED if tally.flagged else 0
