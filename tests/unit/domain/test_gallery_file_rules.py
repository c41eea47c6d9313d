"""Who may be in a gallery file, and how one stands: no word but an explicit yes lets a voiceprint out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from registry.domain.consents import Consent, ConsentDecision, ConsentPurpose, ConsentState, Modality
from registry.domain.explanations.topics import Topic
from registry.domain.gallery_files import (
    LONGEST_INTERVAL,
    LONGEST_LIFE,
    Entry,
    FileStanding,
    FileState,
    require_term,
    require_told_elsewhere,
    stands,
    was_told,
)
from registry.errors import InvalidInputError

NOW = datetime(2026, 3, 14, 15, tzinfo=UTC)
OWN = "monitoring.en.studios-1"
HOUR = timedelta(hours=1)
YES = Consent(
    id="cons_1",
    performer_id="perf_1",
    purpose=ConsentPurpose.MONITORING,
    modality=Modality.VOICE,
    decision=ConsentDecision.GIVEN,
    state=ConsentState.ACTIVE,
    signed_at=NOW - HOUR,
    expires_at=None,
    withdrawn_at=None,
)
ENTRY = Entry("gent_1", "perf_1", "cons_1")


def standing(*signed: Consent, now: datetime = NOW, state: FileState = FileState.DELIVERED) -> FileStanding:
    return stands(state, NOW + LONGEST_LIFE, [ENTRY], {"perf_1": signed}, now).standing


def test_it_holds_while_the_yes_that_it_rests_on_is_in_force() -> None:
    assert standing(YES) is FileStanding.HOLDS


@pytest.mark.parametrize(
    "signed",
    [
        (),
        (replace(YES, state=ConsentState.WITHDRAWN, withdrawn_at=NOW),),
        (replace(YES, state=ConsentState.EXPIRED),),
        (replace(YES, expires_at=NOW),),
        (replace(YES, decision=ConsentDecision.REFUSED),),
        (replace(YES, modality=Modality.FACE),),
        (replace(YES, purpose=ConsentPurpose.LICENSING),),
        (replace(YES, state=ConsentState.SUPERSEDED), replace(YES, id="cons_2", signed_at=NOW)),
        (YES, replace(YES, id="cons_2", signed_at=NOW)),
    ],
)
def test_whatever_else_was_decided_ends_it(signed: tuple[Consent, ...]) -> None:
    found = stands(FileState.DELIVERED, NOW + HOUR, [ENTRY], {"perf_1": signed}, NOW)
    assert (found.standing, found.dropped) == (FileStanding.REPLACED, ("gent_1",))
    assert found.reason.figures == {"dropped": 1}


@pytest.mark.parametrize("state", [FileState.PREPARED, FileState.VOID])
def test_a_file_that_was_not_delivered_is_void_whoever_consents(state: FileState) -> None:
    assert standing(YES, state=state) is FileStanding.VOID


def test_past_its_time_it_has_ended_and_still_says_who_is_to_be_dropped() -> None:
    assert standing(YES, now=NOW + LONGEST_LIFE) is FileStanding.ENDED
    assert stands(FileState.DELIVERED, NOW, [ENTRY], {}, NOW).dropped == ("gent_1",)


@pytest.mark.parametrize(
    ("explained", "told"),
    [
        ([], False),
        ([(Topic.WITHDRAWAL, "withdrawal.en.v1")], False),
        ([(None, None)], False),
        ([(Topic.MONITORING, "monitoring.en.v1")], False),
        ([(Topic.MONITORING, "monitoring.en.v1"), (Topic.MONITORING, OWN)], False),
        ([(Topic.MONITORING, OWN), (Topic.WITHDRAWAL, "withdrawal.en.v1")], True),
    ],
)
def test_a_yes_counts_where_every_text_on_monitoring_told_of_it(
    explained: list[tuple[Topic | None, str | None]],
    *,
    told: bool,
) -> None:
    assert was_told(explained, {OWN}) is told


def test_only_texts_of_ones_own_on_monitoring_tell_of_it() -> None:
    require_told_elsewhere({OWN, "monitoring.ko.studios-2"})
    for wrong in (set(), {"monitoring.en.v1"}, {OWN, "monitoring.ko.v1"}, {"withdrawal.en.own"}, {"monitoringx.en.a"}):
        with pytest.raises(InvalidInputError):
            require_told_elsewhere(wrong)


def test_a_term_and_an_interval_have_their_longest() -> None:
    require_term(NOW, NOW + LONGEST_LIFE, LONGEST_INTERVAL)
    for expires, interval in (
        (NOW, HOUR),
        (NOW - HOUR, HOUR),
        (NOW + LONGEST_LIFE + timedelta(seconds=1), HOUR),
        (NOW + HOUR, timedelta()),
        (NOW + HOUR, LONGEST_INTERVAL + timedelta(seconds=1)),
    ):
        with pytest.raises(InvalidInputError):
            require_term(NOW, expires, interval)
