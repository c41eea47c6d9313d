"""A registry's machine and a studio's, as two folders: what the tests of gallery files have in common."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from filing import TOLD, consenting, own_text
from likeness_here import Done, likeness_here
from migrated import migrate
from soundfiles import VOICES
from sqlalchemy import select
from steps import Clock, Registry

from registry.bootstrap import build_context, build_engine
from registry.cli.operator import choose_operator
from registry.clock import utc_now
from registry.domain.accounts import Role
from registry.services import accounts, checks, tokens
from registry.settings import Settings
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

    def run(self, home: Path, *arguments: object) -> Done:
        return likeness_here({"LIKENESS_HOME": home}, *arguments)

    def begin(self, home: Path, *arguments: object, **settings: str) -> subprocess.Popen[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
        environment = kept | {"LIKENESS_HOME": str(home), "COLUMNS": "200"} | settings
        command = [sys.executable, "-m", "registry.cli.main", *map(str, arguments)]
        return subprocess.Popen(  # noqa: S603  (our own program)
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def at_registry(self, *arguments: object) -> Done:
        return self.run(self.settings.home, *arguments)

    def at_studio(self, *arguments: object) -> Done:
        return self.run(self.studio / "home", *arguments)

    def export(self, out: Path, *more: object) -> Done:
        return self.issue("--out", out, *more)

    def issue(self, *more: object) -> Done:
        expires = (utc_now() + timedelta(days=7)).date().isoformat()
        asked = ("--for", self.studio_id, "--purpose", "catalogue", "--expires", expires, "--told", TOLD)
        key = ("--studio-key", self.studio / "public.jwk")
        return self.at_registry("gallery", "export", *asked, *key, "--json", *more)

    def recompute(self, scan: str, gallery: Path, *more: object) -> Done:
        opens = ("--gallery-key", self.studio / "key.json", "--registry-keys", self.studio / "jwks.json")
        asked = ("--recompute", 9, "--gallery", gallery, *opens, "--json")
        return self.at_studio("scan", "verify", self.studio / scan, *asked, *more)

    def scan(self, out: str, *more: object) -> Done:
        opens = ("--gallery-key", self.studio / "key.json", "--registry-keys", self.studio / "jwks.json")
        asked = ("--gallery", self.studio / "one.gallery", *opens, "--out", self.studio / out, "--yes")
        return self.at_studio("scan", self.studio / "in", *asked, *more)


def made_place(folder: Path) -> Place:
    """Let three people be enrolled who were told of gallery files, and a studio be there that has heard one of them."""
    (folder / "studio" / "in").mkdir(parents=True)
    (folder / "studio" / "home").mkdir()
    settings = Settings(home=folder / "home")
    settings.home.mkdir()
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    migrate(settings)
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


def entries(place: Place, file_id: str) -> dict[str, str]:
    """Answer the opaque id of each voice in a file, as only the registry knows it."""
    with build_context(place.settings) as ctx, ctx.database.read() as session:
        found = session.scalars(select(GalleryEntry).where(GalleryEntry.file_id == file_id))
        by_performer: dict[str, Any] = {entry.performer_id: entry.id for entry in found}
    return {voice: by_performer[performer_id] for voice, performer_id in place.performers.items()}


def studio_token(place: Place) -> str:
    """Let somebody of the studio in, and answer their token."""
    with build_context(place.settings) as ctx:
        operator = choose_operator(ctx, None)
        member = accounts.create_account(
            ctx, operator, role=Role.STUDIO_MEMBER, name="Mira Vance", organisation_id=place.studio_id
        )
        life = timedelta(days=1)
        return tokens.issue_token(ctx, operator, account_id=member.id, name="scans", scopes=None, ttl=life).text


@contextmanager
def serving(place: Place, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the real server, without a worker, and answer where it listens: at any free port, unless one is named."""
    quiet = {"LIKENESS_PORT": str(port), "LIKENESS_EMBEDDED_WORKER": "false", "LIKENESS_LOG_LEVEL": "error"}
    with place.begin(place.settings.home, "serve", **quiet) as process:
        try:
            assert process.stderr is not None
            found = re.search(r"http://\S+", process.stderr.readline())
            assert found is not None
            yield found[0], process
        finally:
            process.terminate()
            process.communicate(timeout=120)
