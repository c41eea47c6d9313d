"""``likeness case``: comparing the voices in a case, and the cohort that each side may propose."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

from typer import Argument, BadParameter, Exit, Option, Typer, echo

from registry.cli.asking import Asked, asked, moment, write_new
from registry.cli.options import AsJson, CaFile, Registry, TokenFile, one_line
from registry.cli.output import print_facts, print_json, remark

CaseId = Annotated[str, Argument(metavar="CASE_ID")]
AnalysisId = Annotated[str, Argument(metavar="ANALYSIS_ID")]
CohortPaper = Annotated[
    str | None,
    Option("--cohort", metavar="PAPER_ID", help="A zip that was filed in the case: one folder for each person."),
]
Criteria = Annotated[
    str | None, Option(parser=one_line, metavar="TEXT", help="By what the people of the zip were chosen, in a line.")
]

_DESCRIBED: Final = ("language", "sex", "age_band", "accent")
_VOICES: Final = ("questioned", "performer", "source")
_STATED: Final = ("language", "style", "channel")
_FINISHED: Final = ("done", "failed")
_LOOK_S: Final = 1.0
_FAILED: Final = 4
_SHOWN: Final = ("id", "number", "state", "reason", "cohort_criteria", "asked_at", "ended_at", "conclusion")


def add_to(app: Typer) -> None:
    """Add the commands about analyses to the group of cases."""
    app.command()(analyse)
    app.command()(analysis)
    app.command()(cohort)


def _described(text: str) -> tuple[str, str]:
    name, separator, said = text.partition("=")
    if name not in _DESCRIBED or not separator or not said:
        raise BadParameter(f"it is NAME=WHAT, where NAME is one of {', '.join(_DESCRIBED)}")
    return name, said


def _stated(text: str) -> tuple[str, str, str]:
    where, separator, said = one_line(text).partition("=")
    voice, _, figure = where.partition(":")
    if voice not in _VOICES or figure not in _STATED or not separator or not said:
        raise BadParameter(
            f"it is VOICE:FIGURE=VALUE, of {', '.join(_VOICES)}, and where FIGURE is one of {', '.join(_STATED)}"
        )
    return voice, figure, said


def _by_voice(stated: Sequence[tuple[str, str, str]]) -> Mapping[str, Mapping[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for voice, figure, said in stated:
        found.setdefault(voice, {})[figure] = said
    return found


Among = Annotated[
    list[Any] | None,
    Option(
        parser=_described,
        metavar="NAME=WHAT",
        help="Of the people of the registry who agreed to it, which: language=en, sex=female, … May be repeated.",
    ),
]
All = Annotated[bool, Option("--among-all", help="All people of the registry who agreed to it.")]


def _cohort(paper: str | None, criteria: str | None, among: Sequence[tuple[str, str]], *, everybody: bool) -> Any:
    """Answer a cohort as it is sent: recordings that were filed, or people of the registry."""
    registered = bool(among) or everybody
    if (paper is None) is not registered:
        raise BadParameter("say who else it might be: --cohort PAPER_ID, or --among, or --among-all")
    if registered:
        return {"among": dict(among)}
    if criteria is None:
        raise BadParameter("say with --criteria by what the people of the zip were chosen")
    return {"paper_id": paper, "criteria": criteria}


def analyse(
    case_id: CaseId,
    *,
    reason: Annotated[str, Option(metavar="TEXT", help="Why; both sides read it.")],
    cohort: CohortPaper = None,
    criteria: Criteria = None,
    among: Among = None,
    among_all: All = False,
    without_source: Annotated[bool, Option("--without-source", help="Compare as if nobody were declared.")] = False,
    holds: Annotated[
        list[str] | None, Option(metavar="WHAT", help="What the recordings are known to hold, such as singing.")
    ] = None,
    stated: Annotated[
        list[Any] | None,
        Option(
            parser=_stated,
            metavar="VOICE:FIGURE=VALUE",
            help="What is known of a voice's recordings: performer:language=Korean, questioned:channel=telephone.",
        ),
    ] = None,
    wait: Annotated[float, Option(min=0, max=3600, metavar="SECONDS", help="How long to wait for it.")] = 0,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Have the voices of a case compared, as an operator, and print the analysis's id. A worker makes it.

    Everything that was filed as a recording of a voice is heard, and the voiceprints of who is enrolled. Exit code 4:
    it was waited for, and came to nothing.
    """
    body = {
        "reason": reason,
        "cohort": _cohort(cohort, criteria, among or (), everybody=among_all),
        "without_source": without_source,
        "said_to_hold": holds or [],
        "stated": _by_voice(stated or ()),
    }
    with asked(registry, token_file, ca_file) as there:
        made = there.change(f"/v1/cases/{case_id}/analyses", body)
        found = _waited(there, f"/v1/cases/{case_id}/analyses", made, wait)
    remark(_in_words(found))
    echo(made.get("id"))
    if found.get("state") == "failed":
        raise Exit(_FAILED)


def _waited(there: Asked, path: str, made: Mapping[str, Any], wait_s: float) -> Mapping[str, Any]:
    """Answer an analysis once it is finished, or the time is over. The list is read, for reading one is on record."""
    until, found = time.monotonic() + wait_s, made
    while found.get("state") not in _FINISHED and time.monotonic() < until:
        time.sleep(min(_LOOK_S, wait_s))
        found = next((each for each in there.whole(path) if each.get("id") == made.get("id")), made)
    return found


def _in_words(found: Mapping[str, Any]) -> str:
    failure = found.get("failure")
    if isinstance(failure, dict):
        return f"analysis {found.get('number')} failed: {failure.get('detail')}"
    said = found.get("conclusion") or found.get("state")
    return f"analysis {found.get('number')}: {said}"


def analysis(
    case_id: CaseId,
    analysis_id: AnalysisId,
    *,
    out: Annotated[
        Path | None, Option(metavar="FILE", help="Where the comparison is written; what is there is never replaced.")
    ] = None,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
    as_json: AsJson = False,
) -> None:
    """Read what an analysis found: the first time that you do is on record.

    `likeness compare --recompute FILE` makes it again.
    """
    path = f"/v1/cases/{case_id}/analyses/{analysis_id}"
    with asked(registry, token_file, ca_file) as there:
        found = there.record(path)
        if out is not None and found.get("comparison") is not None:
            write_new(out, there.content(f"{path}/comparison"))
    if as_json:
        print_json(found)
        return
    facts = {name: moment(found.get(name)) if name.endswith("_at") else found.get(name) for name in _SHOWN}
    print_facts(facts | {"failure": (found.get("failure") or {}).get("detail")})
    reading = (found.get("comparison") or {}).get("reading") or {}
    for why in reading.get("reasons", ()):
        echo(f"  – {why.get('detail')}")


def cohort(
    case_id: CaseId,
    *,
    cohort: CohortPaper = None,
    criteria: Criteria = None,
    among: Among = None,
    among_all: All = False,
    registry: Registry,
    token_file: TokenFile = None,
    ca_file: CaFile = None,
) -> None:
    """Propose, as a side, another cohort than the registry's: one, under which every analysis runs as well."""
    body = _cohort(cohort, criteria, among or (), everybody=among_all)
    with asked(registry, token_file, ca_file) as there:
        made = there.change(f"/v1/cases/{case_id}/cohorts", body)
    remark(f"the {made.get('side')} proposes: {made.get('criteria')}")
    echo(made.get("id"))
