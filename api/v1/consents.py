"""Consents: signing and withdrawing, the second as easy as the first."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.document import depends_on_state
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import whole
from api.schemas.consents import (
    ConsentOut,
    ConsentPage,
    ConsentPath,
    HoldersOut,
    NewConsent,
    WithdrawAll,
    WithdrawalOut,
)
from api.schemas.performers import PerformerPath
from api.schemas.receipts import ReceiptOut
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import consents, receipts
from registry.store.consents import Consent

resource = new_resource("consents", "What a performer decided: a signed yes or no, per purpose and modality.")


@resource.post("/performers/<id:performer_id>/consents", responses={201: ConsentOut})
@idempotent()
def sign_consent(path: PerformerPath, body: NewConsent) -> Response:
    """Record a performer's signed yes or no. It takes the place of the decision before it."""
    consent = consents.sign_consent(context(), principal(), path.performer_id, **body.arguments())
    shown = ConsentOut.of(consent, context().clock())
    return created(shown, f"/v1/performers/{path.performer_id}/consents/{consent.id}", tag=_tag(consent, shown))


@resource.get("/performers/<id:performer_id>/consents", responses={200: ConsentPage})
def list_consents(path: PerformerPath) -> Response:
    """List every decision of the performer."""
    now = context().clock()
    found = consents.list_consents(context(), principal(), path.performer_id)
    return whole(found, ConsentPage, lambda consent: ConsentOut.of(consent, now))


@resource.get("/performers/<id:performer_id>/consents/<id:consent_id>", responses={200: ConsentOut})
def get_consent(path: ConsentPath) -> Response:
    """Answer one decision."""
    consent = consents.get_consent(context(), principal(), path.performer_id, path.consent_id)
    shown = ConsentOut.of(consent, context().clock())
    return answer(shown, tag=_tag(consent, shown))


@resource.get("/performers/<id:performer_id>/consents/<id:consent_id>/receipt", responses={200: ReceiptOut})
@depends_on_state
def get_receipt(path: ConsentPath) -> Response:
    """Answer the receipt of a decision (ISO/IEC TS 27560), signed: a proof that needs no registry to be checked."""
    receipt = receipts.issue_receipt(context(), principal(), path.performer_id, path.consent_id)
    return answer(ReceiptOut(jws=receipt.jws, claims=dict(receipt.claims)))


@resource.post("/performers/<id:performer_id>/consents/<id:consent_id>/withdraw", responses={200: WithdrawalOut})
@idempotent()
def withdraw_consent(path: ConsentPath, header: ChangeHeaders) -> Response:
    """Withdraw one consent. Doing it again changes nothing, and is answered the same way.

    When this answers, the performer's key is destroyed, the voiceprints it sealed are gone, and the workers that
    confirmed do not find them any more.
    """
    done = consents.withdraw_consent(
        context(), principal(), path.performer_id, path.consent_id, if_version=header.version()
    )
    return answer(WithdrawalOut.of(done, context().clock()))


@resource.post("/performers/<id:performer_id>/consents/withdraw", responses={200: WithdrawalOut})
@idempotent()
def withdraw_all_consents(path: PerformerPath, body: WithdrawAll) -> Response:
    """Withdraw every consent of the performer, or every one for a modality, in one call."""
    done = consents.withdraw_all(context(), principal(), path.performer_id, modality=body.modality)
    return answer(WithdrawalOut.of(done, context().clock()))


@resource.get("/performers/<id:performer_id>/holders", responses={200: HoldersOut})
def list_holders(path: PerformerPath) -> Response:
    """Answer who may use the performer's voice at this moment, or had to stop, however consent to it has ended."""
    found = consents.who_may_use(context(), principal(), path.performer_id)
    return answer(HoldersOut.model_validate(found))


def _tag(consent: Consent, shown: ConsentOut) -> str:
    """Answer the entity tag; time alone ends a consent, and then what is shown changes though the record did not."""
    return entity_tag(consent.version, None if shown.state is consent.state else shown.state.value)
