"""With the real engine behind it: enrolled, found, not mistaken, and gone once consent is withdrawn."""

from __future__ import annotations

import io
import json
import threading
import time
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from house import USE, VOICES, Caller, House, Sound, recording, second_operator

from registry.bootstrap import build_engine
from registry.engine.identify import Engine
from registry.errors import EngineMismatchError, EngineNotInForceError
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


def _finished(caller: Caller, path: str) -> dict[str, Any]:
    """Wait until a check is done, and answer it."""
    for _ in range(3000):
        answer: dict[str, Any] = caller.get(path).get_json()
        if answer["state"] != "queued":
            return answer
        time.sleep(0.02)
    pytest.fail("the check was not done within a minute")


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
        assert_strangers_tell_nothing(house, studio, performer_id)
        done = performer.made(f"/v1/performers/{performer_id}/consents/withdraw", {"modality": "voice"})
        assert (done["keys_destroyed"], done["workers_live"]) == (1, 1)
        assert done["voiceprints_erased"] > 0
        assert verdict_on(studio, "submissions/slt-advert.flac")[1] == []


def spliced(house: House, *names: str) -> Sound:
    """Answer the first six seconds of some recordings one after the other, as one."""
    samples = np.concatenate([house.ctx.decoder.decode(VOICES / name).samples[: 6 * 16_000] for name in names])
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((samples * 32_767).astype("<i2").tobytes())
    return Sound(written.getvalue(), "spliced.wav")


def assert_strangers_tell_nothing(house: House, studio: Caller, performer_id: str) -> None:
    """Insist that strangers, again or spliced, get one answer without a name, and that who is among them is found."""
    stranger, advert = "submissions/kal16-stranger.flac", "submissions/slt-advert.flac"

    def asked(*names: str) -> tuple[str, str, set[str]]:
        sent = studio.send("/v1/checks", USE | {"file": spliced(house, *names)}, headers=WAIT)
        answer = _finished(studio, f"/v1/checks/{sent.get_json()['id']}")
        people = {finding["performer"]["id"] for finding in answer["findings"]}
        return answer["verdict"], json.dumps([answer["reasons"], answer["engine"]]), people

    first, again, together = asked(stranger), asked(stranger), asked(stranger, stranger)
    assert first == again
    for verdict, said, people in (first, together):
        assert verdict in {"no_match", "inconclusive"}
        assert people == set()
        assert performer_id not in said
    assert asked(stranger, advert)[2] == {performer_id}


def test_a_worker_with_another_calibration_than_one_that_works_refuses_to(house: House, engine: Engine) -> None:
    """Which of the two would answer a check must not be chance."""
    other = replace(engine.calibration, id="0123456789ab")
    second = Engine(engine.encoders, other, target_fpir=0.01, device="cpu", segmenter=engine.segmenter)
    with worker(house, engine):
        _wait_for_a_worker(house)
        with pytest.raises(EngineMismatchError, match="0123456789ab"):
            Worker(house.ctx, second).run()
    Worker(house.ctx, second).follow_gallery()  # the first has signed off


def test_a_worker_for_another_operating_point_than_is_in_force_refuses_to_work(house: House, engine: Engine) -> None:
    other = Engine(engine.encoders, engine.calibration, target_fpir=0.2, device="cpu", segmenter=engine.segmenter)
    for one in (Worker(house.ctx, other), Worker(house.ctx, engine, calibration_sha256="c" * 64)):
        with pytest.raises(EngineNotInForceError, match="likeness proposal engine"):
            one.run()


def test_a_worker_ends_when_two_operators_put_others_in_force_and_one_with_those_goes_on(
    house: House, engine: Engine
) -> None:
    first, second, studio = house.operator, second_operator(house), house.studio()
    stricter = {"kind": "engine_change", "target_fpir": 0.001, "replaces": 0}
    made = first.made("/v1/proposals", {"proposal": stricter, "reason": "too many false matches"})
    running, ended = Worker(house.ctx, engine), list[Exception]()

    def run() -> None:
        try:
            running.run()
        except EngineNotInForceError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    _wait_for_a_worker(house)
    second.made(
        f"/v1/proposals/{made['id']}/approve", {"content_sha256": made["content_sha256"], "reason": "measured again"}
    )
    thread.join(timeout=30)
    assert [type(each) for each in ended] == [EngineNotInForceError]
    sent = studio.send(
        "/v1/checks", USE | {"file": recording("submissions/kal16-stranger.flac")}, headers={"Prefer": "wait=0"}
    )
    with pytest.raises(EngineNotInForceError):
        Worker(house.ctx, engine).run_once()
    assert studio.get(f"/v1/checks/{sent.get_json()['id']}").get_json()["state"] == "queued"
    other = Engine(engine.encoders, engine.calibration, target_fpir=0.001, device="cpu", segmenter=engine.segmenter)
    with worker(house, other):
        assert _finished(studio, f"/v1/checks/{sent.get_json()['id']}")["state"] == "done"
