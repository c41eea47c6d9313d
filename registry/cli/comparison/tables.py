"""Every number of a comparison as tables of words, for the terminal and for the page alike."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Any

from registry.cli.comparison.words import N_, Words
from registry.cli.evaluation.tables import Sheet
from registry.domain.comparison import Comparison, Distribution, Likeness, Marks, Role, Strength, UnderCohort

MOST_TURNS = 12
_HEADINGS = (N_("voice"), N_("recordings"), N_("speech s"), N_("left out"), N_("weakest with its own others"))
_CONDITIONS = {
    "snr_db": N_("over noise, dB"),
    "bandwidth_hz": N_("reaches up to, Hz"),
    "clipped_share": N_("clipped, share"),
    "voiced_share": N_("voiced, share"),
    "decay_db_per_s": N_("dies away by, dB a second"),
}
_SAID = {"language": N_("language, as stated"), "style": N_("style, as stated")}
_ACOUSTICS = {
    "f0_hz": N_("pitch, Hz"),
    "speech_rate_per_s": N_("syllables a second of speech"),
    "hnr_db": N_("harmonics over noise, dB"),
    "cpp_db": N_("cepstral peak, dB"),
    "vocal_tract_cm": N_("apparent vocal tract, cm"),
}
_WHY_NOT = {
    "no_recording": N_("no recording at hand"),
    "too_short": N_("too little speech"),
    "unvoiced": N_("hardly any of it is voiced"),
    "narrow_band": N_("the band is cut off"),
}
_NOT_MEASURED = N_("not measured")
_MARKS = (("supported", N_("supported")), ("resembles", N_("resembles")), ("opposed", N_("opposed")))

Row = tuple[str, ...]
Document = Mapping[str, Any]


def sheets(comparison: Comparison, document: Document, words: Words) -> list[Sheet]:
    """Answer every number as tables.

    Args:
        comparison: what was measured.
        document: that it stands in; members that it lacks make no table.
        words: of the language.
    """
    found = [_voices(comparison, words), _conditions(comparison, document, words)]
    if comparison.cohorts:
        found += [_strengths(comparison, words), _one_by_one(comparison, words)]
        for cohort in comparison.cohorts:
            if cohort.distribution is not None:
                found.append(_distribution(cohort, cohort.distribution, words))
        curves = document.get("validation_curves")
        if curves and curves["same_speaker"]:
            found.append(_reached(comparison, curves, words))
    acoustics = document.get("acoustics", {}).get("voices")
    return [*found, _acoustics(acoustics, words)] if acoustics else found


def _voices(comparison: Comparison, words: Words) -> Sheet:
    return Sheet(
        words.gettext("The voices"),
        tuple(map(words.gettext, _HEADINGS)),
        [_voice(comparison, role, words) for role in comparison.materials],
    )


def _voice(comparison: Comparison, role: Role, words: Words) -> Row:
    material = comparison.materials[role]
    weakest = "-" if material.consistency is None else words.shown(material.consistency, comparison.marks)
    name = words.gettext("{voice}, sealed", voice=words.party(role)) if material.sealed else words.party(role)
    return name, str(material.recordings), f"{material.speech_s:.1f}", str(len(material.left_out)), weakest


def _conditions(comparison: Comparison, document: Document, words: Words) -> Sheet:
    """Answer how well the conditions of the voices match: medians of what is measured, and what somebody stated."""
    roles = list(comparison.materials)
    stated = document.get("stated_conditions", {})
    rows = [
        (words.gettext(title), *(stated.get(role.value, {}).get(name) or words.gettext("not known") for role in roles))
        for name, title in _SAID.items()
    ]
    for figure, title in _CONDITIONS.items():
        values = [comparison.materials[role].conditions.get(figure) for role in roles]
        rows.append((words.gettext(title), *("-" if value is None else f"{value:.4g}" for value in values)))
    headings = (words.gettext("condition"), *(words.party(role) for role in roles))
    note = words.gettext(
        "The nearer these are to each other, the less of a difference between voices is one between recordings."
    )
    return Sheet(words.gettext("How well the conditions match"), headings, rows, note)


def _strengths(comparison: Comparison, words: Words) -> Sheet:
    headings = (
        *(words.gettext("cohort"), words.gettext("pair"), words.gettext("log10 LR"), words.gettext("in words")),
        *(words.gettext("by engine"), words.gettext("at least as close (95 %)")),
    )
    rows = [row for cohort in comparison.cohorts for row in _pairs(cohort, comparison.marks, words)]
    return Sheet(words.gettext("How strongly two voices are one"), headings, rows)


def _pairs(cohort: UnderCohort, marks: Marks, words: Words) -> Iterator[Row]:
    yield _standing(words.detail(cohort.name), "Q – P", cohort.performer, marks, words)
    if cohort.source is not None and cohort.alike is not None:
        yield _standing("", "Q – S", cohort.source, marks, words)
        yield ("", "P – S", *_strength(cohort.alike.stronger, marks, words), "")


def _standing(cohort: str, pair: str, likeness: Likeness, marks: Marks, words: Words) -> Row:
    strength, rank = _strength(likeness.strength, marks, words), likeness.rank
    if rank is None:
        return cohort, pair, *strength, words.gettext("nobody to compare with")
    low, high = rank.interval
    shown = words.gettext(
        "{closer} of {voices} ({low} to {high})",
        closer=f"{rank.at_least_as_close:.0f}",
        voices=rank.voices,
        low=f"{low:.0f}",
        high=f"{high:.0f}",
    )
    if rank.engines:
        shown += "; " + ", ".join(f"{encoder} {closer}" for encoder, closer in rank.engines.items())
    return cohort, pair, *strength, shown


def _strength(strength: Strength, marks: Marks, words: Words) -> tuple[str, str, str]:
    engines = ", ".join(f"{encoder} {words.shown(value, marks)}" for encoder, value in strength.engines.items())
    disagree = words.gettext("; they disagree") if strength.engines_disagree else ""
    return words.shown(strength.log10_lr, marks), words.verbal(strength.log10_lr), engines + disagree


def _one_by_one(comparison: Comparison, words: Words) -> Sheet:
    headings = (
        *(words.gettext("recording"), words.gettext("from s"), words.gettext("to s")),
        *(words.gettext("log10 LR with P"), words.gettext("with S")),
    )
    return Sheet(words.gettext("Each questioned recording by itself"), headings, list(_recordings(comparison, words)))


def _recordings(comparison: Comparison, words: Words) -> Iterator[Row]:
    def shown(log10_lr: float | None) -> str:
        return "-" if log10_lr is None else words.shown(log10_lr, comparison.marks)

    for recording in comparison.recordings:
        source = None if recording.source is None else recording.source.log10_lr
        spoken = words.gettext("{seconds} s of speech", seconds=f"{recording.speech_s:.1f}")
        yield recording.name, words.gettext("all"), spoken, shown(recording.performer.log10_lr), shown(source)
        for turn in recording.turns[:MOST_TURNS] if len(recording.turns) > 1 else ():
            span = (f"{turn.span.start_s:.1f}", f"{turn.span.end_s:.1f}")
            yield "", *span, shown(turn.performer), shown(turn.source)
        if (more := len(recording.turns) - MOST_TURNS) > 0:
            yield "", "…", words.gettext("{count} more turns are in the document", count=more), "", ""


def _distribution(cohort: UnderCohort, found: Distribution, words: Words) -> Sheet:
    """Answer the counts of the bins, and in which of them performer and source lie."""
    last = len(found.counts) - 1
    in_bins = [
        (who, min(max(bisect_right(found.edges, likeness.strength.log10_lr) - 1, 0), last))
        for who, likeness in (("P", cohort.performer), ("S", cohort.source))
        if likeness is not None
    ]
    rows = []
    for number, (low, high, count) in enumerate(zip(found.edges, found.edges[1:], found.counts, strict=False)):
        here = ", ".join(who for who, its in in_bins if its == number)
        rows.append((_bin(number, low, high, last, words), str(count), here))
    note = words.gettext(
        "Each of the {voices} members asked about in turn, with the others as rivals and neither P nor S among "
        "them. Bins are this wide, and cohorts of fewer than ten have none, so that nobody is told by them.",
        voices=found.voices,
    )
    title = words.gettext("How near the others are to Q: {cohort}", cohort=words.detail(cohort.name))
    return Sheet(title, (words.gettext("log10 LR"), words.gettext("members"), words.gettext("here are")), rows, note)


def _bin(number: int, low: float, high: float, last: int, words: Words) -> str:
    if number == 0:
        return words.gettext("under {high}", high=f"{high:.1f}")
    if number == last:
        return words.gettext("{low} and more", low=f"{low:.1f}")
    return words.gettext("{low} to {high}", low=f"{low:.1f}", high=f"{high:.1f}")


def _reached(comparison: Comparison, curves: Mapping[str, Any], words: Words) -> Sheet:
    """Answer how often one voice and two voices reached the strengths of this case, and the marks."""
    marks, stated = comparison.marks, comparison.cohorts[0]
    at = [(words.gettext("Q – P in this case"), stated.performer.strength.log10_lr)]
    if stated.source is not None:
        at.append((words.gettext("Q – S in this case"), stated.source.strength.log10_lr))
    at += [(words.gettext(title), getattr(marks, name)) for name, title in _MARKS]
    rows = [
        (
            title,
            words.shown(level, marks),
            *(_share(curves[name], level) for name in ("same_speaker", "different_speakers")),
        )
        for title, level in at
    ]
    trials, people = curves["trials"], curves.get("people", {})
    headings = (
        *(words.gettext("strength"), words.gettext("log10 LR")),
        words.gettext("reached by one voice ({trials} trials)", trials=trials["same"]),
        words.gettext("by two voices ({trials} trials)", trials=trials["different"]),
    )
    note = words.gettext(
        "Recordings of {same} people, and of {different} people held against others, none of whom the calibration "
        "learned from. Read at the next strength below of those that are kept.",
        same=people.get("same", "-"),
        different=people.get("different", "-"),
    )
    return Sheet(words.gettext("How often such strengths come out where the truth is known"), headings, rows, note)


def _share(curve: list[list[float]], level: float) -> str:
    """Answer the share at the highest kept strength that is not above a level."""
    strengths = [strength for strength, _ in curve]
    place = max(bisect_right(strengths, level + 1e-9) - 1, 0)
    return f"{100 * curve[place][1]:.4g} %"


def _acoustics(voices: Mapping[str, Any], words: Words) -> Sheet:
    roles = [role for role in Role if role.value in voices]
    rows = [
        (words.gettext(title), *(_figure(voices[role.value].get(figure), words) for role in roles))
        for figure, title in _ACOUSTICS.items()
    ]
    note = words.gettext(
        "Lower quartile, middle and upper quartile, and of how many frames (of stretches of 3 s for syllables). For "
        "information only: no number above rests on it, and a difference is no evidence of two people."
    )
    headings = (words.gettext("figure"), *(words.party(role) for role in roles))
    return Sheet(words.gettext("What the voices are like"), headings, rows, note)


def _figure(found: Mapping[str, Any] | None, words: Words) -> str:
    if found is None:
        return "-"
    if found["quartiles"] is None:
        return words.gettext(_WHY_NOT.get(found["why"], _NOT_MEASURED))
    low, middle, high = found["quartiles"]
    return f"{low:g} · {middle:g} · {high:g} ({found['count']})"
