"""Stay-down: the recordings of a served notice are listed, looked for in what is submitted, and no longer once it ends.

Nothing here touches a voiceprint, and nothing here can be made one: an entry is a digest, and a fingerprint of how one
recording sounds. Where an entry has ended, its fingerprint is erased in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from registry.domain.accounts import Principal, Scope
from registry.domain.cases import CaseEnding, CaseSide, CaseState, Move
from registry.domain.events import EventType
from registry.domain.ids import IdPrefix
from registry.domain.notices import IN_FORCE, NoticeState
from registry.domain.rules.notice_packs import Term, notice_practice
from registry.domain.stay_down import MOST_BIT_ERRORS, EntryEnding, HashKind, Hit
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.media.fingerprints import ALGORITHM, LEAST_BLOCK, Fingerprint, candidates, fingerprint_of, nearness
from registry.media.recording import Recording
from registry.services import intake
from registry.services.context import Context
from registry.services.intake import Upload
from registry.services.notice_access import acting_on_notice, visible_notice
from registry.services.unit import Unit, require_version, unit_of_work
from registry.store import notices, stay_down
from registry.store.cases import Case
from registry.store.notices import Notice
from registry.store.performers import Performer
from registry.store.stay_down import StayDownEntry

_CONCLUDED = frozenset({CaseState.PROPOSED, CaseState.DECIDED, CaseState.CLOSED})

# --- listing and ending, in the unit of who serves, counters, puts back or reopens ------------------------------------


def list_recordings(unit: Unit, notice: Notice, actor_id: str) -> None:
    """List every recording that a notice names by its digest, until the term of stay-down is over.

    Of somebody who was forgotten or deleted nothing is listed.
    """
    performer = unit.session.get_one(Performer, notice.performer_id, populate_existing=True)
    if performer.forgotten_at is not None or performer.deleted_at is not None:
        return
    ends_at = notice_practice().term(Term.STAY_DOWN).after(unit.now)
    for digest in sorted({each.sha256 for each in notice.about() if each.sha256 is not None}):
        entry = StayDownEntry(
            id=unit.new_id(IdPrefix.STAY_DOWN_ENTRY),
            notice_id=notice.id,
            case_id=notice.case_id,
            content_sha256=digest,
            listed_by=actor_id,
            listed_at=unit.now,
            ends_at=ends_at,
            version=1,
        )
        unit.session.add(entry)
        _record(unit, EventType.STAY_DOWN_LISTED, entry, actor_id)


def end_of_notice(unit: Unit, notice_id: str, ending: EntryEnding, actor_id: str) -> None:
    """End every entry of a notice that has not ended."""
    _end_all(unit, stay_down.entries_of_notice(unit.session, notice_id), ending, actor_id)


def end_with_the_case(unit: Unit, case: Case, before: CaseState, move: Move, actor_id: str) -> None:
    """End every entry of a case that is opened again, or that who complained lets go; others go on."""
    if move.ending in {CaseEnding.WITHDRAWN, CaseEnding.SETTLED}:
        _end_all(unit, stay_down.entries_of_case(unit.session, case.id), EntryEnding.WITHDRAWN, actor_id)
    elif before in _CONCLUDED and move.to is CaseState.EVIDENCE:
        _end_all(unit, stay_down.entries_of_case(unit.session, case.id), EntryEnding.CASE_REOPENED, actor_id)


def _end_all(unit: Unit, entries: Iterable[StayDownEntry], ending: EntryEnding, actor_id: str) -> None:
    for entry in entries:
        if entry.ended_at is None:
            end_one(unit, entry, ending, actor_id)


def end_one(unit: Unit, entry: StayDownEntry, ending: EntryEnding, actor_id: str) -> None:
    """End one entry that has not ended, in the caller's unit: its fingerprint is erased with it."""
    entry.ended_at, entry.ending = unit.now, ending
    entry.fingerprint = entry.algorithm = None
    entry.version += 1
    _record(unit, EventType.STAY_DOWN_ENDED, entry, actor_id, ending=ending.value)


def _record(unit: Unit, event: EventType, entry: StayDownEntry, actor_id: str, **more: str | int) -> None:
    unit.record(
        event,
        entry.id,
        actor_id,
        notice_id=entry.notice_id,
        case_id=entry.case_id,
        content_sha256=entry.content_sha256,
        **more,
    )


# --- verbs -----------------------------------------------------------------------------------------------------------


def add_fingerprint(ctx: Context, principal: Principal, notice_id: str, *, upload: Upload) -> StayDownEntry:
    """Let the same recording be told in another encoding: its fingerprint is taken, and the recording forgotten.

    Only the very file that the notice names by its digest is taken: nobody gets another recording onto the list than
    the one that was reviewed.

    Raises:
        NotFoundError: no such notice that the caller may know of.
        ForbiddenError: the caller is on neither the claimant's side nor the registry's.
        ConflictError: the notice is not in force.
        InvalidInputError: the notice does not name this file, or it is too short or too monotonous; figures say which.
        MediaError: it cannot be decoded.
    """
    _require_claim(ctx, principal, notice_id)
    recording = intake.read(ctx, upload)
    taken = _fingerprint(recording)
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id)
        _require_in_force(by.notice)
        listed = stay_down.entries_of_notice(unit.session, notice_id)
        entry = next((each for each in listed if _is_entry_of(each, recording, unit)), None)
        if entry is None:
            raise InvalidInputError(
                f"the notice lists no recording with the SHA-256 {recording.content_sha256} at this moment",
                sha256=recording.content_sha256,
                listed=sorted({each.content_sha256 for each in listed if each.ended_at is None}),
            )
        entry.fingerprint, entry.algorithm = taken.to_bytes(), ALGORITHM
        entry.version += 1
        _record(unit, EventType.STAY_DOWN_FINGERPRINTED, entry, principal.account_id, hashes=int(taken.hashes.size))
        unit.commit()
    return entry


def _require_claim(ctx: Context, principal: Principal, notice_id: str) -> None:
    """Refuse whoever may not add to the list before anything is decoded for them."""
    principal.require(Scope.CASES_WRITE)
    with ctx.database.read() as session:
        notice, side = visible_notice(session, principal, notice_id)
    if side is CaseSide.RESPONDENT:
        raise ForbiddenError("the list is kept by the claimant's side and the registry", side=side.value)
    _require_in_force(notice)


def _require_in_force(notice: Notice) -> None:
    if notice.state not in IN_FORCE or notice.state is NoticeState.COUNTERED:
        raise ConflictError(
            f"the notice is {notice.state.value}: recordings are listed while it is served", state=notice.state.value
        )


def _is_entry_of(entry: StayDownEntry, recording: Recording, unit: Unit) -> bool:
    in_force = entry.ended_at is None and unit.now < entry.ends_at
    return in_force and entry.content_sha256 == recording.content_sha256


def _fingerprint(recording: Recording) -> Fingerprint:
    taken = fingerprint_of(recording)
    if taken.hashes.size < LEAST_BLOCK or nearness(taken, taken) is None:
        raise InvalidInputError(
            f"a recording of {recording.duration_s:.1f} s has {taken.hashes.size} hashes, or hardly any that differ: "
            f"{LEAST_BLOCK} that do are needed to tell it again; its exact digest is listed all the same",
            duration_s=round(recording.duration_s, 3),
            hashes=int(taken.hashes.size),
            required=LEAST_BLOCK,
        )
    return taken


def end_entry(
    ctx: Context, principal: Principal, notice_id: str, entry_id: str, *, if_version: int | None = None
) -> StayDownEntry:
    """End one entry by hand, as the claimant's side or the registry.

    Raises:
        NotFoundError: no such notice that the caller may know of, or no such entry of it.
        ForbiddenError: the caller speaks for the respondent.
        ConflictError: it has ended.
        StaleVersionError: it has changed since.
    """
    with unit_of_work(ctx) as unit:
        by = acting_on_notice(unit, principal, notice_id)
        if by.side is CaseSide.RESPONDENT:
            raise ForbiddenError("the list is kept by the claimant's side and the registry", side=by.side.value)
        entry = unit.session.get(StayDownEntry, entry_id)
        if entry is None or entry.notice_id != by.notice.id:
            raise NotFoundError("there is no such entry of this notice")
        require_version(entry.version, if_version)
        if entry.ended_at is not None:
            raise ConflictError(f"the entry ended at {entry.ended_at.isoformat()}", ended_at=entry.ended_at.isoformat())
        end_one(unit, entry, EntryEnding.BY_HAND, principal.account_id)
        unit.commit()
    return entry


def list_entries(ctx: Context, principal: Principal, notice_id: str) -> Sequence[StayDownEntry]:
    """Answer every entry of a notice, oldest first, to both sides and to operators.

    Raises:
        NotFoundError: no such notice that the caller may know of.
    """
    principal.require(Scope.CASES_READ)
    with ctx.database.read() as session:
        return stay_down.entries_of_notice(session, visible_notice(session, principal, notice_id)[0].id)


# --- looking for what is submitted -----------------------------------------------------------------------------------


def look_up(ctx: Context, recording: Recording) -> Sequence[Hit]:
    """Answer which entries in force a recording is one of: by its bytes first, then by how it sounds.

    The fingerprint of what was submitted is made for this call, only where there is one to compare it with, and is
    not kept. Of what is listed, `candidates` are compared: what it costs has a bound, however much is listed.
    """
    now = ctx.clock()
    with ctx.database.read() as session:
        exact = stay_down.entries_of_file(session, recording.content_sha256, now)
        kept = stay_down.fingerprints_in_force(session, ALGORITHM, now)
    hits = [Hit(each.id, each.notice_id, HashKind.EXACT, 0.0) for each in exact]
    told = {each.id for each in exact}
    others = [each for each in kept if each[0] not in told]
    if not others:
        return hits
    submitted, listed = fingerprint_of(recording), [Fingerprint.of_bytes(each[-1]) for each in others]
    for place in candidates(submitted, listed):
        entry_id, notice_id, *_ = others[place]
        near = nearness(submitted, listed[place])
        if near is not None and near.bit_error_rate <= MOST_BIT_ERRORS:
            hits.append(
                Hit(
                    entry_id,
                    notice_id,
                    HashKind.PERCEPTUAL,
                    round(near.bit_error_rate, 4),
                    at_s=round(near.first_s, 2),
                    entry_at_s=round(near.second_s, 2),
                    compared_s=round(near.block_s, 2),
                )
            )
    return hits


def own_notices(ctx: Context, principal: Principal, notice_ids: Iterable[str]) -> frozenset[str]:
    """Answer those of some notices that the caller may know of."""
    wanted = sorted(set(notice_ids))
    if not wanted:
        return frozenset()
    with ctx.database.read() as session:
        return frozenset(each.id for each in notices.notices_named(session, wanted) if _may_know(principal, each))


def _may_know(principal: Principal, notice: Notice) -> bool:
    if principal.is_operator or notice.performer_id in principal.performer_ids:
        return True
    return principal.organisation_id == notice.studio_id
