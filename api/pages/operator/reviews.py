"""The review queue: findings that wait for a person, one to a page, and what the person decides.

Whoever decides has what there is before them: the evidence and the licence beside each other, what was asked and
declined, what was found before. Two who decide at once are told apart: the second reads what the first decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.disputes.notice_steps import considered
from api.pages.disputes.trying import Failed, filled, sent, trying
from api.pages.disputes.wording import left, wording
from api.pages.forms import once
from api.pages.language import N_, _
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.studio.sources import source_called
from api.pages.uses import UseLine, lines_of
from api.pages.verdicts import heard_alike, wording_of_verdicts
from api.paging import PageQuery, cursor_after
from api.schemas.reviews import NewReview
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.approaches import ApproachOutcome
from registry.domain.ids import IdPrefix, is_id
from registry.domain.reviews import LEAVES, Exclusion, Harm, ReviewAction, harm_of
from registry.domain.rules.deadlines import deadline
from registry.domain.rules.notice_packs import notice_packs
from registry.services import approaches, checks, licences, reviews
from registry.services.people import names_of
from registry.store.checks import Finding
from registry.store.reviews import Review

_AT_ONCE = 50
_MOST_BEFORE = 10
_MOST_APPROACHES = 200

HARMS: Final[dict[Harm, str]] = {
    Harm.URGENT: N_("urgent: the performer had declined this studio"),
    Harm.GRAVE: N_("grave: heard without ever having agreed, or no longer"),
    Harm.BREACH: N_("an agreement was not kept to"),
    Harm.UNCLEAR: N_("it may be somebody else"),
}

ACTIONS: Final[dict[ReviewAction, str]] = {
    ReviewAction.ACCEPT_AS_LICENSED: N_("Accept it as licensed"),
    ReviewAction.ASK_FOR_FIX: N_("Ask the studio to mend it"),
    ReviewAction.ASK_FOR_PAYMENT: N_("Ask the studio to pay"),
    ReviewAction.OPEN_CASE: N_("Open a case"),
    ReviewAction.PREPARE_NOTICE: N_("Prepare a notice"),
    ReviewAction.ARCHIVE: N_("Archive it"),
}

ASKED: Final[dict[ApproachOutcome, str]] = {
    ApproachOutcome.DECLINED: N_("declined"),
    ApproachOutcome.UNANSWERED: N_("not answered"),
    ApproachOutcome.ACCEPTED: N_("accepted"),
    ApproachOutcome.RETRACTED: N_("noted by mistake"),
}

DECIDED: Final[dict[ReviewAction, str]] = {
    ReviewAction.ACCEPT_AS_LICENSED: N_("accepted as licensed"),
    ReviewAction.ASK_FOR_FIX: N_("asked for a fix"),
    ReviewAction.ASK_FOR_PAYMENT: N_("asked for payment"),
    ReviewAction.OPEN_CASE: N_("a case was opened"),
    ReviewAction.PREPARE_NOTICE: N_("a notice was prepared"),
    ReviewAction.ARCHIVE: N_("archived"),
}


def waits(finding: Finding) -> tuple[str, str, str]:
    """Answer of a finding how grave it is: in words, how it is marked, and until when a person should look at it.

    Of one that needs no person, that is said, and there is no time for it.
    """
    harm = harm_of(finding.verdict, finding.priority)
    if harm is None:
        return _("no person has to look at it"), "good", ""
    due_at = deadline(f"review.{harm.value}", finding.created_at).after(finding.created_at)
    mark = {Harm.URGENT: "grave", Harm.GRAVE: "grave", Harm.BREACH: "warn"}.get(harm, "plain")
    return _(HARMS[harm]), mark, left(due_at)


# --- the queue -------------------------------------------------------------------------------------------------------


@personal.get("/reviews")
@stands_for("GET /v1/review-queue")
def list_review_queue() -> Response:
    """Show findings that wait for a person: gravest first, and of these the oldest."""
    query = checked(PageQuery, limit=_AT_ONCE, cursor=request.args.get("cursor"))
    after = query.after(IdPrefix.FINDING)
    found = reviews.review_queue(context(), principal(), after=after, limit=query.limit + 1)
    shown = found[: query.limit]
    return page_of(
        "operator/reviews",
        found=shown,
        older=cursor_after(shown[-1].id) if len(found) > query.limit else None,
        waits=waits,
        recording_of=recording_of,
        names=names_of(
            context(),
            performers={each.performer_id for each in shown},
            organisations={each.organisation_id for each in shown},
        ),
        scripts=True,
        **wording_of_verdicts(),
    )


# --- one finding -----------------------------------------------------------------------------------------------------


@personal.get("/reviews/<id:finding_id>")
@stands_for(
    "POST /v1/findings/{finding_id}/reviews",
    "GET /v1/findings/{finding_id}",
    "GET /v1/findings/{finding_id}/reviews",
    "GET /v1/findings",
    "GET /v1/checks/{check_id}",
    "GET /v1/review-queue",
    "GET /v1/licences",
    "GET /v1/performers/{performer_id}/approaches",
    "GET /v1/notice-packs",
)
def show_review(finding_id: str) -> Response:
    """Show a finding with everything that a person needs to decide about it."""
    return _review_page(finding_id)


def _review_page(finding_id: str, failed: Failed | None = None) -> Response:
    principal().require(Scope.REVIEWS_WRITE)
    finding = checks.get_finding(context(), principal(), finding_id)
    decided = reviews.list_reviews(context(), principal(), finding_id)
    asked = approaches.list_approaches(context(), principal(), finding.performer_id, after=None, limit=_MOST_APPROACHES)
    before = checks.list_findings(
        context(),
        principal(),
        verdict=None,
        performer_id=finding.performer_id,
        after=None,
        limit=_MOST_BEFORE + 1,
    )
    following = reviews.review_queue(context(), principal(), after=finding_id, limit=1)
    of_two = _licences(finding)
    titles = {each.id: each.title for each in of_two}
    alike = _heard_alike(finding)
    names = names_of(
        context(),
        performers=[finding.performer_id, *alike],
        organisations=[finding.organisation_id, *(each.organisation_id for each in before)],
        accounts=[each.decided_by for each in decided],
    )
    came_from = request.args.get("before", "")
    return page_of(
        "operator/review",
        HTTPStatus.OK if failed is None else failed.status,
        failed=failed,
        finding=finding,
        use=_use(finding, titles),
        recording=recording_of(finding),
        recording_of=recording_of,
        waits=waits(finding),
        decided=list(reversed(decided)),
        stands=_stands(decided),
        asked=[each for each in asked if each.studio_id == finding.organisation_id],
        before=[each for each in before if each.id != finding_id][:_MOST_BEFORE],
        licences=of_two,
        titles=titles,
        alike=[names.get(each, each) for each in alike],
        following=following[0].id if following else None,
        preceding=came_from if is_id(came_from, IdPrefix.FINDING) else None,
        names=names,
        actions=ACTIONS,
        leaves={each.value for each in LEAVES},
        asked_words=ASKED,
        decided_words=DECIDED,
        exclusions=list(Exclusion),
        packs=notice_packs(),
        scripts=True,
        **wording(),
        **wording_of_verdicts(),
    )


def _use(finding: Finding, titles: Mapping[str, str]) -> list[UseLine]:
    """Answer the use as it was declared, or what the list of a scan says of it."""
    if finding.check is None:
        return list(_of_scan(finding))
    use = finding.check.use()
    return lines_of(use, titles, source_called(use.declared_source_id))


def _heard_alike(finding: Finding) -> list[str]:
    """Answer who else is supported in the same places of the recording, where the registry heard it itself."""
    if finding.check_id is None:
        return []
    return heard_alike(finding, checks.get_check(context(), principal(), finding.check_id).findings)


def _of_scan(finding: Finding) -> Iterator[UseLine]:
    """Yield what is known of the use of a recording that was scanned: as its list says, in its own words."""
    row = finding.scan_row
    for name, said in ((_("Project"), row and row.project), (_("Declared use"), row and row.declared_use)):
        if said:
            yield UseLine(name, said)


def recording_of(finding: Finding) -> tuple[str, str]:
    """Answer what a recording is called, and its digest."""
    if finding.scan_row is not None:
        return finding.scan_row.name, finding.scan_row.content_sha256
    if finding.check is None:
        raise AssertionError("a finding is of a check or of a scan: the database sees to it")
    return finding.check.filename or "", finding.check.content_sha256


def _stands(decided: Sequence[Review]) -> Review | None:
    """Answer the decision that none takes the place of, or None where nothing was decided."""
    replaced = {each.replaces_id for each in decided}
    return next((each for each in decided if each.id not in replaced), None)


def _licences(finding: Finding) -> Sequence[Any]:
    """Answer the licences of the two that were ever in force."""
    found = licences.list_licences_of_performer(context(), principal(), finding.performer_id)
    return [each for each in found if each.studio_id == finding.organisation_id and each.activated_at is not None]


@personal.post("/reviews/<id:finding_id>")
@stands_for("POST /v1/findings/{finding_id}/reviews")
@once
def review_finding(finding_id: str) -> Response:
    """Decide about a finding; lead to the case or the notice where one comes of it, and else back to the finding."""
    principal().require(Scope.REVIEWS_WRITE)
    checks.get_finding(context(), principal(), finding_id)

    def decide() -> Response:
        action = request.form.get("action", "")
        body = checked(
            NewReview,
            action=action,
            **sent("reason"),
            **filled("replaces_id"),
            considered=list(considered()),
            **(filled("licence_id") if action == ReviewAction.ACCEPT_AS_LICENSED else {}),
            **(filled("pack_id") if action == ReviewAction.PREPARE_NOTICE else {}),
            language=request.form.get("language", "en"),
        )
        review = reviews.review_finding(
            context(),
            principal(),
            finding_id,
            body.action,
            reason=body.reason,
            considered=[each.value() for each in body.considered],
            licence_id=body.licence_id,
            pack_id=body.pack_id,
            language=body.language,
            replaces_id=body.replaces_id,
        )
        return went_on(_led_to(review), done="drafted" if review.notice_id else "decided")

    return trying("decide", decide, lambda failed: _review_page(finding_id, failed))


def _led_to(review: Review) -> str:
    if review.notice_id is not None:
        return f"/notices/{review.notice_id}"
    return f"/reviews/{review.finding_id}" if review.case_id is None else f"/cases/{review.case_id}"
