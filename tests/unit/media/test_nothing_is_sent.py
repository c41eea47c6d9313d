"""A process that listens leaves nothing behind on the machine, and starts nothing that reports to anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
from pathlib import Path
import numpy
from registry.media.speech import SpeechDetector

def tasks():
    return len(list(Path("/proc/self/task").iterdir()))

before = tasks()
SpeechDetector()
print(tasks() - before)
"""


def test_a_process_that_finds_speech_keeps_no_id_and_no_file_and_starts_no_thread(tmp_path: Path) -> None:
    places = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"), str(tmp_path))
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | places,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [path.name for path in tmp_path.rglob("*")] == []
    assert done.stdout.split() == ["0"]
