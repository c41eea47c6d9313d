"""What would make a use permitted, in sentences, each with where the way goes on. Nobody is advised to go it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

from markupsafe import Markup

from api.pages.administrators import ask_administrators
from api.pages.language import N_, _, day, language
from api.pages.studio.licence_forms import TERM_OF_USE
from api.pages.terms import tongues
from api.pages.uses import TERMS, listed_of, unit_called
from api.pages.wording import SUSPENSIONS
from api.state import principal
from registry.domain.accounts import Scope
from registry.domain.licences import SuspensionReason
from registry.domain.remedies import Figures, Remedy, Way, ways_of
from registry.domain.rules.categories import shipped_categories
from registry.domain.scores import Reason
from registry.domain.uses import UsageUnit


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that would have to come about.

    Attributes:
        text: in a sentence or two.
        to, to_words: where the way goes on; empty where nowhere on these pages.
    """

    text: str
    to: str = ""
    to_words: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What the way is about.

    Attributes:
        performer_id: whose voice it is; empty where that may not be told.
        licence_id: that the refusal rests on, or None.
        again: the address where the same is asked for again, with all that was filled in.
        again_words: what is asked for there.
        use: as the form of a use has it, to ask the performer for just that.
    """

    performer_id: str
    licence_id: str | None
    again: str
    again_words: str
    use: Mapping[str, str] = field(default_factory=dict)


def ways_said(reasons: Iterable[Mapping[str, Any]], about: About) -> list[Said]:
    """Answer what would have to come about, most important first.

    Args:
        reasons: that stand against the use, as they are stored.
        about: what it is about.
    """
    return [_SAID[way.remedy](way, about) for way in ways_of(Reason.of_json(each) for each in reasons)]


# --- one for each remedy ---------------------------------------------------------------------------------------------

MORE: Final = "more"
"""The parameter of an address that opens the part of a form which licences alone ask for."""
_LABEL: Final = re.compile(r"label \(([A-Za-z0-9-]+)\)")
_BEYOND: Final[Mapping[str, str]] = {
    "sublicensing": N_("that somebody else uses what you were permitted"),
    "derived_voices": N_("a voice that is mixed or changed into a new one"),
    "improves_models": N_("making models better that serve others"),
}


def _new_licence(_way: Way, about: About) -> Said:
    text = _("A licence that covers this use, signed by the performer and by you.")
    if Scope.LICENCES_WRITE not in principal().scopes:
        to_ask = ask_administrators()
        return Said(text if to_ask is None else Markup("{} {}").format(text, to_ask))
    if not about.performer_id:
        return Said(text)
    asked = {"performer_id": about.performer_id, **{name: about.use.get(name) for name in ("kind", *TERM_OF_USE)}}
    to = urlencode({name: said for name, said in asked.items() if said})
    return Said(text, f"/licences/new?{to}", _("Draft a licence"))


def _other_terms(way: Way, about: About) -> Said:
    of, term = way.figures, str(way.figures.get("term", ""))
    to, words = _licence(about)
    if term in TERMS and "wanted" in of:
        said = _(
            "%(term)s: you want %(wanted)s, and the licence permits %(permitted)s. Keep to that, or agree on other "
            "terms."
        )
        figures = {
            "term": _(TERMS[term][0]),
            "wanted": listed_of(term, of["wanted"]),
            "permitted": listed_of(term, of.get("permitted")),
        }
        return Said(said % figures, to, words)
    if term in _BEYOND:
        return Said(_("Terms of the licence that permit %(what)s.") % {"what": _(_BEYOND[term])}, to, words)
    said = _("The licence permits %(limit)s × %(unit)s, and that is used up by this. Agree on a larger amount.")
    return Said(said % {"limit": of.get("limit"), "unit": _unit(of)}, to, words)


def _unit(of: Figures) -> str:
    return unit_called(UsageUnit(str(of["unit"]))) if of.get("unit") in set(UsageUnit) else str(of.get("unit", ""))


def _licence(about: About) -> tuple[str, str]:
    if about.licence_id is None or Scope.LICENCES_READ not in principal().scopes:
        return "", ""
    return f"/licences/{about.licence_id}", _("To the licence")


def _declare(way: Way, about: About) -> Said:
    of = way.figures
    sentences = {
        "language": _("Say which language is spoken. What is not said is never permitted."),
        "copy": _("Name the exact words: the performer approves those, and no others."),
        "quantity": _("Say how much it takes (%(unit)s): the licence has a limit of %(limit)s.")
        % {"unit": _unit(of), "limit": of.get("limit")},
    }
    text = sentences.get(str(of.get("what")), _("Say more of the use."))
    return Said(text, _opened(about.again), about.again_words)


def _approval(_way: Way, about: About) -> Said:
    text = _("The performer’s yes to the exact words, for this once.")
    asked = {"performer_id": about.performer_id, **{name: said for name, said in about.use.items() if said}}
    to = f"/approvals/new?{urlencode(asked)}" if about.performer_id else ""
    return Said(text, to, _("Ask the performer") if to else "")


def _marking(way: Way, about: About) -> Said:
    said = _("Mark it as was agreed (%(owed)s), and say that it is marked.")
    owed = ", ".join(owed_called(each) for each in str(way.figures.get("owed", "")).split(", "))
    return Said(said % {"owed": owed}, _opened(about.again), about.again_words)


def owed_called(what: str) -> str:
    """Answer what a marking, or a label in a language, is called, as the figure of a reason names it."""
    if label := _LABEL.fullmatch(what):
        return _("label: %(language)s") % {"language": tongues([label[1]])}
    names = (
        each.name.in_language(language())
        for each in shipped_categories()
        if (each.term, each.word) == ("markings", what)
    )
    return next(names, what)


def _opened(again: str) -> str:
    """Answer where the same is asked for again, with all that a licence may ask for open to be filled in."""
    return f"{again}&{MORE}=1" if again else again


def _payment(way: Way, about: About) -> Said:
    to, words = _licence(about)
    return Said(_("What was due on %(day)s is paid.") % {"day": _day(way.figures.get("due_on"))}, to, words)


def _use_report(_way: Way, about: About) -> Said:
    to, words = _licence(about)
    return Said(_("Report how much was used: the licence has a limit, and nobody knows how much is left."), to, words)


def _term_begins(way: Way, _about: About) -> Said:
    return Said(_("Wait until the term begins, on %(day)s.") % {"day": _day(way.figures.get("starts_on"))})


def _hold_lifted(way: Way, about: About) -> Said:
    cause = way.figures.get("cause")
    why = _(SUSPENSIONS[SuspensionReason(str(cause))]) if cause in set(SuspensionReason) else ""
    to, words = _licence(about)
    return Said(_("The licence is suspended %(why)s. That has to end.") % {"why": why}, to, words)


def _made_anew(_way: Way, about: About) -> Said:
    to, words = _licence(about)
    return Said(_("The work was finished while the licence was suspended. It would have to be made anew."), to, words)


def _performer_alone(_way: Way, _about: About) -> Said:
    return Said(_("Only the performer can change this, and owes nobody a reason. Leave the voice out of it."))


def _other_recording(_way: Way, about: About) -> Said:
    text = _("Another recording may allow an answer: longer, with less noise, or of one voice alone.")
    return Said(text, about.again, _("Check another recording for the same use"))


def _source_declared(_way: Way, _about: About) -> Said:
    text = _("If the voice was made from somebody else, attest that source, and name it with the recording.")
    may = Scope.ATTESTATIONS_READ in principal().scopes
    return Said(text, "/attestations" if may else "", _("Sources") if may else "")


def _person_looks(_way: Way, _about: About) -> Said:
    return Said(_("A person of the registry looks at it. Nothing is sent to anybody by itself."))


def _day(text: object) -> str:
    return day(date.fromisoformat(str(text))) if text else "–"


_SAID: Final[Mapping[Remedy, Callable[[Way, About], Said]]] = {
    Remedy.NEW_LICENCE: _new_licence,
    Remedy.OTHER_TERMS: _other_terms,
    Remedy.DECLARE: _declare,
    Remedy.APPROVAL: _approval,
    Remedy.MARKING: _marking,
    Remedy.PAYMENT: _payment,
    Remedy.USE_REPORT: _use_report,
    Remedy.TERM_BEGINS: _term_begins,
    Remedy.HOLD_LIFTED: _hold_lifted,
    Remedy.MADE_ANEW: _made_anew,
    Remedy.PERFORMER_ALONE: _performer_alone,
    Remedy.OTHER_RECORDING: _other_recording,
    Remedy.SOURCE_DECLARED: _source_declared,
    Remedy.PERSON_LOOKS: _person_looks,
}
