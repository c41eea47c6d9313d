"""Keys that accounts sign licences with."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.schemas import examples
from api.schemas.base import Answer, Body, Moment, Page, Path
from api.schemas.examples import Example
from registry.domain.signatures import Custody
from registry.store.signing_keys import SigningKey

_KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
_SIGNATURE = "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc-bRr0lv18FlbviRlUUFDjnoQCw"

Ed25519Key = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$"), Field(description="32 bytes in base64url, unpadded.")
]
Ed25519Signature = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{86}$"), Field(description="64 bytes in base64url, unpadded.")
]


def bytes_of(text: str) -> bytes:
    """Read base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def text_of(content: bytes) -> str:
    """Write base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


_EXAMPLE: Example = {
    "id": examples.SIGNING_KEY,
    "account_id": examples.ACCOUNT,
    "custody": "account",
    "public_key": _KEY,
    "created_at": examples.NOW,
    "retired_at": None,
}


class SigningKeyPath(Path):
    """Which key."""

    key_id: str = Field(examples=[examples.SIGNING_KEY])


class NewSigningKey(Body):
    """A key of one's own, with the proof that one has its private half.

    The proof is a signature by that key over the canonical JSON (RFC 8785) of
    `{"type": "signing_key_registration", "version": 1, "account_id": …, "public_key": …}`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"public_key": _KEY, "proof": _SIGNATURE}]})

    public_key: Ed25519Key
    proof: Ed25519Signature


class SigningKeyOut(Answer):
    """A key that an account signs with, or once did."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    account_id: str
    custody: Custody = Field(
        description="`account`: only the account has it; `registry`: the registry keeps it, sealed."
    )
    public_key: Ed25519Key
    created_at: Moment
    retired_at: Moment | None

    @classmethod
    def of(cls, key: SigningKey) -> SigningKeyOut:
        """Describe a key, without its private half."""
        return cls(
            id=key.id,
            account_id=key.account_id,
            custody=key.custody,
            public_key=text_of(key.public_key),
            created_at=key.created_at,
            retired_at=key.retired_at,
        )


class SigningKeyPage(Page):
    """Keys, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[SigningKeyOut]
