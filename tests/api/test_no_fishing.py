"""Nobody is fished for: each line of the table in docs/trust.md, asked about people of every standing.

Whoever asks is a studio that has no dealings with any of them. Where the table says that an answer tells nothing of a
performer, it is the same about somebody enrolled, refusing, withdrawn, forgotten, deleted, of age or not, and nobody.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bench import assess, evidence, heard, take
from house import (
    TERMS,
    USE,
    Caller,
    Clock,
    House,
    SlowParts,
    assert_problem,
    build_house,
    recording,
    second_operator,
    seeded_bytes,
)
from issued import issued
from noticing import ADVERT, Noticed
from sqlalchemy import select
from steps import drawn_voiceprints
from unflushed import unflushed
from werkzeug.test import TestResponse

from api import ApiSettings, create_app
from api.rates import Budget, Rate
from registry.domain.cohorts.texts import cohort_texts
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.scores import EvidenceOutcome, PerformerEvidence
from registry.services import enrolment_work
from registry.store.database import Database
from registry.store.journal import JournalEntry

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
NOBODY = "perf_" + "0" * 26
ENROLLED, NEVER = "enrolled", "nobody"
GONE = {"forgotten", "deleted"}
_VARYING = re.compile(r'"(?:id|request_id|[a-z_]*_at|cursor|expires_at|content_sha256|decided_at|instance)": "[^"]*"')


@dataclass
class People:
    """A registry with somebody of every standing, and a studio and an agent who have no dealings with them.

    Attributes:
        ids: by standing.
        names: of each who has one, by standing.
        own: the account of whoever is enrolled.
    """

    house: House
    studio: Caller
    ids: Mapping[str, str]
    names: Mapping[str, str]
    own: Caller

    def said(self, response: TestResponse, standing: str) -> str:
        """Answer all of an answer, without who it is about and what differs from one request to the next."""
        headers = {name: value for name, value in response.headers if name in {"ETag", "Location", "Retry-After"}}
        text = json.dumps(
            {"status": response.status_code, "headers": headers, "body": response.get_json()}, sort_keys=True
        )
        for mine, stands_for in ((self.ids[standing], "<id>"), (self.names.get(standing, "\0"), "<name>")):
            text = text.replace(mine, stands_for)
        return re.sub(r"[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}", "<made>", _VARYING.sub("", text))

    def stay_down(self, caller: Caller) -> list[dict[str, Any]]:
        """Submit a recording, and answer what is said at once of what it was told by."""
        sent = caller.send("/v1/checks", USE | {"file": recording(ADVERT)}, headers={"Prefer": "wait=0"})
        assert sent.status_code == 202, sent.text
        assess(self.house.ctx, evidence([], EvidenceOutcome.NO_MATCH))
        told: list[dict[str, Any]] = sent.get_json()["stay_down"]
        return told


def _enrol(house: House, caller: Caller, performer_id: str) -> None:
    house.consent(caller, performer_id)
    takes = {"recordings": [recording(f"enrolment/slt-{number}.flac") for number in (1, 2, 3)]}
    sent = caller.send(f"/v1/performers/{performer_id}/enrolments", takes, headers={"Prefer": "wait=0"})
    assert sent.status_code == 202, sent.text
    held = take(house.ctx)
    assert held is not None
    enrolment_work.complete_enrolment(house.ctx, held, drawn_voiceprints(held.subject_id))


def _forget(caller: Caller, performer_id: str) -> None:
    text = shipped_texts()["forget_me.en.v1"]
    caller.made(f"/v1/performers/{performer_id}/forget", {"text_id": text.id, "text_sha256": text.text_sha256})


def _delete(house: House, second: Caller, performer_id: str) -> None:
    seen = house.operator.get(f"/v1/performers/{performer_id}").get_json()
    wanted = {"kind": "performer_deletion", "performer_id": performer_id, "version": seen["version"]}
    wanted |= {"ground": "registered_in_error", "evidence_sha256": "e" * 64}
    made = house.operator.made("/v1/proposals", {"proposal": wanted, "reason": "the wrong person"})
    second.made(
        f"/v1/proposals/{made['id']}/approve", {"content_sha256": made["content_sha256"], "reason": "I have read it"}
    )


@pytest.fixture(scope="module")
def people(sqlite_template: Path, slow_parts: SlowParts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    folder = tmp_path_factory.mktemp("people")
    shutil.copy(sqlite_template, folder / "registry.sqlite3")
    database = unflushed(Database(f"sqlite:///{folder / 'registry.sqlite3'}"))
    house = build_house(database, slow_parts, Clock(datetime(2026, 3, 14, tzinfo=UTC)), seeded_bytes(), folder)
    second, ids, names, callers = second_operator(house), {NEVER: NOBODY}, {}, {}
    for standing in (ENROLLED, "refusing", "withdrawn", "minor", "dead", *sorted(GONE)):
        names[standing] = f"Person {standing.title()}"
        callers[standing], ids[standing] = house.performer(names[standing])
    for standing in (ENROLLED, "withdrawn", *sorted(GONE)):
        _enrol(house, callers[standing], ids[standing])
    house.consent(callers[ENROLLED], ids[ENROLLED], "licensing")
    house.consent(callers["refusing"], ids["refusing"], "licensing", decision="refused")
    callers["withdrawn"].made(f"/v1/performers/{ids['withdrawn']}/consents/withdraw", {"modality": "voice"})
    born, died = {"birth_date": "2010-05-09"}, {"died_on": "2026-01-02", "evidence_sha256": "d" * 64}
    callers["minor"].made(f"/v1/performers/{ids['minor']}/birth-date", born)
    house.operator.made(f"/v1/performers/{ids['dead']}/death", died)
    rival = house.studio("Rival Pictures")
    exclusive = house.licence(rival, ids[ENROLLED], exclusivity="exclusive")
    for caller, step in ((rival, "offer"), (rival, "sign"), (callers[ENROLLED], "sign")):
        caller.made(f"/v1/licences/{exclusive['id']}/{step}", {} if step == "sign" else None)
    _forget(callers["forgotten"], ids["forgotten"])
    _delete(house, second, ids["deleted"])
    yield People(house, house.studio("Stranger Sound"), ids, names, callers[ENROLLED])
    database.dispose()


def _checked(people: People, caller: Caller, outcome: Any, **use: Any) -> dict[str, Any]:
    sent = caller.send(
        "/v1/checks", USE | use | {"file": recording("submissions/slt-advert.flac")}, headers={"Prefer": "wait=0"}
    )
    assert sent.status_code == 202, sent.text
    assess(people.house.ctx, outcome)
    answer: dict[str, Any] = caller.get(sent.headers["Location"]).get_json()
    return answer


def near(performer_id: str, strength: float) -> PerformerEvidence:
    """Evidence that somebody is the nearest name, and not heard."""
    (candidate,) = heard(performer_id, EvidenceOutcome.NO_MATCH, strength).candidates
    return candidate


def table() -> dict[str, list[str]]:
    marked = (
        PAGE.read_text(encoding="utf-8").partition("<!-- questions:begin -->")[2].partition("<!-- questions:end -->")[0]
    )
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in marked.strip().splitlines()[2:]]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_each_line_of_the_table_has_a_test_and_each_test_a_line() -> None:
    tests = {name.removeprefix("test_row_") for name in dir(sys.modules[__name__]) if name.startswith("test_row_")}
    assert tests == table().keys()
    assert all(len(row) == 4 and all(row) for row in table().values())


# --- recordings ------------------------------------------------------------------------------------------------------


def test_row_check(people: People) -> None:
    """Whoever is heard is named, with their finding; whoever is merely near is in no answer, and in no record."""
    ids = people.ids
    both = evidence([*heard(ids[ENROLLED]).candidates, near(ids["refusing"], 1.9)], EvidenceOutcome.MATCH)
    answer = _checked(people, people.studio, both)
    assert [finding["performer"]["id"] for finding in answer["findings"]] == [ids[ENROLLED]]
    assert ids["refusing"] not in json.dumps(answer)
    seen = people.own.get("/v1/findings").get_json()["items"]
    assert answer["findings"][0]["id"] in [each["id"] for each in seen]
    bare = people.studio.send("/v1/checks", {"file": recording("submissions/slt-advert.flac"), "kind": "generated"})
    problem = assert_problem(bare, 422, "validation_failed")
    assert {"#/purpose", "#/project"} <= {each["pointer"] for each in problem["errors"]}
    with people.house.ctx.database.read() as session:
        journalled = session.scalars(select(JournalEntry.type).where(JournalEntry.subject_id == answer["id"])).all()
    assert journalled == ["check.submitted", "check.completed"]


def test_row_many_checks(people: People) -> None:
    """The same stranger again and again, whoever is nearest and however near: one answer, and it names nobody."""
    answers = set()
    for number in range(8):
        nearest = [near(people.ids[ENROLLED], number / 4), near(people.ids["refusing"], number / 8)]
        answer = _checked(people, people.studio, evidence(nearest, EvidenceOutcome.NO_MATCH))
        answers.add(_VARYING.sub("", json.dumps(answer, sort_keys=True)))
    (only,) = answers
    assert not [standing for standing in people.ids if people.ids[standing] in only]
    assert not [name for name in people.names.values() if name in only]


def test_row_spliced(people: People) -> None:
    """Of several voices in one recording each is answered as by itself, and each performer sees it."""
    ids = people.ids
    alone = _checked(people, people.studio, heard(ids[ENROLLED]))
    pair = evidence([*heard(ids[ENROLLED]).candidates, near(ids["minor"], 1.5)], EvidenceOutcome.MATCH)
    spliced = _checked(people, people.studio, pair)
    shown = [
        {**each, "id": "", "check_id": "", "created_at": ""} for one in (alone, spliced) for each in one["findings"]
    ]
    assert len(shown) == 2
    assert shown[0] == shown[1]


def test_row_withdrawn(people: People) -> None:
    """A worker that has not heard of it yet finds them: nothing of it is stored or told."""
    clean = _checked(people, people.studio, evidence([], EvidenceOutcome.NO_MATCH))
    for standing in ("withdrawn", *sorted(GONE)):
        found = _checked(people, people.studio, heard(people.ids[standing]))
        apart = {"id", "created_at", "finished_at"}
        assert {k: v for k, v in found.items() if k not in apart} == {k: v for k, v in clean.items() if k not in apart}


def test_row_scan(people: People) -> None:
    """A scan is of a root that is one's own, and what there is not is answered as what is another's."""
    told = {
        people.said(people.studio.send("/v1/scans", {"root": root, "kind": "catalogue"}), NEVER).replace(root, "<root>")
        for root in ("catalogue", "another")
    }
    assert len(told) == 1
    asked = people.studio.send("/v1/scans", {"root": "another"})
    assert_problem(asked, 404, "not_found")
    assert '"scans"' in asked.headers["RateLimit-Policy"]


def test_row_stay_down(people: People) -> None:
    """The very recording that a served notice names is told, to anybody alike, and nothing of whose notice it is."""
    noticed = Noticed(people.house)
    clean = people.stay_down(people.studio)
    noticed.serve()
    (hit,) = told = people.stay_down(people.studio)
    assert (clean, hit["kind"], hit["notice_id"]) == ([], "exact", None)
    assert not [word for word in (noticed.performer_id, noticed.case, noticed.path) if word in json.dumps(told)]
    assert people.stay_down(people.house.studio("Another Stranger")) == told
    _forget(noticed.performer, noticed.performer_id)
    assert people.stay_down(people.studio) == clean


# --- about people ----------------------------------------------------------------------------------------------------


def test_row_clearance(people: People) -> None:
    told = set()
    for standing, performer_id in people.ids.items():
        wanted = {"performer_id": performer_id, "use": USE}
        copy = {"performer_id": performer_id, "use": USE | {"copy_sha256": "c" * 64}}
        asked = (people.studio.post("/v1/clearances", wanted), people.studio.post("/v1/approvals", copy))
        told.add("\n".join(people.said(each, standing) for each in asked))
    (only,) = told
    assert "no_licence" in only


def test_row_source(people: People) -> None:
    attested = {
        "product": "Voice",
        "made_on": "2026-03-01",
        "recordings": [{"sha256": "a" * 64, "recorded_on": "2026-02-01"}],
    }
    told = set()
    for standing, performer_id in people.ids.items():
        declared = USE | {"declared_source_id": performer_id, "file": recording("submissions/slt-advert.flac")}
        asked = (
            people.studio.send("/v1/checks", declared),
            people.studio.post("/v1/attestations", attested | {"source": {"performer_id": performer_id}}),
        )
        told.add("\n".join(people.said(each, standing) for each in asked))
    (only,) = told
    assert "source_unknown" in only


def _drafted(people: People, standing: str, **terms: Any) -> TestResponse:
    body = {"performer_id": people.ids[standing], "title": "Spring", "intended_use": "A spot.", "terms": TERMS | terms}
    return people.studio.post("/v1/licences", body)


def test_row_draft(people: People) -> None:
    """There is such a performer, or there is none: forgotten and deleted are none."""
    told = {standing: people.said(_drafted(people, standing), standing) for standing in people.ids}
    assert len({told[standing] for standing in (NEVER, *GONE)}) == 1
    assert len({told[standing] for standing in people.ids.keys() - GONE - {NEVER}}) == 1
    assert "not_found" in told[NEVER]


def test_row_offer(people: People) -> None:
    """A minor, somebody dead, refusing, bound to another alone or free: a studio by itself is told nothing of it."""
    told: dict[str, str] = {}
    for standing in people.ids.keys() - GONE - {NEVER}:
        draft = f"/v1/licences/{_drafted(people, standing).get_json()['id']}"
        asked = (
            people.studio.post(f"{draft}/lint", {}),
            people.studio.post(f"{draft}/offer"),
            people.studio.post(f"{draft}/sign", {}),
            people.studio.post(f"{draft}/lint", {}),
        )
        assert [each.status_code for each in asked] == [200] * 4, [each.text for each in asked]
        told[standing] = "\n".join(people.said(each, standing) for each in asked)
    assert len(set(told.values())) == 1


@pytest.mark.parametrize(
    "path",
    [
        "/v1/performers/{id}",
        "/v1/performers/{id}/standing",
        "/v1/performers/{id}/consents",
        "/v1/performers/{id}/holders",
        "/v1/performers/{id}/enrolments",
        "/v1/performers/{id}/export",
        "/v1/performers/{id}/approaches",
        "/v1/journal/records/{id}",
        "/v1/findings?performer_id={id}&verdict=inconclusive",
    ],
)
def test_row_by_id(people: People, path: str) -> None:
    stranger = people.house.admit("representative", "Agent of nobody")
    for caller in (people.studio, stranger):
        told = {
            people.said(caller.get(path.format(id=performer_id)), standing)
            for standing, performer_id in people.ids.items()
        }
        assert len(told) == 1


def test_row_cohort(people: People) -> None:
    """A side that proposes criteria is not told how many they select: nobody, or one who has just agreed."""
    house = people.house
    performer, performer_id = house.performer("Complaining Person")
    said = {
        "performer_id": performer_id,
        "studio_id": people.studio.organisation_id,
        "product": "Sky",
        "claim": "Mine.",
    }
    case = f"/v1/cases/{performer.made('/v1/cases', said)['id']}"
    house.operator.made(f"{case}/steps", {"step": "take_up", "reason": "It is time."})
    wanted = {"among": {"language": "ko", "sex": "female"}}

    def asked() -> set[str]:
        sides = (people.studio, performer)
        return {people.said(side.post(f"{case}/cohorts", wanted), NEVER) for side in sides}

    before = asked()
    text = cohort_texts()["cohort.en.v1"]
    agreed = {"text_id": text.id, "text_sha256": text.text_sha256, "answers": [2, 3, 1], "description": wanted["among"]}
    people.own.made(f"/v1/performers/{people.ids[ENROLLED]}/cohort-agreements", agreed)
    assert asked() == before
    (only,) = before
    assert "too few people" in only
    assert '"people":' not in only


# --- names, files, tokens, counts ------------------------------------------------------------------------------------


def test_row_name(people: People) -> None:
    """That a name is refused is told; how many names can be tried is not left to who tries, and not to a new token."""
    house = people.house
    app = create_app(house.ctx, settings=ApiSettings(rates={Budget.NAMES: Rate(3, 86_400)}))
    agent = house.admit("representative", "Agent with a list")
    trying = Caller(app.test_client(), agent.account_id, agent.token)
    again = Caller(trying.client, agent.account_id, agent.made("/v1/tokens", {"name": "another"})["token"])
    said = {"identity_assurance": "self_declared"}
    refused = trying.post("/v1/performers", said | {"name": people.names["forgotten"]})
    assert_problem(refused, 409, "name_refused")
    made = trying.made("/v1/performers", said | {"name": people.names["deleted"]})
    renamed = again.patch(f"/v1/performers/{made['id']}", {"name": people.names["forgotten"].upper()})
    assert_problem(renamed, 409, "name_refused")
    for one in (trying, again):
        assert_problem(one.post("/v1/performers", said | {"name": "Anybody"}), 429, "rate_limited", budget="names")
    assert (
        again.patch(f"/v1/performers/{made['id']}", {"identity_assurance": "representative_vouched"}).status_code == 200
    )
    operator = Caller(trying.client, house.operator.account_id, house.operator.token)
    for number in range(4):
        operator.made("/v1/performers", said | {"name": f"Member {number}"})


def test_row_gallery_file(people: People) -> None:
    """A file that is another's, and one that there is not, stand alike; a withdrawal is told to who holds the file."""
    holder = people.house.admit("auditor", "Auditor", "Clear Ear")
    theirs, _ = issued(people.house, holder, people.ids[ENROLLED], b"sealed")
    told = set()
    for file_id in (theirs, "gal_" + "0" * 26):
        asked = (
            people.studio.post("/v1/gallery-files/status", {"gallery_file_ids": [file_id]}),
            people.studio.get(f"/v1/gallery-files/{file_id}"),
            people.studio.get(f"/v1/gallery-files/{file_id}/content"),
        )
        said = "\n".join(people.said(each, NEVER) for each in asked)
        told.add(re.sub(r'"signed": "[^"]*"', "", said))
    assert len(told) == 1
    shown = holder.get(f"/v1/gallery-files/{theirs}").text
    assert people.ids[ENROLLED] not in shown
    assert people.names[ENROLLED] not in shown


def test_row_token(people: People) -> None:
    house = people.house
    revoked, disabled = (house.admit("auditor", name, f"{name} house") for name in ("Gone", "Shut"))
    token_id = revoked.get("/v1/tokens").get_json()["items"][0]["id"]
    house.operator.made(f"/v1/tokens/{token_id}/revoke", None)
    house.operator.made(f"/v1/accounts/{disabled.account_id}/disable", None)
    told = {people.said(caller.get("/v1/me"), NEVER) for caller in (revoked, disabled)}
    assert len(told) == 1
    assert Caller(house.client, "", "lrt_nothing").get("/v1/me").status_code == 401


def test_row_counts(people: People) -> None:
    """What anybody may read holds no id of a performer, a finding or a check, and no name."""
    anybody = people.house.client
    for path in (
        "/v1/journal",
        "/v1/journal/checkpoint",
        "/v1/journal/leaf-hashes",
        "/v1/destruction-certificates",
        "/v1/retention-schedule",
        "/v1/transparency",
        "/v1/keys",
        "/metrics",
        "/readyz",
        "/healthz",
    ):
        text = anybody.get(path).get_data(as_text=True)
        assert not re.search(r"(perf|find|chk|acc|org)_[0-9a-hjkmnp-tv-z]{26}", text), path
        assert not [name for name in people.names.values() if name in text], path
