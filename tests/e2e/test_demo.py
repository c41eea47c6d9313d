"""`make demo` itself: the real server, the real way, every verdict the one expected."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_goes_the_whole_way_and_every_verdict_is_the_one_expected() -> None:
    done = subprocess.run(
        [sys.executable, "examples/demo.py"], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for verdict in ("licensed_use", "licensed_out_of_scope", "unlicensed_match", "no_match"):
        assert verdict in done.stdout
    assert "unexpected" not in done.stdout
    assert "1 key destroyed" in done.stdout
    assert "1 of 1 workers have dropped the voice" in done.stdout
