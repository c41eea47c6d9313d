"""Two people who do things at the same moment: one comes first, and nothing is torn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

from steps import TERMS, Registry

from registry.domain.consents import ConsentPurpose
from registry.domain.licences import LicenceState, Side
from registry.domain.terms import Exclusivity
from registry.errors import ConflictError, ConsentMissingError
from registry.services import consents, licence_signing, licences, withdrawal
from registry.store.licences import Licence


def _offered(registry: Registry, performer_id: str, name: str, exclusivity: Exclusivity) -> Licence:
    studio = registry.studio(name)
    drafted = licences.draft_licence(
        registry.ctx,
        studio,
        performer_id=performer_id,
        studio_id=None,
        title=name,
        intended_use="One radio spot.",
        terms=replace(TERMS, exclusivity=exclusivity),
    )
    licences.offer_licence(registry.ctx, studio, drafted.id)
    return licence_signing.sign_licence(registry.ctx, studio, drafted.id)


def _sign(registry: Registry, licence_id: str, together: Barrier) -> str:
    together.wait()
    try:
        signed = licence_signing.sign_licence(
            registry.ctx, registry.operator, licence_id, side=Side.PERFORMER, evidence_sha256="c" * 64
        )
    except (ConflictError, ConsentMissingError) as error:
        return error.slug
    return signed.state.value


def test_two_exclusive_licences_signed_at_once_cannot_both_be_in_force(registry: Registry) -> None:
    performer_id = registry.performer()
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    offers = [_offered(registry, performer_id, f"Studio {n}", Exclusivity.EXCLUSIVE) for n in range(4)]
    together = Barrier(len(offers))
    with ThreadPoolExecutor(len(offers)) as pool:
        answers = list(pool.map(lambda offer: _sign(registry, offer.id, together), offers))
    assert sorted(answers) == ["active", "conflict", "conflict", "conflict"]


def test_a_licence_signed_while_consent_is_withdrawn_is_never_left_in_force(registry: Registry) -> None:
    performer_id = registry.performer()
    consent = registry.sign(performer_id, ConsentPurpose.LICENSING)
    offer = _offered(registry, performer_id, "Studio", Exclusivity.NON_EXCLUSIVE)
    together = Barrier(2)

    def withdraw() -> None:
        together.wait()
        consents.withdraw_consent(registry.ctx, registry.operator, performer_id, consent.id)

    with ThreadPoolExecutor(2) as pool:
        withdrawing = pool.submit(withdraw)
        signing = pool.submit(_sign, registry, offer.id, together)
        withdrawing.result()
        signing.result()
    left = licences.get_licence(registry.ctx, registry.operator, offer.id)
    assert left.state in {LicenceState.OFFERED, LicenceState.SUSPENDED}


def test_a_consent_withdrawn_twice_at_once_ends_once(registry: Registry) -> None:
    performer_id = registry.enrolled()
    consent = consents.list_consents(registry.ctx, registry.operator, performer_id)[0]
    together = Barrier(3)

    def withdraw(_: int) -> tuple[int, bool]:
        together.wait()
        done = consents.withdraw_consent(registry.ctx, registry.operator, performer_id, consent.id)
        return done.keys_destroyed, done.already

    with ThreadPoolExecutor(3) as pool:
        answers = sorted(pool.map(withdraw, range(3)))
    assert answers == [(0, True), (0, True), (1, False)]
    assert registry.journal().count("consent.withdrawn") == 1


def test_a_consent_that_ends_by_itself_and_is_withdrawn_at_once_ends_once(registry: Registry) -> None:
    performer_ids = [registry.performer(f"Performer {n}") for n in range(6)]
    signed = [registry.sign(each, expires_at=registry.clock() + timedelta(hours=1)) for each in performer_ids]
    registry.clock.move(hours=2)
    together = Barrier(4)

    def expire(_: int) -> list[str]:
        together.wait()
        return list(withdrawal.expire_due(registry.ctx))

    def withdraw() -> None:
        together.wait()
        for consent in reversed(signed[3:]):
            with suppress(ConflictError):  # it has expired by then
                consents.withdraw_consent(registry.ctx, registry.operator, consent.performer_id, consent.id)

    with ThreadPoolExecutor(4) as pool:
        withdrawing = pool.submit(withdraw)
        expired = [each for found in pool.map(expire, range(3)) for each in found]
        withdrawing.result()
    assert len(expired) == len(set(expired))
    assert set(expired) >= {consent.id for consent in signed[:3]}
    ended = [event for event in registry.journal() if event in {"consent.expired", "consent.withdrawn"}]
    assert len(ended) == len(signed)
