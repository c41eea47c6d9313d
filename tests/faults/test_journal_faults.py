"""The fault table of the journal: two rows for each write of each verb, it failed and it persisted.

| what fails | what is found | what asking again does |
|---|---|---|
| any write before the commit, or the commit itself | leaves, tree and checkpoints as they were | does it |
| the answer, after the commit | leaf with its nodes, checkpoint, cosignature | signs and keeps nothing new |

In every row the tree is that of the leaves, and what was signed before holds: the next commit begins at what the last
one left, through the same function as always. There is nothing to recover.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from dying import COMMIT, DIED, Subjects, deaths, new_registry
from dying_at_journalling import VERBS, WITNESS
from sqlalchemy import func, select
from steps import Clock, Registry

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.services import journal
from registry.services.context import Context
from registry.services.journal_export import verify_database
from registry.settings import Settings
from registry.store.journal import JournalEntry, JournalNode, JournalOpening
from registry.store.journal_checkpoints import JournalCheckpoint, JournalCosignature
from registry.store.performers import Performer

TABLES = (JournalEntry, JournalOpening, JournalNode, JournalCheckpoint, JournalCosignature)


@dataclass
class House:
    """A registry in a folder that nobody has open, whose journal was signed, and has grown since."""

    home: Path
    subjects: Subjects


@pytest.fixture
def house(tmp_path: Path) -> House:
    settings = new_registry(tmp_path)
    clock = Clock(utc_now())
    with build_context(settings, clock=clock) as ctx:
        registry = Registry(ctx, clock)
        performer = registry.performer()
        checkpoint = journal.sign_current(ctx).note
        for number in range(4):
            registry.performer(f"Performer {number}")
        ctx.database.scrub()
    return House(settings.home, {"performer": performer, "checkpoint": checkpoint})


def found_in(ctx: Context, performer_id: str) -> tuple[object, ...]:
    """Answer what is in a registry, as far as these verbs touch it."""
    with ctx.database.read() as session:
        counts = tuple(session.scalar(select(func.count()).select_from(table)) for table in TABLES)
        return (*counts, session.get_one(Performer, performer_id).name)


@pytest.mark.parametrize("verb", VERBS)
def test_a_crash_at_any_write_leaves_a_whole_journal_and_asking_again_does_it_once(house: House, verb: str) -> None:
    rows = deaths("dying_at_journalling.py", house.home, verb, house.subjects)
    assert {row.exit_code for row in rows} == {DIED}
    assert rows[-1].what == COMMIT
    performer_id = house.subjects["performer"]
    with build_context(Settings(home=house.home)) as ctx:
        before = found_in(ctx, performer_id)
        VERBS[verb](ctx, house.subjects)
        after = found_in(ctx, performer_id)
    assert before != after
    for row in rows:
        committed = (row.what, row.when) == (COMMIT, "after")
        with build_context(Settings(home=Path(row.home))) as ctx:
            assert found_in(ctx, performer_id) == (after if committed else before), row
            assert verify_database(ctx, earlier=[house.subjects["checkpoint"]]).holds, row
            VERBS[verb](ctx, house.subjects)
            if verb != "append" or not committed:
                assert found_in(ctx, performer_id) == after, row
            last = journal.sign_current(ctx).note
            found = verify_database(ctx, earlier=[house.subjects["checkpoint"], last], witnesses=[WITNESS])
            assert found.holds, row
            assert found.signed == found.leaves, row


def test_a_leaf_and_its_nodes_come_together_or_not_at_all(house: House) -> None:
    """The table has a row for each of the three tables that a leaf is written to."""
    rows = deaths("dying_at_journalling.py", house.home, "append", house.subjects)
    written = " ".join(row.what for row in rows)
    for table in ("journal_entries", "journal_openings", "journal_nodes"):
        assert f"INTO {table}" in written
