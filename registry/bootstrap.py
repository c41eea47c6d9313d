"""The composition root: everything is built here, from the settings, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from registry.clock import Clock, utc_now
from registry.domain.controllers import Controller
from registry.domain.ids import IdFactory, RandomBytes
from registry.domain.scan_requests import ScanPlaces
from registry.domain.webhook_addresses import WebhookRules
from registry.errors import KeyringError
from registry.media.decode import Decoder
from registry.media.limits import MediaLimits
from registry.media.speech import SpeechDetector
from registry.scanning.signing import SCAN_KEY
from registry.services.context import Context, JournalRules, Thresholds
from registry.settings import Settings
from registry.store import models
from registry.store.blobs import BlobStore
from registry.store.database import Database
from registry.vault.keys import FileKeyring
from registry.vault.voiceprints import VoiceprintVault

if TYPE_CHECKING:  # the engine brings torch with it, which only a worker needs
    from registry.engine.calibration import Calibration
    from registry.engine.identify import Engine

PARENT_VARIABLE = "LIKENESS_PARENT_PID"
"""Set by `likeness serve` for the worker beside it, which ends when that process has gone."""

TABLES = models.metadata
"""Named here so that every process that has a context knows every table."""


def build_database(settings: Settings) -> Database:
    """Open the door to the database that the settings name."""
    return Database(settings.resolved_database_url)


def build_keyring(settings: Settings) -> FileKeyring:
    """Read the master keyring.

    Raises:
        KeyringError: it is not there, or not readable, or readable by others; the sentence says what to do.
    """
    path = settings.resolved_keyring
    if not path.exists():
        raise KeyringError(f"there is no keyring at {path}: make one with `likeness keys init`", path=str(path))
    return FileKeyring.load(path)


def media_limits(settings: Settings) -> MediaLimits:
    """Answer the limits of each recording that is read."""
    return MediaLimits(max_bytes=settings.max_upload_bytes, max_duration_s=settings.max_duration_s)


def thresholds(settings: Settings) -> Thresholds:
    """Answer the numbers that verbs decide by."""
    return Thresholds(
        check_speech_s=settings.check_speech_s,
        enrolment_speech_s=settings.enrolment_speech_s,
        enrolment_clipped_share=settings.enrolment_clipped_share,
        enrolment_snr_db=settings.enrolment_snr_db,
        clearance_interval_s=settings.clearance_interval_s,
        clearance_lifetime_s=settings.clearance_lifetime_s,
    )


def webhook_rules(settings: Settings) -> WebhookRules:
    """Answer where webhooks may lead."""
    return WebhookRules(
        http=settings.webhook_http, networks=settings.webhook_networks, most=settings.webhooks_per_organisation
    )


def scan_places(settings: Settings) -> ScanPlaces:
    """Answer what may be scanned for organisations, and where such scans are kept."""
    return ScanPlaces(
        folder=settings.resolved_scans,
        roots=settings.roots,
        key=settings.home / SCAN_KEY,
        takes_scans=settings.worker_scans,
    )


def journal_rules(settings: Settings) -> JournalRules:
    """Answer how the journal is signed."""
    return JournalRules(timedelta(seconds=settings.journal_interval_s), settings.witnesses)


def controller(settings: Settings) -> Controller:
    """Answer who answers for the registry, as far as the settings say."""
    return Controller(
        name=settings.controller_name,
        address=settings.controller_address,
        contact=settings.controller_contact,
        jurisdiction=settings.controller_jurisdiction,
        storage_location=settings.controller_storage_location,
    )


@contextmanager
def build_context(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    random_bytes: RandomBytes = os.urandom,
    warm_decoders: int = 0,
) -> Iterator[Context]:
    """Build what every verb works with, and take it apart again.

    Args:
        settings: of this process.
        clock: answers now.
        random_bytes: answers random bytes.
        warm_decoders: decoding processes kept started; an HTTP process wants some, a worker none.

    Raises:
        KeyringError, SettingsError: something is missing or unsafe; the sentence says what to do.
    """
    keys = build_keyring(settings)
    database = build_database(settings)
    with Decoder(media_limits(settings), warm=warm_decoders) as decoder:
        try:
            yield Context(
                database=database,
                clock=clock,
                ids=IdFactory(random_bytes),
                random_bytes=random_bytes,
                keys=keys,
                vault=VoiceprintVault(keys, random_bytes),
                spool=BlobStore(settings.resolved_spool_url),
                decoder=decoder,
                detector=SpeechDetector(),
                thresholds=thresholds(settings),
                controller=controller(settings),
                webhooks=webhook_rules(settings),
                scan_places=scan_places(settings),
                journal=journal_rules(settings),
            )
        finally:
            database.dispose()


def build_calibration(settings: Settings) -> Calibration:
    """Load the calibration that is active: the one that the settings name and pin, or the shipped one.

    Raises:
        WeightsError: it is missing, or not the pinned bytes, or without its card.
    """
    from registry.engine.calibration import load_calibration

    if settings.calibration is None or settings.calibration_sha256 is None:
        return load_calibration()
    return load_calibration(settings.calibration, settings.calibration_sha256)


def build_engine(
    settings: Settings, *, device: str | None = None, threads: int | None = None, target_fpir: float | None = None
) -> Engine:
    """Load the engine with the active calibration, and let it prove that it works.

    Args:
        settings: of this process.
        device, threads, target_fpir: in place of what the settings say.

    Raises:
        WeightsError: weights or calibration are missing, or not the pinned ones.
        SpaceMismatchError: the calibration was fitted for other encoders.
        SelfTestFailedError: a known answer came out wrong.
    """
    from registry.engine import selftest
    from registry.engine.identify import Engine

    engine = Engine.load(
        device=device or settings.device,
        threads=threads or settings.engine_threads,
        target_fpir=settings.target_fpir if target_fpir is None else target_fpir,
        calibration=build_calibration(settings),
    )
    selftest.run(engine)
    return engine
