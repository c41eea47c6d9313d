"""Letting a performer hear where they are heard: the recording is sent once more, and only those places are kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api import problems
from api.limits import FORM, MULTIPART, Takes
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import N_, _
from api.pages.personal import personal, stands_for, takes, went_on
from api.pages.refusals import Advice
from api.pages.steps import seen_version
from api.pages.studio.checks import ONE_CHECK, check_page
from api.pages.studio.recordings import file_advice
from api.rate_limits import of_app
from api.rates import Budget
from api.schemas.shared_sounds import NewSound
from api.state import context, principal
from api.uploads import upload_of
from registry.domain.accounts import Scope
from registry.errors import ConflictError, InvalidInputError, NotFoundError, RegistryError, StaleVersionError
from registry.services import checks, shared_sounds

_OPERATION: Final = "/v1/findings/{finding_id}/sound"
_DIGITS: Final = 12

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "consent_missing": (
        N_("The performer is not looked for any more, so nothing is shared with them."),
        N_("What was found stays as it is."),
    ),
    "conflict": (
        N_("Sound of this finding is shared already, or cannot be."),
        N_("Below is how it stands now. To share it anew, end what is shared first."),
    ),
    "stale_version": (
        N_("This has changed since you opened the page, so nothing was done."),
        N_("Below is how it stands now."),
    ),
    "not_found": (
        N_("No sound of this finding is shared any more."),
        N_("Below is how it stands now."),
    ),
    "invalid_input": (
        N_("Choose the recording, and say for how many days it is shared."),
        N_("From 1 to 90 days."),
    ),
}


@dataclass(frozen=True, slots=True)
class NotShared:
    """That sharing or ending was refused.

    Attributes:
        finding_id: of the finding.
        said: what is wrong, and what helps.
        days: as they were filled in.
    """

    finding_id: str
    said: Advice
    days: str


@personal.post(f"{ONE_CHECK}/findings/<id:finding_id>/sound")
@stands_for(f"POST {_OPERATION}")
@takes(Takes(MULTIPART))
@once
def share_sound_of_check(check_id: str, finding_id: str) -> Response:
    """Share what the performer is heard in; where the file is another, say so, and show the check again."""
    _require_finding_of(check_id, finding_id)

    def share() -> None:
        chosen = request.files.get("file")
        sent = chosen if chosen is not None and chosen.filename else None
        form = checked(NewSound, file=sent, days=request.form.get("days", "").strip())
        of_app().spend(Budget.CHECKS, principal().organisation_id or principal().account_id)
        shared_sounds.share_sound(context(), principal(), finding_id, upload=upload_of(form.file), days=form.days)

    return _tried(check_id, finding_id, share, "sound_shared")


@personal.post(f"{ONE_CHECK}/findings/<id:finding_id>/sound/end")
@stands_for(f"POST {_OPERATION}/end")
@takes(Takes(FORM))
@once
def end_sound_of_check(check_id: str, finding_id: str) -> Response:
    """End what is shared of a finding, as it was seen."""
    _require_finding_of(check_id, finding_id)

    def end() -> None:
        shared_sounds.end_sound(context(), principal(), finding_id, version=seen_version())

    return _tried(check_id, finding_id, end, "sound_ended")


def _require_finding_of(check_id: str, finding_id: str) -> None:
    """Refuse a finding that is not of this check, and who submits nothing.

    Raises:
        ForbiddenError, NotFoundError: of these.
    """
    principal().require(Scope.CHECKS_WRITE)
    check = checks.get_check(context(), principal(), check_id)
    if finding_id not in {each.id for each in check.findings}:
        raise NotFoundError("there is no such finding")


def _tried(check_id: str, finding_id: str, do: Callable[[], None], done: str) -> Response:
    try:
        do()
    except (InvalidInputError, ConflictError, StaleVersionError, NotFoundError) as error:
        gone = isinstance(error, NotFoundError)  # the page is there, what its form was about is not
        status = HTTPStatus.CONFLICT if gone else HTTPStatus(problems.from_error(error).status_code)
        refused = NotShared(finding_id, _said(error), request.form.get("days", ""))
        return check_page(check_id, status, not_shared=refused)
    return went_on(f"/checks/{check_id}", done=done)


def _said(error: RegistryError) -> Advice:
    if error.slug == "another_recording":
        return _another(error.figures)
    wrong, to_do = _SAID.get(error.slug, _SAID["conflict"])
    return file_advice(error.slug, error.figures) or (_(wrong), _(to_do))


def _another(of: Mapping[str, Any]) -> Advice:
    said = _(
        "This is another file than the one that was checked: its SHA-256 begins with %(sent)s, and the one that was "
        "checked with %(kept)s."
    )
    sent, kept = (str(of[name])[:_DIGITS] for name in ("sent_sha256", "checked_sha256"))
    return said % {"sent": sent, "kept": kept}, _("Choose the very file that was sent in. Nothing was shared.")
