"""Trying what a form asks for: where it is refused, the page comes back as things stand now, with what was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api import problems
from api.pages.disputes.wording import label
from api.pages.language import N_, _, filled_in
from api.pages.refusals import advice
from api.pages.wording import CASE_STATES, CONCLUSIONS
from registry.domain.cases import CaseState
from registry.domain.conclusions import Conclusion
from registry.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RegistryError,
    SecondPersonNeededError,
    StaleVersionError,
)

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """What was tried on a page and refused.

    Attributes:
        form: which of the page's forms it was.
        what, to_do: what is wrong, and what helps.
        status: of the answer.
        typed: what was sent, to stand in the form again.
        figures: of the refusal.
    """

    form: str
    what: str
    to_do: str
    status: HTTPStatus
    typed: Mapping[str, str] = field(default_factory=dict)
    figures: Figures = field(default_factory=dict)


def trying(form: str, do: Callable[[], Response], again: Callable[[Failed], Response]) -> Response:
    """Do what a form asks for; show its page again where that is refused for what was sent, or for how things stand.

    That whoever sent it may see the page is known by then: what is not there is what they named.

    Args:
        form: which of the page's forms it is.
        do: what answers where it is done.
        again: what shows the page.
    """
    try:
        return do()
    except (InvalidInputError, ConflictError, StaleVersionError, SecondPersonNeededError, NotFoundError) as error:
        what, to_do = _said(error)
        status = HTTPStatus(problems.from_error(error).status_code)
        return again(Failed(form, what, to_do, status, dict(request.form), dict(error.figures)))


def sent(*names: str) -> Mapping[str, str]:
    """Answer fields of the form as they were filled in; the body of the API says what must not be empty."""
    return {name: request.form.get(name, "").strip() for name in names}


def filled(*names: str) -> Mapping[str, str | None]:
    """Answer fields of the form; one that was left empty is none."""
    return {name: text or None for name, text in sent(*names).items()}


_STALE: Final = (
    N_("This has changed since you opened the page, so nothing was done."),
    N_("Look at how it stands now: the page shows it, with who did what. What you typed is still there."),
)
_BY_SLUG: Final[Mapping[str, tuple[str, str]]] = {
    "stale_version": _STALE,
    "second_person_needed": (
        N_("You have had part in this before, so somebody else has to do it."),
        N_("Another operator signs in, reads it, and decides."),
    ),
    "proposal_changed": (
        N_("These are other bytes than those that are kept."),
        N_("Read the document again, and give back the digest that stands under it."),
    ),
    "not_found": (
        N_("Something that you named is not there, or not of this case. Nothing was done."),
        N_("Look at the ids that you filled in; a case is between a performer and a studio."),
    ),
    "duplicate": (N_("This is on record already."), N_("It is not written down twice.")),
    "recording_silent": (N_("Nobody is heard in this recording."), N_("Send one in which somebody speaks.")),
}


def _said(error: RegistryError) -> tuple[str, str]:
    """Answer what is wrong in words of this room; where it has none, in those of all pages."""
    figures = error.figures
    for known in _BY_FIGURE:
        if known in figures and (words := _BY_FIGURE[known](figures)) is not None:
            return words
    if error.slug in _BY_SLUG:
        what, to_do = _BY_SLUG[error.slug]
        return _(what), _(to_do)
    if isinstance(error, ConflictError):
        return _("That does not fit how things stand."), _("Look at how it stands now: the page shows it.")
    return advice(error.slug, figures)


def _waits(figures: Figures) -> tuple[str, str]:
    due_at = figures.get("due_at")
    side = {"side": label("side", figures["waits_for"])}
    to_do = _("Once they have filed something, or the time is over, you can go on.")
    if due_at is None:
        return _("It is still the turn of: %(side)s.") % side, to_do
    until = datetime.fromisoformat(due_at)
    return filled_in(_("It is still the turn of: %(side)s, until %(at)s."), **side, at=until), to_do


def _needs(figures: Figures) -> tuple[str, str] | None:
    if figures["needs"] == "new_paper":
        return (
            _("This needs a paper that a side has filed since then."),
            _("Choose it; or wait until somebody files something new."),
        )
    if figures["needs"] == "new_paper_id":
        return (
            _("The notice was upheld. It can be countered again only with something new."),
            _("File it in the case first, then choose it here."),
        )
    return None


def _applies(figures: Figures) -> tuple[str, str] | None:
    if not figures["applies"]:
        return None
    return (
        _("By what you have considered, this use needs nobody's leave."),
        _("Archive it; or look again at what you said applies."),
    )


def _missing(figures: Figures) -> tuple[str, str]:
    if "not_considered" in figures:
        return (
            _("The notice does not say all that it has to yet."),
            _("What is missing stands on this page: write it, keep the draft, and declare it complete then."),
        )
    names = [label("exclusion", each) for each in str(figures["missing"]).split(", ")]
    return (
        _("Before anything leaves the registry, each of these has to be considered: %(what)s.")
        % {"what": ", ".join(names)},
        _("Say of each whether it applies, and why."),
    )


def _concluded(figures: Figures) -> tuple[str, str]:
    conclusion = figures.get("conclusion")
    if conclusion is None:
        return (
            _("Nothing is concluded in the case yet, and a notice rests on a conclusion."),
            _("It has to be proposed or decided first."),
        )
    return (
        _("The case concludes: %(conclusion)s. A notice rests on nothing less than support for the performer.")
        % {"conclusion": _(CONCLUSIONS[Conclusion(conclusion)])},
        _("Nothing can be done about it on this page."),
    )


def _by_analysis(figures: Figures) -> tuple[str, str]:
    return (
        _("The analysis concludes something else: %(conclusion)s.")
        % {"conclusion": _(CONCLUSIONS[Conclusion(figures["analysis_conclusion"])])},
        _("Propose that; or say that the proposal rests on documents alone."),
    )


def _another_case(_figures: Figures) -> tuple[str, str]:
    return _("There is a case about this product already."), _("Go on in that one.")


def _under_way(_figures: Figures) -> tuple[str, str]:
    return _("The voices are being compared at this moment."), _("Wait until that is done.")


def _too_few_people(_figures: Figures) -> tuple[str, str]:
    return (
        _("Too few people would be chosen by this: each could be told from the others."),
        _("Ask for less, or file an archive of recordings."),
    )


def _refused_often(figures: Figures) -> tuple[str, str]:
    return (
        _("Too few people were chosen %(refused)s times within a year, and %(most)s are as many as are answered.")
        % dict(figures),
        filled_in(
            _("File an archive of recordings; people of the registry can be chosen again from %(at)s on."),
            at=datetime.fromisoformat(figures["frees_at"]),
        ),
    )


def _strikes(figures: Figures) -> tuple[str, str]:
    return (
        _("A limit takes %(required)s strikes in force; there are %(strikes)s.") % dict(figures),
        _("Nothing follows from fewer."),
    )


def _reviewed_at(figures: Figures) -> tuple[str, str]:
    return (
        filled_in(
            _("It was reviewed at %(at)s, so it was served after that, and before now."),
            at=datetime.fromisoformat(figures["reviewed_at"]),
        ),
        _("Look at the moment that you gave, and at its time zone."),
    )


def _by_the_clock(figures: Figures) -> tuple[str, str] | None:
    """Say what is wrong with a time by somebody's clock: it is none, or no one moment (`api.pages.zones`)."""
    if (change := figures.get("clock_change")) is None:
        return _("This is no day and time."), _("Fill it in, and send it again.")
    zone = {"zone": figures["time_zone"]}
    if change == "skipped":
        return (
            _("The clocks of %(zone)s were set forward over this time: they never showed it.") % zone,
            _("Look at the moment that you gave, and at its time zone."),
        )
    return (
        _("The clocks of %(zone)s were set back then: they showed this time twice.") % zone,
        _("Say it by UTC, so that it is clear which of both you mean."),
    )


def _why_two(_figures: Figures) -> tuple[str, str]:
    return (
        _("Two operators have to read this notice before it goes."),
        _("One proposes it, and another approves those very bytes."),
    )


def _unknown(figures: Figures) -> tuple[str, str] | None:
    if "written" in figures:
        return None
    return (
        _("The case knows no recording with this SHA-256."),
        _("It has to be that of a finding of the case, or of a recording that was filed in it as questioned."),
    )


def _step(figures: Figures) -> tuple[str, str] | None:
    if figures.get("state") not in set(CaseState):
        return None
    return (
        _("The case stands otherwise by now: %(state)s.") % {"state": _(CASE_STATES[CaseState(figures["state"])])},
        _("Look at how it stands now: the page shows it."),
    )


def _latest(figures: Figures) -> tuple[str, str]:
    return (
        filled_in(
            _("A pause is looked at again by %(at)s at the latest."), at=datetime.fromisoformat(figures["latest"])
        ),
        _("Choose a day before that, or leave it empty."),
    )


def _fields(figures: Figures) -> tuple[str, str]:
    names = sorted({str(each.get("pointer", "")).removeprefix("#/").partition("/")[0] for each in figures["errors"]})
    known = [_(_FIELDS[each]) for each in names if each in _FIELDS]
    if not known:
        return _("Something is not filled in as it is taken."), _("Look at what you filled in, and try again.")
    return (
        _("This is not filled in as it is taken: %(fields)s.") % {"fields": ", ".join(known)},
        _("Fill it in, and send it again."),
    )


_FIELDS: Final[Mapping[str, str]] = {
    "reason": N_("Reason"),
    "title": N_("Title"),
    "text": N_("Text"),
    "kind": N_("Kind"),
    "dated_on": N_("The day that it bears"),
    "sha256": N_("SHA-256"),
    "file": N_("File"),
    "step": N_("Step"),
    "paper_id": N_("Paper"),
    "conclusion": N_("Conclusion"),
    "grounds": N_("Grounds"),
    "would_change": N_("What would change it"),
    "dissent": N_("Another opinion"),
    "product": N_("Product"),
    "claim": N_("What is claimed"),
    "performer_id": N_("Performer"),
    "studio_id": N_("Studio"),
    "action": N_("Decision"),
    "considered": N_("Exclusions"),
    "licence_id": N_("Licence"),
    "licence_ids": N_("Licences"),
    "pack_id": N_("Form"),
    "attestation_id": N_("Attestation"),
    "cohort": N_("Cohort"),
    "criteria": N_("By what they were chosen"),
    "among": N_("Among people of the registry"),
    "review_at": N_("To be looked at again"),
    "ground": N_("Ground"),
    "document_sha256": N_("SHA-256 of the document"),
    "evidence_seen": N_("What you have looked at"),
    "served_to": N_("To whom"),
    "served_by": N_("By which way"),
    "served_at": N_("When"),
    "sent_sha256": N_("SHA-256 of what was sent"),
    "reference": N_("Reference of the court"),
    "filed_on": N_("Filed on"),
    "elements": N_("What it says"),
    "materials": N_("What it is about"),
    "answer": N_("Answer"),
}
"""What fields are called on these pages, by their names in bodies of the API."""

_BY_FIGURE: Final[Mapping[str, Callable[[Figures], tuple[str, str] | None]]] = {
    "errors": _fields,
    "local_time": _by_the_clock,
    "waits_for": _waits,
    "needs": _needs,
    "applies": _applies,
    "missing": _missing,
    "analysis_conclusion": _by_analysis,
    "case_state": _concluded,
    "case_id": _another_case,
    "analysis_id": _under_way,
    "strikes": _strikes,
    "frees_at": _refused_often,
    "required": _too_few_people,
    "reviewed_at": _reviewed_at,
    "why": _why_two,
    "unknown": _unknown,
    "latest": _latest,
    "step": _step,
    "state": _step,
}
"""By what a refusal has figures of, the most telling first."""
