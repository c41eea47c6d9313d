"""The public keys of the registry."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field

from api.schemas.base import Answer


class PublicKey(Answer):
    """One public key, as RFC 8037 writes it."""

    kty: str = Field(description="`OKP`.")
    crv: str = Field(description="`Ed25519`.")
    x: str = Field(description="The 32 bytes of the key, in base64url.")
    kid: str = Field(description="Its name; the header of a signature names the same.")
    alg: str = Field(description="`Ed25519` (RFC 9864).")
    use: str = Field(description="`sig`.")
    in_use_from: datetime | None = Field(
        default=None, description="From when on it signed; absent while it waits, published before its use."
    )
    in_use_until: datetime | None = Field(
        default=None, description="Until when it signed, where another has taken its place. What it signed stays valid."
    )


class PublicKeys(Answer):
    """A JWK set (RFC 7517): every key the registry ever signed with, oldest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "keys": [
                        {
                            "kty": "OKP",
                            "crv": "Ed25519",
                            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                            "kid": "signing-1",
                            "alg": "Ed25519",
                            "use": "sig",
                            "in_use_from": "2026-03-14T15:09:26Z",
                            "in_use_until": None,
                        }
                    ]
                }
            ]
        }
    )

    keys: list[PublicKey]
