"""Keys of the house are rotated while everything goes on: all under the old one moves, and nothing comes back."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from keyed import Keyed
from sqlalchemy import insert, select, update
from steps import Registry, drawn_voiceprints

from registry.domain.house_keys import KeyState, Purpose
from registry.domain.ids import IdPrefix
from registry.errors import ConflictError, ForbiddenError, KeyringError, SealBrokenError
from registry.services import consents, enrolment_work, house_keys
from registry.services.context import Context
from registry.services.house_keys import KeyStanding
from registry.services.journal import sign_current
from registry.services.journal_export import verify_database
from registry.services.key_rotation import PERFORMERS_AT_ONCE
from registry.store import models, wrapped_keys
from registry.store.enrolments import SealedVoiceprint, voiceprints_of
from registry.store.house_keys import HouseKey
from registry.store.performers import Performer, PerformerKey
from registry.vault.keyring_file import KeyringFile, WatchedKeyring
from registry.vault.keys import FileKeyring, WrappedKey
from registry.vault.voiceprints import Holding, Turned, VoiceprintVault


@pytest.fixture
def keyed(registry: Registry, tmp_path: Path) -> Keyed:
    """A registry with something under seal everywhere; the test runs once on SQLite and once on PostgreSQL."""
    made = Keyed(registry, tmp_path / "keyring.json")
    made.furnish()
    return made


@pytest.fixture
def on_sqlite(sqlite_registry: Registry, tmp_path: Path) -> Keyed:
    """A registry on SQLite, still empty."""
    return Keyed(sqlite_registry, tmp_path / "keyring.json")


@pytest.fixture
def furnished(on_sqlite: Keyed) -> Keyed:
    """The same, with something under seal everywhere."""
    on_sqlite.furnish()
    return on_sqlite


def standing(keyed: Keyed, key_id: str) -> KeyStanding:
    found = house_keys.describe_keys(keyed.ctx, keyed.registry.operator, keyed.house)
    return next(key for key in found if key.id == key_id)


# --- what is refused -------------------------------------------------------------------------------------------------


def test_only_operators_touch_the_keys_of_the_house(on_sqlite: Keyed, tmp_path: Path) -> None:
    before = on_sqlite.path.read_bytes()
    on_sqlite.registry.operator = on_sqlite.studio
    with pytest.raises(ForbiddenError):
        on_sqlite.rotate(Purpose.WRAPPING)
    with pytest.raises(ForbiddenError):
        house_keys.describe_keys(on_sqlite.ctx, on_sqlite.studio, on_sqlite.house)
    with pytest.raises(ForbiddenError):
        house_keys.retire_key(on_sqlite.ctx, on_sqlite.studio, on_sqlite.house, "wrapping-1", to=tmp_path / "old")
    with pytest.raises(ForbiddenError):
        house_keys.put_key_back(on_sqlite.ctx, on_sqlite.studio, on_sqlite.house, tmp_path / "old")
    assert on_sqlite.path.read_bytes() == before


def test_a_key_that_was_made_twice_under_one_name_is_found_out_before_it_is_used(
    on_sqlite: Keyed, tmp_path: Path
) -> None:
    """Two hosts whose keyrings are copies: what one wrapped with its `wrapping-2`, the other could never open."""
    copy = tmp_path / "other host" / "keyring.json"
    copy.parent.mkdir()
    copy.write_bytes(on_sqlite.path.read_bytes())
    copy.chmod(0o600)
    on_sqlite.rotate(Purpose.WRAPPING)
    other = Keyed.__new__(Keyed)
    other.__dict__.update(on_sqlite.__dict__ | {"path": copy})
    with pytest.raises(KeyringError, match="wrapping-2 of this keyring is not the key"):
        other.rotate(Purpose.WRAPPING)
    assert KeyringFile(copy).read().wrapping_key_id() == "wrapping-1"
    with pytest.raises(KeyringError, match="bring the keyring"):
        house_keys.describe_keys(on_sqlite.ctx, on_sqlite.registry.operator, other.house)


def test_what_is_in_use_too_new_or_still_needed_is_not_retired(on_sqlite: Keyed, tmp_path: Path) -> None:
    def retire(key_id: str) -> None:
        house_keys.retire_key(on_sqlite.ctx, on_sqlite.registry.operator, on_sqlite.house, key_id, to=tmp_path / "old")

    performer_id = on_sqlite.registry.enrolled()
    for refused in ("wrapping-1", "protection-1", "signing-1"):
        with pytest.raises(ConflictError):
            retire(refused)
    with pytest.raises(KeyringError, match="wrapping-7"):
        retire("wrapping-7")
    old = on_sqlite.process()
    on_sqlite.rotate(Purpose.WRAPPING)
    with pytest.raises(ConflictError, match="less than an hour"):
        retire("wrapping-1")
    on_sqlite.registry.clock.move(hours=1)
    _wrap_by_a_process_that_lagged(old, on_sqlite, performer_id)
    with pytest.raises(ConflictError, match="1 in performer_keys"):
        retire("wrapping-1")
    assert not (tmp_path / "old").exists()
    assert standing(on_sqlite, "wrapping-1").under == {"performer_keys": 1}


def _wrap_by_a_process_that_lagged(old: Context, keyed: Keyed, performer_id: str) -> None:
    """Write a key as a process does that had wrapped it before the rotation."""
    ring = KeyringFile(keyed.path).read()
    with keyed.ctx.database.write() as session:
        key = session.get_one(PerformerKey, (performer_id, "voice"))
        plain = old.keys.unwrap(WrappedKey(key.master_key_id, key.wrapped_key))
        lagging = FileKeyring(tuple(each for each in ring.keys if each.id != "wrapping-2"))
        wrapped = lagging.wrap(plain)
        key.master_key_id, key.wrapped_key = wrapped.master_key_id, wrapped.wrapped
        session.commit()


def test_the_first_seed_stays_as_names_and_birth_dates_are_digested_under_it(on_sqlite: Keyed, tmp_path: Path) -> None:
    on_sqlite.rotate(Purpose.PROTECTION)
    on_sqlite.registry.clock.move(hours=2)
    with pytest.raises(ConflictError, match="digests"):
        house_keys.retire_key(
            on_sqlite.ctx, on_sqlite.registry.operator, on_sqlite.house, "protection-1", to=tmp_path / "old"
        )


def test_no_place_with_a_wrapped_key_is_forgotten() -> None:
    """A model that has one and is not listed would be left under the old key, and be lost with it."""
    listed = {(where.table, where.master) for where in wrapped_keys.EVERYWHERE}
    found = {
        (table.name, column.name)
        for table in models.metadata.tables.values()
        for column in table.columns
        if "master_key" in column.name
    }
    assert found == listed
    for where in wrapped_keys.EVERYWHERE:
        assert where.wrapped in where.model.__table__.columns


# --- rotating --------------------------------------------------------------------------------------------------------


def test_everything_moves_to_the_new_keys_and_opens_in_every_process(keyed: Keyed) -> None:
    other = keyed.process()
    before = keyed.under()
    moved = keyed.rotate(Purpose.WRAPPING)
    assert moved.moved == {table: sum(counts.values()) for table, counts in before.items()}
    assert set(before) >= {"performer_keys", "signing_keys", "source_attestations", "checks", "enrolments"}
    assert keyed.under() == {table: {"wrapping-2": sum(counts.values())} for table, counts in before.items()}
    turned = keyed.rotate(Purpose.PROTECTION)
    assert (turned.moved, keyed.epochs()) == ({"voiceprints": 4}, {2: 4})
    assert (moved.left, turned.left) == ({}, {})
    keyed.require_everything_opens()
    keyed.require_everything_opens(other)  # it was running before, and read the keyring again by itself
    sign_current(keyed.ctx)
    assert verify_database(keyed.ctx).holds
    assert keyed.registry.journal()[-9:].count("house_key.rewrapped") == len(before)


def test_what_was_sealed_before_a_rotation_is_another_thing_after_it(furnished: Keyed) -> None:
    """The old vector and the new one have nothing in common but the voice, and the key that was wrapped."""
    with furnished.ctx.database.read() as session:
        old = [row.sealed for row in voiceprints_of(session, furnished.people[0])]
    furnished.rotate(Purpose.PROTECTION)
    with furnished.ctx.database.read() as session:
        new = [row.sealed for row in voiceprints_of(session, furnished.people[0])]
    assert not set(old) & set(new)


def test_rotating_again_begins_anew_only_when_the_last_one_is_over(furnished: Keyed) -> None:
    """A rotation that was killed after the new key was put in use is gone on with, and makes no third key."""
    file = KeyringFile(furnished.path)
    for purpose in (Purpose.WRAPPING, Purpose.PROTECTION):
        file.stage(purpose, furnished.registry.clock(), furnished.ctx.random_bytes)
        file.put_in_use(purpose, furnished.registry.clock())
        done = furnished.rotate(purpose)
        assert (done.key_id, done.resumed) == (f"{purpose.value}-2", True)
        done = furnished.rotate(purpose)
        assert (done.key_id, done.resumed) == (f"{purpose.value}-3", False)
    furnished.require_everything_opens()


def test_a_staged_key_is_used_by_nobody_until_it_is_asked_for_again(furnished: Keyed) -> None:
    for purpose in Purpose:
        assert furnished.rotate(purpose, stage_only=True).staged
        assert standing(furnished, f"{purpose.value}-2").state is KeyState.STAGED
    assert (furnished.ctx.keys.wrapping_key_id(), furnished.ctx.keys.current_epoch()) == ("wrapping-1", 1)
    assert furnished.ctx.keys.signer()[0] == "signing-1"
    assert [key_id for key_id, _ in furnished.ctx.keys.signing_keys()] == ["signing-1", "signing-2"]
    for purpose in Purpose:
        done = furnished.rotate(purpose)
        assert (done.key_id, done.resumed) == (f"{purpose.value}-2", False)
    assert furnished.ctx.keys.signer()[0] == "signing-2"
    furnished.require_everything_opens()


def test_more_than_one_transaction_takes_moves_too(on_sqlite: Keyed) -> None:
    made = _many(on_sqlite, PERFORMERS_AT_ONCE + 3)
    assert on_sqlite.rotate(Purpose.PROTECTION).moved == {"voiceprints": made}
    assert on_sqlite.epochs() == {2: made}
    on_sqlite.rotate(Purpose.WRAPPING)
    with on_sqlite.ctx.database.read() as session:
        everybody = session.scalars(select(PerformerKey.performer_id).order_by(PerformerKey.performer_id)).all()
    assert all(on_sqlite.voices(performer_id) for performer_id in everybody[:: len(everybody) // 10])


def _many(keyed: Keyed, count: int) -> int:
    """Write performers with a voiceprint each as another has them; answer how many voiceprints there are."""
    ctx, first = keyed.ctx, keyed.registry.enrolled()
    with ctx.database.write() as session:
        model = session.get_one(Performer, first)
        performer = {column.name: getattr(model, column.name) for column in Performer.__table__.columns}
        row = voiceprints_of(session, first)[0]
        columns = {column.name: getattr(row, column.name) for column in SealedVoiceprint.__table__.columns}
        for number in range(count):
            performer_id, voiceprint_id = (
                ctx.ids.new(prefix, keyed.registry.clock()) for prefix in (IdPrefix.PERFORMER, IdPrefix.VOICEPRINT)
            )
            drawn = next(each for each in drawn_voiceprints(performer_id) if each.space.encoder == row.encoder)
            key = ctx.vault.new_performer_key()
            sealed = ctx.vault.seal(
                drawn.vector, voiceprint_id=voiceprint_id, space_id=drawn.space.id, performer_key=key
            )
            session.execute(insert(Performer).values(performer | {"id": performer_id, "name": f"Copy {number}"}))
            session.execute(
                insert(PerformerKey).values(
                    performer_id=performer_id,
                    modality="voice",
                    master_key_id=key.master_key_id,
                    wrapped_key=key.wrapped,
                    created_at=keyed.registry.clock(),
                )
            )
            own = {"id": voiceprint_id, "performer_id": performer_id, "sealed": sealed.data}
            session.execute(insert(SealedVoiceprint).values(columns | own))
        session.commit()
    return count + 2


# --- what happens meanwhile ------------------------------------------------------------------------------------------


class WithdrawnMeanwhile(VoiceprintVault):
    """Turns voiceprints while their performer withdraws: between the reading and the writing of a part."""

    keyed: Keyed

    def turn_many(self, holdings: Sequence[Holding]) -> Turned:
        turned = super().turn_many(holdings)
        consents.withdraw_all(self.keyed.ctx, self.keyed.registry.operator, self.keyed.people[0])
        return turned


class RewrappedMeanwhile(WatchedKeyring):
    """Wraps keys anew while a performer withdraws."""

    keyed: Keyed

    def rewrap_many(self, wrapped: Sequence[WrappedKey]) -> Sequence[Any]:
        again = super().rewrap_many(wrapped)
        consents.withdraw_all(self.keyed.ctx, self.keyed.registry.operator, self.keyed.people[0])
        return again


def test_a_withdrawal_while_voiceprints_are_turned_wins(keyed: Keyed) -> None:
    vault = WithdrawnMeanwhile(keyed.ctx.keys, keyed.ctx.random_bytes)
    vault.keyed = keyed
    keyed.registry.ctx, plain = replace(keyed.ctx, vault=vault), keyed.ctx
    done = keyed.rotate(Purpose.PROTECTION)
    keyed.registry.ctx = plain
    assert (done.moved, keyed.epochs()) == ({"voiceprints": 2}, {2: 2})
    _require_gone(keyed, keyed.people[0])
    assert keyed.voices(keyed.people[1])


def test_a_withdrawal_while_keys_are_wrapped_anew_wins(keyed: Keyed) -> None:
    keys = RewrappedMeanwhile(KeyringFile(keyed.path))
    keys.keyed = keyed
    keyed.registry.ctx, plain = replace(keyed.ctx, keys=keys), keyed.ctx
    done = keyed.rotate(Purpose.WRAPPING)
    keyed.registry.ctx = plain
    assert done.moved["performer_keys"] == 1
    _require_gone(keyed, keyed.people[0])
    assert keyed.voices(keyed.people[1])


def _require_gone(keyed: Keyed, performer_id: str) -> None:
    with keyed.ctx.database.read() as session:
        assert session.get(PerformerKey, (performer_id, "voice")) is None
        assert not voiceprints_of(session, performer_id)


def test_while_keys_rotate_others_enrol_and_withdraw_and_nobody_is_lost(registry: Registry, tmp_path: Path) -> None:
    """Four processes at once: two rotate, one completes enrolments, one withdraws."""
    keyed = Keyed(registry, tmp_path / "keyring.json")
    leaving = [keyed.registry.enrolled(f"Leaving {number}") for number in range(3)]
    coming = []
    for number in range(3):
        performer_id = keyed.registry.performer(f"Coming {number}")
        keyed.registry.sign(performer_id)
        keyed.registry.offer_recordings(performer_id)
        coming.append((performer_id, keyed.registry.lease()))
    keyed.furnish()
    enrolling, withdrawing = keyed.process(), keyed.process()

    def enrol() -> None:
        for performer_id, held in coming:
            enrolment_work.complete_enrolment(enrolling, held, drawn_voiceprints(performer_id))

    def withdraw() -> None:
        for performer_id in leaving:
            consents.withdraw_all(withdrawing, keyed.registry.operator, performer_id)

    with ThreadPoolExecutor(3) as pool:
        doing = [pool.submit(enrol), pool.submit(withdraw)]
        doing += [pool.submit(keyed.rotate, purpose) for purpose in (Purpose.WRAPPING, Purpose.PROTECTION)]
        for each in doing:
            each.result()
    for purpose in (Purpose.WRAPPING, Purpose.PROTECTION):
        keyed.rotate(purpose)
    keyed.people += [performer_id for performer_id, _ in coming]
    for performer_id in leaving:
        _require_gone(keyed, performer_id)
    keyed.require_everything_opens()
    sign_current(keyed.ctx)
    assert verify_database(keyed.ctx).holds


def test_two_rotations_at_once_make_keys_that_are_both_kept(furnished: Keyed) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(furnished.rotate, [Purpose.WRAPPING] * 2))
    ring = KeyringFile(furnished.path).read()
    assert {each.key_id for each in done} <= {key.id for key in ring.keys}
    furnished.rotate(Purpose.WRAPPING)
    furnished.require_everything_opens()


def test_what_does_not_open_is_named_and_left_and_keeps_nobody_else(furnished: Keyed) -> None:
    with furnished.ctx.database.write() as session:
        broken = voiceprints_of(session, furnished.people[0])[0].id
        session.execute(update(SealedVoiceprint).where(SealedVoiceprint.id == broken).values(sealed=bytes(64)))
        session.execute(
            update(PerformerKey).where(PerformerKey.performer_id == furnished.people[0]).values(wrapped_key=bytes(40))
        )
        session.commit()
    wrapping, protection = furnished.rotate(Purpose.WRAPPING), furnished.rotate(Purpose.PROTECTION)
    assert {name: type(why) for name, why in wrapping.left.items()} == {
        f"performer_keys {furnished.people[0]} voice": SealBrokenError
    }
    assert {name: type(why) for name, why in protection.left.items()} == {
        f"voiceprints {furnished.people[0]}": SealBrokenError
    }
    assert furnished.epochs() == {1: 2, 2: 2}
    assert furnished.voices(furnished.people[1])
    assert standing(furnished, "wrapping-1").under == {"performer_keys": 1}
    furnished.registry.clock.move(hours=2)
    with pytest.raises(ConflictError, match="1 in performer_keys"):
        house_keys.retire_key(
            furnished.ctx,
            furnished.registry.operator,
            furnished.house,
            "wrapping-1",
            to=furnished.path.with_name("old"),
        )


# --- retiring --------------------------------------------------------------------------------------------------------


def test_a_retired_key_opens_nothing_more_until_it_is_put_back(on_sqlite: Keyed, tmp_path: Path) -> None:
    keyed, to = on_sqlite, tmp_path / "kept apart" / "wrapping-1.json"
    keyed.furnish()
    with keyed.ctx.database.read() as session:
        key = session.get_one(PerformerKey, (keyed.people[0], "voice"))
        dumped = WrappedKey(key.master_key_id, key.wrapped_key)
    running = keyed.process()
    assert running.keys.unwrap(dumped)
    keyed.rotate(Purpose.WRAPPING)
    keyed.registry.clock.move(hours=1)
    house_keys.retire_key(keyed.ctx, keyed.registry.operator, keyed.house, "wrapping-1", to=to)
    assert to.stat().st_mode & 0o777 == 0o600
    for ctx in (running, keyed.process()):
        with pytest.raises(KeyringError, match="wrapping-1"):
            ctx.keys.unwrap(dumped)
    keyed.require_everything_opens()
    assert standing(keyed, "wrapping-1").state is KeyState.RETIRED
    assert keyed.rotate(Purpose.WRAPPING).key_id == "wrapping-3"  # a name is never used twice
    assert house_keys.put_key_back(keyed.ctx, keyed.registry.operator, keyed.house, to) == "wrapping-1"
    assert running.keys.unwrap(dumped)
    assert standing(keyed, "wrapping-1").state is KeyState.OLD
    with pytest.raises(KeyringError, match="already"):
        house_keys.put_key_back(keyed.ctx, keyed.registry.operator, keyed.house, to)


def test_retiring_that_broke_off_is_done_by_asking_again(on_sqlite: Keyed, tmp_path: Path) -> None:
    """The key was written down, and the registry told, and then the process was killed."""
    to = tmp_path / "old.json"
    on_sqlite.rotate(Purpose.WRAPPING)
    on_sqlite.registry.clock.move(hours=1)
    on_sqlite.house.hand_out("wrapping-1", to)
    with on_sqlite.ctx.database.write() as session:
        session.get_one(HouseKey, "wrapping-1").retired_at = on_sqlite.registry.clock()
        session.commit()
    house_keys.retire_key(on_sqlite.ctx, on_sqlite.registry.operator, on_sqlite.house, "wrapping-1", to=to)
    assert [key.id for key in KeyringFile(on_sqlite.path).read().keys if key.purpose is Purpose.WRAPPING] == [
        "wrapping-2"
    ]


def test_a_retired_signing_key_signs_no_more_and_what_it_signed_is_verified(on_sqlite: Keyed, tmp_path: Path) -> None:
    key_id, private = on_sqlite.ctx.keys.signer()
    said = private.sign(b"a receipt")
    on_sqlite.rotate(Purpose.SIGNING)
    on_sqlite.registry.clock.move(hours=1)
    house_keys.retire_key(on_sqlite.ctx, on_sqlite.registry.operator, on_sqlite.house, key_id, to=tmp_path / "old")
    published = dict(on_sqlite.ctx.keys.signing_keys())
    published[key_id].verify(said, b"a receipt")
    assert list(published) == ["signing-1", "signing-2"]
    periods = on_sqlite.ctx.keys.validity()
    assert periods["signing-1"].until == periods["signing-2"].since
    assert periods["signing-2"].until is None
    assert private.private_bytes_raw().hex() not in on_sqlite.path.read_text()


def test_a_keyring_from_before_is_missed_by_name(on_sqlite: Keyed) -> None:
    """A host that was not brought the new keyring, or a keyring that was restored from a copy."""
    copy = on_sqlite.path.read_bytes()
    on_sqlite.rotate(Purpose.WRAPPING)
    performer_id = on_sqlite.registry.enrolled()
    on_sqlite.path.write_bytes(copy)
    found = standing(on_sqlite, "wrapping-2")
    assert (found.state, found.under) == (KeyState.MISSING, {"performer_keys": 1})
    with pytest.raises(KeyringError, match="wrapping-2"):
        on_sqlite.voices(performer_id, on_sqlite.process())
