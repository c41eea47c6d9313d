"""What crashes leave behind is found and mended."""

from __future__ import annotations

from sqlalchemy import select
from steps import Registry

from registry.domain.checks import CheckState
from registry.domain.ids import IdPrefix
from registry.services import checks, housekeeping
from registry.store.work import Work


def test_work_that_kept_failing_is_given_up_and_its_check_says_so(registry: Registry) -> None:
    studio = registry.studio()
    check = registry.submit(studio)
    for _ in range(3):
        registry.lease()
        registry.clock.move(minutes=2)
    housekeeping.keep_house(registry.ctx)
    failed = checks.get_check(registry.ctx, studio, check.id)
    assert failed.state is CheckState.FAILED
    assert failed.problem is not None
    assert failed.problem["slug"] == "worker_failed"
    assert failed.spool_key is None
    assert registry.ctx.spool.keys() == []
    with registry.ctx.database.read() as session:
        assert session.scalars(select(Work.state)).one().value == "dead"


def test_an_upload_whose_record_never_came_is_swept_but_not_at_once(registry: Registry) -> None:
    orphan = registry.ctx.ids.new(IdPrefix.CHECK, registry.clock())
    registry.ctx.spool.put(orphan, b"sealed")
    assert housekeeping.sweep_spool(registry.ctx) == 0
    registry.clock.move(minutes=16)
    assert housekeeping.sweep_spool(registry.ctx) == 1
    assert registry.ctx.spool.keys() == []


def test_an_upload_that_a_check_waits_for_is_never_swept(registry: Registry) -> None:
    check = registry.submit(registry.studio())
    registry.clock.move(days=30)
    assert housekeeping.sweep_spool(registry.ctx) == 0
    assert registry.ctx.spool.keys() == [check.id]


def test_the_upload_of_a_finished_check_that_a_crash_left_is_swept(registry: Registry) -> None:
    studio = registry.studio()
    done = registry.checked(studio)
    registry.ctx.spool.put(done.id, b"sealed")
    registry.clock.move(minutes=16)
    assert housekeeping.sweep_spool(registry.ctx) == 1
