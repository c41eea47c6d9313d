"""Licences: terms a machine can decide and a person can read. What a term does not permit, it refuses.

States::

    draft ──offer──▶ offered ──both sides sign──▶ active ⇄ suspended
      └────────────────┴─────────revoke──────────────┴────────┴──▶ revoked
                                        active, suspended ──term ends──▶ expired     (derived from the time)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from registry.domain.scores import Reason
from registry.domain.uses import DeclaredUse, Medium, UsePurpose
from registry.errors import ConflictError, InvalidInputError

WORLD = "WORLD"
"""The territory that contains every other."""

ANY_LANGUAGE = "*"
"""The language term that permits every language. It must be written out; an empty list permits none."""


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


class Side(StrEnum):
    """The two parties of a licence."""

    PERFORMER = "performer"
    STUDIO = "studio"


class Exclusivity(StrEnum):
    """Whether the performer may license the same use to somebody else."""

    NON_EXCLUSIVE = "non_exclusive"
    EXCLUSIVE = "exclusive"


class PayBasis(StrEnum):
    """What is paid for."""

    NONE = "none"  # agreed, in writing, to be unpaid
    FLAT = "flat"
    PER_SESSION = "per_session"
    PER_LINE = "per_line"
    PER_SECOND = "per_second"
    PER_THOUSAND_INFERENCES = "per_thousand_inferences"
    PER_TRAINING_RUN = "per_training_run"
    PER_REAL_TIME_HOUR = "per_real_time_hour"


@dataclass(frozen=True, slots=True)
class PayTerms:
    """What is owed.

    Attributes:
        basis: what is paid for.
        amount_minor: price of one unit, in the minor unit of the currency (cents), at least 0.
        currency: ISO 4217 code, or None when the basis is none.
        due_within_days: days after signing by which the first payment is owed.
    """

    basis: PayBasis
    amount_minor: int = 0
    currency: str | None = None
    due_within_days: int = 30

    def __post_init__(self) -> None:
        if self.basis is PayBasis.NONE and (self.amount_minor or self.currency):
            raise InvalidInputError("an unpaid licence has no amount and no currency")
        if self.basis is not PayBasis.NONE and (self.amount_minor <= 0 or self.currency is None):
            raise InvalidInputError(
                f"pay by {self.basis.value} needs an amount above 0 and a currency", amount_minor=self.amount_minor
            )


@dataclass(frozen=True, slots=True)
class LicenceTerms:
    """What a licence permits. Each set lists what is permitted; what is not in it is refused, and an empty set refuses.

    Attributes:
        purposes: permitted purposes.
        media: permitted media.
        territories: ISO 3166-1 alpha-2 codes, or ``WORLD``.
        languages: BCP 47 tags (``en`` permits ``en-GB`` too), or ``*``.
        starts_on, ends_on: first and last day of the term, both included.
        exclusivity: whether the performer may license the same to others.
        pay: what is owed.
        projects: the studio's projects it is for, or None when it is for every project (written out by both sides).
    """

    purposes: frozenset[UsePurpose]
    media: frozenset[Medium]
    territories: frozenset[str]
    languages: frozenset[str]
    starts_on: date
    ends_on: date
    exclusivity: Exclusivity
    pay: PayTerms
    projects: frozenset[str] | None

    def __post_init__(self) -> None:
        if self.ends_on < self.starts_on:
            raise InvalidInputError(
                f"the term ends on {self.ends_on}, before it starts on {self.starts_on}",
                starts_on=self.starts_on.isoformat(),
                ends_on=self.ends_on.isoformat(),
            )


@dataclass(frozen=True, slots=True)
class Licence:
    """An agreement of a performer and a studio.

    Attributes:
        id, performer_id, studio_id: of the licence and its parties.
        terms: what it permits.
        state: as stored; ask `state_at` for the state at a moment.
        activated_at: when the second side signed, or None.
        ended_at: when it was revoked, or None.
        paid_at: when the first payment was confirmed, or None.
        suspension_reason: why it is suspended, or None.
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

    def state_at(self, now: datetime) -> LicenceState:
        """The state at ``now``: past its last day a licence is expired, whether or not anybody wrote that down."""
        if self.state in {LicenceState.ACTIVE, LicenceState.SUSPENDED} and now.date() > self.terms.ends_on:
            return LicenceState.EXPIRED
        return self.state

    def payment_due_at(self) -> datetime | None:
        """When the first payment is owed, or None: nothing is owed, or the licence was never active."""
        if self.terms.pay.basis is PayBasis.NONE or self.activated_at is None:
            return None
        return self.activated_at + timedelta(days=self.terms.pay.due_within_days)

    def is_overdue(self, now: datetime) -> bool:
        """Whether a payment is owed, its day has passed, and nothing was confirmed."""
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


def refusals(terms: LicenceTerms, use: DeclaredUse, used_on: date) -> Iterator[Reason]:
    """Name every term that does not permit the use, other than the time: empty when all of them do.

    Args:
        terms: of the licence.
        use: as declared.
        used_on: the day that counts as the day of use, for the beginning of the term.
    """
    for purpose in sorted(use.required_purposes - terms.purposes):
        yield _refusal("purposes", purpose.value, sorted(p.value for p in terms.purposes))
    if use.medium not in terms.media:
        yield _refusal("media", use.medium.value, sorted(m.value for m in terms.media))
    if not _territory_permitted(terms, use.territory):
        yield _refusal("territories", use.territory, sorted(terms.territories))
    if not _language_permitted(terms, use.language):
        yield _refusal("languages", use.language or "not declared", sorted(terms.languages))
    if terms.projects is not None and use.project not in terms.projects:
        yield _refusal("projects", use.project, sorted(terms.projects))
    if used_on < terms.starts_on:
        yield _not_begun(terms, used_on)


def _refusal(term: str, wanted: str, permitted: list[str]) -> Reason:
    listed = ", ".join(permitted) or "nothing"
    return Reason(
        f"{term}_not_permitted",
        f"the licence's {term} permit {listed}; {wanted} is not among them",
        {"term": term, "wanted": wanted, "permitted": listed},
    )


def _not_begun(terms: LicenceTerms, used_on: date) -> Reason:
    begins = terms.starts_on.isoformat()
    return Reason(
        "term_not_begun",
        f"the licence's term begins on {begins}; the use is of {used_on.isoformat()}",
        {"term": "starts_on", "starts_on": begins, "used_on": used_on.isoformat()},
    )


def _territory_permitted(terms: LicenceTerms, territory: str) -> bool:
    return WORLD in terms.territories or territory in terms.territories


def _language_permitted(terms: LicenceTerms, language: str | None) -> bool:
    if ANY_LANGUAGE in terms.languages:
        return True
    if language is None:
        return False
    wanted = language.lower().split("-")
    return any(wanted[: len(parts)] == parts for parts in (tag.lower().split("-") for tag in terms.languages))


T = TypeVar("T")


def conflicting_exclusives(licence: Licence, others: Iterable[Licence], now: datetime) -> list[Licence]:
    """Answer the licences of other studios that this one cannot be active beside.

    Two licences of one performer conflict when at least one of them is exclusive and there is a use that both permit.
    Projects do not part them: each studio names its own, so that no project of one is ever a project of the other.
    """
    return [
        other
        for other in others
        if other.id != licence.id
        and other.studio_id != licence.studio_id
        and other.performer_id == licence.performer_id
        and other.state_at(now) in {LicenceState.ACTIVE, LicenceState.SUSPENDED}
        and Exclusivity.EXCLUSIVE in {licence.terms.exclusivity, other.terms.exclusivity}
        and _share_a_use(licence.terms, other.terms)
    ]


def _share_a_use(left: LicenceTerms, right: LicenceTerms) -> bool:
    return bool(
        left.purposes & right.purposes
        and left.media & right.media
        and _overlap(left.territories, right.territories, WORLD)
        and _languages_overlap(left.languages, right.languages)
        and left.starts_on <= right.ends_on
        and right.starts_on <= left.ends_on
    )


def _overlap(left: frozenset[T], right: frozenset[T], everything: T) -> bool:
    if not left or not right:
        return False
    return everything in left or everything in right or bool(left & right)


def _languages_overlap(left: frozenset[str], right: frozenset[str]) -> bool:
    if not left or not right:
        return False
    if ANY_LANGUAGE in left or ANY_LANGUAGE in right:
        return True
    tags = [(a.lower().split("-"), b.lower().split("-")) for a in left for b in right]
    return any(a[: len(b)] == b or b[: len(a)] == a for a, b in tags)
