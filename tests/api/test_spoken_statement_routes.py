"""Spoken statements over HTTP, with the real engine and the real reader of digits behind them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from bench import take
from house import Caller, House, Sound, assert_problem, recording
from speaking import Samples, spoken, wav
from steps import drawn_voiceprints
from test_engine_over_http import worker
from werkzeug.test import TestResponse

from registry.bootstrap import build_engine
from registry.engine.identify import Engine
from registry.services import enrolment_work
from registry.settings import Settings


class Speaking:
    """A performer with a statement to make about a consent."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.caller, self.performer_id = house.performer()
        self.consent = house.consent(self.caller, self.performer_id)
        self.path = f"/v1/performers/{self.performer_id}/consents/{self.consent['id']}/spoken-statements"

    def enrol(self) -> str:
        """Offer recordings, and answer where what becomes of them is to be seen."""
        form = {"recordings": [recording(f"enrolment/slt-{n}.flac") for n in (1, 2, 3)]}
        response = self.caller.send(
            f"/v1/performers/{self.performer_id}/enrolments", form, headers={"Prefer": "wait=0"}
        )
        assert response.status_code == 202, response.text
        return response.headers["Location"]

    def begin(self, language: str = "en") -> dict[str, str]:
        return self.caller.made(self.path, {"language": language})

    def send(
        self, statement: dict[str, str], data: bytes, *, prefer: str = "wait=0", key: str | None = None
    ) -> TestResponse:
        headers = {"Prefer": prefer} | ({"Idempotency-Key": key} if key else {})
        form = {"file": Sound(data, "statement.wav")}
        return self.caller.send(f"{self.path}/{statement['id']}/recording", form, headers=headers)

    def outcome(self, statement: dict[str, str], samples: Samples) -> dict[str, Any]:
        """Send a recording, and answer the statement once a worker has listened to it."""
        response = self.send(statement, wav(samples))
        assert response.status_code in {201, 202}, response.text
        return finished(self.caller, f"{self.path}/{statement['id']}")


def finished(caller: Caller, path: str) -> dict[str, Any]:
    """Answer what is at an address once no worker is needed for it any more, however busy this machine is."""
    for _ in range(1200):
        answer: dict[str, Any] = caller.get(path).get_json()
        if answer["state"] != "queued":
            return answer
        time.sleep(0.05)
    pytest.fail(f"{path} still waits after a minute")


def codes(answer: dict[str, Any]) -> list[str]:
    return [reason["code"] for reason in answer["reasons"]]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return build_engine(Settings(device="cpu"))


@pytest.fixture
def speaking(house: House, engine: Engine) -> Iterator[Speaking]:
    """A performer whose voice is enrolled, and a worker that listens."""
    with worker(house, engine):
        speaking = Speaking(house)
        assert finished(speaking.caller, speaking.enrol())["state"] == "active"
        yield speaking


@pytest.fixture
def unheard(house: House) -> Speaking:
    """A performer who is enrolled, with voiceprints drawn at random; nobody listens."""
    speaking = Speaking(house)
    speaking.enrol()
    held = take(house.ctx)
    assert held is not None
    enrolment_work.complete_enrolment(house.ctx, held, drawn_voiceprints("slt"))
    return speaking


def other(number: str) -> str:
    """Answer another number that is as near as can be: its last digit is one more."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def test_another_number_another_voice_and_a_number_in_another_voice_are_refused_each_for_its_reason(
    speaking: Speaking,
) -> None:
    begun = speaking.begin()
    answer = speaking.outcome(begun, spoken(other(begun["number"])))
    assert (answer["state"], codes(answer)) == ("refused", ["wrong_digits"])
    begun = speaking.begin()
    answer = speaking.outcome(begun, spoken(begun["number"], voice="rms"))
    assert (answer["state"], codes(answer)) == ("refused", ["foreign_voice"])
    begun = speaking.begin()
    answer = speaking.outcome(begun, spoken(begun["number"], number_in="rms"))
    assert answer["state"] == "refused"
    assert codes(answer)[0] in {"several_voices", "number_in_another_voice"}
    listed = speaking.caller.get(speaking.path).get_json()["items"]
    assert [(each["attempt"], each["state"]) for each in listed] == [(1, "refused"), (2, "refused"), (3, "refused")]
    assert speaking.house.spooled() == []


def test_read_in_korean_or_through_a_telephone_it_is_kept_as_not_verified_and_in_english_it_is_accepted_for_good(
    speaking: Speaking,
) -> None:
    begun = speaking.begin("ko-KR")
    assert "동의합니다" in begun["text"]
    answer = speaking.outcome(begun, spoken(other(begun["number"])))
    assert (answer["state"], answer["digits"]) == ("unverified", "not_verified")
    assert codes(answer) == ["enrolled_voice", "digits_not_recognised_in_language"]
    begun = speaking.begin()
    answer = speaking.outcome(begun, narrow(spoken(other(begun["number"]))))
    assert answer["state"] == "unverified"
    assert codes(answer) == ["enrolled_voice", "digits_not_recognised_in_narrow_sound"]

    begun = speaking.begin()
    answer = speaking.outcome(begun, spoken(begun["number"]))
    assert (answer["state"], answer["digits"], answer["outcome"]) == ("accepted", "verified", "match")
    assert codes(answer) == ["enrolled_voice", "number_heard"]
    assert answer["log10_lr"] > 1
    assert answer["number_log10_lr"] > 0
    again = speaking.send(begun, wav(spoken(begun["number"])))
    assert_problem(again, 409, "statement_spent", state="accepted")
    assert_problem(speaking.caller.post(speaking.path, {"language": "en"}), 409, "conflict", state="accepted")


def narrow(samples: Samples) -> Samples:
    """Leave out what a telephone does: all above 3.4 kHz."""
    spectrum = np.fft.rfft(samples.astype(np.float64))
    spectrum[np.fft.rfftfreq(samples.size, 1 / 16_000) > 3400] = 0
    return np.fft.irfft(spectrum, samples.size).round().astype(np.int16)


# --- what needs nobody to listen -------------------------------------------------------------------------------------


def test_what_is_not_finished_in_time_is_a_202_and_sent_again_under_its_key_it_is_the_same(unheard: Speaking) -> None:
    begun = unheard.begin()
    data = wav(spoken(begun["number"]))
    response = unheard.send(begun, data, key="once")
    assert (response.status_code, response.get_json()["state"]) == (202, "queued")
    assert response.headers["Location"] == f"{unheard.path}/{begun['id']}"
    again = unheard.send(begun, data, key="once")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (202, "true")
    assert again.get_json() == response.get_json()
    assert_problem(unheard.send(begun, data), 409, "statement_spent", state="queued")
    assert len(unheard.house.spooled()) == 1


def test_a_late_recording_is_told_so_in_its_answer(unheard: Speaking) -> None:
    begun = unheard.begin()
    unheard.house.clock.move(minutes=10)
    assert unheard.caller.get(f"{unheard.path}/{begun['id']}").get_json()["state"] == "expired"
    response = unheard.send(begun, wav(spoken(begun["number"])))
    answer = response.get_json()
    assert (response.status_code, answer["state"], codes(answer)) == (201, "expired", ["statement_too_old"])


def test_what_is_no_recording_is_a_problem_and_the_number_holds(unheard: Speaking) -> None:
    begun = unheard.begin()
    assert_problem(unheard.send(begun, b"no recording"), 422, "media_not_recognised")
    assert unheard.send(begun, wav(spoken(begun["number"]))).status_code == 202


def test_after_ten_in_a_day_the_next_is_refused_with_when_it_may_be(unheard: Speaking) -> None:
    for _ in range(10):
        unheard.begin()
    refused = unheard.caller.post(unheard.path, {"language": "en"})
    assert_problem(refused, 409, "too_many_attempts", attempts=10, allowed=10, retry_after_s=86_400)


def test_without_an_enrolled_voice_none_is_begun(house: House) -> None:
    speaking = Speaking(house)
    assert_problem(speaking.caller.post(speaking.path, {"language": "en"}), 409, "not_enrolled")


def test_a_statement_is_seen_by_nobody_else(unheard: Speaking) -> None:
    begun = unheard.begin()
    stranger, _ = unheard.house.performer("Bo Ek")
    assert_problem(stranger.get(f"{unheard.path}/{begun['id']}"), 404, "not_found")
    assert_problem(stranger.post(unheard.path, {"language": "en"}), 404, "not_found")
    studio = unheard.house.studio()
    assert_problem(studio.get(unheard.path), 403, "forbidden")
    other_id = begun["id"][:-1] + ("0" if begun["id"][-1] != "0" else "1")
    assert_problem(unheard.caller.get(f"{unheard.path}/{other_id}"), 404, "not_found")


def test_a_body_that_is_not_one_is_refused_and_a_language_without_words_is_told_which_have_them(
    unheard: Speaking,
) -> None:
    for body in ({}, {"language": "x"}, {"language": "en", "number": "000000"}):
        assert_problem(unheard.caller.post(unheard.path, body), 422, "validation_failed")
    assert_problem(unheard.caller.post(unheard.path, {"language": "ja"}), 422, "invalid_input", languages=["en", "ko"])
