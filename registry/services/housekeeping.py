"""What is done regularly and by nobody in particular: giving up dead work, ending consents, sweeping the spool."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from sqlalchemy import select

from registry.domain.checks import CheckState, EnrolmentState, WorkKind
from registry.domain.ids import made_at
from registry.domain.retention import RULES, RuleId
from registry.domain.spoken_statements import SpokenStatementState
from registry.services.assessments import fail_check
from registry.services.case_analysis_endings import fail_analysis
from registry.services.case_recordings import salt_late
from registry.services.context import Context
from registry.services.endings import keep_endings
from registry.services.enrolment_work import fail_enrolment
from registry.services.gallery_delivery import void_undelivered
from registry.services.gallery_offers import end_late_offers
from registry.services.journal_timestamps import try_to_stamp
from registry.services.licence_endings import tell_ended
from registry.services.purge_work import fail_purge
from registry.services.scan_work import give_scan_up, sweep_folders, sweep_parts
from registry.services.spoken_statement_work import expire_unspoken, fail_statement
from registry.services.unit import Unit, unit_of_work
from registry.services.withdrawal import expire_due
from registry.store import idempotency, sessions, sign_in_links, work
from registry.store.case_analyses import CaseAnalysis
from registry.store.checks import Check
from registry.store.enrolments import Enrolment
from registry.store.gallery_files import GalleryFile
from registry.store.purges import Purge
from registry.store.spoken_statements import SpokenStatement
from registry.store.work import Work

UPLOAD_WITHOUT_RECORD_LIVES = timedelta(minutes=15)
"""From an upload's arrival in the spool to the commit of its record it is milliseconds; after this, none will come."""

_GIVEN_UP = "this was tried {attempts} times and could not be finished; nothing of the recording is kept: send it again"

_ANALYSIS_GIVEN_UP = "this was tried {attempts} times and could not be finished: ask for another analysis"


def keep_house(ctx: Context) -> None:
    """Do everything that is due."""
    while give_up_one(ctx):
        pass
    expire_due(ctx)
    tell_ended(ctx)
    salt_late(ctx)
    expire_unspoken(ctx)
    void_undelivered(ctx)
    end_late_offers(ctx)
    sweep_spool(ctx)
    sweep_folders(ctx)
    sweep_parts(ctx)
    with ctx.database.write() as session:
        idempotency.forget_expired(session, ctx.clock())
        over = ctx.clock() - (RULES[RuleId.ENDED_SESSION].kept_for or timedelta())
        sessions.forget_sessions(session, over)
        sign_in_links.forget_links(session, over)
        session.commit()
    keep_endings(ctx)
    try_to_stamp(ctx)
    ctx.database.scrub()  # what a crash between a withdrawal's commit and its own scrubbing left of a destroyed key


def give_up_one(ctx: Context) -> bool:
    """Give up one piece of work that was tried too often; what it was for fails in the same commit."""
    with unit_of_work(ctx) as unit:
        dead = work.take_dead(unit.session, now=unit.now, first=partial(_hold, unit))
        if dead is None:
            return False
        problem: dict[str, object] = {
            "slug": "worker_failed",
            "detail": _GIVEN_UP.format(attempts=dead.attempts),
            "figures": {"attempts": dead.attempts},
        }
        if dead.kind is WorkKind.CHECK:
            fail_check(unit, dead.subject_id, problem)
        elif dead.kind is WorkKind.ENROLMENT:
            fail_enrolment(unit, dead.subject_id, problem)
        elif dead.kind is WorkKind.CASE_ANALYSIS:
            detail = _ANALYSIS_GIVEN_UP.format(attempts=dead.attempts)
            fail_analysis(unit, dead.subject_id, problem | {"detail": detail})
        elif dead.kind is WorkKind.PURGE:
            fail_purge(unit, dead.subject_id, dead.attempts)
        elif dead.kind is WorkKind.SCAN:
            give_scan_up(unit, dead.subject_id, dead.attempts)
        else:
            fail_statement(unit, dead.subject_id, dead.attempts)
        unit.commit()
    return True


def _hold(unit: Unit, kind: WorkKind, subject_id: str) -> None:
    """Lock what work is for before the work, where whoever ends it earlier does so in that order."""
    table = {WorkKind.CASE_ANALYSIS: CaseAnalysis, WorkKind.PURGE: Purge}.get(kind)
    if table is not None:
        unit.session.get(table, subject_id, with_for_update=True, populate_existing=True)


def sweep_spool(ctx: Context) -> int:
    """Delete uploads that no queued record waits for, and files that are not on offer. Answer how many.

    A crash left them.
    """
    swept = 0
    for key in ctx.spool.keys():  # noqa: SIM118  (a store, not a mapping)
        if not _is_awaited(ctx, key):
            ctx.spool.delete(key)
            swept += 1
    return swept


def _is_awaited(ctx: Context, key: str) -> bool:
    with ctx.database.read() as session:
        queued_check = select(Check.id).where(Check.id == key, Check.state == CheckState.QUEUED)
        queued_enrolment = select(Enrolment.id).where(Enrolment.id == key, Enrolment.state == EnrolmentState.QUEUED)
        queued_statement = (
            select(Work.id)
            .join(SpokenStatement, Work.subject_id == SpokenStatement.id)
            .where(Work.id == key, SpokenStatement.state == SpokenStatementState.QUEUED)
        )
        offered = select(GalleryFile.id).where(GalleryFile.id == key, GalleryFile.offered_bytes.is_not(None))
        if any(session.scalar(awaited) for awaited in (queued_check, queued_enrolment, queued_statement, offered)):
            return True
    moment = made_at(key)
    return moment is not None and ctx.clock() - moment < UPLOAD_WITHOUT_RECORD_LIVES
