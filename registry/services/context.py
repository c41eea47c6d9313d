"""What every verb works with, built once by `registry.bootstrap`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from registry.clock import Clock
from registry.domain.controllers import UNNAMED, Controller
from registry.domain.ids import IdFactory, RandomBytes
from registry.domain.scan_requests import NOTHING_TO_SCAN, ScanPlaces
from registry.domain.sign_in import NOBODY_SIGNS_IN, SignInRules
from registry.domain.webhook_addresses import PUBLIC_HTTPS, WebhookRules
from registry.journal.endings import EndingsList
from registry.journal.note import VerifierKey
from registry.media.decode import Decoder
from registry.media.speech import SpeechDetector
from registry.store.blobs import BlobStore
from registry.store.database import Database
from registry.store.idempotency import Deed
from registry.vault.keys import KeyProvider
from registry.vault.voiceprints import VoiceprintVault

if TYPE_CHECKING:  # it brings an HTTP client, which only signing in needs
    from registry.services.provider import Provider


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Numbers that verbs decide by. They come from the settings.

    Attributes:
        check_speech_s: net speech that a check needs; less is refused.
        enrolment_speech_s: net speech that an enrolment needs, over all its recordings; less is refused.
        enrolment_recommended_s: net speech below which an enrolment is accepted with a warning.
        enrolment_clipped_share: largest share in [0, 1] of clipped samples in an enrolment recording.
        enrolment_snr_db: least signal-to-noise ratio of an enrolment recording.
        worker_lost_after_s: silence after which a worker counts as gone.
        withdrawal_confirmation_s: longest wait for workers to confirm that voiceprints left their memory.
        clearance_interval_s: for how long an answer about a clearance counts; whole seconds.
        clearance_lifetime_s: for how long a clearance holds at most.
        poll_s: pause between two looks at the database while waiting.
    """

    check_speech_s: float = 0.5
    enrolment_speech_s: float = 20.0
    enrolment_recommended_s: float = 60.0
    enrolment_clipped_share: float = 0.01
    enrolment_snr_db: float = 10.0
    worker_lost_after_s: float = 8.0
    withdrawal_confirmation_s: float = 5.0
    clearance_interval_s: int = 3600
    clearance_lifetime_s: int = 30 * 24 * 3600
    poll_s: float = 0.02


@dataclass(frozen=True, slots=True)
class JournalRules:
    """How the journal is signed.

    Attributes:
        interval: between two checkpoints at least, however often one is asked for.
        witnesses: keys of those whose cosignatures are kept.
    """

    interval: timedelta = timedelta(seconds=60)
    witnesses: tuple[VerifierKey, ...] = ()


@dataclass(frozen=True, slots=True)
class TimestampRules:
    """Who is asked for time stamps of the journal's checkpoints (RFC 3161).

    Attributes:
        url: of the authority.
        roots: PEM certificates that its answers must lead to.
    """

    url: str
    roots: bytes


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a verb needs from outside.

    Attributes:
        database: where records are.
        clock: answers now.
        ids: makes ids.
        random_bytes: makes salts, keys and tokens.
        keys: wraps and unwraps keys.
        vault: seals and opens voiceprints.
        spool: where sealed uploads wait for a worker.
        decoder: reads media in limited children.
        detector: finds speech.
        thresholds: numbers that verbs decide by.
        controller: who answers for the registry; consent receipts name them.
        webhooks: where messages may go.
        scan_places: what may be scanned for organisations, and where such scans are kept.
        journal: how the journal is signed.
        endings: where what has ended is written down outside of the database; None where it is not.
        timestamps: who is asked for time stamps of checkpoints; None for nobody.
        deed: under which idempotency key something is being done, if under any; each request's own.
        pause: how a verb waits, in seconds; where threads are few, so that it takes nobody's.
    """

    database: Database
    clock: Clock
    ids: IdFactory
    random_bytes: RandomBytes
    keys: KeyProvider
    vault: VoiceprintVault
    spool: BlobStore
    decoder: Decoder
    detector: SpeechDetector
    thresholds: Thresholds
    controller: Controller = UNNAMED
    webhooks: WebhookRules = PUBLIC_HTTPS
    scan_places: ScanPlaces = NOTHING_TO_SCAN
    journal: JournalRules = JournalRules()
    sign_in: SignInRules = NOBODY_SIGNS_IN
    provider: Provider | None = None
    endings: EndingsList | None = None
    timestamps: TimestampRules | None = None
    deed: Deed | None = None
    pause: Callable[[float], None] = time.sleep
