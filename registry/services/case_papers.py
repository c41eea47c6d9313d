"""What the two sides, and the registry, file in a case; and who has read it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session, undefer

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseSide, PaperKind
from registry.domain.comparison import Role
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.salting import told_size
from registry.domain.time_zones import still_to_come
from registry.errors import DuplicateError, InvalidInputError, NotFoundError
from registry.services.case_access import Acting, acting, journal, visible_case
from registry.services.case_recordings import (
    alike_under_seal,
    content_apart,
    mark_of,
    require_hearable,
    require_own,
    seal_apart,
)
from registry.services.context import Context
from registry.services.unit import Unit, unit_of_work
from registry.store import case_analyses, cases
from registry.store.case_analyses import CaseRecording
from registry.store.cases import Case, CasePaper, CaseReading
from registry.vault.keys import WrappedKey, new_data_key
from registry.vault.sealing import bind, open_sealed, seal

LARGEST_DOCUMENT = 16 * 2**20
"""Bytes of one document."""

MOST_PAPERS = 500
"""In one case, of both sides together."""

_BOUND_AS = "case-paper"


def file_statement(ctx: Context, principal: Principal, case_id: str, *, title: str, text: str) -> CasePaper:
    """File what a side has to say. It is never changed; who wants to say something else files another.

    Raises:
        NotFoundError: no such case that the caller may know of.
        DuplicateError: this side has filed the very same before; figure ``paper_id``.
        ConflictError: there are as many papers in the case as there can be.
    """
    said = text.encode()
    with unit_of_work(ctx) as unit:
        by = acting(unit, principal, case_id)
        paper = _new_paper(by, PaperKind.STATEMENT, title, said)
        paper.text = text
        _file(by, paper)
    return paper


def file_document(
    ctx: Context,
    principal: Principal,
    case_id: str,
    *,
    kind: PaperKind,
    title: str,
    dated_on: date | None,
    content: bytes | None,
    sha256: str | None = None,
    voice: Role | None = None,
    under_seal: bool = False,
) -> CasePaper:
    """File a document: what is in it, sealed under a key of its own, or its digest alone, for who keeps it.

    A recording of which it is said whose voice it is can be heard in an analysis. One of a source may lie under seal:
    nobody but its own side reads it.

    Args:
        kind: what it is; a statement is filed by `file_statement`.
        title: for people.
        dated_on: the day that it bears, or None.
        content: of the document, at most `LARGEST_DOCUMENT` bytes.
        sha256: its digest, where the content stays with whoever files it.
        voice: whose voice it is a recording of, as this side says.
        under_seal: whether the other side, and the registry's people, are kept from hearing it.

    Raises:
        NotFoundError, DuplicateError, ConflictError: as `file_statement`.
        ForbiddenError: this side does not vouch for recordings of that voice.
        InvalidInputError: neither content nor digest, both, too large, dated in the future, or said to be a recording
            and none that can be decoded.
    """
    if kind is PaperKind.STATEMENT:
        raise InvalidInputError("a statement is text: file it as one")
    if (content is None) == (sha256 is None):
        raise InvalidInputError("send the document, or its SHA-256 where it stays with you: one of both")
    if content is not None and not 0 < len(content) <= LARGEST_DOCUMENT:
        raise InvalidInputError(
            f"the document has {len(content)} bytes; from 1 to {LARGEST_DOCUMENT} are taken",
            bytes=len(content),
            most=LARGEST_DOCUMENT,
        )
    require_hearable(ctx, principal, case_id, kind=kind, content=content, voice=voice, under_seal=under_seal)
    with unit_of_work(ctx) as unit:
        by = acting(unit, principal, case_id)
        if dated_on is not None and still_to_come(dated_on, unit.now):
            raise InvalidInputError(f"a document cannot be of {dated_on}, in the future", dated_on=dated_on.isoformat())
        paper = _new_paper(by, kind, title, content or b"")
        paper.dated_on = dated_on
        mark = None if voice is None else mark_of(paper, voice, under_seal=under_seal)
        _require_not_under_seal(ctx, by, sha256 or paper.sha256)
        told = None
        if sha256 is not None:
            paper.sha256, paper.size_bytes = sha256, 0
        elif mark is not None and under_seal:
            told = seal_apart(ctx, unit, mark, content or b"")
            paper.size_bytes = told_size(paper.size_bytes)
        else:
            _seal(ctx, unit, paper, content or b"")
        _file(by, paper, mark, told)
    return paper


def _require_not_under_seal(ctx: Context, by: Acting, sha256: str) -> None:
    """Refuse what this side has filed under seal already: of that another digest is told than the one of its bytes."""
    marks = case_analyses.recordings_of(by.unit.session, by.case.id)
    papers = case_analyses.papers_named(by.unit.session, by.case.id, marks)
    told = {paper.id: paper.sha256 for paper in papers.values() if paper.side is by.side and marks[paper.id].under_seal}
    for paper_id in alike_under_seal(ctx, marks, {**told, "new": sha256}):
        raise DuplicateError(f"the {by.side.value} has filed this already: {paper_id}", paper_id=paper_id)


def _new_paper(by: Acting, kind: PaperKind, title: str, content: bytes) -> CasePaper:
    return CasePaper(
        id=by.unit.new_id(IdPrefix.CASE_PAPER),
        case_id=by.case.id,
        kind=kind,
        side=by.side,
        title=title,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        after_step=cases.steps_taken(by.unit.session, by.case.id),
        filed_by=by.principal.account_id,
        filed_at=by.unit.now,
    )


def _seal(ctx: Context, unit: Unit, paper: CasePaper, content: bytes) -> None:
    key, wrapped = new_data_key(ctx.keys, unit.random_bytes)
    paper.content = seal(content, key, bind(paper.id, _BOUND_AS), unit.random_bytes)
    paper.content_key, paper.content_master_key_id = wrapped.wrapped, wrapped.master_key_id


def write_statement(by: Acting, *, title: str, text: str) -> CasePaper:
    """Write what a side has to say, in the caller's unit. Raises as `file_statement`."""
    paper = _new_paper(by, PaperKind.STATEMENT, title, text.encode())
    paper.text = text
    _write(by, paper)
    return paper


def _file(by: Acting, paper: CasePaper, mark: CaseRecording | None = None, told: str | None = None) -> None:
    _write(by, paper, mark, told)
    by.unit.commit()


def _write(by: Acting, paper: CasePaper, mark: CaseRecording | None = None, told: str | None = None) -> None:
    """Write a paper, once it is known that its side has not filed it before; ``told`` is its digest, where salted."""
    unit, case = by.unit, by.case
    held = cases.papers_of(unit.session, case.id)
    same = next((each for each in held if (each.side, each.sha256) == (paper.side, paper.sha256)), None)
    if same is not None:
        raise DuplicateError(f"the {same.side.value} has filed this already: {same.id}", paper_id=same.id)
    if len(held) >= MOST_PAPERS:
        raise InvalidInputError(f"there are {len(held)} papers in the case, as many as there can be", most=MOST_PAPERS)
    paper.sha256 = told or paper.sha256
    unit.session.add(paper)
    unit.session.flush()
    if mark is not None:
        unit.session.add(mark)
    _note_reading(unit, paper, paper.side, by.principal)
    case.version += 1
    said = {"kind": paper.kind.value, "side": paper.side.value, "sha256": paper.sha256}
    if mark is not None:
        said |= {"voice": mark.voice.value}
    by.record(EventType.CASE_PAPER_FILED, paper_id=paper.id, **said)


# --- reading ---------------------------------------------------------------------------------------------------------


def list_papers(ctx: Context, principal: Principal, case_id: str) -> Sequence[CasePaper]:
    """Answer every paper of a case, of both sides, oldest first: what there is, not what is in it.

    Raises:
        NotFoundError: no such case that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return cases.papers_of(session, visible_case(session, principal, case_id)[0].id)


def read_statement(ctx: Context, principal: Principal, case_id: str, paper_id: str) -> CasePaper:
    """Answer a paper, with its text where it is a statement; then that the caller has read it is on record first.

    Of a document this is what the list says of it, too: who sees that has not read the document.

    Raises:
        NotFoundError: no such case, or no such paper in it.
    """
    principal.require(Scope.CASES_READ)
    with unit_of_work(ctx) as unit:
        case, side = visible_case(unit.session, principal, case_id)
        paper = _paper(unit.session, case, paper_id, with_content=False)
        if paper.kind is PaperKind.STATEMENT:
            _disclose(unit, case, paper, side, principal)
    return paper


def read_document(ctx: Context, principal: Principal, case_id: str, paper_id: str) -> tuple[CasePaper, bytes]:
    """Answer what a document holds. That the caller has read it is on record before it is answered.

    Raises:
        NotFoundError: no such case or paper, or the content stays with who filed it.
        ForbiddenError: it lies under seal, and another side filed it.
        SealBrokenError: what was sealed was changed.
    """
    principal.require(Scope.CASES_READ)
    with unit_of_work(ctx) as unit:
        case, side = visible_case(unit.session, principal, case_id)
        paper = _paper(unit.session, case, paper_id, with_content=True)
        mark = unit.session.get(CaseRecording, paper.id)
        if mark is not None and mark.under_seal:
            require_own(paper, side)
            content = content_apart(ctx, unit.session, mark)
            _disclose(unit, case, paper, side, principal)
            return paper, content
        content = opened_content(ctx, paper)
        _disclose(unit, case, paper, side, principal)
    return paper, content


def opened_content(ctx: Context, paper: CasePaper) -> bytes:
    """Answer what a document holds that does not lie under seal.

    Raises:
        NotFoundError: the content stays with who filed it.
        SealBrokenError: what was sealed was changed.
    """
    if paper.content is None or paper.content_key is None or paper.content_master_key_id is None:
        raise NotFoundError("the registry does not hold what is in this paper, its digest only")
    key = ctx.keys.unwrap(WrappedKey(paper.content_master_key_id, paper.content_key))
    return open_sealed(paper.content, key, bind(paper.id, _BOUND_AS))


def disclose_statements(unit: Unit, case: Case, side: CaseSide, principal: Principal) -> bool:
    """Write, in the caller's unit, that somebody reads every statement of a case; answer whether any is new to them."""
    if not _unread_statements(unit.session, case, principal):
        return False
    unit.session.refresh(case, with_for_update=True)  # as in `_disclose`
    unread = _unread_statements(unit.session, case, principal)
    for paper in unread:
        _note_reading(unit, paper, side, principal)
        journal(unit, EventType.CASE_PAPER_READ, case, principal, paper_id=paper.id, side=side.value)
    unit.session.flush()
    return bool(unread)


def _unread_statements(session: Session, case: Case, principal: Principal) -> Sequence[CasePaper]:
    own = {each.paper_id for each in cases.readings_of(session, case.id) if each.account_id == principal.account_id}
    papers = cases.papers_of(session, case.id)
    return [each for each in papers if each.kind is PaperKind.STATEMENT and each.id not in own]


def read_statements(ctx: Context, principal: Principal, case_id: str) -> tuple[Case, Sequence[CasePaper]]:
    """Answer every statement of a case with its text, once that the caller has read them all is on record.

    Raises:
        NotFoundError: no such case that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with unit_of_work(ctx) as unit:
        case, side = visible_case(unit.session, principal, case_id)
        is_new = disclose_statements(unit, case, side, principal)
        found = cases.statements_of(unit.session, case_id)
        if is_new:
            unit.commit()
    return case, found


def list_readings(ctx: Context, principal: Principal, case_id: str) -> Sequence[CaseReading]:
    """Answer who has read what of a case, in order: the disclosure log, which both sides see.

    Raises:
        NotFoundError: no such case that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return cases.readings_of(session, visible_case(session, principal, case_id)[0].id)


def _paper(session: Session, case: Case, paper_id: str, *, with_content: bool) -> CasePaper:
    column = CasePaper.content if with_content else CasePaper.text
    paper = session.get(CasePaper, paper_id, options=[undefer(column)])
    if paper is None or paper.case_id != case.id:
        raise NotFoundError("there is no such paper in this case")
    return paper


def _disclose(unit: Unit, case: Case, paper: CasePaper, side: CaseSide, principal: Principal) -> None:
    """Write that somebody reads a paper, the first time that they do."""
    if unit.session.get(CaseReading, (paper.id, principal.account_id)) is not None:
        return
    unit.session.refresh(case, with_for_update=True)  # two readings at once by one account are written once
    if unit.session.get(CaseReading, (paper.id, principal.account_id), populate_existing=True) is not None:
        return
    _note_reading(unit, paper, side, principal)
    journal(unit, EventType.CASE_PAPER_READ, case, principal, paper_id=paper.id, side=side.value)
    unit.commit()


def _note_reading(unit: Unit, paper: CasePaper, side: CaseSide, principal: Principal) -> None:
    unit.session.add(
        CaseReading(
            paper_id=paper.id,
            account_id=principal.account_id,
            case_id=paper.case_id,
            side=side,
            read_at=unit.now,
        )
    )
