"""A key service that is away, a host whose keyring lags: nothing is permitted or lost, and all goes on later."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from keyed import Keyed
from sqlalchemy import select
from steps import Registry
from vault_server import VaultServer, vault_server

from registry.domain.house_keys import KeyState, Purpose
from registry.errors import KeysUnavailableError
from registry.services import assessments, consents, house_keys, key_rotation
from registry.services.context import Context
from registry.services.holding import Hold
from registry.store.work import Lease, Work
from registry.vault.keyring_file import KeyringFile, WatchedKeyring
from registry.vault.transit import Transit, VaultPlace
from registry.vault.vault_keys import VaultHouse, VaultKeys, sealed_file
from registry.vault.voiceprints import VoiceprintVault


@pytest.fixture
def vault() -> Iterator[VaultServer]:
    with vault_server() as serving:
        yield serving


@pytest.fixture
def transit(vault: VaultServer, tmp_path: Path) -> Transit:
    token = tmp_path / "token"
    token.write_text("good")
    token.chmod(0o600)
    return Transit(VaultPlace(vault.url, "transit", "likeness", token_file=token), lambda _: None)


@pytest.fixture
def keyed(sqlite_registry: Registry, tmp_path: Path) -> Keyed:
    return Keyed(sqlite_registry, tmp_path / "keyring.json")


def in_vault(keyed: Keyed, transit: Transit) -> Context:
    """Answer what a process works with whose keys are in Vault."""
    keys = VaultKeys(transit, sealed_file(keyed.path, transit))
    return replace(keyed.ctx, keys=keys, vault=VoiceprintVault(keys, keyed.ctx.random_bytes))


def attempted(ctx: Context, held: Lease) -> str | None:
    """Open a check as a worker does, and answer what became of its work."""
    with Hold(ctx, [held], lease_s=30, meanwhile=lambda: None) as hold:
        return hold.attempt(held, lambda: assessments.open_check(ctx, held.subject_id) and None)


def waiting(ctx: Context) -> list[tuple[str, int]]:
    with ctx.database.read() as session:
        return [(row.state.value, row.attempts) for row in session.scalars(select(Work).where(Work.kind == "check"))]


def test_while_vault_is_away_nothing_is_taken_in_and_what_waits_is_given_back_untried(
    keyed: Keyed, transit: Transit, vault: VaultServer
) -> None:
    keyed.registry.ctx = ctx = in_vault(keyed, transit)
    check = keyed.registry.submit(keyed.studio)
    vault.away(503)
    with pytest.raises(KeysUnavailableError):
        keyed.registry.submit(keyed.studio)
    assert keyed.registry.ctx.spool.keys() == [check.id]
    for _ in range(5):
        assert attempted(ctx, keyed.registry.lease()) == "given back: keys_unavailable"
        assert waiting(ctx) == [("queued", 0)]
        keyed.registry.clock.move(seconds=10)
    vault.away(0, times=0)
    assert attempted(ctx, keyed.registry.lease()) is None


def test_while_vault_is_away_performers_withdraw(keyed: Keyed, transit: Transit, vault: VaultServer) -> None:
    keyed.registry.ctx = in_vault(keyed, transit)
    performer_id = keyed.registry.enrolled()
    vault.away(503)
    with pytest.raises(KeysUnavailableError):
        keyed.voices(performer_id)
    done = consents.withdraw_all(keyed.ctx, keyed.registry.operator, performer_id)
    assert (done.keys_destroyed, done.voiceprints_erased) == (1, 2)


def test_a_registry_moves_to_vault_rotates_there_and_retires_what_was_before(keyed: Keyed, transit: Transit) -> None:
    keyed.furnish()
    keyed.registry.ctx = ctx = in_vault(keyed, transit)
    house = VaultHouse(transit, sealed_file(keyed.path, transit))
    operator = keyed.registry.operator
    sealed_file(keyed.path, transit).rewrite()
    moved = key_rotation.rotate_key(ctx, operator, house, Purpose.WRAPPING)
    assert (moved.key_id, moved.resumed) == ("vault-likeness-1", True)  # what is under a keyring's key has to move
    assert {key_id for counts in keyed.under().values() for key_id in counts} == {"vault-likeness-1"}
    turned = key_rotation.rotate_key(ctx, operator, house, Purpose.PROTECTION)
    assert (turned.moved, keyed.epochs()) == ({"voiceprints": 4}, {2: 4})
    again = key_rotation.rotate_key(ctx, operator, house, Purpose.WRAPPING)
    assert (again.key_id, again.left) == ("vault-likeness-2", {})
    keyed.registry.clock.now = max(key.created_at for key in house.described())  # Vault has a clock of its own
    keyed.registry.clock.move(hours=2)
    house_keys.retire_key(ctx, operator, house, "vault-likeness-1", to=None)
    house_keys.retire_key(ctx, operator, house, "wrapping-1", to=keyed.path.with_name("wrapping-1"))
    states = {key.id: key.state for key in house_keys.standings(ctx, house)}
    assert states["vault-likeness-1"] is states["wrapping-1"] is KeyState.RETIRED
    keyed.require_everything_opens(in_vault(keyed, transit))


def test_a_host_whose_keyring_lags_gives_work_back_untried_until_it_comes(keyed: Keyed, tmp_path: Path) -> None:
    other = tmp_path / "other host" / "keyring.json"
    other.parent.mkdir()
    shutil.copy(keyed.path, other)
    keys = WatchedKeyring(KeyringFile(other))
    lagging = replace(keyed.ctx, keys=keys, vault=VoiceprintVault(keys, keyed.ctx.random_bytes))
    keyed.rotate(Purpose.WRAPPING)
    keyed.registry.submit(keyed.studio)
    for _ in range(5):
        assert attempted(lagging, keyed.registry.lease()) == "given back: keyring"
        keyed.registry.clock.move(seconds=10)
    assert waiting(lagging) == [("queued", 0)]
    shutil.copy(keyed.path, other)
    assert attempted(lagging, keyed.registry.lease()) is None
