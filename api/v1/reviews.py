"""Reviews: the queue of findings that wait for a person, and what the person decides."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response

from api.answers import created
from api.idempotency import idempotent
from api.paging import PageQuery, page, whole
from api.schemas.findings import FindingOut, FindingPath, PerformerName
from api.schemas.reviews import NewReview, ReviewOut, ReviewPage, WaitingOut, WaitingPage
from api.state import context, principal
from api.v1.people import shown_people
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.domain.reviews import Harm, harm_of
from registry.domain.rules.deadlines import deadline
from registry.services import reviews
from registry.store.checks import Finding

resource = new_resource("reviews", "Findings that wait for a person, and what the person decides.")


@resource.get("/review-queue", responses={200: WaitingPage})
def list_review_queue(query: PageQuery) -> Response:
    """List findings that wait for a person: gravest first, and of these the oldest. For operators."""
    after = query.after(IdPrefix.FINDING)
    found = reviews.review_queue(context(), principal(), after=after, limit=query.limit + 1)
    people = shown_people({finding.performer_id for finding in found})
    return page(found, query, WaitingPage, lambda finding: _waiting(finding, people))


@resource.post("/findings/<id:finding_id>/reviews", responses={201: ReviewOut})
@idempotent()
def review_finding(path: FindingPath, body: NewReview) -> Response:
    """Decide about a finding, as an operator, with the reason.

    Before a studio is asked for anything, or a case is opened, every exclusion has been considered and none applies.
    Where somebody has decided before, the answer says who and what; name that decision to take its place.
    """
    review = reviews.review_finding(
        context(),
        principal(),
        path.finding_id,
        body.action,
        reason=body.reason,
        considered=[each.value() for each in body.considered],
        licence_id=body.licence_id,
        pack_id=body.pack_id,
        language=body.language,
        replaces_id=body.replaces_id,
    )
    return created(ReviewOut.model_validate(review), f"/v1/findings/{review.finding_id}/reviews")


@resource.get("/findings/<id:finding_id>/reviews", responses={200: ReviewPage})
def list_reviews(path: FindingPath) -> Response:
    """List what was decided about a finding, by whom, and why: for both sides of it."""
    return whole(reviews.list_reviews(context(), principal(), path.finding_id), ReviewPage, ReviewOut.model_validate)


def _waiting(finding: Finding, people: Mapping[str, PerformerName]) -> WaitingOut:
    harm = harm_of(finding.verdict, finding.priority) or Harm.UNCLEAR
    due_at = deadline(f"review.{harm.value}", finding.created_at).after(finding.created_at)
    return WaitingOut(harm=harm, due_at=due_at, finding=FindingOut.of(finding, people, is_own=True))
