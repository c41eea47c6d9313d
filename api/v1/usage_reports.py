"""Usage reports."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import PageQuery, page
from api.schemas.usage_reports import NewUsageReport, ReportPath, UsageReportOut, UsageReportPage
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import usage_reports

resource = new_resource("usage reports", "What studios say they used; what checks have not counted is posted.")


@resource.post("/usage-reports", responses={201: UsageReportOut})
@idempotent()
def report_usage(body: NewUsageReport) -> Response:
    """Report what was used on days that are over. Said again, it is the same report, and nothing is posted twice."""
    report = usage_reports.report_usage(
        context(),
        principal(),
        studio_id=body.studio_id,
        period=body.period(),
        items=[item.value() for item in body.items],
        note=body.note,
        amends_id=body.amends_id,
    )
    return created(UsageReportOut.of(report), f"/v1/usage-reports/{report.id}")


@resource.get("/usage-reports", responses={200: UsageReportPage})
def list_usage_reports(query: PageQuery) -> Response:
    """List the reports of one's own studio, or all of them for an operator, oldest first."""
    after = query.after(IdPrefix.USAGE_REPORT)
    found = usage_reports.list_reports(context(), principal(), after=after, limit=query.limit + 1)
    return page(found, query, UsageReportPage, UsageReportOut.of)


@resource.get("/usage-reports/<id:report_id>", responses={200: UsageReportOut})
def get_usage_report(path: ReportPath) -> Response:
    """Answer one report."""
    return answer(UsageReportOut.of(usage_reports.get_report(context(), principal(), path.report_id)))
