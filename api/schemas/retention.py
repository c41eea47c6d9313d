"""Retention: the public schedule, and certificates of what was destroyed by it."""

from __future__ import annotations

from datetime import date

from pydantic import ConfigDict, Field

from api.paging import PageQuery
from api.schemas import examples
from api.schemas.base import Answer, Moment, Page, Query, omissible
from api.schemas.examples import Example
from api.schemas.pay_statements import StatementLanguage
from registry.domain.retention import DestroyedBy, RuleId
from registry.store.retention import DestructionCertificate

_CERTIFICATE: Example = {
    "id": examples.CERTIFICATE,
    "rule": "check",
    "schedule_sha256": examples.DIGEST,
    "records": 12,
    "cutoff": examples.NOW,
    "commitment": examples.DIGEST,
    "destroyed_at": examples.NEXT_YEAR,
}
_SCHEDULE: Example = {
    "version": 1,
    "sha256": examples.DIGEST,
    "rules": [
        {
            "id": "idle_voiceprint",
            "what": "Voiceprints of a performer nobody has heard of.",
            "purpose": "The same; without a sign of the performer it lapses.",
            "kept_for_s": 94_608_000,
            "counted_from": "The last sign of the performer or of who acts for them.",
            "destroyed_by": "purge",
            "basis": "740 ILCS 14/15(a): three years after the last interaction",
            "checked_on": "2026-11-24",
        }
    ],
}


class ScheduleQuery(Query):
    """In which language."""

    language: StatementLanguage = StatementLanguage.EN


class RetentionRuleOut(Answer):
    """How long one kind of record is kept."""

    id: RuleId
    what: str
    purpose: str
    kept_for_s: int | None = Field(description="Null for as long as the purpose lasts, or for good.")
    counted_from: str
    destroyed_by: DestroyedBy
    basis: str = Field(description="Law or practice that the time comes from.")
    checked_on: date | None = Field(description="When somebody last read the law; null: from memory, or no law.")


class ScheduleOut(Answer):
    """What is kept, what for, for how long, and who destroys it."""

    model_config = ConfigDict(json_schema_extra={"examples": [_SCHEDULE]})

    version: int
    sha256: str = Field(description="Digest of the schedule; certificates name the one that they went by.")
    rules: list[RetentionRuleOut]


class CertificateQuery(PageQuery):
    """Which certificates."""

    rule: RuleId | None = omissible(description="Only those of this rule.")
    newest_first: bool = Field(default=False, description="The last first, in place of the first.")


class CertificateOut(Answer):
    """That so many records of one kind were destroyed. The commitment says which to whoever holds its salt."""

    model_config = ConfigDict(json_schema_extra={"examples": [_CERTIFICATE]})

    id: str
    rule: RuleId
    schedule_sha256: str
    records: int
    cutoff: Moment = Field(description="What was destroyed had begun its time before this moment.")
    commitment: str
    destroyed_at: Moment

    @classmethod
    def of(cls, certificate: DestructionCertificate) -> CertificateOut:
        """Describe a certificate."""
        return cls.model_validate(certificate)


class CertificatePage(Page):
    """Certificates, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_CERTIFICATE], "next_cursor": None}]})

    items: list[CertificateOut]
