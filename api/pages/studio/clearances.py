"""Clearances: may this performer's voice be used so? The answer with its reasons, and whether it still holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_, _
from api.pages.lists import asked, cut
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.reasons import reason_said
from api.pages.refusals import Advice, advice
from api.pages.studio.declared import LABELS, UNIT, choices_of_uses, own_licences, sent_amounts, sent_use, typed_of
from api.pages.studio.declared import wrong_fields as wrong_in
from api.pages.studio.sources import source_called
from api.pages.studio.ways import About, ways_said
from api.pages.uses import BEYOND, lines_of, wording_of_uses
from api.pages.wording import CLEARANCE_DECISIONS
from api.rate_limits import of_app
from api.rates import Budget
from api.schemas.clearances import ClearanceQuery, Wanted
from api.state import context, principal
from registry.domain.accounts import Role, Scope
from registry.domain.approvals import Beyond
from registry.domain.clearance_status import ClearanceStanding
from registry.domain.clearances import Decision
from registry.domain.ids import IdPrefix
from registry.domain.uses_document import use_of_json
from registry.errors import InvalidInputError
from registry.services import clearance_status, clearances, people
from registry.services.clearances import wanted_of
from registry.store.clearances import Clearance

CLEARANCES: Final = "/clearances"
_ONE: Final = f"{CLEARANCES}/<id:clearance_id>"
_OPERATION: Final = "/v1/clearances"
_STUDIO: Final = frozenset({Role.STUDIO_MEMBER, Role.STUDIO_ADMIN})

STANDINGS: Final[Mapping[ClearanceStanding, tuple[str, str]]] = {
    ClearanceStanding.HOLDS: (N_("holds"), "good"),
    ClearanceStanding.STALE: (N_("stale: ask anew"), "warn"),
    ClearanceStanding.WITHDRAWN: (N_("withdrawn: stop"), "grave"),
    ClearanceStanding.UNKNOWN: (N_("unknown: do not act on it"), "grave"),
}
"""How a permission stands now: in words, and how it is marked beside them."""

_KINDS: Final[Mapping[Decision, str]] = {
    Decision.PERMITTED: "good",
    Decision.REFUSED: "grave",
    Decision.ASK: "warn",
}


def _words() -> dict[str, Any]:
    return {
        "decision_words": CLEARANCE_DECISIONS,
        "decision_kinds": _KINDS,
        "standing_words": STANDINGS,
        "reason_said": reason_said,
        **wording_of_uses(),
    }


@personal.get(CLEARANCES)
@stands_for(f"GET {_OPERATION}")
def show_clearances() -> Response:
    """Show what was asked and answered, newest first; of one's own studio, each with how it stands at this moment."""
    query = asked(ClearanceQuery)
    found = clearances.list_clearances(
        context(),
        principal(),
        decision=query.decision,
        performer_id=query.performer_id,
        after=query.after(IdPrefix.CLEARANCE),
        limit=query.limit + 1,
    )
    items, cursor = cut(found, query)
    return page_of(
        "studio/clearances",
        items=items,
        uses={each.id: use_of_json(each.use) for each in items},
        cursor=cursor,
        query=query,
        standing=clearance_status.own_standings(context(), principal(), items),
        names=_names(items),
        may_ask=_may_ask(),
        **_words(),
    )


def _may_ask() -> bool:
    return principal().role in _STUDIO and Scope.CLEARANCES_WRITE in principal().scopes


def _names(found: Sequence[Clearance]) -> Mapping[str, str]:
    """Answer what both sides are called that the reader may know by name.

    A studio may ask about whomever it likes, by any number: it is told the names of its partners alone.
    """
    performers = people.parties_named(context(), principal(), {each.performer_id for each in found})
    if principal().role in _STUDIO:
        return performers
    return {**performers, **people.organisations_named(context(), {each.studio_id for each in found})}


# --- asking ----------------------------------------------------------------------------------------------------------


@personal.get(f"{CLEARANCES}/new")
@stands_for(f"POST {_OPERATION}")
def show_new_clearance() -> Response:
    """Show the question; filled in with that of an earlier clearance, where the address names one."""
    clearances.asking_studio(principal())
    like = request.args.get("like", "")
    if not like:
        named = {*LABELS, "ai_disclosed"}
        return _form({name: text for name, text in request.args.items() if name in named or name.startswith(UNIT)})
    earlier = clearances.get_clearance(context(), principal(), like).clearance
    typed: dict[str, Any] = {**typed_of(use_of_json(earlier.use)), "performer_id": earlier.performer_id}
    return _form(typed | {"beyond": list(earlier.beyond)})


def _form(
    typed: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    *,
    problem: Advice | None = None,
    wrong: Sequence[str] = (),
) -> Response:
    partners = people.choices_named(context(), principal(), str(typed.get("performer_id", "")))
    return page_of(
        "studio/clearance_new",
        status,
        typed=typed,
        problem=problem,
        wrong=wrong,
        partners=partners,
        another=typed.get("performer_id", "") not in {"", *partners},
        licences=own_licences(),
        beyond=[(each.value, _(BEYOND[each])) for each in Beyond],
        **choices_of_uses(),
    )


@personal.post(f"{CLEARANCES}/new")
@stands_for(f"POST {_OPERATION}")
@once
def ask_clearance() -> Response:
    """Ask whether a performer's voice may be used so. The question and its answer stay on record, whatever it is."""
    studio_id = clearances.asking_studio(principal())
    try:
        wanted = checked(Wanted, performer_id=_performer(), use=_use(), beyond=request.form.getlist("beyond")).value()
    except InvalidInputError as error:
        problem = advice(error.slug, error.figures)
        return _form(_retyped(), HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem, wrong=wrong_in(error.figures))
    of_app().spend(Budget.CLEARANCES, studio_id)
    (answered,) = clearances.ask_clearances(context(), principal(), [wanted])
    return went_on(f"{CLEARANCES}/{answered.clearance.id}")


def _performer() -> str:
    """Answer whom a question is about: chosen from one's partners, or another by their number."""
    return request.form.get("another", "").strip() or request.form.get("performer_id", "")


def _use() -> dict[str, Any]:
    amounts = [{"unit": unit, "amount": amount} for unit, amount in sent_amounts()]
    return sent_use() | {"quantities": amounts}


def _retyped() -> dict[str, Any]:
    named = {*LABELS, "ai_disclosed", "copy_text"}
    typed = {name: text for name, text in request.form.items() if name in named or name.startswith(UNIT)}
    return typed | {"performer_id": _performer(), "beyond": request.form.getlist("beyond")}


# --- one clearance ---------------------------------------------------------------------------------------------------


@personal.get(_ONE)
@stands_for(f"GET {_OPERATION}/{{clearance_id}}")
def show_clearance(clearance_id: str) -> Response:
    """Show one answer: its reasons, what it rests on, how it stands, and what would change a no."""
    answered = clearances.get_clearance(context(), principal(), clearance_id)
    clearance = answered.clearance
    is_own = clearance.studio_id == principal().organisation_id
    wanted = wanted_of(clearance)
    may_read = Scope.LICENCES_READ in principal().scopes
    known = {clearance.licence_id, *wanted.use.claimed_licence_ids} if may_read else set()
    titles = people.licences_titled(context(), known)
    return page_of(
        "studio/clearance",
        clearance=clearance,
        token=answered.token,
        use=lines_of(wanted.use, titles, source_called(wanted.use.declared_source_id)),
        titles=titles,
        beyond=[_(BEYOND[each]) for each in sorted(wanted.beyond)],
        stands=clearance_status.standing_of(context(), principal(), clearance_id),
        remedies=_ways(clearance) if is_own else [],
        names=_names([clearance]),
        is_own=is_own,
        may_report=is_own and Scope.LEDGER_WRITE in principal().scopes,
        **_words(),
    )


def _ways(clearance: Clearance) -> list[Any]:
    """Answer what would change a no; a permission needs nothing more."""
    if clearance.decision is Decision.PERMITTED:
        return []
    again = f"{CLEARANCES}/new?like={clearance.id}"
    use = typed_of(use_of_json(clearance.use))
    about = About(clearance.performer_id, clearance.licence_id, again, _("Ask again, and change it"), use)
    return ways_said(clearance.reasons, about)
