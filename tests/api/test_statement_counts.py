"""However much there is to show, an answer asks the database the same number of questions."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from crowded import Crowded
from house import Caller, Clock, SlowParts, build_house, seeded_bytes
from sqlalchemy import Engine, event
from unflushed import unflushed

from api.openapi import DOCUMENT
from registry.store.database import Database

FEW, MANY = 2, 20
YEAR = "starts_on=2026-01-01&ends_on=2026-12-31"
QUERIES = {
    "/v1/performers/{performer_id}/pay-statement": YEAR,
    "/v1/studios/{studio_id}/pay-statement": YEAR,
    "/v1/journal/proofs/inclusion": "seq=3",
    "/v1/misuse-figures": "side=complainant",
    "/v1/scan-estimate": "root=media&organisation_id={studio_id}",
    "/v1/scans/{scan_id}/differences": "earlier={earlier_scan}",
    "/v1/journal/proofs/consistency": "first={size}",
}
"""What must be asked in addition, by address."""
NO_LONGER = {"/v1/use-categories", "/v1/licences/{licence_id}/account"}
"""Lists that are the same in every registry, or have one item for each currency."""
NO_LONGER |= {"/v1/notice-packs", "/v1/cohort-texts", "/v1/cases/{case_id}/cohorts"}
"""The same in every registry; and one for each side."""
NO_LONGER |= {"/v1/house-keys", "/v1/retention-due"}
"""As many as there were rotations, and rules."""
NO_LONGER |= {"/v1/scans/{scan_id}/marks"}
"""One for each thing that can be found."""
NO_LONGER |= {"/v1/scan-roots"}
"""As many as the settings name."""
NO_LONGER |= {"/v1/journal/entries", "/v1/journal/leaf-hashes"}
"""Lists of which every registry has more than a page."""
IN_PARTS = {"/v1/performers/{performer_id}/export"}
"""Answers about thousands of rows, which are asked for some hundreds at a time."""

PAGES_READ = re.findall(
    r"^\| `GET (\S+)` .*\| personal \|$",
    (Path(__file__).parents[2] / "docs" / "permissions.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)
"""Every page about somebody that is opened: a new one is among them by itself, as above."""
FIRST_READ = {
    "/cases/{case_id}/statements",
    "/cases/{case_id}/papers/{paper_id}",
    "/cases/{case_id}/papers/{paper_id}/content",
    "/cases/{case_id}/analyses/{analysis_id}",
    "/gallery-files/{gallery_file_id}/content",
}
"""Pages of which it is written down that somebody has read them, the first time that they do."""
OF_ANOTHER = re.compile(r"/performers/{performer_id}/(approvals|findings)/{")
"""What `crowded` has of another performer than its own."""
JOURNEY = "purpose=monitoring&modality=voice"
"""What some pages must be asked in addition; the others do not read it."""

READ = sorted(path for path, item in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"].items() if "get" in item)
"""Every address that is read: a new one is among them by itself, and fails until `crowded` has rows for it."""


@dataclass
class Asked:
    """What one caller got, and how many statements it took."""

    statements: list[str]
    body: Any


@dataclass
class Houses:
    """Two registries that differ in how much is in them."""

    few: Crowded
    many: Crowded


@pytest.fixture(scope="module")
def houses(sqlite_template: Path, slow_parts: SlowParts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Houses]:
    databases, crowds = [], []
    for count in (FEW, MANY):
        folder = tmp_path_factory.mktemp(f"crowd-{count}")
        shutil.copy(sqlite_template, folder / "registry.sqlite3")
        databases.append(unflushed(Database(f"sqlite:///{folder / 'registry.sqlite3'}")))
        clock = Clock(datetime(2026, 3, 14, tzinfo=UTC))
        crowds.append(Crowded(build_house(databases[-1], slow_parts, clock, seeded_bytes(), folder), count))
    yield Houses(*crowds)
    for database in databases:
        database.dispose()


@pytest.mark.parametrize("path", READ)
def test_what_is_behind_an_answer_costs_no_statement_for_each(houses: Houses, path: str) -> None:
    answers = []
    for name in houses.few.asking:
        few, many = (ask(crowd, crowd.asking[name], path) for crowd in (houses.few, houses.many))
        if few is None or many is None:
            assert few is many, f"{name} gets an answer from one and none from the other"
            continue
        answers.append((few, many))
        for_each = {statement for statement in many.statements if many.statements.count(statement) >= MANY / 2}
        assert not for_each, f"{name}: {sorted(for_each)}"
        assert len(few.statements) == len(many.statements) or path in IN_PARTS, name
    assert answers, "nobody gets an answer: `crowded` has nothing there"
    if "items" in answers[0][0].body and path not in NO_LONGER:
        more = max(len(many.body["items"]) - len(few.body["items"]) for few, many in answers)
        assert more >= MANY - FEW, "nobody gets a longer list: `crowded` has no rows for it"


def ask(crowd: Crowded, caller: Caller, path: str) -> Asked | None:
    """Answer what an address gives a caller; None where it is not for them."""
    address = re.sub(r"{(\w+)}", lambda found: crowd.ids[found[1]], path)
    if path in QUERIES:
        address = f"{address}?{QUERIES[path].format_map(crowd.ids)}"
    caller.get(address).close()  # what is only done once in a while, or once in a process, is done
    with counted(crowd.house.ctx.database.engine) as statements:
        response = caller.get(address)
    with response:
        if response.status_code in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            return None
        assert response.status_code == HTTPStatus.OK, response.text
        return Asked(statements, response.get_json() if response.is_json else {})


@pytest.mark.parametrize("path", PAGES_READ)
def test_a_page_costs_as_many_statements_however_much_it_shows(houses: Houses, path: str) -> None:
    opened = set()
    for name in houses.few.asking:
        few, many = (
            open_page(crowd, name, path, warm=warm)
            for crowd, warm in ((houses.few, True), (houses.many, path in FIRST_READ))
        )
        assert few.body == many.body, f"{name} is answered by one as the other does not"
        opened.add(few.body)
        assert len(few.statements) == len(many.statements), f"{name}: {differing(few, many)}"
    assert opened & {HTTPStatus.OK, HTTPStatus.SEE_OTHER}, "nobody can open it: `crowded` has nothing there"


def open_page(crowd: Crowded, name: str, path: str, *, warm: bool) -> Asked:
    """Answer with which status a page is answered, and the statements that it took.

    ``warm``: it was opened once before, so that what is only done once in a process is done.
    """
    ids = crowd.ids | ({"performer_id": crowd.others[0]} if OF_ANOTHER.match(path) else {})
    address = re.sub(r"{(\w+)}", lambda found: ids[found[1]], path) + f"?{JOURNEY}"
    headers = {"Cookie": f"__Host-likeness-session={crowd.session_of(name)}", "Accept": "text/html"}
    client = crowd.house.app.test_client(use_cookies=False)
    if warm:
        client.get(address, headers=headers).close()
    with counted(crowd.house.ctx.database.engine) as statements, client.get(address, headers=headers) as response:
        return Asked(statements, response.status_code)


def differing(few: Asked, many: Asked) -> list[str]:
    """Answer the statements that one took more of than the other, so that a failure says where to look."""
    more, less = Counter(many.statements), Counter(few.statements)
    return sorted((more - less) + (less - more))


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Collect every statement that is sent to a database."""
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)
