"""The gallery as the database has it: voiceprints opened for the worker that searches them, and its steps.

Many performers are opened together: three queries, one turn back for each epoch and space, one projection for each
space. Who cannot be opened is left out and named, and keeps nobody else out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from registry.domain.consents import ConsentPurpose, Modality, consent_in_force
from registry.engine.cohort import Cohort, means_of
from registry.engine.voiceprint import Space
from registry.errors import KeyringError, RegistryError, SpaceMismatchError
from registry.services.context import Context
from registry.store import enrolments, performers
from registry.store.parts import in_parts
from registry.vault.keys import WrappedKey
from registry.vault.voiceprints import Holding, Opened, OpenedSpace, SealedVoiceprint

Array = NDArray[np.float32]

_UNIT_WITHIN = 1e-3


@dataclass(frozen=True, slots=True)
class SearchedIn:
    """Where the voices of a gallery are searched.

    Attributes:
        spaces: by encoder id; voiceprints of any other space are of no use.
        cohorts: by encoder id: what projects the vectors.
    """

    spaces: Mapping[str, Space]
    cohorts: Mapping[str, Cohort]


@dataclass(frozen=True, slots=True)
class Shelves:
    """What the gallery holds of some performers, as `registry.engine.gallery.Gallery.add_many` takes it.

    Attributes:
        performer_ids: ``n`` of them: those who are to be searched.
        means: by encoder id ``(n, d) float32``: the mean of each performer's projected prototypes, of unit length.
        left_out: who has voiceprints, and consents to be searched, and still cannot be: with the reason.
        voiceprint_ids: by performer, of those who are to be searched: which records their means were made of.
    """

    performer_ids: Sequence[str]
    means: Mapping[str, Array]
    left_out: Mapping[str, RegistryError]
    voiceprint_ids: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WholeGallery:
    """Everybody in the gallery.

    Attributes:
        seq: the step of the gallery that this is.
        performers: how many may be in it; some of them may turn out not to be.
        shelves: some hundreds at a time, read as they are asked for. At the end it raises KeyringError when of all
            those who have voiceprints nobody could be opened: that is another keyring, not a broken record.
    """

    seq: int
    performers: int
    shelves: Iterator[Shelves]


@dataclass(frozen=True, slots=True)
class Steps:
    """What has changed.

    Attributes:
        seq: up to which step of the gallery.
        gone: who is not to be searched any more.
        shelves: who is to be searched, as they now are.
    """

    seq: int
    gone: Sequence[str]
    shelves: Sequence[Shelves]


@contextmanager
def whole_gallery(ctx: Context, where: SearchedIn) -> Iterator[WholeGallery]:
    """Answer everybody in the gallery, as of one snapshot of the database, for as long as the block lasts."""
    with ctx.database.read() as session:
        holders = performers.key_holders(session, Modality.VOICE)
        seq = enrolments.gallery_seq(session)
        yield WholeGallery(seq, len(holders), _require_any(shelves_of(ctx, session, holders, where)))


def steps_after(ctx: Context, seq: int, where: SearchedIn) -> Steps:
    """Answer everybody whose voiceprints have changed since a step, as of one snapshot of the database."""
    with ctx.database.read() as session:
        changes = enrolments.changes_after(session, seq)
        changed = sorted({change.performer_id for change in changes})
        shelves = list(shelves_of(ctx, session, changed, where))
    there = {performer_id for part in shelves for performer_id in part.performer_ids}
    gone = [performer_id for performer_id in changed if performer_id not in there]
    return Steps(changes[-1].seq if changes else seq, gone, shelves)


def opened_anew(ctx: Context, performer_ids: Sequence[str], where: SearchedIn) -> Sequence[Shelves]:
    """Answer some performers as the gallery has them now, once more: they may open by a key that has come since."""
    with ctx.database.read() as session:
        return list(shelves_of(ctx, session, performer_ids, where))


def _require_any(shelves: Iterator[Shelves]) -> Iterator[Shelves]:
    """Pass shelves on, and refuse at their end a gallery of which nothing opens."""
    opened, broken = 0, dict[str, RegistryError]()
    for part in shelves:
        opened += len(part.performer_ids)
        broken |= {name: why for name, why in part.left_out.items() if not isinstance(why, SpaceMismatchError)}
        yield part
    if broken and not opened:
        why = next(iter(broken.values()))
        raise KeyringError(
            f"of {len(broken)} performers' voiceprints none opens with this keyring ({why.detail}): it must be the one "
            "that they were sealed with",
            performers=len(broken),
        )


def shelves_of(ctx: Context, session: Session, performer_ids: Sequence[str], where: SearchedIn) -> Iterator[Shelves]:
    """Open the voiceprints of some performers, some hundreds at a time: those who consent to be searched."""
    now = ctx.clock()
    for some in in_parts(performer_ids):
        yield _shelves_of(ctx, session, some, where, now)


def _shelves_of(
    ctx: Context, session: Session, performer_ids: Sequence[str], where: SearchedIn, now: datetime
) -> Shelves:
    """Open the voiceprints of performers who have a key, and consent to be searched."""
    keys = performers.keys_of(session, performer_ids, Modality.VOICE)
    signed = enrolments.monitoring_decisions(session, list(keys))
    searched = [
        name
        for name in keys
        if consent_in_force(signed.get(name, ()), ConsentPurpose.MONITORING, Modality.VOICE, now) is not None
    ]
    stored, elsewhere = _stored(session, searched, where)
    names = list(stored)
    opened = ctx.vault.open_many(Holding(WrappedKey(*keys[name]), stored[name]) for name in names)
    whole, means = _means(opened, len(names), where)
    left_out: dict[str, RegistryError] = dict.fromkeys(elsewhere - stored.keys(), _elsewhere(where))
    for number, name in enumerate(names):
        if not whole[number]:
            left_out[name] = opened.broken.get(number) or _elsewhere(where)
    searched = [names[number] for number in np.flatnonzero(whole)]
    return Shelves(searched, means, left_out, {name: [one.voiceprint_id for one in stored[name]] for name in searched})


def _stored(
    session: Session, performer_ids: Sequence[str], where: SearchedIn
) -> tuple[Mapping[str, Sequence[SealedVoiceprint]], set[str]]:
    """Answer what is stored of performers in the spaces that are searched, and who has something in another space."""
    space_ids = {(s.encoder, s.weights_sha256, s.preprocessing, s.dimension): s.id for s in where.spaces.values()}
    stored: dict[str, list[SealedVoiceprint]] = {}
    elsewhere: set[str] = set()
    for row in enrolments.stored_voiceprints(session, performer_ids):
        performer_id, voiceprint_id, encoder, weights_sha256, preprocessing, dimension, epoch, sealed = row
        space_id = space_ids.get((encoder, weights_sha256, preprocessing, dimension))
        if space_id is None:
            elsewhere.add(performer_id)
        else:
            voiceprint = SealedVoiceprint(voiceprint_id, space_id, epoch, dimension, sealed)
            stored.setdefault(performer_id, []).append(voiceprint)
    return stored, elsewhere


def _means(opened: Opened, count: int, where: SearchedIn) -> tuple[NDArray[np.bool_], Mapping[str, Array]]:
    """Answer which of ``count`` holdings have a mean in every space, ``(count,) bool``, and the means of those."""
    found = {}
    whole = np.ones(count, dtype=np.bool_)
    for encoder, space in where.spaces.items():
        numbers, means = _means_in(opened.spaces.get(space.id), where.cohorts[encoder], space.dimension)
        found[encoder] = numbers, means
        here = np.zeros(count, dtype=np.bool_)
        here[numbers] = True
        whole &= here
    return whole, {encoder: means[whole[numbers]] for encoder, (numbers, means) in found.items()}


def _means_in(opened: OpenedSpace | None, cohort: Cohort, dimension: int) -> tuple[NDArray[np.intp], Array]:
    """Answer which holdings have a mean in a space, ``(n,)``, and these means, ``(n, d) float32``, of unit length."""
    if opened is None:
        return np.zeros(0, dtype=np.intp), np.zeros((0, dimension), dtype=np.float32)
    starts = np.flatnonzero(np.diff(opened.holdings, prepend=-1))
    means = means_of(cohort.project(opened.vectors), starts)
    lengths = np.einsum("nd,nd->n", means, means)
    sound = np.abs(lengths - 1) < _UNIT_WITHIN  # those of a voice and its opposite cancel out: no voice does that
    return opened.holdings[starts][sound], means[sound]


def _elsewhere(where: SearchedIn) -> SpaceMismatchError:
    wanted = [space.id for space in where.spaces.values()]
    return SpaceMismatchError(f"there is no usable voiceprint in each of {', '.join(wanted)}", required=wanted)
