"""The public keys of the registry."""

from __future__ import annotations

from flask import Response

from api.answers import answer
from api.schemas.keys import PublicKeys
from api.state import context
from api.v1.resource import new_resource
from registry.vault.signing import public_jwks

resource = new_resource("keys", "What anybody needs to check a signature of the registry.", public=True)


@resource.get("/keys", responses={200: PublicKeys})
def get_keys() -> Response:
    """Answer the public keys that receipts and clearances are signed with, as a JWK set; no token is needed."""
    return answer(PublicKeys.model_validate(public_jwks(context().keys)))
