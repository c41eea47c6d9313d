"""The fault table of withdrawal, of being forgotten, of expiry and of turning out to be a minor.

Two rows for each write: it failed, and it persisted. A process dies at each write in turn (`dying`). The next start
then finds everything as it was, or everything done, never a part; what was undone is done by asking again, what was
done is only confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from dying import COMMIT, DIED, Subjects, deaths, new_registry
from dying_at_withdrawing import VERBS
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
from registry.store.enrolments import voiceprints_of
from registry.store.journal import JournalEntry
from registry.store.licences import Licence
from registry.store.performers import KeyDestruction, Performer, PerformerKey, Tombstone


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

    @property
    def subjects(self) -> Subjects:
        return {"performer": self.performer_id}


@pytest.fixture
def house(tmp_path: Path) -> House:
    settings = new_registry(tmp_path)
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
    return House(settings.home, performer_id, key)


def ask_again(ctx: Context, verb: str, subjects: Subjects) -> None:
    """Do what was asked for, whether or not it was done before."""
    try:
        VERBS[verb](ctx, subjects)
    except ConflictError:
        assert verb == "forget", "only being forgotten is refused a second time"


@pytest.mark.parametrize("verb", VERBS)
def test_a_crash_at_any_write_leaves_all_of_it_or_nothing(house: House, verb: str) -> None:
    with build_context(Settings(home=house.home)) as ctx:
        before = left_in(ctx, house.performer_id)
    rows = deaths("dying_at_withdrawing.py", house.home, verb, house.subjects)
    assert {row.exit_code for row in rows} == {DIED}
    assert rows[-1].what == COMMIT
    assert len(rows) > 20, "a withdrawal of this registry has more writes than that"
    finished = set()
    for row in rows:
        committed = (row.what, row.when) == (COMMIT, "after")
        with build_context(Settings(home=Path(row.home))) as ctx:
            found = left_in(ctx, house.performer_id)
            assert (found == before) == (not committed), row
            ask_again(ctx, verb, house.subjects)
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
    crashed = Path(deaths("dying_at_withdrawing.py", house.home, "withdraw", house.subjects)[-1].home)
    with build_context(Settings(home=crashed)) as ctx:
        housekeeping.keep_house(ctx)  # what a worker does as it starts; nobody asks again
        assert not any(house.wrapped_key in content for content in files_of(ctx))
        done = consents.withdraw_all(ctx, choose_operator(ctx, None), house.performer_id)
        assert done.already


def files_of(ctx: Context) -> list[bytes]:
    path = Path(ctx.database.url.removeprefix("sqlite:///"))
    return [file.read_bytes() for file in path.parent.glob(f"{path.name}*")]
