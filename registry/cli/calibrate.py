"""`likeness calibrate`: labelled recordings of one's own in; a calibration and its report out. It activates nothing.

Writes into the output folder:

- ``calibration-<id>.safetensors`` and its card beside it, which names nobody;
- ``report.html`` and ``report.json`` (``format`` ``likeness-calibration-1``): ``calibration`` (``id``, ``file``,
  ``sha256``), ``advice`` (``activate``, ``reasons``), ``changes`` (each figure ``before`` and ``after`` with the
  ``difference`` and its ``ci95``), ``card``, ``left_out`` (recordings ``unusable``, and of ``several_voices``), and
  ``before`` and ``after``, each as `registry.engine.evaluation` describes it, with ``engine``, ``gallery`` and
  ``target_fpir``.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console

from registry.bootstrap import build_engine
from registry.cli.calibration.page import compared, page
from registry.cli.calibration.words import CALIBRATION_WORDS
from registry.cli.evaluation.searches import Doubts, LabelledFile, Search
from registry.cli.evaluation.words import Language
from registry.cli.output import print_table
from registry.cli.progress import tracked
from registry.engine import selftest
from registry.engine.calibration import Calibration, load_calibration
from registry.engine.evaluation import Labels, SearchKind, SearchResult, evaluate
from registry.engine.identify import Engine
from registry.engine.training.artefact import NOT_VALIDATED_FOR, rounds_for, train, write_artefact
from registry.engine.training.comparison import advise, compare
from registry.engine.training.examples import Part
from registry.engine.training.people import HELD_OUT_SHARE, Least, Role, require_enough
from registry.engine.training.recordings import Kept, Material, Take, plan
from registry.errors import InvalidInputError
from registry.scanning.listening import opened_listener, performers_in
from registry.settings import load_settings

FORMAT = "likeness-calibration-1"
NOT_BETTER = 1
SOME_FAILED = 3
_SEED = 1


def calibrate(  # noqa: PLR0917  (typer makes options of arguments)
    recordings: Annotated[
        Path, typer.Option(help="One folder per person, with their recordings.", exists=True, file_okay=False)
    ],
    out: Annotated[Path, typer.Option(help="Folder to write calibration and report to.", file_okay=False)],
    people_held_out: Annotated[
        float, typer.Option(help="Share of the people that is reported on, and not fitted on.", min=0.1, max=0.5)
    ] = HELD_OUT_SHARE,
    report_lang: Annotated[Language, typer.Option(help="Language of the page.")] = Language.EN,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Processor threads to use.", min=1)] = None,
) -> None:
    """Fit a calibration to your own recordings, and compare it with the active one on people it was not fitted on.

    Nothing is activated: the two settings that would do it are printed. Exit code 0: done, and better; 1: done, but not
    shown to be better; 3: done, but some recordings could not be used.
    """
    console = Console(stderr=True, soft_wrap=True)
    settings = load_settings()
    files = _files_in(recordings)
    takes = plan({person: list(named) for person, named in files.items()}, people_held_out)
    roles = {take.person: take.role for take in takes}
    require_enough({person: len(named) for person, named in files.items()}, roles, Least())
    engine = build_engine(settings, device=device, threads=threads)
    heard = _listen(engine, takes, files, console, settings.listening_memory_mib)
    require_enough(heard.material.used, roles, Least())
    out.mkdir(parents=True, exist_ok=True)
    made = _make(engine, heard.material, people_held_out, out)
    report = _report(engine, made, heard, settings.target_fpir)
    (out / "report.json").write_text(json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    (out / "report.html").write_text(page(report, report_lang), encoding="utf-8")
    _say(report, made)
    raise typer.Exit(_exit_code(report))


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of all recordings.

    Attributes:
        material: to fit to, and to report on.
        unusable: recordings that could not be read, or without speech.
    """

    material: Material
    unusable: int


@dataclass(frozen=True, slots=True)
class Made:
    """A new calibration.

    Attributes:
        file: where it lies.
        sha256: of its bytes.
        calibration: as it was read from there.
    """

    file: Path
    sha256: str
    calibration: Calibration


def _files_in(folder: Path) -> dict[str, dict[str, Path]]:
    """Answer the files of each person by their name below the person's folder."""
    return {
        person: {path.relative_to(folder / person).as_posix(): path for path in paths}
        for person, paths in performers_in(folder).items()
    }


def _listen(
    engine: Engine, takes: Sequence[Take], files: Mapping[str, Mapping[str, Path]], console: Console, memory_mib: int
) -> Heard:
    """Listen to every recording; one that cannot be used is named in a warning."""
    material, unusable = Material(), 0
    with opened_listener(engine, memory_mib) as listener:
        paths = [files[take.person][take.name] for take in takes]
        heard = listener.listen_and_measure(paths, lambda recording, spans: (recording, spans))
        for take, (path, found, sound) in zip(takes, tracked(heard, console, "listening", len(takes)), strict=True):
            if isinstance(found, InvalidInputError) or sound is None:
                unusable += 1
                detail = found.detail if isinstance(found, InvalidInputError) else "it could not be read"
                console.print(f"warning: {path} is left out: {detail}", highlight=False, markup=False)
            elif not material.add(take, *sound, found, engine):
                console.print(f"warning: {path} is left out: several voices", highlight=False, markup=False)
    return Heard(material, unusable)


def _make(engine: Engine, material: Material, held_out: float, out: Path) -> Made:
    """Fit a calibration on the shipped cohort, and write it.

    Raises:
        SelfTestFailedError: the engine does not give the new calibration's known answers.
    """
    shipped = load_calibration()
    sizes = [size for _, size in shipped.groups]
    fitted = {example.person for example in material.examples}
    tensors, figures = train(
        material.examples,
        shipped.cohorts,
        sizes,
        shipped.correlation,
        np.random.default_rng(_SEED),
        rounds=rounds_for(len(fitted)),
    )
    people = {
        "cohort": shipped.card["people"]["cohort"],
        "calibration": len(fitted),
        "held_out": len({kept.take.person for kept in material.kept}),
    }
    card = {
        "command": f"likeness calibrate --people-held-out {held_out:g}",
        "seed": _SEED,
        "data": {
            **material.digests(),
            "recordings": sum(material.used.values()),
            "examples": len(material.examples),
            "people": "an operator's own; the cohort is the shipped one",
        },
        "cohort_of": shipped.id,
        "groups": [name for name, _ in shipped.groups],
        "conditions": {f"{band} band": count for band, count in sorted(material.conditions.items())},
        "not_validated_for": list(NOT_VALIDATED_FOR),
        **figures,
        "people": people,
    }
    template = out / "calibration-{id}.safetensors"
    digest = write_artefact(template, tensors, card, engine.encoders, engine.segmenter)
    file = out / template.name.format(id=digest[:12])
    return Made(file, digest, load_calibration(file, digest))


def _report(engine: Engine, made: Made, heard: Heard, target_fpir: float) -> dict[str, Any]:
    """Search for the people held out with the active and with the new calibration, and compare."""
    new = Engine(
        engine.encoders,
        made.calibration,
        target_fpir=target_fpir,
        device=engine.identity.device,
        segmenter=engine.segmenter,
    )
    selftest.run(new)
    before, after = (_searches(one, heard.material.kept) for one in (engine, new))
    changes = compare(before, after)
    advice = advise(changes, made.calibration, target_fpir)
    return {
        "format": FORMAT,
        "calibration": {"id": made.calibration.id, "file": made.file.name, "sha256": made.sha256},
        "advice": {"activate": advice.activate, "reasons": [asdict(reason) for reason in advice.reasons]},
        "changes": [asdict(change) for change in changes],
        "left_out": {"unusable": heard.unusable, "several_voices": len(heard.material.several_voices)},
        "card": dict(made.calibration.card),
        "before": _evaluation(engine, before, target_fpir),
        "after": _evaluation(new, after, target_fpir),
    }


def _searches(engine: Engine, kept: Sequence[Kept]) -> list[SearchResult]:
    """Enrol the people held out who are no strangers, and search for everybody held out."""
    gallery = engine.new_gallery()
    for person, own in _enrolments(kept).items():
        gallery.add(person, [print_ for one in own for print_ in engine.prototypes(one.analysis, one.take.name)])
    enrolled, results = set(gallery.performers()), []
    for one in kept:
        person = one.take.person
        if person in enrolled and one.take.part is Part.ENROL:
            continue
        kind = SearchKind.MATED if person in enrolled else SearchKind.NON_MATED
        file = LabelledFile(Path(one.take.name), Path(), kind, person)
        search = Search(engine, gallery, file, one.analysis, Labels(band=one.band.value))
        results += search.results(Doubts())
    return results


def _enrolments(kept: Sequence[Kept]) -> dict[str, list[Kept]]:
    found: dict[str, list[Kept]] = {}
    for one in kept:
        if one.take.role is Role.ENROLLED and one.take.part is Part.ENROL:
            found.setdefault(one.take.person, []).append(one)
    return found


def _evaluation(engine: Engine, results: Sequence[SearchResult], target_fpir: float) -> dict[str, Any]:
    identity = engine.identity
    return {
        "engine": {"version": identity.version, "calibration": identity.calibration, "device": identity.device},
        "gallery": {"performers": int(results[0].log10_lr.size)},
        "target_fpir": target_fpir,
        **evaluate(results, np.random.default_rng(_SEED)),
    }


def _say(report: Mapping[str, Any], made: Made) -> None:
    """Print the comparison, the advice, and the two settings: after a warning as remarks, so that none is pasted."""
    words = CALIBRATION_WORDS[Language.EN]
    sheet = compared(report, words)
    print_table(sheet.headings, sheet.rows, title=sheet.title)
    advice = report["advice"]
    typer.echo(words["activate" if advice["activate"] else "do_not"])
    for reason in advice["reasons"]:
        typer.echo(f"- {reason['detail']}")
    mark = "" if advice["activate"] else "# "
    typer.echo(f"\n{mark}LIKENESS_CALIBRATION={shlex.quote(str(made.file.absolute()))}")
    typer.echo(f"{mark}LIKENESS_CALIBRATION_SHA256={made.sha256}")


def _exit_code(report: Mapping[str, Any]) -> int:
    if report["left_out"]["unusable"]:
        return SOME_FAILED
    return 0 if report["advice"]["activate"] else NOT_BETTER
