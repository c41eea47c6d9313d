"""Consent: what was explained, what was understood, what was signed; per purpose and per modality, default none.

A consent is a decision that was taken at a moment and rests on an explanation. States::

    draft ──sign──▶ active ──withdraw──▶ withdrawn
                      │──a newer one is signed──▶ superseded
                      └──its term ends──▶ expired        (derived from the time, never waited for)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from registry.errors import ConflictError, ExplanationIncompleteError


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


_NEXT: dict[ConsentState, frozenset[ConsentState]] = {
    ConsentState.DRAFT: frozenset({ConsentState.ACTIVE}),
    ConsentState.ACTIVE: frozenset({ConsentState.WITHDRAWN, ConsentState.SUPERSEDED, ConsentState.EXPIRED}),
    ConsentState.WITHDRAWN: frozenset(),
    ConsentState.SUPERSEDED: frozenset(),
    ConsentState.EXPIRED: frozenset(),
}

REQUIRED_ANSWERS = 3
"""Comprehension questions that an explanation must have had answered before a consent may rest on it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One comprehension question, what the performer answered, and whether that showed understanding."""

    question: str
    answer: str
    understood: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a performer was told before deciding.

    Attributes:
        id: of the record.
        purpose, modality: what it explained.
        language: BCP 47 tag of the text.
        text_sha256: hex digest of the exact text.
        explained_by: who explained it.
        channel: how: ``in_person``, ``video_call``, ``telephone``, ``self_service``.
        duration_s: time spent.
        answers: the comprehension questions and answers.
        copy_delivered_at: when the performer got a copy, or None.
    """

    id: str
    purpose: ConsentPurpose
    modality: Modality
    language: str
    text_sha256: str
    explained_by: str
    channel: str
    duration_s: float
    answers: Sequence[Answer]
    copy_delivered_at: datetime | None


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


def require_complete(explanation: Explanation, purpose: ConsentPurpose, modality: Modality) -> None:
    """Refuse to rest a consent on an explanation that lacks something.

    Raises:
        ExplanationIncompleteError: figure ``missing`` names everything it lacks.
    """
    missing = list(_missing(explanation, purpose, modality))
    if missing:
        raise ExplanationIncompleteError(
            f"the explanation {explanation.id} cannot carry this consent: {'; '.join(missing)}", missing=missing
        )


def _missing(explanation: Explanation, purpose: ConsentPurpose, modality: Modality) -> Iterable[str]:
    if explanation.purpose is not purpose:
        yield f"it explained {explanation.purpose.value}, not {purpose.value}"
    if explanation.modality is not modality:
        yield f"it was about the {explanation.modality.value}, not the {modality.value}"
    if len(explanation.answers) < REQUIRED_ANSWERS:
        yield f"{len(explanation.answers)} of {REQUIRED_ANSWERS} comprehension questions are answered"
    for answer in explanation.answers:
        if not answer.understood:
            yield f"the answer to “{answer.question}” did not show understanding"
    if explanation.copy_delivered_at is None:
        yield "no copy was delivered"
    if explanation.duration_s <= 0:
        yield "no time was spent on it"


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
