"""Consent: what was explained, what was understood, what was signed; per purpose and per modality, default none.

A consent is a decision that was taken at a moment and rests on an explanation. States::

    draft ──sign──▶ active ──withdraw──▶ withdrawn
                      │──a newer one is signed──▶ superseded
                      └──its term ends──▶ expired        (derived from the time, never waited for)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registry.domain.choices import NOTHING, Disposition, LicensingChoices
from registry.domain.uses import UsePurpose
from registry.errors import ConflictError


class ConsentPurpose(StrEnum):
    """What a performer lets the registry do."""

    MONITORING = "monitoring"  # keep a template and look for the performer in what is submitted
    LICENSING = "licensing"  # let licences of the voice or the face be made through the registry
    ENGINE_IMPROVEMENT = "engine_improvement"  # let the recordings help to improve the engine


class Modality(StrEnum):
    """Voice or face. Consent for one says nothing of the other."""

    VOICE = "voice"
    FACE = "face"


class ConsentDecision(StrEnum):
    """A signed yes or a signed no. Not having answered is neither, and permits nothing."""

    GIVEN = "given"
    REFUSED = "refused"


class ConsentState(StrEnum):
    """Where a consent is in its life."""

    DRAFT = "draft"
    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class SignedAs(StrEnum):
    """In what capacity somebody signed a consent."""

    PERFORMER = "performer"
    AGENT = "agent"
    GUILD = "guild"
    GUARDIAN = "guardian"
    ESTATE = "estate"
    OPERATOR = "operator"  # who recorded what was signed on paper
    UNRECORDED = "unrecorded"  # signed before this was written down


_NEXT: dict[ConsentState, frozenset[ConsentState]] = {
    ConsentState.DRAFT: frozenset({ConsentState.ACTIVE}),
    ConsentState.ACTIVE: frozenset({ConsentState.WITHDRAWN, ConsentState.SUPERSEDED, ConsentState.EXPIRED}),
    ConsentState.WITHDRAWN: frozenset(),
    ConsentState.SUPERSEDED: frozenset(),
    ConsentState.EXPIRED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Consent:
    """One decision of a performer.

    Attributes:
        id: of the record.
        performer_id: who decided.
        purpose, modality: about what.
        decision: yes or no.
        state: as stored; ask `state_at` for the state at a moment.
        signed_at: when it became active, or None while a draft.
        expires_at: when it ends by itself, or None.
        withdrawn_at: when it was withdrawn, or None.
        choices: of a yes to licensing, which uses it is open to; of any other, nothing.
    """

    id: str
    performer_id: str
    purpose: ConsentPurpose
    modality: Modality
    decision: ConsentDecision
    state: ConsentState
    signed_at: datetime | None
    expires_at: datetime | None
    withdrawn_at: datetime | None
    choices: LicensingChoices = NOTHING

    def state_at(self, now: datetime) -> ConsentState:
        """The state at ``now``: a consent past its term is expired, whether or not anybody has written that down."""
        if self.state is ConsentState.ACTIVE and self.expires_at is not None and now >= self.expires_at:
            return ConsentState.EXPIRED
        return self.state

    def permits(self, now: datetime) -> bool:
        """Whether this is a *yes* that is in force at ``now``."""
        return self.decision is ConsentDecision.GIVEN and self.state_at(now) is ConsentState.ACTIVE

    @property
    def decided_at(self) -> datetime | None:
        """When the performer last spoke about it: to withdraw it, else to sign it; None while a draft."""
        return None if self.signed_at is None else self.withdrawn_at or self.signed_at


def require_transition(current: ConsentState, wanted: ConsentState) -> None:
    """Refuse a change of state that the life of a consent does not know.

    Raises:
        ConflictError: figures ``state`` and ``wanted``.
    """
    if wanted not in _NEXT[current]:
        raise ConflictError(
            f"a consent that is {current.value} cannot become {wanted.value}", state=current.value, wanted=wanted.value
        )


def consent_in_force(
    consents: Iterable[Consent], purpose: ConsentPurpose, modality: Modality, now: datetime
) -> Consent | None:
    """Answer the active *yes* for a purpose and a modality, or None: unset, refused and ended are all None.

    Only the latest decision counts: an older yes that was never marked as superseded does not come back to life.
    """
    decision = latest_decision(consents, purpose, modality)
    return decision if decision is not None and decision.permits(now) else None


def latest_decision(consents: Iterable[Consent], purpose: ConsentPurpose, modality: Modality) -> Consent | None:
    """Answer the decision taken last for a purpose and a modality, whatever became of it; None when never decided.

    A withdrawal is a decision at its own moment, so that it also beats a yes that was signed while it was on its way.
    """
    signed = [c for c in consents if c.purpose is purpose and c.modality is modality and c.signed_at is not None]
    return max(signed, key=lambda c: (c.decided_at, c.signed_at, c.id)) if signed else None


def choice_for(consents: Iterable[Consent], use: UsePurpose, modality: Modality, now: datetime) -> Disposition:
    """Answer what the performer says at ``now`` to licences for a use: never, unless a yes in force says otherwise."""
    consent = consent_in_force(consents, ConsentPurpose.LICENSING, modality, now)
    return Disposition.NEVER if consent is None else consent.choices.to(use)


def refused_uses(
    consents: Iterable[Consent], uses: Collection[UsePurpose], modality: Modality, now: datetime
) -> list[UsePurpose]:
    """Answer which of some uses the performer says never to at ``now``, in order: empty when none is."""
    held = list(consents)
    return [use for use in sorted(uses) if choice_for(held, use, modality, now) is Disposition.NEVER]
