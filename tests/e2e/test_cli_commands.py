"""The console script as a process: exit codes, and what goes to which stream."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIKENESS = (sys.executable, "-m", "registry.cli.main")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
    return kept | {"LIKENESS_HOME": str(tmp_path / "home"), "COLUMNS": "80"}


def likeness(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [*LIKENESS, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  (our own program)


def answer(environment: dict[str, str], *arguments: str) -> str:
    done = likeness(environment, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_failure_is_one_sentence_on_standard_error_and_exit_code_4(environment: dict[str, str]) -> None:
    done = likeness(environment, "account", "list")
    assert done.returncode == 4
    assert done.stdout == ""
    assert done.stderr.startswith("likeness: there is no keyring at ")
    assert done.stderr.count("\n") == 1


def test_wrong_use_is_exit_code_2(environment: dict[str, str]) -> None:
    done = likeness(environment, "token", "issue")
    assert done.returncode == 2
    assert done.stdout == ""
    late = likeness(environment, "identify", "--nonsense")
    assert late.returncode == 2
    assert late.stdout == ""


def test_commands_that_need_no_engine_start_without_torch(environment: dict[str, str]) -> None:
    program = (
        "import sys; from registry.cli.main import run\n"
        "try: run(['account', '--help'])\n"
        "except SystemExit: print('loaded' if 'torch' in sys.modules else 'torch stayed out')"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  (our own program)
    assert "torch stayed out" in done.stdout


def test_from_nothing_to_a_token_in_a_shell(environment: dict[str, str]) -> None:
    script = f"""
        set -eu
        likeness() {{ {sys.executable} -m registry.cli.main "$@"; }}
        likeness keys init
        likeness db upgrade
        OPERATOR=$(likeness account create --role operator --name 'Registry desk')
        TOKEN=$(likeness token issue "$OPERATOR" --days 1)
        echo "token=$TOKEN"
    """
    command = ["bash", "-c", script]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)  # noqa: S603  (our own program)
    token = done.stdout.splitlines()[-1].removeprefix("token=")
    (listed,) = json.loads(answer(environment, "account", "list", "--json"))
    (issued,) = json.loads(answer(environment, "token", "list", listed["id"], "--json"))
    assert token
    assert token not in done.stderr
    assert issued["revoked_at"] is None
