"""Who acts for a performer: shown to their side and to operators, appointed, and ended by whoever the rules let."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from flask import Response, request

from api.pages.account.scopes import SCOPES
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_
from api.pages.personal import page_about, performer_of, personal, stands_for, went_on
from api.pages.steps import told
from api.pages.zones import DAY_IN, given_day_end
from api.schemas.representatives import NewRepresentative
from api.state import context, principal
from registry.domain.accounts import RepresentativeKind, Role, Scope
from registry.errors import RegistryError
from registry.services import people, representatives

_ALL: Final = "/performers/<id:performer_id>/mandates"
_OPERATION: Final = "/v1/performers/{performer_id}/representatives"

KINDS: Final[Mapping[RepresentativeKind, str]] = {
    RepresentativeKind.AGENT: N_("agent"),
    RepresentativeKind.GUILD: N_("guild"),
    RepresentativeKind.GUARDIAN: N_("guardian"),
    RepresentativeKind.ESTATE: N_("estate"),
}

MANDATED: Final[Mapping[Scope, str]] = {
    Scope.PERFORMERS_READ: N_("read the record, take along what is kept"),
    Scope.PERFORMERS_WRITE: N_("change the record, such as the name"),
    Scope.CONSENTS_WRITE: N_("say yes and no, take a yes back, let the performer be forgotten"),
    Scope.ENROLMENTS_WRITE: N_("send recordings of the voice"),
    Scope.LICENCES_READ: N_("read licences"),
    Scope.LICENCES_WRITE: N_("sign licences, decline them, let them rest, end them"),
    Scope.CLEARANCES_READ: N_("read which exact words are asked for, and what was permitted"),
    Scope.CLEARANCES_WRITE: N_("approve and refuse exact words"),
    Scope.APPROACHES_WRITE: N_("write down who asked, and what was answered"),
    Scope.LEDGER_READ: N_("read what was earned and is owed"),
    Scope.LEDGER_WRITE: N_("say whether a payment has arrived"),
    Scope.FINDINGS_READ: N_("read where the voice was found, and hear what is shared of it"),
    Scope.CASES_READ: N_("read cases"),
    Scope.CASES_WRITE: N_("open cases and speak in them"),
}
"""What somebody does in a performer's name, as the performer would say it; nothing that is about accounts alone."""

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "evidence_required": (
        N_("By what right they act has to be shown. Nothing was written down."),
        N_("Give the SHA-256 of the document that says so, or choose the file, and send it again."),
    ),
    "duplicate": (
        N_("They act in all of this already, and as long. Nothing was written down."),
        N_("To let them do less, or to let them act less long, end first what stands."),
    ),
    "conflict": (
        N_(
            "That does not fit how things stand: who is of age has no guardian, only who has died has an estate, and a "
            "mandate ends once."
        ),
        N_("Below is who acts at this moment."),
    ),
    "invalid_input": (
        N_("Something is missing, or not written as it is taken. Nothing was written down."),
        N_(
            "The account is one of somebody who represents others, at least one thing is chosen, and the last day lies "
            "ahead."
        ),
    ),
}


@personal.get(_ALL)
@stands_for(f"GET {_OPERATION}")
def show_mandates(performer_id: str) -> Response:
    """Show everybody who acts, or has acted, for a performer: as what, in what, until when, and by what evidence."""
    return _mandates(performer_id)


def _mandates(performer_id: str, error: RegistryError | None = None) -> Response:
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    performer = performer_of(performer_id)
    mandates = representatives.list_representatives(context(), principal(), performer_id)
    now = context().clock()
    in_force = [each for each in mandates if each.dismissed_at is None and each.expires_at > now]
    return page_about(
        performer,
        "performer/mandates",
        status,
        in_force=in_force,
        over=[each for each in mandates if each not in in_force],
        may_end={each.id for each in in_force if representatives.may_dismiss(principal(), each)},
        own=principal().account_id,
        who=people.accounts_named(context(), {each.account_id for each in mandates}),
        kind_words=KINDS,
        kinds=_kinds(),
        scope_words={**SCOPES, **MANDATED},
        scopes=list(MANDATED),
        must_show=principal().role is not Role.PERFORMER,
        problem=problem,
        stands=None if error is None else error.figures.get("representative_id"),
        typed=request.form,
        chosen=request.form.getlist("scopes"),
    )


def _kinds() -> list[RepresentativeKind]:
    """Answer as what whoever is signed in may appoint somebody; nothing for who may not at all."""
    if principal().role is Role.REPRESENTATIVE or Scope.PERFORMERS_WRITE not in principal().scopes:
        return []
    return [each for each in RepresentativeKind if principal().is_operator or each not in representatives.BY_LAW]


@personal.post(_ALL)
@stands_for(f"POST {_OPERATION}", f"GET {_OPERATION}")
@once
def appoint_by_form(performer_id: str) -> Response:
    """Let somebody act for a performer."""
    form = request.form
    performer_of(performer_id)
    representatives.require_appointing(principal())
    try:
        body = checked(
            NewRepresentative,
            account_id=form.get("account_id", "").strip(),
            kind=form.get("kind", ""),
            scopes=form.getlist("scopes"),
            expires_at=given_day_end(form.get("last_day", ""), form.get(DAY_IN, "")),
            evidence_sha256=form.get("evidence_sha256", "").strip().partition(" ")[0] or None,
        )
        representatives.appoint_representative(context(), principal(), performer_id, **body.model_dump())
    except RegistryError as error:
        return _mandates(performer_id, error)
    return went_on(f"/performers/{performer_id}/mandates", done="appointed")


@personal.post(f"{_ALL}/<id:representative_id>/end")
@stands_for(f"POST {_OPERATION}/{{representative_id}}/dismiss", f"GET {_OPERATION}")
@once
def end_mandate(performer_id: str, representative_id: str) -> Response:
    """End a mandate."""
    try:
        representatives.dismiss_representative(context(), principal(), performer_id, representative_id)
    except RegistryError as error:
        return _mandates(performer_id, error)
    own = principal().role is Role.REPRESENTATIVE
    return went_on("/home" if own else f"/performers/{performer_id}/mandates", done="ended")
