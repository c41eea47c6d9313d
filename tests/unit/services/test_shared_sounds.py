"""Sound that a studio shares with a performer: of the very file, those places alone, sealed, and gone when it ends."""

from __future__ import annotations

import io
import wave
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from sqlalchemy import delete, select, update
from steps import VOICES, Registry, candidate

from registry.domain.accounts import Principal, RepresentativeKind, Role, Scope
from registry.domain.consents import ConsentDecision
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.retention import RuleId
from registry.domain.shared_sounds import ListenerSide, SoundEnding
from registry.errors import (
    AnotherRecordingError,
    ConflictError,
    ConsentMissingError,
    ForbiddenError,
    InvalidInputError,
    MediaError,
    NotFoundError,
    SealBrokenError,
    StaleVersionError,
)
from registry.journal.endings import Ending
from registry.services import consents, exports, forgetting, purge, representatives, shared_sounds
from registry.services.ending_again import end_again
from registry.services.intake import Upload
from registry.services.sound_listening import hear_stretch, list_listenings
from registry.services.unit import unit_of_work
from registry.store.checks import Check, Finding
from registry.store.shared_sounds import SharedSound, SoundListening

ADVERT = VOICES / "submissions" / "slt-advert.flac"
"""What `Registry.submit` sends in."""


@dataclass
class Shared:
    """A studio, a performer who signs in, and a finding of hers in a check of the studio's."""

    registry: Registry
    studio: Principal
    performer: Principal
    performer_id: str
    finding_id: str

    def share(self, path: Path = ADVERT, days: int = 30) -> SharedSound:
        return shared_sounds.share_sound(
            self.registry.ctx, self.studio, self.finding_id, upload=Upload(path, "a.flac"), days=days
        )

    def hear(self, who: Principal, number: int = 1) -> bytes:
        return hear_stretch(self.registry.ctx, who, self.finding_id, number)

    def row(self) -> SharedSound:
        with self.registry.ctx.database.read() as session:
            found = session.scalars(select(SharedSound).order_by(SharedSound.id.desc())).first()
            assert found is not None
            session.refresh(found, ["content"])
            return found


def standing(registry: Registry, spans: tuple[tuple[float, float], ...] = ((1.0, 3.0), (6.0, 8.0))) -> Shared:
    studio, performer_id = registry.studio(), registry.enrolled()
    performer = registry.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    check = registry.checked(studio, candidate(performer_id, spans=spans))
    return Shared(registry, studio, performer, performer_id, check.findings[0].id)


def samples_of(sound: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(sound)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


# --- what is shared --------------------------------------------------------------------------------------------------


def test_the_performer_hears_those_places_of_the_recording_and_nothing_else(registry: Registry) -> None:
    here = standing(registry)
    sound = here.share()
    whole = (registry.ctx.decoder.decode(ADVERT).samples * 32768).round().astype("<i2")
    assert [(each.start_s, each.end_s) for each in sound.cut()] == [(0.8, 3.2), (5.8, 8.2)]
    for number, each in enumerate(sound.cut(), 1):
        first, last = round(each.start_s * 16_000), round(each.end_s * 16_000)
        assert np.array_equal(samples_of(here.hear(here.performer, number)), whole[first:last])
    assert registry.journal().count("sound.shared") == 1
    assert sound.ends_at == sound.shared_at + timedelta(days=30)


def test_what_lies_in_the_database_is_sealed_and_bound_to_its_finding(registry: Registry) -> None:
    here = standing(registry)
    here.share()
    plain = samples_of(here.hear(here.performer)).tobytes()
    sealed = here.row().content
    assert sealed is not None
    assert plain[1000:1064] not in sealed
    other = registry.checked(here.studio, candidate(here.performer_id)).findings[0]
    with registry.ctx.database.write() as session:
        session.execute(update(SharedSound).values(finding_id=other.id))
        session.commit()
    with pytest.raises(SealBrokenError):
        hear_stretch(registry.ctx, here.performer, other.id, 1)


def test_a_margin_is_nothing_that_another_performer_says(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    bo = sqlite_registry.enrolled("Bo Moss")
    check = sqlite_registry.checked(
        here.studio, candidate(here.performer_id, spans=((2.0, 4.0),)), candidate(bo, spans=((4.1, 6.0),))
    )
    plans = shared_sounds.plans_of_check(check)
    (own,) = plans[next(each.id for each in check.findings if each.performer_id == here.performer_id)]
    assert (own.start_s, own.end_s) == (1.8, 4.1)


# --- refused ---------------------------------------------------------------------------------------------------------


def test_another_file_is_refused_with_both_digests_and_is_not_decoded(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    other = VOICES / "submissions" / "rms-story.flac"
    with pytest.raises(AnotherRecordingError) as refused:
        here.share(other)
    with sqlite_registry.ctx.database.read() as session:
        checked = session.scalars(select(Check.content_sha256)).one()
    assert refused.value.figures["checked_sha256"] == checked
    assert refused.value.figures["sent_sha256"] not in {checked, ""}
    with sqlite_registry.ctx.database.read() as session:
        assert session.scalars(select(SharedSound)).all() == []


def test_the_very_file_that_cannot_be_decoded_any_more_shares_nothing(
    sqlite_registry: Registry, tmp_path: Path
) -> None:
    here, broken = standing(sqlite_registry), tmp_path / "broken.flac"
    broken.write_bytes(ADVERT.read_bytes()[:500])
    with sqlite_registry.ctx.database.write() as session:  # as if that had been checked, by another decoder
        session.execute(update(Check).values(content_sha256=sha256(broken.read_bytes()).hexdigest()))
        session.commit()
    with pytest.raises(MediaError):
        here.share(broken)
    with sqlite_registry.ctx.database.read() as session:
        assert session.scalars(select(SharedSound)).all() == []


def test_nobody_shares_what_another_studio_had_checked(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    for stranger in (sqlite_registry.studio("Southgate"), sqlite_registry.principal(Role.AUDITOR, "Ear", "Open Ear")):
        for finding_id in (here.finding_id, "find_00000000000000000000000000"):
            with pytest.raises(NotFoundError, match="no such finding"):
                shared_sounds.share_sound(sqlite_registry.ctx, stranger, finding_id, upload=Upload(ADVERT, "a.flac"))
    for who in (here.performer, sqlite_registry.operator):
        with pytest.raises(ForbiddenError):
            shared_sounds.share_sound(sqlite_registry.ctx, who, here.finding_id, upload=Upload(ADVERT, "a.flac"))


@pytest.mark.parametrize("days", [0, -1, 91])
def test_it_is_shared_for_no_fewer_and_no_more_days_than_are_allowed(sqlite_registry: Registry, days: int) -> None:
    with pytest.raises(InvalidInputError):
        standing(sqlite_registry).share(days=days)


def test_a_finding_without_places_has_nothing_to_share(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    with sqlite_registry.ctx.database.write() as session:
        session.execute(update(Finding).values(segments=[]))
        session.commit()
    with pytest.raises(ConflictError) as refused:
        here.share()
    assert refused.value.figures["state"] == "not_located"


def test_a_performer_who_has_withdrawn_is_shared_nothing_with(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    _withdraw(here)
    with pytest.raises(ConsentMissingError):
        here.share()


def test_one_finding_has_one_sound_at_a_time_and_another_when_that_is_over(registry: Registry) -> None:
    here = standing(registry)
    here.share(days=1)
    with pytest.raises(ConflictError) as refused:
        here.share()
    assert refused.value.figures["state"] == "shared"
    registry.clock.move(days=1)
    again = here.share()
    assert samples_of(here.hear(here.performer)).size > 0
    with registry.ctx.database.read() as session:
        endings = list(session.scalars(select(SharedSound.ending).order_by(SharedSound.id)))
    assert endings == [SoundEnding.RAN_OUT, None]
    assert shared_sounds.get_sound(registry.ctx, here.performer, here.finding_id).id == again.id


def test_what_a_purge_ends_while_it_is_shared_anew_has_ended_once(registry: Registry) -> None:
    here = standing(registry)
    here.share(days=1)
    registry.clock.move(days=1)
    with ThreadPoolExecutor(1) as pool:
        with unit_of_work(registry.ctx) as unit:
            purge.destroy_part(unit, RuleId.SHARED_SOUND, unit.now, registry.operator.account_id)
            unit.session.flush()
            again = pool.submit(here.share)
            wait([again], timeout=2)  # it stands before the sound that is ended here
            unit.commit()
        assert again.result().version == 3
    assert registry.journal().count("sound.ended") == 1


def test_of_two_who_share_at_once_one_does(registry: Registry) -> None:
    here, together = standing(registry), Barrier(3)

    def share(_: int) -> str:
        together.wait()
        try:
            return here.share().id
        except ConflictError as error:
            return error.slug

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(share, range(3)))
    assert sorted(answers)[:2] == ["conflict", "conflict"]
    assert registry.journal().count("sound.shared") == 1


def test_what_is_shared_while_the_performer_withdraws_is_never_left(registry: Registry) -> None:
    here, together = standing(registry), Barrier(2)

    def withdraw() -> None:
        together.wait()
        _withdraw(here)

    def share() -> None:
        together.wait()
        with suppress(ConsentMissingError):
            here.share()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(withdraw), pool.submit(share)]:
            done.result()
    with registry.ctx.database.read() as session:
        assert session.scalars(select(SharedSound).where(SharedSound.content.is_not(None))).all() == []


# --- listening -------------------------------------------------------------------------------------------------------


def test_nobody_hears_it_but_the_performers_side_and_the_studio(sqlite_registry: Registry) -> None:
    here, registry = standing(sqlite_registry), sqlite_registry
    here.share()
    with pytest.raises(ForbiddenError):
        here.hear(registry.operator)
    strangers = [registry.studio("Southgate"), registry.principal(Role.AUDITOR, "Ear", "Open Ear")]
    another = registry.principal(Role.PERFORMER, "Bo Moss", performer_id=registry.performer("Bo Moss"))
    for stranger in (*strangers, another, _representative(here, Scope.PERFORMERS_READ)):
        with pytest.raises(NotFoundError):
            here.hear(stranger)
    for listener in (here.performer, here.studio, _representative(here, Scope.FINDINGS_READ)):
        assert samples_of(here.hear(listener)).size == round(2.4 * 16_000)


def test_that_somebody_listens_is_on_record_once_a_day_for_each_place(registry: Registry) -> None:
    here = standing(registry)
    here.share()
    for _ in range(3):
        here.hear(here.performer, 1)
    here.hear(here.performer, 2)
    here.hear(here.studio, 1)
    registry.clock.move(days=1)
    here.hear(here.performer, 1)
    sides = [(each.side, each.number) for each in list_listenings(registry.ctx, here.studio, here.finding_id)[1]]
    performer = ListenerSide.PERFORMER
    assert sorted(sides[:3]) == [(ListenerSide.ORGANISATION, 1), (performer, 1), (performer, 2)]
    assert sides[3:] == [(performer, 1)]
    assert registry.journal().count("sound.heard") == 4


def test_two_who_listen_at_once_with_one_account_are_written_down_once(registry: Registry) -> None:
    here, together = standing(registry), Barrier(4)
    here.share()

    def listen(_: int) -> int:
        together.wait()
        return int(samples_of(here.hear(here.performer)).size)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(listen, range(4)))) == 1
    assert registry.journal().count("sound.heard") == 1


@pytest.mark.parametrize("number", [0, -1, 3, 10**6])
def test_there_are_no_other_places_than_those(sqlite_registry: Registry, number: int) -> None:
    here = standing(sqlite_registry)
    here.share()
    with pytest.raises(NotFoundError):
        here.hear(here.performer, number)


def test_who_was_not_shared_anything_with_is_told_so(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    with pytest.raises(NotFoundError):
        here.hear(here.performer)
    with pytest.raises(NotFoundError):
        shared_sounds.get_sound(sqlite_registry.ctx, here.performer, here.finding_id)


# --- ending ----------------------------------------------------------------------------------------------------------


def test_the_studio_ends_it_and_its_key_is_gone(registry: Registry) -> None:
    here = standing(registry)
    sound = here.share()
    with pytest.raises(StaleVersionError):
        shared_sounds.end_sound(registry.ctx, here.studio, here.finding_id, version=sound.version + 1)
    shared_sounds.end_sound(registry.ctx, here.studio, here.finding_id, version=sound.version)
    row = here.row()
    assert (row.content, row.content_key, row.content_master_key_id) == (None, None, None)
    assert row.ending is SoundEnding.BY_ORGANISATION
    for who in (here.performer, here.studio):
        with pytest.raises(NotFoundError):
            here.hear(who)
    with pytest.raises(NotFoundError):
        shared_sounds.end_sound(registry.ctx, here.studio, here.finding_id)
    assert registry.journal().count("sound.ended") == 1


def test_nobody_else_ends_it(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    here.share()
    for who in (here.performer, sqlite_registry.operator):
        with pytest.raises(ForbiddenError):
            shared_sounds.end_sound(sqlite_registry.ctx, who, here.finding_id)
    with pytest.raises(NotFoundError):
        shared_sounds.end_sound(sqlite_registry.ctx, sqlite_registry.studio("Southgate"), here.finding_id)
    assert here.hear(here.performer)


def test_when_its_days_are_over_nobody_hears_it_and_a_purge_destroys_it(registry: Registry) -> None:
    here = standing(registry)
    here.share(days=2)
    here.hear(here.performer)
    registry.clock.move(days=1, hours=23)
    assert _purged(registry) == []
    here.hear(here.performer)
    registry.clock.move(hours=1)
    with pytest.raises(NotFoundError):
        here.hear(here.performer)
    assert here.row().content is not None
    assert _purged(registry) == [RuleId.SHARED_SOUND.value]
    row = here.row()
    assert (row.content, row.content_key, row.ending) == (None, None, SoundEnding.RAN_OUT)
    assert len(list_listenings(registry.ctx, here.performer, here.finding_id)[1]) == 2
    assert _purged(registry) == []


def test_with_the_check_its_sound_goes_and_who_listened(registry: Registry) -> None:
    here = standing(registry)
    here.share(days=90)
    here.hear(here.performer)
    registry.clock.move(days=3 * 365 + 1)
    _purged(registry)
    with registry.ctx.database.read() as session:
        left = [session.scalars(select(table)).all() for table in (Finding, SharedSound, SoundListening)]
    assert left == [[], [], []]


@pytest.mark.parametrize("how", ["withdrawn", "refused", "forgotten"])
def test_whoever_is_looked_for_no_more_leaves_no_sound(registry: Registry, how: str) -> None:
    here = standing(registry)
    here.share()
    if how == "withdrawn":
        _withdraw(here)
    elif how == "refused":
        registry.sign(here.performer_id, decision=ConsentDecision.REFUSED)
    else:
        text = shipped_texts()["forget_me.en.v1"]
        forgetting.forget_performer(
            registry.ctx,
            registry.operator,
            here.performer_id,
            text_id=text.id,
            text_sha256=text.text_sha256,
            signature_evidence_sha256="5" * 64,
        )
    row = here.row()
    assert (row.content, row.content_key, row.ending) == (None, None, SoundEnding.CONSENT_ENDED)
    with pytest.raises(NotFoundError):
        here.hear(here.studio)


def test_what_ended_ends_again_after_a_restore_that_brought_it_back(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    sound = here.share()
    about = {"finding_id": here.finding_id, "ending": "by_organisation"}
    ended = Ending("o", "h", 9, "sound.ended", sound.id, sqlite_registry.clock(), "{}", about)
    for times in (1, 0):  # once it has ended, nothing is left to do
        with unit_of_work(sqlite_registry.ctx) as unit:
            assert end_again(unit, [ended]).done["sound.ended"] == times
            unit.commit()
    row = here.row()
    assert (row.content, row.content_key, row.ending) == (None, None, SoundEnding.BY_ORGANISATION)


def test_a_page_that_shows_the_sound_before_does_not_end_the_one_after(sqlite_registry: Registry) -> None:
    here, ctx = standing(sqlite_registry), sqlite_registry.ctx
    seen = here.share().version
    shared_sounds.end_sound(ctx, here.studio, here.finding_id, version=seen)
    assert here.share().version > seen
    with pytest.raises(StaleVersionError):
        shared_sounds.end_sound(ctx, here.studio, here.finding_id, version=seen)


def test_the_export_says_that_it_was_shared_and_heard_and_holds_no_sound(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    sound = here.share()
    here.hear(here.performer)
    tables = exports.export_performer(sqlite_registry.ctx, here.performer, here.performer_id).tables
    (row,), (listened,) = tables["shared_sounds"], tables["sound_listenings"]
    assert (row["id"], row["finding_id"], row["ending"]) == (sound.id, here.finding_id, None)
    assert (listened["sound_id"], listened["side"]) == (sound.id, "performer")
    assert "content" not in row


def test_a_finding_that_is_gone_meanwhile_is_shared_nothing_of(sqlite_registry: Registry) -> None:
    here = standing(sqlite_registry)
    with sqlite_registry.ctx.database.write() as session:
        session.execute(delete(Finding))
        session.commit()
    with pytest.raises(NotFoundError):
        here.share()


def _withdraw(here: Shared) -> None:
    ctx, operator = here.registry.ctx, here.registry.operator
    consent = consents.list_consents(ctx, operator, here.performer_id)[0]
    consents.withdraw_consent(ctx, operator, here.performer_id, consent.id)


def _purged(registry: Registry) -> list[str]:
    made = purge.purge(registry.ctx, registry.operator)
    return [each.rule for each in made if each.rule == RuleId.SHARED_SOUND.value]


def _representative(here: Shared, scope: Scope) -> Principal:
    registry = here.registry
    agent = registry.principal(Role.REPRESENTATIVE, f"Agent for {scope.value}")
    representatives.appoint_representative(
        registry.ctx,
        registry.operator,
        here.performer_id,
        account_id=agent.account_id,
        kind=RepresentativeKind.AGENT,
        scopes=frozenset({scope}),
        expires_at=registry.clock() + timedelta(days=100),
        evidence_sha256="e" * 64,
    )
    return Principal(agent.account_id, agent.role, agent.scopes, None, {here.performer_id: frozenset({scope})})
