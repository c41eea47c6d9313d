"""Refusals: what a page says of a problem, in a sentence, and what one can do about it.

A problem's own detail is for developers and in English. What stands here is for whoever reads the page; of an error
that has no words of its own, its status says what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import request

from api import cookies
from api.pages.language import N_, _, number, percent
from registry.errors import RegistryError

FRONT: Final = "/"
SIGN_IN: Final = "/sign-in"
HOME: Final = "/home"
VERIFY: Final = "/verify"
_TO_BE_VERIFIED: Final = (
    N_("The file is larger than those that are looked at here."),
    N_("The command line looks at files of any size, on a machine of yours."),
)
_WAY_IN: Final = ("/sign-in", "/sign-out", "/account/connect")


@dataclass(frozen=True, slots=True)
class Said:
    """What a page says of something that did not work.

    Attributes:
        title: what happened, in a few words.
        text: what that means.
        to_do: what helps; empty where nothing is to be done.
        to, to_words: where the way goes on.
        also, also_words: where else it goes on; empty where there is one way.
    """

    title: str
    text: str
    to_do: str
    to: str
    to_words: str
    also: str = ""
    also_words: str = ""


_SIGNING_IN: Final[Mapping[str, str]] = {
    "unauthenticated": N_("This link was used already, is too old, or was not copied whole. Ask for another."),
    "session_ended": N_("Your session is over. Please sign in again."),
    "cross_site_request": N_(
        "This request came from another page than the registry's own. Open the registry at its own address, and do it "
        "there."
    ),
    "rate_limited": N_("Too many attempts from your address. Please wait a minute."),
    "identity_provider_unavailable": N_("The identity provider does not answer at the moment. Please try again later."),
    "conflict": N_("People do not sign in that way at this registry."),
    "duplicate": N_(
        "This identity is connected already. If it is to another account, it has to be disconnected there."
    ),
    "sign_in_refused.not_connected": N_(
        "Your identity is known there, and connected to no account here. Ask for a sign-in link; then connect your "
        "identity. Nothing of this attempt was kept."
    ),
    "sign_in_refused.refused_there": N_("The identity provider did not let you in, or you stopped there."),
    "sign_in_refused.flow": N_("This was begun in another browser, took too long, or was used already. Begin again."),
    "sign_in_refused": N_("The answer of the identity provider cannot be relied on. Please begin again."),
}
"""Of errors on the way in."""

_TO_NOBODY: Final[Mapping[HTTPStatus, tuple[str, str, str]]] = {
    HTTPStatus.NOT_FOUND: (
        N_("There is nothing here"),
        N_("There is no such page, or it is not for everybody to see."),
        N_("Check the address, or begin at the front page. What is yours to see is there once you have signed in."),
    ),
}
"""What is said otherwise to whoever has no session in this browser."""

_BY_STATUS: Final[Mapping[HTTPStatus, tuple[str, str, str]]] = {
    HTTPStatus.UNAUTHORIZED: (
        N_("Please sign in"),
        N_("Your session is over, or nobody is signed in in this browser."),
        N_("Sign in, and open this page again."),
    ),
    HTTPStatus.FORBIDDEN: (
        N_("You may not do that"),
        N_("Your account, or your mandate for this performer, does not cover this."),
        N_("If you think that it should, ask whoever runs this registry."),
    ),
    HTTPStatus.NOT_FOUND: (
        N_("There is nothing here"),
        N_("There is no such page, or it is not yours to see."),
        N_("Check the address, or begin at your own page."),
    ),
    HTTPStatus.CONFLICT: (
        N_("That does not fit how things stand"),
        N_("Something has changed in the meantime, or was done already."),
        N_("Go back, load the page anew, and look at how things stand now."),
    ),
    HTTPStatus.PRECONDITION_FAILED: (
        N_("This has changed in the meantime"),
        N_("Somebody else, or you in another window, changed this after you opened the page."),
        N_("Go back, load the page anew, and look at how things stand now."),
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        N_("That was too large"),
        N_("The files together are larger than the registry takes."),
        N_("Send fewer, or shorter, recordings at a time."),
    ),
    HTTPStatus.TOO_MANY_REQUESTS: (
        N_("That was too often"),
        N_("More was asked for in a short time than is allowed."),
        N_("Please wait a minute, and try again."),
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        N_("Not at the moment"),
        N_("A part of the registry does not answer right now. Nothing of what you sent was kept."),
        N_("Please try again in a few minutes. If it goes on, ask whoever runs this registry."),
    ),
    HTTPStatus.INSUFFICIENT_STORAGE: (
        N_("There is no room"),
        N_("The registry has no room to keep this. Nothing of what you sent was kept."),
        N_("Whoever runs the registry has to make room. Please try again later."),
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        N_("Something went wrong here"),
        N_("It is not your fault. It was written down under the number below."),
        N_("Please try again. If it happens again, give that number to whoever runs this registry."),
    ),
}

_ELSE: Final = (
    N_("This did not work"),
    N_("What was sent could not be taken as it is."),
    N_("Go back, look at what you filled in, and try again."),
)


def said_of(error: RegistryError | None, status: HTTPStatus) -> Said:
    """Answer what a page says of an error.

    Args:
        error: what was refused, and why; None where only the status is known.
        status: of the answer.
    """
    on_the_way_in = _of_signing_in(error)
    if on_the_way_in is not None:
        return Said(_("This did not work"), on_the_way_in, "", SIGN_IN, _("Sign in again"))
    nobody = cookies.sent(cookies.SESSION) is None
    by_status = {**_BY_STATUS, **_TO_NOBODY} if nobody else _BY_STATUS
    title, text, to_do = (_(each) for each in by_status.get(status, _ELSE))
    if error is not None and (of_this := _advice(error.slug, error.figures)) is not None:
        text, to_do = of_this
    if status is HTTPStatus.REQUEST_ENTITY_TOO_LARGE and request.path == VERIFY:
        text, to_do = (_(each) for each in _TO_BE_VERIFIED)
        return Said(title, text, to_do, VERIFY, _("Verify a file"))
    if status is HTTPStatus.UNAUTHORIZED:
        return Said(title, text, to_do, SIGN_IN, _("Sign in"))
    if nobody:
        return Said(title, text, to_do, FRONT, _("To the front page"), SIGN_IN, _("Sign in"))
    return Said(title, text, to_do, HOME, _("To my page"))


def _of_signing_in(error: RegistryError | None) -> str | None:
    """Answer what is said of an error on the way in or out; None where there are no words of its own for it."""
    if error is None or not (request.path == "/account" or request.path.startswith(_WAY_IN)):
        return None
    for key in (f"{error.slug}.{error.figures.get('reason')}", error.slug):
        if key in _SIGNING_IN:
            return _(_SIGNING_IN[key])
    return None


# --- what is wrong with what somebody sent ---------------------------------------------------------------------------

Figures = Mapping[str, Any]
Advice = tuple[str, str]


def advice(slug: str, figures: Figures) -> Advice:
    """Answer what is wrong with what somebody sent, and how to mend it, with the numbers that it takes.

    Args:
        slug: of the error.
        figures: of the error.
    """
    return _advice(slug, figures) or (
        _("This could not be taken as it is."),
        _("Look at what you filled in, and try again."),
    )


def _advice(slug: str, figures: Figures) -> Advice | None:
    if slug in _OF_RECORDS:
        return _OF_RECORDS[slug](figures)
    return _unreadable(figures) if slug.startswith("media_") else None


def _too_short(of: Figures) -> Advice:
    heard, wanted = float(of.get("speech_s", 0)), float(of.get("required_s", 0))
    return (
        _("There are %(heard)s seconds of speech in it, and it takes %(wanted)s.")
        % {"heard": number(heard, 1), "wanted": number(wanted)},
        _("Read some more sentences, or speak for about %(more)s seconds longer. Pauses do not count.")
        % {"more": number(max(1.0, wanted - heard), 0)},
    )


def _clipped(of: Figures) -> Advice:
    return (
        _("The recording is too loud: %(share)s of it is cut off.") % {"share": percent(float(of["clipped_share"]))},
        _("Turn the microphone down, or move away from it a little, and read this sentence again."),
    )


def _noisy(of: Figures) -> Advice:
    return (
        _("There is too much noise: the voice is %(heard)s dB above it, and it takes %(wanted)s.")
        % {"heard": number(float(of["snr_db"]), 1), "wanted": number(float(of["required_db"]))},
        _("Go to a quieter room, come closer to the microphone, and read this sentence again."),
    )


def _unreadable(_of: Figures) -> Advice:
    return (
        _("This file cannot be read as sound."),
        _("Send a recording as your phone or computer makes it: WAV, FLAC, MP3, M4A, OGG or WebM."),
    )


def _silent(_of: Figures) -> Advice:
    return (_("Nobody is heard in this recording."), _("Check that the right microphone is on, and read it again."))


def _several(_of: Figures) -> Advice:
    return (
        _("More than one person is heard in this recording."),
        _("Record where nobody else speaks, and no radio or television is on."),
    )


def _different(_of: Figures) -> Advice:
    return (
        _("The recordings do not sound like one and the same person."),
        _("Send recordings of one person alone, made the same way; leave out the one that differs."),
    )


def _too_large(_of: Figures) -> Advice:
    return (
        _("This file is longer or larger than the registry takes."),
        _("Send a shorter recording; a minute or two is enough."),
    )


def _without_consent(of: Figures) -> Advice:
    if of.get("purpose") == "licensing":
        return _no_yes_to_licences(of)
    return (
        _("Without a yes to its being looked for, nothing of a voice is kept."),
        _("Read what it means, and say yes first."),
    )


def _incomplete(_of: Figures) -> Advice:
    return (
        _("Something that this rests on was not read and understood yet."),
        _("Go back to the steps: what is missing is marked there."),
    )


def _name_refused(_of: Figures) -> Advice:
    return (
        _("Somebody of this name has asked this registry to forget them, so it takes no new records under it."),
        _("If that was you, or you are somebody else of that name, ask whoever runs this registry."),
    )


def _guardian(_of: Figures) -> Advice:
    return (
        _("For this performer, somebody else decides: a guardian, or the estate."),
        _("They sign in with an account of their own."),
    )


def _reused(_of: Figures) -> Advice:
    return (
        _("This form was sent once already, with something else in it. It is not done twice."),
        _("Open the page anew, and fill it in again."),
    )


def _in_progress(_of: Figures) -> Advice:
    return (_("What you sent is being done at this moment."), _("Wait a few seconds, and load your page anew."))


def _from_elsewhere(_of: Figures) -> Advice:
    what = _SIGNING_IN["cross_site_request"]
    return (_(what), "")


def _lost(_of: Figures) -> Advice:
    return (
        _("What you sent was done, but its answer was lost on the way. It is not done twice."),
        _("Go to your page: it shows how things stand."),
    )


def _choice_refused(_of: Figures) -> Advice:
    return (
        _("The choices on record say never to a use of this licence."),
        _("Choose anew what is open, and sign that first; or decline the licence."),
    )


def _no_yes_to_licences(_of: Figures) -> Advice:
    return (
        _("There is no yes in force that a licence could rest on."),
        _("Say yes to licences first, for the uses that you choose."),
    )


def _unsound(_of: Figures) -> Advice:
    return (
        _("Rules find something in these terms that keeps them from coming into force."),
        _("What it is, and what helps, stands further down. The studio has to change the terms."),
    )


def _read_anew(_of: Figures) -> Advice:
    return (
        _("What would be signed is not what you have read."),
        _("Read it as it stands now, and sign that."),
    )


def _too_late(_of: Figures) -> Advice:
    return (
        _("The time to answer is over, so nothing was done."),
        _("The studio has to ask anew."),
    )


def _more_than_due(_of: Figures) -> Advice:
    return (
        _("The payment is more than what is owed by now."),
        _("Say that it is wrong, and why; the studio reports it anew."),
    )


def _not_enrolled(_of: Figures) -> Advice:
    return (
        _("No voice is enrolled yet, so nobody could tell whose voice it is."),
        _("Record the voice first."),
    )


def _spent(_of: Figures) -> Advice:
    return (
        _("This number was spoken already, or its time is over."),
        _("Begin another attempt: it has a number of its own."),
    )


def _too_many_attempts(of: Figures) -> Advice:
    hours = max(1, round(float(of.get("retry_after_s", 3600)) / 3600))
    return (
        _("So many attempts were begun that no more are taken for now."),
        _("Try again in about %(hours)s hours.") % {"hours": number(hours)},
    )


def _nobody_answers(_of: Figures) -> Advice:
    return (
        _("Whoever runs this registry has not said who answers for it, and the words would have to name them."),
        _("Ask whoever runs this registry."),
    )


_OF_RECORDS: Final[Mapping[str, Callable[[Figures], Advice]]] = {
    "speech_too_short": _too_short,
    "enrolment_clipping": _clipped,
    "enrolment_too_noisy": _noisy,
    "enrolment_several_speakers": _several,
    "enrolment_different_voices": _different,
    "recording_silent": _silent,
    "no_speech": _silent,
    "media_too_large": _too_large,
    "consent_missing": _without_consent,
    "explanation_incomplete": _incomplete,
    "name_refused": _name_refused,
    "representative_required": _guardian,
    "idempotency_key_reused": _reused,
    "request_in_progress": _in_progress,
    "answer_lost": _lost,
    "cross_site_request": _from_elsewhere,
    "choice_refused": _choice_refused,
    "licence_unsound": _unsound,
    "signature_invalid": _read_anew,
    "approval_expired": _too_late,
    "payment_exceeds_due": _more_than_due,
    "not_enrolled": _not_enrolled,
    "statement_spent": _spent,
    "too_many_attempts": _too_many_attempts,
    "controller_unnamed": _nobody_answers,
}
