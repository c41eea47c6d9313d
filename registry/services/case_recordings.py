"""Recordings in a case: whose voice each is, as its side says; those of a source may lie under seal.

What lies under seal is not in the paper but beside it, so that whoever reads papers cannot come by it.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.case_analyses import require_may_mark
from registry.domain.cases import CaseSide, PaperKind
from registry.domain.comparison import Role
from registry.errors import ForbiddenError, InvalidInputError, SealBrokenError
from registry.services.case_access import visible_case
from registry.services.context import Context
from registry.services.unit import Unit
from registry.store import case_analyses
from registry.store.case_analyses import CaseRecording
from registry.store.cases import CasePaper
from registry.vault.keys import WrappedKey, new_data_key
from registry.vault.sealing import bind, open_sealed, seal

_BOUND_AS = "case-recording"


def marks_in(ctx: Context, principal: Principal, case_id: str) -> Mapping[str, CaseRecording]:
    """Answer which papers of a case are recordings, by their ids, to whoever may see the case.

    Raises:
        NotFoundError: no such case that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return case_analyses.recordings_of(session, visible_case(session, principal, case_id)[0].id)


def require_hearable(
    ctx: Context,
    principal: Principal,
    case_id: str,
    *,
    kind: PaperKind,
    content: bytes | None,
    voice: Role | None,
    under_seal: bool,
) -> None:
    """Refuse as a recording of a voice what is none that can be decoded, or that this side does not vouch for.

    It is decoded before any transaction is open, and only for somebody who may file it.

    Raises:
        NotFoundError: no such case that the caller may know of.
        ForbiddenError: this side does not vouch for that voice.
        InvalidInputError: no recording, not sent, or not to be decoded; of media the subclass says why.
    """
    if voice is None:
        if under_seal:
            raise InvalidInputError("only recordings of a source are taken under seal: say whose voice it is")
        return
    principal.require(Scope.CASES_WRITE)
    with ctx.database.read() as session:
        side = visible_case(session, principal, case_id)[1]
    require_may_mark(side, voice, under_seal=under_seal)
    if kind is not PaperKind.RECORDING or content is None:
        raise InvalidInputError("whose voice it is, is said of a recording that is sent", kind=kind.value)
    ctx.decoder.decode_bytes(content)


def mark_of(paper: CasePaper, voice: Role, *, under_seal: bool) -> CaseRecording:
    """Answer the note that a paper is a recording of a voice. It is not written."""
    return CaseRecording(paper_id=paper.id, case_id=paper.case_id, voice=voice, under_seal=under_seal)


def seal_apart(ctx: Context, unit: Unit, mark: CaseRecording, content: bytes) -> None:
    """Seal a recording beside its paper, under a key of its own."""
    key, wrapped = new_data_key(ctx.keys, unit.random_bytes)
    mark.content = seal(content, key, bind(mark.paper_id, _BOUND_AS), unit.random_bytes)
    mark.content_key, mark.content_master_key_id = wrapped.wrapped, wrapped.master_key_id


def require_own(paper: CasePaper, side: CaseSide) -> None:
    """Refuse to let another side than the one that filed it read what lies under seal.

    Raises:
        ForbiddenError: another side asks.
    """
    if side is not paper.side:
        raise ForbiddenError(
            "this recording lies under seal: whoever heard it would know who the source is. It is heard in analyses",
            side=side.value,
        )


def content_apart(ctx: Context, session: Session, mark: CaseRecording) -> bytes:
    """Answer a recording that lies under seal.

    Raises:
        SealBrokenError: what was sealed was changed.
    """
    session.refresh(mark, ["content"])
    if mark.content is None or mark.content_key is None or mark.content_master_key_id is None:
        raise SealBrokenError("nothing lies under the seal of this recording", paper_id=mark.paper_id)
    key = ctx.keys.unwrap(WrappedKey(mark.content_master_key_id, mark.content_key))
    return open_sealed(mark.content, key, bind(mark.paper_id, _BOUND_AS))
