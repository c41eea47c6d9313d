"""A worker's bench without an engine: it does what waits with evidence that the test wrote down."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from registry.domain.checks import WorkKind
from registry.domain.conclusions import Conclusion
from registry.domain.scores import (
    EngineIdentity,
    EvidenceOutcome,
    FalsePositiveRate,
    Log10LR,
    OperatingPoint,
    PerformerEvidence,
    Reason,
    RecordingEvidence,
    SegmentEvidence,
    Span,
)
from registry.errors import RegistryError
from registry.services import assessments, case_analysis_work, enrolment_work
from registry.services.context import Context
from registry.store import work
from registry.store.work import Lease

WORKER = "wkr_test"


def heard(
    performer_id: str, outcome: EvidenceOutcome = EvidenceOutcome.MATCH, strength: float = 3.0
) -> RecordingEvidence:
    """Evidence that one performer is in a recording of twelve seconds."""
    lr = Log10LR(strength)
    candidate = PerformerEvidence(
        performer_id=performer_id,
        outcome=outcome,
        log10_lr=lr,
        engines={"ge2e": Log10LR(1.2), "campplus": lr},
        cohort_percentile=99.9,
        segments=(SegmentEvidence(Span(0.5, 11.5), lr),),
        reasons=(Reason("above_threshold", "the same voice is supported", {"threshold": 2.0}),),
    )
    return evidence([candidate], outcome)


def evidence(candidates: Sequence[PerformerEvidence], outcome: EvidenceOutcome) -> RecordingEvidence:
    return RecordingEvidence(
        duration_s=12.6,
        speech_s=11.0,
        outcome=outcome,
        reasons=(),
        candidates=tuple(candidates),
        operating_point=OperatingPoint(FalsePositiveRate(0.01), 2, Log10LR(2.0)),
        engine=EngineIdentity("1", ("ge2e:x", "campplus:y"), "abc", "cpu"),
    )


def nobody() -> RecordingEvidence:
    return evidence([], EvidenceOutcome.NO_MATCH)


def take(ctx: Context) -> Lease | None:
    with ctx.database.write() as session:
        held = work.lease(session, worker_id=WORKER, now=ctx.clock(), lease_s=30, kinds=list(WorkKind))
        session.commit()
        return held


def do(ctx: Context, held: Lease, outcome: RecordingEvidence | RegistryError | None) -> None:
    """Finish one piece of work: a check with evidence, or either with a refusal."""
    if held.kind is WorkKind.CHECK:
        if isinstance(outcome, RegistryError):
            assessments.refuse_check(ctx, held, outcome)
        else:
            assessments.complete_check(ctx, held, outcome)
    elif isinstance(outcome, RegistryError):
        enrolment_work.refuse_enrolment(ctx, held, outcome)


def compare_case(ctx: Context, content: bytes = b'{"format":"likeness-comparison"}') -> None:
    """Make the one analysis that waits, with what the test says was found."""
    held = take(ctx)
    assert held is not None
    wanted = case_analysis_work.begin_analysis(ctx, held)
    found = case_analysis_work.Found(content, Conclusion.INCONCLUSIVE)
    assert case_analysis_work.complete_analysis(ctx, held, wanted, found)


def assess(ctx: Context, outcome: RecordingEvidence | RegistryError | None) -> None:
    """Do the one thing that waits."""
    held = take(ctx)
    assert held is not None
    do(ctx, held, outcome)


@contextmanager
def at_work(ctx: Context, outcome: RecordingEvidence | RegistryError | None) -> Iterator[None]:
    """Do whatever comes in, while somebody waits for it."""
    stop = threading.Event()

    def loop() -> None:
        while not stop.is_set():
            held = take(ctx)
            if held is not None:
                do(ctx, held, outcome)
            time.sleep(0.02)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
