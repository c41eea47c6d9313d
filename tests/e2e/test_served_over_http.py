"""A scan that workers run, over HTTP: asked for, followed, read, called off; a real server and a real worker."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
from served import ROOT, SPOT, ServedHouse, fill, served_house
from sqlalchemy import select

from registry.bootstrap import build_engine
from registry.domain.accounts import Principal
from registry.scanning.signing import REPORT_TYPE, open_claims
from registry.services import tokens, webhooks
from registry.settings import Settings
from registry.store.webhooks import Webhook, WebhookDelivery

HERE = Path(__file__).resolve().parents[2]
WITHIN_S = 300.0


@dataclass(frozen=True)
class Caller:
    """Somebody with a token."""

    url: str
    token: str

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self._send("GET", path, **more)

    def ask(self, **fields: Any) -> httpx.Response:
        form = [(name, (None, str(value))) for name, value in ({"root": ROOT, "declared_use": SPOT} | fields).items()]
        return self._send("POST", "/scans", files=form)

    def cancel(self, scan_id: str) -> httpx.Response:
        return self._send("POST", f"/scans/{scan_id}/cancel", json={})  # as `likeness scan cancel` does

    def ended(self, scan_id: str) -> dict[str, Any]:
        """Follow a scan until it has ended, as one does by polling."""
        deadline, before = time.monotonic() + WITHIN_S, 0
        while time.monotonic() < deadline:
            scan: dict[str, Any] = self.get(f"/scans/{scan_id}").json()
            assert scan["rows_done"] >= before
            before = scan["rows_done"]
            if scan["state"] not in {"queued", "running"}:
                return scan
            time.sleep(0.1)
        raise AssertionError(f"the scan did not end within {WITHIN_S} s")

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(trust_env=False, timeout=60) as client:
            return client.request(method, f"{self.url}/v1{path}", headers=headers, **more)


@contextmanager
def serving(house: ServedHouse) -> Iterator[str]:
    """Run the real server, with the worker beside it, and answer where it listens."""
    environment = house.environment() | {"LIKENESS_PORT": "0", "LIKENESS_WEBHOOK_SENDING": "false"}
    command = [sys.executable, "-m", "registry.cli.main", "serve"]
    with subprocess.Popen(command, cwd=HERE, env=environment, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  (our own program)
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+", process.stderr.readline())
            assert found is not None
            yield found[0]
        finally:
            process.terminate()
            process.communicate(timeout=120)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedHouse]:
    with served_house(tmp_path_factory.mktemp("http"), None, build_engine(Settings(device="cpu"))) as house:
        fill(house.media / "in", copies=2)
        yield house


@pytest.fixture(scope="module")
def url(house: ServedHouse) -> Iterator[str]:
    with serving(house) as url:
        yield url


def caller(house: ServedHouse, url: str, principal: Principal) -> Caller:
    life = timedelta(days=1)
    issued = tokens.issue_token(
        house.registry.ctx, house.registry.operator, account_id=principal.account_id, name="http", scopes=None, ttl=life
    )
    return Caller(url, issued.text)


@pytest.fixture(scope="module")
def studio(house: ServedHouse, url: str) -> Caller:
    return caller(house, url, house.studio)


@pytest.fixture(scope="module")
def stranger(house: ServedHouse, url: str) -> Caller:
    return caller(house, url, house.registry.studio("Somebody else"))


@pytest.fixture(scope="module")
def operator(house: ServedHouse, url: str) -> Caller:
    return caller(house, url, house.registry.operator)


@pytest.fixture(scope="module")
def webhook(house: ServedHouse) -> Webhook:
    studio_id = house.studio.organisation_id
    address = "https://hooks.northlight.example/likeness"
    return webhooks.register_webhook(
        house.registry.ctx, house.registry.operator, name="scans", url=address, organisation_id=studio_id
    )


@pytest.fixture(scope="module")
def done(studio: Caller, webhook: Webhook) -> dict[str, Any]:  # noqa: ARG001  (it listens from before)
    asked = studio.ask(path="in", project="Spring")
    assert asked.status_code == 202, asked.text
    assert asked.headers["Location"] == f"/v1/scans/{asked.json()['id']}"
    assert asked.json()["request"]["path"] == "in"
    return studio.ended(asked.json()["id"])


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"root": "other"}, 404, "not_found"),
        ({"path": "../home"}, 404, "not_found"),
        ({"path": "/etc"}, 404, "not_found"),
        ({"path": "http://127.0.0.1/"}, 404, "not_found"),
        ({"declared_use": "singing"}, 422, "declared_use_unknown"),
        ({"column": "voice=a"}, 422, "source_unusable"),
        ({"limit": 1, "sample": 1}, 422, "invalid_input"),
        ({"stratify": "folder"}, 422, "invalid_input"),
        ({"as_of": "2999-01-01"}, 422, "invalid_input"),
        ({"as_of": "2001-01-01"}, 422, "invalid_input"),
        ({"organisation_id": "org_01jd8x0zq2r4t6v8w0y2a4c6e8"}, 404, "not_found"),
        ({"target_fpir": 0.5}, 422, "validation_failed"),
    ],
)
def test_what_may_not_be_asked_for_is_refused(studio: Caller, fields: dict[str, Any], status: int, code: str) -> None:
    answer = studio.ask(**fields)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_a_root_of_others_is_not_there(stranger: Caller) -> None:
    assert stranger.ask(path="in").json()["detail"] == f"there is no root {ROOT} to scan"


def test_an_operator_names_the_organisation_that_uses_the_recordings(operator: Caller, house: ServedHouse) -> None:
    assert operator.ask(path="in").json()["code"] == "invalid_input"
    assert operator.ask(path="in", root="nothing", organisation_id=house.studio.organisation_id).status_code == 404
    asked = operator.ask(path="nothing", organisation_id=house.studio.organisation_id)
    assert (asked.status_code, asked.json()["organisation_id"]) == (202, house.studio.organisation_id)
    failed = operator.ended(asked.json()["id"])
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "source_unusable")
    assert failed["problem"]["detail"] == f"there is nothing at {ROOT}/nothing"


def test_a_scan_comes_to_findings(done: dict[str, Any], studio: Caller, operator: Caller, house: ServedHouse) -> None:
    assert (done["state"], done["rows"], done["rows_done"], done["failed"]) == ("done", 27, 27, 7)
    assert done["origin"] == "server"
    found = studio.get(f"/findings?scan_id={done['id']}&limit=200").json()["items"]
    assert len(found) == done["findings"] > 0
    assert {one["basis"] for one in found} == {"heard"}
    assert {one["performer"]["id"] for one in found} == set(house.performers.values())
    assert done["id"] in [one["id"] for one in operator.get("/scans").json()["items"]]


def test_its_end_is_told_to_who_listens(done: dict[str, Any], webhook: Webhook, house: ServedHouse) -> None:
    with house.registry.ctx.database.read() as session:
        query = select(WebhookDelivery.body).where(WebhookDelivery.webhook_id == webhook.id)
        bodies = [json.loads(body) for body in session.scalars(query)]
    told = {(body["type"], body["data"]["scan_id"]) for body in bodies if "scan_id" in body["data"]}
    assert {("scan.finished", done["id"]), ("findings.recorded", done["id"])} <= told


def test_rows_come_by_page_and_by_what_they_came_to(done: dict[str, Any], studio: Caller) -> None:
    at, rows = f"/scans/{done['id']}/results", []
    path: str | None = f"{at}?limit=10"
    while path is not None:
        page = studio.get(path)
        rows += page.json()["items"]
        assert ("next" in page.links) is (page.json()["next_cursor"] is not None)
        path = page.links["next"]["url"].removeprefix("/v1") if page.links else None
    assert [row["number"] for row in rows] == list(range(27))
    for column, value in (("verdict", "unlicensed_match"), ("status", "failed"), ("outcome", "no_match")):
        wanted = [row for row in rows if row[column] == value]
        assert wanted
        assert studio.get(f"{at}?{column}={value}&limit=200").json()["items"] == wanted
        first = studio.get(f"{at}?{column}={value}&limit=1").json()
        rest = studio.get(f"{at}?{column}={value}&limit=200&cursor={first['next_cursor']}").json()
        assert first["items"] + rest["items"] == wanted
    duplicates = [row for row in rows if row["status"] == "duplicate"]
    assert duplicates
    for row in duplicates:
        assert row["evidence"]["candidates"] == rows[row["duplicate_of"]]["evidence"]["candidates"]
    assert studio.get(f"{at}?verdict=excellent").status_code == 422
    for cursor in ("x", "MTp4"):
        assert studio.get(f"{at}?cursor={cursor}").json()["code"] == "invalid_cursor"


def test_the_report_is_signed_and_its_page_runs_nothing(done: dict[str, Any], studio: Caller) -> None:
    at = f"/scans/{done['id']}"
    report = studio.get(f"{at}/report").json()
    opened = open_claims(report["jws"], typ=REPORT_TYPE)
    assert opened.claims == report["report"]
    assert (opened.thumbprint, opened.claims["results"]["sha256"]) == (done["signed_by"], done["results_sha256"])
    for language, says in (("en", "Report"), ("ko", "보고서")):
        page = studio.get(f"{at}/report.html?lang={language}")
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert f'<html lang="{language}">' in page.text, says
        policy = page.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "sandbox" in policy
        assert "unsafe" not in policy
        assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert studio.get(f"{at}/report.html?lang=fr").status_code == 422
    table = studio.get(f"{at}/results.parquet")
    assert table.headers["Content-Disposition"] == f"attachment; filename={done['id']}.parquet"
    assert pq.read_table(io.BytesIO(table.content)).num_rows == 27


def test_nobody_else_knows_of_a_scan(done: dict[str, Any], stranger: Caller) -> None:
    assert stranger.get("/scans").json()["items"] == []
    for path in ("", "/report", "/report.html", "/results", "/results.parquet"):
        assert stranger.get(f"/scans/{done['id']}{path}").status_code == 404, path
    assert stranger.cancel(done["id"]).status_code == 404
    assert stranger.get(f"/findings?scan_id={done['id']}").json()["items"] == []


def test_a_scan_is_called_off(house: ServedHouse, studio: Caller, done: dict[str, Any]) -> None:
    assert studio.cancel(done["id"]).json()["code"] == "conflict"
    fill(house.media / "long", copies=6, distinct=True, whole=True)
    asked = studio.ask(path="long").json()
    early = studio.get(f"/scans/{asked['id']}/results")
    assert (early.status_code, early.json()["code"]) == (409, "conflict")
    cancelled = studio.cancel(asked["id"])
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert studio.cancel(asked["id"]).json()["state"] == "cancelled"
    for path in ("/report", "/results"):
        assert studio.get(f"/scans/{asked['id']}{path}").json()["state"] == "cancelled"


def test_nothing_of_where_recordings_lie_is_told(done: dict[str, Any], studio: Caller, house: ServedHouse) -> None:
    at = f"/scans/{done['id']}"
    told = [studio.get(f"{at}{path}").text for path in ("", "/report", "/report.html", "/results?limit=200")]
    told.append(json.dumps(pq.read_table(io.BytesIO(studio.get(f"{at}/results.parquet").content)).to_pylist()))
    for text in told:
        assert str(house.media) not in text
        assert str(house.settings.home) not in text
