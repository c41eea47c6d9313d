"""Sound that organisations share with performers, sealed, and who has listened to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, delete, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.shared_sounds import ListenerSide, SoundEnding, Stretch
from registry.store.base import Base
from registry.store.parts import in_parts
from registry.store.types import Bytes, Id, Json, UtcDateTime, text_enum

_IN_FORCE = text("ended_at IS NULL")


class SharedSound(Base):
    """The stretches of one recording in which one performer is heard, for that performer to hear.

    ``content`` is their 16-bit samples one after the other, sealed under a key of its own, bound to the finding; both
    are gone once it has ended. ``stretches`` says where in the recording each lies, in the order of ``content``.
    """

    __tablename__ = "shared_sounds"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("findings.id"))
    performer_id: Mapped[str] = mapped_column(ForeignKey("performers.id"), index=True)
    organisation_id: Mapped[str] = mapped_column(ForeignKey("organisations.id"))
    stretches: Mapped[list[dict[str, float]]] = mapped_column(Json)
    content: Mapped[bytes | None] = mapped_column(Bytes, deferred=True)
    content_key: Mapped[bytes | None] = mapped_column(Bytes)
    content_master_key_id: Mapped[str | None] = mapped_column(String(40))
    shared_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    shared_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ending: Mapped[SoundEnding | None] = mapped_column(text_enum(SoundEnding))
    version: Mapped[int] = mapped_column(default=1)

    __table_args__ = (
        CheckConstraint("ends_at > shared_at", name="shared_for_a_while"),
        CheckConstraint("(ended_at IS NULL) = (ending IS NULL)", name="ended_for_a_reason"),
        CheckConstraint("(ended_at IS NULL) = (content IS NOT NULL)", name="content_until_ended"),
        CheckConstraint("(content IS NULL) = (content_key IS NULL)", name="content_has_a_key"),
        CheckConstraint("(content IS NULL) = (content_master_key_id IS NULL)", name="content_key_is_wrapped"),
        CheckConstraint("version >= 1", name="version_positive"),
        Index(None, "finding_id", "id"),
        Index(
            "uq_shared_sounds_one_in_force",
            "finding_id",
            unique=True,
            sqlite_where=_IN_FORCE,
            postgresql_where=_IN_FORCE,
        ),
    )

    def cut(self) -> Sequence[Stretch]:
        """Answer the stretches, in the order of time."""
        return [Stretch.of_json(each) for each in self.stretches]

    def ending_at(self, now: datetime) -> SoundEnding | None:
        """Answer why it is not shared any more at ``now``, whether or not that was written down; None while it is."""
        return SoundEnding.RAN_OUT if self.ending is None and now >= self.ends_at else self.ending


class SoundListening(Base):
    """The disclosure log: an account has listened to one stretch of a shared sound, on one day first at this moment."""

    __tablename__ = "sound_listenings"

    sound_id: Mapped[str] = mapped_column(ForeignKey("shared_sounds.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    heard_on: Mapped[date] = mapped_column(primary_key=True)
    side: Mapped[ListenerSide] = mapped_column(text_enum(ListenerSide))
    heard_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("number >= 1", name="number_from_one"),)


def last_sound_of(session: Session, finding_id: str, *, lock: bool = False) -> SharedSound | None:
    """Answer what was shared last of a finding, ended or not; as it is now, and locked, for who ends it."""
    query = select(SharedSound).where(SharedSound.finding_id == finding_id).order_by(SharedSound.id.desc()).limit(1)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def last_sounds_of(session: Session, finding_ids: Collection[str]) -> Mapping[str, SharedSound]:
    """Answer what was shared last of each of some findings, by their ids."""
    found: dict[str, SharedSound] = {}
    for part in in_parts(sorted(finding_ids)):
        query = select(SharedSound).where(SharedSound.finding_id.in_(part)).order_by(SharedSound.id)
        found |= {each.finding_id: each for each in session.scalars(query)}
    return found


def in_force_of(session: Session, performer_id: str) -> Sequence[SharedSound]:
    """Answer what is shared with a performer and was not ended, locked."""
    query = select(SharedSound).where(SharedSound.performer_id == performer_id, SharedSound.ended_at.is_(None))
    return session.scalars(query.order_by(SharedSound.id).with_for_update()).all()


def in_force_at(session: Session, performer_id: str, now: datetime, *, limit: int) -> Sequence[SharedSound]:
    """Answer up to ``limit`` of what is shared with a performer at ``now``, what ends first at the beginning."""
    query = select(SharedSound).where(
        SharedSound.performer_id == performer_id, SharedSound.ended_at.is_(None), SharedSound.ends_at > now
    )
    return session.scalars(query.order_by(SharedSound.ends_at, SharedSound.id).limit(limit)).all()


def every_sound_of(session: Session, performer_id: str) -> Sequence[SharedSound]:
    """Answer everything that was ever shared with a performer, oldest first."""
    query = select(SharedSound).where(SharedSound.performer_id == performer_id)
    return session.scalars(query.order_by(SharedSound.id)).all()


def sounds_of(session: Session, finding_ids: Collection[str]) -> Sequence[SharedSound]:
    """Answer everything that was ever shared of some findings, oldest first."""
    found: list[SharedSound] = []
    for part in in_parts(sorted(finding_ids)):
        found += session.scalars(select(SharedSound).where(SharedSound.finding_id.in_(part)).order_by(SharedSound.id))
    return found


def listenings_of(session: Session, sound_ids: Collection[str]) -> Sequence[SoundListening]:
    """Answer who has listened to some sounds, in the order in which they did."""
    found: list[SoundListening] = []
    order = (SoundListening.heard_at, SoundListening.number, SoundListening.account_id)
    for part in in_parts(sorted(sound_ids)):
        found += session.scalars(select(SoundListening).where(SoundListening.sound_id.in_(part)).order_by(*order))
    return found


def erase_listenings(session: Session, sound_ids: Collection[str]) -> None:
    """Delete who has listened to some sounds, in the caller's transaction."""
    for part in in_parts(sorted(sound_ids)):
        session.execute(delete(SoundListening).where(SoundListening.sound_id.in_(part)))
