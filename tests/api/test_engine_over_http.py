"""With the real engine behind it: enrolled, found, not mistaken, and gone once consent is withdrawn."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from house import USE, Caller, House, recording

from registry.bootstrap import build_engine
from registry.engine.identify import Engine
from registry.errors import EngineMismatchError
from registry.settings import Settings
from registry.store import workers
from registry.worker import Worker

WAIT = {"Prefer": "wait=5"}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine(Settings(device="cpu"))


@contextmanager
def worker(house: House, engine: Engine) -> Iterator[None]:
    """Let a worker run beside the application, as an embedded one does."""
    one = Worker(house.ctx, engine)
    thread = threading.Thread(target=one.run)
    thread.start()
    try:
        yield
    finally:
        one.stop()
        thread.join()


def _wait_for_a_worker(house: House) -> None:
    """Wait until the worker beside the application has said that it is there."""
    for _ in range(500):
        with house.ctx.database.read() as session:
            if workers.live_workers(session, now=house.ctx.clock(), within_s=8.0):
                return
        time.sleep(0.02)
    pytest.fail("the worker did not start within ten seconds")


def verdict_on(studio: Caller, name: str, purpose: str = "advertising") -> tuple[str, list[str]]:
    response = studio.send("/v1/checks", USE | {"purpose": purpose, "file": recording(name)}, headers=WAIT)
    assert response.status_code == 201, response.text
    answer = response.get_json()
    return answer["verdict"], [finding["performer"]["id"] for finding in answer["findings"]]


def test_a_voice_is_found_while_its_performer_wants_it_found(house: House, engine: Engine) -> None:
    studio = house.studio()
    performer, performer_id = house.performer()
    house.consent(performer, performer_id, "monitoring")
    with worker(house, engine):
        form = {"recordings": [recording(f"enrolment/slt-{n}.flac") for n in (1, 2, 3)]}
        enrolled = performer.send(f"/v1/performers/{performer_id}/enrolments", form)
        assert (enrolled.status_code, enrolled.get_json()["state"]) == (201, "active"), enrolled.text
        assert verdict_on(studio, "submissions/slt-advert.flac") == ("unlicensed_match", [performer_id])
        assert verdict_on(studio, "submissions/kal16-stranger.flac")[0] in {"no_match", "inconclusive"}
        done = performer.made(f"/v1/performers/{performer_id}/consents/withdraw", {"modality": "voice"})
        assert (done["keys_destroyed"], done["workers_live"]) == (1, 1)
        assert done["voiceprints_erased"] > 0
        assert verdict_on(studio, "submissions/slt-advert.flac")[1] == []


def test_a_worker_with_another_calibration_than_one_that_works_refuses_to(house: House, engine: Engine) -> None:
    """Which of the two would answer a check must not be chance."""
    other = replace(engine.calibration, id="0123456789ab")
    second = Engine(engine.encoders, other, target_fpir=0.01, device="cpu", segmenter=engine.segmenter)
    with worker(house, engine):
        _wait_for_a_worker(house)
        with pytest.raises(EngineMismatchError, match="0123456789ab"):
            Worker(house.ctx, second).run()
    Worker(house.ctx, second).follow_gallery()  # the first has signed off
