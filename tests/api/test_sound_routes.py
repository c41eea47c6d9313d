"""Sound of a finding over HTTP and on pages: shared by the studio, heard by the performer, seen by both, ended."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from bench import assess, evidence, heard
from house import USE, Caller, House, assert_problem, recording
from walk import Seated
from werkzeug.test import TestResponse

from api.idempotency import HEADER, REPLAYED
from registry.domain.scores import EvidenceOutcome

FILE = "submissions/slt-advert.flac"
HEADER_BYTES = 44


class Found:
    """A studio's check with one finding of one performer."""

    def __init__(self, house: House) -> None:
        self.house, self.studio = house, house.studio()
        self.performer, self.performer_id = house.performer()
        house.consent(self.performer, self.performer_id, "monitoring")
        sent = self.studio.send("/v1/checks", USE | {"file": recording(FILE)}, headers={"Prefer": "wait=0"})
        found = evidence(heard(self.performer_id).candidates, EvidenceOutcome.MATCH)
        assess(house.ctx, found)
        self.check_id = str(sent.get_json()["id"])
        (finding,) = self.studio.get(f"/v1/checks/{self.check_id}").get_json()["findings"]
        self.finding_id = str(finding["id"])
        self.path = f"/v1/findings/{self.finding_id}/sound"

    def share(self, who: Caller | None = None, file: str = FILE, key: str | None = None, **more: Any) -> TestResponse:
        headers = {HEADER: key} if key else None
        return (who or self.studio).send(self.path, {"file": recording(file)} | more, headers=headers)


@pytest.fixture
def found(house: House) -> Found:
    return Found(house)


def test_what_is_shared_is_described_to_both_sides_and_heard_by_them(found: Found) -> None:
    shared = found.share(days="7")
    assert (shared.status_code, shared.headers["Location"]) == (201, found.path)
    (stretch,) = shared.get_json()["stretches"]
    assert (stretch["number"], stretch["start_s"], stretch["end_s"]) == (1, 0.3, 11.7)
    for who in (found.studio, found.performer, found.house.operator):
        assert who.get(found.path).get_json() == shared.get_json()
    for who in (found.performer, found.studio):
        sound = who.get(f"{found.path}/stretches/1")
        assert (sound.status_code, sound.mimetype) == (200, "audio/wav")
        assert sound.headers["Cache-Control"] == "no-store"
        assert "Content-Disposition" not in sound.headers
        assert len(sound.data) == HEADER_BYTES + 2 * round(11.4 * 16_000)
    assert_problem(found.house.operator.get(f"{found.path}/stretches/1"), 403, "forbidden")


def test_a_player_seeks_by_asking_for_a_part(found: Found) -> None:
    found.share()
    at = f"{found.path}/stretches/1"
    whole = found.performer.get(at).data
    part = found.performer.get(at, headers={"Range": "bytes=1000-1999"})
    assert (part.status_code, part.data) == (206, whole[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(whole)}"
    assert part.headers["Cache-Control"] == "no-store"
    assert found.performer.get(at, headers={"Range": f"bytes=-{HEADER_BYTES}"}).data == whole[-HEADER_BYTES:]
    for none in (f"bytes={len(whole)}-", "bytes=9-3", "pages=1-2", "bytes=a-b"):
        assert found.performer.get(at, headers={"Range": none}).data == whole, none


def test_both_sides_see_that_it_was_heard_and_neither_who_of_the_other(found: Found) -> None:
    found.share()
    for who in (found.performer, found.performer, found.studio):
        assert who.get(f"{found.path}/stretches/1").status_code == 200
    told = {
        name: [(each["side"], each["account_id"]) for each in who.get(f"{found.path}/listenings").get_json()["items"]]
        for name, who in (("studio", found.studio), ("performer", found.performer), ("house", found.house.operator))
    }
    assert sorted(told["performer"], key=str) == [
        ("organisation", None),
        ("performer", found.performer.account_id),
    ]
    assert sorted(told["studio"], key=str) == [
        ("organisation", found.studio.account_id),
        ("performer", None),
    ]
    assert {account for _, account in told["house"]} == {None}


def test_sent_twice_with_one_key_it_is_shared_once(found: Found) -> None:
    first, again = found.share(key="once"), found.share(key="once")
    assert (first.status_code, again.status_code, again.headers[REPLAYED]) == (201, 201, "true")
    assert again.get_json() == first.get_json()
    assert_problem(found.share(key="twice"), 409, "conflict")


def test_another_file_is_refused_with_both_digests(found: Found) -> None:
    refused = found.share(file="submissions/rms-story.flac")
    body = assert_problem(refused, 422, "another_recording")
    checked = found.studio.get(f"/v1/checks/{found.check_id}").get_json()["file"]["sha256"]
    assert body["checked_sha256"] == checked != body["sent_sha256"]
    assert_problem(found.performer.get(found.path), 404, "not_found")


def test_anothers_finding_is_as_one_that_there_is_not(house: House, found: Found) -> None:
    stranger = house.studio("Southgate")
    found.share()
    nobodys = f"/v1/findings/find_{'0' * 26}/sound"
    for path in (found.path, nobodys):
        assert_problem(stranger.send(path, {"file": recording(FILE)}), 404, "not_found")
        assert_problem(stranger.get(path), 404, "not_found")
        assert_problem(stranger.get(f"{path}/stretches/1"), 404, "not_found")
        assert_problem(stranger.post(f"{path}/end"), 404, "not_found")


@pytest.mark.parametrize("days", ["0", "91", "soon"])
def test_days_are_held_to_what_is_allowed(found: Found, days: str) -> None:
    assert_problem(found.share(days=days), 422, "validation_failed")


def test_ended_it_is_heard_by_nobody_and_says_why(found: Found) -> None:
    tag = found.share().headers["ETag"]
    assert_problem(found.studio.post(f"{found.path}/end", headers={"If-Match": '"v9"'}), 412, "stale_version")
    ended = found.studio.post(f"{found.path}/end", headers={"If-Match": tag})
    assert (ended.status_code, ended.get_json()["ending"]) == (200, "by_organisation")
    for who in (found.performer, found.studio):
        assert_problem(who.get(f"{found.path}/stretches/1"), 404, "not_found")
    assert found.performer.get(found.path).get_json()["ending"] == "by_organisation"
    assert found.share().status_code == 201


def test_when_its_days_are_over_its_tag_is_another(house: House, found: Found) -> None:
    tag = found.share(days="1").headers["ETag"]
    house.clock.move(days=1)
    over = found.performer.get(found.path, headers={"If-None-Match": tag})
    assert (over.status_code, over.get_json()["ending"]) == (200, "ran_out")


# --- pages -----------------------------------------------------------------------------------------------------------


class Browsing:
    """Somebody who is signed in, without scripts."""

    def __init__(self, found: Found, who: Caller) -> None:
        client = found.house.app.test_client(use_cookies=False)
        self._me, self._found = Seated(client, who.account_id, found.house.opened(who).text), found

    def reads(self, path: str, language: str = "en") -> str:
        response = self._me.get(f"{path}{'&' if '?' in path else '?'}lang={language}")
        assert response.status_code == 200, response.text
        return response.get_data(as_text=True)

    def sends(self, page: str, action: str, **more: Any) -> TestResponse:
        """Send the form of a page that goes to an address, with what it carries."""
        form = next(each for each in re.findall(r"<form .*?</form>", page, re.DOTALL) if f'action="{action}"' in each)
        carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
        files = {name: (io.BytesIO(each.data), each.name) for name, each in more.items() if hasattr(each, "data")}
        fields = carried | {name: each for name, each in more.items() if name not in files}
        headers = self._me._headers({"Sec-Fetch-Site": "same-origin"})
        sent = fields | files
        kind = {"content_type": "multipart/form-data"} if files or "days" in more else {}
        return self._me.client.post(action, data=sent, headers=headers, **kind)


def test_a_studio_shares_and_ends_on_the_page_of_its_check(found: Found) -> None:
    studio, performer = Browsing(found, found.studio), Browsing(found, found.performer)
    check = f"/checks/{found.check_id}"
    theirs = f"/performers/{found.performer_id}/findings/{found.finding_id}"
    action = f"{check}/findings/{found.finding_id}/sound"
    assert "does not share the sound" in performer.reads(theirs)
    page = studio.reads(check)
    assert "Let <bdi>Marta Calder</bdi> hear it" in page
    other = studio.sends(page, action, days="30", file=recording("submissions/rms-story.flac"))
    assert (other.status_code, "This is another file" in other.text) == (422, True)
    none = studio.sends(page, action, days="30")
    assert (none.status_code, "Choose the recording" in none.text) == (422, True)
    shared = studio.sends(page, action, days="30", file=recording(FILE))
    assert (shared.status_code, shared.headers["Location"]) == (303, f"{check}?done=sound_shared")
    again = studio.sends(page, action, days="30", file=recording(FILE))
    assert again.headers["Location"] == shared.headers["Location"]
    heard_by_her = performer.reads(theirs)
    src = f"/v1/findings/{found.finding_id}/sound/stretches/1"
    assert f'<audio controls preload="none" src="{src}"' in heard_by_her
    assert "Northlight Games" in heard_by_her
    assert "there is sound" in performer.reads(f"/performers/{found.performer_id}/findings")
    overview = f"/performers/{found.performer_id}"
    assert f'href="{theirs}#sound"' in performer.reads(overview)
    assert "#sound" not in Browsing(found, found.house.operator).reads(overview)
    assert found.performer.get(src).status_code == 200
    page = studio.reads(check)
    assert "the performer&#39;s side" in page or "the performer's side" in page
    ended = studio.sends(page, f"{action}/end")
    assert ended.headers["Location"] == f"{check}?done=sound_ended"
    assert "who shared it has ended it" in performer.reads(theirs)
    assert "#sound" not in performer.reads(overview)
    assert src not in performer.reads(theirs)


def test_what_was_seen_before_somebody_ended_it_is_not_ended_again(found: Found) -> None:
    found.share()
    studio, action = Browsing(found, found.studio), f"/checks/{found.check_id}/findings/{found.finding_id}/sound/end"
    page = studio.reads(f"/checks/{found.check_id}")
    found.studio.post(f"{found.path}/end")
    found.share()
    late = studio.sends(page, action)
    assert (late.status_code, "This has changed since you opened the page" in late.text) == (412, True)
    assert found.performer.get(found.path).get_json()["ending"] is None


def test_an_operator_reads_that_it_is_shared_and_is_offered_nothing_to_hear(found: Found) -> None:
    found.share()
    house = Browsing(found, found.house.operator)
    for page in (f"/checks/{found.check_id}", f"/performers/{found.performer_id}/findings/{found.finding_id}"):
        assert "/stretches/1" not in house.reads(page)
    assert "nobody of the registry hears it" in house.reads(
        f"/performers/{found.performer_id}/findings/{found.finding_id}"
    )


def test_both_pages_say_it_in_korean(found: Found) -> None:
    found.share()
    assert "소리를" in Browsing(found, found.performer).reads(
        f"/performers/{found.performer_id}/findings/{found.finding_id}", "ko"
    )
    assert "그만 들려주기" in Browsing(found, found.studio).reads(f"/checks/{found.check_id}", "ko")
