"""Sound of a finding: which stretches its organisation lets the performer hear, until when, and who has listened."""

from __future__ import annotations

from datetime import datetime

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Form, Moment, Page, Version
from api.schemas.examples import Example
from api.schemas.findings import FindingPath
from api.uploads import File
from registry.domain.shared_sounds import DEFAULT_DAYS, MOST_DAYS, ListenerSide, SoundEnding
from registry.store.shared_sounds import SharedSound, SoundListening

_STRETCH: Example = {"number": 1, "start_s": 0.2, "end_s": 12.3, "log10_lr": 3.1}
_SOUND: Example = {
    "id": examples.SHARED_SOUND,
    "finding_id": examples.FINDING,
    "organisation_id": examples.ORGANISATION,
    "performer_id": examples.PERFORMER,
    "stretches": [_STRETCH],
    "shared_at": examples.NOW,
    "ends_at": "2026-04-01T09:30:00Z",
    "ending": None,
    "ended_at": None,
    "version": 1,
}
_LISTENING: Example = {
    "number": 1,
    "side": "performer",
    "account_id": None,
    "heard_at": examples.LATER,
}


class StretchPath(FindingPath):
    """Which stretch of the sound of which finding."""

    number: int = Field(ge=1, examples=[1])


class NewSound(Form):
    """The recording once more: the very file that was checked. Only the places of this finding are kept of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"file": "(one recording)", "days": DEFAULT_DAYS}]})

    file: File = Field(description="The file that was checked, byte for byte.")
    days: int = Field(default=DEFAULT_DAYS, ge=1, le=MOST_DAYS, description="For how long it is shared.")


class StretchOut(Answer):
    """One part of the recording that can be heard."""

    number: int = Field(description="By which it is asked for, from 1, in the order of time.")
    start_s: float = Field(description="Where in the recording it begins, a little before the performer does.")
    end_s: float
    log10_lr: float = Field(description="Of the strongest place in it.")


class SoundOut(Answer):
    """What is or was shared of a finding; the sound itself is asked for stretch by stretch."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SOUND]})

    id: str
    finding_id: str
    organisation_id: str = Field(description="Who shares it.")
    performer_id: str = Field(description="With whom.")
    stretches: list[StretchOut]
    shared_at: Moment
    ends_at: Moment = Field(description="Until when it is shared, unless it is ended before.")
    ending: SoundEnding | None = Field(description="Why it cannot be heard any more; null while it can.")
    ended_at: Moment | None
    version: Version

    @classmethod
    def of(cls, sound: SharedSound, now: datetime, shown_performer_id: str) -> SoundOut:
        """Describe a sound as it stands at ``now``, with its performer as they are shown to the caller."""
        ending = sound.ending_at(now)
        return cls(
            id=sound.id,
            finding_id=sound.finding_id,
            organisation_id=sound.organisation_id,
            performer_id=shown_performer_id,
            stretches=[
                StretchOut(number=number, start_s=each.start_s, end_s=each.end_s, log10_lr=each.log10_lr)
                for number, each in enumerate(sound.cut(), 1)
            ],
            shared_at=sound.shared_at,
            ends_at=sound.ends_at,
            ending=ending,
            ended_at=sound.ends_at if ending is SoundEnding.RAN_OUT else sound.ended_at,
            version=sound.version,
        )


class ListeningOut(Answer):
    """That somebody listened to a stretch: on each day the first time."""

    number: int = Field(description="Of the stretch.")
    side: ListenerSide
    account_id: str | None = Field(description="Who, to one's own side; null to the other.")
    heard_at: Moment

    @classmethod
    def of(cls, listening: SoundListening, side: ListenerSide | None) -> ListeningOut:
        """Describe a listening to a side; to None, who is of neither, it is told whose it was and no more."""
        own = listening.account_id if listening.side is side else None
        return cls(number=listening.number, side=listening.side, account_id=own, heard_at=listening.heard_at)


class ListeningPage(Page):
    """Who has listened to what was shared last, in order."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_LISTENING], "next_cursor": None}]})

    items: list[ListeningOut]
