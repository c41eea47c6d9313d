"""Stay-down: the recordings that served notices are about, and what was told again in a check."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import ConfigDict, Field

from api.schemas import examples
from api.schemas.base import Answer, Form, Moment, Page, Path, Version
from api.schemas.examples import Example
from api.uploads import File
from registry.domain.stay_down import EntryEnding, HashKind
from registry.store.stay_down import StayDownEntry

_EXAMPLE: Example = {
    "id": examples.STAY_DOWN_ENTRY,
    "notice_id": examples.NOTICE,
    "case_id": examples.CASE,
    "content_sha256": examples.DIGEST,
    "algorithm": "chromaprint-2",
    "listed_by": examples.ACCOUNT,
    "listed_at": examples.NOW,
    "ends_at": examples.NEXT_YEAR,
    "ended_at": None,
    "ending": None,
    "version": 2,
}


class StayDownPath(Path):
    """Which entry of which notice."""

    notice_id: str = Field(examples=[examples.NOTICE])
    stay_down_id: str = Field(examples=[examples.STAY_DOWN_ENTRY])


class FingerprintIn(Form):
    """The very file that a notice names by its digest. It is fingerprinted and forgotten."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"file": "(one recording)"}]})

    file: File = Field(description="Exactly one recording.")


class StayDownEntryOut(Answer):
    """One recording that a served notice is about."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    notice_id: str
    case_id: str
    content_sha256: str
    algorithm: str | None = Field(description="What its fingerprint is made by; null where only the very file is told.")
    listed_by: str
    listed_at: Moment
    ends_at: Moment = Field(description="Until when it is looked for, unless it ends before.")
    ended_at: Moment | None
    ending: EntryEnding | None
    version: Version

    @classmethod
    def of(cls, entry: StayDownEntry) -> StayDownEntryOut:
        """Describe an entry."""
        return cls.model_validate(entry)


class StayDownPage(Page):
    """Every entry of a notice, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_EXAMPLE], "next_cursor": None}]})

    items: list[StayDownEntryOut]


class StayDownHitOut(Answer):
    """That a recording is one that a served notice is about. It says nothing of whose voice it is."""

    kind: HashKind = Field(description="The very file, or the same recording in another encoding or cut.")
    bit_error_rate: float = Field(
        description="Share of the bits of the nearest block that differ; 0 for the very file."
    )
    at_s: float | None = Field(description="Where that block begins in what was submitted.")
    entry_at_s: float | None = Field(description="Where it begins in the listed recording.")
    compared_s: float | None = Field(description="How long it is.")
    notice_id: str | None = Field(description="The notice, for its sides; null for everybody else.")


def hits_of(stored: Collection[Mapping[str, Any]] | None, own: Collection[str]) -> list[StayDownHitOut]:
    """Describe what was told again in a check.

    Args:
        stored: as the check keeps it.
        own: ids of the notices that the caller may know of.
    """
    return [
        StayDownHitOut(
            kind=HashKind(each["kind"]),
            bit_error_rate=each["bit_error_rate"],
            at_s=each["at_s"],
            entry_at_s=each["entry_at_s"],
            compared_s=each["compared_s"],
            notice_id=each["notice_id"] if each["notice_id"] in own else None,
        )
        for each in stored or ()
    ]
