"""Settings: one frozen object, every field documented, refused when unsafe. Read from ``LIKENESS_…`` variables."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from registry.errors import SettingsError


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
            "Where sealed uploads wait for a worker: a folder, or an fsspec URL that every host reaches; "
            "`spool` in the home folder."
        ),
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on. Put a TLS proxy before any other.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one.")
    http_threads: int = Field(default=16, ge=1, le=256, description="Requests answered at once by one HTTP process.")
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
