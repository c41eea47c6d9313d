"""Settings: one frozen object, every field documented, refused when unsafe. Read from ``LIKENESS_…`` variables."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from registry.domain.ids import IdPrefix, is_id
from registry.domain.scan_requests import ScanRoot
from registry.errors import SettingsError, SignatureInvalidError
from registry.journal.note import KeyKind, VerifierKey

RATE = re.compile("off|(?P<limit>[1-9][0-9]{0,8})/(?P<unit>second|minute|hour|day)")
"""So many in so much time, or no limit."""
_ONE_RATE = f"^({RATE.pattern})$"


class Settings(BaseSettings):
    """Every setting of the registry, with its default. Nothing else is configured anywhere."""

    model_config = SettingsConfigDict(env_prefix="LIKENESS_", frozen=True, extra="ignore")

    home: Path = Field(default=Path("data"), description="Folder of the embedded defaults: database, keyring, spool.")
    database_url: str | None = Field(
        default=None, description="`sqlite:///…` or `postgresql://…`; by default a SQLite file in the home folder."
    )
    keyring: Path | None = Field(
        default=None,
        description="The master keyring that `likeness keys init` makes; `keyring.json` in the home folder.",
    )
    spool_url: str | None = Field(
        default=None,
        description=(
            "Where sealed uploads wait for a worker, and gallery files on offer for whom they are sealed for: "
            "a folder, or an fsspec URL that every host reaches; `spool` in the home folder."
        ),
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on. Put a TLS proxy before any other.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    http_threads: int = Field(default=16, ge=1, le=256, description="Requests answered at once by one HTTP process.")
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description=(
            "How many proxies of yours stand before this process, each adding to `X-Forwarded-For` from where it was "
            "asked. 0: that header is not believed, and all who come through a proxy count as one address."
        ),
    )
    rate_reads: str = Field(
        default="6000/minute", pattern=_ONE_RATE, description="Requests that read, for each token; `off` for no limit."
    )
    rate_writes: str = Field(
        default="3000/minute",
        pattern=_ONE_RATE,
        description="Requests that change or ask something, for each token; replays count, too.",
    )
    rate_anonymous: str = Field(
        default="600/minute", pattern=_ONE_RATE, description="Requests without a token, for each address."
    )
    rate_failed_tokens: str = Field(
        default="60/minute",
        pattern=_ONE_RATE,
        description="Tokens that are not valid, for each address; then only those that were good before are looked at.",
    )
    rate_checks: str = Field(
        default="3000/hour", pattern=_ONE_RATE, description="Checks, for each organisation, however many tokens it has."
    )
    rate_scans: str = Field(
        default="200/day", pattern=_ONE_RATE, description="Scans asked for or filed, for each organisation."
    )
    rate_clearances: str = Field(
        default="100000/hour",
        pattern=_ONE_RATE,
        description="Questions for clearance or approval, for each organisation; each of a batch counts.",
    )
    rate_storage: str | None = Field(
        default=None,
        description=(
            "Where requests are counted for all HTTP processes together: `redis://…`, with the extra `redis`. By "
            "default each process counts by itself."
        ),
    )
    scans: Path | None = Field(
        default=None,
        description=(
            "Folder in which workers scan for organisations. Every host whose workers run scans, or that answers HTTP, "
            "has to see the same one; `scans` in the home folder."
        ),
    )
    scan_roots: str | None = Field(
        default=None,
        description=(
            "What may be scanned, and for whom, as JSON: "
            '`{"NAME": {"url": "/folder or s3://…", "organisations": ["org_…"]}}`. By default nothing is.'
        ),
    )
    worker_scans: bool = Field(
        default=True, description="Whether a worker runs scans beside checks; off where it cannot see what is scanned."
    )
    embedded_worker: bool = Field(default=True, description="Whether `likeness serve` runs a worker beside itself.")
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto", description="Where the engine computes; `auto` is CUDA when there is one."
    )
    engine_threads: int | None = Field(
        default=None, ge=1, description="Processor threads of the engine; by default torch's own choice."
    )
    listening_memory_mib: int = Field(
        default=256,
        ge=1,
        description=(
            "Memory for the samples of all recordings in hand while `likeness identify`, `evaluate` or `calibrate` "
            "listens; one recording that is longer is heard by itself. Networks and answers come on top."
        ),
    )
    target_fpir: float = Field(
        default=0.01,
        gt=0,
        lt=0.5,
        description="Wanted chance that a recording of nobody enrolled brings up a match, at any gallery size.",
    )
    calibration: Path | None = Field(
        default=None,
        description=(
            "A calibration that `likeness calibrate` made, in place of the shipped one; only together with its "
            "SHA-256, and the same for every worker."
        ),
    )
    calibration_sha256: str | None = Field(
        default=None, pattern="^[0-9a-f]{64}$", description="What the bytes of that calibration must hash to."
    )
    max_upload_bytes: int = Field(default=512 * 2**20, ge=1, description="Largest body of a request.")
    max_duration_s: float = Field(default=7200.0, gt=0, description="Longest recording that is taken in.")
    check_speech_s: float = Field(default=0.5, ge=0.5, description="Net speech that a check needs.")
    enrolment_speech_s: float = Field(
        default=20.0, ge=5.0, description="Net speech that an enrolment needs; less than 5 s is never enough."
    )
    enrolment_snr_db: float = Field(default=10.0, description="Least signal-to-noise ratio of an enrolment recording.")
    enrolment_clipped_share: float = Field(
        default=0.01, ge=0, le=1, description="Largest share of clipped samples in an enrolment recording."
    )
    clearance_interval_s: int = Field(
        default=3600,
        ge=60,
        le=86_400,
        description="How long an answer about a clearance counts; then it is stale, and stale means refused.",
    )
    clearance_lifetime_s: int = Field(
        default=30 * 86_400, ge=60, description="How long a clearance holds at most, if nothing ends it before."
    )
    controller_name: str | None = Field(
        default=None, max_length=200, description="Who answers for the registry; consent receipts name them."
    )
    controller_address: str | None = Field(
        default=None, max_length=500, description="Where a letter reaches them; consent receipts say so."
    )
    controller_contact: str | None = Field(
        default=None, max_length=200, description="An e-mail address, telephone number or page at which they answer."
    )
    controller_jurisdiction: str | None = Field(
        default=None,
        pattern="^([A-Z]{2}(-[A-Z0-9]{1,3})?)$",
        description="Whose law applies to what the registry holds: an ISO 3166 code such as `KR` or `US-CA`, or `EU`.",
    )
    controller_storage_location: str | None = Field(
        default=None, max_length=200, description="Where the registry's data is kept, such as `Seoul, KR`."
    )
    lease_s: float = Field(
        default=30.0, ge=2.0, description="How long a worker holds work without a sign of life before another takes it."
    )
    checks_at_once: int = Field(
        default=8,
        ge=1,
        le=256,
        description="Checks that a worker takes and analyses together, when as many wait; it never waits for more.",
    )
    checks_at_once_s: float = Field(
        default=120.0,
        gt=0,
        description="Seconds of recordings that it takes together at most; a longer one is done alone.",
    )
    webhook_sending: bool = Field(
        default=True, description="Whether a worker sends what webhooks are told; turn it off where none may go out."
    )
    webhook_http: bool = Field(
        default=False, description="Whether webhooks may lead to `http://`, without TLS; for tests and closed networks."
    )
    webhook_allowed_networks: str | None = Field(
        default=None,
        description=(
            "Networks that webhooks may lead to although they are not of the public internet, with commas between: "
            "`10.1.0.0/16,fd00::/8`."
        ),
    )
    webhooks_per_organisation: int = Field(
        default=10, ge=0, le=100, description="Webhooks that one organisation may have; 0 lets nobody register one."
    )
    journal_interval_s: int = Field(
        default=60, ge=0, le=86_400, description="Seconds between two signed checkpoints of the journal at least."
    )
    journal_witnesses: str | None = Field(
        default=None,
        description=(
            "Keys of witnesses whose cosignatures of checkpoints are kept, with commas between: "
            "`witness.example/w1+da77ade7+BOv…`."
        ),
    )
    shutdown_s: float = Field(default=30.0, ge=1, description="How long requests and work may take to end on shutdown.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")

    @model_validator(mode="after")
    def _pin_the_calibration(self) -> Self:
        if (self.calibration is None) != (self.calibration_sha256 is None):
            raise ValueError(
                "LIKENESS_CALIBRATION and LIKENESS_CALIBRATION_SHA256 belong together: set both, as `likeness "
                "calibrate` printed them, or neither"
            )
        return self

    @field_validator("webhook_allowed_networks")
    @classmethod
    def _read_networks(cls, value: str | None) -> str | None:
        _networks(value)
        return value

    @property
    def webhook_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The networks that webhooks may lead to although they are private."""
        return _networks(self.webhook_allowed_networks)

    @field_validator("journal_witnesses")
    @classmethod
    def _read_witnesses(cls, value: str | None) -> str | None:
        _witnesses(value)
        return value

    @property
    def witnesses(self) -> tuple[VerifierKey, ...]:
        """The keys of witnesses of the journal."""
        return _witnesses(self.journal_witnesses)

    @field_validator("scan_roots")
    @classmethod
    def _read_roots(cls, value: str | None) -> str | None:
        _roots(value)
        return value

    @property
    def roots(self) -> Mapping[str, ScanRoot]:
        """What may be scanned for organisations, by name."""
        return _roots(self.scan_roots)

    @property
    def resolved_scans(self) -> Path:
        """The folder of scans, the default filled in."""
        return self.scans or self.home.absolute() / "scans"

    @property
    def resolved_database_url(self) -> str:
        """The database, the default filled in."""
        return self.database_url or f"sqlite:///{self.home.absolute() / 'registry.sqlite3'}"

    @property
    def resolved_keyring(self) -> Path:
        """The keyring, the default filled in."""
        return self.keyring or self.home / "keyring.json"

    @property
    def resolved_spool_url(self) -> str:
        """The spool, the default filled in."""
        return self.spool_url or str(self.home.absolute() / "spool")


def _networks(value: str | None) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(each.strip()) for each in (value or "").split(",") if each.strip())


def _witnesses(value: str | None) -> tuple[VerifierKey, ...]:
    """Read `LIKENESS_JOURNAL_WITNESSES`.

    Raises:
        ValueError: it is not of its form, or one key is not that of a witness.
    """
    try:
        keys = tuple(VerifierKey.read(each.strip()) for each in (value or "").split(",") if each.strip())
    except SignatureInvalidError as error:
        raise ValueError(error.detail) from error
    if others := [key.name for key in keys if key.kind is not KeyKind.COSIGNATURE]:
        raise ValueError(f"the key of {others[0]} is not that of a witness: its kind is 1, not 4")
    return keys


def _roots(text: str | None) -> Mapping[str, ScanRoot]:
    """Read `LIKENESS_SCAN_ROOTS`.

    Raises:
        ValueError: it is not of its form, or a root is unsafe.
    """
    said = json.loads(text) if text else {}
    if not isinstance(said, dict):
        raise ValueError("the roots are a JSON object: a name for each, with its url and its organisations")  # noqa: TRY004  (pydantic's protocol)
    return {name: _root(name, about) for name, about in said.items()}


def _root(name: str, about: object) -> ScanRoot:
    known = isinstance(about, dict) and set(about) == {"url", "organisations"}
    if not known or not isinstance(about, dict) or not isinstance(about["url"], str):
        raise ValueError(f"the root {name} has a url and organisations, and nothing else")
    organisations = about["organisations"]
    if not isinstance(organisations, list) or not all(
        isinstance(each, str) and is_id(each, IdPrefix.ORGANISATION) for each in organisations
    ):
        raise ValueError(f"the organisations of the root {name} are a list of ids, such as org_…")
    return ScanRoot(name, about["url"], frozenset(organisations))


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises:
        SettingsError: a value cannot be used; the sentence names the variable and says what is wrong with it.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:  # of several settings together; the sentence names them
            raise SettingsError(str(first["ctx"]["error"])) from error
        name = f"LIKENESS_{str(first['loc'][0]).upper()}"
        raise SettingsError(f"{name} cannot be {first['input']!r}: {first['msg']}", setting=name) from error
