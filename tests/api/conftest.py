"""One registry for each test, migrated and empty but for its operator; slow parts are made once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from house import Clock, House

from api import ApiSettings, create_app
from registry.domain.ids import IdFactory, RandomBytes
from registry.media.decode import Decoder
from registry.media.limits import MediaLimits
from registry.media.speech import SpeechDetector
from registry.services.context import Context, Thresholds
from registry.store.blobs import BlobStore
from registry.store.database import Database
from registry.vault.keys import FileKeyring
from registry.vault.voiceprints import VoiceprintVault

sys.path.append(str(Path(__file__).parents[1] / "unit" / "media"))  # soundfiles, which makes bad recordings


@dataclass
class SlowParts:
    """What takes long to make and keeps nothing of a test."""

    decoder: Decoder
    detector: SpeechDetector
    keys: FileKeyring


@pytest.fixture(scope="session")
def slow_parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlowParts]:
    folder = tmp_path_factory.mktemp("keys")
    counter = iter(range(1, 1_000_000))
    keys = FileKeyring.create(
        folder / "keyring.json", datetime(2026, 1, 1, tzinfo=UTC), lambda n: next(counter).to_bytes(n, "big")
    )
    with Decoder(MediaLimits(max_duration_s=600), files_per_child=1000) as decoder:
        yield SlowParts(decoder, SpeechDetector(), keys)


@pytest.fixture
def clock(now: datetime) -> Clock:
    return Clock(now)


def build_house(
    database: Database, slow_parts: SlowParts, clock: Clock, random_bytes: RandomBytes, folder: Path
) -> House:
    ctx = Context(
        database=database,
        clock=clock,
        ids=IdFactory(random_bytes),
        random_bytes=random_bytes,
        keys=slow_parts.keys,
        vault=VoiceprintVault(slow_parts.keys, random_bytes),
        spool=BlobStore(str(folder / "spool")),
        decoder=slow_parts.decoder,
        detector=slow_parts.detector,
        thresholds=Thresholds(withdrawal_confirmation_s=0.1),
    )
    app = create_app(ctx, settings=ApiSettings(max_body_bytes=4 * 2**20, max_json_bytes=2**16, max_wait_s=5.0))
    return House(ctx, app, clock)


@pytest.fixture
def house(
    sqlite_database: Database, slow_parts: SlowParts, clock: Clock, random_bytes: RandomBytes, tmp_path: Path
) -> House:
    """A registry on SQLite."""
    return build_house(sqlite_database, slow_parts, clock, random_bytes, tmp_path)


@pytest.fixture
def either_house(
    database: Database, slow_parts: SlowParts, clock: Clock, random_bytes: RandomBytes, tmp_path: Path
) -> House:
    """A registry; the test runs once on SQLite and once on PostgreSQL."""
    return build_house(database, slow_parts, clock, random_bytes, tmp_path)
