"""The fault table of withdrawal, of being forgotten, of expiry and of turning out to be a minor.

Two rows for each write: it failed, and it persisted. A process dies at each write in turn (`dying`). The next start
then finds everything as it was, or everything done, never a part; what was undone is done by asking again, what was
done is only confirmed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from dying import COMMIT, DIED, VERBS, Death
from sqlalchemy import select
from steps import Clock, Registry

from registry.bootstrap import build_context
from registry.cli.operator import choose_operator
from registry.clock import utc_now
from registry.domain.consents import ConsentPurpose
from registry.errors import ConflictError
from registry.services import consents, housekeeping
from registry.services.context import Context
from registry.settings import Settings
from registry.store.consents import Consent
from registry.store.database import Database
from registry.store.enrolments import voiceprints_of
from registry.store.journal import JournalEntry
from registry.store.licences import Licence
from registry.store.performers import KeyDestruction, Performer, PerformerKey, Tombstone
from registry.vault.keys import FileKeyring

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Left:
    """What is in a registry, as far as a withdrawal touches it."""

    consents: tuple[tuple[str, str], ...]
    keys: int
    voiceprints: int
    destructions: int
    tombstones: int
    licences: tuple[str, ...]
    name: str
    journal: tuple[str, ...]


def left_in(ctx: Context, performer_id: str) -> Left:
    with ctx.database.read() as session:
        return Left(
            consents=tuple(
                (consent.decision.value, consent.state.value)
                for consent in session.scalars(select(Consent).order_by(Consent.id))
            ),
            keys=len(session.scalars(select(PerformerKey)).all()),
            voiceprints=len(voiceprints_of(session, performer_id)),
            destructions=len(session.scalars(select(KeyDestruction)).all()),
            tombstones=len(session.scalars(select(Tombstone)).all()),
            licences=tuple(licence.state.value for licence in session.scalars(select(Licence))),
            name=session.get_one(Performer, performer_id).name,
            journal=tuple(session.scalars(select(JournalEntry.type).order_by(JournalEntry.seq))),
        )


@dataclass
class House:
    """A registry in a folder that nobody has open: a performer who is enrolled and licensed, and their secrets."""

    home: Path
    performer_id: str
    wrapped_key: bytes


@pytest.fixture
def house(tmp_path: Path) -> House:
    home = tmp_path / "home"
    home.mkdir()
    settings = Settings(home=home)
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    Database(settings.resolved_database_url).upgrade()
    clock = Clock(utc_now() - timedelta(hours=2))
    with build_context(settings, clock=clock) as ctx:
        registry = Registry(ctx, clock)
        performer_id = registry.enrolled()
        registry.sign(performer_id, ConsentPurpose.LICENSING, expires_at=clock() + timedelta(hours=1))
        registry.sign(performer_id, expires_at=clock() + timedelta(hours=1))
        registry.licence(performer_id, registry.studio())
        with ctx.database.read() as session:
            key = session.get_one(PerformerKey, (performer_id, "voice")).wrapped_key
        ctx.database.scrub()
    return House(home, performer_id, key)


def deaths(house: House, verb: str) -> list[Death]:
    command = [sys.executable, str(HERE / "dying.py"), str(house.home), verb, house.performer_id]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  (our own program)
    assert done.returncode == 0, done.stderr
    return [Death(**row) for row in json.loads(done.stdout)]


def ask_again(ctx: Context, verb: str, performer_id: str) -> None:
    """Do what was asked for, whether or not it was done before."""
    try:
        VERBS[verb](ctx, performer_id)
    except ConflictError:
        assert verb == "forget", "only being forgotten is refused a second time"


@pytest.mark.parametrize("verb", VERBS)
def test_a_crash_at_any_write_leaves_all_of_it_or_nothing(house: House, verb: str) -> None:
    with build_context(Settings(home=house.home)) as ctx:
        before = left_in(ctx, house.performer_id)
    rows = deaths(house, verb)
    assert {row.exit_code for row in rows} == {DIED}
    assert rows[-1].what == COMMIT
    assert len(rows) > 20, "a withdrawal of this registry has more writes than that"
    finished = set()
    for row in rows:
        committed = (row.what, row.when) == (COMMIT, "after")
        with build_context(Settings(home=Path(row.home))) as ctx:
            found = left_in(ctx, house.performer_id)
            assert (found == before) == (not committed), row
            ask_again(ctx, verb, house.performer_id)
            housekeeping.keep_house(ctx)
            finished.add(left_in(ctx, house.performer_id))
            assert not any(house.wrapped_key in content for content in files_of(ctx)), row
    (end,) = finished
    assert (end.keys, end.voiceprints, end.destructions) == (0, 0, 1)
    assert end.licences == ("suspended",)
    assert {state for decision, state in end.consents if decision == "given"} <= {"withdrawn", "expired", "superseded"}
    assert end.tombstones == (verb == "forget")
    assert len(end.journal) > len(before.journal)


def test_what_a_crash_after_the_commit_left_in_the_log_of_the_database_is_gone_after_the_next_start(
    house: House,
) -> None:
    crashed = Path(deaths(house, "withdraw")[-1].home)
    with build_context(Settings(home=crashed)) as ctx:
        housekeeping.keep_house(ctx)  # what a worker does as it starts; nobody asks again
        assert not any(house.wrapped_key in content for content in files_of(ctx))
        done = consents.withdraw_all(ctx, choose_operator(ctx, None), house.performer_id)
        assert done.already


def files_of(ctx: Context) -> list[bytes]:
    path = Path(ctx.database.url.removeprefix("sqlite:///"))
    return [file.read_bytes() for file in path.parent.glob(f"{path.name}*")]
