"""What a start of ``likeness`` costs: every command is listed unimported, and brings what it needs alone."""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from registry.cli.late import LateGroup
from registry.cli.main import Commands, app

HEAVY = {"torch", "alembic", "pyarrow", "av", "onnxruntime", "openvino", "flask", "ray"}
"""What takes long to load, and only engines, servers and migrations need."""

_PROGRAM = """
import json, sys
from registry.cli.main import run
try:
    run(sys.argv[1:])
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def loaded_by(home: Path, *arguments: str) -> set[str]:
    """Run a command that must succeed, and answer every module that it has loaded."""
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-c", _PROGRAM, *arguments],
        env={"LIKENESS_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_help_imports_no_command(tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, "--help")
    assert "registry.cli.main" in loaded
    assert not loaded & {*HEAVY, "sqlalchemy", "pydantic", "registry.bootstrap", "registry.cli.account"}


@pytest.mark.usefixtures("operator")
def test_an_ordinary_verb_brings_nothing_heavy(home: Path) -> None:
    loaded = loaded_by(home, "account", "list")
    assert "registry.services.accounts" in loaded
    assert not loaded & {*HEAVY, "httpx", "authlib", "registry.cli.performer", "registry.cli.pay"}


def test_every_command_that_is_listed_is_there_under_the_words_of_its_own_help() -> None:
    group = get_command(app)
    assert isinstance(group, LateGroup)
    assert set(group.commands) == set(Commands.summaries)
    for name, summary in Commands.summaries.items():
        group.load(name)
        assert (inspect.cleandoc(group.commands[name].help or "")).splitlines()[0] == summary


def test_no_module_with_commands_is_left_out() -> None:
    folder = Path(str(importlib.import_module("registry.cli").__path__[0]))
    with_commands = {
        path.stem
        for path in folder.glob("*.py")
        if any(line.startswith("app = ") for line in path.read_text(encoding="utf-8").splitlines())
    } - {"main"}
    assert with_commands <= {name.replace("-", "_") for name in Commands.summaries}
