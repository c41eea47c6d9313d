"""``likeness scan`` on the registry's own database, with real recordings: who is searched, and by which licences."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from likeness_here import Done, likeness_here
from soundfiles import VOICES
from sqlalchemy import func, select, update
from steps import TERMS, Clock, Registry

from registry.bootstrap import build_context, build_engine
from registry.clock import utc_now
from registry.domain.consents import ConsentDecision, ConsentPurpose
from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import PLAN, SUMMARY, ResultRow, shard_path
from registry.services import consents, licence_course
from registry.settings import Settings
from registry.store.base import Base
from registry.store.database import Database
from registry.store.performers import PerformerKey
from registry.vault.keys import FileKeyring
from registry.worker import Worker

SUBMISSIONS = VOICES / "submissions"
SPOT = "advertising medium=radio territory=GB language=en"


@dataclass
class House:
    """A registry in which slt is licensed, rms has withdrawn consent to licensing, and awb has refused it."""

    home: Path
    url: str
    registry: Registry
    organisation_id: str
    performers: dict[str, str]
    licence_id: str = ""

    def likeness(self, *arguments: object) -> Done:
        return likeness_here({"LIKENESS_HOME": self.home, "LIKENESS_DATABASE_URL": self.url}, *arguments)

    def scan(self, source: Path, out: str, *more: object) -> Done:
        asked = ("--organisation", self.organisation_id, "--declared-use", SPOT, "--yes")
        return self.likeness("scan", source, "--out", self.home / out, *asked, *more)

    def rows(self, out: str) -> dict[str, ResultRow]:
        return {Path(row.name).name: row for row in result_rows(self.home / out)}

    def counts(self) -> dict[str, int]:
        with self.registry.ctx.database.read() as session:
            tables = Base.metadata.sorted_tables
            return {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


@pytest.fixture
def house(tmp_path: Path, postgres_database: Database) -> Iterator[House]:
    with furnished(tmp_path, postgres_database) as house:
        yield house


@pytest.fixture
def sqlite_house(tmp_path: Path, sqlite_database: Database) -> Iterator[House]:
    with furnished(tmp_path, sqlite_database) as house:
        yield house


@contextmanager
def furnished(tmp_path: Path, database: Database) -> Iterator[House]:
    url = database.engine.url.render_as_string(hide_password=False)
    settings = Settings(home=tmp_path, database_url=url)
    clock = Clock(utc_now() - timedelta(days=3))
    FileKeyring.create(settings.resolved_keyring, clock(), os.urandom)
    with build_context(settings, clock=clock) as ctx:
        registry = Registry(ctx, clock)
        studio = registry.studio()
        performers = {}
        for voice in ("awb", "rms", "slt"):
            performers[voice] = registry.performer(f"Who speaks {voice}")
            registry.sign(performers[voice])
            registry.offer_recordings(performers[voice], voice)
        worker = Worker(ctx, build_engine(settings))
        worker.take_whole_gallery()
        while worker.run_once():
            pass
        given = registry.sign(performers["rms"], ConsentPurpose.LICENSING)
        registry.sign(performers["slt"], ConsentPurpose.LICENSING)
        registry.sign(performers["awb"], ConsentPurpose.LICENSING, ConsentDecision.REFUSED)
        licence_id = registry.licence(performers["slt"], studio, TERMS).id
        registry.licence(performers["rms"], studio, TERMS)
        today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
        clock.now = max(today, utc_now() - timedelta(hours=1))  # today, also in its first hour
        consents.withdraw_consent(ctx, registry.operator, performers["rms"], given.id)
        yield House(tmp_path, url, registry, str(studio.organisation_id), performers, licence_id)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("slt-advert", "rms-story", "kal16-stranger", "dialogue-slt-awb"):
        shutil.copy(SUBMISSIONS / f"{name}.flac", folder)
    return folder


def said_of(row: ResultRow) -> dict[str, Any]:
    return {one["performer"]: one["verdict"] for one in json.loads(row.evidence)["candidates"]}


def test_every_recording_has_the_verdict_that_the_records_support(house: House, source: Path) -> None:
    before = house.counts()
    done = house.scan(source, "out")
    assert done.returncode == 1, done.stderr
    awb, rms, slt = (house.performers[voice] for voice in ("awb", "rms", "slt"))
    rows = house.rows("out")
    assert {name: row.verdict for name, row in rows.items()} == {
        "slt-advert.flac": "licensed_use",
        "rms-story.flac": "consent_withdrawn",
        "kal16-stranger.flac": "no_match",
        "dialogue-slt-awb.flac": "opted_out_match",
    }
    assert said_of(rows["slt-advert.flac"]) == {slt: "licensed_use"}
    assert said_of(rows["rms-story.flac"]) == {rms: "consent_withdrawn"}
    assert said_of(rows["kal16-stranger.flac"]) == {}
    assert said_of(rows["dialogue-slt-awb.flac"]) == {slt: "licensed_use", awb: "opted_out_match"}
    journal = {"journal_entries", "journal_openings", "journal_nodes"}
    after = house.counts()
    assert {name for name in after if after[name] != before[name]} <= journal
    assert house.registry.journal()[before["journal_entries"] :] == ["gallery.searched"]
    plan = read_json(house.home / "out" / PLAN)
    assert plan["licences"]["organisation"] == house.organisation_id
    assert (plan["gallery"]["performers"], plan["gallery"]["lost"]) == (3, [])
    for written in (house.home / "out").rglob("*.json"):
        assert "Who speaks" not in written.read_text()
    verified = house.likeness("scan", "verify", house.home / "out", "--recompute", 2, "--seed", 1)
    assert verified.returncode == 0, verified.stdout + verified.stderr

    # a scan that goes on judges by the records of when it began
    house.registry.clock.now = utc_now()
    licence_course.revoke_licence(house.registry.ctx, house.registry.operator, house.licence_id)
    shard_path(house.home / "out", 0).unlink()
    resumed = house.scan(source, "out", "--resume")
    assert resumed.returncode == 1, resumed.stderr
    assert {name: row.verdict for name, row in house.rows("out").items()} == {
        name: row.verdict for name, row in rows.items()
    }

    # as of the day before the withdrawal; and who does not want to be looked for any more is not found
    consents.withdraw_all(house.registry.ctx, house.registry.operator, slt)
    yesterday = (utc_now() - timedelta(days=1)).date().isoformat()
    done = house.scan(source, "then", "--as-of", yesterday, "--kind", "training")
    assert done.returncode == 1, done.stderr
    then = house.rows("then")
    assert slt not in "".join(row.evidence for row in then.values())
    assert then["slt-advert.flac"].verdict == "no_match"
    assert said_of(then["rms-story.flac"]) == {rms: "licensed_out_of_scope"}
    summary = json.loads((house.home / "then" / "training-summary.json").read_text())
    coverage = {one["performer"]: one["coverage"] for one in summary["performers"]}
    assert [one["licensing_consent"] for one in coverage[rms]] == ["withdrawn", "given"]
    assert [one["opted_out"] for one in coverage[awb]] == [True, True]
    assert [one["state"] for one in coverage[rms][1]["licences"]] == ["active"]
    assert summary["reservations_of_rights"]["checked_at"].startswith(yesterday)
    page = (house.home / "then" / "training-summary.md").read_text()
    assert ": suspended, 2026-01-01 to 2026-12-31, without training" in page
    assert ": active, 2026-01-01 to 2026-12-31, without training" in page

    resumed = house.scan(source, "out", "--resume")
    assert resumed.returncode == 4
    assert "gallery" in resumed.stderr


def test_who_cannot_be_opened_is_3_and_a_use_that_is_not_known_is_an_error_of_its_row(
    sqlite_house: House, source: Path
) -> None:
    house = sqlite_house
    listed = source / "list.csv"
    listed.write_text(
        "path,declared_use\nslt-advert.flac,singing\nslt-advert.flac,\nrms-story.flac,advertising medium=radio\n"
    )
    rms = house.performers["rms"]
    with house.registry.ctx.database.write() as session:
        session.execute(update(PerformerKey).where(PerformerKey.performer_id == rms).values(wrapped_key=bytes(40)))
        session.commit()
    done = house.scan(listed, "out", "--limit", 2)
    assert done.returncode == 3, done.stderr
    assert f"{rms} is left out of the gallery" in done.stderr
    assert read_json(house.home / "out" / PLAN)["gallery"]["lost"] == [rms]
    rows = list(result_rows(house.home / "out"))
    assert [(row.status.value, row.error, row.verdict) for row in rows] == [
        ("failed", "declared_use_unknown", ""),
        ("failed", "duplicate_key", ""),
        ("not_scanned", "", ""),
    ]
    assert "'singing' is no purpose" in rows[0].error_detail
    assert read_json(house.home / "out" / SUMMARY)["errors"] == {"declared_use_unknown": 1, "duplicate_key": 1}


def test_wrong_asking_is_refused_before_anything_is_done(
    tmp_path: Path, sqlite_database: Database, source: Path
) -> None:
    url = sqlite_database.engine.url.render_as_string(hide_password=False)
    settings = Settings(home=tmp_path, database_url=url)
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    with build_context(settings) as ctx:
        registry = Registry(ctx, Clock(utc_now()))
        house = House(tmp_path, url, registry, str(registry.studio().organisation_id), {})
    out = ("--out", house.home / "out", "--yes")
    assert house.likeness("scan", source, *out).returncode == 2
    asked = ("--organisation", house.organisation_id)
    gallery = VOICES / "enrolment"
    for wrong in (
        (*asked, "--gallery", gallery),
        ("--gallery", gallery, "--as-of", "2026-01-01"),
        (*asked, "--engine", "ray"),
        (*asked, "--declared-use", "singing"),
        (*asked, "--as-of", "someday"),
    ):
        assert house.likeness("scan", source, *out, *wrong).returncode == 2, wrong
    later = house.scan(source, "out", "--as-of", "2999-01-01")
    assert (later.returncode, "still to come" in later.stderr) == (4, True)
    earlier = house.scan(source, "out", "--as-of", "2020-01-01")
    assert (earlier.returncode, "the registry knows" in earlier.stderr) == (4, True), earlier.stderr
    nobody = house.likeness("scan", source, *out, "--organisation", house.registry.operator.account_id)
    assert (nobody.returncode, "there is no organisation" in nobody.stderr) == (4, True), nobody.stderr
    assert not list((house.home / "out").glob("*.json"))
