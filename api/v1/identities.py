"""Identities at the identity provider."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import page
from api.schemas.accounts import AccountPath
from api.schemas.identities import IdentityPage, IdentityPath, IdentityQuery, NewIdentity, SignInIdentityOut
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import identities
from registry.store.identities import Identity

resource = new_resource("identities", "Who signs in by the identity provider, and as which account.")


@resource.get("/identities", responses={200: IdentityPage})
def list_identities(query: IdentityQuery) -> Response:
    """List the identities of an account."""
    found = identities.list_identities(
        context(),
        principal(),
        account_id=query.account_id,
        after=query.after(IdPrefix.IDENTITY),
        limit=query.limit + 1,
    )
    return page(found, query, IdentityPage, _out)


@resource.post("/accounts/<id:account_id>/identities", responses={201: SignInIdentityOut})
@idempotent()
def connect_identity(path: AccountPath, body: NewIdentity) -> Response:
    """Connect an identity to an account by its subject at the provider; for operators.

    Everybody else connects their own where they are signed in.
    """
    identity = identities.connect_by_hand(context(), principal(), path.account_id, body.subject)
    return created(_out(identity), f"/v1/identities?account_id={identity.account_id}")


@resource.post("/identities/<id:identity_id>/disconnect", responses={200: SignInIdentityOut})
@idempotent()
def disconnect_identity(path: IdentityPath) -> Response:
    """Disconnect an identity: nobody signs in by it any more, and the sessions it has opened end."""
    return answer(_out(identities.disconnect(context(), principal(), path.identity_id)))


def _out(identity: Identity) -> SignInIdentityOut:
    return SignInIdentityOut(
        id=identity.id,
        account_id=identity.account_id,
        issuer=identity.issuer,
        connected_by=identity.connected_by,
        connected_at=identity.connected_at,
    )
