"""Signing in at the same moment, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select
from steps import Registry

from registry.domain.accounts import Role
from registry.domain.retention import RULES, RuleId
from registry.domain.sign_in import Origin, SignInRules
from registry.errors import ConflictError, DuplicateError, RegistryError, UnauthenticatedError
from registry.services import accounts, identities, purge, sessions, sign_in_links
from registry.services.housekeeping import keep_house
from registry.services.provider import Client, Provider
from registry.services.provider_http import ProviderHttp
from registry.store.identities import Identity
from registry.store.sessions import SignInSession
from registry.store.sign_in_links import SignInLink

HERE = Origin("https", "registry.example", 443)


def ready(registry: Registry) -> Registry:
    """Let people sign in."""
    provider = Provider(Client("https://login.example", "likeness", None), ProviderHttp(frozenset()), registry.clock)
    registry.ctx = replace(registry.ctx, sign_in=SignInRules(HERE), provider=provider)
    return registry


def link_text(registry: Registry, account_id: str) -> str:
    return sign_in_links.issue_link(registry.ctx, registry.operator, account_id).url.partition("?t=")[2]


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Do things at the same moment; answer what each gave, or its error."""
    barrier = Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return deed()
        except RegistryError as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [each.result() for each in [pool.submit(do, deed) for deed in deeds]]


def test_of_many_who_press_at_once_one_is_let_in(registry: Registry) -> None:
    ready(registry)
    studio = registry.studio()
    for _ in range(3):
        text = link_text(registry, studio.account_id)
        told = at_once(*[lambda: sign_in_links.use_link(registry.ctx, text)] * 4)  # noqa: B023  (done by then)
        assert sum(isinstance(each, sessions.OpenedSession) for each in told) == 1, told
        assert sum(type(each) is UnauthenticatedError for each in told) == 3
    with registry.ctx.database.read() as session:
        assert len(session.scalars(select(SignInSession)).all()) == 3


def test_who_is_shut_out_while_they_press_is_out(registry: Registry) -> None:
    """Whichever comes first: no session is left that goes on."""
    ready(registry)
    studio = registry.studio()
    for _ in range(3):
        text = link_text(registry, studio.account_id)
        told = at_once(
            lambda: sign_in_links.use_link(registry.ctx, text),  # noqa: B023  (done by then)
            lambda: sessions.end_every_session(registry.ctx, registry.operator, studio.account_id),
        )
        opened = next((each for each in told if isinstance(each, sessions.OpenedSession)), None)
        if opened is not None:
            with pytest.raises(UnauthenticatedError):
                sessions.authenticate_session(registry.ctx, opened.text)


def test_one_identity_is_not_connected_twice_at_once(registry: Registry) -> None:
    ready(registry)
    studios = [registry.studio(f"Studio {number}") for number in range(4)]
    told = at_once(
        *[
            lambda studio=studio: identities.connect_by_hand(  # type: ignore[misc]
                registry.ctx, registry.operator, studio.account_id, "subject"
            )
            for studio in studios
        ]
    )
    assert sum(isinstance(each, Identity) for each in told) == 1
    assert sum(isinstance(each, DuplicateError) for each in told) == 3


def test_sessions_and_links_that_are_over_are_forgotten_in_time(sqlite_registry: Registry) -> None:
    registry = ready(sqlite_registry)
    account_id = registry.studio().account_id
    sign_in_links.use_link(registry.ctx, link_text(registry, account_id))
    kept_for = RULES[RuleId.ENDED_SESSION].kept_for
    assert kept_for is not None

    def kept() -> list[int]:
        keep_house(registry.ctx)
        with registry.ctx.database.read() as session:
            return [len(session.scalars(select(table)).all()) for table in (SignInSession, SignInLink)]

    registry.clock.move(seconds=(registry.ctx.sign_in.session_life + kept_for).total_seconds())
    assert kept() == [1, 0]
    registry.clock.move(seconds=1)
    assert kept() == [0, 0]


@pytest.mark.parametrize("who", ["performer", "representative"])
def test_signing_in_is_a_sign_that_keeps_voiceprints_as_long_as_it_is_remembered(
    sqlite_registry: Registry, who: str
) -> None:
    """Sessions are forgotten after a month; that somebody was there is not."""
    registry = ready(sqlite_registry)
    performer_id = registry.enrolled()
    role = Role.PERFORMER if who == "performer" else Role.REPRESENTATIVE
    account = accounts.create_account(registry.ctx, registry.operator, role=role, name="Marta")
    bind(registry, performer_id, account.id, role)
    registry.clock.move(days=2 * 365)
    sign_in_links.use_link(registry.ctx, link_text(registry, account.id))
    registry.clock.move(days=2 * 365)
    keep_house(registry.ctx)
    assert RuleId.IDLE_VOICEPRINT not in due(registry)
    registry.clock.move(days=366)
    assert due(registry)[RuleId.IDLE_VOICEPRINT] == 1


def bind(registry: Registry, performer_id: str, account_id: str, role: Role) -> None:
    from registry.domain.accounts import PERMISSIONS, RepresentativeKind
    from registry.services import performers, representatives

    if role is Role.PERFORMER:
        performers.change_performer(registry.ctx, registry.operator, performer_id, account_id=account_id)
        return
    representatives.appoint_representative(
        registry.ctx,
        registry.operator,
        performer_id,
        account_id=account_id,
        kind=RepresentativeKind.AGENT,
        scopes=PERMISSIONS[Role.REPRESENTATIVE],
        expires_at=registry.clock() + timedelta(days=3000),
        evidence_sha256="e" * 64,
    )


def due(registry: Registry) -> dict[RuleId, int]:
    return {each.rule: each.records for each in purge.what_is_due(registry.ctx, registry.operator) if each.records}


def test_where_nobody_said_at_which_address_nobody_signs_in(sqlite_registry: Registry) -> None:
    with pytest.raises(ConflictError, match="LIKENESS_PUBLIC_URL"):
        sign_in_links.issue_link(sqlite_registry.ctx, sqlite_registry.operator, sqlite_registry.studio().account_id)
    with pytest.raises(ConflictError, match="LIKENESS_OIDC_ISSUER"):
        identities.begin_flow(sqlite_registry.ctx)
