"""Where a performer appears, the weightiest first; evidence and licence beside each other, never mixed."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from api.pages.personal import page_about, performer_of, personal, stands_for
from api.pages.wording import OUTCOMES, VERDICTS, strength
from api.paging import PageQuery, cursor_after
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.approaches import Priority
from registry.domain.comparison import strength_word
from registry.domain.ids import IdPrefix
from registry.domain.verdicts import PERMITTED
from registry.errors import ForbiddenError
from registry.services import checks
from registry.store.checks import Finding

_AT_ONCE = 50
_OF_COMPARABLE = 1_000


@personal.get("/performers/<id:performer_id>/findings")
@stands_for("GET /v1/findings", "GET /v1/performers/{performer_id}")
def list_findings(performer_id: str) -> Response:
    """Show what was found of a performer: of the latest fifty, the weightiest first; then what is older."""
    performer = performer_of(performer_id)
    require_reading(performer_id)
    query = PageQuery(limit=_AT_ONCE, cursor=request.args.get("cursor"))
    found = checks.list_findings(
        context(),
        principal(),
        verdict=None,
        performer_id=performer_id,
        after=query.after(IdPrefix.FINDING),
        limit=query.limit + 1,
    )
    shown = list(found[: query.limit])
    return page_about(
        performer,
        "findings",
        found=sorted(shown, key=_weight, reverse=True),
        older=cursor_after(shown[-1].id) if len(found) > query.limit else None,
        **wording_of_findings(),
    )


def may_read(performer_id: str) -> bool:
    """Whether whoever is signed in may read what was found of a performer; a mandate may leave it out."""
    return Scope.FINDINGS_READ in principal().scopes and principal().may_act_for(performer_id, Scope.FINDINGS_READ)


def require_reading(performer_id: str) -> None:
    """Refuse to show an empty list to somebody whose mandate does not cover it: it would say that there is nothing.

    Raises:
        ForbiddenError: figure ``scope``.
    """
    if not may_read(performer_id):
        raise ForbiddenError("the mandate does not cover what was found", scope=Scope.FINDINGS_READ.value)


def _weight(finding: Finding) -> tuple[bool, bool, float]:
    """What a performer should see first: what they had declined before, what no licence covers, what is strongest."""
    return finding.priority is Priority.ESCALATED, finding.verdict not in PERMITTED, finding.log10_lr


def wording_of_findings() -> dict[str, Any]:
    """Answer what a template says findings with."""
    return {"outcome_words": OUTCOMES, "verdict_words": VERDICTS, "strength": _strength, "as_close": _as_close}


def _strength(finding: Finding) -> str:
    return strength(strength_word(finding.log10_lr), finding.log10_lr)


def _as_close(finding: Finding) -> int:
    """Answer how many of a thousand comparable voices are as close, by the finding's place in its cohort."""
    return round((100.0 - finding.cohort_percentile) / 100.0 * _OF_COMPARABLE)
