"""A process looks for garbage seldom while it loads, and from then on as its own work asks."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry.starting import SELDOM

PROGRAM = """
import gc, json, sys
said = {"name": __name__, "arguments": sys.argv[1:], "loading": gc.get_threshold()}
from registry import starting
starting.loaded(seldom=SEEN)
print(json.dumps(said | {"loaded": gc.get_threshold(), "kept": gc.get_freeze_count() > 0}))
"""


@pytest.mark.parametrize("seldom", [False, True])
def test_a_module_is_run_with_its_arguments_and_says_when_it_is_loaded(tmp_path: Path, *, seldom: bool) -> None:
    (tmp_path / "shown.py").write_text(PROGRAM.replace("SEEN", str(seldom)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "registry.starting", "shown", "--port", "0"],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    usual = subprocess.run(
        [sys.executable, "-c", "import gc; print(list(gc.get_threshold()))"], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {
        "name": "__main__",
        "arguments": ["--port", "0"],
        "loading": list(SELDOM),
        "loaded": list(SELDOM) if seldom else json.loads(usual.stdout),
        "kept": True,
    }


def test_to_import_it_changes_nothing() -> None:
    assert gc.get_threshold() != SELDOM
