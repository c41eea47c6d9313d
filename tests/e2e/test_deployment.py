"""What is deployed with is linted, and does what it says, as far as that shows without Docker and without systemd."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml
from sqlalchemy import create_engine, make_url, text

from registry.settings import Settings
from registry.store.database import Database

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PROGRAMS = Path(sys.executable).parent
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
UNITS = sorted((DEPLOY / "systemd").iterdir())
MOST_EXPOSED = 20
"""Tenths, as `systemd-analyze security` counts: 0 is nothing, 100 is everything."""

sys.path.insert(0, str(DEPLOY))

import rehearse  # noqa: E402  (beside what it rehearses)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(PROGRAMS / command[0]), *command[1:]], capture_output=True, text=True, check=False)  # noqa: S603  (tools of our own environment)


# --- the image -------------------------------------------------------------------------------------------------------


def test_the_dockerfile_passes_its_linter() -> None:
    done = run("hadolint", "--config", str(DEPLOY / "hadolint.yaml"), str(DEPLOY / "Dockerfile"))
    assert done.returncode == 0, done.stdout


def test_the_linter_would_say_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM debian:latest\nRUN cd /tmp\n", encoding="utf-8")
    assert run("hadolint", str(tmp_path / "Dockerfile")).returncode == 1


def test_the_image_ends_as_a_user_without_rights_and_installs_what_is_pinned() -> None:
    build, final = rehearse.stages((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))
    assert re.fullmatch(r"[1-9]\d{4}:[1-9]\d{4}", final.last("USER"))
    installs = [
        line for word, text in build.instructions if word == "RUN" for line in text.split("&&") if "pip install" in line
    ]
    assert installs
    assert all("--constraint constraints.txt" in line for line in installs)


def test_only_what_is_copied_goes_to_the_builder() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "*"
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    build = rehearse.stages((DEPLOY / "Dockerfile").read_text(encoding="utf-8"))[0]
    assert let_in == set(rehearse.copied(build))
    assert all((ROOT / name).exists() for name in let_in)


# --- the services ----------------------------------------------------------------------------------------------------


def test_the_compose_file_is_one_by_its_schema(tmp_path: Path) -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml"))
    assert done.returncode == 0, done.stdout
    wrong = (DEPLOY / "compose.yaml").read_text(encoding="utf-8").replace("cap_drop:", "cap_drops:")
    (tmp_path / "compose.yaml").write_text(wrong, encoding="utf-8")
    done = run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(tmp_path / "compose.yaml"))
    assert "cap_drops" in done.stdout


def test_every_service_is_held_and_only_loopback_is_listened_on() -> None:
    services = rehearse.compose()["services"]
    for name, service in services.items():
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"]), name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        assert "privileged" not in service
    assert len([name for name in services if name.startswith("worker-")]) == 2
    assert rehearse.compose()["networks"]["inside"] == {"internal": True}
    assert [name for name, service in services.items() if "out" in service["networks"]] == ["worker-2"]


def test_the_keyring_can_be_written_by_the_service_that_makes_it_and_by_no_other() -> None:
    services = rehearse.compose()["services"]
    writers = [
        name for name, service in services.items() if "keys:/var/lib/likeness/keys" in service.get("volumes", ())
    ]
    assert writers == ["keys"]
    assert services["keys"]["profiles"] == ["setup"]


def test_no_secret_is_a_variable() -> None:
    for name, service in rehearse.compose()["services"].items():
        for variable, value in service.get("environment", {}).items():
            assert (
                variable.endswith("_FILE")
                or not re.search("PASSWORD|SECRET|TOKEN|URL", variable)
                or "/run/secrets" in value
            ), name


def test_every_setting_that_deployment_names_is_one() -> None:
    known = {f"LIKENESS_{name.upper()}" for name in Settings.model_fields}
    texts = "".join(
        path.read_text(encoding="utf-8") for path in (DEPLOY / "Dockerfile", DEPLOY / "compose.yaml", *UNITS)
    )
    named = set(re.findall(r"LIKENESS_[A-Z_]+", texts))
    assert named - known <= {"LIKENESS_SECRETS", "LIKENESS_IMAGE", "LIKENESS_OPERATOR"}


@pytest.fixture
def host(postgres_server: str, tmp_path: Path) -> Iterator[rehearse.Host]:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    server = make_url(postgres_server)
    administered = create_engine(server.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with administered.connect() as connection:
        connection.execute(text("CREATE DATABASE deployed"))
        url = server.set(database="deployed", drivername="postgresql").render_as_string(hide_password=False)
        yield rehearse.Host(tmp_path / "host", PROGRAMS, url, port)
        connection.execute(text("DROP DATABASE deployed WITH (FORCE)"))
    administered.dispose()


def test_the_services_start_in_their_order_with_their_settings_and_the_server_is_healthy(host: rehearse.Host) -> None:
    assert rehearse.rehearse(host, workers=[]) == {"status": "ok"}
    database = Database(host.database_url)
    database.require_current_schema()
    database.dispose()
    assert (host.folder / "home" / "keys" / "keyring.json").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in (host.folder / "tmp").iterdir()} == set()


# --- units -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The units, with this environment's programs in the place of those of an installation."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here")
    folder = tmp_path_factory.mktemp("units")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/likeness/bin", str(PROGRAMS))
        (folder / unit.name).write_text(text, encoding="utf-8")
    return folder


def analyse(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False)  # noqa: S603, S607  (Debian's own)


def test_systemd_finds_no_fault_in_the_units(units: Path) -> None:
    done = analyse("verify", *(str(units / unit.name) for unit in UNITS))
    assert [line for line in done.stderr.splitlines() if str(units) in line] == []


def test_the_units_expose_little(units: Path) -> None:
    for unit in (unit for unit in UNITS if unit.suffix == ".service"):
        done = analyse("security", "--offline=yes", f"--threshold={MOST_EXPOSED}", str(units / unit.name))
        assert done.returncode == 0, done.stdout.splitlines()[-1]


def test_every_timer_has_its_service_and_every_command_of_a_unit_is_one() -> None:
    names = {unit.name for unit in UNITS}
    assert all(unit.with_suffix(".service").name in names for unit in UNITS if unit.suffix == ".timer")
    for unit in (unit for unit in UNITS if unit.suffix == ".service"):
        (command,) = re.findall(
            r"^ExecStart=/opt/likeness/bin/likeness (\w+)", unit.read_text(encoding="utf-8"), re.MULTILINE
        )
        assert f"likeness {command}" in " ".join(OPERATING.split()), command


# --- alerts ----------------------------------------------------------------------------------------------------------


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_every_alert_is_an_expression_over_metrics_that_there_are() -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", OPERATING, re.MULTILINE))
    series = told | {f"{name}_bucket" for name in told} | {"up"}
    for rule in rules():
        promql_parser.parse(rule["expr"])
        assert set(re.findall(r"\b(?:likeness|process)_\w+|\bup\b", rule["expr"])) <= series, rule["alert"]
        assert {"summary", "do"} == set(rule["annotations"])


def test_an_expression_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="unclosed"):
        promql_parser.parse("max(likeness_ready == ")


def test_no_file_of_deployment_holds_a_secret() -> None:
    held = [path for path in DEPLOY.rglob("*") if path.is_file() and fnmatch(path.name, "*password*")]
    assert held == []
