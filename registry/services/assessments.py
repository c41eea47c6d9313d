"""What a worker does with a check that waits: evidence in, findings and a verdict out, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.approaches import Escalation, Priority
from registry.domain.checks import CheckState
from registry.domain.consents import ConsentPurpose, Modality
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.policy import PerformerRecord, decide, standing_of_source
from registry.domain.scores import EvidenceOutcome, PerformerEvidence, Reason, RecordingEvidence
from registry.domain.stay_down import reason_of
from registry.domain.uses import DeclaredUse
from registry.domain.verdicts import Ruling, Verdict, gravest
from registry.engine.validity import NOT_VALIDATED_FOR
from registry.errors import NotFoundError, RegistryError
from registry.media.recording import Recording
from registry.services import intake
from registry.services.approaches import escalations
from registry.services.consents import in_force
from registry.services.context import Context
from registry.services.records import records_between
from registry.services.unit import Unit, unit_of_work
from registry.services.usage import count_check
from registry.store import work
from registry.store.checks import Check, Finding
from registry.store.work import Lease
from registry.vault.keys import WrappedKey

GALLERY_EMPTY = Reason("gallery_empty", "no performer is enrolled, so there is nobody to compare with")


@dataclass(frozen=True, slots=True)
class Ruled:
    """Evidence on one performer, what policy says of it, and who looks at it first."""

    evidence: PerformerEvidence
    ruling: Ruling
    priority: Priority = Priority.NORMAL


def open_check(ctx: Context, check_id: str) -> Recording:
    """Answer the recording of a queued check, for a worker that holds the lease on it.

    Raises:
        NotFoundError: it is not waiting any more, or its upload is gone.
        SealBrokenError: the upload was tampered with.
    """
    with ctx.database.read() as session:
        check = session.get(Check, check_id)
    if check is None or check.spool_key is None or check.spool_master_key_id is None:
        raise NotFoundError("the check is not waiting any more")
    return intake.unspool(ctx, check.id, WrappedKey(check.spool_master_key_id, check.spool_key))[0]


def complete_check(ctx: Context, held: Lease, evidence: RecordingEvidence | None) -> None:
    """Decide a check and store what was found: check, findings, work and journal in one commit.

    1. Consent to monitoring is asked for again: evidence on a performer who has ended it is dropped, not stored.
    2. Policy rules on every performer who is heard, resembled, or cannot be told.
    3. The lease is finished, which fails if another worker took over: before anything is written twice.
    4. Findings are written; licensed use is counted and posted, once for each recording; then the one commit.
    5. Best effort: the upload is deleted. A sweep finds what a crash leaves.

    Args:
        ctx: what verbs work with.
        held: the lease on the check's work.
        evidence: of the engine, or None when the gallery was empty.

    Raises:
        LeaseLostError: another worker has taken over.
    """
    with unit_of_work(ctx) as unit:
        check = unit.session.get_one(Check, held.subject_id, with_for_update=True)
        ruled = _rule_all(unit, check, evidence)
        _write_result(check, evidence, ruled)
        if check.stay_down:
            check.reasons = [*(check.reasons or ()), reason_as_json(reason_of(len(check.stay_down)))]
        _close(unit, held, check, CheckState.DONE, findings=len(ruled))
        _write_findings(unit, check, ruled)
        count_check(unit, check, held.worker_id)
        unit.commit()


def _rule_all(unit: Unit, check: Check, evidence: RecordingEvidence | None) -> list[Ruled]:
    """Rule on everybody worth a finding, in the engine's order."""
    heard = monitored(unit.session, worth_a_finding(evidence.candidates) if evidence else (), unit.now)
    records = records_between(
        unit.session,
        check.organisation_id,
        [candidate.performer_id for candidate in heard],
        now=unit.now,
        projects=[check.project],
        apart_from=check.content_sha256,
    )
    ruled = rule(check.use(), heard, records, unit.now, source_id=check.declared_source_id)
    return _escalate(unit.session, check, ruled)


def _escalate(session: Session, check: Check, ruled: Sequence[Ruled]) -> list[Ruled]:
    """Put first what is about a performer whom this studio had asked and who had declined; the verdict stays."""
    verdicts = {one.evidence.performer_id: one.ruling.verdict for one in ruled}
    found = escalations(session, check.organisation_id, verdicts, submitted_at=check.created_at)
    return [escalated(one, found[one.evidence.performer_id]) for one in ruled]


def escalated(one: Ruled, found: Escalation) -> Ruled:
    """Answer a ruling with who looks at it first, and with the reason for that."""
    ruling = one.ruling
    if found.reason is not None:
        ruling = Ruling(ruling.verdict, (*ruling.reasons, found.reason), ruling.licence_id)
    return Ruled(one.evidence, ruling, found.priority)


def _is_worth_a_finding(candidate: PerformerEvidence) -> bool:
    """Whether a candidate is more than one of the nearest names: those are nobody's to read."""
    if candidate.outcome is EvidenceOutcome.INCONCLUSIVE:
        return candidate.log10_lr > 0
    return candidate.outcome is not EvidenceOutcome.NO_MATCH


def worth_a_finding(candidates: Iterable[PerformerEvidence]) -> list[PerformerEvidence]:
    """Answer the candidates who are heard, resembled, or cannot be told, in their order."""
    return [candidate for candidate in candidates if _is_worth_a_finding(candidate)]


def monitored(session: Session, candidates: Sequence[PerformerEvidence], now: datetime) -> list[PerformerEvidence]:
    """Answer the candidates who consent to being looked for at ``now``; of nobody else is evidence kept."""
    ids = [candidate.performer_id for candidate in candidates]
    consenting = in_force(session, ids, ConsentPurpose.MONITORING, Modality.VOICE, now)
    return [candidate for candidate in candidates if candidate.performer_id in consenting]


def rule(
    use: DeclaredUse,
    candidates: Sequence[PerformerEvidence],
    records: Mapping[str, PerformerRecord],
    now: datetime,
    *,
    source_id: str | None = None,
) -> list[Ruled]:
    """Rule on every candidate, the declared source before those whom it may explain; answer them in their order.

    Args:
        use: as declared.
        candidates: worth a finding.
        records: of each of them.
        now: the moment of the decision.
        source_id: the performer who is the declared source, where the use names an attestation of it.
    """
    source = next((c for c in candidates if c.performer_id == (source_id or use.declared_source_id)), None)
    of_source = decide(source, use, records[source.performer_id], now=now) if source else None
    ruled = []
    for candidate in candidates:
        standing = None
        if source is not None and of_source is not None and candidate is not source:
            standing = standing_of_source(source, of_source, candidate, shown_as=use.declared_source_id)
        ruling = decide(candidate, use, records[candidate.performer_id], now=now, source=standing)
        ruled.append(Ruled(candidate, ruling))
    return ruled


def _write_findings(unit: Unit, check: Check, ruled: Sequence[Ruled]) -> None:
    for rank, one in enumerate(ruled, start=1):
        finding = finding_of(unit, one, rank=rank, organisation_id=check.organisation_id)
        finding.check_id = check.id
        unit.session.add(finding)


def finding_of(unit: Unit, one: Ruled, *, rank: int, organisation_id: str) -> Finding:
    """Make a finding of what was ruled on one performer. It is of no recording yet, and not written."""
    evidence, ruling = one.evidence, one.ruling
    return Finding(
        id=unit.new_id(IdPrefix.FINDING),
        performer_id=evidence.performer_id,
        organisation_id=organisation_id,
        rank=rank,
        outcome=evidence.outcome,
        log10_lr=round(evidence.log10_lr, 3),
        engines={name: round(value, 3) for name, value in evidence.engines.items()},
        cohort_percentile=round(evidence.cohort_percentile, 3),
        segments=[
            {
                "start_s": round(segment.span.start_s, 2),
                "end_s": round(segment.span.end_s, 2),
                "log10_lr": round(segment.log10_lr, 3),
            }
            for segment in evidence.segments
        ],
        evidence_reasons=[reason_as_json(reason) for reason in evidence.reasons],
        verdict=ruling.verdict,
        reasons=[reason_as_json(reason) for reason in ruling.reasons],
        licence_id=ruling.licence_id,
        priority=one.priority,
        created_at=unit.now,
    )


def _write_result(check: Check, evidence: RecordingEvidence | None, ruled: Sequence[Ruled]) -> None:
    """Write what the recording as a whole comes to."""
    if evidence is None:
        check.verdict, check.reasons = Verdict.NOT_ASSESSED, [reason_as_json(GALLERY_EMPTY)]
        return
    check.outcome = evidence.outcome
    check.speech_s = round(evidence.speech_s, 3)
    check.engine = {
        **asdict(evidence.engine),
        "target_fpir": evidence.operating_point.target_fpir,
        "gallery_size": evidence.operating_point.gallery_size,
        "threshold_log10_lr": round(evidence.operating_point.threshold_log10_lr, 3),
    }
    if ruled:
        check.verdict = gravest(one.ruling.verdict for one in ruled)
        check.outcome = strongest(ruled)
        decisive = next(one.ruling for one in ruled if one.ruling.verdict is check.verdict)
        check.reasons = [reason_as_json(reason) for reason in decisive.reasons]
    elif evidence.outcome is EvidenceOutcome.INCONCLUSIVE:
        check.verdict, check.reasons = Verdict.INCONCLUSIVE, [reason_as_json(reason) for reason in evidence.reasons]
    else:
        check.verdict, check.outcome = Verdict.NO_MATCH, EvidenceOutcome.NO_MATCH
        unvalidated = [reason for reason in evidence.reasons if reason.code == NOT_VALIDATED_FOR]
        check.reasons = [reason_as_json(reason) for reason in (_nobody(evidence), *unvalidated)]


def strongest(ruled: Sequence[Ruled]) -> EvidenceOutcome:
    """Answer the strongest outcome of some findings: that of the recording."""
    order = list(EvidenceOutcome)
    return min((one.evidence.outcome for one in ruled), key=order.index)


def _nobody(evidence: RecordingEvidence) -> Reason:
    size = evidence.operating_point.gallery_size
    return Reason(
        "nobody_enrolled_heard",
        f"none of the {size} enrolled performers is heard in this recording",
        {"gallery_size": size, "target_fpir": evidence.operating_point.target_fpir},
    )


def reason_as_json(reason: Reason) -> dict[str, object]:
    """Answer a reason as it is stored and sent."""
    return {"code": reason.code, "detail": reason.detail, "figures": dict(reason.figures)}


_EVENTS: Mapping[CheckState, EventType] = {
    CheckState.DONE: EventType.CHECK_COMPLETED,
    CheckState.REFUSED: EventType.CHECK_REFUSED,
    CheckState.FAILED: EventType.CHECK_FAILED,
}


def _close(unit: Unit, held: Lease | None, check: Check, state: CheckState, *, findings: int = 0) -> None:
    check.state = state
    check.finished_at = unit.now
    check.spool_key = check.spool_master_key_id = None
    check.version += 1
    unit.record(
        _EVENTS[state],
        check.id,
        held.worker_id if held else "system",
        organisation_id=check.organisation_id,
        content_sha256=check.content_sha256,
        verdict=check.verdict.value if check.verdict else None,
        findings=findings,
        problem=str(check.problem["slug"]) if check.problem else None,
    )
    unit.upload_used(check.id)
    if held is not None:
        work.finish(unit.session, held, now=unit.now)


def refuse_check(ctx: Context, held: Lease, error: RegistryError) -> None:
    """Close a check whose recording cannot be assessed; what was wrong is kept, and the upload is deleted.

    Raises:
        LeaseLostError: another worker has taken over.
    """
    with unit_of_work(ctx) as unit:
        check = unit.session.get_one(Check, held.subject_id, with_for_update=True)
        check.problem = intake.problem_of(error)
        _close(unit, held, check, CheckState.REFUSED)
        unit.commit()


def fail_check(unit: Unit, check_id: str, problem: dict[str, object]) -> None:
    """Close a check that was tried too often, in the unit that gives its work up."""
    check = unit.session.get_one(Check, check_id, with_for_update=True)
    if check.state is CheckState.QUEUED:
        check.problem = problem
        _close(unit, None, check, CheckState.FAILED)
