"""The composition root: everything is built here, from the settings, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from registry.clock import Clock, utc_now
from registry.domain.controllers import Controller
from registry.domain.ids import IdFactory, RandomBytes
from registry.domain.scan_requests import SCAN_KEY, ScanPlaces
from registry.domain.sign_in import SignInRules
from registry.domain.webhook_addresses import WebhookRules
from registry.errors import KeyringError, SettingsError
from registry.journal.endings import EndingsList
from registry.media.decode import Decoder
from registry.media.limits import MediaLimits
from registry.media.speech import SpeechDetector
from registry.services.context import Context, JournalRules, Thresholds, TimestampRules
from registry.settings import Settings
from registry.store import models
from registry.store.blobs import BlobStore
from registry.store.database import Database
from registry.vault.house import FileHouse, KeyHouse
from registry.vault.keyfile import read_private_file
from registry.vault.keyring_file import KeyringFile, WatchedKeyring
from registry.vault.keys import KeyProvider
from registry.vault.voiceprints import VoiceprintVault

if TYPE_CHECKING:  # the engine brings torch, which only a worker needs; Vault and a provider bring an HTTP client
    from registry.engine.calibration import Calibration
    from registry.engine.identify import Engine
    from registry.services.provider import Provider
    from registry.vault.transit import Transit

PARENT_VARIABLE = "LIKENESS_PARENT_PID"
"""Set by `likeness serve` for the worker beside it, which ends when that process has gone."""

_SECRET_FILE = "LIKENESS_OIDC_CLIENT_SECRET_FILE"  # noqa: S105  (a name, not a secret)

TABLES = models.metadata
"""Named here so that every process that has a context knows every table."""


def build_database(settings: Settings) -> Database:
    """Open the door to the database that the settings name."""
    return Database(settings.resolved_database_url)


def build_keyring(settings: Settings) -> KeyProvider:
    """Open the keys of the house, as every process uses them: it goes on with new ones once they are there.

    Raises:
        KeyringError: the keyring is not there, or not readable, or readable by others; the sentence says what to do.
        KeysUnavailableError: the key service does not answer.
    """
    path = settings.resolved_keyring
    if not path.exists():
        raise KeyringError(f"there is no keyring at {path}: make one with `likeness keys init`", path=str(path))
    transit = build_transit(settings)
    if transit is None:
        return WatchedKeyring(build_keyring_file(settings))
    from registry.vault.vault_keys import VaultKeys, sealed_file

    return VaultKeys(transit, sealed_file(path, transit))


def build_keyring_file(settings: Settings) -> KeyringFile:
    """Open the keyring's file, to change it."""
    path = settings.resolved_keyring
    if settings.key_provider == "kms" and settings.kms_key is not None and settings.kms_region is not None:
        from registry.vault.kms import Kms, KmsPlace, sealed_by

        return sealed_by(path, Kms(KmsPlace(settings.kms_key, settings.kms_region, settings.kms_url)))
    transit = build_transit(settings)
    if transit is None:
        return KeyringFile(path)
    from registry.vault.vault_keys import sealed_file

    return sealed_file(path, transit)


def build_key_house(settings: Settings) -> KeyHouse:
    """Open what changes the keys of the house."""
    transit = build_transit(settings)
    file = build_keyring_file(settings)
    if transit is None:
        return FileHouse(file)
    from registry.vault.vault_keys import VaultHouse

    return VaultHouse(transit, file)


def build_transit(settings: Settings) -> Transit | None:
    """Open the key service, where the settings name one."""
    if settings.key_provider != "vault" or settings.vault_url is None:
        return None
    from registry.vault.transit import Transit, VaultPlace

    return Transit(
        VaultPlace(
            url=settings.vault_url,
            mount=settings.vault_mount,
            key=settings.vault_key,
            token_file=settings.vault_token_file,
            role_id=settings.vault_role_id,
            secret_id_file=settings.vault_secret_id_file,
            ca_file=settings.vault_ca_file,
            namespace=settings.vault_namespace,
        )
    )


def create_keys(settings: Settings, now: datetime, random_bytes: RandomBytes) -> Path:
    """Make the first keys of a house, durable on return; answer where they are.

    Raises:
        KeyringError: there is a keyring already, or it cannot be written.
        KeysUnavailableError: the key service does not answer.
    """
    path = settings.resolved_keyring
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    build_keyring_file(settings).create(now, random_bytes)
    return path


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


def timestamp_rules(settings: Settings) -> TimestampRules | None:
    """Answer who is asked for time stamps, if anybody.

    Raises:
        SettingsError: the file of certificates cannot be read.
    """
    if settings.timestamps_url is None or settings.timestamps_roots is None:
        return None
    try:
        return TimestampRules(settings.timestamps_url, settings.timestamps_roots.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"LIKENESS_TIMESTAMPS_ROOTS, {settings.timestamps_roots}, cannot be read: {error.strerror}",
            setting="LIKENESS_TIMESTAMPS_ROOTS",
        ) from error


def sign_in_rules(settings: Settings) -> SignInRules:
    """Answer how people sign in."""
    return SignInRules(
        origin=settings.origin,
        link_life=timedelta(seconds=settings.sign_in_link_s),
        session_idle=timedelta(seconds=settings.session_idle_s),
        session_life=timedelta(seconds=settings.session_life_s),
    )


def build_provider(settings: Settings, clock: Clock) -> Provider | None:
    """Answer the identity provider that the settings name, without asking it anything.

    Raises:
        SettingsError: the file with the secret is missing, open to others, or empty.
    """
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    secret = None
    if (path := settings.oidc_client_secret_file) is not None:
        try:
            secret = read_private_file(path, "client secret").decode().strip()
        except (KeyringError, UnicodeDecodeError) as error:
            raise SettingsError(f"the client secret cannot be used: {error}", setting=_SECRET_FILE) from error
        if not secret:
            raise SettingsError(f"there is no client secret in {path}", setting=_SECRET_FILE)
    from registry.services.provider import Client, Provider
    from registry.services.provider_http import ProviderHttp

    client = Client(settings.oidc_issuer, settings.oidc_client_id, secret)
    return Provider(client, ProviderHttp(settings.provider_origins), clock)


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
    hears: bool = False,
) -> Iterator[Context]:
    """Build what every verb works with, and take it apart again.

    Args:
        settings: of this process.
        clock: answers now.
        random_bytes: answers random bytes.
        warm_decoders: decoding processes kept started; an HTTP process wants some, a worker none.
        hears: whether recordings will be heard: what finds speech is then loaded at once, and with the first that is
            heard otherwise. Most commands hear none.

    Raises:
        KeyringError, SettingsError: something is missing or unsafe; the sentence says what to do.
    """
    keys = build_keyring(settings)
    provider = build_provider(settings, clock)
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
                detector=SpeechDetector(late=not hears),
                thresholds=thresholds(settings),
                controller=controller(settings),
                webhooks=webhook_rules(settings),
                scan_places=scan_places(settings),
                journal=journal_rules(settings),
                sign_in=sign_in_rules(settings),
                provider=provider,
                endings=EndingsList(settings.resolved_endings),
                timestamps=timestamp_rules(settings),
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
