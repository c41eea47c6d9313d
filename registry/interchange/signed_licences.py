"""Signed licences: an agreement with both signatures and its texts, as one signed file that stands by itself.

The registry signs the whole (JWS, type `TOKEN_TYPE`), which says that the keys in it were those of the two sides; each
side's own Ed25519 signature is over the canonical bytes (RFC 8785) of the agreement alone, and is checked by itself.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from registry.domain.licences import Side
from registry.domain.reading import Node
from registry.domain.signatures import AGREEMENT_TYPE, AGREEMENT_VERSION, SignatureMethod
from registry.domain.terms import LicenceTerms
from registry.domain.terms_reading import terms_of_json
from registry.errors import InvalidInputError

TOKEN_TYPE = "likeness-licence+jwt"  # noqa: S105  (the type of a document)
VERSION = 1


@dataclass(frozen=True, slots=True)
class SideSignature:
    """How one side has signed.

    Attributes:
        side, method: who, and how.
        signed_at, signed_by: when, and by which account.
        agreement_sha256: digest of what was signed; None for one from before signatures were made.
        public_key, signature: 32 and 64 bytes by Ed25519, or None where it was made without a key.
        evidence_sha256: digest of the signed paper, or None.
    """

    side: Side
    method: SignatureMethod
    signed_at: datetime
    signed_by: str
    agreement_sha256: str | None = None
    public_key: bytes | None = None
    signature: bytes | None = None
    evidence_sha256: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Write it."""
        return {
            "side": self.side.value,
            "method": self.method.value,
            "signed_at": self.signed_at.isoformat(),
            "signed_by": self.signed_by,
            "agreement_sha256": self.agreement_sha256,
            "public_key": _text(self.public_key),
            "signature": _text(self.signature),
            "evidence_sha256": self.evidence_sha256,
        }

    @classmethod
    def of_json(cls, node: Node) -> SideSignature:
        """Read what `as_json` wrote."""
        node.only(*cls.__slots__)
        return cls(
            side=node.member("side").one_of(Side),
            method=node.member("method").one_of(SignatureMethod),
            signed_at=_moment(node.member("signed_at")),
            signed_by=node.member("signed_by").text(),
            agreement_sha256=_maybe_text(node, "agreement_sha256"),
            public_key=_maybe_bytes(node, "public_key"),
            signature=_maybe_bytes(node, "signature"),
            evidence_sha256=_maybe_text(node, "evidence_sha256"),
        )


@dataclass(frozen=True, slots=True)
class SignedLicence:
    """One version of a licence, whole.

    Attributes:
        agreement: as both sides sign it.
        signatures: one of each side that has signed.
        texts: the human text by language, whose digests the agreement holds.
        in_force_at: when it came into force, or None.
        issued_at: when the file was made.
    """

    agreement: Mapping[str, Any]
    signatures: tuple[SideSignature, ...]
    texts: Mapping[str, str]
    in_force_at: datetime | None
    issued_at: datetime

    def claims(self) -> dict[str, Any]:
        """Answer what the registry signs."""
        return {
            "ver": VERSION,
            "iat": int(self.issued_at.timestamp()),
            "agreement": dict(self.agreement),
            "signatures": [signature.as_json() for signature in self.signatures],
            "texts": dict(self.texts),
            "in_force_at": None if self.in_force_at is None else self.in_force_at.isoformat(),
        }

    @classmethod
    def of_claims(cls, claims: Mapping[str, Any]) -> SignedLicence:
        """Read claims whose signature was checked.

        Raises:
            InvalidInputError: of an unknown version, or something is missing; figure ``pointer``.
        """
        node = Node(dict(claims)).only("ver", "iat", "agreement", "signatures", "texts", "in_force_at")
        if node.member("ver").integer() != VERSION:
            raise node.member("ver").refuse(f"version {VERSION} of a signed licence is needed")
        agreement = node.member("agreement")
        agreement.tagged(AGREEMENT_TYPE, {AGREEMENT_VERSION})
        in_force_at, texts = node.maybe("in_force_at"), node.member("texts")
        if not isinstance(texts.value, dict) or not isinstance(agreement.value, dict):
            raise node.refuse("agreement and texts are objects")
        return cls(
            agreement=agreement.value,
            signatures=node.member("signatures").each(SideSignature.of_json),
            texts={language: texts.member(language).text() for language in texts.value},
            in_force_at=None if in_force_at is None else _moment(in_force_at),
            issued_at=datetime.fromtimestamp(node.member("iat").integer(), tz=UTC),
        )

    def terms(self) -> LicenceTerms:
        """Answer the terms of the agreement."""
        return terms_of_json(Node(dict(self.agreement)).member("terms").value)


def _text(content: bytes | None) -> str | None:
    return None if content is None else urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def _maybe_text(node: Node, name: str) -> str | None:
    found = node.maybe(name)
    return None if found is None else found.text()


def _maybe_bytes(node: Node, name: str) -> bytes | None:
    text = _maybe_text(node, name)
    if text is None:
        return None
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise InvalidInputError(f"{name} is not base64url", member=name) from error


def _moment(node: Node) -> datetime:
    try:
        found = datetime.fromisoformat(node.text())
    except ValueError as error:
        raise node.refuse("a moment is needed") from error
    if found.tzinfo is None:
        raise node.refuse("a moment with its zone is needed")
    return found
