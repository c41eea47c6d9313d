"""Purging: what is past its time by the retention schedule is destroyed, and a certificate stays of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.consents import ConsentPurpose, ConsentState, Modality
from registry.domain.events import Detail, EventType
from registry.domain.ids import IdPrefix
from registry.domain.retention import RULES, SCHEDULE, DestroyedBy, RuleId, schedule_sha256
from registry.domain.shared_sounds import SoundEnding
from registry.services.context import Context
from registry.services.sound_endings import end_one_sound
from registry.services.unit import Unit, unit_of_work
from registry.services.withdrawal import undo_what_rested_on
from registry.store import consents, enrolments, issued_reports, retention, shared_sounds
from registry.store.base import Base
from registry.store.checks import Check, Finding
from registry.store.consents import Consent
from registry.store.performers import PerformerKey
from registry.store.retention import DestructionCertificate
from registry.store.shared_sounds import SharedSound
from registry.vault.signing import canonical

AT_ONCE = 200
"""Records destroyed in one transaction: few enough that nobody waits for it, each with its certificate."""

_FEWER_AT_ONCE = {RuleId.SCAN: 2}
"""Of kinds that bring thousands of others with them."""
_SALT_BYTES = 32
PURGED = tuple(rule.id for rule in SCHEDULE if rule.destroyed_by is DestroyedBy.PURGE)

COUNTED_AT_MOST = 10_000
"""Where it is only looked at how much is due, as many of each rule are counted, and no more."""


@dataclass(frozen=True, slots=True)
class Due:
    """What is past its time by one rule.

    Attributes:
        rule: which.
        cutoff: the time of what is past it began before this moment.
        records: how many there are, or that were counted.
        more: whether there are more than were counted.
    """

    rule: RuleId
    cutoff: datetime
    records: int
    more: bool = False


def what_is_due(
    ctx: Context, principal: Principal, *, as_of: datetime | None = None, most: int | None = None
) -> Sequence[Due]:
    """Answer what `purge` would destroy, one item for each rule that it carries out. Nothing is changed.

    Args:
        as_of: the moment that it is asked of; now if not given.
        most: of each rule no more than these are counted; None for all.

    Raises:
        ForbiddenError: the caller does not run the registry.
    """
    principal.require(Scope.RETENTION_WRITE)
    now = ctx.clock() if as_of is None else as_of
    with ctx.database.read() as session:
        return [_due(session, rule, RULES[rule].cutoff(now), most) for rule in PURGED]


def _due(session: Session, rule: RuleId, cutoff: datetime, most: int | None) -> Due:
    if most is None:
        return Due(rule, cutoff, retention.count_past(session, rule, cutoff))
    found = retention.count_past(session, rule, cutoff, most + 1)
    return Due(rule, cutoff, min(found, most), more=found > most)


def purge(ctx: Context, principal: Principal) -> Sequence[DestructionCertificate]:
    """Destroy everything that is past its time, a part at a time, and answer the certificates.

    1. Some records of one rule are read and locked; what another purge has locked is left to it.
    2. A salted commitment to them is made, then they are deleted, with what opens the journal's leaves about them.
    3. Certificate, deletion and the journal's leaf are one commit: a crash leaves both, or neither and the records,
       which the next run destroys.
    4. Best effort, at the end: what was deleted leaves the database's log as well.

    Raises:
        ForbiddenError: the caller does not run the registry.
    """
    principal.require(Scope.RETENTION_WRITE)
    made = [certificate for rule in PURGED for certificate in _destroy_all(ctx, principal, rule)]
    if made:
        ctx.database.scrub()
    return made


def _destroy_all(ctx: Context, principal: Principal, rule: RuleId) -> Iterator[DestructionCertificate]:
    cutoff = RULES[rule].cutoff(ctx.clock())
    while (certificate := destroy_some(ctx, principal, rule, cutoff)) is not None:
        yield certificate


def destroy_some(ctx: Context, principal: Principal, rule: RuleId, cutoff: datetime) -> DestructionCertificate | None:
    """Destroy up to `AT_ONCE` records of one rule, or fewer, in one transaction; None when none is left."""
    with unit_of_work(ctx) as unit:
        part = destroy_part(unit, rule, cutoff, principal.account_id)
        if part is None:
            return None
        unit.commit()
    return part.certificate


@dataclass(frozen=True, slots=True)
class Part:
    """What was destroyed in one transaction.

    Attributes:
        certificate: of it.
        due: how many records of the rule itself; the certificate counts what went with them as well.
    """

    certificate: DestructionCertificate
    due: int


def destroy_part(unit: Unit, rule: RuleId, cutoff: datetime, actor_id: str, **about: Detail) -> Part | None:
    """Destroy up to `AT_ONCE` records of one rule, or fewer, in the caller's unit; None when none is left.

    Args:
        unit: whose transaction it is.
        rule: by which.
        cutoff: before which their time began.
        actor_id: in whose name.
        about: further details for the certificate's leaf.
    """
    rows = retention.some_past(unit.session, rule, cutoff, _FEWER_AT_ONCE.get(rule, AT_ONCE))
    destroyed = _DESTROY.get(rule, _delete)(unit, rows, actor_id)
    if not destroyed:
        return None
    return Part(_certify(unit, rule, cutoff, destroyed, actor_id, **about), len(rows))


# --- how each kind is destroyed --------------------------------------------------------------------------------------

Destroyed = Mapping[str, str]
"""What was destroyed: the SHA-256 of its content, by its id."""


def _delete(unit: Unit, rows: Sequence[Base], _actor_id: str) -> Destroyed:
    destroyed = _digests(rows)
    retention.erase_rows(unit.session, rows)
    return destroyed


def _delete_checks(unit: Unit, rows: Sequence[Base], _actor_id: str) -> Destroyed:
    """Delete checks with their findings, the sound shared of these, and which reports were issued about them."""
    checks = [row for row in rows if isinstance(row, Check)]
    ids = [check.id for check in checks]
    findings = retention.findings_of(unit.session, ids)
    issued = issued_reports.reports_about_checks(unit.session, ids)
    destroyed = {**_digests(checks), **_digests(issued), **_digests(findings), **_delete_reviews(unit, findings)}
    destroyed |= _delete_sounds(unit, findings)
    retention.erase_rows(unit.session, issued)
    retention.erase_rows(unit.session, findings)
    for check in checks:
        unit.session.expire(check, ["findings"])
    retention.erase_rows(unit.session, checks)
    return destroyed


def _delete_sounds(unit: Unit, findings: Sequence[Finding]) -> Destroyed:
    """Delete what was shared of findings, and who has listened to it."""
    sounds = shared_sounds.sounds_of(unit.session, [finding.id for finding in findings])
    destroyed = _digests(sounds)
    shared_sounds.erase_listenings(unit.session, [sound.id for sound in sounds])
    retention.erase_rows(unit.session, sounds)
    return destroyed


def _end_sounds(unit: Unit, rows: Sequence[Base], actor_id: str) -> Destroyed:
    """Destroy sound whose days are over, with its key; that it was shared, and who listened, stays with the check."""
    sounds = [row for row in rows if isinstance(row, SharedSound)]
    destroyed = _digests(sounds)
    for sound in sounds:
        end_one_sound(unit, sound, SoundEnding.RAN_OUT, actor_id)
    return destroyed


def _delete_reviews(unit: Unit, findings: Sequence[Finding]) -> Destroyed:
    """Delete what was decided about findings, each decision before the one that it took the place of."""
    decided = retention.reviews_of_findings(unit.session, findings)
    destroyed = _digests(decided)
    for review in decided:
        retention.erase_rows(unit.session, [review])
    return destroyed


def _delete_scans(unit: Unit, rows: Sequence[Base], _actor_id: str) -> Destroyed:
    """Delete scans with their rows, findings, and samples with the marks on them."""
    ids = [str(getattr(row, "id")) for row in rows]  # noqa: B009  (as everywhere here)
    findings = retention.findings_of_scans(unit.session, ids)
    within = retention.rows_of_scans(unit.session, ids)
    marks, samples = retention.marks_of_scans(unit.session, ids)
    of_persons = {**_digests(marks), **_digests(samples)}
    destroyed = {**_digests(rows), **_digests(within), **_digests(findings), **_delete_reviews(unit, findings)}
    destroyed |= of_persons
    for each in (findings, within, marks, samples, rows):
        retention.erase_rows(unit.session, each)
    return destroyed


def _end_monitoring(unit: Unit, rows: Sequence[Base], actor_id: str) -> Destroyed:
    """Let consent to monitoring end as by its term: key and voiceprints are destroyed, every worker forgets them."""
    destroyed: dict[str, str] = {}
    for performer in rows:
        key = unit.session.get_one(PerformerKey, (str(getattr(performer, "id")), Modality.VOICE.value))  # noqa: B009
        consent = consents.active_consent(unit.session, key.performer_id, ConsentPurpose.MONITORING, Modality.VOICE)
        if consent is None:
            raise AssertionError("who has no consent to monitoring in force is not among those read")
        destroyed[key.performer_id] = retention.digest_of_row(key)
        destroyed |= _digests(enrolments.voiceprints_of(unit.session, key.performer_id))
        _end(unit, consent, actor_id)
    return destroyed


def _end(unit: Unit, consent: Consent, actor_id: str) -> None:
    consent.state = ConsentState.EXPIRED
    consent.version += 1
    unit.record(
        EventType.CONSENT_EXPIRED,
        consent.id,
        actor_id,
        performer_id=consent.performer_id,
        purpose=consent.purpose.value,
        modality=consent.modality.value,
    )
    undo_what_rested_on(unit, consent, actor_id)


_DESTROY: Mapping[RuleId, Callable[[Unit, Sequence[Base], str], Destroyed]] = {
    RuleId.IDLE_VOICEPRINT: _end_monitoring,
    RuleId.CHECK: _delete_checks,
    RuleId.REFUSED_CHECK: _delete_checks,
    RuleId.SHARED_SOUND: _end_sounds,
    RuleId.SCAN: _delete_scans,
}


def _digests(rows: Sequence[Base]) -> dict[str, str]:
    return {str(getattr(row, "id")): retention.digest_of_row(row) for row in rows}  # noqa: B009


# --- what stays ------------------------------------------------------------------------------------------------------


def _certify(
    unit: Unit, rule: RuleId, cutoff: datetime, destroyed: Destroyed, actor_id: str, **about: Detail
) -> DestructionCertificate:
    salt = unit.random_bytes(_SALT_BYTES)
    certificate = DestructionCertificate(
        id=unit.new_id(IdPrefix.DESTRUCTION_CERTIFICATE),
        rule=rule.value,
        schedule_sha256=schedule_sha256(),
        records=len(destroyed),
        cutoff=cutoff,
        commitment=commitment_to(salt, rule, destroyed),
        salt=salt,
        destroyed_by=actor_id,
        destroyed_at=unit.now,
    )
    unit.session.add(certificate)
    unit.record(
        EventType.RECORDS_DESTROYED,
        certificate.id,
        actor_id,
        rule=rule.value,
        schedule_sha256=certificate.schedule_sha256,
        records=certificate.records,
        commitment=certificate.commitment,
        **about,
    )
    return certificate


def commitment_to(salt: bytes, rule: RuleId, destroyed: Destroyed) -> str:
    """Answer SHA-256 over salt and canonical JSON (RFC 8785) of rule, ids and digests."""
    return hashlib.sha256(salt + canonical({"rule": rule.value, "destroyed": dict(destroyed)})).hexdigest()


def list_certificates(
    ctx: Context, *, rule: RuleId | None, after: str | None, limit: int, newest_first: bool = False
) -> Sequence[DestructionCertificate]:
    """Answer a page of the certificates, oldest first unless asked otherwise.

    They hold no personal data, and anybody may read them.
    """
    with ctx.database.read() as session:
        return retention.page_of_certificates(session, rule=rule, after=after, limit=limit, newest_first=newest_first)
