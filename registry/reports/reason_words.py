"""Reasons in other languages than English.

In English a reason is told by its own sentence. Those of a comparison have words of their own
(`registry.interchange.comparison_words`), which keep every figure; those of a check are told by a sentence for each
code, with the figures behind it. What is not known is told in English, and marked as English.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup, escape

from registry.interchange.comparison_words import is_known, said
from registry.reports.engine_names import as_read
from registry.reports.marking import visible
from registry.reports.model import ReasonPart
from registry.reports.words import N_, Language, Words

SENTENCES: Final[Mapping[str, str]] = {
    # evidence in a check
    "same_speaker_supported": N_("The same voice is supported."),
    "same_speaker_not_supported": N_("The same voice is not supported."),
    "nobody_reached_threshold": N_("Nobody reached the threshold."),
    "cohort_position": N_("How the performer stands among comparable voices."),
    "overlapped_speech": N_("In places several people speak at once; whose voices those are was not decided."),
    "sound_alike": N_("The voice is like the performer’s; recordings alone do not say why."),
    "engines_disagree": N_("The two engines disagree further than calibration allows."),
    "speech_too_short": N_("There is too little speech to decide."),
    "gallery_empty": N_("Nobody is in the gallery."),
    "engine_inconclusive": N_("The engine could not tell."),
    "not_heard": N_("The engine does not hear the performer."),
    "not_assessed": N_("No evidence was made."),
    "approach_declined": N_("The studio had asked before, and the performer had declined."),
    # why nothing came of a recording or of an analysis
    "case_closed": N_("The case was closed before anything was compared."),
    "consent_missing": N_("Consent to look for one of the voices is not in force, or nothing of it can be used."),
    "not_found": N_("Something that was to be heard is not there any more."),
    "invalid_input": N_("Something in what was handed over cannot be used."),
    "analysis_failed": N_("The analysis broke off several times, and was given up."),
    "media_empty": N_("The file is empty."),
    "media_unreadable": N_("The file cannot be read as a recording."),
    "media_not_recognised": N_("The file is no recording."),
    "media_format_not_allowed": N_("The file has a format that is not taken."),
    "media_without_audio": N_("There is no sound in the file."),
    "media_truncated": N_("The file ends too early."),
    "media_too_large": N_("The file is larger or longer than is taken."),
    "media_samples_not_finite": N_("The samples of the recording are damaged."),
    "media_decoder_failed": N_("The file made the decoder fail."),
    "recording_silent": N_("The recording is silent."),
    "no_speech": N_("There is no speech in the recording."),
    "seal_broken": N_("What was stored was changed since, and is not used."),
    # whether a use was covered
    "licensing_consent_withdrawn": N_("The performer has withdrawn consent to licensing."),
    "licensing_refused": N_("The performer refuses every licence."),
    "licensing_consent_not_in_force": N_("Consent to licensing was not in force."),
    "no_licence": N_("No licence was ever in force between the performer and this organisation."),
    "licence_covers_use": N_("The licence covers the use."),
    "licence_revoked": N_("The licence was revoked."),
    "licence_suspended": N_("The licence is suspended, or was when the work was finished."),
    "licence_expired": N_("The licence has ended."),
    "finished_within_term": N_("The work was finished within the term."),
    "finished_before_revocation": N_("The work was finished before the revocation."),
    "earlier_terms": N_("It was judged by the terms of the day of use."),
    "not_the_claimed_licence": N_("The licence that decides is not the one that was claimed."),
    "payment_overdue": N_("The licence covers the use, but its payment is overdue."),
    "use_not_consented_to": N_("The performer’s consent says never to this use."),
    "purposes_not_permitted": N_("The purpose is not among those that are permitted."),
    "media_not_permitted": N_("The medium is not among those that are permitted."),
    "territories_not_permitted": N_("The territory is not among those that are permitted."),
    "languages_not_permitted": N_("The language is not among those that are permitted."),
    "projects_not_permitted": N_("The project is not among those that are permitted."),
    "use_modes_not_permitted": N_("This way of use is not among those that are permitted."),
    "term_not_begun": N_("The term of the licence had not begun."),
    "volume_cap_reached": N_("The agreed amount of use is used up."),
    "usage_not_known": N_("The licence limits the amount of use, and how much was used is not known."),
    "quantity_not_declared": N_("The licence limits the amount of use, and how much this use takes is not declared."),
    "copy_not_declared": N_("The performer approves the exact copy, and none was declared."),
    "copy_not_approved": N_("The performer approves the exact copy, and has not approved this one."),
    "disclosure_missing": N_("What a machine made is not marked as was agreed."),
    "stay_down": N_(
        "The recording is one that a served notice is about, by its content; that says nothing of whose voice it is."
    ),
    "declared_source_heard": N_("The declared, licensed source is heard."),
    "performer_and_source_heard": N_(
        "Both the performer and the declared source are supported; documents must decide."
    ),
}
"""By code. Whether a code is missing that a report can hold, a test asks."""

_FIGURES: Final[Mapping[str, str]] = {
    "log10_lr": N_("log10 LR"),
    "threshold_log10_lr": N_("needed log10 LR"),
    "speech_s": N_("speech, s"),
    "required_s": N_("needed, s"),
    "licence_id": N_("licence"),
    "wanted": N_("wanted"),
    "permitted": N_("permitted"),
    "declined_on": N_("declined on"),
    "last_asked_on": N_("last asked on"),
    "due_on": N_("due on"),
    "ends_on": N_("ended on"),
    "starts_on": N_("begins on"),
    "used_on": N_("used on"),
}


def sentence(reason: ReasonPart, words: Words) -> Markup:
    """Answer a reason in a language, as HTML."""
    if words.language is Language.EN:
        return escape(visible(_closed(reason)))
    if is_known(reason.detail):
        return escape(visible(as_read(_full_stop(said(reason.detail, words.language.value)))))
    known = SENTENCES.get(reason.code)
    if known is None:
        return Markup('<span lang="en">%s</span>') % visible(_closed(reason))
    figures = _figures(reason, words)
    return Markup("%s%s") % (words.catalogue.gettext(known), f" ({figures})" if figures else "")


def _figures(reason: ReasonPart, words: Words) -> str:
    shown = [
        (words.catalogue.gettext(_FIGURES[name]), each) for name, each in reason.figures.items() if name in _FIGURES
    ]
    return "; ".join(f"{name} {_number(value, reason.detail)}" for name, value in shown if value is not None)


def _number(value: object, detail: str) -> str:
    return as_told(value, detail) if isinstance(value, float) else visible(str(value))


def as_told(value: float, detail: str, decimals: int = 2) -> str:
    """Write a strength: one that a sentence tells as the end of what validation supports is written as such."""
    number, shown = f"{value:.2f}", f"{value:.{decimals}f}"
    if f"{number} or more" in detail:
        return f"≥ {shown}"
    return f"≤ {shown}" if f"{number} or less" in detail else shown


def _closed(reason: ReasonPart) -> str:
    """Answer the sentence of a reason as it stands by itself; the name of a recording before it stays as it is."""
    text, recording = _full_stop(reason.detail), f"{reason.figures.get('recording', '')}: "
    if text.startswith(recording):
        return recording + as_read(text.removeprefix(recording))
    told = as_read(text)
    return told[:1].upper() + told[1:]


def _full_stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
