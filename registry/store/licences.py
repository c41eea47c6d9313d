"""Licences, and what keeps them suspended."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, Text, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, defaultload, mapped_column, relationship

from registry.domain import licences as rules
from registry.domain.licences import LicenceState, Side, SuspensionReason
from registry.domain.terms import Exclusivity, LicenceTerms
from registry.store.base import Base
from registry.store.licence_versions import LicenceSignature, LicenceVersion
from registry.store.parts import in_parts
from registry.store.performers import Performer
from registry.store.types import Id, UtcDateTime, text_enum

_OPEN = text("lifted_at IS NULL")


class Licence(Base):
    """An agreement of a performer and a studio.

    What it permits stands in its versions; ``number`` names the one that counts: the one in force, or the newest while
    none is. The days of the term and the exclusivity are repeated here, to search by.
    """

    __tablename__ = "licences"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    state: Mapped[LicenceState] = mapped_column(text_enum(LicenceState))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(200))
    intended_use: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    exclusivity: Mapped[Exclusivity] = mapped_column(text_enum(Exclusivity))
    created_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    offered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    performer_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    performer_signed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    studio_signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    studio_signed_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    activated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suspended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    suspended_by: Mapped[str | None] = mapped_column(String(20))
    suspension_reason: Mapped[str | None] = mapped_column(String(500))
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)

    versions: Mapped[list[LicenceVersion]] = relationship(order_by=LicenceVersion.number, lazy="selectin")
    holds: Mapped[list[LicenceHold]] = relationship(order_by="LicenceHold.id", lazy="selectin")

    __table_args__ = (
        CheckConstraint("version >= 1", name="version_positive"),
        CheckConstraint("number >= 1", name="number_from_one"),
        CheckConstraint("ends_on >= starts_on", name="term_in_order"),
        CheckConstraint(
            "activated_at IS NULL OR (performer_signed_at IS NOT NULL AND studio_signed_at IS NOT NULL)",
            name="active_once_both_signed",
        ),
        CheckConstraint(
            "state NOT IN ('active', 'suspended', 'expired') OR activated_at IS NOT NULL", name="in_force_once_active"
        ),
        CheckConstraint("(state = 'suspended') = (suspended_at IS NOT NULL)", name="suspended_has_a_moment"),
        Index(None, "studio_id", "performer_id"),
    )

    @property
    def current(self) -> LicenceVersion:
        """The version that counts: the one in force, or the newest while none is."""
        return self.versions[self.number - 1]

    @property
    def newest(self) -> LicenceVersion:
        """The version that was drafted last, whether or not it came into force."""
        return self.versions[-1]

    @property
    def open_holds(self) -> Sequence[LicenceHold]:
        """What keeps the licence suspended, oldest first."""
        return [hold for hold in self.holds if hold.lifted_at is None]

    def terms(self) -> LicenceTerms:
        """Answer the terms of the version that counts."""
        return self.current.terms()

    def value(self) -> rules.Licence:
        """Answer the licence as the rules take it."""
        versions = tuple(
            rules.TermsInForce(version.number, version.terms(), version.in_force_at)
            for version in self.versions
            if version.in_force_at is not None
        )
        read = {version.number: version.terms for version in versions}
        return rules.Licence(
            id=self.id,
            performer_id=self.performer_id,
            studio_id=self.studio_id,
            terms=read.get(self.number) or self.terms(),
            state=self.state,
            activated_at=self.activated_at,
            ended_at=self.ended_at,
            paid_at=self.paid_at,
            suspension_reason=self.suspension_reason,
            holds=tuple(hold.value() for hold in self.open_holds),
            lifted=tuple(hold.value() for hold in self.holds if hold.lifted_at is not None),
            versions=versions,
        )


class LicenceHold(Base):
    """One reason why a licence rests: from when, by whom, and until when."""

    __tablename__ = "licence_holds"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    licence_id: Mapped[str] = mapped_column(ForeignKey("licences.id"), index=True)
    reason: Mapped[SuspensionReason] = mapped_column(text_enum(SuspensionReason))
    note: Mapped[str | None] = mapped_column(String(500))
    placed_by: Mapped[str] = mapped_column(String(20))
    placed_by_account: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    placed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    strike_id: Mapped[str | None] = mapped_column(ForeignKey("strikes.id"), index=True)
    lifted_by_account: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint("placed_by IN ('performer', 'studio', 'operator', 'system')", name="placed_by_somebody"),
        CheckConstraint("(reason = 'strike') = (strike_id IS NOT NULL)", name="strike_of_a_strike"),
        Index(
            "uq_licence_holds_one_a_strike",
            "licence_id",
            "strike_id",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    def value(self) -> rules.Hold:
        """Answer the hold as the rules take it."""
        return rules.Hold(self.reason, self.note, self.placed_at, self.lifted_at)


def licences_between(session: Session, studio_id: str, performer_ids: Collection[str]) -> Sequence[Licence]:
    """Answer every licence of a studio with some performers, in any state, oldest first."""
    query = select(Licence).where(Licence.studio_id == studio_id, Licence.performer_id.in_(performer_ids))
    query = query.options(defaultload(Licence.versions).lazyload(LicenceVersion.signatures))  # nobody reads them here
    return session.scalars(query.order_by(Licence.id)).all()


def performers_licensed_to(session: Session, studio_id: str, *, limit: int) -> Mapping[str, str]:
    """Answer performers with whom a studio has, or had, a licence in force: names by id, in order of names.

    Args:
        session: of the transaction.
        studio_id: of the studio.
        limit: how many at most: those with whom something came into force last.
    """
    latest = func.max(Licence.activated_at)
    query = (
        select(Performer.id, Performer.name)
        .join(Licence, Licence.performer_id == Performer.id)
        .where(Licence.studio_id == studio_id, Licence.activated_at.is_not(None))
        .group_by(Performer.id, Performer.name)
    )
    found = session.execute(query.order_by(latest.desc(), Performer.id).limit(limit)).all()
    return {row.id: row.name for row in sorted(found, key=lambda row: (row.name, row.id))}


def licences_of_performer(session: Session, performer_id: str) -> Sequence[Licence]:
    """Answer every licence of a performer, in any state, oldest first."""
    return session.scalars(select(Licence).where(Licence.performer_id == performer_id).order_by(Licence.id)).all()


def licences_to_answer(session: Session, performer_ids: Collection[str], *, limit: int) -> Sequence[Licence]:
    """Answer up to ``limit`` licences with a version that was offered and that no performer has signed, oldest first.

    That such a version is open still says nothing of the licence: the rules say whether it can come into force.
    """
    query = _unsigned_by(Side.PERFORMER).where(Licence.performer_id.in_(performer_ids))
    return session.scalars(query.order_by(Licence.id).limit(limit)).all()


def licences_to_sign(session: Session, studio_id: str, *, limit: int) -> Sequence[Licence]:
    """Answer up to ``limit`` licences of a studio with an offered version that it has not signed, oldest first."""
    query = _unsigned_by(Side.STUDIO).where(Licence.studio_id == studio_id)
    return session.scalars(query.order_by(Licence.id).limit(limit)).all()


def _unsigned_by(side: Side) -> Select[Licence]:
    signed = select(LicenceSignature.number).where(
        LicenceSignature.licence_id == LicenceVersion.licence_id,
        LicenceSignature.number == LicenceVersion.number,
        LicenceSignature.side == side,
    )
    offered = select(LicenceVersion.licence_id).where(
        LicenceVersion.licence_id == Licence.id,
        LicenceVersion.offered_at.is_not(None),
        LicenceVersion.in_force_at.is_(None),
        LicenceVersion.withdrawn_at.is_(None),
        ~signed.exists(),
    )
    alive = (LicenceState.OFFERED, LicenceState.ACTIVE, LicenceState.SUSPENDED)
    return select(Licence).where(Licence.state.in_(alive), offered.exists())


def ids_not_ended(session: Session) -> Sequence[str]:
    """Answer the ids of licences that are in force or may still come into force, oldest first."""
    ended = [LicenceState.REVOKED, LicenceState.EXPIRED]
    return session.scalars(select(Licence.id).where(Licence.state.not_in(ended)).order_by(Licence.id)).all()


def ids_past_their_term(session: Session, today: date, *, limit: int) -> list[str]:
    """Answer some licences in force whose term may be over, and of which that was not told, oldest first.

    The term of somebody who is of age by now may have ended before its last day; the rules say whether it has.
    """
    in_force = Licence.state.in_([LicenceState.ACTIVE, LicenceState.SUSPENDED])
    of_age = select(Performer.id).where(Performer.adult_on <= today)
    over = or_(Licence.ends_on < today, Licence.performer_id.in_(of_age))
    query = select(Licence.id).where(in_force, Licence.end_told_at.is_(None), over)
    return list(session.scalars(query.order_by(Licence.ends_on, Licence.id).limit(limit)))


def performers_of(session: Session, licence_ids: Sequence[str]) -> list[str]:
    """Answer the ids of the performers of some licences, in order."""
    found: set[str] = set()
    for part in in_parts(licence_ids):
        found.update(session.scalars(select(Licence.performer_id).where(Licence.id.in_(part)).distinct()))
    return sorted(found)


def lock_licences(session: Session, licence_ids: Sequence[str]) -> list[Licence]:
    """Answer licences as they are once nobody else can change them, oldest first; performers are locked before."""
    found: list[Licence] = []
    for part in in_parts(sorted(licence_ids)):
        query = select(Licence).where(Licence.id.in_(part)).order_by(Licence.id).with_for_update()
        found.extend(session.scalars(query.execution_options(populate_existing=True)))
    return found


def page_of_licences(
    session: Session,
    *,
    studio_id: str | None,
    performer_ids: Collection[str] | None,
    state: LicenceState | None,
    after: str | None,
    limit: int,
) -> Sequence[Licence]:
    """Answer up to ``limit`` licences after an id, oldest first, within what is given."""
    query = select(Licence).order_by(Licence.id).limit(limit)
    if studio_id is not None:
        query = query.where(Licence.studio_id == studio_id)
    if performer_ids is not None:
        query = query.where(Licence.performer_id.in_(performer_ids))
    if state is not None:
        query = query.where(Licence.state == state)
    if after is not None:
        query = query.where(Licence.id > after)
    return session.scalars(query).all()
