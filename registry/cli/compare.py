"""`likeness compare`: a questioned voice, a performer, a declared source. No database, no server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.bootstrap import build_engine
from registry.cli.comparison_page import html_page, print_page
from registry.cli.options import one_line
from registry.cli.output import remark
from registry.cli.reading import json_of
from registry.domain.comparison import Role
from registry.engine.identify import Engine
from registry.errors import InvalidInputError
from registry.interchange.comparisons import read_again
from registry.scanning.compared_again import differences, require_engine, wanted_by
from registry.scanning.comparing import STATED, CohortFiles, Inputs, Outcome, compare_files, files_of, written
from registry.scanning.listening import files_under, opened_listener, performers_in
from registry.scanning.page_parts import visible
from registry.scanning.plan import engine_json
from registry.settings import Settings, load_settings

DOCUMENT, PAGE = "comparison.json", "comparison.html"
DIFFERENT = 1
SOME_FAILED = 3
MOST_ALTERNATIVES = 2


def compare(  # noqa: PLR0917  (typer makes options of arguments)
    questioned: Annotated[
        list[Path] | None, typer.Option(help="A file, or a folder of files, of the questioned voice.", exists=True)
    ] = None,
    performer: Annotated[
        list[Path] | None, typer.Option(help="The same of the performer who complains.", exists=True)
    ] = None,
    source: Annotated[
        list[Path] | None, typer.Option(help="The same of the declared source, if there is one.", exists=True)
    ] = None,
    seal_source: Annotated[  # noqa: FBT002  (typer's form of a flag)
        bool, typer.Option("--seal-source", help="Do not write what the source's files are called.")
    ] = False,
    cohort: Annotated[
        Path | None,
        typer.Option(help="Who else it might be: one folder per person.", exists=True, file_okay=False),
    ] = None,
    criteria: Annotated[str, typer.Option(help="By which the cohort was chosen, in a line.", parser=one_line)] = "none",
    alternative_cohort: Annotated[
        list[Path] | None,
        typer.Option(help="Another cohort, proposed by a side; at most two.", exists=True, file_okay=False),
    ] = None,
    holds: Annotated[
        list[str] | None, typer.Option(help="What the recordings are known to hold, such as singing.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help=f"Folder for {DOCUMENT} and {PAGE}.", file_okay=False)] = None,
    recompute: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Make a comparison again and say whether the numbers come out.", exists=True),
    ] = None,
    inputs: Annotated[
        list[Path] | None, typer.Option(help="With --recompute: where its recordings are.", exists=True)
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Processor threads to use.", min=1)] = None,
) -> None:
    """Say what recordings support: the performer, the declared source, both, or neither; and why.

    Exit code 0: done, whatever was concluded, or everything came out again; 1: something did not; 3: some files could
    not be used.
    """
    if recompute is not None:
        raise typer.Exit(_made_again(recompute, inputs or [], threads))
    if not questioned or not performer or cohort is None or out is None:
        raise typer.BadParameter("--questioned, --performer, --cohort and --out are needed, or --recompute")
    if len(alternative_cohort or ()) > MOST_ALTERNATIVES:
        raise typer.BadParameter(f"each side may propose one: at most {MOST_ALTERNATIVES} --alternative-cohort")
    parties = {Role.QUESTIONED: files_of(files_under(questioned)), Role.PERFORMER: files_of(files_under(performer))}
    if source:
        parties[Role.SOURCE] = files_of(files_under(source), called="source" if seal_source else None)
    cohorts = [_cohort(STATED, criteria, cohort)]
    cohorts += [
        _cohort(f"alternative {number}", "proposed by a side", folder)
        for number, folder in enumerate(alternative_cohort or (), start=1)
    ]
    given = Inputs(parties, cohorts, sealed=seal_source and bool(source), said_to_hold=tuple(holds or ()))
    given.require_apart()
    outcome = _compared(given, *_engine(threads))
    raise typer.Exit(_told(outcome, out))


def _cohort(name: str, criteria: str, folder: Path) -> CohortFiles:
    members = {visible(member): files_of(paths) for member, paths in performers_in(folder).items()}
    return CohortFiles(name, criteria, members)


def _engine(threads: int | None) -> tuple[Engine, Settings]:
    settings = load_settings()
    return build_engine(settings, threads=threads), settings


def _compared(given: Inputs, engine: Engine, settings: Settings) -> Outcome:
    with opened_listener(engine, settings.listening_memory_mib) as listener:
        return compare_files(listener, given, settings.calibration_sha256)


def _told(outcome: Outcome, out: Path) -> int:
    """Write the document, print the page, and answer the exit code."""
    content = written(outcome.document)
    out.mkdir(parents=True, exist_ok=True)
    (out / DOCUMENT).write_bytes(content)
    digest = sha256(content).hexdigest()
    (out / PAGE).write_text(html_page(outcome.comparison, outcome.reading, digest), encoding="utf-8")
    print_page(outcome.comparison, outcome.reading)
    for name, why in outcome.failed:
        remark(f"left out: {name}: {why}")
    remark(f"{out / DOCUMENT}, SHA-256 {digest}, and {out / PAGE}")
    return SOME_FAILED if outcome.failed else 0


# Making one again.


def _made_again(file: Path, folders: list[Path], threads: int | None) -> int:
    """Say whether the conclusion follows from the numbers, and the numbers from the recordings."""
    document = _document(file)
    reading, follows = read_again(document)
    if follows:
        typer.echo(f"The conclusion {reading.conclusion.value} follows from the numbers in it.")
    else:
        typer.echo("The conclusion in it does NOT follow from the numbers in it.")
        typer.echo(f"They give {reading.conclusion.value}: {visible(reading.reasons[0].detail)}.")
    wanted = wanted_by(document, files_under(folders))
    if wanted.inputs is None:
        typer.echo(
            f"The numbers were not computed again: {len(wanted.missing)} of {wanted.total} recordings are not at hand; "
            "name their folders by --inputs."
        )
        for name in wanted.missing:
            remark(f"missing: {visible(name)}")
        return SOME_FAILED if follows else DIFFERENT
    engine, settings = _engine(threads)
    require_engine(document, engine_json(engine, settings.calibration_sha256))
    found = differences(document, _plain(_compared(wanted.inputs, engine, settings).document))
    for difference in found:
        typer.echo(visible(difference))
    typer.echo(f"{wanted.total} recordings were heard again: {_count(found)}.")
    return 0 if follows and not found else DIFFERENT


def _count(found: list[str]) -> str:
    return f"{len(found)} figures came out otherwise" if found else "every figure came out again"


def _document(file: Path) -> Mapping[str, Any]:
    content = json_of(file)
    if not isinstance(content, dict):
        raise InvalidInputError(f"{file} holds no comparison", path=str(file))
    return content


def _plain(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Answer a document as it is read from its file."""
    plain: Mapping[str, Any] = json.loads(written(document))
    return plain
