"""Problems, as they are described; `api.problems` makes them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import examples

_EXAMPLES: dict[int, tuple[str, str, dict[str, Any]]] = {
    400: ("malformed_json", "the body is not JSON: Expecting value: line 1 column 1 (char 0)", {}),
    401: ("token_expired", "this token expired at 2026-03-01T00:00:00+00:00", {"expired_at": "2026-03-01T00:00:00Z"}),
    403: ("forbidden", "this token does not carry the scope checks:write", {"scope": "checks:write"}),
    404: ("not_found", "there is no such check", {}),
    409: (
        "consent_missing",
        "the performer has no consent in force to license the voice",
        {"purpose": "licensing", "modality": "voice"},
    ),
    412: (
        "stale_version",
        "version 1 was to be changed, but the current one is 2",
        {"version": 1, "current_version": 2},
    ),
    413: ("body_too_large", "the request has 2000000 bytes, 1048576 are taken", {"max_bytes": 1_048_576}),
    415: (
        "unsupported_content_type",
        "the body is text/plain; this operation takes application/json",
        {"content_type": "text/plain", "expected": "application/json"},
    ),
    422: (
        "speech_too_short",
        "the recordings hold 8.1 s of speech; an enrolment needs 20 s: record 11.9 s more",
        {"speech_s": 8.1, "required_s": 20.0},
    ),
    429: (
        "rate_limited",
        "too many checks by this organisation: 3000 in 3600 s are allowed, try again in 840 s",
        {"budget": "checks", "limit": 3000, "window_s": 3600, "retry_after_s": 840},
    ),
    500: ("internal", "something went wrong inside the registry; it was logged under this request's id", {}),
    503: ("database_unavailable", "a part of the registry does not answer at the moment; try again", {}),
    507: (
        "storage_full",
        "there is no room to keep this: nothing of it was kept; the registry goes on when its operator has made room",
        {},
    ),
}


class FieldProblem(BaseModel):
    """One thing that is wrong with one field."""

    model_config = ConfigDict(extra="forbid")

    place: Literal["body", "query", "header"] = Field(alias="in")
    pointer: str | None = Field(default=None, description="JSON pointer to a member of the body.")
    parameter: str | None = Field(default=None, description="Name of a parameter or header.")
    code: str
    detail: str


class Problem(BaseModel):
    """What went wrong (RFC 9457), with the numbers a person can act on beside these members."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="A URN that names this kind of problem.")
    title: str
    status: int = Field(ge=400, le=599)
    detail: str = Field(description="One sentence for a person, with the numbers in it.")
    instance: str = Field(description="The address that was asked.")
    code: str = Field(description="The stable name of this kind of problem.")
    request_id: str | None = Field(description="Names the request in the logs.")
    errors: list[FieldProblem] = Field(default=[], description="What is wrong with each field.")

    @staticmethod
    def example(status: int) -> dict[str, Any]:
        """Answer an example of a problem with a status."""
        code, detail, figures = _EXAMPLES[status]
        return {
            "type": f"urn:likeness-registry:problem:{code}",
            "title": code.replace("_", " ").capitalize(),
            "status": status,
            "detail": detail,
            "instance": f"/v1/checks/{examples.CHECK}",
            "code": code,
            "request_id": "5f1c9ad2e4b8037a6c2d1e90",
            **figures,
        }
