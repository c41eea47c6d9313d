"""A mandate that is granted already is not granted once more: whoever ends the one has ended what they saw."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from steps import Registry

from registry.domain.accounts import Principal, RepresentativeKind, Role, Scope
from registry.errors import DuplicateError, EvidenceRequiredError
from registry.services import representatives, tokens
from registry.store.performers import Representative

EVIDENCE = "e" * 64
SCOPES = (Scope.PERFORMERS_READ, Scope.LICENCES_READ)
DAYS = 90


def appoint(
    registry: Registry,
    performer_id: str,
    account_id: str,
    *,
    kind: RepresentativeKind = RepresentativeKind.AGENT,
    scopes: Sequence[Scope] = SCOPES,
    days: int = DAYS,
    evidence: str | None = EVIDENCE,
) -> Representative:
    return representatives.appoint_representative(
        registry.ctx,
        registry.operator,
        performer_id,
        account_id=account_id,
        kind=kind,
        scopes=scopes,
        expires_at=registry.clock() + timedelta(days=days),
        evidence_sha256=evidence,
    )


def agent(registry: Registry) -> str:
    return registry.principal(Role.REPRESENTATIVE, "An agent").account_id


def signed_in(registry: Registry, account_id: str) -> Principal:
    issued = tokens.issue_token(
        registry.ctx, registry.operator, account_id=account_id, name="again", scopes=None, ttl=timedelta(days=300)
    )
    return tokens.authenticate(registry.ctx, issued.text)


@pytest.mark.parametrize("scopes", [SCOPES, SCOPES[:1], (*SCOPES, SCOPES[0])])
@pytest.mark.parametrize("days", [DAYS, DAYS - 1])
def test_what_stands_is_not_granted_once_more(sqlite_registry: Registry, scopes: Sequence[Scope], days: int) -> None:
    registry, performer_id, account_id = sqlite_registry, sqlite_registry.performer(), agent(sqlite_registry)
    stands = appoint(registry, performer_id, account_id)
    with pytest.raises(DuplicateError) as caught:
        appoint(registry, performer_id, account_id, scopes=scopes, days=days)
    assert caught.value.figures == {"representative_id": stands.id, "expires_at": stands.expires_at.isoformat()}
    assert len(representatives.list_representatives(registry.ctx, registry.operator, performer_id)) == 1
    assert registry.journal().count("representative.appointed") == 1


def test_what_grants_more_stands_beside_it_and_both_count_until_each_is_ended(registry: Registry) -> None:
    performer_id, account_id = registry.performer(), agent(registry)
    first = appoint(registry, performer_id, account_id)
    wider = appoint(registry, performer_id, account_id, scopes=(Scope.FINDINGS_READ,))
    appoint(registry, performer_id, account_id, days=DAYS + 1)
    appoint(registry, performer_id, account_id, kind=RepresentativeKind.GUILD)
    appoint(registry, performer_id, account_id, evidence="f" * 64)
    both = signed_in(registry, account_id)
    assert all(both.may_act_for(performer_id, each) for each in (*SCOPES, Scope.FINDINGS_READ))
    representatives.dismiss_representative(registry.ctx, registry.operator, performer_id, wider.id)
    left = signed_in(registry, account_id)
    assert [left.may_act_for(performer_id, each) for each in (*SCOPES, Scope.FINDINGS_READ)] == [True, True, False]
    representatives.dismiss_representative(registry.ctx, registry.operator, performer_id, first.id)
    assert signed_in(registry, account_id).may_act_for(performer_id, SCOPES[0])


def test_what_has_ended_is_granted_anew(sqlite_registry: Registry) -> None:
    registry, performer_id, account_id = sqlite_registry, sqlite_registry.performer(), agent(sqlite_registry)
    first = appoint(registry, performer_id, account_id)
    representatives.dismiss_representative(registry.ctx, registry.operator, performer_id, first.id)
    appoint(registry, performer_id, account_id)
    registry.clock.move(days=DAYS)
    appoint(registry, performer_id, account_id)


def test_somebody_else_and_for_somebody_else_is_another_mandate(sqlite_registry: Registry) -> None:
    registry, performer_id, account_id = sqlite_registry, sqlite_registry.performer(), agent(sqlite_registry)
    appoint(registry, performer_id, account_id)
    appoint(registry, performer_id, agent(registry))
    appoint(registry, registry.performer("Jonas Brandt"), account_id)


def test_an_operator_shows_the_mandate_before_anything_is_said_of_what_stands(sqlite_registry: Registry) -> None:
    registry, performer_id, account_id = sqlite_registry, sqlite_registry.performer(), agent(sqlite_registry)
    appoint(registry, performer_id, account_id)
    with pytest.raises(EvidenceRequiredError):
        appoint(registry, performer_id, account_id, evidence=None)


def test_of_two_who_give_the_same_at_once_one_does(registry: Registry) -> None:
    performer_id, account_id = registry.performer(), agent(registry)
    together = Barrier(3)

    def give(_: int) -> str:
        together.wait()
        try:
            return appoint(registry, performer_id, account_id).id
        except DuplicateError as error:
            return str(error.figures["representative_id"])

    with ThreadPoolExecutor(3) as pool:
        given = set(pool.map(give, range(3)))
    (mandate,) = representatives.list_representatives(registry.ctx, registry.operator, performer_id)
    assert given == {mandate.id}
    assert registry.journal().count("representative.appointed") == 1
