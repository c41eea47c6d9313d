"""A token is replaced without anybody standing still, and nobody comes to more by it than they had."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from steps import Registry

from registry.domain.accounts import Principal, Role, Scope
from registry.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    NotFoundError,
    TokenExpiredError,
    UnauthenticatedError,
)
from registry.services import accounts, tokens
from registry.services.tokens import IssuedToken

DAY = timedelta(days=1)
SOME = [Scope.CHECKS_READ, Scope.TOKENS_WRITE]


def issued(registry: Registry, whose: Principal) -> IssuedToken:
    return tokens.issue_token(
        registry.ctx, whose, account_id=whose.account_id, name="render farm", scopes=SOME, ttl=30 * DAY
    )


def rotated(registry: Registry, by: Principal, old: IssuedToken, overlap: timedelta = DAY) -> IssuedToken:
    return tokens.rotate_token(registry.ctx, by, old.token.id, overlap=overlap)


def test_both_work_until_the_old_one_ends_and_the_new_one_is_the_same_again(registry: Registry) -> None:
    studio = registry.studio()
    old = issued(registry, studio)
    registry.clock.move(days=20)
    new = rotated(registry, studio, old)
    assert (new.token.name, new.token.scopes) == (old.token.name, old.token.scopes)
    assert new.token.expires_at == registry.clock() + 30 * DAY
    for each in (old, new):
        assert tokens.authenticate(registry.ctx, each.text).account_id == studio.account_id
    registry.clock.move(days=1)
    with pytest.raises(TokenExpiredError):
        tokens.authenticate(registry.ctx, old.text)
    assert tokens.authenticate(registry.ctx, new.text).scopes == frozenset(SOME)
    assert registry.journal()[-2:] == ["token.issued", "token.rotated"]


def test_without_an_overlap_the_old_one_ends_at_once_and_an_overlap_prolongs_nothing(
    sqlite_registry: Registry,
) -> None:
    studio = sqlite_registry.studio()
    old, leaked = issued(sqlite_registry, studio), issued(sqlite_registry, studio)
    rotated(sqlite_registry, studio, leaked, timedelta(0))
    with pytest.raises(UnauthenticatedError):
        tokens.authenticate(sqlite_registry.ctx, leaked.text)
    sqlite_registry.clock.move(days=29.5)
    rotated(sqlite_registry, studio, old, 7 * DAY)
    sqlite_registry.clock.move(days=0.5)
    with pytest.raises(TokenExpiredError):
        tokens.authenticate(sqlite_registry.ctx, old.text)


def test_an_answer_that_got_lost_is_asked_for_again(sqlite_registry: Registry) -> None:
    studio = sqlite_registry.studio()
    old = issued(sqlite_registry, studio)
    lost, second = (rotated(sqlite_registry, studio, old) for _ in range(2))
    assert lost.token.id != second.token.id
    assert tokens.authenticate(sqlite_registry.ctx, second.text).account_id == studio.account_id


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=7, seconds=1)])
def test_an_overlap_has_bounds(sqlite_registry: Registry, overlap: timedelta) -> None:
    studio = sqlite_registry.studio()
    with pytest.raises(InvalidInputError):
        rotated(sqlite_registry, studio, issued(sqlite_registry, studio), overlap)


def test_nobody_rotates_what_is_anothers_or_wider_than_their_own(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    old = issued(registry, studio)
    with pytest.raises(NotFoundError):
        rotated(registry, registry.studio("Southlight"), old)
    narrow = replace(studio, scopes=frozenset({Scope.TOKENS_WRITE}))
    with pytest.raises(InvalidInputError) as wider:
        rotated(registry, narrow, old)
    assert wider.value.figures["scopes"] == [Scope.CHECKS_READ.value]
    with pytest.raises(ForbiddenError):
        rotated(registry, replace(studio, scopes=studio.scopes - {Scope.TOKENS_WRITE}), old)
    belongs = registry.operator.organisation_id
    account = accounts.create_account(
        registry.ctx, registry.operator, role=Role.OPERATOR, name="Second", organisation_id=belongs
    )
    second = accounts.operator_principal(account)
    theirs = tokens.issue_token(registry.ctx, second, account_id=second.account_id, name="own", scopes=None, ttl=DAY)
    with pytest.raises(ForbiddenError):
        rotated(registry, registry.operator, theirs)


def test_what_has_ended_is_issued_anew_and_not_rotated(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    revoked, expired = issued(registry, studio), issued(registry, studio)
    tokens.revoke_token(registry.ctx, studio, revoked.token.id)
    registry.clock.move(days=30)
    for ended in (revoked, expired):
        with pytest.raises(ConflictError) as refused:
            rotated(registry, studio, ended)
        assert refused.value.figures["state"] == "ended"
