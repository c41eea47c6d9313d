"""Signatures on licences: how one was made, and what exactly is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from registry.domain.terms_document import Json

AGREEMENT_TYPE = "licence_agreement"
AGREEMENT_VERSION = 1
KEY_REGISTRATION_TYPE = "signing_key_registration"


class Custody(StrEnum):
    """Who keeps the private half of a key."""

    ACCOUNT = "account"  # who signs; the registry has only ever seen the public half
    REGISTRY = "registry"  # the registry, sealed; it signs when the account asks it to, signed in


class SignatureMethod(StrEnum):
    """How a side has signed. The list only grows."""

    OWN_KEY = "own_key"  # Ed25519 by a key that only the account has
    REGISTRY_KEY = "registry_key"  # Ed25519 by a key that the registry keeps for the account
    PAPER = "paper"  # by hand; an operator has recorded it, with the digest of the paper
    SIGNED_IN = "signed_in"  # by an authenticated call, before signatures were made: nothing to verify


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of a licence, as both sides sign it.

    Attributes:
        licence_id, number: which licence, and which version of it.
        performer_id, studio_id: its parties.
        title: a name for people.
        intended_use: in words: what the voice will be used for.
        terms: the document of the terms, of whichever version it was written in.
        text_sha256: hex digest of the human text in each language that it is written in.
    """

    licence_id: str
    number: int
    performer_id: str
    studio_id: str
    title: str
    intended_use: str
    terms: Mapping[str, object]
    text_sha256: Mapping[str, str]

    def as_json(self) -> Json:
        """Write what is signed: its canonical bytes (RFC 8785) are what a signature stands for."""
        return {
            "type": AGREEMENT_TYPE,
            "version": AGREEMENT_VERSION,
            "licence_id": self.licence_id,
            "number": self.number,
            "performer_id": self.performer_id,
            "studio_id": self.studio_id,
            "title": self.title,
            "intended_use": self.intended_use,
            "terms": dict(self.terms),
            "text_sha256": dict(self.text_sha256),
        }


def key_registration(account_id: str, public_key: str) -> Json:
    """Write what an account signs to show that it has the private half of a key that it registers.

    Args:
        account_id: of the account; a proof made for one account proves nothing for another.
        public_key: 32 bytes in base64url without padding.
    """
    return {"type": KEY_REGISTRATION_TYPE, "version": 1, "account_id": account_id, "public_key": public_key}
