"""However much there is to show, an answer asks the database the same number of questions."""

from __future__ import annotations

import json
import re
import shutil
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

from api.openapi import DOCUMENT
from registry.store.database import Database

FEW, MANY = 2, 20
YEAR = "starts_on=2026-01-01&ends_on=2026-12-31"
QUERIES = {
    "/v1/performers/{performer_id}/pay-statement": YEAR,
    "/v1/studios/{studio_id}/pay-statement": YEAR,
    "/v1/journal/proofs/inclusion": "seq=3",
    "/v1/journal/proofs/consistency": "first={size}",
}
"""What must be asked in addition, by address."""
NO_LONGER = {"/v1/use-categories", "/v1/licences/{licence_id}/account"}
"""Lists that are the same in every registry, or have one item for each currency."""
NO_LONGER |= {"/v1/notice-packs", "/v1/cohort-texts", "/v1/cases/{case_id}/cohorts"}
"""The same in every registry; and one for each side."""
NO_LONGER |= {"/v1/journal/entries", "/v1/journal/leaf-hashes"}
"""Lists of which every registry has more than a page."""
IN_PARTS = {"/v1/performers/{performer_id}/export"}
"""Answers about thousands of rows, which are asked for some hundreds at a time."""

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
        databases.append(Database(f"sqlite:///{folder / 'registry.sqlite3'}"))
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
