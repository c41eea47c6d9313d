"""Agreeing to be one of many that a voice in dispute is compared with, and ending it."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.schemas.cohort_agreements import (
    CohortAgreementOut,
    CohortAgreementPage,
    CohortTextOut,
    CohortTextPage,
    NewCohortAgreement,
)
from api.schemas.performers import PerformerPath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import cohort_agreements

resource = new_resource("cohort agreements", "Who agrees to be one of many that a voice in dispute is compared with.")


@resource.get("/cohort-texts", responses={200: CohortTextPage})
def list_cohort_texts() -> Response:
    """List what is said before somebody agrees to be one of many, in each language, with its questions."""
    found = cohort_agreements.list_texts(principal())
    return answer(CohortTextPage(items=[CohortTextOut.of(text) for text in found], next_cursor=None))


@resource.post("/performers/<id:performer_id>/cohort-agreements", responses={201: CohortAgreementOut})
@idempotent()
def agree_to_cohorts(path: PerformerPath, body: NewCohortAgreement) -> Response:
    """Agree that the performer's voiceprint be one of many that a voice in dispute is compared with.

    It is a yes of its own. It takes the place of one before it, and with it of what was said of the voice.
    """
    agreement = cohort_agreements.agree_to_cohorts(
        context(),
        principal(),
        path.performer_id,
        text_id=body.text_id,
        text_sha256=body.text_sha256,
        answers=body.answers,
        description=body.described(),
        signature_evidence_sha256=body.signature_evidence_sha256,
    )
    return created(CohortAgreementOut.of(agreement), f"/v1/performers/{path.performer_id}/cohort-agreements")


@resource.get("/performers/<id:performer_id>/cohort-agreements", responses={200: CohortAgreementPage})
def list_cohort_agreements(path: PerformerPath) -> Response:
    """List the agreements of a performer, the ended ones too."""
    found = cohort_agreements.list_cohort_agreements(context(), principal(), path.performer_id)
    return answer(CohortAgreementPage(items=[CohortAgreementOut.of(each) for each in found], next_cursor=None))


@resource.post("/performers/<id:performer_id>/cohort-agreements/end", responses={200: CohortAgreementOut})
@idempotent()
def end_cohort_agreement(path: PerformerPath) -> Response:
    """End it with one action. The performer is in no cohort from now on; what is finished stays as it is."""
    ended = cohort_agreements.end_cohort_agreement(context(), principal(), path.performer_id)
    return answer(CohortAgreementOut.of(ended))
