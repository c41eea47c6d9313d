"""What the sides of a case file, and who has read it; and what is paused."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, Form, LicenceId, Line, Moment, Page, Prose, Sha256, omissible
from api.schemas.cases import CasePath
from api.schemas.examples import Example
from api.uploads import File
from registry.domain.cases import CaseSide, PaperKind

_STATEMENT: Example = {
    "title": "How the voice was made",
    "text": "We cast five actors in May, hired one of them, and recorded her for eleven days. Nobody else.",
}
_PAPER: Example = {
    "id": examples.CASE_PAPER,
    "case_id": examples.CASE,
    "kind": "casting_call",
    "side": "respondent",
    "title": "Casting call of May",
    "dated_on": "2025-05-12",
    "sha256": examples.DIGEST,
    "size_bytes": 48_211,
    "held": True,
    "voice": None,
    "under_seal": False,
    "salt": None,
    "filed_by": examples.ACCOUNT,
    "filed_at": examples.NOW,
}
_READING: Example = {
    "paper_id": examples.CASE_PAPER,
    "account_id": examples.ACCOUNT,
    "side": "complainant",
    "read_at": examples.LATER,
}
_NEW_PAUSE: Example = {
    "licence_ids": [examples.LICENCE],
    "reason": "While this is looked into we take the voice out of the product. We admit nothing by it.",
    "review_at": None,
}
_PAUSE: Example = {
    "id": examples.CASE_PAUSE,
    "case_id": examples.CASE,
    "licence_id": examples.LICENCE,
    "hold_id": examples.LICENCE_HOLD,
    "reason": _NEW_PAUSE["reason"],
    "review_at": "2026-04-01T09:30:00Z",
    "placed_by": examples.ACCOUNT,
    "placed_at": examples.NOW,
    "ended_by": None,
    "ended_at": None,
    "end_reason": None,
}


VoiceName = Literal["questioned", "performer", "source"]
"""Whose voice it is in a comparison, by `registry.domain.comparison.Role`."""


class PaperPath(CasePath):
    """Which paper of which case."""

    paper_id: str = Field(examples=[examples.CASE_PAPER])


class PausePath(CasePath):
    """Which pause of which case."""

    pause_id: str = Field(examples=[examples.CASE_PAUSE])


class NewStatement(Body):
    """What a side has to say. It is never changed, and the other side reads it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STATEMENT]})

    title: Line
    text: Prose


class NewDocument(Form):
    """A document: the file itself, which is sealed, or its SHA-256 where the file stays with you."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "casting_call",
                    "title": "Casting call of May",
                    "dated_on": "2025-05-12",
                    "sha256": examples.DIGEST,
                }
            ]
        }
    )

    kind: PaperKind
    title: Line
    dated_on: date | None = omissible(description="The day that it bears.")
    file: File | None = omissible(description="The document, at most 16 MiB.")
    sha256: Sha256 | None = omissible(description="Its digest, in place of the file.")
    voice: VoiceName | None = omissible(
        description="Of a recording: whose voice it is. Then it can be heard in an analysis, and must be one that can."
    )
    under_seal: bool = Field(
        default=False, description="Of a recording of a source: that nobody but your side is to hear it."
    )


class PaperOut(Answer):
    """A paper: what there is, not what is in it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PAPER]})

    id: str
    case_id: str
    kind: PaperKind
    side: CaseSide = Field(description="Who filed it.")
    title: str
    dated_on: date | None
    sha256: str = Field(
        description="Of what was filed. Of a recording under seal it is salted, so that nobody knows it by its file: "
        "the SHA-256 of the salt and of the file's own SHA-256, both as bytes."
    )
    size_bytes: int = Field(
        description="Of what was filed; 0 where the registry holds its digest alone. Of a recording under seal it is "
        "rounded up to whole MiB, so that nobody knows it by its size."
    )
    held: bool = Field(description="Whether the registry has what is in it, or its digest alone.")
    voice: VoiceName | None = Field(description="Of a recording: whose voice it is, as this side says.")
    under_seal: bool = Field(description="Whether nobody but the side that filed it reads what is in it.")
    salt: str | None = Field(
        description="Of a recording under seal, as hex, to the side that filed it: with it that side shows of which "
        "file the digest is."
    )
    filed_by: str
    filed_at: Moment


class StatementOut(PaperOut):
    """A paper with its text, where it is a statement."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    **_PAPER,
                    "kind": "statement",
                    "title": _STATEMENT["title"],
                    "dated_on": None,
                    "text": _STATEMENT["text"],
                }
            ]
        }
    )

    text: str | None


class PaperPage(Page):
    """Every paper of a case, of both sides, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_PAPER], "next_cursor": None}]})

    items: list[PaperOut]


class ReadingOut(Answer):
    """That an account has read a paper: the first time."""

    model_config = ConfigDict(json_schema_extra={"examples": [_READING]})

    paper_id: str
    account_id: str
    side: CaseSide
    read_at: Moment


class ReadingPage(Page):
    """The disclosure log of a case, in order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_READING], "next_cursor": None}]})

    items: list[ReadingOut]


class NewPause(Body):
    """Licences that are to rest while the case lasts. It is no admission."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW_PAUSE]})

    licence_ids: list[LicenceId] = Field(min_length=1, max_length=100)
    reason: Prose = Field(description="For both sides.")
    review_at: Moment | None = Field(default=None, description="When it is looked at again; 30 days on at the latest.")


class PauseReview(Body):
    """Why a pause goes on, and until when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"reason": "The recordings were asked for and are not here.", "review_at": None}]
        }
    )

    reason: Prose
    review_at: Moment | None = None


class PauseEnd(Body):
    """Why a pause ends."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "The source was heard; it is another voice."}]}
    )

    reason: Prose


class PauseOut(Answer):
    """A licence that rests for a case."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PAUSE]})

    id: str
    case_id: str
    licence_id: str
    hold_id: str
    reason: str
    review_at: Moment
    placed_by: str
    placed_at: Moment
    ended_by: str | None
    ended_at: Moment | None
    end_reason: str | None


class PausePage(Page):
    """Pauses of a case, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_PAUSE], "next_cursor": None}]})

    items: list[PauseOut]
