"""Performers: registering, seeing and changing them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from registry.domain.accounts import PERMISSIONS, Principal, RepresentativeKind, Role, Scope
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.performers import IdentityAssurance
from registry.errors import (
    ConflictError,
    DuplicateError,
    ForbiddenError,
    InvalidInputError,
    NameRefusedError,
    NotFoundError,
)
from registry.services.context import Context
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import performers
from registry.store.accounts import Account
from registry.store.performers import Performer, Representative
from registry.vault.commitments import name_digest


def visible_performer(session: Session, principal: Principal, performer_id: str) -> Performer:
    """Answer a performer that the caller may see.

    Raises:
        NotFoundError: there is none that the caller may know of.
    """
    performer = session.get(Performer, performer_id)
    if performer is None or not principal.may_see_performer(performer.id):
        raise NotFoundError("there is no such performer")
    return performer


def narrowed(performer_ids: Collection[str] | None, performer_id: str | None) -> Collection[str] | None:
    """Answer within which performers a list is read that may be asked for one of them; None stands for everybody.

    Args:
        performer_ids: within the caller's reach; None for everybody.
        performer_id: the one asked for, or None; nobody else's are read, and nothing of who is out of reach.
    """
    if performer_id is None:
        return performer_ids
    return [performer_id] if performer_ids is None or performer_id in performer_ids else []


def performer_to_act_for(session: Session, principal: Principal, performer_id: str, scope: Scope) -> Performer:
    """Answer a performer in whose name the caller may do this kind of thing.

    Raises:
        NotFoundError: there is none that the caller may know of.
        ForbiddenError: the token does not carry the scope, or the caller's mandate does not cover it.
    """
    principal.require(scope)
    performer = visible_performer(session, principal, performer_id)
    if not principal.may_act_for(performer.id, scope):
        raise ForbiddenError(f"the mandate for this performer does not cover {scope.value}", scope=scope.value)
    return performer


def performer_to_change(session: Session, principal: Principal, performer_id: str, scope: Scope) -> Performer:
    """Answer a performer as `performer_to_act_for` does, locked until the transaction ends.

    The performer's row is the first lock that any verb takes for what belongs to the performer: consents, key,
    enrolments and licences change one verb at a time, and no two verbs wait for each other.

    Raises:
        ConflictError: the performer was deleted; figure ``state``.
    """
    performer = performer_to_act_for(session, principal, performer_id, scope)
    session.refresh(performer, with_for_update=True)
    if performer.deleted_at is not None:
        raise ConflictError("the performer was deleted by two operators", state="deleted")
    return performer


def register_performer(
    ctx: Context,
    principal: Principal,
    *,
    name: str,
    identity_assurance: IdentityAssurance,
    account_id: str | None = None,
    namesake_evidence_sha256: str | None = None,
    mandate_evidence_sha256: str | None = None,
) -> Performer:
    """Register a performer. Nothing is permitted by it: without consent and enrolment it is a name.

    An operator registers anybody. A performer's account registers itself, self-declared. A representative's account
    registers a performer and acts for them from then on, until an operator or the performer ends it: in everything
    where the digest of the signed mandate is given, and otherwise without deciding anything in the performer's name.

    Args:
        name: as the performer is known.
        identity_assurance: how the identity was established; only an operator says more than self-declared, and a
            representative more than representative-vouched.
        account_id: the performer's own account, if there is one.
        namesake_evidence_sha256: digest of what shows that this is another person than the one of that name who asked
            to be forgotten; only an operator can say so.
        mandate_evidence_sha256: digest of the mandate by which a representative registers the performer.

    Raises:
        ForbiddenError: the caller cannot register performers, or cannot vouch for that much.
        NameRefusedError: somebody of this name has asked to be forgotten.
        InvalidInputError: the account is not a performer's.
        DuplicateError: the account is a performer already.
    """
    principal.require(Scope.PERFORMERS_WRITE)
    _require_may_vouch(principal, identity_assurance)
    own = principal.account_id if principal.role is Role.PERFORMER else account_id
    if principal.role is Role.PERFORMER and account_id not in {None, principal.account_id}:
        raise ForbiddenError("a performer registers themselves only", role=principal.role.value)
    if namesake_evidence_sha256 is not None and not principal.is_operator:
        raise ForbiddenError("that somebody is another person is for an operator to say", role=principal.role.value)
    if mandate_evidence_sha256 is not None and principal.role is not Role.REPRESENTATIVE:
        raise InvalidInputError("only a representative registers somebody under a mandate", role=principal.role.value)
    with unit_of_work(ctx) as unit:
        if namesake_evidence_sha256 is None:
            require_name_free(ctx, unit.session, name)
        performer = Performer(
            id=unit.new_id(IdPrefix.PERFORMER),
            name=name,
            identity_assurance=identity_assurance,
            account_id=_account_of_performer(unit.session, own),
            namesake_evidence_sha256=namesake_evidence_sha256,
            created_by=principal.account_id,
            created_at=unit.now,
            version=1,
        )
        unit.session.add(performer)
        unit.session.flush()
        unit.record(
            EventType.PERFORMER_REGISTERED,
            performer.id,
            principal.account_id,
            identity_assurance=identity_assurance.value,
        )
        if principal.role is Role.REPRESENTATIVE:
            _appoint_registrant(unit, performer, principal, mandate_evidence_sha256)
        unit.commit()
    return performer


def require_name_free(ctx: Context, session: Session, name: str) -> None:
    """Refuse a name under which somebody has asked to be forgotten.

    Raises:
        NameRefusedError: it is one.
    """
    if performers.is_refused(session, name_digest(ctx.keys, name)):
        raise NameRefusedError(
            "somebody of this name has asked to be forgotten; an operator registers a namesake, with evidence that it "
            "is another person"
        )


_VOUCHES: dict[Role, frozenset[IdentityAssurance]] = {
    Role.OPERATOR: frozenset(IdentityAssurance),
    Role.REPRESENTATIVE: frozenset({IdentityAssurance.SELF_DECLARED, IdentityAssurance.REPRESENTATIVE_VOUCHED}),
    Role.PERFORMER: frozenset({IdentityAssurance.SELF_DECLARED}),
}
_REGISTRANT_YEARS = 1


def _require_may_vouch(principal: Principal, assurance: IdentityAssurance) -> None:
    if assurance not in _VOUCHES.get(principal.role, frozenset()):
        raise ForbiddenError(
            f"the role {principal.role.value} cannot say that an identity is {assurance.value}",
            role=principal.role.value,
            identity_assurance=assurance.value,
        )


def _account_of_performer(session: Session, account_id: str | None) -> str | None:
    if account_id is None:
        return None
    account = session.get(Account, account_id)
    if account is None or account.role is not Role.PERFORMER:
        raise InvalidInputError("the account must exist and have the role performer", account_id=account_id)
    if performers.performer_of_account(session, account_id) is not None:
        raise DuplicateError("the account is a registered performer already", account_id=account_id)
    return account_id


_WITHOUT_DECIDING = frozenset(
    {
        Scope.TOKENS_WRITE,
        Scope.PERFORMERS_READ,
        Scope.PERFORMERS_WRITE,
        Scope.LICENCES_READ,
        Scope.CLEARANCES_READ,
        Scope.LEDGER_READ,
        Scope.FINDINGS_READ,
    }
)
"""What whoever registers somebody does for them without showing by what right: nothing is permitted by any of it."""


def _appoint_registrant(unit: Unit, performer: Performer, principal: Principal, evidence_sha256: str | None) -> None:
    scopes = _WITHOUT_DECIDING if evidence_sha256 is None else PERMISSIONS[Role.REPRESENTATIVE]
    mandate = Representative(
        id=unit.new_id(IdPrefix.REPRESENTATIVE),
        performer_id=performer.id,
        account_id=principal.account_id,
        kind=RepresentativeKind.AGENT,
        scopes=sorted(scope.value for scope in scopes),
        evidence_sha256=evidence_sha256,
        created_at=unit.now,
        expires_at=unit.now.replace(year=unit.now.year + _REGISTRANT_YEARS, day=min(unit.now.day, 28)),
        dismissed_at=None,
    )
    unit.session.add(mandate)
    record_appointed(unit, mandate, principal.account_id)


def record_appointed(unit: Unit, mandate: Representative, actor_id: str) -> None:
    """Remember that somebody acts for a performer from now on."""
    unit.record(
        EventType.REPRESENTATIVE_APPOINTED,
        mandate.id,
        actor_id,
        performer_id=mandate.performer_id,
        account_id=mandate.account_id,
        kind=mandate.kind.value,
        scopes=" ".join(mandate.scopes),
        expires_at=mandate.expires_at.isoformat(),
    )


def get_performer(ctx: Context, principal: Principal, performer_id: str) -> Performer:
    """Answer one performer.

    Raises:
        NotFoundError: there is none that the caller may know of.
    """
    principal.require(Scope.PERFORMERS_READ)
    with ctx.database.read() as session:
        return visible_performer(session, principal, performer_id)


def list_performers(ctx: Context, principal: Principal, *, after: str | None, limit: int) -> Sequence[Performer]:
    """Answer a page of performers: every one for an operator, oneself or those one represents for others."""
    principal.require(Scope.PERFORMERS_READ)
    among = None if principal.is_operator else list(principal.performer_ids)
    with ctx.database.read() as session:
        return performers.page_of_performers(session, among=among, after=after, limit=limit)


def change_performer(
    ctx: Context,
    principal: Principal,
    performer_id: str,
    *,
    name: str | None = None,
    identity_assurance: IdentityAssurance | None = None,
    account_id: str | None = None,
    if_version: int | None = None,
) -> Performer:
    """Change a performer's name, assurance or account; what is None stays.

    Raises:
        NotFoundError, ForbiddenError, InvalidInputError, DuplicateError: as for registering.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        performer = performer_to_change(unit.session, principal, performer_id, Scope.PERFORMERS_WRITE)
        require_version(performer.version, if_version)
        changed: list[str] = []
        if name is not None and name != performer.name:
            _require_may_be_called(ctx, unit.session, performer, name)
            performer.name = name
            changed.append("name")
        if identity_assurance is not None and identity_assurance is not performer.identity_assurance:
            _require_may_vouch(principal, identity_assurance)
            performer.identity_assurance = identity_assurance
            changed.append("identity_assurance")
        if account_id is not None and account_id != performer.account_id:
            _require_operator_for_account(principal)
            performer.account_id = _account_of_performer(unit.session, account_id)
            changed.append("account_id")
        if changed:
            performer.version += 1
            unit.record(EventType.PERFORMER_CHANGED, performer.id, principal.account_id, changed=" ".join(changed))
            unit.commit()
    return performer


def _require_may_be_called(ctx: Context, session: Session, performer: Performer, name: str) -> None:
    if performer.forgotten_at is not None:
        raise ConflictError("the performer has asked to be forgotten, and has no name here", state="forgotten")
    if performer.namesake_evidence_sha256 is None:
        require_name_free(ctx, session, name)


def _require_operator_for_account(principal: Principal) -> None:
    if not principal.is_operator:
        raise ForbiddenError("only an operator links a performer to an account", role=principal.role.value)
