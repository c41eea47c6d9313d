"""Comparisons of the voices in a case: asked for, seen to run, and read: in words, in tables, and drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.disputes.access import BOTH, REGISTRY, acting_in
from api.pages.disputes.drawn import plots_of
from api.pages.disputes.one_case import case_page, names_in
from api.pages.disputes.trying import sent, trying
from api.pages.disputes.wording import MOVING, wording, words
from api.pages.forms import once
from api.pages.language import N_, _, language, number
from api.pages.personal import page_of, personal, stands_for, went_on
from api.schemas.case_analyses import CohortBody, NewAnalysis
from api.state import context, principal
from registry.domain.cases import CaseSide
from registry.domain.comparison import Rank, Role, UnderCohort, verbal
from registry.interchange.comparisons import comparison_of
from registry.reports.analyses import ShownAnalysis, shown_analysis
from registry.reports.model import AnalysisPart, ReasonPart
from registry.reports.reason_words import sentence
from registry.services import case_analyses, case_cohorts, case_papers, cases
from registry.services.report_parts import moment, moment_or_none
from registry.store.case_analyses import CaseAnalysis

_ALL = "/cases/<id:case_id>/analyses"
_OPERATION = "/v1/cases/{case_id}/analyses"
_OF_COMPARABLE = 1_000

STATED: Final = ("language", "style", "channel")
"""What can be stated of the recordings of a voice."""

_ACOUSTICS: Final[Mapping[str, str]] = {
    "f0_hz": N_("Pitch, Hz"),
    "speech_rate_per_s": N_("Syllables a second"),
    "hnr_db": N_("Harmonics over noise, dB"),
    "cpp_db": N_("Smoothed cepstral peak, dB"),
    "vocal_tract_cm": N_("Apparent length of the vocal tract, cm"),
}


# --- asking ----------------------------------------------------------------------------------------------------------


@personal.post(_ALL)
@stands_for(f"POST {_OPERATION}")
@once
def ask_case_analysis(case_id: str) -> Response:
    """Ask for a comparison of the voices, as the registry; lead to where it is seen to run."""
    acting_in(case_id, REGISTRY)

    def ask() -> Response:
        body = checked(
            NewAnalysis,
            **sent("reason"),
            cohort=_cohort(),
            without_source="without_source" in request.form,
            without_alternatives=[
                side for side in CaseSide if side.value in request.form.getlist("without_alternatives")
            ],
            stated={role.value: filled_in for role in Role if any((filled_in := _stated(role)).values())} or None,
            said_to_hold=[line.strip() for line in request.form.get("said_to_hold", "").splitlines() if line.strip()],
        )
        asked = case_analyses.ask_analysis(context(), principal(), case_id, body.wish(), reason=body.reason)
        return went_on(f"/cases/{case_id}/analyses/{asked.id}")

    return trying("analysis", ask, lambda failed: case_page(case_id, failed))


def _stated(voice: Role) -> dict[str, str | None]:
    """Answer what a form states of the recordings of a voice."""
    return {name: request.form.get(f"{voice.value}-{name}", "").strip() or None for name in STATED}


def _cohort() -> dict[str, Any]:
    """Answer who else it might be, as the form says: an archive that was filed, or people of the registry."""
    form = request.form
    paper_id = form.get("cohort_paper_id", "").strip()
    if paper_id:
        return {"paper_id": paper_id, "criteria": form.get("criteria", "").strip() or None}
    among = {name: form.get(name, "").strip() or None for name in ("language", "sex", "age_band", "accent")}
    return {"among": among}


@personal.post("/cases/<id:case_id>/cohorts")
@stands_for("POST /v1/cases/{case_id}/cohorts")
@once
def propose_case_cohort(case_id: str) -> Response:
    """Propose another cohort, as a side: every analysis runs under it as well."""
    acting_in(case_id, BOTH)

    def propose() -> Response:
        case_cohorts.propose_cohort(context(), principal(), case_id, checked(CohortBody, **_cohort()).value())
        return went_on(f"/cases/{case_id}", done="cohort")

    return trying("cohort", propose, lambda failed: case_page(case_id, failed))


# --- reading ---------------------------------------------------------------------------------------------------------


@personal.get(f"{_ALL}/<id:analysis_id>")
@stands_for(f"GET {_OPERATION}/{{analysis_id}}", "GET /v1/cases/{case_id}")
def show_case_analysis(case_id: str, analysis_id: str) -> Response:
    """Show an analysis: how far it is, or what was found. Then that it was read is on record."""
    analysis, readings = case_analyses.read_analysis(context(), principal(), case_id, analysis_id)
    case = cases.get_case(context(), principal(), case_id)
    waiting = analysis.state in MOVING
    return page_of(
        "disputes/analysis",
        case=case,
        analysis=analysis,
        waiting=waiting,
        readings=readings,
        names=names_in(case, [analysis.asked_by, *(each.account_id for each in readings)]),
        scripts=True,
        papers={paper.id: paper.title for paper in case_papers.list_papers(context(), principal(), case_id)},
        file=f"/v1/cases/{case_id}/analyses/{analysis_id}/comparison",
        **_found(analysis),
        **wording(),
    )


def _found(analysis: CaseAnalysis) -> dict[str, Any]:
    """Answer what was found, as the page tells it; of one that is not done, or that cannot be read, nothing."""
    if analysis.content is None:
        return {"shown": None, "failure": _failure(analysis)}
    document: dict[str, Any] = json.loads(analysis.content)
    shown = shown_analysis(_part(analysis, document), words())
    if shown.reading is None:
        return {"shown": None, "failure": None}
    comparison = comparison_of(document)
    return {
        "shown": shown,
        "failure": None,
        "reasons": [sentence(each, words()) for each in _reasons(shown, "reasons")],
        "would_change": [sentence(each, words()) for each in _reasons(shown, "would_change")],
        "standings": list(_standings(comparison.cohorts)),
        "plots": list(plots_of(comparison, document, words())),
        "not_drawn": [each for each in shown.plots if each.missing],
        "acoustics": list(_acoustics(document.get("acoustics", {}).get("voices", {}))),
        "acoustic_roles": [role for role in Role if role.value in document.get("acoustics", {}).get("voices", {})],
    }


def _failure(analysis: CaseAnalysis) -> object:
    if analysis.failure is None:
        return None
    return sentence(ReasonPart(**analysis.failure), words())  # type: ignore[arg-type]  # as the database keeps it


def _part(analysis: CaseAnalysis, document: dict[str, Any]) -> AnalysisPart:
    return AnalysisPart(
        id=analysis.id,
        number=analysis.number,
        state=analysis.state.value,
        reason=analysis.reason,
        cohort_criteria=analysis.cohort_criteria,
        asked_at=moment(analysis.asked_at),
        ended_at=moment_or_none(analysis.ended_at),
        conclusion=analysis.conclusion,
        comparison_sha256=analysis.content_sha256,
        comparison=document,
        failure=None,
    )


def _reasons(shown: ShownAnalysis, which: str) -> list[ReasonPart]:
    reading: Any = shown.reading
    return list(reading[which])


def _standings(cohorts: Sequence[UnderCohort]) -> Iterator[tuple[str, str, str]]:
    """Yield of the performer and the source who it is, how strongly in words, and the rank.

    Strengths are those under the stated cohort. So is the rank, where enough people are in it to tell one; else it is
    that among the calibration's own population, which no side chose.
    """
    if not cohorts:
        return
    stated, reference = cohorts[0], cohorts[-1]
    for who, likeness, among_all in (
        (_("The performer (P)"), stated.performer, reference.performer),
        (_("The declared source (S)"), stated.source, reference.source),
    ):
        if likeness is not None:
            among = None if among_all is None else among_all.rank
            yield who, verbal(likeness.strength.log10_lr, language()), _ranked(likeness.rank or among)


def _ranked(rank: Rank | None) -> str:
    if rank is None or not rank.voices:
        return _("Too few people are in this cohort for a rank to be told.")
    share = _OF_COMPARABLE / rank.voices
    low, high = rank.interval
    if round(rank.at_least_as_close * share) == 0:
        few = _(
            "Of 1,000 comparable voices, fewer than one is at least as close (95%% interval: 0 to %(high)s); told by "
            "%(voices)s voices."
        )
        return few % {"high": number(high * share), "voices": number(rank.voices)}
    figures = {
        "count": number(rank.at_least_as_close * share),
        "low": number(low * share),
        "high": number(high * share),
        "voices": number(rank.voices),
    }
    return (
        _(
            "Of 1,000 comparable voices, about %(count)s are at least as close (95%% interval: %(low)s to %(high)s); "
            "told by %(voices)s voices."
        )
        % figures
    )


def _acoustics(voices: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Answer what the voices are like, figure by figure: quartiles, or why there are none."""
    roles = [role for role in Role if role.value in voices]
    for figure, title in _ACOUSTICS.items():
        yield _(title), [_quartiles(voices[role.value].get(figure)) for role in roles]


def _quartiles(found: Mapping[str, Any] | None) -> str:
    if found is None or found.get("quartiles") is None:
        return "–"
    low, middle, high = found["quartiles"]
    return f"{number(low, 1)} · {number(middle, 1)} · {number(high, 1)} ({number(found['count'])})"
