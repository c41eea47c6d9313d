"""Where a studio begins: what waits for it, what is under way, and what was found last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from flask import Response

from api.pages.language import language
from api.pages.personal import page_of
from api.pages.verdicts import wording_of_verdicts
from api.pages.wording import APPROVAL_STATES, CASE_STATES, LICENCE_STATES
from api.state import context, principal
from api.v1.people import shown_people
from registry.domain.accounts import Role
from registry.domain.approvals import ApprovalState
from registry.domain.cases import CaseSide
from registry.domain.checks import CheckState
from registry.domain.notices import NoticeState
from registry.domain.rules.notice_packs import notice_pack
from registry.services import approvals, cases, checks, notices, people, waiting
from registry.services.notices import ShownNotice
from registry.store.cases import Case
from registry.store.licences import Licence

_MOST: Final = 5
_LOOKED_AT: Final = 50


def home() -> Response:
    """Show a studio what waits for it: offers to sign, answers to act on, cases where it may speak; and its checks."""
    found = checks.list_checks(context(), principal(), after=None, limit=_LOOKED_AT)
    done = [each for each in found if each.state is not CheckState.QUEUED][:_MOST]
    offered = _offered()
    answered = approvals.list_approvals(context(), principal(), state=ApprovalState.APPROVED, after=None, limit=_MOST)
    now = context().clock()
    return page_of(
        "studio/home",
        organisation=_organisation(),
        under_way=[each for each in found if each.state is CheckState.QUEUED],
        latest=done,
        offered=offered,
        answered=[each for each in answered if each.value().state_at(now) is ApprovalState.APPROVED],
        cases=_cases(),
        served=[each.notice for each in _served()],
        title_of=lambda notice: notice_pack(notice.pack_id).title.in_language(language()),
        people=shown_people({finding.performer_id for check in done for finding in check.findings}),
        names=people.parties_named(
            context(), principal(), {each.performer_id for each in offered} | {each.performer_id for each in answered}
        ),
        is_admin=principal().role is Role.STUDIO_ADMIN,
        licence_states=LICENCE_STATES,
        approval_states=APPROVAL_STATES,
        case_states=CASE_STATES,
        **wording_of_verdicts(),
    )


def _organisation() -> str:
    own = principal().organisation_id or ""
    return people.organisations_named(context(), {own}).get(own, "")


def _offered() -> list[Licence]:
    """Answer the licences of which a version waits for the studio's signature, those in force too."""
    return list(waiting.offers_to_sign(context(), principal(), limit=_MOST))


def _served() -> Sequence[ShownNotice]:
    """Answer the notices in the studio's cases that were served and not answered."""
    return notices.list_notices(context(), principal(), state=NoticeState.SERVED, after=None, limit=_MOST)


def _cases() -> Sequence[Case]:
    """Answer the cases that wait for the studio to say something."""
    return cases.list_cases(context(), principal(), state=None, waits_for=CaseSide.RESPONDENT, after=None, limit=_MOST)
