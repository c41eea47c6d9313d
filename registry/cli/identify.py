"""`likeness identify`: whose voice is in these files, against folders of performers. No database, no server."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from registry.bootstrap import build_engine
from registry.cli.progress import tracked
from registry.domain.scores import EvidenceOutcome
from registry.engine.identify import Engine
from registry.errors import InvalidInputError
from registry.scanning.evidence_lines import evidence_line
from registry.scanning.listening import (
    FolderGallery,
    Heard,
    Listener,
    enrol_folder,
    files_under,
    opened_listener,
    performers_in,
    summary,
)
from registry.settings import load_settings

FLAGGED = 1
SOME_FAILED = 3


def identify(  # noqa: PLR0917  (typer makes options of arguments)
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders of files.", exists=True, metavar="PATH…")],
    gallery: Annotated[
        Path, typer.Option(help="One folder per performer, with their recordings.", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Option(help="Where to write one JSON line for each file.", dir_okay=False)],
    target_fpir: Annotated[
        float, typer.Option(help="Wanted chance that a stranger's recording brings up a match.", min=1e-6, max=0.5)
    ] = 0.01,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Processor threads to use.", min=1)] = None,
) -> None:
    """Say whose voice is in each file, against a gallery of folders.

    Exit code 0: nobody was found; 1: a performer was matched somewhere; 3: some files, or some performers, could not be
    used.
    """
    console = Console(stderr=True)
    settings = load_settings()
    engine = build_engine(settings, device=device, threads=threads, target_fpir=target_fpir)
    files = files_under(paths)
    began = time.perf_counter()
    with opened_listener(engine, settings.listening_memory_mib) as listener:
        enrolled = enrol_with_progress(listener, gallery, console)
        tally = _write_lines(listener, enrolled, files, out, console)
    console.print(
        f"{len(files)} files: {tally['match']} with a match, {tally['failed']} failed → {out}", highlight=False
    )
    console.print(summary(listener.totals, time.perf_counter() - began), highlight=False)
    raise typer.Exit(_exit_code(tally, enrolled))


def enrol_with_progress(listener: Listener, folder: Path, console: Console) -> FolderGallery:
    """Enrol a folder gallery with a progress bar, and print its warnings."""
    recordings = [path for paths in performers_in(folder).values() for path in paths]
    heard = tracked(listener.listen(recordings), console, "enrolling", len(recordings))
    enrolled = enrol_folder(listener, folder, heard)
    for warning in enrolled.warnings:
        console.print(f"warning: {warning}", highlight=False, markup=False, soft_wrap=True)
    return enrolled


def _write_lines(
    listener: Listener, enrolled: FolderGallery, files: list[Path], out: Path, console: Console
) -> dict[str, int]:
    tally = {"match": 0, "failed": 0}
    with out.open("w", encoding="utf-8") as lines:
        for path, heard in tracked(listener.listen(files), console, "identifying", len(files)):
            line = answer_for(path, heard, enrolled, listener.engine)
            tally["failed"] += "error" in line
            tally["match"] += line.get("outcome") == EvidenceOutcome.MATCH.value
            lines.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            lines.flush()
    return tally


def answer_for(path: Path, heard: Heard, enrolled: FolderGallery, engine: Engine) -> dict[str, Any]:
    """Answer one line: evidence, or the error that says why there is none."""
    if isinstance(heard, InvalidInputError):
        return {"file": str(path), "error": {"slug": heard.slug, "detail": heard.detail}}
    return {"file": str(path)} | evidence_line(engine.evidence(heard, enrolled.gallery))


def _exit_code(tally: dict[str, int], enrolled: FolderGallery) -> int:
    if tally["failed"] or enrolled.lost:
        return SOME_FAILED
    return FLAGGED if tally["match"] else 0
