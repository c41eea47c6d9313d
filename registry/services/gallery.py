"""The gallery as the database has it: voiceprints opened for the worker that searches them, and its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.domain.consents import ConsentPurpose, Modality
from registry.engine.voiceprint import Space, Voiceprint
from registry.services.consents import in_force
from registry.services.context import Context
from registry.store import enrolments, performers
from registry.store.enrolments import SealedVoiceprint
from registry.store.performers import PerformerKey
from registry.vault import voiceprints as vault
from registry.vault.keys import WrappedKey

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the gallery holds of one performer; no voiceprints means that they are to be dropped."""

    performer_id: str
    voiceprints: Sequence[Voiceprint]


@dataclass(frozen=True, slots=True)
class Steps:
    """What has changed, and up to which step of the gallery."""

    seq: int
    shelves: Sequence[Shelf]


def whole_gallery(ctx: Context) -> Steps:
    """Answer everybody in the gallery, as of one snapshot of the database."""
    with ctx.database.read() as session:
        seq = enrolments.gallery_seq(session)
        shelves = _shelves(ctx, session, enrolments.performers_with_voiceprints(session))
    return Steps(seq, shelves)


def steps_after(ctx: Context, seq: int) -> Steps:
    """Answer everybody whose voiceprints have changed since a step, as of one snapshot of the database."""
    with ctx.database.read() as session:
        changes = enrolments.changes_after(session, seq)
        shelves = _shelves(ctx, session, sorted({change.performer_id for change in changes}))
    return Steps(changes[-1].seq if changes else seq, shelves)


def _shelves(ctx: Context, session: Session, performer_ids: Sequence[str]) -> Sequence[Shelf]:
    """Open the voiceprints of performers, some hundreds at a time: three queries, however many there are of each."""
    shelves: list[Shelf] = []
    for start in range(0, len(performer_ids), _AT_ONCE):
        some = performer_ids[start : start + _AT_ONCE]
        monitored = in_force(session, some, ConsentPurpose.MONITORING, Modality.VOICE, ctx.clock())
        keys = performers.keys_of(session, some, Modality.VOICE)
        stored = enrolments.voiceprints_by_performer(session, some)
        for performer_id in some:
            key = keys.get(performer_id) if performer_id in monitored else None
            rows = stored.get(performer_id, ()) if key is not None else ()
            shelves.append(Shelf(performer_id, _open(ctx, rows, key)))
        session.expunge_all()
    return shelves


def _open(ctx: Context, rows: Sequence[SealedVoiceprint], key: PerformerKey | None) -> Sequence[Voiceprint]:
    """Open a performer's voiceprints, if there is a key, and consent in force to search them."""
    if key is None:
        return ()
    spaces = [Space(row.encoder, row.weights_sha256, row.preprocessing, row.dimension) for row in rows]
    sealed = [
        vault.SealedVoiceprint(row.id, space.id, row.epoch, row.dimension, row.sealed)
        for row, space in zip(rows, spaces, strict=True)
    ]
    vectors = ctx.vault.open_all(sealed, WrappedKey(key.master_key_id, key.wrapped_key))
    return [
        Voiceprint(space, vector, row.label, row.speech_s)
        for row, space, vector in zip(rows, spaces, vectors, strict=True)
    ]
