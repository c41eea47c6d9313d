"""Receipts: a decision as the performer can take it away, signed so that anybody with the public keys can check it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.interchange.receipts import RECEIPT_TYPE, Notice, Receipt
from registry.services.consents import consent_of
from registry.services.context import Context
from registry.services.performers import visible_performer
from registry.store.consents import Consent, Explanation
from registry.vault.signing import sign


@dataclass(frozen=True, slots=True)
class SignedReceipt:
    """A receipt as it is handed out.

    Attributes:
        jws: what to keep: the compact form, with the signature.
        claims: what it says.
    """

    jws: str
    claims: Mapping[str, Any]


def issue_receipt(ctx: Context, principal: Principal, performer_id: str, consent_id: str) -> SignedReceipt:
    """Write the receipt of a decision as it stands now, by ISO/IEC TS 27560. Nothing is recorded by it.

    Raises:
        NotFoundError: no such consent that the caller may know of.
        ControllerUnnamedError: the settings do not say who answers for the registry; figure ``settings``.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        consent = consent_of(session, visible_performer(session, principal, performer_id), consent_id)
        receipt = _receipt(ctx, session, consent)
    claims = receipt.claims()
    return SignedReceipt(sign(ctx.keys, claims, typ=RECEIPT_TYPE), claims)


def _receipt(ctx: Context, session: Session, consent: Consent) -> Receipt:
    after = None if consent.superseded_by is None else session.get_one(Consent, consent.superseded_by)
    return Receipt(
        consent=consent.value(),
        version=consent.version,
        superseded_by=consent.superseded_by,
        superseded_at=None if after is None else after.signed_at,
        signed_by=consent.signed_by,
        signed_as=consent.signed_as,
        signature_method=consent.signature_method,
        evidence_sha256=consent.signature_evidence_sha256,
        notices=[_notice(session.get_one(Explanation, each)) for each in consent.explanation_ids],
        controller=ctx.controller,
        issued_at=ctx.clock(),
    )


def _notice(explanation: Explanation) -> Notice:
    return Notice(
        explanation_id=explanation.id,
        text_id=explanation.text_id,
        topic=None if explanation.topic is None else explanation.topic.value,
        language=explanation.language,
        text_sha256=explanation.text_sha256,
        explained_by=explanation.explained_by,
        channel=explanation.channel,
        duration_s=explanation.duration_s,
        attempts=len(explanation.answers),
        copy_delivered_at=explanation.copy_delivered_at,
    )
