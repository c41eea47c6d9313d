"""Licences: those of one's own, what one of them says and how it stands, drafting one with the rules beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import Response, request

from api.pages.administrators import ask_administrators
from api.pages.checked import checked
from api.pages.forms import once
from api.pages.language import language
from api.pages.lists import asked, cut
from api.pages.performer.prose import sections
from api.pages.personal import page_of, personal, stands_for, went_on
from api.pages.steps import seen_version, told
from api.pages.studio.drafting import Draft, draft_page, drafted, lint_of
from api.pages.studio.licence_course import course_of
from api.pages.studio.licence_forms import fields_of
from api.pages.studio.refusals import REFUSALS
from api.pages.terms import fees, places, tongues, use_cards
from api.pages.wording import LICENCE_STATES, SUSPENSIONS
from api.schemas.licences import LicenceChange, LicenceOut, LicenceQuery, NewLicence
from api.state import context, principal
from registry.domain.accounts import Scope
from registry.domain.ids import IdPrefix
from registry.domain.licences import Side, SuspensionReason
from registry.domain.terms_document import document_sha256, terms_json
from registry.errors import ConflictError, ForbiddenError, RegistryError
from registry.services import licence_versions, licences, linting, people
from registry.store.licences import Licence

LICENCES: Final = "/licences"
_ONE: Final = f"{LICENCES}/<id:licence_id>"
_OPERATION: Final = "/v1/licences/{licence_id}"
BY_HAND: Final = (
    SuspensionReason.PAUSE_WITHOUT_ADMISSION,
    SuspensionReason.DISPUTE,
    SuspensionReason.NON_PAYMENT,
    SuspensionReason.SECURITY,
)
"""Why somebody suspends a licence by hand, the mildest first."""


@personal.get(LICENCES)
@stands_for("GET /v1/licences")
def show_licences() -> Response:
    """Show the licences that one is a party to, oldest first, by state where one is asked for."""
    query = asked(LicenceQuery)
    found = licences.list_licences(
        context(), principal(), state=query.state, after=query.after(IdPrefix.LICENCE), limit=query.limit + 1
    )
    items, cursor = cut(found, query)
    now = context().clock()
    return page_of(
        "studio/licences",
        items=[LicenceOut.of(each, now) for each in items],
        cursor=cursor,
        state=query.state,
        states=LICENCE_STATES,
        names=names_of(items),
        may_draft=Scope.LICENCES_WRITE in principal().scopes,
        to_ask=ask_administrators(),
    )


def names_of(found: Sequence[Licence]) -> Mapping[str, str]:
    """Answer what both sides of licences are called, by id: to a studio only performers it has, or had, one with."""
    names = dict(people.parties_named(context(), principal(), {each.performer_id for each in found}))
    return names | dict(people.organisations_named(context(), {each.studio_id for each in found}))


# --- drafting --------------------------------------------------------------------------------------------------------


@personal.get(f"{LICENCES}/new")
@stands_for("POST /v1/licences", "POST /v1/lint", "POST /v1/odrl/terms")
def show_new_licence() -> Response:
    """Show the form of a licence; with a use that it is to permit, where the address says one."""
    principal().require(Scope.LICENCES_WRITE)
    return draft_page(Draft.new(request.args.get("performer_id", ""), request.args))


@personal.post(f"{LICENCES}/new")
@stands_for("POST /v1/licences")
@once
def draft_licence() -> Response:
    """Draft a licence."""
    principal().require(Scope.LICENCES_WRITE)
    draft = Draft.sent()
    try:
        body = checked(NewLicence, performer_id=draft.fields.get("performer_id", ""), **drafted(draft.fields))
        licence = licences.draft_licence(
            context(),
            principal(),
            performer_id=body.performer_id,
            studio_id=None,
            title=body.title,
            intended_use=body.intended_use,
            terms=body.terms.value(),
        )
    except RegistryError as error:
        return draft_page(draft.refused(error))
    return went_on(f"{LICENCES}/{licence.id}", done="drafted")


@personal.get(f"{_ONE}/edit")
@stands_for(f"GET {_OPERATION}", f"PATCH {_OPERATION}", f"POST {_OPERATION}/amend")
def show_draft(licence_id: str) -> Response:
    """Show the form of a draft, or of the next version of what is in force."""
    principal().require(Scope.LICENCES_WRITE)
    return draft_page(_draft_of(licences.get_licence(context(), principal(), licence_id)))


def _draft_of(licence: Licence) -> Draft:
    newest = licence.newest
    fields = fields_of(terms_json(newest.terms()))
    fields.update({"title": newest.title, "intended_use": newest.intended_use, "version": str(licence.version)})
    return Draft(fields, licence)


@personal.post(f"{_ONE}/edit")
@stands_for(f"PATCH {_OPERATION}")
@once
def change_licence(licence_id: str) -> Response:
    """Change a draft, or a drafted amendment."""
    return _written(licence_id, licences.change_draft, "changed")


@personal.post(f"{_ONE}/amend")
@stands_for(f"POST {_OPERATION}/amend")
@once
def amend_licence(licence_id: str) -> Response:
    """Draft the next version of a licence in force; the one in force stays until both sides have signed the next."""
    return _written(licence_id, licences.amend_licence, "amended")


def _written(licence_id: str, write: Any, done: str) -> Response:
    principal().require(Scope.LICENCES_WRITE)
    licence = licences.get_licence(context(), principal(), licence_id)
    draft = Draft.sent(licence)
    try:
        body = checked(LicenceChange, **drafted(draft.fields))
        write(
            context(),
            principal(),
            licence_id,
            title=body.title,
            intended_use=body.intended_use,
            terms=None if body.terms is None else body.terms.value(),
            if_version=seen_version(),
        )
    except RegistryError as error:
        return draft_page(draft.refused(error))
    return went_on(f"{LICENCES}/{licence_id}", done=done)


# --- one licence -----------------------------------------------------------------------------------------------------


@personal.get(_ONE)
@stands_for(f"GET {_OPERATION}", f"POST {_OPERATION}/lint", f"GET {_OPERATION}/versions")
def show_licence_to_studio(licence_id: str) -> Response:
    """Show how a licence stands, what comes next, what it says in short, and what the rules find in it today."""
    return licence_page(licence_id)


def licence_page(licence_id: str, error: RegistryError | None = None) -> Response:
    """Answer the page of a licence as it stands now.

    Args:
        licence_id: of the licence.
        error: why what was sent could not be done; None where nothing was.
    """
    status, problem = (HTTPStatus.OK, None) if error is None else told(error, REFUSALS)
    licence = licences.get_licence(context(), principal(), licence_id)
    shown, terms = LicenceOut.of(licence, context().clock()), licence.newest.terms()
    return page_of(
        "studio/licence",
        status,
        licence=shown,
        names=names_of([licence]),
        newest=licence.newest,
        is_draft=licence.newest.offered_at is None,
        is_amendment=licence.newest.number != shown.number,
        state_words=LICENCE_STATES,
        suspension_words=SUSPENSIONS,
        causes=BY_HAND,
        mine=side_of(licence),
        cards=use_cards(terms),
        terms=terms,
        places=places(terms.territories),
        tongues=tongues(terms.languages),
        fees=fees(terms.pay),
        lint=lint_of(linting.lint_licence(context(), principal(), licence_id)),
        course=course_of(licence),
        may_write=Scope.LICENCES_WRITE in principal().scopes,
        to_ask=ask_administrators(),
        problem=problem,
        detail=error.detail if isinstance(error, ConflictError) else None,
        typed=request.form,
        done=request.args.get("done", ""),
    )


def side_of(licence: Licence) -> Side | None:
    """Answer for which side the reader may act; None for an operator, and where a mandate does not reach so far."""
    try:
        return licences.side_of(principal(), licence)
    except ForbiddenError:
        return None


@personal.get(f"{_ONE}/text")
@stands_for(f"GET {_OPERATION}/versions/{{number}}/text", f"GET {_OPERATION}/versions/{{number}}/agreement")
def show_licence_text(licence_id: str) -> Response:
    """Show the whole human text of the newest version, as both sides sign it, and let one's own side sign it."""
    licence = licences.get_licence(context(), principal(), licence_id)
    number = licence.newest.number
    _version, text = licence_versions.text_of(context(), principal(), licence_id, language=language(), number=number)
    agreement = licence_versions.agreement_of(context(), principal(), licence_id, number)
    mine = side_of(licence)
    return page_of(
        "studio/licence_text",
        licence_id=licence_id,
        licence=licence,
        sections=sections(text),
        agreement_sha256=document_sha256(agreement),
        may_sign=mine is not None
        and Scope.LICENCES_WRITE in principal().scopes
        and licence.newest.is_open
        and licence.newest.offered_at is not None
        and licence.newest.signature_of(mine) is None,
    )
