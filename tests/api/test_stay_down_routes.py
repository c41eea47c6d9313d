"""Stay-down over HTTP: the recording that was reviewed is told again by its content, while the notice is in force.

Real recordings: the same one in another encoding is found, another by the same voice is not.
"""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import av
import pytest
from house import House, Sound, assert_problem, recording
from noticing import ADVERT, Noticed
from sqlalchemy import select

from registry.store.stay_down import StayDownEntry

SAME_VOICE = "submissions/slt-game.flac"


@pytest.fixture
def noticed(house: House) -> Noticed:
    return Noticed(house)


def as_mp3(name: str) -> Sound:
    """Encode an example again, at 48 kbit/s."""
    written = io.BytesIO()
    source = av.open(io.BytesIO(recording(name).data), "r")
    with source, av.open(written, "w", format="mp3") as target:
        stream = target.add_stream("libmp3lame", rate=22_050, layout="mono")
        stream.bit_rate = 48_000
        resampler = av.AudioResampler("s16p", "mono", 22_050)
        for frame in [*source.decode(audio=0), None]:
            for part in resampler.resample(frame):
                target.mux(stream.encode(part))
        target.mux(stream.encode(None))
    return Sound(written.getvalue(), "again.mp3")


def fingerprint(noticed: Noticed, sound: Sound) -> None:
    made = noticed.performer.send(f"{noticed.path}/stay-down", {"file": sound})
    assert made.status_code == 201, made.text
    assert made.get_json()["algorithm"] == "chromaprint-2"


def told_again(noticed: Noticed, sound: Sound) -> list[dict[str, Any]]:
    """Submit something, and answer what the check says at once of what it was told by."""
    return list(submitted(noticed, sound)["stay_down"])


def submitted(noticed: Noticed, sound: Sound) -> dict[str, Any]:
    use = {"kind": "generated", "purpose": "advertising", "project": "Spring", "medium": "radio", "territory": "GB"}
    sent = noticed.studio.send("/v1/checks", use | {"file": sound}, headers={"Prefer": "wait=0"})
    assert sent.status_code == 202, sent.text
    answered: dict[str, Any] = sent.get_json()
    return answered


# --- what is listed --------------------------------------------------------------------------------------------------


def test_what_a_served_notice_names_is_listed_and_the_very_file_is_told(noticed: Noticed) -> None:
    assert told_again(noticed, recording(ADVERT)) == []
    noticed.serve()
    (entry,) = noticed.entries()
    assert (entry["content_sha256"], entry["algorithm"], entry["ended_at"]) == (noticed.sha256, None, None)
    (hit,) = told_again(noticed, recording(ADVERT))
    assert (hit["kind"], hit["bit_error_rate"], hit["notice_id"]) == ("exact", 0.0, entry["notice_id"])
    assert told_again(noticed, as_mp3(ADVERT)) == []  # without a fingerprint, only the very file is


def test_the_same_recording_is_told_in_another_encoding_and_no_other_one_is(noticed: Noticed) -> None:
    noticed.serve()
    fingerprint(noticed, recording(ADVERT))
    (hit,) = told_again(noticed, as_mp3(ADVERT))
    assert hit["kind"] == "perceptual"
    assert hit["bit_error_rate"] < 0.1
    assert hit["compared_s"] > 5
    assert told_again(noticed, recording(SAME_VOICE)) == []


def test_a_check_says_it_beside_its_verdict_and_the_verdict_stays(noticed: Noticed) -> None:
    before = noticed.check()
    noticed.serve()
    after = noticed.check()
    assert after["verdict"] == before["verdict"]
    assert [each["verdict"] for each in after["findings"]] == [each["verdict"] for each in before["findings"]]
    assert [each["code"] for each in after["reasons"] if each not in before["reasons"]] == ["stay_down"]


def test_who_is_no_side_of_it_learns_that_there_is_a_notice_and_not_which(noticed: Noticed) -> None:
    noticed.serve()
    (hit,) = noticed.check(by=noticed.house.studio("Southgate Sound"))["stay_down"]
    assert (hit["kind"], hit["notice_id"]) == ("exact", None)


# --- who puts what on the list ---------------------------------------------------------------------------------------


def test_only_the_very_file_that_was_reviewed_gets_a_fingerprint(noticed: Noticed) -> None:
    noticed.serve()
    path = f"{noticed.path}/stay-down"
    other = noticed.performer.send(path, {"file": recording(SAME_VOICE)})
    assert assert_problem(other, 422, "invalid_input")["listed"] == [noticed.sha256]
    again = noticed.performer.send(path, {"file": as_mp3(ADVERT)})
    assert_problem(again, 422, "invalid_input")
    assert_problem(noticed.studio.send(path, {"file": recording(ADVERT)}), 403, "forbidden", side="respondent")
    junk = noticed.performer.send(path, {"file": Sound(b"no recording")})
    assert junk.status_code == 422
    with noticed.house.ctx.database.read() as session:
        assert session.scalars(select(StayDownEntry.fingerprint)).all() == [None]


def test_nothing_is_listed_before_it_was_served(noticed: Noticed) -> None:
    noticed.propose()
    noticed.review()
    assert noticed.entries() == []
    refused = noticed.performer.send(f"{noticed.path}/stay-down", {"file": recording(ADVERT)})
    assert_problem(refused, 409, "conflict", state="reviewed")


# --- how it ends -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "ending"),
    [
        ("counter", "case_reopened"),
        ("put_back", "put_back"),
        ("withdraw", "withdrawn"),
        ("reopen", "case_reopened"),
        ("by_hand", "by_hand"),
    ],
)
def test_an_entry_ends_with_its_notice_and_its_fingerprint_is_erased(noticed: Noticed, end: str, ending: str) -> None:
    noticed.serve()
    fingerprint(noticed, recording(ADVERT))
    (entry,) = noticed.entries()
    by_hand = f"{noticed.path}/stay-down/{entry['id']}/end"
    if end == "counter":
        noticed.counter()
    elif end == "put_back":
        noticed.done(noticed.second, "put-back", {"ground": "mistake", "reason": "Another product."})
    elif end == "withdraw":
        noticed.done(noticed.performer, "withdraw", {"ground": "settled", "reason": "Agreed."})
    elif end == "reopen":
        noticed.step("ask_for_more")
    else:
        assert noticed.performer.post(by_hand).status_code == 200
    (ended,) = noticed.entries()
    assert (ended["ending"], ended["algorithm"]) == (ending, None)
    with noticed.house.ctx.database.read() as session:
        assert session.scalars(select(StayDownEntry.fingerprint)).all() == [None]
    assert told_again(noticed, recording(ADVERT)) == []
    assert_problem(noticed.performer.post(by_hand), 409, "conflict")


def test_an_entry_is_looked_for_until_its_term_is_over(noticed: Noticed) -> None:
    noticed.serve()
    with noticed.house.ctx.database.write() as session:
        (kept,) = session.scalars(select(StayDownEntry))
        assert (kept.ends_at - kept.listed_at).days == 365
        kept.ends_at = noticed.house.clock.now + timedelta(seconds=1)
        session.commit()
    assert len(told_again(noticed, recording(ADVERT))) == 1
    noticed.house.clock.move(seconds=1)
    assert told_again(noticed, recording(ADVERT)) == []
