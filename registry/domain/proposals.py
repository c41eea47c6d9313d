"""Proposals: what takes two operators. One puts forward what exactly, and why; another approves those very bytes.

States::

    proposed ──another operator approves in time──▶ approved: it is done in that commit, once
        ├──another operator refuses──▶ refused
        ├──whoever proposed takes it back──▶ withdrawn
        └──nobody answers in time──▶ lapsed

Two accounts are not two people. What can be told apart here is told apart: the second account is another one, in
service, and was there when the proposal was made. That each belongs to a person of its own is for whoever creates
accounts and gives out keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from registry.domain.engine_settings import EngineSettings
from registry.errors import ConflictError, ProposalChangedError, SecondPersonNeededError

WAITS_FOR = timedelta(hours=72)
"""How long a proposal waits for the second operator."""

OPERATORS_NEEDED: Final = 2


class ProposalKind(StrEnum):
    """What takes two operators. The list only grows."""

    UNSEALING = "unsealing"
    PERFORMER_DELETION = "performer_deletion"
    ENGINE_CHANGE = "engine_change"
    NOTICE_SERVICE = "notice_service"
    NOTICE_PUT_BACK = "notice_put_back"
    PURGE = "purge"


class ProposalState(StrEnum):
    """Where a proposal is in its life; `LAPSED` is never written down, time alone makes it so."""

    PROPOSED = "proposed"
    LAPSED = "lapsed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class DeletionGround(StrEnum):
    """Why a performer is deleted who has not asked for it themselves. The list only grows."""

    DIED_WITHOUT_ESTATE = "died_without_estate"  # nobody is left to decide
    REGISTERED_IN_ERROR = "registered_in_error"  # the wrong person, or the same one twice
    REGISTERED_BY_FRAUD = "registered_by_fraud"  # by somebody who is not who they said
    ORDERED = "ordered"  # by a court or an authority


# --- what is proposed ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unsealing:
    """That who a sealed source is be read."""

    attestation_id: str


@dataclass(frozen=True, slots=True)
class PerformerDeletion:
    """That a performer be deleted.

    Attributes:
        performer_id: whom.
        version: of their record, as the proposer saw it; one that has changed since is not deleted.
        ground: why.
        evidence_sha256: digest of the document that shows it.
    """

    performer_id: str
    version: int
    ground: DeletionGround
    evidence_sha256: str


@dataclass(frozen=True, slots=True)
class EngineChange:
    """That workers decide with other settings of the engine.

    Attributes:
        target_fpir, calibration_sha256: of the settings that are to be; see `EngineSettings`.
        replaces: number of the settings that they take the place of; others that came between are not overwritten.
    """

    target_fpir: float
    calibration_sha256: str | None
    replaces: int

    @property
    def settings(self) -> EngineSettings:
        """The settings that are to be."""
        return EngineSettings(self.target_fpir, self.calibration_sha256)


@dataclass(frozen=True, slots=True)
class NoticeService:
    """That a notice may be served: two have read it in good faith, and both say that it may go.

    Attributes:
        notice_id: which.
        document_sha256: of the bytes that both have read.
    """

    notice_id: str
    document_sha256: str


@dataclass(frozen=True, slots=True)
class NoticePutBack:
    """That what a notice took down may be shown again, since its term is over; where the respondent is limited.

    Attributes:
        notice_id: which.
        version: of the notice, as the proposer saw it.
    """

    notice_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Purging:
    """That what was past its time at a moment be destroyed, and nothing that is past it later.

    Attributes:
        as_of: the moment, ISO 8601 in UTC.
        schedule_sha256: of the retention schedule that it goes by.
        due: how many records were past their time by each rule when it was proposed; rules without any are not in it.
    """

    as_of: str
    schedule_sha256: str
    due: dict[str, int]

    @property
    def moment(self) -> datetime:
        """The moment itself."""
        return datetime.fromisoformat(self.as_of)


Content = Unsealing | PerformerDeletion | EngineChange | NoticeService | NoticePutBack | Purging

_KINDS: Mapping[type[Content], ProposalKind] = MappingProxyType(
    {
        Unsealing: ProposalKind.UNSEALING,
        PerformerDeletion: ProposalKind.PERFORMER_DELETION,
        EngineChange: ProposalKind.ENGINE_CHANGE,
        NoticeService: ProposalKind.NOTICE_SERVICE,
        NoticePutBack: ProposalKind.NOTICE_PUT_BACK,
        Purging: ProposalKind.PURGE,
    }
)


def kind_of(content: Content) -> ProposalKind:
    """Answer which kind of proposal has this content."""
    return _KINDS[type(content)]


def content_json(content: Content) -> dict[str, Any]:
    """Answer a content as it is written down, signed for by two, and shown: its kind and every member."""
    return {"kind": kind_of(content).value, **asdict(content)}


def content_of_json(stored: Mapping[str, Any]) -> Content:
    """Read what `content_json` made."""
    members = {name: value for name, value in stored.items() if name != "kind"}
    kind = ProposalKind(stored["kind"])
    if kind is ProposalKind.UNSEALING:
        return Unsealing(**members)
    if kind is ProposalKind.PERFORMER_DELETION:
        return PerformerDeletion(**members | {"ground": DeletionGround(members["ground"])})
    if kind is ProposalKind.NOTICE_SERVICE:
        return NoticeService(**members)
    if kind is ProposalKind.NOTICE_PUT_BACK:
        return NoticePutBack(**members)
    if kind is ProposalKind.PURGE:
        return Purging(**members)
    return EngineChange(**members)


# --- who answers, and when -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal, as far as the rules of answering go.

    Attributes:
        state: as written down.
        content_sha256: of the bytes that are proposed.
        proposed_by, proposed_at, expires_at: who, when, and until when it waits.
        answered_by, answered_at: who approved, refused or withdrew it, and when; None while nobody has.
    """

    state: ProposalState
    content_sha256: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    answered_by: str | None
    answered_at: datetime | None

    def state_at(self, now: datetime) -> ProposalState:
        """The state at ``now``: one that nobody has answered in time has lapsed."""
        if self.state is ProposalState.PROPOSED and now >= self.expires_at:
            return ProposalState.LAPSED
        return self.state


@dataclass(frozen=True, slots=True)
class Answerer:
    """The operator who answers: the account, and since when there is one."""

    account_id: str
    account_created_at: datetime


def require_enough_operators(in_service: int) -> None:
    """Refuse a proposal that nobody could approve.

    Raises:
        SecondPersonNeededError: there is one operator; figures ``operators`` and ``required``.
    """
    if in_service < OPERATORS_NEEDED:
        raise SecondPersonNeededError(
            f"this takes {OPERATORS_NEEDED} operators, and the registry has {in_service} in service: create an account "
            "for another person, who asks for a token of their own on the registry's machine",
            operators=in_service,
            required=OPERATORS_NEEDED,
        )


def require_waiting(proposal: Proposal, now: datetime) -> None:
    """Refuse to answer a proposal that waits for no answer.

    Raises:
        ConflictError: answered before, or too late; figure ``state``.
    """
    state = proposal.state_at(now)
    if state is not ProposalState.PROPOSED:
        raise ConflictError(f"a proposal that is {state.value} cannot be answered", state=state.value)


def require_second_person(proposal: Proposal, answerer: Answerer) -> None:
    """Refuse an answer that is not a second person's, as far as accounts tell.

    Raises:
        SecondPersonNeededError: it is the proposer's account, or one that was made after the proposal; figure
            ``first``.
    """
    first = proposal.proposed_by
    if answerer.account_id == first:
        raise SecondPersonNeededError("whoever proposes does not approve it: another operator must", first=first)
    if answerer.account_created_at > proposal.proposed_at:
        raise SecondPersonNeededError(
            "the account of whoever approves was made after the proposal: it takes an operator who was there before",
            first=first,
            account_created_at=answerer.account_created_at.isoformat(),
            proposed_at=proposal.proposed_at.isoformat(),
        )


def require_same_bytes(proposal: Proposal, content_sha256: str) -> None:
    """Refuse to approve other bytes than those that were proposed.

    Raises:
        ProposalChangedError: figures ``content_sha256``, of the proposal, and ``approved_sha256``.
    """
    if content_sha256 != proposal.content_sha256:
        raise ProposalChangedError(
            f"what was to be approved has the SHA-256 {content_sha256}, the proposal has {proposal.content_sha256}: "
            "read it again",
            content_sha256=proposal.content_sha256,
            approved_sha256=content_sha256,
        )
