"""From an enrolled voice to a match at a studio that has neither database nor server, and to the end of its file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from filing import TOLD, consenting, own_text
from soundfiles import VOICES
from sqlalchemy import select
from steps import Clock, Registry

from registry.bootstrap import build_context, build_engine
from registry.cli.operator import choose_operator
from registry.clock import utc_now
from registry.scanning.folder import read_json, result_rows
from registry.scanning.results import PLAN
from registry.services import checks, consents
from registry.settings import Settings
from registry.store.database import Database
from registry.store.gallery_files import GalleryEntry
from registry.vault.keys import FileKeyring
from registry.vault.signing import public_jwks
from registry.worker import Worker

ROOT = Path(__file__).resolve().parents[2]
SUBMISSIONS = VOICES / "submissions"


@dataclass
class Place:
    """A registry's machine and a studio's: two folders that share nothing but what is carried over."""

    settings: Settings
    studio: Path
    studio_id: str = ""
    performers: dict[str, str] = field(default_factory=dict)
    told_of: dict[str, float] = field(default_factory=dict)

    def run(self, home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
        environment = kept | {"LIKENESS_HOME": str(home), "COLUMNS": "200"}
        command = [sys.executable, "-m", "registry.cli.main", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  (our own program)

    def at_registry(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return self.run(self.settings.home, *arguments)

    def at_studio(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return self.run(self.studio / "home", *arguments)

    def export(self, out: Path, *more: object) -> subprocess.CompletedProcess[str]:
        expires = (utc_now() + timedelta(days=7)).date().isoformat()
        asked = ("--for", self.studio_id, "--purpose", "catalogue", "--expires", expires, "--told", TOLD)
        return self.at_registry(
            "gallery", "export", *asked, "--studio-key", self.studio / "public.jwk", "--out", out, "--json", *more
        )

    def scan(self, out: str, *more: object) -> subprocess.CompletedProcess[str]:
        opens = ("--gallery-key", self.studio / "key.json", "--registry-keys", self.studio / "jwks.json")
        asked = ("--gallery", self.studio / "one.gallery", *opens, "--out", self.studio / out, "--yes")
        return self.at_studio("scan", self.studio / "in", *asked, *more)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("place")
    (folder / "studio" / "in").mkdir(parents=True)
    (folder / "studio" / "home").mkdir()
    settings = Settings(home=folder / "home")
    settings.home.mkdir()
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    Database(settings.resolved_database_url).upgrade()
    place = Place(settings, folder / "studio")
    for name in ("slt-advert.flac", "rms-story.flac", "kal16-stranger.flac"):
        shutil.copy(SUBMISSIONS / name, place.studio / "in")
    with build_context(place.settings) as ctx:
        registry = Registry(ctx, Clock(utc_now()))
        own_text(registry)
        studio = registry.studio()
        place.studio_id = str(studio.organisation_id)
        worker = Worker(ctx, build_engine(place.settings))
        worker.take_whole_gallery()
        for voice in ("awb", "rms", "slt"):
            performer_id = registry.performer(f"The one called {voice}")
            consenting(registry, performer_id, TOLD)
            registry.offer_recordings(performer_id, voice)
            place.performers[voice] = performer_id
        check = registry.submit(studio)
        while worker.run_once():
            pass
        (found,) = checks.get_check(ctx, studio, check.id).findings
        assert found.performer_id == place.performers["slt"]
        place.told_of["slt-advert.flac"] = float(found.log10_lr)
        (place.studio / "jwks.json").write_text(json.dumps(public_jwks(ctx.keys)))
    return place


def test_a_studio_finds_a_voice_under_an_opaque_id_until_the_performer_withdraws(place: Place) -> None:
    made = place.at_studio("gallery", "key", "--out", place.studio / "key.json")
    assert made.returncode == 0, made.stderr
    (place.studio / "public.jwk").write_text(made.stdout)

    exported = place.export(place.studio / "one.gallery")
    assert exported.returncode == 0, exported.stderr
    told = json.loads(exported.stdout)
    assert (told["performers"], told["not_told"], told["issued_to"]) == (3, 0, place.studio_id)
    ids = entries(place, told["id"])

    scanned = place.scan("first")
    assert scanned.returncode == 1, scanned.stderr
    rows = {row.name: row for row in result_rows(place.studio / "first")}
    assert {name: row.outcome for name, row in rows.items()} == {
        "slt-advert.flac": "match",
        "rms-story.flac": "match",
        "kal16-stranger.flac": "no_match",
    }
    assert rows["slt-advert.flac"].performer == ids["slt"]
    assert rows["slt-advert.flac"].log10_lr == pytest.approx(place.told_of["slt-advert.flac"], abs=1e-3)
    assert rows["kal16-stranger.flac"].performer == ""
    assert json.loads(rows["kal16-stranger.flac"].evidence)["candidates"] == []
    plan = read_json(place.studio / "first" / PLAN)
    assert plan["gallery"]["id"] == told["sealed_sha256"]
    assert plan["gallery_file"]["id"] == told["id"]
    left = b"".join(path.read_bytes() for path in sorted((place.studio / "first").rglob("*")) if path.is_file())
    for voice, performer_id in place.performers.items():
        assert performer_id.encode() not in left
        assert f"The one called {voice}".encode() not in left
    verified = place.at_studio("scan", "verify", place.studio / "first")
    assert verified.returncode == 0, verified.stdout

    status = place.at_registry("gallery", "status", place.studio / "one.gallery", "--out", place.studio / "status.json")
    assert status.returncode == 0, status.stderr
    assert place.scan("second", "--gallery-status", place.studio / "status.json").returncode == 1

    with build_context(place.settings) as ctx:
        done = consents.withdraw_all(ctx, choose_operator(ctx, None), place.performers["rms"])
        assert [(holder.kind.value, holder.id) for holder in done.holders] == [("gallery_file", told["id"])]
    ended = place.at_registry(
        "gallery", "status", place.studio / "one.gallery", "--json", "--out", place.studio / "s.json"
    )
    assert ended.returncode == 1, ended.stderr
    (file,) = json.loads(ended.stdout)["files"]
    assert (file["standing"], file["drop"]) == ("replaced", [ids["rms"]])
    refused = place.scan("third", "--gallery-status", place.studio / "s.json")
    assert refused.returncode == 4
    assert "must not be searched" in refused.stderr
    assert not list((place.studio / "third").glob("shards/*"))


def entries(place: Place, file_id: str) -> dict[str, str]:
    """Answer the opaque id of each voice in a file, as only the registry knows it."""
    with build_context(place.settings) as ctx, ctx.database.read() as session:
        found = session.scalars(select(GalleryEntry).where(GalleryEntry.file_id == file_id))
        by_performer: dict[str, Any] = {entry.performer_id: entry.id for entry in found}
    return {voice: by_performer[performer_id] for voice, performer_id in place.performers.items()}


def test_a_file_without_its_key_or_in_ray_is_wrong_use(place: Place) -> None:
    (place.studio / "any.gallery").write_bytes(b"likeness-gallery 1\n")
    asked = (
        "scan",
        place.studio / "in",
        "--gallery",
        place.studio / "any.gallery",
        "--out",
        place.studio / "x",
        "--yes",
    )
    done = place.at_studio(*asked)
    assert (done.returncode, "--gallery-key" in done.stderr) == (2, True)
    folder = ("scan", place.studio / "in", "--gallery", place.studio / "in", "--out", place.studio / "x", "--yes")
    done = place.at_studio(*folder, "--gallery-status", place.studio / "any.gallery")
    assert (done.returncode, "--gallery-status" in done.stderr) == (2, True)
