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
 6. Every licence is judged by itself; within one, the most restrictive rule wins: revoked, suspended, expired, out of
    scope, consent not in force, unpaid. Only a work finished within the term outlives it (``expired_legacy_use``), and
    only where consent was given too.
    A licence that covers the use in every term makes it ``licensed_use``. Where none does, the verdict is that of
    the one that came nearest.

Unset is never permission: no evidence, no consent, no licence, no declared language each refuse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from registry.domain.consents import (
    Consent,
    ConsentDecision,
    ConsentPurpose,
    ConsentState,
    Modality,
    latest_decision,
)
from registry.domain.licences import Licence, LicenceState, refusals
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


@dataclass(frozen=True, slots=True)
class PerformerRecord:
    """What the registry holds about one performer that policy needs.

    Attributes:
        performer_id: of the performer.
        consents: every consent ever signed for.
        licences: every licence of the performer with the studio that asks, in any state.
    """

    performer_id: str
    consents: Sequence[Consent]
    licences: Sequence[Licence]

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
        performer_id: of the source.
        heard: whether the engine supports that the source speaks wherever the other performer is said to be heard.
        covered: whether the use of the source's voice is covered by a licence.
    """

    performer_id: str
    heard: bool
    covered: bool


def standing_of_source(source: PerformerEvidence, ruling: Ruling, beside: PerformerEvidence) -> SourceStanding:
    """Say how a declared source stands beside another performer.

    Two performers in different stretches of one recording are two voices, and neither explains the other: the source
    must be heard in every stretch of the other performer. Where nothing was localised, the whole recording counts.

    Args:
        source: evidence on the declared source.
        ruling: on the source's own voice.
        beside: evidence on the other performer.
    """
    heard = source.outcome is EvidenceOutcome.MATCH and _speaks_wherever(source, beside)
    return SourceStanding(source.performer_id, heard=heard, covered=ruling.verdict in PERMITTED)


def _speaks_wherever(source: PerformerEvidence, beside: PerformerEvidence) -> bool:
    if not source.segments or not beside.segments:
        return True
    return all(any(_overlap(heard.span, own.span) for own in source.segments) for heard in beside.segments)


def _overlap(left: Span, right: Span) -> bool:
    return left.start_s < right.end_s and right.start_s < left.end_s


def decide_match(
    use: DeclaredUse, record: PerformerRecord, *, now: datetime, modality: Modality = Modality.VOICE
) -> Ruling:
    """Decide whether a use of a performer's voice is covered, given that it *is* the performer."""
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
    judged = [judge_licence(licence, use, record.consents, now=now, modality=modality) for licence in record.licences]
    held = [ruling for ruling in judged if ruling is not None]
    if not held:
        return _ruling(
            Verdict.UNLICENSED_MATCH, "no_licence", "no licence was ever in force between the performer and this studio"
        )
    nearest = min(held, key=lambda ruling: (_NEARNESS.index(ruling.verdict), ruling.licence_id or ""))
    return _with_claims(nearest, use)


def judge_licence(
    licence: Licence,
    use: DeclaredUse,
    consents: Iterable[Consent],
    *,
    now: datetime,
    modality: Modality = Modality.VOICE,
) -> Ruling | None:
    """Judge a use by one licence alone; None when the licence was never in force (draft, offered, revoked before)."""
    if licence.activated_at is None or licence.state in {LicenceState.DRAFT, LicenceState.OFFERED}:
        return None
    objections = _objections(licence, use, consents, now=now, modality=modality)
    covered = _of(licence, Verdict.LICENSED_USE, "licence_covers_use", "every term of the licence permits this use")
    return next(objections, covered)


def _objections(
    licence: Licence, use: DeclaredUse, consents: Iterable[Consent], *, now: datetime, modality: Modality
) -> Iterator[Ruling]:
    """Everything that stands against the use under this licence, the most restrictive first."""
    if licence.state is LicenceState.REVOKED:
        yield _of(licence, Verdict.UNLICENSED_MATCH, "licence_revoked", "the licence was revoked")
    if licence.state is LicenceState.SUSPENDED:
        why = licence.suspension_reason or "no reason recorded"
        yield _of(licence, Verdict.LICENCE_SUSPENDED, "licence_suspended", f"the licence is suspended: {why}")
    out_of_scope = tuple(refusals(licence.terms, use, _day_of_use(use, now)))
    expired = licence.state_at(now) is LicenceState.EXPIRED
    if expired and (out_of_scope or not _finished_within_term(licence, use)):
        yield _expired(licence, out_of_scope)
    if out_of_scope:
        yield Ruling(Verdict.LICENSED_OUT_OF_SCOPE, out_of_scope, licence.id)
    if not _consented(consents, modality, now, finished_on=use.fixed_on if expired else None):
        yield _of(
            licence,
            Verdict.CONSENT_WITHDRAWN,
            "licensing_consent_not_in_force",
            f"the performer has no consent in force to license the {modality.value}, so the licence permits nothing",
        )
    if licence.is_overdue(now):
        yield _unpaid(licence)
    if expired:
        yield _legacy(licence, use)


def _consented(consents: Iterable[Consent], modality: Modality, now: datetime, *, finished_on: date | None) -> bool:
    """Whether consent to licensing is in force or, for a work that outlives its licence, was when it was finished."""
    decision = latest_decision(consents, ConsentPurpose.LICENSING, modality)
    if decision is None or decision.decision is not ConsentDecision.GIVEN:
        return False
    state = decision.state_at(now)
    if state is ConsentState.EXPIRED and decision.expires_at is not None and finished_on is not None:
        return finished_on < decision.expires_at.date()
    return state is ConsentState.ACTIVE


def _day_of_use(use: DeclaredUse, now: datetime) -> date:
    return min(use.fixed_on, now.date()) if use.fixed_on is not None else now.date()


def _finished_within_term(licence: Licence, use: DeclaredUse) -> bool:
    return use.fixed_on is not None and use.fixed_on <= licence.terms.ends_on


def _expired(licence: Licence, out_of_scope: tuple[Reason, ...]) -> Ruling:
    ended = licence.terms.ends_on.isoformat()
    reason = Reason(
        "licence_expired",
        f"the licence ended on {ended}, and no work within its terms is known to have been finished by then",
        {"term": "ends_on", "ends_on": ended, "licence_id": licence.id},
    )
    return Ruling(Verdict.LICENCE_EXPIRED, (reason, *out_of_scope), licence.id)


def _legacy(licence: Licence, use: DeclaredUse) -> Ruling:
    ended = licence.terms.ends_on.isoformat()
    return _of(
        licence,
        Verdict.EXPIRED_LEGACY_USE,
        "finished_within_term",
        f"the licence ended on {ended}; the work was finished on {use.fixed_on}, within it",
    )


def _unpaid(licence: Licence) -> Ruling:
    due = licence.payment_due_at()
    reason = Reason(
        "payment_overdue",
        f"the licence covers the use, but its payment was due on {due.date().isoformat() if due else 'no date'}",
        {"term": "pay", "due_on": due.date().isoformat() if due else None},
    )
    return Ruling(Verdict.LICENSED_UNPAID, (reason,), licence.id)


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


def _of(licence: Licence, verdict: Verdict, code: str, detail: str) -> Ruling:
    return Ruling(verdict, (Reason(code, detail, {"licence_id": licence.id}),), licence.id)


_NO_REASON = Reason("engine_inconclusive", "the engine could not tell, and gave no reason")
_NOT_HEARD = Reason("not_heard", "the engine does not hear the performer in this recording")
_RESEMBLES = Reason("sound_alike", "the voice resembles the performer more than comparable voices do, but not enough")
