"""A process with keys in it leaves no copy of its memory, whatever ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

AS_LARGE_AS_MAY_BE = "import os, resource as r\nr.setrlimit(r.RLIMIT_CORE, r.getrlimit(r.RLIMIT_CORE)[1:] * 2)\n"
TOLD = """
from registry.hardening import leaves_core
print(leaves_core())
"""


def ended(program: str, folder: Path) -> int:
    """Run a program in a folder, and answer how it ended, as ``waitpid`` tells it."""
    whole = f"{AS_LARGE_AS_MAY_BE}import sys\nsys.path.insert(0, os.getcwd())\nos.chdir({str(folder)!r})\n{program}"
    child = os.posix_spawn(sys.executable, [sys.executable, "-c", whole], os.environ)
    return os.waitpid(child, 0)[1]


def test_no_core_is_dumped_of_a_process_that_is_aborted(tmp_path: Path) -> None:
    status = ended("from registry.hardening import leave_no_core\nleave_no_core()\nos.abort()", tmp_path)
    assert os.WIFSIGNALED(status)
    assert not os.WCOREDUMP(status)
    assert list(tmp_path.iterdir()) == []


def test_it_is_this_that_keeps_the_core_from_being_dumped(tmp_path: Path) -> None:
    status = ended("os.abort()", tmp_path)
    if not os.WCOREDUMP(status):
        pytest.skip("this system dumps no cores at all")


@pytest.mark.parametrize(
    "start", ["from api.wsgi import build; build()", "from registry.cli.serve import serve; serve()"]
)
def test_every_process_sees_to_it_before_it_reads_a_key(tmp_path: Path, start: str) -> None:
    """The home is empty, so that each ends as it looks for its keyring."""
    program = f"try:\n    {start}\nexcept BaseException as error:\n    print(type(error).__name__){TOLD}"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LIKENESS_")}
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, "-c", program],
        env=kept | {"LIKENESS_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["KeyringError", "False"]
