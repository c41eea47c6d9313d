"""Reports about cases and checks: the signed document, and in which form and language it is wanted."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Query, omissible
from api.schemas.examples import Example
from registry.reports.envelope import JOSE_JSON, JSON
from registry.reports.words import Language

HTML, PDF = "text/html", "application/pdf"

_EXAMPLE: Example = {
    "report": {"format": "likeness-report", "version": 1, "kind": "case", "as_of": "2026-03-14T09:30:00.000000Z"},
    "jws": "eyJhbGciOiJFZDI1NTE5Iiwia2lkIjoi…",
    "jwks": {"keys": []},
    "proof": {
        "report_id": "isr_01m88x9vq2r4t6v8w0y2a4c6e8",
        "seq": 42,
        "leaf": '{"actor":"acc_…","at":"2026-03-14T09:30:00.000000Z",…}',
        "salt": examples.DIGEST,
        "details": {"case_id": examples.CASE, "report_sha256": examples.DIGEST},
        "path": [examples.DIGEST],
        "checkpoint": "likeness-registry/…\n42\n…",
    },
}


class ReportFormat(StrEnum):
    """In which form a report is wanted. All of them say the same."""

    JSON = "json"
    JOSE = "jose"
    HTML = "html"
    PDF = "pdf"


MEDIA_TYPES = {
    ReportFormat.JSON: JSON,
    ReportFormat.JOSE: JOSE_JSON,
    ReportFormat.HTML: HTML,
    ReportFormat.PDF: PDF,
}


class ReportQuery(Query):
    """In which form, and in which language."""

    language: Language = Field(default=Language.EN, description="Of the pages; the signed document has none.")
    format: ReportFormat | None = omissible(description="In place of an `Accept` field, for a link in a page.")


class ReportOut(Answer):
    """A report: the document, the signature over its canonical form (RFC 8785), and the proof that it was issued."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    report: dict[str, Any] = Field(description="What is signed. docs/reports.md has its members.")
    jws: str = Field(description="Compact JWS (RFC 7515), of type `likeness-report+jwt`.")
    jwks: dict[str, Any] = Field(description="The registry's public keys, as `GET /v1/keys` has them.")
    proof: dict[str, Any] = Field(
        description="The journal's leaf that says it was issued, and its way to a checkpoint."
    )
