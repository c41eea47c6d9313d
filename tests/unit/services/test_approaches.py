"""Approaches: a performer's own record, dated by the registry; and what it does to a later finding."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from on_record import OnRecord
from steps import USE, Registry, candidate

from registry.domain.accounts import Principal, Role
from registry.domain.approaches import ApproachOutcome, Priority
from registry.domain.scores import EvidenceOutcome
from registry.domain.uses import UsePurpose
from registry.domain.verdicts import Verdict
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from registry.services import approaches, checks
from registry.store.approaches import Approach
from registry.store.checks import Finding


@pytest.fixture
def house(sqlite_registry: Registry) -> Registry:
    return sqlite_registry


def record(house: Registry, principal: Principal, performer_id: str, **changes: Any) -> Approach:
    said: dict[str, Any] = {
        "studio_id": None,
        "studio_name": "Northlight",
        "asked_on": house.clock().date() - timedelta(days=30),
        "purposes": [UsePurpose.ASSISTANT],
        "scope": "My voice for an assistant.",
        "outcome": ApproachOutcome.DECLINED,
    }
    return approaches.record_approach(house.ctx, principal, performer_id, **(said | changes))


def found(house: Registry, studio: Principal, performer_id: str, outcome: EvidenceOutcome) -> Finding:
    check = house.checked(studio, candidate(performer_id, outcome), use=USE)
    (finding,) = check.findings
    return finding


def codes(finding: Finding) -> list[str]:
    return [str(reason["code"]) for reason in finding.reasons]


# --- recording -------------------------------------------------------------------------------------------------------


def test_nobody_records_for_a_performer_whom_they_do_not_act_for(house: Registry) -> None:
    performer_id = house.performer()
    with pytest.raises(ForbiddenError):
        record(house, house.studio(), performer_id)
    stranger = house.principal(Role.PERFORMER, "Bea Holm", performer_id=house.performer("Bea Holm"))
    with pytest.raises(NotFoundError):
        record(house, stranger, performer_id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"studio_name": None},
        {"studio_id": "org_" + "0" * 26},
        {"outcome": ApproachOutcome.RETRACTED},
    ],
)
def test_what_says_too_little_or_too_much_is_refused(house: Registry, wrong: dict[str, Any]) -> None:
    performer_id = house.performer()
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    with pytest.raises(InvalidInputError):
        record(house, performer, performer_id, **wrong)
    with pytest.raises(InvalidInputError):
        record(house, performer, performer_id, asked_on=house.clock().date() + timedelta(days=2))
    assert "approach.recorded" not in house.journal()


def test_who_asked_on_a_day_that_has_begun_elsewhere_is_written_down(house: Registry) -> None:
    performer_id = house.performer()
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    tomorrow = house.clock().date() + timedelta(days=1)
    assert record(house, performer, performer_id, asked_on=tomorrow).asked_on == tomorrow


def test_an_entry_is_amended_once_and_never_changed(house: Registry) -> None:
    performer_id = house.performer()
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    first = record(house, performer, performer_id)
    second = record(house, performer, performer_id, amends_id=first.id, outcome=ApproachOutcome.UNANSWERED)
    with pytest.raises(ConflictError) as conflict:
        record(house, performer, performer_id, amends_id=first.id)
    assert conflict.value.figures["amended_by"] == second.id
    listed = approaches.list_approaches(house.ctx, performer, performer_id, after=None, limit=10)
    assert [(entry.id, entry.outcome) for entry in listed] == [
        (first.id, ApproachOutcome.DECLINED),
        (second.id, ApproachOutcome.UNANSWERED),
    ]
    assert house.journal().count("approach.recorded") == 2


def test_a_studio_does_not_read_what_performers_record_of_it(house: Registry) -> None:
    studio, performer_id = house.studio(), house.performer()
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    entry = record(house, performer, performer_id)
    assert entry.studio_id == studio.organisation_id  # a name that means one studio is tied to it
    with pytest.raises((NotFoundError, ForbiddenError)):
        approaches.list_approaches(house.ctx, studio, performer_id, after=None, limit=10)


# --- what it does to a finding ---------------------------------------------------------------------------------------


def test_a_finding_is_not_escalated_by_what_another_studio_had_asked(house: Registry) -> None:
    performer_id = house.enrolled()
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    studio, other = house.studio(), house.studio("Southlight")
    record(house, performer, performer_id, studio_name=None, studio_id=studio.organisation_id)
    finding = found(house, other, performer_id, EvidenceOutcome.MATCH)
    assert finding.priority is Priority.NORMAL
    assert codes(finding) == ["no_licence"]


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": ApproachOutcome.ACCEPTED},
        {"outcome": ApproachOutcome.UNANSWERED},
        {"studio_name": "Northlight Pictures"},
    ],
)
def test_a_finding_is_not_escalated_by_what_was_not_declined_or_asked_by_a_namesake(
    house: Registry, changes: dict[str, Any]
) -> None:
    performer_id, studio = house.enrolled(), house.studio()
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    record(house, performer, performer_id, **changes)
    assert found(house, studio, performer_id, EvidenceOutcome.MATCH).priority is Priority.NORMAL


def test_a_retracted_entry_and_one_that_was_recorded_afterwards_escalate_nothing(house: Registry) -> None:
    performer_id, studio = house.enrolled(), house.studio()
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    first = record(house, performer, performer_id)
    record(house, performer, performer_id, amends_id=first.id, outcome=ApproachOutcome.RETRACTED)
    assert found(house, studio, performer_id, EvidenceOutcome.MATCH).priority is Priority.NORMAL


def test_a_use_that_a_later_licence_covers_is_not_escalated(house: Registry) -> None:
    performer_id, studio = house.enrolled(), house.studio()
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    record(house, performer, performer_id)
    OnRecord(house.ctx, house.operator.account_id).ready(performer_id, studio)
    finding = found(house, studio, performer_id, EvidenceOutcome.MATCH)
    assert (finding.verdict, finding.priority) == (Verdict.LICENSED_USE, Priority.NORMAL)


def test_findings_to_be_looked_at_first_can_be_asked_for(house: Registry) -> None:
    performer_id, studio = house.enrolled(), house.studio()
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    found(house, studio, performer_id, EvidenceOutcome.MATCH)
    house.clock.move(days=1)
    record(house, performer, performer_id)
    escalated = found(house, studio, performer_id, EvidenceOutcome.MATCH)
    assert codes(escalated) == ["no_licence", "approach_declined"]
    listed = checks.list_findings(
        house.ctx,
        performer,
        verdict=None,
        performer_id=None,
        priority=Priority.ESCALATED,
        after=None,
        limit=10,
    )
    assert [finding.id for finding in listed] == [escalated.id]


def test_asked_declined_asked_again_then_a_sound_alike(house: Registry) -> None:
    """The fact pattern of 2023/24: the verdict is what evidence supports, and a person looks at it first."""
    performer_id, studio = house.enrolled(), house.studio("Northlight")
    performer = house.principal(Role.PERFORMER, "Ada Lind", performer_id=performer_id)
    first = record(house, performer, performer_id, asked_on=house.clock().date() - timedelta(days=240))
    house.clock.move(days=200)
    record(
        house,
        performer,
        performer_id,
        studio_name="  NORTHLIGHT ",
        asked_on=house.clock().date() - timedelta(days=2),
        outcome=ApproachOutcome.UNANSWERED,
    )
    house.clock.move(days=2)
    finding = found(house, studio, performer_id, EvidenceOutcome.SOUND_ALIKE)
    assert finding.verdict is Verdict.SOUND_ALIKE_REVIEW
    assert finding.priority is Priority.ESCALATED
    reason = finding.reasons[-1]
    assert reason["code"] == "approach_declined"
    assert reason["figures"]["approach_id"] == first.id  # type: ignore[index]  # figures are a mapping
    assert reason["figures"]["approaches"] == 2  # type: ignore[index]
    assert "asked 1 more time" in str(reason["detail"])
    check = checks.get_check(house.ctx, studio, finding.check_id)
    assert check.verdict is Verdict.SOUND_ALIKE_REVIEW
