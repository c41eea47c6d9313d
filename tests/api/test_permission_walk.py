"""Who may do what: every address, asked by everybody about what is theirs, what is another's, and what is nobody's.

The table in docs/permissions.md says who may, by which scope, and whose things are reached. It is compared with the
routes of the application, with `PERMISSIONS`, and with every answer.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from crowded import Crowded
from house import Caller, Clock, House, SlowParts, build_house, seeded_bytes
from unflushed import unflushed
from walk import OPERATIONS, Told, Town, ids_in, named_in, nobodys

from api.auth import PAGES, PERSONAL, PUBLIC
from registry.domain.accounts import PERMISSIONS, Role, Scope
from registry.store.database import Database

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
NO_SCOPE = "–"
OF_THE_RECORD = "of the record"
"""The scope that reads the record which is asked about; it is walked with a performer's."""
EVERYTHING = "every scope"
"""A token that lacks any is refused, by a rule of its own that is tested with sign-in links."""


@dataclass(frozen=True)
class Row:
    """What the page says of one route.

    Attributes:
        scopes: that a token of each role must carry; nothing where any token will do, or none.
        may: roles that may, with that scope, about what is theirs.
        whose: ``public``, ``shared`` (everybody with the scope gets the same), ``new`` (something of the caller's own
            comes of it), ``own`` (another's answers as what there is not), ``page`` (looks for a session itself), or
            ``personal`` (a page that a session opens, and that may what the operations it stands for may).
    """

    scopes: Mapping[Role, Scope]
    may: frozenset[Role]
    whose: str


def scopes(cell: str) -> Mapping[Role, Scope]:
    """Read which scope each role needs."""
    if cell == OF_THE_RECORD:
        return dict.fromkeys(Role, Scope.PERFORMERS_READ) | {Role.OPERATOR: Scope.JOURNAL_READ}
    return {} if cell in {NO_SCOPE, EVERYTHING} else dict.fromkeys(Role, Scope(cell))


def table() -> dict[str, Row]:
    """Read the page."""
    marked = PAGE.read_text(encoding="utf-8").partition("<!-- routes:begin -->")[2].partition("<!-- routes:end -->")[0]
    rows = {}
    for line in marked.strip().splitlines()[2:]:
        route, scope, *ticks, whose = (cell.strip().strip("`") for cell in line.strip("|").split("|"))
        assert route not in rows, route
        may = frozenset(role for role, tick in zip(Role, ticks, strict=True) if tick)
        rows[route] = Row(scopes(scope), may, whose)
    return rows


TABLE = table()
WALKED = [route for route, row in TABLE.items() if row.whose not in {"public", "page", "personal"}]


@pytest.fixture(scope="module")
def town(sqlite_template: Path, slow_parts: SlowParts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("town")
    file = folder / "registry.sqlite3"
    shutil.copy(sqlite_template, file)
    database = unflushed(Database(f"sqlite:///{file}"))
    clock = Clock(datetime(2026, 3, 14, tzinfo=UTC))
    yield Town(Crowded(build_house(database, slow_parts, clock, seeded_bytes(), folder), 2), file)
    database.dispose()


# --- the table, the routes and the permissions agree ------------------------------------------------------------------


def test_every_route_of_the_application_is_in_the_table_and_nothing_else(house: House) -> None:
    routes, public, pages = set(), set(), set()
    for rule in house.app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            route = f"{method} {re.sub(r'<(?:[a-z]+:)?', '{', rule.rule).replace('>', '}')}"
            routes.add(route)
            if rule.endpoint in PUBLIC:
                public.add(route)
            if rule.endpoint in PAGES:
                pages.add(route)
    assert sorted(TABLE.keys() ^ routes) == []
    assert sorted({route for route, row in TABLE.items() if row.whose == "public"} ^ public) == []
    assert sorted({route for route, row in TABLE.items() if row.whose == "page"} ^ pages) == []


@pytest.mark.parametrize("route", TABLE)
def test_who_may_has_the_scope_by_the_permissions(route: str) -> None:
    row = TABLE[route]
    assert row.may, "a route that nobody may use"
    assert row.whose in {"public", "shared", "new", "own", "page", "personal"}
    assert row.whose != "public" or (not row.scopes and row.may == frozenset(Role))
    assert [role for role in row.may if row.scopes and row.scopes[role] not in PERMISSIONS[role]] == []


def test_every_scope_opens_something_over_http() -> None:
    assert {scope for row in TABLE.values() for scope in row.scopes.values()} == set(Scope)


# --- the answers agree with the table ---------------------------------------------------------------------------------


@pytest.mark.parametrize("route", [route for route, row in TABLE.items() if row.whose == "public"])
def test_what_is_public_asks_for_nobody(town: Town, route: str) -> None:
    if route in OPERATIONS:
        told = town.ask(route, Caller(town.crowd.house.client, "", ""), town.ids[Role.OPERATOR])
        assert told.status not in {401, 403, 404}, told


@pytest.mark.parametrize("route", WALKED)
def test_a_role_is_answered_as_the_table_says(town: Town, route: str) -> None:
    row = TABLE[route]
    for role in Role:
        caller, ids = town.insider(role, route), town.ids[role]
        told = town.ask(route, caller, ids)
        if role in row.may:
            assert told.status not in {401, 403, 404}, f"{role}: {told}"
        elif row.scopes and row.scopes[role] not in PERMISSIONS[role]:
            assert_lacks(row.scopes[role], told, role)
            assert told == town.ask(route, caller, nobodys(ids)), f"{role} is told that there is such a thing"
        else:
            assert told.status in {403, 404}, f"{role}: {told}"


@pytest.mark.parametrize("route", WALKED)
def test_a_session_is_answered_as_a_token_of_the_whole_role(town: Town, route: str) -> None:
    may = [role for role in Role if role in TABLE[route].may]
    may_not = [role for role in Role if role not in TABLE[route].may]
    for role in (*may[:1], *may_not[:1]):
        seated, ids = town.seated(town.insider(role, route)), town.ids[role]
        refused = {401, 403, 404} if role in may else set(HTTPStatus) - {403, 404}
        told = town.ask(route, seated, ids)
        assert told.status not in refused, f"{role}: {told}"


@pytest.mark.parametrize("route", [route for route in WALKED if TABLE[route].scopes])
def test_a_token_needs_that_scope_and_no_other(town: Town, route: str) -> None:
    for role in TABLE[route].may:
        caller, ids, scope = town.insider(role, route), town.ids[role], TABLE[route].scopes[role]
        without = town.ask(route, town.with_scopes(caller, PERMISSIONS[role] - {scope}), ids)
        assert_lacks(scope, without, role)
        alone = town.ask(route, town.with_scopes(caller, frozenset({scope})), ids)
        assert alone.status == town.ask(route, caller, ids).status, f"{role}: {alone}"


@pytest.mark.parametrize("route", [route for route in WALKED if TABLE[route].whose == "own"])
def test_what_is_anothers_is_answered_as_what_there_is_not(town: Town, route: str) -> None:
    for role, stranger in town.strangers.items():
        ids, own = town.ids[role], town.strangers_ids[role]
        of_others = set(ids.values()) - set(own.values())
        told, none = (town.ask(route, stranger, about) for about in (ids, nobodys(ids)))
        assert told == none, role
        assert not ids_in(told) & of_others, f"{role} is told of what is another's"
        if named_in(route) - own.keys() and own.keys() & named_in(route):  # another's thing, as if it were one's own
            told, none = (town.ask(route, stranger, about | own) for about in (ids, nobodys(ids)))
            assert told == none, f"{role}, below their own"


# --- pages may what the operations they stand for may -----------------------------------------------------------------

PAGES_OF_SOMEBODY = [route for route, row in TABLE.items() if row.whose == "personal"]
JOURNEY = "purpose=monitoring&modality=voice"


def test_every_page_about_somebody_names_what_it_stands_for_and_may_no_more(house: House) -> None:
    found = {}
    for rule in house.app.url_map.iter_rules():
        if rule.endpoint.startswith(f"{PERSONAL}."):
            path = re.sub(r"<(?:[a-z]+:)?", "{", rule.rule).replace(">", "}")
            operations = house.app.view_functions[rule.endpoint].stands_for  # type: ignore[attr-defined]
            found |= {f"{method} {path}": operations for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert sorted(found) == sorted(PAGES_OF_SOMEBODY)
    for route, operations in found.items():
        assert operations, route
        assert TABLE[route].may == frozenset.intersection(*(TABLE[each].may for each in operations)), route
        assert TABLE[route].scopes == TABLE[operations[0]].scopes, route


@pytest.mark.parametrize("route", PAGES_OF_SOMEBODY)
def test_a_page_answers_a_role_as_its_operations_do(town: Town, route: str) -> None:
    for role in Role:
        status, _ = town.opened(route, town.insider(role, route), town.about(role, route), JOURNEY)
        refused = {401, 403, 404} if role in TABLE[route].may else set(HTTPStatus) - {403, 404}
        assert status not in refused, role


@pytest.mark.parametrize("route", [route for route in PAGES_OF_SOMEBODY if "{" in route])
def test_a_page_about_another_is_as_one_that_there_is_not(town: Town, route: str) -> None:
    for role, stranger in town.strangers.items():
        ids = town.about(role, route)
        there, none = (town.opened(route, stranger, about, JOURNEY) for about in (ids, nobodys(ids)))
        assert there == none, role
        assert there[0] in {403, 404}, role


# --- what has a version is changed only as it was seen ---------------------------------------------------------------

TAGGED = {
    route: any("ETag" in answer.get("headers", {}) for answer in OPERATIONS[route]["responses"].values())
    for route in WALKED
    if route in OPERATIONS
}
PRECONDITIONED = [
    route for route in TAGGED if "If-Match" in {each["name"] for each in OPERATIONS[route].get("parameters", ())}
]
ANSWERED_ONCE = {
    "POST /v1/approvals/{approval_id}/approve",
    "POST /v1/approvals/{approval_id}/refuse",
    "POST /v1/performers/{performer_id}/remember",
    "POST /v1/scans/{scan_id}/rows/complete",
}
"""Operations on what nothing else changes: who comes second is told that it is done (409), and by whom."""


def test_every_change_of_what_has_a_version_takes_the_version_that_was_seen() -> None:
    changes = {
        route
        for route, tagged in TAGGED.items()
        if tagged and not route.startswith("GET") and "201" not in OPERATIONS[route]["responses"]
    }
    assert sorted(changes - set(PRECONDITIONED)) == sorted(ANSWERED_ONCE)
    by_method = {route for route in TAGGED if route.startswith(("PATCH", "PUT", "DELETE"))}
    assert by_method <= set(PRECONDITIONED)


@pytest.mark.parametrize("route", PRECONDITIONED)
def test_what_was_changed_since_it_was_seen_is_not_changed(town: Town, route: str) -> None:
    for role in TABLE[route].may:
        caller, ids = town.insider(role, route), town.ids[role]
        without = town.ask(route, caller, ids)
        told = town.ask(route, caller, ids, If_Match='"v99999"')
        assert told.status in {412, without.status}, f"{role}: {told}"
        assert told.status >= HTTPStatus.BAD_REQUEST, f"{role}: {told}"


@pytest.mark.parametrize("route", [route for route, tagged in TAGGED.items() if tagged and route.startswith("GET")])
def test_what_was_seen_as_it_is_is_not_sent_again(town: Town, route: str) -> None:
    role = next(iter(sorted(TABLE[route].may)))
    caller, ids = town.insider(role, route), town.ids[role]
    with town.sent(route, caller, ids) as seen:
        tag = seen.headers["ETag"]
    with town.sent(route, caller, ids, {"If-None-Match": tag}) as again:
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)


def assert_lacks(scope: Scope, told: Told, role: Role) -> None:
    """Insist that somebody was refused for want of a scope."""
    assert (told.status, told.code) == (HTTPStatus.FORBIDDEN, "forbidden"), f"{role}: {told}"
    assert (told.body["scope"], told.body["role"]) == (scope.value, role.value)
