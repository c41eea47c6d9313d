"""Events: what the journal remembers. Tagged, versioned, and only growing.

An event names what happened to which record. It carries no personal data: ids, states, hashes and figures only. Names,
texts and audio stay in the records themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

EVENT_VERSION = 1


class EventType(StrEnum):
    """What happened. A type is never removed and never changes its meaning."""

    ORGANISATION_CREATED = "organisation.created"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_DISABLED = "account.disabled"
    TOKEN_ISSUED = "token.issued"  # noqa: S105  (an event, not a secret)
    TOKEN_ROTATED = "token.rotated"  # noqa: S105  (an event, not a secret)
    TOKEN_REVOKED = "token.revoked"  # noqa: S105  (an event, not a secret)
    SIGN_IN_LINK_ISSUED = "sign_in_link.issued"
    SIGN_IN_LINK_USED = "sign_in_link.used"
    IDENTITY_CONNECTED = "identity.connected"
    IDENTITY_DISCONNECTED = "identity.disconnected"
    SESSION_ENDED = "session.ended"
    SESSIONS_ENDED = "sessions.ended"
    PERFORMER_REGISTERED = "performer.registered"
    PERFORMER_CHANGED = "performer.changed"
    REPRESENTATIVE_APPOINTED = "representative.appointed"
    REPRESENTATIVE_DISMISSED = "representative.dismissed"
    PERFORMER_BIRTH_DATE_RECORDED = "performer.birth_date_recorded"
    PERFORMER_DEATH_RECORDED = "performer.death_recorded"
    PERFORMER_FORGOTTEN = "performer.forgotten"
    PERFORMER_REMEMBERED = "performer.remembered"
    EXPLANATION_TEXT_REGISTERED = "explanation_text.registered"
    EXPLANATION_BEGUN = "explanation.begun"
    EXPLANATION_RESUMED = "explanation.resumed"
    EXPLANATION_READ = "explanation.read"
    EXPLANATION_ANSWERED = "explanation.answered"
    EXPLANATION_COPY_DELIVERED = "explanation.copy_delivered"
    EXPLANATION_RECORDED = "explanation.recorded"
    EXPLANATION_COMPLETED = "explanation.completed"
    SPOKEN_STATEMENT_BEGUN = "spoken_statement.begun"
    SPOKEN_STATEMENT_RECEIVED = "spoken_statement.received"
    SPOKEN_STATEMENT_ACCEPTED = "spoken_statement.accepted"
    SPOKEN_STATEMENT_UNVERIFIED = "spoken_statement.unverified"
    SPOKEN_STATEMENT_REFUSED = "spoken_statement.refused"
    SPOKEN_STATEMENT_FAILED = "spoken_statement.failed"
    SPOKEN_STATEMENT_EXPIRED = "spoken_statement.expired"
    CONSENT_SIGNED = "consent.signed"
    CONSENT_SUPERSEDED = "consent.superseded"
    CONSENT_WITHDRAWN = "consent.withdrawn"
    CONSENT_EXPIRED = "consent.expired"
    VOICEPRINT_KEY_DESTROYED = "voiceprint_key.destroyed"
    ENROLMENT_RECEIVED = "enrolment.received"
    ENROLMENT_COMPLETED = "enrolment.completed"
    ENROLMENT_REFUSED = "enrolment.refused"
    ENROLMENT_FAILED = "enrolment.failed"
    ENROLMENT_DISCARDED = "enrolment.discarded"
    GALLERY_SEARCHED = "gallery.searched"
    GALLERY_FILE_ISSUED = "gallery_file.issued"
    GALLERY_FILE_VOIDED = "gallery_file.voided"
    GALLERY_FILE_FETCHED = "gallery_file.fetched"
    GALLERY_FILE_OFFER_ENDED = "gallery_file.offer_ended"
    LICENCE_DRAFTED = "licence.drafted"
    LICENCE_CHANGED = "licence.changed"
    LICENCE_OFFERED = "licence.offered"
    LICENCE_SIGNED = "licence.signed"
    LICENCE_ACTIVATED = "licence.activated"
    LICENCE_SUSPENDED = "licence.suspended"
    LICENCE_RESUMED = "licence.resumed"
    LICENCE_REVOKED = "licence.revoked"
    LICENCE_PAID = "licence.paid"
    LICENCE_AMENDED = "licence.amended"
    LICENCE_ENDED = "licence.ended"
    LICENCE_AMENDMENT_WITHDRAWN = "licence.amendment_withdrawn"
    HOUSE_KEY_REGISTERED = "house_key.registered"
    HOUSE_KEY_PUT_IN_USE = "house_key.put_in_use"
    HOUSE_KEY_REWRAPPED = "house_key.rewrapped"
    HOUSE_KEY_RETIRED = "house_key.retired"
    HOUSE_KEY_PUT_BACK = "house_key.put_back"
    VOICEPRINTS_REPROTECTED = "voiceprints.reprotected"
    SIGNING_KEY_REGISTERED = "signing_key.registered"
    SIGNING_KEY_RETIRED = "signing_key.retired"
    STRIKE_DECLARED = "strike.declared"
    STRIKE_LIFTED = "strike.lifted"
    CLEARANCES_DECIDED = "clearances.decided"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_GIVEN = "approval.given"
    APPROVAL_REFUSED = "approval.refused"
    APPROVAL_USED = "approval.used"
    APPROACH_RECORDED = "approach.recorded"
    SOURCE_ATTESTED = "source.attested"
    UNSEALING_REQUESTED = "unsealing.requested"
    UNSEALING_APPROVED = "unsealing.approved"
    SOURCE_REVEALED = "source.revealed"
    PROPOSAL_MADE = "proposal.made"
    PROPOSAL_APPROVED = "proposal.approved"
    PROPOSAL_REFUSED = "proposal.refused"
    PROPOSAL_WITHDRAWN = "proposal.withdrawn"
    ENGINE_CHANGED = "engine.changed"
    PERFORMER_DELETED = "performer.deleted"
    LEDGER_POSTED = "ledger.posted"
    USAGE_REPORTED = "usage.reported"
    USAGE_AMENDED = "usage.amended"
    PAYMENT_REPORTED = "payment.reported"
    PAYMENT_CONFIRMED = "payment.confirmed"
    PAYMENT_DISPUTED = "payment.disputed"
    FINDING_REVIEWED = "finding.reviewed"
    SOUND_SHARED = "sound.shared"
    SOUND_HEARD = "sound.heard"
    SOUND_ENDED = "sound.ended"
    CASE_OPENED = "case.opened"
    CASE_MOVED = "case.moved"
    CASE_SOURCE_NAMED = "case.source_named"
    CASE_PAPER_FILED = "case.paper_filed"
    CASE_PAPER_READ = "case.paper_read"
    CASE_DIGEST_SALTED = "case.digest_salted"
    CASE_COHORT_PROPOSED = "case.cohort_proposed"
    CASE_COHORT_REFUSED = "case.cohort_refused"
    CASE_COHORT_OPENED = "case.cohort_opened"
    CASE_ANALYSIS_ASKED = "case.analysis_asked"
    CASE_ANALYSIS_BEGUN = "case.analysis_begun"
    CASE_ANALYSIS_FINISHED = "case.analysis_finished"
    CASE_ANALYSIS_FAILED = "case.analysis_failed"
    CASE_ANALYSIS_READ = "case.analysis_read"
    COHORT_AGREED = "cohort.agreed"
    COHORT_AGREEMENT_ENDED = "cohort.agreement_ended"
    CASE_PAUSED = "case.paused"
    CASE_PAUSE_CONTINUED = "case.pause_continued"
    CASE_PAUSE_ENDED = "case.pause_ended"
    NOTICE_DRAFTED = "notice.drafted"
    NOTICE_CHANGED = "notice.changed"
    NOTICE_MOVED = "notice.moved"
    PUBLIC_FIGURE_STATED = "public_figure.stated"
    STAY_DOWN_LISTED = "stay_down.listed"
    STAY_DOWN_FINGERPRINTED = "stay_down.fingerprinted"
    STAY_DOWN_ENDED = "stay_down.ended"
    MISUSE_STRUCK = "misuse.struck"
    MISUSE_CONTESTED = "misuse.contested"
    MISUSE_ANSWERED = "misuse.answered"
    MISUSE_LIMITED = "misuse.limited"
    MISUSE_LIMIT_LIFTED = "misuse.limit_lifted"
    PURGE_BEGUN = "purge.begun"
    PURGE_FINISHED = "purge.finished"
    PURGE_STOPPED = "purge.stopped"
    PURGE_FAILED = "purge.failed"
    CASE_REPORT_ISSUED = "case.report_issued"
    CHECK_REPORT_ISSUED = "check.report_issued"
    WEBHOOK_REGISTERED = "webhook.registered"
    WEBHOOK_CHANGED = "webhook.changed"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_ENABLED = "webhook.enabled"
    WEBHOOK_REMOVED = "webhook.removed"
    RECORDS_DESTROYED = "records.destroyed"
    PERFORMER_EXPORTED = "performer.exported"
    CHECK_SUBMITTED = "check.submitted"
    CHECK_COMPLETED = "check.completed"
    CHECK_REFUSED = "check.refused"
    CHECK_FAILED = "check.failed"
    CHECK_DISCARDED = "check.discarded"
    SCAN_RECEIVED = "scan.received"
    SCAN_REQUESTED = "scan.requested"
    SCAN_FINISHED = "scan.finished"
    SCAN_FAILED = "scan.failed"
    SCAN_CANCELLED = "scan.cancelled"
    SCAN_ROWS_RECEIVED = "scan.rows_received"
    SCAN_MARKED = "scan.marked"
    BACKUP_MADE = "backup.made"
    REGISTRY_RESTORED = "registry.restored"
    JOURNAL_CLOCK_STEPPED_BACK = "journal.clock_stepped_back"


Detail = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        type: what.
        subject_id: id of the record it happened to.
        actor_id: id of the account that did it, or of the worker.
        at: when, aware, UTC.
        details: ids, states, hashes and figures; no personal data.
        version: of this shape.
    """

    type: EventType
    subject_id: str
    actor_id: str
    at: datetime
    details: Mapping[str, Detail] = field(default_factory=dict)
    version: int = EVENT_VERSION
