"""A registry that scans for a studio, for tests of what workers do: performers, a root, and a folder for scans."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from migrated import migrate
from soundfiles import VOICES, beginning
from steps import ALL_ALLOWED, Registry

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.accounts import Principal
from registry.domain.consents import ConsentPurpose
from registry.domain.scan_requests import ScanRequest
from registry.engine.identify import Engine
from registry.scanning.folder import result_rows
from registry.scanning.results import ResultRow, shard_path
from registry.scanning.serving import request_scan
from registry.settings import Settings
from registry.store.database import Database
from registry.store.scans import Scan
from registry.vault.keys import FileKeyring
from registry.worker import Worker

ROOT = "northlight"
WHO = ("awb", "rms", "slt")
SPOT = "advertising medium=radio territory=GB language=en"


@dataclass
class ServedHouse:
    """A registry whose workers scan for a studio.

    Attributes:
        settings: of its processes.
        registry: in this process.
        studio: may have the root scanned.
        performers: by voice.
        media: the folder of the root.
    """

    settings: Settings
    registry: Registry
    studio: Principal
    performers: dict[str, str]
    media: Path
    workers: list[Worker] = field(default_factory=list)

    def ask(self, path: str = "", **asked: Any) -> Scan:
        return request_scan(self.registry.ctx, self.studio, ScanRequest(ROOT, path, **{"declared_use": SPOT} | asked))

    def worker(self, engine: Engine, **more: Any) -> Worker:
        """Answer a worker of this process that has the gallery."""
        worker = Worker(self.registry.ctx, engine, **more)
        worker.take_whole_gallery()
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        """End the workers of this process in good order."""
        for worker in self.workers:
            worker.stop()
            worker.run()

    def scan(self, scan_id: str) -> Scan:
        with self.registry.ctx.database.read() as session:
            return session.get_one(Scan, scan_id)

    def folder(self, scan_id: str) -> Path:
        return self.settings.resolved_scans / str(self.studio.organisation_id) / scan_id

    def rows(self, scan_id: str) -> list[ResultRow]:
        return list(result_rows(self.folder(scan_id)))

    def shards(self, scan_id: str) -> int:
        return sum(shard_path(self.folder(scan_id), number).exists() for number in range(1000))

    def environment(self) -> dict[str, str]:
        """Answer the environment of a process of this registry."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
        return kept | {
            "LIKENESS_HOME": str(self.settings.home),
            "LIKENESS_DATABASE_URL": self.settings.resolved_database_url,
            "LIKENESS_SCAN_ROOTS": str(self.settings.scan_roots),
            "LIKENESS_LEASE_S": "2",
            "LIKENESS_LOG_LEVEL": "error",
        }


def fill(folder: Path, copies: int = 1, *, distinct: bool = False, whole: bool = False) -> None:
    """Lay out recordings: voices, things that are no voices, and copies, of other bytes where they are distinct.

    Of each there are the first seconds, unless it is to be whole: to listen to all of them is what takes longest here.
    """
    folder.mkdir(parents=True)
    recordings = [*sorted((VOICES / "submissions").glob("*.flac")), *sorted((VOICES / "problems").glob("*.flac"))]
    for number in range(copies):
        for place, recording in enumerate(recordings):
            padding = bytes(number) if distinct else b""
            sound = recording.read_bytes() if whole else beginning(recording)
            (folder / f"{number:02d}-{place:02d}-{recording.name}").write_bytes(sound + padding)
    (folder / "05b.txt").write_text("no recording")


@contextmanager
def copied(house: ServedHouse, folder: Path) -> Iterator[ServedHouse]:
    """Open a copy of a registry on SQLite, with a root of its own."""
    home, media = folder / "home", folder / "media"
    shutil.copytree(house.settings.home, home)
    media.mkdir()
    roots = json.dumps({ROOT: {"url": str(media), "organisations": [house.studio.organisation_id]}})
    settings = house.settings.model_copy(update={"home": home, "database_url": None, "scan_roots": roots})
    with build_context(settings) as ctx:
        registry = copy(house.registry)
        registry.ctx = ctx
        made = ServedHouse(settings, registry, house.studio, house.performers, media)
        try:
            yield made
        finally:
            made.close()


@contextmanager
def served_house(
    folder: Path, database: Database | None, engine: Engine, who: Sequence[str] = WHO
) -> Iterator[ServedHouse]:
    """Open a registry in which some are enrolled, and slt is licensed for radio spots.

    Without a database it has one of its own in its home, which can be copied.
    """
    media = folder / "media"
    media.mkdir()
    url = None if database is None else database.engine.url.render_as_string(hide_password=False)
    settings = Settings(home=folder / "home", database_url=url)
    settings.home.mkdir()
    FileKeyring.create(settings.resolved_keyring, utc_now(), os.urandom)
    if database is None:
        migrate(settings)
    with build_context(settings) as ctx:
        registry = Registry(ctx, utc_now)
        studio = registry.studio()
        organisations = [studio.organisation_id]
    roots = json.dumps({ROOT: {"url": str(media), "organisations": organisations}})
    settings = settings.model_copy(update={"scan_roots": roots})
    with build_context(settings) as ctx:
        registry.ctx = ctx
        performers = {voice: registry.performer(f"Who speaks {voice}") for voice in who}
        for voice, performer_id in performers.items():
            registry.sign(performer_id)
            registry.offer_recordings(performer_id, voice)
        house = ServedHouse(settings, registry, studio, performers, media)
        worker = house.worker(engine)
        while worker.run_once():
            pass
        worker.stop()
        worker.run()
        if "slt" in performers:
            registry.sign(performers["slt"], ConsentPurpose.LICENSING, choices=ALL_ALLOWED)
            registry.licence(performers["slt"], studio)
        try:
            yield house
        finally:
            house.close()
