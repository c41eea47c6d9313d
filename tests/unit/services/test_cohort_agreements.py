"""Agreeing to be one of many is a yes of its own: told, understood, ended with one action or with what it rests on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from steps import Registry

from registry.domain.accounts import Principal, Role
from registry.domain.cohorts import AgeBand, Criteria, Description, Sex
from registry.domain.cohorts.texts import cohort_texts
from registry.domain.events import EventType
from registry.errors import (
    AnswerNotUnderstoodError,
    ConflictError,
    ConsentMissingError,
    EvidenceRequiredError,
    ExplanationIncompleteError,
    NotFoundError,
    RegistryError,
    RepresentativeRequiredError,
)
from registry.journal.endings import Ending
from registry.services import civil_status, cohort_agreements, consents
from registry.services.ending_again import end_again
from registry.services.endings import LISTED
from registry.services.unit import unit_of_work
from registry.store import cohort_agreements as stored
from registry.store.cohort_agreements import CohortAgreement

TEXT = cohort_texts()["cohort.ko.v1"]
SAID = Description("ko", Sex.FEMALE, AgeBand.FROM_30_TO_44, "gyeongsang")


def agree(registry: Registry, who: Principal, performer_id: str, **changes: Any) -> CohortAgreement:
    told: dict[str, Any] = {
        "text_id": TEXT.id,
        "text_sha256": TEXT.text_sha256,
        "answers": [question.right for question in TEXT.questions],
        "description": SAID,
    }
    return cohort_agreements.agree_to_cohorts(registry.ctx, who, performer_id, **told | changes)


def performer_of(registry: Registry) -> tuple[Principal, str]:
    performer_id = registry.performer()
    who = registry.principal(Role.PERFORMER, "Ada", performer_id=performer_id)
    registry.sign(performer_id)
    return who, performer_id


def chosen(registry: Registry, **criteria: Any) -> set[str]:
    with registry.ctx.database.read() as session:
        return stored.selected(session, Criteria(**criteria), registry.clock())


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"answers": [1, 3, 1]}, AnswerNotUnderstoodError),
        ({"answers": [2, 3]}, ExplanationIncompleteError),
        ({"text_sha256": "0" * 64}, ExplanationIncompleteError),
        ({"text_id": "cohort.fr.v1"}, ExplanationIncompleteError),
    ],
)
def test_nobody_agrees_to_what_was_not_told_or_not_understood(
    sqlite_registry: Registry, changes: dict[str, Any], refusal: type[RegistryError]
) -> None:
    who, performer_id = performer_of(sqlite_registry)
    with pytest.raises(refusal):
        agree(sqlite_registry, who, performer_id, **changes)
    assert chosen(sqlite_registry) == set()


def test_nobody_agrees_for_others_or_without_a_voiceprint_to_compare(sqlite_registry: Registry) -> None:
    who, performer_id = performer_of(sqlite_registry)
    other = sqlite_registry.performer("Ines Duarte")
    with pytest.raises(NotFoundError):
        agree(sqlite_registry, who, other)
    with pytest.raises(EvidenceRequiredError):
        agree(sqlite_registry, sqlite_registry.operator, performer_id)
    with pytest.raises(ConsentMissingError):
        agree(sqlite_registry, sqlite_registry.operator, other, signature_evidence_sha256="c" * 64)
    civil_status.record_birth_date(
        sqlite_registry.ctx,
        sqlite_registry.operator,
        performer_id,
        birth_date=date(2012, 5, 5),
        evidence_sha256="e" * 64,
    )
    with pytest.raises(RepresentativeRequiredError):
        agree(sqlite_registry, who, performer_id)


def test_who_describes_themselves_is_chosen_where_they_fit_and_until_they_end_it(registry: Registry) -> None:
    who, performer_id = performer_of(registry)
    agree(registry, who, performer_id)
    assert chosen(registry) == chosen(registry, language="ko", sex=Sex.FEMALE) == {performer_id}
    assert chosen(registry, sex=Sex.MALE) == chosen(registry, language="en") == set()
    registry.clock.move(seconds=1)
    agree(registry, who, performer_id, description=Description())
    assert chosen(registry) == {performer_id}
    assert chosen(registry, sex=Sex.FEMALE) == set()
    ended = cohort_agreements.end_cohort_agreement(registry.ctx, who, performer_id)
    assert (ended.description, ended.ended_at, chosen(registry)) == (None, registry.clock(), set())
    with pytest.raises(ConflictError):
        cohort_agreements.end_cohort_agreement(registry.ctx, who, performer_id)
    every = cohort_agreements.list_cohort_agreements(registry.ctx, who, performer_id)
    assert [(each.description, each.ended_at is None) for each in every] == [(None, False)] * 2
    events = registry.journal()
    assert (events.count("cohort.agreed"), events.count("cohort.agreement_ended")) == (2, 2)


def test_it_ends_with_the_consent_to_be_looked_for(registry: Registry) -> None:
    who, performer_id = performer_of(registry)
    agree(registry, who, performer_id)
    consents.withdraw_all(registry.ctx, who, performer_id)
    assert chosen(registry) == set()
    (agreement,) = cohort_agreements.list_cohort_agreements(registry.ctx, replace(who), performer_id)
    assert (agreement.description, agreement.ended_at is None) == (None, False)


def test_what_had_ended_ends_again_after_a_restore(sqlite_registry: Registry) -> None:
    who, performer_id = performer_of(sqlite_registry)
    agreement, now = agree(sqlite_registry, who, performer_id), sqlite_registry.clock()
    ended = Ending("o", "h", 9, "cohort.agreement_ended", agreement.id, now, "{}", {"performer_id": performer_id})
    for times in (1, 0):
        with unit_of_work(sqlite_registry.ctx) as unit:
            assert end_again(unit, [ended]).done["cohort.agreement_ended"] == times
            unit.commit()
    assert chosen(sqlite_registry) == set()
    assert EventType.COHORT_AGREEMENT_ENDED in LISTED


def test_what_is_said_before_somebody_agrees_is_easy_to_read_and_says_how_to_end_it() -> None:
    texts = cohort_texts()
    assert {text.language for text in texts.values()} == {"en", "ko"}
    for text in texts.values():
        level = text.reading_level.value
        assert level is not None
        assert level <= {"en": 6.0, "ko": 8.0}[text.language], text.id
        assert len(text.questions) == 3
