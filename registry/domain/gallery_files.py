"""Gallery files: a sealed part of the gallery, given to an organisation that searches where its recordings are.

A file is written once and never changed. How it stands is derived each time from the consents that it rests on, so that
no withdrawal has to find it first::

    prepared ──the file is in place──▶ delivered          (holds · replaced · ended, as of each question)
        └──it never was──▶ void
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from registry.domain.consents import Consent, ConsentPurpose, Modality, consent_in_force
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.explanations.topics import Topic
from registry.domain.scores import Reason
from registry.errors import InvalidInputError

LONGEST_LIFE = timedelta(days=31)
"""A file holds for so long at most: then who is in it is decided anew."""

LONGEST_INTERVAL = timedelta(hours=24)
"""The longest that a word about a file counts: within it every holder has stopped once a performer withdraws."""


class SearchPurpose(StrEnum):
    """What an organisation searches its recordings for. A file serves the one that it was issued for."""

    CATALOGUE = "catalogue"  # what it publishes
    TRAINING = "training"  # what models are trained on


class FileState(StrEnum):
    """Where a file is in its making."""

    PREPARED = "prepared"
    DELIVERED = "delivered"
    VOID = "void"


class FileStanding(StrEnum):
    """How a file stands. Only the first may be searched."""

    HOLDS = "holds"
    REPLACED = "replaced"  # somebody in it may not be searched any more: fetch a new one
    ENDED = "ended"  # its time is over
    VOID = "void"  # it was never delivered
    UNKNOWN = "unknown"  # it is not one that was issued to whoever asks


@dataclass(frozen=True, slots=True)
class FileStands:
    """How a file stands, and why.

    Attributes:
        standing: of it.
        reason: why.
        dropped: opaque ids of those in it who may not be searched any more, sorted.
    """

    standing: FileStanding
    reason: Reason
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One performer in one file: an id that says nothing, and the consent that it rests on."""

    id: str
    performer_id: str
    consent_id: str


def stands(
    state: FileState,
    expires_at: datetime,
    entries: Iterable[Entry],
    signed: Mapping[str, Sequence[Consent]],
    now: datetime,
) -> FileStands:
    """Say how a file stands at ``now``.

    1. One that was never said to be in place is void, whether or not it is: no word makes it count for longer.
    2. Past its time it has ended.
    3. Who does not consent any more, or by another yes than then, is dropped: a later yes was given to other words, or
       after a withdrawal that the file must not outlive. One dropped entry ends the whole file.

    Args:
        state, expires_at, entries: of the file.
        signed: what each performer in it has signed about monitoring their voice.
        now: the moment of the question.
    """
    in_force = {performer_id: _in_force(own, now) for performer_id, own in signed.items()}
    gone = tuple(sorted(each.id for each in entries if in_force.get(each.performer_id) != each.consent_id))
    standing, reason = judged(state, expires_at, len(gone), now)
    return FileStands(standing, reason, () if standing is FileStanding.VOID else gone)


def judged(state: FileState, expires_at: datetime, dropped: int, now: datetime) -> tuple[FileStanding, Reason]:
    """Say what `stands` says of a file, once it is known how many in it may not be searched any more."""
    if state is not FileState.DELIVERED:
        return FileStanding.VOID, Reason("gallery_file_void", "the file was never delivered; fetch another")
    if now >= expires_at:
        at = expires_at.isoformat()
        reason = Reason("gallery_file_expired", f"the file ended at {at}; fetch another", {"expired_at": at})
        return FileStanding.ENDED, reason
    if dropped:
        detail = f"{dropped} of those in the file may not be searched any more: delete it, and fetch another"
        return FileStanding.REPLACED, Reason("gallery_file_replaced", detail, {"dropped": dropped})
    return FileStanding.HOLDS, Reason("gallery_file_holds", "everybody in the file may still be searched")


def _in_force(signed: Sequence[Consent], now: datetime) -> str | None:
    consent = consent_in_force(signed, ConsentPurpose.MONITORING, Modality.VOICE, now)
    return None if consent is None else consent.id


# --- who may be in one -----------------------------------------------------------------------------------------------


def require_told_elsewhere(text_ids: Collection[str]) -> None:
    """Refuse texts that cannot have told a performer that their voiceprint may be given to a studio, sealed.

    The texts that come with the registry say that it is never given to a studio. Whoever said yes to those is in no
    file; an operator who wants to issue one explains it by a text of their own, and names that text.

    Raises:
        InvalidInputError: none is named, or one that is shipped, or about something else; figure ``texts``.
    """
    wrong = sorted(each for each in text_ids if each in shipped_texts() or not each.startswith(f"{Topic.MONITORING}."))
    if wrong or not text_ids:
        raise InvalidInputError(
            "name the texts of your own on monitoring that tell a performer that a studio may get their voiceprint, "
            f"sealed; {', '.join(wrong) or 'none'} does not: the shipped ones say that it is never given to a studio",
            texts=wrong,
        )


def was_told(explained: Iterable[tuple[Topic | None, str | None]], text_ids: Collection[str]) -> bool:
    """Whether a consent rests on such texts alone, as far as it rests on texts about monitoring.

    Args:
        explained: topic and text of each explanation that the consent rests on.
        text_ids: those that say so.
    """
    told = [text_id for topic, text_id in explained if topic is Topic.MONITORING]
    return bool(told) and all(text_id in text_ids for text_id in told)


def require_term(issued_at: datetime, expires_at: datetime, interval: timedelta) -> None:
    """Refuse a file that would hold for too long, or not at all.

    Raises:
        InvalidInputError: figures ``longest_days`` or ``longest_s``.
    """
    if not issued_at < expires_at <= issued_at + LONGEST_LIFE:
        raise InvalidInputError(
            f"a gallery file ends after now and within {LONGEST_LIFE.days} days, not at {expires_at.isoformat()}",
            longest_days=LONGEST_LIFE.days,
        )
    if not timedelta() < interval <= LONGEST_INTERVAL:
        raise InvalidInputError(
            f"a word about a gallery file counts for {LONGEST_INTERVAL.total_seconds():.0f} s at most, not for "
            f"{interval.total_seconds():.0f}",
            longest_s=LONGEST_INTERVAL.total_seconds(),
        )
