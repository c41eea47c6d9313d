"""Checks done together: each ends by itself, whatever becomes of the others, and none is done twice."""

from __future__ import annotations

import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select
from steps import USE, VOICES, Registry

from registry.bootstrap import build_engine
from registry.domain.accounts import Principal
from registry.domain.checks import CheckState, WorkKind
from registry.domain.scores import RecordingEvidence, Span
from registry.domain.verdicts import Verdict
from registry.engine.analysis import Analysis
from registry.engine.gallery import Gallery
from registry.engine.identify import Engine
from registry.media.recording import Recording
from registry.services import checks
from registry.services.check_work import DONE, Task, do_checks
from registry.services.context import Context
from registry.services.holding import Hold
from registry.services.intake import Upload
from registry.settings import Settings
from registry.store import work
from registry.store.checks import Check
from registry.store.journal import JournalEntry
from registry.store.work import Lease, Share, Work, WorkState

LEASE_S = 30.0
SUBMISSIONS = ("slt-advert.flac", "kal16-stranger.flac", "rms-story.flac")


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine(Settings(device="cpu"))


@dataclass
class Bench:
    """A studio that submits, and a worker that takes all of it together."""

    registry: Registry
    ctx: Context
    engine: Engine
    studio: Principal
    searched: list[Analysis] = field(default_factory=list)
    stages: list[set[str]] = field(default_factory=list)
    gallery: Gallery | None = None

    def submit(self, path: Path) -> str:
        self.registry.clock.move(seconds=0.001)
        return checks.submit_check(self.ctx, self.studio, upload=Upload(path, path.name), use=USE).id

    def submit_all(self) -> list[str]:
        return [self.submit(VOICES / "submissions" / name) for name in SUBMISSIONS]

    def lease(self, most: int = 8, worker_id: str = "wkr_one") -> list[Lease]:
        with self.ctx.database.write() as session:
            held = work.lease_together(
                session,
                worker_id=worker_id,
                now=self.ctx.clock(),
                lease_s=LEASE_S,
                kinds=[WorkKind.CHECK],
                share=Share(most, 1000.0),
            )
            session.commit()
        return held

    def do(self, leases: Sequence[Lease]) -> dict[str, str | None]:
        """Do what was leased; answer what became of each, in the order in which they ended."""
        with Hold(self.ctx, leases, lease_s=LEASE_S, meanwhile=lambda: None) as hold:
            tasks: list[Task] = list(do_checks(self.ctx, self.engine, self._search, leases, hold))
        self.stages = [set(task.laps.figures()) for task in tasks]
        return {task.held.subject_id: task.outcome for task in tasks}

    def _search(self, analysis: Analysis) -> RecordingEvidence | None:
        self.searched.append(analysis)
        return None if self.gallery is None else self.engine.evidence(analysis, self.gallery)

    def check(self, check_id: str) -> Check:
        return checks.get_check(self.ctx, self.studio, check_id)

    def states(self) -> dict[str, WorkState]:
        with self.ctx.database.read() as session:
            return {row.subject_id: row.state for row in session.scalars(select(Work))}

    def completed(self) -> list[str]:
        """Answer what the journal says was completed, once for each time."""
        with self.ctx.database.read() as session:
            query = select(JournalEntry.subject_id).where(JournalEntry.type == "check.completed")
            return sorted(session.scalars(query))


@pytest.fixture
def bench(registry: Registry, engine: Engine) -> Bench:
    lenient = replace(registry.ctx, thresholds=replace(registry.ctx.thresholds, check_speech_s=0.05))
    return Bench(registry, lenient, engine, registry.studio())


def require_others_done(bench: Bench, ended: dict[str, str | None], others: Sequence[str]) -> None:
    """Insist that these were done, each once, and nothing else."""
    assert [ended[each] for each in others] == [DONE] * len(others)
    assert [bench.check(each).state for each in others] == [CheckState.DONE] * len(others)
    assert bench.completed() == sorted(others)


def too_short_for_the_engine(ctx: Context, folder: Path) -> Path:
    """Cut a piece of speech that intake lets pass, told to, and the engine does not."""
    voice = ctx.decoder.decode(VOICES / "submissions" / "slt-advert.flac").samples
    spans = ctx.detector.spans(Recording(voice, "", ctx.decoder.decode(VOICES / "submissions" / SUBMISSIONS[0]).source))
    start = int(16_000 * spans[0].start_s) + 4_000
    path = folder / "short.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((voice[start : start + 5_600] * 32767).astype("<i2").tobytes())
    return path


def test_one_that_is_too_short_is_refused_alone(bench: Bench, tmp_path: Path) -> None:
    first, second, third = bench.submit_all()
    short = bench.submit(too_short_for_the_engine(bench.ctx, tmp_path))
    ended = bench.do(bench.lease())
    assert ended[short] == "refused: speech_too_short"
    assert bench.check(short).state is CheckState.REFUSED
    require_others_done(bench, ended, [first, second, third])
    assert set(bench.states().values()) == {WorkState.DONE}
    assert bench.ctx.spool.keys() == []


def test_one_whose_upload_was_tampered_with_is_refused_alone(bench: Bench) -> None:
    first, second, third = bench.submit_all()
    bench.ctx.spool.put(second, bench.ctx.spool.get(first))
    ended = bench.do(bench.lease())
    assert ended[second] == "refused: seal_broken"
    problem = bench.check(second).problem
    assert problem is not None
    assert problem["slug"] == "seal_broken"
    require_others_done(bench, ended, [first, third])


def test_one_whose_upload_is_gone_is_tried_again_alone(bench: Bench) -> None:
    first, second, third = bench.submit_all()
    bench.ctx.spool.delete(first)
    ended = bench.do(bench.lease())
    assert ended[first] == "failed, to be tried again"
    assert bench.states()[first] is WorkState.QUEUED
    require_others_done(bench, ended, [second, third])


def test_one_that_another_worker_took_over_is_left_to_it(bench: Bench) -> None:
    first, second, third = bench.submit_all()
    leases = bench.lease()
    bench.registry.clock.move(seconds=LEASE_S + 1)
    taken = bench.lease(1, "wkr_two")
    assert [held.subject_id for held in taken] == [first]
    ended = bench.do(leases)
    assert ended[first] == "lease lost"
    assert bench.check(first).state is CheckState.QUEUED
    require_others_done(bench, ended, [second, third])
    assert bench.do(taken) == {first: DONE}
    assert bench.completed() == sorted([first, second, third])


def test_one_that_was_struck_out_meanwhile_gets_no_verdict(bench: Bench) -> None:
    first, second, third = bench.submit_all()
    leases = bench.lease()
    with bench.ctx.database.write() as session:
        work.cancel(session, subject_id=second, now=bench.ctx.clock())
        session.commit()
    ended = bench.do(leases)
    assert ended[second] == "lease lost"
    assert bench.check(second).verdict is None
    require_others_done(bench, ended, [first, third])


class Fragile(Engine):
    """The engine, with a fault: it breaks whenever it is given what the test names."""

    breaks: Callable[[Sequence[Recording]], bool]

    def analyse_many(self, items: Sequence[tuple[Recording, Sequence[Span]]]) -> list[Analysis]:
        if self.breaks([recording for recording, _ in items]):
            raise MemoryError("for the test")
        return super().analyse_many(items)


def fragile(engine: Engine, breaks: Callable[[Sequence[Recording]], bool]) -> Engine:
    made = object.__new__(Fragile)
    made.__dict__ |= engine.__dict__ | {"breaks": breaks}
    return made


def test_a_recording_that_breaks_the_engine_is_tried_again_alone(bench: Bench) -> None:
    first, second, third = bench.submit_all()
    poison = bench.check(second).content_sha256
    bench.engine = fragile(bench.engine, lambda given: any(r.content_sha256 == poison for r in given))
    ended = bench.do(bench.lease())
    assert ended[second] == "failed, to be tried again"
    require_others_done(bench, ended, [first, third])
    bench.registry.clock.move(seconds=3)
    again = bench.lease()
    assert [(held.subject_id, held.attempt) for held in again] == [(second, 2)]


def test_where_several_are_too_much_for_the_engine_they_are_done_one_by_one(bench: Bench) -> None:
    submitted = bench.submit_all()
    bench.engine = fragile(bench.engine, lambda given: len(given) > 1)
    require_others_done(bench, bench.do(bench.lease()), submitted)


def test_the_oldest_is_answered_first_and_each_is_searched_for_just_before(bench: Bench) -> None:
    submitted = bench.submit_all()
    ended = bench.do(bench.lease())
    assert list(ended) == submitted
    assert [round(a.duration_s, 1) for a in bench.searched] == [round(bench.check(c).duration_s, 1) for c in submitted]
    assert bench.check(submitted[0]).verdict is Verdict.NOT_ASSESSED  # nobody is enrolled


def test_it_is_known_where_the_time_of_each_went(bench: Bench) -> None:
    submitted = bench.submit_all()
    bench.ctx.spool.delete(submitted[2])
    bench.do(bench.lease())
    whole = {"open_s", "listen_s", "analyse_s", "search_s", "commit_s"}
    assert sorted(bench.stages, key=len) == [{"open_s"}, whole, whole]


def test_together_each_gets_the_evidence_that_it_gets_alone(bench: Bench) -> None:
    bench.gallery = enrolled(bench)
    together = bench.submit_all()
    assert set(bench.do(bench.lease()).values()) == {DONE}
    alone = bench.submit_all()
    for held in [bench.lease(1)[0] for _ in alone]:
        bench.do([held])
    for one, other in zip(together, alone, strict=True):
        first, second = bench.check(one), bench.check(other)
        assert (first.verdict, first.outcome) == (second.verdict, second.outcome)
        assert [f.performer_id for f in first.findings] == [f.performer_id for f in second.findings]
        lrs = np.array([[f.log10_lr for f in each.findings] for each in (first, second)])
        np.testing.assert_allclose(lrs[0], lrs[1], atol=2e-3)
    assert bench.check(together[0]).verdict is Verdict.UNLICENSED_MATCH


def enrolled(bench: Bench) -> Gallery:
    """Answer a gallery in which the voice of the first submission is, under the id of somebody who agreed."""
    performer_id = bench.registry.performer()
    bench.registry.sign(performer_id)
    gallery = bench.engine.new_gallery()
    recordings = [bench.ctx.decoder.decode(VOICES / "enrolment" / f"slt-{number}.flac") for number in (1, 2)]
    analyses = bench.engine.analyse_many([(each, bench.ctx.detector.spans(each)) for each in recordings])
    gallery.add(performer_id, [v for each in analyses for v in bench.engine.prototypes(each, "one")])
    return gallery
