"""The gallery as the database has it: voiceprints opened for the worker that searches them, and its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from registry.domain.consents import ConsentPurpose, Modality
from registry.engine.voiceprint import Space, Voiceprint
from registry.services.consents import in_force
from registry.services.context import Context
from registry.store import enrolments
from registry.store.enrolments import SealedVoiceprint
from registry.store.performers import PerformerKey
from registry.vault import voiceprints as vault
from registry.vault.keys import WrappedKey


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
        shelves = [_shelf(ctx, session, performer) for performer in enrolments.performers_with_voiceprints(session)]
    return Steps(seq, shelves)


def steps_after(ctx: Context, seq: int) -> Steps:
    """Answer everybody whose voiceprints have changed since a step, as of one snapshot of the database."""
    with ctx.database.read() as session:
        changes = enrolments.changes_after(session, seq)
        shelves = [_shelf(ctx, session, performer) for performer in sorted({c.performer_id for c in changes})]
    return Steps(changes[-1].seq if changes else seq, shelves)


def _shelf(ctx: Context, session: Session, performer_id: str) -> Shelf:
    """Open a performer's voiceprints, if there is a key, and consent in force to search them."""
    key = session.get(PerformerKey, (performer_id, Modality.VOICE.value))
    monitored = in_force(session, [performer_id], ConsentPurpose.MONITORING, Modality.VOICE, ctx.clock())
    if key is None or not monitored:
        return Shelf(performer_id, ())
    wrapped = WrappedKey(key.master_key_id, key.wrapped_key)
    return Shelf(performer_id, [_open(ctx, row, wrapped) for row in enrolments.voiceprints_of(session, performer_id)])


def _open(ctx: Context, row: SealedVoiceprint, key: WrappedKey) -> Voiceprint:
    space = Space(row.encoder, row.weights_sha256, row.preprocessing, row.dimension)
    sealed = vault.SealedVoiceprint(row.id, space.id, row.epoch, row.dimension, row.sealed)
    return Voiceprint(space, ctx.vault.open(sealed, key), row.label, row.speech_s)
