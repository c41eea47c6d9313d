"""Recordings in a case: whose voice each is, as its side says; those of a source may lie under seal.

What lies under seal is not in the paper but beside it, so that whoever reads papers cannot come by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.case_analyses import require_may_mark
from registry.domain.cases import CaseSide, PaperKind
from registry.domain.comparison import Role
from registry.domain.events import EventType
from registry.domain.salting import SALT_BYTES, salted_digest, told_size
from registry.errors import ForbiddenError, InvalidInputError, SealBrokenError
from registry.services.case_access import visible_case
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import case_analyses
from registry.store.case_analyses import CaseRecording
from registry.store.cases import CasePaper
from registry.vault.keys import WrappedKey, new_data_key
from registry.vault.sealing import bind, open_sealed, seal

_BOUND_AS, _SALT_BOUND_AS = "case-recording", "case-recording-salt"
_SYSTEM = "system"


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


def seal_apart(ctx: Context, unit: Unit, mark: CaseRecording, content: bytes) -> str:
    """Seal a recording beside its paper, under a key of its own; answer the salted digest that is told of it."""
    key, wrapped = new_data_key(ctx.keys, unit.random_bytes)
    mark.content = seal(content, key, bind(mark.paper_id, _BOUND_AS), unit.random_bytes)
    mark.content_key, mark.content_master_key_id = wrapped.wrapped, wrapped.master_key_id
    return _salt(unit, mark, key, hashlib.sha256(content).hexdigest())


def _salt(unit: Unit, mark: CaseRecording, key: bytes, sha256: str) -> str:
    salt = unit.random_bytes(SALT_BYTES)
    mark.salt = seal(salt, key, bind(mark.paper_id, _SALT_BOUND_AS), unit.random_bytes)
    return salted_digest(salt, sha256)


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


def salts_in(ctx: Context, principal: Principal, case_id: str) -> Mapping[str, str]:
    """Answer the salts of the recordings that the caller's side filed under seal, as hex by their papers' ids.

    With one, that side can show of which recording the digest is. The other side, and the registry's people, get none.

    Raises:
        NotFoundError: no such case that the caller may know of.
        SealBrokenError: what was sealed was changed.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        case, side = visible_case(session, principal, case_id)
        sealed = [mark for mark in case_analyses.recordings_of(session, case.id).values() if mark.under_seal]
        papers = case_analyses.papers_named(session, case.id, [mark.paper_id for mark in sealed])
        own = [mark for mark in sealed if papers[mark.paper_id].side is side]
        found = {mark.paper_id: opened_salt(ctx, mark) for mark in own}
    return {paper_id: salt.hex() for paper_id, salt in found.items() if salt is not None}


def opened_salt(ctx: Context, mark: CaseRecording) -> bytes | None:
    """Answer the salt of the digest of a recording under seal; None where it has none.

    Raises:
        SealBrokenError: what was sealed was changed.
    """
    if mark.salt is None or len(mark.salt) == SALT_BYTES:
        return mark.salt
    return open_sealed(mark.salt, _key_of(ctx, mark), bind(mark.paper_id, _SALT_BOUND_AS))


def salt_late(ctx: Context) -> int:
    """Seal salts that a migration made without keys, and salt digests that an older process wrote plain.

    Answer how many there were. The journal says of each by which digest it is told from here on.
    """
    with unit_of_work(ctx) as unit:
        found = case_analyses.salts_to_seal(unit.session, SALT_BYTES)
        for mark in found:
            key, paper = _key_of(ctx, mark), unit.session.get_one(CasePaper, mark.paper_id)
            paper.size_bytes = told_size(paper.size_bytes)
            if mark.salt is None:
                paper.sha256 = _salt(unit, mark, key, paper.sha256)
            else:
                mark.salt = seal(mark.salt, key, bind(mark.paper_id, _SALT_BOUND_AS), unit.random_bytes)
            unit.record(EventType.CASE_DIGEST_SALTED, paper.case_id, _SYSTEM, paper_id=paper.id, sha256=paper.sha256)
        if found:
            unit.commit()
    return len(found)


def alike_under_seal(ctx: Context, marks: Mapping[str, CaseRecording], sha256s: Mapping[str, str]) -> Mapping[str, str]:
    """Answer which recordings under seal have the bytes of which of some others, by their papers' ids.

    Args:
        ctx: what verbs work with.
        marks: recordings, by their papers' ids.
        sha256s: what is told of each of them, plain or salted, and plain digests of others, by what they are called.
    """
    salts = {name: opened_salt(ctx, mark) for name, mark in marks.items() if mark.under_seal and name in sha256s}
    plain = {name: sha256 for name, sha256 in sha256s.items() if name not in salts}
    found = {}
    for sealed, salt in salts.items():
        for name, sha256 in plain.items():
            if salt is not None and salted_digest(salt, sha256) == sha256s[sealed]:
                found[sealed] = name
    return found


def _key_of(ctx: Context, mark: CaseRecording) -> bytes:
    if mark.content_key is None or mark.content_master_key_id is None:
        raise SealBrokenError("nothing lies under the seal of this recording", paper_id=mark.paper_id)
    return ctx.keys.unwrap(WrappedKey(mark.content_master_key_id, mark.content_key))


def content_apart(ctx: Context, session: Session, mark: CaseRecording) -> bytes:
    """Answer a recording that lies under seal.

    Raises:
        SealBrokenError: what was sealed was changed.
    """
    session.refresh(mark, ["content"])
    if mark.content is None:
        raise SealBrokenError("nothing lies under the seal of this recording", paper_id=mark.paper_id)
    return open_sealed(mark.content, _key_of(ctx, mark), bind(mark.paper_id, _BOUND_AS))
