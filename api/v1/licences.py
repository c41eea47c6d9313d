"""Licences."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import page
from api.schemas.licences import (
    Declining,
    LicenceChange,
    LicenceOut,
    LicencePage,
    LicencePath,
    LicenceQuery,
    NewLicence,
    ResumeQuery,
    Signature,
    Suspension,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import licence_course, licence_signing, licences
from registry.store.licences import Licence

resource = new_resource("licences", "Agreements of performers and studios, in terms that a machine can decide.")


@resource.post("/licences", responses={201: LicenceOut})
@idempotent()
def draft_licence(body: NewLicence) -> Response:
    """Draft a licence: either side, or an operator for both."""
    licence = licences.draft_licence(
        context(),
        principal(),
        performer_id=body.performer_id,
        studio_id=body.studio_id,
        title=body.title,
        intended_use=body.intended_use,
        terms=body.terms.value(),
    )
    shown = _out(licence)
    return created(shown, f"/v1/licences/{licence.id}", tag=_tag(licence, shown))


@resource.get("/licences", responses={200: LicencePage})
def list_licences(query: LicenceQuery) -> Response:
    """List the licences that one is a party to, or all of them for an operator."""
    found = licences.list_licences(
        context(),
        principal(),
        state=query.state,
        performer_id=query.performer_id,
        after=query.after(IdPrefix.LICENCE),
        limit=query.limit + 1,
    )
    return page(found, query, LicencePage, _out)


@resource.get("/licences/<id:licence_id>", responses={200: LicenceOut})
def get_licence(path: LicencePath) -> Response:
    """Answer one licence."""
    return _answer(licences.get_licence(context(), principal(), path.licence_id))


@resource.patch("/licences/<id:licence_id>", responses={200: LicenceOut})
def change_licence(path: LicencePath, header: ChangeHeaders, body: LicenceChange) -> Response:
    """Change a draft, or a drafted amendment; what is left out stays. What was offered is never changed."""
    changed = licences.change_draft(
        context(),
        principal(),
        path.licence_id,
        title=body.title,
        intended_use=body.intended_use,
        terms=None if body.terms is None else body.terms.value(),
        if_version=header.version(),
    )
    return _answer(changed)


@resource.post("/licences/<id:licence_id>/amend", responses={201: LicenceOut})
@idempotent()
def amend_licence(path: LicencePath, header: ChangeHeaders, body: LicenceChange) -> Response:
    """Draft the next version of a licence in force. The one in force stays so until both sides have signed the next."""
    amended = licences.amend_licence(
        context(),
        principal(),
        path.licence_id,
        title=body.title,
        intended_use=body.intended_use,
        terms=None if body.terms is None else body.terms.value(),
        if_version=header.version(),
    )
    shown = _out(amended)
    return created(shown, f"/v1/licences/{amended.id}/versions/{amended.newest.number}", tag=_tag(amended, shown))


@resource.post("/licences/<id:licence_id>/withdraw-amendment", responses={200: LicenceOut})
@idempotent()
def withdraw_amendment(path: LicencePath, header: ChangeHeaders) -> Response:
    """Take an amendment back that is not in force yet: either side may. What is in force stays."""
    return _answer(licences.withdraw_amendment(context(), principal(), path.licence_id, if_version=header.version()))


@resource.post("/licences/<id:licence_id>/offer", responses={200: LicenceOut})
@idempotent()
def offer_licence(path: LicencePath, header: ChangeHeaders) -> Response:
    """Offer a draft, or a drafted amendment, to be signed. From now on its terms and its texts stand."""
    return _answer(licences.offer_licence(context(), principal(), path.licence_id, if_version=header.version()))


@resource.post("/licences/<id:licence_id>/sign", responses={200: LicenceOut})
@idempotent()
def sign_licence(path: LicencePath, header: ChangeHeaders, body: Signature) -> Response:
    """Sign what was offered for one's own side. When both sides have signed, it is in force.

    What is signed is the canonical agreement of the version (see its `agreement`), by Ed25519: with the account's own
    registered key, or with the key that the registry keeps for the account.
    """
    signed = licence_signing.sign_licence(
        context(),
        principal(),
        path.licence_id,
        side=body.side,
        evidence_sha256=body.evidence_sha256,
        own=body.own(),
        agreement_sha256=body.agreement_sha256,
        if_version=header.version(),
    )
    return _answer(signed)


@resource.post("/licences/<id:licence_id>/decline", responses={200: LicenceOut})
@idempotent()
def decline_licence(path: LicencePath, header: ChangeHeaders, body: Declining) -> Response:
    """Decline what was offered, and say why: a side that has not signed it. What is in force stays."""
    declined = licence_course.decline_offer(
        context(), principal(), path.licence_id, reason=body.reason, if_version=header.version()
    )
    return _answer(declined)


@resource.post("/licences/<id:licence_id>/suspend", responses={200: LicenceOut})
@idempotent()
def suspend_licence(path: LicencePath, header: ChangeHeaders, body: Suspension) -> Response:
    """Let a licence in force rest, and say why. It is no admission of anything."""
    suspended = licence_course.suspend_licence(
        context(), principal(), path.licence_id, reason=body.reason, cause=body.cause, if_version=header.version()
    )
    return _answer(suspended)


@resource.post("/licences/<id:licence_id>/resume", responses={200: LicenceOut})
@idempotent()
def resume_licence(path: LicencePath, header: ChangeHeaders, query: ResumeQuery) -> Response:
    """Lift what the caller may lift of a suspension; the licence rests on as long as anything else holds it."""
    resumed = licence_course.resume_licence(
        context(), principal(), path.licence_id, cause=query.cause, if_version=header.version()
    )
    return _answer(resumed)


@resource.post("/licences/<id:licence_id>/revoke", responses={200: LicenceOut})
@idempotent()
def revoke_licence(path: LicencePath, header: ChangeHeaders) -> Response:
    """End a licence for good. Either side revokes what is not in force yet; the performer's side one that is."""
    return _answer(licence_course.revoke_licence(context(), principal(), path.licence_id, if_version=header.version()))


@resource.post("/licences/<id:licence_id>/payment", responses={200: LicenceOut})
@idempotent()
def confirm_payment(path: LicencePath, header: ChangeHeaders) -> Response:
    """Confirm that the first payment has arrived: the performer's side, who was to get it, or an operator."""
    return _answer(licence_course.confirm_payment(context(), principal(), path.licence_id, if_version=header.version()))


def _answer(licence: Licence) -> Response:
    shown = _out(licence)
    return answer(shown, tag=_tag(licence, shown))


def _out(licence: Licence) -> LicenceOut:
    return LicenceOut.of(licence, context().clock())


def _tag(licence: Licence, shown: LicenceOut) -> str:
    """Answer the entity tag; time alone ends a licence, and then what is shown changes though the record did not."""
    return entity_tag(licence.version, None if shown.state is licence.state else shown.state.value)
