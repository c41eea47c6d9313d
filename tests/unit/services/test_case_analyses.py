"""The three-way test inside a case: real recordings, a real engine, a worker; nothing tells who a sealed source is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from disputed import COHORT, QUESTIONED, SECRET, Disputed, zipped
from sqlalchemy import select
from steps import VOICES, Registry

from registry.bootstrap import build_engine
from registry.domain.case_analyses import AnalysisState, CohortAsked, RestsOn, VoiceAsked
from registry.domain.cases import CaseSide, CaseStep
from registry.domain.cohorts import LEAST_TO_HIDE, Criteria, Sex
from registry.domain.comparison import Role as Voice
from registry.domain.conclusions import Conclusion
from registry.engine.identify import Engine
from registry.errors import (
    ConflictError,
    DuplicateError,
    EngineNotInForceError,
    ForbiddenError,
    InvalidInputError,
    LeaseLostError,
    NotFoundError,
    RegistryError,
)
from registry.interchange.comparisons import read_again
from registry.interchange.performer_export import as_json
from registry.scanning.compared_again import differences, wanted_by
from registry.scanning.comparing import compare_files, written
from registry.scanning.listening import opened_listener
from registry.services import (
    case_analyses,
    case_analysis_work,
    case_cohorts,
    case_recordings,
    cases,
    cohort_agreements,
    consents,
    exports,
    housekeeping,
)
from registry.services.case_analysis_work import Found
from registry.settings import Settings
from registry.store import models, work
from registry.store.engine_settings import EngineSettingsInForce
from registry.store.journal import JournalEntry, JournalOpening
from registry.store.work import Work, WorkState
from registry.worker import Worker

NOTHING = Found(b"{}\n", Conclusion.INCONCLUSIVE)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine(Settings(device="cpu"))


@pytest.fixture
def disputed(registry: Registry, engine: Engine) -> Disputed:
    """On SQLite and on PostgreSQL."""
    return Disputed(registry, engine)


@pytest.fixture
def one(sqlite_registry: Registry, engine: Engine) -> Disputed:
    """On SQLite."""
    return Disputed(sqlite_registry, engine)


def document_of(content: bytes | None) -> dict[str, Any]:
    assert content is not None
    document: dict[str, Any] = json.loads(content)
    return document


def of_cases(registry: Registry) -> str:
    """Answer everything that is stored of cases, and every leaf about them, with what opens it."""
    found = []
    with registry.ctx.database.read() as session:
        for name, table in models.metadata.tables.items():
            if name.startswith(("case", "work", "webhook")):
                found += [repr(tuple(row)) for row in session.execute(select(table))]
        leaves = select(JournalEntry.leaf, JournalOpening.details).outerjoin(
            JournalOpening, JournalOpening.seq == JournalEntry.seq
        )
        found += [repr(tuple(row)) for row in session.execute(leaves.where(JournalEntry.type.like("case.%")))]
    return "\n".join(found)


def states_of_work(registry: Registry) -> set[WorkState]:
    with registry.ctx.database.read() as session:
        return set(session.scalars(select(Work.state).where(Work.kind == "case_analysis")))


# --- what comes of it ------------------------------------------------------------------------------------------------


def test_both_sides_read_the_same_and_nothing_tells_who_the_source_is(
    disputed: Disputed, capsys: pytest.CaptureFixture[str]
) -> None:
    disputed.enrol_both()
    disputed.files(disputed.studio, "enrolment/slt-3.flac", Voice.SOURCE, under_seal=True)
    asked = disputed.ask()
    assert (asked.state, asked.number) == (AnalysisState.WAITING, 1)
    disputed.work()
    done, other = disputed.read(asked.id), disputed.read(asked.id, disputed.studio)
    assert (done.state, done.conclusion) == (AnalysisState.DONE, Conclusion.EXPLAINED_BY_S), done.failure
    assert done.content is not None
    assert done.content == other.content
    document = document_of(done.content)
    assert done.content == written(document), "not canonical"
    assert done.content_sha256 == hashlib.sha256(written(document)).hexdigest()
    assert read_again(document) == (read_again(document)[0], True)
    assert [each["name"] for each in document["inputs"]["parties"]["source"]] == [
        "enrolled 1",
        "enrolled 2",
        "source 1",
    ]
    assert document["materials"]["source"]["sealed"] is True
    assert document["acoustics"]["voices"]["source"]["f0_hz"]["quartiles"] is None
    (custody,) = [each["custody"] for each in document["inputs"]["parties"]["questioned"]]
    assert (custody["paper_id"], custody["filed_by"]) == (disputed.papers["questioned"], "complainant")
    export = exports.export_performer(disputed.registry.ctx, disputed.complainant, disputed.performer_id)
    (row,) = export.tables["case_analyses"]
    assert (row["comparison"], row["content_sha256"]) == (done.content.decode(), done.content_sha256)
    assert disputed.source_id not in json.dumps(as_json(export))
    everything = of_cases(disputed.registry) + capsys.readouterr().out + json.dumps(document)
    for secret in (SECRET, "slt-", disputed.source_id):
        assert secret not in everything, f"{secret} is told"
    assert disputed.registry.journal().count("case.analysis_finished") == 1


def test_that_somebody_has_read_it_is_on_record_once(one: Disputed) -> None:
    performer = VoiceAsked((one.files(one.complainant, "enrolment/rms-1.flac", None).id,))
    asked = one.ask(performer=performer, without_source=True)
    one.read(asked.id)
    held = one.registry.lease()
    wanted = case_analysis_work.begin_analysis(one.registry.ctx, held)
    assert case_analysis_work.complete_analysis(one.registry.ctx, held, wanted, NOTHING)
    for who in (one.complainant, one.studio, one.complainant):
        found, readings = case_analyses.read_analysis(one.registry.ctx, who, one.case_id, asked.id)
    assert found.content == NOTHING.content
    assert [reading.side for reading in readings] == [CaseSide.COMPLAINANT, CaseSide.RESPONDENT]
    assert one.registry.journal().count("case.analysis_read") == 2
    with pytest.raises(NotFoundError):
        one.read(asked.id, one.registry.studio("Southgate"))


def test_the_same_asked_again_gives_the_same_numbers_and_exchanging_the_two_exchanges_the_conclusion(
    one: Disputed,
) -> None:
    one.enrol_both(performer="slt", source="rms")
    first, again = one.compared(), one.compared()
    assert first.conclusion is again.conclusion is Conclusion.SUPPORTS_P
    assert differences(document_of(first.content), document_of(again.content)) == []
    assert (first.content, again.number) == (again.content, 2)


def test_an_analysis_of_recordings_alone_is_computed_again_from_its_file(one: Disputed, engine: Engine) -> None:
    one.files(one.complainant, "enrolment/rms-1.flac", Voice.PERFORMER)
    one.files(one.studio, "enrolment/slt-1.flac", Voice.SOURCE, under_seal=True)
    stated = {Voice.PERFORMER: {"language": "English", "channel": "studio microphone"}}
    document = document_of(one.compared(stated=stated).content)
    assert document["stated_conditions"] == {"performer": stated[Voice.PERFORMER]}
    assert document["reading"]["conclusion"] == "explained_by_s"
    assert (document["acoustics"]["under_seal"], document["acoustics"]["source"]) == (["source"], [])
    (sealed,) = document["inputs"]["parties"]["source"]
    assert (sealed["duration_s"] % 1, sealed["speech_s"] % 1, sealed["quality"]) == (0, 0, None)
    told = document["materials"]["source"]
    assert (told["coarse"], told["speech_s"], told["conditions"]["speech_s"]) == (True, *[sealed["speech_s"]] * 2)
    assert all(told["conditions"][figure] % step == 0 for figure, step in (("snr_db", 5), ("bandwidth_hz", 500)))
    assert "coarse" not in document["materials"]["performer"]
    names = (QUESTIONED, "enrolment/rms-1.flac", "enrolment/slt-1.flac", "enrolment/awb-1.flac")
    at_hand = [VOICES / name for name in (*names, "submissions/kal16-stranger.flac")]
    assert wanted_by(document, at_hand).missing == ("source: source 1, whose digest is salted",)
    salts = case_recordings.salts_in(one.registry.ctx, one.studio, one.case_id)
    wanted = wanted_by(document, at_hand, [bytes.fromhex(salt) for salt in salts.values()])
    assert wanted.inputs is not None, wanted.missing
    with opened_listener(engine) as listener:
        now = compare_files(listener, wanted.inputs)
    assert differences(document, json.loads(written(now.document))) == []


def test_what_cannot_be_heard_is_named_and_leaves_nothing_to_conclude(one: Disputed) -> None:
    one.enrol_both()
    broken = zipped(awb="enrolment/awb-1.flac", kal="submissions/kal16-stranger.flac")
    paper = one.archive(one.studio, broken[:400] + broken[400:].replace(b"fLaC", b"none", 1))
    with pytest.raises(InvalidInputError, match="cannot be read"):
        one.ask(cohort=CohortAsked(paper_id=paper.id, said="English"))
    one.ask(said_to_hold=("yodelling",))
    one.work()
    (failed,) = case_analyses.list_analyses(one.registry.ctx, one.studio, one.case_id)
    assert (failed.state, failed.failure and failed.failure["code"]) == (AnalysisState.FAILED, "invalid_input")
    assert states_of_work(one.registry) == {WorkState.DONE}
    assert one.registry.journal().count("case.analysis_failed") == 1


# --- cohorts ---------------------------------------------------------------------------------------------------------


def test_people_of_the_registry_are_compared_with_only_if_they_agreed_and_nobody_learns_who_they_are(
    one: Disputed,
) -> None:
    disputed = one
    disputed.enrol_both()
    crowd = disputed.crowd(LEAST_TO_HIDE + 1)
    for somebody in (disputed.performer_id, disputed.source_id):
        disputed.agree(somebody)
    stranger = disputed.enrolled_by_chance("Has not agreed")
    with pytest.raises(InvalidInputError) as few:
        disputed.ask(cohort=CohortAsked(among=Criteria(sex=Sex.FEMALE)))
    assert few.value.figures == {"required": LEAST_TO_HIDE}, "how many there are is told to nobody"
    alternative = CohortAsked(paper_id=disputed.archive(disputed.studio, COHORT).id, said="whom we found")
    case_cohorts.propose_cohort(disputed.registry.ctx, disputed.studio, disputed.case_id, alternative)
    done = disputed.compared(cohort=CohortAsked(among=Criteria()))
    document = document_of(done.content)
    stated, other = document["inputs"]["cohorts"]
    assert (stated["voices"], stated["from"]) == (LEAST_TO_HIDE, "registry")
    assert [member["name"] for member in stated["members"][:2]] == ["voice 01", "voice 02"]
    under = document["cohorts"][0]
    assert (under["performer"]["rank"], under["distribution"], under["set_aside"]) == (None, None, [])
    strengths = [under[who]["log10_lr"] for who in ("performer", "source")]
    assert strengths == [round(each, 1) for each in strengths]
    assert document["cohorts"][1]["performer"]["rank"] is None, "of an archive of two"
    assert document["cohorts"][2]["performer"]["rank"], "of the calibration's own"
    assert other["name"] == "alternative of the respondent"
    assert list(document["reading"]["by_cohort"]) == ["alternative of the respondent", "reference", "stated"]
    everything = of_cases(disputed.registry)
    told = [each for each in (*crowd, stranger, disputed.source_id, "Nobody") if each in everything]
    assert told == []
    again = document_of(
        disputed.compared(cohort=CohortAsked(among=Criteria()), without_cohorts=[CaseSide.RESPONDENT]).content
    )
    assert again["inputs"]["cohorts"] == [stated]
    assert_who_leaves_is_not_in_it(one, crowd)


def assert_who_leaves_is_not_in_it(one: Disputed, crowd: list[str]) -> None:
    """Who leaves a cohort while it is compared is not in what is kept."""
    ctx = one.registry.ctx
    one.ask(cohort=CohortAsked(among=Criteria()))
    held = one.registry.lease()
    wanted = case_analysis_work.begin_analysis(ctx, held)
    cohort_agreements.end_cohort_agreement(ctx, one.registry.operator, crowd[0])
    found = replace(NOTHING, members={"stated": crowd})
    assert not case_analysis_work.complete_analysis(ctx, held, wanted, found)
    assert case_analysis_work.complete_analysis(ctx, held, wanted, replace(found, members={"stated": crowd[1:]}))


def test_a_side_proposes_one_cohort_and_the_registry_none(one: Disputed) -> None:
    ctx = one.registry.ctx
    cohort = CohortAsked(paper_id=one.papers["cohort"], said="English")
    with pytest.raises(ForbiddenError):
        case_cohorts.propose_cohort(ctx, one.registry.operator, one.case_id, cohort)
    case_cohorts.propose_cohort(ctx, one.complainant, one.case_id, cohort)
    with pytest.raises(DuplicateError):
        case_cohorts.propose_cohort(ctx, one.complainant, one.case_id, cohort)
    nothing = replace(cohort, paper_id=one.papers["questioned"])
    with pytest.raises(InvalidInputError, match="has to be a zip"):
        case_cohorts.propose_cohort(ctx, one.studio, one.case_id, nothing)
    one.step(CaseStep.WITHDRAW, one.complainant)
    with pytest.raises(ConflictError):
        case_cohorts.propose_cohort(ctx, one.studio, one.case_id, cohort)
    assert len(case_cohorts.list_cohorts(ctx, one.studio, one.case_id)) == 1


# --- what is refused -------------------------------------------------------------------------------------------------


def test_an_analysis_is_the_registry_s_and_one_at_a_time_while_a_case_is_analysed(one: Disputed) -> None:
    ctx, wish = one.registry.ctx, one.wish()
    for side in (one.complainant, one.studio):
        with pytest.raises(ForbiddenError):
            case_analyses.ask_analysis(ctx, side, one.case_id, wish, reason="Now.")
    one.files(one.complainant, "enrolment/rms-1.flac", Voice.PERFORMER)
    source = VoiceAsked((one.files(one.studio, "enrolment/slt-1.flac", Voice.SOURCE).id,))
    under_way = one.ask(source=source)
    with pytest.raises(ConflictError) as second:
        one.ask(source=source)
    assert second.value.figures["analysis_id"] == under_way.id
    one.step(CaseStep.ASK_FOR_MORE)
    with pytest.raises(ConflictError) as early:
        one.ask(source=source)
    assert early.value.figures == {"state": "evidence", "required": "analysis"}


def test_nothing_is_heard_that_is_not_there_or_that_nobody_vouches_for(one: Disputed) -> None:
    registry = one.registry
    with pytest.raises(InvalidInputError, match="nothing of the performer voice"):
        one.ask(without_source=True)
    performer = one.files(one.complainant, "enrolment/rms-1.flac", Voice.PERFORMER).id
    with pytest.raises(ConflictError, match="nothing of its voice to hear"):
        one.ask()
    with pytest.raises(ConflictError, match="no voiceprints of the performer"):
        one.ask(performer=VoiceAsked(enrolled=True), without_source=True)
    with pytest.raises(ConflictError, match="no voiceprints of the source"):
        one.ask(source=VoiceAsked(enrolled=True))
    unmarked = one.files(one.complainant, "submissions/rms-story.flac", None).id
    statement = one.archive(one.studio, b"no recording").id
    refused: Mapping[str, tuple[type[RegistryError], VoiceAsked]] = {
        "does not vouch": (InvalidInputError, VoiceAsked((unmarked,))),
        "was filed as a recording of the performer": (InvalidInputError, VoiceAsked((performer,))),
        "no recording that the registry holds": (InvalidInputError, VoiceAsked((statement,))),
        "no such paper": (NotFoundError, VoiceAsked(("cpap_" + "0" * 26,))),
    }
    for words, (kind, source) in refused.items():
        with pytest.raises(kind, match=words):
            one.ask(source=source, performer=VoiceAsked((unmarked,)) if "was filed" in words else None)
    with pytest.raises(InvalidInputError, match="for two voices"):
        one.ask(performer=VoiceAsked((one.papers["questioned"],)), without_source=True)
    one.files(one.studio, QUESTIONED, Voice.SOURCE)
    with pytest.raises(InvalidInputError, match="the same bytes"):
        one.ask()
    assert one.ask(without_source=True).value().voices.keys() == {Voice.QUESTIONED, Voice.PERFORMER}
    assert registry.journal().count("case.analysis_asked") == 1


# --- once, and not without consent -----------------------------------------------------------------------------------


def test_what_a_worker_leaves_undone_another_does_and_the_first_writes_nothing(one: Disputed, engine: Engine) -> None:
    disputed = one
    ctx, clock = disputed.registry.ctx, disputed.registry.clock
    disputed.enrol_both()
    asked = disputed.ask()
    first = disputed.registry.lease("wkr_killed")
    wanted = case_analysis_work.begin_analysis(ctx, first)
    clock.move(seconds=31)
    Worker(ctx, engine).run_once()
    with pytest.raises((LeaseLostError, NotFoundError)):
        case_analysis_work.complete_analysis(ctx, first, wanted, NOTHING)
    done = disputed.read(asked.id)
    assert (done.state, done.conclusion) == (AnalysisState.DONE, Conclusion.EXPLAINED_BY_S)
    events = disputed.registry.journal()
    assert (events.count("case.analysis_begun"), events.count("case.analysis_finished")) == (2, 1)


def test_a_source_who_withdraws_while_it_is_made_is_not_compared(disputed: Disputed) -> None:
    assert_not_compared(disputed, disputed.source_id, Voice.SOURCE)


def test_a_performer_who_withdraws_while_it_is_made_is_not_compared(one: Disputed) -> None:
    assert_not_compared(one, one.performer_id, Voice.PERFORMER)


def assert_not_compared(disputed: Disputed, leaving: str, voice: Voice) -> None:
    ctx = disputed.registry.ctx
    disputed.enrol_both()
    asked = disputed.ask()
    held = disputed.registry.lease()
    wanted = case_analysis_work.begin_analysis(ctx, held)
    consents.withdraw_all(ctx, disputed.registry.operator, leaving)
    with pytest.raises(NotFoundError):
        case_analysis_work.complete_analysis(ctx, held, wanted, NOTHING)
    failed = disputed.read(asked.id)
    assert (failed.state, failed.content) == (AnalysisState.FAILED, None)
    assert failed.failure is not None
    assert (failed.failure["code"], failed.failure["figures"]) == ("consent_missing", {"voice": voice.value})
    assert states_of_work(disputed.registry) == {WorkState.DONE}
    assert disputed.source_id not in of_cases(disputed.registry)
    with pytest.raises((ConflictError, InvalidInputError)):
        disputed.ask()


def test_consent_is_asked_for_again_as_voices_are_opened(one: Disputed) -> None:
    one.enrol_both()
    asked = one.ask()
    one.registry.clock.move(days=400)
    with one.registry.ctx.database.write() as session:
        session.execute(models.metadata.tables["consents"].update().values(expires_at=one.registry.clock()))
        session.commit()
    one.worker._analyse_case(one.registry.lease())
    failed = one.read(asked.id)
    assert failed.failure is not None
    assert (failed.state, failed.failure["code"]) == (AnalysisState.FAILED, "consent_missing")


def test_a_case_that_is_closed_is_not_compared(one: Disputed) -> None:
    one.enrol_both()
    asked = one.ask()
    one.step(CaseStep.WITHDRAW, one.complainant)
    one.work()
    ended = one.read(asked.id)
    assert ended.failure is not None
    assert (ended.state, ended.failure["code"]) == (AnalysisState.FAILED, "case_closed")
    assert states_of_work(one.registry) == {WorkState.DONE}


def test_what_fails_each_time_is_given_up_and_says_so(one: Disputed) -> None:
    one.enrol_both()
    asked = one.ask()
    for _ in range(work.MAX_ATTEMPTS):
        case_analysis_work.begin_analysis(one.registry.ctx, one.registry.lease())
        one.registry.clock.move(seconds=31)
    assert housekeeping.give_up_one(one.registry.ctx)
    failed = one.read(asked.id)
    assert failed.failure is not None
    assert (failed.state, failed.failure["code"]) == (AnalysisState.FAILED, "worker_failed")


def test_other_engine_settings_in_between_write_nothing(one: Disputed) -> None:
    ctx = one.registry.ctx
    one.enrol_both()
    one.ask()
    held = one.registry.lease()
    wanted = case_analysis_work.begin_analysis(ctx, held)
    with pytest.raises(EngineNotInForceError, match="begun anew"):
        case_analysis_work.complete_analysis(ctx, held, replace(wanted, engine_settings=7), NOTHING)
    assert EngineSettingsInForce.__tablename__ == "engine_settings"
    assert one.read(wanted.analysis_id).state is AnalysisState.RUNNING


# --- what a proposal rests on ----------------------------------------------------------------------------------------


def test_nothing_is_said_to_follow_from_recordings_that_they_do_not_support(one: Disputed) -> None:
    ctx, operator = one.registry.ctx, one.registry.operator
    one.files(one.complainant, "enrolment/rms-1.flac", Voice.PERFORMER)
    analysis = one.ask(without_source=True)
    said: dict[str, Any] = {"grounds": "As was heard.", "would_change": "Other recordings."}

    def propose(conclusion: Conclusion, **more: Any) -> Any:
        return cases.propose(ctx, operator, one.case_id, conclusion=conclusion, **said, **more)

    with pytest.raises(ConflictError, match="only a finished one"):
        propose(Conclusion.INCONCLUSIVE, analysis_id=analysis.id)
    held = one.registry.lease()
    case_analysis_work.complete_analysis(ctx, held, case_analysis_work.begin_analysis(ctx, held), NOTHING)
    for rests in (None, RestsOn.RECORDINGS, RestsOn.BOTH):
        with pytest.raises(ConflictError, match="recordings do not support that") as refused:
            propose(Conclusion.SUPPORTS_P, analysis_id=analysis.id, rests=rests)
        assert refused.value.figures["analysis_conclusion"] == "inconclusive"
    with pytest.raises(ConflictError, match="names the finished analysis"):
        propose(Conclusion.INCONCLUSIVE, rests=RestsOn.BOTH)
    with pytest.raises(NotFoundError):
        propose(Conclusion.INCONCLUSIVE, analysis_id="anl_" + "0" * 26)
    made = propose(Conclusion.SUPPORTS_P, analysis_id=analysis.id, rests=RestsOn.DOCUMENTS)
    digest = hashlib.sha256(NOTHING.content).hexdigest()
    assert (made.rests_on, made.analysis_id, made.analysis_sha256) == ("documents", analysis.id, digest)
    assert made.grounds == said["grounds"]


def test_what_was_heard_of_one_source_is_not_said_of_another(one: Disputed) -> None:
    ctx, operator = one.registry.ctx, one.registry.operator
    one.files(one.complainant, "enrolment/rms-1.flac", Voice.PERFORMER)
    one.files(one.studio, "enrolment/slt-1.flac", Voice.SOURCE)
    first, second = one.source_attestation_id, one.attested().id
    analysis = one.ask()

    def name(attestation_id: str) -> None:
        cases.name_source(ctx, one.studio, one.case_id, attestation_id)

    def propose() -> None:
        said = {"grounds": "As was heard.", "would_change": "Other recordings.", "analysis_id": analysis.id}
        cases.propose(ctx, operator, one.case_id, conclusion=Conclusion.INCONCLUSIVE, **said)

    with pytest.raises(ConflictError, match="being compared") as refused:
        name(second)
    assert refused.value.figures["analysis_id"] == analysis.id
    held = one.registry.lease()
    case_analysis_work.complete_analysis(ctx, held, case_analysis_work.begin_analysis(ctx, held), NOTHING)
    name(second)
    with pytest.raises(ConflictError, match="compared again") as refused:
        propose()
    assert refused.value.figures["analysed_attestation_id"] == first
    name(first)
    propose()
    with pytest.raises(ConflictError, match="no source is named"):
        name(second)


def test_where_nothing_was_compared_the_grounds_say_so(one: Disputed) -> None:
    made = cases.propose(
        one.registry.ctx,
        one.registry.operator,
        one.case_id,
        conclusion=Conclusion.EXPLAINED_BY_S,
        grounds="The contract names her.",
        would_change="Another contract.",
    )
    assert (made.rests_on, made.analysis_id) == ("documents", None)
    assert made.grounds.endswith("No analysis of recordings was finished in this case: this rests on documents alone.")
