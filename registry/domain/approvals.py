"""Approvals: a performer agrees to the exact copy of one use, for a fee that was named. Each is good for one clearance.

An approval is of the use as the performer was shown it: the same words in another film, country or number are another
use. See `particulars`.

States::

    requested ──approve──▶ approved ──a clearance is given on it──▶ used
        │                     └──its time is over──▶ expired       (derived from the time)
        ├──refuse, with a reason──▶ refused
        └──its time is over──▶ expired
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registry.domain.terms import ApprovalTerms
from registry.domain.uses import DeclaredUse
from registry.errors import ApprovalExpiredError, ConflictError, FeeBelowFloorError, InvalidInputError


class ApprovalState(StrEnum):
    """Where an approval is in its life."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    USED = "used"
    EXPIRED = "expired"


class Beyond(StrEnum):
    """What a use does beyond itself. A licence says of each whether it is permitted; unsaid is refused."""

    SUBLICENCE = "sublicence"  # somebody else uses what the studio was permitted
    DERIVED_VOICE = "derived_voice"  # the voice is mixed or changed into a new one
    MODEL_IMPROVEMENT = "model_improvement"  # models are made better that serve others


@dataclass(frozen=True, slots=True)
class Approval:
    """An answer of a performer to one copy.

    Attributes:
        id: of the approval.
        licence_id: under which it was asked for; it is good under no other.
        use: as the performer was shown it; it is good for no other.
        beyond: what the use may do beyond itself.
        state: as stored; ask `state_at` for the state at a moment.
        expires_at: until when it can be answered, and used.
    """

    id: str
    licence_id: str
    use: DeclaredUse
    beyond: frozenset[Beyond]
    state: ApprovalState
    expires_at: datetime

    def state_at(self, now: datetime) -> ApprovalState:
        """The state at ``now``: what is past its time is expired, whether or not anybody wrote that down."""
        waiting = {ApprovalState.REQUESTED, ApprovalState.APPROVED}
        return ApprovalState.EXPIRED if self.state in waiting and now >= self.expires_at else self.state

    def is_for(self, use: DeclaredUse, licence_id: str, beyond: frozenset[Beyond]) -> bool:
        """Whether it was asked for this use under this licence, and for all that the use does beyond itself."""
        return self.licence_id == licence_id and not self.differs_in(use) and self.beyond >= beyond

    def differs_in(self, use: DeclaredUse) -> list[str]:
        """Name everything in which a use is not the one that was approved; empty when it is."""
        shown, wanted = particulars(self.use), particulars(use)
        return [name for name, value in wanted.items() if shown[name] != value]


def particulars(use: DeclaredUse) -> dict[str, object]:
    """Answer all of a use that a performer approves, by name.

    That is everything but the day on which the work is finished, the licences that are claimed, and whose voice it was
    made from: none of them is known, or chosen, when the performer is asked.
    """
    return {
        "copy_sha256": use.copy_sha256,
        "kind": use.kind,
        "purpose": use.purpose,
        "project": use.project,
        "medium": use.medium,
        "territory": use.territory,
        "language": use.language,
        "use_mode": use.mode,
        "quantities": frozenset(use.quantities),
        "ai_disclosed": use.ai_disclosed,
    }


def require_answerable(approval: Approval, now: datetime) -> None:
    """Refuse an answer to what is not waiting for one.

    Raises:
        ApprovalExpiredError: its time is over; figure ``expired_at``.
        ConflictError: it was answered before; figure ``state``.
    """
    state = approval.state_at(now)
    if state is ApprovalState.EXPIRED:
        at = approval.expires_at.isoformat()
        raise ApprovalExpiredError(f"the time to answer was over at {at}; it must be asked anew", expired_at=at)
    if state is not ApprovalState.REQUESTED:
        raise ConflictError(f"an approval that is {state.value} cannot be answered", state=state.value)


def require_fee(fee_minor: int, currency: str | None, floor: ApprovalTerms | None) -> None:
    """Refuse a fee that makes no sense, or is below what the licence says is the least.

    Args:
        fee_minor: offered, in the minor unit of the currency; 0 for none.
        currency: ISO 4217 code, or None when nothing is offered.
        floor: what the licence says of approvals, or None when it says nothing.

    Raises:
        InvalidInputError: a fee without a currency, or in another than the floor's.
        FeeBelowFloorError: figures ``fee_minor``, ``floor_minor`` and ``currency``.
    """
    if (fee_minor > 0) != (currency is not None):
        raise InvalidInputError("a fee has a currency, and no fee has none", fee_minor=fee_minor, currency=currency)
    if floor is None or floor.currency is None:
        return
    if currency not in {None, floor.currency}:
        raise InvalidInputError(
            f"the fee is offered in {currency}; the licence's floor is in {floor.currency}",
            currency=currency,
            floor_currency=floor.currency,
        )
    if fee_minor < floor.floor_minor:
        raise FeeBelowFloorError(
            f"{fee_minor} is offered; the licence's floor is {floor.floor_minor} (minor units of {floor.currency})",
            fee_minor=fee_minor,
            floor_minor=floor.floor_minor,
            currency=floor.currency,
        )


def usable(
    approvals: Iterable[Approval], use: DeclaredUse, licence_id: str, beyond: frozenset[Beyond], now: datetime
) -> Approval | None:
    """Answer the approval that a use can be cleared on, the one that ends first; None when there is none."""
    fit = [a for a in approvals if a.is_for(use, licence_id, beyond) and a.state_at(now) is ApprovalState.APPROVED]
    return min(fit, key=lambda approval: (approval.expires_at, approval.id), default=None)
