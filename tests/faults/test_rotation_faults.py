"""The fault table of rotating and retiring keys: a process dies before and after every commit of them.

Whatever is left opens at once, for whoever runs; and asking again ends where an undisturbed rotation ends, with no key
lost, none made in vain but one that waits, and nothing under an old one.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from dying import DIED, deaths, new_registry
from dying_at_rotating import VERBS, house_of
from keyed import Keyed
from steps import Clock, Registry

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.house_keys import KeyState
from registry.services import house_keys
from registry.services.context import Context
from registry.services.journal import sign_current
from registry.services.journal_export import verify_database
from registry.settings import Settings

PROGRAM = "dying_at_rotating.py"


@dataclass
class House:
    """A registry in a folder that nobody has open: everything that can be under seal, two hours ago."""

    home: Path
    keyed: Keyed


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    settings = new_registry(tmp_path_factory.mktemp("rotating"))
    clock = Clock(utc_now() - timedelta(hours=2))
    with build_context(settings, clock=clock) as ctx:
        keyed = Keyed(Registry(ctx, clock), settings.resolved_keyring)
        keyed.furnish()
        ctx.database.scrub()
    return House(settings.home, keyed)


def states(ctx: Context) -> Mapping[str, KeyState]:
    return {key.id: key.state for key in house_keys.standings(ctx, house_of(ctx))}


def test_a_rotation_that_dies_at_any_commit_loses_nothing_and_is_gone_on_with(house: House) -> None:
    rows = deaths(PROGRAM, house.home, "rotate", {})
    assert {row.exit_code for row in rows} == {DIED}
    assert len(rows) > 20, "a rotation of this registry has more commits than that"
    for row in rows:
        with build_context(Settings(home=Path(row.home))) as ctx:
            house.keyed.require_everything_opens(ctx)
            VERBS["rotate"](ctx, {})
            house.keyed.require_everything_opens(ctx)
            found = states(ctx)
            assert not {KeyState.STAGED, KeyState.MISSING} & set(found.values()), row
            for key in house_keys.standings(ctx, house_of(ctx)):
                assert key.state is KeyState.IN_USE or not key.records, (row, key)
            assert all(int(key_id.rpartition("-")[2]) <= 3 for key_id in found), row
            sign_current(ctx)
            assert verify_database(ctx).holds, row


def test_retiring_that_dies_at_any_commit_is_done_by_asking_again(house: House, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(house.home, home)
    clock = Clock(utc_now() - timedelta(hours=2))
    with build_context(Settings(home=home), clock=clock) as ctx:
        VERBS["rotate"](ctx, {})
        ctx.database.scrub()
    rows = deaths(PROGRAM, home, "retire", {"key": "wrapping-1"})
    assert {row.exit_code for row in rows} == {DIED}
    for row in rows:
        with build_context(Settings(home=Path(row.home))) as ctx:
            assert (Path(row.home) / "retired.json").exists()  # it was written down before anything else
            house.keyed.require_everything_opens(ctx)
            VERBS["retire"](ctx, {"key": "wrapping-1"})
            assert states(ctx)["wrapping-1"] is KeyState.RETIRED
            house.keyed.require_everything_opens(ctx)
