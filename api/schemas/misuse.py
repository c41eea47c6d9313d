"""Misuse of notices: strikes, what a side says against one, and limits. And who is a public figure."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import (
    Answer,
    Body,
    CaseId,
    Moment,
    NoticeId,
    OrganisationId,
    Page,
    Path,
    PerformerId,
    Prose,
    Version,
)
from api.schemas.examples import Example
from registry.domain.cases import CaseSide
from registry.domain.misuse import ContestAnswer, MisuseGround

_NEW: Example = {
    "ground": "withdrawn_as_mistaken",
    "notice_id": examples.NOTICE,
    "case_id": None,
    "reason": "It was about another product, which was plain from its page.",
}
_STRIKE: Example = {
    "id": examples.MISUSE_STRIKE,
    "side": "complainant",
    "performer_id": examples.PERFORMER,
    "organisation_id": None,
    **_NEW,
    "case_id": examples.CASE,
    "recorded_by": examples.ACCOUNT,
    "recorded_at": examples.NOW,
    "expires_at": examples.NEXT_YEAR,
    "contested_by": None,
    "contested_at": None,
    "contest_reason": None,
    "answer": None,
    "answered_by": None,
    "answered_at": None,
    "answer_reason": None,
    "version": 1,
}
_NEW_LIMIT: Example = {
    "performer_id": examples.PERFORMER,
    "organisation_id": None,
    "reason": "Three notices in a row were taken back as mistaken.",
}
_LIMIT: Example = {
    "id": examples.MISUSE_LIMIT,
    "side": "complainant",
    **_NEW_LIMIT,
    "strikes": 3,
    "decided_by": examples.ACCOUNT,
    "decided_at": examples.NOW,
    "ends_at": "2026-08-29T09:30:00Z",
    "lifted_by": None,
    "lifted_at": None,
    "lift_reason": None,
    "version": 1,
}
_NEW_FIGURE: Example = {"is_public_figure": True, "reason": "Leading parts in films that are widely known."}
_FIGURE: Example = {
    "id": examples.PUBLIC_FIGURE,
    "performer_id": examples.PERFORMER,
    **_NEW_FIGURE,
    "said_by": examples.ACCOUNT,
    "said_at": examples.NOW,
}


class MisuseStrikePath(Path):
    """Which strike."""

    misuse_strike_id: str = Field(examples=[examples.MISUSE_STRIKE])


class MisuseLimitPath(Path):
    """Which limit."""

    misuse_limit_id: str = Field(examples=[examples.MISUSE_LIMIT])


class NewMisuseStrike(Body):
    """What counts against a side, and which record shows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    ground: MisuseGround
    notice_id: NoticeId | None = Field(default=None, description="The notice that shows it.")
    case_id: CaseId | None = Field(default=None, description="The case that shows it, for `claim_refused`.")
    reason: Prose = Field(description="Why it counts. The side reads it.")


class MisuseStrikeOut(Answer):
    """What counts against a claimant, or a respondent, until it expires or is lifted."""

    model_config = ConfigDict(json_schema_extra={"examples": [_STRIKE]})

    id: str
    side: CaseSide
    performer_id: str | None
    organisation_id: str | None
    ground: MisuseGround
    case_id: str
    notice_id: str | None
    reason: str
    recorded_by: str
    recorded_at: Moment
    expires_at: Moment
    contested_by: str | None
    contested_at: Moment | None
    contest_reason: str | None
    answer: ContestAnswer | None
    answered_by: str | None
    answered_at: Moment | None
    answer_reason: str | None
    version: Version


class MisuseStrikePage(Page):
    """Strikes, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_STRIKE], "next_cursor": None}]})

    items: list[MisuseStrikeOut]


class Contest(Body):
    """Why a strike should not count."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "The page had named our product until then."}]}
    )

    reason: Prose


class ContestAnswerIn(Body):
    """What becomes of a strike that was contested."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"answer": "lifted", "reason": "The archive shows it."}]})

    answer: ContestAnswer
    reason: Prose


class NewMisuseLimit(Body):
    """That what a side asks for takes two operators, for a time."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW_LIMIT]})

    performer_id: PerformerId | None = Field(default=None, description="The claimant, or null.")
    organisation_id: OrganisationId | None = Field(default=None, description="The respondent, or null.")
    reason: Prose


class MisuseLimitOut(Answer):
    """That what a side asks for takes two operators, for a time."""

    model_config = ConfigDict(json_schema_extra={"examples": [_LIMIT]})

    id: str
    side: CaseSide
    performer_id: str | None
    organisation_id: str | None
    strikes: int = Field(description="That were in force when it was decided.")
    reason: str
    decided_by: str
    decided_at: Moment
    ends_at: Moment
    lifted_by: str | None
    lifted_at: Moment | None
    lift_reason: str | None
    version: Version


class MisuseLimitPage(Page):
    """Limits, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_LIMIT], "next_cursor": None}]})

    items: list[MisuseLimitOut]


class Lifting(Body):
    """Why a limit is lifted before its time."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "A year without any."}]})

    reason: Prose


class NewPublicFigure(Body):
    """Whether a performer is a public figure, and why. Two operators read the notices of one."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW_FIGURE]})

    is_public_figure: bool
    reason: Prose


class PublicFigureOut(Answer):
    """What an operator said of whether a performer is a public figure."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FIGURE]})

    id: str
    performer_id: str
    is_public_figure: bool
    reason: str
    said_by: str
    said_at: Moment


class PublicFigurePage(Page):
    """What was said, oldest first; the last one stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_FIGURE], "next_cursor": None}]})

    items: list[PublicFigureOut]
