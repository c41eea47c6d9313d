"""Source attestations: whose voice a synthetic voice was made from, said by the studio on the day it is made.

Said before anybody disputes anything, with the digests of what proves it: the recordings, the casting documents, the
direction notes and whether they name anyone. The source may stay hidden: their identity is sealed, and takes two
operators to unseal, each with a reason, for a time.

A request to unseal is a proposal (`registry.domain.proposals`), and approved for a time::

    requested ──another operator approves──▶ approved ──its time is over──▶ closed
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from registry.domain.proposals import Proposal, ProposalState
from registry.errors import ConflictError, InvalidInputError, SecondPersonNeededError

SEALED_NAME = "Sealed source"
"""What a performer record that is made under seal is called: its name is in the seal alone."""

READABLE_FOR = timedelta(hours=24)
"""How long an identity can be read once the second operator has approved."""


@dataclass(frozen=True, slots=True)
class SourceRecording:
    """One recording that the voice was made from: its digest, and the day it was recorded."""

    sha256: str
    recorded_on: date


@dataclass(frozen=True, slots=True)
class SealedIdentity:
    """Who a sealed source is. It is never stored in the clear, journalled, or shown to anybody who has not unsealed it.

    Attributes:
        name: of the person.
        contact: how to reach them, or an agent.
        note: whatever else ties the person to the voice, such as the number of a contract.
    """

    name: str
    contact: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Attested:
    """What a studio attests of one synthetic voice.

    Attributes:
        product: the studio's name of the voice.
        made_on: the day the voice was made.
        recordings: what it was made from; at least one, each once.
        casting_sha256: digests of the casting documents.
        direction_sha256: digest of the direction notes, or None when there were none.
        mentions: people whom the direction notes name; empty when they name nobody, None when nobody has looked.
    """

    product: str
    made_on: date
    recordings: Sequence[SourceRecording]
    casting_sha256: Sequence[str] = ()
    direction_sha256: str | None = None
    mentions: Sequence[str] | None = None

    def require_sound(self, today: date) -> None:
        """Refuse what contradicts itself.

        Args:
            today: the latest day on which a voice can have been made.

        Raises:
            InvalidInputError: figures say what.
        """
        if self.made_on > today:
            raise InvalidInputError(
                f"a voice cannot have been made on {self.made_on}, in the future", made_on=self.made_on.isoformat()
            )
        if not self.recordings:
            raise InvalidInputError("a voice is made from at least one recording", recordings=0)
        _require_once("recording", [recording.sha256 for recording in self.recordings])
        _require_once("casting document", self.casting_sha256)
        later = [r for r in self.recordings if r.recorded_on > self.made_on]
        if later:
            raise InvalidInputError(
                f"a recording of {later[0].recorded_on} cannot have gone into a voice made on {self.made_on}",
                recorded_on=later[0].recorded_on.isoformat(),
                made_on=self.made_on.isoformat(),
            )
        if self.direction_sha256 is None and self.mentions is not None:
            raise InvalidInputError("whom direction notes name is said of notes: give their digest too")


def _require_once(what: str, digests: Iterable[str]) -> None:
    seen: set[str] = set()
    for digest in digests:
        if digest in seen:
            raise InvalidInputError(f"the same {what} is given twice: {digest}", sha256=digest)
        seen.add(digest)


class UnsealingState(StrEnum):
    """Where a request to unseal is in its life."""

    REQUESTED = "requested"
    LAPSED = "lapsed"
    APPROVED = "approved"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_STATES: Mapping[ProposalState, UnsealingState] = MappingProxyType(
    {
        ProposalState.PROPOSED: UnsealingState.REQUESTED,
        ProposalState.LAPSED: UnsealingState.LAPSED,
        ProposalState.APPROVED: UnsealingState.APPROVED,
        ProposalState.REFUSED: UnsealingState.REFUSED,
        ProposalState.WITHDRAWN: UnsealingState.WITHDRAWN,
    }
)


def open_until(request: Proposal) -> datetime:
    """Answer when the state that a request to unseal is in ends, or ended."""
    if request.answered_at is None:
        return request.expires_at
    return request.answered_at + READABLE_FOR if request.state is ProposalState.APPROVED else request.answered_at


def unsealing_state(request: Proposal, now: datetime) -> UnsealingState:
    """Answer the state of a request at ``now``; time alone ends one that waits, and one that was approved."""
    if request.state is ProposalState.APPROVED and now >= open_until(request):
        return UnsealingState.CLOSED
    return _STATES[request.state_at(now)]


def require_readable(request: Proposal, operator_id: str, now: datetime) -> None:
    """Refuse to show an identity but to the two operators who have unsealed it, while its time lasts.

    Raises:
        ConflictError: not approved, or closed; figure ``state``.
        SecondPersonNeededError: the caller is neither of the two.
    """
    state = unsealing_state(request, now)
    if state is not UnsealingState.APPROVED:
        raise ConflictError(f"an unsealing that is {state.value} shows nothing", state=state.value)
    if operator_id not in {request.proposed_by, request.answered_by}:
        raise SecondPersonNeededError(
            "only the two operators who unsealed an identity read it", first=request.proposed_by
        )
