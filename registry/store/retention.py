"""What is past its time, and the certificates that stay of what was destroyed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from enum import Enum

import rfc8785
from sqlalchemy import CheckConstraint, ColumnElement, String, and_, delete, func, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from registry.domain.accounts import Role
from registry.domain.checks import CheckState, EnrolmentState
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.misuse import ContestAnswer
from registry.domain.retention import RULES, RuleId
from registry.domain.scans import ENDED
from registry.domain.spoken_statements import SpokenStatementState
from registry.store.accounts import Account, Token
from registry.store.base import Base
from registry.store.checks import Check, Finding
from registry.store.consents import Consent, Explanation
from registry.store.enrolments import Enrolment, SealedVoiceprint
from registry.store.journal import JournalEntry, JournalOpening
from registry.store.misuse import MisuseLimit, MisuseStrike
from registry.store.parts import in_parts
from registry.store.performers import Performer, PerformerKey, Representative
from registry.store.reviews import Review
from registry.store.scan_marks import ScanMark, ScanSample, marks_of_samples, samples_of_scans
from registry.store.scans import Scan, ScanRow
from registry.store.shared_sounds import SharedSound
from registry.store.spoken_statements import SpokenStatement
from registry.store.stay_down import StayDownEntry
from registry.store.types import Bytes, Id, Sha256, UtcDateTime
from registry.store.usage import UsageLine
from registry.store.webhooks import WebhookDelivery
from registry.store.work import Work


class DestructionCertificate(Base):
    """That so many records of one kind were destroyed at one moment, by one rule of the retention schedule.

    The commitment is SHA-256 over salt and canonical JSON (RFC 8785) of the ids and digests of what was destroyed: who
    kept a copy of a record can have it shown, by whoever holds the salt, that it was among them.
    """

    __tablename__ = "destruction_certificates"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    rule: Mapped[str] = mapped_column(String(40), index=True)
    schedule_sha256: Mapped[str] = mapped_column(Sha256)
    records: Mapped[int]
    cutoff: Mapped[datetime] = mapped_column(UtcDateTime)
    commitment: Mapped[str] = mapped_column(Sha256, unique=True)
    salt: Mapped[bytes] = mapped_column(Bytes)
    destroyed_by: Mapped[str] = mapped_column(Id)
    destroyed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint("records >= 1", name="records_counted"),)


def page_of_certificates(
    session: Session, *, rule: RuleId | None, after: str | None, limit: int, newest_first: bool
) -> Sequence[DestructionCertificate]:
    """Answer up to ``limit`` certificates behind an id, in one order or the other; of one rule when it is given."""
    by = DestructionCertificate.id
    query = select(DestructionCertificate).order_by(by.desc() if newest_first else by).limit(limit)
    if rule is not None:
        query = query.where(DestructionCertificate.rule == rule.value)
    if after is not None:
        query = query.where(by < after if newest_first else by > after)
    return session.scalars(query).all()


# --- what is past its time -------------------------------------------------------------------------------------------

_UNDONE = (CheckState.REFUSED, CheckState.FAILED)
_NOT_KEPT = (SpokenStatementState.REFUSED, SpokenStatementState.FAILED, SpokenStatementState.EXPIRED)
_NOT_ENROLLED = (EnrolmentState.REFUSED, EnrolmentState.FAILED, EnrolmentState.ERASED)


def _pay_rests_on_it() -> ColumnElement[bool]:
    line = select(UsageLine.id).join(Finding, UsageLine.finding_id == Finding.id)
    return line.where(Finding.check_id == Check.id).exists()


def _a_case_was_opened_by(finding_of: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a case was opened because of a finding, of those that a condition names."""
    opened = select(Review.id).join(Finding, Review.finding_id == Finding.id).where(Review.case_id.is_not(None))
    return opened.where(finding_of).exists()


def _of_the_scan() -> ColumnElement[bool]:
    return Finding.scan_row_id.in_(select(ScanRow.id).where(ScanRow.scan_id == Scan.id).correlate(Scan))


def _idle(cutoff: datetime) -> ColumnElement[bool]:
    """Whether a performer is monitored, and neither they nor who acts for them gave a sign since."""
    own = Performer.id
    acting = select(Representative.account_id).where(Representative.performer_id == own)
    used = select(Token.id).where(
        Token.last_used_at >= cutoff, or_(Token.account_id == Performer.account_id, Token.account_id.in_(acting))
    )
    signed_in = select(Account.id).where(
        Account.signed_in_at >= cutoff, or_(Account.id == Performer.account_id, Account.id.in_(acting))
    )
    monitored = select(Consent.id).where(
        Consent.performer_id == own,
        Consent.purpose == ConsentPurpose.MONITORING,
        Consent.modality == Modality.VOICE,
        Consent.state == ConsentState.ACTIVE,
        Consent.decision == ConsentDecision.GIVEN,
    )
    decided = or_(Consent.recorded_at >= cutoff, Consent.withdrawn_at >= cutoff)
    return and_(
        Performer.created_at < cutoff,
        monitored.exists(),
        select(PerformerKey.performer_id).where(PerformerKey.performer_id == own).exists(),
        ~select(Consent.id).where(Consent.performer_id == own, decided).exists(),
        ~select(Explanation.id).where(Explanation.performer_id == own, Explanation.recorded_at >= cutoff).exists(),
        ~select(Enrolment.id).where(Enrolment.performer_id == own, Enrolment.created_at >= cutoff).exists(),
        ~used.exists(),
        ~signed_in.exists(),
    )


def _is_a_sign(cutoff: datetime) -> ColumnElement[bool]:
    """Whether a token shows that the performer's side was there, at a time that still keeps voiceprints."""
    now = cutoff + (RULES[RuleId.ENDED_TOKEN].kept_for or timedelta())
    of_the_side = select(Account.id).where(Account.role.in_((Role.PERFORMER, Role.REPRESENTATIVE)))
    used_since = Token.last_used_at >= RULES[RuleId.IDLE_VOICEPRINT].cutoff(now)
    return and_(Token.account_id.in_(of_the_side), Token.last_used_at.is_not(None), used_since)


def past_its_time(rule: RuleId, cutoff: datetime) -> tuple[type[Base], ColumnElement[bool]]:
    """Answer the records of a rule that `purge` carries out, and which of them are past their time.

    Raises:
        KeyError: `purge` does not carry this rule out.
    """
    ended = func.coalesce(Token.revoked_at, Token.expires_at)
    no_voiceprints = ~select(SealedVoiceprint.id).where(SealedVoiceprint.enrolment_id == Enrolment.id).exists()
    return {
        RuleId.IDLE_VOICEPRINT: (Performer, _idle(cutoff)),
        RuleId.CHECK: (
            Check,
            and_(
                Check.state == CheckState.DONE,
                Check.finished_at < cutoff,
                ~_pay_rests_on_it(),
                ~_a_case_was_opened_by(Finding.check_id == Check.id),
            ),
        ),
        RuleId.REFUSED_CHECK: (Check, and_(Check.state.in_(_UNDONE), Check.finished_at < cutoff)),
        RuleId.SHARED_SOUND: (SharedSound, and_(SharedSound.ended_at.is_(None), SharedSound.ends_at <= cutoff)),
        RuleId.SCAN: (
            Scan,
            and_(Scan.state.in_(ENDED), Scan.finished_at < cutoff, ~_a_case_was_opened_by(_of_the_scan())),
        ),
        RuleId.REFUSED_ENROLMENT: (
            Enrolment,
            and_(Enrolment.state.in_(_NOT_ENROLLED), Enrolment.finished_at < cutoff, no_voiceprints),
        ),
        RuleId.REFUSED_STATEMENT: (
            SpokenStatement,
            and_(SpokenStatement.state.in_(_NOT_KEPT), SpokenStatement.finished_at < cutoff),
        ),
        RuleId.UNFINISHED_EXPLANATION: (
            Explanation,
            and_(Explanation.completed_at.is_(None), Explanation.recorded_at < cutoff),
        ),
        RuleId.ENDED_TOKEN: (Token, and_(ended < cutoff, ~_is_a_sign(cutoff))),
        RuleId.WEBHOOK_MESSAGE: (WebhookDelivery, WebhookDelivery.finished_at < cutoff),
        RuleId.STAY_DOWN_ENTRY: (
            StayDownEntry,
            func.coalesce(StayDownEntry.ended_at, StayDownEntry.ends_at) < cutoff,
        ),
        RuleId.MISUSE_STRIKE: (
            MisuseStrike,
            or_(
                MisuseStrike.expires_at < cutoff,
                and_(MisuseStrike.answer == ContestAnswer.LIFTED, MisuseStrike.answered_at < cutoff),
            ),
        ),
        RuleId.MISUSE_LIMIT: (MisuseLimit, func.coalesce(MisuseLimit.lifted_at, MisuseLimit.ends_at) < cutoff),
    }[rule]


def count_past(session: Session, rule: RuleId, cutoff: datetime, most: int | None = None) -> int:
    """Answer how many records of a rule are past their time; no more than ``most`` are counted where it is given."""
    table, past = past_its_time(rule, cutoff)
    if most is None:
        return session.scalar(select(func.count()).select_from(table).where(past)) or 0
    some = select(table.__table__.c.id).where(past).limit(most).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def some_past(session: Session, rule: RuleId, cutoff: datetime, limit: int) -> Sequence[Base]:
    """Answer up to ``limit`` records of a rule that are past their time, locked; another's are passed over."""
    table, past = past_its_time(rule, cutoff)
    order = table.__table__.c.id
    query = select(table).where(past).order_by(order).limit(limit)
    return session.scalars(query.with_for_update(of=table, skip_locked=True)).unique().all()


# --- destroying ------------------------------------------------------------------------------------------------------


def findings_of(session: Session, check_ids: Collection[str]) -> Sequence[Finding]:
    """Answer the findings of some checks."""
    return session.scalars(select(Finding).where(Finding.check_id.in_(check_ids)).order_by(Finding.id)).all()


def reviews_of_findings(session: Session, findings: Collection[Finding]) -> Sequence[Review]:
    """Answer what was decided about some findings, each decision before the one that it took the place of."""
    found: dict[str, Review] = {}
    for part in in_parts([finding.id for finding in findings]):
        found |= {each.id: each for each in session.scalars(select(Review).where(Review.finding_id.in_(part)))}
    replaced = {each.replaces_id for each in found.values()}
    ordered: list[Review] = []
    for stands in [each for each in found.values() if each.id not in replaced]:
        last: Review | None = stands
        while last is not None:
            ordered.append(last)
            last = found.get(last.replaces_id or "")
    return ordered


def rows_of_scans(session: Session, scan_ids: Collection[str]) -> Sequence[ScanRow]:
    """Answer the rows of some scans."""
    return session.scalars(select(ScanRow).where(ScanRow.scan_id.in_(scan_ids)).order_by(ScanRow.id)).all()


def findings_of_scans(session: Session, scan_ids: Collection[str]) -> Sequence[Finding]:
    """Answer the findings of some scans."""
    query = select(Finding).join(ScanRow, Finding.scan_row_id == ScanRow.id).where(ScanRow.scan_id.in_(scan_ids))
    return session.scalars(query.order_by(Finding.id)).all()


def marks_of_scans(session: Session, scan_ids: Collection[str]) -> tuple[Sequence[ScanMark], Sequence[ScanSample]]:
    """Answer the marks that persons made on samples of some scans, and the samples."""
    samples = samples_of_scans(session, scan_ids)
    return marks_of_samples(session, [sample.id for sample in samples]), samples


def erase_rows(session: Session, rows: Sequence[Base]) -> None:
    """Delete rows, in the caller's transaction, with what opens the journal's leaves about them."""
    ids = [str(getattr(row, "id")) for row in rows]  # noqa: B009  (every table that is purged has one)
    for part in in_parts(ids):
        about = select(JournalEntry.seq).where(JournalEntry.subject_id.in_(part))
        session.execute(delete(JournalOpening).where(JournalOpening.seq.in_(about)))
        session.execute(delete(Work).where(Work.subject_id.in_(part)))
    for row in rows:
        session.delete(row)
    session.flush()


def digest_of_row(row: Base) -> str:
    """Answer the SHA-256 of the canonical JSON of all that a row holds."""
    held = {column.key: _plain(getattr(row, column.key)) for column in row.__mapper__.column_attrs}
    return hashlib.sha256(rfc8785.dumps(held)).hexdigest()  # type: ignore[arg-type]  # what `_plain` answers is JSON


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if isinstance(value, date | datetime) else value
