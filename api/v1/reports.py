"""Reports: everything on record about a case or a check, signed, and as pages that people read."""

from __future__ import annotations

from flask import Response, request

from api.document import also_answers
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.cases import CasePath
from api.schemas.checks import CheckPath
from api.schemas.reports import HTML, MEDIA_TYPES, PDF, ReportFormat, ReportOut, ReportQuery
from api.state import context, principal
from api.v1.resource import new_resource
from registry.reports.envelope import JOSE_JSON, SignedReport
from registry.reports.pages import page_of
from registry.reports.pdf import pdf_of
from registry.services.case_reports import issue_case_report
from registry.services.check_reports import issue_check_report
from registry.vault.signing import canonical

resource = new_resource("reports", "Everything on record about a case or a check, signed, and as pages.")

_ALSO = (JOSE_JSON, HTML, PDF)


@resource.get("/cases/<id:case_id>/report", responses={200: ReportOut})
@also_answers(*_ALSO)
@spends(Budget.REPORTS)
def get_case_report(path: CasePath, query: ReportQuery) -> Response:
    """Answer the report about a case: signed JSON, or the same as HTML or PDF, by `Accept`.

    Both sides get the same bytes. It holds what both have stated: that you have read that is on record, as with papers,
    and so is that this report was issued to you.
    """
    return _answer(issue_case_report(context(), principal(), path.case_id), query)


@resource.get("/checks/<id:check_id>/report", responses={200: ReportOut})
@also_answers(*_ALSO)
@spends(Budget.REPORTS)
def get_check_report(path: CheckPath, query: ReportQuery) -> Response:
    """Answer the report about a check: signed JSON, or the same as HTML or PDF, by `Accept`. It is on record, once."""
    return _answer(issue_check_report(context(), principal(), path.check_id), query)


def _answer(signed: SignedReport, query: ReportQuery) -> Response:
    wanted = query.format or _accepted()
    name = f"{signed.proof.report_id}-{query.language.value}"
    if wanted is ReportFormat.HTML:
        page = page_of(signed, query.language)
        response = Response(page.html, mimetype=HTML)
        response.headers["Content-Security-Policy"] = f"{page.policy}; frame-ancestors 'none'; sandbox"
    elif wanted is ReportFormat.PDF:
        response = Response(pdf_of(signed, query.language), mimetype=PDF)
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    else:
        held = signed.as_jose_json() if wanted is ReportFormat.JOSE else signed.as_json()
        response = Response(canonical(held), mimetype=MEDIA_TYPES[wanted])
    response.vary.add("Accept")
    # weak: of one report, each who asks gets a proof of their own, and a newer checkpoint
    tag = f"{signed.proof.details['report_sha256']}-{wanted.value}-{query.language.value}"
    response.set_etag(tag, weak=True)
    response.make_conditional(request)
    return response


def _accepted() -> ReportFormat:
    """Answer the form that the request likes best; JSON where it likes none of ours, which RFC 9110 leaves to us."""
    best = request.accept_mimetypes.best_match(list(MEDIA_TYPES.values()), default=MEDIA_TYPES[ReportFormat.JSON])
    return next(each for each, media_type in MEDIA_TYPES.items() if media_type == best)
