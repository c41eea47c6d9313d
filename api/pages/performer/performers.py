"""A performer's own page: how things stand, and what comes next; and registering in the first place."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Response, request

from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import _
from api.pages.performer.addressing import words_of_choices
from api.pages.performer.findings import wording_of_findings
from api.pages.performer.mandates import covers
from api.pages.performer.started import stopped_at
from api.pages.personal import page_about, page_of, performer_of, personal, stands_for, went_on
from api.pages.refusals import advice
from api.pages.wording import MODALITIES, PURPOSES
from api.rate_limits import of_app
from api.rates import Budget
from api.schemas.performers import NewPerformer
from api.state import context, principal
from registry.domain.accounts import Role, Scope
from registry.domain.checks import EnrolmentState
from registry.domain.choices import Disposition
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.performers import IdentityAssurance
from registry.domain.uses import UsePurpose
from registry.errors import InvalidInputError, NameRefusedError
from registry.services import checks, consents, enrolments, performers, shared_sounds
from registry.services.waiting import what_waits
from registry.store.checks import Finding
from registry.store.shared_sounds import SharedSound

_LATEST = 3
_MOST_WAITING = 20


@personal.get("/performers/new")
@stands_for("POST /v1/performers")
def show_new_performer() -> Response:
    """Show the form by which a performer registers."""
    principal().require(Scope.PERFORMERS_WRITE)
    return page_of("performer/performer_new", typed={}, problem=None)


@personal.post("/performers/new")
@stands_for("POST /v1/performers")
@once
def register_performer() -> Response:
    """Register the performer who is signed in, by the name that they give. Nothing is permitted by it."""
    principal().require(Scope.PERFORMERS_WRITE)
    _count_name()
    try:
        body = checked(NewPerformer, name=request.form.get("name", ""), identity_assurance=_assurance())
        performer = performers.register_performer(context(), principal(), **body.model_dump())
    except (InvalidInputError, NameRefusedError) as error:
        said = advice(error.slug, error.figures)
        status = HTTPStatus.CONFLICT if isinstance(error, NameRefusedError) else HTTPStatus.UNPROCESSABLE_ENTITY
        return page_of("performer/performer_new", status, typed=request.form, problem=said)
    return went_on(f"/performers/{performer.id}", done="registered")


def _assurance() -> IdentityAssurance:
    """Answer how the identity was established: nobody but an operator vouches for more than that it was said."""
    return IdentityAssurance.SELF_DECLARED


def _count_name() -> None:
    """Count a name that is given, as `POST /v1/performers` does: whether it is refused is an answer."""
    if not principal().is_operator:
        of_app().spend(Budget.NAMES, principal().account_id)


@personal.get("/performers/<id:performer_id>")
@stands_for("GET /v1/performers/{performer_id}", "GET /v1/performers/{performer_id}/standing")
def show_performer(performer_id: str) -> Response:
    """Show how a performer stands, what comes next, and what was found last."""
    performer = performer_of(performer_id)
    stood = consents.standing_of(context(), principal(), performer_id)
    enrolled = enrolments.list_enrolments(context(), principal(), performer_id)
    voice = next(each for each in stood.modalities if each.modality is Modality.VOICE)
    found = _latest_findings(performer_id)
    to_answer = what_waits(context(), principal(), [performer_id], limit=_MOST_WAITING)
    to_hear = _to_hear(performer_id)
    return page_about(
        performer,
        "performer/performer",
        standings=stood.modalities,
        minor=stood.minor,
        found=found[:_LATEST],
        more_found=len(found) > _LATEST,
        enrolled=[each for each in enrolled if each.state is EnrolmentState.ACTIVE],
        waiting=next((each for each in reversed(enrolled) if each.state is EnrolmentState.QUEUED), None),
        monitored=ConsentPurpose.MONITORING in voice.in_force,
        licensing=ConsentPurpose.LICENSING in voice.in_force,
        may_be_licensed=_open_uses(voice.choices),
        modality_words=MODALITIES,
        purpose_words=PURPOSES,
        is_own=principal().role is Role.PERFORMER,
        may_read_findings=covers(performer_id, Scope.FINDINGS_READ),
        to_answer=to_answer.get(performer_id),
        to_hear=to_hear,
        stopped_at=stopped_at(performer_id),
        **wording_of_findings(performer, found[:_LATEST], also={each.organisation_id for each in to_hear}),
    )


def _open_uses(choices: Mapping[UsePurpose, Disposition]) -> list[tuple[str, str]]:
    """Answer what a performer is open to, in words; what is never is left out."""
    words = words_of_choices()
    uses, ways = words["use_words"], words["disposition_words"]
    return [(_(uses[use]), _(ways[way])) for use, way in choices.items() if way is not Disposition.NEVER]


def _to_hear(performer_id: str) -> list[SharedSound]:
    """Answer what studios let the performer's side hear at this moment, what ends first at the beginning."""
    if principal().is_operator or not covers(performer_id, Scope.FINDINGS_READ):
        return []
    return list(shared_sounds.list_sounds_in_force(context(), principal(), performer_id, limit=_MOST_WAITING))


def _latest_findings(performer_id: str) -> list[Finding]:
    if not covers(performer_id, Scope.FINDINGS_READ):
        return []
    return list(
        checks.list_findings(
            context(), principal(), verdict=None, performer_id=performer_id, after=None, limit=_LATEST + 1
        )
    )
