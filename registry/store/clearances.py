"""Clearances: what was asked, what was answered, and what the answer rested on. Written once, never changed.

A refusal is kept as a permission is: that a studio asked, and was told no, is worth remembering. ``performer_id`` is as
it was asked and refers to nothing, so that asking after somebody who is not there leaves what asking after somebody
without a licence leaves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.clearances import Decision
from registry.domain.consents import ConsentState
from registry.domain.licences import LicenceState
from registry.store.base import Base
from registry.store.consents import Consent
from registry.store.licence_versions import LicenceVersion
from registry.store.licences import Licence
from registry.store.parts import in_parts
from registry.store.types import Id, Json, Sha256, UtcDateTime, text_enum


class Clearance(Base):
    """One answer to "may I?"."""

    __tablename__ = "clearances"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    studio_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    performer_id: Mapped[str] = mapped_column(Id)
    project: Mapped[str] = mapped_column(String(200))
    use: Mapped[dict[str, object]] = mapped_column(Json)
    beyond: Mapped[list[str]] = mapped_column(Json)
    decision: Mapped[Decision] = mapped_column(text_enum(Decision))
    reasons: Mapped[list[dict[str, object]]] = mapped_column(Json)
    licence_id: Mapped[str | None] = mapped_column(ForeignKey("licences.id"))
    licence_version: Mapped[int | None]
    terms_sha256: Mapped[str | None] = mapped_column(Sha256)
    consent_id: Mapped[str | None] = mapped_column(ForeignKey("consents.id"))
    status_interval_s: Mapped[int | None]
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint(
            "decision <> 'permitted' OR (licence_id IS NOT NULL AND licence_version IS NOT NULL "
            "AND terms_sha256 IS NOT NULL AND consent_id IS NOT NULL)",
            name="permitted_rests_on_a_licence",
        ),
        CheckConstraint("(decision = 'permitted') = (expires_at IS NOT NULL)", name="permitted_ends"),
        CheckConstraint("(decision = 'permitted') = (status_interval_s IS NOT NULL)", name="permitted_goes_stale"),
        CheckConstraint("expires_at > decided_at", name="ends_after_decision"),
        CheckConstraint("status_interval_s > 0", name="status_interval_positive"),
        Index(None, "studio_id", "id"),
        Index(None, "performer_id", "id"),
        Index(None, "licence_id", "project"),
    )


def add_clearances(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many clearances at once, in the caller's transaction."""
    session.execute(insert(Clearance), list(rows))


def clearances_named(session: Session, clearance_ids: Iterable[str]) -> Sequence[Clearance]:
    """Answer those of some ids that there are."""
    found: list[Clearance] = []
    for some in in_parts(list(clearance_ids)):
        found.extend(session.scalars(select(Clearance).where(Clearance.id.in_(some))))
    return found


def lock_consents_in_force(session: Session, consent_ids: Collection[str]) -> set[str]:
    """Answer those of some consents that are in force as written, each kept so until the transaction ends."""
    found: set[str] = set()
    for some in in_parts(sorted(consent_ids)):
        query = select(Consent.id).where(Consent.id.in_(some), Consent.state == ConsentState.ACTIVE)
        found.update(session.scalars(query.order_by(Consent.id).with_for_update(read=True)))
    return found


@dataclass(frozen=True, slots=True)
class TermsHeld:
    """The terms that count of one licence: the number of their version, and the digest that both sides signed."""

    number: int
    sha256: str


def lock_licences_in_force(session: Session, licence_ids: Collection[str]) -> Mapping[str, TermsHeld]:
    """Answer the terms of those of some licences that are in force as written, kept so until the transaction ends."""
    in_force = _terms_held().where(Licence.state == LicenceState.ACTIVE)
    return _terms_of(session, in_force.order_by(Licence.id).with_for_update(read=True, of=Licence), licence_ids)


def terms_held(session: Session, licence_ids: Collection[str]) -> Mapping[str, TermsHeld]:
    """Answer the terms that count of some licences, in whatever state."""
    return _terms_of(session, _terms_held(), licence_ids)


def _terms_held() -> Select[str, int, str]:
    counts = (LicenceVersion.licence_id == Licence.id) & (LicenceVersion.number == Licence.number)
    return select(Licence.id, LicenceVersion.number, LicenceVersion.terms_sha256).join(LicenceVersion, counts)


def _terms_of(session: Session, query: Select[str, int, str], licence_ids: Collection[str]) -> Mapping[str, TermsHeld]:
    found: dict[str, TermsHeld] = {}
    for some in in_parts(sorted(licence_ids)):
        for licence_id, number, digest in session.execute(query.where(Licence.id.in_(some))):
            found[licence_id] = TermsHeld(number, digest)
    return found


def clearances_in_time(session: Session, performer_id: str, now: datetime) -> Sequence[Clearance]:
    """Answer what was permitted of a performer and has not ended by itself at ``now``, oldest first."""
    query = select(Clearance).where(
        Clearance.performer_id == performer_id, Clearance.decision == Decision.PERMITTED, Clearance.expires_at > now
    )
    return session.scalars(query.order_by(Clearance.id)).all()


def cleared_projects(
    session: Session, licence_ids: Collection[str], projects: Collection[str]
) -> Sequence[tuple[str, str, datetime]]:
    """Answer licence, project and moment of every permission that was given for some projects under some licences."""
    query = select(Clearance.licence_id, Clearance.project, Clearance.decided_at).where(
        Clearance.decision == Decision.PERMITTED,
        Clearance.licence_id.in_(licence_ids),
        Clearance.project.in_(projects),
    )
    return [(str(licence_id), project, at) for licence_id, project, at in session.execute(query)]


def page_of_clearances(
    session: Session,
    *,
    studio_id: str | None,
    performer_ids: Collection[str] | None,
    decision: Decision | None,
    licence_id: str | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Clearance]:
    """Answer up to ``limit`` clearances before an id, newest first, within what is given."""
    query = select(Clearance).order_by(Clearance.id.desc()).limit(limit)
    if studio_id is not None:
        query = query.where(Clearance.studio_id == studio_id)
    if performer_ids is not None:
        query = query.where(Clearance.performer_id.in_(performer_ids))
    if decision is not None:
        query = query.where(Clearance.decision == decision)
    if licence_id is not None:
        query = query.where(Clearance.licence_id == licence_id)
    if after is not None:
        query = query.where(Clearance.id < after)
    return session.scalars(query).all()
