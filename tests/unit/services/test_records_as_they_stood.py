"""Records as they stood: whatever happened since, a decision about a day comes out as it did on that day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

from on_record import OnRecord
from paying import FLAT, heard, licensed, paid_by, report, said
from steps import USE, Registry

from registry.domain.accounts import Principal
from registry.domain.consents import ConsentDecision, ConsentPurpose, Modality, consent_in_force
from registry.domain.licences import SuspensionReason
from registry.domain.policy import PerformerRecord, decide_match
from registry.domain.terms import VolumeCap
from registry.domain.uses import Quantity, UsageUnit, UsePurpose
from registry.domain.verdicts import Ruling, Verdict
from registry.services import consents, licence_course
from registry.services.coverage import training_coverage
from registry.services.records import records_between

HALF_A_MINUTE = replace(USE, quantities=(Quantity(UsageUnit.SECOND, 30),))
USES = (HALF_A_MINUTE, replace(HALF_A_MINUTE, fixed_on=date(2026, 3, 16)))
_SUSPENDED = Verdict.LICENCE_SUSPENDED
TERMS = paid_by(FLAT, volume_caps=(VolumeCap(UsageUnit.SECOND, 60),))


def record_of(
    registry: Registry, studio: Principal, performer_id: str, now: datetime, as_of: datetime | None = None
) -> PerformerRecord:
    with registry.ctx.database.read() as session:
        return records_between(
            session, str(studio.organisation_id), [performer_id], now=now, projects=["Spring"], as_of=as_of
        )[performer_id]


def rulings(record: PerformerRecord, now: datetime) -> list[Ruling]:
    return [decide_match(use, record, now=now) for use in USES]


def is_monitored(record: PerformerRecord, now: datetime) -> bool:
    return consent_in_force(record.consents, ConsentPurpose.MONITORING, Modality.VOICE, now) is not None


def test_what_happened_since_changes_no_answer_about_a_day(registry: Registry) -> None:
    studio, ctx = registry.studio(), registry.ctx
    licence = licensed(registry, studio, TERMS)
    performer_id = licence.performer_id
    licensing = next(
        each
        for each in consents.list_consents(ctx, registry.operator, performer_id)
        if each.purpose is ConsentPurpose.LICENSING
    )
    on_record = OnRecord(ctx, registry.operator.account_id)
    story: list[tuple[Callable[[], object], Verdict]] = [
        (lambda: None, Verdict.LICENSED_USE),
        (lambda: heard(registry, studio, licence), Verdict.LICENSED_USE),
        (lambda: licence_course.suspend_licence(ctx, registry.operator, licence.id, reason="a doubt"), _SUSPENDED),
        (
            lambda: licence_course.suspend_licence(ctx, registry.operator, licence.id, cause=SuspensionReason.SECURITY),
            _SUSPENDED,
        ),
        (lambda: licence_course.resume_licence(ctx, registry.operator, licence.id), Verdict.LICENSED_USE),
        (lambda: report(registry, studio, said(licence, "40")), Verdict.LICENSED_OUT_OF_SCOPE),
        (
            lambda: on_record.amend(licence.id, replace(TERMS, volume_caps=(VolumeCap(UsageUnit.SECOND, 600),))),
            Verdict.LICENSED_USE,
        ),
        (lambda: registry.clock.move(days=40), Verdict.LICENSED_UNPAID),
        (lambda: licence_course.confirm_payment(ctx, registry.operator, licence.id), Verdict.LICENSED_USE),
        (
            lambda: consents.withdraw_consent(ctx, registry.operator, performer_id, licensing.id),
            Verdict.CONSENT_WITHDRAWN,
        ),
        (lambda: registry.sign(performer_id, ConsentPurpose.LICENSING), _SUSPENDED),
        (lambda: licence_course.resume_licence(ctx, registry.operator, licence.id), Verdict.LICENSED_USE),
        (
            lambda: registry.sign(performer_id, ConsentPurpose.LICENSING, ConsentDecision.REFUSED),
            Verdict.OPTED_OUT_MATCH,
        ),
        (lambda: registry.sign(performer_id, ConsentPurpose.LICENSING), _SUSPENDED),
        (lambda: licence_course.revoke_licence(ctx, registry.operator, licence.id), Verdict.UNLICENSED_MATCH),
        (lambda: consents.withdraw_all(ctx, registry.operator, performer_id), Verdict.CONSENT_WITHDRAWN),
    ]
    lived: list[tuple[datetime, list[Ruling], bool]] = []
    for step, verdict in story:
        registry.clock.move(days=1)
        step()
        now = registry.clock()
        record = record_of(registry, studio, performer_id, now)
        assert rulings(record, now)[0].verdict is verdict, step
        lived.append((now, rulings(record, now), is_monitored(record, now)))
    for now, then, was_monitored in lived:
        record = record_of(registry, studio, performer_id, now, as_of=now)
        assert rulings(record, now) == then
        assert is_monitored(record, now) is was_monitored
    assert [monitored for *_, monitored in lived] == [True] * (len(story) - 1) + [False]


def test_before_anything_was_signed_there_is_nothing(registry: Registry) -> None:
    studio, before = registry.studio(), registry.clock()
    registry.clock.move(days=1)
    licence = licensed(registry, studio, TERMS)
    record = record_of(registry, studio, licence.performer_id, before, as_of=before)
    assert (list(record.consents), list(record.licences)) == ([], [])


def test_coverage_says_of_each_moment_what_was_in_force(registry: Registry) -> None:
    studio, begin = registry.studio(), registry.clock()
    registry.clock.move(days=1)
    training = replace(TERMS, purposes=frozenset({*TERMS.purposes, UsePurpose.TRAINING}))
    licence = licensed(registry, studio, training)
    licensed_at = registry.clock()
    registry.clock.move(days=1)
    registry.sign(licence.performer_id, ConsentPurpose.LICENSING, ConsentDecision.REFUSED)
    stranger = registry.performer("Nobody yet")
    moments = [begin, licensed_at, registry.clock()]
    found = training_coverage(registry.ctx, str(studio.organisation_id), [licence.performer_id, stranger], moments)
    said_of = [one.as_json() for one in found[licence.performer_id]]
    assert [(one["licensing_consent"], one["training"], one["opted_out"]) for one in said_of] == [
        ("never_decided", "never", False),
        ("given", "allow", False),
        ("refused", "never", True),
    ]
    assert [one["licensed_for_training"] for one in said_of] == [False, True, False]
    assert [[each["state"] for each in one["licences"]] for one in said_of] == [[], ["active"], ["suspended"]]
    assert said_of[1]["licences"][0] == {
        "licence_id": licence.id,
        "state": "active",
        "starts_on": "2026-01-01",
        "ends_on": "2026-12-31",
        "ended_on": None,
        "permits_training": True,
    }
    assert {one.licensing for one in found[stranger]} == {"never_decided"}
