"""Whoever runs the registry sees how it is, without a token and without anybody's data."""

from __future__ import annotations

import re
from pathlib import Path

from house import USE, House, assert_problem, recording
from prometheus_client.parser import text_string_to_metric_families

from registry.domain.ids import IdPrefix
from registry.store import workers

SECRETS = re.compile(rf"\b({'|'.join(IdPrefix)})_[0-9a-z]{{10,}}|Northlight|Marta|slt-")


def test_it_is_not_ready_without_a_worker_and_says_what_is_missing(house: House) -> None:
    response = house.client.get("/readyz")
    answer = assert_problem(response, 503, "not_ready", workers_live=0)
    assert [part["name"] for part in answer["parts"] if not part["ok"]] == ["worker"]
    assert response.headers["Retry-After"]
    assert house.client.get("/healthz").get_json() == {"status": "ok"}


def test_it_is_ready_while_a_worker_reports_and_no_longer(house: House) -> None:
    with house.ctx.database.write() as session:
        workers.beat(
            session,
            worker_id="wkr_1",
            pid=1,
            device="cpu",
            engine_version="1",
            ready=True,
            gallery_seq=0,
            now=house.clock.now,
        )
        session.commit()
    answer = house.client.get("/readyz")
    assert (answer.status_code, answer.get_json()["status"], answer.get_json()["workers_live"]) == (200, "ready", 1)
    house.clock.move(seconds=16)
    assert_problem(house.client.get("/readyz"), 503, "not_ready")


def test_metrics_count_requests_by_route_and_checks_by_state(house: House) -> None:
    studio = house.studio()
    path = studio.send("/v1/checks", USE | {"file": recording("submissions/slt-advert.flac")}).headers["Location"]
    studio.get(path)
    studio.get("/v1/checks/chk_00000000000000000000000000")
    house.client.get("/wp-admin.php")
    house.client.open("/healthz", method="BREW")
    shown = house.client.get("/metrics").text
    for line in (
        'likeness_http_requests_total{method="GET",route="/v1/checks/<id:check_id>",status="200"} 1.0',
        'likeness_http_requests_total{method="GET",route="/v1/checks/<id:check_id>",status="404"} 1.0',
        'likeness_http_requests_total{method="GET",route="unmatched",status="404"} 1.0',
        'likeness_checks{state="queued",verdict=""} 1.0',
        'likeness_queue_depth{kind="check"} 1.0',
        'likeness_queue_depth{kind="enrolment"} 0.0',
        'likeness_work_given_up{kind="check"} 0.0',
        "likeness_gallery_performers 0.0",
        "likeness_workers_live 0.0",
    ):
        assert line in shown.splitlines(), shown
    assert 'method="other"' in shown
    assert not SECRETS.search(shown)


def test_metrics_say_how_old_what_waits_is(house: House) -> None:
    studio = house.studio()
    studio.send("/v1/checks", USE | {"file": recording("submissions/slt-advert.flac")})
    house.clock.move(seconds=90)
    shown = house.client.get("/metrics").text.splitlines()
    assert 'likeness_queue_oldest_seconds{kind="check"} 90.0' in shown
    assert 'likeness_queue_oldest_seconds{kind="scan"} 0.0' in shown
    leaves = int(sample(shown, "likeness_journal_leaves"))
    assert sample(shown, "likeness_journal_unsigned_leaves") == leaves > 0
    assert sample(shown, "likeness_journal_unsigned_seconds") >= 90
    assert not [line for line in shown if line.startswith("likeness_backup_age_seconds ")]
    house.client.get("/v1/journal/checkpoint")
    shown = house.client.get("/metrics").text.splitlines()
    assert sample(shown, "likeness_journal_unsigned_leaves") == sample(shown, "likeness_journal_unsigned_seconds") == 0


def sample(lines: list[str], name: str) -> float:
    (value,) = [line.removeprefix(f"{name} ") for line in lines if line.startswith(f"{name} ")]
    return float(value)


def test_the_operating_page_has_every_metric_with_what_it_means(house: House) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    shown = house.client.get("/metrics").text
    rows = [
        f"| `{family.name}{'_total' if family.type == 'counter' else ''}` | {family.type} | {family.documentation} |"
        for family in text_string_to_metric_families(shown)
        if not family.name.endswith("_created")
    ]
    told = page.split("<!-- metrics:begin -->\n", 1)[1].split("<!-- metrics:end -->", 1)[0]
    assert told.splitlines() == ["| metric | kind | what |", "|---|---|---|", *rows], "\n".join(rows)


def test_metrics_are_there_when_the_database_is_not(house: House) -> None:
    house.ctx.database.downgrade("base")
    shown = house.client.get("/metrics")
    assert shown.status_code == 200
    assert "likeness_ready 0.0" in shown.text
    assert "likeness_queue_depth{" not in shown.text
    assert "likeness_journal_leaves " not in re.sub("#.*", "", shown.text)
    answer = assert_problem(house.client.get("/readyz"), 503, "not_ready")
    assert [part["name"] for part in answer["parts"]] == ["database"]
