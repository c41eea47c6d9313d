"""Representatives: agents, guilds, guardians and estates, within a scope and until a moment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from registry.domain.accounts import PERMISSIONS, Principal, RepresentativeKind, Role, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.performers import end_of_minority, is_minor
from registry.errors import (
    ConflictError,
    DuplicateError,
    EvidenceRequiredError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
)
from registry.services.context import Context
from registry.services.performers import performer_to_change, record_appointed, visible_performer
from registry.services.unit import Unit, unit_of_work
from registry.store import performers
from registry.store.accounts import Account
from registry.store.performers import Performer, Representative


def appoint_representative(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    account_id: str,
    kind: RepresentativeKind,
    scopes: Collection[Scope],
    expires_at: datetime,
    evidence_sha256: str | None = None,
) -> Representative:
    """Let an account act for a performer, within a scope and until a moment.

    Only the performer or an operator appoints: a mandate does not make further mandates. A guardian acts for a minor
    only, and until they come of age at the latest; an estate for somebody who has died. Both are for an operator to
    appoint, because a minor or a dead person appoints no such representative. Whatever an operator appoints rests on
    evidence; what a performer appoints through their own account is their own act.

    What a mandate in force grants already is not granted once more: whoever ended the one would not have ended the
    other. What is wider, lasts longer or shows another document is a mandate of its own, beside it. The performer's
    row is locked, so of two who appoint at once the second is refused.

    Raises:
        NotFoundError: no such performer that the caller may know of.
        ForbiddenError: the caller is a representative, lacks the scope, or is not an operator where it takes one.
        EvidenceRequiredError: somebody else than the performer appoints, and shows nothing of the mandate.
        ConflictError: a guardian of somebody who is of age, or an estate of somebody who lives.
        DuplicateError: it is granted already; figures ``representative_id`` and ``expires_at`` of what stands.
        InvalidInputError: the account is not a representative's, a scope is too wide, or the term has no length.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.PERFORMERS_WRITE)
        require_appointing(principal)
        ends_at = _ends_at(performer, kind, expires_at, unit.now)
        _require_fit(unit, account_id, scopes, ends_at)
        _require_capacity(principal, performer, kind, evidence_sha256, unit.now)
        mandate = Representative(
            id=unit.new_id(IdPrefix.REPRESENTATIVE),
            performer_id=performer.id,
            account_id=account_id,
            kind=kind,
            scopes=sorted(scope.value for scope in scopes),
            evidence_sha256=evidence_sha256,
            created_at=unit.now,
            expires_at=ends_at,
            dismissed_at=None,
        )
        _require_something_new(unit, mandate)
        unit.session.add(mandate)
        record_appointed(unit, mandate, principal.account_id)
        unit.commit()
    return mandate


def require_appointing(principal: Principal) -> None:
    """Refuse whoever appoints nobody, for whomever.

    Raises:
        ForbiddenError: the caller is a representative, or lacks the scope.
    """
    principal.require(Scope.PERFORMERS_WRITE)
    if principal.role is Role.REPRESENTATIVE:
        raise ForbiddenError("a representative appoints nobody", role=principal.role.value)


BY_LAW = frozenset({RepresentativeKind.GUARDIAN, RepresentativeKind.ESTATE})
"""Capacities that the performer neither gives nor takes away."""


def _ends_at(performer: Performer, kind: RepresentativeKind, wanted: datetime, now: datetime) -> datetime:
    """Answer when a mandate ends: that of a guardian by itself when the minor comes of age."""
    if kind is RepresentativeKind.GUARDIAN and performer.adult_on and is_minor(performer.adult_on, now.date()):
        return min(wanted, end_of_minority(performer.adult_on))
    return wanted


def _require_capacity(
    principal: Principal, performer: Performer, kind: RepresentativeKind, evidence_sha256: str | None, now: datetime
) -> None:
    """Refuse a capacity that nobody can have for this performer, or that is not shown."""
    if kind is RepresentativeKind.GUARDIAN and not is_minor(performer.adult_on, now.date()):
        raise ConflictError(
            "a guardian acts for a minor; no birth date is recorded by which the performer is one", kind=kind.value
        )
    if (kind is RepresentativeKind.ESTATE) != (performer.died_on is not None):
        raise ConflictError(
            "an estate acts for a performer whose death is recorded, and then nobody else", kind=kind.value
        )
    if kind in BY_LAW and not principal.is_operator:
        raise ForbiddenError(f"a {kind.value} is appointed by an operator", kind=kind.value)
    if evidence_sha256 is None and principal.role is not Role.PERFORMER:
        raise EvidenceRequiredError(
            f"by what right the {kind.value} acts is shown: give the digest of the document that says so",
            evidence="evidence_sha256",
        )


def _require_fit(unit: Unit, account_id: str, scopes: Collection[Scope], expires_at: datetime) -> None:
    account = unit.session.get(Account, account_id)
    if account is None or account.role is not Role.REPRESENTATIVE:
        raise InvalidInputError("the account must exist and have the role representative", account_id=account_id)
    if excess := sorted(s.value for s in set(scopes) - PERMISSIONS[Role.REPRESENTATIVE]):
        raise InvalidInputError(f"a representative cannot have {', '.join(excess)}", scopes=excess)
    if not scopes:
        raise InvalidInputError("a mandate without any scope could do nothing")
    if expires_at <= unit.now:
        raise InvalidInputError(f"the mandate would have ended at {expires_at.isoformat()}, before it began")


def _require_something_new(unit: Unit, wanted: Representative) -> None:
    """Refuse a mandate of which everything is granted by one in force: every scope, as long, on the same document."""
    for held in performers.mandates_for(unit.session, wanted.performer_id, wanted.kind, unit.now):
        granted = (
            held.account_id == wanted.account_id
            and set(wanted.scopes) <= set(held.scopes)
            and wanted.expires_at <= held.expires_at
            and wanted.evidence_sha256 in {None, held.evidence_sha256}
        )
        if granted:
            raise DuplicateError(
                f"the account acts as {held.kind.value} in all of this already, until {held.expires_at.isoformat()}; "
                "to narrow or shorten that, end it first",
                representative_id=held.id,
                expires_at=held.expires_at.isoformat(),
            )


def list_representatives(ctx: Context, principal: Principal, performer_id: str) -> Sequence[Representative]:
    """Answer everybody who ever acted for a performer.

    Raises:
        NotFoundError: no such performer that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        return performers.representatives_of(session, visible_performer(session, principal, performer_id).id)


def may_dismiss(principal: Principal, mandate: Representative) -> bool:
    """Whether a caller may end a mandate of a performer that they may know of; `dismiss_representative` asks again."""
    if Scope.PERFORMERS_WRITE not in principal.scopes:
        return False
    if principal.role is Role.REPRESENTATIVE:
        return mandate.account_id == principal.account_id
    own = principal.may_act_for(mandate.performer_id, Scope.PERFORMERS_WRITE)
    return principal.is_operator or (own and mandate.kind not in BY_LAW)


def dismiss_representative(
    ctx: Context, principal: Principal, performer_id: str, representative_id: str
) -> Representative:
    """End a mandate: the performer, an operator, or the representative themselves, whatever the mandate covers.

    A guardian and an estate are ended by an operator or by themselves: a minor does not get rid of a guardian, nor does
    whoever has the token of somebody who has died of the estate.

    Raises:
        NotFoundError: no such performer or mandate that the caller may know of.
        ForbiddenError: a representative ends somebody else's, or the performer one that the law gives.
        ConflictError: it was ended before.
    """
    principal.require(Scope.PERFORMERS_WRITE)
    with unit_of_work(ctx) as unit:
        if principal.role is Role.REPRESENTATIVE:
            performer = visible_performer(unit.session, principal, performer_id)
            unit.session.refresh(performer, with_for_update=True)
        else:
            performer = performer_to_change(unit.session, principal, performer_id, Scope.PERFORMERS_WRITE)
        mandate = unit.session.get(Representative, representative_id)
        if mandate is None or mandate.performer_id != performer.id:
            raise NotFoundError("there is no such mandate")
        if principal.role is Role.REPRESENTATIVE and mandate.account_id != principal.account_id:
            raise ForbiddenError("a representative ends their own mandate only", role=principal.role.value)
        if principal.role is Role.PERFORMER and mandate.kind in BY_LAW:
            raise ForbiddenError(f"a {mandate.kind.value} is dismissed by an operator", kind=mandate.kind.value)
        if mandate.dismissed_at is not None:
            raise ConflictError("the mandate has ended already", state="dismissed")
        mandate.dismissed_at = unit.now
        unit.record(EventType.REPRESENTATIVE_DISMISSED, mandate.id, principal.account_id, performer_id=performer.id)
        unit.commit()
    return mandate
