"""What the sides of a case file, and who has read it. What somebody reads here is on record before they see it."""

from __future__ import annotations

from flask import Response, request

from api.answers import file
from api.limits import MULTIPART, Takes
from api.pages.checked import checked
from api.pages.disputes.access import acting_in
from api.pages.disputes.one_case import case_page, names_in
from api.pages.disputes.trying import sent, trying
from api.pages.disputes.wording import wording
from api.pages.forms import once
from api.pages.personal import page_of, personal, stands_for, takes, went_on
from api.schemas.case_papers import NewDocument, NewStatement
from api.state import context, principal
from registry.domain.cases import CaseSide, PaperKind
from registry.domain.comparison import Role
from registry.services import case_papers, case_recordings, cases

_OPERATION = "/v1/cases/{case_id}"
_MEDIA_TYPE = "application/octet-stream"


@personal.post("/cases/<id:case_id>/statements")
@stands_for(f"POST {_OPERATION}/statements")
@once
def file_case_statement(case_id: str) -> Response:
    """File what one's side has to say."""
    acting_in(case_id)

    def say() -> Response:
        body = checked(NewStatement, **sent("title", "text"))
        case_papers.file_statement(context(), principal(), case_id, title=body.title, text=body.text)
        return went_on(f"/cases/{case_id}", done="filed")

    return trying("statement", say, lambda failed: case_page(case_id, failed))


@personal.post("/cases/<id:case_id>/documents")
@stands_for(f"POST {_OPERATION}/documents")
@takes(Takes(MULTIPART))
@once
def file_case_document(case_id: str) -> Response:
    """File a document, or its digest where it stays with whoever has it."""
    acting_in(case_id)

    def give() -> Response:
        document = request.files.get("file")
        optional = {
            name: text for name in ("dated_on", "sha256", "voice") if (text := request.form.get(name, "").strip())
        }
        body = checked(
            NewDocument,
            **sent("kind", "title"),
            **optional,
            **({"file": document} if document is not None and document.filename else {}),
            under_seal="under_seal" in request.form,
        )
        case_papers.file_document(
            context(),
            principal(),
            case_id,
            kind=body.kind,
            title=body.title,
            dated_on=body.dated_on,
            content=None if body.file is None else body.file.stream.read(case_papers.LARGEST_DOCUMENT + 1),
            sha256=body.sha256,
            voice=None if body.voice is None else Role(body.voice),
            under_seal=body.under_seal,
        )
        return went_on(f"/cases/{case_id}", done="filed")

    return trying("document", give, lambda failed: case_page(case_id, failed))


# --- reading ---------------------------------------------------------------------------------------------------------


@personal.get("/cases/<id:case_id>/papers/<id:paper_id>")
@stands_for(f"GET {_OPERATION}/papers/{{paper_id}}", f"GET {_OPERATION}/papers", f"GET {_OPERATION}")
def show_case_paper(case_id: str, paper_id: str) -> Response:
    """Show one paper, a statement with its text: then that it was read is on record."""
    paper = case_papers.read_statement(context(), principal(), case_id, paper_id)
    case = cases.get_case(context(), principal(), case_id)
    mark = case_recordings.marks_in(context(), principal(), case_id).get(paper_id)
    return page_of(
        "disputes/paper",
        case=case,
        paper=paper,
        mark=mark,
        salt=case_recordings.salts_in(context(), principal(), case_id).get(paper_id),
        is_statement=paper.kind is PaperKind.STATEMENT,
        held=paper.content_key is not None or (mark is not None and mark.under_seal),
        names=names_in(case, [paper.filed_by]),
        **wording(),
    )


@personal.get("/cases/<id:case_id>/papers/<id:paper_id>/content")
@stands_for(f"GET {_OPERATION}/papers/{{paper_id}}/content")
def download_case_document(case_id: str, paper_id: str) -> Response:
    """Answer what a document holds, to be kept as a file. That it was read is on record."""
    paper, content = case_papers.read_document(context(), principal(), case_id, paper_id)
    return file(content, _MEDIA_TYPE, f"{paper.id}.bin")


@personal.get("/cases/<id:case_id>/statements")
@stands_for(f"GET {_OPERATION}/papers/{{paper_id}}", f"GET {_OPERATION}/papers", f"GET {_OPERATION}")
def show_case_statements(case_id: str) -> Response:
    """Show the statements of both sides beside each other, whole: then that all of them were read is on record."""
    case, papers = case_papers.read_statements(context(), principal(), case_id)
    return page_of(
        "disputes/statements",
        case=case,
        by_side={side: [each for each in papers if each.side is side] for side in CaseSide},
        names=names_in(case, [each.filed_by for each in papers]),
        **wording(),
    )


@personal.get("/cases/<id:case_id>/readings")
@stands_for(f"GET {_OPERATION}/readings", f"GET {_OPERATION}/papers", f"GET {_OPERATION}")
def show_case_readings(case_id: str) -> Response:
    """Show who has read what of a case, and when first."""
    case = cases.get_case(context(), principal(), case_id)
    readings = case_papers.list_readings(context(), principal(), case_id)
    papers = case_papers.list_papers(context(), principal(), case_id)
    return page_of(
        "disputes/readings",
        case=case,
        readings=readings,
        titles={each.id: each.title for each in papers},
        names=names_in(case, [each.account_id for each in readings]),
        **wording(),
    )
