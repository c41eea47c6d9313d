"""An auditor's pages, as without scripts: what is refused and why, what is called off, and what is shown of a scan."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from browser import Browser
from flask import Flask
from house import Caller, House, Sound
from httpx import Response
from test_scan_reading_routes import heard, nobody, written
from test_scan_result_routes import Place, row
from test_studio_pages import follow, said

from api import create_app
from registry.domain.proportions import wilson
from registry.domain.scan_requests import ScanPlaces, ScanRoot
from registry.domain.scans import ScanState
from registry.vault.tokens import csrf_token


@pytest.fixture
def auditor(house: House) -> Caller:
    return house.admit("auditor", "Auditor", "Clear Ear")


@pytest.fixture
def app(house: House, auditor: Caller, tmp_path: Path) -> Flask:
    media = tmp_path / "media"
    media.mkdir()
    (media / "a.wav").write_bytes(b"no recording")
    roots = {"media": ScanRoot("media", str(media), frozenset({str(auditor.organisation_id)}))}
    return create_app(replace(house.ctx, scan_places=ScanPlaces(tmp_path / "scans", roots)))


@pytest.fixture
def place(house: House, auditor: Caller, app: Flask, tmp_path: Path) -> Place:
    return Place(house, replace(auditor, client=app.test_client()), tmp_path / "scans")


@pytest.fixture
def browser(house: House, auditor: Caller, app: Flask) -> Browser:
    return signed_in(house, app, auditor.account_id)


def signed_in(house: House, app: Flask, account_id: str) -> Browser:
    opened = Browser(house, app=app)
    opened.use(str(house.operator.made(f"/v1/accounts/{account_id}/sign-in-links", None)["url"]))
    return opened


def test_what_chance_may_bring_is_said_before_there_is_a_button_that_asks(browser: Browser) -> None:
    empty = browser.get("/scans/new")
    assert "Start the scan" not in empty.text
    looked = browser.get("/scans/new?root=media&target_fpir=0.001")
    assert "Chance alone may bring up about 0.0 matches." in said(looked)
    asked = browser.press(looked, "/scans/new")
    assert "Asked for." in said(follow(browser, asked))
    assert browser.press(looked, "/scans/new").headers["Location"] == asked.headers["Location"], "it was done twice"


def test_what_cannot_be_asked_for_is_refused_in_words_and_nothing_typed_is_lost(browser: Browser) -> None:
    for query, words in (
        ("root=other", "There is nothing that you may have scanned at this place."),
        ("root=media&path=../up", "There is nothing that you may have scanned at this place."),
        ("root=media&path=nowhere", "This server sees nothing at this place"),
        ("root=media&target_fpir=0.4", "This cannot be asked for as it is."),
        ("root=media&limit=none", "This cannot be asked for as it is."),
        ("root=media&declared_use=singing", "The declared use has a word that is not known: singing"),
    ):
        answer = browser.get(f"/scans/new?{query}&project=%3Cb%3Espring")
        assert answer.status_code == 422
        assert words in said(answer)
        assert ("Ask for it all the same" in said(answer)) is ("nowhere" in query), "what would be refused anew"
        assert 'value="&lt;b&gt;spring"' in answer.text


def test_two_scans_of_one_place_have_different_titles_and_headings(browser: Browser, place: Place) -> None:
    scans = [written(place, [row(0)]), written(place, [row(0)]), place.scan(ScanState.QUEUED)]
    for path, of in (("", scans), ("/findings", scans[:2]), ("/results", scans[:2]), ("/sample", scans[:2])):
        pages = [browser.get(f"/scans/{scan_id}{path}").text for scan_id in of]
        for tag in ("title", "h1"):
            told = {re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)[0] for page in pages}
            assert len(told) == len(of), path
            assert all("UTC" in each for each in told)


def test_a_scan_is_called_off_once_and_one_that_has_ended_stays_as_it_ended(browser: Browser, place: Place) -> None:
    running = place.scan(ScanState.QUEUED)
    page = browser.get(f"/scans/{running}")
    assert "Called off." in said(follow(browser, browser.press(page, f"/scans/{running}/cancel")))
    assert "Call it off" not in browser.get(f"/scans/{running}").text
    stale = browser.press(page, f"/scans/{running}/cancel", form_key="k" * 24)  # of a tab that was open before
    assert "It had ended already; nothing was called off." in said(follow(browser, stale))


def test_rows_are_filtered_and_ordered_in_the_address(browser: Browser, place: Place) -> None:
    rows = [row(n) for n in range(20)]
    scan_id = written(place, rows)
    failed = said(browser.get(f"/scans/{scan_id}/results?error=no_speech"))
    assert "nobody speaks in it" in failed
    assert "1.wav" not in failed.replace("14.wav", "").replace("21.wav", "")
    assert "No row of that kind." in said(browser.get(f"/scans/{scan_id}/results?text=zzz"))
    assert browser.get(f"/scans/{scan_id}/results?order=loudest").status_code == 422
    first = browser.get(f"/scans/{scan_id}/results?limit=5&order=longest&status=assessed")
    assert "limit=5&amp;order=longest&amp;status=assessed&amp;cursor=" in first.text


def test_a_name_of_a_file_is_shown_as_what_it_is(browser: Browser, place: Place) -> None:
    bad = "<script>alert(1)</script>.wav"
    scan_id = written(place, [heard(0, {"perf_a": ("match", 3.0)}, name=bad)])
    for path in ("results", "sample", "differences"):
        assert "<script>alert" not in browser.get(f"/scans/{scan_id}/{path}").text
    table = browser.get(f"/scans/{scan_id}/sample.csv?size=1")
    assert table.headers["Content-Type"].startswith("text/csv")


def test_no_cell_of_a_list_to_fill_in_is_a_formula(browser: Browser, place: Place) -> None:
    scan_id = written(place, [heard(0, {"perf_a": ("match", 3.0)}, name="=1+1.wav")])
    assert "'=1+1.wav" in browser.get(f"/scans/{scan_id}/sample.csv").text


def test_two_scans_are_compared_with_what_differs_in_their_making_first(browser: Browser, place: Place) -> None:
    before = written(place, [nobody(0)])
    now = written(place, [heard(0, {"perf_a": ("match", 3.0)})], {"gallery": {"id": "other", "performers": 2}})
    text = said(browser.get(f"/scans/{now}/differences?earlier={before}"))
    assert text.index("The gallery that was searched") < text.index("1 new: flagged now, and not before")
    assert "other performers are searched for" in text
    assert browser.get(f"/scans/{now}/differences?earlier={now}").status_code == 422


def test_a_filter_tells_nobodys_name(house: House, browser: Browser, place: Place) -> None:
    _caller, performer_id = house.performer()
    scan_id = written(place, [nobody(0)])
    page = browser.get(f"/scans/{scan_id}/results?performer_id={performer_id}")
    assert performer_id in page.text
    assert "Marta Calder" not in page.text


def test_an_error_rate_of_what_a_person_heard_has_its_bounds(browser: Browser, place: Place) -> None:
    scan_id = written(place, [nobody(n) for n in range(30)])
    at = f"/scans/{scan_id}/sample"
    table = browser.get(f"{at}.csv?size=20").text.splitlines()
    marked = [table[0], f"{table[1]}disagree", *(f"{line}agree" for line in table[2:])]
    sent = f"{at}?size=20"
    answer = follow(browser, sent_file(browser, sent, "marks", "\r\n".join(marked)))
    assert "You have marked all of them." in said(answer)
    assert "wrong in 5%; 95% interval: 0.9% to 23.6%. 19 right, 1 wrong, 0 unsure" in said(answer)
    for content, words in (
        ("number,heard_by_a_person\n99,agree", "Number 99 is no row of this sample"),
        ("number,heard_by_a_person\n1,agree\n1,disagree", "Line 3: each row stands there once"),
        ("number,heard_by_a_person\n1,maybe", "Line 2: each row stands there once"),
        ("number,heard_by_a_person\n=1+1,agree", "Line 2: each row stands there once"),
        ("name\nx", "Its first line has to name the columns"),
        ("\x00", "This list cannot be read."),
    ):
        answer = sent_file(browser, at, "marks", content)
        assert answer.status_code == 422
        assert words in said(answer)
    assert "No row of the list is marked." in said(follow(browser, sent_file(browser, at, "marks", table[0] + "\n")))


def test_a_row_is_marked_by_a_button_and_one_goes_on_later(house: House, browser: Browser, place: Place) -> None:
    scan_id = written(place, [nobody(n) for n in range(3)])
    at = f"/scans/{scan_id}/sample?size=3&seed=0&by=outcome"
    page = browser.get(at)
    assert "You have marked 0 of 3. 3 are left." in said(page)
    first = browser.press(page, f"/scans/{scan_id}/sample/mark?size=3&seed=0&by=outcome", mark="0 agree")
    assert first.headers["Location"].endswith("by=outcome#row-1")
    house.clock.move(minutes=10)
    page = browser.get(at)
    assert "You have marked 1 of 3. 2 are left." in said(page)
    browser.press(page, f"/scans/{scan_id}/sample/mark?size=3&seed=0&by=outcome", mark="0 disagree")
    assert "wrong in 100%" in said(browser.get(at))
    signed = place.studio.get(f"/v1/scans/{scan_id}/marks/signed?size=3").get_json()["document"]
    assert [(each["number"], each["mark"]) for each in signed["marks"]] == [(0, "agree"), (0, "disagree")]
    assert "by what was found" in said(browser.get(f"/scans/{scan_id}/sample?seed=4"))
    for bad in ("9 agree", "0 perhaps", "x agree", "-1 agree", "agree", ""):
        page = browser.get(at)
        answer = browser.press(page, f"/scans/{scan_id}/sample/mark?size=3&seed=0&by=outcome", mark=bad)
        assert answer.status_code == 422, bad
        assert "This cannot be marked." in said(answer)


def sent_file(browser: Browser, path: str, field: str, content: str) -> Response:
    """Send the form of a page with a file."""
    page = browser.get(path)
    form = {
        name: page.text.partition(f'name="{name}" value="')[2].partition('"')[0] for name in ("csrf_token", "form_key")
    }
    here = {"Origin": "https://registry.example", "Sec-Fetch-Site": "same-origin"}
    return browser.client.post(path, data=form, files={field: ("list.csv", content)}, headers=here)


def test_a_proportion_has_the_interval_that_is_published_for_it() -> None:
    for count, size, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611)):
        assert wilson(count, size)[1:] == pytest.approx((low, high), abs=5e-5)  # Newcombe 1998, table I, method 3
    with pytest.raises(ValueError, match="no proportion"):
        wilson(2, 1)


def test_a_report_that_is_none_is_not_filed(browser: Browser) -> None:
    page = browser.get("/scans/file")
    key = page.text.partition('name="form_key" value="')[2].partition('"')[0]
    csrf = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    here = {"Origin": "https://registry.example", "Sec-Fetch-Site": "same-origin"}
    files = {"report": ("report.json", json.dumps({"jws": "a.b.c", "report": {}})), "findings": ("f.jsonl", "")}
    form = {"form_key": key, "csrf_token": csrf}
    answer = browser.client.post("/scans/file", data=form, files=files, headers=here)
    assert answer.status_code == 422
    assert "The signature does not hold" in said(answer)
    other = {"report": ("report.json", "{}"), "findings": ("f.jsonl", "")}
    none = browser.client.post("/scans/file", data=form | {"form_key": "n" * 16}, files=other, headers=here)
    assert none.status_code == 422
    assert "These two files are no report of a scan" in said(none)


def test_operators_read_scans_and_ask_for_them_elsewhere(house: House, app: Flask, place: Place) -> None:
    scan_id = written(place, [nobody(0)])
    operator = signed_in(house, app, house.operator.account_id)
    assert operator.get("/scans/new").status_code == 403
    assert "Clear Ear" in said(operator.get(f"/scans/{scan_id}"))


def test_operators_read_a_sample_and_mark_none_of_it(house: House, app: Flask, browser: Browser, place: Place) -> None:
    scan_id = written(place, [nobody(0)])
    at = f"/scans/{scan_id}/sample?size=1"
    assert 'name="mark"' in browser.get(at).text
    operator = signed_in(house, app, house.operator.account_id)
    assert 'name="mark"' not in operator.get(at).text
    assert "fill in" not in said(operator.get(at))
    assert "Those whose scan it is mark its rows." in said(operator.get(at))
    assert "left" not in said(operator.get(at))
    form = {"mark": "0 agree", "form_key": "k" * 16, "csrf_token": csrf_token(str(operator.session))}
    assert operator.submit(f"/scans/{scan_id}/sample/mark?size=1", form).status_code == 403
    assert place.studio.get(f"/v1/scans/{scan_id}/marks/signed?size=1").status_code == 409, "somebody marked it"


def test_two_who_mark_the_same_rows_are_compared(house: House, app: Flask, browser: Browser, place: Place) -> None:
    scan_id = written(place, [nobody(n) for n in range(25)])
    at = f"/scans/{scan_id}/sample?size=25"
    table = browser.get(f"/scans/{scan_id}/sample.csv?size=25").text.splitlines()
    mine = "\r\n".join([table[0], *(f"{line}agree" for line in table[1:])])
    theirs = "\r\n".join([table[0], f"{table[1]}disagree", *(f"{line}agree" for line in table[2:])])
    sent_file(browser, at, "marks", mine)
    belongs = {"role": "auditor", "name": "Second ear", "organisation_id": place.studio.organisation_id}
    second = signed_in(house, app, str(house.operator.made("/v1/accounts", belongs)["id"]))
    page = follow(second, sent_file(second, at, "marks", theirs))
    assert "the same of 24 of 25 rows (96%)" in said(page)
    assert "Cohen's kappa 0.00" in said(page)
    marks = place.studio.get(f"/v1/scans/{scan_id}/marks?size=25").get_json()
    (pair,) = marks["agreement"]
    assert (pair["rows"], pair["same"], pair["raw"], pair["no_kappa"]) == (25, 24, 0.96, None)
    (found,) = marks["items"]
    assert (found["agree"], found["disagree"], found["unsure"]) == (24, 0, 1), "a dispute counts for neither"


def test_signed_marks_are_verified_and_a_changed_one_is_noticed(browser: Browser, place: Place) -> None:
    scan_id = written(place, [nobody(n) for n in range(2)])
    sent_file(browser, f"/scans/{scan_id}/sample?size=2", "marks", "number,heard_by_a_person\r\n0,agree")
    signed = place.studio.get(f"/v1/scans/{scan_id}/marks/signed?size=2").get_json()

    def looked(content: dict[str, object]) -> tuple[str, str]:
        sent = {"file": Sound(json.dumps(content).encode(), "marks.json")}
        found = place.studio.send("/v1/verifications", sent).get_json()
        return found["kind"], found["standing"]

    assert looked(signed) == ("scan_marks", "holds")
    signed["document"]["marks"][0]["mark"] = "disagree"
    assert looked(signed) == ("scan_marks", "does_not_hold")


def test_marks_of_what_is_anothers_are_not_there(house: House, place: Place) -> None:
    scan_id = written(place, [nobody(0)])
    stranger = house.admit("auditor", "Stranger", "Other Ear")
    for path in ("marks", "samples", "marks/signed", "rows"):
        answer = stranger.get(f"/v1/scans/{scan_id}/{path}")
        assert answer.status_code == 404, path
    assert place.studio.get(f"/v1/scans/{scan_id}/marks/signed").status_code == 409
