"""What a performer allows: an overview, choosing, the steps to a yes, the signature with its read-back, and a no."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus

from flask import Response, request

from api.answers import file
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import _
from api.pages.performer.addressing import is_theirs, words_of_choices
from api.pages.performer.journey import Journey, Stage, stages, step_of
from api.pages.performer.mandates import covers
from api.pages.performer.signing_names import expected_name, other_name_is_unconfirmed
from api.pages.performer.started import forget_journey, keep_journey
from api.pages.personal import page_about, performer_of, personal, stands_for, went_on
from api.pages.refusals import advice
from api.pages.wording import CONSENT_STATES, MODALITIES, USES
from api.schemas.consents import NewConsent
from api.schemas.receipts import ReceiptOut
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.choices import Disposition
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.performers import FORGOTTEN_NAME, end_of_minority
from registry.errors import EvidenceRequiredError, InvalidInputError
from registry.services import consents, explanations, receipts
from registry.store.consents import Consent
from registry.store.performers import Performer

_ALL = "/performers/<id:performer_id>/consents"
_OPERATION = "/v1/performers/{performer_id}/consents"

OFFERED = (
    (ConsentPurpose.MONITORING, Modality.VOICE),
    (ConsentPurpose.LICENSING, Modality.VOICE),
    (ConsentPurpose.LICENSING, Modality.FACE),
    (ConsentPurpose.ENGINE_IMPROVEMENT, Modality.VOICE),
    (ConsentPurpose.ENGINE_IMPROVEMENT, Modality.FACE),
)
"""What can be said yes to: nothing looks for faces, so nobody is asked whether it may."""


@personal.get(_ALL)
@stands_for(f"GET {_OPERATION}", "GET /v1/performers/{performer_id}/standing")
def show_consents(performer_id: str) -> Response:
    """Show every decision that there is to take, how each stands, and those of before."""
    performer = performer_of(performer_id)
    signed = consents.list_consents(context(), principal(), performer_id)
    now = context().clock()
    in_force = {(each.purpose, each.modality): each for each in signed if each.value().permits(now)}
    return page_about(
        performer,
        "performer/consents",
        offered=OFFERED,
        may_decide=covers(performer_id, Scope.CONSENTS_WRITE),
        in_force=in_force,
        refused=_refused(signed),
        signed=list(reversed(signed)),
        state_of=lambda each: _(CONSENT_STATES[each.value().state_at(now)]),
        **words_of_choices(),
    )


def _refused(signed: Sequence[Consent]) -> set[tuple[ConsentPurpose, Modality]]:
    """Answer what a performer has said no to, where that is their last word."""
    last = {(each.purpose, each.modality): each for each in signed}
    return {key for key, each in last.items() if each.decision is ConsentDecision.REFUSED}


# --- the way to a yes ------------------------------------------------------------------------------------------------


@personal.get(f"{_ALL}/choose")
@stands_for(f"GET {_OPERATION}", f"POST {_OPERATION}")
def show_choices(performer_id: str) -> Response:
    """Show every use, with never, ask and allow; none is ticked beforehand, and what is not ticked stays never."""
    performer = performer_of(performer_id)
    journey = Journey.of({"purpose": ConsentPurpose.LICENSING.value, **request.args})
    signed, now = consents.list_consents(context(), principal(), performer_id), context().clock()
    about = (journey.purpose, journey.modality)
    held = [each for each in signed if (each.purpose, each.modality) == about and each.value().permits(now)]
    return page_about(
        performer,
        "performer/choices",
        journey=journey,
        held=held[-1].choices if held else None,
        uses=list(USES),
        dispositions=list(Disposition),
        **words_of_choices(),
    )


@personal.get(f"{_ALL}/new")
@stands_for(f"GET {_OPERATION}", f"POST {_OPERATION}")
def show_journey(performer_id: str) -> Response:
    """Show the steps to a yes, how far each has come, and when all are done what is about to be signed."""
    return _journey_page(performer_of(performer_id), Journey.of(request.args))


def _journey_page(
    performer: Performer,
    journey: Journey,
    status: HTTPStatus = HTTPStatus.OK,
    problem: tuple[str, str] | None = None,
    other_name: str | None = None,
) -> Response:
    chosen = bool(journey.choices.open_to)
    if journey.purpose is ConsentPurpose.LICENSING and not chosen:
        return went_on(f"/performers/{performer.id}/consents/choose?{journey.query}")
    found = _stages(performer, journey)
    response = page_about(
        performer,
        "performer/journey",
        status,
        journey=journey,
        stages=found,
        step_of=step_of,
        ready=all(stage.is_done for stage in found),
        read_back=read_back(performer, journey),
        typed=request.form,
        problem=problem,
        other_name=other_name,
        expected=expected_name(performer),
        **words_of_choices(),
    )
    return keep_journey(response, performer.id, journey)


def _stages(performer: Performer, journey: Journey) -> Sequence[Stage]:
    given = explanations.list_explanations(context(), principal(), performer.id)
    anew = _anew_since(performer, consents.list_consents(context(), principal(), performer.id), journey)
    return stages(journey, given, principal().account_id, anew)


def _anew_since(performer: Performer, signed: Sequence[Consent], journey: Journey) -> datetime | None:
    """Answer since when all is to be explained anew, as far as the record shows; signing looks at it once more."""
    about = (journey.purpose, journey.modality)
    moments = [each.withdrawn_at for each in signed if (each.purpose, each.modality) == about]
    moments += [each.recorded_at for each in signed if each.signed_by == FORGOTTEN_NAME]
    if performer.adult_on is not None and end_of_minority(performer.adult_on) <= context().clock():
        moments.append(end_of_minority(performer.adult_on))
    return max((moment for moment in moments if moment is not None), default=None)


def read_back(performer: Performer, journey: Journey) -> str:
    """Say in one plain sentence what a signature will mean; whoever acts for somebody signs in their name."""
    if not is_theirs():
        return _read_back_for(performer, journey)
    if journey.purpose is ConsentPurpose.MONITORING:
        sentence = _(
            "I, %(name)s, let the registry keep a locked voiceprint of me and look for my voice in what is sent to it."
        )
    elif journey.purpose is ConsentPurpose.ENGINE_IMPROVEMENT:
        sentence = _(
            "I, %(name)s, let recordings that I send for this purpose (%(modality)s) be used to improve the engine."
        )
    else:
        sentence = _(
            "I, %(name)s, am open to licences for my %(modality)s for these uses, each only with a licence that I "
            "sign: %(uses)s. To everything else I say never."
        )
    return sentence % _filling(performer, journey)


def _read_back_for(performer: Performer, journey: Journey) -> str:
    if journey.purpose is ConsentPurpose.MONITORING:
        sentence = _(
            "In the name of %(name)s: the registry may keep a locked voiceprint of %(name)s and look for the voice in "
            "what is sent to it."
        )
    elif journey.purpose is ConsentPurpose.ENGINE_IMPROVEMENT:
        sentence = _(
            "In the name of %(name)s: recordings of %(name)s that are sent for this purpose (%(modality)s) may be used "
            "to improve the engine."
        )
    else:
        sentence = _(
            "In the name of %(name)s: licences for the %(modality)s of %(name)s are open for these uses, each only "
            "with a licence that is signed: %(uses)s. Everything else stays never."
        )
    return sentence % _filling(performer, journey)


def _filling(performer: Performer, journey: Journey) -> dict[str, str]:
    words = words_of_choices()
    uses, ways = words["use_words"], words["disposition_words"]
    opened = [f"{_(uses[use])} – {_(ways[journey.choices.to(use)])}" for use in USES if use in journey.choices.open_to]
    return {"name": performer.name, "modality": _(MODALITIES[journey.modality]), "uses": "; ".join(opened)}


@personal.post(f"{_ALL}/new")
@stands_for(f"POST {_OPERATION}")
@once
def sign_consent(performer_id: str) -> Response:
    """Sign a yes, on what was explained, and ask once about a name that is not the known one; or a no."""
    performer = performer_of(performer_id)
    journey = Journey.of(request.args)
    given = request.form.get("decision") == ConsentDecision.GIVEN.value
    if given and other_name_is_unconfirmed(performer):
        return _journey_page(performer, journey, HTTPStatus.UNPROCESSABLE_ENTITY, other_name=request.form["signed_by"])
    try:
        body = checked(NewConsent, **_decision(performer, journey, given=given))
        consent = consents.sign_consent(context(), principal(), performer_id, **body.arguments())
    except EvidenceRequiredError:
        raise
    except InvalidInputError as error:
        return _journey_page(performer, journey, HTTPStatus.UNPROCESSABLE_ENTITY, advice(error.slug, error.figures))
    return forget_journey(went_on(f"/performers/{performer_id}/consents/{consent.id}", done="signed"), performer_id)


def _decision(performer: Performer, journey: Journey, *, given: bool) -> dict[str, object]:
    return {
        "purpose": journey.purpose,
        "modality": journey.modality,
        "decision": ConsentDecision.GIVEN if given else ConsentDecision.REFUSED,
        "explanation_ids": _understood(performer, journey) if given else [],
        "choices": journey.choices.as_json() if given else {},
        "signed_by": request.form.get("signed_by", ""),
        "signature_method": "electronic",
    }


def _understood(performer: Performer, journey: Journey) -> list[str]:
    found = _stages(performer, journey)
    return [stage.explanation.id for stage in found if stage.is_done and stage.explanation is not None]


@personal.get(f"{_ALL}/refuse")
@stands_for(f"POST {_OPERATION}")
def show_refusal(performer_id: str) -> Response:
    """Show what a no means, with one button: a no is as easy as that."""
    return page_about(
        performer_of(performer_id), "performer/refuse", journey=Journey.of(request.args), **words_of_choices()
    )


# --- one decision ----------------------------------------------------------------------------------------------------


@personal.get(f"{_ALL}/<id:consent_id>")
@stands_for(f"GET {_OPERATION}/{{consent_id}}")
def show_consent(performer_id: str, consent_id: str) -> Response:
    """Show one decision, and where its receipt is."""
    performer = performer_of(performer_id)
    consent = consents.get_consent(context(), principal(), performer_id, consent_id)
    now = context().clock()
    return page_about(
        performer,
        "performer/consent",
        consent=consent,
        state=_(CONSENT_STATES[consent.value().state_at(now)]),
        is_yes=consent.decision is ConsentDecision.GIVEN,
        permits=consent.value().permits(now),
        may_decide=covers(performer_id, Scope.CONSENTS_WRITE),
        has_receipt=not context().controller.unnamed,
        enrol_next=consent.purpose is ConsentPurpose.MONITORING and consent.value().permits(now),
        **words_of_choices(),
    )


@personal.get(f"{_ALL}/<id:consent_id>/receipt")
@stands_for(f"GET {_OPERATION}/{{consent_id}}/receipt")
def get_receipt(performer_id: str, consent_id: str) -> Response:
    """Answer the receipt of a decision, signed, to be kept: it can be checked without the registry."""
    receipt = receipts.issue_receipt(context(), principal(), performer_id, consent_id)
    body = ReceiptOut(jws=receipt.jws, claims=dict(receipt.claims)).model_dump_json()
    return file(body.encode("utf-8"), "application/json", f"receipt-{consent_id}.json")
