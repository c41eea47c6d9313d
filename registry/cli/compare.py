"""`likeness compare`: a questioned voice, a performer, a declared source. No database, no server."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from registry.bootstrap import build_engine
from registry.cli.comparison.page import html_page, print_page
from registry.cli.evaluation.words import Language
from registry.cli.options import one_line
from registry.cli.output import remark
from registry.cli.reading import json_of
from registry.cli.salts import Salts, salts_in
from registry.domain.case_analyses import STATED_FIGURES
from registry.domain.comparison import REFERENCE, Role
from registry.engine.identify import Engine
from registry.errors import InvalidInputError
from registry.interchange.comparisons import read_again
from registry.scanning.compared_again import (
    Wanted,
    curves_again,
    differences,
    differences_in_part,
    part_at_hand,
    require_engine,
    wanted_by,
)
from registry.scanning.compared_inputs import STATED, CohortFiles, Inputs, files_of
from registry.scanning.comparing import Outcome, compare_files, written
from registry.scanning.listening import files_under, opened_listener, performers_in
from registry.scanning.page_parts import visible
from registry.scanning.plan import engine_json
from registry.settings import Settings, load_settings

DOCUMENT, PAGE = "comparison.json", "comparison.html"
DIFFERENT = 1
SOME_FAILED = 3
MOST_ALTERNATIVES = 2
_STATED_FORM = re.compile(rf"(?P<voice>\w+):(?P<figure>{'|'.join(STATED_FIGURES)})=(?P<value>.{{1,80}})")


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
    stated: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VOICE:FIGURE=VALUE",
            help="What is known of a voice's recordings: performer:language=Korean, questioned:style=read.",
        ),
    ] = None,
    out: Annotated[Path | None, typer.Option(help=f"Folder for {DOCUMENT} and {PAGE}.", file_okay=False)] = None,
    recompute: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Make a comparison again and say whether the numbers come out.", exists=True),
    ] = None,
    inputs: Annotated[
        list[Path] | None, typer.Option(help="With --recompute: where its recordings are.", exists=True)
    ] = None,
    salts: Salts = None,
    language: Annotated[Language, typer.Option(help="Of what is printed, and of the page.")] = Language.EN,
    threads: Annotated[int | None, typer.Option(help="Processor threads to use.", min=1)] = None,
) -> None:
    """Say what recordings support: the performer, the declared source, both, or neither; and why.

    With --recompute, recordings whose digests are salted are found by the salts that the side has which filed them.

    Exit code 0: done, whatever was concluded, or everything came out again; 1: something did not; 3: some files could
    not be used.
    """
    if recompute is not None:
        raise typer.Exit(_made_again(recompute, inputs or [], salts_in(salts), threads))
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
    given = Inputs(
        parties,
        cohorts,
        sealed=seal_source and bool(source),
        said_to_hold=tuple(holds or ()),
        stated=_stated(stated or [], parties),
    )
    given.require_apart()
    outcome = _compared(given, *_engine(threads))
    raise typer.Exit(_told(outcome, out, language))


def _stated(said: Sequence[str], parties: Collection[Role]) -> dict[Role, dict[str, str]]:
    """Read what is known of the recordings of each voice."""
    found: dict[Role, dict[str, str]] = {}
    for one in said:
        match = _STATED_FORM.fullmatch(one_line(one))
        if match is None or match["voice"] not in parties:
            raise typer.BadParameter(
                f"--stated is VOICE:FIGURE=VALUE, of {', '.join(parties)} and of {', '.join(STATED_FIGURES)}, not "
                f"{visible(one)}"
            )
        found.setdefault(Role(match["voice"]), {})[match["figure"]] = visible(match["value"])
    return found


def _cohort(name: str, criteria: str, folder: Path) -> CohortFiles:
    members = {visible(member): files_of(paths) for member, paths in performers_in(folder).items()}
    return CohortFiles(name, criteria, members)


def _engine(threads: int | None) -> tuple[Engine, Settings]:
    settings = load_settings()
    return build_engine(settings, threads=threads), settings


def _compared(given: Inputs, engine: Engine, settings: Settings) -> Outcome:
    with opened_listener(engine, settings.listening_memory_mib) as listener:
        return compare_files(listener, given, settings.calibration_sha256)


def _told(outcome: Outcome, out: Path, language: Language) -> int:
    """Write the document, print the page, and answer the exit code."""
    content = written(outcome.document)
    out.mkdir(parents=True, exist_ok=True)
    (out / DOCUMENT).write_bytes(content)
    digest = sha256(content).hexdigest()
    (out / PAGE).write_text(html_page(outcome.document, digest, language), encoding="utf-8")
    print_page(outcome.document, language)
    for name, why in outcome.failed:
        remark(f"left out: {name}: {why}")
    remark(f"{out / DOCUMENT}, SHA-256 {digest}, and {out / PAGE}")
    return SOME_FAILED if outcome.failed else 0


# Making one again.


def _made_again(file: Path, folders: list[Path], salts: Sequence[bytes], threads: int | None) -> int:
    """Say whether the conclusion follows from the numbers, and the numbers from the recordings."""
    document = _document(file)
    reading, follows = read_again(document)
    if follows:
        typer.echo(f"The conclusion {reading.conclusion.value} follows from the numbers in it.")
    else:
        typer.echo("The conclusion in it does NOT follow from the numbers in it.")
        typer.echo(f"They give {reading.conclusion.value}: {visible(reading.reasons[0].detail)}.")
    curves = curves_again(document)
    for difference in curves:
        typer.echo(visible(difference))
    follows = follows and not curves
    wanted = wanted_by(document, files_under(folders), salts)
    for name in wanted.kept:
        typer.echo(f"Kept in a registry, so that nobody can hear it again: {visible(name)}.")
    if wanted.missing:
        typer.echo(
            f"The numbers were not computed again: {len(wanted.missing)} of {wanted.total} recordings are not at hand; "
            "name their folders by --inputs."
        )
        for name in wanted.missing:
            remark(f"missing: {visible(name)}")
        return SOME_FAILED if follows else DIFFERENT
    if wanted.inputs is None:
        return _made_again_in_part(document, wanted, threads, follows=follows)
    found = differences(document, _measured_now(document, wanted.inputs, threads))
    for difference in found:
        typer.echo(visible(difference))
    typer.echo(f"{wanted.total} recordings were heard again: {_count(found)}.")
    return 0 if follows and not found else DIFFERENT


def _made_again_in_part(document: Mapping[str, Any], wanted: Wanted, threads: int | None, *, follows: bool) -> int:
    """Measure what does not rest on what a registry keeps, and name what does."""
    part = part_at_hand(wanted.at_hand)
    if part is None:
        typer.echo("Nothing was computed again: it takes the questioned voice, and one that it is held against.")
        return SOME_FAILED if follows else DIFFERENT
    found, said = differences_in_part(document, _measured_now(document, part.inputs, threads), part)
    for difference in [*found, *said]:
        typer.echo(visible(difference))
    cohorts = ", ".join([*(cohort.name for cohort in part.inputs.cohorts), REFERENCE])
    typer.echo(
        f"{wanted.total} recordings were heard again, of {', '.join(part.roles.values())} under {visible(cohorts)}: "
        f"{_count(found)}. What rests on the rest was NOT checked, nor that the numbers of this conclusion come out."
    )
    return SOME_FAILED if follows and not found else DIFFERENT


def _measured_now(document: Mapping[str, Any], inputs: Inputs, threads: int | None) -> Mapping[str, Any]:
    engine, settings = _engine(threads)
    require_engine(document, engine_json(engine, settings.calibration_sha256))
    return _plain(_compared(inputs, engine, settings).document)


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
