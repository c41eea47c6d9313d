"""Recordings sent in: a form with what they are for, each file a check of its own, done once however often it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request
from werkzeug.datastructures import FileStorage

from api.limits import MULTIPART, Takes
from api.pages.checked import checked
from api.pages.forms import once_for
from api.pages.language import N_, _
from api.pages.personal import page_of, personal, stands_for, takes, went_on
from api.pages.refusals import Advice, advice
from api.pages.studio.declared import (
    LABELS,
    choices_of_uses,
    own_licences,
    sent_amounts,
    sent_use,
    typed_of,
    wrong_fields,
)
from api.pages.studio.recordings import file_advice
from api.pages.studio.sources import sources_to_choose
from api.pages.verdicts import wording_of_verdicts
from api.rate_limits import of_app
from api.rates import Budget
from api.schemas.checks import NewCheck
from api.state import context, principal, settings
from api.uploads import clean_name, upload_of
from registry.domain.accounts import Scope
from registry.domain.uses import DeclaredUse, Quantity
from registry.errors import (
    InvalidInputError,
    MediaError,
    NotFoundError,
    RegistryError,
    SpeechError,
)
from registry.services import checks, clearances, people
from registry.store.checks import Check

CHECKS: Final = "/checks"
OPERATION: Final = "/v1/checks"
_FILES: Final = "file"
_WAIT_S: Final = 2.0
_MOST_AT_ONCE: Final = 50
_MIB: Final = 2**20


def may_submit() -> bool:
    """Whether whoever is signed in may send recordings in."""
    return Scope.CHECKS_WRITE in principal().scopes and principal().organisation_id is not None


@personal.get(f"{CHECKS}/new")
@stands_for(f"POST {OPERATION}")
def show_new_check() -> Response:
    """Show the form by which recordings are sent in; filled in with the use of another check, or of a clearance."""
    principal().require(Scope.CHECKS_WRITE)
    return _form(_filled())


def _filled() -> Mapping[str, str]:
    """Answer what is filled in beforehand, out of what the address names and the caller may read."""
    like, cleared = request.args.get("like", ""), request.args.get("clearance", "")
    if like:
        return _as_declared(checks.get_check(context(), principal(), like))
    if cleared:
        clearance = clearances.get_clearance(context(), principal(), cleared).clearance
        use = clearances.wanted_of(clearance).use
        licence = clearance.licence_id or ""
        return typed_of(use) | ({"claimed_licence_ids": licence} if licence else {})
    return {name: request.args[name] for name in LABELS if name in request.args}


def _as_declared(check: Check) -> Mapping[str, str]:
    """Answer the use of a check as it was declared, without the seconds that its recording had."""
    declared = tuple(Quantity.of_json(each) for each in check.quantities)
    return typed_of(replace(check.use(), quantities=declared))


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one file.

    Attributes:
        name: as it was called.
        check: that was made of it; None where it was refused.
        problem: what is wrong with it, and what to do; None where a check was made.
    """

    name: str
    check: Check | None
    problem: Advice | None = None


def _form(
    typed: Mapping[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
    *,
    problem: Advice | None = None,
    wrong: Sequence[str] = (),
    sent: Sequence[Sent] = (),
) -> Response:
    partners = people.partners_named(context(), principal())
    return page_of(
        "studio/check_new",
        status,
        typed=typed,
        problem=problem,
        wrong=wrong,
        sent=sent,
        licences=own_licences(),
        partners=partners,
        own_sources=sources_to_choose(partners),
        most=_MOST_AT_ONCE,
        most_mib=settings().max_body_bytes // _MIB,
        least_s=context().thresholds.check_speech_s,
        scripts=True,
        **choices_of_uses(),
        **wording_of_verdicts(),
    )


@personal.post(f"{CHECKS}/new")
@stands_for(f"POST {OPERATION}")
@takes(Takes(MULTIPART))
def submit_checks() -> Response:
    """Send recordings in, each as a check of its own. Sent again, each that was taken stays as it is.

    A page whose script sends them one by one is answered with what became of the one.
    """
    principal().require(Scope.CHECKS_WRITE)
    files = [file for file in request.files.getlist(_FILES) if file.filename]
    try:
        uses = [_declared(file) for file in files]
        _require_files(files)
    except InvalidInputError as error:
        return _refused(advice(error.slug, error.figures), wrong_fields(error.figures))
    of_app().spend(Budget.CHECKS, principal().organisation_id or principal().account_id, len(files))
    try:
        sent = [_submitted(number, *each) for number, each in enumerate(zip(files, uses, strict=True))]
    except RegistryError as error:
        said = _CLAIMS.get(error.slug)
        if said is None:
            raise
        return _refused((_(said[0]), _(said[1])), ())
    return _told(sent)


_ABOUT_FILES: Final[list[dict[str, object]]] = [{"pointer": "#/file"}]


def _require_files(files: Sequence[FileStorage]) -> None:
    if not files:
        raise InvalidInputError("no recording was chosen", errors=_ABOUT_FILES)
    if len(files) > _MOST_AT_ONCE:
        raise InvalidInputError("too many recordings at once", errors=_ABOUT_FILES)


def _declared(file: FileStorage) -> DeclaredUse:
    """Answer the use of a file, held to the model of the operation.

    Raises:
        InvalidInputError: figure ``errors`` says where and why.
    """
    form = request.form
    said = sent_use() | {"quantities": [f"{unit}:{amount}" for unit, amount in sent_amounts()]}
    for name in ("fixed_on", "declared_source_id"):
        if text := form.get(name, "").strip():
            said[name] = text
    return checked(NewCheck, file=file, **said).use()


_CLAIMS: Final[Mapping[str, tuple[str, str]]] = {
    "licence_unknown": (
        N_("The licence that you name is none of yours."),
        N_("Choose one of your own, or none: the registry finds the licence that covers the use by itself."),
    ),
    "source_unknown": (
        N_("The source that you name is no performer with whom you have a licence."),
        N_("Name a performer of a licence of yours, or an attestation of yours (att_…)."),
    ),
    "attestation_unknown": (
        N_("The attestation that you name is none of yours."),
        N_("Look it up among your sources, and name it by its number (att_…)."),
    ),
}
"""Why what a use claims is not the studio's to claim."""


def _submitted(number: int, file: FileStorage, use: DeclaredUse) -> Sent:
    """Make a check of one file, or say what is wrong with it."""

    def submit() -> Response:
        check = checks.submit_check(context(), principal(), upload=upload_of(file), use=use)
        return went_on(f"{CHECKS}/{check.id}")

    name = clean_name(file.filename)
    try:
        led = once_for(file, number, submit, made=lambda made: went_on(f"{CHECKS}/{made}"))
    except (MediaError, SpeechError) as error:
        said = file_advice(error.slug, error.figures) or advice(error.slug, error.figures)
        return Sent(name, None, said)
    return _as_it_stands(name, led.headers["Location"].rpartition("/")[2])


def _as_it_stands(name: str, check_id: str) -> Sent:
    """Answer a check that was made, now or before; one that is not there any more was refused and forgotten."""
    try:
        return Sent(name, checks.get_check(context(), principal(), check_id))
    except NotFoundError:
        return Sent(name, None, (_("This was sent before, and is not kept any more."), _("Send it anew.")))


def _told(sent: Sequence[Sent]) -> Response:
    """Lead to what was made; where something was refused, say of each file what became of it."""
    refused = any(each.check is None for each in sent)
    if one_by_one():
        return page_of("studio/check_sent", _status(refused=refused), sent=sent, **wording_of_verdicts())
    if refused:
        return _form(_retyped(), HTTPStatus.UNPROCESSABLE_ENTITY, sent=sent)
    if len(sent) > 1:
        return went_on(CHECKS, done="sent")
    (only,) = (each.check for each in sent if each.check is not None)
    checks.await_check(context(), principal(), only.id, wait_s=_WAIT_S)
    return went_on(f"{CHECKS}/{only.id}")


def _status(*, refused: bool) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK


def one_by_one() -> bool:
    """Whether a script sends the files one by one, and puts each answer where the file stands."""
    return request.headers.get("HX-Request") == "true"


def _retyped() -> dict[str, Any]:
    return {name: value for name, value in request.form.items() if name in LABELS or name.startswith("units-")} | {
        name: request.form.get(name, "") for name in ("ai_disclosed", "copy_text")
    }


def _refused(problem: Advice, wrong: Sequence[str]) -> Response:
    if one_by_one():
        told = [Sent(clean_name(each.filename), None, problem) for each in request.files.getlist(_FILES)]
        return page_of(
            "studio/check_sent",
            HTTPStatus.UNPROCESSABLE_ENTITY,
            sent=told,
            wrong=wrong,
            **wording_of_verdicts(),
        )
    return _form(_retyped(), HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem, wrong=wrong)
