"""Evidence is neither permission nor accusation, and a declared source explains only what it was heard to say."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from strategies_domain import NOW, CoveredCase, covered_cases, evidences, records, spans, standings, uses

from registry.domain.policy import PerformerRecord, SourceStanding, decide, decide_match, standing_of_source
from registry.domain.scores import EvidenceOutcome, Log10LR, PerformerEvidence, SegmentEvidence, Span
from registry.domain.uses import DeclaredUse
from registry.domain.verdicts import PERMITTED, Ruling, Verdict

SOURCE = "perf_source"
HEARD_AND_COVERED = SourceStanding(SOURCE, heard=True, covered=True)
HEARD_UNCOVERED = SourceStanding(SOURCE, heard=True, covered=False)
UNHEARD_COVERED = SourceStanding(SOURCE, heard=False, covered=True)
UNHEARD_UNCOVERED = SourceStanding(SOURCE, heard=False, covered=False)
FAMILY = {
    EvidenceOutcome.NO_MATCH: {Verdict.NO_MATCH},
    EvidenceOutcome.INCONCLUSIVE: {Verdict.INCONCLUSIVE},
    EvidenceOutcome.SOUND_ALIKE: {Verdict.SOUND_ALIKE_REVIEW, Verdict.EXPLAINED_BY_DECLARED_SOURCE},
}


def _heard_in(evidence: PerformerEvidence, *where: Span) -> PerformerEvidence:
    return replace(evidence, segments=tuple(SegmentEvidence(span, Log10LR(2.0)) for span in where))


@given(evidences(*FAMILY), uses, records, standings)
def test_what_is_no_match_is_neither_permitted_nor_accused(
    evidence: PerformerEvidence, use: DeclaredUse, record: PerformerRecord, source: SourceStanding | None
) -> None:
    ruling = decide(evidence, use, record, now=NOW, source=source)
    assert ruling.verdict in FAMILY[evidence.outcome]
    assert ruling.verdict not in PERMITTED
    assert ruling.licence_id is None


@given(evidences(*FAMILY), uses, records, records, standings)
def test_what_is_no_match_does_not_depend_on_licences_or_consents(
    evidence: PerformerEvidence,
    use: DeclaredUse,
    one: PerformerRecord,
    another: PerformerRecord,
    source: SourceStanding | None,
) -> None:
    assert decide(evidence, use, one, now=NOW, source=source) == decide(evidence, use, another, now=NOW, source=source)


@given(evidences(EvidenceOutcome.MATCH), uses, records)
def test_a_match_is_never_answered_with_evidence_alone(
    evidence: PerformerEvidence, use: DeclaredUse, record: PerformerRecord
) -> None:
    ruling = decide(evidence, use, record, now=NOW)
    assert ruling == decide_match(use, record, now=NOW)
    assert ruling.verdict not in {Verdict.NO_MATCH, Verdict.INCONCLUSIVE, Verdict.NOT_ASSESSED}
    assert ruling.verdict is not Verdict.EXPLAINED_BY_DECLARED_SOURCE


@given(evidences(EvidenceOutcome.MATCH), uses, records, st.sampled_from((HEARD_AND_COVERED, HEARD_UNCOVERED)))
def test_performer_and_source_both_heard_go_to_people_even_where_a_licence_covers_the_use(
    evidence: PerformerEvidence, use: DeclaredUse, record: PerformerRecord, heard: SourceStanding
) -> None:
    ruling = decide(evidence, use, record, now=NOW, source=heard)
    assert ruling.verdict is Verdict.SOUND_ALIKE_REVIEW


@given(evidences(), uses, records, standings)
def test_only_a_sound_alike_is_ever_explained_and_only_by_a_source_heard_and_covered(
    evidence: PerformerEvidence, use: DeclaredUse, record: PerformerRecord, source: SourceStanding | None
) -> None:
    explained = decide(evidence, use, record, now=NOW, source=source).verdict is Verdict.EXPLAINED_BY_DECLARED_SOURCE
    assert explained is (evidence.outcome is EvidenceOutcome.SOUND_ALIKE and source == HEARD_AND_COVERED)


@given(evidences(EvidenceOutcome.MATCH), uses, records, st.sampled_from((UNHEARD_COVERED, UNHEARD_UNCOVERED)))
def test_a_source_that_is_not_heard_changes_nothing_for_a_match(
    evidence: PerformerEvidence, use: DeclaredUse, record: PerformerRecord, absent: SourceStanding
) -> None:
    assert decide(evidence, use, record, now=NOW, source=absent) == decide(evidence, use, record, now=NOW)


@given(evidences(performer_id=SOURCE), evidences(), covered_cases(), uses, records)
def test_a_source_is_covered_exactly_when_its_own_ruling_permits(
    source: PerformerEvidence,
    beside: PerformerEvidence,
    case: CoveredCase,
    use: DeclaredUse,
    record: PerformerRecord,
) -> None:
    for ruling in (decide_match(case.use, case.record, now=NOW), decide_match(use, record, now=NOW)):
        assert standing_of_source(source, ruling, beside).covered is (ruling.verdict in PERMITTED)


@given(evidences(*FAMILY, performer_id=SOURCE), evidences(), covered_cases())
def test_a_source_that_did_not_match_is_not_heard(
    source: PerformerEvidence, beside: PerformerEvidence, case: CoveredCase
) -> None:
    assert not standing_of_source(source, decide_match(case.use, case.record, now=NOW), beside).heard


def _standing(source: PerformerEvidence, beside: PerformerEvidence, ruling: Ruling) -> SourceStanding:
    return standing_of_source(replace(source, outcome=EvidenceOutcome.MATCH), ruling, beside)


@given(
    evidences(EvidenceOutcome.MATCH, performer_id=SOURCE),
    evidences(EvidenceOutcome.SOUND_ALIKE),
    covered_cases(),
    st.lists(spans, min_size=1, max_size=3),
    st.lists(spans, min_size=1, max_size=3),
)
def test_voices_in_different_stretches_do_not_explain_each_other(
    source: PerformerEvidence,
    beside: PerformerEvidence,
    case: CoveredCase,
    early: list[Span],
    late: list[Span],
) -> None:
    end = max(span.end_s for span in early)
    after = [Span(span.start_s + end, span.end_s + end) for span in late]
    covered = decide_match(case.use, case.record, now=NOW)
    for here, there in ((early, after), (after, early)):
        standing = _standing(_heard_in(source, *here), _heard_in(beside, *there), covered)
        assert not standing.heard
        ruling = decide(_heard_in(beside, *there), case.use, case.record, now=NOW, source=standing)
        assert ruling.verdict is Verdict.SOUND_ALIKE_REVIEW


@given(
    evidences(EvidenceOutcome.MATCH, performer_id=SOURCE, localised=True),
    evidences(EvidenceOutcome.SOUND_ALIKE, localised=True),
    covered_cases(),
)
def test_one_stretch_without_the_source_is_enough_to_leave_a_voice_unexplained(
    source: PerformerEvidence, beside: PerformerEvidence, case: CoveredCase
) -> None:
    end = max(segment.span.end_s for segment in source.segments)
    elsewhere = SegmentEvidence(Span(end, end + 5.0), Log10LR(1.0))
    more = replace(beside, segments=(*beside.segments, elsewhere))
    assert not _standing(source, more, decide_match(case.use, case.record, now=NOW)).heard


@given(evidences(EvidenceOutcome.MATCH, performer_id=SOURCE), covered_cases())
def test_a_source_heard_in_the_very_same_stretches_explains_a_voice_that_sounds_alike(
    source: PerformerEvidence, case: CoveredCase
) -> None:
    beside = replace(source, performer_id="perf_a", outcome=EvidenceOutcome.SOUND_ALIKE)
    standing = _standing(source, beside, decide_match(case.use, case.record, now=NOW))
    assert standing == HEARD_AND_COVERED
    ruling = decide(beside, case.use, case.record, now=NOW, source=standing)
    assert ruling.verdict is Verdict.EXPLAINED_BY_DECLARED_SOURCE
    assert SOURCE in ruling.reasons[0].detail


@given(
    evidences(EvidenceOutcome.MATCH, performer_id=SOURCE),
    evidences(EvidenceOutcome.SOUND_ALIKE, localised=False),
    covered_cases(),
)
def test_where_nothing_was_localised_the_whole_recording_counts(
    source: PerformerEvidence, beside: PerformerEvidence, case: CoveredCase
) -> None:
    assert _standing(source, beside, decide_match(case.use, case.record, now=NOW)).heard
