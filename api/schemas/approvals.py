"""Approvals: a performer agrees to the exact copy of one use, or refuses it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import Answer, Body, Moment, Note, Page, Path, PerformerId, Prose, Sha256, Version, omissible
from api.schemas.examples import Example
from api.schemas.uses import USE, Use, UseShown
from registry.domain.approvals import ApprovalState, Beyond
from registry.domain.clearances import WantedUse
from registry.services.approvals import Offer
from registry.store.approvals import Approval

DEFAULT_DAYS = 14

_NEW: Example = {
    "performer_id": examples.PERFORMER,
    "use": USE,
    "beyond": [],
    "copy_text": None,
    "note": "The second radio spot of the spring campaign.",
    "fee_minor": 45_000,
    "currency": "GBP",
    "expires_at": "2026-03-16T09:30:00Z",
}
_EXAMPLE: Example = {
    "id": examples.APPROVAL,
    **_NEW,
    "studio_id": examples.ORGANISATION,
    "licence_id": examples.LICENCE,
    "copy_sha256": examples.DIGEST,
    "state": "requested",
    "floor_minor": 40_000,
    "floor_currency": "GBP",
    "requested_at": examples.NOW,
    "answered_at": None,
    "refusal_reason": None,
    "clearance_id": None,
    "version": 1,
}

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="An ISO 4217 code.")]


class ApprovalPath(Path):
    """Which approval."""

    approval_id: str = Field(examples=[examples.APPROVAL])


class ApprovalQuery(PageQuery):
    """Which approvals."""

    state: ApprovalState | None = omissible(description="Only those in this state, as written down.")
    performer_id: PerformerId | None = omissible(description="Only those about this performer.")


class NewApproval(Body):
    """A question to the performer: do you approve this exact copy?"""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    performer_id: PerformerId
    use: Use = Field(description="As it is meant; `copy_sha256` names the copy.")
    beyond: list[Beyond] = Field(default=[], max_length=len(Beyond), description="What it does beyond itself.")
    copy_text: Prose | None = Field(default=None, description="The words themselves; they must have that SHA-256.")
    note: Note | None = Field(default=None, description="A remark for the performer.")
    fee_minor: int = Field(default=0, ge=0, le=2**31 - 1, description="What is paid for this use, in the minor unit.")
    currency: Currency | None = Field(default=None, description="Null where no fee is offered.")
    expires_at: Moment | None = Field(default=None, description=f"When it ends; {DEFAULT_DAYS} days from now if null.")

    def wanted(self) -> WantedUse:
        """Answer the use as the rules take it."""
        return WantedUse(self.performer_id, self.use.value(), frozenset(self.beyond))

    def offer(self, now: datetime) -> Offer:
        """Answer what is put before the performer."""
        return Offer(
            expires_at=self.expires_at or now + timedelta(days=DEFAULT_DAYS),
            fee_minor=self.fee_minor,
            currency=self.currency,
            copy_text=self.copy_text,
            note=self.note,
        )


class Refusal(Body):
    """Why the copy is refused."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "I do not advertise for betting."}]})

    reason: Note


class ApprovalOut(Answer):
    """A question about one exact copy, and the performer's answer. It is good for one clearance."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    studio_id: str
    licence_id: str = Field(description="Under which it was asked for.")
    use: UseShown
    beyond: list[Beyond]
    copy_sha256: Sha256
    copy_text: str | None
    note: str | None
    fee_minor: int
    currency: str | None
    floor_minor: int = Field(description="The least that the licence lets be offered.")
    floor_currency: str | None
    state: ApprovalState
    requested_at: Moment
    expires_at: Moment
    answered_at: Moment | None
    refusal_reason: str | None
    clearance_id: str | None = Field(description="The clearance that has used it up.")
    version: Version

    @classmethod
    def of(cls, approval: Approval, now: datetime) -> ApprovalOut:
        """Describe an approval, in the state that it is in at ``now``."""
        plain = {name: getattr(approval, name) for name in cls.model_fields if name not in {"use", "state"}}
        return cls(**plain, use=UseShown.of_json(dict(approval.use)), state=approval.value().state_at(now))


class ApprovalPage(Page):
    """Approvals, newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[ApprovalOut]
