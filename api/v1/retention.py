"""Retention."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.paging import page
from api.schemas.retention import CertificateOut, CertificatePage, CertificateQuery, ScheduleOut, ScheduleQuery
from api.state import context
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.domain.retention import SCHEDULE, SCHEDULE_VERSION, rule_facts, schedule_sha256
from registry.services import purge

resource = new_resource("retention", "What is kept, for how long, and proof of what was destroyed.", public=True)


@resource.get("/retention-schedule", responses={200: ScheduleOut})
def get_retention_schedule(query: ScheduleQuery) -> Response:
    """Say what is kept, what for, for how long, and who destroys it; no token is needed."""
    rules = [rule_facts(rule, query.language.value) for rule in SCHEDULE]
    told = {"version": SCHEDULE_VERSION, "sha256": schedule_sha256(), "rules": rules}
    return answer(ScheduleOut.model_validate(told))


@resource.get("/destruction-certificates", responses={200: CertificatePage})
def list_destruction_certificates(query: CertificateQuery) -> Response:
    """List the certificates of what was destroyed, oldest first unless asked otherwise; no token is needed."""
    found = purge.list_certificates(
        context(),
        rule=query.rule,
        newest_first=query.newest_first,
        after=query.after(IdPrefix.DESTRUCTION_CERTIFICATE),
        limit=query.limit + 1,
    )
    return page(found, query, CertificatePage, CertificateOut.of)
