"""Spoken statements: words and a number to read aloud about a consent, and what became of the recording."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Body, Form, Language, Moment, Page, ReasonOut, Version
from api.schemas.consents import ConsentPath
from api.schemas.enrolments import RecordingOut
from api.schemas.examples import Example
from api.uploads import File
from registry.domain.scores import EvidenceOutcome
from registry.domain.spoken_statements import DigitsOutcome, SpokenStatementState
from registry.domain.spoken_words import HOW, language_of
from registry.store.spoken_statements import SpokenStatement

_EXAMPLE: Example = {
    "id": examples.SPOKEN_STATEMENT,
    "performer_id": examples.PERFORMER,
    "consent_id": examples.CONSENT,
    "attempt": 1,
    "state": "accepted",
    "language": "en",
    "text": "My name is Marta Calder. I am speaking to the Registry, for its record. …\nMy number is …\n4 0 7 1 9 3",
    "instructions": HOW.in_language("en"),
    "number": "407193",
    "text_sha256": examples.DIGEST,
    "scope_sha256": examples.DIGEST,
    "issued_at": examples.NOW,
    "expires_at": "2026-03-02T09:40:00Z",
    "received_at": examples.LATER,
    "recording": {
        "filename": "statement.flac",
        "content_sha256": examples.DIGEST,
        "size_bytes": 801_234,
        "duration_s": 21.4,
        "container": "flac",
        "codec": "flac",
        "speech_s": 18.9,
    },
    "outcome": "match",
    "log10_lr": 3.41,
    "number_log10_lr": 1.92,
    "digits": "verified",
    "reasons": [
        {"code": "enrolled_voice", "detail": "the enrolled voice speaks: log10 LR 3.4", "figures": {"log10_lr": 3.41}},
        {"code": "number_heard", "detail": "the number that was asked for was heard", "figures": {"digits": 6}},
    ],
    "engine": {"version": "2", "spaces": ["ge2e", "campplus"], "calibration": "9f86d081884c", "device": "cpu"},
    "finished_at": examples.LATER,
    "version": 3,
}


class SpokenStatementPath(ConsentPath):
    """Which statement about which consent."""

    statement_id: str = Field(examples=[examples.SPOKEN_STATEMENT])


class NewSpokenStatement(Body):
    """In which language the words are to be read."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"language": "en"}]})

    language: Language = Field(
        description="`en` or `ko`, with or without a region. In another than English the number is not verified."
    )


class StatementRecording(Form):
    """The performer, reading the words, pausing for a second, and then the number, one digit after the other."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"file": "(one recording)"}]})

    file: File = Field(description="Exactly one recording, of three minutes at most.")


class SpokenStatementOut(Answer):
    """Words to read about a consent, and what became of the one recording that answered them."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    performer_id: str
    consent_id: str
    attempt: int = Field(ge=1, description="Of those about this consent; each is kept.")
    state: SpokenStatementState = Field(description="At this moment: one that was not spoken in time is expired.")
    language: str
    text: str = Field(description="What is read aloud, the number last.")
    instructions: str = Field(description="How, in the language of the words.")
    number: str = Field(description="Holds once, and until `expires_at`.")
    text_sha256: str
    scope_sha256: str = Field(description="Of what the consent is about (canonical JSON, RFC 8785).")
    issued_at: Moment
    expires_at: Moment
    received_at: Moment | None
    recording: RecordingOut | None = Field(description="What is kept of it: no audio.")
    outcome: EvidenceOutcome | None = Field(description="What the evidence supports of the performer's enrolled voice.")
    log10_lr: float | None = Field(description="That the performer speaks; positive supports it.")
    number_log10_lr: float | None = Field(
        description="That the performer speaks the number; null where it was not heard, or is too short to tell."
    )
    digits: DigitsOutcome | None = Field(
        description="`not_verified`: nobody could listen for the number; the reasons say why."
    )
    reasons: list[ReasonOut]
    engine: dict[str, Any] | None = Field(description="What made the evidence, so that it can be made again.")
    finished_at: Moment | None
    version: Version

    @classmethod
    def of(cls, statement: SpokenStatement, now: datetime) -> SpokenStatementOut:
        """Describe a spoken statement as it is at ``now``."""
        return cls(
            **{name: getattr(statement, name) for name in _AS_STORED},
            state=statement.state_at(now),
            instructions=HOW.in_language(language_of(statement.language)),
            recording=None if statement.recording is None else RecordingOut.model_validate(statement.recording),
            reasons=[ReasonOut.model_validate(each) for each in statement.reasons],
        )


_AS_STORED = tuple(SpokenStatementOut.model_fields.keys() - {"state", "instructions", "recording", "reasons"})


class SpokenStatementPage(Page):
    """Every attempt to make a statement about a consent, the first first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[SpokenStatementOut]
