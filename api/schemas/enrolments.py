"""Enrolments: recordings of a performer, the quality gate, and what became of them."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Form, Line, Moment, Page, ProblemRecord, Version, omissible
from api.schemas.examples import Example
from api.schemas.performers import PerformerPath
from api.uploads import File
from registry.domain.checks import EnrolmentState
from registry.domain.consents import Modality
from registry.services.quality_gate import MOST_RECORDINGS
from registry.store.enrolments import Enrolment

_EXAMPLE: Example = {
    "id": examples.ENROLMENT,
    "performer_id": examples.PERFORMER,
    "consent_id": examples.CONSENT,
    "modality": "voice",
    "state": "active",
    "recordings": [
        {
            "filename": "reading.flac",
            "content_sha256": examples.DIGEST,
            "size_bytes": 801_234,
            "duration_s": 41.2,
            "container": "flac",
            "codec": "flac",
        }
    ],
    "quality": {"speech_s": 36.4, "snr_db": 31.0, "clipped_share": 0.0},
    "problem": None,
    "created_at": examples.NOW,
    "finished_at": examples.LATER,
    "version": 2,
}


class EnrolmentPath(PerformerPath):
    """Which enrolment of which performer."""

    enrolment_id: str = Field(examples=[examples.ENROLMENT])


class NewEnrolment(Form):
    """Recordings of one performer, alone, together with at least 20 seconds of speech."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"recordings": ["(a recording)", "(another)"], "modality": "voice"}]}
    )

    recordings: list[File] = Field(min_length=1, max_length=MOST_RECORDINGS, description="Repeat it for several files.")
    modality: Modality | None = omissible(description="`voice` when left out.")
    labels: list[Line] = Field(
        default=[], max_length=MOST_RECORDINGS, description="One a recording: `reading`, `shouting`."
    )


class RecordingOut(Answer):
    """What is kept of a recording: no audio."""

    model_config = ConfigDict(extra="allow", from_attributes=True)

    filename: str
    content_sha256: str
    size_bytes: int
    duration_s: float


class EnrolmentOut(Answer):
    """A set of recordings offered for a performer, and what became of it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    consent_id: str
    modality: Modality
    state: EnrolmentState
    recordings: list[RecordingOut]
    quality: dict[str, Any] | None = Field(description="What the quality gate measured.")
    problem: ProblemRecord | None = Field(description="Why it was refused, and what to put right.")
    created_at: Moment
    finished_at: Moment | None
    version: Version

    @classmethod
    def of(cls, enrolment: Enrolment) -> EnrolmentOut:
        """Describe an enrolment."""
        return cls(
            id=enrolment.id,
            performer_id=enrolment.performer_id,
            consent_id=enrolment.consent_id,
            modality=enrolment.modality,
            state=enrolment.state,
            recordings=[RecordingOut.model_validate(each) for each in enrolment.recordings],
            quality=enrolment.quality,
            problem=ProblemRecord.of(enrolment.problem),
            created_at=enrolment.created_at,
            finished_at=enrolment.finished_at,
            version=enrolment.version,
        )


class EnrolmentPage(Page):
    """Every enrolment of the performer, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[EnrolmentOut]
