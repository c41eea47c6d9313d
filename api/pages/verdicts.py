"""What was found in a recording, in words for whoever submitted or examines it: evidence, verdict, strength, place.

Neither says that somebody did wrong; and a strength never stands alone: with it stands how many comparable voices are
as close, and within which bounds that is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from markupsafe import Markup

from api.pages.language import N_, _, number
from api.pages.reasons import reason_said
from api.pages.wording import strength
from registry.domain.checks import CheckState
from registry.domain.comparison import NEITHER, SCALE, strength_word
from registry.domain.scores import EvidenceOutcome
from registry.domain.verdicts import PERMITTED, Verdict
from registry.store.checks import Finding

CHECK_STATES: Final[Mapping[CheckState, str]] = {
    CheckState.QUEUED: N_("waits, or is being listened to"),
    CheckState.DONE: N_("done"),
    CheckState.REFUSED: N_("could not be assessed"),
    CheckState.FAILED: N_("failed on our side"),
}

FOUND: Final[Mapping[EvidenceOutcome, str]] = {
    EvidenceOutcome.MATCH: N_("The same voice is supported"),
    EvidenceOutcome.SOUND_ALIKE: N_("A voice that resembles it"),
    EvidenceOutcome.NO_MATCH: N_("Nobody heard"),
    EvidenceOutcome.INCONCLUSIVE: N_("Cannot be told"),
}

RULED: Final[Mapping[Verdict, tuple[str, str]]] = {
    Verdict.NO_MATCH: (N_("nobody found"), N_("Nobody who is looked for was heard in it.")),
    Verdict.LICENSED_USE: (N_("licensed"), N_("A licence covers this use.")),
    Verdict.LICENSED_OUT_OF_SCOPE: (
        N_("licensed, but not for this"),
        N_("There is a licence, and it does not cover this use."),
    ),
    Verdict.LICENSED_UNPAID: (N_("licensed, not paid"), N_("A licence covers this use, and its payment is overdue.")),
    Verdict.LICENCE_SUSPENDED: (N_("licence suspended"), N_("There is a licence, and it is suspended at the moment.")),
    Verdict.LICENCE_EXPIRED: (N_("licence over"), N_("There was a licence, and its time is over.")),
    Verdict.EXPIRED_LEGACY_USE: (
        N_("made while a licence ran"),
        N_("The work was finished while a licence was in force, and may go on."),
    ),
    Verdict.CONSENT_WITHDRAWN: (
        N_("no consent"),
        N_("The performer has withdrawn consent to licensing, or never gave it for this."),
    ),
    Verdict.OPTED_OUT_MATCH: (N_("licenses nothing"), N_("The performer licenses their voice to nobody.")),
    Verdict.UNLICENSED_MATCH: (N_("no licence"), N_("No licence for this use is known here.")),
    Verdict.EXPLAINED_BY_DECLARED_SOURCE: (
        N_("explained by the declared source"),
        N_("The voice resembles a performer, and the licensed source that was declared explains it."),
    ),
    Verdict.SOUND_ALIKE_REVIEW: (
        N_("for a person to look at"),
        N_("The voice resembles a performer, and more cannot be said. A person has to look at it."),
    ),
    Verdict.INCONCLUSIVE: (N_("cannot be told"), N_("The recording does not allow an answer.")),
    Verdict.NOT_ASSESSED: (N_("not assessed"), N_("Nothing was assessed.")),
}
"""A few words, and a sentence. None says that somebody did wrong: that is not for a registry to say."""

_GOOD: Final = PERMITTED | {Verdict.NO_MATCH, Verdict.EXPLAINED_BY_DECLARED_SOURCE}
OPEN: Final = frozenset({Verdict.SOUND_ALIKE_REVIEW, Verdict.INCONCLUSIVE, Verdict.NOT_ASSESSED})
"""Verdicts that leave the question open."""
COHORT_POSITION: Final = "cohort_position"
"""The reason that holds how near others are; pages tell it by `as_close`, with its figures."""

_SAID_BESIDE: Final = frozenset({COHORT_POSITION, "same_speaker_supported"})
"""Reasons for evidence that say what stands beside them on every page: how near others are, and the outcome itself."""

_SAME_PLACES: Final = 0.5
"""The share of what is heard of one performer, from which on it is said that another is heard in the same places."""

_OF_COMPARABLE: Final = 1_000
_ENGINES: Final[Mapping[str, str]] = {"ge2e": N_("First engine (GE2E)"), "campplus": N_("Second engine (CAM++)")}


def kind_of(verdict: Verdict | None) -> str:
    """Answer how a verdict is marked beside its words: good, warn (a person or more is needed) or grave."""
    if verdict is None:
        return "plain"
    if verdict in OPEN:
        return "warn"
    return "good" if verdict in _GOOD else "grave"


def strength_said(log10_lr: float) -> str:
    """Say how strongly a recording supports that it is this voice, or that it is another."""
    return strength(strength_word(log10_lr), log10_lr)


def bounds_said(log10_lr: float) -> str:
    """Say within which likelihood ratios the word for a strength holds."""
    word = strength_word(log10_lr)
    if word == NEITHER:
        return _("likelihood ratio between 1/2 and 2")
    least = next(ratio for ratio, each in SCALE if each == word)
    above = [ratio for ratio, _word in SCALE if ratio > least]
    if not above:
        return _("likelihood ratio of %(least)s or more") % {"least": number(least)}
    return _("likelihood ratio of %(least)s to %(most)s") % {"least": number(least), "most": number(above[0])}


def engine_called(encoder: str) -> str:
    """Say which engine it is."""
    return _(_ENGINES[encoder]) if encoder in _ENGINES else encoder


@dataclass(frozen=True, slots=True)
class AsClose:
    """How many of a thousand comparable voices are as close as a performer, and within which bounds that is known.

    Attributes:
        about: of a thousand, rounded; 0 where it is fewer than one.
        low, high: 95 % interval, of a thousand; None where it was not kept.
        voices: that were compared; None where that was not kept.
    """

    about: int
    low: int | None
    high: int | None
    voices: int | None


def as_close(finding: Finding) -> AsClose:
    """Answer how many comparable voices are as close, by the finding's place in its cohort."""
    about = round((100.0 - finding.cohort_percentile) / 100.0 * _OF_COMPARABLE)
    position = next((each for each in finding.evidence_reasons if each.get("code") == COHORT_POSITION), None)
    figures: Any = (position or {}).get("figures") or {}
    if not figures.get("voices"):
        return AsClose(about, None, None, None)
    voices = int(figures["voices"])
    low, high = (round(float(figures[end]) / voices * _OF_COMPARABLE) for end in ("low", "high"))
    return AsClose(about, low, high, voices)


def why_evidence(finding: Finding) -> list[Markup]:
    """Answer why evidence is what it is, each reason in a sentence, but for those that say what stands beside them."""
    return [reason_said(each) for each in finding.evidence_reasons if each["code"] not in _SAID_BESIDE]


def heard_alike(finding: Finding, findings: Sequence[Finding]) -> list[str]:
    """Answer for which other performers the same voice is supported in the same places, by their ids, in their order.

    One voice may be near to several people. Places are the same where at least half of the shorter side's is shared.

    Args:
        finding: one that supports the same voice, or none is answered.
        findings: of the same recording.
    """
    if finding.outcome is not EvidenceOutcome.MATCH:
        return []
    return [
        each.performer_id
        for each in findings
        if each.outcome is EvidenceOutcome.MATCH
        and each.performer_id != finding.performer_id
        and _shared_s(each, finding) >= _SAME_PLACES * min(_heard_s(each), _heard_s(finding)) > 0
    ]


def _heard_s(finding: Finding) -> float:
    return sum(each["end_s"] - each["start_s"] for each in finding.segments)


def _shared_s(one: Finding, other: Finding) -> float:
    """Answer for how many seconds both are heard; the segments of each do not overlap one another."""
    return sum(
        max(0.0, min(here["end_s"], there["end_s"]) - max(here["start_s"], there["start_s"]))
        for here in one.segments
        for there in other.segments
    )


def why_untold(finding: Finding) -> list[Markup]:
    """Answer why evidence does not allow an answer, each reason in a sentence; nothing where it does."""
    return why_evidence(finding) if finding.outcome is EvidenceOutcome.INCONCLUSIVE else []


def wording_of_verdicts() -> dict[str, Any]:
    """Answer what a template says findings with."""
    return {
        "check_states": CHECK_STATES,
        "found_words": FOUND,
        "ruled_words": RULED,
        "kind_of": kind_of,
        "strength_said": strength_said,
        "bounds_said": bounds_said,
        "engine_called": engine_called,
        "as_close": as_close,
        "reason_said": reason_said,
        "why_evidence": why_evidence,
        "why_untold": why_untold,
    }
