"""On PostgreSQL: two verbs about one case at the same moment wait for one another, and never each for the other.

Both stop after every lock that they take, until the other has taken its next one, or is seen to wait. Verbs that took
their locks in two orders would stand there with one each, and the database would end one of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from disputed import Disputed
from sqlalchemy import Engine, event
from steps import SPACES, TERMS, Registry

from registry.domain.case_analyses import AnalysisState
from registry.domain.cases import CaseEnding, CaseState, CaseStep
from registry.domain.conclusions import Conclusion
from registry.domain.consents import ConsentPurpose
from registry.domain.misuse import MisuseGround
from registry.domain.notices import NoticeState
from registry.engine.voiceprint import Voiceprint
from registry.errors import ConsentMissingError, LeaseLostError, NotFoundError, RegistryError
from registry.services import (
    case_analyses,
    case_analysis_work,
    case_pauses,
    cases,
    consents,
    forgetting,
    housekeeping,
    misuse,
    notices,
)
from registry.services.case_analysis_work import Found
from registry.services.explanation_texts import find_text
from registry.store import work
from registry.store.case_analyses import CaseAnalysis
from registry.store.database import Database
from registry.store.performers import Performer

NOTHING = Found(b"{}\n", Conclusion.INCONCLUSIVE)
_SEEN_TO_WAIT_S = 0.15
_LOCKS = ("FOR UPDATE", "FOR NO KEY UPDATE", "UPDATE work")


@pytest.fixture
def registry(postgres_database: Database, context: Callable[[Database], Any], clock: Any) -> Registry:
    return Registry(context(postgres_database), clock)


@pytest.fixture
def disputed(registry: Registry) -> Disputed:
    """A case whose performer and source are enrolled by voiceprints of nobody; nothing is heard."""
    found = Disputed(registry, engine=None)  # type: ignore[arg-type]  # no worker hears anything here
    for performer_id in (found.performer_id, found.source_id):
        registry.sign(performer_id)
        found.put_in(performer_id, [Voiceprint(space, _unit(space.dimension), "drawn", 9.0) for space in SPACES])
    return found


def _unit(dimension: int) -> Any:
    import numpy as np

    return np.eye(1, dimension, dtype=np.float32)[0]


@contextmanager
def step_by_step() -> Iterator[set[int]]:
    """Let the threads that are put into the set stop after each lock until the other has its next one, or waits."""
    threads: set[int] = set()
    together = threading.Barrier(2)

    def after(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if threading.get_ident() in threads and any(lock in statement for lock in _LOCKS):
            try:
                together.wait(_SEEN_TO_WAIT_S)
            except threading.BrokenBarrierError:
                together.reset()

    event.listen(Engine, "after_cursor_execute", after)
    try:
        yield threads
    finally:
        event.remove(Engine, "after_cursor_execute", after)


def at_once(*verbs: Callable[[], object]) -> list[str]:
    """Do two things at once; answer what was refused, by its slug, in their order, and ``done`` for the rest."""
    with step_by_step() as threads, ThreadPoolExecutor(len(verbs)) as pool:

        def one(verb: Callable[[], object]) -> str:
            threads.add(threading.get_ident())
            try:
                verb()
            except RegistryError as error:
                return error.slug
            return "done"

        return list(pool.map(one, verbs))


def running(disputed: Disputed) -> Callable[[], object]:
    """Begin an analysis of enrolled voices; answer what writes that nothing was concluded from it."""
    disputed.ask()
    held = disputed.registry.lease()
    wanted = case_analysis_work.begin_analysis(disputed.registry.ctx, held)
    return lambda: case_analysis_work.complete_analysis(disputed.registry.ctx, held, wanted, NOTHING)


def analysis(disputed: Disputed) -> CaseAnalysis:
    (found,) = case_analyses.list_analyses(disputed.registry.ctx, disputed.registry.operator, disputed.case_id)
    return found


def close(disputed: Disputed) -> object:
    return disputed.step(CaseStep.WITHDRAW, disputed.complainant)


def forget(disputed: Disputed) -> object:
    registry = disputed.registry
    with registry.ctx.database.read() as session:
        text = find_text(session, "forget_me.en.v1")
    assert text is not None
    return forgetting.forget_performer(
        registry.ctx, disputed.complainant, disputed.performer_id, text_id=text.id, text_sha256=text.text_sha256
    )


def is_forgotten(disputed: Disputed) -> bool:
    with disputed.registry.ctx.database.read() as session:
        return session.get_one(Performer, disputed.performer_id).forgotten_at is not None


def paused(disputed: Disputed) -> Callable[[], object]:
    """Answer what lets a licence of the two rest while the case lasts."""
    registry = disputed.registry
    registry.sign(disputed.performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(disputed.performer_id, disputed.studio, TERMS)
    return lambda: case_pauses.pause(registry.ctx, disputed.studio, disputed.case_id, [licence.id], reason="For now.")


def test_work_is_given_up_while_the_case_is_closed(disputed: Disputed) -> None:
    disputed.ask()
    for _ in range(work.MAX_ATTEMPTS):
        case_analysis_work.begin_analysis(disputed.registry.ctx, disputed.registry.lease())
        disputed.registry.clock.move(seconds=31)
    assert at_once(lambda: housekeeping.give_up_one(disputed.registry.ctx), lambda: close(disputed)) == ["done", "done"]
    ended = analysis(disputed)
    assert ended.failure is not None
    assert ended.failure["code"] in {"worker_failed", "case_closed"}
    assert disputed.registry.journal().count("case.analysis_failed") == 1


def test_an_analysis_is_finished_while_a_case_is_closed_for_which_a_licence_rests(disputed: Disputed) -> None:
    paused(disputed)()
    finished, closed = at_once(running(disputed), lambda: close(disputed))
    ended = analysis(disputed)
    assert closed == "done"
    assert (finished == "done") is (ended.state is AnalysisState.DONE)
    events = disputed.registry.journal()
    assert events.count("case.analysis_finished") + events.count("case.analysis_failed") == 1


def test_a_consent_is_withdrawn_while_an_analysis_is_finished(disputed: Disputed) -> None:
    ctx, operator = disputed.registry.ctx, disputed.registry.operator
    finished, withdrawn = at_once(
        running(disputed), lambda: consents.withdraw_all(ctx, operator, disputed.performer_id)
    )
    ended = analysis(disputed)
    assert withdrawn == "done"
    assert finished in {"done", NotFoundError.slug, LeaseLostError.slug, ConsentMissingError.slug}
    assert (ended.content_sha256 is not None) is (ended.state is AnalysisState.DONE) is (finished == "done")


def test_somebody_is_forgotten_while_their_case_is_closed(disputed: Disputed) -> None:
    running(disputed)
    assert at_once(lambda: forget(disputed), lambda: close(disputed)) == ["done", "done"]
    assert is_forgotten(disputed)
    assert disputed.registry.journal().count("case.analysis_failed") == 1


def test_somebody_is_forgotten_while_a_licence_of_theirs_is_paused(disputed: Disputed) -> None:
    assert at_once(lambda: forget(disputed), paused(disputed)) in (["done", "done"], ["done", "conflict"])
    assert is_forgotten(disputed)


def test_somebody_is_forgotten_while_a_strike_against_them_is_written_down(disputed: Disputed) -> None:
    registry = disputed.registry
    refused = cases.open_case(
        registry.ctx,
        disputed.complainant,
        performer_id=disputed.performer_id,
        studio_id=str(disputed.studio.organisation_id),
        product="Another",
        claim="It is mine too.",
    )
    cases.take_step(registry.ctx, registry.operator, refused.id, CaseStep.DO_NOT_TAKE_UP, reason="It is a violin.")

    def strike() -> object:
        return misuse.record_strike(
            registry.ctx,
            registry.operator,
            ground=MisuseGround.CLAIM_REFUSED,
            case_id=refused.id,
            reason="It is on record.",
        )

    assert at_once(lambda: forget(disputed), strike) == ["done", "done"]
    assert is_forgotten(disputed)
    assert registry.journal().count("misuse.struck") == 1
    ended = cases.get_case(registry.ctx, registry.operator, refused.id)
    assert (ended.state, ended.ending) == (CaseState.CLOSED, CaseEnding.NOT_TAKEN_UP)


def test_a_notice_is_served_while_it_is_countered(registry: Registry) -> None:
    from test_notices_together import Claim

    claim = Claim.of(registry)
    notice = claim.review(claim.complete())
    served, countered = at_once(lambda: claim.serve(notice), lambda: claim.counter(notice))
    stands = notices.get_notice(registry.ctx, registry.operator, notice.id).notice.state
    assert served == "done"
    assert stands is (NoticeState.COUNTERED if countered == "done" else NoticeState.SERVED)
    assert countered in {"done", "conflict"}
    assert registry.journal().count("stay_down.listed") == 1
    assert registry.journal().count("stay_down.ended") == (1 if countered == "done" else 0)
