"""The gallery that workers load: whoever may be searched and nobody else, whatever became of anybody's record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, insert, text, update
from steps import SPACES, Registry, drawn_voiceprints

from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.ids import IdPrefix
from registry.engine.cohort import Cohort, fit_projection, fit_spread
from registry.engine.gallery import Gallery
from registry.engine.voiceprint import Space, Voiceprint
from registry.errors import KeyringError, SealBrokenError, SpaceMismatchError
from registry.services import consents, enrolment_work, gallery
from registry.services.context import Context
from registry.services.gallery import SearchedIn, Shelves
from registry.services.unit import unit_of_work
from registry.store.base import Base
from registry.store.consents import Consent, consents_of
from registry.store.enrolments import (
    GalleryChange,
    GalleryChangeKind,
    SealedVoiceprint,
    gallery_seq,
    voiceprints_of,
)
from registry.store.parts import MOST_NAMED
from registry.store.performers import Performer, PerformerKey
from registry.vault.keys import FileKeyring, Purpose
from registry.vault.voiceprints import VoiceprintVault


def _cohort(dimension: int) -> Cohort:
    drawn = np.random.default_rng(dimension).normal(size=(60, dimension)) + 0.3
    vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    project = fit_projection(vectors, [str(number // 3) for number in range(60)], ridge=0.5)
    spread = fit_spread(project(vectors), 0.1)
    return Cohort(project, spread, (spread,))


WHERE = SearchedIn(
    {space.encoder: space for space in SPACES}, {space.encoder: _cohort(space.dimension) for space in SPACES}
)


def loaded(ctx: Context, where: SearchedIn = WHERE) -> list[Shelves]:
    with gallery.whole_gallery(ctx, where) as whole:
        return list(whole.shelves)


def searched(parts: Sequence[Shelves]) -> list[str]:
    return [performer_id for part in parts for performer_id in part.performer_ids]


def left_out(parts: Sequence[Shelves]) -> dict[str, type[Exception]]:
    return {performer_id: type(why) for part in parts for performer_id, why in part.left_out.items()}


def plain_means(performer_id: str, voiceprints: Sequence[Voiceprint]) -> dict[str, np.ndarray]:
    """Answer the means of a performer as a gallery makes them that is given voiceprints, one performer at a time."""
    alone = Gallery(WHERE.spaces, WHERE.cohorts)
    alone.add(performer_id, voiceprints)
    scores = alone.score(
        {encoder: np.eye(space.dimension, dtype=np.float32) for encoder, space in WHERE.spaces.items()}
    )
    return {encoder: scores.encoders[encoder][:, 0] for encoder in WHERE.spaces}


def tamper(registry: Registry, performer_id: str, **columns: object) -> None:
    """Change the first voiceprint of a performer, past every verb."""
    with registry.ctx.database.write() as session:
        first = voiceprints_of(session, performer_id)[0]
        session.execute(update(SealedVoiceprint).where(SealedVoiceprint.id == first.id).values(**columns))
        session.commit()


def tamper_key(registry: Registry, performer_id: str, **columns: object) -> None:
    with registry.ctx.database.write() as session:
        session.execute(update(PerformerKey).where(PerformerKey.performer_id == performer_id).values(**columns))
        session.commit()


@pytest.mark.parametrize(
    ("tampered", "why"),
    [
        (lambda registry, who: tamper(registry, who, sealed=b"\x01" + bytes(60)), SealBrokenError),
        (lambda registry, who: tamper(registry, who, sealed=b""), SealBrokenError),
        (lambda registry, who: tamper(registry, who, epoch=2), SealBrokenError),
        (lambda registry, who: tamper_key(registry, who, wrapped_key=bytes(40)), SealBrokenError),
        (lambda registry, who: tamper_key(registry, who, master_key_id="wrapping-7"), KeyringError),
        (lambda registry, who: tamper(registry, who, weights_sha256="c" * 64), SpaceMismatchError),
        (lambda registry, who: tamper(registry, who, dimension=7), SpaceMismatchError),
    ],
)
def test_one_tampered_record_leaves_out_its_performer_and_nobody_else(
    registry: Registry, tampered: Callable[[Registry, str], None], why: type[Exception]
) -> None:
    one, other = registry.enrolled("One"), registry.enrolled("Other")
    tampered(registry, one)
    parts = loaded(registry.ctx)
    assert (searched(parts), left_out(parts)) == ([other], {one: why})
    steps = gallery.steps_after(registry.ctx, 0, WHERE)
    assert (steps.gone, searched(steps.shelves), left_out(steps.shelves)) == ([one], [other], {one: why})


def test_a_text_in_the_place_of_sealed_bytes_leaves_out_nobody_else(sqlite_registry: Registry) -> None:
    """SQLite holds whatever is written to a column."""
    registry = sqlite_registry
    one, two, other = (registry.enrolled(name) for name in ("One", "Two", "Other"))
    with registry.ctx.database.write() as session:
        session.execute(text("UPDATE voiceprints SET sealed = 'text' WHERE performer_id = :one"), {"one": one})
        session.execute(text("UPDATE performer_keys SET wrapped_key = 'text' WHERE performer_id = :two"), {"two": two})
        session.commit()
    parts = loaded(registry.ctx)
    assert (searched(parts), left_out(parts)) == ([other], {one: SealBrokenError, two: SealBrokenError})


def test_one_performers_voiceprint_in_anothers_record_does_not_open(registry: Registry) -> None:
    one, other = registry.enrolled("One"), registry.enrolled("Other")
    with registry.ctx.database.read() as session:
        stolen = voiceprints_of(session, other)[0].sealed
    tamper(registry, one, sealed=stolen)
    assert left_out(loaded(registry.ctx)) == {one: SealBrokenError}


def test_a_gallery_of_which_nothing_opens_is_another_keyring_and_refused(registry: Registry, tmp_path: Path) -> None:
    """Served as an empty one, it would find nobody in any recording and say so."""
    for name in ("One", "Other"):
        registry.enrolled(name)
    keys = FileKeyring.create(tmp_path / "other.json", registry.clock(), np.random.default_rng(0).bytes)
    wrong = replace(registry.ctx, keys=keys, vault=VoiceprintVault(keys, registry.ctx.random_bytes))
    with pytest.raises(KeyringError, match="of 2 performers' voiceprints none opens"):
        loaded(wrong)


def test_an_empty_gallery_is_none(registry: Registry) -> None:
    registry.performer()
    assert searched(loaded(registry.ctx)) == []
    assert gallery.steps_after(registry.ctx, 0, WHERE) == gallery.Steps(0, [], [])


def test_nobody_is_searched_whose_key_is_gone(registry: Registry) -> None:
    one, other = registry.enrolled("One"), registry.enrolled("Other")
    with registry.ctx.database.write() as session:
        session.execute(delete(PerformerKey).where(PerformerKey.performer_id == one))
        session.commit()
    assert searched(loaded(registry.ctx)) == [other]
    assert gallery.steps_after(registry.ctx, 0, WHERE).gone == [one]


def test_nobody_is_searched_whose_consent_has_ended_even_if_nobody_has_written_it_down(registry: Registry) -> None:
    performer_id = registry.performer()
    registry.sign(performer_id, expires_at=registry.clock.now.replace(year=2027))
    registry.offer_recordings(performer_id)
    enrolment_work.complete_enrolment(registry.ctx, registry.lease(), drawn_voiceprints(performer_id))
    assert searched(loaded(registry.ctx)) == [performer_id]
    registry.clock.move(days=400)
    assert searched(loaded(registry.ctx)) == []
    assert gallery.steps_after(registry.ctx, 0, WHERE).gone == [performer_id]


def test_a_yes_to_something_else_or_before_a_no_lets_nobody_be_searched(registry: Registry) -> None:
    performer_id = registry.enrolled()
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    seq = _seq(registry)
    registry.sign(performer_id, decision=ConsentDecision.REFUSED)
    assert searched(loaded(registry.ctx)) == []
    assert gallery.steps_after(registry.ctx, seq, WHERE).gone == [performer_id]


def test_who_lacks_a_space_is_left_out_and_what_lies_elsewhere_is_not_asked_for(registry: Registry) -> None:
    """An encoder that is new has no voiceprints yet; of one that was taken away there are some still."""
    registry.enrolled()
    more = Space("third", "d" * 64, "x-1", 6)
    wider = SearchedIn({**WHERE.spaces, "third": more}, {**WHERE.cohorts, "third": _cohort(6)})
    assert list(left_out(loaded(registry.ctx, wider)).values()) == [SpaceMismatchError]
    first = SPACES[0].encoder
    narrower = SearchedIn({first: WHERE.spaces[first]}, {first: WHERE.cohorts[first]})
    parts = loaded(registry.ctx, narrower)
    assert len(searched(parts)) == 1
    assert list(parts[0].means) == [first]
    assert not left_out(parts)


def test_everybody_is_there_as_a_gallery_takes_them_one_by_one(registry: Registry) -> None:
    enrolled = [registry.enrolled(name) for name in ("One", "Two", "Three")]
    again = drawn_voiceprints("again")
    _enrol_again(registry, enrolled[1], again)
    with gallery.whole_gallery(registry.ctx, WHERE) as whole:
        parts = list(whole.shelves)
        assert (whole.seq, whole.performers) == (_seq(registry), 3)
    assert (searched(parts), left_out(parts)) == (enrolled, {})
    for number, performer_id in enumerate(enrolled):
        own = [*drawn_voiceprints(performer_id), *(again if number == 1 else [])]
        for encoder, mean in plain_means(performer_id, own).items():
            np.testing.assert_allclose(parts[0].means[encoder][number], mean, atol=1e-6, rtol=0)


def test_more_than_one_statement_can_name_are_all_there(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    model = registry.enrolled()
    count = MOST_NAMED + 3
    copies = _copies(registry, model, count)
    parts = loaded(registry.ctx)
    assert [len(part.performer_ids) for part in parts] == [MOST_NAMED, 4]
    assert searched(parts) == sorted([model, *copies])
    steps = gallery.steps_after(registry.ctx, 0, WHERE)
    assert (searched(steps.shelves), steps.gone) == (sorted([model, *copies]), [])


def test_a_step_brings_who_was_added_and_takes_who_withdrew(registry: Registry) -> None:
    registry.enrolled("There before")
    seq = _seq(registry)
    leaving, staying = registry.enrolled("Leaving"), registry.enrolled("Staying")
    consents.withdraw_all(registry.ctx, registry.operator, leaving)
    steps = gallery.steps_after(registry.ctx, seq, WHERE)
    assert (steps.gone, searched(steps.shelves), steps.seq) == ([leaving], [staying], _seq(registry))
    assert gallery.steps_after(registry.ctx, steps.seq, WHERE) == gallery.Steps(steps.seq, [], [])


def test_voiceprints_sealed_again_in_a_new_epoch_come_as_a_step(registry: Registry) -> None:
    """Nobody else is loaded again, and what a search sees is the same voice."""
    performer_id, other = registry.enrolled("One"), registry.enrolled("Other")
    before = loaded(registry.ctx)
    keys = registry.ctx.keys
    assert isinstance(keys, FileKeyring)
    for purpose in (Purpose.PROTECTION, Purpose.WRAPPING):
        keys = keys.rotated(purpose, registry.clock(), registry.ctx.random_bytes)
    later = replace(registry.ctx, keys=keys, vault=VoiceprintVault(keys, registry.ctx.random_bytes))
    _seal_again(later, performer_id)
    steps = gallery.steps_after(later, _seq(registry) - 1, WHERE)
    assert (searched(steps.shelves), steps.gone) == ([performer_id], [])
    for encoder, means in steps.shelves[0].means.items():
        np.testing.assert_allclose(means, before[0].means[encoder][:1], atol=1e-6, rtol=0)
    assert searched(loaded(later)) == [performer_id, other]


def test_a_worker_that_lacks_the_seed_of_a_new_epoch_leaves_out_who_is_sealed_in_it(
    registry: Registry,
) -> None:
    performer_id, other = registry.enrolled("One"), registry.enrolled("Other")
    keys = registry.ctx.keys
    assert isinstance(keys, FileKeyring)
    keys = keys.rotated(Purpose.PROTECTION, registry.clock(), registry.ctx.random_bytes)
    _seal_again(replace(registry.ctx, keys=keys, vault=VoiceprintVault(keys, registry.ctx.random_bytes)), performer_id)
    parts = loaded(registry.ctx)
    assert (searched(parts), left_out(parts)) == ([other], {performer_id: KeyringError})


def _seq(registry: Registry) -> int:
    with registry.ctx.database.read() as session:
        return gallery_seq(session)


def _enrol_again(registry: Registry, performer_id: str, voiceprints: Sequence[Voiceprint]) -> None:
    registry.offer_recordings(performer_id)
    enrolment_work.complete_enrolment(registry.ctx, registry.lease(), voiceprints)


def _seal_again(ctx: Context, performer_id: str) -> None:
    """Seal the voiceprints of a performer anew, in the epoch that is current now, with the step that says so."""
    plain = {drawn.space.encoder: drawn for drawn in drawn_voiceprints(performer_id)}
    with unit_of_work(ctx) as unit:
        key = unit.session.get_one(PerformerKey, (performer_id, Modality.VOICE.value))
        fresh = ctx.vault.new_performer_key()
        for row in voiceprints_of(unit.session, performer_id):
            drawn = plain[row.encoder]
            sealed = ctx.vault.seal(drawn.vector, voiceprint_id=row.id, space_id=drawn.space.id, performer_key=fresh)
            row.epoch, row.sealed = sealed.epoch, sealed.data
        key.master_key_id, key.wrapped_key = fresh.master_key_id, fresh.wrapped
        unit.gallery_changed(performer_id, GalleryChangeKind.ADDED)
        unit.commit()


def _copies(registry: Registry, performer_id: str, count: int) -> list[str]:
    """Write performers with consent and enrolment as another has them, but keys and voiceprints of their own."""
    ctx, now = registry.ctx, registry.clock()
    rows: dict[type[Base], list[dict[str, object]]] = {
        table: [] for table in (Performer, Consent, PerformerKey, SealedVoiceprint, GalleryChange)
    }
    with ctx.database.write() as session:
        performer = _columns(session.get_one(Performer, performer_id))
        (consent,) = (_columns(each) for each in consents_of(session, [performer_id]))
        voiceprints = {each.encoder: _columns(each) for each in voiceprints_of(session, performer_id)}
        for number in range(count):
            own = {"performer_id": ctx.ids.new(IdPrefix.PERFORMER, now)}
            key = ctx.vault.new_performer_key()
            rows[Performer].append(performer | {"id": own["performer_id"], "name": f"Copy {number}"})
            rows[Consent].append(consent | own | {"id": ctx.ids.new(IdPrefix.CONSENT, now)})
            rows[PerformerKey].append(
                {**own, "modality": Modality.VOICE.value, "master_key_id": key.master_key_id}
                | {"wrapped_key": key.wrapped, "created_at": now}
            )
            for drawn in drawn_voiceprints(own["performer_id"]):
                voiceprint = voiceprints[drawn.space.encoder]
                sealed = ctx.vault.seal(
                    drawn.vector,
                    voiceprint_id=ctx.ids.new(IdPrefix.VOICEPRINT, now),
                    space_id=drawn.space.id,
                    performer_key=key,
                )
                rows[SealedVoiceprint].append(voiceprint | own | {"id": sealed.voiceprint_id, "sealed": sealed.data})
            rows[GalleryChange].append({**own, "kind": GalleryChangeKind.ADDED, "at": now})
        for table, written in rows.items():
            session.execute(insert(table), written)
        session.commit()
    return [str(row["performer_id"]) for row in rows[PerformerKey]]


def _columns(row: Base) -> dict[str, object]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}
