"""A scan against the registry's own database: who is searched, what is said of whom, and that nothing is written."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from on_record import OnRecord
from sqlalchemy import select
from steps import TERMS, Registry, candidate, drawn_voiceprints, evidence_on
from test_gallery_of_database import WHERE, tamper, tamper_key

from registry.domain.accounts import Principal
from registry.domain.consents import ConsentDecision, ConsentPurpose
from registry.domain.ids import IdPrefix
from registry.domain.scores import EvidenceOutcome, PerformerEvidence
from registry.domain.terms import VolumeCap
from registry.domain.uses import Medium, UsageUnit, UseKind, UsePurpose
from registry.errors import InvalidInputError, KeyringError, NotFoundError
from registry.scanning.evidence_lines import columns_of, evidence_line
from registry.scanning.following import Following
from registry.scanning.licensed import RegisteredLicences, coverage_json, moment_of, require_known
from registry.scanning.registered import registered_gallery
from registry.scanning.results import ResultRow, Status
from registry.scanning.tally import heard_in, is_flagged, is_for_review
from registry.services import consents, enrolment_work, licence_course
from registry.store.base import Base
from registry.store.workers import live_workers, require_same_engine

SPOT = "advertising medium=radio territory=GB language=en"
NEAREST = candidate("perf_nearest", EvidenceOutcome.NO_MATCH, -2.0, ())


def row(*candidates: PerformerEvidence, use: str = SPOT, number: int = 0, project: str = "Spring") -> ResultRow:
    """A row as a scanner leaves it."""
    return ResultRow(
        number=number,
        name=f"{number}.wav",
        locator=f"/{number}.wav",
        status=Status.ASSESSED,
        sha256=f"{number:064x}",
        size=1,
        declared_use=use,
        project=project,
        **columns_of(evidence_line(evidence_on(*candidates))),
    )


def judge(
    registry: Registry, studio: Principal, kind: UseKind = UseKind.GENERATED, as_of: datetime | None = None
) -> RegisteredLicences:
    return RegisteredLicences(registry.ctx, str(studio.organisation_id), kind, as_of or registry.clock())


def licensed(registry: Registry, studio: Principal, name: str = "Ada Lind", **terms: Any) -> tuple[str, str]:
    performer_id = registry.performer(name)
    registry.sign(performer_id)
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    return performer_id, registry.licence(performer_id, studio, replace(TERMS, **terms)).id


def everything(registry: Registry) -> dict[str, list[Any]]:
    with registry.ctx.database.read() as session:
        return {table.name: sorted(map(repr, session.execute(select(table)))) for table in Base.metadata.sorted_tables}


# --- verdicts --------------------------------------------------------------------------------------------------------


def test_each_performer_has_a_verdict_and_nothing_is_written(registry: Registry) -> None:
    studio, ctx = registry.studio(), registry.ctx
    ada, licence_id = licensed(registry, studio)
    bea, _ = licensed(registry, studio, "Bea Moss")
    given = [
        one for one in consents.list_consents(ctx, registry.operator, bea) if one.purpose is ConsentPurpose.LICENSING
    ]
    consents.withdraw_consent(ctx, registry.operator, bea, given[0].id)
    cal = registry.performer("Cal Weir")
    registry.sign(cal)
    registry.sign(cal, ConsentPurpose.LICENSING, ConsentDecision.REFUSED)
    dee = registry.performer("Dee Park")
    registry.sign(dee)
    rows = [
        row(candidate(ada), number=0),
        row(candidate(bea), number=1),
        row(candidate(cal), number=2),
        row(candidate(dee), number=3),
        row(NEAREST, number=4),
        row(candidate(ada), candidate(cal, EvidenceOutcome.SOUND_ALIKE, 1.0), NEAREST, number=5),
        row(candidate(ada, EvidenceOutcome.INCONCLUSIVE, 0.5), number=6),
        ResultRow(number=7, name="7", locator="/7", status=Status.FAILED, error="media_unreadable"),
    ]
    before = everything(registry)
    judged = judge(registry, studio).judge(rows)
    assert everything(registry) == before
    assert [(one.verdict, one.outcome, one.performer) for one in judged] == [
        ("licensed_use", "match", ada),
        ("consent_withdrawn", "match", bea),
        ("opted_out_match", "match", cal),
        ("unlicensed_match", "match", dee),
        ("no_match", "no_match", ""),
        ("sound_alike_review", "match", ada),
        ("inconclusive", "inconclusive", ""),
        ("", "", ""),
    ]
    assert [is_flagged(one) for one in judged] == [False, True, True, True, False, False, False, False]
    assert is_for_review(judged[5])
    first, mixed = heard_in(judged[0])[0], heard_in(judged[5])
    assert (first.licence_id, first.reasons) == (licence_id, ("licence_covers_use",))
    assert [(one.performer, one.verdict.value) for one in mixed] == [
        (ada, "licensed_use"),
        (cal, "sound_alike_review"),
    ]
    assert "licence_covers_use" in judged[0].reasons.split()
    assert "as_the_test_says" in judged[0].reasons.split()
    assert judged[7] == rows[7]


def test_a_name_that_is_only_near_is_nobodys_to_read(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    ada, _ = licensed(registry, studio)
    for found in judge(registry, studio).judge([row(NEAREST), row(candidate(ada), NEAREST, number=1)]):
        assert "perf_nearest" not in found.evidence
        assert len(json.loads(found.evidence)["candidates"]) == found.number


def test_who_does_not_want_to_be_looked_for_any_more_is_not_in_the_row(registry: Registry) -> None:
    """The gallery in memory still had them when they were heard."""
    studio = registry.studio()
    ada, _ = licensed(registry, studio)
    consents.withdraw_all(registry.ctx, registry.operator, ada)
    (found,) = judge(registry, studio, as_of=registry.clock() - timedelta(hours=1)).judge([row(candidate(ada))])
    assert (found.verdict, found.outcome, found.performer) == ("no_match", "no_match", "")
    assert ada not in found.evidence


def test_rows_are_judged_as_of_one_moment_whatever_happened_since(registry: Registry) -> None:
    studio, ctx = registry.studio(), registry.ctx
    ada, licence_id = licensed(registry, studio)
    asked = registry.clock()
    registry.clock.move(days=3)
    licence_course.revoke_licence(ctx, registry.operator, licence_id)
    then, now = judge(registry, studio, as_of=asked), judge(registry, studio)
    assert [one.judge([row(candidate(ada))])[0].verdict for one in (then, now)] == ["licensed_use", "unlicensed_match"]


def test_another_organisation_has_other_licences(sqlite_registry: Registry) -> None:
    registry = sqlite_registry
    ada, _ = licensed(registry, registry.studio())
    (found,) = judge(registry, registry.studio("Harbour")).judge([row(candidate(ada))])
    assert found.verdict == "unlicensed_match"


@pytest.mark.parametrize(
    ("use", "verdict", "code"),
    [
        (SPOT, "licensed_use", "licence_covers_use"),
        (SPOT.replace("radio", "film"), "licensed_out_of_scope", "media_not_permitted"),
        (SPOT.replace("advertising", "dubbing"), "licensed_out_of_scope", "purposes_not_permitted"),
        (SPOT.replace(" territory=GB", ""), "licensed_out_of_scope", "territories_not_permitted"),
        (SPOT.replace(" language=en", ""), "licensed_out_of_scope", "languages_not_permitted"),
        (SPOT.replace(" medium=radio", ""), "licensed_out_of_scope", "use_not_declared"),
        ("", "licensed_out_of_scope", "territories_not_permitted"),
        (f"{SPOT} kind=training", "licensed_out_of_scope", "purposes_not_permitted"),
    ],
)
def test_only_what_is_declared_is_covered(sqlite_registry: Registry, use: str, verdict: str, code: str) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    ada, _ = licensed(registry, studio)
    (found,) = judge(registry, studio).judge([row(candidate(ada), use=use)])
    assert found.verdict == verdict
    assert code in found.reasons.split()


def test_training_is_ruled_on_as_training(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    ada, _ = licensed(registry, studio)
    bea = registry.performer("Bea Moss")
    registry.sign(bea)
    trains = replace(
        TERMS,
        purposes=frozenset({UsePurpose.TRAINING}),
        media=frozenset({Medium.INTERNAL}),
        territories=frozenset({"WORLD"}),
        languages=frozenset({"*"}),
    )
    OnRecord(registry.ctx, registry.operator.account_id).ready(bea, studio, trains)
    rows = [row(candidate(ada), use=""), row(candidate(bea), use="", number=1)]
    found = judge(registry, studio, UseKind.TRAINING).judge(rows)
    assert [one.verdict for one in found] == ["licensed_out_of_scope", "licensed_use"]
    coverage = coverage_json(registry.ctx, str(studio.organisation_id), [ada, bea], [registry.clock()])
    assert {who: [one["licensed_for_training"] for one in said] for who, said in coverage.items()} == {
        ada: [False],
        bea: [True],
    }


def test_the_length_of_a_recording_counts_against_a_cap(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    caps = {"volume_caps": (VolumeCap(UsageUnit.SECOND, 12),)}
    ada, _ = licensed(registry, studio, **caps)
    fits = row(candidate(ada))
    found = judge(registry, studio).judge([fits, replace(fits, number=1, duration_s=12.1, evidence=longer(fits))])
    assert [one.verdict for one in found] == ["licensed_use", "licensed_out_of_scope"]


def longer(of: ResultRow) -> str:
    return json.dumps(json.loads(of.evidence) | {"duration_s": 12.1})


# --- the moment, and who asks ----------------------------------------------------------------------------------------


def test_a_day_is_judged_as_of_its_end(now: datetime) -> None:
    assert moment_of(None, now) == moment_of(now.date(), now) == now
    last = moment_of(date(2026, 3, 13), now)
    assert (last.date(), last + timedelta.resolution) == (date(2026, 3, 13), datetime(2026, 3, 14, tzinfo=UTC))
    with pytest.raises(InvalidInputError, match="still to come"):
        moment_of(date(2026, 3, 15), now)


def test_an_organisation_that_was_not_there_yet_cannot_be_answered_for(sqlite_registry: Registry) -> None:
    registry, studio = sqlite_registry, sqlite_registry.studio()
    organisation_id = str(studio.organisation_id)
    require_known(registry.ctx, organisation_id, registry.clock())
    with pytest.raises(InvalidInputError, match="since 2026-03-14"):
        require_known(registry.ctx, organisation_id, registry.clock() - timedelta(days=1))
    with pytest.raises(NotFoundError):
        require_known(registry.ctx, registry.ctx.ids.new(IdPrefix.ORGANISATION, registry.clock()), registry.clock())


# --- the gallery -----------------------------------------------------------------------------------------------------


def test_the_gallery_is_everybody_who_may_be_searched_by_id(registry: Registry) -> None:
    one, other = registry.enrolled("One"), registry.enrolled("Other")
    whole = registered_gallery(registry.ctx, WHERE).searched
    assert sorted(whole.gallery.performers()) == sorted([one, other])
    assert (whole.voiceprints, whole.lost, whole.warnings) == (4, (), ())
    assert registered_gallery(registry.ctx, WHERE).searched.id == whole.id
    consents.withdraw_all(registry.ctx, registry.operator, other)
    rest = registered_gallery(registry.ctx, WHERE).searched
    assert (rest.gallery.performers(), rest.voiceprints) == ((one,), 2)
    assert rest.id != whole.id


def test_who_cannot_be_opened_is_lost_and_named_by_id(registry: Registry) -> None:
    one, other = registry.enrolled("One"), registry.enrolled("Other")
    tamper_key(registry, one, master_key_id="wrapping-7")
    found = registered_gallery(registry.ctx, WHERE).searched
    assert (found.gallery.performers(), found.lost) == ((other,), (one,))
    (warning,) = found.warnings
    assert one in warning
    assert "One" not in warning.replace(one, "")
    tamper(registry, other, sealed=b"")
    with pytest.raises(KeyringError):
        registered_gallery(registry.ctx, WHERE)


def test_an_empty_registry_is_not_searched(sqlite_registry: Registry) -> None:
    with pytest.raises(InvalidInputError, match="nobody"):
        registered_gallery(sqlite_registry.ctx, WHERE)


# --- keeping up ------------------------------------------------------------------------------------------------------


def following(registry: Registry) -> tuple[Following, Any]:
    found = registered_gallery(registry.ctx, WHERE)
    gallery = found.searched.gallery
    told = {"device": "cpu", "engine_version": "1+cal"}
    return Following(registry.ctx, gallery, found.seq, **told), gallery


def test_a_withdrawal_waits_until_the_scan_has_let_go(registry: Registry) -> None:
    one, other = registry.enrolled("One"), registry.enrolled("Other")
    keeping_up, gallery = following(registry)
    patient = replace(registry.ctx, thresholds=replace(registry.ctx.thresholds, withdrawal_confirmation_s=30.0))
    with keeping_up:
        withdrawn = consents.withdraw_all(patient, registry.operator, one)
        assert gallery.performers() == (other,)
        assert (withdrawn.workers_live, withdrawn.workers_confirmed) == (1, 1)
    assert keeping_up.gone == 1
    with registry.ctx.database.read() as session:
        assert not live_workers(session, now=registry.clock(), within_s=8)


def test_what_happened_between_reading_the_gallery_and_following_it_is_caught_up_with(registry: Registry) -> None:
    one, other = registry.enrolled("One"), registry.enrolled("Other")
    keeping_up, gallery = following(registry)
    consents.withdraw_all(registry.ctx, registry.operator, one)
    third = registry.enrolled("Third")
    with keeping_up:
        assert gallery.performers() == (other,)
    assert third not in gallery.performers()


def test_who_withdrew_and_enrolled_anew_is_let_go_and_not_taken_back(registry: Registry) -> None:
    one, other = registry.enrolled("One"), registry.enrolled("Other")
    keeping_up, gallery = following(registry)
    registry.clock.move(seconds=1)
    consents.withdraw_all(registry.ctx, registry.operator, one)
    registry.clock.move(seconds=1)
    registry.sign(one)
    offered = registry.offer_recordings(one)
    held = registry.lease()
    assert held.subject_id == offered.id
    enrolment_work.complete_enrolment(registry.ctx, held, drawn_voiceprints("anew"))
    with keeping_up:
        assert gallery.performers() == (other,)


def test_a_scan_is_no_worker_that_could_answer_checks(sqlite_registry: Registry) -> None:
    sqlite_registry.enrolled("One")
    keeping_up, _ = following(sqlite_registry)
    with keeping_up, sqlite_registry.ctx.database.read() as session:
        (told,) = live_workers(session, now=sqlite_registry.clock(), within_s=8)
        assert not told.ready
        newer = sqlite_registry.ctx.ids.new(IdPrefix.WORKER, sqlite_registry.clock())
        require_same_engine(session, worker_id=newer, engine_version="2+cal", now=sqlite_registry.clock(), within_s=8)
