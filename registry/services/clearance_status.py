"""The status of clearances: whether each of many tokens still holds, in one signed answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Role, Scope
from registry.domain.clearance_status import ClearanceStanding, Given, Stands, stands
from registry.domain.clearances import Decision
from registry.domain.scores import Reason
from registry.errors import ForbiddenError, InvalidInputError, NotFoundError, SignatureInvalidError
from registry.interchange.clearances import STATUS_TYPE, TOKEN_TYPE, ClearanceStatus, ClearanceToken
from registry.services.clearances import readable_clearance, wanted_of
from registry.services.context import Context
from registry.services.records import records_between
from registry.store import approvals, clearances
from registry.store.clearances import Clearance
from registry.vault.signing import PublicKeys, sign, verify


@dataclass(frozen=True, slots=True)
class Told:
    """What is said of one token.

    Attributes:
        clearance_id: of its clearance, or None where the token is not one that was given to whoever asks.
        stands: how it stands.
    """

    clearance_id: str | None
    stands: Stands


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What is said of many tokens, in their order, and the same signed.

    Attributes:
        told: of each token.
        at: when.
        signed: a compact JWS that names every clearance that is known, for whoever checks without asking.
    """

    told: Sequence[Told]
    at: datetime
    signed: str


def ask_status(ctx: Context, principal: Principal, tokens: Sequence[str]) -> StatusAnswer:
    """Say of each of a studio's tokens whether it still holds. Nothing is written.

    1. Each token must carry the registry's own signature, and have been given to the studio that asks. One that does
       not is unknown, and whether there is such a clearance for somebody else is not said.
    2. What is known of every performer is read once, in one snapshot.
    3. Each clearance is judged anew by the rules that it was given by.
    4. The answers are signed together.

    Raises:
        ForbiddenError: the caller is no studio.
    """
    studio_id = holding_studio(principal)
    trusted = dict(ctx.keys.signing_keys())
    read = [_read(token, trusted, studio_id) for token in tokens]
    now = ctx.clock()
    with ctx.database.read() as session:
        named = [token.clearance_id for token in read if isinstance(token, ClearanceToken)]
        known = {c.id: c for c in clearances.clearances_named(session, named) if c.studio_id == studio_id}
        standing = stand_now(session, studio_id, list(known.values()), now)
    told = [_told(token, standing) for token in read]
    said = {t.clearance_id: (t.stands.standing, t.stands.reasons[0]) for t in told if t.clearance_id is not None}
    signed = sign(ctx.keys, ClearanceStatus(studio_id, now, said).claims(), typ=STATUS_TYPE)
    return StatusAnswer(told, now, signed)


def holding_studio(principal: Principal) -> str:
    """Answer the studio whose tokens are asked about.

    Raises:
        ForbiddenError: the caller is no studio, or their token does not carry the scope.
    """
    principal.require(Scope.CLEARANCES_READ)
    if principal.role not in {Role.STUDIO_MEMBER, Role.STUDIO_ADMIN} or principal.organisation_id is None:
        raise ForbiddenError("the studio that holds clearances asks for their status", role=principal.role.value)
    return principal.organisation_id


def _read(token: str, trusted: PublicKeys, studio_id: str) -> ClearanceToken | Reason:
    """Answer a token that is the studio's, or why it is not."""
    try:
        read = ClearanceToken.of_claims(verify(token, trusted, typ=TOKEN_TYPE))
    except (SignatureInvalidError, InvalidInputError) as error:
        step = str(error.figures.get("step", "claims"))
        return Reason("clearance_not_verified", f"this is no clearance of the registry: {error.detail}", {"step": step})
    return read if read.studio_id == studio_id else _NOT_YOURS


def _told(token: ClearanceToken | Reason, standing: Mapping[str, Stands]) -> Told:
    if isinstance(token, Reason):
        return Told(None, Stands(ClearanceStanding.UNKNOWN, (token,)))
    found = standing.get(token.clearance_id)
    return Told(token.clearance_id, found or Stands(ClearanceStanding.UNKNOWN, (_NOT_YOURS,)))


_NOT_YOURS = Reason("clearance_unknown", "the registry has given your studio no such clearance")


def stand_now(session: Session, studio_id: str, given: Sequence[Clearance], now: datetime) -> Mapping[str, Stands]:
    """Answer how each of some permissions of one studio stands, by its id; what permits nothing is left out."""
    permitted = [clearance for clearance in given if clearance.decision is Decision.PERMITTED]
    records = records_between(session, studio_id, {c.performer_id for c in permitted}, now=now)
    held = clearances.terms_held(session, {str(c.licence_id) for c in permitted})
    used_up = {str(a.clearance_id): a.id for a in approvals.approvals_used_by(session, [c.id for c in permitted])}
    digests = {licence_id: terms.sha256 for licence_id, terms in held.items()}
    return {
        c.id: stands(
            given_of(c, used_up.get(c.id)),
            records[c.performer_id],
            terms_sha256=digests.get(str(c.licence_id)),
            now=now,
        )
        for c in permitted
    }


def own_standings(ctx: Context, principal: Principal, given: Sequence[Clearance]) -> Mapping[str, Stands]:
    """Answer how permissions of the caller's own studio stand now, by id; of others nothing is said here.

    Args:
        ctx: what verbs work with.
        principal: who reads.
        given: clearances that the caller was let read.
    """
    own = [clearance for clearance in given if clearance.studio_id == principal.organisation_id]
    if not own or principal.organisation_id is None:
        return {}
    with ctx.database.read() as session:
        return stand_now(session, principal.organisation_id, own, ctx.clock())


def given_of(clearance: Clearance, approval_id: str | None) -> Given:
    """Answer a permission as the rules take it.

    Raises:
        NotFoundError: it permits nothing.
    """
    licence_id, digest, consent_id = clearance.licence_id, clearance.terms_sha256, clearance.consent_id
    ends = clearance.expires_at
    if licence_id is None or digest is None or consent_id is None or ends is None:
        raise NotFoundError("nothing was permitted")
    return Given(wanted_of(clearance), licence_id, digest, consent_id, approval_id, ends)


def standing_of(ctx: Context, principal: Principal, clearance_id: str) -> Stands | None:
    """Answer how a clearance stands now, to whoever may read it; None where nothing was permitted.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    with ctx.database.read() as session:
        clearance = readable_clearance(session, principal, clearance_id)
        return stand_now(session, clearance.studio_id, [clearance], ctx.clock()).get(clearance.id)
