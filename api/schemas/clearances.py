"""Clearances: "may I?", what is answered, and whether the answer still holds."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import Answer, Body, LicenceId, Moment, Page, Path, PerformerId, ReasonOut, Sha256, omissible
from api.schemas.examples import Example
from api.schemas.remedies import RemedyOut, remedies_of
from api.schemas.uses import USE, Use, UseShown
from registry.domain.approvals import Beyond
from registry.domain.clearance_status import ClearanceStanding, Stands
from registry.domain.clearances import Decision, WantedUse
from registry.services.clearance_status import StatusAnswer, Told
from registry.services.clearances import Answered
from registry.store.clearances import Clearance

MOST_AT_ONCE = 10_000
"""Uses, or tokens, that one request may ask about."""

_LONGEST_TOKEN = 20_000
_TOKEN = "eyJhbGciOiJFZDI1NTE5In0.eyJqdGkiOiJjbHJfMDFqZDh4MHpxMnI0dDZ2OHcweTJhNGM2ZTgifQ.c2lnbmF0dXJl"  # noqa: S105

_WANTED: Example = {"performer_id": examples.PERFORMER, "use": USE, "beyond": []}
_PERMITTED: Example = {
    "id": examples.CLEARANCE,
    "performer_id": examples.PERFORMER,
    "decision": "permitted",
    "reasons": [
        {
            "code": "licence_covers_use",
            "detail": "every term of the licence permits this use",
            "figures": {"licence_id": examples.LICENCE},
        }
    ],
    "remedies": [],
    "licence_id": examples.LICENCE,
    "licence_version": 1,
    "terms_sha256": examples.DIGEST,
    "status_interval_s": 3600,
    "expires_at": "2026-04-01T09:30:00Z",
    "decided_at": examples.NOW,
    "token": _TOKEN,
}
_HOLDS: Example = {
    "standing": "holds",
    "reasons": [
        {
            "code": "clearance_holds",
            "detail": "what the clearance rests on still permits the use",
            "figures": {},
        }
    ],
}
_FULL: Example = {
    **_PERMITTED,
    "studio_id": examples.ORGANISATION,
    "use": USE,
    "beyond": [],
    "stands": _HOLDS,
}


class ClearancePath(Path):
    """Which clearance."""

    clearance_id: str = Field(examples=[examples.CLEARANCE])


class ClearanceQuery(PageQuery):
    """Which clearances."""

    decision: Decision | None = omissible(description="Only those that were answered so.")
    performer_id: PerformerId | None = omissible(description="Only those about this performer.")
    licence_id: LicenceId | None = omissible(description="Only those that rest on this licence.")


class Wanted(Body):
    """May this performer's voice be used so?"""

    model_config = ConfigDict(json_schema_extra={"examples": [_WANTED]})

    performer_id: PerformerId
    use: Use
    beyond: list[Beyond] = Field(default=[], max_length=len(Beyond), description="What it does beyond itself.")

    def value(self) -> WantedUse:
        """Answer what is asked as the rules take it."""
        return WantedUse(self.performer_id, self.use.value(), frozenset(self.beyond))


class WantedBatch(Body):
    """Many questions at once; they are answered in their order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_WANTED]}]})

    items: list[Wanted] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ClearanceAnswer(Answer):
    """What is answered to "may I?". Only `permitted` permits, and only with the token while it is fresh."""

    model_config = ConfigDict(json_schema_extra={"examples": [_PERMITTED]})

    id: str
    performer_id: str
    decision: Decision
    reasons: list[ReasonOut] = Field(description="Why, most important first; each names the term it is about.")
    remedies: list[RemedyOut] = Field(description="What would make it permitted; empty where it is.")
    licence_id: str | None = Field(description="The licence that the answer rests on.")
    licence_version: int | None = Field(description="The version of its terms, where something is permitted.")
    terms_sha256: Sha256 | None = Field(description="SHA-256 of those terms, as canonical JSON.")
    status_interval_s: int | None = Field(description="For how long an answer counts; then it is stale: refused.")
    expires_at: Moment | None = Field(description="When it ends by itself.")
    decided_at: Moment
    token: str | None = Field(description="A signed token (JWS) where something is permitted, and it is yours.")

    @classmethod
    def of(cls, answered: Answered) -> ClearanceAnswer:
        """Describe an answer."""
        return cls(**_members(answered.clearance), token=answered.token)


class ClearanceAnswers(Answer):
    """The answers, in the order of the questions."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_PERMITTED]}]})

    items: list[ClearanceAnswer]


class StandsOut(Answer):
    """How a clearance stands now."""

    standing: ClearanceStanding
    reasons: list[ReasonOut]

    @classmethod
    def of(cls, stands: Stands) -> StandsOut:
        """Describe how a clearance stands."""
        return cls(standing=stands.standing, reasons=[ReasonOut.model_validate(each) for each in stands.reasons])


class ClearanceOut(ClearanceAnswer):
    """One answer to "may I?", with the question."""

    model_config = ConfigDict(json_schema_extra={"examples": [_FULL]})

    studio_id: str = Field(description="Who asked.")
    use: UseShown
    beyond: list[Beyond]
    stands: StandsOut | None = Field(description="How it stands now; null where nothing was permitted, and in lists.")

    @classmethod
    def whole(cls, answered: Answered, stands: Stands | None) -> ClearanceOut:
        """Describe a clearance with its question, and how it stands."""
        clearance = answered.clearance
        return cls(
            **_members(clearance),
            token=answered.token,
            studio_id=clearance.studio_id,
            use=UseShown.of_json(dict(clearance.use)),
            beyond=[Beyond(each) for each in clearance.beyond],
            stands=None if stands is None else StandsOut.of(stands),
        )


class ClearancePage(Page):
    """Clearances, newest first, without their tokens."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [{**_FULL, "token": None, "stands": None}], "next_cursor": None}]}
    )

    items: list[ClearanceOut]


def _members(clearance: Clearance) -> dict[str, object]:
    return {
        "id": clearance.id,
        "performer_id": clearance.performer_id,
        "decision": clearance.decision,
        "reasons": [ReasonOut.model_validate(each) for each in clearance.reasons],
        "remedies": [] if clearance.decision is Decision.PERMITTED else remedies_of(clearance.reasons),
        "licence_id": clearance.licence_id,
        "licence_version": clearance.licence_version,
        "terms_sha256": clearance.terms_sha256,
        "status_interval_s": clearance.status_interval_s,
        "expires_at": clearance.expires_at,
        "decided_at": clearance.decided_at,
    }


class TokensBatch(Body):
    """Tokens of clearances."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"tokens": [_TOKEN]}]})

    tokens: list[Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_TOKEN)]] = Field(
        min_length=1, max_length=MOST_AT_ONCE
    )


class ToldOut(StandsOut):
    """How the clearance of one token stands. Only `holds` may be acted on."""

    clearance_id: str | None = Field(description="Null where the token is not one that was given to you.")

    @classmethod
    def about(cls, told: Told) -> ToldOut:
        """Describe what is said of one token."""
        shown = StandsOut.of(told.stands)
        return cls(clearance_id=told.clearance_id, standing=shown.standing, reasons=shown.reasons)


class StatusOut(Answer):
    """How each of some tokens stands, in their order."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [{"clearance_id": examples.CLEARANCE, **_HOLDS}],
                    "at": examples.NEXT_DAY,
                    "signed": _TOKEN,
                }
            ]
        }
    )

    items: list[ToldOut]
    at: Moment
    signed: str = Field(description="The same, signed (JWS); keep it to check the tokens by without asking.")

    @classmethod
    def of(cls, answer: StatusAnswer) -> StatusOut:
        """Describe an answer about tokens."""
        return cls(items=[ToldOut.about(told) for told in answer.told], at=answer.at, signed=answer.signed)
