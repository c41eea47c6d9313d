"""What would make a use permitted: of each reason that stands against it, what has to come about, and who can do it.

It is derived from the reasons alone, so it promises no more than they say. Policy names what stands foremost; once that
is mended, something else may stand behind it, and only asking again tells. Nothing here advises anybody to do anything:
what the performer alone can change is said to be theirs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from registry.domain.scores import Reason

Figures = Mapping[str, str | int | float | bool | None]


class Remedy(StrEnum):
    """What has to come about. The list only grows."""

    NEW_LICENCE = "new_licence"  # both sides sign one that covers the use
    OTHER_TERMS = "other_terms"  # both sides sign terms that permit what is wanted; or the use keeps to those there are
    DECLARE = "declare"  # something was not said of the use
    APPROVAL = "approval"  # the performer says yes to the exact copy, for this once
    MARKING = "marking"  # what a machine made is marked and labelled as was agreed, and that is declared
    PAYMENT = "payment"  # what is owed is paid
    USE_REPORT = "use_report"  # how much was used becomes known
    TERM_BEGINS = "term_begins"  # the first day of the term comes
    HOLD_LIFTED = "hold_lifted"  # what the licence rests for ends
    MADE_ANEW = "made_anew"  # the work is made while the licence is in force
    PERFORMER_ALONE = "performer_alone"  # nobody but the performer can change it
    OTHER_RECORDING = "other_recording"  # a recording that allows an answer
    SOURCE_DECLARED = "source_declared"  # the source that the voice was made from is attested, and named
    PERSON_LOOKS = "person_looks"  # a person of the registry looks at it


@dataclass(frozen=True, slots=True)
class Way:
    """One thing that has to come about.

    Attributes:
        remedy: what.
        because: code of the reason that asks for it.
        figures: what it is about, such as the term, what is wanted and what is permitted.
    """

    remedy: Remedy
    because: str
    figures: Figures = field(default_factory=dict)


def ways_of(reasons: Iterable[Reason]) -> tuple[Way, ...]:
    """Answer what would have to come about so that none of some reasons stands against a use any more.

    Reasons that stand against nothing ask for nothing; of one that is not known, a person has to look.

    Args:
        reasons: of a verdict that does not permit, or of a refusal, most important first.
    """
    ways: list[Way] = []
    for reason in reasons:
        for remedy, figures in _MENDS.get(reason.code, _unknown)(reason.figures):
            way = Way(remedy, reason.code, figures)
            if way not in ways:
                ways.append(way)
    return tuple(ways)


Mends = Iterable[tuple[Remedy, Figures]]


def _one(remedy: Remedy, *names: str) -> Callable[[Figures], Mends]:
    """Answer what asks for one thing, with some of the reason's figures."""
    return lambda figures: [(remedy, {name: figures[name] for name in names if figures.get(name) is not None})]


def _nothing(_figures: Figures) -> Mends:
    return ()


def _unknown(_figures: Figures) -> Mends:
    return [(Remedy.PERSON_LOOKS, {})]


def _term(figures: Figures) -> Mends:
    return _one(Remedy.OTHER_TERMS, "term", "wanted", "permitted")(figures)


def _language(figures: Figures) -> Mends:
    """A language that was not said is said first; whether it is permitted shows then."""
    if figures.get("wanted") == "not declared":
        return [(Remedy.DECLARE, {"what": "language", "permitted": figures.get("permitted")})]
    return _term(figures)


def _suspended(figures: Figures) -> Mends:
    if figures.get("until") is not None:
        return _one(Remedy.MADE_ANEW, "licence_id", "since", "until")(figures)
    return _one(Remedy.HOLD_LIFTED, "licence_id", "cause", "since")(figures)


def _declare(what: str, *names: str) -> Callable[[Figures], Mends]:
    return lambda figures: [(Remedy.DECLARE, {"what": what} | {name: figures.get(name) for name in names})]


_ALONE: Final = _one(Remedy.PERFORMER_ALONE, "uses")
_ASK: Final = _one(Remedy.APPROVAL, "licence_id", "purposes", "purpose", "term", "floor_minor", "currency")
_HEAR_ANOTHER: Final = _one(Remedy.OTHER_RECORDING, "speech_s", "required_s", "conditions")

_MENDS: Final[Mapping[str, Callable[[Figures], Mends]]] = {
    # no licence, or none any more
    "no_licence": _one(Remedy.NEW_LICENCE),
    "licence_revoked": _one(Remedy.NEW_LICENCE, "licence_id"),
    "licence_expired": _one(Remedy.NEW_LICENCE, "licence_id", "ends_on"),
    "licence_suspended": _suspended,
    "payment_overdue": _one(Remedy.PAYMENT, "due_on"),
    # what the performer has said
    "licensing_consent_withdrawn": _ALONE,
    "licensing_refused": _ALONE,
    "licensing_consent_not_in_force": _ALONE,
    "use_not_consented_to": _ALONE,
    "approach_declined": _nothing,
    # a term of the licence
    "purposes_not_permitted": _term,
    "use_modes_not_permitted": _term,
    "media_not_permitted": _term,
    "territories_not_permitted": _term,
    "languages_not_permitted": _language,
    "projects_not_permitted": _term,
    "beyond_not_permitted": _one(Remedy.OTHER_TERMS, "term"),
    "term_not_begun": _one(Remedy.TERM_BEGINS, "starts_on"),
    "usage_not_known": _one(Remedy.USE_REPORT, "unit", "limit"),
    "volume_cap_reached": _one(Remedy.OTHER_TERMS, "term", "unit", "limit", "used", "wanted"),
    "quantity_not_declared": _declare("quantity", "unit", "limit", "used"),
    "use_not_declared": _declare("use"),
    "declared_use_unknown": _declare("use"),
    "copy_not_declared": _declare("copy"),
    "copy_not_approved": _ASK,
    "disclosure_missing": _one(Remedy.MARKING, "owed"),
    # the performer is asked each time
    "performer_asks_first": _ASK,
    "copy_needs_approval": _ASK,
    "beyond_needs_approval": _ASK,
    "approval_does_not_serve": _one(Remedy.APPROVAL, "approval_id", "state", "differs"),
    # what the recording does not allow to say
    "engine_inconclusive": _HEAR_ANOTHER,
    "engines_disagree": _HEAR_ANOTHER,
    "speech_too_short": _HEAR_ANOTHER,
    "not_validated_for": _HEAR_ANOTHER,
    "overlapped_speech": _HEAR_ANOTHER,
    # a voice that resembles
    "sound_alike": lambda _: [(Remedy.SOURCE_DECLARED, {}), (Remedy.PERSON_LOOKS, {})],
    "performer_and_source_heard": _unknown,
    # what stands against nothing
    **dict.fromkeys(
        (
            *("licence_covers_use", "finished_within_term", "earlier_terms", "finished_before_revocation"),
            *("not_the_claimed_licence", "copy_approved", "declared_source_heard", "clearance_holds"),
            *("nobody_enrolled_heard", "nobody_reached_threshold", "not_heard", "gallery_empty", "not_assessed"),
            *("same_speaker_supported", "same_speaker_not_supported", "cohort_position", "stay_down"),
        ),
        _nothing,
    ),
}
"""By the code of a reason. Whether one is missing that policy can give, a test asks."""
