"""Findings, across checks and scans."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from api.answers import answer
from api.paging import page
from api.schemas.findings import FindingOut, FindingPage, FindingPath, FindingQuery, PerformerName
from api.state import context, principal
from api.v1.people import shown_people
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import checks
from registry.store.checks import Finding

resource = new_resource("findings", "One performer in one recording: evidence, and a verdict with its reasons.")


@resource.get("/findings", responses={200: FindingPage})
def list_findings(query: FindingQuery) -> Response:
    """List findings, newest first: of one's own checks and scans, about oneself, or all of them for an operator."""
    found = checks.list_findings(
        context(),
        principal(),
        verdict=query.verdict,
        performer_id=query.performer_id,
        priority=query.priority,
        scan_id=query.scan_id,
        after=query.after(IdPrefix.FINDING),
        limit=query.limit + 1,
    )
    people = shown_people({finding.performer_id for finding in found})
    return page(found, query, FindingPage, lambda finding: _out(finding, people))


@resource.get("/findings/<id:finding_id>", responses={200: FindingOut})
def get_finding(path: FindingPath) -> Response:
    """Answer one finding."""
    finding = checks.get_finding(context(), principal(), path.finding_id)
    return answer(_out(finding, shown_people({finding.performer_id})))


def _out(finding: Finding, people: Mapping[str, PerformerName]) -> FindingOut:
    return FindingOut.of(finding, people, is_own=principal().may_see_organisation(finding.organisation_id))
