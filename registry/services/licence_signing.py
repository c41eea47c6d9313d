"""Signing licences: each side for itself, over the bytes of the agreement; the second signature puts it in force."""

from __future__ import annotations

from dataclasses import dataclass

from registry.domain.accounts import Principal, Scope
from registry.domain.consents import ConsentDecision
from registry.domain.events import EventType
from registry.domain.licences import LicenceState, Side, SuspensionReason
from registry.domain.signatures import Custody, SignatureMethod
from registry.domain.terms_document import document_sha256
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, SignatureInvalidError
from registry.services import signing_keys
from registry.services.activation import require_minority_ends, require_no_conflict, require_ready
from registry.services.context import Context
from registry.services.holds import SYSTEM, place_hold
from registry.services.ledger import post_opening
from registry.services.licences import (
    is_amendment,
    licence_to_change,
    may_learn_of_performer,
    record,
    require_in_force,
    side_of,
    stand_by,
)
from registry.services.signers import require_may_decide, signing_as
from registry.services.unit import Unit, unit_of_work
from registry.store import strikes
from registry.store.licence_versions import LicenceSignature, LicenceVersion
from registry.store.licences import Licence
from registry.store.performers import Performer
from registry.store.signing_keys import SigningKey
from registry.vault.signing import canonical, require_signed_bytes


@dataclass(frozen=True, slots=True)
class OwnSignature:
    """What a side hands in that signs with a key of its own.

    Attributes:
        signature: 64 bytes by Ed25519 over the canonical bytes (RFC 8785) of the agreement.
        agreement_sha256: digest of those bytes, as the signer has seen them; None when not said.
    """

    signature: bytes
    agreement_sha256: str | None = None


def sign_licence(
    ctx: Context,
    principal: Principal,
    licence_id: str,
    *,
    side: Side | None = None,
    evidence_sha256: str | None = None,
    own: OwnSignature | None = None,
    agreement_sha256: str | None = None,
    if_version: int | None = None,
) -> Licence:
    """Sign the offered version of a licence for one side; when both have signed, it is in force.

    1. The version is offered, and this side has not signed it.
    2. Whoever signs may: a guardian for a minor, the estate for the dead, an operator only what was signed on paper.
    3. What the signer has read is what is signed: the agreement's digest, where it is named, is the one of the record.
    4. No exclusive licence stands against it; that is said before the first signature, not after the second.
    5. The signature is made with the key that the registry keeps for the account, or holds by the account's own.
    6. With the second signature: everything of `registry.services.activation`, then version, fee and holds follow.
    7. One commit. A crash before it leaves the offer as it was, with the signatures that it had.

    Args:
        licence_id: of the licence.
        side: for an operator who records a signature given on paper; a party signs for its own side only.
        evidence_sha256: digest of the signed paper, without which an operator records nothing.
        own: the signature of an account that keeps its own key; None has the registry sign with the key it keeps.
        agreement_sha256: of the agreement as the signer has read it, or None.
        if_version: the version the caller has read.

    Raises:
        NotFoundError: none that the caller may know of.
        ForbiddenError: signing for the other side, or an operator without evidence.
        RepresentativeRequiredError, EvidenceRequiredError: somebody else signs for this performer.
        ConflictError: not offered, signed already, its term is over, or an exclusive licence stands against it.
        SignatureInvalidError: the signature is over other bytes, or by another key; figure ``step``.
        InvalidInputError: the account signs with its own key, and sent no signature.
        ConsentMissingError, ChoiceRefusedError: the performer's consent does not carry it.
        TermsContradictError, LicenceUnsoundError: the terms would not stand.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        licence = licence_to_change(unit, principal, licence_id, if_version)
        signing = _signing_side(principal, licence, side, evidence_sha256)
        version = _offered(licence, unit)
        if version.signature_of(signing) is not None:
            raise ConflictError(f"the {signing.value} has signed already", side=signing.value)
        if signing is Side.PERFORMER:
            _require_may_sign(unit, principal, licence, evidence_sha256)
        _require_same_agreement(version, agreement_sha256, own)
        if signing is Side.PERFORMER or may_learn_of_performer(principal, licence):
            performer = unit.session.get_one(Performer, licence.performer_id)
            require_minority_ends(version.terms(), performer, unit.now)
            require_no_conflict(unit, licence, version)
        signature = _signature(ctx, unit, principal, version, own=own, evidence_sha256=evidence_sha256)
        signature.side = signing
        version.signatures.append(signature)
        _mark_signed(licence, signature)
        record(
            unit,
            EventType.LICENCE_SIGNED,
            licence,
            principal,
            side=signing.value,
            number=version.number,
            method=signature.method.value,
            agreement_sha256=signature.agreement_sha256,
            evidence_sha256=evidence_sha256,
        )
        if all(version.signature_of(each) is not None for each in Side):
            _put_in_force(unit, licence, version, principal)
        unit.commit()
    return licence


def _signing_side(principal: Principal, licence: Licence, side: Side | None, evidence: str | None) -> Side:
    own = side_of(principal, licence)
    if own is None:
        if side is None or evidence is None:
            raise ForbiddenError(
                "an operator signs for nobody; to record a signature on paper, name its side and its evidence"
            )
        return side
    if side not in {None, own}:
        raise ForbiddenError(f"the {own.value} does not sign for the other side", side=own.value)
    return own


def _offered(licence: Licence, unit: Unit) -> LicenceVersion:
    version = licence.newest
    if is_amendment(licence):
        require_in_force(licence, unit.now)
    elif licence.state is not LicenceState.OFFERED:
        raise ConflictError(f"a licence that is {licence.state.value} cannot be signed", state=licence.state.value)
    if version.offered_at is None:
        raise ConflictError(f"version {version.number} has not been offered yet", number=version.number)
    return version


def _require_may_sign(unit: Unit, principal: Principal, licence: Licence, evidence: str | None) -> None:
    performer = unit.session.get_one(Performer, licence.performer_id)
    signed_as = signing_as(unit.session, principal, performer, unit.now, Scope.LICENCES_WRITE)
    require_may_decide(
        unit.session, performer, signed_as, ConsentDecision.GIVEN, evidence_sha256=evidence, now=unit.now
    )


def _require_same_agreement(version: LicenceVersion, seen: str | None, own: OwnSignature | None) -> None:
    digest = document_sha256(version.agreement().as_json())
    for said in (seen, own.agreement_sha256 if own else None):
        if said is not None and said != digest:
            raise SignatureInvalidError(
                f"what was read has the SHA-256 {said}, and what is to be signed has {digest}: read the agreement anew",
                step="agreement",
                agreement_sha256=digest,
                signed_sha256=said,
            )


def _signature(
    ctx: Context,
    unit: Unit,
    principal: Principal,
    version: LicenceVersion,
    *,
    own: OwnSignature | None,
    evidence_sha256: str | None,
) -> LicenceSignature:
    """Make the signature, or check the one that was handed in; which side it is for, the caller says."""
    agreement = version.agreement().as_json()
    made = LicenceSignature(
        signed_at=unit.now, signed_by=principal.account_id, agreement_sha256=document_sha256(agreement)
    )
    if principal.is_operator:
        if own is not None:
            raise InvalidInputError("an operator records paper; a signature by key is for the side itself to send")
        made.method, made.evidence_sha256 = SignatureMethod.PAPER, evidence_sha256
        return made
    key = _key_to_sign_with(ctx, unit, principal, own)
    if own is not None:
        _require_signed(key, own, canonical(agreement), made.agreement_sha256)
        made.method, made.signature = SignatureMethod.OWN_KEY, own.signature
    else:
        made.method = SignatureMethod.REGISTRY_KEY
        made.signature = signing_keys.sign_with(ctx, key, canonical(agreement))
    made.key_id, made.public_key, made.evidence_sha256 = key.id, key.public_key, None
    return made


def _require_signed(key: SigningKey, own: OwnSignature, content: bytes, digest: str | None) -> None:
    """Refuse a signature over other bytes, and say which are to be signed, beside those that the signer says were."""
    try:
        require_signed_bytes(key.public_key, own.signature, content)
    except SignatureInvalidError as error:
        raise SignatureInvalidError(
            f"the signature does not hold over the {len(content)} canonical bytes of the agreement, "
            f"whose SHA-256 is {digest}: sign exactly those, with the key {key.id}",
            **{**error.figures, "agreement_sha256": digest, "signed_sha256": own.agreement_sha256, "key_id": key.id},
        ) from error


def _key_to_sign_with(ctx: Context, unit: Unit, principal: Principal, own: OwnSignature | None) -> SigningKey:
    """Answer the key of the account: its own where it sent a signature, else the one that the registry keeps for it."""
    key = signing_keys.key_in_use(unit.session, principal.account_id)
    if own is not None:
        if key is None or key.custody is not Custody.ACCOUNT:
            raise SignatureInvalidError("the account has registered no key of its own", step="key")
        return key
    if key is None:
        return signing_keys.new_kept_key(ctx, unit, principal.account_id)
    if key.custody is Custody.ACCOUNT:
        raise InvalidInputError(
            "this account signs with its own key: send the signature over the agreement", key_id=key.id
        )
    return key


def _mark_signed(licence: Licence, signature: LicenceSignature) -> None:
    """Repeat on the licence when, and by whom, it was first signed; an amendment's signatures stand in its version."""
    if licence.activated_at is not None:
        return
    if signature.side is Side.PERFORMER:
        licence.performer_signed_at, licence.performer_signed_by = signature.signed_at, signature.signed_by
    else:
        licence.studio_signed_at, licence.studio_signed_by = signature.signed_at, signature.signed_by


def _put_in_force(unit: Unit, licence: Licence, version: LicenceVersion, principal: Principal) -> None:
    """Let a version take effect; under a strike that covers it, it rests from its first moment."""
    report_sha256 = require_ready(unit, licence, version)
    version.in_force_at = unit.now
    if licence.activated_at is None:
        licence.state, licence.activated_at = LicenceState.ACTIVE, unit.now
    stand_by(licence, version)
    record(
        unit,
        EventType.LICENCE_ACTIVATED,
        licence,
        principal,
        number=version.number,
        terms_sha256=version.terms_sha256,
        lint_report_sha256=report_sha256,
    )
    post_opening(unit, licence, principal.account_id)
    _rest_for_strikes(unit, licence)


def _rest_for_strikes(unit: Unit, licence: Licence) -> None:
    held = {hold.strike_id for hold in licence.open_holds}
    for strike in strikes.strikes_on(unit.session):
        if strike.id not in held and strike.covers(licence.terms()):
            place_hold(
                unit,
                licence,
                SuspensionReason.STRIKE,
                placed_by=SYSTEM,
                actor_id=SYSTEM,
                note=strike.note,
                strike_id=strike.id,
            )
