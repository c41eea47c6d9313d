"""Proposals of operators, and the answer of another to each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain import proposals as rules
from registry.domain.proposals import Content, ProposalKind, ProposalState, content_of_json
from registry.store.base import Base
from registry.store.types import Id, Sha256, UtcDateTime, text_enum


class Proposal(Base):
    """One proposal. The database refuses to change what it says, and to change one that was answered.

    ``content`` is canonical JSON (RFC 8785), and ``content_sha256`` the digest of its bytes in UTF-8.
    """

    __tablename__ = "proposals"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[ProposalKind] = mapped_column(text_enum(ProposalKind))
    attestation_id: Mapped[str | None] = mapped_column(ForeignKey("source_attestations.id"), index=True)
    performer_id: Mapped[str | None] = mapped_column(ForeignKey("performers.id"), index=True)
    content: Mapped[str] = mapped_column(Text)
    content_sha256: Mapped[str] = mapped_column(Sha256)
    reason: Mapped[str] = mapped_column(String(500))
    proposed_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[ProposalState] = mapped_column(text_enum(ProposalState), default=ProposalState.PROPOSED)
    answered_by: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer_reason: Mapped[str | None] = mapped_column(String(500))
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("state <> 'approved' OR answered_by <> proposed_by", name="two_people"),
        CheckConstraint("state <> 'withdrawn' OR answered_by = proposed_by", name="withdrawn_by_who_proposed"),
        CheckConstraint("(state = 'proposed') = (answered_by IS NULL)", name="answered_by_somebody"),
        CheckConstraint("(answered_by IS NULL) = (answered_at IS NULL)", name="answered_at_a_moment"),
        CheckConstraint("(answered_by IS NULL) = (answer_reason IS NULL)", name="answered_with_a_reason"),
        CheckConstraint("expires_at > proposed_at", name="waits_for_a_time"),
        CheckConstraint("(kind = 'unsealing') = (attestation_id IS NOT NULL)", name="unseals_an_attestation"),
        CheckConstraint("(kind = 'performer_deletion') = (performer_id IS NOT NULL)", name="deletes_a_performer"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "proposed_at", "id"),
    )

    def value(self) -> rules.Proposal:
        """Answer the proposal as the rules take it."""
        return rules.Proposal(
            state=self.state,
            content_sha256=self.content_sha256,
            proposed_by=self.proposed_by,
            proposed_at=self.proposed_at,
            expires_at=self.expires_at,
            answered_by=self.answered_by,
            answered_at=self.answered_at,
        )

    def proposed(self) -> Content:
        """Answer what is proposed."""
        return content_of_json(json.loads(self.content))


def page_of_proposals(
    session: Session, *, kind: ProposalKind | None, state: ProposalState | None, after: str | None, limit: int
) -> Sequence[Proposal]:
    """Answer up to ``limit`` proposals before one, newest first, of a kind and in a state as written down if given."""
    query = select(Proposal).order_by(Proposal.proposed_at.desc(), Proposal.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(Proposal.kind == kind)
    if state is not None:
        query = query.where(Proposal.state == state)
    if after is not None:
        last = session.get(Proposal, after)
        if last is None:
            return ()
        same_moment = and_(Proposal.proposed_at == last.proposed_at, Proposal.id < last.id)
        query = query.where(or_(Proposal.proposed_at < last.proposed_at, same_moment))
    return session.scalars(query).all()


def waiting_with(session: Session, content_sha256: str, now: datetime) -> Proposal | None:
    """Answer the proposal of just these bytes that waits for an answer at ``now``, the oldest; None where none does."""
    query = select(Proposal).where(
        Proposal.state == ProposalState.PROPOSED, Proposal.content_sha256 == content_sha256, Proposal.expires_at > now
    )
    return session.scalars(query.order_by(Proposal.proposed_at, Proposal.id).limit(1)).first()


def unsealings_of(session: Session, attestation_ids: Sequence[str]) -> Sequence[Proposal]:
    """Answer every request to unseal one of some attestations, oldest first."""
    query = select(Proposal).where(Proposal.attestation_id.in_(attestation_ids))
    return session.scalars(query.order_by(Proposal.proposed_at, Proposal.id)).all()


def deletions_of(session: Session, performer_id: str) -> Sequence[Proposal]:
    """Answer every proposal to delete a performer, oldest first."""
    query = select(Proposal).where(Proposal.performer_id == performer_id)
    return session.scalars(query.order_by(Proposal.proposed_at, Proposal.id)).all()
