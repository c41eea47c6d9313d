"""Principals: what an account may do at a moment, by its role, its own performer and its mandates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import PERMISSIONS, Principal, Role, Scope
from registry.errors import ConflictError, ForbiddenError
from registry.services.accounts import visible_account
from registry.store import performers
from registry.store.accounts import Account


def principal_of(session: Session, account: Account, scopes: frozenset[Scope], now: datetime) -> Principal:
    """Answer the principal of an account.

    Args:
        session: of a transaction.
        account: whose.
        scopes: that were granted; what the role does not have, or no longer has, is left out.
        now: at which mandates are looked at.
    """
    acting: dict[str, frozenset[Scope]] = {}
    for mandate in _mandates(session, account, now):  # several for one performer grant what any of them does
        held = frozenset(Scope(each) for each in mandate.scopes)
        acting[mandate.performer_id] = acting.get(mandate.performer_id, frozenset()) | held
    own = performers.performer_of_account(session, account.id)
    if own is not None:
        acting[own.id] = PERMISSIONS[Role.PERFORMER]
    return Principal(account.id, account.role, scopes & PERMISSIONS[account.role], account.organisation_id, acting)


def _mandates(session: Session, account: Account, now: datetime) -> Sequence[performers.Representative]:
    return performers.mandates_of(session, account.id, now) if account.role is Role.REPRESENTATIVE else ()


def account_to_let_in(session: Session, principal: Principal, account_id: str, *, by: str) -> Account:
    """Answer an account that the caller may make a way in for: one's own, of one's studio (its admin), or any.

    Not that of another operator: what takes two of them must not be done by one who can be both.

    Args:
        session: of a transaction.
        principal: who asks.
        account_id: of the account.
        by: what is made, and how its holder gets it instead, for the words of a refusal.

    Raises:
        NotFoundError: no such account that the caller may know of.
        ForbiddenError: it is another operator's; figure ``account_id``.
        ConflictError: it is disabled.
    """
    account = visible_account(session, principal, account_id)
    if account.role is Role.OPERATOR and account.id != principal.account_id:
        raise ForbiddenError(by.format(account_id=account.id), account_id=account.id)
    if account.disabled_at is not None:
        raise ConflictError("the account is disabled", state="disabled")
    return account
