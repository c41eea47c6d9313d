"""Source attestations, and the two operators who unseal one."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.idempotency import idempotent
from api.paging import PageQuery, page, whole
from api.schemas.attestations import (
    AttestationOut,
    AttestationPage,
    AttestationPath,
    IdentityOut,
    NewAttestation,
    UnsealingOut,
    UnsealingPage,
    UnsealingPath,
    UnsealingReason,
)
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.ids import IdPrefix
from registry.services import attestations, unsealing
from registry.store.proposals import Proposal

resource = new_resource("attestations", "Whose voice a synthetic voice was made from, said on the day it is made.")


@resource.post("/attestations", responses={201: AttestationOut})
@idempotent()
def attest_source(body: NewAttestation) -> Response:
    """Attest the source of a synthetic voice. It is never changed, and the journal says when it was made.

    A source under seal gets a performer record without a name: it consents, enrols and licenses as that, and a check
    may declare the attestation's id as its source.
    """
    attested = attestations.attest_source(context(), principal(), body.attested(), body.source.value())
    return created(AttestationOut.of(attested), f"/v1/attestations/{attested.id}")


@resource.get("/attestations", responses={200: AttestationPage})
def list_attestations(query: PageQuery) -> Response:
    """List attestations, oldest first: of one's own studio, or all of them for an operator."""
    after = query.after(IdPrefix.ATTESTATION)
    found = attestations.list_attestations(context(), principal(), after=after, limit=query.limit + 1)
    return page(found, query, AttestationPage, AttestationOut.of)


@resource.get("/attestations/<id:attestation_id>", responses={200: AttestationOut})
def get_attestation(path: AttestationPath) -> Response:
    """Answer one attestation."""
    return answer(AttestationOut.of(attestations.get_attestation(context(), principal(), path.attestation_id)))


@resource.post("/attestations/<id:attestation_id>/unsealings", responses={201: UnsealingOut})
@idempotent()
def request_unsealing(path: AttestationPath, body: UnsealingReason) -> Response:
    """Ask to read who a sealed source is: an operator. Another one must agree within three days."""
    request = unsealing.request_unsealing(context(), principal(), path.attestation_id, reason=body.reason)
    return created(_out(request), f"/v1/attestations/{request.attestation_id}/unsealings")


@resource.get("/attestations/<id:attestation_id>/unsealings", responses={200: UnsealingPage})
def list_unsealings(path: AttestationPath) -> Response:
    """List who asked to read a sealed source, and who agreed: for operators."""
    return whole(unsealing.list_unsealings(context(), principal(), path.attestation_id), UnsealingPage, _out)


@resource.post("/attestations/<id:attestation_id>/unsealings/<id:unsealing_id>/approve", responses={200: UnsealingOut})
@idempotent()
def approve_unsealing(path: UnsealingPath, body: UnsealingReason) -> Response:
    """Agree, as another operator than the one who asked. From now on both can read it, for a day."""
    request = unsealing.approve_unsealing(
        context(), principal(), path.attestation_id, path.unsealing_id, reason=body.reason
    )
    return answer(_out(request))


@resource.post("/attestations/<id:attestation_id>/unsealings/<id:unsealing_id>/reveal", responses={200: IdentityOut})
def reveal_source(path: UnsealingPath) -> Response:
    """Read who a sealed source is: one of the two operators. Each reading is journalled, and none is kept."""
    identity = unsealing.reveal_source(context(), principal(), path.attestation_id, path.unsealing_id)
    return answer(IdentityOut(name=identity.name, contact=identity.contact, note=identity.note))


def _out(request: Proposal) -> UnsealingOut:
    return UnsealingOut.of(request, context().clock())
