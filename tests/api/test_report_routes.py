"""Reports over HTTP: the same for both sides, on record when read, and checked without the registry."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from bench import assess, heard
from house import USE, Caller, House, assert_problem, recording
from noticing import Noticed
from sqlalchemy import func, select

from registry.domain.scores import EvidenceOutcome
from registry.reports.envelope import JOSE_JSON
from registry.reports.verify import Checked, FlawKind, check_report
from registry.services.issued_reports import FORMAT
from registry.store.issued_reports import IssuedReport
from registry.store.journal import JournalEntry
from registry.vault.keys import FileKeyring
from registry.vault.signing import canonical, public_jwks, read_jwks

CLAIM = "I declined in September. In May it was there."
SAID = "We cast five actors in May, and hired one of them."


class Dispute:
    """A case that was proposed, between a performer and a studio."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.studio = house.studio()
        self.performer, self.performer_id = house.performer("김하늘")
        opened = {
            "performer_id": self.performer_id,
            "studio_id": self.studio.organisation_id,
            "product": "Sky",
            "claim": CLAIM,
        }
        self.path = f"/v1/cases/{self.performer.made('/v1/cases', opened)['id']}"

    def step(self, step: str) -> None:
        self.house.operator.made(f"{self.path}/steps", {"step": step, "reason": "It is time."})

    def to_proposed(self) -> None:
        self.step("take_up")
        for caller, text in ((self.performer, CLAIM), (self.studio, SAID)):
            caller.made(f"{self.path}/statements", {"title": "Ours", "text": text})
        self.step("analyse")
        said = {"conclusion": "sound_alike", "grounds": "It is like hers.", "would_change": "The casting call."}
        self.house.operator.made(f"{self.path}/proposals", said | {"dissent": "I would say nothing."})

    def report(self, caller: Caller, **asked: Any) -> Any:
        response = caller.get(f"{self.path}/report", **asked)
        assert response.status_code == 200, response.text
        return response


@pytest.fixture
def dispute(either_house: House) -> Dispute:
    return Dispute(either_house)


@pytest.fixture
def proposed(house: House) -> Dispute:
    found = Dispute(house)
    found.to_proposed()
    return found


def checked(house: House, content: bytes) -> Checked:
    return check_report(content, read_jwks(canonical(public_jwks(house.ctx.keys))))


def rows(house: House, table: type[Any]) -> int:
    with house.ctx.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


# --- who, and what stays of it ---------------------------------------------------------------------------------------


def test_others_learn_of_no_report(proposed: Dispute) -> None:
    stranger, _ = proposed.house.performer("Ines Duarte")
    for caller in (stranger, proposed.house.studio("Southgate Sound")):
        assert_problem(caller.get(f"{proposed.path}/report"), 404, "not_found")
    assert rows(proposed.house, IssuedReport) == 0


def test_whoever_reads_a_report_has_read_the_statements_in_it_and_both_are_on_record(dispute: Dispute) -> None:
    dispute.to_proposed()
    before = {each["account_id"] for each in dispute.studio.get(f"{dispute.path}/readings").get_json()["items"]}
    dispute.report(dispute.house.operator)
    readings = dispute.studio.get(f"{dispute.path}/readings").get_json()["items"]
    read = [each for each in readings if each["account_id"] == dispute.house.operator.account_id]
    assert (len(read), dispute.house.operator.account_id in before) == (2, False)
    assert rows(dispute.house, IssuedReport) == 1


def test_the_same_report_again_is_the_same_bytes_and_no_second_issue(dispute: Dispute) -> None:
    dispute.to_proposed()
    first = dispute.report(dispute.studio).get_json()
    leaves = rows(dispute.house, JournalEntry)
    dispute.house.clock.move(hours=3)
    again = dispute.report(dispute.studio).get_json()
    assert canonical(first["report"]) == canonical(again["report"])
    assert first["proof"]["report_id"] == again["proof"]["report_id"]
    assert (rows(dispute.house, IssuedReport), rows(dispute.house, JournalEntry)) == (1, leaves)


def test_both_sides_get_the_same_bytes(proposed: Dispute) -> None:
    for caller in (proposed.performer, proposed.studio, proposed.house.operator):
        proposed.report(caller)
    told = [proposed.report(caller).get_json() for caller in (proposed.performer, proposed.studio)]
    assert canonical(told[0]["report"]) == canonical(told[1]["report"])
    assert told[0]["proof"]["report_id"] != told[1]["proof"]["report_id"]


def test_what_happens_in_a_case_makes_another_report(proposed: Dispute) -> None:
    before = proposed.report(proposed.studio).get_json()
    proposed.performer.made(f"{proposed.path}/statements", {"title": "More", "text": "There is more."})
    after = proposed.report(proposed.studio).get_json()
    assert len(after["report"]["papers"]) == len(before["report"]["papers"]) + 1
    assert rows(proposed.house, IssuedReport) == 2


# --- what it holds ---------------------------------------------------------------------------------------------------


def test_a_report_holds_what_both_sides_said_and_who_sees_it_otherwise(proposed: Dispute) -> None:
    report = proposed.report(proposed.performer).get_json()["report"]
    assert (report["format"], report["version"], report["kind"]) == (FORMAT, 1, "case")
    assert [paper["text"] for paper in report["papers"]] == [CLAIM, SAID]
    assert report["case"]["complainant"]["name"] == "김하늘"
    assert [step["step"] for step in report["course"]] == ["take_up", "analyse", "propose"]
    assert report["proposals"][0]["dissent"] == "I would say nothing."
    assert "infringes" in report["not_said"]


def test_whoever_acts_for_a_side_is_named_to_neither_and_the_registry_to_both(dispute: Dispute) -> None:
    dispute.to_proposed()
    dispute.performer.made(f"{dispute.path}/steps", {"step": "withdraw", "reason": "We talk to each other."})
    report = dispute.report(dispute.studio).get_json()["report"]
    assert [step["by"]["name"] is None for step in report["course"]] == [False, False, False, True]
    assert report["course"][-1]["by"] == {"id": dispute.performer.account_id, "name": None}
    assert report["proposals"][0]["by"]["name"] == report["course"][0]["by"]["name"]
    assert dispute.report(dispute.performer).get_json()["report"]["course"] == report["course"]
    page = dispute.report(dispute.studio, headers={"Accept": "text/html"}).text
    assert f'the performer’s side <span class="hash">{dispute.performer.account_id}</span>' in page


def test_a_source_under_seal_stays_under_seal(dispute: Dispute) -> None:
    attested = dispute.studio.made(
        "/v1/attestations",
        {
            "product": "Voice 2",
            "made_on": "2026-03-01",
            "recordings": [{"sha256": "a" * 64, "recorded_on": "2026-02-01"}],
            "source": {"sealed": {"name": "Rosa Keel", "contact": "through her agent"}},
        },
    )
    dispute.studio.made(f"{dispute.path}/source", {"attestation_id": attested["id"]})
    dispute.to_proposed()
    for caller in (dispute.performer, dispute.house.operator):
        told = dispute.report(caller)
        assert told.get_json()["report"]["case"]["source"]["attestation_id"] == attested["id"]
        assert "Rosa Keel" not in told.text


def test_a_report_says_what_a_notice_asks_once_it_was_served_and_until_when(house: House) -> None:
    noticed = Noticed(house)
    noticed.propose()
    noticed.review()
    (before,) = noticed.studio.get(f"{noticed.case}/report").get_json()["report"]["notices"]
    assert (before["state"], before["materials"], before["document_sha256"]) == ("reviewed", [], None)
    noticed.done(noticed.performer, "serve", noticed.service())
    told = noticed.studio.get(f"{noticed.case}/report")
    (served,) = told.get_json()["report"]["notices"]
    shown = noticed.shown(noticed.studio)
    assert served["materials"] == shown["materials"]
    assert served["due_at"][:19] == shown["due_at"][:19]
    assert checked(house, told.data).flaws == ()
    noticed.counter()
    (countered,) = noticed.studio.get(f"{noticed.case}/report").get_json()["report"]["notices"]
    assert countered["put_back_at"] is not None


def test_a_check_s_report_keeps_evidence_and_authorisation_apart(either_house: House) -> None:
    house, studio = either_house, either_house.studio()
    performer, performer_id = house.performer()
    house.consent(performer, performer_id, "monitoring")
    check_id = studio.send("/v1/checks", USE | {"file": recording("submissions/slt-advert.flac")}).get_json()["id"]
    assess(house.ctx, heard(performer_id, EvidenceOutcome.MATCH))
    assert_problem(performer.get(f"/v1/checks/{check_id}/report"), 403, "forbidden")
    assert_problem(house.studio("Southgate Sound").get(f"/v1/checks/{check_id}/report"), 404, "not_found")
    response = studio.get(f"/v1/checks/{check_id}/report")
    report = response.get_json()["report"]
    assert (report["check"]["verdict"], report["findings"][0]["outcome"]) == ("unlicensed_match", "match")
    assert report["findings"][0]["licence_id"] is None
    assert checked(house, response.data).flaws == ()
    page = studio.get(f"/v1/checks/{check_id}/report?language=ko&format=html").text
    assert "Marta Calder" in page


# --- forms -----------------------------------------------------------------------------------------------------------


def test_the_form_is_by_accept_and_by_name(proposed: Dispute) -> None:
    for accept, media_type in (
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/jose+json", JOSE_JSON),
        ("text/html,application/xhtml+xml;q=0.9,*/*;q=0.1", "text/html"),
    ):
        assert proposed.report(proposed.studio, headers={"Accept": accept}).mimetype == media_type
    named = proposed.studio.get(f"{proposed.path}/report?format=html&language=ko")
    assert (named.mimetype, 'lang="ko"' in named.text) == ("text/html", True)
    assert_problem(proposed.studio.get(f"{proposed.path}/report?language=fr"), 422, "validation_failed")


def test_a_page_runs_and_fetches_nothing_whatever_people_are_called(house: House) -> None:
    dispute = Dispute(house)
    evil = '<script>alert(1)</script><img src="https://evil.example/x">'
    dispute.performer.made(f"{dispute.path}/statements", {"title": evil, "text": evil})
    response = dispute.report(dispute.studio, headers={"Accept": "text/html"})
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert "<script" not in response.text
    assert '<img src="https' not in response.text


# --- checking it without the registry --------------------------------------------------------------------------------


def test_a_report_holds_by_the_registry_s_keys_in_both_forms(dispute: Dispute) -> None:
    dispute.to_proposed()
    for accept in ("application/json", JOSE_JSON):
        found = checked(dispute.house, dispute.report(dispute.studio, headers={"Accept": accept}).data)
        assert (found.flaws, found.trusted) == ((), True)
        assert found.checkpoint is not None
        assert found.checkpoint.size >= 1


def test_without_keys_it_holds_and_is_not_trusted(proposed: Dispute) -> None:
    found = check_report(proposed.report(proposed.studio).data)
    assert (found.flaws, found.trusted) == ((), False)


def test_a_report_of_another_registry_s_key_is_not_this_one_s(proposed: Dispute, tmp_path: Path) -> None:
    another = FileKeyring.create(tmp_path / "other.json", proposed.house.clock.now, lambda count: b"7" * count)
    content = proposed.report(proposed.studio).data
    found = check_report(content, read_jwks(canonical(public_jwks(another))))
    assert {flaw.kind for flaw in found.flaws} <= {
        FlawKind.KEY,
        FlawKind.SIGNATURE,
    }  # of one name, maybe
    assert (found.holds, found.report) == (False, None)


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        for name, held in value.items():
            yield from leaves_of(held, (*path, name))
    elif isinstance(value, list) and value:
        for number, held in enumerate(value):
            yield from leaves_of(held, (*path, number))
    else:
        yield path


def changed(held: Any, path: tuple[Any, ...], value: Callable[[Any], Any]) -> bytes:
    copy = deepcopy(held)
    inner = copy
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value(inner[path[-1]])
    return json.dumps(copy).encode()


def other(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return "changed"
    if isinstance(value, int | float):
        return value + 1
    return f"{value[:-1]}{'b' if value[-1:] != 'b' else 'c'}" if isinstance(value, str) else "changed"


def test_every_member_that_is_changed_is_named(proposed: Dispute) -> None:
    held = proposed.report(proposed.studio).get_json()
    report_leaves = list(leaves_of(held["report"], ("report",)))
    assert len(report_leaves) > 60
    for path in report_leaves:
        found = checked(proposed.house, changed(held, path, other))
        pointer = "#/" + "/".join(str(part) for part in path[1:])
        assert [(flaw.kind, flaw.where) for flaw in found.flaws] == [(FlawKind.SHOWN, pointer)]


PROOF = {
    "report_id": {FlawKind.LEAF},
    "seq": {FlawKind.INCLUSION},
    "leaf": {FlawKind.LEAF, FlawKind.INCLUSION},
    "salt": {FlawKind.LEAF},
    "details": {FlawKind.LEAF},
    "path": {FlawKind.INCLUSION},
    "checkpoint": {FlawKind.CHECKPOINT},
}


def test_every_part_of_the_proof_that_is_changed_is_named(proposed: Dispute) -> None:
    held = proposed.report(proposed.studio).get_json()
    tried = set()
    for path in leaves_of(held["proof"], ("proof",)):
        found = checked(proposed.house, changed(held, path, other))
        kinds = {flaw.kind for flaw in found.flaws}
        assert kinds, path
        assert kinds <= PROOF[path[1]], path
        tried.add(path[1])
    assert tried == set(PROOF)
    for name in PROOF:
        lacking = deepcopy(held)
        del lacking["proof"][name]
        found = checked(proposed.house, json.dumps(lacking).encode())
        assert [flaw.kind for flaw in found.flaws] == [FlawKind.PROOF]


def test_a_signature_that_is_changed_leaves_nothing_to_believe(proposed: Dispute) -> None:
    held = proposed.report(proposed.studio).get_json()
    header, payload, signature = held["jws"].split(".")
    for jws in (f"{header}.{payload}.{other(signature)}", f"{header}.{other(payload)}.{signature}", "no token", ""):
        found = checked(proposed.house, json.dumps(held | {"jws": jws}).encode())
        assert found.report is None
        assert {flaw.kind for flaw in found.flaws} <= {FlawKind.SIGNATURE, FlawKind.KEY}
        assert found.flaws


def test_the_proof_of_another_report_proves_nothing_of_this_one(proposed: Dispute) -> None:
    before = proposed.report(proposed.studio).get_json()
    proposed.performer.made(f"{proposed.path}/statements", {"title": "More", "text": "There is more."})
    after = proposed.report(proposed.studio).get_json()
    found = checked(proposed.house, json.dumps(after | {"proof": before["proof"]}).encode())
    assert [(flaw.kind, flaw.where) for flaw in found.flaws] == [(FlawKind.LEAF, "proof/details/report_sha256")]
