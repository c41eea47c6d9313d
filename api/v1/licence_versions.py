"""Versions of licences."""

from __future__ import annotations

from hashlib import sha256

from flask import Response

from api.answers import answer
from api.idempotency import idempotent
from api.schemas.licence_versions import (
    AgreementOut,
    LicenceTextOut,
    LicenceTextQuery,
    PolicyBody,
    PolicyOut,
    SignedOut,
    TermsOut,
    VersionOut,
    VersionPage,
    VersionPath,
)
from api.schemas.licences import LicencePath
from api.schemas.terms import Terms
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import licence_versions, odrl_import
from registry.vault.signing import canonical

resource = new_resource("licence-versions", "What each version of a licence says, and what is signed of it.")


@resource.get("/licences/<id:licence_id>/versions", responses={200: VersionPage})
def list_licence_versions(path: LicencePath) -> Response:
    """List every version of a licence, with its signatures."""
    found = licence_versions.list_versions(context(), principal(), path.licence_id)
    return answer(VersionPage(items=[VersionOut.of(version) for version in found], next_cursor=None))


@resource.get("/licences/<id:licence_id>/versions/<int:number>", responses={200: VersionOut})
def get_licence_version(path: VersionPath) -> Response:
    """Answer one version."""
    return answer(VersionOut.of(licence_versions.get_version(context(), principal(), path.licence_id, path.number)))


@resource.get("/licences/<id:licence_id>/versions/<int:number>/agreement", responses={200: AgreementOut})
def get_licence_agreement(path: VersionPath) -> Response:
    """Answer what both sides sign of a version, its canonical form, and the digest of that."""
    agreement = licence_versions.agreement_of(context(), principal(), path.licence_id, path.number)
    signed = canonical(agreement)
    return answer(AgreementOut(agreement=agreement, canonical=signed.decode(), sha256=sha256(signed).hexdigest()))


@resource.get("/licences/<id:licence_id>/versions/<int:number>/text", responses={200: LicenceTextOut})
def get_licence_text(path: VersionPath, query: LicenceTextQuery) -> Response:
    """Answer the human text of a version."""
    _, text = licence_versions.text_of(
        context(), principal(), path.licence_id, language=query.language, number=path.number
    )
    return answer(LicenceTextOut(language=query.language, text=text, sha256=sha256(text.encode()).hexdigest()))


@resource.get("/licences/<id:licence_id>/versions/<int:number>/odrl", responses={200: PolicyOut})
def get_licence_odrl(path: VersionPath) -> Response:
    """Answer a version as W3C ODRL 2.2 in JSON-LD."""
    return answer(
        PolicyOut(odrl=licence_versions.odrl_of_version(context(), principal(), path.licence_id, path.number))
    )


@resource.get("/licences/<id:licence_id>/versions/<int:number>/signed", responses={200: SignedOut})
def get_signed_licence(path: VersionPath) -> Response:
    """Answer a version with its signatures and its texts as one signed file that can be checked anywhere."""
    token = licence_versions.signed_licence(context(), principal(), path.licence_id, path.number)
    return answer(SignedOut(signed_licence=token))


@resource.post("/odrl/terms", responses={200: TermsOut})
@idempotent()
def read_odrl_terms(body: PolicyBody) -> Response:
    """Read terms from a policy in ODRL, to draft a licence with. Nothing is kept."""
    terms, digest = odrl_import.terms_from_policy(principal(), body.odrl)
    return answer(TermsOut(terms=Terms.of(terms), sha256=digest))
