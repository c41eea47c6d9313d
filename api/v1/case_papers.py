"""What the sides of a case file, and who has read it."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Response
from werkzeug.datastructures import FileStorage

from api.answers import answer, created, file
from api.document import answers_only
from api.idempotency import idempotent
from api.schemas.case_papers import (
    NewDocument,
    NewStatement,
    PaperOut,
    PaperPage,
    PaperPath,
    ReadingOut,
    ReadingPage,
    StatementOut,
)
from api.schemas.cases import CasePath
from api.state import context, principal
from api.v1.resource import new_resource
from registry.domain.cases import PaperKind
from registry.domain.comparison import Role
from registry.services import case_papers, case_recordings
from registry.services.case_recordings import mark_of
from registry.store.case_analyses import CaseRecording
from registry.store.cases import CasePaper

_MEDIA_TYPE = "application/octet-stream"
_NONE: Mapping[str, CaseRecording] = {}
_NO_SALTS: Mapping[str, str] = {}

resource = new_resource("case papers", "Statements and documents of both sides, and who has read them.")


@resource.post("/cases/<id:case_id>/statements", responses={201: StatementOut})
@idempotent()
def file_case_statement(path: CasePath, body: NewStatement) -> Response:
    """File what your side has to say. The other side reads it, and it is never changed."""
    paper = case_papers.file_statement(context(), principal(), path.case_id, title=body.title, text=body.text)
    return created(_statement(paper), f"/v1/cases/{paper.case_id}/papers/{paper.id}")


@resource.post("/cases/<id:case_id>/documents", responses={201: PaperOut})
@idempotent()
def file_case_document(path: CasePath, form: NewDocument) -> Response:
    """File a document, or the digest of one that stays with you. The other side sees that it is there, and reads it."""
    voice = None if form.voice is None else Role(form.voice)
    paper = case_papers.file_document(
        context(),
        principal(),
        path.case_id,
        kind=form.kind,
        title=form.title,
        dated_on=form.dated_on,
        content=None if form.file is None else _content(form.file),
        sha256=form.sha256,
        voice=voice,
        under_seal=form.under_seal,
    )
    marks = {} if voice is None else {paper.id: mark_of(paper, voice, under_seal=form.under_seal)}
    salts = _salts(path.case_id) if form.under_seal else _NO_SALTS
    return created(_paper(paper, marks, salts), f"/v1/cases/{paper.case_id}/papers/{paper.id}")


@resource.get("/cases/<id:case_id>/papers", responses={200: PaperPage})
def list_case_papers(path: CasePath) -> Response:
    """List every paper of a case, of both sides: what there is, not what is in it."""
    found = case_papers.list_papers(context(), principal(), path.case_id)
    marks, salts = _marks(path.case_id), _salts(path.case_id)
    return answer(PaperPage(items=[_paper(each, marks, salts) for each in found], next_cursor=None))


@resource.get("/cases/<id:case_id>/papers/<id:paper_id>", responses={200: StatementOut})
def read_case_paper(path: PaperPath) -> Response:
    """Answer one paper, with its text where it is a statement: then that you have read it is on record."""
    paper = case_papers.read_statement(context(), principal(), path.case_id, path.paper_id)
    return answer(_statement(paper, _marks(path.case_id), _salts(path.case_id)))


@resource.get("/cases/<id:case_id>/papers/<id:paper_id>/content")
@answers_only(_MEDIA_TYPE)
def read_case_document(path: PaperPath) -> Response:
    """Read what a document holds, byte for byte. That you have read it is on record."""
    paper, content = case_papers.read_document(context(), principal(), path.case_id, path.paper_id)
    return file(content, _MEDIA_TYPE, f"{paper.id}.bin")


@resource.get("/cases/<id:case_id>/readings", responses={200: ReadingPage})
def list_case_readings(path: CasePath) -> Response:
    """List who has read what, and when first: the disclosure log."""
    found = case_papers.list_readings(context(), principal(), path.case_id)
    return answer(ReadingPage(items=[ReadingOut.model_validate(each) for each in found], next_cursor=None))


def _content(sent: FileStorage) -> bytes:
    return sent.stream.read(case_papers.LARGEST_DOCUMENT + 1)


def _marks(case_id: str) -> Mapping[str, CaseRecording]:
    return case_recordings.marks_in(context(), principal(), case_id)


def _salts(case_id: str) -> Mapping[str, str]:
    return case_recordings.salts_in(context(), principal(), case_id)


def _paper(paper: CasePaper, marks: Mapping[str, CaseRecording], salts: Mapping[str, str]) -> PaperOut:
    return PaperOut(**_shown(paper, marks, salts))


def _statement(
    paper: CasePaper, marks: Mapping[str, CaseRecording] = _NONE, salts: Mapping[str, str] = _NO_SALTS
) -> StatementOut:
    return StatementOut(**_shown(paper, marks, salts), text=paper.text)


_OF_RECORDINGS = ("held", "voice", "under_seal", "salt")


def _shown(paper: CasePaper, marks: Mapping[str, CaseRecording], salts: Mapping[str, str]) -> dict[str, object]:
    mark = marks.get(paper.id)
    under_seal = mark is not None and mark.under_seal
    held = paper.content_key is not None or under_seal or paper.kind is PaperKind.STATEMENT
    shown = {name: getattr(paper, name) for name in PaperOut.model_fields if name not in _OF_RECORDINGS}
    voice = None if mark is None else mark.voice.value
    return shown | {"held": held, "voice": voice, "under_seal": under_seal, "salt": salts.get(paper.id)}
