"""Approvals of exact words: asking a performer for one, and what they have answered."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import named_wrong, told
from api.pages.studio.declared import LABELS as USE_LABELS
from api.pages.studio.declared import UNIT, own_licences, typed_of
from api.pages.studio.licence_forms import minor_of
from api.pages.studio.refusals import REFUSALS
from api.pages.uses import BEYOND, KINDS, lines_of, territories, wording_of_uses
from api.pages.wording import APPROVAL_STATES
from api.pages.zones import DAY_IN, given_day_end
from api.rate_limits import of_app
from api.rates import Budget
from api.schemas.approvals import DEFAULT_DAYS, ApprovalOut, ApprovalQuery, NewApproval
from api.state import context, principal
from registry.domain.accounts import Role, Scope
from registry.domain.ids import IdPrefix
from registry.domain.uses import DeclaredUse, Medium, UsageUnit, UseMode, UsePurpose
from registry.domain.uses_document import use_of_json
from registry.errors import ForbiddenError, RegistryError
from registry.services import approvals, people
from registry.store.approvals import Approval

APPROVALS: Final = "/approvals"

LABELS: Final[Mapping[str, str]] = {
    "copy_text": N_("The exact words"),
    **USE_LABELS,
    "fee_minor": N_("Fee for this use"),
    "currency": N_("Currency"),
    "expires_at": N_("Last day for an answer"),
    "local_time": N_("Last day for an answer"),
    "note": N_("Remark for the performer"),
}
"""What the parts of the form are called, by the name of the API's member or of an error's figure."""


@personal.get(APPROVALS)
@stands_for("GET /v1/approvals")
def show_approvals() -> Response:
    """Show what was asked, newest first, and what was answered."""
    query = asked(ApprovalQuery)
    found = approvals.list_approvals(
        context(), principal(), state=query.state, after=query.after(IdPrefix.APPROVAL), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    return page_of(
        "studio/approvals",
        items=[_shown(each) for each in items],
        cursor=cursor,
        state=query.state,
        states=APPROVAL_STATES,
        names=people.parties_named(context(), principal(), {each.performer_id for each in items}),
        may_ask=_may_ask(),
        **wording_of_uses(),
    )


def _shown(approval: Approval) -> ApprovalOut:
    return ApprovalOut.of(approval, context().clock())


def _may_ask() -> bool:
    return principal().role in {Role.STUDIO_MEMBER, Role.STUDIO_ADMIN} and Scope.CLEARANCES_WRITE in principal().scopes


@personal.get(f"{APPROVALS}/new")
@stands_for("POST /v1/approvals")
def show_new_approval() -> Response:
    """Show the form by which a performer is asked for one exact copy."""
    _require_may_ask()
    return _form(_filled_in(request.args))


def _filled_in(said: Mapping[str, str]) -> dict[str, str]:
    """Answer what an address fills in; of amounts, which it has by their units, the one that the form has room for."""
    amounts = [(unit.value, said[f"{UNIT}{unit.value}"]) for unit in UsageUnit if said.get(f"{UNIT}{unit.value}")]
    of_form = dict(zip(("unit", "amount"), amounts[0], strict=True)) if amounts else {}
    return {**said, **of_form}


def _require_may_ask() -> None:
    principal().require(Scope.CLEARANCES_WRITE)
    if not _may_ask():
        raise ForbiddenError("only a studio asks for approvals", role=principal().role.value)


def _form(typed: Mapping[str, str], error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    known = people.choices_named(context(), principal(), typed.get("performer_id", ""))
    in_force = own_licences()
    return page_of(
        "studio/approval_new",
        status,
        typed=typed,
        problem=problem,
        wrong=named_wrong(error, LABELS),
        known=known,
        licences={each.id: f"{known.get(each.performer_id, each.performer_id)} · {each.title}" for each in in_force},
        nothing_yet=error is None and not in_force and Scope.LICENCES_READ in principal().scopes,
        most_known=people.MOST_PARTNERS,
        kinds=KINDS,
        purposes=list(UsePurpose),
        media=list(Medium),
        modes=list(UseMode),
        usage_units=list(UsageUnit),
        places=territories(),
        beyond=BEYOND,
        default_days=DEFAULT_DAYS,
        **wording_of_uses(),
    )


@personal.post(f"{APPROVALS}/new")
@stands_for("POST /v1/approvals")
@once
def request_approval() -> Response:
    """Ask a performer to approve the exact copy of one use."""
    _require_may_ask()
    of_app().spend(Budget.CLEARANCES, principal().organisation_id or principal().account_id)
    try:
        body = checked(NewApproval, **_sent())
        approval = approvals.request_approval(context(), principal(), body.wanted(), body.offer(context().clock()))
    except RegistryError as error:
        return _form(request.form, error)
    return went_on(f"{APPROVALS}/{approval.id}", done="asked")


def _sent() -> dict[str, Any]:
    """Answer the body of the API that a form stands for; the words are named by the digest of just these bytes."""
    form = request.form
    text = form.get("copy_text", "").replace("\r\n", "\n").strip()
    currency, fee = form.get("currency", "").strip().upper() or None, form.get("fee", "").strip()
    return {
        "performer_id": form.get("performer_id", "").strip(),
        "use": {
            **{name: form.get(name, "") for name in ("kind", "purpose", "project", "medium", "territory")},
            **{name: form.get(name, "").strip() or None for name in ("language", "use_mode")},
            "quantities": [{"unit": form.get("unit", ""), "amount": form["amount"]}] if form.get("amount") else [],
            "copy_sha256": sha256(text.encode()).hexdigest() if text else form.get("copy_sha256", "").strip() or None,
            "ai_disclosed": {"yes": True, "no": False}.get(form.get("ai_disclosed", "")),
            "claimed_licence_ids": [each for each in form.getlist("claimed_licence_ids") if each],
        },
        "beyond": form.getlist("beyond"),
        "copy_text": text or None,
        "note": form.get("note", "").strip() or None,
        "fee_minor": minor_of(fee, currency) if fee else 0,
        "currency": currency if fee else None,
        "expires_at": given_day_end(form.get("expires_on", "").strip(), form.get(DAY_IN, "")),
    }


@personal.get(f"{APPROVALS}/<id:approval_id>")
@stands_for("GET /v1/approvals/{approval_id}")
def show_approval_to_studio(approval_id: str) -> Response:
    """Show what was asked of a performer, and their answer."""
    approval = approvals.get_approval(context(), principal(), approval_id)
    asked = {"performer_id": approval.performer_id, **typed_of(_use(approval))}
    return page_of(
        "studio/approval",
        approval=_shown(approval),
        lines=lines_of(_use(approval)),
        titles=people.licences_titled(context(), {approval.licence_id}),
        states=APPROVAL_STATES,
        names=people.parties_named(context(), principal(), {approval.performer_id}),
        people=people.accounts_named(context(), {approval.requested_by, approval.answered_by}),
        asked_by=approval.requested_by,
        may_ask=_may_ask(),
        same_use=_address(asked),
        other_words=_address({**asked, "copy_sha256": ""}),
        answered_by=approval.answered_by,
        **wording_of_uses(),
    )


def _address(said: Mapping[str, str]) -> str:
    return urlencode({name: text for name, text in said.items() if text})


def _use(approval: Approval) -> DeclaredUse:
    return use_of_json(dict(approval.use))
