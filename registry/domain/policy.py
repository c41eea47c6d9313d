"""Policy: evidence + declared use + licences + consents + now → a verdict with reasons.

The rules, in the order in which they are asked. The first that applies decides, so the more restrictive come first:

 1. The engine did not hear the performer: ``no_match``, ``inconclusive`` or ``not_assessed``. Evidence is never
    turned into permission or blame here.
 2. It heard somebody who sounds alike: ``explained_by_declared_source`` when the studio declared a source, is licensed
    to use that source, and the engine heard it; otherwise ``sound_alike_review``. A match of the performer *and* of the
    declared source goes to people too.
 3. The performer has withdrawn consent to licensing: ``consent_withdrawn``. No licence outlives that.
 4. The performer has refused licensing: ``opted_out_match``.
 5. There is no licence between the two that was ever in force: ``unlicensed_match``.
 6. Every licence is judged by itself, by the version of its terms of the day of use; within one, the most restrictive
    rule wins: revoked, suspended (now, or on the day the work was finished), expired, out of scope, consent not in
    force or saying never to the use, unpaid.
    Only a work finished while both the term and the consent still ran outlives their end in time
    (``expired_legacy_use``). Nothing outlives a revocation or a withdrawal: see ``docs/decisions/0008``.
    A licence that covers the use in every term makes it ``licensed_use``. Where none does, the verdict is that of
    the one that came nearest.

Unset is never permission: no evidence, no consent, no licence, no declared language each refuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from registry.domain.consents import (
    Consent,
    ConsentDecision,
    ConsentPurpose,
    ConsentState,
    Modality,
    latest_decision,
)
from registry.domain.judging import judge_under
from registry.domain.licence_facts import NOTHING_KNOWN, LicenceFacts
from registry.domain.licences import Licence
from registry.domain.scores import EvidenceOutcome, PerformerEvidence, Reason, Span
from registry.domain.uses import DeclaredUse
from registry.domain.verdicts import PERMITTED, Ruling, Verdict

_NEARNESS = (
    Verdict.LICENSED_USE,
    Verdict.EXPIRED_LEGACY_USE,
    Verdict.LICENSED_UNPAID,
    Verdict.LICENCE_SUSPENDED,
    Verdict.LICENSED_OUT_OF_SCOPE,
    Verdict.LICENCE_EXPIRED,
    Verdict.CONSENT_WITHDRAWN,
    Verdict.UNLICENSED_MATCH,
)
"""From the licence that covers a use to the one that does least: what is said when several are judged."""

_RANK = {verdict: rank for rank, verdict in enumerate(_NEARNESS)}


@dataclass(frozen=True, slots=True)
class PerformerRecord:
    """What the registry holds about one performer that policy needs.

    Attributes:
        performer_id: of the performer.
        consents: every consent ever signed for.
        licences: every licence of the performer with the studio that asks, in any state.
        facts: what has happened under each of them, by the licence's id; of what is missing nothing is known.
    """

    performer_id: str
    consents: Sequence[Consent]
    licences: Sequence[Licence]
    facts: Mapping[str, LicenceFacts] = field(default_factory=dict)

    def __post_init__(self) -> None:
        owners = {c.performer_id for c in self.consents} | {licence.performer_id for licence in self.licences}
        if owners - {self.performer_id}:
            raise ValueError(f"the record of {self.performer_id} holds consents or licences of somebody else")


def decide(
    evidence: PerformerEvidence | None,
    use: DeclaredUse,
    record: PerformerRecord,
    *,
    now: datetime,
    source: SourceStanding | None = None,
    modality: Modality = Modality.VOICE,
) -> Ruling:
    """Decide what one performer's presence in a recording means.

    Args:
        evidence: what the engine said about this performer, or None when nothing was assessed.
        use: as the studio declared it.
        record: consents, and the licences with the studio that asks.
        now: the moment of the decision.
        source: how the declared source stands, when the studio declared one other than this performer.
        modality: what was heard or seen.
    """
    if evidence is None:
        return _ruling(Verdict.NOT_ASSESSED, "not_assessed", "no evidence was made for this performer")
    if evidence.outcome is EvidenceOutcome.MATCH:
        if source is not None and source.heard:
            return _both_heard(source)
        return decide_match(use, record, now=now, modality=modality)
    if evidence.outcome is EvidenceOutcome.SOUND_ALIKE:
        return _sound_alike(evidence, source)
    if evidence.outcome is EvidenceOutcome.NO_MATCH:
        return Ruling(Verdict.NO_MATCH, evidence.reasons or (_NOT_HEARD,))
    return Ruling(Verdict.INCONCLUSIVE, evidence.reasons or (_NO_REASON,))


@dataclass(frozen=True, slots=True)
class SourceStanding:
    """How the performer whom the studio declared as the source of a voice stands beside another performer.

    Attributes:
        performer_id: of the source, or what stands for it where the source is under seal.
        heard: whether the engine supports that the source speaks wherever the other performer is said to be heard.
        covered: whether the use of the source's voice is covered by a licence.
    """

    performer_id: str
    heard: bool
    covered: bool


def standing_of_source(
    source: PerformerEvidence, ruling: Ruling, beside: PerformerEvidence, *, shown_as: str | None = None
) -> SourceStanding:
    """Say how a declared source stands beside another performer.

    Two performers in different stretches of one recording are two voices, and neither explains the other: the source
    must be heard in every stretch of the other performer. Where nothing was localised, the whole recording counts.

    Args:
        source: evidence on the declared source.
        ruling: on the source's own voice.
        beside: evidence on the other performer.
        shown_as: what the source is called in reasons: an attestation, where the source is under seal.
    """
    heard = source.outcome is EvidenceOutcome.MATCH and _speaks_wherever(source, beside)
    return SourceStanding(shown_as or source.performer_id, heard=heard, covered=ruling.verdict in PERMITTED)


def _speaks_wherever(source: PerformerEvidence, beside: PerformerEvidence) -> bool:
    if not source.segments or not beside.segments:
        return True
    return all(any(_overlap(heard.span, own.span) for own in source.segments) for heard in beside.segments)


def _overlap(left: Span, right: Span) -> bool:
    return left.start_s < right.end_s and right.start_s < left.end_s


def decide_match(
    use: DeclaredUse,
    record: PerformerRecord,
    *,
    now: datetime,
    modality: Modality = Modality.VOICE,
    approvals_follow: bool = False,
) -> Ruling:
    """Decide whether a use of a performer's voice is covered, given that it *is* the performer.

    Args:
        use: as the studio declared it.
        record: consents, and the licences with the studio that asks.
        now: the moment of the decision.
        modality: what was heard or seen.
        approvals_follow: whether whoever asks will ask the performer for approval of the exact copy next; then the
            lack of one is not held against the use here.
    """
    decision = latest_decision(record.consents, ConsentPurpose.LICENSING, modality)
    if decision is not None and _is_withdrawn_yes(decision):
        return _ruling(
            Verdict.CONSENT_WITHDRAWN,
            "licensing_consent_withdrawn",
            f"the performer withdrew consent to license the {modality.value}"
            + (f" on {decision.withdrawn_at.date().isoformat()}" if decision.withdrawn_at else ""),
        )
    if decision is not None and _is_refusal(decision, now):
        return _ruling(
            Verdict.OPTED_OUT_MATCH,
            "licensing_refused",
            f"the performer has refused every licence of the {modality.value}",
        )
    judged = [
        judge_under(
            licence,
            use,
            decision,
            now=now,
            modality=modality,
            facts=record.facts.get(licence.id, NOTHING_KNOWN),
            approvals_follow=approvals_follow,
        )
        for licence in record.licences
    ]
    held = [ruling for ruling in judged if ruling is not None]
    if not held:
        return _ruling(
            Verdict.UNLICENSED_MATCH, "no_licence", "no licence was ever in force between the performer and this studio"
        )
    nearest = min(held, key=lambda ruling: (_RANK[ruling.verdict], ruling.licence_id or ""))
    return _with_claims(nearest, use)


def _is_withdrawn_yes(decision: Consent) -> bool:
    return decision.decision is ConsentDecision.GIVEN and decision.state is ConsentState.WITHDRAWN


def _is_refusal(decision: Consent, now: datetime) -> bool:
    return decision.decision is ConsentDecision.REFUSED and decision.state_at(now) is ConsentState.ACTIVE


def _with_claims(ruling: Ruling, use: DeclaredUse) -> Ruling:
    """Say so when the licence that decides is not one the studio claimed; the claim changes no verdict."""
    if not use.claimed_licence_ids or ruling.licence_id in use.claimed_licence_ids:
        return ruling
    claimed = ", ".join(use.claimed_licence_ids)
    note = Reason(
        "not_the_claimed_licence",
        f"the use was claimed under {claimed}; the licence that decides is {ruling.licence_id}",
        {"claimed": claimed, "decides": ruling.licence_id},
    )
    return Ruling(ruling.verdict, (*ruling.reasons, note), ruling.licence_id)


def _sound_alike(evidence: PerformerEvidence, source: SourceStanding | None) -> Ruling:
    if source is not None and source.heard and source.covered:
        return _ruling(
            Verdict.EXPLAINED_BY_DECLARED_SOURCE,
            "declared_source_heard",
            f"the voice resembles the performer, and the declared, licensed source {source.performer_id} is heard",
        )
    return Ruling(Verdict.SOUND_ALIKE_REVIEW, evidence.reasons or (_RESEMBLES,))


def _both_heard(source: SourceStanding) -> Ruling:
    return _ruling(
        Verdict.SOUND_ALIKE_REVIEW,
        "performer_and_source_heard",
        f"both the performer and the declared source {source.performer_id} are supported; documents must decide",
    )


def _ruling(verdict: Verdict, code: str, detail: str) -> Ruling:
    return Ruling(verdict, (Reason(code, detail),))


_NO_REASON = Reason("engine_inconclusive", "the engine could not tell, and gave no reason")
_NOT_HEARD = Reason("not_heard", "the engine does not hear the performer in this recording")
_RESEMBLES = Reason("sound_alike", "the voice resembles the performer more than comparable voices do, but not enough")
