"""What every schema is made of: the kinds of model, and the types of text, ids and figures they share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from registry.domain.ids import IdPrefix
from registry.domain.terms_limits import (
    LANGUAGE,
    LINE,
    LONGEST_LANGUAGE,
    LONGEST_LINE,
    LONGEST_NOTE,
    LONGEST_PROSE,
    PRINTABLE,
)


def keys_of(keys: type[StrEnum]) -> Callable[[dict[str, Any]], None]:
    """Describe a map by its keys, each by its name: `propertyNames` does not reach the description."""

    def describe(schema: dict[str, Any]) -> None:
        schema.pop("propertyNames", None)
        schema["properties"] = dict.fromkeys([key.value for key in keys], schema.pop("additionalProperties"))
        schema["additionalProperties"] = False

    return describe


def omissible(**described: Any) -> Any:
    """Describe a parameter that may be left out. Null is not among its values: text has no way to say it."""
    return Field(default=None, json_schema_extra=_without_null, **described)


def _without_null(schema: dict[str, Any]) -> None:
    schema.pop("default", None)
    (kind,) = [each for each in schema.pop("anyOf") if each.get("type") != "null"]
    schema.update(kind | schema)


class Body(BaseModel):
    """What a request carries. A member that is not named here is refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Form(Body):
    """A body in multipart form. A field that is left out is unknown; one that is not named here is refused."""


class Query(BaseModel):
    """Parameters behind the question mark."""

    model_config = ConfigDict(extra="forbid")


class Headers(BaseModel):
    """Headers that an operation reads. Others are none of its business."""

    model_config = ConfigDict(extra="ignore")


class Path(BaseModel):
    """Parameters in the path."""

    model_config = ConfigDict(extra="ignore")


class Answer(BaseModel):
    """What a response carries: read from records, and validated on the way out."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Page(Answer):
    """One page of a list; ``next_cursor`` fetches the next, and is null on the last."""

    next_cursor: str | None = Field(description="Give it as `cursor` to get the next page; null on the last.")


Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_LINE, pattern=LINE)]
"""One line of text: a name, a title."""

Prose = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_PROSE, pattern=PRINTABLE)
]
"""Text of several lines."""

Note = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NOTE, pattern=PRINTABLE)
]
"""A few sentences."""

Language = Annotated[
    str,
    StringConstraints(max_length=LONGEST_LANGUAGE, pattern=LANGUAGE),
    Field(description="A BCP 47 tag, such as `en` or `pt-BR`."),
]

Territory = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Z]{2}|WORLD)$"),
    Field(description="An ISO 3166-1 alpha-2 code, or `WORLD`."),
]

PackId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,50}$"), Field(description="Of a notice pack.")]

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="A SHA-256 in lower-case hex.")]

Version = Annotated[int, Field(ge=1, description="Goes up with each change; the entity tag is made of it.")]


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the moment is out of range") from error


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""A moment, in UTC; one without its zone is refused, because nobody could tell when it is."""


def _id(prefix: IdPrefix, what: str) -> Any:
    pattern = rf"^{prefix.value}_[0-9a-hjkmnp-tv-z]{{26}}$"
    return StringConstraints(pattern=pattern), Field(description=f"Id of {what}.")


OrganisationId = Annotated[str, *_id(IdPrefix.ORGANISATION, "an organisation")]
AccountId = Annotated[str, *_id(IdPrefix.ACCOUNT, "an account")]
PerformerId = Annotated[str, *_id(IdPrefix.PERFORMER, "a performer")]
ExplanationId = Annotated[str, *_id(IdPrefix.EXPLANATION, "an explanation")]
LicenceId = Annotated[str, *_id(IdPrefix.LICENCE, "a licence")]
ApproachId = Annotated[str, *_id(IdPrefix.APPROACH, "an approach")]
GalleryFileId = Annotated[str, *_id(IdPrefix.GALLERY_FILE, "a gallery file")]
ScanId = Annotated[str, *_id(IdPrefix.SCAN, "a scan")]
AttestationId = Annotated[str, *_id(IdPrefix.ATTESTATION, "an attestation")]
FindingId = Annotated[str, *_id(IdPrefix.FINDING, "a finding")]
ReviewId = Annotated[str, *_id(IdPrefix.REVIEW, "a decision about a finding")]
CaseAnalysisId = Annotated[str, *_id(IdPrefix.CASE_ANALYSIS, "an analysis of a case")]
CaseId = Annotated[str, *_id(IdPrefix.CASE, "a case")]
NoticeId = Annotated[str, *_id(IdPrefix.NOTICE, "a notice")]
CasePaperId = Annotated[str, *_id(IdPrefix.CASE_PAPER, "a paper of a case")]


class ProblemRecord(Answer):
    """Why something could not be assessed, as the worker wrote it down."""

    code: str = Field(description="A stable code.")
    detail: str = Field(description="One sentence, with the numbers in it.")
    figures: dict[str, Any] = Field(description="The same numbers, for a machine.")

    example: ClassVar[dict[str, Any]] = {
        "code": "no_speech",
        "detail": "there is sound, but no speech in it: 0.0 s, 0.5 s are needed",
        "figures": {"speech_s": 0.0, "required_s": 0.5},
    }

    @classmethod
    def of(cls, stored: dict[str, Any] | None) -> ProblemRecord | None:
        """Read what a worker wrote down, or None."""
        if stored is None:
            return None
        return cls(code=str(stored["slug"]), detail=str(stored["detail"]), figures=dict(stored.get("figures") or {}))


class ReasonOut(Answer):
    """Why something was decided."""

    code: str = Field(description="A stable code.")
    detail: str = Field(description="One sentence.")
    figures: dict[str, str | int | float | bool | None] = Field(description="What the sentence rests on.")
