"""The strike switch: everything covered rests at once, and only what it has suspended is let go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from steps import TERMS, Registry

from registry.domain.accounts import Principal, RepresentativeKind, Role, Scope
from registry.domain.consents import ConsentPurpose
from registry.domain.licences import LicenceState, Side, SuspensionReason
from registry.domain.strikes import StrikeScope
from registry.domain.terms import Circumstances, CollectiveAgreement, Representation, RepresentationKind
from registry.errors import ConflictError, DuplicateError, ForbiddenError, InvalidInputError
from registry.services import licence_course, licence_signing, licences, representatives, strikes, tokens
from registry.store.licences import Licence

AGREEMENT = "Interactive Agreement 2025"
COVERED = replace(
    TERMS,
    circumstances=Circumstances(
        representation=Representation(RepresentationKind.UNION, "Voice Guild"),
        cba=CollectiveAgreement(AGREEMENT, addresses_replicas=True),
    ),
)


def licensed(registry: Registry, name: str, terms: object = COVERED, studio: Principal | None = None) -> Licence:
    """Let a performer and a studio agree."""
    performer_id = registry.performer(name)
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    return registry.licence(performer_id, studio or registry.studio(f"Studio of {name}"), terms)  # type: ignore[arg-type]


def state(registry: Registry, licence: Licence) -> LicenceState:
    return licences.get_licence(registry.ctx, registry.operator, licence.id).state


@pytest.mark.parametrize("role", [Role.STUDIO_ADMIN, Role.PERFORMER])
def test_neither_studio_nor_performer_declares_a_strike(sqlite_registry: Registry, role: Role) -> None:
    licence = licensed(sqlite_registry, "Ada Lind")
    who = sqlite_registry.principal(role, "Somebody", "Harbour" if role is Role.STUDIO_ADMIN else None)
    with pytest.raises(ForbiddenError):
        strikes.declare_strike(sqlite_registry.ctx, who, scope=StrikeScope.AGREEMENT, name=AGREEMENT)
    assert state(sqlite_registry, licence) is LicenceState.ACTIVE


def test_an_empty_name_strikes_nothing(sqlite_registry: Registry) -> None:
    with pytest.raises(InvalidInputError):
        strikes.declare_strike(sqlite_registry.ctx, sqlite_registry.operator, scope=StrikeScope.GUILD, name="  ")


def test_everything_covered_rests_and_nothing_else(sqlite_registry: Registry) -> None:
    covered = [licensed(sqlite_registry, name) for name in ("Ada Lind", "Bea Moss")]
    other = licensed(sqlite_registry, "Cal Weir", TERMS)
    done = strikes.declare_strike(
        sqlite_registry.ctx, sqlite_registry.operator, scope=StrikeScope.AGREEMENT, name="interactive  AGREEMENT 2025"
    )
    assert sorted(done.licences) == sorted(licence.id for licence in covered)
    assert [state(sqlite_registry, licence) for licence in covered] == [LicenceState.SUSPENDED] * 2
    assert state(sqlite_registry, other) is LicenceState.ACTIVE
    with pytest.raises(DuplicateError):
        strikes.declare_strike(
            sqlite_registry.ctx, sqlite_registry.operator, scope=StrikeScope.AGREEMENT, name=AGREEMENT
        )


def test_nobody_but_the_end_of_the_strike_lifts_what_it_holds(sqlite_registry: Registry) -> None:
    licence = licensed(sqlite_registry, "Ada Lind")
    on = strikes.declare_strike(
        sqlite_registry.ctx, sqlite_registry.operator, scope=StrikeScope.GUILD, name="Voice Guild"
    )
    with pytest.raises(ForbiddenError, match="strike"):
        licence_course.resume_licence(sqlite_registry.ctx, sqlite_registry.operator, licence.id)
    with pytest.raises(InvalidInputError):
        licence_course.suspend_licence(
            sqlite_registry.ctx, sqlite_registry.operator, licence.id, cause=SuspensionReason.STRIKE
        )
    strikes.lift_strike(sqlite_registry.ctx, sqlite_registry.operator, on.strike.id)
    assert state(sqlite_registry, licence) is LicenceState.ACTIVE
    with pytest.raises(ConflictError):
        strikes.lift_strike(sqlite_registry.ctx, sqlite_registry.operator, on.strike.id)


def test_what_rested_before_the_strike_rests_after_it(sqlite_registry: Registry) -> None:
    disputed, paused = licensed(sqlite_registry, "Ada Lind"), licensed(sqlite_registry, "Bea Moss")
    ctx, operator = sqlite_registry.ctx, sqlite_registry.operator
    licence_course.suspend_licence(ctx, operator, disputed.id, reason="in court", cause=SuspensionReason.DISPUTE)
    on = strikes.declare_strike(ctx, operator, scope=StrikeScope.AGREEMENT, name=AGREEMENT)
    licence_course.suspend_licence(ctx, operator, paused.id, reason="meanwhile")
    lifted = strikes.lift_strike(ctx, operator, on.strike.id)
    assert sorted(lifted.still_suspended) == sorted([disputed.id, paused.id])
    held = licences.get_licence(ctx, operator, disputed.id)
    assert [(hold.reason, hold.note) for hold in held.open_holds] == [(SuspensionReason.DISPUTE, "in court")]
    assert held.suspension_reason == "in court"


def test_of_two_strikes_both_must_end(sqlite_registry: Registry) -> None:
    licence = licensed(sqlite_registry, "Ada Lind")
    ctx, operator = sqlite_registry.ctx, sqlite_registry.operator
    first = strikes.declare_strike(ctx, operator, scope=StrikeScope.AGREEMENT, name=AGREEMENT)
    second = strikes.declare_strike(ctx, operator, scope=StrikeScope.GUILD, name="voice guild")
    strikes.lift_strike(ctx, operator, first.strike.id)
    assert state(sqlite_registry, licence) is LicenceState.SUSPENDED
    strikes.lift_strike(ctx, operator, second.strike.id)
    assert state(sqlite_registry, licence) is LicenceState.ACTIVE


def test_a_licence_signed_during_the_strike_rests_from_its_first_moment(sqlite_registry: Registry) -> None:
    ctx, operator = sqlite_registry.ctx, sqlite_registry.operator
    on = strikes.declare_strike(ctx, operator, scope=StrikeScope.AGREEMENT, name=AGREEMENT)
    licence = licensed(sqlite_registry, "Ada Lind")
    assert licence.state is LicenceState.SUSPENDED
    assert licence.activated_at is not None
    strikes.lift_strike(ctx, operator, on.strike.id)
    assert state(sqlite_registry, licence) is LicenceState.ACTIVE


def test_a_licence_revoked_during_the_strike_is_not_brought_back(sqlite_registry: Registry) -> None:
    licence = licensed(sqlite_registry, "Ada Lind")
    ctx, operator = sqlite_registry.ctx, sqlite_registry.operator
    on = strikes.declare_strike(ctx, operator, scope=StrikeScope.AGREEMENT, name=AGREEMENT)
    licence_course.revoke_licence(ctx, operator, licence.id)
    strikes.lift_strike(ctx, operator, on.strike.id)
    assert state(sqlite_registry, licence) is LicenceState.REVOKED


def test_a_guild_strikes_for_itself_and_for_no_other(sqlite_registry: Registry) -> None:
    licence = licensed(sqlite_registry, "Ada Lind")
    account = sqlite_registry.principal(Role.REPRESENTATIVE, "Voice Guild")
    representatives.appoint_representative(
        sqlite_registry.ctx,
        sqlite_registry.operator,
        licence.performer_id,
        account_id=account.account_id,
        kind=RepresentativeKind.GUILD,
        scopes=[Scope.LICENCES_READ, Scope.LICENCES_WRITE],
        expires_at=sqlite_registry.clock() + timedelta(days=100),
        evidence_sha256="e" * 64,
    )
    issued = tokens.issue_token(
        sqlite_registry.ctx,
        sqlite_registry.operator,
        account_id=account.account_id,
        name="guild",
        scopes=None,
        ttl=timedelta(days=9),
    )
    guild = tokens.authenticate(sqlite_registry.ctx, issued.text)
    for scope, name in ((StrikeScope.GUILD, "Stage Guild"), (StrikeScope.AGREEMENT, AGREEMENT)):
        with pytest.raises(ForbiddenError):
            strikes.declare_strike(sqlite_registry.ctx, guild, scope=scope, name=name)
    on = strikes.declare_strike(sqlite_registry.ctx, guild, scope=StrikeScope.GUILD, name="voice guild")
    assert list(on.licences) == [licence.id]


def test_a_strike_and_a_last_signature_at_once_leave_no_covered_licence_in_force(registry: Registry) -> None:
    for number in range(4):
        performer_id = registry.performer(f"Performer {number}")
        registry.sign(performer_id, ConsentPurpose.LICENSING)
        studio = registry.studio(f"Studio {number}")
        drafted = licences.draft_licence(
            registry.ctx,
            studio,
            performer_id=performer_id,
            studio_id=None,
            title="Spring",
            intended_use="One radio spot.",
            terms=COVERED,
        )
        licences.offer_licence(registry.ctx, studio, drafted.id)
        licence_signing.sign_licence(registry.ctx, studio, drafted.id)
        on = _both_at_once(registry, drafted.id)
        assert state(registry, drafted) is LicenceState.SUSPENDED
        strikes.lift_strike(registry.ctx, registry.operator, on.strike.id)
        assert state(registry, drafted) is LicenceState.ACTIVE


def _both_at_once(registry: Registry, licence_id: str) -> strikes.Switched:
    together = Barrier(2)

    def sign() -> None:
        together.wait()
        licence_signing.sign_licence(
            registry.ctx, registry.operator, licence_id, side=Side.PERFORMER, evidence_sha256="c" * 64
        )

    def strike() -> strikes.Switched:
        together.wait()
        return strikes.declare_strike(registry.ctx, registry.operator, scope=StrikeScope.AGREEMENT, name=AGREEMENT)

    with ThreadPoolExecutor(2) as pool:
        signed, struck = pool.submit(sign), pool.submit(strike)
        signed.result()
        return struck.result()
