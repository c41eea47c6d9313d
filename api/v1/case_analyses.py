"""The three-way test inside a case: asking for it, reading it, and the cohorts that sides propose."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from api.answers import answer, created, file
from api.document import answers_only
from api.idempotency import idempotent
from api.schemas.case_analyses import (
    AnalysisOut,
    AnalysisPage,
    AnalysisPath,
    AnalysisReadOut,
    CohortBody,
    NewAnalysis,
    ProposedCohortOut,
    ProposedCohortPage,
)
from api.schemas.cases import CasePath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.errors import NotFoundError
from registry.services import case_analyses, case_cohorts

_MEDIA_TYPE = "application/octet-stream"

resource = new_resource("case analyses", "What the recordings of a case support, for either side and against either.")


@resource.post("/cases/<id:case_id>/analyses", responses={202: AnalysisOut})
@idempotent()
def ask_case_analysis(path: CasePath, body: NewAnalysis) -> Response:
    """Ask for a comparison of the voices in a case, as the registry, while the case is analysed.

    A worker makes it; `Location` says where to look. Both sides read it from the moment that it is done.
    """
    asked = case_analyses.ask_analysis(context(), principal(), path.case_id, body.wish(), reason=body.reason)
    location = f"/v1/cases/{asked.case_id}/analyses/{asked.id}"
    return answer(AnalysisOut.of(asked), HTTPStatus.ACCEPTED, location=location)


@resource.get("/cases/<id:case_id>/analyses", responses={200: AnalysisPage})
def list_case_analyses(path: CasePath) -> Response:
    """List every analysis of a case, oldest first: how far it is, and what it concludes."""
    found = case_analyses.list_analyses(context(), principal(), path.case_id)
    return answer(AnalysisPage(items=[AnalysisOut.of(each) for each in found], next_cursor=None))


@resource.get("/cases/<id:case_id>/analyses/<id:analysis_id>", responses={200: AnalysisReadOut})
def read_case_analysis(path: AnalysisPath) -> Response:
    """Answer one analysis, with what was found once it is done: then that you have read it is on record."""
    found, readings = case_analyses.read_analysis(context(), principal(), path.case_id, path.analysis_id)
    return answer(AnalysisReadOut.with_content(found, readings))


@resource.get("/cases/<id:case_id>/analyses/<id:analysis_id>/comparison")
@answers_only(_MEDIA_TYPE)
def read_case_comparison(path: AnalysisPath) -> Response:
    """Answer the file of a comparison, byte for byte, as `likeness compare` writes it and computes it again."""
    found, _ = case_analyses.read_analysis(context(), principal(), path.case_id, path.analysis_id)
    if found.content is None:
        raise NotFoundError("this analysis is not done")
    return file(found.content, _MEDIA_TYPE, f"{found.id}.json")


@resource.post("/cases/<id:case_id>/cohorts", responses={201: ProposedCohortOut})
@idempotent()
def propose_case_cohort(path: CasePath, body: CohortBody) -> Response:
    """Propose, as a side, another cohort than the registry's: one, under which every analysis runs as well."""
    proposed = case_cohorts.propose_cohort(context(), principal(), path.case_id, body.value())
    return created(ProposedCohortOut.of(proposed), f"/v1/cases/{proposed.case_id}/cohorts")


@resource.get("/cases/<id:case_id>/cohorts", responses={200: ProposedCohortPage})
def list_case_cohorts(path: CasePath) -> Response:
    """List the cohorts that sides have proposed."""
    found = case_cohorts.list_cohorts(context(), principal(), path.case_id)
    return answer(ProposedCohortPage(items=[ProposedCohortOut.of(each) for each in found], next_cursor=None))
