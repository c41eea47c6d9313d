"""Checks: a studio submits a recording with its declared use, and reads what was found."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Role, Scope
from registry.domain.approaches import Priority
from registry.domain.checks import CheckState, WorkKind
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix, is_id
from registry.domain.uses import DeclaredUse
from registry.domain.verdicts import Verdict
from registry.errors import ForbiddenError, NotFoundError, UnknownLicenceError, UnknownSourceError
from registry.media.recording import Recording
from registry.services import intake, stay_down
from registry.services.attestations import own_attestation
from registry.services.context import Context
from registry.services.intake import Upload
from registry.services.laps import Laps
from registry.services.unit import Unit, unit_of_work
from registry.store import checks, licences, work
from registry.store.checks import Check, Finding
from registry.store.licences import Licence
from registry.store.performers import Performer
from registry.vault.keys import WrappedKey

log = structlog.get_logger()

_PAUSE_SHARE = 0.05
"""A client learns of the verdict later than it could by half of this share of the time the check took, at most by…"""
_LONGEST_PAUSE_S = 0.1
"""… half of this; sixteen clients that wait for seconds would otherwise keep a processor busy with looking."""


def submit_check(ctx: Context, principal: Principal, *, upload: Upload, use: DeclaredUse) -> Check:
    """Take a recording in with its declared use, and queue it for a worker.

    1. What the use claims is looked at first: licences and source must be the caller's own to name.
    2. The recording is decoded, and listened to until enough speech was heard. One that cannot be assessed is refused
       here, and nothing is stored.
    3. It is looked up among the recordings that served notices are about; whether it is one, the check says.
    4. The decoded recording is sealed into the spool; then check and work are written in one transaction.

    Raises:
        ForbiddenError: the caller's role submits nothing.
        UnknownLicenceError, UnknownSourceError, UnknownAttestationError: what the use claims is not the caller's to
            claim.
        MediaError, SpeechError: what is wrong, in numbers.
    """
    organisation_id = _submitting_organisation(principal)
    with ctx.database.read() as session:
        source = _require_claims(session, organisation_id, use)
    laps = Laps()
    with laps.lap("decode_s"):
        recording = intake.read(ctx, upload)
    with laps.lap("admit_s"):
        ctx.detector.admit(recording, required_s=ctx.thresholds.check_speech_s)
    with laps.lap("stay_down_s"):
        told_again = stay_down.look_up(ctx, recording)
    check_id = ctx.ids.new(IdPrefix.CHECK, ctx.clock())
    with (
        laps.lap("store_s"),
        intake.spooled(ctx, check_id, [recording]) as key,
        unit_of_work(ctx) as unit,
    ):
        check = _new_check(
            unit, principal, check_id=check_id, upload=upload, recording=recording, use=use, source=source, key=key
        )
        check.stay_down = [each.as_json() for each in told_again]
        _queue(unit, principal, check)
        unit.commit()
    log.info("check submitted", subject=check.id, duration_s=round(check.duration_s, 2), **laps.figures())
    return check


def _queue(unit: Unit, principal: Principal, check: Check) -> None:
    """Write a check, and the work of doing it, in the caller's unit."""
    unit.session.add(check)
    unit.session.flush()
    work_id = unit.new_id(IdPrefix.WORK)
    work.enqueue(unit.session, work_id=work_id, kind=WorkKind.CHECK, subject_id=check.id, now=unit.now)
    unit.record(
        EventType.CHECK_SUBMITTED,
        check.id,
        principal.account_id,
        organisation_id=check.organisation_id,
        content_sha256=check.content_sha256,
        stay_down=len(check.stay_down or ()),
        kind=check.kind.value,
        purpose=check.purpose.value,
    )


def _submitting_organisation(principal: Principal) -> str:
    principal.require(Scope.CHECKS_WRITE)
    if principal.organisation_id is None:
        raise ForbiddenError("a recording is submitted by an organisation", role=principal.role.value)
    return principal.organisation_id


@dataclass(frozen=True, slots=True)
class _Source:
    """The declared source: the performer, and the attestation that names them where the use names that."""

    performer_id: str | None = None
    attestation_id: str | None = None


def _require_claims(session: Session, organisation_id: str, use: DeclaredUse) -> _Source:
    """Answer the declared source; refuse a use that names licences or a source that are not the organisation's own."""
    for licence_id in use.claimed_licence_ids:
        licence = session.get(Licence, licence_id)
        if licence is None or licence.studio_id != organisation_id:
            raise UnknownLicenceError(f"there is no licence {licence_id} of this organisation", licence_id=licence_id)
    source_id = use.declared_source_id
    if source_id is None:
        return _Source()
    if is_id(source_id, IdPrefix.ATTESTATION):
        return _Source(own_attestation(session, organisation_id, source_id).performer_id, source_id)
    if not licences.licences_between(session, organisation_id, [source_id]):
        raise UnknownSourceError(
            f"there is no licence of this organisation with the declared source {source_id}", performer_id=source_id
        )
    return _Source(source_id)


def _new_check(
    unit: Unit,
    principal: Principal,
    *,
    check_id: str,
    upload: Upload,
    recording: Recording,
    use: DeclaredUse,
    source: _Source,
    key: WrappedKey,
) -> Check:
    return Check(
        id=check_id,
        organisation_id=_submitting_organisation(principal),
        submitted_by=principal.account_id,
        state=CheckState.QUEUED,
        filename=upload.filename,
        content_sha256=recording.content_sha256,
        size_bytes=recording.source.size_bytes,
        duration_s=recording.duration_s,
        kind=use.kind,
        purpose=use.purpose,
        project=use.project,
        medium=use.medium,
        territory=use.territory,
        language=use.language,
        fixed_on=use.fixed_on,
        claimed_licence_ids=list(use.claimed_licence_ids),
        declared_source_id=source.performer_id,
        declared_attestation_id=source.attestation_id,
        use_mode=use.use_mode,
        quantities=[quantity.as_json() for quantity in use.quantities],
        copy_sha256=use.copy_sha256,
        ai_disclosed=use.ai_disclosed,
        spool_key=key.wrapped,
        spool_master_key_id=key.master_key_id,
        created_at=unit.now,
        version=1,
        findings=[],
    )


# --- reading ---------------------------------------------------------------------------------------------------------


def get_check(ctx: Context, principal: Principal, check_id: str) -> Check:
    """Answer a check of one's own organisation, or any to an operator, with its findings.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.CHECKS_READ)
    with ctx.database.read() as session:
        check = session.get(Check, check_id)
        if check is None or not principal.may_see_organisation(check.organisation_id):
            raise NotFoundError("there is no such check")
        _ = [finding.check for finding in check.findings]  # read while there is a session
        return check


def await_check(ctx: Context, principal: Principal, check_id: str, *, wait_s: float) -> Check:
    """Answer a check as soon as it is finished, or as it stands after ``wait_s`` seconds.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    check = get_check(ctx, principal, check_id)
    if check.state is not CheckState.QUEUED or wait_s <= 0:
        return check
    _await_end(ctx, check_id, wait_s)
    return get_check(ctx, principal, check_id)


def _await_end(ctx: Context, check_id: str, wait_s: float) -> None:
    """Wait until a check is not queued any more. The longer it takes, the less often it is looked at."""
    started = time.monotonic()
    while (waited_s := time.monotonic() - started) < wait_s:
        pause_s = min(max(ctx.thresholds.poll_s, _PAUSE_SHARE * waited_s), _LONGEST_PAUSE_S)
        ctx.pause(min(pause_s, wait_s - waited_s))
        with ctx.database.read() as session:
            if not checks.is_queued(session, check_id):
                return


def list_checks(
    ctx: Context,
    principal: Principal,
    *,
    state: CheckState | None = None,
    verdict: Verdict | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Check]:
    """Answer a page of checks, newest first: those of one's own organisation, or all to an operator."""
    principal.require(Scope.CHECKS_READ)
    organisation_id = None if principal.is_operator else principal.organisation_id or ""
    with ctx.database.read() as session:
        return checks.page_of_checks(
            session, organisation_id=organisation_id, state=state, verdict=verdict, after=after, limit=limit
        )


def list_findings(
    ctx: Context,
    principal: Principal,
    *,
    verdict: Verdict | None,
    performer_id: str | None,
    priority: Priority | None = None,
    scan_id: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Finding]:
    """Answer a page of findings, newest first.

    A studio or an auditor reads those of its own recordings; a performer, or who represents one, those about the
    performer; an operator all.
    """
    principal.require(Scope.FINDINGS_READ)
    organisation_id, performer_ids = _reach(principal)
    if performer_id is not None:
        performer_ids = [performer_id] if performer_ids is None or performer_id in performer_ids else []
    with ctx.database.read() as session:
        return checks.page_of_findings(
            session,
            organisation_id=organisation_id,
            performer_ids=performer_ids,
            verdict=verdict,
            priority=priority,
            scan_id=scan_id,
            after=after,
            limit=limit,
        )


def _reach(principal: Principal) -> tuple[str | None, Collection[str] | None]:
    """Answer whose checks, and findings about whom, the caller reads; None stands for everybody's."""
    if principal.is_operator:
        return None, None
    if principal.role in {Role.PERFORMER, Role.REPRESENTATIVE}:
        return None, _readable(principal)
    return principal.organisation_id or "", None


def _readable(principal: Principal) -> list[str]:
    return [p for p in principal.performer_ids if principal.may_act_for(p, Scope.FINDINGS_READ)]


def get_finding(ctx: Context, principal: Principal, finding_id: str) -> Finding:
    """Answer one finding.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    principal.require(Scope.FINDINGS_READ)
    with ctx.database.read() as session:
        finding = visible_finding(session, principal, finding_id)
        _ = finding.check, finding.scan_row  # read while there is a session
        return finding


def visible_finding(session: Session, principal: Principal, finding_id: str) -> Finding:
    """Answer one finding that somebody may know of, whatever scope it takes to do something with it.

    Raises:
        NotFoundError: none that the caller may know of.
    """
    organisation_id, performer_ids = _reach(principal)
    finding = session.get(Finding, finding_id)
    if finding is None:
        raise NotFoundError("there is no such finding")
    if organisation_id is not None and finding.organisation_id != organisation_id:
        raise NotFoundError("there is no such finding")
    if performer_ids is not None and finding.performer_id not in performer_ids:
        raise NotFoundError("there is no such finding")
    return finding


def names_of(ctx: Context, performer_ids: Collection[str]) -> Mapping[str, str]:
    """Answer the names of performers that the caller has already been shown a finding about."""
    with ctx.database.read() as session:
        named = session.scalars(select(Performer).where(Performer.id.in_(set(performer_ids))))
        return {performer.id: performer.name for performer in named}


def discard_refused(ctx: Context, principal: Principal, check_id: str) -> None:
    """Forget a check that was refused while its sender was waiting and has been told why: nothing stays of it."""
    with unit_of_work(ctx) as unit:
        check = unit.session.get(Check, check_id)
        own = check is not None and principal.may_see_organisation(check.organisation_id)
        if check is not None and own and check.state is CheckState.REFUSED:
            unit.session.delete(check)
            unit.record(EventType.CHECK_DISCARDED, check.id, principal.account_id)
            unit.commit()
