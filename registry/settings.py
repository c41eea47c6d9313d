"""Settings: one frozen object, every field documented, refused when unsafe. Read from ``LIKENESS_…`` variables."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from registry.domain.ids import IdPrefix, is_id
from registry.domain.scan_requests import ScanRoot
from registry.domain.sign_in import Origin, is_loopback, read_origin
from registry.domain.time_zones import DEFAULT as DEFAULT_ZONE
from registry.domain.time_zones import zone_called
from registry.errors import InvalidInputError, SettingsError, SignatureInvalidError
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
    key_provider: Literal["file", "vault", "kms"] = Field(
        default="file",
        description=(
            "What wraps keys: `file`, the keyring; `vault`, a transit key of HashiCorp Vault, which then seals the "
            "keyring as well; or `kms`, the keyring, sealed by a key of AWS KMS."
        ),
    )
    vault_url: str | None = Field(
        default=None,
        pattern=r"^(https://|http://(127\.0\.0\.1|\[::1\]|localhost)([:/]|$))",
        description="Where Vault is; with TLS, unless it is on this machine.",
    )
    vault_mount: str = Field(
        default="transit", pattern="^[A-Za-z0-9_/-]{1,100}$", description="Where its transit engine is mounted."
    )
    vault_key: str = Field(
        default="likeness", pattern="^[A-Za-z0-9_]{1,24}$", description="Name of the transit key, of type aes256-gcm96."
    )
    vault_token_file: Path | None = Field(
        default=None, description="File with a token that somebody renews, such as Vault's agent; mode 0600."
    )
    vault_role_id: str | None = Field(
        default=None, max_length=200, description="Id of an AppRole to log in with, in place of a token."
    )
    vault_secret_id_file: Path | None = Field(default=None, description="File with the AppRole's secret id; mode 0600.")
    vault_ca_file: Path | None = Field(
        default=None, description="Certificates to check Vault's against; by default the system's."
    )
    vault_namespace: str | None = Field(
        default=None, max_length=200, description="Namespace of Vault Enterprise, where there is one."
    )
    kms_key: str | None = Field(
        default=None, max_length=2048, description="ARN, id or alias of the KMS key that seals the keyring."
    )
    kms_region: str | None = Field(
        default=None, pattern="^[a-z0-9-]{1,40}$", description="The region of AWS that the KMS key is in."
    )
    kms_url: str | None = Field(
        default=None,
        pattern=r"^(https://|http://(127\.0\.0\.1|\[::1\]|localhost)([:/]|$))",
        description="An endpoint of one's own for KMS, such as a private link's; by default the region's.",
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
    http_connections: int = Field(
        default=1000,
        ge=16,
        le=20_000,
        description=(
            "Connections that one HTTP process keeps open. When more come, whoever is idle, or has not said what they "
            "want for longest, makes room."
        ),
    )
    http_head_s: float = Field(
        default=10.0,
        gt=0,
        le=300,
        description="Seconds in which the head of a request has to come.",
    )
    http_stall_s: float = Field(
        default=30.0,
        gt=0,
        le=600,
        description="Seconds that a client may be below the least rate, sending its body or reading the answer.",
    )
    http_least_bytes_per_s: int = Field(
        default=4096, ge=1, description="That rate. Who is faster may take as long as it takes."
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        le=10,
        description=(
            "How many proxies of yours stand before this process, each adding to `X-Forwarded-For` from where it was "
            "asked. 0: that header is not believed, and all who come through a proxy count as one address."
        ),
    )
    public_url: str | None = Field(
        default=None,
        description=(
            "Where people's browsers reach the registry, such as `https://registry.example`; needed to sign in. By "
            "default `http://` with host and port, where that is this machine alone."
        ),
    )
    time_zone: str = Field(
        default=DEFAULT_ZONE,
        description=(
            "The time zone in which pages tell of moments to whoever has chosen none, such as `Asia/Seoul`. Reports, "
            "tables to download and the API are in UTC whatever it is."
        ),
    )
    sign_in_link_s: int = Field(
        default=900, ge=60, le=86_400, description="How long a one-time sign-in link can be used, in seconds."
    )
    session_idle_s: int = Field(
        default=3600, ge=60, le=86_400, description="After so many seconds without a request, a session is over."
    )
    session_life_s: int = Field(
        default=43_200, ge=900, le=2_592_000, description="After so many seconds, a session is over in any case."
    )
    oidc_issuer: str | None = Field(
        default=None,
        max_length=500,
        description="An OpenID Connect provider by which people sign in, exactly as it writes its own name.",
    )
    oidc_client_id: str | None = Field(default=None, max_length=500, description="What the registry is called there.")
    oidc_client_secret_file: Path | None = Field(
        default=None,
        description="A file of mode 0600 with the secret that the provider gave; none for a public client.",
    )
    oidc_hosts: str | None = Field(
        default=None,
        description=(
            "Further hosts of the provider that may be asked, with commas between: `oauth2.googleapis.com`. Those of "
            "its issuer may, and no others."
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
    rate_names: str = Field(
        default="100/day",
        pattern=_ONE_RATE,
        description=(
            "Names under which one account, but an operator's, registers performers or lets them be called: whether a "
            "name is refused tells that somebody of that name asked to be forgotten."
        ),
    )
    rate_reports: str = Field(
        default="600/hour",
        pattern=_ONE_RATE,
        description="Reports about cases and checks, for each organisation, or account that belongs to none.",
    )
    rate_verifications: str = Field(
        default="30/minute",
        pattern=_ONE_RATE,
        description="Files that anybody brings to be verified, for each address, whoever is signed in there.",
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
        default=30.0,
        ge=2.0,
        le=300.0,
        description="How long a worker holds work without a sign of life before another takes it.",
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
    endings: Path | None = Field(
        default=None,
        description=(
            "Folder in which it is written down what has ended and must not come back with a backup; best on another "
            "disk than the database. `endings` in the home folder."
        ),
    )
    timestamps_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s]+$",
        description=(
            "A time-stamping authority (RFC 3161) that new checkpoints of the journal are sent to, with the extra "
            "`timestamps`; by default none is."
        ),
    )
    timestamps_roots: Path | None = Field(
        default=None, description="PEM file of the certificates that its answers must lead to."
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

    @model_validator(mode="after")
    def _name_the_provider_whole(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("LIKENESS_OIDC_ISSUER and LIKENESS_OIDC_CLIENT_ID belong together: set both, or neither")
        if self.oidc_issuer is not None and self.origin is None:
            raise ValueError("LIKENESS_OIDC_ISSUER needs LIKENESS_PUBLIC_URL: the provider sends browsers back there")
        return self

    @field_validator("public_url")
    @classmethod
    def _read_public_url(cls, value: str | None) -> str | None:
        if value is not None:
            _origin(value)
        return value

    @field_validator("time_zone")
    @classmethod
    def _read_time_zone(cls, value: str) -> str:
        if zone_called(value) is None:
            raise ValueError("LIKENESS_TIME_ZONE is the name of a time zone, such as Asia/Seoul")
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _read_issuer(cls, value: str | None) -> str | None:
        if value is not None:
            _issuer_origin(value)
        return value

    @property
    def origin(self) -> Origin | None:
        """Where browsers reach the registry; None where that was not said, and is not this machine."""
        if self.public_url is not None:
            return _origin(self.public_url)
        return Origin("http", self.host, self.port) if is_loopback(self.host) and self.port else None

    @property
    def provider_origins(self) -> frozenset[Origin]:
        """Where the identity provider may be asked."""
        if self.oidc_issuer is None:
            return frozenset()
        further = (each.strip() for each in (self.oidc_hosts or "").split(",") if each.strip())
        return frozenset({_issuer_origin(self.oidc_issuer), *(_origin(f"https://{host}") for host in further)})

    @field_validator("oidc_hosts")
    @classmethod
    def _read_hosts(cls, value: str | None) -> str | None:
        for host in (value or "").split(","):
            if host.strip():
                _origin(f"https://{host.strip()}")
        return value

    @model_validator(mode="after")
    def _say_who_asks_vault(self) -> Self:
        if self.key_provider != "vault":
            return self
        by_role = self.vault_role_id is not None and self.vault_secret_id_file is not None
        if self.vault_url is None or (self.vault_token_file is not None) == by_role:
            raise ValueError(
                "LIKENESS_KEY_PROVIDER=vault needs LIKENESS_VAULT_URL, and either LIKENESS_VAULT_TOKEN_FILE, or "
                "LIKENESS_VAULT_ROLE_ID with LIKENESS_VAULT_SECRET_ID_FILE"
            )
        return self

    @model_validator(mode="after")
    def _say_which_kms_key(self) -> Self:
        if self.key_provider == "kms" and (self.kms_key is None or self.kms_region is None):
            raise ValueError("LIKENESS_KEY_PROVIDER=kms needs LIKENESS_KMS_KEY and LIKENESS_KMS_REGION")
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

    @model_validator(mode="after")
    def _trust_the_timestamps(self) -> Self:
        if (self.timestamps_url is None) != (self.timestamps_roots is None):
            raise ValueError(
                "LIKENESS_TIMESTAMPS_URL and LIKENESS_TIMESTAMPS_ROOTS belong together: a time stamp counts by the "
                "certificates that it leads to; set both, or neither"
            )
        return self

    @property
    def resolved_endings(self) -> Path:
        """The folder of the list of endings, the default filled in."""
        return self.endings or self.home.absolute() / "endings"

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


def _origin(url: str) -> Origin:
    """Read an address that secrets are sent to.

    Raises:
        ValueError: it is not of its form, or not safe.
    """
    try:
        return read_origin(url)
    except InvalidInputError as error:
        raise ValueError(error.detail) from error


def _issuer_origin(issuer: str) -> Origin:
    """Answer where an issuer is; it may have a path, and no query (OpenID Connect Discovery 1.0, section 3)."""
    parts = urlsplit(issuer)
    if parts.query or parts.fragment:
        raise ValueError("an issuer is https://host, with a path where it has one, and no more")
    return _origin(f"{parts.scheme}://{parts.netloc}")


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


SECRETS = "LIKENESS_SECRETS"
"""Names a folder of files that stand in for variables: a file ``likeness_database_url`` for that setting."""


def load_settings() -> Settings:
    """Read the settings from the environment, and what is not there from the folder of secrets, if one is named.

    Raises:
        SettingsError: a value cannot be used; the sentence names the variable and says what is wrong with it.
    """
    folder = os.environ.get(SECRETS)
    if folder is not None and not Path(folder).is_dir():
        raise SettingsError(f"{SECRETS} names {folder}, which is no folder", setting=SECRETS)
    try:
        return Settings(_secrets_dir=folder)
    except ValidationError as error:
        first = error.errors()[0]
        if not first["loc"]:  # of several settings together; the sentence names them
            raise SettingsError(str(first["ctx"]["error"])) from error
        name = f"LIKENESS_{str(first['loc'][0]).upper()}"
        raise SettingsError(f"{name} cannot be {first['input']!r}: {first['msg']}", setting=name) from error
