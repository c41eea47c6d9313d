"""`likeness evaluate`: how often the engine misses, accuses and is deceived, on folders of labelled recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from registry.cli.identify import SOME_FAILED, enrol_with_progress
from registry.cli.listening import FolderGallery, Listener, files_under
from registry.cli.progress import tracked
from registry.domain.scores import EvidenceOutcome
from registry.engine import selftest
from registry.engine.analysis import Analysis
from registry.engine.evaluation import SearchKind, SearchResult, speech_label
from registry.engine.evaluation import evaluate as measure
from registry.engine.identify import Engine
from registry.errors import InvalidInputError
from registry.media.decode import Decoder, MediaLimits
from registry.media.speech import SpeechDetector

_FILES_PER_CHILD = 64
_SEED = 1


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """One recording and what its folder says about it."""

    path: Path
    kind: SearchKind
    person: str
    system: str = ""


def evaluate(  # noqa: PLR0917  (typer makes options of arguments)
    gallery: Annotated[Path, typer.Option(help="One folder per performer.", exists=True, file_okay=False)],
    probes: Annotated[Path, typer.Option(help="probes/SPEAKER/FILE.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="Where to write the figures, as JSON.", dir_okay=False)],
    clones: Annotated[
        Path | None, typer.Option(help="clones/SYSTEM/SPEAKER/FILE.", exists=True, file_okay=False)
    ] = None,
    decoys: Annotated[Path | None, typer.Option(help="decoys/IMITATED/FILE.", exists=True, file_okay=False)] = None,
    target_fpir: Annotated[
        float, typer.Option(help="Rate that the engine's own decisions aim at.", min=1e-6, max=0.5)
    ] = 0.01,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Processor threads to use.", min=1)] = None,
) -> None:
    """Measure the engine; a speaker who is not in the gallery counts as a stranger.

    Exit code 0: done; 3: done, but some files could not be used (they are listed).
    """
    console = Console(stderr=True)
    engine = Engine.load(device=device, threads=threads, target_fpir=target_fpir)
    selftest.run(engine)
    with Decoder(MediaLimits(), files_per_child=_FILES_PER_CHILD) as decoder:
        listener = Listener(engine, decoder, SpeechDetector())
        enrolled = enrol_with_progress(listener, gallery, console)
        files = labelled_files(probes, clones, decoys, set(enrolled.gallery.performers()))
        results, errors = _search_all(listener, enrolled, files, console)
    report = _report(engine, enrolled, results, errors, target_fpir)
    out.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for table in tables(report):
        console.print(table)
    console.print(f"{len(results)} recordings searched, {len(errors)} failed → {out}", highlight=False)
    raise typer.Exit(SOME_FAILED if errors or enrolled.lost else 0)


def labelled_files(probes: Path, clones: Path | None, decoys: Path | None, enrolled: set[str]) -> list[LabelledFile]:
    """Answer every recording with its label; imitations of nobody enrolled are left out."""
    found = []
    for person, path in _by_folder(probes):
        found.append(LabelledFile(path, SearchKind.MATED if person in enrolled else SearchKind.NON_MATED, person))
    for system in sorted(clones.iterdir()) if clones else ():
        found += [
            LabelledFile(path, SearchKind.CLONE, person, system.name)
            for person, path in _by_folder(system)
            if person in enrolled
        ]
    if decoys:
        found += [
            LabelledFile(path, SearchKind.DECOY, person) for person, path in _by_folder(decoys) if person in enrolled
        ]
    return found


def _by_folder(folder: Path) -> Iterator[tuple[str, Path]]:
    for child in sorted(folder.iterdir()) if folder.is_dir() else ():
        if child.is_dir():
            yield from ((child.name, path) for path in files_under([child]))


def _search_all(
    listener: Listener, enrolled: FolderGallery, files: Sequence[LabelledFile], console: Console
) -> tuple[list[SearchResult], list[dict[str, str]]]:
    results, errors = [], []
    heard = tracked(listener.listen([file.path for file in files]), console, "searching", len(files))
    for file, (path, found) in zip(files, heard, strict=True):
        if isinstance(found, InvalidInputError):
            errors.append({"file": str(path), "slug": found.slug, "detail": found.detail})
        else:
            results.append(search_result(listener.engine, enrolled, file, found))
    return results, errors


def search_result(engine: Engine, enrolled: FolderGallery, file: LabelledFile, analysis: Analysis) -> SearchResult:
    """Search the gallery for one recording."""
    search = engine.search(analysis, enrolled.gallery)
    evidence = engine.evidence(analysis, enrolled.gallery)
    column = {performer: number for number, performer in enumerate(search.performers)}
    called = (
        column[candidate.performer_id]
        for candidate in evidence.candidates
        if candidate.outcome is EvidenceOutcome.MATCH
    )
    return SearchResult(
        kind=file.kind,
        person=file.person,
        system=file.system,
        speech_s=analysis.speech_s,
        log10_lr=search.ratios.fused.max(axis=0),
        own=column.get(file.person),
        called=frozenset(called),
    )


def _report(
    engine: Engine,
    enrolled: FolderGallery,
    results: Sequence[SearchResult],
    errors: Sequence[dict[str, str]],
    target_fpir: float,
) -> dict[str, Any]:
    kinds = {result.kind for result in results}
    if not {SearchKind.MATED, SearchKind.NON_MATED} <= kinds:
        raise InvalidInputError(
            "an evaluation needs recordings of enrolled speakers and of strangers; one of them is missing",
            kinds=sorted(kind.value for kind in kinds),
        )
    identity = engine.identity
    return {
        "format": "likeness-evaluation-1",
        "engine": {
            "version": identity.version,
            "spaces": list(identity.spaces),
            "calibration": identity.calibration,
            "device": identity.device,
        },
        "gallery": {"performers": len(enrolled.gallery), "lost": list(enrolled.lost)},
        "target_fpir": target_fpir,
        **measure(results, np.random.default_rng(_SEED)),
        "errors": list(errors),
    }


def tables(report: dict[str, Any]) -> list[Table]:
    """Answer the figures as tables for a terminal."""
    return [_main_table(report), _speech_table(report), _imitation_table(report), _decision_table(report)]


def _main_table(report: dict[str, Any]) -> Table:
    counts = report["counts"]
    title = (
        f"{report['gallery']['performers']} performers, {counts['mated']['searches']} mated and "
        f"{counts['non_mated']['searches']} non-mated recordings"
    )
    table = Table(title=title, title_justify="left")
    for heading in ("measure", "value", "95 % interval over people"):
        table.add_column(heading)
    for row in report["fnir"]:
        note = "" if row["resolvable"] else " (too few strangers to resolve)"
        name = f"FNIR at FPIR {100 * row['fpir']:g} %{note}"
        table.add_row(name, f"{_percent(row['value'])} ({row['misses']} of {row['mated']})", _range(row["ci95"]))
    table.add_row("rank-1", _percent(report["rank1"]["value"]), _range(report["rank1"]["ci95"]))
    table.add_row("EER", _percent(report["eer"]), "")
    for name, key in (("minDCF (prior 0.01)", "min_dcf"), ("Cllr", "cllr"), ("Cllr min", "cllr_min")):
        table.add_row(name, f"{report[key]:.3f}", "")
    return table


def _speech_table(report: dict[str, Any]) -> Table:
    table = Table(title="by net speech", title_justify="left")
    for heading in ("speech", "mated", "non-mated", *(f"FNIR at {100 * row['fpir']:g} %" for row in report["fnir"])):
        table.add_column(heading)
    for bucket in report["by_speech"]:
        rates = [_percent(rate["fnir"]) for rate in bucket["rates"]]
        table.add_row(speech_label(bucket), str(bucket["mated"]), str(bucket["non_mated"]), *rates)
    return table


def _imitation_table(report: dict[str, Any]) -> Table:
    table = Table(title="imitations that reach the person they imitate", title_justify="left")
    for heading in ("imitation", "recordings", *(f"at FPIR {100 * row['fpir']:g} %" for row in report["fnir"])):
        table.add_column(heading)
    rows = {"decoys": report["decoys"]["all"], "clones": report["clones"]["all"]}
    rows |= {f"  {system}": found for system, found in report["clones"].get("systems", {}).items()}
    for name, found in rows.items():
        table.add_row(name, str(found["searches"]), *(_percent(rate["share"]) for rate in found["rates"]))
    return table


def _decision_table(report: dict[str, Any]) -> Table:
    title = f"decisions as the engine makes them (target FPIR {100 * report['target_fpir']:g} %)"
    table = Table(title=title, title_justify="left")
    for heading in ("recordings of", "number", "own performer matched", "another matched"):
        table.add_column(heading)
    for kind, row in report["operating_point"].items():
        own, other = _percent(row["own_matched_share"]), _percent(row["others_matched_share"])
        table.add_row(kind.replace("_", "-"), str(row["searches"]), "" if kind == "non_mated" else own, other)
    return table


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _range(interval: Sequence[float]) -> str:
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f} %"
