"""Spoken statements: a number for one recording, what the worker heard decides, what is accepted never changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from speaking import spoken, wav
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError
from steps import Registry, candidate, evidence_on

from registry.domain.accounts import RepresentativeKind, Role, Scope
from registry.domain.checks import WorkKind
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality
from registry.domain.controllers import UNNAMED, Controller
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.ids import IdPrefix
from registry.domain.scores import EvidenceOutcome
from registry.domain.spoken_statements import (
    MOST_ATTEMPTS,
    DigitsOutcome,
    Heard,
    SpokenStatementState,
    not_listened,
    scope_sha256,
)
from registry.errors import (
    ConflictError,
    ConsentMissingError,
    ControllerUnnamedError,
    ForbiddenError,
    InvalidInputError,
    LeaseLostError,
    MediaError,
    MediaTooLargeError,
    NotEnrolledError,
    NotFoundError,
    StatementSpentError,
    TooManyAttemptsError,
)
from registry.services import civil_status, consents, exports, forgetting, housekeeping, purge, representatives
from registry.services import spoken_statement_work as at_work
from registry.services import spoken_statements as verbs
from registry.services.context import Context
from registry.services.intake import Upload
from registry.services.spoken_statement_work import Listening
from registry.store.consents import Consent
from registry.store.database import Database
from registry.store.spoken_statements import SpokenStatement
from registry.store.work import Work

STATE = SpokenStatementState


@pytest.fixture
def context(context: Callable[[Database], Context]) -> Callable[[Database], Context]:
    """As for every test, but somebody answers for the registry."""
    return lambda database: replace(context(database), controller=Controller("Voice Registry"))


class Speaker:
    """A performer who is enrolled and has consented, with the recordings they send."""

    def __init__(self, registry: Registry, folder: Path, name: str = "Ada Lind") -> None:
        self.registry, self._folder = registry, folder
        self.performer_id = registry.enrolled(name)
        self.consent = registry.sign(self.performer_id, ConsentPurpose.LICENSING)

    def begin(self, language: str = "en", consent: Consent | None = None) -> SpokenStatement:
        return verbs.begin_statement(
            self.registry.ctx,
            self.registry.operator,
            self.performer_id,
            (consent or self.consent).id,
            language=language,
        )

    def send(self, statement: SpokenStatement, data: bytes | None = None) -> SpokenStatement:
        path = self._folder / "statement.wav"
        path.write_bytes(wav(spoken(statement.number)) if data is None else data)
        return verbs.answer_statement(
            self.registry.ctx,
            self.registry.operator,
            self.performer_id,
            statement.consent_id,
            statement.id,
            upload=Upload(path, path.name),
        )

    def hear(self, statement: SpokenStatement, **changes: object) -> SpokenStatement:
        """Let a worker hear what is right, but for what the test changes."""
        heard = Heard(EvidenceOutcome.MATCH, 3.2104, 1, (statement.number,), None, 1.5)
        held = self.registry.lease()
        assert at_work.open_statement(self.registry.ctx, held).challenge == statement.challenge()
        at_work.complete_statement(self.registry.ctx, held, self.listening(heard, **changes))
        return self.now(statement)

    def listening(self, heard: Heard, **changes: object) -> Listening:
        return Listening(replace(heard, **changes), evidence_on(candidate(self.performer_id)))  # type: ignore[arg-type]

    def accepted(self) -> SpokenStatement:
        return self.hear(self.send(self.begin()))

    def now(self, statement: SpokenStatement) -> SpokenStatement:
        return verbs.get_statement(
            self.registry.ctx, self.registry.operator, self.performer_id, statement.consent_id, statement.id
        )


@pytest.fixture
def speaker(registry: Registry, tmp_path: Path) -> Speaker:
    """A performer; the test runs once on SQLite and once on PostgreSQL."""
    return Speaker(registry, tmp_path)


@pytest.fixture
def one(sqlite_registry: Registry, tmp_path: Path) -> Speaker:
    """A performer on SQLite."""
    return Speaker(sqlite_registry, tmp_path)


def codes(statement: SpokenStatement) -> list[object]:
    return [reason["code"] for reason in statement.reasons]


def figures(statement: SpokenStatement) -> dict[str, object]:
    found = statement.reasons[0]["figures"]
    assert isinstance(found, dict)
    return found


# --- beginning -------------------------------------------------------------------------------------------------------


def test_nobody_begins_a_statement_for_a_performer_they_do_not_act_for(one: Speaker) -> None:
    registry = one.registry
    stranger = registry.principal(Role.PERFORMER, "Bo", performer_id=registry.performer("Bo"))
    for caller, error in ((stranger, NotFoundError), (registry.studio(), ForbiddenError)):
        with pytest.raises(error):
            verbs.begin_statement(registry.ctx, caller, one.performer_id, one.consent.id, language="en")


def test_an_agent_without_a_mandate_for_consents_sees_statements_and_begins_none(one: Speaker) -> None:
    registry = one.registry
    agent = registry.principal(Role.REPRESENTATIVE, "Agent")
    representatives.appoint_representative(
        registry.ctx,
        registry.operator,
        one.performer_id,
        account_id=agent.account_id,
        kind=RepresentativeKind.AGENT,
        scopes=[Scope.PERFORMERS_READ],
        evidence_sha256="d" * 64,
        expires_at=registry.clock() + timedelta(days=30),
    )
    agent = replace(agent, performer_ids={one.performer_id: frozenset({Scope.PERFORMERS_READ})})
    assert verbs.list_statements(registry.ctx, agent, one.performer_id, one.consent.id) == []
    with pytest.raises(ForbiddenError):
        verbs.begin_statement(registry.ctx, agent, one.performer_id, one.consent.id, language="en")


def test_without_an_enrolled_voice_there_is_nothing_to_compare_with(sqlite_registry: Registry) -> None:
    performer_id = sqlite_registry.performer()
    monitoring = sqlite_registry.sign(performer_id)
    with pytest.raises(NotEnrolledError):
        verbs.begin_statement(sqlite_registry.ctx, sqlite_registry.operator, performer_id, monitoring.id, language="en")


def test_without_consent_to_monitoring_no_voice_is_compared(one: Speaker) -> None:
    (monitoring,) = [
        c
        for c in consents.list_consents(one.registry.ctx, one.registry.operator, one.performer_id)
        if c.purpose is ConsentPurpose.MONITORING
    ]
    consents.withdraw_consent(one.registry.ctx, one.registry.operator, one.performer_id, monitoring.id)
    with pytest.raises(ConsentMissingError):
        one.begin()


def test_a_statement_is_about_a_yes_in_force(one: Speaker) -> None:
    no = one.registry.sign(one.performer_id, ConsentPurpose.ENGINE_IMPROVEMENT, ConsentDecision.REFUSED)
    with pytest.raises(ConflictError) as refused:
        one.begin(consent=no)
    assert refused.value.figures["state"] == "refused"
    one.registry.sign(one.performer_id, ConsentPurpose.LICENSING)
    with pytest.raises(ConflictError) as superseded:
        one.begin()
    assert superseded.value.figures["state"] == "superseded"


def test_nobody_speaks_in_the_voice_of_the_dead(one: Speaker) -> None:
    civil_status.record_death(
        one.registry.ctx, one.registry.operator, one.performer_id, died_on=date(2026, 3, 1), evidence_sha256="d" * 64
    )
    with pytest.raises(ConflictError) as refused:
        one.begin()
    assert refused.value.figures["state"] == "died"


def test_the_words_name_who_answers_for_the_registry_so_somebody_must(one: Speaker) -> None:
    one.registry.ctx = replace(one.registry.ctx, controller=UNNAMED)
    with pytest.raises(ControllerUnnamedError):
        one.begin()


def test_a_language_without_words_is_refused_and_is_no_attempt(one: Speaker) -> None:
    with pytest.raises(InvalidInputError):
        one.begin("ja")
    assert one.begin("ko").attempt == 1


def test_the_words_say_who_speaks_to_whom_about_what_and_the_number(speaker: Speaker) -> None:
    begun = speaker.begin()
    assert (begun.state, begun.attempt, begun.version) == (STATE.OPEN, 1, 1)
    for said in ("Ada Lind", "Voice Registry", "licences", " ".join(begun.number)):
        assert said in begun.text
    assert begun.text_sha256 == at_work.digest_of_text(begun.text)
    assert begun.scope_sha256 == scope_sha256(speaker.consent.value())
    assert begun.expires_at - begun.issued_at == timedelta(minutes=10)
    assert speaker.registry.journal()[-1] == "spoken_statement.begun"


def test_another_number_takes_the_place_of_one_that_was_not_spoken(speaker: Speaker) -> None:
    first, second = speaker.begin(), speaker.begin()
    assert first.number != second.number
    assert (speaker.now(first).state, codes(speaker.now(first))) == (STATE.EXPIRED, ["statement_begun_anew"])
    assert (second.attempt, second.state) == (2, STATE.OPEN)
    with pytest.raises(StatementSpentError):
        speaker.send(first)


def test_ten_statements_of_a_performer_are_begun_in_a_day_and_the_next_is_told_when(speaker: Speaker) -> None:
    monitoring = speaker.registry.sign(speaker.performer_id)
    for number in range(MOST_ATTEMPTS):
        speaker.begin(consent=(speaker.consent, monitoring)[number % 2])
        speaker.registry.clock.move(minutes=1)
    with pytest.raises(TooManyAttemptsError) as refused:
        speaker.begin()
    wait_s = 24 * 3600 - 60 * MOST_ATTEMPTS
    assert refused.value.figures == {"attempts": 10, "allowed": 10, "retry_after_s": wait_s}
    speaker.registry.clock.move(seconds=wait_s - 1)
    with pytest.raises(TooManyAttemptsError):
        speaker.begin()
    speaker.registry.clock.move(seconds=2)
    assert speaker.begin().attempt == MOST_ATTEMPTS // 2 + 1


# --- what is refused before anybody listens --------------------------------------------------------------------------


def test_a_recording_that_comes_late_ends_the_statement_and_is_told_by_how_much(speaker: Speaker) -> None:
    begun = speaker.begin()
    speaker.registry.clock.move(minutes=10)
    late = speaker.send(begun)
    assert (late.state, codes(late)) == (STATE.EXPIRED, ["statement_too_old"])
    assert figures(late) == {"age_s": 600, "allowed_s": 600}
    assert late.content_sha256 is not None
    assert speaker.registry.ctx.spool.keys() == []


def test_a_number_is_spent_by_its_first_recording(speaker: Speaker) -> None:
    begun = speaker.begin()
    speaker.send(begun)
    with pytest.raises(StatementSpentError) as refused:
        speaker.send(begun)
    assert refused.value.figures == {"state": "queued"}


def test_of_two_recordings_at_once_the_one_that_is_refused_leaves_the_other_to_be_heard(
    one: Speaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = one.begin()
    queue = verbs._queue

    def after_another(*arguments: Any, **named: Any) -> SpokenStatement:
        monkeypatch.setattr(verbs, "_queue", queue)
        one.send(begun)
        return queue(*arguments, **named)

    monkeypatch.setattr(verbs, "_queue", after_another)
    with pytest.raises(StatementSpentError):
        one.send(begun, wav(spoken(begun.number, pause_s=1.5)))
    assert one.hear(begun).state is STATE.ACCEPTED


def test_the_same_recording_is_not_taken_a_second_time(speaker: Speaker) -> None:
    first = speaker.begin()
    data = wav(spoken(first.number))
    speaker.send(first, data)
    assert speaker.hear(first, readings=()).state is STATE.REFUSED
    again = speaker.send(speaker.begin(), data)
    assert (again.state, codes(again), figures(again)) == (
        STATE.REFUSED,
        ["recording_replayed"],
        {"seen_in": "a spoken statement"},
    )
    assert speaker.registry.ctx.spool.keys() == []


def test_neither_is_one_that_was_enrolled_with_or_checked_and_whose_check_it_was_is_not_said(speaker: Speaker) -> None:
    voices = Path(__file__).parents[3] / "examples" / "voices"
    enrolled = speaker.send(speaker.begin(), (voices / "enrolment" / "slt-1.flac").read_bytes())
    assert (codes(enrolled), figures(enrolled)) == (["recording_replayed"], {"seen_in": "an enrolment"})
    speaker.registry.submit(speaker.registry.studio())
    checked = speaker.send(speaker.begin(), (voices / "submissions" / "slt-advert.flac").read_bytes())
    assert (codes(checked), figures(checked)) == (["recording_replayed"], {"seen_in": "something else"})


@pytest.mark.parametrize(
    ("name", "code"), [("silence", "no_speech"), ("music", "no_speech"), ("short", "speech_too_short")]
)
def test_too_little_speech_is_refused_with_how_much_there_is(one: Speaker, name: str, code: str) -> None:
    voices = Path(__file__).parents[3] / "examples" / "voices"
    refused = one.send(one.begin(), (voices / "problems" / f"{name}.flac").read_bytes())
    assert (refused.state, codes(refused)) == (STATE.REFUSED, [code])
    assert figures(refused)["required_s"] == 4.0


def test_what_is_no_recording_does_not_spend_the_number(one: Speaker) -> None:
    begun = one.begin()
    with pytest.raises(MediaError):
        one.send(begun, b"no recording")
    with pytest.raises(MediaTooLargeError) as refused:
        one.send(begun, wav(spoken(begun.number, pause_s=180.0)))
    assert refused.value.figures["max_duration_s"] == 180.0
    assert one.send(begun).state is STATE.QUEUED


# --- what a worker hears ---------------------------------------------------------------------------------------------


def test_what_was_asked_for_in_the_enrolled_voice_is_accepted_and_the_strength_is_recorded(speaker: Speaker) -> None:
    done = speaker.accepted()
    assert (done.state, done.digits, done.outcome) == (STATE.ACCEPTED, DigitsOutcome.VERIFIED, EvidenceOutcome.MATCH)
    assert (done.log10_lr, done.number_log10_lr) == (3.21, 1.5)
    assert codes(done) == ["enrolled_voice", "number_heard"]
    assert done.engine is not None
    assert done.engine["gallery_size"] == 1
    assert (done.spool_key, speaker.registry.ctx.spool.keys()) == (None, [])
    assert speaker.registry.journal()[-2:] == ["spoken_statement.received", "spoken_statement.accepted"]
    with pytest.raises(ConflictError):
        speaker.begin()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"outcome": EvidenceOutcome.NO_MATCH, "log10_lr": -3.0}, "foreign_voice"),
        ({"readings": ("000000",)}, "wrong_digits"),
        ({"voices": 2}, "several_voices"),
        ({"number_log10_lr": -2.0}, "number_in_another_voice"),
    ],
)
def test_what_is_not_it_is_refused_and_kept_and_another_may_be_begun(
    speaker: Speaker, changes: dict[str, object], code: str
) -> None:
    refused = speaker.hear(speaker.send(speaker.begin()), **changes)
    assert (refused.state, codes(refused)) == (STATE.REFUSED, [code])
    assert speaker.registry.ctx.spool.keys() == []
    assert speaker.begin().attempt == 2
    listed = verbs.list_statements(
        speaker.registry.ctx, speaker.registry.operator, speaker.performer_id, speaker.consent.id
    )
    assert [each.attempt for each in listed] == [1, 2]


def test_korean_digits_are_kept_as_not_verified_and_a_later_english_statement_may_be_accepted(
    speaker: Speaker,
) -> None:
    begun = speaker.send(speaker.begin("ko"))
    kept = speaker.hear(begun, readings=(), deaf=not_listened(begun.challenge()), number_log10_lr=None)
    assert (kept.state, kept.digits) == (STATE.UNVERIFIED, DigitsOutcome.NOT_VERIFIED)
    assert codes(kept) == ["enrolled_voice", "digits_not_recognised_in_language"]
    assert speaker.accepted().state is STATE.ACCEPTED


def test_a_statement_that_is_kept_is_changed_by_nobody(speaker: Speaker) -> None:
    done = speaker.accepted()
    for change in ({"log10_lr": 9.0}, {"reasons": []}, {"state": STATE.REFUSED}, {"text": "I agree to everything."}):
        with speaker.registry.ctx.database.write() as session:
            with pytest.raises(DBAPIError, match="never changed"):
                session.execute(update(SpokenStatement).where(SpokenStatement.id == done.id).values(change))
            session.rollback()
    assert speaker.now(done).text == done.text


def test_the_database_keeps_no_accepted_statement_without_its_evidence(speaker: Speaker) -> None:
    begun = speaker.begin()
    with speaker.registry.ctx.database.write() as session:
        forged = update(SpokenStatement).where(SpokenStatement.id == begun.id)
        with pytest.raises(DBAPIError):
            session.execute(
                forged.values(state=STATE.ACCEPTED, digits=DigitsOutcome.VERIFIED, finished_at=begun.issued_at)
            )
        session.rollback()


def test_a_worker_that_comes_back_late_writes_nothing_over_what_another_has_decided(speaker: Speaker) -> None:
    begun = speaker.send(speaker.begin())
    slow = speaker.registry.lease("wkr_slow")
    speaker.registry.clock.move(minutes=1)
    accepted = speaker.hear(begun)
    foreign = speaker.listening(Heard(EvidenceOutcome.NO_MATCH, -4.0, 1, (), None, None))
    with pytest.raises(LeaseLostError):
        at_work.complete_statement(speaker.registry.ctx, slow, foreign)
    assert speaker.now(begun).reasons == accepted.reasons


# --- with the consent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("everything", [True, False])
def test_withdrawal_ends_what_is_begun_and_deletes_what_waits(speaker: Speaker, *, everything: bool) -> None:
    registry = speaker.registry
    waiting = speaker.send(speaker.begin())
    assert len(registry.ctx.spool.keys()) == 1
    if everything:
        consents.withdraw_all(registry.ctx, registry.operator, speaker.performer_id)
    else:
        consents.withdraw_consent(registry.ctx, registry.operator, speaker.performer_id, speaker.consent.id)
    ended = speaker.now(waiting)
    assert (ended.state, codes(ended), ended.spool_key) == (STATE.REFUSED, ["consent_ended"], None)
    assert registry.ctx.spool.keys() == []
    with registry.ctx.database.read() as session:
        states = session.scalars(select(Work.state).where(Work.kind == WorkKind.SPOKEN_STATEMENT)).all()
    assert [state.value for state in states] == ["done"]


def test_a_number_that_was_not_spoken_ends_with_its_consent(speaker: Speaker) -> None:
    begun = speaker.begin()
    consents.withdraw_consent(speaker.registry.ctx, speaker.registry.operator, speaker.performer_id, speaker.consent.id)
    assert (speaker.now(begun).state, codes(speaker.now(begun))) == (STATE.EXPIRED, ["consent_ended"])
    with pytest.raises(StatementSpentError):
        speaker.send(begun)


def test_another_consent_that_ends_leaves_a_statement_alone(speaker: Speaker) -> None:
    face = speaker.registry.sign(speaker.performer_id, ConsentPurpose.LICENSING, modality=Modality.FACE)
    begun = speaker.begin()
    consents.withdraw_consent(speaker.registry.ctx, speaker.registry.operator, speaker.performer_id, face.id)
    assert speaker.now(begun).state is STATE.OPEN


def test_nothing_that_was_heard_is_stored_once_the_consent_was_superseded(speaker: Speaker) -> None:
    begun = speaker.send(speaker.begin())
    speaker.registry.sign(speaker.performer_id, ConsentPurpose.LICENSING)
    refused = speaker.hear(begun)
    assert (refused.state, codes(refused), refused.log10_lr) == (STATE.REFUSED, ["consent_ended"], None)


def test_what_was_accepted_stays_as_proof_after_a_withdrawal(speaker: Speaker) -> None:
    done = speaker.accepted()
    consents.withdraw_all(speaker.registry.ctx, speaker.registry.operator, speaker.performer_id)
    assert speaker.now(done).state is STATE.ACCEPTED


def test_of_a_forgotten_performer_no_statement_stays_accepted_or_waiting(speaker: Speaker) -> None:
    registry = speaker.registry
    speaker.accepted()
    speaker.send(speaker.begin(consent=registry.sign(speaker.performer_id)))
    told = shipped_texts()["forget_me.en.v1"]
    forgetting.forget_performer(
        registry.ctx,
        registry.operator,
        speaker.performer_id,
        text_id=told.id,
        text_sha256=told.text_sha256,
        signature_evidence_sha256="e" * 64,
    )
    with registry.ctx.database.read() as session:
        assert session.scalars(select(SpokenStatement)).all() == []
        assert session.scalars(select(Work).where(Work.kind == WorkKind.SPOKEN_STATEMENT)).all() == []
    assert registry.ctx.spool.keys() == []


# --- what crashes and time leave -------------------------------------------------------------------------------------


def test_a_statement_that_nobody_could_listen_to_fails_and_says_so(speaker: Speaker) -> None:
    waiting = speaker.send(speaker.begin())
    for _ in range(3):
        speaker.registry.lease()
        speaker.registry.clock.move(minutes=2)
    housekeeping.keep_house(speaker.registry.ctx)
    failed = speaker.now(waiting)
    assert (failed.state, codes(failed), figures(failed)) == (STATE.FAILED, ["statement_not_assessed"], {"attempts": 3})
    assert speaker.registry.ctx.spool.keys() == []


def test_the_upload_of_a_statement_that_waits_is_never_swept_and_an_orphan_is(speaker: Speaker) -> None:
    registry = speaker.registry
    waiting = speaker.send(speaker.begin())
    orphan = registry.ctx.ids.new(IdPrefix.WORK, registry.clock())
    registry.ctx.spool.put(orphan, b"sealed")
    registry.clock.move(minutes=16)
    assert housekeeping.sweep_spool(registry.ctx) == 1
    assert orphan not in list(registry.ctx.spool.keys())
    assert at_work.open_statement(registry.ctx, registry.lease()).performer_id == waiting.performer_id


def test_a_number_that_nobody_spoke_is_expired_at_once_and_written_down_a_day_later(speaker: Speaker) -> None:
    begun = speaker.begin()
    speaker.registry.clock.move(minutes=10)
    assert speaker.now(begun).state_at(speaker.registry.clock()) is STATE.EXPIRED
    speaker.registry.clock.move(days=1)
    assert at_work.expire_unspoken(speaker.registry.ctx) == 0
    speaker.registry.clock.move(seconds=1)
    assert at_work.expire_unspoken(speaker.registry.ctx) == 1
    assert (speaker.now(begun).state, codes(speaker.now(begun))) == (STATE.EXPIRED, ["statement_not_spoken"])
    assert at_work.expire_unspoken(speaker.registry.ctx) == 0


def test_a_recording_that_was_tampered_with_in_the_spool_is_not_listened_to(speaker: Speaker) -> None:
    waiting = speaker.send(speaker.begin())
    at_work.refuse_tampered(speaker.registry.ctx, speaker.registry.lease())
    assert (speaker.now(waiting).state, codes(speaker.now(waiting))) == (STATE.FAILED, ["recording_tampered_with"])


def test_what_was_refused_is_purged_after_ninety_days_and_what_was_accepted_is_not(speaker: Speaker) -> None:
    registry = speaker.registry
    speaker.hear(speaker.send(speaker.begin()), readings=())
    speaker.accepted()
    registry.clock.move(days=90)
    purged = {each.rule: each.records for each in purge.purge(registry.ctx, registry.operator)}
    assert "refused_statement" not in purged
    registry.clock.move(seconds=1)
    purged = {each.rule: each.records for each in purge.purge(registry.ctx, registry.operator)}
    assert purged["refused_statement"] == 1
    with registry.ctx.database.read() as session:
        assert [state.value for state in session.scalars(select(SpokenStatement.state))] == ["accepted"]


def test_everything_that_is_kept_of_a_statement_is_in_the_performers_export_and_no_key(one: Speaker) -> None:
    done = one.accepted()
    (row,) = exports.export_performer(one.registry.ctx, one.registry.operator, one.performer_id).tables[
        "spoken_statements"
    ]
    assert (row["id"], row["text"], row["log10_lr"], row["content_sha256"]) == (
        done.id,
        done.text,
        done.log10_lr,
        done.content_sha256,
    )
    assert not {"spool_key", "created_by"} & row.keys()


def test_only_a_whole_removal_lets_a_kept_statement_go(one: Speaker) -> None:
    one.accepted()
    with one.registry.ctx.database.write() as session:
        session.execute(delete(SpokenStatement))
        session.commit()
    with one.registry.ctx.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM spoken_statements")) == 0
