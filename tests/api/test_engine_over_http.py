"""With the real engine behind it: enrolled, found, not mistaken, and gone once consent is withdrawn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from house import USE, Caller, House, recording

from registry.bootstrap import build_engine
from registry.engine.identify import Engine
from registry.settings import Settings
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
