"""From likelihood ratios to outcomes: what the evidence supports, and why, in words.

The rules, for one performer, in this order:

1. The recording, or the speech of the voice, lies outside the conditions that were validated, and the same speaker is
   not clearly opposed (log10 LR over `OPPOSED`) → `inconclusive`, however strong.
2. The strength reaches the threshold, but one engine supports what the other opposes → `inconclusive`.
3. It reaches the threshold on less than `SHORT_SPEECH_S` of speech, without `SHORT_SPEECH_MARGIN` to spare →
   `inconclusive`.
4. It reaches the threshold → `match`.
5. It comes as near as only one stranger in twenty or so does, and nearer than nearly all of the cohort →
   `sound_alike`.
6. There is less than `SHORT_SPEECH_S` of speech and the same speaker is not clearly opposed → `inconclusive`.
7. Otherwise → `no_match`.

The recording as a whole has the strongest outcome of its candidates: `match`, `inconclusive`, `sound_alike`, `no_match`
in this order. Where it lies outside the conditions that were validated, its reasons say so, whatever the outcome. A
reason that leaves the question open names what may resolve it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from registry.domain.scores import CohortPosition, EvidenceOutcome, PerformerEvidence, Reason, Span

SHORT_SPEECH_S = 1.5
SHORT_SPEECH_MARGIN = 1.0
SOUND_ALIKE_RATE = 5.0
"""A sound-alike is as near as strangers come at this many times the target rate."""
SOUND_ALIKE_PERCENTILE = 99.0
OPPOSED = -1.0
"""Log10 LR at which the same speaker is clearly opposed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a decision is made against, in log10 LR.

    Attributes:
        match: the threshold at the current gallery size.
        sound_alike: the lower one, of `SOUND_ALIKE_RATE`.
        disagreement: the engines' difference beyond which they are said to disagree.
        target_fpir: the rate that ``match`` stands for.
        gallery_size: performers searched.
        lower, upper: bounds of what validation supports; no reason says more than they allow.
    """

    match: float
    sound_alike: float
    disagreement: float
    target_fpir: float
    gallery_size: int
    lower: float
    upper: float

    def shown(self, log10_lr: float) -> str:
        """Write a strength as far as validation supports it."""
        if log10_lr > self.upper:
            return f"{self.upper:.2f} or more"
        if log10_lr < self.lower:
            return f"{self.lower:.2f} or less"
        return f"{log10_lr:.2f}"

    def capped(self, log10_lr: float) -> float:
        """Answer a strength within what validation supports."""
        return min(max(log10_lr, self.lower), self.upper)


@dataclass(frozen=True, slots=True)
class Strength:
    """What was measured for one performer and the voice nearest to them.

    Attributes:
        fused: log10 LR, not capped: decisions are made before the cap.
        engines: the same by encoder id.
        percentile: of the cohort.
        speech_s: net speech of that voice.
        unvalidated: why validation does not cover the recording and this voice; None where it does.
    """

    fused: float
    engines: Mapping[str, float]
    percentile: float
    speech_s: float
    unvalidated: Reason | None


def decide(strength: Strength, limits: Limits) -> tuple[EvidenceOutcome, Reason]:
    """Answer what the evidence supports for one performer, and the rule that said so."""
    if strength.unvalidated is not None and strength.fused > OPPOSED:
        return EvidenceOutcome.INCONCLUSIVE, strength.unvalidated
    if strength.fused >= limits.match:
        return _decide_reached(strength, limits)
    if strength.fused >= limits.sound_alike and strength.percentile >= SOUND_ALIKE_PERCENTILE:
        return EvidenceOutcome.SOUND_ALIKE, _resembles(strength, limits)
    if strength.speech_s < SHORT_SPEECH_S and strength.fused > OPPOSED:
        return EvidenceOutcome.INCONCLUSIVE, _too_short(strength)
    return EvidenceOutcome.NO_MATCH, _not_supported(strength, limits)


def _decide_reached(strength: Strength, limits: Limits) -> tuple[EvidenceOutcome, Reason]:
    """Answer what a strength that reaches the threshold supports."""
    if _disagree(strength, limits):
        return EvidenceOutcome.INCONCLUSIVE, _engines_disagree(strength, limits)
    if strength.speech_s < SHORT_SPEECH_S and strength.fused < limits.match + SHORT_SPEECH_MARGIN:
        return EvidenceOutcome.INCONCLUSIVE, _too_short(strength)
    return EvidenceOutcome.MATCH, _supported(strength, limits)


def decide_recording(
    candidates: tuple[PerformerEvidence, ...], limits: Limits, unvalidated: Reason | None
) -> tuple[EvidenceOutcome, tuple[Reason, ...]]:
    """Answer the outcome of the recording as a whole, and why.

    Args:
        candidates: best first.
        limits: that they were decided against.
        unvalidated: why validation does not cover the recording and the voice that speaks most; None where it does.
    """
    outcome, reason = _strongest(candidates, limits)
    if unvalidated is None or reason.code == unvalidated.code:
        return outcome, (reason,)
    return outcome, (reason, unvalidated)


def _strongest(candidates: tuple[PerformerEvidence, ...], limits: Limits) -> tuple[EvidenceOutcome, Reason]:
    """Answer the strongest outcome among candidates, and why."""
    order = (EvidenceOutcome.MATCH, EvidenceOutcome.INCONCLUSIVE, EvidenceOutcome.SOUND_ALIKE)
    for outcome in order:
        found = [candidate for candidate in candidates if candidate.outcome is outcome]
        if found:
            return outcome, _about(outcome, found)
    detail = (
        f"nobody in a gallery of {limits.gallery_size} reached the threshold of log10 LR {limits.shown(limits.match)}"
    )
    figures = {"gallery_size": limits.gallery_size, "threshold_log10_lr": round(limits.capped(limits.match), 3)}
    return EvidenceOutcome.NO_MATCH, Reason("nobody_reached_threshold", detail, figures)


def describe_overlaps(overlaps: Sequence[Span]) -> Reason:
    """Answer for how long several people speak at once, and that it was not decided whose voices those are."""
    seconds = sum(span.duration_s for span in overlaps)
    detail = (
        f"several people speak at once for {seconds:.1f} s in {len(overlaps)} places; whose voices these are is not "
        "said; a recording of each speaker alone may decide it"
    )
    return Reason("overlapped_speech", detail, {"overlap_s": round(seconds, 2), "places": len(overlaps)})


def describe_position(position: CohortPosition) -> Reason:
    """Answer how a performer stands among comparable voices, in words and figures."""
    low, high = position.interval
    nearer = 100 * (1 - position.at_least_as_close / position.size)
    detail = (
        f"nearer than {nearer:.1f} % of {position.size} comparable voices ({position.group}); about "
        f"{position.at_least_as_close:.0f} at least as near, 95 % interval {low:.0f} to {high:.0f}"
    )
    return Reason(
        "cohort_position",
        detail,
        {
            "group": position.group,
            "voices": position.size,
            "at_least_as_close": round(position.at_least_as_close, 2),
            "low": round(low, 2),
            "high": round(high, 2),
        },
    )


def _about(outcome: EvidenceOutcome, found: list[PerformerEvidence]) -> Reason:
    count = len(found)
    whom = _performers(count)
    if outcome is EvidenceOutcome.MATCH:
        return Reason("same_speaker_supported", f"the same voice is supported for {whom}", {"performers": count})
    if outcome is EvidenceOutcome.SOUND_ALIKE:
        detail = f"{whom} resembled the recording more than the cohort does; the same voice is not supported"
        return Reason("sound_alike", detail, {"performers": count})
    return found[0].reasons[0]


def _performers(count: int) -> str:
    return "one performer" if count == 1 else f"{count} performers"


def _disagree(strength: Strength, limits: Limits) -> bool:
    """Whether one engine supports what the other opposes, further apart than true voices drive them."""
    low, high = min(strength.engines.values()), max(strength.engines.values())
    return low < 0 < high and high - low > limits.disagreement


def _supported(strength: Strength, limits: Limits) -> Reason:
    detail = (
        f"log10 LR {limits.shown(strength.fused)} reaches {limits.shown(limits.match)}, which "
        f"{100 * limits.target_fpir:g} % of strangers reach with {_performers(limits.gallery_size)} searched"
    )
    return Reason("same_speaker_supported", detail, _figures(strength, limits))


def _resembles(strength: Strength, limits: Limits) -> Reason:
    detail = (
        f"nearer than {strength.percentile:.1f} % of the cohort, but log10 LR {limits.shown(strength.fused)} stays "
        f"under the threshold of {limits.shown(limits.match)}; more speech of the same voice may decide it"
    )
    return Reason("sound_alike", detail, _figures(strength, limits))


def _not_supported(strength: Strength, limits: Limits) -> Reason:
    detail = f"log10 LR {limits.shown(strength.fused)} stays under the threshold of {limits.shown(limits.match)}"
    if strength.fused > OPPOSED:
        detail += "; it does not clearly oppose the same voice, and more speech of the same voice may decide it"
    return Reason("same_speaker_not_supported", detail, _figures(strength, limits))


def _engines_disagree(strength: Strength, limits: Limits) -> Reason:
    named = ", ".join(f"{encoder} {limits.shown(value)}" for encoder, value in strength.engines.items())
    detail = (
        f"the engines disagree beyond what calibration allows (log10 LR: {named}); a longer recording may decide it"
    )
    figures = {name: round(limits.capped(value), 3) for name, value in strength.engines.items()}
    return Reason("engines_disagree", detail, figures)


def _too_short(strength: Strength) -> Reason:
    detail = f"the voice speaks for {strength.speech_s:.1f} s; at least {SHORT_SPEECH_S} s are needed to decide"
    return Reason("speech_too_short", detail, {"speech_s": round(strength.speech_s, 2), "required_s": SHORT_SPEECH_S})


def _figures(strength: Strength, limits: Limits) -> dict[str, str | int | float | bool | None]:
    return {
        "log10_lr": round(limits.capped(strength.fused), 3),
        "threshold_log10_lr": round(limits.capped(limits.match), 3),
        "gallery_size": limits.gallery_size,
        "cohort_percentile": round(strength.percentile, 2),
    }
