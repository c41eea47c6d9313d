"""`likeness scan`: an accountable scan of a training set or a catalogue, one row for every input."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from registry.cli import scan_report, scan_submit, scan_there
from registry.cli.options import CaFile, GalleryKey, GalleryStatus, RegistryKeys, RegistryUrl, TokenFile
from registry.cli.scan_asked import CATALOGUE, KINDS, AskedScan, columns_of, refuse_wrong_use
from registry.cli.scan_engines import ENGINES, LOCAL, Where
from registry.cli.scan_gallery_file import FileOpens
from registry.cli.scan_remote import RemoteOptions
from registry.cli.scan_run import exit_code, run, tell
from registry.scanning.compare import compare as compared
from registry.scanning.lists import FIELDS
from registry.scanning.local import claimed
from registry.scanning.signing import read_scan_key
from registry.scanning.sources import Asked
from registry.settings import load_settings

app = typer.Typer(
    cls=scan_report.SourceOrCommand,
    help="Scan a training set or a catalogue, `likeness scan SOURCE --out DIR`; check and compare scans.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    add_completion=False,
)
app.command("verify")(scan_report.verify)
app.command("compare")(scan_report.compare)
app.command("submit")(scan_submit.submit)
app.command("list")(scan_there.list_scans)
app.command("show")(scan_there.show)
app.command("cancel")(scan_there.cancel)


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
    gallery_key: GalleryKey = None,
    registry_keys: RegistryKeys = None,
    gallery_status: GalleryStatus = None,
    registry: RegistryUrl = None,
    gallery_file: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Which gallery file of --registry to search; by default the newest that holds."
        ),
    ] = None,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    submit: Annotated[
        bool, typer.Option("--submit", help="File the report with --registry when the scan is done.")
    ] = False,
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
        typer.Option(
            metavar="FIELD=COLUMN",
            help=f"Which column of a list, or member of the JSON in a tar, stands for what: {', '.join(FIELDS)}.",
        ),
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
    asked = Asked(source, columns_of(column or [], stratify), declared_use, project)
    wanted = AskedScan(
        asked=asked,
        out=out,
        gallery=gallery,
        opens=FileOpens(gallery_key, registry_keys, tuple(gallery_status or ())),
        remote=RemoteOptions(registry, token_file, ca_file, gallery_file, submit=submit),
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
    refuse_wrong_use(wanted)
    settings = load_settings()
    if dry_run:
        tell(wanted, settings)
        return
    key = read_scan_key(signing_key) if signing_key else None
    with claimed(out, resume=resume):
        tally, lost = run(wanted, settings, key)
    if compare is not None:
        scan_report.print_comparison(compared(compare, out), as_json=False)
    if submit:
        with wanted.remote.registry() as there:
            scan_submit.print_filed(scan_submit.file_report(there, out))
    raise typer.Exit(exit_code(tally, lost=lost))
