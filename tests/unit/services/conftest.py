"""A registry without HTTP and without an engine: verbs on a database, real recordings, voiceprints drawn at random."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from steps import Clock, Registry

from registry.domain.ids import IdFactory, RandomBytes
from registry.media.decode import Decoder
from registry.media.speech import SpeechDetector
from registry.services.context import Context, Thresholds
from registry.store.blobs import BlobStore
from registry.store.database import Database
from registry.vault.keys import FileKeyring
from registry.vault.voiceprints import VoiceprintVault


@pytest.fixture(scope="session")
def decoder() -> Iterator[Decoder]:
    with Decoder(files_per_child=1000) as shared:
        yield shared


@pytest.fixture(scope="session")
def detector() -> SpeechDetector:
    return SpeechDetector()


@pytest.fixture
def context(
    decoder: Decoder, detector: SpeechDetector, random_bytes: RandomBytes, tmp_path: Path, clock: Clock
) -> Callable[[Database], Context]:
    """Answer what builds a context around a database."""
    keys = FileKeyring.create(tmp_path / "keyring.json", clock(), random_bytes)

    def build(database: Database) -> Context:
        return Context(
            database=database,
            clock=clock,
            ids=IdFactory(random_bytes),
            random_bytes=random_bytes,
            keys=keys,
            vault=VoiceprintVault(keys, random_bytes),
            spool=BlobStore(str(tmp_path / "spool")),
            decoder=decoder,
            detector=detector,
            thresholds=Thresholds(withdrawal_confirmation_s=0.2),
        )

    return build


@pytest.fixture
def registry(database: Database, context: Callable[[Database], Context], clock: Clock) -> Registry:
    """A registry; the test runs once on SQLite and once on PostgreSQL."""
    return Registry(context(database), clock)


@pytest.fixture
def sqlite_registry(sqlite_database: Database, context: Callable[[Database], Context], clock: Clock) -> Registry:
    """A registry on SQLite."""
    return Registry(context(sqlite_database), clock)


@pytest.fixture
def clock(now: object) -> Clock:
    return Clock(now)
