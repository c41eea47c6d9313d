"""Reasons in the reader's language: of evidence, of verdicts, of clearances.

A plain sentence is said, and no likelihood ratio stands alone: the page has words, bounds and comparable voices beside
it. What a term permits is called as people call it. A reason that has no sentence here is told as a report tells it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from markupsafe import Markup, escape

from api.pages.language import N_, _, day, language, number, percent
from api.pages.uses import TERMS, listed_of
from registry.reports.model import ReasonPart
from registry.reports.reason_words import sentence
from registry.reports.words import Language, Words

_OF_CLEARANCES: Final[Mapping[str, str]] = {
    "beyond_not_permitted": N_("The licence does not permit what this use does beyond itself."),
    "performer_asks_first": N_("The performer wants to be asked each time for a use of this kind."),
    "copy_needs_approval": N_("Under the licence the performer approves the exact words before each use."),
    "beyond_needs_approval": N_("What this use does beyond itself needs the performer’s yes each time."),
    "approval_does_not_serve": N_("There is an answer of the performer, and it is not one for this use."),
    "copy_approved": N_("The performer has approved these exact words, for this once."),
    "clearance_holds": N_("What it rests on still permits the use."),
    "clearance_expired": N_("Its time is over. Ask anew."),
    "consent_withdrawn": N_("The consent that it rests on was withdrawn."),
    "licence_replaced": N_("The use would rest on another licence now. Ask anew."),
    "terms_replaced": N_("The terms of the licence were changed since. Ask anew."),
    "nobody_enrolled_heard": N_("None of the performers who are looked for is heard in this recording."),
    "not_validated_for": N_("The recording lies outside the conditions that the engine was validated under."),
}
_OF_RECORDINGS: Final[Mapping[str, str]] = {
    "same_speaker_supported": N_("The same voice is supported."),
    "same_speaker_not_supported": N_("The same voice is not supported."),
    "nobody_reached_threshold": N_("Nobody reached the threshold."),
    "overlapped_speech": N_("In places several people speak at once; whose voices those are was not decided."),
    "sound_alike": N_("The voice is like the performer’s; recordings alone do not say why."),
    "engines_disagree": N_("The two engines disagree further than calibration allows."),
    "speech_too_short": N_("There is too little speech to decide."),
    "gallery_empty": N_("Nobody is enrolled, so there is nobody to compare with."),
    "engine_inconclusive": N_("The engine could not tell."),
    "not_heard": N_("The engine does not hear the performer."),
    "not_assessed": N_("No evidence was made."),
    "stay_down": N_("The recording is one that a served notice is about. That says nothing of whose voice it is."),
}
_OF_USES: Final[Mapping[str, str]] = {
    "approach_declined": N_("The studio had asked before, and the performer had declined."),
    "licensing_consent_withdrawn": N_("The performer has withdrawn consent to licensing."),
    "licensing_refused": N_("The performer refuses every licence."),
    "licensing_consent_not_in_force": N_("Consent to licensing was not in force."),
    "use_not_consented_to": N_("The performer’s consent says never to this use."),
    "no_licence": N_("No licence was ever in force between the performer and this organisation."),
    "licence_covers_use": N_("Every term of the licence permits this use."),
    "licence_revoked": N_("The licence was ended before its day."),
    "licence_suspended": N_("The licence is suspended, or was when the work was finished."),
    "licence_expired": N_("The licence has ended."),
    "finished_within_term": N_("The work was finished within the term."),
    "finished_before_revocation": N_("The work was finished before the licence was ended."),
    "earlier_terms": N_("It was judged by the terms of the day on which the work was finished."),
    "not_the_claimed_licence": N_("The licence that decides is not the one that was named."),
    "payment_overdue": N_("The licence covers the use, and its payment is overdue."),
    "purposes_not_permitted": N_("The licence does not permit this purpose."),
    "media_not_permitted": N_("The licence does not permit this medium."),
    "territories_not_permitted": N_("The licence does not permit this territory."),
    "languages_not_permitted": N_("The licence does not permit this language."),
    "projects_not_permitted": N_("The licence does not permit this project."),
    "use_modes_not_permitted": N_("The licence does not permit this way of making it."),
    "term_not_begun": N_("The term of the licence has not begun."),
    "volume_cap_reached": N_("The amount that was agreed is used up."),
    "usage_not_known": N_("The licence has a limit, and how much was used is not known."),
    "quantity_not_declared": N_("The licence has a limit, and how much this use takes was not said."),
    "copy_not_declared": N_("The performer approves the exact words, and none were named."),
    "copy_not_approved": N_("The performer approves the exact words, and has not approved these."),
    "disclosure_missing": N_("What a machine made is not said to be marked as was agreed."),
    "declared_source_heard": N_("The declared, licensed source is heard."),
    "performer_and_source_heard": N_(
        "Both the performer and the declared source are supported. Documents must decide."
    ),
    "use_not_declared": N_("Something of the use was not said."),
    "declared_use_unknown": N_("The use was declared in words that are not known here."),
}
_SENTENCES: Final[Mapping[str, str]] = {**_OF_CLEARANCES, **_OF_RECORDINGS, **_OF_USES}
"""By code. What is not here is told as a report tells it."""

_DAYS: Final = ("ends_on", "due_on", "starts_on")
"""Figures that are days on which something counts; one reason has at most one of them."""


def reason_said(stored: Mapping[str, Any]) -> Markup:
    """Answer a reason as it is stored, as HTML in the reader's language.

    Args:
        stored: with ``code``, ``detail`` and ``figures``.
    """
    code, figures = str(stored["code"]), dict(stored.get("figures") or {})
    if code not in _SENTENCES:
        part = ReasonPart(code=code, detail=str(stored["detail"]), figures=figures)
        return sentence(part, Words(Language(language())))
    said = _(_SENTENCES[code])
    if figures.get("term") in TERMS and "wanted" in figures:
        return escape(f"{said} {_wanted(figures)}")
    days = [day(date.fromisoformat(str(figures[each]))) for each in _DAYS if figures.get(each)]
    return escape(f"{said} ({days[0]})" if days else said)


def _wanted(figures: Mapping[str, Any]) -> str:
    """Say what is wanted and what a term permits, as people call them."""
    term = str(figures["term"])
    return _("Wanted: %(wanted)s. Permitted: %(permitted)s.") % {
        "wanted": listed_of(term, figures["wanted"]),
        "permitted": listed_of(term, figures.get("permitted")),
    }


# --- conditions of a recording ---------------------------------------------------------------------------------------

_CONDITIONS: Final[Mapping[str, tuple[str, str, int]]] = {
    "speech_s": (N_("Speech of the voice, seconds"), "least", 2),
    "snr_db": (N_("Speech above the noise, dB"), "least", 1),
    "bandwidth_hz": (N_("Where the sound ends, Hz"), "least", 0),
    "clipped_share": (N_("Samples that are cut off"), "most", -1),
    "voiced_share": (N_("Voiced share of the louder speech"), "least", -1),
    "decay_db_per_s": (N_("How fast sound dies away, dB per second"), "least", 0),
}
"""By the figure: what it is called, which end validation closes, and decimals; -1 for a share."""


def conditions_outside(reasons: Iterable[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Answer each condition in which a recording lies outside what was validated: what, measured, and validated.

    Args:
        reasons: of evidence, as they are stored.
    """
    lines: dict[str, tuple[str, str, str]] = {}
    for reason in reasons:
        if reason["code"] == "not_validated_for":
            figures = dict(reason.get("figures") or {})
            for name in str(figures.get("conditions", "")).split(", "):
                if name in _CONDITIONS and f"validated_{name}" in figures:
                    lines.setdefault(name, _condition(name, float(figures[name]), float(figures[f"validated_{name}"])))
    return list(lines.values())


def _condition(name: str, measured: float, bound: float) -> tuple[str, str, str]:
    words, end, digits = _CONDITIONS[name]
    said = _("%(number)s or more") if end == "least" else _("%(number)s or less")
    return _(words), _figure(measured, digits), said % {"number": _figure(bound, digits)}


def _figure(value: float, digits: int) -> str:
    return percent(value) if digits < 0 else number(value, digits)
