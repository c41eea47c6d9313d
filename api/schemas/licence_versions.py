"""Versions of licences: what each says, what is signed of it, and its signatures."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, Language, Moment, Page, Path, Query, Sha256
from api.schemas.examples import Example
from api.schemas.signing_keys import Ed25519Key, Ed25519Signature, text_of
from api.schemas.terms import TERMS_EXAMPLE, Terms
from registry.domain.licences import Side
from registry.domain.signatures import SignatureMethod
from registry.store.licence_versions import LicenceSignature, LicenceVersion

_VERSION: Example = {
    "licence_id": examples.LICENCE,
    "number": 1,
    "title": "Spring campaign",
    "intended_use": "Two radio spots and one online film, made with a synthetic copy of the performer's voice.",
    "terms": TERMS_EXAMPLE,
    "terms_sha256": examples.DIGEST,
    "created_by": examples.ACCOUNT,
    "created_at": examples.NOW,
    "offered_at": None,
    "in_force_at": None,
    "withdrawn_at": None,
    "declined_by": None,
    "declined_reason": None,
    "signatures": [],
}
_AGREEMENT: Example = {
    "type": "licence_agreement",
    "version": 1,
    "licence_id": examples.LICENCE,
    "number": 1,
    "performer_id": examples.PERFORMER,
    "studio_id": examples.ORGANISATION,
    "title": "Spring campaign",
    "intended_use": "Two radio spots.",
    "terms": {"type": "licence_terms", "version": 2},
    "text_sha256": {"en": examples.DIGEST, "ko": examples.DIGEST},
}
_POLICY: Example = {"@type": "Offer", "profile": "urn:likeness-registry:odrl:1", "conflict": "prohibit"}


class VersionPath(Path):
    """Which version of which licence."""

    licence_id: str = Field(examples=[examples.LICENCE])
    number: int = Field(ge=1, examples=[1])


class LicenceTextQuery(Query):
    """In which language."""

    language: Language = Field(default="en", description="`en` or `ko`.")


class SignatureOut(Answer):
    """The signature of one side."""

    side: Side
    method: SignatureMethod = Field(description="`own_key` and `registry_key` are Ed25519; the others are by word.")
    signed_at: Moment
    signed_by: str
    agreement_sha256: Sha256 | None
    public_key: Ed25519Key | None
    signature: Ed25519Signature | None
    evidence_sha256: Sha256 | None = Field(description="Of the signed paper.")

    @classmethod
    def of(cls, signature: LicenceSignature) -> SignatureOut:
        """Describe a signature."""
        return cls(
            side=signature.side,
            method=signature.method,
            signed_at=signature.signed_at,
            signed_by=signature.signed_by,
            agreement_sha256=signature.agreement_sha256,
            public_key=None if signature.public_key is None else text_of(signature.public_key),
            signature=None if signature.signature is None else text_of(signature.signature),
            evidence_sha256=signature.evidence_sha256,
        )


class VersionOut(Answer):
    """One version of a licence."""

    model_config = ConfigDict(json_schema_extra={"examples": [_VERSION]})

    licence_id: str
    number: int
    title: str
    intended_use: str
    terms: Terms
    terms_sha256: Sha256 = Field(description="Of the canonical JSON of the terms, in the form they were agreed in.")
    created_by: str
    created_at: Moment
    offered_at: Moment | None
    in_force_at: Moment | None
    withdrawn_at: Moment | None
    declined_by: str | None = Field(description="Who declined it, where a side did.")
    declined_reason: str | None = Field(description="In the words of who declined it.")
    signatures: list[SignatureOut]

    @classmethod
    def of(cls, version: LicenceVersion) -> VersionOut:
        """Describe a version."""
        return cls(
            licence_id=version.licence_id,
            number=version.number,
            title=version.title,
            intended_use=version.intended_use,
            terms=Terms.of(version.terms()),
            terms_sha256=version.terms_sha256,
            created_by=version.created_by,
            created_at=version.created_at,
            offered_at=version.offered_at,
            in_force_at=version.in_force_at,
            withdrawn_at=version.withdrawn_at,
            declined_by=version.declined_by,
            declined_reason=version.declined_reason,
            signatures=[SignatureOut.of(signature) for signature in version.signatures],
        )


class VersionPage(Page):
    """Versions, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_VERSION], "next_cursor": None}]})

    items: list[VersionOut]


class AgreementOut(Answer):
    """What both sides sign."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"agreement": _AGREEMENT, "canonical": '{"licence_id":…}', "sha256": examples.DIGEST}]
        }
    )

    agreement: dict[str, Any]
    canonical: str = Field(description="The same by RFC 8785: a signature is over the UTF-8 bytes of this text.")
    sha256: Sha256 = Field(description="Of those bytes; send it as `agreement_sha256` when you sign.")


class LicenceTextOut(Answer):
    """The human text of a version: what people read, made from the terms, its digest part of what is signed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"language": "en", "text": "# Licence of a voice: Spring campaign\n", "sha256": examples.DIGEST}
            ]
        }
    )

    language: str
    text: str = Field(description="Markdown.")
    sha256: Sha256


class SignedOut(Answer):
    """A version with its signatures and its texts, signed by the registry: `likeness licence verify` reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"signed_licence": "eyJhbGciOiJFZDI1NTE5Ii…"}]})

    signed_licence: str = Field(description="A compact JWS of type `likeness-licence+jwt`.")


class PolicyOut(Answer):
    """A version as W3C ODRL 2.2 in JSON-LD."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"odrl": _POLICY}]})

    odrl: dict[str, Any]


class PolicyBody(Body):
    """A policy in ODRL, of the registry's profile."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"odrl": _POLICY}]})

    odrl: dict[str, Any]


class TermsOut(Answer):
    """Terms that were read from a policy, and can be drafted."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"terms": TERMS_EXAMPLE, "sha256": examples.DIGEST}]})

    terms: Terms
    sha256: Sha256
