"""Sound that an organisation shares with a performer: cut out of the recording that was checked, sealed, and ended.

The registry has no recording to share: whoever sent it in sends it again. It must be the very file that was checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from registry.domain.accounts import Principal, Scope
from registry.domain.consents import Modality
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.scores import Span
from registry.domain.shared_sounds import DEFAULT_DAYS, MOST_DAYS, SoundEnding, Stretch, life_of, stretches_to_share
from registry.errors import AnotherRecordingError, ConflictError, InvalidInputError, NotFoundError
from registry.media.recording import SAMPLE_RATE_HZ, Recording
from registry.media.wave_file import pcm_of
from registry.services import intake
from registry.services.checks import visible_finding
from registry.services.context import Context
from registry.services.enrolments import monitoring_consent
from registry.services.intake import Upload
from registry.services.performers import performer_to_act_for
from registry.services.sound_endings import SOUND_BOUND_AS, end_one_sound
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import shared_sounds
from registry.store.checks import Check, Finding
from registry.store.performers import Performer
from registry.store.shared_sounds import SharedSound
from registry.vault.keys import WrappedKey, new_data_key
from registry.vault.sealing import bind, seal


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be shared, as it was read before the file was looked at."""

    finding_id: str
    performer_id: str
    organisation_id: str
    checked_sha256: str
    stretches: Sequence[Stretch]


def share_sound(
    ctx: Context, principal: Principal, finding_id: str, *, upload: Upload, days: int = DEFAULT_DAYS
) -> SharedSound:
    """Let a performer hear where they are heard in a recording that one's own organisation had checked.

    1. What can be refused without the file is refused: the finding is one's own and of a check, says where the
       performer is heard, nothing of it is shared, and the performer is monitored.
    2. The file has the SHA-256 of what was checked. Any other is not decoded.
    3. It is decoded in a limited child; only the stretches are kept of it, and sealed under a key of their own.
    4. The performer's row is locked, so that a withdrawal comes wholly before or wholly after; step 1 is done again;
       sound and journal are one commit. Of two who share at once, the second is refused.

    Args:
        finding_id: of the performer in the check.
        upload: the recording, once more.
        days: for how long, from 1 to `MOST_DAYS`.

    Raises:
        NotFoundError: no such finding that the caller may know of.
        ForbiddenError: the caller submits nothing.
        AnotherRecordingError: this file is not the one that was checked; figures ``sent_sha256``, ``checked_sha256``.
        MediaError: the file cannot be used; figures say why.
        ConflictError: figure ``state``: ``of_a_scan``, ``not_located``, or ``shared``, then with ``ends_at``.
        ConsentMissingError: the performer is not monitored any more.
        InvalidInputError: for fewer days, or more.
    """
    principal.require(Scope.CHECKS_WRITE)
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInputError(f"sound is shared for 1 to {MOST_DAYS} days", days=days, most=MOST_DAYS)
    with ctx.database.read() as session:
        asked = _asked(session, principal, finding_id)
        _require_sharable(session, asked, ctx.clock())
    _require_same(asked, _sha256_of(upload))
    recording = intake.read(ctx, upload)
    _require_same(asked, recording.content_sha256)
    stretches, pcm = _cut(asked.stretches, recording)
    key, wrapped = new_data_key(ctx.keys, ctx.random_bytes)
    with unit_of_work(ctx) as unit:
        unit.session.get_one(Performer, asked.performer_id, with_for_update=True)
        _require_sharable(unit.session, _asked(unit.session, principal, finding_id), unit.now)
        before = _before(unit, finding_id, principal.account_id)
        sound = SharedSound(
            id=unit.new_id(IdPrefix.SHARED_SOUND),
            finding_id=asked.finding_id,
            performer_id=asked.performer_id,
            organisation_id=asked.organisation_id,
            stretches=[each.as_json() | {"samples": samples} for each, samples in stretches],
            content_key=wrapped.wrapped,
            content_master_key_id=wrapped.master_key_id,
            shared_by=principal.account_id,
            shared_at=unit.now,
            ends_at=unit.now + life_of(days),
            version=1 if before is None else before.version + 1,  # so that who saw the one before ends not this one
        )
        sound.content = seal(pcm, key, bind(SOUND_BOUND_AS, sound.id, sound.finding_id), unit.random_bytes)
        _write(unit, sound, principal.account_id)
    return sound


def _write(unit: Unit, sound: SharedSound, actor_id: str) -> None:
    unit.session.add(sound)
    try:
        unit.session.flush()
    except IntegrityError as error:  # somebody else has shared it since it was looked for
        raise ConflictError("sound of this finding was shared just now", state="shared") from error
    cut = sound.cut()
    unit.record(
        EventType.SOUND_SHARED,
        sound.id,
        actor_id,
        finding_id=sound.finding_id,
        performer_id=sound.performer_id,
        organisation_id=sound.organisation_id,
        stretches=len(cut),
        sound_s=round(sum(each.duration_s for each in cut), 3),
        ends_at=sound.ends_at.isoformat(),
    )
    unit.commit()


def _asked(session: Session, principal: Principal, finding_id: str) -> _Asked:
    """Answer what would be shared of a finding; raises as `share_sound`."""
    finding = visible_finding(session, principal, finding_id)
    if finding.organisation_id != principal.organisation_id:
        raise NotFoundError("there is no such finding")
    check = finding.check
    if check is None:
        raise ConflictError(
            "the registry heard no recording of a scan, so that none of it can be shared", state="of_a_scan"
        )
    stretches = _stretches_of(session, check, finding)
    if not stretches:
        raise ConflictError("it is not known where in the recording the performer is heard", state="not_located")
    return _Asked(finding.id, finding.performer_id, finding.organisation_id, check.content_sha256, stretches)


def _stretches_of(session: Session, check: Check, finding: Finding) -> Sequence[Stretch]:
    others = session.scalars(select(Finding).where(Finding.check_id == check.id, Finding.id != finding.id))
    return _planned(check, finding, others.all())


def _planned(check: Check, finding: Finding, findings: Collection[Finding]) -> Sequence[Stretch]:
    taken = [
        Span(float(each["start_s"]), float(each["end_s"]))
        for other in findings
        if other.id != finding.id
        for each in other.segments
    ]
    return stretches_to_share([Stretch.of_json(each) for each in finding.segments], taken, check.duration_s)


def _require_sharable(session: Session, asked: _Asked, now: datetime) -> None:
    last = shared_sounds.last_sound_of(session, asked.finding_id)
    if last is not None and last.ending_at(now) is None:
        raise ConflictError(
            f"sound of this finding is shared until {last.ends_at.isoformat()}; end that first",
            state="shared",
            ends_at=last.ends_at.isoformat(),
        )
    monitoring_consent(session, asked.performer_id, Modality.VOICE, now)


def _require_same(asked: _Asked, sha256: str) -> None:
    if sha256 != asked.checked_sha256:
        raise AnotherRecordingError(
            f"the file that was sent has the SHA-256 {sha256}, and the one that was checked {asked.checked_sha256}: "
            "send the very file that was checked",
            sent_sha256=sha256,
            checked_sha256=asked.checked_sha256,
        )


def _sha256_of(upload: Upload) -> str:
    with upload.path.open("rb") as file:
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cut(stretches: Sequence[Stretch], recording: Recording) -> tuple[list[tuple[Stretch, int]], bytes]:
    """Answer the stretches with how many samples each has, and all of these samples, one after the other."""
    parts = [
        recording.samples[round(each.start_s * SAMPLE_RATE_HZ) : round(each.end_s * SAMPLE_RATE_HZ)]
        for each in stretches
    ]
    counted = [(each, int(part.size)) for each, part in zip(stretches, parts, strict=True)]
    return counted, b"".join(pcm_of(part) for part in parts)


def _before(unit: Unit, finding_id: str, actor_id: str) -> SharedSound | None:
    """Answer what was shared of a finding before; what ran out and was not written down as ended is ended first."""
    last = shared_sounds.last_sound_of(unit.session, finding_id, lock=True)
    if last is not None and last.ended_at is None:
        end_one_sound(unit, last, SoundEnding.RAN_OUT, actor_id)
        unit.session.flush()  # only one may be in force: the old one steps back before the new one is written
    return last


def end_sound(ctx: Context, principal: Principal, finding_id: str, *, version: int | None = None) -> SharedSound:
    """End what one's own organisation shares: the key is destroyed, and nobody hears it from here on.

    Args:
        finding_id: that it is of.
        version: of the sound that the caller has seen; None for any.

    Raises:
        NotFoundError: no such finding that the caller may know of, or nothing of it is shared.
        ForbiddenError: the caller submits nothing.
        StaleVersionError: the sound is another one than the caller has seen.
    """
    principal.require(Scope.CHECKS_WRITE)
    with unit_of_work(ctx) as unit:
        finding = visible_finding(unit.session, principal, finding_id)
        if finding.organisation_id != principal.organisation_id:
            raise NotFoundError("there is no such finding")
        unit.session.get_one(Performer, finding.performer_id, with_for_update=True)
        sound = shared_sounds.last_sound_of(unit.session, finding.id, lock=True)
        if sound is None:
            raise NotFoundError("no sound of this finding is shared")
        require_version(sound.version, version)
        if sound.ended_at is not None:
            raise NotFoundError("no sound of this finding is shared")
        ran_out = sound.ending_at(unit.now) is not None
        end_one_sound(
            unit, sound, SoundEnding.RAN_OUT if ran_out else SoundEnding.BY_ORGANISATION, principal.account_id
        )
        unit.commit()
    ctx.database.scrub()
    return sound


# --- what there is ---------------------------------------------------------------------------------------------------


def get_sound(ctx: Context, principal: Principal, finding_id: str) -> SharedSound:
    """Answer what was shared last of a finding, ended or not, without the sound itself.

    Raises:
        NotFoundError: no such finding that the caller may know of, or nothing of it was ever shared.
    """
    principal.require(Scope.FINDINGS_READ)
    with ctx.database.read() as session:
        finding = visible_finding(session, principal, finding_id)
        sound = shared_sounds.last_sound_of(session, finding.id)
        if sound is None:
            raise NotFoundError("no sound of this finding was ever shared")
        return sound


def sounds_shared(ctx: Context, findings: Collection[Finding]) -> Mapping[str, SharedSound]:
    """Answer what was shared last of each of some findings that the caller has been shown, by their ids."""
    if not findings:
        return {}
    with ctx.database.read() as session:
        return shared_sounds.last_sounds_of(session, {each.id for each in findings})


def list_sounds_in_force(ctx: Context, principal: Principal, performer_id: str, *, limit: int) -> Sequence[SharedSound]:
    """Answer what is shared with a performer at this moment, what ends first at the beginning.

    Raises:
        NotFoundError: no such performer that the caller may know of.
        ForbiddenError: the caller, or their mandate, reads no findings.
    """
    with ctx.database.read() as session:
        performer = performer_to_act_for(session, principal, performer_id, Scope.FINDINGS_READ)
        return shared_sounds.in_force_at(session, performer.id, ctx.clock(), limit=limit)


def plans_of_check(check: Check) -> Mapping[str, Sequence[Stretch]]:
    """Answer what would be cut out for each finding of a check that is shown with its findings, by their ids."""
    return {each.id: _planned(check, each, check.findings) for each in check.findings}


def key_of_sound(sound: SharedSound) -> WrappedKey:
    """Answer the wrapped key of a sound.

    Raises:
        NotFoundError: it was destroyed.
    """
    if sound.content_key is None or sound.content_master_key_id is None:
        raise NotFoundError("no sound of this finding is shared")
    return WrappedKey(sound.content_master_key_id, sound.content_key)
