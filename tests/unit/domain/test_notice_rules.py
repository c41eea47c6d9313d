"""The course of a notice: every step is somebody's, none is left out, and every form says where it is from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest

from registry.domain import rules
from registry.domain.cases import CaseEnding, CaseSide, CaseState
from registry.domain.conclusions import Conclusion
from registry.domain.misuse import GROUNDS_OF, MisuseGround, require_limitable
from registry.domain.notices import (
    NOTICE_MOVES,
    CaseStanding,
    Countered,
    NoticeState,
    NoticeStep,
    PutBackGround,
    require_notice_step,
    require_other_than,
    require_put_back,
    require_supported,
    why_two_reviewers,
)
from registry.domain.proposals import NoticePutBack, NoticeService, content_json, content_of_json
from registry.domain.rules.notice_packs import KnownFrom, Term, notice_pack_of, notice_packs, notice_practice
from registry.domain.rules.packs import Standing
from registry.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError, SecondPersonNeededError

NOTICES = Path(rules.__file__).parent / "notices"
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("state", NoticeState)
def test_what_is_not_in_the_table_is_refused(state: NoticeState) -> None:
    for step, side in product(NoticeStep, CaseSide):
        move = NOTICE_MOVES.get((state, step))
        if move is not None and side in move.by:
            assert require_notice_step(state, step, side) is move
            continue
        somebody_s = {each for (_, name), one in NOTICE_MOVES.items() if name is step for each in one.by}
        with pytest.raises(ConflictError if side in somebody_s else ForbiddenError) as refused:
            require_notice_step(state, step, side)
        assert refused.value.figures["step"] == step.value


def test_nothing_is_served_that_was_not_complete_and_then_reviewed() -> None:
    leads: dict[NoticeState, set[NoticeState]] = {state: set() for state in NoticeState}
    for (start, _), move in NOTICE_MOVES.items():
        if move.to is not start:
            leads[move.to].add(start)
    assert leads[NoticeState.COMPLETE] == {NoticeState.DRAFTED}
    assert leads[NoticeState.REVIEWED] == {NoticeState.COMPLETE}
    assert leads[NoticeState.SERVED] == {NoticeState.REVIEWED, NoticeState.COUNTERED}
    assert leads[NoticeState.COUNTERED] == {NoticeState.SERVED}
    assert leads[NoticeState.PUT_BACK] == {NoticeState.SERVED, NoticeState.COUNTERED}


def test_a_notice_rests_on_what_is_concluded_and_supports_the_performer() -> None:
    for state, ending, conclusion in product(CaseState, (None, *CaseEnding), (None, *Conclusion)):
        case = CaseStanding(state, ending, conclusion)
        concluded = state in {CaseState.PROPOSED, CaseState.DECIDED} or ending is CaseEnding.DECIDED
        if concluded and conclusion is Conclusion.SUPPORTS_P:
            require_supported(case)
            continue
        with pytest.raises(ConflictError) as refused:
            require_supported(case)
        assert refused.value.figures["case_state"] == state.value


def test_it_takes_two_unless_somebody_has_said_that_they_are_no_public_figure() -> None:
    needed = {
        (figure, limited): why_two_reviewers(public_figure=figure, limited=limited)
        for figure in (None, True, False)
        for limited in (False, True)
    }
    assert [key for key, why in needed.items() if why is None] == [(False, False)]
    with pytest.raises(SecondPersonNeededError):
        require_other_than("acc_1", {"acc_1": "has drafted it"})
    require_other_than("acc_2", {"acc_1": "has drafted it"})


def test_nothing_is_put_back_by_time_before_it_is_over_or_while_an_action_is_pending() -> None:
    over = PutBackGround.TERM_OVER
    due = Countered(NoticeState.COUNTERED, NOW, court_action_filed=False)
    require_put_back(due, over, NOW)
    for notice, now in (
        (due, NOW - timedelta(seconds=1)),
        (Countered(NoticeState.COUNTERED, NOW, court_action_filed=True), NOW),
        (Countered(NoticeState.COUNTERED, None, court_action_filed=False), NOW),
        (Countered(NoticeState.SERVED, NOW, court_action_filed=False), NOW),
    ):
        with pytest.raises(ConflictError):
            require_put_back(notice, over, now)
        require_put_back(notice, PutBackGround.MISTAKE, now)


# --- forms -----------------------------------------------------------------------------------------------------------


def test_every_form_says_where_each_part_is_from_in_both_languages() -> None:
    for pack in notice_packs():
        assert pack.title.en != pack.title.ko
        assert all(
            source.citation for source in [each.source for each in pack.elements] + [each.source for each in pack.terms]
        )
        assert {each.kind.value for each in pack.elements} >= {"signature", "materials", "statement"}
        in_memory = KnownFrom.MEMORY in {each.source.known_from for each in pack.elements}
        assert in_memory == ("from memory: verify" in pack.source), pack.id


def test_the_bill_is_no_law() -> None:
    pending = {pack.id for pack in notice_packs() if pack.standing is not Standing.IN_FORCE}
    assert pending == {"us_no_fakes_2025"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('kind = "statement"', 'kind = "text"'),  # words for what is no statement
        ('key = "accuracy"', 'key = "contact"'),  # twice
        ('known_from = "memory"', 'known_from = "hearsay"'),
        ('status = "in_force"', 'status = "perhaps"'),
        ("edition = 1", "edition = 1\nsurprise = 1"),
    ],
)
def test_a_form_that_is_not_as_it_should_be_is_not_read(old: str, new: str) -> None:
    content = (NOTICES / "kr_pipa_stop.toml").read_text(encoding="utf-8")
    assert old in content
    with pytest.raises(InvalidInputError):
        notice_pack_of(content.replace(old, new, 1))


def test_the_registry_s_own_terms_are_all_there() -> None:
    practice = notice_practice()
    for term in (Term.ANSWER, Term.STAY_DOWN, Term.STRIKE, Term.LIMIT):
        assert practice.term(term).source.known_from is KnownFrom.PRACTICE
    with pytest.raises(NotFoundError):
        practice.term(Term.PUT_BACK)


# --- misuse, and what takes two --------------------------------------------------------------------------------------


def test_both_sides_are_counted() -> None:
    assert set(GROUNDS_OF) == set(MisuseGround)
    assert set(GROUNDS_OF.values()) == {CaseSide.COMPLAINANT, CaseSide.RESPONDENT}
    require_limitable(3, 3)
    with pytest.raises(ConflictError):
        require_limitable(2, 3)


@pytest.mark.parametrize("content", [NoticeService("ntc_1", "a" * 64), NoticePutBack("ntc_1", 4)])
def test_what_two_agree_on_is_read_back_as_it_was_written(content: NoticeService | NoticePutBack) -> None:
    assert content_of_json(content_json(content)) == content
