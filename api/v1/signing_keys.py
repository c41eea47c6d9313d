"""Keys that accounts sign licences with."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import whole
from api.schemas.signing_keys import NewSigningKey, SigningKeyOut, SigningKeyPage, SigningKeyPath, bytes_of
from api.state import context, principal
from api.v1.resource import new_resource
from registry.services import signing_keys

resource = new_resource("signing-keys", "Keys that accounts sign licences with: their own, or kept for them.")


@resource.post("/signing-keys", responses={201: SigningKeyOut})
@idempotent()
def register_signing_key(body: NewSigningKey) -> Response:
    """Register a key of one's own; from now on the account signs with it, and the registry no longer for it."""
    key = signing_keys.register_key(
        context(), principal(), public_key=bytes_of(body.public_key), proof=bytes_of(body.proof)
    )
    return created(SigningKeyOut.of(key), "/v1/signing-keys")


@resource.get("/signing-keys", responses={200: SigningKeyPage})
def list_signing_keys() -> Response:
    """List every key that one's account has ever signed with."""
    return whole(signing_keys.list_keys(context(), principal()), SigningKeyPage, SigningKeyOut.of)


@resource.post("/signing-keys/<id:key_id>/retire", responses={200: SigningKeyOut})
@idempotent()
def retire_signing_key(path: SigningKeyPath) -> Response:
    """Stop signing with a key. What it has signed stays verifiable, and valid."""
    return answer(SigningKeyOut.of(signing_keys.retire_key(context(), principal(), path.key_id)))
