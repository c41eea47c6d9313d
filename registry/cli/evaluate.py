"""`likeness evaluate`: how often the engine misses, accuses and is deceived, on folders of labelled recordings.

Writes one JSON object, ``format`` ``likeness-evaluation-2``:

- ``engine``, ``gallery`` (performers; those ``lost`` because nothing of theirs could be enrolled), ``target_fpir``;
- ``split``: whose searches count, and the rule that says so; ``labels``: recordings searched, and how many of them have
  labels; ``doubtful``: pairs of patterns, and scores that do not count because of them;
- everything that `registry.engine.evaluation` describes, with ``failed`` in ``counts``;
- ``errors``: files that could not be used, with why.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from registry.bootstrap import build_engine
from registry.cli.evaluation.charts import charts
from registry.cli.evaluation.labels import default_labels, labels_of, read_doubtful, read_groups, read_labels
from registry.cli.evaluation.page import page
from registry.cli.evaluation.searches import Doubts, LabelledFile, Search, labelled_files
from registry.cli.evaluation.tables import sheets
from registry.cli.evaluation.words import WORDS, Language
from registry.cli.identify import SOME_FAILED, enrol_with_progress
from registry.cli.output import print_table
from registry.cli.progress import tracked
from registry.engine.evaluation import RULE, Group, Labels, SearchKind, SearchResult, Split
from registry.engine.evaluation import evaluate as measure
from registry.engine.identify import Engine
from registry.errors import InvalidInputError
from registry.scanning.listening import FolderGallery, Listener, opened_listener
from registry.settings import load_settings

FORMAT = "likeness-evaluation-2"
_SEED = 1


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What somebody knows about the recordings.

    Attributes:
        labels: by path.
        doubts: labels that may be one person.
        groups: to report by name.
        split: whose searches count.
    """

    labels: Mapping[str, Labels]
    doubts: Doubts
    groups: Sequence[Group]
    split: Split


@dataclass(slots=True)
class Searched:
    """What came of all files.

    Attributes:
        results: one or two searches for each file that could be used.
        labelled: files that somebody had labelled.
        files: that could be used.
        errors: of the others, for the report.
        failed: of these, how many of each kind.
    """

    results: list[SearchResult] = field(default_factory=list)
    labelled: int = 0
    files: int = 0
    errors: list[dict[str, str]] = field(default_factory=list)
    failed: dict[SearchKind, int] = field(default_factory=dict)


def evaluate(  # noqa: PLR0917  (typer makes options of arguments)
    gallery: Annotated[Path, typer.Option(help="One folder per performer.", exists=True, file_okay=False)],
    probes: Annotated[Path, typer.Option(help="probes/SPEAKER/FILE.", exists=True, file_okay=False)],
    out: Annotated[Path, typer.Option(help="Where to write the figures, as JSON.", dir_okay=False)],
    clones: Annotated[
        Path | None, typer.Option(help="clones/SYSTEM/SPEAKER/FILE.", exists=True, file_okay=False)
    ] = None,
    decoys: Annotated[Path | None, typer.Option(help="decoys/IMITATED/FILE.", exists=True, file_okay=False)] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="CSV: path, and any of corpus, language, sex, condition. By default trials.csv beside the probes.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    groups: Annotated[
        Path | None, typer.Option(help="JSON: groups to report by name.", exists=True, dir_okay=False)
    ] = None,
    doubtful: Annotated[
        Path | None,
        typer.Option(help="CSV: two patterns of labels that may be one person.", exists=True, dir_okay=False),
    ] = None,
    split: Annotated[Split, typer.Option(help="Whose searches count; a rule splits people in two.")] = Split.ALL,
    html: Annotated[Path | None, typer.Option(help="Where to write a page with plots.", dir_okay=False)] = None,
    plots: Annotated[Path | None, typer.Option(help="Folder to write the plots to, as SVG.", file_okay=False)] = None,
    lang: Annotated[Language, typer.Option(help="Language of page and plots.")] = Language.EN,
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
    known = _known(labels or default_labels(probes), groups, doubtful, split)
    settings = load_settings()
    engine = build_engine(settings, device=device, threads=threads, target_fpir=target_fpir)
    with opened_listener(engine, settings.listening_memory_mib) as listener:
        enrolled = enrol_with_progress(listener, gallery, console)
        files = labelled_files(probes, clones, decoys, set(enrolled.gallery.performers()))
        files = [file for file in files if split.has(file.person)]
        searched = _search_all(listener, enrolled, files, known, console)
    report = _report(engine, enrolled, searched, known, target_fpir)
    out.write_text(json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    _show(report, html, plots, lang)
    console.print(f"{searched.files} recordings searched, {len(searched.errors)} failed → {out}", highlight=False)
    raise typer.Exit(SOME_FAILED if searched.errors or enrolled.lost else 0)


def _known(labels: Path | None, groups: Path | None, doubtful: Path | None, split: Split) -> Knowledge:
    return Knowledge(
        labels=read_labels(labels) if labels else {},
        doubts=Doubts(read_doubtful(doubtful) if doubtful else ()),
        groups=read_groups(groups) if groups else (),
        split=split,
    )


def _search_all(
    listener: Listener, enrolled: FolderGallery, files: Sequence[LabelledFile], known: Knowledge, console: Console
) -> Searched:
    searched = Searched()
    heard = tracked(listener.listen([file.path for file in files]), console, "searching", len(files))
    for file, (path, found) in zip(files, heard, strict=True):
        if isinstance(found, InvalidInputError):
            searched.errors.append({"file": str(path), "slug": found.slug, "detail": found.detail})
            searched.failed[file.kind] = searched.failed.get(file.kind, 0) + 1
            continue
        about = labels_of(known.labels, file.label_path, found.quality.bandwidth_hz)
        searched.files += 1
        searched.labelled += file.label_path in known.labels
        search = Search(listener.engine, enrolled.gallery, file, found, about)
        searched.results += search.results(known.doubts)
    return searched


def _report(
    engine: Engine, enrolled: FolderGallery, searched: Searched, known: Knowledge, target_fpir: float
) -> dict[str, Any]:
    _require_both_sorts(searched.results)
    identity = engine.identity
    figures = measure(searched.results, np.random.default_rng(_SEED), known.groups)
    for kind, failed in searched.failed.items():
        figures["counts"][kind.value]["failed"] = failed
    return {
        "format": FORMAT,
        "engine": {
            "version": identity.version,
            "spaces": list(identity.spaces),
            "calibration": identity.calibration,
            "device": identity.device,
        },
        "gallery": {"performers": len(enrolled.gallery), "lost": list(enrolled.lost)},
        "target_fpir": target_fpir,
        "split": {"name": known.split.value, "rule": RULE},
        "labels": {"recordings": searched.files, "labelled": searched.labelled},
        "doubtful": {"pairs": len(known.doubts.pairs), "scores": known.doubts.scores(searched.results)},
        **figures,
        "errors": searched.errors,
    }


def _require_both_sorts(results: Collection[SearchResult]) -> None:
    kinds = {result.kind for result in results}
    if SearchKind.MATED not in kinds or not kinds & {SearchKind.NON_MATED, SearchKind.LEFT_OUT}:
        raise InvalidInputError(
            "an evaluation needs recordings of enrolled speakers, and of strangers or other enrolled speakers",
            kinds=sorted(kind.value for kind in kinds),
        )


def _show(report: Mapping[str, Any], html: Path | None, plots: Path | None, lang: Language) -> None:
    for sheet in sheets(report, WORDS[Language.EN]):
        print_table(sheet.headings, sheet.rows, title=sheet.title)
        typer.echo(f"{sheet.note}\n" if sheet.note else "")
    if html:
        html.write_text(page(report, lang), encoding="utf-8")
    for path, drawing in _drawings(report, plots, lang):
        path.write_text(drawing + "\n", encoding="utf-8")


def _drawings(report: Mapping[str, Any], folder: Path | None, lang: Language) -> Iterator[tuple[Path, str]]:
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        yield from ((folder / f"{name}.svg", drawing) for name, drawing in charts(report, WORDS[lang]).items())
