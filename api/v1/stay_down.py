"""Stay-down: the recordings that a served notice is about, told again by their content and never by a voice."""

from __future__ import annotations

from flask import Response

from api.answers import answer, created
from api.headers import ChangeHeaders, entity_tag
from api.idempotency import idempotent
from api.paging import whole
from api.rate_limits import spends
from api.rates import Budget
from api.schemas.notices import NoticePath
from api.schemas.stay_down import FingerprintIn, StayDownEntryOut, StayDownPage, StayDownPath
from api.state import context, principal
from api.uploads import upload_of
from api.v1.resource import new_resource
from registry.services import stay_down

resource = new_resource("stay down", "Recordings that served notices are about, told again by their content.")


@resource.get("/notices/<id:notice_id>/stay-down", responses={200: StayDownPage})
def list_stay_down(path: NoticePath) -> Response:
    """List the recordings of a notice that are looked for in what is submitted, and until when."""
    found = stay_down.list_entries(context(), principal(), path.notice_id)
    return whole(found, StayDownPage, StayDownEntryOut.of)


@resource.post("/notices/<id:notice_id>/stay-down", responses={201: StayDownEntryOut})
@spends(Budget.CHECKS)
@idempotent()
def add_stay_down_fingerprint(path: NoticePath, form: FingerprintIn) -> Response:
    """Let a recording be told in another encoding: send the very file that the notice names. It is not kept."""
    entry = stay_down.add_fingerprint(context(), principal(), path.notice_id, upload=upload_of(form.file))
    location = f"/v1/notices/{entry.notice_id}/stay-down"
    return created(StayDownEntryOut.of(entry), location, tag=entity_tag(entry.version))


@resource.post("/notices/<id:notice_id>/stay-down/<id:stay_down_id>/end", responses={200: StayDownEntryOut})
@idempotent()
def end_stay_down(path: StayDownPath, header: ChangeHeaders) -> Response:
    """End one entry by hand. Its fingerprint is erased."""
    entry = stay_down.end_entry(context(), principal(), path.notice_id, path.stay_down_id, if_version=header.version())
    return answer(StayDownEntryOut.of(entry), tag=entity_tag(entry.version))
