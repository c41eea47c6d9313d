"""Signers: in what capacity somebody decides for a performer, and whether they may."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, RepresentativeKind, Role, Scope
from registry.domain.consents import ConsentDecision, SignedAs
from registry.domain.performers import is_minor
from registry.errors import EvidenceRequiredError, ForbiddenError, RepresentativeRequiredError
from registry.store import performers
from registry.store.performers import Performer

_STRONGEST_FIRST = (
    RepresentativeKind.ESTATE,
    RepresentativeKind.GUARDIAN,
    RepresentativeKind.GUILD,
    RepresentativeKind.AGENT,
)


def signing_as(
    session: Session,
    principal: Principal,
    performer: Performer,
    now: datetime,
    scope: Scope = Scope.CONSENTS_WRITE,
) -> SignedAs:
    """Answer in what capacity the caller decides for a performer: the strongest mandate to do so that they hold.

    Raises:
        ForbiddenError: the mandate that the caller came with has ended meanwhile.
    """
    if principal.is_operator:
        return SignedAs.OPERATOR
    if principal.role is not Role.REPRESENTATIVE:
        return SignedAs.PERFORMER
    held = {
        mandate.kind
        for mandate in performers.mandates_of(session, principal.account_id, now)
        if mandate.performer_id == performer.id and scope.value in mandate.scopes
    }
    strongest = next((kind for kind in _STRONGEST_FIRST if kind in held), None)
    if strongest is None:
        raise ForbiddenError("the mandate for this performer has ended", scope=scope.value)
    return SignedAs(strongest.value)


def require_may_decide(
    session: Session,
    performer: Performer,
    signed_as: SignedAs,
    decision: ConsentDecision,
    *,
    evidence_sha256: str | None,
    now: datetime,
) -> None:
    """Refuse a decision that is for somebody else to take.

    1. For a performer who has died, the estate decides.
    2. For a minor, the guardian says yes; a no is anybody's who acts for them, and their own.
    3. An operator writes such a decision down only where there is such a mandate, and evidence of the signature.

    Raises:
        RepresentativeRequiredError: figure ``required``.
        EvidenceRequiredError: an operator has none.
    """
    required = _required(performer, decision, now)
    if required is None or signed_as.value == required.value:
        return
    held = performers.mandates_for(session, performer.id, required, now)
    if signed_as is not SignedAs.OPERATOR or not held:
        whose = "who has died" if required is RepresentativeKind.ESTATE else "who is a minor"
        raise RepresentativeRequiredError(
            f"for a performer {whose}, the {required.value} decides, under a mandate with evidence",
            required=required.value,
        )
    if evidence_sha256 is None:
        raise EvidenceRequiredError(
            f"an operator writes down what the {required.value} has signed only with the digest of that document",
            evidence="signature_evidence_sha256",
        )


def _required(performer: Performer, decision: ConsentDecision, now: datetime) -> RepresentativeKind | None:
    if performer.died_on is not None:
        return RepresentativeKind.ESTATE
    if decision is ConsentDecision.GIVEN and is_minor(performer.adult_on, now.date()):
        return RepresentativeKind.GUARDIAN
    return None
