"""Licences: an agreement of a performer and a studio, its life, and the versions of its terms.

States::

    draft ──offer──▶ offered ──both sides sign──▶ active ⇄ suspended
      └────────────────┴─────────revoke──────────────┴────────┴──▶ revoked
                                        active, suspended ──term ends──▶ expired     (derived from the time)

A licence is suspended as long as anything holds it; each hold is lifted by itself. Amendments are new versions of the
terms: the one in force stays in force until both sides have signed the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from registry.domain.terms import LicenceTerms
from registry.errors import ConflictError


class LicenceState(StrEnum):
    """Where a licence is in its life."""

    DRAFT = "draft"
    OFFERED = "offered"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"


_NEXT: dict[LicenceState, frozenset[LicenceState]] = {
    LicenceState.DRAFT: frozenset({LicenceState.OFFERED, LicenceState.REVOKED}),
    LicenceState.OFFERED: frozenset({LicenceState.ACTIVE, LicenceState.REVOKED}),
    LicenceState.ACTIVE: frozenset({LicenceState.SUSPENDED, LicenceState.REVOKED, LicenceState.EXPIRED}),
    LicenceState.SUSPENDED: frozenset({LicenceState.ACTIVE, LicenceState.REVOKED, LicenceState.EXPIRED}),
    LicenceState.REVOKED: frozenset(),
    LicenceState.EXPIRED: frozenset(),
}


IN_FORCE = frozenset({LicenceState.ACTIVE, LicenceState.SUSPENDED})
"""States of a licence that both sides have signed and that has not ended."""


class Side(StrEnum):
    """The two parties of a licence."""

    PERFORMER = "performer"
    STUDIO = "studio"


class SuspensionReason(StrEnum):
    """Why a licence rests. The list only grows."""

    DISPUTE = "dispute"
    NON_PAYMENT = "non_payment"
    STRIKE = "strike"
    SECURITY = "security"  # recordings or models are, or may be, in the wrong hands
    PAUSE_WITHOUT_ADMISSION = "pause_without_admission"
    CONSENT_ENDED = "consent_ended"  # the performer's consent to licensing


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that keeps a licence suspended.

    Attributes:
        reason: why.
        note: the same in the words of who suspended it, or None.
        since: when it began.
        until: when it was lifted, or None while it is open.
    """

    reason: SuspensionReason
    note: str | None
    since: datetime
    until: datetime | None = None

    def covers(self, day: date) -> bool:
        """Whether the licence rested for this on a day: from the day it began to the day before it was lifted."""
        return self.since.date() <= day and (self.until is None or day < self.until.date())


@dataclass(frozen=True, slots=True)
class TermsInForce:
    """A version of the terms that both sides have signed.

    Attributes:
        number: of the version, from 1.
        terms: what it permits.
        since: when the second side signed. It counts from the beginning of that day.
    """

    number: int
    terms: LicenceTerms
    since: datetime


@dataclass(frozen=True, slots=True)
class Licence:
    """An agreement of a performer and a studio.

    Attributes:
        id, performer_id, studio_id: of the licence and its parties.
        terms: what it permits: the version in force, or the newest while none is.
        state: as stored; ask `state_at` for the state at a moment.
        activated_at: when the second side first signed, or None.
        ended_at: when it was revoked, or None.
        paid_at: when payment of what was owed from coming into force was confirmed, or None.
        suspension_reason: why it is suspended, in words, or None.
        holds: what keeps it suspended, oldest first.
        lifted: what kept it suspended before, oldest first.
        versions: every version that was ever in force, oldest first; empty where it only ever had ``terms``.
    """

    id: str
    performer_id: str
    studio_id: str
    terms: LicenceTerms
    state: LicenceState
    activated_at: datetime | None
    ended_at: datetime | None
    paid_at: datetime | None
    suspension_reason: str | None
    holds: tuple[Hold, ...] = ()
    lifted: tuple[Hold, ...] = ()
    versions: tuple[TermsInForce, ...] = ()

    def state_at(self, now: datetime) -> LicenceState:
        """The state at ``now``: past its last day a licence is expired, whether or not anybody wrote that down."""
        if self.state in IN_FORCE and now.date() > self.terms.last_day:
            return LicenceState.EXPIRED
        return self.state

    def terms_on(self, day: date) -> LicenceTerms:
        """The terms that a use of that day is judged by: of the newest version signed by then, else of the first."""
        if len(self.versions) < 2:  # noqa: PLR2004  (no amendment)
            return self.versions[0].terms if self.versions else self.terms
        return next((v.terms for v in reversed(self.versions) if v.since.date() <= day), self.versions[0].terms)

    def replaced_after(self, day: date) -> TermsInForce | None:
        """The version that took the place of the one that a use of that day is judged by, or None."""
        return next((version for version in self.versions[1:] if version.since.date() > day), None)

    def payment_due_at(self) -> datetime | None:
        """When what is owed from coming into force is, or None: there is no such thing, or it was never active.

        Where amended terms owe another amount, the time runs from when they came into force.
        """
        if not self.terms.pay.is_owed_at_once or self.activated_at is None:
            return None
        since, owed = self.activated_at, None
        for version in self.versions:
            if version.terms.pay.owed_at_once != owed:
                since, owed = version.since, version.terms.pay.owed_at_once
        return since + timedelta(days=self.terms.pay.due_within_days)

    def is_overdue(self, now: datetime) -> bool:
        """Whether that was owed, its day has passed, and nothing was confirmed. Pay for use is the ledger's to say."""
        due = self.payment_due_at()
        return due is not None and self.paid_at is None and now.date() > due.date()


def require_transition(current: LicenceState, wanted: LicenceState) -> None:
    """Refuse a change of state that the life of a licence does not know.

    Raises:
        ConflictError: figures ``state`` and ``wanted``.
    """
    if wanted not in _NEXT[current]:
        raise ConflictError(
            f"a licence that is {current.value} cannot become {wanted.value}", state=current.value, wanted=wanted.value
        )
