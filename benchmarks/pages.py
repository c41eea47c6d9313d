"""How long a page takes where there are many of everything: every page, of every role, with PostgreSQL, at the server.

    python -m benchmarks.pages --at FOLDER [--performers 100000] [--findings 1000000] [--repeats 20] [--write]

The first run in a folder fills a database there (see `benchmarks.page_rows`), which takes some minutes and gigabytes;
later ones use it as it is, brought to the newest schema. Then each role opens each of its pages again and again, one at
a time: seconds are those from the request read to the answer made, of the whole application with its real database, and
statements those that the database was sent. The size is that of a first view: the page and every file that it loads,
each compressed, without sound.

``--write`` puts the slowest pages into ``docs/performance.md``. Exit code 1 where the 95th percentile of a page is over
its bar, or a page weighs too much.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import psycopg
from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, event

from api import ApiSettings, create_app
from api.auth import PERSONAL
from api.rates import rates_of
from benchmarks.load_house import Postgres
from benchmarks.machine import described, in_words
from benchmarks.page_rows import fill
from benchmarks.page_specs import Sizes
from benchmarks.tables import Table as MarkdownTable
from benchmarks.tables import filled
from registry import starting
from registry.bootstrap import build_context, create_keys
from registry.clock import utc_now
from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.logs import configure_logs
from registry.services import sign_in_links
from registry.services.context import Context
from registry.settings import Settings
from registry.store.accounts import Account
from registry.store.database import Database

BAR_S: Final = 0.200
HEAVIEST_KIB: Final = 200
COUNTS: Final = frozenset({"/house/retention/due"})
"""Pages that count what is past its time, up to a bound, for whoever asks: no list, and no bar."""
_DATABASE: Final = "pages"
_VIEWERS: Final = "viewers.json"
_SHOWN: Final = 15
PAGE: Final = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
_LOADED = re.compile(r'(?:src|href)="(/static/[^"]+)"')


@dataclass(frozen=True)
class Timed:
    """One page, opened by one role.

    Attributes:
        role, page: whose, and its address as a template.
        p50_s, p95_s: seconds at the server.
        statements: that the database was sent for one view.
        kib: of the page and what it loads, compressed.
    """

    role: str
    page: str
    p50_s: float
    p95_s: float
    statements: int
    kib: float


def main() -> None:
    """Fill where needed, time, and print; exit code 1 where a bar is missed."""
    given, console, machine = _arguments(), Console(width=120), described(("flask", "sqlalchemy", "psycopg"))
    configure_logs("WARNING")
    console.print(in_words(machine), highlight=False)
    with database_in(given.at, Sizes(given.performers, given.findings)) as (ctx, viewers):
        timed = list(time_pages(ctx, viewers, given.repeats, given.only))
        console.print(table(sorted(timed, key=lambda each: -each.p95_s)))
    report = {
        "benchmark": "pages",
        "machine": machine,
        "performers": given.performers,
        "findings": given.findings,
        "repeats": given.repeats,
        "bar_s": BAR_S,
        "heaviest_kib": HEAVIEST_KIB,
        "pages": [asdict(each) for each in timed],
    }
    if given.out:
        given.out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if given.write:
        written = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(filled(written, {"pages": slowest(timed, machine)}), encoding="utf-8")
    over = [each for each in timed if each.kib > HEAVIEST_KIB or (each.p95_s > BAR_S and each.page not in COUNTS)]
    console.print(f"{len(timed)} pages of roles, {len(over)} over a bar")
    raise SystemExit(1 if over else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at", type=Path, required=True, help="folder for the database; kept")
    parser.add_argument("--performers", type=int, default=100_000)
    parser.add_argument("--findings", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", default="", help="a part of the addresses that are wanted")
    parser.add_argument("--out", type=Path, help="where to write the figures, as JSON")
    parser.add_argument("--write", action="store_true", help="put the slowest pages into docs/performance.md")
    return parser.parse_args()


# --- the registry ----------------------------------------------------------------------------------------------------


@contextmanager
def database_in(folder: Path, sizes: Sizes) -> Iterator[tuple[Context, Mapping[str, str]]]:
    """Answer a registry on the filled database of a folder, and whose pages are full; it is filled where it is not."""
    folder.mkdir(parents=True, exist_ok=True)
    server = Postgres(folder / "postgres")
    try:
        fresh = not (folder / _VIEWERS).exists()
        url = _database_url(server.url, fresh=fresh)
        os.environ |= {"LIKENESS_HOME": str(folder / "home"), "LIKENESS_DATABASE_URL": url}
        settings = Settings(public_url="http://127.0.0.1:8080", scans=folder / "scans")
        if fresh and not settings.resolved_keyring.exists():
            create_keys(settings, utc_now(), os.urandom)
        upgraded = Database(url)
        upgraded.upgrade()
        upgraded.dispose()
        with build_context(settings) as ctx:
            if fresh:
                with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
                    viewers = fill(ctx, connection, sizes)
                (folder / _VIEWERS).write_text(json.dumps(viewers, indent=2), encoding="utf-8")
            yield ctx, json.loads((folder / _VIEWERS).read_text(encoding="utf-8"))
    finally:
        server.stop()


def _database_url(server: str, *, fresh: bool) -> str:
    """Answer the URL of the database to fill; one that was not filled to its end is begun anew."""
    if fresh:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {_DATABASE} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {_DATABASE}")
            connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
            connection.execute("SELECT pg_reload_conf()")
    head, _, query = server.partition("?")
    return f"{head.rpartition('/')[0]}/{_DATABASE}{'?' if query else ''}{query}"


# --- timing ----------------------------------------------------------------------------------------------------------


def time_pages(ctx: Context, viewers: Mapping[str, str], repeats: int, only: str = "") -> Iterator[Timed]:
    """Time each page of each role that may open it, with what there is of it in the registry."""
    app = create_app(ctx, settings=ApiSettings(rates=rates_of(lambda _: "off")))
    starting.loaded(seldom=True)  # as a server does when it begins
    pages = sorted(
        re.sub(r"<(?:[a-z]+:)?", "{", rule.rule).replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(f"{PERSONAL}.") and "GET" in (rule.methods or ())
    )
    ids = {name.removeprefix("id:"): value for name, value in viewers.items() if name.startswith("id:")}
    for role in Role:
        if role.value not in viewers:
            continue
        client = signed_in(ctx, app.test_client(use_cookies=False), viewers[role.value])
        for page in pages:
            if only in page and (timed := _timed(ctx.database.engine, client, page, ids, repeats)):
                yield replace(timed, role=role.value)


class Client:
    """Somebody's browser: it sends its session, and nothing is written between it and the application."""

    def __init__(self, client: FlaskClient, session: str) -> None:
        self._client = client
        self._headers = {"Cookie": f"likeness-session={session}", "Accept": "text/html"}

    def get(self, address: str) -> tuple[int, bytes]:
        """Answer status and body."""
        with self._client.get(address, headers=self._headers) as response:
            return response.status_code, response.data


def signed_in(ctx: Context, client: FlaskClient, account_id: str) -> Client:
    """Sign an account in by a link of its own."""
    with ctx.database.read() as session:
        account = session.get_one(Account, account_id)
    own = Principal(account.id, account.role, PERMISSIONS[account.role], account.organisation_id, {})
    link = sign_in_links.issue_link(ctx, own, account.id)
    return Client(client, sign_in_links.use_link(ctx, link.url.partition("?t=")[2]).text)


def _timed(engine: Engine, client: Client, page: str, ids: Mapping[str, str], repeats: int) -> Timed | None:
    """Time one page; None where it is not this role's, or there is nothing that it could be about."""
    if set(re.findall(r"{(\w+)}", page)) - ids.keys():
        return None
    address = re.sub(r"{(\w+)}", lambda found: ids[found[1]], page)
    with counted(engine) as statements:
        status, _ = client.get(address)
    if status != HTTPStatus.OK:
        return None
    with counted(engine) as statements:
        _, body = client.get(address)
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        client.get(address)
        took.append(time.perf_counter() - began)
    took.sort()
    kib = (len(gzip.compress(body)) + _loaded(client, body.decode("utf-8", "replace"))) / 2**10
    p95_s = took[min(len(took) - 1, round(0.95 * (len(took) - 1)))]
    return Timed("", page, statistics.median(took), p95_s, len(statements), round(kib, 1))


def _loaded(client: Client, html: str) -> int:
    """Answer how many bytes a page loads beside itself, compressed."""
    return sum(len(gzip.compress(client.get(each)[1])) for each in set(_LOADED.findall(html)))


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


def slowest(timed: Sequence[Timed], machine: dict[str, Any]) -> MarkdownTable:
    """Answer the slowest pages as a table of words, and of all of them how they stand to the bars."""
    ordered = sorted(timed, key=lambda each: -each.p95_s)
    under = sum(each.p95_s <= BAR_S for each in timed)
    heaviest = max(each.kib for each in timed)
    note = (
        f"Of {len(timed)} pages of {len({each.role for each in timed})} roles, {under} stay under "
        f"{1000 * BAR_S:.0f} ms at the 95th percentile; the heaviest first view has {heaviest:.0f} KiB. "
        f"{in_words(machine)}"
    )
    rows = [
        [
            each.role.replace("_", " "),
            f"`{each.page}`",
            f"{1000 * each.p50_s:.0f} ms",
            f"{1000 * each.p95_s:.0f} ms",
            str(each.statements),
            f"{each.kib:.0f}",
        ]
        for each in ordered[:_SHOWN]
    ]
    return {"headings": ["role", "page", "median", "95 %", "statements", "KiB"], "rows": rows, "note": note}


def table(timed: Sequence[Timed]) -> Table:
    """Draw the figures."""
    drawn = Table("role", "page", "p50 ms", "p95 ms", "statements", "KiB", title="pages, slowest first")
    for each in timed:
        drawn.add_row(
            each.role,
            each.page,
            f"{1000 * each.p50_s:.0f}",
            f"{1000 * each.p95_s:.0f}",
            str(each.statements),
            f"{each.kib:.0f}",
        )
    return drawn


if __name__ == "__main__":
    main()
