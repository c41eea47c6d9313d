"""What is wrong with a recording is said in numbers, and nothing of it is stored: no row, no blob."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from house import USE, Caller, House, Sound, assert_problem, recording
from soundfiles import RATE, adts_silence, encoded, film, flac_declaring, float_wav, noise, wav
from werkzeug.test import TestResponse

from api.uploads import clean_name
from registry.domain.explanations.shipped import shipped_texts

LICENCE = "lic_00000000000000000000000000"
PERFORMER = "perf_00000000000000000000000000"


def not_a_number() -> bytes:
    samples = np.full((RATE, 1), 0.1, np.float32)
    samples[5000] = np.nan
    return float_wav(samples)


def bomb() -> bytes:
    """A FLAC file that hides its length: a quarter of an hour in a few kilobytes."""
    return flac_declaring(encoded("flac", "flac", np.zeros((8000 * 900, 1), np.int16), 8000), 0)


def another_codec() -> bytes:
    return encoded("matroska", "ac3", noise(1, 48_000), 48_000)


BAD: dict[str, tuple[Callable[[], bytes], int, str, dict[str, Any]]] = {
    "empty": (lambda: b"", 422, "media_empty", {"size_bytes": 0}),
    "not media": (lambda: b"These are words, not sounds. " * 40, 422, "media_not_recognised", {}),
    "truncated": (lambda: wav(noise(10))[: RATE * 10], 422, "media_truncated", {"declared_s": 10.0}),
    "lying header": (lambda: wav(noise(1), declared=RATE * 2 * 5000), 422, "media_truncated", {"declared_s": 5000.0}),
    "video without audio": (lambda: film(with_sound=False), 422, "media_without_audio", {"stream_kinds": ["video"]}),
    "ten hours": (lambda: adts_silence(36_000), 422, "media_too_large", {"max_duration_s": 600.0}),
    "decompression bomb": (bomb, 422, "media_too_large", {"max_duration_s": 600.0}),
    "96 kHz, 8 channels": (
        lambda: wav(noise(0.1, 96_000, 8), 96_000),
        422,
        "media_too_large",
        {"channels": 8, "sample_rate_hz": 96_000},
    ),
    "not a number": (not_a_number, 422, "media_samples_not_finite", {}),
    "another codec": (
        lambda: encoded("matroska", "ac3", noise(1, 48_000), 48_000),
        422,
        "media_format_not_allowed",
        {},
    ),
}


@pytest.fixture
def studio(house: House) -> Caller:
    return house.studio()


def check(studio: Caller, sent: Any, **changes: Any) -> TestResponse:
    form = {name: value for name, value in (USE | {"file": sent} | changes).items() if value is not None}
    return studio.send("/v1/checks", form, headers={"Prefer": "wait=1"})


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_used_is_refused_in_numbers_and_not_kept(house: House, studio: Caller, name: str) -> None:
    make, status, code, figures = BAD[name]
    before = house.rows()
    assert_problem(check(studio, Sound(make())), status, code, **figures)
    assert (house.rows(), house.spooled()) == (before, [])


@pytest.mark.parametrize(
    ("name", "code", "figure"),
    [
        ("problems/silence.flac", "recording_silent", None),
        ("problems/music.flac", "no_speech", None),
        ("problems/short.flac", "speech_too_short", "speech_s"),
    ],
)
def test_a_recording_without_enough_speech_is_refused_in_numbers_and_not_kept(
    house: House, studio: Caller, name: str, code: str, figure: str | None
) -> None:
    before = house.rows()
    answer = assert_problem(check(studio, recording(name)), 422, code)
    if figure is not None:
        assert 0 < answer[figure] < answer["required_s"] == 0.5
    assert (house.rows(), house.spooled()) == (before, [])


@pytest.mark.parametrize("name", BAD)
def test_no_enrolment_is_made_of_a_file_that_cannot_be_used(house: House, name: str) -> None:
    performer, performer_id = house.performer()
    house.consent(performer, performer_id)
    before = house.rows()
    make, status, code, figures = BAD[name]
    form = {"recordings": [recording("enrolment/slt-1.flac"), Sound(make(), "second.wav")]}
    response = performer.send(f"/v1/performers/{performer_id}/enrolments", form)
    assert_problem(response, status, code, filename="second.wav", **figures)
    assert (house.rows(), house.spooled()) == (before, [])


@pytest.mark.parametrize(
    ("name", "code", "figure"),
    [
        ("problems/too-short-enrolment.flac", "speech_too_short", "speech_s"),
        ("problems/clipped.flac", "enrolment_clipping", "clipped_share"),
        ("problems/noisy.flac", "enrolment_too_noisy", "snr_db"),
    ],
)
def test_the_quality_gate_says_what_to_mend(house: House, name: str, code: str, figure: str) -> None:
    performer, performer_id = house.performer()
    house.consent(performer, performer_id)
    before = house.rows()
    response = performer.send(f"/v1/performers/{performer_id}/enrolments", {"recordings": recording(name)})
    answer = assert_problem(response, 422, code)
    assert answer[figure] is not None
    if code == "speech_too_short":
        assert 5 < answer["speech_s"] < answer["required_s"] == 20
        assert "record" in answer["detail"]
    assert (house.rows(), house.spooled()) == (before, [])


def test_a_voice_is_not_taken_in_without_consent_for_it(house: House) -> None:
    performer, performer_id = house.performer()
    house.consent(performer, performer_id, "licensing")
    before = house.rows()
    form = {"recordings": [recording(f"enrolment/slt-{n}.flac") for n in (1, 2, 3)]}
    response = performer.send(f"/v1/performers/{performer_id}/enrolments", form)
    assert_problem(response, 409, "consent_missing", purpose="monitoring", modality="voice")
    assert (house.rows(), house.spooled()) == (before, [])


OF_THE_FACE = {
    "topic": "monitoring",
    "language": "en",
    "version": "faces-1",
    "modalities": ["face"],
    "text": "What is done with your face, and how you end it.",
    "questions": [asked.as_json() for asked in shipped_texts()["monitoring.en.v1"].questions],
}


def test_consent_for_the_face_says_nothing_of_the_voice(house: House) -> None:
    performer, performer_id = house.performer()
    house.operator.made("/v1/explanation-texts", OF_THE_FACE)
    explained = house.explain(performer_id, modality="face", text_id="monitoring.en.faces-1")
    withdrawal = house.explain(performer_id, "withdrawal", modality="face")
    body = {
        "purpose": "monitoring",
        "modality": "face",
        "decision": "given",
        "explanation_ids": [explained["id"], withdrawal["id"]],
        "signed_by": "Marta Calder",
        "signature_method": "electronic",
    }
    performer.made(f"/v1/performers/{performer_id}/consents", body)
    form = {"recordings": [recording(f"enrolment/slt-{n}.flac") for n in (1, 2, 3)]}
    response = performer.send(f"/v1/performers/{performer_id}/enrolments", form)
    assert_problem(response, 409, "consent_missing", modality="voice")


# --- the form --------------------------------------------------------------------------------------------------------


def test_two_files_are_refused_with_their_number(house: House, studio: Caller) -> None:
    two = [recording("submissions/slt-advert.flac"), recording("submissions/slt-game.flac")]
    before = house.rows()
    assert_problem(check(studio, two), 422, "too_many_files", files=2, max_files=1)
    other = check(studio, two[0], attachment=recording("submissions/slt-game.flac"))
    assert_problem(other, 422, "too_many_files", files=2)
    assert (house.rows(), house.spooled()) == (before, [])


def test_no_file_a_text_in_its_place_and_a_file_of_another_name_are_refused(house: House, studio: Caller) -> None:
    for form in ({"file": None}, {"file": "text"}, {"file": None, "sound": recording("problems/short.flac")}):
        answer = assert_problem(check(studio, None, **form), 422, "validation_failed")
        assert "#/file" in {error["pointer"] for error in answer["errors"]}
    assert house.rows()["checks"] == 0


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("kind", "song", "enum"),
        ("purpose", "null", "enum"),
        ("project", "", "string_too_short"),
        ("project", "x" * 201, "string_too_long"),
        ("project", "a\x00b", "string_pattern_mismatch"),
        ("territory", "gb", "string_pattern_mismatch"),
        ("territory", "GBR", "string_pattern_mismatch"),
        ("language", "english please", "string_pattern_mismatch"),
        ("fixed_on", "yesterday", "date_from_datetime_parsing"),
        ("fixed_on", "2026-02-30", "date_from_datetime_parsing"),
        ("claimed_licence_ids", "lic_1", "string_pattern_mismatch"),
        ("declared_source_id", "me", "string_pattern_mismatch"),
        ("colour", "red", "extra_forbidden"),
    ],
)
def test_a_use_that_cannot_be_declared_is_refused_at_its_field(
    house: House, studio: Caller, field: str, value: str, code: str
) -> None:
    response = check(studio, recording("submissions/slt-advert.flac"), **{field: value})
    answer = assert_problem(response, 422, "validation_failed")
    (error,) = answer["errors"]
    assert (error["pointer"].split("/")[1], error["code"]) == (field, code)
    assert house.rows()["checks"] == 0


def test_a_field_given_twice_is_refused(studio: Caller) -> None:
    response = check(studio, recording("submissions/slt-advert.flac"), purpose=["advertising", "dubbing"])
    assert_problem(response, 422, "repeated_field", field="purpose", times=2)


def test_a_licence_that_is_unknown_and_one_of_somebody_else_are_refused_alike(house: House, studio: Caller) -> None:
    other = house.studio("Another Studio")
    _, performer_id = house.performer()
    theirs = house.licence(other, performer_id)["id"]
    before = house.rows()
    for licence_id in (LICENCE, theirs):
        response = check(studio, recording("submissions/slt-advert.flac"), claimed_licence_ids=licence_id)
        answer = assert_problem(response, 422, "licence_unknown", licence_id=licence_id)
        assert answer["detail"].replace(licence_id, "…") == "there is no licence … of this organisation"
    for source_id in (PERFORMER, performer_id):
        response = check(studio, recording("submissions/slt-advert.flac"), declared_source_id=source_id)
        assert_problem(response, 422, "source_unknown", performer_id=source_id)
    assert (house.rows(), house.spooled()) == (before, [])


def test_whoever_runs_the_registry_and_whoever_is_in_it_submit_nothing(house: House) -> None:
    performer, _ = house.performer()
    for caller in (house.operator, performer):
        assert_problem(check(caller, recording("submissions/slt-advert.flac")), 403, "forbidden", scope="checks:write")
    assert house.rows()["checks"] == 0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd.flac", "passwd.flac"),
        ("C:\\Takes\\one.flac", "one.flac"),
        ("a\x07b\n.flac", "ab.flac"),
        ("x" * 400 + ".flac", "x" * 250 + ".flac"),
        ("take/", "unnamed"),
        ("", "unnamed"),
        (None, "unnamed"),
    ],
)
def test_a_name_of_a_file_is_shown_and_never_a_path(name: str | None, shown: str) -> None:
    assert clean_name(name) == shown
