"""Where an operator begins: what waits for a person, each by how grave it is and how long it may wait."""

from __future__ import annotations

from flask import Response

from api.pages.disputes.wording import wording
from api.pages.operator.reviews import recording_of, waits
from api.pages.operator.words import PROPOSALS
from api.pages.personal import page_of
from api.pages.verdicts import wording_of_verdicts
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.cases import CaseSide
from registry.domain.notices import NoticeState
from registry.domain.proposals import ProposalState
from registry.services import cases, notices, proposals, reviews
from registry.services.people import names_of

_FIRST = 5
"""Of each kind; the page of the kind has all of them."""


def home() -> Response:
    """Show the first of everything that waits for an operator, in as many statements however much that is."""
    may = principal().scopes
    most = _FIRST + 1
    queue = reviews.review_queue(context(), principal(), after=None, limit=most) if Scope.REVIEWS_WRITE in may else []
    turn = cases.list_cases(context(), principal(), state=None, waits_for=CaseSide.REGISTRY, after=None, limit=most)
    to_review = notices.list_notices(context(), principal(), state=NoticeState.COMPLETE, after=None, limit=most)
    proposed = proposals.list_proposals(context(), principal(), state=ProposalState.PROPOSED, after=None, limit=most)
    now = context().clock()
    open_ones = [each for each in proposed if each.value().state_at(now) is ProposalState.PROPOSED]
    written = [each.notice for each in to_review]
    return page_of(
        "operator/home",
        first=_FIRST,
        queue=queue,
        cases=turn,
        notices=written,
        proposals=open_ones,
        waits=waits,
        recording_of=recording_of,
        kind_words=PROPOSALS,
        me=principal().account_id,
        names=names_of(
            context(),
            performers={each.performer_id for each in queue}
            | {each.performer_id for each in turn}
            | {each.performer_id for each in written},
            organisations={each.organisation_id for each in queue}
            | {each.studio_id for each in turn}
            | {each.studio_id for each in written},
            accounts={each.proposed_by for each in open_ones},
        ),
        **wording(),
        **wording_of_verdicts(),
    )
